"""Keep rows in memory by id and by named indexes, and record changes so that they can be undone.

A row is never changed in place: a change puts a new row with the same id. This makes undoing exact, and
answers can be written after the lock is released.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, NamedTuple

from ardoqpy.emulator.rows import R, Row

KeysOf = Callable[[R], Iterable[Hashable]]


class Lookup(NamedTuple):
    """Ask for the rows that have a key in an index."""

    index_name: str
    key: Hashable


class Change(NamedTuple):
    """Record that a row of a table was created, replaced or removed."""

    table: "Table[Any]"
    row_id: str
    before: Row | None
    after: Row | None
    position: int


class Journal:
    """Collect the changes of the running transaction, over all tables that share this journal."""

    def __init__(self) -> None:
        """Start without a transaction."""
        self.changes: list[Change] = []
        self.depth = 0

    def record(self, change: Change) -> None:
        """Add a change, or raise RuntimeError outside of a transaction."""
        if not self.depth:
            raise RuntimeError(f"A change of {change.table.name} needs a transaction.")
        self.changes.append(change)

    def undo_to(self, mark: int) -> None:
        """Undo all changes after the mark, latest first."""
        while len(self.changes) > mark:
            change = self.changes.pop()
            change.table.restore(change.row_id, change.before, change.position)


class Table(Generic[R]):
    """Hold the rows of one kind, in the order in which they were created.

    Each index gives a row any number of keys. Listings by key are in the order of creation, too. `version`
    increases with every change, so that a cached listing can be recognised as outdated.
    """

    def __init__(self, name: str, kind: str, journal: Journal, /, **indexes: KeysOf[R]) -> None:
        """Name the table and one of its rows; `indexes` are functions that return a row's keys."""
        self.name = name
        self.kind = kind
        self._journal = journal
        self._rows: dict[str, R] = {}
        self._positions: dict[str, int] = {}
        self._next_position = 0
        self.version = 0
        self._keys_of = indexes
        self._buckets: dict[str, dict[Hashable, dict[str, None]]] = {index: {} for index in indexes}

    def __contains__(self, row_id: object) -> bool:
        """Return whether there is a row with this id."""
        return row_id in self._rows

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def get(self, row_id: str) -> R | None:
        """Return the row with this id, or None."""
        return self._rows.get(row_id)

    def __getitem__(self, row_id: str) -> R:
        """Return the row with this id, or raise KeyError."""
        return self._rows[row_id]

    def rows(self) -> list[R]:
        """Return all rows."""
        return [self._rows[row_id] for row_id in sorted(self._rows, key=self._positions.__getitem__)]

    def ids(self, index: str, key: Hashable) -> list[str]:
        """Return the ids of the rows that have the key in the index."""
        bucket = self._buckets[index].get(key)
        if not bucket:
            return []
        if len(bucket) == 1:
            return list(bucket)
        return sorted(bucket, key=self._positions.__getitem__)

    def find(self, index: str, key: Hashable) -> list[R]:
        """Return the rows that have the key in the index."""
        return [self._rows[row_id] for row_id in self.ids(index, key)]

    def candidates(self, conditions: Sequence[Sequence[Lookup]]) -> list[R]:
        """Return the rows of the condition that fewest rows meet; all rows if there is no condition.

        A row meets a condition if any of its look-ups finds the row.
        """
        if not conditions:
            return self.rows()
        fewest = min(conditions, key=lambda lookups: sum(self.count(*lookup) for lookup in lookups))
        ids = {row_id for index, key in fewest for row_id in self._buckets[index].get(key, ())}
        return [self._rows[row_id] for row_id in sorted(ids, key=self._positions.__getitem__)]

    def position(self, row_id: str) -> int | None:
        """Return the position of a row in the order of creation, or None if there is no such row."""
        return self._positions.get(row_id)

    def first(self, index: str, key: Hashable) -> R | None:
        """Return the oldest row that has the key in the index, or None."""
        bucket = self._buckets[index].get(key)
        return self._rows[min(bucket, key=self._positions.__getitem__)] if bucket else None

    def count(self, index: str, key: Hashable) -> int:
        """Return how many rows have the key in the index."""
        return len(self._buckets[index].get(key, ()))

    def put(self, row: R) -> R:
        """Store a row under its "_id", and replace the row that had it."""
        row_id = row["_id"]
        before = self._rows.get(row_id)
        if before is None:
            position = self._next_position
            self._next_position += 1
        else:
            position = self._positions[row_id]
        self._journal.record(Change(self, row_id, before, row, position))
        self._replace(row_id, before, row, position)
        return row

    def remove(self, row_id: str) -> None:
        """Remove the row with this id."""
        before = self._rows[row_id]
        position = self._positions[row_id]
        self._journal.record(Change(self, row_id, before, None, position))
        self._replace(row_id, before, None, position)

    def restore(self, row_id: str, row: R | None, position: int) -> None:
        """Put back a row as it was before a change, without recording it."""
        self._replace(row_id, self._rows.get(row_id), row, position)

    def _replace(self, row_id: str, before: R | None, after: R | None, position: int) -> None:
        self.version += 1
        if after is None:
            self._rows.pop(row_id, None)
            self._positions.pop(row_id, None)
        else:
            self._rows[row_id] = after
            self._positions[row_id] = position
        for index, keys_of in self._keys_of.items():
            old = set(keys_of(before)) if before is not None else set()
            new = set(keys_of(after)) if after is not None else set()
            if old == new:
                continue
            buckets = self._buckets[index]
            for key in old - new:
                bucket = buckets[key]
                bucket.pop(row_id, None)
                if not bucket:
                    del buckets[key]
            for key in new - old:
                buckets.setdefault(key, {})[row_id] = None
