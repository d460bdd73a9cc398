"""Writes that wait: gathered, sent as transactions, and put right everywhere afterwards."""

import logging

import pytest
from example_counts import examples
from hypothesis import given, settings
from sync_scenarios import (
    attributes_of,
    comparable,
    counts,
    flush_all,
    held,
    names_in,
    open_sync_client,
    row,
    run,
    seed,
    stored_component,
    value,
    worlds_and_scripts,
    writes,
)

from ardoqpy import (
    AmbiguousWrite,
    AuthorizationError,
    BadRequest,
    ConfigurationError,
    Conflict,
    InvalidInput,
    NotFoundError,
    UnsupportedOperation,
)

pytestmark = pytest.mark.waiting

SYNC = settings.get_profile("sync")

#: Rows that only the emulator refuses.
POISON = {"description": 5}


@pytest.fixture
def batched(ardoq, clients):
    """Make sync clients that gather their writes."""

    def make(**options):
        options = {"version": "v2", "batch": True, **options}
        return clients.enter_context(open_sync_client(ardoq, **options))

    return make


def batches(server):
    """Return the statuses of the batches that were sent."""
    return [status for method, path, status in writes(server) if path == "/api/v2/batch"]


def test_nothing_is_sent_before_the_flush(ardoq, batched):
    """Creates, updates and deletes wait, and then go in one request, deletes in one of their own."""
    client = batched()
    client.create_component(row("New"))
    client.create_component(row("Web", cost=6))
    assert [request.method for request in ardoq.requests if request.method != "GET"] == []
    client.flush()
    client.del_reference("web-shop")
    client.del_component("till")
    client.flush()
    assert [request.path for request in ardoq.requests if request.method != "GET"] == ["/api/v2/batch"] * 2
    assert names_in(ardoq) == ["Web", "Shop", "New"]
    report = client.get_report()
    assert counts(report) == {"new_comps": 1, "updated_comps": 1, "del_comps": 1, "del_refs": 1}


def test_what_waits_can_be_parent_source_and_target_at_once(ardoq, batched):
    """A component that waits is referred to by its batch id, at any depth, and by later changes too."""
    client = batched()
    top = client.create_component(row("Top"))
    below = client.create_component(row("Below", parent=top["_id"]))
    lowest = client.create_component(row("Lowest", parent=below["_id"]))
    ref = client.create_reference({"source": top["_id"], "target": lowest["_id"], "type": "Uses"})
    client.create_component(row("Web", parent=below["_id"]))
    assert [reference["_id"][:6] for reference in (top, below, lowest, ref)] == ["batch-"] * 4
    client.flush()
    assert batches(ardoq) == [200]
    assert held(ardoq, below["_id"])["parent"] == top["_id"]
    assert held(ardoq, lowest["_id"])["parent"] == below["_id"] == held(ardoq, "web")["parent"]
    stored = held(ardoq, ref["_id"])
    assert (stored["source"], stored["target"]) == (top["_id"], lowest["_id"])


@pytest.mark.parametrize("removed", ["", "till"])
def test_what_was_created_is_found_in_ardoqs_order(ardoq, batched, removed):
    """A flush sends parents first, and look-ups keep that order, by name, by field and by parent."""
    client = batched()
    if removed:
        client.del_component(removed)
        client.flush()
    assert client.find_component("ws1", field_name="code", field_value="X") == []
    rows = [row(name, code="X") for name in ("A", "B", "C")]
    made = [client.create_component(each) for each in rows]
    client.update_component(made[0]["_id"], {"parent": made[2]["_id"]})
    client.flush()
    client.create_component(row("D", code="X"))
    client.flush()
    found = [comp["name"] for comp in client.find_component("ws1", field_name="code", field_value="X")]
    listed = [comp["name"] for comp in client.ws["ws1"]["components"]]
    assert found == ["C", "A", "B", "D"]
    assert listed == names_in(ardoq)
    assert client.del_components([made[2]["_id"]])["componentIds"] == [made[2]["_id"], made[0]["_id"]]


