"""Rows that are written again in the layout of their source, and read back as the same rows."""

import json
import sqlite3
from datetime import datetime, time

import openpyxl
import pytest
from error_messages import sentence_of
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Folder

from ardoqpy.errors import InvalidInput
from ardoqpy_sync.sources import SourceUnreadable
from ardoqpy_sync.sources.row_layout import NO_COLUMNS, REASONS, ReturnedRow

DAY = datetime(2024, 5, 31)  # noqa: DTZ001  (as Excel and TOML have it)


def write_again(source, column=REASONS, reasons="Because."):
    """Return the rows of a source, and the content of a file with all of them."""
    source.keep_records()
    rows = list(source)
    returned = [ReturnedRow(row.label, *row.kept[:3], reasons) for row in rows]
    return rows, source.write_rows(returned, column)


def without_reasons(row):
    """Return the cells of a row without the reasons, its unreadable columns, and whether it has a problem."""
    cells = {} if row.problem else {name: cell for name, cell in row.values.items() if name != REASONS}
    return cells, set(row.unreadable), row.problem is None


def check_round_trip(folder, name, column=REASONS, **table):
    """Write the rows of a source again, read them with the same table, and return the content."""
    source = folder.open(file=name, **table)
    rows, (content, notes) = write_again(source, column)
    assert notes == []
    suffix = name.rpartition(".")[2]
    (folder.path / f"again.{suffix}").write_bytes(content)
    again = folder.open(file=f"again.{suffix}", **{key: table[key] for key in table if key != "path"})
    read = list(again)
    assert [without_reasons(row) for row in read] == [without_reasons(row) for row in rows]
    assert all(row.problem or row.values[column] == "Because." for row in read)
    return content


@pytest.mark.parametrize(
    ("text", "table"),
    [
        (b"Name,Cost\nShop,5\n", {}),
        (b'Name;Cost\n"Sh;op";"a\nb"\n', {}),
        (b"Title,\n\nName,Cost\nShop,5\n", {"header": 3}),
        (b"=1+1;\nName;Cost\nShop;5\n", {"header": 2}),
        (b"sep=|\nName|Cost\nSh,op|5\n", {}),
        ("Navn;Årlig\nBlåbær;5\n".encode("cp1252"), {"encoding": "cp1252"}),
        ("Navn;Årlig\nBlåbær;5\n".encode("utf-16"), {}),
        ("Navn;Årlig\nBlåbær;5\n".encode("utf-16-le"), {"encoding": "utf-16-le"}),
        (b"Name,Cost,Cost,,\nShop,1,2,x,\n", {}),
        (b"Name,Cost\nshort\nlong,1,2\ngood,1\n", {}),
        (b'Name,Cost\n=1+1,@x\n\'=1+1,\'\'=2\n-5,\'-5\n"=""0341""",x\n', {}),
        (b'Name,Cost\n=1+1,\'=x\n"=""0341""",x\n', {"unescape": False}),
        (b"Name|a,b|c;d\nShop|5|6\n", {"delimiter": "|"}),
        (b"'Name'~'Cost'\n'a~b'~'it''s'\n", {"delimiter": "~", "quote": "'"}),
        (b"Name\nOnly\n", {}),
        (b"Name\tCost,x;y\nShop\t5\n", {}),
    ],
)
def test_csv(folder, text, table):
    """Each row of a CSV is read back as it was, also a short one, and one whose cells look like formulas."""
    (folder.path / "apps.csv").write_bytes(text)
    check_round_trip(folder, "apps.csv", **table)


def test_no_formula_in_csv(folder):
    """No cell of a written CSV is run by a spreadsheet, neither of the source nor of the reasons."""
    (folder.path / "apps.csv").write_bytes(b"Name,Cost\n=1+1,+2\n@a,-b\n\tc,5\n")
    _, (content, _) = write_again(folder.open(file="apps.csv"), reasons="=HYPERLINK(1)")
    cells = [cell for line in content.decode("utf-8-sig").splitlines() for cell in line.split(",")]
    assert [cell for cell in cells if cell[:1] in tuple("=+-@\t")] == []
    assert "'=HYPERLINK(1)" in cells


def test_reasons_in_an_encoding_without_their_characters(folder):
    """Characters of the reasons that the stated encoding of a source lacks are written as escapes."""
    (folder.path / "apps.csv").write_bytes("Name;Cost\nBlå;5\n".encode("cp1252"))
    source = folder.open(file="apps.csv", encoding="cp1252")
    _, (content, _) = write_again(source, reasons="There is no 'サ'.")
    assert content.decode("cp1252").splitlines()[1] == "There is no '\\u30b5'.;Blå;5"


def test_reasons_of_an_earlier_round(folder):
    """If a source has the column of reasons already, its cells are replaced."""
    (folder.path / "apps.csv").write_bytes(f"{REASONS},Name\nOld.,Shop\n".encode())
    content = check_round_trip(folder, "apps.csv")
    assert content.decode("utf-8-sig") == f"{REASONS},Name\nBecause.,Shop\n"


