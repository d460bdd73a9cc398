"""
What is written, what is left alone, and what the cache and the report then say.
"""

import threading

import pytest
from worlds import counts, held, names_in, paths, row, seed, stored_component, stored_reference, writes

from ardoqpy import (
    AmbiguousWrite,
    ArdoqClientException,
    AuthorizationError,
    BadRequest,
    ConfigurationError,
    Conflict,
    InvalidInput,
    NotFoundError,
    ServiceUnavailable,
    UnsupportedOperation,
)
from ardoqpy_sync import format_report

WEB_SHOP = {"source": "web", "target": "shop", "type": 1}


def attributes_of(change):
    """
    Return the old and the new values of a change as pairs.
    """
    return {key: (values["old"], values["new"]) for key, values in change["attributes"].items()}


# -- create, update, keep, delete ------------------------------------------------------------------


def test_what_is_missing_is_created(ardoq, sync):
    """A row that matches nothing becomes a component, sent once and handed out as Ardoq stored it."""
    comp = sync.create_component(row("New", parent="web", cost="12", areas=["a"]))
    assert writes(ardoq) == [("POST", "/api/component", 201)]
    stored = held(ardoq, comp["_id"])
    assert (stored["name"], stored["parent"], stored["customFields"]) == (
        "New",
        "web",
        {"cost": 12, "areas": ["a"]},
    )
    assert comp["cost"] == 12
    assert comp["type"] == "Application"


def test_what_differs_is_updated(ardoq, sync):
    """A row that differs is sent once, and only the differing attributes change."""
    before = held(ardoq, "web")
    comp = sync.create_component(row("Web", cost=6))
    assert writes(ardoq) == [("PUT", "/api/component/web", 200)]
    assert comp["cost"] == 6
    stored = held(ardoq, "web")
    assert stored["customFields"] == {**before["customFields"], "cost": 6}
    assert {key: stored[key] for key in ("name", "parent", "typeId", "order")} == {
        key: before[key] for key in ("name", "parent", "typeId", "order")
    }


def test_what_is_the_same_is_kept(ardoq, sync):
    """A row that says what Ardoq holds sends nothing, in whatever spelling it says it."""
    comp = sync.create_component(row("Web", cost="5.0", note="kept", description=None, parent=None))
    assert comp["_id"] == "web"
    assert writes(ardoq) == []


def test_null_clears_a_value(ardoq, sync):
    """A null in the row takes the stored value away, once."""
    sync.create_component(row("Web", cost=None))
    assert held(ardoq, "web")["customFields"] == {"note": "kept"}
    sync.create_component(row("Web", cost=None))
    assert len(writes(ardoq)) == 1


def test_what_is_deleted_is_gone(ardoq, sync):
    """A delete takes the thing out of Ardoq and gives an empty dict."""
    assert sync.del_component("till") == {}
    assert sync.del_reference("web-shop") == {}
    assert [method for method, _, _ in writes(ardoq)] == ["DELETE", "DELETE"]
    assert names_in(ardoq) == ["Web", "Shop"]


def test_references_go_the_same_way(ardoq, sync):
    """A reference is created, kept and updated by the same rules."""
    made = sync.create_reference({"source": "till", "target": "web", "type": 2, "displayText": "t"})
    assert (made["rootWorkspace"], held(ardoq, made["_id"])["displayText"]) == ("ws1", "t")
    assert sync.create_reference({**WEB_SHOP, "displayText": "as it was"})["_id"] == "web-shop"
    sync.create_reference({**WEB_SHOP, "displayText": "new"})
    assert held(ardoq, "web-shop")["displayText"] == "new"
    assert [method for method, _, _ in writes(ardoq)] == ["POST", "PUT"]
    assert counts(sync.get_report()) == {"new_refs": 1, "cache_hit_refs": 1, "updated_refs": 1}


def test_a_reference_across_workspaces(ardoq, sync):
    """The target may be in another workspace, loaded or not, and the answer names it."""
    made = sync.create_reference({"source": "till", "target": "host", "type": 1})
    assert (made["rootWorkspace"], made["targetWorkspace"]) == ("ws1", "ws2")
    assert "GET /api/workspace/ws2/aggregated" not in paths(ardoq)


@pytest.mark.parametrize("name", ["state", "value", "targetValue", "tags", "components", "workspaces"])
def test_a_custom_field_may_be_called_anything(ardoq, either, name):
    """A custom field of a component is synced whatever its name, also one built in on other kinds."""
    assert either.create_component(row("New", **{name: "live"}))[name] == "live"
    assert either.create_component(row("Web", **{name: "live"}))[name] == "live"
    report = either.get_report()
    assert counts(report) == {"new_comps": 1, "updated_comps": 1}
    either.create_component(row("Web", **{name: "live"}))
    assert either.get_report()["cache_hit_comps"] == 1


