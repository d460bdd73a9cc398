"""Run `ardoqpy-sync test`: run the tests of a job on an emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.errors import CommandError, print_error, with_option_names
from ardoqpy.cli.output import open_output
from ardoqpy.client import ArdoqClient
from ardoqpy.errors import InvalidInput
from ardoqpy.testing import emulator
from ardoqpy_sync import json_file
from ardoqpy_sync.cli.job_file import load_job_file
from ardoqpy_sync.cli.notify import show_logs
from ardoqpy_sync.job import JobInvalid
from ardoqpy_sync.job.connect import resolve_path
from ardoqpy_sync.job.model_file import apply_model, load_model
from ardoqpy_sync.job.testing.runner import run_tests
from ardoqpy_sync.reporting.exit_codes import DONE, FAILED, NAME
from ardoqpy_sync.reporting.labels import plural

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from ardoqpy_sync.job.model_file.spec import ModelFile
    from ardoqpy_sync.job.testing.runner import Outcome


def run(options: argparse.Namespace) -> int:
    """Run the tests of a job, print their outcome, and return the exit code."""
    try:
        job = load_job_file(options.job)
    except JobInvalid as error:
        for problem in error.problems:
            print_error(problem.describe(options.job), NAME)
        return FAILED
    if not job.tests:
        raise CommandError(
            f"The job {options.job!r} has no tests. Add [[tests]], each with name, rows and changes."
        )
    outcomes: list[Outcome] = []
    with show_logs(options, quiet=False), emulator() as server, open_output(None) as stream:
        for outcome in run_tests(job, server, lambda path: _load_model(resolve_path(job, path))):
            outcomes.append(outcome)
            for line in _lines(outcome, options.job):
                stream.write(f"{escape_controls(line)}\n")
            stream.flush()
        stream.write(f"{_summary(outcomes)}\n")
    return DONE if all(outcome.has_passed for outcome in outcomes) else FAILED


def _load_model(path: str) -> Mapping[str, Any]:
    """Return the seed in a file, or the one that a model file makes of an empty emulator."""
    if path.lower().endswith(".toml"):
        return _seed_of(load_model(path))
    content, subject = json_file.read(path, "model")
    if not isinstance(content, dict):
        raise InvalidInput(
            f"{subject} is no model: use a model file, or a JSON object as `ardoqpy export` writes it."
        )
    return content


def _seed_of(model: ModelFile) -> Mapping[str, Any]:
    with emulator() as server, ArdoqClient(server.url, server.token, version="v1") as client:
        failure = apply_model(client, model).failure
        if failure is not None:
            raise failure
        return server.dump()


def _lines(outcome: Outcome, file: str) -> Iterator[str]:
    """Yield the outcome of a test: one line, and for one that failed what differs."""
    name, line = outcome.test.name, outcome.line
    if outcome.has_passed:
        yield f"passed: {name}"
        return
    yield f"FAILED: {name}  [{file} line {line}]"
    for problem in outcome.problems:
        yield f"    {problem._replace(message=with_option_names(problem.message)).describe(file)}"
    yield from (f"  - {text}" for text in outcome.expected)
    yield from (f"  + {text}" for text in outcome.actual)


def _summary(outcomes: Sequence[Outcome]) -> str:
    failed = [outcome for outcome in outcomes if not outcome.has_passed]
    if not failed:
        return f"{plural(len(outcomes), 'test')} passed."
    has_difference = any(outcome.expected or outcome.actual for outcome in failed)
    legend = " (- expected, + what the run did)" if has_difference else ""
    return f"{len(failed)} of {plural(len(outcomes), 'test')} failed{legend}."
