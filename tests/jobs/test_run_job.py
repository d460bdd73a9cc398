"""Run jobs on v1, on v2 and in batches."""

import pytest
from job_seed import APPS, SEED, SERVERS, component, stored, stored_references, writes

from ardoqpy import ArdoqClientException, ServiceUnavailable
from ardoqpy_sync.job import JobInvalid, find_problems, run_job

APPLICATIONS = """
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{Name}"
"""
MAKE_EQUAL = "Make both rows the same, or remove one."
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
    rows = [*report["failed_comps_l"], *report["failed_refs_l"]]
    return [(row["name"], row["label"], row["reason"]) for row in rows]


def test_rows_become_components_and_a_second_run_changes_nothing(ardoq, run):
    """Cells are converted to fields, named by name or label; a second run changes nothing."""
    text = APPLICATIONS + (
        'description = "{Name} of {Owner}"\n[components.fields]\n'
        'cmdb_id = "{Id}"\n"Yearly cost" = "{Cost}"\nlifecycle = "live"\ncritical = "{Critical}"\n'
    )
    rows = [
        {"Name": " Shop ", "Owner": "Ann", "Id": 7, "Cost": "1 200.50", "Critical": "yes"},
        {"Name": "Till", "Owner": None, "Id": "8", "Cost": "", "Critical": False},
    ]
    result, report, _ = run(text, apps=rows)
    assert (report["status"], report["new_comps"], result.blocked) == ("success", 2, [])
    shop, till = stored(ardoq)["Shop"], stored(ardoq)["Till"]
    assert shop["description"] == "Shop  of Ann"
    assert (shop["cmdb_id"], shop["cost"], shop["lifecycle"], shop["critical"]) == ("7", 1200.5, "Live", True)
    assert (till.get("cost"), till["critical"], till["description"]) == (None, False, "Till of")
    ardoq.clear_requests()
    assert run(text, apps=rows)[1]["cache_hit_comps"] == 2
    assert writes(ardoq) == []


def test_preview_reports_what_the_run_does(ardoq, run):
    """A simulated run has the report of the live one, and writes nothing."""
    rows = {"apps": [{"Name": "Shop"}, {"Name": "Till"}], "links": [{"From": "shop", "To": "Till"}]}
    result, preview, plan = run(APPLICATIONS + LINKS, simulate=True, **rows)
    assert writes(ardoq) == []
    assert len(plan) == 3
    assert result.sources == [
        {"name": "apps", "rows": 2, "skipped": 0, "failed": 0},
        {"name": "links", "rows": 1, "skipped": 0, "failed": 0},
    ]
    _, live, _ = run(APPLICATIONS + LINKS, **rows)
    for key, value in preview.items():
        if isinstance(value, int):
            assert live[key] == value
    assert stored_references(ardoq) == [("Shop", "Till", 1)]


def test_source_of_several_mappings_is_listed_once(run):
    """A source that two mappings read is listed once, with its rows and those that no mapping selects."""
    servers = APPLICATIONS.replace('type = "Application"', 'type = "Server"')
    rows = [{"Name": f"{kind} {number}", "Kind": kind} for number, kind in enumerate(["app", "os", "x", "x"])]
    result, _, _ = run(
        APPLICATIONS + 'where = { Kind = "app" }\n' + servers + 'where = { Kind = "os" }\n', apps=rows
    )
    assert result.sources == [{"name": "apps", "rows": 4, "skipped": 2, "failed": 0}]


def test_where_selects_rows(ardoq, run):
    """Rows with other cells than those in `where` are skipped and counted."""
    rows = [
        {"Name": f"A{number}", "Kind": kind} for number, kind in enumerate(["app", " app ", "x", 5, None])
    ]
    result, report, _ = run(APPLICATIONS + 'where = { Kind = ["app", 5] }', apps=rows)
    assert (report["new_comps"], result.counts["apps"]["skipped"]) == (3, 2)


