"""Calls that would do something else than they say: refused with a sentence, or carried out as they say."""

from contextlib import suppress

import pytest
from sync_scenarios import TOKEN, flush_all, open_sync_client, row, seed, stored_component

from ardoqpy import ArdoqClient, InvalidInput
from ardoqpy.errors import UnsupportedOperation
from ardoqpy_sync import format_report


def load(server, *components):
    """Replace the small organisation with these components."""
    server.load(seed(list(components), []))


def names(server):
    """Return the names of the components that the emulator holds, by id."""
    flush_all()
    return {comp["_id"]: comp["name"] for comp in server.dump()["components"]}


@pytest.mark.only("v2", "batched")
def test_filters_count_whatever_is_pending_or_simulated(ardoq):
    """Filters select from what Ardoq holds, after what waits is sent; a preview that has written refuses."""
    for simulate in (False, True):
        load(ardoq, stored_component("web", "Web"), stored_component("till", "Till"))
        with open_sync_client(ardoq, simulate=simulate) as client:
            client.create_component(row("New"))
            if simulate:
                with pytest.raises(
                    InvalidInput, match="params filter what Ardoq holds, and this preview has"
                ):
                    client.get_component("ws1", params={"name": "Till"})
            else:
                found = client.get_component("ws1", params={"name": "New"})
                assert [comp["name"] for comp in found] == ["New"]


@pytest.mark.parametrize(
    ("field", "wanted", "reason"),
    [
        ("_id", "x", "field_name is '_id', which Ardoq sets itself: a component that this row creates"),
        ("rootWorkspace", "x", "field_name is 'rootWorkspace', which Ardoq sets itself"),
        ("customFields.code", "x", "field_name is 'customFields.code': give the field's own name, 'code'."),
        ("name", "Other", "field_value is 'Other', and comp's 'name' is 'N': no component has the first"),
    ],
)
def test_field_that_a_new_component_is_not_found_by(ardoq, field, wanted, reason):
    """A row is refused if what it creates would not be found in the next run, which would create it again."""
    load(ardoq)
    with open_sync_client(ardoq) as client, pytest.raises(InvalidInput, match=reason):
        client.create_component(row("N"), field, wanted)
    assert names(ardoq) == {}


def test_name_of_a_field_with_a_prefix(ardoq):
    """The name of a custom field with `customFields.` before it is refused, where it means nothing."""
    load(ardoq)
    with open_sync_client(ardoq) as client, pytest.raises(InvalidInput, match="name the field alone, 'note'"):
        client.create_component(row("N", **{"customFields.note": "x"}))


@pytest.mark.parametrize("again", [["b", "a"], ("a", "b")])
def test_list_that_a_row_is_matched_by(ardoq, again):
    """The order of a list does not count when a row is matched by it, nor whether it is a tuple."""
    load(ardoq)
    for areas in (["a", "b"], again):
        with open_sync_client(ardoq) as client:
            client.create_component(row("N", areas=areas), "areas")
    assert len(names(ardoq)) == 1


def test_new_components_are_as_old_as_their_numbers(ardoq):
    """Of many new components that a row matches, the first is used, in a preview as in the run."""
    for simulate in (True, False):
        load(ardoq)
        with open_sync_client(ardoq, simulate=simulate) as client:
            for number in range(12):
                client.create_component(row(f"A{number:02}", code="same" if number in (1, 9) else None))
            client.create_component(row("A01", note="hit"), "code", "same")
            (entry,) = client.get_report()["ambiguous"]
        assert entry["name"] == "A01"


def test_batches_go_past_the_cache(ardoq):
    """A sync client sends no batch of its caller: its cache would not know of it."""
    with open_sync_client(ardoq) as client, pytest.raises(UnsupportedOperation, match="past the cache"):
        client.batch({})


@pytest.mark.parametrize("given", [{}, {"name": "W"}, None])
def test_workspace_that_is_not_whole_is_not_held(ardoq, given):
    """A workspace without its components is refused: absent does not mean none."""
    with (
        open_sync_client(ardoq) as client,
        pytest.raises(InvalidInput, match=r"set what get_workspace\(ws_id, aggregated=True\) returns"),
    ):
        client.ws["ws1"] = given


