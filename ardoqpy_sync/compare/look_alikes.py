"""Names that look alike although they differ: other Unicode forms, white space, and invisible characters."""

from __future__ import annotations

import unicodedata
from itertools import zip_longest


def look_alike_key(name: str) -> str:
    """Return what all names share that look like this one, whatever their letter case."""
    if not name.isascii():
        name = unicodedata.normalize("NFKC", name)
        name = "".join(char for char in name if unicodedata.category(char) != "Cf")
    return " ".join(name.lower().split())


def describe_difference(name: str, other: str) -> str:
    """Return the first character in which a name differs from another one, and what the other has there."""
    for number, (char, other_char) in enumerate(zip_longest(name, other), 1):
        if char != other_char:
            return f"character {number} is {_describe(char)} here and {_describe(other_char)} there"
    return "they are the same"


def _describe(char: str | None) -> str:
    if char is None:
        return "missing"
    return f"U+{ord(char):04X} ({unicodedata.name(char, 'a control character')})"
