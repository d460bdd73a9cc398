"""Rows from a CSV file, with any delimiter."""

from __future__ import annotations

import csv
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy._terminal import escape_formula, unescape_formula
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.csv_layout import CsvLayout, escape_lines
from ardoqpy_sync.sources.header import read_header
from ardoqpy_sync.sources.options import (
    BOOLEAN,
    POSITIVE_INT,
    REQUIRED_TEXT,
    TEXT,
    Option,
    SourceType,
    resolve_file,
)
from ardoqpy_sync.sources.source import RowStream, Source, SourceUnreadable
from ardoqpy_sync.sources.text_file import TextFile, check_encoding, file_suffix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from ardoqpy_sync.sources.header import Header
    from ardoqpy_sync.sources.row import Row

#: The first line of a file for Excel can state the delimiter.
STATED_DELIMITER = re.compile(r"""["']?sep=([^\w\s"']|\t)["']?\s*""", re.IGNORECASE)
#: How text is written so that Excel does not take it for a number, such as ="0341".
_GUARDED = re.compile(r'="((?:[^"]|"")*)"')
_DELIMITERS = ",;\t|"
_SAMPLED_ROWS = 100
#: The csv module accepts no more characters everywhere; its own limit is shorter than an embedded picture.
_LONGEST_CELL = 2**31 - 1


def _open_csv(table: Mapping[str, Any], base: Path) -> Source:
    """Return the source of a checked table.

    Raise `ConfigurationError` if the file does not exist, or if delimiter, quote or encoding is not valid.
    """
    path = resolve_file(table, base)
    name = table.get("name", table["file"])
    encoding = check_encoding(table.get("encoding"))
    quote = _one_character(table.get("quote", '"'), "quote")
    stated = table.get("delimiter", "\t" if file_suffix(table["file"]) == ".tsv" else None)
    delimiter = None if stated is None else _one_character(stated, "delimiter")
    if delimiter == quote:
        raise ConfigurationError(
            f"The source has {quote_name(quote)} as delimiter and as quote. Use two different characters."
        )
    delimiter_is_stated = "delimiter" in table
    header_line = table.get("header", 1)
    unescape = table.get("unescape", True)

    def start(stack: ExitStack) -> RowStream:
        text = TextFile(path, name, encoding, stack)
        lines = text.lines()
        # The limit is one for the whole process: it is only ever raised.
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
        stated_delimiter = STATED_DELIMITER.fullmatch(text.sample[0]) if text.sample else None
        lines_above = max(header_line - 1, 1 if stated_delimiter else 0)
        above = list(islice(lines, lines_above))
        skipped = len(above)
        separator = delimiter or (stated_delimiter and stated_delimiter[1])
        separator = separator or _detect_delimiter(text.sample[skipped:], quote, name, skipped + 1)
        reader = csv.reader(lines, delimiter=separator, quotechar=quote, strict=True)
        records = _records(reader, name, skipped)
        number, cells = next(records, (0, []))
        if not number:
            ends = "is empty" if not skipped else f"ends before line {lines_above + 1}"
            raise SourceUnreadable(f"{name} {ends}. Line {lines_above + 1} must contain the column names.")
        header = read_header(_unescape(cells) if unescape else cells, f"{name} line {number}")
        escape = _escape_cell if unescape else str
        # A line that states the delimiter stays as it is.
        kept = above[:1] if stated_delimiter else []
        above = [*kept, *escape_lines(above[len(kept) :], separator, quote, escape)]
        layout = CsvLayout(
            above,
            cells,
            separator,
            quote,
            encoding,
            escape,
            None if delimiter_is_stated else lambda lines: find_delimiter(lines, lines_above, quote),
        )
        return header.make_stream(_rows(header, records, name, unescape=unescape), layout)

    return Source(name, start)


def _one_character(text: str, key: str) -> str:
    if len(text) != 1 or text in "\r\n\0":
        raise ConfigurationError(f"The source has {quote_name(text)} as {key!r}. Use one character.")
    return text


