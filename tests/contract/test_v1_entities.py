"""The contract of v1 for workspaces, components and references, from the tests of official clients."""

import pytest

from ardoqpy import ArdoqClient, AuthorizationError, Conflict, NotFoundError

NOWHERE = "0123456789abcdef01234567"


def ids(entities):
    """Return the ids of some entities, in no order."""
    return {entity["_id"] for entity in entities}


def test_a_created_workspace_is_found_by_every_method(account):
    """A new workspace is in the listing, found by id, by prefix and by its exact name."""
    client, ws = account.client, account.workspace()
    assert ws["componentModel"] == account.model["_id"]
    assert ws["_id"] in ids(client.get_workspaces())
    assert ws["_id"] in ids(client.get_workspaces(summary=True))
    assert client.get_workspace(ws["_id"])["name"] == ws["name"]
    assert ws["_id"] in ids(client.find_workspace(ws["name"][:-2]))
    assert ids(client.find_workspace(ws["name"], exact=True)) == {ws["_id"]}
    assert client.find_workspace(ws["name"][:-2], exact=True) == []


def test_a_workspace_is_changed_with_the_version_that_was_read(account):
    """PUT of a workspace raises its version by one and keeps the new description."""
    client, ws = account.client, account.workspace()
    changed = client.update_workspace(ws["_id"], {**ws, "description": "all of them"})
    assert (changed["_version"], changed["description"]) == (ws["_version"] + 1, "all of them")


def test_a_template_is_cloned_and_a_model_is_shared(account):
    """`componentTemplate` gives a workspace a model of its own, `componentModel` the one that is named."""
    cloned = account.workspace("cloned", componentModel=None, componentTemplate=account.model["_id"])
    assert cloned["componentModel"] != account.model["_id"]
    names = {kind["name"] for kind in account.client.get_model(ws_id=cloned["_id"])["root"].values()}
    assert names == {"Application", "Server"}


def test_a_deleted_workspace_no_longer_exists(account):
    """DELETE answers with nothing, and the workspace cannot be read any more."""
    ws = account.workspace()
    assert account.client.del_workspace(ws["_id"]) == {}
    with pytest.raises(NotFoundError):
        account.client.get_workspace(ws["_id"])


def test_the_aggregated_workspace_has_all_its_content(account):
    """The aggregated answer has all components, and the references whose source is in the workspace."""
    apps, servers = account.workspace("Apps"), account.workspace("Servers")
    web, db = account.component(apps), account.component(servers, "db", "p3")
    here, back = account.reference(web, db), account.reference(db, web)
    content = account.client.get_workspace(apps["_id"], aggregated=True)
    assert ids(content["components"]) == {web["_id"]}
    assert ids(content["references"]) == {here["_id"]}
    assert ids(account.client.get_workspace_components(apps["_id"])) == {web["_id"]}
    assert ids(account.client.get_workspace_references(apps["_id"])) == {here["_id"]}
    both = account.client.get_workspace_references(apps["_id"], incoming=True)
    assert ids(both) == {here["_id"], back["_id"]}


def test_an_empty_workspace_has_no_references_whatever_that_looks_like(account):
    """Null, absent and [] all mean that there are none."""
    content = account.client.get_workspace(account.workspace()["_id"], aggregated=True)
    assert not content.get("components")
    assert not content.get("references")


def test_a_branch_names_what_it_was_branched_from(account):
    """Branching makes a new workspace of the branch's name whose origin is the first one."""
    ws = account.workspace()
    branch = account.client.create_branch(ws["_id"], f"{account.label} Plan B")
    try:
        assert branch["_id"] != ws["_id"]
        assert branch["name"] == f"{account.label} Plan B"
        assert branch["origin"]["id"] == ws["_id"]
        assert f"{account.label} Plan B" in {
            client["branch-name"] for client in account.client.get_branches(ws["_id"])
        }
    finally:
        account.client.del_workspace(branch["_id"])


