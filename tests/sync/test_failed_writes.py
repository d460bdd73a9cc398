"""What is left when a write fails, gets no answer, or is not kept as it was sent."""

import pytest
import requests
from sync_scenarios import (
    WEB_SHOP,
    attributes_of,
    counts,
    held,
    names_in,
    row,
    seed,
    stored_component,
    value,
    wire_terms,
    writes,
)

from ardoqpy import AmbiguousWrite, AuthorizationError, BadRequest, ServiceUnavailable

# -- when writing fails ------------------------------------------------------------------------------


pytestmark = pytest.mark.immediate

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
    for method in ("POST", wire_terms().change, "DELETE"):
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
    for method in ("POST", wire_terms().change, "DELETE"):
        ardoq.fail(kind, method=method)
    act(sync)
    after = ardoq.dump()
    for ws_id in ("ws1", "ws2"):
        truth = other.get_workspace(ws_id, aggregated=True)
        for key in ("components", "references"):
            mine = sorted(entity["_id"] for entity in sync.ws[ws_id][key] or [])
            assert mine == sorted(entity["_id"] for entity in truth[key] or [])
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
    created = sync.create_component(row("New"))
    ardoq.fail(kind, method="POST")
    ref = sync.create_reference({"source": created["_id"], "target": "web", "type": 1})
    report = sync.get_report()
    assert counts(report) == {"new_comps": 1, "new_refs": 1}
    assert [item["_id"] for item in report["new_comps_l"] + report["new_refs_l"]] == [
        created["_id"],
        ref["_id"],
    ]
    assert [method for method, _, _ in writes(ardoq)] == ["POST"] * 2 * posts


def test_g4_known_duplicates_are_not_adopted(ardoq, sync):
    """An existing component is not mistaken for the result of an unconfirmed create."""
    ardoq.load(seed([stored_component("old", "New", code="other")]))
    ardoq.fail("drop-before", method="POST")
    created = sync.create_component(row("New", code="mine"), field_name="code")
    assert created["_id"] != "old"
    assert names_in(ardoq) == ["New", "New"]


def test_g4_what_somebody_else_created_meanwhile_gets_our_values(ardoq, sync, other):
    """A component found after an unconfirmed create is updated to the values of the row."""
    sync.get_workspace("ws1")
    theirs = other.create_component(row("New", note="theirs"))
    ardoq.fail("drop-before", method="POST")
    comp = sync.create_component(row("New", cost=6))
    assert comp["_id"] == theirs["_id"]
    assert held(ardoq, comp["_id"])["customFields"] == {"note": "theirs", "cost": 6}


def test_g4_an_unanswered_update_is_reported_as_one(ardoq, sync):
    """An update that went through without an answer is an update in the report."""
    ardoq.fail("drop-after", method=wire_terms().change)
    sync.create_component(row("Web", cost=6))
    assert held(ardoq, "web")["customFields"]["cost"] == 6
    assert counts(sync.get_report()) == {"updated_comps": 1}


def test_a_workspace_that_cannot_be_loaded_is_tried_again(ardoq, sync):
    """A failed load leaves nothing half loaded: the next row loads it."""
    ardoq.fail(status=503, method="GET", times=4 * len(wire_terms().whole))
    with pytest.raises(ServiceUnavailable):
        sync.create_component(row("Web"))
    assert list(sync.ws) == []
    assert sync.create_component(row("Web"))["_id"] == "web"


#: Ardoq keeps times in thousandths of a second.
PRECISE = "2024-05-01T10:00:00.123456Z"


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
    """Other attributes than a calculated field are written as usual."""
    either.create_component(row("Web", score=9, cost=6))
    report = either.get_report()
    assert attributes_of(report["changes"][0]) == {"cost": (5, 6)}
    assert [item["attribute"] for item in report["not_converging"]] == ["score"]


def test_g2_a_calculated_field_of_a_new_component(ardoq, new_sync):
    """The same new component twice with a calculated field is the same in a simulation and in Ardoq."""
    reports = []
    for simulate in (True, False):
        client = new_sync(simulate=simulate)
        for _ in range(2):
            client.create_component(row("New", score=9))
        reports.append(client.get_report())
    assert [counts(report) for report in reports] == [{"new_comps": 1, "cache_hit_comps": 1}] * 2
    not_converging = [[item["attribute"] for item in report["not_converging"]] for report in reports]
    assert not_converging == [["score"]] * 2
    assert [attributes_of(report["changes"][0]).get("score") for report in reports] == [None, None]


