"""The result of a run, passed on: reports, the step summary of GitHub Actions, a webhook, the terminal.

However a run ends, what it wrote is reported. A run that failed before it started is reported, too, so that
no report of an earlier run stays in its place.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ardoqpy._http.webhook import post_json
from ardoqpy.cli.errors import CommandError, print_error, unexpected_error, with_option_names
from ardoqpy.cli.format_json import write_document
from ardoqpy.cli.logs import forward_logs
from ardoqpy.cli.output import open_output
from ardoqpy.errors import ArdoqClientException, InvalidInput
from ardoqpy_sync.cli.github_summary import VARIABLE, append_summary
from ardoqpy_sync.cli.signals import interrupts_once
from ardoqpy_sync.cli.webhook import webhook_address
from ardoqpy_sync.job import JobInvalid
from ardoqpy_sync.job.execution import RunContext, attempt, describe_error
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.exit_codes import DONE, FAILED, NAME, most_severe
from ardoqpy_sync.reporting.save import Settings, save_document
from ardoqpy_sync.reporting.summary import is_unchanged, summarize

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from ardoqpy.config import Token
    from ardoqpy_sync.job.execution import RunResult


#: The errors that are no bugs.
_EXPECTED = (ArdoqClientException, CommandError)


def run_and_notify(
    options: argparse.Namespace,
    command: str,
    work: Callable[[RunContext], RunResult],
    *,
    simulated: bool,
) -> int:
    """Do the work of a command, pass on its result, and return the exit code."""
    address, warnings = _webhook_address(options)
    with interrupts_once() as interrupts:
        context = RunContext(os.path.basename(options.job), simulated, interrupts.check)  # noqa: PTH119

        def work_once(context: RunContext) -> RunResult:
            try:
                return work(context)
            finally:
                interrupts.hold()

        with show_logs(options, quiet=options.quiet_when_unchanged) as held_back:
            result = attempt(context, work_once, error_messages)
            result.errors += [*warnings, *(f"Warning: {warning}" for warning in result.warnings)]
            _notify(result, options, address, command)
            is_done = result.exit_code == DONE and is_unchanged(result.document)
            quiet = options.quiet_when_unchanged and is_done
            if quiet:
                held_back.clear()
        for message in result.errors:
            print_error(message, NAME)
        error = result.error
        if error is not None and options.verbose and not isinstance(error, _EXPECTED):
            raise error
        if not quiet and sys.stdout is not None:
            _print_result(result, as_json=options.json)
    return result.exit_code


def error_messages(problem: Exception) -> list[str]:
    """Return what a command prints for an error: a sentence for each mistake in a job, or one."""
    if isinstance(problem, JobInvalid):
        return describe_error(problem)
    if isinstance(problem, _EXPECTED):
        return [with_option_names(str(problem))]
    return [unexpected_error(problem)]


@contextmanager
def show_logs(options: argparse.Namespace, *, quiet: bool) -> Iterator[list[str]]:
    """Print the library's log messages on standard error: at once or, if `quiet`, at the end.

    Yields the list of messages that are held back until then.
    """
    held_back: list[str] = []

    def show(message: str) -> None:
        if quiet:
            held_back.append(message)
        else:
            print_error(message, NAME)

    try:
        with forward_logs(show, verbose=options.verbose):
            yield held_back
    finally:
        for message in held_back:
            print_error(message, NAME)


def _webhook_address(options: argparse.Namespace) -> tuple[Token | None, list[str]]:
    """Return the address of the webhook, and warnings: a bad one in the environment does not stop a run."""
    try:
        return webhook_address(options.webhook), []
    except InvalidInput as problem:
        if options.webhook is not None:
            raise
        return None, [f"Warning: {problem}"]


def _notify(result: RunResult, options: argparse.Namespace, address: Token | None, command: str) -> None:
    settings = Settings(options.max_chars, options.link, result.text)
    for path in options.report:
        try:
            save_document(lambda: result.document, path, settings)
        except ArdoqClientException as problem:
            result.errors.append(str(problem))
            result.exit_code = most_severe(result.exit_code, FAILED)
    summary_file = os.environ.get(VARIABLE)
    try:
        if summary_file:
            append_summary(result.document, summary_file)
    except ArdoqClientException as problem:
        result.errors.append(f"Warning: {problem}")
    try:
        if address is not None:
            post_json(address, summarize(result.document, command, result.exit_code))
    except ArdoqClientException as problem:
        result.errors.append(f"Warning: {problem}")


def _print_result(result: RunResult, *, as_json: bool) -> None:
    with open_output(None) as stream:
        if as_json:
            write_document(result.document, stream)
        elif result.started:
            for line in (*terminal.render(result.document, long=result.long), *result.more_lines):
                stream.write(line + "\n")
        stream.flush()
