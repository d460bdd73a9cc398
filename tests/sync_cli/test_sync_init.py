"""`ardoqpy-sync init`: a first job from real files, which works at the first try."""

import re
import tomllib

import openpyxl
import pytest
from sheets import APPLICATIONS, HEADER, SEED, write_workbook

from ardoqpy_sync.job import load_job


@pytest.fixture
def folder(ardoq, tmp_path, monkeypatch):
    """Load the workspaces, and change to an empty folder."""
    ardoq.load(SEED)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_csv(path, *lines, encoding="utf-8"):
    """Write lines to a CSV file."""
    path.write_bytes("\r\n".join(lines).encode(encoding))


def job_of(folder):
    """Return the job that `init` has written, which has to be valid."""
    return load_job(folder / "job.toml")


def templates(mapping):
    """Return the fields of a mapping with their templates."""
    return {name: template.raw for name, template in mapping.fields.items()}


def test_a_workbook_of_several_sheets(folder, ardoq, run):
    """A workbook with a title, a group row and many-to-many rows needs one command, and no edit."""
    write_workbook(folder / "cmdb.xlsx")
    ran = run("init --workspace Apps --workspace Infrastructure --source cmdb.xlsx")
    assert (ran.status, ran.err) == (0, "")
    assert "cmdb.xlsx sheet Applications: header in row 4, 11 columns, 3 rows." in ran.out
    assert "cmdb.xlsx sheet Notes is left out: it has no rows." in ran.out
    assert "Hidden" not in ran.out
    job = job_of(folder)
    assert job.sources["applications"] == {
        "file": "cmdb.xlsx",
        "sheet": "Applications",
        "header": 4,
        "formats": {"decimal": ",", "dates": "%d.%m.%Y", "yes": "ja", "no": "nei"},
    }
    apps, servers = job.components
    assert (apps.workspace, apps.type, apps.key, apps.parent.value.raw) == (
        "Apps",
        "Application",
        "cmdb_id",
        "{Overordnet}",
    )
    assert {name: template.raw for name, template in apps.attributes.items()} == {
        "name": "{Navn}",
        "description": "{Beskrivelse}",
    }
    assert templates(apps) == {
        "cmdb_id": "{CMDB-id}",
        "lifecycle": "{Livssyklus}",
        "yearly_cost": "{Yearly costs}",
        "live_since": "{Live since}",
        "critical": "{Kritisk}",
    }
    assert (servers.workspace, servers.type, templates(servers)) == (
        "Infrastructure",
        "Server",
        {"os": "{OS}"},
    )
    references = {
        (each.rows, each.type, each.source.value.raw, each.target.value.raw) for each in job.references
    }
    assert references == {
        ("applications", "Runs on", "{CMDB-id}", "{Runs on}"),
        ("integrations", "Depends on", "{Fra}", "{Til}"),
    }
    assert run("check job.toml").out.endswith("no problems found.\n")
    assert run("apply job.toml").status == 0
    dump = ardoq.dump()
    values = {row["name"]: row.get("customFields", {}) for row in dump["components"]}
    assert values["Skade"] == {
        "cmdb_id": "A-2",
        "lifecycle": "Live",
        "yearly_cost": 1234,
        "live_since": "2016-05-13T00:00:00.000Z",
        "critical": False,
    }
    assert (len(dump["components"]), len(dump["references"])) == (5, 6)
    assert run("plan job.toml").status == 0


def test_what_is_only_guessed_is_a_comment(folder, run):
    """A similar field is noted, and a column of names without a type of its name is a block of comments."""
    write_workbook(folder / "cmdb.xlsx")
    run("init --workspace Apps --workspace Infrastructure --source cmdb.xlsx")
    text = (folder / "job.toml").read_text(encoding="utf-8")
    assert 'yearly_cost = "{Yearly costs}"    # only similar to Yearly cost: check it\n' in text
    assert '# columns without a field of the same name: "Årlig\\nrabatt", "Kaller"\n' in text
    commented = text.split('# "Kaller" names components: choose a type, and remove the signs #.\n')[1]
    block = "\n".join(line.removeprefix("# ") for line in commented.split("\n\n")[0].splitlines())
    (folder / "job.toml").write_text(f"{text}\n{block}\n", encoding="utf-8")
    added = job_of(folder).references[-1]
    assert (added.target.value.raw, added.target.split, added.target.types) == (
        "{Kaller}",
        ";",
        ("Application",),
    )
    assert run("plan job.toml").status == 2


