"""What a job file says of a source: its type, its keys, its file, and the packages that it needs."""

import subprocess
import sys

import pytest
from refusals import sentence_of

from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources import SourceUnreadable, open_source

TYPES = "there is 'csv', 'json', 'ndjson', 'excel', 'sql', 'duckdb' and 'rows'."


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "The source is None: describe it by a table of keys and values."),
        ("apps.csv", "The source is a str: describe it by a table of keys and values."),
        ({}, f"The source has no type: {TYPES}"),
        ({"name": "x"}, f"The source has no type: {TYPES}"),
        ({"file": "apps"}, f"The source has no type, and the file 'apps' does not tell it: {TYPES}"),
        ({"file": "apps.gz"}, f"The source has no type, and the file 'apps.gz' does not tell it: {TYPES}"),
        ({"file": ".csv"}, f"The source has no type, and the file '.csv' does not tell it: {TYPES}"),
        ({"file": "x.d/apps"}, f"The source has no type, and the file 'x.d/apps' does not tell it: {TYPES}"),
        ({"type": "cvs", "file": "x"}, "The source has the type 'cvs', which is none: did you mean 'csv'?"),
        ({"type": "Excel "}, "The source has the type 'Excel ', which is none: did you mean 'excel'?"),
        ({"type": 3}, f"The source has the type an int, which is none: {TYPES}"),
        ({"type": "csv"}, "The source of type 'csv' has no 'file': give text."),
        ({"type": "csv", "file": 3}, "The source of type 'csv' has an int under 'file': give text."),
        ({"type": "csv", "file": ""}, "The source of type 'csv' has empty text under 'file': give text."),
        (
            {"file": "apps.csv", "delimeter": ";"},
            "The source of type 'csv' has no key 'delimeter': did you mean 'delimiter'?",
        ),
        (
            {"file": "apps.csv", "sheet": "x"},
            "The source of type 'csv' has no key 'sheet': there is 'file', 'name', 'delimiter', ",
        ),
        ({"file": "apps.csv", 3: "x"}, "The source of type 'csv' has no key 3: there is 'file', "),
        (
            {"file": "apps.json", "path": 3},
            "The source of type 'json' has an int under 'path': give the keys on",
        ),
        (
            {"file": "apps.xlsx", "header": "1"},
            "The source of type 'excel' has a str under 'header': give a whole",
        ),
        (
            {"type": "rows"},
            "The source of type 'rows' has no 'rows': give a list of tables, one for each row.",
        ),
        (
            {"type": "rows", "rows": 3},
            "The source of type 'rows' has an int under 'rows': give a list of tables",
        ),
    ],
)
def test_descriptions_that_cannot_be(tmp_path, told, said):
    """Unknown types and keys, missing ones and values of another type are refused with what there is."""
    (tmp_path / "apps.csv").write_text("a\n")
    assert sentence_of(ConfigurationError, open_source, told, tmp_path).startswith(said)


@pytest.mark.parametrize("file", ["apps.csv", "apps.json", "apps.ndjson", "apps.xlsx", "apps.parquet"])
def test_files_that_are_not_there(tmp_path, file):
    """A missing file, and a folder in its place, are refused before anything is read."""
    said = sentence_of(ConfigurationError, open_source, {"file": file}, tmp_path)
    assert said == f"The file {file!r} of the source is not there (looked for in {str(tmp_path)!r})."
    (tmp_path / file).mkdir()
    assert sentence_of(ConfigurationError, open_source, {"file": file}, str(tmp_path)) == (
        f"The file {file!r} of the source is a folder (looked for in {str(tmp_path)!r})."
    )


@pytest.mark.parametrize("file", ["a\0.csv", f"{'long' * 999}.csv", "/nowhere/at/all.csv", "\ud800.csv"])
def test_names_that_no_file_has(tmp_path, file):
    """A name that is no name, too long, or leads nowhere is that of a file that is not there."""
    said = sentence_of(ConfigurationError, open_source, {"file": file}, tmp_path)
    assert "' of the source is not there" in said
    assert len(said) < 300


def test_a_file_that_cannot_be_opened(tmp_path):
    """What the system says of a file that cannot be opened is said."""
    file = tmp_path / "apps.csv"
    file.write_text("a\n")
    source = open_source({"file": "apps.csv"}, tmp_path)
    file.unlink()
    file.mkdir()
    said = sentence_of(SourceUnreadable, lambda: source.columns)
    assert said == "apps.csv cannot be read: Is a directory."


@pytest.mark.parametrize(
    ("package", "told", "said"),
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
            "DuckDB's source needs the package 'duckdb', which is not installed: ",
        ),
    ],
)
def test_a_missing_package_is_asked_for_by_its_extra(tmp_path, monkeypatch, package, told, said):
    """What is not installed is named with the command that installs it, before anything is read."""
    (tmp_path / "apps.xlsx").write_bytes(b"")
    monkeypatch.setitem(sys.modules, package, None)
    extra = {"openpyxl": "excel", "sqlalchemy": "sql", "duckdb": "duckdb"}[package]
    assert sentence_of(ConfigurationError, open_source, told, tmp_path) == (
        f"{said}pip install 'ardoqpy[{extra}]'."
    )


def test_each_source_needs_its_own_package_alone(tmp_path):
    """Text needs none of the extras, and none is imported before it is used."""
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "a.json").write_text('[{"a": 1}]')
    code = (
        "import sys\n"
        "extras = ('openpyxl', 'sqlalchemy', 'duckdb', 'psycopg', 'pytz')\n"
        "from ardoqpy_sync.sources import open_source\n"
        "from ardoqpy_sync.sources.cell_conversion import convert\n"
        "assert [row.values for row in open_source({'file': 'a.csv'}, '.')] == [{'a': '1'}]\n"
        "assert [row.values for row in open_source({'file': 'a.json'}, '.')] == [{'a': 1}]\n"
        "print([name for name in extras if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"
