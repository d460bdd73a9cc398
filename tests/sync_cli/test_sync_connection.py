"""Connection settings of a job, options that override them, and the lock."""

import json
import os
import socket

import pytest
from nightly import job_text, names_in, writes

from ardoqpy import ConfigurationError
from ardoqpy._http.client import HttpMethods
from ardoqpy_sync import ArdoqSyncClient, JobLock
from ardoqpy_sync.job import load_job, open_client, run_job
from ardoqpy_sync.reporting.exit_codes import CHANGES, DONE, FAILED


def test_order_of_settings(home, ardoq, run, monkeypatch):
    """The host of the job overrides that of the environment, and --host overrides both."""
    monkeypatch.setenv("ARDOQ_API_HOST", "http://127.0.0.1:1")
    assert run("plan job.toml --retries 0").status == FAILED
    (home / "job.toml").write_text(job_text(ardoq=f'host = "{ardoq.url}"'))
    assert run("plan job.toml").status == CHANGES
    assert run("plan job.toml --host http://127.0.0.1:1 --retries 0").status == FAILED


def test_cfg_file_of_job(home, ardoq, run, monkeypatch):
    """`config` of the job is relative to the job file, --config to the current folder."""
    (home / "night.cfg").write_text(f"[Ardoq]\nhost = {ardoq.url}\ntoken = {ardoq.token}\n")
    (home / "night.cfg").chmod(0o600)
    (home / "job.toml").write_text(job_text(ardoq='config = "night.cfg"'))
    for name in ("ARDOQ_API_HOST", "ARDOQ_API_TOKEN"):
        monkeypatch.delenv(name)
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    assert run("plan ../job.toml").status == CHANGES
    assert "'night.cfg' does not exist" in run("plan ../job.toml --config night.cfg").err
    (home / "night.cfg").rename("other.cfg")
    assert run("plan ../job.toml --config other.cfg").status == CHANGES


def test_api_overrides_version_of_job(home, ardoq, run, version):
    """--api overrides the version of the job, whatever the job says about batches."""
    other = {"v1": "v2", "v2": "v1"}[version]
    (home / "job.toml").write_text(job_text(version, ardoq="batch = true" if version == "v2" else ""))
    assert run(f"apply job.toml --api {other}").status == DONE
    assert {request.path.startswith("/api/v2/") for request in ardoq.requests} == {other == "v2"}


def test_batches_on_v2(home, ardoq, run):
    """On v2 writes are sent in batches, unless the job says otherwise."""
    run("apply job.toml")
    assert [request.path for request in writes(ardoq)] == ["/api/v2/batch"]
    ardoq.reset()
    ardoq.clear_requests()
    (home / "job.ledger.db").unlink()
    (home / "job.toml").write_text(job_text(ardoq="batch = false"))
    run("apply job.toml")
    assert len(writes(ardoq)) == 5


def test_open_client(home, ardoq):
    """`open_client` returns the client of a job; its arguments override the job, except None."""
    (home / "job.toml").write_text(
        job_text(ardoq=f'host = "{ardoq.url}"\ntimeout = 7', run='on_error = "raise"')
    )
    job = load_job("job.toml")
    with open_client(job, simulate=True, timeout=None) as client:
        assert isinstance(client, ArdoqSyncClient)
        assert (client.version, client.on_error, client.simulate) == ("v2", "raise", True)
        assert client.api.transport.timeout == 7
        assert len(run_job(job, client).sources) == 1
    with open_client(job, simulate=False, version="v1", on_error="collect", timeout=9) as client:
        assert (client.version, client.on_error, client.simulate) == ("v1", "collect", False)
        assert client.api.transport.timeout == 9
    with pytest.raises(ConfigurationError, match="http"):
        open_client(job, simulate=True, hosturl="http://ardoq.example.com")


def test_second_run_fails(home, ardoq, run):
    """While another run holds the lock, `apply` fails and writes nothing; `plan` still works."""
    with JobLock("job.toml.lock", job="The other run"):
        ran = run("apply job.toml")
        assert (ran.status, ran.out) == (FAILED, "")
        assert "is already running: process" in ran.err
        assert "stale_after" not in ran.err
        assert writes(ardoq) == []
        assert run("plan job.toml").status == CHANGES
    assert run("apply job.toml").status == DONE
    assert not (home / "job.toml.lock").exists()


