"""Call every method of API and Batch of the portal's example client, of which 0.8.4 contains a copy.

ARDOQ_API_HOST=... ARDOQ_API_TOKEN=... ARDOQ_ORG_LABEL=... python portal.py WORKSPACE REPORT
"""

import json
import os
import sys

from recorder import Story

from ardoqpy import API, Batch


def main(ws, report):
    """Read and write a workspace, with single requests and in batches."""
    story = Story(API, Batch)
    api = API()
    story("settings", [api.ardoq_api_host == os.environ["ARDOQ_API_HOST"], api.ardoq_org_label])
    story("the token", api.ardoq_api_token == os.environ["ARDOQ_API_TOKEN"])
    story("me", api.me())
    reading(story, api, ws, report)
    components = writing(story, api, ws)
    batches(story, api, ws, components)
    errors(story, api, ws, components)
    faults_of_the_predecessor(story, api, ws)
    story.end()


def reading(story, api, ws, report):
    """Read listings with and without pages, workspaces and reports."""
    story("list_workspaces", list(api.list_workspaces()))
    story("list_workspaces by name", list(api.list_workspaces({"name": "Other"})))
    story("read_workspace", api.read_workspace(ws))
    story("read_workspace_context", api.read_workspace_context(id=ws))
    story("list_components", api.list_components())
    story("list_components by type", api.list_components(query_params={"rootWorkspace": ws, "typeId": "p2"}))
    story("list_components paginated", list(api.list_components({"rootWorkspace": ws}, paginated=True)))
    story("list_components raw", json.loads(api.list_components({"rootWorkspace": ws}, raw=True)))
    story("list_components by field", api.list_components({"customFields.cost": 5})["values"])
    story("list_components by a strange name", api.list_components({"name": "Å & Ø = 100 %?"}))
    story("list_references", list(api.list_references()))
    story("list_references by type", list(api.list_references({"rootWorkspace": ws, "type": 2})))
    story("reports", api.reports())
    story("report", api.report(report))
    story("report_run objects", api.report_run(report, "objects"))
    story("report_run tabular", api.report_run(id=report, view="tabular"))


def writing(story, api, ws):
    """Create, read, update and delete with single requests."""
    new = {"rootWorkspace": ws, "typeId": "p1", "name": "Å & Ø = 100 %?", "customFields": {"cost": 12.5}}
    web = story("create_component", api.create_component(new))
    data = {"rootWorkspace": ws, "typeId": "p2", "name": "Till", "parent": web["_id"], "description": None}
    till = story("create_component below", api.create_component(data=data))
    story("read_component", api.read_component(web["_id"]))
    story("update_component", api.update_component(web["_id"], {"description": "Updated"}))
    story(
        "update_component of a version",
        api.update_component(id=web["_id"], data={"color": "#ff0000"}, version=2),
    )
    component = api.read_component(till["_id"])
    component["description"] = "All of it sent back"
    story("update_component with a whole one", api.update_component(till["_id"], component))
    link = {"source": web["_id"], "target": till["_id"], "type": 1, "displayText": "uses"}
    ref = story("create_reference", api.create_reference(link))
    story("read_reference", api.read_reference(ref["_id"]))
    story("update_reference", api.update_reference(ref["_id"], {"displayText": "needs"}, version=1))
    spare = api.create_reference({**link, "type": 2})
    doomed = api.create_component({**new, "name": "Doomed"})
    deleted(story, "delete_reference", api.delete_reference, api.read_reference, spare["_id"])
    deleted(story, "delete_component", api.delete_component, api.read_component, doomed["_id"])
    return web["_id"], till["_id"], ref["_id"]


def deleted(story, step, delete, read, entity_id):
    """Delete as scripts have to with the portal's client, which reads JSON from an empty answer."""
    try:
        delete(entity_id)
    except json.JSONDecodeError:
        story(f"{step} answers", "nothing that is JSON")
    else:
        story(f"{step} answers", "something")
    story.attempt(f"{step} and read", read, entity_id)


def batches(story, api, ws, known):
    """Write everything in a Batch, chained or not."""
    web, till, ref = known
    story("a batch is empty", Batch().is_empty())
    story("the body of a new batch", Batch().body)
    batch = Batch(respondWithEntities=True)
    batch.create_component({"rootWorkspace": ws, "typeId": "p1", "name": "Batched"}, batchId="one")
    batch.create_component({"rootWorkspace": ws, "typeId": "p2", "name": "Below", "parent": "one"}, "two")
    batch.create_reference({"source": "one", "target": "two", "type": 1}, batchId="arrow")
    batch.create_reference({"source": "two", "target": till, "type": 2, "displayText": "to the till"})
    batch.update_component(web, {"name": "Web shop"}).update_component(till, {"parent": "one"}, version=2)
    batch.update_reference(ref, {"displayText": "in a batch"}, version=2)
    story("a batch is not empty", batch.is_empty())
    answer = story("batch", api.batch(batch.body))
    created = [item["id"] for item in answer["components"]["created"]]
    arrows = [item["id"] for item in answer["references"]["created"]]
    story("components after the batch", list(api.list_components({"rootWorkspace": ws}, paginated=True)))
    story("references after the batch", list(api.list_references({"rootWorkspace": ws})))
    story(
        "batch without entities", api.batch(Batch().update_component(created[0], {"name": "Batched 2"}).body)
    )
    deletes = Batch().delete_component(created[1]).delete_reference(arrows[0])
    story("batch that deletes", api.batch(deletes.body))
    stale = Batch().update_component(web, {"name": "Too late"}, version=1)
    stale.create_component({"rootWorkspace": ws, "typeId": "p1", "name": "Not made"})
    story.attempt("batch of a version that is past", api.batch, stale.body)
    story("nothing of it was done", api.list_components({"rootWorkspace": ws, "name": "Not made"})["values"])


def errors(story, api, ws, known):
    """Provoke errors, and read them as scripts do."""
    unknown_id = "0" * 24
    story.attempt("a component that is not there", api.read_component, unknown_id)
    story.attempt("a reference that is not there", api.read_reference, unknown_id)
    story.attempt("a version that is past", api.update_component, known[0], {"name": "x"}, 1)
    story.attempt("a component without a name", api.create_component, {"rootWorkspace": ws, "typeId": "p1"})
    wrong = API(ardoq_api_token="wr0ng")
    story.attempt("a token that is not known", wrong.me)
    elsewhere = API(ardoq_org_label="elsewhere")
    story.attempt("another organisation", elsewhere.me)


def faults_of_the_predecessor(story, api, ws):
    """Call what the portal's client does in a way that this library does not keep."""
    host, token = (os.environ.pop(name) for name in ("ARDOQ_API_HOST", "ARDOQ_API_TOKEN"))
    story.attempt("without a token", API, host)
    os.environ.pop("ARDOQ_ORG_LABEL")
    story.attempt("without a label at the host of all", API, None, token)
    ref = next(api.list_references({"rootWorkspace": ws}))
    batch = Batch()
    story.attempt(
        "batch with what cannot be changed",
        lambda: api.batch(
            batch.update_reference(ref["_id"], {"type": ref["type"], "displayText": "with its type"}).body
        ),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
