"""Dagster: the connection to Ardoq as a resource, and a job as an asset with a check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.integrations.unattended import explain_failure, run_unattended
from ardoqpy_sync.job.connect import DEFAULT_VERSION
from ardoqpy_sync.reporting import markdown, terminal
from ardoqpy_sync.reporting.exit_codes import BLOCKED, FAILED, INTERRUPTED
from ardoqpy_sync.sources.options import require_extra

with require_extra("dagster", "dagster", "The integration for Dagster"):
    from dagster import (
        AssetCheckResult,
        AssetCheckSeverity,
        AssetCheckSpec,
        AssetExecutionContext,
        AssetIn,
        AssetKey,
        AssetsDefinition,
        ConfigurableResource,
        Failure,
        MaterializeResult,
        MetadataValue,
        asset,
    )
    from pydantic import Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy_sync.job.execution import RunResult

#: The name of the asset check.
DELETE_GUARD = "delete_guard"
#: How many characters of the report are in the metadata of an asset.
MAX_REPORT = 20_000


class ArdoqResource(ConfigurableResource):
    """The connection to Ardoq, with the arguments of `ArdoqSyncClient`; give the token as an `EnvVar`."""

    host: str
    token: str = Field(repr=False)
    org: str | None = None
    version: str = DEFAULT_VERSION
    allow_http: bool = False
    rate_limit: float | None = None

    def run(self, job_file: str, **settings: Any) -> RunResult:
        """Run a job, and return the result; the settings are those of `run_unattended`."""
        return run_unattended(
            job_file,
            **settings,
            hosturl=self.host,
            token=self.token,
            org=self.org,
            version=self.version,
            allow_http=self.allow_http,
            rate_limit=self.rate_limit,
        )


def ardoq_asset(
    job_file: str,
    *,
    rows: Mapping[str, Any] | None = None,
    partial: bool = False,
    report: str | None = None,
    resource: str = "ardoq",
    **settings: Any,
) -> AssetsDefinition:
    """Return an asset that runs a job, with a check that fails if the delete guard blocks.

    - `rows`: by the name of a source, the key of the asset whose value is its rows: a list of dicts.
    - `partial`: whether these rows are not the whole source: they create and update, nothing is missing, and
      the other sources of the job are left out.
    - `report`: the file for the report; `{run_id}` in it stands for the id of Dagster's run.
    - `resource`: the name of the `ArdoqResource`.
    - `settings`: as for `dagster.asset`; the `name` is that of the job file, unless it is given.

    The metadata of the asset are the totals of the run, and its report as Markdown. What is downstream of
    the asset does not run if the check fails. The asset fails if rows fail or the run cannot be completed;
    without a retry, if a conflict waits for a decision.
    """
    key = AssetKey([*settings.get("key_prefix", ()), settings.setdefault("name", Path(job_file).stem)])
    inputs = {f"rows_{number}": source for number, source in enumerate(rows or ())}

    @asset(
        ins={name: AssetIn(AssetKey.from_coercible((rows or {})[source])) for name, source in inputs.items()},
        check_specs=[AssetCheckSpec(DELETE_GUARD, asset=key, blocking=True)],
        required_resource_keys={resource},
        **{"compute_kind": "ardoq", **settings},
    )
    def run_job_file(**given: Any) -> MaterializeResult:
        context = AssetExecutionContext.get()
        path = None if report is None else report.replace("{run_id}", context.run_id)
        connection: ArdoqResource = getattr(context.resources, resource)
        given_rows = {source: given[name] for name, source in inputs.items()}
        result = connection.run(job_file, rows=given_rows or None, partial=partial, report=path)
        context.log.info("\n".join(terminal.render(result.document)))
        return _to_materialize_result(result, path)

    return run_job_file


def _to_materialize_result(result: RunResult, report: str | None) -> MaterializeResult:
    """Return the metadata and the check of a run; raise `Failure` for a run that failed."""
    document, totals = result.document, result.document["totals"]
    metadata: dict[str, object] = {
        f"{kind}s {action}": count
        for kind, counts in (("component", totals["component"]), ("reference", totals["reference"]))
        for action, count in counts.items()
    }
    metadata["report"] = MetadataValue.md(markdown.render_text(document, max_chars=MAX_REPORT))
    if report is not None:
        metadata["report file"] = MetadataValue.path(report)
    guard = document["delete_guard"]
    is_stopped = result.exit_code == BLOCKED and guard is None
    if is_stopped or result.exit_code in (FAILED, INTERRUPTED):
        is_final = is_stopped or isinstance(result.error, InvalidInput)
        raise Failure(explain_failure(result), metadata, allow_retries=not is_final)
    check = AssetCheckResult(
        check_name=DELETE_GUARD,
        passed=guard is None,
        severity=AssetCheckSeverity.ERROR,
        description=None if guard is None else explain_failure(result),
    )
    return MaterializeResult(metadata=metadata, check_results=[check])
