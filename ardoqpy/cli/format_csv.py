"""CSV for spreadsheets: a column for each attribute, and nothing that a spreadsheet would carry out."""

from __future__ import annotations

import csv
import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Any, TextIO

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.errors import Refusal
from ardoqpy.cli.rows import cell, flat

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ardoqpy.cli.rows import Listing

__all__ = ["defused", "write_csv"]

#: How a formula begins, in the full-width spelling as well; and a plain negative number, which is none.
_FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"-[0-9]+([.,][0-9]+)?")
_KEPT_IN_MEMORY = 1 << 24


def defused(value: Any) -> str:
    """Return a value as the text of one cell; a text that would begin a formula gets an apostrophe in
    front.
    """
    text = cell(value)
    harmful = isinstance(value, str | list | dict) and _FORMULA.match(text) and not _NUMBER.fullmatch(text)
    return f"'{text}" if harmful else text


def write_csv(listing: Listing, stream: TextIO, *, raw: bool, at_once: bool) -> None:
    """Write rows with a header.

    With `at_once`, where the listing can say which attributes there may be, each row is written as
    soon as it is there; otherwise the rows wait in a temporary file until the last one has shown its
    attributes. Raise `Refusal` at the end where a row had one that the header lacks.
    """
    written = _Written(stream, raw=raw)
    rows = (flat(row) for row in listing.rows)
    first = [key for column in listing.columns for key in column.keys]
    if not at_once or listing.fields is None:
        written.at_last(rows, first)
        return
    beginning = next(rows, {})
    fields = listing.fields()
    header = _in_order(first, {**beginning, **dict.fromkeys(fields)})
    written.at_once(chain([beginning] if beginning else [], rows), header)


class _Written:
    """Write flat rows to a stream."""

    def __init__(self, stream: TextIO, *, raw: bool) -> None:
        self._stream = stream
        self._writer = csv.writer(stream, lineterminator="\n")
        self._text = cell if raw else defused
        self._shown = escape_controls if stream.isatty() else str

    def _write(self, values: Iterable[Any]) -> None:
        self._writer.writerow([self._shown(self._text(value)) for value in values])

    def at_once(self, rows: Iterable[dict[str, Any]], header: list[str]) -> None:
        known = set(header)
        missed: dict[str, None] = {}
        self._write(header)
        for row in rows:
            self._write(row.get(name) for name in header)
            self._stream.flush()
            missed.update(dict.fromkeys(name for name in row if name not in known))
        if missed:
            raise Refusal(
                f"Some rows have values that no column has, of {', '.join(missed)}: say --columns with them, "
                "or --output FILE, which is written once all columns are known."
            )

    def at_last(self, rows: Iterator[dict[str, Any]], first: list[str]) -> None:
        from tempfile import SpooledTemporaryFile  # noqa: PLC0415  (help and completion do not need it)

        seen: dict[str, None] = {}
        with SpooledTemporaryFile(_KEPT_IN_MEMORY, "w+", encoding="ascii") as spool:
            for row in rows:
                seen.update(dict.fromkeys(row))
                spool.write(json.dumps(row) + "\n")
            header = _in_order(first, seen)
            self._write(header)
            spool.seek(0)
            for line in spool:
                row = json.loads(line)
                self._write(row.get(name) for name in header)


def _in_order(first: Iterable[str], seen: Iterable[str]) -> list[str]:
    known = dict.fromkeys(seen)
    return list(dict.fromkeys([*(name for name in first if name in known), *known]))
