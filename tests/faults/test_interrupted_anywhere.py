"""Wherever a run ends, also in the middle of our own code, its report is what is in Ardoq."""

import json
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from fault_jobs import (
    ALL_MODES,
    changed_source,
    client_of,
    expected_rows,
    first_source,
    report_errors,
    run_job,
    stored_rows,
)

import ardoqpy
from ardoqpy_sync.cli import signals
from ardoqpy_sync.job.connect import check_before_writes
from ardoqpy_sync.ledger.ledger import Ledger
from ardoqpy_sync.writing.journal import Journal
from ardoqpy_sync.writing.pending import PendingWrites

PACKAGES = str(Path(ardoqpy.__file__).parent)
FIRST = first_source(8, 10)
CHANGED = changed_source(FIRST, 1, 0.3)
#: How many moments of each run are tried, evenly distributed over its calls.
MOMENTS = 30


class InterruptingDict(dict):
    """A dict that interrupts when it is cleared, once what it had is in flight."""

    def clear(self):
        """Interrupt."""
        raise KeyboardInterrupt


def test_interrupt_between_the_record_and_the_request(ardoq):
    """A write that was taken out of the queue, and not sent yet, is reported as failed."""
    client = client_of(ardoq.url, "v1")
    client._engine.writes._deletes_at = InterruptingDict()
    with pytest.raises(KeyboardInterrupt):
        client.create_component({"name": "Never sent", "typeId": "app", "rootWorkspace": "ws1"})
    report = client.get_report()
    assert (report["status"], report["new_comps"]) == ("failure", 0)


class Interrupt:
    """Send a signal when the n-th function of ours begins, and at each that follows until it interrupts."""

    def __init__(self, number=0):
        """Count calls only, without a number."""
        self.number, self.calls = number, 0
        self._interrupts = signals.Interrupts()

    def __enter__(self):
        """Begin to count."""
        sys.setprofile(self)
        return self

    def __exit__(self, *_):
        """Count no more."""
        sys.setprofile(None)

    def check(self):
        """Raise `KeyboardInterrupt` before a write if there was a signal."""
        self._interrupts.check()

    def __call__(self, frame, event, _):
        """Count a call of one of our functions."""
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGES):
            self.calls += 1
            if self.number and self.calls >= self.number:
                self._interrupts.handle(signal.SIGTERM, frame)


class Bug(Interrupt):
    """Let the n-th function of ours raise an error that nobody foresaw."""

    def __call__(self, frame, event, _):
        """Count a call of one of our functions."""
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGES):
            self.calls += 1
            if self.calls == self.number:
                raise RuntimeError


@pytest.fixture(autouse=True)
def _no_timer(monkeypatch):
    """Let no signal come again by itself: the next call is the next moment."""
    monkeypatch.setattr(signals.threading.Timer, "start", lambda _: None)


@pytest.fixture
def run(ardoq, tmp_path):
    """Return a function that loads the first source, and runs the changed one until it is interrupted."""

    def run_interrupted(mode, interrupt):
        ardoq.load({**ardoq.dump(), "components": [], "references": []})
        ledger = str(tmp_path / f"{interrupt.number}.db")
        with client_of(ardoq.url, mode, ledger=ledger) as client:
            run_job(client, FIRST)
        before = ardoq.dump()
        with client_of(ardoq.url, mode, ledger=ledger) as client:
            check_before_writes(client, interrupt.check)
            try:
                with interrupt:
                    run_job(client, CHANGED)
            except (KeyboardInterrupt, RuntimeError):
                client.give_up("The run was interrupted.")
            report = client.get_report()
        complaints = report_errors(before, ardoq.dump(), report)
        with client_of(ardoq.url, mode, ledger=ledger) as client:
            run_job(client, CHANGED)
        if stored_rows(ardoq.dump()) != expected_rows(CHANGED):
            complaints.append("the next run does not complete it")
        return complaints

    return run_interrupted


@pytest.mark.slow
# Python only warns of an error in a generator that is being closed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("ending", [Interrupt, Bug])
@pytest.mark.parametrize("mode", ALL_MODES)
def test_report_of_a_run_that_ended_at_any_call(run, mode, ending):
    """Whatever is listed has happened, whatever has happened is listed, and the next run does the rest."""
    counted = ending()
    assert run(mode, counted) == []
    for moment in range(MOMENTS):
        number = 1 + counted.calls * moment // MOMENTS
        assert (number, run(mode, ending(number))) == (number, [])


def _interrupt(*_):
    raise KeyboardInterrupt


def _write(row, client):
    client.create_component(row, label="components.csv line 2")
    client.flush()


@pytest.mark.parametrize("mode", ALL_MODES)
def test_interrupt_while_the_ledger_records_writes(ardoq, tmp_path, monkeypatch, mode):
    """Writes that the ledger did not record were not sent: none of them is in the report as done."""
    with client_of(ardoq.url, mode, ledger=str(tmp_path / "ledger.db")) as client:
        monkeypatch.setattr(Journal, "add_writes", _interrupt)
        before = ardoq.dump()
        with pytest.raises(KeyboardInterrupt):
            run_job(client, FIRST)
        client.give_up("The run was interrupted.")
        report = client.get_report()
    assert report_errors(before, ardoq.dump(), report) == []
    assert report["failed_comps_l"][0]["reason"] == "It was not sent any more: The run was interrupted."


