"""Run `ardoqpy-sync init`: write a first job file for a workspace and a source."""

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
from ardoqpy_sync.cli.exit_codes import NAME
from ardoqpy_sync.cli.notify import show_logs
from ardoqpy_sync.job.connect import DEFAULT_VERSION
from ardoqpy_sync.job.scaffold import FileOptions, write_first_job

if TYPE_CHECKING:
    import argparse

    from ardoqpy.cli.options import ConnectionSettings


def run(options: argparse.Namespace) -> int:
    """Write a job file and return the exit code."""
    target = Path(options.output)
    folder = Path() if options.output == "-" else target.parent
    if options.output != "-":
        if target.exists():
            raise CommandError(f"The file {options.output!r} already exists: name another one with --output.")
        if not folder.is_dir():
            raise CommandError(
                f"The file {options.output!r} cannot be written: there is no folder {str(folder)!r}."
            )
    # Paths in a job are relative to the job file.
    sources = [os.path.relpath(source, folder) for source in options.source]
    file_options = FileOptions(tuple(options.sheet), options.header, options.encoding)
    settings: ConnectionSettings = {"version": DEFAULT_VERSION, **connection_settings(options)}
    with show_logs(options, quiet=False), ArdoqClient(read_only=True, **settings) as client:
        job = write_first_job(client, options.workspace, sources, folder, file_options)
    with open_output(options.output) as stream:
        stream.write(job.text)
    if options.output != "-" and sys.stdout is not None:
        name = escape_controls(options.output)
        for sentence in job.found:
            print(escape_controls(sentence))
        print(f"Wrote {name}. Read it, edit it, and then run:")
        print(f"  {NAME} check {name}    to list everything that would fail")
        print(f"  {NAME} plan {name}     to preview the run; writes nothing")
        print(f"  {NAME} apply {name}    to run it")
    return 0
