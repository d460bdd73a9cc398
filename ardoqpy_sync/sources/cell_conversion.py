"""A cell of a source as the value that a field in Ardoq takes.

Pure functions: what is certain is converted, what is not is refused with the value, the field, and what
the field takes.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ardoqpy._messages import describe_type, did_you_mean, quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.sources.cell_formats import AS_WRITTEN, CellFormats, example, read_spelling
from ardoqpy_sync.sources.number_parsing import MOST_DIGITS, Doubtful, number_in
from ardoqpy_sync.sources.row import blank

if TYPE_CHECKING:
    from collections.abc import Callable

    from ardoqpy.metamodel import Field

__all__ = ["CellFormats", "convert", "read_spelling"]

_TAKEN = {
    "Number": "a number",
    "Email": "one e-mail address",
    "User": "the id of a user",
    "SelectMultipleList": "text, or a list of texts",
}
_NOTHING = "leave the cell empty where there is nothing."
#: So many options are listed in a message.
_MOST_SHOWN = 20
#: From here on a float no longer tells one whole number from the next.
_EXACT = 2**53
_LARGEST = 10**MOST_DIGITS
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?", re.ASCII)


def convert(cell: Any, field: Field, spelling: CellFormats = AS_WRITTEN) -> Any:
    """Return a cell as the value that Ardoq takes for the field: JSON's types alone.

    A blank cell (None, white space) is None, whatever the field. A number stays a number, text becomes one
    where it can be read in one way only; a date becomes ISO 8601, a time one in UTC with milliseconds; an
    option becomes the allowed one, whatever its letter case. Text stays as it is.

    Raise `InvalidInput` naming the cell's value, the field and what it takes; and for any cell, where the
    field is read-only.
    """
    if field.read_only:
        raise InvalidInput(f"The field {_named(field)} is calculated by Ardoq: it takes no value.")
    if blank(cell):
        return None
    try:
        return _CONVERTERS.get(field.type, _any)(cell, field, spelling)
    except _Refused as refused:
        remedy = refused.remedy or f"it takes {_taken(field, spelling)}."
    raise InvalidInput(
        f"{_shown(cell)} is no value for the field {_named(field)} of type {field.type}: {remedy}"
    )


class _Refused(Exception):
    """Say that a cell is no value of the field; `remedy` where more can be said than what the field takes."""

    def __init__(self, remedy: str | None = None) -> None:
        super().__init__(remedy)
        self.remedy = remedy


# What is told of a field.


def _named(field: Field) -> str:
    return (
        quote_name(field.label) if field.label == field.name else f"{quote_name(field.label)} ({field.name})"
    )


def _taken(field: Field, spelling: CellFormats) -> str:
    if field.type in ("Date", "DateTime"):
        return f"a date such as {' or '.join(map(example, spelling.dates)) or '2024-05-31'}"
    if field.type == "Checkbox":
        return f"{', '.join(spelling.yes)} for yes, and {', '.join(spelling.no)} for no"
    return _TAKEN.get(field.type, "text")


def _allowed(options: tuple[str, ...]) -> str:
    shown = ", ".join(map(quote_name, options[:_MOST_SHOWN]))
    return f"{shown} and {len(options) - _MOST_SHOWN} more" if len(options) > _MOST_SHOWN else shown


def _shown(cell: Any) -> str:
    if isinstance(cell, bool | date | time | timedelta | Decimal | UUID):
        return f"{cell} ({describe_type(cell)})"
    if isinstance(cell, float):
        return str(cell)
    return quote_name(cell) if isinstance(cell, str | int) else describe_type(cell)


# The types, one by one.


def _text(cell: Any, _field: Field, _spelling: CellFormats) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Integral):
        return str(_whole(int(cell)))
    if isinstance(cell, Decimal):
        return format(_sane(cell), "f")
    if isinstance(cell, Real):
        number = _finite(float(cell))
        return str(int(number)) if number.is_integer() and abs(number) < _EXACT else repr(number)
    if isinstance(cell, datetime):
        moment = _real(cell)
        # Excel keeps a date as its midnight.
        return (
            moment.date().isoformat() if moment.time() == time() and not moment.tzinfo else moment.isoformat()
        )
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, UUID) or type(cell).__module__ == "ipaddress":
        return str(cell)
    raise _Refused


def _any(cell: Any, field: Field, spelling: CellFormats) -> Any:
    """Convert for a type that is not known: as it is, where JSON can hold it."""
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, Real | Decimal):
        return _number(cell, field, spelling)
    if isinstance(cell, list | tuple):
        return [_any(one, field, spelling) for one in cell if not blank(one)]
    return _text(cell, field, spelling)


def _stripped(cell: Any, field: Field, spelling: CellFormats) -> str:
    return _text(cell, field, spelling).strip()


def _email(cell: Any, _field: Field, _spelling: CellFormats) -> str:
    text = cell.strip() if isinstance(cell, str) else ""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise _Refused
    return text


def _user(cell: Any, _field: Field, _spelling: CellFormats) -> str:
    text = cell.strip() if isinstance(cell, str) else ""
    if not re.fullmatch(r"[0-9A-Za-z_-]+", text):
        raise _Refused
    return text


def _checkbox(cell: Any, _field: Field, spelling: CellFormats) -> bool:
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, Real | Decimal) and _number(cell, _field, spelling) in (0, 1):
        return bool(cell)
    word = cell.strip().casefold() if isinstance(cell, str) else ""
    for words, value in ((spelling.yes, True), (spelling.no, False)):
        if word in (one.casefold() for one in words):
            return value
    raise _Refused


# Numbers.


def _number(cell: Any, _field: Field, spelling: CellFormats) -> int | float:
    if isinstance(cell, bool):
        raise _Refused
    if isinstance(cell, Integral):
        return _whole(int(cell))
    if isinstance(cell, Decimal):
        sane = _sane(cell)
        return int(sane) if sane == sane.to_integral_value() else float(sane)
    if isinstance(cell, Real):
        return _finite(float(cell))
    if not isinstance(cell, str):
        raise _Refused
    try:
        return number_in(cell, spelling.decimal, spelling.thousands)
    except Doubtful as both:
        remedy = f"it may be {both}: say which sign is the decimal one, '.' or ','."
    except ValueError:
        remedy = None
    raise _Refused(remedy)


def _whole(number: int) -> int:
    if abs(number) >= _LARGEST:
        raise _Refused
    return number


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise _Refused(_NOTHING)
    return number


def _sane(number: Decimal) -> Decimal:
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise _Refused(_NOTHING)
    return number


# Dates and times.


def _date_time(cell: Any, _field: Field, spelling: CellFormats) -> str:
    moment = _moment(cell, spelling)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=spelling.zone or UTC)
    try:
        return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    except (OverflowError, ValueError):
        raise _Refused from None


def _date(cell: Any, _field: Field, spelling: CellFormats) -> str:
    moment = _moment(cell, spelling)
    if moment.time() != time():
        raise _Refused("it has a time of day, and the field takes a date alone.")
    return moment.date().isoformat()


def _real(moment: datetime) -> datetime:
    if moment != moment:  # noqa: PLR0124  (what pandas calls not a time)
        raise _Refused(_NOTHING)
    return moment


def _moment(cell: Any, spelling: CellFormats) -> datetime:
    if isinstance(cell, datetime):
        return _real(cell)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001  (its zone is stated, or not)
    text = cell.strip() if isinstance(cell, str) else ""
    for form in spelling.dates:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  (as above)
        except ValueError:
            continue
    if spelling.dates or not _ISO_DATE.fullmatch(text):
        raise _Refused
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _Refused from None


# Options.


@lru_cache(maxsize=1024)
def _by_folded_option(options: tuple[str, ...]) -> dict[str, list[str]]:
    folded: dict[str, list[str]] = {}
    for option in options:
        folded.setdefault(option.casefold(), []).append(option)
    return folded


def _option(cell: Any, field: Field, spelling: CellFormats) -> str:
    return _one_of(_text(cell, field, spelling).strip(), field, "")


def _several(cell: Any, field: Field, spelling: CellFormats) -> list[str] | None:
    parts: list[Any]
    if isinstance(cell, list | tuple):
        parts = list(cell)
    elif isinstance(cell, set | frozenset):
        parts = sorted(cell, key=str)
    elif isinstance(cell, str) and cell.strip().casefold() not in _by_folded_option(field.options):
        parts = cell.split(spelling.separator)
    else:
        parts = [cell]
    between = f" with {spelling.separator!r} between them" if isinstance(cell, str) else ""
    texts = [_text(part, field, spelling).strip() for part in parts if not blank(part)]
    return (
        list(dict.fromkeys(_one_of(text, field, f"{between}, not {quote_name(text)}") for text in texts))
        or None
    )


def _one_of(text: str, field: Field, more: str) -> str:
    """Return the option that a text stands for; `more` is said after the options where it stands for none."""
    if not field.options or text in field.options:
        return text
    alike = _by_folded_option(field.options).get(text.casefold(), [])
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise _Refused(
            f"{' and '.join(map(quote_name, alike))} differ in letter case only, so spell it as one of them."
        )
    hint = did_you_mean(text, field.options)
    raise _Refused(f"it takes {_allowed(field.options)}{more}{f'; {hint}' if hint else '.'}")


_CONVERTERS: dict[str, Callable[[Any, Field, CellFormats], Any]] = {
    "Text": _text,
    "TextArea": _text,
    "Checkbox": _checkbox,
    "List": _option,
    "SelectMultipleList": _several,
    "Number": _number,
    "Date": _date,
    "DateTime": _date_time,
    "Url": _stripped,
    "Email": _email,
    "User": _user,
}
