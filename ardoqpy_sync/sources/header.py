"""Column names from a header, and rows with the same number of cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy_sync.sources.row import Row, find_bad_text, is_blank
from ardoqpy_sync.sources.source import SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def read_header(cells: Sequence[Any], label: str) -> tuple[str, ...]:
    """Return the column names of a header, without the white space around them.

    - `label`: the position of the header, for messages.

    Raise `SourceUnreadable` if a name is blank, is not text, or appears twice.
    """
    if all(is_blank(cell) for cell in cells):
        raise SourceUnreadable(f"{label} is blank. It must contain the column names.")
    positions: dict[str, int] = {}
    for position, cell in enumerate(cells, 1):
        if is_blank(cell):
            raise SourceUnreadable(f"{label} has no name for column {position}. Give every column a name.")
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)  # noqa: PLW2901  (Excel keeps a year in a header as a float)
        if not isinstance(cell, str) and type(cell) is not int:
            raise SourceUnreadable(
                f"{label} has {quote_name(cell)} as the name of column {position}. Use text."
            )
        name = str(cell).strip()
        if name in positions:
            raise SourceUnreadable(
                f"{label} has the name {quote_name(name)} for columns {positions[name]} and {position}. "
                "Give each column a different name."
            )
        positions[name] = position
    problem = find_bad_text(dict.fromkeys(positions))
    if problem is not None:
        raise SourceUnreadable(f"{label}: {problem}")
    return tuple(positions)


def make_row(columns: Sequence[str], cells: Sequence[Any], label: str) -> Row | None:
    """Return the row of cells below a header; None if all of them are blank."""
    if all(is_blank(cell) for cell in cells):
        return None
    if len(cells) != len(columns):
        few_or_many = "few" if len(cells) < len(columns) else "many"
        numbers = f"the row has {len(cells)}, the header has {len(columns)} columns"
        return Row(label, {}, f"Too {few_or_many} cells: {numbers}.")
    return Row(label, dict(zip(columns, cells, strict=True)))


def number_rows(columns: Sequence[str], records: Iterable[Sequence[Any]], name: str) -> Iterator[Row]:
    """Yield the rows of a query's result, numbered from 1."""
    for number, record in enumerate(records, 1):
        row = make_row(columns, record, f"{name} row {number}")
        if row is not None:
            row.problem = row.problem or find_bad_text(row.values)
            yield row
