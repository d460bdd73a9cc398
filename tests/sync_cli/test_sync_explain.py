"""`ardoqpy-sync explain`: what a run would make of one row, decided by the run itself."""

import copy
import json
import sqlite3

import openpyxl
import pytest
from nightly import APPS, BAD_ROW, ORDERS, ROWS, SEED, job_text, writes

from ardoqpy_sync.job.file.where import Condition

KEYED = job_text().replace('name = "{Name}"', 'name = "{Name}"\nkey = "cmdb_id"')


def explained(run, line):
    """Return the explanation of a command line, and its exit code."""
    ran = run(f"explain job.toml --json {line}")
    assert ran.err == ""
    return json.loads(ran.out), ran.status


def item_of(run, line, number=0):
    """Return the first item of a mapping."""
    return explained(run, line)[0]["mappings"][number]["items"][0]


def values_of(item):
    """Return the old and new values of an item by attribute."""
    return {value["attribute"]: (value["old"], value["new"]) for value in item["changes"]}


def test_text(home, ardoq, run, version):
    """Each step of a row is a line: cells, templates, matches, ends and outcome; nothing is written."""
    (home / "job.toml").write_text(job_text(version))
    ran = run("explain job.toml --row 3")
    assert (ran.status, ran.err) == (2, "")
    orders = f"'Orders' ({ORDERS}) of type 'Application', at the top in 'Apps'"
    assert ran.out.split("  outcome: create")[0] == (
        "apps.csv line 3, source 'apps' of Nightly sync\n"
        '  Id: "2"\n'
        "  Name: Orders\n"
        '  Cost: "1200"\n'
        "  Needs: Billing\n"
        "\n"
        "components.1 (job.toml line 16): component of type Application\n"
        "  Name = {Name}: Orders\n"
        '  CMDB id (cmdb_id) = {Id}: "2"\n'
        "  Yearly cost (cost) = {Cost}: 1200\n"
        f"  matches by name Orders: {orders}\n"
        "  outcome: update Orders\n"
        '    CMDB id: empty -> "2"\n'
        "    Yearly cost: 1 -> 1200\n"
        "\n"
        "references.1 (job.toml line 27): reference of type depends on\n"
        "  source = {Name}: component of type 'Application' with the name 'Orders' in workspace 'Apps' -> "
        f"{orders}\n"
        "  target = {Needs}: component of type 'Application' with the name 'Billing' in workspace 'Apps' -> "
        "'Billing' (new, apps.csv line 4) of type 'Application', at the top in 'Apps'\n"
        "  matches: no reference\n"
    )
    assert writes(ardoq) == []
    assert not (home / "job.ledger.db").exists()


@pytest.mark.parametrize("after_apply", [False, True])
def test_agrees_with_the_plan(home, ardoq, run, version, after_apply):
    """The changes and problems of all rows together are those of the plan, and the exit codes follow."""
    (home / "job.toml").write_text(job_text(version))
    (home / "apps.csv").write_text(ROWS + BAD_ROW + "5,Portal,7,Till\n6,orders,1,\n2,Orders,1200,Billing\n")
    if after_apply:
        run("apply job.toml")
    document = json.loads(run("plan job.toml --json").out)
    changes, failed = [], []
    for number in range(2, 9):
        explanation, status = explained(run, f"--row {number}")
        items = [item for mapping in explanation["mappings"] for item in mapping["items"]]
        outcomes = {item["outcome"] for item in items}
        assert status == (1 if "rejected" in outcomes else 2 if outcomes & {"create", "update"} else 0)
        changes += [
            (item["outcome"], item["name"], explanation["row"], values_of(item))
            for item in items
            if item["changes"]
        ]
        failed += [(explanation["row"], " ".join(item["problems"])) for item in items if item["problems"]]
    assert sorted(changes, key=repr) == sorted(
        (
            (
                change["action"],
                change["name"],
                change["label"],
                {name: (pair["old"], pair["new"]) for name, pair in change["attributes"].items()},
            )
            for change in document["changes"]
        ),
        key=repr,
    )
    assert sorted(failed) == sorted((row["label"], row["reason"]) for row in document["failed"])
    assert failed