def test_real_ids_replace_batch_ids_everywhere(batched):
    """At the flush they are in what was handed out, in the cache and in the report."""
    client = batched()
    created = client.create_component(row("New", score=9))
    again = client.create_component(row("NEW", note="x"))
    below = client.create_component(row("Below", parent=created["_id"]))
    result = client.find_component("ws1", "Below", exact=True)[0]
    ref = client.create_reference({"source": created["_id"], "target": below["_id"], "type": 1})
    failed_row = row("Failed", parent=created["_id"], cost="dozen")
    with pytest.raises(InvalidInput):
        client.create_component(failed_row)
    text = repr([client.get_report(), dict(client.ws), created, again, below, result, ref])
    assert "batch-" not in text
    assert created["_id"] == again["_id"] == below["parent"] == result["parent"] == ref["source"]
    assert created["componentKey"] == again["componentKey"]
    assert client.get_report()["not_converging"][0]["_id"] == created["_id"]


def test_batch_ids_can_be_used_for_ever(ardoq, batched):
    """A script that keeps the id as text goes on using it after the flush, in rows and in calls."""
    client = batched()
    stored_value = str(client.create_component(row("New"))["_id"])
    client.flush()
    below = client.create_component(row("Below", parent=stored_value))
    ref = client.create_reference({"source": stored_value, "target": below["_id"], "type": 1})
    client.update_component(stored_value, {"cost": 3})
    assert client.get_component(comp_id=stored_value)["name"] == "New"
    client.flush()
    assert client.real_id(stored_value) != stored_value
    assert below["parent"] == client.real_id(stored_value) == ref["source"]
    assert held(ardoq, stored_value)["customFields"] == {"cost": 3}
    client.del_component(stored_value)
    assert names_in(ardoq) == ["Web", "Shop", "Till"]


def test_an_update_of_what_waits_joins_it(ardoq, batched):
    """A create and its updates are one operation, so are two updates; the report has each row's change."""
    client = batched()
    created = client.create_component(row("New", cost=1))
    client.create_component(row("New", note="x"))
    client.update_component(created["_id"], {"cost": 2})
    client.create_component(row("Web", cost=6))
    client.create_component(row("Web", note="new"))
    client.flush()
    assert batches(ardoq) == [200]
    assert held(ardoq, created["_id"])["customFields"] == {"cost": 2, "note": "x"}
    assert (held(ardoq, created["_id"])["_version"], held(ardoq, "web")["_version"]) == (1, 2)
    changes = [attributes_of(change) for change in client.get_report()["changes"]]
    assert changes[1:] == [
        {"note": (None, "x")},
        {"cost": (1, 2)},
        {"cost": (5, 6)},
        {"note": ("kept", "new")},
    ]


def test_a_delete_of_what_waits_takes_it_back(ardoq, batched):
    """What is deleted before it was ever sent is not sent, nor is anything below it or with an end in it."""
    client = batched()
    created = client.create_component(row("New"))
    below = client.create_component(row("Below", parent=created["_id"]))
    client.create_reference({"source": "web", "target": below["_id"], "type": 1})
    client.del_component(created["_id"])
    client.create_component(row("Other"))
    client.flush()
    assert batches(ardoq) == [200]
    assert names_in(ardoq) == ["Web", "Shop", "Till", "Other"]
    report = client.get_report()
    assert counts(report) == {"new_comps": 3, "del_comps": 2, "new_refs": 1, "del_refs": 1}


def test_a_delete_takes_what_has_moved_below_it(ardoq, batched):
    """What Ardoq holds and was moved below something new goes with it when that is deleted."""
    client = batched()
    created = client.create_component(row("New"))
    client.create_component(row("Till", type_id="svc", parent=created["_id"]))
    client.del_component(created["_id"])
    client.flush()
    assert names_in(ardoq) == ["Web", "Shop"]


def test_what_was_moved_out_of_the_way_is_not_deleted(ardoq, batched):
    """A change that takes a component from below another is in Ardoq before the other is deleted."""
    client = batched()
    client.create_component(row("Till", type_id="svc", parent="web"))
    client.del_component("shop")
    client.create_component(row("Shop", code="again"))
    client.flush()
    assert names_in(ardoq) == ["Web", "Till", "Shop"]


def test_deleting_child_and_parent_in_one_batch(ardoq, batched):
    """Both are deleted, whatever the order."""
    client = batched()
    client.del_component("till")
    client.del_component("shop")
    client.flush()
    assert batches(ardoq) == [200]
    assert names_in(ardoq) == ["Web"]


