"""Rows from a database by SQLAlchemy: SQLite here; PostgreSQL where one is named."""

import pickle
import sqlite3
import sys
import traceback
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from reading import MANY, rows, said_of_the_only_row, trouble, values
from refusals import sentence_of
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


def ask(folder, query, **more):
    """Describe a query of the SQLite file."""
    return folder.open(type="sql", url="sqlite:///cmdb.db", query=query, **more)


def test_the_rows_of_a_query(database):
    """Rows come with the names and types of the database, numbered; those of nothing are skipped."""
    source = ask(database, "SELECT name, cost AS price, note FROM apps ORDER BY rowid")
    assert source.columns == ("name", "price", "note")
    assert rows(source) == [
        ("query row 1", {"name": "Web shop", "price": 1.5, "note": None}),
        ("query row 3", {"name": "Orders 100%", "price": 2.0, "note": b"\0"}),
    ]


def test_a_query_can_have_a_name(database):
    """The name given is the one that messages use."""
    source = ask(database, "SELECT name FROM apps", name="CMDB apps")
    assert repr(source) == "<source CMDB apps>"
    assert [label for label, _ in rows(source)] == ["CMDB apps row 1", "CMDB apps row 3"]


def test_the_query_is_sent_as_it_is(database):
    """Colons and percent signs in a query are no parameters."""
    query = "SELECT ':x HH24:MI' AS a, 'b%%' AS b, name AS c FROM apps WHERE name LIKE '%00\\%' ESCAPE '\\'"
    assert values(ask(database, query)) == [{"a": ":x HH24:MI", "b": "b%%", "c": "Orders 100%"}]


def test_each_loop_asks_again(database):
    """A second loop reads what is there by then."""
    source = ask(database, "SELECT count(*) AS n FROM apps")
    assert values(source) == [{"n": 3}]
    with sqlite3.connect(database.path / "cmdb.db") as connection:
        connection.execute("DELETE FROM apps")
    connection.close()
    assert values(source) == [{"n": 0}]


