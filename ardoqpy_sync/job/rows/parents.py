"""The tree of components after a run: reject circles, and bring rows into an order without any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy._messages import quote_name
from ardoqpy_sync.job.rows.matching import reject_conflict, reject_without_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ardoqpy_sync.job.rows.row import ComponentRow, Target
    from ardoqpy_sync.job.rows.targets import Targets

#: How many members of a circle a message lists.
MAX_MEMBERS = 10


def resolve_parents(rows: Iterable[ComponentRow], targets: Targets) -> None:
    """Find the parents of all rows, and reject the rows without one, in a circle, or below a rejected row.

    A rejected row moves nothing, which can make a circle of others: what it changes is checked again.
    Parents that a policy keeps from being written are looked for, too: a row fails in every run or in none.
    """
    rows = [row for row in rows if row.is_used and row.gives_parent]
    targets.find_parents(rows)
    for target in targets.described:
        _reject_other_parents(target)
    below: dict[Target, list[ComponentRow]] = {}
    for row in rows:
        if row.parent is not None:
            below.setdefault(row.parent, []).append(row)
    changed: Collection[Target] = targets.described
    absent = [*targets.described, *below]
    while changed or absent:
        rejected = _reject_circles(changed, targets)
        rejected |= _reject_below([*absent, *rejected], below, targets)
        changed, absent = rejected, []
    targets.keep_parents()


def _reject_below(
    parents: Iterable[Target], below: Mapping[Target, list[ComponentRow]], targets: Targets
) -> dict[Target, None]:
    """Reject the rows below components that are not written; return the components of these rows."""
    rejected: dict[Target, None] = {}
    waiting = list(parents)
    while waiting:
        parent = waiting.pop()
        if reject_without_key(parent):
            rejected[parent] = None
        if parent.will_exist:
            continue
        for row in below.get(parent, ()):
            if row.is_used and row.target is not None:
                targets.reject_without(row, parent, "parent")
                rejected[row.target] = None
                waiting.append(row.target)
    return rejected


def _reject_other_parents(target: Target) -> None:
    """Reject the rows that give a component another parent than its first row does."""
    used = [row for row in target.rows if row.is_used and row.gives_parent]
    for row in used[1:]:
        if row.parent is not used[0].parent:
            names = [each.parent.name if each.parent else None for each in (used[0], row)]
            reject_conflict(row, used[0], {"parent": (names[0], names[1])}, "component")


def _reject_circles(starts: Iterable[Target], targets: Targets) -> dict[Target, None]:
    """Reject the rows that put a component below itself; return the components of these rows.

    - `starts`: the components that may have another parent than when this was last checked.
    """
    rejected: dict[Target, None] = {}
    checked: set[Target] = set()
    for start in starts:
        chain: dict[Target, None] = {}
        target: Target | None = start
        while target is not None and target not in checked and target not in chain:
            chain[target] = None
            target = targets.parent_of(target)
        checked.update(chain)
        if target is not None and target in chain:
            members = list(chain)
            members = members[members.index(target) :]
            if _reject_circle(members):
                rejected.update(dict.fromkeys(members))
    return rejected


def _reject_circle(members: list[Target]) -> bool:
    first = min(range(len(members)), key=lambda index: members[index].name)
    names = [quote_name(member.name) for member in (*members[first:], *members[:first])]
    listed = (
        names if len(names) <= MAX_MEMBERS else [*names[:MAX_MEMBERS], f"{len(names) - MAX_MEMBERS} more"]
    )
    circle = f"{names[0]} is its own parent" if len(names) == 1 else " below ".join([*listed, names[0]])
    rows = [row for member in members for row in member.rows if row.is_used and row.sets_parent]
    for member in members:
        if member.entity is None and any("parent" in row.mapping.create_only for row in member.rows):
            # Once it existed, its parent would not be looked at, and its rows would be written one run late.
            rows += [row for row in member.rows if row.is_used and row not in rows]
    for row in rows:
        row.reject(f"The parents make a circle: {circle}. Correct one of them.")
    return bool(rows)


def in_tree_order(rows: Iterable[ComponentRow], targets: Targets) -> list[ComponentRow]:
    """Return rows in their order, but each after the rows of all components above its own.

    Written in this order, no component is ever below itself: all above its new parent is in place by then.
    """
    ordered: list[ComponentRow] = []
    placed: set[Target] = set()
    for row in rows:
        chain = []
        target = row.target
        while target is not None and target not in placed:
            placed.add(target)
            chain.append(target)
            target = targets.parent_of(target)
        for target in reversed(chain):
            ordered += _creator_first(target)
    return ordered


def _creator_first(target: Target) -> list[ComponentRow]:
    """Return the rows of a component that are written, first one that can create it if it does not exist."""
    rows = [row for row in target.rows if row.is_used]
    if target.entity is None:
        rows.sort(key=lambda row: not (row.mapping.create and "name" in row.attributes))
    return rows
