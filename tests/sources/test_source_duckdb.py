"""Rows from DuckDB queries, over Parquet and other files."""

import gzip
import json
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest
from error_messages import sentence_of
from reading import rows, values

from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources import SourceUnreadable

#: More rows than DuckDB makes before the first one is read.
MANY = 100_000


@pytest.fixture
def parquet(folder):
    """Give a folder with a Parquet file in it."""
    duckdb.sql(
        "COPY (SELECT * FROM (VALUES ('Web shop', 1), (NULL, NULL), ('Orders', 2)) AS apps(name, cost)) "
        f"TO '{folder.path}/apps.parquet'"
    )
    return folder


def test_parquet_file(parquet):
    """A Parquet file needs no type and no query; empty rows are skipped."""
    source = parquet.open(file="apps.parquet")
    assert source.columns == ("name", "cost")
    assert rows(source) == [
        ("apps.parquet row 1", {"name": "Web shop", "cost": 1}),
        ("apps.parquet row 3", {"name": "Orders", "cost": 2}),
    ]
    assert values(source) == [row for _, row in rows(source)]


def test_files_in_a_query_start_from_folder_of_the_job(parquet, monkeypatch, tmp_path_factory):
    """Files in a query are read from the job's folder, in any current folder."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    (parquet.path / "more.csv").write_text("name,owner\nOrders,Kari\n")
    query = "SELECT a.name, b.owner FROM 'apps.parquet' a JOIN 'more.csv' b USING (name)"
    source = parquet.open(type="duckdb", query=query)
    assert rows(source) == [("query row 1", {"name": "Orders", "owner": "Kari"})]


def test_file_in_the_current_folder_is_rejected(parquet, monkeypatch, tmp_path_factory):
    """A file of the same name in the current folder is not read instead of the job's."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "it's.csv").write_text("a\n1\n")
    monkeypatch.chdir(elsewhere)
    source = parquet.open(type="duckdb", query="SELECT 'a.b' AS a FROM 'it''s.csv'")
    assert sentence_of(SourceUnreadable, lambda: source.columns) == (
        f'The file "it\'s.csv" of query is also in the current folder {str(elsewhere)!r}, where DuckDB looks '
        "first. Use its full path."
    )
    monkeypatch.chdir(parquet.path)
    assert len(values(parquet.open(type="duckdb", query='FROM "apps.parquet"'))) == 2


def test_comma_in_folder_name_is_rejected(folder):
    """DuckDB cannot read from a folder with a comma in its name; a full path works."""
    inner = folder.path / "a,b"
    inner.mkdir()
    (inner / "x.csv").write_text("a\n1\n")
    folder.path = inner
    source = folder.open(type="duckdb", query="FROM 'x.csv'")
    assert sentence_of(SourceUnreadable, lambda: source.columns).endswith(
        "which DuckDB cannot read because of its comma. Use its full path."
    )
    assert values(folder.open(type="duckdb", query=f"FROM '{inner}/x.csv'")) == [{"a": "1"}]
    assert values(folder.open(type="duckdb", file="x.csv")) == [{"a": "1"}]
    assert values(folder.open(type="duckdb", query=f"SELECT '{'long' * 999}' = '' AS a")) == [{"a": False}]


def test_quotes_in_folder_name(folder):
    """Quotes in the name of the job's folder are escaped."""
    inner = folder.path / "o'clock; x"
    inner.mkdir()
    (inner / "it's.csv").write_text("a,b\n1,x\n")
    folder.path = inner
    assert values(folder.open(type="duckdb", file="it's.csv")) == [{"a": "1", "b": "x"}]
    assert values(folder.open(type="duckdb", query="FROM 'it''s.csv'")) == [{"a": "1", "b": "x"}]


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.csv.gz"])
def test_csv_cells_stay_text(folder, name):
    """A CSV file is read as text; a query converts, or calls a function that detects types."""
    (folder.path / name).write_bytes(
        (gzip.compress if name.endswith(".gz") else bytes)(b"id,v,d\n0341,1.10,2024-05-31 13:45\n7,2,\n")
    )
    texts = [{"id": "0341", "v": "1.10", "d": "2024-05-31 13:45"}, {"id": "7", "v": "2", "d": None}]
    path = f"'{name}'"
    for source in (
        folder.open(type="duckdb", file=name),
        folder.open(type="duckdb", query=f"FROM {path}"),
        folder.open(type="duckdb", query=f"SELECT a.* FROM {path} a JOIN {path} b USING (id)"),
    ):
        assert sorted(values(source), key=lambda row: row["id"]) == texts
    (row, _) = values(
        folder.open(type="duckdb", query=f"SELECT id::INTEGER AS id, v::DOUBLE AS v FROM {path}")
    )
    assert row == {"id": 341, "v": 1.1}
    (row, _) = values(folder.open(type="duckdb", query=f"SELECT v, d FROM read_csv({path})"))
    assert row == {"v": 1.1, "d": datetime(2024, 5, 31, 13, 45)}  # noqa: DTZ001


