"""The batch of API v2: operations that refer to one another, all or nothing."""

import json

import pytest

BATCH = "/api/v2/batch"
EXPAND = "/api/v2/batch/expand"


@pytest.fixture
def existing(ardoq, organisation):
    """Create, by v1, four components and two references."""
    at = {"_id": organisation.apps}
    entry = ardoq.component(at, "One", typeId="p1", ext_id="1", cost=1)
    two = ardoq.component(at, "Two", typeId="p1", ext_id="2", cost=2)
    below = ardoq.component(at, "Below", typeId="p2", parent=entry["_id"], ext_id="3")
    away = ardoq.component({"_id": organisation.other}, "Away", typeId="p3", ext_id="1")
    ardoq.reference(entry, two, ext_id="r1")
    ardoq.reference(two, away, type=1, ext_id="r2")
    return {row["name"]: row["_id"] for row in (entry, two, below, away)}


def body(organisation, name="New", **more):
    """Return the body of a component to create."""
    return {"rootWorkspace": organisation.apps, "typeId": "p1", "name": name, **more}


def component(ardoq, row_id):
    """Return a component as v2 answers it."""
    return ardoq.ok("GET", f"/api/v2/components/{row_id}")


def reference_ids(ardoq):
    """Return the ids of the references by their ext_id."""
    values = ardoq.ok("GET", "/api/v2/references")["values"]
    return {entry["customFields"].get("ext_id"): entry["_id"] for entry in values}


def rejected(ardoq, status, request):
    """Send a batch that has to be rejected and to change nothing; return the message."""
    before = ardoq.emulator.dump()
    message = ardoq.rejected(status, "POST", BATCH, request)
    assert ardoq.emulator.dump() == before
    return message


def test_empty_batch_does_nothing(ardoq):
    """Every list is optional; the answer has all of them."""
    nothing = {"created": [], "updated": [], "deleted": []}
    for request in ({}, {"components": {}, "references": {"create": []}}):
        assert ardoq.ok("POST", f"{BATCH}/", request) == {"components": nothing, "references": nothing}


def test_entities_refer_to_one_another_in_any_order(ardoq, organisation, existing):
    """A batchId can be a parent or an end, before and after its operation."""
    request = {
        "components": {
            "create": [
                {"batchId": "c", "body": body(organisation, "C", parent="b")},
                {"batchId": "b", "body": body(organisation, "B", parent="a")},
                {"batchId": "a", "body": body(organisation, "A", parent=existing["One"])},
                {"body": body(organisation, "nameless", parent="c")},
            ],
            "update": [{"id": existing["Two"], "ifVersionMatch": 1, "body": {"parent": "c"}}],
        },
        "references": {
            "create": [{"batchId": "r", "body": {"source": "c", "target": existing["Away"], "type": 2}}]
        },
    }
    answer = ardoq.ok("POST", BATCH, request)
    created = {item.get("batchId"): item["id"] for item in answer["components"]["created"]}
    assert set(created) == {"a", "b", "c", None}
    assert all("body" not in item for item in answer["components"]["created"])
    assert answer["components"]["updated"] == [{"id": existing["Two"]}]
    assert component(ardoq, created["c"])["parent"] == created["b"]
    assert component(ardoq, created["b"])["parent"] == created["a"]
    assert component(ardoq, created["a"])["parent"] == existing["One"]
    assert component(ardoq, created[None])["parent"] == created["c"]
    assert component(ardoq, existing["Two"])["parent"] == created["c"]
    (ref,) = answer["references"]["created"]
    assert ref["batchId"] == "r"
    assert ardoq.ok("GET", f"/api/v2/references/{ref['id']}")["source"] == created["c"]


def test_answer_contains_entities_on_request(ardoq, organisation, existing):
    """With respondWithEntities the answer has each created and updated entity in its final state."""
    request = {
        "options": {"respondWithEntities": True},
        "components": {
            "create": [{"batchId": "a", "body": body(organisation)}],
            "update": [{"id": existing["One"], "ifVersionMatch": "latest", "body": {"name": "Uno"}}],
        },
        "references": {"create": [{"body": {"source": "a", "target": "a", "type": 1}}]},
    }
    answer = ardoq.ok("POST", BATCH, request)
    for item in (*answer["components"]["created"], *answer["components"]["updated"]):
        assert item["body"] == component(ardoq, item["id"])
    (created,) = answer["references"]["created"]
    assert created["body"] == ardoq.ok("GET", f"/api/v2/references/{created['id']}")


