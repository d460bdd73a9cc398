"""Run `ardoqpy workspaces`, `branches`, `context`, `fields` and `tags`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.cli.client_filters import filtered
from ardoqpy.cli.names import find_workspace, workspace_id
from ardoqpy.cli.rows import Document, Listing, columns
from ardoqpy.cli.workspace_schema import get_context

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import Entity


def workspaces(client: ArdoqClient, options: argparse.Namespace) -> Listing | Iterable[Mapping[str, Any]]:
    """Return workspaces, filtered by name, the start of the name, or model."""
    if options.summary:
        counts = columns("name", "componentCount", "referenceCount", "_id")
        return Listing(client.get_workspaces(summary=True), counts)
    if options.name or options.search:
        return client.find_workspace(options.name or options.search, exact=bool(options.name))
    filters = {} if options.model is None else {"componentModel": options.model}
    return filtered(client.iter_workspaces, lambda _ws_id: client.iter_workspaces(), filters)


def branches(client: ArdoqClient, options: argparse.Namespace) -> Any:
    """Return the branches of a workspace."""
    return client.get_branches(find_workspace(client, options.workspace)["_id"])


def context(client: ArdoqClient, options: argparse.Namespace) -> Document:
    """Return the types, fields and tags of a workspace."""
    schema = get_context(client, find_workspace(client, options.workspace)["_id"])
    listing = Listing(list(_context_rows(schema)), columns("!kind", "name", "!id", "parent", "fields"))
    return Document(schema, listing, listing)


def fields(client: ArdoqClient, options: argparse.Namespace) -> Listing:
    """Return the definitions of custom fields, of one workspace or of the organisation."""
    table_columns = columns("name=apiKey|name", "label", "type", "_id")
    ws_id = workspace_id(client, options.workspace)
    if ws_id is None:
        return Listing(client.get_field(include_common=options.common), table_columns)
    return Listing(get_context(client, ws_id).get("customFields") or [], table_columns[:-1])


def tags(client: ArdoqClient, options: argparse.Namespace) -> Any:
    """Return tags, of one workspace or of the organisation."""
    ws_id = workspace_id(client, options.workspace)
    return client.get_tags() if ws_id is None else client.get_tag(ws_id)


def _context_rows(schema: Mapping[str, Any]) -> Iterable[Entity]:
    for item in schema.get("componentTypes") or []:
        parent = (item.get("parent") or {}).get("name")
        yield _row("component type", item.get("name"), item.get("typeId"), parent, item.get("customFields"))
    for item in schema.get("referenceTypes") or []:
        yield _row("reference type", item.get("name"), item.get("type"), None, item.get("customFields"))
    for item in schema.get("customFields") or []:
        yield _row(f"{item.get('type')} field", item.get("label"), item.get("apiKey"))
    for item in schema.get("tags") or []:
        yield _row("tag", item.get("name"))


def _row(kind: str, name: Any, key: Any = None, parent: Any = None, custom_fields: Any = None) -> Entity:
    return {"kind": kind, "name": name, "id": key, "parent": parent, "fields": custom_fields}
