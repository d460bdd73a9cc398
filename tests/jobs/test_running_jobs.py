"""Jobs carried out: what becomes of rows, on v1, on v2 and in batches."""

import pytest
from nights import APPS, SEED, SERVERS, component, stored, ties, writes

from ardoqpy import ArdoqClientException, ServiceUnavailable
from ardoqpy_sync.job import JobInvalid, find_problems, run_job

APPLICATIONS = """
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{Name}"
"""
LINKS = """
[[references]]
rows = "links"
workspace = "Apps"
type = "depends on"
source = { type = "Application", value = "{From}" }
target = { type = "Application", value = "{To}" }
"""


def failures(report):
    """Return the rows that failed, as (name, label, reason)."""
    listed = [*report["failed_comps_l"], *report["failed_refs_l"]]
    return [(one["name"], one["label"], one["reason"]) for one in listed]


def test_rows_become_components_and_a_second_night_has_nothing_to_do(ardoq, night):
    """Cells are converted by the fields, found by name or label; the same rows again change nothing."""
    text = APPLICATIONS + (
        'description = "{Name} of {Owner}"\n[components.fields]\n'
        'cmdb_id = "{Id}"\n"Yearly cost" = "{Cost}"\nlifecycle = "live"\ncritical = "{Critical}"\n'
    )
    rows = [
        {"Name": " Shop ", "Owner": "Ann", "Id": 7, "Cost": "1 200.50", "Critical": "yes"},
        {"Name": "Till", "Owner": None, "Id": "8", "Cost": "", "Critical": False},
    ]
    outcome, report, _ = night(text, apps=rows)
    assert (report["status"], report["new_comps"], outcome.refused) == ("success", 2, [])
    shop, till = stored(ardoq)["Shop"], stored(ardoq)["Till"]
    assert shop["description"] == "Shop  of Ann"
    assert (shop["cmdb_id"], shop["cost"], shop["lifecycle"], shop["critical"]) == ("7", 1200.5, "Live", True)
    assert (till.get("cost"), till["critical"], till["description"]) == (None, False, "Till of")
    ardoq.clear_requests()
    assert night(text, apps=rows)[1]["cache_hit_comps"] == 2
    assert writes(ardoq) == []


def test_a_rehearsal_is_the_night_without_its_writes(ardoq, night):
    """A simulated run reports what the live one will, and writes nothing."""
    rows = {"apps": [{"Name": "Shop"}, {"Name": "Till"}], "links": [{"From": "shop", "To": "Till"}]}
    outcome, rehearsed, plan = night(APPLICATIONS + LINKS, simulate=True, **rows)
    assert writes(ardoq) == []
    assert len(plan) == 3
    assert outcome.sources == [
        {"name": "apps", "rows": 2, "skipped": 0, "failed": 0},
        {"name": "links", "rows": 1, "skipped": 0, "failed": 0},
    ]
    _, done, _ = night(APPLICATIONS + LINKS, **rows)
    for key, value in rehearsed.items():
        if isinstance(value, int):
            assert done[key] == value
    assert ties(ardoq) == [("Shop", "Till", 1)]


def test_rows_are_chosen_by_where(ardoq, night):
    """Only rows whose cells are as said are meant; the others are left out and counted."""
    rows = [
        {"Name": f"A{number}", "Kind": kind} for number, kind in enumerate(["app", " app ", "x", 5, None])
    ]
    outcome, report, _ = night(APPLICATIONS + 'where = { Kind = ["app", 5] }', apps=rows)
    assert (report["new_comps"], outcome.reads[0].skipped) == (3, 2)


def test_a_cell_that_cannot_be_is_the_failure_of_its_row(ardoq, night):
    """The row is reported with its label, value and field, nothing of it is written, and it is no miss."""
    ardoq.load(SEED | {"components": [component("d" * 24, "Till", cost=5)]})
    text = APPLICATIONS + 'missing = "report"\n[components.fields]\ncost = "{Cost}"\n'
    _, report, _ = night(text, apps=[{"Name": "Shop", "Cost": 1}, {"Name": "Till", "Cost": "many"}])
    ((name, label, reason),) = failures(report)
    assert (name, label) == ("Till", "apps row 2")
    assert reason.startswith("'many' is no value for the field 'Yearly cost' (cost) of type Number")
    assert (report["new_comps"], report["cache_miss_comps"]) == (1, [])
    assert stored(ardoq)["Till"]["cost"] == 5


