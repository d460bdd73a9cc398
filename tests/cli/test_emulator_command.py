"""The command `ardoqpy emulator`, as a process of its own."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from ardoqpy import ArdoqClient, AuthorizationError, RateLimited, Retries, ServiceUnavailable


@contextmanager
def running(*arguments):
    """Run `ardoqpy emulator` and give (process, its first line)."""
    command = [sys.executable, "-m", "ardoqpy", "emulator", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_the_first_line_is_the_address_and_it_answers_at_once():
    """Once the address is printed, a client that goes there is answered."""
    with running("--token", "t-0") as (_, url), ArdoqClient(url, "t-0", retries=0) as client:
        assert client.get_workspaces() == []
        with pytest.raises(AuthorizationError):
            ArdoqClient(url, "emulator-token", retries=0).get_workspaces()


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(name):
    """Ctrl-C and a polite kill end it with status 0 and not a word, open connections or not."""
    with running() as (process, url), ArdoqClient(url, "emulator-token") as client:
        client.get_workspaces()
        process.send_signal(name)
        rest, complaints = process.communicate(timeout=10)
        assert (process.returncode, rest, complaints) == (0, "", "")


def test_a_dump_seeds_the_next_one(tmp_path):
    """What one emulator dumps at its end is what the next one starts with."""
    dump, again = tmp_path / "dump.json", tmp_path / "again.json"
    with running("--dump", str(dump)) as (process, url):
        ArdoqClient(url, "emulator-token").create_workspace({"name": "Apps"})
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    with running("--seed", str(dump), "--dump", str(again)) as (process, url):
        assert [ws["name"] for ws in ArdoqClient(url, "emulator-token").get_workspaces()] == ["Apps"]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert json.loads(again.read_text()) == json.loads(dump.read_text())


def test_a_db_file_keeps_everything_even_through_a_kill(tmp_path):
    """With --db, what was answered is there after the process was killed."""
    db = str(tmp_path / "ardoq.db")
    with running("--db", db) as (process, url):
        made = ArdoqClient(url, "emulator-token").create_workspace({"name": "Apps"})
        process.kill()
    with running("--db", db) as (_, url):
        client = ArdoqClient(url, "emulator-token")
        assert [ws["_id"] for ws in client.get_workspaces()] == [made["_id"]]
        assert client.create_workspace({"name": "More"})["_id"] != made["_id"]


def test_faults_and_limits_are_set_from_the_command_line():
    """--fault and --rate-limit do to a client what they say."""
    once = Retries(count=0, longest_wait=0)
    with running("--fault", "kind=status,status=503,times=2", "--rate-limit", "3") as (_, url):
        client = ArdoqClient(url, "emulator-token", retries=once)
        for _ in range(2):
            with pytest.raises(ServiceUnavailable):
                client.get_workspaces()
        with pytest.raises(RateLimited):
            [client.get_workspaces() for _ in range(9)]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--fault", "kind=nonsense"], "nonsense"),
        (["--seed", "not-there.json"], "not-there.json"),
        (["--port", "1", "--db", "no/such/folder/x.db"], "x.db"),
    ],
)
def test_nonsense_is_refused_in_one_line(arguments, sentence):
    """A fault, a seed or a file that makes no sense ends it with status 1 and one line that names it."""
    command = [sys.executable, "-m", "ardoqpy", "emulator", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert sentence in done.stderr
