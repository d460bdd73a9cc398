"""The filter `where`: values, lists, conditions and comparisons."""

import re
import tomllib
from pathlib import Path

import pytest
from job_seed import stored

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.job import JobInvalid
from ardoqpy_sync.job.file.where import check_where, make_row_filter, read_where
from ardoqpy_sync.sources.cell_formats import read_source_formats

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "job-file.md").read_text(encoding="utf-8")
MAPPING = """
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{Name}"
"""


def selects(condition, cell, source=None):
    """Return whether a TOML condition selects a row with this cell."""
    where = tomllib.loads(f"Value = {condition}")
    assert check_where(where) is None
    return make_row_filter(read_where(where), read_source_formats(source or {}))({"Value": cell})


@pytest.mark.parametrize(
    ("condition", "selected", "others"),
    [
        ('"live"', ["live", " live "], ["Live", "", None, "alive"]),
        ("5", [5, "5", 5.0], ["5.0", 6]),
        ("true", [True, "true"], [False, "True", 1]),
        ('""', ["", None, "  "], ["a"]),
        ('["live", "planned", 5]', ["live", "planned", 5], ["x", None]),
        ('{ is = "live" }', ["live"], ["x", None]),
        ('{ is = ["live", 5] }', ["live", "5"], ["x"]),
        ('{ not = "live" }', ["x", None, "Live"], ["live", " live"]),
        ('{ not = ["live", 5, ""] }', ["x"], ["live", 5, None]),
        ("{ blank = true }", [None, "", " "], ["x", 0, False, ["a"]]),
        ("{ blank = false }", ["x", 0, False, ["a"], {"a": 1}], [None, ""]),
        ("{ above = 5 }", [5.5, "6"], [5, "5", None, ""]),
        ("{ at_least = 5 }", [5, "5.0", 6], [4.9, None]),
        ("{ below = 5 }", [4, "-1"], [5, None]),
        ("{ at_most = 5 }", [5, "4"], [5.1, None]),
        ("{ at_least = 5, below = 10, not = 7 }", [5, 9], [4, 7, 10]),
        ("{ above = 2024-05-31 }", ["2024-06-01", "2024-05-31T00:00:01"], ["2024-05-31", None]),
        ("{ below = 2024-05-31T12:00:00Z }", ["2024-05-31", "2024-05-31T13:00:00+02:00"], ["2024-06-01"]),
    ],
)  # fmt: skip
def test_condition_selects_rows(condition, selected, others):
    """A condition selects the rows whose cell fulfils all of it."""
    assert [cell for cell in selected if not selects(condition, cell)] == []
    assert [cell for cell in others if selects(condition, cell)] == []


def test_comparison_uses_the_formats_of_the_column():
    """A number or a date in the formats of its column is compared."""
    source = {"columns": {"Value": {"formats": {"decimal": ",", "thousands": ".", "dates": "%d.%m.%Y"}}}}
    assert selects("{ above = 1000 }", "1.234,5", source)
    assert not selects("{ above = 2024-05-31 }", "30.05.2024", source)


@pytest.mark.parametrize(
    ("condition", "cell"),
    [
        ("{ above = 5 }", "many"),
        ("{ above = 2024-05-31 }", 5),
        ('"live"', ["live"]),
        ('{ not = "x" }', {"a": 1}),
    ],
)
def test_cell_that_cannot_be_compared_is_rejected(condition, cell):
    """A cell that cannot be compared is neither selected nor left out."""
    with pytest.raises(InvalidInput):
        selects(condition, cell)


def test_row_that_cannot_be_compared_fails(ardoq, run):
    """A row whose cell cannot be compared is reported, and the others are used."""
    rows = [{"Name": "Shop", "Cost": 9}, {"Name": "Till", "Cost": "many"}, {"Name": "Old", "Cost": None}]
    _, report, _ = run(MAPPING + "where = { Cost = { above = 5 } }", apps=rows)
    assert list(stored(ardoq)) == ["Shop"]
    assert [(row["label"], row["reason"][:30]) for row in report["failed_comps_l"]] == [
        ("apps row 2", "'many' is not a valid number f")
    ]


OF_STATUS = ": the condition of column 'Status': "


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{ Status = {} }", " is a dict: use a table such as"),
        ("{ Status = [] }", " is a dict: use a table such as"),
        ("{ Status = { isnt = 5 } }", f"{OF_STATUS}there is no key 'isnt': did you mean 'is'?"),
        ("{ Status = { not = [] } }", f"{OF_STATUS}not needs a value, or a list of values."),
        ('{ Status = { blank = "yes" } }', f"{OF_STATUS}blank is true or false."),
        ('{ Status = { above = "5" } }', f"{OF_STATUS}above needs a number, or a date"),
        ("{ Status = { above = true } }", f"{OF_STATUS}above needs a number"),
        ("{ Status = { above = 12:00:00 } }", f"{OF_STATUS}above needs a number"),
        ("{ Status = 2024-05-31 }", " is a dict: use a table such as"),
    ],
)  # fmt: skip
def test_invalid_condition_is_a_problem_of_the_job(make_job, where, message):
    """A condition that cannot be used is reported with its line and the remedy."""
    with pytest.raises(JobInvalid) as caught:
        make_job(f'[sources.apps]\ntype = "rows"\nrows = []\n{MAPPING}where = {where}\n')
    (problem,) = caught.value.problems
    assert (problem.line, problem.message.startswith(f"where{message}")) == (11, True)


def test_conditions_on_the_page_select_what_they_say():
    """The conditions on the page are valid, and each of them leaves out a row with another cell."""
    rows = PAGE.split("| condition | the rows |")[1].split("\n\n")[0]
    where = tomllib.loads("\n".join(re.findall(r"^\| `(\w+ = .*?)` \|", rows, re.MULTILINE)))
    assert check_where(where) is None
    row = {"Kind": "Server", "Status": "live", "Site": "Oslo", "Owner": "Ann", "Cost": 1000}
    row["Since"] = "2024-06-01"
    assert where.keys() == row.keys()
    selected = make_row_filter(read_where(where), read_source_formats({}))
    assert selected(row)
    for column in row:
        assert not selected({**row, column: "Lab" if column == "Site" else None})


@pytest.mark.parametrize(("status", "notes"), [("Live", 1), ("live", 0)])
def test_where_that_selects_no_row_is_a_note_of_the_run(run, status, notes):
    """A `where` that leaves out all rows of its source is noted with its line; one of no rows is not."""
    text = MAPPING + 'where = { Status = "live" }\n'
    result, *_ = run(text, apps=[{"Name": "Shop", "Status": status}])
    assert len(result.notes) == notes
    for note in result.notes:
        assert note.endswith("where selects no row of the source 'apps'. Letter case counts in it.")
        assert " line " in note
    result, *_ = run(text, apps=[])
    assert result.notes == []


def test_cell_that_is_no_text_is_named_with_its_column(run):
    """A list in a column of `where`, or of text with columns, rejects its row with column and remedy."""
    text = MAPPING.replace("{Name}", "{Name} {Part}") + 'where = { Status = "live" }\n'
    rows = [{"Name": "A", "Part": [1], "Status": "live"}, {"Name": "B", "Part": "x", "Status": ["live"]}]
    _, report, _ = run(text, apps=rows)
    remedy = "name a part of it, such as {Column.id} or, for a list, {Column[].id}."
    assert [change["note"] for change in report["changes"]] == [
        f"Column {column!r} has a list where text is needed: {remedy}" for column in ("Part", "Status")
    ]
