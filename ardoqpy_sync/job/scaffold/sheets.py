"""The sheets of the files that a first job or model is made from: columns, and samples of their cells."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.job.file.where import to_text
from ardoqpy_sync.job.model_file.parser import name_of_label
from ardoqpy_sync.sources import open_source
from ardoqpy_sync.sources.detection import DetectedTable, detect_tables
from ardoqpy_sync.sources.json_path import flatten_objects
from ardoqpy_sync.sources.row import is_blank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ardoqpy_sync.sources.options import SourceTable
    from ardoqpy_sync.sources.row import Row

#: The number of rows that are read to learn about the columns.
SAMPLE_ROWS = 2000
#: Cells that stand for nothing: dashes and dots, and these words.
_DASHES = re.compile("[-\u2010-\u2015\u2212./\u2026]{1,3}")
_NOTHING = {"n/a", "n.a.", "n. a.", "k.a.", "k. a.", "i/a", "s/o", "s.o.", "n/d", "null"}
#: The least share of rows that have a name.
_NEARLY_ALL = 0.8


class Column(NamedTuple):
    """A column that a template can name.

    - `cells`, `texts`: its cells that are not blank, and these as text without white space around.
    - `is_unique`: whether each row of the sample has a text, and each a different one.
    - `is_nearly_unique`: the same, but some rows have none, such as that of the totals.
    - `has_lists`: whether a cell is a list, which only a field for several values takes.
    """

    name: str
    cells: tuple[Any, ...]
    texts: tuple[str, ...]
    is_unique: bool
    is_nearly_unique: bool
    has_lists: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet, or a file without sheets.

    - `title`: its title, or the name of the file; `label`: what messages call it.
    - `key`: the name of the source in the job; `table`: the source.
    - `columns`: those that a template can name; `row_count`: how many rows were read for the sample.
    - `findings`: what was found, in words.
    """

    title: str
    label: str
    key: str
    table: SourceTable
    columns: tuple[Column, ...]
    row_count: int
    findings: tuple[str, ...]

    def column(self, name: str) -> Column:
        """Return a column by its name."""
        return next(column for column in self.columns if column.name == name)


class FirstFile(NamedTuple):
    """The text of a first job or model, and a sentence for each thing that was found or guessed."""

    text: str
    findings: list[str]


class FileOptions(NamedTuple):
    """What is known of the files, as `detect_tables` takes it."""

    sheets: tuple[str, ...] = ()
    header: int | None = None
    encoding: str | None = None


NO_OPTIONS = FileOptions()


def read_sheets(
    sources: Sequence[str | Mapping[str, Any]], base: Path, options: FileOptions = NO_OPTIONS
) -> tuple[list[Sheet], list[str]]:
    """Return the sheets of files, and a sentence for each that is left out.

    - `sources`: files, or tables as below `[sources]` in a job; `base`: the folder that paths start from.

    Raise `InvalidInput` or `ConfigurationError` as `detect_tables` and `open_source` do, and if no column of
    a sheet can be mapped.
    """
    detected: list[DetectedTable] = []
    skipped: list[str] = []
    for source in sources:
        if isinstance(source, str):
            detection = detect_tables(source, base, **options._asdict())
            detected += detection.tables
            skipped += [f"{source} {sentence}" for sentence in detection.skipped]
        else:
            detected.append(DetectedTable("rows", dict(source), []))
    keys: list[str] = []
    sheets = []
    for table in detected:
        keys.append("rows" if len(detected) == 1 else _free_key(table.title, keys))
        sheets.append(_read_sheet(table, keys[-1], base))
    return sheets, skipped


def _free_key(title: str, used: Sequence[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", name_of_label(title)).strip("_") or "rows"
    return next(
        key for key in (stem, *(f"{stem}_{number}" for number in range(2, len(used) + 3))) if key not in used
    )


class _Sample(NamedTuple):
    """The first rows of a source, all its columns, and what messages call it."""

    rows: list[Row]
    columns: tuple[str, ...]
    label: str


def _read_sample(table: SourceTable, base: Path) -> _Sample:
    with open_source(table, base) as opened:
        rows = list(islice(opened, SAMPLE_ROWS))
        return _Sample(rows, opened.columns, opened.name)


def _find_blanks(rows: Sequence[Row]) -> list[str]:
    """Return the texts of cells that are sure to stand for nothing, such as a dash."""
    cells = [cell for row in rows if row.problem is None for cell in row.values.values()]
    texts = dict.fromkeys(cell.strip() for cell in cells if isinstance(cell, str))
    return [text for text in texts if _DASHES.fullmatch(text) or text.casefold() in _NOTHING]


def _read_sheet(detected: DetectedTable, key: str, base: Path) -> Sheet:
    table = detected.table
    sample, columns, label = _read_sample(table, base)
    blanks = [] if "blank" in table else _find_blanks(sample)
    if blanks:
        table = {**table, "blank": blanks}
        sample, columns, label = _read_sample(table, base)
    cells = [row.values for row in sample if row.problem is None]
    if any(isinstance(cell, dict) for row in cells for cell in row.values()):
        cells = [flatten_objects(row) for row in cells]
        columns = tuple(dict.fromkeys(name for row in cells for name in row))
    names = [name for name in columns if _is_usable(name)]
    unusable = [name for name in columns if not _is_usable(name)]
    if not names:
        raise InvalidInput(f"{label} has no columns that can be mapped.")
    bad = [row for row in sample if row.problem is not None]
    findings = [*detected.findings, f"{len(names)} column{'s'[: len(names) != 1]}", _count_rows(len(sample))]
    if bad:
        findings.append(f"{len(bad)} of them cannot be used, such as {bad[0].message.rstrip('.')}")
    if unusable:
        findings.append(f"{len(unusable)} more that no job can name, because of a brace or a blank at an end")
    if blanks:
        findings.append(f"cells that stand for nothing: {', '.join(map(quote_name, blanks))}")
    described = tuple(_read_column(name, cells) for name in names)
    lists = [quote_name(column.name) for column in described if column.has_lists]
    if lists:
        findings.append(f"lists in {', '.join(lists)}")
    return Sheet(detected.title, label, key, table, described, len(cells), tuple(findings))


def _count_rows(count: int) -> str:
    return f"over {count} rows" if count == SAMPLE_ROWS else f"{count} row{'s'[: count != 1]}"


def _is_usable(name: str) -> bool:
    """Return whether a template can name a column: it has no braces, and none of its ends is a blank."""
    return not {"{", "}"} & set(name) and name == name.strip() != ""


def _read_column(name: str, rows: Sequence[Mapping[str, Any]]) -> Column:
    cells, texts, has_lists = [], [], False
    for row in rows:
        try:
            cell = row.get(name)
            has_lists = has_lists or isinstance(cell, list)
            text = to_text(cell, "A cell").strip()
        except InvalidInput:
            continue
        if not is_blank(cell):
            cells.append(cell)
            texts.append(text)
    is_distinct = bool(texts) and max(Counter(texts).values()) == 1
    is_unique = is_distinct and len(texts) == len(rows)
    is_nearly_unique = is_distinct and len(texts) >= _NEARLY_ALL * len(rows)
    return Column(name, tuple(cells), tuple(texts), is_unique, is_nearly_unique, has_lists)