def test_a_row_without_a_name_or_a_key_fails(ardoq, night):
    """Blank names and blank keys are told."""
    text = APPLICATIONS + 'key = "cmdb_id"\n[components.fields]\ncmdb_id = "{Id}"\n'
    _, report, _ = night(text, apps=[{"Name": " ", "Id": 1}, {"Name": "Shop", "Id": ""}])
    assert [reason for _, _, reason in failures(report)] == [
        "It has no name.", "It has no key: its cmdb_id is blank."
    ]  # fmt: skip
    assert stored(ardoq) == {}


def test_by_its_key_a_component_is_renamed(ardoq, night):
    """Matched by a custom field, a new name is an update, not a new component."""
    ardoq.load(SEED | {"components": [component("d" * 24, "Old name", cmdb_id="7")]})
    text = APPLICATIONS + 'key = "CMDB id"\n[components.fields]\n"CMDB id" = "{Id}"\n'
    _, report, _ = night(text, apps=[{"Name": "New name", "Id": 7}])
    assert (report["updated_comps"], report["new_comps"]) == (1, 0)
    assert list(stored(ardoq)) == ["New name"]


def test_rows_may_come_before_their_parents(ardoq, night):
    """Parents are found whatever the order; who has none goes to the top; one that is not there is told."""
    ardoq.load(
        SEED | {"components": [component("d" * 24, "Sub", parent="e" * 24), component("e" * 24, "Top")]}
    )
    rows = [
        {"Name": "Leaf", "Above": "twig"},
        {"Name": "Twig", "Above": "Root"},
        {"Name": "Root", "Above": ""},
        {"Name": "Sub", "Above": None},
        {"Name": "Lost", "Above": "Nowhere"},
        {"Name": "Lower", "Above": "Lost"},
    ]
    _, report, _ = night(APPLICATIONS + 'parent = { value = "{Above}" }', apps=rows)
    apps = stored(ardoq)
    assert apps["Leaf"]["parent"] == apps["Twig"]["_id"]
    assert apps["Twig"]["parent"] == apps["Root"]["_id"]
    assert apps["Sub"].get("parent") is None
    none = (
        "Its parent is not there: there is no component of type 'Application' with the name {} "
        "in workspace 'Apps'."
    )
    assert [(name, reason) for name, _, reason in failures(report)] == [
        ("Lost", none.format("'Nowhere'")), ("Lower", none.format("'Lost'"))
    ]  # fmt: skip


def test_a_parent_may_be_of_another_type_and_found_by_a_field(ardoq, night):
    """The parent's type and key are its own."""
    ardoq.load(SEED | {"components": [component("d" * 24, "Rack", kind="p2", cmdb_id="R1")]})
    text = APPLICATIONS + 'parent = { type = "Server", key = "cmdb_id", value = "R{Rack}" }'
    night(text, apps=[{"Name": "Shop", "Rack": 1}])
    assert stored(ardoq)["Shop"]["parent"] == "d" * 24


def test_references_go_across_workspaces_and_cells_name_several(ardoq, night):
    """Ends are found by their own keys; one cell may name several; a blank end is no reference."""
    ardoq.load(
        SEED
        | {
            "components": [
                component("d" * 24, "db1", SERVERS, "p2"),
                component("e" * 24, "db2", SERVERS, "p2"),
            ]
        }
    )
    text = (
        APPLICATIONS
        + """
    [[references]]
    rows = "apps"
    type = "runs on"
    source = { workspace = "Apps", type = "Application", value = "{Name}" }
    target = { workspace = "Servers", type = "Server", value = "{Hosts}", split = ";" }
    displayText = "{Name} runs here"
    """.replace("\n    ", "\n")
    )
    rows = [
        {"Name": "Shop", "Hosts": "DB1; db2;;db1"},
        {"Name": "Till", "Hosts": ""},
        {"Name": "Fax", "Hosts": ["db9"]},
    ]
    _, report, _ = night(text, apps=rows)
    assert ties(ardoq) == [("Shop", "db1", 2), ("Shop", "db2", 2)]
    assert {ref["displayText"] for ref in ardoq.dump()["references"]} == {"Shop runs here"}
    ((name, label, reason),) = failures(report)
    assert (name, label) == ("Fax -> db9", "apps row 3")
    assert reason == "There is no component of type 'Server' with the name 'db9' in workspace 'Servers'."


