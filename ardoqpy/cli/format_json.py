"""JSON, whole or a line for each row."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["write_document", "write_lines", "write_list"]

#: What JSON lets stand as it is though it steers a terminal, or is half a character. It can only be in text.
_STEERING = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def write_document(value: Any, stream: TextIO) -> None:
    """Write one value, indented."""
    stream.write(_encoded(value, indent=2) + "\n")


def write_list(rows: Iterable[Any], stream: TextIO) -> None:
    """Write rows as one list, each as soon as it is there."""
    before = "[\n"
    for row in rows:
        stream.write(before + _encoded(row, indent=2))
        stream.flush()
        before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


def write_lines(rows: Iterable[Any], stream: TextIO) -> None:
    """Write rows one to a line, each as soon as it is there."""
    for row in rows:
        stream.write(_encoded(row) + "\n")
        stream.flush()


def _encoded(value: Any, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