def test_files_of_a_pattern(folder):
    """Rows of several files are written as one, also if the columns are in another order there."""
    (folder.path / "a.csv").write_bytes(b"Name,Cost\nShop,5\n")
    (folder.path / "b.csv").write_bytes(b"Cost;Name\n6;Till\n")
    _, (content, _) = write_again(folder.open(file="?.csv"))
    lines = content.decode("utf-8-sig").splitlines()
    assert lines == [f"{REASONS},Name,Cost", "Because.,Shop,5", "Because.,Till,6"]


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ('[{"a": 1, "b": [1.10, null, true]}, {"a": {"c": "å\\u0000"}}]', {}),
        ('{"n": 1, "items": [{"a": 12345678901234567.89}, {"a": "\\ud800"}, 5]}', {"path": "items"}),
        ('[{"a": 1, "a": 2, "b": 3}]', {}),
        (
            '{"groups": [{"owner": "x", "id": 9, "hosts": [{"id": 1}, {"b": 2}]}]}',
            {"path": "groups[].hosts[]"},
        ),
        ('{"groups": [{"hosts": [{"groups": 1, "id": 1}]}]}', {"path": "groups[].hosts[]"}),
        ('{"name": "Shop", "owner": {"team": "Sales"}}', {"path": "$"}),
        ('[{"_id": "a", "name": "x", "customFields": {"cost": 5}}]', {}),
        ('[{"a": "æ"}]', {"encoding": "utf-8"}),
        ('[5, null, "x", [], {"a": 1}]', {}),
        ('{"n": 1, "groups": [{"owner": "x", "hosts": [5, {"b": 2}]}]}', {"path": "groups[].hosts[]"}),
    ],
)
def test_json(folder, text, table):
    """Each row of a JSON file is read back without path as it was, with the values around it."""
    (folder.path / "apps.json").write_bytes(text.encode())
    check_round_trip(folder, "apps.json", **table)


def test_double_key_around_a_row(folder):
    """A key that an item around a row has twice cannot be read in the written file either."""
    text = '{"groups": [{"o": 1, "o": 2, "hosts": [{"id": 1}]}]}'
    (folder.path / "apps.json").write_bytes(text.encode())
    source = folder.open(file="apps.json", path="groups[].hosts[]")
    _, (content, _) = write_again(source)
    (folder.path / "again.json").write_bytes(content)
    again = folder.open(file="again.json")
    again.require(["groups.o"])
    assert [[*row.unreadable] for row in again] == [["groups.o"]]


def test_values_around_all_rows(folder):
    """A row brings the values around all rows along if a path of the job leads to them."""
    (folder.path / "apps.json").write_bytes(b'{"account": "prod", "big": [1], "items": [{"id": 1}]}')
    source = folder.open(file="apps.json", path="items")
    source.require(["$.account"])
    _, (content, _) = write_again(source)
    (folder.path / "again.json").write_bytes(content)
    again = folder.open(file="again.json")
    again.require(["$.account"])
    assert [row.values["$.account"] for row in again] == ["prod"]
    (folder.path / "more.json").write_bytes(
        b'{"$": {"account": "own"}, "account": "top", "items": [{"$": {"account": 1}}]}'
    )
    more = folder.open(file="more.json", path="items")
    more.require(["$.account"])
    assert [row.values["$.account"] for row in more] == ["top"]


def test_values_around_the_rows_of_several_files(folder):
    """With a pattern of files, a row has the values around the rows of its file, also once it is returned."""
    for name, account in (("a", "prod"), ("b", "test")):
        (folder.path / f"{name}.json").write_text(
            f'{{"account": "{account}", "items": [{{"id": "{name}"}}]}}'
        )
    source = folder.open(file="?.json", path="items")
    assert source.columns == ("id",)  # the first row is read for that
    source.require(["$.account"])
    rows, (content, _) = write_again(source)
    (folder.path / "again.json").write_bytes(content)
    again = folder.open(file="again.json")
    again.require(["$.account"])
    for read in (rows, list(again)):
        assert [(row.values["id"], row.values["$.account"]) for row in read] == [("a", "prod"), ("b", "test")]


def test_nothing_around_rows(folder):
    """A path to what is around all rows is a mistake if nothing is, in lines of JSON as in several files."""
    (folder.path / "a.ndjson").write_text('{"id": 1}')
    (folder.path / "b.json").write_text('{"items": [{"id": 1}]}')
    for table in ({"file": "a.ndjson"}, {"file": "?.ndjson"}, {"file": "?.json", "path": "items"}):
        source = folder.open(**table)
        source.require(["$.account"])
        assert "has no column '$.account'" in sentence_of(SourceUnreadable, lambda: list(source))  # noqa: B023


def test_lines_of_json(folder):
    """A line that is not JSON becomes an object with its text and the reasons, and is rejected again."""
    text = '{"a": 1}\n{"a": \n[1]\n{"a": "x"}\n'
    (folder.path / "apps.ndjson").write_bytes(text.encode())
    content = check_round_trip(folder, "apps.ndjson")
    assert [json.loads(line) for line in content.splitlines()[1:3]] == [
        {REASONS: "Because.", NO_COLUMNS: '{"a": '},
        {REASONS: "Because.", NO_COLUMNS: [1]},
    ]


