"""The loaded workspaces as scripts look at them: a mapping by id."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING

from ardoqpy_sync.compare.cache import copy_entity

if TYPE_CHECKING:
    from ardoqpy.entities import Entity
    from ardoqpy_sync.engine import Engine
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
        """Replace a workspace by a copy of an aggregated answer."""
        with self._lock:
            self._cache.load(ws_id, copy_entity(aggregated))

    def __delitem__(self, ws_id: str) -> None:
        """Forget a workspace, so that it is loaded again at its next use."""
        with self._lock:
            del self._cache.workspaces[ws_id]

    def __iter__(self) -> Iterator[str]:
        """Iterate over what is held."""
        with self._lock:
            return iter(list(self._cache.workspaces))

    def __len__(self) -> int:
        """Return how many are held."""
        return len(self._cache.workspaces)
