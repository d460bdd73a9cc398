"""The picture of a run as data: what it changes, and what stands directly beside that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.cache import Cache
    from ardoqpy_sync.reporting.type_names import TypeNames

__all__ = ["graph_of"]

#: So many of each are told; of more, how many there are.
NODES, EDGES = 10_000, 20_000
#: What an edge to a component's parent is called: Ardoq has no type for that.
PARENT = "parent"
_STATE_OF = {"create": "created", "update": "updated", "delete": "deleted"}
_UNCHANGED = "unchanged"


def graph_of(
    cache: Cache,
    gone: Mapping[str, Entity],
    changes: Sequence[Mapping[str, Any]],
    failed: Sequence[Mapping[str, Any]],
    missing: Sequence[Mapping[str, Any]],
    names: TypeNames,
) -> dict[str, Any]:
    """Return what changes, fails or is missing, with its direct neighbours among what is loaded.

    `gone` is what the run has deleted, by id, as it was. Returned are

    - `nodes`: components, each with `id`, `name`, `type`, `workspace` and `state`: `created`, `updated`,
      `deleted`, `missing`, `failed`, or `unchanged` for a neighbour.
    - `edges`: references, and `parent` from a component to the one above it, each with `source`, `target`,
      `type` (a name), `state` and, of a reference, its `number`.
    - `totals`: how many `nodes` and `edges` there are. At most 10,000 and 20,000 are listed: what
      changes first, in the order of the run, then its neighbours in Ardoq's order.
    """
    picture = _Picture(cache, gone, names)
    for change in changes:
        picture.changed(change["kind"], change, _STATE_OF[change["action"]])
    for row in failed:
        picture.changed(row["kind"], row, "failed")
    for one in missing:
        picture.changed(one["kind"], one, "missing")
    picture.join()
    picture.look_around()
    return picture.as_dict()


class _Picture:
    """Nodes by id and edges by what makes each one, in the order in which they are met."""

    def __init__(self, cache: Cache, gone: Mapping[str, Entity], names: TypeNames) -> None:
        self._cache = cache
        self._gone = gone
        self._names = names
        self._nodes: dict[str, dict[str, Any]] = {}
        self._edges: dict[Any, dict[str, Any]] = {}
        self._references: dict[str, tuple[Mapping[str, Any], str]] = {}
        self._moved: set[str] = set()

    def changed(self, kind: str, told: Mapping[str, Any], state: str) -> None:
        """Take in what has become of one thing; of several things told of one, the weightiest counts."""
        entity_id = told.get("_id") or f"failed {len(self._nodes) + len(self._references)}"
        if kind == "reference":
            _, before = self._references.get(entity_id, (None, None))
            self._references[entity_id] = told, _weightier(before, state)
            return
        earlier = self._nodes.get(entity_id, {"state": None})
        node = {
            "id": entity_id,
            "name": str(told.get("name") or "without a name"),
            "type": told["typeName"],
            "workspace": told.get("rootWorkspace"),
            "state": _weightier(earlier["state"], state),
        }
        self._nodes[entity_id] = node
        if "parent" in told.get("attributes", ()):
            self._moved.add(entity_id)

    def join(self) -> None:
        """Draw the references that change, with their ends."""
        for ref_id, (told, state) in self._references.items():
            ends = self._ends(ref_id, told)
            if ends is not None:
                for end in ends:
                    self._beside(end)
                self._edge(ref_id, ends, told["typeName"], told.get("type"), state)

    def look_around(self) -> None:
        """Draw what stands beside each component that changes: above it, below it, at its references."""
        for comp_id in [key for key, node in self._nodes.items() if node["state"] != _UNCHANGED]:
            found = self._cache.get("component", comp_id)
            comp = found.entity if found else self._gone.get(comp_id)
            if comp and comp.get("parent"):
                self._below(comp_id, comp["parent"])
            for kind, ws_id, entity in self._cache.touching(comp_id):
                if kind == "component":
                    self._below(entity["_id"], comp_id)
                elif entity["_id"] not in self._references:
                    ends = entity["source"], entity["target"]
                    for end in ends:
                        self._beside(end)
                    name = self._names.of("reference", ws_id, entity.get("type"))
                    self._edge(entity["_id"], ends, name, entity.get("type"), _UNCHANGED)

    def as_dict(self) -> dict[str, Any]:
        """Return the picture as plain data, what changes first, and no more than fits."""
        nodes = _changed_first(self._nodes.values())[:NODES]
        shown = {node["id"] for node in nodes}
        edges = [
            edge
            for edge in _changed_first(self._edges.values())
            if edge["source"] in shown and edge["target"] in shown
        ]
        totals = {"nodes": len(self._nodes), "edges": len(self._edges)}
        return {"nodes": nodes, "edges": edges[:EDGES], "totals": totals}

    def _ends(self, ref_id: str, told: Mapping[str, Any]) -> tuple[str, str] | None:
        found = self._cache.get("reference", ref_id)
        for known in (found.entity if found else None, self._gone.get(ref_id), told, told.get("row")):
            if known and isinstance(known.get("source"), str) and isinstance(known.get("target"), str):
                return known["source"], known["target"]
        return None

    def _beside(self, comp_id: str) -> None:
        if comp_id not in self._nodes:
            found = self._cache.get("component", comp_id)
            comp = found.entity if found else self._gone.get(comp_id, {})
            self._nodes[comp_id] = {
                "id": comp_id,
                "name": str(comp.get("name") or comp_id),
                "type": str(comp.get("type") or "not loaded"),
                "workspace": found.workspace if found else comp.get("rootWorkspace"),
                "state": _UNCHANGED,
            }

    def _below(self, comp_id: str, parent: str) -> None:
        for one in (comp_id, parent):
            self._beside(one)
        states = self._nodes[comp_id]["state"], self._nodes[parent]["state"]
        if states[0] in ("created", "deleted", "missing"):
            state = states[0]
        else:
            state = "updated" if comp_id in self._moved else _UNCHANGED
        self._edge((comp_id, parent), (comp_id, parent), PARENT, None, state)

    def _edge(self, key: Any, ends: tuple[str, str], name: str, number: Any, state: str) -> None:
        edge = {"source": ends[0], "target": ends[1], "type": name, "state": state}
        if number is not None:
            edge["number"] = number
        self._edges.setdefault(key, edge)


#: What is told of a thing when a run has done several things to it: what comes first here.
_WEIGHT = ("deleted", "failed", "created", "updated", "missing", _UNCHANGED)


def _weightier(before: str | None, now: str) -> str:
    return now if before is None else min(before, now, key=_WEIGHT.index)


def _changed_first(things: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(things, key=lambda thing: thing["state"] == _UNCHANGED)
