"""Call everything that 0.8.4's ArdoqClient supports on API v1, as its scripts do.

python all_calls_v1.py URL TOKEN ORG
"""

import logging
import sys

from recorder import Story

from ardoqpy import ArdoqClient

TEMPLATE = "54d38789e4b0dcc89b8d8e13"
MODEL = {
    "name": "Shop landscape",
    "description": "What the shop runs on",
    "root": {
        "p1": {
            "id": "p1",
            "name": "Application",
            "index": 1,
            "level": 1,
            "returnsValue": False,
            "children": {"p2": {"id": "p2", "name": "Service", "index": 1, "level": 2, "children": {}}},
        },
        "p3": {"id": "p3", "name": "Server", "index": 2, "level": 1, "children": {}},
    },
    "referenceTypes": {
        "1": {"id": 1, "name": "depends on", "line": "solid", "lineEnding": "none"},
        "2": {"id": 2, "name": "Implicit", "line": "dashed", "lineEnding": "none"},
    },
}


def main(url, token, org):
    """Create, change and delete everything."""
    story = Story(ArdoqClient)
    story("the level of the root logger", logging.getLogger().level)
    ardoq = ArdoqClient(hosturl=f"{url}/", token=token, org=org)
    story("settings", [ardoq.version, ardoq.hosturl, ardoq.baseurl, ardoq.org])
    story("get_current_user", ardoq.get_current_user())
    ws, other = workspaces(story, ardoq)
    metamodel(story, ardoq, ws)
    components = components_of(story, ardoq, ws, other)
    references = references_of(story, ardoq, ws, other, components)
    tags(story, ardoq, ws, components, references)
    errors(story, url, token, ardoq, components)
    faults_of_the_predecessor(story, ardoq, ws, components)
    delete(story, ardoq, ws, other, components, references)
    story.end()


def workspaces(story, ardoq):
    """Create folders, a model, and workspaces from a template and with that model."""
    folder = story("create_folder", ardoq.create_folder({"name": "Landscape", "description": "All of it"}))
    story("create_model", ardoq.create_model(MODEL))
    models = story("get_models", ardoq.get_models())
    model_id = next(model["_id"] for model in models if model["name"] == MODEL["name"])
    ws = story(
        "create_workspace on a model",
        ardoq.create_workspace({"name": "Shop", "description": "The shop", "componentModel": model_id}),
    )
    views = ["blockdiagram", "componenttree", "reader"]
    other = story(
        "create_workspace from a template",
        ardoq.create_workspace(
            {
                "name": "Suppliers",
                "description": "Those we buy from",
                "componentTemplate": TEMPLATE,
                "folder": folder["_id"],
                "views": views,
            }
        ),
    )
    story("get_folder with one in it", ardoq.get_folder(folder_id=folder["_id"]))
    story("move_workspace", ardoq.move_workspace(folder_id=folder["_id"], ws_list=[ws["_id"]]))
    story("get_folder with both in it", ardoq.get_folder(folder["_id"]))
    story("get_workspaces", ardoq.get_workspaces())
    story("get_workspaces in short", ardoq.get_workspaces(summary=True))
    story("get_workspace", ardoq.get_workspace(ws_id=ws["_id"]))
    story("get_workspace while it is empty", ardoq.get_workspace(ws_id=ws["_id"], aggregated=True))
    return ws["_id"], other["_id"]


def metamodel(story, ardoq, ws):
    """Look up types by name, and create fields."""
    model = story("get_model of a workspace", ardoq.get_model(ws_id=ws))
    story("get_model by its id", ardoq.get_model(ws_id=ws, model_id=model["_id"]))
    for name in ("Server", "Service", "Nothing"):
        story(f"find_component_type {name}", ardoq.find_component_type(ws_id=ws, comptype_name=name))
    for name in ("depends on", "Nothing"):
        story(f"find_reference_type {name}", ardoq.find_reference_type(ws_id=ws, reftype_name=name))
    story.printed("print_model", ardoq.print_model, ws_id=ws)
    story.printed("pprint", ardoq.pprint, {"b": [1, "æ"], "a": None})
    everywhere = {"model": model["_id"], "global": True, "globalref": True, "description": ""}
    story(
        "create_field", ardoq.create_field({**everywhere, "label": "Cost", "name": "cost", "type": "Number"})
    )
    ardoq.create_field({**everywhere, "label": "Life phase", "type": "List", "defaultValue": "plan,live"})
    only = {"model": model["_id"], "global": False, "componentType": ["p3"], "label": "Owner", "type": "Text"}
    ardoq.create_field(only)
    fields = story("get_field", ardoq.get_field())
    story("get_field by its id", ardoq.get_field(field_id=fields[0]["_id"]))
    story.attempt("create_field again", ardoq.create_field, only)