@pytest.mark.usefixtures("rewritten_times")
def test_what_ardoq_stores_otherwise_is_reported(ardoq, sync):
    """An attribute that Ardoq stores otherwise than it was sent is reported, and not sent again."""
    for _ in range(3):
        sync.create_component(row("Web", since=PRECISE))
        sync.create_component(row("New", since=PRECISE))
    assert [method for method, _, _ in writes(ardoq)] == [wire_terms().change, "POST"]
    not_converging = sync.get_report()["not_converging"]
    assert [(entity["name"], entity["attribute"]) for entity in not_converging] == [
        ("Web", "since"),
        ("New", "since"),
    ]
    assert not_converging[0]["stored"] == "2024-05-01T10:00:00.123Z"
    assert not_converging[0]["wanted"] == PRECISE


@pytest.mark.usefixtures("rewritten_times")
def test_g3_what_an_earlier_report_names_is_not_sent_again(ardoq, new_sync):
    """With the report of the run before, the next run leaves alone what Ardoq changes back."""
    first = new_sync()
    first.create_component(row("Web", since=PRECISE))
    first.create_component(row("New", since=PRECISE))
    ardoq.clear_requests()
    second = new_sync(previous_report=first.get_report())
    second.create_component(row("Web", since=PRECISE))
    second.create_component(row("New", since=PRECISE))
    assert writes(ardoq) == []
    assert counts(second.get_report()) == {"cache_hit_comps": 2}
    assert len(second.get_report()["not_converging"]) == 2


@pytest.mark.usefixtures("rewritten_times")
@pytest.mark.parametrize("moved", ["source", "Ardoq"])
def test_what_has_moved_is_sent_again(ardoq, new_sync, other, moved):
    """A field that did not converge is written again once the source or Ardoq has another value."""
    first = new_sync()
    first.create_component(row("Web", since=PRECISE))
    if moved == "Ardoq":
        other.patch_component("web", payload={"since": "2020-01-01"})
    ardoq.clear_requests()
    second = new_sync(previous_report=first.get_report())
    second.create_component(row("Web", since=PRECISE.replace("456", "789") if moved == "source" else PRECISE))
    assert len(writes(ardoq)) == 1


def test_a_token_that_may_not_read_fields_may_still_write(ardoq, sync):
    """Definitions of fields that cannot be read do not stop a run."""
    sync.get_workspace("ws1")
    ardoq.fail(status=403, path=wire_terms().definitions, times=99)
    assert value(sync.create_component(row("Web", cost=6)), "cost") == 6


@pytest.mark.parametrize("kind", ["drop-after", "cut-off"])
def test_unconfirmed_update_is_reported_if_ardoq_stores_another_form(ardoq, sync, kind):
    """A change that Ardoq stores in another form is listed as an update."""
    sync.get_workspace("ws1")
    ardoq.fail(kind, method=wire_terms().change)
    sync.create_component(row("Web", since="2024-05-01T12:00:00+02:00"))
    report = sync.get_report()
    assert counts(report) == {"updated_comps": 1}
    assert held(ardoq, "web")["_version"] == 2


def test_a_write_that_is_interrupted_is_looked_for(ardoq, sync, monkeypatch):
    """Ctrl-C while a create is sent: its row failed, and given again it is found and not created twice."""
    sync.get_workspace("ws1")
    send, interrupted = requests.Session.send, []

    def interrupt(*args, **kwargs):
        answer = send(*args, **kwargs)
        if args[1].method == "POST" and not interrupted:
            interrupted.append(answer)
            raise KeyboardInterrupt
        return answer

    monkeypatch.setattr(requests.Session, "send", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sync.create_component(row("New"))
    assert sync.get_report()["failed_comps"] == 1
    sync.create_component(row("New"))
    report = sync.get_report()
    assert (report["new_comps"], report["failed_comps"]) == (1, 1)
    assert names_in(ardoq).count("New") == 1
