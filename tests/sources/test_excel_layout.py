"""Merged cells, hidden rows and columns, and headers of two rows in Excel."""

import io

import openpyxl
import pytest
from error_messages import sentence_of
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import Folder, read_until_error, values
from test_source_excel import SHEET, changed

from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync.sources import SourceUnreadable, excel_source
from ardoqpy_sync.sources.excel_layout import MergedRange, SheetLayout, cell_address

LABEL = "apps.xlsx sheet Sheet"


def sheet(lines, merged=(), hidden_rows=(), hidden_columns=()):
    """Return the bytes of a workbook with one sheet."""
    workbook = openpyxl.Workbook()
    for line in lines:
        workbook.active.append(line)
    for cells in merged:
        workbook.active.merge_cells(cells)
    for row in hidden_rows:
        workbook.active.row_dimensions[row].hidden = True
    for column in hidden_columns:
        workbook.active.column_dimensions[column].hidden = True
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def read(source):
    """Return the rows of a source, the values of each together with the problems of its other columns."""
    with source:
        return [{**row.values, **row.unreadable} for row in source]


def read_problem(row, column):
    """Return the message for a cell that cannot be read."""
    return sentence_of(InvalidInput, row.values.get, column)


def test_merged_cells_below_one_another_have_their_value(folder):
    """Each row that merged cells span has their value, whatever its type."""
    lines = [["group", "name"], ["Web", "a"], [None, "b"], [None, "c"], [7, "d"], [None, "e"]]
    source = folder.open(sheet(lines, ["A2:A4", "A5:A6"]), file="apps.xlsx")
    assert read(source) == [
        {"group": "Web", "name": "a"},
        {"group": "Web", "name": "b"},
        {"group": "Web", "name": "c"},
        {"group": 7, "name": "d"},
        {"group": 7, "name": "e"},
    ]


def test_row_with_nothing_but_merged_cells_is_no_row_of_its_own(folder):
    """A line that is two rows high because all its cells are merged is one row."""
    lines = [["group", "name"], ["Web", "a"], [], ["App", "b"]]
    source = folder.open(sheet(lines, ["A2:A3", "B2:B3"]), file="apps.xlsx")
    assert read(source) == [{"group": "Web", "name": "a"}, {"group": "App", "name": "b"}]


def test_cells_merged_across_columns_are_ambiguous(folder):
    """Nobody knows which column a value belongs to that is merged across; other columns are read."""
    lines = [["a", "b", "c"], ["Section", None, 1], [None, None, 2]]
    source = folder.open(sheet(lines, ["A2:B2", "A3:B3"]), file="apps.xlsx")
    problem = "Cells A2:B2 are merged across columns with different names. Unmerge them in Excel."
    assert read(source) == [{"a": problem, "b": problem, "c": 1}, {"a": None, "b": None, "c": 2}]


def test_cells_merged_with_the_header_are_ambiguous(folder):
    """A header cell that reaches into the rows is not taken for their value."""
    lines = [["name", "Owner"], [None, "Mail"], ["Web", "x@example.org"]]
    source = folder.open(sheet(lines, ["A1:A2"]), file="apps.xlsx")
    problem = "Cells A1:A2 are merged across the header and the rows below it. Unmerge them in Excel."
    assert read(source) == [
        {"name": problem, "Owner": "Mail"},
        {"name": "Web", "Owner": "x@example.org"},
    ]


def test_bad_merged_cell_is_bad_in_each_row(folder):
    """An Excel error in merged cells is one in each of their rows."""
    source = folder.open(sheet([["a", "b"], ["#N/A", 1], [None, 2]], ["A2:A3"]), file="apps.xlsx")
    problem = "Cell A2 has the error #N/A. Correct it in Excel."
    assert read(source) == [{"a": problem, "b": 1}, {"a": problem, "b": 2}]