def test_the_path_starts_from_the_folder_of_the_job(database, monkeypatch, tmp_path_factory):
    """A relative path of an SQLite file is one from the job's folder, wherever the program runs."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert len(values(ask(database, "SELECT name FROM apps"))) == 2
    whole = f"sqlite:///{database.path}/cmdb.db"
    assert len(values(open_source({"type": "sql", "url": whole, "query": "SELECT name FROM apps"}, "/"))) == 2


def test_a_file_that_is_not_there_is_not_made(folder):
    """A database file that is missing is refused, not created empty."""
    said = sentence_of(ConfigurationError, ask, folder, "SELECT 1 AS a")
    assert said.startswith("The file 'cmdb.db' of the source is not there")
    assert list(folder.path.iterdir()) == []


def test_no_file_at_all(folder):
    """A database in memory needs none."""
    assert values(folder.open(type="sql", url="sqlite://", query="SELECT 1 AS a")) == [{"a": 1}]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELEC 1", 'query was not answered: near "SELEC": syntax error.'),
        ("SELECT * FROM none_such", "query was not answered: no such table: none_such."),
        (
            "SELECT name, cost AS name FROM apps",
            "The answer to query gives two columns, 1 and 2, the name 'name': give each a name of its own.",
        ),
        ("PRAGMA foreign_keys = 1", "query is no query, it answers no rows: give a SELECT."),
        ("DELETE FROM apps", "query was not answered: attempt to write a readonly database."),
        ("DROP TABLE apps", "query was not answered: attempt to write a readonly database."),
        ("SELECT 1; SELECT 2", "query was not answered: You can only execute one statement at a time."),
    ],
)
def test_queries_that_cannot_be_answered(database, query, said):
    """What the database says of a query is said, and nothing in it is changed."""
    source = ask(database, query)
    assert sentence_of(SourceUnreadable, lambda: source.columns) == said
    assert values(ask(database, "SELECT count(*) AS n FROM apps")) == [{"n": 3}]


def test_a_file_that_is_no_database(folder):
    """Another file is told from a database."""
    (folder.path / "cmdb.db").write_text("a,b\n" * 500)
    said = sentence_of(SourceUnreadable, lambda: ask(folder, "SELECT * FROM sqlite_master").columns)
    assert said == "query was not answered: file is not a database."


def test_the_first_row_comes_before_the_last_is_read(database):
    """Rows are read as they are asked for, and where the answer breaks off is said."""
    query = (
        f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT {MANY}) "
        f"SELECT abs(CASE n WHEN {MANY} THEN -9223372036854775808 ELSE n END) AS n FROM n"
    )
    with ask(database, query) as source:
        some = iter(source)
        assert next(some).values == {"n": 1}
        said = sentence_of(SourceUnreadable, list, some)
    assert said.startswith("query broke off after row ")
    assert said.endswith(": integer overflow.")


def test_text_that_is_none(database):
    """Text that the database cannot decode, or that holds a NUL, is said to be so."""
    said = trouble(ask(database, "SELECT CAST(x'ff' AS TEXT) AS a"))[1]
    assert said.startswith("query broke off after row 0: Could not decode to UTF-8")
    said = said_of_the_only_row(ask(database, "SELECT CAST(x'610062' AS TEXT) AS a"))
    assert said.startswith("query row 1 holds a NUL character in the column 'a'")


def test_the_database_is_let_go(database):
    """After a loop, also one that was left, and after asking for the columns, nothing is held open."""
    source = ask(database, "SELECT name FROM apps")
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
    ("told", "said"),
    [
        ({"query": "SELECT 1"}, "The source of type 'sql' needs either 'url', or 'url_env'"),
        ({"query": "SELECT 1", "url": "sqlite://", "url_env": "X"}, "The source of type 'sql' needs either"),
        ({"url": "sqlite://"}, "The source of type 'sql' has no 'query': give text."),
        ({"query": "SELECT 1", "url_env": "CMDB_URL"}, "The environment variable 'CMDB_URL' is not set: "),
        (
            {"query": "SELECT 1", "url": f"x {SECRET}"},
            "The URL of the source's database is not one: give one",
        ),
        (
            {"query": "SELECT 1", "url": f"postgresql+psycopg://u:{SECRET}@localhost:1/x"},
            "The URL of the source's database has more than one @: write an @ in user or password as %40.",
        ),
        (
            {"query": "SELECT 1", "url": f"postgresql+psycopg://{SECRET[:4]}:{SECRET[:4]}"},
            "The URL of the source's database is not one: give one",
        ),
    ],
)
def test_urls_that_cannot_be(folder, told, said):
    """A URL that is missing, given twice or no URL is refused before anything is asked, and not shown."""
    refused = sentence_of(ConfigurationError, folder.open, type="sql", **told)
    assert refused.startswith(said)
    assert SECRET[:4] not in refused


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "postgre://u:{}@localhost/x",
            "The URL of the source's database begins with 'postgre', which is not known",
        ),
        (
            "mysql+nodriver://u:{}@localhost/x",
            "The URL of the source's database begins with 'mysql+nodriver', ",
        ),
        (
            "mysql+pymysql://u:{}@localhost/x",
            "The URL of the source's database needs the driver 'pymysql', which is not installed",
        ),
    ],
)
def test_databases_and_drivers_that_are_not_there(folder, url, said, monkeypatch):
    """A kind of database that is not known, and a driver that is missing, are named; the password is not."""
    monkeypatch.setitem(sys.modules, "pymysql", None)
    source = folder.open(type="sql", url=url.format(QUOTED), query="SELECT 1")
    refused = sentence_of(ConfigurationError, lambda: source.columns)
    assert refused.startswith(said)
    assert SECRET not in refused
    assert QUOTED not in refused


def whole_story(problem):
    """Return everything that a traceback tells of an error: those behind it, and the locals of our code."""
    told = traceback.TracebackException.from_exception(problem, capture_locals=True)
    frames = "".join(
        repr(frame.locals) for frame in told.stack if "ardoqpy_sync" in frame.filename and frame.locals
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
    """A URL's password stands in no error, none behind it, no repr, no label and no local of ours."""
    monkeypatch.setenv("CMDB_URL", url)
    where = {"url_env": "CMDB_URL"} if by_environment else {"url": url}
    source = folder.open(type="sql", query="SELECT 1", **where)
    said = []
    try:
        source.columns  # noqa: B018
    except SourceUnreadable as refused:
        said.append(whole_story(refused))
    assert len(said) == 1
    assert "query was not answered: " in said[0]
    said += [repr(source), str(vars(source)), source.name]
    for form in (SECRET, QUOTED, make_url(url).render_as_string(hide_password=False)):
        assert all(form not in one for one in said)


