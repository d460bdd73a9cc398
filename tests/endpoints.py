"""
Every endpoint of API v1 that is known, and the flat method that calls it.

Said here independently of the client and of the emulator: `test_endpoints.py` holds both against it.
"""

import io

ID = "5f00aa00bb00cc00dd00ee10"
COMPONENT = {"name": "Web shop", "rootWorkspace": ID}
REFERENCE = {"source": ID, "target": ID, "type": 2}
FIELD = {"label": "Cost", "model": ID}

#: (verb, path below /api/, the call), where {} stands for one segment that the caller fills.
V1 = [
    ("GET", "workspace", lambda c: c.get_workspaces()),
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
    ("GET", "component/search", lambda c: c.find_component(ID, "Web")),
    ("GET", "component/fieldsearch", lambda c: c.search_components({"cost": 5})),
    ("GET", "component/{}", lambda c: c.get_component(comp_id=ID)),
    ("POST", "component", lambda c: c.create_component(COMPONENT)),
    ("PUT", "component/{}", lambda c: c.update_component(ID, {**COMPONENT, "_version": 1})),
    ("PATCH", "component/{}", lambda c: c.patch_component(ID, payload={"name": "Shop"})),
    ("DELETE", "component/{}", lambda c: c.del_component(ID)),
    ("DELETE", "component", lambda c: c.del_components([ID])),
    ("GET", "reference", lambda c: c.get_references()),
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
    ("GET", "model/{}", lambda c: c.get_model(model_id=ID)),
    ("POST", "model", lambda c: c.create_model({"name": "Model"})),
    ("PUT", "model/{}", lambda c: c.update_model(ID, {"name": "Model", "_version": 1})),
    ("PATCH", "model/{}", lambda c: c.patch_model(ID, {"description": "new"})),
    ("GET", "field", lambda c: c.get_field()),
    ("GET", "field/{}", lambda c: c.get_field(ID)),
    ("POST", "field", lambda c: c.create_field(FIELD)),
    ("PUT", "field/{}", lambda c: c.update_field(ID, {**FIELD, "_version": 1})),
    ("DELETE", "field/{}", lambda c: c.del_field(ID)),
    ("GET", "user/current_user", lambda c: c.get_current_user()),
    ("POST", "user/notify/email", lambda c: c.notify_by_email("Done", "All of it.")),
    ("GET", "attachment/{}/{}", lambda c: c.get_attachments(ID)),
    ("POST", "attachment/{}/{}/upload", lambda c: c.upload_attachment(ID, io.BytesIO(b"x"), "x.txt")),
    ("GET", "attachment/{}/{}/{}", lambda c: c.download_attachment(ID, "x.txt")),
    ("DELETE", "attachment/{}/{}/{}", lambda c: c.del_attachment(ID, "x.txt")),
    ("POST", "batch", lambda c: c.batch_create()),
    ("GET", "report/{}/export-data", lambda c: c.export_report(ID)),
    ("GET", "switchOrg", lambda c: c.switch_org("acme")),
]
