"""Run `ardoqpy-sync undo`: take a run back, as the ledger of its job has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.cli.options import connection_settings
from ardoqpy_sync.cli.job_file import load_job_file
from ardoqpy_sync.cli.notify import run_and_notify
from ardoqpy_sync.cli.output_files import check_output_files, check_output_files_of
from ardoqpy_sync.job import open_client
from ardoqpy_sync.job.connect import begin_run, lock_of
from ardoqpy_sync.job.execution import RunResult, apply_with_client, record_result, save_plan
from ardoqpy_sync.job.undo import plan_undo
from ardoqpy_sync.reporting.document import build_run_document
from ardoqpy_sync.reporting.exit_codes import NAME, exit_code_of

if TYPE_CHECKING:
    import argparse

    from ardoqpy_sync.job import Job
    from ardoqpy_sync.job.execution import RunContext, SavePlan
    from ardoqpy_sync.job.undo import UndoResult


def run(options: argparse.Namespace) -> int:
    """Take a run back, or show what would be taken back, and return the exit code."""
    check_output_files([*filter(None, [options.save]), *options.report], [options.job])
    return run_and_notify(
        options, "undo", lambda context: _undo(options, context), simulated=not options.apply
    )


def _undo(options: argparse.Namespace, context: RunContext) -> RunResult:
    job = load_job_file(options.job, options.redact)
    check_output_files_of(job, [*filter(None, [options.save]), *options.report])
    context.title = f"{job.name}, undo of run {options.number}"
    if not options.apply:
        return preview_undo(job, options, context, options.save)[0]
    with lock_of(job, take_over=options.take_over) as lock:
        result, undo = preview_undo(job, options, context, options.save)
        if undo.blocked is not None:
            result.more_lines.append(
                "Review the plan, save it with --save FILE, and apply it: "
                f"{NAME} apply FILE --job {options.job}"
            )
        if undo.blocked is not None or not undo.is_needed:
            return result
        with open_client(
            job, simulate=False, progress=not options.quiet_when_unchanged, **connection_settings(options)
        ) as client:
            context.client = client
            context.check_before_writes(client, lock)
            context.applied = undo.plan.identity()
            begin_run(
                client,
                "undo",
                undoes=undo.plan.origin.get("undoes"),
                plan_id=context.applied["id"],
            )
            result = apply_with_client(undo.plan, client, "skip", context, undo.notes)
            return record_result(job, client, result)


def preview_undo(
    job: Job, options: argparse.Namespace, context: RunContext, save: SavePlan | None
) -> tuple[RunResult, UndoResult]:
    """Return what an undo would do, as a preview; `save` is as for `preview_job`."""
    with open_client(
        job, simulate=True, progress=not options.quiet_when_unchanged, **connection_settings(options)
    ) as client:
        context.client = client
        undo = plan_undo(job, client, options.number)
        context.title = f"{job.name}, undo of run {undo.plan.origin.get('undoes')}"
        document = build_run_document(
            client, title=context.title, blocked=undo.blocked if options.apply else None, notes=undo.notes
        )
        document["plan"] = undo.plan.identity()
        result = RunResult(document, exit_code_of(document), long=options.long)
        if save:
            save_plan(client, undo.plan, save, result)
        return result, undo
