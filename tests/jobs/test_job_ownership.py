"""What a job may delete or mark as missing."""

import pytest
from job_seed import APPS, SEED, component, stored, stored_references

from ardoqpy import ArdoqClient
from ardoqpy_sync.deletion import delete_missing
from ardoqpy_sync.deletion.guard import find_reasons
from ardoqpy_sync.job import run_job
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.document import build_run_document
from ardoqpy_sync.reporting.exit_codes import FAILED, exit_code_of
from ardoqpy_sync.reporting.markdown import render_text

FROM_A = """
[[components]]
rows = "a"
workspace = "Apps"
type = "Application"
name = "{Name}"
key = "cmdb_id"
missing = "delete"
[components.fields]
cmdb_id = "{Name}"
lifecycle = "Live"
"""
FROM_B = FROM_A.replace('"a"', '"b"').replace('"Live"', '"Planned"')
OWNED = 'missing = "delete"\nowned = { Lifecycle = "Live" }'
LINKS = """
[[references]]
rows = "links"
workspace = "Apps"
type = "depends on"
missing = "delete"
description = "{Why}"
source = { type = "Application", value = "{From}" }
target = { type = "Application", value = "{To}" }
"""
ANYTHING = "[guard]\ndespite_failures = true\nshare = 1.0\ntake_along = true\n"


def names(prefix, count):
    """Return rows with names."""
    return [{"Name": f"{prefix}{number}"} for number in range(count)]


def load(ardoq, references=(), **counts):
    """Load components named after a prefix, each with its lifecycle: Live for a, Planned for b."""
    states = {"a": "Live", "b": "Planned", "c": "Retired"}
    components = [
        component(f"{prefix * 8}{number:016d}", f"{prefix}{number}", lifecycle=states[prefix])
        for prefix, count in counts.items()
        for number in range(count)
    ]
    for comp in components:
        comp["customFields"]["cmdb_id"] = comp["name"]
    ids = {comp["name"]: comp["_id"] for comp in components}
    refs = [
        {"_id": f"{900 + number:024d}", "rootWorkspace": APPS, "source": ids[a], "target": ids[b], "type": 1}
        for number, (a, b) in enumerate(references)
    ]
    ardoq.load(SEED | {"components": components, "references": refs})


def sentences(result):
    """Return the reasons for which the guard blocked."""
    return [reason["sentence"] for error in result.blocked for reason in error.reasons]


def test_mapping_without_rows_deletes_nothing_of_its_type(ardoq, run):
    """If one of two sources of a type is empty, nothing of it is deleted; the guard names the source."""
    load(ardoq, a=40, b=8)
    result, report, _ = run(FROM_A + FROM_B, a=names("a", 40), b=[])
    assert (report["del_comps"], len(stored(ardoq))) == (0, 48)
    (sentence,) = sentences(result)
    assert sentence.startswith("No row of source 'b' could be used as a component of type 'Application', so")


def test_owned_components_of_an_empty_source_stay(ardoq, run):
    """With owned, an empty source keeps what it owns, and the other source still deletes its own."""
    load(ardoq, a=10, b=8)
    text = FROM_A.replace('missing = "delete"', OWNED) + FROM_B.replace(
        'missing = "delete"', OWNED.replace("Live", "Planned")
    )
    result, report, _ = run(text, a=names("a", 9), b=[])
    assert [item["name"] for item in report["del_comps_l"]] == ["a9"]
    assert len(sentences(result)) == 1


def test_only_owned_components_can_be_missing(ardoq, run):
    """What the fields of a component do not give to a mapping is not missing; it is counted."""
    load(ardoq, a=10, c=9)
    result, report, _ = run(FROM_A.replace('missing = "delete"', OWNED), a=names("a", 9))
    assert [item["name"] for item in report["del_comps_l"]] == ["a9"]
    assert report["cache_miss_comps"] == []
    assert result.not_owned == {"Application": 9}


