"""Run `ardoqpy-sync report`: convert a run document to a page or Markdown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ardoqpy.cli.output import open_output
from ardoqpy_sync.cli.output_files import check_output_files
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.document import read_run_document
from ardoqpy_sync.reporting.save import save_report
from ardoqpy_sync.reporting.since import mark_since

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Write reports, or print a summary, and return the exit code."""
    check_output_files(options.report, filter(None, [options.document, options.since]))
    document = read_run_document(options.document)
    if options.since:
        document = mark_since(document, Plan.load(options.since))
    for path in options.report:
        save_report(document, path, options.title, max_chars=options.max_chars, link=options.link)
    if not options.report and sys.stdout is not None:
        with open_output(None) as stream:
            stream.writelines(f"{line}\n" for line in terminal.render(document))
    return 0
