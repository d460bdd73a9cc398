"""JSON files: written completely or not at all, and read with a message for each mistake in the file.

Whether the data makes sense is checked by its own reader.
"""

from __future__ import annotations

import json
import math
import os
import reprlib
from typing import TYPE_CHECKING, Any

from ardoqpy._http import files
from ardoqpy._http.local_files import open_regular_file
from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ardoqpy.entities import Attributes

#: Deeper than this, a value that JSON cannot hold is named instead of shown.
MAX_DEPTH = 20
#: Objects and lists so deep, and less deep, have a line for each part.
_DEEPEST_LINES = 2
#: ASCII only: Ardoq may have stored half a character, which UTF-8 cannot encode.
_encode = json.JSONEncoder(allow_nan=False).encode
_TEXT_ONLY = frozenset({str})
#: A file of a plan or a run document is smaller than this; its data takes several times as much memory.
MAX_BYTES = 512 * 2**20


def write(path: str | os.PathLike[str], data: Mapping[str, object], what: str) -> None:
    """Write plain data to a file, which is replaced.

    `what` is what messages call the data, such as "plan". Raise `InvalidInput` if the file cannot be written,
    or the data cannot be expressed in JSON.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidInput(f"path is {describe_type(path)}: pass the path of a file.")
    files.save(iter([encode(data, what).encode()]), path)


def encode(data: Mapping[str, object], what: str) -> str:
    """Return data as JSON in ASCII, with a line for each entry of its lists.

    Raise `InvalidInput` naming `what` if JSON cannot hold it.
    """
    try:
        return "".join(_pieces(data, 0)) + "\n"
    except (TypeError, ValueError, RecursionError) as problem:
        raise InvalidInput(f"The {what} cannot be saved: {problem}.") from None


def _pieces(value: Any, depth: int) -> Iterator[str]:
    """Yield a value as JSON in pieces.

    With a line for each single value, as Python indents JSON, it would take four times as long.
    """
    has_lines = bool(value) and depth <= _DEEPEST_LINES
    line, end = f"\n{' ' * (depth + 1)}", f"\n{' ' * depth}"
    if has_lines and isinstance(value, dict) and _TEXT_ONLY.issuperset(map(type, value)):
        for number, (key, part) in enumerate(value.items()):
            yield f"{',' if number else '{'}{line}{_encode(key)}: "
            yield from _pieces(part, depth + 1)
        yield f"{end}}}"
    elif has_lines and isinstance(value, list):
        for number, part in enumerate(value):
            yield f"{',' if number else '['}{line}{_encode(part)}"
        yield f"{end}]"
    else:
        yield _encode(value)


def read(path: str | os.PathLike[str], what: str, max_bytes: int = MAX_BYTES) -> tuple[Any, str]:
    """Return the data of a file, and the start of a sentence about the file.

    Raise `InvalidInput` with line and column if it is not JSON, or has values that `write` does not write;
    also if it is not a regular file, or has more than `max_bytes`.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidInput(f"path is {describe_type(path)}: pass the path of a file.")
    subject = f"The file {str(path)!r}"
    try:
        with open_regular_file(path) as file:
            content = file.read(max_bytes + 1)
    except OSError as problem:
        raise InvalidInput(f"{subject} cannot be read: {problem.strerror}.") from None
    except ValueError:
        raise InvalidInput(f"{subject} cannot be read: there is no such path.") from None
    if len(content) > max_bytes:
        raise InvalidInput(
            f"{subject} is not a {what}: it has more than {max_bytes / 2**20:,.0f} MB. Check that it is the "
            "right file."
        )
    try:
        text = content.decode("utf-8-sig")
        data = json.loads(
            text,
            parse_constant=_reject_constant,
            parse_float=_finite_number,
            object_pairs_hook=_reject_duplicate_keys,
        )
    except UnicodeDecodeError as problem:
        raise InvalidInput(f"{subject} is not a {what}: byte {problem.start} is not UTF-8.") from None
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        if problem.pos >= len(text.rstrip()) or problem.msg.startswith("Unterminated"):
            raise InvalidInput(f"{subject} is cut off at {where}: save the {what} again.") from None
        raise InvalidInput(f"{subject} is damaged at {where}: {problem.msg}.") from None
    except (ValueError, RecursionError) as problem:
        raise InvalidInput(f"{subject} is damaged: {problem}.") from None
    return data, subject


def _reject_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a number in JSON")


def _finite_number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> Attributes:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        names = [key for key, _ in pairs]
        duplicate = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"an object has the key {quote_name(duplicate)} twice")
    return unique


# -- values ------------------------------------------------------------------------------------------------


def as_json_value(value: Any) -> Any:
    """Return a value as it comes back from JSON; what JSON cannot hold becomes text."""
    return _as_json_value(value, 0)


def _as_json_value(value: Any, depth: int) -> Any:
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        pass
    if isinstance(value, dict | list | tuple) and depth > MAX_DEPTH:
        return f"{describe_type(value)}, too deep"
    if isinstance(value, dict):
        return {_as_json_key(key): _as_json_value(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json_value(part, depth + 1) for part in value]
    return _as_text(value)


def _as_json_key(key: Any) -> str:
    text: str = json.loads(json.dumps(key if isinstance(key, str) else _as_text(key)))
    return text


def _as_text(value: Any) -> str:
    try:
        return reprlib.repr(value)
    except ValueError:  # Python refuses to write out numbers of thousands of digits
        return describe_type(value)
