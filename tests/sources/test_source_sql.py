"""Rows from a database through SQLAlchemy: SQLite, and PostgreSQL if a URL is set."""

import pickle
import sqlite3
import sys
import traceback
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from error_messages import sentence_of
from reading import MANY, message_of_only_row, read_until_error, rows, values
from sqlalchemy import make_url

from ardoqpy.errors import ConfigurationError
from ardoqpy_sync.sources import SourceUnreadable, open_source

SECRET = "s3cr@t/:%&"
QUOTED = "s3cr%40t%2F%3A%25%26"


@pytest.fixture
def database(folder):
    """Give a folder with an SQLite file in it."""
    with sqlite3.connect(folder.path / "cmdb.db") as connection:
        connection.execute("CREATE TABLE apps (name TEXT, cost REAL, note BLOB)")
        connection.executemany(
            "INSERT INTO apps VALUES (?, ?, ?)",
            [("Web shop", 1.5, None), (None, None, None), ("Orders 100%", 2, b"\0")],
        )
    connection.close()
    return folder


def query_sqlite(folder, query, **more):
    """Return the source of a query to the SQLite file."""
    return folder.open(type="sql", url="sqlite:///cmdb.db", query=query, **more)


def test_rows_of_a_query(database):
    """Rows have the names and types of the database and are numbered; empty rows are skipped."""
    source = query_sqlite(database, "SELECT name, cost AS price, note FROM apps ORDER BY rowid")
    assert source.columns == ("name", "price", "note")
    assert rows(source) == [
        ("query row 1", {"name": "Web shop", "price": 1.5, "note": None}),
        ("query row 3", {"name": "Orders 100%", "price": 2.0, "note": b"\0"}),
    ]


def test_query_can_have_a_name(database):
    """Messages use the name of the source."""
    source = query_sqlite(database, "SELECT name FROM apps", name="CMDB apps")
    assert repr(source) == "<source CMDB apps>"
    assert [label for label, _ in rows(source)] == ["CMDB apps row 1", "CMDB apps row 3"]


def test_query_is_sent_unchanged(database):
    """Colons and percent signs in a query are not parameters."""
    query = "SELECT ':x HH24:MI' AS a, 'b%%' AS b, name AS c FROM apps WHERE name LIKE '%00\\%' ESCAPE '\\'"
    assert values(query_sqlite(database, query)) == [{"a": ":x HH24:MI", "b": "b%%", "c": "Orders 100%"}]


def test_each_loop_runs_the_query_again(database):
    """A second loop reads the current rows."""
    source = query_sqlite(database, "SELECT count(*) AS n FROM apps")
    assert values(source) == [{"n": 3}]
    with sqlite3.connect(database.path / "cmdb.db") as connection:
        connection.execute("DELETE FROM apps")
    connection.close()
    assert values(source) == [{"n": 0}]


