"""A sync under faults succeeds or lists what failed, and the next run completes it."""

import time
from types import SimpleNamespace

import pytest
from fault_jobs import (
    ALL_MODES,
    changed_source,
    client_of,
    duplicates,
    expected_rows,
    failed,
    first_source,
    lost_rows,
    report_errors,
    run_job,
    stored_rows,
    sync_rows,
)

from ardoqpy import AmbiguousWrite, Retries
from ardoqpy.emulator.faults import RANDOM_FAULT_KINDS

pytestmark = pytest.mark.slow

in_every_mode = pytest.mark.parametrize("mode", ALL_MODES)
#: After a 429 a client slows down: few runs here have any.
WITHOUT_429 = [kind for kind in RANDOM_FAULT_KINDS if kind != "429"]
FEW_RETRIES = Retries(count=1, backoff=0.0)


@in_every_mode
@pytest.mark.parametrize(("share", "number"), [(0.05, 1), (0.2, 2), (0.4, 3)])
def test_g4_random_faults_leave_no_duplicate_and_lose_nothing(ardoq, mode, share, number):
    """Two runs under faults lose and duplicate nothing, and report correctly; a third completes them."""
    source, faults = first_source(number=number), 0
    for changed in range(2):
        source = changed_source(source, number) if changed else source
        before = ardoq.dump()
        faulty = ardoq.fail_randomly(
            share, kinds=RANDOM_FAULT_KINDS if share < 0.1 else WITHOUT_429, seed=2 * number + changed
        )
        with client_of(ardoq.url, mode) as client:
            report = run_job(client, source)
        ardoq.clear_faults()
        after = ardoq.dump()
        faults += sum(faulty.injected.values())
        assert duplicates(after) == set()
        assert lost_rows(source, after, report) == set()
        assert report_errors(before, after, report) == []
        assert (report["status"] == "success") is (failed(report) == set())
    assert faults > 0 or share < 0.2
    with client_of(ardoq.url, mode) as client:
        assert run_job(client, source)["status"] == "success"
    assert stored_rows(ardoq.dump()) == expected_rows(source)


@in_every_mode
def test_g4_without_retries_every_missing_row_is_listed(ardoq, mode):
    """A run with few retries lists every missing row as failed, and the next run completes it."""
    source = first_source(number=5)
    ardoq.fail_randomly(0.6, kinds=WITHOUT_429, seed=5)
    with client_of(ardoq.url, mode, retries=FEW_RETRIES) as client:
        sync_rows(client, source)
        report = client.get_report()
    ardoq.clear_faults()
    dump = ardoq.dump()
    assert report["status"] == "failure"
    assert failed(report) != set()
    assert lost_rows(source, dump, report) == set()
    assert duplicates(dump) == set()
    with client_of(ardoq.url, mode) as client:
        assert run_job(client, source)["status"] == "success"
    assert stored_rows(ardoq.dump()) == expected_rows(source)


@in_every_mode
def test_g4_failed_rows_can_be_repeated(ardoq, mode):
    """The client looks for an unconfirmed write when it gets the row again, and creates no duplicate."""
    source = first_source(30, 40, number=6)
    with client_of(ardoq.url, mode, retries=FEW_RETRIES) as client:
        ardoq.fail_randomly(0.5, kinds=WITHOUT_429, seed=6)
        sync_rows(client, source)
        sync_rows(client, source)
        ardoq.clear_faults()
        sync_rows(client, source)
        report = client.get_report()
    assert report["ambiguous"] == []
    assert stored_rows(ardoq.dump()) == expected_rows(source)


def test_g4_rename_does_not_hide_a_batch(ardoq):
    """A batch without an answer is found although its first component was renamed."""
    source = first_source(3, 0)
    with client_of(ardoq.url, "batched") as client:
        client.get_workspace("ws1")
        send = client.api.batches.send

        def unanswered(body):
            try:
                return send(body)
            except AmbiguousWrite:
                first = next(
                    component for component in ardoq.dump()["components"] if component["name"] == "App 0"
                )
                client.api.components.patch(first["_id"], {"name": "Renamed"}, "latest")
                raise

        client.api.batches.send = unanswered
        ardoq.fail("drop-after", method="POST")
        report = run_job(client, source)
    assert (report["new_comps"], report["failed_comps"]) == (3, 0)
    names = sorted(component["name"] for component in ardoq.dump()["components"])
    assert names == ["App 0", "App 1", "App 2", "Renamed"]