def components_of(story, ardoq, ws, other):
    """Create components, search them by name and by field, and change them."""
    server_type = next(iter(ardoq.find_component_type(ws_id=ws, comptype_name="Server")))
    rows = {
        "shop": {
            "name": "Web shop",
            "typeId": "p1",
            "description": None,
            "cost": 1200.5,
            "life_phase": "live",
        },
        "till": {"name": "Till ærø 🚀", "typeId": "p2", "parent": "shop", "cost": 5},
        "shopping": {"name": "Shopping list", "typeId": "p1", "life_phase": "plan", "notDefined": "as it is"},
        "second list": {"name": "Shopping list", "typeId": "p2", "life_phase": "plan"},
        "host": {"name": "Host", "typeId": server_type, "owner": "Ann", "parent": None},
    }
    created = {}
    for handle, row in rows.items():
        above = {"parent": created[row["parent"]]["_id"]} if row.get("parent") else {}
        created[handle] = story(
            f"create_component {handle}", ardoq.create_component(comp={**row, **above, "rootWorkspace": ws})
        )
    supplier = {"name": "Supplier", "rootWorkspace": other}
    created["supplier"] = story("create_component without a type", ardoq.create_component(comp=supplier))
    shop = created["shop"]["_id"]
    story("get_component", ardoq.get_component(ws_id=ws, comp_id=shop))
    story("get_component of a workspace", ardoq.get_component(ws_id=ws))
    for name in ("Shop", "Shopping list", "Till ærø 🚀", "Nothing & nobody"):
        story(f"find_component {name}", ardoq.find_component(ws_id=ws, comp_name=name))
        story(f"find_component {name} exactly", ardoq.find_component(ws_id=ws, comp_name=name, exact=True))
    for field, value in {
        "life_phase": "live",
        "cost": 5,
        "notDefined": "as it is",
        "nobody": "knows",
    }.items():
        result = ardoq.find_component(ws_id=ws, field_name=field, field_value=value)
        story(f"find_component by {field}", result)
        result = ardoq.find_component(ws_id=ws, field_name=field, field_value=value, exact=True)
        story(f"find_component by {field} exactly", result)
    story(
        "find_component by name and field",
        ardoq.find_component(ws_id=ws, comp_name="Shop", field_name="life_phase", field_value="plan"),
    )
    comp = ardoq.get_component(comp_id=shop)
    comp.update(name="Web shop 2", description="A new description", cost=None, life_phase="plan")
    story("update_component", ardoq.update_component(comp_id=shop, comp=comp))
    story("get_component after its update", ardoq.get_component(comp_id=shop))
    return {handle: comp["_id"] for handle, comp in created.items()}


def references_of(story, ardoq, ws, other, components):
    """Create references within and out of a workspace, and change them."""
    depends = ardoq.find_reference_type(ws_id=ws, reftype_name="depends on")["id"]
    ends = {"rootWorkspace": ws, "source": components["shop"]}
    at_home = {**ends, "targetWorkspace": ws, "target": components["host"], "type": depends}
    abroad = {**ends, "targetWorkspace": other, "target": components["supplier"], "type": 2}
    first = {"order": 0, "returnValue": "", "description": "A new reference", **at_home}
    created = [
        story("create_reference", ardoq.create_reference(ref=first)),
        story(
            "create_reference to another workspace",
            ardoq.create_reference(ref={**abroad, "displayText": "buys", "life_phase": "live"}),
        ),
        story(
            "create_reference with little", ardoq.create_reference({**at_home, "source": components["till"]})
        ),
    ]
    story("get_reference", ardoq.get_reference(ws_id=ws, ref_id=created[0]["_id"]))
    story("get_reference of a workspace", ardoq.get_reference(ws_id=ws))
    story("get_reference of the other workspace", ardoq.get_reference(ws_id=other))
    known = {"_id": created[0]["_id"], "_version": created[0]["_version"]}
    first.update(known, description="Updated", type=2)
    story("update_reference by hand", ardoq.update_reference(ref_id=created[0]["_id"], ref=first))
    ref = ardoq.get_reference(ws_id=ws, ref_id=created[1]["_id"])
    ref["displayText"] = "buys from"
    story("update_reference", ardoq.update_reference(ref_id=ref["_id"], ref=ref))
    story(
        "get_component with its references",
        ardoq.get_component(ws_id=ws, comp_id=components["shop"], incl_refs=True),
    )
    story("get_workspace with all in it", ardoq.get_workspace(ws_id=ws, aggregated=True))
    story("get_workspace that is pointed into", ardoq.get_workspace(other, True))  # noqa: FBT003
    return [ref["_id"] for ref in created]


