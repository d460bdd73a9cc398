"""One row of a source: its cells by column, and its position."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ardoqpy_sync.sources.row_layout import RowLayout

#: Characters that no valid text contains: NUL, and lone surrogates.
NOT_TEXT = re.compile("[\0\ud800-\udfff]")


_NOTHING: Mapping[str, str] = MappingProxyType({})
#: The cells of a row by column.
Values = dict[str, Any]


class _PartialValues(Values):
    """The cells of a row of which some cannot be read: reading one of these raises `InvalidInput`."""

    __slots__ = ("_unreadable",)

    def __init__(self, values: Values, unreadable: Mapping[str, str]) -> None:
        super().__init__(values)
        self._unreadable = unreadable

    def __missing__(self, column: str) -> Any:
        self._check(column)
        raise KeyError(column)

    def get(self, column: str, default: Any = None, /) -> Any:
        self._check(column)
        return super().get(column, default)

    def _check(self, column: str) -> None:
        if column in self._unreadable:
            raise InvalidInput(self._unreadable[column])


class KeptRecord(NamedTuple):
    """What is kept of a row, to explain it or to write it again.

    - `record`: the row as the source has it; `layout`: what writes it again, None if nothing can.
    - `document`: the values around all rows, if a path leads to them.
    - `raw`: the cells before they were cleaned.
    """

    record: Any
    layout: RowLayout | None
    document: Mapping[str, Any] | None
    raw: Values


class Row:
    """One row of a source.

    - `label`: its position, which every message names: "people.csv line 7", "inventory.xlsx sheet Servers row
      12", "query row 3".
    - `values`: the cells by column as the source gives them, in a new dict: text from CSV; text, numbers,
      dates and more from others; None for an empty cell.
    - `problem`: sentences that say why the row cannot be used, None if it can. An unusable row is still
      yielded, so that the rest of the source can be read.
    - `unreadable`: by column, a sentence that says why its cell cannot be read. The other cells can. `values`
      lacks such a column, and raises `InvalidInput` if you ask for it: it is unknown, not empty.
    - `record`: the row as the source has it, until it is read; `kept`: what is kept of that, None unless
      `Source.keep_records` was called.
    """

    __slots__ = ("_values", "kept", "label", "problem", "record", "unreadable")

    def __init__(
        self,
        label: str,
        values: Values,
        problem: str | None = None,
        unreadable: Mapping[str, str] | None = None,
    ) -> None:
        """Set the label, the cells, the problem, and the cells that cannot be read."""
        self.record: Any = None
        self.kept: KeptRecord | None = None
        self.label = label
        self.problem = problem
        self.unreadable = unreadable or _NOTHING
        self._values = _PartialValues(values, unreadable) if unreadable else values

    @property
    def values(self) -> Values:
        """Return the cells by column; raise `InvalidInput` with `message` if the row cannot be used."""
        if self.problem is not None:
            raise InvalidInput(self.message)
        return self._values

    def mark_unreadable(self, unreadable: Mapping[str, str]) -> None:
        """Add cells that cannot be read, each with its sentence."""
        self.unreadable = {**self.unreadable, **unreadable}
        values = {column: cell for column, cell in self._values.items() if column not in unreadable}
        self._values = _PartialValues(values, self.unreadable)

    def keep(self, layout: RowLayout | None, document: Mapping[str, Any] | None) -> None:
        """Keep the record, and the cells as they are now, before they are cleaned."""
        self.kept = KeptRecord(self.record, layout, document, dict(self._values))

    @property
    def message(self) -> str:
        """Return the label and the problem as one text; "" if the row can be used."""
        return f"{self.label}: {self.problem}" if self.problem is not None else ""

    def __repr__(self) -> str:
        """Return the label, and whether the row can be used."""
        return f"<row {self.label}>" if self.problem is None else f"<bad row {self.label}>"


def is_blank(cell: object) -> bool:
    """Return whether a cell is empty: None, or text with only white space."""
    return cell is None or (isinstance(cell, str) and (not cell or cell.isspace()))


def row_from_mapping(
    label: str, values: object, expected: str, unreadable: Mapping[str, str] | None = None
) -> Row | None:
    """Return the row of a mapping from column to cell; None if all its cells are blank.

    - `expected`: what messages call such a mapping, such as "a JSON object".
    - `unreadable`: the columns of which the cell cannot be read, as for `Row`.
    """
    if not hasattr(values, "items"):
        return Row(label, {}, f"The row is {quote_name(values)}, not {expected} of columns and cells.")
    cells = {column: cell for column, cell in values.items() if not _is_unnamed(column, cell)}
    bad_names = [quote_name(column) for column in cells if not isinstance(column, str)]
    if bad_names:
        return Row(label, {}, f"Not a valid column name: {', '.join(bad_names)}. Use text.")
    if all(is_blank(cell) for cell in cells.values()) and not unreadable:
        return None
    if unreadable:
        cells = {column: cell for column, cell in cells.items() if column not in unreadable}
    return Row(label, cells, find_bad_text(cells), unreadable)


def _is_unnamed(column: object, cell: object) -> bool:
    """Return whether nobody can read a column: its name is blank, or it holds the blank cells after a header.

    `csv.DictReader` puts the cells after the last column into a list under the name None.
    """
    if column is None:
        return isinstance(cell, list) and all(map(is_blank, cell))
    return is_blank(column)


def find_bad_text(cells: Mapping[str, Any]) -> str | None:
    """Return a sentence for each column with characters that are not valid text; None if there are none."""
    problems = []
    for column, cell in cells.items():
        for text in (column, cell) if isinstance(cell, str) else (column, *_texts(cell)):
            if (text.isascii() and "\0" not in text) or not (match := NOT_TEXT.search(text)):
                continue
            character = "a NUL character" if match[0] == "\0" else "half a character (a lone surrogate)"
            problems.append(f"Column {quote_name(column)} contains {character}.")
            break
    return f"{' '.join(problems)} Correct the source." if problems else None


def _texts(cell: Any) -> Iterator[str]:
    if isinstance(cell, str):
        yield cell
    elif isinstance(cell, dict):
        for key, value in cell.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(cell, list | tuple | set | frozenset):
        for item in cell:
            yield from _texts(item)
