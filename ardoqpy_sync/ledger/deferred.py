"""Rows that wait for the next transaction of a ledger: the outcome of a write, for the next write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ardoqpy_sync.ledger.database import Database, Values


class DeferredRows:
    """Keep rows until the next transaction.

    They are recorded in it, or not at all; if it fails, they wait for another one. A forked child has none:
    they are its parent's.
    """

    def __init__(self, database: Database | None) -> None:
        """Keep no rows yet for a database."""
        self._database = database
        self._rows: list[tuple[str, Sequence[Values]]] = []
        self._process = 0

    def __bool__(self) -> bool:
        """Return whether this process has rows to record."""
        return bool(self._rows) and self._process == os.getpid()

    def add(self, statement: str, rows: Sequence[Values]) -> None:
        """Keep the rows of a statement; statements are executed in the order in which they were added."""
        if self._process != os.getpid():
            self._rows, self._process = [], os.getpid()
        self._rows.append((statement, rows))

    def execute(self) -> None:
        """Record the rows as a part of a transaction that has begun; `clear` them when it has ended well."""
        if self and self._database is not None:
            for statement, rows in self._rows:
                self._database.execute(statement, rows)

    def clear(self) -> None:
        """Keep no rows any more: they are recorded."""
        self._rows.clear()

    def record(self) -> None:
        """Record the rows in a transaction of their own; raise `LedgerError` if that is not possible."""
        if self and self._database is not None:
            with self._database.transaction():
                self.execute()
            self.clear()