@pytest.mark.parametrize(
    "row",
    [
        {"Name": ["a9"]},
        {"Name": None, "x": 1},
        {"Name": "\ud800"},
    ],
    ids=["list", "blank", "not text"],
)
def test_row_that_cannot_be_identified_protects_its_type(ardoq, run, row):
    """A row whose key cannot be read can be any component, so none of its type is deleted or marked."""
    load(ardoq, a=10)
    for action in ('"delete"', '{ set = { lifecycle = "Retired" } }'):
        text = FROM_A.replace('missing = "delete"', f"missing = {action}") + ANYTHING
        result, report, _ = run(text, a=[*names("a", 9), row])
        assert (report["del_comps"], report["updated_comps"], report["failed_comps"]) == (0, 0, 1)
        assert sentences(result)[0].startswith("It is not known which item these rows describe: a row 10.")


def test_key_that_two_rows_claim_protects_its_type(ardoq, run):
    """Two different rows with one key: one of them may be about another component, so none is deleted."""
    load(ardoq, a=10)
    text = FROM_A.replace('name = "{Name}"', 'name = "{Title}"') + ANYTHING
    rows = [{"Name": f"a{number}", "Title": f"a{number}"} for number in range(8)]
    result, report, _ = run(text, a=[*rows, {"Name": "a7", "Title": "a8"}])
    assert report["del_comps"] == 0
    assert sentences(result)[0].startswith("It is not known which item these rows describe: a row 9.")


def test_reference_of_a_rejected_row_is_not_missing(ardoq, run):
    """A reference whose row has a bad cell, or an end that does not exist, is not deleted."""
    load(ardoq, a=4, references=[("a0", "a1"), ("a0", "a2"), ("a1", "a2"), ("a3", "a0")])
    text = LINKS + ANYTHING
    rows = [
        {"From": "a0", "To": "a1", "Why": ["no text"]},
        {"From": "a1", "To": "typo", "Why": "x"},
        {"From": "a3", "To": "a0", "Why": None},
    ]
    _, report, _ = run(text, links=rows)
    assert [item["name"] for item in report["del_refs_l"]] == ["a0 -> a2"]
    assert stored_references(ardoq) == [("a0", "a1", 1), ("a1", "a2", 1), ("a3", "a0", 1)]


def test_reference_row_with_unreadable_ends_protects_its_type(ardoq, run):
    """A reference row that names no known component can be any reference, so none of its type is deleted."""
    load(ardoq, a=4, references=[("a0", "a1"), ("a0", "a2")])
    rows = [{"From": "a0", "To": "a1", "Why": None}, {"From": "typo", "To": "other", "Why": None}]
    result, report, _ = run(LINKS + ANYTHING, links=rows)
    assert report["del_refs"] == 0
    assert sentences(result)[0].startswith("It is not known which item these rows describe: links row 2.")


DELETED_AND_MARKED = """
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{Name}"
missing = "delete"

[[components]]
rows = "servers"
workspace = "Apps"
type = "Server"
name = "{Name}"
missing = { set = { lifecycle = "Retired" } }
"""


@pytest.mark.parametrize(
    ("limits", "apps", "servers", "done"),
    [
        ("count = 4", 2, 3, (0, 0)),  # together they are too many
        ("count = 5", 2, 3, (2, 3)),
        ("share = 0.25", 1, 3, (0, 0)),  # of one type they are too many
    ],
)
def test_guard_decides_once_for_deletes_and_marks_of_all_mappings(ardoq, run, limits, apps, servers, done):
    """A limit that the deletes or the marks of a run exceed, together or of one type, blocks all of them."""
    components = [component(f"{number:024d}", f"App {number}") for number in range(10)]
    components += [component(f"{number:024d}", f"Server {number}", kind="p2") for number in range(10, 20)]
    ardoq.load(SEED | {"components": components})
    text = DELETED_AND_MARKED + f"[guard]\n{limits}\n" + ("share = 0.5\n" if "count" in limits else "")
    rows = {
        "apps": [{"Name": f"App {number}"} for number in range(apps, 10)],
        "servers": [{"Name": f"Server {number}"} for number in range(10 + servers, 20)],
    }
    result, report, _ = run(text, **rows)
    assert (report["del_comps"], report["updated_comps"]) == done
    assert bool(result.blocked) == (done == (0, 0))
    if result.blocked:
        assert len(result.blocked[0].would_delete) == apps + servers


