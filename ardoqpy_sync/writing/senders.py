"""Operations sent as transactions: as many at once as Ardoq takes, and what it refuses found by halving.

A batch is carried out whole or not at all. So where one is refused, the guilty operations are in it and
all others are not to blame: halves are sent until each guilty one stands alone, about log2 requests for
each of them. And where no answer came, one look at what a single operation would have left tells of all.
"""

from __future__ import annotations

import itertools
import logging
import time
from typing import TYPE_CHECKING

from ardoqpy._http.retry import Retries
from ardoqpy.batch import BatchResult
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
from ardoqpy_sync.compare.diff import differences
from ardoqpy_sync.writing.operations import Operation, Outcome, in_order, resolved
from ardoqpy_sync.writing.unconfirmed import MANY, Twins, UnconfirmedWrites

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.entities import Entity

__all__ = ["BYTES", "OPERATIONS", "Transactions"]

logger = logging.getLogger(__name__)

#: How many operations, and bytes of JSON, one batch holds at most. Ardoq publishes no limit of its own.
OPERATIONS = 500
BYTES = 1_000_000
#: How many operations of a batch are looked for before it counts as not carried out. One would do, if nobody
#: else could have renamed or deleted it meanwhile.
_PROBES = 3
_TOO_LARGE = 413
_FORBIDDEN = 403


class Transactions:
    """Carry operations out in transactions.

    - `operations`, `size`: how many operations, and bytes, one holds at most. Both shrink for good where
      Ardoq answers that one was too large.
    - `retries`: how often, and after what pauses, one that got no answer and left nothing is sent again.
    - `real`: the real ids by batch id, of all that was ever created.
    - `doubts`: the creates of which nobody knows what became of them.
    """

    def __init__(
        self,
        api: Dialect,
        operations: int = OPERATIONS,
        size: int = BYTES,
        retries: Retries | None = None,
    ) -> None:
        api.batches.transaction()  # a version without transactions says so now
        self._api = api
        self.operations = operations
        self.size = size
        self.real: dict[str, str] = {}
        self.doubts = UnconfirmedWrites()
        self._retries = retries or Retries()
        self._adopted: set[str] = set()

    def carry_out(self, waiting: Mapping[str, Operation]) -> Iterator[Outcome]:
        """Yield the outcome of each operation; what an operation refers to comes before it.

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
        """Return so many of the first operations as one transaction holds, at least one."""
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
        """Return the outcomes of operations; `guilty` where it is known that they are refused together."""
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
        """Send one transaction; where no answer came, look whether it was carried out before sending it
        again.
        """
        doubtful = [one for one in operations if self._is_doubtful(one)]
        left_behind = self._looked_for(doubtful, len(doubtful)) if doubtful else {}
        body, unanswered = self._body(operations), None
        for sending in itertools.count():
            if left_behind:
                missing = [one for one in operations if one.id not in left_behind]
                # One transaction leaves all or nothing: what is missing now, somebody else has changed since,
                # or it is of another batch than what was in doubt.
                self._settled(left_behind.values(), resent=sending > 1)
                return list(left_behind.values()) + (self._sent(missing) if missing else [])
            try:
                outcomes = self._read(operations, BatchResult.of(self._api.batches.send(body), body))
            except (AmbiguousWrite, UnexpectedAnswer) as problem:
                unanswered = problem
                self._doubt(operations)
            except ArdoqClientException:
                if unanswered is None:
                    raise
                # Ardoq may refuse what an earlier sending, late, has done already.
                left_behind = self._found(operations, unanswered)
                if not left_behind:
                    raise
                continue
            else:
                self._settled(outcomes, resent=sending > 0)
                return outcomes
            left_behind = self._found(operations, unanswered)
            if not left_behind:
                if sending >= self._retries.count:
                    raise unanswered
                time.sleep(self._retries.pause(sending))
                left_behind = self._found(operations, unanswered)
        raise AssertionError  # pragma: no cover  (the loop above ends by itself)

    def _found(self, operations: Sequence[Operation], unanswered: ArdoqClientException) -> dict[str, Outcome]:
        """Look what a transaction has left behind; where that cannot be told, raise what made it unknown."""
        try:
            return self._looked_for(operations, _PROBES)
        except ArdoqClientException as problem:
            raise unanswered from problem

    def _is_doubtful(self, one: Operation) -> bool:
        if one.action != "create":
            return False
        wanted = resolved(one.attributes, self.real)
        # What refers to something that turned up may have come with it.
        return self.doubts.about(one.kind, wanted) or any(
            wanted.get(end) in self._adopted for end in ("source", "target")
        )

    def _doubt(self, operations: Sequence[Operation]) -> None:
        for one in operations:
            if one.action == "create":
                self.doubts.add(one.kind, resolved(one.attributes, self.real))

    def _settled(self, outcomes: Iterable[Outcome], *, resent: bool) -> None:
        for one in outcomes:
            if one.operation.action == "create":
                for known in (one.operation.attributes, resolved(one.operation.attributes, self.real)):
                    self.doubts.settle(one.operation.kind, known, resent=resent)
                if one.adopted and one.stored is not None:
                    self._adopted.add(one.stored["_id"])

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

    def _looked_for(self, operations: Sequence[Operation], probes: int) -> dict[str, Outcome]:
        """Return the outcomes of those operations that are found to be carried out; mostly all, or none.

        Nothing among the first `probes` of them tells that there is none.
        """
        found: dict[str, Outcome] = {}
        look = _Look(self.real, many=len(operations) > MANY)
        for place, one in enumerate(operations, 1):
            outcome = look.at(one)
            if outcome is not None:
                found[one.id] = outcome
                if outcome.stored is not None:
                    self._note(one, outcome.stored)
            elif not found and place >= probes:
                return {}
        return found


class _Look:
    """Look at what operations have left in Ardoq."""

    def __init__(self, real: Mapping[str, str], *, many: bool) -> None:
        self._real = real
        self._twins = Twins(many=many)
        self._taken: set[str] = set()

    def at(self, operation: Operation) -> Outcome | None:
        """Return the outcome of an operation that was carried out, None where it was not."""
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
            for twin in self._twins.of(kind, wanted)
            if twin["_id"] not in operation.known and twin["_id"] not in self._taken
        ]
        if not twins:
            return None
        flat = kind.collection.flat
        twin = min(twins, key=lambda one: len(differences(wanted, flat(one), kind.ignored)))
        self._taken.add(twin["_id"])
        return Outcome(operation, twin, adopted=True)


def _note_failure(
    operation: Operation, problem: ArdoqClientException, failed: dict[str, ArdoqClientException]
) -> None:
    if operation.action == "create":  # what was there before can be referred to as ever
        failed[operation.id] = problem


def _is_refusal(problem: ArdoqClientException) -> bool:
    """Tell whether an operation is to blame: a problem of another kind would meet the next one as well."""
    refusals = (BadRequest, Conflict, NotFoundError, InvalidInput)
    forbidden = isinstance(problem, AuthorizationError) and problem.status == _FORBIDDEN
    return isinstance(problem, refusals) or forbidden or problem.status == _TOO_LARGE