def test_g4_references_of_an_unconfirmed_batch_are_found(ardoq):
    """References of a batch without an answer are not created again by the next batch."""
    source = first_source(3, 4)
    with client_of(ardoq.url, "batched", retries=0) as client:
        client.get_workspace("ws1")
        ardoq.fail("drop-after", method="POST")
        ardoq.fail(status=503, method="GET")
        sync_rows(client, source)
        client.flush()
        assert len(ardoq.dump()["references"]) == 4
        sync_rows(client, source)
        report = client.get_report()
    assert (report["new_comps"], report["new_refs"]) == (3, 4)
    assert stored_rows(ardoq.dump()) == expected_rows(source)


@in_every_mode
def test_g4_write_with_hanging_answer_is_done_once(ardoq, mode):
    """A write that was carried out before the time-out is found, and not repeated."""
    source = first_source(5, 5)
    ardoq.fail("wait-after", seconds=30, method="POST", times=2)
    with client_of(ardoq.url, mode, timeout=0.5) as client:
        report = run_job(client, source)
    assert (report["status"], report["ambiguous"]) == ("success", [])
    assert (report["new_comps"], report["new_refs"]) == (5, 5)
    assert stored_rows(ardoq.dump()) == expected_rows(source)


@in_every_mode
def test_g4_late_create_is_reported_as_duplicate(ardoq, mode):
    """A create carried out after the resend is a duplicate, which this and the next report list."""
    source = first_source(4, 0)
    late = ["App 0"] if mode != "batched" else list(source.components)
    ardoq.fail("wait", seconds=1.5, method="POST")
    with client_of(ardoq.url, mode, timeout=0.4) as client:
        sync_rows(client, source)
        client.flush()
        while len(ardoq.dump()["components"]) < 4 + len(late):
            time.sleep(0.02)
        report = client.get_report()
    assert duplicates(ardoq.dump()) == {f"component {name}" for name in late}
    assert sorted(note["name"] for note in report["ambiguous"]) == late
    assert (report["new_comps"], report["cache_miss_comps"]) == (4, [])
    assert {len(note["matches"]) for note in report["ambiguous"]} == {2}
    with client_of(ardoq.url, mode) as client:
        report = run_job(client, source)
    assert sorted(note["name"] for note in report["ambiguous"]) == late
    assert len(ardoq.dump()["components"]) == 4 + len(late)


def test_g4_late_batch_is_not_split(ardoq):
    """If Ardoq refuses a batch because its first sending arrived late, nothing is sent again."""
    source = first_source(6, 4)
    with client_of(ardoq.url, "batched") as client:
        run_job(client, source)
        changed = changed_source(source, 1)
        arrived = []
        send = client.api.batches.send

        def late(body):
            # The first sending gets no answer, and is carried out just before the second one arrives.
            arrived.append(body)
            if len(arrived) == 1:
                ardoq.fail("drop-before", method="POST")
            elif len(arrived) == 2:
                send(arrived[0])
            return send(body)

        client.api.batches.send = late
        sync_rows(client, changed)
        client.flush()
    assert len(arrived) == 2
    assert duplicates(ardoq.dump()) == set()
    with client_of(ardoq.url, "batched") as client:
        run_job(client, changed)
    assert stored_rows(ardoq.dump()) == expected_rows(changed)


@in_every_mode
def test_g4_write_during_the_pause_is_found(ardoq, monkeypatch, mode):
    """Before a resend the client waits, and then looks for the write once more."""
    source, pauses = first_source(3, 0), []

    def pause(seconds):
        pauses.append(seconds)
        with client_of(ardoq.url, "v2") as late:
            sync_rows(late, source if mode == "batched" else source._replace(components=first))

    first = {"App 0": source.components["App 0"]}
    for module in ("senders",):
        monkeypatch.setattr(f"ardoqpy_sync.writing.{module}.time", SimpleNamespace(sleep=pause))
    with client_of(ardoq.url, mode, retries=Retries(count=2, backoff=4.0)) as client:
        client.get_workspace("ws1")
        ardoq.fail("drop-before", method="POST")
        report = run_job(client, source)
    assert len(pauses) == 1
    assert 2.0 <= pauses[0] <= 4.0
    assert (report["new_comps"], report["ambiguous"]) == (3, [])
    assert stored_rows(ardoq.dump()) == expected_rows(source)
