"""The number, date, yes/no and list formats of a source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.options import TEXT, Option, check_table
from ardoqpy_sync.sources.row import is_blank

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class CellFormats:
    """The formats of a source's cells. Without a format, only cells that can be read in one way are accepted.

    - `decimal`, `thousands`: the decimal sign and the thousands separator, such as "," and ".".
    - `dates`: date formats for `datetime.strptime`, tried in this order. Without any, dates are ISO 8601.
    - `zone`: the time zone of times that name none. Without it, they are UTC.
    - `yes`, `no`: the words for yes and no, in any letter case.
    - `separator`: the text between the values of a SelectMultipleList.
    """

    decimal: str | None = None
    thousands: str | None = None
    dates: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    yes: tuple[str, ...] = ("true", "yes", "y", "1", "on")
    no: tuple[str, ...] = ("false", "no", "n", "0", "off")
    separator: str = ","


DEFAULT_FORMATS = CellFormats()
_WORDS = Option((str, list, tuple), "a word, or a list of words")
OPTIONS: Mapping[str, Option] = {
    "decimal": Option((str,), "'.' or ','"),
    "thousands": Option((str,), "one character, such as '.', ',', ' ' or an apostrophe"),
    "dates": Option((str, list, tuple), "a format such as '%d.%m.%Y', or a list of formats"),
    "zone": TEXT,
    "yes": _WORDS,
    "no": _WORDS,
    "separator": TEXT,
}


def read_formats(table: Mapping[str, Any]) -> CellFormats:
    """Return the formats that a table describes.

    - `table`: `formats` of a source in a job file, with the names of `CellFormats` as keys.

    Raise `ConfigurationError` if a key is unknown or a value is not valid.
    """
    formats = check_table(table, OPTIONS, "The table formats")
    if formats.get("decimal", ".") not in (".", ","):
        raise ConfigurationError(f"The decimal sign is {quote_name(formats['decimal'])}. Use '.' or ','.")
    thousands = formats.get("thousands", " ")
    if len(thousands) != 1 or thousands.isalnum() or thousands in "+-":
        raise ConfigurationError(
            f"The thousands separator is {quote_name(thousands)}. Use one character, such as '.'."
        )
    if thousands == formats.get("decimal"):
        raise ConfigurationError(
            f"{quote_name(thousands)} is both the decimal sign and the thousands separator. Change one."
        )
    for key in ("dates", "yes", "no"):
        if key in formats:
            formats[key] = _read_words(formats[key], key)
    for date_format in formats.get("dates", ()):
        _check_date_format(date_format)
    if "zone" in formats:
        formats["zone"] = _read_zone(formats["zone"])
    cell_formats = CellFormats(**formats)
    no = {word.casefold() for word in cell_formats.no}
    shared = {word.casefold() for word in cell_formats.yes} & no
    if shared:
        raise ConfigurationError(f"{quote_name(min(shared))} means both yes and no. Set both yes and no.")
    return cell_formats


class SourceFormats(NamedTuple):
    """The formats of a source's cells: those of all columns, and those of single columns instead."""

    common: CellFormats
    columns: Mapping[str, CellFormats]


def read_source_formats(table: Mapping[str, Any]) -> SourceFormats:
    """Return the formats that the table of a source describes, with `formats` there and below `columns`.

    Raise `ConfigurationError` if a key is unknown or a value is not valid.
    """
    common = table.get("formats", {})
    return SourceFormats(
        read_formats(common) if common else DEFAULT_FORMATS,
        {
            column: read_formats({**common, **rules["formats"]})
            for column, rules in table.get("columns", {}).items()
            if "formats" in rules
        },
    )


def format_example(date_format: str) -> str:
    """Return an example date and time in a format."""
    return datetime(2024, 5, 31, 13, 45, tzinfo=UTC).strftime(date_format)


def _read_words(value: str | list[Any] | tuple[Any, ...], key: str) -> tuple[str, ...]:
    words = (value,) if isinstance(value, str) else tuple(value)
    if not words or not all(isinstance(word, str) and not is_blank(word) for word in words):
        raise ConfigurationError(
            f"The table formats has {quote_name(value)} as {key!r}. Use {OPTIONS[key].description}."
        )
    return tuple(word.strip() for word in words)


def _check_date_format(date_format: str) -> None:
    parsed = None
    if "%Z" in date_format:
        raise ConfigurationError(
            f"{quote_name(date_format)} has %Z, but the name of a time zone does not say which one it is. "
            "Use %z, such as +02:00, or leave the name out and set zone."
        )
    if re.search(r"%[YyGcx]", date_format):
        try:
            parsed = datetime.strptime(format_example(date_format), date_format).date()  # noqa: DTZ007
        except (ValueError, re.error):
            parsed = None
    if parsed != date(2024, 5, 31):
        raise ConfigurationError(
            f"{quote_name(date_format)} is not a valid date format. "
            "Use one with day, month and year, such as '%d.%m.%Y'."
        )


def _read_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        pass
    raise ConfigurationError(
        f"The time zone {quote_name(name)} is not known. Use a name such as 'Europe/Oslo'. On Windows, "
        "install the package 'tzdata', which contains the time zones."
    )
