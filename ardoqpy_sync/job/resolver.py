"""Resolve the names in a job to ids in Ardoq, and report every name that does not exist there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy.metamodel import Field
from ardoqpy.name_lookup import NameLookup
from ardoqpy_sync.job.file.row_types import TypeReader, possible_types
from ardoqpy_sync.job.redaction import find_unknown_redacted
from ardoqpy_sync.ledger.records import PARENT, Owner
from ardoqpy_sync.sources.cell_conversion import convert_cell
from ardoqpy_sync.sources.registry import read_map_file
from ardoqpy_sync.sources.value_map import REJECT, read_map

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy.client import ArdoqClient
    from ardoqpy.entities import Attributes
    from ardoqpy_sync.compare.merge import EditPolicy
    from ardoqpy_sync.job.file.model import (
        ComponentMapping,
        ComponentSelector,
        EndName,
        Job,
        ReferenceMapping,
        RowMapping,
    )
    from ardoqpy_sync.job.file.problems import Problem
    from ardoqpy_sync.job.file.row_types import RowType
    from ardoqpy_sync.job.file.template import Template
    from ardoqpy_sync.job.file.toml_lines import KeyPath

_M = TypeVar("_M", bound="ResolvedMapping")
#: The built-in attributes as fields, for the conversion of cells.
_BUILT_IN = {
    "name": Field("name", "name", "Text"),
    "description": Field("description", "description", "TextArea"),
    "displayText": Field("displayText", "displayText", "Text"),
}
#: By kind, the keys of a mapping that are easily taken for custom fields.
_OWN_KEYS = {
    "component": ("name", "description", "parent"),
    "reference": ("displayText", "description", "source", "target"),
}


class TypeGroup(NamedTuple):
    """The components or references of one type in one workspace."""

    kind: str
    ws_id: str
    type_id: str | int


@dataclass(frozen=True, slots=True)
class ResolvedSelector:
    """A component selector with ids.

    - `type_ids`: the types of the component; empty for any type.
    - `field`: the custom field of its key, None for the name.
    - `type_reader`: reads the type that a row gives; None if it gives none.
    - `by_type`: by type, the selector of a component of this type, if rows give it.
    """

    selector: ComponentSelector
    ws_id: str
    ws_name: str
    type_ids: frozenset[str]
    field: str | None
    within: ResolvedSelector | None
    type_reader: TypeReader | None
    by_type: Mapping[str, ResolvedSelector]

    def for_name(self, name: EndName) -> ResolvedSelector:
        """Return the selector of the type that a row gives with a name."""
        return self if name.type_id is None else self.by_type.get(name.type_id, self)

    def may_have_type(self, type_id: str) -> bool:
        """Return whether the component can have a type."""
        types = self.type_ids or self.by_type.keys()
        return not types or type_id in types

    def describe(self, name: EndName) -> str:
        """Return the component that a name selects, for messages."""
        types = " or ".join(map(quote_name, self.for_name(name).selector.types))
        of_type = f" of type {types}" if types else ""
        below = f", below {name.within}" if name.within is not None else ""
        if self.within is not None and name.within is None:
            below = " at the top"
        workspace = quote_name(self.ws_name)
        return f"component{of_type} with the {self.field or 'name'} {name}{below} in workspace {workspace}"


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedMapping:
    """A mapping with ids and the names that Ardoq uses.

    - `cells`: the fields that a row writes, each with its template.
    - `create_only`, `fill_if_empty`, `never_null`: names of attributes.
    - `missing_values`: the attributes to set on what is missing, if any.
    - `create`: whether items are created.
    - `key`: the attribute by which rows are matched; None for a component's name, or a reference's ends.
    - `owned`: the values that all items of this mapping have; empty for a mapping that owns all of its type.
    - `policy`: whose value counts where somebody has edited an attribute in Ardoq.
    - `type_reader`: reads the type that a row gives; None if all rows have `type_id`.
    - `by_type`: by type, the mapping of rows of this type, if rows give it.
    - `is_of_one_type`: whether it is one of those.
    """

    mapping: RowMapping
    ws_id: str
    type_id: Any
    cells: tuple[tuple[Field, Template], ...]
    create_only: frozenset[str]
    fill_if_empty: frozenset[str]
    never_null: frozenset[str]
    missing_values: Attributes
    create: bool
    key: str | None
    owned: Attributes
    policy: EditPolicy
    type_reader: TypeReader | None
    by_type: Mapping[Any, Self]
    is_of_one_type: bool

    @property
    def key_type(self) -> str:
        """The type of the key's field; empty without a key."""
        return next((field.type for field, _ in self.cells if field.name == self.key), "")

    @property
    def matched_by(self) -> str | None:
        """The attribute that distinguishes items of the same name or ends; None without one."""
        return self.key

    def owner(self, key: object) -> Owner:
        """Return what the ledger has of a row with this key: its mapping and the key."""
        return Owner(f"{self.mapping.rows}.{self.mapping.type}", self.matched_by, key)

    @property
    def single_types(self) -> list[Self]:
        """Return the mapping itself, or one for each type that rows can give."""
        return [self] if self.type_reader is None else list(self.by_type.values())

    @property
    def group(self) -> TypeGroup:
        """Return the group in which missing items are looked for."""
        return TypeGroup(self.mapping.kind, self.ws_id, self.type_id)


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedComponents(ResolvedMapping):
    """Rows that become components.

    - `parent`, `within`: at most one of them.
    - `adopt`, `type_change`: as in the mapping.
    """

    parent: ResolvedSelector | None
    within: ResolvedSelector | None
    adopt: bool
    type_change: str

    @property
    def matched_by(self) -> str | None:
        """The attribute that distinguishes components of the same name; None without one."""
        return self.key if self.within is None else PARENT


