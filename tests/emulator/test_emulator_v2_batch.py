"""The batch of v2: many changes that name one another, all or nothing."""

import json

import pytest

BATCH = "/api/v2/batch"
EXPAND = "/api/v2/batch/expand"


@pytest.fixture
def stock(ardoq, place):
    """Make, by v1, four components and two references to work on."""
    at = {"_id": place.apps}
    one = ardoq.component(at, "One", typeId="p1", ext_id="1", cost=1)
    two = ardoq.component(at, "Two", typeId="p1", ext_id="2", cost=2)
    below = ardoq.component(at, "Below", typeId="p2", parent=one["_id"], ext_id="3")
    away = ardoq.component({"_id": place.other}, "Away", typeId="p3", ext_id="1")
    ardoq.reference(one, two, ext_id="r1")
    ardoq.reference(two, away, type=1, ext_id="r2")
    return {row["name"]: row["_id"] for row in (one, two, below, away)}


def body(place, name="New", **more):
    """Return the body of a component to create."""
    return {"rootWorkspace": place.apps, "typeId": "p1", "name": name, **more}


def component(ardoq, row_id):
    """Return a component as v2 has it."""
    return ardoq.ok("GET", f"/api/v2/components/{row_id}")


def reference_ids(ardoq):
    """Return the ids of the references by their ext_id."""
    values = ardoq.ok("GET", "/api/v2/references")["values"]
    return {one["customFields"].get("ext_id"): one["_id"] for one in values}


def refused(ardoq, status, request):
    """Send a batch that has to be refused and to leave everything as it was; return the message."""
    before = ardoq.emulator.dump()
    message = ardoq.refused(status, "POST", BATCH, request)
    assert ardoq.emulator.dump() == before
    return message


def test_empty_batch_does_nothing(ardoq):
    """Every list is optional; the answer names them all."""
    nothing = {"created": [], "updated": [], "deleted": []}
    for request in ({}, {"components": {}, "references": {"create": []}}):
        assert ardoq.ok("POST", f"{BATCH}/", request) == {"components": nothing, "references": nothing}


def test_entities_name_one_another_in_any_order(ardoq, place, stock):
    """A batchId serves as parent and as end before and after what it names."""
    request = {
        "components": {
            "create": [
                {"batchId": "c", "body": body(place, "C", parent="b")},
                {"batchId": "b", "body": body(place, "B", parent="a")},
                {"batchId": "a", "body": body(place, "A", parent=stock["One"])},
                {"body": body(place, "nameless", parent="c")},
            ],
            "update": [{"id": stock["Two"], "ifVersionMatch": 1, "body": {"parent": "c"}}],
        },
        "references": {
            "create": [{"batchId": "r", "body": {"source": "c", "target": stock["Away"], "type": 2}}],
        },
    }
    answer = ardoq.ok("POST", BATCH, request)
    created = {item.get("batchId"): item["id"] for item in answer["components"]["created"]}
    assert set(created) == {"a", "b", "c", None}
    assert all("body" not in item for item in answer["components"]["created"])
    assert answer["components"]["updated"] == [{"id": stock["Two"]}]
    assert component(ardoq, created["c"])["parent"] == created["b"]
    assert component(ardoq, created["b"])["parent"] == created["a"]
    assert component(ardoq, created["a"])["parent"] == stock["One"]
    assert component(ardoq, created[None])["parent"] == created["c"]
    assert component(ardoq, stock["Two"])["parent"] == created["c"]
    (made,) = answer["references"]["created"]
    assert made["batchId"] == "r"
    assert ardoq.ok("GET", f"/api/v2/references/{made['id']}")["source"] == created["c"]


def test_answer_holds_entities_when_asked(ardoq, place, stock):
    """With respondWithEntities each created and updated entity is there as it is in the end."""
    request = {
        "options": {"respondWithEntities": True},
        "components": {
            "create": [{"batchId": "a", "body": body(place)}],
            "update": [{"id": stock["One"], "ifVersionMatch": "latest", "body": {"name": "Uno"}}],
        },
        "references": {"create": [{"body": {"source": "a", "target": "a", "type": 1}}]},
    }
    answer = ardoq.ok("POST", BATCH, request)
    for item in (*answer["components"]["created"], *answer["components"]["updated"]):
        assert item["body"] == component(ardoq, item["id"])
    (made,) = answer["references"]["created"]
    assert made["body"] == ardoq.ok("GET", f"/api/v2/references/{made['id']}")