def test_versions_are_compared(ardoq, existing):
    """An update with an outdated version is 409 and changes nothing; "latest" is accepted."""

    def request(version):
        changes = [{"id": existing["One"], "ifVersionMatch": 1, "body": {"name": "x"}}]
        changes.append({"id": existing["Two"], "ifVersionMatch": version, "body": {"name": "x"}})
        return {"components": {"update": changes}}

    assert "components.update[1]" in rejected(ardoq, 409, request(2))
    for wrong in (0, "1", "newest", None, 1.5, True, 2**63):
        rejected(ardoq, 400, request(wrong))
    ardoq.ok("POST", BATCH, request("latest"))
    assert component(ardoq, existing["Two"])["_version"] == 2


def test_any_failure_undoes_the_batch(ardoq, organisation, existing):
    """A late failure undoes the whole batch, and the message has its location."""
    good = {"create": [{"batchId": "a", "body": body(organisation)}], "delete": [{"id": existing["Away"]}]}
    rejected(
        ardoq, 422, {"components": {"create": [{"body": body(organisation, customFields={"cost": "5"})}]}}
    )
    for status, references in (
        (422, {"create": [{"body": {"source": "a", "target": "nothing", "type": 2}}]}),
        (422, {"create": [{"body": {"source": "a", "target": "a", "type": 9}}]}),
        (422, {"create": [{"body": {"source": "a", "target": "a", "type": 2, "customFields": {"x": 1}}}]}),
        (404, {"update": [{"id": "nothing", "ifVersionMatch": 1, "body": {}}]}),
        (404, {"delete": [{"id": "nothing"}]}),
        (409, {"update": [{"id": reference_ids(ardoq)["r1"], "ifVersionMatch": 5, "body": {}}]}),
    ):
        (verb,) = references
        message = rejected(ardoq, status, {"components": good, "references": references})
        assert message.startswith(f"references.{verb}[0]: ")
    ardoq.ok("POST", BATCH, {"components": good})


def test_component_aliases_have_three_forms(ardoq, organisation, existing):
    """A custom field, a name or a component key identifies the component."""
    key = component(ardoq, existing["Below"])["componentKey"]
    request = {
        "aliases": {
            "components": {
                "by field": {"rootWorkspace": organisation.apps, "customFields": {"ext_id": "1"}},
                "by name": {"rootWorkspace": organisation.apps, "name": "Two"},
                "by key": {"componentKey": key},
                "by number": {"rootWorkspace": organisation.apps, "customFields": {"cost": "2.0"}},
            }
        },
        "components": {
            "create": [{"batchId": "a", "body": body(organisation, parent="by field")}],
            "update": [
                {"id": "by key", "ifVersionMatch": "latest", "body": {"parent": "by name"}},
                {"id": "by number", "ifVersionMatch": "latest", "body": {"description": "found"}},
            ],
        },
        "references": {"create": [{"body": {"source": "by field", "target": "by name", "type": 1}}]},
    }
    answer = ardoq.ok("POST", BATCH, request)
    assert component(ardoq, answer["components"]["created"][0]["id"])["parent"] == existing["One"]
    assert component(ardoq, existing["Below"])["parent"] == existing["Two"]
    assert component(ardoq, existing["Two"])["description"] == "found"
    ref = ardoq.ok("GET", f"/api/v2/references/{answer['references']['created'][0]['id']}")
    assert (ref["source"], ref["target"]) == (existing["One"], existing["Two"])


