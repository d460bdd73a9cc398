"""Run `ardoqpy attachments` and `download`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.connection import Connection
from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.names import workspace_id
from ardoqpy.errors import UnsupportedOperation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import Attachment


def attachments(client: ArdoqClient, options: argparse.Namespace) -> Iterable[Attachment]:
    """Return attachments: of one workspace, of the organisation, or all."""
    kind, owner = _owner(client, options)
    filters = {"filename": options.filename, "folder": options.folder}
    if owner is None:
        return client.iter_attachments(**filters)
    try:
        listed = client.iter_attachments(owner, resource_type=kind, folder=options.folder)
        return (file for file in listed if options.filename in (None, file.get("filename")))
    except UnsupportedOperation:
        listed = client.iter_attachments(**filters)  # v2 lists those of all owners
        return (file for file in listed if (file.get("resource") or {}).get("resource-id") == owner)


def _owner(client: ArdoqClient, options: argparse.Namespace) -> tuple[str, str | None]:
    if options.organisation:
        return "org", options.organisation
    return "workspace", workspace_id(client, options.workspace)


def download(options: argparse.Namespace) -> int:
    """Download one attachment and return the exit code."""
    if not options.workspace and not options.organisation:
        raise CommandError("Pass who the file is attached to: --workspace, or --organisation.")
    target = _target(options)
    with Connection(options, ("v1", "v2")) as connection:
        size = connection.ask(lambda client: _download(client, options, target))
    if target is not None:
        print(f"{size} bytes in {escape_controls(str(target))}", file=sys.stderr)
    return 0


def _target(options: argparse.Namespace) -> Path | None:
    """Return the file to write to, None for standard output."""
    if options.output == "-":
        return None
    if options.output:
        return Path(options.output)
    target = Path(Path(options.filename).name)
    if target.exists():
        raise CommandError(f"The file {str(target)!r} already exists: name another one with --output.")
    return target


def _download(client: ArdoqClient, options: argparse.Namespace, target: Path | None) -> int:
    kind, owner = _owner(client, options)

    def fetch(stream: Path | BinaryIO) -> int:
        return client.download_attachment(str(owner), options.filename, stream, resource_type=kind)

    if target is None:
        return fetch(sys.stdout.buffer)
    if target.exists() and not target.is_file():
        with target.open("wb") as device:  # a pipe or a device is not replaced
            return fetch(device)
    return fetch(target)
