"""Rows from a query, asked of any database that SQLAlchemy reaches."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, quote_plus

from ardoqpy._messages import quote_name, suggest
from ardoqpy.config import Token
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.header import named_columns, numbered_rows
from ardoqpy_sync.sources.optional_imports import needs
from ardoqpy_sync.sources.options import TEXT, SourceType, file_of
from ardoqpy_sync.sources.source import Reading, Source, SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from sqlalchemy import URL, CursorResult

__all__ = ["SQL"]

_FORM = "such as 'postgresql+psycopg://user:password@host/database' or 'sqlite:///file.db'"
_DIALECTS = ("postgresql+psycopg", "sqlite", "mysql+pymysql", "mssql+pyodbc", "oracle+oracledb")
_FETCHED = 500
#: The driver's text is passed on as it is: a percent sign or a colon in it is no parameter.
_OPTIONS = {"stream_results": True, "max_row_buffer": _FETCHED, "no_parameters": True}
#: What makes the database itself refuse to write; nothing is ever committed anyway.
_READ_ONLY_OPTIONS = {"postgresql": {"postgresql_readonly": True}}
_READ_ONLY_STATEMENTS = {"sqlite": "PRAGMA query_only = ON"}
_SECRET = re.compile(r"(?:pass(?:word|wd)?|pwd|token|secret|key)\s*=\s*([^;&]+)", re.IGNORECASE)


class _Database:
    """Hold the URL of a database so that it cannot be printed by accident, and take it out of messages.

    No repr shows it, and no local of ours in a traceback: what raises has no other name for it.
    """

    def __init__(self, text: Token, url: URL) -> None:
        self._url = Token(url)
        self._hidden = [text]
        self._hide(url.password)
        for key, values in url.query.items():
            for value in [values] if isinstance(values, str) else values:
                self._hide(*_SECRET.findall(value), *_SECRET.findall(f"{key}={value}"))

    def reveal(self) -> URL:
        """Return the URL itself."""
        return cast("URL", self._url.reveal())

    def redact(self, text: str) -> str:
        """Return a message without the URL, its password, and whatever else in it is one."""
        for one in sorted(self._hidden, key=lambda token: -len(token.reveal())):
            text = one.redact(text)
        return text

    def _hide(self, *texts: object) -> None:
        for text in map(str, filter(None, texts)):
            self._hidden += [
                Token(one) for one in {text, quote(text), quote(text, safe=""), quote_plus(text)}
            ]


def _from_sql(table: Mapping[str, Any], base: Path) -> Source:
    with needs("sql", "sqlalchemy", "a database"):
        import sqlalchemy  # noqa: F401, PLC0415  (an extra)
    name, query = table.get("name", "query"), table["query"]
    database = _database(_url(table), base)

    def start(stack: ExitStack) -> Reading:
        result = _asked(database, query, name, stack)
        if isinstance(result, Exception):
            raise result
        columns = named_columns(list(result.keys()), f"The answer to {name}")
        return Reading(columns, numbered_rows(columns, _records(result, name, database), name))

    return Source(name, start)


def _url(table: Mapping[str, Any]) -> Token:
    if ("url" in table) == ("url_env" in table):
        raise ConfigurationError(
            "The source of type 'sql' needs either 'url', or 'url_env', the name of an environment variable "
            "that holds it (better where it has a password): give one of them."
        )
    if "url" in table:
        return Token(table["url"].strip())
    variable = table["url_env"]
    held = Token(os.environ.get(variable, "").strip())
    if not held.reveal():
        raise ConfigurationError(
            f"The environment variable {quote_name(variable)} is not set: set it to the URL of the source's "
            f"database, {_FORM}."
        )
    return held


def _database(text: Token, base: Path) -> _Database:
    """Return the database of a URL; a relative path of an SQLite file starts from `base`."""
    from sqlalchemy import make_url  # noqa: PLC0415  (an extra)
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        url = make_url(text.reveal())
    except (SQLAlchemyError, ValueError):
        url = None
    if url is None:  # raised here: the error above may hold the password
        raise ConfigurationError(f"The URL of the source's database is not one: give one {_FORM}.")
    misplaced = any("@" in (part or "") for part in (url.host, url.database))
    if misplaced:
        # What follows the first @ would be taken for the host, and be named in messages.
        del url
        raise ConfigurationError(
            "The URL of the source's database has more than one @: write an @ in user or password as %40."
        )
    if url.get_backend_name() == "sqlite" and url.database and not re.match(r":memory:|file:", url.database):
        url = url.set(database=str(file_of({"file": url.database}, base)))
    return _Database(text, url)


def _asked(database: _Database, query: str, name: str, stack: ExitStack) -> CursorResult[Any] | Exception:
    """Ask the database, and return its answer, which comes as it is read; or the error to raise."""
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
        return SourceUnreadable(f"{name} is no query, it answers no rows: give a SELECT.")
    except NoSuchModuleError:
        return ConfigurationError(
            f"The URL of the source's database begins with {quote_name(url.drivername)}, which is not "
            f"known: {suggest(url.drivername, _DIALECTS)}"
        )
    except ModuleNotFoundError as problem:
        return ConfigurationError(
            f"The URL of the source's database needs the driver {quote_name(problem.name)}, which is not "
            "installed: install it with pip."
        )
    except (SQLAlchemyError, ValueError, TypeError) as problem:
        return SourceUnreadable(f"{name} was not answered: {_said(problem, database)}")


def _records(result: CursorResult[Any], name: str, database: _Database) -> Iterator[Any]:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  (an extra)

    number = 0
    error = None
    while True:
        try:
            record = result.fetchone()
        except (SQLAlchemyError, ValueError, TypeError) as problem:
            error = SourceUnreadable(f"{name} broke off after row {number}: {_said(problem, database)}")
        if error is not None:
            raise error
        if record is None:
            return
        number += 1
        yield record


def _said(problem: Exception, database: _Database) -> str:
    """Return the first line of what the database says, without what must not be seen."""
    text = str(getattr(problem, "orig", None) or problem).strip()
    line = database.redact(text.partition("\n")[0].strip().rstrip("."))
    return f"{line}." if line else f"{type(problem).__name__}."


#: - `url`: of the database, as SQLAlchemy takes it; or `url_env`, the environment variable that holds it.
#: - `query`: in the database's own SQL.
SQL = SourceType({"name": TEXT, "url": TEXT, "url_env": TEXT, "query": TEXT._replace(needed=True)}, _from_sql)
