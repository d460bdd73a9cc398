"""Another client writes between a job's read and its write: rows are compared again, other edits stay."""

import pytest
from fault_jobs import ALL_MODES, TOKEN, Source, client_of, run_job, sync_rows

from ardoqpy import ArdoqClient

#: What Ardoq holds, and what the rows give: A and A -> B are changed, C and B -> A are new.
BEFORE = Source({"A": {"cost": 1}, "B": {"cost": 2}}, {("A", "B", 1): {"displayText": "old"}})
AFTER = Source(
    {"A": {"cost": 10}, "B": {"cost": 2}, "C": {"cost": 3}},
    {("A", "B", 1): {"displayText": "new"}, ("B", "A", 2): {"displayText": "back"}},
)


@pytest.fixture(params=ALL_MODES)
def job(request, ardoq):
    """Return a function that runs the job with a write in its middle: (report, components, references)."""

    def run(write, status="success"):
        with client_of(ardoq.url, request.param) as client:
            run_job(client, BEFORE)
        with client_of(ardoq.url, request.param) as client, ArdoqClient(ardoq.url, TOKEN) as other:
            client.get_workspace("ws1")
            write(other, *_stored(ardoq))
            sync_rows(client, AFTER)
            report = client.get_report()
        assert report["status"] == status
        assert (status == "failure") is bool(report["failed_comps_l"] + report["failed_refs_l"])
        return report, *_stored(ardoq)

    run.mode, run.ardoq = request.param, ardoq
    return run


def _stored(ardoq):
    """Return the components by name, those of one name as a list, and the references by ends and type."""
    dump, comps, refs = ardoq.dump(), {}, {}
    for comp in dump["components"]:
        comps.setdefault(comp["name"], []).append(comp)
    names = {comp["_id"]: comp["name"] for comp in dump["components"]}
    for ref in dump["references"]:
        refs.setdefault((names[ref["source"]], names[ref["target"]], ref["type"]), []).append(ref)
    return comps, refs