def test_excel(folder):
    """Rows of a sheet with merged, hidden and faulty cells are read back as they were."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Apps"
    sheet.append(["Report", None, None, "=1+1"])
    sheet.append(["Owner", None, "Cost", "Hidden", "Site", None, None, "Note"])
    sheet.append(["Name", "Mail", None, None, "Site", None, "Site", None])
    sheet.merge_cells("A2:B2")
    sheet.merge_cells("E2:F3")
    sheet.append(["Kari", "k@x", 5.5, "secret", "Oslo", None, None, DAY])
    sheet.append(["Ola", "o@x", "#REF!", None, None, "Bergen", None, time(8, 30)])
    sheet.append(["Per", None, "=C4+1", None, "both", "cells", None, True])
    sheet.append([None, "p@x", 7, None, "Oslo", None, None, "last"])
    sheet.merge_cells("A6:A7")
    sheet.append(["across", None, 7, None, "Oslo", None, None, "last"])
    sheet.merge_cells("A8:B8")
    sheet["A9"].value, sheet["A9"].data_type = "=1+1", "s"
    sheet.column_dimensions["D"].hidden = True
    book.save(folder.path / "apps.xlsx")
    content = check_round_trip(folder, "apps.xlsx", header=[2, 3])
    (folder.path / "again.xlsx").write_bytes(content)
    (written,) = openpyxl.load_workbook(folder.path / "again.xlsx")
    assert written.title == "Apps"
    assert (written["A9"].value, written["A9"].data_type, written["A9"].quotePrefix) == ("=1+1", "s", True)
    assert written["I3"].value == REASONS
    check_round_trip(folder, "apps.xlsx", header=[2, 3], hidden=True)


def test_sheet_below_a_merged_header_cell(folder):
    """Cells that are merged with the header stay unreadable, and never become empty ones."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Name", "Cost"], ["Shop", None], ["Till", 4]):
        sheet.append(row)
    sheet.merge_cells("B1:B2")
    book.save(folder.path / "apps.xlsx")
    check_round_trip(folder, "apps.xlsx")


def test_query(folder):
    """The result of a query is written as CSV: text stays text, and a note names what CSV cannot hold."""
    with sqlite3.connect(folder.path / "cmdb.db") as connection:
        connection.execute("CREATE TABLE apps (name TEXT, cost REAL, day TEXT, note BLOB)")
        connection.executemany(
            "INSERT INTO apps VALUES (?, ?, ?, ?)",
            [("=1+1", 1.234, "2024-05-31", None), ("0341", 12.5, None, b"x"), ("a\0b", 1, "x", None)],
        )
    connection.close()
    source = folder.open(type="sql", url="sqlite:///cmdb.db", query="SELECT * FROM apps")
    _, (content, notes) = write_again(source)
    assert content.decode("utf-8-sig").splitlines()[1:] == [
        "Because.,'=1+1,1.2340,2024-05-31,",
        'Because.,0341,12.5,,"""b\'x\'"""',
        "Because.,a\\u0000b,1,x,",
    ]
    assert [note.split(" ")[1] for note in notes] == ["'cost'", "'note'"]
    (folder.path / "again.csv").write_bytes(content)
    assert [row.values["name"] for row in folder.open(file="again.csv")] == ["=1+1", "0341", "a\\u0000b"]


def test_rows_of_a_job(folder):
    """Rows in a job become a JSON file, with dates as text."""
    table = {"type": "rows", "rows": [{"a": DAY, "b": [1], "c": float("nan")}]}
    _, (content, _) = write_again(folder.open(**table))
    assert (
        content.decode()
        == f'[{{"{REASONS}": "Because.", "a": "2024-05-31T00:00:00", "b": [1], "c": "nan"}}\n]\n'
    )


def test_source_that_was_not_read(folder):
    """Rows of a source that was not read cannot be written, and without `keep_records` no row is kept."""
    (folder.path / "apps.csv").write_bytes(b"Name\nShop\n")
    source = folder.open(file="apps.csv")
    assert "was not read" in sentence_of(InvalidInput, lambda: source.write_rows([], REASONS))
    assert [(row.record, row.kept) for row in source] == [(None, None)]


CELLS = st.text(st.sampled_from("=+-@';,\t\"\n\rå1. "), max_size=4)


@settings(max_examples=examples(100))
@given(
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=4),
    delimiter=st.sampled_from(",;\t"),
    table=st.fixed_dictionaries({"unescape": st.booleans()}),
    is_stated=st.booleans(),
)
def test_any_cells_of_csv(tmp_path_factory, rows, delimiter, table, is_stated):
    """Whatever the cells are, short and long rows included, they are read back as the same."""
    folder = Folder(tmp_path_factory.mktemp("returned"))
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in [["a", "b", "c"], *rows]]
    (folder.path / "apps.csv").write_bytes("".join(f"{delimiter.join(row)}\n" for row in quoted).encode())
    check_round_trip(folder, "apps.csv", **table, **({"delimiter": delimiter} if is_stated else {}))
