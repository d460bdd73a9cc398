"""Run `ardoqpy-sync plan`: preview what a run of a job would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.cli.options import connection_settings
from ardoqpy_sync.cli.job_file import load_job_file
from ardoqpy_sync.cli.notify import run_and_notify
from ardoqpy_sync.cli.output_files import check_output_files, check_output_files_of, open_rejected_files
from ardoqpy_sync.job.execution import preview_job
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.reporting.since import mark_since

if TYPE_CHECKING:
    import argparse

    from ardoqpy_sync.job.execution import RunContext, RunResult


def run(options: argparse.Namespace) -> int:
    """Preview a job and return the exit code."""
    check_output_files(
        [*filter(None, [options.save]), *options.report], filter(None, [options.job, options.since])
    )
    return run_and_notify(options, "plan", lambda context: _plan(options, context), simulated=True)


def _plan(options: argparse.Namespace, context: RunContext) -> RunResult:
    job = load_job_file(options.job)
    check_output_files_of(job, [*filter(None, [options.save]), *options.report])
    approved = Plan.load(options.since) if options.since else None
    context.title = job.name
    rejected = open_rejected_files(job, options)
    result = preview_job(
        job,
        context,
        save=options.save or None,
        after=None if rejected is None else rejected.save,
        progress=not options.quiet_when_unchanged,
        **connection_settings(options),
    )
    result.long = options.long
    if approved is not None:
        result.document = mark_since(result.document, approved)
    return result
