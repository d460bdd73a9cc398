"""Convert custom values to the type of their field."""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.clock import iso
from ardoqpy.emulator.rows import FieldRow
from ardoqpy.emulator.schema import FIELD

_NOT_TEXT = frozenset({"Checkbox", "SelectMultipleList", "Number"})
_TEXT = frozenset({"Text", "TextArea"})
_ACCEPTED = {
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
FIELD_TYPES = tuple(_ACCEPTED)
_BY_FOLDED_NAME = {name.casefold(): name for name in FIELD_TYPES}
_INTEGER = re.compile(r"[+-]?[0-9]{1,1000}")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class InvalidValue(ValueError):
    """Report that a value does not fit the type of its field."""


def canonical_field_type(name: str) -> str | None:
    """Return the name of a field type as Ardoq writes it, matched in any letter case; None if unknown."""
    return _BY_FOLDED_NAME.get(name.casefold())


def date_range_parts(field: FieldRow) -> list[str]:
    """Return the names under which a date range has its values; an empty list for any other field.

    It is not known what a date range's own type is called: any type that is not known here may be one.
    """
    named = [part.get("name") for part in field["dateTimeFields"] if isinstance(part, dict)]
    if named:
        return [name for name in named if isinstance(name, str)]
    if field["type"] in _ACCEPTED:
        return []
    return [field["name"] + ending for ending in assumptions.DATE_RANGE_ENDINGS]


def date_time_field(model_id: str, name: str, label: str | None = None) -> FieldRow:
    """Return the definition of a DateTime that is part of a date range."""
    attributes = FIELD.new({"name": name, "label": label or name, "type": "DateTime", "model": model_id})
    return cast("FieldRow", attributes)


def as_text(value: Any) -> str:
    """Return a value as a query would contain it: 5 and 5.0 as "5", booleans in lower case."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return ",".join(as_text(item) for item in value)
    return str(value)


def field_options(field: FieldRow) -> list[str]:
    """Return the allowed values of a list field; an empty list allows every value."""
    default = field.get("defaultValue")
    if isinstance(default, str):
        return [part.strip() for part in default.split(assumptions.FIELD_OPTION_SEPARATOR) if part.strip()]
    if isinstance(default, list):
        return [item for item in default if isinstance(item, str)]
    return []


def convert_value(field: FieldRow, value: Any, *, strict: bool = False) -> Any:
    """Return the value converted to the type of the field, or raise InvalidValue.

    If `strict`, the value needs the JSON type of the field, too: "5" is not a number, and 5 is not a text.
    """
    if strict and field["type"] in (_NOT_TEXT if isinstance(value, str) else _TEXT):
        raise InvalidValue
    convert = _CONVERTERS.get(field["type"])
    return convert(value, field) if convert is not None else value


def describe_accepted_values(field: FieldRow) -> str:
    """Return a phrase about the values that a field accepts."""
    words = _ACCEPTED[field["type"]]
    options = field_options(field) if "List" in field["type"] else []
    return f"{words} of {', '.join(repr(option) for option in options)}" if options else words


def _text(value: Any, _field: FieldRow) -> str:
    if (
        assumptions.V1_CONVERTS_NUMBERS_TO_TEXT
        and isinstance(value, int | float)
        and not isinstance(value, bool)
    ):
        return as_text(value)
    return _string(value, _field)


def _string(value: Any, _field: FieldRow) -> str:
    if not isinstance(value, str):
        raise InvalidValue
    return value


def _email(value: Any, _field: FieldRow) -> str:
    if not isinstance(value, str) or not _EMAIL.fullmatch(value):
        raise InvalidValue
    return value


def _number(value: Any, _field: FieldRow) -> int | float:
    if isinstance(value, bool):
        raise InvalidValue
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        raise InvalidValue
    if _INTEGER.fullmatch(value.strip()):
        return int(value)
    number = float(value)
    if not math.isfinite(number):
        raise InvalidValue
    return number


def _checkbox(value: Any, _field: FieldRow) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.casefold() in {"true", "false"}:
        return value.casefold() == "true"
    raise InvalidValue


def moment(value: Any) -> str:
    """Return a DateTime in UTC with milliseconds, or raise InvalidValue; without an offset it is in UTC."""
    if not isinstance(value, str):
        raise InvalidValue
    try:
        parsed = datetime.fromisoformat(value)
        return iso(parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        raise InvalidValue from error


def _date_time(value: Any, _field: FieldRow) -> str:
    rewritten = moment(value)
    return rewritten if assumptions.REWRITE_DATE_TIMES else str(value)


def _option(value: Any, field: FieldRow) -> str:
    allowed = field_options(field)
    if not isinstance(value, str) or (allowed and value not in allowed):
        raise InvalidValue
    return value


def _options(value: Any, field: FieldRow) -> list[str]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(assumptions.FIELD_OPTION_SEPARATOR) if part.strip()]
    if not isinstance(value, list):
        raise InvalidValue
    return [_option(item, field) for item in value]


_CONVERTERS: dict[str, Callable[[Any, FieldRow], Any]] = {
    "Text": _text,
    "TextArea": _text,
    "Checkbox": _checkbox,
    "List": _option,
    "SelectMultipleList": _options,
    "Number": _number,
    "DateTime": _date_time,
    "Url": _string,
    "Email": _email,
    "User": _string,
}