def test_rows_that_contradict_each_other_are_told(ardoq, night):
    """The first row counts; one that says the same again is nothing; one that says otherwise fails."""
    text = APPLICATIONS + '[components.fields]\ncost = "{Cost}"\n'
    rows = [{"Name": "Shop", "Cost": 1}, {"Name": "Shop", "Cost": "1"}, {"Name": "SHOP", "Cost": 2}]
    _, report, _ = night(text, apps=rows)
    assert failures(report) == [
        ("SHOP", "apps row 3", "It says otherwise than apps row 1 of the same component: let one row say it.")
    ]
    assert (report["new_comps"], stored(ardoq)["Shop"]["cost"]) == (1, 1)


def test_what_a_rejected_row_means_is_never_deleted(ardoq, night):
    """A row without a name, with a bad cell or two parents is still in the source, whatever is allowed."""
    held = [component(f"{number}" * 24, f"A{number}", cmdb_id=f"{number}") for number in range(5)]
    ardoq.load(SEED | {"components": held})
    text = APPLICATIONS + (
        'key = "cmdb_id"\nmissing = "delete"\nparent = { value = "{Above}" }\n'
        '[components.fields]\ncmdb_id = "{Id}"\ncost = "{Cost}"\n'
        "[guard]\nshare = 1\ndespite_failures = true\n"
    )
    rows = [
        {"Name": "", "Id": 0, "Cost": 1, "Above": ""},
        {"Name": "A1", "Id": 1, "Cost": "many", "Above": ""},
        {"Name": "A2", "Id": 2, "Cost": 1, "Above": ["A3", "A4"]},
        {"Name": "A3", "Id": 3, "Cost": 1, "Above": ""},
    ]
    outcome, report, _ = night(text, apps=rows)
    assert outcome.refused == []
    assert report["failed_comps"] == 3
    assert [item["name"] for item in report["del_comps_l"]] == ["A4"]
    assert sorted(stored(ardoq)) == ["A0", "A1", "A2", "A3"]


def test_an_end_that_is_no_text_is_the_failure_of_its_row(ardoq, night):
    """A cell that holds an object where a name should be does not end the run."""
    links = [{"From": {"id": 1}, "To": "Till"}, {"From": "Shop", "To": "Till"}]
    outcome, report, _ = night(APPLICATIONS + LINKS, apps=[{"Name": "Shop"}, {"Name": "Till"}], links=links)
    assert outcome.failure is None
    ((_, label, _),) = failures(report)
    assert label == "links row 1"
    assert ties(ardoq) == [("Shop", "Till", 1)]


def test_two_mappings_may_bring_different_attributes(ardoq, night):
    """What one source says of a component does not contradict what another says besides."""
    text = APPLICATIONS + '[components.fields]\ncost = "{Cost}"\n'
    text += APPLICATIONS.replace('"apps"', '"more"') + '[components.fields]\nlifecycle = "{State}"\n'
    rows = {"apps": [{"Name": "Shop", "Cost": 1}], "more": [{"Name": "shop", "State": "live"}]}
    _, report, _ = night(text, **rows)
    assert failures(report) == []
    assert (stored(ardoq)["Shop"]["cost"], stored(ardoq)["Shop"]["lifecycle"]) == (1, "Live")


def test_two_mappings_may_bring_different_attributes_of_a_reference(ardoq, night):
    """What one source says of a reference does not contradict what another says besides."""
    text = APPLICATIONS + LINKS + 'description = "{Why}"\n'
    text += LINKS.replace('"links"', '"more"') + 'displayText = "{Said}"\n'
    ends = {"From": "Shop", "To": "Till"}
    apps = [{"Name": "Shop"}, {"Name": "Till"}]
    _, report, _ = night(text, apps=apps, links=[{**ends, "Why": "sells"}], more=[{**ends, "Said": "feeds"}])
    assert failures(report) == []
    (reference,) = ardoq.dump()["references"]
    assert (reference["description"], reference["displayText"]) == ("sells", "feeds")


