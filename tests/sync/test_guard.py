"""Deleting what is missing in the source: what is deleted, what is kept, and what blocks the run."""

import pickle
from collections import Counter
from functools import partial

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_scenarios import (
    api_mode,
    comparable,
    counts,
    names_in,
    open_client,
    open_sync_client,
    row,
    run,
    seed,
    stored_component,
    stored_reference,
    worlds_and_scripts,
    writes,
)

from ardoqpy import BadRequest, DeleteBlocked, InvalidInput, ServiceUnavailable
from ardoqpy_sync.deletion import delete_missing
from ardoqpy_sync.deletion.guard import Bounds, Missing, Run, Target, TypeCount, find_reasons

SYNC = settings.get_profile("sync")


def ten(*references, **parents):
    """Return a seed of ten Applications, `a0` to `a9`, one Service and one Server, with those references."""
    components = [
        stored_component(f"a{number}", f"A{number}", parent=parents.get(f"a{number}")) for number in range(10)
    ]
    components.append(stored_component("svc", "Svc", type_id="svc", parent=parents.get("svc")))
    components.append(stored_component("srv", "Srv", "ws2"))
    return seed(components, references)


def named(client, *numbers):
    """Let the source have those of the Applications."""
    for number in numbers:
        client.create_component(row(f"A{number}"))


def ids(items):
    """Return the ids of entities by their result."""
    return [item["_id"] for item in items]


def bounds_of(refused):
    """Return which bounds a refusal names, each with what would allow it."""
    return [(reason["bound"], reason["allow"]) for reason in refused.value.reasons]


def test_what_no_row_named_goes(ardoq, either):
    """Misses within the bounds are deleted, references first, and the report and the answer say so."""
    ardoq.load(
        ten(
            stored_reference("r", "a0", "a9"),
            *[stored_reference(f"r{n}", "a0", f"a{n}") for n in range(1, 6)],
        )
    )
    named(either, *range(9))
    for number in range(1, 6):
        either.create_reference({"source": "a0", "target": f"a{number}", "type": 1})
    before = ardoq.dump()
    answer = either.delete_cache_misses()
    assert [(item["kind"], item["_id"], item["name"]) for item in answer["deleted"]] == [
        ("reference", "r", "A0 -> A9"),
        ("component", "a9", "A9"),
    ]
    assert [answer[key] for key in ("already_deleted", "drifted", "kept", "failed")] == [[], [], [], []]
    report = either.get_report()
    assert counts(report) == {"cache_hit_comps": 9, "cache_hit_refs": 5, "del_comps": 1, "del_refs": 1}
    assert (report["cache_miss_comps"], report["cache_miss_refs"]) == ([], [])
    if either.simulate:
        assert ardoq.dump() == before
        assert writes(ardoq) == []
    else:
        assert "A9" not in names_in(ardoq)
        assert [method for method, _, _ in writes(ardoq)] == (["POST"] if api_mode.batch else ["DELETE"] * 2)
    assert either.delete_cache_misses(share=0)["deleted"] == []


def test_parents_go_after_their_children(ardoq, either):
    """A tree of missing components is deleted from its leaves up, one at a time."""
    ardoq.load(ten(a2="a3", a3="a1", a4="a3"))
    named(either, 0, 5, 6, 7, 8, 9)
    answer = either.delete_cache_misses(share=0.4)
    assert ids(answer["deleted"]) == ["a2", "a4", "a3", "a1"]
    assert not [item for item in answer["deleted"] if "note" in item]
    assert len(writes(ardoq)) == (0 if either.simulate else 1 if api_mode.batch else 4)


