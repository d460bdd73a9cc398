"""Convert a cell of a source to the value that a field in Ardoq takes.

Pure functions: a cell that can be read in one way is converted; any other cell is rejected with its value,
the field, and a remedy.
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
from ardoqpy_sync.sources.cell_formats import DEFAULT_FORMATS, CellFormats, format_example
from ardoqpy_sync.sources.number_parsing import (
    MOST_DIGITS,
    AmbiguousNumber,
    InexactNumber,
    exact_float,
    exact_int,
    parse_number,
)
from ardoqpy_sync.sources.row import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from ardoqpy.metamodel import Field

    _Converter = Callable[[Any, Field, CellFormats], Any]

_DATE_REMEDY = "Use a date such as 2024-05-31, or set dates in the formats of the source."
#: By field type: what a cell has to be, and the remedy without other formats.
_EXPECTED = {
    "Checkbox": ("a valid yes/no value", ""),
    "Date": ("a valid date", _DATE_REMEDY),
    "DateTime": ("a valid date and time", _DATE_REMEDY),
    "Email": ("a valid e-mail address", "Use one address, such as name@example.org."),
    "List": ("a valid option", "Use text."),
    "Number": ("a valid number", ""),
    "SelectMultipleList": ("a valid list of options", "Use text or a list of texts."),
    "User": ("a valid user ID", "Use the ID of one Ardoq user."),
}
_TOO_MANY_DIGITS = "A number has about 16 digits, more would be changed. Round it, or use a text field."
_LEAVE_EMPTY = "Leave the cell empty if there is no value."
#: The most options that a message lists.
_MAX_LISTED = 20
#: From here on, two whole numbers can be the same float.
_EXACT = 2**53
_LARGEST = 10**MOST_DIGITS
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?", re.ASCII)


def convert_cell(cell: Any, field: Field, formats: CellFormats = DEFAULT_FORMATS) -> Any:
    """Return the JSON value that Ardoq takes for a field.

    - `cell`: a value of any type, as a source gives it.
    - `field`: its `type`, `options` and `read_only` decide how the cell is converted.
    - `formats`: the number, date and list formats of the source.

    A blank cell (None, white space) gives None for every field. Text becomes a number only if it can be read
    in one way. A date becomes ISO 8601, a time becomes UTC with milliseconds. An option matches in any letter
    case. Text is not changed.

    Raise `InvalidInput` if the cell is not valid for the field, or if the field is read-only.
    """
    if field.read_only:
        raise InvalidInput(
            f"Field {_describe_field(field)} is calculated by Ardoq and cannot be written. Remove it."
        )
    if is_blank(cell):
        return None
    try:
        return _CONVERTERS.get(field.type, _any)(cell, field, formats)
    except _InvalidCell as error:
        remedy = error.remedy or _remedy(field, formats)
    noun, _ = _EXPECTED.get(field.type, ("valid text", ""))
    raise InvalidInput(f"{_describe_cell(cell)} is not {noun} for field {_describe_field(field)}. {remedy}")


class _InvalidCell(Exception):
    """A cell is not valid for the field; `remedy` replaces the usual remedy of the field's type."""

    def __init__(self, remedy: str | None = None) -> None:
        super().__init__(remedy)
        self.remedy = remedy


# -- messages -------------------------------------------------------------------------------------------


def _describe_field(field: Field) -> str:
    label = quote_name(field.label)
    return label if field.label == field.name else f"{label} ({field.name})"


def _remedy(field: Field, formats: CellFormats) -> str:
    if field.type in ("Date", "DateTime") and formats.dates:
        return f"Use a date such as {' or '.join(map(format_example, formats.dates))}."
    if field.type == "Checkbox":
        return f"Use {', '.join(formats.yes)} for yes, or {', '.join(formats.no)} for no."
    if field.type == "Number":
        return f"Use only digits and a decimal sign, such as 1234{formats.decimal or '.'}5."
    return _EXPECTED.get(field.type, ("", "Use text."))[1]


def _list_options(options: tuple[str, ...]) -> str:
    listed = ", ".join(map(quote_name, options[:_MAX_LISTED]))
    return f"{listed} and {len(options) - _MAX_LISTED} more" if len(options) > _MAX_LISTED else listed


