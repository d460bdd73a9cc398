"""Run documents without a run: as large, and with names as bad, as a test needs."""

from typing import Any

NOUN = {"create": "created", "update": "updated", "delete": "deleted"}
_TOTALS = ("created", "updated", "deleted", "unchanged", "missing", "failed")


def change(number: int, action: str = "update", kind: str = "component", **more) -> dict[str, Any]:
    """Return a change of a run document."""
    document = {
        "action": action,
        "kind": kind,
        "_id": f"id{number}",
        "name": f"Thing {number}",
        "type": "Application",
        "typeName": "Application",
        "rootWorkspace": "w1",
        "version": None if action == "create" else number,
        "attributes": {"cost": {"old": None if action == "create" else number, "new": number + 1}},
        "label": f"apps.csv line {number}",
        **more,
    }
    return document | ({"attributes": {}} if action == "delete" else {})


def missing(number: int, along: int = 0, **more) -> dict[str, Any]:
    """Return a missing component with so many references that would be deleted along."""
    listed = [
        {
            "kind": "reference",
            "name": f"A -> B{item}",
            "typeName": "uses",
            "rootWorkspace": "w1",
            "state": "named",
        }
        for item in range(min(along, 20))
    ]
    return {
        "kind": "component",
        "_id": f"id{number}",
        "name": f"Thing {number}",
        "type": "Application",
        "typeName": "Application",
        "rootWorkspace": "w1",
        "cascade": {"components": 0, "references": along, "listed": listed},
        **more,
    }


def failed(number: int, **more) -> dict[str, Any]:
    """Return a failed row of a run document."""
    return {
        "kind": "component",
        "_id": None,
        "name": f"Thing {number}",
        "type": "Application",
        "typeName": "Application",
        "rootWorkspace": "w1",
        "label": f"apps.csv line {number}",
        "reason": "cost is 'n/a': a field of numbers takes a number.",
        "row": {"name": f"Thing {number}", "cost": "n/a"},
        **more,
    }


def candidate(key: str, **more) -> dict[str, Any]:
    """Return what a run document has of an entity that a row matches beside others."""
    place = {"parent": None, "rootWorkspace": "w1", "workspace": "Applications"}
    return {"_id": key, "name": "Twins", "type": "Application", **place, **more}


#: An ambiguous match: two candidates have different parents, two differ in the id only.
TWINS = {
    "kind": "component",
    "name": "Twins",
    "used": "t1",
    "matches": ["t1", "t2", "t3", "t4"],
    "candidates": [
        candidate("t1", parent="Shop"),
        candidate("t2", parent="Till"),
        candidate("t3", type="Hub"),
        candidate("t4", type="Hub"),
    ],
}


def graph(nodes: int, types: int = 5, links: int = 1) -> dict[str, Any]:
    """Return a graph of so many components of so many types, each with so many references to others."""
    states = ("created", "updated", "deleted", "missing", "failed", "unchanged")
    document = [
        {
            "id": f"n{number:05}",
            "name": f"Node {number}",
            "type": f"Type {number % types}",
            "workspace": "w1",
            "state": states[number % len(states)],
        }
        for number in range(nodes)
    ]
    edges = [
        {
            "source": f"n{number:05}",
            "target": f"n{(number * 7 + step) % nodes:05}",
            "type": "uses",
            "number": 2,
            "state": "created" if number % 4 == 0 else "unchanged",
        }
        for number in range(nodes)
        for step in range(1, links + 1)
    ]
    return {"nodes": document, "edges": edges, "totals": {"nodes": len(document), "edges": len(edges)}}


def run_document(**parts) -> dict[str, Any]:
    """Return a run document with these parts, and totals that fit them."""
    document = {
        "kind": "ardoqpy run document",
        "format": 1,
        "title": "Nightly sync",
        "origin": {
            "at": "2026-11-22T01:30:00Z",
            "by": "ardoqpy 1.0.0",
            "api": "v2",
            "host": "https://example.ardoq.com",
            "org": "example",
            "simulated": True,
        },
        "status": "success",
        "description": "",
        "changes": [],
        "failed": [],
        "ambiguous": [],
        "conflicts": [],
        "edits": [],
        "not_undone": [],
        "notes": [],
        "not_converging": [],
        "missing": [],
        "not_deleted": [],
        "skipped": [],
        "not_owned": {},
        "delete_guard": None,
        "workspaces": {"w1": "Applications", "w2": "Machines"},
        "names": {},
        "sources": [],
        "graph": {"nodes": [], "edges": [], "totals": {"nodes": 0, "edges": 0}},
        **parts,
    }
    totals = {kind: dict.fromkeys(_TOTALS, 0) for kind in ("component", "reference")}
    for item in document["changes"]:
        totals[item["kind"]][NOUN[item["action"]]] += 1
    for key in ("missing", "failed"):
        for element in document[key]:
            totals[element["kind"]][key] += 1
    return {**document, "totals": totals}


