"""Scripts as they were written for 0.8.4 run unchanged."""

import pytest
from sync_scenarios import TOKEN, count_loads, counts, held, names_in, row, value, wire_terms

from ardoqpy import ArdoqSyncClient
from ardoqpy.errors import ArdoqClientException

SOURCE = (
    ("Web", "5", ["Shop"]),
    ("Shop", "12.5", ["Ledger"]),
    ("Ledger", "", ["Web", "Shop"]),
    ("ledger", "", []),
)


def types_of(sync, ws_id):
    """Return the type ids of an application and of a use; only v1 has the model that scripts read."""
    if sync.version == "v2":
        application = sync.find_component_type(ws_id, "Application")
        return application["typeId"], sync.find_reference_type(ws_id, "Uses")["type"]
    app_type = next(iter(sync.find_component_type(ws_id, "Application")))
    uses = next(
        int(number)
        for number, definition in sync.get_model(ws_id=ws_id)["referenceTypes"].items()
        if definition["name"] == "Uses"
    )
    return app_type, uses


def nightly(sync, ws_id):
    """Sync a table of applications as scripts did it with 0.8.4."""
    sync.get_workspace(ws_id=ws_id)
    app_type, uses = types_of(sync, ws_id)
    ids = {}
    for name, cost, _ in SOURCE:
        comp = {"name": name, "typeId": app_type, "rootWorkspace": ws_id}
        if cost:
            comp["cost"] = float(cost)
        res = sync.create_component(comp=comp)
        ids[name.lower()] = res["_id"]
    for name, _, targets in SOURCE:
        for target in targets:
            ref = {
                "rootWorkspace": ws_id,
                "source": ids[name.lower()],
                "target": ids[target.lower()],
                "type": uses,
                "displayText": "uses",
            }
            res = sync.create_reference(ref=ref)
            assert res["_id"]
    return ids


@pytest.mark.parametrize("simulate", [True, False])
def test_a_nightly_script(ardoq, new_sync, simulate):
    """The classic script creates what is missing, updates what differs, and reports it in the old keys."""
    sync = new_sync(simulate=simulate)
    ids = nightly(sync, "ws1")
    report = sync.get_report()
    assert report["new_comps"] == len(report["new_comps_l"]) == 1
    assert report["new_comps_l"][0]["_id"] == sync.real_id(ids["ledger"])
    assert report["new_comps_l"][0]["name"] == "Ledger"
    assert report["updated_comps"] == len(report["updated_comps_l"]) == 1
    assert report["updated_comps_l"][0]["_id"] == "shop"
    assert report["cache_hit_comps"] == len(report["cache_hit_comps_l"]) == 2
    assert (report["new_refs"], report["updated_refs"], report["cache_hit_refs"]) == (3, 1, 0)
    assert (report["del_comps"], report["del_refs"]) == (0, 0)
    assert (report["status"], report["description"]) == ("success", None)
    assert names_in(ardoq) == ["Web", "Shop", "Till"] + ([] if simulate else ["Ledger"])


def test_second_run(ardoq, new_sync):
    """A second run of the same script finds nothing to change."""
    first = new_sync()
    nightly(first, "ws1")
    first.flush()
    sync = new_sync()
    nightly(sync, "ws1")
    assert counts(sync.get_report()) == {"cache_hit_comps": 4, "cache_hit_refs": 4}


def test_the_constructor_takes_what_it_took(ardoq):
    """hosturl, token, org and simulate are accepted as before, by name or by position."""
    with ArdoqSyncClient(hosturl=ardoq.url, token=TOKEN, org=None, simulate=True) as by_name:
        assert by_name.simulate is True
    with ArdoqSyncClient(ardoq.url, TOKEN) as by_place:
        assert by_place.simulate is False
        assert by_place.get_workspace("ws1")["name"] == "Workspace ws1"
        assert by_place.get_workspaces(summary=True)


def test_the_cache_can_be_read(sync):
    """sync.ws is filled at the first touch, and has components and references as scripts look at them."""
    assert "ws1" not in sync.ws
    sync.get_workspace(ws_id="ws1")
    assert "ws1" in sync.ws
    assert list(sync.ws.keys()) == ["ws1"]
    assert sorted(comp["name"] for comp in sync.ws["ws1"]["components"]) == ["Shop", "Till", "Web"]
    by_id = {comp["_id"]: comp for comp in sync.ws["ws1"]["components"]}
    assert by_id["shop"]["type"] == "Application"
    assert [ref["target"] for ref in sync.ws["ws1"]["references"]] == ["shop", "host"]
    assert sync.ws.get("nowhere") is None
    with pytest.raises(KeyError):
        sync.ws["nowhere"]


