"""Run `ardoqpy-sync init`: write a first job or model for a workspace and the sheets of files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.options import connection_settings
from ardoqpy.cli.output import open_output
from ardoqpy.client import ArdoqClient
from ardoqpy_sync.cli.notify import show_logs
from ardoqpy_sync.job.connect import DEFAULT_VERSION
from ardoqpy_sync.job.scaffold import FileOptions, write_first_job, write_first_model
from ardoqpy_sync.reporting.exit_codes import NAME

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ardoqpy.cli.options import ConnectionSettings


#: What to do with a first job and with a first model: the commands, and what each is for.
_NEXT = {
    "job": (
        ("check", "to list everything that would fail"),
        ("plan", "to preview the run; writes nothing"),
        ("apply", "to run it"),
    ),
    "model": (
        ("model plan", "to preview what would be added; writes nothing"),
        ("model apply", "to add it, on an emulator first: this is experimental"),
    ),
}


def run(options: argparse.Namespace) -> int:
    """Write a job file or a model file, and return the exit code."""
    kind = "model" if options.model else "job"
    output = options.output or f"{kind}.toml"
    folder = _folder_of(output)
    # Paths in a job are relative to the job file.
    sources = [os.path.relpath(source, folder) for source in options.source]
    file_options = FileOptions(tuple(options.sheet), options.header, options.encoding)
    if options.model:
        if len(options.workspace) > 1:
            raise CommandError("A model file is made for one workspace: give --workspace once.")
        first = write_first_model(options.workspace[0], sources, folder, file_options)
    else:
        settings: ConnectionSettings = {"version": DEFAULT_VERSION, **connection_settings(options)}
        with show_logs(options, quiet=False), ArdoqClient(read_only=True, **settings) as client:
            first = write_first_job(client, options.workspace, sources, folder, file_options)
    with open_output(output) as stream:
        stream.write(first.text)
    if output != "-" and sys.stdout is not None:
        _print_next(kind, output, first.findings)
    return 0


def _folder_of(output: str) -> Path:
    """Return the folder of a file to write; raise `CommandError` if it exists, or cannot be written."""
    if output == "-":
        return Path()
    target = Path(output)
    if target.exists():
        raise CommandError(f"The file {output!r} already exists: name another one with --output.")
    if not target.parent.is_dir():
        raise CommandError(
            f"The file {output!r} cannot be written: there is no folder {str(target.parent)!r}."
        )
    return target.parent


def _print_next(kind: str, output: str, findings: Sequence[str]) -> None:
    name = escape_controls(output)
    for sentence in findings:
        print(escape_controls(sentence))
    print(f"Wrote {name}. Read it, edit it, and then run:")
    width = max(len(command) for command, _ in _NEXT[kind])
    for command, purpose in _NEXT[kind]:
        print(f"  {NAME} {command} {name}{' ' * (width - len(command))}    {purpose}")
