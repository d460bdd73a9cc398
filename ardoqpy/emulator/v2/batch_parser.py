"""Take the body of a v2 batch apart, and tell exactly what in it cannot be understood."""

from collections.abc import Iterator
from typing import Any

from ardoqpy.emulator.errors import BadRequest, Problem, Unprocessable
from ardoqpy.emulator.rules.batch_create import Draft
from ardoqpy.emulator.rules.batch_execution import ChangeRequest, Deletion, Operations, Update
from ardoqpy.emulator.rules.matcher import Wanted
from ardoqpy.emulator.table import Row
from ardoqpy.emulator.v2.bodies import COMPONENT, LATEST, REFERENCE, Body, whole_number

_MATCH_KEYS = {
    "components": ("rootWorkspace", "typeId", "name", "componentKey"),
    "references": ("rootWorkspace", "targetWorkspace", "source", "target", "type"),
}
# The forms of an alias: its keys, where "customFields" has to hold exactly one key of its own.
_ALIAS_FORMS = {
    "components": ({"rootWorkspace", "customFields"}, {"rootWorkspace", "name"}, {"componentKey"}),
    "references": (
        {"rootWorkspace", "customFields"},
        {"source", "target", "type"},
        {"source", "type"},
    ),
}


def change_request(body: Row) -> ChangeRequest:
    """Return the body of a batch as the store wants it, or raise a Problem."""
    aliases = _object(body, "aliases", "")
    return ChangeRequest(
        _operations(body, "components", COMPONENT),
        _operations(body, "references", REFERENCE),
        _aliases(aliases, "components"),
        _aliases(aliases, "references"),
    )


def responds_with_entities(body: Row) -> bool:
    """Say whether the answer is to hold what was written, or raise BadRequest."""
    asked = _object(body, "options", "").get("respondWithEntities", False)
    if not isinstance(asked, bool):
        raise BadRequest("options: 'respondWithEntities' has to be true or false.")
    return asked


def _aliases(aliases: Row, kind: str) -> dict[str, Wanted]:
    found = {}
    for alias in (given := _object(aliases, kind, "aliases")):
        where = f"aliases.{kind}.{alias}"
        description = _object(given, alias, f"aliases.{kind}")
        wanted = _wanted(description, kind, where)
        forms = _ALIAS_FORMS[kind]
        if set(description) not in forms or len(wanted.custom) != ("customFields" in description):
            known = "; ".join(", ".join(sorted(form)) for form in forms)
            sentence = (
                f"{where} has to have exactly one of these sets of keys, one custom field at most: {known}."
            )
            raise Unprocessable(sentence)
        found[alias] = wanted
    return found


def _operations(body: Row, kind: str, attributes: Body) -> Operations:
    given = _object(body, kind, "")
    operations = Operations()
    for where, item in _items(given, kind, "create"):
        operations.create.append(_draft(item, where, attributes))
    for where, item in _items(given, kind, "upsert"):
        draft = _draft(item, where, attributes)
        unique_by = _needed(item, "uniqueBy", where)
        if not isinstance(unique_by, list) or not all(isinstance(name, str) for name in unique_by):
            sentence = f"{where}: 'uniqueBy' has to be a list of strings."
            raise BadRequest(sentence)
        if not unique_by:
            sentence = f"{where}: 'uniqueBy' has to name something."
            raise Unprocessable(sentence)
        operations.upsert.append(
            Draft(draft.batch_id, draft.attributes, draft.custom, tuple(dict.fromkeys(unique_by)))
        )
    for where, item in _items(given, kind, "update"):
        name = _text(item, "id", where) or ""
        _needed(item, "id", where)
        version = _version(_needed(item, "ifVersionMatch", where), where)
        changed = _attributes(attributes.changes, item, where)
        operations.update.append(Update(name, version, *changed))
    for where, item in _items(given, kind, "delete"):
        operations.delete.append(_deletion(item, kind, where))
    return operations


def _draft(item: Row, where: str, attributes: Body) -> Draft:
    return Draft(_text(item, "batchId", where), *_attributes(attributes.new, item, where))


def _attributes(read: Any, item: Row, where: str) -> tuple[Row, Row]:
    _needed(item, "body", where)
    try:
        parts: tuple[Row, Row] = read(_object(item, "body", where))
    except Problem as problem:
        raise type(problem)(f"{where}: {problem.message}", problem.data) from problem
    return parts


def _deletion(item: Row, kind: str, where: str) -> Deletion:
    name = _text(item, "id", where)
    if ("match" in item) == (name is not None):
        sentence = f"{where} needs either an 'id' or a 'match'."
        raise Unprocessable(sentence)
    if name is not None:
        return Deletion(name)
    match = _wanted(_object(item, "match", where), kind, f"{where}.match")
    if match == Wanted():
        sentence = f"{where}: 'match' has to name something, else it would match everything."
        raise Unprocessable(sentence)
    return Deletion(match=match)


def _wanted(given: Row, kind: str, where: str) -> Wanted:
    attributes: list[tuple[str, Any]] = []
    for key in _MATCH_KEYS[kind]:
        if key not in given:
            continue
        if key == "type":
            attributes.append((key, _number(given[key], where)))
        elif key == "typeId" and not isinstance(given[key], str):
            sentence = f"{where}: 'typeId' has to be a string."
            raise Unprocessable(sentence)
        else:
            attributes.append((key, _text(given, key, where)))
    custom = _object(given, "customFields", where)
    return Wanted(
        tuple(attributes), tuple((key, _text(custom, key, f"{where}.customFields") or "") for key in custom)
    )


def _items(operations: Row, kind: str, verb: str) -> Iterator[tuple[str, Row]]:
    items = operations.get(verb, [])
    if not isinstance(items, list):
        sentence = f"'{kind}.{verb}' has to be a list."
        raise BadRequest(sentence)
    for position, item in enumerate(items):
        where = f"{kind}.{verb}[{position}]"
        if not isinstance(item, dict):
            sentence = f"{where} has to be an object."
            raise BadRequest(sentence)
        yield where, item


def _object(given: Row, key: str, where: str) -> Row:
    value = given.get(key, {})
    if not isinstance(value, dict):
        sentence = f"'{where}.{key}' has to be an object.".replace("'.", "'")
        raise BadRequest(sentence)
    return value


def _text(given: Row, key: str, where: str) -> str | None:
    if key not in given:
        return None
    value = given[key]
    if not isinstance(value, str):
        sentence = f"{where}: '{key}' has to be a string."
        raise BadRequest(sentence)
    return value


def _needed(item: Row, key: str, where: str) -> Any:
    if key not in item:
        sentence = f"{where} needs '{key}'."
        raise Unprocessable(sentence)
    return item[key]


def _number(value: Any, where: str) -> int:
    number = whole_number(value)
    if number is None:
        sentence = f"{where}: 'type' has to be an integer."
        raise BadRequest(sentence)
    return number


def _version(value: Any, where: str) -> int | None:
    if value == LATEST:
        return None
    number = whole_number(value)
    if number is None or number < 1:
        sentence = f"{where}: 'ifVersionMatch' has to be a version or 'latest'."
        raise BadRequest(sentence)
    return number
