"""Text from elsewhere, made visible: what would steer a page, a terminal or the order of reading,
written out.
"""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["one_line", "shortened", "value_text", "visible"]

#: Joiners stay: words of Persian and many emojis fall apart without them.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
#: Text that could be taken for a number, for nothing, or for no text at all.
_DOUBTFUL = re.compile(r"^$|^\s|\s$|^(true|false|null|None|[-+]?[\d.]+([eE][-+]?\d+)?)$|^\"")


def visible(text: str) -> str:
    """Return a text with its controls, bidirectional marks and half characters written out as `⟨U+202E⟩`."""
    return _STEERING.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def one_line(text: str, longest: int = 160) -> str:
    """Return a text on one line, cut off where it is long, with everything in it visible."""
    line = re.sub(r"\r\n|\n|\r", "⏎", shortened(text, longest)).replace("\t", "⇥")
    return visible(line)


def shortened(text: str, longest: int) -> str:
    """Return at most so many characters of a text, with an ellipsis where something is missing."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def value_text(value: Any) -> str:
    """Return a value as text: text as it is, unless it could be taken for something else; nothing as
    "empty".
    """
    if value is None:
        return "empty"
    if isinstance(value, str) and not _DOUBTFUL.search(value):
        return value
    return json.dumps(value, ensure_ascii=False)