def test_a_csv_file_below_a_title(folder, ardoq, run):
    """Encoding, delimiter and header line of a CSV file are found, said and written into the job."""
    write_csv(folder / "apps.csv", "Oversikt 2024", "", "Navn;Livssyklus", "Kjøp;Live", encoding="cp1252")
    ran = run("init --workspace Apps --source apps.csv")
    assert (
        "apps.csv: encoding CP1252 (as in 'Kjøp'), delimiter ';', header in line 3, 2 columns, 1 row."
        in ran.out
    )
    assert job_of(folder).sources["rows"] == {
        "file": "apps.csv",
        "encoding": "cp1252",
        "delimiter": ";",
        "header": 3,
    }
    assert run("apply job.toml").status == 0
    assert [component["name"] for component in ardoq.dump()["components"]] == ["Kjøp"]


@pytest.mark.parametrize(
    ("lines", "options", "source"),
    [
        (["Name,Cost", "Shop,1"], "", {}),
        (["Name;Cost,Q1", "Shop;1,5", "Till;2,5"], "", {"delimiter": ";"}),
        (["sep=|", "Name|Cost", "Shop|1"], "", {}),
        (["Apps of 2024;;", "Name\tCost", "Shop\t1"], "", {"delimiter": "\t", "header": 2}),
        (["1,2", "Name,Cost", "Shop,1"], "--header 1", {}),
        (["Name", "Shop"], "", {}),
        (["Name,Cost"], "", {}),
    ],
)
def test_lines_above_and_delimiters(folder, run, lines, options, source):
    """The delimiter is the one that most lines agree on, and what the source finds itself is not written."""
    write_csv(folder / "apps.csv", *lines)
    assert run(f"init --workspace Apps --source apps.csv {options}").status == 0
    assert job_of(folder).sources["rows"] == {"file": "apps.csv", **source}


def test_utf_16_and_a_late_character(folder, run):
    """A file of UTF-16 needs no encoding in the job; a character far down decides against UTF-8."""
    (folder / "apps.csv").write_bytes("Name,Cost\nKjøp,1\n".encode("utf-16"))
    assert "encoding UTF-16" in run("init --workspace Apps --source apps.csv").out
    assert job_of(folder).sources["rows"] == {"file": "apps.csv"}
    write_csv(folder / "late.csv", "Name,Cost", *["Shop,1"] * 20_000, "Kjøp,2", encoding="cp1252")
    run("init --workspace Apps --source late.csv --output late.toml")
    assert load_job(folder / "late.toml").sources["rows"]["encoding"] == "cp1252"


ODD_NAMES = [
    "Extra\ncost",
    "A\u2028B",
    "No\N{NO-BREAK SPACE}break",
    'A "B"',
    "\u200bzero",
    "a\tb",
]


def test_a_name_that_no_screen_shows_can_be_copied(folder, run):
    """A column name in a comment is the text that a template needs, escapes included."""
    book = openpyxl.Workbook()
    book.active.append(["Navn", *ODD_NAMES])
    book.active.append(["Shop", *("x" for _ in ODD_NAMES)])
    book.save(folder / "apps.xlsx")
    run("init --workspace Apps --source apps.xlsx")
    path = folder / "job.toml"
    text = path.read_text(encoding="utf-8")
    listed = text.partition("# columns without a field of the same name:")[2].partition("\n# other")[0]
    names = re.findall(r'"(?:[^"\\]|\\.)*"', listed)[: len(ODD_NAMES)]
    assert all(line.isprintable() for line in text.split("\n"))
    assert [tomllib.loads(f"name = {name}")["name"] for name in names] == ODD_NAMES
    for name in names:
        template = f'"{{{name[1:-1]}}}"'
        path.write_text(
            text.replace("[components.fields]", f"[components.fields]\nKritisk = {template}"), "utf-8"
        )
        assert "'x' is not a valid yes/no value" in run("check job.toml").out


def test_a_name_that_no_template_can_have_is_not_written(folder, run):
    """A column with a brace, or a blank at an end, is counted, and its name is nowhere in the job."""
    (folder / "apps.json").write_text(
        '[{"Navn": "Shop", " Yearly cost ": 1, "OS {x}": "a"}]', encoding="utf-8"
    )
    ran = run("init --workspace Apps --source apps.json")
    assert "1 column, 1 row, 2 more that no job can name, because of a brace or a blank at an end." in ran.out
    (mapping,) = job_of(folder).components
    assert templates(mapping) == {}
    text = (folder / "job.toml").read_text(encoding="utf-8")
    assert "{x}" not in text
    assert "{ Yearly" not in text


