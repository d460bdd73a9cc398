"""Rows from JSON: the objects of an array, or one object in each line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import quote_name, suggest
from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources.json_stream import JsonText, Twice, decoder
from ardoqpy_sync.sources.options import TEXT, Key, SourceType, file_of
from ardoqpy_sync.sources.row import Row, free_row
from ardoqpy_sync.sources.source import Reading, Source, SourceUnreadable
from ardoqpy_sync.sources.text_file import TextFile, known_encoding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

__all__ = ["JSON", "NDJSON"]

_OBJECT = "a JSON object"
_TWICE = "gives the key {} twice: which one counts is not said."


def _from_json(table: Mapping[str, Any], base: Path) -> Source:
    path = _path(table.get("path", []))
    return _source(table, base, lambda text, name: _array(JsonText(text.pieces(), name), name, path))


def _from_json_lines(table: Mapping[str, Any], base: Path) -> Source:
    return _source(table, base, lambda text, name: _lines(text.lines(), name))


def _source(table: Mapping[str, Any], base: Path, rows: Callable[[TextFile, str], Iterator[Row]]) -> Source:
    file = file_of(table, base)
    name = table.get("name", table["file"])
    encoding = known_encoding(table.get("encoding"))

    def start(stack: ExitStack) -> Reading:
        return Reading(None, rows(TextFile(file, name, encoding, stack), name))

    return Source(name, start)


def _path(told: str | list[Any]) -> list[str]:
    path = told.split(".") if isinstance(told, str) else told
    if not all(isinstance(step, str) and step for step in path):
        raise ConfigurationError(
            f"The source has the path {quote_name(told)}: give the keys on the way to the array, "
            "such as 'data.items'."
        )
    return path


def _array(text: JsonText, name: str, path: list[str]) -> Iterator[Row]:
    """Yield the rows of the array at the end of the path, then see that the text is whole."""
    try:
        yield from _below(text, name, path, 0)
        text.end()
    except RecursionError:
        raise SourceUnreadable(f"{name} is nested too deeply to be read.") from None


def _below(text: JsonText, name: str, path: list[str], depth: int) -> Iterator[Row]:
    if depth == len(path):
        yield from _items(text, name, path)
        return
    where = f"{name} line {text.line}"
    if text.peek() != "{":
        said = f"under {quote_name('.'.join(path[:depth]))}" if depth else "at its top"
        raise SourceUnreadable(
            f"{where} has no object {said}, so there is no {quote_name(path[depth])} in it."
        )
    met = []
    for key in text.members():
        if key == path[depth]:
            if key in met:
                raise SourceUnreadable(f"{where} {_TWICE.format(quote_name(key))}")
            yield from _below(text, name, path, depth + 1)
        else:
            text.skip()
        met.append(key)
    if path[depth] not in met:
        raise SourceUnreadable(
            f"{where} has no key {quote_name(path[depth])} in its object: {suggest(path[depth], met)}"
        )


def _items(text: JsonText, name: str, path: list[str]) -> Iterator[Row]:
    sign, line = text.peek(), text.line
    if sign == "{" and not path:
        arrays = _arrays(text)
        give = f"give path = {json.dumps(arrays[0])}" if arrays else "give the path to the array in it"
        raise SourceUnreadable(f"{name} line {line} holds an object, not an array of rows: {give}.")
    if sign != "[":
        where = f"under {quote_name('.'.join(path))}" if path else "at its top"
        raise SourceUnreadable(
            f"{name} is empty: it has to hold a JSON array."
            if not sign and not path
            else f"{name} line {line} has no array {where}: rows are the objects of an array."
        )
    for number, _ in enumerate(text.items(), 1):
        label = f"{name} item {number} (line {text.line})"
        row = _row(label, text.value())
        if row is not None:
            yield row


def _arrays(text: JsonText) -> list[str]:
    """Return the keys of an object that hold arrays."""
    found = []
    for key in text.members():
        if text.peek() == "[":
            found.append(key)
        text.skip()
    return found


def _lines(lines: Iterator[str], name: str) -> Iterator[Row]:
    decode = decoder().decode
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        label = f"{name} line {number}"
        try:
            row = _row(label, decode(line))
        except json.JSONDecodeError as problem:
            what = f"{problem.msg[0].lower()}{problem.msg[1:]}"
            row = Row(label, {}, f"is not JSON: {what} at character {problem.pos + 1}.")
        except ValueError as problem:
            row = Row(label, {}, f"is not JSON: {problem}.")
        except RecursionError:
            row = Row(label, {}, "is nested too deeply to be read.")
        if row is not None:
            yield row


def _row(label: str, value: Any) -> Row | None:
    if isinstance(value, Twice):
        return Row(label, {}, _TWICE.format(quote_name(value.key)))
    return free_row(label, value, _OBJECT)


#: - `path`: the keys on the way to the array, with dots between them, or as a list.
#: - `encoding`: that of the file, as for CSV.
JSON = SourceType(
    {
        "file": TEXT._replace(needed=True),
        "name": TEXT,
        "path": Key((str, list), "the keys on the way to the array, such as 'data.items'"),
        "encoding": TEXT,
    },
    _from_json,
    (".json",),
)
NDJSON = SourceType(
    {"file": TEXT._replace(needed=True), "name": TEXT, "encoding": TEXT},
    _from_json_lines,
    (".ndjson", ".jsonl"),
)
