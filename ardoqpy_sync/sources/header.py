"""Column names from a header, and the rows below it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy_sync.sources.row import Row, find_bad_text, is_blank
from ardoqpy_sync.sources.source import RowStream, SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ardoqpy_sync.sources.row_layout import RowLayout


@dataclass(frozen=True)
class Header:
    """The columns of a source, by position.

    - `names`: the name of each column; None for a column that nobody can read: its name is blank, or several
      columns have it.
    - `unreadable`: by name, a sentence that says why no column of this name can be read.
    - `width`: the number of columns up to the last one that has a name.
    """

    names: tuple[str | None, ...]
    unreadable: Mapping[str, str]
    width: int

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns that can be read."""
        return tuple(name for name in self.names if name is not None)

    def make_row(
        self, cells: Sequence[Any], label: str, unreadable: Mapping[str, str] | None = None
    ) -> Row | None:
        """Return the row of cells below the header; None if all of them are blank.

        - `unreadable`: further cells that cannot be read, by column.

        If there are fewer cells than columns, the others are unreadable: nobody knows what belongs there. If
        there are more, the row has a problem, unless a delimiter at the end of the line makes one blank cell.
        """
        if all(map(is_blank, cells)) and not unreadable:
            return None
        if len(cells) == len(self.columns) == len(self.names) and not (unreadable or self.unreadable):
            return Row(label, dict(zip(self.columns, cells, strict=True)))
        if len(cells) > len(self.names) and not all(map(is_blank, cells[self.width :])):
            return Row(label, {}, f"Too many cells: {self._compare(cells)}")
        unreadable = {**self.unreadable, **(unreadable or {})}
        values = {
            name: cell
            for name, cell in zip(self.names, cells, strict=False)
            if name is not None and name not in unreadable
        }
        if len(cells) < self.width:
            problem = f"Too few cells: {self._compare(cells)}"
            missing = (name for name in self.names[len(cells) :] if name is not None)
            unreadable.update(dict.fromkeys(missing, problem))
        return Row(label, values, unreadable=unreadable)

    def _compare(self, cells: Sequence[Any]) -> str:
        return f"the row has {len(cells)}, the header has {len(self.names)} columns."

    def make_stream(self, rows: Iterator[Row], layout: RowLayout) -> RowStream:
        """Return a pass over rows below the header, which can be written again in a layout."""
        return RowStream(self.columns, rows, self.unreadable, layout=layout)

    def number_rows(self, records: Iterable[Sequence[Any]], name: str) -> Iterator[Row]:
        """Yield the rows of a query's result, numbered from 1."""
        for number, record in enumerate(records, 1):
            row = self.make_row(record, f"{name} row {number}")
            if row is not None:
                row.problem = row.problem or find_bad_text(row.values)
                row.record = record
                yield row


def read_header(
    cells: Sequence[Any], label: str, describe_column: Callable[[int], str] = lambda column: str(column + 1)
) -> Header:
    """Return the header of these cells; white space around names is removed.

    - `label`: the position of the header, for messages.
    - `describe_column`: what messages call a column, which counts from 0.

    A name that is not text, such as a date, is taken for a blank one. Raise `SourceUnreadable` if all cells
    are blank.
    """
    if all(is_blank(cell) for cell in cells):
        raise SourceUnreadable(f"{label} is blank. It must contain the column names.")
    texts = [read_name(cell) for cell in cells]
    positions: dict[str, list[int]] = {}
    for position, text in enumerate(texts):
        if text is not None:
            positions.setdefault(text, []).append(position)
    problem = find_bad_text(dict.fromkeys(positions))
    if problem is not None:
        raise SourceUnreadable(f"{label}: {problem}")
    unreadable = {
        text: f"{label}: columns {_join(map(describe_column, numbers))} have the name {quote_name(text)}. "
        "Give each column a different name."
        for text, numbers in positions.items()
        if len(numbers) > 1
    }
    width = max((position + 1 for numbers in positions.values() for position in numbers), default=0)
    return Header(tuple(None if text in unreadable else text for text in texts), unreadable, width)


def read_name(cell: Any) -> str | None:
    """Return the name in a header cell, None if it has none."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # Excel keeps a year in a header as a float
    if isinstance(cell, str) or type(cell) is int:
        return str(cell).strip() or None
    return None


def _join(columns: Iterable[str]) -> str:
    *first, last = columns
    return f"{', '.join(first)} and {last}"
