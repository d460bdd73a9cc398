"""The result of a run, passed on: reports, the step summary of GitHub Actions, a webhook, the terminal.

However a run ends, what it wrote is reported. A run that failed before it started is reported, too, so that
no report of an earlier run stays in its place.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ardoqpy._http.webhook import post_json
from ardoqpy.cli.errors import CommandError, print_error, unexpected_error, with_option_names
from ardoqpy.cli.format_json import write_document
from ardoqpy.cli.logs import forward_logs
from ardoqpy.cli.output import open_output
from ardoqpy.errors import ArdoqClientException, InvalidInput
from ardoqpy_sync.cli.exit_codes import DONE, FAILED, INTERRUPTED, NAME, most_severe
from ardoqpy_sync.cli.github_summary import VARIABLE, append_summary
from ardoqpy_sync.cli.signals import interrupts_once
from ardoqpy_sync.cli.webhook import summarize, webhook_address
from ardoqpy_sync.job import JobInvalid
from ardoqpy_sync.job.connect import check_before_writes, end_run
from ardoqpy_sync.plans.plan import origin_now
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.document import build_failed_document, build_run_document
from ardoqpy_sync.reporting.save import save_report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from ardoqpy.config import Token
    from ardoqpy_sync.cli.signals import Interrupts
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.documents import PlanIdentity, RunDocument
    from ardoqpy_sync.lock import JobLock


def interrupted_message(*, simulated: bool) -> str:
    """Return the message of a run, or a preview, that was interrupted."""
    return f"The {'preview' if simulated else 'run'} was interrupted."


@dataclass(slots=True)
class CommandResult:
    """The result of a command.

    - `document`: the run document; `exit_code`: the exit code.
    - `long`: whether every change is printed in full; `more_lines`: lines to print after the summary.
    - `errors`, `warnings`: further messages for standard error; `findings`: what the sources have shown.
    - `started`: whether the run started; `ended_early`: whether it stopped before its end.
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


@dataclass(slots=True)
class RunContext:
    """What is known of a run, however it ends: its title, its plan, its signals, and its client if any."""

    title: str
    simulated: bool
    interrupts: Interrupts
    client: ArdoqSyncClient | None = None
    applied: PlanIdentity | None = None

    def check_before_writes(self, client: ArdoqSyncClient, lock: JobLock) -> None:
        """Have a client stop before a write if the lock is lost, or a signal has interrupted the run."""

        def check() -> None:
            self.interrupts.check()
            lock.check()

        check_before_writes(client, check)

    def result_so_far(self, exit_code: int, messages: list[str]) -> CommandResult:
        """Return the result of a run that ended early, with all that it wrote until then."""
        reason = "\n".join(messages)
        client = self.client
        if client is None:
            origin = origin_now(api="?", host="?", org=None, simulated=self.simulated)
            document = build_failed_document(self.title, reason, origin, applied=self.applied)
            return CommandResult(document, exit_code, errors=messages, started=False, ended_early=True)
        client.give_up(reason)
        try:
            document = build_run_document(client, title=self.title, applied=self.applied)
        except Exception:  # noqa: BLE001  (a document without the parts that an interrupt may have left open)
            origin = origin_now(
                api=client.version, host=client.hosturl, org=client.org, simulated=self.simulated
            )
            document = build_failed_document(self.title, reason, origin, client.plan, self.applied)
        with suppress(ArdoqClientException):  # the reason is reported, and what is left open is settled later
            end_run(client, document)
        started = bool(document["changes"] or document["failed"])
        return CommandResult(document, exit_code, errors=messages, started=started, ended_early=True)


def run_and_notify(
    options: argparse.Namespace,
    command: str,
    work: Callable[[RunContext], CommandResult],
    *,
    simulated: bool,
) -> int:
    """Do the work of a command, pass on its result, and return the exit code."""
    address, warnings = _webhook_address(options)
    bug: Exception | None = None
    with interrupts_once() as interrupts:
        context = RunContext(os.path.basename(options.job), simulated, interrupts)  # noqa: PTH119
        with show_logs(options, quiet=options.quiet_when_unchanged) as held_back:
            try:
                try:
                    result = work(context)
                finally:
                    interrupts.hold()
            except KeyboardInterrupt:
                result = context.result_so_far(INTERRUPTED, [interrupted_message(simulated=simulated)])
            except (ArdoqClientException, CommandError) as problem:
                result = context.result_so_far(FAILED, _messages(problem))
            except Exception as problem:  # noqa: BLE001  (a bug has to be reported as well)
                bug = problem
                result = context.result_so_far(FAILED, [unexpected_error(problem)])
            result.errors += [*warnings, *(f"Warning: {warning}" for warning in result.warnings)]
            _notify(result, options, address, command)
            is_done = result.exit_code == DONE and _is_unchanged(result.document)
            quiet = options.quiet_when_unchanged and is_done
            if quiet:
                held_back.clear()
        for message in result.errors:
            print_error(message, NAME)
        if bug is not None and options.verbose:
            raise bug
        if not quiet and sys.stdout is not None:
            _print_result(result, as_json=options.json)
    return result.exit_code


def _is_unchanged(document: RunDocument) -> bool:
    """Return whether nothing changed, and nothing needs the attention of a person."""
    return not any(
        (
            document["changes"],
            document["failed"],
            document["delete_guard"],
            document["ambiguous"],
            document["conflicts"],
            document["edits"],
            document["not_undone"],
        )
    )


def _messages(problem: Exception) -> list[str]:
    if isinstance(problem, JobInvalid):
        return [mistake.describe(problem.file) for mistake in problem.problems]
    return [with_option_names(str(problem))]


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


def _notify(result: CommandResult, options: argparse.Namespace, address: Token | None, command: str) -> None:
    for path in options.report:
        try:
            save_report(result.document, path, max_chars=options.max_chars, link=options.link)
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


def _print_result(result: CommandResult, *, as_json: bool) -> None:
    with open_output(None) as stream:
        if as_json:
            write_document(result.document, stream)
        elif result.started:
            for line in (*terminal.render(result.document, long=result.long), *result.more_lines):
                stream.write(line + "\n")
        stream.flush()
