"""Functions that turn the cells of a row into attributes and component names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy.errors import InvalidInput
from ardoqpy.metamodel import Field
from ardoqpy_sync.sources.cell_conversion import convert_cell
from ardoqpy_sync.sources.row import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.job.model import ComponentSelector, RowMapping
    from ardoqpy_sync.job.resolver import ResolvedMapping, ResolvedSelector
    from ardoqpy_sync.job.toml_lines import KeyPath
    from ardoqpy_sync.sources.cell_formats import CellFormats
    from ardoqpy_sync.sources.row import Values

_TEXT = Field("value", "value", "Text")


class ColumnUse(NamedTuple):
    """A column that a mapping reads, and the key of the job file that names it."""

    column: str
    key_path: KeyPath


def list_columns(mapping: RowMapping) -> list[ColumnUse]:
    """Return the columns that a mapping reads, once for each key that names them."""
    key_path = mapping.key_path
    templates = [((*key_path, name), template) for name, template in mapping.attributes.items()]
    templates += [((*key_path, "fields", name), template) for name, template in mapping.fields.items()]
    for name in ("parent", "source", "target"):
        selector: ComponentSelector | None = getattr(mapping, name, None)
        if selector is not None:
            templates.append(((*selector.key_path, "value"), selector.value))
    uses = [ColumnUse(column, path) for path, template in templates for column in template.columns]
    return [*uses, *(ColumnUse(column, (*key_path, "where", column)) for column in mapping.where)]


def make_row_filter(where: Mapping[str, tuple[str, ...]]) -> Callable[[Values], bool] | None:
    """Return a function that tests whether a row is selected; None if all rows are."""
    if not where:
        return None
    wanted = [(column, frozenset(words)) for column, words in where.items()]
    return lambda values: all(to_text(values.get(column)) in words for column, words in wanted)


def make_attribute_reader(mapping: ResolvedMapping, formats: CellFormats) -> Callable[[Values], Attributes]:
    """Return a function that converts the cells of a row to attributes.

    White space around the name and the key is removed. It raises `InvalidInput` with a sentence for each cell
    that is not valid for its field.
    """
    stripped = {"name", getattr(mapping, "key", None)}
    cells = [
        (field.name, field, template.getter(strip=field.name in stripped), field.name in mapping.never_null)
        for field, template in mapping.cells
    ]

    def read_attributes(values: Values) -> Attributes:
        attributes = {}
        problems = []
        for name, field, read_cell, is_kept in cells:
            try:
                value = convert_cell(read_cell(values), field, formats)
            except InvalidInput as error:
                problems.append(str(error))
                continue
            if value is not None or not is_kept:
                attributes[name] = value
        if problems:
            raise InvalidInput(" ".join(dict.fromkeys(problems)))
        return attributes

    return read_attributes


def make_name_reader(resolved: ResolvedSelector) -> Callable[[Values], list[str]]:
    """Return a function that lists the components that a row names, by name or key; [] for a blank cell."""
    read_cell, split = resolved.selector.value.getter(strip=True), resolved.selector.split

    def read_names(values: Values) -> list[str]:
        cell = read_cell(values)
        cells = cell if isinstance(cell, list | tuple) else [cell]
        if split is not None:
            cells = [
                part for item in cells for part in (item.split(split) if isinstance(item, str) else [item])
            ]
        return list(dict.fromkeys(to_text(item) for item in cells if not is_blank(item)))

    return read_names


def to_text(cell: Any) -> str:
    """Return a cell as text without surrounding white space; "" for a blank cell.

    Raise `InvalidInput` if the cell cannot be text, such as a list.
    """
    if isinstance(cell, str):
        return cell.strip()
    text = convert_cell(cell, _TEXT)
    return "" if text is None else str(text).strip()
