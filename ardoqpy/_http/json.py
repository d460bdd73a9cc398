"""JSON in both directions: bodies of requests, with errors that name the attribute, and answers."""

from __future__ import annotations

import gc
import json
import sys
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Entities from which on the garbage collector pauses. For fewer it is not worth making all old that is in
#: memory, nor counting what the program has frozen.
_MANY = 100
#: Roughly, the bytes of an entity in an answer.
_BYTES_OF_AN_ENTITY = 1000
_MAX_SEARCH_DEPTH = 20
_MAX_SHOWN_DEPTH = 5
_MAX_SHOWN_KEY = 60
_TEXT_ONLY = frozenset({str})
#: The types of values that hold no others.
SCALAR_TYPES = frozenset({str, int, float, bool, type(None)})


#: Kept, since `json.dumps` makes a new one each time.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


class EncodedJson(bytes):
    """A body that is JSON already."""


def is_flat(body: Any) -> bool:
    """Return whether a dict has text for keys and no value that holds others: JSON changes nothing in it."""
    return SCALAR_TYPES.issuperset(map(type, body.values())) and _TEXT_ONLY.issuperset(map(type, body))


def encode_json(body: Any, *, text_keys: bool = False) -> bytes:
    """Return `body` as JSON in UTF-8; `text_keys` if all keys in it are known to be text.

    Raise `InvalidInput` naming the attribute that JSON cannot hold. Keys that are whole numbers, true,
    false or None are written as text, as Python does, unless two of them would become one.
    """
    if isinstance(body, EncodedJson):
        return body
    try:
        encoded = _ENCODER.encode(body).encode()
    except (TypeError, ValueError, RecursionError):
        path, value = _find_unencodable(body)
        if path.count("[") > _MAX_SHOWN_DEPTH:
            path = path.partition("[")[0]
    else:
        keys = None if text_keys else _find_equal_keys(body)
        if keys is None:
            return encoded
        raise InvalidInput(f"A dict has the keys {keys[0]!r} and {keys[1]!r}, which JSON writes alike.")
    raise InvalidInput(
        f"{path or 'The body'} is {_describe(value)}, which JSON cannot hold: give text, a number, "
        "true or false, None, a list or a dict."
    )


def join_json(body: Any) -> EncodedJson:
    """Return `body` as JSON, with what is `EncodedJson` in it as it is."""
    if isinstance(body, EncodedJson):
        return body
    if isinstance(body, dict):
        parts = (b"%b: %b" % (encode_json(key), join_json(value)) for key, value in body.items())
        return EncodedJson(b"{%b}" % b", ".join(parts))
    if isinstance(body, list):
        return EncodedJson(b"[%b]" % b", ".join(map(join_json, body)))
    return EncodedJson(encode_json(body))


def _is_encodable(value: Any) -> bool:
    try:
        _ENCODER.encode(value).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _find_equal_keys(body: Any) -> tuple[Any, Any] | None:
    """Return two keys of one dict that JSON writes alike, None if there are none."""
    level = [body]
    while level:  # all dicts and lists of one depth at once: a batch has thousands of them
        dicts = [value for value in level if isinstance(value, dict)]
        if not _TEXT_ONLY.issuperset(map(type, chain.from_iterable(dicts))):
            for value in dicts:
                for key in [key for key in value if not isinstance(key, str)]:
                    (written,) = json.loads(json.dumps({key: None}))
                    if written in value:
                        return key, written
        lists = [value for value in level if isinstance(value, list | tuple)]
        parts = chain.from_iterable((*map(dict.values, dicts), *lists))
        level = [part for part in parts if type(part) not in SCALAR_TYPES]
    return None


def _find_unencodable(value: Any, path: str = "", parents: tuple[Any, ...] = ()) -> tuple[str, Any]:
    """Return the path to the innermost value that cannot be encoded, and that value."""
    parents = (*parents, value)
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list | tuple):
        parts = list(enumerate(value))
    for key, part in parts:
        quoted = repr(key) if len(repr(key)) <= _MAX_SHOWN_KEY else f"{repr(key)[:_MAX_SHOWN_KEY]}..."
        part_path = f"{path}[{quoted}]" if path else f"The value of {quoted}"
        is_circular = any(part is parent for parent in parents)
        if not _is_encodable(part) and len(parents) <= _MAX_SEARCH_DEPTH and not is_circular:
            return _find_unencodable(part, part_path, parents)
    return path, value


def _describe(value: Any) -> str:
    if isinstance(value, float):
        return str(value)
    if isinstance(value, int):
        return f"a whole number of more than {sys.get_int_max_str_digits()} digits"
    if isinstance(value, str):
        return "text with half a character in it (a lone surrogate)"
    if isinstance(value, dict) and not all(_is_encodable(key) and isinstance(key, str) for key in value):
        return "a dict with a key that is not proper text"
    if isinstance(value, dict | list | tuple):
        return f"a {type(value).__name__} that holds itself, or is too deep"
    return describe_type(value)


class NotJsonError(Exception):
    """An answer is not JSON; `reason` explains why, and is empty if it is something else altogether."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


def decode_json(content: bytes) -> Any:
    """Return the JSON value of an answer; raise `NotJsonError` if it is not JSON.

    If an object has a key twice, the last value counts, as with every JSON reader.
    """
    reason = ""
    try:
        text = content.decode(json.detect_encoding(content))
        with collector_paused(len(content) // _BYTES_OF_AN_ENTITY):
            return _DECODER.decode(text)
    except UnicodeDecodeError as error:
        reason = f"it is not text in {error.encoding.upper()}"
    except json.JSONDecodeError:
        pass
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:
        # Python refuses to read a whole number of thousands of digits.
        reason = "it holds a number of too many digits" if "digits" in str(error) else str(error)
    raise NotJsonError(reason)


def _reject_constant(name: str) -> Any:
    raise ValueError(f"it holds {name}, which JSON does not know")


_DECODER = json.JSONDecoder(parse_constant=_reject_constant)


@contextmanager
def collector_paused(entities: int) -> Iterator[None]:
    """Pause the garbage collector while many entities are made that are not garbage.

    Otherwise it walks through them again and again, which grows faster than their number. Afterwards they
    count as old, so only full collections look at them. A program that switched the collector off, or has
    frozen objects itself, finds both as they were.

    Several threads can parse at once: only one that found the collector on switches it off, and it always
    switches it on again, so the last switch is always on.
    """
    if entities < _MANY or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if hasattr(gc, "freeze") and not gc.get_freeze_count():  # not every Python has it
            gc.freeze()
            gc.unfreeze()
        gc.enable()
