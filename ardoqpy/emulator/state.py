"""Hold the tables, the counters and the running transaction of one organisation.

This file stores any row. `ardoqpy.emulator.rules` decides which rows are allowed.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.clock import Clock, iso, utc_now
from ardoqpy.emulator.errors import Conflict, NotFound, Unprocessable
from ardoqpy.emulator.rows import (
    AttachmentRow,
    Attributes,
    BranchRow,
    ComponentRow,
    CounterRow,
    EntityRow,
    FieldRow,
    FolderRow,
    ModelRow,
    R,
    ReferenceRow,
    ReportRow,
    TagRow,
    UserRow,
    WorkspaceRow,
)
from ardoqpy.emulator.table import Change, Journal, Table
from ardoqpy.emulator.values import as_text, date_range_parts

CommitListener = Callable[[Sequence[Change]], None]

_ID_COUNTER = "ids"


class State:
    """Keep one organisation's tables behind one lock."""

    def __init__(self, clock: Clock = utc_now) -> None:
        """Start with empty tables."""
        self.lock = threading.RLock()
        self.journal = Journal()
        self.reserved_ids: frozenset[str] = frozenset()
        self._clock = clock
        self._listeners: list[CommitListener] = []
        self._acting: str | None = None
        self.users = Table[UserRow](
            "users",
            "user",
            self.journal,
            token=lambda row: (row["token"],) if row.get("token") is not None else (),
        )
        self.models = Table[ModelRow]("models", "model", self.journal)
        self.fields = Table[FieldRow](
            "fields",
            "field",
            self.journal,
            model=lambda row: (row["model"],),
            name=lambda row: ((row["model"], row["name"]),),
            part=lambda row: [(row["model"], name) for name in date_range_parts(row)],
        )
        self.folders = Table[FolderRow]("folders", "folder", self.journal)
        self.workspaces = Table[WorkspaceRow](
            "workspaces",
            "workspace",
            self.journal,
            folder=lambda row: (row["folder"],),
            model=lambda row: (row["componentModel"],),
            name=lambda row: (row["name"],),
            key=lambda row: (row["workspaceKey"],),
        )
        self.components = Table[ComponentRow](
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
        self.references = Table[ReferenceRow](
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
        self.tags = Table[TagRow](
            "tags",
            "tag",
            self.journal,
            workspace=lambda row: (row["rootWorkspace"],),
            name=lambda row: (tag_key(row["rootWorkspace"], row["name"]),),
            component=lambda row: row["components"],
            reference=lambda row: row["references"],
        )
        self.attachments = Table[AttachmentRow](
            "attachments",
            "attachment",
            self.journal,
            resource=lambda row: ((row["resourceType"], row["resourceId"]),),
            filename=lambda row: (row["filename"],),
            folder=lambda row: (row["folder"],),
        )
        self.branches = Table[BranchRow](
            "branches", "branch", self.journal, workspace=lambda row: {row["origin"], row["workspace"]}
        )
        self.reports = Table[ReportRow]("reports", "report", self.journal, name=lambda row: (row["name"],))
        self.counters = Table[CounterRow]("counters", "counter", self.journal)
        self.tables: dict[str, Table[Any]] = {
            table.name: table for table in vars(self).values() if isinstance(table, Table)
        }

    def on_commit(self, listener: CommitListener) -> None:
        """Call a function with the changes of every successful transaction, before it is final."""
        self._listeners.append(listener)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Lock the tables, and undo all changes if the block raises an exception.

        A nested transaction undoes only its own changes.
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
        """Return the current time as it is stored."""
        return iso(self._clock())

    @contextmanager
    def acting_as(self, user_id: str) -> Iterator[None]:
        """Lock the tables, and let what the block creates and changes be by this user."""
        with self.lock:
            before, self._acting = self._acting, user_id
            try:
                yield
            finally:
                self._acting = before

    def user(self) -> UserRow:
        """Return the user who is acting; without one, the user that the token of the emulator belongs to."""
        return self.users[self._acting] if self._acting is not None else self.default_user()

    def default_user(self) -> UserRow:
        """Return the first user without a token, to whom the token of the emulator belongs."""
        return next(row for row in self.users.rows() if row.get("token") is None)

    def next_number(self, counter: str) -> int:
        """Return the next number of a counter, starting with 1."""
        row = self.counters.get(counter)
        value = 1 if row is None else row["value"] + 1
        self.counters.put({"_id": counter, "value": value})
        return value

    def new_id(self) -> str:
        """Return an unused id: 24 lower-case hex digits, counted up."""
        while True:
            candidate = f"5f00aa00bb00cc{self.next_number(_ID_COUNTER):010x}"
            taken = candidate in self.reserved_ids
            if not taken and not any(candidate in table for table in self.tables.values()):
                return candidate

    def new_row(self, attributes: Attributes, row_id: str | None = None) -> Attributes:
        """Return attributes with an id, version 1, and the current time and user as creator."""
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

    def insert(self, table: Table[R], attributes: Attributes, row_id: str | None = None) -> R:
        """Store a new row with these attributes."""
        return table.put(cast("R", self.new_row(attributes, row_id)))

    def update(self, table: Table[R], row: R, changes: Attributes) -> R:
        """Store the next version of a row."""
        changed = {
            **row,
            **changes,
            "_version": cast("EntityRow", row)["_version"] + 1,
            "lastUpdated": self.now(),
            "lastModifiedBy": self.user()["_id"],
        }
        return table.put(cast("R", changed))

    def require(self, table: Table[R], row_id: str) -> R:
        """Return the row that a path names, or raise NotFound."""
        row = table.get(row_id)
        if row is None:
            raise NotFound(self.describe_unknown_id(table, row_id))
        return row

    def resolve(self, table: Table[R], row_id: str, where: str) -> R:
        """Return the row that an attribute refers to, or raise Unprocessable with `where` in the message."""
        row = table.get(row_id)
        if row is None:
            raise Unprocessable(f"{where}: n{self.describe_unknown_id(table, row_id)[1:]}")
        return row

    def describe_unknown_id(self, table: Table[Any], row_id: str) -> str:
        """Return a sentence that no row of the table has the id, and which kind of entity has it instead."""
        sentence = f"No {table.kind} has the id {row_id}"
        for other in self.tables.values():
            if other is not table and other is not self.counters and row_id in other:
                article = "an" if other.kind == "attachment" else "a"
                return f"{sentence}: that is the id of {article} {other.kind}."
        return f"{sentence}."


def check_version(kind: str, row: EntityRow, expected: int | None) -> None:
    """Raise Conflict if the stored version is another one than expected; None accepts any version."""
    stored = row["_version"]
    if expected is not None and expected != stored:
        raise Conflict(
            f"{kind.capitalize()} {row['_id']} has version {stored}, the request has {expected}.",
            {"_version": stored},
        )


def tag_key(workspace_id: str, name: str) -> tuple[str, str]:
    """Return the part of a tag that is unique: its workspace and name."""
    return workspace_id, name.casefold() if assumptions.TAG_NAMES_IGNORE_CASE else name


def _custom_keys(row: ComponentRow | ReferenceRow) -> list[tuple[str, str, str]]:
    workspace = row["rootWorkspace"]
    return [(workspace, name, as_text(value)) for name, value in row["customFields"].items()]