def tags(story, ardoq, ws, components, references):
    """Create tags or get them by name, and change them."""
    row = {"name": "core", "description": "", "rootWorkspace": ws, "components": [components["shop"]]}
    tag = story("create_tag", ardoq.create_tag(tag=row))
    story("create_tag again", ardoq.create_tag(tag={**row, "components": [components["host"]]}))
    old_tag = story("create_tag to be deleted", ardoq.create_tag({"name": "old", "rootWorkspace": ws}))
    tag.update(components=[components["shop"], components["till"]], references=references[:1])
    story("update_tag", ardoq.update_tag(tag_id=tag["_id"], tag=tag))
    story("get_tag", ardoq.get_tag(tag_id=tag["_id"]))
    story("get_tag of a workspace", ardoq.get_tag(ws_id=ws))
    story("del_tag", ardoq.del_tag(tag_id=old_tag["_id"]))
    story.attempt("update_tag of a version that is past", ardoq.update_tag, tag["_id"], tag)


def errors(story, url, token, ardoq, components):
    """Provoke errors, and read them as scripts do."""
    unknown_id = "0" * 24
    for kind, find in {
        "workspace": lambda: ardoq.get_workspace(ws_id=unknown_id),
        "workspace aggregated": lambda: ardoq.get_workspace(ws_id=unknown_id, aggregated=True),
        "component": lambda: ardoq.get_component(comp_id=unknown_id),
        "reference": lambda: ardoq.get_reference(ws_id=unknown_id, ref_id=unknown_id),
        "folder": lambda: ardoq.get_folder(folder_id=unknown_id),
        "tag": lambda: ardoq.get_tag(tag_id=unknown_id),
        "field": lambda: ardoq.get_field(field_id=unknown_id),
        "model": lambda: ardoq.get_model(ws_id=unknown_id, model_id=unknown_id),
    }.items():
        story.attempt(f"a {kind} that is not there", find)
    comp = ardoq.get_component(comp_id=components["host"])
    ardoq.update_component(comp_id=comp["_id"], comp={**comp, "owner": "Bob"})
    story.attempt("a component that has moved on", ardoq.update_component, comp["_id"], comp)
    bad = {"name": "Bad", "rootWorkspace": comp["rootWorkspace"], "typeId": "p9"}
    story.attempt("a type that is not there", ardoq.create_component, comp=bad)
    story.attempt("a token that is not known", ArdoqClient(url, f"not-{token}").get_workspaces)
    story.attempt("another organisation", ArdoqClient(url, token, "elsewhere").get_workspaces)
    story.attempt("a search for nothing", ardoq.find_component, ws_id=comp["rootWorkspace"])


def faults_of_the_predecessor(story, ardoq, ws, components):
    """Call what 0.8.4 could not do, or did in a way that this library does not keep."""
    story.attempt("get_model without an id", ardoq.get_model)
    story.attempt("get_folder without an id", ardoq.get_folder)
    story.attempt("create_component of nothing", ardoq.create_component)
    story.attempt("create_component of None", ardoq.create_component, None)
    story.attempt("get_workspace None", ardoq.get_workspace, None)
    host = components["host"]
    story.attempt("patch_component", ardoq.patch_component, host, payload={"description": "patched"})
    story.attempt("the workspace of the last get_model", lambda: ardoq.workspace["_id"])
    story("kept answers", [hasattr(ardoq, name) for name in ("workspaces", "workspace", "model")])


def delete(story, ardoq, ws, other, components, references):
    """Delete most entities."""
    story("del_reference", ardoq.del_reference(ref_id=references[2]))
    story.attempt("del_reference again", ardoq.del_reference, ref_id=references[2])
    story("del_component", ardoq.del_component(comp_id=components["host"]))
    story.attempt("its reference has gone, too", ardoq.get_reference, ws_id=ws, ref_id=references[0])
    story("what is left of the components", ardoq.get_component(ws_id=ws))
    story("del_workspace", ardoq.del_workspace(ws_id=other))
    story.attempt("the workspace has gone", ardoq.get_workspace, ws_id=other)
    story("what is left of the references", ardoq.get_reference(ws_id=ws))


if __name__ == "__main__":
    main(*sys.argv[1:])
