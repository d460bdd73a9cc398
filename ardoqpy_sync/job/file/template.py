"""Templates: the values that a job writes for a row, with columns in braces."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy.metamodel import Field
from ardoqpy_sync.sources.cell_conversion import convert_cell
from ardoqpy_sync.sources.row import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_TEXT = Field("text", "text", "Text")


class Template:
    """The value that a job writes for a row.

    - `"{Name}"` is the cell of the column Name, unchanged.
    - `"{First} {Last}"` is text with the cells of its columns; it is blank if all of these are blank.
    - `"Server"`, `5`, `true` are constants, the same for each row.

    `{{` and `}}` stand for a brace. `raw` is the value in the job, `columns` are the columns in it. Raise
    `ValueError` if a brace is not closed or a column has no name.
    """

    __slots__ = ("_constant", "_parts", "columns", "raw")

    def __init__(self, raw: Any) -> None:
        """Parse the value of a job file."""
        self.raw = raw
        self._constant: Any = raw
        #: Text and columns in turn; the first and the last part are text.
        self._parts: tuple[str, ...] = ()
        if isinstance(raw, str):
            self._parts = _split(raw)
            self._constant = self._parts[0]
        self.columns = tuple(dict.fromkeys(self._parts[1::2]))

    @property
    def is_constant(self) -> bool:
        """Return whether the value is the same for each row."""
        return not self.columns

    @property
    def single_column(self) -> str | None:
        """Return the column whose cell is the value; None for a constant, and for text with columns."""
        is_cell = len(self._parts) == len(("", "column", "")) and self._parts[0] == self._parts[2] == ""
        return self._parts[1] if is_cell else None

    def getter(self, *, strip: bool = False) -> Callable[[Mapping[str, Any]], Any]:
        """Return a function from the values of a row to the value; blank text is None.

        - `strip`: remove white space around each cell, as for a name or key. Databases pad text with it.
        """
        if strip:
            read = self.getter()
            return lambda values: _strip(
                read({column: _strip(values.get(column)) for column in self.columns})
            )
        if self.is_constant:
            value = None if is_blank(self._constant) else self._constant
            return lambda _values: value
        column = self.single_column
        if column is not None:
            return lambda values: values.get(column)
        return self._fill_in

    def lister(self, split: str | None = None) -> Callable[[Mapping[str, Any]], Sequence[Any]]:
        """Return a function from the values of a row to the names or keys of the components that it names.

        If one of the columns has a list, there is one for each of its items, with the same text around it.
        The function raises `InvalidInput` if several columns have a list.

        - `split`: the text between the items of a cell that are one text; if it is also between the columns,
          it is between the names instead.
        """
        if split is not None and any(split in text for text in self._parts[::2]):
            read_all = self.lister()
            return lambda values: [part for value in read_all(values) for part in _items(value, split)]
        read = self.getter(strip=True)

        def list_values(values: Mapping[str, Any]) -> Sequence[Any]:
            cells = {column: values.get(column) for column in self.columns}
            if split is not None:
                cells = {column: _split_cell(cell, split) for column, cell in cells.items()}
            lists = {column: cell for column, cell in cells.items() if isinstance(cell, list | tuple)}
            if len(lists) > 1:
                names = " and ".join(map(quote_name, lists))
                raise InvalidInput(f"The columns {names} both have a list. Use one of them in {self.raw!r}.")
            if not lists:
                return [read(cells)]
            ((column, items),) = lists.items()
            return [read({**cells, column: item}) for item in items if not is_blank(item)]

        return list_values

    def _fill_in(self, values: Mapping[str, Any]) -> str | None:
        cells = [values.get(column) for column in self._parts[1::2]]
        if all(map(is_blank, cells)):
            return None
        texts = list(self._parts)
        texts[1::2] = [
            cell_text(cell, f"Column {quote_name(column)}")
            for column, cell in zip(self._parts[1::2], cells, strict=True)
        ]
        return "".join(texts).strip()

    def __repr__(self) -> str:
        """Return the value in the job."""
        return f"<template {self.raw!r}>"


def cell_text(cell: Any, place: str) -> str:
    """Return a cell as text; "" for a blank one. Raise `InvalidInput` with the place if it cannot be text."""
    try:
        text = convert_cell(cell, _TEXT)
    except InvalidInput:
        remedy = "give it as text"
        if isinstance(cell, list | tuple | dict):
            remedy = "name a part of it, such as {Column.id} or, for a list, {Column[].id}"
        raise InvalidInput(f"{place} has {describe_type(cell)} where text is needed: {remedy}.") from None
    return "" if text is None else str(text)


def _strip(cell: Any) -> Any:
    if isinstance(cell, list | tuple):
        return [_strip(item) for item in cell]
    return cell.strip() if isinstance(cell, str) else cell


def _split_cell(cell: Any, split: str) -> Any:
    """Return the cell, or the list of its items, if it has several."""
    if isinstance(cell, list | tuple):
        return [part for item in cell for part in _items(item, split)]
    parts = _items(cell, split)
    return parts if len(parts) > 1 else cell


def _items(value: Any, split: str) -> list[Any]:
    return value.split(split) if isinstance(value, str) else [value]


@lru_cache(maxsize=1024)
def _split(text: str) -> tuple[str, ...]:
    parts, plain, end = [], "", 0
    for match in _PART.finditer(text):
        plain += text[end : match.start()]
        end = match.end()
        if match[0] in ("{{", "}}"):
            plain += match[0][0]
        elif match[1] is None:
            raise ValueError(
                f"it has a single {match[0]!r}. Write a column as {{Name}}, and a brace as {match[0] * 2}"
            )
        elif is_blank(match[1]):
            raise ValueError("it has {} without a column name between the braces")
        else:
            parts += [plain, match[1].strip()]
            plain = ""
    return (*parts, plain + text[end:])
