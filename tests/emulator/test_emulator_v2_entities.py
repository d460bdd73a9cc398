"""The current user, workspaces, components and references in API v2."""

from contextlib import closing

import pytest
from emulator_caller import Caller

from ardoqpy.emulator import Emulator

COMPONENTS = "/api/v2/components"
REFERENCES = "/api/v2/references"
USER = "5f00aa00bb00cc00dd000001"
#: The custom fields of a component of type `p1` without values.
EMPTY = {"ext_id": None, "cost": None, "phase": None}


def component(ardoq, organisation, name="Web", **more):
    """Create a component by v2."""
    body = {"rootWorkspace": organisation.apps, "typeId": "p1", "name": name, **more}
    return ardoq.ok("POST", COMPONENTS, body, 201)


def reference(ardoq, source, target, **more):
    """Create a reference by v2."""
    body = {"source": source["_id"], "target": target["_id"], "type": 2, **more}
    return ardoq.ok("POST", REFERENCES, body, 201)


@pytest.mark.parametrize("path", ["/api/v2/me", "/api/v2/me/"])
def test_me_has_the_label_of_the_organisation(path):
    """The user has an e-mail, the organisation the label that X-org accepts."""
    with Emulator(org="acme") as running, closing(Caller(running)) as ardoq:
        answer = ardoq.ok("GET", path)
    assert answer == {"user": {"email": "user@emulator.example"}, "org": {"name": "acme", "label": "acme"}}


def test_unauthorized_requests_are_rejected():
    """Without a token the answer is 401; with another organisation in X-org it is 403; both are JSON."""
    with Emulator(org="acme") as running, closing(Caller(running)) as ardoq:
        assert ardoq.call("GET", "/api/v2/me", headers={"X-org": "acme"}).status == 200
        assert ardoq.call("GET", "/api/v2/me", headers={"X-org": "else"}).status == 403
        answer = ardoq.call("GET", COMPONENTS, headers={"Authorization": "Bearer wrong"})
    assert answer.status == 401
    assert "token" in answer.json["message"]


def test_both_schemes_of_token_are_accepted(ardoq, emulator):
    """v2 uses Bearer; the scheme of v1 is accepted, too."""
    for scheme in ("Bearer ", "Token token="):
        headers = {"Authorization": scheme + emulator.token}
        assert ardoq.call("GET", "/api/v2/me", headers=headers).status == 200


def test_workspace_has_every_attribute_but_its_model(ardoq, organisation):
    """v2 reads a workspace that v1 has created, with null for what is not set."""
    result = ardoq.ok("GET", f"/api/v2/workspaces/{organisation.apps}/")
    meta = result.pop("_meta")
    assert result == {
        "_id": organisation.apps,
        "_version": 1,
        "name": "Apps",
        "description": None,
        "workspaceKey": "APP",
        "views": [],
        "startView": None,
    }
    assert set(meta) == {
        "created",
        "createdBy",
        "createdByName",
        "createdByEmail",
        "lastUpdated",
        "lastModifiedBy",
        "lastModifiedByName",
        "lastModifiedByEmail",
    }
    assert meta["createdByName"] == "Emulator User"
    ardoq.rejected(404, "GET", f"/api/v2/workspaces/{organisation.model}")
    for query, names in (
        ("name=Other", ["Other"]),
        (f"componentModel={organisation.model}", ["Apps", "Other"]),
        ("componentModel=x", []),
    ):
        values = ardoq.ok("GET", f"/api/v2/workspaces?{query}")["values"]
        assert [item["name"] for item in values] == names


def test_context_lists_types_fields_and_tags(ardoq, organisation):
    """Types have their parents and fields, fields their options, tags their names."""
    ardoq.ok("POST", "/api/tag", {"name": "old", "rootWorkspace": organisation.apps}, 201)
    context = ardoq.ok("GET", f"/api/v2/workspaces/{organisation.apps}/context")
    assert context["rootWorkspace"] == organisation.apps
    assert context["tags"] == [{"name": "old"}]
    application, service, server = context["componentTypes"]
    plain = dict.fromkeys(("color", "icon", "image", "shape"))
    customs = ["ext_id", "cost", "phase"]
    assert application == {"typeId": "p1", "name": "Application", "customFields": customs, **plain}
    assert service == {
        "typeId": "p2",
        "name": "Service",
        "customFields": ["ext_id", "phase"],
        **plain,
        "icon": "cog",
        "parent": {"name": "Application", "typeId": "p1"},
    }
    assert "parent" not in server
    assert context["referenceTypes"] == [
        {"type": 1, "name": "uses", "customFields": ["ext_id"]},
        {"type": 2, "name": "Implicit", "customFields": ["ext_id", "open"]},
    ]
    fields = {field["apiKey"]: field for field in context["customFields"]}
    assert fields["phase"] == {
        "apiKey": "phase",
        "label": "Phase",
        "type": "List",
        "description": None,
        "defaultValue": None,
        "options": ["plan", "live"],
        "calculated": False,
        "readOnly": False,
    }
    assert [name for name, field in fields.items() if "options" in field] == ["phase", "parts"]
    assert [name for name, field in fields.items() if field["calculated"]] == ["total"]
    assert [name for name, field in fields.items() if field["readOnly"]] == ["total"]
    assert fields["since"]["description"] == "When it began"
    ardoq.rejected(404, "GET", "/api/v2/workspaces/nothing/context")


