"""Keep the ledger of a run in step with its writes: recorded before they leave, closed by their outcomes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy.errors import NotFoundError, ServiceUnavailable, UnexpectedAnswer
from ardoqpy_sync.compare.diff import CREATE, DELETE, UPDATE, equal_values
from ardoqpy_sync.json_file import as_json_value
from ardoqpy_sync.ledger.encoding import Encoder, decode, encode
from ardoqpy_sync.ledger.ledger import KEEP_RUNS, SCRIPT_NAME
from ardoqpy_sync.report import count_rows
from ardoqpy_sync.writing.operations import with_real_ids
from ardoqpy_sync.writing.ownership import SCRIPT, Ownership, join_columns
from ardoqpy_sync.writing.pending_row import NO_ROW

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ardoqpy.config import Token
    from ardoqpy.entities import Attributes
    from ardoqpy_sync.compare.cache import Cache, Located
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.ledger.ledger import Ledger
    from ardoqpy_sync.ledger.records import Owner, Purpose, RunEnd, Write, WriteState
    from ardoqpy_sync.ledger.rows import (
        ClosedRow,
        DeletedWithRow,
        EntityRow,
        OwnedRow,
        OwnerColumns,
        SentRow,
        WriteRow,
    )
    from ardoqpy_sync.writing.operations import Operation, Outcome
    from ardoqpy_sync.writing.pending_row import PendingRow

#: The texts of a record that may have any value.
_texts = itemgetter("before_write", "sent", "given", "mapping", "field", "item_key", "label")
_NO_OWNER: OwnerColumns = {"mapping": None, "field": None, "item_key": None}


class _Recorded(NamedTuple):
    """A write in the ledger, as far as its outcome needs it."""

    number: int
    purpose: Purpose
    given: str
    owner: Owner | None


@dataclass(slots=True)
class _Closed:
    """What the outcomes of some operations change in the ledger, as rows of values."""

    writes: list[ClosedRow] = field(default_factory=list)
    sent: list[SentRow] = field(default_factory=list)
    deleted_with: list[DeletedWithRow] = field(default_factory=list)
    deleted: list[EntityRow] = field(default_factory=list)
    marked: list[OwnedRow] = field(default_factory=list)


class Journal:
    """Record the writes of a run in its ledger. Without a ledger, or in a preview, it records nothing.

    - `owned`: what the job owns.
    """

    def __init__(self, cache: Cache) -> None:
        """Start without a ledger."""
        self._cache = cache
        self.ledger: Ledger | None = None
        self.owned = Ownership(cache)
        #: Whether this run writes to the ledger; a preview does not.
        self.records = False
        #: Whether only what this script owns can be missing; a job decides that by its `missing_scope`.
        self.is_missing_only_owned = False
        #: Whether an earlier run left writes whose outcomes are not recorded.
        self.has_open_writes = False
        #: Whether the name of the user that this run writes as was in an answer.
        self._knows_user = False
        #: The last run, if it was killed, and what it has updated but not recorded as owned.
        self._unrecorded: tuple[int, list[OwnedRow]] | None = None
        #: Whether the block that made the run failed.
        self.has_failed = False
        #: By kind, the number of rows that the next run compares its own with; None for those of the report.
        self.rows: Mapping[str, int] | None = None
        self._encoder = Encoder()
        self._next = 1
        #: By the id of an operation that is on its way.
        self._recorded: dict[str, _Recorded] = {}
        #: By run and number: what was found out about writes that earlier runs left open, and the
        #: values that they sent, as JSON, where the ledger has them with ids of pending writes.
        self._settled: dict[tuple[int, int], tuple[ClosedRow, str | None]] = {}

    def use(self, ledger: Ledger, *, token: Token | None = None, records: bool) -> None:
        """Use a ledger; `records`: whether to write to it. It never holds the `token`."""
        self.ledger = ledger
        self.records = records
        self._encoder = Encoder(ledger.redacted, token)
        self.owned = Ownership(self._cache, ledger, self._encoder)
        self.has_open_writes = bool(ledger.open_writes())
        unfinished = ledger.unfinished_run()
        if unfinished is not None:
            self._unrecorded = unfinished, self._learn_updates(unfinished)

    def _learn_updates(self, run: int) -> list[OwnedRow]:
        """Know what a run has last written that was killed before it could record that."""
        rows = []
        for write in self.ledger.writes(run) if self.ledger is not None else ():
            is_known = write.owner is not None or (write.kind, write.entity_id) in self.owned
            if write.state == "done" and write.action == UPDATE and write.purpose != "mark" and is_known:
                entity = {"_id": write.entity_id, "rootWorkspace": write.workspace}
                rows.append(self.owned.updated_row(write.kind, write.owner, entity, write.sent))
                self.owned.learn(rows[-1:])
        return rows

    @property
    def job(self) -> str | None:
        """The job whose ledger this is; None without a ledger, and for that of a script."""
        return None if self.ledger is None or self.ledger.job == SCRIPT_NAME else self.ledger.job

    def begin(self, command: str, **settings: Any) -> None:
        """Begin a run in the ledger; `settings` are those of `Ledger.begin`."""
        if self.ledger is not None and self.records:
            self.ledger.begin(command, **settings)
            if self._unrecorded is not None:
                run, rows = self._unrecorded
                self.ledger.set_owned(rows, run)
                self._unrecorded = None
            self.ledger.keep_out(self._encoder)

    def is_other_run(self, undoes: int) -> bool:
        """Return whether the current run, if any, is another one than the one that takes a run back."""
        ledger = self.ledger
        return self.records and ledger is not None and (ledger.run is None or ledger.undoes != undoes)

    def begin_once(self, command: str, **settings: Any) -> None:
        """Begin a run in the ledger, if none has begun."""
        if self.ledger is not None and self.ledger.run is None:
            self.begin(command, **settings)

    def exclude_others(self) -> None:
        """Exclude from what can be missing what a script with a ledger has neither created nor matched."""
        if self.is_missing_only_owned:
            self.owned.exclude_others()

    def keep_rows(self) -> None:
        """Have the next run compare its number of rows with an earlier run: those of this one are not all."""
        if self.ledger is not None:
            self.rows = count_rows(self.ledger.previous_report())

    def start_run(self) -> None:
        """Begin an empty run over the same ledger."""
        self.owned.start_run()
        if self.ledger is not None:
            if self.records:
                self.owned = Ownership(self._cache, self.ledger, self._encoder)
            self.ledger.run = None
            self.ledger.has_ended = False
            self._next, self.rows = 1, None

    def _leave_run_to_parent(self) -> None:
        """In a forked child, leave the run to the parent: what the child writes is a run of its own."""
        if self.ledger is not None and self.ledger.run is not None and self.ledger.process != os.getpid():
            self.start_run()

    def _begin(self) -> Ledger | None:
        """Return the ledger to write to, with a run; None if nothing is to be recorded."""
        if self.ledger is None or not self.records:
            return None
        self._leave_run_to_parent()
        if self.ledger.has_ended:  # its client was closed, and is used again
            self.start_run()
        if self.ledger.run is None:
            self.begin("script")
        return self.ledger

    def add_writes(
        self,
        operations: Iterable[Operation],
        rows: Mapping[str, Sequence[PendingRow]],
        real: Mapping[str, str],
    ) -> None:
        """Record operations before they are sent; raise `LedgerError` if that is not possible.

        - `rows`: by the id of an operation the rows that it comes from.
        - `real`: the real ids by those of pending writes.
        """
        ledger = self._begin()
        if ledger is None:
            return
        ledger.add_writes(self._all_records(list(operations), rows, real))

    def _all_records(
        self,
        operations: Sequence[Operation],
        rows: Mapping[str, Sequence[PendingRow]],
        real: Mapping[str, str],
    ) -> list[WriteRow]:
        """Return the records of operations without the token, which is searched for in all at once."""
        first, written = self._next, []
        for operation in operations:
            written += self._records(operation, rows, real, self._encoder.unchecked)
        if not self._encoder.may_have_token(chain.from_iterable(map(_texts, written))):
            return written
        self._next, written = first, []
        if len(operations) == 1:
            return self._records(operations[0], rows, real, self._encoder)
        for operation in operations:
            written += self._all_records([operation], rows, real)
        return written

    def _records(
        self,
        operation: Operation,
        rows: Mapping[str, Sequence[PendingRow]],
        real: Mapping[str, str],
        encoder: Encoder,
    ) -> list[WriteRow]:
        """Return the records of an operation: its own, and those of all that a delete removes with it.

        They are numbered from the next number on.
        """
        base, attributes, number = operation.base, operation.attributes, self._next
        if operation.refers:
            attributes = with_real_ids(attributes, real)
        pending = rows.get(operation.id)
        row, reference = (pending[0].source.row, pending[0].source.reference) if pending else (None, NO_ROW)
        purpose, owner = reference.purpose, reference.owner
        if owner is None and purpose == "row":
            owner = SCRIPT
        columns, given = _NO_OWNER, ""
        if operation.action == DELETE:
            purpose = "delete"
            columns = self._owner_of(operation.kind.name, operation.id)
        elif owner is not None:
            columns = encoder.owner(owner)
            if operation.action == CREATE and isinstance(row, dict):
                given = encoder.names(join_columns(tuple(row)))
        # What is sent is JSON already, but may have another shape.
        encoded = operation.encoded if attributes is operation.body else None
        write: WriteRow = {
            "mapping": columns["mapping"],
            "field": columns["field"],
            "item_key": columns["item_key"],
            "number": number,
            "action": operation.action,
            "kind": operation.kind.name,
            "entity_id": operation.id,
            "workspace": (operation.expected or base or {})["rootWorkspace"],
            "before_write": encoder.entity(base),
            "sent": encoder.attributes(attributes, encoded) if attributes else "{}",
            "given": given,
            "purpose": purpose,
            "label": encoder.value(reference.label),
            "deleted_with": None,
            "recreates": reference.recreates,
            "beside": None,
        }
        if operation.action == DELETE:
            write["beside"] = self._beside(operation.removed[0], real)
        self._recorded[operation.id] = _Recorded(number, purpose, given, reference.owner)
        records = [write]
        for located in operation.removed[1:]:
            kind, ws_id, entity = located
            number += 1
            records.append(
                {
                    **write,
                    **self._owner_of(kind, entity["_id"]),
                    "number": number,
                    "kind": kind,
                    "entity_id": entity["_id"],
                    "workspace": ws_id,
                    "before_write": encoder.entity(entity),
                    "deleted_with": operation.id,
                    "beside": self._beside(located, real),
                }
            )
        self._next += len(records)
        return records

    def _beside(self, deleted: Located, real: Mapping[str, str]) -> str | None:
        """Return the ids of what else there is like something that is deleted as JSON, None if not known."""
        kind, ws_id, entity = deleted
        workspace = self._cache.workspaces.get(ws_id)
        if workspace is None:
            return None
        index = workspace.components if kind == "component" else workspace.references
        return encode([real.get(other["_id"], other["_id"]) for other in index.beside(entity)])

    def _owner_of(self, kind: str, entity_id: str) -> OwnerColumns:
        """Return the owner of an entity, as the ledger has it."""
        owned = self.ledger and (kind, entity_id) in self.owned and self.ledger.find_owned(kind, entity_id)
        if not owned:
            return _NO_OWNER
        return self._encoder.owner(owned.owner)

    def close_writes(
        self, outcomes: Sequence[Outcome], real: Mapping[str, str], unanswered: Iterable[Operation] = ()
    ) -> None:
        """Record the outcomes of operations; raise `LedgerError` if that is not possible.

        A write that may or may not have been carried out stays open: the next run finds out. The success of
        a single write is recorded together with the next write, or by `record_outcomes`. If an error ends
        this method, call it again.

        - `real`: the real ids by those of pending writes.
        - `unanswered`: further operations that may or may not have been carried out.
        """
        ledger = self._begin()
        if ledger is None:
            return
        closed, is_open = _Closed(), list(unanswered)
        for outcome in outcomes:
            operation, problem = outcome.operation, outcome.problem
            self.owned.note_outcome(operation.id, has_failed=problem is not None)
            if problem is not None and isinstance(problem, ServiceUnavailable | UnexpectedAnswer):
                is_open.append(operation)
            else:
                self._close(outcome, real, closed)
        for operation in is_open:
            recorded = self._recorded.get(operation.id)
            if recorded is not None and operation.refers:  # the next run knows no ids of pending writes
                self._add_sent(recorded.number, operation, real, closed)
        with ledger.deferred():
            self._record(ledger, closed)
            self._note_user(ledger, outcomes)
        for operation in (*(outcome.operation for outcome in outcomes), *is_open):
            self._recorded.pop(operation.id, None)
        if len(outcomes) != 1 or outcomes[0].problem is not None or is_open:
            ledger.record_deferred()

    def _record(self, ledger: Ledger, closed: _Closed) -> None:
        if closed.writes or closed.sent:
            ledger.close_writes(closed.writes, sent=closed.sent, deleted_with=closed.deleted_with)
        if closed.marked:
            ledger.set_owned(closed.marked)
        if closed.deleted:
            ledger.forget(closed.deleted)

    def record_outcomes(self) -> None:
        """Record the outcomes that wait for the next write; raise `LedgerError` if that is not possible."""
        if self.ledger is not None and self.records:
            self.ledger.record_deferred()

    def _add_sent(self, number: int, operation: Operation, real: Mapping[str, str], closed: _Closed) -> None:
        attributes = self._encoder.attributes(with_real_ids(operation.attributes, real))
        closed.sent.append({"number": number, "sent": attributes})

    def _close(self, outcome: Outcome, real: Mapping[str, str], closed: _Closed) -> None:
        operation, stored, problem, _ = outcome
        recorded = self._recorded.get(operation.id)
        if recorded is None:  # an earlier call has closed it
            return
        kind, number = operation.kind, recorded.number
        write: ClosedRow = {
            "number": number,
            "state": "done" if problem is None else "failed",
            "entity_id": operation.id,
            "version": None,
        }
        closed.writes.append(write)
        if operation.action == DELETE:
            self._close_delete(outcome, write["state"], closed)
        if stored is None:
            return
        write["entity_id"], write["version"] = stored["_id"], stored["_version"]
        if operation.refers:
            self._add_sent(number, operation, real, closed)
        if recorded.purpose == "mark" and operation.base is not None:
            closed.marked.append(self.owned.marked_row(kind, operation.base, operation.attributes))
            return
        if self.ledger is not None and self.ledger.undoes is not None:
            return  # at the end of an undo the ledger has what it had before the undone run
        if operation.action == UPDATE:
            sent = with_real_ids(operation.attributes, real) if operation.refers else operation.attributes
            self.owned.note_written(kind, stored, recorded.owner, sent)
        elif operation.real_body(real).items() <= stored.items():
            self.owned.add_created(kind.name, stored, recorded.given)

    def _close_delete(self, outcome: Outcome, state: WriteState, closed: _Closed) -> None:
        operation, problem = outcome.operation, outcome.problem
        closed.deleted_with.append({"entity_id": operation.id, "state": state})
        if problem is None or isinstance(problem, NotFoundError):
            for located in operation.removed:
                entity: EntityRow = {"kind": located.kind, "entity_id": located.entity["_id"]}
                closed.deleted.append(entity)
                self.owned.forget(**entity)

    def _note_user(self, ledger: Ledger, outcomes: Sequence[Outcome]) -> None:
        """Keep the name of the user that the job writes as, as Ardoq's answers have it."""
        if self._knows_user:
            return
        for operation, stored, _, adopted in outcomes:
            if stored is not None and not adopted:  # somebody else may have changed what is adopted
                user = operation.kind.collection.last_change(stored).user
                if user is not None:
                    self._knows_user = True
                    if self._encoder.value(user) is not None:
                        ledger.set_fact("user", user)
                    return

    def encode(self, attributes: Attributes) -> str:
        """Return attributes as the ledger keeps them."""
        return self._encoder.attributes(attributes)

    def settled(
        self,
        run: int,
        closed: Sequence[ClosedRow],
        sent: Sequence[SentRow],
        owned: Sequence[OwnedRow],
        deleted: Sequence[EntityRow],
    ) -> None:
        """Record what became of the open writes of an earlier run; in a preview, only know it.

        - `closed`, `sent`: as for `Ledger.close_writes`; `owned`, `deleted`: what is owned, or not any more.
        """
        self.owned.learn(owned)
        values = {row["number"]: row["sent"] for row in sent}
        for row in closed:
            self._settled[run, row["number"]] = row, values.get(row["number"])
        for entity in deleted:
            self.owned.forget(**entity)
        if self.ledger is not None and self.records:
            with self.ledger.transaction():
                self.ledger.close_writes(closed, sent=sent, run=run)
                self.ledger.set_owned(owned, run)
                self.ledger.forget(deleted, run)

    def writes(self, run: int) -> list[Write]:
        """Return the writes of a run; what this run found out about open ones counts, also in a preview."""
        return [self._as_settled(run, write) for write in (self.ledger.writes(run) if self.ledger else ())]

    def later_writes(self, run: int) -> list[tuple[int, Write]]:
        """Return the writes of the runs after a run, each with its run, known as by `writes`."""
        later = self.ledger.later_writes(run) if self.ledger else ()
        return [(number, self._as_settled(number, write)) for number, write in later]

    def _as_settled(self, run: int, write: Write) -> Write:
        settled = self._settled.get((run, write.number))
        if settled is None:
            return write
        outcome, sent = settled
        return replace(
            write,
            state=outcome["state"],
            entity_id=outcome["entity_id"],
            version=outcome["version"],
            sent=write.sent if sent is None else decode(sent),
        )

    def _record_owned(self, kinds: Iterable[Kind], waiting: Collection[str], *, is_success: bool) -> None:
        """Record what the rows of this run created or matched and, if it is a good run, what is missing."""
        rows = self.owned.rows_of_run(kinds, waiting)
        missing = self.owned.missing_rows() if is_success else []
        ledger = self._begin() if rows or missing else None
        if ledger is not None:
            ledger.set_owned(rows)
            ledger.set_missing(missing)

    def end_run(
        self,
        end: RunEnd | None,
        report: Mapping[str, Any],
        kinds: Iterable[Kind],
        waiting: Collection[str],
    ) -> None:
        """Record what the job owns after this run, and how it ended; once, but a document may come later.

        - `end`: with its document, None for a script; `report`: as `get_report` returns it.
        - `waiting`: the ids of entities whose writes were not sent.

        Raise `LedgerError` if the ledger cannot be written.
        """
        ledger = self.ledger
        if ledger is None or not self.records:
            return
        self._leave_run_to_parent()
        status = str(report["status"] if end is None else end.document["status"])
        if self.has_failed:
            status = "failure"
        if self.rows is None:
            self.rows = count_rows(report)
        counts = {
            "cache_hit_comps": self.rows["component"],
            "cache_hit_refs": self.rows["reference"],
            "not_converging": self._encoder.entries(as_json_value(report["not_converging"])),
        }
        text, totals = (None, None) if end is None else (self._text_of(end), end.document["totals"])
        with ledger.transaction():
            if not ledger.has_ended:
                self._record_owned(kinds, waiting, is_success=status == "success")
                if ledger.undoes is not None:
                    ledger.restore_owned(
                        ledger.undoes, partial(self._left, {kind.name: kind for kind in kinds})
                    )
            if ledger.run is None or (ledger.has_ended and end is None):
                return
            ledger.end(text, status, counts, totals)
            ledger.prune((end and end.keep_runs) or KEEP_RUNS)

    def _text_of(self, end: RunEnd) -> str:
        """Return the run document of a run as JSON, without what must not be kept."""
        document = self._encoder.document(end.document)
        return end.text() if document is end.document else encode(document)

    def _left(
        self, kinds: Mapping[str, Kind], kind: str, entity_id: str, sent: Attributes
    ) -> set[str] | None:
        """Return which of the sent values Ardoq holds still, None if what they are of is deleted."""
        located = self._cache.get(kind, entity_id)
        if located is None:
            return None
        held = kinds[kind].collection.flatten(located.entity)
        return {name for name, value in sent.items() if equal_values(held.get(name), value)}

    def close(self) -> None:
        """Close the ledger; it is opened again if it is used again."""
        if self.ledger is not None:
            self.ledger.close()

    def is_own_user(self, user: str | None) -> bool:
        """Return whether a user is the one that this job writes as, as far as that is known."""
        return user is not None and self.ledger is not None and self.ledger.facts.get("user") == user
