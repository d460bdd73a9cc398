"""The ledger over SQLite and PostgreSQL: its runs, writes and what a job owns."""

import os
import subprocess
import sys
import threading
from dataclasses import replace

import pytest

from ardoqpy import ConfigurationError, InvalidInput, JobRunning
from ardoqpy.errors import LedgerError
from ardoqpy_sync.ledger import remote_database, statements
from ardoqpy_sync.ledger.encoding import decode, encode
from ardoqpy_sync.ledger.ledger import Ledger
from ardoqpy_sync.ledger.records import Owner

HOST = "https://x.ardoq.com"
COUNTS = {"cache_hit_comps": 3, "cache_hit_refs": 1, "not_converging": []}
#: Texts that a database may not take as they are.
ODD = ["", "a\0b", "half \ud83d", "\U0001f600", "'; DROP TABLE owned; --", "\u202etxt\r\n", ":name", "%s"]


def begin(ledger, **settings):
    """Begin a run about an Ardoq."""
    ledger.bind(HOST, "acme")
    return ledger.begin("apply", **settings)


def write(number, entity_id="batch-1", action="create", **more):
    """Return a write as the journal records it."""
    row = {"number": number, "action": action, "kind": "component", "entity_id": entity_id, "workspace": "w"}
    row |= {"before_write": None, "sent": encode({"name": "A"}), "given": "name", "purpose": "row"}
    row |= {"mapping": encode("apps.App"), "field": None, "item_key": encode("A"), "label": None}
    row |= {"deleted_with": None, "recreates": None, "beside": None}
    return {**row, **more}


def owned(entity_id="c1", key="A", **more):
    """Return a record of what a job owns."""
    row = {"kind": "component", "entity_id": entity_id, "workspace": "w", "mapping": encode("apps.App")}
    row |= {"field": encode("uid"), "item_key": encode(key), "vals": encode({"name": key}), "given": "name"}
    return {**row, "version": 1, "missing": 0, "marked": None, **more}


def test_runs_are_listed_the_newest_first(open_ledger):
    """A run has a number, and how it ended if it did; the last good one counts for the next."""
    ledger = open_ledger()
    assert (begin(ledger), ledger.previous_report()) == (1, {})
    ledger.end(None, "success", COUNTS, None)
    assert begin(ledger, plan_id="p", approved_by="ann", undoes=1) == 2
    ledger.end(None, "failure", {**COUNTS, "cache_hit_comps": 9}, {"component": {}})
    assert [(run.number, run.status) for run in open_ledger().runs()] == [(2, "failure"), (1, "success")]
    second = open_ledger().find_run(2)
    assert (second.plan_id, second.approved_by, second.undoes, second.totals) == (
        "p",
        "ann",
        1,
        {"component": {}},
    )
    assert ledger.previous_report() == COUNTS
    for name in (0, "9", "x"):
        with pytest.raises(InvalidInput, match="has no run"):
            ledger.find_run(name)


def test_a_write_is_open_until_its_outcome_is_recorded(open_ledger):
    """A create that is done is owned at once, under its id; the next run finds what is open."""
    ledger = open_ledger()
    begin(ledger)
    ledger.add_writes(
        [write(1), write(2, "batch-2"), write(3, "c9", "update", before_write=encode({"a": 1}))]
    )
    later = open_ledger()
    assert [each.number for _, each in later.open_writes()] == [1, 2, 3]
    closed = {"number": 1, "state": "done", "entity_id": "c1", "version": 1}
    ledger.close_writes([closed], sent=[{"number": 1, "sent": encode({"name": "B"})}])
    states = [(each.state, each.entity_id, each.sent, each.before) for each in later.writes(1)]
    assert states == [
        ("done", "c1", {"name": "B"}, None),
        ("open", "batch-2", {"name": "A"}, None),
        ("open", "c9", {"name": "A"}, {"a": 1}),
    ]
    (entity,) = later.owned()
    assert (entity.entity_id, entity.owner, entity.values) == (
        "c1",
        Owner("apps.App", None, "A"),
        {"name": "B"},
    )