def test_row_with_bad_cells_fails_with_all_of_them(ardoq, run):
    """The row is reported with all bad cells; nothing of it is written, and its component is not missing."""
    ardoq.load(SEED | {"components": [component("d" * 24, "Till", cost=5)]})
    text = APPLICATIONS + '[components.fields]\ncost = "{Cost}"\ncritical = "{Critical}"\n'
    rows = [{"Name": "Shop", "Cost": 1, "Critical": ""}, {"Name": "Till", "Cost": "many", "Critical": "very"}]
    _, report, _ = run(text, apps=rows)
    ((name, label, reason),) = failures(report)
    assert (name, label) == ("Till", "apps row 2")
    number, checkbox = (
        "'many' is not a valid number for field 'Yearly cost' (cost).",
        "'very' is not a valid yes/no",
    )
    assert reason.startswith(number)
    assert checkbox in reason
    assert (report["new_comps"], report["cache_miss_comps"]) == (1, [])
    assert stored(ardoq)["Till"]["cost"] == 5


def test_row_without_name_or_key_fails(ardoq, run):
    """A blank name and a blank key are reported, both if both are blank."""
    text = APPLICATIONS + 'key = "cmdb_id"\n[components.fields]\ncmdb_id = "{Id}"\n'
    _, report, _ = run(
        text, apps=[{"Name": " ", "Id": 1}, {"Name": "Shop", "Id": ""}, {"Name": "", "Id": "", "x": 1}]
    )
    assert [reason for _, _, reason in failures(report)] == [
        "The name is blank.",
        "The key cmdb_id is blank.",
        "The name is blank. The key cmdb_id is blank.",
    ]
    assert stored(ardoq) == {}


def test_component_with_same_key_is_renamed(ardoq, run):
    """If components are matched by a custom field, a new name is an update."""
    ardoq.load(SEED | {"components": [component("d" * 24, "Old name", cmdb_id="7")]})
    text = APPLICATIONS + 'key = "CMDB id"\n[components.fields]\n"CMDB id" = "{Id}"\n'
    _, report, _ = run(text, apps=[{"Name": "New name", "Id": 7}])
    assert (report["updated_comps"], report["new_comps"]) == (1, 0)
    assert list(stored(ardoq)) == ["New name"]


def test_rows_can_come_before_their_parents(ardoq, run):
    """Parents are found in any order; a blank parent is the top; a missing parent is reported."""
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
    _, report, _ = run(APPLICATIONS + 'parent = { value = "{Above}" }', apps=rows)
    apps = stored(ardoq)
    assert apps["Leaf"]["parent"] == apps["Twig"]["_id"]
    assert apps["Twig"]["parent"] == apps["Root"]["_id"]
    assert apps["Sub"].get("parent") is None
    none = "There is no parent component of type 'Application' with the name 'Nowhere' in workspace 'Apps'."
    assert [(name, reason) for name, _, reason in failures(report)] == [
        ("Lost", none),
        ("Lower", "The parent 'Lost' is not written, because apps row 5 is rejected."),
    ]


def test_parent_has_its_own_type_and_key(ardoq, run):
    """A parent can have another type and be found by a field."""
    ardoq.load(SEED | {"components": [component("d" * 24, "Rack", kind="p2", cmdb_id="R1")]})
    text = APPLICATIONS + 'parent = { type = "Server", key = "cmdb_id", value = "R{Rack}" }'
    run(text, apps=[{"Name": "Shop", "Rack": 1}])
    assert stored(ardoq)["Shop"]["parent"] == "d" * 24


def test_references_between_workspaces_and_several_in_a_cell(ardoq, run):
    """Ends are in other workspaces, a cell can name several, and a blank end gives no reference."""
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
    _, report, _ = run(text, apps=rows)
    assert stored_references(ardoq) == [("Shop", "db1", 2), ("Shop", "db2", 2)]
    assert {ref["displayText"] for ref in ardoq.dump()["references"]} == {"Shop runs here"}
    ((name, label, reason),) = failures(report)
    assert (name, label) == ("Fax -> db9", "apps row 3")
    assert (
        reason == "There is no target component of type 'Server' with the name 'db9' in workspace 'Servers'."
    )