def _is_applied(comps, refs):
    """Return whether Ardoq has each row exactly once."""
    costs = {name: [comp["customFields"].get("cost") for comp in items] for name, items in comps.items()}
    texts = {ends: [ref["displayText"] for ref in items] for ends, items in refs.items()}
    expected_rows = {name: [row["cost"]] for name, row in AFTER.components.items()}
    return {name: costs.get(name) for name in expected_rows} == expected_rows and (
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


def test_g9_edit_of_synced_attribute_is_overwritten_and_reported(job):
    """If others changed what the rows give, the rows win, and the report has the old values."""
    report, comps, refs = job(
        lambda other, comps, refs: (
            other.patch_component(comps["A"][0]["_id"], payload={"cost": 77}),
            other.patch_reference(refs["A", "B", 1][0]["_id"], payload={"displayText": "theirs"}),
        )
    )
    assert _is_applied(comps, refs)
    assert _change(report, "component", "A") == {"cost": {"old": 77, "new": 10}}
    assert _change(report, "reference", "A") == {"displayText": {"old": "theirs", "new": "new"}}


def test_g9_equal_edit_is_not_written_again(job):
    """If others have set the values of the rows already, nothing is written or reported as changed."""
    report, comps, refs = job(
        lambda other, comps, _: other.patch_component(comps["A"][0]["_id"], payload={"cost": 10})
    )
    assert _is_applied(comps, refs)
    assert report["updated_comps"] == 0
    assert comps["A"][0]["_version"] == 2


def test_g9_edit_of_other_attribute_stays(job):
    """Attributes that no row gives keep the values of others, and are in no report."""
    report, comps, refs = job(
        lambda other, comps, refs: (
            other.patch_component(comps["A"][0]["_id"], payload={"owner": "them", "description": "theirs"}),
            other.patch_component(comps["B"][0]["_id"], payload={"owner": "them"}),
            other.patch_reference(refs["A", "B", 1][0]["_id"], payload={"description": "theirs"}),
        )
    )
    assert _is_applied(comps, refs)
    assert [comps[name][0]["customFields"]["owner"] for name in "AB"] == ["them"] * 2
    assert (comps["A"][0]["description"], refs["A", "B", 1][0]["description"]) == ("theirs", "theirs")
    assert set(_change(report, "component", "A")) == {"cost"}
    assert set(_change(report, "reference", "A")) == {"displayText"}


def test_g9_move_stays(job):
    """Components that others moved below another parent stay there."""

    def move(other, comps, refs):
        above = other.create_component({"name": "Group", "typeId": "app", "rootWorkspace": "ws1"})
        for name in "AB":
            other.patch_component(comps[name][0]["_id"], payload={"parent": above["_id"]})

    report, comps, refs = job(move)
    assert _is_applied(comps, refs)
    assert {comps[name][0]["parent"] for name in "AB"} == {comps["Group"][0]["_id"]}
    assert set(_change(report, "component", "A")) == {"cost"}


def test_g9_rename_is_reported_or_stays(job):
    """A row whose component was renamed restores its name, and the report lists it."""
    report, comps, _ = job(
        lambda other, comps, _: (
            other.patch_component(comps["A"][0]["_id"], payload={"name": "A renamed"}),
            other.patch_component(comps["B"][0]["_id"], payload={"name": "B renamed"}),
        )
    )
    # B's row changes nothing, so B is not read again, and its new name stays.
    assert comps["A"][0]["customFields"]["cost"] == 10
    there = [len(comps.get(name, ())) for name in ("A", "A renamed", "B", "B renamed")]
    assert there == [1, 0, 0, 1]
    assert _change(report, "component", "A")["name"] == {"old": "A renamed", "new": "A"}


def test_g9_deleted_component_is_created_again(job):
    """A component that others deleted is created again; in batches the next run creates its references."""

    def delete(other, comps, refs):
        other.del_component(comps["A"][0]["_id"])

    in_a_batch = job.mode == "batched"
    report, comps, refs = job(delete, "failure" if in_a_batch else "success")
    assert sorted(component["name"] for component in report["new_comps_l"]) == ["A", "C"]
    if in_a_batch:
        # Their rows refer to the id that the component had until the batch was refused.
        reported = {failure["label"] for failure in report["failed_refs_l"]}
        assert reported == {"reference A B 1", "reference B A 2"}
        with client_of(job.ardoq.url, job.mode) as client:
            sync_rows(client, AFTER)
            report = client.get_report()
        comps, refs = _stored(job.ardoq)
    assert report["new_refs"] == 2
    assert _is_applied(comps, refs)


def test_g9_deleted_reference_is_created_again(job):
    """A reference that others deleted is created again, and reported as new."""
    report, comps, refs = job(lambda other, _, refs: other.del_reference(refs["A", "B", 1][0]["_id"]))
    assert _is_applied(comps, refs)
    assert (report["new_refs"], report["updated_refs"]) == (2, 0)


def test_g9_duplicate_by_others_is_ambiguous_in_the_next_run(job):
    """If others create the same entity, the next run lists both as ambiguous and deletes neither."""

    def create(other, comps, refs):
        other.create_component({"name": "C", "typeId": "app", "rootWorkspace": "ws1", "owner": "them"})
        ends = {"source": comps["B"][0]["_id"], "target": comps["A"][0]["_id"], "type": 2}
        other.create_reference({**ends, "rootWorkspace": "ws1", "displayText": "theirs"})

    _, comps, refs = job(create)
    assert (len(comps["C"]), len(refs["B", "A", 2])) == (2, 2)
    with client_of(job.ardoq.url, job.mode) as client:
        sync_rows(client, AFTER)
        report = client.get_report()
    assert [(note["kind"], len(note["matches"])) for note in report["ambiguous"]] == [
        ("component", 2),
        ("reference", 2),
    ]
    comps, refs = _stored(job.ardoq)
    assert (len(comps["C"]), len(refs["B", "A", 2])) == (2, 2)
    assert "them" in [comp["customFields"].get("owner") for comp in comps["C"]]
