"""Where things stand in a TOML file: by the path of a key the line that it is on.

`tomllib` reads values and forgets lines. Here only keys are read, of a text that it has accepted.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

__all__ = ["Path", "Places", "lines_of"]

#: The keys down to a value; a place in an array is its number, from 0 on.
Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*(\.?)""")
_TEXT = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")' + r"|'''.*?'{3,5}(?!')" + r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}\n#]*")


class Places(dict[Path, int]):
    """The line of every table and key, by its path."""

    def line(self, path: Path) -> int | None:
        """Return the line of a key, or of the innermost table around it that stands in the file."""
        while path and path not in self:
            path = path[:-1]
        return self.get(path)


def lines_of(text: str) -> Places:
    """Return the lines of the tables and keys of a text that is TOML."""
    return _Reader(text).places


class _Reader:
    def __init__(self, text: str) -> None:
        self.places = Places()
        self._text = text
        self._at = 0
        self._counted, self._line = 0, 1
        self._lengths: dict[Path, int] = {}
        table: Path = ()
        self._skip()
        while self._at < len(text):
            if text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip()

    def _skip(self) -> None:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _line_here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _note(self, path: Path) -> None:
        self.places.setdefault(path, self._line_here())

    def _header(self) -> Path:
        double = self._text.startswith("[[", self._at)
        line = self._line_here()
        self._at += 2 if double else 1
        keys = self._keys()
        self._at = self._text.index("]", self._at) + (2 if double else 1)
        path: Path = ()
        for key in keys[:-1]:
            path = self._inside((*path, key))
        path = (*path, keys[-1])
        if double:
            number = self._lengths.get(path, 0)
            self._lengths[path] = number + 1
            self.places.setdefault(path, line)
            path = (*path, number)
        self.places.setdefault(path, line)
        return path

    def _inside(self, path: Path) -> Path:
        """Return the path of what a header goes on from: of an array of tables, the last one."""
        return (*path, self._lengths[path] - 1) if path in self._lengths else path

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            found = _KEY.match(self._text, self._at)
            if found is None:  # not what tomllib accepts
                raise ValueError(f"no key at {self._at}")
            self._at = found.end()
            spelled = found[1]
            keys.append(_unquoted(spelled) if spelled[0] in "\"'" else spelled)
            if not found[2]:
                return keys

    def _pair(self, table: Path) -> None:
        self._line_here()
        start = self._line
        path = table
        for key in self._keys():
            path = (*path, key)
            self.places.setdefault(path, start)
        self._at = self._text.index("=", self._at) + 1
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip()
        sign = self._text[self._at]
        if sign in "\"'":
            found = _TEXT.match(self._text, self._at)
            self._at = found.end() if found else len(self._text)
        elif sign == "[":
            self._several(path, "]")
        elif sign == "{":
            self._several(path, "}")
        else:
            plain = _PLAIN.match(self._text, self._at)
            self._at = plain.end() if plain else len(self._text)

    def _several(self, path: Path, end: str) -> None:
        self._at += 1
        number = 0
        while True:
            self._skip()
            sign = self._text[self._at]
            if sign == end:
                self._at += 1
                return
            if sign == ",":
                self._at += 1
            elif end == "}":
                self._pair(path)
            else:
                self._note((*path, number))
                self._value((*path, number))
                number += 1


def _unquoted(spelled: str) -> str:
    told: dict[str, Any] = tomllib.loads(f"{spelled} = 0")
    return next(iter(told))