def test_a_folder_takes_workspaces_in(account):
    """A workspace moved into a folder names it, and the folder can be read, changed and deleted."""
    client, ws = account.client, account.workspace()
    folder = client.create_folder({"name": account.label})
    try:
        client.move_workspace(folder["_id"], [ws["_id"]])
        assert client.get_workspace(ws["_id"])["folder"] == folder["_id"]
        assert folder["_id"] in ids(client.get_folder())
        read = client.get_folder(folder["_id"])
        assert client.update_folder(folder["_id"], {**read, "description": "mine"})["description"] == "mine"
    finally:
        client.del_folder(folder["_id"])
    with pytest.raises(NotFoundError):
        client.get_folder(folder["_id"])


def test_a_component_is_stored_as_sent_custom_fields_beside_the_others(account):
    """The attributes that were sent are returned, with version 1 and the name of the type."""
    ws = account.workspace()
    created = account.component(ws, description="sells", contract_test_note="any text")
    read = account.client.get_component(comp_id=created["_id"])
    for comp in (created, read):
        assert (comp["name"], comp["type"], comp["_version"]) == ("Web shop", "Application", 1)
        assert (comp["description"], comp["contract_test_note"]) == ("sells", "any text")
        assert comp["rootWorkspace"] == ws["_id"]
        assert comp.get("parent") is None


def test_a_stale_version_is_a_conflict_and_changes_nothing(account):
    """A PUT with the version of before is refused, and the stored entity is the one of before."""
    client, comp = account.client, account.component(account.workspace())
    client.update_component(comp["_id"], {**comp, "name": "Shop"})
    with pytest.raises(Conflict):
        client.update_component(comp["_id"], {**comp, "name": "Too late"})
    read = client.get_component(comp_id=comp["_id"])
    assert (read["name"], read["_version"]) == ("Shop", 2)


def test_patch_changes_only_the_given_attributes(account):
    """A PATCH of one attribute leaves the others as they were."""
    client, comp = account.client, account.component(account.workspace(), description="sells")
    client.patch_component(comp["_id"], payload={"name": "Shop"})
    read = client.get_component(comp_id=comp["_id"])
    assert (read["name"], read["description"]) == ("Shop", "sells")


def test_null_clears_a_custom_value(account):
    """A custom field sent as None is removed."""
    client, comp = account.client, account.component(account.workspace(), contract_test_note="text")
    cleared = client.update_component(comp["_id"], {**comp, "contract_test_note": None})
    assert cleared.get("contract_test_note") is None
    assert client.get_component(comp_id=comp["_id"]).get("contract_test_note") is None


def test_components_are_found_by_name_and_by_field(account):
    """Search by exact name and by field gives the one that has it; all without a name."""
    client, ws = account.client, account.workspace()
    shop = account.component(ws, contract_test_note="seven")
    blog = account.component(ws, "Blog")
    assert ids(client.find_component(ws["_id"], "Web shop", exact=True)) == {shop["_id"]}
    assert client.find_component(ws["_id"], "Web", exact=True) == []
    assert shop["_id"] in ids(client.find_component(ws["_id"], "Web shop"))
    by_field = client.find_component(ws["_id"], field_name="contract_test_note", field_value="seven")
    assert shop["_id"] in ids(by_field)
    wanted = {"contract_test_note": "seven", "rootWorkspace": ws["_id"]}
    assert ids(client.search_components(wanted)) == {shop["_id"]}
    assert client.search_components({"contract_test_note": "eight", "rootWorkspace": ws["_id"]}) == []
    assert ids(client.get_component(ws_id=ws["_id"])) == {shop["_id"], blog["_id"]}


def test_a_deleted_component_takes_children_and_references_with_it(account):
    """Descendants and references at either end go with a component."""
    client, ws = account.client, account.workspace()
    top, other = account.component(ws, "Top"), account.component(ws, "Other")
    child = account.component(ws, "Child", "p2", parent=top["_id"])
    refs = [account.reference(child, other), account.reference(other, top)]
    assert client.del_component(top["_id"]) == {}
    for comp in (top, child):
        with pytest.raises(NotFoundError):
            client.get_component(comp_id=comp["_id"])
    for ref in refs:
        with pytest.raises(NotFoundError):
            client.get_reference(ref_id=ref["_id"])
    assert ids(client.get_component(ws_id=ws["_id"])) == {other["_id"]}


