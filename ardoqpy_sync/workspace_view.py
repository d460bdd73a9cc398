"""The loaded workspaces as scripts look at them: a mapping by id."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

from ardoqpy_sync.compare.cache import copy_entity

if TYPE_CHECKING:
    import threading

    from ardoqpy_sync.engine import Engine

__all__ = ["LoadedWorkspaces"]


class LoadedWorkspaces(MutableMapping[str, "dict[str, Any]"]):
    """The loaded workspaces as a mapping whose values are made when they are asked for."""

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
            self._cache.load(ws_id, copy_entity(aggregated))

    def __delitem__(self, ws_id: str) -> None:
        with self._lock:
            del self._cache.workspaces[ws_id]

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(list(self._cache.workspaces))

    def __len__(self) -> int:
        return len(self._cache.workspaces)
