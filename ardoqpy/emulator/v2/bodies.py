"""Take v2 request bodies apart: built-in attributes, custom values under "customFields", and the rest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest, Unprocessable, UnsupportedMediaType
from ardoqpy.emulator.messages import Request
from ardoqpy.emulator.table import Row

LATEST = "latest"

_JSON = re.compile(r"application/([\w.-]+\+)?json", re.IGNORECASE)
_LARGEST = 2**63 - 1
_VERSION = re.compile(r"[1-9][0-9]{0,17}")


def json_object(request: Request) -> dict[str, Any]:
    """Return the body read as a JSON object, or raise a Problem."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if assumptions.V2_REFUSES_OTHER_CONTENT_TYPES and content_type and not _JSON.fullmatch(content_type):
        sentence = f"The body has to be application/json, not {content_type}."
        raise UnsupportedMediaType(sentence)
    return request.json_object()


def version_asked(request: Request) -> int | None:
    """Return the version that a PATCH speaks of, None for the latest, or raise BadRequest."""
    asked = request.asked("ifVersionMatch")
    if asked is None:
        raise BadRequest("A PATCH needs the query parameter 'ifVersionMatch': a version or 'latest'.")
    if asked == LATEST:
        return None
    if not _VERSION.fullmatch(asked):
        sentence = f"'ifVersionMatch' has to be a version or 'latest', not '{asked}'."
        raise BadRequest(sentence)
    return int(asked)


def whole_number(value: Any) -> int | None:
    """Return a JSON number of 64 bits without a fraction as an integer, None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        return None
    return int(value) if -_LARGEST - 1 <= value <= _LARGEST else None


@dataclass(frozen=True, slots=True)
class Body:
    """Describe the body of one kind: what it needs, what is fixed once created, what can be changed."""

    kind: str
    needs: tuple[str, ...]
    fixed: tuple[str, ...]
    changeable: tuple[str, ...]
    nullable: tuple[str, ...]

    def new(self, given: Mapping[str, Any]) -> tuple[Row, Row]:
        """Return the attributes and custom values of an entity to create, or raise a Problem."""
        attributes, custom = self._parts(given, (*self.fixed, *self.changeable))
        for name in self.needs:
            if name not in attributes:
                sentence = f"A {self.kind} needs a '{name}'."
                raise Unprocessable(sentence)
        return attributes, custom

    def changes(self, given: Mapping[str, Any]) -> tuple[Row, Row]:
        """Return the attributes and custom values to change, or raise a Problem."""
        return self._parts(given, self.changeable)

    def _parts(self, given: Mapping[str, Any], writable: tuple[str, ...]) -> tuple[Row, Row]:
        attributes: Row = {}
        for key, value in given.items():
            if key in writable:
                attributes[key] = self._checked(key, value)
            elif key != "customFields" and not assumptions.V2_IGNORES_OTHER_KEYS:
                sentence = f"A {self.kind} has no '{key}' that could be written here."
                raise Unprocessable(sentence)
        custom = given.get("customFields", {})
        if not isinstance(custom, dict):
            sentence = f"'customFields' of a {self.kind} has to be an object."
            raise BadRequest(sentence)
        return attributes, custom

    def _checked(self, name: str, value: Any) -> Any:
        if value is None and name in self.nullable:
            return None
        if name == "type":
            number = whole_number(value)
            if number is not None:
                return number
        elif isinstance(value, str):
            return value
        has_to_be = "an integer" if name == "type" else "a string"
        sentence = f"'{name}' of a {self.kind} has to be {has_to_be}."
        if value is None or name == "typeId":
            raise Unprocessable(sentence)
        raise BadRequest(sentence)


_STYLE = ("color", "icon", "image", "shape")

COMPONENT = Body(
    "component",
    needs=("rootWorkspace", "typeId", "name"),
    fixed=("rootWorkspace", "typeId"),
    changeable=("name", "description", "parent", *_STYLE),
    nullable=("description", "parent", *_STYLE),
)
REFERENCE = Body(
    "reference",
    needs=("source", "target", "type"),
    fixed=("type",),
    changeable=("source", "target", "displayText", "description"),
    nullable=("description",),
)