def test_the_same_new_thing_twice_is_one(ardoq, either):
    """Two rows for one new component, and two for one new reference, are a create and a hit each."""
    first = either.create_component(row("New", cost=1))
    assert either.create_component(row("NEW", cost="1"))["_id"] == first["_id"]
    ref = {"source": first["_id"], "target": "web", "type": 2}
    assert either.create_reference(ref)["_id"] == either.create_reference(ref)["_id"]
    report = either.get_report()
    assert counts(report) == {"new_comps": 1, "cache_hit_comps": 1, "new_refs": 1, "cache_hit_refs": 1}
    if not either.simulate:
        assert names_in(ardoq).count("New") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"name": ""},
        {"typeId": "nothing"},
        {"typeId": None},
        {"typeId": ["app"]},
        {"parent": "nothing"},
        {"parent": "host"},
        {"parent": "a/b"},
        {"cost": float("nan")},
        {"cost": {1, 2}},
    ],
    ids=lambda wrong: "-".join(f"{key}-{value}" for key, value in wrong.items()),
)
def test_a_row_that_makes_no_sense_is_refused(ardoq, either, wrong):
    """A row that cannot be stored raises the same live and simulated, and nothing is written or kept."""
    either.get_workspace("ws1")
    before = dict(either.ws)
    with pytest.raises(InvalidInput):
        either.create_component({**row("New"), **wrong})
    assert writes(ardoq) == []
    assert dict(either.ws) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": None},
        {"source": "nothing"},
        {"target": "nothing"},
        {"target": {"_id": "web"}},
        {"type": 9},
        {"rootWorkspace": "ws2"},
    ],
    ids=lambda wrong: "-".join(f"{key}-{value}" for key, value in wrong.items()),
)
def test_a_reference_that_makes_no_sense_is_refused(ardoq, either, wrong):
    """A reference that cannot be stored raises the same live and simulated, and nothing is written."""
    with pytest.raises(InvalidInput):
        either.create_reference({"source": "till", "target": "web", "type": 1, **wrong})
    assert writes(ardoq) == []


@pytest.mark.parametrize("parent", ["web", "shop", "till"])
def test_nothing_can_lie_below_itself(ardoq, either, parent):
    """A parent that is the component or lies below it is refused before it is sent."""
    with pytest.raises(InvalidInput, match="below"):
        either.create_component(row("Web", parent=parent))
    assert writes(ardoq) == []


@pytest.mark.parametrize("name", ["   ", "\t"])
def test_a_blank_name_is_refused_alike(either, name):
    """A name of blanks alone, which Ardoq refuses, a simulation refuses too."""
    with pytest.raises((InvalidInput, BadRequest)):
        either.create_component(row(name))


def test_a_batch_is_refused(sync):
    """batch_create would go past the cache, and is not done."""
    with pytest.raises(UnsupportedOperation, match="create_component"):
        sync.batch_create([row("New")], [])


# -- by id -----------------------------------------------------------------------------------------


def test_update_by_id_changes_what_is_given(ardoq, either):
    """update_component, patch_component and their like for references change the given attributes."""
    assert either.update_component("web", {"cost": 6})["cost"] == 6
    assert either.patch_component("web", payload={"cost": 7})["note"] == "kept"
    assert either.update_reference("web-shop", {"displayText": "a"})["displayText"] == "a"
    assert either.patch_reference("web-shop", payload={"displayText": "b"})["displayText"] == "b"
    assert counts(either.get_report()) == {"updated_comps": 2, "updated_refs": 2}


def test_update_by_id_with_nothing_new_is_a_hit(ardoq, either):
    """An update that changes nothing sends nothing, and counts as a hit."""
    either.update_component("web", {"cost": "5"})
    either.update_reference("web-shop", {"displayText": "as it was"})
    assert writes(ardoq) == []
    assert counts(either.get_report()) == {"cache_hit_comps": 1, "cache_hit_refs": 1}


@pytest.mark.parametrize("version", [99, "99", 0])
def test_an_old_version_is_a_conflict(ardoq, either, version):
    """A change of a version that Ardoq does not hold raises Conflict, and nothing is written."""
    for change in (
        lambda: either.patch_component("web", version, {"cost": 9}),
        lambda: either.patch_reference("web-shop", version, {"displayText": "x"}),
        lambda: either.update_component("web", {"_version": version, "cost": 9}),
    ):
        with pytest.raises(Conflict):
            change()
    assert writes(ardoq) == []


def test_the_version_in_ardoq_is_no_conflict(either):
    """A change of the version that Ardoq holds goes through, and so does one of what was handed out."""
    comp = either.patch_component("web", 1, {"cost": 9})
    comp["cost"] = 10
    assert either.update_component("web", comp)["cost"] == 10


def test_what_was_handed_out_before_a_change_is_a_conflict(either):
    """Somebody who writes an older state of a component over a newer one is refused, also in a simulation."""
    old = either.create_component(row("Web"))
    either.create_component(row("Web", cost=6))
    with pytest.raises(Conflict):
        either.update_component("web", {**old, "cost": 7})
    assert either.create_component(row("Web", cost=6))["cost"] == 6
    assert counts(either.get_report())["updated_comps"] == 1


def test_an_old_state_of_a_created_thing_is_a_conflict(either):
    """The same with what was created in this run: it is still there afterwards."""
    made = either.create_component(row("New", cost=1))
    either.create_component(row("New", cost=2))
    with pytest.raises(Conflict):
        either.update_component(made["_id"], {**made, "cost": 3})
    assert either.create_component(row("New", cost=2))["_id"] == made["_id"]


