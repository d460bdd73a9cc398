"""Run `ardoqpy-sync history` and `show`: the runs of a job, as its ledger has them."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.format_json import write_document, write_list
from ardoqpy.cli.format_table import write_table
from ardoqpy.cli.output import open_output
from ardoqpy.cli.rows import Column, Listing
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.cli.job_ledger import open_ledger_of
from ardoqpy_sync.cli.output_files import check_output_files
from ardoqpy_sync.plans.document_schema import check_run_document
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.save import save_report

if TYPE_CHECKING:
    import argparse

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.ledger.records import Run

_COLUMNS = tuple(
    Column(title, (title,))
    for title in ("run", "started", "by", "command", "status", "created", "updated", "deleted", "failed")
)


def run(options: argparse.Namespace) -> int:
    """List the runs of a job, the newest first, and return the exit code."""
    with open_ledger_of(options.job, read_only=True) as ledger:
        runs = [_describe(each) for each in ledger.runs()]
    if sys.stdout is None:
        return 0
    with open_output(None) as stream:
        if options.json:
            write_list(runs, stream)
        elif runs:
            columns = shutil.get_terminal_size().columns if stream.isatty() else None
            write_table(Listing(runs, _COLUMNS), stream, columns)
        else:
            name = escape_controls(options.job)
            stream.write(f"No run of {name} is recorded yet.\n")
    return 0


def show(options: argparse.Namespace) -> int:
    """Show one run of a job: print it, or write its reports; return the exit code."""
    check_output_files(options.report, [options.job])
    with open_ledger_of(options.job, read_only=True) as ledger:
        run = ledger.find_run(options.number)
        document = ledger.document(run.number)
    if document is None:
        raise InvalidInput(
            f"Run {run.number} has no report any more, or was killed before it had one: the ledger keeps "
            "the last runs, as keep_runs says."
        )
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


def _describe(run: Run) -> Attributes:
    """Return a run as a row: its totals are those of components and references together."""
    totals = run.totals or {}
    numbers = {
        outcome: sum(counts[outcome] for counts in totals.values()) if totals else None
        for outcome in ("created", "updated", "deleted", "failed")
    }
    command = run.command if run.undoes is None else f"{run.command} of {run.undoes}"
    return {
        "run": run.number,
        "started": run.started,
        "ended": run.ended,
        "by": run.who,
        "command": command,
        "status": run.status or "not ended",
        **numbers,
        "plan": run.plan_id,
        "approved_by": run.approved_by,
    }
