"""Preview or run a job, or apply a plan: the run document and the exit code, for commands and integrations.

However a run ends, what it wrote is in its run document and in the ledger of the job.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ardoqpy.errors import ArdoqClientException, BlockReason, DeleteBlocked, InvalidInput, PlanDrifted
from ardoqpy_sync import json_file
from ardoqpy_sync.client import ArdoqSyncClient
from ardoqpy_sync.job.connect import (
    DEFAULT_VERSION,
    begin_run,
    check_before_writes,
    check_not_applied,
    end_run,
    lock_of,
    open_client,
)
from ardoqpy_sync.job.file.problems import JobInvalid
from ardoqpy_sync.job.redaction import check_redacted
from ardoqpy_sync.job.runner import run_job
from ardoqpy_sync.job.trace import RunTrace
from ardoqpy_sync.lock import JobLock
from ardoqpy_sync.plans.approval import MAX_AGE, check_approval, check_job
from ardoqpy_sync.plans.plan import origin_now
from ardoqpy_sync.reporting.document import build_failed_document, build_run_document, without_token
from ardoqpy_sync.reporting.exit_codes import BLOCKED, DONE, FAILED, INTERRUPTED, exit_code_of, most_severe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ardoqpy_sync.documents import PlanIdentity, RunDocument
    from ardoqpy_sync.job.file.model import Job
    from ardoqpy_sync.plans.plan import Plan

    #: By source name, rows to use instead of those in the job.
    GivenRows = Mapping[str, Iterable[Mapping[str, Any]]]
    #: The file that a plan is saved to, or a function that is called with the plan.
    SavePlan = str | Callable[[Plan], object]
    #: A function that gets what a run made of each row, its client and its result.
    AfterRun = Callable[[RunTrace, ArdoqSyncClient, "RunResult"], None]


def interrupted_message(*, simulated: bool) -> str:
    """Return the message of a run, or a preview, that was interrupted."""
    return f"The {'preview' if simulated else 'run'} was interrupted."


@dataclass(slots=True)
class RunResult:
    """The result of a run.

    - `document`: the run document; `exit_code`: the exit code.
    - `long`: whether a command prints every change in full; `more_lines`: lines for after the summary.
    - `errors`, `warnings`: further messages; `findings`: what the sources have shown.
    - `started`: whether the run started; `ended_early`: whether it stopped before its end.
    - `error`: the error that ended the run, if one did.
    """

    document: RunDocument
    exit_code: int
    long: bool = False
    more_lines: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    started: bool = True
    ended_early: bool = False
    error: Exception | None = None
    _text: str | None = field(default=None, init=False, repr=False)

    def text(self) -> str:
        """Return the run document as JSON; the ledger and a report in a file have the same."""
        if self._text is None:
            self._text = json_file.encode(self.document, "run document")
        return self._text


@dataclass(slots=True)
class RunContext:
    """What is known of a run, however it ends: its title, its plan, and its client if any.

    - `check_interrupt`: raises `KeyboardInterrupt` if the run was interrupted; called before each write.
    """

    title: str
    simulated: bool
    check_interrupt: Callable[[], None] = lambda: None
    client: ArdoqSyncClient | None = None
    applied: PlanIdentity | None = None

    def check_before_writes(self, client: ArdoqSyncClient, lock: JobLock) -> None:
        """Have a client stop before a write if the lock is lost, or the run was interrupted."""

        def check() -> None:
            self.check_interrupt()
            lock.check()

        check_before_writes(client, check)

    def result_so_far(self, exit_code: int, messages: list[str]) -> RunResult:
        """Return the result of a run that ended early, with all that it wrote until then."""
        reason = "\n".join(messages)
        client = self.client
        if client is None:
            origin = origin_now(api="?", host="?", org=None, simulated=self.simulated)
            document = build_failed_document(self.title, reason, origin, applied=self.applied)
            return RunResult(document, exit_code, errors=messages, started=False, ended_early=True)
        client.give_up(reason)
        try:
            document = build_run_document(client, title=self.title, applied=self.applied)
        except Exception:  # noqa: BLE001  (a document without the parts that an interrupt may have left open)
            origin = origin_now(
                api=client.version, host=client.hosturl, org=client.org, simulated=self.simulated
            )
            document = build_failed_document(self.title, reason, origin, client.plan, self.applied)
        started = bool(document["changes"] or document["failed"])
        result = RunResult(document, exit_code, errors=messages, started=started, ended_early=True)
        with suppress(ArdoqClientException):  # the reason is reported, and what is left open is settled later
            end_run(client, document, result.text)
        return result


def describe_error(problem: Exception) -> list[str]:
    """Return the messages of an error: each mistake of an invalid job, or its one sentence.

    The text of an error that nobody foresaw is left out, since it may contain a secret.
    """
    if isinstance(problem, JobInvalid):
        return [mistake.describe(problem.file) for mistake in problem.problems]
    if isinstance(problem, ArdoqClientException):
        return [str(problem)]
    return [f"Unexpected error: {type(problem).__name__}."]


def attempt(
    context: RunContext,
    work: Callable[[RunContext], RunResult],
    describe: Callable[[Exception], list[str]] = describe_error,
) -> RunResult:
    """Do the work of a run, and return its result, also if an error or an interrupt ended it early.

    - `describe`: returns the messages for an error.
    """
    try:
        return work(context)
    except KeyboardInterrupt:
        return context.result_so_far(INTERRUPTED, [interrupted_message(simulated=context.simulated)])
    except Exception as problem:  # noqa: BLE001  (a bug has to be reported as well)
        result = context.result_so_far(FAILED, describe(problem))
        result.error = problem
        return result


def preview_job(
    job: Job,
    context: RunContext,
    *,
    save: SavePlan | None = None,
    rows: GivenRows | None = None,
    partial: bool = False,
    after: AfterRun | None = None,
    progress: bool = False,
    **settings: Any,
) -> RunResult:
    """Preview a job: nothing is written to Ardoq.

    - `save`: a file for the plan, or a function that keeps it; the result has an error if it is not saved.
    - `rows`, `partial`, `after`: as for `run_with_client`.
    - `progress`, `settings`: as for `open_client`.
    """
    context.title = job.name
    with open_client(job, simulate=True, progress=progress, **settings) as client:
        context.client = client
        result = run_with_client(job, client, rows=rows, partial=partial, after=after)
        if save is not None and result.ended_early:
            result.errors.append("The plan is not saved, because the preview did not finish.")
        elif save is not None:
            save_plan(client, client.plan, save, result)
        return result


def apply_job(
    job: Job,
    context: RunContext,
    lock: JobLock,
    *,
    rows: GivenRows | None = None,
    partial: bool = False,
    after: AfterRun | None = None,
    progress: bool = False,
    **settings: Any,
) -> RunResult:
    """Run a job, and record the run in its ledger.

    - `lock`: the lock of the job, which the caller holds; see `lock_of`.
    - `rows`, `partial`, `after`: as for `run_with_client`.
    - `progress`, `settings`: as for `open_client`.
    """
    context.title = job.name
    with open_client(job, simulate=False, progress=progress, **settings) as client:
        context.client = client
        context.check_before_writes(client, lock)
        begin_run(client, "apply")
        return run_with_client(job, client, rows=rows, partial=partial, after=after)


def apply_plan(
    plan: Plan,
    context: RunContext,
    *,
    job: Job | None = None,
    path: str,
    on_drift: str = "skip",
    allow_edited: bool = False,
    max_age: float | None = MAX_AGE,
    approved_by: str | None = None,
    again: bool = False,
    take_over: bool = False,
    progress: bool = False,
    **settings: Any,
) -> RunResult:
    """Apply a plan, exactly as it was made, and record the run in the ledger of its job.

    - `job`: its job, for the connection and the ledger; None if there is none.
    - `path`: the file of the plan; without a job, the lock is beside it.
    - `on_drift`: as for `ArdoqSyncClient.apply`.
    - `allow_edited`, `max_age`: as for `check_approval`; `approved_by`: who approved it, for the report.
    - `again`: whether a plan that was applied completely is applied again.
    - `take_over`: whether the lock is taken over, as for `JobLock`.
    - `progress`, `settings`: as for `open_client`.
    """
    made_at = plan.origin["at"]
    context.title = f"Plan of {made_at}" if job is None else f"{job.name}, plan of {made_at}"
    context.applied = plan.identity(approved_by)
    check_approval(plan, allow_edited=allow_edited, max_age=max_age)
    check_job(plan, None if job is None else job.name)
    with (
        JobLock(f"{path}.lock", job=context.title, take_over=take_over)
        if job is None
        else lock_of(job, take_over=take_over) as lock,
        _client_of_plan(plan, settings, progress=progress)
        if job is None
        else open_client(job, simulate=False, progress=progress, **settings) as client,
    ):
        context.client = client
        context.check_before_writes(client, lock)
        undoes = plan.origin.get("undoes")
        if job is not None:
            check_redacted(job, client)
        if not again:
            check_not_applied(client, context.applied["id"])
        begin_run(
            client,
            "apply plan" if undoes is None else "undo",
            undoes=undoes,
            plan_id=context.applied["id"],
            approved_by=approved_by,
        )
        result = apply_with_client(plan, client, on_drift, context)
        return result if job is None else record_result(job, client, result)


def _client_of_plan(plan: Plan, settings: dict[str, Any], *, progress: bool) -> ArdoqSyncClient:
    """Return a client for a plan without its job: the API version is the plan's, the host never is."""
    settings.setdefault("version", plan.origin["api"])
    batch = settings["version"] == DEFAULT_VERSION
    return ArdoqSyncClient(batch=batch, on_error="collect", progress=progress, **settings)


