"""Rows from Excel: sheets, headers, types of cells, and damaged files."""

import io
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest
from error_messages import sentence_of
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import MANY, Folder, read_until_error, rows, values

from ardoqpy.errors import ConfigurationError, InvalidInput
from ardoqpy_sync.sources import SourceUnreadable

SAVE = "Open the file in Excel and save it."
SHEET = "xl/worksheets/sheet1.xml"


def book(*sheets, **named):
    """Return the bytes of a workbook with sheets of rows, named Sheet, Sheet1, ... or by keyword."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, cells in [*((None, item) for item in sheets), *named.items()]:
        sheet = workbook.create_sheet(title)
        for row in cells:
            sheet.append(row)
    return written(workbook)


def written(workbook):
    """Return the bytes of a workbook."""
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def changed(content, part, change):
    """Return a workbook after a function has changed the text of one part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()).encode() if name == part else text)
    return out.getvalue()


def test_escaped_characters(folder):
    """What Excel writes as _x000D_ is the character that it stands for."""
    content = book([["a", "b"], ["one TEXT two", "_x"]])
    for part in ("xl/sharedStrings.xml", SHEET):  # openpyxl's versions differ
        content = changed(content, part, _escape)
    (row,) = values(folder.open(content, file="apps.xlsx"))
    assert row == {"a": "one \r\n two", "b": "_x"}


def _escape(text):
    return text.replace("TEXT", "_x000D_\n")


def test_cells_keep_their_types(folder):
    """Text, numbers, dates and booleans keep their types; an empty cell is None."""
    day, moment = datetime(2024, 5, 31), datetime(2024, 5, 31, 13, 45)  # noqa: DTZ001
    cells = ["x", " y ", 1, 1.5, True, day, moment, time(13, 45), None]
    source = folder.open(book([list("abcdefghi"), cells]), file="apps.xlsx")
    assert source.columns == tuple("abcdefghi")
    (row,) = values(source)
    assert list(row.values()) == cells
    assert [type(cell) for cell in row.values()] == [type(cell) for cell in cells]


def test_label_names_file_sheet_and_row(folder):
    """Rows have the numbers of Excel; empty rows are skipped, short rows end with empty cells."""
    content = book(Servers=[["a", "b"], ["1", "2"], [], [None, " "], ["3"]], Other=[["x"]])
    source = folder.open(content, file="inventory.xlsx", sheet="Servers")
    assert source.name == "inventory.xlsx sheet Servers"
    assert rows(source) == [
        ("inventory.xlsx sheet Servers row 2", {"a": "1", "b": "2"}),
        ("inventory.xlsx sheet Servers row 5", {"a": "3", "b": None}),
    ]


def test_omitted_rows_and_cells_count(folder):
    """Empty rows and cells are not in the file, but count for the numbers of the others."""
    workbook = openpyxl.Workbook()
    workbook.active["B3"], workbook.active["C3"], workbook.active["C90"] = "a", "b", 1
    workbook.active["A3"] = "x"
    source = folder.open(written(workbook), file="apps.xlsx", header=3)
    assert rows(source) == [("apps.xlsx sheet Sheet row 90", {"x": None, "a": None, "b": 1})]


def test_only_visible_sheet_is_read(folder):
    """Without a title the only visible sheet is read; several are rejected."""
    workbook = openpyxl.Workbook()
    workbook.active.append(["a"])
    workbook.active.append([1])
    workbook.create_sheet("Hidden").sheet_state = "hidden"
    source = folder.open(written(workbook), file="apps.xlsx")
    assert rows(source) == [("apps.xlsx sheet Sheet row 2", {"a": 1})]
    source = folder.open(book(Apps=[["a"]], Servers=[["a"]]), file="apps.xlsx")
    assert sentence_of(SourceUnreadable, lambda: source.columns) == (
        "apps.xlsx has 2 visible sheets. Set sheet to one of them: there are 'Apps' and 'Servers'."
    )


def test_unknown_sheet_is_rejected(folder):
    """A title that no sheet has is rejected with similar titles."""
    source = folder.open(book(Apps=[["a"]], Servers=[["a"]]), file="apps.xlsx", sheet="Server")
    assert sentence_of(SourceUnreadable, lambda: source.columns) == (
        "apps.xlsx has no sheet 'Server': did you mean 'Servers'?"
    )


