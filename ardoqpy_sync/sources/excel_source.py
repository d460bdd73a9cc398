"""Rows from a sheet of an Excel workbook."""

from __future__ import annotations

import warnings
import zipfile
from contextlib import ExitStack, suppress
from itertools import count, islice, repeat
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from ardoqpy._http.local_files import open_regular_file
from ardoqpy._messages import quote_name, suggest
from ardoqpy_sync.sources.excel_layout import cell_address, read_layout
from ardoqpy_sync.sources.excel_rows import SheetRow, read_rows
from ardoqpy_sync.sources.options import (
    BOOLEAN,
    REQUIRED_TEXT,
    TEXT,
    Option,
    SourceType,
    require_extra,
    resolve_file,
)
from ardoqpy_sync.sources.source import RowStream, Source, SourceUnreadable
from ardoqpy_sync.sources.text_file import READ_ERRORS, read_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from openpyxl.workbook.workbook import Workbook

    from ardoqpy_sync.sources.excel_layout import SheetLayout

#: How many bytes openpyxl may load as a whole; the objects that it makes of them take several times as much.
_MAX_LOADED = 512 << 20
_SHEETS, _START = "xl/worksheets/", 1 << 16
_ZIP = b"PK"
_OLE = b"\xd0\xcf\x11\xe0"


class _Cell(NamedTuple):
    """A cell as openpyxl reads it: `kind` is "e" for an Excel error, "f" for a formula."""

    value: Any
    kind: str


def _open_excel(table: Mapping[str, Any], base: Path) -> Source:
    with require_extra("excel", "openpyxl", "An Excel file"):
        import openpyxl  # noqa: F401, PLC0415  (an extra)
    path = resolve_file(table, base)
    name, title = table.get("name", table["file"]), table.get("sheet")

    def start(stack: ExitStack) -> RowStream:
        # openpyxl warns of parts that it would not write back; nothing is written here.
        warnings.filterwarnings("ignore", module=r"openpyxl\.")
        book = _open_workbook(path, name, stack, data_only=True)
        sheet = _find_title(book, name, title)
        label = f"{name} sheet {sheet}"
        layout = _read_layout(book, sheet)
        if layout.excess is not None:
            raise SourceUnreadable(f"{label} has {layout.excess}. Save it again in Excel.")
        rows = _cells(book, sheet, label, layout)
        formulas: Iterator[list[_Cell]] = repeat([])
        if layout.has_formulas:
            # Without its formulas, a cell that was never calculated looks like an empty one.
            formula_book = _open_workbook(path, name, stack, data_only=False)
            formulas = (cells for _, cells in _cells(formula_book, sheet, label, layout))
        stated = table.get("header", 1)
        header_rows = stated if isinstance(stated, list) else [stated]
        checked = _check_cells(rows, formulas)
        is_hidden_read = table.get("hidden", False)
        return read_rows(checked, layout, label, header_rows, title=sheet, is_hidden_read=is_hidden_read)

    return Source(f"{name} sheet {title}" if title else name, start)


class TopRows(NamedTuple):
    """The first rows of a sheet, by number, and whether the sheet is visible.

    A cell that is merged with cells below it has its value in each of these rows.
    """

    is_visible: bool
    rows: list[tuple[int, list[Any]]]


def read_top_rows(table: Mapping[str, Any], base: Path, limit: int) -> dict[str, TopRows]:
    """Return the first rows of every sheet of a workbook, by title.

    - `table`: the source, as for `open_source`; `base`: the folder that its path starts from.

    Raise `ConfigurationError` if the file does not exist or a package is missing, `SourceUnreadable` if the
    file cannot be read.
    """
    with require_extra("excel", "openpyxl", "An Excel file"):
        import openpyxl  # noqa: F401, PLC0415  (an extra)
    path, name = resolve_file(table, base), table["file"]
    top_rows = {}
    with ExitStack() as stack, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"openpyxl\.")
        book = _open_workbook(path, name, stack, data_only=True)
        for sheet in book.worksheets:
            label = f"{name} sheet {sheet.title}"
            layout = _read_layout(book, sheet.title)
            if layout.excess is not None:
                raise SourceUnreadable(f"{label} has {layout.excess}. Save it again in Excel.")
            rows = [
                (number, [cell.value for cell in cells])
                for number, cells in islice(_cells(book, sheet.title, label, layout), limit)
            ]
            _fill_down(rows, layout)
            top_rows[sheet.title] = TopRows(sheet.sheet_state == "visible", rows)
    return top_rows


def _fill_down(rows: list[tuple[int, list[Any]]], layout: SheetLayout) -> None:
    """Copy the value of cells that are merged with cells below them to these rows."""
    for merged in layout.merged:
        for number in range(merged.first_row + 1, min(merged.last_row, len(rows)) + 1):
            above, cells = rows[merged.first_row - 1][1], rows[number - 1][1]
            column = merged.first_column
            if column < len(above) and column < len(cells):
                cells[column] = above[column]


def _open_workbook(path: Path, name: str, stack: ExitStack, *, data_only: bool) -> Workbook:
    import openpyxl  # noqa: PLC0415  (an extra)

    try:
        file: BinaryIO = stack.enter_context(open_regular_file(path))
        begin = file.read(4)
        file.seek(0)
    except READ_ERRORS as error:
        raise read_error(name, error) from None
    if begin == _OLE:
        raise SourceUnreadable(
            f"{name} is in Excel's old format or has a password. Save it as .xlsx without a password."
        )
    if not begin.startswith(_ZIP):
        raise SourceUnreadable(
            f"{name} is not an Excel workbook. Save it as .xlsx, or set type to the type that it has."
        )
    _check_size(file, name)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=data_only, keep_links=False)
    except Exception:  # noqa: BLE001  (a damaged file makes openpyxl raise many kinds of errors)
        raise SourceUnreadable(
            f"{name} cannot be read because it is damaged. Save it again in Excel."
        ) from None
    stack.callback(book.close)
    return book


