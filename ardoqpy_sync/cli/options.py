"""The options that several commands of `ardoqpy-sync` have, checked before anything runs."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any

from ardoqpy.cli.command import add_settings
from ardoqpy.cli.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SUFFIXES", "add_connection", "add_job", "add_telling", "report_file", "settings_of", "writable"]

SUFFIXES = (".html", ".md", ".json")


def add_job(parser: argparse.ArgumentParser) -> None:
    """Add the job that a command is about."""
    parser.add_argument("job", metavar="JOB", help="the job's file")


def add_telling(parser: argparse.ArgumentParser) -> None:
    """Add the options that say who is told what a run came to, and how."""
    group = parser.add_argument_group("who is told, and how")
    group.add_argument("--json", action="store_true", help="write the whole report as JSON, and nothing else")
    group.add_argument(
        "--quiet-when-unchanged",
        action="store_true",
        help="say nothing at all where nothing changes and nothing fails",
    )
    group.add_argument(
        "--report",
        action="append",
        default=[],
        type=report_file,
        metavar="FILE",
        help="write a report: a page (.html), Markdown (.md) or data (.json); may be given several times",
    )
    group.add_argument(
        "--webhook",
        metavar="URL",
        help="send a short summary there, as JSON; if the address is a secret, set ARDOQPY_WEBHOOK instead",
    )


def add_connection(parser: argparse.ArgumentParser) -> None:
    """Add the options that go before what a job says of its Ardoq."""
    add_settings(parser, api="what the job says, else v2", first="the job, then from ")


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that were given, as arguments of a client; there is never a token among them."""
    told = {
        "hosturl": options.host,
        "org": options.org,
        "config": options.config,
        "version": options.api,
        "timeout": options.timeout,
        "retries": options.retries,
        "allow_http": options.allow_http or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def report_file(path: str) -> str:
    """Read the name of a report."""
    if os.path.splitext(path)[1].lower() not in SUFFIXES:  # noqa: PTH122  (pathlib is slow to load)
        raise argparse.ArgumentTypeError(
            f"{path!r} is no report: its name has to end with .html, .md or .json"
        )
    return path


def writable(paths: Iterable[str], read: Iterable[str]) -> None:
    """Raise `Refusal` where files that are to be written could not be, or would take the place of one
    another.

    `read` are those that the command reads.
    """
    seen = {os.path.realpath(path) for path in read}
    for path in paths:
        folder = os.path.dirname(path) or "."  # noqa: PTH120
        if not os.path.isdir(folder):  # noqa: PTH112
            raise Refusal(f"The file {path!r} cannot be written: there is no folder {folder!r}.")
        if os.path.isdir(path):  # noqa: PTH112
            raise Refusal(f"The file {path!r} cannot be written: it is a folder.")
        real = os.path.realpath(path)
        if real in seen:
            raise Refusal(
                f"The file {path!r} would be written over what this command reads or writes itself."
            )
        seen.add(real)
