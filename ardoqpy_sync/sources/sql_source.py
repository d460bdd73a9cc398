"""Rows from an SQL query to any database that SQLAlchemy supports."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, quote_plus

from ardoqpy._messages import quote_name, suggest
from ardoqpy.config import Token
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.header import read_header
from ardoqpy_sync.sources.options import REQUIRED_TEXT, TEXT, SourceType, require_extra, resolve_file
from ardoqpy_sync.sources.source import RowStream, Source, SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from sqlalchemy import URL, CursorResult

_EXAMPLES = "such as 'postgresql+psycopg://user:password@host/database' or 'sqlite:///file.db'"
_DIALECTS = ("postgresql+psycopg", "sqlite", "mysql+pymysql", "mssql+pyodbc", "oracle+oracledb")
_FETCHED = 500
#: The query is sent unchanged: a percent sign or a colon in it is not a parameter.
_OPTIONS = {"stream_results": True, "max_row_buffer": _FETCHED, "no_parameters": True}
#: Make the database itself reject writes; nothing is committed in any case.
_READ_ONLY_OPTIONS = {"postgresql": {"postgresql_readonly": True}}
_READ_ONLY_STATEMENTS = {"sqlite": "PRAGMA query_only = ON"}
_SECRET = re.compile(r"(?:pass(?:word|wd)?|pwd|token|secret|key)\s*=\s*([^;&]+)", re.IGNORECASE)


class _Database:
    """The URL of a database. It cannot be printed by accident, and is removed from messages.

    No repr shows the URL, and no local variable in a traceback: code that raises holds it only as a `Token`.
    """

    def __init__(self, text: Token, url: URL) -> None:
        self._url = Token(url)
        self._hidden = [text]
        self._hide(url.password)
        for key, values in url.query.items():
            for value in [values] if isinstance(values, str) else values:
                self._hide(*_SECRET.findall(value), *_SECRET.findall(f"{key}={value}"))

    def reveal(self) -> URL:
        """Return the URL."""
        return cast("URL", self._url.reveal())

    def redact(self, text: str) -> str:
        """Return a message without the URL, its password, and other secrets in it."""
        for token in sorted(self._hidden, key=lambda token: -len(token.reveal())):
            text = token.redact(text)
        return text

    def _hide(self, *texts: object) -> None:
        for text in map(str, filter(None, texts)):
            self._hidden += map(Token, {text, quote(text), quote(text, safe=""), quote_plus(text)})


#: The name of an environment variable.
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def _open_sql(table: Mapping[str, Any], base: Path) -> Source:
    with require_extra("sql", "sqlalchemy", "A database"):
        import sqlalchemy  # noqa: F401, PLC0415  (an extra)
    name, query = table.get("name", "query"), table["query"]
    database = _parse_url(_read_url(table), base)

    def start(stack: ExitStack) -> RowStream:
        result = _execute(database, query, name, stack)
        if isinstance(result, Exception):
            raise result
        header = read_header(list(result.keys()), f"The result of {name}")
        return header.make_stream(header.number_rows(_records(result, name, database), name))

    return Source(name, start)


def _read_url(table: Mapping[str, Any]) -> Token:
    if ("url" in table) == ("url_env" in table):
        raise ConfigurationError(
            "The source of type 'sql' needs either 'url' or 'url_env'. Set one of them. If the URL has a "
            "password, put it into an environment variable and set url_env to the variable's name."
        )
    if "url" in table:
        return Token(table["url"].strip())
    variable = table["url_env"]
    if not _VARIABLE.fullmatch(variable):  # not quoted: it may be the URL, with its password
        raise ConfigurationError(
            "The value of 'url_env' is not the name of an environment variable. Set a variable to the URL of "
            "the database, and url_env to its name, such as url_env = 'INVENTORY_URL'."
        )
    url = Token(os.environ.get(variable, "").strip())
    if not url.reveal():
        raise ConfigurationError(
            f"The environment variable {quote_name(variable)} is not set. Set it to the URL of the database, "
            f"{_EXAMPLES}."
        )
    return url


def _parse_url(text: Token, base: Path) -> _Database:
    """Return the database of a URL; a relative path of an SQLite file starts from `base`."""
    from sqlalchemy import make_url  # noqa: PLC0415  (an extra)
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        url = make_url(text.reveal())
    except (SQLAlchemyError, ValueError):
        url = None
    if url is None:  # raised here: the error above can contain the password
        raise ConfigurationError(f"The URL of the database is not valid. Use one {_EXAMPLES}.")
    misplaced = any("@" in (part or "") for part in (url.host, url.database))
    if misplaced:
        # The text after the first @, part of the password, is taken for the host, which messages name.
        del url
        raise ConfigurationError(
            "The URL of the database has more than one @. Write an @ in the user or password as %40."
        )
    if url.get_backend_name() == "sqlite" and url.database and not re.match(r":memory:|file:", url.database):
        url = url.set(database=str(resolve_file({"file": url.database}, base)))
    return _Database(text, url)


def _execute(
    database: _Database, query: str, name: str, stack: ExitStack
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
    except NoSuchModuleError:
        return ConfigurationError(
            f"The URL of the database begins with {quote_name(url.drivername)}, which is not known: "
            f"{suggest(url.drivername, _DIALECTS)}"
        )
    except ModuleNotFoundError as error:
        return ConfigurationError(
            f"The URL of the database needs the driver {quote_name(error.name)}, which is not installed. "
            "Install it with pip."
        )
    except (SQLAlchemyError, ValueError, TypeError) as error:
        return SourceUnreadable(f"{name} failed: {_message(error, database)}")


def _records(result: CursorResult[Any], name: str, database: _Database) -> Iterator[Any]:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  (an extra)

    number = 0
    error = None
    while True:
        try:
            record = result.fetchone()
        except (SQLAlchemyError, ValueError, TypeError) as cause:
            error = SourceUnreadable(f"{name} failed after row {number}: {_message(cause, database)}")
        if error is not None:
            raise error
        if record is None:
            return
        number += 1
        yield record


def _message(error: Exception, database: _Database) -> str:
    """Return the first line of the database's message, without secrets."""
    text = str(getattr(error, "orig", None) or error).strip()
    line = database.redact(text.partition("\n")[0].strip().rstrip("."))
    return f"{line}." if line else f"{type(error).__name__}."


#: - `url`: the URL of the database, as SQLAlchemy takes it; or `url_env`, an environment variable with it.
#: - `query`: in the SQL of the database.
SQL = SourceType({"name": TEXT, "url": TEXT, "url_env": TEXT, "query": REQUIRED_TEXT}, _open_sql)
