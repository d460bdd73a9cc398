"""Read JSON value by value, so that a long text is never in memory."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Never

from ardoqpy_sync.sources import text_file
from ardoqpy_sync.sources.number_parsing import exact_float
from ardoqpy_sync.sources.row import Values
from ardoqpy_sync.sources.source import SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What a number is made of.
_DIGITS = re.compile(r"[-+.eE0-9]*")
_BLANK = " \t\r\n"
#: A float keeps numbers of so many characters.
_EXACT_LENGTH = 15
#: An error this close to the end of the text can come from a name or number that is cut off there.
_CUT_OFF_LENGTH = 16


class DuplicateKeys(Values):
    """An object in which keys appear more than once; `duplicates` lists them.

    `pairs` are all keys with their values, as far as they are known.
    """

    duplicates: list[str]
    pairs: list[tuple[str, Any]]


def _make_object(pairs: list[tuple[str, Any]]) -> Values:
    json_object = dict(pairs)
    if len(json_object) == len(pairs):
        return json_object
    json_object = DuplicateKeys(json_object)
    counts = Counter(key for key, _ in pairs)
    json_object.duplicates = [key for key, count in counts.items() if count > 1]
    json_object.pairs = pairs
    return json_object


def _reject_constant(constant: str) -> Never:
    raise ValueError(f"{constant} is not a JSON value")


def _make_float(text: str) -> float | Decimal:
    """Return a number as a float, or as a Decimal if a float would be another number."""
    number = float(text)
    if len(text) <= _EXACT_LENGTH and number and math.isfinite(number):
        return number
    try:
        return exact_float(Decimal(text))
    except ValueError:
        return Decimal(text)


def strict_decoder() -> json.JSONDecoder:
    """Return a decoder that rejects NaN and infinities, marks duplicate keys, and changes no number."""
    return json.JSONDecoder(
        object_pairs_hook=_make_object, parse_constant=_reject_constant, parse_float=_make_float
    )


class JsonStream:
    """Read one JSON text from its pieces, from beginning to end.

    Only the value being read is in memory. Text that is not JSON raises `SourceUnreadable` with `name` and
    the line.
    """

    def __init__(self, pieces: Iterator[str], name: str) -> None:
        """Set the pieces of the text, and the name for messages."""
        self._pieces = pieces
        self._name = name
        self._decode = strict_decoder().raw_decode
        self._text = ""
        self._at = 0
        self._line = 1
        self._counted = 0

    @property
    def line(self) -> int:
        """Return the line of the next character that is not blank."""
        self.peek()
        return self._line_of(self._at)

    def peek(self) -> str:
        """Return the next character that is not blank, "" at the end."""
        while True:
            while self._at < len(self._text):
                sign = self._text[self._at]
                if sign not in _BLANK:
                    return sign
                self._at += 1
            if not self._more():
                return ""

    def take(self, signs: str, expected: str) -> str:
        """Consume the next character, one of `signs`; `expected` names those in messages."""
        sign = self.peek()
        if not sign or sign not in signs:
            actual = repr(sign) if sign else "the end of the file"
            self._reject(f"expected {expected}, not {actual}", self._at)
        self._at += 1
        return sign

    def value(self) -> Any:
        """Consume and return the next value."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                problem, position = error.msg, error.pos
                is_cut_off = (
                    problem.startswith("Unterminated") or position > len(self._text) - _CUT_OFF_LENGTH
                )
            except ValueError as error:
                problem, position, is_cut_off = str(error), self._at, False
            except RecursionError:
                problem, position, is_cut_off = "it is nested too deeply", self._at, False
            else:
                # A number can continue in the next piece: of `1.` only the 1 is one so far.
                may_continue = not isinstance(value, str | dict | list) and _DIGITS.fullmatch(self._text, end)
                if not may_continue or not self._more():
                    self._at = end
                    return value
                continue
            if not is_cut_off or not self._more():
                self._reject(problem, position)

    def skip(self) -> None:
        """Consume the next value without keeping it."""
        sign = self.peek()
        if sign == "{":
            for _ in self.members():
                self.skip()
        elif sign == "[":
            for _ in self.items():
                self.skip()
        else:
            self.value()

    def members(self) -> Iterator[str]:
        """Consume an object: yield each key; the caller consumes its value before the next key."""
        self.take("{", "an object")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                self.take('"', "a key in quotes")
            key: str = self.value()
            self.take(":", "a colon")
            yield key
            if self.take(",}", "a comma or the end of the object") == "}":
                return

    def items(self) -> Iterator[None]:
        """Consume an array: yield before each item; the caller consumes it before the next one."""
        self.take("[", "an array")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield
            if self.take(",]", "a comma or the end of the array") == "]":
                return

    def end(self) -> None:
        """Raise `SourceUnreadable` if anything but white space follows."""
        sign = self.peek()
        if sign:
            self._reject(f"expected the end of the file, not {sign!r}", self._at)

    def _more(self) -> bool:
        """Read at least as much text as is already held, so that a long value is parsed only a few times."""
        kept = self._text[self._at :]
        if len(kept) > text_file.MAX_VALUE:
            self._reject(f"it has a value of over {text_file.MAX_VALUE:,} characters", self._at)
        read: list[str] = []
        size = 0
        while size <= len(kept) and (piece := next(self._pieces, "")):
            read.append(piece)
            size += len(piece)
        if not read:
            return False
        self._line = self._line_of(self._at)
        self._text = kept + "".join(read)
        self._at = self._counted = 0
        return True

    def _line_of(self, position: int) -> int:
        if position < self._counted:
            return self._line
        self._line += self._text.count("\n", self._counted, position)
        self._counted = position
        return self._line

    def _reject(self, problem: str, position: int) -> Never:
        line = self._line_of(position)
        raise SourceUnreadable(f"{self._name} line {line} is not valid JSON: {problem}.")
