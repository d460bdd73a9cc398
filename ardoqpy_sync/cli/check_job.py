"""What is wrong with a job: in its file, its sources, the connection, its names in Ardoq, its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy.cli.errors import Refusal, in_shell_words
from ardoqpy.errors import ArdoqClientException
from ardoqpy_sync.cli.exit_codes import DONE, FAILED, INTERRUPTED, REFUSED, worst
from ardoqpy_sync.cli.options import settings_of
from ardoqpy_sync.cli.run_job import carried_out, memory_of, the_job
from ardoqpy_sync.job import JobInvalid, client_of, troubles_of
from ardoqpy_sync.job.runner import opened_sources
from ardoqpy_sync.reporting.terminal import guard_lines

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from ardoqpy_sync.job import Job, Problem

__all__ = ["Finding", "Findings"]

KIND, FORMAT = "ardoqpy check", 1


class Finding(NamedTuple):
    """One thing that would fail.

    - `part`: `job`, `connection`, `memory`, `row`, `guard` or `run`; `sentence`: what is wrong.
    - `line`, `key`: where in the job's file; `label`: which row of a source.
    """

    part: str
    sentence: str
    line: int | None = None
    key: str = ""
    label: str | None = None


class Findings:
    """Look for everything that would fail, each step as far as the ones before it allow."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._name: str | None = None
        self._found: list[Finding] = []
        self._interrupted = False
        self._rehearsed = False

    def look(self, options: argparse.Namespace) -> None:
        """Look, and note what is found; nothing is written to Ardoq."""
        try:
            self._look(options)
        except KeyboardInterrupt:
            self._interrupted = True
            self._note("run", "It was interrupted, and there may be more.")

    @property
    def status(self) -> int:
        """The exit status."""
        parts = {one.part for one in self._found}
        return worst(
            DONE,
            REFUSED if "guard" in parts else DONE,
            FAILED if parts - {"guard"} else DONE,
            INTERRUPTED if self._interrupted else DONE,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what was found as plain data."""
        return {
            "kind": KIND,
            "format": FORMAT,
            "file": self._file,
            "job": self._name,
            "exit": self.status,
            "rehearsed": self._rehearsed,
            "troubles": [one._asdict() for one in self._found],
        }

    def lines(self) -> Iterator[str]:
        """Yield what was found, a line for each."""
        for one in self._found:
            where = f" line {one.line}" if one.line else ""
            begin = f"{one.label}" if one.label else f"{self._file}{where}"
            yield f"{begin}: {one.sentence}"
        number = len(self._found)
        if not number:
            yield f"{self._name}: nothing was found that would fail."
        elif self._rehearsed:
            yield f"{self._name}: {number} found."
        else:
            yield f"{number} found. The run was not rehearsed: there may be more."

    # -- step by step ---------------------------------------------------------------------------------------

    def _look(self, options: argparse.Namespace) -> None:
        try:
            job = the_job(options.job)
        except JobInvalid as problem:
            self._take(problem.troubles)
            return
        except Refusal as problem:
            self._note("job", str(problem))
            return
        self._name = job.name
        before: dict[str, Any] = {}
        try:
            _, before = memory_of(job)
        except ArdoqClientException as problem:
            self._note("memory", str(problem))
        self._ask(job, options, before)

    def _ask(self, job: Job, options: argparse.Namespace, before: dict[str, Any]) -> None:
        troubles: list[Problem] = []
        try:
            with client_of(
                job, simulate=True, previous_report=before, progress=True, **settings_of(options)
            ) as client:
                troubles = troubles_of(job, client)
                self._take(troubles)
                if not troubles:
                    self._rehearse(job, options, before)
        except ArdoqClientException as problem:
            # Ardoq is one thing, the sources are another.
            self._note("connection", str(problem))
            troubles = []
            for source in opened_sources(job, {}, troubles).values():
                source.close()
            self._take(troubles)

    def _rehearse(self, job: Job, options: argparse.Namespace, before: dict[str, Any]) -> None:
        """Run the job, simulated; rows do not stop it, whatever it says of errors."""
        settings = {**settings_of(options), "on_error": "collect"}
        with client_of(job, simulate=True, previous_report=before, progress=True, **settings) as client:
            came = carried_out(job, client)
        if came.status == INTERRUPTED:
            raise KeyboardInterrupt
        self._rehearsed = True
        account = came.account
        for row in account["failed"]:
            self._note("row", str(row["reason"]), label=row.get("label"))
        for line in guard_lines(account["delete_guard"]):
            self._note("guard", line)
        if came.ended_early:
            self._note("run", account["description"])

    def _take(self, troubles: list[Problem] | tuple[Problem, ...]) -> None:
        self._found += [Finding("job", one.sentence, one.line, one.key) for one in troubles]

    def _note(self, part: str, sentence: str, label: str | None = None) -> None:
        self._found.append(Finding(part, in_shell_words(sentence), label=label))
