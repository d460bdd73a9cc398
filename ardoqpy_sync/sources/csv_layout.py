"""Rows written as CSV again: in the layout of a CSV file, or those of a query."""

from __future__ import annotations

import codecs
import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type, quote_name
from ardoqpy._terminal import escape_formula, format_csv_record, unambiguous_number
from ardoqpy.errors import InvalidInput
from ardoqpy.metamodel import Field
from ardoqpy_sync.sources.cell_conversion import convert_cell
from ardoqpy_sync.sources.row import NOT_TEXT
from ardoqpy_sync.sources.row_layout import WrittenRows, align

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ardoqpy_sync.sources.row_layout import ReturnedRow

_TEXT = Field("value", "value", "Text")
#: Excel takes UTF-8 without this mark for another encoding.
_WITH_MARK = "utf-8-sig"


@dataclass(frozen=True, eq=False)
class CsvLayout:
    """The layout of a CSV file; a record is the list of its cells.

    - `above`: the lines above the header; `header`: its cells.
    - `encoding`: the stated one, None if it was detected.
    - `escape`: returns a cell as it is written.
    - `detect`: returns the delimiter of a file that states none; None if the table of the source states it.
    """

    above: Sequence[str]
    header: Sequence[str]
    delimiter: str
    quote: str
    encoding: str | None
    escape: Callable[[str], str]
    detect: Callable[[list[str]], str | None] | None

    def write(self, rows: Sequence[ReturnedRow], column: str) -> WrittenRows:
        """Return a file with these rows, as `RowLayout` does.

        The reasons are in the first column: a row with too few or too many cells stays one.
        """
        names = [name.strip() for name in self.header]
        position = names.index(column) if column in names else None
        lines = [*self.above, self._line(_with_reason(self.header, column, position), is_header=True)]
        for row in rows:
            cells = row.record
            if isinstance(row.layout, CsvLayout) and row.layout is not self:
                other = [name.strip() for name in row.layout.header]
                cells = align(cells, other, names) if other != names else cells
            reasons = self._encodable(row.reasons)
            texts = [cell or "" for cell in cells]
            lines.append(self._line(_with_reason(texts, escape_formula(reasons), position)))
        lines = self._with_delimiter(lines)
        encoding = self.encoding or _WITH_MARK
        if codecs.lookup(encoding).name == "utf-8":
            encoding = _WITH_MARK
        try:
            return WrittenRows("".join(lines).encode(encoding), [])
        except UnicodeError:
            raise InvalidInput(f"A cell cannot be written in the encoding {encoding!r}.") from None

    def _line(self, cells: Sequence[str], *, is_header: bool = False) -> str:
        record = format_csv_record(
            map(self.escape, cells), delimiter=self.delimiter, quote=self.quote, is_header=is_header
        )
        return f"{record}\n"

    def _encodable(self, reasons: str) -> str:
        """Return reasons with escapes for what the encoding lacks: values come from Ardoq, too."""
        encoding = self.encoding or _WITH_MARK
        return reasons.encode(encoding, "backslashreplace").decode(encoding)

    def _with_delimiter(self, lines: list[str]) -> list[str]:
        """Return the lines with a first one that states the delimiter, if it could not be detected."""
        if self.detect is None or self.detect(lines) == self.delimiter:
            return lines
        # It takes the place of a line above the header, or else the header is in the second line, where it is
        # looked for then.
        return [f"sep={self.delimiter}\n", *lines[min(1, len(self.above)) :]]


def _with_reason(cells: Sequence[str], reason: str, position: int | None) -> list[str]:
    if position is None:
        return [reason, *cells]
    # A cell that a short row lacks must not become an empty one: the row is returned without the reason then.
    return [reason if number == position else cell for number, cell in enumerate(cells)]


def escape_lines(lines: Sequence[str], delimiter: str, quote: str, escape: Callable[[str], str]) -> list[str]:
    """Return lines above a header in which no cell is a formula; each stays one line."""
    escaped = []
    for line in lines:
        cells = next(csv.reader([line], delimiter=delimiter, quotechar=quote), [])
        texts = [escape(" ".join(cell.split())) for cell in cells]
        escaped.append(
            f"{format_csv_record(texts, delimiter=delimiter, quote=quote) if any(texts) else ''}\n"
        )
    return escaped


@dataclass(frozen=True, eq=False)
class QueryLayout:
    """The layout of the result of a query, which is written as CSV; a record is a sequence of values.

    - `header`: the names of the columns; `detect`: as in `CsvLayout`.
    """

    header: Sequence[str]
    detect: Callable[[list[str]], str | None]

    def write(self, rows: Sequence[ReturnedRow], column: str) -> WrittenRows:
        """Return a file with these rows, as `RowLayout` does, with a note for each column of other values."""
        file = CsvLayout((), self.header, ",", '"', None, escape_formula, self.detect)
        notes: dict[str, None] = {}
        texts = []
        for row in rows:
            cells = [
                self._text(value, name, notes) for value, name in zip(row.record, self.header, strict=True)
            ]
            texts.append(row._replace(record=cells, layout=file))
        return file.write(texts, column)._replace(notes=[*notes])

    def _text(self, value: Any, column: str, notes: dict[str, None]) -> str:
        """Return a value as the text that a text field gets, and note if it is read back as another one."""
        if isinstance(value, str) and NOT_TEXT.search(value):
            return NOT_TEXT.sub(lambda match: f"\\u{ord(match[0]):04x}", value)  # such a row has this problem
        if value is None or isinstance(value, str):
            return value or ""
        try:
            text = str(convert_cell(value, _TEXT))
        except InvalidInput:
            notes[
                f"Column {quote_name(column)} holds {describe_type(value)}, which CSV cannot hold: it is "
                "written as text. Correct it before you read the file."
            ] = None
            return json.dumps(value, ensure_ascii=False, default=str)
        if isinstance(value, int) or unambiguous_number(text) == text:
            return text
        notes[
            f"Column {quote_name(column)} has numbers such as {text}, which are written as "
            f"{unambiguous_number(text)}, so that nobody reads them as thousands."
        ] = None
        return unambiguous_number(text)
