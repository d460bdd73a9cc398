"""Hold what the nightly job finds in Ardoq, and its source for each night."""

from typing import Any

MODEL = "5f00aa00bb00cc00dd00aa01"
APPS, HOSTS, SPARE = (f"5f00aa00bb00cc00dd00aa0{number}" for number in (2, 3, 4))

#: Two workspaces over one model, and little in them: "Web" is known, no source names "Left over".
ORGANISATION: dict[str, Any] = {
    "format": 1,
    "models": [
        {
            "_id": MODEL,
            "name": "Landscape",
            "root": {
                "p1": {"name": "Application", "children": {"p2": {"name": "Service"}}},
                "p3": {"name": "Server"},
            },
            "referenceTypes": {"1": {"name": "uses"}, "2": {"name": "runs on"}},
        }
    ],
    "fields": [
        {"label": "Cost", "type": "Number", "model": MODEL, "global": True},
        {"label": "Owner", "type": "Text", "model": MODEL, "global": True},
        {"label": "Code", "type": "Text", "model": MODEL, "global": True},
        {"label": "Since", "type": "DateTime", "model": MODEL, "global": True},
    ],
    "workspaces": [
        {"_id": APPS, "name": "Apps", "componentModel": MODEL},
        {"_id": HOSTS, "name": "Hosts", "componentModel": MODEL},
        {"_id": SPARE, "name": "Spare", "componentModel": MODEL},
    ],
    "components": [
        {
            "name": "Web",
            "typeId": "p1",
            "rootWorkspace": APPS,
            "customFields": {"owner": "Bob", "code": "A-1", "cost": 5},
        },
        {"name": "Left over", "typeId": "p1", "rootWorkspace": APPS, "customFields": {"code": "A-0"}},
    ],
}


def _component(
    name: str, kind: str, *, match: str | None = None, parent: str | None = None, **attributes: Any
):
    row = {"name": name, "kind": kind, "attributes": attributes}
    return row | ({"match": match} if match else {}) | ({"parent": parent} if parent else {})


def _reference(source: str, kind: str, target: str, **attributes: Any):
    return {"from": source, "type": kind, "to": target, "attributes": attributes}


FIRST: dict[str, Any] = {
    "components": [
        _component(
            "Web", "app", owner="Ann", code="A-1", description="The shop window", since="2024-05-01T12:00:00Z"
        ),
        _component("Web shop", "app", owner="Ann", code="A-2", cost=1200.5),
        _component("Till", "service", parent="Web shop", code="A-3", owner="Ærø 🚀"),
        _component("Ledger", "app", match="code", code="A-4", cost=0),
        _component("host-1", "host"),
        _component("host-2", "host", cost=7, since="2024-05-01"),
    ],
    "references": [
        _reference("Web", "uses", "Web shop", displayText="sells"),
        _reference("Web", "uses", "Till"),
        _reference("Till", "uses", "Ledger", description="books"),
        _reference("Web shop", "runs on", "host-1"),
        _reference("Ledger", "runs on", "host-2"),
    ],
    "updates": {},
    "reference updates": [],
    "deleted": [],
}

#: "Ledger" has another name, "host-2" is not named, "Bank" is new; values and a text differ.
CHANGED: dict[str, Any] = {
    "components": [
        _component("Web", "app", owner="Cat", code="A-1", description="The shop window"),
        _component("WEB SHOP", "app", owner="Ann", code="A-2", cost=1300),
        _component("Till", "service", parent="Web", code="A-3", owner="Ærø 🚀"),
        _component("General ledger", "app", match="code", code="A-4", cost=0),
        _component("Bank", "app", code="A-5"),
        _component("host-1", "host"),
    ],
    "references": [
        _reference("Web", "uses", "WEB SHOP", displayText="shows"),
        _reference("Web", "uses", "Till"),
        _reference("Till", "uses", "General ledger", description="books"),
        _reference("General ledger", "uses", "Bank"),
        _reference("WEB SHOP", "runs on", "host-1"),
    ],
    "updates": {"Till": {"description": "Said by its id"}},
    "reference updates": [
        {"from": "Till", "to": "General ledger", "attributes": {"displayText": "by its id"}}
    ],
    "deleted": [{"from": "Web", "to": "Till"}],
}

SETTLED: dict[str, Any] = {
    **CHANGED,
    "references": [row for row in CHANGED["references"] if (row["from"], row["to"]) != ("Web", "Till")],
    "updates": {},
    "reference updates": [],
    "deleted": [],
}