def test_entities_deleted_along_are_reported(ardoq, either):
    """With take_along, what Ardoq deletes along with a component is deleted and reported."""
    ardoq.load(ten(stored_reference("far", "srv", "svc"), stored_reference("near", "a9", "a0", 2), svc="a9"))
    named(either, *range(9))
    with pytest.raises(DeleteBlocked) as refused:
        either.delete_cache_misses(share=1.0)
    assert bounds_of(refused) == [("take_along", "take_along=True")]
    (would,) = refused.value.would_delete
    assert (would["_id"], would["children"], would["references"]) == ("a9", 1, 2)
    assert sorted(ids(would["cascade"])) == ["far", "near", "svc"]
    answer = either.delete_cache_misses(share=1.0, take_along=True)
    assert sorted(ids(answer["deleted"])) == ["a9", "far", "near", "svc"]
    assert {item.get("note") for item in answer["deleted"]} == {None, "with component A9"}
    assert counts(either.get_report()) == {"cache_hit_comps": 9, "del_comps": 2, "del_refs": 2}
    if not either.simulate:
        assert ardoq.dump()["references"] == []


def test_kinds_say_what_is_deleted(ardoq, either):
    """Of one kind alone, nothing of the other is deleted, unless it goes along and that was allowed."""
    ardoq.load(ten(stored_reference("r0", "a0", "a1"), stored_reference("r1", "a0", "a9")))
    named(either, *range(9))
    either.create_reference({"source": "a0", "target": "a1", "type": 1})
    with pytest.raises(DeleteBlocked) as refused:
        either.delete_cache_misses(share=0.5, kinds=["component"])
    assert bounds_of(refused) == [("take_along", "take_along=True")]
    assert ids(either.delete_cache_misses(share=0.5, kinds=["reference"])["deleted"]) == ["r1"]
    assert ids(either.delete_cache_misses(share=0.5, kinds=["component"])["deleted"]) == ["a9"]


def test_more_than_the_share_is_refused(ardoq, either):
    """More than a fifth of a type goes only when it is said; what was made in this run makes it no less."""
    ardoq.load(ten())
    named(either, *range(7))
    for number in range(30):
        either.create_component(row(f"New {number}"))
    sent = len(writes(ardoq))
    with pytest.raises(DeleteBlocked) as refused:
        either.delete_cache_misses()
    assert bounds_of(refused) == [("share", "share=0.3")]
    assert "3 of the 10 components of type Application in workspace Workspace ws1 (ws1)" in str(refused.value)
    assert "- component A8 (Application)" in str(refused.value)
    assert ids(refused.value.would_delete) == ["a7", "a8", "a9"]
    assert len(writes(ardoq)) == sent
    assert counts(either.get_report()) == {"new_comps": 30, "cache_hit_comps": 7}
    assert len(either.delete_cache_misses(share=0.3)["deleted"]) == 3


def test_more_than_the_count_is_refused(ardoq, either):
    """The count limits all deletes, including those that Ardoq adds."""
    ardoq.load(ten(stored_reference("r", "a9", "a0", 2)))
    named(either, *range(9))
    with pytest.raises(DeleteBlocked) as refused:
        either.delete_cache_misses(share=1, count=1, take_along=True)
    assert bounds_of(refused) == [("count", "count=2")]
    assert len(either.delete_cache_misses(share=1, count=2, take_along=True)["deleted"]) == 2


def test_the_share_is_one_of_what_goes_along_as_well(ardoq, either):
    """What goes along is bounded by the share of its own type, in a workspace that nobody touched as well."""
    ardoq.load(ten(stored_reference("far", "srv", "a9")))
    named(either, *range(9))
    with pytest.raises(DeleteBlocked, match="1 of the 1 references of type 1 in workspace Workspace ws2"):
        either.delete_cache_misses(share=0.9, take_along=True)


def test_an_empty_source_is_refused(ardoq, either):
    """A run without rows deletes nothing, whatever the share, and reports why."""
    with pytest.raises(DeleteBlocked, match="named anything") as refused:
        either.delete_cache_misses(share=1.0, count=1000, take_along=True, despite_failures=True)
    assert bounds_of(refused) == [("source", None)]
    assert refused.value.would_delete == []


def test_a_source_empty_of_one_type_is_refused(ardoq, either):
    """Where all that rows named of a type has gone again, the type's source counts as empty."""
    ardoq.load(ten())
    either.create_component(row("Srv", "ws2"))
    created = either.create_component(row("New"))
    either.del_component(created["_id"])
    with pytest.raises(DeleteBlocked, match="is the source of them empty") as refused:
        either.delete_cache_misses(share=1.0)
    assert bounds_of(refused) == [("source", None)]


