"""One run of a job at a time, with real processes."""

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

import pytest
from refusals import sentence_of

from ardoqpy import ConfigurationError, InvalidInput, JobRunning
from ardoqpy_sync import JobLock, lock

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
needs_proc = pytest.mark.skipif(lock._started(os.getpid()) is None, reason="no /proc tells who runs")

#: A process that takes the lock, says so, and waits for a line; with a handler of SIGTERM if told so.
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
    """Name a lock file that is not there."""
    return tmp_path / "nightly.lock"


@pytest.fixture
def holding(path):
    """Start processes that hold the lock, and end them."""
    begun = []

    def begin(*words):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path), *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        begun.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def take(path, **options):
    """Take a lock and give it back."""
    with JobLock(path, job="nightly", **options):
        assert path.exists()
    assert not path.exists()


def written(path, **other):
    """Write the lock file that a process of ours would have written, and return what it says."""
    with JobLock(path, job="nightly"):
        text = path.read_text("utf-8")
    path.write_text(json.dumps(json.loads(text) | other), encoding="utf-8")
    return json.loads(path.read_text("utf-8"))


def test_the_file_says_who_holds_it_and_goes_at_the_end(path):
    """While it is held the file has host, pid, time and job as JSON; afterwards it is gone."""
    with JobLock(path, job="nightly"):
        said = json.loads(path.read_text("utf-8"))
    assert (said["host"], said["pid"], said["job"]) == (socket.gethostname(), os.getpid(), "nightly")
    assert datetime.now(UTC) - datetime.fromisoformat(said["since"]) < timedelta(minutes=5)
    assert said["since"].endswith("Z")
    assert not path.exists()


def test_a_second_run_is_refused_by_name(path, holding):
    """A run that finds the job running is told host, pid, since when and the file, in one sentence."""
    process = holding()
    with pytest.raises(JobRunning) as caught:
        take(path)
    host, since = socket.gethostname(), json.loads(path.read_text("utf-8"))["since"]
    assert str(caught.value) == (
        f"The job 'nightly' is running already: process {process.pid} on host {host} "
        f"has since {since} held the lock file {path}; wait for it to end, or end it."
    )
    assert caught.value.holder == {"host": host, "pid": process.pid, "since": since, "job": "nightly"}
    assert caught.value.lock_file == str(path)
    process.communicate("\n")
    take(path)


def test_the_same_process_is_refused_too(path):
    """A second lock in the process that holds it is refused, and the first is none the worse for it."""
    held = JobLock(path, job="nightly")
    with held:
        for again in (held, JobLock(path, job="another")):
            with pytest.raises(JobRunning, match=f"process {os.getpid()} on"), again:
                pass
        assert path.exists()
    take(path)


def test_it_is_given_back_on_an_exception(path):
    """An exception in the block goes its way, and the lock is free."""
    with pytest.raises(ZeroDivisionError), JobLock(path):
        raise ZeroDivisionError
    take(path)


@pytest.mark.parametrize("how", [signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)])
def test_what_a_killed_run_has_left_is_taken_over(path, holding, caplog, how):
    """After a SIGTERM without a handler, and after kill -9, the next run takes over, with a warning."""
    process = holding()
    process.send_signal(how)
    process.wait()
    assert path.exists()
    take(path)
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.WARNING, "ardoqpy_sync.lock")
    assert f"was left by process {process.pid}, which took it at" in record.getMessage()


def test_a_handler_of_sigterm_lets_the_block_end(path, holding, caplog):
    """Where SIGTERM is made an exception, the file is gone and nothing is to be taken over."""
    process = holding("handler")
    process.terminate()
    assert process.wait() == 7
    assert not path.exists()
    take(path)
    assert caplog.records == []


@needs_proc
def test_a_pid_that_another_process_has_got_is_not_its_holder(path, caplog):
    """A lock is taken over though its pid runs, where that process began at another time."""
    began = lock._started(os.getppid())
    written(path, pid=os.getppid(), started=began + "1")
    take(path)
    assert "is gone: taken over" in caplog.text
    written(path, pid=os.getppid(), started=began)
    with pytest.raises(JobRunning, match=f"process {os.getppid()} on host"):
        take(path)


@pytest.mark.parametrize("keep", [0, 1, 30, 60, 100], ids="{} bytes".format)
def test_a_damaged_file_is_taken_over(path, caplog, keep):
    """A file that is empty or was cut off is taken over with a warning, zeros from the disk or not."""
    written(path)
    path.write_bytes(path.read_bytes()[:keep] + b"\0" * 10)
    take(path)
    assert "is empty or cut off, and nobody holds it: taken over." in caplog.text


@pytest.mark.parametrize(
    "text", ["[job]\nname = nightly\n", '{"host": "https://acme.ardoq.com"}', "x" * 5000, "[]"]
)
def test_a_file_that_is_something_else_is_left_as_it_is(path, text):
    """What never was a lock file is not written to, and the sentence says to name another."""
    path.write_text(text, encoding="utf-8")
    sentence = sentence_of(ConfigurationError, take, path)
    assert (
        f"The lock file {path} is something else, and was left as it is: name a file of its own" in sentence
    )
    assert path.read_text("utf-8") == text