def test_cleaning(home, run):
    """Each key that changes a cell is named with its line, in order, with the value after it."""
    rules = (
        'blank = ["-"]\n[sources.apps.columns.Cost]\nstrip = ["kr"]\nsplit = ["/"]\nmap = { "900" = 901 }\n'
    )
    (home / "job.toml").write_text(job_text().replace('file = "apps.csv"\n', f'file = "apps.csv"\n{rules}'))
    (home / "apps.csv").write_text("Id,Name,Cost,Needs\n1,Web shop,kr 900 / -,-\n2,Till,EUR 5,\n3,Bell,kr,\n")
    cells = {cell["column"]: cell for cell in explained(run, "--row 2")[0]["cells"]}
    assert [(step["key"], step["value"]) for step in cells["Cost"]["steps"]] == [
        ("split (job.toml line 18)", ["kr 900", "-"]),
        ("blank (job.toml line 15)", ["kr 900"]),
        ("strip (job.toml line 17)", ["900"]),
        ("map (job.toml line 19)", [901]),
    ]
    assert (cells["Cost"]["raw"], cells["Cost"]["value"]) == ("kr 900 / -", [901])
    assert [step["key"] for step in cells["Needs"]["steps"]] == ["blank (job.toml line 15)"]
    assert cells["Name"]["steps"] == []
    for number, key in ((3, "map"), (4, "strip")):
        (cell,) = [cell for cell in explained(run, f"--row {number}")[0]["cells"] if cell["column"] == "Cost"]
        assert cell["steps"][-1]["key"].startswith(f"{key} (job.toml line")
        assert cell["steps"][-1]["problem"] == cell["problem"] is not None
        assert f"  Cost: {cell['raw']}\n    {key} (job.toml" in run(f"explain job.toml --row {number}").out


def test_where(home, run):
    """Each condition of where is listed with the value that it was compared with, true or not."""
    cost = 'Cost = { at_least = 500, not = "900" }'
    where = f'where = {{ Name = ["Web shop", "Till"], {cost}, Needs = {{ blank = false }} }}'
    (home / "job.toml").write_text(job_text().replace('rows = "apps"', f'rows = "apps"\n{where}', 1))
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    explanation, status = explained(run, "--row 2")
    mapping = explanation["mappings"][0]
    assert (mapping["selected"], mapping["items"], mapping["attributes"]) == (False, [], [])
    assert [(each["column"], each["value"], each["holds"]) for each in mapping["where"]] == [
        ("Name", "Web shop", True),
        ("Cost", "900", False),
        ("Needs", "Orders", True),
    ]
    assert [each["condition"] for each in mapping["where"]] == [
        "must be one of 'Till', 'Web shop'",
        "must not be '900' and must be at least 500",
        "must not be blank",
    ]
    assert status == 1  # its reference has no component now
    out = run("explain job.toml --row 2").out
    assert "  where Cost must not be '900' and must be at least 500: it is \"900\": no\n" in out
    assert "  outcome: where leaves the row out\n" in out
    out = run("explain job.toml --row 5").out
    assert "  where Cost must not be '900' and must be at least 500: 'much' is not a valid number" in out
    assert str(Condition(is_blank=True)) == "must be blank"


def test_ambiguous_key(home, ardoq, run):
    """A row with a key that several components have lists them, and is rejected."""
    twins = [
        {
            "_id": f"{number}" * 24,
            "name": f"Twin {number}",
            "typeId": "p1",
            "rootWorkspace": APPS,
            "customFields": {"cmdb_id": "2"},
        }
        for number in (1, 2)
    ]
    ardoq.load({**SEED, "components": [*SEED["components"], *twins]})
    (home / "job.toml").write_text(KEYED)
    item = item_of(run, "--row 3")
    assert (item["outcome"], item["key"], item["value"]) == ("rejected", "cmdb_id", "2")
    assert [match.split(" (")[0] for match in item["matches"]] == ["'Twin 1'", "'Twin 2'"]
    assert "is ambiguous: 2 components have it" in item["problems"][0]