def test_csv_cells_stay_text_beside_a_database(folder):
    """A CSV file is read as text in a query to a database file, too."""
    with duckdb.connect(str(folder.path / "apps.duckdb")) as connection:
        connection.execute("CREATE TABLE apps AS SELECT '0341' AS id, 1 AS n")
    (folder.path / "x.csv").write_text("id,v\n0341,1.10\n")
    query = "SELECT n, v FROM apps JOIN 'x.csv' USING (id)"
    assert values(folder.open(type="duckdb", database="apps.duckdb", query=query)) == [{"n": 1, "v": "1.10"}]


def test_types(folder):
    """Values of DuckDB have the matching Python types."""
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


def test_database_file_is_read_only(folder):
    """A database file is opened read-only."""
    with duckdb.connect(str(folder.path / "apps.duckdb")) as connection:
        connection.execute("CREATE TABLE apps AS SELECT 1 AS a")
        connection.execute("CREATE SEQUENCE numbers")
    source = folder.open(type="duckdb", database="apps.duckdb", query="FROM apps")
    assert values(source) == [{"a": 1}]
    source = folder.open(type="duckdb", database="apps.duckdb", query="SELECT nextval('numbers')")
    assert "read-only" in sentence_of(SourceUnreadable, lambda: source.columns)


@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1) TO '{}/x.csv'",
        "WITH t AS (COPY (SELECT 1) TO '{}/x.csv') FROM t",
        "FROM (WITH t AS (COPY (SELECT 1) TO '{}/x.csv') FROM t)",
        "WITH t AS (INSERT INTO a VALUES (1) RETURNING i) FROM t",
        "WITH t AS (COPY (SELECT 1 AS a) TO '{}/x.csv') PIVOT (SELECT 1 AS a) ON a USING count(*)",
        "ATTACH '{}/x.duckdb'",
        "EXPORT DATABASE '{}/x'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET home_directory = '{}'",
        "PRAGMA enable_profiling = 'json'",
        "CREATE TABLE a AS SELECT 1",
        "DELETE FROM apps",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{}/x.csv'",
        "SELECT 1; COPY (SELECT 1) TO '{}/x.csv'",
    ],
)
def test_query_that_writes_is_refused(folder, query):
    """A query other than one SELECT is refused before it runs, also if a SELECT contains what writes."""
    source = folder.open(type="duckdb", query=query.format(folder.path))
    message = sentence_of(SourceUnreadable, lambda: source.columns)
    assert message.startswith(("query is not one SELECT", "query is a PIVOT without its values"))
    assert list(folder.path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "WITH RECURSIVE t AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM t WHERE i < 3) FROM t",
        "WITH t AS MATERIALIZED (FROM range(3)) (FROM t UNION FROM range(2))",
        "PIVOT (SELECT 1 AS a, 2 AS b) ON a IN (1, 2) USING sum(b)",
        "SUMMARIZE SELECT 1 AS a",
        "SELECT (SELECT max(a) FROM (VALUES (1), (2)) AS v(a)) AS a",
    ],
)
def test_query_that_only_reads_is_accepted(folder, query):
    """Every kind of SELECT is a query of a source."""
    assert values(folder.open(type="duckdb", query=query))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "The source of type 'duckdb' needs either 'query' or 'file'. Set one of them."),
        (
            {"query": "x", "file": "x"},
            "The source of type 'duckdb' needs either 'query' or 'file'. Set one of them.",
        ),
        ({"query": "FROM x", "database": "x.duckdb"}, "The file 'x.duckdb' in the folder"),
        (
            {"file": "*.parquet"},
            "The file '*.parquet' of the source contains a wildcard. Use query instead, ",
        ),
        ({"file": "x.parquet"}, "The file 'x.parquet' in the folder"),
    ],
)
def test_invalid_table_is_rejected(folder, table, message):
    """A table without query and file, and a missing file, are rejected before a query."""
    assert sentence_of(ConfigurationError, folder.open, type="duckdb", **table).startswith(message)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELEC 1", 'query failed: Parser Error: syntax error at or near "SELEC".'),
        ("FROM 'none.parquet'", "query failed: IO Error: No files found that match the pattern"),
        (";", "query returns no rows: it is not a query. Use a SELECT."),
    ],
)
def test_invalid_query_gives_the_duckdb_error(folder, query, message):
    """The message for an invalid query has the error of DuckDB, in one line."""
    error = sentence_of(SourceUnreadable, lambda: folder.open(type="duckdb", query=query).columns)
    assert error.startswith(message)
    assert "\n" not in error


