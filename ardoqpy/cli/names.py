"""What people call by its name, found by its id: workspaces, types, fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy.errors import BadRequest, NotFoundError
from ardoqpy.metamodel import component_types, reference_types
from ardoqpy.name_lookup import resolve_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ardoqpy.client import ArdoqClient

__all__ = ["Types", "is_id", "named", "types_of", "workspace_of"]


def is_id(text: str) -> bool:
    """Tell whether a text has the form of an id of Ardoq's."""
    return re.fullmatch(r"[0-9a-f]{24}", text) is not None


def workspace_of(client: ArdoqClient, wanted: str) -> dict[str, Any]:
    """Return the workspace with this id or name; raise `InvalidInput` as `resolve_name` does."""
    if is_id(wanted):
        try:
            return client.get_workspace(wanted)
        except (NotFoundError, BadRequest):
            pass  # a name can look like an id
    workspaces = client.find_workspace(wanted, exact=True) or client.get_workspaces()
    by_id = {str(workspace.get("_id")): workspace for workspace in workspaces}
    names = [(ws_id, workspace.get("name")) for ws_id, workspace in by_id.items()]
    return by_id[resolve_name(wanted, names, "workspace")]


class Types(NamedTuple):
    """The types that a workspace's model has, as pairs of id and name."""

    components: list[tuple[Any, Any]]
    references: list[tuple[Any, Any]]


def types_of(client: ArdoqClient, ws_id: str) -> Types:
    """Return the types of a workspace."""
    model = client.get_model(ws_id)
    return Types(
        [(type_id, definition.get("name")) for type_id, definition, _ in component_types(model)],
        [(type_id, definition.get("name")) for type_id, definition in reference_types(model)],
    )


def named(types: Iterable[tuple[Any, Any]], wanted: str, kind: str) -> Any:
    """Return the id of the type with this id or name; raise `InvalidInput` as `resolve_name` does."""
    return resolve_name(wanted, types, kind)
