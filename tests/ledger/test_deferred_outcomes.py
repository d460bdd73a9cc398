"""The outcome of a single write is recorded with the next write, and never lost but by a kill."""

import gc
import os
import sqlite3
import subprocess
import sys

import pytest
from ledger_jobs import APPS, MODES, TOKEN, components, edit, ledger_of
from test_ledger import begin, write

from ardoqpy.errors import LedgerError
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.ledger.database import SqliteDatabase
from ardoqpy_sync.ledger.encoding import encode
from ardoqpy_sync.ledger.ledger import CREATES_AT_RISK, Ledger

DONE = {"number": 1, "state": "done", "entity_id": "c1", "version": 1}
SINGLE = ["v1", "v2"]
fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def defer(ledger):
    """Record a write, and defer its outcome."""
    begin(ledger)
    ledger.add_writes([write(1)])
    with ledger.deferred():
        ledger.close_writes([DONE])


def states(ledger, run=1):
    """Return the states of the writes of a run."""
    return [each.state for each in ledger.writes(run)]


def test_an_outcome_is_recorded_with_the_next_write(open_ledger):
    """A deferred outcome is in the ledger as soon as the next write is, and what it created is owned."""
    ledger, other = open_ledger(), open_ledger()
    defer(ledger)
    assert (states(other), other.owned()) == (["open"], [])
    ledger.add_writes([write(2, "batch-2")])
    assert (states(other), [each.entity_id for each in other.owned()]) == (["done", "open"], ["c1"])


@pytest.mark.parametrize("when", ["read", "closed", "asked"])
def test_an_outcome_does_not_wait_for_ever(open_ledger, when):
    """A deferred outcome is recorded before the ledger is read, when it is closed, and when that is asked."""
    ledger, other = open_ledger(), open_ledger()
    defer(ledger)
    if when == "read":
        assert ledger.find_owned("component", "c1") is not None
    elif when == "closed":
        ledger.close()
    else:
        ledger.record_deferred()
    assert states(other) == ["done"]


def test_an_outcome_of_a_dropped_ledger(tmp_path):
    """A deferred outcome is recorded when a program drops its ledger without closing it."""
    path = tmp_path / "job.ledger.db"
    ledger = Ledger.open(path, "job")
    defer(ledger)
    del ledger
    gc.collect()
    other = Ledger.open(path, "job", read_only=True)
    assert states(other) == ["done"]
    other.close()


def test_an_outcome_survives_a_failed_transaction(open_ledger):
    """If the transaction with an outcome fails, nothing of it is recorded, and the next one records it."""
    ledger, other = open_ledger(), open_ledger()
    defer(ledger)
    with pytest.raises(LedgerError):
        ledger.add_writes([write(2, "batch-2"), write(1)])
    assert states(other) == ["open"]
    ledger.add_writes([write(2, "batch-2")])
    assert states(other) == ["done", "open"]


@fork
def test_a_forked_child_leaves_an_outcome_to_its_parent(open_ledger):
    """A forked child records no outcome of its parent, neither when it reads nor when it ends."""
    ledger, other = open_ledger(), open_ledger()
    defer(ledger)
    child = os.fork()
    if not child:
        seen = states(ledger)
        ledger.close()
        os._exit(0 if seen == ["open"] else 9)
    assert os.waitpid(child, 0)[1] == 0
    assert states(other) == ["open"]
    ledger.close()
    assert states(other) == ["done"]


SCRIPT = """
import os, sys
from ardoqpy_sync import ArdoqSyncClient
client = ArdoqSyncClient(version="v1", ledger=sys.argv[1])
client.create_component({"name": "Shop", "typeId": "p1", "rootWorkspace": sys.argv[2]})
"""


def test_a_script_that_does_not_close_its_client(ardoq, tmp_path):
    """The last outcome is in the ledger when a script ends, also if it never closes its client."""
    path = tmp_path / "script.db"
    subprocess.run([sys.executable, "-c", SCRIPT, str(path), APPS], check=True)
    ledger = Ledger.open(path, "script", read_only=True)
    assert (states(ledger), [each.values["name"] for each in ledger.owned()]) == (["done"], ["Shop"])
    ledger.close()
    assert "Shop" in components(ardoq)


def client_of(ardoq, mode, path, **settings):
    """Return a client with a ledger that sends single requests or, if `mode` says so, batches."""
    version = MODES[mode][0]
    batch = {"batch": True} if mode == "batched" else {}
    return ArdoqSyncClient(ardoq.url, TOKEN, version=version, ledger=path, **batch, **settings)


