"""`--rejected`: rows that a run rejects go back in the layout of their source, and come back corrected."""

import gzip
import json
import re
import sqlite3

import openpyxl
import pytest
from nightly import BAD_ROW, ROWS, job_text, names_in, writes

from ardoqpy_sync.sources.row_layout import NO_COLUMNS, REASONS

#: A file of an earlier run.
OLD = f"{REASONS},Name\nIt is blank.,\n"
JOB = """
format = 1
[ardoq]
version = "v2"
[guard]
missing_scope = "type"
share = 1
[sources.apps]
{table}
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{{Name}}"
missing = "{missing}"
fields = {{ cost = "{{Cost}}", cmdb_id = "{{Id}}" }}
"""
#: Three rows: a good one, one with a cell to correct, and one whose texts look like something else.
RECORDS = [
    {"Id": "0341", "Name": "Shop", "Cost": 5},
    {"Id": "0342", "Name": "Till", "Cost": "much"},
    {"Id": "=1+1", "Name": "@home", "Cost": "much"},
]
CORRECTED = {"Shop": ("0341", 5), "Till": ("0342", 400), "@home": ("=1+1", 400)}


def lines_of(delimiter):
    """Return the records as lines of CSV."""
    return [delimiter.join(RECORDS[0]), *(delimiter.join(map(str, record.values())) for record in RECORDS)]


def write_csv(home):
    """Write the records as CSV."""
    (home / "s.csv").write_text("\n".join(lines_of(",")))


def write_norwegian_csv(home):
    """Write CSV as Excel does in Norway, below a title."""
    (home / "s.csv").write_bytes("\r\n".join(["Oversikt på norsk;;", *lines_of(";")]).encode("cp1252"))


def write_tsv(home):
    """Write compressed CSV with tabs."""
    (home / "s.tsv.gz").write_bytes(gzip.compress("\n".join(lines_of("\t")).encode()))


def write_files(home):
    """Write the records to two files."""
    lines = lines_of(",")
    (home / "in").mkdir()
    (home / "in" / "1.csv").write_text("\n".join(lines[:3]))
    (home / "in" / "2.csv").write_text("\n".join([lines[0], lines[3]]))


def write_json(home):
    """Write an array within an object."""
    (home / "s.json").write_text(json.dumps({"data": {"items": RECORDS}}))


def write_items(home):
    """Write a file for each record."""
    for number, record in enumerate(RECORDS):
        (home / f"item-{number}.json").write_text(json.dumps(record))


def write_ndjson(home):
    """Write a line for each record."""
    (home / "s.ndjson").write_text("\n".join(map(json.dumps, RECORDS)))


def write_excel(home):
    """Write a sheet with a title above the header."""
    book = openpyxl.Workbook()
    book.create_sheet("Apps")
    for values in (["Overview"], [], [*RECORDS[0]], *(record.values() for record in RECORDS)):
        book["Apps"].append([*values])
    book["Apps"]["A6"].data_type = "s"
    book.save(home / "s.xlsx")


def write_database(home):
    """Write a table of SQLite."""
    with sqlite3.connect(home / "s.db") as connection:
        connection.execute("CREATE TABLE apps (Id TEXT, Name TEXT, Cost)")
        connection.executemany("INSERT INTO apps VALUES (:Id, :Name, :Cost)", RECORDS)
    connection.close()


def write_nothing(_home):
    """Write no file: the rows are in the job."""


