"""Others write while a job runs, or two jobs run at once: other edits stay, duplicates are reported."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from concurrent_writer import ConcurrentWriter, violations
from fault_jobs import (
    ALL_MODES,
    TOKEN,
    changed_source,
    client_of,
    duplicates,
    expected_rows,
    first_source,
    run_job,
    seed,
    stored_rows,
    sync_rows,
)

from ardoqpy.testing import emulator

in_every_mode = pytest.mark.parametrize("mode", ALL_MODES)


@pytest.fixture(scope="module")
def concurrent():
    """Run an emulator with a concurrent writer."""
    writer = ConcurrentWriter()
    with emulator(token=TOKEN, page_size=100, recorder=writer) as server:
        yield server, writer
    assert server.crashes == []


@in_every_mode
@pytest.mark.parametrize("number", [1, 2])
def test_g9_concurrent_writes_stay_or_are_compared_again(concurrent, mode, number):
    """Others edit, rename, move, delete and create: their edits stay, or the report lists the change."""
    server, writer = concurrent
    writer.stop()
    server.load(seed())
    source = first_source(30, 30, number)
    with client_of(server.url, mode) as client:
        run_job(client, source)
    source = changed_source(source, number, 0.3)
    writer.begin(server, number, 0.5, [name for name in source.components if name.startswith("New")])
    with client_of(server.url, mode) as client:
        sync_rows(client, source)
        report = client.get_report()
    writer.stop()
    assert writer.writes > 0
    assert violations(writer, server.dump(), report) == []
    repeated = duplicates(server.dump())
    with client_of(server.url, mode) as client:
        sync_rows(client, source)
        report = client.get_report()
    assert report["status"] == "success"
    assert {f"component {note['name']}" for note in report["ambiguous"] if note["kind"] == "component"} >= {
        label for label in repeated if label.startswith("component")
    }
    assert violations(writer, server.dump(), report) == []
    components, references = stored_rows(server.dump())
    assert expected_rows(source)[0] <= components
    assert expected_rows(source)[1] <= references


@in_every_mode
def test_next_run_reports_duplicates_of_two_jobs(ardoq, mode):
    """The next run reports each duplicate that two first loads at once create, and nothing is lost."""
    source = first_source(20, 20)
    with client_of(ardoq.url, mode) as first, client_of(ardoq.url, mode) as second:
        for client in (first, second):
            client.get_workspace("ws1")
        with ThreadPoolExecutor(2) as threads:
            reports = list(threads.map(lambda client: run_job(client, source), (first, second)))
    assert [report["status"] for report in reports] == ["success"] * 2
    dump = ardoq.dump()
    with client_of(ardoq.url, mode) as client:
        sync_rows(client, source)
        report = client.get_report()
    named = {f"component {note['name']}" for note in report["ambiguous"]}
    assert named == {label for label in duplicates(dump) if label.startswith("component")} != set()
    assert (report["new_comps"], report["failed_comps"], report["updated_comps"]) == (0, 0, 0)
    assert all(expected_rows(source)[0][text] for text in stored_rows(dump)[0])


@in_every_mode
def test_g9_two_jobs_with_different_attributes_lose_no_write(ardoq, mode):
    """Two jobs that write different attributes of the same components at once lose no write."""
    source = first_source(20, 0)
    with client_of(ardoq.url, mode) as client:
        run_job(client, source)
    costs = {name: {"cost": 5} for name in source.components}
    owners = {name: {"owner": "them"} for name in source.components}
    with client_of(ardoq.url, mode) as first, client_of(ardoq.url, mode) as second:
        for client in (first, second):
            client.get_workspace("ws1")
        with ThreadPoolExecutor(2) as threads:
            done = [
                threads.submit(sync_rows, client, source._replace(components=rows))
                for client, rows in ((first, costs), (second, owners))
            ]
        assert [job.result() for job in done] == [None, None]
        reports = [client.get_report() for client in (first, second)]
    assert [report["updated_comps"] for report in reports] == [20, 20]
    assert [comp["customFields"] for comp in ardoq.dump()["components"]] == [
        {"cost": 5, "owner": "them"}
    ] * 20
