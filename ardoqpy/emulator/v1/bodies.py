"""Split v1 request bodies into writable attributes, read-only attributes and custom values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ardoqpy.emulator import assumptions, schema
from ardoqpy.emulator.errors import BadRequest
from ardoqpy.emulator.messages import Request
from ardoqpy.emulator.rows import Attributes

# The server sends these with every entity. A client may send them back; they are ignored.
PERSISTED = frozenset(
    {
        *("_id", "_version", "created", "last-updated", "lastupdated", "created-by", "createdBy"),
        *("createdByName", "createdByEmail", "last-modified-by", "lastModifiedBy"),
        *("lastModifiedByName", "lastModifiedByEmail", "ardoq", "ardoq-persistent", "origin"),
        "mustBeSaved",
    }
)


class Parts(NamedTuple):
    """Hold the attributes of a body under the store's names, and all its other keys as custom values."""

    attributes: Attributes
    custom: Attributes


@dataclass(frozen=True, slots=True)
class Body:
    """Describe the body of one kind: the store's name of each writable key, and the read-only keys."""

    kind: str
    writable: Mapping[str, str]
    read_only: frozenset[str]

    def parts(self, given: Mapping[str, Any]) -> Parts:
        """Return the attributes and the custom values; kinds without custom values ignore the latter."""
        parts = Parts({}, {})
        for key, value in given.items():
            name = self.writable.get(key)
            if name is not None:
                parts.attributes[name] = value
            elif key not in self.read_only:
                parts.custom[key] = value
        return parts


def _body(kind: schema.Kind, *read_only: str, on_create: tuple[str, ...] = ()) -> Body:
    writable = {("_order" if _has_underscore(kind, name) else name): name for name in kind.attributes}
    writable |= {name: name for name in on_create}
    return Body(kind.name, writable, PERSISTED.union(read_only))


def _has_underscore(kind: schema.Kind, name: str) -> bool:
    return name == "order" and kind is not schema.REFERENCE


COMPONENT = _body(schema.COMPONENT, "type", "children", "model", "component-key", "references", "batchId")
REFERENCE = _body(schema.REFERENCE, "rootWorkspace", "targetWorkspace", "model", "batchId")
WORKSPACE = _body(schema.WORKSPACE, on_create=("componentTemplate", "componentModel"))
FOLDER = _body(schema.FOLDER)
TAG = _body(schema.TAG)
MODEL = _body(schema.MODEL)
FIELD = _body(schema.FIELD)


def version_for_put(body: Mapping[str, Any]) -> int | None:
    """Return the version that a PUT replaces, or raise BadRequest."""
    version = body.get("_version")
    if version is None:
        if assumptions.PUT_NEEDS_VERSION:
            raise BadRequest("A PUT needs the '_version' that it replaces.")
        return None
    return _integer(version)


def version_for_patch(body: Mapping[str, Any]) -> int | None:
    """Return the version that a PATCH changes, None if it is not compared."""
    version = body.get("_version")
    if version is None or not assumptions.PATCH_COMPARES_VERSION:
        return None
    return _integer(version)


def ids_of(request: Request, key: str) -> list[str]:
    """Return the list of ids under a key of the body, or raise BadRequest."""
    ids = request.json_object().get(key)
    if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
        raise BadRequest(f"'{key}' has to be a list of ids.")
    return ids


def _integer(version: Any) -> int:
    if isinstance(version, bool) or not isinstance(version, int):
        raise BadRequest("'_version' has to be an integer.")
    return version
