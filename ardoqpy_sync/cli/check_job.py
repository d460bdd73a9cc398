"""Everything in a job that would fail: its file, sources, connection, names in Ardoq, and rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from ardoqpy.cli.errors import CommandError, with_option_names
from ardoqpy.cli.options import connection_settings
from ardoqpy.errors import ArdoqClientException, ConfigurationError
from ardoqpy_sync.cli.job_file import load_job_file
from ardoqpy_sync.cli.output_files import find_file_problems, open_rejected_files
from ardoqpy_sync.compare.diff import ADOPTED, LOOKS_LIKE
from ardoqpy_sync.job import JobInvalid, find_problems, open_client
from ardoqpy_sync.job.connect import open_job_ledger
from ardoqpy_sync.job.execution import run_with_client
from ardoqpy_sync.job.runner import open_sources
from ardoqpy_sync.report import describe_ambiguous
from ardoqpy_sync.reporting.exit_codes import BLOCKED, DONE, FAILED, INTERRUPTED
from ardoqpy_sync.reporting.failures import MAX_LABELS, group_failures
from ardoqpy_sync.reporting.labels import plural
from ardoqpy_sync.reporting.terminal import guard_lines

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from ardoqpy.cli.options import ConnectionSettings
    from ardoqpy_sync.cli.rejected_files import RejectedFiles
    from ardoqpy_sync.documents import DocumentChange, RunDocument
    from ardoqpy_sync.job import Job, Problem
    from ardoqpy_sync.reporting.failures import FailureGroup

KIND, FORMAT = "ardoqpy check", 1


class Failure(TypedDict):
    """A problem that the check found.

    - `part`: `job`, `connection`, `lock`, `ledger`, `report`, `plan`, `rejected`, `webhook`, `row`, `guard`
      or `run`; `message`: what is wrong.
    - `line`, `key`: where in the job file; `label`: which row of a source; `rows`: all rows with an equal
      problem.
    """

    part: str
    message: str
    line: int | None
    key: str
    label: str | None
    rows: list[str]


class Note(TypedDict):
    """What to look at although it does not fail.

    - `about`: `adopted`, `similar`, `skipped`, `ambiguous`, `source`, which has a map without use, or
      `rejected`, the files with rejected rows; `message`: what it is, with the first rows.
    - `count`: of how many rows or items; `rows`: all rows that it is about, or all ambiguous items.
    """

    about: str
    message: str
    count: int
    rows: list[str]


class CheckDocument(TypedDict):
    """The result of a check as data.

    - `file`: the job file; `job`: its name, None if the file is invalid; `exit`: the exit code.
    - `previewed`: whether the run was previewed; if not, there may be more problems.
    - `notes`: what to look at although it does not fail; they do not change the exit code.
    """

    kind: str
    format: int
    file: str
    job: str | None
    exit: int
    previewed: bool
    problems: list[Failure]
    notes: list[Note]


class JobCheck:
    """Check a job file step by step, each step as far as the ones before it allow."""

    def __init__(self, file: str) -> None:
        """Start with no failures."""
        self._file = file
        self._name: str | None = None
        self._failures: list[Failure] = []
        self._notes: list[Note] = []
        self._interrupted = False
        self._previewed = False
        self._rejected: RejectedFiles | None = None

    def run(self, options: argparse.Namespace) -> None:
        """Check the job; writes nothing to Ardoq."""
        try:
            self._check(options)
        except KeyboardInterrupt:
            self._interrupted = True
            self._add("run", "The check was interrupted; there may be more.")

    @property
    def exit_code(self) -> int:
        """The exit code."""
        parts = {failure["part"] for failure in self._failures}
        if self._interrupted:
            return INTERRUPTED
        return FAILED if parts - {"guard"} else BLOCKED if parts else DONE

    def as_dict(self) -> CheckDocument:
        """Return the result as data."""
        return {
            "kind": KIND,
            "format": FORMAT,
            "file": self._file,
            "job": self._name,
            "exit": self.exit_code,
            "previewed": self._previewed,
            "problems": self._failures,
            "notes": self._notes,
        }

    def lines(self) -> Iterator[str]:
        """Yield the result as text, one line for each failure and each note."""
        for failure in self._failures:
            line = f" line {failure['line']}" if failure["line"] else ""
            yield f"{failure['label'] or f'{self._file}{line}'}: {failure['message']}"
        for note in self._notes:
            yield f"Note: {note['message']}"
        number = len(self._failures)
        problems = f"{number} problem{'s'[: number != 1]}"
        if not number:
            yield f"{self._name}: no problems found."
        elif self._previewed:
            yield f"{self._name}: {problems} found."
        else:
            yield f"{problems} found. The run was not previewed: there may be more."

    def _check(self, options: argparse.Namespace) -> None:
        try:
            job = load_job_file(options.job)
        except JobInvalid as problem:
            self._add_problems(problem.problems)
            return
        except CommandError as problem:
            self._add("job", str(problem))
            return
        self._name = job.name
        for part, message in find_file_problems(job, options):
            self._add(part, message)
        if not any(failure["part"] == "rejected" for failure in self._failures):
            self._rejected = open_rejected_files(job, options)
        self._check_names(job, options)

    def _check_names(self, job: Job, options: argparse.Namespace) -> None:
        problems: list[Problem] = []
        settings = connection_settings(options)
        try:
            with open_client(job, simulate=True, progress=True, ledger=False, **settings) as client:
                problems = find_problems(job, client)
                self._add_problems(problems)
                if not problems:
                    self._preview(job, settings)
        except ArdoqClientException as problem:
            self._add("connection", str(problem))
            # The sources can be checked without Ardoq.
            problems = []
            for source in open_sources(job, {}, problems).values():
                source.close()
            self._add_problems(problems)

    def _preview(self, job: Job, settings: ConnectionSettings) -> None:
        """Preview the run; failed rows do not stop it, whatever the job says about errors."""
        ledger = None
        try:
            ledger = open_job_ledger(job, read_only=True)
        except ConfigurationError as problem:
            self._add("ledger", str(problem))
        with open_client(
            job, simulate=True, progress=True, on_error="collect", ledger=ledger or False, **settings
        ) as client:
            save_rejected = None if self._rejected is None else self._rejected.save
            result = run_with_client(job, client, after=save_rejected)
        if result.exit_code == INTERRUPTED:
            raise KeyboardInterrupt
        self._previewed = True
        for group in group_failures(result.document["failed"]):
            self._add_rows(group)
        for line in guard_lines(result.document["delete_guard"]):
            self._add("guard", line)
        self._notes = find_notes(result.document)
        self._notes += [_note("source", line.rstrip("."), []) for line in result.findings]
        self._notes += [
            _note("rejected", line.rstrip("."), []) for line in (*result.more_lines, *result.warnings)
        ]
        for message in result.errors:
            self._add("rejected", message)
        if result.ended_early:
            self._add("run", result.document["description"])

    def _add_rows(self, group: FailureGroup) -> None:
        """Add rows that fail, once if they fail for the same reason in several mappings."""
        message, rows = group.describe(), [str(row["label"]) for row in group.rows]
        reported = [(failure["message"], failure["rows"]) for failure in self._failures]
        if (with_option_names(message), rows) not in reported:
            self._add("row", message, rows)

    def _add_problems(self, problems: Iterable[Problem]) -> None:
        for message, line, key in problems:
            self._add("job", message, line=line, key=key)

    def _add(
        self, part: str, message: str, rows: Sequence[str] = (), line: int | None = None, key: str = ""
    ) -> None:
        message = with_option_names(message)
        label = rows[0] if rows else None
        self._failures.append(
            {"part": part, "message": message, "line": line, "key": key, "label": label, "rows": [*rows]}
        )


def find_notes(document: RunDocument) -> list[Note]:
    """Return what to look at in a previewed run although it does not fail."""
    changes = document["changes"]
    adopted = [change for change in changes if (change.get("note") or "").startswith(ADOPTED)]
    similar = [change for change in changes if (change.get("note") or "").startswith(LOOKS_LIKE)]
    skipped, ambiguous = document["skipped"], document["ambiguous"]
    notes = [
        _note(
            "adopted",
            f"{plural(len(adopted), 'component')} without a key would be adopted by name",
            [_row_of(change) for change in adopted],
        ),
        _note(
            "similar",
            f"{plural(len(similar), 'item')} to be created looks like an existing one"
            if len(similar) == 1
            else f"{plural(len(similar), 'item')} to be created look like existing ones",
            [f"{_row_of(change)}: {change['name']} {change.get('note')}" for change in similar],
        ),
        _note(
            "skipped",
            f"{plural(len(skipped), 'row')} would be skipped",
            [f"{row['label']}: {row['reason']}" for row in skipped],
        ),
        _note(
            "ambiguous",
            f"{plural(len(ambiguous), 'row')} would match several items",
            [describe_ambiguous(entry) for entry in ambiguous],
        ),
    ]
    return [note for note in notes if note["count"]]


def _note(about: str, message: str, rows: list[str]) -> Note:
    # A sentence ends with a full stop already.
    listed = "; ".join(row.rstrip(".") for row in rows[:MAX_LABELS])
    listed = f": {listed}" if rows else ""
    more = f"; and {len(rows) - MAX_LABELS:,} more" if len(rows) > MAX_LABELS else ""
    return {"about": about, "message": f"{message}{listed}{more}.", "count": len(rows), "rows": rows}


def _row_of(change: DocumentChange) -> str:
    return change.get("label") or f"{change['kind']} {change['name']}"