def test_handed_out_dicts_are_updated_and_sent_back(ardoq, either):
    """A dict that a call gave is changed by the script and given back, to update and to create alike."""
    comp = either.create_component(comp=row("New"))
    comp["description"] = "first"
    comp = either.update_component(comp_id=comp["_id"], comp=comp)
    comp["description"] = "second"
    comp = either.create_component(comp=comp)
    assert comp["description"] == "second"
    result = either.find_component(ws_id="ws1", comp_name="Web", exact=True)[0]
    result.update({"cost": 6})
    assert value(either.update_component(comp_id=result["_id"], comp=result), "cost") == 6
    ref = either.create_reference(ref={"rootWorkspace": "ws1", "source": "web", "target": "till", "type": 1})
    ref["displayText"] = "now with a text"
    assert either.update_reference(ref_id=ref["_id"], ref=ref)["displayText"] == "now with a text"
    report = either.get_report()
    assert counts(report) == {"new_comps": 1, "updated_comps": 3, "new_refs": 1, "updated_refs": 1}
    if not either.simulate:
        assert held(ardoq, comp["_id"])["description"] == "second"


def test_a_match_by_field(either):
    """create_component takes field_name and field_value by those names."""
    comp = row("Boutique", code="S-1")
    assert either.create_component(comp=comp, field_name="code", field_value="S-1")["_id"] == "shop"
    result = either.find_component(ws_id="ws1", field_name="code", field_value="S-1", exact=True)
    assert [entity["name"] for entity in result] == ["Boutique"]


def test_deletes_by_name_of_the_argument(either):
    """del_component and del_reference take comp_id and ref_id, and are counted."""
    either.get_workspace(ws_id="ws1")
    either.del_reference(ref_id="web-shop")
    either.del_component(comp_id="till")
    report = either.get_report()
    assert (report["del_comps"], report["del_refs"]) == (1, 1)
    assert report["del_comps_l"] == [{"_id": "till", "name": "Till", "type": "Service"}]


def test_a_script_sets_the_status(either):
    """A script that catches an error and writes it into the report finds it there at the end."""
    try:
        either.create_component(comp={"name": "Half", "rootWorkspace": "nowhere", "typeId": "app"})
    except ArdoqClientException as problem:
        either.report["status"] = "failed"
        either.report["description"] = str(problem)
    report = either.get_report()
    assert report["status"] == "failed"
    assert "nowhere" in report["description"]


def test_the_predecessors_error_can_be_taken_apart(sync):
    """The error of a refused call has code, reason and text in its first argument."""
    with pytest.raises(ArdoqClientException) as caught:
        sync.get_workspace(ws_id="nowhere")
    assert caught.value.args[0]["code"] == 404
    assert set(caught.value.args[0]) >= {"code", "reason", "text"}


def test_init_report_starts_over(either):
    """init_report empties the report, and the cache stays."""
    either.create_component(comp=row("New"))
    either.init_report()
    assert either.report["new_comps"] == 0
    assert either.report["new_comps_l"] == []
    either.create_component(comp=row("New"))
    assert counts(either.get_report()) == {"cache_hit_comps": 1}


def test_the_cache_can_be_set_and_emptied_by_hand(sync, ardoq):
    """Scripts put workspaces into `ws`, take them out, and empty it to have everything loaded again."""
    sync.ws["ws1"] = sync.get_workspace("ws1")
    assert list(sync.ws) == ["ws1"]
    ardoq.clear_requests()
    sync.find_component("ws1", "Web")
    assert ardoq.requests == []
    del sync.ws["ws1"]
    sync.find_component("ws1", "Web")
    sync.ws = {}
    sync.find_component("ws1", "Web")
    assert count_loads(ardoq) == 2
    assert len(ardoq.requests) == 2 * len(wire_terms().whole)


def test_an_empty_field_name_is_none(sync):
    """`field_name=""` is no field, as in 0.8.4: the name is looked for."""
    assert [comp["_id"] for comp in sync.find_component("ws1", "Web", field_name="")] == ["web"]
