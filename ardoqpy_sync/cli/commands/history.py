"""Run `ardoqpy-sync history` and `show`: the runs of a job, as its ledger has them."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.errors import print_error
from ardoqpy.cli.format_json import write_document, write_list
from ardoqpy.cli.format_table import write_table
from ardoqpy.cli.output import open_output
from ardoqpy.cli.rows import Column, Listing
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.cli.job_ledger import open_ledger_of
from ardoqpy_sync.cli.output_files import check_output_files
from ardoqpy_sync.plans.document_schema import check_run_document
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.exit_codes import DONE, FAILED, NAME
from ardoqpy_sync.reporting.history import INDEX, describe_runs, explain_no_report, save_history
from ardoqpy_sync.reporting.labels import plural
from ardoqpy_sync.reporting.save import save_report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import TextIO

    from ardoqpy_sync.reporting.history import History, HistoryRow

_COLUMNS = (
    *(
        Column(title, (title,))
        for title in ("run", "started", "by", "command", "status", "created", "updated", "deleted", "failed")
    ),
    Column("taken back by", ("undone_by",)),
)


def run(options: argparse.Namespace) -> int:
    """List the runs of a job, the newest first, or write them as pages; return the exit code."""
    history = None
    with open_ledger_of(options.job, read_only=True) as ledger:
        runs = ledger.runs()
        rows = describe_runs(runs)
        if options.report is not None:
            history = save_history(ledger, runs, rows, options.report)
    for problem in history.damaged if history else ():
        print_error(problem, NAME)
    if sys.stdout is not None:
        with open_output(None) as stream:
            if options.json:
                write_list(rows, stream)
            elif history is not None:
                stream.writelines(f"{escape_controls(line)}\n" for line in _lines(options.report, history))
            else:
                _write_rows(rows, options.job, stream)
    return FAILED if history and history.damaged else DONE


def _write_rows(rows: list[HistoryRow], job: str, stream: TextIO) -> None:
    if not rows:
        stream.write(f"No run of {escape_controls(job)} is recorded yet.\n")
        return
    listed = [{**row, "undone_by": ", ".join(map(str, row["undone_by"]))} for row in rows]
    columns = shutil.get_terminal_size().columns if stream.isatty() else None
    write_table(Listing(listed, _COLUMNS), stream, columns)


def _lines(folder: str, history: History) -> Iterator[str]:
    """Yield what was written to a folder, and what in it was left as it is."""
    without = sum(page.name is None for page in history.pages.values())
    parts = [plural(len(history.pages), "run"), f"{plural(history.written, 'page')} written"]
    if history.kept:
        parts.append(f"{plural(len(history.kept), 'earlier page')} kept, whose report the ledger has no more")
    if without:
        parts.append(f"{without:,} without a page")
    yield f"{os.path.join(folder, INDEX)}: {'; '.join(parts)}"  # noqa: PTH118
    if history.unknown_pages:
        yield f"Left as they are, because the ledger has no such runs: {', '.join(history.unknown_pages)}"


def show(options: argparse.Namespace) -> int:
    """Show one run of a job: print it, or write its reports; return the exit code."""
    check_output_files(options.report, [options.job])
    with open_ledger_of(options.job, read_only=True) as ledger:
        run = ledger.find_run(options.number)
        document = ledger.document(run.number)
    if document is None:
        raise InvalidInput(f"Run {run.number} has no report: {explain_no_report(run)}.")
    check_run_document(document, f"The report of run {run.number}")
    for path in options.report:
        save_report(document, path)
    if sys.stdout is not None and (options.json or not options.report):
        with open_output(None) as stream:
            if options.json:
                write_document(document, stream)
            else:
                stream.writelines(f"{line}\n" for line in terminal.render(document))
    return 0
