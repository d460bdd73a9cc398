"""
What Ardoq holds, as far as it was loaded, with an index for every question a sync asks.

A look-up costs the same at a hundred entities and at a million. Entities in here are never changed, only
replaced, and never handed out: `copied` makes what callers get.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from ardoqpy.dialect import Entity

__all__ = ["Cache", "Shelf", "Workspace", "copied"]


def copied(entity: Entity) -> Entity:
    """
    Return a deep copy of an entity made of JSON.
    """
    copy = entity.copy()
    for key, value in copy.items():
        if value.__class__ is dict or value.__class__ is list:
            copy[key] = _deep(value)
    return copy


def _deep(value: Any) -> Any:
    if value.__class__ is dict:
        return copied(value)
    if value.__class__ is list:
        return [_deep(part) for part in value]
    return value


class Index:
    """
    Find entities by a key: built at the first question, kept in step from then on.
    """

    def __init__(self, key_of: Callable[[Entity], Hashable]) -> None:
        self._key_of = key_of
        self._found: dict[Hashable, dict[str, Entity]] | None = None

    def find(self, key: Hashable, entities: dict[str, Entity]) -> Iterable[Entity]:
        """
        Return the entities under a key, in Ardoq's order; `entities` are all there are.
        """
        if self._found is None:
            self._found = {}
            for entity in entities.values():
                self.add(entity)
        return self._found.get(key, {}).values()

    def add(self, entity: Entity) -> None:
        """
        Take in an entity; before the first question there is nothing to do.
        """
        if self._found is not None:
            key = self._key_of(entity)
            under = self._found.get(key)
            if under is None:
                self._found[key] = {entity["_id"]: entity}
            else:
                under[entity["_id"]] = entity

    def discard(self, entity: Entity) -> None:
        """
        Let go of an entity.
        """
        if self._found is not None:
            key = self._key_of(entity)
            under = self._found[key]
            del under[entity["_id"]]
            if not under:
                del self._found[key]


class Shelf:
    """
    All entities of one kind in one workspace, by id and by any key asked for.
    """

    def __init__(self, entities: Iterable[Entity], match_key: Callable[[Entity], Hashable]) -> None:
        self.by_id: dict[str, Entity] = {}
        self._match_key = match_key
        self._first: dict[Hashable, Entity] = {}
        self._several: dict[Hashable, list[str]] = {}
        self._indexes: dict[Hashable, Index] = {}
        for entity in entities:
            self.remember(entity)

    def __len__(self) -> int:
        return len(self.by_id)

    def __iter__(self) -> Iterator[Entity]:
        return iter(self.by_id.values())

    def match(self, key: Hashable) -> Entity | None:
        """
        Return the first entity that a row with this match key means, or None.
        """
        return self._first.get(key)

    def others(self, key: Hashable) -> list[Entity]:
        """
        Return all entities with a match key where there are several, else an empty list.
        """
        return [self.by_id[entity_id] for entity_id in self._several.get(key, ())]

    def find(self, name: Hashable, key: Hashable, key_of: Callable[[Entity], Hashable]) -> list[Entity]:
        """
        Return the entities whose `key_of` gives `key`; `name` says which index that is.
        """
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = Index(key_of)
        return list(index.find(key, self.by_id))

    def remember(self, entity: Entity) -> None:
        """
        Put an entity in its place, or in that of its older self.
        """
        entity_id = entity["_id"]
        older = self.by_id.get(entity_id)
        key = self._match_key(entity)
        self.by_id[entity_id] = entity  # an older self leaves its place in the order to it
        if older is None:
            self._enter(key, entity)
        else:
            for index in self._indexes.values():
                index.discard(older)
            older_key = self._match_key(older)
            if older_key != key:
                self._leave(older_key, entity_id)
                self._enter(key, entity)
            elif self._first[key] is older:
                self._first[key] = entity
        for index in self._indexes.values():
            index.add(entity)

    def forget(self, entity_id: str) -> Entity | None:
        """
        Take an entity out and return it; None where it was not here.
        """
        entity = self.by_id.pop(entity_id, None)
        if entity is not None:
            self._leave(self._match_key(entity), entity_id)
            for index in self._indexes.values():
                index.discard(entity)
        return entity

    def _enter(self, key: Hashable, entity: Entity) -> None:
        first = self._first.setdefault(key, entity)
        if first is not entity:
            self._several.setdefault(key, [first["_id"]]).append(entity["_id"])

    def _leave(self, key: Hashable, entity_id: str) -> None:
        rest = [other for other in self._several.pop(key, ()) if other != entity_id]
        if not rest:
            del self._first[key]
            return
        self._first[key] = self.by_id[rest[0]]
        if len(rest) > 1:
            self._several[key] = rest


def component_key(comp: Entity) -> Hashable:
    """
    Return what makes two components of a workspace the same: type, and name whatever its letter case.
    """
    name = comp.get("name")
    return comp.get("typeId"), name.casefold() if isinstance(name, str) else name


def reference_key(ref: Entity) -> Hashable:
    """
    Return what makes two references of a workspace the same: source, target and type.
    """
    return ref["source"], ref["target"], ref["type"]


class Workspace:
    """
    One loaded workspace: its own attributes, its components, its references.
    """

    def __init__(self, aggregated: Entity) -> None:
        self.attributes = dict(aggregated)
        # Ardoq gives null where there are none.
        self.components = Shelf(self.attributes.pop("components", None) or (), component_key)
        self.references = Shelf(self.attributes.pop("references", None) or (), reference_key)

    def aggregated(self) -> Entity:
        """
        Return a copy in the form of the aggregated answer.
        """
        return copied(
            {
                **self.attributes,
                "components": list(self.components),
                "references": list(self.references) or None,
            }
        )


class Cache:
    """
    The loaded workspaces, what the rows of this run named, and what went away in it.
    """

    def __init__(self) -> None:
        self.workspaces: dict[str, Workspace] = {}
        self.gone: set[str] = set()
        self.start_run()

    def start_run(self) -> None:
        """
        Forget what rows have named, and keep what is loaded.
        """
        self.named: set[str] = set()
        self._touched: set[tuple[str, str, Any]] = set()

    def load(self, ws_id: str, aggregated: Entity) -> Workspace:
        """
        Keep a workspace, given as the aggregated answer, in place of an older copy of it.
        """
        workspace = self.workspaces[ws_id] = Workspace(aggregated)
        return workspace

    def shelves(self, kind: str) -> Iterator[tuple[str, Shelf]]:
        """
        Yield (workspace id, shelf) of every loaded workspace for `component` or `reference`.
        """
        for ws_id, workspace in self.workspaces.items():
            yield ws_id, workspace.components if kind == "component" else workspace.references

    def get(self, kind: str, entity_id: str) -> tuple[str, Entity] | None:
        """
        Return (workspace id, entity) by id, wherever it is loaded.
        """
        for ws_id, shelf in self.shelves(kind):
            entity = shelf.by_id.get(entity_id)
            if entity is not None:
                return ws_id, entity
        return None

    def name(self, kind: str, ws_id: str, entity: Entity) -> None:
        """
        Note that a row of the source named this entity.
        """
        self.named.add(entity["_id"])
        self._touched.add((kind, ws_id, entity.get("typeId") if kind == "component" else entity["type"]))

    def misses(self, kind: str) -> list[Entity]:
        """
        Return what Ardoq holds of the types that rows touched and no row named.
        """
        type_of = "typeId" if kind == "component" else "type"
        return [
            entity
            for ws_id, shelf in self.shelves(kind)
            for entity in shelf
            if entity["_id"] not in self.named and (kind, ws_id, entity.get(type_of)) in self._touched
        ]

    def forget(self, kind: str, entity_id: str) -> list[tuple[str, str, Entity]]:
        """
        Take out an entity and all that Ardoq deletes with it: descendants, and references at either end.

        Return them as (kind, workspace id, entity), the entity itself first.
        """
        taken: list[tuple[str, str, Entity]] = []
        if kind == "reference":
            taken += self._take("reference", entity_id)
        else:
            waiting = [entity_id]
            for comp_id in waiting:
                taken += self._take("component", comp_id)
                for _, shelf in self.shelves("component"):
                    waiting += [comp["_id"] for comp in shelf.find("parent", comp_id, _parent)]
                for _, shelf in self.shelves("reference"):
                    leaving = shelf.find("source", comp_id, _source)
                    arriving = shelf.find("target", comp_id, _target)
                    for ref_id in dict.fromkeys(ref["_id"] for ref in leaving + arriving):
                        taken += self._take("reference", ref_id)
        self.gone.update(entity["_id"] for _, _, entity in taken)
        self.gone.add(entity_id)
        return taken

    def _take(self, kind: str, entity_id: str) -> list[tuple[str, str, Entity]]:
        for ws_id, shelf in self.shelves(kind):
            entity = shelf.forget(entity_id)
            if entity is not None:
                return [(kind, ws_id, entity)]
        return []


def _parent(comp: Entity) -> Hashable:
    parent: Hashable = comp.get("parent")
    return parent


def _source(ref: Entity) -> Hashable:
    source: Hashable = ref["source"]
    return source


def _target(ref: Entity) -> Hashable:
    target: Hashable = ref["target"]
    return target
