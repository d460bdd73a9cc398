"""Rows from Excel: which sheet, which header, what kinds of cells, and files that are damaged."""

import io
import zipfile
from datetime import date, datetime, time

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import MANY, Folder, rows, said_of_the_only_row, trouble, values
from refusals import sentence_of

from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources import SourceUnreadable

OPEN_IT = "open the file in Excel and save it."
SHEET = "xl/worksheets/sheet1.xml"


def book(*sheets, **named):
    """Return the bytes of a workbook with sheets of rows, called Sheet, Sheet1, ... or as they are named."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, cells in [*((None, one) for one in sheets), *named.items()]:
        sheet = made.create_sheet(title)
        for row in cells:
            sheet.append(row)
    return written(made)


def written(made):
    """Return the bytes of a workbook."""
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def changed(content, part, change):
    """Return a workbook in which one part is changed by a function of its text."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, change(text.decode()).encode() if name == part else text)
    return out.getvalue()


def test_cells_keep_their_types(folder):
    """Text, numbers, dates, yes and no come as Excel keeps them; what is empty is None."""
    day, moment = datetime(2024, 5, 31), datetime(2024, 5, 31, 13, 45)  # noqa: DTZ001
    cells = ["x", " y ", 1, 1.5, True, day, moment, time(13, 45), None]
    source = folder.open(book([list("abcdefghi"), cells]), file="apps.xlsx")
    assert source.columns == tuple("abcdefghi")
    (row,) = values(source)
    assert list(row.values()) == cells
    assert [type(cell) for cell in row.values()] == [type(cell) for cell in cells]


def test_a_row_is_named_by_file_sheet_and_row(folder):
    """Rows count as Excel counts them; empty ones are skipped, short ones end in nothing."""
    content = book(Servers=[["a", "b"], ["1", "2"], [], [None, " "], ["3"]], Other=[["x"]])
    source = folder.open(content, file="inventory.xlsx", sheet="Servers")
    assert source.name == "inventory.xlsx sheet Servers"
    assert rows(source) == [
        ("inventory.xlsx sheet Servers row 2", {"a": "1", "b": "2"}),
        ("inventory.xlsx sheet Servers row 5", {"a": "3", "b": None}),
    ]


def test_rows_and_cells_that_the_file_leaves_out(folder):
    """A file holds no empty rows or cells: those that it has are counted by where they stand."""
    made = openpyxl.Workbook()
    made.active["B3"], made.active["C3"], made.active["C90"] = "a", "b", 1
    made.active["A3"] = "x"
    source = folder.open(written(made), file="apps.xlsx", header=3)
    assert rows(source) == [("apps.xlsx sheet Sheet row 90", {"x": None, "a": None, "b": 1})]


def test_the_only_sheet_that_can_be_seen_is_taken(folder):
    """Without a title the one visible sheet is read; of several, none."""
    made = openpyxl.Workbook()
    made.active.append(["a"])
    made.active.append([1])
    made.create_sheet("Hidden").sheet_state = "hidden"
    source = folder.open(written(made), file="apps.xlsx")
    assert rows(source) == [("apps.xlsx sheet Sheet row 2", {"a": 1})]
    source = folder.open(book(Apps=[["a"]], Servers=[["a"]]), file="apps.xlsx")
    assert sentence_of(SourceUnreadable, lambda: source.columns) == (
        "apps.xlsx has 2 sheets: give the sheet to read, there is 'Apps' and 'Servers'."
    )


def test_a_sheet_that_is_not_there(folder):
    """A title that no sheet has is refused with the near ones."""
    source = folder.open(book(Apps=[["a"]], Servers=[["a"]]), file="apps.xlsx", sheet="Server")
    assert sentence_of(SourceUnreadable, lambda: source.columns) == (
        "apps.xlsx has no sheet 'Server': did you mean 'Servers'?"
    )


