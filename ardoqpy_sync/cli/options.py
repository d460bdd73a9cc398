"""The options that several commands of `ardoqpy-sync` have."""

from __future__ import annotations

import argparse
import os

from ardoqpy.cli.command import group, option
from ardoqpy.cli.options import connection_options

#: As in `reporting/markdown.py`, which is slow to load.
LEAST_CHARS = 10_000
REPORT_SUFFIXES = (".html", ".md", ".json")


def _report_file(path: str) -> str:
    if os.path.splitext(path)[1].lower() not in REPORT_SUFFIXES:  # noqa: PTH122  (pathlib is slow to load)
        raise argparse.ArgumentTypeError(
            f"{path!r} is not a report: its name has to end with .html, .md or .json"
        )
    return path


def report_folder(path: str) -> str:
    """Return the path of a folder for pages, which has not the name of a report."""
    if os.path.splitext(path)[1].lower() in REPORT_SUFFIXES:  # noqa: PTH122
        raise argparse.ArgumentTypeError(f"{path!r} is the name of a report: give a folder for the pages")
    return path


def duration(text: str) -> float:
    """Return the seconds of a time such as "90m"."""
    from ardoqpy_sync.job.file.schema import parse_duration  # noqa: PLC0415  (slow to load)

    seconds = parse_duration(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: write one such as 90m, 8h or 7d")
    return seconds


def count_of_chars(text: str) -> int:
    """Return a number of characters in which a report has room."""
    if not (text.isascii() and text.isdigit() and int(text) >= LEAST_CHARS):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {LEAST_CHARS:,} on")
    return int(text)


JOB = option("job", metavar="JOB", help="job file")
JOB_CONNECTION = connection_options(api="that of the job, else v2", before="the job, then from ")
TAKE_OVER = option(
    "--take-over",
    action="store_true",
    help="go on if the lock is held by another host, whose run then stops before its next write",
)
REDACT = option(
    "--redact",
    action="append",
    default=[],
    metavar="FIELD",
    help="field, by its API name, whose values the ledger of the job does not keep, as with redact in the "
    "job: undo cannot restore them; can be repeated",
)
REPORT = option(
    "--report",
    action="append",
    default=[],
    type=_report_file,
    metavar="FILE",
    help="write a report: a page (.html), Markdown (.md) or a run document (.json); can be repeated",
)
MAX_CHARS = option(
    "--max-chars",
    type=count_of_chars,
    metavar="N",
    help="leave whole entries out of Markdown (.md) until it has at most so many characters, such as 65000 "
    "for a comment on a pull request",
)
LINK = option(
    "--link",
    metavar="URL",
    help="on a page, lead from each component to Ardoq: an address in which {id}, and {workspace}, stand for "
    "the ids",
)
SINCE = option(
    "--since",
    metavar="PLAN.json",
    help="in every report, say what is new, and what is gone, since a saved plan that was approved",
)
REJECTED = option(
    "--rejected",
    metavar="FILE",
    help="write the rows that are rejected in the layout of their source, with a column of reasons, to be "
    "corrected and read again; with several sources one file each: rejected.apps.csv for rejected.csv",
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
    MAX_CHARS,
    LINK,
    option(
        "--webhook",
        metavar="URL",
        help="post a short summary to this URL, as JSON; set ARDOQPY_WEBHOOK instead for a secret URL",
    ),
)

#: What a run would write and call, for `check`, which does neither.
OUTPUTS = group(
    "check the output of a run",
    "Nothing is written or sent.",
    option(
        "--report",
        action="append",
        default=[],
        type=_report_file,
        metavar="FILE",
        help="check that a run can write this report; can be repeated",
    ),
    option("--save", metavar="FILE", help="check that plan --save can write this file"),
    option("--webhook", metavar="URL", help="check that this address, or ARDOQPY_WEBHOOK, is valid"),
)
