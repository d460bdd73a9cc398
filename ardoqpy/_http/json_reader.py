"""JSON on its way in: what an answer says, or why it is no JSON."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

from ardoqpy._http.json_pieces import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["HUGE", "NotJsonError", "decode_json"]

#: An answer of so many bytes, some ten thousand entities, is read while it arrives.
HUGE = 10_000_000


class NotJsonError(Exception):
    """Say that an answer is no JSON, and why; why is empty where it is something else altogether."""

    def __init__(self, why: str = "") -> None:
        super().__init__(why)
        self.why = why


def decode_json(content: bytes, rest: Iterable[bytes] = ()) -> Any:
    """Return the JSON of an answer; raise `NotJsonError` where it is none.

    Of a key that an object has twice the last value counts, as with every reader of JSON. `rest` are the
    pieces that have not arrived yet.
    """
    why = ""
    try:
        encoding = json.detect_encoding(content)
        if len(content) < HUGE:
            return _DECODER.decode(b"".join((content, *rest)).decode(encoding))
        return parsed(chain((content,), rest), _DECODER, encoding)
    except UnicodeDecodeError as problem:
        why = f"it is not text in {problem.encoding.upper()}"
    except json.JSONDecodeError:
        pass
    except RecursionError:
        why = "it is nested too deeply"
    except ValueError as problem:
        # Python refuses to read a whole number of thousands of digits.
        why = "it holds a number of too many digits" if "digits" in str(problem) else str(problem)
    raise NotJsonError(why)


def _constant(name: str) -> Any:
    raise ValueError(f"it holds {name}, which JSON does not know")


_DECODER = json.JSONDecoder(parse_constant=_constant)
