"""Two processes run one job at once: no write is lost and duplicates are reported; with a lock one runs."""

import json

import pytest
from fault_jobs import (
    ALL_MODES,
    changed_source,
    client_of,
    duplicates,
    expected_rows,
    first_source,
    run_job,
    stored_rows,
    sync_rows,
)
from job_processes import arguments, loaded, processes, report_of, resume, side_by_side

pytestmark = pytest.mark.slow

in_every_mode = pytest.mark.parametrize("mode", ALL_MODES)
SIZE = (12, 12)


@in_every_mode
def test_next_run_reports_duplicates_of_two_first_loads(ardoq, mode):
    """The next run reports each duplicate that two processes create, and no write is lost."""
    reports = side_by_side(ardoq.url, mode, SIZE, number=1, changed=0)
    assert [report["status"] for report in reports] == ["success"] * 2
    source, dump = first_source(*SIZE, 1), ardoq.dump()
    assert all(part <= whole for part, whole in zip(expected_rows(source), stored_rows(dump), strict=True))
    with client_of(ardoq.url, mode) as client:
        sync_rows(client, source)
        report = client.get_report()
    named = {f"component {note['name']}" for note in report["ambiguous"] if note["kind"] == "component"}
    assert named == {label for label in duplicates(dump) if label.startswith("component")} != set()
    assert (report["new_comps"], report["updated_comps"], report["failed_comps"]) == (0, 0, 0)
    # The first duplicates of two components may be of different processes: the run creates the references
    # that are missing between them, and the run after it has nothing to do.
    with client_of(ardoq.url, mode) as client:
        sync_rows(client, source)
        report = client.get_report()
    assert {
        report[f"{what}_{kind}"] for what in ("new", "updated", "failed") for kind in ("comps", "refs")
    } == {0}


@in_every_mode
def test_two_runs_at_once_lose_no_write(ardoq, mode):
    """Two processes that change, create and delete the same entities can only create duplicates."""
    source = first_source(*SIZE, 2)
    with client_of(ardoq.url, mode) as client:
        run_job(client, source)
    reports = side_by_side(ardoq.url, mode, SIZE, number=2, changed=1)
    for report in reports:
        for failure in (*report["failed_comps_l"], *report["failed_refs_l"]):
            # The other process had deleted it already; nothing else fails.
            assert set(failure["row"]) == {"_id"}
            assert "404 Not Found" in failure["reason"]
    source, (components, references) = changed_source(source, 2), stored_rows(ardoq.dump())
    assert set(components) == set(expected_rows(source)[0])
    assert set(references) == set(expected_rows(source)[1])
    repeated = {json.loads(text)[0] for text, times in components.items() if times > 1}
    assert all(name.startswith("New") for name in repeated)
    with client_of(ardoq.url, mode) as client:
        named = {note["name"] for note in run_job(client, source)["ambiguous"] if note["kind"] == "component"}
    assert named == repeated


@in_every_mode
def test_lock_lets_one_of_two_processes_run(ardoq, mode, tmp_path):
    """Of two processes that start at once with one lock, one runs and the other ends with 3."""
    lock = tmp_path / "job.lock"
    options = arguments(ardoq.url, mode, SIZE, 3, 0, "--wait", "--lock", str(lock))
    with processes(options, options) as begun:
        ran = [process for process in begun if loaded(process)]
        assert len(ran) == 1
        (refused,) = set(begun) - set(ran)
        assert refused.wait() == 3
        resume(*ran)
        assert report_of(ran[0])["status"] == "success"
    assert stored_rows(ardoq.dump()) == expected_rows(first_source(*SIZE, 3))
    assert not lock.exists()


def test_a_lock_does_not_outlive_a_killed_job(ardoq, tmp_path):
    """After a job is killed while it holds the lock, the next one takes the lock and completes the work."""
    lock = tmp_path / "job.lock"
    words = ("--lock", str(lock))
    options = arguments(ardoq.url, "v1", SIZE, 4, 0, *words)
    with processes([*options, "--wait"]) as (process,):
        assert loaded(process)
        process.kill()
        process.wait()
        assert lock.exists()
    with processes(options) as (successor,):
        assert report_of(successor)["status"] == "success"
    assert stored_rows(ardoq.dump()) == expected_rows(first_source(*SIZE, 4))
    assert not lock.exists()
