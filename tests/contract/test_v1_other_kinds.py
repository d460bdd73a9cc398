"""The contract of v1 for models, fields, tags, attachments and the user."""

import io

import pytest

from ardoqpy import Conflict, NotFoundError


def test_types_are_found_by_name_through_the_whole_tree(account, capsys):
    """Component types are found at any depth, reference types by name, and printed with their ids."""
    client, ws = account.client, account.workspace()
    assert list(client.find_component_type(ws["_id"], "Service")) == ["p2"]
    assert client.find_component_type(ws["_id"], "Nothing") is None
    assert client.find_reference_type(ws["_id"], "Implicit")["id"] == 2
    assert client.find_reference_type(ws["_id"], "Nothing") is None
    client.print_model(ws_id=ws["_id"])
    printed = capsys.readouterr().out
    assert "name: Service - id: p2" in printed
    assert "name: Implicit - id: 2" in printed


def test_a_model_is_read_changed_and_patched(account):
    """A model is found by its id and its workspace, and a new type in it can be used at once."""
    client, ws = account.client, account.workspace()
    model = client.get_model(model_id=account.model["_id"])
    assert client.get_model(ws_id=ws["_id"])["_id"] == model["_id"]
    assert model["_id"] in {entity["_id"] for entity in client.get_model()}
    assert model["_id"] in {entity["_id"] for entity in client.get_models(include_common=True)}
    grown = {**model["root"], "p9": {"id": "p9", "name": "Team", "index": 3, "level": 1, "children": {}}}
    client.patch_model(model["_id"], {"root": grown})
    assert account.component(ws, "Us", "p9")["type"] == "Team"
    model = client.get_model(model_id=model["_id"])
    changed = client.update_model(model["_id"], {**model, "description": "grown"})
    assert (changed["description"], changed["_version"]) == ("grown", model["_version"] + 1)


def test_a_field_is_defined_once_for_a_model(account):
    """A field's key comes from its label; a second definition of it is a conflict."""
    client = account.client
    definition = {"label": "Node OS Image", "type": "Text", "model": account.model["_id"], "global": True}
    field = client.create_field(definition)
    try:
        assert field["name"] == "node_os_image"
        assert field["_id"] in {entity["_id"] for entity in client.get_field()}
        with pytest.raises(Conflict):
            client.create_field(definition)
        read = client.get_field(field["_id"])
        changed = client.update_field(field["_id"], {**read, "description": "of the node"})
        assert changed["description"] == "of the node"
    finally:
        assert client.del_field(field["_id"]) == {}
    with pytest.raises(NotFoundError):
        client.get_field(field["_id"])


def test_a_tag_is_found_or_created_by_its_name(account):
    """Creating a tag of a name that is there gives that tag; putting it there needs an update."""
    client, ws = account.client, account.workspace()
    comp = account.component(ws)
    tag = client.create_tag({"name": "late", "rootWorkspace": ws["_id"]})
    again = client.create_tag({"name": "late", "rootWorkspace": ws["_id"], "components": [comp["_id"]]})
    assert again["_id"] == tag["_id"]
    assert not again.get("components")
    read = client.get_tag(tag_id=tag["_id"])
    changed = client.update_tag(tag["_id"], {**read, "components": [comp["_id"]]})
    assert changed["components"] == [comp["_id"]]
    assert [entity["_id"] for entity in client.get_tag(ws_id=ws["_id"])] == [tag["_id"]]
    assert tag["_id"] in {entity["_id"] for entity in client.get_tags()}
    client.del_tag(tag["_id"])
    with pytest.raises(NotFoundError):
        client.get_tag(tag_id=tag["_id"])


@pytest.mark.parametrize("filename", ["plan.txt", "ünï & space?.bin", "50% off;x.txt"])
def test_a_file_goes_up_and_comes_down_as_it_was(account, tmp_path, filename):
    """The bytes are downloaded as they were uploaded, for any name, into memory, a file or a path."""
    client, ws = account.client, account.workspace()
    content = bytes(range(256)) * 1000
    uploaded = client.upload_attachment(ws["_id"], io.BytesIO(content), filename, content_type="text/x-test")
    assert (uploaded["filename"], uploaded["size"]) == (filename, len(content))
    assert uploaded["content-type"].startswith("text/x-test")
    assert [item["filename"] for item in client.get_attachments(ws["_id"])] == [filename]
    assert client.download_attachment(ws["_id"], filename) == content
    target = tmp_path / "down"
    assert client.download_attachment(ws["_id"], filename, target) == len(content)
    assert target.read_bytes() == content
    held = io.BytesIO()
    client.download_attachment(ws["_id"], filename, held)
    assert held.getvalue() == content
    assert client.del_attachment(ws["_id"], filename) == {}
    with pytest.raises(NotFoundError):
        client.download_attachment(ws["_id"], filename)


def test_a_download_that_fails_leaves_the_old_file(account, tmp_path):
    """A path is only replaced when the file is complete."""
    target = tmp_path / "kept.txt"
    target.write_text("old")
    with pytest.raises(NotFoundError):
        account.client.download_attachment(account.workspace()["_id"], "not-there.txt", target)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    assert target.read_text() == "old"


def test_the_user_of_the_token_is_returned(account):
    """The current user is an object with an id."""
    assert account.client.get_current_user()["_id"]
