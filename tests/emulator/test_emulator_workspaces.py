"""Workspaces, folders and branches in API v1."""

import pytest

TEMPLATE = "54d38789e4b0dcc89b8d8e13"


def test_created_workspace_has_a_clone_of_the_default_template(ardoq):
    """A workspace that is created with a name only has its own clone of the default template."""
    workspace = ardoq.workspace("Web Apps")
    model = ardoq.ok("GET", f"/api/model/{workspace['componentModel']}")
    assert model["_id"] != TEMPLATE
    assert model["createdFromTemplate"] == TEMPLATE
    assert model["workspaces"]["used-by"] == [{"_id": workspace["_id"], "name": "Web Apps"}]
    assert (workspace["_version"], workspace["workspace-key"], workspace["comp-counter"]) == (1, "WA", 0)
    assert workspace["created"] == workspace["last-updated"]
    assert workspace["created"].endswith("Z")


def test_created_workspace_can_share_a_model(ardoq):
    """A componentModel is used as it is; a componentTemplate is cloned."""
    first = ardoq.workspace("One")
    shared = ardoq.workspace("Two", componentModel=first["componentModel"])
    cloned = ardoq.workspace("Three", componentTemplate=first["componentModel"])
    assert shared["componentModel"] == first["componentModel"]
    assert cloned["componentModel"] != first["componentModel"]
    ardoq.rejected(422, "POST", "/api/workspace", {"name": "X", "componentModel": first["_id"]})
    ardoq.rejected(422, "POST", "/api/workspace", {"name": "X", "componentTemplate": "nothing"})
    ardoq.rejected(400, "POST", "/api/workspace", {"name": "X", "componentTemplate": 7})


def test_workspace_keys_are_unique(ardoq):
    """Two workspaces with the same letters get different keys."""
    assert ardoq.workspace("Apps")["workspace-key"] == "APP"
    assert ardoq.workspace("Apps")["workspace-key"] == "APP2"
    assert ardoq.workspace("123")["workspace-key"] == "WS"


def test_workspace_needs_a_name(ardoq):
    """A missing, empty or null name is 422; a number is 400."""
    for body in ({}, {"name": ""}, {"name": None}):
        assert ardoq.rejected(422, "POST", "/api/workspace", body) == "A workspace needs a 'name'."
    assert "not a number" in ardoq.rejected(400, "POST", "/api/workspace", {"name": 1})


def test_put_compares_versions_and_resets_omitted_attributes(ardoq):
    """A PUT compares _version, increments it, and resets omitted attributes."""
    workspace = ardoq.workspace(description="old", views=["reader"])
    path = f"/api/workspace/{workspace['_id']}"
    changed = ardoq.ok("PUT", path, {"name": "New", "_version": 1})
    assert (changed["_version"], changed["description"], changed["views"]) == (2, None, [])
    assert changed["last-updated"] > workspace["last-updated"]
    message = ardoq.rejected(409, "PUT", path, {"name": "New", "_version": 1})
    assert message == f"Workspace {workspace['_id']} has version 2, the request has 1."
    ardoq.rejected(400, "PUT", path, {"name": "New"})
    ardoq.rejected(400, "PUT", path, {"name": "New", "_version": "2"})
    ardoq.rejected(422, "PUT", path, {"_version": 2})
    assert ardoq.ok("PUT", path, ardoq.ok("GET", path))["_version"] == 3


def test_search_matches_prefixes_and_by_name_exactly(ardoq):
    """Search matches the start of a name, by-name the exact name."""
    for name in ("Test Workspace 1", "Test Workspace 2", "Workspace Test 3"):
        ardoq.workspace(name)
    result = ardoq.ok("GET", "/api/workspace/search?name=test")
    assert [item["name"] for item in result] == ["Test Workspace 1", "Test Workspace 2"]
    assert len(ardoq.ok("GET", "/api/workspace/by-name?name=Test%20Workspace%201")) == 1
    assert ardoq.ok("GET", "/api/workspace/by-name?name=Test") == []


def test_list_and_summary(ardoq):
    """The summary has the numbers of components and references of each workspace."""
    workspace = ardoq.workspace()
    item = ardoq.component(workspace)
    ardoq.reference(item, item)
    (listed,) = ardoq.ok("GET", "/api/workspace/")
    (summary,) = ardoq.ok("GET", "/api/workspace/summary")
    assert listed["components"] == [item["_id"]]
    assert (summary["_id"], summary["name"]) == (workspace["_id"], "Apps")
    assert (summary["componentCount"], summary["referenceCount"]) == (1, 1)


@pytest.fixture
def linked(ardoq):
    """Create a and b in one workspace and c in another, with references a-b, a-c and c-b."""
    first, second = ardoq.workspace("First"), ardoq.workspace("Second")
    a, b = ardoq.component(first, "a"), ardoq.component(first, "b")
    c = ardoq.component(second, "c")
    references = {"ab": ardoq.reference(a, b), "ac": ardoq.reference(a, c), "cb": ardoq.reference(c, b)}
    return first, second, {name: item["_id"] for name, item in references.items()}, c


def test_aggregated_has_content_and_incoming_references(ardoq, linked):
    """The aggregated workspace has its entities, and incoming ones of other workspaces separately."""
    first, second, references, c = linked
    whole = ardoq.ok("GET", f"/api/workspace/{first['_id']}/aggregated")
    assert [item["name"] for item in whole["components"]] == ["a", "b"]
    assert [item["_id"] for item in whole["references"]] == [references["ab"], references["ac"]]
    assert [item["_id"] for item in whole["incoming-references"]] == [references["cb"]]
    assert [item["_id"] for item in whole["incoming-components"]] == [c["_id"]]
    assert whole["tags"] == []
    assert whole["linked-workspaces"] == {"linked": [second["_id"]], "backlinked": [second["_id"]]}
    assert whole["components"][0]["ardoq"]["outgoingReferenceCount"] == 2
    assert whole["components"][1]["ardoq"]["incomingReferenceCount"] == 2


