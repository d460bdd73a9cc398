"""Components and references in API v1."""

import pytest

SERVICE = "p1434104432901"
APPLICATION = "p1434104432900"


@pytest.fixture
def workspace(ardoq):
    """Create a workspace."""
    return ardoq.workspace()


def test_created_component_has_every_attribute(ardoq, workspace):
    """A new component has nearly every attribute, null if not set, and its custom values at the top level."""
    component = ardoq.component(workspace, "Web", lifecycle="live", cost=1200)
    stored = ardoq.ok("GET", f"/api/component/{component['_id']}")
    assert stored == component
    user = "5f00aa00bb00cc00dd000001"
    assert stored == {
        "_id": component["_id"],
        "_version": 1,
        "name": "Web",
        "description": None,
        "rootWorkspace": workspace["_id"],
        "model": workspace["componentModel"],
        "typeId": APPLICATION,
        "type": "Application",
        "parent": None,
        "children": [],
        "_order": 1.0,
        "component-key": "APP-1",
        "color": None,
        "created": component["last-updated"],
        "last-updated": component["created"],
        "lastupdated": component["created"],
        "created-by": user,
        "last-modified-by": user,
        "createdByName": "Emulator User",
        "createdByEmail": "user@emulator.example",
        "lastModifiedByName": "Emulator User",
        "lastModifiedByEmail": "user@emulator.example",
        "ardoq": {
            "entity-type": "component",
            "persistent": None,
            "incomingReferenceCount": 0,
            "outgoingReferenceCount": 0,
        },
        "lifecycle": "live",
        "cost": 1200,
    }
    styled = ardoq.ok(
        "PATCH", f"/api/component/{component['_id']}", {"isPublic": False, "icon": "", "shape": "box"}
    )
    assert {key: styled[key] for key in styled.keys() - stored.keys()} == {"isPublic": False, "shape": "box"}
    assert len(component["_id"]) == 24
    int(component["_id"], 16)


def test_default_type_follows_the_parent(ardoq, workspace):
    """Without typeId a component gets the first root type, or the first child type of its parent's type."""
    top = ardoq.component(workspace, "top")
    child = ardoq.component(workspace, "child", parent=top["_id"])
    grandchild = ardoq.component(workspace, "grandchild", parent=child["_id"])
    assert [item["type"] for item in (top, child, grandchild)] == ["Application", "Service", "Application"]
    assert ardoq.ok("GET", f"/api/component/{top['_id']}")["children"] == [child["_id"]]


def test_invalid_components_are_rejected(ardoq, workspace):
    """A missing or unknown value is 422 and named in the message; a wrong JSON type is 400."""
    workspace_id = workspace["_id"]

    def rejected(status, **body):
        return ardoq.rejected(status, "POST", "/api/component", body)

    assert rejected(422, rootWorkspace=workspace_id) == "A component needs a 'name'."
    assert rejected(422, name="x") == "A component needs a 'rootWorkspace'."
    assert rejected(422, name="x", rootWorkspace=workspace_id, typeId="p9") == (
        "Workspace 'Apps' has no component type 'p9';"
        f" it has Application ({APPLICATION}), Service ({SERVICE})."
    )
    assert "is the id of a workspace" in rejected(
        422, name="x", rootWorkspace=workspace_id, parent=workspace_id
    )
    assert "No workspace".lower() in rejected(422, name="x", rootWorkspace="nothing").lower()
    assert "has to be a string" in rejected(400, name=["x"], rootWorkspace=workspace_id)
    elsewhere = ardoq.component(ardoq.workspace("Other"))
    assert "cannot be the parent" in rejected(
        422, name="x", rootWorkspace=workspace_id, parent=elsewhere["_id"]
    )
    assert ardoq.ok("GET", f"/api/workspace/{workspace_id}/component") == []


def test_malformed_json_is_400(ardoq):
    """A body that is not JSON is rejected, and so is a list instead of an object."""
    for body in (b"", b"{", b"\xff", b'{"a": NaN}', b'{"a": 1e999}', b"[" * 100_000):
        assert "is not JSON" in ardoq.rejected(400, "POST", "/api/component", body), body[:10]
    assert "has to be a JSON object" in ardoq.rejected(400, "POST", "/api/component", [])


