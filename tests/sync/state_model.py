"""A model of what Ardoq must hold: its first state plus what reports list and what others changed.

It knows nothing of how a sync decides. Values are compared by a table of their spellings, never by rules.
What Ardoq holds is read from the emulator's dump; a cache is held against all states that Ardoq was ever in.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ardoqpy.testing import Emulator

#: The values of each custom field with their equivalents; Ardoq stores the first.
VALUES: dict[str, tuple[tuple[Any, ...], ...]] = {
    "cost": ((5, 5.0, "5", "5.0", " 5 ", "5e0"), (-1.5, "-1.5", "-1.50"), (0, "0", "-0")),
    "since": (
        ("2024-05-01T10:00:00.000Z", "2024-05-01T12:00:00+02:00", "2024-05-01 10:00Z"),
        ("2023-12-31T00:00:00.000Z", "2023-12-31"),
    ),
    "live": ((True, "true", "True"), (False, "false")),
    "note": (("plain",), ("Ærø — 日本 🚀",), ("",), ("7",)),
    "code": (("S-1",), ("K-2",)),
    "areas": ((["North", "South"], ["South", "North"]), (["North"],)),
}
#: Attributes whose empty text is equal to null.
_EMPTY_IS_NULL = ("description", "displayText")
_BUILT_IN = {
    "component": ("name", "typeId", "parent", "description"),
    "reference": ("source", "target", "type", "displayText", "description"),
}
#: What follows from other attributes.
_DERIVED = frozenset({"rootWorkspace", "targetWorkspace"})
_FIRST = {
    (field, repr(equivalent)): equivalents[0]
    for field, known in VALUES.items()
    for equivalents in known
    for equivalent in equivalents
}

Facts = dict[str, "Fact"]


class Fact(NamedTuple):
    """One entity, with the attributes that are not null, as Ardoq spells them."""

    kind: str
    workspace: str
    version: int
    attributes: dict[str, Any]

    def get(self, name: str) -> Any:
        """Return the value of an attribute, None where there is none."""
        return self.attributes.get(name)

    @property
    def key(self) -> tuple[Any, ...]:
        """Return what makes it the same as another."""
        if self.kind == "component":
            return self.kind, self.workspace, self.get("typeId"), self.get("name").lower()
        return self.kind, self.get("source"), self.get("target"), self.get("type")


def stored_value(name: str, value: Any) -> Any:
    """Return a value as Ardoq stores it; raise `KeyError` for an unknown value."""
    if value is None or (name in _EMPTY_IS_NULL and value == ""):
        return None
    return _FIRST[name, repr(value)] if name in VALUES else value


def stored_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes as Ardoq keeps them, nulls left out."""
    stored = {name: stored_value(name, value) for name, value in attributes.items() if name not in _DERIVED}
    return {name: value for name, value in stored.items() if value is not None}


def fact(kind: str, entity: Mapping[str, Any]) -> Fact:
    """Return an entity of the emulator's or of a client's, of either version, as a fact."""
    custom = entity.get("customFields", entity) or {}
    given = {name: entity.get(name) for name in _BUILT_IN[kind]}
    given |= {name: custom.get(name) for name in VALUES}
    return Fact(kind, entity["rootWorkspace"], entity["_version"], stored_attributes(given))


