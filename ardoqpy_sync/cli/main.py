"""The program `ardoqpy-sync`: which commands there are."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ardoqpy.cli.commands.completion import completion
from ardoqpy.cli.program import Program
from ardoqpy_sync.cli.commands import apply, check, init, plan, report
from ardoqpy_sync.cli.exit_codes import FAILED, NAME

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from ardoqpy.cli.command import Command

__all__ = ["COMMANDS", "main", "parser_of"]


def _meant(word: str) -> str | None:
    """Return the command that is meant by a word that names none: a job by itself is planned."""
    is_file = word.endswith(".toml") or os.path.isfile(word)  # noqa: PTH113  (pathlib is slow to load)
    return "plan" if is_file else None


_PROGRAM = Program(
    NAME,
    "Bring rows into Ardoq as a job says: rehearse it, look at the plan, let it run every night. "
    f"A job by itself is planned: {NAME} JOB.",
    lambda: COMMANDS,
    {},
    not_understood=FAILED,
    meant=_meant,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    0 nothing to do, or done; 2 changes are pending (`plan`); 1 rows that failed, errors, not understood; 3 a
    guard refused, and nothing else failed; 130 interrupted, by Ctrl-C or SIGTERM; 141 nobody read the output
    to its end.
    """
    return _PROGRAM.main(arguments)


def parser_of(whole: Iterable[Command] | None = None) -> argparse.ArgumentParser:
    """Return the parser: every command is in it, those in `whole` (None: all) with their options."""
    return _PROGRAM.parser(whole)


COMMANDS: tuple[Command, ...] = (
    plan.COMMAND,
    apply.COMMAND,
    check.COMMAND,
    report.COMMAND,
    init.COMMAND,
    completion(NAME, parser_of),
)
