"""`ardoqpy-sync report`: a report that was kept as data, made into a page or Markdown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ardoqpy.cli.command import Command
from ardoqpy_sync.cli.options import report_file, writable

if TYPE_CHECKING:
    import argparse

__all__ = ["COMMAND"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("account", metavar="ACCOUNT", help="a report that was kept as .json")
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        type=report_file,
        metavar="FILE",
        help="write it as a page (.html), Markdown (.md) or data (.json); may be given several times",
    )
    parser.add_argument("--title", metavar="TEXT", help="what the report is called")


def _run(options: argparse.Namespace) -> int:
    writable(options.report, [options.account])
    from ardoqpy.cli.output import opened  # noqa: PLC0415
    from ardoqpy_sync.reporting import terminal  # noqa: PLC0415
    from ardoqpy_sync.reporting.document import read_run_document  # noqa: PLC0415
    from ardoqpy_sync.reporting.save import save_report  # noqa: PLC0415

    account = read_run_document(options.account)
    for path in options.report:
        save_report(account, path, options.title)
    if not options.report and sys.stdout is not None:
        with opened(None) as stream:
            stream.writelines(f"{line}\n" for line in terminal.render(account))
    return 0


COMMAND = Command(
    "report",
    "make a page or Markdown of a report that was kept as data",
    _arguments,
    _run,
    (
        ("report last.json --report last.html", "a page"),
        ("report last.json", "in short, here"),
    ),
    "Ardoq is not asked.",
)
