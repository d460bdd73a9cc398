"""Rows that go back to whoever keeps a source: written again in the layout of that source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: The column with the reasons. A source that has it is the returned rows of a run, not a whole source.
REASONS = "ardoqpy: rejected because"
#: Its name if a mapping reads a column of that name.
OTHER_REASONS = "ardoqpy: rejected because ({})"

#: The key of what a row is instead of columns and cells, such as a number in an array of objects.
NO_COLUMNS = "ardoqpy: rejected row"


def find_reasons(columns: Iterable[str]) -> str | None:
    """Return the column of reasons among columns, None if there is none."""
    return next((column for column in columns if column.startswith(REASONS)), None)


class ReturnedRow(NamedTuple):
    """A row to be written again.

    - `label`: what messages call it; `reasons`: sentences; the others as in `KeptRecord`.
    """

    label: str
    record: Any
    layout: RowLayout | None
    document: Mapping[str, Any] | None
    reasons: str


class WrittenRows(NamedTuple):
    """The content of a file with returned rows, and sentences about cells that it holds in another form."""

    content: bytes
    notes: list[str]


class RowLayout(Protocol):
    """Writes rows of a source again, so that a source of the same type reads them."""

    def write(self, rows: Sequence[ReturnedRow], column: str) -> WrittenRows:
        """Return a file with these rows.

        - `rows`: with records of layouts of this kind; those of another layout are put into this one.
        - `column`: the column of the reasons. If the source has it already, its cells are replaced.

        Raise `InvalidInput` if a value cannot be written.
        """


def align(cells: Sequence[Any], header: Sequence[str], wanted: Sequence[str]) -> list[Any]:
    """Return the cells of a row in the order of another header with the same columns; absent ones are None.

    Columns are matched by name, several of one name by their order.
    """
    positions: dict[str, list[int]] = {}
    for position, name in enumerate(header):
        positions.setdefault(name, []).append(position)
    aligned = []
    for name in wanted:
        unused = positions.get(name) or [len(cells)]
        position = unused.pop(0)
        aligned.append(cells[position] if position < len(cells) else None)
    return aligned