def _describe_cell(cell: Any) -> str:
    if isinstance(cell, bool | date | time | timedelta | Decimal | UUID):
        return f"{cell} ({describe_type(cell)})"
    if isinstance(cell, float):
        return str(cell)
    return quote_name(cell) if isinstance(cell, str | int) else describe_type(cell)


# -- text and yes/no ------------------------------------------------------------------------------------


def _text(cell: Any, _field: Field, _formats: CellFormats) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Integral):
        return str(_valid_int(int(cell)))
    if isinstance(cell, Decimal):
        return format(_valid_decimal(cell), "f")
    if isinstance(cell, Real):
        number = _finite_float(float(cell))
        return str(int(number)) if number.is_integer() and abs(number) < _EXACT else repr(number)
    if isinstance(cell, datetime):
        moment = _valid_moment(cell)
        # Excel keeps a date as its midnight.
        return (
            moment.date().isoformat() if moment.time() == time() and not moment.tzinfo else moment.isoformat()
        )
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, UUID) or type(cell).__module__ == "ipaddress":
        return str(cell)
    raise _InvalidCell


def _any(cell: Any, field: Field, formats: CellFormats) -> Any:
    """Convert for an unknown field type: keep the cell unchanged if JSON can hold it."""
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, Real | Decimal):
        return _number(cell, field, formats)
    if isinstance(cell, list | tuple):
        return [_any(item, field, formats) for item in cell if not is_blank(item)]
    return _text(cell, field, formats)


def _matching(pattern: str) -> _Converter:
    """Return a converter for text that matches a pattern."""

    def convert(cell: Any, _field: Field, _formats: CellFormats) -> str:
        text = cell.strip() if isinstance(cell, str) else ""
        if not re.fullmatch(pattern, text):
            raise _InvalidCell
        return text

    return convert


def _checkbox(cell: Any, _field: Field, formats: CellFormats) -> bool:
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, Real | Decimal) and _number(cell, _field, formats) in (0, 1):
        return bool(cell)
    word = cell.strip().casefold() if isinstance(cell, str) else ""
    for words, value in ((formats.yes, True), (formats.no, False)):
        if word in (known.casefold() for known in words):
            return value
    raise _InvalidCell


# -- numbers --------------------------------------------------------------------------------------------


def _number(cell: Any, _field: Field, formats: CellFormats) -> int | float:
    if isinstance(cell, bool):
        raise _InvalidCell
    try:
        if isinstance(cell, Integral):
            return exact_int(_valid_int(int(cell)))
        if isinstance(cell, Decimal):
            number = _valid_decimal(cell)
            is_whole = number == number.to_integral_value()
            return exact_int(int(number)) if is_whole else exact_float(number)
        if isinstance(cell, Real):
            return _finite_float(float(cell))
        if not isinstance(cell, str):
            raise _InvalidCell
        return parse_number(cell, formats.decimal, formats.thousands)
    except InexactNumber:
        remedy = _TOO_MANY_DIGITS
    except AmbiguousNumber as error:
        remedy = f"It can mean {error}. Set decimal to '.' or ',' in the formats of the source."
    except ValueError:
        remedy = None
    raise _InvalidCell(remedy)


def _valid_int(number: int) -> int:
    if abs(number) >= _LARGEST:
        raise _InvalidCell
    return number


def _finite_float(number: float) -> float:
    if not math.isfinite(number):
        raise _InvalidCell(_LEAVE_EMPTY)
    return number


def _valid_decimal(number: Decimal) -> Decimal:
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise _InvalidCell(_LEAVE_EMPTY)
    return number


# -- dates and times ------------------------------------------------------------------------------------


def _date_time(cell: Any, _field: Field, formats: CellFormats) -> str:
    moment = _moment(cell, formats)
    if moment.tzinfo is None:
        moment = _in_zone(moment, formats.zone) if formats.zone else moment.replace(tzinfo=UTC)
    try:
        return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    except (OverflowError, ValueError):
        raise _InvalidCell from None


