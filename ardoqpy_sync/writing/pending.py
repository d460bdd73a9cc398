"""What a sync that gathers its writes has promised so far, and what becomes of it when they are sent.

Until then the cache holds what Ardoq would answer, the report what was decided, and callers have dicts
with batch ids in them. When a batch is through, the real entities, ids and failures take their place.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._http.json import encode_json
from ardoqpy._messages import describe_type, short_repr
from ardoqpy.errors import ArdoqClientException, Conflict, InvalidInput, NotFoundError
from ardoqpy_sync.compare.cache import copy_entity
from ardoqpy_sync.compare.diff import FAILED, Change, differences
from ardoqpy_sync.compare.row_validation import bearable
from ardoqpy_sync.writing.operations import BATCH_ID, ENDS, Outcome, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ardoqpy.entities import Entity
    from ardoqpy_sync.engine import Engine
    from ardoqpy_sync.writing.batching import BatchWriter
    from ardoqpy_sync.writing.operations import Operation

__all__ = ["PendingRow", "PendingWrites", "Row", "kept_row", "row_of"]

logger = logging.getLogger(__name__)

#: How often rows are decided again because Ardoq had moved on.
ROUNDS = 5


class Row(NamedTuple):
    """Which row it is: what the caller calls it, and the field that it is matched by."""

    label: str | None = None
    field: str | None = None


_NO_ROW = Row()


def row_of(label: Any, field: Any = None, value: Any = None) -> Row:
    """Return which row it is; raise `InvalidInput` where its label, its field, or that field's value is
    none.
    """
    if label is None and field is None:
        return _NO_ROW
    if not isinstance(label, str | int | None):
        raise InvalidInput(f"label is {describe_type(label)}: give text that a report can call the row by.")
    if not isinstance(field, str | None):
        raise InvalidInput(f"field_name is {describe_type(field)}: give the name of a field as text.")
    if value is not None:
        encode_json({"field_value": value})  # what Ardoq cannot hold matches nothing, ever
        if not bearable(value):
            raise InvalidInput("field_value is nested too deeply: give text, a number or a list.")
    try:
        return Row(label if label is None else str(label), field)
    except ValueError:  # Python does not write out a whole number of thousands of digits
        raise InvalidInput(
            f"label is {describe_type(label)} of too many digits: give text, or a line's number."
        ) from None


class PendingRow(NamedTuple):
    """What one row was told: where its change is in the report, or where it is among what was kept.

    `row` is what the caller gave, None of what only goes along with a delete; `again` decides it anew, and
    `of` says which it is.
    """

    change: int | None
    hit: int | None
    row: Any
    again: Callable[[], Entity]
    of: Row


class PendingWrites:
    """Keep the promises of an engine whose writer gathers.

    `broken` says by id what kept operations from being carried out.
    """

    def __init__(self, engine: Engine, writer: BatchWriter) -> None:
        self._engine = engine
        self._writer = writer
        self._promises: dict[str, list[PendingRow]] = {}
        self._handed_out: list[tuple[Entity, str]] = []
        self._problems: list[ArdoqClientException] = []
        self._dropped: set[int] = set()
        #: Where the report tells of what came and went unsent, which may speak of what still waits.
        self._withdrawn: set[int] = set()
        self.broken: dict[str, ArdoqClientException] = {}

    @property
    def real(self) -> dict[str, str]:
        """Return the real ids by batch id."""
        return self._writer.transactions.real

    @property
    def full(self) -> bool:
        """Tell whether a whole batch waits."""
        return self._writer.full

    def __len__(self) -> int:
        return len(self._writer.waiting)

    def promise(self, entity_id: str, promise: PendingRow) -> None:
        """Note what a row was told about something that waits; what does not wait is no promise."""
        if entity_id in self._writer.waiting:
            self._promises.setdefault(entity_id, []).append(promise)

    def hand_out(self, entity: Entity) -> Entity:
        """Return what a caller gets; where it speaks of something that waits, it is put right later."""
        if entity.get("_id") in self._writer.waiting or _speaks_of_batch_ids(entity):
            self._handed_out.append((entity, entity["_id"]))
        return entity

    def show(self, row: Entity) -> Entity:
        """Return a row as the report shows it: batch ids in it are put right later."""
        if _speaks_of_batch_ids(row):
            self._handed_out.append((row, ""))
        return row

    def withdraw(self, entities: Iterable[str]) -> None:
        """Forget the promises about those of the entities that wait no more: they have come and gone
        unsent.
        """
        for entity_id in entities:
            if entity_id not in self._writer.waiting:
                promises = self._promises.pop(entity_id, [])
                self._withdrawn.update(one.change for one in promises if one.change is not None)

    def problems(self) -> list[ArdoqClientException]:
        """Return what went wrong since the last question."""
        problems, self._problems = self._problems, []
        return problems

    def flush(self) -> None:
        """Send what waits, and what has to be decided again because Ardoq had moved on.

        Raises nothing that is a row's fault: that is in the report, and in `problems`.
        """
        for left in reversed(range(ROUNDS)):
            if not self._writer.waiting:
                break
            self._round(again=left > 0)
        self._put_right_what_was_withdrawn()
        self._put_right_what_the_report_notes()

    def give_up(self, unsent: ArdoqClientException, unanswered: ArdoqClientException) -> None:
        """Break the promises about what waits, and about what was on its way when its sending was
        interrupted.

        `unsent` and `unanswered` are the reasons that are reported.
        """
        waiting, sent = self._writer.withdrawn()
        lost: set[str] = set()
        for operations, problem in ((sent, unanswered), (waiting, unsent)):
            for operation in operations:
                if operation.id in self._promises:
                    self._break_promise(Outcome(operation, problem=problem), lost)
        if lost:
            self._forget_hits(lost)
        self._put_right_what_was_withdrawn()
        self._engine.report.drop(self._dropped)
        self._dropped.clear()
        self._put_right_what_the_report_notes()

    def _round(self, *, again: bool) -> None:
        moved: list[Outcome] = []
        versions: dict[str, tuple[int, Entity]] = {}
        lost: set[str] = set()
        for outcome in self._writer.send():
            if self._engine.progress is not None:
                self._engine.progress.wrote()
            operation = outcome.operation
            imagined = self._engine.cache.get(operation.kind.name, operation.id)
            if outcome.problem is None:
                self._engine.reach.begin_anew()
                self._keep_promise(outcome)
                if imagined and outcome.stored:
                    versions[operation.id] = imagined[1]["_version"], outcome.stored
            elif again and operation.action == "update" and _has_moved(outcome.problem):
                moved.append(outcome)
            else:
                self._break_promise(outcome, lost)
        self._put_right_what_was_handed_out(versions)
        self._put_right_what_was_withdrawn()
        if lost:
            self._forget_hits(lost)
        replayed = [
            (outcome.operation.kind, promise) for outcome in moved for promise in self._reread(outcome)
        ]
        self._dropped.update(promise.change for _, promise in replayed if promise.change is not None)
        self._engine.report.drop(self._dropped)
        self._dropped.clear()
        for kind, promise in replayed:
            try:
                promise.again()
            except ArdoqClientException as problem:
                self._problems.append(problem)
                self._engine.failed(kind, promise.row, problem, promise.of)

    # -- kept ------------------------------------------------------------------------------------------

    def _keep_promise(self, outcome: Outcome) -> None:
        operation, stored = outcome.operation, outcome.stored
        promises = self._promises.pop(operation.id, [])
        if stored is None:
            return
        kind = operation.kind
        self._engine.cache.replace(kind.name, operation.id, stored)
        report = self._engine.report
        for promise in promises:
            if promise.change is not None:
                report.changes[promise.change] = self._with_real_ids(report.changes[promise.change])
            if promise.hit is not None:
                report.kept[kind.name][promise.hit] = stored
        wanted = resolved(operation.attributes, self.real)
        left = differences(wanted, kind.collection.flat(stored), kind.ignored)
        if left and outcome.adopted and promises:
            promises[-1].again()  # somebody else may have made it, with other values than ours
            return
        for key, (kept, asked) in left.items():
            self._engine.note_stubborn(kind, stored, key, kept, asked)

    def _with_real_ids(self, change: Change) -> Change:
        attributes = {
            key: tuple(self.real.get(value, value) if isinstance(value, str) else value for value in pair)
            if key in ENDS
            else pair
            for key, pair in change.attributes.items()
        }
        entity_id = change.id if change.id is None else self.real.get(change.id, change.id)
        return change._replace(id=entity_id, attributes=attributes)  # type: ignore[arg-type]

    def _put_right_what_was_handed_out(self, versions: dict[str, tuple[int, Entity]]) -> None:
        handed_out, self._handed_out = self._handed_out, []
        for entity, entity_id in handed_out:
            for key in ("_id", *ENDS):
                value = entity.get(key)
                if isinstance(value, str) and value in self.real:
                    entity[key] = self.real[value]
            if entity_id in versions:
                imagined, stored = versions[entity_id]
                # An older state stays older than any, so that it is not written over a newer one.
                entity["_version"] = stored["_version"] if entity.get("_version") == imagined else 0
                for key, value in copy_entity(stored).items():
                    entity.setdefault(key, value)  # what only Ardoq could say
            if entity_id in self._writer.waiting:
                self._handed_out.append((entity, entity_id))

    def _put_right_what_was_withdrawn(self) -> None:
        changes = self._engine.report.changes
        for place in self._withdrawn:
            changes[place] = self._with_real_ids(changes[place])
        self._withdrawn.clear()

    def _put_right_what_the_report_notes(self) -> None:
        report, real = self._engine.report, self.real
        for key in [key for key in report.not_converging if key[0] in real]:
            note = report.not_converging.pop(key)
            note["_id"] = real[key[0]]
            report.not_converging[note["_id"], key[1]] = note
        for used in [used for used in report.ambiguous if used in real]:
            entry = report.ambiguous.pop(used)
            entry["used"] = real[used]
            entry["matches"] = [real.get(match, match) for match in entry["matches"]]
            report.ambiguous[real[used]] = entry

    # -- broken ----------------------------------------------------------------------------------------

    def _break_promise(self, outcome: Outcome, lost: set[str]) -> None:
        operation, problem = outcome.operation, outcome.problem
        assert problem is not None  # noqa: S101  (for the type checker)
        self._undo(operation)
        self._engine.reach.failed(problem)
        lost.add(operation.id)
        self.broken[operation.id] = problem
        if operation.action == "delete" and isinstance(problem, NotFoundError):
            self._engine.cache.forget(operation.kind.name, operation.id)
        report = self._engine.report
        for promise in self._promises.pop(operation.id, []):
            if promise.change is None:
                self._engine.failed(operation.kind, promise.row, problem, promise.of)
                continue
            if promise.row is None:
                self._dropped.add(promise.change)
                continue
            change = report.changes[promise.change]
            real = None if operation.action == "create" else change.id
            row = promise.row if isinstance(promise.row, dict) else {"_id": change.id}
            report.changes[promise.change] = change._replace(
                action=FAILED,
                id=real,
                attributes={},
                version=None,
                note=str(problem),
                row=self.show(kept_row(row)),
            )
        self._problems.append(problem)

    def _undo(self, operation: Operation) -> None:
        self._engine.cache.undo(operation.kind.name, operation.id, operation.base, operation.taken)

    def _forget_hits(self, lost: set[str]) -> None:
        for kind, kept in self._engine.report.kept.items():
            if any(entity["_id"] in lost for entity in kept):
                self._engine.report.kept[kind] = [entity for entity in kept if entity["_id"] not in lost]

    def _reread(self, outcome: Outcome) -> list[PendingRow]:
        """Read what has moved again, and return the promises to be made anew."""
        operation = outcome.operation
        kind = operation.kind
        self._undo(operation)
        try:
            fresh = kind.collection.read(operation.id)
        except NotFoundError:
            self._engine.cache.forget(kind.name, operation.id)
        else:
            self._engine.cache.replace(kind.name, operation.id, fresh)
        promises = self._promises.pop(operation.id, [])
        if any(promise.hit is not None for promise in promises):
            self._forget_hits({operation.id})
        return promises


def _has_moved(problem: ArdoqClientException) -> bool:
    return isinstance(problem, Conflict | NotFoundError)


def _speaks_of_batch_ids(entity: Entity) -> bool:
    return any(str(entity.get(end)).startswith(BATCH_ID) for end in ENDS)


def kept_row(row: Any) -> Entity:
    """Return a copy of a row that failed, whatever it is; what Python cannot copy or spell is shown
    instead.
    """
    if not isinstance(row, dict):
        return {"row": repr(row) if bearable(row) else short_repr(row)}
    borne = {(key if bearable(key) else short_repr(key)): part for key, part in row.items()}
    return copy_entity({key: part if bearable(part) else short_repr(part) for key, part in borne.items()})
