"""A source: rows one after the other, however often, with their columns known."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Self

from ardoqpy._messages import quote_name, suggest
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ardoqpy_sync.sources.row import Row

__all__ = ["Reading", "Source", "SourceUnreadable"]


class SourceUnreadable(InvalidInput):
    """A source cannot be read, or not to its end: what it has said so far is not all there is."""


class Reading(NamedTuple):
    """One pass over a source.

    - `columns`: of a source with a header all of them, in its order; None where each row brings its own.
    - `rows`: the rows, read as they are asked for.
    """

    columns: tuple[str, ...] | None
    rows: Iterator[Row]


class Source:
    """Give the rows of one source, read as they are asked for, never all in memory.

    - `name`: what the source is called in messages.
    - `start`: begins a pass; what has to be closed at its end is put on the stack that it is given.

    A source is opened when rows or columns are first asked for, and closed at the end of the pass, when a
    loop is left, or by `close()`. Each loop is a pass of its own. Trouble with the source itself raises
    `SourceUnreadable`; trouble with one row is in that row.
    """

    def __init__(self, name: str, start: Callable[[ExitStack], Reading]) -> None:
        self.name = name
        self._start = start
        self._begun = False
        self._header: tuple[str, ...] | None = None
        self._met: dict[str, None] = {}
        self._wanted: dict[str, None] = {}
        self._waiting: tuple[ExitStack, Reading] | None = None
        self._open: set[ExitStack] = set()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns: of a source with a header all of them, otherwise those met so far.

        Where no row has been read yet, the first one is; raise `SourceUnreadable` where that fails.
        """
        if not self._begun:
            self._wait()
        return tuple(self._met)

    def require(self, columns: Iterable[str]) -> None:
        """Say which columns have to be there, so that a misspelled one does not pass for an empty one.

        A source with a header raises `SourceUnreadable` at once, and forgets what was said. Where each row
        brings its own columns, that is raised at the end of a pass in which rows were read and none had the
        column.
        """
        before = dict(self._wanted)
        self._wanted.update(dict.fromkeys(columns))
        try:
            if not self._begun:
                self._wait()
            if self._header is not None:
                self._miss_none()
        except SourceUnreadable:
            self._wanted = before
            raise

    def close(self) -> None:
        """Close what is open; a source may be read again afterwards."""
        self._waiting = None
        while self._open:
            self._open.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        # Whoever only asks for the columns has no loop that would close it.
        if hasattr(self, "_open"):
            self.close()

    def __repr__(self) -> str:
        return f"<source {self.name}>"

    def __iter__(self) -> Iterator[Row]:
        stack, reading = self._wait()
        self._waiting = None
        try:
            for row in reading.rows:
                if reading.columns is None:
                    self._meet(row)
                yield row
            self._miss_none()
        finally:
            self._open.discard(stack)
            stack.close()

    def _wait(self) -> tuple[ExitStack, Reading]:
        """Begin a pass that the next loop takes over, where none waits already."""
        if self._waiting is None:
            with ExitStack() as stack:
                reading = self._introduced(self._start(stack))
                self._waiting = (stack.pop_all(), reading)
            self._open.add(self._waiting[0])
        return self._waiting

    def _introduced(self, reading: Reading) -> Reading:
        """Return the pass, its columns noted, of which the first row may have to be read."""
        if reading.columns is None:
            self._begun = True
            first = next(reading.rows, None)
            if first is None:
                return reading
            self._meet(first)
            return Reading(None, chain([first], reading.rows))
        if self._header not in (None, reading.columns):
            raise SourceUnreadable(
                f"{self.name} has changed since it was first read: it has other columns now."
            )
        self._begun = True
        self._header = reading.columns
        self._met = dict.fromkeys(reading.columns)
        return reading

    def _meet(self, row: Row) -> None:
        if row.problem is None and not row.values.keys() <= self._met.keys():
            self._met.update(dict.fromkeys(row.values))

    def _miss_none(self) -> None:
        missing = next((column for column in self._wanted if column not in self._met), None)
        if missing is not None and (self._met or self._header is not None):
            raise SourceUnreadable(
                f"{self.name} has no column {quote_name(missing)}: {suggest(missing, self._met)}"
            )