def test_put_replaces_and_increments_the_version(ardoq, workspace):
    """A PUT keeps type and order, resets other omitted attributes, and adds one to the version."""
    component = ardoq.component(workspace, "Web", typeId=SERVICE, description="old", color="red", custom=1)
    path = f"/api/component/{component['_id']}"
    changed = ardoq.ok("PUT", path, {"name": "New", "_version": 1, "rootWorkspace": workspace["_id"]})
    assert (changed["_version"], changed["name"], changed["type"]) == (2, "New", "Service")
    assert (changed["description"], changed["color"], changed["_order"]) == (None, None, 1.0)
    assert "custom" not in changed
    assert changed["created"] == component["created"] < changed["last-updated"]
    message = ardoq.rejected(409, "PUT", path, {"name": "New", "_version": 1})
    assert message == f"Component {component['_id']} has version 2, the request has 1."
    assert ardoq.rejected(400, "PUT", path, {"name": "New"}) == "A PUT needs the '_version' that it replaces."


def test_put_ignores_read_only_keys(ardoq, workspace):
    """A PUT of a changed GET answer changes only that; null removes a custom value."""
    component = ardoq.component(workspace, "Web", a=1, b=2)
    path = f"/api/component/{component['_id']}"
    body = {**component, "component-key": "X-9", "children": ["x"], "type": "Service", "name": "N", "b": None}
    changed = ardoq.ok("PUT", path, body)
    differing = {key for key in component if component[key] != changed.get(key)}
    assert differing == {"_version", "name", "b", "last-updated", "lastupdated"}
    assert "b" not in changed


def test_patch_changes_only_given_attributes(ardoq, workspace):
    """A PATCH needs no version, compares none, and changes only the given attributes."""
    component = ardoq.component(workspace, "Web", description="d", a=1, b=2)
    path = f"/api/component/{component['_id']}"
    changed = ardoq.ok("PATCH", path, {"a": 5, "b": None, "_version": 77})
    assert (changed["_version"], changed["description"], changed["a"]) == (2, "d", 5)
    assert "b" not in changed
    assert ardoq.ok("PATCH", path, {"typeId": SERVICE})["type"] == "Service"
    ardoq.rejected(422, "PATCH", path, {"name": None})


def test_component_cannot_be_below_itself_or_change_workspace(ardoq, workspace):
    """A cycle of parents and another workspace are rejected; a new parent is accepted."""
    a = ardoq.component(workspace, "a")
    b = ardoq.component(workspace, "b", parent=a["_id"])
    c = ardoq.component(workspace, "c", parent=b["_id"])
    for parent in (a, b, c):
        message = ardoq.rejected(422, "PATCH", f"/api/component/{a['_id']}", {"parent": parent["_id"]})
        assert "cannot be below itself" in message
    other = ardoq.workspace("Other")
    ardoq.rejected(422, "PATCH", f"/api/component/{a['_id']}", {"rootWorkspace": other["_id"]})
    moved = ardoq.ok("PATCH", f"/api/component/{c['_id']}", {"parent": a["_id"]})
    assert moved["parent"] == a["_id"]
    assert ardoq.ok("GET", f"/api/component/{a['_id']}")["children"] == [b["_id"], c["_id"]]


def test_delete_removes_descendants_and_references(ardoq, workspace):
    """Deleting a component deletes its descendants and all their references, and removes them from tags."""
    top = ardoq.component(workspace, "top")
    child = ardoq.component(workspace, "child", parent=top["_id"])
    other = ardoq.component(workspace, "other")
    ardoq.reference(child, other)
    ardoq.reference(other, child)
    stays = ardoq.reference(other, other)
    tag = {"name": "t", "rootWorkspace": workspace["_id"], "components": [child["_id"], other["_id"]]}
    tag = ardoq.ok("POST", "/api/tag", tag, 201)
    answer = ardoq.call("DELETE", f"/api/component/{top['_id']}")
    assert (answer.status, answer.content, "content-type" in answer.headers) == (204, b"", False)
    assert [item["name"] for item in ardoq.ok("GET", "/api/component")] == ["other"]
    assert [item["_id"] for item in ardoq.ok("GET", "/api/reference/")] == [stays["_id"]]
    assert ardoq.ok("GET", f"/api/tag/{tag['_id']}")["components"] == [other["_id"]]
    ardoq.rejected(404, "DELETE", f"/api/component/{child['_id']}")