def test_what_is_not_there_cannot_be_updated(either):
    """An update of an id that Ardoq does not have raises NotFoundError."""
    with pytest.raises(NotFoundError):
        either.update_component("nothing", {"cost": 1})
    with pytest.raises(NotFoundError):
        either.update_reference("nothing", {"displayText": "x"})
    with pytest.raises(InvalidInput):
        either.update_component("a/b", {"cost": 1})


# -- others write too ------------------------------------------------------------------------------


def test_what_others_wrote_meanwhile_survives(ardoq, sync, other):
    """Another attribute that somebody changed since the load keeps the value that they gave it."""
    sync.get_workspace("ws1")
    other.patch_component("web", payload={"note": "theirs", "description": "theirs"})
    comp = sync.create_component(row("Web", cost=6))
    assert (comp["note"], comp["cost"]) == ("theirs", 6)
    assert held(ardoq, "web")["customFields"] == {"cost": 6, "note": "theirs"}
    assert [status for _, _, status in writes(ardoq)] == [200, 409, 200]


def test_g9_what_others_wrote_is_not_overwritten_unseen(ardoq, sync, other):
    """The report of a change names the value that was in Ardoq then, not the one that had been loaded."""
    sync.get_workspace("ws1")
    other.patch_component("web", payload={"cost": 50})
    sync.create_component(row("Web", cost=6))
    change = sync.get_report()["changes"][0]
    assert attributes_of(change) == {"cost": (50, 6)}
    assert change["version"] == 2


def test_g9_what_others_made_as_wanted_is_a_hit(ardoq, sync, other):
    """When somebody else has written the same meanwhile, there is nothing left to change."""
    sync.get_workspace("ws1")
    other.patch_component("web", payload={"cost": 6})
    sync.create_component(row("Web", cost=6))
    assert counts(sync.get_report()) == {"cache_hit_comps": 1}
    assert held(ardoq, "web")["_version"] == 2


def test_g9_the_same_for_references(sync, other):
    """A reference that somebody changed is read again and decided again as well."""
    sync.get_workspace("ws1")
    other.patch_reference("web-shop", payload={"displayText": "theirs", "description": "theirs"})
    ref = sync.create_reference({**WEB_SHOP, "displayText": "ours"})
    assert ref["description"] == "theirs"
    assert attributes_of(sync.get_report()["changes"][0]) == {"displayText": ("theirs", "ours")}


def test_g9_a_fight_is_given_up(ardoq, sync):
    """When Ardoq refuses the version again and again, that is a Conflict and no endless loop."""
    ardoq.fail(status=409, method="PUT", times=50)
    with pytest.raises(Conflict, match="again"):
        sync.create_component(row("Web", cost=6))
    assert len(writes(ardoq)) < 10
    assert held(ardoq, "web")["customFields"]["cost"] == 5


def test_what_others_deleted_is_created_again(ardoq, sync, other):
    """A row whose component somebody deleted since the load creates it anew."""
    sync.get_workspace("ws1")
    other.del_component("web")
    comp = sync.create_component(row("Web", cost=6))
    assert comp["_id"] != "web"
    assert counts(sync.get_report()) == {"new_comps": 1}
    assert names_in(ardoq) == ["Web"]
    assert [one["name"] for one in sync.find_component("ws1", "")] == ["Web"]


def test_what_others_deleted_cannot_be_updated_by_id(sync, other):
    """An update by id of what somebody deleted since the load raises NotFoundError."""
    sync.get_workspace("ws1")
    other.del_component("web")
    with pytest.raises(NotFoundError):
        sync.update_component("web", {"cost": 6})
    assert sync.find_component("ws1", "Web") == []


def test_of_several_matches_the_next_is_used_when_the_first_is_gone(ardoq, sync, other):
    """When somebody deleted the first of two matches, the other is the match: no third is created."""
    ardoq.load(seed([stored_component("one", "Dup"), stored_component("two", "Dup")]))
    sync.get_workspace("ws1")
    other.del_component("one")
    assert sync.create_component(row("Dup", cost=6))["_id"] == "two"
    assert names_in(ardoq) == ["Dup"]


def test_what_a_delete_does_not_find_is_forgotten(ardoq, sync, other):
    """A delete of what somebody deleted already raises NotFoundError, and the cache knows it from then on."""
    sync.get_workspace("ws1")
    other.del_component("till")
    with pytest.raises(NotFoundError):
        sync.del_component("till")
    assert sync.find_component("ws1", "Till") == []
    assert sync.create_component(row("Till", type_id="svc"))["_id"] != "till"


# -- deletes ---------------------------------------------------------------------------------------