def test_a_source_suddenly_small_is_refused(ardoq, new_sync):
    """With the report of the run before, far fewer rows are refused, be it that little is missing."""
    ardoq.load(ten())
    with new_sync() as client:
        named(client, *range(10), *range(10))
        before = client.get_report()
    for simulate in (True, False):
        client = new_sync(previous_report=before, simulate=simulate)
        named(client, *range(9))
        with pytest.raises(DeleteBlocked) as refused:
            client.delete_cache_misses(share=0.1)
        assert bounds_of(refused) == [("source", "share=0.55")]
        assert ids(client.delete_cache_misses(share=0.55)["deleted"]) == ["a9"]


def test_a_failed_run_is_refused(ardoq, new_sync):
    """After a failed row, nothing is deleted unless the caller allows it."""
    ardoq.load(ten())
    for simulate in (True, False):
        client = new_sync(on_error="collect", simulate=simulate)
        named(client, *range(9))
        client.create_component({"name": "A9", "rootWorkspace": "ws1"})
        with pytest.raises(DeleteBlocked, match="typeId") as refused:
            client.delete_cache_misses()
        assert bounds_of(refused) == [("failures", "despite_failures=True")]
        assert ids(client.delete_cache_misses(despite_failures=True)["deleted"]) == ["a9"]
    ardoq.load(ten())
    client = new_sync()
    named(client, *range(9))
    client.report["status"] = "failure"
    with pytest.raises(DeleteBlocked, match="failure"):
        client.delete_cache_misses()


def test_delete_along_of_a_synced_entity_is_always_blocked(ardoq, either):
    """A missing component below which a row has something stays, until that is moved."""
    ardoq.load(ten(svc="a9"))
    named(either, *range(9))
    either.create_component(row("Svc", type_id="svc"))
    with pytest.raises(DeleteBlocked, match=r"component A9 .* component Svc") as refused:
        either.delete_cache_misses(share=1.0, take_along=True)
    assert bounds_of(refused) == [("named", None)]
    either.create_component(row("Svc", type_id="svc", parent="a0"))
    assert ids(either.delete_cache_misses()["deleted"]) == ["a9"]


def test_new_entity_at_a_missing_component_counts_as_synced(ardoq, either):
    """What a row has just put below a missing component, or pointed at it, is not taken along either."""
    ardoq.load(ten())
    named(either, *range(8))
    either.create_component(row("New", parent="a9"))
    either.create_reference({"source": "a0", "target": "a8", "type": 2})
    with pytest.raises(DeleteBlocked) as refused:
        either.delete_cache_misses(share=1.0, take_along=True)
    assert bounds_of(refused) == [("named", None), ("named", None)]


def test_all_or_nothing(ardoq, either):
    """One type over its share blocks all deletes, and every reason is reported at once."""
    ardoq.load(ten(stored_reference("r", "srv", "a9")))
    either.create_component(row("Srv2", "ws2"))
    either.create_component(row("Srv", "ws2"))
    named(either, *range(5))
    with pytest.raises(DeleteBlocked) as refused:
        either.delete_cache_misses(count=2)
    assert bounds_of(refused) == [
        ("share", "share=0.5"),
        ("share", "share=1.0"),
        ("count", "count=6"),
        ("take_along", "take_along=True"),
    ]
    assert [change["action"] for change in either.get_report()["changes"]] == ["create"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": 1.1},
        {"share": -0.1},
        {"share": True},
        {"share": "20%"},
        {"share": float("nan")},
        {"count": -1},
        {"count": 1.5},
        {"count": True},
        {"take_along": "no"},
        {"despite_failures": 1},
        {"kinds": "component"},
        {"kinds": ["components"]},
    ],
    ids=repr,
)
@pytest.mark.unsent
def test_a_bound_that_makes_no_sense_is_refused(ardoq, sync, wrong):
    """An invalid limit raises InvalidInput with its name, and no request is sent."""
    named(sync, 1)
    ardoq.clear_requests()
    with pytest.raises(InvalidInput, match=next(iter(wrong)).removesuffix("s")):
        sync.delete_cache_misses(**wrong)
    assert ardoq.requests == []


