"""Hold what the emulated Ardoq knows: its tables, who is writing, the next id, and the running transaction.

The rules about what may be in the tables are in `ardoqpy.emulator.rules`; this file would store anything.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.clock import Clock, iso, utc_now
from ardoqpy.emulator.errors import Conflict, NotFound, Unprocessable
from ardoqpy.emulator.table import Change, Journal, Row, Table
from ardoqpy.emulator.values import as_text

CommitListener = Callable[[Sequence[Change]], None]

_ID_COUNTER = "ids"


class State:
    """Keep one organisation's tables behind one lock."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self.lock = threading.RLock()
        self.journal = Journal()
        self.reserved_ids: frozenset[str] = frozenset()
        self._clock = clock
        self._listeners: list[CommitListener] = []
        self.users = Table("users", "user", self.journal)
        self.models = Table("models", "model", self.journal)
        self.fields = Table(
            "fields",
            "field",
            self.journal,
            model=lambda row: (row["model"],),
            name=lambda row: ((row["model"], row["name"]),),
        )
        self.folders = Table("folders", "folder", self.journal)
        self.workspaces = Table(
            "workspaces",
            "workspace",
            self.journal,
            folder=lambda row: (row["folder"],),
            model=lambda row: (row["componentModel"],),
            name=lambda row: (row["name"],),
            key=lambda row: (row["workspaceKey"],),
        )
        self.components = Table(
            "components",
            "component",
            self.journal,
            workspace=lambda row: (row["rootWorkspace"],),
            parent=lambda row: (row["parent"],) if row["parent"] is not None else (),
            name=lambda row: ((row["rootWorkspace"], row["name"].casefold()),),
            type=lambda row: ((row["rootWorkspace"], row["typeId"]),),
            key=lambda row: (row["componentKey"],),
            custom=_custom_keys,
        )
        self.references = Table(
            "references",
            "reference",
            self.journal,
            source=lambda row: (row["source"],),
            target=lambda row: (row["target"],),
            workspace=lambda row: (row["rootWorkspace"],),
            target_workspace=lambda row: (row["targetWorkspace"],),
            type=lambda row: ((row["rootWorkspace"], row["type"]),),
            custom=_custom_keys,
        )
        self.tags = Table(
            "tags",
            "tag",
            self.journal,
            workspace=lambda row: (row["rootWorkspace"],),
            name=lambda row: (tag_key(row["rootWorkspace"], row["name"]),),
            component=lambda row: row["components"],
            reference=lambda row: row["references"],
        )
        self.attachments = Table(
            "attachments",
            "attachment",
            self.journal,
            resource=lambda row: ((row["resourceType"], row["resourceId"]),),
            filename=lambda row: (row["filename"],),
            folder=lambda row: (row["folder"],),
        )
        self.branches = Table(
            "branches", "branch", self.journal, workspace=lambda row: {row["origin"], row["workspace"]}
        )
        self.reports = Table("reports", "report", self.journal, name=lambda row: (row["name"],))
        self.counters = Table("counters", "counter", self.journal)
        self.tables: dict[str, Table] = {
            table.name: table
            for table in (
                self.users,
                self.models,
                self.fields,
                self.folders,
                self.workspaces,
                self.components,
                self.references,
                self.tags,
                self.attachments,
                self.branches,
                self.reports,
                self.counters,
            )
        }

    def on_commit(self, listener: CommitListener) -> None:
        """Have a function called with the changes of every transaction that succeeds, before it is final."""
        self._listeners.append(listener)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everybody else out, and take back all changes if the block ends with an exception.

        A transaction within a transaction takes back its own changes and leaves the rest to the outer one.
        """
        with self.lock:
            mark = len(self.journal.changes)
            self.journal.depth += 1
            try:
                yield
                if self.journal.depth == 1:
                    self._commit()
            except BaseException:
                self.journal.undo_to(mark)
                raise
            finally:
                self.journal.depth -= 1

    def _commit(self) -> None:
        if self.journal.changes:
            for listener in self._listeners:
                listener(self.journal.changes)
            self.journal.changes.clear()

    def now(self) -> str:
        """Return the present time as it is stored."""
        return iso(self._clock())

    def user(self) -> Row:
        """Return the user that every token belongs to."""
        return self.users.rows()[0]

    def count(self, counter: str) -> int:
        """Return the next number of a counter, starting with 1."""
        row = self.counters.get(counter)
        value = 1 if row is None else row["value"] + 1
        self.counters.put({"_id": counter, "value": value})
        return int(value)

    def new_id(self) -> str:
        """Return an id that nothing has: 24 lower-case hex digits, counted up."""
        while True:
            candidate = f"5f00aa00bb00cc{self.count(_ID_COUNTER):010x}"
            taken = candidate in self.reserved_ids
            if not taken and not any(candidate in table for table in self.tables.values()):
                return candidate

    def stamped(self, attributes: Row, row_id: str | None = None) -> Row:
        """Return a new row with these attributes: id, version 1, made now by the present user."""
        now = self.now()
        user = self.user()["_id"]
        return {
            "_id": row_id or self.new_id(),
            "_version": 1,
            "created": now,
            "createdBy": user,
            "lastUpdated": now,
            "lastModifiedBy": user,
            **attributes,
        }

    def changed(self, row: Row, changes: Row) -> Row:
        """Return the next version of a row."""
        return {
            **row,
            **changes,
            "_version": row["_version"] + 1,
            "lastUpdated": self.now(),
            "lastModifiedBy": self.user()["_id"],
        }

    def named(self, table: Table, row_id: str) -> Row:
        """Return the row that a path names, or raise NotFound."""
        row = table.get(row_id)
        if row is None:
            raise NotFound(self.nothing_has(table, row_id))
        return row

    def meant(self, table: Table, row_id: str, where: str) -> Row:
        """Return the row that an attribute points to, or raise Unprocessable; `where` begins the sentence."""
        row = table.get(row_id)
        if row is None:
            sentence = f"{where}: n{self.nothing_has(table, row_id)[1:]}"
            raise Unprocessable(sentence)
        return row

    def nothing_has(self, table: Table, row_id: str) -> str:
        """Say that no row of the table has the id, and what has it instead."""
        sentence = f"No {table.kind} has the id {row_id}"
        for other in self.tables.values():
            if other is not table and other is not self.counters and row_id in other:
                article = "an" if other.kind == "attachment" else "a"
                return f"{sentence}: that is the id of {article} {other.kind}."
        return f"{sentence}."


def check_version(kind: str, row: Row, expected: int | None) -> None:
    """Raise Conflict unless the request speaks of the stored version; None speaks of whatever is stored."""
    stored = row["_version"]
    if expected is not None and expected != stored:
        sentence = f"{kind.capitalize()} {row['_id']} has version {stored}, the request says {expected}."
        raise Conflict(sentence, {"_version": stored})


def tag_key(workspace_id: str, name: str) -> tuple[str, str]:
    """Return what is unique about a tag."""
    return workspace_id, name.casefold() if assumptions.TAG_NAMES_IGNORE_CASE else name


def _custom_keys(row: Row) -> list[Any]:
    workspace = row["rootWorkspace"]
    return [(workspace, name, as_text(value)) for name, value in row["customFields"].items()]
