"""
`ArdoqSyncClient`: the same names as `ArdoqClient`, made to run again and again over one source.

What becomes of a row is decided in `engine.py`; here is what can be asked for, under one lock.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

from ardoqpy._arguments import attributes, id_segment, ids
from ardoqpy.client import ArdoqClient
from ardoqpy.config import Token
from ardoqpy.errors import ArdoqClientException, ConfigurationError, InvalidInput, UnsupportedOperation
from ardoqpy_sync.batching import BatchWriter
from ardoqpy_sync.cache import copied
from ardoqpy_sync.changes import DELETE
from ardoqpy_sync.engine import Engine
from ardoqpy_sync.report import Report
from ardoqpy_sync.transactions import OPERATIONS, Transactions
from ardoqpy_sync.writers import LiveWriter, SimulatedWriter

if TYPE_CHECKING:
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
      again as long as neither the source nor Ardoq has moved.

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
        **kwargs: Any,
    ) -> None:
        token = token if token is None else Token.of(token)
        if on_error not in ("raise", "collect"):
            raise ConfigurationError(f"on_error is {on_error!r}: say 'raise' or 'collect'.")
        if not isinstance(batch, int) or batch < 0:
            raise ConfigurationError(f"batch is {batch!r}: say True, or how many writes one batch holds.")
        if simulate:
            kwargs["read_only"] = True
        super().__init__(hosturl, token, *args, **kwargs)
        self.simulate = simulate
        self.on_error = on_error
        self._lock = threading.RLock()
        self._engine = Engine(self.api, _writer(self.api, simulate, batch), previous_report or {})

    # -- reading: the simulated state comes before Ardoq's ----------------------------------------------

    @property
    def ws(self) -> MutableMapping[str, Entity]:
        """
        The loaded workspaces by id, each a copy in the form of the aggregated answer.

        Deleting one (`del ardoq.ws[ws_id]`), or all (`ardoq.ws = {}`), has it loaded again at its next touch.
        """
        return _Workspaces(self._engine, self._lock)

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

    def get_workspace(self, ws_id: str, aggregated: bool = True) -> Entity:  # noqa: ARG002, FBT001, FBT002
        """
        Load a workspace afresh and return it aggregated, whatever `aggregated` says.

        In a simulation that has written into the workspace, return the simulated state instead. Where writes
        wait, they are sent first.
        """
        with self._lock:
            self.flush()
            return self._engine.workspace(ws_id, afresh=True).aggregated()

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
            except ArdoqClientException as problem:
                answer = self._failed(self._engine.component, comp, problem)
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
            except ArdoqClientException as problem:
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
            except ArdoqClientException as problem:
                answer = self._failed(kind, body, problem)
            return self._sent_if_full(answer)

    def _delete(self, kind: Kind, entity_id: str) -> Entity:
        with self._lock:
            try:
                self._engine.delete(kind, entity_id)
            except ArdoqClientException as problem:
                self._failed(kind, {"_id": entity_id}, problem)
            return self._sent_if_full({})

    def _failed(self, kind: Kind, row: Any, problem: ArdoqClientException) -> Entity:
        answer = self._engine.failed(kind, row, problem)
        if self.on_error == "raise":
            raise problem
        return answer

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

    def _sent_if_full(self, answer: Entity) -> Entity:
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
        counts = ", ".join(f"{key} {value}" for key, value in answer.items() if isinstance(value, int))
        logger.info("sync: %s: %s", answer["status"], counts)
        return answer

    def init_report(self) -> None:
        """
        Begin a new run over the same cache: an empty report, and no entity named yet.

        Where writes wait, they are sent first.
        """
        with self._lock:
            self.flush()
            self._engine.report = Report()
            self._engine.cache.start_run()


class _Workspaces(MutableMapping[str, "dict[str, Any]"]):
    """
    The loaded workspaces as a mapping whose values are made when they are asked for.
    """

    def __init__(self, engine: Engine, lock: threading.RLock) -> None:
        self._engine = engine
        self._cache = engine.cache
        self._lock = lock

    def __getitem__(self, ws_id: str) -> dict[str, Any]:
        with self._lock:
            self._engine.flush()  # ids of what waits mean nothing to anybody
            return self._cache.workspaces[ws_id].aggregated()

    def __setitem__(self, ws_id: str, aggregated: dict[str, Any]) -> None:
        with self._lock:
            self._cache.load(ws_id, copied(aggregated))

    def __delitem__(self, ws_id: str) -> None:
        with self._lock:
            del self._cache.workspaces[ws_id]

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(list(self._cache.workspaces))

    def __len__(self) -> int:
        return len(self._cache.workspaces)


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
