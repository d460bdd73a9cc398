"""Where the output goes and in which format."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

from ardoqpy._messages import did_you_mean, quote_name
from ardoqpy.cli.errors import Refusal, complain
from ardoqpy.cli.format_csv import write_csv
from ardoqpy.cli.format_json import write_document, write_lines, write_list
from ardoqpy.cli.format_table import write_table
from ardoqpy.cli.rows import Column, Document, Listing, flat
from ardoqpy.errors import ArdoqClientException

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

__all__ = ["FORMATS", "form_of", "opened", "write"]

FORMATS = ("table", "json", "ndjson", "csv")
_BY_ENDING = {"json": "json", "ndjson": "ndjson", "jsonl": "ndjson", "csv": "csv"}


def form_of(options: argparse.Namespace) -> str:
    """Return the format that the options want: the one they name, else that of the file's ending, else
    a table.
    """
    ending = (options.output or "").rpartition(".")[2].lower()
    form: str = options.format or _BY_ENDING.get(ending, "table")
    return form


def write(result: Listing | Document, options: argparse.Namespace) -> None:
    """Write what a command has read, as the options want it."""
    form = form_of(options)
    with opened(options.output) as stream:
        if isinstance(result, Document) and options.columns:
            result = result.csv
        if isinstance(result, Document):
            if form in ("json", "ndjson"):
                write_document(result.value, stream) if form == "json" else write_lines(
                    [result.value], stream
                )
                return
            result = result.table if form == "table" else result.csv
        chosen = _Chosen(options.columns, result)
        listing = chosen.listing(options.limit)
        if form == "json":
            write_list(listing.rows, stream)
        elif form == "ndjson":
            write_lines(listing.rows, stream)
        elif form == "csv":
            write_csv(listing, stream, raw=options.raw, at_once=options.output in (None, "-"))
        else:
            write_table(listing, stream, _room(stream))
    chosen.complain_of_unseen()


class _Chosen:
    """Cut a listing down to the columns that were asked for, and note which of them no row has."""

    def __init__(self, names: list[str] | None, listing: Listing) -> None:
        self._listing = listing
        titles = {column.title: column for column in listing.columns}
        self._columns = tuple(titles.get(name, Column(name, (name,))) for name in names or [])
        self._seen: dict[str, None] = {}

    def listing(self, limit: int | None) -> Listing:
        """Return the rows, at most so many, with the chosen columns, if any."""
        rows: Iterable[Any] = self._listing.rows if limit is None else islice(self._listing.rows, limit)
        if not self._columns:
            return self._listing._replace(rows=rows)
        cut = tuple(Column(column.title, (column.title,), column.whole) for column in self._columns)
        return Listing((self._cut(row) for row in rows), cut, lambda: [column.title for column in cut])

    def _cut(self, row: Any) -> dict[str, Any]:
        attributes = flat(row)
        self._seen.update(dict.fromkeys(attributes))
        return {
            column.title: next((attributes[key] for key in column.keys if key in attributes), None)
            for column in self._columns
        }

    def complain_of_unseen(self) -> None:
        """Say so where a chosen column is in none of the rows: it may be misspelt."""
        for column in self._columns if self._seen else ():
            if not any(key in self._seen for key in column.keys):
                question = did_you_mean(column.title, self._seen)
                complain(f"No row has {quote_name(column.title)}{f': {question}' if question else '.'}")


@contextmanager
def opened(path: str | None) -> Iterator[TextIO]:
    """Give the stream to write to: the standard output, or a file that appears once it is whole.

    A path that is there and no plain file (a pipe, a device) is written to as it is. Raise `Refusal` where
    the file cannot be written.
    """
    if path is None or path == "-":
        yield _standard_output()
        return
    from pathlib import Path  # noqa: PLC0415  (help does not need it)

    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            with target.open("w", encoding="utf-8", newline="") as stream:
                yield stream
            return
        target = target.resolve()
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with part.open("w", encoding="utf-8", newline="") as stream:
                if target.exists():
                    part.chmod(target.stat().st_mode & 0o777)
                yield stream
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except (BrokenPipeError, ArdoqClientException):
        raise  # some errors of the library are OSErrors as well
    except OSError as problem:
        raise Refusal(f"The file {path!r} cannot be written: {problem.strerror}.") from problem


def _standard_output() -> TextIO:
    stream = sys.stdout
    if stream is None:
        raise Refusal("There is no standard output: say where to write to with --output FILE.")
    if isinstance(stream, io.TextIOWrapper):
        # What goes into a file or another program is UTF-8 everywhere; a terminal shows what it can.
        if stream.isatty():
            stream.reconfigure(errors="backslashreplace")
        else:
            stream.reconfigure(encoding="utf-8", newline="\n")
    return stream


def _room(stream: TextIO) -> int | None:
    if not stream.isatty():
        return None
    import shutil  # noqa: PLC0415  (only tables on a terminal need it)

    return shutil.get_terminal_size().columns
