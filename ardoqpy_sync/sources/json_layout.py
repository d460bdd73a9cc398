"""Rows written as JSON again: an array of objects, or one object on each line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.sources.json_path import TOP
from ardoqpy_sync.sources.json_stream import DuplicateKeys
from ardoqpy_sync.sources.row_layout import NO_COLUMNS, WrittenRows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ardoqpy_sync.sources.row_layout import ReturnedRow

_Pairs = list[tuple[str, Any]]


class InnerRecord(NamedTuple):
    """The record of an item of an inner array: its value, and the items around it by array."""

    value: Any
    around: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class JsonLayout:
    """The layout of a JSON file; a record is a value, an `InnerRecord`, or a line that is not valid JSON.

    - `has_lines`: whether each row is a line; otherwise they are one array, with nothing around it.
    - `encoding`: the stated one; None for UTF-8.
    """

    has_lines: bool = False
    encoding: str | None = None

    def write(self, rows: Sequence[ReturnedRow], column: str) -> WrittenRows:
        """Return a file with these rows, as `RowLayout` does; values around a row are in its object.

        A row that is no object becomes one, which has it at the key `NO_COLUMNS`.
        """
        try:
            texts = [self._row(row, column) for row in rows]
        except RecursionError:
            raise InvalidInput("A row cannot be written, because it is nested too deeply.") from None
        lines = [f"{text}\n" for text in texts]
        content = "".join(lines) if self.has_lines else f"[{','.join(lines)}]\n"
        try:
            return WrittenRows(content.encode(self.encoding or "utf-8"), [])
        except UnicodeError:
            raise InvalidInput(f"A row cannot be written in the encoding {self.encoding!r}.") from None

    def _row(self, row: ReturnedRow, column: str) -> str:
        record = row.record
        value, around = record if isinstance(record, InnerRecord) else (record, {})
        if not isinstance(value, Mapping):
            value = {NO_COLUMNS: value}
        reasons: _Pairs = [(column, row.reasons)]
        document_pairs: _Pairs = [(TOP, row.document)] if row.document else []
        own = [(key, part) for key, part in _pairs(value) if key != column]
        # What both the item and what is around it have is there twice, so that nobody reads it.
        return self._object([*reasons, *document_pairs, *around.items(), *own])

    def _object(self, pairs: Iterable[tuple[str, Any]]) -> str:
        return f"{{{', '.join(f'{self._text(str(key))}: {self._text(value)}' for key, value in pairs)}}}"

    def _text(self, value: Any) -> str:
        if isinstance(value, Mapping):
            return self._object(_pairs(value))
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(self._text, value))}]"
        if isinstance(value, bool | int | None):
            return json.dumps(value)
        if isinstance(value, float | Decimal) and math.isfinite(value):
            return str(value)
        text = value.isoformat() if isinstance(value, date | time) else str(value)
        is_ascii = self.encoding is not None or any("\ud800" <= sign <= "\udfff" for sign in text)
        return json.dumps(text, ensure_ascii=is_ascii)


def _pairs(value: Mapping[str, Any]) -> _Pairs:
    """Return the keys and values of an object, of a key that it has twice both."""
    if not isinstance(value, DuplicateKeys):
        return [*value.items()]
    # Of an item around others, only the names of such keys are known.
    unknown = [(key, None) for key in value.duplicates for _ in range(2)]
    return value.pairs or [
        *((key, part) for key, part in value.items() if key not in value.duplicates),
        *unknown,
    ]
