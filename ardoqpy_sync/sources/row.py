"""One row of a source: its cells by column, and where it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["NOT_TEXT", "Row", "blank", "free_row", "unfit"]

#: Characters that stand in no text: NUL, and halves of characters.
NOT_TEXT = re.compile("[\0\ud800-\udfff]")


class Row:
    """Hold one row of a source.

    - `label`: where it stands, to name it in every message: "people.csv line 7", "inventory.xlsx sheet
      Servers row 12", "query row 3".
    - `values`: by column its cell, as the source gives it: text from CSV, text, numbers, dates and more from
      others, None for nothing; in a dict of the row's own.
    - `problem`: why the row cannot be used, None where it can. Such a row is handed out so that the rest of
      the source can still be read; asking for its values raises `InvalidInput` with `sentence`.
    """

    __slots__ = ("_values", "label", "problem")

    def __init__(self, label: str, values: dict[str, Any], problem: str | None = None) -> None:
        self.label = label
        self.problem = problem
        self._values = values

    @property
    def values(self) -> dict[str, Any]:
        """Return the cells by column; raise `InvalidInput` where the row cannot be used."""
        if self.problem is not None:
            raise InvalidInput(self.sentence)
        return self._values

    @property
    def sentence(self) -> str:
        """Return what is wrong with the row as one sentence that names it, "" where nothing is."""
        return f"{self.label} {self.problem}" if self.problem is not None else ""

    def __repr__(self) -> str:
        return f"<row {self.label}>" if self.problem is None else f"<bad row {self.label}>"


def blank(cell: object) -> bool:
    """Tell whether a cell holds nothing: None, or text of white space alone."""
    return cell is None or (isinstance(cell, str) and (not cell or cell.isspace()))


def free_row(label: str, values: object, what: str) -> Row | None:
    """Return the row of a mapping that brings its own columns; None where it holds nothing at all.

    `what` says in words what it should have been: `a JSON object`, `a dict`.
    """
    if not hasattr(values, "items"):
        return Row(
            label, {}, f"is {quote_name(values)}, not {what}: a row has to say which column each cell is of."
        )
    cells = dict(values.items())
    for column in cells:
        if not isinstance(column, str) or blank(column):
            return Row(
                label,
                {},
                f"has the column {quote_name(column)}: the name of a column is text, and not blank.",
            )
    if all(blank(cell) for cell in cells.values()):
        return None
    return Row(label, cells, unfit(cells))


def unfit(cells: Mapping[str, Any]) -> str | None:
    """Say which column holds text that no system takes, None where all is well."""
    for column, cell in cells.items():
        for text in (column, cell) if isinstance(cell, str) else (column, *_texts(cell)):
            if (text.isascii() and "\0" not in text) or not (found := NOT_TEXT.search(text)):
                continue
            what = "a NUL character" if found[0] == "\0" else "half a character (a lone surrogate)"
            return f"holds {what} in the column {quote_name(column)}: mend it where the row comes from."
    return None


def _texts(cell: Any) -> Iterator[str]:
    if isinstance(cell, str):
        yield cell
    elif isinstance(cell, dict):
        for key, value in cell.items():
            yield from _texts(key)
            yield from _texts(value)
    elif isinstance(cell, list | tuple | set | frozenset):
        for one in cell:
            yield from _texts(one)
