"""What is wrong with a job, all of it at once, each with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ardoqpy_sync.job.toml_lines import Path, Places

__all__ = ["JobInvalid", "Problem", "trouble_at"]


class Problem(NamedTuple):
    """One thing that is wrong with a job.

    - `sentence`: what is wrong, and the remedy.
    - `line`: where in the job file, None where no line says it.
    - `key`: the keys down to it, such as `components.2.type`; things in a list are counted from 1.
    """

    sentence: str
    line: int | None = None
    key: str = ""

    def told(self, file: str) -> str:
        """Return it as a line for people."""
        return f"{file} line {self.line}: {self.sentence}" if self.line else f"{file}: {self.sentence}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"line": self.line, "key": self.key, "sentence": self.sentence}


def trouble_at(places: Places, place: Path, sentence: str) -> Problem:
    """Return what is wrong at a place of a file."""
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in place)
    return Problem(f"{sentence[:1].upper()}{sentence[1:]}", places.line(place), key)


class JobInvalid(ConfigurationError):
    """Say what is wrong with a job: `troubles`, each a `Problem`; as text a line for each."""

    def __init__(self, file: str, troubles: Sequence[Problem]) -> None:
        self.file = file
        self.troubles = tuple(sorted(troubles, key=lambda one: one.line or 0))
        super().__init__("\n".join(one.told(file) for one in self.troubles))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.file, self.troubles)