def test_adopted_and_kept(home, run):
    """An adopted component, attributes that a policy keeps, and blank ones that stay, are noted."""
    text = KEYED.replace(
        'missing = "report"',
        'create_only = ["cost"]\nnever_null = ["cmdb_id", "description"]\ndescription = "{Needs}"',
        1,
    )
    (home / "job.toml").write_text(text)
    (home / "apps.csv").write_text("Id,Name,Cost,Needs\n2,Orders,1200,\n")
    mapping = explained(run, "--row 2")[0]["mappings"][0]
    (item,) = mapping["items"]
    assert (item["outcome"], values_of(item)) == ("update", {"cmdb_id": (None, "2")})
    assert item["notes"] == ["adopted by name"]
    assert {each["attribute"]: each["note"] for each in mapping["attributes"]} == {
        "name": None,
        "cmdb_id": None,
        "cost": "kept, because of create_only or fill_if_empty",
        "description": "blank, and never_null keeps what Ardoq has",
    }


def test_parent(home, run):
    """The parent is shown with what the row names, what that means, and why if it is not moved."""
    mapping = 'parent = { value = "{Needs}" }\n'
    (home / "job.toml").write_text(job_text().replace('missing = "report"', mapping, 1))
    (end,) = item_of(run, "--row 3")["ends"]
    assert end["role"] == "parent"
    assert end["names"] == "component of type 'Application' with the name 'Billing' in workspace 'Apps'"
    assert end["component"].startswith("'Billing' (new, apps.csv line 4)")
    (end,) = item_of(run, "--row 4")["ends"]
    assert (end["names"], end["note"]) == (None, "blank, so the component is at the top")
    (home / "job.toml").write_text(
        job_text().replace('missing = "report"', f'{mapping}create_only = ["parent"]', 1)
    )
    (end,) = item_of(run, "--row 3")["ends"]
    assert end["note"] == "a policy of the mapping keeps the parent that the component has"


def test_within(home, ardoq, run):
    """What a row is within is shown as the parent is, with its own role."""
    seed = copy.deepcopy(SEED)
    seed["models"][0]["root"]["server"] = {"name": "Server"}
    ardoq.load(seed)
    other = """[[components]]
rows = "apps"
workspace = "Apps"
type = "Server"
name = "{Name} server"
within = { type = "Application", value = "{Name}" }
"""
    (home / "job.toml").write_text(f"{job_text()}{other}")
    item = next(
        mapping["items"][0]
        for mapping in explained(run, "--row 3")[0]["mappings"]
        if mapping["type"] == "Server"
    )
    (end,) = item["ends"]
    assert (end["role"], item["outcome"]) == ("within", "create")
    assert end["component"].startswith("'Orders' ")


def test_references(home, run):
    """A row that names several ends has an item for each reference; a blank end and repeats are noted."""
    (home / "job.toml").write_text(job_text().replace('value = "{Needs}"', 'value = "{Needs}", split = ";"'))
    (home / "apps.csv").write_text(
        "Id,Name,Cost,Needs\n1,Web shop,900,Orders;No one\n2,Orders,1,\n1,Web shop,900,Orders\n"
    )
    mapping = explained(run, "--row 2")[0]["mappings"][1]
    assert [item["outcome"] for item in mapping["items"]] == ["create", "rejected"]
    mapping = explained(run, "--row 3")[0]["mappings"][1]
    assert (mapping["items"], mapping["note"]) == ([], "Blank in the row, so there is no reference: target.")
    component, reference = explained(run, "--row 4")[0]["mappings"]
    assert component["items"][0]["outcome"] == "repeats"
    assert component["items"][0]["notes"] == ["It repeats apps.csv line 2, and is ignored."]
    assert reference["note"] == "1 reference of the row repeats what an earlier row says."
    run("apply job.toml")
    item = item_of(run, "--row 2", 1)
    assert item["outcome"] == "unchanged"
    assert item["matches"][0].startswith("Web shop -> Orders (")


