"""Hold what two libraries came to against one another, and every difference against a reason."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"
#: Stands where one of the two has told nothing under a name.
NOTHING = "(nothing)"


class Difference(NamedTuple):
    """A difference that is meant.

    - `where`: a pattern of the names of facts.
    - `fits`: whether what the two came to differs as it should, given what 0.8.4 came to, then ours.
    - `why`: the reason.
    - `changelog`: words of CHANGELOG.md with which those who move are told.
    """

    where: str
    fits: Callable[[Any, Any], bool]
    why: str
    changelog: str


def differing(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return, by name, the facts that are not the same in both."""
    pairs = {name: (theirs.get(name, NOTHING), ours.get(name, NOTHING)) for name in {**theirs, **ours}}
    return {name: pair for name, pair in pairs.items() if not same(*pair)}


def same(one: Any, other: Any) -> bool:
    """Tell whether two pieces of JSON are the same; true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def complaints(
    theirs: dict[str, Any], ours: dict[str, Any], differences: tuple[Difference, ...]
) -> list[str]:
    """Return what is wrong: differences without a reason, other than meant, or that are none any more."""
    found = differing(theirs, ours)
    wrong = []
    used = set()
    for name, pair in found.items():
        meant = [one for one in differences if fnmatchcase(name, one.where)]
        used.update(one.where for one in meant)
        if not meant:
            wrong.append(f"{name}: differs without a reason:\n  0.8.4: {pair[0]}\n  ours:  {pair[1]}")
        elif not all(one.fits(*pair) for one in meant):
            wrong.append(f"{name}: differs otherwise than meant:\n  0.8.4: {pair[0]}\n  ours:  {pair[1]}")
    wrong += [f"{one.where}: does not differ any more" for one in differences if one.where not in used]
    return wrong


def words(text: str) -> str:
    """Return a text with its lines run together."""
    return " ".join(text.split())
