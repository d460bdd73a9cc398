"""Component types, reference types and fields, read from a model (v1) or a context (v2).

Pure functions of what `get_model` returns. They accept any mapping, because Ardoq may leave keys out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ardoqpy._messages import quote_name
from ardoqpy.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ardoqpy.entities import Attributes, ComponentType, ReferenceType

#: Field types whose values are among the options in their definition.
LIST_TYPES = ("List", "SelectMultipleList")
_OTHER_TYPES = ("Text", "TextArea", "Checkbox", "Number", "Date", "DateTime", "Url", "Email", "User")
_FIELD_TYPES = {name.casefold(): name for name in (*LIST_TYPES, *_OTHER_TYPES)}

#: What the names of the two values of a date range end with.
_DATE_RANGE_ENDS = ("_start_date", "_end_date")


class Field(NamedTuple):
    """What a writer needs of a custom field.

    - `name`: the key on components and references; v1 calls it `name`, v2 `apiKey`.
    - `label`: the name that users see; `type`: as Ardoq has it, such as `Number`.
    - `options`: the values that a list field allows; empty if it allows any.
    - `read_only`: Ardoq calculates the value and accepts none.
    """

    name: str
    label: str
    type: str
    options: tuple[str, ...] = ()
    read_only: bool = False


class TypeInTree(NamedTuple):
    """A component type with its id and its depth below the top of the tree."""

    id: str
    definition: ComponentType
    depth: int


def field_of_model(definition: Mapping[str, Any]) -> Field:
    """Return the field of a definition as v1 gives it.

    v1 keeps the options of a list in its default value, separated by commas.
    """
    name, default = str(definition.get("name")), definition.get("defaultValue")
    options = default.split(",") if isinstance(default, str) else default
    return _field(name, definition, options, read_only=bool(definition.get("calculatedFieldSettings")))


def field_of_context(entry: Mapping[str, Any]) -> Field:
    """Return the field of an entry in the context of a workspace (v2).

    Raise `UnexpectedAnswer` if it is not known whether Ardoq calculates it.
    """
    flags = entry.get("readOnly"), entry.get("calculated")
    if not {*map(type, flags)} <= {bool, type(None)}:
        raise UnexpectedAnswer(
            f"Ardoq's answer does not say whether it calculates the field {quote_name(entry.get('apiKey'))}: "
            "'calculated' or 'readOnly' is neither true nor false."
        )
    return _field(str(entry.get("apiKey")), entry, entry.get("options"), read_only=any(flags))


def with_date_ranges(fields: Iterable[tuple[Field, Mapping[str, Any]]]) -> dict[str, Field]:
    """Return fields by name, with the two DateTimes of each date range; each comes with its definition.

    What type a date range has is not known: a field of an unknown type may be one. A definition of v1 can
    name the DateTimes in `dateTimeFields`.
    """
    by_name: dict[str, Field] = {}
    ends: dict[str, Field] = {}
    for field, definition in fields:
        by_name[field.name] = field
        for name, label in _ends(field, definition):
            ends[name] = Field(name, label, "DateTime", read_only=field.read_only)
    return {**ends, **by_name}


def _ends(field: Field, definition: Mapping[str, Any]) -> list[tuple[str, str]]:
    parts = definition.get("dateTimeFields")
    named = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    if named:
        return [
            (str(part["name"]), str(part.get("label") or part["name"])) for part in named if "name" in part
        ]
    if field.type in _FIELD_TYPES.values():
        return []
    return [(field.name + end, f"{field.label} {end.replace('_', ' ').strip()}") for end in _DATE_RANGE_ENDS]


def _field(name: str, definition: Mapping[str, Any], options: Any, *, read_only: bool) -> Field:
    given_type = str(definition.get("type"))
    kind = _FIELD_TYPES.get(given_type.casefold(), given_type)
    texts: list[str] = []
    if kind in LIST_TYPES and isinstance(options, list):
        texts = [option.strip() for option in options if isinstance(option, str) and option.strip()]
    return Field(name, str(definition.get("label") or name), kind, tuple(dict.fromkeys(texts)), read_only)


def component_types(model: Mapping[str, Any]) -> Iterator[TypeInTree]:
    """Yield every component type of a model, parents before their children.

    v1: the tree `root`, nested through `children`; an absent or empty tree yields nothing. v2: the list
    `componentTypes`, where a type names its `parent`.
    """
    if isinstance(model.get("componentTypes"), list):
        yield from _types_of_context(model["componentTypes"])
        return
    pending = [TypeInTree(type_id, definition, 0) for type_id, definition in _items(model.get("root"))[::-1]]
    while pending:
        component_type = pending.pop()
        yield component_type
        children = _items(component_type.definition.get("children"))
        pending.extend(TypeInTree(key, child, component_type.depth + 1) for key, child in children[::-1])


def reference_types(model: Mapping[str, Any]) -> Iterator[tuple[int, ReferenceType]]:
    """Yield every reference type of a model as (id, definition).

    v1: the object `referenceTypes`, whose keys are the ids as text; it may be missing. v2: a list.
    """
    listed = model.get("referenceTypes")
    if isinstance(listed, list):
        for definition in listed:
            if isinstance(definition, dict) and isinstance(number := definition.get("type", -1), int):
                yield number, cast("ReferenceType", definition)
        return
    for key, definition in _items(model.get("referenceTypes")):
        given = definition.get("id", key)
        type_id: Any = given if isinstance(given, int | str) else key
        yield (int(type_id) if str(type_id).lstrip("-").isdecimal() else type_id), definition


def find_component_type(model: Mapping[str, Any], name: str) -> dict[str, ComponentType] | None:
    """Return {id: definition} of the first component type of that name, or None."""
    types = component_types(model)
    return next(({item.id: item.definition} for item in types if item.definition.get("name") == name), None)


def find_reference_type(model: Mapping[str, Any], name: str) -> ReferenceType | None:
    """Return the definition of the first reference type of that name, or None."""
    types = reference_types(model)
    return next((definition for _, definition in types if definition.get("name") == name), None)


def describe(model: Mapping[str, Any]) -> str:
    """Return the types of a model with their ids as text, a line each, children indented."""
    return "\n".join([f"Model id: {model.get('_id')} : {model.get('name')}", *_describe_types(model)])


def find_by_name(types: Any, name: str) -> Attributes | None:
    """Return the first type of that name in one of v2's flat lists, as it is, or None."""
    definitions = (definition for definition in types or [] if isinstance(definition, dict))
    return next((definition for definition in definitions if definition.get("name") == name), None)