def test_type_of_a_row(home, run):
    """A type that the row gives is shown with its template, also one that does not exist."""
    (home / "job.toml").write_text(job_text().replace('type = "Application"', 'type = "{Type}"', 1))
    (home / "apps.csv").write_text("Id,Name,Cost,Needs,Type\n1,Shop,900,,application\n2,Till,1,,Person\n")
    mapping = explained(run, "--row 2")[0]["mappings"][0]
    assert (mapping["type"], mapping["attributes"][0]["value"]) == ("Application", "Application")
    (item,) = explained(run, "--row 3")[0]["mappings"][0]["items"]
    assert (item["outcome"], item["ends"]) == ("rejected", [])
    assert "'Person'" in item["problems"][0]


def test_edit_in_ardoq(home, ardoq, run):
    """What somebody edited in Ardoq is noted for the row whose value it is."""
    (home / "job.toml").write_text(job_text(scope="ours"))
    run("apply job.toml")
    stored = ardoq.dump()
    (orders,) = [each for each in stored["components"] if each["name"] == "Orders"]
    orders["customFields"]["cost"] = 5
    orders["_version"] += 1
    ardoq.load(stored)
    item = item_of(run, "--row 3")
    assert any("cost: Ardoq has: 5; this job wrote: 1200" in note for note in item["notes"])
    assert not any("cost" in note for note in item_of(run, "--row 2")["notes"])


def test_changes_of_other_rows(home, run):
    """Only what the row itself changes is shown: not what another row, or one of another source, does."""
    text = job_text().replace('\ncost = "{Cost}"', "")
    for name, file, value in (
        ("more", "more.csv", 'parent = { value = "{Part of}" }'),
        ("same", "apps.csv", 'fields = { cost = "{Cost}" }'),
        ("apps", None, 'description = "Needs {Needs}"'),
    ):
        text += f'\n[sources.{name}]\nfile = "{file}"\n' if file else ""
        text += f"""
[[components]]
rows = "{name}"
workspace = "Apps"
type = "Application"
name = "{{Name}}"
{value}
"""
    (home / "job.toml").write_text(text)
    (home / "more.csv").write_text("Name,Part of\n\nOrders,Web shop\n")
    changed = {
        source: [
            [*values_of(item)]
            for mapping in explained(run, f"--row 3 --source {source}")[0]["mappings"]
            for item in mapping["items"]
            if mapping["kind"] == "component"
        ]
        for source in ("apps", "more", "same")
    }
    assert changed == {"apps": [["cmdb_id"], ["description"]], "more": [["parent"]], "same": [["cost"]]}


def test_row_that_cannot_be_read(home, run):
    """A row that cannot be read at all is rejected by each mapping, with the reason."""
    (home / "apps.csv").write_text(f"{ROWS}6,long,1,,x\n")
    ran = run("explain job.toml --row 5")
    assert ran.status == 1
    assert "  The row cannot be read: Too many cells: the row has 5, the header has 4 columns.\n" in ran.out
    explanation, _ = explained(run, "--row 5")
    assert [mapping["items"][0]["outcome"] for mapping in explanation["mappings"]] == ["rejected", "rejected"]


