"""`ardoqpy models`, `fields`, `tags`: what describes components and references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.cli.command import reading
from ardoqpy.cli.rows import Listing, columns

if TYPE_CHECKING:
    import argparse

    from ardoqpy.cli.connection import Connection
    from ardoqpy.client import ArdoqClient

__all__ = ["COMMANDS"]

MODELS = columns("name", "template=useAsTemplate", "category", "_id")
FIELDS = columns("name=apiKey|name", "label", "type", "_id")
TAGS = columns("name", "workspace=rootWorkspace", "components", "_id", whole=("workspace", "_id"))


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--common", action="store_true", help="with those that Ardoq brings along")


def _models(connection: Connection, options: argparse.Namespace) -> Listing:
    return connection.ask(lambda client: Listing(client.get_models(include_common=options.common), MODELS))


def _fields_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", metavar="NAME|ID", help="those that can be used in this workspace")
    _common(parser)


def _fields(connection: Connection, options: argparse.Namespace) -> Listing:
    from ardoqpy.cli.names import workspace_of  # noqa: PLC0415
    from ardoqpy.cli.workspace_schema import context_of  # noqa: PLC0415

    def read(client: ArdoqClient) -> Listing:
        if not options.workspace:
            return Listing(client.get_field(include_common=options.common), FIELDS)
        context = context_of(client, workspace_of(client, options.workspace)["_id"])
        return Listing(context.get("customFields") or [], FIELDS[:-1])

    return connection.ask(read)


def _tags_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", metavar="NAME|ID", help="of this workspace only")


def _tags(connection: Connection, options: argparse.Namespace) -> Listing:
    from ardoqpy.cli.names import workspace_of  # noqa: PLC0415

    def read(client: ArdoqClient) -> Listing:
        if not options.workspace:
            return Listing(client.get_tags(), TAGS)
        return Listing(client.get_tag(workspace_of(client, options.workspace)["_id"]), TAGS)

    return connection.ask(read)


COMMANDS = (
    reading(
        "models",
        "list models and templates (v1)",
        _models,
        (("models", "the organisation's own"), ("models --common --format json", "and Ardoq's")),
        arguments=_common,
        versions=("v1", "v2"),
        more="One model whole: ardoqpy get ID.",
    ),
    reading(
        "fields",
        "list the definitions of custom fields",
        _fields,
        (
            ("fields", "all of the organisation, as v1 has them"),
            ("fields --workspace Apps", "those of one workspace, as v2 has them"),
        ),
        arguments=_fields_arguments,
    ),
    reading(
        "tags",
        "list tags (v1)",
        _tags,
        (("tags --workspace Apps", "those of one workspace"), ("tags --format csv", "all of them")),
        arguments=_tags_arguments,
        versions=("v1", "v2"),
        more="v2 knows the names alone: ardoqpy context WORKSPACE --api v2.",
    ),
)