def test_a_delete_takes_everything_below_and_at_it(ardoq, either):
    """Descendants and references in both directions leave the cache and are reported, each once."""
    either.get_workspace("ws1")
    either.get_workspace("ws2")
    either.del_component("web")
    assert either.find_component("ws1", "") == []
    assert either.ws["ws1"]["references"] is None
    assert either.ws["ws2"]["references"] is None
    report = either.get_report()
    assert {item["_id"] for item in report["del_comps_l"]} == {"web", "shop", "till"}
    assert {item["_id"] for item in report["del_refs_l"]} == {"web-shop", "shop-host", "host-till"}
    assert counts(report) == {"del_comps": 3, "del_refs": 3}
    notes = {change["_id"]: change.get("note") for change in report["changes"]}
    assert notes.pop("web") is None
    assert set(notes.values()) == {"with component Web"}
    if not either.simulate:
        assert names_in(ardoq) == []
        assert ardoq.dump()["references"] == []


def test_a_workspace_loaded_later_shows_no_deleted_things(either):
    """What was deleted before its workspace was touched is not in it afterwards, nor what went with it."""
    either.del_component("shop")
    assert [comp["_id"] for comp in either.find_component("ws1", "")] == ["web"]
    assert either.ws["ws1"]["references"] is None
    assert either.get_workspace("ws2")["references"] is None
    assert either.create_component(row("Shop"))["_id"] != "shop"
    assert either.get_report()["new_comps"] == 1


def test_a_reference_deleted_before_its_workspace_was_touched_is_gone(either):
    """The same for a reference."""
    either.del_reference("web-shop")
    assert either.create_reference(WEB_SHOP)["_id"] != "web-shop"


@pytest.mark.parametrize("loaded", [False, True])
def test_g2_a_reference_that_went_unseen_with_its_component(ardoq, new_sync, loaded):
    """Deleting what went with a component, in a workspace not loaded then, ends alike simulated and live."""
    reports = []
    for simulate in (True, False):
        client = new_sync(simulate=simulate, on_error="collect")
        client.del_component("host")
        if loaded:
            client.get_workspace("ws1")
        client.del_reference("shop-host")
        reports.append(counts(client.get_report()))
    assert reports[0] == reports[1]


def test_what_is_deleted_twice_is_deleted_once(ardoq, either):
    """What this run has deleted, itself or with its parent, is not deleted again, and not counted again."""
    either.get_workspace("ws1")
    for _ in range(2):
        either.del_component("shop")
        either.del_component("till")
        either.del_reference("web-shop")
    report = either.get_report()
    assert report["del_comps"] == 2
    assert len(writes(ardoq)) == (0 if either.simulate else 1)


def test_what_is_not_there_cannot_be_deleted(either):
    """A delete of an id that Ardoq does not have raises NotFoundError, of no id InvalidInput."""
    with pytest.raises(NotFoundError):
        either.del_component("nothing")
    with pytest.raises(InvalidInput):
        either.del_reference("a/b")


def test_what_is_deleted_can_be_seen_no_more(either):
    """After a delete the thing is not there to read or to update, by id as well."""
    either.get_workspace("ws1")
    either.del_component("web")
    for look in (
        lambda: either.get_component(comp_id="web"),
        lambda: either.get_reference(ref_id="web-shop"),
        lambda: either.update_component("web", {"cost": 1}),
        lambda: either.update_reference("web-shop", {"displayText": "x"}),
    ):
        with pytest.raises(NotFoundError):
            look()
    assert either.get_component("ws1") == []
    assert either.create_component(row("Web"))["_id"] != "web"


def test_a_reference_to_what_is_deleted_is_refused(ardoq, either):
    """A row that refers to what this run has deleted raises InvalidInput, and nothing is sent."""
    either.del_component("till")
    before = writes(ardoq)
    with pytest.raises(InvalidInput, match="deleted"):
        either.create_reference({"source": "web", "target": "till", "type": 1})
    with pytest.raises(InvalidInput, match="deleted"):
        either.create_component(row("New", parent="till"))
    assert writes(ardoq) == before


def test_many_are_deleted_one_by_one(either):
    """del_components answers what went in the form of the bulk call."""
    either.get_workspace("ws1")
    either.get_workspace("ws2")
    answer = either.del_components(["till", "shop", "till"], "req")
    assert answer["clientRequestId"] == "req"
    assert answer["componentIds"] == ["till", "shop"]
    assert sorted(answer["referenceIds"]) == ["host-till", "shop-host", "web-shop"]


def test_a_deleted_workspace_is_forgotten(sync):
    """A deleted workspace leaves the cache, and so do the references that pointed into it."""
    sync.get_workspace("ws1")
    sync.get_workspace("ws2")
    sync.del_workspace("ws2")
    assert list(sync.ws) == ["ws1"]
    assert [ref["_id"] for ref in sync.ws["ws1"]["references"]] == ["web-shop"]
    with pytest.raises(InvalidInput):
        sync.create_reference({"source": "shop", "target": "host", "type": 1})


# -- when writing fails ----------------------------------------------------------------------------