def test_created_component_has_every_attribute(ardoq, organisation):
    """Derived attributes are set, others null; custom values are under customFields."""
    created = component(ardoq, organisation, customFields={"cost": 1200, "phase": "live"})
    assert ardoq.ok("GET", f"{COMPONENTS}/{created['_id']}") == created
    meta = created.pop("_meta")
    assert meta["created"] == meta["lastUpdated"]
    assert meta["createdBy"] == meta["lastModifiedBy"] == USER
    assert created == {
        "_id": created["_id"],
        "_version": 1,
        "rootWorkspace": organisation.apps,
        "typeId": "p1",
        "type": "Application",
        "name": "Web",
        "componentKey": "APP-1",
        "parent": None,
        "description": None,
        "color": None,
        "icon": None,
        "image": None,
        "shape": None,
        "customFields": {"ext_id": None, "cost": 1200, "phase": "live"},
    }


def test_both_versions_share_the_store(ardoq, organisation):
    """Each version reads what the other has written, in its own form and with the next version."""
    created = component(ardoq, organisation, customFields={"cost": 5})
    by_v1 = ardoq.ok("GET", f"/api/component/{created['_id']}")
    assert (by_v1["cost"], by_v1["component-key"]) == (5, "APP-1")
    ardoq.ok("PUT", f"/api/component/{created['_id']}", {**by_v1, "name": "New", "cost": None})
    by_v2 = ardoq.ok("GET", f"{COMPONENTS}/{created['_id']}")
    assert (by_v2["name"], by_v2["_version"], by_v2["customFields"]) == ("New", 2, EMPTY)
    ardoq.ok("PATCH", f"{COMPONENTS}/{created['_id']}?ifVersionMatch=2", {"color": "red"})
    assert ardoq.ok("GET", f"/api/component/{created['_id']}")["color"] == "red"
    old = ardoq.component({"_id": organisation.apps}, typeId="p2", wild={"any": "thing"})
    assert ardoq.ok("GET", f"{COMPONENTS}/{old['_id']}")["customFields"] == {
        "ext_id": None,
        "phase": None,
        "wild": {"any": "thing"},
    }


def test_patch_changes_only_given_attributes(ardoq, organisation):
    """Omitted keys stay, custom keys too; null clears; read-only keys are ignored."""
    created = component(ardoq, organisation, description="d", customFields={"cost": 1, "ext_id": "7"})
    path = f"{COMPONENTS}/{created['_id']}"
    body = {"name": "New", "customFields": {"cost": None}, "_id": "x", "typeId": "p2", "nonsense": 1}
    changed = ardoq.ok("PATCH", f"{path}?ifVersionMatch=1", body)
    assert (changed["name"], changed["description"], changed["_version"]) == ("New", "d", 2)
    assert (changed["customFields"], changed["typeId"]) == (EMPTY | {"ext_id": "7"}, "p1")
    assert changed["_meta"]["created"] < changed["_meta"]["lastUpdated"]
    changed = ardoq.ok("PATCH", f"{path}/?ifVersionMatch=latest", {"description": None})
    assert (changed["description"], changed["_version"]) == (None, 3)


@pytest.mark.parametrize("base", [COMPONENTS, REFERENCES])
def test_patch_compares_the_version(ardoq, organisation, base):
    """A missing or invalid ifVersionMatch is 400, an outdated version is 409."""
    created = component(ardoq, organisation)
    if base == REFERENCES:
        created = reference(ardoq, created, created)
    path = f"{base}/{created['_id']}"
    assert "ifVersionMatch" in ardoq.rejected(400, "PATCH", path, {})
    for wrong in ("", "x", "0", "-1", "1.5", "LATEST"):
        ardoq.rejected(400, "PATCH", f"{path}?ifVersionMatch={wrong}", {})
    message = ardoq.rejected(409, "PATCH", f"{path}?ifVersionMatch=2", {"description": "x"})
    assert "has version 1, the request has 2" in message
    assert ardoq.ok("GET", path) == created
    ardoq.rejected(404, "PATCH", f"{base}/nothing?ifVersionMatch=latest", {})


