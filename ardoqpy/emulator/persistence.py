"""Keep what the emulated Ardoq knows in an SQLite file, up to date with every transaction."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ardoqpy.emulator.seed import FORMAT
from ardoqpy.emulator.table import Change, Row

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
    """Read and write one file, one row for each entity; the caller's lock keeps writers apart."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._connection: sqlite3.Connection | None = None
        self._open()

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
            self._claim(connection)
        except (sqlite3.Error, ValueError) as error:
            if connection is not None:
                connection.close()
            sentence = f"The database {self._path} cannot be used: {error}."
            raise ValueError(sentence) from error
        self._connection = connection
        return connection

    def _claim(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and found != _APPLICATION:
            raise ValueError("it belongs to another program")
        # Write-ahead: a killed emulator loses nothing that it has answered.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(_SCHEMA)

    def read(self) -> dict[str, Any] | None:
        """Return what was stored, as a seed; None if that is nothing."""
        rows = self._open().execute("SELECT kind, json FROM entities ORDER BY position").fetchall()
        if not rows:
            return None
        seed: dict[str, Any] = {"format": FORMAT}
        for kind, text in rows:
            seed.setdefault(kind, []).append(json.loads(text))
        return seed

    def write(self, changes: Sequence[Change]) -> None:
        """Store the outcome of a transaction."""
        outcome: dict[tuple[str, str], Row | None] = {}
        removed: dict[tuple[str, str], None] = {}
        for change in changes:
            key = (change.table.name, change.row_id)
            if change.before is None:
                # What comes back takes its place at the end, in the file as in the table.
                outcome.pop(key, None)
            outcome[key] = change.after
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
                    for key, row in outcome.items()
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
