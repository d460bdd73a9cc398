"""The command `ardoqpy emulator`, as a separate process."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from command_line import runner

from ardoqpy import ArdoqClient, AuthorizationError, RateLimited, Retries, ServiceUnavailable
from ardoqpy.cli.main import main


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


ANNA = "name=Anna Berg,token=t-anna,email=anna@acme.example"
JOB = "name=Nightly job,token=t-job,serviceAccount=true"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_users_write_under_their_names(version):
    """Each --user has a token, and what is written with it is by that user; --token is accepted as well."""
    with running("--token", "t-0", "--user", ANNA, "--user", JOB) as (_, url):
        workspace = ArdoqClient(url, "t-0").create_workspace({"name": "Apps"})
        model = ArdoqClient(url, "t-0").get_model(model_id=workspace["componentModel"])
        row = {"name": "Web", "rootWorkspace": workspace["_id"], "typeId": next(iter(model["root"]))}
        anna, job = (ArdoqClient(url, token, version=version) for token in ("t-anna", "t-job"))
        component = anna.create_component(row)
        job.patch_component(component["_id"], version="latest", payload={"description": "by the job"})
        changed = anna.get_component(comp_id=component["_id"])
        shown = changed.get("_meta", changed)
        names = [
            shown[f"{action}{key}"] for action in ("createdBy", "lastModifiedBy") for key in ("Name", "Email")
        ]
        assert names == ["Anna Berg", "anna@acme.example", "Nightly job", "nightly.job@emulator.example"]
        me = job.me()
        assert me.get("user", me)["email"] == "nightly.job@emulator.example"
        with pytest.raises(AuthorizationError):
            ArdoqClient(url, "t-nobody", version=version).me()


def test_users_are_kept_in_the_db_file(tmp_path):
    """With --db, a later start without --user still knows the users, their tokens and what they wrote."""
    db = str(tmp_path / "ardoq.db")
    with running("--db", db, "--user", ANNA, "--user", JOB) as (process, url):
        created = ArdoqClient(url, "t-anna").create_workspace({"name": "Apps"})
        process.kill()
    with running("--db", db) as (_, url):
        job = ArdoqClient(url, "t-job")
        assert job.get_workspace(ws_id=created["_id"])["createdByName"] == "Anna Berg"
        assert job.create_workspace({"name": "More"})["createdByName"] == "Nightly job"


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
        (["--user", "Anna Berg=s3cret,x"], "key=value"),
        (["--user", "name=Anna Berg"], "Anna Berg"),
        (["--user", "name=A,token=s3cret,role=admin"], "role"),
        (["--user", "name=A,token=s3cret", "--user", "name=B,token=s3cret"], "User 2 (B)"),
    ],
)
def test_invalid_options(arguments, sentence, capsys):
    """An invalid fault, seed, file or user ends it with exit code 1 and one line that names it."""
    done = runner(main, capsys)(["emulator", *arguments])
    assert (done.status, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert sentence in done.err
    assert "s3cret" not in done.err
