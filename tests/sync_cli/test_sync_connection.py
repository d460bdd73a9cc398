"""Which Ardoq a job is about: what the job says, what is said otherwise, and what keeps two runs apart."""

import pytest
from nightly import job_text, writes

from ardoqpy import ConfigurationError
from ardoqpy_sync import ArdoqSyncClient, JobLock
from ardoqpy_sync.cli.exit_codes import CHANGES, DONE, FAILED
from ardoqpy_sync.job import client_of, load_job, run_job


def test_the_job_goes_before_the_environment_and_an_option_before_the_job(home, ardoq, run, monkeypatch):
    """The host of the job counts where the environment names another; --host counts in any case."""
    monkeypatch.setenv("ARDOQ_API_HOST", "http://127.0.0.1:1")
    assert run("plan job.toml --retries 0").status == FAILED
    (home / "job.toml").write_text(job_text(ardoq=f'host = "{ardoq.url}"'))
    assert run("plan job.toml").status == CHANGES
    assert run("plan job.toml --host http://127.0.0.1:1 --retries 0").status == FAILED


def test_the_cfg_file_of_a_job_is_beside_it(home, ardoq, run, monkeypatch):
    """`config` of the job is looked for beside the job, --config where the command is called."""
    (home / "night.cfg").write_text(f"[Ardoq]\nhost = {ardoq.url}\ntoken = {ardoq.token}\n")
    (home / "night.cfg").chmod(0o600)
    (home / "job.toml").write_text(job_text(ardoq='config = "night.cfg"'))
    for name in ("ARDOQ_API_HOST", "ARDOQ_API_TOKEN"):
        monkeypatch.delenv(name)
    (home / "elsewhere").mkdir()
    monkeypatch.chdir(home / "elsewhere")
    assert run("plan ../job.toml").status == CHANGES
    assert "'night.cfg' is not there" in run("plan ../job.toml --config night.cfg").err
    (home / "night.cfg").rename("other.cfg")
    assert run("plan ../job.toml --config other.cfg").status == CHANGES


def test_the_version_of_a_job_can_be_said_otherwise(home, ardoq, run, version):
    """--api goes before the job's version, whatever the job says of batches."""
    other = {"v1": "v2", "v2": "v1"}[version]
    (home / "job.toml").write_text(job_text(version, ardoq="batch = true" if version == "v2" else ""))
    assert run(f"apply job.toml --api {other}").status == DONE
    assert {request.path.startswith("/api/v2/") for request in ardoq.requests} == {other == "v2"}


def test_writes_go_in_batches_on_v2(home, ardoq, run):
    """Unless the job says otherwise, v2 is written in transactions."""
    run("apply job.toml")
    assert [one.path for one in writes(ardoq)] == ["/api/v2/batch"]
    ardoq.reset()
    ardoq.clear_requests()
    (home / "job.toml").write_text(job_text(ardoq="batch = false"))
    run("apply job.toml")
    assert len(writes(ardoq)) == 5


def test_a_job_gives_its_client_in_python(home, ardoq):
    """`client_of` gives the client of a job; what is said besides goes before the job, None does not."""
    (home / "job.toml").write_text(
        job_text(ardoq=f'host = "{ardoq.url}"\ntimeout = 7', run='on_error = "raise"')
    )
    job = load_job("job.toml")
    with client_of(job, simulate=True, timeout=None) as client:
        assert isinstance(client, ArdoqSyncClient)
        assert (client.version, client.on_error, client.simulate) == ("v2", "raise", True)
        assert client.api.transport.timeout == 7
        assert len(run_job(job, client).sources) == 2
    with client_of(job, simulate=False, version="v1", on_error="collect", timeout=9) as client:
        assert (client.version, client.on_error, client.simulate) == ("v1", "collect", False)
        assert client.api.transport.timeout == 9
    with pytest.raises(ConfigurationError, match="http"):
        client_of(job, simulate=True, hosturl="http://ardoq.example.com")


def test_a_job_runs_once_at_a_time(home, ardoq, run):
    """While another run holds the lock `apply` is refused by name, and writes nothing; `plan` is not."""
    with JobLock("job.toml.lock", job="The other run"):
        ran = run("apply job.toml")
        assert (ran.status, ran.out) == (FAILED, "")
        assert "is already running: process" in ran.err
        assert "stale_after" not in ran.err
        assert writes(ardoq) == []
        assert run("plan job.toml").status == CHANGES
    assert run("apply job.toml").status == DONE
    assert not (home / "job.toml.lock").exists()


def test_a_job_says_where_its_lock_is(home, run):
    """`[run] lock` names the lock file, beside the job."""
    (home / "locks").mkdir()
    (home / "job.toml").write_text(job_text(run='lock = "locks/night"'))
    with JobLock("job.toml.lock"):
        assert run("apply job.toml").status == DONE
    with JobLock(home / "locks" / "night"):
        assert run("apply job.toml").status == FAILED


def test_a_plan_takes_the_lock_of_its_job(home, run):
    """A saved plan is not applied while its job runs, nor twice at once."""
    run("plan job.toml --save plan.json")
    with JobLock("job.toml.lock"):
        assert run("apply plan.json --job job.toml").status == FAILED
    with JobLock("plan.json.lock"):
        assert run("apply plan.json").status == FAILED
    assert run("apply plan.json").status == DONE
