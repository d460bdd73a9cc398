"""Rows of the source as pending writes know them: what a report calls them, and how to decide them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._http.json import encode_json
from ardoqpy._messages import describe_type, short_repr
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.compare.cache import copy_entity
from ardoqpy_sync.compare.merge import DEFAULT_POLICY
from ardoqpy_sync.compare.row_validation import is_printable
from ardoqpy_sync.ledger.records import PARENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from ardoqpy.entities import Entity
    from ardoqpy.errors import ArdoqClientException
    from ardoqpy_sync.compare.diff import RowOrigin
    from ardoqpy_sync.compare.merge import EditPolicy
    from ardoqpy_sync.documents import LedgerEntry
    from ardoqpy_sync.ledger.records import Owner, Purpose


class RowReference(NamedTuple):
    """The parts of a row's entry in the report that are not its values.

    - `label`: what the caller calls it; `field`: the field that it is matched by, or `parent`.
    - `note`: what else is known of its change; `cause`: the label of the row that it failed with.
    - `owner`: the mapping and key of the row in its job; `purpose`: why it is written.
    - `origin`: where the row comes from, if it is one of a job.
    - `recreates`: the id of the deleted entity that an undo creates again.
    - `ledger`: what its change takes along for the ledger, if it is part of a plan.
    - `policy`: whose value counts where somebody else has edited what this job wrote; None: always the row's.
    """

    label: str | None = None
    field: str | None = None
    note: str | None = None
    cause: str | None = None
    owner: Owner | None = None
    purpose: Purpose = "row"
    policy: EditPolicy | None = DEFAULT_POLICY
    recreates: str | None = None
    origin: RowOrigin | None = None
    ledger: LedgerEntry | None = None

    @property
    def key(self) -> str | None:
        """The attribute that is always written, because the row is matched by it; None if there is none.

        The parent below which a row is matched is none: if it differs, somebody has moved the component.
        """
        return None if self.field == PARENT else self.field


NO_ROW = RowReference()


class SourceRow(NamedTuple):
    """A row of the source: what the caller gave, what it is called, and how to decide it again.

    - `row`: None if the change comes from no row, such as what a delete removes with a component.
    - `decide_again`: called with the entity as Ardoq holds it now, or None if it was deleted, and with the
      problem of the write. Returns the entity after the new decision.
    - `caller_reports`: whether the caller of `flush` reports it if the write fails.
    """

    row: Any
    reference: RowReference
    decide_again: Callable[[Entity | None, ArdoqClientException | None], Entity]
    caller_reports: bool = False


class PendingRow(NamedTuple):
    """A row whose write is pending: the index of its `change` in the report, or of its `hit` in the kept."""

    change: int | None
    hit: int | None
    source: SourceRow


def row_reference(label: Any, field: Any = None, value: Any = None) -> RowReference:
    """Return what a row is called; raise `InvalidInput` if its label, field or field value is not usable."""
    if label is None and field is None:
        return NO_ROW
    if not isinstance(label, str | int | None):
        raise InvalidInput(f"label is {describe_type(label)}: give text that a report can call the row by.")
    if not isinstance(field, str | None):
        raise InvalidInput(f"field_name is {describe_type(field)}: give the name of a field as text.")
    if value is not None:
        encode_json({"field_value": value})  # a value that Ardoq cannot hold never matches
        if not is_printable(value):
            raise InvalidInput("field_value is nested too deeply: give text, a number or a list.")
    try:
        return RowReference(label if label is None else str(label), field)
    except ValueError:  # Python does not write out a whole number of thousands of digits
        raise InvalidInput(
            f"label is {describe_type(label)} of too many digits: give text, or a line number."
        ) from None


def own_copies(body: Entity, given: Any) -> tuple[Entity, Any]:
    """Return copies of a row, as compared and as given: its caller may change it before it is sent."""
    try:
        own = copy_entity(body)
        if given is body:
            return own, own
        return own, copy_entity(given) if isinstance(given, dict) else given
    except RecursionError:  # it holds itself, and is not written
        return body, given


def copy_row(row: Any) -> Entity:
    """Return a copy of a row that failed; a value that Python cannot copy or print is shortened to text."""
    if not isinstance(row, dict):
        return {"row": repr(row) if is_printable(row) else short_repr(row)}
    printable = {(key if is_printable(key) else short_repr(key)): part for key, part in row.items()}
    return copy_entity(
        {key: part if is_printable(part) else short_repr(part) for key, part in printable.items()}
    )