def apply_with_client(
    plan: Plan, client: ArdoqSyncClient, on_drift: str, context: RunContext, notes: Sequence[str] = ()
) -> RunResult:
    """Apply a plan with a client and return the result, also if it is interrupted.

    - `notes`: sentences for the run document.
    """
    exit_code, more_lines = DONE, []
    try:
        result = client.apply(plan, on_drift)
        more_lines = [result["sentence"]]
        if result["not_deleted"] or any(change["changes"] for change in result["drifted"]):
            exit_code = BLOCKED  # not all of the plan could be applied as it was reviewed
        if result["failed"]:
            exit_code = FAILED
    except KeyboardInterrupt:
        client.give_up(interrupted_message(simulated=client.simulate))
        exit_code = INTERRUPTED
    except ArdoqClientException as problem:
        client.give_up(str(problem))
        exit_code = BLOCKED if isinstance(problem, PlanDrifted) else FAILED
    document = build_run_document(client, title=context.title, notes=notes, applied=context.applied)
    return RunResult(document, most_severe(exit_code, exit_code_of(document)), more_lines=more_lines)


def run_with_client(
    job: Job,
    client: ArdoqSyncClient,
    *,
    rows: GivenRows | None = None,
    partial: bool = False,
    after: AfterRun | None = None,
) -> RunResult:
    """Run a job with a client and return the result, also if it is interrupted.

    - `rows`: by source name, rows to use instead of those in the job: each a dict from column to cell.
    - `partial`: the rows are not the whole source; see `run_job`.
    - `after`: called with what the run made of each row, its client and its result, such as to save the
      rejected rows.
    """
    trace = None if after is None else RunTrace()
    result = run_with_trace(job, client, trace, rows, partial=partial)
    if after is not None and trace is not None:
        after(trace, client, result)
    return result


