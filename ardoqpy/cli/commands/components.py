"""Run `ardoqpy components` and `search`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name, suggest
from ardoqpy.cli.client_filters import filtered
from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.names import resolve_type, workspace_id, workspace_types
from ardoqpy.cli.rows import Listing, columns
from ardoqpy.cli.workspace_schema import field_names, get_context

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import Attributes, Entities, Entity

#: What a component has only if it is set.
_OPTIONAL_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "v1": ("version", "isPublic", "icon", "image", "shape"),
    "v2": (),
}
COLUMNS = columns("name", "type", "key=componentKey|component-key", "_id")


def components(client: ArdoqClient, options: argparse.Namespace) -> Listing:
    """Return the components that match every filter."""
    filters: Attributes = {"name": options.name, "parent": options.parent, "componentKey": options.key}
    custom = dict(options.field)
    if custom:
        filters["customFields"] = custom
    ws_id = filters["rootWorkspace"] = workspace_id(client, options.workspace)
    type_name = None
    if options.type and ws_id is not None:
        types = workspace_types(client, ws_id).components
        filters["typeId"] = resolve_type(types, options.type, "component type")
    elif options.type and re.fullmatch(r"p[0-9]+", options.type):
        filters["typeId"] = options.type
    else:
        type_name = options.type  # its id differs from model to model
    rows = filtered(
        client.iter_components,
        lambda ws_id: client.get_workspace_components(ws_id) if ws_id else client.iter_components(),
        {name: value for name, value in filters.items() if value is not None},
    )
    if type_name is not None:
        rows = _of_type(rows, type_name)
    if ws_id is None:
        return Listing(rows, COLUMNS)

    def fields() -> list[str]:
        return [*field_names(get_context(client, ws_id)), *_OPTIONAL_ATTRIBUTES[client.version]]

    return Listing(_check_fields(rows, custom, fields) if custom else rows, COLUMNS, fields)


def _of_type(rows: Iterable[Entity], name: str) -> Iterator[Entity]:
    other_types: dict[Any, None] = {}
    is_empty = True
    for row in rows:
        if row.get("type") == name:
            is_empty = False
            yield row
        else:
            other_types[row.get("type")] = None
    if is_empty and other_types:
        raise CommandError(f"No component is of a type {quote_name(name)}: {suggest(name, other_types)}")


def _check_fields(
    rows: Iterable[Entity], custom: Iterable[str], fields: Callable[[], list[str]]
) -> Iterator[Entity]:
    """Yield the rows; if there are none, raise `CommandError` for a filter by a field that does not exist."""
    is_empty = True
    for row in rows:
        is_empty = False
        yield row
    known = fields() if is_empty else []
    for name in custom if is_empty else ():
        if name not in known:
            raise CommandError(f"The workspace has no field {quote_name(name)}: {suggest(name, known)}")


def search(client: ArdoqClient, options: argparse.Namespace) -> Entities:
    """Return the components that Ardoq's search finds by a part of their name, or by fields."""
    if bool(options.text) == bool(options.field):
        raise CommandError("Pass what to search for: either TEXT or --field NAME=VALUE.")
    if options.text and not options.workspace:
        raise CommandError("Ardoq searches names within one workspace: name it with --workspace.")
    ws_id = workspace_id(client, options.workspace)
    if ws_id is None:
        return client.search_components(dict(options.field))
    if options.text:
        return client.find_component(ws_id, options.text)
    return client.search_components(dict(options.field), ws_id)