def test_reference_aliases_have_three_forms(ardoq, organisation, existing):
    """A custom field, ends and type, or source and type identify a reference; ends may be aliases."""
    ids = reference_ids(ardoq)
    request = {
        "aliases": {
            "components": {"two": {"rootWorkspace": organisation.apps, "name": "Two"}},
            "references": {
                "by field": {"rootWorkspace": organisation.apps, "customFields": {"ext_id": "r1"}},
                "by ends": {"source": "two", "target": existing["Away"], "type": 1},
                "by source": {"source": "two", "type": 1},
            },
        },
        "references": {
            "update": [
                {"id": "by field", "ifVersionMatch": 1, "body": {"displayText": "first", "type": 1}},
                {"id": "by ends", "ifVersionMatch": 1, "body": {"displayText": "second"}},
            ],
            "delete": [{"id": "by source"}],
        },
    }
    assert "writes" in rejected(ardoq, 422, request)
    del request["references"]["update"][1]
    answer = ardoq.ok("POST", BATCH, request)
    assert answer["references"]["deleted"] == [{"id": ids["r2"]}]
    changed = ardoq.ok("GET", f"/api/v2/references/{ids['r1']}")
    assert (changed["displayText"], changed["type"]) == ("first", 2)


@pytest.mark.parametrize(
    ("kind", "alias"),
    [
        ("components", {}),
        ("components", {"rootWorkspace": "W"}),
        ("components", {"name": "One"}),
        ("components", {"rootWorkspace": "W", "name": "One", "componentKey": "APP-1"}),
        ("components", {"rootWorkspace": "W", "customFields": {}}),
        ("components", {"rootWorkspace": "W", "customFields": {"ext_id": "1", "cost": "1"}}),
        ("components", {"rootWorkspace": "W", "name": "nothing"}),
        ("components", {"rootWorkspace": "W", "name": "Twin"}),
        ("references", {"source": "S"}),
        ("references", {"target": "S", "type": 2}),
        ("references", {"rootWorkspace": "W", "source": "S", "type": 2}),
        ("references", {"source": "S", "type": 1}),
        ("references", {"rootWorkspace": "W", "customFields": {"ext_id": "none"}}),
    ],
)
def test_alias_without_exactly_one_match_fails_the_batch(ardoq, organisation, existing, kind, alias):
    """Another form, no match or several matches are 422, whether or not the alias is used."""
    for _ in range(2):
        ardoq.component({"_id": organisation.apps}, "Twin", typeId="p1")
    real = {"W": organisation.apps, "S": existing["One"]}
    alias = {key: real.get(value, value) if isinstance(value, str) else value for key, value in alias.items()}
    request = {"aliases": {kind: {"x": alias}}, "components": {"create": [{"body": body(organisation)}]}}
    message = rejected(ardoq, 422, request)
    assert "alias" in message
    ardoq.rejected(422, "POST", EXPAND, request)


def test_upsert_creates_or_updates(ardoq, organisation, existing):
    """No match creates, one match is updated in any version, several fail; the order does not matter."""
    unique = ["rootWorkspace", "customFields.ext_id"]
    new = body(organisation, "Nine", customFields={"ext_id": "9"}, parent="known")
    known = body(organisation, "Uno", customFields={"ext_id": "1"}, description="d")
    request = {
        "components": {
            "upsert": [
                {"batchId": "new", "uniqueBy": unique, "body": new},
                {"batchId": "known", "uniqueBy": unique, "body": known},
            ]
        },
        "references": {
            "upsert": [
                {
                    "uniqueBy": ["source", "target", "type"],
                    "body": {"source": "known", "target": existing["Two"], "type": 2, "displayText": "again"},
                }
            ]
        },
    }
    answer = ardoq.ok("POST", BATCH, request)
    (created,) = answer["components"]["created"]
    assert created["batchId"] == "new"
    assert component(ardoq, created["id"])["parent"] == existing["One"]
    assert answer["components"]["updated"] == [{"id": existing["One"]}]
    changed = component(ardoq, existing["One"])
    assert (changed["name"], changed["description"], changed["_version"]) == ("Uno", "d", 2)
    assert changed["customFields"] == {"ext_id": "1", "cost": 1, "phase": None}
    assert answer["references"]["created"] == []
    assert answer["references"]["updated"] == [{"id": reference_ids(ardoq)["r1"]}]
    answer = ardoq.ok("POST", BATCH, request)
    assert (answer["components"]["created"], len(answer["components"]["updated"])) == ([], 2)
    ardoq.component({"_id": organisation.apps}, "Again", typeId="p1", ext_id="1")
    assert "matches 2 components" in rejected(ardoq, 422, request)


