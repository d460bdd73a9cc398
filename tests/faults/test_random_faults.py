"""A sync under any mix of faults ends right, or says what is missing, and the next run completes it."""

import time
from types import SimpleNamespace

import pytest
from fault_jobs import (
    IN_EVERY_WAY,
    bring,
    client_of,
    duplicates,
    failed,
    first_night,
    held,
    lost,
    next_night,
    nightly,
    untrue,
    wanted,
)

from ardoqpy import AmbiguousWrite, Retries
from ardoqpy.emulator.faults import RANDOM_FAULT_KINDS

in_every_way = pytest.mark.parametrize("way", IN_EVERY_WAY)
#: After a 429 a client paces itself, which takes its time: few runs here have any.
DRY = [kind for kind in RANDOM_FAULT_KINDS if kind != "429"]
HASTY = Retries(count=1, backoff=0.0)


@in_every_way
@pytest.mark.parametrize(("share", "number"), [(0.05, 1), (0.2, 2), (0.4, 3)])
def test_g4_random_faults_leave_no_duplicate_and_lose_nothing(ardoq, way, share, number):
    """Two nights under faults, one calm: nothing twice, nothing lost, reports true, the source reached."""
    source, faults = first_night(number=number), 0
    for night in range(2):
        source = next_night(source, number) if night else source
        before = ardoq.dump()
        faulty = ardoq.fail_randomly(
            share, kinds=RANDOM_FAULT_KINDS if share < 0.1 else DRY, seed=2 * number + night
        )
        with client_of(ardoq.url, way) as client:
            report = nightly(client, source)
        ardoq.clear_faults()
        after = ardoq.dump()
        faults += sum(faulty.injected.values())
        assert duplicates(after) == set()
        assert lost(source, after, report) == set()
        assert untrue(before, after, report) == []
        assert (report["status"] == "success") is (failed(report) == set())
    assert faults > 0 or share < 0.2
    with client_of(ardoq.url, way) as client:
        assert nightly(client, source)["status"] == "success"
    assert held(ardoq.dump()) == wanted(source)


@in_every_way
def test_g4_where_patience_runs_out_every_row_is_listed(ardoq, way):
    """A run without patience fails and lists every row that is not there; the next run completes it."""
    source = first_night(number=5)
    ardoq.fail_randomly(0.6, kinds=DRY, seed=5)
    with client_of(ardoq.url, way, retries=HASTY) as client:
        bring(client, source)
        report = client.get_report()
    ardoq.clear_faults()
    dump = ardoq.dump()
    assert report["status"] == "failure"
    assert failed(report) != set()
    assert lost(source, dump, report) == set()
    assert duplicates(dump) == set()
    with client_of(ardoq.url, way) as client:
        assert nightly(client, source)["status"] == "success"
    assert held(ardoq.dump()) == wanted(source)


@in_every_way
def test_g4_rows_that_failed_may_be_given_again(ardoq, way):
    """What a client could not tell of is looked for when it gets the same row again, and not made twice."""
    source = first_night(30, 40, number=6)
    with client_of(ardoq.url, way, retries=HASTY) as client:
        ardoq.fail_randomly(0.5, kinds=DRY, seed=6)
        bring(client, source)
        bring(client, source)
        ardoq.clear_faults()
        bring(client, source)
        report = client.get_report()
    assert report["ambiguous"] == []
    assert held(ardoq.dump()) == wanted(source)


def test_g4_one_rename_does_not_hide_a_batch(ardoq):
    """A batch that got no answer is found though somebody has renamed the first thing that it made."""
    source = first_night(3, 0)
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
        report = nightly(client, source)
    assert (report["new_comps"], report["failed_comps"]) == (3, 0)
    names = sorted(component["name"] for component in ardoq.dump()["components"])
    assert names == ["App 0", "App 1", "App 2", "Renamed"]