def test_conflicting_rows_are_reported(ardoq, run):
    """The first row wins; an identical row is ignored, and a different one fails."""
    text = APPLICATIONS + '[components.fields]\ncost = "{Cost}"\n'
    rows = [{"Name": "Shop", "Cost": 1}, {"Name": "Shop", "Cost": "1"}, {"Name": "SHOP", "Cost": 2}]
    _, report, _ = run(text, apps=rows)
    values = "name is Shop there and SHOP here, cost is 1 there and 2 here"
    assert failures(report) == [
        (
            "SHOP",
            "apps row 3",
            f"The row conflicts with apps row 1, which describes the same component: {values}. {MAKE_EQUAL}",
        )
    ]
    assert (report["new_comps"], stored(ardoq)["Shop"]["cost"]) == (1, 1)


def test_component_of_a_rejected_row_is_never_deleted(ardoq, run):
    """A component with a row without a name, with a bad cell or with two parents is not missing."""
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
    result, report, _ = run(text, apps=rows)
    assert result.blocked == []
    assert report["failed_comps"] == 3
    assert [item["name"] for item in report["del_comps_l"]] == ["A4"]
    assert sorted(stored(ardoq)) == ["A0", "A1", "A2", "A3"]


def test_name_that_is_not_text_fails_its_row(ardoq, run):
    """Cells that cannot be names fail the row, which reports all of them, and do not end the run."""
    links = [{"From": {"id": 1}, "To": {"Till"}}, {"From": "Shop", "To": "Till"}]
    result, report, _ = run(APPLICATIONS + LINKS, apps=[{"Name": "Shop"}, {"Name": "Till"}], links=links)
    assert result.failure is None
    ((_, label, reason),) = failures(report)
    assert label == "links row 1"
    assert reason == (
        "The value {From} has a dict where text is needed: name a part of it, such as {Column.id} or, for a "
        "list, {Column[].id}. The value {To} has a set where text is needed: give it as text."
    )
    assert stored_references(ardoq) == [("Shop", "Till", 1)]


def test_two_mappings_can_write_different_attributes(ardoq, run):
    """Two mappings can write different attributes of the same component."""
    text = APPLICATIONS + '[components.fields]\ncost = "{Cost}"\n'
    text += APPLICATIONS.replace('"apps"', '"more"') + '[components.fields]\nlifecycle = "{State}"\n'
    rows = {"apps": [{"Name": "Shop", "Cost": 1}], "more": [{"Name": "shop", "State": "live"}]}
    _, report, _ = run(text, **rows)
    assert failures(report) == []
    assert (stored(ardoq)["Shop"]["cost"], stored(ardoq)["Shop"]["lifecycle"]) == (1, "Live")


def test_two_mappings_can_write_different_attributes_of_a_reference(ardoq, run):
    """Two mappings can write different attributes of the same reference."""
    text = APPLICATIONS + LINKS + 'description = "{Why}"\n'
    text += LINKS.replace('"links"', '"more"') + 'displayText = "{Said}"\n'
    ends = {"From": "Shop", "To": "Till"}
    apps = [{"Name": "Shop"}, {"Name": "Till"}]
    _, report, _ = run(text, apps=apps, links=[{**ends, "Why": "sells"}], more=[{**ends, "Said": "feeds"}])
    assert failures(report) == []
    (reference,) = ardoq.dump()["references"]
    assert (reference["description"], reference["displayText"]) == ("sells", "feeds")


def test_protected_attributes_of_components(ardoq, run):
    """Components with create_only, fill_if_empty and never_null keep the values of users."""
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
    run(text, apps=rows)
    apps = stored(ardoq)
    assert [apps[name]["lifecycle"] for name in ("Shop", "Till", "New")] == ["Retired", "Retired", "Live"]
    assert [apps[name]["description"] for name in ("Shop", "Till", "New")] == [
        "by hand",
        "Text of Till",
        "Text of New",
    ]
    assert [apps["Shop"].get(name) for name in ("cost", "cmdb_id")] == [5, None]


