"""Rows from an SQL query to any database that SQLAlchemy supports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy_sync.sources.csv_layout import QueryLayout
from ardoqpy_sync.sources.csv_source import find_delimiter
from ardoqpy_sync.sources.database_url import describe_problem, explain_url, parse_url, read_url
from ardoqpy_sync.sources.header import read_header
from ardoqpy_sync.sources.options import REQUIRED_TEXT, TEXT, SourceType, require_extra
from ardoqpy_sync.sources.source import RowStream, Source, SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from sqlalchemy import CursorResult

    from ardoqpy.errors import ConfigurationError
    from ardoqpy_sync.sources.database_url import DatabaseUrl

_FETCHED = 500
#: The query is sent unchanged: a percent sign or a colon in it is not a parameter.
_OPTIONS = {"stream_results": True, "max_row_buffer": _FETCHED, "no_parameters": True}
#: Make the database itself reject writes; nothing is committed in any case.
_READ_ONLY_OPTIONS = {"postgresql": {"postgresql_readonly": True}}
_READ_ONLY_STATEMENTS = {"sqlite": "PRAGMA query_only = ON"}


def _open_sql(table: Mapping[str, Any], base: Path) -> Source:
    with require_extra("sql", "sqlalchemy", "A database"):
        import sqlalchemy  # noqa: F401, PLC0415  (an extra)
    name, query = table.get("name", "query"), table["query"]
    database = parse_url(read_url(table), base)

    def start(stack: ExitStack) -> RowStream:
        result = _execute(database, query, name, stack)
        if isinstance(result, Exception):
            raise result
        names = list(result.keys())
        header = read_header(names, f"The result of {name}")
        rows = header.number_rows(_records(result, name, database), name)
        return header.make_stream(rows, QueryLayout(names, find_delimiter))

    return Source(name, start)


def _execute(
    database: DatabaseUrl, query: str, name: str, stack: ExitStack
) -> CursorResult[Any] | ConfigurationError | SourceUnreadable:
    """Return the result of a query, which is fetched as you read it, or the error to raise."""
    from sqlalchemy import create_engine  # noqa: PLC0415  (an extra)
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    url = database.reveal()
    dialect = url.get_backend_name()
    try:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        connection = stack.enter_context(engine.connect())
        if dialect in _READ_ONLY_STATEMENTS:
            connection.exec_driver_sql(_READ_ONLY_STATEMENTS[dialect])
        connection = connection.execution_options(**_OPTIONS, **_READ_ONLY_OPTIONS.get(dialect, {}))
        result = connection.exec_driver_sql(query)
        stack.callback(result.close)
        if result.returns_rows:
            return result
        return SourceUnreadable(f"{name} returns no rows: it is not a query. Use a SELECT.")
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        return explain_url(error, url)
    except (SQLAlchemyError, ValueError, TypeError) as error:
        return SourceUnreadable(f"{name} failed: {describe_problem(error, database)}")


def _records(result: CursorResult[Any], name: str, database: DatabaseUrl) -> Iterator[Any]:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  (an extra)

    number = 0
    error = None
    while True:
        try:
            record = result.fetchone()
        except (SQLAlchemyError, ValueError, TypeError) as cause:
            error = SourceUnreadable(f"{name} failed after row {number}: {describe_problem(cause, database)}")
        if error is not None:
            raise error
        if record is None:
            return
        number += 1
        yield record


#: - `url`: the URL of the database, as SQLAlchemy takes it; or `url_env`, an environment variable with it.
#: - `query`: in the SQL of the database.
SQL = SourceType({"name": TEXT, "url": TEXT, "url_env": TEXT, "query": REQUIRED_TEXT}, _open_sql)
