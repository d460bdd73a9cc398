"""Rows from a DuckDB query: over Parquet and other files, or a DuckDB database."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.csv_layout import QueryLayout
from ardoqpy_sync.sources.csv_source import find_delimiter
from ardoqpy_sync.sources.header import read_header
from ardoqpy_sync.sources.options import TEXT, SourceType, file_exists, require_extra, resolve_file
from ardoqpy_sync.sources.source import RowStream, Source, SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack

    import duckdb

_FETCHED = 500
#: `FROM 'apps.csv'` calls this function, which would detect types: 0341 can become 341, and 1.10 becomes 1.1.
#: Whoever wants that calls `read_csv` or converts in the query.
_CSV_AS_TEXT = (
    "CREATE TEMP MACRO read_csv_auto(files) AS TABLE FROM system.main.read_csv(files, all_varchar = true)"
)
#: `FROM 'apps.json'` calls this one: text that looks like a date, a time or a UUID would become one.
_JSON_AS_TEXT = (
    "CREATE TEMP MACRO read_json_auto(files) AS TABLE FROM query('FROM system.main.read_json(''' || "
    "replace(files, '''', '''''') || ''', columns = {' || getvariable('json_columns')[files] || '})')"
)
_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
#: The types that text in JSON is detected as.
_DETECTED = {"uuid", "date", "time", "time with time zone", "timestamp", "timestamp with time zone"}
#: The kinds of queries that write nothing, as DuckDB's parser names them.
_READING_NODES = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_QUOTED = re.compile(r"""'((?:[^']|'')*)'|"([^"]*)\"""")


def _open_duckdb(table: Mapping[str, Any], base: Path) -> Source:
    with require_extra("duckdb", "duckdb", "A source of type 'duckdb'"):
        import duckdb  # noqa: PLC0415  (an extra)
    if ("query" in table) == ("file" in table):
        raise ConfigurationError(
            "The source of type 'duckdb' needs either 'query' or 'file'. Set one of them."
        )
    if "file" in table:
        _check_wildcards(table["file"])
        name, query = table.get("name", table["file"]), f"FROM {_quote(str(resolve_file(table, base)))}"
    else:
        name, query = table.get("name", "query"), table["query"]
    database = str(resolve_file(table, base, "database")) if "database" in table else ":memory:"

    def start(stack: ExitStack) -> RowStream:
        if "query" in table:
            _check_files(query, base.absolute(), name)
        try:
            connection = duckdb.connect(database, read_only="database" in table)
            stack.callback(connection.close)
            connection.execute(f"SET file_search_path = {_quote(str(base.absolute()))}")
            connection.execute(_CSV_AS_TEXT)
            connection.execute(_JSON_AS_TEXT)
            _find_json_columns(connection, _check_reads_only(connection, query, name))
            # A file format can need an extension: that one is installed into the user's home.
            connection.execute("SET autoinstall_known_extensions = false")
            connection.execute(query)
        except duckdb.Error as error:
            raise SourceUnreadable(f"{name} failed: {_message(error)}") from None
        described = connection.description or []
        if not described:
            raise SourceUnreadable(f"{name} returns no rows: it is not a query. Use a SELECT.")
        names = [column[0] for column in described]
        header = read_header(names, f"The result of {name}")
        rows = header.number_rows(_records(connection, name), name)
        return header.make_stream(rows, QueryLayout(names, find_delimiter))

    return Source(name, start)


def _check_wildcards(file: str) -> None:
    if any(sign in file for sign in "*?["):
        raise ConfigurationError(
            f"The file {quote_name(file)} of the source contains a wildcard. Use query instead, such as "
            "\"FROM 'exports/*.parquet'\"."
        )


