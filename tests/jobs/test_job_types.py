"""Types that the rows give, and fields that mappings share."""

import pytest
from job_seed import APPS, component, stored, stored_references, writes

from ardoqpy_sync.job import JobInvalid, find_problems, run_job

ELEMENTS = """
[[components]]
rows = "elements"
workspace = "Apps"
type = "{Type}"
name = "{Name}"
key = "cmdb_id"
[components.fields]
cmdb_id = "{Id}"
"""
RELATIONS = """
[[references]]
rows = "relations"
workspace = "Apps"
type = { value = "{Type}", map = { "Uses" = "depends on", "Host" = "runs on" } }
source = { value = "{From}", key = "cmdb_id" }
target = { value = "{To}", type = "{To type}" }
"""
ROWS = [
    {"Id": "1", "Type": "Application", "Name": "Shop"},
    {"Id": "2", "Type": "server", "Name": "Shop"},
    {"Id": "3", "Type": " Server ", "Name": "db-1"},
]


def reasons(report):
    """Return why rows failed, by label."""
    return {row["label"]: row["reason"] for row in [*report["failed_comps_l"], *report["failed_refs_l"]]}


def types(server):
    """Return the type of each stored component by its key."""
    return {comp["cmdb_id"]: comp["typeId"] for comp in map(flat, server.dump()["components"])}


def flat(comp):
    """Return a stored component with its custom fields."""
    return comp | comp.get("customFields", {})


def test_rows_have_the_types_that_they_give(ardoq, run):
    """Components, references and ends have the types of their rows; a second run changes nothing."""
    relations = [
        {"From": "1", "To": "Shop", "To type": "Server", "Type": "Host"},
        {"From": "2", "To": "Shop", "To type": "Application", "Type": "uses"},
    ]
    rows = {"elements": ROWS, "relations": relations}
    _, preview, _ = run(ELEMENTS + RELATIONS, simulate=True, **rows)
    _, report, _ = run(ELEMENTS + RELATIONS, **rows)
    assert (preview["new_comps"], preview["new_refs"]) == (report["new_comps"], report["new_refs"]) == (3, 2)
    assert types(ardoq) == {"1": "p1", "2": "p2", "3": "p2"}
    assert [kind for _, _, kind in stored_references(ardoq)] == [1, 2]
    ardoq.clear_requests()
    run(ELEMENTS + RELATIONS, **rows)
    assert writes(ardoq) == []


def test_type_that_does_not_exist_fails_its_row(ardoq, run):
    """An unknown and a blank type, also of a reference or an end, fail only their rows."""
    rows = [*ROWS, {"Id": "4", "Type": "Sever", "Name": "x"}, {"Id": "5", "Type": None, "Name": "y"}]
    relations = [
        {"From": "1", "To": "Shop", "To type": "Server", "Type": "Hosts"},
        {"From": "1", "To": "Shop", "To type": "Srv", "Type": "Host"},
        {"From": "1", "To": None, "To type": "Srv", "Type": "Host"},
        {"From": "1", "To": "db-1", "To type": "Server", "Type": "Host"},
    ]
    _, report, _ = run(ELEMENTS + RELATIONS, elements=rows, relations=relations)
    assert reasons(report) == {
        "elements row 4": "Workspace 'Apps' has no component type 'Sever': did you mean 'Server'?",
        "elements row 5": "The type is blank: {Type} has no value. Give it one.",
        "relations row 1": reasons(report)["relations row 1"],
        "relations row 2": reasons(report)["relations row 2"],
    }
    assert "Workspace 'Apps' has no component type 'Srv'" in reasons(report)["relations row 2"]
    assert "'Hosts' is not in map (job.toml line" in reasons(report)["relations row 1"]
    assert [row["name"] for row in report["failed_comps_l"]] == ["x", "y"]
    assert (report["new_comps"], report["new_refs"]) == (3, 1)


def test_order_of_rows_and_mappings_makes_no_difference(ardoq, run, new_client):
    """The same rows in another order give the same components."""
    run(ELEMENTS, elements=list(reversed(ROWS)))
    assert types(ardoq) == {"1": "p1", "2": "p2", "3": "p2"}


