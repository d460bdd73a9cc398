"""Rows from JSON: the objects of an array, or one object on each line."""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name, suggest
from ardoqpy.entities import flatten
from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync.sources.json_layout import InnerRecord, JsonLayout
from ardoqpy_sync.sources.json_path import EVERY, TOP, PathValue, Step, format_path, parse_path, read_path
from ardoqpy_sync.sources.json_stream import DuplicateKeys, JsonStream, strict_decoder
from ardoqpy_sync.sources.options import REQUIRED_TEXT, TEXT, Option, SourceType, resolve_file
from ardoqpy_sync.sources.row import Row, Values, row_from_mapping
from ardoqpy_sync.sources.row_layout import NO_COLUMNS
from ardoqpy_sync.sources.source import RowStream, Source, SourceUnreadable
from ardoqpy_sync.sources.text_file import TextFile, check_encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


def _open_json(table: Mapping[str, Any], base: Path) -> Source:
    path = _read_path(table.get("path", []))
    return _make_source(
        table, base, lambda text, name: _array_rows(JsonStream(text.pieces(), name), name, path), path
    )


def _open_json_lines(table: Mapping[str, Any], base: Path) -> Source:
    return _make_source(table, base, lambda text, name: _line_rows(text.lines(), name))


def _make_source(
    table: Mapping[str, Any],
    base: Path,
    rows: Callable[[TextFile, str], Iterator[Row]],
    path: _RowPath | None = None,
) -> Source:
    file = resolve_file(table, base)
    name = table.get("name", table["file"])
    encoding = check_encoding(table.get("encoding"))

    layout = JsonLayout(path is None, encoding)

    def start(stack: ExitStack) -> RowStream:
        document = None if path is None else partial(_read_document, file, name, encoding, path.array)
        text = TextFile(file, name, encoding, stack)
        return RowStream(None, rows(text, name), document=document, layout=layout)

    return Source(name, start)


class _RowPath(NamedTuple):
    """The path to the rows: the keys to the first array, then the steps from each of its items, if any.

    - `is_document`: whether the object at the top is the only row.
    """

    array: list[str]
    inner: tuple[Step, ...]
    is_document: bool = False


def _read_path(value: str | list[Any]) -> _RowPath:
    steps = parse_path(value) if isinstance(value, str) else tuple(value)
    if steps and steps[-1] is EVERY:
        steps = steps[:-1]
    if steps is None or not all(isinstance(key, str) and key for key in steps if key is not EVERY):
        raise ConfigurationError(
            f"The source has {quote_name(value)} as 'path'. Use the keys that lead to the array, such as "
            "'data.items'."
        )
    if steps == (TOP,):
        return _RowPath([], (), is_document=True)
    first = steps.index(EVERY) if EVERY in steps else len(steps)
    return _RowPath([str(key) for key in steps[:first]], steps[first + 1 :])


def _read_document(file: Path, name: str, encoding: str | None, path: list[str]) -> Values:
    """Return the values around the rows: the object at the top without the array of rows."""
    with ExitStack() as stack:
        text = JsonStream(TextFile(file, name, encoding, stack).pieces(), name)
        return _read_around(text, path)


def _read_around(text: JsonStream, path: list[str]) -> Values:
    values: Values = {}
    if not path or text.peek() != "{":
        return values
    for key in text.members():
        if key != path[0]:
            values[key] = text.value()
        elif len(path) > 1:
            values[key] = _read_around(text, path[1:])
        else:
            text.skip()
    return values


def _array_rows(text: JsonStream, name: str, path: _RowPath) -> Iterator[Row]:
    """Yield the rows of the array at the end of the path, then check that the text is complete."""
    try:
        if path.is_document:
            yield from _document_row(text, name)
            return
        items = _rows_below(text, name, path.array, 0)
        yield from _inner_rows(items, name, path) if path.inner else items
        text.end()
    except RecursionError:
        raise SourceUnreadable(f"{name} is nested too deeply to be read.") from None


