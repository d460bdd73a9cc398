"""The result of applying a plan, as plain data: what became of each change, and what has drifted."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from ardoqpy.entities import Attributes
    from ardoqpy_sync.documents import AppliedChange, ChangeEntry, ValueChange


class PlannedState(TypedDict):
    """An entity as a plan was made on it; `version` is None for a create."""

    version: int | None
    attributes: dict[str, ValueChange]


class CurrentState(TypedDict):
    """The entity as Ardoq holds it now: the attributes that the plan changes."""

    version: int | None
    attributes: Attributes


class DriftedCascade(TypedDict):
    """An entity that would be deleted with a component, and that the plan does not delete."""

    kind: str
    _id: str | None
    name: str | None
    who: str | None
    when: str | None


class DriftEntry(DriftedCascade):
    """An entity that has drifted since the plan; `help(ArdoqSyncClient.apply)` describes the keys."""

    what: str
    planned: PlannedState
    now: CurrentState | None
    cascade: list[DriftedCascade]
    mismatch: str | None
    changes: list[ChangeEntry]


class ApplyResult(TypedDict):
    """What became of each change of a plan; `help(ArdoqSyncClient.apply)` describes the keys."""

    applied: list[AppliedChange]
    already_applied: list[AppliedChange]
    replanned: list[AppliedChange]
    failed: list[AppliedChange]
    not_deleted: list[AppliedChange]
    drifted: list[DriftEntry]
    ids: dict[str, str | None]
    sentence: str
