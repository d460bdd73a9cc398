"""The header and the rows of an Excel sheet, with merged and hidden cells."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name
from ardoqpy_sync.sources.excel_layout import cell_address, column_letters
from ardoqpy_sync.sources.excel_writer import UNKNOWN, ErrorCell, ExcelLayout
from ardoqpy_sync.sources.header import read_header, read_name
from ardoqpy_sync.sources.row import find_bad_text, is_blank
from ardoqpy_sync.sources.source import HiddenCounts, RowStream, SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ardoqpy_sync.sources.excel_layout import MergedRange, SheetLayout
    from ardoqpy_sync.sources.header import Header
    from ardoqpy_sync.sources.row import Row


class _MergedCell(NamedTuple):
    """Merged cells: their value, and why it cannot be used, if so."""

    range: MergedRange
    value: Any
    problem: str | None


class SheetRow(NamedTuple):
    """A row of a sheet: its cells, why some of them cannot be used, and the merged cells that it is part of.

    Columns count from 0.
    """

    number: int
    cells: list[Any]
    problems: Mapping[int, str]
    merged: Sequence[_MergedCell] = ()

    def cell(self, column: int) -> Any:
        """Return the cell in a column, None beyond the last one."""
        return self.cells[column] if column < len(self.cells) else None

    def find_merged(self, column: int) -> _MergedCell | None:
        """Return the merged cells that the row has in a column."""
        return next(
            (cell for cell in self.merged if cell.range.first_column <= column <= cell.range.last_column),
            None,
        )


class _Columns(NamedTuple):
    """The columns of a sheet.

    - `header`: their names.
    - `continued`: by column, the one whose name in the header it shares, in a cell that is merged across.
    - `last_header_row`: the rows below are data.
    """

    header: Header
    continued: Mapping[int, int]
    last_header_row: int

    def find_named(self, columns: Iterator[int] | range) -> list[int]:
        """Return the columns with a name that some columns belong to."""
        named = {self.continued.get(column, column) for column in columns}
        names = self.header.names
        return sorted(column for column in named if column < len(names) and names[column] is not None)


def read_rows(
    rows: Iterator[SheetRow],
    layout: SheetLayout,
    label: str,
    header_rows: Sequence[int],
    *,
    title: str,
    is_hidden_read: bool,
) -> RowStream:
    """Return a pass over the rows below the header.

    - `rows`: all rows of the sheet, from 1 on; `title`: its title.
    - `header_rows`: the rows with the column names, one or two.
    """
    hidden = HiddenCounts()
    rows = _add_merged(rows, layout.merged)
    above = list(islice(rows, header_rows[-1]))
    if len(above) < header_rows[-1]:
        raise SourceUnreadable(
            f"{label} ends before row {header_rows[-1]}, which must contain the column names."
        )
    columns = _read_columns(above[header_rows[0] - 1 :], None if is_hidden_read else layout, label, hidden)
    hidden_rows = set() if is_hidden_read else layout.hidden_rows
    return RowStream(
        columns.header.columns,
        _make_rows(rows, columns, label, hidden_rows, hidden),
        columns.header.unreadable,
        hidden,
        layout=_layout_of(title, above, columns, layout),
    )


def _layout_of(title: str, above: Sequence[SheetRow], columns: _Columns, layout: SheetLayout) -> ExcelLayout:
    """Return what writes rows below the same header."""
    cells = [_known_cells(row) for row in above]
    width = max(map(len, [*cells, columns.header.names]))
    hidden = [column for column in range(width) if layout.is_hidden(column)]
    merged = [each for each in layout.merged if each.last_row <= columns.last_header_row]
    return ExcelLayout(title, cells, columns.header.names, merged, hidden)


def _known_cells(row: SheetRow) -> list[Any]:
    """Return the cells of a row as they are written again: what cannot be read is an error of Excel."""
    cells = list(row.cells)
    for column in row.problems:
        cells[column] = ErrorCell(cells[column] or UNKNOWN)
    return cells


def _add_merged(rows: Iterator[SheetRow], ranges: Sequence[MergedRange]) -> Iterator[SheetRow]:
    """Yield the rows with the merged cells that they are part of."""
    later = sorted(ranges, key=lambda merged: -merged.first_row)
    current: list[_MergedCell] = []
    for row in rows:
        current = [merged for merged in current if merged.range.last_row >= row.number]
        while later and later[-1].first_row <= row.number:
            merged = later.pop()
            column = merged.first_column
            current.append(_MergedCell(merged, row.cell(column), row.problems.get(column)))
        yield row._replace(merged=tuple(current)) if current else row


# -- the header -----------------------------------------------------------------------------------------


def _read_columns(
    rows: Sequence[SheetRow], layout: SheetLayout | None, label: str, hidden: HiddenCounts
) -> _Columns:
    """Return the columns that the header rows name; without a layout, hidden ones are read, too."""
    last_row = rows[-1].number
    position = (
        f"{label} row {last_row}" if len(rows) == 1 else f"{label} rows {rows[0].number} and {last_row}"
    )
    width = max(len(row.cells) for row in rows)
    width = max([width, *(merged.range.last_column + 1 for merged in rows[-1].merged)])
    names: list[Any] = []
    continued: dict[int, int] = {}
    unreadable: dict[str, str] = {}
    for column in range(width):
        name = _join_header_cells(rows, column)
        merged = rows[-1].find_merged(column)
        if layout is not None and layout.is_hidden(column):
            hidden.columns += not is_blank(name)
            text = read_name(name)
            if text is not None:
                unreadable[text] = (
                    f"{position}: column {column_letters(column)}, with the name {quote_name(text)}, is "
                    "hidden. Show it in Excel, or set hidden = true."
                )
            name = None
        elif merged is not None and merged.range.first_column < column:
            continued[column] = merged.range.first_column
            name = None
        names.append(name)
    while names and is_blank(names[-1]):
        names.pop()
    if not names and unreadable:
        raise SourceUnreadable(
            f"{position}: all columns are hidden. Show them in Excel, or set hidden = true."
        )
    header = read_header(names, position, column_letters)
    unreadable = {name: text for name, text in unreadable.items() if name not in header.columns}
    return _Columns(replace(header, unreadable={**unreadable, **header.unreadable}), continued, last_row)


def _join_header_cells(rows: Sequence[SheetRow], column: int) -> Any:
    """Return the name of a column: its header cells from top to bottom, merged ones once."""
    parts: list[Any] = []
    seen: list[MergedRange] = []
    for row in rows:
        merged = row.find_merged(column)
        if merged is None:
            parts.append(row.cell(column))
        elif merged.range not in seen:
            seen.append(merged.range)
            parts.append(merged.value)
    parts = [part for part in parts if not is_blank(part)]
    if len(parts) < 2:
        return parts[0] if parts else None
    return " ".join(str(read_name(part)) for part in parts)


# -- the rows below -------------------------------------------------------------------------------------


def _make_rows(
    rows: Iterator[SheetRow], columns: _Columns, label: str, hidden_rows: set[int], hidden: HiddenCounts
) -> Iterator[Row]:
    names = columns.header.names
    width = len(names)
    read = [column for column in range(width) if names[column] is not None]
    named = frozenset(read)
    all_continued = [(column, main) for column, main in columns.continued.items() if main in named]
    for sheet_row in rows:
        number, end = sheet_row.number, len(sheet_row.cells)
        # A header can be merged across all 16,384 columns.
        continued = all_continued[: bisect_left(all_continued, (end,))]
        used = chain(read, (column for column, _ in continued))
        if all(is_blank(sheet_row.cell(column)) and column not in sheet_row.problems for column in used):
            continue  # the values of merged cells are in the row that they begin in
        if number in hidden_rows:
            hidden.rows += 1
            continue
        cells = [*sheet_row.cells[:width], *repeat(None, width - end)]
        problems = {column: problem for column, problem in sheet_row.problems.items() if column < width}
        if continued:
            _move_continued(sheet_row, continued, cells, problems)
        if sheet_row.merged:
            _fill_merged(sheet_row, columns, cells, problems)
        unreadable = {
            name: problems[column] for column in read if column in problems and (name := names[column])
        }
        row = columns.header.make_row(cells, f"{label} row {number}", unreadable)
        if row is not None:
            row.problem = row.problem or find_bad_text(row.values)
            row.record = _record(sheet_row, columns)
            yield row


def _record(row: SheetRow, columns: _Columns) -> list[Any]:
    """Return the cells of a row as it is written again, without its merged cells: each has its value."""
    record = _known_cells(row)
    for merged in row.merged:
        first, last = merged.range.first_column, merged.range.last_column
        named = columns.find_named(range(first, last + 1))
        record += [None] * (max([first, *named]) + 1 - len(record))
        record[first : last + 1] = [None] * len(record[first : last + 1])
        is_unknown = merged.problem is not None or _ambiguity(merged, named, columns) is not None
        for column in named or [first]:
            record[column] = ErrorCell(UNKNOWN) if is_unknown else merged.value
    return record


def _move_continued(
    row: SheetRow, continued: Sequence[tuple[int, int]], cells: list[Any], problems: dict[int, str]
) -> None:
    """Move the values below the other columns of a merged header cell to its first column."""
    for column, main in continued:
        value, problem = row.cell(column), row.problems.get(column)
        if is_blank(value) and problem is None:
            continue
        if is_blank(cells[main]) and main not in problems:
            cells[main] = value
            if problem is not None:
                problems[main] = problem
        else:
            first, second = cell_address(main, row.number), cell_address(column, row.number)
            problems[main] = (
                f"Cells {first} and {second} both have a value below one merged cell of the header. Unmerge "
                "it in Excel, and name both columns."
            )


def _fill_merged(row: SheetRow, columns: _Columns, cells: list[Any], problems: dict[int, str]) -> None:
    """Fill the merged cells of a row with their value; where it is ambiguous, they get a problem."""
    for merged in row.merged:
        named = columns.find_named(range(merged.range.first_column, merged.range.last_column + 1))
        ambiguity = _ambiguity(merged, named, columns)
        if ambiguity is not None:
            problems.update(dict.fromkeys(named, ambiguity))
            continue
        for column in named:
            cells[column] = merged.value
            if merged.problem is not None:
                problems[column] = merged.problem


def _ambiguity(merged: _MergedCell, named: Sequence[int], columns: _Columns) -> str | None:
    """Return why nobody knows which of the named columns merged cells are about; None if that is clear."""
    if merged.range.first_row <= columns.last_header_row:
        ambiguous = f"Cells {merged.range} are merged across the header and the rows below it."
    elif len(named) > 1 and (merged.problem is not None or not is_blank(merged.value)):
        ambiguous = f"Cells {merged.range} are merged across columns with different names."
    else:
        return None
    return f"{ambiguous} Unmerge them in Excel."
