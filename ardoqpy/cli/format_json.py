"""JSON: one document, one list, or one line for each row."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Characters that JSON allows but that control a terminal, and half characters. They occur in strings only.
_CONTROL = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def write_document(value: Any, stream: TextIO) -> None:
    """Write one value, indented."""
    stream.write(_encode(value, indent=2) + "\n")


def write_list(rows: Iterable[Any], stream: TextIO) -> None:
    """Write rows as one list, each row as it arrives."""
    separator = "[\n"
    for row in rows:
        stream.write(separator + _encode(row, indent=2))
        stream.flush()
        separator = ",\n"
    stream.write("[]\n" if separator == "[\n" else "\n]\n")


def write_lines(rows: Iterable[Any], stream: TextIO) -> None:
    """Write each row on a line, as it arrives."""
    for row in rows:
        stream.write(_encode(row) + "\n")
        stream.flush()


def _encode(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
