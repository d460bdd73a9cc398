"""What an engine does besides for a plan: carry out what was decided before, and not decide it again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

from ardoqpy.errors import NotFoundError
from ardoqpy_sync.compare.cache import copy_entity
from ardoqpy_sync.compare.diff import Differences, differences
from ardoqpy_sync.engine import Engine
from ardoqpy_sync.writing.pending import Row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.writing.writers import Writer

__all__ = ["PlanEngine"]


class PlanEngine(Engine):
    """Bring rows into Ardoq, and what a plan has decided.

    `moved_meanwhile` are the ids of what had moved on when a change of it, which waited, was sent.
    """

    def __init__(self, api: Dialect, writer: Writer, previous_report: Mapping[str, Any]) -> None:
        super().__init__(api, writer, previous_report)
        self.moved_meanwhile: set[str] = set()

    def begin(self, label: str | None, field: str | None) -> None:
        """Say of which row the next change is."""
        self._row = Row(label, field)

    def as_planned(self, kind: Kind, ws_id: str, wanted: Entity, current: Entity | None = None) -> Entity:
        """Create an entity, or change the `current` one at exactly its version; return it as stored.

        Raise `Conflict` where it has moved on, and `NotFoundError` where it is gone.
        """
        if self.outbox is not None:
            self._again = wanted, partial(self._has_moved, current)
        if current is None:
            return self._create(kind, ws_id, wanted)
        found = self._converging(kind, ws_id, current, self.lacking(kind, wanted, current))
        return self._update(kind, ws_id, current, found) if found else copy_entity(current)

    def _has_moved(self, current: Entity | None) -> Entity:
        # What a plan has decided is not decided again.
        if current is not None:
            self.moved_meanwhile.add(current["_id"])
        return {}

    def lacking(self, kind: Kind, wanted: Entity, current: Entity) -> Differences:
        """Return what of `wanted` an entity holds otherwise, but for what Ardoq is known not to keep as
        sent.
        """
        left = {}
        for key, (old, new) in differences(wanted, kind.collection.flat(current), kind.ignored).items():
            known = self._stubborn.get((current["_id"], key))
            if known is None or (known["stored"], known["wanted"]) != (old, new):
                left[key] = (old, new)
        return left

    def found(self, kind: Kind, entity_id: str, *, afresh: bool = False) -> tuple[str, Entity] | None:
        """Return (workspace id, entity), `afresh` as Ardoq holds it now; None where it is gone."""
        entity_id = self.real_id(entity_id)
        try:
            ws_id, entity = self._located(kind, entity_id)
        except NotFoundError:
            return None
        now = self._reread(kind, ws_id, entity_id) if afresh else entity
        return None if now is None else (ws_id, now)

    def beside(self, writer: Writer) -> Self:
        """Return an engine over a copy of what is loaded, with another writer and a report of its own."""
        other = type(self)(self._api, writer, {"not_converging": list(self._stubborn.values())})
        for ws_id, workspace in self.cache.workspaces.items():
            other.cache.load(ws_id, workspace.aggregated())
        other.cache.gone.update(self.cache.gone)
        return other
