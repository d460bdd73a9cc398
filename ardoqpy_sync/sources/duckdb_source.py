"""Rows from a query that DuckDB answers: over Parquet, and whatever else it reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.header import named_columns, numbered_rows
from ardoqpy_sync.sources.optional_imports import needs
from ardoqpy_sync.sources.options import TEXT, SourceType, file_of, is_file
from ardoqpy_sync.sources.source import Reading, Source, SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack

    import duckdb

__all__ = ["DUCKDB"]

_FETCHED = 500
_QUOTED = re.compile(r"""'((?:[^']|'')*)'|"([^"]*)\"""")


def _from_duckdb(table: Mapping[str, Any], base: Path) -> Source:
    with needs("duckdb", "duckdb", "DuckDB's source"):
        import duckdb  # noqa: PLC0415  (an extra)
    if ("query" in table) == ("file" in table):
        raise ConfigurationError(
            "The source of type 'duckdb' needs either 'query' or 'file': give one of them."
        )
    if "file" in table:
        _check_wildcards(table["file"])
        name, query = table.get("name", table["file"]), f"FROM {_text(str(file_of(table, base)))}"
    else:
        name, query = table.get("name", "query"), table["query"]
    database = str(file_of(table, base, "database")) if "database" in table else ":memory:"

    def start(stack: ExitStack) -> Reading:
        if "query" in table:
            _check_places(query, base.absolute(), name)
        error = None
        try:
            connection = duckdb.connect(database, read_only="database" in table)
            stack.callback(connection.close)
            connection.execute(f"SET file_search_path = {_text(str(base.absolute()))}")
            connection.execute(query)
        except duckdb.Error as problem:
            error = SourceUnreadable(f"{name} was not answered: {_said(problem)}")
        if error is not None:
            raise error
        described = connection.description or []
        if not described:
            raise SourceUnreadable(f"{name} is no query, it answers no rows: give a SELECT.")
        columns = named_columns([column[0] for column in described], f"The answer to {name}")
        return Reading(columns, numbered_rows(columns, _records(connection, name), name))

    return Source(name, start)


def _check_wildcards(file: str) -> None:
    if any(sign in file for sign in "*?["):
        raise ConfigurationError(
            f"The file {quote_name(file)} of the source holds a wildcard: write a query in place of file, "
            "such as \"FROM 'exports/*.parquet'\"."
        )


def _check_places(query: str, base: Path, name: str) -> None:
    """Refuse a query where DuckDB would not look for its files in the job's folder.

    It looks first where the program runs, and takes a comma in the folder's name for the end of it.
    """
    here = Path.cwd()
    for file in {"".join(one).replace("''", "'") for one in _QUOTED.findall(query)}:
        if Path(file).is_absolute():
            continue
        if here != base and is_file(here / file):
            why = f"is in the folder {str(here)!r}, too, which DuckDB takes before the job's"
        elif "," in str(base) and is_file(base / file):
            why = f"is in the folder {str(base)!r}, which DuckDB cannot find for its comma"
        else:
            continue
        raise SourceUnreadable(f"The file {quote_name(file)} of {name} {why}: write its whole path.")


def _records(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[Any]:
    import duckdb  # noqa: PLC0415  (an extra)

    number = 0
    while True:
        try:
            records = connection.fetchmany(_FETCHED)
        except duckdb.Error as problem:
            raise SourceUnreadable(f"{name} broke off after row {number}: {_said(problem)}") from None
        if not records:
            return
        number += len(records)
        yield from records


def _said(problem: Exception) -> str:
    return f"{str(problem).partition(chr(10))[0].strip().rstrip('.')}."


def _text(text: str) -> str:
    """Return text as SQL spells it."""
    return "'" + text.replace("'", "''") + "'"


#: - `query`: in DuckDB's SQL; files in it are looked for in the folder of the job.
#: - `file`: in place of a query, a file that DuckDB knows by its suffix, read whole.
#: - `database`: a DuckDB database file, opened for reading only.
DUCKDB = SourceType(
    {"name": TEXT, "query": TEXT, "file": TEXT, "database": TEXT}, _from_duckdb, (".parquet",)
)
