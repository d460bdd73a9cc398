"""Workspaces and types by their id or name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name, suggest
from ardoqpy.cli.errors import CommandError
from ardoqpy.errors import BadRequest, NotFoundError
from ardoqpy.metamodel import component_types, reference_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ardoqpy.client import ArdoqClient

__all__ = ["WorkspaceTypes", "find_workspace", "is_id", "resolve_type", "workspace_id", "workspace_types"]


def is_id(text: str) -> bool:
    """Return whether a text has the form of an id of Ardoq."""
    return re.fullmatch(r"[0-9a-f]{24}", text) is not None


def find_workspace(client: ArdoqClient, name_or_id: str) -> Mapping[str, Any]:
    """Return the workspace with an id or a name; letter case does not matter if only one has the name.

    Raise `CommandError` if there is none, or more than one.
    """
    if is_id(name_or_id):
        try:
            return client.get_workspace(name_or_id)
        except (NotFoundError, BadRequest):
            pass  # it may still be a name
    matching = client.find_workspace(name_or_id, exact=True)
    if not matching:
        workspaces = client.get_workspaces()
        folded = name_or_id.casefold()
        matching = [workspace for workspace in workspaces if str(workspace.get("name")).casefold() == folded]
        if not matching:
            names = [workspace.get("name") for workspace in workspaces]
            raise CommandError(
                f"There is no workspace {quote_name(name_or_id)}: {suggest(name_or_id, names)}"
            )
    if len(matching) > 1:
        ids = ", ".join(str(workspace.get("_id")) for workspace in matching)
        raise CommandError(
            f"{len(matching)} workspaces are called {quote_name(name_or_id)}: use an id ({ids})."
        )
    return matching[0]


def workspace_id(client: ArdoqClient, name_or_id: str | None) -> str | None:
    """Return the id of a workspace by its name or id, or None for None."""
    if not name_or_id:
        return None
    ws_id: str = find_workspace(client, name_or_id)["_id"]
    return ws_id


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
    """Return the id of the type with an id or a name; letter case does not matter if only one has the name.

    Raise `CommandError` if there is none, or more than one. `kind` is what the message calls a type.
    """
    known = list(types)
    for is_match in (
        lambda type_id, _: str(type_id) == name_or_id,
        lambda _, name: name == name_or_id,
        lambda _, name: str(name).casefold() == name_or_id.casefold(),
    ):
        ids = [type_id for type_id, name in known if is_match(type_id, name)]
        if len(ids) == 1:
            return ids[0]
        if ids:
            listed = ", ".join(map(str, ids))
            raise CommandError(
                f"{len(ids)} {kind}s are called {quote_name(name_or_id)}: use an id ({listed})."
            )
    names = [name for _, name in known]
    raise CommandError(f"There is no {kind} {quote_name(name_or_id)}: {suggest(name_or_id, names)}")