def _document_row(text: JsonStream, name: str) -> Iterator[Row]:
    if text.peek() != "{":
        raise SourceUnreadable(f"{name} line {text.line} has no object at the top. Remove path.")
    row = _make_row(name, text.value())
    text.end()
    if row is not None:
        yield row


def _inner_rows(items: Iterator[Row], name: str, path: _RowPath) -> Iterator[Row]:
    """Yield a row for each item of the inner arrays of items."""
    array = path.array[-1] if path.array else "item"
    inner = _InnerArrays(path.inner)
    keys: list[str] = []
    for item in items:
        if item.problem is not None:
            yield item
            continue
        keys = keys or list(item.values)
        yield from inner.rows(item, array, path.inner, {})
    if keys and not inner.is_found:
        wanted = format_path(path.inner)
        error = SourceUnreadable(
            f"{name} has no item with {quote_name(wanted)} at {quote_name('.'.join(path.array) or '[]')}: "
            f"{suggest(wanted, keys)}"
        )
        error.lacks_array = True
        raise error


def _with_duplicates(values: Values, unreadable: Mapping[str, str]) -> Values:
    """Return an object whose unreadable keys are known as such."""
    if not unreadable:
        return values
    marked = DuplicateKeys(values)
    marked.duplicates, marked.pairs = list(unreadable), []
    return marked


def _read_array(values: Values, steps: tuple[Step, ...], path: str) -> PathValue:
    result = read_path(values, steps, path)
    if result.value is not None and not isinstance(result.value, list):
        raise InvalidInput(f"There is no array at {quote_name(format_path(steps))}.")
    return result


class _InnerArrays:
    """Makes rows of the arrays within items; `is_found`: whether any item has such an array."""

    def __init__(self, path: tuple[Step, ...]) -> None:
        self.is_found = False
        self._path = format_path(path)

    def rows(self, item: Row, array: str, steps: tuple[Step, ...], around: Values) -> Iterator[Row]:
        """Yield the rows below an item of an array; `around`: the items that are around it, by array."""
        end = steps.index(EVERY) if EVERY in steps else len(steps)
        keys = steps[:end]
        cells = _with_duplicates({**item.values}, item.unreadable)
        try:
            result = _read_array(cells, keys, self._path)
        except InvalidInput as error:
            bad = Row(item.label, {}, str(error))
            bad.record = item.record
            yield bad
            return
        self.is_found |= result.exists
        name = str(keys[-1])
        cells.pop(str(keys[0]), None)
        around = {**around, array: cells}
        for number, value in enumerate(result.value or (), 1):
            row = _make_row(f"{item.label}, {name} {number}", value, around)
            if row is None or row.problem is not None or end == len(steps):
                yield from () if row is None else (row,)
            else:
                yield from self.rows(row, name, steps[end + 1 :], around)


def _rows_below(text: JsonStream, name: str, path: list[str], depth: int) -> Iterator[Row]:
    if depth == len(path):
        yield from _item_rows(text, name, path)
        return
    label, wanted = f"{name} line {text.line}", path[depth]
    if text.peek() != "{":
        position = f"at {quote_name('.'.join(path[:depth]))}" if depth else "at the top"
        raise SourceUnreadable(f"{label} has no object {position}, so no key {quote_name(wanted)}.")
    keys = []
    for key in text.members():
        if key == wanted:
            if key in keys:
                raise SourceUnreadable(f"{label}: {_duplicate_key(key)}")
            yield from _rows_below(text, name, path, depth + 1)
        else:
            text.skip()
        keys.append(key)
    if wanted not in keys:
        raise SourceUnreadable(f"{label} has no key {quote_name(wanted)}: {suggest(wanted, keys)}")


