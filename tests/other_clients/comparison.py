"""Compare the facts of two libraries, and match every difference with a reason."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"
#: Stands where one of the two has no fact of a name.
NOTHING = "(nothing)"


class Difference(NamedTuple):
    """Describe an intended difference.

    - `where`: a pattern of the names of facts.
    - `fits`: returns whether the values of 0.8.4 and of this library differ as intended.
    - `why`: the reason.
    - `changelog`: the words of CHANGELOG.md about it.
    """

    where: str
    fits: Callable[[Any, Any], bool]
    why: str
    changelog: str


def differing(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return, by name, the facts that differ."""
    pairs = {name: (theirs.get(name, NOTHING), ours.get(name, NOTHING)) for name in {**theirs, **ours}}
    return {name: pair for name, pair in pairs.items() if not same(*pair)}


def same(item: Any, other: Any) -> bool:
    """Return whether two JSON values are the same; true is not 1."""
    if isinstance(item, dict) and isinstance(other, dict):
        return item.keys() == other.keys() and all(same(item[key], other[key]) for key in item)
    if isinstance(item, list) and isinstance(other, list):
        return len(item) == len(other) and all(map(same, item, other))
    return item == other and isinstance(item, bool) == isinstance(other, bool)


def complaints(
    theirs: dict[str, Any], ours: dict[str, Any], differences: tuple[Difference, ...]
) -> list[str]:
    """Return sentences about unexplained or unintended differences, and about unused reasons."""
    unequal = differing(theirs, ours)
    wrong = []
    used = set()
    for name, pair in unequal.items():
        intended = [item for item in differences if fnmatchcase(name, item.where)]
        used.update(item.where for item in intended)
        if not intended:
            wrong.append(f"{name}: differs without a reason:\n  0.8.4: {pair[0]}\n  ours:  {pair[1]}")
        elif not all(item.fits(*pair) for item in intended):
            wrong.append(f"{name}: does not differ as intended:\n  0.8.4: {pair[0]}\n  ours:  {pair[1]}")
    wrong += [f"{item.where}: does not differ any more" for item in differences if item.where not in used]
    return wrong


def words(text: str) -> str:
    """Return a text with its lines joined."""
    return " ".join(text.split())
