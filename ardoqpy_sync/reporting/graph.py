"""The graph of a run as data: what changes, with its direct neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.cache import Cache
    from ardoqpy_sync.documents import (
        DocumentChange,
        DocumentFailedRow,
        Graph,
        GraphEdge,
        GraphNode,
        MissingEntry,
        State,
    )
    from ardoqpy_sync.reporting.type_names import TypeNames

#: At most so many nodes and edges are listed; all are counted.
MAX_NODES, MAX_EDGES = 10_000, 20_000
#: The type of an edge to a component's parent, which has none in Ardoq.
PARENT = "parent"
_STATES: dict[str, State] = {"create": "created", "update": "updated", "delete": "deleted"}
#: The state of an entity with which a run did several things is the first of these.
_PRECEDENCE: tuple[State, ...] = ("deleted", "failed", "created", "updated", "missing", "unchanged")
_NodeOrEdge = TypeVar("_NodeOrEdge", "GraphNode", "GraphEdge")


def build_graph(
    cache: Cache,
    deleted: Mapping[str, Entity],
    changes: Sequence[DocumentChange],
    failed: Sequence[DocumentFailedRow],
    missing: Sequence[MissingEntry],
    names: TypeNames,
) -> Graph:
    """Return what changes, fails or is missing, with its direct neighbours among the loaded entities.

    `deleted` holds by id what the run deleted, as it was. The graph has

    - `nodes`: components, each with `id`, `name`, `type`, `workspace` and `state`: `created`, `updated`,
      `deleted`, `missing`, `failed`, or `unchanged` for a neighbour.
    - `edges`: references, and `parent` from a component to its parent, each with `source`, `target`,
      `type` (a name), `state` and, for a reference, the `number` of its type.
    - `totals`: the number of `nodes` and `edges`. At most 10,000 and 20,000 are listed: first what changes,
      in the order of the run, then its neighbours in Ardoq's order.
    """
    graph = _GraphBuilder(cache, deleted, names)
    for change in changes:
        graph.add(change["kind"], change, _STATES[change["action"]])
    for row in failed:
        graph.add(row["kind"], row, "failed")
    for entry in missing:
        graph.add(entry["kind"], entry, "missing")
    graph.add_references()
    graph.add_neighbours()
    return graph.as_data()


class _GraphBuilder:
    """Collect nodes by id and edges by a key, in the order in which they come."""

    def __init__(self, cache: Cache, deleted: Mapping[str, Entity], names: TypeNames) -> None:
        self._cache = cache
        self._deleted = deleted
        self._names = names
        self._nodes: dict[str, GraphNode] = {}
        self._edges: dict[Hashable, GraphEdge] = {}
        self._references: dict[str, tuple[Mapping[str, Any], State]] = {}
        self._reparented: set[str] = set()
        self._by_name: dict[tuple[Any, Any, Any], list[str]] | None = None

    def add(self, kind: str, entry: Mapping[str, Any], state: State) -> None:
        """Add a component with its state, or keep a reference for `add_references`."""
        entity_id = entry.get("_id") or self._find(kind, entry)
        if kind == "reference":
            earlier = self._references.get(entity_id)
            self._references[entity_id] = entry, _first_state(earlier[1] if earlier else state, state)
            return
        node = self._nodes.get(entity_id)
        self._nodes[entity_id] = {
            "id": entity_id,
            "name": str(entry.get("name") or "without a name"),
            "type": entry["typeName"],
            "workspace": entry.get("rootWorkspace"),
            "state": _first_state(node["state"] if node else state, state),
        }
        if "parent" in entry.get("attributes", ()):
            self._reparented.add(entity_id)

    def _find(self, kind: str, entry: Mapping[str, Any]) -> str:
        """Return the id of the one component that a failed row names, or a new id."""
        if kind == "component" and self._by_name is None:
            self._by_name = {}
            for ws_id, index in self._cache.indexes("component"):
                for component in index:
                    self._by_name.setdefault(
                        (ws_id, component.get("type"), component.get("name")), []
                    ).append(component["_id"])
        key = entry.get("rootWorkspace"), entry["typeName"], entry.get("name")
        named = (self._by_name or {}).get(key, []) if kind == "component" else []
        return named[0] if len(named) == 1 else f"failed {len(self._nodes) + len(self._references)}"

    def add_references(self) -> None:
        """Add an edge for each reference that changes, with the nodes at its ends."""
        for ref_id, (entry, state) in self._references.items():
            ends = self._ends(ref_id, entry)
            if ends is not None:
                self._add_edge(ref_id, ends, entry["typeName"], entry.get("type"), state)

    def add_neighbours(self) -> None:
        """Add the parent, the children and the references of each component that changes."""
        for comp_id in [key for key, node in self._nodes.items() if node["state"] != "unchanged"]:
            cached = self._cache.get("component", comp_id)
            component = cached.entity if cached else self._deleted.get(comp_id)
            if component and component.get("parent"):
                self._add_parent(comp_id, component["parent"])
            for kind, ws_id, entity in self._cache.touching(comp_id):
                if kind == "component":
                    self._add_parent(entity["_id"], comp_id)
                elif entity["_id"] not in self._references:
                    ends = entity["source"], entity["target"]
                    name = self._names.of("reference", ws_id, entity.get("type"))
                    self._add_edge(entity["_id"], ends, name, entity.get("type"), "unchanged")

    def as_data(self) -> Graph:
        """Return the graph as plain data, what changes first, up to the maximum."""
        nodes = _changed_first(self._nodes.values())[:MAX_NODES]
        listed = {node["id"] for node in nodes}
        edges = [
            edge
            for edge in _changed_first(self._edges.values())
            if edge["source"] in listed and edge["target"] in listed
        ]
        totals: Any = {"nodes": len(self._nodes), "edges": len(self._edges)}
        return {"nodes": nodes, "edges": edges[:MAX_EDGES], "totals": totals}

    def _ends(self, ref_id: str, entry: Mapping[str, Any]) -> tuple[str, str] | None:
        cached = self._cache.get("reference", ref_id)
        for known in (cached.entity if cached else None, self._deleted.get(ref_id), entry, entry.get("row")):
            if known and isinstance(known.get("source"), str) and isinstance(known.get("target"), str):
                return known["source"], known["target"]
        return None

    def _add_neighbour(self, comp_id: str) -> None:
        if comp_id not in self._nodes:
            cached = self._cache.get("component", comp_id)
            component = cached.entity if cached else self._deleted.get(comp_id, {})
            self._nodes[comp_id] = {
                "id": comp_id,
                "name": str(component.get("name") or comp_id),
                "type": str(component.get("type") or "not loaded"),
                "workspace": cached.workspace if cached else component.get("rootWorkspace"),
                "state": "unchanged",
            }

    def _add_parent(self, comp_id: str, parent: str) -> None:
        state = self._nodes[comp_id]["state"] if comp_id in self._nodes else "unchanged"
        if state not in ("created", "deleted", "missing"):
            state = "updated" if comp_id in self._reparented else "unchanged"
        self._add_edge((comp_id, parent), (comp_id, parent), PARENT, None, state)

    def _add_edge(self, key: Hashable, ends: tuple[str, str], name: str, number: Any, state: State) -> None:
        for end in ends:
            self._add_neighbour(end)
        edge: GraphEdge = {"source": ends[0], "target": ends[1], "type": name, "state": state}
        if number is not None:
            edge["number"] = number
        self._edges.setdefault(key, edge)


def _first_state(earlier: State, state: State) -> State:
    return min(earlier, state, key=_PRECEDENCE.index)


def _changed_first(entries: Iterable[_NodeOrEdge]) -> list[_NodeOrEdge]:
    return sorted(entries, key=lambda entry: entry["state"] == "unchanged")
