"""`ardoqpy components` and `ardoqpy search`: the things on the map."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name, suggest
from ardoqpy.cli.command import reading, value_of_field
from ardoqpy.cli.errors import Refusal
from ardoqpy.cli.rows import Listing, columns

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from ardoqpy.cli.connection import Connection
    from ardoqpy.client import ArdoqClient

__all__ = ["COMMANDS"]

SHOWN = columns("name", "type", "key=componentKey|component-key", "_id")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", metavar="NAME|ID", help="of this workspace only")
    parser.add_argument("--type", metavar="NAME|ID", help="of this component type")
    parser.add_argument("--name", help="with exactly this name")
    parser.add_argument("--parent", metavar="ID", help="directly below this component")
    parser.add_argument("--key", metavar="KEY", help="with this key, such as APP-1")
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        type=value_of_field,
        metavar="NAME=VALUE",
        help="with this value of a custom field, null for none; may be given several times",
    )


def _components(connection: Connection, options: argparse.Namespace) -> Listing:
    return connection.ask(lambda client: _found(client, options))


def _found(client: ArdoqClient, options: argparse.Namespace) -> Listing:
    from ardoqpy.cli.names import named, types_of, workspace_of  # noqa: PLC0415
    from ardoqpy.cli.workspace_schema import context_of, field_names  # noqa: PLC0415

    wanted: dict[str, Any] = {"name": options.name, "parent": options.parent, "componentKey": options.key}
    custom = dict(options.field)
    if custom:
        wanted["customFields"] = custom
    ws_id = workspace_of(client, options.workspace)["_id"] if options.workspace else None
    wanted["rootWorkspace"] = ws_id
    type_name = None
    if options.type and ws_id is not None:
        wanted["typeId"] = named(types_of(client, ws_id).components, options.type, "component type")
    elif options.type and re.fullmatch(r"p[0-9]+", options.type):
        wanted["typeId"] = options.type
    else:
        type_name = options.type  # its id differs from model to model
    rows = _asked(client, {name: value for name, value in wanted.items() if value is not None})
    if type_name is not None:
        rows = _of_type(rows, type_name)
    if ws_id is None:
        return Listing(rows, SHOWN)

    def fields() -> list[str]:
        return field_names(context_of(client, ws_id))

    return Listing(_or_field_misspelt(rows, custom, fields) if custom else rows, SHOWN, fields)


def _asked(client: ArdoqClient, wanted: dict[str, Any]) -> Iterable[dict[str, Any]]:
    from ardoqpy.cli.client_filters import fits  # noqa: PLC0415
    from ardoqpy.errors import UnsupportedOperation  # noqa: PLC0415

    try:
        return client.iter_components(**wanted)
    except UnsupportedOperation:
        ws_id = wanted.get("rootWorkspace")
        everything = client.iter_components() if ws_id is None else client.get_workspace_components(ws_id)
        return (one for one in everything if fits(one, wanted))


def _of_type(rows: Iterable[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    others: dict[Any, None] = {}
    found = False
    for row in rows:
        if row.get("type") == name:
            found = True
            yield row
        else:
            others[row.get("type")] = None
    if not found and others:
        raise Refusal(f"No component is of a type {quote_name(name)}: {suggest(name, others)}")


def _or_field_misspelt(rows: Iterable[Any], custom: dict[str, str], fields: Any) -> Iterator[Any]:
    found = False
    for row in rows:
        found = True
        yield row
    known = [] if found else fields()
    for name in [] if found else custom:
        if name not in known:
            raise Refusal(f"The workspace has no field {quote_name(name)}: {suggest(name, known)}")


def _search_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", metavar="TEXT", help="what the name has in it; needs --workspace")
    parser.add_argument("--workspace", metavar="NAME|ID", help="in this workspace")
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        type=value_of_field,
        metavar="NAME=VALUE",
        help="instead of TEXT: with this value of a custom field, or of a built-in attribute",
    )


def _search(connection: Connection, options: argparse.Namespace) -> Listing:
    if bool(options.text) == bool(options.field):
        raise Refusal("Say what to search for: TEXT or --field NAME=VALUE, one of them.")
    if options.text and not options.workspace:
        raise Refusal("Ardoq searches names within a workspace: say which with --workspace.")
    return connection.ask(lambda client: Listing(_searched(client, options), SHOWN))


def _searched(client: ArdoqClient, options: argparse.Namespace) -> list[dict[str, Any]]:
    from ardoqpy.cli.names import workspace_of  # noqa: PLC0415

    if not options.workspace:
        return client.search_components(dict(options.field))
    ws_id = workspace_of(client, options.workspace)["_id"]
    if options.text:
        return client.find_component(ws_id, options.text)
    return client.search_components(dict(options.field), ws_id)


COMMANDS = (
    reading(
        "components",
        "list components, all of them or those that fit every filter",
        _components,
        (
            ("components --workspace Apps", "everything in a workspace"),
            (
                "components --workspace Apps --type Application --field lifecycle=Active",
                "those that fit both filters",
            ),
            ("components --workspace Apps --format csv --output apps.csv", "a spreadsheet"),
            ("components --format ndjson", "a line for each component of the organisation, as pages arrive"),
        ),
        arguments=_arguments,
        more="v2 filters in Ardoq; with --api v1 the whole workspace is read and filtered here.",
    ),
    reading(
        "search",
        "have Ardoq search for components by a part of their name, or by fields",
        _search,
        (
            ("search shop --workspace Apps", "components with 'shop' in their name"),
            ("search --field lifecycle=Active", "in all workspaces"),
        ),
        arguments=_search_arguments,
        versions=("v1", "v2"),
        more="v1's own search, which is not exact; --api v2 finds whole names only.",
    ),
)
