"""Rows from a sheet of an Excel workbook."""

from __future__ import annotations

import re
import warnings
from itertools import repeat
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from zipfile import ZipFile

from ardoqpy._messages import quote_name, suggest
from ardoqpy_sync.sources.header import named_columns, row_below
from ardoqpy_sync.sources.optional_imports import needs
from ardoqpy_sync.sources.options import TEXT, WHOLE, SourceType, file_of
from ardoqpy_sync.sources.row import Row, blank, unfit
from ardoqpy_sync.sources.source import Reading, Source, SourceUnreadable
from ardoqpy_sync.sources.text_file import TROUBLE, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from openpyxl.workbook.workbook import Workbook

__all__ = ["EXCEL"]

_ZIP = b"PK"
_OLE = b"\xd0\xcf\x11\xe0"
_FORMULA = re.compile(rb"<(\w+:)?f[\s/>]")
_PIECE = 1 << 20
_OVERLAP = 64


class _Cell(NamedTuple):
    """What openpyxl says of a cell: `kind` is "e" for an error of Excel's, "f" for a formula."""

    value: Any
    kind: str


def _from_excel(table: Mapping[str, Any], base: Path) -> Source:
    with needs("excel", "openpyxl", "an Excel file"):
        import openpyxl  # noqa: F401, PLC0415  (an extra)
    path = file_of(table, base)
    name, title = table.get("name", table["file"]), table.get("sheet")

    def start(stack: ExitStack) -> Reading:
        # What openpyxl would not write back into the file is no concern of those who read it.
        warnings.filterwarnings("ignore", module=r"openpyxl\.")
        book = _workbook(path, name, stack, data_only=True)
        sheet = _title(book, name, title)
        label = f"{name} sheet {sheet}"
        rows = _cells(book, sheet, label)
        if _has_formulas(path):
            # Only the formulas tell a cell whose formula was never calculated from one that holds nothing.
            told = _cells(_workbook(path, name, stack, data_only=False), sheet, label)
        else:
            told = repeat((0, []))
        numbered = _rows(rows, told)
        number, header = table.get("header", 1), None
        for place, cells, _ in numbered:
            if place == number:
                header = cells
                break
        if header is None:
            raise SourceUnreadable(f"{label} ends before row {number}, which has to name the columns.")
        while header and blank(header[-1]):
            header.pop()
        columns = named_columns(header, f"{label} row {number}")
        return Reading(columns, _below(columns, numbered, label))

    return Source(f"{name} sheet {title}" if title else name, start)


def _workbook(path: Path, name: str, stack: ExitStack, *, data_only: bool) -> Workbook:
    import openpyxl  # noqa: PLC0415  (an extra)

    try:
        file: BinaryIO = stack.enter_context(path.open("rb"))
        begin = file.read(4)
        file.seek(0)
    except TROUBLE as problem:
        raise unreadable(name, problem) from None
    if begin == _OLE:
        raise SourceUnreadable(
            f"{name} is in Excel's old format, or protected by a password: save it as .xlsx without one."
        )
    if not begin.startswith(_ZIP):
        raise SourceUnreadable(
            f"{name} is no Excel workbook: save it as .xlsx, or give the type that it has."
        )
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=data_only, keep_links=False)
    except Exception:  # noqa: BLE001  (openpyxl raises whatever a broken file makes it stumble over)
        book = None
    if book is None:
        raise SourceUnreadable(f"{name} cannot be read as an Excel workbook: it is damaged. Save it again.")
    stack.callback(book.close)
    return book


def _title(book: Workbook, name: str, title: str | None) -> str:
    """Return the title of the sheet to read: the one that is given, or the only one to be seen."""
    titles = {sheet.title: sheet.sheet_state for sheet in book.worksheets}
    if title is not None:
        if title not in titles:
            raise SourceUnreadable(f"{name} has no sheet {quote_name(title)}: {suggest(title, titles)}")
        return title
    visible = [one for one, state in titles.items() if state == "visible"]
    if len(visible) != 1:
        raise SourceUnreadable(
            f"{name} has {len(visible)} sheets: give the sheet to read, {suggest('', visible)}"
        )
    return visible[0]


def _cells(book: Workbook, title: str, label: str) -> Iterator[tuple[int, list[_Cell]]]:
    """Yield each row of the sheet with its number, those between that hold nothing included."""
    sheet: Any = book[title]
    sheet.reset_dimensions()  # what the file says of its size is often wrong
    rows = sheet.iter_rows()
    number = 0
    while True:
        number += 1
        try:
            cells = next(rows, None)
        except Exception:  # noqa: BLE001  (as above)
            problem = True
        else:
            problem = False
        if problem:
            raise SourceUnreadable(
                f"{label} cannot be read from row {number} on: the file is damaged. Save it again."
            )
        if cells is None:
            return
        yield number, [_Cell(cell.value, cell.data_type) for cell in cells]


def _rows(
    rows: Iterator[tuple[int, list[_Cell]]], told: Iterator[tuple[int, list[_Cell]]]
) -> Iterator[tuple[int, list[Any], str | None]]:
    """Yield number and values of each row, and what is wrong with one of its cells."""
    for (number, cells), (_, formulas) in zip(rows, told, strict=False):
        problem = None
        for place, cell in enumerate(cells):
            if cell.kind == "e":
                problem = f"has the error {cell.value} in cell {_place(place, number)}: mend it in Excel."
            elif (
                cell.value is None
                and place < len(formulas)
                and formulas[place].kind == "f"
                and cell.kind != "str"  # a formula whose result is empty text
            ):
                problem = (
                    f"has a formula in cell {_place(place, number)} that was never calculated: open the file "
                    "in Excel and save it."
                )
        yield number, [cell.value for cell in cells], problem


def _place(column: int, row: int) -> str:
    letters, column = "", column + 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def _below(
    columns: tuple[str, ...], rows: Iterator[tuple[int, list[Any], str | None]], label: str
) -> Iterator[Row]:
    width = len(columns)
    for number, cells, problem in rows:
        named = f"{label} row {number}"
        if problem is not None:
            yield Row(named, {}, problem)
            continue
        outside = next((place for place in range(width, len(cells)) if not blank(cells[place])), None)
        if outside is not None:
            yield Row(named, {}, f"has a value in cell {_place(outside, number)}, where no column is named.")
            continue
        row = row_below(columns, [*cells[:width], *repeat(None, width - len(cells))], named)
        if row is not None:
            row.problem = unfit(row.values)
            yield row


def _has_formulas(path: Path) -> bool:
    """Tell whether any sheet may hold a formula, without taking it apart."""
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
    except Exception:  # noqa: BLE001  (as above; reading the sheet says where)
        return True
    return False


#: - `sheet`: its title; may be left out where only one can be seen.
#: - `header`: the row that names the columns; what stands above it is left out.
EXCEL = SourceType(
    {"file": TEXT._replace(needed=True), "name": TEXT, "sheet": TEXT, "header": WHOLE},
    _from_excel,
    (".xlsx", ".xlsm"),
)
