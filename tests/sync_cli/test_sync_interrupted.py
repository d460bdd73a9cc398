"""Runs that stop early: Ardoq is unreachable, Ctrl-C, and signals."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from nightly import APPS, MISSING, ORDERS, ROWS, job_text, names_in, writes

from ardoqpy import ServiceUnavailable
from ardoqpy_sync import ArdoqSyncClient, engine
from ardoqpy_sync.cli.signals import PAUSE, interrupts_once
from ardoqpy_sync.job import load_job, open_client, run_job
from ardoqpy_sync.reporting.exit_codes import DONE, FAILED, INTERRUPTED
from ardoqpy_sync.writing.circuit_breaker import PATIENCE

NUMBER = 60
MANY = "Id,Name,Cost,Needs\n" + "".join(f"{number},App {number},1,\n" for number in range(NUMBER))
LONG = 1_000_000
COMMAND = [sys.executable, "-m", "ardoqpy_sync"]


@pytest.fixture
def big(home):
    """Write a source with many rows."""
    (home / "apps.csv").write_text(MANY)
    return home


@pytest.mark.parametrize(("api", "batch"), [("v1", "false"), ("v2", "false"), ("v2", "7")])
@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "status", "status": 401}])
def test_unreachable_ardoq_stops_run(big, ardoq, run, hook, api, batch, fault):
    """After a few consecutive failures because Ardoq is unreachable, the run stops and reports why."""
    (big / "job.toml").write_text(job_text(api, ardoq=f"batch = {batch}"))
    for method in ("POST", "PATCH"):
        ardoq.fail(method=method, times=LONG, **fault)
    ran = run(f"apply job.toml --retries 0 --json --webhook {hook.url} --report a.md")
    document = json.loads(ran.out)
    assert ran.status == FAILED
    assert document["description"].startswith("Ardoq cannot be reached any more: ")
    assert PATIENCE <= len(document["failed"]) <= 2 * 7
    assert len(writes(ardoq)) <= PATIENCE
    assert hook.received[0]["status"] == "failed"
    assert "cannot be reached any more" in (big / "a.md").read_text("utf-8")
    ardoq.clear_faults()
    assert run("apply job.toml").status == DONE
    assert len(names_in(ardoq)) == NUMBER + 2


def test_rejected_rows_do_not_stop_run(big, ardoq, run):
    """Rows that Ardoq rejects do not stop the run, however many they are."""
    (big / "job.toml").write_text(job_text(ardoq="batch = false"))
    ardoq.fail("status", status=422, method="POST", times=NUMBER - 1)
    ran = run("apply job.toml --json")
    assert len(json.loads(ran.out)["failed"]) == NUMBER - 1
    assert len(names_in(ardoq)) == 3


def test_scattered_failures_do_not_stop_run(big, ardoq, run):
    """Failures that are not consecutive do not add up."""
    (big / "job.toml").write_text(job_text(ardoq="batch = false"))
    for _ in range(3):
        ardoq.fail("status", status=503, method="POST", times=PATIENCE - 1)
        ran = run("apply job.toml --retries 0 --json")
        assert len(json.loads(ran.out)["failed"]) == PATIENCE - 1
    ardoq.reset()
    ardoq.fail("status", status=503, method="POST", times=PATIENCE)
    assert len(json.loads(run("apply job.toml --retries 0 --json").out)["failed"]) == PATIENCE
    assert len(names_in(ardoq)) == 2


@pytest.mark.parametrize("action", ['"delete"', '{ set = { cost = "7" } }'])
@pytest.mark.parametrize(
    ("batch", "requests", "reason"),
    [("false", PATIENCE, "cannot be reached any more"), ("true", 1, "it may have been carried out")],
)
def test_unreachable_ardoq_stops_deleting(big, ardoq, run, batch, requests, reason, action):
    """Only a few deletes or marks are tried, or one batch of all; the others are reported as failed."""
    assert run("apply job.toml").status == DONE
    (big / "apps.csv").write_text("\n".join(MANY.splitlines()[:10]) + "\n")
    text = job_text(share=1, ardoq=f"batch = {batch}").replace('missing = "report"', f"missing = {action}")
    (big / "job.toml").write_text(text)
    for method in ("POST", "PATCH", "DELETE"):
        ardoq.fail("status", status=503, method=method, times=LONG)
    ardoq.clear_requests()
    ran = run("apply job.toml --retries 0 --json")
    document = json.loads(ran.out)
    assert ran.status == FAILED
    assert len(document["failed"]) == NUMBER - 9 + 2
    assert len(writes(ardoq)) == requests
    assert reason in document["failed"][-1]["reason"]


@pytest.mark.parametrize(("api", "batch"), [("v1", "false"), ("v2", "false"), ("v2", "true")])
def test_unreachable_ardoq_stops_applying(big, ardoq, run, api, batch):
    """Only a few changes of a plan are tried; the others are reported as failed."""
    (big / "job.toml").write_text(job_text(api, ardoq=f"batch = {batch}"))
    run("plan job.toml --save plan.json")
    ardoq.fail("status", status=503, method="POST", times=LONG)
    ardoq.clear_requests()
    ran = run("apply plan.json --retries 0 --json --job job.toml")
    assert ran.status == FAILED
    assert len(json.loads(ran.out)["failed"]) == NUMBER
    assert len(writes(ardoq)) <= PATIENCE
    ardoq.clear_faults()
    assert run("apply plan.json").status == DONE


def test_check_reach(big, ardoq):
    """`check_reach` raises after so many consecutive failures, and not before."""
    row = {"typeId": "p1", "rootWorkspace": APPS}
    with ArdoqSyncClient(on_error="collect", retries=0) as client:
        client.create_component({"name": "First", **row})
        ardoq.fail("status", status=503, method="POST", times=PATIENCE)
        for number in range(PATIENCE):
            client.check_reach()
            client.create_component({"name": f"App {number}", **row})
        with pytest.raises(ServiceUnavailable, match="5 writes in a row"):
            client.check_reach()
        client.create_component({"name": "Last", **row})
        client.check_reach()


@pytest.mark.parametrize(("api", "batch"), [("v1", "false"), ("v2", "true"), ("v2", "7")])
def test_ctrl_c(big, ardoq, run, hook, monkeypatch, api, batch):
    """An interrupted run is reported, pending writes are not sent, and the lock is released."""
    (big / "job.toml").write_text(job_text(api, ardoq=f"batch = {batch}"))
    original, calls = ArdoqSyncClient.ensure_component, []

    def create(self, *given, **more):
        calls.append(given)
        if len(calls) == 20:
            raise KeyboardInterrupt
        return original(self, *given, **more)

    monkeypatch.setattr(ArdoqSyncClient, "ensure_component", create)
    ran = run(f"apply job.toml --report a.json --report a.md --webhook {hook.url} --json")
    document = json.loads(ran.out)
    assert (ran.status, document["status"]) == (INTERRUPTED, "failure")
    assert document["description"] == "The run was interrupted."
    created = {change["name"] for change in document["changes"]}
    assert created == set(names_in(ardoq)) - {"Fax", "Orders"}
    assert all(
        change["_id"] in {held["_id"] for held in ardoq.dump()["components"]}
        for change in document["changes"]
    )
    assert len(created) + len(document["failed"]) == 19
    assert all(
        "not sent any more: The run was interrupted" in failure["reason"] for failure in document["failed"]
    )
    assert json.loads((big / "a.json").read_text()) == document
    assert (hook.received[0]["status"], hook.received[0]["exit"]) == ("interrupted", 130)
    assert not (big / "job.toml.lock").exists()


def test_interrupted_batch_is_unconfirmed(big, ardoq, monkeypatch):
    """Rows in a batch that was being sent are reported as perhaps written."""
    job = load_job("job.toml")
    with open_client(job, simulate=False) as client:

        def send(_):
            raise KeyboardInterrupt

        monkeypatch.setattr(client.api.batches, "send", send)
        with pytest.raises(KeyboardInterrupt):
            run_job(job, client)
        client.give_up("The run was interrupted.")
        report = client.get_report()
    assert (report["new_comps"], report["failed_comps"]) == (0, NUMBER)
    assert report["failed_comps_l"][0]["reason"].startswith("It was being sent, and may have been written or")
    assert report["failed_comps_l"][0]["label"] == "apps.csv line 2"
    assert report["status"] == "failure"


def test_give_up(home, ardoq):
    """After `give_up` nothing is pending, the cache equals Ardoq, and the report says why."""
    apps, fax, orders = APPS, MISSING, ORDERS
    row = {"typeId": "p1", "rootWorkspace": apps}
    with ArdoqSyncClient(version="v2", batch=True) as client:
        client.create_component({"name": "One", **row})
        client.update_component(orders, {"cost": 5})
        client.give_up("Enough.")
        assert client.find_component(apps, "One") == []
        assert client.find_component(apps, "Orders")[0]["customFields"]["cost"] == 1
        client.del_component(fax)
        client.give_up("Enough of this, too.")
        client.flush()
        report = client.get_report()
        assert (report["status"], report["description"]) == ("failure", "Enough of this, too.")
        assert (report["new_comps"], report["updated_comps"], report["del_comps"]) == (0, 0, 0)
        assert report["failed_comps"] == 3
        assert [comp["_id"] for comp in client.find_component(apps, "Fax")] == [fax]
    assert writes(ardoq) == []


def test_failure_before_first_row(home, ardoq, run):
    """If a workspace cannot be loaded, no row fails, but the run does."""
    ardoq.fail("status", status=503, path="/api/v2/components*", times=LONG)
    with open_client(load_job("job.toml"), simulate=False, retries=0) as client:
        outcome = run_job(load_job("job.toml"), client)
        report = client.get_report()
    assert isinstance(outcome.failure, ServiceUnavailable)
    assert (report["status"], report["failed_comps"]) == ("failure", 0)
    for command in ("plan", "apply", "check"):
        ran = run(f"{command} job.toml --retries 0")
        assert ran.status == FAILED
        assert "503" in ran.out


def start(*words):
    """Start the command in a separate process."""
    return subprocess.Popen([*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition):
    """Wait until a condition is true."""
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("sent", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_sigterm(big, ardoq, hook, sent):
    """SIGTERM, as cron and systemd send it, ends a run with 130, its report, and without its lock."""
    (big / "job.toml").write_text(job_text(ardoq="batch = false"))
    ardoq.fail("wait", seconds=0.2, method="POST", times=LONG)
    with start("apply", "job.toml", "--report", "a.json", "--webhook", hook.url) as process:
        wait_for(lambda: len(writes(ardoq)) > 2)
        assert (big / "job.toml.lock").exists()
        second = subprocess.run([*COMMAND, "apply", "job.toml"], capture_output=True, text=True, check=False)
        assert (second.returncode, "is already running: process" in second.stderr) == (FAILED, True)
        process.send_signal(sent)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (INTERRUPTED, "")
    assert "failure: The run was interrupted.\n" in out
    document = json.loads((big / "a.json").read_text())
    assert 1 <= len(document["changes"]) < NUMBER
    assert hook.received[0]["status"] == "interrupted"
    assert not (big / "job.toml.lock").exists()


@pytest.mark.slow
def test_exit_codes_of_processes(home, ardoq):
    """The program as `python -m ardoqpy_sync` ends with the exit codes of the table."""
    for words, status in (("plan", 2), ("apply", 0), ("plan", 0)):
        done = subprocess.run([*COMMAND, words, "job.toml"], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (status, "")
    (home / "apps.csv").write_text(ROWS + "9,Till,much,\n")
    done = subprocess.run([*COMMAND, "job.toml"], capture_output=True, text=True, check=False)
    assert done.returncode == 1


@pytest.mark.slow
def test_broken_pipe(home, ardoq):
    """If the output is closed early, the job is still done and reported."""
    with subprocess.Popen(
        [*COMMAND, "apply", "job.toml", "--report", "a.json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.wait(60) == 141
        assert process.stderr.read() == b""
    assert len(json.loads((home / "a.json").read_text())["changes"]) == 5


def test_signal_that_was_put_off_interrupts_once():
    """A signal that came at a bad moment, and that the next write has noticed, does not interrupt again."""
    with interrupts_once() as interrupts:
        moment = compile("handle(signal.SIGTERM, sys._getframe())", engine.__file__, "exec")
        exec(moment, {"handle": interrupts.handle, "signal": signal, "sys": sys})
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
        time.sleep(20 * PAUSE)  # it comes again
