"""The options that several commands of `ardoqpy-sync` have, and checks of them before anything runs."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from ardoqpy.cli.command import group, option
from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.options import connection_options

if TYPE_CHECKING:
    from collections.abc import Iterable

REPORT_SUFFIXES = (".html", ".md", ".json")


def _report_file(path: str) -> str:
    if os.path.splitext(path)[1].lower() not in REPORT_SUFFIXES:  # noqa: PTH122  (pathlib is slow to load)
        raise argparse.ArgumentTypeError(
            f"{path!r} is not a report: its name has to end with .html, .md or .json"
        )
    return path


JOB = option("job", metavar="JOB", help="job file")
JOB_CONNECTION = connection_options(api="that of the job, else v2", before="the job, then from ")
REPORT = option(
    "--report",
    action="append",
    default=[],
    type=_report_file,
    metavar="FILE",
    help="write a report: a page (.html), Markdown (.md) or a run document (.json); can be repeated",
)
NOTIFY = group(
    "report and notify",
    None,
    option("--json", action="store_true", help="write the run document as JSON, and nothing else"),
    option(
        "--quiet-when-unchanged",
        action="store_true",
        help="print nothing if nothing changes and nothing fails",
    ),
    REPORT,
    option(
        "--webhook",
        metavar="URL",
        help="post a short summary to this URL, as JSON; set ARDOQPY_WEBHOOK instead for a secret URL",
    ),
)


def check_output_files(paths: Iterable[str], inputs: Iterable[str]) -> None:
    """Raise `CommandError` if an output file cannot be written, or would overwrite another or an input."""
    used = {os.path.realpath(path) for path in inputs}
    for path in paths:
        folder = os.path.dirname(path) or "."  # noqa: PTH120
        if not os.path.isdir(folder):  # noqa: PTH112
            raise CommandError(f"The file {path!r} cannot be written: there is no folder {folder!r}.")
        if os.path.isdir(path):  # noqa: PTH112
            raise CommandError(f"The file {path!r} cannot be written: it is a folder.")
        real = os.path.realpath(path)
        if real in used:
            raise CommandError(
                f"The file {path!r} would overwrite another file that this command reads or writes."
            )
        used.add(real)