def test_upsert_may_be_unique_by_other_attributes(ardoq, organisation, existing):
    """The uniqueBy of an upsert accepts names, types, numbers, and the workspace of a reference's source."""
    upsert = {"uniqueBy": ["rootWorkspace", "typeId", "name"], "body": body(organisation, "One")}
    by_cost = {
        "uniqueBy": ["customFields.cost"],
        "body": body(organisation, "Two", customFields={"cost": 2.0}),
    }
    answer = ardoq.ok("POST", BATCH, {"components": {"upsert": [upsert, by_cost]}})
    assert [item["id"] for item in answer["components"]["updated"]] == [existing["One"], existing["Two"]]
    ids = reference_ids(ardoq)
    ends = {
        "source": existing["Two"],
        "target": existing["Away"],
        "type": 1,
        "customFields": {"ext_id": "r2"},
    }
    for workspace in ("rootWorkspace", "source.rootWorkspace", "target.rootWorkspace"):
        upsert = {"uniqueBy": [workspace, "customFields.ext_id"], "body": ends}
        answer = ardoq.ok("POST", BATCH, {"references": {"upsert": [upsert]}})
        assert answer["references"]["updated"] == [{"id": ids["r2"]}]
    there = {**ends, "source": existing["Away"], "target": existing["Two"]}
    for workspace in ("rootWorkspace", "target.rootWorkspace"):
        upsert = {"uniqueBy": [workspace, "customFields.ext_id"], "body": there}
        answer = ardoq.ok("POST", BATCH, {"references": {"upsert": [upsert]}})
        (created,) = answer["references"]["created"]  # one of that ext_id is elsewhere
        ardoq.ok("DELETE", f"/api/v2/references/{created['id']}", status=204)


def test_invalid_upserts_are_rejected(ardoq, organisation, existing):
    """Invalid are a uniqueBy of absent attributes, another type, and an incomplete body."""
    for unique, more in (
        ([], {}),
        (["customFields.ext_id"], {}),
        (["parent"], {}),
        (["name", "nonsense"], {}),
        (["rootWorkspace", "name"], {"typeId": "p2"}),
        (["name"], {"rootWorkspace": organisation.other}),
    ):
        upsert = {"uniqueBy": unique, "body": body(organisation, "One", **more)}
        rejected(ardoq, 422, {"components": {"upsert": [upsert]}})
    rejected(ardoq, 422, {"components": {"upsert": [{"uniqueBy": ["name"], "body": {"name": "One"}}]}})
    rejected(ardoq, 422, {"components": {"upsert": [{"body": body(organisation)}]}})
    rejected(ardoq, 400, {"components": {"upsert": [{"uniqueBy": "name", "body": body(organisation)}]}})
    other = {"source": existing["One"], "target": existing["Two"], "type": 1}
    rejected(ardoq, 422, {"references": {"upsert": [{"uniqueBy": ["source", "target"], "body": other}]}})


def test_deletion_lists_descendants_and_references(ardoq, organisation, existing):
    """An id or alias deletes one entity, a match may delete several; cascades are listed."""
    ids = reference_ids(ardoq)
    request = {
        "aliases": {"components": {"first": {"rootWorkspace": organisation.apps, "name": "One"}}},
        "components": {"delete": [{"id": "first"}, {"id": existing["Below"]}]},
        "references": {"delete": [{"id": ids["r1"]}]},
    }
    answer = ardoq.ok("POST", BATCH, request)
    assert [item["id"] for item in answer["components"]["deleted"]] == [existing["One"], existing["Below"]]
    assert answer["references"]["deleted"] == [{"id": ids["r1"]}]
    match = {"match": {"customFields": {"ext_id": "1"}}}
    answer = ardoq.ok("POST", BATCH, {"components": {"delete": [match]}})
    assert answer["components"]["deleted"] == [{"id": existing["Away"]}]
    assert answer["references"]["deleted"] == [{"id": ids["r2"]}]
    ardoq.ok("POST", BATCH, {"components": {"delete": [match]}})  # nothing is left to match
    assert [entry["name"] for entry in ardoq.ok("GET", "/api/v2/components")["values"]] == ["Two"]