def test_names_of_a_sheet_in_another_language(folder, run):
    """A column of words has the names, not one of amounts, also if a row of totals has none."""
    book = openpyxl.Workbook()
    book.active.title = "Übersicht"
    for row in (
        ["Kosten\npro Jahr", "Netzadresse", "Anwendung", "Läuft auf"],
        ["1.234,50 €", "10.0.0.1", "SAP IS-U", "srv-01; srv-02"],
        ["ca. 80 €", "10.0.0.2", "GIS", "srv-02"],
        ["40 €", "10.0.0.3", "CRM", "srv-01"],
        ["9 EUR", "10.0.0.4", "srv-01", None],
        ["8 EUR", "10.0.0.5", "srv-02", None],
        ["1.371,50 €", "Summe", None, None],
    ):
        book.active.append(row)
    links = book.create_sheet("Нотатки")
    for row in (["Von", "Nach"], ["SAP IS-U", "GIS"], ["GIS", "CRM"], ["CRM", "GIS"]):
        links.append(row)
    book.save(folder / "l.xlsx")
    assert run("init --workspace Apps --source l.xlsx").status == 0
    job = job_of(folder)
    (apps,) = job.components
    assert (apps.rows, apps.attributes["name"].raw) == ("ubersicht", "{Anwendung}")
    (link,) = job.references
    assert (link.rows, link.source.value.raw, link.target.value.raw) == ("rows", "{Von}", "{Nach}")


def test_rows_that_cannot_be_used_are_counted(folder, run):
    """Rows that no job can use are counted, with what is wrong with the first one."""
    write_csv(folder / "apps.csv", "Navn,OS", "Shop,a,b", "Till,c", "Fax,a,b")
    ran = run("init --workspace Apps --source apps.csv")
    assert (
        "3 rows, 2 of them cannot be used, such as apps.csv line 2: Too many cells: the row has 3" in ran.out
    )


def test_a_near_field_has_to_fit(folder, run):
    """A column that is only similar to a field, and whose cells are not valid for it, is a comment."""
    write_csv(folder / "apps.csv", "Navn,Yearly costs,Kritiske", "Shop,much,ja", "Till,little,nei")
    run("init --workspace Apps --source apps.csv")
    (mapping,) = job_of(folder).components
    assert templates(mapping) == {"critical": "{Kritiske}"}
    text = (folder / "job.toml").read_text(encoding="utf-8")
    assert "# yearly_cost = \"{Yearly costs}\"    # did you mean 'Yearly cost'?\n" in text


def test_dates_that_can_be_read_in_two_ways(folder, run):
    """If dates can be of two formats, the job has neither, and a comment says which."""
    write_csv(folder / "apps.csv", "Navn,Live since", "Shop,03/04/2024", "Till,05/06/2024")
    run("init --workspace Apps --source apps.csv")
    assert "formats" not in job_of(folder).sources["rows"]
    text = " ".join((folder / "job.toml").read_text(encoding="utf-8").split("\n#   "))
    assert '# the cells of Live since fit dates = "%d/%m/%Y" or "%m/%d/%Y": set it in formats' in text


def test_columns_with_other_date_formats(folder, run, ardoq):
    """If dates of two columns would be taken for each other, each column has its own format."""
    dump = ardoq.dump()
    (like,) = (field for field in dump["fields"] if field["label"] == "Live since")
    dump["fields"].append(
        {**like, "_id": "5f00aa00bb00cc00dd00ffff", "name": "valid", "label": "Valid until"}
    )
    ardoq.load(dump)
    rows = "A,31/05/2024,05/31/2024", "B,01/02/2024,06/01/2024"
    write_csv(folder / "apps.csv", "Navn,Live since,Valid until", *rows)
    run("init --workspace Apps --source apps.csv")
    table = job_of(folder).sources["rows"]
    assert table["formats"] == {"dates": "%d/%m/%Y"}
    assert table["columns"]["Valid until"]["formats"] == {"dates": "%m/%d/%Y"}
    assert run("apply job.toml").status == 0
    (held,) = (comp["customFields"] for comp in ardoq.dump()["components"] if comp["name"] == "B")
    assert (held["live_since"][:10], held["valid"][:10]) == ("2024-02-01", "2024-06-01")


