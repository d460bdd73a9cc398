"""Text from elsewhere, made safe for a terminal and measured in its columns."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["harmless", "shortened", "width"]

#: What steers a terminal or turns the order of reading: controls, escapes, bidirectional marks, and what
#: takes no room at all. Joiners stay: words of Persian and many emojis fall apart without them.
_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def harmless(text: str) -> str:
    """Return a text on one line, with everything that would steer a terminal written out as an escape."""
    return _STEERING.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    character = found[0]
    number = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    return (
        f"\\x{number:02x}"
        if number < 0x100
        else f"\\u{number:04x}"
        if number < 0x10000
        else f"\\U{number:08x}"
    )


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_room, text))


def shortened(text: str, room: int) -> str:
    """Return a text that takes at most so many columns, with an ellipsis where something is missing."""
    if width(text) <= room:
        return text
    taken = 0
    for end, character in enumerate(text):
        taken += _room(character)
        if taken > room - 1:
            return text[:end] + "…" if room > 0 else ""
    return text


def _room(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
