"""Run the tests of a job, each on what it says is in Ardoq, on an emulator."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ardoqpy.errors import ArdoqClientException, InvalidInput
from ardoqpy_sync.job.connect import open_client
from ardoqpy_sync.job.file.problems import JobInvalid, Problem
from ardoqpy_sync.job.rows.row_mapping import list_columns
from ardoqpy_sync.job.runner import run_job
from ardoqpy_sync.job.testing.comparison import Difference, compare
from ardoqpy_sync.job.testing.seed import ModelSeed, only_model
from ardoqpy_sync.reporting.document import build_run_document
from ardoqpy_sync.sources.json_path import parse_path, read_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.documents import RunDocument
    from ardoqpy_sync.job.file.model import ArdoqTable, Job
    from ardoqpy_sync.job.testing.model import JobTest
    from ardoqpy_sync.job.testing.seed import Mistake


class Server(Protocol):
    """An emulator that runs."""

    token: str

    @property
    def url(self) -> str:
        """Return its URL."""

    def load(self, seed: Mapping[str, Any]) -> None:
        """Replace everything that is stored; raise `ValueError` for an invalid seed."""

    def dump(self) -> Mapping[str, Any]:
        """Return everything that is stored, complete."""


class Outcome(NamedTuple):
    """The outcome of a test.

    - `test`: the test; `line`: its line in the job file.
    - `expected`, `actual`: what was expected and did not happen, and what happened and was not expected.
    - `problems`: why it could not be compared, each with its line.
    """

    test: JobTest
    line: int | None
    expected: list[str]
    actual: list[str]
    problems: list[Problem]

    @property
    def has_passed(self) -> bool:
        """Return whether the run did what the test expects."""
        return not (self.expected or self.actual or self.problems)


def run_tests(job: Job, server: Server, load_model: Callable[[str], Mapping[str, Any]]) -> Iterator[Outcome]:
    """Yield the outcome of each test of a job.

    - `server`: an emulator; each test replaces what it stores.
    - `load_model`: returns the seed in a file that a test names, or raises `ArdoqClientException`.
    """
    models: dict[str, ModelSeed] = {}
    for test in job.tests:
        try:
            if test.model not in models:
                models[test.model] = _load(job, test, server, load_model(test.model))
            difference = _run_test(job, test, server, models[test.model])
        except JobInvalid as error:
            yield _outcome(job, test, Difference(), _problems_in(job, test, error))
        except ArdoqClientException as error:
            yield _outcome(job, test, Difference(), [job.problem_at(test.key_path, str(error))])
        else:
            yield _outcome(job, test, difference, [])


def _problems_in(job: Job, test: JobTest, error: JobInvalid) -> list[Problem]:
    """Return the problems of an error in the job, or in the model file that a test names."""
    if error.file == str(job.path):
        return list(error.problems)
    at_model = (*test.key_path, "model")
    return [job.problem_at(at_model, problem.describe(test.model)) for problem in error.problems]


def _load(job: Job, test: JobTest, server: Server, seed: Mapping[str, Any]) -> ModelSeed:
    """Return the model of a test, as the emulator completes it; raise `JobInvalid` if it is not valid."""
    try:
        server.load(only_model(seed))
    except ValueError as error:
        problem = job.problem_at((*test.key_path, "model"), f"{test.model}: {error}")
        raise JobInvalid(str(job.path), [problem]) from None
    return ModelSeed(server.dump())


def _outcome(job: Job, test: JobTest, difference: Difference, problems: list[Problem]) -> Outcome:
    problems += [_problem(job, mistake) for mistake in difference.mistakes]
    line = job.lines.line(test.key_path)
    return Outcome(test, line, difference.expected, difference.actual, problems)


def _problem(job: Job, mistake: Mistake) -> Problem:
    return job.problem_at(mistake.key_path, mistake.message)


def _run_test(job: Job, test: JobTest, server: Server, model: ModelSeed) -> Difference:
    seed, mistakes = model.with_items(test.before)
    if mistakes:
        return Difference(mistakes=mistakes)
    try:
        server.load(seed)
    except ValueError as error:
        raise JobInvalid(str(job.path), [job.problem_at((*test.key_path, "before"), str(error))]) from None
    document, failure = _run(_offline(job), server, _rows_by_source(job, test))
    difference = compare(test, document, model)
    if failure is not None:
        difference.actual.append(f"the run ends early: {failure}")
    return difference


def _run(
    job: Job, server: Server, rows: Mapping[str, list[Attributes]]
) -> tuple[RunDocument, ArdoqClientException | None]:
    # Without the job's own ledger, which is about its own Ardoq.
    with open_client(job, simulate=False, hosturl=server.url, token=server.token, ledger=False) as client:
        result = run_job(job, client, sources=rows)
        blocked = result.blocked[0] if result.blocked else None
        return build_run_document(client, title=job.name, blocked=blocked), result.failure


def _offline(job: Job) -> Job:
    """Return the job with what is only about its own Ardoq removed."""
    kept: ArdoqTable = {}
    if "version" in job.ardoq:
        kept["version"] = job.ardoq["version"]
    if "batch" in job.ardoq:
        kept["batch"] = job.ardoq["batch"]
    return replace(job, ardoq=kept)


def _rows_by_source(job: Job, test: JobTest) -> dict[str, list[Attributes]]:
    """Return the rows of every source of a job; a column that a row does not have is blank."""
    rows: dict[str, list[Attributes]] = {}
    for mapping in (*job.components, *job.references):
        columns = [use.column for use in list_columns(mapping)]
        given = rows.setdefault(mapping.rows, [dict(row) for row in test.rows.get(mapping.rows, ())])
        for row in given:
            row.update(dict.fromkeys(name for name in columns if not _has_column(row, name)))
    return rows


def _has_column(row: Attributes, column: str) -> bool:
    """Return whether a row has a column, or a value at its path; a path that cannot be read counts as one."""
    steps = parse_path(column) if column not in row else None
    if steps is None:
        return column in row
    try:
        return read_path(row, steps, column).exists
    except InvalidInput:
        return True