@pytest.mark.parametrize("known", [True, False])
def test_type_of_a_row_can_change(ardoq, run, known):
    """A key under another type is rejected, or changes the type if the job says so."""
    run(ELEMENTS, elements=ROWS)
    changed = [{**ROWS[0], "Type": "Server"}, *ROWS[1:]]
    text = ELEMENTS.replace("[components.fields]", 'type_change = "update"\n[components.fields]')
    _, report, _ = run(text if known else ELEMENTS, elements=changed)
    assert types(ardoq) == {"1": "p2" if known else "p1", "2": "p2", "3": "p2"}
    assert list(reasons(report)) == ([] if known else ["elements row 1"])


MISSING = ELEMENTS.replace("[components.fields]", 'missing = "delete"\n[components.fields]')
OLD = [component("5" * 24, "Old", cmdb_id="9"), component("6" * 24, "Older", kind="p2", cmdb_id="8")]
GUARD = "[guard]\nshare = 1\ncount = 9\n"


@pytest.mark.parametrize(
    ("rows", "left", "sentence"),
    [
        (ROWS, set(), None),
        (ROWS[:1], {"Older"}, "could be used as a component of type 'Server'"),
        ([*ROWS, {"Id": "8", "Type": "Sever", "Name": "x"}], {"Old", "Older"}, "It is not known which item"),
    ],
)
def test_a_type_without_usable_rows_is_not_deleted(ardoq, run, rows, left, sentence):
    """What is missing is deleted by type, but not a type without rows or what a bad row may be about."""
    ardoq.load({**ardoq.dump(), "components": OLD})
    result, _, _ = run(GUARD + MISSING, elements=rows)
    assert {"Old", "Older"} & stored(ardoq).keys() == left
    blocked = "\n".join(str(error) for error in result.blocked)
    assert sentence in blocked if sentence else blocked == ""


def test_map_limits_the_types_of_a_mapping(ardoq, run):
    """With a map, only its types can be missing: a workspace can have types of other jobs."""
    ardoq.load({**ardoq.dump(), "components": OLD})
    text = MISSING.replace('"{Type}"', '{ value = "{Type}", map = { App = "Application" } }')
    result, _, _ = run(GUARD + text, elements=[{"Id": "1", "Type": "App", "Name": "Shop"}])
    assert (stored(ardoq).keys(), result.blocked) == ({"Shop", "Older"}, [])


def test_parent_has_the_type_of_its_row(ardoq, run):
    """A parent is looked for in the type that the row gives, or else in all types."""
    child = {"Id": "4", "Type": "Server", "Name": "vm", "In": "Shop"}
    text = ELEMENTS.replace("[components.fields]", 'parent = { value = "{In}" }\n[components.fields]')
    _, report, _ = run(text, elements=[*ROWS, child])
    assert "The parent component with the name 'Shop' in workspace" in reasons(report)["elements row 4"]
    text = text.replace('"{In}"', '"{In}", type = "{In type}"')
    run(text, elements=[*ROWS, {**child, "In type": "Server"}])
    comps = {comp["cmdb_id"]: comp for comp in map(flat, ardoq.dump()["components"])}
    assert comps["4"]["parent"] == comps["2"]["_id"]