def test_header_merged_across_columns(folder):
    """Columns below one merged header cell are one column, as long as a row has one value there."""
    lines = [["name", None, "n"], ["Web", None, 1], [None, "App", 2], ["Ann", "Lee", 3], ["All", None, 4]]
    source = folder.open(sheet(lines, ["A1:B1", "A5:B5"]), file="apps.xlsx")
    source.require(["name", "n"])
    assert read(source) == [
        {"name": "Web", "n": 1},
        {"name": "App", "n": 2},
        {
            "name": "Cells A4 and B4 both have a value below one merged cell of the header. Unmerge it in "
            "Excel, and name both columns.",
            "n": 3,
        },
        {"name": "All", "n": 4},
    ]


def test_header_of_two_rows(folder):
    """The name of a column joins its header cells from top to bottom; merged ones count in each column."""
    lines = [
        ["Report of today"],
        [],
        ["Name", "Owner", None, "Cost", None, 2024],
        [None, "Name", "Mail", "Plan", "Actual", "Q1"],
        ["Web", "Ann", "ann@example.org", 1, 2, 3],
    ]
    content = sheet(lines, ["A1:F1", "A3:A4", "B3:C3"])
    source = folder.open(content, file="apps.xlsx", header=[3, 4])
    assert values(source) == [
        {
            "Name": "Web",
            "Owner Name": "Ann",
            "Owner Mail": "ann@example.org",
            "Cost Plan": 1,
            "Actual": 2,
            "2024 Q1": 3,
        }
    ]
    source = folder.open(sheet([["a"], ["b"]]), file="apps.xlsx", header=[2, 3])
    assert sentence_of(SourceUnreadable, lambda: source.columns) == (
        f"{LABEL} ends before row 3, which must contain the column names."
    )
    source = folder.open(sheet([["a", "a"], ["b", "b"]]), file="apps.xlsx", header=[1, 2])
    assert sentence_of(SourceUnreadable, source.require, ["a b"]) == (
        f"{LABEL} rows 1 and 2: columns A and B have the name 'a b'. Give each column a different name."
    )


@pytest.mark.parametrize(
    "header", [0, True, [1], [3, 5], [4, 3], [0, 1], [1, 2, 3], ["1", "2"], [True, 2], []]
)
def test_invalid_header_rows_are_rejected(folder, header):
    """A header is one row, or two rows one below the other."""
    message = sentence_of(ConfigurationError, folder.open, sheet([["a"]]), file="apps.xlsx", header=header)
    assert message.endswith(
        " as 'header'. Use a row from 1 on, or two rows one below the other, such as [3, 4]."
    )


LINES = [["id", "name", "note", "id"], [1, "a", "x", 9], [2, "b", "y", 9], [], [3, "c", "z", 9]]


def test_hidden_rows_and_columns_are_counted(folder):
    """Hidden rows and columns are not read; those with values are counted; a hidden column can be named."""
    content = sheet(LINES, hidden_rows=[3, 4], hidden_columns=["C", "D"])
    source = folder.open(content, file="apps.xlsx")
    assert source.columns == ("id", "name")
    assert values(source) == [{"id": 1, "name": "a"}, {"id": 3, "name": "c"}]
    assert (source.hidden.rows, source.hidden.columns) == (1, 2)
    assert sentence_of(SourceUnreadable, source.require, ["note"]) == (
        f"{LABEL} row 1: column C, with the name 'note', is hidden. Show it in Excel, or set hidden = true."
    )
    assert [read_problem(row, "note") for row in source] == [
        f"{LABEL} row 1: column C, with the name 'note', is hidden. Show it in Excel, or set hidden = true."
    ] * 2
    assert len(values(source)) == source.hidden.rows + 1  # each pass counts anew
    source.close()