def test_a_refusal_can_be_kept(ardoq, sync):
    """A refusal pickled is the same refusal, a PermissionError, and a long one is cut in its text alone."""
    ardoq.load(seed([stored_component(f"a{number}", f"A{number}") for number in range(99)]))
    named(sync, 1)
    with pytest.raises(PermissionError) as refused:
        sync.delete_cache_misses()
    again = pickle.loads(pickle.dumps(refused.value))
    assert (str(again), again.reasons) == (str(refused.value), refused.value.reasons)
    assert len(again.would_delete) == 98
    assert str(again).count("\n") == 23
    assert "and 78 more" in str(again)


def test_count_is_the_limit_of_the_whole_run(ardoq, either):
    """What earlier calls of a run deleted or marked counts against count; marked and deleted is one."""
    ardoq.load(ten(stored_reference("r", "a0", "a1"), stored_reference("kept", "a2", "a3")))
    named(either, *range(8))
    either.create_reference({"source": "a2", "target": "a3", "type": 1})
    assert len(either.mark_cache_misses({"note": "gone"}, count=2)["marked"]) == 2
    with pytest.raises(DeleteBlocked) as refused:
        either.delete_cache_misses(kinds=["reference"], count=2, share=0.5)
    assert bounds_of(refused) == [("count", "count=3")]
    assert "(2 of them earlier in this run)" in str(refused.value)
    assert len(either.delete_cache_misses(kinds=["component"], count=2)["deleted"]) == 2


@pytest.mark.parametrize(("share", "going", "before"), [(0.29, 29, 100), (0.7, 7, 10), (0.57, 57, 100)])
def test_a_share_is_exact(share, going, before):
    """A share allows as many as a person would reckon, however a machine holds the fraction."""
    group = ("component", "ws1", "app")
    missing = [
        Missing(
            Target({"kind": "component", "_id": f"a{number}", "name": "A", "type": "T"}, group, named=False)
        )
        for number in range(going + 1)
    ]
    sentences = [
        find_reasons(
            part,
            {group: TypeCount("components", before, 1)},
            Run(named_anything=True, failure=None, rows={}, rows_before={}, kinds=["component"]),
            Bounds.of(share),
        )
        for part in (missing[:-1], missing)
    ]
    assert [len(item) for item in sentences] == [0, 1]


def test_what_somebody_changed_stays(ardoq, either, other):
    """An entity with a newer version than the loaded one is kept, and its author is reported."""
    ardoq.load(ten(stored_reference("r", "a0", "a9"), stored_reference("r1", "a0", "a1")))
    named(either, *range(8))
    either.create_reference({"source": "a0", "target": "a1", "type": 1})
    other.patch_component("a8", payload={"description": "still here"})
    other.patch_reference("r", payload={"displayText": "still here"})
    answer = either.delete_cache_misses(share=0.5)
    assert ids(answer["drifted"]) == ["r", "a8"]
    assert [(item["version"], item["current_version"]) for item in answer["drifted"]] == [(1, 2), (1, 2)]
    assert all(item["who"] and item["when"] for item in answer["drifted"])
    # The reference that stays is at it: it would be deleted with it.
    assert ids(answer["kept"]) == ["a9"]
    assert ids(answer["kept"][0]["because"]) == ["r"]
    assert answer["deleted"] == []
    assert counts(either.get_report()) == {"cache_hit_comps": 8, "cache_hit_refs": 1}


def test_what_somebody_moved_away_is_not_reported(ardoq, either, other):
    """What was at a component when it was loaded, and is elsewhere or gone, does not go with it."""
    ardoq.load(ten(stored_reference("r0", "a8", "a0", 2), a9="a8"))
    named(either, *range(8))
    other.patch_component("a9", payload={"parent": "a0"})
    other.del_reference("r0")
    answer = either.delete_cache_misses()
    assert (ids(answer["deleted"]), ids(answer["drifted"])) == (["a8"], ["a9"])
    assert counts(either.get_report()) == {"cache_hit_comps": 8, "del_comps": 1}
    assert sorted(comp["_id"] for comp in either.ws["ws1"]["components"])[-2:] == ["a9", "svc"]