@pytest.mark.parametrize("size", [1, 4, 7])
def test_a_full_batch_is_sent(ardoq, batched, size):
    """When enough operations are pending, they are sent; the rest is sent at the end."""
    client = batched(batch=size)
    parent = None
    for number in range(10):
        parent = client.create_component(row(f"C{number}", parent=parent and parent["_id"]))
    sent = len([request for request in ardoq.requests if request.method != "GET"])
    assert sent == 10 // size
    client.get_report()
    assert len(batches(ardoq)) == -(-10 // size)
    assert len(names_in(ardoq)) == 13


def test_a_batch_is_no_larger_than_so_many_bytes(ardoq, batched):
    """Large rows make smaller batches."""
    client = batched()
    for number in range(10):
        client.create_component(row(f"C{number}", note="x" * 300_000))
    client.flush()
    assert len(batches(ardoq)) >= 3
    assert len(names_in(ardoq)) == 13


def test_the_end_of_a_with_block_sends_what_waits(ardoq):
    """Leaving the block is enough."""
    with open_sync_client(ardoq, version="v2", batch=True) as client:
        client.create_component(row("New"))
    assert "New" in names_in(ardoq)


def test_a_block_that_fails_sends_nothing(ardoq, caplog):
    """Pending writes of a block that fails are not sent, and a warning counts them."""

    def fail():
        with open_sync_client(ardoq) as client:
            client.create_component(row("New"))
            client.create_component(row("Web", cost=6))
            raise ZeroDivisionError

    with caplog.at_level(logging.WARNING), pytest.raises(ZeroDivisionError):
        fail()
    assert "2 writes were not sent" in caplog.text
    assert [request.method for request in ardoq.requests if request.method != "GET"] == []


@pytest.mark.parametrize(
    "look",
    [
        lambda client: client.get_report(),
        lambda client: client.report["new_comps"],
        lambda client: client.get_workspace("ws1"),
        lambda client: client.ws["ws1"],
        lambda client: client.init_report(),
    ],
    ids=["get_report", "report", "get_workspace", "ws", "init_report"],
)
def test_reading_a_workspace_flushes_first(ardoq, batched, look):
    """Reading a report or a workspace sends what waits first."""
    client = batched()
    client.create_component(row("New"))
    look(client)
    assert [request.path for request in ardoq.requests if request.method != "GET"] == ["/api/v2/batch"]


def test_nothing_to_do_sends_nothing(ardoq, batched):
    """Rows that change nothing make no batch."""
    client = batched()
    client.create_component(row("Web", cost="5"))
    assert counts(client.get_report()) == {"cache_hit_comps": 1}
    assert writes(ardoq) == []


def test_v1_has_no_transactions(ardoq):
    """On v1 the constructor says where they are, in a simulation too; so it does for a batch of nonsense."""
    for simulate in (True, False):
        with (
            pytest.raises(UnsupportedOperation, match="version='v2'"),
            open_sync_client(ardoq, version="v1", batch=True, simulate=simulate),
        ):
            pass
    for wrong in (-1, "many", 2.5, None):
        with (
            pytest.raises(ConfigurationError, match="batch"),
            open_sync_client(ardoq, version="v2", batch=wrong),
        ):
            pass


def test_a_poison_row_is_found_by_halving(ardoq, batched):
    """Of 64 rows the guilty one alone fails, with its reason, row and label, in about log2 requests."""
    client = batched(on_error="collect")
    for number in range(64):
        client.create_component(row(f"C{number}", **(POISON if number == 41 else {})), label=f"line {number}")
    report = client.get_report()
    assert counts(report) == {"new_comps": 63, "failed_comps": 1}
    (failed,) = report["failed_comps_l"]
    assert (failed["name"], failed["label"], failed["_id"]) == ("C41", "line 41", None)
    assert "description" in failed["reason"]
    assert failed["row"]["description"] == 5
    assert report["status"] == "failure"
    assert "C41" not in names_in(ardoq)
    assert len(names_in(ardoq)) == 3 + 63
    assert len(batches(ardoq)) <= 2 + 2 * 6


@pytest.mark.parametrize("guilty", [[0], [63], [0, 63], [5, 6, 40], list(range(0, 64, 9)), list(range(64))])
def test_all_but_the_poison_rows_are_written(ardoq, batched, guilty):
    """However many are guilty, they alone fail, and the cache holds what Ardoq holds."""
    client = batched(on_error="collect")
    for number in range(64):
        client.create_component(row(f"C{number}", **(POISON if number in guilty else {})))
    client.create_component(row("Web", cost=6))
    report = client.get_report()
    assert report["failed_comps"] == len(guilty)
    assert [item["name"] for item in report["failed_comps_l"]] == [f"C{number}" for number in guilty]
    assert names_in(ardoq) == [comp["name"] for comp in client.ws["ws1"]["components"]]
    assert held(ardoq, "web")["customFields"]["cost"] == 6


def test_with_raise_the_rest_is_written_before_the_error(ardoq, batched):
    """With on_error="raise" the flush raises what Ardoq said, once the others are through."""
    client = batched()
    client.create_component(row("A"))
    client.create_component(row("B", **POISON))
    client.create_component(row("C"))
    with pytest.raises(BadRequest, match="description"):
        client.flush()
    assert names_in(ardoq) == ["Web", "Shop", "Till", "A", "C"]
    client.create_component(row("B"))
    assert counts(client.get_report()) == {"new_comps": 3, "failed_comps": 1}


def test_what_refers_to_a_poison_row_fails_with_it(ardoq, batched):
    """Children and references of a refused component are reported with its reason, as are later rows."""
    client = batched(on_error="collect")
    bad = client.create_component(row("Bad", **POISON))
    stored_value = str(bad["_id"])
    below = client.create_component(row("Below", parent=bad["_id"]))
    client.create_reference({"source": "web", "target": below["_id"], "type": 2})
    client.create_component(row("Web", parent=bad["_id"]))
    client.create_component(row("Good"))
    report = client.get_report()
    assert counts(report) == {"new_comps": 1, "failed_comps": 3, "failed_refs": 1}
    reasons = [item["reason"] for item in (*report["failed_comps_l"][1:], *report["failed_refs_l"])]
    assert all("could not be written itself" in reason for reason in reasons)
    assert names_in(ardoq) == ["Web", "Shop", "Till", "Good"]
    assert held(ardoq, "web")["parent"] is None
    client.create_component(row("Late", parent=stored_value))
    assert "could not" in client.get_report()["failed_comps_l"][-1]["reason"]
    with open_sync_client(ardoq, version="v2", batch=True) as second:
        second.create_component(row("Bad"))
        assert counts(second.get_report()) == {"new_comps": 1}


def test_a_row_that_hit_a_poison_row_fails_too(batched):
    """A row that found its component as wanted, in a create that was then refused, is no cache hit."""
    client = batched(on_error="collect")
    client.create_component(row("Bad", **POISON), label="first")
    client.create_component(row("Bad"), label="second")
    report = client.get_report()
    assert counts(report) == {"failed_comps": 2}
    assert [item["label"] for item in report["failed_comps_l"]] == ["first", "second"]


def test_a_refused_update_leaves_what_was(ardoq, batched):
    """An update that is refused is undone in the cache, and the others are written."""
    client = batched(on_error="collect")
    client.create_component(row("Web", cost=6, **POISON))
    client.create_component(row("Shop", nr=8))
    report = client.get_report()
    assert counts(report) == {"updated_comps": 1, "failed_comps": 1}
    assert value(client.find_component("ws1", "Web", exact=True)[0], "cost") == 5
    assert held(ardoq, "shop")["customFields"]["nr"] == 8
    assert [comp["_id"] for comp in report["cache_miss_comps"]] == []


def test_a_token_that_is_refused_stops_it(ardoq, batched):
    """401 is no row's fault: nothing is halved, and every row that was not written is listed."""
    client = batched(on_error="collect", batch=4)
    client.create_component(row("Web"))
    ardoq.fail(status=401, method="POST", times=99)
    for number in range(4):
        client.create_component(row(f"C{number}"))
    report = client.get_report()
    assert counts(report) == {"cache_hit_comps": 1, "failed_comps": 4}
    assert batches(ardoq) == [401]
    ardoq.clear_faults()
    ardoq.fail(status=401, method="POST")
    strict = batched()
    strict.create_component(row("C9"))
    with pytest.raises(AuthorizationError):
        strict.flush()


def test_a_later_half_has_the_real_ids_of_an_earlier_one(ardoq, batched):
    """What refers to a component that was stored by an earlier half of its batch is written as well."""
    client = batched(on_error="collect")
    top = client.create_component(row("Top"))
    client.create_component(row("Guilty", **POISON))
    below = client.create_component(row("Below", parent=top["_id"]))
    ref = client.create_reference({"source": top["_id"], "target": below["_id"], "type": 1})
    report = client.get_report()
    assert counts(report) == {"new_comps": 2, "failed_comps": 1, "new_refs": 1}
    assert held(ardoq, below["_id"])["parent"] == top["_id"]
    assert (held(ardoq, ref["_id"])["source"], ref["target"]) == (top["_id"], below["_id"])


def test_a_batch_that_is_too_large_makes_smaller_ones(ardoq, batched):
    """413 halves the batches for good, and everything is written."""
    client = batched(batch=16)
    ardoq.fail(status=413, method="POST", times=2)
    for number in range(48):
        client.create_component(row(f"C{number}"))
    client.get_report()
    assert len(names_in(ardoq)) == 3 + 48
    statuses = batches(ardoq)
    assert statuses[:2] == [413, 413]
    assert set(statuses[2:]) == {200}
    assert len(statuses) == 2 + 48 // 4


def test_g9_what_others_changed_is_decided_again(ardoq, batched, other):
    """A row whose component has a newer version is compared again; the report has the value it replaced."""
    client = batched()
    client.get_workspace("ws1")
    other.patch_component("web", payload={"cost": 50, "note": "theirs"})
    other.patch_reference("web-shop", payload={"displayText": "theirs", "description": "theirs"})
    comp = client.create_component(row("Web", cost=6), label="line 1")
    client.create_component(row("New"))
    client.create_reference({"source": "web", "target": "shop", "type": 1, "displayText": "ours"})
    client.flush()
    assert held(ardoq, "web")["customFields"] == {"cost": 6, "note": "theirs"}
    assert held(ardoq, "web-shop")["description"] == "theirs"
    assert names_in(ardoq)[-1] == "New"
    report = client.get_report()
    assert counts(report) == {"updated_comps": 1, "new_comps": 1, "updated_refs": 1}
    change = next(change for change in report["changes"] if change["_id"] == "web")
    assert (attributes_of(change), change["version"], change["label"]) == ({"cost": (50, 6)}, 2, "line 1")
    assert comp["_id"] == "web"


def test_g9_what_others_made_as_wanted_is_a_hit(ardoq, batched, other):
    """If another client wrote the same value, nothing is written."""
    client = batched()
    client.get_workspace("ws1")
    other.patch_component("web", payload={"cost": 6})
    client.create_component(row("Web", cost=6))
    assert counts(client.get_report()) == {"cache_hit_comps": 1}
    assert held(ardoq, "web")["_version"] == 2


def test_g9_a_fight_is_given_up(ardoq, batched):
    """When Ardoq refuses the version again and again, that is a Conflict and no endless loop."""
    client = batched()
    client.get_workspace("ws1")
    ardoq.fail(status=409, method="POST", times=500)
    client.create_component(row("Web", cost=6))
    with pytest.raises(Conflict):
        client.flush()
    ardoq.clear_faults()
    assert held(ardoq, "web")["customFields"]["cost"] == 5
    assert counts(client.get_report())["failed_comps"] == 1


def test_what_others_deleted_is_created_again(ardoq, batched, other):
    """A row whose component was deleted since the load creates it again; an update by id fails."""
    client = batched(on_error="collect")
    client.get_workspace("ws1")
    other.del_component("web")
    client.create_component(row("Web", cost=6))
    client.update_component("till", {"cost": 1})
    report = client.get_report()
    assert counts(report) == {"new_comps": 1, "failed_comps": 1}
    assert names_in(ardoq) == ["Web"]
    assert [component["name"] for component in client.find_component("ws1", "")] == ["Web"]


def test_delete_of_a_deleted_component_is_reported(ardoq, batched, other):
    """A delete of a deleted component raises, the other writes are sent, and the cache is updated."""
    client = batched()
    client.get_workspace("ws1")
    other.del_component("till")
    client.del_reference("web-shop")
    client.del_component("till")
    with pytest.raises(NotFoundError):
        client.flush()
    assert client.find_component("ws1", "Till") == []
    assert "web-shop" not in [ref["_id"] for ref in ardoq.dump()["references"]]
    assert counts(client.get_report()) == {"del_refs": 1, "failed_comps": 1}


def test_an_end_that_others_deleted_fails_its_row(ardoq, batched, other):
    """A reference to a deleted component fails alone."""
    client = batched(on_error="collect")
    client.get_workspace("ws1")
    other.del_component("till")
    client.create_reference({"source": "web", "target": "till", "type": 2})
    client.create_component(row("New"))
    assert counts(client.get_report()) == {"failed_refs": 1, "new_comps": 1}


@pytest.mark.parametrize("many", [2, 30])
@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "cut-off", "html"])
def test_g4_a_batch_without_an_answer_is_done_once(ardoq, batched, kind, many):
    """Where no answer came, what was done is found and not done again, and what was not done is done."""
    client = batched()
    client.get_workspace("ws1")
    ardoq.fail(kind, method="POST")
    top = client.create_component(row("Top", cost="7"))
    below = [client.create_component(row(f"Below {n}", parent=top["_id"])) for n in range(many)]
    ref = client.create_reference({"source": top["_id"], "target": below[0]["_id"], "type": 1})
    client.create_component(row("Web", cost=6))
    client.flush()
    names = names_in(ardoq)
    assert sorted(names) == sorted(set(names))
    assert len(names) == 3 + 1 + many
    assert counts(client.get_report()) == {"new_comps": 1 + many, "new_refs": 1, "updated_comps": 1}
    assert held(ardoq, ref["_id"])["target"] == below[0]["_id"] == held(ardoq, below[0]["_id"])["_id"]
    assert held(ardoq, "web")["_version"] == 2
    assert names == [comp["name"] for comp in client.ws["ws1"]["components"]]
    ardoq.fail(kind, method="POST")
    client.del_reference(ref["_id"])
    client.del_component(below[1]["_id"])
    client.flush()
    assert len(names_in(ardoq)) == 3 + many


