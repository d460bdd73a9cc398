"""Delete or mark what is missing in the source: read it, let the guard decide, then read it again and write.

Nothing is deleted, or marked, before the guard has agreed to all of it. Each entity is read again right
before it is deleted. It is kept if somebody has changed it, or added something to it, since the guard saw it.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ardoqpy._messages import quote_name
from ardoqpy.errors import ArdoqClientException, NotFoundError
from ardoqpy_sync.compare.cache import TYPE_OF, Located
from ardoqpy_sync.compare.cascade_counts import CascadeCount, cascade_counts
from ardoqpy_sync.compare.diff import CREATE, DELETE, differences
from ardoqpy_sync.deletion.guard import (
    KINDS,
    Group,
    Missing,
    Run,
    Selection,
    Target,
    TypeCount,
    all_targets,
    blocked_error,
    find_reasons,
    list_targets,
)
from ardoqpy_sync.deletion.reading import ComponentState, StateReader
from ardoqpy_sync.documents import DeletedEntity, DeleteResult, MarkResult
from ardoqpy_sync.report import count_rows
from ardoqpy_sync.writing.pending_row import NO_ROW, RowReference, SourceRow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.diff import Change
    from ardoqpy_sync.deletion.guard import Bounds
    from ardoqpy_sync.documents import EntityResult
    from ardoqpy_sync.engine import Engine

_T = TypeVar("_T")

#: How many components Ardoq is asked about at the same time.
SIDE_BY_SIDE = 3
#: The label of what is marked as missing.
NOT_IN_SOURCE = "no longer in the source"
#: What Ardoq deletes with a component, by id.
Cascade = dict[str, Located]


class _Reading(NamedTuple):
    """Missing entities as Ardoq holds them now: the components with all that is below, and the references."""

    components: dict[str, ComponentState]
    reader: StateReader


class Mark(NamedTuple):
    """Attributes for the missing components of a selection."""

    selection: Selection
    attributes: Entity


class _Deletes(NamedTuple):
    """What is to be deleted: in the order of its deletes, with what the guard has to know of each.

    `agreed` are, by component, the versions of what is deleted with it. `reading` is what was read for it
    right before, if that is still good for the first part.
    """

    located: Sequence[Located]
    missing: Sequence[Missing]
    agreed: Mapping[str, Mapping[str, Any]]
    reading: _Reading | None


class MissingEntities:
    """Delete or mark the missing entities of a run, unless the delete guard blocks it.

    With `collect`, a failed delete does not end it. Not safe for threads by itself: the client that owns it
    holds a lock.
    """

    def __init__(
        self,
        api: Dialect,
        engine: Engine,
        bounds: Bounds,
        rows_before: Mapping[str, int],
        *,
        collect: bool,
    ) -> None:
        """Prepare a deletion within the bounds."""
        self._api = api
        self._engine = engine
        self._bounds = bounds
        self._rows_before = rows_before
        self._collect = collect
        self._kinds = engine.kinds
        self._result = DeleteResult(deleted=[], already_deleted=[], drifted=[], kept=[], failed=[])
        self._marked: list[EntityResult] = []

    def delete(self, selection: Selection) -> DeleteResult:
        """Delete all missing entities of a selection, or raise `DeleteBlocked` and delete none."""
        self.handle(selection, ())
        return self._result

    def mark(self, mark: Mark) -> MarkResult:
        """Give the missing components of a selection its attributes, or raise `DeleteBlocked`: then none."""
        self.handle(None, [mark])
        result = self._result
        return MarkResult(
            marked=self._marked, already_deleted=result["already_deleted"], failed=result["failed"]
        )

    def handle(self, deleted: Selection | None, marks: Sequence[Mark]) -> None:
        """Delete and mark what is missing: all of it, or nothing if the guard blocks any of it."""
        engine = self._engine
        deletes = self._prepare_deletes(deleted) if deleted else _Deletes((), (), {}, None)
        deleted_ids = {target.id for target in all_targets(deletes.missing)}
        marking = [
            (comp, mark.attributes)
            for mark in marks
            for comp in self._prepare_mark(mark)
            if comp["_id"] not in deleted_ids
        ]
        kind = engine.component.name
        to_mark = [
            Missing(self._target(Located(kind, comp["rootWorkspace"], comp)), action="marked")
            for comp, _ in marking
        ]
        kinds = [
            *(deleted.kinds if deleted else ()),
            *(each for mark in marks for each in mark.selection.kinds),
        ]
        self._check_guard([*deletes.missing, *to_mark], list(dict.fromkeys(kinds)))
        engine.log.circuit_breaker.reset()
        reading = deletes.reading
        for part in self._parts(deletes.located):
            self._delete(part, deletes.agreed, reading)
            reading = None
        with engine.cache.without_naming():  # what is marked is missing all the same
            for part_to_mark in self._parts(marking):
                self._mark(part_to_mark)

    def _prepare_deletes(self, selection: Selection) -> _Deletes:
        engine = self._engine
        misses = {
            kind: [entity for entity in self._misses(kind) if _is_in(selection, kind, entity)]
            for kind in KINDS
        }
        own = {entity["_id"] for entities in misses.values() for entity in entities}
        comps = [Located("component", comp["rootWorkspace"], comp) for comp in misses["component"]]
        refs = [Located("reference", ref["rootWorkspace"], ref) for ref in misses["reference"]]
        reading = self._read(comps + refs if engine.writes.sender.checked_together > 1 else comps)
        states = {key: self._as_left(key, state) for key, state in reading.components.items()}
        loaded = len(engine.cache.workspaces)
        sizes = _extents(states, [comp["_id"] for comp in misses["component"]])
        cascades = self._cascades(states, own)
        missing = [
            Missing(
                self._target(located),
                tuple(map(self._target, cascades.get(located.entity["_id"], {}).values())),
                *sizes.get(located.entity["_id"], CascadeCount(0, 0)),
            )
            for located in comps + refs
        ]
        # What is below a component has fewer below it: from the leaves up, each is deleted by itself.
        comps.sort(key=lambda comp: sizes[comp.entity["_id"]].components)
        agreed = {
            comp_id: {key: each.entity.get("_version") for key, each in cascade.items()}
            for comp_id, cascade in cascades.items()
        }
        # What was read with listings right now is still good for the first part.
        is_fresh = reading.reader.is_listed and len(engine.cache.workspaces) == loaded
        return _Deletes(refs + comps, missing, agreed, reading if is_fresh else None)

    def _prepare_mark(self, mark: Mark) -> list[Entity]:
        """Return the missing components that do not have the attributes yet."""
        kind = self._engine.component
        flat = kind.collection.flatten
        marks = flat(mark.attributes)
        return [
            comp
            for comp in self._misses(kind.name)
            if _is_in(mark.selection, kind.name, comp) and differences(marks, flat(comp), kind.ignored)
        ]

    def _misses(self, kind: str) -> list[Entity]:
        """Return what is missing, without what waits for more runs."""
        waiting = self._engine.cache.waiting
        return [entity for entity in self._engine.cache.misses(kind) if entity["_id"] not in waiting]

    def _mark(self, part: Sequence[tuple[Entity, Entity]]) -> None:
        engine, kind = self._engine, self._engine.component
        row = RowReference(NOT_IN_SOURCE, purpose="mark", ledger={"marks": True})
        problems: dict[str, ArdoqClientException] = {}
        for comp, marks in part:
            try:
                engine.log.circuit_breaker.check()
                engine.ensure_by_id(
                    kind, comp["_id"], kind.collection.flatten(marks), row, caller_reports=True
                )
            except ArdoqClientException as problem:
                problems[comp["_id"]] = problem
        problems |= engine.flush()
        for comp, marks in part:
            described = self._describe(kind.name, comp)
            if comp["_id"] in problems:
                failed_row = {**kind.collection.flatten(marks), "_id": comp["_id"], "name": described["name"]}
                self._add_problem(described, problems[comp["_id"]], failed_row, row)
            else:
                self._marked.append(described)

    def _parts(self, entities: Sequence[_T]) -> Iterator[Sequence[_T]]:
        """Yield entities in parts, each of them checked and then written."""
        size = self._engine.writes.sender.checked_together
        return (entities[start : start + size] for start in range(0, len(entities), size))

    def _describe(self, kind: str, entity: Entity) -> EntityResult:
        return {"kind": kind, **self._engine.log.describe(kind, entity)}

    def _add_problem(
        self,
        described: EntityResult,
        problem: ArdoqClientException,
        row: Mapping[str, Any],
        reference: RowReference = NO_ROW,
    ) -> None:
        """Add an entity that could not be written to the result, or raise the problem."""
        if isinstance(problem, NotFoundError):
            self._result["already_deleted"].append(described)
            return
        self._engine.failed(self._kinds[described["kind"]], row, problem, reference)
        if not self._collect:
            raise problem
        self._result["failed"].append({**described, "reason": str(problem)})

    def _check_guard(self, missing: Sequence[Missing], kinds: Sequence[str]) -> None:
        reasons = find_reasons(missing, self._held(missing), self._run(kinds), self._bounds)
        if reasons:
            raise blocked_error(missing, reasons)
        self._engine.log.removed |= {target.id: target.group for target in all_targets(missing)}

    # -- read -----------------------------------------------------------------------------------------------

    def _cascades(self, states: Mapping[str, ComponentState], own: set[str]) -> dict[str, Cascade]:
        """Return by component what Ardoq deletes with it and is not missing itself, as the run has seen it.

        What the run has not seen is as Ardoq holds it now. What is deleted with a missing component below it
        is listed there.
        """
        cascades = {key: _cascade(states.__getitem__, key, own) for key in states if key in own}
        # Their workspaces are loaded, so that it is known how many entities of a type they have.
        self._engine.load(each.workspace for cascade in cascades.values() for each in cascade.values())
        for cascade in cascades.values():
            for key, each in cascade.items():
                cascade[key] = self._engine.cache.get(each.kind, key) or each
        return cascades

    def _read(self, entities: Sequence[Located]) -> _Reading:
        """Read entities as Ardoq holds them now, and all that is below the components."""
        reader = StateReader(self._api, self._engine.cache, entities)
        states: dict[str, ComponentState] = {}
        waiting = [each.entity["_id"] for each in entities if each.kind == "component"]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            while waiting:
                states.update(zip(waiting, threads.map(reader.component, waiting), strict=True))
                left = (self._as_left(comp_id, states[comp_id]) for comp_id in waiting)
                below = (child for state in left for child in state.children)
                waiting = [child for child in dict.fromkeys(below) if child not in states]
        return _Reading(states, reader)

    def _as_left(self, comp_id: str, state: ComponentState) -> ComponentState:
        """Return a component as this run has left it: Ardoq does not know what was only simulated."""
        if state.comp is None and not self._engine.writes.is_expected(comp_id):
            return state  # what belonged to it, or would, was deleted with it
        children = [child for child in state.children if self._is_as_read(child)]
        references = [ref for ref in state.references if self._is_as_read(ref["_id"])]
        for kind, _, entity in self._engine.cache.touching(comp_id):
            if self._engine.writes.is_expected(entity["_id"]):
                if kind == "component":
                    children.append(entity["_id"])
                else:
                    references.append(entity)
        return ComponentState(self._or_expected("component", comp_id, state.comp), children, references)

    def _is_as_read(self, entity_id: str) -> bool:
        return entity_id not in self._engine.cache.deleted_ids and not self._engine.writes.is_expected(
            entity_id
        )

    def _or_expected(self, kind: str, entity_id: str, read: Entity | None) -> Entity | None:
        if not self._engine.writes.is_expected(entity_id):
            return read
        cached = self._engine.cache.get(kind, entity_id)
        return cached.entity if cached else read

    def _target(self, located: Located) -> Target:
        kind, entity = located.kind, located.entity
        group = kind, entity["rootWorkspace"], entity.get(TYPE_OF[kind])
        entity_id, cache = entity["_id"], self._engine.cache
        named, protected = entity_id in cache.named, entity_id in cache.protected
        return Target(self._describe(kind, entity), group, named, protected)

    def _held(self, missing: Iterable[Missing]) -> dict[Group, TypeCount]:
        """Return how many there are of each group of which something would be deleted.

        What this run has created does not count: a share is one of what was there before.
        """
        cache = self._engine.cache
        created = {change.id for change in self._engine.report.changes if change.action == CREATE}
        targets = {target.id: target for miss in missing for target in (miss.target, *miss.cascade)}
        groups = {target.group: target for target in targets.values()}
        before, named, excluded = Counter[Group](), Counter[Group](), set[Group]()
        named.update(group for group in groups if group in cache.described)
        for kind, ws_id in {group[:2] for group in groups}:
            index = self._engine.index(self._kinds[kind], ws_id)
            for entity in index:
                group = kind, ws_id, entity.get(TYPE_OF[kind])
                if entity["_id"] in cache.excluded and entity["_id"] not in {*targets, *cache.named}:
                    excluded.add(group)
                    continue
                before[group] += entity["_id"] not in created
                named[group] += entity["_id"] in cache.named
        for target in targets.values():  # and what somebody has made since its workspace was loaded
            before[target.group] += cache.get(target.group[0], target.id) is None
        return {
            group: TypeCount(self._title(target, owned=group in excluded), before[group], named[group])
            for group, target in groups.items()
        }

    def _title(self, target: Target, *, owned: bool) -> str:
        """Return what is counted; `owned` if what belongs to others is not."""
        kind, ws_id, _ = target.group
        name = (self._engine.cache.attributes(ws_id) or {}).get("name")
        workspace = f"workspace {name} ({ws_id})" if name else f"workspace {ws_id}"
        type_name = target.described.get("typeName") or target.described["type"]
        return f"{'owned ' if owned else ''}{kind}s of type {type_name} in {workspace}"

    def _run(self, kinds: Sequence[str]) -> Run:
        report = self._engine.report.as_dict()
        failure = None if report["status"] == "success" else report["description"] or report["status"]
        rows, log = count_rows(report), self._engine.log
        return Run(bool(self._engine.cache.named), failure, rows, self._rows_before, kinds, log.removed)

    # -- delete ---------------------------------------------------------------------------------------------

    def _delete(
        self, entities: Sequence[Located], agreed: Mapping[str, Mapping[str, Any]], reading: _Reading | None
    ) -> None:
        """Delete entities, unless Ardoq holds them otherwise by now.

        `agreed` are, by component, the versions of what the guard has agreed to delete with it; `reading` is
        what was read right before, if anything.
        """
        engine = self._engine
        pending: list[EntityResult] = []
        before = len(engine.report.changes)
        for located in entities:
            described = self._describe(located.kind, located.entity)
            try:
                engine.log.circuit_breaker.check()
                reading = reading or self._read(entities)
                if self._add_delete(located, described, agreed.get(described["_id"], {}), reading):
                    pending.append(described)
            except ArdoqClientException as problem:
                self._add_problem(described, problem, {"_id": described["_id"]})
        failures = engine.flush()
        deleted = [change for change in engine.report.changes[before:] if change.action == DELETE]
        self._result["deleted"] += map(_deleted, deleted)
        for described in pending:
            if described["_id"] in failures:
                self._add_problem(described, failures[described["_id"]], {"_id": described["_id"]})

    def _add_delete(
        self, located: Located, described: EntityResult, agreed: Mapping[str, Any], reading: _Reading
    ) -> bool:
        """Add the delete of an entity to the queue; return False if it is kept, or deleted already."""
        engine, result = self._engine, self._result
        kind, entity = self._kinds[located.kind], located.entity
        fresh, cascade = self._now(located, reading)
        self._update_attached(located, cascade, reading)
        if fresh is None:
            engine.cache.forget(kind.name, entity["_id"])
            result["already_deleted"].append(described)
            return False
        if fresh.get("_version") != entity.get("_version"):
            who, when = kind.collection.last_change(fresh)
            version, current = entity.get("_version"), fresh.get("_version")
            result["drifted"].append(
                {**described, "version": version, "current_version": current, "who": who, "when": when}
            )
            by = f" by {quote_name(who)}" if who else ""
            self._note_not_deleted(
                described,
                f"It was changed{by}{f' at {when}' if when else ''} after this run had loaded it: version "
                f"{current}, not {version}.",
            )
            return False
        new = [each for key, each in cascade.items() if agreed.get(key) != each.entity.get("_version")]
        if new:
            targets = [self._target(each) for each in new]
            result["kept"].append({**described, "because": [target.described for target in targets]})
            self._note_not_deleted(
                described,
                "Ardoq would also delete what was added, changed or kept since the delete guard decided: "
                f"{list_targets(targets)}.",
            )
            return False
        for key, each in cascade.items():
            if engine.cache.get(each.kind, key) is None:  # created since: the report names it, too
                engine.index(self._kinds[each.kind], each.workspace).remember(each.entity)
        engine.delete(
            kind, entity["_id"], SourceRow({"_id": entity["_id"]}, NO_ROW, lambda *_: {}, caller_reports=True)
        )
        return True

    def _note_not_deleted(self, described: EntityResult, reason: str) -> None:
        self._engine.report.not_deleted.append({**described, "reason": reason})

    def _update_attached(self, located: Located, cascade: Cascade, reading: _Reading) -> None:
        """Read again what the cache has at a component and Ardoq has no more: deleted, or moved elsewhere."""
        cache = self._engine.cache
        for kind, ws_id, entity in cache.cascade(located.kind, located.entity["_id"])[1:]:
            key = entity["_id"]
            if key in cascade or key in cache.deleted_ids or self._engine.writes.is_expected(key):
                continue
            fresh = reading.reader.entity(kind, key)
            if fresh is None:
                cache.forget(kind, key)
            else:
                self._engine.index(self._kinds[kind], ws_id).remember(fresh)

    def _now(self, located: Located, reading: _Reading) -> tuple[Entity | None, Cascade]:
        entity_id = located.entity["_id"]
        if located.kind == "component":

            def state_of(comp_id: str) -> ComponentState:
                return self._as_left(comp_id, reading.components[comp_id])

            return state_of(entity_id).comp, _cascade(state_of, entity_id)
        return self._or_expected("reference", entity_id, reading.reader.entity("reference", entity_id)), {}


def _extents(states: Mapping[str, ComponentState], comp_ids: Iterable[str]) -> dict[str, CascadeCount]:
    return cascade_counts(
        comp_ids,
        lambda comp_id: [child for child in states[comp_id].children if states[child].comp is not None],
        lambda comp_id: [ref["_id"] for ref in states[comp_id].references],
    )


def _cascade(state_of: Callable[[str], ComponentState], comp_id: str, own: Collection[str] = ()) -> Cascade:
    """Return what Ardoq deletes with a component, without what is in `own` and what is deleted with that."""
    cascade: Cascade = {}
    waiting = [comp_id]
    for each in waiting:
        state = state_of(each)
        for child in state.children:
            if child in cascade or child == comp_id or child in own:
                continue
            comp = state_of(child).comp
            if comp is not None:
                cascade[child] = Located("component", comp["rootWorkspace"], comp)
                waiting.append(child)
        cascade.update(
            (ref["_id"], Located("reference", ref["rootWorkspace"], ref))
            for ref in state.references
            if ref["_id"] not in own
        )
    return cascade


def _is_in(selection: Selection, kind: str, entity: Entity) -> bool:
    return selection.covers(kind, entity["rootWorkspace"], entity.get(TYPE_OF[kind]))


def _deleted(change: Change) -> DeletedEntity:
    entity_id, ws_id = str(change.id), str(change.workspace)
    entity = DeletedEntity(
        kind=change.kind, _id=entity_id, name=change.name, type=change.type, rootWorkspace=ws_id
    )
    return {**entity, "note": change.note} if change.note else entity
