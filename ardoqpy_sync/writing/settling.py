"""Settle the writes that an earlier run left open: killed, cut off, or without an answer.

What Ardoq holds shows which of them were carried out. A create stays unknown if somebody else may have made
what Ardoq holds: it is not owned, and no run takes it back.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from ardoqpy.errors import (
    ArdoqClientException,
    NotFoundError,
    RateLimited,
    ServiceUnavailable,
    UnexpectedAnswer,
)
from ardoqpy_sync.compare.diff import CREATE, DELETE, comparison_key, differences
from ardoqpy_sync.ledger.records import PARENT, REDACTED
from ardoqpy_sync.writing.operations import with_real_ids
from ardoqpy_sync.writing.unconfirmed import has_same, match_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ardoqpy.entities import Attributes, Entity
    from ardoqpy_sync.compare.cache import EntityIndex
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.ledger.records import Write, WriteState
    from ardoqpy_sync.ledger.rows import ClosedRow, EntityRow, OwnedRow, SentRow
    from ardoqpy_sync.writing.journal import Journal

    IndexOf = Callable[[Kind, str], EntityIndex]

#: Attributes that many have alike.
_SHARED_BY_MANY = frozenset({"typeId", "type", "rootWorkspace", "targetWorkspace", "parent"})
#: The version of what has just been created.
_FIRST_VERSION = 1


def settle_open_writes(journal: Journal, kinds: Mapping[str, Kind], index_of: IndexOf) -> None:
    """Find out what became of open writes, and own what they created.

    - `kinds`: by name; `index_of`: gives all entities of a kind in a workspace, as Ardoq holds them.

    A preview knows it from then on, too, but leaves the ledger as it is.
    """
    if journal.ledger is None or not journal.has_open_writes:
        return
    journal.has_open_writes = False  # the index loads workspaces, which calls this
    for run, writes in groupby(journal.ledger.open_writes(), key=itemgetter(0)):
        _Settling(journal, kinds, index_of, run).settle([write for _, write in writes])


class _Settling:
    """The open writes of one run."""

    def __init__(self, journal: Journal, kinds: Mapping[str, Kind], index_of: IndexOf, run: int) -> None:
        self._journal = journal
        self._kinds = kinds
        self._index_of = index_of
        self._run = run
        self._is_undo = journal.ledger is not None and run in journal.ledger.undos()
        #: By the ids of pending writes, the real ids of what they created.
        self._real: dict[str, str] = {}
        self._taken: set[str] = set()
        self._deleted: list[EntityRow] = []

    def settle(self, writes: Iterable[Write]) -> None:
        closed: list[ClosedRow] = []
        sent: list[SentRow] = []
        owned: list[OwnedRow] = []
        for write in writes:
            kind = self._kinds[write.kind]
            values = with_real_ids(write.sent, self._real)
            try:
                state, entity = self._find(kind, write, values)
            except (ServiceUnavailable, RateLimited, UnexpectedAnswer):
                continue  # it stays open, and a later run finds out
            entity_id, version = write.entity_id, None
            if entity is not None:
                entity_id, version = entity["_id"], _version_after(write)
            closed.append(
                {"number": write.number, "state": state, "entity_id": entity_id, "version": version}
            )
            if state == "done" and entity is not None:
                if values is not write.sent:
                    sent.append({"number": write.number, "sent": self._journal.encode(values)})
                row = self._owned_row(kind, write, entity, values)
                owned += [] if row is None else [row]
        self._journal.settled(self._run, closed, sent, owned, self._deleted)

    def _find(self, kind: Kind, write: Write, values: Attributes) -> tuple[WriteState, Entity | None]:
        """Return what became of a write, and the entity as Ardoq holds it now."""
        try:
            if write.action == CREATE:
                return self._find_created(kind, write, values)
            entity = self._entity(kind, write)
        except (ServiceUnavailable, RateLimited, UnexpectedAnswer):
            raise
        except ArdoqClientException:  # it cannot be read, or its workspace is gone
            return "unknown", None
        if write.action == DELETE:
            if entity is None:
                self._deleted.append({"kind": kind.name, "entity_id": write.entity_id})
                return "done", None
            return "failed", None
        if entity is None:
            return "unknown", None
        version = (write.before or {}).get("_version")
        if not differences(_not_redacted(values), kind.collection.flatten(entity), kind.ignored):
            return "done", entity
        # Somebody else has changed it since, or in its place: what was written is not known.
        return ("failed" if entity.get("_version") == version else "unknown"), None

    def _entity(self, kind: Kind, write: Write) -> Entity | None:
        index = self._index_of(kind, write.workspace)
        entity = index.by_id.get(write.entity_id)
        if entity is None:  # perhaps in another workspace by now
            try:
                entity = kind.collection.read(write.entity_id)
            except NotFoundError:
                return None
        return entity

    def _find_created(self, kind: Kind, write: Write, values: Attributes) -> tuple[WriteState, Entity | None]:
        index = self._index_of(kind, write.workspace)
        field = write.owner and write.owner.field
        matches = [
            entity
            for entity in index.matches(match_key(kind, values))
            if self._is_free(kind, entity) and has_same(kind, values, field, entity)
        ]
        own = [entity for entity in matches if self._may_be_own(kind, entity, values)]
        if len(own) == 1:
            self._taken.add(own[0]["_id"])
            self._real[write.entity_id] = own[0]["_id"]
            return "done", own[0]
        if matches or self._may_be_renamed(kind, index, values, field):
            return "unknown", None
        return "failed", None

    def _is_free(self, kind: Kind, entity: Entity) -> bool:
        """Return whether an entity is neither owned, nor known to be what another write has created."""
        return (kind.name, entity["_id"]) not in self._journal.owned and entity["_id"] not in self._taken

    def _may_be_own(self, kind: Kind, entity: Entity, values: Attributes) -> bool:
        """Return whether what matches may be what this job created, and nobody has edited it since."""
        user = kind.collection.last_change(entity).user
        own = None if self._journal.ledger is None else self._journal.ledger.facts.get("user")
        is_as_sent = not differences(_not_redacted(values), kind.collection.flatten(entity), kind.ignored)
        return entity.get("_version") == _FIRST_VERSION and is_as_sent and own in (None, user)

    def _may_be_renamed(self, kind: Kind, index: EntityIndex, values: Attributes, field: str | None) -> bool:
        """Return whether there is what this job may have created, and somebody has renamed since."""
        known = {name: value for name, value in _not_redacted(values).items() if name != "name"}
        if field is not None and field != PARENT and field in known:
            known, distinguishing = {field: known[field]}, field
        else:
            named = (name for name in known if name not in _SHARED_BY_MANY and known[name] is not None)
            distinguishing = next(named, "")
        if not distinguishing:
            return False
        flat = kind.collection.flatten
        return any(
            entity.get("_version") != _FIRST_VERSION
            and self._is_free(kind, entity)
            and not differences(known, flat(entity), kind.ignored)
            for entity in index.find(
                distinguishing,
                comparison_key(known[distinguishing]),
                lambda entity: comparison_key(flat(entity).get(distinguishing)),
            )
        )

    def _owned_row(self, kind: Kind, write: Write, entity: Entity, values: Attributes) -> OwnedRow | None:
        """Return the record of what an update or a mark has written; creates are owned without."""
        owned = self._journal.owned
        if self._is_undo:
            return None  # when it is gone on with, the ledger has again what it had before the undone run
        if write.purpose == "mark" and write.before is not None:
            return owned.marked_row(kind, write.before, values)
        if write.owner is None or write.action == DELETE:
            return None
        if write.action == CREATE:
            owned.add_created(kind.name, entity, "")
            return owned.updated_row(kind.name, write.owner, entity, values)
        return owned.updated_row(kind.name, write.owner, entity, values)


def _not_redacted(values: Attributes) -> Attributes:
    return {name: value for name, value in values.items() if value != REDACTED}


def _version_after(write: Write) -> int | None:
    """Return the version that a write left, None if it is not known. After an edit Ardoq holds another."""
    if write.before is None:
        return _FIRST_VERSION
    version: int | None = write.before.get("_version")
    return None if version is None else version + 1
