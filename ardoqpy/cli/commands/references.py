"""`ardoqpy references`: the arrows between components."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ardoqpy.cli.command import reading, value_of_field
from ardoqpy.cli.errors import Refusal
from ardoqpy.cli.rows import Listing, columns

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from ardoqpy.cli.connection import Connection
    from ardoqpy.client import ArdoqClient

__all__ = ["COMMANDS"]

SHOWN = columns("source", "target", "type", "displayText", "_id", whole=("source", "target", "_id"))


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", metavar="NAME|ID", help="that start in this workspace")
    parser.add_argument("--incoming", action="store_true", help="and those that end in it")
    parser.add_argument("--target-workspace", metavar="NAME|ID", help="that end in this workspace")
    parser.add_argument("--source", metavar="ID", help="that start at this component")
    parser.add_argument("--target", metavar="ID", help="that end at this component")
    parser.add_argument("--type", metavar="NAME|NUMBER", help="of this type; a name needs --workspace")
    parser.add_argument("--text", metavar="TEXT", help="with exactly this display text")
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        type=value_of_field,
        metavar="NAME=VALUE",
        help="with this value of a custom field, null for none; may be given several times",
    )


def _references(connection: Connection, options: argparse.Namespace) -> Listing:
    if options.incoming and not options.workspace:
        raise Refusal("--incoming needs a workspace: say which with --workspace.")
    if options.type and not options.workspace and not re.fullmatch(r"[0-9]+", options.type):
        raise Refusal(
            "The name of a reference type belongs to the model of a workspace: say --workspace, or the "
            "number of the type."
        )
    return connection.ask(lambda client: _found(client, options))


def _found(client: ArdoqClient, options: argparse.Namespace) -> Listing:
    from ardoqpy.cli.names import named, types_of, workspace_of  # noqa: PLC0415
    from ardoqpy.cli.workspace_schema import context_of, field_names  # noqa: PLC0415

    wanted: dict[str, Any] = {"source": options.source, "target": options.target, "type": options.type}
    wanted["displayText"] = options.text
    ws_id = workspace_of(client, options.workspace)["_id"] if options.workspace else None
    wanted["rootWorkspace"] = ws_id
    if options.target_workspace:
        wanted["targetWorkspace"] = workspace_of(client, options.target_workspace)["_id"]
    if options.type and ws_id is not None:
        wanted["type"] = named(types_of(client, ws_id).references, options.type, "reference type")
    if options.field:
        wanted["customFields"] = dict(options.field)
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if ws_id is None:
        return Listing(_asked(client, wanted), SHOWN)
    if options.incoming:
        return Listing(_both_ways(client, ws_id, wanted), SHOWN)
    return Listing(_asked(client, wanted), SHOWN, lambda: field_names(context_of(client, ws_id)))


def _asked(client: ArdoqClient, wanted: dict[str, Any]) -> Iterable[dict[str, Any]]:
    from ardoqpy.cli.client_filters import fits  # noqa: PLC0415
    from ardoqpy.errors import UnsupportedOperation  # noqa: PLC0415

    try:
        return client.iter_references(**wanted)
    except UnsupportedOperation:
        ws_id = wanted.get("rootWorkspace")
        everything = client.iter_references() if ws_id is None else client.get_workspace_references(ws_id)
        return (one for one in everything if fits(one, wanted))


def _both_ways(client: ArdoqClient, ws_id: str, wanted: dict[str, Any]) -> Iterable[dict[str, Any]]:
    from ardoqpy.cli.client_filters import fits  # noqa: PLC0415

    del wanted["rootWorkspace"]  # it is one of the ends
    everything = client.get_workspace_references(ws_id, incoming=True)
    return (one for one in everything if fits(one, wanted))


COMMANDS = (
    reading(
        "references",
        "list references, all of them or those that fit every filter",
        _references,
        (
            ("references --workspace Apps", "what starts in a workspace"),
            ("references --workspace Apps --incoming --format json", "and what ends there"),
            ("references --workspace Apps --type 'depends on' --format csv", "of one type"),
            ("references --source 5f00aa00bb00cc00dd00ee10", "what leaves one component"),
        ),
        arguments=_arguments,
        more="v2 filters in Ardoq; with --api v1 the whole workspace is read and filtered here.",
    ),
)