def test_g4_unconfirmed_writes_are_reported(ardoq, batched):
    """When Ardoq never answers, every row is listed as failed, and the next run completes it."""
    client = batched(on_error="collect", retries=0)
    client.get_workspace("ws1")
    ardoq.fail("drop-before", method="POST", times=99)
    for number in range(5):
        client.create_component(row(f"C{number}"))
    report = client.get_report()
    assert counts(report) == {"failed_comps": 5}
    assert "no usable answer" in report["failed_comps_l"][0]["reason"]
    ardoq.clear_faults()
    with open_sync_client(ardoq, version="v2", batch=True) as second:
        for number in range(5):
            second.create_component(row(f"C{number}"))
        assert counts(second.get_report()) == {"new_comps": 5}
    ardoq.fail("drop-before", method="POST", times=99)
    strict = batched(retries=0)
    strict.create_component(row("C9"))
    with pytest.raises(AmbiguousWrite):
        strict.flush()
    ardoq.clear_faults()


def test_g4_a_twin_of_somebody_else_gets_our_values(ardoq, batched, other):
    """A component that is found after an unconfirmed create is updated to the values of the row."""
    client = batched()
    client.get_workspace("ws1")
    theirs = other.create_component(row("New", note="theirs"))
    ardoq.fail("drop-before", method="POST")
    comp = client.create_component(row("New", cost=6))
    client.flush()
    assert comp["_id"] == theirs["_id"]
    assert held(ardoq, comp["_id"])["customFields"] == {"note": "theirs", "cost": 6}
    assert names_in(ardoq).count("New") == 1