def test_g4_what_came_with_something_that_turned_up_is_found_too(ardoq):
    """References that a lost batch made between components of its own are not made again with the next."""
    source = first_night(3, 4)
    with client_of(ardoq.url, "batched", retries=0) as client:
        client.get_workspace("ws1")
        ardoq.fail("drop-after", method="POST")
        ardoq.fail(status=503, method="GET")
        bring(client, source)
        client.flush()
        assert len(ardoq.dump()["references"]) == 4
        bring(client, source)
        report = client.get_report()
    assert (report["new_comps"], report["new_refs"]) == (3, 4)
    assert held(ardoq.dump()) == wanted(source)


@in_every_way
def test_g4_an_answer_that_hangs_is_done_once(ardoq, way):
    """What was carried out while the client waited in vain is found, and not done again."""
    source = first_night(5, 5)
    ardoq.fail("wait-after", seconds=30, method="POST", times=2)
    with client_of(ardoq.url, way, timeout=0.5) as client:
        report = nightly(client, source)
    assert (report["status"], report["ambiguous"]) == ("success", [])
    assert (report["new_comps"], report["new_refs"]) == (5, 5)
    assert held(ardoq.dump()) == wanted(source)


@in_every_way
def test_g4_a_create_that_is_carried_out_late_is_told_by_name(ardoq, way):
    """What Ardoq carries out after it was sent again is a duplicate that this report and the next name."""
    source = first_night(4, 0)
    late = ["App 0"] if way != "batched" else list(source.components)
    ardoq.fail("wait", seconds=1.5, method="POST")
    with client_of(ardoq.url, way, timeout=0.4) as client:
        bring(client, source)
        client.flush()
        while len(ardoq.dump()["components"]) < 4 + len(late):
            time.sleep(0.02)
        report = client.get_report()
    assert duplicates(ardoq.dump()) == {f"component {name}" for name in late}
    assert sorted(note["name"] for note in report["ambiguous"]) == late
    assert (report["new_comps"], report["cache_miss_comps"]) == (4, [])
    assert {len(note["matches"]) for note in report["ambiguous"]} == {2}
    with client_of(ardoq.url, way) as client:
        report = nightly(client, source)
    assert sorted(note["name"] for note in report["ambiguous"]) == late
    assert len(ardoq.dump()["components"]) == 4 + len(late)


def test_g4_a_batch_that_is_carried_out_late_is_not_taken_apart(ardoq):
    """Where Ardoq refuses a batch because an earlier sending has come through, nothing is sent again."""
    source = first_night(6, 4)
    with client_of(ardoq.url, "batched") as client:
        nightly(client, source)
        changed = next_night(source, 1)
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
        bring(client, changed)
        client.flush()
    assert len(arrived) == 2
    assert duplicates(ardoq.dump()) == set()
    with client_of(ardoq.url, "batched") as client:
        nightly(client, changed)
    assert held(ardoq.dump()) == wanted(changed)


@in_every_way
def test_g4_what_is_carried_out_during_the_pause_is_found(ardoq, monkeypatch, way):
    """Before anything is sent again there is a pause, and after it Ardoq is asked once more."""
    source, pauses = first_night(3, 0), []

    def pause(seconds):
        pauses.append(seconds)
        with client_of(ardoq.url, "v2") as late:
            bring(late, source if way == "batched" else source._replace(components=first))

    first = {"App 0": source.components["App 0"]}
    for module in ("senders",):
        monkeypatch.setattr(f"ardoqpy_sync.writing.{module}.time", SimpleNamespace(sleep=pause))
    with client_of(ardoq.url, way, retries=Retries(count=2, backoff=4.0)) as client:
        client.get_workspace("ws1")
        ardoq.fail("drop-before", method="POST")
        report = nightly(client, source)
    assert len(pauses) == 1
    assert 2.0 <= pauses[0] <= 4.0
    assert (report["new_comps"], report["ambiguous"]) == (3, [])
    assert held(ardoq.dump()) == wanted(source)
