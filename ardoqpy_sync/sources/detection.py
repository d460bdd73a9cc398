"""Find the tables in a file: its sheets, the row with the column names, encoding and delimiter.

A run never guesses any of these: what is found here is written into a job, for a person to read.
"""

from __future__ import annotations

import codecs
import csv
import re
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name, suggest
from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync.sources.csv_source import CSV, STATED_DELIMITER
from ardoqpy_sync.sources.excel_source import EXCEL, read_top_rows
from ardoqpy_sync.sources.header import read_name
from ardoqpy_sync.sources.options import SourceTable, resolve_file
from ardoqpy_sync.sources.row import is_blank
from ardoqpy_sync.sources.text_file import TextFile, check_encoding, file_suffix, open_binary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from io import BufferedIOBase

#: How many rows at the top of a sheet or file are searched for the column names.
TOP_ROWS = 60
#: The delimiters that are tried. If several fit equally well, it is the first: names contain commas.
_SEPARATORS = "\t;|,"
#: The encoding of text that is not UTF-8: that of Excel on Windows in Western Europe.
_FALLBACK = "cp1252"
_PIECE = 1 << 20
#: The row with the column names fills this share of the widest row, this share of its cells are names, and
#: this share of the names are different.
_MIN_FILLED, _MIN_NAMES, _MIN_DISTINCT = 0.6, 0.75, 0.5
_MAX_NAME = 100
#: Text that is a value and no name: numbers, dates, e-mail addresses and URLs.
_VALUE = re.compile(r"[\W\d_]*|\S+@\S+|\w+://\S*")

#: A row at the top of a file: its number, and its cells.
Cells = tuple[int, "Sequence[Any]"]


class DetectedTable(NamedTuple):
    """A table of rows that was found in a file.

    - `title`: the title of its sheet; the name of the file without its suffix if it has no sheets.
    - `table`: the source, as `open_source` takes it.
    - `findings`: what was found, in words, such as "header in row 4".
    """

    title: str
    table: SourceTable
    findings: list[str]


class Detection(NamedTuple):
    """The tables of a file, and a sentence for each sheet that is left out."""

    tables: list[DetectedTable]
    skipped: list[str]


def detect_tables(
    file: str,
    base: Path,
    *,
    sheets: Sequence[str] = (),
    header: int | None = None,
    encoding: str | None = None,
) -> Detection:
    """Return the tables of a file.

    - `file`: its path, which starts from the folder `base`.
    - `sheets`: the titles of the sheets of a workbook to read; otherwise all visible ones with a table.
    - `header`, `encoding`: the row (line) with the column names and the encoding, if they are known.

    Raise `ConfigurationError` or `InvalidInput` if the file does not exist, cannot be read, or has no row
    with column names, or if an option does not apply to a file of its kind.
    """
    suffix = file_suffix(file)
    for option, given, suffixes, kind in (
        ("A sheet", sheets, EXCEL.suffixes, "a workbook"),
        ("The row of a header", header, (*EXCEL.suffixes, *CSV.suffixes), "a CSV file or a workbook"),
        ("An encoding", encoding, (*CSV.suffixes, ".json", ".ndjson", ".jsonl"), "a text file"),
    ):
        if given and suffix not in suffixes:
            raise ConfigurationError(
                f"{option} can be given only for {kind}, and {quote_name(file)} is not one."
            )
    if suffix in EXCEL.suffixes:
        return _detect_sheets(file, base, sheets, header)
    stem = Path(file).name.partition(".")[0] or "rows"
    if suffix in CSV.suffixes:
        return Detection([_detect_csv(file, base, stem, header, encoding)], [])
    table: SourceTable = {"file": file, **({"encoding": encoding} if encoding else {})}
    return Detection([DetectedTable(stem, table, [])], [])


# -- workbooks --------------------------------------------------------------------------------------------


def _detect_sheets(file: str, base: Path, titles: Sequence[str], header: int | None) -> Detection:
    top_rows = read_top_rows({"file": file}, base, (header or 0) + TOP_ROWS)
    for title in titles:
        if title not in top_rows:
            raise InvalidInput(f"{file} has no sheet {quote_name(title)}: {suggest(title, top_rows)}")
    visible = [title for title, sheet in top_rows.items() if sheet.is_visible]
    tables, skipped = [], []
    for title in dict.fromkeys(titles or visible):
        rows = top_rows[title].rows
        number = header or find_header(rows)
        is_asked_for = bool(titles) or len(visible) == 1
        if number is None or (not is_asked_for and not _has_rows_below(rows, number)):
            reason = "no row of column names was found" if number is None else "it has no rows"
            if is_asked_for and number is None:
                raise InvalidInput(_no_header(f"{file} sheet {title}"))
            skipped.append(f"sheet {title} is left out: {reason}.")
            continue
        table: SourceTable = {"file": file, "sheet": title}
        findings = []
        above = next((cells for row, cells in rows if row == number - 1), ())
        names = [read_name(cell) for row, cells in rows if row == number for cell in cells]
        texts = [name for name in names if name is not None]
        if header is None and len(set(texts)) < len(texts) and not all(map(is_blank, above)):
            table["header"] = [number - 1, number]
            findings.append(f"header in rows {number - 1} and {number}, which has a name twice")
        else:
            if number > 1:
                table["header"] = number
            findings.append(f"header in row {number}")
        tables.append(DetectedTable(title, table, findings))
    if not tables:
        where = f"rows below row {header}" if header else "column names and rows"
        raise InvalidInput(f"{file} has no visible sheet with {where}.")
    return Detection(tables, skipped)