def _records(reader: Any, name: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each record with the number of its first line."""
    while True:
        line = skipped + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise SourceUnreadable(_message(str(error), name, line, skipped + reader.line_num)) from None
        if cells is None:
            return
        yield line, cells


def _message(error: str, name: str, first: int, last: int) -> str:
    """Return the message for an error of the csv module, in a record from the first to the last line."""
    remedy = "Look there and above for a missing or an extra quote"
    if "limit" in error:
        return f"{name} line {first} has a cell of over {csv.field_size_limit()} characters. {remedy}."
    if "unexpected end" in error:
        return f"{name} line {first} opens a quote that is never closed. {remedy}."
    return (
        f"{name} line {last} has text after a closing quote. End a quoted cell with its quote, and double "
        "each quote inside it."
    )


def _unescape(cells: list[str]) -> list[str]:
    text = ",".join(cells)
    if "'" not in text and '="' not in text:
        return cells
    return [_unescape_cell(cell) for cell in cells]


def _unescape_cell(text: str) -> str:
    guarded = _GUARDED.fullmatch(text)
    return guarded[1].replace('""', '"') if guarded else unescape_formula(text)


def _escape_cell(text: str) -> str:
    """Return a cell as it is written again: no formula, and read as the same text."""
    return text if _GUARDED.fullmatch(text) else escape_formula(unescape_formula(text))


def _rows(
    header: Header, records: Iterable[tuple[int, list[str]]], name: str, *, unescape: bool
) -> Iterator[Row]:
    for line, cells in records:
        row = header.make_row(_unescape(cells) if unescape else cells, f"{name} line {line}")
        if row is not None:
            row.record = cells
            yield row


def find_delimiter(lines: list[str], above: int = 0, quote: str = '"') -> str | None:
    """Return the delimiter that is read from the lines of a file that states none, None if it is not clear.

    - `above`: how many lines are above the header.
    """
    stated = STATED_DELIMITER.fullmatch(lines[0])
    if stated:
        return stated[1]
    try:
        return _detect_delimiter(lines[above : above + _SAMPLED_ROWS], quote, "", 0)
    except SourceUnreadable:
        return None


def _detect_delimiter(lines: list[str], quote: str, name: str, number: int) -> str:
    """Return the delimiter in the header; of several, the one that most rows agree with."""
    matching_rows: dict[str, int] = {}
    for delimiter in _DELIMITERS.replace(quote, ""):
        widths = _row_widths(lines, delimiter, quote)
        if widths and widths[0] > 1:
            matching_rows[delimiter] = widths.count(widths[0])
    best = [delimiter for delimiter, rows in matching_rows.items() if rows == max(matching_rows.values())]
    if len(best) > 1:
        raise SourceUnreadable(
            f"{name} line {number}: the delimiter can be {' or '.join(map(repr, best))}. Set delimiter."
        )
    return best[0] if best else ","


def _row_widths(lines: list[str], delimiter: str, quote: str) -> list[int]:
    """Return the number of cells of each of the first records that can be read."""
    widths: list[int] = []
    try:
        for cells in csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True):
            widths.append(len(cells))
            if len(widths) > _SAMPLED_ROWS:
                break
    except csv.Error:
        pass  # the sample ends within a record, or this delimiter is wrong
    return widths


#: - `delimiter`: the character between cells; if it is not given, that of a first line `sep=;`, or detected.
#: - `quote`: the character around cells that contain a delimiter, a line end or itself (doubled).
#: - `encoding`: detected if it is not given, for UTF-8, and for UTF-16 or UTF-32 with a byte order mark.
#: - `header`: the line with the column names, 1 if it is not given; the lines above are ignored.
#: - `unescape`: whether cells such as ="0341", and an apostrophe before text like a formula, stand for the
#:   text alone; true if it is not given.
CSV = SourceType(
    {
        "file": REQUIRED_TEXT,
        "name": TEXT,
        "delimiter": Option((str,), "one character, such as ';'"),
        "quote": Option((str,), "one character, such as '\"'"),
        "encoding": TEXT,
        "header": POSITIVE_INT,
        "unescape": BOOLEAN,
    },
    _open_csv,
    (".csv", ".tsv"),
)