def test_deleted_entity_is_not_deleted_again(ardoq, either, other):
    """An entity that Ardoq no longer has is reported as deleted already, and not counted."""
    ardoq.load(ten(stored_reference("r", "a0", "a8"), stored_reference("r1", "a0", "a1"), a9="a8"))
    named(either, *range(8))
    either.create_reference({"source": "a0", "target": "a1", "type": 1})
    other.del_component("a8")
    answer = either.delete_cache_misses(share=0.5)
    assert (sorted(ids(answer["already_deleted"])), answer["deleted"]) == (["a8", "a9", "r"], [])
    report = either.get_report()
    assert counts(report) == {"cache_hit_comps": 8, "cache_hit_refs": 1}
    assert (report["cache_miss_comps"], report["cache_miss_refs"]) == ([], [])


@pytest.mark.parametrize(
    ("act", "take_along", "outcome"),
    [
        (lambda other: other.create_component(row("Late", type_id="svc", parent="a9")), False, "kept"),
        (lambda other: other.create_component(row("Late", type_id="svc", parent="a9")), True, "kept"),
        (lambda other: other.create_component(row("Late", type_id="svc", parent="svc")), True, "kept"),
        (lambda other: other.create_reference({"source": "srv", "target": "a9", "type": 1}), False, "kept"),
        (lambda other: other.create_reference({"source": "srv", "target": "svc", "type": 1}), True, "kept"),
        (lambda other: other.patch_component("svc", payload={"description": "x"}), True, "kept"),
        (lambda other: other.patch_component("a9", payload={"description": "x"}), False, "drifted"),
        (lambda other: other.patch_component("a9", payload={"description": "x"}), True, "drifted"),
        (lambda other: other.del_component("a9"), False, "already_deleted"),
        (lambda other: other.del_component("svc"), True, "deleted"),
    ],
    ids=[
        "child",
        "child-along",
        "grandchild",
        "ref",
        "ref-along",
        "along",
        "self",
        "self-along",
        "already_deleted",
        "less",
    ],
)
def test_what_happens_after_the_decision_is_seen(ardoq, either, other, monkeypatch, act, take_along, outcome):
    """What somebody puts at a component, or changes, while the guard decides keeps the component there."""
    ardoq.load(ten(svc="a9" if take_along else "a0"))
    named(either, *range(9))

    def meanwhile(*decided):
        result = find_reasons(*decided)
        act(other)
        return result

    monkeypatch.setattr(delete_missing, "find_reasons", meanwhile)
    answer = either.delete_cache_misses(share=1.0, take_along=take_along)
    assert ids(answer[outcome])[0] == "a9"
    assert [key for key, items in answer.items() if items] == [outcome]


def test_a_delete_that_fails_is_a_failure(ardoq, new_sync):
    """A delete that Ardoq refuses is reported as failed; the rest goes on where errors are collected."""
    for on_error in ("raise", "collect"):
        ardoq.load(ten())
        client = new_sync(on_error=on_error)
        named(client, *range(8))
        # The batch is refused, and then its first half.
        ardoq.fail(
            status=422, method="POST" if api_mode.batch else "DELETE", times=2 if api_mode.batch else 1
        )
        if on_error == "raise":
            with pytest.raises(BadRequest):
                client.delete_cache_misses()
        else:
            answer = client.delete_cache_misses()
            assert (ids(answer["failed"]), ids(answer["deleted"])) == (["a8"], ["a9"])
            assert "422" in answer["failed"][0]["reason"]
        report = client.get_report()
        assert (report["status"], report["failed_comps"]) == ("failure", 1)


def test_what_cannot_be_seen_is_not_deleted(ardoq, sync):
    """If Ardoq does not list what it would delete along, nothing is deleted."""
    ardoq.load(ten())
    named(sync, *range(9))
    ardoq.fail(status=503, method="GET", times=50)
    with pytest.raises(ServiceUnavailable):
        sync.delete_cache_misses()
    assert writes(ardoq) == []
    ardoq.clear_faults()
    assert ids(sync.delete_cache_misses()["deleted"]) == ["a9"]


