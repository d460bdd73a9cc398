"""Read custom values as the type that their field is defined to have."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.clock import iso

FIELD_TYPES = (
    "Text",
    "TextArea",
    "Checkbox",
    "List",
    "SelectMultipleList",
    "Number",
    "DateTime",
    "Url",
    "Email",
    "User",
)
_NOT_TEXT = frozenset({"Checkbox", "SelectMultipleList", "Number"})
_TAKEN = {
    "Text": "a string",
    "TextArea": "a string",
    "Checkbox": "true or false",
    "List": "one string",
    "SelectMultipleList": "a list of strings",
    "Number": "a number",
    "DateTime": "an ISO-8601 date or time",
    "Url": "a string",
    "Email": "an e-mail address",
    "User": "the id of a user",
}
_BY_FOLDED_NAME = {name.casefold(): name for name in FIELD_TYPES}
_INTEGER = re.compile(r"[+-]?[0-9]{1,1000}")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class CannotRead(ValueError):
    """Say that a value is not one of the field's type."""


def field_type(name: str) -> str | None:
    """Return a field type as Ardoq spells it, whatever the case given; None if there is no such type."""
    return _BY_FOLDED_NAME.get(name.casefold())


def as_text(value: Any) -> str:
    """Write a stored value as it would stand in a query: 5 and 5.0 as "5", booleans in lower case."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return ",".join(as_text(item) for item in value)
    return str(value)


def options_of(field: Mapping[str, Any]) -> list[str]:
    """Return the allowed values of a list-like field; an empty list allows everything."""
    default = field.get("defaultValue")
    if isinstance(default, str):
        return [part.strip() for part in default.split(assumptions.FIELD_OPTION_SEPARATOR) if part.strip()]
    if isinstance(default, list):
        return [item for item in default if isinstance(item, str)]
    return []


def read_value(field: Mapping[str, Any], value: Any, *, strict: bool = False) -> Any:
    """Return the value as a store with typed fields would keep it, or raise CannotRead.

    Strict reading wants the JSON type of the field, too: no "5" for a number.
    """
    if strict and isinstance(value, str) and field["type"] in _NOT_TEXT:
        raise CannotRead
    return _READERS[field["type"]](value, field)


def taken_by(field: Mapping[str, Any]) -> str:
    """Say in words which values a field takes."""
    words = _TAKEN[field["type"]]
    options = options_of(field) if "List" in field["type"] else []
    return f"{words} of {', '.join(repr(option) for option in options)}" if options else words


def _text(value: Any, _field: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        raise CannotRead
    return value


def _email(value: Any, _field: Mapping[str, Any]) -> str:
    if not isinstance(value, str) or not _EMAIL.fullmatch(value):
        raise CannotRead
    return value


def _number(value: Any, _field: Mapping[str, Any]) -> int | float:
    if isinstance(value, bool):
        raise CannotRead
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        raise CannotRead
    if _INTEGER.fullmatch(value.strip()):
        return int(value)
    number = float(value)
    if not math.isfinite(number):
        raise CannotRead
    return number


def _checkbox(value: Any, _field: Mapping[str, Any]) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.casefold() in {"true", "false"}:
        return value.casefold() == "true"
    raise CannotRead


def _date_time(value: Any, _field: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        raise CannotRead
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None and assumptions.NAIVE_TIMES_ARE_UTC:
            moment = moment.replace(tzinfo=UTC)
        return iso(moment)
    except (ValueError, OverflowError) as error:
        raise CannotRead from error


def _option(value: Any, field: Mapping[str, Any]) -> str:
    allowed = options_of(field)
    if not isinstance(value, str) or (allowed and value not in allowed):
        raise CannotRead
    return value


def _options(value: Any, field: Mapping[str, Any]) -> list[str]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(assumptions.FIELD_OPTION_SEPARATOR) if part.strip()]
    if not isinstance(value, list):
        raise CannotRead
    return [_option(item, field) for item in value]


_READERS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "Text": _text,
    "TextArea": _text,
    "Checkbox": _checkbox,
    "List": _option,
    "SelectMultipleList": _options,
    "Number": _number,
    "DateTime": _date_time,
    "Url": _text,
    "Email": _email,
    "User": _text,
}
