"""Take v1 request bodies apart: what can be written, what is only read, and what is a custom value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ardoqpy.emulator import assumptions, schema
from ardoqpy.emulator.errors import BadRequest
from ardoqpy.emulator.messages import Request
from ardoqpy.emulator.table import Row

# Sent by the server on every entity, accepted and ignored when a client sends them back.
PERSISTED = frozenset(
    {
        "_id",
        "_version",
        "created",
        "last-updated",
        "lastupdated",
        "created-by",
        "createdBy",
        "createdByName",
        "createdByEmail",
        "last-modified-by",
        "lastModifiedBy",
        "lastModifiedByName",
        "lastModifiedByEmail",
        "ardoq",
        "ardoq-persistent",
        "origin",
        "mustBeSaved",
    }
)


@dataclass(frozen=True, slots=True)
class Body:
    """Describe the body of one kind: the store's name of each key that can be written, and the keys
    only read.
    """

    writable: Mapping[str, str]
    read_only: frozenset[str]

    def parts(self, given: Mapping[str, Any]) -> tuple[Row, Row]:
        """Return the built-in attributes under the store's names, and everything that is not built in."""
        built_in: Row = {}
        custom: Row = {}
        for key, value in given.items():
            name = self.writable.get(key)
            if name is not None:
                built_in[name] = value
            elif key not in self.read_only:
                custom[key] = value
        return built_in, custom

    def attributes(self, given: Mapping[str, Any]) -> Row:
        """Return the built-in attributes of a kind that has no custom values; unknown keys are ignored."""
        return self.parts(given)[0]


def _body(kind: schema.Kind, *read_only: str) -> Body:
    writable = {("_order" if _has_underscore(kind, name) else name): name for name in kind.attributes}
    return Body(writable, PERSISTED.union(read_only))


def _has_underscore(kind: schema.Kind, name: str) -> bool:
    return name == "order" and kind is not schema.REFERENCE


COMPONENT = _body(schema.COMPONENT, "type", "children", "model", "component-key", "references", "batchId")
REFERENCE = _body(schema.REFERENCE, "rootWorkspace", "targetWorkspace", "model", "batchId")
WORKSPACE = _body(schema.WORKSPACE)
FOLDER = _body(schema.FOLDER)
TAG = _body(schema.TAG)
MODEL = _body(schema.MODEL)
FIELD = _body(schema.FIELD)


def version_for_put(body: Mapping[str, Any]) -> int | None:
    """Return the version that a PUT speaks of, or raise BadRequest."""
    version = body.get("_version")
    if version is None:
        if assumptions.PUT_NEEDS_VERSION:
            raise BadRequest("A PUT needs the '_version' that it speaks of.")
        return None
    return _integer(version)


def version_for_patch(body: Mapping[str, Any]) -> int | None:
    """Return the version that a PATCH speaks of, if it counts."""
    version = body.get("_version")
    if version is None or not assumptions.PATCH_COMPARES_VERSION:
        return None
    return _integer(version)


def ids_of(request: Request, key: str) -> list[str]:
    """Return the list of ids under a key of the body, or raise BadRequest."""
    ids = request.json_object().get(key)
    if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
        sentence = f"'{key}' has to be a list of ids."
        raise BadRequest(sentence)
    return ids


def _integer(version: Any) -> int:
    if isinstance(version, bool) or not isinstance(version, int):
        raise BadRequest("'_version' has to be an integer.")
    return version
