"""
`ArdoqSyncClient`: the same names as `ArdoqClient`, made to run again and again over one source.

What becomes of a row is decided in `engine.py`; here is what can be asked for, under one lock.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from ardoqpy._arguments import attributes, id_segment, ids
from ardoqpy._json import a_type
from ardoqpy._near import shown
from ardoqpy.client import ArdoqClient
from ardoqpy.config import Token
from ardoqpy.errors import ArdoqClientException, ConfigurationError, InvalidInput, UnsupportedOperation
from ardoqpy_sync.applying import apply
from ardoqpy_sync.as_planned import PlanEngine
from ardoqpy_sync.batching import BatchWriter
from ardoqpy_sync.changes import DELETE
from ardoqpy_sync.checks import PROBLEMS, refusal
from ardoqpy_sync.deleting import Deleting, rows_of
from ardoqpy_sync.guard import KINDS, Bounds
from ardoqpy_sync.loaded import LoadedWorkspaces
from ardoqpy_sync.plan import Plan
from ardoqpy_sync.progress import progress_of
from ardoqpy_sync.report import Report
from ardoqpy_sync.transactions import OPERATIONS, Transactions
from ardoqpy_sync.writers import LiveWriter, SimulatedWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping

    from ardoqpy.dialect import Dialect, Entities, Entity
    from ardoqpy_sync.kinds import Kind
    from ardoqpy_sync.writers import Writer

__all__ = ["ArdoqSyncClient"]

logger = logging.getLogger(__name__)


class ArdoqSyncClient(ArdoqClient):
    """
    Sync a source into Ardoq: create what is missing, update what differs, report what is left over.

    Takes all that `ArdoqClient` takes, and:

    - `simulate`: send no write; the report is the one that the real run would give.
    - `on_error`: `"raise"` stops at the first bad row; `"collect"` reports it with its reason and goes
      on: what such a call returns is the row with `_id` None.
    - `batch`: gather writes and send them many at a time, each batch a transaction; True, or how many one
      holds. v2 only. What is created has a batch id until then, to be used like any other.
    - `previous_report`: the report of an earlier run; what it lists as `not_converging` is not sent
      again as long as neither the source nor Ardoq has moved, and `delete_cache_misses` refuses where this
      run has far fewer rows.
    - `progress`: a function that is called with (done, total, what) as it goes on: workspaces `"loading"`,
      rows `"deciding"` and writes `"writing"`; total is None where nobody knows. At most ten times a second
      for each, and with the last. It is called in the middle of the work and must not ask for more of it;
      what it raises is logged once, and it is called no more. True shows bars on a terminal, with the extra
      `progress` (`pip install 'ardoqpy[progress]'`), and nothing elsewhere.

    The first touch of a workspace loads it whole: v1 in one request, v2 page by page, components,
    references and context side by side. A component matches by `typeId` and name in any letter case (or
    by a field and `typeId`), a reference by source, target and type. Rows say the same on both versions:
    custom fields beside the other attributes or below `customFields`, a type by its id or, as `type`, by
    its name. What is handed out is the caller's own copy, in the version's own shape. One client may be
    shared by threads.
    """

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
        **kwargs: Any,
    ) -> None:
        token = token if token is None else Token.of(token)
        if on_error not in ("raise", "collect"):
            raise ConfigurationError(f"on_error is {on_error!r}: say 'raise' or 'collect'.")
        if not isinstance(batch, int) or batch < 0:
            raise ConfigurationError(f"batch is {batch!r}: say True, or how many writes one batch holds.")
        counting = progress_of(progress)
        if simulate:
            kwargs["read_only"] = True
        super().__init__(hosturl, token, *args, **kwargs)
        self.simulate = simulate
        self.on_error = on_error
        self._lock = threading.RLock()
        self._engine = PlanEngine(self.api, _writer(self.api, simulate, batch), previous_report or {})
        self._engine.progress = counting
        self._rows_before = rows_of(previous_report or {})

    # -- reading: the simulated state comes before Ardoq's ----------------------------------------------

    @property
    def ws(self) -> MutableMapping[str, Entity]:
        """
        The loaded workspaces by id, each a copy in the form of the aggregated answer.

        Deleting one (`del ardoq.ws[ws_id]`), or all (`ardoq.ws = {}`), has it loaded again at its next touch.
        """
        return LoadedWorkspaces(self._engine, self._lock)

    @ws.setter
    def ws(self, workspaces: Mapping[str, Entity]) -> None:
        with self._lock:
            self.ws.clear()
            self.ws.update(workspaces)

    def load_workspaces(self, ws_ids: Iterable[str]) -> None:
        """
        Load several workspaces side by side, where rows would load one after the other.

        What is loaded already is left alone. Raise `NotFoundError` where there is no such workspace; those
        that came before it stay loaded then.
        """
        with self._lock:
            self._engine.load(ids(ws_ids, "ws_ids"))

    def expect(self, *, rows: int) -> None:
        """
        Say how many rows this run has in all, so that `progress` can tell of how many.

        Rows are the calls that create, update or delete one thing. Raise `InvalidInput` where `rows` is no
        whole number.
        """
        if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
            raise InvalidInput(f"rows is {shown(rows)}: give a whole number.")
        with self._lock:
            if self._engine.progress is not None:
                self._engine.progress.expect_rows(rows)

    def get_workspace(self, ws_id: str, aggregated: bool = True) -> Entity:  # noqa: ARG002, FBT001, FBT002
        """
        Load a workspace afresh and return it aggregated, whatever `aggregated` says.

        In a simulation that has written into the workspace, return the simulated state instead. Where writes
        wait, they are sent first.
        """
        with self._lock:
            self.flush()
            return self._engine.workspace(id_segment(ws_id, "ws_id"), afresh=True).aggregated()

    def find_component(
        self,
        ws_id: str,
        comp_name: str | None = None,
        field_name: str | None = None,
        field_value: Any = None,
        exact: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
    ) -> Entities:
        """
        Return the components of a workspace, as the cache holds it, by a field's value or by name.

        A field is asked first, where one is given, and must be equal. A name is looked for anywhere in
        the components' names, letter case counting; with `exact=True` it must be the whole name. `exact`
        gives a list of one, or of none. Raise `InvalidInput` where neither is given.
        """
        with self._lock:
            shelf = self._engine.workspace(id_segment(ws_id, "ws_id")).components
            for argument, text in (("comp_name", comp_name), ("field_name", field_name)):
                if not isinstance(text, str | None):
                    raise InvalidInput(f"{argument} is {a_type(text)}: give it as text.")
            if field_name:
                found = self._engine.with_value(ws_id, field_name, field_value)
            elif comp_name is None:
                raise InvalidInput("Neither comp_name nor field_name is given: say what to look for.")
            elif exact:
                found = self._engine.with_value(ws_id, "name", comp_name)
                found = [comp for comp in found if comp.get("name") == comp_name]
            else:
                found = [comp for comp in shelf if comp_name in (comp.get("name") or "")]
            return [self._engine.handed_out(comp) for comp in (found[:1] if exact else found)]

    def get_component(
        self,
        ws_id: str | None = None,
        comp_id: str | None = None,
        incl_refs: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
        params: Mapping[str, Any] | None = None,
    ) -> Entity | Entities:
        """
        Return one component by its id, or all of a workspace, from Ardoq.

        In a simulation that has written into the workspace, from the simulated state.
        """
        simulated = self._simulated(self._engine.component, ws_id, comp_id)
        if simulated is not None:
            return simulated
        return super().get_component(ws_id, self._engine.real_id(comp_id), incl_refs, params)

    def get_reference(
        self, ws_id: str | None = None, ref_id: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Entity | Entities:
        """
        Return one reference by its id, or those that start in a workspace, from Ardoq.

        In a simulation that has written into the workspace, from the simulated state.
        """
        simulated = self._simulated(self._engine.reference, ws_id, ref_id)
        if simulated is not None:
            return simulated
        return super().get_reference(ws_id, self._engine.real_id(ref_id), params)

    def _simulated(self, kind: Kind, ws_id: str | None, entity_id: str | None) -> Entity | Entities | None:
        for argument, value in ((f"{kind.argument}_id", entity_id), ("ws_id", ws_id)):
            if value is not None:
                id_segment(value, argument)
        with self._lock:
            if entity_id is not None:
                entity = self._engine.simulated(kind, self._engine.real_id(entity_id))
                return None if entity is None else self._engine.handed_out(entity)
            if ws_id is None or self._engine.in_step(ws_id):
                return None
            return [self._engine.handed_out(entity) for entity in self._engine.shelf(kind, ws_id)]

    # -- writing: rows of the source ----------------------------------------------------------------------

    def create_component(
        self,
        comp: Entity,
        field_name: str | None = None,
        field_value: Any = None,
        *,
        label: str | None = None,
    ) -> Entity:
        """
        Have a component in Ardoq as the row says, and return it as stored.

        `comp` needs `name`, `typeId` and `rootWorkspace`. Where a component of that type and name is in
        the workspace (or, with `field_name`, one of that type with `field_value`, or `comp`'s own value,
        in that field), it is updated in the attributes that differ, or left alone. `label` is what the
        row is called in the report and the plan, such as "apps.csv line 7". Raise `InvalidInput` where the
        row makes no sense; nothing is written then.
        """
        with self._lock:
            try:
                answer = self._engine.have_component(comp, field_name, field_value, label)
            except PROBLEMS as problem:
                answer = self._failed(self._engine.component, comp, problem, field_value)
            return self._sent_if_full(answer)

    def create_reference(self, ref: Entity, *, label: str | None = None) -> Entity:
        """
        Have a reference in Ardoq as the row says, and return it as stored.

        `ref` needs `source`, `target` and `type`; its workspace is that of the source. Where there is one
        already it is updated in the attributes that differ, or left alone. `label` is what the row is
        called in the report. Raise `InvalidInput` where the row makes no sense; nothing is written then.
        """
        with self._lock:
            try:
                answer = self._engine.have_reference(ref, label)
            except PROBLEMS as problem:
                answer = self._failed(self._engine.reference, ref, problem)
            return self._sent_if_full(answer)

    def update_component(self, comp_id: str, comp: Entity, *, label: str | None = None) -> Entity:
        """
        Change the given attributes of a component where they differ, and return it as stored.

        With `_version` in `comp`, raise `Conflict` where Ardoq holds another one. Raise `NotFoundError`
        where the component is gone.
        """
        return self._by_id(self._engine.component, comp_id, comp, label)

    def update_reference(self, ref_id: str, ref: Entity, *, label: str | None = None) -> Entity:
        """
        Change the given attributes of a reference where they differ, and return it as stored.

        With `_version` in `ref`, raise `Conflict` where Ardoq holds another one. Raise `NotFoundError`
        where the reference is gone.
        """
        return self._by_id(self._engine.reference, ref_id, ref, label)

    def patch_component(
        self, comp_id: str, version: int | str = "latest", payload: Entity | None = None
    ) -> Entity:
        """
        Do as `update_component` does; `version` other than `"latest"` must be the one in Ardoq.
        """
        return self.update_component(comp_id, _pinned(payload, version))

    def patch_reference(
        self, ref_id: str, version: int | str = "latest", payload: Entity | None = None
    ) -> Entity:
        """
        Do as `update_reference` does; `version` other than `"latest"` must be the one in Ardoq.
        """
        return self.update_reference(ref_id, _pinned(payload, version))

    def del_component(self, comp_id: str) -> Entity:
        """
        Delete a component, with its descendants and all their references, and return an empty dict.

        What this run has deleted already is not deleted again. Raise `NotFoundError` where there is none.
        """
        return self._delete(self._engine.component, comp_id)

    def del_reference(self, ref_id: str) -> Entity:
        """
        Delete a reference and return an empty dict.

        What this run has deleted already, with its component, is not deleted again. Raise
        `NotFoundError` where there is none.
        """
        return self._delete(self._engine.reference, ref_id)

    def del_components(self, comp_ids: list[str], request_id: str | None = None) -> Entity:
        """
        Delete components one by one and return what went, in the form of Ardoq's bulk answer.
        """
        with self._lock:
            before = len(self._engine.report.changes)
            for comp_id in ids(comp_ids, "comp_ids"):
                self.del_component(comp_id)
            gone = [change for change in self._engine.report.changes[before:] if change.action == DELETE]
        return {
            "clientRequestId": request_id,
            "componentIds": [change.id for change in gone if change.kind == "component"],
            "referenceIds": [change.id for change in gone if change.kind == "reference"],
            "updatedTags": [],
        }

    def batch_create(
        self,
        components: Entities | None = None,  # noqa: ARG002
        references: Entities | None = None,  # noqa: ARG002
    ) -> dict[str, dict[str, str]]:
        """
        Refuse: a batch would go past the cache; use `create_component` and `create_reference`.
        """
        raise UnsupportedOperation(
            "batch_create goes past the cache of a sync: use create_component and create_reference, "
            "or an ArdoqClient."
        )

    def del_workspace(self, ws_id: str) -> Entity:
        """
        Delete a workspace with everything in it, and forget it.
        """
        with self._lock:
            answer = super().del_workspace(ws_id)
            self._engine.cache.forget_workspace(ws_id)
            return answer

    def _by_id(self, kind: Kind, entity_id: str, body: Entity, label: str | None) -> Entity:
        with self._lock:
            try:
                answer = self._engine.have_by_id(kind, entity_id, body, label)
            except PROBLEMS as problem:
                answer = self._failed(kind, body, problem)
            return self._sent_if_full(answer)

    def _delete(self, kind: Kind, entity_id: str) -> Entity:
        with self._lock:
            try:
                self._engine.delete(kind, entity_id)
            except ArdoqClientException as problem:
                self._failed(kind, {"_id": entity_id}, problem)
            return self._sent_if_full({})

    def _failed(self, kind: Kind, row: Any, problem: Exception, field_value: Any = None) -> Entity:
        problem = refusal(problem, kind.argument, row, field_value)
        answer = self._engine.failed(kind, row, problem)
        if self.on_error == "raise":
            self._decided()
            raise problem
        return answer

    def delete_cache_misses(
        self,
        *,
        share: float = 0.2,
        count: int | None = None,
        take_along: bool = False,
        despite_failures: bool = False,
        kinds: Iterable[str] = KINDS,
    ) -> dict[str, list[dict[str, Any]]]:
        """
        Delete what Ardoq holds of the types this run touched and no row named: all of it, or refuse.

        Call it after the last row. A component that Ardoq deletes takes with it all that is below it and
        every reference at any of those, wherever they start; that is asked for, and counts. `GuardRefused`
        is raised, and nothing is deleted, unless the bounds allow all that would go:

        - `share`: how much of each type in each workspace, from 0 to 1, of what was there before this run.
        - `count`: how many in all; None for any number.
        - `take_along`: also what goes with a component and is not deleted by itself: of types that no row
          touched, of a kind not in `kinds`, or in workspaces that no row touched. What a row of this run
          named is never taken along.
        - `despite_failures`: also after a run that failed. What its failed rows meant may be what is missing.
        - `kinds`: which kinds, out of `"component"` and `"reference"`.

        It is refused as well, and no bound allows it, where the source is empty: where no row named
        anything at all, or anything of a type in a workspace of which something is missing. Where the
        client was given `previous_report`, it is refused where this run has fewer than 1 - `share` of the
        rows of that run (those that created, updated or left alone), by kind.

        References are deleted first, then components from the leaves up. Each is read again before: what
        has another version than the one that was loaded is left alone, and so is a component at which
        there is something new. Between that and the delete is the time of one request; Ardoq's delete
        checks no version.

        Return as plain data what became of each: `deleted` (with a `note` on what went along), `gone`
        (somebody else deleted it), `moved` (with `version`, the one `found`, and `by` and `at` where Ardoq
        tells them), `kept` (with `because`, what there is at it) and, with `on_error="collect"`, `failed`
        (with `reason`). The report counts what was deleted. A simulated run decides and reports the same.
        Raise `InvalidInput` where a bound makes no sense.
        """
        bounds = Bounds.of(share, count, take_along, despite_failures, kinds)
        with self._lock:
            self.flush()
            collect = self.on_error == "collect"
            return Deleting(self.api, self._engine, bounds, self._rows_before, collect=collect).run()

    # -- writes that wait ------------------------------------------------------------------------------------

    def flush(self) -> None:
        """
        Send the writes that wait (with `batch`), so that what was handed out has its real ids.

        Done by itself whenever a batch is full, before a report or a whole workspace is read, and at the end
        of a `with` block that did not fail. Operations that Ardoq refuses are found by halving and reported
        with their rows, all others are written. With `on_error="raise"` the first of those problems is
        raised then.
        """
        with self._lock:
            self._engine.flush()
            self._raise_problems()

    def real_id(self, entity_id: str) -> str:
        """
        Return the id that Ardoq gave to something that had a batch id at first; any other id as it is.

        Batch ids may be used in rows and calls for the client's life: this is for other uses.
        """
        with self._lock:
            real: str = self._engine.real_id(entity_id)
            return real

    def __exit__(self, *failure: object) -> None:
        try:
            if failure[0] is None:
                self.flush()
            elif self._engine.outbox:
                logger.warning(
                    "%d writes were not sent, since the block that made them failed", len(self._engine.outbox)
                )
        finally:
            super().__exit__(*failure)

    def close(self) -> None:
        """
        Close the connections.
        """
        if self._engine.progress is not None:
            self._engine.progress.settle()
        super().close()

    def _decided(self) -> None:
        if self._engine.progress is not None:
            self._engine.progress.decided()

    def _sent_if_full(self, answer: Entity) -> Entity:
        self._decided()
        outbox = self._engine.outbox
        if outbox is not None:
            if outbox.full:
                self._engine.flush()
            self._raise_problems()
        return answer

    def _raise_problems(self) -> None:
        problems = self._engine.outbox.problems() if self._engine.outbox is not None else []
        if problems and self.on_error == "raise":
            raise problems[0]

    # -- the report -----------------------------------------------------------------------------------------

    @property
    def report(self) -> dict[str, Any]:
        """
        The report so far, without `changes`, and with the cache misses of the last `get_report`.

        `status` and `description` may be set. Where writes wait, they are sent first.
        """
        with self._lock:
            self.flush()
            return self._engine.report.as_dict()

    def get_report(self) -> dict[str, Any]:
        """
        Return the report of this run (its keys are described in `ardoqpy_sync.report.Report`).

        The cache misses in it are what Ardoq holds now, of what is loaded, that no row has named. Where
        writes wait, they are sent first. What was sent twice for want of an answer is looked for: if it is
        there twice, that is in `ambiguous`.
        """
        with self._lock:
            self.flush()
            engine = self._engine
            engine.look_again()
            engine.report.set_misses(engine.misses(engine.component), engine.misses(engine.reference))
            answer = engine.report.copy()
            if engine.progress is not None:
                engine.progress.settle()
        counts = ", ".join(f"{key} {value}" for key, value in answer.items() if isinstance(value, int))
        logger.info("sync: %s: %s", answer["status"], counts)
        return answer

    @property
    def plan(self) -> Plan:
        """
        What this run has decided so far, as a `Plan`: to read, to save, and to `apply` later.

        Of a simulated run it is what is to be done; of a live run, what was done. Where writes wait, they are
        sent first.
        """
        with self._lock:
            self.flush()
            engine = self._engine
            missing = {kind.name: len(engine.misses(kind)) for kind in (engine.component, engine.reference)}
            loaded = engine.cache.workspaces.items()
            where = {"api": self.version, "host": self.hosturl, "org": self.org, "simulated": self.simulate}
            return Plan.of_run(
                engine.report, missing, {ws_id: ws.attributes.get("name") for ws_id, ws in loaded}, where
            )

    def apply(self, plan: Plan, moved: str = "skip") -> dict[str, Any]:
        """
        Carry out a plan as it was reviewed, in its order, and return what became of it.

        The workspaces of the plan are loaded afresh. An update or a delete is done where Ardoq holds the
        version that was decided on, a create where nothing matches it; what is as the plan wants it already
        is left alone. What has moved since is not overwritten; `moved` says what else:

        - `"skip"`: apply the rest.
        - `"refuse"`: raise `PlanMoved`, before anything is written.
        - `"replan"`: decide it again, the plan's new values over what is there now. What was to be deleted
          and has moved stays all the same.

        Returned is plain data:

        - `applied`, `already`, `replanned`, `failed` and `held`: the plan's changes, with `_id` as in Ardoq.
          The last two have a `reason`; held is what would have gone along with a component that stays.
        - `moved`: what has, each a dict with `kind`, `_id`, `name`, `what` (`changed`, `deleted`, `created`,
          or `along`: what would go with it, listed under `along`, is not what the plan says), `planned`,
          `now` (None where it is gone), `who`, `when`, and the `changes` that were not done.
        - `ids`: by the plan's ids those in Ardoq of what it creates.
        - `sentence`: all that in short.

        The report tells the same changes as ever. In a simulation nothing is written: it rehearses the
        applying, and `plan` is then what is left to be done, at the versions of now.

        Raise `InvalidInput` where the plan makes no sense or was made on another Ardoq, and, with
        `on_error="raise"`, the error of the first change that fails. A plan made on one version of the API
        may be applied on the other.
        """
        with self._lock:
            here = {"host": self.hosturl, "org": self.org}
            result = apply(self._engine, plan, moved, self.on_error, here)
            self._raise_problems()
            return result

    def init_report(self) -> None:
        """
        Begin a new run over the same cache: an empty report, and no entity named yet.

        Where writes wait, they are sent first.
        """
        with self._lock:
            self.flush()
            self._engine.report = Report()
            self._engine.cache.start_run()
            if self._engine.progress is not None:
                self._engine.progress.start_run()


def _writer(api: Dialect, simulate: bool, batch: int) -> Writer:  # noqa: FBT001  (as the caller said it)
    if not batch:
        return SimulatedWriter() if simulate else LiveWriter(api.transport.retries)
    # A version that has no transactions says so in the rehearsal, too.
    transactions = Transactions(api, OPERATIONS if batch is True else batch, retries=api.transport.retries)
    return SimulatedWriter() if simulate else BatchWriter(transactions)


def _pinned(payload: Entity | None, version: int | str) -> Entity:
    body = dict(attributes(payload, "payload"))
    body.pop("_version", None)
    return body if version == "latest" else {**body, "_version": version}
