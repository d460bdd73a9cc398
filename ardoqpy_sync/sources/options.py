"""A table of a job file, held against the keys that it may have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import describe_type, quote_name, suggest
from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from ardoqpy_sync.sources.source import Source

__all__ = ["TEXT", "WHOLE", "Key", "SourceType", "checked", "file_of", "is_file"]

SUBJECT = "The source"


class Key(NamedTuple):
    """What one key of a table takes.

    - `types`: the Python types of its values; a yes or no is no number here.
    - `words`: the same in words, for the message.
    - `needed`: whether the table is nothing without it.
    """

    types: tuple[type, ...]
    words: str
    needed: bool = False


class SourceType(NamedTuple):
    """One type of source.

    - `keys`: what its table takes.
    - `make`: makes the source out of a checked table and the folder that relative paths start from.
    - `suffixes`: of files that are of this type where none is given.
    """

    keys: Mapping[str, Key]
    make: Callable[[Mapping[str, Any], Path], Source]
    suffixes: tuple[str, ...] = ()


TEXT = Key((str,), "text")
WHOLE = Key((int,), "a whole number from 1 on")


def checked(told: object, keys: Mapping[str, Key], subject: str = SUBJECT) -> dict[str, Any]:
    """Return the table as a dict of its own; `subject` is what messages call it.

    Raise `ConfigurationError` where it is no table, a key is unknown or missing, or a value is of another
    type, empty text, or a number below 1.
    """
    if not hasattr(told, "items"):
        raise ConfigurationError(
            f"{subject} is {describe_type(told)}: describe it by a table of keys and values."
        )
    table = dict(told.items())
    for name, value in table.items():
        if name not in keys:
            raise ConfigurationError(f"{subject} has no key {quote_name(name)}: {suggest(name, keys)}")
        key = keys[name]
        fits = isinstance(value, key.types) and (not isinstance(value, bool) or bool in key.types)
        if not fits:
            raise ConfigurationError(
                f"{subject} has {describe_type(value)} under {quote_name(name)}: give {key.words}."
            )
        if value == "":
            raise ConfigurationError(f"{subject} has empty text under {quote_name(name)}: give {key.words}.")
        if key is WHOLE and value < 1:
            raise ConfigurationError(f"{subject} has {value} under {quote_name(name)}: give {key.words}.")
    for name, key in keys.items():
        if key.needed and name not in table:
            raise ConfigurationError(f"{subject} has no {quote_name(name)}: give {key.words}.")
    return table


def file_of(table: Mapping[str, Any], base: Path, key: str = "file") -> Path:
    """Return the file that a table names, looked for in `base` where its path is a relative one.

    Raise `ConfigurationError` where there is no such file.
    """
    path = base / str(table[key])
    if is_file(path):
        return path
    what = "is not there"
    if os.path.exists(path):  # noqa: PTH110  (as below)
        what = "is a folder" if path.is_dir() else "is no plain file"
    where = "" if str(path) == table[key] else f" (looked for in {str(base)!r})"
    raise ConfigurationError(f"The file {quote_name(table[key])} of the source {what}{where}.")


def is_file(path: Path) -> bool:
    """Tell whether a file is there; a path that no file can have is none."""
    return os.path.isfile(path)  # noqa: PTH113  (Path.is_file raises where a name is too long)
