"""The records of a ledger as data: runs, writes, and what a job owns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy.entities import Attributes, Entity
    from ardoqpy_sync.documents import RunDocument

#: - `open`: it may have been carried out or not; the run ended before its outcome was recorded.
#: - `unknown`: the same, and what Ardoq holds did not show which.
WriteState = Literal["open", "done", "failed", "unknown"]
#: Why a write was made: by a row, by a plan that is applied, to mark what is missing, or to delete it.
Purpose = Literal["row", "plan", "mark", "delete"]

#: The field of rows that are matched by name, directly below the component that they name.
PARENT = "parent"
#: What stands between the names of a key that has several.
_BETWEEN_NAMES = " / "
#: Takes the place of a value that the ledger must not hold.
REDACTED: Attributes = {"ardoqpy": "redacted"}


class Owner(NamedTuple):
    """The mapping of a job that a component or reference comes from, and its key there.

    - `mapping`: the source and the type, as in "apps.Application".
    - `field`: the attribute that rows are matched by; `key`: its value. None if there is no such attribute.
      With the field `parent`, the key is a list: the names of the components above, then the name.
    """

    mapping: str
    field: str | None = None
    key: Any = None

    def describe_key(self) -> str:
        """Return the key as people write it, such as `Oslo / Room 7`."""
        return _BETWEEN_NAMES.join(map(str, self.key)) if isinstance(self.key, list) else str(self.key)


class OwnedVersion(NamedTuple):
    """An owned entity, as far as a run without changes has to know it.

    - `version`: the one in Ardoq that `values` in the ledger are as of; None if they are not those in Ardoq.
    - `given`: the names of the attributes that its rows gave.
    - `missing`: in how many successful runs in a row it was missing.
    """

    version: int | None
    given: str
    missing: int
    is_marked: bool


@dataclass(frozen=True, slots=True)
class OwnedEntity:
    """A component or reference that a job created, or matched before.

    - `values`: by attribute the value that the job last wrote, or found to be as in the source.
    - `marked`: by attribute the value before the job marked it as missing; None if it is not marked.
    """

    kind: str
    entity_id: str
    workspace: str
    owner: Owner
    since: str
    values: Attributes
    given: str
    version: int | None
    missing: int = 0
    marked: Attributes | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a run, as recorded before it left.

    - `number`: its position in the run; `action`: `create`, `update` or `delete`.
    - `entity_id`: the id in Ardoq; for a create that is not known to be carried out, the pending id.
    - `before`: the entity in Ardoq before; None for a create.
    - `sent`: by flat attribute the values that were sent; empty for a delete.
    - `version`: after the write, if it is known.
    - `deleted_with`: the id of the component that this was deleted with, if it was.
    - `recreates`: the id of what was deleted before and is created again by this, if it is.
    - `beside`: of a delete, the ids of what else there was of the same name and type, or with the same ends
      and type; None if that is not known.
    """

    number: int
    state: WriteState
    action: str
    kind: str
    entity_id: str
    workspace: str
    before: Entity | None
    sent: Attributes
    version: int | None
    purpose: Purpose
    owner: Owner | None = None
    label: str | None = None
    deleted_with: str | None = None
    recreates: str | None = None
    beside: list[str] | None = None


class RunEnd(NamedTuple):
    """How a run of a job ended.

    - `document`: its run document; `text`: returns the same as JSON.
    - `keep_runs`: for how many runs the ledger keeps documents and values; None for as many as usual.
    """

    document: RunDocument
    text: Callable[[], str]
    keep_runs: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job.

    - `started`, `ended`: UTC; `ended` is None if the run was killed, or is still running.
    - `who`: the user and the host that ran it; `approved_by`: who approved the plan, if somebody did.
    - `command`: what was run: `apply`, `apply plan`, `undo` or `script`.
    - `status`: `success` or `failure`; None if it has not ended.
    - `totals`, `rows`, `not_converging`: as in the report.
    - `plan_id`: of the plan that was applied; `undoes`: the number of the run that this one took back.
    """

    number: int
    started: str
    ended: str | None
    who: str
    command: str
    status: str | None
    totals: Mapping[str, Any] | None
    plan_id: str | None = None
    approved_by: str | None = None
    undoes: int | None = None