@pytest.mark.parametrize(
    ("cells", "stated", "said"),
    [
        ([], {}, "apps.xlsx sheet Sheet ends before row 1, which has to name the columns."),
        ([["a"]], {"header": 2}, "apps.xlsx sheet Sheet ends before row 2, which has to name the columns."),
        ([[], ["a"]], {}, "apps.xlsx sheet Sheet row 1 is blank where the names of the columns should be."),
        ([["a", None, "b"]], {}, "apps.xlsx sheet Sheet row 1 has no name for column 2: name every column."),
        (
            [["a", "b", "a "]],
            {},
            "apps.xlsx sheet Sheet row 1 gives two columns, 1 and 3, the name 'a': ",
        ),
        (
            [["a", date(2024, 1, 1)]],
            {},
            "apps.xlsx sheet Sheet row 1 has a datetime over column 2: the name of a column is text.",
        ),
    ],
)
def test_bad_headers(folder, cells, stated, said):
    """A header that is missing, blank, no text, or names a column twice or not at all is refused."""
    source = folder.open(book(cells), file="apps.xlsx", **stated)
    assert sentence_of(SourceUnreadable, lambda: source.columns).startswith(said)


def test_numbers_over_columns(folder):
    """A year over a column is its name; cells beside the header that hold nothing have none."""
    source = folder.open(book([["a", 2024, 2025.0, None, " "], [1, 2, 3]]), file="apps.xlsx")
    assert values(source) == [{"a": 1, "2024": 2, "2025": 3}]


def test_a_value_beside_the_columns(folder):
    """A value in a column without a name belongs nowhere, and is named by its cell."""
    said = said_of_the_only_row(folder.open(book([["a"], ["x", None, "y"]]), file="apps.xlsx"))
    assert said == "apps.xlsx sheet Sheet row 2 has a value in cell C2, where no column is named."
    wide = [*[None] * 702, "y"]
    said = said_of_the_only_row(folder.open(book([["a"], ["x", *wide[1:]]]), file="apps.xlsx"))
    assert " in cell AAA2, " in said


def test_errors_of_excel(folder):
    """A cell in which Excel shows an error makes its row unusable; text that looks like one does not."""
    content = changed(
        book([["a", "b"], [1, "#REF!"], ["#N/A yet", 2]]),
        SHEET,
        lambda text: text.replace('<c r="B2" t="s"><v>2</v></c>', '<c r="B2" t="e"><v>#REF!</v></c>'),
    )
    assert rows(folder.open(content, file="apps.xlsx")) == [
        "apps.xlsx sheet Sheet row 2 has the error #REF! in cell B2: mend it in Excel.",
        ("apps.xlsx sheet Sheet row 3", {"a": "#N/A yet", "b": 2}),
    ]


def test_a_date_that_is_none(folder):
    """A number that is formatted as a date and is none is an error of Excel's."""
    made = openpyxl.Workbook()
    made.active.append(["a"])
    made.active.append([10**9])
    made.active["A2"].number_format = "yyyy-mm-dd"
    said = said_of_the_only_row(folder.open(written(made), file="apps.xlsx"))
    assert said == "apps.xlsx sheet Sheet row 2 has the error #VALUE! in cell A2: mend it in Excel."


def test_formulas(folder):
    """A formula is its result; one that was never calculated is not taken for an empty cell."""
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
    assert rows(folder.open(content, file="apps.xlsx")) == [
        ("apps.xlsx sheet Sheet row 2", {"a": 2, "b": "x"}),
        f"apps.xlsx sheet Sheet row 3 has a formula in cell A3 that was never calculated: {OPEN_IT}",
        ("apps.xlsx sheet Sheet row 4", {"a": None, "b": "z"}),
        ("apps.xlsx sheet Sheet row 5", {"a": None, "b": "nothing"}),
    ]


def test_a_size_that_the_file_belies(folder):
    """What the file says of its own size is not believed."""
    content = changed(book([["a", "b"], [1, 2]]), SHEET, lambda text: text.replace('ref="A1:B2"', 'ref="A1"'))
    assert values(folder.open(content, file="apps.xlsx")) == [{"a": 1, "b": 2}]


