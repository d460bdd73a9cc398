"""A small organisation with some of everything, and the names and ids of the examples in help pages."""

APPS, SERVERS = "5f00aa00bb00cc00dd00ee20", "5f00aa00bb00cc00dd00ee21"
SHOP = "5f00aa00bb00cc00dd00ee10"
MODEL, FOLDER, REPORT = "5f00aa00bb00cc00dd00ee30", "5f00aa00bb00cc00dd00ee31", "5f00aa00bb00cc00dd00ee40"
FIELD, TAG, ATTACHMENT = "5f00aa00bb00cc00dd00ee50", "5f00aa00bb00cc00dd00ee60", "5f00aa00bb00cc00dd00ee70"
TO_ORDERS, TO_SERVER = "5f00aa00bb00cc00dd00ee80", "5f00aa00bb00cc00dd00ee81"

#: Control characters: an escape, its eight-bit form, a bell, a bidirectional control, a line break.
NASTY = "Evil\x1b[31m\x9b2J\x07\u202e\nline"


def _component(number, name, type_id="p1", ws_id=APPS, **more):
    custom = {"lifecycle": "Active" if number % 2 else "Phased out", "users": number * 100}
    given = {"_id": f"5f00aa00bb00cc00dd00ee{number:02x}", "name": name, "typeId": type_id}
    return {**given, "rootWorkspace": ws_id, "customFields": custom, **more}


SEED = {
    "format": 1,
    "models": [
        {
            "_id": MODEL,
            "name": "Applications",
            "root": {
                "p1": {"name": "Application", "color": "#123456", "children": {"p2": {"name": "Module"}}},
                "p3": {"name": "Server"},
            },
            "referenceTypes": {"1": {"name": "depends on"}, "2": {"name": "runs on"}},
        }
    ],
    "fields": [
        {
            "_id": FIELD,
            "label": "Lifecycle",
            "name": "lifecycle",
            "type": "List",
            "model": MODEL,
            "global": True,
            "defaultValue": "Active,Phased out",
        },
        {"label": "Users", "name": "users", "type": "Number", "model": MODEL, "componentType": ["p1"]},
        {"label": "Protocol", "name": "protocol", "type": "Text", "model": MODEL, "globalref": True},
        {
            "label": "Score",
            "name": "score",
            "type": "Number",
            "model": MODEL,
            "global": True,
            "calculatedFieldSettings": {"storedQueryId": "q"},
        },
    ],
    "folders": [{"_id": FOLDER, "name": "Architecture", "description": "What we have"}],
    "workspaces": [
        {"_id": APPS, "name": "Apps", "componentModel": MODEL, "folder": FOLDER, "views": ["reader"]},
        {"_id": SERVERS, "name": "Servers", "componentModel": MODEL, "description": "In the cellar"},
    ],
    "components": [
        _component(0x10, "Web shop", description="Sells"),
        _component(0x11, "Orders", isPublic=True),
        _component(0x12, "Basket", "p2", parent=SHOP),
        _component(0x13, "Till", "p2", parent=SHOP),
        _component(0x14, NASTY),
        _component(0x15, "=cmd|' /C calc'!A0", description="-2+3"),
        _component(0x16, "Zoë 東京"),
        _component(0x17, "web-1", "p3", SERVERS),
    ],
    "references": [
        {
            "_id": TO_ORDERS,
            "source": SHOP,
            "target": "5f00aa00bb00cc00dd00ee11",
            "type": 1,
            "order": 3,
            "displayText": "places",
            "customFields": {"protocol": "https"},
        },
        {"_id": TO_SERVER, "source": SHOP, "target": "5f00aa00bb00cc00dd00ee17", "type": 2},
        {"source": "5f00aa00bb00cc00dd00ee17", "target": "5f00aa00bb00cc00dd00ee11", "type": 1},
    ],
    "tags": [
        {"_id": TAG, "name": "late", "rootWorkspace": APPS, "components": [SHOP], "references": [TO_SERVER]}
    ],
    "attachments": [
        {
            "_id": ATTACHMENT,
            "resourceId": APPS,
            "filename": "plan.txt",
            "contentType": "text/plain",
            "content": "cGxhbg==",
        },
        {"resourceId": "acme", "resourceType": "org", "filename": "logo.svg", "content": "PHN2Zz4="},
    ],
    "branches": [{"name": "Plan B", "origin": APPS, "workspace": SERVERS}],
    "reports": [
        {
            "_id": REPORT,
            "name": "All applications",
            "query": {"rootWorkspace": APPS},
            "columns": [
                {"key": "name", "label": "Name"},
                {"key": "lifecycle", "label": "State"},
                {"key": "users", "label": "State"},
            ],
        }
    ],
}
