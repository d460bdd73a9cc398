"""The client of a job, with the settings of its table `[ardoq]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy_sync.client import ArdoqSyncClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.job.model import Job

#: The API version of jobs that name none: the version that Ardoq documents.
DEFAULT_VERSION = "v2"


def open_client(
    job: Job,
    *,
    simulate: bool,
    previous_report: Mapping[str, Any] | None = None,
    progress: Callable[[int, int | None, str], object] | bool | None = None,
    **settings: Any,
) -> ArdoqSyncClient:
    """Return a client with the settings of a job's tables `[ardoq]` and `[run]`.

    - `simulate`: whether to send no writes.
    - `previous_report`: the counts of the last run, as `read_state` returns them.
    - `progress`: as for `ArdoqSyncClient`.
    - `settings`: arguments of `ArdoqSyncClient`, such as `hosturl`, `config`, `version` or `timeout`, that
      override the job; None keeps the setting of the job.

    Other settings are read from environment variables, then from the config file; its path starts from the
    folder of the job. The version is v2 unless set otherwise; v2 writes in batches, v1 has no batches. Close
    the client, or use it in a `with` block.

    Raise `ConfigurationError` if a setting is missing or not valid; nothing is sent.
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
    return ArdoqSyncClient(simulate=simulate, previous_report=previous_report, progress=progress, **arguments)


def check_before_writes(client: ArdoqSyncClient, check: Callable[[], None]) -> None:
    """Have a client call a function before each request that writes, such as `JobLock.check`.

    An error that the function raises is the reason why that write failed; `JobRunning` ends the run of a job.
    """
    client._engine.writes.sender.before_request = check  # noqa: SLF001  (the client and its jobs are one package)


def resolve_path(job: Job, path: str) -> str:
    """Return a path that a job names; a relative path starts from the folder of the job."""
    return str(job.path.parent / path)
