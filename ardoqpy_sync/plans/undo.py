"""Take a run back: decide, from its ledger and from what Ardoq holds now, what leads back to before it.

The decisions are made in an engine whose sender sends nothing, so that they become a plan like any other:
reviewed, guarded, checked for drift, and applied.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from ardoqpy._messages import quote_name
from ardoqpy.errors import ArdoqClientException, DeleteBlocked, InvalidInput, NotFoundError
from ardoqpy_sync.compare.cache import TYPE_OF, Located, component_key
from ardoqpy_sync.compare.diff import CREATE, DELETE, UPDATE, differences, equal_values
from ardoqpy_sync.deletion.guard import Missing, Run, Target, TypeCount, blocked_error, find_reasons
from ardoqpy_sync.deletion.reading import StateReader
from ardoqpy_sync.ledger.records import PARENT, REDACTED
from ardoqpy_sync.ledger.restore import renamed
from ardoqpy_sync.ledger.taken_back import counts_after, origin_of
from ardoqpy_sync.plans.plan_engine import plan_of_engine
from ardoqpy_sync.writing.operations import with_real_ids
from ardoqpy_sync.writing.pending_row import RowReference, SourceRow
from ardoqpy_sync.writing.senders import NoRequests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ardoqpy.entities import Attributes, Entity
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.deletion.guard import Bounds, Group
    from ardoqpy_sync.documents import LedgerEntry, Origin
    from ardoqpy_sync.ledger.ledger import Ledger
    from ardoqpy_sync.ledger.records import Owner, Write
    from ardoqpy_sync.plans.plan import Plan
    from ardoqpy_sync.plans.plan_engine import PlanEngine

_ENDS = {"component": ("parent",), "reference": ("source", "target")}
#: What Ardoq does not give back to a component or reference that is created again.
LOST = (
    "What is created again has new ids and keys. Its history, tags, comments, and links to it from outside "
    "do not come back."
)


@dataclass(slots=True)
class _Undone:
    """One component or reference that the run wrote: all its writes, and what Ardoq holds now.

    - `before`: as it was before the run, None if the run created it; `after`: by attribute what the run
      wrote in the end.
    - `later`: by attribute, or None for the whole entity, the later runs that wrote to it and were not taken
      back.
    - `version`: the one that the run left, or an undo of a later run if it `was_rewritten` by one.
    - `was_edited`: whether somebody else has edited it between two of these writes.
    - `current`: as Ardoq holds it, None if it is deleted.
    """

    kind: Kind
    entity_id: str
    writes: list[Write] = field(default_factory=list)
    later: dict[str | None, set[int]] = field(default_factory=dict)
    version: int | None = None
    was_rewritten: bool = False
    was_edited: bool = False
    current: Located | None = None

    @property
    def before(self) -> Entity | None:
        return self.writes[0].before

    @property
    def after(self) -> Attributes:
        return {name: value for write in self.writes for name, value in write.sent.items()}

    @property
    def is_created(self) -> bool:
        return self.writes[0].action == CREATE

    @property
    def is_deleted(self) -> bool:
        return self.writes[-1].action == DELETE

    @property
    def owner(self) -> Owner | None:
        return next((write.owner for write in reversed(self.writes) if write.owner is not None), None)

    def follow(self, write: Write) -> None:
        """Take the version that a further write left, and note whether somebody has edited it before that."""
        if write.before is not None:
            before = write.before.get("_version")
            if before is None or (self.writes and before != self.version):
                self.was_edited = True
            if write.action == UPDATE and write.version != (before or 0) + 1:
                self.was_edited = True
        self.version = write.version

    @property
    def is_unchanged(self) -> bool:
        """Whether Ardoq still holds what the run left."""
        if self.current is None or self.was_edited or self.version is None:
            return False
        if self.current.entity.get("_version") != self.version:
            return False
        held = self.kind.collection.flatten(self.current.entity)
        return not self.was_rewritten or not differences(self.after, held, self.kind.ignored)


class Undo:
    """Decide what takes a run back, in an engine that sends nothing.

    Its report has the changes, and what stays as it is with the reason.
    """

    def __init__(self, engine: PlanEngine, ledger: Ledger, run: int) -> None:
        """Read the writes of a run, and load the workspaces that they are about.

        Raise `InvalidInput` if there is nothing to take back, because the run changed nothing or is too old.
        """
        self._engine = engine
        self._run = run
        writes = ledger.writes(run)
        if not writes and not ledger.has_learned(run):
            raise InvalidInput(
                f"Run {run} has no writes to take back: it wrote nothing, or the ledger does not keep its "
                "writes any more (keep_runs)."
            )
        engine.load(dict.fromkeys(write.workspace for write in writes))
        writes = engine.journal.writes(run)  # what was open is settled by now
        #: By the id of what was deleted, the id under which it is created again, by this undo or before.
        self._again: dict[str, str] = {}
        self._entities = self._collect(writes, ledger)

    def _collect(self, writes: Iterable[Write], ledger: Ledger) -> dict[str, _Undone]:
        entities: dict[str, _Undone] = {}
        for write in writes:
            kind = self._engine.kinds[write.kind]
            if write.state == "done":
                undone = entities.setdefault(write.entity_id, _Undone(kind, write.entity_id))
                undone.follow(write)
                undone.writes.append(write)
            elif write.state in ("open", "unknown"):
                name = (write.before or write.sent).get("name")
                self._leave(
                    kind,
                    write.entity_id,
                    name,
                    write.workspace,
                    "It is not known whether it was carried out.",
                )
        for undone in entities.values():
            undone.current = self._find(undone.kind, undone.entity_id)
        self._follow_later_runs(entities, ledger)
        for undone in entities.values():
            undone.writes = [self._with_new_ids(write) for write in undone.writes]
        return entities

    def _follow_later_runs(self, entities: dict[str, _Undone], ledger: Ledger) -> None:
        undos = ledger.undos()
        for later, write in self._engine.journal.later_writes(self._run):
            known = entities.get(write.recreates or write.entity_id)
            if write.recreates is not None and write.state == "done":
                self._again = renamed(self._again, write.recreates, write.entity_id)
                if known is not None:
                    del entities[known.entity_id]
                    known.entity_id, known.current = write.entity_id, self._find(known.kind, write.entity_id)
                    entities[write.entity_id] = known
            if known is None or write.state == "failed":
                continue
            if not counts_after(later, self._run, undos):
                known.follow(write)
                known.was_rewritten = True
                continue
            origin = origin_of(later, undos)
            for name in [None, *write.sent]:
                known.later.setdefault(name, set()).add(origin if origin > self._run else later)

    def _with_new_ids(self, write: Write) -> Write:
        before = None if write.before is None else with_real_ids(write.before, self._again)
        return replace(write, before=before, sent=with_real_ids(write.sent, self._again))

    def _find(self, kind: Kind, entity_id: str) -> Located | None:
        located = self._engine.cache.get(kind.name, entity_id)
        if located is None and entity_id not in self._engine.cache.deleted_ids:
            try:
                located = self._engine.locate(kind, entity_id)  # perhaps in another workspace by now
            except NotFoundError:
                return None
        return located

    # -- decide ---------------------------------------------------------------------------------------------

    def decide(self) -> None:
        """Make the changes that take the run back, in an order in which each can be carried out.

        First what is there is given back its values, so that nothing hangs below what is deleted next. Then
        what was deleted is created again, parents first; and last what needs that gets its ends.
        """
        entities = [
            undone for undone in self._entities.values() if not (undone.is_created and undone.is_deleted)
        ]
        updated = [undone for undone in entities if not undone.is_created and not undone.is_deleted]
        created = [undone for undone in entities if undone.is_created]
        deleted = [undone for undone in entities if undone.is_deleted]
        restored = {undone.entity_id: self._values_to_restore(undone) for undone in updated}
        waiting: list[tuple[_Undone, Attributes]] = []
        gone = self._deleted_ids()
        # Parents first, as they will be: a component can hang below what was below it, once that has moved.
        for undone in _in_tree_order(updated + deleted, partial(self._parent_after, restored)):
            values = restored.get(undone.entity_id)
            if values is None:
                continue
            ends = {end: values.pop(end) for end in _ENDS[undone.kind.name] if values.get(end) in gone}
            if ends:
                waiting.append((undone, ends))
                if "parent" in ends and self._is_below_created(undone):
                    values["parent"] = None
            self._update(undone, values)
        for undone in self._deletable(created):
            self._delete(undone)
        for undone in self._parents_first(deleted):
            self._create_again(undone)
        for undone, ends in waiting:
            again = {end: self._again[old_id] for end, old_id in ends.items() if old_id in self._again}
            for end in ends:
                if end not in again:
                    self._keep_attribute(undone, end, f"The {end} that it had could not be created again.")
            self._update(undone, again)
        self._name_values_left_out()

    def _name_values_left_out(self) -> None:
        """Report the old values that cannot be set, such as those of a field that Ardoq calculates now.

        What is created again goes without them: Ardoq may have calculated the field before as well.
        """
        for note in self._engine.report.not_converging.values():
            undone = self._entities.get(note["_id"])
            if undone is not None:
                self._keep_attribute(
                    undone, note["attribute"], "Ardoq does not keep this value: it sets its own."
                )

    def _deleted_ids(self) -> set[str]:
        """Return the ids of what is not there: an undo that was killed has created some of it again."""
        return {
            key
            for key, undone in self._entities.items()
            if undone.is_deleted and not undone.is_created and undone.current is None
        }

    def _parent_after(self, restored: dict[str, Attributes], undone: _Undone) -> str | None:
        """Return the parent that a component will have, if `restored` are by component its new values."""
        values = restored.get(undone.entity_id, {})
        if "parent" in values:
            return cast("str | None", values["parent"])
        return (undone.before or {}).get("parent") if undone.is_deleted else self._parent_now(undone)

    def _is_below_created(self, undone: _Undone) -> bool:
        parent = None if undone.current is None else undone.current.entity.get("parent")
        above = self._entities.get(parent or "")
        return above is not None and above.is_created

    # -- updates: attribute by attribute --------------------------------------------------------------------

    def _values_to_restore(self, undone: _Undone) -> Attributes:
        """Return the values of before that can come back; report those that others have changed since."""
        if undone.current is None:
            self._leave_entity(undone, "It was deleted after the run.")
            return {}
        flat = undone.kind.collection.flatten
        before, now = flat(undone.before or {}), flat(undone.current.entity)
        values = {}
        for name, written in undone.after.items():
            old = before.get(name)
            if name in undone.kind.ignored or equal_values(now.get(name), old):
                continue
            if REDACTED in (old, written):
                self._keep_attribute(undone, name, "The ledger does not keep its values.")
            elif runs := undone.later.get(name):
                self._keep_attribute(undone, name, f"{_runs(runs)} wrote it after this run.")
            elif undone.is_unchanged or equal_values(now.get(name), written):
                values[name] = old
            else:
                self._keep_attribute(undone, name, "It was edited after the run.")
        return values

    def _update(self, undone: _Undone, values: Attributes) -> None:
        current = self._engine.cache.get(undone.kind.name, undone.entity_id)
        if not values or current is None:
            return
        parent = values.get("parent")
        if parent is not None and self._find(undone.kind, parent) is None:
            self._keep_attribute(undone, "parent", "The parent that it had does not exist any more.")
            values = {name: value for name, value in values.items() if name != "parent"}
        try:
            self._engine.update_as_planned(current, values, self._reference(undone))
            self._engine.flush()
        except ArdoqClientException as problem:
            if parent is None:
                self._leave_entity(undone, str(problem))
                return
            self._keep_attribute(undone, "parent", str(problem))
            self._update(undone, {name: value for name, value in values.items() if name != "parent"})

    # -- creates: deleted only if nobody has touched them ---------------------------------------------------

    def _deletable(self, created: list[_Undone]) -> list[_Undone]:
        """Return what the run created and can be deleted: references, then components from the leaves up."""
        candidates = {}
        for undone in created:
            if undone.current is None:
                continue  # deleted already
            if undone.later:
                self._leave_entity(undone, f"{_runs(undone.later[None])} wrote to it after this run.")
            elif not undone.is_unchanged:
                self._leave_entity(undone, "It was edited after the run.")
            else:
                candidates[undone.entity_id] = undone
        components = [undone for undone in candidates.values() if undone.kind is self._engine.component]
        attached = self._attached(components)
        changed = True
        while changed:  # what is kept keeps what it hangs below, and what hangs on it
            changed = False
            for undone in components:
                others = [
                    other for other in attached[undone.entity_id] if other.entity["_id"] not in candidates
                ]
                if others and undone.entity_id in candidates:
                    del candidates[undone.entity_id]
                    self._leave_entity(undone, f"Others use it: {self._list(others)}.")
                    changed = True
        left = list(candidates.values())
        references = [undone for undone in left if undone.kind is self._engine.reference]
        return references + self._leaves_first([undone for undone in left if undone not in references])

    def _attached(self, components: list[_Undone]) -> dict[str, list[Located]]:
        """Return by component what is below it and the references at it, as Ardoq holds them now."""
        located = [undone.current for undone in components if undone.current is not None]
        reader = StateReader(self._engine.dialect, self._engine.cache, located)
        attached = {}
        for undone in components:
            state = reader.component(undone.entity_id)
            below = [self._find(self._engine.component, child) for child in state.children]
            references = [Located("reference", ref["rootWorkspace"], ref) for ref in state.references]
            for reference in references:
                self._engine.index(self._engine.reference, reference.workspace)
            attached[undone.entity_id] = [
                child
                for child in below
                if child is not None and child.entity.get("parent") == undone.entity_id
            ] + [each for each in references if self._is_at(each.entity, undone.entity_id)]
        return attached

    def _is_at(self, reference: Entity, comp_id: str) -> bool:
        """Return whether a reference is at a component still, once this undo has moved it back."""
        if reference["_id"] in self._engine.cache.deleted_ids:
            return False
        located = self._engine.cache.get("reference", reference["_id"])
        held = reference if located is None else located.entity
        return comp_id in (held["source"], held["target"])

    def _leaves_first(self, components: list[_Undone]) -> list[_Undone]:
        return list(reversed(_in_tree_order(components, self._parent_now)))

    def _parent_now(self, undone: _Undone) -> str | None:
        current = self._engine.cache.get("component", undone.entity_id)
        return None if current is None else current.entity.get("parent")

    def _delete(self, undone: _Undone) -> None:
        row = SourceRow(
            {"_id": undone.entity_id}, self._reference(undone), lambda *_: {}, caller_reports=True
        )
        self._engine.delete(undone.kind, undone.entity_id, row)
        self._engine.flush()

    # -- deletes: created again with all values -------------------------------------------------------------

    def _parents_first(self, deleted: list[_Undone]) -> list[_Undone]:
        components = [undone for undone in deleted if undone.kind is self._engine.component]
        references = [undone for undone in deleted if undone.kind is self._engine.reference]
        ordered = _in_tree_order(components, lambda undone: (undone.before or {}).get("parent"))
        return ordered + references

    def _create_again(self, undone: _Undone) -> None:
        kind, before = undone.kind, undone.before or {}
        if undone.current is not None:
            return  # it is there: the delete was not carried out after all, or Ardoq has restored it
        values, lost = self._values_before(undone)
        for end in _ENDS[kind.name]:
            if values.get(end) is None:
                continue
            values[end] = self._again.get(values[end], values[end])
            if self._find(self._engine.component, values[end]) is not None:
                continue
            if kind is self._engine.reference:
                self._leave_entity(undone, f"The {end} that it had does not exist any more.")
                return
            del values[end]
            self._keep_attribute(undone, "parent", "The parent that it had does not exist any more.")
        ws_id = before["rootWorkspace"]
        alike = self._alike(undone, values)
        twin = next((other["_id"] for other in alike if self._is_twin(undone, values, other)), None)
        if twin is not None:
            self._leave_entity(undone, f"There is another one like it again: {twin}.")
            return
        entry: LedgerEntry = {"beside": [other["_id"] for other in alike]}
        key = before.get("component-key") or before.get("componentKey")
        note = f"deleted in run {self._run}" + (f" as {key}" if key else "")
        row = self._reference(undone)._replace(note=note, recreates=undone.entity_id, ledger=entry)
        try:
            stored = self._engine.create_as_planned(kind, ws_id, {**values, "rootWorkspace": ws_id}, row)
        except ArdoqClientException as problem:
            self._leave_entity(undone, str(problem))
            return
        self._engine.flush()
        self._again[undone.entity_id] = stored["_id"]
        for name, reason in lost.items():
            self._keep_attribute(undone, name, reason)

    def _values_before(self, undone: _Undone) -> tuple[Attributes, dict[str, str]]:
        """Return the values to create something again with, and by attribute why a value is lost."""
        kind = undone.kind
        held = kind.collection.flatten(undone.before or {})
        lost = {
            name: "The ledger does not keep its values." for name, value in held.items() if value == REDACTED
        }
        values = {
            name: value
            for name, value in held.items()
            if name not in kind.collection.read_only and value is not None and value != REDACTED
        }
        for name in sorted(kind.collection.unavailable & values.keys()):  # the run was of the other version
            del values[name]
            lost[name] = "This version of the API does not offer it."
        return values, lost

    def _alike(self, undone: _Undone, values: Attributes) -> list[Entity]:
        """Return what Ardoq has under the same key, the same name and type, or the same ends and type.

        What this undo, or one of a later run, has created again is left out.
        """
        kind, ws_id = undone.kind, (undone.before or {})["rootWorkspace"]
        index = self._engine.index(kind, ws_id)
        key = undone.owner and undone.owner.field
        alike: list[Entity] = []
        if kind is self._engine.reference:
            alike += self._engine.match_reference({**values, "rootWorkspace": ws_id}, None)
        else:
            if key not in (None, PARENT) and values.get(key) is not None:
                alike += self._engine.by_field(ws_id, key, values[key], values["typeId"])
            alike += index.matches(component_key(values.get("typeId"), str(values.get("name"))))
        by_id = {other["_id"]: other for other in alike}
        return [other for other_id, other in by_id.items() if other_id not in self._again.values()]

    def _is_twin(self, undone: _Undone, values: Attributes, other: Entity) -> bool:
        """Return whether something alike has come in place of what was deleted: together, they were doubled.

        With another key it is something else, and so is what was beside it before the run.
        """
        held = undone.kind.collection.flatten(other)
        key = undone.owner and undone.owner.field
        if key is not None and (held.get(key) or key == PARENT):
            if not equal_values(held.get(key), values.get(key)):
                return False
            if key != PARENT:
                return True
        beside = undone.writes[-1].beside
        if beside is None:  # its workspace was not loaded
            return not differences(values, held, undone.kind.ignored)
        return other["_id"] not in {self._again.get(each, each) for each in beside}

    # -- what stays -----------------------------------------------------------------------------------------

    def _reference(self, undone: _Undone) -> RowReference:
        owner = undone.owner
        field = None if owner is None else owner.field
        return RowReference(f"undo of run {self._run}", field, owner=owner, policy=None)

    def _leave_entity(self, undone: _Undone, reason: str) -> None:
        self._keep_attribute(undone, None, reason)

    def _keep_attribute(self, undone: _Undone, attribute: str | None, reason: str) -> None:
        entity = undone.current.entity if undone.current else undone.before or undone.after
        name, ws_id = self._engine.log.name_of(undone.kind.name, entity), entity.get("rootWorkspace")
        self._leave(undone.kind, undone.entity_id, name, ws_id, reason, undone.current, attribute)

    def _leave(
        self,
        kind: Kind,
        entity_id: str,
        name: str | None,
        ws_id: str | None,
        reason: str,
        current: Located | None = None,
        attribute: str | None = None,
    ) -> None:
        who, when = (None, None) if current is None else kind.collection.last_change(current.entity)
        entry: Any = {"kind": kind.name, "_id": entity_id, "name": name, "rootWorkspace": ws_id}
        entry |= {"type": None if current is None else current.entity.get("type"), "attribute": attribute}
        entry |= {"reason": reason, "who": who, "when": when}
        self._engine.report.not_undone.append(entry)

    def _list(self, others: list[Located]) -> str:
        names = [
            f"{kind} {quote_name(self._engine.log.name_of(kind, entity))}" for kind, _, entity in others[:5]
        ]
        more = f" and {len(others) - 5} more" if len(others) > 5 else ""
        return f"{', '.join(names)}{more}"


def undo_plan(engine: PlanEngine, run: int | str, *, simulate: bool, origin: Origin) -> Plan:
    """Return the plan that takes a run back.

    - `run`: its number in the engine's ledger, or `last`.
    - `simulate`: whether the engine sends nothing: then the changes are in its report as well.

    Raise `InvalidInput` if there is no ledger, no such run, or the last one is an undo that did not end.
    """
    ledger = engine.journal.ledger
    if ledger is None:
        raise InvalidInput("This client has no ledger: pass ledger=FILE to be able to take runs back.")
    chosen = ledger.find_run(run)
    if run == "last" and chosen.undoes is not None and chosen.status != "success":
        raise InvalidInput(
            f"Run {chosen.number}, the last one, is an undo of run {chosen.undoes} that did not end: give "
            f"{chosen.undoes} to go on with it, or {chosen.number} to take it back."
        )
    number = chosen.number
    deciding = engine if simulate else engine.preview(NoRequests())
    with deciding.cache.without_naming():
        Undo(deciding, ledger, number).decide()
    return plan_of_engine(deciding, {**origin, "simulated": True, "undoes": number})


def check_guard(engine: PlanEngine, bounds: Bounds) -> DeleteBlocked | None:
    """Return why the deletes of an undo are too many for the delete guard, None if they are not."""
    missing: list[Missing] = []
    held: dict[Group, TypeCount] = {}
    for change in engine.report.changes:
        entity = engine.report.deleted.get(change.id or "")
        if change.action != DELETE or entity is None:
            continue
        group = change.kind, entity["rootWorkspace"], entity.get(TYPE_OF[change.kind])
        described: Any = {"kind": change.kind, **engine.log.describe(change.kind, entity)}
        described["name"] = change.name  # from before its ends were deleted
        missing.append(Missing(Target(described, group, named=False)))
        type_name = described.get("typeName") or change.type
        held[group] = TypeCount(f"{change.kind}s of type {type_name}", 0, 1)
    created = {change.id for change in engine.report.changes if change.action == CREATE}
    for group, count in held.items():
        kind, ws_id, type_id = group
        left = sum(
            entity.get(TYPE_OF[kind]) == type_id and entity["_id"] not in created
            for entity in engine.index(engine.kinds[kind], ws_id)
        )
        gone = sum(miss.target.group == group for miss in missing)
        held[group] = count._replace(before=left + gone)
    reasons = find_reasons(
        missing, held, Run(named_anything=True, failure=None, rows={}, rows_before={}, kinds=()), bounds
    )
    return blocked_error(missing, reasons) if reasons else None


def _runs(numbers: Iterable[int]) -> str:
    """Return "Run 7", or "Runs 7 and 8"."""
    *first, last = map(str, sorted(numbers))
    return f"Runs {', '.join(first)} and {last}" if first else f"Run {last}"


def _in_tree_order(
    components: Iterable[_Undone], parent_of: Callable[[_Undone], str | None]
) -> list[_Undone]:
    """Return components so that each comes after its parent, if that is among them."""
    by_id = {undone.entity_id: undone for undone in components}
    ordered: dict[str, _Undone] = {}
    for undone in by_id.values():
        chain = [undone]  # a line of parents may be too long for recursion
        while (parent := by_id.get(parent_of(chain[-1]) or "")) and parent not in chain[-1:]:
            if parent.entity_id in ordered or len(chain) > len(by_id):
                break
            chain.append(parent)
        for each in reversed(chain):
            ordered.setdefault(each.entity_id, each)
    return list(ordered.values())