def test_match_may_delete_several(ardoq, organisation, existing):
    """All matching components and references are deleted, by any combination of keys."""
    answer = ardoq.ok(
        "POST",
        BATCH,
        {
            "aliases": {"components": {"two": {"rootWorkspace": organisation.apps, "name": "Two"}}},
            "references": {
                "delete": [{"match": {"source": "two", "targetWorkspace": organisation.other, "type": 1}}]
            },
        },
    )
    assert len(answer["references"]["deleted"]) == 1
    match = {"rootWorkspace": organisation.apps, "typeId": "p1"}
    answer = ardoq.ok("POST", BATCH, {"components": {"delete": [{"match": match}]}})
    assert {item["id"] for item in answer["components"]["deleted"]} == set(existing.values()) - {
        existing["Away"]
    }


def test_invalid_deletions_are_rejected(ardoq, organisation, existing):
    """A deletion has an id or a match with a criterion; custom values in it are strings."""
    for wrong in ({}, {"id": existing["One"], "match": {"name": "One"}}):
        assert "either" in rejected(ardoq, 422, {"components": {"delete": [wrong]}})
    for wrong in ({"match": {}}, {"match": {"x": "y"}}):
        rejected(ardoq, 422, {"components": {"delete": [wrong]}})
    for wrong in ({"match": {"customFields": {"cost": 1}}}, {"match": None}, {"id": 5}, "x"):
        rejected(ardoq, 400, {"components": {"delete": [wrong]}})
    rejected(ardoq, 404, {"components": {"delete": [{"id": reference_ids(ardoq)["r1"]}]}})


def test_match_and_alias_refer_to_the_state_before(ardoq, organisation, existing):
    """All entities of a type can be replaced in one batch; an alias does not match created entities."""
    request = {
        "components": {
            "create": [{"body": body(organisation, "One")}],
            "delete": [{"match": {"rootWorkspace": organisation.apps, "name": "One"}}],
        }
    }
    answer = ardoq.ok("POST", BATCH, request)
    (created,) = answer["components"]["created"]
    assert [entry["_id"] for entry in ardoq.ok("GET", "/api/v2/components?name=One")["values"]] == [
        created["id"]
    ]
    request = {
        "aliases": {"components": {"x": {"rootWorkspace": organisation.apps, "name": "Three"}}},
        "components": {"create": [{"body": body(organisation, "Three")}]},
    }
    rejected(ardoq, 422, request)


def test_written_entity_cannot_be_deleted(ardoq, organisation, existing):
    """A batch that writes an entity and deletes it, or its parent, is rejected."""
    update = {"id": existing["One"], "ifVersionMatch": "latest", "body": {"name": "x"}}
    rejected(ardoq, 422, {"components": {"update": [update], "delete": [{"id": existing["One"]}]}})
    create = {"body": body(organisation, parent=existing["One"])}
    rejected(ardoq, 422, {"components": {"create": [create], "delete": [{"id": existing["One"]}]}})
    moved = {"id": existing["Below"], "ifVersionMatch": "latest", "body": {"parent": None}}
    answer = ardoq.ok("POST", BATCH, {"components": {"update": [moved], "delete": [{"id": existing["One"]}]}})
    assert answer["components"]["deleted"] == [{"id": existing["One"]}]


def test_parents_can_be_exchanged(ardoq, organisation, existing):
    """Parent and child can be exchanged in either order; a final cycle is rejected."""
    down = {"id": existing["One"], "ifVersionMatch": "latest", "body": {"parent": existing["Below"]}}
    up = {"id": existing["Below"], "ifVersionMatch": "latest", "body": {"parent": None}}
    assert "below itself" in rejected(ardoq, 422, {"components": {"update": [down]}})
    ardoq.ok("POST", BATCH, {"components": {"update": [down, up]}})
    assert component(ardoq, existing["One"])["parent"] == existing["Below"]
    create = [{"batchId": name, "body": body(organisation, parent=parent)} for name, parent in ("ab", "ba")]
    rejected(ardoq, 422, {"components": {"create": create}})


