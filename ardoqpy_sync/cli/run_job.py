"""Load a job, run it with a client, and return the run document and the exit code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ardoqpy._http.local_files import open_regular_file
from ardoqpy.cli.errors import CommandError
from ardoqpy.errors import ArdoqClientException, BlockReason, DeleteBlocked, InvalidInput
from ardoqpy_sync.cli.exit_codes import BLOCKED, CHANGES, DONE, FAILED, INTERRUPTED, NAME, most_severe
from ardoqpy_sync.cli.notify import CommandResult, interrupted_message
from ardoqpy_sync.job import load_job, run_job
from ardoqpy_sync.job.connect import end_run, resolve_path
from ardoqpy_sync.job.schema import NAMES_ARE_KEPT, parse_duration
from ardoqpy_sync.job.trace import RunTrace
from ardoqpy_sync.lock import JobLock
from ardoqpy_sync.reporting.document import build_run_document, without_token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ardoqpy_sync.cli.rejected_files import RejectedFiles
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.documents import RunDocument
    from ardoqpy_sync.job import Job
    from ardoqpy_sync.plans.plan import Plan


def is_json(path: str) -> bool:
    """Return whether a file is JSON, such as a saved plan, and not a job: TOML never starts like that."""
    try:
        with open_regular_file(path) as file:
            return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    except (OSError, ValueError):
        return False  # reported when it is loaded


def load_job_file(path: str, redact: Sequence[str] = ()) -> Job:
    """Return the job of a file.

    - `redact`: further fields, by their API names, whose values its ledger does not keep.

    Raise `JobInvalid` for a mistake in it, and `CommandError` for a plan or a run document, or for what
    cannot be kept out.
    """
    if is_json(path):
        raise CommandError(
            f"The file {path!r} is JSON, not a job. Use '{NAME} apply' for a saved plan, and '{NAME} report' "
            "for a run document."
        )
    job = load_job(path)
    if "name" in redact:
        raise CommandError(f"--redact: {NAMES_ARE_KEPT}")
    return replace(job, run={**job.run, "redact": [*job.run.get("redact", ()), *redact]}) if redact else job


def lock_of(job: Job, *, take_over: bool = False) -> JobLock:
    """Return the lock of a job."""
    path = resolve_path(job, job.run["lock_file"]) if "lock_file" in job.run else f"{job.path}.lock"
    stale_after = parse_duration(job.run.get("lock_stale_after", ""))
    return JobLock(path, job=job.name, stale_after=stale_after, take_over=take_over)


def run_with_client(
    job: Job, client: ArdoqSyncClient, rejected: RejectedFiles | None = None
) -> CommandResult:
    """Run a job with a client and return the result, also if it is interrupted.

    - `rejected`: the files for the rows that the run rejects, if they are asked for.
    """
    trace = None if rejected is None else RunTrace()
    result = run_with_trace(job, client, trace)
    if rejected is not None and trace is not None:
        rejected.save(trace, client, result)
    return result


def run_with_trace(job: Job, client: ArdoqSyncClient, trace: RunTrace | None) -> CommandResult:
    """Run a job with a client and return the result; the trace gets what the run makes of each row."""
    try:
        result = run_job(job, client, trace=trace)
    except KeyboardInterrupt:
        client.give_up(interrupted_message(simulated=client.simulate))
        document = build_run_document(client, title=job.name)
        return record_result(job, client, CommandResult(document, INTERRUPTED, ended_early=True))
    blocked = _merge(result.blocked)
    document = build_run_document(
        client,
        title=job.name,
        sources=result.sources,
        skipped_rows=result.skipped,
        not_owned=result.not_owned,
        blocked=blocked,
        notes=result.notes,
    )
    ended_early = result.failure is not None
    exit_code = most_severe(exit_code_of(document), FAILED if ended_early else DONE)
    done = CommandResult(document, exit_code, findings=result.findings, ended_early=ended_early)
    return record_result(job, client, done)


def record_result(job: Job, client: ArdoqSyncClient, result: CommandResult) -> CommandResult:
    """Record the end of a run in the ledger of its job, and return its result."""
    try:
        end_run(client, result.document, job.run.get("keep_runs"))
    except ArdoqClientException as problem:
        result.errors.append(str(problem))
        result.exit_code = most_severe(result.exit_code, FAILED)
    return result


def save_plan(client: ArdoqSyncClient, plan: Plan, path: str, result: CommandResult) -> None:
    """Save a plan to a file; if that fails, add the reason to the result.

    A plan with the token in a value is not saved: without it, its values would be others.
    """
    try:
        data = plan.as_dict()
        if without_token(client, data) is not data:
            raise InvalidInput("The plan is not saved: a value in it contains your access token. Remove it.")
        plan.save(path)
    except ArdoqClientException as problem:
        result.errors.append(str(problem))
        result.exit_code = FAILED


def exit_code_of(document: RunDocument) -> int:
    """Return the exit code that follows from a run document."""
    totals = document["totals"]
    has_failures = totals["component"]["failed"] or totals["reference"]["failed"]
    return most_severe(
        DONE,
        FAILED if has_failures or document["not_deleted"] else DONE,
        BLOCKED if document["delete_guard"] or document["not_undone"] else DONE,
        BLOCKED if any(edit["outcome"] == "unresolved" for edit in document["edits"]) else DONE,
        CHANGES if document["changes"] and document["origin"]["simulated"] else DONE,
    )


def _merge(errors: Sequence[DeleteBlocked]) -> DeleteBlocked | None:
    """Return several errors of the delete guard as one."""
    if len(errors) < 2:
        return errors[0] if errors else None
    reasons: list[BlockReason] = []
    for reason in (reason for error in errors for reason in error.reasons):
        if reason not in reasons:  # after a failed row, all of them have the same reason
            reasons.append(reason)
    return DeleteBlocked(
        "\n".join(map(str, errors)),
        reasons=reasons,
        would_delete=[entity for error in errors for entity in error.would_delete],
    )
