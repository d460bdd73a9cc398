"""Who sends pending writes: single requests, transactions of many operations, or nobody (a preview).

What got no answer is looked for in Ardoq before it is sent again. A transaction is carried out whole or not
at all. So if one is refused, halves are sent until each operation at fault stands alone, about log2 requests
for each of them. And if one got no answer, a look at a few of its operations is enough for all of them.
"""

from __future__ import annotations

import itertools
import logging
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ardoqpy._http.json import EncodedJson, encode_json, join_json
from ardoqpy.api.protocols import checked_entities
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
from ardoqpy_sync.writing.operations import (
    BATCH_ID,
    Operation,
    Outcome,
    in_order,
    not_stored,
    with_real_ids,
)
from ardoqpy_sync.writing.unconfirmed import MANY, ExistingMatches, UnconfirmedWrites

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ardoqpy._http.retry import Retries
    from ardoqpy.api.protocols import Dialect
    from ardoqpy.batch import Results
    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.entity_kinds import Kind

logger = logging.getLogger(__name__)

#: How many operations, and bytes of JSON, one batch holds at most. Ardoq publishes no limit.
OPERATIONS = 500
BYTES = 1_000_000
#: How many entities are checked with one reading of their workspaces, and then deleted in a few batches.
CHECKED_TOGETHER = 2_000
#: How many operations of a batch are looked for before it counts as not carried out. One would do, if nobody
#: else could have renamed or deleted it in the meantime.
_PROBES = 3
_TOO_LARGE = 413
_FORBIDDEN = 403


class Sender(ABC):
    """Send pending writes, and yield the outcome of each.

    - `operations`, `size`: how many operations, and bytes of JSON, are sent at once.
    - `checked_together`: how many entities may be read, to check them, before they are deleted.
    - `stores`: whether what is sent is in Ardoq afterwards; False for a preview.
    - `id_prefix`: what the ids begin with that new entities have until they are stored.
    - `real`: the real ids by those ids, of all that was ever created.
    - `unconfirmed`: the creates that got no answer.
    - `before_request`: called before each request that writes; an error that it raises is that of the write.
    """

    operations = 1
    size = BYTES
    checked_together = 1
    stores = True
    id_prefix = BATCH_ID

    def __init__(self) -> None:
        """Start with nothing created."""
        self.real: dict[str, str] = {}
        self.unconfirmed = UnconfirmedWrites()
        self.before_request: Callable[[], None] = lambda: None

    @abstractmethod
    def send(self, operations: Mapping[str, Operation]) -> Iterator[Outcome]:
        """Yield the outcome of each operation, given by id; what an operation refers to comes before it."""


class NoRequests(Sender):
    """The sender of a preview: send nothing, and answer what Ardoq is expected to store."""

    stores = False
    checked_together = CHECKED_TOGETHER

    def __init__(self, id_prefix: str = "simulated-") -> None:
        """Give new entities ids with this prefix."""
        super().__init__()
        self.id_prefix = id_prefix

    def send(self, operations: Mapping[str, Operation]) -> Iterator[Outcome]:
        """Yield for each operation what Ardoq is expected to store."""
        for operation in list(operations.values()):
            yield Outcome(operation, operation.expected)


