"""Types whose rows are matched within a parent: what has to be matched before them, and what cannot be."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from ardoqpy._messages import quote_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ardoqpy_sync.job.file.model import Job
    from ardoqpy_sync.job.file.problems import Problem
    from ardoqpy_sync.job.resolver import ResolvedComponents, ResolvedSelector, TypeGroup

#: By each type with `within`, the mapped types whose rows say which component its rows are within.
TypesAbove = dict["TypeGroup", set["TypeGroup"]]


def find_types_above(mappings: Iterable[ResolvedComponents]) -> TypesAbove:
    """Return the types that have to be matched before those with `within`.

    These are the types in `within`, and if that has a path or a table `within` itself, the types that say
    where their components are.

    - `mappings`: each of one type.
    """
    by_group: dict[TypeGroup, list[ResolvedComponents]] = {}
    for mapping in mappings:
        by_group.setdefault(mapping.group, []).append(mapping)
    above: TypesAbove = {}
    for group, mapped in by_group.items():
        selectors = [mapping.within for mapping in mapped if mapping.within is not None]
        if selectors:
            above[group] = _Above(group, by_group).of(selectors)
    return above


def check_within(job: Job, mappings: Iterable[ResolvedComponents], problems: list[Problem]) -> None:
    """Add mappings to `problems` whose rows `within` cannot distinguish, or match after those above them."""
    singles = [single for mapping in mappings for single in mapping.single_types]
    above = find_types_above(singles)
    first: dict[TypeGroup, ResolvedComponents] = {}
    for single in singles:
        if single.within is not None:
            first.setdefault(single.group, single)
    for single in singles:
        if single.group not in above:
            continue
        key_path, type_name = single.mapping.key_path, quote_name(single.mapping.type)
        if single.within is None:
            line = job.lines.line((*first[single.group].mapping.key_path, "within"))
            key_path = key_path if single.key is None else (*key_path, "key")
            message = (
                f"The mapping with within in line {line} matches rows of the same type {type_name}, and this "
                "one has no within. Match all rows of a type in one way: all with within, or all by a key."
            )
        elif single.group in _find_all_above(single.group, above):
            key_path = (*key_path, "within")
            message = (
                f"The components of within depend on rows of type {type_name}, which are within them. Give "
                "within, and the parents of the components in it, only types that are above this one, or "
                "match the rows by a key."
            )
        else:
            continue
        problem = job.problem_at(key_path, message)
        if problem not in problems:
            problems.append(problem)


def _find_all_above(group: TypeGroup, above: TypesAbove) -> set[TypeGroup]:
    """Return the types that have to be matched before a type, and before those: itself, too, in a circle."""
    all_above: set[TypeGroup] = set()
    waiting = [group]
    while waiting:
        new = above.get(waiting.pop(), set()) - all_above
        all_above |= new
        waiting += new
    return all_above


def in_matching_order(above: TypesAbove) -> list[TypeGroup]:
    """Return the types with `within`, each after those that have to be matched before it."""
    return [group for group in TopologicalSorter(above).static_order() if group in above]


class _Above:
    """Collect the types that say which components the rows of one type are within."""

    def __init__(self, group: TypeGroup, by_group: Mapping[TypeGroup, Iterable[ResolvedComponents]]) -> None:
        self._group = group
        self._by_group = by_group
        self._types: set[TypeGroup] = set()
        self._located: set[TypeGroup] = set()

    def of(self, selectors: Iterable[ResolvedSelector]) -> set[TypeGroup]:
        for selector in selectors:
            self._add(selector)
        return self._types

    def _add(self, selector: ResolvedSelector) -> set[TypeGroup]:
        """Add the types of a selector and of what is above it, and return its own."""
        groups = {
            group
            for group in self._by_group
            if group.ws_id == self._group.ws_id and selector.may_have_type(str(group.type_id))
        }
        self._types |= groups
        if selector.within is not None:
            self._add(selector.within)
        if selector.within is not None or selector.selector.path is not None:
            self._add_parents_of(groups)
        return groups

    def _add_parents_of(self, groups: Iterable[TypeGroup]) -> None:
        """Add the types that say where the components of these types are."""
        waiting = list(groups)
        while waiting:
            group = waiting.pop()
            if group in self._located:
                continue
            self._located.add(group)
            for mapping in self._by_group[group]:
                selector = mapping.parent or mapping.within
                if selector is not None:
                    waiting += self._add(selector)
