"""
Operations sent as transactions: as many at once as Ardoq takes, and what it refuses found by halving.

A batch is carried out whole or not at all. So where one is refused, the guilty operations are in it and
all others are not to blame: halves are sent until each guilty one stands alone, about log2 requests for
each of them. And where no answer came, one look at what a single operation would have left tells of all.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ardoqpy.batch_result import BatchResult
from ardoqpy.errors import (
    AmbiguousWrite,
    ArdoqClientException,
    AuthorizationError,
    BadRequest,
    Conflict,
    InvalidInput,
    NotFoundError,
    UnexpectedAnswer,
)
from ardoqpy_sync.changes import differences
from ardoqpy_sync.operations import BATCH_ID, Operation, Outcome, in_order, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ardoqpy.dialect import Dialect, Entity
    from ardoqpy_sync.kinds import Kind

__all__ = ["BYTES", "OPERATIONS", "Transactions"]

logger = logging.getLogger(__name__)

#: How many operations, and bytes of JSON, one batch holds at most. Ardoq publishes no limit of its own.
OPERATIONS = 500
BYTES = 1_000_000
#: How often a batch whose outcome is unknown, and that left nothing behind, is sent again.
RESENDINGS = 3
_TOO_LARGE = 413
_FORBIDDEN = 403
#: From so many operations on, whole workspaces are read to see what became of them.
_MANY = 20


class Transactions:
    """
    Carry operations out in transactions.

    - `operations`, `size`: how many operations, and bytes, one holds at most. Both shrink for good where
      Ardoq answers that one was too large.
    - `real`: the real ids by batch id, of all that was ever created.
    """

    def __init__(self, api: Dialect, operations: int = OPERATIONS, size: int = BYTES) -> None:
        api.batches.transaction()  # a version without transactions says so now
        self._api = api
        self.operations = operations
        self.size = size
        self.real: dict[str, str] = {}

    def carry_out(self, waiting: Mapping[str, Operation]) -> Iterator[Outcome]:
        """
        Yield the outcome of each operation; what an operation refers to comes before it.

        Where Ardoq cannot be reached, or takes the token no more, all that is left has that problem.
        """
        left = in_order(waiting)
        failed: dict[str, ArdoqClientException] = {}
        while left:
            portion = self._portion(left)
            left = left[len(portion) :]
            for outcome in self._settle(portion, failed):
                yield outcome
                if outcome.problem is not None and not _is_refusal(outcome.problem):
                    yield from (Outcome(operation, problem=outcome.problem) for operation in left)
                    left = []

    def _portion(self, operations: Sequence[Operation]) -> list[Operation]:
        """
        Return so many of the first operations as one transaction holds, at least one.
        """
        taken, size = 0, 0
        for operation in operations[: self.operations]:
            size += operation.size
            if taken and size > self.size:
                break
            taken += 1
        return list(operations[:taken])

    def _settle(
        self,
        operations: Sequence[Operation],
        failed: dict[str, ArdoqClientException],
        *,
        guilty: bool = False,
    ) -> list[Outcome]:
        """
        Return the outcomes of operations; `guilty` where it is known that they are refused together.
        """
        left, outcomes = [], []
        for one in operations:
            cause = next((failed[end] for end in one.ends() if end in failed), None)
            if cause is None:
                left.append(one)
                continue
            problem = InvalidInput(f"What {one.kind.argument} refers to could not be written itself: {cause}")
            _note_failure(one, problem, failed)
            outcomes.append(Outcome(one, problem=problem))
        refused = guilty and not outcomes
        too_large = len(left) > self.operations
        if not left:
            return outcomes
        if not too_large and (not refused or len(left) == 1):
            try:
                return outcomes + self._sent(left)
            except ArdoqClientException as problem:
                refused = problem.status != _TOO_LARGE
                if len(left) == 1 or (refused and not _is_refusal(problem)):
                    for one in left:
                        _note_failure(one, problem, failed)
                    return outcomes + [Outcome(one, problem=problem) for one in left]
                if not refused:
                    self._shrink(left)
        middle = len(left) // 2
        first = self._settle(left[:middle], failed)
        innocent = all(outcome.problem is None for outcome in first)
        return outcomes + first + self._settle(left[middle:], failed, guilty=refused and innocent)

    def _shrink(self, operations: Sequence[Operation]) -> None:
        self.operations = max(1, min(self.operations, len(operations)) // 2)
        # A little more than half: rows differ in size, and half of them should fit.
        self.size = max(1, min(self.size, sum(one.size for one in operations)) * 5 // 8)
        logger.info("Ardoq found a batch too large: from now on %d operations at most", self.operations)

    # -- one transaction -----------------------------------------------------------------------------------

    def _sent(self, operations: Sequence[Operation]) -> list[Outcome]:
        """
        Send one transaction; where no answer came, look whether it was carried out before sending it again.
        """
        body = self._body(operations)
        for _ in range(RESENDINGS):
            try:
                return self._read(operations, BatchResult.of(self._api.batches.send(body), body))
            except (AmbiguousWrite, UnexpectedAnswer):
                left_behind = self._left_behind(operations)
            if left_behind:
                missing = [one for one in operations if one.id not in left_behind]
                # One transaction leaves all or nothing: what is missing now, somebody else has changed since.
                return list(left_behind.values()) + (self._sent(missing) if missing else [])
        return self._read(operations, BatchResult.of(self._api.batches.send(body), body))

    def _body(self, operations: Sequence[Operation]) -> Entity:
        body = self._api.batches.transaction()
        for one in operations:
            collection, attributes = one.kind.collection, resolved(one.attributes, self.real)
            if one.base is None:
                item: Entity = {"batchId": one.id, "body": collection.creation(attributes)}
            elif one.action == "delete":
                item = {"id": one.id}
            else:
                changes = collection.revision(one.base, attributes)
                item = {"id": one.id, "ifVersionMatch": one.base["_version"], "body": changes}
            body[f"{one.kind.name}s"][one.action].append(item)
        return body

    def _read(self, operations: Sequence[Operation], result: BatchResult) -> list[Outcome]:
        outcomes = []
        for one in operations:
            results = result.components if one.kind.name == "component" else result.references
            if one.action == "delete":
                outcomes.append(Outcome(one))
                continue
            real = results.created.get(one.id, "") if one.action == "create" else one.id
            stored = results.entities.get(real)
            if stored is None:
                raise UnexpectedAnswer(
                    f"The batch was carried out, but its answer does not tell of {one.action} {one.id}: look "
                    "in Ardoq for what is stored."
                )
            self._note(one, stored)
            outcomes.append(Outcome(one, stored))
        return outcomes

    def _note(self, operation: Operation, stored: Entity) -> None:
        if operation.action == "create":
            self.real[operation.id] = stored["_id"]

    # -- what a transaction without an answer has left behind ------------------------------------------------

    def _left_behind(self, operations: Sequence[Operation]) -> dict[str, Outcome]:
        """
        Return the outcomes of those operations that are found to be carried out; mostly all, or none.
        """
        found: dict[str, Outcome] = {}
        look = _Look(self.real, many=len(operations) > _MANY)
        for one in operations:
            outcome = look.at(one)
            if outcome is not None:
                found[one.id] = outcome
                if outcome.stored is not None:
                    self._note(one, outcome.stored)
            elif not found:
                return {}  # the first tells of all
        return found


class _Look:
    """
    Look at what operations have left in Ardoq; where there are many, through lists of whole workspaces.
    """

    def __init__(self, real: Mapping[str, str], *, many: bool) -> None:
        self._real = real
        self._many = many
        self._listed: dict[tuple[str, str], dict[Any, list[Entity]]] = {}
        self._taken: set[str] = set()

    def at(self, operation: Operation) -> Outcome | None:
        """
        Return the outcome of an operation that was carried out, None where it was not.
        """
        if operation.action == "create":
            return self._created(operation)
        try:
            stored = operation.kind.collection.read(operation.id)
        except NotFoundError:
            return Outcome(operation) if operation.action == "delete" else None
        if operation.action == "delete":
            return None
        wanted = resolved(operation.attributes, self._real)
        left = differences(wanted, operation.kind.collection.flat(stored), operation.kind.ignored)
        return None if left else Outcome(operation, stored)

    def _created(self, operation: Operation) -> Outcome | None:
        kind, wanted = operation.kind, resolved(operation.attributes, self._real)
        twins = [
            twin
            for twin in self._twins(kind, wanted)
            if twin["_id"] not in operation.known and twin["_id"] not in self._taken
        ]
        if not twins:
            return None
        flat = kind.collection.flat
        twin = min(twins, key=lambda one: len(differences(wanted, flat(one), kind.ignored)))
        self._taken.add(twin["_id"])
        return Outcome(operation, twin, adopted=True)

    def _twins(self, kind: Kind, wanted: Entity) -> list[Entity]:
        if any(end in wanted and not _is_id(wanted[end]) for end in ("source", "target")):
            return []
        if not self._many:
            return kind.collection.twins(wanted)
        place = kind.name, wanted["rootWorkspace"]
        if place not in self._listed:
            listed = self._listed[place] = {}
            for entity in kind.collection.in_workspace(wanted["rootWorkspace"]):
                listed.setdefault(_key(kind, entity), []).append(entity)
        return self._listed[place].get(_key(kind, wanted), [])


def _note_failure(
    operation: Operation, problem: ArdoqClientException, failed: dict[str, ArdoqClientException]
) -> None:
    if operation.action == "create":  # what was there before can be referred to as ever
        failed[operation.id] = problem


def _key(kind: Kind, attributes: Entity) -> tuple[Any, ...]:
    names = ("typeId", "name") if kind.name == "component" else ("source", "target", "type")
    return tuple(attributes.get(name) for name in names)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and not value.startswith(BATCH_ID)


def _is_refusal(problem: ArdoqClientException) -> bool:
    """
    Tell whether an operation is to blame: a problem of another kind would meet the next one as well.
    """
    refusals = (BadRequest, Conflict, NotFoundError, InvalidInput)
    forbidden = isinstance(problem, AuthorizationError) and problem.status == _FORBIDDEN
    return isinstance(problem, refusals) or forbidden or problem.status == _TOO_LARGE
