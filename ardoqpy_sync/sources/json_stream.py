"""JSON read value by value, however long the whole of it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Never

from ardoqpy_sync.sources.source import SourceUnreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["JsonText", "Twice", "decoder"]

_BLANK = " \t\r\n"
#: No name or number is cut off further than this from where its beginning is no JSON.
_NEAR_THE_END = 16


class Twice(dict[str, Any]):
    """An object that gives one of its keys twice; `key` says which."""

    key: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    twice = Twice(made)
    seen: set[str] = set()
    twice.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return twice


def _no_json(constant: str) -> Never:
    raise ValueError(f"the constant {constant} is none of JSON's")


def decoder() -> json.JSONDecoder:
    """Return a decoder that takes JSON as it is defined: no NaN; and that notices keys given twice."""
    return json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_json)


class JsonText:
    """Read one JSON text from its pieces.

    Values are taken from its beginning to its end; only the one that is being read is in memory. What is
    not JSON raises `SourceUnreadable` with `name` and the line.
    """

    def __init__(self, pieces: Iterator[str], name: str) -> None:
        self._pieces = pieces
        self._name = name
        self._decode = decoder().raw_decode
        self._text = ""
        self._at = 0
        self._line = 1
        self._counted = 0

    @property
    def line(self) -> int:
        """Return the line that the next value or sign stands in."""
        self.peek()
        return self._line_of(self._at)

    def peek(self) -> str:
        """Return the next sign that is not blank, "" at the end."""
        while True:
            while self._at < len(self._text):
                sign = self._text[self._at]
                if sign not in _BLANK:
                    return sign
                self._at += 1
            if not self._more():
                return ""

    def take(self, signs: str, instead_of: str) -> str:
        """Take the next sign, which has to be one of `signs`; `instead_of` says in words what those are."""
        sign = self.peek()
        if not sign or sign not in signs:
            found = repr(sign) if sign else "the end of the file"
            self._refuse(f"{found} stands where {instead_of} should", self._at)
        self._at += 1
        return sign

    def value(self) -> Any:
        """Take the next value whole."""
        self.peek()
        while True:
            trouble: tuple[str, int]
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as problem:
                trouble = (problem.msg, problem.pos)
                cut_off = (
                    problem.msg.startswith("Unterminated") or problem.pos > len(self._text) - _NEAR_THE_END
                )
            except ValueError as problem:
                trouble, cut_off = (str(problem), self._at), False
            except RecursionError:
                trouble, cut_off = ("it is nested too deeply", self._at), False
            else:
                # A number may go on in the next piece.
                if end < len(self._text) or isinstance(value, str | dict | list) or not self._more():
                    self._at = end
                    return value
                continue
            if not cut_off or not self._more():
                self._refuse(*trouble)

    def skip(self) -> None:
        """Take the next value without keeping it."""
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
        """Take an object: yield each key, whose value is to be taken before the next is asked for."""
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
        """Take an array: yield before each item, which is to be taken before the next is asked for."""
        self.take("[", "an array")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield
            if self.take(",]", "a comma or the end of the array") == "]":
                return

    def end(self) -> None:
        """Refuse anything but white space from here on."""
        sign = self.peek()
        if sign:
            self._refuse(f"{sign!r} stands where it should end", self._at)

    def _more(self) -> bool:
        """Read on, as much again as what is already being held, so that a long value is not tried too
        often.
        """
        kept = self._text[self._at :]
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

    def _line_of(self, place: int) -> int:
        if place < self._counted:
            return self._line
        self._line += self._text.count("\n", self._counted, place)
        self._counted = place
        return self._line

    def _refuse(self, what: str, place: int) -> Never:
        raise SourceUnreadable(
            f"{self._name} line {self._line_of(place)} is not JSON: {what[0].lower()}{what[1:]}."
        )