class StateModel:
    """Track what Ardoq holds.

    - `states`: by id what it must hold now; `history`: by id and version what it ever held.
    - `foreign`: the ids of what others have changed, made or deleted since the client last knew of it.
    """

    def __init__(self, server: Emulator) -> None:
        self._server = server
        self.states: Facts = self.read()
        self.history = {(entity_id, state.version): state for entity_id, state in self.states.items()}
        self.foreign: set[str] = set()

    def read(self) -> Facts:
        """Return what Ardoq holds."""
        dump = self._server.dump()
        return {
            entity_id["_id"]: fact(kind, entity_id)
            for kind in ("component", "reference")
            for entity_id in dump[f"{kind}s"]
        }

    def _enter(self, states: Facts) -> None:
        self.states = states
        self.history |= {(entity_id, state.version): state for entity_id, state in states.items()}

    def others_did(self) -> set[str]:
        """Take in what others did, without asking why, and return the ids of what they touched."""
        now = self.read()
        touched = {
            entity_id
            for entity_id in now.keys() | self.states.keys()
            if now.get(entity_id) != self.states.get(entity_id)
        }
        self.foreign |= touched
        self._enter(now)
        return touched

    def expected(
        self, changes: Iterable[Mapping[str, Any]], known: Collection[str], now: Facts, *, at_once: bool
    ) -> Facts:
        """Return what Ardoq must hold after these changes of a report.

        `at_once` where each was written by itself: then it names the very version that it was decided on.
        `known` are the ids that the client's cache had before: of what it did not know it cannot tell that
        it went along. What others have moved elsewhere, as Ardoq has it `now`, went along in the cache alone.
        """
        states = dict(self.states)
        for change in changes:
            entity_id, action = change["_id"], change["action"]
            new = {name: pair["new"] for name, pair in change["attributes"].items()}
            if action == "create":
                assert entity_id not in states or entity_id in self.foreign, (
                    f"{entity_id} is listed as new and is not"
                )
                # What got no answer, and was found later, is there already.
                created = Fact(change["kind"], change["rootWorkspace"], 1, stored_attributes(new))
                states.setdefault(entity_id, created)
            elif action == "update":
                state = _updated(states[entity_id], change, new, at_once=at_once)
                source = states.get(state.get("source"), state)  # a reference lies where its source does
                states[entity_id] = state._replace(workspace=source.workspace)
            elif action == "delete":
                assert entity_id in states or entity_id in self.foreign, (
                    f"{entity_id} is listed as deleted and was not there"
                )
                if "note" in change and self.foreign and entity_id in now:
                    self.foreign.add(entity_id)  # it, or what it was taken along with, lies elsewhere by now
                else:
                    states.pop(entity_id, None)
        for entity_id in orphans(states):
            if entity_id not in known or entity_id in self.foreign:
                del states[entity_id]
                self.foreign.add(entity_id)
        return states

    def check(self, changes: list[Mapping[str, Any]], known: Collection[str], *, at_once: bool) -> None:
        """Compare Ardoq with what a report lists: neither more nor less has happened."""
        now = self.read()
        expected = self.expected(changes, known, now, at_once=at_once)
        assert {entity_id: _unversioned(state) for entity_id, state in now.items()} == {
            entity_id: _unversioned(state) for entity_id, state in expected.items()
        }
        updates = Counter(change["_id"] for change in changes if change["action"] == "update")
        for entity_id, state in now.items():
            before = self.states[entity_id].version if entity_id in self.states else 1
            written = state.version - before
            if at_once:
                assert written == updates[entity_id], f"{entity_id} was written {written} times"
            elif entity_id in self.states:
                assert (updates[entity_id] > 0) <= written <= updates[entity_id], (
                    f"{entity_id} was written {written} times"
                )
        self._enter(now)
        self.foreign -= {change["_id"] for change in changes if change["action"] != "delete"}

    def check_unconfirmed(
        self, changes: list[Mapping[str, Any]], known: Collection[str], excused: Collection[Any]
    ) -> None:
        """Do as `check` does, after unconfirmed writes.

        `excused` are the keys, and the ids, of what failed rows mean: Ardoq may have carried them out or not.
        """
        now = self.read()
        expected = self.expected(changes, known, now, at_once=False)
        differing = {
            entity_id
            for entity_id in now.keys() | expected.keys()
            if entity_id not in now
            or entity_id not in expected
            or _unversioned(now[entity_id]) != _unversioned(expected[entity_id])
        }
        for entity_id in differing:
            state = now.get(entity_id) or expected[entity_id]
            above = {state.get(end) for end in ("parent", "source", "target")} & differing
            excuse = {entity_id, state.key} & set(excused) or above
            assert excuse, f"{state} happened, or not, and no row is listed as failed for it"
        self._enter(now)
        self.foreign |= differing

    def holds(self, cache: Facts, workspaces: Collection[str]) -> None:
        """Hold a cache against what Ardoq held at the very versions that the cache has."""
        for entity_id, seen in cache.items():
            assert self.history.get((entity_id, seen.version)) == seen, (
                f"Ardoq never held {entity_id} as {seen}"
            )
            if entity_id not in self.foreign:
                assert self.states.get(entity_id) == seen, (
                    f"the cache is behind: {entity_id} is {self.states.get(entity_id)}"
                )
        for entity_id, state in self.states.items():
            if state.workspace in workspaces and entity_id not in self.foreign:
                assert entity_id in cache, f"{state} is not in the cache"


def _updated(state: Fact, change: Mapping[str, Any], new: Mapping[str, Any], *, at_once: bool) -> Fact:
    for name, pair in change["attributes"].items():
        assert stored_value(name, pair["old"]) == state.get(name), f"{name} was not {pair['old']!r}"
        assert stored_value(name, pair["new"]) != state.get(name), f"{name} was {pair['new']!r} already"
    if at_once:
        assert change["version"] == state.version
    return state._replace(
        version=state.version + 1, attributes=stored_attributes({**state.attributes, **new})
    )


def _unversioned(state: Fact) -> tuple[Any, ...]:
    return state.kind, state.workspace, state.attributes


def orphans(states: Facts) -> list[str]:
    """Return the ids of entities whose parent or ends are deleted."""
    orphaned: list[str] = []
    while True:
        left = {entity_id: state for entity_id, state in states.items() if entity_id not in orphaned}
        more = [
            entity_id
            for entity_id, state in left.items()
            if any(state.get(end) and state.get(end) not in left for end in ("parent", "source", "target"))
        ]
        if not more:
            return orphaned
        orphaned += more
