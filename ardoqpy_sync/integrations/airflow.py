"""Airflow: the connection to Ardoq as a hook, and a job as an operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from ardoqpy import ArdoqClient
from ardoqpy.config import Token
from ardoqpy.errors import ArdoqClientException, InvalidInput
from ardoqpy_sync.integrations.unattended import explain_failure, run_unattended, summary_of
from ardoqpy_sync.job.connect import DEFAULT_VERSION
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.exit_codes import BLOCKED, FAILED, INTERRUPTED
from ardoqpy_sync.reporting.summary import is_unchanged
from ardoqpy_sync.sources.options import require_extra

with require_extra("airflow", "apache-airflow-core", "The integration for Airflow"):
    from airflow.sdk import BaseHook, BaseOperator
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from ardoqpy_sync.integrations.unattended import EngineSummary, RowsOfJob
    from ardoqpy_sync.job.execution import RunResult

DEFAULT_CONNECTION = "ardoq_default"


class Settings(TypedDict, total=False):
    """The settings of a client that a connection has."""

    hosturl: str
    token: Token
    org: str
    version: str
    allow_http: bool
    rate_limit: float


class ArdoqHook(BaseHook):
    """The connection to Ardoq: its host, the access token as its password, and the rest as `extra`.

    `extra` has `org`, `version`, `allow_http` and `rate_limit`, as `ArdoqSyncClient` takes them. Each task
    has a client of its own: with a pool of 4 slots, `rate_limit` is a quarter of the rate of all tasks.
    """

    conn_name_attr = "ardoq_conn_id"
    default_conn_name = DEFAULT_CONNECTION
    conn_type = "ardoq"
    hook_name = "Ardoq"

    def __init__(self, ardoq_conn_id: str = DEFAULT_CONNECTION) -> None:
        """Take the id of a connection of type `ardoq`."""
        super().__init__()
        self.ardoq_conn_id = ardoq_conn_id

    def settings(self) -> Settings:
        """Return what the connection sets; a job or the environment gives the rest."""
        connection = self.get_connection(self.ardoq_conn_id)
        if connection.conn_type not in (None, self.conn_type):
            raise InvalidInput(
                f"The connection {self.ardoq_conn_id!r} is of type {connection.conn_type!r}. Use one of type "
                f"{self.conn_type!r}."
            )
        extra = connection.extra_dejson
        settings: Settings = {}
        if connection.host:
            host = connection.host if "://" in connection.host else f"https://{connection.host}"
            settings["hosturl"] = f"{host}:{connection.port}" if connection.port else host
        if connection.password:
            settings["token"] = Token(connection.password)
        if extra.get("org"):
            settings["org"] = extra["org"]
        if extra.get("version"):
            settings["version"] = extra["version"]
        if str(extra.get("allow_http", "")).lower() == "true":
            settings["allow_http"] = True
        if extra.get("rate_limit"):
            settings["rate_limit"] = float(extra["rate_limit"])
        return settings

    def get_conn(self) -> ArdoqClient:
        """Return a client for the connection; use it in a `with` block."""
        settings = self.settings()
        settings.setdefault("version", DEFAULT_VERSION)
        return ArdoqClient(**settings)

    def test_connection(self) -> tuple[bool, str]:
        """Return whether Ardoq accepts the connection, and as whom, or why it does not."""
        try:
            with self.get_conn() as client:
                client.get_current_user()
                return True, f"{client.hosturl} accepts the access token."
        except ArdoqClientException as problem:
            return False, str(problem)


class ArdoqSyncOperator(BaseOperator):
    """Run a job, preview it, or apply a plan of it.

    - `job_file`: the path of the job file on the worker.
    - `rows`: rows to use instead of those of a source, such as the output of another task: a list of dicts,
      or a dict from the name of a source to its list.
    - `partial`: whether the rows are not the whole source: they create and update, nothing is missing, and
      the other sources of the job are left out.
    - `plan_only`: whether to preview alone; `plan_file` is then where the plan is saved. Without `plan_only`,
      `plan_file` is the plan to apply, and `approved_by` who approved it.
    - `report`: the file for the report; its suffix is `.html`, `.md` or `.json`.
    - `skip_unchanged`: whether a run that has nothing to change is skipped, and with it what follows.
    - `ardoq_conn_id`: the connection.

    The value of the task is the summary of the run; `totals` and `report` are XComs of their own, also if the
    run fails. They are the `extra` of each asset in `outlets`, too. If the delete guard blocks, if a conflict
    waits for a decision, or if the plan has expired or was edited, the task fails without a retry.
    """

    template_fields: Sequence[str] = (
        *("job_file", "rows", "plan_file", "report", "approved_by", "ardoq_conn_id"),
    )
    ui_color = "#e8f4f8"

    def __init__(
        self,
        *,
        job_file: str,
        rows: RowsOfJob | None = None,
        partial: bool = False,
        plan_only: bool = False,
        plan_file: str | None = None,
        approved_by: str | None = None,
        report: str | None = None,
        skip_unchanged: bool = False,
        ardoq_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        """Take the job and its settings; the class lists them."""
        super().__init__(**kwargs)
        self.job_file = job_file
        self.rows = rows
        self.partial = partial
        self.plan_only = plan_only
        self.plan_file = plan_file
        self.approved_by = approved_by
        self.report = report
        self.skip_unchanged = skip_unchanged
        self.ardoq_conn_id = ardoq_conn_id
        self._is_killed = False

    def execute(self, context: Context) -> EngineSummary:
        """Run the job, and return the summary."""
        result = run_unattended(
            self.job_file,
            rows=self.rows,
            partial=self.partial,
            plan_only=self.plan_only,
            plan_file=self.plan_file,
            report=self.report,
            approved_by=self.approved_by,
            check_interrupt=self._check_killed,
            **ArdoqHook(self.ardoq_conn_id).settings(),
        )
        for line in terminal.render(result.document):
            self.log.info("%s", line)
        summary = summary_of(result, plan_only=self.plan_only, plan_file=self.plan_file, report=self.report)
        for key in ("totals", "report"):
            context["ti"].xcom_push(key=key, value=summary[key])
        for asset in self.outlets:
            context["outlet_events"][asset].extra = {"totals": summary["totals"], "report": self.report}
        self._raise_failure(result)
        if self.skip_unchanged and is_unchanged(result.document):
            raise AirflowSkipException("Nothing is to be changed in Ardoq.")
        return summary

    def on_kill(self) -> None:
        """Stop the run before its next write."""
        self._is_killed = True

    def _check_killed(self) -> None:
        if self._is_killed:
            raise KeyboardInterrupt

    def _raise_failure(self, result: RunResult) -> None:
        """Raise the error of a run that failed or was blocked; only some errors are worth a retry."""
        if result.exit_code == BLOCKED or isinstance(result.error, InvalidInput):
            raise AirflowFailException(explain_failure(result)) from None
        if result.exit_code in (FAILED, INTERRUPTED):
            raise AirflowException(explain_failure(result)) from result.error
