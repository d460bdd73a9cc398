"""A command of a program: its name, options, examples, and where the function that runs it is.

The code behind a command is named as text, so that `--help` does not import it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from ardoqpy.client import ArdoqClient

    #: Adds an option, or several, to a parser or to a group of one.
    Option: TypeAlias = Callable[[argparse._ActionsContainer], object]  # noqa: SLF001


class Read(NamedTuple):
    """What a read command asks Ardoq, and how a table shows the answer.

    - `rows`: called with a client and the parsed options; or the address of such a function, as for
      `load_function`. It returns rows, one entity, a `Listing` or a `Document`.
    - `columns`: the columns of rows, as `rows.columns` takes them; empty if one entity is returned.
    - `versions`: the API versions to ask, in this order, unless `--api` names one.
    """

    rows: str | Callable[[ArdoqClient, argparse.Namespace], Any]
    columns: tuple[str, ...]
    versions: tuple[str, ...]


class Command(NamedTuple):
    """One command.

    - `name`: the words that call it, such as `report run`.
    - `summary`: what it does, in one line that starts with a verb.
    - `run`: the address of the function that runs it, as for `load_function`. The function is called with the
      parsed options and returns the exit code.
    - `options`: its options.
    - `examples`: command lines without the program's name, each with what it does.
    - `details`: what else its help page explains.
    - `read`: for a read command, what it reads.
    """

    name: str
    summary: str
    run: str
    options: tuple[Option, ...]
    examples: Mapping[str, str]
    details: str = ""
    read: Read | None = None


def command(
    name: str, summary: str, run: str, *options: Option, examples: Mapping[str, str], details: str = ""
) -> Command:
    """Return a command; see `Command`."""
    return Command(name, summary, run, options, examples, details)


def option(*flags: str, **settings: Any) -> Option:
    """Return an option or a positional argument, written as for `ArgumentParser.add_argument`."""
    return lambda parser: parser.add_argument(*flags, **settings)


def one_of(*options: Option) -> Option:
    """Return options of which at most one may be given."""
    return lambda parser: _add(parser.add_mutually_exclusive_group(), options)


def group(title: str, description: str | None, *options: Option) -> Option:
    """Return options that the help lists together under a title."""
    return lambda parser: _add(parser.add_argument_group(title, description), options)


def _add(parser: argparse._ActionsContainer, options: tuple[Option, ...]) -> None:
    for add in options:
        add(parser)


def load_function(address: str) -> Callable[..., Any]:
    """Import the module of an address, such as `package.module:function`, and return the function."""
    module, _, name = address.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