def test_bulk_delete_lists_the_deleted_references(account):
    """The bulk delete names the components and the references that went with them."""
    client, ws = account.client, account.workspace()
    one, two, three = (account.component(ws, name) for name in ("one", "two", "three"))
    ref = account.reference(two, three)
    answer = client.del_components([one["_id"], two["_id"]], request_id="r-1")
    assert answer["clientRequestId"] == "r-1"
    assert {one["_id"], two["_id"]} <= set(answer["componentIds"])
    assert answer["referenceIds"] == [ref["_id"]]
    assert ids(client.get_component(ws_id=ws["_id"])) == {three["_id"]}


def test_a_component_can_come_with_its_references(account):
    """`incl_refs` adds the incoming and outgoing references."""
    ws = account.workspace()
    one, two = account.component(ws, "one"), account.component(ws, "two")
    ref = account.reference(one, two)
    out = account.client.get_component(comp_id=one["_id"], incl_refs=True)["references"]
    assert (ids(out["out"]), ids(out["in"])) == ({ref["_id"]}, set())
    assert ids(account.client.get_component(comp_id=two["_id"], incl_refs=True)["references"]["in"]) == {
        ref["_id"]
    }


def test_a_reference_lives_like_a_component(account):
    """A reference is created, read, listed, changed, patched and deleted."""
    client, ws = account.client, account.workspace()
    one, two = account.component(ws, "one"), account.component(ws, "two")
    ref = account.reference(one, two, displayText="calls", contract_test_note="x")
    assert (ref["_version"], ref["type"], ref["rootWorkspace"]) == (1, 1, ws["_id"])
    assert ids(client.get_reference(ws_id=ws["_id"])) == {ref["_id"]}
    turned = {**ref, "source": two["_id"], "target": one["_id"], "type": 2}
    changed = client.update_reference(ref["_id"], turned)
    assert (changed["source"], changed["type"], changed["_version"]) == (two["_id"], 2, 2)
    with pytest.raises(Conflict):
        client.update_reference(ref["_id"], turned)
    client.patch_reference(ref["_id"], payload={"displayText": "asks"})
    read = client.get_reference(ref_id=ref["_id"])
    assert (read["displayText"], read["contract_test_note"]) == ("asks", "x")
    assert client.del_reference(ref["_id"]) == {}
    with pytest.raises(NotFoundError):
        client.get_reference(ref_id=ref["_id"])


def test_a_batch_makes_parents_and_ends_of_its_own_members(account):
    """Batch ids work as parent, source and target, and come back with the ids they became."""
    client, ws = account.client, account.workspace()
    answer = client.batch_create(
        components=[
            {"batchId": "a", "rootWorkspace": ws["_id"], "typeId": "p1", "name": "A"},
            {"batchId": "b", "rootWorkspace": ws["_id"], "typeId": "p2", "name": "B", "parent": "a"},
        ],
        references=[{"batchId": "r", "rootWorkspace": ws["_id"], "source": "b", "target": "a", "type": 2}],
    )
    child = client.get_component(comp_id=answer["components"]["b"])
    assert child["parent"] == answer["components"]["a"]
    ref = client.get_reference(ref_id=answer["references"]["r"])
    assert (ref["source"], ref["target"]) == (answer["components"]["b"], answer["components"]["a"])


def test_a_missing_entity_is_not_found(account):
    """Reading, changing or deleting under an id that names nothing is one error."""
    for call in (
        lambda c: c.get_component(comp_id=NOWHERE),
        lambda c: c.del_component(NOWHERE),
        lambda c: c.get_reference(ref_id=NOWHERE),
        lambda c: c.get_workspace(NOWHERE, aggregated=True),
        lambda c: c.get_tag(tag_id=NOWHERE),
        lambda c: c.get_model(model_id=NOWHERE),
        lambda c: c.get_field(NOWHERE),
    ):
        with pytest.raises(NotFoundError):
            call(account.client)


def test_a_wrong_token_is_refused(ardoq_settings):
    """A token that Ardoq does not know is refused as such."""
    with pytest.raises(AuthorizationError) as caught:
        ArdoqClient(**{**ardoq_settings, "token": "nobody-has-this-token"}).get_workspaces()
    assert caught.value.status in (401, 403)
