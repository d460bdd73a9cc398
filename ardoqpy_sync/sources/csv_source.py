"""Rows from text separated by commas, or by whatever the file uses."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.header import named_columns, row_below
from ardoqpy_sync.sources.options import TEXT, WHOLE, Key, SourceType, file_of
from ardoqpy_sync.sources.source import Reading, Source, SourceUnreadable
from ardoqpy_sync.sources.text_file import TextFile, known_encoding, suffix_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from ardoqpy_sync.sources.row import Row

__all__ = ["CSV"]

_DELIMITERS = ",;\t|"
_SAMPLED_ROWS = 100


def _from_csv(table: Mapping[str, Any], base: Path) -> Source:
    """Return the source that a table describes, its file looked for in `base`.

    Raise `ConfigurationError` where file, delimiter, quote or encoding cannot be.
    """
    path = file_of(table, base)
    name = table.get("name", table["file"])
    encoding = known_encoding(table.get("encoding"))
    quote = _one_character(table.get("quote", '"'), "quote")
    stated = table.get("delimiter", "\t" if suffix_of(table["file"]) == ".tsv" else None)
    delimiter = None if stated is None else _one_character(stated, "delimiter")
    if delimiter == quote:
        raise ConfigurationError(
            f"The source has {quote_name(quote)} both as delimiter and as quote: they are two characters."
        )
    above = table.get("header", 1) - 1

    def start(stack: ExitStack) -> Reading:
        text = TextFile(path, name, encoding, stack)
        lines = text.lines()
        skipped = sum(1 for _, _ in zip(range(above), lines, strict=False))
        between = delimiter
        if between is None:
            between = _delimiter_of(text.sample[skipped:], quote, name, skipped + 1)
        reader = csv.reader(lines, delimiter=between, quotechar=quote, strict=True)
        records = _records(reader, name, skipped)
        number, header = next(records, (0, []))
        if not number:
            ends = "is empty" if not skipped else f"ends before line {above + 1}"
            raise SourceUnreadable(f"{name} {ends}: line {above + 1} has to name the columns.")
        columns = named_columns(header, f"{name} line {number}")
        return Reading(columns, _rows(columns, records, name))

    return Source(name, start)


def _one_character(text: str, key: str) -> str:
    if len(text) != 1 or text in "\r\n\0":
        raise ConfigurationError(f"The source has {quote_name(text)} under {key!r}: give one character.")
    return text


def _records(reader: Any, name: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each record with the number of the line that it begins in."""
    while True:
        line = skipped + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as problem:
            raise SourceUnreadable(_said(str(problem), name, line, skipped + reader.line_num)) from None
        if cells is None:
            return
        yield line, cells


def _said(problem: str, name: str, first: int, last: int) -> str:
    """Say in our words what the reader found in a record."""
    remedy = "look there and above for a quote too many, or for one that is missing"
    if "limit" in problem:
        longest = csv.field_size_limit()
        return f"{name} line {first} has a cell of over {longest} characters: {remedy}."
    if "unexpected end" in problem:
        return f"{name} line {first} opens a quote that is never closed: {remedy}."
    return (
        f"{name} line {last} has text after a closing quote: a cell in quotes ends with its quote, and a "
        "quote inside it is doubled."
    )


def _rows(columns: tuple[str, ...], records: Iterable[tuple[int, list[str]]], name: str) -> Iterator[Row]:
    for line, cells in records:
        row = row_below(columns, cells, f"{name} line {line}")
        if row is not None:
            yield row


def _delimiter_of(lines: list[str], quote: str, name: str, number: int) -> str:
    """Find out the delimiter: the one in the header, of several the one that most rows agree with."""
    fits: dict[str, int] = {}
    for delimiter in _DELIMITERS.replace(quote, ""):
        widths = _widths(lines, delimiter, quote)
        if widths and widths[0] > 1:
            fits[delimiter] = widths.count(widths[0])
    best = [delimiter for delimiter, rows in fits.items() if rows == max(fits.values())]
    if len(best) > 1:
        raise SourceUnreadable(
            f"{name} line {number} may be separated by {' or by '.join(map(repr, best))}: give the delimiter."
        )
    return best[0] if best else ","


def _widths(lines: list[str], delimiter: str, quote: str) -> list[int]:
    """Return how many cells the first records have, as far as they can be read."""
    widths: list[int] = []
    try:
        for cells in csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True):
            widths.append(len(cells))
            if len(widths) > _SAMPLED_ROWS:
                break
    except csv.Error:
        pass  # the sample ends within a record, or another delimiter is the right one
    return widths


#: - `delimiter`: the character between cells; found out where it is not given.
#: - `quote`: the character around cells that hold a delimiter, a line end or itself (doubled).
#: - `encoding`: that of the file; found out where it is UTF-8, or UTF-16 or UTF-32 with a mark.
#: - `header`: the line that names the columns; what stands above it is left out.
CSV = SourceType(
    {
        "file": TEXT._replace(needed=True),
        "name": TEXT,
        "delimiter": Key((str,), "one character, such as ';'"),
        "quote": Key((str,), "one character, such as '\"'"),
        "encoding": TEXT,
        "header": WHOLE,
    },
    _from_csv,
    (".csv", ".tsv"),
)