def component_type_names(model: Mapping[str, Any]) -> list[Any]:
    """Return the names of all component types of a model (v1) or a context (v2), as Ardoq gives them."""
    return [definition.get("name") for _, definition, _ in component_types(model)]


def reference_type_names(model: Mapping[str, Any]) -> list[Any]:
    """Return the names of all reference types of a model (v1) or a context (v2), as Ardoq gives them."""
    return [definition.get("name") for _, definition in reference_types(model)]


def describe_context(context: Mapping[str, Any]) -> str:
    """Return the types of a context (v2) with their ids as text, a line each, children indented."""
    return "\n".join([f"Workspace id: {context.get('rootWorkspace')}", *_describe_types(context)])


def _describe_types(model: Mapping[str, Any]) -> Iterator[str]:
    for type_id, definition, depth in component_types(model):
        yield f"{'  ' * depth}name: {definition.get('name')} - id: {type_id}"
    for number, reference_type in reference_types(model):
        yield f"name: {reference_type.get('name')} - id: {number}"


def _types_of_context(types: list[Any]) -> Iterator[TypeInTree]:
    definitions = [
        definition
        for definition in types
        if isinstance(definition, dict) and isinstance(definition.get("typeId", ""), str)
    ]
    known = {definition.get("typeId") for definition in definitions}
    children: dict[Any, list[Any]] = {}
    for definition in definitions:
        above = definition.get("parent")
        parent = above.get("typeId") if isinstance(above, dict) else None
        is_known = isinstance(parent, str) and parent in known
        children.setdefault(parent if is_known else None, []).append(definition)
    pending = [(definition, 0) for definition in reversed(children.pop(None, []))]
    while pending:
        definition, depth = pending.pop()
        yield TypeInTree(definition.get("typeId", ""), definition, depth)
        pending.extend((child, depth + 1) for child in reversed(children.pop(definition.get("typeId"), [])))
    for circle in children.values():  # types that are below one another
        yield from (TypeInTree(definition.get("typeId", ""), definition, 0) for definition in circle)


def _items(tree: Any) -> list[tuple[str, Any]]:
    if not isinstance(tree, dict):
        return []
    return [(key, value) for key, value in tree.items() if isinstance(value, dict)]
