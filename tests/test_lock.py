"""`JobLock`: one run of a job at a time, with real processes."""

import errno
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from error_messages import sentence_of

from ardoqpy import ConfigurationError, InvalidInput, JobRunning
from ardoqpy_sync import JobLock, lock

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
needs_proc = pytest.mark.skipif(lock._start_of(os.getpid()) is None, reason="no /proc on this system")

#: A process that takes the lock, prints a line, and waits for one; with a handler of SIGTERM if asked.
HOLD = """
import signal, sys
from ardoqpy_sync import JobLock
if "handler" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
with JobLock(sys.argv[1], job="nightly"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path):
    """Return the path of a lock file that does not exist."""
    return tmp_path / "nightly.lock"


@pytest.fixture
def holding(path):
    """Start processes that hold the lock, and end them after the test."""
    processes = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path), *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        processes.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def take(path, **options):
    """Take and release a lock."""
    with JobLock(path, job="nightly", **options):
        assert path.exists()
    assert not path.exists()


def write_lock_file(path, **changed):
    """Write the lock file of this process with some values changed, and return its data."""
    with JobLock(path, job="nightly"):
        text = path.read_text("utf-8")
    path.write_text(json.dumps(json.loads(text) | changed), encoding="utf-8")
    return json.loads(path.read_text("utf-8"))


def test_file_names_holder_and_is_deleted(path):
    """The file has host, pid, time and job as JSON, and is deleted when the lock is released."""
    with JobLock(path, job="nightly"):
        holder = json.loads(path.read_text("utf-8"))
    assert (holder["host"], holder["pid"], holder["job"]) == (socket.gethostname(), os.getpid(), "nightly")
    assert datetime.now(UTC) - datetime.fromisoformat(holder["since"]) < timedelta(minutes=5)
    assert holder["since"].endswith("Z")
    assert not path.exists()


def test_second_run_fails_with_holder(path, holding):
    """A second run fails with host, pid, start and file of the first."""
    process = holding()
    with pytest.raises(JobRunning) as caught:
        take(path)
    host, since = socket.gethostname(), json.loads(path.read_text("utf-8"))["since"]
    assert str(caught.value) == (
        f"The job 'nightly' is already running: process {process.pid} on host {host} "
        f"has held the lock file {path} since {since}. Wait for it to end, or end it."
    )
    assert caught.value.holder == {"host": host, "pid": process.pid, "since": since, "job": "nightly"}
    assert caught.value.lock_file == str(path)
    process.communicate("\n")
    take(path)


def test_second_lock_of_same_process_fails(path):
    """A second lock in the same process fails, and the first stays held."""
    held = JobLock(path, job="nightly")
    with held:
        for again in (held, JobLock(path, job="another")):
            with pytest.raises(JobRunning, match=f"process {os.getpid()} on"), again:
                pass
        assert path.exists()
    take(path)


def test_exception_releases_lock(path):
    """An exception in the block is raised, and the lock is released."""
    with pytest.raises(ZeroDivisionError), JobLock(path):
        raise ZeroDivisionError
    take(path)


@pytest.mark.parametrize("how", [signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)])
def test_lock_of_killed_run_is_taken_over(path, holding, caplog, how):
    """After a SIGTERM without a handler, and after SIGKILL, the next run takes over with a warning."""
    process = holding()
    process.send_signal(how)
    process.wait()
    assert path.exists()
    take(path)
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "ardoqpy_sync.lock")
    assert f"was left by process {process.pid}, which took it at" in record.getMessage()


def test_sigterm_handler_releases_lock(path, holding, caplog):
    """If a handler raises an exception at SIGTERM, the file is deleted."""
    process = holding("handler")
    process.terminate()
    assert process.wait() == 7
    assert not path.exists()
    take(path)
    assert caplog.records == []


@needs_proc
def test_reused_pid_is_not_the_holder(path, caplog):
    """A lock is taken over if the process with its pid started at another time."""
    start = lock._start_of(os.getppid())
    write_lock_file(path, pid=os.getppid(), started=start + "1")
    take(path)
    assert "has ended: taken over" in caplog.text
    write_lock_file(path, pid=os.getppid(), started=start)
    with pytest.raises(JobRunning, match=f"process {os.getppid()} on host"):
        take(path)


@pytest.mark.parametrize("keep", [0, 1, 30, 60, 100], ids="{} bytes".format)
def test_damaged_file_is_taken_over(path, caplog, keep):
    """A file that is empty or cut off, perhaps with zeros, is taken over with a warning."""
    write_lock_file(path)
    path.write_bytes(path.read_bytes()[:keep] + b"\0" * 10)
    take(path)
    assert "is empty or cut off, and not locked: taken over." in caplog.text


@pytest.mark.parametrize(
    "text", ["[job]\nname = nightly\n", '{"host": "https://acme.ardoq.com"}', "x" * 5000, "[]"]
)
def test_other_file_is_not_overwritten(path, text):
    """A file that is not a lock file is left as it is, and the message says to name another."""
    path.write_text(text, encoding="utf-8")
    sentence = sentence_of(ConfigurationError, take, path)
    assert (
        f"The lock file {path} is not a lock file, and was left as it is: name a file for this lock"
        in sentence
    )
    assert path.read_text("utf-8") == text


def leave_other_host(path, seconds_ago=0, **changed):
    """Write the lock file of a process on another host, which renewed it so many seconds ago."""
    holder = write_lock_file(path, host="elsewhere", pid=4711, **changed)
    renewed = path.stat().st_mtime - seconds_ago
    os.utime(path, (renewed, renewed))
    return holder


def test_lock_of_other_host_is_respected(path):
    """The lock of another host is respected until the file is deleted or was not renewed for stale_after."""
    since = "2020-01-01T00:00:00Z"
    holder = leave_other_host(path, 7200, since=since)
    for options in ({}, {"stale_after": 7300}):
        sentence = sentence_of(JobRunning, take, path, **options)
        assert f"process 4711 on host elsewhere has held the lock file {path} since {since}. " in sentence
        assert "It renewed the lock 2 hours ago, and does so every 30 seconds." in sentence
        assert "delete the file, or pass take_over=True." in sentence
        assert json.loads(path.read_text("utf-8")) == holder
    path.unlink()
    take(path)


@pytest.mark.parametrize("options", [{"stale_after": 7100}, {"take_over": True}])
def test_lock_of_other_host_is_taken_over(path, caplog, options):
    """A lock that another host has not renewed, or that the caller takes over, is reported with its holder.

    The clocks of the hosts do not matter: the start time in the file is one of the far future.
    """
    leave_other_host(path, 7200, since="2099-01-01T00:00:00Z")
    take(path, **options)
    assert f"The lock file {path} is held by process 4711 on host elsewhere since 2099-01" in caplog.text
    assert "and was last renewed 2 hours ago: taken over." in caplog.text
    assert list(path.parent.iterdir()) == []


def test_locked_file_of_other_host_is_taken_over(path, holding):
    """A lock that the file system still keeps for another host is taken over all the same."""
    holding()
    path.write_text(path.read_text("utf-8").replace(socket.gethostname(), "elsewhere"), "utf-8")
    with pytest.raises(JobRunning, match="on host elsewhere"):
        take(path, stale_after=60)
    take(path, take_over=True)


def test_running_process_of_this_host_keeps_lock(path, holding):
    """`take_over` does not take the lock of a process that runs on this host."""
    process = holding()
    with pytest.raises(JobRunning, match=f"process {process.pid} on host"):
        take(path, take_over=True, stale_after=0.01)


def test_holder_renews_file(path):
    """While the lock is held, its file is renewed, and no longer once it is released."""
    with JobLock(path, stale_after=0.04):
        os.utime(path, (1, 1))
        deadline = time.monotonic() + 10
        while path.stat().st_mtime < 1000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert [thread.name for thread in threading.enumerate() if thread.name == "JobLock"] == []


def test_holder_notices_that_it_lost_lock(path, caplog):
    """After another host has taken over, or the file was deleted, `check` raises; the file is left alone."""
    with JobLock(path, job="nightly", stale_after=0.04) as held:
        held.check()
        own = path.read_text("utf-8")
        other = own.replace(socket.gethostname(), "elsewhere")
        path.write_text(other, "utf-8")
        os.utime(path, (1, 1))
        sentence = sentence_of(JobRunning, held.check)
        assert f"its lock file {path} was taken over by process {os.getpid()} on host elsewhere" in sentence
        deadline = time.monotonic() + 10
        while "was taken over or deleted" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert path.stat().st_mtime == 1  # it is not renewed for the other host
    assert path.read_text("utf-8") == other
    path.unlink()
    with JobLock(path) as held:
        path.unlink()
        with pytest.raises(JobRunning, match="was deleted or overwritten"):
            held.check()


@needs_fork
@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir], ids=["pipe", "folder"])
def test_lock_file_that_is_not_a_file(path, make):
    """A pipe or a folder in place of the lock file is one error, at once."""
    make(path)
    sentence_of(ConfigurationError, take, path)


@pytest.mark.parametrize("stale_after", [0, -1, float("nan"), True, "7"])
def test_wrong_arguments_are_rejected(path, stale_after):
    """`stale_after` is a number of seconds above 0, and `path` is a path."""
    with pytest.raises(InvalidInput, match="pass a number of seconds above 0"):
        JobLock(path, stale_after=stale_after)
    with pytest.raises(InvalidInput, match="The lock file is 5: pass its path"):
        JobLock(5)


@pytest.mark.parametrize("name", ["no/such/folder.lock", ".", "nul\0.lock"])
def test_path_that_cannot_be_opened(tmp_path, name):
    """The message for a missing folder, or a folder in place of a file, says what to do."""
    sentence = sentence_of(ConfigurationError, take, tmp_path / name)
    assert re.fullmatch(
        r"The lock file .* cannot be opened \(.+\): name a file for this lock alone, .*\.", sentence
    )


def test_file_system_without_locks(path, monkeypatch):
    """If the file system has no locks, the run fails instead of running unlocked."""

    def no_locks(handle):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(lock, "_try_to_lock", no_locks)
    assert "cannot be locked (No locks available)" in sentence_of(ConfigurationError, take, path)


#: A run that forks a child, which keeps running; the child leaves the block first, then the parent is killed.
FORKING = """
import os, sys, time
from ardoqpy_sync import JobLock
with JobLock(sys.argv[1]) as held:
    end, begin = os.pipe()
    child = os.fork()
    if not child:
        held.__exit__(None, None, None)
        os.write(begin, b"x")
        time.sleep(60)
        os._exit(0)
    os.read(end, 1)
    print(child, flush=True)
    time.sleep(60)