def test_hidden_rows_and_columns_are_read_if_the_source_asks_for_them(folder):
    """With `hidden = true`, hidden rows and columns are like the others."""
    content = sheet(LINES, hidden_rows=[3], hidden_columns=["C"])
    source = folder.open(content, file="apps.xlsx", hidden=True)
    assert values(source) == [
        {"name": "a", "note": "x"},
        {"name": "b", "note": "y"},
        {"name": "c", "note": "z"},
    ]
    assert (source.hidden.rows, source.hidden.columns) == (0, 0)


def test_hidden_header_row_is_the_header(folder):
    """Column names in a hidden row are used, and not counted."""
    source = folder.open(sheet([["a"], [1]], hidden_rows=[1]), file="apps.xlsx")
    assert values(source) == [{"a": 1}]
    assert source.hidden.rows == 0


def test_sheet_whose_columns_are_all_hidden_is_rejected(folder):
    """A sheet of which nothing can be read is rejected."""
    source = folder.open(sheet([["a"], [1]], hidden_columns=["A"]), file="apps.xlsx")
    assert sentence_of(SourceUnreadable, lambda: source.columns) == (
        f"{LABEL} row 1: all columns are hidden. Show them in Excel, or set hidden = true."
    )


def test_value_of_merged_cells_that_begin_in_a_hidden_row(folder):
    """Merged cells that begin in a hidden row have their value in the visible ones."""
    content = sheet([["a", "b"], ["Web", 1], [None, 2]], ["A2:A3"], hidden_rows=[2])
    assert read(folder.open(content, file="apps.xlsx")) == [{"a": "Web", "b": 2}]


@pytest.mark.parametrize(
    ("old", "new"), [('ref="A2:A3"', 'ref="A:A"'), ('ref="A2:A3"', ""), ('min="2"', 'min="x"')]
)
def test_damaged_layout_is_reported(folder, old, new):
    """A sheet whose merged or hidden cells cannot be read is not read as if it had none."""
    content = sheet([["a", "b"], ["Web", 1], [None, 2]], ["A2:A3"], hidden_columns=["B"])
    damaged = changed(content, SHEET, lambda text: text.replace(old, new))
    assert damaged != content
    _, message = read_until_error(folder.open(damaged, file="apps.xlsx"))
    assert message.startswith(f"{LABEL} cannot be read from row ")


def test_layout_that_only_this_library_cannot_read_is_reported(folder, monkeypatch):
    """If openpyxl reads the cells of a sheet whose layout cannot be read, the sheet is rejected."""
    monkeypatch.setattr(excel_source, "read_layout", lambda _: SheetLayout(is_damaged=True))
    _, message = read_until_error(folder.open(sheet([["a"], [1]]), file="apps.xlsx"))
    assert message.startswith(f"{LABEL} cannot be read from row 3 on because the file is damaged.")


@settings(max_examples=examples(30))
@given(data=st.data())
def test_merged_rows_are_as_if_each_cell_had_its_value(tmp_path_factory, data):
    """Any cells that are merged within one column read as if each had the value of the first."""
    height = data.draw(st.integers(1, 8))
    lines = [[None, None, f"row {number}"] for number in range(height)]
    expected = [list(line) for line in lines]
    merged = []
    for column, letter in enumerate("AB"):
        row = 0
        while row < height:
            size = data.draw(st.integers(1, height - row))
            value = data.draw(st.none() | st.integers(0, 9) | st.sampled_from(["x", "y"]))
            lines[row][column] = value
            for line in expected[row : row + size]:
                line[column] = value
            if size > 1:
                merged.append(f"{letter}{row + 2}:{letter}{row + size + 1}")
            row += size
    source = Folder(tmp_path_factory.mktemp("merged")).open(
        sheet([["a", "b", "c"], *lines], merged), file="apps.xlsx"
    )
    assert [list(row.values()) for row in values(source)] == expected


def test_addresses():
    """A range is written as Excel writes it."""
    assert [cell_address(column, 7) for column in (0, 25, 26, 701, 702)] == ["A7", "Z7", "AA7", "ZZ7", "AAA7"]
    assert str(MergedRange(0, 1, 27, 12)) == "A1:AB12"
