"""The options that several commands of `ardoqpy-sync` have."""

from __future__ import annotations

import argparse
import os

from ardoqpy.cli.command import group, option
from ardoqpy.cli.options import connection_options

REPORT_SUFFIXES = (".html", ".md", ".json")


def _report_file(path: str) -> str:
    if os.path.splitext(path)[1].lower() not in REPORT_SUFFIXES:  # noqa: PTH122  (pathlib is slow to load)
        raise argparse.ArgumentTypeError(
            f"{path!r} is not a report: its name has to end with .html, .md or .json"
        )
    return path


def duration(text: str) -> float:
    """Return the seconds of a time such as "90m"."""
    from ardoqpy_sync.job.schema import parse_duration  # noqa: PLC0415  (slow to load)

    seconds = parse_duration(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: write one such as 90m, 8h or 7d")
    return seconds


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