def test_values_are_escaped(home, run):
    """No value steers the terminal."""
    (home / "apps.csv").write_text("Id,Name,Cost,Needs\n1,\x1b[31mRed,x\x1b[0m,\u202eevil\n")
    out = run("explain job.toml --row 2").out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b[31mRed" in out


SOURCES = {
    "excel": ('file = "s.xlsx"', "3", "s.xlsx sheet Sheet row 3"),
    "json": ('file = "s.json"', "2", "s.json item 2 (line 1)"),
    "nested": (
        'file = "n.json"\npath = "a[].b[]"',
        "'n.json item 1 (line 1), b 2'",
        "n.json item 1 (line 1), b 2",
    ),
    "sql": ('type = "sql"\nurl = "sqlite:///s.db"\nquery = "SELECT * FROM apps"', "2", "query row 2"),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_numbers_of_rows(home, ardoq, run, kind):
    """The number of a row is that of messages, in each kind of source; values of databases are readable."""
    records = [
        {"Id": str(number), "Name": name, "Cost": "1", "Needs": None} for number, name in enumerate("AB")
    ]
    book = openpyxl.Workbook()
    for row in ([*records[0]], *([*record.values()] for record in records)):
        book.active.append(row)
    book.save(home / "s.xlsx")
    (home / "s.json").write_text(json.dumps(records))
    (home / "n.json").write_text(json.dumps({"a": [{"b": records}]}))
    with sqlite3.connect(home / "s.db") as connection:
        connection.execute("CREATE TABLE apps (Id TEXT, Name TEXT, Cost TEXT, Needs TEXT)")
        connection.executemany("INSERT INTO apps VALUES (:Id, :Name, :Cost, :Needs)", records)
    connection.close()
    table, row, label = SOURCES[kind]
    (home / "job.toml").write_text(job_text().replace('file = "apps.csv"', table))
    explanation, status = explained(run, f"--row {row}")
    assert (explanation["row"], status) == (label, 2)
    assert {cell["column"]: cell["value"] for cell in explanation["cells"]}["Name"] == "B"
    if kind == "nested":
        ran = run("explain job.toml --row 1")
        assert (
            "2 rows have the number 1. Set --row to the name of one: 'n.json item 1 (line 1), b 1', "
            in ran.err
        )


TWO_SOURCES = """
[sources.more]
file = "more.csv"
[[components]]
rows = "more"
workspace = "Apps"
type = "Application"
name = "{Name}"
"""


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        (
            "--row 99",
            1,
            "There is no row 99. Source 'apps' has 3 rows, from 'apps.csv line 2' to 'apps.csv line 4'.",
        ),
        ("--row 99", 1, "Source 'more' has 1 row, from 'more.csv line 2'"),
        ("--row 2", 1, "2 sources have a row 2. Set --source to one of them: 'apps', 'more'."),
        ("--row 2 --source mor", 1, "The job has no source 'mor': did you mean 'more'?"),
        ("--row 3 --source more", 1, "There is no row 3. Source 'more' has 1 row"),
        ("--row 3", 2, ""),
        ("--row 2 --source more", 2, ""),
        ("--row 'more.csv line 2'", 2, ""),
        ("", 1, "the following arguments are required: --row"),
    ],
)
def test_rows_of_two_sources(home, ardoq, run, line, status, message):
    """A row that does not exist, or of which there are several, is an error that lists what there is."""
    (home / "job.toml").write_text(job_text() + TWO_SOURCES)
    (home / "more.csv").write_text("Name\nMore\n")
    ran = run(f"explain job.toml {line}")
    assert ran.status == status
    assert message.lower() in ran.err.lower()
    assert (ran.out == "") == (status == 1)


def test_job_that_cannot_be_previewed(home, ardoq, run, closed_port):
    """A mistake in the job, a source that cannot be read and no connection are reported in a sentence."""
    ran = run(f"explain job.toml --row 2 --host {closed_port} --retries 0")
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    (home / "apps.csv").write_bytes(b"Id,Name,Cost,Needs\n1,\xff,1,\n")
    ran = run("explain job.toml --row 2")
    assert (ran.status, ran.out) == (1, "")
    assert "The preview did not finish: apps.csv line 2 is not valid UTF-8" in ran.err
    (home / "job.toml").write_text(job_text().replace("Apps", "Nowhere"))
    ran = run("explain job.toml --row 2")
    assert (ran.status, ran.err.startswith("ardoqpy-sync: job.toml line ")) == (1, True)


def test_bad_rows_do_not_end_the_preview(home, run):
    """Other rows can be explained, also if the job stops at its first bad row."""
    (home / "job.toml").write_text(job_text(run='on_error = "raise"'))
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    assert run("explain job.toml --row 2").status == 2
    assert run("explain job.toml --row 5").status == 1


def test_token_is_not_shown(home, ardoq, run):
    """A cell that contains the token is shown without it."""
    (home / "apps.csv").write_text(f"Id,Name,Cost,Needs\n1,{ardoq.token},1,\n")
    for line in ("explain job.toml --row 2", "explain job.toml --row 2 --json"):
        ran = run(line)
        assert ran.status == 2
        assert ardoq.token not in ran.out + ran.err
