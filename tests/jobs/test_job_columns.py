"""Columns and cells that a job reads: lines of problems, and cells that cannot be read."""

import io
from itertools import count

import openpyxl
import pytest
from job_seed import SERVERS, component, stored, stored_references, writes

from ardoqpy_sync.job import JobInvalid, run_job
from ardoqpy_sync.job.runner import find_problems

EVERY_KEY = """
[sources.apps]
file = "apps.csv"
[sources.links]
type = "rows"
rows = [{ Name = "x" }]
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{Name} {N1}"
description = "{N2}"
where = { Name = "x", N3 = [ "a" ] }
parent.type = "Application"
parent.value = "{N4}"
fields.cost = "{N5}"
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{Name}"
[components.fields]
cost = "{N6}"
"Lifecycle" = "{N7}"
[components.parent]
value = "{N8}"
[components.where]
N9 = 1
[[references]]
rows = "apps"
workspace = "Apps"
type = "depends on"
displayText = "{N10}"
source = { type = "Application", value = "{N11}" }
[references.target]
type = "Application"
value = "{Name}{N1}{N12}"
"""


@pytest.mark.parametrize("header", ["Name", "Name,Name2,,N1,N1,N12,N12"])
def test_problem_of_a_column_has_the_line_of_the_key_that_names_it(make_job, new_client, tmp_path, header):
    """Each key that names a column which cannot be read gives a problem at its own line."""
    (tmp_path / "apps.csv").write_text(f"{header}\nx\n")
    job = make_job(EVERY_KEY)
    lines = ("format = 1\n" + EVERY_KEY).split("\n")
    expected = []
    for number in count(1):
        wanted = [
            line for line, text in enumerate(lines, 1) if f"{{N{number}}}" in text or f"N{number} =" in text
        ]
        if not wanted:
            break
        expected += [(line, f"N{number}") for line in wanted]
    problems = find_problems(job, new_client(simulate=True))
    assert sorted((problem.line, problem.message.split("'")[1]) for problem in problems) == sorted(expected)
    assert len(expected) == 13
    for problem in problems:
        assert problem.message.startswith("apps.csv ")


@pytest.mark.parametrize(
    ("content", "line", "key", "message"),
    [
        (None, 4, "sources.apps.file", "The file 'apps.csv' in the folder"),
        ("", 3, "sources.apps", "apps.csv is empty."),
        ("a,b;c\n", 3, "sources.apps", "apps.csv line 1: the delimiter can be ',' or ';'."),
    ],
)
def test_source_that_cannot_be_read_is_one_problem(
    make_job, new_client, tmp_path, content, line, key, message
):
    """A source that cannot be read is one problem of the source, however many columns are read from it."""
    if content is not None:
        (tmp_path / "apps.csv").write_text(content)
    job = make_job(EVERY_KEY.replace("[sources.links]", "[sources.unused]"))
    (problem,) = find_problems(job, new_client(simulate=True))
    assert problem[1:] == (line, key)
    assert problem.message.startswith(message)


def failures(report):
    """Return the rows that failed, as (label, reason)."""
    return [(row["label"], row["reason"]) for row in [*report["failed_comps_l"], *report["failed_refs_l"]]]


JOB = """
[sources.apps]
file = "{file}"
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
key = "cmdb_id"
name = "{{Name}}"
[components.fields]
cmdb_id = "{{Id}}"
"""


def test_columns_that_the_job_does_not_read_do_not_matter(make_job, new_client, ardoq, tmp_path):
    """A file with double and blank column names, as Jira writes it, is read."""
    (tmp_path / "jira.csv").write_text("Name,Id,Labels,Labels,,\nWeb,A-1,red,blue,x,\n")
    run_job(make_job(JOB.format(file="jira.csv")), new_client())
    assert [(name, comp["cmdb_id"]) for name, comp in stored(ardoq).items()] == [("Web", "A-1")]
    job = make_job(JOB.format(file="jira.csv") + 'lifecycle = "{Labels}"')
    with pytest.raises(JobInvalid) as error:
        run_job(job, new_client())
    ((message, line, key),) = error.value.problems
    assert (line, key) == (13, "components.1.fields.lifecycle")
    assert (
        message
        == "jira.csv line 1: columns 3 and 4 have the name 'Labels'. Give each column a different name."
    )


