"""Every endpoint of API v1 and v2 that is known, and the flat method that calls it.

Said here independently of the client and of the emulator: `test_endpoints.py` holds both against it, and
`docs/make_endpoints.py` makes the page for readers, `docs/endpoints.md`, out of it.
"""

import io

ID = "5f00aa00bb00cc00dd00ee10"
MODEL_ID, COMPONENT_ID = "5f00aa00bb00cc00dd00ee11", "5f00aa00bb00cc00dd00ee12"
COMPONENT = {"name": "Web shop", "rootWorkspace": ID}
REFERENCE = {"source": ID, "target": ID, "type": 2}
FIELD = {"label": "Cost", "model": ID}

#: (verb, path below /api/, the call), where {} stands for one segment that the caller fills.
V1 = [
    ("GET", "workspace", lambda c: c.get_workspaces()),
    ("GET", "workspace", lambda c: list(c.iter_workspaces())),
    ("GET", "workspace/summary", lambda c: c.get_workspaces(summary=True)),
    ("GET", "workspace/search", lambda c: c.find_workspace("Apps")),
    ("GET", "workspace/by-name", lambda c: c.find_workspace("Apps", exact=True)),
    ("GET", "workspace/{}", lambda c: c.get_workspace(ID)),
    ("GET", "workspace/{}/aggregated", lambda c: c.get_workspace(ID, aggregated=True)),
    ("GET", "workspace/{}/component", lambda c: c.get_workspace_components(ID)),
    ("GET", "workspace/{}/reference", lambda c: c.get_workspace_references(ID)),
    ("GET", "workspace/{}/all-references", lambda c: c.get_workspace_references(ID, incoming=True)),
    ("GET", "workspace/{}/branch", lambda c: c.get_branches(ID)),
    ("POST", "workspace/{}/branch/create", lambda c: c.create_branch(ID, "Plan B")),
    ("POST", "workspace", lambda c: c.create_workspace({"name": "Apps"})),
    ("PUT", "workspace/{}", lambda c: c.update_workspace(ID, {"name": "Apps", "_version": 1})),
    ("DELETE", "workspace/{}", lambda c: c.del_workspace(ID)),
    ("GET", "workspacefolder", lambda c: c.get_folder()),
    ("GET", "workspacefolder/{}", lambda c: c.get_folder(ID)),
    ("POST", "workspacefolder", lambda c: c.create_folder({"name": "Area"})),
    ("PUT", "workspacefolder/{}", lambda c: c.update_folder(ID, {"name": "Area", "_version": 1})),
    ("PUT", "workspacefolder/{}/add", lambda c: c.move_workspace(ID, [ID])),
    ("DELETE", "workspacefolder/{}", lambda c: c.del_folder(ID)),
    ("GET", "component", lambda c: c.get_components()),
    ("GET", "component", lambda c: list(c.iter_components())),
    ("GET", "component/search", lambda c: c.find_component(ID, "Web")),
    ("GET", "component/search", lambda c: c.get_component(ID)),
    ("GET", "component/fieldsearch", lambda c: c.search_components({"cost": 5})),
    ("GET", "component/fieldsearch", lambda c: c.find_component(ID, field_name="cost", field_value=5)),
    ("GET", "component/{}", lambda c: c.get_component(comp_id=ID)),
    ("GET", "component/{}", lambda c: c.get_component(comp_id=ID, incl_refs=True)),
    ("POST", "component", lambda c: c.create_component(COMPONENT)),
    ("PUT", "component/{}", lambda c: c.update_component(ID, {**COMPONENT, "_version": 1})),
    ("PATCH", "component/{}", lambda c: c.patch_component(ID, payload={"name": "Shop"})),
    ("DELETE", "component/{}", lambda c: c.del_component(ID)),
    ("DELETE", "component", lambda c: c.del_components([ID])),
    ("GET", "reference", lambda c: c.get_references()),
    ("GET", "reference", lambda c: list(c.iter_references())),
    ("GET", "reference", lambda c: c.get_reference(ws_id=ID)),
    ("GET", "reference/{}", lambda c: c.get_reference(ref_id=ID)),
    ("POST", "reference", lambda c: c.create_reference(REFERENCE)),
    ("PUT", "reference/{}", lambda c: c.update_reference(ID, {**REFERENCE, "_version": 1})),
    ("PATCH", "reference/{}", lambda c: c.patch_reference(ID, payload={"type": 1})),
    ("DELETE", "reference/{}", lambda c: c.del_reference(ID)),
    ("GET", "tag", lambda c: c.get_tags()),
    ("GET", "tag/workspace/{}", lambda c: c.get_tag(ws_id=ID)),
    ("GET", "tag/{}", lambda c: c.get_tag(tag_id=ID)),
    ("POST", "tag", lambda c: c.create_tag({"name": "late", "rootWorkspace": ID})),
    ("PUT", "tag/{}", lambda c: c.update_tag(ID, {"name": "late", "_version": 1})),
    ("DELETE", "tag/{}", lambda c: c.del_tag(ID)),
    ("GET", "model", lambda c: c.get_models(include_common=True)),
    ("GET", "model", lambda c: c.get_model()),
    ("GET", "model", lambda c: c.print_model()),
    ("GET", "model/{}", lambda c: c.get_model(model_id=ID)),
    ("GET", "model/{}", lambda c: c.print_model(model_id=ID)),
    ("POST", "model", lambda c: c.create_model({"name": "Model"})),
    ("PUT", "model/{}", lambda c: c.update_model(ID, {"name": "Model", "_version": 1})),
    ("PATCH", "model/{}", lambda c: c.patch_model(ID, {"description": "new"})),
    ("GET", "field", lambda c: c.get_field()),
    ("GET", "field/{}", lambda c: c.get_field(ID)),
    ("POST", "field", lambda c: c.create_field(FIELD)),
    ("PUT", "field/{}", lambda c: c.update_field(ID, {**FIELD, "_version": 1})),
    ("DELETE", "field/{}", lambda c: c.del_field(ID)),
    ("GET", "user/current_user", lambda c: c.get_current_user()),
    ("GET", "user/current_user", lambda c: c.me()),
    ("POST", "user/notify/email", lambda c: c.notify_by_email("Done", "All of it.")),
    ("GET", "attachment/{}/{}", lambda c: c.get_attachments(ID)),
    ("GET", "attachment/{}/{}", lambda c: list(c.iter_attachments(ID))),
    ("POST", "attachment/{}/{}/upload", lambda c: c.upload_attachment(ID, io.BytesIO(b"x"), "x.txt")),
    ("GET", "attachment/{}/{}/{}", lambda c: c.download_attachment(ID, "x.txt")),
    ("DELETE", "attachment/{}/{}/{}", lambda c: c.del_attachment(ID, "x.txt")),
    ("POST", "batch", lambda c: c.batch_create()),
    ("GET", "report/{}/export-data", lambda c: c.export_report(ID)),
    ("GET", "switchOrg", lambda c: c.switch_org("acme")),
]

