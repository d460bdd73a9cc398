"""JSON on its way out: what it cannot hold is refused in a sentence that names the attribute."""

from __future__ import annotations

import json
import sys
from typing import Any

from ardoqpy._messages import describe_type
from ardoqpy.errors import InvalidInput

__all__ = ["encode_json"]

_DEEPEST_NAMED = 20
_DEEPEST_SHOWN = 5
_LONGEST_KEY = 60
_PLAIN = frozenset({str, int, float, bool, type(None)})


def encode_json(body: Any) -> bytes:
    """Return `body` as JSON in UTF-8.

    Raise `InvalidInput` naming the attribute that JSON cannot hold. Keys that are whole numbers, true,
    false or None are written as text, as Python does, unless two of them would become one.
    """
    try:
        encoded = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        where, value = _misfit(body)
        if where.count("[") > _DEEPEST_SHOWN:
            where = where.partition("[")[0]
    else:
        clash = _clash(body)
        if clash is None:
            return encoded
        raise InvalidInput(f"A dict has the keys {clash[0]!r} and {clash[1]!r}, which JSON writes alike.")
    raise InvalidInput(
        f"{where or 'The body'} is {_shown(value)}, which JSON cannot hold: give text, a number, "
        "true or false, None, a list or a dict."
    )


def _fits(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _clash(body: Any) -> tuple[Any, Any] | None:
    """Return two keys of one dict that JSON writes alike, None where there are none."""
    waiting = [body]
    while waiting:
        one = waiting.pop()
        inner: Any = one if isinstance(one, list | tuple) else ()
        if isinstance(one, dict):
            inner = one.values()
            if set(map(type, one)) != {str}:
                for key in [key for key in one if not isinstance(key, str)]:
                    (written,) = json.loads(json.dumps({key: None}))
                    if written in one:
                        return key, written
        waiting += [part for part in inner if type(part) not in _PLAIN]
    return None


def _misfit(value: Any, where: str = "", above: tuple[Any, ...] = ()) -> tuple[str, Any]:
    above = (*above, value)
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list | tuple):
        parts = list(enumerate(value))
    for key, part in parts:
        shown = repr(key) if len(repr(key)) <= _LONGEST_KEY else f"{repr(key)[:_LONGEST_KEY]}..."
        name = f"{where}[{shown}]" if where else f"The value of {shown}"
        if not _fits(part) and len(above) <= _DEEPEST_NAMED and not any(part is one for one in above):
            return _misfit(part, name, above)
    return where, value


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return str(value)
    if isinstance(value, int):
        return f"a whole number of more than {sys.get_int_max_str_digits()} digits"
    if isinstance(value, str):
        return "text with half a character in it (a lone surrogate)"
    if isinstance(value, dict) and not all(_fits(key) and isinstance(key, str) for key in value):
        return "a dict with a key that is not proper text"
    if isinstance(value, dict | list | tuple):
        return f"a {type(value).__name__} that holds itself, or is too deep"
    return describe_type(value)
