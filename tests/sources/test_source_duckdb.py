"""Rows from DuckDB's queries: over Parquet, and whatever else it reads."""

import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest
from reading import rows, values
from refusals import sentence_of

from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources import SourceUnreadable

#: So many rows, and so wide, that DuckDB does not make them all before the first is asked for.
MANY = 100_000


@pytest.fixture
def parquet(folder):
    """Give a folder with a Parquet file in it."""
    duckdb.sql(
        "COPY (SELECT * FROM (VALUES ('Web shop', 1), (NULL, NULL), ('Orders', 2)) AS apps(name, cost)) "
        f"TO '{folder.path}/apps.parquet'"
    )
    return folder


def test_a_parquet_file(parquet):
    """A Parquet file needs no type and no query; rows of nothing are skipped."""
    source = parquet.open(file="apps.parquet")
    assert source.columns == ("name", "cost")
    assert rows(source) == [
        ("apps.parquet row 1", {"name": "Web shop", "cost": 1}),
        ("apps.parquet row 3", {"name": "Orders", "cost": 2}),
    ]
    assert values(source) == [row for _, row in rows(source)]


def test_a_query_over_files_of_the_jobs_folder(parquet, monkeypatch, tmp_path_factory):
    """Files in a query are those in the job's folder, wherever the program runs."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    (parquet.path / "more.csv").write_text("name,owner\nOrders,Kari\n")
    query = "SELECT a.name, b.owner FROM 'apps.parquet' a JOIN 'more.csv' b USING (name)"
    source = parquet.open(type="duckdb", query=query)
    assert rows(source) == [("query row 1", {"name": "Orders", "owner": "Kari"})]


def test_files_that_duckdb_would_take_from_elsewhere(parquet, monkeypatch, tmp_path_factory):
    """A file of the same name where the program runs is not read in place of the job's."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "it's.csv").write_text("a\n1\n")
    monkeypatch.chdir(elsewhere)
    source = parquet.open(type="duckdb", query="SELECT 'a.b' AS a FROM 'it''s.csv'")
    assert sentence_of(SourceUnreadable, lambda: source.columns) == (
        f'The file "it\'s.csv" of query is in the folder {str(elsewhere)!r}, too, which DuckDB takes before '
        "the job's: write its whole path."
    )
    monkeypatch.chdir(parquet.path)
    assert len(values(parquet.open(type="duckdb", query='FROM "apps.parquet"'))) == 2


def test_a_folder_that_duckdb_cannot_find(folder):
    """A comma in the name of the job's folder is said to be the trouble that it is; a whole path helps."""
    inner = folder.path / "a,b"
    inner.mkdir()
    (inner / "x.csv").write_text("a\n1\n")
    folder.path = inner
    source = folder.open(type="duckdb", query="FROM 'x.csv'")
    assert sentence_of(SourceUnreadable, lambda: source.columns).endswith(
        "which DuckDB cannot find for its comma: write its whole path."
    )
    assert values(folder.open(type="duckdb", query=f"FROM '{inner}/x.csv'")) == [{"a": 1}]
    assert values(folder.open(type="duckdb", file="x.csv")) == [{"a": 1}]
    assert values(folder.open(type="duckdb", query=f"SELECT '{'long' * 999}' = '' AS a")) == [{"a": False}]


def test_a_folder_with_signs_in_its_name(folder):
    """Quotes in the name of the job's folder are part of it."""
    inner = folder.path / "o'clock; x"
    inner.mkdir()
    (inner / "it's.csv").write_text("a,b\n1,x\n")
    folder.path = inner
    assert values(folder.open(type="duckdb", file="it's.csv")) == [{"a": 1, "b": "x"}]
    assert values(folder.open(type="duckdb", query="FROM 'it''s.csv'")) == [{"a": 1, "b": "x"}]