def test_warnings_of_what_is_not_read_are_kept_quiet(folder):
    """What openpyxl would lose if it wrote the file is nothing to warn a reader of."""
    extension = (
        '<extLst><ext uri="{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}"><x14:dataValidations '
        'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"/></ext></extLst></worksheet>'
    )
    content = changed(book([["a"], [1]]), SHEET, lambda text: text.replace("</worksheet>", extension))
    assert values(folder.open(content, file="apps.xlsx")) == [{"a": 1}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "apps.xlsx is no Excel workbook: save it as .xlsx, or give the type that it has."),
        (b"", "apps.xlsx is no Excel workbook: save it as .xlsx, or give the type that it has."),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "apps.xlsx is in Excel's old format, or protected by a password: save it as .xlsx without one.",
        ),
        (
            b"PK\x03\x04 and nothing",
            "apps.xlsx cannot be read as an Excel workbook: it is damaged. Save it again.",
        ),
    ],
)
def test_files_that_are_no_workbook(folder, content, said):
    """Other files are told from workbooks, each with a sentence."""
    assert sentence_of(SourceUnreadable, lambda: folder.open(content, file="apps.xlsx").columns) == said


def test_the_old_format_is_refused_by_its_suffix(folder):
    """A .xls file is refused before anything is read, with what to do."""
    said = sentence_of(ConfigurationError, folder.open, b"", file="apps.xls")
    assert said == "The file 'apps.xls' is in Excel's old format: save it as .xlsx."


def test_a_sheet_that_breaks_off(folder):
    """Rows before the damage are given, and the row where it is, is named."""
    content = changed(book([["a"], [1], [2], [3]]), SHEET, lambda text: text.replace("<v>3</v>", "<v>3</w>"))
    _, said = trouble(folder.open(content, file="apps.xlsx"))
    assert said.startswith("apps.xlsx sheet Sheet cannot be read from row ")
    assert said.endswith(" on: the file is damaged. Save it again.")


@pytest.mark.slow
def test_the_first_row_comes_before_the_last_is_read(folder):
    """Rows are read as they are asked for: what is wrong at the end does not keep back the beginning."""
    content = changed(
        book([["a"], *([n] for n in range(MANY))]), SHEET, lambda text: text.replace("</sheetData>", "</s>")
    )
    with folder.open(content, file="apps.xlsx") as source:
        some = iter(source)
        assert next(some).values == {"a": 0}
        assert sentence_of(SourceUnreadable, list, some).endswith(": the file is damaged. Save it again.")


CELLS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(
        st.characters(min_codepoint=32, codec="utf-8", exclude_characters="\ufffe\uffff"), max_size=9
    ).filter(lambda text: not text.startswith("="))
)
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=1, max_size=5).map(str.strip)


@settings(max_examples=40)
@given(
    header=st.lists(
        NAMES.filter(lambda name: bool(name) and name[0] != "="), min_size=1, max_size=3, unique=True
    ),
    data=st.data(),
)
def test_what_is_written_is_read(tmp_path_factory, header, data):
    """Whatever openpyxl writes is read as it was, but for empty rows and text of nothing."""
    width = len(header)
    lines = data.draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=4))
    source = Folder(tmp_path_factory.mktemp("excel")).open(book([header, *lines]), file="apps.xlsx")
    expected = [[None if cell == "" else cell for cell in line] for line in lines]
    expected = [line for line in expected if any(cell is not None and str(cell).strip() for cell in line)]
    assert [list(row.values()) for row in values(source)] == expected


@settings(max_examples=60)
@given(place=st.integers(0, 10**6), byte=st.integers(0, 255), cut=st.booleans())
def test_any_damage_is_one_sentence(tmp_path_factory, place, byte, cut):
    """Whatever happens to a workbook's bytes, it is read, or refused in one sentence."""
    content = bytearray(WHOLE)
    place %= len(content)
    content[place] = byte
    source = Folder(tmp_path_factory.mktemp("excel")).open(
        bytes(content[:place] if cut else content), file="apps.xlsx"
    )
    said = "apps.xlsx."
    try:
        rows(source)
    except SourceUnreadable as refused:
        said = str(refused)
    assert said.startswith("apps.xlsx")
    assert said[-1] in ".?"


WHOLE = book([["a", "b"], [1, "x"], ["=A2", date(2024, 5, 31)]])
