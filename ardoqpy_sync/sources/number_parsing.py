"""Numbers in text: read where they can be read in one way only, or as it is said that the source spells
them.
"""

from __future__ import annotations

import math
import re

__all__ = ["Doubtful", "number_in"]

#: Longer ones are no amounts of anything.
MOST_DIGITS = 300
#: Between thousands stand also blanks that do not break a line; a minus and an apostrophe may be typeset.
_ALIKE = str.maketrans(
    dict.fromkeys("\u00a0\u2009\u202f\u2007", " ") | {"\N{MINUS SIGN}": "-", "\u2019": "'"}
)
_DECIMAL_SIGNS = ".,"
_THOUSANDS_SIGNS = ".,' "
_PLAIN = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DOUBTFUL = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}", re.ASCII)
_GROUP = re.compile(r"\d{3}", re.ASCII)
_FIRST_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}", re.ASCII)


class Doubtful(ValueError):
    """Say that a number can be read in two ways; `args[0]` gives both."""


def number_in(text: str, decimal: str | None = None, thousands: str | None = None) -> int | float:
    """Return the number that a text spells: an int without a decimal sign and exponent, otherwise a float.

    Where `decimal` or `thousands` is given, it is the only sign with that meaning. Where neither is, "1.234"
    and "1,234" raise `Doubtful`, for each may be more than one or more than a thousand; "1,234.5", "12,5",
    "0.125" and "1 234 567" can be read in one way only. What is no number, or none that JSON holds, raises
    `ValueError`.
    """
    text = text.strip().translate(_ALIKE)
    decimal, thousands = (sign and sign.translate(_ALIKE) for sign in (decimal, thousands))
    if decimal is None and thousands is None and _DOUBTFUL.fullmatch(text):
        raise Doubtful(f"{text.replace(',', '.')} or {text.replace(',', '').replace('.', '')}")
    plain = _plain(text, decimal, thousands)
    if not _PLAIN.fullmatch(plain) or len(plain) > MOST_DIGITS:
        raise ValueError
    if plain.lstrip("+-").isdigit():
        return int(plain)
    number = float(plain)
    if not math.isfinite(number):
        raise ValueError
    return number


def _plain(text: str, decimal: str | None, thousands: str | None) -> str:
    """Return a number as Python spells it."""
    if decimal is None:
        decimal = _decimal_sign(text, thousands)
    whole, sign, rest = text.partition(decimal)
    found = {one for one in _THOUSANDS_SIGNS if one in whole and one != decimal}
    if thousands is not None and thousands in whole:
        found.add(thousands)
    if found:
        between = found.pop()
        if found or thousands not in (None, between) or not _grouped(whole, between):
            raise ValueError
        whole = whole.replace(between, "")
    return f"{whole}.{rest}" if sign else whole


def _decimal_sign(text: str, thousands: str | None) -> str:
    """Return the sign that can only be the decimal one: the last of them, where it is there once."""
    signs = [sign for sign in text if sign in _DECIMAL_SIGNS and sign != thousands]
    if signs and signs.count(signs[-1]) == 1:
        return signs[-1]
    # None is: a text such as 1.234.567 holds signs between thousands alone.
    return next((sign for sign in _DECIMAL_SIGNS if sign not in signs and sign != thousands), ".")


def _grouped(digits: str, sign: str) -> bool:
    first, *groups = digits.split(sign)
    return bool(_FIRST_GROUP.fullmatch(first)) and all(map(_GROUP.fullmatch, groups))
