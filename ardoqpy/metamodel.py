"""Component types and reference types, read from a model (v1) or a context (v2) as Ardoq gives it.

Pure functions: what they take is the answer of `get_model`, what they give is found in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.entities import Entity

__all__ = [
    "Field",
    "component_type_names",
    "component_types",
    "describe",
    "describe_context",
    "field_of_context",
    "field_of_model",
    "find_component_type",
    "find_reference_type",
    "named",
    "reference_type_names",
    "reference_types",
]


#: Fields whose values are some of the options that their definition gives.
LIST_TYPES = ("List", "SelectMultipleList")
_FIELD_TYPES = {
    name.casefold(): name
    for name in (
        "Text",
        "TextArea",
        "Checkbox",
        *LIST_TYPES,
        "Number",
        "Date",
        "DateTime",
        "Url",
        "Email",
        "User",
    )
}


class Field(NamedTuple):
    """What has to be known of a custom field to write to it.

    - `name`: the key on components and references; v1 calls it `name`, v2 `apiKey`.
    - `label`: what people see.
    - `type`: as Ardoq spells it, such as `Number`.
    - `options`: the values that a list field allows; none stands for any.
    - `read_only`: Ardoq calculates it, and takes no value for it.
    """

    name: str
    label: str
    type: str
    options: tuple[str, ...] = ()
    read_only: bool = False


def field_of_model(definition: Entity) -> Field:
    """Return the field of a definition as v1 gives it.

    v1 keeps the options of a list in its default value, separated by commas.
    """
    kind, told = _field_type(definition), definition.get("defaultValue")
    told = told.split(",") if isinstance(told, str) else told
    name, label = str(definition.get("name")), definition.get("label")
    calculated = bool(definition.get("calculatedFieldSettings"))
    return Field(name, str(label or name), kind, _options(told) if kind in LIST_TYPES else (), calculated)


def field_of_context(entry: Entity) -> Field:
    """Return the field of an entry in the context of a workspace (v2)."""
    kind, told = _field_type(entry), entry.get("options")
    name, label = str(entry.get("apiKey")), entry.get("label")
    calculated = bool(entry.get("readOnly") or entry.get("calculated"))
    return Field(name, str(label or name), kind, _options(told) if kind in LIST_TYPES else (), calculated)


def _field_type(definition: Entity) -> str:
    told = str(definition.get("type"))
    return _FIELD_TYPES.get(told.casefold(), told)


def _options(told: Any) -> tuple[str, ...]:
    if not isinstance(told, list):
        return ()
    texts = [option.strip() for option in told if isinstance(option, str)]
    return tuple(dict.fromkeys(text for text in texts if text))


def component_types(model: Entity) -> Iterator[tuple[str, dict[str, Any], int]]:
    """Yield every component type of a model as (id, definition, depth), parents before their children.

    v1: the tree `root`, nested through `children`; an absent or empty tree yields nothing. v2: the list
    `componentTypes`, where a type names its `parent`.
    """
    if isinstance(model.get("componentTypes"), list):
        yield from _of_context(model["componentTypes"])
        return
    waiting = [(type_id, definition, 0) for type_id, definition in reversed(_items(model.get("root")))]
    while waiting:
        type_id, definition, depth = waiting.pop()
        yield type_id, definition, depth
        children = _items(definition.get("children"))
        waiting.extend((child_id, child, depth + 1) for child_id, child in reversed(children))


def reference_types(model: Entity) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield every reference type of a model as (id, definition).

    v1: the object `referenceTypes`, whose keys are the ids as text; it may be missing. v2: a list.
    """
    if isinstance(model.get("referenceTypes"), list):
        yield from ((one.get("type", -1), one) for one in model["referenceTypes"] if isinstance(one, dict))
        return
    for key, definition in _items(model.get("referenceTypes")):
        type_id = definition.get("id", key)
        yield (int(type_id) if str(type_id).lstrip("-").isdecimal() else type_id), definition


def find_component_type(model: Entity, name: str) -> dict[str, dict[str, Any]] | None:
    """Return {id: definition} of the first component type of that name, or None."""
    for type_id, definition, _ in component_types(model):
        if definition.get("name") == name:
            return {type_id: definition}
    return None


def find_reference_type(model: Entity, name: str) -> dict[str, Any] | None:
    """Return the definition of the first reference type of that name, or None."""
    for _, definition in reference_types(model):
        if definition.get("name") == name:
            return definition
    return None


def describe(model: Entity) -> str:
    """Return the types of a model with their ids as text, a line each, children indented."""
    return "\n".join([f"Model id: {model.get('_id')} : {model.get('name')}", *_described(model)])


def named(types: Any, name: str) -> dict[str, Any] | None:
    """Return the first of that name in one of v2's flat lists of types, as it is, or None."""
    return next((one for one in types or [] if isinstance(one, dict) and one.get("name") == name), None)


def component_type_names(model: Entity) -> list[Any]:
    """Return the names of all component types, of a model (v1) or a context (v2), as they are given."""
    return [definition.get("name") for _, definition, _ in component_types(model)]


def reference_type_names(model: Entity) -> list[Any]:
    """Return the names of all reference types, of a model (v1) or a context (v2), as they are given."""
    return [definition.get("name") for _, definition in reference_types(model)]


def describe_context(context: Entity) -> str:
    """Return the types of a context (v2) with their ids as text, a line each, children indented."""
    return "\n".join([f"Workspace id: {context.get('rootWorkspace')}", *_described(context)])


def _described(model: Entity) -> Iterator[str]:
    for type_id, definition, depth in component_types(model):
        yield f"{'  ' * depth}name: {definition.get('name')} - id: {type_id}"
    for reference_type, definition in reference_types(model):
        yield f"name: {definition.get('name')} - id: {reference_type}"


def _of_context(types: list[Any]) -> Iterator[tuple[str, dict[str, Any], int]]:
    definitions = [one for one in types if isinstance(one, dict)]
    known = {one.get("typeId") for one in definitions}
    below: dict[Any, list[dict[str, Any]]] = {}
    for one in definitions:
        parent = (one.get("parent") or {}).get("typeId")
        below.setdefault(parent if parent in known else None, []).append(one)
    waiting = [(one, 0) for one in reversed(below.pop(None, []))]
    while waiting:
        one, depth = waiting.pop()
        yield one.get("typeId", ""), one, depth
        waiting.extend((child, depth + 1) for child in reversed(below.pop(one.get("typeId"), [])))
    for circle in below.values():  # types that stand below one another
        yield from ((one.get("typeId", ""), one, 0) for one in circle)


def _items(tree: Any) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(tree, dict):
        return []
    return [(key, value) for key, value in tree.items() if isinstance(value, dict)]
