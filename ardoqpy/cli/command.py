"""A command of a program: its name, options, examples, and where the function that runs it is.

Commands and options are plain data, and the code behind them is named as text, so that `--help` imports none
of it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping

    from ardoqpy.client import ArdoqClient

__all__ = ["Command", "Group", "OneOf", "Option", "Options", "Read", "add_options", "load_function"]


class Option(NamedTuple):
    """One option or positional argument: its flags, and the settings of `argparse` for it."""

    flags: tuple[str, ...]
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, *flags: str, **settings: Any) -> Option:
        """Return an option, written as for `ArgumentParser.add_argument`."""
        return cls(flags, settings)


class OneOf(NamedTuple):
    """Options of which at most one may be given."""

    options: tuple[Option, ...]


class Group(NamedTuple):
    """Options that the help lists together under a title."""

    title: str
    description: str | None
    options: tuple[Option, ...]


Options: TypeAlias = tuple[Option | OneOf | Group, ...]


class Read(NamedTuple):
    """What a read command asks Ardoq, and how a table shows the answer.

    - `rows`: called with a client and the parsed options; or the address of such a function, as for
      `load_function`. It returns rows, one entity, a `Listing` or a `Document`.
    - `columns`: the columns of rows, as `rows.columns` takes them; empty where one entity is returned.
    - `versions`: the API versions to ask, in this order, unless `--api` names one.
    """

    rows: str | Callable[[ArdoqClient, argparse.Namespace], Any]
    columns: tuple[str, ...]
    versions: tuple[str, ...]


class Command(NamedTuple):
    """One command.

    - `name`: the words that call it, such as `report run`.
    - `summary`: what it does, in one line that starts with a verb.
    - `options`: its options.
    - `run`: the address of the function that runs it, as for `load_function`. The function is called with the
      parsed options and returns the exit code.
    - `examples`: pairs of a command line without the program's name, and what it does.
    - `details`: what else its help page says.
    - `read`: for a read command, what it reads.
    """

    name: str
    summary: str
    options: Options
    run: str
    examples: tuple[tuple[str, str], ...]
    details: str = ""
    read: Read | None = None


def add_options(parser: argparse._ActionsContainer, options: Iterable[Option | OneOf | Group]) -> None:
    """Add options to a parser or to a group of one."""
    for item in options:
        if isinstance(item, Option):
            parser.add_argument(*item.flags, **item.settings)
        elif isinstance(item, OneOf):
            add_options(parser.add_mutually_exclusive_group(), item.options)
        else:
            add_options(parser.add_argument_group(item.title, item.description), item.options)


def load_function(address: str) -> Callable[..., Any]:
    """Import the module of an address, such as `package.module:function`, and return the function."""
    module, _, name = address.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function
