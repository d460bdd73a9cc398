"""A source: an iterable of rows that can be read several times and knows its columns."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from ardoqpy._messages import did_you_mean, quote_name, suggest
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.sources.json_path import TOP, Step, list_paths, parse_path, read_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ardoqpy_sync.sources.row import Row
    from ardoqpy_sync.sources.row_layout import ReturnedRow, RowLayout, WrittenRows


class SourceUnreadable(InvalidInput):
    """A source cannot be read, or not to its end: the rows so far are not all of its rows.

    - `column`: the column that it is about, if it is about one.
    - `lacks_array`: whether no item has the array whose items are the rows; another file may have it.
    """

    column: str | None = None
    lacks_array: bool = False


@dataclass(slots=True)
class HiddenCounts:
    """The rows and columns of a sheet that have values, and were not read because they are hidden."""

    rows: int = 0
    columns: int = 0


class RowStream(NamedTuple):
    """One pass over a source.

    - `columns`: all columns in their order, if the source has a header; None if each row brings its own.
    - `rows`: the rows, read as you ask for them.
    - `unreadable`: by name, a sentence that says why no column of this name can be read.
    - `hidden`: counted while the rows are read; None if the source cannot hide anything.
    - `document`: reads the values around all rows, which a path that begins with `$` leads to.
    - `layout`: writes rows again; None if that is not possible.
    """

    columns: tuple[str, ...] | None
    rows: Iterator[Row]
    unreadable: Mapping[str, str] = MappingProxyType({})
    hidden: HiddenCounts | None = None
    document: Callable[[], Mapping[str, Any]] | None = None
    layout: RowLayout | None = None


#: A position in the table of a source: its keys.
Keys = tuple[str, ...]


class Finding(NamedTuple):
    """What a pass over a source has shown about a key of its table: `keys` lead to it."""

    message: str
    keys: Keys


class _Paths(NamedTuple):
    """The required paths by column, and the values around all rows, if a path needs them."""

    steps: Mapping[str, tuple[Step, ...]]
    document: Mapping[str, Any] | None


class CleaningStep(NamedTuple):
    """What a key has made of a cell: its value, or a sentence that says why it cannot be used."""

    key: str
    value: Any
    problem: str | None


class RowCleaningPass(Protocol):
    """Cleans the rows of one pass."""

    def clean(self, row: Row) -> bool:
        """Clean a row in place; return whether anything is left of it."""

    def findings(self) -> list[Finding]:
        """Return what the rows have shown."""


class RowCleaning(Protocol):
    """How the rows of a source are cleaned: cleaning.py does it."""

    @property
    def columns(self) -> Mapping[str, object]:
        """The columns that have rules."""

    def start(self, columns: tuple[str, ...] | None) -> RowCleaningPass:
        """Begin a pass over rows that have these columns; None if each has its own."""

    def explain(self, column: str, cell: Any) -> list[CleaningStep]:
        """Return which keys change a cell, in their order."""


def chain_sources(name: str, sources: Sequence[Source]) -> Source:
    """Return a source of the rows of several sources with the same columns, one after the other."""

    def start(stack: ExitStack) -> RowStream:
        for source in sources:
            stack.callback(source.close)
        hidden = HiddenCounts()
        try:
            _, first = sources[0]._begin_pass()  # noqa: SLF001  (another object of this class)
        except SourceUnreadable as error:
            if not error.lacks_array:
                raise
            first = RowStream(None, iter(()))  # the rows show whether another file has the array
        rows = _chain_rows(whole, sources, first, hidden)
        return RowStream(first.columns, rows, first.unreadable, hidden, layout=first.layout)

    whole = Source(name, start, parts=sources)
    return whole


def _chain_rows(
    whole: Source, sources: Sequence[Source], first: RowStream, hidden: HiddenCounts
) -> Iterator[Row]:
    without_array: SourceUnreadable | None = None
    has_rows = False
    for source in sources:
        if first.columns is not None and set(source.columns) != set(first.columns):
            raise SourceUnreadable(_compare_columns(source, sources[0]))
        # What a path leads to may be around the rows of one file.
        source._required_of_chain = whole._required  # noqa: SLF001  (another object of this class)
        try:
            for row in source:
                has_rows = True
                yield row
        except SourceUnreadable as error:
            if not error.lacks_array:
                raise
            without_array = without_array or error
        hidden.rows += source.hidden.rows
        hidden.columns += source.hidden.columns
    if without_array is not None and not has_rows:
        raise SourceUnreadable(f"{without_array} No other file of {whole.name} has rows.")


def _compare_columns(source: Source, first: Source) -> str:
    lacks = [quote_name(column) for column in first.columns if column not in source.columns]
    more = [quote_name(column) for column in source.columns if column not in first.columns]
    texts = [f"it has no {', '.join(lacks)}"] if lacks else []
    texts += [f"only it has {', '.join(more)}"] if more else []
    return f"{source.name} has other columns than {first.name}: {', and '.join(texts)}."


class Source:
    """An iterable of the rows of one source. Rows are read as you ask for them, never all into memory.

    - `name`: what messages call the source.
    - `start`: begins a pass, and puts whatever must be closed at its end on the stack.
    - `parts`: the sources that its rows come from, if it is a chain.
    - `hidden`: what the last pass did not read because it is hidden, so far.
    - `findings`: what the last complete pass has shown about the keys that clean cells.

    A source is opened when you first ask for rows or columns. It is closed at the end of a pass, when a loop
    is left, or by `close()`. Each loop is a new pass. A problem of the source raises `SourceUnreadable`; a
    problem of one row is in that row.
    """

    def __init__(
        self, name: str, start: Callable[[ExitStack], RowStream], parts: Sequence[Source] = ()
    ) -> None:
        """Set the name, the function that begins a pass, and the sources of a chain."""
        self.name = name
        self._start = start
        self._parts = parts
        self._keeps_records = False
        #: What writes the rows of the last pass again.
        self._layout: RowLayout | None = None
        #: Required columns of the chain that this source is a part of.
        self._required_of_chain: Mapping[str, None] = {}
        #: Of the last pass: what was not read because it is hidden.
        self.hidden = HiddenCounts()
        self.findings: list[Finding] = []
        self._cleaning: RowCleaning | None = None
        self._has_started = False
        self._header: tuple[str, ...] | None = None
        self._columns: dict[str, None] = {}
        self._unreadable: Mapping[str, str] = {}
        self._required: dict[str, None] = {}
        #: Names in rows without a header, for suggestions.
        self._paths: list[str] = []
        #: A pass that has begun, for the next loop.
        self._next_pass: tuple[ExitStack, RowStream] | None = None
        self._open: set[ExitStack] = set()

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns: all of them if the source has a header, otherwise those of the rows so far.

        If no row has been read yet, the first one is read; raise `SourceUnreadable` if that fails.
        """
        if not self._has_started:
            self._begin_pass()
        return tuple(self._columns)

    def require(self, columns: Iterable[str]) -> None:
        """Require columns, so that a misspelled column is not taken for an empty one.

        If the source has a header, and a column is missing or two columns have its name, raise
        `SourceUnreadable` and forget the requirement. If each row brings its own columns, the error is raised
        at the end of a pass that had rows, none of them with the column.
        """
        before = dict(self._required)
        self._required.update(dict.fromkeys(columns))
        try:
            if not self._has_started:
                self._begin_pass()
            if self._header is not None:
                self._check_required()
        except SourceUnreadable:
            self._required = before
            raise

    def clean_with(self, cleaning: RowCleaning | None, *, require: bool = True) -> Self:
        """Clean the cells of all rows that are read from now on; return the source.

        - `require`: whether the columns with rules of their own must exist.
        """
        self._cleaning = cleaning
        if cleaning is not None and require:
            self._required.update(dict.fromkeys(cleaning.columns))
        return self

    def keep_records(self) -> None:
        """Let all rows that are read from now on keep what the source has, to explain or write them again."""
        self._keeps_records = True
        for part in self._parts:
            part.keep_records()

    def explain_cell(self, column: str, cell: Any) -> list[CleaningStep]:
        """Return which keys of the source clean a cell, in their order, each with the value after it."""
        return [] if self._cleaning is None else self._cleaning.explain(column, cell)

    def write_rows(self, rows: Sequence[ReturnedRow], column: str) -> WrittenRows:
        """Return a file that the same type of source reads, with rows of the last pass.

        - `rows`: rows of this source, which kept their records; `column`: the column of their reasons.

        Raise `InvalidInput` if this source cannot write rows, or a value of them cannot be written.
        """
        if self._layout is None:
            raise InvalidInput(f"{self.name} was not read, so its rows cannot be written.")
        return self._layout.write(rows, column)

    def close(self) -> None:
        """Close all files and connections; you can read the source again afterwards."""
        self._next_pass = None
        while self._open:
            self._open.pop().close()

    def __enter__(self) -> Self:
        """Return the source, which is closed at the end of the `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the source."""
        self.close()

    def __del__(self) -> None:
        """Close a source of which only the columns were read: no loop closes it."""
        if hasattr(self, "_open"):
            self.close()

    def __repr__(self) -> str:
        """Return the name of the source."""
        return f"<source {self.name}>"

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows of a new pass."""
        if self._parts and self._next_pass is not None:
            # A part has read its first row already, without what was required since.
            begun, _ = self._next_pass
            self._next_pass = None
            self._open.discard(begun)
            begun.close()
        stack, stream = self._begin_pass()
        self._next_pass = None
        cleaning = None if self._cleaning is None else self._cleaning.start(stream.columns)
        try:
            paths = self._required_paths(stream)
            self._layout = stream.layout
            for row in stream.rows:
                if stream.columns is None:
                    self._add_columns(row)
                    self._add_paths(row, paths)
                if self._keeps_records and row.kept is None:  # of a chain, its parts keep them
                    row.keep(stream.layout, paths.document)
                row.record = None
                if cleaning is None or cleaning.clean(row):
                    yield row
            self._check_required()
            self.findings = [] if cleaning is None else cleaning.findings()
        finally:
            self._open.discard(stack)
            stack.close()

    def _begin_pass(self) -> tuple[ExitStack, RowStream]:
        """Return the pass for the next loop; begin one if there is none."""
        if self._next_pass is None:
            with ExitStack() as stack:
                stream = self._read_columns(self._start(stack))
                self._next_pass = (stack.pop_all(), stream)
            self._open.add(self._next_pass[0])
        return self._next_pass

    def _read_columns(self, stream: RowStream) -> RowStream:
        """Return the pass, after its columns are recorded; without a header, read its first row for that."""
        self.hidden = stream.hidden or HiddenCounts()
        if stream.columns is None:
            self._has_started = True
            first = next(stream.rows, None)
            if first is None:
                return stream
            self._add_columns(first)
            return stream._replace(rows=chain([first], stream.rows))
        if self._header not in (None, stream.columns):
            raise SourceUnreadable(f"{self.name} has changed since it was first read: its columns differ.")
        self._has_started = True
        self._header = stream.columns
        self._columns = dict.fromkeys(stream.columns)
        self._unreadable = stream.unreadable
        return stream

    def _add_columns(self, row: Row) -> None:
        if row.problem is None and not row.values.keys() <= self._columns.keys():
            self._columns.update(dict.fromkeys(row.values))
        self._columns.update(dict.fromkeys(row.unreadable))

    def _required_paths(self, stream: RowStream) -> _Paths:
        """Return the paths among the required columns, if rows can have nested values."""
        required = {**self._required_of_chain, **self._required}
        steps = {column: parse_path(column) for column in required if stream.columns is None}
        paths = {column: path for column, path in steps.items() if path is not None and len(path) > 1}
        from_top = any(path[0] == TOP for path in paths.values())
        return _Paths(paths, stream.document() if from_top and stream.document is not None else None)

    def _add_paths(self, row: Row, paths: _Paths) -> None:
        """Add what is at the required paths to a row, as columns."""
        if row.problem is not None or not paths.steps:
            return
        values = row.values
        if not self._paths:
            self._paths = list_paths(values if paths.document is None else {**values, TOP: paths.document})
        unreadable = {}
        for column, steps in paths.steps.items():
            root = str(steps[0])
            if column in values or column in row.unreadable:
                continue
            if root == TOP and paths.document is None and TOP not in values:
                continue  # nothing is around these rows
            try:
                # A row that was written again brings the values around it along.
                has_own = root != TOP or (not paths.document and TOP in values)
                value = values.get(root) if has_own else paths.document
                result = read_path({root: value} if root == TOP or root in values else {}, steps, column)
            except InvalidInput as error:
                unreadable[column] = str(error)
                continue
            if result.exists:
                values[column] = result.value
                self._columns[column] = None
        if unreadable:
            row.mark_unreadable(unreadable)
            self._columns.update(dict.fromkeys(unreadable))

    def _check_required(self) -> None:
        problem = next((self._unreadable[name] for name in self._required if name in self._unreadable), None)
        if problem is not None:
            raise SourceUnreadable(problem)
        missing = next((column for column in self._required if column not in self._columns), None)
        if missing is not None and (self._columns or self._header is not None):
            known = {**self._columns, **dict.fromkeys(self._paths)}
            error = SourceUnreadable(
                f"{self.name} has no column {quote_name(missing)}: "
                f"{did_you_mean(missing, known) or suggest(missing, self._columns)}"
            )
            error.column = missing
            raise error
