"""Read component types, reference types and fields from the answer of `get_model`.

Pure functions. v1 answers with a model, v2 with the context of a workspace.
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
    "find_by_name",
    "find_component_type",
    "find_reference_type",
    "reference_type_names",
    "reference_types",
]


#: The types of fields whose values are options of their definition.
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
    """A custom field, with what is needed to write to it.

    - `name`: the key on components and references; v1 calls it `name`, v2 `apiKey`.
    - `label`: the name that users see.
    - `type`: Ardoq's name of the type, such as "Number".
    - `options`: the values that a list field allows; empty if it allows any.
    - `read_only`: whether Ardoq calculates the field and accepts no value for it.
    """

    name: str
    label: str
    type: str
    options: tuple[str, ...] = ()
    read_only: bool = False


def field_of_model(definition: Entity) -> Field:
    """Return the field of a field definition (v1).

    v1 keeps the options of a list in its default value, separated by commas.
    """
    default = definition.get("defaultValue")
    options = default.split(",") if isinstance(default, str) else default
    return _make_field(
        definition, "name", options, is_calculated=bool(definition.get("calculatedFieldSettings"))
    )


def field_of_context(entry: Entity) -> Field:
    """Return the field of an entry in the context of a workspace (v2)."""
    is_calculated = bool(entry.get("readOnly") or entry.get("calculated"))
    return _make_field(entry, "apiKey", entry.get("options"), is_calculated=is_calculated)


def _make_field(definition: Entity, name_key: str, options: Any, *, is_calculated: bool) -> Field:
    name, field_type = str(definition.get(name_key)), str(definition.get("type"))
    field_type = _FIELD_TYPES.get(field_type.casefold(), field_type)
    allowed = _clean_options(options) if field_type in LIST_TYPES else ()
    return Field(name, str(definition.get("label") or name), field_type, allowed, is_calculated)


def _clean_options(options: Any) -> tuple[str, ...]:
    if not isinstance(options, list):
        return ()
    texts = [option.strip() for option in options if isinstance(option, str)]
    return tuple(dict.fromkeys(text for text in texts if text))


def component_types(model: Entity) -> Iterator[tuple[str, Entity, int]]:
    """Yield every component type of a model as (id, definition, depth), parents before their children.

    In v1 the types are the tree `root`, nested through `children`; nothing is yielded if it is missing. In v2
    they are the list `componentTypes`, in which a type names its `parent`.
    """
    if isinstance(model.get("componentTypes"), list):
        yield from _component_types_of_context(model["componentTypes"])
        return
    waiting = [(type_id, definition, 0) for type_id, definition in reversed(_items(model.get("root")))]
    while waiting:
        type_id, definition, depth = waiting.pop()
        yield type_id, definition, depth
        children = _items(definition.get("children"))
        waiting.extend((child_id, child, depth + 1) for child_id, child in reversed(children))


def reference_types(model: Entity) -> Iterator[tuple[int, Entity]]:
    """Yield every reference type of a model as (id, definition).

    In v1 `referenceTypes` is an object whose keys are the ids as text; it can be missing. In v2 it is a list.
    """
    if isinstance(model.get("referenceTypes"), list):
        yield from (
            (definition.get("type", -1), definition)
            for definition in model["referenceTypes"]
            if isinstance(definition, dict)
        )
        return
    for key, definition in _items(model.get("referenceTypes")):
        type_id = definition.get("id", key)
        yield (int(type_id) if str(type_id).lstrip("-").isdecimal() else type_id), definition


def find_component_type(model: Entity, name: str) -> dict[str, Entity] | None:
    """Return {id: definition} of the first component type of that name, or None."""
    for type_id, definition, _ in component_types(model):
        if definition.get("name") == name:
            return {type_id: definition}
    return None


def find_reference_type(model: Entity, name: str) -> Entity | None:
    """Return the definition of the first reference type of that name, or None."""
    for _, definition in reference_types(model):
        if definition.get("name") == name:
            return definition
    return None


def describe(model: Entity) -> str:
    """Return a text with a line for each type of a model (v1) and its id, children indented."""
    return "\n".join([f"Model id: {model.get('_id')} : {model.get('name')}", *_type_lines(model)])


def find_by_name(types: Any, name: str) -> Entity | None:
    """Return the first definition of that name in a list of types (v2), or None."""
    return next((item for item in types or [] if isinstance(item, dict) and item.get("name") == name), None)


def component_type_names(model: Entity) -> list[Any]:
    """Return the names of all component types of a model (v1) or a context (v2)."""
    return [definition.get("name") for _, definition, _ in component_types(model)]


def reference_type_names(model: Entity) -> list[Any]:
    """Return the names of all reference types of a model (v1) or a context (v2)."""
    return [definition.get("name") for _, definition in reference_types(model)]


def describe_context(context: Entity) -> str:
    """Return a text with a line for each type of a context (v2) and its id, children indented."""
    return "\n".join([f"Workspace id: {context.get('rootWorkspace')}", *_type_lines(context)])


def _type_lines(model: Entity) -> Iterator[str]:
    for type_id, definition, depth in component_types(model):
        yield f"{'  ' * depth}name: {definition.get('name')} - id: {type_id}"
    for reference_type, definition in reference_types(model):
        yield f"name: {definition.get('name')} - id: {reference_type}"


def _component_types_of_context(types: list[Any]) -> Iterator[tuple[str, Entity, int]]:
    definitions = [item for item in types if isinstance(item, dict)]
    known = {definition.get("typeId") for definition in definitions}
    children: dict[Any, list[Entity]] = {}
    for definition in definitions:
        parent = (definition.get("parent") or {}).get("typeId")
        children.setdefault(parent if parent in known else None, []).append(definition)
    waiting = [(definition, 0) for definition in reversed(children.pop(None, []))]
    while waiting:
        definition, depth = waiting.pop()
        yield definition.get("typeId", ""), definition, depth
        below = children.pop(definition.get("typeId"), [])
        waiting.extend((child, depth + 1) for child in reversed(below))
    for cycle in children.values():  # types that are parents of each other
        yield from ((definition.get("typeId", ""), definition, 0) for definition in cycle)


def _items(tree: Any) -> list[tuple[str, Entity]]:
    if not isinstance(tree, dict):
        return []
    return [(key, value) for key, value in tree.items() if isinstance(value, dict)]