def _item_rows(text: JsonStream, name: str, path: list[str]) -> Iterator[Row]:
    sign, line = text.peek(), text.line
    if sign == "{" and not path:
        arrays = _array_keys(text)
        remedy = f"Set path = {json.dumps(arrays[0])}" if arrays else "Set path to the array in it"
        raise SourceUnreadable(f"{name} line {line} has an object, not an array of rows. {remedy}.")
    if sign != "[":
        position = f"at {quote_name('.'.join(path))}" if path else "at the top"
        raise SourceUnreadable(
            f"{name} is empty. It must contain a JSON array."
            if not sign and not path
            else f"{name} line {line} has no array {position}. Rows are the objects of an array."
        )
    for number, _ in enumerate(text.items(), 1):
        label = f"{name} item {number} (line {text.line})"
        row = _make_row(label, text.value())
        if row is not None:
            yield row


def _array_keys(text: JsonStream) -> list[str]:
    """Return the keys of an object whose values are arrays."""
    keys = []
    for key in text.members():
        if text.peek() == "[":
            keys.append(key)
        text.skip()
    return keys


def _line_rows(lines: Iterator[str], name: str) -> Iterator[Row]:
    decode = strict_decoder().decode
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        label = f"{name} line {number}"
        try:
            row = _make_row(label, decode(line))
        except json.JSONDecodeError as error:
            row = _bad_line(label, line, f"Not valid JSON at character {error.pos + 1}: {error.msg}.")
        except ValueError as error:
            row = _bad_line(label, line, f"Not valid JSON: {error}.")
        except RecursionError:
            row = _bad_line(label, line, "The line is nested too deeply to be read.")
        if row is not None:
            yield row


def _bad_line(label: str, line: str, problem: str) -> Row:
    row = Row(label, {}, problem)
    row.record = line.rstrip("\r\n")
    return row


def _make_row(label: str, value: Any, around: Values | None = None) -> Row | None:
    """Return the row of an object; `around`: further columns, None if there are none."""
    unreadable = {}
    record = InnerRecord(value, around) if around else value
    if isinstance(value, DuplicateKeys):
        unreadable = {key: _duplicate_key(key) for key in value.duplicates}
    if isinstance(value, dict) and "_id" in value and isinstance(value.get("customFields"), dict):
        # An entity of Ardoq, as `ardoqpy` exports it, has the columns of its CSV, too.
        value = {**value, **flatten(value)}
    if around and isinstance(value, dict):
        unreadable |= {
            key: f"Both the item and what is around it are called {quote_name(key)}."
            for key in around
            if key in value
        }
        value = {**around, **value}
    if isinstance(value, dict) and NO_COLUMNS in value:
        row: Row | None = Row(label, {}, _no_columns(value[NO_COLUMNS]))
    else:
        row = row_from_mapping(label, value, "a JSON object", unreadable)
    if row is not None:
        row.record = record
    return row


def _no_columns(value: Any) -> str:
    """Return why a row that came back without columns cannot be used."""
    return (
        f"The row has only {quote_name(value)}, at the key {quote_name(NO_COLUMNS)}. Write its columns and "
        "cells instead of that key."
    )


def _duplicate_key(key: str) -> str:
    return f"The object has the key {quote_name(key)} more than once. Keep one of them."


#: - `path`: the keys that lead to the array, separated by dots, or as a list. After `[]`, they start from
#:   each item of an array. `$` is the object at the top, as the only row.
#: - `encoding`: as for CSV.
JSON = SourceType(
    {
        "file": REQUIRED_TEXT,
        "name": TEXT,
        "path": Option(
            (str, list), "the keys that lead to the array, such as 'data.items' or 'groups[].items[]'"
        ),
        "encoding": TEXT,
    },
    _open_json,
    (".json",),
    (".json",),
)
NDJSON = SourceType(
    {"file": REQUIRED_TEXT, "name": TEXT, "encoding": TEXT},
    _open_json_lines,
    (".ndjson", ".jsonl"),
    (".ndjson", ".jsonl"),
)