def test_lock_file_of_job(home, run):
    """`[run] lock` names the lock file, relative to the job file."""
    (home / "locks").mkdir()
    (home / "job.toml").write_text(job_text(run='lock_file = "locks/night"'))
    with JobLock("job.toml.lock"):
        assert run("apply job.toml").status == DONE
    with JobLock(home / "locks" / "night"):
        assert run("apply job.toml").status == FAILED


def test_plan_takes_lock_of_job(home, run):
    """A saved plan is not applied while its job runs, nor twice at once."""
    run("plan job.toml --save plan.json")
    with JobLock("job.toml.lock"):
        assert run("apply plan.json --job job.toml").status == FAILED
    with JobLock("plan.json.lock"):
        assert run("apply plan.json").status == FAILED
    assert run("apply plan.json").status == DONE


def test_lock_of_other_host(home, run):
    """A stale lock of another host, and any with --take-over, is taken over; a warning names the holder."""
    lock_file = home / "job.toml.lock"
    with JobLock(lock_file):
        text = lock_file.read_text("utf-8").replace(socket.gethostname(), "elsewhere")
    lock_file.write_text(text, "utf-8")
    ran = run("apply job.toml")
    assert ran.status == FAILED
    assert "does not run any more, delete the file, or use --take-over." in ran.err
    ran = run("apply job.toml --take-over --quiet-when-unchanged")
    assert ran.status == DONE
    assert f"held by process {os.getpid()} on host elsewhere since" in ran.err
    (home / "job.toml").write_text(job_text(run='lock_stale_after = "90m"'))
    lock_file.write_text(text, "utf-8")
    assert run("apply job.toml").status == FAILED
    an_hour_and_a_half_ago = lock_file.stat().st_mtime - 5401
    os.utime(lock_file, (an_hour_and_a_half_ago, an_hour_and_a_half_ago))
    ran = run("apply job.toml")
    assert (ran.status, "was last renewed 90 minutes ago: taken over" in ran.err) == (DONE, True)


@pytest.mark.parametrize("value", ["1", "'1 week'", "'59s'", "'-1h'", "''"])
def test_invalid_lock_stale_after(home, ardoq, run, value):
    """A `lock_stale_after` that is not a time of a minute or more is a mistake in the job file."""
    (home / "job.toml").write_text(job_text(run=f"lock_stale_after = {value}"))
    assert "use a time of a minute or more" in run("apply job.toml").err
    assert ardoq.requests == []


@pytest.mark.parametrize(("api", "batch"), [("v1", "false"), ("v2", "false"), ("v2", "2")])
@pytest.mark.parametrize("what", ["job.toml", "plan.json --job job.toml"])
def test_run_that_lost_its_lock_writes_nothing_more(home, ardoq, run, monkeypatch, what, api, batch):
    """After another host has taken over, a run stops before its next write, and reports what it wrote."""
    (home / "job.toml").write_text(job_text(api, ardoq=f"batch = {batch}"))
    run("plan job.toml --save plan.json")
    ardoq.clear_requests()
    original = HttpMethods.post

    def lose_lock(*given, **more):
        answer = original(*given, **more)
        path = home / "job.toml.lock"
        path.write_text(path.read_text("utf-8").replace(socket.gethostname(), "elsewhere"), "utf-8")
        return answer

    monkeypatch.setattr(HttpMethods, "post", lose_lock)
    ran = run(f"apply {what} --json")
    document = json.loads(ran.out)
    assert ran.status == FAILED
    assert len(writes(ardoq)) == 1
    created = sorted(
        change["name"]
        for change in document["changes"]
        if change["kind"] == "component" and change["action"] == "create"
    )
    assert created == sorted(set(names_in(ardoq)) - {"Fax", "Orders"})
    reasons = {entry["reason"] for entry in document["failed"]}
    assert all("taken over by process" in reason for reason in reasons), reasons
    assert "elsewhere" in (home / "job.toml.lock").read_text("utf-8")
