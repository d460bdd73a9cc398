"""Workspaces and types by their id or name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy.errors import BadRequest, NotFoundError
from ardoqpy.metamodel import component_types, reference_types
from ardoqpy.name_lookup import resolve_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ardoqpy.client import ArdoqClient


def is_id(text: str) -> bool:
    """Return whether a text has the form of an id of Ardoq."""
    return re.fullmatch(r"[0-9a-f]{24}", text) is not None


def find_workspace(client: ArdoqClient, name_or_id: str) -> Mapping[str, Any]:
    """Return the workspace with an id or a name; raise `InvalidInput` as `resolve_name` does."""
    if is_id(name_or_id):
        try:
            return client.get_workspace(name_or_id)
        except (NotFoundError, BadRequest):
            pass  # a name can look like an id
    workspaces = client.find_workspace(name_or_id, exact=True) or client.get_workspaces()
    by_id = {str(workspace.get("_id")): workspace for workspace in workspaces}
    names = [(ws_id, workspace.get("name")) for ws_id, workspace in by_id.items()]
    return by_id[resolve_name(name_or_id, names, "workspace")]


def workspace_id(client: ArdoqClient, name_or_id: str | None) -> str | None:
    """Return the id of a workspace by its name or id, or None for None."""
    return str(find_workspace(client, name_or_id)["_id"]) if name_or_id else None


class WorkspaceTypes(NamedTuple):
    """The types in the model of a workspace, as pairs of id and name."""

    components: list[tuple[Any, Any]]
    references: list[tuple[Any, Any]]


def workspace_types(client: ArdoqClient, ws_id: str) -> WorkspaceTypes:
    """Return the types of a workspace."""
    model = client.get_model(ws_id)
    return WorkspaceTypes(
        [(type_id, definition.get("name")) for type_id, definition, _ in component_types(model)],
        [(type_id, definition.get("name")) for type_id, definition in reference_types(model)],
    )


def resolve_type(types: Iterable[tuple[Any, Any]], name_or_id: str, kind: str) -> Any:
    """Return the id of the type with an id or a name; raise `InvalidInput` as `resolve_name` does."""
    return resolve_name(name_or_id, types, kind)
