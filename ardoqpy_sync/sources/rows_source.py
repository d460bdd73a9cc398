"""Rows from Python: any iterable of dicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.sources.options import TEXT, Key, SourceType
from ardoqpy_sync.sources.row import free_row
from ardoqpy_sync.sources.source import Reading, Source, SourceUnreadable

if TYPE_CHECKING:
    from contextlib import ExitStack

    from ardoqpy_sync.sources.row import Row

__all__ = ["ROWS", "from_rows"]


def from_rows(rows: Iterable[Mapping[str, Any]], *, name: str | None = None) -> Source:
    """Return a source out of any iterable of dicts: a list, a generator, the rows of a reader.

    - `name`: what it is called in messages: "machines row 3", without it "row 3".

    The dicts are copied, one at a time, when their turn comes. What can be gone through only once, such as
    a generator, can be read only once: a second pass raises `SourceUnreadable`. An error that the iterable
    raises comes through as it is. Raise `InvalidInput` where `rows` is no iterable of rows.
    """
    if not isinstance(rows, Iterable) or isinstance(rows, str | bytes | Mapping):
        raise InvalidInput(
            f"rows is {describe_type(rows)}: give a list of dicts, or another iterable of them."
        )
    before = f"{name} row" if name is not None else "row"
    used_up = False

    def start(_: ExitStack) -> Reading:
        nonlocal used_up
        if used_up:
            raise SourceUnreadable(
                f"{name or 'The iterable of rows'} has been read, which can be done only once: give a list."
            )
        used_up = isinstance(rows, Iterator)
        return Reading(None, _rows(rows, before))

    return Source(name or "rows", start)


def _rows(rows: Iterable[Any], before: str) -> Iterator[Row]:
    for number, values in enumerate(rows, 1):
        row = free_row(f"{before} {number}", values, "a dict")
        if row is not None:
            yield row


#: The rows stand in the table itself.
ROWS = SourceType(
    {"rows": Key((Iterable,), "a list of tables, one for each row", needed=True), "name": TEXT},
    lambda table, _: from_rows(table["rows"], name=table.get("name")),
)