WRITES = {
    "create": lambda client: client.create_component(row("New")),
    "update": lambda client: client.create_component(row("Web", cost=6)),
    "delete": lambda client: client.del_component("web"),
    "create reference": lambda client: client.create_reference({**WEB_SHOP, "type": 2}),
    "update reference": lambda client: client.create_reference({**WEB_SHOP, "displayText": "x"}),
    "delete reference": lambda client: client.del_reference("web-shop"),
}


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 422}, BadRequest),
        ({"status": 403}, AuthorizationError),
        ({"status": 500}, AmbiguousWrite),
        ({"kind": "drop-before"}, AmbiguousWrite),
    ],
    ids=["422", "403", "500", "drop-before"],
)
def test_a_failed_write_leaves_the_cache_as_it_was(ardoq, sync, act, fault, error):
    """The cache changes after the write has succeeded: what failed is in neither, and can be tried again."""
    for ws_id in ("ws1", "ws2"):
        sync.get_workspace(ws_id)
    before, stored = dict(sync.ws), ardoq.dump()
    for method in ("POST", "PUT", "DELETE"):
        ardoq.fail(method=method, times=50, **fault)
    with pytest.raises(error):
        act(sync)
    assert dict(sync.ws) == before
    assert ardoq.dump() == stored
    report = sync.get_report()
    assert report["status"] == "failure"
    assert [value for key, value in counts(report).items() if not key.startswith("failed")] == []
    ardoq.clear_faults()
    act(sync)
    assert dict(sync.ws) != before
    assert ardoq.dump() != stored


@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "cut-off", "html"])
@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
def test_g4_a_write_without_an_answer_is_done_once(ardoq, sync, other, act, kind):
    """Where no answer came, what was done is found and not done again, and what was not done is done."""
    for ws_id in ("ws1", "ws2"):
        sync.get_workspace(ws_id)
    for method in ("POST", "PUT", "DELETE"):
        ardoq.fail(kind, method=method)
    act(sync)
    after = ardoq.dump()
    for ws_id in ("ws1", "ws2"):
        truth = other.get_workspace(ws_id, aggregated=True)
        for key in ("components", "references"):
            mine = sorted(one["_id"] for one in sync.ws[ws_id][key] or [])
            assert mine == sorted(one["_id"] for one in truth[key] or [])
    if act is WRITES["create"]:
        assert names_in(ardoq).count("New") == 1
    if act is WRITES["create reference"]:
        assert [ref["type"] for ref in after["references"] if ref["source"] == "web"] == [1, 2]
    sync.init_report()
    if act not in (WRITES["delete"], WRITES["delete reference"]):
        act(sync)
        assert ardoq.dump() == after


@pytest.mark.parametrize(("kind", "posts"), [("drop-after", 1), ("drop-before", 2)])
def test_g4_an_unanswered_create_is_reported_as_one(ardoq, sync, kind, posts):
    """A create without an answer is one create in the report, adopted where it had been carried out."""
    ardoq.fail(kind, method="POST")
    made = sync.create_component(row("New"))
    ardoq.fail(kind, method="POST")
    ref = sync.create_reference({"source": made["_id"], "target": "web", "type": 1})
    report = sync.get_report()
    assert counts(report) == {"new_comps": 1, "new_refs": 1}
    assert [item["_id"] for item in report["new_comps_l"] + report["new_refs_l"]] == [made["_id"], ref["_id"]]
    assert [method for method, _, _ in writes(ardoq)] == ["POST"] * 2 * posts


def test_g4_known_duplicates_are_not_adopted(ardoq, sync):
    """What was there before is not taken for what an unanswered create has made."""
    ardoq.load(seed([stored_component("old", "New", code="other")]))
    ardoq.fail("drop-before", method="POST")
    made = sync.create_component(row("New", code="mine"), field_name="code")
    assert made["_id"] != "old"
    assert names_in(ardoq) == ["New", "New"]


def test_g4_what_somebody_else_created_meanwhile_gets_our_values(ardoq, sync, other):
    """A twin that an unanswered create finds is brought to what the row says before it counts as done."""
    sync.get_workspace("ws1")
    theirs = other.create_component(row("New", note="theirs"))
    ardoq.fail("drop-before", method="POST")
    comp = sync.create_component(row("New", cost=6))
    assert comp["_id"] == theirs["_id"]
    assert held(ardoq, comp["_id"])["customFields"] == {"note": "theirs", "cost": 6}


def test_g4_an_unanswered_update_is_reported_as_one(ardoq, sync):
    """An update that went through without an answer is an update in the report."""
    ardoq.fail("drop-after", method="PUT")
    sync.create_component(row("Web", cost=6))
    assert held(ardoq, "web")["customFields"]["cost"] == 6
    assert counts(sync.get_report()) == {"updated_comps": 1}


def test_a_workspace_that_cannot_be_loaded_is_tried_again(ardoq, sync):
    """A failed load leaves nothing half loaded: the next row loads it."""
    ardoq.fail(status=503, method="GET", times=4)
    with pytest.raises(ServiceUnavailable):
        sync.create_component(row("Web"))
    assert list(sync.ws) == []
    assert sync.create_component(row("Web"))["_id"] == "web"


# -- what Ardoq does not keep ----------------------------------------------------------------------


def test_a_calculated_field_is_reported_and_not_written(ardoq, either):
    """A field that Ardoq calculates is not written; the report says that it does not converge."""
    for _ in range(2):
        either.create_component(row("Web", score=9))
    assert writes(ardoq) == []
    report = either.get_report()
    assert counts(report) == {"cache_hit_comps": 2}
    assert report["not_converging"] == [
        {"kind": "component", "_id": "web", "name": "Web", "attribute": "score", "stored": None, "wanted": 9}
    ]


