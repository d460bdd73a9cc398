"""Open any source from the table that describes it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type, quote_name, suggest
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.cleaning import SOURCE_OPTIONS, read_cleaning
from ardoqpy_sync.sources.csv_source import CSV
from ardoqpy_sync.sources.duckdb_source import DUCKDB
from ardoqpy_sync.sources.excel_source import EXCEL
from ardoqpy_sync.sources.json_source import JSON, NDJSON
from ardoqpy_sync.sources.options import STANDARD_INPUT, SUBJECT, check_table, file_exists
from ardoqpy_sync.sources.rows_source import ROWS
from ardoqpy_sync.sources.source import chain_sources
from ardoqpy_sync.sources.sql_source import SQL
from ardoqpy_sync.sources.text_file import file_suffix
from ardoqpy_sync.sources.value_map import MapFile

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from ardoqpy_sync.sources.cleaning import Cleaning
    from ardoqpy_sync.sources.options import Option, SourceTable, SourceType
    from ardoqpy_sync.sources.source import Keys, Source

SOURCE_TYPES: Mapping[str, SourceType] = {
    "csv": CSV,
    "json": JSON,
    "ndjson": NDJSON,
    "excel": EXCEL,
    "sql": SQL,
    "duckdb": DUCKDB,
    "rows": ROWS,
}
#: From this similarity on, an unknown key is taken for one that each source has.
_MIN_SIMILARITY = 0.8
#: What makes the name of a file a pattern.
_WILDCARD = re.compile(r"[*?\[]")
_TYPE_BY_SUFFIX = {
    suffix: name for name, source_type in SOURCE_TYPES.items() for suffix in source_type.suffixes
}


def open_source(
    description: Mapping[str, Any],
    base: str | os.PathLike[str],
    locate: Callable[[Keys], str] = lambda _: "",
) -> Source:
    """Return the source that a table describes, as a job file holds it.

    - `description`: `type` ("csv", "json", "ndjson", "excel", "sql", "duckdb" or "rows"; optional if the
      suffix of `file` implies it), `name` (what messages call the source), and the keys of the type, which
      docs/sources.md lists.
    - `base`: the folder that relative paths start from, usually the folder of the job file.
    - `locate`: gives for keys of the table what messages about cells add, such as " (job.toml line 9)".

    Nothing but map files is read until you ask for rows or columns. Raise `ConfigurationError` if a key is
    unknown, missing or of another type, if a file does not exist, or if the package that the type needs is
    not installed.
    """
    if not hasattr(description, "items"):
        raise ConfigurationError(
            f"{SUBJECT} is {describe_type(description)}. Use a table of keys and values."
        )
    source_type, table = check_source(description)
    cleaning = open_cleaning(table, base, locate)
    options = {key: value for key, value in table.items() if key not in SOURCE_OPTIONS}
    return _open(source_type, options, Path(base)).clean_with(cleaning)


def _open(source_type: SourceType, table: Mapping[str, Any], base: Path) -> Source:
    """Return the source of a checked table, also if its file is a pattern or standard input."""
    file = table.get("file")
    if file is None or source_type is DUCKDB:  # DuckDB checks its own files
        return source_type.open(table, base)
    if file == str(STANDARD_INPUT):
        if source_type not in (CSV, JSON, NDJSON):
            raise ConfigurationError("Only CSV, JSON and NDJSON can be read from standard input.")
        return source_type.open({"name": "standard input", **table}, base)
    if not _WILDCARD.search(file) or file_exists(base / file):
        return source_type.open(table, base)
    found = sorted(glob(file, root_dir=base, recursive=True))  # noqa: PTH207  (Path.glob takes no absolute pattern)
    files = [name for name in found if file_exists(base / name)]
    if not files:
        raise ConfigurationError(f"No file in the folder {str(base)!r} matches {quote_name(file)}.")
    options = {key: value for key, value in table.items() if key != "name"}
    sources = [source_type.open({**options, "file": name}, base) for name in files]
    return chain_sources(table.get("name", file), sources)


def open_cleaning(
    table: Mapping[str, Any], base: str | os.PathLike[str], locate: Callable[[Keys], str] = lambda _: ""
) -> Cleaning | None:
    """Return how the table of a source cleans its cells; None if it changes none.

    Raise `ConfigurationError` if a key is not valid, or a map file cannot be read or has a value twice.
    """
    return read_cleaning(table, lambda file: read_map_file(file, base), locate)


def read_map_file(file: str, base: str | os.PathLike[str]) -> MapFile:
    """Return the content of a map file, of any type that its suffix implies."""
    with open_source({"file": file}, base) as source:
        return MapFile(source.columns, list(source))


def check_source(
    description: Mapping[str, Any], more_options: Mapping[str, Option] | None = None
) -> tuple[SourceType, SourceTable]:
    """Return the type of a described source, and its other keys, checked against the options of the type.

    - `more_options`: further keys that the table can have.

    Raise `ConfigurationError` as `open_source` does, except for missing files and packages.
    """
    table = {key: value for key, value in description.items() if key != "type"}
    name = description["type"] if "type" in description else _type_by_suffix(table)
    if not isinstance(name, str) or name not in SOURCE_TYPES:
        actual = quote_name(name) if isinstance(name, str) else describe_type(name)
        raise ConfigurationError(
            f"{SUBJECT} has the type {actual}, which is not known: {suggest(name, SOURCE_TYPES)}"
        )
    source_type = SOURCE_TYPES[name]
    options = {**source_type.options, **SOURCE_OPTIONS, **(more_options or {})}
    subject = f"{SUBJECT} of type {name!r}"
    for key in table:
        close = [] if key in options else get_close_matches(str(key), SOURCE_OPTIONS, 1, _MIN_SIMILARITY)
        if close:
            raise ConfigurationError(f"{subject} has no key {quote_name(key)}: did you mean {close[0]!r}?")
    # Other unknown keys are compared with those of the type: the general ones are many.
    listed = {**source_type.options, **(more_options or {})}
    check_table({key: table[key] for key in table if key not in SOURCE_OPTIONS}, listed, subject)
    return source_type, check_table(table, options, subject)


def _type_by_suffix(table: Mapping[str, Any]) -> str:
    file = table.get("file")
    suffix = file_suffix(file) if isinstance(file, str) else ""
    if suffix in _TYPE_BY_SUFFIX:
        return _TYPE_BY_SUFFIX[suffix]
    if suffix == ".xls":
        raise ConfigurationError(f"The file {quote_name(file)} is in Excel's old format. Save it as .xlsx.")
    reason = "" if file is None else f", and the name of the file {quote_name(file)} implies none"
    raise ConfigurationError(f"{SUBJECT} has no type{reason}: {suggest('', SOURCE_TYPES)}")