def row(name, **more):
    """Return a row of the workspace."""
    return {"name": name, "typeId": "p1", "rootWorkspace": APPS, **more}


@pytest.mark.parametrize("mode", MODES)
def test_flush_and_failures_record_outcomes(ardoq, tmp_path, mode):
    """After a flush, and after a write that failed, every outcome is in the ledger."""
    path = tmp_path / "script.db"
    with client_of(ardoq, mode, path, on_error="collect") as client:
        other = Ledger.open(path, "script", read_only=True)
        client.create_component(row("Shop"))
        client.create_component(row("Till"))
        assert states(other) == ([] if mode == "batched" else ["done", "open"])
        client.flush()
        assert states(other) == ["done", "done"]
        ardoq.fail(status=400, method="POST")
        client.create_component(row("Bank"))
        if mode != "batched":
            assert states(other) == ["done", "done", "failed"]
        ardoq.clear_faults()
        other.close()


@fork
@pytest.mark.parametrize("mode", SINGLE)
@pytest.mark.parametrize("action", ["create", "update", "delete"])
def test_killed_between_an_answer_and_the_next_write(ardoq, tmp_path, mode, action):
    """A write that was answered, but is still open when the process is killed, is settled as done."""
    path = tmp_path / "script.db"
    with client_of(ardoq, mode, path) as client:
        shop = client.create_component(row("Shop", cost=1))["_id"]
    child = os.fork()
    if not child:
        try:
            client = client_of(ardoq, mode, path)
            if action == "create":
                client.create_component(row("Till", cost=1))
            elif action == "update":
                client.create_component(row("Shop", cost=2))
            else:
                client.del_component(shop)
            os._exit(7)  # nothing else runs, as after a kill
        finally:
            os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    ledger = Ledger.open(path, "script", read_only=True)
    assert [each.action for _, each in ledger.open_writes()] == [action]
    ledger.close()
    with client_of(ardoq, mode, path) as client:
        client.create_component(row("Shop" if action != "delete" else "Fax"))
    ledger = Ledger.open(path, "script", read_only=True)
    assert (ledger.open_writes(), states(ledger, 2)) == ([], ["done"])
    owned = {each.values["name"]: each.values.get("cost") for each in ledger.owned()}
    expected = {"create": {"Shop": 1, "Till": 1}, "update": {"Shop": 2}, "delete": {}}[action]
    assert {name: cost for name, cost in owned.items() if name != "Fax"} == expected
    ledger.close()


class Watched(SqliteDatabase):
    """A database that notes for each transaction whether it is on disk when it ends."""

    def transaction(self, *, is_synced=True):
        """Note it."""
        self.synced = [*getattr(self, "synced", ()), is_synced]
        return super().transaction(is_synced=is_synced)


@pytest.fixture
def watched(tmp_path):
    """Return a ledger with a run over a watched database, and the database."""
    database = Watched(tmp_path / "job.ledger.db")
    ledger = Ledger(database, "job")
    begin(ledger)
    database.synced.clear()
    yield ledger, database
    ledger.close()


def test_what_ardoq_no_longer_holds_is_on_disk_first(watched):
    """The record of an update, of a delete and of a batch is on disk before it is sent, and so is an end."""
    ledger, database = watched
    before = encode({"a": 1})
    ledger.add_writes([write(1)])
    assert database.select("PRAGMA synchronous", {}) == [(1,)]
    ledger.add_writes([write(2, "c1", "update", before_write=before)])
    assert database.select("PRAGMA synchronous", {}) == [(2,)]
    ledger.add_writes([write(3)])
    ledger.add_writes([write(4, "c1", "delete", before_write=before)])
    ledger.add_writes([write(5), write(6)])
    ledger.end(None, "success", {}, None)
    assert database.synced == [False, True, False, True, True, True]


def test_few_creates_are_at_risk(watched):
    """Of creates that are sent alone, the record of at least every few is on disk, with all before it."""
    ledger, database = watched
    for number in range(3 * CREATES_AT_RISK):
        ledger.add_writes([write(number)])
    runs = "".join("+" if is_synced else "-" for is_synced in database.synced).split("+")
    assert len(runs) > 2
    assert max(map(len, runs)) == CREATES_AT_RISK


