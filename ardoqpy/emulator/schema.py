"""List the writable attributes of each kind of entity, with their JSON types and defaults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest, Unprocessable
from ardoqpy.emulator.rows import Attributes


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list_of_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "a string": lambda value: isinstance(value, str),
    "a number": _is_number,
    "an integer": _is_integer,
    "true or false": lambda value: isinstance(value, bool),
    "a list of strings": _is_list_of_strings,
    "a list": lambda value: isinstance(value, list),
    "an object": lambda value: isinstance(value, dict),
    "anything": lambda _value: True,
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """Describe an attribute: its JSON type in words, and its value when a request omits it.

    A `required` attribute can never be absent or null. A PUT without the attribute resets it to `default`,
    unless the attribute `keeps` its value. If it is not `nullable`, null means the default.
    """

    name: str
    type: str = "a string"
    default: Any = None
    required: bool = False
    keeps: bool = False
    nullable: bool = True


class Kind:
    """Describe the writable attributes of one kind of entity."""

    def __init__(self, name: str, *attributes: Attribute, has_custom_fields: bool = False) -> None:
        """Name the kind, as in "component"."""
        self.name = name
        self.has_custom_fields = has_custom_fields
        self.attributes: Mapping[str, Attribute] = {attribute.name: attribute for attribute in attributes}

    def new(self, given: Attributes) -> Attributes:
        """Return all attributes of a new entity, or raise an ApiError."""
        return {
            name: self._checked(attribute, given[name]) if name in given else self._default(attribute)
            for name, attribute in self.attributes.items()
        }

    def next(self, row: Mapping[str, Any], given: Attributes, *, replace: bool) -> Attributes:
        """Return the attributes to change in a stored row, or raise an ApiError."""
        changes: Attributes = {}
        for name, attribute in self.attributes.items():
            if name in given:
                changes[name] = self._checked(attribute, given[name])
            elif replace and assumptions.PUT_RESETS_OMITTED:
                if attribute.keeps:
                    changes[name] = row[name]
                else:
                    changes[name] = self._default(attribute)
        return changes

    def _default(self, attribute: Attribute) -> Any:
        if attribute.required:
            raise Unprocessable(self._missing(attribute))
        return attribute.default

    def _checked(self, attribute: Attribute, value: Any) -> Any:
        if value is None:
            if attribute.required:
                raise Unprocessable(self._missing(attribute))
            return None if attribute.nullable else attribute.default
        if not _CHECKS[attribute.type](value):
            types = f"{attribute.type}, not {_describe_type(value)}"
            raise BadRequest(f"'{attribute.name}' of a {self.name} has to be {types}.")
        if attribute.required and isinstance(value, str) and not value.strip():
            raise Unprocessable(self._missing(attribute))
        return value

    def _missing(self, attribute: Attribute) -> str:
        return f"A {self.name} needs a '{attribute.name}'."


def _describe_type(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list):
        return "a list" if not value or _is_list_of_strings(value) else "a list of something else"
    return "an object"


def _optional_texts(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name) for name in names)


def _flags(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, "true or false", default=False, nullable=False) for name in names)


def _string_lists(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, "a list of strings", default=[], nullable=False) for name in names)


COMPONENT = Kind(
    "component",
    Attribute("name", required=True),
    Attribute("rootWorkspace", required=True, keeps=True),
    Attribute("description"),
    Attribute("typeId", keeps=assumptions.PUT_KEEPS_TYPE, nullable=False),
    *_optional_texts("parent", "version", "color", "shape", "icon", "image"),
    Attribute("isPublic", "true or false"),
    Attribute("order", "a number", keeps=True, nullable=False),
    has_custom_fields=True,
)

REFERENCE = Kind(
    "reference",
    Attribute("source", required=True),
    Attribute("target", required=True),
    Attribute("type", "an integer", required=True),
    *_optional_texts("description", "displayText", "returnValue"),
    Attribute("order", "an integer", default=assumptions.REFERENCE_DEFAULT_ORDER, nullable=False),
    has_custom_fields=True,
)

WORKSPACE = Kind(
    "workspace",
    Attribute("name", required=True),
    *_optional_texts("description", "folder"),
    *_string_lists("views"),
    *_optional_texts("startView", "defaultPerspective"),
)

FOLDER = Kind("folder", Attribute("name", required=True), Attribute("description"))

TAG = Kind(
    "tag",
    Attribute("name", required=True),
    Attribute("description"),
    Attribute("rootWorkspace", required=True, keeps=True),
    *_string_lists("components", "references"),
)

MODEL = Kind(
    "model",
    Attribute("name", required=True),
    Attribute("description"),
    Attribute("root", "an object", default={}, nullable=False),
    Attribute("referenceTypes", "an object", default={}, nullable=False),
    *_flags("useAsTemplate", "flexible", "blankTemplate"),
    Attribute("category", default=assumptions.MODEL_DEFAULT_CATEGORY, nullable=False),
    *_string_lists("defaultViews"),
    *_optional_texts("startView", "defaultSort", "folder"),
)

FIELD = Kind(
    "field",
    Attribute("label", required=True),
    Attribute("name", keeps=True, nullable=False),
    Attribute("type", default=assumptions.FIELD_DEFAULT_TYPE, keeps=True, nullable=False),
    Attribute("model", required=True, keeps=True),
    Attribute("componentType", "a list", default=[], nullable=False),
    Attribute("referenceType", "a list", default=[], nullable=False),
    *_flags("global", "globalref"),
    Attribute("defaultValue", "anything"),
    Attribute("description"),
    *_flags("required"),
    Attribute("order", "a number", default=0, nullable=False),
    Attribute("dateTimeFields", "a list", default=[], nullable=False),
    Attribute("calculatedFieldSettings", "an object"),
)

REPORT = Kind(
    "report",
    *_optional_texts("name", "description"),
    Attribute("query", "anything", default={}),
    Attribute("datasource", default=assumptions.REPORT_DEFAULT_DATASOURCE),
    Attribute("columns", "anything", default=assumptions.REPORT_DEFAULT_COLUMNS),
)
