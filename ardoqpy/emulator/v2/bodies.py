"""Check v2 request bodies, and split them into attributes and custom values ("customFields")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest, Unprocessable, UnsupportedMediaType
from ardoqpy.emulator.messages import Request
from ardoqpy.emulator.rows import Attributes

LATEST = "latest"

_JSON = re.compile(r"application/([\w.-]+\+)?json", re.IGNORECASE)
_LARGEST = 2**63 - 1
_VERSION = re.compile(r"[1-9][0-9]{0,17}")


def json_object(request: Request) -> Attributes:
    """Return the body read as a JSON object, or raise an ApiError."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if assumptions.V2_REJECTS_OTHER_CONTENT_TYPES and content_type and not _JSON.fullmatch(content_type):
        raise UnsupportedMediaType(f"The body has to be application/json, not {content_type}.")
    return request.json_object()


def requested_version(request: Request) -> int | None:
    """Return the version that a PATCH changes, None for the latest, or raise BadRequest."""
    version = request.query_value("ifVersionMatch")
    if version is None:
        raise BadRequest("A PATCH needs the query parameter 'ifVersionMatch': a version or 'latest'.")
    if version == LATEST:
        return None
    if not _VERSION.fullmatch(version):
        raise BadRequest(f"'ifVersionMatch' has to be a version or 'latest', not '{version}'.")
    return int(version)


def to_integer(value: Any) -> int | None:
    """Return a JSON number as an integer, None if it has a fraction or more than 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        return None
    return int(value) if -_LARGEST - 1 <= value <= _LARGEST else None


@dataclass(frozen=True, slots=True)
class Body:
    """Describe the body of one kind.

    It lists the required attributes, those that are fixed after creation, those that a client can change, and
    those that can be null.
    """

    kind: str
    required: tuple[str, ...]
    fixed: tuple[str, ...]
    changeable: tuple[str, ...]
    nullable: tuple[str, ...]

    def new(self, given: Mapping[str, Any]) -> tuple[Attributes, Attributes]:
        """Return the attributes and custom values of an entity to create, or raise an ApiError."""
        attributes, custom = self._parts(given, (*self.fixed, *self.changeable))
        for name in self.required:
            if name not in attributes:
                raise Unprocessable(f"A {self.kind} needs a '{name}'.")
        return attributes, custom

    def changes(self, given: Mapping[str, Any]) -> tuple[Attributes, Attributes]:
        """Return the attributes and custom values to change, or raise an ApiError."""
        return self._parts(given, self.changeable)

    def _parts(self, given: Mapping[str, Any], writable: tuple[str, ...]) -> tuple[Attributes, Attributes]:
        attributes: Attributes = {}
        for key, value in given.items():
            if key in writable:
                attributes[key] = self._checked(key, value)
            elif key != "customFields" and not assumptions.V2_IGNORES_OTHER_KEYS:
                raise Unprocessable(f"A {self.kind} has no writable attribute '{key}' here.")
        custom = given.get("customFields", {})
        if not isinstance(custom, dict):
            raise BadRequest(f"'customFields' of a {self.kind} has to be an object.")
        return attributes, custom

    def _checked(self, name: str, value: Any) -> Any:
        if value is None and name in self.nullable:
            return None
        if name == "type":
            number = to_integer(value)
            if number is not None:
                return number
        elif isinstance(value, str):
            return value
        expected = "an integer" if name == "type" else "a string"
        sentence = f"'{name}' of a {self.kind} has to be {expected}."
        if value is None or name == "typeId":
            raise Unprocessable(sentence)
        raise BadRequest(sentence)


_STYLE = ("color", "icon", "image", "shape")

COMPONENT = Body(
    "component",
    required=("rootWorkspace", "typeId", "name"),
    fixed=("rootWorkspace", "typeId"),
    changeable=("name", "description", "parent", *_STYLE),
    nullable=("description", "parent", *_STYLE),
)
REFERENCE = Body(
    "reference",
    required=("source", "target", "type"),
    fixed=("type",),
    changeable=("source", "target", "displayText", "description"),
    nullable=("description",),
)