def test_cell_that_a_short_line_lacks_empties_nothing(make_job, new_client, ardoq, tmp_path):
    """A row is rejected if a cell is missing that the mapping reads; another mapping can use the row."""
    ardoq.load(
        {
            **ardoq.dump(),
            "components": [
                component("d" * 24, "Web", cmdb_id="A-1", lifecycle="Live"),
                component("e" * 24, "srv", ws=SERVERS, kind="p2"),
            ],
        }
    )
    (tmp_path / "apps.csv").write_text("Name,Id,Status,Host\nWeb,A-1\nShop,A-2,Live,srv\n")
    links = """
    [[components]]
    rows = "apps"
    workspace = "Apps"
    type = "Application"
    key = "cmdb_id"
    name = "{Name}"
    fields = { cmdb_id = "{Id}", lifecycle = "{Status}" }
    [[references]]
    rows = "apps"
    type = "runs on"
    source = { type = "Application", workspace = "Apps", value = "{Name}" }
    target = { type = "Server", workspace = "Servers", value = "{Host}" }
    """
    client = new_client()
    result = run_job(make_job(JOB.format(file="apps.csv") + links), client)
    assert [counts["failed"] for counts in result.sources] == [2]
    assert (
        failures(client.get_report())
        == [("apps.csv line 2", "Too few cells: the row has 2, the header has 4 columns.")] * 2
    )
    assert {name: comp["lifecycle"] for name, comp in stored(ardoq).items()} == {
        "Web": "Live",
        "Shop": "Live",
    }
    assert stored_references(ardoq) == [("Shop", "srv", 2)]


def test_name_of_a_short_line_is_in_the_report(make_job, new_client, tmp_path):
    """A row whose name cannot be read is reported without a name, and does not end the run."""
    (tmp_path / "apps.csv").write_text("Id,Name\nA-1\nA-2,Shop\n")
    client = new_client(simulate=True)
    run_job(make_job(JOB.format(file="apps.csv")), client)
    assert failures(client.get_report()) == [
        ("apps.csv line 2", "Too few cells: the row has 1, the header has 2 columns.")
    ]


def test_ids_guarded_for_excel_are_the_ids(make_job, new_client, ardoq, tmp_path):
    """An id that a CSV guards for Excel, as in ="0341", matches the component with the id."""
    ardoq.load({**ardoq.dump(), "components": [component("d" * 24, "Plain", cmdb_id="0341")]})
    ardoq.clear_requests()
    (tmp_path / "apps.csv").write_text('"Id","Name"\n"=""0341""","Plain"\n')
    run_job(make_job(JOB.format(file="apps.csv")), new_client())
    assert writes(ardoq) == []


def test_hidden_rows_and_columns_are_in_the_result(make_job, new_client, ardoq, tmp_path):
    """Hidden rows are not read, and counted in the result; `hidden = true` reads them."""
    workbook = openpyxl.Workbook()
    for line in [["Id", "Name", "Note"], [1, "Web", "x"], [2, "Shop", "y"], [3, "Old", "z"]]:
        workbook.active.append(line)
    workbook.active.row_dimensions[4].hidden = True
    workbook.active.column_dimensions["C"].hidden = True
    content = io.BytesIO()
    workbook.save(content)
    (tmp_path / "apps.xlsx").write_bytes(content.getvalue())
    result = run_job(make_job(JOB.format(file="apps.xlsx")), new_client())
    assert result.sources == [
        {"name": "apps", "rows": 2, "skipped": 0, "failed": 0, "hidden_rows": 1, "hidden_columns": 1}
    ]
    assert sorted(stored(ardoq)) == ["Shop", "Web"]
    job = make_job(JOB.format(file="apps.xlsx").replace('.xlsx"', '.xlsx"\nhidden = true'))
    result = run_job(job, new_client())
    assert result.sources == [{"name": "apps", "rows": 3, "skipped": 0, "failed": 0}]
    assert sorted(stored(ardoq)) == ["Old", "Shop", "Web"]


