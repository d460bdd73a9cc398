"""What a sync is: a wanted entity against the one that Ardoq holds, and the change between them.

Pure functions and plain data: nothing here reads, writes or remembers.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy_sync.compare.field_values import NUMBER

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Mapping

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.documents import LedgerEntry
    from ardoqpy_sync.ledger.records import Owner

CREATE, UPDATE, DELETE, FAILED = "create", "update", "delete", "failed"

#: How the note of a change begins whose component was adopted, or that creates one with a similar name.
ADOPTED, LOOKS_LIKE = "adopted by name", "looks like"

#: By attribute: the value that Ardoq holds and the one that is wanted.
Differences = dict[str, tuple[Any, Any]]

_YES_NO = ("true", "false")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)


class RowOrigin(NamedTuple):
    """Where a row comes from: the name of its source, and the position of its mapping in the job."""

    source: str
    mapping: tuple[str | int, ...]


class Change(NamedTuple):
    """A change by one row, or a row that failed.

    - `action`: `create`, `update`, `delete` or `failed`.
    - `kind`: `component` or `reference`.
    - `id`, `name`, `type`, `workspace`: of the entity. A component's type is its name, a reference's its
      number; a reference is named after its ends.
    - `attributes`: by attribute the old and the new value; for a create, the value of everything written.
    - `version`: the version in Ardoq that was compared, None for a create.
    - `note`: why it failed, what it was deleted with, or how its component was matched.
    - `row`: the row that failed.
    - `label`: the caller's name of the row, such as "apps.csv line 7".
    - `field`: the field by which a component was matched, None if by its name; or by which a reference was,
      beside its ends and type.
    - `cause`: the label of the row that has to be corrected first, if the row failed only because of it.
    - `owner`: the mapping and key of the row in its job; `recreates`: the id of the deleted entity that an
      undo creates again.
    - `origin`: where the row comes from, if it is one of a job: rows of two sources can have the same label.
    - `ledger`: what the change takes along, in a plan, for the ledger of the run that applies it.
    """

    action: str
    kind: str
    id: str | None
    name: str | None
    type: Any
    workspace: str | None
    attributes: Attributes
    version: int | None
    note: str | None = None
    row: Mapping[str, Any] | None = None
    label: str | None = None
    field: str | None = None
    cause: str | None = None
    owner: Owner | None = None
    recreates: str | None = None
    origin: RowOrigin | None = None
    ledger: LedgerEntry | None = None


def failed_change(
    kind: str,
    row: Mapping[str, Any],
    reason: str,
    label: str | None,
    field: str | None,
    cause: str | None = None,
) -> Change:
    """Return the entry of a failed row, with the reason."""
    name, row_type = _first(row, "name", "displayText", "_id"), _first(row, "typeId", "type")
    ws_id = row.get("rootWorkspace")
    return Change(
        FAILED, kind, row.get("_id"), name, row_type, ws_id, {}, None, reason, row, label, field, cause
    )


def _first(row: Mapping[str, Any], *names: str) -> Any:
    """Return the first of these attributes that a bad row has; its values may not even be compared."""
    values = (row.get(name) for name in names)
    return next(
        (value for value in values if value is not None and not (type(value) is str and not value)), None
    )


def differences(
    wanted: Mapping[str, Any], current: Mapping[str, Any], ignored: Collection[str]
) -> Differences:
    """Return by attribute (old, new) for each attribute of `wanted` that `current` holds otherwise.

    Absent and null are the same, and values are compared as Ardoq stores them (`equal_values`).
    `ignored` names attributes that cannot be written.
    """
    if wanted.items() <= current.items():
        return {}
    different = {}
    for key, new in wanted.items():
        old = current.get(key)
        if old is not new and old != new and key not in ignored and not equal_values(old, new):
            different[key] = (old, new)
    return different


def equal_values(stored: Any, wanted: Any) -> bool:
    """Return whether a wanted value is the stored one, perhaps spelled otherwise.

    Ardoq keeps a number, a date, a yes or no, and a choice of several in its own spelling whatever was
    sent: "5" and 5, 5 and 5.0, true and "true", two spellings of one instant, a list in another order.
    """
    if stored == wanted:
        return True
    if isinstance(stored, list | tuple) and isinstance(wanted, list | tuple):
        return len(stored) == len(wanted) and _members(stored) == _members(wanted)
    if isinstance(stored, str) and isinstance(wanted, str):
        return _instant(stored) is not None and _instant(stored) == _instant(wanted)
    if isinstance(stored, str) != isinstance(wanted, str):
        text, value = (stored, wanted) if isinstance(stored, str) else (wanted, stored)
        if isinstance(value, bool):
            return text.strip().lower() == str(value).lower()
        if isinstance(value, int | float):
            return NUMBER.fullmatch(text) is not None and _equal_numbers(text, value)
    return False


def comparison_key(value: Any) -> Hashable:
    """Return the key that all forms of a value share; `equal_values` compares the values themselves."""
    if isinstance(value, str):
        return normalize_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    try:
        if isinstance(value, list | tuple):
            return repr(_members(value))
        return normalize_text(str(value)) if isinstance(value, int | float) else repr(value)
    except (ValueError, RecursionError):
        return type(value).__name__  # too many digits, or too deep: Ardoq holds no such target


def normalize_text(text: str) -> str:
    """Return one text for all spellings of a number, of an instant, of yes and of no."""
    if NUMBER.fullmatch(text):
        return str(Decimal(text.strip()).normalize() + 0)
    instant = _instant(text)
    return (
        str(instant)
        if instant is not None
        else text.strip().lower()
        if text.strip().lower() in _YES_NO
        else text
    )


def _equal_numbers(text: str, value: float) -> bool:
    if isinstance(value, int):
        # Exactly, for a whole number may have more digits than a float can tell apart.
        return Decimal(text.strip()) == value
    return math.isfinite(value) and float(text) == value


def _members(values: Collection[Any]) -> list[str]:
    return sorted(f"{type(value).__name__} {value!r}" for value in values)


def _instant(text: str) -> datetime | None:
    if not _TIME.fullmatch(text):
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
