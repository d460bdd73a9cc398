"""Compare two plans: which changes are new, which are gone, and which are other ones for the same entity."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy_sync.compare.diff import CREATE
from ardoqpy_sync.plans.document_schema import ENDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class PlanDifference(NamedTuple):
    """The numbers of the changes that differ, in the old plan (`gone`) and in the new one.

    `changed` has pairs of old and new: the entity is in both plans, but the action or a value is another.
    """

    new: list[int]
    gone: list[int]
    changed: list[tuple[int, int]]

    def __bool__(self) -> bool:
        """Return whether anything differs."""
        return bool(self.new or self.gone or self.changed)


def compare_changes(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> PlanDifference:
    """Return how the changes of a new plan differ from those of an old one.

    An entity is the same by its `_id`; one that is created, by kind, workspace, type and name. Versions,
    labels, notes and the order are not compared.
    """
    before, after = (_by_entity(changes) for changes in (old, new))
    both = [key for key in after if key in before]
    return PlanDifference(
        [number for key, (number, _) in after.items() if key not in before],
        [number for key, (number, _) in before.items() if key not in after],
        [(before[key][0], after[key][0]) for key in both if before[key][1] != after[key][1]],
    )


def _by_entity(changes: Sequence[Mapping[str, Any]]) -> dict[tuple[object, ...], tuple[int, str]]:
    """Return by entity the number of a change, and what it does as text."""
    entities: dict[str, tuple[object, ...]] = {}
    seen: Counter[tuple[object, ...]] = Counter()
    result: dict[tuple[object, ...], tuple[int, str]] = {}
    for number, change in enumerate(changes):
        entity_id = change["_id"]
        if change["action"] == CREATE:
            key = ("new", change["kind"], change["rootWorkspace"], str(change["type"]), change["name"])
            seen[key] += 1
            entities[entity_id] = (*key, seen[key])
        entity = (change["kind"], *entities.get(entity_id, (entity_id,)))
        seen["step", *entity] += 1
        values = {
            name: [
                _end(entities, value) if name in ENDS[change["kind"]] else value for value in pair.values()
            ]
            for name, pair in change["attributes"].items()
        }
        result[*entity, seen["step", *entity]] = (
            number,
            json.dumps([change["action"], values], sort_keys=True, default=str),
        )
    return result


def _end(entities: Mapping[str, tuple[object, ...]], value: Any) -> Any:
    """Return an end as it is in any plan: the id of what is created is another in each."""
    return entities.get(value, value) if isinstance(value, str) else value