def test_versions_are_compared(ardoq, stock):
    """An update goes by version: a stale one is 409 and everything stays, latest goes through."""

    def request(version):
        changes = [{"id": stock["One"], "ifVersionMatch": 1, "body": {"name": "x"}}]
        changes.append({"id": stock["Two"], "ifVersionMatch": version, "body": {"name": "x"}})
        return {"components": {"update": changes}}

    assert "components.update[1]" in refused(ardoq, 409, request(2))
    for wrong in (0, "1", "newest", None, 1.5, True, 2**63):
        refused(ardoq, 400, request(wrong))
    ardoq.ok("POST", BATCH, request("latest"))
    assert component(ardoq, stock["Two"])["_version"] == 2


def test_any_failure_leaves_everything_as_it_was(ardoq, place, stock):
    """However late a failure comes, nothing of the batch stays, and the refusal says where it was."""
    good = {"create": [{"batchId": "a", "body": body(place)}], "delete": [{"id": stock["Away"]}]}
    refused(ardoq, 422, {"components": {"create": [{"body": body(place, customFields={"cost": "5"})}]}})
    for status, references in (
        (422, {"create": [{"body": {"source": "a", "target": "nothing", "type": 2}}]}),
        (422, {"create": [{"body": {"source": "a", "target": "a", "type": 9}}]}),
        (422, {"create": [{"body": {"source": "a", "target": "a", "type": 2, "customFields": {"x": 1}}}]}),
        (404, {"update": [{"id": "nothing", "ifVersionMatch": 1, "body": {}}]}),
        (404, {"delete": [{"id": "nothing"}]}),
        (409, {"update": [{"id": reference_ids(ardoq)["r1"], "ifVersionMatch": 5, "body": {}}]}),
    ):
        (verb,) = references
        message = refused(ardoq, status, {"components": good, "references": references})
        assert message.startswith(f"references.{verb}[0]: ")
    ardoq.ok("POST", BATCH, {"components": good})


def test_component_aliases_have_three_forms(ardoq, place, stock):
    """A custom field, a name or a component key finds the one component that is meant."""
    key = component(ardoq, stock["Below"])["componentKey"]
    request = {
        "aliases": {
            "components": {
                "by field": {"rootWorkspace": place.apps, "customFields": {"ext_id": "1"}},
                "by name": {"rootWorkspace": place.apps, "name": "Two"},
                "by key": {"componentKey": key},
                "by number": {"rootWorkspace": place.apps, "customFields": {"cost": "2.0"}},
            },
        },
        "components": {
            "create": [{"batchId": "a", "body": body(place, parent="by field")}],
            "update": [
                {"id": "by key", "ifVersionMatch": "latest", "body": {"parent": "by name"}},
                {"id": "by number", "ifVersionMatch": "latest", "body": {"description": "found"}},
            ],
        },
        "references": {"create": [{"body": {"source": "by field", "target": "by name", "type": 1}}]},
    }
    answer = ardoq.ok("POST", BATCH, request)
    assert component(ardoq, answer["components"]["created"][0]["id"])["parent"] == stock["One"]
    assert component(ardoq, stock["Below"])["parent"] == stock["Two"]
    assert component(ardoq, stock["Two"])["description"] == "found"
    made = ardoq.ok("GET", f"/api/v2/references/{answer['references']['created'][0]['id']}")
    assert (made["source"], made["target"]) == (stock["One"], stock["Two"])


