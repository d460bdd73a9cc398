"""List which attributes of each kind can be written, their JSON types, and what stands when they are
left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest, Unprocessable
from ardoqpy.emulator.table import Row


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "a string": lambda value: isinstance(value, str),
    "a number": _is_number,
    "an integer": _is_integer,
    "true or false": lambda value: isinstance(value, bool),
    "a list of strings": _is_texts,
    "a list": lambda value: isinstance(value, list),
    "an object": lambda value: isinstance(value, dict),
    "anything": lambda _value: True,
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """Describe one attribute: its JSON type in words, and what holds when a request does not give it.

    `required` ones can never be absent or null. `keeps` ones stay as stored when a whole entity is replaced
    without them; the others go back to `default`. Where one is not `nullable`, null stands for the default.
    """

    name: str
    type: str = "a string"
    default: Any = None
    required: bool = False
    keeps: bool = False
    nullable: bool = True


class Kind:
    """Describe what can be written about one kind of entity."""

    def __init__(self, name: str, *attributes: Attribute) -> None:
        self.name = name
        self.attributes: Mapping[str, Attribute] = {attribute.name: attribute for attribute in attributes}

    def new(self, given: Row) -> Row:
        """Return all attributes of a new entity, or raise a Problem."""
        return {
            name: self._checked(attribute, given[name]) if name in given else self._left_out(attribute)
            for name, attribute in self.attributes.items()
        }

    def next(self, row: Row, given: Row, *, replace: bool) -> Row:
        """Return the attributes to write over a stored row, or raise a Problem."""
        changes: Row = {}
        for name, attribute in self.attributes.items():
            if name in given:
                changes[name] = self._checked(attribute, given[name])
            elif replace and assumptions.PUT_RESETS_OMITTED:
                if attribute.keeps:
                    changes[name] = row[name]
                else:
                    changes[name] = self._left_out(attribute)
        return changes

    def _left_out(self, attribute: Attribute) -> Any:
        if attribute.required:
            raise Unprocessable(self._needs(attribute))
        return attribute.default

    def _checked(self, attribute: Attribute, value: Any) -> Any:
        if value is None:
            if attribute.required:
                raise Unprocessable(self._needs(attribute))
            return None if attribute.nullable else attribute.default
        if not _CHECKS[attribute.type](value):
            sentence = f"'{attribute.name}' of a {self.name} has to be {attribute.type}, not {_told(value)}."
            raise BadRequest(sentence)
        if attribute.required and isinstance(value, str) and not value.strip():
            raise Unprocessable(self._needs(attribute))
        return value

    def _needs(self, attribute: Attribute) -> str:
        return f"A {self.name} needs a '{attribute.name}'."


def _told(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list):
        return "a list" if not value or _is_texts(value) else "a list of something else"
    return "an object"


_STYLE = tuple(Attribute(name) for name in ("color", "shape", "icon", "image"))

COMPONENT = Kind(
    "component",
    Attribute("name", required=True),
    Attribute("rootWorkspace", required=True, keeps=True),
    Attribute("description"),
    Attribute("typeId", keeps=assumptions.PUT_KEEPS_TYPE, nullable=False),
    Attribute("parent"),
    Attribute("version"),
    *_STYLE,
    Attribute("isPublic", "true or false", default=assumptions.COMPONENT_DEFAULT_IS_PUBLIC, nullable=False),
    Attribute("order", "a number", keeps=True, nullable=False),
)

REFERENCE = Kind(
    "reference",
    Attribute("source", required=True),
    Attribute("target", required=True),
    Attribute("type", "an integer", required=True),
    Attribute("description"),
    Attribute("displayText"),
    Attribute("returnValue"),
    Attribute("order", "an integer", default=assumptions.REFERENCE_DEFAULT_ORDER, nullable=False),
)

WORKSPACE = Kind(
    "workspace",
    Attribute("name", required=True),
    Attribute("description"),
    Attribute("folder"),
    Attribute("views", "a list of strings", default=[], nullable=False),
    Attribute("startView"),
    Attribute("defaultPerspective"),
)

FOLDER = Kind("folder", Attribute("name", required=True), Attribute("description"))

TAG = Kind(
    "tag",
    Attribute("name", required=True),
    Attribute("description"),
    Attribute("rootWorkspace", required=True, keeps=True),
    Attribute("components", "a list of strings", default=[], nullable=False),
    Attribute("references", "a list of strings", default=[], nullable=False),
)

MODEL = Kind(
    "model",
    Attribute("name", required=True),
    Attribute("description"),
    Attribute("root", "an object", default={}, nullable=False),
    Attribute("referenceTypes", "an object", default={}, nullable=False),
    Attribute("useAsTemplate", "true or false", default=False, nullable=False),
    Attribute("flexible", "true or false", default=False, nullable=False),
    Attribute("blankTemplate", "true or false", default=False, nullable=False),
    Attribute("category", default=assumptions.MODEL_DEFAULT_CATEGORY, nullable=False),
    Attribute("defaultViews", "a list of strings", default=[], nullable=False),
    Attribute("startView"),
    Attribute("defaultSort"),
    Attribute("folder"),
)

FIELD = Kind(
    "field",
    Attribute("label", required=True),
    Attribute("name", keeps=True, nullable=False),
    Attribute("type", default=assumptions.FIELD_DEFAULT_TYPE, keeps=True, nullable=False),
    Attribute("model", required=True, keeps=True),
    Attribute("componentType", "a list", default=[], nullable=False),
    Attribute("referenceType", "a list", default=[], nullable=False),
    Attribute("global", "true or false", default=False, nullable=False),
    Attribute("globalref", "true or false", default=False, nullable=False),
    Attribute("defaultValue", "anything"),
    Attribute("description"),
    Attribute("required", "true or false", default=False, nullable=False),
    Attribute("order", "a number", default=0, nullable=False),
    Attribute("dateTimeFields", "a list", default=[], nullable=False),
    Attribute("calculatedFieldSettings", "an object"),
)
