"""Output of a command: where it goes, and in which format."""

from __future__ import annotations

import io
import shutil
import sys
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ardoqpy._http.local_files import remove_leftovers, temporary_path
from ardoqpy._messages import did_you_mean, quote_name
from ardoqpy.cli.errors import CommandError, print_error
from ardoqpy.cli.format_csv import write_csv
from ardoqpy.cli.format_json import write_document, write_lines, write_list
from ardoqpy.cli.format_table import write_table
from ardoqpy.cli.rows import Column, Document, Listing
from ardoqpy.entities import flatten
from ardoqpy.errors import ArdoqClientException

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from ardoqpy.entities import Attributes

_BY_ENDING = {"json": "json", "ndjson": "ndjson", "jsonl": "ndjson", "csv": "csv"}


def output_format(options: argparse.Namespace) -> str:
    """Return the format that `--format` names, else that of the ending of `--output`, else `table`."""
    ending = (options.output or "").rpartition(".")[2].lower()
    return str(options.format or _BY_ENDING.get(ending, "table"))


def write(result: Listing | Document, options: argparse.Namespace) -> None:
    """Write the result of a read command as its options ask."""
    form = output_format(options)
    with open_output(options.output) as stream:
        if isinstance(result, Document):
            if form == "json" and not options.columns:
                write_document(result.value, stream)
                return
            if form == "ndjson" and not options.columns:
                write_lines([result.value], stream)
                return
            result = result.table if form == "table" and not options.columns else result.csv
        selection = _Selection(options.columns, result)
        listing = selection.listing(options.limit)
        if form == "json":
            write_list(listing.rows, stream)
        elif form == "ndjson":
            write_lines(listing.rows, stream)
        elif form == "csv":
            write_csv(listing, stream, raw=options.raw, streaming=options.output in (None, "-"))
        else:
            columns = shutil.get_terminal_size().columns if stream.isatty() else None
            write_table(listing, stream, columns)
    selection.report_missing_columns()


class _Selection:
    """The columns of a listing that `--columns` names; notes which of them no row has."""

    def __init__(self, names: list[str] | None, listing: Listing) -> None:
        self._listing = listing
        titles = {column.title: column for column in listing.columns}
        self._columns = tuple(titles.get(name, Column(name, (name,))) for name in names or [])
        self._seen: dict[str, None] = {}

    def listing(self, limit: int | None) -> Listing:
        """Return the first `limit` rows (None: all), reduced to the selected columns, if any."""
        rows: Iterable[Any] = self._listing.rows if limit is None else islice(self._listing.rows, limit)
        if not self._columns:
            return self._listing._replace(rows=rows)
        columns = tuple(Column(column.title, (column.title,), column.is_id) for column in self._columns)
        return Listing(
            (self._select(row) for row in rows), columns, lambda: [column.title for column in columns]
        )

    def _select(self, row: Any) -> Attributes:
        attributes = flatten(row)
        self._seen.update(dict.fromkeys(attributes))
        return {
            column.title: next((attributes[key] for key in column.keys if key in attributes), None)
            for column in self._columns
        }

    def report_missing_columns(self) -> None:
        """Print a message for each selected column that no row has: its name may be misspelt."""
        for column in self._columns if self._seen else ():
            if not any(key in self._seen for key in column.keys):
                question = did_you_mean(column.title, self._seen)
                print_error(f"No row has {quote_name(column.title)}{f': {question}' if question else '.'}")


@contextmanager
def open_output(path: str | None) -> Iterator[TextIO]:
    """Open the stream to write to: standard output for None or `-`, else a file.

    A file appears, or is replaced, once it is complete. A path of a pipe or device is written to directly.
    Raise `CommandError` if the file cannot be written.
    """
    if path is None or path == "-":
        yield _standard_output()
        return
    target = Path(path)
    try:
        if target.exists() and not target.is_file():
            with target.open("w", encoding="utf-8", newline="") as stream:
                yield stream
            return
        target = target.resolve()
        part = temporary_path(target)
        try:
            with part.open("w", encoding="utf-8", newline="") as stream:
                remove_leftovers(part)
                if target.exists():
                    part.chmod(target.stat().st_mode & 0o777)
                yield stream
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except (BrokenPipeError, ArdoqClientException):
        raise  # some errors of the library are OSErrors as well
    except OSError as problem:
        raise CommandError(f"The file {path!r} cannot be written: {problem.strerror}.") from problem


def _standard_output() -> TextIO:
    stream = sys.stdout
    if stream is None:
        raise CommandError("There is no standard output: name a file to write to with --output FILE.")
    if isinstance(stream, io.TextIOWrapper):
        # Files and other programs get UTF-8 everywhere; a terminal shows what it can.
        if stream.isatty():
            stream.reconfigure(errors="backslashreplace")
        else:
            stream.reconfigure(encoding="utf-8", newline="\n")
    return stream