def test_a_lock_of_another_host_is_refused_with_the_remedy(path):
    """What another host holds is refused until the file is deleted or is older than the caller says."""
    since = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    said = written(path, host="elsewhere", pid=4711, since=since)
    for options in ({}, {"stale_after": 7300}):
        sentence = sentence_of(JobRunning, take, path, **options)
        assert f"process 4711 on host elsewhere has since {since} held" in sentence
        assert "if it is not, delete the file, or say as stale_after=" in sentence
        assert json.loads(path.read_text("utf-8")) == said
    path.unlink()
    take(path)


def test_a_lock_of_another_host_is_taken_over_when_it_is_old(path, caplog):
    """What another host has held for longer than stale_after is taken over with a warning."""
    since = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    written(path, host="elsewhere", pid=4711, since=since)
    take(path, stale_after=7100)
    assert f"taken by process 4711 on host elsewhere at {since}, over 7100 seconds ago" in caplog.text


@pytest.mark.parametrize("stale_after", [0, -1, float("nan"), True, "7"])
def test_a_time_that_is_none_is_refused(path, stale_after):
    """stale_after is seconds, more than none."""
    with pytest.raises(InvalidInput, match="give seconds, more than 0"):
        JobLock(path, stale_after=stale_after)
    with pytest.raises(InvalidInput, match="The lock file is 5: give its path"):
        JobLock(5)


@pytest.mark.parametrize("name", ["no/such/folder.lock", ".", "nul\0.lock"])
def test_a_path_that_cannot_be_opened_is_one_sentence(tmp_path, name):
    """A folder that is missing, a folder in place of a file: what to do is said."""
    sentence = sentence_of(ConfigurationError, take, tmp_path / name)
    assert re.fullmatch(r"The lock file .* cannot be opened \(.+\): name a file of its own, .*\.", sentence)


def test_a_file_system_without_locks_is_one_sentence(path, monkeypatch):
    """Where nothing can be locked the run is refused, not left unlocked."""

    def no_locks(handle):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(lock, "_try_to_lock", no_locks)
    assert "cannot be locked (No locks available)" in sentence_of(ConfigurationError, take, path)


#: A run that forks a child, which lives on; the child leaves the block first, then the parent is killed.
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
def test_a_child_that_outlives_its_parent_does_not_hold_the_lock(path):
    """A child leaves the block, and the lock stays; the parent is killed, and the lock is free."""
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


#: A process that waits for a line, and tries to take the lock as often as it is told; what it saw, it says.
TRYING = """
import sys, time
from ardoqpy import JobRunning
from ardoqpy_sync import JobLock
path, counter, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
got = 0
for _ in range(times):
    try:
        with JobLock(path):
            value = int(open(counter).read())
            time.sleep(0.001)
            with open(counter, "w") as file:
                file.write(str(value + 1))
            got += 1
            if "stay" in sys.argv:
                sys.stdin.readline()
    except JobRunning:
        pass
print(got, flush=True)
"""


def _tried(path, counter, processes, times, *words):
    """Let processes begin at one moment, and return how often each got the lock."""
    counter.write_text("0")
    until = time.monotonic() + 60
    command = [sys.executable, "-c", TRYING, str(path), str(counter), str(times), *words]
    begun = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for process in begun:
        assert process.stdout.readline() == "ready\n"
    for process in begun:
        process.stdin.write("\n")
        process.stdin.flush()
    if "stay" in words:
        # Those who are refused end; the one that holds it waits for its line, and so would a second one.
        while sum(process.poll() is None for process in begun) > 1:
            assert time.monotonic() < until
            time.sleep(0.01)
    return [int(process.communicate("\n")[0]) for process in begun]


@pytest.mark.parametrize("left", ["nothing", "stale", "empty"])
def test_of_four_that_begin_at_the_same_moment_one_gets_it(path, tmp_path, left):
    """Four processes ask for a lock that is free or left behind at one moment: exactly one may run."""
    if left != "nothing":
        written(path, pid=4_000_000, started="long ago")
    if left == "empty":
        path.write_bytes(b"")
    got = _tried(path, tmp_path / "counter", 4, 1, "stay")
    assert sorted(got) == [0, 0, 0, 1]


def test_never_do_two_hold_it(path, tmp_path):
    """Processes that take and give back in turns, as fast as they can, are never in it two at a time."""
    counter = tmp_path / "counter"
    got = _tried(path, counter, 3, 150)
    assert int(counter.read_text()) == sum(got) > 0
    assert not path.exists()


def test_threads_exclude_each_other(path):
    """Of the threads of one process one holds the lock at a time."""
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
        got = sum(threads.map(work, range(100)))
    assert got > 0
    assert most == 1