def test_empty_aggregated_references_are_null(ardoq):
    """An empty workspace has null for references and [] for the other lists."""
    whole = ardoq.ok("GET", f"/api/workspace/{ardoq.workspace()['_id']}/aggregated")
    assert whole["references"] is None
    assert (whole["components"], whole["tags"], whole["incoming-references"]) == ([], [], [])


def test_lists_of_a_workspace(ardoq, linked):
    """A workspace has lists of components, outgoing references, and all references."""
    first, _, references, _ = linked
    base = f"/api/workspace/{first['_id']}"
    assert len(ardoq.ok("GET", f"{base}/component")) == 2
    assert [item["_id"] for item in ardoq.ok("GET", f"{base}/reference")] == [
        references["ab"],
        references["ac"],
    ]
    assert {item["_id"] for item in ardoq.ok("GET", f"{base}/all-references")} == set(references.values())


def test_deleting_a_workspace_deletes_its_content(ardoq, linked):
    """Components, references in both directions and tags are deleted; the model stays."""
    first, second, _, c = linked
    mine = ardoq.ok("POST", "/api/tag", {"name": "t", "rootWorkspace": first["_id"]}, 201)
    other = {"name": "t", "rootWorkspace": second["_id"], "components": [first_component(ardoq, first)]}
    theirs = ardoq.ok("POST", "/api/tag", other, 201)
    assert ardoq.call("DELETE", f"/api/workspace/{first['_id']}").content == b""
    ardoq.rejected(404, "GET", f"/api/workspace/{first['_id']}")
    ardoq.rejected(404, "GET", f"/api/tag/{mine['_id']}")
    assert ardoq.ok("GET", "/api/reference") == []
    assert [item["_id"] for item in ardoq.ok("GET", "/api/component")] == [c["_id"]]
    assert ardoq.ok("GET", f"/api/tag/{theirs['_id']}")["components"] == []
    ardoq.ok("GET", f"/api/model/{first['componentModel']}")


def first_component(ardoq, workspace):
    """Return the id of the oldest component."""
    return ardoq.ok("GET", f"/api/workspace/{workspace['_id']}/component")[0]["_id"]


def test_branch_is_a_copy_with_its_origin(ardoq, linked):
    """A branch has copies of the components, and references between the copies."""
    first, second, _, c = linked
    parent = first_component(ardoq, first)
    ardoq.component(first, "child", parent=parent)
    branch = ardoq.ok("POST", f"/api/workspace/{first['_id']}/branch/create", {"branch-name": "try"}, 201)
    assert (branch["name"], branch["origin"]) == ("try", {"id": first["_id"], "_version": 1})
    assert branch["componentModel"] == first["componentModel"]
    whole = ardoq.ok("GET", f"/api/workspace/{branch['_id']}/aggregated")
    copies = {item["name"]: item for item in whole["components"]}
    assert list(copies) == ["a", "b", "child"]
    assert copies["child"]["parent"] == copies["a"]["_id"] != parent
    assert copies["a"]["origin"] == {"id": parent, "_version": 1}
    assert {(item["source"], item["target"]) for item in whole["references"]} == {
        (copies["a"]["_id"], copies["b"]["_id"]),
        (copies["a"]["_id"], c["_id"]),
    }
    (record,) = ardoq.ok("GET", f"/api/workspace/{first['_id']}/branch")
    assert (record["branch-name"], record["workspace-id"]) == ("try", branch["_id"])
    assert ardoq.ok("GET", f"/api/workspace/{second['_id']}/branch") == []
    ardoq.rejected(422, "POST", f"/api/workspace/{first['_id']}/branch/create", {})


def test_folders_contain_workspaces(ardoq):
    """A folder can be created, filled, changed and deleted; its workspaces stay."""
    workspace = ardoq.workspace()
    folder = ardoq.ok("POST", "/api/workspacefolder", {"name": "F"}, 201)
    path = f"/api/workspacefolder/{folder['_id']}"
    filled = ardoq.ok("PUT", f"{path}/add", {"workspaces": [workspace["_id"]]})
    assert filled["workspaces"] == [workspace["_id"]]
    assert ardoq.ok("GET", f"/api/workspace/{workspace['_id']}")["folder"] == folder["_id"]
    renamed = ardoq.ok("PUT", path, {**filled, "name": "G"})
    assert (renamed["name"], renamed["workspaces"]) == ("G", [workspace["_id"]])
    ardoq.rejected(409, "PUT", path, filled)
    assert ardoq.ok("GET", "/api/workspacefolder/") == [renamed]
    ardoq.ok("DELETE", path, status=204)
    ardoq.rejected(404, "GET", path)
    assert ardoq.ok("GET", f"/api/workspace/{workspace['_id']}")["folder"] is None


def test_folder_add_is_all_or_nothing(ardoq):
    """An unknown workspace leaves all workspaces where they are."""
    workspace = ardoq.workspace()
    folder = ardoq.ok("POST", "/api/workspacefolder", {"name": "F"}, 201)
    path = f"/api/workspacefolder/{folder['_id']}"
    ardoq.rejected(422, "PUT", f"{path}/add", {"workspaces": [workspace["_id"], "nothing"]})
    ardoq.rejected(400, "PUT", f"{path}/add", {"workspaces": "x"})
    assert ardoq.ok("GET", path)["workspaces"] == []
    ardoq.rejected(422, "POST", "/api/workspace", {"name": "X", "folder": "nothing"})
    assert ardoq.workspace("In", folder=folder["_id"])["folder"] == folder["_id"]
