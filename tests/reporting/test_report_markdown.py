"""The Markdown of a report: the same facts, bounded, and nothing in it means more than it says."""

import html
import re

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from sample_documents import candidate, change, failed, full_document, missing, run_document
from sample_runs import FAILED_ROW, SOURCE, WAYS, sample_run

from ardoqpy import InvalidInput
from ardoqpy._terminal import escape_controls
from ardoqpy_sync.reporting import html as report_page
from ardoqpy_sync.reporting import terminal
from ardoqpy_sync.reporting.document import build_run_document
from ardoqpy_sync.reporting.failures import group_failures
from ardoqpy_sync.reporting.markdown import MAX_BYTES, render_text

BAD = [
    "a|b||c\\|d",
    "`code` ``more`` ```",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "===",
    "*bold* _slanted_ ~~gone~~ __init__",
    "[text](https://evil.example) ![x](https://evil.example/x.png) [ref]: /x",
    "<img src=x onerror=alert(1)> <!-- comment --> </table>",
    "https://evil.example www.evil.example me@evil.example",
    "@everyone @org/team #123 !45 $67 org/repo#12 &amp;",
    ":tada: $x^2$ \\( y \\)",
    "line\nbreak\r\n| x | y |\n\n# more",
    "\u202egnp.exe \x1b[31m \ud800 \u2028",
    "   ",
    "x" * 5000,
    "trailing \\",
]


HEADLINE = (
    "2 to create, 1 to update, 1 to delete; 1 row failed; 1 ambiguous; 1 conflict; "
    "1 not deleted, because changed since; the delete guard blocked 1 more"
)