def test_bulk_delete_lists_deleted_entities(ardoq, workspace):
    """The bulk delete lists components, references and changed tags, and is all or nothing."""
    top = ardoq.component(workspace, "top")
    child = ardoq.component(workspace, "child", parent=top["_id"])
    other = ardoq.component(workspace, "other")
    reference = ardoq.reference(other, child)
    tag = {"name": "t", "rootWorkspace": workspace["_id"], "references": [reference["_id"]]}
    tag = ardoq.ok("POST", "/api/tag", tag, 201)
    ardoq.rejected(404, "DELETE", "/api/component", {"componentIds": [top["_id"], "nothing"]})
    ardoq.rejected(400, "DELETE", "/api/component", {"componentIds": top["_id"]})
    assert len(ardoq.ok("GET", "/api/component")) == 3
    body = {"componentIds": [top["_id"], child["_id"]], "requestId": "r"}
    answer = ardoq.ok("DELETE", "/api/component", body)
    assert answer["clientRequestId"] == "r"
    assert answer["componentIds"] == [top["_id"], child["_id"]]
    assert answer["referenceIds"] == [reference["_id"]]
    assert [(item["_id"], item["references"], item["_version"]) for item in answer["updatedTags"]] == [
        (tag["_id"], [], 2)
    ]


def test_get_with_references(ardoq, workspace):
    """includeReferences=true adds the incoming and outgoing references; false adds nothing."""
    a, b = ardoq.component(workspace, "a"), ardoq.component(workspace, "b")
    out, back = ardoq.reference(a, b), ardoq.reference(b, a)
    references = ardoq.ok("GET", f"/api/component/{a['_id']}?includeReferences=true")["references"]
    assert [item["_id"] for item in references["out"]] == [out["_id"]]
    assert [item["_id"] for item in references["in"]] == [back["_id"]]
    assert "references" not in ardoq.ok("GET", f"/api/component/{a['_id']}?includeReferences=false")


def test_search_by_workspace_name_and_field(ardoq, workspace):
    """The search filters by workspace, by part of the name in any letter case, and by one field."""
    for name, custom in (("Web shop", "x"), ("My WEB", "y"), ("Mail", "x")):
        ardoq.component(workspace, name, custom=custom)
    ardoq.component(ardoq.workspace("Other"), "Web elsewhere")
    base = f"/api/component/search?workspace={workspace['_id']}"

    def names(path):
        return [item["name"] for item in ardoq.ok("GET", path)]

    assert names(base) == ["Web shop", "My WEB", "Mail"]
    assert names(f"{base}&name=web") == ["Web shop", "My WEB"]
    assert names(f"{base}&field=custom&value=x") == ["Web shop", "Mail"]
    assert names("/api/component/search?workspace=nothing") == []
    assert len(names("/api/component/search?name=web")) == 3


def test_fieldsearch_compares_every_pair(ardoq, workspace):
    """Every pair has to be equal; numbers and booleans are compared as text."""
    ardoq.component(workspace, "a", size=5, live=True, kind="x")
    ardoq.component(workspace, "b", size=5.0, kind="xy")
    ardoq.component(ardoq.workspace("Other"), "c", size=5)

    def names(query):
        return [item["name"] for item in ardoq.ok("GET", f"/api/component/fieldsearch?{query}")]

    here = f"workspace={workspace['_id']}"
    assert names(f"{here}&size=5") == ["a", "b"]
    assert names("size=5&org=anything") == ["a", "b", "c"]
    assert names(f"rootWorkspace={workspace['_id']}&size=5&kind=x") == ["a"]
    assert names("live=true") == ["a"]
    assert names("kind=x") == ["a"]
    assert names(f"{here}&unknown=1") == []
    assert names(f"{here}&name=b") == ["b"]
    assert names(f"{here}&type=Application&_version=1") == ["a", "b"]
    assert names("component-key=APP-2") == ["b"]


