"""The writer that gathers: writes wait, and go to Ardoq many at a time."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

from ardoqpy._http.json import encode_json
from ardoqpy_sync.writing.operations import BATCH_ID, Operation
from ardoqpy_sync.writing.writers import Stored, imagined, revised

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.writing.operations import Outcome
    from ardoqpy_sync.writing.senders import Transactions
    from ardoqpy_sync.writing.unconfirmed import UnconfirmedWrites

__all__ = ["BatchWriter"]


class BatchWriter:
    """Answer what Ardoq would, keep what is to be written, and send it when told to.

    What is created has a batch id until then, which may be used as parent, source and target at once. An
    update of something that waits joins it. Deletes and other writes never wait together: whether Ardoq
    carries out a delete before a change that takes something out of its way is not known.
    """

    def __init__(self, transactions: Transactions) -> None:
        self.transactions = transactions
        self._numbers = itertools.count(1)
        self._size = 0
        self._touched: set[str] = set()
        self.waiting: dict[str, Operation] = {}
        self._sent: dict[str, Operation] = {}

    @property
    def doubts(self) -> UnconfirmedWrites:
        """Return the creates that got no answer."""
        return self.transactions.doubts

    @property
    def full(self) -> bool:
        """Tell whether a whole batch waits."""
        return len(self.waiting) >= self.transactions.operations or self._size >= self.transactions.size

    def create(self, kind: Kind, body: Entity, type_name: str | None, known: Container[str]) -> Stored:
        """Keep a create, and answer with the entity under a batch id."""
        batch_id = f"{BATCH_ID}{next(self._numbers)}"
        text = encode_json(body)
        attributes = json.loads(text)
        kind.collection.creation(attributes)  # what cannot be sent is refused now
        self._keep(Operation("create", kind, batch_id, attributes, known=known), len(text))
        self._touched.add(body["rootWorkspace"])
        return Stored(imagined(kind, attributes, batch_id, type_name))

    def update(self, kind: Kind, current: Entity, changed: Entity, type_name: str | None) -> Entity:
        """Keep a change, in the create or change of the same entity that waits already, if there is one."""
        text = encode_json(changed)
        attributes = json.loads(text)
        kind.collection.revision(current, attributes)
        operation = self.waiting.get(current["_id"])
        if operation is None:
            operation = Operation("update", kind, current["_id"], base=current)
        stored = revised(kind, current, attributes, type_name)
        operation.attributes |= attributes
        self._keep(operation, len(text))
        self._touched.update((current["rootWorkspace"], stored["rootWorkspace"]))
        return stored

    def delete(self, kind: Kind, entity: Entity, taken: Sequence[tuple[str, str, Entity]]) -> None:
        """Keep a delete; of what was never sent, forget the create instead."""
        if self.waits_unsent(taken):
            for _, _, one in taken:
                self._size -= self.waiting.pop(one["_id"]).size
            return
        self._keep(Operation("delete", kind, entity["_id"], base=entity, taken=taken), len(entity["_id"]))
        self._touched.update(ws_id for _, ws_id, _ in taken)

    def waits_unsent(self, taken: Sequence[tuple[str, str, Entity]]) -> bool:
        """Tell whether all of these are creates that were never sent."""
        operations = [self.waiting.get(one["_id"]) for _, _, one in taken]
        return all(operation is not None and operation.action == "create" for operation in operations)

    def in_the_way(self, *, deleting: bool) -> bool:
        """Tell whether something waits that has to be sent before a delete, or before another write."""
        first = next(iter(self.waiting.values()), None)
        return first is not None and (first.action == "delete") is not deleting

    def in_step(self, ws_id: str) -> bool:
        """Tell whether all that was written in a workspace is in Ardoq."""
        return ws_id not in self._touched

    def imagined(self, entity_id: str) -> bool:
        """Tell whether something about an entity waits, so that Ardoq does not have it as the cache does."""
        return entity_id in self.waiting

    def send(self) -> Iterator[Outcome]:
        """Send all that waits, and yield what became of each operation."""
        self._sent, self.waiting, self._size = self.waiting, {}, 0
        self._touched.clear()
        return self.transactions.carry_out(self._sent)

    def withdrawn(self) -> tuple[list[Operation], list[Operation]]:
        """Return what waits, which is not sent any more, and what was sent last."""
        waiting, self.waiting, self._size = self.waiting, {}, 0
        sent, self._sent = self._sent, {}
        return list(waiting.values()), list(sent.values())

    def _keep(self, operation: Operation, size: int) -> None:
        self.waiting[operation.id] = operation
        operation.size += size
        self._size += size