def test_protected_attributes_of_references(ardoq, run):
    """References with fill_if_empty keep the values of users."""
    components = [component("d" * 24, "Shop"), component("e" * 24, "Till")]
    reference = {
        "_id": "f" * 24, "source": "d" * 24, "target": "e" * 24, "type": 1, "rootWorkspace": APPS,
        "targetWorkspace": APPS, "displayText": "by hand",
    }  # fmt: skip
    ardoq.load(SEED | {"components": components, "references": [reference]})
    text = LINKS + 'displayText = "{Text}"\nfill_if_empty = ["displayText"]'
    run(
        text, links=[{"From": "Shop", "To": "Till", "Text": "x"}, {"From": "Till", "To": "Shop", "Text": "y"}]
    )
    texts = {ref["source"]: ref["displayText"] for ref in ardoq.dump()["references"]}
    assert texts == {"d" * 24: "by hand", "e" * 24: "y"}


def load_ten(ardoq):
    """Load ten applications."""
    ardoq.load(SEED | {"components": [component(f"{number}" * 24, f"A{number}") for number in range(10)]})


def rows_of(*numbers):
    """Return the rows of some of the ten applications."""
    return [{"Name": f"A{number}"} for number in numbers]


def test_missing_components_are_deleted_within_the_guard(ardoq, run):
    """With missing = "delete", missing components are deleted unless the guard blocks it."""
    load_ten(ardoq)
    text = APPLICATIONS + 'missing = "delete"\n'
    result, report, _ = run(text, apps=rows_of(*range(9)))
    assert (result.blocked, report["del_comps"]) == ([], 1)
    assert "A9" not in stored(ardoq)
    result, report, _ = run(text, apps=rows_of(1, 2))
    assert (report["del_comps"], len(stored(ardoq))) == (0, 9)
    assert "7 of the 9 components of type Application" in str(result.blocked[0])
    result, report, _ = run(text + "[guard]\nshare = 0.8\n", apps=rows_of(1, 2))
    assert (result.blocked, sorted(stored(ardoq))) == ([], ["A1", "A2"])


def test_missing_components_are_marked_within_the_guard(ardoq, run):
    """With missing = { set = ... }, missing components get these values, converted like cells."""
    load_ten(ardoq)
    text = APPLICATIONS + 'missing = { set = { Lifecycle = "retired" } }\n'
    result, report, _ = run(text, apps=rows_of(*range(9)))
    assert (result.blocked, report["updated_comps"]) == ([], 1)
    assert stored(ardoq)["A9"]["lifecycle"] == "Retired"
    result, report, _ = run(text, apps=rows_of(1))
    assert "would be marked" in str(result.blocked[0])
    assert report["updated_comps"] == 0


def test_empty_source_deletes_nothing(ardoq, run):
    """If no row can be used, nothing of that type is deleted, and the result has the reason."""
    load_ten(ardoq)
    result, report, _ = run(APPLICATIONS + 'missing = "delete"\n', apps=[])
    assert (report["del_comps"], len(stored(ardoq))) == (0, 10)
    assert "No row of source 'apps' could be used as a component of type 'Application'" in str(
        result.blocked[0]
    )


def test_failed_rows_block_deleting(ardoq, run):
    """A failed row can be the row of a missing component, so the guard blocks."""
    load_ten(ardoq)
    result, report, _ = run(
        APPLICATIONS + 'missing = "delete"\n[components.fields]\ncost = "{Cost}"\n',
        apps=[*rows_of(*range(9)), {"Name": "New", "Cost": "many"}],
    )
    assert report["del_comps"] == 0
    assert result.blocked[0].reasons[0]["bound"] == "failures"


def test_row_that_nobody_can_identify_protects_its_type(ardoq, run):
    """A row with a blank key can be any item: nothing of its type is deleted, whatever the guard allows."""
    load_ten(ardoq)
    text = APPLICATIONS + 'missing = "delete"\n[guard]\ndespite_failures = true\n'
    result, report, _ = run(text, apps=[*rows_of(*range(9)), {"Name": "", "Id": 1}])
    assert report["del_comps"] == 0
    (reason,) = result.blocked[0].reasons
    assert reason["sentence"].startswith("It is not known which item these rows describe: apps row 10. Any")