def _in_zone(local: datetime, zone: ZoneInfo) -> datetime:
    """Return a local time with its zone; reject one that clocks show twice, or never, when they change."""
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    offsets = first.utcoffset(), second.utcoffset()
    if offsets[0] != offsets[1]:
        # Before a time that clocks show twice, the offset is the larger one.
        times = "twice" if (offsets[0] or timedelta()) > (offsets[1] or timedelta()) else "never"
        example = first.isoformat()[-6:]
        raise _InvalidCell(
            f"Clocks in {zone.key} show this time {times}, because they change. Write it with its offset "
            f"from UTC, such as {local.isoformat(timespec='minutes')}{example}, or in UTC."
        )
    return first


def _date(cell: Any, _field: Field, formats: CellFormats) -> str:
    moment = _moment(cell, formats)
    if moment.time() != time():
        raise _InvalidCell("It has a time of day: remove it.")
    return moment.date().isoformat()


def _valid_moment(moment: datetime) -> datetime:
    if moment != moment:  # noqa: PLR0124  (the NaT of pandas)
        raise _InvalidCell(_LEAVE_EMPTY)
    return moment


def _moment(cell: Any, formats: CellFormats) -> datetime:
    if isinstance(cell, datetime):
        return _valid_moment(cell)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001  (the caller adds the zone)
    text = cell.strip() if isinstance(cell, str) else ""
    for form in formats.dates:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  (as above)
        except ValueError:
            continue
    if formats.dates or not _ISO_DATE.fullmatch(text):
        raise _InvalidCell
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _InvalidCell from None


# -- options --------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _options_by_folded_name(options: tuple[str, ...]) -> dict[str, list[str]]:
    folded: dict[str, list[str]] = {}
    for option in options:
        folded.setdefault(option.casefold(), []).append(option)
    return folded


def _option(cell: Any, field: Field, formats: CellFormats) -> str:
    text = _text(cell, field, formats).strip()
    option = _find_option(text, field)
    if option is None:
        raise _InvalidCell(_use_options(field, text))
    return option


def _several_options(cell: Any, field: Field, formats: CellFormats) -> list[str] | None:
    parts: list[Any]
    if isinstance(cell, list | tuple):
        parts = list(cell)
    elif isinstance(cell, set | frozenset):
        parts = sorted(cell, key=str)
    elif isinstance(cell, str) and cell.strip().casefold() not in _options_by_folded_name(field.options):
        parts = cell.split(formats.separator)
    else:
        parts = [cell]
    texts = list(dict.fromkeys(_text(part, field, formats).strip() for part in parts if not is_blank(part)))
    options = [_find_option(text, field) for text in texts]
    unknown = [text for text, option in zip(texts, options, strict=True) if option is None]
    if unknown:
        separated = f", separated by {formats.separator!r}" if isinstance(cell, str) else ""
        are = "is not an option" if len(unknown) == 1 else "are not options"
        remedy = _use_options(field, unknown[0], separated)
        raise _InvalidCell(f"{_list_options(tuple(unknown))} {are}. {remedy}")
    return list(dict.fromkeys(option for option in options if option is not None)) or None


def _use_options(field: Field, unknown: str, separated: str = "") -> str:
    hint = did_you_mean(unknown, field.options)
    sentence = f"Use {_list_options(field.options)}{separated}."
    return f"{sentence} D{hint[1:]}" if hint else sentence


def _find_option(text: str, field: Field) -> str | None:
    """Return the option that a text means, in any letter case; None if it means no option."""
    if not field.options or text in field.options:
        return text
    matches = _options_by_folded_name(field.options).get(text.casefold(), [])
    if len(matches) > 1:
        raise _InvalidCell(
            f"It matches {' and '.join(map(quote_name, matches))}, which differ only in letter case. "
            "Use one of them."
        )
    return matches[0] if matches else None


_CONVERTERS: dict[str, _Converter] = {
    "Text": _text,
    "TextArea": _text,
    "Checkbox": _checkbox,
    "List": _option,
    "SelectMultipleList": _several_options,
    "Number": _number,
    "Date": _date,
    "DateTime": _date_time,
    "Url": lambda cell, field, formats: _text(cell, field, formats).strip(),
    "Email": _matching(r"[^@\s]+@[^@\s]+"),
    "User": _matching(r"[0-9A-Za-z_-]+"),
}
