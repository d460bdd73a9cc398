"""`ardoqpy-sync init`: a first job, made of a workspace and a source, to be read and changed."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ardoqpy.cli.command import Command, add_settings

if TYPE_CHECKING:
    import argparse

__all__ = ["COMMAND"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workspace", required=True, metavar="NAME|ID", help="where the rows go")
    parser.add_argument("--source", required=True, metavar="FILE", help="where the rows are")
    parser.add_argument(
        "--output", default="job.toml", metavar="FILE", help="the job to write (%(default)s); -: no file"
    )
    add_settings(parser, api="v2")


def _run(options: argparse.Namespace) -> int:
    from pathlib import Path  # noqa: PLC0415

    from ardoqpy._terminal import escape_controls  # noqa: PLC0415
    from ardoqpy.cli.errors import Refusal  # noqa: PLC0415
    from ardoqpy.cli.output import opened  # noqa: PLC0415
    from ardoqpy.client import ArdoqClient  # noqa: PLC0415
    from ardoqpy_sync.cli.exit_codes import NAME  # noqa: PLC0415
    from ardoqpy_sync.cli.notify import logged  # noqa: PLC0415
    from ardoqpy_sync.cli.options import settings_of  # noqa: PLC0415
    from ardoqpy_sync.job.connect import DEFAULT_VERSION  # noqa: PLC0415
    from ardoqpy_sync.job.scaffold import scaffold_job  # noqa: PLC0415

    target = Path(options.output)
    base = Path() if options.output == "-" else target.parent
    if options.output != "-":
        if target.exists():
            raise Refusal(f"The file {options.output!r} is there already: name another one with --output.")
        if not base.is_dir():
            raise Refusal(f"The file {options.output!r} cannot be written: there is no folder {str(base)!r}.")
    source = os.path.relpath(options.source, base)  # a job looks for its sources beside it
    settings = {"version": DEFAULT_VERSION, **settings_of(options)}
    with logged(options, quiet=False), ArdoqClient(read_only=True, **settings) as client:
        text = scaffold_job(client, options.workspace, source, base)
    with opened(options.output) as stream:
        stream.write(text)
    if options.output != "-" and sys.stdout is not None:
        name = escape_controls(options.output)
        print(f"{name} is written. Read it, change what is to be otherwise, and then:")
        print(f"  {NAME} check {name}    says what does not fit")
        print(f"  {NAME} plan {name}     rehearses it: nothing is written")
        print(f"  {NAME} apply {name}    carries it out")
    return 0


COMMAND = Command(
    "init",
    "write a first job, made of a workspace and a source",
    _arguments,
    _run,
    (
        ("init --workspace Apps --source apps.csv", "writes job.toml, to be read and changed"),
        ("init --workspace Apps --source apps.csv --output -", "to look at"),
    ),
    "Ardoq is asked for the types and fields of the workspace; nothing is written there.",
)
