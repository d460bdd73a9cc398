"""`ardoqpy workspaces`, `folders`, `branches`, `context`: where things lie, and what can be used there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.cli.command import reading
from ardoqpy.cli.rows import Document, Listing, columns

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from ardoqpy.cli.connection import Connection
    from ardoqpy.client import ArdoqClient

__all__ = ["COMMANDS"]

WORKSPACES = columns("name", "key=workspaceKey|workspace-key", "description", "_id")
FOLDERS = columns("name", "description", "workspaces", "_id")
BRANCHES = columns("name=branch-name", "workspace=workspace-id", "created", "_id", whole=("workspace", "_id"))
CONTEXT = columns("kind", "name", "id", "parent", "fields", whole=("kind", "id"))


def _workspaces_arguments(parser: argparse.ArgumentParser) -> None:
    one_of = parser.add_mutually_exclusive_group()
    one_of.add_argument("--name", help="with exactly this name")
    one_of.add_argument("--search", metavar="TEXT", help="whose name begins so")
    one_of.add_argument("--model", metavar="ID", help="with this model")
    one_of.add_argument("--summary", action="store_true", help="v1's short form, with counts")


def _workspaces(connection: Connection, options: argparse.Namespace) -> Listing:
    def read(client: ArdoqClient) -> Listing:
        if options.summary:
            shown = (*WORKSPACES[:1], *columns("componentCount", "referenceCount", "_id"))
            return Listing(client.get_workspaces(summary=True), shown)
        if options.name or options.search:
            return Listing(
                client.find_workspace(options.name or options.search, exact=bool(options.name)), WORKSPACES
            )
        return Listing(_of_model(client, options.model), WORKSPACES)

    return connection.ask(read)


def _of_model(client: ArdoqClient, model: str | None) -> Iterable[Any]:
    from ardoqpy.errors import UnsupportedOperation  # noqa: PLC0415

    try:
        return client.iter_workspaces(componentModel=model)
    except UnsupportedOperation:
        return (one for one in client.iter_workspaces() if one.get("componentModel") == model)


def _folders(connection: Connection, _options: argparse.Namespace) -> Listing:
    return connection.ask(lambda client: Listing(client.get_folder(), FOLDERS))


def _workspace_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("workspace", metavar="WORKSPACE", help="its name or id")


def _branches(connection: Connection, options: argparse.Namespace) -> Listing:
    from ardoqpy.cli.names import workspace_of  # noqa: PLC0415

    def read(client: ArdoqClient) -> Listing:
        return Listing(client.get_branches(workspace_of(client, options.workspace)["_id"]), BRANCHES)

    return connection.ask(read)


def _context(connection: Connection, options: argparse.Namespace) -> Document:
    from ardoqpy.cli.names import workspace_of  # noqa: PLC0415
    from ardoqpy.cli.workspace_schema import context_of  # noqa: PLC0415

    def read(client: ArdoqClient) -> Document:
        context = context_of(client, workspace_of(client, options.workspace)["_id"])
        listing = Listing(list(_lines(context)), CONTEXT)
        return Document(context, listing, listing)

    return connection.ask(read)


def _lines(context: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for one in context.get("componentTypes") or []:
        parent = (one.get("parent") or {}).get("name")
        yield _line("component type", one.get("name"), one.get("typeId"), parent, one.get("customFields"))
    for one in context.get("referenceTypes") or []:
        yield _line("reference type", one.get("name"), one.get("type"), None, one.get("customFields"))
    for one in context.get("customFields") or []:
        yield _line(f"{one.get('type')} field", one.get("label"), one.get("apiKey"), None, None)
    for one in context.get("tags") or []:
        yield _line("tag", one.get("name"), None, None, None)


def _line(kind: str, name: Any, key: Any, parent: Any, fields: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "id": key, "parent": parent, "fields": fields}


COMMANDS = (
    reading(
        "workspaces",
        "list workspaces",
        _workspaces,
        (
            ("workspaces", "every workspace that the token may see"),
            ("workspaces --search Ap --format json", "whose name begins with 'Ap'"),
            ("workspaces --summary", "with how much is in them, as v1 counts"),
        ),
        arguments=_workspaces_arguments,
    ),
    reading(
        "folders",
        "list the folders that workspaces lie in (v1)",
        _folders,
        (("folders", "all of them"),),
        versions=("v1", "v2"),
    ),
    reading(
        "branches",
        "list the branches of a workspace (v1)",
        _branches,
        (("branches Apps", "by the workspace's name"),),
        arguments=_workspace_argument,
        versions=("v1", "v2"),
    ),
    reading(
        "context",
        "show what can be used in a workspace: types, fields, tags",
        _context,
        (
            ("context Apps", "a line for each"),
            ("context Apps --format json", "as API v2 gives it, put together from v1 with --api v1"),
        ),
        arguments=_workspace_argument,
    ),
)
