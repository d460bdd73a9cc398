"""Run a job for an engine: with its lock, its ledger and its report, and without a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name, suggest
from ardoqpy._terminal import escape_controls
from ardoqpy.errors import ArdoqClientException, InvalidInput
from ardoqpy_sync.job import load_job
from ardoqpy_sync.job.connect import lock_of
from ardoqpy_sync.job.execution import RunContext, apply_job, apply_plan, attempt, preview_job
from ardoqpy_sync.job.rejected import used_sources
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.reporting.exit_codes import FAILED, most_severe
from ardoqpy_sync.reporting.failures import group_failures
from ardoqpy_sync.reporting.labels import headline
from ardoqpy_sync.reporting.save import save_report
from ardoqpy_sync.reporting.summary import Summary, summarize
from ardoqpy_sync.reporting.terminal import guard_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ardoqpy_sync.job import Job
    from ardoqpy_sync.job.execution import GivenRows, RunResult

    #: The rows of each source by its name, or those of a job's only source.
    RowsOfJob = GivenRows | Iterable[Mapping[str, Any]]

#: How many reasons of failed rows the message for a failed run has.
MAX_FAILURES = 5


class EngineSummary(Summary):
    """The summary of a run, and the files that it wrote."""

    report: str | None
    plan: str | None


def run_unattended(
    job_file: str,
    *,
    rows: RowsOfJob | None = None,
    partial: bool = False,
    plan_only: bool = False,
    plan_file: str | None = None,
    report: str | None = None,
    approved_by: str | None = None,
    check_interrupt: Callable[[], None] = lambda: None,
    **settings: Any,
) -> RunResult:
    """Run or preview a job, or apply a plan of it, and return the result, however it ends.

    - `rows`: rows to use instead of those of a source; see `RowsOfJob`.
    - `partial`: the rows are not the whole source; see `run_job`.
    - `plan_only`: whether to preview alone. `plan_file` is then where the plan is saved; otherwise it is the
      plan to apply.
    - `report`: the file for the report, whose folder is created; see `save_report`.
    - `approved_by`: who approved the plan.
    - `check_interrupt`: raises `KeyboardInterrupt` if the engine stops the run.
    - `settings`: as for `open_client`.

    An error is the `error` of the result.
    """

    def work(context: RunContext) -> RunResult:
        job = load_job(job_file)
        given = None if rows is None else _rows_by_source(job, rows)
        if plan_only:
            return preview_job(job, context, save=plan_file, rows=given, partial=partial, **settings)
        if plan_file is None:
            with lock_of(job) as lock:
                return apply_job(job, context, lock, rows=given, partial=partial, **settings)
        if given is not None:
            raise InvalidInput(
                "A plan has its rows already: pass rows or a plan_file to apply, not both of them."
            )
        plan = Plan.load(plan_file)
        return apply_plan(plan, context, job=job, path=plan_file, approved_by=approved_by, **settings)

    context = RunContext(Path(job_file).name, plan_only, check_interrupt)
    result = attempt(context, work)
    if report is not None:
        try:
            Path(report).parent.mkdir(parents=True, exist_ok=True)
            save_report(result.document, report)
        except (ArdoqClientException, OSError) as problem:
            result.errors.append(f"The report cannot be written: {problem}")
            result.exit_code = most_severe(result.exit_code, FAILED)
    return result


def summary_of(
    result: RunResult, *, plan_only: bool, plan_file: str | None, report: str | None
) -> EngineSummary:
    """Return the summary of a run, with the arguments of `run_unattended`."""
    command = "plan" if plan_only else "apply"
    return {**summarize(result.document, command, result.exit_code), "report": report, "plan": plan_file}


def explain_failure(result: RunResult) -> str:
    """Return why a run failed or was blocked: its errors, the delete guard, failed rows, and the headline."""
    guard = result.document["delete_guard"]
    sentences = [*result.errors, *([guard["sentence"], *guard_lines(guard)] if guard else ())]
    if not result.errors and result.ended_early:
        sentences.append(result.document["description"])
    failures = group_failures(result.document["failed"])
    sentences += [f"{group.rows[0]['label']}: {group.describe(300)}" for group in failures[:MAX_FAILURES]]
    sentences.append(f"{result.document['title']}: {headline(result.document)}")
    return "\n".join(map(escape_controls, sentences))


def _rows_by_source(job: Job, rows: RowsOfJob) -> GivenRows:
    """Return rows by the name of their source; raise `InvalidInput` if the job reads no such source."""
    names = used_sources(job)
    if not isinstance(rows, Mapping):
        if len(names) != 1:
            raise InvalidInput(
                f"The job reads {len(names)} sources: pass the rows as a dict from the name of a source to "
                f"its rows; the names are {', '.join(map(quote_name, names))}."
            )
        return {names[0]: rows}
    for name in rows:
        if name not in names:
            raise InvalidInput(f"The job reads no source {quote_name(name)}: {suggest(name, names)}")
    return rows