def test_a_calculated_field_does_not_hold_up_the_others(ardoq, either):
    """Beside a calculated field the other attributes are written as ever."""
    either.create_component(row("Web", score=9, cost=6))
    report = either.get_report()
    assert attributes_of(report["changes"][0]) == {"cost": (5, 6)}
    assert [one["attribute"] for one in report["not_converging"]] == ["score"]


def test_g2_a_calculated_field_of_a_new_component(ardoq, new_sync):
    """The same new component twice with a calculated field is the same in a simulation and in Ardoq."""
    reports = []
    for simulate in (True, False):
        client = new_sync(simulate=simulate)
        for _ in range(2):
            client.create_component(row("New", score=9))
        reports.append(client.get_report())
    assert [counts(report) for report in reports] == [{"new_comps": 1, "cache_hit_comps": 1}] * 2
    stubborn = [[one["attribute"] for one in report["not_converging"]] for report in reports]
    assert stubborn == [["score"]] * 2
    assert [attributes_of(report["changes"][0]).get("score") for report in reports] == [None, None]


def test_what_ardoq_stores_otherwise_is_reported(ardoq, sync):
    """An attribute that Ardoq stores otherwise than it was sent is reported, and not sent again."""
    for _ in range(3):
        sync.create_component(row("Web", areas="North, South"))
        sync.create_component(row("New", areas="North, South"))
    assert [method for method, _, _ in writes(ardoq)] == ["PUT", "POST"]
    stubborn = sync.get_report()["not_converging"]
    assert [(one["name"], one["attribute"]) for one in stubborn] == [("Web", "areas"), ("New", "areas")]
    assert stubborn[0]["stored"] == ["North", "South"]
    assert stubborn[0]["wanted"] == "North, South"


def test_g3_what_an_earlier_report_names_is_not_sent_again(ardoq, new_sync):
    """With the report of the run before, the next run leaves alone what Ardoq changes back."""
    first = new_sync()
    first.create_component(row("Web", areas="North, South"))
    first.create_component(row("New", areas="North, South"))
    ardoq.clear_requests()
    second = new_sync(previous_report=first.get_report())
    second.create_component(row("Web", areas="North, South"))
    second.create_component(row("New", areas="North, South"))
    assert writes(ardoq) == []
    assert counts(second.get_report()) == {"cache_hit_comps": 2}
    assert len(second.get_report()["not_converging"]) == 2


@pytest.mark.parametrize("moved", ["source", "Ardoq"])
def test_what_has_moved_is_sent_again(ardoq, new_sync, other, moved):
    """What an earlier report names is tried again once the source or Ardoq says something else."""
    first = new_sync()
    first.create_component(row("Web", areas="North, South"))
    if moved == "Ardoq":
        other.patch_component("web", payload={"areas": ["East"]})
    ardoq.clear_requests()
    second = new_sync(previous_report=first.get_report())
    second.create_component(row("Web", areas="North, West" if moved == "source" else "North, South"))
    assert len(writes(ardoq)) == 1


def test_a_token_that_may_not_read_fields_may_still_write(ardoq, sync):
    """Definitions of fields that cannot be read do not stop a run."""
    ardoq.fail(status=403, path="/api/field")
    assert sync.create_component(row("Web", cost=6))["cost"] == 6


# -- the report ------------------------------------------------------------------------------------


def test_the_report_has_the_keys_of_the_predecessor(either):
    """Every key of 0.8.4's report is there from the start, of its type."""
    numbers = ["new_comps", "updated_comps", "del_comps", "new_refs", "updated_refs", "del_refs"]
    numbers += ["cache_hit_comps", "cache_hit_refs"]
    lists = ["new_comps_l", "updated_comps_l", "del_comps_l", "cache_hit_comps_l"]
    lists += ["cache_miss_comps", "cache_miss_refs"]
    for report in (either.report, either.get_report()):
        assert {key: report[key] for key in numbers} == dict.fromkeys(numbers, 0)
        assert {key: report[key] for key in lists} == {key: [] for key in lists}
        assert (report["status"], report["description"]) == ("success", None)


def test_the_report_lists_what_it_counts(either):
    """Each count has its list of what it counts, with id, name and type."""
    made = either.create_component(row("New"))
    either.create_component(row("Web", cost=6))
    either.create_component(row("Shop"))
    either.del_component("till")
    report = either.get_report()
    assert report["new_comps_l"] == [{"_id": made["_id"], "name": "New", "type": "Application"}]
    assert report["updated_comps_l"] == [
        {
            "_id": "web",
            "name": "Web",
            "type": "Application",
            "changes": {"cost": {"old": 5, "new": 6}},
        }
    ]
    assert report["cache_hit_comps_l"] == [{"_id": "shop", "name": "Shop", "type": "Application"}]
    assert report["del_comps_l"] == [{"_id": "till", "name": "Till", "type": "Service"}]