def test_unsent_create_and_delete_is_reported_by_real_ids(ardoq, sync):
    """A reference that was made and deleted before it was sent names its ends by the ids that Ardoq gave."""
    comp = sync.create_component(row("New"))
    ref = sync.create_reference({"source": "web", "target": comp["_id"], "type": 1})
    sync.del_reference(ref["_id"])
    created = next(change for change in sync.get_report()["changes"] if change["kind"] == "reference")
    assert created["attributes"]["target"]["new"] == comp["_id"]
    assert not comp["_id"].startswith("batch-")
    sync.init_report()
    assert sync.get_report()["changes"] == []


@settings(SYNC, max_examples=examples(40))
@given(drawn=worlds_and_scripts(with_deletes=True))
def test_g2_simulated_immediate_and_batched_come_to_the_same(server, drawn):
    """Any rows end in the same report and the same state, ids and versions aside, whoever writes."""
    seeded, script = drawn
    reports, states = [], []
    for options in ({"simulate": True}, {}, {"batch": True}, {"batch": 2}):
        server.clear_faults()
        server.load(seed(**seeded))
        with open_sync_client(server, version="v2", on_error="collect", **options) as client:
            run(client, script)
            reports.append(comparable(_without_versions(client.get_report())))
        if "simulate" not in options:
            states.append(_state(server))
    assert reports[0] == reports[1]
    assert reports[0] == reports[2]
    assert reports[0] == reports[3]
    assert states[0] == states[1] == states[2]