def test_sheets_that_name_each_other(folder, run):
    """A sheet that the columns of a sheet of pairs name is of components, although it names rows of that."""
    write_csv(folder / "app.csv", "App,Runs on", "web,s1", "shop,s2")
    write_csv(folder / "server.csv", "Server,OS", "s1,RHEL", "s2,RHEL")
    write_csv(folder / "links.csv", "From,To,Proto", "web,shop,https", "shop,web,sql")
    sources = "--source links.csv --source app.csv --source server.csv"
    assert run(f"init --workspace Apps --workspace Infrastructure {sources}").status == 0
    job = job_of(folder)
    assert sorted(mapping.rows for mapping in job.components) == ["app", "server"]
    assert sorted(mapping.rows for mapping in job.references) == ["app", "links"]


def test_several_files(folder, run):
    """Each file is a source with a name of its own, and a column can name the rows of another file."""
    write_csv(folder / "applications.csv", "Navn,Runs on", "Shop,srv1")
    write_csv(folder / "servers.csv", "Hostname,OS", "srv1,RHEL")
    ran = run(
        "init --workspace Apps --workspace Infrastructure --source applications.csv --source servers.csv"
    )
    assert ran.status == 0
    job = job_of(folder)
    assert list(job.sources) == ["applications", "servers"]
    (reference,) = job.references
    assert (reference.type, reference.target.workspace) == ("Runs on", "Infrastructure")
    assert run("plan job.toml").status == 2


def test_a_header_of_two_rows(folder, run):
    """If the header has a name twice, and the row above tells both apart, both rows are the header."""
    book = openpyxl.Workbook()
    for row in ([None, "Plan", None, "Live"], ["Navn", "Cost", "By", "Cost", "By"], ["Shop", 1, "A", 2, "B"]):
        book.active.append(row)
    book.active.merge_cells("B1:C1")
    book.active.merge_cells("D1:E1")
    book.save(folder / "apps.xlsx")
    run("init --workspace Apps --source apps.xlsx")
    assert job_of(folder).sources["rows"]["header"] == [1, 2]
    assert '"Plan Cost", "Plan By", "Live Cost", "Live By"' in (folder / "job.toml").read_text(
        encoding="utf-8"
    )


NO_HEADER = (
    "apps.csv: no line of column names was found in the first 60 lines. Find out which line it is, and give "
    "--header."
)
NO_ENCODING = (
    "apps.csv is neither UTF-8 nor cp1252. Find out its encoding, such as 'cp850', and give --encoding."
)
KLINGON = (
    "The source has the encoding 'klingon', which is not known. "
    "Use one such as 'utf-8', 'cp1252' or 'utf-16'."
)
NO_SHEETS = "A sheet can be given only for a workbook, and 'apps.csv' is not one."
TOO_FAR = "apps.csv ends before line 9. Line 9 must contain the column names."
NOT_0 = "Argument --header: '0' is not a whole number above 0. See 'ardoqpy-sync init --help'."


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ("1;2\n3;4\n", "", NO_HEADER),
        ("Name\n\x81\x8d\n", "", NO_ENCODING),
        ("Name\nShop\n", "--header 9", TOO_FAR),
        ("Name\nShop\n", "--encoding klingon", KLINGON),
        ("Name\nShop\n", "--sheet A", NO_SHEETS),
        ("Name\nShop\n", "--header 0", NOT_0),
    ],
)
def test_what_cannot_be_found_is_one_sentence(folder, run, content, options, sentence):
    """A header, an encoding or a sheet that is not there is one sentence, and no job is written."""
    (folder / "apps.csv").write_bytes(content.encode("latin-1"))
    ran = run(f"init --workspace Apps --source apps.csv {options}")
    assert ran == (1, "", f"ardoqpy-sync: {sentence}\n")
    assert not (folder / "job.toml").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--sheet Server", "cmdb.xlsx has no sheet 'Server': did you mean 'Servers'?"),
        ("--header 99", "cmdb.xlsx has no visible sheet with rows below row 99."),
        ("--encoding utf-8", "An encoding can be given only for a text file, and 'cmdb.xlsx' is not one."),
    ],
)
def test_what_a_workbook_does_not_have_is_one_sentence(folder, run, options, sentence):
    """A sheet or row that is not in the workbook is one sentence."""
    write_workbook(folder / "cmdb.xlsx")
    ran = run(f"init --workspace Apps --source cmdb.xlsx {options}")
    assert ran == (1, "", f"ardoqpy-sync: {sentence}\n")


def test_the_sheets_of_the_tests_are_messy():
    """The header has a line break, and the rows have what a source without formats rejects."""
    assert any("\n" in name for name in HEADER)
    assert len({len(row) for row in (HEADER, *APPLICATIONS)}) == 1
