"""The client that a job runs with: its table `[ardoq]`, and what is said otherwise for one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy_sync.client import ArdoqSyncClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy_sync.job.model import Job

__all__ = ["beside", "client_of"]

#: What the command and jobs speak unless told otherwise: the version that Ardoq documents.
VERSION = "v2"


def client_of(
    job: Job,
    *,
    simulate: bool,
    previous_report: Mapping[str, Any] | None = None,
    progress: Callable[[int, int | None, str], object] | bool | None = None,
    **otherwise: Any,
) -> ArdoqSyncClient:
    """Return the client for a run of a job, as its tables `[ardoq]` and `[run]` say.

    - `simulate`: send no write.
    - `previous_report`: what the last run came to, such as `read_memory` gives it; `progress`: as for
      `ArdoqSyncClient`.
    - `otherwise`: arguments of `ArdoqSyncClient` that go before what the job says, such as `hosturl`,
      `config`, `version` or `timeout`; None leaves it to the job.

    What neither says comes from the environment, then from the cfg file; the job's is looked for beside it.
    v2 unless said, and there in batches. Close it, or use it in a `with`.

    Raise `ConfigurationError` where a setting is missing or makes no sense; nothing is sent.
    """
    told = {name: value for name, value in job.ardoq.items() if name not in ("host", "batch")}
    if "host" in job.ardoq:
        told["hosturl"] = job.ardoq["host"]
    if "config" in told:
        told["config"] = beside(job, told["config"])
    told["on_error"] = job.run.get("on_error", "collect")
    told |= {name: value for name, value in otherwise.items() if value is not None}
    told.setdefault("version", VERSION)
    # v1 has no batches: a job that is told to speak it for once, does without.
    told.setdefault("batch", job.ardoq.get("batch", True) if told["version"] == VERSION else False)
    return ArdoqSyncClient(simulate=simulate, previous_report=previous_report, progress=progress, **told)


def beside(job: Job, name: str) -> str:
    """Return the path of a file that a job names: it is looked for beside the job's own."""
    return str(job.path.parent / name)
