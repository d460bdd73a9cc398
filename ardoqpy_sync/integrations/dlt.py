"""dlt: resources as the rows of a job, and a job as the destination of a pipeline."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy.errors import ArdoqClientException, ConfigurationError, InvalidInput
from ardoqpy_sync.integrations.unattended import explain_failure, run_unattended
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.exit_codes import CHANGES, DONE
from ardoqpy_sync.sources.options import require_extra

with require_extra("dlt", "dlt", "The integration for dlt"):
    import dlt
    from dlt.common import logger
    from dlt.common.destination.exceptions import DestinationTerminalException, DestinationTransientException

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dlt.common.destination import AnyDestination
    from dlt.extract import DltResource, DltSource

    from ardoqpy_sync.job.execution import RunResult

#: The name of the destination, and of the section with its settings.
NAME = "ardoq"
#: So many rows of a table are one run.
BATCH = 10_000


def run_resources(
    job_file: str,
    resources: DltSource | DltResource | Iterable[DltResource],
    *,
    partial: bool | None = None,
    **settings: Any,
) -> RunResult:
    """Run a job with the rows of dlt resources, and return the result.

    - `resources`: a source of dlt, or resources; each has the name of a source of the job.
    - `partial`: whether the rows are not the whole source, so that nothing is missing; by default, they are
      not if a resource is incremental or has a limit. The other sources of the job are then left out.
    - `settings`: as for `run_unattended`. Without `hosturl` and `token`, they are `ardoq.host` and
      `ardoq.token` of dlt's config and secrets; the job or the environment gives what is not there, either.

    Raise `ArdoqClientException` with the reason if the run failed or the delete guard blocked.
    """
    if hasattr(resources, "selected_resources"):
        resources = resources.selected_resources.values()
    elif hasattr(resources, "incremental"):
        resources = [resources]
    rows = {resource.name: resource for resource in resources}
    if partial is None:
        partial = any(resource.incremental or resource.limit for resource in rows.values())
    settings = {
        "hosturl": dlt.config.get(f"{NAME}.host"),
        "token": dlt.secrets.get(f"{NAME}.token"),
        "org": dlt.config.get(f"{NAME}.org"),
        **settings,
    }
    result = run_unattended(job_file, rows=rows, partial=partial, **settings)
    _log(result)
    if result.exit_code not in (DONE, CHANGES):
        raise ArdoqClientException(explain_failure(result)) from result.error
    return result


def ardoq_destination(
    job_file: str, *, reports: str | None = None, name: str = NAME, batch_size: int = BATCH
) -> AnyDestination:
    """Return a destination that writes each table with a job, whose source has the name of the table.

    - `reports`: a folder for the reports: a page for each run.
    - `name`: the name of the destination, which has its settings: `host` and `token`, and if needed `org`,
      `version` and `allow_http`, in `[destination.NAME]`.
    - `batch_size`: so many rows are one run of the job.

    Rows create and update; nothing is missing, because dlt loads changes. A row that fails ends the load;
    Ardoq being unreachable, or another run of the job, lets dlt try again.
    """

    @dlt.destination(
        name=name,
        batch_size=batch_size,
        loader_parallelism_strategy="sequential",  # the lock of a job allows one run at a time
    )
    def write_with_job(
        items: list[dict[str, Any]],
        table: dict[str, Any],
        host: str = dlt.config.value,
        token: dlt.TSecretStrValue = dlt.secrets.value,
        org: str | None = None,
        version: str | None = None,
        allow_http: bool | None = None,  # noqa: FBT001  (dlt passes it by name)
    ) -> None:
        # dlt leaves out what is None; all columns of the table are columns of the source.
        empty = dict.fromkeys(table["columns"])
        result = run_unattended(
            job_file,
            rows={table["name"]: [{**empty, **item} for item in items]},
            partial=True,
            report=_report_path(reports, table["name"]),
            hosturl=host,
            token=token,
            org=org,
            version=version,
            allow_http=allow_http,
        )
        _log(result)
        _raise_failure(result)

    return write_with_job()


def _report_path(folder: str | None, table: str) -> str | None:
    now = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    return None if folder is None else str(Path(folder, f"{table}-{now}.html"))


def _log(result: RunResult) -> None:
    for line in terminal.render(result.document):
        logger.info("%s", line)


def _raise_failure(result: RunResult) -> None:
    """Raise the error of a run that failed; dlt tries again what can pass."""
    if result.exit_code == DONE:
        return
    is_final = not result.ended_early or isinstance(result.error, InvalidInput | ConfigurationError)
    error = DestinationTerminalException if is_final else DestinationTransientException
    raise error(explain_failure(result)) from result.error
