"""Errors as a command prints them: one sentence that names options instead of Python arguments."""

from __future__ import annotations

import re
import sys

from ardoqpy._terminal import escape_controls

#: Remedies in messages of the library, and the same for the command line.
_OPTION_NAMES = [
    (re.compile(r"version='(v\d)'"), r"--api \1"),
    (re.compile(r", or \w+\([\w ]*\)"), ""),
    (
        re.compile(r"give token, or set ARDOQ_API_TOKEN"),
        "set ARDOQ_API_TOKEN, or name a cfg file with --config",
    ),
    (re.compile(r"give the token as token instead"), "set the token as ARDOQ_API_TOKEN instead"),
    (re.compile(r"\bpass take_over=True"), "use --take-over"),
    (re.compile(r"\bgive org\b"), "give --org"),
    (re.compile(r"\bgive (header|encoding)\b"), r"give --\1"),
    (re.compile(r"\bhosturl\b"), "--host"),
    (re.compile(r"\ballow_http=True\b"), "--allow-http"),
    (re.compile(r"\bresource_id\b"), "--workspace"),
    (re.compile(r"\b(comp|ref|ws|folder|tag|model|field|report|attachment)_id\b"), "ID"),
]


class CommandError(Exception):
    """A command cannot run; the message is one sentence, and the exit code is 1."""


def with_option_names(message: str) -> str:
    """Return a message of the library with options of the command line in its remedies."""
    for pattern, replacement in _OPTION_NAMES:
        message = pattern.sub(replacement, message)
    return message


def print_error(message: str, program: str = "ardoqpy") -> None:
    """Print a message as one line on standard error, whatever characters it contains."""
    print(f"{program}: {escape_controls(message)}", file=sys.stderr)


def unexpected_error(problem: Exception) -> str:
    """Return the message for a bug: the type of the error and the line that raised it.

    The text of the error is left out, since it may contain a secret.
    """
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {trace.tb_frame.f_globals.get('__name__')}, line {trace.tb_lineno}" if trace else ""
    return (
        f"Unexpected error: {type(problem).__name__}{where}. Run it again with --verbose to see the "
        "traceback, and report it."
    )
