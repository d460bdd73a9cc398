"""Run `ardoqpy-sync check`: list everything in a job that would fail."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.format_json import write_document
from ardoqpy.cli.output import open_output
from ardoqpy_sync.cli.check_job import JobCheck
from ardoqpy_sync.cli.notify import show_logs
from ardoqpy_sync.cli.signals import interrupts_once

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Check a job, print the result, and return the exit code."""
    check = JobCheck(options.job)
    with interrupts_once(), show_logs(options, quiet=False):
        check.run(options)
    if sys.stdout is not None:
        with open_output(None) as stream:
            if options.json:
                write_document(check.as_dict(), stream)
            else:
                stream.writelines(f"{escape_controls(line)}\n" for line in check.lines())
    return check.exit_code
