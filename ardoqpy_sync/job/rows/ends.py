"""The ends of references: find the components that each row names, before anything is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ardoqpy_sync.job.rows.matching import contradictions, identity, reject_conflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ardoqpy_sync.engine import Engine
    from ardoqpy_sync.job.file.model import EndName
    from ardoqpy_sync.job.resolver import ResolvedSelector
    from ardoqpy_sync.job.rows.row import ReferenceRow, Target
    from ardoqpy_sync.job.rows.targets import Targets


def resolve_ends(rows: Iterable[ReferenceRow], targets: Targets, engine: Engine) -> list[ReferenceRow]:
    """Return a row for each reference that rows describe, with the components at both ends.

    A row is rejected if an end is not exactly one component, or if it contradicts an earlier row. A row that
    repeats an earlier one of its mapping is left out.
    """
    resolver = _EndResolver(targets, engine)
    pairs = [pair for row in rows for pair in _pairs(row)]
    for pair in pairs:
        resolver.resolve(pair)
    return list(_without_repeats(pairs))


def _pairs(row: ReferenceRow) -> Iterator[ReferenceRow]:
    """Yield a row for each pair of components that a row names; nothing for a row with a blank end."""
    if row.problems or len(row.sources) == len(row.targets) == 1:
        yield row
        return
    for source in row.sources:
        for target in row.targets:
            yield replace(row, sources=[source], targets=[target], problems=[], attributes={**row.attributes})


class _EndResolver:
    def __init__(self, targets: Targets, engine: Engine) -> None:
        self._targets = targets
        self._engine = engine

    def resolve(self, row: ReferenceRow) -> None:
        """Set both ends of a row, or reject or skip it."""
        if not row.problems:
            row.source = self._end(row, row.mapping.source, row.sources[0], "source")
            row.target = self._end(row, row.mapping.target, row.targets[0], "target")
        if row.problems:
            self._set_meant(row)

    def _end(self, row: ReferenceRow, selector: ResolvedSelector, name: EndName, role: str) -> Target | None:
        if selector.selector.when_absent == "skip" and not any(
            map(_may_exist, self._targets.select(selector, name))
        ):
            row.skipped = f"There is no {role} {selector.describe(name)}, and when_absent is skip."
            return None
        return self._targets.find_end(row, selector, name, role)

    def _set_meant(self, row: ReferenceRow) -> None:
        """Set the references in Ardoq that a rejected row may be about."""
        mapping = row.mapping
        sources = self._known_ids(mapping.source, row.sources)
        targets = self._known_ids(mapping.target, row.targets)
        if sources is None and targets is None:
            row.is_identified = False
            return
        for comp_id in sources if sources is not None else targets or ():
            for kind, _, entity in self._engine.cache.touching(comp_id):
                if (
                    kind == "reference"
                    and entity.get("type") == mapping.type_id
                    and (sources is None or entity.get("source") in sources)
                    and (targets is None or entity.get("target") in targets)
                ):
                    row.meant.append(entity["_id"])

    def _known_ids(self, selector: ResolvedSelector, names: Iterable[EndName]) -> set[str] | None:
        """Return the ids of the components that names mean, without new ones; None if they mean none."""
        matches = [match for name in names for match in self._targets.select(selector, name)]
        return {match.id for match in matches if match.id is not None} if matches else None


def _may_exist(target: Target) -> bool:
    """Return whether a component is in Ardoq after the run, or would be if none of its rows were rejected."""
    return target.will_exist or any(row.problems for row in target.rows)


def _without_repeats(rows: Iterable[ReferenceRow]) -> Iterator[ReferenceRow]:
    """Yield rows without those that repeat an earlier one; reject those that contradict one."""
    firsts: dict[tuple[Any, ...], list[ReferenceRow]] = {}
    for row in rows:
        if not row.is_used:
            yield row
            continue
        mapping = row.mapping
        key = None if mapping.key is None else identity(mapping.key_type, row.attributes.get(mapping.key))
        same = firsts.setdefault((mapping.type_id, row.source, row.target, mapping.key, key), [])
        twin = next((first for first in same if first.mapping is mapping), None)
        conflicting = [other for other in same if contradictions(row.attributes, other.attributes)]
        if not conflicting and twin is not None and row.attributes.keys() == twin.attributes.keys():
            continue  # it repeats the other row
        first = next(iter(conflicting), twin)
        if first is None:
            same.append(row)
        else:
            reject_conflict(row, first, contradictions(row.attributes, first.attributes), "reference")
            row.is_identified = twin is None
        yield row
