"""The table of a source: its type, its keys, its file, and the packages that it needs."""

import subprocess
import sys

import pytest
from error_messages import sentence_of

from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources import SourceUnreadable, open_source

TYPES = "there are 'csv', 'json', 'ndjson', 'excel', 'sql', 'duckdb' and 'rows'."


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "The source is None. Use a table of keys and values."),
        ("apps.csv", "The source is a str. Use a table of keys and values."),
        ({}, f"The source has no type: {TYPES}"),
        ({"file": "apps"}, f"The source has no type, and the name of the file 'apps' implies none: {TYPES}"),
        (
            {"file": "apps.gz"},
            f"The source has no type, and the name of the file 'apps.gz' implies none: {TYPES}",
        ),
        ({"file": ".csv"}, f"The source has no type, and the name of the file '.csv' implies none: {TYPES}"),
        (
            {"file": "x.d/apps"},
            f"The source has no type, and the name of the file 'x.d/apps' implies none: {TYPES}",
        ),
        (
            {"type": "cvs", "file": "x"},
            "The source has the type 'cvs', which is not known: did you mean 'csv'?",
        ),
        ({"type": "Excel "}, "The source has the type 'Excel ', which is not known: did you mean 'excel'?"),
        ({"type": 3}, f"The source has the type an int, which is not known: {TYPES}"),
        ({"type": "csv"}, "The source of type 'csv' needs the key 'file'. Set it to text."),
        ({"type": "csv", "file": 3}, "The source of type 'csv' has an int as 'file'. Use text."),
        ({"type": "csv", "file": ""}, "The source of type 'csv' has empty text as 'file'. Use text."),
        (
            {"file": "apps.csv", "delimeter": ";"},
            "The source of type 'csv' has no key 'delimeter': did you mean 'delimiter'?",
        ),
        (
            {"file": "apps.csv", "sheet": "x"},
            "The source of type 'csv' has no key 'sheet': there are 'file', 'name', 'delimiter', ",
        ),
        ({"file": "apps.csv", 3: "x"}, "The source of type 'csv' has no key 3: there are 'file', "),
        ({"file": "apps.json", "path": 3}, "The source of type 'json' has an int as 'path'. Use the keys"),
        (
            {"file": "apps.xlsx", "header": "1"},
            "The source of type 'excel' has a str as 'header'. Use a row from 1 on, or two rows",
        ),
        (
            {"type": "rows"},
            "The source of type 'rows' needs the key 'rows'. Set it to a list of tables, one for each row.",
        ),
        ({"type": "rows", "rows": 3}, "The source of type 'rows' has an int as 'rows'. Use a list of tables"),
    ],
)
def test_invalid_table_is_rejected(tmp_path, table, message):
    """Unknown types and keys, missing keys and values of another type are rejected with a remedy."""
    (tmp_path / "apps.csv").write_text("a\n")
    assert sentence_of(ConfigurationError, open_source, table, tmp_path).startswith(message)


@pytest.mark.parametrize("file", ["apps.csv", "apps.json", "apps.ndjson", "apps.xlsx", "apps.parquet"])
def test_missing_file_is_rejected(tmp_path, file):
    """A missing file, and a folder in its place, are rejected before anything is read."""
    message = sentence_of(ConfigurationError, open_source, {"file": file}, tmp_path)
    assert message == f"The file {file!r} in the folder {str(tmp_path)!r} does not exist."
    (tmp_path / file).mkdir()
    assert sentence_of(ConfigurationError, open_source, {"file": file}, str(tmp_path)) == (
        f"The file {file!r} in the folder {str(tmp_path)!r} is a folder."
    )


@pytest.mark.parametrize("file", ["a\0.csv", f"{'long' * 999}.csv", "/nowhere/at/all.csv", "\ud800.csv"])
def test_invalid_file_name_is_a_missing_file(tmp_path, file):
    """A name that is not valid, too long, or in a missing folder is that of a missing file."""
    message = sentence_of(ConfigurationError, open_source, {"file": file}, tmp_path)
    assert message.endswith(" does not exist.")
    assert len(message) < 300


def test_unreadable_file_gives_the_system_error(tmp_path):
    """The message for a file that cannot be opened has the error of the system."""
    file = tmp_path / "apps.csv"
    file.write_text("a\n")
    source = open_source({"file": "apps.csv"}, tmp_path)
    file.unlink()
    file.mkdir()
    message = sentence_of(SourceUnreadable, lambda: source.columns)
    assert message == "apps.csv cannot be read: Is a directory."


@pytest.mark.parametrize(
    ("package", "table", "message"),
    [
        (
            "openpyxl",
            {"file": "apps.xlsx"},
            "An Excel file needs the package 'openpyxl', which is not installed: ",
        ),
        (
            "sqlalchemy",
            {"type": "sql", "url": "sqlite://", "query": "SELECT 1"},
            "A database needs the package 'sqlalchemy', which is not installed: ",
        ),
        (
            "duckdb",
            {"type": "duckdb", "query": "SELECT 1"},
            "A source of type 'duckdb' needs the package 'duckdb', which is not installed: ",
        ),
    ],
)
def test_missing_package_is_reported_with_its_extra(tmp_path, monkeypatch, package, table, message):
    """A missing package is reported with the command that installs it, before anything is read."""
    (tmp_path / "apps.xlsx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, package, None)
    extra = {"openpyxl": "excel", "sqlalchemy": "sql", "duckdb": "duckdb"}[package]
    assert sentence_of(ConfigurationError, open_source, table, tmp_path) == (
        f"{message}pip install 'ardoqpy[{extra}]'."
    )


def test_text_sources_need_no_extra(tmp_path):
    """CSV and JSON need no extra, and no extra is imported before it is used."""
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "a.json").write_text('[{"a": 1}]')
    code = (
        "import sys\n"
        "extras = ('openpyxl', 'sqlalchemy', 'duckdb', 'psycopg', 'pytz')\n"
        "from ardoqpy_sync.sources import open_source\n"
        "from ardoqpy_sync.sources.cell_conversion import convert_cell\n"
        "assert [row.values for row in open_source({'file': 'a.csv'}, '.')] == [{'a': '1'}]\n"
        "assert [row.values for row in open_source({'file': 'a.json'}, '.')] == [{'a': 1}]\n"
        "print([name for name in extras if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"
