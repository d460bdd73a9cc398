"""The one queue of writes: every write is pending until its outcome is known.

As long as a write is pending, the cache holds what Ardoq is expected to store, the report what was decided,
and callers may hold dicts with batch ids. When its outcome is known, the stored entity, its id or the failure
replaces that. A live run flushes the queue after each write, a batched run when a batch is full, and the
sender of a preview sends nothing.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from typing import TYPE_CHECKING

from ardoqpy._http.json import collector_paused
from ardoqpy.errors import ArdoqClientException, Conflict, JobRunning, LedgerError, NotFoundError
from ardoqpy_sync.compare.cache import copy_entity
from ardoqpy_sync.compare.diff import CREATE, FAILED, Change
from ardoqpy_sync.writing.handed_out import HandedOut
from ardoqpy_sync.writing.operations import (
    BATCH_ID,
    ENDS,
    Operation,
    Outcome,
    as_json,
    encode_new,
    expected_after,
    not_stored,
    with_real_ids,
)
from ardoqpy_sync.writing.pending_row import PendingRow, copy_row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.cache import Cache, Located
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.ledger.records import RunEnd
    from ardoqpy_sync.writing.journal import Journal
    from ardoqpy_sync.writing.pending_row import SourceRow
    from ardoqpy_sync.writing.run_log import RunLog
    from ardoqpy_sync.writing.senders import Sender

    #: The outcome of a write that has to be decided again, and the rows that it comes from.
    Undecided = tuple[Outcome, list[PendingRow]]

_WORKSPACES = ("rootWorkspace", "targetWorkspace")
_INTERRUPTED = "It was being sent when the run was interrupted, and may have been written or not."
_UNDECIDED = (
    "Somebody else changed it while it was being written, and the run was interrupted: run the sync again."
)
#: How often a write is sent, each time decided again because Ardoq held another version or nothing.
ROUNDS = 5


class PendingWrites:
    """Keep writes until they are sent, and bring cache, report and callers' dicts in line with the outcomes.

    A new entity has a batch id until it is stored; the id may be used as parent, source and target at once.
    An update of an entity that has a pending write joins it.

    `waiting` holds the pending operations by id. Writes that were carried out are not in it.
    """

    def __init__(self, cache: Cache, log: RunLog, sender: Sender, journal: Journal) -> None:
        """Start with an empty queue."""
        self._cache = cache
        self._log = log
        self.sender = sender
        self._journal = journal
        #: The real ids by batch id, of all that was ever created.
        self.real = sender.real
        self.waiting: dict[str, Operation] = {}
        self._numbers = itertools.count(1)
        self._size = 0
        #: The ids that pending creates and changes are about, refer to, or referred to before.
        self._concerned: set[str] = set()
        #: By the id of a component: the pending deletes of its children and references.
        self._deletes_at: dict[str, list[str]] = {}
        self._in_flight: dict[str, Operation] = {}
        #: By the id of the entity: the rows that its pending write comes from.
        self._rows: dict[str, list[PendingRow]] = {}
        #: The workspaces, and the entities, that Ardoq does not hold as the cache does.
        self._ahead: set[str] = set()
        self._previewed: set[str] = set()
        self._handed_out = HandedOut()
        self._problems: list[ArdoqClientException] = []
        #: What to take out of the report: changes, and hits by kind, each by its index.
        self._dropped: set[int] = set()
        self._lost_hits: set[tuple[str, int | None]] = set()
        #: Changes in the report of what was created and deleted unsent; they may hold ids that still wait.
        self._withdrawn: set[int] = set()
        #: By the id of an entity that was deleted by somebody else: the entity created in its place.
        self._replaced: dict[str, str] = {}

    @property
    def is_full(self) -> bool:
        """Return whether the sender takes no more at once."""
        return len(self.waiting) >= self.sender.operations or self._size >= self.sender.size

    # -- add ------------------------------------------------------------------------------------------------

    def create(
        self,
        kind: Kind,
        body: Entity,
        type_name: str | None,
        known: Collection[str],
        *,
        field: str | None,
        flat: bool,
    ) -> Operation:
        """Add a create, and return it.

        `known` are the ids that are there before; `field` is what its row is matched by, beside name and
        type; `flat` is what `is_flat` says of the body.
        """
        entity_id = f"{self.sender.id_prefix}{next(self._numbers)}"
        attributes, sent, encoded = encode_new(kind, body, flat=flat)
        expected = kind.collection.preview(sent)
        expected["_id"], expected["_version"] = entity_id, 1
        for key in _WORKSPACES:
            if key in attributes:
                expected[key] = attributes[key]
        if kind.name == "component":
            expected["type"] = type_name
        operation = Operation(
            "create", kind, entity_id, attributes, sent, encoded, expected=expected, known=known, field=field
        )
        self._add(operation, len(encoded))
        self._ahead.add(body["rootWorkspace"])
        return operation

    def update(self, kind: Kind, current: Entity, changed: Entity, type_name: str | None) -> Entity:
        """Add a change to the pending write of the same entity, if any; return what Ardoq is to store."""
        attributes, size = as_json(changed)
        operation = self.waiting.get(current["_id"])
        if operation is None:
            operation = Operation("update", kind, current["_id"], base=current)
        merged = {**operation.attributes, **attributes}
        if operation.base is None:
            operation.body, operation.encoded = kind.collection.create_body(merged), None
        else:
            operation.body = kind.collection.update_body(operation.base, merged)
        expected = expected_after(kind, current, attributes, type_name)
        operation.attributes, operation.expected = merged, expected
        self._add(operation, size)
        self._ahead.update((current["rootWorkspace"], expected["rootWorkspace"]))
        return expected

    def delete(self, kind: Kind, entity: Entity, removed: Sequence[Located]) -> None:
        """Add a delete; if all that it removes was never sent, take that out of the queue instead."""
        if self.are_unsent(removed):
            for located in removed:
                self._size -= self.waiting.pop(located.entity["_id"]).size
            return
        after = self._deletes_at.pop(entity["_id"], ())
        operation = Operation("delete", kind, entity["_id"], base=entity, removed=removed, after=after)
        for end in ENDS:
            if entity.get(end):
                self._deletes_at.setdefault(entity[end], []).append(entity["_id"])
        self._add(operation, len(entity["_id"]))
        self._ahead.update(located.workspace for located in removed)

    def _add(self, operation: Operation, size: int) -> None:
        self.waiting[operation.id] = operation
        if operation.action != "delete":
            self._concerned.add(operation.id)
            for end in ENDS:
                end_id = operation.attributes.get(end)
                if end_id:
                    self._concerned.add(end_id)
                    operation.refers = operation.refers or end_id.startswith(BATCH_ID)
            if operation.base is not None:
                self._concerned.update(operation.base[end] for end in ENDS if operation.base.get(end))
        operation.size += size
        self._size += size

    def add_row(self, entity_id: str, row: PendingRow) -> None:
        """Note a row that a pending write comes from; if no write of that entity is pending, do nothing."""
        if entity_id in self.waiting:
            self._rows.setdefault(entity_id, []).append(row)

    def add_change(self, entity_id: str, change: Change, source: SourceRow) -> None:
        """Add a change to the report, with the row that it comes from.

        Both or neither, also if the run ends here: a change without a row would count as done.
        """
        changes = self._log.report.changes
        if entity_id in self.waiting:
            row = PendingRow(len(changes), None, source)
            rows = self._rows.setdefault(entity_id, [])
            rows.append(row)
        changes.append(change)

    def withdraw_rows(self, entity_ids: Iterable[str]) -> None:
        """Forget the rows of entities that have no pending write any more: they were deleted unsent."""
        for entity_id in entity_ids:
            if entity_id not in self.waiting:
                rows = self._rows.pop(entity_id, [])
                self._withdrawn.update(row.change for row in rows if row.change is not None)

    # -- ask ------------------------------------------------------------------------------------------------

    def are_unsent(self, removed: Sequence[Located]) -> bool:
        """Return whether all of these are creates that were never sent."""
        if not self.waiting:
            return False
        operations = [self.waiting.get(located.entity["_id"]) for located in removed]
        return all(operation is not None and operation.action == "create" for operation in operations)

    def must_flush_before_delete(self, removed: Sequence[Located]) -> bool:
        """Return whether a pending create or change is about what a delete removes, or moves it elsewhere.

        Whether Ardoq carries out the delete before or after that is not known.
        """
        return any(located.entity["_id"] in self._concerned for located in removed)

    def in_step(self, ws_id: str) -> bool:
        """Return whether Ardoq holds all that was written in a workspace."""
        return ws_id not in self._ahead

    def is_expected(self, entity_id: str) -> bool:
        """Return whether the cache holds an entity as Ardoq is expected to store it, and does not yet."""
        return entity_id in self.waiting or entity_id in self._previewed

    def names(self, entity_id: str) -> Collection[str]:
        """Return the attributes that the pending write of an entity writes; none if no write is pending."""
        operation = self.waiting.get(entity_id)
        return () if operation is None else operation.attributes

    def age(self, entity_id: str) -> tuple[bool, int, str]:
        """Return what sorts ids by age: what has no id of Ardoq yet comes last, in order of its numbers."""
        is_new = entity_id.startswith(self.sender.id_prefix)
        return is_new, len(entity_id) if is_new else 0, entity_id

    def not_in_step(self) -> set[str]:
        """Return the workspaces that Ardoq does not hold as the cache does."""
        return set(self._ahead)

    def set_not_in_step(self, ws_ids: Iterable[str]) -> None:
        """Note that Ardoq does not hold these workspaces as the cache does."""
        self._ahead.update(ws_ids)

    # -- hand out -------------------------------------------------------------------------------------------

    def hand_out(self, entity: Entity) -> Entity:
        """Return a copy for the caller; its ids are replaced in place once the real ones are known."""
        copy = copy_entity(entity)
        if self.waiting:
            self._handed_out.add(copy, self.waiting, entity.get("_id", ""))
        return copy

    def copy_row(self, row: object) -> Entity:
        """Return a copy of a failed row for the report; its batch ids are replaced in place as well."""
        copy = copy_row(row)
        if self.waiting:
            self._handed_out.add(copy, self.waiting)
        return copy

    def current(self, kind: Kind, entity: Entity) -> Entity:
        """Return an entity as the cache holds it now, under its real id, or what took its place."""
        entity_id = self._replaced.get(entity["_id"]) or entity["_id"]
        located = self._cache.get(kind.name, self.real.get(entity_id, entity_id))
        return entity if located is None else located.entity

    @property
    def has_problems(self) -> bool:
        """Return whether there are problems that `problems` has not returned yet."""
        return bool(self._problems)

    def problems(self) -> list[ArdoqClientException]:
        """Return the problems of pending writes since the last call."""
        problems, self._problems = self._problems, []
        return problems

    # -- send -----------------------------------------------------------------------------------------------

    def flush(self) -> dict[str, ArdoqClientException]:
        """Send the pending writes, and decide again what was changed by somebody else in the meantime.

        Return by id why writes failed. A row's problem is not raised: it is in the report and in `problems`.
        """
        failures: dict[str, ArdoqClientException] = {}
        if not self.waiting:
            return failures
        with collector_paused(len(self.waiting)):
            for sends_left in reversed(range(ROUNDS)):
                if not self.waiting:
                    break
                self._send(failures, may_decide_again=sends_left > 0)
            self._put_real_ids_into_withdrawn()
            self._log.put_real_ids(self.real)
        return failures

    def give_up(self, unsent: ArdoqClientException, unanswered: ArdoqClientException) -> None:
        """Fail all pending writes, and those whose sending was interrupted, for these two reasons."""
        changes = self._log.report.changes
        for index, change in enumerate(changes):
            if change.note == _INTERRUPTED:
                changes[index] = change._replace(note=str(unanswered))
        waiting, self.waiting, self._size = self.waiting, {}, 0
        self._fail(waiting.values(), unsent)
        self._put_real_ids_into_withdrawn()
        self._log.put_real_ids(self.real)

    def end_run(self, kinds: Iterable[Kind], end: RunEnd | None = None) -> None:
        """Record the end of a run in the ledger, as `Journal.end_run`: what still waits was not written."""
        self._journal.end_run(end, self._log.report.as_dict(), kinds, self.waiting)

    def _send(self, failures: dict[str, ArdoqClientException], *, may_decide_again: bool) -> None:
        """Send all that waits in one round, and settle each outcome."""
        if not self._record(failures):
            return
        settled: dict[str, tuple[int, Entity]] = {}
        to_decide: dict[str, Undecided] = {}
        outcomes: list[Outcome] = []
        try:
            self._take_waiting()
            if not self.sender.stores:
                self._previewed.update(self._in_flight)
            for outcome in self.sender.send(self._in_flight):
                outcomes.append(outcome)
                operation, problem = outcome.operation, outcome.problem
                if problem is None:
                    rows = self._succeed(outcome)
                    if rows:
                        to_decide[operation.id] = outcome, rows
                    if operation.expected is not None and outcome.stored is not None:
                        settled[operation.id] = operation.expected["_version"], outcome.stored
                elif (
                    may_decide_again
                    and operation.action == "update"
                    and isinstance(problem, Conflict | NotFoundError)
                ):
                    to_decide[operation.id] = outcome, self._rows.pop(operation.id, [])
                else:
                    failures[operation.id] = self._break(operation, problem)
                del self._in_flight[operation.id]
                self._log.sent()
            self._close(outcomes)
            self._handed_out.correct(self.real, settled, self.waiting)
            self._put_real_ids_into_withdrawn()
            self._reread_all(to_decide, failures)
        except BaseException:
            self._end_early(outcomes, to_decide)
            raise
        self._decide_all_again(list(to_decide.values()), failures)

    def _end_early(self, outcomes: Sequence[Outcome], to_decide: Mapping[str, Undecided]) -> None:
        """Let the report say what is known of each write of a round that an interrupt or an error ended.

        That may have been in the middle of our own code: the last answer may be settled in part.
        """
        for outcome in outcomes:
            operation, problem = outcome.operation, outcome.problem
            if operation.id in self._in_flight:
                with suppress(Exception):  # if the error comes again, the write counts as unanswered
                    if problem is None:
                        self._succeed(outcome)
                    else:
                        self._break(operation, problem, by_flush=False)
                    del self._in_flight[operation.id]
        for outcome, rows in to_decide.values():
            if outcome.problem is not None:  # it was not written, and is not decided any more
                self._rows[outcome.operation.id] = rows
                self._break(outcome.operation, ArdoqClientException(_UNDECIDED), by_flush=False)
        unanswered = list(self._in_flight.values())
        self._interrupt()
        with suppress(LedgerError):  # what is left open is looked up by the next run
            self._journal.close_writes(outcomes, self.real, unanswered)
            self._journal.record_outcomes()

    def _take_waiting(self) -> None:
        """Take all that waits out of the queue; it is always in one of both, wherever an interrupt comes."""
        self._in_flight, self.waiting = self.waiting, {}
        self._size = 0
        self._deletes_at.clear()
        self._concerned.clear()
        if self.sender.stores:
            self._ahead.clear()

    def _record(self, failures: dict[str, ArdoqClientException]) -> bool:
        """Record in the ledger what is about to be sent; return False if it fails: then nothing is sent."""
        try:
            self._journal.add_writes(self.waiting.values(), self._rows, self.real)
        except (LedgerError, JobRunning) as unrecorded:
            self._take_waiting()
            for operation in self._in_flight.values():
                failures[operation.id] = self._break(operation, unrecorded)
            self._in_flight = {}
            self._drop()
            return False
        return True

    def _close(self, outcomes: Sequence[Outcome]) -> None:
        """Record outcomes in the ledger; if that fails, what was written is written, and the run ends."""
        try:
            self._journal.close_writes(outcomes, self.real)
        except LedgerError as problem:
            self._note_unrecorded(problem)

    def record_outcomes(self) -> None:
        """Record the outcomes that the ledger keeps for its next transaction; if that fails, the run ends."""
        try:
            self._journal.record_outcomes()
        except LedgerError as problem:
            self._note_unrecorded(problem)

    def _note_unrecorded(self, problem: LedgerError) -> None:
        self._log.circuit_breaker.failed(problem)
        self._problems.append(problem)

    def _interrupt(self) -> None:
        """Fail the writes that were being sent; if their rows come again, Ardoq is asked for them first."""
        in_flight, self._in_flight = self._in_flight, {}
        for operation in in_flight.values():
            if operation.action == "create" and self.sender.stores:
                wanted = with_real_ids(operation.attributes, self.real)
                self.sender.unconfirmed.add(operation.kind, wanted, operation.field)
        self._fail(in_flight.values(), ArdoqClientException(_INTERRUPTED))

    def _fail(self, operations: Iterable[Operation], problem: ArdoqClientException) -> None:
        for operation in operations:
            self._break(operation, problem, by_flush=False)
        self._drop()

    # -- a write that succeeded -----------------------------------------------------------------------------

    def _succeed(self, outcome: Outcome) -> list[PendingRow]:
        """Take over what was stored, and return the rows that have to be decided again."""
        operation, stored = outcome.operation, outcome.stored
        self._log.wrote()
        rows = self._rows.get(operation.id, [])
        kind = operation.kind
        if stored is not None and stored is not operation.expected:
            report = self._log.report
            for row in rows:
                if row.change is not None:
                    report.changes[row.change] = self._with_real_ids(report.changes[row.change])
                if row.hit is not None:
                    report.unchanged[kind.name][row.hit] = stored
            self._cache.replace(kind.name, operation.id, stored)
        self._rows.pop(operation.id, None)
        if stored is None or stored is operation.expected:
            return []
        left = not_stored(operation, stored, self.real)
        if left and outcome.adopted:
            return rows[-1:]  # somebody else may have created it, with other values than ours
        for key, (kept, wanted) in left.items():
            self._log.note_not_converging(kind.name, stored, key, kept, wanted)
        return []

    def _with_real_ids(self, change: Change) -> Change:
        real, attributes = self.real, change.attributes
        if change.action == CREATE:
            attributes = with_real_ids(attributes, real)
        else:
            for end in ENDS:
                if end in attributes and not real.keys().isdisjoint(attributes[end]):
                    attributes = {**attributes, end: tuple(real.get(each, each) for each in attributes[end])}
        entity_id = real.get(change.id or "", change.id)
        return Change._make((*change[:2], entity_id, *change[3:6], attributes, *change[7:]))

    def _put_real_ids_into_withdrawn(self) -> None:
        changes = self._log.report.changes
        for index in self._withdrawn:
            changes[index] = self._with_real_ids(changes[index])
        self._withdrawn.clear()

    # -- a write that failed --------------------------------------------------------------------------------

    def _break(
        self, operation: Operation, problem: ArdoqClientException, *, by_flush: bool = True
    ) -> ArdoqClientException:
        """Undo a write that failed, report its rows as failed, and return why."""
        kind = operation.kind
        if isinstance(problem, Conflict) and operation.action == "update":
            problem = Conflict(
                f"The {kind.name} {operation.id} was changed by somebody else {ROUNDS} times while it was "
                "being written: run the sync again."
            )
        self._undo(operation, by_flush=by_flush)
        self._journal.owned.note_outcome(operation.id, has_failed=True)
        if operation.action == "delete" and isinstance(problem, NotFoundError):
            self._cache.forget(kind.name, operation.id)
        changes = self._log.report.changes
        rows = self._rows.get(operation.id, [])
        for row in rows:
            source = row.source
            if row.change is None:
                self._lost_hits.add((kind.name, row.hit))
            if source.row is None or (by_flush and source.caller_reports):
                self._dropped.update([] if row.change is None else [row.change])
            elif row.change is None or row.change >= len(changes):  # see `add_change`
                self._log.failed(kind.name, self.copy_row(source.row), problem, source.reference)
            else:
                change = changes[row.change]
                given = source.row if isinstance(source.row, dict) else {"_id": change.id}
                changes[row.change] = change._replace(
                    action=FAILED,
                    id=None if operation.action == "create" else change.id,
                    attributes={},
                    version=None,
                    note=str(problem),
                    row=self.copy_row(given),
                )
        self._rows.pop(operation.id, None)
        if by_flush and not any(row.source.caller_reports for row in rows):
            self._log.circuit_breaker.failed(problem)
            self._problems.append(problem)
        return problem

    def _undo(self, operation: Operation, *, by_flush: bool = True) -> None:
        try:
            self._cache.undo(operation.kind.name, operation.id, operation.base, operation.removed)
        except Exception:
            if by_flush:
                raise
            # An error in the middle of the cache's own code left it in disorder: Ardoq is asked again.
            self._cache.workspaces.clear()

    def _drop(self) -> None:
        """Take out of the report what turned out otherwise, and adjust the indexes of pending rows."""
        if not self._dropped and not self._lost_hits:
            return
        report, dropped, lost = self._log.report, self._dropped, self._lost_hits
        report.remove(dropped)
        for kind, unchanged in report.unchanged.items():
            report.unchanged[kind] = [
                entity for index, entity in enumerate(unchanged) if (kind, index) not in lost
            ]
        for entity_id, rows in self._rows.items():
            kind = self.waiting[entity_id].kind.name
            self._rows[entity_id] = [
                row._replace(
                    change=row.change and row.change - sum(index < row.change for index in dropped),
                    hit=row.hit and row.hit - sum((kind, index) in lost for index in range(row.hit)),
                )
                for row in rows
            ]
        self._dropped, self._lost_hits = set(), set()

    # -- a write that met a change by somebody else ---------------------------------------------------------

    def _reread_all(self, to_decide: dict[str, Undecided], failures: dict[str, ArdoqClientException]) -> None:
        """Re-read what somebody else has changed, and take it out of the report; leave out what failed."""
        conflicting = [entry for entry in to_decide.values() if entry[0].problem is not None]
        read = [entry for entry in conflicting if self._reread(*entry, to_decide, failures)]
        for outcome, rows in read:
            self._dropped.update(row.change for row in rows if row.change is not None)
            self._lost_hits.update(
                (outcome.operation.kind.name, row.hit) for row in rows if row.hit is not None
            )
        self._drop()

    def _reread(
        self,
        outcome: Outcome,
        rows: list[PendingRow],
        to_decide: dict[str, Undecided],
        failures: dict[str, ArdoqClientException],
    ) -> bool:
        """Re-read an entity that somebody else has changed; return False if that failed."""
        operation, kind = outcome.operation, outcome.operation.kind
        self._undo(operation)
        try:
            self._cache.replace(kind.name, operation.id, kind.collection.read(operation.id))
        except NotFoundError:
            self._cache.forget(kind.name, operation.id)
        except ArdoqClientException as problem:
            self._rows[operation.id] = rows
            failures[operation.id] = self._break(operation, problem)
            del to_decide[operation.id]
            return False
        return True

    def _decide_all_again(
        self, to_decide: list[Undecided], failures: dict[str, ArdoqClientException]
    ) -> None:
        """Decide the rows of writes again; if the run ends meanwhile, those that are left have failed."""
        try:
            while to_decide:
                self._decide_again(*to_decide[0], failures)
                del to_decide[0]
        except BaseException:
            left = [
                (outcome.operation, row) for outcome, rows in to_decide if outcome.problem for row in rows
            ]
            for operation, row in left:
                if operation.id not in self.waiting:
                    kept = self.copy_row(row.source.row)
                    undecided = ArdoqClientException(_UNDECIDED)
                    self._log.failed(operation.kind.name, kept, undecided, row.source.reference)
            raise

    def _decide_again(
        self, outcome: Outcome, rows: list[PendingRow], failures: dict[str, ArdoqClientException]
    ) -> None:
        """Decide the rows of a write again, on the entity as Ardoq holds it now."""
        operation, kind = outcome.operation, outcome.operation.kind
        for row in rows:
            located = self._cache.get(kind.name, self.real.get(operation.id, operation.id))
            try:
                entity = row.source.decide_again(located and located.entity, outcome.problem)
            except ArdoqClientException as problem:
                failures[operation.id] = problem
                if not row.source.caller_reports:
                    self._problems.append(problem)
                    kept = self.copy_row(row.source.row)
                    self._log.failed(kind.name, kept, problem, row.source.reference)
            else:
                if outcome.problem is not None and entity["_id"] != operation.id:
                    self._replaced[operation.id] = entity["_id"]
