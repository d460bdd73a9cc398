"""A command-line program: its parser, its help, its exit codes, and its error messages."""

from __future__ import annotations

import argparse
import os
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ardoqpy._messages import quote_name, suggest
from ardoqpy._version import __version__
from ardoqpy.cli.command import load_function
from ardoqpy.cli.errors import CommandError, print_error, unexpected_error, with_option_names
from ardoqpy.errors import ArdoqClientException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ardoqpy.cli.command import Command

DONE, FAILED = 0, 1
#: The exit codes with which a shell reports that a signal ended a process: SIGINT and SIGPIPE.
INTERRUPTED, BROKEN_PIPE = 130, 141

TOKEN_ON_COMMAND_LINE = (
    "Don't pass a token on the command line, where others on this machine can read it: set "
    "ARDOQ_API_TOKEN, or write it into a cfg file and name that with --config."
)
#: Options with which a user may try to pass a token.
_SECRET_OPTION = re.compile("-.*(token|secret|passw|api.?key)", re.IGNORECASE)
_PROGRAM_OPTIONS = ("-h", "--help", "--version")
_EXAMPLES = "examples:"


class Program(NamedTuple):
    """One program.

    - `name`, `description`: what it is called, and what it is for.
    - `commands`: its commands; `groups`: for commands of two words, what the first word is about.
    - `token_command`: the command that has its own option `--token`.
    - `default_command`: returns the command for a first word that names none; None where there is none.
    """

    name: str
    description: str
    commands: Sequence[Command]
    groups: Mapping[str, str]
    token_command: str | None = None
    default_command: Callable[[str], str | None] = lambda _word: None

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Run the program, print an error as one sentence on standard error, and return the exit code."""
        words = list(sys.argv[1:] if arguments is None else arguments)
        try:
            exit_code = self._run(words)
            if sys.stdout is not None:
                sys.stdout.flush()  # an error here can still be reported
        except KeyboardInterrupt:
            return INTERRUPTED
        except BrokenPipeError:
            _discard_stdout()
            return BROKEN_PIPE
        except ArdoqClientException as problem:
            self._print_error(with_option_names(str(problem)))
            return FAILED
        except CommandError as problem:
            self._print_error(str(problem))
            return FAILED
        except OSError as problem:
            _discard_stdout()
            self._print_error(f"The output cannot be written: {problem.strerror or problem}.")
            return FAILED
        except Exception as problem:
            if "--verbose" in words:
                raise
            self._print_error(unexpected_error(problem))
            return FAILED
        return exit_code

    def parser(
        self, complete: Iterable[Command] | None = None, *, others: bool = True
    ) -> argparse.ArgumentParser:
        """Return the parser with all commands; those in `complete` (None: all) have their options.

        `others=False`: leave out the other commands, which takes a fraction of the time.
        """
        completed = {command.name for command in (self.commands if complete is None else complete)}
        program = self

        class Parser(_Parser):
            of = program

        parser = Parser(
            prog=self.name,
            formatter_class=_HelpFormatter,
            description=self.description,
            epilog="Each command has its own --help, with examples.",
            allow_abbrev=False,
        )
        parser.add_argument("--version", action="version", version=f"{self.name} {__version__}")
        commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
        groups: dict[str, argparse._SubParsersAction[Parser]] = {}
        for command in self.commands:
            if not others and command.name not in completed:
                continue
            first, _, second = command.name.partition(" ")
            if second and first not in groups:
                about = self.groups[first]
                group = commands.add_parser(first, help=about, description=_sentence(about))
                groups[first] = group.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
            subparser = (groups[first] if second else commands).add_parser(
                second or first,
                help=command.summary,
                description=" ".join(filter(None, [_sentence(command.summary), command.details])),
                epilog=self._examples(command),
                formatter_class=_HelpFormatter,
                allow_abbrev=False,
            )
            if command.name in completed:
                for add in command.options:
                    add(subparser)
            subparser.set_defaults(program=self, command=command, parser=subparser)
        return parser

    def _run(self, words: list[str]) -> int:
        try:
            options = self._parse(words)
        except SystemExit as ended:  # argparse ends like this after a help page and after an error
            return int(ended.code or DONE)
        return int(load_function(options.command.run)(options))

    def _parse(self, words: list[str]) -> argparse.Namespace:
        has_token_option = self.token_command is not None and words[:1] == [self.token_command]
        if not has_token_option and any(_SECRET_OPTION.match(word.partition("=")[0]) for word in words):
            self._print_error(TOKEN_ON_COMMAND_LINE)
            raise SystemExit(FAILED)
        first = _first_word(words)
        if first is not None and not self._commands_named(first):
            default = self.default_command(first)
            words = words if default is None else [default, *words]
        # The page about all commands is only shown for an option before the command.
        others = words[:1] != [_first_word(words)]
        parser = self.parser(self._possible_commands(words), others=others)
        options, unknown = parser.parse_known_args(words)
        if unknown:
            _reject(unknown, "for this command", options.parser)
        return options

    def _commands_named(self, word: str) -> list[Command]:
        return [command for command in self.commands if command.name.split()[0] == word]

    def _possible_commands(self, words: Sequence[str]) -> list[Command]:
        """Return the commands that the words may mean: only their options have to be added.

        Raise `SystemExit` for a command that does not exist.
        """
        first = _first_word(words)
        if first is None:
            return []
        if first.startswith("-"):
            _reject([first], "before the command", self.parser([]))
        commands = self._commands_named(first)
        if not commands:
            known = {command.name.split()[0] for command in self.commands}
            self._print_error(f"There is no command {quote_name(first)}: {suggest(first, known)}")
            raise SystemExit(FAILED)
        return commands

    def _print_error(self, message: str) -> None:
        print_error(message, self.name)

    def _examples(self, command: Command) -> str:
        lines = [f"  # {about}\n  {self.name} {line}" for line, about in command.examples.items()]
        return "\n".join([_EXAMPLES, *lines])


def _first_word(words: Iterable[str]) -> str | None:
    return next((word for word in words if word not in _PROGRAM_OPTIONS), None)


def _sentence(summary: str) -> str:
    return f"{summary[:1].upper()}{summary[1:]}."


def _reject(unknown: list[str], where: str, parser: argparse.ArgumentParser) -> NoReturn:
    """Reject unknown arguments without their values: the value of a wrong option may be a secret."""
    names = [name.partition("=")[0] for name in unknown if name.startswith("-")]
    problem = f"There is no option {names[0]}" if names else f"{unknown[0]!r} is one argument too many"
    parser.error(f"{problem} {where}")


def _discard_stdout() -> None:
    # Python writes what is still in its buffer when it ends: to nowhere.
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Report an error in one line."""

    of: Program

    def error(self, message: str) -> NoReturn:
        """Print an error and raise `SystemExit`."""
        # argparse starts its sentences with "argument" or "the following", never with a name.
        print_error(
            f"{message[:1].upper()}{message[1:].rstrip('.')}. See '{self.prog} --help'.", self.of.name
        )
        raise SystemExit(FAILED)


class _HelpFormatter(argparse.HelpFormatter):
    """Keep the lines of examples as they are, and leave room for the longest command name."""

    def __init__(self, prog: str, **settings: Any) -> None:
        """Set the widths."""
        super().__init__(prog, **{"max_help_position": 28, **settings})
        # argparse ignores that the names of commands are indented.
        self._action_max_length = 15

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith(_EXAMPLES) else super()._fill_text(text, width, indent)
