"""What a delete takes with it, in Ardoq, in the cache and in the report."""

import pytest
from sync_scenarios import WEB_SHOP, counts, names_in, row, writes

from ardoqpy import InvalidInput, NotFoundError, UnsupportedOperation


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


def test_workspace_loaded_later_has_no_deleted_entities(either):
    """What was deleted before its workspace was touched is not in it afterwards, nor what went with it."""
    either.del_component("shop")
    assert [comp["_id"] for comp in either.find_component("ws1", "")] == ["web"]
    assert either.ws["ws1"]["references"] is None
    assert either.get_workspace("ws2")["references"] is None
    assert either.create_component(row("Shop"))["_id"] != "shop"
    assert either.get_report()["new_comps"] == 1


def test_reference_deleted_before_its_workspace_was_loaded(either):
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
    """A deleted component cannot be read or updated, by id either."""
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
    """del_components returns the deleted ids in the form of the bulk call."""
    either.get_workspace("ws1")
    either.get_workspace("ws2")
    answer = either.del_components(["till", "shop", "till"], "req")
    assert answer["clientRequestId"] == "req"
    assert answer["componentIds"] == ["till", "shop"]
    assert sorted(answer["referenceIds"]) == ["host-till", "shop-host", "web-shop"]


def test_a_deleted_workspace_is_forgotten(sync, version):
    """A deleted workspace leaves the cache, and so do the references that pointed into it."""
    sync.get_workspace("ws1")
    sync.get_workspace("ws2")
    if version == "v2":
        with pytest.raises(UnsupportedOperation):
            sync.del_workspace("ws2")
        assert list(sync.ws) == ["ws1", "ws2"]
        return
    sync.del_workspace("ws2")
    assert list(sync.ws) == ["ws1"]
    assert [ref["_id"] for ref in sync.ws["ws1"]["references"]] == ["web-shop"]
    with pytest.raises(InvalidInput):
        sync.create_reference({"source": "shop", "target": "host", "type": 1})
