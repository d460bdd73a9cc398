"""Creates that were sent and got no answer, and what Ardoq holds that they may have created.

Ardoq gives the ids, so two creates of the same content look alike. Before a create is sent
again, Ardoq is asked for the entity. A create that is carried out only after that question makes a duplicate,
which nobody can prevent. It is looked for once more before a run reports, and then reported by name.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy.errors import ArdoqClientException
from ardoqpy_sync.compare.cache import component_key, reference_key
from ardoqpy_sync.compare.diff import comparison_key, equal_values
from ardoqpy_sync.ledger.records import PARENT
from ardoqpy_sync.writing.operations import BATCH_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from ardoqpy.entities import Entities, Entity
    from ardoqpy_sync.compare.cache import EntityIndex
    from ardoqpy_sync.compare.entity_kinds import Kind

logger = logging.getLogger(__name__)

#: From so many on, whole workspaces are read to find them.
MANY = 20


class ExistingMatches:
    """Read what a sync would match with an entity; if `many` are asked for, from listings of workspaces.

    What is not found counts as not created, and is sent again. So an answer that may lack something raises
    `UnexpectedAnswer`, and the write stays unconfirmed.
    """

    def __init__(self, *, many: bool) -> None:
        """Start with nothing read."""
        self._many = many
        self._listed: dict[tuple[str, str], dict[Hashable, list[Entity]]] = {}

    def of(self, kind: Kind, wanted: Entity, field: str | None) -> Entities:
        """Return the entities in Ardoq of that type and name, or between those ends, in its workspace.

        - `field`: the attribute that its row is matched by, too: their values of it are equal.
        """
        return [entity for entity in self._alike(kind, wanted) if has_same(kind, wanted, field, entity)]

    def _alike(self, kind: Kind, wanted: Entity) -> Entities:
        if any(end in wanted and _is_pending_id(wanted[end]) for end in ("source", "target")):
            return []
        if not self._many:
            key_of_wanted = match_key(kind, wanted)
            return [
                entity
                for entity in kind.collection.find_duplicates(wanted)
                if match_key(kind, entity) == key_of_wanted
            ]
        key = kind.name, wanted["rootWorkspace"]
        if key not in self._listed:
            listed = self._listed[key] = {}
            for entity in kind.collection.in_workspace(wanted["rootWorkspace"]):
                listed.setdefault(match_key(kind, entity), []).append(entity)
        return self._listed[key].get(match_key(kind, wanted), [])


class _Unconfirmed(NamedTuple):
    """A create that got no answer, and the attribute that its row is matched by, if there is any."""

    kind: Kind
    wanted: Entity
    field: str | None


class UnconfirmedWrites:
    """Keep the creates that got no answer until it is known whether they were carried out."""

    def __init__(self) -> None:
        """Start with no unconfirmed write."""
        self._open: dict[Hashable, _Unconfirmed] = {}
        self._resent: dict[Hashable, _Unconfirmed] = {}

    def __bool__(self) -> bool:
        """Return whether any write is unconfirmed."""
        return bool(self._open)

    def add(self, kind: Kind, wanted: Entity, field: str | None) -> None:
        """Note a create that got no answer; `field` is what its row is matched by, beside name and type."""
        self._open[_key(kind, wanted, field)] = _Unconfirmed(kind, wanted, field)

    def settle(self, kind: Kind, wanted: Entity, field: str | None, *, resent: bool) -> None:
        """Note that a create is done; if it was sent more than once, there may be duplicates of it later."""
        unconfirmed = self._open.pop(_key(kind, wanted, field), None)
        if unconfirmed is not None and resent:
            self._resent[_key(kind, wanted, field)] = unconfirmed

    def has(self, kind: Kind, wanted: Entity, field: str | None) -> bool:
        """Return whether an earlier create of the same entity got no answer and was not found so far."""
        return bool(self._open) and _key(kind, wanted, field) in self._open

    def duplicates(self, index_of: Callable[[Kind, str], EntityIndex]) -> Iterator[tuple[Kind, list[Entity]]]:
        """Find what was sent more than once because no answer came, and is in Ardoq more than once by now.

        Yield its kind, and all of it that Ardoq holds.
        """
        twins = ExistingMatches(many=len(self._resent) > MANY)
        for kind, wanted, field in self._resent.values():
            index = index_of(kind, wanted["rootWorkspace"])
            try:
                stored = twins.of(kind, wanted, field)
                late = [twin for twin in stored if twin["_id"] not in index.by_id]
            except ArdoqClientException as problem:
                logger.warning(
                    "Duplicates of resent writes could not be read; the next run will. %s", problem
                )
                return
            for twin in late:
                index.remember(twin)
            if late:
                alike = index.matches(match_key(kind, wanted))
                yield kind, [entity for entity in alike if has_same(kind, wanted, field, entity)]


def match_key(kind: Kind, attributes: Entity) -> Hashable:
    """Return the key that the cache has an entity by."""
    if kind.name == "component":
        return component_key(attributes.get("typeId"), str(attributes.get("name")))
    return reference_key(attributes.get("source"), attributes.get("target"), attributes.get("type"))


def has_same(kind: Kind, wanted: Entity, field: str | None, entity: Entity) -> bool:
    """Return whether an entity has the value that is wanted of the attribute that its row is matched by.

    True if no value is wanted, or if it is the id of what is not created yet.
    """
    if field is None or field not in wanted or (field == PARENT and _is_pending_id(wanted[field])):
        return True
    return equal_values(kind.collection.flatten(entity).get(field), wanted[field])


def _key(kind: Kind, wanted: Entity, field: str | None) -> Hashable:
    value = None if field is None else wanted.get(field)
    value = value if field == PARENT else comparison_key(value)
    return kind.name, wanted.get("rootWorkspace"), match_key(kind, wanted), field, value


def _is_pending_id(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(BATCH_ID)
