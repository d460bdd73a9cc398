"""The database of a ledger on a server, such as PostgreSQL, through SQLAlchemy."""

from __future__ import annotations

import os
import time
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy.errors import ConfigurationError, LedgerError
from ardoqpy_sync.ledger.database import ABANDONED
from ardoqpy_sync.ledger.statements import MIGRATIONS
from ardoqpy_sync.sources.database_url import describe_problem, explain_url, parse_url, read_url
from ardoqpy_sync.sources.options import require_extra

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, TextClause

#: The job name under which a ledger keeps the version of its tables.
_TABLES = ""
#: What PostgreSQL's advisory locks of a ledger have in common.
_LOCK_SPACE = 0x41726471
#: For how many seconds a job's lock is asked for: a server notices a moment later that a client was killed.
_LOCK_WAIT = 5.0


class RemoteDatabase:
    """A ledger in a PostgreSQL database; several jobs can share it.

    The URL comes from the environment variable that `url_env` names, so that no file has its password.
    """

    def __init__(self, table: Mapping[str, Any], *, read_only: bool = False) -> None:
        """Connect, and create the tables if there are none; with `read_only`, nothing is created or changed.

        Raise `ConfigurationError` if the database cannot be used, or was made by a later version.
        """
        with require_extra("sql", "sqlalchemy", "A ledger in a database"):
            import sqlalchemy  # noqa: PLC0415  (an extra)
        from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError  # noqa: PLC0415

        self._problems = SQLAlchemyError
        self._create_engine = sqlalchemy.create_engine
        self._read_only = read_only
        self._has_tables = True
        self._open: Connection | None = None
        self._process = os.getpid()
        self._text = sqlalchemy.text
        self._texts: dict[str, TextClause] = {}
        self._database = parse_url(read_url(table, "The ledger"), Path())
        url = self._database.reveal()
        if url.get_backend_name() != "postgresql":
            raise ConfigurationError(
                f"The ledger cannot be in a database of type {url.get_backend_name()!r}: use PostgreSQL, or "
                "set ledger to a file."
            )
        is_ready = False
        try:
            self._prepare()
            is_ready = True
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise explain_url(error, url) from None
        except (SQLAlchemyError, LedgerError) as error:
            reason = error if isinstance(error, LedgerError) else describe_problem(error, self._database)
            raise ConfigurationError(f"{self.description} cannot be opened: {reason}") from None
        finally:
            if not is_ready:
                self._abandon()
        del url

    @property
    def description(self) -> str:
        """The database in messages."""
        return "The ledger in PostgreSQL"

    @property
    def _connection(self) -> Connection:
        self._leave_to_parent()
        if self._open is None:
            engine = self._create_engine(
                self._database.reveal(), hide_parameters=True, isolation_level="AUTOCOMMIT"
            )
            self._open = engine.connect()
        return self._open

    def _leave_to_parent(self) -> None:
        """Leave the connection to the parent in a forked child: both would use it."""
        if self._process != os.getpid():
            ABANDONED.append(self._open)
            self._open, self._process = None, os.getpid()

    def _abandon(self) -> None:
        with suppress(self._problems):
            self.close()

    def _prepare(self) -> None:
        with self.transaction():
            self._run("SELECT pg_advisory_xact_lock(:space, 0)", {"space": _LOCK_SPACE})
            exists = self.select("SELECT to_regclass('facts') IS NOT NULL", {})[0][0]
            version = 0
            if exists:
                rows = self.select(
                    "SELECT value FROM facts WHERE job = :job AND name = 'version'", {"job": _TABLES}
                )
                if not rows:
                    raise ConfigurationError(
                        f"{self.description} cannot be opened: there is a table facts that is not a "
                        "ledger's. Use another schema or database."
                    )
                version = int(rows[0][0])
            if version > len(MIGRATIONS):
                raise ConfigurationError(
                    f"{self.description} was written by a later version of ardoqpy. Install that version."
                )
            if self._read_only:
                self._has_tables = bool(exists)
                return
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    self._run(statement.format(bytes="BYTEA"), {})
            self._run(
                "INSERT INTO facts (job, name, value) VALUES (:job, 'version', :value) "
                "ON CONFLICT (job, name) DO UPDATE SET value = excluded.value",
                {"job": _TABLES, "value": str(len(MIGRATIONS))},
            )

    def _run(self, statement: str, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        text = self._texts.get(statement)
        if text is None:
            text = self._texts[statement] = self._text(statement)
        return self._connection.execute(text, values)

    @contextmanager
    def transaction(self, *, is_synced: bool = True) -> Iterator[None]:  # noqa: ARG002  (the server does)
        """Keep all that is executed in this context, or nothing of it."""
        try:
            self._connection.exec_driver_sql("BEGIN")
            yield
            self._connection.exec_driver_sql("COMMIT")
        except BaseException as problem:
            if self._open is not None and not self._open.closed and not self._open.invalidated:
                try:
                    self._open.exec_driver_sql("ROLLBACK")
                except self._problems:
                    self._open.invalidate()
            if isinstance(problem, self._problems):
                raise self._error(problem) from None
            raise

    def execute(self, statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute a statement once for each row of values."""
        try:
            if rows:
                self._run(statement, list(rows))
        except (self._problems, UnicodeError, OverflowError) as problem:
            raise self._error(problem) from None

    def select(self, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows that a query selects."""
        if not self._has_tables:
            return []
        try:
            return [tuple(row) for row in self._run(statement, values)]
        except self._problems as problem:
            raise self._error(problem) from None

    def compact(self) -> None:
        """Do nothing: the server reuses the space of what was removed by itself."""

    def lock(self, job: str) -> bool:
        """Prevent other processes from running a job on this database; return False if one does.

        The lock is the connection's: it ends with the process, wherever that runs. A run that at once follows
        a killed one waits until the server has noticed, for at most five seconds.
        """
        number = (zlib.crc32(job.encode("utf-8", "surrogatepass")) - 2**31) or 1
        deadline = time.monotonic() + _LOCK_WAIT
        while True:
            (row,) = self.select(
                "SELECT pg_try_advisory_lock(:space, :number)", {"space": _LOCK_SPACE, "number": number}
            )
            if row[0] or time.monotonic() >= deadline:
                return bool(row[0])
            time.sleep(0.05)

    def close(self) -> None:
        """Close the connection, and give up the locks; it is opened again if it is used again."""
        self._leave_to_parent()
        if self._open is not None:
            self._open.close()
            self._open.engine.dispose()
            self._open = None

    def _error(self, problem: Exception) -> LedgerError:
        reason = describe_problem(problem, self._database)
        return LedgerError(f"{self.description} cannot be used: {reason} Nothing is written without it.")
