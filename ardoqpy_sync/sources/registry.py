"""One door to every source: what a job file says of it, and the source that this is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type, quote_name, suggest
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.csv_source import CSV
from ardoqpy_sync.sources.duckdb_source import DUCKDB
from ardoqpy_sync.sources.excel_source import EXCEL
from ardoqpy_sync.sources.json_source import JSON, NDJSON
from ardoqpy_sync.sources.options import SUBJECT, checked
from ardoqpy_sync.sources.rows_source import ROWS
from ardoqpy_sync.sources.sql_source import SQL
from ardoqpy_sync.sources.text_file import suffix_of

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from ardoqpy_sync.sources.options import SourceType
    from ardoqpy_sync.sources.source import Source

__all__ = ["checked_source", "open_source"]


_TYPES = {
    "csv": CSV,
    "json": JSON,
    "ndjson": NDJSON,
    "excel": EXCEL,
    "sql": SQL,
    "duckdb": DUCKDB,
    "rows": ROWS,
}
_BY_SUFFIX = {suffix: name for name, one in _TYPES.items() for suffix in one.suffixes}


def open_source(description: Mapping[str, Any], base: str | os.PathLike[str]) -> Source:
    """Return the source that a table of a job file describes.

    - `description`: `type` ("csv", "json", "ndjson", "excel", "sql", "duckdb" or "rows"; may be left out
      where the suffix of `file` says it), `name` (what messages call the source), and the keys of that
      type, which docs/sources.md lists.
    - `base`: the folder that relative paths start from, usually that of the job file.

    Raise `ConfigurationError` where a key is unknown, missing or of another type, where the file is not
    there, or where the package that the type needs is not installed. Nothing is read until rows or columns
    are asked for.
    """
    if not hasattr(description, "items"):
        raise ConfigurationError(
            f"{SUBJECT} is {describe_type(description)}: describe it by a table of keys and values."
        )
    one, table = checked_source(description)
    return one.make(table, Path(base))


def checked_source(description: Mapping[str, Any]) -> tuple[SourceType, dict[str, Any]]:
    """Return what type of source a table describes, and its keys, held against those that the type has.

    Raise `ConfigurationError` as `open_source` does, but for what depends on files and packages.
    """
    told = {key: value for key, value in description.items() if key != "type"}
    name = description["type"] if "type" in description else _type_by_suffix(told)
    if not isinstance(name, str) or name not in _TYPES:
        shown = quote_name(name) if isinstance(name, str) else describe_type(name)
        raise ConfigurationError(f"{SUBJECT} has the type {shown}, which is none: {suggest(name, _TYPES)}")
    one = _TYPES[name]
    return one, checked(told, one.keys, f"{SUBJECT} of type {name!r}")


def _type_by_suffix(told: Mapping[str, Any]) -> str:
    file = told.get("file")
    suffix = suffix_of(file) if isinstance(file, str) else ""
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    if suffix == ".xls":
        raise ConfigurationError(f"The file {quote_name(file)} is in Excel's old format: save it as .xlsx.")
    why = "" if file is None else f", and the file {quote_name(file)} does not tell it"
    raise ConfigurationError(f"{SUBJECT} has no type{why}: {suggest('', _TYPES)}")
