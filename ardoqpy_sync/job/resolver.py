"""Resolve the names in a job to ids in Ardoq, and report every name that does not exist there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy.metamodel import Field
from ardoqpy.name_lookup import NameLookup
from ardoqpy_sync.sources.cell_conversion import convert_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import Attributes
    from ardoqpy_sync.job.model import ComponentMapping, ComponentSelector, Job, ReferenceMapping, RowMapping
    from ardoqpy_sync.job.problems import Problem
    from ardoqpy_sync.job.template import Template
    from ardoqpy_sync.job.toml_lines import KeyPath

#: The built-in attributes as fields, for the conversion of cells.
_BUILT_IN = {
    "name": Field("name", "name", "Text"),
    "description": Field("description", "description", "TextArea"),
    "displayText": Field("displayText", "displayText", "Text"),
}


class TypeGroup(NamedTuple):
    """The components or references of one type in one workspace."""

    kind: str
    ws_id: str
    type_id: str | int


@dataclass(frozen=True, slots=True)
class ResolvedSelector:
    """A component selector with ids; `field` is the custom field of its key, None for the name."""

    selector: ComponentSelector
    ws_id: str
    ws_name: str
    type_id: str
    field: str | None

    def describe(self, value: str) -> str:
        """Return the component that a value selects, for messages."""
        key = f"with the {self.field or 'name'} {quote_name(value)}"
        type_name, workspace = quote_name(self.selector.type), quote_name(self.ws_name)
        return f"component of type {type_name} {key} in workspace {workspace}"


@dataclass(frozen=True, slots=True)
class ResolvedMapping:
    """A mapping with ids and the names that Ardoq uses.

    - `cells`: the fields that a row writes, each with its template.
    - `create_only`, `fill_if_empty`, `never_null`: names of attributes.
    - `missing_values`: the attributes to set on what is missing, if any.
    """

    mapping: RowMapping
    ws_id: str
    type_id: Any
    cells: tuple[tuple[Field, Template], ...]
    create_only: frozenset[str]
    fill_if_empty: frozenset[str]
    never_null: frozenset[str]
    missing_values: Attributes

    @property
    def group(self) -> TypeGroup:
        """Return the group in which missing items are looked for."""
        return TypeGroup(self.mapping.kind, self.ws_id, self.type_id)


@dataclass(frozen=True, slots=True)
class ResolvedComponents(ResolvedMapping):
    """Rows that become components; `key` is the custom field that they are matched by, None for the name."""

    key: str | None
    parent: ResolvedSelector | None


@dataclass(frozen=True, slots=True)
class ResolvedReferences(ResolvedMapping):
    """Rows that become references."""

    source: ResolvedSelector
    target: ResolvedSelector


def resolve_names(
    job: Job, client: ArdoqClient, problems: list[Problem]
) -> tuple[list[ResolvedComponents], list[ResolvedReferences]]:
    """Return the mappings of a job with ids instead of names, and add everything that is wrong to `problems`.

    Raise `ArdoqClientException` if Ardoq does not answer.
    """
    resolver = _Resolver(job, client, problems)
    components = [resolved for mapping in job.components if (resolved := resolver.components(mapping))]
    references = [reference for mapping in job.references if (reference := resolver.references(mapping))]
    resolver.check_missing_actions([*components, *references])
    return components, references


class _Resolver:
    def __init__(self, job: Job, client: ArdoqClient, problems: list[Problem]) -> None:
        self._job = job
        self._lookup = NameLookup(client)
        self._problems = problems

    def components(self, mapping: ComponentMapping) -> ResolvedComponents | None:
        before = len(self._problems)
        key_path = mapping.key_path
        ws_id = self._try((*key_path, "workspace"), self._lookup.workspace, mapping.workspace)
        if ws_id is None:
            return None
        type_id = self._try((*key_path, "type"), self._lookup.component_type, ws_id, mapping.type)
        cells, names = self._resolve_cells(mapping, ws_id)
        names["parent"] = "parent"
        key = None if mapping.key == "name" else names.get(mapping.key)
        parent = self._resolve_selector(mapping.parent, ws_id) if mapping.parent else None
        values = self._missing_values(mapping, ws_id)
        if len(self._problems) > before:
            return None
        policies = _name_policies(mapping, names)
        return ResolvedComponents(
            mapping, ws_id, type_id, cells, **policies, missing_values=values, key=key, parent=parent
        )

    def references(self, mapping: ReferenceMapping) -> ResolvedReferences | None:
        before = len(self._problems)
        ends = []
        for selector in (mapping.source, mapping.target):
            key_path = (*selector.key_path, "workspace")
            if key_path not in self._job.lines:
                key_path = (*mapping.key_path, "workspace")
            selector_ws_id = self._try(key_path, self._lookup.workspace, selector.workspace)
            ends.append(None if selector_ws_id is None else self._resolve_selector(selector, selector_ws_id))
        source, target = ends
        if source is None or target is None:
            return None
        ws_id = source.ws_id
        type_path = (*mapping.key_path, "type")
        type_id = self._try(type_path, self._lookup.reference_type, ws_id, mapping.type)
        cells, names = self._resolve_cells(mapping, ws_id)
        if len(self._problems) > before:
            return None
        policies = _name_policies(mapping, names)
        return ResolvedReferences(
            mapping, ws_id, type_id, cells, **policies, missing_values={}, source=source, target=target
        )

    def check_missing_actions(self, mappings: list[ResolvedComponents | ResolvedReferences]) -> None:
        """Report mappings of the same type with different values of `missing`."""
        first_mappings: dict[TypeGroup, RowMapping] = {}
        for resolved in mappings:
            mapping = resolved.mapping
            if first_mappings.setdefault(resolved.group, mapping).missing != mapping.missing:
                self._report(
                    (*mapping.key_path, "missing"),
                    f"Two mappings of type {quote_name(mapping.type)} in one workspace have different values "
                    "of missing. Set the same value in both.",
                )

    def _resolve_selector(self, selector: ComponentSelector, ws_id: str) -> ResolvedSelector | None:
        before = len(self._problems)
        type_path = (*selector.key_path, "type")
        type_id = self._try(type_path, self._lookup.component_type, ws_id, selector.type)
        field = None
        if selector.key != "name":
            field = self._try((*selector.key_path, "key"), self._lookup.field, ws_id, selector.key)
        if len(self._problems) > before:
            return None
        ws_name = self._lookup.workspace_name(ws_id)
        return ResolvedSelector(selector, ws_id, ws_name, type_id, None if field is None else field.name)

    def _resolve_cells(
        self, mapping: RowMapping, ws_id: str
    ) -> tuple[tuple[tuple[Field, Template], ...], dict[str, str]]:
        """Return the fields that a row writes, and a dict from the names in the job to those in Ardoq."""
        cells = [(_BUILT_IN[name], template) for name, template in mapping.attributes.items()]
        names = {name: name for name in mapping.attributes}
        for name, template in mapping.fields.items():
            key_path = (*mapping.key_path, "fields", name)
            field = self._try(key_path, self._lookup.field, ws_id, name)
            if field is None:
                continue
            names[name] = field.name
            if field.name in [other.name for other, _ in cells]:
                self._report(key_path, f"Field {quote_name(field.name)} is mapped twice.")
            cells.append((field, template))
        for field, template in cells:
            if template.is_constant or field.read_only:
                table = () if field.name in _BUILT_IN else ("fields",)
                name = next(name for name, field_name in names.items() if field_name == field.name)
                self._try((*mapping.key_path, *table, name), convert_cell, template.getter()({}), field)
        return tuple(cells), names

    def _missing_values(self, mapping: RowMapping, ws_id: str) -> Attributes:
        values = {}
        for name, value in mapping.missing.values.items():
            key_path = (*mapping.key_path, "missing", "set", name)
            is_built_in = name in ("name", "description")
            field = _BUILT_IN[name] if is_built_in else self._try(key_path, self._lookup.field, ws_id, name)
            if field is not None:
                values[field.name] = self._try(key_path, convert_cell, value, field)
        return values

    def _try(self, key_path: KeyPath, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except InvalidInput as error:
            self._report(key_path, str(error))
            return None

    def _report(self, key_path: KeyPath, message: str) -> None:
        self._problems.append(self._job.problem_at(key_path, message))


def _name_policies(mapping: RowMapping, names: Mapping[str, str]) -> dict[str, frozenset[str]]:
    listed = {
        "create_only": mapping.create_only,
        "fill_if_empty": mapping.fill_if_empty,
        "never_null": names if mapping.never_null is True else mapping.never_null or (),
    }
    return {key: frozenset(names[name] for name in some if name in names) for key, some in listed.items()}
