"""A ledger in a file: its mode, what is no ledger, a full disk, a fork, and several threads."""

import os
import resource
import sqlite3
import subprocess
import sys
import threading

import pytest

from ardoqpy import ConfigurationError
from ardoqpy.errors import LedgerError
from ardoqpy_sync.ledger.encoding import encode
from ardoqpy_sync.ledger.ledger import Ledger

OWNED = {"kind": "component", "workspace": "w", "mapping": "1", "field": None, "item_key": None}
OWNED |= {"vals": "{}", "given": "", "version": 1, "missing": 0, "marked": None}


@pytest.fixture
def path(tmp_path):
    """Return where the file of a ledger is to be."""
    return tmp_path / "job.ledger.db"


@pytest.fixture
def ledger(path):
    """Return a ledger in that file, with a run."""
    ledger = Ledger.open(path, "job")
    ledger.begin("apply")
    yield ledger
    ledger.close()


def test_only_its_owner_can_read_it(path, ledger):
    """The file, and those that SQLite keeps beside it, are for their owner alone, whatever the umask."""
    assert ledger.run == 1
    modes = {each.name: oct(each.stat().st_mode & 0o777) for each in path.parent.iterdir()}
    assert modes == dict.fromkeys([path.name, f"{path.name}-shm", f"{path.name}-wal"], "0o600")
    ledger.close()
    path.chmod(0o644)
    Ledger.open(path, "job").close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content", [b"{", b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 5000, "truncated", "zeros"]
)
def test_damaged_file(path, ledger, content):
    """A damaged file is one error with the remedy, for a run and a preview, and stays as it is."""
    ledger.close()
    whole = path.read_bytes()
    if isinstance(content, str):
        content = whole[: len(whole) // 2] if content == "truncated" else bytes(len(whole))
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(
            ConfigurationError, match=r"is damaged, or is not a ledger.*owns nothing at first"
        ):
            Ledger.open(path, "job", read_only=read_only).close()
        assert path.read_bytes() == content


@pytest.mark.parametrize("read_only", [False, True])
def test_files_that_are_no_ledger(tmp_path, path, read_only):
    """Another SQLite database, a folder and a pipe are not used as a ledger; an empty file is."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (a)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="but not a ledger"):
        Ledger.open(path, "job", read_only=read_only)
    assert path.read_bytes() == before
    os.mkfifo(tmp_path / "pipe")
    for name in (".", "pipe"):
        with pytest.raises(ConfigurationError, match="not a regular file"):
            Ledger.open(tmp_path / name, "job", read_only=read_only)
    (tmp_path / "empty").touch()
    Ledger.open(tmp_path / "empty", "job", read_only=read_only).close()


def test_folder_that_cannot_be_written(path, ledger, monkeypatch):
    """In a folder that is read-only a preview reads the ledger; a missing folder is one error for a run."""
    ledger.close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    preview = Ledger.open(path, "job", read_only=True)
    assert len(preview.runs()) == 1
    preview.close()
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    with pytest.raises(ConfigurationError, match=r"cannot be opened.*ledger = false"):
        Ledger.open(path.parent / "none" / "a.db", "job")


def test_a_preview_reads_what_a_killed_run_left(path, ledger):
    """What is only in the file of the last writes counts, also in a preview."""
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)]) as process:
        process.wait()
    assert process.returncode == -9
    ledger.close()
    preview = Ledger.open(path, "job", read_only=True)
    assert [len(preview.owned()), len(preview.runs())] == [1, 2]
    preview.close()


KILLED = f"""
import os, sys
from ardoqpy_sync.ledger.ledger import Ledger
ledger = Ledger.open(sys.argv[1], "job")
ledger.begin("apply")
ledger.set_owned([{OWNED!r} | {{"entity_id": "c1"}}])
os.kill(os.getpid(), 9)
"""


def test_full_disk(path, ledger):
    """If the disk is full, all of a transaction is missing, the error says so, and it can go on later."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    rows = [{**OWNED, "entity_id": f"c{number}", "vals": encode({"a": "x" * 1000})} for number in range(500)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(
            LedgerError, match=r"job\.ledger\.db' cannot be written: .*Nothing is written without"
        ):
            ledger.set_owned(rows)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert ledger.owned() == []
    ledger.set_owned(rows)
    assert len(ledger.owned()) == 500


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forked_child_has_a_connection_of_its_own(path, ledger):
    """What a forked child does with a ledger leaves that of its parent whole."""
    ledger.set_owned([{**OWNED, "entity_id": "parent"}])
    child = os.fork()
    if not child:
        try:
            ledger.set_owned([{**OWNED, "entity_id": "child"}])
            ledger.close()
            os._exit(0)
        finally:
            os._exit(9)
    assert os.waitpid(child, 0)[1] == 0
    ledger.set_owned([{**OWNED, "entity_id": "again"}])
    assert sorted(each.entity_id for each in ledger.owned()) == ["again", "child", "parent"]
    ledger.close()
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_processes_and_threads_write_at_the_same_time(path):
    """Runs that begin at the same moment have numbers of their own, and lose nothing."""
    numbers = []

    def work(name):
        ledger = Ledger.open(path, "job")
        for number in range(10):
            numbers.append(ledger.begin("script"))
            ledger.set_owned([{**OWNED, "entity_id": f"{name}.{number}"}])
        ledger.close()

    Ledger.open(path, "job").close()
    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 41))
    ledger = Ledger.open(path, "job")
    assert len(ledger.owned()) == 40
    ledger.close()
