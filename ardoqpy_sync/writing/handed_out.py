"""The dicts that callers got while a write was pending: brought in line once its outcome is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy_sync.compare.cache import copy_value
from ardoqpy_sync.writing.operations import BATCH_ID, ENDS

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from ardoqpy.entities import Entity

_IDS = ("_id", *ENDS)


class HandedOut:
    """Remember the dicts that may hold ids of pending writes, and replace these in place."""

    def __init__(self) -> None:
        """Remember none."""
        self._copies: list[tuple[Entity, str]] = []

    def add(self, copy: Entity, waiting: Container[str], entity_id: str = "") -> None:
        """Remember a dict if it holds the id of a pending write; `entity_id`: of the entity that it shows."""
        if entity_id in waiting or _has_batch_ids(copy):
            self._copies.append((copy, entity_id))

    def correct(
        self, real: Mapping[str, str], settled: Mapping[str, tuple[int, Entity]], waiting: Container[str]
    ) -> None:
        """Put real ids, and what Ardoq has stored, into the dicts.

        - `real`: the real ids by those of pending writes.
        - `settled`: by that id, the version that the entity was expected to have, and the entity as stored.
        - `waiting`: the ids of writes that are still pending.
        """
        copies, self._copies = self._copies, []
        for entity, entity_id in copies:
            for key in _IDS:
                if isinstance(value := entity.get(key), str) and value in real:
                    entity[key] = real[value]
            if entity_id in settled:
                version, stored = settled[entity_id]
                # An older state stays older than any, so that it is not written over a newer one.
                entity["_version"] = stored["_version"] if entity.get("_version") == version else 0
                for key in stored:
                    if key not in entity:  # only Ardoq knows it
                        entity[key] = copy_value(stored[key])
            if entity_id in waiting:
                self._copies.append((entity, entity_id))


def _has_batch_ids(entity: Entity) -> bool:
    for key in ENDS:
        if key in entity and isinstance(end := entity[key], str) and end.startswith(BATCH_ID):
            return True
    return False
