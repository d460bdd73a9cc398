"""Find the line of each key in a TOML file.

`tomllib` does not keep line numbers. This module reads only the keys, of a text that `tomllib` has accepted.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any

#: A table with keys of any name.
TomlTable = dict[str, Any]
#: The keys down to a value; the index of an array item is a number from 0 on.
KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*(\.?)""")
_TEXT = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")' + r"|'''.*?'{3,5}(?!')" + r"""|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}\n#]*")


class TomlLines(dict[KeyPath, int]):
    """The line of every table and key, by key path."""

    def line(self, key_path: KeyPath) -> int | None:
        """Return the line of a key, or of the innermost table around it that is in the file."""
        while key_path and key_path not in self:
            key_path = key_path[:-1]
        return self.get(key_path)


def find_lines(text: str) -> TomlLines:
    """Return the lines of the tables and keys of a TOML text."""
    return _Reader(text).lines


class _Reader:
    def __init__(self, text: str) -> None:
        self.lines = TomlLines()
        self._text = text
        self._at = 0
        self._counted, self._line = 0, 1
        self._lengths: dict[KeyPath, int] = {}
        table: KeyPath = ()
        self._skip_blank()
        while self._at < len(text):
            if text[self._at] == "[":
                table = self._read_header()
            else:
                self._read_pair(table)
            self._skip_blank()

    def _skip_blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _current_line(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _read_header(self) -> KeyPath:
        is_array = self._text.startswith("[[", self._at)
        line = self._current_line()
        self._at += 2 if is_array else 1
        keys = self._read_keys()
        self._at = self._text.index("]", self._at) + (2 if is_array else 1)
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._last_item((*path, key))
        path = (*path, keys[-1])
        if is_array:
            index = self._lengths.get(path, 0)
            self._lengths[path] = index + 1
            self.lines.setdefault(path, line)
            path = (*path, index)
        self.lines.setdefault(path, line)
        return path

    def _last_item(self, path: KeyPath) -> KeyPath:
        """Return the path that a header continues: for an array of tables, its last item."""
        return (*path, self._lengths[path] - 1) if path in self._lengths else path

    def _read_keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            match = _KEY.match(self._text, self._at)
            if match is None:  # tomllib would not have accepted the text
                raise ValueError(f"no key at {self._at}")
            self._at = match.end()
            keys.append(_unquote(match[1]) if match[1][0] in "\"'" else match[1])
            if not match[2]:
                return keys

    def _read_pair(self, table: KeyPath) -> None:
        line = self._current_line()
        path = table
        for key in self._read_keys():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self._at = self._text.index("=", self._at) + 1
        self._read_value(path)

    def _read_value(self, path: KeyPath) -> None:
        self._skip_blank()
        character = self._text[self._at]
        if character in "[{":
            self._read_items(path, "]" if character == "[" else "}")
        else:
            match = (_TEXT if character in "\"'" else _PLAIN).match(self._text, self._at)
            self._at = match.end() if match else len(self._text)

    def _read_items(self, path: KeyPath, end: str) -> None:
        self._at += 1
        index = 0
        while True:
            self._skip_blank()
            character = self._text[self._at]
            if character == end:
                self._at += 1
                return
            if character == ",":
                self._at += 1
            elif end == "}":
                self._read_pair(path)
            else:
                self.lines.setdefault((*path, index), self._current_line())
                self._read_value((*path, index))
                index += 1


def _unquote(key: str) -> str:
    table: TomlTable = tomllib.loads(f"{key} = 0")
    return next(iter(table))
