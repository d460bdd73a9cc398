"""The URL of a database as SQLAlchemy takes it: read from a table, checked, and kept out of messages."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, quote_plus

from ardoqpy._messages import quote_name, suggest
from ardoqpy.config import Token
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.options import resolve_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import URL

_EXAMPLES = "such as 'postgresql+psycopg://user:password@host/database' or 'sqlite:///file.db'"
_DIALECTS = ("postgresql+psycopg", "sqlite", "mysql+pymysql", "mssql+pyodbc", "oracle+oracledb")
_SECRET = re.compile(r"(?:pass(?:word|wd)?|pwd|token|secret|key)\s*=\s*([^;&]+)", re.IGNORECASE)
#: The name of an environment variable.
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class DatabaseUrl:
    """The URL of a database. It cannot be printed by accident, and is removed from messages.

    No repr shows the URL, and no local variable in a traceback: code that raises holds it only as a `Token`.
    """

    def __init__(self, text: Token, url: URL) -> None:
        """Wrap a URL, given as text and as SQLAlchemy has it."""
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


def read_url(table: Mapping[str, Any], subject: str = "The source of type 'sql'") -> Token:
    """Return the URL in the key `url` of a table, or in the environment variable that `url_env` names.

    - `subject`: what needs the URL, at the start of a sentence.

    Raise `ConfigurationError` if there is not exactly one of them, or no such variable.
    """
    if ("url" in table) == ("url_env" in table):
        raise ConfigurationError(
            f"{subject} needs either 'url' or 'url_env'. Set one of them. If the URL has a "
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


def parse_url(text: Token, base: Path) -> DatabaseUrl:
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
    return DatabaseUrl(text, url)


def describe_problem(error: Exception, database: DatabaseUrl) -> str:
    """Return the first line of the database's message, without secrets."""
    text = str(getattr(error, "orig", None) or error).strip()
    line = database.redact(text.partition("\n")[0].strip().rstrip("."))
    return f"{line}." if line else f"{type(error).__name__}."


def explain_url(error: Exception, url: URL) -> ConfigurationError:
    """Return the error for a URL whose driver is not known or not installed."""
    if isinstance(error, ModuleNotFoundError):
        return ConfigurationError(
            f"The URL of the database needs the driver {quote_name(error.name)}, which is not installed. "
            "Install it with pip."
        )
    return ConfigurationError(
        f"The URL of the database begins with {quote_name(url.drivername)}, which is not known: "
        f"{suggest(url.drivername, _DIALECTS)}"
    )
