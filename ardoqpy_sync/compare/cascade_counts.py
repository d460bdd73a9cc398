"""How much Ardoq would delete with each of many components: pure functions over who is below whom.

The components may lie below one another, thousands deep: what is counted for one is not counted again for
those above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    #: By a component's id the ids of its children, or those of the references at it.
    Ids = Callable[[str], Iterable[str]]


class CascadeCount(NamedTuple):
    """How much Ardoq deletes with a component: the components below, and the references at any of them."""

    components: int
    references: int


def cascade_counts(comp_ids: Iterable[str], children: Ids, references: Ids) -> dict[str, CascadeCount]:
    """Return by component how much Ardoq deletes with it; each reference counts once."""
    wanted = list(dict.fromkeys(comp_ids))
    below = _below(wanted, children)
    order = _from_the_leaves(below)
    if order is None:  # damaged data: somebody is below two, or below itself
        return {comp_id: _walked(comp_id, below, references) for comp_id in wanted}
    asked, counts = set(wanted), {}
    gathered: dict[str, tuple[int, set[str]]] = {}
    for comp_id in order:
        parts = [gathered.pop(child) for child in below[comp_id]]
        parts.append((0, set(references(comp_id))))
        number = sum(count for count, _ in parts) + len(below[comp_id])
        # The largest set takes in the others, so that a long line of parents costs no more than its length.
        all_of_it = max((refs for _, refs in parts), key=len)
        for _, refs in parts:
            if refs is not all_of_it:
                all_of_it |= refs
        gathered[comp_id] = number, all_of_it
        if comp_id in asked:
            counts[comp_id] = CascadeCount(number, len(all_of_it))
    return counts


def _below(comp_ids: list[str], children: Ids) -> dict[str, list[str]]:
    """Return the children of the components, and of all that is below them."""
    below: dict[str, list[str]] = {}
    waiting = list(comp_ids)
    while waiting:
        comp_id = waiting.pop()
        if comp_id not in below:
            below[comp_id] = list(dict.fromkeys(children(comp_id)))
            waiting += below[comp_id]
    return below


def _from_the_leaves(below: dict[str, list[str]]) -> list[str] | None:
    """Return the components, children before their parents; None where that cannot be."""
    parents = [child for below_one in below.values() for child in below_one]
    has_parent = set(parents)
    if len(has_parent) < len(parents):
        return None
    order: list[str] = []
    waiting = [comp_id for comp_id in below if comp_id not in has_parent]
    while waiting:
        order.append(waiting.pop())
        waiting += below[order[-1]]
    return order[::-1] if len(order) == len(below) else None


def _walked(comp_id: str, below: dict[str, list[str]], references: Ids) -> CascadeCount:
    seen = {comp_id}
    waiting, refs = [comp_id], set[str]()
    while waiting:
        comp_id = waiting.pop()
        refs.update(references(comp_id))
        new = [child for child in below[comp_id] if child not in seen]
        seen.update(new)
        waiting += new
    return CascadeCount(len(seen) - 1, len(refs))