def test_invalid_components_are_rejected(ardoq, organisation):
    """A missing or invalid value is 422 and named; a wrong JSON type is 400."""
    good = {"rootWorkspace": organisation.apps, "typeId": "p1", "name": "x"}
    for key in good:
        short = {name: value for name, value in good.items() if name != key}
        assert f"'{key}'" in ardoq.rejected(422, "POST", COMPONENTS, short)
        ardoq.rejected(422, "POST", COMPONENTS, {**good, key: None})
    for key, wrong in (
        ("typeId", "p9"),
        ("typeId", 5),
        ("rootWorkspace", "x"),
        ("parent", "x"),
        ("name", " "),
    ):
        ardoq.rejected(422, "POST", COMPONENTS, {**good, key: wrong})
    for key, wrong in (
        ("name", 5),
        ("parent", []),
        ("customFields", None),
        ("customFields", []),
        ("icon", 1),
    ):
        ardoq.rejected(400, "POST", COMPONENTS, {**good, key: wrong})
    ardoq.rejected(400, "POST", COMPONENTS, b"{")
    ardoq.rejected(400, "POST", COMPONENTS, [good])
    assert ardoq.ok("GET", COMPONENTS)["values"] == []


def test_other_content_types_and_methods_are_rejected(ardoq, organisation):
    """A form is 415, any JSON type is accepted; other methods are 405."""
    good = {"rootWorkspace": organisation.apps, "typeId": "p1", "name": "x"}
    for kind, status in (
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("application/json; charset=utf-8", 201),
        ("application/merge-patch+json", 201),
    ):
        assert ardoq.call("POST", COMPONENTS, good, {"Content-Type": kind}).status == status
    answer = ardoq.call("PUT", f"{COMPONENTS}/x", good)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, PATCH, DELETE")
    assert ardoq.call("TRACE", "/api/v2/me").status == 405
    ardoq.rejected(404, "GET", "/api/v2/tags")


def test_component_tree_is_valid(ardoq, organisation):
    """A parent is in the same workspace and not below; a deletion includes descendants and references."""
    top = component(ardoq, organisation, "Top")
    below = component(ardoq, organisation, "Below", typeId="p2", parent=top["_id"])
    elsewhere = component(ardoq, organisation, "Else", rootWorkspace=organisation.other)
    path = f"{COMPONENTS}/{top['_id']}"
    ardoq.rejected(422, "PATCH", f"{path}?ifVersionMatch=latest", {"parent": below["_id"]})
    ardoq.rejected(422, "PATCH", f"{path}?ifVersionMatch=latest", {"parent": elsewhere["_id"]})
    kept = reference(ardoq, elsewhere, elsewhere)
    lost = reference(ardoq, elsewhere, below)
    ardoq.ok("DELETE", path, status=204)
    ardoq.rejected(404, "GET", path)
    ardoq.rejected(404, "DELETE", path)
    ardoq.rejected(404, "GET", f"{COMPONENTS}/{below['_id']}")
    ardoq.rejected(404, "GET", f"{REFERENCES}/{lost['_id']}")
    assert ardoq.ok("GET", REFERENCES)["values"] == [kept]


def test_created_reference_has_every_attribute(ardoq, organisation):
    """The workspaces of a reference follow from its ends."""
    source = component(ardoq, organisation)
    target = component(ardoq, organisation, rootWorkspace=organisation.other)
    created = reference(ardoq, source, target, customFields={"open": True})
    assert ardoq.ok("GET", f"{REFERENCES}/{created['_id']}") == created
    del created["_meta"]
    assert created == {
        "_id": created["_id"],
        "_version": 1,
        "source": source["_id"],
        "target": target["_id"],
        "type": 2,
        "rootWorkspace": organisation.apps,
        "targetWorkspace": organisation.other,
        "displayText": None,
        "description": None,
        "customFields": {"ext_id": None, "open": True},
    }