def _has_rows_below(rows: Iterable[Cells], number: int) -> bool:
    return any(row > number and not all(map(is_blank, cells)) for row, cells in rows)


def _no_header(name: str) -> str:
    return (
        f"{name}: no row of column names was found in the first {TOP_ROWS} rows. Find out which row it is, "
        "and give header."
    )


# -- text -------------------------------------------------------------------------------------------------


def _detect_csv(file: str, base: Path, stem: str, header: int | None, encoding: str | None) -> DetectedTable:
    path = resolve_file({"file": file}, base)
    stated = check_encoding(encoding) or _find_encoding(path, file)
    with ExitStack() as stack:
        text = TextFile(path, file, stated, stack)
        lines = list(islice(text.lines(), (header or 0) + TOP_ROWS))
    first = STATED_DELIMITER.fullmatch(lines[0]) if lines else None
    separators = [first[1]] if first else ["\t"] if file_suffix(file) == ".tsv" else list(_SEPARATORS)
    candidates = []
    for delimiter in separators:
        rows = _split_lines(lines[1 if first else 0 :], delimiter, 2 if first else 1)
        number = header or find_header(rows)
        if number is not None:
            candidates.append((_agreeing_rows(rows, number), delimiter, number))
    if not candidates:
        raise InvalidInput(_no_header(file).replace("row", "line"))
    (_, width), delimiter, number = max(candidates, key=lambda candidate: candidate[0])
    if width < 2 and len(separators) > 1:
        delimiter = ","
    is_ambiguous = sum(width > 1 for (_, width), _, _ in candidates) > 1
    table: SourceTable = {"file": file}
    if stated is not None:
        table["encoding"] = stated
    if len(separators) > 1 and (delimiter != "," or is_ambiguous):
        table["delimiter"] = delimiter
    if number > (2 if first else 1):
        table["header"] = number
    example = re.search(r"\w*[^\W\x00-\x7f]\w*", "".join(lines))
    seen_in = f" (as in {quote_name(example[0])})" if example else ""
    return DetectedTable(
        stem,
        table,
        [
            f"encoding {text.encoding.upper()}{seen_in}",
            f"delimiter {'tab' if delimiter == chr(9) else quote_name(delimiter)}",
            f"header in line {number}",
        ],
    )


def _find_encoding(path: Path, name: str) -> str | None:
    """Return the encoding to state for a file; None if the source finds it itself, as UTF-8.

    Raise `InvalidInput` if it is unknown.
    """
    with ExitStack() as stack:
        if TextFile(path, name, None, stack).encoding != "utf-8":
            return None
    for encoding in ("utf-8", _FALLBACK):
        with ExitStack() as stack:
            if _is_encoded_in(encoding, open_binary(path, name, stack)):
                return None if encoding == "utf-8" else encoding
    raise InvalidInput(
        f"{name} is neither UTF-8 nor {_FALLBACK}. Find out its encoding, such as 'cp850', and give encoding."
    )


def _is_encoded_in(encoding: str, file: BufferedIOBase | Any) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    except (OSError, EOFError):
        return True  # reading the rows reports it
    return True


def _split_lines(lines: Sequence[str], delimiter: str, first: int) -> list[Cells]:
    """Return the records of some lines with the number of their first line; the last one may be cut off."""
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[Cells] = []
    number = first
    try:
        for cells in reader:
            rows.append((number, cells))
            number = first + reader.line_num
    except csv.Error:
        pass  # reading the rows reports it
    return rows


def _agreeing_rows(rows: Sequence[Cells], number: int) -> tuple[int, int]:
    """Return how many rows have as many cells as the header, if it has several; and how many those are."""
    widths = [len(cells) for row, cells in rows if row >= number]
    width = widths[0] if widths else 0
    return (widths.count(width) if width > 1 else 0), width


# -- the row with the column names ----------------------------------------------------------------------


def find_header(rows: Sequence[Cells]) -> int | None:
    """Return the number of the first row that looks like column names; None if none does.

    Such a row fills most of the columns with different short texts. A title above fills one or a few, and so
    does a row that groups columns.
    """
    filled = [(number, [cell for cell in cells if not is_blank(cell)]) for number, cells in rows]
    widths = sorted(len(cells) for _, cells in filled if cells)
    if not widths:
        return None
    for width in (widths[-1], widths[int(len(widths) * 0.8)]):  # a note can be wider than the table
        for number, cells in filled:
            if cells and len(cells) >= _MIN_FILLED * width and _are_names(cells):
                return number
    return None


def _are_names(cells: Sequence[Any]) -> bool:
    names = [cell.strip() for cell in cells if isinstance(cell, str) and _is_name(cell.strip())]
    return len(names) >= _MIN_NAMES * len(cells) and len(set(names)) >= _MIN_DISTINCT * len(names)


def _is_name(text: str) -> bool:
    return len(text) <= _MAX_NAME and not _VALUE.fullmatch(text)