def test_component_keys_are_not_reused(ardoq, workspace):
    """The counter continues after a deletion."""
    first = ardoq.component(workspace)
    ardoq.ok("DELETE", f"/api/component/{first['_id']}", status=204)
    assert ardoq.component(workspace)["component-key"] == "APP-2"
    assert ardoq.ok("GET", f"/api/workspace/{workspace['_id']}")["comp-counter"] == 2


def test_id_of_another_kind_is_explained(ardoq, workspace):
    """The message of a 404 names the kind of entity that has the id."""
    message = ardoq.rejected(404, "GET", f"/api/component/{workspace['_id']}")
    assert message == f"No component has the id {workspace['_id']}: that is the id of a workspace."
    assert ardoq.rejected(404, "GET", "/api/component/f00") == "No component has the id f00."


def test_created_reference_has_its_names_and_workspaces(ardoq, workspace):
    """A reference has the workspaces and names of its ends, and the name of its type."""
    a, b = ardoq.component(workspace, "a"), ardoq.component(ardoq.workspace("Other"), "b")
    reference = ardoq.reference(a, b, order=-1, displayText="calls", weight=3)
    assert reference["rootWorkspace"] == workspace["_id"]
    assert reference["targetWorkspace"] == b["rootWorkspace"]
    assert (reference["order"], reference["displayText"], reference["weight"]) == (-1, "calls", 3)
    assert (reference["description"], reference["returnValue"]) == (None, None)
    assert reference["ardoq"] == {
        "entity-type": "reference",
        "typeName": "Implicit",
        "sourceName": "a",
        "targetName": "b",
    }
    assert ardoq.ok("GET", f"/api/reference?workspace={workspace['_id']}") == [reference]
    assert ardoq.ok("GET", f"/api/reference?workspace={b['rootWorkspace']}") == []


def test_invalid_references_are_rejected(ardoq, workspace):
    """Missing or unknown ends and types are 422, wrong JSON types 400."""
    a = ardoq.component(workspace)["_id"]

    def rejected(status, **body):
        return ardoq.rejected(status, "POST", "/api/reference", body)

    assert rejected(422, source=a, type=2) == "A reference needs a 'target'."
    assert rejected(422, source=a, target=a) == "A reference needs a 'type'."
    assert "is the id of a workspace" in rejected(422, source=a, target=workspace["_id"], type=2)
    assert rejected(422, source=a, target=a, type=9) == (
        "Workspace 'Apps' has no reference type 9; it has Asynchronous (0), Synchronous (1), Implicit (2)."
    )
    assert "an integer, not a string" in rejected(400, source=a, target=a, type="2")
    assert "an integer, not true" in rejected(400, source=a, target=a, type=True)


def test_reference_can_be_changed_and_removed(ardoq, workspace):
    """A PUT can swap the ends, a PATCH can change the type; an outdated version is 409."""
    a, b = ardoq.component(workspace, "a"), ardoq.component(workspace, "b")
    reference = ardoq.reference(a, b, weight=3)
    path = f"/api/reference/{reference['_id']}"
    swapped = ardoq.ok("PUT", path, {**reference, "source": b["_id"], "target": a["_id"]})
    assert (swapped["_version"], swapped["ardoq"]["sourceName"], swapped["weight"]) == (2, "b", 3)
    ardoq.rejected(409, "PUT", path, reference)
    assert ardoq.ok("PATCH", path, {"type": 1})["ardoq"]["typeName"] == "Synchronous"
    ardoq.rejected(422, "PATCH", path, {"source": "nothing"})
    assert ardoq.ok("GET", f"/api/component/{b['_id']}")["ardoq"]["outgoingReferenceCount"] == 1
    tag = {"name": "t", "rootWorkspace": workspace["_id"], "references": [reference["_id"]]}
    tag = ardoq.ok("POST", "/api/tag", tag, 201)
    ardoq.ok("DELETE", path, status=204)
    ardoq.rejected(404, "DELETE", path)
    assert ardoq.ok("GET", f"/api/tag/{tag['_id']}")["references"] == []
    assert ardoq.ok("GET", f"/api/component/{b['_id']}")["ardoq"]["outgoingReferenceCount"] == 0
