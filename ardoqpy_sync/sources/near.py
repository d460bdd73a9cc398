"""
What to say of a name that is not among the known ones: which of them are near, or what there is.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from ardoqpy._json import a_type

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["near", "quoted"]

FEW = 12
LONGEST = 60
LARGEST = 10**18


def near(name: object, known: Iterable[str]) -> str:
    """
    Return how a sentence about the unknown `name` ends: "did you mean 'file'?", or "there is 'a' and 'b'.".
    """
    names = list(dict.fromkeys(known))
    folded = {one.casefold(): one for one in names}
    alike = get_close_matches(str(name).casefold(), folded, n=3)
    if alike:
        return f"did you mean {_listed([quoted(folded[one]) for one in alike], 'or')}?"
    shown = [quoted(one) for one in names[:FEW]]
    if not shown:
        return "there is none."
    more = f", and {len(names) - FEW} more" if len(names) > FEW else ""
    return f"there is {_listed(shown, 'and')}{more}."


def quoted(value: object) -> str:
    """
    Return a value as a sentence shows it: text in quotes, the end of a long one left out; else what it is.
    """
    if isinstance(value, str):
        return repr(value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…")
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST
    return str(value) if known else a_type(value)


def _listed(names: list[str], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else names[0]
