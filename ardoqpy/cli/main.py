"""The program `ardoqpy`: which commands there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.cli.commands import (
    attachments,
    components,
    doctor,
    emulator,
    export,
    get,
    models,
    organisation,
    references,
    reports,
    workspaces,
)
from ardoqpy.cli.commands.completion import completion
from ardoqpy.cli.program import Program

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from ardoqpy.cli.command import Command

__all__ = ["COMMANDS", "main", "parser_of"]

_PROGRAM = Program(
    "ardoqpy",
    "Read Ardoq from the shell, look after the connection, run an Ardoq of your own.",
    lambda: COMMANDS,
    {"report": "list, show and run the reports that are saved"},
    with_a_token="emulator",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    0 done, 1 could not, 2 not understood, 130 interrupted, 141 nobody read the output to its end. What
    went wrong is one sentence on the standard error.
    """
    return _PROGRAM.main(arguments)


def parser_of(whole: Iterable[Command] | None = None) -> argparse.ArgumentParser:
    """Return the parser: every command is in it, those in `whole` (all, where it is None) with their
    options.
    """
    return _PROGRAM.parser(whole)


COMMANDS: tuple[Command, ...] = (
    *workspaces.COMMANDS,
    *components.COMMANDS,
    *references.COMMANDS,
    *models.COMMANDS,
    *attachments.COMMANDS,
    *reports.COMMANDS,
    *get.COMMANDS,
    *organisation.COMMANDS,
    *export.COMMANDS,
    *doctor.COMMANDS,
    *emulator.COMMANDS,
    completion("ardoqpy", parser_of),
)
