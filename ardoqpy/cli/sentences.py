"""
What the command says when it cannot: one sentence, in the words of the shell.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from ardoqpy.cli.harmless import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Refusal", "complain", "did_you_mean", "in_shell_words", "near"]

MOST_NAMED = 8

#: The library speaks to programmers; these are the same remedies for somebody at a prompt.
_SHELL_WORDS = [
    (re.compile(r"version='(v\d)'"), r"--api \1"),
    (re.compile(r", or \w+\([\w ]*\)"), ""),
    (
        re.compile(r"give token, or set ARDOQ_API_TOKEN"),
        "set ARDOQ_API_TOKEN, or name a cfg file with --config",
    ),
    (re.compile(r"give the token as token instead"), "set the token as ARDOQ_API_TOKEN instead"),
    (re.compile(r"\bgive org\b"), "give --org"),
    (re.compile(r"\bhosturl\b"), "--host"),
    (re.compile(r"\ballow_http=True\b"), "--allow-http"),
    (re.compile(r"\bresource_id\b"), "--workspace"),
    (re.compile(r"\b(comp|ref|ws|folder|tag|model|field|report|attachment)_id\b"), "ID"),
]


class Refusal(Exception):
    """
    Say in one sentence why a command cannot be carried out; its status is 1.
    """


def in_shell_words(sentence: str) -> str:
    """
    Return a sentence of the library with its remedies as options of the command line.
    """
    for words, instead in _SHELL_WORDS:
        sentence = words.sub(instead, sentence)
    return sentence


def complain(sentence: str) -> None:
    """
    Write one line to the standard error, whatever is in the sentence.
    """
    print(f"ardoqpy: {harmless(sentence)}", file=sys.stderr)


def near(wanted: str, names: Iterable[str]) -> list[str]:
    """
    Return the names that are near to one that is not there, the nearest at first.
    """
    import difflib  # noqa: PLC0415  (only those who misspell pay for it)

    by_folded: dict[str, str] = {}
    for name in names:
        by_folded.setdefault(name.casefold(), name)
    return [by_folded[name] for name in difflib.get_close_matches(wanted.casefold(), by_folded)]


def did_you_mean(wanted: str, names: Iterable[object]) -> str:
    """
    Return how a sentence goes on about a name that is not there: the names near to it, or those there are.
    """
    known = list(dict.fromkeys(str(name) for name in names if name))
    found = near(wanted, known)
    if found:
        return f"did you mean {' or '.join(map(repr, found))}?"
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    return f"there is {', '.join(map(repr, known[:MOST_NAMED]))}{more}." if known else "there is none at all."
