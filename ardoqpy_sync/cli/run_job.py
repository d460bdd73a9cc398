"""A job carried out by the command: read, run with a client, and what it came to as an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.cli.errors import Refusal
from ardoqpy.errors import DeleteBlocked
from ardoqpy_sync.cli.exit_codes import CHANGES, DONE, FAILED, INTERRUPTED, NAME, REFUSED, worst
from ardoqpy_sync.cli.notify import Came
from ardoqpy_sync.job import load_job, read_memory, run_job
from ardoqpy_sync.job.connect import beside
from ardoqpy_sync.reporting.document import build_run_document

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.documents import RunDocument
    from ardoqpy_sync.job import Job

__all__ = ["INTERRUPTED_WORDS", "carried_out", "is_json", "memory_of", "progress_for", "status_of", "the_job"]

INTERRUPTED_WORDS = "The run was interrupted."


def is_json(path: str) -> bool:
    """Tell whether a file is JSON, such as a saved plan, and no job: no TOML begins like that."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    except (OSError, ValueError):
        return False  # who reads it will say so


def the_job(path: str) -> Job:
    """Return the job of a file.

    Raise `JobRefused` where it makes no sense, and `Refusal` where it is a plan or a report.
    """
    if is_json(path):
        raise Refusal(
            f"The file {path!r} is no job, but JSON: a saved plan goes to '{NAME} apply', a report to "
            f"'{NAME} report'."
        )
    return load_job(path)


def memory_of(job: Job) -> tuple[str | None, dict[str, Any]]:
    """Return the file of what a job remembers, None where it remembers nothing, and what that is."""
    if "memory" not in job.run:
        return None, {}
    path = beside(job, job.run["memory"])
    return path, read_memory(path)


def progress_for(options: argparse.Namespace) -> bool:
    """Tell whether to show how far it is; nothing is shown but on a terminal."""
    return not options.quiet_when_unchanged


def carried_out(job: Job, client: ArdoqSyncClient) -> Came:
    """Run a job with a client, and return what it came to, also where it was interrupted."""
    try:
        outcome = run_job(job, client)
    except KeyboardInterrupt:
        client.give_up(INTERRUPTED_WORDS)
        return Came(build_run_document(client, title=job.name), INTERRUPTED, ended_early=True)
    refused = _together(outcome.refused)
    account = build_run_document(client, title=job.name, sources=outcome.sources, blocked=refused)
    ended_early = outcome.failure is not None
    status = worst(status_of(account), FAILED if ended_early else DONE)
    return Came(account, status, ended_early=ended_early)


def status_of(account: RunDocument) -> int:
    """Return the exit status that follows from an account."""
    totals = account["totals"]
    failed = totals["component"]["failed"] + totals["reference"]["failed"]
    return worst(
        DONE,
        FAILED if failed else DONE,
        REFUSED if account["delete_guard"] else DONE,
        CHANGES if account["changes"] and account["made"]["simulated"] else DONE,
    )


def _together(refused: Sequence[DeleteBlocked]) -> DeleteBlocked | None:
    if len(refused) < 2:
        return refused[0] if refused else None
    reasons: list[dict[str, Any]] = []
    for reason in (reason for one in refused for reason in one.reasons):
        if reason not in reasons:  # after a failed row each of them says the same
            reasons.append(reason)
    return DeleteBlocked(
        "\n".join(str(one) for one in refused),
        reasons=reasons,
        would_delete=[thing for one in refused for thing in one.would_delete],
    )
