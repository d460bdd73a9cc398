"""Rows written as a sheet of an Excel workbook again."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.sources.excel_layout import column_letters
from ardoqpy_sync.sources.row_layout import WrittenRows, align

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpyxl.worksheet.worksheet import Worksheet

    from ardoqpy_sync.sources.excel_layout import MergedRange
    from ardoqpy_sync.sources.row_layout import ReturnedRow

#: What Excel shows for a value that is not known: a cell that cannot be read must not become an empty one.
UNKNOWN = "#N/A"
#: Excel keeps no longer text in a cell.
_LONGEST_TEXT = 32_767


class ErrorCell(str):
    """The Excel error in a cell, such as `#REF!`, which is no text."""

    __slots__ = ()


@dataclass(frozen=True, eq=False)
class ExcelLayout:
    """The layout of a sheet; a record is the list of its cells, with an `ErrorCell` where one cannot be read.

    - `title`: the title of the sheet; `above`: its cells down to the last row of the header.
    - `names`: the name of each column, None for one without.
    - `merged`: the merged cells within the header; `hidden`: the columns that are hidden, from 0 on.
    """

    title: str
    above: Sequence[Sequence[Any]]
    names: Sequence[str | None]
    merged: Sequence[MergedRange]
    hidden: Sequence[int]

    def write(self, rows: Sequence[ReturnedRow], column: str) -> WrittenRows:
        """Return a workbook with these rows, as `RowLayout` does; the reasons are in the last column.

        Text that begins like a formula is text. Formulas are written as the values that they had.
        """
        from openpyxl import Workbook  # noqa: PLC0415  (an extra)
        from openpyxl.utils.exceptions import IllegalCharacterError  # noqa: PLC0415

        book = Workbook()
        sheet: Any = book.active
        sheet.title = self.title
        header = [name or "" for name in self.names]
        cells = [_aligned(row, self, header) for row in rows]
        width = max(map(len, [*self.above, *cells, self.names]), default=0)
        position = header.index(column) if column in header else width
        try:
            for number, values in enumerate(self.above, 1):
                _write_row(sheet, number, values)
            _write(sheet, len(self.above), position, column)
            for number, (row, values) in enumerate(zip(rows, cells, strict=True), len(self.above) + 1):
                _write_row(sheet, number, values)
                _write(sheet, number, position, row.reasons[:_LONGEST_TEXT])
        except IllegalCharacterError:
            raise InvalidInput("A cell has a control character that a workbook cannot hold.") from None
        for merged in self.merged:
            sheet.merge_cells(str(merged))
        for hidden in self.hidden:
            sheet.column_dimensions[column_letters(hidden)].hidden = True
        file = io.BytesIO()
        book.save(file)
        return WrittenRows(file.getvalue(), [])


def _aligned(row: ReturnedRow, layout: ExcelLayout, header: Sequence[str]) -> list[Any]:
    own = row.layout
    if not isinstance(own, ExcelLayout) or own is layout or own.names == layout.names:
        return list(row.record)
    return align(row.record, [name or "" for name in own.names], header)


def _write_row(sheet: Worksheet, number: int, values: Sequence[Any]) -> None:
    for column, value in enumerate(values):
        if value is not None:
            _write(sheet, number, column, value)


def _write(sheet: Worksheet, number: int, column: int, value: Any) -> None:
    cell: Any = sheet.cell(number, column + 1)
    cell.value = str(value) if isinstance(value, ErrorCell) else value
    if isinstance(value, ErrorCell):
        cell.data_type = "e"
    elif isinstance(value, str):
        cell.data_type = "s"
        # Without this mark, text such as =1+1 becomes a formula once somebody edits the cell.
        cell.quotePrefix = value[:1] in ("=", "+", "-", "@")
