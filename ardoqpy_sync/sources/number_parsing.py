"""Parse numbers in text: in the formats that the source states, or only where one reading is possible."""

from __future__ import annotations

import math
import re
from decimal import Decimal

#: A longer text is not accepted as a number.
MOST_DIGITS = 300
#: From here on, two whole numbers can be the same float.
_EXACT = 2**53
#: Non-breaking and thin spaces, the typographic minus and the apostrophe, and what they stand for.
_REPLACEMENTS = str.maketrans(
    dict.fromkeys("\u00a0\u2009\u202f\u2007", " ") | {"\N{MINUS SIGN}": "-", "\u2019": "'"}
)
_DECIMAL_SIGNS = ".,"
_THOUSANDS_SIGNS = ".,' "
_PLAIN = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}", re.ASCII)
_GROUP = re.compile(r"\d{3}", re.ASCII)
_FIRST_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}", re.ASCII)


class AmbiguousNumber(ValueError):
    """A number can be read in two ways; the message gives both."""


class InexactNumber(ValueError):
    """A number has more digits than a number in JSON keeps."""


def parse_number(text: str, decimal: str | None = None, thousands: str | None = None) -> int | float:
    """Return the number that a text contains: an int without decimal sign and exponent, otherwise a float.

    - `decimal`, `thousands`: if given, the only sign with that meaning.

    If neither is given, "1.234" and "1,234" raise `AmbiguousNumber`: each can be more than one or more than a
    thousand. "1,234.5", "12,5", "0.125" and "1 234 567" can be read in one way. Raise `InexactNumber` if the
    number would be changed, and `ValueError` if the text is not a number.
    """
    text = text.strip().translate(_REPLACEMENTS)
    decimal, thousands = (sign and sign.translate(_REPLACEMENTS) for sign in (decimal, thousands))
    if decimal is None and thousands is None and _AMBIGUOUS.fullmatch(text):
        raise AmbiguousNumber(f"{text.replace(',', '.')} or {text.replace(',', '').replace('.', '')}")
    plain = _to_python(text, decimal, thousands)
    if not _PLAIN.fullmatch(plain) or len(plain) > MOST_DIGITS:
        raise ValueError
    if plain.lstrip("+-").isdigit():
        return exact_int(int(plain))
    return exact_float(Decimal(plain))


def exact_int(number: int) -> int:
    """Return a whole number; raise `InexactNumber` if readers of JSON that use floats would change it."""
    if abs(number) > _EXACT and int(float(number)) != number:
        raise InexactNumber
    return number


def exact_float(number: Decimal) -> float:
    """Return a decimal number as a float.

    Raise `InexactNumber` if it is another number, even when it is rounded to as many digits, and
    `ValueError` if it is too large.
    """
    value = float(number)
    if not math.isfinite(value):
        raise ValueError
    # What Python writes for a float is that float, also where rounding it to as many digits gives another.
    if Decimal(repr(value)) != number:
        digits = len(number.as_tuple().digits)
        if Decimal(f"{value:.{digits - 1}e}") != number:
            raise InexactNumber
    return value


def _to_python(text: str, decimal: str | None, thousands: str | None) -> str:
    """Return a number in Python's syntax."""
    if decimal is None:
        decimal = _find_decimal_sign(text, thousands)
    whole, sign, fraction = text.partition(decimal)
    separators = {sign for sign in _THOUSANDS_SIGNS if sign in whole and sign != decimal}
    if thousands is not None and thousands in whole:
        separators.add(thousands)
    if separators:
        separator = separators.pop()
        if separators or thousands not in (None, separator) or not _is_grouped(whole, separator):
            raise ValueError
        whole = whole.replace(separator, "")
    return f"{whole}.{fraction}" if sign else whole


def _find_decimal_sign(text: str, thousands: str | None) -> str:
    """Return the sign that can only be the decimal sign: the last one, if it appears once."""
    signs = [sign for sign in text if sign in _DECIMAL_SIGNS and sign != thousands]
    if signs and signs.count(signs[-1]) == 1:
        return signs[-1]
    # In a text such as 1.234.567, all signs separate thousands.
    return next((sign for sign in _DECIMAL_SIGNS if sign not in signs and sign != thousands), ".")


def _is_grouped(digits: str, separator: str) -> bool:
    first, *groups = digits.split(separator)
    return bool(_FIRST_GROUP.fullmatch(first)) and all(map(_GROUP.fullmatch, groups))
