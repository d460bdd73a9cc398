"""Detect drift: whether Ardoq holds what a plan was decided on, what it wants, or something else.

Looks at what is loaded and decides; nothing here writes.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy.errors import ArdoqClientException, NotFoundError
from ardoqpy_sync.compare.cache import component_key, reference_key
from ardoqpy_sync.compare.diff import CREATE, DELETE
from ardoqpy_sync.ledger.records import PARENT
from ardoqpy_sync.plans.document_schema import ENDS
from ardoqpy_sync.writing.unconfirmed import has_same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.cache import Located
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.documents import ChangeEntry
    from ardoqpy_sync.plans.plan import Plan
    from ardoqpy_sync.plans.plan_engine import PlanEngine

#: The status of an entity: to be done, as wanted already, drifted, or not created.
TODO, SETTLED, DRIFTED, FAILED = "to do", "settled", "drifted", "failed"


@dataclass(slots=True)
class PlannedEntity:
    """What a plan has for one entity: its changes, by their numbers in the plan, and its status.

    - `id`: the entity's in Ardoq; None as long as it is not created.
    - `version`: the one it has to have for its next change.
    - `start`: how many of its changes are done already.
    - `what`, `now`: if it has drifted, how, and what Ardoq holds now; `cascade`: what would be
      deleted with it and is not in the plan.
    - `mismatch`: a sentence if Ardoq has this id with another name, type or workspace than the plan.
    """

    kind: Kind
    changes: dict[int, ChangeEntry] = field(default_factory=dict)
    id: str | None = None
    status: str | None = None
    version: Any = None
    start: int = 0
    what: str = ""
    now: Entity | None = None
    cascade: list[Located] = field(default_factory=list)
    mismatch: str | None = None

    @property
    def listed(self) -> list[ChangeEntry]:
        """The changes in order."""
        return list(self.changes.values())

    @property
    def passing(self) -> bool:
        """Whether the plan creates and deletes it: it is created only if something needs it."""
        listed = self.listed
        return bool(listed[0]["action"] == CREATE and listed[-1]["action"] == DELETE)

    def wanted(self, so_many: int | None = None) -> Entity:
        """Return what the first so many changes make of it, or all."""
        return {
            key: values["new"]
            for change in self.listed[:so_many]
            for key, values in change["attributes"].items()
        }

    def mark_drifted(self, what: str, now: Entity | None, cascade: Iterable[Located] = ()) -> None:
        """Note that it has drifted."""
        self.status, self.what, self.now, self.cascade = DRIFTED, what, now, list(cascade)


class DriftDetector:
    """Determine the status of each entity of a plan, at its first change or when another depends on it."""

    def __init__(self, engine: PlanEngine, plan: Plan) -> None:
        """Collect the changes of a plan by entity."""
        self._engine = engine
        self.by_plan_id: dict[str, PlannedEntity] = {}
        for number, change in enumerate(plan.changes):
            planned = self.by_plan_id.setdefault(change["_id"], PlannedEntity(engine.kinds[change["kind"]]))
            planned.changes[number] = change
        self.created = {
            plan_id for plan_id, planned in self.by_plan_id.items() if planned.listed[0]["action"] == CREATE
        }
        self.by_id: dict[str, PlannedEntity] = {}
        self._created_ids: set[str] = set()
        for plan_id, planned in self.by_plan_id.items():
            if plan_id not in self.created:
                self.identify(planned, plan_id)

    def identify(self, planned: PlannedEntity, entity_id: str) -> None:
        """Note the id in Ardoq of an entity of the plan."""
        planned.id = entity_id
        self.by_id[entity_id] = planned
        if planned.listed[0]["action"] == CREATE:
            self._created_ids.add(entity_id)

    def note_real_ids(self) -> None:
        """Know what the plan has created by its ids in Ardoq, where it had batch ids until now."""
        for plan_id in self.created:
            planned = self.by_plan_id[plan_id]
            real = self._engine.real_id(planned.id)
            if real != planned.id:
                self.identify(planned, real)

    def of(self, planned: PlannedEntity) -> str:
        """Return the status of an entity."""
        if planned.status is None:
            if planned.listed[0]["action"] != CREATE:
                self._assess(planned)
            elif planned.passing:
                planned.status = TODO
            else:
                self._assess_created(planned)
        return planned.status or TODO

    def _assess(self, planned: PlannedEntity) -> None:
        last = planned.listed[-1]
        located = self._engine.cache.get(planned.kind.name, planned.id or "")
        if located is None and "deleted_with" not in last:  # it may be in a workspace that is not loaded
            located = self._engine.find(planned.kind, planned.id or "")
        if located is None:
            planned.mark_drifted("deleted", None)
            if last["action"] == DELETE:
                planned.status = SETTLED
        else:
            planned.mismatch = self._find_mismatch(planned, located)
            if not self._begun(planned, located.entity, 0):
                planned.mark_drifted("changed", located.entity)
            elif planned.mismatch is not None:
                planned.mark_drifted("other", located.entity)

    def _find_mismatch(self, planned: PlannedEntity, located: Located) -> str | None:
        """Return how an entity in Ardoq differs from the one that the plan's changes say they are about.

        The name, type or workspace that the plan itself gives it is as good as the one of now.
        """
        kind, ws_id, entity = located
        known = self._known_as(planned, located)
        current = {
            "name": self._engine.log.name_of(kind, entity),
            "type": entity.get("type"),
            "workspace": ws_id,
        }
        for change in planned.listed:
            stated = {"name": change["name"], "type": change["type"], "workspace": change["rootWorkspace"]}
            for key, value in stated.items():
                if value not in known[key] and not (key == "type" and current["type"] is None):
                    return (
                        f"{kind} {quote_name(change['name'])}: the {key} of {planned.id} in Ardoq is "
                        f"{quote_name(current[key])}, not {quote_name(value)} as in the plan"
                    )
        return None

    def _known_as(self, planned: PlannedEntity, located: Located) -> dict[str, list[Any]]:
        """Return the names, types and workspaces that a plan can have for an entity."""
        kind, ws_id, entity = located
        known = {"name": self._names(planned, entity), "type": [entity.get("type")], "workspace": [ws_id]}
        for change in planned.listed:
            for key, pair in change["attributes"].items():
                values = list(pair.values())
                if key == "name" and kind == "component":
                    known["name"] += values
                elif key == "type" and kind == "reference":
                    known["type"] += values
                elif key == "source" and kind == "reference":  # it is in the workspace of its source
                    known["workspace"].append(change["rootWorkspace"])
                elif key == "typeId":
                    with suppress(ArdoqClientException):  # an unknown type is no name of it
                        known["type"] += [self._engine.model.component_type(ws_id, value) for value in values]
        return known

    def _names(self, planned: PlannedEntity, entity: Entity) -> list[Any]:
        """Return the names of an entity; a reference is named after its ends, which a plan can change."""
        if planned.kind is self._engine.component:
            return [entity.get("name")]
        ends = []
        for key in ENDS["reference"]:
            pairs: Iterator[Mapping[str, Any]] = (
                change["attributes"].get(key, {}) for change in planned.listed
            )
            end_ids = dict.fromkeys(
                [entity.get(key, ""), *(end_id for pair in pairs for end_id in pair.values())]
            )
            ends.append([name for end_id in end_ids for name in self._names_of_end(str(end_id))])
        return [f"{source} -> {target}" for source in ends[0] for target in ends[1]]

    def _names_of_end(self, end_id: str) -> list[str]:
        """Return the names that a component has, and that the plan gives it."""
        planned = self.by_id.get(end_id) or self.by_plan_id.get(end_id)
        # Its workspace may not be one of the plan's; then it is loaded.
        located = None if end_id in self.created else self._engine.find(self._engine.component, end_id)
        names = [end_id, str(located.entity.get("name")) if located else end_id]
        for change in planned.listed if planned else ():
            name = change["attributes"].get("name")
            names += map(str, name.values()) if name else ()
        return names

    def _assess_created(self, planned: PlannedEntity) -> None:
        matches = self.matches(planned)
        for entity in matches:
            if self._begun(planned, entity, 1):
                self.identify(planned, entity["_id"])
                return
        key = planned.listed[0].get("field")
        # A row that was matched by a field that it does not write may match something else.
        if matches and (key in (None, PARENT) or planned.wanted().get(key) is not None):
            planned.mark_drifted("created", matches[0])
            self.identify(planned, matches[0]["_id"])
        else:
            planned.status = TODO

    def _begun(self, planned: PlannedEntity, entity: Entity, least: int) -> bool:
        """Note how many of the changes are done, at least `least`; return False if the entity has drifted.

        So many are done if the values are there and the next change was decided on what is there: none, all,
        or, if an earlier `apply` was cut off, some.
        """
        if least == 0 and self._is_next(planned, entity, 0):
            return True
        if planned.listed[-1]["action"] != DELETE and self._holds(planned, planned.wanted(), entity):
            planned.status = SETTLED
            return True
        return any(
            self._is_next(planned, entity, done) and self._holds(planned, planned.wanted(done), entity)
            for done in range(len(planned.changes) - 1, 0, -1)
        )

    def _is_next(self, planned: PlannedEntity, entity: Entity, done: int) -> bool:
        """Return whether a change was decided on an entity as it is; note then that it is the next."""
        change, version = planned.listed[done], entity.get("_version")
        if change["version"] != version or not self._holds(planned, _old(change), entity):
            return False
        planned.status, planned.start, planned.version = TODO, done, version
        return True

    def _holds(self, planned: PlannedEntity, wanted: Entity, entity: Entity) -> bool:
        """Return whether an entity has those values; an end that the plan creates may have any of its ids."""
        plain = dict(wanted)
        for key in ENDS[planned.kind.name]:
            if plain.get(key) in self.created and entity.get(key) not in self._may_be(plain.pop(key)):
                return False
        return not self._engine.lacking(planned.kind, plain, entity)

    def _may_be(self, plan_id: str) -> set[str]:
        planned = self.by_plan_id[plan_id]
        return {planned.id} if planned.id is not None else {entity["_id"] for entity in self.matches(planned)}

    # -- what a create matches ------------------------------------------------------------------------------

    def matches(self, planned: PlannedEntity) -> list[Entity]:
        """Return what in Ardoq a create of the plan would be matched with, as a row is, in Ardoq's order.

        What another create of the plan has created, or matches, is left out.
        """
        matches: dict[str, Entity] = {}
        for wanted in (planned.wanted(), planned.wanted(1)):
            for entity in self._matching(planned, wanted):
                if entity["_id"] not in self._created_ids:
                    matches.setdefault(entity["_id"], entity)
        return list(matches.values())

    def _matching(self, planned: PlannedEntity, wanted: Entity) -> Sequence[Entity]:
        alike, change = self._alike(planned, wanted), planned.listed[0]
        if not change.get("recreates"):
            return alike
        # What was deleted may have had others of its name beside it.
        beside = (change.get("ledger") or {}).get("beside")
        if beside is None:  # a plan of an earlier version: only the same one is it again
            return [entity for entity in alike if self._holds(planned, wanted, entity)]
        return [entity for entity in alike if entity["_id"] not in beside]

    def _alike(self, planned: PlannedEntity, wanted: Entity) -> Sequence[Entity]:
        change = planned.listed[0]
        type_id, by = wanted.get("typeId"), change.get("field")
        if planned.kind is self._engine.reference:
            source, target = (self._end(wanted.get(key)) for key in ENDS["reference"])
            if source is None or target is None:
                return []
            index = self._engine.index(planned.kind, self._workspace_of(source, change["rootWorkspace"]))
            matches = index.matches(reference_key(source, target, wanted.get("type")))
            return [match for match in matches if has_same(planned.kind, wanted, by, match)]
        index = self._engine.index(planned.kind, change["rootWorkspace"])
        if by == PARENT:
            alike = index.matches(component_key(type_id, str(wanted.get("name"))))
            parent = {PARENT: wanted.get(PARENT)}
            return [entity for entity in alike if self._holds(planned, parent, entity)]
        if by is not None and wanted.get(by) is not None:
            matches = self._engine.with_value(change["rootWorkspace"], by, wanted[by])
            return [entity for entity in matches if entity.get("typeId") == type_id]
        return index.matches(component_key(type_id, str(wanted.get("name"))))

    def _workspace_of(self, comp_id: str, ws_id: str) -> str:
        """Return the workspace of a component; `ws_id` is the one if it does not exist."""
        try:
            return self._engine.locate(self._engine.component, comp_id).workspace
        except NotFoundError:
            return ws_id

    def _end(self, comp_id: Any) -> str | None:
        end: str | None = self.by_plan_id[comp_id].id if comp_id in self.created else comp_id
        return end


def _old(change: ChangeEntry) -> Entity:
    return {key: values["old"] for key, values in change["attributes"].items()}
