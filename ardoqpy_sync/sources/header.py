"""Cells under a header: the names of the columns, and rows of as many cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy_sync.sources.row import Row, blank, unfit
from ardoqpy_sync.sources.source import SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["named_columns", "numbered_rows", "row_below"]


def named_columns(cells: Sequence[Any], label: str) -> tuple[str, ...]:
    """Return the names of the columns, without the white space around them.

    `label` says where the header stands. Raise `SourceUnreadable` where a name is blank, is no text, or is
    there twice.
    """
    if all(blank(cell) for cell in cells):
        raise SourceUnreadable(f"{label} is blank where the names of the columns should be.")
    places: dict[str, int] = {}
    for place, cell in enumerate(cells, 1):
        if blank(cell):
            raise SourceUnreadable(f"{label} has no name for column {place}: name every column.")
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)  # noqa: PLW2901  (a year over a column, as Excel keeps it)
        if not isinstance(cell, str) and type(cell) is not int:
            raise SourceUnreadable(
                f"{label} has {quote_name(cell)} over column {place}: the name of a column is text."
            )
        name = str(cell).strip()
        if name in places:
            raise SourceUnreadable(
                f"{label} gives two columns, {places[name]} and {place}, the name {quote_name(name)}: "
                "give each a name of its own."
            )
        places[name] = place
    problem = unfit(dict.fromkeys(places))
    if problem is not None:
        raise SourceUnreadable(f"{label} {problem}")
    return tuple(places)


def row_below(columns: Sequence[str], cells: Sequence[Any], label: str) -> Row | None:
    """Return the row of cells below a header; None where it holds nothing at all."""
    if all(blank(cell) for cell in cells):
        return None
    if len(cells) != len(columns):
        few_or_many = "few" if len(cells) < len(columns) else "many"
        return Row(
            label,
            {},
            f"has too {few_or_many} cells: {len(cells)} where the header names {len(columns)} columns.",
        )
    return Row(label, dict(zip(columns, cells, strict=True)))


def numbered_rows(columns: Sequence[str], records: Iterable[Sequence[Any]], name: str) -> Iterator[Row]:
    """Yield the rows of a query's answer, numbered from 1."""
    for number, record in enumerate(records, 1):
        row = row_below(columns, record, f"{name} row {number}")
        if row is not None:
            row.problem = row.problem or unfit(row.values)
            yield row