def test_types(folder):
    """Values come with DuckDB's types as Python's."""
    query = """
        SELECT 'x' AS t, 1.50::DECIMAL(5, 2) AS n, 2 AS i, true AS b, DATE '2024-05-31' AS d, ['a'] AS l,
               {'k': 1} AS s, TIMESTAMPTZ '2024-05-31 13:45:00+02' AS m, NULL AS z
    """
    (row,) = values(folder.open(type="duckdb", query=query))
    assert row.pop("m").astimezone(UTC) == datetime(2024, 5, 31, 11, 45, tzinfo=UTC)
    assert row == {
        "t": "x",
        "n": Decimal("1.50"),
        "i": 2,
        "b": True,
        "d": date(2024, 5, 31),
        "l": ["a"],
        "s": {"k": 1},
        "z": None,
    }


def test_a_database_of_duckdbs(folder):
    """A database file is opened for reading only."""
    with duckdb.connect(str(folder.path / "apps.duckdb")) as connection:
        connection.execute("CREATE TABLE apps AS SELECT 1 AS a")
    source = folder.open(type="duckdb", database="apps.duckdb", query="FROM apps")
    assert values(source) == [{"a": 1}]
    source = folder.open(type="duckdb", database="apps.duckdb", query="DELETE FROM apps")
    assert "read-only" in sentence_of(SourceUnreadable, lambda: source.columns)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "The source of type 'duckdb' needs either 'query' or 'file': give one of them."),
        (
            {"query": "x", "file": "x"},
            "The source of type 'duckdb' needs either 'query' or 'file': give one of them.",
        ),
        ({"query": "FROM x", "database": "x.duckdb"}, "The file 'x.duckdb' of the source is not there"),
        (
            {"file": "*.parquet"},
            "The file '*.parquet' of the source holds a wildcard: write a query in place of ",
        ),
        ({"file": "x.parquet"}, "The file 'x.parquet' of the source is not there"),
    ],
)
def test_descriptions_that_cannot_be(folder, told, said):
    """A query or a file, and files that are there, are needed before anything is asked."""
    assert sentence_of(ConfigurationError, folder.open, type="duckdb", **told).startswith(said)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELEC 1", 'query was not answered: Parser Error: syntax error at or near "SELEC".'),
        ("FROM 'none.parquet'", "query was not answered: IO Error: No files found that match the pattern"),
        ("SELECT 1 AS a, 2 AS a", "The answer to query gives two columns, 1 and 2, the name 'a': "),
        (";", "query is no query, it answers no rows: give a SELECT."),
    ],
)
def test_queries_that_cannot_be_answered(folder, query, said):
    """What DuckDB says of a query is said in one line."""
    refused = sentence_of(SourceUnreadable, lambda: folder.open(type="duckdb", query=query).columns)
    assert refused.startswith(said)
    assert "\n" not in refused


def test_a_file_that_is_no_parquet(folder):
    """Another file is told from a Parquet file."""
    source = folder.open("a,b\n" * 50, file="apps.parquet")
    said = sentence_of(SourceUnreadable, lambda: source.columns)
    assert said.startswith("apps.parquet was not answered: Invalid Input Error: ")


@pytest.mark.slow
def test_the_first_row_comes_before_the_last_is_read(folder):
    """Rows are read as they are asked for, and where the answer breaks off is said."""
    query = (
        f"SELECT CAST(CASE i WHEN {MANY - 1} THEN 'x' ELSE '1' END AS INT) AS n, repeat('x', 200) AS wide "
        f"FROM range({MANY}) AS t(i)"
    )
    with folder.open(type="duckdb", query=query) as source:
        some = iter(source)
        assert next(some).values["n"] == 1
        said = sentence_of(SourceUnreadable, list, some)
    assert said.startswith("query broke off after row ")
    assert said.endswith(": Conversion Error: Could not convert string 'x' to INT32.")


@pytest.mark.slow
def test_an_answer_takes_no_more_memory_than_what_is_fetched_at_once(folder):
    """Ten times the rows take no more of Python's memory."""
    peaks = []
    for count in (5000, 50_000):
        source = folder.open(
            type="duckdb", query=f"SELECT repeat('x', 200) || i AS a FROM range({count}) AS t(i)"
        )
        tracemalloc.start()
        assert sum(1 for _ in source) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
