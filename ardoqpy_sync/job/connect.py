"""The client, ledger and lock of a job, with the settings of its tables `[ardoq]` and `[run]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync.client import ArdoqSyncClient
from ardoqpy_sync.job.file.schema import parse_duration
from ardoqpy_sync.ledger.ledger import Ledger
from ardoqpy_sync.ledger.records import RunEnd
from ardoqpy_sync.lock import JobLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.documents import RunDocument
    from ardoqpy_sync.job.file.model import Job

#: The API version of jobs that name none: the version that Ardoq documents.
DEFAULT_VERSION = "v2"


def open_client(
    job: Job,
    *,
    simulate: bool,
    progress: Callable[[int, int | None, str], object] | bool | None = None,
    **settings: Any,
) -> ArdoqSyncClient:
    """Return a client with the settings of a job's tables `[ardoq]` and `[run]`, and with its ledger.

    - `simulate`: whether to send no writes.
    - `progress`: as for `ArdoqSyncClient`.
    - `settings`: arguments of `ArdoqSyncClient`, such as `hosturl`, `config`, `version` or `timeout`, that
      override the job; None keeps the setting of the job. `ledger=False` uses none.

    Other settings are read from environment variables, then from the config file; its path starts from the
    folder of the job. The version is v2 unless set otherwise; v2 writes in batches, v1 has no batches. Close
    the client, or use it in a `with` block.

    The ledger is created if there is none, except in a preview, which only reads it. Call `end_run` to record
    the run document there; closing the client ends the run in any case.

    Raise `ConfigurationError` if a setting is missing or not valid, or if the ledger cannot be used; nothing
    is sent.
    """
    arguments: Attributes = {key: value for key, value in job.ardoq.items() if key not in ("host", "batch")}
    if "host" in job.ardoq:
        arguments["hosturl"] = job.ardoq["host"]
    if "config" in job.ardoq:
        arguments["config"] = resolve_path(job, job.ardoq["config"])
    arguments["on_error"] = job.run.get("on_error", "collect")
    arguments |= {key: value for key, value in settings.items() if value is not None}
    arguments.setdefault("version", DEFAULT_VERSION)
    # If `settings` select v1, `batch` of the job does not apply: v1 has no batches.
    has_batches = arguments["version"] == DEFAULT_VERSION
    arguments.setdefault("batch", job.ardoq.get("batch", True) if has_batches else False)
    if arguments.get("ledger") is False:
        del arguments["ledger"]
    elif "ledger" not in arguments:
        arguments["ledger"] = open_job_ledger(job, read_only=simulate)
    return ArdoqSyncClient(simulate=simulate, progress=progress, **arguments)


def open_job_ledger(job: Job, *, read_only: bool) -> Ledger | None:
    """Return the ledger of a job, None if it has none; with `read_only`, nothing is created or changed.

    Raise `ConfigurationError` if it cannot be used.
    """
    location = ledger_location(job)
    if location is None:
        return None
    ledger = Ledger.open(location, job.name, redact=job.run.get("redact", ()), read_only=read_only)
    if isinstance(location, str):
        _check_job(ledger)
    return ledger


def _check_job(ledger: Ledger) -> None:
    """Raise `ConfigurationError` if the file of a ledger has the runs of other jobs only."""
    others = ledger.jobs()
    if others and ledger.job not in others:
        ledger.close()
        raise ConfigurationError(
            f"{ledger.description} has the runs of the job {quote_name(others[0])}, and none of the job "
            f"{quote_name(ledger.job)}: what a job owns is kept under its name. Set name to "
            f"{quote_name(others[0])} again; for another job, set ledger to another file."
        )


def ledger_location(job: Job) -> str | dict[str, str] | None:
    """Return the path of a job's ledger, or the table that names its database; None if it has none."""
    ledger = job.run.get("ledger", True)
    if isinstance(ledger, dict):
        return ledger
    if isinstance(ledger, str):
        return resolve_path(job, ledger)
    return str(job.path.with_suffix(".ledger.db")) if ledger else None


def lock_of(job: Job, *, take_over: bool = False) -> JobLock:
    """Return the lock of a job."""
    path = resolve_path(job, job.run["lock_file"]) if "lock_file" in job.run else f"{job.path}.lock"
    stale_after = parse_duration(job.run.get("lock_stale_after", ""))
    return JobLock(path, job=job.name, stale_after=stale_after, take_over=take_over)


def begin_run(client: ArdoqSyncClient, command: str, **settings: Any) -> None:
    """Begin a run in the ledger of a client, if it has one and writes to it.

    - `command`: what is run: `apply`, `apply plan` or `undo`.
    - `settings`: `plan_id`, `approved_by` and `undoes`, as `Ledger.begin` takes them.

    Raise `JobRunning` if another process runs the job on the same ledger, and `LedgerError` if it cannot be
    written.
    """
    client._engine.journal.begin(command, **settings)  # noqa: SLF001  (as below)


def check_not_applied(client: ArdoqSyncClient, plan_id: str) -> None:
    """Raise `InvalidInput` if a run in the ledger of a client has applied a plan completely.

    - `plan_id`: the `id` of its identity.
    """
    ledger = client._engine.journal.ledger  # noqa: SLF001
    for run in ledger.runs() if ledger is not None else ():
        if run.plan_id == plan_id and run.status == "success":
            raise InvalidInput(
                f"The plan {plan_id} was applied at {run.started} already, as run {run.number}: make a new "
                "plan, or pass --again."
            )


def end_run(
    client: ArdoqSyncClient,
    document: RunDocument,
    text: Callable[[], str],
    keep_runs: int | None = None,
) -> None:
    """Record in the ledger of a client, if it has one, what the job owns now, and how the run ended.

    - `text`: returns the run document as JSON.
    - `keep_runs`: for how many runs the ledger keeps documents and values.

    Raise `LedgerError` if the ledger cannot be written.
    """
    engine = client._engine  # noqa: SLF001
    engine.writes.end_run(engine.kinds.values(), RunEnd(document, text, keep_runs))


def check_before_writes(client: ArdoqSyncClient, check: Callable[[], None]) -> None:
    """Have a client call a function before each request that writes, such as `JobLock.check`.

    An error that the function raises is the reason why that write failed; `JobRunning` ends the run of a job.
    """
    client._engine.writes.sender.before_request = check  # noqa: SLF001  (the client and its jobs are one package)


def resolve_path(job: Job, path: str) -> str:
    """Return a path that a job names; a relative path starts from the folder of the job."""
    return str(job.path.parent / path)
