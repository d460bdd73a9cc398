"""Decide what a model file adds to a workspace: pure functions of what Ardoq holds.

What Ardoq holds in another form than the file says is a difference: it is reported and left as it is.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy import metamodel
from ardoqpy._messages import quote_name
from ardoqpy.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ardoqpy.entities import Attributes, FieldDefinition, Model
    from ardoqpy.metamodel import Field
    from ardoqpy_sync.job.file.toml_lines import KeyPath
    from ardoqpy_sync.job.model_file.spec import FieldSpec, TypeSpec, WorkspaceSpec


class Difference(NamedTuple):
    """What Ardoq has otherwise than the file says, and where the file says it."""

    key_path: KeyPath
    message: str


class WorkspaceState(NamedTuple):
    """What Ardoq holds of a workspace.

    - `ws_id`: None if there is none of the name.
    - `model`: its model, or the one that an earlier run made for it; None if there is none.
    - `fields`: the definitions of the fields of the model.
    - `shared_with`: the names of other workspaces that have the same model.
    - `differences`: why it is not known which workspace is meant.
    """

    ws_id: str | None
    model: Model | None
    fields: Sequence[FieldDefinition]
    shared_with: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldExtension:
    """What is added to a field: options, and types that have it."""

    spec: FieldSpec
    definition: FieldDefinition
    options: tuple[str, ...]
    component_types: tuple[str, ...]
    reference_types: tuple[str, ...]


@dataclass(slots=True)
class Decision:
    """What is added to a workspace, and what differs.

    - `is_new`: whether the workspace is created.
    - `shared_with`: the names of other workspaces that have the same model, so that they get the same.
    """

    spec: WorkspaceSpec
    is_new: bool = False
    shared_with: tuple[str, ...] = ()
    component_types: list[TypeSpec] = field(default_factory=list)
    reference_types: list[TypeSpec] = field(default_factory=list)
    fields: list[FieldSpec] = field(default_factory=list)
    extensions: list[FieldExtension] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def changes_model(self) -> bool:
        """Return whether types are added."""
        return bool(self.component_types or self.reference_types)

    @property
    def workspace_label(self) -> str:
        """The workspaces that get what is added, in words."""
        others = f" and {', '.join(self.shared_with)}, which have the same model" if self.shared_with else ""
        return f"workspace {self.spec.name}{others}"

    def describe(self) -> Iterator[str]:
        """Yield what is added, a line each."""
        ws = self.workspace_label
        if self.is_new:
            yield f"create {ws}"
        for kind in self.component_types:
            below = f" below {kind.parent}" if kind.parent else ""
            yield f"create component type {kind.name}{below} in {ws}"
        for kind in self.reference_types:
            yield f"create reference type {kind.name} in {ws}"
        for spec in self.fields:
            yield describe_field(spec, ws)
        for extension in self.extensions:
            yield from describe_extension(extension, ws)


def describe_field(spec: FieldSpec, ws: str) -> str:
    """Return the line for a new field; `ws` names its workspace."""
    options = f", options {', '.join(spec.options)}" if spec.options else ""
    return f"create field {spec} in {ws}: {spec.type}{options}"


def describe_extension(extension: FieldExtension, ws: str) -> Iterator[str]:
    """Yield what is added to a field, a line each; `ws` names its workspace."""
    if extension.options:
        yield f"add options to field {extension.spec} in {ws}: {', '.join(extension.options)}"
    types = [*extension.component_types, *extension.reference_types]
    if types:
        yield f"show field {extension.spec} in {ws} on {', '.join(types)}"


def decide(spec: WorkspaceSpec, state: WorkspaceState) -> Decision:
    """Return what a file adds to a workspace.

    Raise `UnexpectedAnswer` if Ardoq's answer lacks what has to be read before it is extended.
    """
    decision = Decision(spec, shared_with=state.shared_with, differences=list(state.differences))
    if state.differences:
        return decision
    decision.is_new = state.ws_id is None
    model: Mapping[str, Any] = state.model if state.model is not None else {"root": {}, "referenceTypes": {}}
    for key in ("root", "referenceTypes"):
        if not isinstance(model.get(key), dict):
            raise UnexpectedAnswer(
                f"Ardoq's answer has no {key} in the model of workspace {quote_name(spec.name)}. It is not "
                "known which types there are, and nothing is written to the workspace."
            )
    _decide_component_types(spec, model, decision)
    _decide_reference_types(spec, model, decision)
    for field_spec in spec.fields:
        _decide_field(field_spec, state, decision)
    return decision


# -- types ------------------------------------------------------------------------------------------------


class _KnownType(NamedTuple):
    """A component type in Ardoq: its name, and that of the type above it."""

    name: str
    parent: str | None


def _decide_component_types(spec: WorkspaceSpec, model: Mapping[str, Any], decision: Decision) -> None:
    known = _known_types(model.get("root"), None)
    names = [kind.name for kind in known]
    for wanted in spec.component_types:
        same = [kind for kind in known if kind.name == wanted.name]
        if not same and wanted.parent is not None and _count_types(wanted.parent, names, decision) != 1:
            parent = quote_name(wanted.parent)
            what = f"has no component type {parent}, or several, to put {quote_name(wanted.name)} below"
            _differs(decision, wanted, what)
        elif not same:
            if not _reports_spelling(wanted, names, "component type", decision):
                decision.component_types.append(wanted)
        elif len(same) > 1:
            _differs(
                decision, wanted, f"has {len(same)} component types with the name {quote_name(wanted.name)}"
            )
        elif same[0].parent != wanted.parent:
            _differs(
                decision,
                wanted,
                f"has the component type {quote_name(wanted.name)} {_position(same[0].parent)}, not "
                f"{_position(wanted.parent)}",
            )


def _count_types(name: str, known: Sequence[str], decision: Decision) -> int:
    """Return how many component types of a name there will be."""
    return [*known, *(kind.name for kind in decision.component_types)].count(name)


def _decide_reference_types(spec: WorkspaceSpec, model: Mapping[str, Any], decision: Decision) -> None:
    names = [str(kind.get("name")) for _, kind in metamodel.reference_types(model)]
    for wanted in spec.reference_types:
        if names.count(wanted.name) > 1:
            count = names.count(wanted.name)
            _differs(decision, wanted, f"has {count} reference types with the name {quote_name(wanted.name)}")
        elif wanted.name not in names and not _reports_spelling(wanted, names, "reference type", decision):
            decision.reference_types.append(wanted)


def _position(parent: str | None) -> str:
    return "at the top" if parent is None else f"below {quote_name(parent)}"


def _reports_spelling(wanted: TypeSpec, names: Iterable[str], kind: str, decision: Decision) -> bool:
    """Report that Ardoq has the type in another letter case; return whether it has."""
    other = next((name for name in names if name.casefold() == wanted.name.casefold()), None)
    if other is not None:
        _differs(decision, wanted, f"spells the {kind} {quote_name(wanted.name)} as {quote_name(other)}")
    return other is not None


def _differs(decision: Decision, spec: TypeSpec | FieldSpec, what: str) -> None:
    message = f"Workspace {quote_name(decision.spec.name)} {what}. Change it in Ardoq, or in this file."
    decision.differences.append(Difference(spec.key_path, message))


def _known_types(root: Any, parent: str | None) -> list[_KnownType]:
    known = []
    for definition in root.values() if isinstance(root, dict) else ():
        if isinstance(definition, dict):
            name = str(definition.get("name"))
            known += [_KnownType(name, parent), *_known_types(definition.get("children"), name)]
    return known


def merge_types(model: Mapping[str, Any], decision: Decision, first_id: int) -> Attributes:
    """Return a model with the added types; what it has stays as it is.

    - `first_id`: the number in the id of the first new component type; the others follow it.
    """
    merged: Attributes = copy.deepcopy(dict(model))
    used = {item.id for item in metamodel.component_types(merged)}
    number = first_id
    for wanted in decision.component_types:
        while f"p{number}" in used:
            number += 1
        type_id = f"p{number}"
        used.add(type_id)
        level, siblings = _siblings(merged, wanted.parent)
        siblings[type_id] = {
            "id": type_id,
            "name": wanted.name,
            "level": level,
            "index": len(siblings) + 1,
            "returnsValue": False,
            "children": {},
        }
    numbers = [number for number, _ in metamodel.reference_types(merged) if isinstance(number, int)]
    highest = merged.get("maxReferenceTypeKey")
    next_number = max([0, *numbers, *([highest] if isinstance(highest, int) else [])]) + 1
    for offset, wanted in enumerate(decision.reference_types):
        merged["referenceTypes"][str(next_number + offset)] = {
            "id": next_number + offset,
            "name": wanted.name,
            "line": "solid",
            "lineEnding": "none",
            "returnsValue": False,
        }
    return merged


def _siblings(model: Attributes, parent: str | None) -> tuple[int, Attributes]:
    """Return the level below a type, and the types there; those at the top for None."""
    if parent is None:
        root: Attributes = model["root"]
        return 1, root
    for item in metamodel.component_types(model):
        if item.definition.get("name") == parent:
            definition: Any = item.definition
            if not isinstance(definition.get("children"), dict):
                definition["children"] = {}
            children: Attributes = definition["children"]
            return item.depth + 2, children
    raise UnexpectedAnswer(f"Ardoq has no component type {quote_name(parent)} any more.")


# -- fields -----------------------------------------------------------------------------------------------


def _decide_field(spec: FieldSpec, state: WorkspaceState, decision: Decision) -> None:
    by_name = [each for each in state.fields if each.get("name") == spec.name]
    label = spec.label.casefold()
    matches = by_name or [each for each in state.fields if str(each.get("label")).casefold() == label]
    if not matches:
        decision.fields.append(spec)
    elif len(matches) > 1:
        _differs(decision, spec, f"has {len(matches)} fields with the label {quote_name(spec.label)}")
    elif _is_extensible(spec, metamodel.field_of_model(matches[0]), decision):
        _extend_field(spec, matches[0], state, decision)


def _is_extensible(spec: FieldSpec, known: Field, decision: Decision) -> bool:
    """Return whether a field is what the file says, so that it can be extended; report what differs."""
    field = f"field {quote_name(spec.label)} ({known.name})"
    if known.label != spec.label:
        _differs(decision, spec, f"has the {field} with the label {quote_name(known.label)}")
    if spec.is_name_given and known.name != spec.name:
        _differs(decision, spec, f"has the {field} with another name than {quote_name(spec.name)}")
    if known.type != spec.type:
        _differs(decision, spec, f"has the {field} with the type {known.type}, not {spec.type}")
    elif known.read_only:
        _differs(decision, spec, f"has the {field} as a calculated one, which nobody can write")
    return known.type == spec.type and not known.read_only


def _extend_field(
    spec: FieldSpec, definition: FieldDefinition, state: WorkspaceState, decision: Decision
) -> None:
    """Decide which options and types are added to a field."""
    ids = _component_ids(state.model), _reference_ids(state.model)
    options = _missing_options(spec, definition, decision)
    components = _missing_types(definition, ("componentType", "global"), ids[0], _wanted(spec, decision))
    references = _missing_types(
        definition, ("referenceType", "globalref"), ids[1], _wanted_references(spec, decision)
    )
    if components is None or references is None:
        what = f"does not say which types have the field {quote_name(spec.label)}; none is added"
        _differs(decision, spec, what)
    if options or components or references:
        extension = FieldExtension(spec, definition, options, components or (), references or ())
        decision.extensions.append(extension)


def _missing_options(spec: FieldSpec, definition: FieldDefinition, decision: Decision) -> tuple[str, ...]:
    """Return the options that a field lacks; report those that it spells in another letter case."""
    known = metamodel.field_of_model(definition).options
    folded = {option.casefold(): option for option in known}
    missing = [option for option in spec.options if option not in known]
    stored = definition.get("defaultValue", 0)
    if missing and not (stored is None or isinstance(stored, str | list)):
        what = f"does not say which options the field {quote_name(spec.label)} has; none is added"
        _differs(decision, spec, what)
        return ()
    for option in missing:
        if option.casefold() in folded:
            other = quote_name(folded[option.casefold()])
            what = f"spells the option {quote_name(option)} of the field {quote_name(spec.label)} as {other}"
            _differs(decision, spec, what)
    return tuple(option for option in missing if option.casefold() not in folded)


def _wanted(spec: FieldSpec, decision: Decision) -> list[str]:
    """Return the component types that have a field, without those that Ardoq has in another form."""
    differing = {difference.key_path for difference in decision.differences}
    types = [kind.name for kind in decision.spec.component_types if kind.key_path not in differing]
    return [name for name in types if spec.component_types is None or name in spec.component_types]


def _wanted_references(spec: FieldSpec, decision: Decision) -> list[str]:
    """Return the reference types that have a field, without those that Ardoq has in another form."""
    differing = {difference.key_path for difference in decision.differences}
    types = [kind.name for kind in decision.spec.reference_types if kind.key_path not in differing]
    return [name for name in types if name in spec.reference_types]


def _missing_types(
    definition: Mapping[str, Any], keys: tuple[str, str], ids: Mapping[str, str], wanted: Sequence[str]
) -> tuple[str, ...] | None:
    """Return the wanted types that a field is not on; None if Ardoq does not say on which it is.

    - `keys`: of the list of types, and of the mark that it is on all; `ids`: those of the types by name.
    """
    key, on_all = keys
    if definition.get(on_all) or not wanted:
        return ()
    listed = definition.get(key)
    if not isinstance(listed, list):
        return None
    on = {str(item) for item in listed}
    return tuple(name for name in wanted if ids.get(name) not in on)


def _component_ids(model: Mapping[str, Any] | None) -> dict[str, str]:
    types = metamodel.component_types(model or {})
    return {str(item.definition.get("name")): item.id for item in types}


def _reference_ids(model: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(kind.get("name")): str(number) for number, kind in metamodel.reference_types(model or {})}


def new_field(spec: FieldSpec, model: Mapping[str, Any]) -> Attributes:
    """Return the definition of a new field of a model, which has all its types."""
    on_all = spec.component_types is None
    return {
        "label": spec.label,
        "name": spec.name,
        "type": spec.type,
        "model": model["_id"],
        "description": spec.description,
        "global": on_all,
        "globalref": False,
        "componentType": [] if on_all else _ids(spec.component_types or (), _component_ids(model)),
        "referenceType": _ids(spec.reference_types, _reference_ids(model)),
        **({"defaultValue": ",".join(spec.options)} if spec.options else {}),
    }


def extended_field(extension: FieldExtension, model: Mapping[str, Any]) -> Attributes:
    """Return the definition of a field with what is added; all else is as it was read."""
    merged: Attributes = copy.deepcopy(dict(extension.definition))
    if extension.options:
        given = merged.get("defaultValue")
        if isinstance(given, list):
            merged["defaultValue"] = [*given, *extension.options]
        else:
            merged["defaultValue"] = ",".join([*([given] if given else []), *extension.options])
    if extension.component_types:
        merged["componentType"] += _ids(extension.component_types, _component_ids(model))
    if extension.reference_types:
        merged["referenceType"] += _ids(extension.reference_types, _reference_ids(model))
    return merged


def _ids(names: Iterable[str], ids: Mapping[str, str]) -> list[str]:
    return [ids[name] for name in names if name in ids]
