"""What Ardoq holds, as far as it was loaded, with an index for every question a sync asks.

A look-up costs the same at a hundred entities and at a million. Entities in here are never changed, only
replaced, and never handed out: `copy_entity` makes what callers get.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._http.json import collector_paused

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy_sync.ledger.records import Owner

#: The attribute that holds the type of an entity.
TYPE_OF = {"component": "typeId", "reference": "type"}


class Located(NamedTuple):
    """An entity, its kind (`component` or `reference`), and the id of the workspace that holds it."""

    kind: str
    workspace: str
    entity: Entity


_CONTAINERS = frozenset((dict, list))
#: Python knows of some dicts that they contain nothing that could be changed in place: its garbage collector
#: does not track them.
_may_hold_containers = getattr(gc, "is_tracked", bool)


def copy_entity(entity: Entity) -> Entity:
    """Return a deep copy of an entity made of JSON."""
    copy = entity.copy()
    # Most of an entity is text and numbers: only what can be changed in place is copied one by one.
    for key, value in entity.items():
        of = type(value)
        if of is not str and of in _CONTAINERS:
            copy[key] = _deep(value) if value and _may_hold_containers(value) else value.copy()
    return copy


def _deep(value: Any) -> Any:
    if type(value) is dict:
        return {key: copy_value(part) for key, part in value.items()}
    return [copy_value(part) for part in value]


def copy_value(value: Any) -> Any:
    """Return a deep copy of a value made of JSON."""
    if type(value) not in _CONTAINERS:
        return value
    return _deep(value) if value and _may_hold_containers(value) else value.copy()


class KeyIndex:
    """Find entities by a key: built at the first question, kept in step from then on."""

    def __init__(self, key_of: Callable[[Entity], Hashable], entities: Iterable[Entity]) -> None:
        """Index entities by a key."""
        self._key_of = key_of
        self._positions: dict[str, int] = {}
        self._by_key: dict[Hashable, dict[str, Entity]] = {}
        for entity in entities:
            self.add(entity)

    def find(self, key: Hashable) -> list[Entity]:
        """Return the entities under a key, in Ardoq's order."""
        matches = self._by_key.get(key, {}).values()
        return sorted(matches, key=lambda entity: self._positions[entity["_id"]])

    def add(self, entity: Entity) -> None:
        """Add an entity; one that was discarded before keeps its position in the order."""
        self._positions.setdefault(entity["_id"], len(self._positions))
        self._by_key.setdefault(self._key_of(entity), {})[entity["_id"]] = entity

    def discard(self, entity: Entity) -> None:
        """Remove an entity."""
        del self._by_key[self._key_of(entity)][entity["_id"]]


