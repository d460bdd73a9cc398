"""The table that describes a source, checked against the options of its type."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import describe_type, quote_name, suggest
from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ardoqpy_sync.sources.source import Source

SUBJECT = "The source"
#: The name of the file that is standard input.
STANDARD_INPUT = Path("-")
#: The checked table of a source; its keys depend on the type.
SourceTable = dict[str, Any]


class Option(NamedTuple):
    """One key of a source's table.

    - `types`: the Python types of its values; a bool is not accepted as a number.
    - `description`: the expected value in words, for messages, such as "text".
    - `required`: whether the table must have it.
    - `check`: returns whether a value of these types is valid; None if each is.
    - `allow_empty`: whether empty text is valid.
    """

    types: tuple[type, ...]
    description: str
    required: bool = False
    check: Callable[[Any], bool] | None = None
    allow_empty: bool = False


@dataclass(frozen=True, slots=True)
class SourceType:
    """One type of source.

    - `options`: the keys of its table.
    - `open`: returns the source of a checked table; relative paths start from the folder.
    - `suffixes`: the file name suffixes that mean this type if the table has no `type`.
    - `written_as`: the suffixes that a file with rows of such a source can have, the usual one first.
    """

    options: Mapping[str, Option]
    open: Callable[[Mapping[str, Any], Path], Source]
    suffixes: tuple[str, ...] = field(default=())
    written_as: tuple[str, ...] = (".csv",)


TEXT = Option((str,), "text")
REQUIRED_TEXT = Option((str,), "text", required=True)
BOOLEAN = Option((bool,), "true or false")
POSITIVE_INT = Option((int,), "a whole number from 1 on", check=lambda value: bool(value >= 1))


def check_table(table: object, options: Mapping[str, Option], subject: str = SUBJECT) -> SourceTable:
    """Return a table as a new dict.

    - `options`: the keys that it can have.
    - `subject`: what messages call the table.

    Raise `ConfigurationError` if it is not a table, a key is unknown or missing, or a value has another type,
    is empty text, or does not pass the check of its option.
    """
    if not hasattr(table, "items"):
        raise ConfigurationError(f"{subject} is {describe_type(table)}. Use a table of keys and values.")
    checked = dict(table.items())
    for name, value in checked.items():
        if name not in options:
            raise ConfigurationError(f"{subject} has no key {quote_name(name)}: {suggest(name, options)}")
        option = options[name]
        is_valid = isinstance(value, option.types) and (not isinstance(value, bool) or bool in option.types)
        is_empty = value == "" and not option.allow_empty
        if not is_valid or is_empty or (option.check is not None and not option.check(value)):
            actual = describe_type(value) if not is_valid else "empty text" if value == "" else value
            raise ConfigurationError(
                f"{subject} has {actual} as {quote_name(name)}. Use {option.description}."
            )
    for name, option in options.items():
        if option.required and name not in checked:
            raise ConfigurationError(
                f"{subject} needs the key {quote_name(name)}. Set it to {option.description}."
            )
    return checked


def resolve_file(table: Mapping[str, Any], base: Path, key: str = "file") -> Path:
    """Return the path of a file that a table names; a relative path starts from `base`.

    Raise `ConfigurationError` if there is no such file.
    """
    path = base / str(table[key])
    if table[key] == str(STANDARD_INPUT):
        return STANDARD_INPUT
    if file_exists(path):
        return path
    problem = "does not exist"
    if os.path.exists(path):  # noqa: PTH110  (as below)
        problem = "is a folder" if path.is_dir() else "is not a regular file"
    where = "" if str(path) == table[key] else f" in the folder {str(base)!r}"
    raise ConfigurationError(f"The file {quote_name(table[key])}{where} {problem}.")


def file_exists(path: Path) -> bool:
    """Return whether a file exists; False for a path that no file can have."""
    return os.path.isfile(path)  # noqa: PTH113  (Path.is_file raises if a name is too long)


@contextmanager
def require_extra(extra: str, package: str, subject: str) -> Iterator[None]:
    """Turn a failed import of `package` in this context into a `ConfigurationError` that names the extra.

    - `subject`: what needs the package, at the start of a sentence, such as "An Excel file".
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or package).partition(".")[0]
    else:
        return
    raise ConfigurationError(
        f"{subject} needs the package {missing!r}, which is not installed: pip install 'ardoqpy[{extra}]'."
    )