@fork
def test_open_create_that_somebody_has_edited(ardoq, tmp_path):
    """An open create that somebody has edited before the next run is unknown, and not owned."""
    path = tmp_path / "script.db"
    child = os.fork()
    if not child:
        try:
            client_of(ardoq, "v1", path).create_component(row("Till", cost=1))
        finally:
            os._exit(7)
    os.waitpid(child, 0)
    edit(ardoq, "Till", cost=5)
    with client_of(ardoq, "v1", path) as client:
        client.create_component(row("Fax"))
    ledger = Ledger.open(path, "script", read_only=True)
    assert states(ledger) == ["unknown"]
    assert "Till" not in {each.values["name"] for each in ledger.owned()}
    ledger.close()


@fork
@pytest.mark.parametrize("known", [True, False])
def test_open_create_that_somebody_has_renamed(ardoq, tmp_path, known):
    """An open create that somebody has renamed is unknown if a value shows that, and not owned."""
    path = tmp_path / "script.db"
    child = os.fork()
    if not child:
        try:
            client_of(ardoq, "v1", path).create_component(row("Till", **({"cost": 1} if known else {})))
        finally:
            os._exit(7)
    os.waitpid(child, 0)
    edit(ardoq, "Till", name="Desk")
    with client_of(ardoq, "v1", path) as client:
        client.create_component(row("Fax"))
    ledger = Ledger.open(path, "script", read_only=True)
    assert states(ledger) == ["unknown" if known else "failed"]
    assert "Desk" not in {each.values["name"] for each in ledger.owned()}
    ledger.close()


@fork
def test_open_creates_of_one_name(ardoq, tmp_path):
    """Open creates with the same name are distinguished by the values that were sent."""
    path = tmp_path / "script.db"
    child = os.fork()
    if not child:
        try:
            client = client_of(ardoq, "batched", path)
            for uid in "abc":
                client.create_component(row("Room", uid=uid), "uid")
            client._engine.journal.close_writes = lambda *_: os._exit(7)
            client.flush()
        finally:
            os._exit(9)
    os.waitpid(child, 0)
    with client_of(ardoq, "batched", path) as client:
        client.create_component(row("Fax"))
    ledger = Ledger.open(path, "script", read_only=True)
    assert states(ledger) == ["done"] * 3
    assert {each.values.get("uid") for each in ledger.owned()} == {"a", "b", "c", None}
    ledger.close()


def test_adopted_create_does_not_say_who_writes(ardoq, tmp_path):
    """What is found after a lost answer may be edited by somebody else: another answer says who writes."""
    path = tmp_path / "script.db"
    with client_of(ardoq, "v1", path) as client:
        look = client._engine.writes.sender._look_again

        def edit_first(*operations):
            edit(ardoq, "Shop", cost=5)
            return look(*operations)

        client._engine.writes.sender._look_again = edit_first
        ardoq.fail(kind="drop-after", method="POST")
        client.create_component(row("Shop"))
        assert client._engine.journal.ledger.facts.get("user") is None
        client.create_component(row("Till"))
        assert client._engine.journal.ledger.facts["user"] == "Job"


def test_ledger_that_nobody_closes_on_a_full_disk(ardoq, tmp_path):
    """If the last outcome cannot be recorded when a script ends, that is one line, and no traceback."""
    path = tmp_path / "script.db"
    full = "database = client._engine.journal.ledger._database\ndatabase.transaction = fail\n"
    fail = "from ardoqpy.errors import LedgerError\ndef fail():\n    raise LedgerError('The disk is full.')\n"
    run = [sys.executable, "-c", SCRIPT + fail + full, str(path), APPS]
    ran = subprocess.run(run, check=True, capture_output=True, text=True)
    assert ran.stderr == "The disk is full.\n"


def test_open_create_with_a_key_that_somebody_has_renamed(ardoq, home):
    """What has the key of an open create is it perhaps, whatever its name and its other values are now."""
    home.apply()
    connection = sqlite3.connect(home.folder / "job.ledger.db")
    connection.execute("UPDATE writes SET state = 'open', version = NULL, entity_id = 'pending'")
    connection.execute("DELETE FROM owned")
    connection.execute("UPDATE runs SET ended = NULL, status = NULL")
    connection.commit()
    connection.close()
    edit(ardoq, "Shop", name="Desk", cost=99)
    home.apply()
    states = {write.sent["name"]: write.state for write in ledger_of(home.folder).writes(1)}
    assert states == {"Shop": "unknown", "Till": "done", "Bank": "done"}