@pytest.mark.parametrize("pad", ["{}      ", "\u00a0{}", "\t{}\u2003"])
def test_white_space_around_keys_is_dropped(make_job, new_client, ardoq, tmp_path, pad):
    """A padded key, as a CHAR(8) column of a database has it, matches, in rows and at ends of references."""
    ardoq.load(
        {
            **ardoq.dump(),
            "components": [
                component("d" * 24, "Web", cmdb_id="A-1"),
                component("e" * 24, "Shop", cmdb_id="A-2"),
            ],
        }
    )
    ardoq.clear_requests()
    job = make_job(
        f"""
        [sources.apps]
        type = "sql"
        url = "sqlite://"
        query = "SELECT '{pad.format("A-1")}' AS id, 'Web' AS name, '{pad.format("A-2")}' AS needs"
        [[components]]
        rows = "apps"
        workspace = "Apps"
        type = "Application"
        key = "cmdb_id"
        name = "{{name}}"
        fields = {{ cmdb_id = "{{id}}" }}
        [[references]]
        rows = "apps"
        workspace = "Apps"
        type = "depends on"
        source = {{ type = "Application", key = "cmdb_id", value = "{{id}}" }}
        target = {{ type = "Application", key = "cmdb_id", value = "{{needs}}" }}
        """.replace("\t", "\\t")
    )
    run_job(job, new_client())
    assert sorted((name, comp["cmdb_id"]) for name, comp in stored(ardoq).items()) == [
        ("Shop", "A-2"),
        ("Web", "A-1"),
    ]
    assert stored_references(ardoq) == [("Web", "Shop", 1)]
    assert len(writes(ardoq)) == 1


@pytest.mark.parametrize(
    ("table", "line", "key"),
    [
        ('file = "a.csv"\nencoding = "utf8x"', 4, "sources.a.encoding"),
        ('file = "a.csv"\n\ndelimiter = "ab"', 5, "sources.a.delimiter"),
        ('file = "a.xlsx"\nheader = [\n 3, 5]', 4, "sources.a.header"),
        ('file = "a.xlsx"\nsheet = "Other"', 4, "sources.a.sheet"),
        ('file = "a.csv"\nformats = { zone = "Oslo" }', 4, "sources.a.formats.zone"),
        ('file = "a.csv"\n[sources.a.formats]\nzone = "Oslo"', 5, "sources.a.formats.zone"),
        ('file = "a.csv"\n[sources.a.formats]\nyes = ["ja"]\nno = ["JA"]', 5, "sources.a.formats.yes"),
        ('file = "a.csv"\nformats.zones = "Oslo"', 4, "sources.a.formats.zones"),
        ('file = "b.csv"', 3, "sources.a.file"),
        ('file = "a.csv"\n[sources.a.formats]\ndates = [\n"%d.%m.%Y", "%d"]', 5, "sources.a.formats.dates"),
    ],
)  # fmt: skip
def test_problem_of_a_source_has_the_line_of_its_key(make_job, new_client, tmp_path, table, line, key):
    """A problem of a source gives the line of the key whose value is wrong."""
    (tmp_path / "a.csv").write_text("Name\nx\n")
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    mapping = '[[components]]\nrows = "a"\nworkspace = "Apps"\ntype = "Application"\nname = "{Name}"'
    text = f"[sources.a]\n{table}\n{mapping}"
    try:
        problems = find_problems(make_job(text), new_client(simulate=True))
    except JobInvalid as error:
        problems = error.problems
    assert [problem[1:] for problem in problems] == [(line, key)]