def _without_versions(report):
    for change in report["changes"]:
        del change["version"]
    return report


def _state(server):
    dump = server.dump()
    names = {comp["_id"]: comp["name"] for comp in dump["components"]}
    comps = [
        (
            comp["rootWorkspace"],
            comp["name"],
            comp["typeId"],
            names.get(comp["parent"]),
            comp["description"],
            custom,
        )
        for comp in dump["components"]
        for custom in [
            sorted((key, repr(stored_value)) for key, stored_value in comp["customFields"].items())
        ]
    ]
    refs = [
        (names[ref["source"]], names[ref["target"]], ref["type"], ref["displayText"] or None)
        for ref in dump["references"]
    ]
    return sorted(map(repr, comps)), sorted(map(repr, refs))


def test_settle_is_no_write_of_its_own(ardoq, batched):
    """The tests' own look at Ardoq sends what waits and nothing else."""
    client = batched()
    client.create_component(row("Web"))
    flush_all()
    assert writes(ardoq) == []
    ardoq.load(seed([stored_component("web", "Web")]))
    assert names_in(ardoq) == ["Web"]


def test_row_that_the_caller_fills_anew(ardoq, batched, other):
    """What was given counts, also where it is decided again after somebody's edit."""
    sync = batched()
    sync.load_workspaces(["ws1"])
    other.patch_component("web", payload={"note": "edited"})
    one = row("Web", cost=100)
    sync.create_component(one)
    one["name"], one["cost"] = "Shop", 7
    sync.flush()
    assert value(held(ardoq, "web"), "cost") == 100
    assert value(held(ardoq, "web"), "note") == "edited"
    sync.update_component("shop", one := {"cost": 8})
    other.patch_component("shop", payload={"note": "edited"})
    one["cost"] = 9
    sync.flush()
    assert value(held(ardoq, "shop"), "cost") == 8


