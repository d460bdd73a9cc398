"""The rows that are written to the tables of a ledger; data is in them as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from ardoqpy_sync.ledger.records import Purpose, WriteState


class EntityRow(TypedDict):
    """A component or reference: its kind, and its id in Ardoq."""

    kind: str
    entity_id: str


class OwnerColumns(TypedDict):
    """The owner of an entity, each part as JSON; None if there is none, or if it must not be kept."""

    mapping: str | None
    field: str | None
    item_key: str | None


class OwnedRow(EntityRow, OwnerColumns):
    """What the job owns.

    - `vals`: by attribute the value that the job last wrote, as JSON; `given`: the attributes of its rows.
    - `version`: the one in Ardoq that `vals` are as of, if they are; `marked`: the values before a mark.
    """

    workspace: str
    vals: str
    given: str
    version: int | None
    missing: int
    marked: str | None


class MissingRow(EntityRow):
    """In how many successful runs in a row an entity was missing."""

    missing: int


class WriteRow(EntityRow, OwnerColumns):
    """A write before it leaves; see `records.Write`."""

    number: int
    action: str
    workspace: str
    before_write: str | None
    sent: str
    given: str
    purpose: Purpose
    label: str | None
    deleted_with: str | None
    recreates: str | None
    beside: str | None


class ClosedRow(TypedDict):
    """The outcome of a write, known by its number in the run."""

    number: int
    state: WriteState
    entity_id: str
    version: int | None


class SentRow(TypedDict):
    """The values that a write has sent, as JSON, once the ids of pending writes in it are known."""

    number: int
    sent: str


class DeletedWithRow(TypedDict):
    """The outcome of a delete, for all that was to be deleted with the component."""

    entity_id: str
    state: WriteState
