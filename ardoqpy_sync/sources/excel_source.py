"""Rows from a sheet of an Excel workbook."""

from __future__ import annotations

import re
import warnings
from itertools import count, repeat
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from zipfile import ZipFile

from ardoqpy._messages import quote_name, suggest
from ardoqpy_sync.sources.header import make_row, read_header
from ardoqpy_sync.sources.options import (
    POSITIVE_INT,
    REQUIRED_TEXT,
    TEXT,
    SourceType,
    require_extra,
    resolve_file,
)
from ardoqpy_sync.sources.row import Row, find_bad_text, is_blank
from ardoqpy_sync.sources.source import RowStream, Source, SourceUnreadable
from ardoqpy_sync.sources.text_file import READ_ERRORS, read_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from openpyxl.workbook.workbook import Workbook

_ZIP = b"PK"
_OLE = b"\xd0\xcf\x11\xe0"
_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")
_PIECE = 1 << 20
_OVERLAP = 64


class _Cell(NamedTuple):
    """A cell as openpyxl reads it: `kind` is "e" for an Excel error, "f" for a formula."""

    value: Any
    kind: str


class _CheckedRow(NamedTuple):
    """The values of a row, and a sentence for each cell that cannot be used."""

    number: int
    cells: list[Any]
    problems: list[str]


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
        rows = _cells(book, sheet, label)
        if _has_formulas(path):
            # Without its formulas, a cell that was never calculated looks like an empty one.
            formulas = _cells(_open_workbook(path, name, stack, data_only=False), sheet, label)
        else:
            formulas = repeat((0, []))
        checked_rows = _check_cells(rows, formulas)
        header_row = table.get("header", 1)
        header = next((row.cells for row in checked_rows if row.number == header_row), None)
        if header is None:
            raise SourceUnreadable(
                f"{label} ends before row {header_row}, which must contain the column names."
            )
        while header and is_blank(header[-1]):
            header.pop()
        columns = read_header(header, f"{label} row {header_row}")
        return RowStream(columns, _make_rows(columns, checked_rows, label))

    return Source(f"{name} sheet {title}" if title else name, start)


def _open_workbook(path: Path, name: str, stack: ExitStack, *, data_only: bool) -> Workbook:
    import openpyxl  # noqa: PLC0415  (an extra)

    try:
        file: BinaryIO = stack.enter_context(path.open("rb"))
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
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=data_only, keep_links=False)
    except Exception:  # noqa: BLE001  (a damaged file makes openpyxl raise many kinds of errors)
        raise SourceUnreadable(
            f"{name} cannot be read because it is damaged. Save it again in Excel."
        ) from None
    stack.callback(book.close)
    return book


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


def _cells(book: Workbook, title: str, label: str) -> Iterator[tuple[int, list[_Cell]]]:
    """Yield the number and the cells of each row of the sheet, empty rows included."""
    sheet: Any = book[title]
    sheet.reset_dimensions()  # the size in the file is often wrong
    rows = sheet.iter_rows()
    for number in count(1):
        try:
            cells = next(rows, None)
        except Exception:  # noqa: BLE001  (as above)
            raise SourceUnreadable(
                f"{label} cannot be read from row {number} on because the file is damaged. Save it again in "
                "Excel."
            ) from None
        if cells is None:
            return
        yield number, [_Cell(cell.value, cell.data_type) for cell in cells]


def _check_cells(
    rows: Iterator[tuple[int, list[_Cell]]], formulas: Iterator[tuple[int, list[_Cell]]]
) -> Iterator[_CheckedRow]:
    """Yield the rows with the problems of their cells: Excel errors, and formulas without a value."""
    for (number, cells), (_, row_formulas) in zip(rows, formulas, strict=False):
        problems = []
        for column, cell in enumerate(cells):
            if cell.kind == "e":
                problems.append(
                    f"Cell {_address(column, number)} has the error {cell.value}. Correct it in Excel."
                )
            elif (
                cell.value is None
                and column < len(row_formulas)
                and row_formulas[column].kind == "f"
                and cell.kind != "str"  # a formula whose result is empty text
            ):
                problems.append(
                    f"Cell {_address(column, number)} has a formula that was never calculated. Open the file "
                    "in Excel and save it."
                )
        yield _CheckedRow(number, [cell.value for cell in cells], problems)


def _address(column: int, row: int) -> str:
    letters, column = "", column + 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def _make_rows(columns: tuple[str, ...], rows: Iterator[_CheckedRow], label: str) -> Iterator[Row]:
    width = len(columns)
    for number, cells, problems in rows:
        outside = [
            f"Cell {_address(column, number)} has a value, but its column has no name in the header."
            for column in range(width, len(cells))
            if not is_blank(cells[column])
        ]
        row = make_row(columns, [*cells[:width], *repeat(None, width - len(cells))], f"{label} row {number}")
        if row is None and (problems or outside):
            row = Row(f"{label} row {number}", {})
        if row is not None:
            row.problem = " ".join([*problems, *outside, find_bad_text(row.values) or ""]).strip() or None
            yield row


def _has_formulas(path: Path) -> bool:
    """Return whether a sheet can contain a formula, without parsing it."""
    try:
        with ZipFile(path) as archive:
            for part in archive.namelist():
                if "sheet" not in part.lower() or not part.endswith(".xml"):
                    continue
                with archive.open(part) as file:
                    rest = b""
                    while piece := file.read(_PIECE):
                        if _FORMULA.search(rest + piece):
                            return True
                        rest = piece[-_OVERLAP:]
    except Exception:  # noqa: BLE001  (as above; reading the sheet reports the damage)
        return True
    return False


#: - `sheet`: its title; optional if the workbook has one visible sheet.
#: - `header`: the row with the column names, 1 if it is not given; the rows above are ignored.
EXCEL = SourceType(
    {"file": REQUIRED_TEXT, "name": TEXT, "sheet": TEXT, "header": POSITIVE_INT},
    _open_excel,
    (".xlsx", ".xlsm"),
)
