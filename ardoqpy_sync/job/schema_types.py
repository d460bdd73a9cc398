"""What a value of a job file has to be, as data: in words for people, and as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import suggest
from ardoqpy_sync.job.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "END",
    "FLAG",
    "FLAG_OR_NAMES",
    "FLAG_OR_WHOLE",
    "FORMAT",
    "MISSING",
    "NAMES",
    "RATE",
    "SHARE",
    "TABLE",
    "TABLES",
    "TEMPLATE",
    "TEMPLATES",
    "TEXT",
    "VERSION",
    "WHERE",
    "WHOLE",
    "Key",
    "Shape",
    "Table",
    "one_of",
]

#: The version of the form that this library reads.
JOB_FORMAT = 1


class Shape(NamedTuple):
    """What a value has to be.

    - `words`: for people, such as "text".
    - `trouble`: says what is wrong with a value, None where nothing is; "" where `words` say it all.
    """

    words: str
    trouble: Callable[[Any], str | None]


class Key(NamedTuple):
    """A key of a table: what its value has to be, what it means, and whether the table is nothing
    without it.
    """

    shape: Shape
    meaning: str
    needed: bool = False


class Table(NamedTuple):
    """A table of a job file: how its header is written, what it is for, and its keys."""

    header: str
    meaning: str
    keys: Mapping[str, Key]


def one_of(*words: str) -> Shape:
    """Return the shape of a value that is one of these words."""

    def trouble(value: Any) -> str | None:
        if isinstance(value, str) and value in words:
            return None
        return suggest(value, words) if isinstance(value, str) else ""

    return Shape(" or ".join(f'"{word}"' for word in words), trouble)


def _is(test: Callable[[Any], bool]) -> Callable[[Any], str | None]:
    return lambda value: None if test(value) else ""


def _number(value: Any, types: type | tuple[type, ...] = int) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _format(value: Any) -> str | None:
    if value == JOB_FORMAT and _number(value):
        return None
    return f"this version of ardoqpy reads format {JOB_FORMAT}." if _number(value) else ""


def _template(value: Any) -> str | None:
    if isinstance(value, dict):
        return ""
    try:
        Template(value)
    except ValueError as problem:
        return f"{problem}."
    return None


def _where(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _plain(told) or (isinstance(told, list) and bool(told) and all(map(_plain, told)))
        for told in value.values()
    )


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _missing(value: Any) -> str | None:
    if (
        isinstance(value, dict)
        and value.keys() == {"set"}
        and isinstance(value["set"], dict)
        and value["set"]
    ):
        constant = all(not isinstance(told, dict) and _constant(told) for told in value["set"].values())
        return None if constant else "what is set is the same for each, so it names no column."
    if isinstance(value, str):
        return None if value in ("report", "delete") else suggest(value, ("report", "delete"))
    return ""


def _constant(value: Any) -> bool:
    try:
        return Template(value).constant
    except ValueError:
        return False


TEXT = Shape("text", _is(_text))
FLAG = Shape("true or false", _is(lambda value: isinstance(value, bool)))
WHOLE = Shape("a whole number from 0 on", _is(lambda value: _number(value) and value >= 0))
RATE = Shape("a number above 0", _is(lambda value: _number(value, (int, float)) and value > 0))
SHARE = Shape(
    "a number from 0 to 1, such as 0.2", _is(lambda value: _number(value, (int, float)) and 0 <= value <= 1)
)
FLAG_OR_WHOLE = Shape(
    "true, false, or how many one batch holds",
    _is(lambda value: isinstance(value, bool) or (_number(value) and value > 0)),
)
NAMES = Shape('a list of names, such as ["owner", "cost"]', _is(_texts))
FLAG_OR_NAMES = Shape(
    'true for all, or a list of names, such as ["owner"]',
    _is(lambda value: isinstance(value, bool) or _texts(value)),
)
TEMPLATE = Shape('a column such as "{Name}", text with columns in it, or a constant', _template)
#: Each of its values is looked at by itself.
TEMPLATES = Shape('a table such as { cost = "{Cost}" }', _is(lambda value: isinstance(value, dict)))
WHERE = Shape('a table such as { Status = ["live", "planned"] }', _is(_where))
MISSING = Shape('"report", "delete", or { set = { lifecycle = "Retired" } }', _missing)
FORMAT = Shape(str(JOB_FORMAT), _format)
VERSION = one_of("v1", "v2")
TABLE = Shape("a table", _is(lambda value: isinstance(value, dict)))
TABLES = Shape("a list of tables", _is(lambda value: isinstance(value, list)))
END = Shape(
    'a table such as { type = "Server", value = "{Host}" }', _is(lambda value: isinstance(value, dict))
)
