"""What every program of this library is to a shell: what was asked for, its help, and how it ends."""

from __future__ import annotations

import argparse
import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ardoqpy._messages import quote_name, suggest
from ardoqpy._version import __version__
from ardoqpy.cli.errors import Refusal, complain, in_shell_words
from ardoqpy.errors import ArdoqClientException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ardoqpy.cli.command import Command

__all__ = ["INTERRUPTED", "Program"]

DONE, FAILED = 0, 1
#: As a shell tells that a signal has ended something: SIGINT, SIGPIPE.
INTERRUPTED, NOBODY_READS = 130, 141

NO_TOKEN = (
    "A token does not belong on the command line, where others on this machine can read it: set "
    "ARDOQ_API_TOKEN, or write it into a cfg file and name that with --config."
)
#: Options by which somebody might try all the same.
_SECRET = re.compile("-.*(token|secret|passw|api.?key)", re.IGNORECASE)
_OF_THE_PROGRAM = ("-h", "--help", "--version")
_EXAMPLES = "examples:"


class Program(NamedTuple):
    """One program.

    - `name`: what it is called by; `description`: what it is for.
    - `commands`: what it can be told; `groups`: what those whose name is two words are about.
    - `not_understood`: the exit status where it does not understand.
    - `with_a_token`: the command that has a token of its own among its options.
    - `meant`: the command that is meant by a first word, where that is none; None where none is.
    """

    name: str
    description: str
    commands: Callable[[], Sequence[Command]]
    groups: Mapping[str, str]
    not_understood: int = 2
    with_a_token: str | None = None
    meant: Callable[[str], str | None] = lambda _word: None

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run the program and return its exit status; what went wrong is one sentence on the standard
        error.
        """
        given = list(sys.argv[1:] if arguments is None else arguments)
        try:
            status = self._carried_out(given)
            if sys.stdout is not None:
                sys.stdout.flush()  # while it can still be said that it cannot
        except KeyboardInterrupt:
            return INTERRUPTED
        except BrokenPipeError:
            _let_go_of_stdout()
            return NOBODY_READS
        except ArdoqClientException as problem:
            self._complain(in_shell_words(str(problem)))
            return FAILED
        except Refusal as problem:
            self._complain(str(problem))
            return FAILED
        except OSError as problem:
            _let_go_of_stdout()
            self._complain(f"It could not be written: {problem.strerror or problem}.")
            return FAILED
        except Exception as problem:
            if "--verbose" in given:
                raise
            self._complain(
                f"This was not foreseen: {place_of(problem)}. Say --verbose to see more, and report it."
            )
            return FAILED
        return status

    def parser(self, whole: Iterable[Command] | None = None) -> argparse.ArgumentParser:
        """Return the parser: every command is in it, those in `whole` (None: all) with their options."""
        filled = {command.name for command in (self.commands() if whole is None else whole)}
        program = self

        class Parser(_Parser):
            of = program

        parser = Parser(
            prog=self.name,
            formatter_class=_Help,
            description=self.description,
            epilog="Each command has its own --help, with examples.",
            allow_abbrev=False,
        )
        parser.add_argument("--version", action="version", version=f"{self.name} {__version__}")
        commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
        groups: dict[str, argparse._SubParsersAction[Parser]] = {}
        for command in self.commands():
            first, _, second = command.name.partition(" ")
            if second and first not in groups:
                about = self.groups[first]
                group = commands.add_parser(first, help=about, description=_sentence(about))
                groups[first] = group.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
            below = (groups[first] if second else commands).add_parser(
                second or first,
                help=command.summary,
                description=" ".join(filter(None, [_sentence(command.summary), command.more])),
                epilog=self._examples(command),
                formatter_class=_Help,
                allow_abbrev=False,
            )
            if command.name in filled:
                command.arguments(below)
            below.set_defaults(run=command.run, parser=below)
        return parser

    # -- what was asked for ---------------------------------------------------------------------------------

    def _carried_out(self, given: list[str]) -> int:
        try:
            options = self._parsed(given)
        except (
            SystemExit
        ) as ended:  # as argparse ends after a help page and after what it does not understand
            return int(ended.code or DONE)
        status: int = options.run(options)
        return status

    def _parsed(self, given: list[str]) -> argparse.Namespace:
        may = self.with_a_token is not None and given[:1] == [self.with_a_token]
        if not may and any(_SECRET.match(word.partition("=")[0]) for word in given):
            self._complain(NO_TOKEN)
            raise SystemExit(self.not_understood)
        first = next((word for word in given if word not in _OF_THE_PROGRAM), None)
        meant = None if first is None or self._named(first) else self.meant(first)
        if meant is not None:
            given = [meant, *given]
        parser = self.parser(self._named_in(given))
        options, unknown = parser.parse_known_args(given)
        if unknown:
            _refuse(unknown, "for this command", options.parser)
        return options

    def _named(self, word: str) -> list[Command]:
        return [command for command in self.commands() if command.name.split()[0] == word]

    def _named_in(self, given: Sequence[str]) -> Iterable[Command]:
        """Return the commands that the arguments may mean, so that only their options have to be made.

        Raise `SystemExit` where they name one that does not exist.
        """
        first = next((word for word in given if word not in _OF_THE_PROGRAM), None)
        if first is None:
            return ()
        if first.startswith("-"):
            _refuse([first], "before the command", self.parser(()))
        meant = self._named(first)
        if not meant:
            known = {command.name.split()[0] for command in self.commands()}
            self._complain(f"There is no command {quote_name(first)}: {suggest(first, known)}")
            raise SystemExit(self.not_understood)
        return meant

    # -- in words -------------------------------------------------------------------------------------------

    def _complain(self, sentence: str) -> None:
        complain(sentence, self.name)

    def _examples(self, command: Command) -> str:
        lines = [f"  # {what}\n  {self.name} {line}" for line, what in command.examples]
        return "\n".join([_EXAMPLES, *lines])


def _sentence(summary: str) -> str:
    return f"{summary[:1].upper()}{summary[1:]}."


def place_of(problem: Exception) -> str:
    """Return what kind of error it is and where it was raised; its text may hold anything, and is not
    shown.
    """
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(problem).__name__
    return f"{type(problem).__name__} in {trace.tb_frame.f_globals.get('__name__')}, line {trace.tb_lineno}"


def _refuse(unknown: list[str], where: str, parser: argparse.ArgumentParser) -> NoReturn:
    """Refuse arguments that mean nothing here, naming no value: beside a wrong option may stand a secret."""
    names = [name.partition("=")[0] for name in unknown if name.startswith("-")]
    what = f"There is no option {names[0]}" if names else f"{unknown[0]!r} is one argument too many"
    parser.error(f"{what} {where}")


def _let_go_of_stdout() -> None:
    # Python writes what is left when it ends: into nothing.
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Say what is wrong in one line."""

    of: Program

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:].rstrip(".")
        complain(f"{sentence}. See '{self.prog} --help'.", self.of.name)
        raise SystemExit(self.of.not_understood)


class _Help(argparse.HelpFormatter):
    """Leave the lines of the examples as they are, and room for the longest name of a command."""

    def __init__(self, prog: str, **more: Any) -> None:
        super().__init__(prog, **{"max_help_position": 28, **more})
        # argparse forgets that the names of commands are indented.
        self._action_max_length = 15

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if text.startswith(_EXAMPLES):
            return text
        return super()._fill_text(text, width, indent)