def test_delete_left_undone_is_listed_with_the_reason(ardoq, new_client, make_job, monkeypatch):
    """What is changed, or gets a child, after the guard decided is in the run document, and the run fails."""
    load(ardoq, a=20)
    ids = {comp["name"]: comp["_id"] for comp in ardoq.dump()["components"]}

    def meanwhile(*decided):
        reasons = find_reasons(*decided)
        with ArdoqClient(ardoq.url, ardoq.token, version="v2") as other:
            other.patch_component(ids["a17"], payload={"description": "theirs"})
            other.create_component(
                {"name": "New", "typeId": "p1", "rootWorkspace": APPS, "parent": ids["a18"]}
            )
        return reasons

    monkeypatch.setattr(delete_missing, "find_reasons", meanwhile)
    client = new_client()
    job = make_job(FROM_A + '[sources.a]\ntype = "rows"\nrows = []\n')
    run_job(job, client, sources={"a": names("a", 17)})
    document = build_run_document(client)
    assert [change["name"] for change in document["changes"]] == ["a19"]
    listed = {entry["name"]: entry["reason"] for entry in document["not_deleted"]}
    assert listed.keys() == {"a17", "a18"}
    assert listed["a17"].startswith("It was changed by 'Emulator User' at 20")
    assert listed["a18"].endswith("kept since the delete guard decided: component New (Application).")
    assert (document["status"], exit_code_of(document)) == ("failure", FAILED)
    assert document["description"].startswith("2 entities were not deleted; the first: It was changed by")
    text = "\n".join(terminal.render(document))
    assert "component a17 (Application): It was changed by" in text
    assert "component a18" in render_text(document)


@pytest.mark.slow
def test_at_most_100_of_a_type_without_a_count(ardoq, run):
    """More than 100 deletes of a type need a count; a source with a round number of rows is named."""
    load(ardoq, a=1101)
    result, report, _ = run(FROM_A, a=names("a", 1000))
    assert report["del_comps"] == 0
    (blocked,) = result.blocked
    assert [reason["allow"] for reason in blocked.reasons] == ["count=101", None]
    assert "101 components of type Application in workspace Apps" in blocked.reasons[0]["sentence"]
    assert blocked.reasons[1]["sentence"] == "Source 'a' has exactly 1,000 rows. Was it cut off?"
    _, report, _ = run(FROM_A + "[guard]\ncount = 101\n", a=names("a", 1000))
    assert report["del_comps"] == 101


ROOMS = """
[[components]]
rows = "rooms"
workspace = "Apps"
type = "Server"
name = "{Name}"
key = "cmdb_id"
missing = "delete"
[components.fields]
cmdb_id = "{Name}"
"""


@pytest.mark.parametrize("rooms", [[{"Name": None, "x": 1}, {"Name": "r1"}], []], ids=["blank key", "empty"])
def test_what_is_protected_is_not_deleted_along(ardoq, run, rooms):
    """A missing component stays if Ardoq would delete with it what a row that cannot be used may be about."""
    load(ardoq, a=3)
    seed = ardoq.dump()
    seed["components"] += [
        component(
            f"{number:024d}", f"r{number}", kind="p2", parent="a" * 8 + f"{2:016d}", cmdb_id=f"r{number}"
        )
        for number in (1, 2)
    ]
    ardoq.load(seed)
    result, report, _ = run(FROM_A + ROOMS + ANYTHING, a=names("a", 2), rooms=rooms)
    assert report["del_comps"] == 0
    assert "would also delete what a source may still have" in " ".join(sentences(result))


def test_rows_with_blank_ends_are_usable(ardoq, run):
    """A source whose cells say that there are no references is not an empty source."""
    load(ardoq, a=2)
    result, report, _ = run(LINKS + ANYTHING, links=[{"From": "a0", "To": None, "Why": None}])
    assert (result.blocked, report["failed_refs"]) == ([], 0)


@pytest.mark.parametrize(("share", "left"), [("1.0", 0), ("0.5", 1)])
def test_last_reference_of_a_type(ardoq, run, share, left):
    """If all rows say that there are no references, those that are there are missing, within the limits."""
    text = FROM_A + LINKS + ANYTHING.replace("1.0", share)
    rows = {"a": names("a", 2), "links": [{"From": "a0", "To": None, "Why": None}]}
    load(ardoq, references=[("a0", "a1")], a=2)
    result, report, _ = run(text, **rows)
    assert len(ardoq.dump()["references"]) == left
    assert (report["del_refs"], len(result.blocked)) == (1 - left, left)
    load(ardoq, references=[("a0", "a1")], a=2)
    _, report, _ = run(text.replace('missing = "delete"', 'missing = "report"'), **rows)
    assert len(report["cache_miss_refs"]) == 1