@pytest.mark.parametrize("first", [True, False])
def test_rejected_row_protects_what_it_means(ardoq, first):
    """What a rejected row means is no cache miss, also if its workspace is loaded later."""
    load(ardoq, stored_component("web", "Web"), stored_component("shop", "Shop"))
    with open_sync_client(ardoq, on_error="collect") as client:
        steps = [
            lambda: client.reject_row({"name": "Shop"}, "No number.", means=iter(["shop", "none"]), cause=7),
            lambda: client.create_component(row("Web")),
        ]
        for step in steps if first else reversed(steps):
            step()
        report = client.get_report()
        assert report["cache_miss_comps"] == []
        assert "No number." in format_report(report)
        for wrong in ({"means": "shop"}, {"means": {"_id": "shop"}}, {"reason": 5}, {"kind": []}):
            with pytest.raises(InvalidInput):
                client.reject_row(**{"row": {}, "reason": "x", **wrong})


@pytest.mark.parametrize(
    "types", ["component", 5, {("component", "ws1", "app"): 1}, [("component", "ws1")], [("app", "ws1", "x")]]
)
def test_types_of_cache_misses_are_checked(ardoq, types):
    """What is no list of types is refused, instead of meaning no type."""
    with open_sync_client(ardoq) as client:
        client.create_component(row("Web"))
        with pytest.raises(InvalidInput, match="a list of types, each as"):
            client.delete_cache_misses(types=types)


def test_block_that_failed_leaves_a_failed_run(ardoq):
    """The report after a block that failed says so, also if no write waited."""
    with suppress(ZeroDivisionError), open_sync_client(ardoq) as client:
        client.create_component(row("Web"))
        client.flush()
        _ = 1 / 0
    assert client.get_report()["status"] == "failure"


def test_reason_of_a_run_that_ended_early_stays(ardoq):
    """If a run has ended with a reason, the error that follows from it does not take its place."""
    with suppress(ZeroDivisionError), open_sync_client(ardoq) as client:
        client.give_up("The lock is lost.")
        _ = 1 / 0
    assert client.get_report()["description"] == "The lock is lost."


def test_old_end_of_a_change_has_its_real_id(ardoq):
    """A component that is moved from what is new has the real ids of both parents in the report."""
    load(ardoq, stored_component("till", "Till"), stored_component("b", "B"))
    with open_sync_client(ardoq) as client:
        for parent in (client.create_component(row("A"))["_id"], "b"):
            client.update_component("till", {"parent": parent})
        client.flush()
        changes = client.get_report()["changes"]
    parents = [change["attributes"]["parent"] for change in changes if change["action"] == "update"]
    held = names(ardoq)
    assert [[held.get(each) for each in pair.values()] for pair in parents] == [[None, "A"], ["A", "B"]]


@pytest.mark.parametrize("wanted", [None, [], 5])
def test_nothing_to_search_for(ardoq, version, wanted):
    """A search for nothing is refused, instead of finding everything."""
    with ArdoqClient(ardoq.url, TOKEN, version="v2" if version == "batched" else version) as client:
        with pytest.raises(InvalidInput, match="ws_name is"):
            client.find_workspace(wanted)
        with pytest.raises(InvalidInput, match="fields is"):
            client.search_components(wanted)
        if wanted != 5 and version == "v1":
            with pytest.raises(InvalidInput, match="The value of 'code' to search for is missing"):
                client.search_components({"code": wanted})


def test_matched_reference_is_in_the_workspace_of_its_source(ardoq):
    """A reference that its caller has matched needs no workspace, as one that `create_reference` matches."""
    load(ardoq, stored_component("a", "A"), stored_component("b", "B"))
    with open_sync_client(ardoq) as client:
        client.ensure_reference({"source": "a", "target": "b", "type": 1})
        client.flush()
    assert [ref["rootWorkspace"] for ref in ardoq.dump()["references"]] == ["ws1"]
