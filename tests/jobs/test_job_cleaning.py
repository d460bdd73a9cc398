"""A job cleans the cells of its sources: all that reads a row sees the clean values."""

import pytest
from job_seed import component, stored, stored_references, writes

from ardoqpy_sync.job import JobInvalid, run_job

SOURCE = """
[sources.apps]
file = "apps.csv"
blank = ["-", "n/a"]
[sources.apps.columns.Status]
map_file = "status.csv"
[sources.apps.columns.Cost]
strip = ["kr", ",-"]
formats = { decimal = "," }
[sources.apps.columns.Needs]
split = [";", ","]
"""
MAPPINGS = """
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{Name}"
parent = { value = "{Part of}" }
where = { Status = ["Live", "Planned"] }
key = "cmdb_id"
[components.fields]
cmdb_id = "{Id}"
lifecycle = "{Status}"
cost = "{Cost}"
[[references]]
rows = "apps"
workspace = "Apps"
type = "depends on"
where = { Status = ["Live", "Planned"] }
source = { value = "{Id}", key = "cmdb_id" }
target = { value = "{Needs}", key = "cmdb_id" }
"""
ROWS = """Id;Name;Part of;Status;Cost;Needs
1;Shop;-;I drift;1 200,50 kr;2, 3
2;Orders;Shop;i drift;n/a;3
3;Billing;SHOP;Planlagt;5,-;-
4;Old;-;Utfaset;5;1
"""
STATUS = "Word;Status\nI drift;Live\nPlanlagt;Planned\nUtfaset;Retired\n"


@pytest.fixture
def job(make_job, tmp_path):
    """Return a function that makes the job over these rows."""

    def make(rows=ROWS, source=SOURCE, status=STATUS, mappings=MAPPINGS):
        (tmp_path / "apps.csv").write_text(rows, encoding="utf-8")
        (tmp_path / "status.csv").write_text(status, encoding="utf-8")
        return make_job(source + mappings)

    return make


def failures(report):
    """Return the rows that failed, as (label, reason)."""
    return [(row["label"], row["reason"]) for row in [*report["failed_comps_l"], *report["failed_refs_l"]]]


def test_everything_sees_the_clean_values(ardoq, job, new_client):
    """Fields, parents, ends, keys and `where` use the clean values, and a second run changes nothing."""
    client = new_client()
    run_job(job(), client)
    assert failures(client.get_report()) == []
    comps = stored(ardoq)
    assert {
        name: (comp["lifecycle"], comp.get("cost"), comp.get("parent")) for name, comp in comps.items()
    } == {
        "Shop": ("Live", 1200.5, None),
        "Orders": ("Live", None, comps["Shop"]["_id"]),
        "Billing": ("Planned", 5, comps["Shop"]["_id"]),
    }
    assert stored_references(ardoq) == [
        ("Orders", "Billing", 1),
        ("Shop", "Billing", 1),
        ("Shop", "Orders", 1),
    ]
    ardoq.clear_requests()
    run_job(job(), new_client())
    assert writes(ardoq) == []


def test_a_bad_cell_fails_its_row_with_the_line_of_the_job(ardoq, job, new_client):
    """A word that is not in the map, and a cell of which nothing is left, name the line of their key."""
    rows = ROWS.replace("Planlagt;5,-", "Planlgt;5,-").replace("I drift;1 200,50 kr", "I drift;kr")
    client = new_client()
    run_job(job(rows), client)
    reasons = dict(reversed(failures(client.get_report())))  # the component's, which come first
    nothing = "Nothing is left of 'kr' in column 'Cost' after strip (job.toml line 9)."
    assert nothing in reasons["apps.csv line 2"]
    unknown = "'Planlgt' in column 'Status' is not in status.csv (job.toml line 7): did you mean 'Planlagt'?"
    assert unknown in reasons["apps.csv line 4"]


def test_a_row_that_cannot_be_read_protects_what_it_may_be_about(ardoq, job, new_client):
    """A cell that a rule rejects does not let the component of its row be deleted as missing."""
    ardoq.load({**ardoq.dump(), "components": [component("5" * 24, "Billing", cmdb_id="3")]})
    mappings = MAPPINGS.replace("where", 'missing = "delete"\nwhere', 1)
    result = run_job(job(ROWS.replace("Planlagt", "Planlgt"), mappings=mappings), new_client())
    assert "Billing" in stored(ardoq)
    assert result.blocked != []


def test_given_rows_are_cleaned_too(ardoq, job, new_client):
    """Rows that a script passes for a source are cleaned as the job says; they need not have all columns."""
    client = new_client()
    more = '[sources.apps.columns."Not read"]\nblank = "-"\n'
    given = [{"Id": "1", "Name": "Shop", "Part of": "-", "Status": "I drift", "Cost": 5, "Needs": None}]
    result = run_job(job(source=SOURCE + more), client, sources={"apps": given})
    assert result.failure is None
    assert stored(ardoq)["Shop"]["lifecycle"] == "Live"


@pytest.mark.parametrize(
    ("change", "line", "key", "message"),
    [
        (
            ("columns.Cost", "columns.Coast"), 8, "columns.Coast",
            "apps.csv has no column 'Coast': did you mean 'Cost'?",
        ),
        (("split =", "spilt ="), 12, "columns.Needs.spilt", "The table of column 'Needs' has no key 'spilt'"),
        (('decimal = ","', 'decimal = ";"'), 10, "columns.Cost.formats.decimal", "The decimal sign is ';'."),
        (("status.csv", "no.csv"), 7, "columns.Status.map_file", "The map file 'no.csv' cannot be used"),
        (('["-", "n/a"]', "{}"), 5, "blank", "The source of type 'csv' has a dict as 'blank'."),
        (
            ('map_file = "status.csv"', 'otherwise = "keep"'), 7, "columns.Status.otherwise",
            "otherwise is set without a map.",
        ),
    ],
)  # fmt: skip
def test_problem_has_the_line_of_its_key(job, new_client, ardoq, change, line, key, message):
    """A rule that cannot be used is a problem of the job, with its line."""
    with pytest.raises(JobInvalid) as caught:
        run_job(job(source=SOURCE.replace(*change)), new_client())
    (problem,) = caught.value.problems
    assert (problem.line, problem.key) == (line, f"sources.apps.{key}")
    assert problem.message.startswith(message)


def test_map_file_with_a_word_twice_is_a_problem_of_the_job(job, new_client, ardoq):
    """A map file that has a word twice is reported with the line of its key and both lines of the file."""
    with pytest.raises(JobInvalid) as caught:
        run_job(job(status=STATUS + "I drift;Planned\n"), new_client())
    (problem,) = caught.value.problems
    assert problem.line == 7
    assert problem.message == (
        "The map file 'status.csv' cannot be used: status.csv line 2 and status.csv line 5 both have the "
        "value 'I drift', which would stand for 'Live' and for 'Planned'. Remove one of them."
    )


def test_map_that_no_cell_is_in_is_a_note_of_the_run(job, new_client, ardoq):
    """A map that no cell is in is noted, with the line of its key and examples of both."""
    source = SOURCE.replace('map_file = "status.csv"', 'map = { "Aktiv" = "Live" }\notherwise = "keep"')
    result = run_job(job(source=source), new_client(simulate=True))
    note, *of_where = result.notes
    assert all("where selects no row of the source 'apps'" in other for other in of_where)
    assert note.startswith("No cell of column 'Status' is in its map (job.toml line 7), which has 'Aktiv'.")
    assert note.endswith(" Cells are 'I drift', 'i drift', 'Planlagt'.")
