"""Save everything that is stored to an SQLite file, with every transaction."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from ardoqpy.emulator.rows import Attributes, Row, Seed
from ardoqpy.emulator.seed import FORMAT
from ardoqpy.emulator.table import Change

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entities (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (kind, id)
)
"""
_APPLICATION = 0x41726451


class Database:
    """Read and write one file with a row for each entity; the caller holds the lock."""

    def __init__(self, path: str | Path) -> None:
        """Open or create the file, or raise ValueError."""
        self._path = Path(path)
        self._connection: sqlite3.Connection | None = None
        self._open()

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            self._initialize(connection)
        except (sqlite3.Error, ValueError) as error:
            if connection is not None:
                connection.close()
            raise ValueError(f"The database {self._path} cannot be used: {error}.") from error
        self._connection = connection
        return connection

    def _initialize(self, connection: sqlite3.Connection) -> None:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and application != _APPLICATION:
            raise ValueError("it belongs to another program")
        # With write-ahead logging, a killed emulator loses nothing that it has answered.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(_SCHEMA)

    def read(self) -> Seed | None:
        """Return what is in the file as a seed, or None if it is empty."""
        rows = self._open().execute("SELECT kind, json FROM entities ORDER BY position").fetchall()
        if not rows:
            return None
        seed: Attributes = {"format": FORMAT}
        for kind, text in rows:
            seed.setdefault(kind, []).append(json.loads(text))
        return cast("Seed", seed)

    def write(self, changes: Sequence[Change]) -> None:
        """Store the changes of a transaction."""
        latest: dict[tuple[str, str], Row | None] = {}
        removed: dict[tuple[str, str], None] = {}
        for change in changes:
            key = (change.table.name, change.row_id)
            if change.before is None:
                # A row that is created again moves to the end, in the file as in the table.
                latest.pop(key, None)
            latest[key] = change.after
            if change.after is None:
                removed[key] = None
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany("DELETE FROM entities WHERE kind = ? AND id = ?", removed)
            connection.executemany(
                "INSERT INTO entities (kind, id, json) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET json = excluded.json",
                (
                    (*key, json.dumps(row, separators=(",", ":")))
                    for key, row in latest.items()
                    if row is not None
                ),
            )
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file; the next write opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