def test_relative_path_starts_from_folder_of_the_job(database, monkeypatch, tmp_path_factory):
    """A relative path of an SQLite file starts from the job's folder, in any current folder."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert len(values(query_sqlite(database, "SELECT name FROM apps"))) == 2
    whole = f"sqlite:///{database.path}/cmdb.db"
    assert len(values(open_source({"type": "sql", "url": whole, "query": "SELECT name FROM apps"}, "/"))) == 2


def test_missing_file_is_not_created(folder):
    """A missing database file is rejected, not created."""
    message = sentence_of(ConfigurationError, query_sqlite, folder, "SELECT 1 AS a")
    assert message == f"The file 'cmdb.db' in the folder {str(folder.path)!r} does not exist."
    assert list(folder.path.iterdir()) == []


def test_database_in_memory_needs_no_file(folder):
    """A database in memory needs no file."""
    assert values(folder.open(type="sql", url="sqlite://", query="SELECT 1 AS a")) == [{"a": 1}]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELEC 1", 'query failed: near "SELEC": syntax error.'),
        ("SELECT * FROM none_such", "query failed: no such table: none_such."),
        ("PRAGMA foreign_keys = 1", "query returns no rows: it is not a query. Use a SELECT."),
        ("DELETE FROM apps", "query failed: attempt to write a readonly database."),
        ("SELECT 1; SELECT 2", "query failed: You can only execute one statement at a time."),
    ],
)
def test_invalid_query_gives_the_database_error(database, query, message):
    """The message for an invalid query has the error of the database, and nothing is changed."""
    source = query_sqlite(database, query)
    assert sentence_of(SourceUnreadable, lambda: source.columns) == message
    assert values(query_sqlite(database, "SELECT count(*) AS n FROM apps")) == [{"n": 3}]


def test_file_that_is_not_a_database_is_rejected(folder):
    """A file that is not a database is rejected."""
    (folder.path / "cmdb.db").write_text("a,b\n" * 500)
    message = sentence_of(
        SourceUnreadable, lambda: query_sqlite(folder, "SELECT * FROM sqlite_master").columns
    )
    assert message == "query failed: file is not a database."


def test_rows_are_streamed(database):
    """The first row is available before the last one is read; an error names the last row read."""
    query = (
        f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT {MANY}) "
        f"SELECT abs(CASE n WHEN {MANY} THEN -9223372036854775808 ELSE n END) AS n FROM n"
    )
    with query_sqlite(database, query) as source:
        some = iter(source)
        assert next(some).values == {"n": 1}
        message = sentence_of(SourceUnreadable, list, some)
    assert message.startswith("query failed after row ")
    assert message.endswith(": integer overflow.")


def test_invalid_text_is_rejected(database):
    """Text that the database cannot decode, or that contains a NUL character, is rejected."""
    message = read_until_error(query_sqlite(database, "SELECT CAST(x'ff' AS TEXT) AS a"))[1]
    assert message.startswith("query failed after row 0: Could not decode to UTF-8")
    nul = "CAST(x'610062' AS TEXT)"
    message = message_of_only_row(query_sqlite(database, f"SELECT {nul} AS a, 1 AS b, {nul} AS c"))
    problems = " ".join(f"Column '{column}' contains a NUL character." for column in "ac")
    assert message == f"query row 1: {problems} Correct the source."


def test_connection_is_closed(database):
    """After a loop, also one that was left, and after reading the columns, no connection is open."""
    source = query_sqlite(database, "SELECT name FROM apps")
    assert source.columns == ("name",)
    source.close()
    for _ in source:
        break
    left = iter(source)
    next(left)
    source.close()
    with sqlite3.connect(database.path / "cmdb.db", timeout=0) as connection:
        connection.execute("DROP TABLE apps")
    connection.close()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"query": "SELECT 1"}, "The source of type 'sql' needs either 'url' or 'url_env'"),
        ({"query": "SELECT 1", "url": "sqlite://", "url_env": "X"}, "The source of type 'sql' needs either"),
        ({"url": "sqlite://"}, "The source of type 'sql' needs the key 'query'. Set it to text."),
        (
            {"query": "SELECT 1", "url_env": "postgresql://u:s3cret@host/db"},
            "The value of 'url_env' is not the name of an environment variable. Set a variable to the URL",
        ),
        ({"query": "SELECT 1", "url_env": "CMDB_URL"}, "The environment variable 'CMDB_URL' is not set. "),
        ({"query": "SELECT 1", "url": f"x {SECRET}"}, "The URL of the database is not valid. Use one"),
        (
            {"query": "SELECT 1", "url": f"postgresql+psycopg://u:{SECRET}@localhost:1/x"},
            "The URL of the database has more than one @. Write an @ in the user or password as %40.",
        ),
        (
            {"query": "SELECT 1", "url": f"postgresql+psycopg://{SECRET[:4]}:{SECRET[:4]}"},
            "The URL of the database is not valid. Use one",
        ),
    ],
)
def test_invalid_url_is_rejected_and_not_shown(folder, table, message):
    """A URL that is missing, given twice or not valid is rejected before a query, and not shown."""
    error = sentence_of(ConfigurationError, folder.open, type="sql", **table)
    assert error.startswith(message)
    assert SECRET[:4] not in error


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgre://u:{}@localhost/x", "The URL of the database begins with 'postgre', which is not known"),
        ("mysql+nodriver://u:{}@localhost/x", "The URL of the database begins with 'mysql+nodriver', "),
        (
            "mysql+pymysql://u:{}@localhost/x",
            "The URL of the database needs the driver 'pymysql', which is not installed",
        ),
    ],
)
def test_unknown_dialect_and_missing_driver_are_named(folder, url, message, monkeypatch):
    """An unknown dialect and a missing driver are named; the password is not."""
    monkeypatch.setitem(sys.modules, "pymysql", None)
    source = folder.open(type="sql", url=url.format(QUOTED), query="SELECT 1")
    error = sentence_of(ConfigurationError, lambda: source.columns)
    assert error.startswith(message)
    assert SECRET not in error
    assert QUOTED not in error


def full_traceback(problem):
    """Return everything in the traceback of an error: its causes, and the locals of our code."""
    summary = traceback.TracebackException.from_exception(problem, capture_locals=True)
    frames = "".join(
        repr(frame.locals) for frame in summary.stack if "ardoqpy_sync" in frame.filename and frame.locals
    )
    chain = []
    while problem is not None:
        chain.append(f"{problem} {problem!r} {problem.args}")
        problem = problem.__cause__ or problem.__context__
    return f"{''.join(chain)}{frames}"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://u:{QUOTED}@127.0.0.1:1/x",
        f"postgresql+psycopg://u@127.0.0.1:1/x?password={QUOTED}",
        f"postgresql+psycopg://u:{QUOTED}@127.0.0.1:1/x?{QUOTED}=1",
        f"postgresql+psycopg://u:x@127.0.0.1:1/x?options=token%3D{QUOTED}",
    ],
)
@pytest.mark.parametrize("by_environment", [True, False])
def test_no_password_is_ever_shown(folder, monkeypatch, url, by_environment):
    """The password of a URL is in no error, cause, repr, label or local variable."""
    monkeypatch.setenv("CMDB_URL", url)
    where = {"url_env": "CMDB_URL"} if by_environment else {"url": url}
    source = folder.open(type="sql", query="SELECT 1", **where)
    texts = []
    try:
        source.columns  # noqa: B018
    except SourceUnreadable as error:
        texts.append(full_traceback(error))
    assert len(texts) == 1
    assert "query failed: " in texts[0]
    texts += [repr(source), str(vars(source)), source.name]
    for form in (SECRET, QUOTED, make_url(url).render_as_string(hide_password=False)):
        assert all(form not in text for text in texts)


def test_source_with_url_cannot_be_pickled(folder):
    """A password is not written to a file by accident."""
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        pickle.dumps(folder.open(type="sql", url="sqlite://", query="SELECT 1"))


def query_postgresql(folder, postgresql, query):
    """Return the source of a query to the PostgreSQL of the environment."""
    return folder.open(type="sql", url=postgresql, query=query)


def test_types_of_postgresql(folder, postgresql):
    """Values of PostgreSQL have the matching Python types."""
    query = """
        SELECT 'x' AS t, 1.50 AS n, 2 AS i, true AS b, date '2024-05-31' AS d,
               timestamptz '2024-05-31 13:45+02' AS m, array['a', 'b'] AS l, '{"k": 1}'::jsonb AS j,
               'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS u, NULL AS z,
               to_char(timestamp '2024-05-31 13:45', 'HH24:MI') AS p
        WHERE 'a%b' LIKE 'a\\%%'
    """
    (row,) = values(query_postgresql(folder, postgresql, query))
    assert row.pop("m").astimezone(UTC) == datetime(2024, 5, 31, 11, 45, tzinfo=UTC)
    assert row == {
        "t": "x",
        "n": Decimal("1.50"),
        "i": 2,
        "b": True,
        "d": date(2024, 5, 31),
        "l": ["a", "b"],
        "j": {"k": 1},
        "u": UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        "z": None,
        "p": "13:45",
    }


def test_postgresql_rows_are_streamed(folder, postgresql):
    """The first row is available before the last one is made; an error names the last row read."""
    query = f"SELECT 1 / ({MANY} - n) AS n FROM generate_series(1, {MANY}) AS n"
    with query_postgresql(folder, postgresql, query) as source:
        some = iter(source)
        assert next(some).label == "query row 1"
        assert next(some).label == "query row 2"
        message = sentence_of(SourceUnreadable, list, some)
    assert message.startswith("query failed after row ")
    assert message.endswith(": division by zero.")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT * FROM nothing_of_ours", 'query failed: relation "nothing_of_ours" does not exist.'),
        ("CREATE TABLE of_ours (a int)", 'query failed: syntax error at or near "CREATE".'),
    ],
)
def test_invalid_query_gives_the_postgresql_error(folder, postgresql, query, message):
    """The message for an invalid query has the error of PostgreSQL, in one line."""
    assert read_until_error(query_postgresql(folder, postgresql, query))[1].startswith(message)


def test_postgresql_transaction_is_read_only(folder, postgresql):
    """The transaction of a query is read-only."""
    query = "SELECT current_setting('transaction_read_only') AS a"
    assert values(query_postgresql(folder, postgresql, query)) == [{"a": "on"}]


def test_postgresql_connection_is_closed(folder, postgresql):
    """After a source is closed, it has no connection, also if a loop was not finished."""
    name = f"ardoqpy test {uuid4()}"
    count = f"SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = '{name}'"
    url = make_url(postgresql).update_query_dict({"application_name": name})
    source = query_postgresql(
        folder, url.render_as_string(hide_password=False), "SELECT n FROM generate_series(1, 9) AS n"
    )
    left = iter(source)
    next(left)
    assert values(query_postgresql(folder, postgresql, count)) == [{"n": 1}]
    source.close()
    for _ in range(1000):  # the server notices late
        if values(query_postgresql(folder, postgresql, count)) == [{"n": 0}]:
            break
    else:
        pytest.fail("the connection is still open")


def test_postgresql_password_is_not_shown(folder, postgresql):
    """A password that PostgreSQL rejects, and one that it accepts, are not shown."""
    wrong = make_url(postgresql).set(password=SECRET).render_as_string(hide_password=False)
    right = make_url(postgresql).password
    for url, query, hidden in ((wrong, "SELECT 1 AS a", SECRET), (postgresql, "SELEC 1", right)):
        source = query_postgresql(folder, url, query)
        text = ""
        try:
            source.columns  # noqa: B018
        except SourceUnreadable as error:
            text = full_traceback(error)
        assert "query failed: " in text
        assert hidden not in text
