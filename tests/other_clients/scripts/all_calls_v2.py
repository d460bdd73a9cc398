"""Call everything that 0.8.4's ArdoqClient supports on API v2, on data that v1 has created.

python all_calls_v2.py URL TOKEN
"""

import sys

from recorder import Story

from ardoqpy import ArdoqClient

MODEL = {
    "name": "Landscape",
    "root": {
        "p1": {
            "id": "p1",
            "name": "Application",
            "index": 1,
            "level": 1,
            "children": {"p2": {"id": "p2", "name": "Service", "index": 1, "level": 2, "children": {}}},
        }
    },
    "referenceTypes": {"1": {"id": 1, "name": "depends on"}, "2": {"id": 2, "name": "Implicit"}},
}


def main(url, token):
    """Create by v1, read and patch by v2."""
    story = Story(ArdoqClient)
    ws, other, components, references = created(ArdoqClient(hosturl=url, token=token))
    ardoq = ArdoqClient(hosturl=url, token=token, version="v2")
    story("settings", [ardoq.version, ardoq.baseurl])
    story("get_current_user", ardoq.get_current_user())
    story("get_workspaces", ardoq.get_workspaces())
    story("get_workspace", ardoq.get_workspace(ws_id=ws))
    story("get_model", ardoq.get_model(ws_id=ws))
    for name in ("Application", "Service", "Nothing"):
        story(f"find_component_type {name}", ardoq.find_component_type(ws_id=ws, comptype_name=name))
    web, till = components[:2]
    story("get_component", ardoq.get_component(comp_id=web))
    story("get_component of a workspace and an id", ardoq.get_component(ws_id=ws, comp_id=till))
    story("get_component of a workspace", ardoq.get_component(ws_id=ws))
    story("get_component of the other workspace", ardoq.get_component(ws_id=other))
    for params in (
        {"name": "Till ærø 🚀"},
        {"rootWorkspace": ws, "typeId": "p1"},
        {"customFields.cost": 5},
        {"rootWorkspace": ws, "customFields.life_phase": "live"},
        {"parent": web},
        {"componentKey": "SHO-1"},
        {"name": "Nobody"},
    ):
        story(f"get_component by {params}", ardoq.get_component(params=params))
    story("get_reference", ardoq.get_reference(ws_id=ws, ref_id=references[0]))
    story("get_reference of a workspace", ardoq.get_reference(ws_id=ws))
    for params in ({"type": 2, "rootWorkspace": ws}, {"source": web, "target": till}):
        story(f"get_reference by {params}", ardoq.get_reference(ws_id=ws, params=params))
    story("patch_component", ardoq.patch_component(comp_id=web, payload={"description": "Patched"}))
    more = {"name": "Web shop 2", "customFields": {"cost": 7.5}}
    story("patch_component of a version", ardoq.patch_component(web, 2, more))
    story("patch_component clears", ardoq.patch_component(till, payload={"customFields": {"cost": None}}))
    story.attempt("patch_component of a version that is past", ardoq.patch_component, web, 2, more)
    unknown_id = "0" * 24
    story.attempt("a component that is not there", ardoq.get_component, comp_id=unknown_id)
    story.attempt("a reference that is not there", ardoq.get_reference, ws_id=ws, ref_id=unknown_id)
    story.attempt("a workspace that is not there", ardoq.get_workspace, ws_id=unknown_id)
    wrong = ArdoqClient(hosturl=url, token=f"not-{token}", version="v2")
    story.attempt("a token that is not known", wrong.get_current_user)
    faults_of_the_predecessor(story, ardoq, ws, other, components)
    story.end()


def created(ardoq):
    """Create, by v1, two workspaces with more entities than fit on a page."""
    ardoq.create_model(MODEL)
    model = next(model["_id"] for model in ardoq.get_models() if model["name"] == MODEL["name"])
    field = {"model": model, "global": True}
    ardoq.create_field({**field, "label": "Cost", "type": "Number"})
    ardoq.create_field({**field, "label": "Life phase", "type": "List", "defaultValue": "plan,live"})
    ws, other = (
        ardoq.create_workspace({"name": name, "componentModel": model})["_id"] for name in ("Shop", "Other")
    )
    at_home = {"rootWorkspace": ws, "typeId": "p1"}
    web = ardoq.create_component({**at_home, "name": "Web shop", "cost": 5})["_id"]
    rows = [
        {**at_home, "name": "Till ærø 🚀", "typeId": "p2", "parent": web, "cost": 5},
        *({**at_home, "name": f"App {number}", "life_phase": "live"} for number in range(6)),
        {**at_home, "name": "Supplier", "rootWorkspace": other},
    ]
    components = [web, *(ardoq.create_component(row)["_id"] for row in rows)]
    references = [
        ardoq.create_reference({"source": web, "target": target, "type": 1, "displayText": "uses"})["_id"]
        for target in components[1:-1]
    ]
    out = {"source": components[-1], "target": web, "type": 2}
    references.append(ardoq.create_reference(out)["_id"])
    return ws, other, components, references


def faults_of_the_predecessor(story, ardoq, ws, other, components):
    """Call what 0.8.4 could not do on v2, or did in a way that this library does not keep."""
    story.attempt("find_reference_type", ardoq.find_reference_type, ws_id=ws, reftype_name="depends on")
    story.attempt("find_component", ardoq.find_component, ws_id=ws, comp_name="Web shop 2")
    new = {"rootWorkspace": other, "typeId": "p1", "name": "New"}
    story.attempt("create_component", ardoq.create_component, comp=new)
    story.attempt("get_models", ardoq.get_models)
    story.attempt("get_workspaces in short", ardoq.get_workspaces, summary=True)
    story.attempt("get_workspace with all in it", ardoq.get_workspace, ws_id=other, aggregated=True)
    arriving = {"target": components[0]}
    story.attempt("get_reference into a workspace", ardoq.get_reference, ws_id=ws, params=arriving)
    story.attempt("get_reference without a workspace", ardoq.get_reference, params=arriving)
    read_only = {"typeId": "p2", "description": "With its type"}
    story.attempt(
        "patch_component with what cannot be changed", ardoq.patch_component, components[2], payload=read_only
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