@pytest.mark.parametrize(
    ("cells", "stated", "message"),
    [
        ([], {}, "apps.xlsx sheet Sheet ends before row 1, which must contain the column names."),
        (
            [["a"]],
            {"header": 2},
            "apps.xlsx sheet Sheet ends before row 2, which must contain the column names.",
        ),
        ([[], ["a"]], {}, "apps.xlsx sheet Sheet row 1 is blank. It must contain the column names."),
    ],
)
def test_invalid_header_is_rejected(folder, cells, stated, message):
    """A header that is missing or blank is rejected."""
    source = folder.open(book(cells), file="apps.xlsx", **stated)
    assert sentence_of(SourceUnreadable, lambda: source.columns).startswith(message)


def test_numbers_are_column_names(folder):
    """A year in the header is a column name; empty cells after the header are ignored."""
    source = folder.open(book([["a", 2024, 2025.0, None, " "], [1, 2, 3]]), file="apps.xlsx")
    assert values(source) == [{"a": 1, "2024": 2, "2025": 3}]


def test_columns_are_rejected_only_if_they_are_read(folder):
    """A double, blank or dated name, and a value beside the table, do not stop the rest from being read."""
    header = ["a", None, "b", "a ", date(2024, 1, 1)]
    content = book(
        [header, [1, 2, 3, 4, 5, None, "note"], [None, None, None, None, None, None, "only a note"]]
    )
    source = folder.open(content, file="apps.xlsx")
    source.require(["b"])
    assert rows(source) == [("apps.xlsx sheet Sheet row 2", {"b": 3})]
    assert sentence_of(SourceUnreadable, source.require, ["a"]) == (
        "apps.xlsx sheet Sheet row 1: columns A and D have the name 'a'. Give each column a different name."
    )
    source.close()


def unreadable(row):
    """Return the columns of a row that cannot be read, each with the sentence that says why."""
    for column, problem in row.unreadable.items():
        assert sentence_of(InvalidInput, row.values.get, column) == problem
    return dict(row.unreadable)


def test_bad_cells_are_rejected_only_if_they_are_read(folder):
    """An Excel error or uncalculated formula cannot be read, the other cells can; text like one is valid."""
    content = book([["a", "b", "c", "d"], ["#N/A", "=A1", "#REF!", "x"], ["#N/A yet", 2]])
    with folder.open(content, file="apps.xlsx") as source:
        bad, good = source
    assert (bad.problem, bad.values) == (None, {"d": "x"})
    assert unreadable(bad) == {
        "a": "Cell A2 has the error #N/A. Correct it in Excel.",
        "b": f"Cell B2 has a formula that was never calculated. {SAVE}",
        "c": "Cell C2 has the error #REF!. Correct it in Excel.",
    }
    assert good.values == {"a": "#N/A yet", "b": 2, "c": None, "d": None}


def test_invalid_date_is_an_excel_error(folder):
    """A number that is formatted as a date, but is not one, is an Excel error."""
    workbook = openpyxl.Workbook()
    workbook.active.append(["a"])
    workbook.active.append([10**9])
    workbook.active["A2"].number_format = "yyyy-mm-dd"
    with folder.open(written(workbook), file="apps.xlsx") as source:
        (row,) = source
    assert unreadable(row) == {"a": "Cell A2 has the error #VALUE!. Correct it in Excel."}


def test_formulas(folder):
    """A formula gives its result; one that was never calculated is not taken for an empty cell."""
    content = changed(
        book([["a", "b"], ["=1+1", "x"], ["=A2", "y"], ['=""', "z"], [None, "nothing"]]),
        SHEET,
        lambda text: (
            text.replace("<f>1+1</f><v></v>", "<f>1+1</f><v>2</v>")
            .replace("<f>1+1</f><v />", "<f>1+1</f><v>2</v>")
            .replace('<c r="A4"><f>""</f><v></v>', '<c r="A4" t="str"><f>""</f><v></v>')
            .replace('<c r="A4"><f>""</f><v />', '<c r="A4" t="str"><f>""</f><v />')
        ),
    )
    with folder.open(content, file="apps.xlsx") as source:
        read = list(source)
    assert [row.values for row in read] == [
        {"a": 2, "b": "x"},
        {"b": "y"},
        {"a": None, "b": "z"},
        {"a": None, "b": "nothing"},
    ]
    assert [unreadable(row) for row in read] == [
        {},
        {"a": f"Cell A3 has a formula that was never calculated. {SAVE}"},
        {},
        {},
    ]