def test_all_of_a_transaction_is_recorded_or_nothing(open_ledger):
    """A problem within a transaction takes back what was recorded in it, also in a nested one."""
    ledger = open_ledger()
    begin(ledger)

    def interrupted():
        with ledger.transaction():
            ledger.add_writes([write(1)])
            ledger.set_owned([owned()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert (ledger.writes(1), ledger.owned()) == ([], [])
    ledger.add_writes([write(1)])
    with pytest.raises(LedgerError, match="Nothing is written without it"):
        ledger.add_writes([write(2), write(1)])
    assert [each.number for each in ledger.writes(1)] == [1]


def test_run_that_cannot_begin(open_ledger, monkeypatch):
    """A run that could not be recorded has no number, and the next one begins as if there had been none."""
    ledger = open_ledger()
    with monkeypatch.context() as full:
        full.setattr(statements, "ADD_RUN", statements.ADD_RUN.replace("runs", "nothing"))
        with pytest.raises(LedgerError):
            begin(ledger)
    assert (ledger.run, ledger.is_new) == (None, True)
    assert begin(ledger) == 1
    other = open_ledger()
    assert ([run.number for run in other.runs()], other.facts["host"]) == ([1], HOST)


def test_what_is_owned_keeps_since_when(open_ledger):
    """A record replaces the one of the same entity, but for `since`; forgetting removes it."""
    ledger = open_ledger()
    ledger.set_owned([{**owned(), "since": "2020-01-01T00:00:00Z"}, owned("c2", "B")])
    ledger.set_owned([owned(key="C", marked=encode({"state": "Live"}), version=2**40)])
    first, second = ledger.owned()
    assert (first.since, first.owner.key, first.version) == ("2020-01-01T00:00:00Z", "C", 2**40)
    assert [each.marked for each in ledger.marked()] == [{"state": "Live"}]
    ledger.set_missing([{"kind": "component", "entity_id": "c2", "missing": 2}])
    assert ledger.owned_versions()["component", "c2"].missing == 2
    assert [each.entity_id for each in ledger.with_key("B")] == [second.entity_id]
    ledger.forget([{"kind": "component", "entity_id": "c1"}])
    assert list(ledger.owned_versions()) == [("component", "c2")]


def test_old_runs_lose_their_values_and_documents(open_ledger):
    """Writes and documents of older runs are dropped; runs, open writes and what is owned stay."""
    ledger = open_ledger()
    for _ in range(4):
        begin(ledger)
        ledger.add_writes([write(1), write(2, "batch-2")])
        ledger.close_writes([{"number": 1, "state": "done", "entity_id": f"c{ledger.run}", "version": 1}])
        ledger.end('{"kind": "a document"}', "success", COUNTS, None)
        ledger.prune(keep_runs=2)
    assert [len(ledger.writes(run)) for run in (1, 2, 3, 4)] == [1, 1, 2, 2]
    assert [ledger.document(run) for run in (2, 3)] == [None, {"kind": "a document"}]
    assert (len(ledger.runs()), len(ledger.owned())) == (4, 4)


@pytest.mark.parametrize("text", ODD)
def test_any_text_is_kept(open_ledger, text):
    """Keys, values, facts and names of attributes may have NUL, half characters, emoji and SQL."""
    ledger = open_ledger()
    begin(ledger, approved_by="ann")
    ledger.set_fact("user", text)
    ledger.set_owned([owned(key=text, vals=encode({text: text}), marked=encode({text: text}))])
    other = open_ledger()
    (found,) = other.with_key(text)
    assert (found.owner.key, found.values, found.marked) == (text, {text: text}, {text: text})
    assert other.facts["user"] == text


def test_what_no_database_takes_is_one_error(open_ledger):
    """An id that is no Unicode, or a version too large, is a `LedgerError`, and nothing is recorded."""
    ledger = open_ledger()
    for row in (owned("half \ud83d"), owned(version=2**70)):
        with pytest.raises(LedgerError, match="Nothing is written without it"):
            ledger.set_owned([row])
    assert ledger.owned() == []


def test_ledger_of_another_ardoq(open_ledger):
    """A ledger is about one host and organisation; another one is an error before anything is sent."""
    begin(open_ledger())
    ledger = open_ledger()
    ledger.bind(HOST.upper(), "ACME")
    for host, org, what in (("https://y.ardoq.com", "acme", "host"), (HOST, "other", "org")):
        with pytest.raises(ConfigurationError, match=f"is about the {what} .*Set ledger to another file"):
            ledger.bind(host, org)


def test_jobs_share_a_database(open_ledger):
    """Several jobs in one database have runs, facts and ownership of their own."""
    first, second = open_ledger("first"), open_ledger("second")
    assert (begin(first), begin(second)) == (1, 1)
    first.set_owned([owned()])
    assert (len(open_ledger("first").owned()), open_ledger("second").owned()) == (1, [])
    assert second.find_owned("component", "c1") is None


def test_a_preview_creates_nothing(open_ledger, location, tmp_path):
    """Without a ledger a preview has an empty one, and leaves no file and no table."""
    ledger = open_ledger(read_only=True)
    assert (ledger.runs(), ledger.owned(), ledger.facts, ledger.is_new) == ([], [], {}, True)
    ledger.close()
    assert list(tmp_path.iterdir()) == []
    begin(open_ledger())
    before = sorted(tmp_path.iterdir())
    ledger = open_ledger(read_only=True)
    assert len(ledger.runs()) == 1
    ledger.close()
    assert sorted(tmp_path.iterdir()) == before


def test_a_closed_ledger_opens_again(open_ledger):
    """After it was closed, a ledger is opened again when it is used."""
    ledger = open_ledger()
    begin(ledger)
    ledger.close()
    ledger.close()
    assert len(ledger.runs()) == 1


def test_later_version(open_ledger, location, schema_or_file):
    """A ledger of a later version of ardoqpy is not touched."""
    open_ledger().close()
    schema_or_file("PRAGMA user_version = 99", "UPDATE facts SET value = '99' WHERE job = '' ")
    with pytest.raises(ConfigurationError, match="later version of ardoqpy"):
        Ledger.open(location, "job")


def test_another_database_is_not_taken_for_a_ledger(location, schema_or_file):
    """Tables of something else stay as they are."""
    schema_or_file("CREATE TABLE facts (id INTEGER)", "CREATE TABLE facts (id INTEGER)")
    with pytest.raises(ConfigurationError, match=r"not a ledger|cannot be opened"):
        Ledger.open(location, "job")


LOCKER = """
import sys
from ardoqpy_sync.ledger.ledger import Ledger
ledger = Ledger.open({"url_env": "LEDGER_URL"}, sys.argv[1])
ledger.begin("apply")
print("begun", flush=True)
sys.stdin.readline()
"""


def test_another_process_on_the_same_database(schema, monkeypatch):
    """In PostgreSQL a job runs once at a time, wherever its processes are; the lock ends with the process."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCKER, "job"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "begun\n"
        ledger, other = (Ledger.open({"url_env": "LEDGER_URL"}, job) for job in ("job", "other"))
        with monkeypatch.context() as patched:
            patched.setattr(remote_database, "_LOCK_WAIT", 0)
            with pytest.raises(JobRunning, match="Another run of the job"):
                ledger.begin("apply")
        assert other.begin("apply") == 1
        killer = threading.Timer(0.2, process.kill)
        killer.start()
        assert ledger.begin("apply") == 2, "a run that follows a killed one waits for the server to notice"
        killer.join()
    for each in (ledger, other):
        each.close()


def test_password_is_in_no_message(monkeypatch):
    """A database that does not answer is one error, without its password."""
    pytest.importorskip("psycopg")
    monkeypatch.setenv("LEDGER_URL", "postgresql+psycopg://me:s3cret-pw@127.0.0.1:9/db")
    with pytest.raises(ConfigurationError, match="cannot be opened") as raised:
        Ledger.open({"url_env": "LEDGER_URL"}, "job")
    assert "s3cret-pw" not in str(raised.value)


def test_values_as_json():
    """What the ledger holds is what was given."""
    for value in (*ODD, None, True, 1.5, {"a": [1, {"b": "\0"}]}, 2**70):
        assert decode(encode(value)) == value
    assert os.linesep not in encode({"a": "\n"})


def test_what_a_run_has_changed_is_restored(open_ledger):
    """What is owned is as before a run that an undo takes back, but for what a later run has changed."""
    ledger = open_ledger()
    begin(ledger)
    ledger.set_owned([owned(f"c{number}", vals=encode({"cost": 1, "name": "A"})) for number in range(1, 5)])
    before = ledger.owned()
    begin(ledger)
    ledger.set_owned([owned(each, vals=encode({"cost": 2, "x": 1})) for each in ("c1", "c2", "c5")])
    ledger.set_missing([{"kind": "component", "entity_id": "c4", "missing": 1}])
    ledger.forget([{"kind": "component", "entity_id": "c3"}])
    begin(ledger)
    ledger.set_owned([owned("c2", vals=encode({"cost": 2, "x": 3}))])
    assert ledger.has_learned(2)
    begin(ledger, undoes=2)
    assert ledger.has_learned(2)  # as long as the undo has not ended, because it may be killed
    ledger.restore_owned(2, lambda *_: set())
    ledger.end(None, "success", COUNTS, None)
    assert not ledger.has_learned(2)
    after = {each.entity_id: each for each in ledger.owned()}
    assert after["c2"].values == {"cost": 1, "name": "A", "x": 3}
    kept = [each for each in before if each.entity_id != "c2"]
    assert [replace(after[each.entity_id], version=each.version) for each in kept] == kept
    assert len(after) == len(before)
    begin(ledger, undoes=4)  # and back, which deletes c3 again
    ledger.forget([{"kind": "component", "entity_id": "c3"}])
    ledger.restore_owned(4, lambda *_: set())
    assert {each.entity_id: each.values.get("cost") for each in ledger.owned()} == {
        "c1": 2,
        "c2": 2,
        "c4": 1,
        "c5": 2,
    }