def test_file_that_is_not_parquet_is_rejected(folder):
    """A file that is not a Parquet file is rejected."""
    source = folder.open("a,b\n" * 50, file="apps.parquet")
    message = sentence_of(SourceUnreadable, lambda: source.columns)
    assert message.startswith("apps.parquet failed: Invalid Input Error: ")


@pytest.mark.slow
def test_rows_are_streamed(folder):
    """The first row is available before the last one is read; an error names the last row read."""
    query = (
        f"SELECT CAST(CASE i WHEN {MANY - 1} THEN 'x' ELSE '1' END AS INT) AS n, repeat('x', 200) AS wide "
        f"FROM range({MANY}) AS t(i)"
    )
    with folder.open(type="duckdb", query=query) as source:
        some = iter(source)
        assert next(some).values["n"] == 1
        message = sentence_of(SourceUnreadable, list, some)
    assert message.startswith("query failed after row ")
    assert message.endswith(": Conversion Error: Could not convert string 'x' to INT32.")


@pytest.mark.slow
def test_memory_does_not_grow_with_the_result(folder):
    """Ten times as many rows take no more memory in Python."""
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


@pytest.mark.parametrize("suffix", ["json", "ndjson", "jsonl", "json.gz"])
def test_text_of_a_json_file_stays_text(folder, suffix):
    """Text that looks like a date, a time or a UUID stays as it is, also within lists and objects."""
    item = {
        "code": "0341", "day": "2024-05-31", "at": "2024-05-31T00:00:00Z", "time": "12:00:00.50",
        "it's \"U\"": "6F7AE0D7-5B1F-4f0e-9d3b-3f3f5a3b5a11", "days": ["2024-01-01"],
        "in": {"time": "2024-01-01", 'a"b': 1}, "number": 5, "share": 1.5, "is": True,
    }  # fmt: skip
    open_file = gzip.open if suffix.endswith("gz") else open
    with open_file(folder.path / f"it's.{suffix}", "wt") as file:
        file.write(json.dumps(item))
    source = folder.open(type="duckdb", query=f"FROM 'it''s.{suffix}' WHERE day = '2024-05-31'")
    assert values(source) == [item]
    detected = folder.open(type="duckdb", query=f"SELECT day FROM read_json('it''s.{suffix}')")
    assert values(detected) == [{"day": date(2024, 5, 31)}]


def test_key_that_only_a_late_item_of_a_json_file_has(folder):
    """A key that first appears after many items is a column, too."""
    items = [*[{"a": number} for number in range(25_000)], {"a": 1, "late": "x"}]
    (folder.path / "x.json").write_text(json.dumps(items))
    source = folder.open(type="duckdb", query="FROM 'x.json' WHERE late IS NOT NULL")
    assert values(source) == [{"a": 1, "late": "x"}]
