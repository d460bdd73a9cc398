"""The layout of an Excel sheet: hidden rows and columns, merged cells, formulas.

openpyxl knows these only if it loads the whole sheet into memory, where each cell takes about 50 times the
space that it takes in the file. Its streaming mode leaves them out. So they are read here, in a pass over the
XML of the sheet that keeps nothing else; it takes about a tenth of the time that reading the cells takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

if TYPE_CHECKING:
    from typing import BinaryIO

_PIECE = 1 << 20
#: What a sheet of Excel has at most. A file that states more would be read for hours, row after empty row.
_MAX_ROWS, _MAX_COLUMNS = 1_048_576, 16_384
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?")


class MergedRange(NamedTuple):
    """A rectangle of merged cells; the top left one has the value. Columns count from 0, rows from 1."""

    first_column: int
    first_row: int
    last_column: int
    last_row: int

    def __str__(self) -> str:
        """Return the range as Excel writes it, such as "A1:B2"."""
        first = cell_address(self.first_column, self.first_row)
        return f"{first}:{cell_address(self.last_column, self.last_row)}"


@dataclass(slots=True)
class SheetLayout:
    """What the cells of a sheet do not say.

    - `hidden_rows`: their numbers; rows that a filter leaves out are hidden, too.
    - `hidden_columns`: ranges of columns, which count from 0.
    - `is_damaged`: whether the XML could not be read to its end.
    - `excess`: what of it exceeds the limits of Excel, as the end of a sentence; None if nothing does.
    """

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[range] = field(default_factory=list)
    merged: list[MergedRange] = field(default_factory=list)
    has_formulas: bool = False
    is_damaged: bool = False
    excess: str | None = None

    def is_hidden(self, column: int) -> bool:
        """Return whether a column is hidden."""
        return any(column in columns for columns in self.hidden_columns)


def column_letters(column: int) -> str:
    """Return the letters of a column, which counts from 0: "A", "AA"."""
    letters, column = "", column + 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def cell_address(column: int, row: int) -> str:
    """Return the address of a cell, such as "B7"; columns count from 0."""
    return f"{column_letters(column)}{row}"


class _ExceedsLimitsError(Exception):
    """A sheet exceeds the limits of Excel; the text is the end of a sentence."""


def read_layout(file: BinaryIO) -> SheetLayout:
    """Return the layout in the XML of a sheet, as far as it can be read."""
    reader = _Reader()
    try:
        while piece := file.read(_PIECE):
            if b"<" not in piece:
                raise _ExceedsLimitsError("a text of over a million characters")  # noqa: TRY301
            reader.parser.Parse(piece)
        reader.parser.Parse(b"", True)  # noqa: FBT003  (the end of the file)
    except _ExceedsLimitsError as error:
        reader.layout.excess = str(error)
    except Exception:  # noqa: BLE001  (a damaged archive raises many kinds of errors; reading the cells reports it)
        reader.layout.is_damaged = True
        reader.layout.has_formulas = True
    return reader.layout


class _Reader:
    def __init__(self) -> None:
        self.layout = SheetLayout()
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.StartElementHandler = self._start
        self.parser.StartDoctypeDeclHandler = self._reject_doctype
        self._row = 0
        self._cells = 0

    def _reject_doctype(self, *_: object) -> None:
        # It can define entities that expand to a billion times the size of the file.
        raise _ExceedsLimitsError("a document type, which Excel does not write")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if name == "c":
            self._cells += 1
            if self._cells > _MAX_COLUMNS:
                raise _ExceedsLimitsError(f"over {_MAX_COLUMNS:,} cells in row {self._row}")
        elif name == "f":
            self.layout.has_formulas = True
        elif name == "row":
            self._start_row(attributes)
        elif name == "col":
            if _is_hidden(attributes):
                columns = range(int(attributes["min"]) - 1, int(attributes["max"]))
                self.layout.hidden_columns.append(columns)
        elif name == "mergeCell":
            self._add_merged(attributes["ref"])

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._row = int(attributes.get("r", self._row + 1))
        self._cells = 0
        if self._row > _MAX_ROWS:
            raise _ExceedsLimitsError(f"a row {self._row}, and a sheet has at most {_MAX_ROWS:,} rows")
        if _is_hidden(attributes):
            self.layout.hidden_rows.add(self._row)

    def _add_merged(self, text: str) -> None:
        reference = _REFERENCE.fullmatch(text)
        if reference is None:
            raise ValueError(text)
        column, row, last_column, last_row = reference.groups()
        if last_column is not None:
            self.layout.merged.append(
                MergedRange(_column(column), int(row), _column(last_column), int(last_row))
            )


def _is_hidden(attributes: dict[str, str]) -> bool:
    return attributes.get("hidden") in ("1", "true")


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
