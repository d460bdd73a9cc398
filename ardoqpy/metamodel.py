"""
Component types and reference types, read from a model (v1) or a context (v2) as Ardoq gives it.

Pure functions: what they take is the answer of `get_model`, what they give is found in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy.dialect import Entity

__all__ = [
    "component_type_names",
    "component_types",
    "describe",
    "describe_context",
    "find_component_type",
    "find_reference_type",
    "named",
    "reference_type_names",
    "reference_types",
]


def component_types(model: Entity) -> Iterator[tuple[str, dict[str, Any], int]]:
    """
    Yield every component type of a model as (id, definition, depth), parents before their children.

    v1: the tree `root`, nested through `children`; an absent or empty tree yields nothing.
    """
    waiting = [(type_id, definition, 0) for type_id, definition in reversed(_items(model.get("root")))]
    while waiting:
        type_id, definition, depth = waiting.pop()
        yield type_id, definition, depth
        children = _items(definition.get("children"))
        waiting.extend((child_id, child, depth + 1) for child_id, child in reversed(children))


def reference_types(model: Entity) -> Iterator[tuple[int, dict[str, Any]]]:
    """
    Yield every reference type of a model as (id, definition).

    v1: the object `referenceTypes`, whose keys are the ids as text; it may be missing.
    """
    for key, definition in _items(model.get("referenceTypes")):
        type_id = definition.get("id", key)
        yield (int(type_id) if str(type_id).lstrip("-").isdecimal() else type_id), definition


def find_component_type(model: Entity, name: str) -> dict[str, dict[str, Any]] | None:
    """
    Return {id: definition} of the first component type of that name, or None.
    """
    for type_id, definition, _ in component_types(model):
        if definition.get("name") == name:
            return {type_id: definition}
    return None


def find_reference_type(model: Entity, name: str) -> dict[str, Any] | None:
    """
    Return the definition of the first reference type of that name, or None.
    """
    for _, definition in reference_types(model):
        if definition.get("name") == name:
            return definition
    return None


def describe(model: Entity) -> str:
    """
    Return the types of a model with their ids as text, a line each, children indented.
    """
    lines = [f"Model id: {model.get('_id')} : {model.get('name')}"]
    lines += [
        f"{'  ' * depth}name: {definition.get('name')} - id: {type_id}"
        for type_id, definition, depth in component_types(model)
    ]
    lines += [f"name: {kind.get('name')} - id: {type_id}" for type_id, kind in reference_types(model)]
    return "\n".join(lines)


def named(types: Any, name: str) -> dict[str, Any] | None:
    """
    Return the first of that name in one of v2's flat lists of types, as it is, or None.
    """
    return next((one for one in types or [] if isinstance(one, dict) and one.get("name") == name), None)


def component_type_names(model: Entity) -> list[Any]:
    """
    Return the names of all component types, of a model (v1) or a context (v2), as they are given.
    """
    nested = [definition.get("name") for _, definition, _ in component_types(model)]
    return nested + _names_in(model.get("componentTypes"))


def reference_type_names(model: Entity) -> list[Any]:
    """
    Return the names of all reference types, of a model (v1) or a context (v2), as they are given.
    """
    keyed = _items(model.get("referenceTypes"))
    return [definition.get("name") for _, definition in keyed] + _names_in(model.get("referenceTypes"))


def describe_context(context: Entity) -> str:
    """
    Return the types of a context (v2) with their ids as text, a line each, children indented.
    """
    types = [one for one in context.get("componentTypes") or [] if isinstance(one, dict)]
    known = {one.get("typeId") for one in types}
    below: dict[Any, list[dict[str, Any]]] = {}
    for one in types:
        parent = (one.get("parent") or {}).get("typeId")
        below.setdefault(parent if parent in known else None, []).append(one)
    lines = [f"Workspace id: {context.get('rootWorkspace')}"]
    waiting = [(one, 0) for one in reversed(below.pop(None, []))]
    while waiting:
        one, depth = waiting.pop()
        lines.append(f"{'  ' * depth}name: {one.get('name')} - id: {one.get('typeId')}")
        waiting.extend((child, depth + 1) for child in reversed(below.pop(one.get("typeId"), [])))
    kinds = [one for one in context.get("referenceTypes") or [] if isinstance(one, dict)]
    lines += [f"name: {kind.get('name')} - id: {kind.get('type')}" for kind in kinds]
    return "\n".join(lines)


def _names_in(types: Any) -> list[Any]:
    return [one.get("name") for one in types if isinstance(one, dict)] if isinstance(types, list) else []


def _items(tree: Any) -> list[tuple[str, dict[str, Any]]]:
    if not isinstance(tree, dict):
        return []
    return [(key, value) for key, value in tree.items() if isinstance(value, dict)]