def test_rows_that_are_all_skipped_are_not_usable(ardoq, run):
    """If all rows of a mapping are skipped, nothing of its type is missing, and the guard says so."""
    load(ardoq, a=2)
    text = FROM_A.replace("[components.fields]", "create = false\n[components.fields]") + ANYTHING
    result, report, _ = run(text, a=names("z", 2))
    assert (report["del_comps"], report["cache_miss_comps"]) == (0, [])
    assert "or all its rows failed or were skipped" in " ".join(sentences(result))
    more = text.replace('[[components]]\nrows = "a"', '[[components]]\nrows = "b"')
    assert run(FROM_A + more, a=names("a", 2), b=names("z", 2))[0].blocked == []
    result, report, _ = run(FROM_A + more, a=names("a", 1), b=names("z", 2))
    assert (len(result.blocked), report["del_comps"]) == (1, 0)


def test_end_whose_row_is_skipped_is_absent(ardoq, run):
    """A reference with `when_absent = "skip"` is skipped if the row of its end is; it is not rejected."""
    load(ardoq, a=1)
    text = FROM_A.replace('key = "cmdb_id"', "create = false")
    text += LINKS.replace('value = "{To}"', 'value = "{To}", when_absent = "skip"') + ANYTHING
    links = [{"From": "a0", "To": to, "Why": None} for to in ("z0", "z1")]
    result, report, _ = run(text, a=[*names("a", 1), *names("z", 1)], links=links)
    assert report["failed_refs"] == 0
    assert len(result.skipped) == 3


def test_type_with_unidentified_rows_is_not_deleted_with_others(ardoq, run):
    """What an unidentified row may be about is not taken along with what another mapping deletes."""
    parent, child = "1".zfill(24), "2".zfill(24)
    ardoq.load(
        SEED
        | {
            "components": [
                component(parent, "Rack", kind="p2", cmdb_id="S1"),
                component(child, "Web", parent=parent),
                component("3".zfill(24), "Other", kind="p2", cmdb_id="S2"),
            ]
        }
    )
    servers = FROM_B.replace("Application", "Server").replace('cmdb_id = "{Name}"', 'cmdb_id = "{Id}"')
    text = FROM_A.replace('missing = "delete"\n', "").replace('cmdb_id = "{Name}"', 'cmdb_id = "{Id}"')
    text += servers + ANYTHING
    rows = {"a": [{"Name": "New", "Id": None}], "b": [{"Name": "Other", "Id": "S2"}]}
    result, report, _ = run(text, **rows)
    assert report["del_comps"] == 0
    (blocked,) = result.blocked
    assert "component Web (Application). Correct these rows first." in str(blocked)


@pytest.mark.parametrize("owned", ["", 'owned = { lifecycle = "Live" }\n'])
def test_component_that_a_rejected_row_may_name_is_not_missing(ardoq, run, owned):
    """A component that an ambiguous parent or end may mean is deleted neither by itself nor with others."""
    ids = [str(number).zfill(24) for number in range(4)]
    live = {"lifecycle": "Live"}
    rack = component(ids[0], "Rack", kind="p2", cmdb_id="S1", **live)
    twins = [component(ids[1], "Web", parent=ids[0], **live), component(ids[2], "Web")]
    other = component(ids[3], "Other", kind="p2", cmdb_id="S2", **live)
    ardoq.load(SEED | {"components": [rack, *twins, other]})
    servers = FROM_B.replace("Application", "Server").replace('cmdb_id = "{Name}"', 'cmdb_id = "{Id}"')
    servers = servers.replace("key =", 'parent = { type = "Application", value = "{App}" }\nkey =') + ANYTHING
    apps = FROM_A.replace("key =", f"{owned}key =")
    rows = {"a": [{"Name": "New"}], "b": [{"Name": "Other", "Id": "S2", "App": "Web"}]}
    _, report, _ = run(apps + servers, **rows)
    assert "is ambiguous: 2 components match" in report["failed_comps_l"][0]["reason"]
    assert report["del_comps"] == 0
    assert {"Rack", "Web"} <= set(stored(ardoq))
