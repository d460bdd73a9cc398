"""Who carries a change out: the one thing in which a live and a simulated run differ."""

from __future__ import annotations

import itertools
import json
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ardoqpy._http.json import encode_json
from ardoqpy._http.retry import Retries
from ardoqpy.errors import AmbiguousWrite, ArdoqClientException, Conflict
from ardoqpy_sync.compare.diff import differences
from ardoqpy_sync.writing.unconfirmed import UnconfirmedWrites

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.entity_kinds import Kind

__all__ = ["LiveWriter", "SimulatedWriter", "Stored", "Writer", "as_json", "imagined", "revised"]


class Stored(NamedTuple):
    """What a create came to; `adopted` where it was found in Ardoq after a create that got no answer."""

    entity: Entity
    adopted: bool = False


class Writer(Protocol):
    """Carry out what was decided, and answer with the entity as Ardoq stores it.

    Attributes come in the flat spelling, entities go out as the version has them. `doubts` are the creates
    of which nobody knows what became of them.
    """

    @property
    def doubts(self) -> UnconfirmedWrites:
        """Return the creates that got no answer."""

    def create(self, kind: Kind, body: Entity, type_name: str | None, known: Container[str]) -> Stored:
        """Create an entity; `known` are the ids that were there before."""

    def update(self, kind: Kind, current: Entity, changed: Entity, type_name: str | None) -> Entity:
        """Change those attributes of an entity, and let everything else in it stand."""

    def delete(self, kind: Kind, entity: Entity, taken: Sequence[tuple[str, str, Entity]]) -> None:
        """Delete an entity; `taken` is all that goes along, as (kind, workspace id, entity)."""

    def in_step(self, ws_id: str) -> bool:
        """Tell whether what was written in a workspace is in Ardoq."""

    def imagined(self, entity_id: str) -> bool:
        """Tell whether an entity is in the cache as Ardoq does not have it, since it was only simulated."""


class LiveWriter:
    """Write to Ardoq, through the dialect.

    `retries` says how often, and after what pauses, a create that got no answer and left nothing is sent
    again.
    """

    def __init__(self, retries: Retries | None = None) -> None:
        self._retries = retries or Retries()
        self.doubts = UnconfirmedWrites()

    def create(self, kind: Kind, body: Entity, type_name: str | None, known: Container[str]) -> Stored:  # noqa: ARG002
        """Create an entity; where no answer came, now or earlier, look whether it is there before
        sending it.
        """
        adopted = _unknown(kind, body, known) if self.doubts.about(kind, body) else None
        for sending in itertools.count():
            if adopted is not None:
                self.doubts.settle(kind, body, resent=sending > 1)
                return Stored(adopted, adopted=True)
            try:
                stored = kind.collection.create(kind.collection.nested(body))
            except AmbiguousWrite as unanswered:
                self.doubts.add(kind, body)
                try:
                    adopted = _unknown(kind, body, known)
                    if adopted is None and sending < self._retries.count:
                        time.sleep(self._retries.pause(sending))
                        adopted = _unknown(kind, body, known)
                except ArdoqClientException as problem:
                    raise unanswered from problem
                if adopted is None and sending >= self._retries.count:
                    raise
            else:
                self.doubts.settle(kind, body, resent=sending > 0)
                return Stored(stored)
        raise AssertionError  # pragma: no cover  (the loop above ends by itself)

    def update(self, kind: Kind, current: Entity, changed: Entity, type_name: str | None) -> Entity:  # noqa: ARG002
        """Send the change at the version that was read: Ardoq refuses where it has moved on.

        It may have moved on by this very change, sent before and never answered: then that is what is stored.
        """
        try:
            return kind.collection.revise(current, changed)
        except Conflict as refused:
            if refused.uncertain:
                stored = kind.collection.read(current["_id"])
                # Attribute by attribute, for Ardoq keeps dates and numbers in its own spelling.
                ours = not differences(changed, kind.collection.flat(stored), kind.ignored)
                if ours and stored["_version"] == current["_version"] + 1:
                    return stored
            raise

    def delete(self, kind: Kind, entity: Entity, taken: Sequence[tuple[str, str, Entity]]) -> None:  # noqa: ARG002
        """Delete an entity."""
        kind.collection.delete(entity["_id"])

    def in_step(self, ws_id: str) -> bool:  # noqa: ARG002
        """Answer yes: everything written is in Ardoq."""
        return True

    def imagined(self, entity_id: str) -> bool:  # noqa: ARG002
        """Answer no: everything written is in Ardoq."""
        return False


class SimulatedWriter:
    """Answer what Ardoq would, and send nothing."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._written: set[str] = set()
        self._imagined: set[str] = set()
        self.doubts = UnconfirmedWrites()

    def create(self, kind: Kind, body: Entity, type_name: str | None, known: Container[str]) -> Stored:  # noqa: ARG002
        """Answer with the entity under a numbered id."""
        self._written.add(body["rootWorkspace"])
        stored = imagined(kind, as_json(body), f"simulated-{next(self._numbers)}", type_name)
        self._imagined.add(stored["_id"])
        return Stored(stored)

    def update(self, kind: Kind, current: Entity, changed: Entity, type_name: str | None) -> Entity:
        """Answer with the entity changed, one version on."""
        stored = revised(kind, current, as_json(changed), type_name)
        self._written.update((current["rootWorkspace"], stored["rootWorkspace"]))
        self._imagined.add(stored["_id"])
        return stored

    def delete(self, kind: Kind, entity: Entity, taken: Sequence[tuple[str, str, Entity]]) -> None:  # noqa: ARG002
        """Leave the deleting to the cache."""
        self._written.add(entity["rootWorkspace"])

    def in_step(self, ws_id: str) -> bool:
        """Answer no once something was written in the workspace: it is in the cache alone."""
        return ws_id not in self._written

    def imagined(self, entity_id: str) -> bool:
        """Answer yes for what was created or changed."""
        return entity_id in self._imagined


def _unknown(kind: Kind, body: Entity, known: Container[str]) -> Entity | None:
    """Return what Ardoq holds like that body and was not there before."""
    return next((twin for twin in kind.collection.twins(body) if twin["_id"] not in known), None)


def imagined(kind: Kind, body: Entity, entity_id: str, type_name: str | None) -> Entity:
    """Return what Ardoq would answer to a create."""
    stored = kind.collection.imagined(body) | {"_id": entity_id, "_version": 1}
    return stored | {"type": type_name} if kind.name == "component" else stored


def revised(kind: Kind, current: Entity, changed: Entity, type_name: str | None) -> Entity:
    """Return what Ardoq would answer to an update: one version on."""
    new = kind.collection.nested(changed)
    if "customFields" in new:
        new["customFields"] = {**(current.get("customFields") or {}), **new["customFields"]}
    stored = {**current, **new, "_version": (current.get("_version") or 0) + 1}
    return stored | {"type": type_name} if kind.name == "component" else stored


def as_json(body: Entity) -> Entity:
    """Return what of a body would arrive in Ardoq, and refuse what would not leave."""
    arrived: Entity = json.loads(encode_json(body))
    return arrived
