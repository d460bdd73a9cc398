"""
The program: which commands there are, what was asked for, and how it ends.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from ardoqpy._near import near, quoted
from ardoqpy._version import __version__
from ardoqpy.cli.commands import (
    attachments,
    components,
    doctor,
    emulator,
    export,
    models,
    one,
    organisation,
    references,
    reports,
    workspaces,
)
from ardoqpy.cli.commands.completion import completion
from ardoqpy.cli.sentences import Refusal, complain, in_shell_words
from ardoqpy.errors import ArdoqClientException

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ardoqpy.cli.command import Command

__all__ = ["COMMANDS", "main", "parser_of"]

DONE, FAILED, NOT_UNDERSTOOD = 0, 1, 2
#: As a shell tells that a signal has ended something: SIGINT, SIGPIPE.
INTERRUPTED, NOBODY_READS = 130, 141

NO_TOKEN = (
    "A token does not belong on the command line, where others on this machine can read it: set "
    "ARDOQ_API_TOKEN, or write it into a cfg file and name that with --config."
)
#: Options by which somebody might try all the same; the emulator has a token of its own.
_SECRET = re.compile("-.*(token|secret|passw|api.?key)", re.IGNORECASE)
_WITH_A_TOKEN = "emulator"
_OF_THE_PROGRAM = ("-h", "--help", "--version")
_EXAMPLES = "examples:"
_GROUPS = {"report": "list, show and run the reports that are saved"}


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command line and return the exit status.

    0 done, 1 could not, 2 not understood, 130 interrupted, 141 nobody read the output to its end. What
    went wrong is one sentence on the standard error.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = _carried_out(given)
        if sys.stdout is not None:
            sys.stdout.flush()  # while it can still be said that it cannot
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return NOBODY_READS
    except ArdoqClientException as problem:
        complain(in_shell_words(str(problem)))
        return FAILED
    except Refusal as problem:
        complain(str(problem))
        return FAILED
    except OSError as problem:
        _let_go_of_stdout()
        complain(f"It could not be written: {problem.strerror or problem}.")
        return FAILED
    except Exception as problem:
        if "--verbose" in given:
            raise
        complain(f"This was not foreseen: {_place_of(problem)}. Say --verbose to see more, and report it.")
        return FAILED
    return status


def _place_of(problem: Exception) -> str:
    """
    Return what kind of error it is and where it was raised; its text may hold anything, and is not shown.
    """
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(problem).__name__
    return f"{type(problem).__name__} in {trace.tb_frame.f_globals.get('__name__')}, line {trace.tb_lineno}"


def _carried_out(given: list[str]) -> int:
    try:
        options = _parsed(given)
    except SystemExit as ended:  # as argparse ends after a help page and after what it does not understand
        return int(ended.code or DONE)
    status: int = options.run(options)
    return status


def _parsed(given: list[str]) -> argparse.Namespace:
    if given[:1] != [_WITH_A_TOKEN] and any(_SECRET.match(word.partition("=")[0]) for word in given):
        complain(NO_TOKEN)
        raise SystemExit(NOT_UNDERSTOOD)
    parser = parser_of(_named_in(given))
    options, unknown = parser.parse_known_args(given)
    if unknown:
        _refuse(unknown, "for this command", options.parser)
    return options


def _refuse(unknown: list[str], where: str, parser: argparse.ArgumentParser) -> NoReturn:
    """
    Refuse arguments that mean nothing here, naming no value: beside a wrong option may stand a secret.
    """
    names = [name.partition("=")[0] for name in unknown if name.startswith("-")]
    what = f"There is no option {names[0]}" if names else f"{unknown[0]!r} is one argument too many"
    parser.error(f"{what} {where}")


def _named_in(given: Sequence[str]) -> Iterable[Command]:
    """
    Return the commands that the arguments may mean, so that only their options have to be made.

    Raise `SystemExit` where they name one that does not exist.
    """
    first = next((word for word in given if word not in _OF_THE_PROGRAM), None)
    if first is None:
        return ()
    if first.startswith("-"):
        _refuse([first], "before the command", parser_of(()))
    meant = [command for command in COMMANDS if command.name.split()[0] == first]
    if not meant:
        known = {command.name.split()[0] for command in COMMANDS}
        complain(f"There is no command {quoted(first)}: {near(first, known)}")
        raise SystemExit(NOT_UNDERSTOOD)
    return meant


def _let_go_of_stdout() -> None:
    # Python writes what is left when it ends: into nothing.
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """
    Say what is wrong in one line.
    """

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:].rstrip(".")
        complain(f"{sentence}. See '{self.prog} --help'.")
        raise SystemExit(NOT_UNDERSTOOD)


class _Help(argparse.HelpFormatter):
    """
    Leave the lines of the examples as they are, and room for the longest name of a command.
    """

    def __init__(self, prog: str, **more: Any) -> None:
        super().__init__(prog, **{"max_help_position": 28, **more})
        # argparse forgets that the names of commands are indented.
        self._action_max_length = 15

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith(_EXAMPLES):
            return text
        return super()._fill_text(text, width, indent)


def parser_of(whole: Iterable[Command] | None = None) -> argparse.ArgumentParser:
    """
    Return the parser: every command is in it, those in `whole` (all, where it is None) with their options.
    """
    filled = {command.name for command in (COMMANDS if whole is None else whole)}
    parser = _Parser(
        prog="ardoqpy",
        formatter_class=_Help,
        description="Read Ardoq from the shell, look after the connection, run an Ardoq of your own.",
        epilog="Each command has its own --help, with examples.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ardoqpy {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    groups: dict[str, argparse._SubParsersAction[_Parser]] = {}
    for command in COMMANDS:
        first, _, second = command.name.partition(" ")
        if second and first not in groups:
            group = commands.add_parser(
                first, help=_GROUPS[first], description=f"{_sentence(_GROUPS[first])}"
            )
            groups[first] = group.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
        below = (groups[first] if second else commands).add_parser(
            second or first,
            help=command.summary,
            description=" ".join(filter(None, [_sentence(command.summary), command.more])),
            epilog=_examples(command),
            formatter_class=_Help,
            allow_abbrev=False,
        )
        if command.name in filled:
            command.arguments(below)
        below.set_defaults(run=command.run, parser=below)
    return parser


def _sentence(summary: str) -> str:
    return f"{summary[:1].upper()}{summary[1:]}."


def _examples(command: Command) -> str:
    lines = [f"  # {what}\n  ardoqpy {line}" for line, what in command.examples]
    return "\n".join([_EXAMPLES, *lines])


COMMANDS: tuple[Command, ...] = (
    *workspaces.COMMANDS,
    *components.COMMANDS,
    *references.COMMANDS,
    *models.COMMANDS,
    *attachments.COMMANDS,
    *reports.COMMANDS,
    *one.COMMANDS,
    *organisation.COMMANDS,
    *export.COMMANDS,
    *doctor.COMMANDS,
    *emulator.COMMANDS,
    completion(parser_of),
)
