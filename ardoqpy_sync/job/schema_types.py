"""The types of values in a job file: a description for users, and a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import suggest
from ardoqpy_sync.job.template import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "API_VERSION",
    "BATCH",
    "BOOLEAN",
    "BOOLEAN_OR_NAMES",
    "COUNT",
    "FORMAT",
    "MISSING",
    "NAMES",
    "POSITIVE",
    "SELECTOR",
    "SHARE",
    "TABLE",
    "TABLES",
    "TEMPLATE",
    "TEMPLATES",
    "TEXT",
    "WHERE",
    "Key",
    "Table",
    "ValueType",
    "one_of",
]

#: The version of the job format that this library reads.
JOB_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a value.

    - `description`: for users, such as "text".
    - `check`: returns None for a valid value, otherwise the remedy; "" for the remedy "use" and the
      description.
    """

    description: str
    check: Callable[[Any], str | None]


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a table: the type of its value, its description, and whether the table must have it."""

    type: ValueType
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a job file: its header as written in TOML, its description, and its keys."""

    header: str
    description: str
    keys: Mapping[str, Key]


def one_of(*words: str) -> ValueType:
    """Return the type of a value that is one of these words."""

    def check(value: Any) -> str | None:
        if isinstance(value, str) and value in words:
            return None
        return suggest(value, words) if isinstance(value, str) else ""

    return ValueType(" or ".join(f'"{word}"' for word in words), check)


def _passes(test: Callable[[Any], bool]) -> Callable[[Any], str | None]:
    return lambda value: None if test(value) else ""


def _is_number(value: Any, types: type | tuple[type, ...] = int) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)


def _check_format(value: Any) -> str | None:
    if value == JOB_FORMAT and _is_number(value):
        return None
    return f"this version of ardoqpy reads format {JOB_FORMAT}." if _is_number(value) else ""


def _check_template(value: Any) -> str | None:
    if isinstance(value, dict):
        return ""
    try:
        Template(value)
    except ValueError as error:
        return f"{error}."
    return None


def _is_where(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _is_scalar(cells) or (isinstance(cells, list) and bool(cells) and all(map(_is_scalar, cells)))
        for cells in value.values()
    )


def _check_missing(value: Any) -> str | None:
    if isinstance(value, str):
        return None if value in ("report", "delete") else suggest(value, ("report", "delete"))
    if not isinstance(value, dict) or value.keys() != {"set"}:
        return ""
    values = value["set"]
    if not isinstance(values, dict) or not values:
        return ""
    if all(_is_constant(item) for item in values.values()):
        return None
    return "the values to set are constants, without columns."


def _is_constant(value: Any) -> bool:
    try:
        return not isinstance(value, dict) and Template(value).is_constant
    except ValueError:
        return False


TEXT = ValueType("text", _passes(_is_text))
BOOLEAN = ValueType("true or false", _passes(lambda value: isinstance(value, bool)))
COUNT = ValueType("a whole number from 0 on", _passes(lambda value: _is_number(value) and value >= 0))
POSITIVE = ValueType("a number above 0", _passes(lambda value: _is_number(value, (int, float)) and value > 0))
SHARE = ValueType(
    "a number from 0 to 1, such as 0.2",
    _passes(lambda value: _is_number(value, (int, float)) and 0 <= value <= 1),
)
BATCH = ValueType(
    "true, false, or the size of a batch",
    _passes(lambda value: isinstance(value, bool) or (_is_number(value) and value > 0)),
)
NAMES = ValueType('a list of names, such as ["owner", "cost"]', _passes(_is_text_list))
BOOLEAN_OR_NAMES = ValueType(
    'true for all, or a list of names, such as ["owner"]',
    _passes(lambda value: isinstance(value, bool) or _is_text_list(value)),
)
TEMPLATE = ValueType('a column such as "{Name}", text with columns, or a constant', _check_template)
#: The parser checks each of its values.
TEMPLATES = ValueType('a table such as { cost = "{Cost}" }', _passes(_is_table))
WHERE = ValueType('a table such as { Status = ["live", "planned"] }', _passes(_is_where))
MISSING = ValueType('"report", "delete", or { set = { lifecycle = "Retired" } }', _check_missing)
FORMAT = ValueType(str(JOB_FORMAT), _check_format)
API_VERSION = one_of("v1", "v2")
TABLE = ValueType("a table", _passes(_is_table))
TABLES = ValueType("a list of tables", _passes(lambda value: isinstance(value, list)))
SELECTOR = ValueType('a table such as { type = "Server", value = "{Host}" }', _passes(_is_table))
