"""The methods of a sync client that delete or mark what is missing in the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._validation import attributes
from ardoqpy.methods.base import Methods
from ardoqpy_sync.deletion.delete_missing import Mark, MissingEntities
from ardoqpy_sync.deletion.guard import KINDS, Bounds, Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ardoqpy.entities import Entity
    from ardoqpy_sync.documents import DeleteResult, MarkResult
    from ardoqpy_sync.engine import Engine
    from ardoqpy_sync.writing.call_lock import CallLock


class DeletionMethods(Methods):
    """Delete or mark what is missing; `ArdoqSyncClient` has the attributes."""

    on_error: str
    _lock: CallLock
    _engine: Engine
    _rows_before: dict[str, int]

    def flush(self) -> None:
        """Send the pending writes."""

    def delete_cache_misses(
        self,
        *,
        share: float = 0.2,
        count: int | None = None,
        take_along: bool = False,
        despite_failures: bool = False,
        kinds: Iterable[str] = KINDS,
        types: Iterable[tuple[str, str, Any]] | None = None,
    ) -> DeleteResult:
        """Delete what is missing in the source: what Ardoq holds of this run's types, and no row named.

        Call it after the last row. With a component Ardoq deletes all that is below it and every reference at
        any of those, wherever they start; that is read, and counts. `DeleteBlocked` is raised, and nothing is
        deleted, unless the limits allow all that would be deleted:

        - `share`: how much of each type in each workspace, from 0 to 1, of what was there before this run.
        - `count`: how many in all, together with what this run has deleted or marked before; None for at
          most 100 of a type.
        - `take_along`: also delete what Ardoq deletes with a component and this run does not delete by
          itself: of types that no row touched, of a kind not in `kinds`, or in workspaces that no row
          touched. What a row of this run named is never deleted.
        - `despite_failures`: also after a run that failed. What its failed rows meant may be what is missing.
        - `kinds`: which kinds, out of `"component"` and `"reference"`.
        - `types`: which types, each as (kind, workspace id, type id); None for all that rows touched.

        `DeleteBlocked` is also raised, whatever the limits are, if the source is empty: if no row named
        anything, or nothing of a type in a workspace in which something of that type is missing. With
        `previous_report`, it is raised if this run has fewer than 1 - `share` of the rows of that run
        (those that created, updated or left alone), by kind.

        References are deleted first, then components from the leaves up. Each is read again right before
        it is deleted. An entity with another version than the loaded one is kept, and so is a component
        to which something was added. Ardoq deletes without a version check, so a later change is lost.
        With `batch`, more than 20 deletes are checked with one listing of their workspaces, 2,000 at a
        time, and sent in batches: the time between reading and deleting is longer then.

        Return as plain data the outcome of each: `deleted` (with a `note` if it was deleted with a
        component), `already_deleted` (by someone else), `drifted` (with `version`, `current_version`, and
        `who` and `when` if Ardoq has them), `kept` (with `because`, what was added to it) and, with
        `on_error="collect"`, `failed` (with `reason`). The report counts what was deleted. A preview decides
        and reports the same. Raise `InvalidInput` if a limit is not valid.
        """
        bounds = Bounds.of(share, count, take_along=take_along, despite_failures=despite_failures)
        selection = Selection.of(kinds, types)
        with self._lock:
            return self._missing_entities(bounds).delete(selection)

    def mark_cache_misses(
        self,
        marks: Entity,
        *,
        share: float = 0.2,
        count: int | None = None,
        despite_failures: bool = False,
        types: Iterable[tuple[str, str, Any]] | None = None,
    ) -> MarkResult:
        """Set attributes on the components that are missing in the source, or raise and set none.

        `marks` are the attributes, such as `{"lifecycle": "Retired"}`. Components that have these values
        already are left alone and do not count. The limits are those of `delete_cache_misses`. A
        component that is marked is still missing.

        Return as plain data the outcome of each: `marked`, `already_deleted` (by someone else) and, with
        `on_error="collect"`, `failed` (with `reason`). Raise `DeleteBlocked`, and mark nothing, if a limit is
        exceeded, and `InvalidInput` if a limit or `marks` is not valid.
        """
        body = attributes(marks, "marks")
        bounds = Bounds.of(share, count, despite_failures=despite_failures)
        mark = Mark(Selection.of(("component",), types), body)
        with self._lock:
            return self._missing_entities(bounds).mark(mark)

    def _missing_entities(self, bounds: Bounds) -> MissingEntities:
        self.flush()
        self._engine.journal.exclude_others()
        collect = self.on_error == "collect"
        return MissingEntities(self.api, self._engine, bounds, self._rows_before, collect=collect)
