"""`ardoqpy attachments` and `ardoqpy download`: files attached to a workspace or to the organisation."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, BinaryIO

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.command import DOCUMENTED_FIRST, Command, add_settings, reading
from ardoqpy.cli.errors import Refusal
from ardoqpy.cli.rows import Listing, columns

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from pathlib import Path

    from ardoqpy.cli.connection import Connection
    from ardoqpy.client import ArdoqClient

__all__ = ["COMMANDS"]

SHOWN = columns("filename", "size", "content-type", "of=resource.resource-id|uri", "_id")


def _owner_arguments(parser: argparse.ArgumentParser) -> None:
    owner = parser.add_mutually_exclusive_group()
    owner.add_argument("--workspace", metavar="NAME|ID", help="attached to this workspace")
    owner.add_argument("--organisation", metavar="ID", help="attached to the organisation with this id")


def _arguments(parser: argparse.ArgumentParser) -> None:
    _owner_arguments(parser)
    parser.add_argument("--filename", metavar="NAME", help="with exactly this name")
    parser.add_argument("--folder", metavar="ID", help="in this folder, which v2 alone knows")


def _attachments(connection: Connection, options: argparse.Namespace) -> Listing:
    return connection.ask(lambda client: Listing(_found(client, options), SHOWN))


def _found(client: ArdoqClient, options: argparse.Namespace) -> Iterable[dict[str, Any]]:
    from ardoqpy.errors import UnsupportedOperation  # noqa: PLC0415

    kind, owner = _owner(client, options)
    filters = {"filename": options.filename, "folder": options.folder}
    if owner is None:
        return client.iter_attachments(**filters)
    try:
        found = client.iter_attachments(owner, resource_type=kind, folder=options.folder)
        return (one for one in found if options.filename in (None, one.get("filename")))
    except UnsupportedOperation:
        found = client.iter_attachments(**filters)  # v2 lists those of everybody
        return (one for one in found if (one.get("resource") or {}).get("resource-id") == owner)


def _owner(client: ArdoqClient, options: argparse.Namespace) -> tuple[str, str | None]:
    from ardoqpy.cli.names import workspace_of  # noqa: PLC0415

    if options.organisation:
        return "org", options.organisation
    return "workspace", workspace_of(client, options.workspace)["_id"] if options.workspace else None


def _download_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("filename", metavar="FILENAME", help="its name or id")
    _owner_arguments(parser)
    parser.add_argument(
        "--output", metavar="FILE", help="where to write it (its own name, here); -: the standard output"
    )
    add_settings(parser)


def _download(options: argparse.Namespace) -> int:
    from ardoqpy.cli.connection import Connection  # noqa: PLC0415

    if not options.workspace and not options.organisation:
        raise Refusal("A file belongs to somebody: say --workspace, or --organisation.")
    target = _target(options)
    with Connection(options, tuple(reversed(DOCUMENTED_FIRST))) as connection:
        size = connection.ask(lambda client: _fetched(client, options, target))
    if target is not None:
        print(f"{size} bytes in {escape_controls(str(target))}", file=sys.stderr)
    return 0


def _target(options: argparse.Namespace) -> Path | None:
    from pathlib import Path  # noqa: PLC0415

    if options.output == "-":
        return None
    if options.output:
        return Path(options.output)
    target = Path(Path(options.filename).name)
    if target.exists():
        raise Refusal(f"The file {str(target)!r} is here already: say where to write to with --output.")
    return target


def _fetched(client: ArdoqClient, options: argparse.Namespace, target: Path | None) -> int:
    kind, owner = _owner(client, options)

    def fetch(into: Path | BinaryIO) -> int:
        return client.download_attachment(str(owner), options.filename, into, resource_type=kind)

    if target is None:
        return fetch(sys.stdout.buffer)
    if target.exists() and not target.is_file():
        with target.open("wb") as device:  # a pipe or a device is not replaced
            return fetch(device)
    return fetch(target)


COMMANDS = (
    reading(
        "attachments",
        "list attached files",
        _attachments,
        (
            ("attachments --workspace Apps", "those of one workspace"),
            ("attachments --filename plan.txt --format json", "wherever one of that name is"),
        ),
        arguments=_arguments,
    ),
    Command(
        "download",
        "fetch an attached file (v1)",
        _download_arguments,
        _download,
        (
            ("download plan.txt --workspace Apps", "into the file plan.txt, unless that is here already"),
            ("download plan.txt --workspace Apps --output -", "to the standard output"),
        ),
    ),
)
