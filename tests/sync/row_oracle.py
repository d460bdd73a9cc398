"""The expected result of each row, from what a client has read and what Ardoq holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from state_model import stored_value
from sync_scenarios import REFERENCE_TYPES, api_mode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from state_model import Fact, Facts

ENDS = ("source", "target", "type")


class Expectation(NamedTuple):
    """What becomes of a row.

    - `outcome`: `stored_value`, `update`, `create` or `failed`.
    - `id`: of what is kept or updated; `attributes`: what is written, nulls too.
    - `named`: the ids of what the row means, whatever becomes of it.
    """

    outcome: str
    id: str | None = None
    attributes: Mapping[str, Any] = {}
    named: tuple[str, ...] = ()


FAILED = Expectation("failed")


class RowOracle:
    """Predict the results of rows.

    `seen` is what the client knows by id, in its order, `holds` what Ardoq holds; `named` are the ids of what
    rows of this run have named before.
    """

    def __init__(self, seen: Facts, holds: Facts, named: set[str]) -> None:
        self._seen = seen
        self._holds = holds
        self._named = named

    def component(
        self, workspace: str, type_id: str, attributes: Mapping[str, Any], field: tuple[str, Any] | None
    ) -> Expectation:
        """Predict a row for a component, matched by name, or by the value of a `field`."""
        wanted = {**attributes, "typeId": type_id}

        def meant(state: Fact) -> bool:
            if (state.kind, state.workspace, state.get("typeId")) != ("component", workspace, type_id):
                return False
            if field is not None:
                return bool(state.get(field[0]) == field[1])
            return bool(state.get("name").lower() == attributes["name"].lower())

        matches = [entity_id for entity_id, state in self._seen.items() if meant(state)]
        if field is None and matches and matches[0] in self._named:
            # Of two forms of a name in one run the first stays.
            wanted["name"] = self._seen[matches[0]].get("name")
        return self._first(matches, wanted) or self._new(workspace, wanted)

    def reference(self, attributes: Mapping[str, Any]) -> Expectation:
        """Predict a row for a reference."""
        source = self._known(attributes["source"])
        if source is None:
            return FAILED

        def meant(state: Fact) -> bool:
            return state.kind == "reference" and all(state.get(end) == attributes[end] for end in ENDS)

        result = self._first(
            [entity_id for entity_id, state in self._seen.items() if meant(state)], attributes
        )
        return result or (
            Expectation("create", attributes=attributes) if self._ends_possible(attributes) else FAILED
        )

    def by_id(self, entity_id: str, attributes: Mapping[str, Any], version: int | None) -> Expectation:
        """Predict a change by id, at a version if one is given."""
        state = self._known(entity_id)
        if state is None:
            return FAILED
        if version is not None and version != state.version:
            state = self._holds.get(entity_id)
            if state is None or state.version != version:
                return FAILED
        return self._settled(entity_id, state, attributes) or FAILED

    def _known(self, entity_id: str) -> Fact | None:
        return self._seen.get(entity_id) or self._holds.get(entity_id)

    def _first(self, matches: list[str], attributes: Mapping[str, Any]) -> Expectation | None:
        """Return the expectation of a row that matches these ids, None if all are deleted."""
        named = tuple(matches if len(matches) > 1 else matches[:1])
        for entity_id in matches:
            expectation = self._settled(entity_id, self._seen[entity_id], attributes)
            if expectation is not None:
                return expectation._replace(named=named)
        return None

    def _settled(self, entity_id: str, state: Fact, attributes: Mapping[str, Any]) -> Expectation | None:
        different = _different(attributes, state)
        if not different:
            return Expectation("kept", entity_id)
        if not self._possible(entity_id, state, different):
            return FAILED
        now = self._holds.get(entity_id)
        if now is None:
            return None
        different = _different(attributes, now)
        if not different:
            return Expectation("kept", entity_id)
        return (
            Expectation("update", entity_id, different)
            if self._possible(entity_id, now, different)
            else FAILED
        )

    def _possible(self, entity_id: str, state: Fact, different: Mapping[str, Any]) -> bool:
        if api_mode.version == "v2" and state.kind == "reference" and "type" in different:
            return False
        if state.kind == "reference":
            return not different.keys() & set(ENDS) or self._ends_possible({**state.attributes, **different})
        if not different.get("name", state.get("name")).strip():
            return False
        parent = different.get("parent")
        return parent is None or self._parent_possible(entity_id, state.workspace, parent)

    def _new(self, workspace: str, attributes: Mapping[str, Any]) -> Expectation:
        parent = attributes.get("parent")
        possible = attributes["name"].strip() and (
            parent is None or self._parent_possible(None, workspace, parent)
        )
        return Expectation("create", attributes=attributes) if possible else FAILED

    def _parent_possible(self, entity_id: str | None, workspace: str, parent: str) -> bool:
        above = self._known(parent)
        if above is None or parent not in self._holds or above.workspace != workspace:
            return False
        return not any(
            entity_id == state for world in (self._seen, self._holds) for state in _upwards(world, parent)
        )

    def _ends_possible(self, attributes: Mapping[str, Any]) -> bool:
        source, target = (self._known(attributes[end]) for end in ENDS[:2])
        there = all(attributes[end] in self._holds for end in ENDS[:2])
        if source is None or target is None or not there:
            return False
        return attributes["type"] in REFERENCE_TYPES[source.workspace]


def _different(attributes: Mapping[str, Any], state: Fact) -> dict[str, Any]:
    wanted = {name: stored_value(name, value) for name, value in attributes.items()}
    return {name: value for name, value in wanted.items() if value != state.get(name)}


def _upwards(world: Facts, entity_id: str | None) -> Iterator[str]:
    seen: set[str] = set()
    while entity_id in world and entity_id not in seen:
        assert entity_id is not None
        seen.add(entity_id)
        yield entity_id
        entity_id = world[entity_id].get("parent")