def rendered(text):
    """Return Markdown as HTML, tables and struck-out text among it, as GitHub has them."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)


def rows(page):
    """Return the rows of all tables of a rendered page, each as the texts of its cells."""
    table_rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    return [
        [html.unescape(cell) for cell in re.findall(r"<t[dh].*?>(.*?)</t[dh]>", row)] for row in table_rows
    ]


def tags(page):
    """Return which elements a page has."""
    return set(re.findall(r"<(\w+)", page))


def test_markdown_has_every_part_of_a_report():
    """Totals, origin, reasons, changes, missing entities and failures are in the Markdown."""
    page = rendered(render_text(full_document()))
    table = rows(page)
    assert HEADLINE in page
    for row in (
        ["created", "1", "1"],
        ["apps.csv", "1,240", "3", "1"],
        ["component Old hub", "Hub", "3", "2"],
        ["apps.csv line 5", "component Bad row", "cost is 'n/a': a field of numbers takes a number."],
        ["component Till", "Application", "lifecycle: Active → Retired", "apps.csv line 2"],
        ["reference Shop -> Till", "uses", "Source: Shop<br>Target: Till", "apps.csv line 3"],
        ["component Fax", "Hub", "", "", "apps.csv line 4"],
        ["component Twins", "2", "t1", "t2"],
        ["component Hub 9", "score", "7", "9"],
        ["component Till", "owner", "Ann", "apps.csv line 2", "Bob", "apps.csv line 7"],
        ["apps.csv line 8", "component Kiosk", "No component has it."],
    ):
        assert row in table
    assert "12 components of type Hub belong to other sources." in page
    assert "1 of the 2 hubs would be deleted. To allow it, set share=0.5." in page
    (along,) = [row[-1] for row in table if row[0] == "component Lost one"]
    assert along.startswith("0 components, 25 references: reference A -> B0 (still in the source)")
    assert along.endswith("… and 22 more")
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert headings == [
        "Delete guard blocked",
        "Blocked by the delete guard (1)",
        "Failed rows (1)",
        "Ambiguous matches (1)",
        "Conflicts: rows that give different values; the last one is used (1)",
        "Not deleted: changed since (1)",
        "Deletes (1)",
        "Updates (1)",
        "Creates (2)",
        "Missing but kept: in Ardoq, no longer in the source (1)",
        "Not converging: Ardoq does not keep the value that was sent (1)",
        "Skipped rows (1)",
        "Sources (1)",
    ]


def test_hidden_rows_and_columns_are_named_with_their_source():
    """The page, Markdown and the terminal say what of a source was not read because it is hidden."""
    with sample_run(next(iter(WAYS.values()))) as (client, _, _):
        document = build_run_document(client, sources=[{**SOURCE, "hidden_rows": 1200, "hidden_columns": 1}])
    note = "apps.csv (1,200 hidden rows and 1 hidden column not read)"
    assert [row for row in rows(rendered(render_text(document))) if note in row]
    assert note in "".join(report_page.render(document))
    for each in (document, {**document, "failed": []}):
        assert [line for line in terminal.render(each) if f"{note}: 9 rows" in line]


@pytest.mark.parametrize("way", list(WAYS))
def test_markdown_of_real_runs(way):
    """It is rendered for a run on either version, live, simulated and in batches."""
    with sample_run(WAYS[way]) as (client, blocked, _):
        document = build_run_document(client, failed_rows=[FAILED_ROW], sources=[SOURCE], blocked=blocked)
    table = rows(rendered(render_text(document)))
    counted = document["totals"]["component"]["created"], document["totals"]["reference"]["created"]
    assert ["created", *map(str, counted)] in table
    assert ["component Shop", "Application", "Cost: 5 → 6", ""] in table
    assert [row for row in table if "component Old" in row]
    assert ("to create" in render_text(document)) == document["origin"]["simulated"]


def _said(text):
    report = full_document(
        title=text,
        description=text,
        changes=[
            change(
                1,
                name=text,
                typeName=text,
                label=text,
                note=text,
                attributes={text: {"old": text, "new": [text]}},
            )
        ],
        failed=[failed(1, name=text, label=text, reason=text)],
        missing=[missing(1, name=text, typeName=text)],
        ambiguous=[
            {
                "kind": "component",
                "name": text,
                "used": text,
                "matches": [text],
                "candidates": [candidate(text, name=text, type=text, parent=text, workspace=text)],
            }
        ],
        workspaces={"w1": text},
        sources=[{"name": text, "rows": 1, "skipped": 0, "failed": 0}],
    )
    report["delete_guard"]["reasons"] = [{"bound": text, "sentence": text, "allow": text}]
    return render_text(report)


@pytest.mark.parametrize("bad", BAD)
def test_names_are_never_markup(bad):
    """No name makes an element, a row, a column, a link, a mention or a heading."""
    text = _said(bad)
    page, usual = rendered(text), rendered(_said("usual"))
    assert tags(page) <= tags(usual)
    assert re.findall("<h[12]>|<li>", page) == re.findall("<h[12]>|<li>", usual)
    assert [len(row) for row in rows(page)] == [len(row) for row in rows(usual)]
    # What is looked for in the finished text.
    seen = html.unescape(re.sub("<[^>]*>", "", page))
    assert not re.search(r"@\w|#\d|!\d|:\w+:", seen)
    assert not re.search(r"://evil|www\.evil", text)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2028\ud800-\udfff]", text)


@given(st.text(max_size=40))
@settings(max_examples=examples(60))
def test_any_name_is_printed_unchanged(name):
    """The cell of a name shows the name, with escapes for control characters."""
    report = run_document(changes=[change(1, name=name, label=None)])
    page = rendered(render_text(report))
    (row,) = [row for row in rows(page) if row[1:2] == ["Application"]]
    assert len(row) == 4
    name_cell = row[0].removeprefix("component ").replace("\u200b", "")
    assert name_cell.split() == escape_controls(name).split() or not name.strip()


def test_long_lists_are_cut():
    """Each list shows a limited number of entries, and how many more there are."""
    report = run_document(
        changes=[change(number) for number in range(30)],
        failed=[failed(number, reason=f"Reason {number}.") for number in range(12)],
    )
    text = render_text(report, longest=10)
    assert text.count("| component Thing") == 20
    assert "… and 20 more." in text
    assert "… and 2 more." in text
    assert "## Updates (30)" in text
    assert text.endswith(
        "*Left out here, for its length: 2 failed rows; 20 updates. The page lists everything.*\n"
    )


def test_failed_rows_are_folded():
    """Rows with an equal problem are one line, with what failed because of them; all rows are counted."""
    equal = [failed(number, reason=f"cost is '{number}'. {'Long. ' * 100}") for number in range(2, 6)]
    because = [
        failed(number, kind="reference", reason="Its source failed.", cause="apps.csv line 2")
        for number in (8, 9)
    ]
    page = rendered(render_text(run_document(failed=[*because, *equal])))
    (row,) = [row for row in rows(page) if row[0].startswith("apps.csv line")]
    assert row[0] == "apps.csv line 2<br>apps.csv line 3<br>apps.csv line 4<br>… and 1 more"
    assert row[2].startswith("cost is '2'. Long. ")
    assert "4 rows with such a problem: apps.csv line 2, " in row[2]
    assert row[2].endswith("2 references fail because of it.")
    assert "<h2>Failed rows (6)</h2>" in page


def test_type_change_has_the_names_of_the_types():
    """A changed type is shown by name, before and after, in every format."""
    types = {"typeId": {"old": "p1", "new": "p2"}}
    names = {"p1": "Application", "p2": "Server"}
    report = run_document(changes=[change(1, attributes=types, note="type changed")], names=names)
    assert "Type: Application → Server<br>type changed" in render_text(report)
    assert "Type Application -> Server, type changed" in "\n".join(terminal.render(report))


@pytest.mark.slow
def test_markdown_has_a_maximum_size():
    """However much there is, the text stays below the maximum, and is complete Markdown."""

    def wide(row):
        return {f"attribute {number}": {"old": f"{row}é|" * 200, "new": "<&>" * 200} for number in range(25)}

    report = run_document(
        changes=[change(number, name="@" * 200, attributes=wide(number)) for number in range(3000)],
        missing=[missing(number, 25, name="`" * 200) for number in range(3000)],
        failed=[failed(number, reason="\u202e" * 2000) for number in range(3000)],
        description="\n".join(["*" * 2000] * 50),
    )
    text = render_text(report)
    assert 1000 < len(text.encode()) <= MAX_BYTES
    assert {len(row) for row in rows(rendered(text))} == {3, 4}
    for title in ("updates", "missing but kept"):
        assert f" {title}" in text.splitlines()[-1]


def test_other_data_is_rejected():
    """Only a run document is rendered."""
    with pytest.raises(InvalidInput, match="is not a run document"):
        render_text({"kind": "something else"})


def test_terminal_summary():
    """Headline, totals, reasons of the delete guard, and the beginning of each list."""
    lines = list(terminal.render(full_document(title="S")))
    for line in (
        HEADLINE,
        "components          1        1        1          0        1       1",
        "  - 1 of the 2 hubs would be deleted. To allow it, set share = 0.5 under [guard] in the job file.",
        (
            "  - component Bad row (Application): cost is 'n/a': a field of numbers takes a number.  "
            "[apps.csv line 5]"
        ),
        "  - reference Shop -> Till (uses)  [apps.csv line 3]",
        "  - component Till (Application): lifecycle  [apps.csv line 2]",
        "  - component Lost one (Application), and with it 0 components and 25 references",
        "  - component Twins: 2 match, t1 is used",
        "  - component Hub 9: score: Ardoq keeps 7, the source has 9",
        "  - apps.csv: 1,240 rows, 3 skipped, 1 failed",
    ):
        assert line in lines


def test_terminal_summary_is_short_and_escaped():
    """Each list shows its first entries only, without control characters."""
    report = run_document(changes=[change(number, name="\x1b[31m\u202ered\n") for number in range(30)])
    lines = list(terminal.render(report))
    assert sum(line.startswith("  - component") for line in lines) == 10
    assert "  ... and 20 more" in lines
    assert all(line.isprintable() for line in lines)


def test_terminal_lists_all_deletes():
    """However many there are, all deletes are listed, before the lists that are shortened."""
    deletes = [change(number, "delete", name=f"Gone {number}") for number in range(30)]
    lines = list(terminal.render(run_document(changes=[*map(change, range(100, 130)), *deletes])))
    listed = [index for index, line in enumerate(lines) if "Gone" in line]
    assert len(listed) == 30
    assert lines.index("  ... and 20 more") > listed[-1]


def test_delete_says_why_what_goes_along_what_is_lost_and_who_edited_last():
    """Markdown and the terminal say it of every delete."""
    root = change(
        1,
        "delete",
        name="Old hub",
        why="no longer in the source",
        lost={"yearly_cost": 70000, "owner": "Ann"},
        who="Ada",
        when="2026-10-01T10:00:00Z",
    )
    along = change(2, "delete", "reference", note="with component Old hub", deleted_with="id1")
    document = run_document(changes=[root, along], fields={"w1": {"yearly_cost": "Yearly cost"}})
    why = "no longer in the source; with it 1 reference; last changed by Ada on 1 October 2026, 10:00 UTC"
    (row,) = [row for row in rows(rendered(render_text(document))) if row[0] == "component Old hub"]
    assert [cell.replace("\u200b", "") for cell in row[2:4]] == [why, "Yearly cost: 70,000<br>owner: Ann"]
    assert f"  - component Old hub (Application)  [apps.csv line 1]: {why}; 2 values lost" in list(
        terminal.render(document)
    )
    long = list(terminal.render(document, long=True))
    assert long[long.index("      Yearly cost: 70,000") + 1] == "      owner: Ann"


def test_like_changes_are_folded():
    """Three or more updates that do the same are one line, with the values and the names."""
    values = {"os": {"old": "RHEL 8.10", "new": "RHEL 9.4"}}
    servers = [
        change(number, type="Server", typeName="Server", name=f"srv{number}", attributes=values)
        for number in range(9)
    ]
    document = run_document(changes=[*servers, change(10, attributes=values)])
    table = rows(rendered(render_text(document)))
    names = ", ".join(f"srv{number}" for number in range(9))
    assert [f"9 components: {names}", "Server", "os: RHEL 8.10 → RHEL 9.4", "apps.csv line 0"] in table
    assert "  - 9 components of type Server: os RHEL 8.10 -> RHEL 9.4" in list(terminal.render(document))
    long = list(terminal.render(document, long=True))
    assert sum(line.startswith("      - component srv") for line in long) == 9


def test_values_are_shown_as_people_know_them():
    """Labels instead of API names, names instead of ids, grouped numbers, and lists as lists."""
    attributes = {
        "yearly_cost": {"old": 12000, "new": 1250000.5},
        "year": {"old": 2025, "new": 2026},
        "tags": {"old": ["a"], "new": ["b", "c"]},
        "parent": {"old": "p1", "new": "p2"},
        "a": {"old": 1, "new": 2},
        "b": {"old": 1, "new": 2},
    }
    labels = {"yearly_cost": "Yearly cost", "a": "Same", "b": "Same"}
    reference = change(
        2,
        "create",
        "reference",
        type=2,
        typeName="uses",
        attributes={"type": {"old": None, "new": 2}, "rootWorkspace": {"old": None, "new": "w1"}},
    )
    document = run_document(
        changes=[change(1, attributes=attributes), reference],
        names={"p1": "Old home", "p2": "New home"},
        fields={"w1": labels},
    )
    cells = [row[2] for row in rows(rendered(render_text(document))) if len(row) == 4]
    assert cells[1].split("<br>") == [
        *("Yearly cost: 12,000 → 1,250,000.5", "year: 2025 → 2026", "tags: a → b, c"),
        *("Parent: Old home → New home", "Same (a): 1 → 2", "Same (b): 1 → 2"),
    ]
    assert cells[3] == "Type: uses<br>Workspace: Applications"


@pytest.mark.parametrize("most", [pytest.param(10_000, marks=pytest.mark.slow), 12_000, 65_000])
def test_markdown_fits_a_comment(most):
    """Whole entries are left out, deletes last, and the text says how many of what."""
    deletes = [change(number, "delete", name=f"Gone {number}") for number in range(50)]
    report = run_document(
        changes=[*(change(number) for number in range(100, 1500)), *deletes],
        missing=[missing(number, 25) for number in range(2000, 2400)],
    )
    text = render_text(report, max_chars=most)
    assert len(text) <= most
    page = rendered(text)
    assert {len(row) for row in rows(page)} <= {3, 4, 5}
    assert sum(row[0].startswith("component Gone") for row in rows(page)) == 50
    shown = sum(row[0].startswith("component Thing") and len(row) == 4 for row in rows(page))
    assert f"{1400 - shown:,} updates" in text.splitlines()[-1]
    assert "missing but kept" in text.splitlines()[-1]
    assert "deletes" not in text.splitlines()[-1]


def test_no_room_for_a_report():
    """Below 10,000 characters nothing useful fits: that is an error."""
    with pytest.raises(InvalidInput, match="allow 10,000 characters or more"):
        render_text(run_document(), max_chars=9_999)


def test_row_with_several_equal_problems_is_one_row():
    """Problems of one row are counted as problems, not as rows; others are counted by their rows."""
    of_one = [failed(4, reason=f"There is no {end!r}.") for end in "xy"]
    (group,) = group_failures(of_one)
    assert group.describe() == "There is no 'x'. The row has 2 such problems."
    (group,) = group_failures([*of_one, failed(5, reason="There is no 'z'.")])
    assert group.describe().endswith("2 rows with such a problem: apps.csv line 4, apps.csv line 5.")
    report = run_document(failed=of_one)
    (line,) = [row for row in rows(rendered(render_text(report))) if row[0].startswith("apps.csv line")]
    assert line[0] == "apps.csv line 4"
    assert any("such problems.  [apps.csv line 4]" in line for line in terminal.render(report))
