"""Run `ardoqpy-sync report`: convert a run document to a page or Markdown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ardoqpy.cli.output import open_output
from ardoqpy_sync.cli.options import check_output_files
from ardoqpy_sync.reporting import document as run_documents
from ardoqpy_sync.reporting.save import save_report
from ardoqpy_sync.reporting.terminal import summary_of

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(options: argparse.Namespace) -> int:
    """Write reports, or print a summary, and return the exit code."""
    check_output_files(options.report, [options.document])
    document = run_documents.read(options.document)
    for path in options.report:
        save_report(document, path, options.title)
    if not options.report and sys.stdout is not None:
        with open_output(None) as stream:
            stream.writelines(f"{line}\n" for line in summary_of(document))
    return 0
