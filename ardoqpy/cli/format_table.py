"""A table for people: aligned, as wide as the terminal, harmless whatever is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from ardoqpy._terminal import display_width, escape_controls, shorten
from ardoqpy.cli.rows import cell, flat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ardoqpy.cli.rows import Column, Listing

__all__ = ["write_table"]

GAP = "  "
#: How far columns may shrink: first those that are of use when cut, then all, then whatever it takes.
_NARROWEST = ((8, False), (8, True), (1, True))


def write_table(listing: Listing, stream: TextIO, room: int | None) -> None:
    """Write rows with a header, in lines of at most `room` columns; None cuts nothing."""
    lines = [[escape_controls(column.title) for column in listing.columns]]
    for row in listing.rows:
        attributes = flat(row)
        lines.append([escape_controls(_value(attributes, column)) for column in listing.columns])
    widths = [max(display_width(line[place]) for line in lines) for place in range(len(listing.columns))]
    if room is not None:
        widths = _fitted(widths, listing.columns, room)
    for line in lines:
        parts = [shorten(part, most) for part, most in zip(line, widths, strict=True)]
        padded = [part + " " * (most - display_width(part)) for part, most in zip(parts, widths, strict=True)]
        text = GAP.join(padded).rstrip()
        stream.write((text if room is None else shorten(text, room)) + "\n")


def _value(attributes: dict[str, object], column: Column) -> str:
    return next((cell(attributes[key]) for key in column.keys if attributes.get(key) is not None), "")


def _fitted(widths: list[int], columns: Sequence[Column], room: int) -> list[int]:
    """Return the widths that fit: the widest columns give way first."""
    room -= len(GAP) * (len(widths) - 1)
    for narrowest, all_of_them in _NARROWEST:
        shrinking = [place for place, column in enumerate(columns) if all_of_them or not column.whole]
        while sum(widths) > room and shrinking:
            widest = max(shrinking, key=lambda place: widths[place])
            if widths[widest] <= narrowest:
                break
            widths[widest] -= 1
    return widths