def test_names_are_unique_in_a_batch(ardoq, organisation, existing):
    """A repeated batchId is rejected, and a batchId that is an alias."""
    create = [{"batchId": "x", "body": body(organisation)}, {"batchId": "x", "body": body(organisation)}]
    assert "twice" in rejected(ardoq, 422, {"components": {"create": create}})
    request = {
        "aliases": {"components": {"x": {"rootWorkspace": organisation.apps, "name": "One"}}},
        "components": {"create": create[:1]},
    }
    assert "both an alias and a batchId" in rejected(ardoq, 422, request)


@pytest.mark.parametrize(
    "request_body",
    [
        {"components": []},
        {"components": None},
        {"references": {"create": {}}},
        {"references": {"create": [5]}},
        {"components": {"create": [{"batchId": 5, "body": {}}]}},
        {"components": {"create": [{"body": []}]}},
        {"components": {"create": [{"body": {"name": 5}}]}},
        {"references": {"update": [{"id": "x", "ifVersionMatch": 1, "body": {"source": 5}}]}},
        {"references": {"update": [{"id": 5, "ifVersionMatch": 1, "body": {}}]}},
        {"aliases": []},
        {"aliases": {"components": {"x": "y"}}},
        {"aliases": {"components": {"x": {"rootWorkspace": "y", "customFields": {"cost": 5}}}}},
        {"aliases": {"references": {"x": {"source": "y", "type": "2"}}}},
        {"options": {"respondWithEntities": "yes"}},
        {"options": 5},
        [],
    ],
    ids=json.dumps,
)
def test_malformed_batches_are_400(ardoq, request_body):
    """A wrong JSON type is rejected, in the batch and in its expansion."""
    ardoq.rejected(400, "POST", BATCH, request_body)
    ardoq.rejected(400, "POST", EXPAND, request_body)


def test_incomplete_batches_are_422(ardoq, organisation):
    """The message names what an operation lacks, and its location."""
    for kind, verb, item, lacks in (
        ("components", "create", {}, "body"),
        ("components", "create", {"body": {"name": "x"}}, "rootWorkspace"),
        ("components", "upsert", {"body": body(organisation)}, "uniqueBy"),
        ("references", "update", {"id": "x", "body": {}}, "ifVersionMatch"),
        ("references", "update", {"ifVersionMatch": 1, "body": {}}, "id"),
        ("references", "update", {"id": "x", "ifVersionMatch": 1}, "body"),
    ):
        message = rejected(ardoq, 422, {kind: {verb: [item]}})
        assert f"{kind}.{verb}[0]" in message
        assert f"'{lacks}'" in message


def test_expand_replaces_aliases_by_ids(ardoq, organisation, existing):
    """Nothing is executed; batchIds and everything else stay as they are."""
    ids = reference_ids(ardoq)
    request = {
        "options": {"respondWithEntities": True},
        "aliases": {
            "components": {"one": {"rootWorkspace": organisation.apps, "name": "One"}},
            "references": {"first": {"source": "one", "type": 2}},
        },
        "components": {
            "other": [True, {"id": "one"}],
            "create": [
                {
                    "batchId": "a",
                    "match": 5,
                    "id": "one",
                    "body": body(organisation, parent="one", nonsense=1),
                }
            ],
            "update": [{"id": "one", "ifVersionMatch": 9, "body": {"parent": "a"}}],
        },
        "references": {
            "create": [{"body": {"source": "one", "target": "a", "type": 1}}],
            "delete": [{"id": "first"}, {"match": {"source": "one"}}],
        },
    }
    before = ardoq.emulator.dump()
    assert ardoq.ok("POST", f"{EXPAND}/", request) == {
        "options": {"respondWithEntities": True},
        "components": {
            "other": [True, {"id": "one"}],
            "create": [
                {
                    "batchId": "a",
                    "match": 5,
                    "id": "one",
                    "body": body(organisation, parent=existing["One"], nonsense=1),
                }
            ],
            "update": [{"id": existing["One"], "ifVersionMatch": 9, "body": {"parent": "a"}}],
        },
        "references": {
            "create": [{"body": {"source": existing["One"], "target": "a", "type": 1}}],
            "delete": [{"id": ids["r1"]}, {"match": {"source": existing["One"]}}],
        },
    }
    assert ardoq.emulator.dump() == before
