"""A table for people: aligned, as wide as the terminal, with control characters escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from ardoqpy._terminal import display_width, escape_controls, shorten
from ardoqpy.cli.rows import cell_text
from ardoqpy.entities import flatten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ardoqpy.cli.rows import Column, Listing

GAP = "  "
#: How narrow columns may become: first those without ids, then all, then all as far as needed.
_MINIMUM_WIDTHS = ((8, False), (8, True), (1, True))


def write_table(listing: Listing, stream: TextIO, line_width: int | None) -> None:
    """Write rows with a header, in lines of at most `line_width` terminal columns; None: cut nothing."""
    lines = [[escape_controls(column.title) for column in listing.columns]]
    for row in listing.rows:
        attributes = flatten(row)
        lines.append([escape_controls(_value(attributes, column)) for column in listing.columns])
    widths = [max(display_width(line[index]) for line in lines) for index in range(len(listing.columns))]
    if line_width is not None:
        widths = _fit(widths, listing.columns, line_width)
    for line in lines:
        cells = [shorten(text, limit) for text, limit in zip(line, widths, strict=True)]
        padded = [
            text + " " * (limit - display_width(text)) for text, limit in zip(cells, widths, strict=True)
        ]
        printed = GAP.join(padded).rstrip()
        stream.write((printed if line_width is None else shorten(printed, line_width)) + "\n")


def _value(attributes: dict[str, object], column: Column) -> str:
    return next((cell_text(attributes[key]) for key in column.keys if attributes.get(key) is not None), "")


def _fit(widths: list[int], columns: Sequence[Column], line_width: int) -> list[int]:
    """Return widths that fit the line: the widest columns shrink first."""
    line_width -= len(GAP) * (len(widths) - 1)
    for minimum, with_ids in _MINIMUM_WIDTHS:
        shrinking = [index for index, column in enumerate(columns) if with_ids or not column.is_id]
        while sum(widths) > line_width and shrinking:
            widest = max(shrinking, key=lambda index: widths[index])
            if widths[widest] <= minimum:
                break
            widths[widest] -= 1
    return widths