@pytest.mark.parametrize("mode", ALL_MODES)
def test_interrupt_before_a_change_of_somebody_else_is_read(ardoq, monkeypatch, mode):
    """A write that Ardoq rejected is reported as failed if the run ends before it is decided again."""
    row = {"name": "Shop", "typeId": "app", "rootWorkspace": "ws1", "cost": 1}
    with client_of(ardoq.url, mode) as client, client_of(ardoq.url, mode) as somebody:
        client.create_component(row)
        client.flush()
        stored = client.get_components()[0]
        before = ardoq.dump()
        somebody.update_component(stored["_id"], {**row, "description": "Theirs"})
        somebody.flush()
        after = ardoq.dump()
        monkeypatch.setattr(PendingWrites, "_reread", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            _write({**row, "cost": 2}, client)
        client.give_up("The run was interrupted.")
        report = client.get_report()
    assert ardoq.dump()["components"] == after["components"] != before["components"]
    assert report["updated_comps_l"] == []
    (failed,) = report["failed_comps_l"]
    assert failed["label"] == "components.csv line 2"
    assert failed["reason"].startswith("Somebody else changed it while it was being written")


@pytest.mark.parametrize("decided", [0, 1])
def test_interrupt_while_rejected_writes_are_decided_again(ardoq, monkeypatch, decided):
    """Rows of a batch that somebody else's changes held up are reported as failed if they stay undecided.

    - `decided`: how many of the two rows are decided again before the interrupt.
    """
    rows = [{"name": name, "typeId": "app", "rootWorkspace": "ws1"} for name in ("Shop", "Till")]
    decide_again, calls = PendingWrites._decide_again, []

    def decide_some(*arguments):
        calls.append(arguments)
        if len(calls) > decided:
            raise KeyboardInterrupt
        decide_again(*arguments)

    monkeypatch.setattr(PendingWrites, "_decide_again", decide_some)
    with client_of(ardoq.url, "batched") as client, client_of(ardoq.url, "v1") as somebody:
        ids = [client.create_component(row) for row in rows]
        client.flush()
        for stored in ids:
            somebody.update_component(stored["_id"], {**stored, "description": "Theirs"})
        for line, row in enumerate(rows, 2):
            client.create_component({**row, "cost": 5}, label=f"components.csv line {line}")
        with pytest.raises(KeyboardInterrupt):
            client.flush()
        client.give_up("The run was interrupted.")
        report = client.get_report()
    assert {component["customFields"].get("cost") for component in ardoq.dump()["components"]} == {None}
    assert report["updated_comps_l"] == []
    assert sorted(row["label"] for row in report["failed_comps_l"]) == [
        "components.csv line 2",
        "components.csv line 3",
    ]


@pytest.mark.parametrize("mode", ALL_MODES)
def test_error_while_the_ledger_records_outcomes(ardoq, tmp_path, monkeypatch, mode):
    """Outcomes whose record an error cut short are recorded as a whole before the run ends."""
    path = tmp_path / "ledger.db"
    with client_of(ardoq.url, mode, ledger=str(path)) as client:
        monkeypatch.setattr(Journal, "_record", fails_once(Journal._record))
        with pytest.raises(RuntimeError):
            run_job(client, FIRST)
        client.give_up("An error ended the run.")
        report = client.get_report()
    ledger = Ledger.open(path, "script", read_only=True)
    states = {write.state for write in ledger.writes(1)}
    ledger.close()
    created = len(ardoq.dump()["components"]) + len(ardoq.dump()["references"])
    assert (states, report["new_comps"] + report["new_refs"]) == ({"done"}, created)


def fails_once(method):
    """Return a method that does its work from the second call on."""
    calls = []

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise RuntimeError
        return method(*arguments)

    return fail


@pytest.mark.parametrize(
    ("files", "waits"),
    [
        ([json.__file__, "ardoqpy/_http/transport.py", "ardoqpy_sync/engine.py"], False),
        ([threading.__file__, "ardoqpy_sync/deletion/delete_missing.py"], False),
        (["ardoqpy_sync/job/rows/matching.py", "ardoqpy_sync/job/runner.py"], False),
        ([json.__file__, "ardoqpy/_http/json.py", "ardoqpy_sync/writing/pending.py"], True),
        (["ardoqpy_sync/ledger/ledger.py", "ardoqpy_sync/job/runner.py"], True),
    ],
)
def test_signal_waits_for_bookkeeping_and_not_for_ardoq(files, waits):
    """A signal comes again later while the state of a run changes, and ends a run that waits at once."""
    frame = None
    for file in reversed(files):
        path = file if Path(file).is_absolute() else str(Path(PACKAGES).parent / file)
        frame = SimpleNamespace(f_code=SimpleNamespace(co_filename=path), f_back=frame)
    interrupts = signals.Interrupts()
    if waits:
        interrupts.handle(signal.SIGTERM, frame)
    else:
        with pytest.raises(KeyboardInterrupt):
            interrupts.handle(signal.SIGTERM, frame)
    with pytest.raises(KeyboardInterrupt):
        interrupts.check()