def test_reference_can_be_reversed_but_keeps_its_type(ardoq, organisation):
    """A PATCH changes the ends and their workspaces; a type in it is ignored."""
    source = component(ardoq, organisation)
    target = component(ardoq, organisation, rootWorkspace=organisation.other)
    path = f"{REFERENCES}/{reference(ardoq, source, target)['_id']}"
    body = {"source": target["_id"], "target": source["_id"], "type": 1, "displayText": "back"}
    turned = ardoq.ok("PATCH", f"{path}?ifVersionMatch=1", body)
    assert (turned["rootWorkspace"], turned["targetWorkspace"]) == (organisation.other, organisation.apps)
    assert (turned["type"], turned["displayText"], turned["_version"]) == (2, "back", 2)
    for wrong in ({"displayText": None}, {"source": None}, {"target": "x"}):
        ardoq.rejected(422, "PATCH", f"{path}?ifVersionMatch=latest", wrong)
    ardoq.ok("DELETE", path, status=204)
    ardoq.rejected(404, "DELETE", path)


def test_invalid_references_are_rejected(ardoq, organisation):
    """A missing or invalid value is 422; a wrong JSON type is 400."""
    end = component(ardoq, organisation)["_id"]
    good = {"source": end, "target": end, "type": 2}
    for key in good:
        short = {name: value for name, value in good.items() if name != key}
        assert f"'{key}'" in ardoq.rejected(422, "POST", REFERENCES, short)
    for key, wrong in (
        ("type", 9),
        ("type", -(2**63)),
        ("source", "x"),
        ("target", organisation.apps),
        ("displayText", None),
    ):
        ardoq.rejected(422, "POST", REFERENCES, {**good, key: wrong})
    for key, wrong in (("type", "2"), ("type", 1.5), ("type", 2**63), ("source", 5), ("displayText", 5)):
        ardoq.rejected(400, "POST", REFERENCES, {**good, key: wrong})
    assert ardoq.ok("POST", REFERENCES, {**good, "type": 2.0}, 201)["type"] == 2


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("cost", "5", "a number"),
        ("cost", True, "a number"),
        ("phase", "gone", "one string of 'plan', 'live'"),
        ("parts", "a", "a list of strings of 'a', 'b', 'c'"),
        ("parts", ["a", "z"], "a list of strings of 'a', 'b', 'c'"),
        ("since", "soon", "an ISO-8601 date or time"),
        ("since", 5, "an ISO-8601 date or time"),
        ("open", "true", "true or false"),
        ("mail", "nobody", "an e-mail address"),
        ("owner", "nobody", "the id of a user"),
        ("ext_id", 7, "a string"),
    ],
)
def test_custom_value_that_does_not_fit_is_rejected(ardoq, organisation, field, value, allowed):
    """The message has the value, the field and what it accepts; nothing is stored."""
    body = {"rootWorkspace": organisation.apps, "typeId": "p1", "name": "x", "customFields": {field: value}}
    message = ardoq.rejected(422, "POST", COMPONENTS, body)
    assert f"Field '{field}' is of type" in message
    assert f"cannot hold {value!r}: it takes {allowed}." in message
    created = component(ardoq, organisation)
    path = f"{COMPONENTS}/{created['_id']}"
    ardoq.rejected(422, "PATCH", f"{path}?ifVersionMatch=latest", {"customFields": {field: value}})
    end = {"source": created["_id"], "target": created["_id"], "type": 1}
    ardoq.rejected(422, "POST", REFERENCES, {**end, "customFields": {field: value}})
    assert ardoq.ok("GET", COMPONENTS)["values"] == [created]


def test_custom_values_that_fit_are_stored(ardoq, organisation):
    """Every type of field accepts its values; a time comes back as it was sent."""
    given = {
        "ext_id": "7",
        "cost": 1.5,
        "phase": "plan",
        "parts": ["c", "a"],
        "since": "2024-05-01T12:00:00+02:00",
        "open": False,
        "mail": "a@example.org",
        "owner": USER,
    }
    stored = component(ardoq, organisation, customFields=given)["customFields"]
    assert stored == given


def test_undefined_and_calculated_fields_cannot_be_written(ardoq, organisation):
    """A key without a field and a calculated field are rejected; what v1 has stored can be cleared."""
    created = component(ardoq, organisation)
    path = f"{COMPONENTS}/{created['_id']}?ifVersionMatch=latest"
    message = ardoq.rejected(422, "PATCH", path, {"customFields": {"coast": 5}})
    assert "has no field 'coast'; it has ext_id, cost" in message
    assert "is calculated" in ardoq.rejected(422, "PATCH", path, {"customFields": {"total": 5}})
    ardoq.ok("PATCH", f"/api/component/{created['_id']}", {"wild": 5})
    assert ardoq.ok("PATCH", path, {"customFields": {"wild": 6}})["customFields"] == EMPTY | {"wild": 6}
    assert ardoq.ok("PATCH", path, {"customFields": {"wild": None}})["customFields"] == EMPTY
