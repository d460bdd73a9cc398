"""Read the rows of a mapping, with every problem of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.job.file.where import make_row_filter
from ardoqpy_sync.job.rows.row import ComponentRow, ReferenceRow
from ardoqpy_sync.job.rows.row_mapping import make_attribute_reader, make_name_reader
from ardoqpy_sync.sources.cell_formats import read_source_formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.job.file.model import EndName, Job
    from ardoqpy_sync.job.resolver import ResolvedComponents, ResolvedMapping, ResolvedReferences
    from ardoqpy_sync.sources import Row
    from ardoqpy_sync.sources.cell_formats import SourceFormats
    from ardoqpy_sync.sources.row import Values


def read_component_rows(job: Job, rows: Iterable[Row], mapping: ResolvedComponents) -> list[ComponentRow]:
    """Return the rows that a component mapping selects, each with its attributes and its problems."""
    formats = read_source_formats(job.sources.get(mapping.mapping.rows, {}))
    read_attributes = make_attribute_reader(mapping, formats)
    read_type = None if mapping.type_reader is None else mapping.type_reader.make()
    selector = mapping.parent or mapping.within
    read_parents = None if selector is None else make_name_reader(selector)
    key_only = mapping.key is not None and not mapping.create
    component_rows = []
    for selected in _select(rows, mapping, formats):
        row = ComponentRow(mapping, *selected)
        component_rows.append(row)
        if not row.problems:
            row.mapping = _mapping_of_type(read_type, mapping, row.values, row.problems)
        if row.problems:
            row.is_identified = False
            continue
        row.attributes, row.problems = read_attributes(row.values)
        if read_parents is not None:
            parents = _read(read_parents, row)
            if len(parents) > 1:
                row.reject(f"The row names {len(parents)} parents. A component can have one.")
            row.parent_name = parents[0] if parents else None
            row.gives_parent = bool(parents) or "parent" not in mapping.never_null
        _check_names(row)
        if key_only:
            row.attributes.pop("name", None)
    return component_rows


def read_reference_rows(job: Job, rows: Iterable[Row], mapping: ResolvedReferences) -> list[ReferenceRow]:
    """Return the rows that a reference mapping selects, each with its attributes and its problems."""
    formats = read_source_formats(job.sources.get(mapping.mapping.rows, {}))
    read_attributes = make_attribute_reader(mapping, formats)
    read_type = None if mapping.type_reader is None else mapping.type_reader.make()
    read_sources, read_targets = make_name_reader(mapping.source), make_name_reader(mapping.target)
    reference_rows = []
    for selected in _select(rows, mapping, formats):
        row = ReferenceRow(mapping, *selected)
        reference_rows.append(row)
        if row.problems:
            row.is_identified = False
            continue
        row.sources, row.targets = _read(read_sources, row), _read(read_targets, row)
        row.is_identified = not row.problems
        if row.is_identified and not (row.sources and row.targets):
            continue  # whatever else it has, it is no reference
        type_problems: list[str] = []
        row.mapping = _mapping_of_type(read_type, mapping, row.values, type_problems)
        if type_problems:
            row.problems += type_problems
            row.is_identified = False
            continue
        row.attributes, problems = read_attributes(row.values)
        row.problems += problems
        key = mapping.key
        if key is not None and row.attributes.get(key) is None:
            row.is_identified = False
            if key in row.attributes:
                row.reject(f"The key {key} is blank.")
    return reference_rows


_M = TypeVar("_M", bound="ResolvedMapping")


class _SelectedRow(NamedTuple):
    """The arguments of a `MappedRow` after its mapping."""

    label: str
    values: Values
    attributes: Attributes
    problems: list[str]


def _select(rows: Iterable[Row], mapping: ResolvedMapping, formats: SourceFormats) -> Iterator[_SelectedRow]:
    """Yield each row that `where` selects, or that cannot be read."""
    is_selected = make_row_filter(mapping.mapping.where, formats)
    for row in rows:
        values: Values = {}
        problems = [] if row.problem is None else [row.problem]
        if row.problem is None:
            values = row.values
            try:
                if is_selected is not None and not is_selected(values):
                    continue
            except InvalidInput as error:
                problems.append(str(error))
        yield _SelectedRow(row.label, values, {}, problems)


def _mapping_of_type(
    read_type: Callable[[Values], Any] | None, mapping: _M, values: Values, problems: list[str]
) -> _M:
    """Return the mapping of the type that a row gives; add a problem if there is none."""
    if read_type is not None:
        try:
            return cast("_M", mapping.by_type[read_type(values)])
        except InvalidInput as error:
            problems.append(str(error))
    return mapping


def _read(read: Callable[[Values], list[EndName]], row: ComponentRow | ReferenceRow) -> list[EndName]:
    """Return what a reader returns; if it raises a problem, add that to the row's, once."""
    try:
        return read(row.values)
    except InvalidInput as error:
        if str(error) not in row.problems:
            row.reject(str(error))
        return []


def _check_names(row: ComponentRow) -> None:
    """Reject a row with a blank name or a blank key."""
    attributes, key = row.attributes, row.mapping.key
    if "name" in attributes and attributes["name"] is None:
        row.reject("The name is blank.")
    if key is not None and key in attributes and attributes[key] is None:
        row.reject(f"The key {key} is blank.")
    row.is_identified = row.key is not None
