"""Creates that were sent and got no answer, and what Ardoq holds that may have come of them.

A create cannot be told from another of the same content: Ardoq gives the ids. So before one is sent again
Ardoq is asked for what it would have made. What is carried out only after that question makes a duplicate,
which nobody can prevent; it is looked for once more before a run reports, and told by name.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ardoqpy.errors import ArdoqClientException
from ardoqpy_sync.compare.cache import component_key, reference_key
from ardoqpy_sync.writing.operations import BATCH_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ardoqpy.entities import Entities, Entity
    from ardoqpy_sync.compare.cache import Shelf
    from ardoqpy_sync.compare.entity_kinds import Kind

logger = logging.getLogger(__name__)

__all__ = ["MANY", "Twins", "UnconfirmedWrites", "key_of"]

#: From so many on, whole workspaces are read to find them.
MANY = 20


class Twins:
    """Read what a sync would take for the same as something; where there are many, from whole workspaces."""

    def __init__(self, *, many: bool) -> None:
        self._many = many
        self._listed: dict[tuple[str, str], dict[Any, list[Entity]]] = {}

    def of(self, kind: Kind, wanted: Entity) -> Entities:
        """Return the entities in Ardoq of that type and name, or between those ends, in its workspace."""
        if any(end in wanted and not _is_id(wanted[end]) for end in ("source", "target")):
            return []
        if not self._many:
            return kind.collection.twins(wanted)
        place = kind.name, wanted["rootWorkspace"]
        if place not in self._listed:
            listed = self._listed[place] = {}
            for entity in kind.collection.in_workspace(wanted["rootWorkspace"]):
                listed.setdefault(key_of(kind, entity), []).append(entity)
        return self._listed[place].get(key_of(kind, wanted), [])


class UnconfirmedWrites:
    """Keep the creates that got no answer, until it is known what became of them."""

    def __init__(self) -> None:
        self._open: dict[tuple[Any, ...], tuple[Kind, Entity]] = {}
        self._resent: dict[tuple[Any, ...], tuple[Kind, Entity]] = {}

    def add(self, kind: Kind, wanted: Entity) -> None:
        """Note a create that got no answer."""
        self._open[_place(kind, wanted)] = kind, wanted

    def settle(self, kind: Kind, wanted: Entity, *, resent: bool) -> None:
        """Note that a create is done; where it was sent more than once, it may turn up more than once."""
        doubt = self._open.pop(_place(kind, wanted), None)
        if doubt is not None and resent:
            self._resent[_place(kind, wanted)] = doubt

    def about(self, kind: Kind, wanted: Entity) -> bool:
        """Tell whether an earlier create of the same got no answer and was not found so far."""
        return bool(self._open) and _place(kind, wanted) in self._open

    def turned_up(self, shelf_of: Callable[[Kind, str], Shelf]) -> Iterator[tuple[Kind, Shelf, Any]]:
        """Find what was sent more than once for want of an answer and is there more than once by now.

        Yield its kind, the shelf that knows of it then, and its match key.
        """
        twins = Twins(many=len(self._resent) > MANY)
        for kind, wanted in self._resent.values():
            shelf = shelf_of(kind, wanted["rootWorkspace"])
            try:
                late = [twin for twin in twins.of(kind, wanted) if twin["_id"] not in shelf.by_id]
            except ArdoqClientException as problem:
                logger.warning("What was sent twice could not be looked for: the next run will. %s", problem)
                return
            for twin in late:
                shelf.remember(twin)
            if late:
                yield kind, shelf, key_of(kind, wanted)


def key_of(kind: Kind, attributes: Entity) -> Any:
    """Return the key that a cache has something by."""
    if kind.name == "component":
        return component_key(attributes.get("typeId"), str(attributes.get("name")))
    return reference_key(attributes.get("source"), attributes.get("target"), attributes.get("type"))


def _place(kind: Kind, wanted: Entity) -> tuple[Any, ...]:
    return kind.name, wanted.get("rootWorkspace"), key_of(kind, wanted)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and not value.startswith(BATCH_ID)