def test_all_unknown_names_are_reported(make_job, new_client, ardoq, tmp_path):
    """Unknown workspaces, types, fields, options, columns and files are reported with their lines."""
    (tmp_path / "apps.csv").write_text("Name,Cost\nShop,1\n", encoding="utf-8")
    job = make_job(
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
    with pytest.raises(JobInvalid) as error:
        run_job(job, client)
    assert error.value.problems == tuple(
        sorted(find_problems(job, client), key=lambda problem: problem.line or 0)
    )
    assert [(problem.line, problem.key) for problem in error.value.problems] == [
        (7, "sources.gone.file"),
        (11, "components.1.type"),
        (12, "components.1.name"),
        (13, "components.1.description"),
        (14, "components.1.parent.type"),
        (15, "components.1.missing.set.lifecycle"),
        (17, "components.1.fields.costs"),
        (18, "components.1.fields.lifecycle"),
        (21, "components.2.workspace"),
        (29, "references.1.target.key"),
    ]
    messages = str(error.value)
    assert "The file 'gone.csv' in the folder" in messages
    assert "Workspace 'Apps' has no component type 'Aplication': did you mean 'Application'?" in messages
    assert "There is no workspace 'App': did you mean 'Apps'?" in messages
    assert "Workspace 'Apps' has no field 'costs': did you mean 'cost'?" in messages
    assert writes(ardoq) == []


@pytest.mark.parametrize(
    ("kind", "name"), [("component", "description"), ("component", "parent"), ("reference", "displayText")]
)
def test_attribute_among_the_fields(make_job, new_client, kind, name):
    """An attribute that is no custom field, but a key of the mapping, is refused with its place."""
    ends = 'source = { value = "{Name}" }\ntarget = { value = "{Name}" }'
    more, type_name = ('name = "{Name}"', "Application") if kind == "component" else (ends, "depends on")
    job = make_job(
        f"""
        [sources.apps]
        type = "rows"
        rows = [{{ Name = "Shop" }}]
        [[{kind}s]]
        rows = "apps"
        workspace = "Apps"
        type = "{type_name}"
        {more}
        [{kind}s.fields]
        {name} = "{{Name}}"
        """
    )
    problems = [str(problem) for problem in find_problems(job, new_client(simulate=True))]
    assert any(f"'{name}' is no custom field: write it in [[{kind}s]] itself" in each for each in problems)


def test_workspace_by_id_and_names_in_any_letter_case(ardoq, run):
    """A workspace can be given by id; names match in any letter case."""
    run(
        APPLICATIONS.replace('"Apps"', f'"{APPS}"').replace('"Application"', '"application"'), apps=rows_of(1)
    )
    assert list(stored(ardoq)) == ["A1"]


def test_mappings_of_a_type_need_the_same_missing_action(make_job, new_client):
    """Different values of missing for the same type are a problem."""
    text = '[sources.apps]\ntype = "rows"\nrows = []\n' + APPLICATIONS + APPLICATIONS + 'missing = "delete"\n'
    (problem,) = find_problems(make_job(text), new_client(simulate=True))
    assert problem.message.startswith(
        "Two mappings of type 'Application' in one workspace have different values"
    )


def test_damaged_source_stops_the_run_before_it_begins(ardoq, make_job, new_client, tmp_path):
    """Nothing is written if a source cannot be read to its end."""
    (tmp_path / "apps.csv").write_text('Name\nShop\n"Till\n', encoding="utf-8")
    job = make_job('[sources.apps]\nfile = "apps.csv"\n' + APPLICATIONS)
    with pytest.raises(ArdoqClientException, match=r"apps\.csv line 3 opens a quote that is never closed"):
        run_job(job, new_client())
    assert writes(ardoq) == []


def test_unreachable_ardoq_ends_the_run(ardoq, make_job, new_client):
    """If Ardoq does not answer, the run raises the error and writes nothing."""
    job = make_job('[sources.apps]\ntype = "rows"\nrows = [{ Name = "Shop" }]\n' + APPLICATIONS)
    client = new_client(retries=0)
    find_problems(job, client)
    ardoq.fail(status=503, times=1000)
    with pytest.raises(ServiceUnavailable):
        run_job(job, client)
    assert writes(ardoq) == []
