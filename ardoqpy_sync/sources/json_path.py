"""Paths into nested values, such as `metadata.name` or `tags[0].key`."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: The first key of a path that begins at the top of a document.
TOP = "$"
#: The step of a path to every item of a list.
EVERY = None
#: A step: a key, the number of an item from 0 on, or every item.
Step = str | int | None
_STEP = re.compile(r"""(\.?)(?:"([^"]*)"|([^.\[\]"]+))|\[(\d{0,9})\]""")
#: How many names below a value are suggested at most, and how deep they are.
_MAX_NAMES, _MAX_DEPTH = 200, 5


class PathValue(NamedTuple):
    """The value at a path, and whether the path exists; it counts as existing if that is not known."""

    exists: bool
    value: Any


_ABSENT = PathValue(exists=False, value=None)
#: Null or a list that is too short: nobody knows whether what would be there has the rest of the path.
_BLANK = PathValue(exists=True, value=None)


def parse_path(text: str) -> tuple[Step, ...] | None:
    """Return the steps of a path; None if a text is not one.

    Keys are separated by dots. `[0]` is an item, `[]` every item of a list. A key with a dot or a bracket is
    in double quotes.
    """
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or (match[4] is None and bool(match[1]) != bool(steps)):
            return None
        key = match[2] if match[2] is not None else match[3]
        steps.append(key if key is not None else int(match[4]) if match[4] else EVERY)
        at = match.end()
    return tuple(steps) or None


def read_path(value: Any, steps: Sequence[Step], path: str) -> PathValue:
    """Return what is at a path of a value: None where a key is absent, a list is too short, or null.

    - `path`: the path as text, for messages.

    Raise `InvalidInput` if there is something else where the path needs an object or a list, or if an object
    has a key of the path more than once.
    """
    for number, step in enumerate(steps):
        if value is None:
            return _BLANK
        if isinstance(step, str):
            _check_type(value, dict, "an object", path, steps[:number])
            if step in getattr(value, "duplicates", ()):
                raise InvalidInput(f"An object on the path {quote_name(path)} has {quote_name(step)} twice.")
            if step not in value:
                return _ABSENT
            value = value[step]
            continue
        _check_type(value, (list, tuple), "a list", path, steps[:number])
        if step is EVERY:
            return _read_every(value, steps[number + 1 :], path)
        if step >= len(value):
            return _BLANK
        value = value[step]
    return PathValue(exists=True, value=value)


def _read_every(items: Sequence[Any], steps: Sequence[Step], path: str) -> PathValue:
    results = [read_path(item, steps, path) for item in items]
    values: list[Any] = []
    for each in results:
        values += each.value if isinstance(each.value, list) else [] if each.value is None else [each.value]
    return PathValue(not results or any(each.exists for each in results), values or None)


def _check_type(
    value: Any, kind: type | tuple[type, ...], wanted: str, path: str, before: Sequence[Step]
) -> None:
    if not isinstance(value, kind):
        actual = quote_name(value) if isinstance(value, str) else describe_type(value)
        raise InvalidInput(
            f"The path {quote_name(path)} needs {wanted} at {quote_name(format_path(before))}, not {actual}."
        )


def format_path(steps: Sequence[Step]) -> str:
    """Return the text of a path."""
    text = ""
    for step in steps:
        if isinstance(step, str):
            key = step if re.fullmatch(r'[^.\[\]"]+', step) else f'"{step}"'
            text += f".{key}" if text else key
        else:
            text += f"[{'' if step is EVERY else step}]"
    return text


def list_paths(value: Any) -> list[str]:
    """Return the paths to values within an object, for suggestions."""
    return [format_path(steps) for steps in islice(_walk(value, ()), _MAX_NAMES)]


def flatten_objects(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return cells with those within objects instead of these, by path; lists stay whole."""
    flat: dict[str, Any] = {}
    for steps in _walk(values, ()):
        if len(flat) >= _MAX_NAMES:
            break
        if all(isinstance(step, str) for step in steps):
            cell = read_path(values, steps, "").value
            if not isinstance(cell, dict):
                flat[str(steps[0]) if len(steps) == 1 else format_path(steps)] = cell
    return flat


def _walk(value: Any, steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    if steps:
        yield steps
    if len(steps) >= _MAX_DEPTH:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, (*steps, str(key)))
    elif isinstance(value, list) and value:
        yield from _walk(value[0], (*steps, 0))