def full_document(**parts) -> dict[str, Any]:
    """Return a run document in which every part has an entry."""
    ends = {"source": {"old": None, "new": "id1"}, "target": {"old": None, "new": "id2"}}
    hub = {"kind": "component", "_id": "id7", "name": "Old hub", "type": "Hub", "typeName": "Hub"}
    along = [{"kind": "reference", "name": "Shop -> Old hub", "typeName": "uses", "rootWorkspace": "w1"}]
    would = {
        **hub,
        "rootWorkspace": "w2",
        "children": 3,
        "references": 2,
        "cascade": along,
        "cascade_total": 5,
    }
    arguments = {
        "status": "failure",
        "description": "1 row(s) failed; the first: cost is 'n/a'.",
        "changes": [
            change(1, "create", name="Shop", attributes={"name": {"old": None, "new": "Shop"}}),
            change(2, name="Till", attributes={"lifecycle": {"old": "Active", "new": "Retired"}}),
            change(3, "create", "reference", name="Shop -> Till", type=2, typeName="uses", attributes=ends),
            change(4, "delete", name="Fax", type="Hub", typeName="Hub", rootWorkspace="w2"),
        ],
        "failed": [failed(5, name="Bad row")],
        "missing": [missing(6, along=25, name="Lost one")],
        "not_deleted": [
            {**hub, "name": "Kept one", "rootWorkspace": "w2", "reason": "It was changed by Ada."}
        ],
        "ambiguous": [{"kind": "component", "name": "Twins", "used": "t1", "matches": ["t1", "t2"]}],
        "conflicts": [
            {
                "kind": "component",
                "_id": "id2",
                "name": "Till",
                "attribute": "owner",
                "first": "Ann",
                "last": "Bob",
                "first_label": "apps.csv line 2",
                "last_label": "apps.csv line 7",
            }
        ],
        "skipped": [
            {
                "kind": "component",
                "name": "Kiosk",
                "label": "apps.csv line 8",
                "reason": "No component has it.",
            }
        ],
        "not_owned": {"Hub": 12},
        "not_converging": [
            {
                "kind": "component",
                "_id": "s",
                "name": "Hub 9",
                "attribute": "score",
                "stored": 7,
                "wanted": 9,
            }
        ],
        "delete_guard": {
            "sentence": "The delete guard blocked the deleting or marking of 1 entity.",
            "reasons": [
                {"bound": "share", "sentence": "1 of the 2 hubs would be deleted.", "allow": "share=0.5"},
                {"bound": "source", "sentence": "The source is empty.", "allow": None},
            ],
            "would_delete": [would],
        },
        "names": {"id1": "Shop", "id2": "Till"},
        "sources": [{"name": "apps.csv", "rows": 1240, "skipped": 3, "failed": 1}],
        "graph": graph(24, 4),
    }
    return run_document(**{**arguments, **parts})


#: An attribute that somebody has edited, and a component that an undo leaves as it is.
EDITS = [
    {
        "kind": "component",
        "_id": "id2",
        "name": "Till",
        "type": "Application",
        "rootWorkspace": "w1",
        "attribute": "owner",
        "base": "Ann",
        "ardoq": "Cleo",
        "source": "Bob",
        "conflict": True,
        "outcome": "overwritten",
        "who": "Ada",
        "when": "2026-11-21T08:00:00Z",
        "own": False,
        "label": "apps.csv line 2",
    }
]
NOT_UNDONE = [
    {
        "kind": "component",
        "_id": "id8",
        "name": "Desk",
        "type": "Application",
        "rootWorkspace": "w1",
        "attribute": None,
        "reason": "It was edited after the run.",
        "who": "Ada",
        "when": "2026-11-21T08:00:00Z",
    }
]
