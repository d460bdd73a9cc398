"""Functions that turn the cells of a row into attributes and component names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.job.file.model import EndName
from ardoqpy_sync.job.file.where import to_text
from ardoqpy_sync.sources.cell_conversion import convert_cell
from ardoqpy_sync.sources.row import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable

    from ardoqpy.entities import Attributes
    from ardoqpy.metamodel import Field
    from ardoqpy_sync.job.file.model import ComponentSelector, RowMapping
    from ardoqpy_sync.job.file.template import Template
    from ardoqpy_sync.job.file.toml_lines import KeyPath
    from ardoqpy_sync.job.resolver import ResolvedMapping, ResolvedSelector
    from ardoqpy_sync.sources.cell_formats import CellFormats, SourceFormats
    from ardoqpy_sync.sources.row import Values


class ColumnUse(NamedTuple):
    """A column that a mapping reads, and the key of the job file that names it."""

    column: str
    key_path: KeyPath


def list_columns(mapping: RowMapping) -> list[ColumnUse]:
    """Return the columns that a mapping reads, once for each key that names them."""
    key_path = mapping.key_path
    mapped = {**mapping.attributes, **mapping.fields}
    templates = [(mapping.path_of(name), template) for name, template in mapped.items()]
    if mapping.row_type is not None:
        templates.append(((*key_path, "type"), mapping.row_type.value))
    for name in ("parent", "within", "source", "target"):
        selector: ComponentSelector | None = getattr(mapping, name, None)
        while selector is not None:
            templates.append(((*selector.key_path, "value"), selector.value))
            if selector.row_type is not None:
                templates.append(((*selector.key_path, "type"), selector.row_type.value))
            selector = selector.within
    uses = [ColumnUse(column, path) for path, template in templates for column in template.columns]
    return [*uses, *(ColumnUse(column, (*key_path, "where", column)) for column in mapping.where)]


class AttributeReader(NamedTuple):
    """Reads the value of an attribute.

    - `field`, `template`: what is written, and what gives its value.
    - `read_cell`: returns the value of the template for a row; `formats`: those of its cell.
    - `is_kept`: whether a blank value leaves what Ardoq has.
    """

    field: Field
    template: Template
    read_cell: Callable[[Values], Any]
    formats: CellFormats
    is_kept: bool

    def read(self, values: Values) -> Any:
        """Return the value of a row as Ardoq takes it; raise `InvalidInput` if its cells are not valid."""
        return convert_cell(self.read_cell(values), self.field, self.formats)


def list_readers(mapping: ResolvedMapping, formats: SourceFormats) -> list[AttributeReader]:
    """Return what reads each attribute that a mapping writes.

    White space around the name and the key is removed.
    """
    required = {"name", mapping.key}  # a blank one is a problem of the row
    return [
        AttributeReader(
            field,
            template,
            template.getter(strip=field.name in required),
            formats_of(template, formats),
            field.name in mapping.never_null - required,
        )
        for field, template in mapping.cells
    ]


def make_attribute_reader(
    mapping: ResolvedMapping, formats: SourceFormats
) -> Callable[[Values], tuple[Attributes, list[str]]]:
    """Return a function that converts the cells of a row to attributes.

    It returns the attributes whose cells are valid, and a sentence for each other cell.
    """
    readers = [(reader.field.name, reader.read, reader.is_kept) for reader in list_readers(mapping, formats)]

    def read_attributes(values: Values) -> tuple[Attributes, list[str]]:
        attributes: Attributes = {}
        problems: list[str] = []
        for name, read, is_kept in readers:
            try:
                value = read(values)
            except InvalidInput as error:
                if str(error) not in problems:
                    problems.append(str(error))
                continue
            if value is not None or not is_kept:
                attributes[name] = value
        return attributes, problems

    return read_attributes


def formats_of(template: Template, formats: SourceFormats) -> CellFormats:
    """Return the formats of a template's value: those of its column, if it is the cell of one."""
    column = template.single_column
    return formats.common if column is None else formats.columns.get(column, formats.common)


def make_name_reader(resolved: ResolvedSelector) -> Callable[[Values], list[EndName]]:
    """Return a function that lists the components that a row names, by name or key; [] for a blank cell."""
    selector = resolved.selector
    list_cells, split_path = selector.value.lister(selector.split), make_path_splitter(selector)
    is_within, place = selector.key_path[-1] == "within", f"The value {selector.value.raw}"
    read_within = None if resolved.within is None else make_name_reader(resolved.within)
    read_type = None if resolved.type_reader is None else resolved.type_reader.make()

    def read_names(values: Values) -> list[EndName]:
        texts = dict.fromkeys(to_text(item, place) for item in list_cells(values) if not is_blank(item))
        paths = list(filter(None, map(split_path, texts)))
        parents = read_within(values) if read_within is not None and (paths or is_within) else []
        if parents and not paths:
            raise InvalidInput(
                f"The row names {parents[0]} in within, and nothing below it: {selector.value.raw} is blank. "
                "Fill in both, or none."
            )
        if len(parents) > 1:
            raise InvalidInput(f"The row names {len(parents)} components in within. Name one.")
        within = parents[0] if parents else None
        type_id = read_type(values) if read_type is not None and paths else None
        return [EndName(path, within, type_id) for path in paths]

    return read_names


def make_path_splitter(selector: ComponentSelector) -> Callable[[str], tuple[str, ...]]:
    """Return a function from a name or key to the names in it, from the top; () for a blank end.

    A separator before or after all names of one cell says nothing. Otherwise a blank name would mean another
    component: the function raises `InvalidInput`.
    """
    separator, template = selector.path, selector.value
    is_cell = template.is_constant or template.single_column is not None
    is_end = selector.key_path[-1] in ("source", "target")

    def split_path(text: str) -> tuple[str, ...]:
        if separator is None:
            return (text,)
        parts = [part.strip() for part in text.split(separator)]
        if is_cell and any(parts):
            while not parts[0]:
                del parts[0]
            while not parts[-1]:
                del parts[-1]
        if all(parts):
            return tuple(parts)
        if not any(parts):
            return (text,)
        if is_end and not parts[-1]:
            return ()
        raise InvalidInput(
            f"The path {quote_name(text)} has a blank name before or after {quote_name(separator)}: fill in "
            "each name."
        )

    return split_path