def test_what_is_left_to_people(ardoq, night):
    """create_only writes once, fill_if_empty what is empty; never_null keeps what a blank cell means."""
    text = APPLICATIONS + (
        'description = "{Text}"\ncreate_only = ["lifecycle"]\nfill_if_empty = ["description"]\n'
        'never_null = ["cost"]\n'
        '[components.fields]\nlifecycle = "Live"\ncost = "{Cost}"\ncmdb_id = "{Id}"\n'
    )
    held = {"cost": 5, "cmdb_id": "9", "lifecycle": "Retired"}
    ardoq.load(
        SEED
        | {
            "components": [
                component("d" * 24, "Shop", description="by hand", **held),
                component("e" * 24, "Till", **held),
            ]
        }
    )
    rows = [
        {"Name": name, "Text": f"Text of {name}", "Cost": "", "Id": None} for name in ("Shop", "Till", "New")
    ]
    night(text, apps=rows)
    apps = stored(ardoq)
    assert [apps[name]["lifecycle"] for name in ("Shop", "Till", "New")] == ["Retired", "Retired", "Live"]
    assert [apps[name]["description"] for name in ("Shop", "Till", "New")] == [
        "by hand",
        "Text of Till",
        "Text of New",
    ]
    assert [apps["Shop"].get(name) for name in ("cost", "cmdb_id")] == [5, None]


def test_what_is_left_to_people_on_references(ardoq, night):
    """The same for references."""
    people = [component("d" * 24, "Shop"), component("e" * 24, "Till")]
    reference = {
        "_id": "f" * 24, "source": "d" * 24, "target": "e" * 24, "type": 1, "rootWorkspace": APPS,
        "targetWorkspace": APPS, "displayText": "by hand",
    }  # fmt: skip
    ardoq.load(SEED | {"components": people, "references": [reference]})
    text = LINKS + 'displayText = "{Text}"\nfill_if_empty = ["displayText"]'
    night(
        text, links=[{"From": "Shop", "To": "Till", "Text": "x"}, {"From": "Till", "To": "Shop", "Text": "y"}]
    )
    texts = {ref["source"]: ref["displayText"] for ref in ardoq.dump()["references"]}
    assert texts == {"d" * 24: "by hand", "e" * 24: "y"}


def ten(ardoq):
    """Load ten applications."""
    ardoq.load(SEED | {"components": [component(f"{number}" * 24, f"A{number}") for number in range(10)]})


def names(*numbers):
    """Return the rows of those of the ten."""
    return [{"Name": f"A{number}"} for number in numbers]


def test_what_is_missing_is_deleted_within_the_guard(ardoq, night):
    """With missing = "delete" what no row names goes; more than the guard allows stays, and is told."""
    ten(ardoq)
    text = APPLICATIONS + 'missing = "delete"\n'
    outcome, report, _ = night(text, apps=names(*range(9)))
    assert (outcome.refused, report["del_comps"]) == ([], 1)
    assert "A9" not in stored(ardoq)
    outcome, report, _ = night(text, apps=names(1, 2))
    assert (report["del_comps"], len(stored(ardoq))) == (0, 9)
    assert "7 of the 9 components of type Application" in str(outcome.refused[0])
    outcome, report, _ = night(text + "[guard]\nshare = 0.8\n", apps=names(1, 2))
    assert (outcome.refused, sorted(stored(ardoq))) == ([], ["A1", "A2"])


def test_what_is_missing_is_marked_within_the_guard(ardoq, night):
    """With missing = { set = ... } what no row names is given those values, converted like cells."""
    ten(ardoq)
    text = APPLICATIONS + 'missing = { set = { Lifecycle = "retired" } }\n'
    outcome, report, _ = night(text, apps=names(*range(9)))
    assert (outcome.refused, report["updated_comps"]) == ([], 1)
    assert stored(ardoq)["A9"]["lifecycle"] == "Retired"
    outcome, report, _ = night(text, apps=names(1))
    assert "would be marked" in str(outcome.refused[0])
    assert report["updated_comps"] == 0


def test_an_empty_source_deletes_nothing(ardoq, night):
    """Where no row can be used, nothing of that type is deleted, and the outcome says so."""
    ten(ardoq)
    outcome, report, _ = night(APPLICATIONS + 'missing = "delete"\n', apps=[])
    assert (report["del_comps"], len(stored(ardoq))) == (0, 10)
    assert "No row of the source 'apps' could be used as component of type 'Application'" in str(
        outcome.refused[0]
    )


