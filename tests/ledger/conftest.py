"""An emulator for jobs with a ledger; ledgers in SQLite and, if one for tests is named, in PostgreSQL."""

import os
import sqlite3
import uuid

import pytest
from command_line import runner
from ledger_jobs import EACH_MODE, ROWS, SEED, TOKEN, Home

from ardoqpy.testing import emulator
from ardoqpy_sync.cli import main
from ardoqpy_sync.ledger.ledger import Ledger

POSTGRESQL = "ARDOQPY_TEST_POSTGRESQL"


@pytest.fixture(scope="module")
def running():
    """Run one emulator for all tests of a file."""
    with emulator(seed=SEED, token=TOKEN, page_size=5) as server:
        yield server
    assert server.crashes == []


@pytest.fixture
def ardoq(running, monkeypatch):
    """Return the emulator with one component, and name it in the environment."""
    running.clear_faults()
    running.load(SEED)
    running.clear_requests()
    monkeypatch.setenv("ARDOQ_API_HOST", running.url)
    monkeypatch.setenv("ARDOQ_API_TOKEN", TOKEN)
    return running


@pytest.fixture(params=EACH_MODE)
def mode(request):
    """Return each way to write in turn."""
    return request.param


@pytest.fixture
def home(ardoq, mode, tmp_path, monkeypatch, capsys):
    """Change to a folder with a job that deletes what is missing, and three rows."""
    assert ardoq
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path, mode, runner(main, capsys))
    home.job()
    home.rows(ROWS)
    return home


@pytest.fixture
def schema(monkeypatch):
    """Return a table that names an empty schema of PostgreSQL, and drop the schema afterwards."""
    url = os.environ.get(POSTGRESQL)
    if not url:
        pytest.skip(f"{POSTGRESQL} is not set")
    sqlalchemy = pytest.importorskip("sqlalchemy")
    name = f"ledger_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    monkeypatch.setenv("LEDGER_URL", f"{url}?options=-csearch_path%3D{name}")
    yield name
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()


_postgresql = pytest.mark.skipif(not os.environ.get(POSTGRESQL), reason=f"{POSTGRESQL} is not set")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=_postgresql)])
def location(request, tmp_path):
    """Return where a ledger is: a file, or the variable that names a database."""
    if request.param == "sqlite":
        return tmp_path / "job.ledger.db"
    request.getfixturevalue("schema")
    return {"url_env": "LEDGER_URL"}


@pytest.fixture
def open_ledger(location):
    """Return a function that opens the ledger of a job, and close all of them at the end."""
    opened = []

    def open_(job="job", **keywords):
        ledger = Ledger.open(location, job, **keywords)
        opened.append(ledger)
        return ledger

    yield open_
    for ledger in opened:
        ledger.close()


@pytest.fixture
def schema_or_file(location):
    """Return a function that executes a statement in the database itself, one for each kind of database."""

    def execute(sqlite, postgresql):
        if isinstance(location, dict):
            sqlalchemy = pytest.importorskip("sqlalchemy")
            engine = sqlalchemy.create_engine(os.environ["LEDGER_URL"], isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.exec_driver_sql(postgresql)
            engine.dispose()
        else:
            connection = sqlite3.connect(location, isolation_level=None)
            connection.execute(sqlite)
            connection.close()

    return execute