def test_the_changes_tell_old_and_new(either):
    """The changes tell in order what was created, updated and deleted, attribute by attribute."""
    either.get_workspace("ws1")
    made = either.create_component(row("New", cost=1))
    either.create_component(row("WEB", cost=6, note=None))
    either.create_component(row("Shop"))
    either.create_reference({"source": made["_id"], "target": "web", "type": 2, "displayText": "t"})
    either.del_component("till")
    changes = either.get_report()["changes"]
    assert [(change["action"], change["kind"], change["name"]) for change in changes] == [
        ("create", "component", "New"),
        ("update", "component", "WEB"),
        ("create", "reference", "New -> WEB"),
        ("delete", "component", "Till"),
    ]
    assert attributes_of(changes[0]) == {
        "name": (None, "New"),
        "typeId": (None, "app"),
        "rootWorkspace": (None, "ws1"),
        "cost": (None, 1),
    }
    assert attributes_of(changes[1]) == {"name": ("Web", "WEB"), "cost": (5, 6), "note": ("kept", None)}
    assert attributes_of(changes[2])["displayText"] == (None, "t")
    assert attributes_of(changes[3]) == {}
    assert [change["version"] for change in changes] == [None, 1, None, 1]
    assert {change["rootWorkspace"] for change in changes} == {"ws1"}


def test_cache_misses_are_of_touched_types(ardoq, either):
    """What no row named is missing if a row touched its type in its workspace, and else is not looked at."""
    components = [stored_component(f"a{number}", f"A{number}") for number in range(3)]
    components += [stored_component("s", "S", type_id="svc"), stored_component("h", "H", "ws2")]
    references = [stored_reference("r0", "a0", "a1"), stored_reference("r1", "a1", "a2")]
    references += [stored_reference("r2", "a0", "a2", 2)]
    ardoq.load(seed(components, references))
    either.get_workspace("ws2")
    assert either.get_report()["cache_miss_comps"] == []
    either.create_component(row("A0"))
    either.create_component(row("New"))
    either.create_reference({"source": "a0", "target": "a1", "type": 1})
    report = either.get_report()
    assert [comp["_id"] for comp in report["cache_miss_comps"]] == ["a1", "a2"]
    assert [ref["_id"] for ref in report["cache_miss_refs"]] == ["r1"]
    assert report["cache_miss_comps"][0]["name"] == "A1"
    assert report["cache_miss_comps"][0]["rootWorkspace"] == "ws1"
    either.del_component("a1")
    either.create_component(row("A2"))
    report = either.get_report()
    assert (report["cache_miss_comps"], report["cache_miss_refs"]) == ([], [])


def test_init_report_begins_a_new_run(either):
    """After init_report nothing is counted and nothing named, and the cache is what it was."""
    either.create_component(row("Web", cost=6))
    either.create_component(row("Shop"))
    either.init_report()
    assert counts(either.get_report()) == {}
    assert either.get_report()["changes"] == []
    either.create_component(row("Web", cost=6))
    report = either.get_report()
    assert counts(report) == {"cache_hit_comps": 1}
    assert [comp["_id"] for comp in report["cache_miss_comps"]] == ["shop"]


def test_a_report_once_given_does_not_go_on(either):
    """What get_report gave is a snapshot: later rows do not change it, and it can be asked for again."""
    either.create_component(row("Web"))
    report = either.get_report()
    either.create_component(row("New"))
    assert either.get_report()["new_comps"] == 1
    assert (report["new_comps"], report["new_comps_l"], report["changes"]) == (0, [], [])
    assert either.get_report() == either.get_report()


def test_a_report_can_be_read_by_people(either):
    """The text of a report names what was created, changed, deleted, failed and left over."""
    either.create_component(row("New"))
    either.create_component(row("Web", cost=6, score=9))
    either.del_component("till")
    with pytest.raises(InvalidInput):
        either.create_component({"name": "Half"})
    text = format_report(either.get_report())
    for part in ("New", "Web: cost was 5, becomes 6", "Till", "Half", "Shop", "score", "failure"):
        assert part in text


# -- rows that fail --------------------------------------------------------------------------------


def test_on_error_has_two_values(new_sync):
    """Anything but raise and collect is refused at once."""
    with pytest.raises(ConfigurationError, match="collect"):
        new_sync(on_error="ignore")


def test_raise_stops_at_the_bad_row_and_reports_it(either):
    """By default a bad row raises, and the report says that the run failed and where."""
    with pytest.raises(InvalidInput):
        either.create_component({"name": "Half", "rootWorkspace": "ws1"})
    report = either.get_report()
    assert (report["status"], report["failed_comps"]) == ("failure", 1)
    assert "typeId" in report["description"]


@pytest.mark.parametrize("simulate", [False, True])
def test_collect_goes_on_after_bad_rows(ardoq, new_sync, simulate):
    """With collect every bad row is reported with its reason, the good ones are done, the run has failed."""
    client = new_sync(simulate=simulate, on_error="collect")
    half = {"name": "Half", "rootWorkspace": "ws1"}
    answer = client.create_component(half)
    assert answer == {**half, "_id": None}
    client.create_reference({"source": answer["_id"], "target": "web", "type": 1})
    client.create_component("no row at all")
    client.update_component("nothing", {"cost": 1})
    assert client.del_component("nothing") == {}
    client.create_component(row("Good"))
    report = client.get_report()
    assert counts(report) == {"failed_comps": 4, "failed_refs": 1, "new_comps": 1}
    assert report["status"] == "failure"
    assert "5 row(s)" in report["description"]
    first = report["failed_comps_l"][0]
    assert (first["name"], first["row"], "typeId" in first["reason"]) == ("Half", half, True)
    assert half == {"name": "Half", "rootWorkspace": "ws1"}


