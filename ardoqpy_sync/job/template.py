"""What a job writes for a row: a column, a constant, or text with columns in it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ardoqpy.metamodel import Field
from ardoqpy_sync.sources.cell_conversion import convert
from ardoqpy_sync.sources.row import blank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Template"]

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_AS_TEXT = Field("text", "text", "Text")


class Template:
    """Hold what is written for a row.

    - `"{Name}"` is the cell of the column Name, as the source gives it.
    - `"{First} {Last}"` is text, its columns put in; it is blank where all of them are.
    - `"Server"`, `5`, `true`: the same for each row.

    `{{` and `}}` stand for a brace. `columns` are those that it names, `constant` says that there are none.
    Raise `ValueError` with what is wrong where a brace is left alone or a column has no name.
    """

    __slots__ = ("_parts", "_value", "columns", "told")

    def __init__(self, told: Any) -> None:
        self.told = told
        self._value: Any = told
        #: Text and columns by turns, beginning and ending with text.
        self._parts: list[str] = []
        if isinstance(told, str):
            self._parts = _parts_of(told)
            self._value = self._parts[0]
        self.columns = tuple(dict.fromkeys(self._parts[1::2]))

    @property
    def constant(self) -> bool:
        """Tell whether it is the same for each row."""
        return not self.columns

    def getter(self) -> Callable[[Mapping[str, Any]], Any]:
        """Return the function that gives the cell for the values of a row; a blank text is None."""
        if self.constant:
            value = None if blank(self._value) else self._value
            return lambda _values: value
        parts = self._parts
        if parts[0] == parts[2] == "" and len(parts) == len(("", "column", "")):
            column = parts[1]
            return lambda values: values.get(column)
        return self._joined

    def _joined(self, values: Mapping[str, Any]) -> str | None:
        cells = [values.get(column) for column in self._parts[1::2]]
        if all(map(blank, cells)):
            return None
        texts = list(self._parts)
        texts[1::2] = ["" if blank(cell) else convert(cell, _AS_TEXT) for cell in cells]
        return "".join(texts).strip()

    def __repr__(self) -> str:
        return f"<template {self.told!r}>"


@lru_cache(maxsize=1024)
def _split(text: str) -> tuple[str, ...]:
    parts, plain, end = [], "", 0
    for found in _PART.finditer(text):
        plain += text[end : found.start()]
        end = found.end()
        if found[0] in ("{{", "}}"):
            plain += found[0][0]
        elif found[1] is None:
            raise ValueError(
                f"it has a {found[0]!r} alone: write a column as {{Name}}, a brace as {found[0] * 2}"
            )
        elif blank(found[1]):
            raise ValueError("it has {} without a column's name between the braces")
        else:
            parts += [plain, found[1].strip()]
            plain = ""
    return (*parts, plain + text[end:])


def _parts_of(text: str) -> list[str]:
    return list(_split(text))
