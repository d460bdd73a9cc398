"""What a row of a source writes: its cells, converted, as attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.metamodel import Field
from ardoqpy_sync.sources.cell_conversion import convert
from ardoqpy_sync.sources.row import blank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy_sync.job.model import RowMapping
    from ardoqpy_sync.job.resolver import Bound, BoundEnd
    from ardoqpy_sync.sources.cell_conversion import CellFormats

__all__ = ["Values", "attributes_of", "columns_of", "filter_of", "named_by", "text_of"]

#: The cells of a row by column.
Values = dict[str, Any]
_TEXT = Field("value", "value", "Text")


def columns_of(mapping: RowMapping) -> list[str]:
    """Return the columns that a mapping reads."""
    ends = [getattr(mapping, name, None) for name in ("parent", "source", "target")]
    templates = [*mapping.attributes.values(), *mapping.fields.values(), *(end.value for end in ends if end)]
    columns = [column for template in templates for column in template.columns]
    return list(dict.fromkeys([*columns, *mapping.where]))


def filter_of(where: Mapping[str, tuple[str, ...]]) -> Callable[[Values], bool] | None:
    """Return what tells whether a row is meant; None where all are."""
    if not where:
        return None
    wanted = [(column, frozenset(words)) for column, words in where.items()]
    return lambda values: all(text_of(values.get(column)) in words for column, words in wanted)


def attributes_of(bound: Bound, spelling: CellFormats) -> Callable[[Values], dict[str, Any]]:
    """Return what gives the attributes that the cells of a row mean.

    It raises `InvalidInput` naming the value, the field and what the field takes where a cell is none.
    """
    columns = [
        (field.name, field, template.getter(), field.name in bound.never_null)
        for field, template in bound.cells
    ]

    def attributes(values: Values) -> dict[str, Any]:
        written = {}
        for name, field, cell_of, keep in columns:
            value = convert(cell_of(values), field, spelling)
            if value is not None or not keep:
                written[name] = value
        return written

    return attributes


def named_by(bound: BoundEnd) -> Callable[[Values], list[str]]:
    """Return what gives the components that a row names at an end, none where the cell is blank."""
    cell_of, split = bound.end.value.getter(), bound.end.split

    def names(values: Values) -> list[str]:
        cell = cell_of(values)
        cells = cell if isinstance(cell, list | tuple) else [cell]
        if split is not None:
            cells = [part for one in cells for part in (one.split(split) if isinstance(one, str) else [one])]
        return list(dict.fromkeys(text_of(one) for one in cells if not blank(one)))

    return names


def text_of(cell: Any) -> str:
    """Return a cell as text, without the white space around it; "" where it is blank.

    Raise `InvalidInput` where it is no text, such as a list.
    """
    if isinstance(cell, str):
        return cell.strip()
    text = convert(cell, _TEXT)
    return "" if text is None else str(text).strip()
