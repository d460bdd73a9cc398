"""Problems of a job, each with its line."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import quote_name
from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ardoqpy_sync.job.file.toml_lines import KeyPath, TomlLines


class Problem(NamedTuple):
    """One problem of a job.

    - `message`: the problem and the remedy.
    - `line`: the line in the job file; None if no line applies.
    - `key`: the keys down to it, such as "components.2.type"; items of a list are counted from 1.
    """

    message: str
    line: int | None = None
    key: str = ""

    def describe(self, file: str) -> str:
        """Return the problem as one line with the file and the line number."""
        return f"{file} line {self.line}: {self.message}" if self.line else f"{file}: {self.message}"


def problem_at(lines: TomlLines, key_path: KeyPath, message: str) -> Problem:
    """Return a problem at a position of a file."""
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in key_path)
    return Problem(message, lines.line(key_path), key)


def find_named_key(message: str, table: Mapping[str, Any]) -> KeyPath:
    """Return the keys down to what a message names, a key or a value; () if it names none."""
    named = (name for name in table if quote_name(name) in message)
    with_value = (
        name
        for name, value in table.items()
        for text in (value if isinstance(value, list) else [value])
        if isinstance(text, str) and quote_name(text) in message
    )
    below = (
        (name, *find_named_key(message, value)) for name, value in table.items() if isinstance(value, dict)
    )
    nested = (keys for keys in below if len(keys) > 1)
    return next(chain(((name,) for name in chain(named, with_value)), nested), ())


class JobInvalid(ConfigurationError):
    """A job is not valid: `problems` lists everything that is wrong, in the order of the lines."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        """Set the file name and its problems."""
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        super().__init__("\n".join(problem.describe(file) for problem in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what pickle needs to make the error again."""
        return type(self), (self.file, self.problems)
