"""The explanation of a row as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from ardoqpy_sync.documents import KindName


class StepEntry(TypedDict):
    """A key of the source that changes a cell: the value after it, or why the cell cannot be used."""

    key: str
    value: Any
    problem: str | None


class CellEntry(TypedDict):
    """A cell: as it was read, each step that cleans it, and what the mappings see, or why they cannot."""

    column: str
    raw: Any
    steps: list[StepEntry]
    value: Any
    problem: str | None


class ConditionEntry(TypedDict):
    """A condition of `where`; `holds` is None if the cell cannot be compared, with the `problem`."""

    column: str
    condition: str
    value: Any
    holds: bool | None
    problem: str | None


class AttributeEntry(TypedDict):
    """An attribute that a mapping gives, and its template; `note`: why it is not written, if so."""

    attribute: str
    label: str
    template: Any
    value: Any
    problem: str | None
    note: str | None


class EndEntry(TypedDict):
    """A parent, source or target: what the row names, and the component that this means, if it is clear."""

    role: str
    template: Any
    names: str | None
    component: str | None
    note: str | None


class ValueEntry(TypedDict):
    """An attribute that the run would write, with the old and the new value, also as people know them."""

    attribute: str
    label: str
    old: Any
    new: Any
    old_text: str
    new_text: str


class ItemEntry(TypedDict):
    """The component, or one of the references, that a row describes.

    - `key`, `value`: what it is matched by; `matches`: what matches in Ardoq; `possible`: what may match.
    - `outcome`: `create`, `update`, `unchanged`, `rejected`, `skipped`, or `repeats` an earlier row.
    - `problems`: why it is rejected; `notes`: what else is known.
    """

    name: str | None
    key: str | None
    value: Any
    matches: list[str]
    possible: list[str]
    ends: list[EndEntry]
    outcome: str
    changes: list[ValueEntry]
    problems: list[str]
    notes: list[str]


class MappingEntry(TypedDict):
    """What a mapping makes of the row: no `items` if `where` leaves the row out, or an end is blank."""

    mapping: str
    line: int | None
    kind: KindName
    type: str
    where: list[ConditionEntry]
    selected: bool
    attributes: list[AttributeEntry]
    items: list[ItemEntry]
    note: str | None


class RowExplanation(TypedDict):
    """What a run would make of a row; `row` is its label, `problem` why it cannot be read, if so."""

    kind: str
    format: int
    job: str
    source: str
    row: str
    problem: str | None
    cells: list[CellEntry]
    mappings: list[MappingEntry]
