"""The command `ardoqpy emulator`, as a separate process."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from ardoqpy import ArdoqClient, AuthorizationError, RateLimited, Retries, ServiceUnavailable


@contextmanager
def running(*arguments):
    """Run `ardoqpy emulator`; yields the process and its first line."""
    command = [sys.executable, "-m", "ardoqpy", "emulator", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_first_line_is_address():
    """Once the address is printed, the emulator answers."""
    with running("--token", "t-0") as (_, url), ArdoqClient(url, "t-0", retries=0) as client:
        assert client.get_workspaces() == []
        with pytest.raises(AuthorizationError):
            ArdoqClient(url, "emulator-token", retries=0).get_workspaces()


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_stops_at_signal(name):
    """SIGINT and SIGTERM end it with exit code 0 and no output, even with open connections."""
    with running() as (process, url), ArdoqClient(url, "emulator-token") as client:
        client.get_workspaces()
        process.send_signal(name)
        rest, complaints = process.communicate(timeout=10)
        assert (process.returncode, rest, complaints) == (0, "", "")


def test_dump_is_a_seed(tmp_path):
    """The dump of one emulator is a seed for the next."""
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


def test_db_file_survives_kill(tmp_path):
    """With --db, all data is kept when the process is killed."""
    db = str(tmp_path / "ardoq.db")
    with running("--db", db) as (process, url):
        created = ArdoqClient(url, "emulator-token").create_workspace({"name": "Apps"})
        process.kill()
    with running("--db", db) as (_, url):
        client = ArdoqClient(url, "emulator-token")
        assert [ws["_id"] for ws in client.get_workspaces()] == [created["_id"]]
        assert client.create_workspace({"name": "More"})["_id"] != created["_id"]


def test_faults_and_rate_limit():
    """--fault and --rate-limit make requests fail."""
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
def test_invalid_options(arguments, sentence):
    """An invalid fault, seed or file ends it with exit code 1 and one line that names it."""
    command = [sys.executable, "-m", "ardoqpy", "emulator", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert sentence in done.stderr
