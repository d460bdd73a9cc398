"""What people call by its name, found by its id: workspaces, types, fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name, suggest
from ardoqpy.cli.errors import Refusal
from ardoqpy.errors import BadRequest, NotFoundError
from ardoqpy.metamodel import component_types, reference_types

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ardoqpy.client import ArdoqClient

__all__ = ["Types", "is_id", "named", "types_of", "workspace_of"]


def is_id(text: str) -> bool:
    """Tell whether a text has the form of an id of Ardoq's."""
    return re.fullmatch(r"[0-9a-f]{24}", text) is not None


def workspace_of(client: ArdoqClient, wanted: str) -> Any:
    """Return the workspace with this id or name, in whatever letter case if no other has the name.

    Raise `Refusal` where there is none, or more than one.
    """
    if is_id(wanted):
        try:
            return client.get_workspace(wanted)
        except (NotFoundError, BadRequest):
            pass  # perhaps somebody calls a workspace so
    found = client.find_workspace(wanted, exact=True)
    if not found:
        everything = client.get_workspaces()
        folded = wanted.casefold()
        found = [one for one in everything if str(one.get("name")).casefold() == folded]
    if not found:
        names = [one.get("name") for one in everything]
        raise Refusal(f"There is no workspace {quote_name(wanted)}: {suggest(wanted, names)}")
    if len(found) > 1:
        ids = ", ".join(str(one.get("_id")) for one in found)
        raise Refusal(
            f"{len(found)} workspaces are called {quote_name(wanted)}: say which by its id ({ids})."
        )
    return found[0]


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
    """Return the id of the type with this id or name, in whatever letter case if no other has the name.

    Raise `Refusal` where there is none, or more than one.
    """
    known = list(types)
    for test in (
        lambda type_id, _: str(type_id) == wanted,
        lambda _, name: name == wanted,
        lambda _, name: str(name).casefold() == wanted.casefold(),
    ):
        found = [type_id for type_id, name in known if test(type_id, name)]
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(map(str, found))
            raise Refusal(
                f"{len(found)} {kind}s are called {quote_name(wanted)}: say which by its id ({ids})."
            )
    raise Refusal(f"There is no {kind} {quote_name(wanted)}: {suggest(wanted, [name for _, name in known])}")