def test_a_second_run_of_one_client_decides_anew(ardoq, either):
    """After init_report, what the run before has created is what was there, in a simulation as well."""
    ardoq.load(ten())
    named(either, *range(10))
    created = either.create_component(row("New"))["_id"]
    either.create_component(row("A9", cost=7))
    either.init_report()
    named(either, *range(9))
    assert ids(either.delete_cache_misses()["deleted"]) == ["a9", either.real_id(created)]


def _bounds():
    return st.fixed_dictionaries(
        {
            "share": st.sampled_from((0, 0.2, 0.34, 0.5, 0.75, 1.0, 1.0, 1.0, 1.0)),
            "count": st.sampled_from((None, None, None, 0, 1, 3, 4, 100)),
            "take_along": st.sampled_from((True, True, False)),
            "despite_failures": st.sampled_from((True, True, False)),
            "kinds": st.sampled_from(
                (["component", "reference"], ["component", "reference"], ["component"], ["reference"])
            ),
        }
    )


def _everything(dump):
    """Return what an emulator holds as {id: (kind, workspace, type)}, and who is below or at whom."""
    workspace = {comp["_id"]: comp["rootWorkspace"] for comp in dump["components"]}
    groups = {
        comp["_id"]: ("component", comp["rootWorkspace"], comp["typeId"]) for comp in dump["components"]
    }
    above = {comp["_id"]: {comp["parent"]} for comp in dump["components"]}
    for ref in dump["references"]:
        groups[ref["_id"]] = ("reference", workspace[ref["source"]], ref["type"])
        above[ref["_id"]] = {ref["source"], ref["target"]}
    return groups, above


def deleted_of(server, seeded, script, bounds, simulate, meanwhile=None):
    """Run a script over a fresh seed, delete what is missing, and return every result of it."""
    server.clear_faults()
    server.load(seed(**seeded))
    first = server.dump()
    with open_sync_client(server, simulate=simulate, on_error="collect") as client:
        if meanwhile:
            client.load_workspaces([ws["_id"] for ws in first["workspaces"]])
        out = run(client, script)
        if meanwhile:
            meanwhile()
        before = server.dump()
        report = client.get_report()
        try:
            answer, refused = client.delete_cache_misses(**bounds), None
        except DeleteBlocked as problem:
            answer, refused = None, problem
        return {
            "first": first,
            "before": before,
            "after": server.dump(),
            "handed out": {entity["_id"] for entity in out if entity.get("_id")},
            "misses": [
                {**item, "kind": kind}
                for kind, key in (("component", "cache_miss_comps"), ("reference", "cache_miss_refs"))
                for item in report[key]
            ],
            "ambiguous": {item for several in report["ambiguous"] for item in several["matches"]},
            "answer": answer,
            "refused": refused,
            "report": client.get_report(),
        }


def holds(result, script, bounds):
    """Assert that no more was deleted than the bounds allow, without asking the guard."""
    groups, above = _everything(result["before"])
    left, _ = _everything(result["after"])
    deleted = groups.keys() - left.keys()
    assert left.keys() <= groups.keys()
    if result["refused"]:
        assert result["before"] == result["after"]
        return deleted
    assert deleted == {item["_id"] for item in result["answer"]["deleted"]}
    assert bounds["count"] is None or len(deleted) <= bounds["count"]
    at_first, _ = _everything(result["first"])
    groups = at_first | groups
    were = Counter(
        group
        for entity_id, group in groups.items()
        if entity_id not in result["handed out"] - at_first.keys()
    )
    for group, number in Counter(groups[item] for item in deleted).items():
        assert number <= bounds["share"] * were[group] + 1e-9
    named_ids = result["handed out"] | result["ambiguous"]
    assert not deleted & named_ids
    touched = {groups[item] for item in named_ids if item in groups}
    touched |= {
        ("component", step[2]["rootWorkspace"], step[2]["typeId"])
        for step in script
        if step[0] == "component"
    }
    for element in deleted:
        own = groups[element] in touched and groups[element][0] in bounds["kinds"]
        assert own or (bounds["take_along"] and above[element] & deleted)
    return deleted


