"""Run `ardoqpy-sync plan`: preview what a run of a job would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.cli.options import connection_settings
from ardoqpy_sync.cli.notify import CommandResult, RunContext, run_and_notify
from ardoqpy_sync.cli.output_files import check_output_files, open_rejected_files
from ardoqpy_sync.cli.run_job import load_job_file, run_with_client, save_plan
from ardoqpy_sync.job import open_client
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.reporting.since import mark_since

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from ardoqpy_sync.cli.rejected_files import RejectedFiles
    from ardoqpy_sync.job import Job


def run(options: argparse.Namespace) -> int:
    """Preview a job and return the exit code."""
    check_output_files(
        [*filter(None, [options.save]), *options.report], filter(None, [options.job, options.since])
    )
    return run_and_notify(options, "plan", lambda context: _plan(options, context), simulated=True)


def _plan(options: argparse.Namespace, context: RunContext) -> CommandResult:
    job = load_job_file(options.job)
    approved = Plan.load(options.since) if options.since else None
    context.title = job.name
    rejected = open_rejected_files(job, options)
    save = (lambda plan: plan.save(options.save)) if options.save else None
    result = preview_job(job, options, context, save, rejected)
    result.long = options.long
    if approved is not None:
        result.document = mark_since(result.document, approved)
    return result


def preview_job(
    job: Job,
    options: argparse.Namespace,
    context: RunContext,
    save: Callable[[Plan], None] | None,
    rejected: RejectedFiles | None = None,
) -> CommandResult:
    """Preview a job and return the result.

    - `save`: called with the plan, if the preview finishes; None if nobody asks for it.
    - `rejected`: the files for rejected rows, if they are asked for.
    """
    with open_client(
        job,
        simulate=True,
        progress=not options.quiet_when_unchanged,
        **connection_settings(options),
    ) as client:
        context.client = client
        result = run_with_client(job, client, rejected)
        if save is not None:
            save_plan(client, client.plan, save, result)
        return result
