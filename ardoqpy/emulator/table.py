"""Keep rows in memory by id and by named indexes, and remember changes so that they can be undone.

A row is never changed in place: whoever changes something puts a new row with the same id. That is what makes
undoing exact, and what allows answers to be written after the lock is released.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, NamedTuple

Row = dict[str, Any]
KeysOf = Callable[[Row], Iterable[Hashable]]
Lookup = tuple[str, Hashable]


class Change(NamedTuple):
    """Record that a row of a table was made, replaced or removed."""

    table: "Table"
    row_id: str
    before: Row | None
    after: Row | None
    position: int


class Journal:
    """Collect the changes of the running transaction, over all tables that share this journal."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.depth = 0

    def record(self, change: Change) -> None:
        """Remember a change; there has to be a transaction that it belongs to."""
        if not self.depth:
            sentence = f"A change of {change.table.name} needs a transaction around it."
            raise RuntimeError(sentence)
        self.changes.append(change)

    def undo_to(self, mark: int) -> None:
        """Take back everything after the mark, latest first."""
        while len(self.changes) > mark:
            change = self.changes.pop()
            change.table.restore(change.row_id, change.before, change.position)


class Table:
    """Hold the rows of one kind, in the order in which they were made.

    Each index gives a row any number of keys; listings by key are in the order of making, too. `version`
    moves on with every change, so that whoever keeps a listing can tell that it is out of date.
    """

    def __init__(self, name: str, kind: str, journal: Journal, /, **indexes: KeysOf) -> None:
        self.name = name
        self.kind = kind
        self._journal = journal
        self._rows: dict[str, Row] = {}
        self._positions: dict[str, int] = {}
        self._next_position = 0
        self.version = 0
        self._keys_of = indexes
        self._buckets: dict[str, dict[Hashable, dict[str, None]]] = {index: {} for index in indexes}

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, row_id: str) -> Row | None:
        """Return the row with this id, if there is one."""
        return self._rows.get(row_id)

    def __getitem__(self, row_id: str) -> Row:
        return self._rows[row_id]

    def rows(self) -> list[Row]:
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

    def find(self, index: str, key: Hashable) -> list[Row]:
        """Return the rows that have the key in the index."""
        return [self._rows[row_id] for row_id in self.ids(index, key)]

    def narrowed(self, ways: Sequence[Sequence[Lookup]]) -> list[Row]:
        """Return the rows of the way that leads to the fewest; without a way, all rows.

        A way is a number of look-ups, index and key; it leads to the rows that any of them finds.
        """
        if not ways:
            return self.rows()
        way = min(ways, key=lambda lookups: sum(self.count(*lookup) for lookup in lookups))
        found = {row_id for index, key in way for row_id in self._buckets[index].get(key, ())}
        return [self._rows[row_id] for row_id in sorted(found, key=self._positions.__getitem__)]

    def position(self, row_id: str) -> int | None:
        """Return the place of a row in the order of making, if there is such a row."""
        return self._positions.get(row_id)

    def first(self, index: str, key: Hashable) -> Row | None:
        """Return the oldest row that has the key in the index, if there is one."""
        bucket = self._buckets[index].get(key)
        return self._rows[min(bucket, key=self._positions.__getitem__)] if bucket else None

    def count(self, index: str, key: Hashable) -> int:
        """Return how many rows have the key in the index."""
        return len(self._buckets[index].get(key, ()))

    def put(self, row: Row) -> Row:
        """Store a row under its "_id", in place of the one that had it."""
        row_id: str = row["_id"]
        before = self._rows.get(row_id)
        if before is None:
            position = self._next_position
            self._next_position += 1
        else:
            position = self._positions[row_id]
        self._journal.record(Change(self, row_id, before, row, position))
        self._place(row_id, before, row, position)
        return row

    def remove(self, row_id: str) -> None:
        """Remove the row with this id."""
        before = self._rows[row_id]
        position = self._positions[row_id]
        self._journal.record(Change(self, row_id, before, None, position))
        self._place(row_id, before, None, position)

    def restore(self, row_id: str, row: Row | None, position: int) -> None:
        """Put back what was there before a change, without recording it."""
        self._place(row_id, self._rows.get(row_id), row, position)

    def _place(self, row_id: str, before: Row | None, after: Row | None, position: int) -> None:
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
