"""Plain data in a file of JSON, whole or not at all: written beside its place, read with every doubt told.

What the data must hold is up to its own reader; here is what is wrong with a file before that.
"""

from __future__ import annotations

import json
import math
import os
import reprlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy._http import files
from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["as_json_value", "encode", "read", "write"]

#: Deeper than this, a value that JSON cannot hold is named instead of shown.
MAX_DEPTH = 20


def write(path: str | os.PathLike[str], data: Mapping[str, Any], what: str) -> None:
    """Write plain data to a file, in place of what was there.

    `what` it is, such as "plan", is said where it fails: raise `InvalidInput` where the path cannot be
    written, or the data holds what JSON cannot.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidInput(f"path is {describe_type(path)}: give the path of a file.")
    files.save(iter([encode(data, what).encode()]), path)


def read(path: str | os.PathLike[str], what: str) -> tuple[Any, str]:
    """Return what a file holds, and how a sentence about the file begins.

    Raise `InvalidInput` naming the place where it is not JSON, or holds what `write` does not write.
    """
    if not isinstance(path, str | os.PathLike):
        raise InvalidInput(f"path is {describe_type(path)}: give the path of a file.")
    named = f"The file {str(path)!r}"
    try:
        content = Path(path).read_bytes()
    except OSError as problem:
        raise InvalidInput(f"{named} cannot be read: {problem.strerror}.") from None
    except ValueError:
        raise InvalidInput(f"{named} cannot be read: there is no such path.") from None
    try:
        text = content.decode("utf-8-sig")
        data = json.loads(
            text, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_each_key_once
        )
    except UnicodeDecodeError as problem:
        raise InvalidInput(f"{named} is no {what}: byte {problem.start} is not UTF-8.") from None
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        if problem.pos >= len(text.rstrip()) or problem.msg.startswith("Unterminated"):
            raise InvalidInput(f"{named} is cut off, in {where}: save the {what} again.") from None
        raise InvalidInput(f"{named} is damaged in {where}: {problem.msg}.") from None
    except (ValueError, RecursionError) as problem:
        raise InvalidInput(f"{named} is damaged: {problem}.") from None
    return data, named


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:20]} is too large")
    return number


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"an object has the key {quote_name(twice)} twice")
    return found


def encode(data: Mapping[str, Any], what: str) -> str:
    """Return data as indented JSON in ASCII; raise `InvalidInput` naming `what` if JSON cannot hold it."""
    try:
        # ASCII only: half of a surrogate pair, which Ardoq may have stored, has no UTF-8.
        return json.dumps(data, indent=1, allow_nan=False) + "\n"
    except (TypeError, ValueError, RecursionError) as problem:
        raise InvalidInput(f"The {what} cannot be saved: {problem}.") from None


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
