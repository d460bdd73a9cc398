"""Sources that go on for ever, or state sizes that no file has: one sentence, within moments."""

import gzip

import pytest
from error_messages import sentence_of
from reading import read_until_error
from test_source_excel import SHEET, book, changed

from ardoqpy_sync.sources import SourceUnreadable, excel_layout, excel_source, text_file

LIMIT = 200_000


@pytest.fixture(autouse=True)
def _low_limits(monkeypatch):
    """Lower the limits that files of a test would be too large for."""
    monkeypatch.setattr(text_file, "MAX_VALUE", LIMIT)
    monkeypatch.setattr(excel_source, "_MAX_LOADED", LIMIT)


@pytest.mark.parametrize(
    ("content", "file"),
    [
        ("a,b\n" + "x" * 10 * LIMIT, "apps.csv"),
        ('{"a": 1}\n{"a": "' + "x" * 10 * LIMIT, "apps.ndjson"),
        ('[{"a": 1}, {"a": "' + "x" * 10 * LIMIT, "apps.json"),
    ],
)
def test_line_or_value_without_end(folder, content, file):
    """A line, or a JSON value, that never ends is given up, also in a small compressed file."""
    for name, written in ((file, content), (f"{file}.gz", gzip.compress(content.encode()))):
        message = read_until_error(folder.open(written, file=name))[1]
        assert f"over {LIMIT:,} characters" in message


ROWS = "</sheetData>"


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (
            '<row r="1000000000000"><c r="A1000000000000"><v>1</v></c></row>',
            "a row 1000000000000, and a sheet",
        ),
        ('<row r="1048576"/><row/>', "a row 1048577, and a sheet has at most 1,048,576 rows"),
        ('<row r="3">' + "<c/>" * 17_000 + "</row>", "over 16,384 cells in row 3"),
        (
            '<row r="3"><c t="str"><v>' + "x" * (3 << 20) + "</v></c></row>",
            "a text of over a million characters",
        ),
        ('<row r="3"><c r="ZZZZZZ3"><v>1</v></c></row>', "the file is damaged"),
    ],
)
@pytest.mark.parametrize("has_size", [True, False])
def test_sheet_beyond_limits_of_excel(folder, more, problem, has_size):
    """A sheet with more rows, cells or text than Excel has is not read, with or without its stated size."""

    def change(text):
        text = text if has_size else text.replace("<dimension", "<other")
        return text.replace(ROWS, more + ROWS)

    source = folder.open(changed(book([["Name"], ["a"]]), SHEET, change), file="apps.xlsx")
    assert problem in read_until_error(source)[1]


def test_texts_of_workbook_beyond_limit(folder):
    """The texts of a workbook, which are loaded as a whole, have a limit."""
    content = changed(book([["Name"]]), "xl/styles.xml", lambda text: text + " " * LIMIT)
    source = folder.open(content, file="apps.xlsx")
    sentence = sentence_of(SourceUnreadable, list, source)
    assert sentence == "apps.xlsx has over 0 MB of texts and styles. Save it again in Excel."


def test_document_type_of_sheet_is_refused(folder):
    """A sheet with a document type, whose entities can expand to a billion times its size, is not read."""
    bomb = '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>'
    content = changed(book([["Name"]]), SHEET, lambda text: bomb + text[text.index("<worksheet") :])
    message = read_until_error(folder.open(content, file="apps.xlsx"))[1]
    assert message.endswith("has a document type, which Excel does not write. Save it again in Excel.")


def test_limits_are_those_of_excel():
    """A sheet of Excel has 1,048,576 rows and 16,384 columns."""
    assert (excel_layout._MAX_ROWS, excel_layout._MAX_COLUMNS) == (2**20, 2**14)
