"""The guarantees of design.md over random jobs: the preview is the run, and a second run changes nothing."""

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from job_seed import WAYS, writes
from job_worlds import content, make_world, outcome, shuffled, wrongly_deleted

from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.job import parse_job, run_job

#: With shrinking, a failure takes minutes; without one, an example takes a tenth of a second.
MAX = examples(100)
#: A source of randomness that Hypothesis controls and can simplify.
RANDOMS = st.randoms(use_true_random=False)
WORLDS = RANDOMS.map(make_world)


@pytest.fixture(params=[*(pytest.param(way, marks=pytest.mark.slow) for way in ("v1", "v2")), "batched"])
def way(request):
    """Return the client options of each way to write."""
    return WAYS[request.param]


def run(server, way, world, *, simulate=False, on_error="collect"):
    """Run the job of a world, and return its report and its result."""
    sources = "".join(f'\n[sources.{name}]\ntype = "rows"\nrows = []\n' for name in world.rows)
    job = parse_job(f"format = 1\n{world.job}{sources}", "job.toml")
    with ArdoqSyncClient(server.url, server.token, on_error=on_error, simulate=simulate, **way) as client:
        result = run_job(job, client, sources=world.rows)
        return client.get_report(), result


def changes_of(report):
    """Return the changes of a report without the rows that failed."""
    return [change for change in report["changes"] if change["action"] != "failed"]


def failed_rows(report):
    """Return the labels of the rows that failed."""
    return sorted(str(change["label"]) for change in report["changes"] if change["action"] == "failed")


def is_blocked_as_new(result):
    """Return whether the guard found a type of which the run named nothing that Ardoq held.

    The next run names what this one created, so the guard then has less reason to block.
    """
    reasons = [reason["sentence"] for error in result.blocked for reason in error.reasons]
    return any(reason.startswith("No row of this run named anything there is of the") for reason in reasons)


def test_preview_is_the_run_and_a_second_run_changes_nothing(server, way):
    """G2 and G3: a preview reports what the run does, and after the run nothing is left to do.

    The rows that fail are the same in each run, unless what they named is deleted. What the run deletes is
    its own (G8).
    """

    @settings(max_examples=MAX)
    @given(world=WORLDS)
    def check(world):
        server.load(world.seed)
        before = server.dump()
        preview = run(server, way, world, simulate=True)
        assert server.dump() == before
        report, result = run(server, way, world)
        assert result.failure is None
        assert outcome(*preview) == outcome(report, result)
        assert wrongly_deleted(world, before, server.dump()) == []
        again, _ = run(server, way, world)
        if is_blocked_as_new(result):
            return
        assert changes_of(again) == []
        if not report["del_comps"]:
            assert failed_rows(again) == failed_rows(report)

    check()


def test_order_of_rows_and_mappings_changes_nothing(server, way):
    """G10: rows and mappings in any order give the same content, unless two rows contradict each other."""

    @settings(max_examples=MAX)
    @given(world=WORLDS, random=RANDOMS)
    def check(world, random):
        server.load(world.seed)
        report, _ = run(server, way, world)
        reasons = [change.get("note") or "" for change in report["changes"] if change["action"] == "failed"]
        if any("conflicts with" in reason for reason in reasons):
            return
        first = content(server.dump())
        server.load(world.seed)
        run(server, way, shuffled(random, world))
        assert content(server.dump()) == first

    check()


def test_rows_that_fail_stop_the_run_before_it_writes_with_raise(server, way):
    """With on_error = "raise", a run without failed rows is the same, and one with any writes nothing."""

    @settings(max_examples=MAX)
    @given(world=WORLDS)
    def check(world):
        server.load(world.seed)
        collected, _ = preview = run(server, way, world, simulate=True)
        server.clear_requests()
        report, result = run(server, way, world, on_error="raise")
        if failed_rows(collected):
            assert result.failure is not None
            assert writes(server) == []
        else:
            assert outcome(report, result) == outcome(*preview)

    check()
