"""Run `ardoqpy-sync apply`: run a job, or apply a saved plan."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.options import connection_settings
from ardoqpy.errors import ArdoqClientException, PlanDrifted
from ardoqpy_sync.cli.exit_codes import BLOCKED, DONE, FAILED, INTERRUPTED, most_severe
from ardoqpy_sync.cli.notify import CommandResult, RunContext, interrupted_message, run_and_notify
from ardoqpy_sync.cli.output_files import check_output_files, open_rejected_files
from ardoqpy_sync.cli.run_job import (
    exit_code_of,
    is_json,
    load_job_file,
    lock_of,
    record_result,
    run_with_client,
)
from ardoqpy_sync.client import ArdoqSyncClient
from ardoqpy_sync.job import open_client
from ardoqpy_sync.job.connect import DEFAULT_VERSION, begin_run, check_not_applied
from ardoqpy_sync.lock import JobLock
from ardoqpy_sync.plans.approval import MAX_AGE, check_approval
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.reporting.document import build_run_document

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ardoqpy.cli.options import ConnectionSettings
    from ardoqpy_sync.cli.rejected_files import RejectedFiles
    from ardoqpy_sync.job import Job


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
    work = _apply_file if is_plan else _run_job
    return run_and_notify(options, "apply", lambda context: work(options, context), simulated=False)


def _run_job(options: argparse.Namespace, context: RunContext) -> CommandResult:
    job = load_job_file(options.job, options.redact)
    context.title = job.name
    settings = connection_settings(options)
    with lock_of(job, take_over=options.take_over) as lock:
        # Only once no other run can be writing them.
        rejected = open_rejected_files(job, options)
        with open_client(
            job, simulate=False, progress=not options.quiet_when_unchanged, **settings
        ) as client:
            return _run_with_lock(job, client, lock, context, rejected)


def _run_with_lock(
    job: Job,
    client: ArdoqSyncClient,
    lock: JobLock,
    context: RunContext,
    rejected: RejectedFiles | None,
) -> CommandResult:
    context.client = client
    context.check_before_writes(client, lock)
    begin_run(client, "apply")
    return run_with_client(job, client, rejected)


def _apply_file(options: argparse.Namespace, context: RunContext) -> CommandResult:
    plan = Plan.load(options.job)
    job = load_job_file(options.job_of_plan, options.redact) if options.job_of_plan else None
    return apply_plan(plan, job, options, context)


def apply_plan(
    plan: Plan, job: Job | None, options: argparse.Namespace, context: RunContext
) -> CommandResult:
    """Apply a saved plan, of a job if that is given, and return the result.

    Raise `ArdoqClientException` if it may not be applied; then nothing is written.
    """
    made_at = plan.origin["at"]
    context.title = f"Plan of {made_at}" if job is None else f"{job.name}, plan of {made_at}"
    context.applied = plan.identity(options.approved_by)
    max_age = MAX_AGE if options.max_age is None else options.max_age
    check_approval(plan, allow_edited=options.allow_edited, max_age=max_age)
    settings = connection_settings(options)
    progress = not options.quiet_when_unchanged
    with (
        JobLock(f"{options.job}.lock", job=context.title, take_over=options.take_over)
        if job is None
        else lock_of(job, take_over=options.take_over) as lock,
        _client_of_plan(plan, settings, progress=progress)
        if job is None
        else open_client(job, simulate=False, progress=progress, **settings) as client,
    ):
        context.client = client
        context.check_before_writes(client, lock)
        undoes = plan.origin.get("undoes")
        if not options.again:
            check_not_applied(client, context.applied["id"])
        begin_run(
            client,
            "apply plan" if undoes is None else "undo",
            undoes=undoes,
            plan_id=context.applied["id"],
            approved_by=options.approved_by,
        )
        result = apply_with_client(plan, client, options.on_drift or "skip", context)
        return result if job is None else record_result(job, client, result)


def _client_of_plan(plan: Plan, settings: ConnectionSettings, *, progress: bool) -> ArdoqSyncClient:
    """Return a client for a plan without its job: the API version is the plan's, the host never is."""
    settings.setdefault("version", plan.origin["api"])
    batch = settings["version"] == DEFAULT_VERSION
    return ArdoqSyncClient(batch=batch, on_error="collect", progress=progress, **settings)


def apply_with_client(
    plan: Plan, client: ArdoqSyncClient, on_drift: str, context: RunContext, notes: Sequence[str] = ()
) -> CommandResult:
    """Apply a plan with a client and return the result, also if it is interrupted.

    - `notes`: sentences for the run document.
    """
    exit_code, more_lines = DONE, []
    try:
        result = client.apply(plan, on_drift)
        more_lines = [result["sentence"]]
        if result["not_deleted"] or any(change["changes"] for change in result["drifted"]):
            exit_code = BLOCKED  # not all of the plan could be applied as it was reviewed
        if result["failed"]:
            exit_code = FAILED
    except KeyboardInterrupt:
        client.give_up(interrupted_message(simulated=client.simulate))
        exit_code = INTERRUPTED
    except ArdoqClientException as problem:
        client.give_up(str(problem))
        exit_code = BLOCKED if isinstance(problem, PlanDrifted) else FAILED
    document = build_run_document(client, title=context.title, notes=notes, applied=context.applied)
    return CommandResult(document, most_severe(exit_code, exit_code_of(document)), more_lines=more_lines)
