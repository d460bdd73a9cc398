"""The way of every row: match it in the cache, decide what differs, write, remember, report."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import short_repr
from ardoqpy._validation import attributes, id_segment
from ardoqpy.errors import ArdoqClientException, Conflict, InvalidInput, NotFoundError, UnexpectedAnswer
from ardoqpy_sync.compare.cache import Cache, Shelf, Workspace, component_key, copy_entity, reference_key
from ardoqpy_sync.compare.diff import (
    CREATE,
    DELETE,
    UPDATE,
    Change,
    Differences,
    as_key,
    differences,
    failure,
    same,
)
from ardoqpy_sync.compare.entity_kinds import Kind, kinds_of
from ardoqpy_sync.compare.model_lookup import ModelLookup
from ardoqpy_sync.compare.row_validation import RowValidator, checked_ids
from ardoqpy_sync.progress import LOADING
from ardoqpy_sync.report import Report
from ardoqpy_sync.writing.batching import BatchWriter
from ardoqpy_sync.writing.circuit_breaker import CircuitBreaker
from ardoqpy_sync.writing.operations import resolved
from ardoqpy_sync.writing.pending import PendingRow, PendingWrites, Row, kept_row, row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.entities import Entity
    from ardoqpy_sync.progress import Progress
    from ardoqpy_sync.writing.writers import Writer

__all__ = ["Engine"]

#: How often a change is decided again because Ardoq had moved on; more often is a fight, not a race.
DECISIONS = 5
#: How many workspaces are loaded at the same time; on v2 each takes a few requests of its own.
SIDE_BY_SIDE = 3
_NOTHING: Differences = {}
_NO_ROW = Row()


class Engine:
    """Bring rows into Ardoq, one after the other, through one writer.

    Not safe for threads by itself: the client that owns it holds a lock.
    """

    def __init__(self, api: Dialect, writer: Writer, previous_report: Mapping[str, Any]) -> None:
        self._api = api
        self._writer = writer
        self.outbox = PendingWrites(self, writer) if isinstance(writer, BatchWriter) else None
        self._again: tuple[Any, Callable[[], Entity]] = (None, dict)
        self.cache = Cache()
        self.report = Report()
        self.progress: Progress | None = None
        self.reach = CircuitBreaker()
        self.component, self.reference = kinds_of(api)
        self._catalogue = ModelLookup(api, self.cache.attributes)
        self._checks = RowValidator(self.cache, self._catalogue, self.workspace)
        self._row = _NO_ROW
        self._stubborn = {
            (one["_id"], one["attribute"]): one for one in previous_report.get("not_converging", ())
        }

    # -- match ------------------------------------------------------------------------------------------

    def workspace(self, ws_id: str, *, afresh: bool = False) -> Workspace:
        """Return a workspace, loaded at its first touch, or again where `afresh` is asked for.

        What is only simulated is never loaded over.
        """
        workspace = self.cache.workspaces.get(ws_id)
        if workspace is None or (afresh and self._writer.in_step(ws_id)):
            if self.progress is not None:
                self.progress.expect(LOADING, 1)
            workspace = self._loaded(ws_id, self._api.workspaces.aggregated(ws_id))
        return workspace

    def load(self, ws_ids: Iterable[str]) -> None:
        """Load those of the workspaces that are not loaded yet, several side by side."""
        missing = [ws_id for ws_id in dict.fromkeys(ws_ids) if ws_id not in self.cache.workspaces]
        if self.progress is not None and missing:
            self.progress.expect(LOADING, len(missing))
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            for ws_id, aggregated in zip(
                missing, threads.map(self._api.workspaces.aggregated, missing), strict=True
            ):
                self._loaded(ws_id, aggregated)

    def _loaded(self, ws_id: str, aggregated: Entity) -> Workspace:
        try:
            workspace = self.cache.load(ws_id, aggregated)
        except (AttributeError, KeyError, TypeError):
            raise UnexpectedAnswer(
                f"Ardoq's answer for workspace {ws_id} is not a workspace with its content."
            ) from None
        if self.progress is not None:
            self.progress.loaded()
        return workspace

    def shelf(self, kind: Kind, ws_id: str) -> Shelf:
        """Return all components, or all references, of a workspace."""
        workspace = self.workspace(ws_id)
        return workspace.components if kind is self.component else workspace.references

    def simulated(self, kind: Kind, entity_id: str) -> Entity | None:
        """Return an entity that is not in Ardoq as the cache has it, None where Ardoq can be asked.

        Raise `NotFoundError` where this run has deleted it.
        """
        self._not_gone(kind, entity_id)
        found = self.cache.get(kind.name, entity_id)
        return found[1] if found and not self._writer.in_step(found[0]) else None

    def in_step(self, ws_id: str) -> bool:
        """Tell whether Ardoq can be asked about a workspace."""
        return self._writer.in_step(ws_id)

    def have_component(
        self, comp: Entity, field_name: str | None, field_value: Any, label: str | None = None
    ) -> Entity:
        """Have a component as the row says, matched by type and name, or by type and a field."""
        kind = self.component
        self._row = _NO_ROW
        self._row = row_of(label, field_name, field_value)
        if self.outbox is not None:
            self._again = comp, partial(self.have_component, comp, field_name, field_value, label)
            comp = self._with_real_ids(comp)
        if field_name is not None:
            comp = self._typed_component(comp)
            checked_ids(comp, kind.argument, "typeId", "rootWorkspace")
            value = comp.get(field_name) if field_value is None else field_value
            if value is None:
                raise InvalidInput(f"field_value is missing, and comp has no {field_name!r} to match by.")
            ws_id, type_id = comp["rootWorkspace"], comp["typeId"]
            self.workspace(ws_id)
            match = partial(self.by_field, ws_id, field_name, value, type_id)
            return self._have(kind, ws_id, comp, match)
        flat = kind.collection.flat
        try:
            comp = flat(comp)
            ws_id = comp["rootWorkspace"]
            key = component_key(comp["typeId"], comp["name"])
            shelf = self.cache.workspaces[ws_id].components
        except (KeyError, TypeError, AttributeError):
            # A first touch, a type by its name, or a row that makes no sense: the long way says which.
            comp = self._typed_component(comp)
            checked_ids(comp, kind.argument, *kind.required)
            ws_id = comp["rootWorkspace"]
            key = component_key(comp["typeId"], comp["name"])
            shelf = self.shelf(kind, ws_id)
        current = shelf.first.get(key)
        if current is not None:
            if comp.items() <= flat(current).items() and key not in shelf.several:
                return self._keep(kind, current)
            if current["name"] != comp["name"] and current["_id"] in self.cache.named:
                # Two spellings of one name in one run: the first stays, or they would take turns every night.
                comp = {**comp, "name": current["name"]}
        return self._have(kind, ws_id, comp, partial(shelf.matches, key))

    def have_reference(self, ref: Entity, label: str | None = None) -> Entity:
        """Have a reference as the row says, matched by source, target and type."""
        kind = self.reference
        self._row = _NO_ROW
        self._row = row_of(label)
        if self.outbox is not None:
            self._again = ref, partial(self.have_reference, ref, label)
            ref = self._with_real_ids(ref)
        flat = kind.collection.flat
        try:
            ref = flat(ref)
            ws_id = ref["rootWorkspace"]
            key = ref["source"], ref["target"], ref["type"]
            shelf = self.cache.workspaces[ws_id].references
            current = shelf.first.get(key)
            long_way = type(ref["type"]) is not int
        except (KeyError, TypeError):
            long_way = True
        if long_way:
            # A first touch, a type by its name, or a row that makes no sense: the long way says which.
            attributes(ref, kind.argument, *kind.required)
            checked_ids(ref, kind.argument, "source", "target")
            ref = flat(ref)
            if ref.get("rootWorkspace"):
                checked_ids(ref, kind.argument, "rootWorkspace")
            ws_id = ref.get("rootWorkspace") or self._checks.workspace_of(ref["source"], "source", None)
            if isinstance(ref["type"], str):
                ref = {**ref, "type": self._catalogue.reference_type_named(ws_id, ref["type"])}
            key = reference_key(ref["source"], ref["target"], ref["type"])
            shelf = self.shelf(kind, ws_id)
            current = shelf.first.get(key)
        if current is not None and ref.items() <= flat(current).items() and key not in shelf.several:
            return self._keep(kind, current)
        return self._have(kind, ws_id, ref, partial(shelf.matches, key))

    def have_by_id(self, kind: Kind, entity_id: str, body: Entity, label: str | None = None) -> Entity:
        """Have the entity of that id as the body says, at the body's `_version` where it names one."""
        self._row = _NO_ROW
        self._row = row_of(label)
        if self.outbox is not None:
            self._again = body, partial(self.have_by_id, kind, entity_id, body, label)
            body, entity_id = self._with_real_ids(body), self.real_id(entity_id)
        body = kind.collection.flat(attributes(body, kind.argument))
        id_segment(entity_id, f"{kind.argument}_id")
        ws_id, current = self._located(kind, entity_id)
        version = body.get("_version")
        if version is not None and version != current.get("_version"):
            current = self._reread(kind, ws_id, entity_id) or current
            if version != current.get("_version"):
                raise Conflict(
                    f"{kind.argument} was read at version {short_repr(version)}, Ardoq holds version "
                    f"{current.get('_version')} of {entity_id}: read it again before you write."
                )
        settled = self._settle(kind, ws_id, body, current)
        if settled is None:
            raise NotFoundError(f"The {kind.name} {entity_id} is gone from Ardoq: somebody deleted it.")
        return settled

    # -- decide, write, remember, report --------------------------------------------------------------------

    def with_value(self, ws_id: str, field_name: str, value: Any) -> list[Entity]:
        """Return the components of a workspace that hold a value in a field, however it is spelled."""
        flat = self.component.collection.flat
        shelf = self.workspace(ws_id).components
        found = shelf.find(field_name, as_key(value), lambda comp: as_key(flat(comp).get(field_name)))
        return [comp for comp in found if same(flat(comp).get(field_name), value)]

    def by_field(self, ws_id: str, field_name: str, value: Any, type_id: str) -> list[Entity]:
        """Return the components of a type that hold a value in a field."""
        found = self.with_value(ws_id, field_name, value)
        return [comp for comp in found if comp.get("typeId") == type_id]

    def _typed_component(self, comp: Entity) -> Entity:
        """Return a row flat, with its type's id where it gives the type's name alone."""
        comp = self.component.collection.flat(attributes(comp, "comp"))
        name, ws_id = comp.get("type"), comp.get("rootWorkspace")
        if comp.get("typeId") is None and isinstance(name, str) and isinstance(ws_id, str):
            self.workspace(ws_id)
            comp = {**comp, "typeId": self._catalogue.component_type_named(ws_id, name)}
        return comp

    def _have(self, kind: Kind, ws_id: str, body: Entity, match: Callable[[], list[Entity]]) -> Entity:
        """Have an entity as the body says: the first that matches, or, where all are gone, a new one."""
        while matches := match():
            if len(matches) > 1:
                self._note_ambiguity(kind, matches)
            # Named by the source, whatever becomes of the row: a row that fails is not a cache miss.
            self.cache.name(kind.name, ws_id, matches[0])
            settled = self._settle(kind, ws_id, body, matches[0])
            if settled is not None:
                return settled
        return self._create(kind, ws_id, body)

    def _keep(self, kind: Kind, current: Entity) -> Entity:
        self.cache.named.add(current["_id"])
        kept = self.report.kept[kind.name]
        kept.append(current)
        if self.outbox is None:
            return copy_entity(current)
        self.outbox.promise(current["_id"], PendingRow(None, len(kept) - 1, *self._again, self._row))
        return self.handed_out(current)

    def _took(self, entity: Entity, change: Change) -> Entity:
        """Report a change, and return what the caller gets of the entity."""
        self.report.take(change)
        if self.outbox is None:
            self.reach.begin_anew()
            if self.progress is not None:
                self.progress.wrote()
            return copy_entity(entity)
        self.outbox.promise(
            entity["_id"], PendingRow(len(self.report.changes) - 1, None, *self._again, self._row)
        )
        return self.outbox.hand_out(copy_entity(entity))

    def handed_out(self, entity: Entity) -> Entity:
        """Return a copy for the caller."""
        return copy_entity(entity) if self.outbox is None else self.outbox.hand_out(copy_entity(entity))

    def real_id(self, entity_id: Any) -> Any:
        """Return the id that Ardoq knows something by that had a batch id first."""
        if self.outbox is None or not isinstance(entity_id, str):
            return entity_id
        return self.outbox.real.get(entity_id, entity_id)

    def _with_real_ids(self, body: Entity) -> Entity:
        return (
            resolved(body, self.outbox.real) if self.outbox is not None and isinstance(body, dict) else body
        )

    def _send_first(self, *, deleting: bool) -> None:
        if isinstance(self._writer, BatchWriter) and self._writer.in_the_way(deleting=deleting):
            self.flush()

    def flush(self) -> None:
        """Send what waits to be written, where the writer gathers."""
        if self.outbox is not None:
            self.outbox.flush()

    def _settle(self, kind: Kind, ws_id: str, body: Entity, current: Entity) -> Entity | None:
        """Update an entity where it differs from the body; return it, or None where it is gone from Ardoq."""
        for _ in range(DECISIONS):
            found = differences(body, kind.collection.flat(current), kind.ignored)
            if found:
                found = self._converging(kind, ws_id, current, found)
            if not found:
                return self._keep(kind, current)
            try:
                return self._update(kind, ws_id, current, found)
            except (Conflict, NotFoundError):
                fresh = self._reread(kind, ws_id, current["_id"])
            if fresh is None:
                return None
            current = fresh
        raise Conflict(
            f"The {kind.name} {current['_id']} was changed by somebody else {DECISIONS} times while it was "
            "being written: run the sync again."
        )

    def _create(self, kind: Kind, ws_id: str, body: Entity) -> Entity:
        wanted = {key: value for key, value in body.items() if key not in kind.ignored}
        if body.get("targetWorkspace"):
            wanted["targetWorkspace"] = body["targetWorkspace"]
        wanted, type_name = self._checks.new(kind, ws_id, wanted)
        sent = self._catalogue.fitted(ws_id, wanted, kind.built_in)
        self._send_first(deleting=False)
        shelf = self.shelf(kind, ws_id)
        stored, adopted = self._writer.create(kind, sent, type_name, shelf.by_id)
        shelf.remember(stored)
        self.cache.name(kind.name, ws_id, stored)
        written = {key: (None, value) for key, value in copy_entity(sent).items()}
        name = self._name_of(kind, stored)
        handed_out = self._took(
            stored, self._change(CREATE, kind, ws_id, stored, written, name=name, version=None)
        )
        left = differences({**wanted, **sent}, kind.collection.flat(stored), kind.ignored)
        if adopted and left:
            # Somebody else may have made it in the meantime, with other values than ours.
            return self._settle(kind, ws_id, wanted, stored) or handed_out
        for key, (kept, asked) in left.items():
            self.note_stubborn(kind, stored, key, kept, asked)
        return handed_out

    def _update(self, kind: Kind, ws_id: str, current: Entity, found: Differences) -> Entity:
        derived, type_name = self._checks.changed(kind, ws_id, current, found)
        changed = {key: new for key, (_, new) in found.items()}
        self._send_first(deleting=False)
        stored = self._writer.update(kind, current, changed | derived, type_name)
        at = stored.get("rootWorkspace", ws_id)
        if at != ws_id:  # a reference goes where its source is
            self.shelf(kind, ws_id).forget(stored["_id"])
        self.shelf(kind, at).remember(stored)
        self.cache.name(kind.name, at, stored)
        for key, (kept, wanted) in differences(changed, kind.collection.flat(stored), ()).items():
            self.note_stubborn(kind, stored, key, kept, wanted)
        pairs = copy_entity({key: list(pair) for key, pair in found.items()})
        written = {key: (old, new) for key, (old, new) in pairs.items()}
        name, version = self._name_of(kind, stored), current.get("_version")
        return self._took(stored, self._change(UPDATE, kind, at, stored, written, name=name, version=version))

    def delete(self, kind: Kind, entity_id: str) -> None:
        """Delete an entity with all that goes with it; what this run has deleted already is left alone."""
        self._row = _NO_ROW
        id_segment(entity_id, f"{kind.argument}_id")
        if self.outbox is not None:
            self._again = {"_id": entity_id}, dict
            entity_id = self.outbox.real.get(entity_id, entity_id)
        if entity_id in self.cache.gone:
            return
        ws_id, entity = self._located(kind, entity_id)
        name = self._name_of(kind, entity)
        taken = self.cache.cascade(kind.name, entity_id)
        if isinstance(self._writer, BatchWriter) and not self._writer.waits_unsent(taken):
            self._send_first(deleting=True)
            entity_id = self._writer.transactions.real.get(entity_id, entity_id)
            ws_id, entity = self._located(kind, entity_id)
            taken = self.cache.cascade(kind.name, entity_id)
        try:
            self._writer.delete(kind, entity, taken)
        except NotFoundError:
            self.cache.forget(kind.name, entity_id)
            raise
        kinds = {one.name: one for one in (self.component, self.reference)}
        going = [(kinds[of], at, gone) for of, at, gone in taken or [(kind.name, ws_id, entity)]]
        names = [self._name_of(of, gone) for of, _, gone in going]  # as long as the ends are known
        self.cache.forget(kind.name, entity_id)
        for (of, at, gone), its_name in zip(going, names, strict=True):
            itself = gone["_id"] == entity_id
            self.report.gone[gone["_id"]] = gone
            note = None if itself else f"with component {name}"
            self.report.take(self._change(DELETE, of, at, gone, name=its_name, note=note))
            if self.outbox is not None:
                row = self._again[0] if itself else None
                place = len(self.report.changes) - 1
                self.outbox.promise(entity_id, PendingRow(place, None, row, dict, self._row))
        if self.outbox is None:
            self.reach.begin_anew()
            if self.progress is not None:
                self.progress.wrote()
        else:
            self.outbox.withdraw([gone["_id"] for _, _, gone in going])

    def misses(self, kind: Kind) -> list[dict[str, Any]]:
        """Return what Ardoq holds, of what is loaded and of the types that rows touched, that no row
        named.
        """
        return [self.described(kind, entity) for entity in self.cache.misses(kind.name)]

    def described(self, kind: Kind, entity: Entity) -> dict[str, Any]:
        """Return what a report shows of an entity."""
        shown = ("_id", "type", "rootWorkspace", *(("source", "target") if kind is self.reference else ()))
        return {"name": self._name_of(kind, entity), **{key: entity.get(key) for key in shown}}

    def imagined(self, entity_id: str) -> bool:
        """Tell whether an entity is in the cache as Ardoq does not have it, since it was only simulated."""
        return self._writer.imagined(entity_id)

    def failed(self, kind: Kind, row: Any, problem: ArdoqClientException, of: Row | None = None) -> Entity:
        """Report a row that failed, the row at hand if `of` does not say which, and return it with
        `_id` None.
        """
        self.reach.failed(problem)
        kept = kept_row(row) if self.outbox is None else self.outbox.show(kept_row(row))
        self.report.take(failure(kind.name, kept, str(problem), *(of or self._row)))
        return {**copy_entity(kept), "_id": None}

    # -- what a decision must know --------------------------------------------------------------------------

    def _located(self, kind: Kind, entity_id: str) -> tuple[str, Entity]:
        """Return (workspace id, entity) from the cache, or from Ardoq; its workspace is loaded then."""
        self._not_gone(kind, entity_id)
        found = self.cache.get(kind.name, entity_id)
        if found is None:
            entity = kind.collection.read(entity_id)
            for end in ("source", "target"):  # in a simulation it has gone with its component
                self._not_gone(self.component, entity.get(end, ""))
            found = entity["rootWorkspace"], entity
            self.shelf(kind, found[0]).remember(entity)
        return found

    def _not_gone(self, kind: Kind, entity_id: str) -> None:
        if entity_id in self.cache.gone:
            raise NotFoundError(f"The {kind.name} {entity_id} was deleted in this run.")

    def _reread(self, kind: Kind, ws_id: str, entity_id: str) -> Entity | None:
        """Return the entity as Ardoq holds it now and remember it, or forget it and return None."""
        simulated = self.simulated(kind, entity_id)
        if simulated is not None:
            return simulated
        try:
            fresh = kind.collection.read(entity_id)
        except NotFoundError:
            self.cache.forget(kind.name, entity_id)
            return None
        self.shelf(kind, ws_id).remember(fresh)
        return fresh

    def _converging(self, kind: Kind, ws_id: str, current: Entity, found: Differences) -> Differences:
        """Return what can be written of it, as it would be kept.

        Left out is what Ardoq would not keep: fields it calculates, and what it is known to change back.
        """
        held = kind.collection.flat(current)
        wanted = {key: new for key, (_, new) in found.items()}
        fitted = self._catalogue.fitted(ws_id, wanted, kind.built_in, held)
        kept = {}
        for key, (old, new) in found.items():
            known = self._stubborn.get((current["_id"], key))
            if key not in fitted or (known and (known["stored"], known["wanted"]) == (old, new)):
                self.note_stubborn(kind, current, key, old, new)
            elif not same(old, fitted[key]):
                kept[key] = (old, fitted[key])
        return kept

    def note_stubborn(self, kind: Kind, entity: Entity, key: str, kept: Any, wanted: Any) -> None:
        """Report an attribute that Ardoq does not keep as it was sent."""
        note = {"kind": kind.name, "_id": entity["_id"], "name": self._name_of(kind, entity)}
        note |= {"attribute": key, "stored": kept, "wanted": wanted}
        self._stubborn[entity["_id"], key] = copy_entity(note)
        copied: Any = copy_entity(note)
        self.report.not_converging[entity["_id"], key] = copied

    def look_again(self) -> None:
        """Report by name what is in Ardoq twice because a create that got no answer was carried out late."""
        for kind, shelf, key in self._writer.doubts.turned_up(self.shelf):
            self._note_ambiguity(kind, shelf.matches(key))

    def _note_ambiguity(self, kind: Kind, matches: Sequence[Entity]) -> None:
        used, name = matches[0]["_id"], self._name_of(kind, matches[0])
        found = [match["_id"] for match in matches]
        entry: Any = {"kind": kind.name, "name": name, "used": used, "matches": found}
        self.report.ambiguous[used] = entry
        # The row means them all: they are duplicates, not things that the source no longer has.
        self.cache.named.update(found)

    def _change(
        self,
        action: str,
        kind: Kind,
        ws_id: str,
        entity: Entity,
        written: Differences = _NOTHING,
        *,
        name: str | None = None,
        version: Any = ...,
        note: str | None = None,
    ) -> Change:
        return Change(
            action,
            kind.name,
            entity["_id"],
            name or entity.get("name"),
            entity.get("type"),
            ws_id,
            written,
            entity.get("_version") if version is ... else version,
            note,
            None,
            *self._row,
        )

    def _name_of(self, kind: Kind, entity: Entity) -> str | None:
        """Return a component's name, or the names of a reference's ends as far as they are known."""
        if kind is self.component:
            name: str | None = entity.get("name")
            return name
        ends = []
        for end in ("source", "target"):
            found = self.cache.get("component", entity[end])
            ends.append(str((found and found[1].get("name")) or entity[end]))
        return " -> ".join(ends)
