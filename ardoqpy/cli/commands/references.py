"""Run `ardoqpy references`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ardoqpy.cli.client_filters import filtered, matches
from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.names import resolve_type, workspace_id, workspace_types
from ardoqpy.cli.rows import Listing, columns
from ardoqpy.cli.workspace_schema import field_names, get_context

if TYPE_CHECKING:
    import argparse

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import Attributes

COLUMNS = columns("!source", "!target", "type", "displayText", "_id")


def references(client: ArdoqClient, options: argparse.Namespace) -> Listing:
    """Return the references that match every filter."""
    if options.incoming and not options.workspace:
        raise CommandError("--incoming needs a workspace: name it with --workspace.")
    if options.type and not options.workspace and not re.fullmatch(r"[0-9]+", options.type):
        raise CommandError(
            "The name of a reference type belongs to the model of a workspace: name one with --workspace, or "
            "pass the number of the type."
        )
    ws_id = workspace_id(client, options.workspace)
    type_id = options.type
    if type_id and ws_id is not None:
        type_id = resolve_type(workspace_types(client, ws_id).references, type_id, "reference type")
    given: Attributes = {
        "source": options.source,
        "target": options.target,
        "type": type_id,
        "displayText": options.text,
        "rootWorkspace": ws_id,
        "targetWorkspace": workspace_id(client, options.target_workspace),
        "customFields": dict(options.field) or None,
    }
    filters = {name: value for name, value in given.items() if value is not None}
    if ws_id is not None and options.incoming:
        del filters["rootWorkspace"]  # one end of each reference is in it
        everything = client.get_workspace_references(ws_id, incoming=True)
        return Listing((reference for reference in everything if matches(reference, filters)), COLUMNS)
    rows = filtered(
        client.iter_references,
        lambda ws_id: client.get_workspace_references(ws_id) if ws_id else client.iter_references(),
        filters,
    )
    if ws_id is None:
        return Listing(rows, COLUMNS)
    return Listing(rows, COLUMNS, lambda: field_names(get_context(client, ws_id)))
