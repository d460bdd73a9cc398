"""Two processes run one job at once: nothing is lost and what is twice is told; with a lock one of them
runs.
"""

import json

import pytest
from fault_jobs import (
    IN_EVERY_WAY,
    bring,
    client_of,
    duplicates,
    first_night,
    held,
    next_night,
    nightly,
    wanted,
)
from job_processes import arguments, go, loaded, processes, report_of, side_by_side

in_every_way = pytest.mark.parametrize("way", IN_EVERY_WAY)
SIZE = (12, 12)


@in_every_way
def test_two_first_loads_at_once_are_told_apart_by_the_next_run(ardoq, way):
    """What two processes make twice the next run names, all of it, and no write of either is lost."""
    reports = side_by_side(ardoq.url, way, SIZE, number=1, night=0)
    assert [report["status"] for report in reports] == ["success"] * 2
    source, dump = first_night(*SIZE, 1), ardoq.dump()
    assert all(part <= whole for part, whole in zip(wanted(source), held(dump), strict=True))
    with client_of(ardoq.url, way) as client:
        bring(client, source)
        report = client.get_report()
    named = {f"component {note['name']}" for note in report["ambiguous"] if note["kind"] == "component"}
    assert named == {label for label in duplicates(dump) if label.startswith("component")} != set()
    assert (report["new_comps"], report["updated_comps"], report["failed_comps"]) == (0, 0, 0)
    # The first of two twins may be of one process and that of their neighbours of the other: the run makes
    # what is missing between them, and the run after it has nothing to do.
    with client_of(ardoq.url, way) as client:
        bring(client, source)
        report = client.get_report()
    assert {
        report[f"{what}_{kind}"] for what in ("new", "updated", "failed") for kind in ("comps", "refs")
    } == {0}


@in_every_way
def test_two_nights_at_once_lose_no_write(ardoq, way):
    """Two processes change, create and delete the same: all is done, and only creates may be there twice."""
    source = first_night(*SIZE, 2)
    with client_of(ardoq.url, way) as client:
        nightly(client, source)
    reports = side_by_side(ardoq.url, way, SIZE, number=2, night=1)
    for report in reports:
        for failure in (*report["failed_comps_l"], *report["failed_refs_l"]):
            # What one of them was to delete and the other had deleted already; nothing else fails.
            assert set(failure["row"]) == {"_id"}
            assert "404 Not Found" in failure["reason"]
    source, (components, references) = next_night(source, 2), held(ardoq.dump())
    assert set(components) == set(wanted(source)[0])
    assert set(references) == set(wanted(source)[1])
    twice = {json.loads(text)[0] for text, times in components.items() if times > 1}
    assert all(name.startswith("New") for name in twice)
    with client_of(ardoq.url, way) as client:
        named = {note["name"] for note in nightly(client, source)["ambiguous"] if note["kind"] == "component"}
    assert named == twice


@in_every_way
def test_with_one_lock_one_of_two_runs(ardoq, way, tmp_path):
    """Of two processes that begin at once with one lock one runs and the other is told; nothing is twice."""
    lock = tmp_path / "night.lock"
    one = arguments(ardoq.url, way, SIZE, 3, 0, "--wait", "--lock", str(lock))
    with processes(one, one) as begun:
        ran = [process for process in begun if loaded(process)]
        assert len(ran) == 1
        (refused,) = set(begun) - set(ran)
        assert refused.wait() == 3
        go(*ran)
        assert report_of(ran[0])["status"] == "success"
    assert held(ardoq.dump()) == wanted(first_night(*SIZE, 3))
    assert not lock.exists()


def test_a_lock_does_not_outlive_a_killed_job(ardoq, tmp_path):
    """After a job that was killed while it held the lock the next one takes it and completes the work."""
    lock = tmp_path / "night.lock"
    words = ("--lock", str(lock))
    one = arguments(ardoq.url, "v1", SIZE, 4, 0, *words)
    with processes([*one, "--wait"]) as (victim,):
        assert loaded(victim)
        victim.kill()
        victim.wait()
        assert lock.exists()
    with processes(one) as (heir,):
        assert report_of(heir)["status"] == "success"
    assert held(ardoq.dump()) == wanted(first_night(*SIZE, 4))
    assert not lock.exists()