def test_reference_aliases_have_three_forms(ardoq, place, stock):
    """A custom field, ends and type, or source and type find a reference; ends may be aliases themselves."""
    ids = reference_ids(ardoq)
    request = {
        "aliases": {
            "components": {"two": {"rootWorkspace": place.apps, "name": "Two"}},
            "references": {
                "by field": {"rootWorkspace": place.apps, "customFields": {"ext_id": "r1"}},
                "by ends": {"source": "two", "target": stock["Away"], "type": 1},
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
    assert "writes" in refused(ardoq, 422, request)
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
def test_alias_that_means_not_exactly_one_fails_the_batch(ardoq, place, stock, kind, alias):
    """Another form, no match or several: 422, whether or not the alias is used."""
    for _ in range(2):
        ardoq.component({"_id": place.apps}, "Twin", typeId="p1")
    real = {"W": place.apps, "S": stock["One"]}
    alias = {key: real.get(value, value) if isinstance(value, str) else value for key, value in alias.items()}
    request = {"aliases": {kind: {"x": alias}}, "components": {"create": [{"body": body(place)}]}}
    message = refused(ardoq, 422, request)
    assert "alias" in message
    ardoq.refused(422, "POST", EXPAND, request)


def test_upsert_creates_or_updates(ardoq, place, stock):
    """No hit creates, one is updated without a look at its version, several fail; order plays no part."""
    unique = ["rootWorkspace", "customFields.ext_id"]
    new = body(place, "Nine", customFields={"ext_id": "9"}, parent="known")
    known = body(place, "Uno", customFields={"ext_id": "1"}, description="d")
    request = {
        "components": {
            "upsert": [
                {"batchId": "new", "uniqueBy": unique, "body": new},
                {"batchId": "known", "uniqueBy": unique, "body": known},
            ],
        },
        "references": {
            "upsert": [
                {
                    "uniqueBy": ["source", "target", "type"],
                    "body": {"source": "known", "target": stock["Two"], "type": 2, "displayText": "again"},
                },
            ],
        },
    }
    answer = ardoq.ok("POST", BATCH, request)
    (created,) = answer["components"]["created"]
    assert created["batchId"] == "new"
    assert component(ardoq, created["id"])["parent"] == stock["One"]
    assert answer["components"]["updated"] == [{"id": stock["One"]}]
    changed = component(ardoq, stock["One"])
    assert (changed["name"], changed["description"], changed["_version"]) == ("Uno", "d", 2)
    assert changed["customFields"] == {"ext_id": "1", "cost": 1}
    assert answer["references"]["created"] == []
    assert answer["references"]["updated"] == [{"id": reference_ids(ardoq)["r1"]}]
    answer = ardoq.ok("POST", BATCH, request)
    assert (answer["components"]["created"], len(answer["components"]["updated"])) == ([], 2)
    ardoq.component({"_id": place.apps}, "Again", typeId="p1", ext_id="1")
    assert "matches 2 components" in refused(ardoq, 422, request)


def test_upsert_may_be_unique_by_other_things(ardoq, place, stock):
    """Name and type, numbers, and for references the workspace of the source under two names."""
    upsert = {"uniqueBy": ["rootWorkspace", "typeId", "name"], "body": body(place, "One")}
    by_cost = {"uniqueBy": ["customFields.cost"], "body": body(place, "Two", customFields={"cost": 2.0})}
    answer = ardoq.ok("POST", BATCH, {"components": {"upsert": [upsert, by_cost]}})
    assert [item["id"] for item in answer["components"]["updated"]] == [stock["One"], stock["Two"]]
    ids = reference_ids(ardoq)
    ends = {"source": stock["Two"], "target": stock["Away"], "type": 1, "customFields": {"ext_id": "r2"}}
    for workspace in ("rootWorkspace", "source.rootWorkspace", "target.rootWorkspace"):
        upsert = {"uniqueBy": [workspace, "customFields.ext_id"], "body": ends}
        answer = ardoq.ok("POST", BATCH, {"references": {"upsert": [upsert]}})
        assert answer["references"]["updated"] == [{"id": ids["r2"]}]
    there = {**ends, "source": stock["Away"], "target": stock["Two"]}
    for workspace in ("rootWorkspace", "target.rootWorkspace"):
        upsert = {"uniqueBy": [workspace, "customFields.ext_id"], "body": there}
        answer = ardoq.ok("POST", BATCH, {"references": {"upsert": [upsert]}})
        (made,) = answer["references"]["created"]  # one of that ext_id is elsewhere
        ardoq.ok("DELETE", f"/api/v2/references/{made['id']}", status=204)


def test_senseless_upserts_are_refused(ardoq, place, stock):
    """A uniqueBy names what is in the body; an upsert changes no type and needs a whole body."""
    for unique, more in (
        ([], {}),
        (["customFields.ext_id"], {}),
        (["parent"], {}),
        (["name", "nonsense"], {}),
        (["rootWorkspace", "name"], {"typeId": "p2"}),
        (["name"], {"rootWorkspace": place.other}),
    ):
        upsert = {"uniqueBy": unique, "body": body(place, "One", **more)}
        refused(ardoq, 422, {"components": {"upsert": [upsert]}})
    refused(ardoq, 422, {"components": {"upsert": [{"uniqueBy": ["name"], "body": {"name": "One"}}]}})
    refused(ardoq, 422, {"components": {"upsert": [{"body": body(place)}]}})
    refused(ardoq, 400, {"components": {"upsert": [{"uniqueBy": "name", "body": body(place)}]}})
    other = {"source": stock["One"], "target": stock["Two"], "type": 1}
    refused(ardoq, 422, {"references": {"upsert": [{"uniqueBy": ["source", "target"], "body": other}]}})


def test_deletion_takes_what_goes_along_and_tells(ardoq, place, stock):
    """An id or an alias names one, a match may find several; descendants and references are listed."""
    ids = reference_ids(ardoq)
    request = {
        "aliases": {"components": {"first": {"rootWorkspace": place.apps, "name": "One"}}},
        "components": {"delete": [{"id": "first"}, {"id": stock["Below"]}]},
        "references": {"delete": [{"id": ids["r1"]}]},
    }
    answer = ardoq.ok("POST", BATCH, request)
    assert [item["id"] for item in answer["components"]["deleted"]] == [stock["One"], stock["Below"]]
    assert answer["references"]["deleted"] == [{"id": ids["r1"]}]
    match = {"match": {"customFields": {"ext_id": "1"}}}
    answer = ardoq.ok("POST", BATCH, {"components": {"delete": [match]}})
    assert answer["components"]["deleted"] == [{"id": stock["Away"]}]
    assert answer["references"]["deleted"] == [{"id": ids["r2"]}]
    ardoq.ok("POST", BATCH, {"components": {"delete": [match]}})  # nothing is left to match
    assert [one["name"] for one in ardoq.ok("GET", "/api/v2/components")["values"]] == ["Two"]


def test_match_may_find_several(ardoq, place, stock):
    """All that matches goes, of components and of references, by any mix of the keys of a match."""
    answer = ardoq.ok(
        "POST",
        BATCH,
        {
            "aliases": {"components": {"two": {"rootWorkspace": place.apps, "name": "Two"}}},
            "references": {
                "delete": [{"match": {"source": "two", "targetWorkspace": place.other, "type": 1}}],
            },
        },
    )
    assert len(answer["references"]["deleted"]) == 1
    match = {"rootWorkspace": place.apps, "typeId": "p1"}
    answer = ardoq.ok("POST", BATCH, {"components": {"delete": [{"match": match}]}})
    assert {item["id"] for item in answer["components"]["deleted"]} == set(stock.values()) - {stock["Away"]}


def test_senseless_deletions_are_refused(ardoq, place, stock):
    """Either an id or a match that names something; custom values in it are strings."""
    for wrong in ({}, {"id": stock["One"], "match": {"name": "One"}}):
        assert "either" in refused(ardoq, 422, {"components": {"delete": [wrong]}})
    for wrong in ({"match": {}}, {"match": {"x": "y"}}):
        refused(ardoq, 422, {"components": {"delete": [wrong]}})
    for wrong in ({"match": {"customFields": {"cost": 1}}}, {"match": None}, {"id": 5}, "x"):
        refused(ardoq, 400, {"components": {"delete": [wrong]}})
    refused(ardoq, 404, {"components": {"delete": [{"id": reference_ids(ardoq)["r1"]}]}})


def test_match_and_alias_speak_of_what_was_there_before(ardoq, place, stock):
    """All of a type can be replaced by new ones in one batch; an alias does not see what is created."""
    request = {
        "components": {
            "create": [{"body": body(place, "One")}],
            "delete": [{"match": {"rootWorkspace": place.apps, "name": "One"}}],
        },
    }
    answer = ardoq.ok("POST", BATCH, request)
    (created,) = answer["components"]["created"]
    assert [one["_id"] for one in ardoq.ok("GET", "/api/v2/components?name=One")["values"]] == [created["id"]]
    request = {
        "aliases": {"components": {"x": {"rootWorkspace": place.apps, "name": "Three"}}},
        "components": {"create": [{"body": body(place, "Three")}]},
    }
    refused(ardoq, 422, request)


def test_what_is_written_cannot_be_deleted_along(ardoq, place, stock):
    """A batch that writes an entity and deletes it, or what it is part of, makes no sense."""
    update = {"id": stock["One"], "ifVersionMatch": "latest", "body": {"name": "x"}}
    refused(ardoq, 422, {"components": {"update": [update], "delete": [{"id": stock["One"]}]}})
    create = {"body": body(place, parent=stock["One"])}
    refused(ardoq, 422, {"components": {"create": [create], "delete": [{"id": stock["One"]}]}})
    moved = {"id": stock["Below"], "ifVersionMatch": "latest", "body": {"parent": None}}
    answer = ardoq.ok("POST", BATCH, {"components": {"update": [moved], "delete": [{"id": stock["One"]}]}})
    assert answer["components"]["deleted"] == [{"id": stock["One"]}]


def test_parents_can_change_places(ardoq, place, stock):
    """Parent and child change places in either order; a circle in the end is refused."""
    down = {"id": stock["One"], "ifVersionMatch": "latest", "body": {"parent": stock["Below"]}}
    up = {"id": stock["Below"], "ifVersionMatch": "latest", "body": {"parent": None}}
    assert "below itself" in refused(ardoq, 422, {"components": {"update": [down]}})
    ardoq.ok("POST", BATCH, {"components": {"update": [down, up]}})
    assert component(ardoq, stock["One"])["parent"] == stock["Below"]
    create = [{"batchId": name, "body": body(place, parent=parent)} for name, parent in ("ab", "ba")]
    refused(ardoq, 422, {"components": {"create": create}})


def test_names_are_unique_in_a_batch(ardoq, place, stock):
    """A batchId twice, or one that is an alias, too, is refused."""
    create = [{"batchId": "x", "body": body(place)}, {"batchId": "x", "body": body(place)}]
    assert "twice" in refused(ardoq, 422, {"components": {"create": create}})
    request = {
        "aliases": {"components": {"x": {"rootWorkspace": place.apps, "name": "One"}}},
        "components": {"create": create[:1]},
    }
    assert "both an alias and a batchId" in refused(ardoq, 422, request)


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
    """A value of the wrong JSON type is told, in the batch and in what only expands it."""
    ardoq.refused(400, "POST", BATCH, request_body)
    ardoq.refused(400, "POST", EXPAND, request_body)


def test_incomplete_batches_are_422(ardoq, place):
    """What an operation needs and does not have is told with its place."""
    for kind, verb, item, lacks in (
        ("components", "create", {}, "body"),
        ("components", "create", {"body": {"name": "x"}}, "rootWorkspace"),
        ("components", "upsert", {"body": body(place)}, "uniqueBy"),
        ("references", "update", {"id": "x", "body": {}}, "ifVersionMatch"),
        ("references", "update", {"ifVersionMatch": 1, "body": {}}, "id"),
        ("references", "update", {"id": "x", "ifVersionMatch": 1}, "body"),
    ):
        message = refused(ardoq, 422, {kind: {verb: [item]}})
        assert f"{kind}.{verb}[0]" in message
        assert f"'{lacks}'" in message


def test_expand_answers_the_request_with_ids_for_aliases(ardoq, place, stock):
    """Nothing is done; batchIds and everything else stay as they were written."""
    ids = reference_ids(ardoq)
    request = {
        "options": {"respondWithEntities": True},
        "aliases": {
            "components": {"one": {"rootWorkspace": place.apps, "name": "One"}},
            "references": {"first": {"source": "one", "type": 2}},
        },
        "components": {
            "other": [True, {"id": "one"}],
            "create": [
                {"batchId": "a", "match": 5, "id": "one", "body": body(place, parent="one", nonsense=1)},
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
                    "body": body(place, parent=stock["One"], nonsense=1),
                },
            ],
            "update": [{"id": stock["One"], "ifVersionMatch": 9, "body": {"parent": "a"}}],
        },
        "references": {
            "create": [{"body": {"source": stock["One"], "target": "a", "type": 1}}],
            "delete": [{"id": ids["r1"]}, {"match": {"source": stock["One"]}}],
        },
    }
    assert ardoq.emulator.dump() == before
