"""Rows from JSON: the objects of an array, or one object on each line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name, suggest
from ardoqpy.entities import flatten
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.json_stream import DuplicateKeys, JsonStream, strict_decoder
from ardoqpy_sync.sources.options import REQUIRED_TEXT, TEXT, Option, SourceType, resolve_file
from ardoqpy_sync.sources.row import Row, row_from_mapping
from ardoqpy_sync.sources.source import RowStream, Source, SourceUnreadable
from ardoqpy_sync.sources.text_file import TextFile, check_encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path


def _open_json(table: Mapping[str, Any], base: Path) -> Source:
    path = _read_path(table.get("path", []))
    return _make_source(
        table, base, lambda text, name: _array_rows(JsonStream(text.pieces(), name), name, path)
    )


def _open_json_lines(table: Mapping[str, Any], base: Path) -> Source:
    return _make_source(table, base, lambda text, name: _line_rows(text.lines(), name))


def _make_source(
    table: Mapping[str, Any], base: Path, rows: Callable[[TextFile, str], Iterator[Row]]
) -> Source:
    file = resolve_file(table, base)
    name = table.get("name", table["file"])
    encoding = check_encoding(table.get("encoding"))

    def start(stack: ExitStack) -> RowStream:
        return RowStream(None, rows(TextFile(file, name, encoding, stack), name))

    return Source(name, start)


def _read_path(value: str | list[Any]) -> list[str]:
    path = value.split(".") if isinstance(value, str) else value
    if not all(isinstance(key, str) and key for key in path):
        raise ConfigurationError(
            f"The source has {quote_name(value)} as 'path'. Use the keys that lead to the array, such as "
            "'data.items'."
        )
    return path


def _array_rows(text: JsonStream, name: str, path: list[str]) -> Iterator[Row]:
    """Yield the rows of the array at the end of the path, then check that the text is complete."""
    try:
        yield from _rows_below(text, name, path, 0)
        text.end()
    except RecursionError:
        raise SourceUnreadable(f"{name} is nested too deeply to be read.") from None


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
            row = Row(label, {}, f"Not valid JSON at character {error.pos + 1}: {error.msg}.")
        except ValueError as error:
            row = Row(label, {}, f"Not valid JSON: {error}.")
        except RecursionError:
            row = Row(label, {}, "The line is nested too deeply to be read.")
        if row is not None:
            yield row


def _make_row(label: str, value: Any) -> Row | None:
    unreadable = {}
    if isinstance(value, DuplicateKeys):
        unreadable = {key: _duplicate_key(key) for key in value.duplicates}
    if isinstance(value, dict) and "_id" in value and isinstance(value.get("customFields"), dict):
        # An entity of Ardoq, as `ardoqpy` exports it, has the columns of its CSV, too.
        value = {**value, **flatten(value)}
    return row_from_mapping(label, value, "a JSON object", unreadable)


def _duplicate_key(key: str) -> str:
    return f"The object has the key {quote_name(key)} more than once. Keep one of them."


#: - `path`: the keys that lead to the array, separated by dots, or as a list.
#: - `encoding`: as for CSV.
JSON = SourceType(
    {
        "file": REQUIRED_TEXT,
        "name": TEXT,
        "path": Option((str, list), "the keys that lead to the array, such as 'data.items'"),
        "encoding": TEXT,
    },
    _open_json,
    (".json",),
)
NDJSON = SourceType(
    {"file": REQUIRED_TEXT, "name": TEXT, "encoding": TEXT}, _open_json_lines, (".ndjson", ".jsonl")
)