class EntityIndex:
    """All entities of one kind in one workspace, by id and by any key asked for.

    `match_key` is what makes two of them the same. `first` holds, by match key, the first entity that a
    row with that key means; `several` the ids of all of them, in Ardoq's order, where there are more.
    """

    def __init__(self, entities: Sequence[Entity], match_key: Callable[[Entity], Hashable]) -> None:
        """Index entities, which come in Ardoq's order."""
        self.by_id: dict[str, Entity] = {}
        self.first: dict[Hashable, Entity] = {}
        self.several: dict[Hashable, list[str]] = {}
        self._match_key = match_key
        self._indexes: dict[Hashable, KeyIndex] = {}
        #: The position of each entity in Ardoq's order, once one was removed: it may come back.
        self._positions: dict[str, int] = {}
        for entity in entities:
            self.by_id[entity["_id"]] = entity
            self.first.setdefault(match_key(entity), entity)
        if len(self.first) < len(entities):
            for entity in entities:
                first = self.first[key := match_key(entity)]
                if first is not entity:
                    self.several.setdefault(key, [first["_id"]]).append(entity["_id"])

    def __len__(self) -> int:
        """Return how many are held."""
        return len(self.by_id)

    def __iter__(self) -> Iterator[Entity]:
        """Iterate over what is held."""
        return iter(self.by_id.values())

    def matches(self, key: Hashable) -> list[Entity]:
        """Return all entities that a row with this match key means, in Ardoq's order."""
        if key in self.several:
            return [self.by_id[entity_id] for entity_id in self.several[key]]
        return [self.first[key]] if key in self.first else []

    def beside(self, entity: Entity) -> list[Entity]:
        """Return what a row that means an entity means beside it, in Ardoq's order."""
        return [other for other in self.matches(self._match_key(entity)) if other["_id"] != entity["_id"]]

    def find(self, name: Hashable, key: Hashable, key_of: Callable[[Entity], Hashable]) -> list[Entity]:
        """Return the entities whose `key_of` gives `key`; `name` is the name of that index."""
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = KeyIndex(key_of, self)
        return index.find(key)

    def remember(self, entity: Entity) -> None:
        """Add an entity, or replace its older version."""
        entity_id = entity["_id"]
        older = self.by_id.get(entity_id)
        key = self._match_key(entity)
        self.by_id[entity_id] = entity  # keeps the position of an older version
        if older is None:
            if self._positions:
                self._restore_position(entity_id)
            self._enter(key, entity)
        else:
            for index in self._indexes.values():
                index.discard(older)
            older_key = self._match_key(older)
            if older_key != key:
                self._leave(older_key, entity_id)
                self._enter(key, entity)
            elif self.first[key] is older:
                self.first[key] = entity
        for index in self._indexes.values():
            index.add(entity)

    def exchange(self, entity_id: str, stored: Entity) -> None:
        """Put a stored entity, which comes last, in place of the one that had an id of its own until then."""
        key, new_id = self._match_key(stored), stored["_id"]
        older = self.by_id[entity_id]
        if new_id in self.by_id or key in self.several or self.first.get(key) is not older:
            self.forget(entity_id)
            self.remember(stored)
            return
        # The usual case: nothing but the id has changed, and no position has to be kept for the older id.
        del self.by_id[entity_id]
        self.by_id[new_id] = self.first[key] = stored
        if self._positions:
            self._positions.setdefault(new_id, len(self._positions))
        for index in self._indexes.values():
            index.discard(older)
            index.add(stored)

    def forget(self, entity_id: str) -> Entity | None:
        """Remove an entity and return it; None if there is no such entity."""
        if entity_id in self.by_id and not self._positions:
            self._positions = {known: position for position, known in enumerate(self.by_id)}
        entity = self.by_id.pop(entity_id, None)
        if entity is not None:
            self._leave(self._match_key(entity), entity_id)
            for index in self._indexes.values():
                index.discard(entity)
        return entity

    def _restore_position(self, entity_id: str) -> None:
        """Move an entity from the end of the order to its position before it was removed."""
        if self._positions.setdefault(entity_id, len(self._positions)) + 1 < len(self._positions):
            in_order = sorted(self.by_id.items(), key=lambda item: self._positions[item[0]])
            self.by_id.clear()
            self.by_id.update(in_order)

    def _enter(self, key: Hashable, entity: Entity) -> None:
        if key not in self.first:
            self.first[key] = entity
            return
        members = {*self.several.get(key, [self.first[key]["_id"]]), entity["_id"]}
        self.several[key] = [entity_id for entity_id in self.by_id if entity_id in members]
        self.first[key] = self.by_id[self.several[key][0]]

    def _leave(self, key: Hashable, entity_id: str) -> None:
        rest = [other for other in self.several.pop(key, ()) if other != entity_id]
        if not rest:
            del self.first[key]
            return
        self.first[key] = self.by_id[rest[0]]
        if len(rest) > 1:
            self.several[key] = rest


def component_key(type_id: Any, name: str) -> str:
    """Return what makes two components of a workspace the same: type, and name whatever its letter case."""
    return f"{type_id}\0{name.lower()}"


def reference_key(source: Any, target: Any, type_id: Any) -> tuple[Any, Any, Any]:
    """Return what makes two references of a workspace the same: source, target and type.

    A type is a whole number: what merely equals one (True, 2.0) is no reference's type.
    """
    return source, target, type_id if type(type_id) is int else repr(type_id)


def _key_of_component(comp: Entity) -> str:
    return f"{comp.get('typeId')}\0{(comp.get('name') or '').lower()}"


_key_of_reference: Callable[[Entity], Hashable] = itemgetter("source", "target", "type")


class Workspace:
    """One loaded workspace: its own attributes, its components, its references."""

    def __init__(self, aggregated: Entity) -> None:
        """Index the content of an aggregated answer."""
        self.attributes = dict(aggregated)
        # Ardoq gives null where there are none.
        self.components = EntityIndex(self.attributes.pop("components", None) or [], _key_of_component)
        self.references = EntityIndex(self.attributes.pop("references", None) or [], _key_of_reference)

    def equals(self, aggregated: Entity) -> bool:
        """Return whether an aggregated answer is what `aggregated` would return."""
        components, references = list(self.components), list(self.references) or None
        return aggregated == {**self.attributes, "components": components, "references": references}

    def aggregated(self) -> Entity:
        """Return a copy in the form of the aggregated answer."""
        with collector_paused(len(self.components) + len(self.references)):
            components = list(map(copy_entity, self.components))
            references = list(map(copy_entity, self.references)) or None
        return {**copy_entity(self.attributes), "components": components, "references": references}


