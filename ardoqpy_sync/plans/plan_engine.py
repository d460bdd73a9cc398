"""An engine that also carries out what a plan has decided before, without deciding it again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

from ardoqpy.errors import ArdoqClientException, NotFoundError
from ardoqpy_sync.compare.diff import CREATE, Differences, differences
from ardoqpy_sync.engine import Engine
from ardoqpy_sync.plans.names import names_of_engine
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.writing.pending_row import RowReference, SourceRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.cache import Located
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.documents import Origin
    from ardoqpy_sync.writing.senders import Sender


class PlanEngine(Engine):
    """Decide on rows, and carry out what a plan has decided.

    `drifted` are the ids of entities that somebody else had changed when a change of the plan was sent.
    """

    def __init__(self, api: Dialect, sender: Sender, previous_report: Mapping[str, Any]) -> None:
        """Start with an empty cache and an empty report."""
        super().__init__(api, sender, previous_report)
        self.drifted: set[str] = set()

    def create_as_planned(self, kind: Kind, ws_id: str, wanted: Entity, reference: RowReference) -> Entity:
        """Create an entity, and return it as the cache then holds it."""

        def decide_again(fresh: Entity | None, _problem: ArdoqClientException | None) -> Entity:
            # A create without an answer may have been carried out, perhaps with other values.
            if fresh is None:
                return self._create(kind, ws_id, wanted, source)
            return self._settle(kind, ws_id, wanted, fresh, source)

        source = SourceRow(wanted, reference, decide_again, caller_reports=True)
        return self._create(kind, ws_id, wanted, source)

    def update_as_planned(self, current: Located, wanted: Entity, reference: RowReference) -> Entity:
        """Change an entity at exactly its version, and return it as the cache then holds it."""
        kind = self.kinds[current.kind]
        diff = self._converging(
            kind, current.workspace, current.entity, self.lacking(kind, wanted, current.entity)
        )
        if not diff:
            return current.entity
        decide_again = partial(self._note_drift, current.entity)
        source = SourceRow(wanted, reference, decide_again, caller_reports=True)
        return self._update(kind, current.workspace, current.entity, diff, source)

    def _note_drift(
        self, planned: Entity, fresh: Entity | None, problem: ArdoqClientException | None
    ) -> Entity:
        """Note that an entity has drifted; what a plan has decided is not decided again."""
        if isinstance(problem, NotFoundError) and fresh is not None:
            raise problem  # something that it refers to is missing
        self.drifted.add(planned["_id"])
        return planned

    def lacking(self, kind: Kind, wanted: Entity, current: Entity) -> Differences:
        """Return what of `wanted` an entity lacks, without what Ardoq is known not to keep as sent."""
        diff = differences(wanted, kind.collection.flatten(current), kind.ignored)
        return {
            key: (old, new)
            for key, (old, new) in diff.items()
            if not self.log.does_not_converge(current["_id"], key, old, new)
        }

    def find(self, kind: Kind, entity_id: str, *, afresh: bool = False) -> Located | None:
        """Return an entity, `afresh` as Ardoq holds it now; None if it was deleted."""
        entity_id = self.real_id(entity_id)
        try:
            located = self.locate(kind, entity_id)
        except NotFoundError:
            return None
        now = self._reread(kind, located.workspace, entity_id) if afresh else located.entity
        return None if now is None else located._replace(entity=now)

    def preview(self, sender: Sender) -> Self:
        """Return an engine over a copy of what is loaded, with another sender and a new report."""
        other = type(self)(self.dialect, sender, {"not_converging": list(self.log.not_converging.values())})
        for ws_id, workspace in self.cache.workspaces.items():
            other.cache.load(ws_id, workspace.aggregated())
        other.cache.deleted_ids.update(self.cache.deleted_ids)
        other.writes.set_not_in_step(self.writes.not_in_step())
        if self.journal.ledger is not None:
            other.journal.use(self.journal.ledger, records=False)
        return other


def plan_of_engine(engine: Engine, origin: Origin) -> Plan:
    """Return what an engine has decided so far as a plan."""
    plan = Plan.of_run(
        engine.report,
        {
            "component": len(engine.misses(engine.component)),
            "reference": len(engine.misses(engine.reference)),
        },
        {ws_id: ws.attributes.get("name") for ws_id, ws in engine.cache.workspaces.items()},
        origin,
        names_of_engine(engine),
    )
    if engine.journal.ledger is not None and not engine.journal.records:
        changed = {change["_id"]: change["attributes"] for change in plan.changes}
        created = {change["_id"] for change in plan.changes if change["action"] == CREATE}
        plan.matched = engine.journal.owned.matched_entries(engine.kinds.values(), changed, created)
        plan.missing_runs = engine.journal.owned.missing_entries()
    return plan
