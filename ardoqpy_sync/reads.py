"""The reads of a sync client: from the loaded workspaces, and in a preview from the simulated state."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type
from ardoqpy._validation import as_list, id_segment, ids
from ardoqpy.client import ArdoqClient
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.compare.cache import component_key, copy_entity, reference_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ardoqpy.entities import Entities, Entity
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.engine import Engine
    from ardoqpy_sync.plans.plan_engine import PlanEngine
    from ardoqpy_sync.writing.call_lock import CallLock


class LoadedWorkspaces(MutableMapping[str, "Entity"]):
    """The loaded workspaces as a mapping whose values are made when they are asked for."""

    def __init__(self, engine: Engine, lock: CallLock) -> None:
        """View the loaded workspaces of an engine."""
        self._engine = engine
        self._cache = engine.cache
        self._lock = lock

    def __getitem__(self, ws_id: str) -> Entity:
        """Return a copy of a workspace; pending writes are sent first."""
        with self._lock:
            self._engine.flush()  # ids of what waits mean nothing to anybody
            return self._cache.workspaces[ws_id].aggregated()

    def __setitem__(self, ws_id: str, aggregated: Entity) -> None:
        """Replace a workspace by a copy of an aggregated answer; in a preview, what is simulated stays."""
        is_whole = isinstance(aggregated, dict) and {"components", "references"} <= aggregated.keys()
        if not is_whole or not isinstance(aggregated["components"], list):
            raise InvalidInput(
                f"The workspace {ws_id!r} has no list of components, or no references: set what "
                "get_workspace(ws_id, aggregated=True) returns."
            )
        with self._lock:
            is_up_to_date = self._engine.writes.in_step(ws_id)
            self._engine.flush()
            if is_up_to_date:
                self._cache.load(ws_id, copy_entity(aggregated))
            elif self._engine.writes.in_step(ws_id):  # the answer is from before what was pending
                self._cache.workspaces.pop(ws_id, None)

    def __delitem__(self, ws_id: str) -> None:
        """Forget a workspace, so that it is loaded again at its next use; what is simulated in it stays."""
        with self._lock:
            self._engine.flush()
            if self._engine.writes.in_step(ws_id) or ws_id not in self._cache.workspaces:
                del self._cache.workspaces[ws_id]

    def clear(self) -> None:
        """Forget all workspaces."""
        for ws_id in self:
            del self[ws_id]

    def __iter__(self) -> Iterator[str]:
        """Iterate over what is held."""
        with self._lock:
            return iter(list(self._cache.workspaces))

    def __len__(self) -> int:
        """Return how many are held."""
        return len(self._cache.workspaces)


class SyncReads(ArdoqClient):
    """Read the workspaces that are loaded; in a simulation the simulated state."""

    _lock: CallLock
    _engine: PlanEngine

    def flush(self) -> None:
        """Send the writes that wait, where any do."""

    @property
    def ws(self) -> MutableMapping[str, Entity]:
        """The loaded workspaces by id, each a copy in the form of the aggregated answer.

        Deleting one (`del ardoq.ws[ws_id]`), or all (`ardoq.ws = {}`), has it loaded again at its next touch.
        """
        return LoadedWorkspaces(self._engine, self._lock)

    @ws.setter
    def ws(self, workspaces: Mapping[str, Entity]) -> None:
        with self._lock:
            self.ws.clear()
            self.ws.update(workspaces)

    def load_workspaces(self, ws_ids: Iterable[str]) -> None:
        """Load several workspaces side by side, where rows would load one after the other.

        What is loaded already is left alone. Raise `NotFoundError` where there is no such workspace; those
        that came before it stay loaded then.
        """
        with self._lock:
            self._engine.load(ids(as_list(ws_ids), "ws_ids"))

    def get_workspace(self, ws_id: str, aggregated: bool = True) -> Entity:  # noqa: ARG002, FBT001, FBT002
        """Load a workspace again and return it aggregated, whatever `aggregated` is.

        A preview that has written into the workspace returns the simulated state instead. Pending writes are
        sent first.
        """
        with self._lock:
            self.flush()
            return self._engine.aggregated(id_segment(ws_id, "ws_id"))

    def find_component(
        self,
        ws_id: str,
        comp_name: str | None = None,
        field_name: str | None = None,
        field_value: Any = None,
        exact: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
    ) -> Entities:
        """Return the components of a workspace, as the cache holds it, by a field's value or by name.

        A field is asked first, where one is given, and must be equal. A name is looked for anywhere in
        the components' names, letter case counting; with `exact=True` it must be the whole name. `exact`
        gives a list of one, or of none. Raise `InvalidInput` where neither is given.
        """
        with self._lock:
            index = self._engine.workspace(id_segment(ws_id, "ws_id")).components
            for argument, text in (("comp_name", comp_name), ("field_name", field_name)):
                if not isinstance(text, str | None):
                    raise InvalidInput(f"{argument} is {describe_type(text)}: give it as text.")
            if field_name:
                matches = self._engine.with_value(ws_id, field_name, field_value)
            elif comp_name is None:
                raise InvalidInput("Neither comp_name nor field_name is given: give one of them.")
            elif exact:
                matches = self._engine.with_value(ws_id, "name", comp_name)
                matches = [comp for comp in matches if comp.get("name") == comp_name]
            else:
                matches = [comp for comp in index if comp_name in (comp.get("name") or "")]
            return [self._engine.writes.hand_out(comp) for comp in (matches[:1] if exact else matches)]

    def match_component(
        self, ws_id: str, type_id: str, value: Any, field_name: str | None = None
    ) -> Entities:
        """Return the components that a row means: those of a type with this name, or this value in a field.

        As `create_component` matches, so letter case does not count in a name, and 5 and "5" are the same
        in a field; the first is the one that it would use. Raise `InvalidInput` where a name is no text.
        """
        with self._lock:
            index = self._engine.workspace(id_segment(ws_id, "ws_id")).components
            if field_name is not None and field_name != "name":
                matches = self._engine.by_field(ws_id, field_name, value, type_id)
            elif isinstance(value, str):
                matches = self._engine.by_name(index, component_key(type_id, value), value)
            else:
                raise InvalidInput(f"value is {describe_type(value)}: a component's name is text.")
            return [self._engine.writes.hand_out(comp) for comp in matches]

    def match_reference(self, ws_id: str, source: str, target: str, type_id: int) -> Entities:
        """Return the references that a row means: those of a type between two components, as they stand.

        `ws_id` is the workspace of the source; the first is the one that `create_reference` would use.
        """
        with self._lock:
            index = self._engine.workspace(id_segment(ws_id, "ws_id")).references
            key = reference_key(self._engine.real_id(source), self._engine.real_id(target), type_id)
            return [self._engine.writes.hand_out(ref) for ref in self._engine.by_ends(index, key)]

    def get_component(
        self,
        ws_id: str | None = None,
        comp_id: str | None = None,
        incl_refs: bool = False,  # noqa: FBT001, FBT002  (as in 0.8.4)
        params: Mapping[str, Any] | None = None,
    ) -> Entity | Entities:
        """Return one component by its id, or all of a workspace, from Ardoq.

        In a simulation that has written into the workspace, from the simulated state, and without `params`:
        raise `InvalidInput` if there are any.
        """
        simulated = self._simulated(self._engine.component, ws_id, comp_id, params)
        if simulated is not None:
            return simulated
        return super().get_component(ws_id, self._engine.real_id(comp_id), incl_refs, params)

    def get_reference(
        self, ws_id: str | None = None, ref_id: str | None = None, params: Mapping[str, Any] | None = None
    ) -> Entity | Entities:
        """Return one reference by its id, or those that start in a workspace, from Ardoq.

        In a simulation that has written into the workspace, from the simulated state, and without `params`:
        raise `InvalidInput` if there are any.
        """
        simulated = self._simulated(self._engine.reference, ws_id, ref_id, params)
        if simulated is not None:
            return simulated
        return super().get_reference(ws_id, self._engine.real_id(ref_id), params)

    def _simulated(
        self, kind: Kind, ws_id: str | None, entity_id: str | None, params: Mapping[str, Any] | None
    ) -> Entity | Entities | None:
        for argument, value in ((f"{kind.argument}_id", entity_id), ("ws_id", ws_id)):
            if value is not None:
                id_segment(value, argument)
        with self._lock:
            if params and entity_id is None:
                self.flush()  # Ardoq filters what it holds
                if ws_id is not None and not self._engine.writes.in_step(ws_id):
                    raise InvalidInput(
                        "params filter what Ardoq holds, and this preview has written into the workspace: "
                        "leave them out, and select from all that is returned."
                    )
            elif entity_id is not None and not params:
                entity = self._engine.simulated(kind, self._engine.real_id(entity_id))
                return None if entity is None else self._engine.writes.hand_out(entity)
            if ws_id is None or self._engine.writes.in_step(ws_id):
                return None
            return [self._engine.writes.hand_out(entity) for entity in self._engine.index(kind, ws_id)]
