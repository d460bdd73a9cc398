"""Rows from Python: any iterable of dicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.sources.json_layout import JsonLayout
from ardoqpy_sync.sources.options import TEXT, Option, SourceType
from ardoqpy_sync.sources.row import row_from_mapping
from ardoqpy_sync.sources.source import RowStream, Source, SourceUnreadable

if TYPE_CHECKING:
    from contextlib import ExitStack

    from ardoqpy_sync.sources.row import Row


def from_rows(rows: Iterable[Mapping[str, Any]], *, name: str | None = None) -> Source:
    """Return a source of the rows of any iterable of dicts, such as a list or a generator.

    - `rows`: each a dict from column to cell. It is copied when it is read.
    - `name`: what messages call the source: "machines row 3"; without it, "row 3".

    An iterator, such as a generator, can be read only once; a second pass raises `SourceUnreadable`. An error
    that the iterable raises is not changed. Raise `InvalidInput` if `rows` is not an iterable of rows.
    """
    if not isinstance(rows, Iterable) or isinstance(rows, str | bytes | Mapping):
        raise InvalidInput(
            f"rows is {describe_type(rows)}. Use a list of dicts, or another iterable of them."
        )
    label = f"{name} row" if name is not None else "row"
    is_exhausted = False

    def start(_: ExitStack) -> RowStream:
        nonlocal is_exhausted
        if is_exhausted:
            subject = f"The source {name}" if name else "The iterable of rows"
            raise SourceUnreadable(f"{subject} can be read only once. Use a list to read it again.")
        is_exhausted = isinstance(rows, Iterator)
        return RowStream(None, _rows(rows, label), layout=JsonLayout())

    return Source(name or "rows", start)


def _rows(rows: Iterable[Any], label: str) -> Iterator[Row]:
    for number, values in enumerate(rows, 1):
        row = row_from_mapping(f"{label} {number}", values, "a dict")
        if row is not None:
            row.record = values
            yield row


ROWS = SourceType(
    {"rows": Option((Iterable,), "a list of tables, one for each row", required=True), "name": TEXT},
    lambda table, _: from_rows(table["rows"], name=table.get("name")),
    written_as=(".json",),
)