def test_a_source_with_a_url_is_not_pickled(folder):
    """What holds a password does not go into a file by accident."""
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        pickle.dumps(folder.open(type="sql", url="sqlite://", query="SELECT 1"))


def on_postgresql(folder, postgresql, query):
    """Describe a query of the PostgreSQL that is named."""
    return folder.open(type="sql", url=postgresql, query=query)


def test_types_of_postgresql(folder, postgresql):
    """Rows of PostgreSQL come with its types as Python's."""
    query = """
        SELECT 'x' AS t, 1.50 AS n, 2 AS i, true AS b, date '2024-05-31' AS d,
               timestamptz '2024-05-31 13:45+02' AS m, array['a', 'b'] AS l, '{"k": 1}'::jsonb AS j,
               'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS u, NULL AS z,
               to_char(timestamp '2024-05-31 13:45', 'HH24:MI') AS p
        WHERE 'a%b' LIKE 'a\\%%'
    """
    (row,) = values(on_postgresql(folder, postgresql, query))
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


def test_postgresql_answers_as_it_is_read(folder, postgresql):
    """The first row comes before the last is made, and where the answer breaks off is said."""
    query = f"SELECT 1 / ({MANY} - n) AS n FROM generate_series(1, {MANY}) AS n"
    with on_postgresql(folder, postgresql, query) as source:
        some = iter(source)
        assert next(some).label == "query row 1"
        assert next(some).label == "query row 2"
        said = sentence_of(SourceUnreadable, list, some)
    assert said.startswith("query broke off after row ")
    assert said.endswith(": division by zero.")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "SELECT * FROM nothing_of_ours",
            'query was not answered: relation "nothing_of_ours" does not exist.',
        ),
        ("SELECT 1 AS a, 2 AS a", "The answer to query gives two columns, 1 and 2, the name 'a'"),
        ("CREATE TABLE of_ours (a int)", 'query was not answered: syntax error at or near "CREATE".'),
    ],
)
def test_queries_that_postgresql_cannot_answer(folder, postgresql, query, said):
    """What PostgreSQL says of a query is said, in one line."""
    assert trouble(on_postgresql(folder, postgresql, query))[1].startswith(said)


def test_postgresql_is_told_not_to_write(folder, postgresql):
    """The transaction of a query is a read-only one."""
    query = "SELECT current_setting('transaction_read_only') AS a"
    assert values(on_postgresql(folder, postgresql, query)) == [{"a": "on"}]


def test_postgresql_is_let_go(folder, postgresql):
    """After a source is closed, no connection of its own is left, not even that of a loop half done."""
    name = f"ardoqpy test {uuid4()}"
    count = f"SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = '{name}'"
    url = make_url(postgresql).update_query_dict({"application_name": name})
    source = on_postgresql(
        folder, url.render_as_string(hide_password=False), "SELECT n FROM generate_series(1, 9) AS n"
    )
    left = iter(source)
    next(left)
    assert values(on_postgresql(folder, postgresql, count)) == [{"n": 1}]
    source.close()
    for _ in range(1000):  # the server takes its time to notice
        if values(on_postgresql(folder, postgresql, count)) == [{"n": 0}]:
            break
    else:
        pytest.fail("the connection is still there")


def test_postgresql_keeps_the_password_to_itself(folder, postgresql):
    """A password that PostgreSQL refuses, and one that it accepts, stand nowhere."""
    wrong = make_url(postgresql).set(password=SECRET).render_as_string(hide_password=False)
    right = make_url(postgresql).password
    for url, query, hidden in ((wrong, "SELECT 1 AS a", SECRET), (postgresql, "SELEC 1", right)):
        source = on_postgresql(folder, url, query)
        said = ""
        try:
            source.columns  # noqa: B018
        except SourceUnreadable as refused:
            said = whole_story(refused)
        assert "query was not answered: " in said
        assert hidden not in said