def test_map_of_types_can_be_a_file(ardoq, make_job, new_client, tmp_path):
    """A map file is read from the folder of the job; a word that it has twice is a problem of the job."""
    (tmp_path / "elements.csv").write_text("Id,Type,Name\n1,VM,vm-1\n", encoding="utf-8")
    (tmp_path / "types.csv").write_text("Word,Type\nVM,Server\n", encoding="utf-8")
    text = '[sources.elements]\nfile = "elements.csv"\n' + ELEMENTS
    job = make_job(text.replace('"{Type}"', '{ value = "{Type}", map_file = "types.csv" }'))
    run_job(job, new_client())
    assert stored(ardoq)["vm-1"]["typeId"] == "p2"
    (tmp_path / "types.csv").write_text("Word,Type\nVM,Server\nVM,Application\n", encoding="utf-8")
    (problem,) = find_problems(job, new_client())
    assert (problem.line, problem.key) == (8, "components.1.type.map_file")
    assert "types.csv line 2 and types.csv line 3 both have the value 'VM'" in problem.message


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ('"{Type"', "type is '{Type': it has a single '{'."),
        ("5", "type is 5: use a name, or a column such as"),
        ('{ map = { a = "b" } }', "type: it needs the key 'value'."),
        ('{ value = "Server" }', "type: value has no column: use one"),
        ('{ value = "{Type}", otherwise = "keep" }', "type: otherwise is set without a map."),
        ('{ value = "{Type}", mpa = {} }', "type: it has no key 'mpa': did you mean 'map'"),
    ],
)
def test_invalid_type_is_a_problem_of_the_job(make_job, kind, message):
    """A type that cannot be used is reported with its line."""
    text = '[sources.elements]\ntype = "rows"\nrows = []\n' + ELEMENTS.replace('"{Type}"', kind)
    with pytest.raises(JobInvalid) as caught:
        make_job(text)
    (problem,) = caught.value.problems
    assert (problem.line, problem.message[: len(message)]) == (9, message)


def test_column_of_a_type_must_exist(make_job, new_client, ardoq, tmp_path):
    """A type column that the source lacks is reported at its line."""
    (tmp_path / "e.csv").write_text("Id,Kind,Name\n1,VM,vm-1\n", encoding="utf-8")
    job = make_job('[sources.elements]\nfile = "e.csv"\n' + ELEMENTS)
    (problem,) = find_problems(job, new_client())
    assert (problem.line, problem.message[:33]) == (8, "e.csv has no column 'Type': there")


SHARED = """
[fields.common]
cmdb_id = "{Id}"
lifecycle = "{Status}"
[fields.more]
lifecycle = "Live"
cost = 5
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{Name}"
key = "cmdb_id"
use = ["common", "more"]
create_only = ["lifecycle"]
[[components]]
rows = "apps"
workspace = "Servers"
type = "Server"
name = "{Name}"
use = ["more"]
fields = { lifecycle = "Planned" }
"""


def test_mappings_share_fields(ardoq, run):
    """Fields of a mapping come before shared ones, and earlier tables before later ones."""
    run(SHARED, apps=[{"Id": "1", "Name": "Shop", "Status": "Retired"}])
    (shop,) = stored(ardoq, APPS).values()
    (server,) = stored(ardoq, "b" * 24).values()
    assert (shop["cmdb_id"], shop["lifecycle"], shop["cost"]) == ("1", "Retired", 5)
    assert (server["lifecycle"], server["cost"]) == ("Planned", 5)


@pytest.mark.parametrize(
    ("change", "line", "key", "message"),
    [
        (('["more"]', '["mroe"]'), 22, "components.2.use.1", "There is no table [fields.mroe]: did you"),
        (("cost = 5", "cots = 5"), 8, "fields.more.cots", "Workspace 'Apps' has no field 'cots': did you"),
        (('"{Status}"', '"{Status"'), 5, "fields.common.lifecycle", "lifecycle is '{Status': it has a"),
        (('"{Status}"', '"{Stats}"'), 5, "fields.common.lifecycle", "apps.csv has no column 'Stats'"),
        (("cost = 5", 'cost = "x"'), 8, "fields.more.cost", "'x' is not a valid number"),
    ],
)  # fmt: skip
def test_problem_of_a_shared_field_is_reported_at_its_line(
    make_job, new_client, ardoq, tmp_path, change, line, key, message
):
    """A shared field that is not valid is reported where it is written."""
    (tmp_path / "apps.csv").write_text("Id,Name,Status\n1,Shop,Live\n", encoding="utf-8")
    with pytest.raises(JobInvalid) as caught:
        run_job(make_job(SHARED.replace(*change) + '\n[sources.apps]\nfile = "apps.csv"\n'), new_client())
    first = caught.value.problems[0]
    assert (first.line, first.key) == (line, key)
    assert first.message.startswith(message)
