"""What a command is: its words, its options, its examples, and what it does."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, NamedTuple

from ardoqpy.cli.output import FORMATS, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ardoqpy.cli.connection import Connection
    from ardoqpy.cli.rows import Document, Listing

__all__ = ["DOCUMENTED_FIRST", "Command", "add_settings", "positive", "reading", "value_of_field"]

#: v2 is the version that Ardoq documents; v1 is asked for what v2 does not have.
DOCUMENTED_FIRST = ("v2", "v1")


class Command(NamedTuple):
    """One command.

    - `name`: the words that call it, such as `report run`; `summary`: what it does, in a line.
    - `arguments`: adds its options to a parser; `run`: carries it out and returns the exit status.
    - `examples`: command lines without the program's name, each with what it does.
    - `more`: what else its help says.
    """

    name: str
    summary: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    examples: tuple[tuple[str, str], ...]
    more: str = ""


def reading(
    name: str,
    summary: str,
    read: Callable[[Connection, argparse.Namespace], Listing | Document],
    examples: tuple[tuple[str, str], ...],
    *,
    arguments: Callable[[argparse.ArgumentParser], None] = lambda _parser: None,
    versions: Sequence[str] = DOCUMENTED_FIRST,
    more: str = "",
) -> Command:
    """Return a command that asks Ardoq something and writes the answer.

    `versions` are those of the API to ask, in this order, unless `--api` says which.
    """

    def all_arguments(parser: argparse.ArgumentParser) -> None:
        arguments(parser)
        add_output(parser)
        add_settings(parser)

    def run(options: argparse.Namespace) -> int:
        from ardoqpy.cli.connection import Connection  # noqa: PLC0415  (the first to need the client)

        with Connection(options, versions) as connection:
            write(read(connection, options), options)
        return 0

    return Command(name, summary, all_arguments, run, examples, more)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what comes out, and how."""
    group = parser.add_argument_group("what comes out")
    group.add_argument(
        "--format", choices=FORMATS, help="how to write it (as the ending of --output says, else a table)"
    )
    group.add_argument(
        "--columns",
        type=_names,
        metavar="A,B,...",
        help="these attributes only, in this order; custom fields by their names",
    )
    group.add_argument("--limit", type=positive, metavar="N", help="the first N rows only")
    group.add_argument("--raw", action="store_true", help="CSV: leave what looks like a formula as it is")
    group.add_argument(
        "--output", metavar="FILE", help="write to this file, which appears once all is there; -: no file"
    )


def add_settings(
    parser: argparse.ArgumentParser,
    *,
    api: str | None = "v2, and v1 for what v2 does not have",
    first: str = "",
) -> None:
    """Add the options that say which Ardoq to ask, and how patiently.

    `api` says which version is asked unless told, None where nobody may tell; `first` where what is not given
    is looked for before the environment.
    """
    group = parser.add_argument_group(
        "which Ardoq",
        f"What is not given comes from {first}ARDOQ_API_HOST, ARDOQ_API_TOKEN and ARDOQ_ORG_LABEL.",
    )
    group.add_argument("--host", metavar="URL", help="its address, such as https://yourorg.ardoq.com")
    group.add_argument("--org", metavar="LABEL", help="the organisation, where the host does not say it")
    group.add_argument("--config", metavar="FILE", help="a cfg file with host, token and org")
    if api:
        group.add_argument("--api", choices=("v1", "v2"), help=f"the version of its API ({api})")
    group.add_argument(
        "--timeout", type=_seconds, metavar="SECONDS", help="how long to wait for a connection and for bytes"
    )
    group.add_argument("--retries", type=_count, metavar="N", help="how often to ask again after a failure")
    group.add_argument(
        "--allow-http", action="store_true", help="a host without TLS that is not this machine"
    )
    group.add_argument("--verbose", action="store_true", help="say on the standard error what is asked again")


def value_of_field(text: str) -> tuple[str, str]:
    """Read an option of the form NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not (name.strip() and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name.strip(), value


def positive(text: str) -> int:
    """Read a whole number above 0."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _count(text: str) -> int:
    return 0 if text == "0" else positive(text)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from None


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of names with commas between them")
    return list(dict.fromkeys(names))