class Cache:
    """The loaded workspaces, what the rows of this run named, and what was deleted in it."""

    def __init__(self) -> None:
        """Start with no workspace loaded."""
        self.workspaces: dict[str, Workspace] = {}
        self.deleted_ids: set[str] = set()
        self.start_run()

    def start_run(self) -> None:
        """Forget what rows have named, and keep what is loaded."""
        self.named: set[str] = set()
        #: By the id of an entity: the attributes that rows gave it, and the label of the last row.
        self.given: dict[str, tuple[str, ...]] = {}
        self.given_by: dict[str, str] = {}
        #: By the id of an entity: the mapping and key of the row that describes it.
        self.owners: dict[str, Owner] = {}
        #: By kind, workspace and type: of which types the source describes all there is, even if nothing.
        self.described: set[tuple[str, str, Any]] = set()
        #: The ids of entities that cannot be missing, although no row names them.
        self.excluded: set[str] = set()
        #: The ids of entities that must stay in this run, also if what they are deleted with is missing.
        self.protected: set[str] = set()
        #: The ids of entities that are missing, and have to be so in more runs before they are deleted.
        self.waiting: set[str] = set()
        self._touched: set[tuple[str, str, Any]] = set()

    def note_given(
        self, entity_id: str, names: tuple[str, ...], label: str | None, owner: Owner | None
    ) -> None:
        """Remember which attributes a row gave an entity, and what the row is called and belongs to."""
        earlier = self.given.setdefault(entity_id, names)
        if earlier != names:
            self.given[entity_id] = tuple(dict.fromkeys((*earlier, *names)))
        if owner is not None:
            self.owners.setdefault(entity_id, owner)
        if label is not None:
            self.given_by[entity_id] = label
        elif self.given_by:
            self.given_by.pop(entity_id, None)

    @contextmanager
    def without_naming(self) -> Iterator[None]:
        """Let what is done meanwhile name nothing: it comes from no row of the source."""
        named, touched = set(self.named), set(self._touched)
        try:
            yield
        finally:
            self.named, self._touched = named, touched

    def load(self, ws_id: str, aggregated: Entity) -> Workspace:
        """Keep a workspace, given as the aggregated answer, in place of an older copy of it.

        What this run has deleted stays deleted, also in a preview.
        """
        if self.deleted_ids:
            for kind, ends in (("components", ("_id",)), ("references", ("_id", "source", "target"))):
                held = aggregated.get(kind) or []
                left = [entity for entity in held if self.deleted_ids.isdisjoint(map(entity.get, ends))]
                aggregated = {**aggregated, kind: left}
        held = sum(len(aggregated.get(kind) or ()) for kind in ("components", "references"))
        with collector_paused(held):
            workspace = self.workspaces[ws_id] = Workspace(aggregated)
        return workspace

    def attributes(self, ws_id: str) -> Entity | None:
        """Return a loaded workspace's own attributes."""
        workspace = self.workspaces.get(ws_id)
        return workspace.attributes if workspace else None

    def forget_workspace(self, ws_id: str) -> None:
        """Remove a workspace with everything in it, and the references that pointed into it."""
        workspace = self.workspaces.pop(ws_id, None)
        for comp_id in list(workspace.components.by_id) if workspace else ():
            self.forget("component", comp_id)
        if workspace:
            self.deleted_ids.update(workspace.components.by_id, workspace.references.by_id)

    def indexes(self, kind: str) -> Iterator[tuple[str, EntityIndex]]:
        """Yield (workspace id, index) of every loaded workspace for `component` or `reference`."""
        for ws_id, workspace in self.workspaces.items():
            yield ws_id, workspace.components if kind == "component" else workspace.references

    def get(self, kind: str, entity_id: str) -> Located | None:
        """Return an entity by id, whichever loaded workspace holds it."""
        for ws_id, workspace in self.workspaces.items():
            held = (workspace.components if kind == "component" else workspace.references).by_id
            if entity_id in held:
                return Located(kind, ws_id, held[entity_id])
        return None

    def replace(self, kind: str, entity_id: str, stored: Entity) -> None:
        """Put what Ardoq has stored in place of what was kept under an id so far."""
        ws_id, new_id = stored["rootWorkspace"], stored["_id"]
        index = self._index(kind, ws_id) if ws_id in self.workspaces else None
        if index is not None and entity_id in index.by_id:
            if new_id == entity_id:
                index.remember(stored)
            else:
                index.exchange(entity_id, stored)
        else:
            located = self.get(kind, entity_id)
            if located is not None:
                self._index(kind, located.workspace).forget(entity_id)
            if index is not None:
                index.remember(stored)
        if entity_id in self.named and new_id != entity_id:
            self.named.discard(entity_id)
            self.named.add(new_id)
            for notes in (self.given, self.given_by, self.owners):
                if entity_id in notes:
                    notes[new_id] = notes.pop(entity_id)  # type: ignore[assignment]

    def undo(self, kind: str, entity_id: str, base: Entity | None, removed: Sequence[Located]) -> None:
        """Restore the state before a write that was not carried out.

        `base` is the entity as it was, None if it was new; `removed` what went with a delete.
        """
        located = self.get(kind, entity_id)
        if located is not None and (base is None or located.workspace != base["rootWorkspace"]):
            self._index(kind, located.workspace).forget(entity_id)
        if base is None:
            self.named.discard(entity_id)
            self.deleted_ids.add(entity_id)
        for its_kind, ws_id, entity in removed or (
            [Located(kind, base["rootWorkspace"], base)] if base else []
        ):
            self._index(its_kind, ws_id).remember(entity)
            self.deleted_ids.discard(entity["_id"])

    def _index(self, kind: str, ws_id: str) -> EntityIndex:
        workspace = self.workspaces[ws_id]
        return workspace.components if kind == "component" else workspace.references

    def name(self, kind: str, ws_id: str, entity: Entity) -> None:
        """Note that a row of the source named this entity, which may be changed or deleted later."""
        self.named.add(entity["_id"])
        self._touched.add((kind, ws_id, entity.get(TYPE_OF[kind])))

    def describe_types(self, types: Iterable[tuple[str, str, Any]]) -> None:
        """Note that the source describes all there is of these types: by kind, workspace and type."""
        self.described.update(types)
        self._touched |= self.described

    def misses(self, kind: str) -> list[Entity]:
        """Return what Ardoq holds of the types that rows touched and no row named."""
        type_of = TYPE_OF[kind]
        named = self.named | self.excluded if self.excluded else self.named
        missing = []
        for ws_id, index in self.indexes(kind):
            if index.by_id.keys() <= named:
                continue
            touched = {type_id for of, at, type_id in self._touched if (of, at) == (kind, ws_id)}
            touched.update(entity.get(type_of) for entity in index if entity["_id"] in self.named)
            missing += [
                entity for entity in index if entity["_id"] not in named and entity.get(type_of) in touched
            ]
        return missing

    def forget(self, kind: str, entity_id: str) -> list[Located]:
        """Remove an entity and all that Ardoq deletes with it: descendants, and references at either end.

        Return them, the entity itself first.
        """
        removed = self.cascade(kind, entity_id)
        for its_kind, ws_id, entity in removed:
            self._index(its_kind, ws_id).forget(entity["_id"])
        self.deleted_ids.update(entity["_id"] for _, _, entity in removed)
        self.deleted_ids.add(entity_id)
        return removed

    def cascade(self, kind: str, entity_id: str) -> list[Located]:
        """Return what `forget` would remove, and keep it."""
        located = self.get(kind, entity_id)
        itself = [located] if located else []
        return [*itself, *self.deleted_with(entity_id)] if kind == "component" else itself

    def deleted_with(self, comp_id: str) -> Iterator[Located]:
        """Yield what is deleted with a component, the nearest first."""
        seen, waiting = {comp_id}, [comp_id]
        for each in waiting:
            for located in self.touching(each):
                if located.entity["_id"] not in seen:
                    seen.add(located.entity["_id"])
                    yield located
                    if located.kind == "component":
                        waiting.append(located.entity["_id"])

    def touching(self, comp_id: str) -> Iterator[Located]:
        """Yield the children of a component, and the references at it."""
        for ws_id, index in self.indexes("component"):
            for comp in index.find("parent", comp_id, _parent):
                yield Located("component", ws_id, comp)
        for ws_id, index in self.indexes("reference"):
            leaving = index.find("source", comp_id, _source)
            for ref in leaving + index.find("target", comp_id, _target):
                yield Located("reference", ws_id, ref)


def _parent(comp: Entity) -> Hashable:
    parent: Hashable = comp.get("parent")
    return parent


def _source(ref: Entity) -> Hashable:
    source: Hashable = ref["source"]
    return source


def _target(ref: Entity) -> Hashable:
    target: Hashable = ref["target"]
    return target