"""


@needs_fork
def test_forked_child_does_not_hold_lock(path):
    """A child leaves the block, and the lock stays held; the parent is killed, and the lock is free."""
    command = [sys.executable, "-c", FORKING, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        try:
            with pytest.raises(JobRunning, match=f"process {parent.pid} on"):
                take(path)
            parent.kill()
            parent.wait()
            take(path)
        finally:
            os.kill(child, signal.SIGKILL)


#: A process that waits for a line, tries to take the lock so many times, and prints how often it succeeded.
TRYING = """
import sys, time
from ardoqpy import JobRunning
from ardoqpy_sync import JobLock
path, counter, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
successes = 0
for _ in range(times):
    try:
        with JobLock(path):
            value = int(open(counter).read())
            time.sleep(0.001)
            with open(counter, "w") as file:
                file.write(str(value + 1))
            successes += 1
            if "stay" in sys.argv:
                sys.stdin.readline()
    except JobRunning:
        pass
print(successes, flush=True)
"""


def _compete(path, counter, number, times, *words):
    """Start processes at the same moment, and return how often each got the lock."""
    counter.write_text("0")
    deadline = time.monotonic() + 60
    command = [sys.executable, "-c", TRYING, str(path), str(counter), str(times), *words]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(number)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    if "stay" in words:
        # Those that fail end; the one that holds the lock waits for a line, and so would a second one.
        while sum(process.poll() is None for process in processes) > 1:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    return [int(process.communicate("\n")[0]) for process in processes]


@pytest.mark.parametrize(
    "left",
    ["stale", *(pytest.param(left, marks=pytest.mark.slow) for left in ("nothing", "empty"))],
)
def test_one_of_four_processes_gets_lock(path, tmp_path, left):
    """Of four processes that ask at the same moment for a free or stale lock, exactly one gets it."""
    if left != "nothing":
        write_lock_file(path, pid=4_000_000, started="long ago")
    if left == "empty":
        path.write_bytes(b"")
    successes = _compete(path, tmp_path / "counter", 4, 1, "stay")
    assert sorted(successes) == [0, 0, 0, 1]


def test_two_processes_never_hold_lock(path, tmp_path):
    """Of processes that take and release the lock as fast as they can, two never hold it at once."""
    counter = tmp_path / "counter"
    successes = _compete(path, counter, 3, 150)
    assert int(counter.read_text()) == sum(successes) > 0
    assert not path.exists()


def test_threads_exclude_each_other(path):
    """Only one thread of a process holds the lock at a time."""
    inside, most, busy = 0, 0, threading.Lock()

    def work(_):
        nonlocal inside, most
        try:
            with JobLock(path):
                with busy:
                    inside += 1
                    most = max(most, inside)
                with busy:
                    inside -= 1
        except JobRunning:
            return 0
        return 1

    with ThreadPoolExecutor(8) as threads:
        successes = sum(threads.map(work, range(100)))
    assert successes > 0
    assert most == 1


def test_full_disk_is_a_sentence_and_leaves_no_file(path, monkeypatch):
    """If the holder cannot be written into the file, that is a sentence, and no new file stays."""

    def write(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(lock.os, "write", write)
    sentence = sentence_of(ConfigurationError, JobLock(path).__enter__)
    assert f"The lock file {path} cannot be written (No space left on device)" in sentence
    assert not path.exists()


def test_holder_written_in_parts_is_complete(path, monkeypatch):
    """A write that stores a part of the holder is continued: the run still holds its lock."""
    original = os.write
    monkeypatch.setattr(lock.os, "write", lambda handle, text: original(handle, text[:7]))
    with JobLock(path) as held:
        held.check()
        assert json.loads(path.read_text())["pid"] == os.getpid()
