"""Somebody writes one thing between a job's reading and its writing: ours is decided again, theirs stays."""

import pytest
from fault_jobs import IN_EVERY_WAY, TOKEN, Source, bring, client_of, nightly

from ardoqpy import ArdoqClient

#: What is there, and what the night's rows say: A and A -> B changed, C and what leads to it new.
BEFORE = Source({"A": {"cost": 1}, "B": {"cost": 2}}, {("A", "B", 1): {"displayText": "old"}})
AFTER = Source(
    {"A": {"cost": 10}, "B": {"cost": 2}, "C": {"cost": 3}},
    {("A", "B", 1): {"displayText": "new"}, ("B", "A", 2): {"displayText": "back"}},
)


@pytest.fixture(params=IN_EVERY_WAY)
def job(request, ardoq):
    """Give what runs the night's job in each way, with a deed in its middle: (report, what is held then)."""

    def run(deed, status="success"):
        with client_of(ardoq.url, request.param) as client:
            nightly(client, BEFORE)
        with client_of(ardoq.url, request.param) as client, ArdoqClient(ardoq.url, TOKEN) as other:
            client.get_workspace("ws1")
            deed(other, *_found(ardoq))
            bring(client, AFTER)
            report = client.get_report()
        assert report["status"] == status
        assert (status == "failure") is bool(report["failed_comps_l"] + report["failed_refs_l"])
        return report, *_found(ardoq)

    run.way, run.ardoq = request.param, ardoq
    return run


def _found(ardoq):
    """Return the components by name, those of one name as a list, and the references by ends and type."""
    dump, comps, refs = ardoq.dump(), {}, {}
    for comp in dump["components"]:
        comps.setdefault(comp["name"], []).append(comp)
    names = {comp["_id"]: comp["name"] for comp in dump["components"]}
    for ref in dump["references"]:
        refs.setdefault((names[ref["source"]], names[ref["target"]], ref["type"]), []).append(ref)
    return comps, refs


def _done(comps, refs):
    """Return whether all is there as the rows say, each once."""
    costs = {name: [comp["customFields"].get("cost") for comp in found] for name, found in comps.items()}
    texts = {ends: [ref["displayText"] for ref in found] for ends, found in refs.items()}
    wanted = {name: [row["cost"]] for name, row in AFTER.components.items()}
    return {name: costs.get(name) for name in wanted} == wanted and (
        {ends: texts.get(ends) for ends in AFTER.references}
        == {ends: [row["displayText"]] for ends, row in AFTER.references.items()}
    )


def _change(report, kind, name):
    (change,) = [
        change
        for change in report["changes"]
        if change["action"] == "update" and change["kind"] == kind and change["name"].startswith(name)
    ]
    return change["attributes"]


def test_g9_an_edit_of_ours_is_decided_again_and_told(job):
    """Where others changed what the rows give, the rows win, and the report has what was there."""
    report, comps, refs = job(
        lambda other, comps, refs: (
            other.patch_component(comps["A"][0]["_id"], payload={"cost": 77}),
            other.patch_reference(refs["A", "B", 1][0]["_id"], payload={"displayText": "theirs"}),
        )
    )
    assert _done(comps, refs)
    assert _change(report, "component", "A") == {"cost": {"old": 77, "new": 10}}
    assert _change(report, "reference", "A") == {"displayText": {"old": "theirs", "new": "new"}}


def test_g9_an_edit_that_is_what_we_want_is_not_written_again(job):
    """Where others have set what the rows say already, nothing is written, and nothing is told as changed."""
    report, comps, refs = job(
        lambda other, comps, _: other.patch_component(comps["A"][0]["_id"], payload={"cost": 10})
    )
    assert _done(comps, refs)
    assert report["updated_comps"] == 0
    assert comps["A"][0]["_version"] == 2


