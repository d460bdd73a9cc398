"""Parse the body of a v2 batch, and report the exact location of what is invalid."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ardoqpy.emulator.errors import ApiError, BadRequest, Unprocessable
from ardoqpy.emulator.rows import Attributes
from ardoqpy.emulator.rules.batch_execution import (
    BatchRequest,
    CreateOperation,
    DeleteOperation,
    Operations,
    UpdateOperation,
)
from ardoqpy.emulator.rules.matcher import Criteria
from ardoqpy.emulator.v2.bodies import COMPONENT, LATEST, REFERENCE, Body, to_integer

_MATCH_KEYS = {
    "components": ("rootWorkspace", "typeId", "name", "componentKey"),
    "references": ("rootWorkspace", "targetWorkspace", "source", "target", "type"),
}
# The sets of keys that an alias may have; "customFields" needs exactly one key.
_ALIAS_FORMS = {
    "components": ({"rootWorkspace", "customFields"}, {"rootWorkspace", "name"}, {"componentKey"}),
    "references": ({"rootWorkspace", "customFields"}, {"source", "target", "type"}, {"source", "type"}),
}


def parse_batch(body: Attributes) -> BatchRequest:
    """Return the operations and aliases of a batch, or raise an ApiError."""
    aliases = _object(body, "aliases", "")
    return BatchRequest(
        _operations(body, "components", COMPONENT),
        _operations(body, "references", REFERENCE),
        _aliases(aliases, "components"),
        _aliases(aliases, "references"),
    )


def responds_with_entities(body: Attributes) -> bool:
    """Return whether the answer includes the written entities, or raise BadRequest."""
    value = _object(body, "options", "").get("respondWithEntities", False)
    if not isinstance(value, bool):
        raise BadRequest("options: 'respondWithEntities' has to be true or false.")
    return value


def _aliases(aliases: Attributes, kind: str) -> dict[str, Criteria]:
    criteria_by_alias = {}
    given = _object(aliases, kind, "aliases")
    for alias in given:
        where = f"aliases.{kind}.{alias}"
        description = _object(given, alias, f"aliases.{kind}")
        criteria = _criteria(description, kind, where)
        forms = _ALIAS_FORMS[kind]
        if set(description) not in forms or len(criteria.custom) != ("customFields" in description):
            known = "; ".join(", ".join(sorted(form)) for form in forms)
            raise Unprocessable(
                f"{where} needs exactly one of these sets of keys, with at most one custom field: {known}."
            )
        criteria_by_alias[alias] = criteria
    return criteria_by_alias


def _operations(body: Attributes, kind: str, body_type: Body) -> Operations:
    given = _object(body, kind, "")
    operations = Operations()
    for where, item in _items(given, kind, "create"):
        operations.create.append(_create_operation(item, where, body_type))
    for where, item in _items(given, kind, "upsert"):
        operation = _create_operation(item, where, body_type)
        unique_by = _required(item, "uniqueBy", where)
        if not isinstance(unique_by, list) or not all(isinstance(name, str) for name in unique_by):
            raise BadRequest(f"{where}: 'uniqueBy' has to be a list of strings.")
        if not unique_by:
            raise Unprocessable(f"{where}: 'uniqueBy' needs at least one attribute.")
        operations.upsert.append(replace(operation, unique_by=tuple(dict.fromkeys(unique_by))))
    for where, item in _items(given, kind, "update"):
        name = _text(item, "id", where) or ""
        _required(item, "id", where)
        version = _version(_required(item, "ifVersionMatch", where), where)
        changed = _attributes(body_type.changes, item, where)
        operations.update.append(UpdateOperation(name, version, *changed))
    for where, item in _items(given, kind, "delete"):
        operations.delete.append(_deletion(item, kind, where))
    return operations


def _create_operation(item: Attributes, where: str, body_type: Body) -> CreateOperation:
    return CreateOperation(_text(item, "batchId", where), *_attributes(body_type.new, item, where))


def _attributes(read: Any, item: Attributes, where: str) -> tuple[Attributes, Attributes]:
    _required(item, "body", where)
    try:
        parts: tuple[Attributes, Attributes] = read(_object(item, "body", where))
    except ApiError as error:
        raise type(error)(f"{where}: {error.message}", error.data) from error
    return parts


def _deletion(item: Attributes, kind: str, where: str) -> DeleteOperation:
    name = _text(item, "id", where)
    if ("match" in item) == (name is not None):
        raise Unprocessable(f"{where} needs either an 'id' or a 'match'.")
    if name is not None:
        return DeleteOperation(name)
    match = _criteria(_object(item, "match", where), kind, f"{where}.match")
    if match == Criteria():
        raise Unprocessable(f"{where}: 'match' needs at least one criterion, else it would match everything.")
    return DeleteOperation(match=match)


def _criteria(given: Attributes, kind: str, where: str) -> Criteria:
    attributes: list[tuple[str, Any]] = []
    for key in _MATCH_KEYS[kind]:
        if key not in given:
            continue
        if key == "type":
            attributes.append((key, _number(given[key], where)))
        elif key == "typeId" and not isinstance(given[key], str):
            raise Unprocessable(f"{where}: 'typeId' has to be a string.")
        else:
            attributes.append((key, _text(given, key, where)))
    custom = _object(given, "customFields", where)
    return Criteria(
        tuple(attributes), tuple((key, _text(custom, key, f"{where}.customFields") or "") for key in custom)
    )


def _items(operations: Attributes, kind: str, verb: str) -> Iterator[tuple[str, Attributes]]:
    items = operations.get(verb, [])
    if not isinstance(items, list):
        raise BadRequest(f"'{kind}.{verb}' has to be a list.")
    for position, item in enumerate(items):
        where = f"{kind}.{verb}[{position}]"
        if not isinstance(item, dict):
            raise BadRequest(f"{where} has to be an object.")
        yield where, item


def _object(given: Attributes, key: str, where: str) -> Attributes:
    value = given.get(key, {})
    if not isinstance(value, dict):
        raise BadRequest(f"'{where}.{key}' has to be an object.".replace("'.", "'"))
    return value


def _text(given: Attributes, key: str, where: str) -> str | None:
    if key not in given:
        return None
    value = given[key]
    if not isinstance(value, str):
        raise BadRequest(f"{where}: '{key}' has to be a string.")
    return value


def _required(item: Attributes, key: str, where: str) -> Any:
    if key not in item:
        raise Unprocessable(f"{where} needs '{key}'.")
    return item[key]


def _number(value: Any, where: str) -> int:
    number = to_integer(value)
    if number is None:
        raise BadRequest(f"{where}: 'type' has to be an integer.")
    return number


def _version(value: Any, where: str) -> int | None:
    if value == LATEST:
        return None
    number = to_integer(value)
    if number is None or number < 1:
        raise BadRequest(f"{where}: 'ifVersionMatch' has to be a version or 'latest'.")
    return number