#: The same below /api/v2/.
V2 = [
    ("GET", "me", lambda c: c.get_current_user()),
    ("GET", "me", lambda c: c.me()),
    ("GET", "workspaces", lambda c: c.get_workspaces()),
    ("GET", "workspaces", lambda c: c.get_workspaces(name="Apps")),
    ("GET", "workspaces", lambda c: list(c.iter_workspaces())),
    ("GET", "workspaces", lambda c: list(c.iter_workspaces(name="Apps"))),
    ("GET", "workspaces", lambda c: c.find_workspace("Apps")),
    ("GET", "workspaces", lambda c: c.find_workspace("Apps", exact=True)),
    ("GET", "workspaces/{}", lambda c: c.get_workspace(ID)),
    ("GET", "workspaces/{}/context", lambda c: c.get_context(ID)),
    ("GET", "workspaces/{}/context", lambda c: c.get_model(ID)),
    ("GET", "workspaces/{}/context", lambda c: c.find_component_type(ID, "Application")),
    ("GET", "workspaces/{}/context", lambda c: c.find_reference_type(ID, "uses")),
    ("GET", "workspaces/{}/context", lambda c: c.print_model(ID)),
    ("GET", "components", lambda c: c.get_components()),
    ("GET", "components", lambda c: c.get_components(typeId="p1")),
    ("GET", "components", lambda c: list(c.iter_components())),
    ("GET", "components", lambda c: list(c.iter_components(typeId="p1"))),
    ("GET", "components", lambda c: c.get_component(ID)),
    ("GET", "components", lambda c: c.get_component(params={"typeId": "p1"})),
    ("GET", "components", lambda c: c.find_component(ID, "Web")),
    ("GET", "components", lambda c: c.find_component(ID, field_name="cost", field_value=5)),
    ("GET", "components", lambda c: c.search_components({"cost": 5})),
    ("GET", "components", lambda c: c.get_workspace_components(ID)),
    ("GET", "components/{}", lambda c: c.get_component(comp_id=ID)),
    ("POST", "components", lambda c: c.create_component({**COMPONENT, "typeId": "p1"})),
    ("PATCH", "components/{}", lambda c: c.update_component(ID, {**COMPONENT, "_version": 1})),
    ("PATCH", "components/{}", lambda c: c.patch_component(ID, 1, {"name": "Shop"})),
    ("PATCH", "components/{}", lambda c: c.patch_component(ID, payload={"name": "Shop"})),
    ("DELETE", "components/{}", lambda c: c.del_component(ID)),
    ("GET", "references", lambda c: c.get_references()),
    ("GET", "references", lambda c: c.get_references(type=2)),
    ("GET", "references", lambda c: list(c.iter_references())),
    ("GET", "references", lambda c: list(c.iter_references(type=2))),
    ("GET", "references", lambda c: c.get_reference(ws_id=ID)),
    ("GET", "references", lambda c: c.get_reference(params={"type": 2})),
    ("GET", "references", lambda c: c.get_workspace_references(ID)),
    ("GET", "references/{}", lambda c: c.get_reference(ref_id=ID)),
    ("POST", "references", lambda c: c.create_reference(REFERENCE)),
    ("PATCH", "references/{}", lambda c: c.update_reference(ID, {**REFERENCE, "_version": 1})),
    ("PATCH", "references/{}", lambda c: c.patch_reference(ID, 1, {"displayText": "x"})),
    ("PATCH", "references/{}", lambda c: c.patch_reference(ID, payload={"displayText": "x"})),
    ("DELETE", "references/{}", lambda c: c.del_reference(ID)),
    ("POST", "batch", lambda c: c.batch({})),
    ("POST", "batch/expand", lambda c: c.expand_batch({})),
    ("GET", "reports", lambda c: c.get_reports()),
    ("GET", "reports", lambda c: list(c.iter_reports("All"))),
    ("GET", "reports/{}", lambda c: c.get_report_definition(ID)),
    ("GET", "reports/{}/run/objects", lambda c: c.run_report(ID)),
    ("GET", "reports/{}/run/objects", lambda c: c.run_report(ID, keys="key")),
    ("GET", "reports/{}/run/objects", lambda c: list(c.iter_report(ID))),
    ("GET", "reports/{}/run/tabular", lambda c: c.run_report(ID, tabular=True)),
    ("GET", "reports/{}/run/tabular", lambda c: list(c.iter_report(ID, tabular=True))),
    ("GET", "attachments", lambda c: c.get_attachments()),
    ("GET", "attachments", lambda c: c.get_attachments(filename="x.txt")),
    ("GET", "attachments", lambda c: list(c.iter_attachments())),
    ("GET", "attachments", lambda c: list(c.iter_attachments(folder=ID))),
    ("GET", "attachments/{}", lambda c: c.get_attachment(ID)),
]

