"""A run reports what it wrote, whatever ends it and whenever."""

import json
import os
import signal
import weakref

import pytest
from nightly import job_text, names_in

from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.cli import notify
from ardoqpy_sync.cli.signals import interrupts_once
from ardoqpy_sync.job import execution
from ardoqpy_sync.reporting.exit_codes import DONE, FAILED, INTERRUPTED

NUMBER = 12
ENDS = {"Ctrl-C": KeyboardInterrupt, "a bug": RuntimeError, "a full disk": OSError}


@pytest.fixture
def many(home):
    """Write a job with many rows."""
    rows = "".join(f"{number},App {number},1,\n" for number in range(NUMBER))
    (home / "apps.csv").write_text(f"Id,Name,Cost,Needs\n{rows}")
    return home


def fails(error):
    """Return a function that raises an error."""

    def fail(*_, **__):
        raise error

    return fail


def fails_once(error, original):
    """Return a function that raises an error when it is called first, and does its work from then on."""
    errors = [error]

    def fail(*arguments, **keywords):
        if errors:
            raise errors.pop()
        return original(*arguments, **keywords)

    return fail


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("where", "name"),
    [
        (execution, "build_run_document"),
        (execution, "exit_code_of"),
        (execution, "end_run"),
        (ArdoqSyncClient, "close"),
    ],
    ids=["document", "exit code", "ledger", "closing"],
)
def test_end_after_the_last_write_reports_all_of_it(many, ardoq, run, monkeypatch, hook, where, name, end):
    """What ends a run after its last write does not take away what it reports."""
    with monkeypatch.context() as patch:
        patch.setattr(where, name, fails_once(ENDS[end](), getattr(where, name)))
        ran = run(f"apply job.toml --report a.json --report a.md --webhook {hook.url} --json")
    document = json.loads(ran.out)
    assert ran.status == (INTERRUPTED if end == "Ctrl-C" else FAILED)
    assert document["status"] == "failure"
    assert len(names_in(ardoq)) == NUMBER + 2
    assert document["totals"]["component"]["created"] == NUMBER
    assert json.loads((many / "a.json").read_text()) == document
    assert f"| created | {NUMBER} |" in (many / "a.md").read_text("utf-8")
    assert hook.received[0]["totals"]["component"]["created"] == NUMBER


@pytest.mark.parametrize("end", ENDS)
def test_end_between_two_writes_reports_the_first(many, ardoq, run, monkeypatch, end):
    """What ends a run between two writes leaves a report of all that was written."""
    (many / "job.toml").write_text(job_text(ardoq="batch = false"))
    original, calls = ArdoqSyncClient.check_reach, []

    def check(self):
        calls.append(1)
        if len(calls) == 5:
            raise ENDS[end]
        original(self)

    monkeypatch.setattr(ArdoqSyncClient, "check_reach", check)
    document = json.loads(run("apply job.toml --json").out)
    created = {change["name"] for change in document["changes"]}
    assert created == set(names_in(ardoq)) - {"Fax", "Orders"}
    assert len(created) == 5


def test_report_without_the_parts_that_cannot_be_built(many, ardoq, run, monkeypatch):
    """If the full document cannot be built any more, the changes and the totals are reported all the same."""
    monkeypatch.setattr(execution, "build_run_document", fails(RuntimeError("a bug")))
    ran = run("apply job.toml --json")
    document = json.loads(ran.out)
    assert document["totals"]["component"]["created"] == len(document["changes"]) == NUMBER


def test_plan_that_cannot_be_saved_is_reported(many, ardoq, run):
    """If the plan cannot be saved, the preview is reported, and the exit code says that it failed."""
    (many / "folder").mkdir()
    ran = run("plan job.toml --save folder --json")
    assert ran.status == FAILED
    if ran.out:
        assert json.loads(ran.out)["totals"]["component"]["created"] == NUMBER
    assert "folder" in ran.err


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_a_signal_that_python_ignores_ends_the_run_before_its_next_write(many, ardoq, run, monkeypatch):
    """A signal in a callback of the garbage collector, where Python ignores exceptions, ends the run."""
    (many / "job.toml").write_text(job_text(ardoq="batch = false"))
    original, calls = ArdoqSyncClient.check_reach, []

    def check(self):
        calls.append(1)
        if len(calls) == 5:
            garbage = set()
            reference = weakref.ref(garbage, lambda _: signal.raise_signal(signal.SIGTERM))
            del garbage
            assert reference() is None
        original(self)

    monkeypatch.setattr(ArdoqSyncClient, "check_reach", check)
    ran = run("apply job.toml --json")
    created = {change["name"] for change in json.loads(ran.out)["changes"]}
    assert (ran.status, len(created)) == (INTERRUPTED, 5)
    assert created == set(names_in(ardoq)) - {"Fax", "Orders"}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_a_signal_does_not_cut_off_what_is_printed(many, run, monkeypatch):
    """A signal while the result is printed does not end the program: all of it is printed."""
    original, handlers = notify._print_result, []

    def print_result(*arguments, **options):
        handlers.append(signal.getsignal(signal.SIGTERM))
        if handlers[0] is not signal.SIG_DFL:
            signal.raise_signal(signal.SIGTERM)
        original(*arguments, **options)

    monkeypatch.setattr(notify, "_print_result", print_result)
    ran = run("apply job.toml")
    assert handlers[0] is not signal.SIG_DFL
    assert (ran.status, f"{NUMBER}" in ran.out) == (DONE, True)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
def test_signals_after_the_first_leave_time_for_the_report():
    """One signal interrupts; the next ones are ignored, and so are all once the run is over."""
    with interrupts_once() as interrupts:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    with interrupts_once() as interrupts:
        interrupts.hold()
        signal.raise_signal(signal.SIGTERM)