@settings(SYNC, max_examples=examples(40))
@given(drawn=worlds_and_scripts(), bounds=_bounds())
def test_g8_no_more_is_deleted_than_the_guard_allows(server, drawn, bounds):
    """Never more than share and count, nothing named, nothing untouched; simulated and live alike."""
    seeded, script = drawn
    simulated = deleted_of(server, seeded, script, bounds, simulate=True)
    assert simulated["before"] == simulated["after"] == simulated["first"]
    live = deleted_of(server, seeded, script, bounds, simulate=False)
    deleted = holds(live, script, bounds)
    assert (simulated["refused"] is None) == (live["refused"] is None)
    assert comparable(simulated["report"]) == comparable(live["report"])
    if live["refused"]:
        assert _said(simulated["refused"]) == _said(live["refused"])
    else:
        assert simulated["answer"] == live["answer"]
        assert {miss["_id"] for miss in live["misses"] if miss["kind"] in bounds["kinds"]} <= deleted


def _said(refused):
    # What the run has just made has other ids in a simulation.
    would = [
        {
            **item,
            "cascade": sorted((entity["kind"], entity["name"], entity["type"]) for entity in item["cascade"]),
        }
        for item in refused.would_delete
    ]
    return would, [(reason["bound"], reason["allow"]) for reason in refused.reasons]


@st.composite
def _meddled(draw):
    """Draw a seed, a script, limits, and the writes of another client after the script."""
    seeded, script = draw(worlds_and_scripts())
    held = [
        comp["_id"] for comp in seeded["components"] if comp["_id"].split("-")[0] not in ("doomed", "below")
    ]
    acts = st.sampled_from(("change", "change reference", "delete", "below", "at"))
    number = st.sampled_from(range(max(1, len(seeded["references"]))))
    deeds = st.lists(st.tuples(acts, st.sampled_from(held), number), min_size=1, max_size=4)
    return seeded, script, draw(_bounds()), draw(deeds)


def _meddle(server, deeds, changed, created):
    """Carry out the writes of another client, and record what they changed and created."""
    with open_client(server) as other:
        for what, comp_id, number in deeds:
            dump = server.dump()
            comp = next((component for component in dump["components"] if component["_id"] == comp_id), None)
            refs = [reference["_id"] for reference in dump["references"] if reference["_id"] == f"r{number}"]
            if what == "change reference":
                for ref_id in refs:
                    other.patch_reference(ref_id, payload={"displayText": "by somebody else"})
                    changed.add(ref_id)
            elif comp and what == "change":
                other.patch_component(comp_id, payload={"description": "by somebody else"})
                changed.add(comp_id)
            elif comp and what == "delete":
                other.del_component(comp_id)
            elif comp and what == "below":
                late = row("Late", comp["rootWorkspace"], parent=comp_id)
                created.add(other.create_component(late)["_id"])
            elif comp:
                late = {"source": comp_id, "target": comp_id, "type": 1}
                created.add(other.create_reference(late)["_id"])


@settings(SYNC)
@given(drawn=_meddled())
def test_g8_what_somebody_changed_meanwhile_is_never_deleted(server, drawn):
    """Whatever others do after the rows, what they changed stays; simulated and live decide alike."""
    seeded, script, bounds, deeds = drawn
    result = []
    for simulate in (True, False):
        changed, created = set(), set()

        result.append(
            deleted_of(
                server,
                seeded,
                script,
                bounds,
                simulate=simulate,
                meanwhile=partial(_meddle, server, deeds, changed, created),
            )
        )
    simulated, live = result
    assert simulated["before"] == simulated["after"]
    deleted = holds(live, script, bounds)
    assert not deleted & changed
    assert bounds["take_along"] or not deleted & created
    if any(what == "delete" for what, *_ in deeds):
        return  # it took with it what in the simulation was never there
    assert (simulated["refused"] is None) == (live["refused"] is None)
    if live["refused"]:
        assert _said(simulated["refused"])[1] == _said(live["refused"])[1]
    else:
        assert {key: sorted(ids(items)) for key, items in simulated["answer"].items()} == {
            key: sorted(ids(items)) for key, items in live["answer"].items()
        }