def test_g9_an_edit_of_theirs_stays(job):
    """What no row gives stays as others set it, and is in no report."""
    report, comps, refs = job(
        lambda other, comps, refs: (
            other.patch_component(comps["A"][0]["_id"], payload={"owner": "them", "description": "theirs"}),
            other.patch_component(comps["B"][0]["_id"], payload={"owner": "them"}),
            other.patch_reference(refs["A", "B", 1][0]["_id"], payload={"description": "theirs"}),
        )
    )
    assert _done(comps, refs)
    assert [comps[name][0]["customFields"]["owner"] for name in "AB"] == ["them"] * 2
    assert (comps["A"][0]["description"], refs["A", "B", 1][0]["description"]) == ("theirs", "theirs")
    assert set(_change(report, "component", "A")) == {"cost"}
    assert set(_change(report, "reference", "A")) == {"displayText"}


def test_g9_a_move_stays(job):
    """What others have moved below another component stays there."""

    def move(other, comps, refs):
        above = other.create_component({"name": "Group", "typeId": "app", "rootWorkspace": "ws1"})
        for name in "AB":
            other.patch_component(comps[name][0]["_id"], payload={"parent": above["_id"]})

    report, comps, refs = job(move)
    assert _done(comps, refs)
    assert {comps[name][0]["parent"] for name in "AB"} == {comps["Group"][0]["_id"]}
    assert set(_change(report, "component", "A")) == {"cost"}


def test_g9_a_rename_is_reported_or_stays(job):
    """A row whose component was renamed gives it its name back, and that is reported."""
    report, comps, _ = job(
        lambda other, comps, _: (
            other.patch_component(comps["A"][0]["_id"], payload={"name": "A renamed"}),
            other.patch_component(comps["B"][0]["_id"], payload={"name": "B renamed"}),
        )
    )
    # B's row changes nothing: nobody has looked at it again, and its new name stays.
    assert comps["A"][0]["customFields"]["cost"] == 10
    there = [len(comps.get(name, ())) for name in ("A", "A renamed", "B", "B renamed")]
    assert there == [1, 0, 0, 1]
    assert _change(report, "component", "A")["name"] == {"old": "A renamed", "new": "A"}


def test_g9_what_was_deleted_is_made_again(job):
    """What others deleted is made again, with its references; in a batch the next run makes those."""

    def delete(other, comps, refs):
        other.del_component(comps["A"][0]["_id"])

    in_a_batch = job.way == "batched"
    report, comps, refs = job(delete, "failure" if in_a_batch else "success")
    assert sorted(component["name"] for component in report["new_comps_l"]) == ["A", "C"]
    if in_a_batch:
        # Their rows named the id that it had until the batch was refused.
        told = {failure["label"] for failure in report["failed_refs_l"]}
        assert told == {"reference A B 1", "reference B A 2"}
        with client_of(job.ardoq.url, job.way) as client:
            bring(client, AFTER)
            report = client.get_report()
        comps, refs = _found(job.ardoq)
    assert report["new_refs"] == 2
    assert _done(comps, refs)


def test_g9_a_reference_that_was_deleted_is_made_again(job):
    """A reference that others have deleted is made again, and told as new."""
    report, comps, refs = job(lambda other, _, refs: other.del_reference(refs["A", "B", 1][0]["_id"]))
    assert _done(comps, refs)
    assert (report["new_refs"], report["updated_refs"]) == (2, 0)


def test_g9_what_others_create_at_the_same_moment_is_named_by_the_next_run(job):
    """What others create too is there twice; the next run names both and deletes none."""

    def create(other, comps, refs):
        other.create_component({"name": "C", "typeId": "app", "rootWorkspace": "ws1", "owner": "them"})
        ends = {"source": comps["B"][0]["_id"], "target": comps["A"][0]["_id"], "type": 2}
        other.create_reference({**ends, "rootWorkspace": "ws1", "displayText": "theirs"})

    _, comps, refs = job(create)
    assert (len(comps["C"]), len(refs["B", "A", 2])) == (2, 2)
    with client_of(job.ardoq.url, job.way) as client:
        bring(client, AFTER)
        report = client.get_report()
    assert [(note["kind"], len(note["matches"])) for note in report["ambiguous"]] == [
        ("component", 2),
        ("reference", 2),
    ]
    comps, refs = _found(job.ardoq)
    assert (len(comps["C"]), len(refs["B", "A", 2])) == (2, 2)
    assert "them" in [comp["customFields"].get("owner") for comp in comps["C"]]