_V1_MODEL = [("GET", "workspace/{}"), ("GET", "model/{}")]

#: Calls of v1 that take several requests: all of them as (verb, path), the call.
V1_SEVERAL = [
    (_V1_MODEL, lambda c: c.get_model(ID)),
    (_V1_MODEL, lambda c: c.find_component_type(ID, "Application")),
    (_V1_MODEL, lambda c: c.find_reference_type(ID, "uses")),
    (_V1_MODEL, lambda c: c.print_model(ID)),
]

#: The same on v2.
V2_SEVERAL = [
    (
        [
            ("GET", "workspaces/{}"),
            ("GET", "components"),
            ("GET", "references"),
            ("GET", "workspaces/{}/context"),
        ],
        lambda c: c.get_workspace(ID, aggregated=True),
    ),
    (
        [("GET", "components/{}"), ("GET", "references"), ("GET", "references")],
        lambda c: c.get_component(comp_id=COMPONENT_ID, incl_refs=True),
    ),
    ([("GET", "references"), ("GET", "references")], lambda c: c.get_workspace_references(ID, incoming=True)),
]

#: An Ardoq that holds what these ask for.
SEED = {
    "format": 1,
    "models": [
        {
            "_id": MODEL_ID,
            "name": "Model",
            "root": {"p1": {"name": "Application"}},
            "referenceTypes": {"2": {"name": "uses"}},
        }
    ],
    "workspaces": [{"_id": ID, "name": "Apps", "componentModel": MODEL_ID}],
    "components": [{"_id": COMPONENT_ID, "name": "Web shop", "typeId": "p1", "rootWorkspace": ID}],
}

#: Public methods of the client that have no endpoint of their own, and what they send.
OTHERS = {
    "request": "any path",
    "iter_request": "any listing",
    "close": "sends nothing",
    "pprint": "sends nothing",
}


def asked(call):
    """Return what a call of these tables asks the client for: the method's name and its arguments."""
    heard = []

    class Listener:
        def __getattr__(self, name):
            return lambda *args, **kwargs: heard.append((name, args, kwargs)) or []

    call(Listener())
    (one,) = heard
    return one
