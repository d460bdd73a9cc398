"""How a source spells what is not text: its numbers, dates, words for yes and no, and lists."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.options import TEXT, Key, checked
from ardoqpy_sync.sources.row import blank

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["AS_WRITTEN", "KEYS", "CellFormats", "example", "read_spelling"]


class CellFormats(NamedTuple):
    """How a source spells what is not text. What is left out is taken only where it is certain.

    - `decimal`, `thousands`: the signs in its numbers, such as "," and ".".
    - `dates`: the formats of its dates, as `datetime.strptime` takes them, tried in this order; without
      any, dates are ISO 8601.
    - `zone`: of times that name none.
    - `yes`, `no`: its words for them, in any letter case.
    - `separator`: between the values of a SelectMultipleList.
    """

    decimal: str | None = None
    thousands: str | None = None
    dates: tuple[str, ...] = ()
    zone: ZoneInfo | None = None
    yes: tuple[str, ...] = ("true", "yes", "y", "1", "on")
    no: tuple[str, ...] = ("false", "no", "n", "0", "off")
    separator: str = ","


#: Nothing is said of it: only what is certain is taken.
AS_WRITTEN = CellFormats()
_WORDS = Key((str, list, tuple), "a word, or a list of words")
KEYS: Mapping[str, Key] = {
    "decimal": Key((str,), "'.' or ','"),
    "thousands": Key((str,), "one character, such as '.', ',', ' ' or an apostrophe"),
    "dates": Key((str, list, tuple), "a format such as '%d.%m.%Y', or a list of formats"),
    "zone": TEXT,
    "yes": _WORDS,
    "no": _WORDS,
    "separator": TEXT,
}


def read_spelling(told: Mapping[str, Any]) -> CellFormats:
    """Return the spelling that a table of a job file describes, by the names of `CellFormats`.

    Raise `ConfigurationError` where a key is unknown, or a value makes no sense.
    """
    table = checked(told, KEYS, "The spelling of the cells")
    if table.get("decimal", ".") not in (".", ","):
        raise ConfigurationError(f"The decimal sign is {quote_name(table['decimal'])}: give '.' or ','.")
    thousands = table.get("thousands", " ")
    if len(thousands) != 1 or thousands.isalnum() or thousands in "+-":
        raise ConfigurationError(
            f"The sign between thousands is {quote_name(thousands)}: give one such as '.'."
        )
    if thousands == table.get("decimal"):
        raise ConfigurationError(
            f"{quote_name(thousands)} is both the decimal sign and that between thousands."
        )
    for key in ("dates", "yes", "no"):
        if key in table:
            table[key] = _words(table[key], key)
    for form in table.get("dates", ()):
        _check_format(form)
    if "zone" in table:
        table["zone"] = _zone(table["zone"])
    spelling = CellFormats(**table)
    both = {word.casefold() for word in spelling.yes} & {word.casefold() for word in spelling.no}
    if both:
        raise ConfigurationError(
            f"{quote_name(min(both))} stands for yes and for no: give both lists of words."
        )
    return spelling


def example(form: str) -> str:
    """Return a date and time in a format, to show what it looks like."""
    return datetime(2024, 5, 31, 13, 45, tzinfo=UTC).strftime(form)


def _words(told: Any, key: str) -> tuple[str, ...]:
    words = (told,) if isinstance(told, str) else tuple(told)
    if not words or not all(isinstance(word, str) and not blank(word) for word in words):
        raise ConfigurationError(
            f"The spelling of the cells has {quote_name(told)} under {key!r}: give words."
        )
    return tuple(word.strip() for word in words)


def _check_format(form: str) -> None:
    known = None
    if re.search(r"%[YyGcx]", form):
        try:
            known = datetime.strptime(example(form), form).date()  # noqa: DTZ007  (only whether it can be read)
        except (ValueError, re.error):
            known = None
    if known != date(2024, 5, 31):
        raise ConfigurationError(
            f"{quote_name(form)} is no format of a date: "
            "give one with day, month and year, such as '%d.%m.%Y'."
        )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        pass
    raise ConfigurationError(
        f"The time zone {quote_name(name)} is not known: give one such as 'Europe/Oslo' (on Windows they "
        "come with the package 'tzdata')."
    )