def test_size_in_the_file_is_ignored(folder):
    """A wrong size of the sheet in the file does not matter."""
    content = changed(book([["a", "b"], [1, 2]]), SHEET, lambda text: text.replace('ref="A1:B2"', 'ref="A1"'))
    assert values(folder.open(content, file="apps.xlsx")) == [{"a": 1, "b": 2}]


def test_openpyxl_warnings_are_suppressed(folder):
    """Warnings about parts that it would not write back are suppressed."""
    extension = (
        '<extLst><ext uri="{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}"><x14:dataValidations '
        'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"/></ext></extLst></worksheet>'
    )
    content = changed(book([["a"], [1]]), SHEET, lambda text: text.replace("</worksheet>", extension))
    assert values(folder.open(content, file="apps.xlsx")) == [{"a": 1}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"a,b\n1,2\n",
            "apps.xlsx is not an Excel workbook. Save it as .xlsx, or set type to the type that it has.",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "apps.xlsx is in Excel's old format or has a password. Save it as .xlsx without a password.",
        ),
        (
            b"PK\x03\x04 and nothing",
            "apps.xlsx cannot be read because it is damaged. Save it again in Excel.",
        ),
    ],
)
def test_files_that_are_not_workbooks_are_rejected(folder, content, message):
    """Each kind of file that is not a workbook is rejected with a remedy."""
    assert sentence_of(SourceUnreadable, lambda: folder.open(content, file="apps.xlsx").columns) == message


def test_old_format_is_rejected_by_its_suffix(folder):
    """A .xls file is rejected with a remedy before anything is read."""
    message = sentence_of(ConfigurationError, folder.open, b"", file="apps.xls")
    assert message == "The file 'apps.xls' is in Excel's old format. Save it as .xlsx."


def test_damaged_row_is_reported(folder):
    """The error names the row from which on a sheet is damaged."""
    content = changed(book([["a"], [1], [2], [3]]), SHEET, lambda text: text.replace("<v>3</v>", "<v>3</w>"))
    _, message = read_until_error(folder.open(content, file="apps.xlsx"))
    assert message.startswith("apps.xlsx sheet Sheet cannot be read from row ")
    assert message.endswith(" on because the file is damaged. Save it again in Excel.")


@pytest.mark.slow
def test_rows_are_streamed(folder):
    """The first row is available before the last one is read."""
    content = changed(
        book([["a"], *([n] for n in range(MANY))]), SHEET, lambda text: text.replace("</sheetData>", "</s>")
    )
    with folder.open(content, file="apps.xlsx") as source:
        some = iter(source)
        assert next(some).values == {"a": 0}
        assert sentence_of(SourceUnreadable, list, some).endswith(
            " the file is damaged. Save it again in Excel."
        )


CELLS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(
        st.characters(min_codepoint=32, codec="utf-8", exclude_characters="\ufffe\uffff"), max_size=9
    ).filter(lambda text: not text.startswith("="))
)
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1, max_size=5).map(str.strip)


@settings(max_examples=examples(40))
@given(
    header=st.lists(
        NAMES.filter(lambda name: bool(name) and name[0] != "="), min_size=1, max_size=3, unique=True
    ),
    data=st.data(),
)
def test_written_workbook_is_read_back(tmp_path_factory, header, data):
    """Any workbook that openpyxl writes is read back, except empty rows and empty text."""
    width = len(header)
    lines = data.draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=4))
    source = Folder(tmp_path_factory.mktemp("excel")).open(book([header, *lines]), file="apps.xlsx")
    expected = [[None if cell == "" else cell for cell in line] for line in lines]
    expected = [line for line in expected if any(cell is not None and str(cell).strip() for cell in line)]
    assert [list(row.values()) for row in values(source)] == expected


@settings(max_examples=examples(60))
@given(position=st.integers(0, 10**6), byte=st.integers(0, 255), is_cut=st.booleans())
def test_damaged_workbook_is_read_or_rejected(tmp_path_factory, position, byte, is_cut):
    """A workbook with changed bytes is read, or rejected with one sentence."""
    content = bytearray(WHOLE)
    position %= len(content)
    content[position] = byte
    source = Folder(tmp_path_factory.mktemp("excel")).open(
        bytes(content[:position] if is_cut else content), file="apps.xlsx"
    )
    message = "apps.xlsx."
    try:
        rows(source)
    except SourceUnreadable as error:
        message = str(error)
    assert message.startswith("apps.xlsx")
    assert message[-1] in ".?"


WHOLE = book([["a", "b"], [1, "x"], ["=A2", date(2024, 5, 31)]])
