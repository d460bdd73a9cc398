"""What a run came to, told to whoever is to know: reports, the step's summary, a webhook, the terminal.

A run that failed is told of as well, also where it failed before it began; and whatever goes wrong in telling
is told, too.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ardoqpy.cli.errors import Refusal, complain, in_shell_words
from ardoqpy.cli.format_json import write_document
from ardoqpy.cli.logs import logs_to
from ardoqpy.cli.output import opened
from ardoqpy.cli.program import place_of
from ardoqpy.errors import ArdoqClientException, InvalidInput
from ardoqpy_sync.cli import github_summary, webhook
from ardoqpy_sync.cli.exit_codes import DONE, FAILED, INTERRUPTED, NAME, worst
from ardoqpy_sync.cli.signals import ending_like_ctrl_c
from ardoqpy_sync.cli.unbegun import unbegun
from ardoqpy_sync.job import JobInvalid
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.save import save_report

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from ardoqpy.client import ArdoqClient
    from ardoqpy.config import Token
    from ardoqpy_sync.documents import RunDocument

__all__ = ["Came", "Known", "logged", "run_and_tell", "sentences_of"]


@dataclass(slots=True)
class Came:
    """What a run came to.

    - `account`: in full, as `account_of` gives it; `status`: the exit status.
    - `described`: the changes in full, as text; `more`: further lines for people.
    - `complaints`: what went wrong besides, for the standard error.
    - `begun`: whether there was a run at all; `ended_early`: whether it ended before its end.
    """

    account: RunDocument
    status: int
    described: str | None = None
    more: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    begun: bool = True
    ended_early: bool = False


@dataclass(slots=True)
class Known:
    """What is known of a run, should it come to nothing: what it is called, and of which Ardoq it is."""

    title: str
    where: dict[str, Any] = field(default_factory=dict)

    def meet(self, client: ArdoqClient) -> None:
        """Note which Ardoq it is."""
        self.where = {"host": client.hosturl, "org": client.org, "api": client.version}


def run_and_tell(
    options: argparse.Namespace, command: str, work: Callable[[Known], Came], *, simulated: bool
) -> int:
    """Do the work of a command, tell what it came to, and return the exit status."""
    address, doubts = _webhook_of(options)
    known = Known(os.path.basename(options.job))  # noqa: PTH119
    unforeseen: Exception | None = None
    with ending_like_ctrl_c(), logged(options, quiet=options.quiet_when_unchanged) as held:
        try:
            came = work(known)
        except KeyboardInterrupt:
            came = _nothing(known, INTERRUPTED, ["The run was interrupted."], simulated=simulated)
        except (ArdoqClientException, Refusal) as problem:
            came = _nothing(known, FAILED, sentences_of(problem), simulated=simulated)
        except Exception as problem:  # noqa: BLE001  (whatever it is, it has to be told of)
            unforeseen = problem
            sentence = (
                f"This was not foreseen: {place_of(problem)}. Say --verbose to see more, and report it."
            )
            came = _nothing(known, FAILED, [sentence], simulated=simulated)
        came.complaints += doubts
        _tell_files(came, options, address, command)
        if options.quiet_when_unchanged and came.status == DONE and not came.account["changes"]:
            held.clear()
    for sentence in came.complaints:
        complain(sentence, NAME)
    if unforeseen is not None and options.verbose:
        raise unforeseen
    _show(came, options)
    return came.status


def sentences_of(problem: Exception) -> list[str]:
    """Return what an error says, as sentences in the words of the shell."""
    if isinstance(problem, JobInvalid):
        return [one.told(problem.file) for one in problem.troubles]
    return [in_shell_words(str(problem))]


@contextmanager
def logged(options: argparse.Namespace, *, quiet: bool) -> Iterator[list[str]]:
    """Show what the library logs on the standard error: at once, or, where it is to be `quiet`, at the end.

    Given is the list of what is held back until then.
    """
    held: list[str] = []

    def tell(line: str) -> None:
        if quiet:
            held.append(line)
        else:
            complain(line, NAME)

    try:
        with logs_to(tell, verbose=options.verbose):
            yield held
    finally:
        for line in held:
            complain(line, NAME)


def _nothing(known: Known, status: int, sentences: list[str], *, simulated: bool) -> Came:
    account = unbegun(known.title, "\n".join(sentences), known.where, simulated=simulated)
    return Came(account, status, complaints=sentences, begun=False, ended_early=True)


def _webhook_of(options: argparse.Namespace) -> tuple[Token | None, list[str]]:
    """Return the address of the webhook; what is wrong with that of the environment is no reason not to
    run.
    """
    try:
        return webhook.address_of(options.webhook), []
    except InvalidInput as problem:
        if options.webhook is not None:
            raise
        return None, [f"Warning: {problem}"]


def _tell_files(came: Came, options: argparse.Namespace, address: Token | None, command: str) -> None:
    for path in options.report:
        try:
            save_report(came.account, path)
        except ArdoqClientException as problem:
            came.complaints.append(str(problem))
            came.status = worst(came.status, FAILED)
    summary_file = os.environ.get(github_summary.VARIABLE)
    if summary_file:
        _warning(came, lambda: github_summary.add_to_summary(came.account, summary_file))
    if address is not None:
        body = webhook.summary_for(came.account, command, came.status)
        _warning(came, lambda: webhook.call(address, body))


def _warning(came: Came, tell: Callable[[], None]) -> None:
    """Tell somebody; that it cannot be done is said, and changes nothing."""
    try:
        tell()
    except ArdoqClientException as problem:
        came.complaints.append(f"Warning: {problem}")


def _show(came: Came, options: argparse.Namespace) -> None:
    quiet = options.quiet_when_unchanged and came.status == DONE and not came.account["changes"]
    if quiet or sys.stdout is None:
        return
    with opened(None) as stream:
        if options.json:
            write_document(came.account, stream)
        elif came.begun:
            for line in (*terminal.render(came.account, came.described), *came.more):
                stream.write(line + "\n")
