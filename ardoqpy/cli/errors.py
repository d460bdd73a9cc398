"""What the command says when it cannot: one sentence, in the words of the shell."""

from __future__ import annotations

import re
import sys

from ardoqpy._terminal import escape_controls

__all__ = ["Refusal", "complain", "in_shell_words"]

#: The library speaks to programmers; these are the same remedies for somebody at a prompt.
_SHELL_WORDS = [
    (re.compile(r"version='(v\d)'"), r"--api \1"),
    (re.compile(r", or \w+\([\w ]*\)"), ""),
    (
        re.compile(r"give token, or set ARDOQ_API_TOKEN"),
        "set ARDOQ_API_TOKEN, or name a cfg file with --config",
    ),
    (re.compile(r"give the token as token instead"), "set the token as ARDOQ_API_TOKEN instead"),
    (re.compile(r", or say as stale_after= after how many seconds it may be taken over"), ""),
    (re.compile(r"\bgive org\b"), "give --org"),
    (re.compile(r"\bhosturl\b"), "--host"),
    (re.compile(r"\ballow_http=True\b"), "--allow-http"),
    (re.compile(r"\bresource_id\b"), "--workspace"),
    (re.compile(r"\b(comp|ref|ws|folder|tag|model|field|report|attachment)_id\b"), "ID"),
]


class Refusal(Exception):
    """Say in one sentence why a command cannot be carried out; its status is 1."""


def in_shell_words(sentence: str) -> str:
    """Return a sentence of the library with its remedies as options of the command line."""
    for words, instead in _SHELL_WORDS:
        sentence = words.sub(instead, sentence)
    return sentence


def complain(sentence: str, program: str = "ardoqpy") -> None:
    """Write one line to the standard error, whatever is in the sentence."""
    print(f"{program}: {escape_controls(sentence)}", file=sys.stderr)
