"""Load a job, run it with a client, and return the run document and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy._http.local_files import open_regular_file
from ardoqpy.cli.errors import CommandError
from ardoqpy.errors import BlockReason, DeleteBlocked
from ardoqpy_sync.cli.exit_codes import BLOCKED, CHANGES, DONE, FAILED, INTERRUPTED, NAME, most_severe
from ardoqpy_sync.cli.notify import INTERRUPTED_MESSAGE, CommandResult
from ardoqpy_sync.job import load_job, read_state, run_job
from ardoqpy_sync.job.connect import resolve_path
from ardoqpy_sync.job.schema import parse_duration
from ardoqpy_sync.lock import JobLock
from ardoqpy_sync.reporting.document import build_run_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.documents import PreviousReport, RunDocument
    from ardoqpy_sync.job import Job


def is_json(path: str) -> bool:
    """Return whether a file is JSON, such as a saved plan, and not a job: TOML never starts like that."""
    try:
        with open_regular_file(path) as file:
            return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    except (OSError, ValueError):
        return False  # reported when it is loaded


def load_job_file(path: str) -> Job:
    """Return the job of a file.

    Raise `JobInvalid` for a mistake in it, and `CommandError` for a plan or a run document.
    """
    if is_json(path):
        raise CommandError(
            f"The file {path!r} is JSON, not a job. Use '{NAME} apply' for a saved plan, and '{NAME} report' "
            "for a run document."
        )
    return load_job(path)


def load_state(job: Job) -> tuple[str | None, PreviousReport]:
    """Return the path of a job's state file, None if it has none, and what the file holds."""
    if "state_file" not in job.run:
        return None, {}
    path = resolve_path(job, job.run["state_file"])
    return path, read_state(path)


def lock_of(job: Job, *, take_over: bool = False) -> JobLock:
    """Return the lock of a job."""
    path = resolve_path(job, job.run["lock_file"]) if "lock_file" in job.run else f"{job.path}.lock"
    stale_after = parse_duration(job.run.get("lock_stale_after", ""))
    return JobLock(path, job=job.name, stale_after=stale_after, take_over=take_over)


def run_with_client(job: Job, client: ArdoqSyncClient) -> CommandResult:
    """Run a job with a client and return the result, also if it is interrupted."""
    try:
        result = run_job(job, client)
    except KeyboardInterrupt:
        client.give_up(INTERRUPTED_MESSAGE)
        return CommandResult(build_run_document(client, title=job.name), INTERRUPTED, ended_early=True)
    blocked = _merge(result.blocked)
    document = build_run_document(
        client,
        title=job.name,
        sources=result.sources,
        skipped_rows=result.skipped,
        not_owned=result.not_owned,
        blocked=blocked,
    )
    ended_early = result.failure is not None
    exit_code = most_severe(exit_code_of(document), FAILED if ended_early else DONE)
    return CommandResult(document, exit_code, more_lines=result.notes, ended_early=ended_early)


def exit_code_of(document: RunDocument) -> int:
    """Return the exit code that follows from a run document."""
    totals = document["totals"]
    has_failures = totals["component"]["failed"] or totals["reference"]["failed"]
    return most_severe(
        DONE,
        FAILED if has_failures or document["not_deleted"] else DONE,
        BLOCKED if document["delete_guard"] else DONE,
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