IN_JOB = "rows = [{}]".format(
    ", ".join(
        f'{{ Id = "{row["Id"]}", Name = "{row["Name"]}", Cost = {json.dumps(row["Cost"])} }}'
        for row in RECORDS
    )
)
#: By kind: what writes the source, its table, the file for rejected rows, and the table that reads that one.
KINDS = {
    "csv": (write_csv, 'file = "s.csv"', "r.csv", 'file = "r.csv"'),
    "norwegian": (
        write_norwegian_csv,
        'file = "s.csv"\nencoding = "cp1252"\nheader = 2',
        "r.csv",
        'file = "r.csv"\nencoding = "cp1252"\nheader = 2',
    ),
    "tsv": (write_tsv, 'file = "s.tsv.gz"', "r.csv", 'file = "r.csv"'),
    "files": (write_files, 'file = "in/*.csv"', "r.csv", 'file = "r.csv"'),
    "json": (write_json, 'file = "s.json"\npath = "data.items"', "r.json", 'file = "r.json"'),
    "items": (write_items, 'file = "item-*.json"\npath = "$"', "r.json", 'file = "r.json"'),
    "ndjson": (write_ndjson, 'file = "s.ndjson"', "r.jsonl", 'file = "r.jsonl"'),
    "excel": (
        write_excel,
        'file = "s.xlsx"\nsheet = "Apps"\nheader = 3',
        "r.xlsx",
        'file = "r.xlsx"\nsheet = "Apps"\nheader = 3',
    ),
    "sql": (
        write_database,
        'type = "sql"\nurl = "sqlite:///s.db"\nquery = "SELECT * FROM apps"',
        "r.csv",
        'file = "r.csv"',
    ),
    "duckdb": (
        write_csv,
        'type = "duckdb"\nquery = "FROM \'s.csv\'"',
        "r.csv",
        'file = "r.csv"',
    ),
    "rows": (write_nothing, f'type = "rows"\n{IN_JOB}', "r.json", 'file = "r.json"'),
}


