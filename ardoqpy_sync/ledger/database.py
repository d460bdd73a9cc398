"""The database of a ledger: an SQLite file, with the standard library alone."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ardoqpy._http.local_files import is_special_file
from ardoqpy.errors import ConfigurationError, LedgerError
from ardoqpy_sync.ledger.statements import MIGRATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    Values = Mapping[str, Any]

#: In the header of the file, so that other SQLite files are not taken for a ledger: "Ardq".
APPLICATION_ID = 0x41726471
_HEADER = b"SQLite format 3\0"
_NAMED = re.compile(r"(?<!:):([a-z_]+)")
#: How long to wait for another process that has the database locked, in seconds.
_PATIENCE = 30.0
MEANING_OF_A_NEW_ONE = (
    "With a new ledger the job owns nothing at first: nothing is missing in its next run, edits that people "
    "made before are not recognised, and earlier runs cannot be undone."
)
#: In a forked child: the connections of its parent, which must not be closed when they are collected.
ABANDONED: list[object] = []


class Database(Protocol):
    """What a ledger needs of its database. Any problem is a `LedgerError`, without values or secrets."""

    @property
    def description(self) -> str:
        """The database in messages, such as "the ledger 'job.ledger.db'"."""

    def transaction(self, *, is_synced: bool = True) -> AbstractContextManager[None]:
        """Return a context in which all that is executed is kept, or nothing of it.

        It is kept whenever the process ends; with `is_synced` also if the power fails.
        """

    def execute(self, statement: str, rows: Sequence[Values]) -> None:
        """Execute a statement once for each row of values."""

    def select(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        """Return the rows that a query selects."""

    def compact(self) -> None:
        """Leave nothing of what was removed in the database."""

    def lock(self, job: str) -> bool:
        """Prevent other processes from running a job on this database; return False if one does."""

    def close(self) -> None:
        """Close the connection, and give up the locks."""


class SqliteDatabase:
    """A ledger in an SQLite file, which only its owner can read.

    Each transaction is with the operating system before the next step (WAL), and on disk if it is synced. A
    forked child leaves the connection to its parent, and opens another one.
    """

    def __init__(self, path: str | os.PathLike[str], *, read_only: bool = False) -> None:
        """Open or create a file; with `read_only`, nothing is created or changed.

        Raise `ConfigurationError` if the file cannot be used, or is not a ledger of this version.
        """
        self._path = os.fspath(path)
        self._read_only = read_only
        if is_special_file(path) or Path(path).is_dir():
            raise ConfigurationError(f"The ledger {self._path!r} is not a regular file. Name another file.")
        self._open: sqlite3.Connection | None = None
        self._process = os.getpid()
        #: Whether the open connection syncs its transactions.
        self._is_synced = True
        #: By statement, the same with `?` for each named value, and what takes these values from a row.
        self._by_position: dict[str, tuple[str, Callable[[Values], Any]]] = {}
        #: Whether the file is known to be a ledger: another database is left as it is.
        self._is_ledger = False
        try:
            self._prepare()
        except (OSError, sqlite3.Error) as problem:
            self.close()
            raise self._configuration_error(problem) from None
        except ConfigurationError:
            self.close()
            raise

    @property
    def description(self) -> str:
        """The file in messages."""
        return f"The ledger {self._path!r}"

    @property
    def _connection(self) -> sqlite3.Connection:
        self._leave_to_parent()
        if self._open is None:
            self._open = self._connect()
        return self._open

    def _leave_to_parent(self) -> None:
        if self._process != os.getpid():
            ABANDONED.append(self._open)
            self._open, self._process = None, os.getpid()

    def _connect(self) -> sqlite3.Connection:
        self._check_header()
        if self._read_only:
            target = f"{Path(self._path).absolute().as_uri()}?mode="
            if os.access(self._path, os.W_OK) and os.access(Path(self._path).parent, os.W_OK):
                target += "rw"  # SQLite removes the files beside it again, which it does not with "ro"
            else:
                # Otherwise SQLite creates a file beside it.
                target += "ro" if Path(f"{self._path}-wal").exists() else "ro&immutable=1"
        else:
            target = self._path
            # Others may not read it at any moment, and SQLite gives its other files the same mode.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
        connection = sqlite3.connect(
            target, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, uri=self._read_only
        )
        if self._read_only:
            connection.execute("PRAGMA query_only = ON")
        elif self._is_ledger:
            self._make_durable(connection)
        return connection

    def _make_durable(self, connection: sqlite3.Connection) -> None:
        """Have each transaction on disk when it ends."""
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        self._is_synced = True

    def _check_header(self) -> None:
        """Raise `sqlite3.DatabaseError` for a file that is not of SQLite, which may overwrite a short one."""
        path = Path(self._path)
        if path.exists():
            with path.open("rb") as file:
                header = file.read(len(_HEADER))
            if header and header != _HEADER:
                raise sqlite3.DatabaseError("file is not a database")

    def _prepare(self) -> None:
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        (tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION_ID and (tables or version):
            raise ConfigurationError(
                f"The file {self._path!r} is an SQLite database, but not a ledger. Name another file."
            )
        if version > len(MIGRATIONS):
            raise ConfigurationError(
                f"{self.description} was written by a later version of ardoqpy. Install that version."
            )
        self._is_ledger = True
        if self._read_only:
            return
        with suppress(OSError):  # not on every file system
            Path(self._path).chmod(0o600)
        self._make_durable(self._connection)
        if version == len(MIGRATIONS):
            return
        with self.transaction():
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    self._connection.execute(statement.format(bytes="BLOB"))
            self._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    def _configuration_error(self, problem: Exception) -> ConfigurationError:
        if isinstance(problem, sqlite3.DatabaseError) and not isinstance(problem, sqlite3.OperationalError):
            return ConfigurationError(
                f"{self.description} is damaged, or is not a ledger: {problem}. Restore it from a backup, or "
                f"remove it. {MEANING_OF_A_NEW_ONE}"
            )
        reason = problem.strerror if isinstance(problem, OSError) else problem
        return ConfigurationError(
            f"{self.description} cannot be opened: {reason}. Set ledger to a file in a folder that can be "
            "written, or ledger = false to run without one."
        )

    @contextmanager
    def transaction(self, *, is_synced: bool = True) -> Iterator[None]:
        """Keep all that is executed in this context, on disk if `is_synced`, or nothing of it."""
        try:
            connection = self._connection
            if is_synced is not self._is_synced:
                connection.execute(f"PRAGMA synchronous = {'FULL' if is_synced else 'NORMAL'}")
                self._is_synced = is_synced
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("COMMIT")
        except BaseException as problem:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            if isinstance(problem, sqlite3.Error):
                raise self._error(problem) from None
            raise

    def execute(self, statement: str, rows: Sequence[Values]) -> None:
        """Execute a statement once for each row of values."""
        by_position, values_of = self._by_position.get(statement) or self._number(statement)
        try:
            self._connection.executemany(by_position, map(values_of, rows))
        except (sqlite3.Error, UnicodeError, OverflowError) as problem:
            raise self._error(problem) from None

    def _number(self, statement: str) -> tuple[str, Callable[[Values], Any]]:
        """Return a statement with `?` for each named value, and what takes the values of a row in that order.

        By their names, SQLite takes longer to find the values.
        """
        names = _NAMED.findall(statement)
        take = itemgetter(*names)  # of a single name it takes the value alone
        numbered = _NAMED.sub("?", statement), take if len(names) > 1 else lambda row: (take(row),)
        self._by_position[statement] = numbered
        return numbered

    def select(self, statement: str, values: Values) -> list[tuple[Any, ...]]:
        """Return the rows that a query selects."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as problem:
            raise self._error(problem) from None

    def compact(self) -> None:
        """Write the file anew, without the values that were removed from it."""
        try:
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as problem:
            raise self._error(problem) from None

    def lock(self, job: str) -> bool:  # noqa: ARG002
        """Return True: the lock file of the job is beside the ledger."""
        return True

    def close(self) -> None:
        """Close the file; it is opened again if it is used again."""
        self._leave_to_parent()
        if self._open is not None:
            self._open.close()
            self._open = None

    def _error(self, problem: Exception) -> LedgerError:
        verb = "read" if self._read_only else "written"
        return LedgerError(f"{self.description} cannot be {verb}: {problem}. Nothing is written without it.")
