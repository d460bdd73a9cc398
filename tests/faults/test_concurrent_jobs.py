"""Others write while a job runs, or two jobs run at once: what is not ours stays, what is twice is told."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from concurrent_writer import Meddler, broken
from fault_jobs import (
    IN_EVERY_WAY,
    TOKEN,
    bring,
    client_of,
    duplicates,
    first_night,
    held,
    next_night,
    nightly,
    seed,
    wanted,
)

from ardoqpy.testing import emulator

in_every_way = pytest.mark.parametrize("way", IN_EVERY_WAY)


@pytest.fixture(scope="module")
def meddled():
    """Run an emulator in which somebody else may be at work."""
    meddler = Meddler()
    with emulator(token=TOKEN, page_size=100, recorder=meddler) as server:
        yield server, meddler
    assert server.crashes == []


@in_every_way
@pytest.mark.parametrize("number", [1, 2])
def test_g9_what_others_write_meanwhile_stays_or_is_decided_again(meddled, way, number):
    """Others edit, rename, move, delete and create: what is not ours stays, the rest is told."""
    server, meddler = meddled
    meddler.stop()
    server.load(seed())
    source = first_night(30, 30, number)
    with client_of(server.url, way) as client:
        nightly(client, source)
    source = next_night(source, number, 0.3)
    meddler.begin(server, number, 0.5, [name for name in source.components if name.startswith("New")])
    with client_of(server.url, way) as client:
        bring(client, source)
        report = client.get_report()
    meddler.stop()
    assert meddler.deeds > 0
    assert broken(meddler, server.dump(), report) == []
    twice = duplicates(server.dump())
    with client_of(server.url, way) as client:
        bring(client, source)
        report = client.get_report()
    assert report["status"] == "success"
    assert {f"component {note['name']}" for note in report["ambiguous"] if note["kind"] == "component"} >= {
        label for label in twice if label.startswith("component")
    }
    assert broken(meddler, server.dump(), report) == []
    components, references = held(server.dump())
    assert wanted(source)[0] <= components
    assert wanted(source)[1] <= references


@in_every_way
def test_two_jobs_at_once_are_told_apart_by_the_next_run(ardoq, way):
    """What two first loads at once make twice the next run names, all of it, and nothing is lost."""
    source = first_night(20, 20)
    with client_of(ardoq.url, way) as one, client_of(ardoq.url, way) as two:
        for client in (one, two):
            client.get_workspace("ws1")
        with ThreadPoolExecutor(2) as threads:
            reports = list(threads.map(lambda client: nightly(client, source), (one, two)))
    assert [report["status"] for report in reports] == ["success"] * 2
    dump = ardoq.dump()
    with client_of(ardoq.url, way) as client:
        bring(client, source)
        report = client.get_report()
    named = {f"component {note['name']}" for note in report["ambiguous"]}
    assert named == {label for label in duplicates(dump) if label.startswith("component")} != set()
    assert (report["new_comps"], report["failed_comps"], report["updated_comps"]) == (0, 0, 0)
    assert all(wanted(source)[0][text] for text in held(dump)[0])


@in_every_way
def test_g9_two_jobs_at_once_keep_to_their_own_attributes(ardoq, way):
    """Two jobs that write different attributes of the same components at once both get all of theirs."""
    source = first_night(20, 0)
    with client_of(ardoq.url, way) as client:
        nightly(client, source)
    costs = {name: {"cost": 5} for name in source.components}
    owners = {name: {"owner": "them"} for name in source.components}
    with client_of(ardoq.url, way) as one, client_of(ardoq.url, way) as two:
        for client in (one, two):
            client.get_workspace("ws1")
        with ThreadPoolExecutor(2) as threads:
            done = [
                threads.submit(bring, client, source._replace(components=rows))
                for client, rows in ((one, costs), (two, owners))
            ]
        assert [job.result() for job in done] == [None, None]
        reports = [client.get_report() for client in (one, two)]
    assert [report["updated_comps"] for report in reports] == [20, 20]
    assert [comp["customFields"] for comp in ardoq.dump()["components"]] == [
        {"cost": 5, "owner": "them"}
    ] * 20
