"""What a job needs of a sync client: resolving rows, rejecting rows, and marking what is missing."""

import pytest
from sync_scenarios import counts, held, row, seed, stored_component, value, writes

from ardoqpy import DeleteBlocked, InvalidInput


def ten():
    """Return a seed of ten Applications and two Services."""
    components = [stored_component(f"a{number}", f"A{number}", code=f"C{number}") for number in range(10)]
    return seed(
        components + [stored_component(f"s{number}", f"S{number}", type_id="svc") for number in (0, 1)]
    )


def test_a_row_means_what_create_component_would_use(ardoq, either):
    """By name in any letter case, or by a field however it is spelled, and only of that type."""
    ardoq.load(ten())
    assert [comp["_id"] for comp in either.match_component("ws1", "app", "a3")] == ["a3"]
    assert [comp["_id"] for comp in either.match_component("ws1", "app", "C4", "code")] == ["a4"]
    assert either.match_component("ws1", "svc", "A3") == []
    created = either.create_component(row("New one"))
    assert [comp["_id"] for comp in either.match_component("ws1", "app", "NEW ONE")] == [created["_id"]]
    with pytest.raises(InvalidInput, match="value is an int: a component's name is text"):
        either.match_component("ws1", "app", 5)


def test_a_rejected_row_is_a_failed_one(ardoq, new_sync):
    """It is reported with its reason and its label, nothing is written, and what it means is not missing."""
    ardoq.load(ten())
    client = new_sync(on_error="collect")
    for number in range(8):
        client.create_component(row(f"A{number}"))
    answer = client.reject_row({"name": "A8"}, "cost is no number.", label="apps.csv line 9", means=["a8"])
    assert answer == {"name": "A8", "_id": None}
    report = client.get_report()
    assert (report["status"], report["failed_comps"]) == ("failure", 1)
    failed = report["failed_comps_l"][0]
    assert (failed["reason"], failed["label"]) == ("cost is no number.", "apps.csv line 9")
    assert [miss["_id"] for miss in report["cache_miss_comps"]] == ["a9"]
    assert writes(ardoq) == []


def test_a_rejected_row_ends_a_run_that_stops_at_errors(sync):
    """With on_error="raise" the reason is raised; the kind has to be one."""
    with pytest.raises(InvalidInput, match="no number"):
        sync.reject_row({}, "cost is no number.")
    with pytest.raises(InvalidInput, match="did you mean 'component'"):
        sync.reject_row({}, "x", kind="components")


def test_only_the_types_that_are_named_are_deleted(ardoq, either):
    """Misses of other types that rows touched stay."""
    ardoq.load(ten())
    for number in range(9):
        either.create_component(row(f"A{number}"))
    either.create_component(row("S0", type_id="svc"))
    answer = either.delete_cache_misses(types=[("component", "ws1", "app")], share=0.5)
    assert [item["_id"] for item in answer["deleted"]] == ["a9"]
    assert [miss["_id"] for miss in either.get_report()["cache_miss_comps"]] == ["s1"]


def test_misses_are_marked(ardoq, either):
    """They are given the attributes, are reported as updates, and stay cache misses; once is enough."""
    ardoq.load(ten())
    for number in range(9):
        either.create_component(row(f"A{number}"))
    answer = either.mark_cache_misses({"note": "gone from the source"})
    assert [item["_id"] for item in answer["marked"]] == ["a9"]
    assert (answer["already_deleted"], answer["failed"]) == ([], [])
    assert either.mark_cache_misses({"note": "gone from the source"})["marked"] == []
    report = either.get_report()
    assert counts(report) == {"cache_hit_comps": 9, "updated_comps": 1}
    assert [miss["_id"] for miss in report["cache_miss_comps"]] == ["a9"]
    assert report["changes"][0]["label"] == "no longer in the source"
    if either.simulate:
        assert writes(ardoq) == []
    else:
        assert value(held(ardoq, "a9"), "note") == "gone from the source"


def test_the_guard_refuses_to_mark_too_much(ardoq, either):
    """More than the share or the count, and none is marked; what is marked already does not count."""
    ardoq.load(ten())
    for number in range(7):
        either.create_component(row(f"A{number}"))
    with pytest.raises(DeleteBlocked) as refused:
        either.mark_cache_misses({"note": "gone"})
    assert str(refused.value).startswith("Nothing was marked, since more would be marked than is allowed:")
    assert "3 of the 10 components of type Application" in str(refused.value)
    assert "would be marked, more than share=0.2. To allow it, pass share=0.3." in str(refused.value)
    with pytest.raises(DeleteBlocked, match="3 would be marked, more than count=2"):
        either.mark_cache_misses({"note": "gone"}, share=0.5, count=2)
    assert writes(ardoq) == []
    assert len(either.mark_cache_misses({"note": "gone"}, share=0.3)["marked"]) == 3
    assert either.mark_cache_misses({"note": "gone"}, share=0.0)["marked"] == []


def test_an_empty_source_marks_nothing(ardoq, either):
    """Where no row named anything, no bound allows it."""
    ardoq.load(ten())
    either.load_workspaces(["ws1"])
    with pytest.raises(DeleteBlocked, match="is the source empty"):
        either.mark_cache_misses({"note": "gone"}, share=1)


def test_what_is_marked_has_to_make_sense(ardoq, new_sync):
    """Marks that Ardoq refuses are collected, each with its reason, or end the run."""
    ardoq.load(ten())
    client = new_sync(on_error="collect")
    for number in range(9):
        client.create_component(row(f"A{number}"))
    answer = client.mark_cache_misses({"parent": "nowhere"})
    assert [item["_id"] for item in answer["failed"]] == ["a9"]
    assert "nowhere" in answer["failed"][0]["reason"]
    with pytest.raises(InvalidInput, match="marks"):
        client.mark_cache_misses("Retired")
