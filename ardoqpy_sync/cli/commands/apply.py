"""Run `ardoqpy-sync apply`: run a job, or apply a saved plan."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.options import connection_settings
from ardoqpy_sync.cli.job_file import is_json, load_job_file
from ardoqpy_sync.cli.notify import run_and_notify
from ardoqpy_sync.cli.output_files import check_output_files, check_output_files_of, open_rejected_files
from ardoqpy_sync.job.connect import lock_of
from ardoqpy_sync.job.execution import apply_job, apply_plan
from ardoqpy_sync.plans.approval import MAX_AGE
from ardoqpy_sync.plans.plan import Plan

if TYPE_CHECKING:
    import argparse

    from ardoqpy_sync.job.execution import RunContext, RunResult


#: The options that need a saved plan, and how they are stored.
_FOR_A_PLAN = {
    "--job": "job_of_plan",
    "--on-drift": "on_drift",
    "--allow-edited": "allow_edited",
    "--max-age": "max_age",
    "--approved-by": "approved_by",
    "--again": "again",
}


def run(options: argparse.Namespace) -> int:
    """Run a job or apply a plan, and return the exit code."""
    check_output_files(options.report, filter(None, [options.job, options.job_of_plan]))
    is_plan = is_json(options.job)
    if not is_plan:
        for name, stored_as in _FOR_A_PLAN.items():
            if getattr(options, stored_as) not in (None, False):
                what = "is not one" if os.path.exists(options.job) else "does not exist"  # noqa: PTH110
                raise CommandError(f"{name} is only for a saved plan, and {options.job!r} {what}.")
    elif options.redact and not options.job_of_plan:
        raise CommandError("--redact is about the ledger of a job: give the job of the plan with --job.")
    elif options.rejected is not None:
        raise CommandError(f"--rejected is only for a job, and {options.job!r} is a saved plan.")
    work = _apply_plan if is_plan else _run_job
    return run_and_notify(options, "apply", lambda context: work(options, context), simulated=False)


def _run_job(options: argparse.Namespace, context: RunContext) -> RunResult:
    job = load_job_file(options.job, options.redact)
    check_output_files_of(job, options.report)
    context.title = job.name
    settings = connection_settings(options)
    with lock_of(job, take_over=options.take_over) as lock:
        # Only once no other run can be writing them.
        rejected = open_rejected_files(job, options)
        return apply_job(
            job,
            context,
            lock,
            after=None if rejected is None else rejected.save,
            progress=not options.quiet_when_unchanged,
            **settings,
        )


def _apply_plan(options: argparse.Namespace, context: RunContext) -> RunResult:
    plan = Plan.load(options.job)
    job = load_job_file(options.job_of_plan, options.redact) if options.job_of_plan else None
    if job is not None:
        check_output_files_of(job, options.report)
    return apply_plan(
        plan,
        context,
        job=job,
        path=options.job,
        on_drift=options.on_drift or "skip",
        allow_edited=options.allow_edited,
        max_age=MAX_AGE if options.max_age is None else options.max_age,
        approved_by=options.approved_by,
        again=options.again,
        take_over=options.take_over,
        progress=not options.quiet_when_unchanged,
        **connection_settings(options),
    )
