"""Which runs have no effect any more, because an undo has taken them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def taken_back(undoes: Mapping[int, int]) -> set[int]:
    """Return the runs that are taken back.

    An undo can be taken back itself: then what it took back is in effect again, unless another undo of it is.

    - `undoes`: by the number of an undo, the run that it takes back.
    """
    without_effect: set[int] = set()
    for run in sorted(undoes, reverse=True):  # whether it is taken back itself is known by then
        if run not in without_effect:
            without_effect.add(undoes[run])
    return without_effect


def origin_of(run: int, undoes: Mapping[int, int]) -> int:
    """Return the run that an undo, or an undo of an undo, is about; for any other run, itself."""
    while run in undoes:
        run = undoes[run]
    return run


def counts_after(later: int, run: int, undoes: Mapping[int, int]) -> bool:
    """Return whether what a later run did still counts after a run, and that is not about the run itself.

    The undo of an earlier run counts as long as that is taken back, any other run unless it is.
    """
    origin = origin_of(later, undoes)
    return origin != run and (origin in taken_back(undoes)) == (origin < run)
