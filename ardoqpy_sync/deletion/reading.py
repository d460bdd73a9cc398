"""Read entities as Ardoq holds them now: one by one, or, if they are many, from listings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from ardoqpy.api.protocols import checked_entities
from ardoqpy.errors import NotFoundError, UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.cache import Cache, Located

#: From so many entities on, listings are read: a listing has up to a thousand entities a page.
MANY = 20


class ComponentState(NamedTuple):
    """A component as Ardoq holds it now, None if it was deleted; the ids of its children; its references."""

    comp: Entity | None
    children: list[str]
    references: list[Entity]


class StateReader:
    """Read what Ardoq holds of these entities, and of what belongs to the components among them.

    Listings, if any, are read at once. What is not in the listing of its workspace is read by itself: it may
    have moved.
    """

    def __init__(self, api: Dialect, cache: Cache, entities: Sequence[Located]) -> None:
        """List the workspaces of the entities, if they are many."""
        self._api = api
        self._cache = cache
        self._comps: dict[str, Entity] = {}
        self._refs: dict[str, Entity] = {}
        self._children: dict[str, list[str]] = {}
        self._references: dict[str, list[Entity]] = {}
        self.is_listed = len(entities) > MANY
        if self.is_listed:
            self._list(entities)

    def _list(self, entities: Sequence[Located]) -> None:
        of_comps = list(dict.fromkeys(each.workspace for each in entities if each.kind == "component"))
        of_refs = [each.workspace for each in entities if each.kind == "reference"]
        with ThreadPoolExecutor(2) as threads:
            references = threads.map(self._list_references, of_comps)
            for comps in map(self._api.components.in_workspace, of_comps):
                self._list_children(comps)
            for refs in references:
                for ref in refs:
                    self._refs[ref["_id"]] = ref
        for ws_id in dict.fromkeys(of_refs):
            if ws_id not in of_comps:
                self._refs |= {ref["_id"]: ref for ref in self._api.references.in_workspace(ws_id)}
        for ref in self._refs.values():
            for end in {ref["source"], ref["target"]}:
                self._references.setdefault(end, []).append(ref)

    def _list_children(self, comps: Sequence[Entity]) -> None:
        """Take in the components of a workspace, and who is below whom."""
        self._comps |= {comp["_id"]: comp for comp in comps}
        # Whether one without the key is below another is unknown: then each is asked for its children.
        if all("parent" in comp for comp in comps):
            for comp in comps:
                self._children.setdefault(comp["_id"], [])
                if comp["parent"]:
                    self._children.setdefault(comp["parent"], []).append(comp["_id"])

    def _list_references(self, ws_id: str) -> list[Entity]:
        return self._api.workspaces.references(ws_id, incoming=True)

    def component(self, comp_id: str) -> ComponentState:
        """Return a component as Ardoq holds it now."""
        components = self._api.components
        comp = self._comps.get(comp_id)
        if comp is not None:
            children = self._children.get(comp_id)
            return ComponentState(
                _versioned(comp),
                components.children(comp) if children is None else children,
                list(map(_versioned, self._references.get(comp_id, []))),
            )
        try:
            comp = components.get(comp_id, incl_refs=True)
        except NotFoundError:
            return ComponentState(None, [], [])
        (comp,) = checked_entities([comp], components.identity)
        references = components.references_at(comp)
        comp.pop("references", None)
        return ComponentState(_versioned(comp), components.children(comp), list(map(_versioned, references)))

    def entity(self, kind: str, entity_id: str) -> Entity | None:
        """Return a component or a reference as Ardoq holds it now, None if it was deleted."""
        listed = (self._comps if kind == "component" else self._refs).get(entity_id)
        if listed is not None:
            return _versioned(listed)
        try:
            collection = self._api.components if kind == "component" else self._api.references
            return _versioned(collection.read(entity_id))
        except NotFoundError:
            return None


def _versioned(entity: Entity) -> Entity:
    """Return an entity; raise `UnexpectedAnswer` if it has no version: whether it has changed is unknown."""
    if not isinstance(entity.get("_version"), int):
        raise UnexpectedAnswer(f"Ardoq's answer has no '_version' of {entity.get('_id')}: it is not deleted.")
    return entity