class _Network(Sender):
    """Send requests; one that got no answer is looked for before it is sent again.

    `retries` says how often, and after what pauses, what got no answer and left nothing is sent again.
    """

    def __init__(self, api: Dialect) -> None:
        super().__init__()
        self._api = api
        self._retries: Retries = api.transport.retries
        self._adopted: set[str] = set()

    @abstractmethod
    def _request(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Send operations in one request, and return their outcomes."""

    def _confirmed(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Send operations in one request until it is known whether they were carried out."""
        suspects = self._suspects(operations)
        carried_out = self._look_for(suspects, len(suspects)) if suspects else {}
        unanswered = None
        for sending in itertools.count():
            if carried_out:
                # One request leaves all or nothing: what is missing now, somebody else has changed since, or
                # it was part of another request than the unconfirmed one.
                missing = [operation for operation in operations if operation.id not in carried_out]
                self._settle_unconfirmed(carried_out.values(), resent=sending > 1)
                return [*carried_out.values(), *(self._confirmed(missing) if missing else [])]
            try:
                outcomes = self._request(operations)
            except (AmbiguousWrite, UnexpectedAnswer) as problem:
                unanswered = problem
                self._add_unconfirmed(operations)
            except ArdoqClientException:
                if unanswered is None:
                    raise
                # Ardoq may refuse what an earlier sending, late, has done already.
                carried_out = self._look_again(operations, unanswered)
                if not carried_out:
                    raise
                continue
            else:
                self._settle_unconfirmed(outcomes, resent=sending > 0)
                return outcomes
            carried_out = self._look_again(operations, unanswered)
            if not carried_out:
                if sending >= self._retries.count:
                    raise unanswered
                time.sleep(self._retries.pause(sending))
                carried_out = self._look_again(operations, unanswered)
        raise AssertionError  # pragma: no cover  (the loop above does not end)

    def _note_created(self, operation: Operation, stored: Entity) -> None:
        if operation.action == "create":
            self.real[operation.id] = stored["_id"]

    # -- creates that got no answer -------------------------------------------------------------------------

    def _suspects(self, operations: Sequence[Operation]) -> list[Operation]:
        if not self.unconfirmed and not self._adopted:
            return []
        return [operation for operation in operations if self._may_be_stored(operation)]

    def _may_be_stored(self, operation: Operation) -> bool:
        """Return whether an earlier request without an answer may have carried out an operation."""
        if operation.action != "create":
            return False
        wanted = with_real_ids(operation.attributes, self.real)
        # What refers to an adopted entity may have been stored with it.
        return self.unconfirmed.has(operation.kind, wanted, operation.field) or any(
            wanted.get(end) in self._adopted for end in ("source", "target")
        )

    def _add_unconfirmed(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            if operation.action == "create":
                wanted = with_real_ids(operation.attributes, self.real)
                self.unconfirmed.add(operation.kind, wanted, operation.field)

    def _settle_unconfirmed(self, outcomes: Iterable[Outcome], *, resent: bool) -> None:
        if not self.unconfirmed and not any(outcome.adopted for outcome in outcomes):
            return
        for operation, stored, _, adopted in outcomes:
            if operation.action == "create":
                for known in (operation.attributes, with_real_ids(operation.attributes, self.real)):
                    self.unconfirmed.settle(operation.kind, known, operation.field, resent=resent)
                if adopted and stored is not None:
                    self._adopted.add(stored["_id"])

    def _look_again(
        self, operations: Sequence[Operation], unanswered: ArdoqClientException
    ) -> dict[str, Outcome]:
        """Look what a request has left in Ardoq; if that fails, raise why it is not known."""
        try:
            return self._look_for(operations, _PROBES)
        except ArdoqClientException as problem:
            raise unanswered from problem

    def _look_for(self, operations: Sequence[Operation], probes: int) -> dict[str, Outcome]:
        """Return the outcomes of the operations that were carried out; mostly all, or none.

        If none of the first `probes` was, none is looked for after them.
        """
        outcomes: dict[str, Outcome] = {}
        look = _Look(self.real, many=len(operations) > MANY)
        for number, operation in enumerate(operations, 1):
            outcome = look.at(operation)
            if outcome is not None:
                outcomes[operation.id] = outcome
                if outcome.stored is not None:
                    self._note_created(operation, outcome.stored)
            elif not outcomes and number >= probes:
                return {}
        return outcomes

    def _send_alone(self, operation: Operation) -> list[Outcome]:
        """Send an operation in a request that is no transaction."""
        collection, base = operation.kind.collection, operation.base
        if base is None:
            stored = _whole(operation, collection.create(with_real_ids(operation.body, self.real)))
            self._note_created(operation, stored)
            return [Outcome(operation, stored)]
        if operation.action == "delete":
            collection.delete(operation.id)
            return [Outcome(operation)]
        try:
            changed = with_real_ids(operation.attributes, self.real)
            return [Outcome(operation, _whole(operation, collection.apply_changes(base, changed)))]
        except Conflict as refused:
            # It may have been refused because an earlier sending, without an answer, has done it.
            if refused.uncertain:
                stored = collection.read(operation.id)
                if stored["_version"] == base["_version"] + 1 and not not_stored(
                    operation, stored, self.real
                ):
                    return [Outcome(operation, stored)]
            raise


class SingleRequests(_Network):
    """Send each operation in a separate request."""

    def send(self, operations: Mapping[str, Operation]) -> Iterator[Outcome]:
        """Yield the outcome of each operation."""
        for operation in in_order(operations):
            try:
                # Updates and deletes may be repeated: the transport has done that already.
                send = self._confirmed if operation.action == "create" else self._request
                yield from send([operation])
            except ArdoqClientException as problem:
                yield Outcome(operation, problem=problem)

    def _request(self, operations: Sequence[Operation]) -> list[Outcome]:
        self.before_request()
        return self._send_alone(*operations)


class Transactions(_Network):
    """Send operations in transactions.

    `operations` and `size` shrink for good if Ardoq answers that a transaction was too large.
    """

    checked_together = CHECKED_TOGETHER

    def __init__(self, api: Dialect, operations: int = OPERATIONS) -> None:
        """Send at most so many operations in one transaction."""
        api.batches.transaction()  # a version without transactions raises now
        super().__init__(api)
        self.operations = operations

    def send(self, operations: Mapping[str, Operation]) -> Iterator[Outcome]:
        """Yield the outcome of each operation; what an operation refers to comes before it.

        If Ardoq cannot be reached, or does not accept the token, all that is left has that problem.
        """
        left = in_order(operations)
        failed: dict[str, ArdoqClientException] = {}
        while left:
            portion = self._portion(left)
            left = left[len(portion) :]
            for outcome in self._outcomes(portion, failed):
                yield outcome
                if outcome.problem is not None and not _is_refusal(outcome.problem):
                    yield from (Outcome(operation, problem=outcome.problem) for operation in left)
                    left = []

    def _portion(self, operations: Sequence[Operation]) -> list[Operation]:
        """Return the first operations, as many as one transaction holds, at least one."""
        count, size = 0, 0
        if operations[0].is_sent_alone:
            return [operations[0]]
        for operation in operations[: self.operations]:
            size += operation.size
            if (count and size > self.size) or operation.is_sent_alone:
                break
            count += 1
        return list(operations[:count])

    def _outcomes(
        self,
        operations: Sequence[Operation],
        failed: dict[str, ArdoqClientException],
        *,
        known_refused: bool = False,
    ) -> list[Outcome]:
        """Return the outcomes of operations; `known_refused` if they are known to be refused together."""
        left, outcomes = [] if failed else list(operations), []
        for operation in operations if failed else ():
            cause = next((failed[end] for end in operation.ends() if end in failed), None)
            if cause is None:
                left.append(operation)
                continue
            if operation.action == "delete":
                text = "It is kept, because something that belongs to it could not be deleted"
            else:
                text = f"What {operation.kind.argument} refers to could not be written itself"
            problem = InvalidInput(f"{text}: {cause}")
            _note_failure(operation, problem, failed)
            outcomes.append(Outcome(operation, problem=problem))
        refused = known_refused and not outcomes
        too_large = len(left) > self.operations
        if not left:
            return outcomes
        if not too_large and (not refused or len(left) == 1):
            try:
                return outcomes + self._confirmed(left)
            except ArdoqClientException as problem:
                refused = problem.status != _TOO_LARGE
                if len(left) == 1 or (refused and not _is_refusal(problem)):
                    for operation in left:
                        _note_failure(operation, problem, failed)
                    return outcomes + [Outcome(operation, problem=problem) for operation in left]
                if not refused:
                    self._shrink(left)
        middle = len(left) // 2
        first = self._outcomes(left[:middle], failed)
        first_succeeded = all(outcome.problem is None for outcome in first)
        second = self._outcomes(left[middle:], failed, known_refused=refused and first_succeeded)
        return outcomes + first + second

    def _shrink(self, operations: Sequence[Operation]) -> None:
        self.operations = max(1, min(self.operations, len(operations)) // 2)
        # A little more than half: rows differ in size, and half of them should fit.
        self.size = max(1, min(self.size, sum(operation.size for operation in operations)) * 5 // 8)
        logger.info("Ardoq found a batch too large: from now on %d operations at most", self.operations)

    def _request(self, operations: Sequence[Operation]) -> list[Outcome]:
        self.before_request()
        if operations[0].is_sent_alone:
            return self._send_alone(operations[0])
        result = BatchResult.of(self._api.batches.send(self._body(operations)), {})
        results_of = {"component": result.components, "reference": result.references}
        # Checked together; one by one only if something is wrong with one of them.
        kinds = {operation.kind.name: operation.kind for operation in operations}
        whole = {name: _are_whole(kind, results_of[name]) for name, kind in kinds.items()}
        outcomes = []
        for operation in operations:
            results = results_of[operation.kind.name]
            if operation.action == "delete":
                outcomes.append(Outcome(operation))
                continue
            created = operation.action == "create"
            real = results.created.get(operation.id, "") if created else operation.id
            stored = results.entities.get(real)
            if stored is None:
                raise UnexpectedAnswer(
                    f"The batch was carried out, but its answer lacks {operation.action} {operation.id}: "
                    "look in Ardoq for what is stored."
                )
            if not whole[operation.kind.name]:
                stored = _whole(operation, {"_id": real, **stored})
            self._note_created(operation, stored)
            outcomes.append(Outcome(operation, stored))
        return outcomes

    def _body(self, operations: Sequence[Operation]) -> EncodedJson:
        """Return a transaction as JSON; what was encoded to know its size is not encoded again."""
        body = self._api.batches.transaction()
        for operation in operations:
            body[f"{operation.kind.name}s"][operation.action].append(self._item(operation))
        return join_json(body)

    def _item(self, operation: Operation) -> EncodedJson:
        sent = operation.real_body(self.real)
        if operation.encoded is not None and sent is operation.body:
            return EncodedJson(b'{"batchId": "%b", "body": %b}' % (operation.id.encode(), operation.encoded))
        item: Entity = {"id": operation.id}
        if operation.action == "create":
            item = {"batchId": operation.id, "body": sent}
        elif operation.base is not None and operation.action == "update":
            item |= {"ifVersionMatch": operation.base["_version"], "body": sent}
        return EncodedJson(encode_json(item))


class _Look:
    """Look at what operations have left in Ardoq."""

    def __init__(self, real: Mapping[str, str], *, many: bool) -> None:
        self._real = real
        self._twins = ExistingMatches(many=many)
        self._taken: set[str] = set()

    def at(self, operation: Operation) -> Outcome | None:
        """Return the outcome of an operation that was carried out, None if it was not."""
        if operation.action == "create":
            return self._created(operation)
        try:
            stored = operation.kind.collection.read(operation.id)
        except NotFoundError:
            return Outcome(operation) if operation.action == "delete" else None
        if operation.action == "delete":
            return None
        return None if not_stored(operation, stored, self._real) else Outcome(operation, stored)

    def _created(self, operation: Operation) -> Outcome | None:
        kind, wanted = operation.kind, with_real_ids(operation.attributes, self._real)
        twins = [
            twin
            for twin in self._twins.of(kind, wanted, operation.field)
            if twin["_id"] not in operation.known and twin["_id"] not in self._taken
        ]
        if not twins:
            return None
        flat = kind.collection.flatten
        twin = min(twins, key=lambda twin: len(differences(wanted, flat(twin), kind.ignored)))
        self._taken.add(twin["_id"])
        return Outcome(operation, twin, adopted=True)


def _are_whole(kind: Kind, results: Results) -> bool:
    """Return whether all entities that a batch has stored have what the cache finds them by."""
    try:
        checked_entities(list(results.entities.values()), kind.collection.identity)
    except UnexpectedAnswer:
        return False
    return True


def _whole(operation: Operation, stored: Entity) -> Entity:
    """Return what a write has stored, read if the answer lacks what the cache finds it by.

    Raise `UnexpectedAnswer` if it is not known then either: a row that is not found again is written twice.
    """
    collection = operation.kind.collection
    try:
        return checked_entities([stored], collection.identity)[0]
    except UnexpectedAnswer:
        pass
    try:
        return collection.read(stored["_id"])
    except ArdoqClientException as problem:
        raise UnexpectedAnswer(
            f"The {operation.action} was carried out, but what is stored cannot be read: {problem}"
        ) from problem


def _note_failure(
    operation: Operation, problem: ArdoqClientException, failed: dict[str, ArdoqClientException]
) -> None:
    if operation.action != "update":  # an entity that was there before can still be referred to
        failed[operation.id] = problem


def _is_refusal(problem: ArdoqClientException) -> bool:
    """Return whether an operation is at fault: any other problem would meet the next one as well."""
    refusals = (BadRequest, Conflict, NotFoundError, InvalidInput)
    forbidden = isinstance(problem, AuthorizationError) and problem.status == _FORBIDDEN
    return isinstance(problem, refusals) or forbidden or problem.status == _TOO_LARGE