def run_with_trace(
    job: Job,
    client: ArdoqSyncClient,
    trace: RunTrace | None,
    rows: GivenRows | None = None,
    *,
    partial: bool = False,
) -> RunResult:
    """Run a job with a client and return the result; the trace gets what the run makes of each row."""
    try:
        result = run_job(job, client, sources=rows, partial=partial, trace=trace)
    except KeyboardInterrupt:
        client.give_up(interrupted_message(simulated=client.simulate))
        document = build_run_document(client, title=job.name)
        return record_result(job, client, RunResult(document, INTERRUPTED, ended_early=True))
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
    done = RunResult(document, exit_code, findings=result.findings, ended_early=ended_early)
    return record_result(job, client, done)


def record_result(job: Job, client: ArdoqSyncClient, result: RunResult) -> RunResult:
    """Record the end of a run in the ledger of its job, and return its result."""
    try:
        end_run(client, result.document, result.text, job.run.get("keep_runs"))
    except ArdoqClientException as problem:
        result.errors.append(str(problem))
        result.exit_code = most_severe(result.exit_code, FAILED)
    return result


def save_plan(client: ArdoqSyncClient, plan: Plan, save: SavePlan, result: RunResult) -> None:
    """Save a plan, or have it kept; if that fails, add the reason to the result.

    A plan with the token in a value is not saved: without it, its values would be others.
    """
    try:
        data = plan.as_dict()
        if without_token(client, data) is not data:
            raise InvalidInput("The plan is not saved: a value in it contains your access token. Remove it.")
        if callable(save):
            save(plan)
        else:
            json_file.write(save, data, "plan")
    except ArdoqClientException as problem:
        result.errors.append(str(problem))
        result.exit_code = FAILED


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