def correct(path):
    """Write a number into each cell that says much, as a person does, and return the reasons."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.active
        cells = [cell for row in sheet.iter_rows() for cell in row]
        for cell in cells:
            if cell.value == "much":
                cell.value = 400
        book.save(path)
        return " ".join(str(cell.value) for cell in cells)
    content = path.read_bytes()
    path.write_bytes(re.sub(rb'"much"|(?<=[,;\t])much', b"400", content))
    return content.decode("cp1252")


def held(ardoq):
    """Return id and cost of the stored components by name."""
    fields = {item["name"]: item.get("customFields", {}) for item in ardoq.dump()["components"]}
    return {name: (cells.get("cmdb_id"), cells.get("cost")) for name, cells in fields.items()}


QUICK = ("csv", "json", "excel", "sql")


@pytest.mark.parametrize(
    "kind", [kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS]
)
def test_round_trip(home, ardoq, run, kind):
    """Rejected rows of each kind of source are corrected in their file, and a run that reads it is right."""
    write, table, file, again = KINDS[kind]
    write(home)
    (home / "job.toml").write_text(JOB.format(table=table, missing="report"))
    ran = run(f"apply job.toml --rejected {file}")
    assert (ran.status, ran.err) == (1, "")
    assert ran.out.splitlines()[-1] == (
        f"2 rejected rows of source 'apps' in {file}, with the reasons in the column '{REASONS}'"
    )
    assert "is not a valid number for field 'Yearly cost'" in correct(home / file)
    (home / "again.toml").write_text(JOB.format(table=again, missing="report"))
    ran = run(f"apply again.toml --rejected more{file}")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[-2:] == ["2 created", f"No row is rejected: more{file} is not written"]
    assert {name: held(ardoq).get(name) for name in CORRECTED} == CORRECTED
    ran = run("plan again.toml")
    assert ran.status == 0


def test_values_that_csv_cannot_hold(home, ardoq, run):
    """A value of a database that is written in another form is a warning, also with --json."""
    table = 'type = "sql"\nurl = "sqlite:///s.db"\nquery = "SELECT *, 1.234 AS x, x\'00\' AS y FROM apps"'
    write_database(home)
    (home / "job.toml").write_text(JOB.format(table=table, missing="report"))
    for line in ("plan job.toml --json", "plan job.toml"):
        ran = run(f"{line} --rejected r.csv")
        assert ran.status == 1
        assert ran.err.count("ardoqpy-sync: Warning: r.csv: Column ") == 2
    notes = json.loads(run("check job.toml --json --rejected r.csv").out)["notes"]
    assert [note["message"].partition(" ")[0] for note in notes] == ["2", "r.csv:", "r.csv:"]


def test_file_is_written_like_a_report(home, ardoq, run):
    """The file has the mode that reports have."""
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    run("plan job.toml --rejected r.csv --report r.html")
    assert (home / "r.csv").stat().st_mode == (home / "r.html").stat().st_mode


def test_uncorrected_rows_are_rejected_again(home, ardoq, run):
    """A file that nobody corrected gives the same file again, a row with too few cells included."""
    (home / "apps.csv").write_text(ROWS + BAD_ROW + "5,short\n6,long,1,,x\n")
    contents = []
    for source, rejected in (("apps", "r"), ("r", "again"), ("again", "third")):
        (home / "job.toml").write_text(job_text().replace("apps.csv", f"{source}.csv"))
        assert run(f"plan job.toml --rejected {rejected}.csv").status == 1
        contents.append((home / f"{rejected}.csv").read_text("utf-8-sig"))
    assert contents[0].splitlines()[0] == f"{REASONS},Id,Name,Cost,Needs"
    # The numbers of cells in the reasons count the new column once it is there.
    assert (
        contents[0].replace("has 5", "has 6").replace("has 4", "has 5").replace("has 2", "has 3")
        == contents[1]
    )
    assert contents[1] == contents[2]


@pytest.mark.parametrize("command", ["plan", "check", "apply"])
def test_all_reasons(home, ardoq, run, command, version):
    """A row has the reasons of all mappings that reject it, also that another row is rejected."""
    (home / "job.toml").write_text(job_text(version))
    (home / "apps.csv").write_text("Id,Name,Cost,Needs\n1,Web shop,900,Till\n4,Till,much,Nowhere\n")
    assert run(f"{command} job.toml --rejected r.csv").status == 1
    _, *lines = (home / "r.csv").read_text("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "The target 'Till' is not written, because apps.csv line 3 is rejected." in lines[0]
    assert "'much' is not a valid number" in lines[1]
    assert "There is no target component of type 'Application' with the name 'Nowhere'" in lines[1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("s.json", '[{"Id": "1", "Name": "Shop"}, 5, null, "Till", {"Id": "2", "Name": "Kiosk"}]'),
        ("s.ndjson", '{"Id": "1", "Name": "Shop"}\n5\nnull\n{"Name": "Ti\n{"Id": "2", "Name": "Kiosk"}\n'),
    ],
)
def test_rows_without_columns(home, ardoq, run, version, name, content):
    """What is no object comes back with its reason, is rejected again, and is a row once corrected."""
    (home / name).write_text(content)
    job = JOB.replace('"v2"', f'"{version}"').replace(' cost = "{{Cost}}",', "")
    back = f"r.{name.partition('.')[2]}"
    returned = []
    for source in (name, back):
        (home / "job.toml").write_text(job.format(table=f'file = "{source}"', missing="report"))
        assert run(f"apply job.toml --rejected again-{back}").status == 1
        text = (home / f"again-{back}").read_text("utf-8")
        (home / back).write_text(text, "utf-8")
        rows = json.loads(text) if back.endswith(".json") else [*map(json.loads, text.splitlines())]
        assert all(row.pop(REASONS).startswith(("The row ", "Not valid JSON")) for row in rows)
        returned.append(rows)
    assert returned[0] == returned[1]
    assert [row[NO_COLUMNS] for row in returned[0]][:2] == [5, None]
    assert len(returned[0]) == 3
    (home / back).write_text(text.replace(f'"{NO_COLUMNS}": 5', '"Id": "3", "Name": "Till"'), "utf-8")
    ran = run("apply job.toml")
    assert (ran.status, "Till" in names_in(ardoq), "Kiosk" in names_in(ardoq)) == (1, True, True)


def test_several_references_of_a_row(home, ardoq, run):
    """A row that names several ends has the reasons of each reference that it would become."""
    (home / "job.toml").write_text(job_text().replace('value = "{Needs}"', 'value = "{Needs}", split = ";"'))
    (home / "apps.csv").write_text("Id,Name,Cost,Needs\n1,Web shop,900,Orders;No one;Nowhere\n")
    assert run("plan job.toml --rejected r.csv").status == 1
    (line,) = (home / "r.csv").read_text("utf-8-sig").splitlines()[1:]
    assert line.count("There is no target component") == 2


@pytest.mark.parametrize(
    ("version", "batch", "times", "refused"),
    [("v1", "false", 1, ["1"]), ("v2", "false", 1, ["1"]), ("v2", "true", 50, ["1", "2", "3"])],
)
def test_rows_that_ardoq_refuses(home, ardoq, run, version, batch, times, refused):
    """A row that Ardoq refuses to write is among the rejected ones, with the reason that Ardoq gives."""
    batch = f"batch = {batch}" if version == "v2" else ""
    (home / "job.toml").write_text(job_text(version, ardoq=batch))
    ardoq.fail(status=422, method="POST", times=times)
    assert run("apply job.toml --rejected r.csv").status == 1
    _, *lines = (home / "r.csv").read_text("utf-8-sig").splitlines()
    rows = [line.rsplit(",", 4)[1:] for line in lines]
    assert [row[0] for row in rows][: len(refused)] == refused
    assert "422" in lines[0]
    ardoq.clear_faults()
    (home / "job.toml").write_text(job_text(version, ardoq=batch).replace("apps.csv", "r.csv"))
    assert run("apply job.toml").status == 0
    assert names_in(ardoq) == ["Billing", "Fax", "Orders", "Web shop"]


def test_same_labels_in_two_sources(home, ardoq, run):
    """Rows of two sources that read one file are not confused, and each source has a file of its own."""
    other = '[sources."my/apps"]\nfile = "apps.csv"\nblank = ["much"]\n'
    mapping = job_text().split("[[components]]")[1].split("[[references]]")[0].replace('"apps"', '"my/apps"')
    (home / "job.toml").write_text(
        f"{job_text()}\n{other}\n[[components]]{mapping}".replace('"{Id}"', '"x{Id}"')
    )
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    (home / "r.my%2fapps.csv").write_text(OLD)
    ran = run("plan job.toml --rejected r.csv")
    assert ran.status == 1
    assert "1 rejected row of source 'apps' in r.apps.csv" in ran.out
    assert not (home / "r.csv").exists()
    assert not (home / "r.my%2fapps.csv").exists()
    assert (home / "r.apps.csv").read_text("utf-8-sig").count("\n") == 2


def test_old_file_does_not_stay(home, ardoq, run, closed_port, monkeypatch):
    """Rows of an earlier run are gone once a run begins, whether it rejects rows or fails."""
    for line in ("plan job.toml --rejected r.csv", "apply job.toml --rejected r.csv"):
        (home / "r.csv").write_text(OLD)
        ran = run(line)
        assert ran.out.splitlines()[-1] == (
            "No row is rejected: r.csv is not written; what an earlier run left is removed"
        )
        assert not (home / "r.csv").exists()
    (home / "r.csv").write_text(OLD)
    monkeypatch.setenv("ARDOQ_API_HOST", closed_port)
    assert run("plan job.toml --rejected r.csv --retries 0").status == 1
    assert not (home / "r.csv").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [("r.csv", b"word,meaning\nI drift,Live\n"), ("r.csv", b"PK\x03\x04, no workbook"), ("r.csv", None)],
)
@pytest.mark.parametrize("command", ["plan", "apply", "check"])
def test_other_file_is_not_replaced(home, ardoq, run, command, name, content):
    """A file without rejected rows, such as a map file of the job, stays as it is; nothing is written."""
    if content is None:
        (home / "target").mkdir()
        (home / name).symlink_to("target/none.csv")
    else:
        (home / name).write_bytes(content)
    ran = run(f"{command} job.toml --rejected {name}")
    assert ran.status == 1
    assert "does not have rejected rows of an earlier run: it is not replaced." in ran.err + ran.out
    assert (home / name).is_symlink() if content is None else (home / name).read_bytes() == content
    assert writes(ardoq) == []


def write_utf_16(home):
    """Write CSV in an encoding of two bytes a character."""
    (home / "s.csv").write_text("\n".join(lines_of(",")), encoding="utf-16")


def write_bad_line(home):
    """Write a line that is not valid JSON."""
    (home / "s.ndjson").write_text('{"Name": "Sh')


@pytest.mark.parametrize(
    ("write", "table", "file"),
    [
        *(kind[:3] for kind in KINDS.values()),
        (write_utf_16, 'file = "s.csv"\nencoding = "utf-16"', "r.csv"),
        (write_bad_line, 'file = "s.ndjson"', "r.ndjson"),
    ],
)
def test_file_of_an_earlier_run_is_replaced(home, ardoq, run, write, table, file):
    """The next run knows the file of the one before, whatever the source is."""
    write(home)
    (home / "job.toml").write_text(JOB.format(table=table, missing="report"))
    for _ in range(2):
        ran = run(f"plan job.toml --rejected {file}")
        assert (ran.status, " in r." in ran.out) == (1, True), (ran.out, ran.err)
        assert (home / file).exists()


def test_run_that_ends_early(home, ardoq, run):
    """After a run that stops at its first bad row, the file has it, and a line says that more may lack."""
    (home / "job.toml").write_text(job_text(run='on_error = "raise"'))
    (home / "apps.csv").write_text(ROWS + BAD_ROW + BAD_ROW.replace("Till", "Tall"))
    ran = run("apply job.toml --rejected r.csv")
    assert ran.status == 1
    assert ran.out.splitlines()[-1] == "The run ended early: rows that it did not get to are in no file"
    assert "Till" in (home / "r.csv").read_text("utf-8-sig")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("plan job.toml --rejected r.txt", "its name has to end with .csv."),
        (
            "plan job.toml --rejected apps.csv",
            "would overwrite another file that this command reads or writes.",
        ),
        ("apply job.toml --rejected none/r.csv", "there is no folder 'none'."),
        ("plan job.toml --rejected r.csv --save r.csv", "would overwrite another file"),
        ("plan files.toml --rejected in/r.csv", "would be read as a source by the next run"),
        ("plan deep.toml --rejected in/r.csv", "would be read as a source by the next run"),
        (
            "apply plan.json --rejected r.csv",
            "--rejected is only for a job, and 'plan.json' is a saved plan.",
        ),
    ],
)
def test_bad_file(home, ardoq, run, line, message):
    """A file that cannot be written, or that would replace or become a source, is refused in one sentence."""
    run("plan job.toml --save plan.json")
    write_files(home)
    for name, pattern in (("files", "in/*.csv"), ("deep", "in/**/*.csv")):
        (home / f"{name}.toml").write_text(JOB.format(table=f'file = "{pattern}"', missing="report"))
    ran = run(line)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert message in ran.err
    assert (home / "apps.csv").read_text() == ROWS
    assert not (home / "r.csv").exists()


def test_check_reports_a_bad_file(home, ardoq, run):
    """`check` lists a file that a run could not write, and goes on."""
    ran = run("check job.toml --json --rejected r.txt")
    (problem,) = json.loads(ran.out)["problems"]
    assert (ran.status, problem["part"]) == (1, "rejected")
    assert json.loads(ran.out)["previewed"]
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    notes = json.loads(run("check job.toml --json --rejected r.csv").out)["notes"]
    assert [note["message"][:40] for note in notes if note["about"] == "rejected"] == [
        "1 rejected row of source 'apps' in r.csv"
    ]


def test_token_is_in_no_file(home, ardoq, run, monkeypatch):
    """Rows with the access token in a cell are not written; the error says so."""
    (home / "apps.csv").write_text(ROWS + BAD_ROW.replace("Till", ardoq.token))
    ran = run("plan job.toml --rejected r.csv")
    assert ran.status == 1
    assert "a value in them contains your access token" in ran.err
    assert not (home / "r.csv").exists()
    assert ardoq.token not in ran.err + ran.out


def test_returned_rows_are_not_the_whole_source(home, ardoq, run):
    """With returned rows as its source, a job deletes nothing, and says why."""
    (home / "s.csv").write_text("\n".join(lines_of(",")))
    (home / "job.toml").write_text(JOB.format(table='file = "s.csv"', missing="delete"))
    run("plan job.toml --rejected r.csv")
    correct(home / "r.csv")
    (home / "job.toml").write_text(JOB.format(table='file = "r.csv"', missing="delete"))
    ran = run("apply job.toml")
    assert ran.status == 3
    assert (
        "rejected rows that came back, not the whole source, so nothing of that type is deleted." in ran.out
    )
    assert {"Fax", "Orders", "Till", "@home"} <= set(names_in(ardoq))


def test_mapped_column_of_reasons(home, ardoq, run):
    """If a mapping reads a column of the usual name, the reasons are in another column."""
    text = job_text().replace('name = "{Name}"', 'name = "{Name}"\ndescription = "{' + REASONS + '}"')
    (home / "job.toml").write_text(text)
    (home / "apps.csv").write_text(f"Id,Name,Cost,Needs,{REASONS}\n{BAD_ROW.strip()},mine\n")
    run("plan job.toml --rejected r.csv")
    header = (home / "r.csv").read_text("utf-8-sig").splitlines()[0]
    assert header == f"{REASONS} (2),Id,Name,Cost,Needs,{REASONS}"
