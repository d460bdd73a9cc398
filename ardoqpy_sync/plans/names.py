"""The names of what the values of changes refer to: a component's parent, a reference's ends, a type."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy_sync.compare.diff import CREATE
from ardoqpy_sync.json_file import as_json_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ardoqpy_sync.documents import ChangeEntry, DocumentChange
    from ardoqpy_sync.engine import Engine

#: The attributes whose values are ids that people know by a name.
ID_ATTRIBUTES = frozenset({"parent", "source", "target", "typeId"})
_WORKSPACE_ATTRIBUTES = frozenset({"rootWorkspace", "targetWorkspace"})


class KnownNames(NamedTuple):
    """The functions that find a name: of a component by ID, of a component type by workspace and ID.

    Both return None if the name is not known.
    """

    component: Callable[[str], Any]
    type: Callable[[str, str], str | None]


def names_of_engine(engine: Engine, type_name: Callable[[str, str], str | None] | None = None) -> KnownNames:
    """Return the names that an engine knows; without `type_name`, only of types that it has already read."""

    def component_name(entity_id: str) -> Any:
        known = engine.cache.get("component", entity_id)
        return (known.entity if known else engine.report.deleted.get(entity_id, {})).get("name")

    return KnownNames(component_name, type_name or partial(engine.model.known_type, "component"))


def names_in_changes(
    changes: Sequence[ChangeEntry] | Sequence[DocumentChange], known: KnownNames
) -> dict[str, str | None]:
    """Return by id the names of the components and types in the values of changes."""
    created = {change["_id"]: change["name"] for change in changes if change["action"] == CREATE}

    def name_of(ws_id: str, attribute: str, value: str) -> str | None:
        if attribute == "typeId":
            return known.type(ws_id, value)
        name = known.component(value) or created.get(value)
        return None if name is None else str(name)

    names: dict[str, str | None] = {}
    for change in changes:
        for attribute in ID_ATTRIBUTES & change["attributes"].keys():
            for value in change["attributes"][attribute].values():
                if isinstance(value, str) and (attribute == "typeId" or value not in names):
                    name = name_of(change["rootWorkspace"], attribute, value)
                    # Types of two models may share an id, such as p1: then the id is shown, not a wrong name.
                    names[value] = name if names.get(value, name) == name else None
    return {key: as_json_value(name) for key, name in sorted(names.items()) if name not in (None, key)}


def name_of_value(
    attribute: str, value: Any, names: Mapping[str, str | None], workspaces: Mapping[str, str | None]
) -> str | None:
    """Return the name of what a value of an attribute refers to, None if it is not an id or not known.

    `names` and `workspaces` are those of a plan or a run document.
    """
    if not isinstance(value, str):
        return None
    if attribute in _WORKSPACE_ATTRIBUTES:
        return workspaces.get(value)
    return names.get(value) if attribute in ID_ATTRIBUTES else None
