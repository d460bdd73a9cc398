"""The seed of the emulator, and functions that read what it stores."""

APPS, SERVERS, MODEL = "a" * 24, "b" * 24, "c" * 24
WAYS = {"v1": {"version": "v1"}, "v2": {"version": "v2"}, "batched": {"version": "v2", "batch": True}}


def field(name, label, kind, **more):
    """Return a field definition for a seed."""
    return {"_id": name.ljust(24, "f"), "name": name, "label": label, "type": kind, "model": MODEL, **more}


def component(comp_id, name, ws=APPS, kind="p1", **more):
    """Return a component for a seed."""
    custom = {key: more.pop(key) for key in ("cmdb_id", "cost", "lifecycle", "critical") if key in more}
    comp = {"_id": comp_id, "name": name, "rootWorkspace": ws, "typeId": kind, **more}
    return comp | ({"customFields": custom} if custom else {})


SEED = {
    "format": 1,
    "models": [
        {
            "_id": MODEL,
            "name": "Applications and servers",
            "root": {"p1": {"name": "Application"}, "p2": {"name": "Server"}},
            "referenceTypes": {"1": {"id": 1, "name": "depends on"}, "2": {"id": 2, "name": "runs on"}},
        }
    ],
    "workspaces": [
        {"_id": APPS, "name": "Apps", "componentModel": MODEL},
        {"_id": SERVERS, "name": "Servers", "componentModel": MODEL},
    ],
    "fields": [
        field("cmdb_id", "CMDB id", "Text"),
        field("lifecycle", "Lifecycle", "List", defaultValue="Live,Planned,Retired"),
        field("cost", "Yearly cost", "Number"),
        field("critical", "Critical", "Checkbox"),
    ],
}


def stored(server, ws=APPS):
    """Return the stored components of a workspace by name."""
    components = [comp for comp in server.dump()["components"] if comp["rootWorkspace"] == ws]
    return {comp["name"]: comp | comp.get("customFields", {}) for comp in components}


def stored_references(server):
    """Return the stored references as (source name, target name, type)."""
    dump = server.dump()
    names = {comp["_id"]: comp["name"] for comp in dump["components"]}
    return sorted((names[ref["source"]], names[ref["target"]], ref["type"]) for ref in dump["references"])


def writes(server):
    """Return the requests that write."""
    return [request for request in server.requests if request.method != "GET"]
