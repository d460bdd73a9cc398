"""`ArdoqSyncClient`: the same names as `ArdoqClient`, made to run again and again over one source.

`engine.py` decides on each row; this module has the public methods, all under one lock; `reads.py` and
`deletion/methods.py` have those that read, and that delete what is missing.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type, quote_name, short_repr, suggest
from ardoqpy._validation import as_list, attributes, ids
from ardoqpy.config import Token
from ardoqpy.errors import (
    ArdoqClientException,
    ConfigurationError,
    InvalidInput,
    NotFoundError,
    UnsupportedOperation,
)
from ardoqpy_sync.compare.diff import DELETE
from ardoqpy_sync.compare.row_validation import PROBLEMS, as_row_error
from ardoqpy_sync.deletion.guard import KINDS
from ardoqpy_sync.deletion.methods import DeletionMethods
from ardoqpy_sync.ledger.ledger import Ledger, open_ledger
from ardoqpy_sync.plans.apply import apply
from ardoqpy_sync.plans.plan import Plan, origin_now
from ardoqpy_sync.plans.plan_engine import PlanEngine, plan_of_engine
from ardoqpy_sync.plans.undo import undo_plan
from ardoqpy_sync.progress import make_progress
from ardoqpy_sync.reads import SyncReads
from ardoqpy_sync.report import count_rows
from ardoqpy_sync.writing.call_lock import CallLock
from ardoqpy_sync.writing.pending_row import NO_ROW, SourceRow, row_reference
from ardoqpy_sync.writing.senders import OPERATIONS, NoRequests, SingleRequests, Transactions

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.batch import BatchResult
    from ardoqpy.entities import BatchIds, DeletedComponents, Entities, Entity
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.documents import Origin, ReportData
    from ardoqpy_sync.plans.apply_result import ApplyResult
    from ardoqpy_sync.writing.pending_row import RowReference
    from ardoqpy_sync.writing.senders import Sender

__all__ = ["ArdoqSyncClient"]

logger = logging.getLogger(__name__)
_PAST_THE_CACHE = "{} goes past the cache: use create_component and create_reference, or an ArdoqClient."


class ArdoqSyncClient(DeletionMethods, SyncReads):
    """Sync a source into Ardoq: create what is missing, update what differs, report what is left over.

    Takes the parameters of `ArdoqClient`, and:

    - `simulate`: send no write; the report is the one that the real run would give.
    - `on_error`: `"raise"` stops at the first row that fails; `"collect"` reports it with its reason and goes
      on. Such a call returns the row with `_id` None.
    - `batch`: send many writes at a time, each batch a transaction; True, or how many one holds. v2 only. A
      new entity has a batch id until its batch is sent; use it like any other id.
    - `previous_report`: the report of an earlier run. What it lists as `not_converging` is not sent again as
      long as neither the source nor Ardoq has changed, and `delete_cache_misses` deletes nothing if this run
      has far fewer rows.
    - `progress`: a function that is called with (done, total, what): workspaces `"loading"`, rows
      `"deciding"` and writes `"writing"`; total is None if it is not known. It is called at most ten times a
      second for each, and for the last. It must not call the client. If it raises, that is logged once, and
      it is not called again. True shows bars on a terminal, with the extra `progress`
      (`pip install 'ardoqpy[progress]'`), and nothing elsewhere.
    - `ledger`: a file, or `{"url_env": NAME}` for PostgreSQL, that records each write before it is sent: what
      this script owns, what it last wrote, and how to take a run back. Only what it owns can be missing then,
      so nothing is in its first run. Close the client to end the run there.

    A workspace is loaded whole at its first use: on v1 in one request, on v2 page by page, components,
    references and context side by side. A component matches by `typeId` and name in any letter case (or by
    a field and `typeId`), a reference by source, target and type. Rows are the same on both versions: custom
    fields beside the other attributes or below `customFields`, a type by its id or, as `type`, by its name.
    Returned entities are copies, in the shape of the version. Threads may share one client.
    """

    _engine: PlanEngine

    def __init__(
        self,
        hosturl: str | None = None,
        token: str | Token | None = None,
        *args: Any,
        simulate: bool = False,
        on_error: str = "raise",
        previous_report: Mapping[str, Any] | None = None,
        batch: bool | int = False,
        progress: Callable[[int, int | None, str], object] | bool | None = None,
        ledger: Ledger | str | os.PathLike[str] | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Connect a sync client; the parameters are described above."""
        token = token if token is None else Token.of(token)
        if not isinstance(on_error, str) or on_error not in ("raise", "collect"):
            raise ConfigurationError(f"on_error is {on_error!r}: give 'raise' or 'collect'.")
        if not isinstance(batch, int) or batch < 0:
            raise ConfigurationError(f"batch is {batch!r}: give True, or how many writes one batch holds.")
        counting = make_progress(progress)
        if simulate:
            kwargs["read_only"] = True
        super().__init__(hosturl, token, *args, **kwargs)
        self._simulate = simulate
        self.on_error = on_error
        self._engine = PlanEngine(self.api, _sender(self.api, simulate, batch), previous_report or {})
        self._lock = CallLock(lambda: bool(self._engine.writes.waiting))
        self._engine.log.progress = counting
        if ledger is not None:
            ledger = open_ledger(ledger, self.hosturl, self.org, read_only=simulate)
            self._engine.journal.use(ledger, token=Token.of(self.token), records=not simulate)
            self._engine.journal.is_missing_only_owned = True
            previous_report = previous_report or ledger.previous_report()
            self._engine.log.know_not_converging(previous_report)
        self._rows_before = count_rows(previous_report or {})

    @property
    def simulate(self) -> bool:
        """Whether this client sends no write; it is set when the client is built."""
        return self._simulate

    @simulate.setter
    def simulate(self, value: bool) -> None:
        raise ConfigurationError(
            f"simulate cannot be set to {short_repr(value)} afterwards: build another client, with "
            f"simulate={short_repr(value)}."
        )

    # -- writing: rows of the source ----------------------------------------------------------------------

    def expect(self, *, rows: int) -> None:
        """Set how many rows this run has in all, as the total that `progress` shows.

        Rows are the calls that create, update or delete one target. Raise `InvalidInput` where `rows` is no
        whole number.
        """
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
            raise InvalidInput(f"rows is {short_repr(rows)}: give a whole number.")
        with self._lock:
            if self._engine.log.progress is not None:
                self._engine.log.progress.expect_rows(rows)

    def create_component(
        self,
        comp: Entity,
        field_name: str | None = None,
        field_value: Any = None,
        *,
        label: str | None = None,
    ) -> Entity:
        """Create a component, or update the one that the row matches, and return it as stored.

        - `comp`: the attributes; it needs `name`, `typeId` and `rootWorkspace`.
        - `field_name`, `field_value`: match by this field and the type, not by name and type; without a
          value, by `comp`'s own value in that field. A new component has the value if `comp` has none.
        - `label`: what the report and the plan call the row, such as "apps.csv line 7".

        A component that matches is updated in the attributes that differ, or left alone. Raise
        `InvalidInput` if the row is not valid; nothing is written then.
        """
        with self._lock:
            engine, row = self._engine, NO_ROW
            try:
                row = row_reference(label, field_name, field_value)
                stored = engine.ensure_component(comp, field_name, field_value, row)
            except PROBLEMS as problem:
                return self._failed(engine.component, comp, problem, row, field_value)
            return self._written(engine.component, stored, comp)

    def create_reference(self, ref: Entity, *, label: str | None = None) -> Entity:
        """Create a reference, or update the one that the row matches, and return it as stored.

        - `ref`: the attributes; it needs `source`, `target` and `type`. Its workspace is that of the source.
        - `label`: what the report and the plan call the row.

        A reference that matches is updated in the attributes that differ, or left alone. Raise
        `InvalidInput` if the row is not valid; nothing is written then.
        """
        with self._lock:
            engine, row = self._engine, NO_ROW
            try:
                row = row_reference(label)
                stored = engine.ensure_reference(ref, row)
            except PROBLEMS as problem:
                return self._failed(engine.reference, ref, problem, row)
            return self._written(engine.reference, stored, ref)

    def ensure_component(
        self, comp: Entity, comp_ids: Sequence[str] = (), reference: RowReference = NO_ROW
    ) -> Entity:
        """Create a component, or update the one that the caller has matched, and return it as stored.

        For callers that match all their rows before the first write, such as jobs.

        - `comp`: the attributes, as for `create_component`.
        - `comp_ids`: the ids of all components that the row may mean, the one to update first; empty for a
          new one. Several are reported as `ambiguous`.
        - `reference`: what the report says about the row.

        Raise `InvalidInput` if the row is not valid; nothing is written then.
        """
        return self._ensure(self._engine.component, comp, comp_ids, reference)

    def ensure_reference(
        self, ref: Entity, ref_ids: Sequence[str] = (), reference: RowReference = NO_ROW
    ) -> Entity:
        """Do as `ensure_component` does for a reference; several between two components are possible."""
        return self._ensure(self._engine.reference, ref, ref_ids, reference)

    def _ensure(self, kind: Kind, body: Entity, entity_ids: Sequence[str], row: RowReference) -> Entity:
        with self._lock:
            try:
                if type(entity_ids) not in (list, tuple):  # the ids in a text are its characters
                    entity_ids = ids(entity_ids, f"{kind.argument}_ids")
                stored = self._engine.ensure_matched(kind, body, entity_ids, row)
            except PROBLEMS as problem:
                return self._failed(kind, body, problem, row)
            return self._written(kind, stored, body)

    def update_component(self, comp_id: str, comp: Entity, *, label: str | None = None) -> Entity:
        """Change the given attributes of a component where they differ, and return it as stored.

        With `_version` in `comp`, raise `Conflict` if Ardoq holds another one. Raise `NotFoundError` if there
        is no such component.
        """
        return self._by_id(self._engine.component, comp_id, comp, label)

    def update_reference(self, ref_id: str, ref: Entity, *, label: str | None = None) -> Entity:
        """Change the given attributes of a reference where they differ, and return it as stored.

        With `_version` in `ref`, raise `Conflict` if Ardoq holds another one. Raise `NotFoundError` if there
        is no such reference.
        """
        return self._by_id(self._engine.reference, ref_id, ref, label)

    def patch_component(
        self, comp_id: str, version: int | str = "latest", payload: Entity | None = None
    ) -> Entity:
        """Do as `update_component` does; `version` other than `"latest"` must be the one in Ardoq."""
        return self.update_component(comp_id, _pinned(payload, version))

    def patch_reference(
        self, ref_id: str, version: int | str = "latest", payload: Entity | None = None
    ) -> Entity:
        """Do as `update_reference` does; `version` other than `"latest"` must be the one in Ardoq."""
        return self.update_reference(ref_id, _pinned(payload, version))

    def del_component(self, comp_id: str) -> Entity:
        """Delete a component, with its descendants and all their references, and return an empty dict.

        What this run has deleted already is not deleted again. Raise `NotFoundError` if there is no such
        component.
        """
        return self._delete(self._engine.component, comp_id)

    def del_reference(self, ref_id: str) -> Entity:
        """Delete a reference and return an empty dict.

        What this run has deleted already, with its component, is not deleted again. Raise
        `NotFoundError` if there is no such reference.
        """
        return self._delete(self._engine.reference, ref_id)

    def del_components(self, comp_ids: list[str], request_id: str | None = None) -> DeletedComponents:
        """Delete components, and return what was deleted in the form of Ardoq's bulk answer."""
        with self._lock:
            self.flush()
            before = len(self._engine.report.changes)
            for comp_id in ids(comp_ids, "comp_ids"):
                self.del_component(comp_id)
            self.flush()  # what fails is not deleted
            deleted = [change for change in self._engine.report.changes[before:] if change.action == DELETE]
        return {
            "clientRequestId": request_id,
            "componentIds": [str(change.id) for change in deleted if change.kind == "component"],
            "referenceIds": [str(change.id) for change in deleted if change.kind == "reference"],
            "updatedTags": [],
        }

    def batch_create(
        self,
        components: Entities | None = None,  # noqa: ARG002
        references: Entities | None = None,  # noqa: ARG002
    ) -> BatchIds:
        """Raise `UnsupportedOperation`: use `create_component` and `create_reference`."""
        raise UnsupportedOperation(_PAST_THE_CACHE.format("batch_create"))

    def batch(self, batch: Any) -> BatchResult:  # noqa: ARG002
        """Raise `UnsupportedOperation`: use `create_component` and `create_reference`."""
        raise UnsupportedOperation(_PAST_THE_CACHE.format("batch"))

    def del_workspace(self, ws_id: str) -> Entity:
        """Delete a workspace with everything in it, and forget it."""
        with self._lock:
            answer = super().del_workspace(ws_id)
            self._engine.cache.forget_workspace(ws_id)
            return answer

    def reject_row(
        self,
        row: Any,
        reason: str,
        *,
        kind: str = "component",
        label: str | None = None,
        means: Iterable[str] = (),
        cause: str | None = None,
    ) -> Entity:
        """Report a row that cannot be used, such as one with a cell that is no number, as failed.

        - `row`: what is known of it; `reason`: why it cannot be used, as a sentence; `label`: its name.
        - `kind`: what it would have been, `"component"` or `"reference"`.
        - `means`: the ids of what it means in Ardoq, as far as that is known: those are no cache misses.
        - `cause`: the label of another failed row, if this one can be used once that one is corrected.

        Return the row with `_id` None. Raise `InvalidInput` with the reason, with `on_error="raise"`.
        """
        with self._lock:
            engine = self._engine
            its_kind = engine.kinds.get(kind) if isinstance(kind, str) else None
            if its_kind is None:
                raise InvalidInput(f"There is no kind {quote_name(kind)}: {suggest(kind, KINDS)}")
            if not isinstance(reason, str):
                raise InvalidInput(f"reason is {describe_type(reason)}: give a sentence.")
            reference = row_reference(label)._replace(cause=row_reference(cause).label)
            for entity_id in ids(as_list(means), "means"):
                with suppress(NotFoundError):
                    engine.cache.name(*engine.locate(its_kind, engine.real_id(entity_id)))
            return self._failed(its_kind, row, InvalidInput(reason), reference)

    def _by_id(self, kind: Kind, entity_id: str, body: Entity, label: str | None) -> Entity:
        with self._lock:
            row = NO_ROW
            try:
                row = row_reference(label)
                stored = self._engine.ensure_by_id(kind, entity_id, body, row)
            except PROBLEMS as problem:
                return self._failed(kind, body, problem, row)
            return self._written(kind, stored, body)

    def _delete(self, kind: Kind, entity_id: str) -> Entity:
        row = {"_id": entity_id}
        with self._lock:
            try:
                self._engine.delete(kind, entity_id, SourceRow(row, NO_ROW, _unchanged))
            except ArdoqClientException as problem:
                self._failed(kind, row, problem)
            else:
                self._written(kind, row, row)
            return {}

    def _written(self, kind: Kind, entity: Entity, row: Any) -> Entity:
        """Send the pending writes if the queue is full, and return the entity that a row is about now."""
        engine = self._engine
        writes, progress = engine.writes, engine.log.progress
        failures = writes.flush() if writes.waiting and writes.is_full else None
        if progress is not None:
            progress.decided()
        if failures is not None or writes.has_problems:
            self._raise_problems()
            if failures and entity["_id"] in failures:
                return {**writes.copy_row(row), "_id": None}
            entity = writes.current(kind, entity)
        return writes.hand_out(entity)

    def _failed(
        self,
        kind: Kind,
        row: Any,
        problem: Exception,
        reference: RowReference = NO_ROW,
        field_value: Any = None,
    ) -> Entity:
        """Report a row that failed, and raise why or return the row with `_id` None."""
        problem = as_row_error(problem, kind.argument, row, field_value)
        answer = self._engine.failed(kind, row, problem, reference)
        if self._engine.log.progress is not None:
            self._engine.log.progress.decided()
        if self.on_error != "collect":
            raise problem
        return answer

    # -- pending writes -------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Send the pending writes (with `batch`), so that returned entities have their real ids.

        Done automatically when a batch is full, before a report or a whole workspace is read, and at the end
        of a `with` block that did not fail. Operations that Ardoq rejects are isolated by halving the batch
        and reported with their rows; all others are written. With `on_error="raise"` the first of those
        problems is raised then.
        """
        with self._lock:
            self._engine.flush()
            self._engine.writes.record_outcomes()
            self._raise_problems()

    def give_up(self, reason: str) -> None:
        """End this run as a failure, for a `reason` that is a sentence, and send no write that still waits.

        Rows with pending writes are reported as failed. So are those whose batch was being sent when the run
        was interrupted, for example by Ctrl-C: the next run finds out whether they were written.
        """
        with self._lock:
            writes, report = self._engine.writes, self._engine.report
            writes.give_up(
                ArdoqClientException(f"It was not sent any more: {reason}"),
                ArdoqClientException(f"It was being sent, and may have been written or not: {reason}"),
            )
            writes.problems()
            report.data["status"] = "failure"
            report.data["description"] = reason

    def check_reach(self) -> None:
        """Raise `ServiceUnavailable` if the last five or more writes failed because Ardoq is unreachable.

        That includes a token that is no longer valid, and answers that are not from Ardoq. With
        `on_error="collect"` a run would otherwise try every further row as often, and as long, as the first.
        """
        with self._lock:
            self._engine.log.circuit_breaker.check()

    def real_id(self, entity_id: str) -> str:
        """Return the id that Ardoq gave to something that had a batch id at first; any other id as it is.

        Batch ids may be used in rows and calls for the client's life: this is for other uses.
        """
        with self._lock:
            real: str = self._engine.real_id(entity_id)
            return real

    def __exit__(self, *failure: object) -> None:
        """Send the pending writes unless the block failed, and close the connections."""
        try:
            self._engine.journal.has_failed = failure[0] is not None
            if failure[0] is None:
                self.flush()
            elif waiting := len(self._engine.writes.waiting):
                logger.warning("%d writes were not sent, since the block that made them failed", waiting)
                self.give_up("The block that made it failed.")
            elif self._engine.report.data["status"] == "success":  # no reason is known yet
                self.give_up("The block that made it failed.")
        finally:
            super().__exit__(*failure)

    def close(self) -> None:
        """Send the pending writes, and close the connections."""
        try:
            if self._engine.writes.waiting:
                self.flush()
        finally:
            self._close()

    def _close(self) -> None:
        if self._engine.log.progress is not None:
            self._engine.log.progress.settle()
        try:
            if self._engine.journal.records:
                self._engine.writes.end_run(self._engine.kinds.values())
        finally:
            try:
                self._engine.journal.close()
            finally:
                super().close()

    def _raise_problems(self) -> None:
        problems = self._engine.writes.problems()
        if problems and self.on_error != "collect":
            raise problems[0]

    # -- the report -----------------------------------------------------------------------------------------

    @property
    def report(self) -> ReportData:
        """The report so far, without `changes`, and with the cache misses of the last `get_report`.

        `status` and `description` may be set. Pending writes are sent first.
        """
        with self._lock:
            self.flush()
            return self._engine.report.as_dict()

    def get_report(self) -> ReportData:
        """Return the report of this run (its keys are described in `ardoqpy_sync.report.Report`).

        Its cache misses are the loaded entities that no row has named. Pending writes are sent first. A
        create that was sent again because it got no answer may be in Ardoq twice: it is then in `ambiguous`.
        """
        with self._lock:
            self.flush()
            engine = self._engine
            engine.report_duplicates()
            engine.journal.exclude_others()
            engine.report.set_misses(engine.misses(engine.component), engine.misses(engine.reference))
            answer = engine.report.copy()
            if engine.log.progress is not None:
                engine.log.progress.settle()
        counts = ", ".join(f"{key} {value}" for key, value in answer.items() if isinstance(value, int))
        logger.info("sync: %s: %s", answer["status"], counts)
        return answer

    @property
    def plan(self) -> Plan:
        """What this run has decided so far, as a `Plan`: to read, to save, and to `apply` later.

        After a preview it is what a run would do, after a live run what was done. Pending writes are sent
        first.
        """
        with self._lock:
            self.flush()
            return plan_of_engine(self._engine, self._origin())

    def apply(self, plan: Plan, on_drift: str = "skip") -> ApplyResult:
        """Carry out a plan as it was reviewed, in its order, and return the outcome of each change.

        The workspaces of the plan are loaded again. An update or a delete is done if Ardoq holds the version
        that was decided on, a create if nothing matches it. What is as the plan wants it already is left
        alone. What has drifted is not overwritten; `on_drift` is what to do then:

        - `"skip"`: apply the rest.
        - `"refuse"`: raise `PlanDrifted` before anything is written.
        - `"replan"`: write the plan's new values over what Ardoq holds now. An entity that has drifted is
          not deleted.

        Return plain data:

        - `applied`, `already_applied`, `replanned`, `failed` and `not_deleted`: the plan's changes, with
          `_id` as in Ardoq. The last two have a `reason`; `not_deleted` is what would be deleted with a
          component that is kept.
        - `drifted`: what has drifted, each a dict with `kind`, `_id`, `name`, `what` (`changed`, `deleted`,
          `created`, `other`: it is not what the plan's entry names, or `cascade`: what would be deleted
          with it, listed under `cascade`, is not what the plan has), `planned`, `now` (None if it was
          deleted), `who`, `when`, `mismatch` (None, or which of name, type and workspace is another in
          Ardoq: then it is not replanned), and the `changes` not done.
        - `ids`: by the plan's ids those in Ardoq of what it creates.
        - `sentence`: a summary.

        The report has the same changes. A preview writes nothing; `plan` is then what is left to be done, at
        the versions of now.

        Raise `InvalidInput` if the plan is not valid or was made on another Ardoq, and, with
        `on_error="raise"`, the error of the first change that fails. A plan made on one version of the API
        may be applied on the other.
        """
        with self._lock:
            here = {"host": self.hosturl, "org": self.org}
            with self._own_run(getattr(plan, "origin", {}).get("undoes")):
                result = apply(self._engine, plan, on_drift, self.on_error, here)
                self._raise_problems()
                return result

    @contextmanager
    def _own_run(self, undoes: int | None) -> Iterator[None]:
        """Make what is done in this context a run of its own in the ledger, if it takes a run back.

        A command has begun that run already, and ends it with its run document.
        """
        writes, journal = self._engine.writes, self._engine.journal
        is_own = undoes is not None and journal.is_other_run(undoes)
        if is_own:
            self.flush()
            writes.end_run(self._engine.kinds.values())
            journal.start_run()
        yield
        if is_own:
            self.flush()
            writes.end_run(self._engine.kinds.values())

    def undo_plan(self, run: int | str = "last") -> Plan:
        """Return a plan that takes a run in the ledger back, to read, to save, and to `apply`.

        - `run`: its number, or `"last"`.

        What Ardoq still holds as the run left it comes back; what does not is in the plan's `not_undone`.
        Raise `InvalidInput` if this client has no ledger, or the ledger no such run.
        """
        with self._lock:
            self.flush()
            return undo_plan(self._engine, run, simulate=self.simulate, origin=self._origin())

    def _origin(self) -> Origin:
        origin = origin_now(api=self.version, host=self.hosturl, org=self.org, simulated=self.simulate)
        job = self._engine.journal.job
        return origin if job is None else {**origin, "job": job}

    def init_report(self) -> None:
        """Begin a new run over the same cache: an empty report, and no entity named yet.

        Pending writes are sent first.
        """
        with self._lock:
            self.flush()
            self._engine.writes.end_run(self._engine.kinds.values())
            self._engine.log.start_run()
            self._engine.cache.start_run()
            self._engine.journal.start_run()


def _sender(api: Dialect, simulate: bool, batch: int) -> Sender:  # noqa: FBT001  (as the caller gave it)
    # A version that has no transactions raises in a preview, too.
    sender = Transactions(api, OPERATIONS if batch is True else batch) if batch else SingleRequests(api)
    return NoRequests() if simulate else sender


def _unchanged(*_: Any) -> Entity:
    return {}


def _pinned(payload: Entity | None, version: int | str) -> Entity:
    body = dict(attributes(payload, "payload"))
    body.pop("_version", None)
    return body if version == "latest" else {**body, "_version": version}
