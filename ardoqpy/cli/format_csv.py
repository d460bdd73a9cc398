"""CSV for spreadsheets: a column for each attribute, and nothing that a spreadsheet runs as a formula.

A source of a job reads the same rows from it (`ardoqpy_sync/sources/csv_source.py`).
"""

from __future__ import annotations

import json
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, TextIO

from ardoqpy._terminal import escape_controls, escape_formula, format_csv_record, unambiguous_number
from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.rows import cell_text
from ardoqpy.entities import flatten

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ardoqpy.cli.rows import Listing
    from ardoqpy.entities import Attributes

_BYTES_IN_MEMORY = 1 << 24


def spreadsheet_text(value: Any) -> str:
    """Return a value as the text of one cell, in which a spreadsheet finds no formula.

    A number such as 1.234 gets another zero, so that nobody reads it as 1234.
    """
    text = cell_text(value)
    if isinstance(value, float):
        return unambiguous_number(text)
    return escape_formula(text) if isinstance(value, str | list | dict) else text


def write_csv(listing: Listing, stream: TextIO, *, raw: bool, streaming: bool) -> None:
    """Write rows with a header.

    - `raw`: leave text that looks like a formula as it is.
    - `streaming`: write each row as it arrives, if the listing knows all attributes in advance. Otherwise
      rows are kept in a temporary file until the last one has arrived.

    Raise `CommandError` after the last row if a row had an attribute that the header lacks.
    """
    writer = _Writer(stream, raw=raw)
    rows = (flatten(row) for row in listing.rows)
    first_columns = [key for column in listing.columns for key in column.keys]
    if not streaming or listing.fields is None:
        writer.write_at_end(rows, first_columns)
        return
    first_row = next(rows, {})
    fields = listing.fields()
    header = _ordered(first_columns, {**first_row, **dict.fromkeys(fields)})
    writer.write_streaming(chain([first_row] if first_row else [], rows), header)


class _Writer:
    """Write flat rows to a stream."""

    def __init__(self, stream: TextIO, *, raw: bool) -> None:
        self._stream = stream
        self._text = cell_text if raw else spreadsheet_text
        self._printable = escape_controls if stream.isatty() else str

    def _write(self, values: Iterable[Any], *, is_header: bool = False) -> None:
        cells = (self._printable(self._text(value)) for value in values)
        self._stream.write(format_csv_record(cells, is_header=is_header) + "\n")

    def write_streaming(self, rows: Iterable[Attributes], header: list[str]) -> None:
        known = set(header)
        unknown: dict[str, None] = {}
        self._write(header, is_header=True)
        for row in rows:
            self._write(row.get(name) for name in header)
            self._stream.flush()
            unknown.update(dict.fromkeys(name for name in row if name not in known))
        if unknown:
            raise CommandError(
                f"Some rows have attributes without a column: {', '.join(unknown)}. Name them in --columns, "
                "or write to a file with --output FILE, which waits until all columns are known."
            )

    def write_at_end(self, rows: Iterator[Attributes], first_columns: list[str]) -> None:
        seen: dict[str, None] = {}
        with SpooledTemporaryFile(_BYTES_IN_MEMORY, "w+", encoding="ascii") as spool:
            for row in rows:
                seen.update(dict.fromkeys(row))
                spool.write(json.dumps(row) + "\n")
            header = _ordered(first_columns, seen)
            self._write(header, is_header=True)
            spool.seek(0)
            for line in spool:
                row = json.loads(line)
                self._write(row.get(name) for name in header)


def _ordered(first: Iterable[str], seen: Iterable[str]) -> list[str]:
    known = dict.fromkeys(seen)
    return list(dict.fromkeys([*(name for name in first if name in known), *known]))