@dataclass(frozen=True, slots=True, eq=False)
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
    mappings: list[ResolvedMapping] = [*components, *references]
    resolver.check_missing_actions([single for mapping in mappings for single in mapping.single_types])
    resolver.check_redacted()
    return components, references


class _Resolver:
    def __init__(self, job: Job, client: ArdoqClient, problems: list[Problem]) -> None:
        self._job = job
        self._client = client
        self._lookup = NameLookup(client)
        self._collections = {"component": client.api.components, "reference": client.api.references}
        self._problems = problems

    def components(self, mapping: ComponentMapping) -> ResolvedComponents | None:
        before = len(self._problems)
        key_path = mapping.key_path
        ws_id = self._try((*key_path, "workspace"), self._lookup.workspace, mapping.workspace)
        if ws_id is None:
            return None
        type_path = (*key_path, "type")
        type_id, reader = None, None
        if mapping.row_type is None:
            type_id = self._try(type_path, self._lookup.component_type, ws_id, mapping.type)
        else:
            reader = self._type_reader(
                mapping.row_type, type_path, partial(self._lookup.component_type, ws_id)
            )
        cells, names = self._resolve_cells(mapping, ws_id)
        if mapping.parent is not None:
            names["parent"] = "parent"
        key = None if mapping.key == "name" else names.get(mapping.key)
        parent = self._resolve_selector(mapping.parent, ws_id) if mapping.parent else None
        within = self._resolve_selector(mapping.within, ws_id) if mapping.within else None
        values = self._constants(mapping.missing.values, (*key_path, "missing", "set"), ws_id)
        owned = self._constants(mapping.owned, (*key_path, "owned"), ws_id)
        if len(self._problems) > before:
            return None
        resolved = ResolvedComponents(
            mapping,
            ws_id,
            type_id,
            cells,
            **_name_policies(mapping, names),
            missing_values=values,
            create=mapping.create,
            key=key,
            owned=owned,
            policy=_name_policy(mapping.policy, names),
            type_reader=reader,
            by_type={},
            is_of_one_type=False,
            parent=parent,
            within=within,
            adopt=mapping.adopt,
            type_change=mapping.type_change,
        )
        return self._with_types(resolved, self._lookup.component_types(ws_id)) if reader else resolved

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
        type_id, reader = None, None
        if mapping.row_type is None:
            type_id = self._try(type_path, self._lookup.reference_type, ws_id, mapping.type)
        else:
            find = partial(self._lookup.reference_type, ws_id)
            reader = self._type_reader(mapping.row_type, type_path, find)
        cells, names = self._resolve_cells(mapping, ws_id)
        if len(self._problems) > before:
            return None
        resolved = ResolvedReferences(
            mapping,
            ws_id,
            type_id,
            cells,
            **_name_policies(mapping, names),
            missing_values={},
            create=mapping.create,
            key=None if mapping.key is None else names.get(mapping.key),
            owned={},
            policy=_name_policy(mapping.policy, names),
            type_reader=reader,
            by_type={},
            is_of_one_type=False,
            source=source,
            target=target,
        )
        return self._with_types(resolved, self._lookup.reference_types(ws_id)) if reader else resolved

    def _type_reader(
        self, row_type: RowType, key_path: KeyPath, find: Callable[[str], Any]
    ) -> TypeReader | None:
        """Return what reads the type of a row, None if its map cannot be read."""
        base = self._job.path.parent

        def locate(key: str) -> str:
            line = self._job.lines.line((*key_path, key))
            return "" if line is None else f" ({self._job.path.name} line {line})"

        try:
            values = read_map(row_type.table, lambda file: read_map_file(file, base), locate, REJECT)
        except ConfigurationError as error:
            self._report((*key_path, "map_file"), str(error))
            return None
        return TypeReader(row_type.value, values, find)

    def _with_types(self, resolved: _M, names: Mapping[Any, str]) -> _M:
        """Return a mapping whose rows give their types, with one for each type that they can give."""
        by_type = {
            type_id: replace(
                resolved,
                mapping=replace(resolved.mapping, type=name),
                type_id=type_id,
                type_reader=None,
                is_of_one_type=True,
            )
            for type_id, name in _possible(resolved.type_reader, names).items()
        }
        return replace(resolved, by_type=by_type)

    def check_missing_actions(self, mappings: list[ResolvedMapping]) -> None:
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

    def check_redacted(self) -> None:
        """Report names in `redact` that are no fields."""
        self._problems += find_unknown_redacted(self._job, self._client, self._lookup)

    def _resolve_selector(self, selector: ComponentSelector, ws_id: str) -> ResolvedSelector | None:
        before = len(self._problems)
        type_path = (*selector.key_path, "type")
        type_ids = [self._try(type_path, self._lookup.component_type, ws_id, name) for name in selector.types]
        reader = None
        if selector.row_type is not None:
            find = partial(self._lookup.component_type, ws_id)
            reader = self._type_reader(selector.row_type, type_path, find)
        key_field = None
        if selector.key != "name":
            key_field = self._try((*selector.key_path, "key"), self._field, "component", ws_id, selector.key)
        within = self._resolve_selector(selector.within, ws_id) if selector.within else None
        if len(self._problems) > before:
            return None
        ws_name = self._lookup.workspace_name(ws_id)
        key = None if key_field is None else key_field.name
        resolved = ResolvedSelector(selector, ws_id, ws_name, frozenset(type_ids), key, within, reader, {})
        if reader is None:
            return resolved
        by_type = {
            type_id: replace(
                resolved, selector=replace(selector, types=(name,)), type_ids=frozenset([type_id])
            )
            for type_id, name in _possible(reader, self._lookup.component_types(ws_id)).items()
        }
        return replace(resolved, by_type=by_type)

    def _resolve_cells(
        self, mapping: RowMapping, ws_id: str
    ) -> tuple[tuple[tuple[Field, Template], ...], dict[str, str]]:
        """Return the fields that a row writes, and a dict from the names in the job to those in Ardoq."""
        cells = [(_BUILT_IN[name], template) for name, template in mapping.attributes.items()]
        names = {name: name for name in mapping.attributes}
        for name, template in mapping.fields.items():
            key_path = mapping.path_of(name)
            field = self._try(key_path, self._mapped_field, mapping.kind, ws_id, name)
            if field is None:
                continue
            names[name] = field.name
            if field.name in [other.name for other, _ in cells]:
                self._report(key_path, f"Field {quote_name(field.name)} is mapped twice.")
            cells.append((field, template))
        for field, template in cells:
            if template.is_constant or field.read_only:
                name = next(name for name, field_name in names.items() if field_name == field.name)
                self._try(mapping.path_of(name), convert_cell, template.getter()({}), field)
        return tuple(cells), names

    def _constants(self, constants: Attributes, key_path: KeyPath, ws_id: str) -> Attributes:
        """Return constants of a job as the values of attributes, by the names that Ardoq uses."""
        values = {}
        for name, value in constants.items():
            path = (*key_path, name)
            is_built_in = name in ("name", "description")
            field = _BUILT_IN[name] if is_built_in else self._try(path, self._field, "component", ws_id, name)
            if field is not None:
                values[field.name] = self._try(path, convert_cell, value, field)
        return values

    def _mapped_field(self, kind: str, ws_id: str, wanted: str) -> Field:
        try:
            return self._field(kind, ws_id, wanted)
        except InvalidInput:
            if wanted in _OWN_KEYS[kind]:
                raise InvalidInput(
                    f"{quote_name(wanted)} is no custom field: write it in [[{kind}s]] itself."
                ) from None
            raise

    def _field(self, kind: str, ws_id: str, wanted: str) -> Field:
        """Return a custom field, named as in flat attributes.

        Raise `InvalidInput` if there is none, or if the API cannot tell it from a built-in attribute.
        """
        field = self._lookup.field(ws_id, wanted)
        collection = self._collections[kind]
        (name,) = collection.flatten({"customFields": {field.name: None}})
        collection.nest({name: None})
        return field._replace(name=name)

    def _try(self, key_path: KeyPath, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except InvalidInput as error:
            self._report(key_path, str(error))
            return None

    def _report(self, key_path: KeyPath, message: str) -> None:
        problem = self._job.problem_at(key_path, message)
        if problem not in self._problems:  # mappings can share a field
            self._problems.append(problem)


def _possible(reader: TypeReader | None, names: Mapping[Any, str]) -> dict[Any, str]:
    """Return the types that rows can give, of those in Ardoq: their names by id."""
    possible = None if reader is None else possible_types(reader.values)
    folded = None if possible is None else {name.casefold() for name in possible}
    return {key: name for key, name in names.items() if folded is None or name.casefold() in folded}


def _name_policy(policy: EditPolicy, names: Mapping[str, str]) -> EditPolicy:
    conflicts = {names[name]: word for name, word in policy.conflicts.items() if name in names}
    edits = {names[name]: word for name, word in policy.edits.items() if name in names}
    return policy._replace(conflicts=conflicts, edits=edits)


def _name_policies(mapping: RowMapping, names: Mapping[str, str]) -> dict[str, frozenset[str]]:
    listed = {
        "create_only": mapping.create_only,
        "fill_if_empty": mapping.fill_if_empty,
        "never_null": names if mapping.never_null is True else mapping.never_null or (),
    }
    return {key: frozenset(names[name] for name in some if name in names) for key, some in listed.items()}