def test_after_failed_rows_nothing_is_deleted(ardoq, night):
    """What failed may be what is missing: the guard refuses."""
    ten(ardoq)
    outcome, report, _ = night(
        APPLICATIONS + 'missing = "delete"\n', apps=[*names(*range(9)), {"Name": "", "Id": 1}]
    )
    assert report["del_comps"] == 0
    assert outcome.refused[0].reasons[0]["bound"] == "failures"


def test_everything_that_is_not_in_ardoq_is_told_at_once(job_of, new_client, ardoq, tmp_path):
    """Workspaces, types, fields, options, columns and files that are not there, each with its line."""
    (tmp_path / "apps.csv").write_text("Name,Cost\nShop,1\n", encoding="utf-8")
    job = job_of(
        """
        [sources.apps]
        name = "apps"
        file = "apps.csv"
        [sources.gone]
        file = "gone.csv"
        [[components]]
        rows = "apps"
        workspace = "Apps"
        type = "Aplication"
        name = "{Title}"
        description = "{Text}"
        parent = { type = "Rack", value = "{Name}" }
        missing = { set = { lifecycle = "Dead" } }
        [components.fields]
        costs = "{Cost}"
        lifecycle = "dead"
        [[components]]
        rows = "gone"
        workspace = "App"
        type = "Server"
        name = "{Name}"
        [[references]]
        rows = "apps"
        workspace = "Apps"
        type = "depend on"
        source = { type = "Application", value = "{Name}" }
        target = { type = "Application", key = "cmdbid", value = "{Name}" }
        """
    )
    client = new_client(simulate=True)
    with pytest.raises(JobInvalid) as refused:
        run_job(job, client)
    assert refused.value.troubles == tuple(sorted(find_problems(job, client), key=lambda one: one.line or 0))
    assert [(one.line, one.key) for one in refused.value.troubles] == [
        (6, "sources.gone"),
        (8, "components.1"),
        (8, "components.1"),
        (11, "components.1.type"),
        (14, "components.1.parent.type"),
        (15, "components.1.missing.set.lifecycle"),
        (17, "components.1.fields.costs"),
        (18, "components.1.fields.lifecycle"),
        (21, "components.2.workspace"),
        (29, "references.1.target.key"),
    ]
    sentences = str(refused.value)
    assert "The file 'gone.csv' of the source is not there" in sentences
    assert "Workspace 'Apps' has no component type 'Aplication': did you mean 'Application'?" in sentences
    assert "There is no workspace 'App': did you mean 'Apps'?" in sentences
    assert "Workspace 'Apps' has no field 'costs': did you mean 'cost'?" in sentences
    assert writes(ardoq) == []


def test_a_workspace_may_be_given_by_its_id(ardoq, night):
    """An id is as good as a name; names are found in any letter case."""
    night(
        APPLICATIONS.replace('"Apps"', f'"{APPS}"').replace('"Application"', '"application"'), apps=names(1)
    )
    assert list(stored(ardoq)) == ["A1"]


def test_two_mappings_of_a_type_agree_on_what_is_missing(job_of, new_client):
    """Where they say different things of it, that is a trouble."""
    text = '[sources.apps]\ntype = "rows"\nrows = []\n' + APPLICATIONS + APPLICATIONS + 'missing = "delete"\n'
    (trouble,) = find_problems(job_of(text), new_client(simulate=True))
    assert trouble.sentence.startswith(
        "Two mappings of type 'Application' in one workspace say different things"
    )


def test_a_source_that_breaks_off_stops_a_night_before_it_begins(ardoq, job_of, new_client, tmp_path):
    """Nothing is written where a source cannot be read to its end."""
    (tmp_path / "apps.csv").write_text('Name\nShop\n"Till\n', encoding="utf-8")
    job = job_of('[sources.apps]\nfile = "apps.csv"\n' + APPLICATIONS)
    with pytest.raises(ArdoqClientException, match=r"apps\.csv line 3 opens a quote that is never closed"):
        run_job(job, new_client())
    assert writes(ardoq) == []


def test_an_ardoq_that_does_not_answer_ends_the_run(ardoq, job_of, new_client):
    """Where a workspace cannot be loaded, the outcome and the report say why."""
    job = job_of('[sources.apps]\ntype = "rows"\nrows = [{ Name = "Shop" }]\n' + APPLICATIONS)
    client = new_client(retries=0)
    find_problems(job, client)
    ardoq.fail(status=503, times=1000)
    with pytest.raises(ServiceUnavailable):
        run_job(job, client)
    assert writes(ardoq) == []
