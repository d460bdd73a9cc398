"""Custom values as their fields are defined: "12" is 12 in a field of numbers, and "dozen" is a mistake.

Pure functions. Ardoq keeps a value in its field's type whatever was sent (v1), or refuses what is not of
that type (v2): either way it is sent as it will be kept.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ardoqpy.metamodel import Field

NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", re.ASCII)

#: Whole numbers of more bits Python may refuse to spell.
_LARGEST_BITS = 10_000
_TEXT = frozenset({"Text", "TextArea", "Url", "Email", "List"})
_YES_NO = {"true": True, "false": False}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_TAKES = {
    "Number": "a number",
    "Checkbox": "true or false",
    "SelectMultipleList": "a list of texts",
    "Date": "a date as in 2024-05-31",
    "DateTime": "a date, or a time as in 2024-05-31T10:00:00Z",
    "Email": "one e-mail address",
}


def convert_value(field: Field | None, value: Any) -> Any:
    """Return a value in the JSON type of its field, where that can be done without a guess; else as it is."""
    if field is None or value is None:
        return value
    if field.type in _TEXT:
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, int | float) and _is_writable(value) else value
    if field.type == "SelectMultipleList":
        return _several(field, value)
    if not isinstance(value, str):
        return value
    if field.type == "Checkbox":
        return _YES_NO.get(value.strip().lower(), value)
    return _number(value) if field.type == "Number" and NUMBER.fullmatch(value) else value


def _is_writable(number: float) -> bool:
    """Return whether a number can be written as text: not NaN, not infinite, and not too long for Python."""
    if isinstance(number, int):
        return number.bit_length() <= _LARGEST_BITS
    return math.isfinite(number)


def explain_invalid(name: str, value: Any, fields: Mapping[str, Field]) -> str | None:
    """Return a sentence on why a fitted value cannot be in the field of that name; None where it can."""
    field = fields.get(name)
    if field is None:
        return (
            f"There is no custom field {quote_name(name)} in the workspace's model: {suggest(name, fields)}"
        )
    if fits(field, value):
        return None
    takes = _TAKES.get(field.type, "text")
    if field.options:
        takes += f" out of {', '.join(map(repr, field.options))}"
    quoted = quote_name(value)
    return f"{quoted} is not a valid value for field {name!r} of type {field.type}: it takes {takes}."


def fits(field: Field, value: Any) -> bool:
    """Return whether a value can be in a field as it is; `convert_value` leaves such a value as it is."""
    if value is None:
        return True
    if field.type == "Number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if field.type == "Checkbox":
        return isinstance(value, bool)
    if field.type == "SelectMultipleList":
        return isinstance(value, list) and all(_is_option(field, part) for part in value)
    if field.type in ("Date", "DateTime"):
        return isinstance(value, str) and _is_time(value)
    if field.type == "Email":
        return isinstance(value, str) and _EMAIL.fullmatch(value) is not None
    return _is_option(field, value)


#: The exact types of values, and what a value of such a type has to pass beside; None passes always.
QuickCheck = tuple[frozenset[object], "Callable[[Any], object] | None"]
_NUMBERS = frozenset[object]({int, float, type(None)})
_YES_OR_NO = frozenset[object]({bool, type(None)})
_TEXTS = frozenset[object]({str, type(None)})


def quick_check(field: Field | None) -> QuickCheck:
    """Return what tells quickly that a value fits; one that does not pass may fit all the same."""
    if field is None or field.read_only or field.type == "SelectMultipleList":
        return frozenset(), None
    if field.type == "Number":
        return _NUMBERS, None
    if field.type == "Checkbox":
        return _YES_OR_NO, None
    if field.type in ("Date", "DateTime"):
        return _TEXTS, _is_time
    if field.type == "Email":
        return _TEXTS, _EMAIL.fullmatch
    return _TEXTS, frozenset(field.options).__contains__ if field.options else None


def _is_option(field: Field, value: Any) -> bool:
    return isinstance(value, str) and (not field.options or value in field.options)


def _several(field: Field, value: Any) -> Any:
    if isinstance(value, str):
        if value in field.options:
            return [value]
        return [part.strip() for part in value.split(",") if part.strip()]
    return list(value) if isinstance(value, tuple) else value


def _number(text: str) -> int | float:
    number = Decimal(text.strip())
    return int(number) if number == number.to_integral_value() and "." not in text else float(number)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
