"""`ardoqpy-sync check`: everything about a job that would fail, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.cli.command import Command
from ardoqpy_sync.cli.options import add_connection, add_job

if TYPE_CHECKING:
    import argparse

__all__ = ["COMMAND"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_job(parser)
    parser.add_argument("--json", action="store_true", help="write what was found as JSON, and nothing else")
    add_connection(parser)


def _run(options: argparse.Namespace) -> int:
    import sys  # noqa: PLC0415

    from ardoqpy._terminal import escape_controls  # noqa: PLC0415
    from ardoqpy.cli.format_json import write_document  # noqa: PLC0415
    from ardoqpy.cli.output import opened  # noqa: PLC0415
    from ardoqpy_sync.cli.check_job import Findings  # noqa: PLC0415  (the first to need the client)
    from ardoqpy_sync.cli.notify import logged  # noqa: PLC0415
    from ardoqpy_sync.cli.signals import ending_like_ctrl_c  # noqa: PLC0415

    findings = Findings(options.job)
    with ending_like_ctrl_c(), logged(options, quiet=False):
        findings.look(options)
    if sys.stdout is not None:
        with opened(None) as stream:
            if options.json:
                write_document(findings.as_dict(), stream)
            else:
                stream.writelines(f"{escape_controls(line)}\n" for line in findings.lines())
    return findings.status


COMMAND = Command(
    "check",
    "say everything about a job that would fail, before it does",
    _arguments,
    _run,
    (
        ("check job.toml", "the file, its sources, the connection, the names in Ardoq, every row"),
        ("check job.toml --json", "for a program"),
    ),
    "At last it rehearses the whole run; nothing is written. The exit status is 0 where nothing was found, 3 "
    "where only the guard would refuse, and 1 otherwise.",
)