def _check_size(file: BinaryIO, name: str) -> None:
    """Raise `SourceUnreadable` if openpyxl would load too much at once, before any row is asked for."""
    excess = None
    with suppress(Exception):  # a damaged file raises many kinds of errors, which openpyxl meets again
        excess = _find_excess(zipfile.ZipFile(file))
    if excess is not None:
        raise SourceUnreadable(f"{name} has {excess}. Save it again in Excel.")


def _find_excess(archive: zipfile.ZipFile) -> str | None:
    """Return what of a workbook is too much, as the end of a sentence; None if nothing is."""
    parts = archive.infolist()
    if sum(part.file_size for part in parts if not part.filename.startswith(_SHEETS)) > _MAX_LOADED:
        return f"over {_MAX_LOADED >> 20} MB of texts and styles"
    for part in parts:
        if part.filename.startswith(_SHEETS):
            # openpyxl looks for the size of a sheet, which most begin with, to the end of its rows.
            with archive.open(part) as start:
                has_size = b"dimension" in start.read(_START)
            if not has_size:
                with archive.open(part) as whole:
                    excess = read_layout(cast("BinaryIO", whole)).excess
                if excess is not None:
                    return excess
    return None


def _find_title(book: Workbook, name: str, title: str | None) -> str:
    """Return the title of the sheet to read: `title`, or that of the only visible sheet."""
    titles = {sheet.title: sheet.sheet_state for sheet in book.worksheets}
    if title is not None:
        if title not in titles:
            raise SourceUnreadable(f"{name} has no sheet {quote_name(title)}: {suggest(title, titles)}")
        return title
    visible = [name for name, state in titles.items() if state == "visible"]
    if len(visible) != 1:
        raise SourceUnreadable(
            f"{name} has {len(visible)} visible sheets. Set sheet to one of them: {suggest('', visible)}"
        )
    return visible[0]


def _read_layout(book: Workbook, title: str) -> SheetLayout:
    sheet: Any = book[title]
    with sheet._get_source() as file:  # noqa: SLF001  (openpyxl has no public name for the XML of a sheet)
        return read_layout(file)


def _cells(book: Workbook, title: str, label: str, layout: SheetLayout) -> Iterator[tuple[int, list[_Cell]]]:
    """Yield the number and the cells of each row of the sheet, empty rows included."""
    sheet: Any = book[title]
    sheet.reset_dimensions()  # the size in the file is often wrong
    rows = sheet.iter_rows()
    for number in count(1):
        is_damaged = False
        try:
            cells = next(rows, None)
        except Exception:  # noqa: BLE001  (as above)
            is_damaged = True
        if is_damaged or (cells is None and layout.is_damaged):
            raise SourceUnreadable(
                f"{label} cannot be read from row {number} on because the file is damaged. Save it again in "
                "Excel."
            )
        if cells is None:
            return
        yield number, [_Cell(_unescape(cell.value), cell.data_type) for cell in cells]


def _unescape(value: Any) -> Any:
    """Return a text with the characters that Excel writes as `_x000D_`, such as a carriage return."""
    if not isinstance(value, str) or "_x" not in value:
        return value
    from openpyxl.utils.escape import unescape  # noqa: PLC0415  (an extra)

    return unescape(value)


def _check_cells(
    rows: Iterator[tuple[int, list[_Cell]]], formulas: Iterator[list[_Cell]]
) -> Iterator[SheetRow]:
    """Yield the rows with the problems of their cells: Excel errors, and formulas without a value."""
    for (number, cells), row_formulas in zip(rows, formulas, strict=False):
        problems = {}
        for column, cell in enumerate(cells):
            if cell.kind == "e":
                problems[column] = (
                    f"Cell {cell_address(column, number)} has the error {cell.value}. Correct it in Excel."
                )
            elif (
                cell.value is None
                and column < len(row_formulas)
                and row_formulas[column].kind == "f"
                and cell.kind != "str"  # a formula whose result is empty text
            ):
                problems[column] = (
                    f"Cell {cell_address(column, number)} has a formula that was never calculated. Open the "
                    "file in Excel and save it."
                )
        yield SheetRow(number, [cell.value for cell in cells], problems)


def _are_header_rows(value: int | list[Any]) -> bool:
    if isinstance(value, int):
        return value >= 1
    return all(type(row) is int for row in value) and value in ([row, row + 1] for row in value if row >= 1)


#: - `sheet`: its title; optional if the workbook has one visible sheet.
#: - `header`: the row with the column names, or two rows; 1 if it is not given; the rows above are ignored.
#: - `hidden`: whether hidden rows and columns are read; false if it is not given.
EXCEL = SourceType(
    {
        "file": REQUIRED_TEXT,
        "name": TEXT,
        "sheet": TEXT,
        "header": Option(
            (int, list),
            "a row from 1 on, or two rows one below the other, such as [3, 4]",
            check=_are_header_rows,
        ),
        "hidden": BOOLEAN,
    },
    _open_excel,
    (".xlsx", ".xlsm"),
    (".xlsx",),
)