@pytest.mark.parametrize("simulate", [False, True])
@pytest.mark.parametrize("how", ["forget one", "forget all", "set"])
def test_workspace_that_is_loaded_again_before_the_flush(ardoq, batched, other, how, simulate):
    """A row is not created twice because its workspace was forgotten, or set, while its write was pending."""
    sync = batched(simulate=simulate)
    sync.create_component(row("New"))
    if how == "forget one":
        del sync.ws["ws1"]
    elif how == "forget all":
        sync.ws = {}
    else:
        sync.ws["ws1"] = other.get_workspace("ws1", aggregated=True)
    sync.create_component(row("New"))
    assert counts(sync.get_report())["new_comps"] == 1
    assert names_in(ardoq).count("New") == (not simulate)


def test_deleting_several_tells_what_is_deleted(ardoq, batched):
    """What del_components returns is gone, under its id in Ardoq, and what failed is not in it."""
    sync = batched(on_error="collect")
    new = sync.create_component(row("New"))["_id"]
    sync.flush()
    ardoq.fail("status", status=400, times=2, method="POST", path="/api/v2/batch")
    deleted = sync.del_components([new, "till"])["componentIds"]
    left = {comp["_id"] for comp in ardoq.dump()["components"]}
    assert left.isdisjoint(deleted)
    assert counts(sync.get_report())["failed_comps"] == 2 - len(deleted)


def test_turned_tree_in_a_batch_that_is_split(ardoq, batched):
    """If a batch is split because of a bad row, a component still moves after what it moves below."""
    sync = batched(on_error="collect")
    sync.load_workspaces(["ws1"])
    sync.update_component("web", {"description": "first"})
    sync.update_component("shop", {"parent": None})
    sync.update_component("web", {"parent": "shop"})
    sync.create_reference({"source": "web", "target": "till", "type": 1, **POISON})
    assert counts(sync.get_report())["failed_refs"] == 1
    assert (held(ardoq, "web")["parent"], held(ardoq, "shop").get("parent")) == ("shop", None)