def test_collect_takes_refusals_of_ardoq_too(ardoq, new_sync):
    """What Ardoq refuses is collected like what is refused here, with what Ardoq said."""
    client = new_sync(on_error="collect")
    ardoq.fail(status=422, method="POST")
    client.create_component(row("New"))
    client.create_component(row("New"))
    report = client.get_report()
    assert counts(report) == {"failed_comps": 1, "new_comps": 1}
    assert "422" in report["failed_comps_l"][0]["reason"]


def test_a_status_that_was_set_stays(either):
    """A script may set status and description itself, as with 0.8.4."""
    either.report["status"] = "failed"
    either.report["description"] = "the source was empty"
    report = either.get_report()
    assert (report["status"], report["description"]) == ("failed", "the source was empty")


# -- simulating ------------------------------------------------------------------------------------


def test_a_simulation_is_a_world_of_its_own(ardoq, new_sync):
    """What a simulation has created and changed it shows to every reader, and Ardoq knows nothing of it."""
    client = new_sync(simulate=True)
    made = client.create_component(row("New", parent="web"))["_id"]
    below = client.create_component(row("Below", parent=made))["_id"]
    ref = client.create_reference({"source": below, "target": "host", "type": 1})["_id"]
    client.create_component(row("Web", cost=6))
    assert client.get_component(comp_id=made)["name"] == "New"
    assert client.get_component("ws1") == client.get_workspace("ws1")["components"]
    assert client.get_component(comp_id="web")["cost"] == 6
    assert client.get_reference(ref_id=ref)["target"] == "host"
    assert ref in [one["_id"] for one in client.get_reference("ws1")]
    client.del_component(made)
    assert [comp["name"] for comp in client.get_component("ws1")] == ["Web", "Shop", "Till"]
    assert client.get_report()["del_refs"] == 1
    assert writes(ardoq) == []


def test_a_simulation_that_wrote_nothing_asks_ardoq(ardoq, new_sync, other):
    """As long as nothing was written into a workspace, what is read comes from Ardoq."""
    client = new_sync(simulate=True)
    client.create_component(row("Web"))
    other.patch_component("web", payload={"cost": 6})
    assert client.get_component(comp_id="web")["cost"] == 6
    assert client.get_workspace("ws1")["components"][0]["cost"] == 6


# -- threads ---------------------------------------------------------------------------------------


def together(count, work):
    """
    Run the same work in several threads at once and raise what one of them raised.
    """
    start, problems = threading.Barrier(count), []

    def target():
        try:
            start.wait()
            work()
        except Exception as problem:  # noqa: BLE001  (the test is to see it)
            problems.append(problem)

    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def test_threads_share_one_client(ardoq, either):
    """Eight threads that create the same hundred components make a hundred creates and 700 hits."""

    def work():
        for number in range(100):
            either.create_component(row(f"Component {number}", cost=number))

    together(8, work)
    assert counts(either.get_report()) == {"new_comps": 100, "cache_hit_comps": 700}
    names = names_in(ardoq)
    assert len(names) == len(set(names)) == (3 if either.simulate else 103)
    assert len([path for path in paths(ardoq) if path.endswith("aggregated")]) == 1


def test_readers_and_writers_share_one_client(new_sync):
    """While some threads create, others may read the cache and the report as they like."""
    client = new_sync(simulate=True)
    numbers = iter(range(10_000))

    def work():
        for _ in range(50):
            number = next(numbers)
            client.create_component(row(f"Component {number}"))
            if number % 3:
                client.del_component(client.create_component(row(f"Passing {number}"))["_id"])
            assert client.ws["ws1"]["components"]
            assert client.get_report()["status"] == "success"
            client.find_component("ws1", "Component")

    together(6, work)
    assert client.get_report()["failed_comps"] == 0


def test_an_error_in_one_thread_does_not_lock_the_others_out(sync):
    """A row that raises lets the client go."""
    with pytest.raises(ArdoqClientException):
        sync.create_component({})
    together(2, lambda: sync.create_component(row("Web")))
    assert sync.get_report()["cache_hit_comps"] == 2


@pytest.mark.parametrize("by_field", [False, True])
def test_a_row_that_fails_is_not_a_cache_miss(new_sync, by_field):
    """What a row of the source names is not missing from the source, though the row could not be carried out."""
    client = new_sync(on_error="collect")
    options = {"field_name": "code"} if by_field else {}
    client.create_component(row("Shop", code="S-1", parent="not-there"), **options)
    report = client.get_report()
    assert report["failed_comps"] == 1
    assert "shop" not in [comp["_id"] for comp in report["cache_miss_comps"]]
    assert "web" in [comp["_id"] for comp in report["cache_miss_comps"]]