def _check_reads_only(connection: duckdb.DuckDBPyConnection, query: str, name: str) -> Any:
    """Return the parsed query.

    Raise `SourceUnreadable` unless it is one SELECT that writes nothing anywhere.
    """
    import duckdb  # noqa: PLC0415  (an extra)

    statements = connection.extract_statements(query)
    if not statements:
        return {}  # as for a query that returns no rows
    kinds = [statement.type for statement in statements]
    if kinds == [duckdb.StatementType.MULTI]:
        raise SourceUnreadable(
            f"{name} is a PIVOT without its values, which would create a type. Add them, such as "
            "ON year IN (2023, 2024)."
        )
    reason = ", ".join(kind.name for kind in kinds)
    if kinds == [duckdb.StatementType.SELECT]:
        serialized = connection.execute("SELECT json_serialize_sql(?)", [query]).fetchone()
        tree = json.loads(serialized[0] if serialized else "{}")
        types = {part["type"] for part in _parts(tree) if isinstance(part.get("type"), str)}
        others = {kind for kind in types if kind.endswith("_NODE")} - _READING_NODES
        if not tree.get("error", True) and not others:
            return tree
        reason = str(tree.get("error_message") or ", ".join(sorted(others)))
    raise SourceUnreadable(
        f"{name} is not one SELECT that only reads ({reason}). Use one that writes no file and no table."
    )


def _parts(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield every table of a parsed query: a WITH can also have a COPY or an INSERT."""
    waiting = [tree]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _find_json_columns(connection: duckdb.DuckDBPyConnection, tree: Any) -> None:
    """Find out which columns the JSON files of a query have, in all of their items; text stays text."""
    tables = [part.get("table_name") for part in _parts(tree) if part.get("type") == "BASE_TABLE"]
    columns = {}
    for file in {table for table in tables if isinstance(table, str)}:
        if file.lower().removesuffix(".gz").endswith(_JSON_SUFFIXES):
            relation = connection.sql(f"FROM system.main.read_json({_quote(file)}, sample_size = -1)")
            columns[file] = ", ".join(
                f"{_quote(name)}: {_quote(_type_of_text(kind))}"
                for name, kind in zip(relation.columns, relation.types, strict=True)
            )
    pairs = ", ".join(f"{_quote(file)}: {_quote(listed)}" for file, listed in columns.items())
    connection.execute(f"SET VARIABLE json_columns = MAP {{{pairs}}}")


def _type_of_text(kind: Any) -> str:
    """Return a type that JSON was detected as, with text in place of dates, times and UUIDs."""
    if kind.id in _DETECTED:
        return "VARCHAR"
    if kind.id == "list":
        return f"{_type_of_text(kind.children[0][1])}[]"
    if kind.id == "struct":
        fields = [f'"{name.replace(chr(34), chr(34) * 2)}" {_type_of_text(of)}' for name, of in kind.children]
        return f"STRUCT({', '.join(fields)})"
    if kind.id == "map":
        return f"MAP({', '.join(_type_of_text(of) for _, of in kind.children)})"
    return str(kind)


def _check_files(query: str, base: Path, name: str) -> None:
    """Raise `SourceUnreadable` if DuckDB would not read a file of a query from the job's folder.

    DuckDB looks in the current folder first, and a comma ends the name of a folder.
    """
    current = Path.cwd()
    for file in {"".join(quoted).replace("''", "'") for quoted in _QUOTED.findall(query)}:
        if Path(file).is_absolute():
            continue
        if current != base and file_exists(current / file):
            reason = f"is also in the current folder {str(current)!r}, where DuckDB looks first"
        elif "," in str(base) and file_exists(base / file):
            reason = f"is in the folder {str(base)!r}, which DuckDB cannot read because of its comma"
        else:
            continue
        raise SourceUnreadable(f"The file {quote_name(file)} of {name} {reason}. Use its full path.")


def _records(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[Any]:
    import duckdb  # noqa: PLC0415  (an extra)

    number = 0
    while True:
        try:
            records = connection.fetchmany(_FETCHED)
        except duckdb.Error as error:
            raise SourceUnreadable(f"{name} failed after row {number}: {_message(error)}") from None
        if not records:
            return
        number += len(records)
        yield from records


def _message(error: Exception) -> str:
    return f"{str(error).partition(chr(10))[0].strip().rstrip('.')}."


def _quote(text: str) -> str:
    """Return a text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


#: - `query`: in DuckDB's SQL; relative files in it start from the folder of the job. Text in a CSV or
#:   JSON file stays text.
#: - `file`: instead of a query, a file that DuckDB knows by its suffix.
#: - `database`: a DuckDB database file, opened read-only.
DUCKDB = SourceType(
    {"name": TEXT, "query": TEXT, "file": TEXT, "database": TEXT}, _open_duckdb, (".parquet",)
)
