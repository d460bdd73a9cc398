"""The guarantees of design.md over random jobs: the preview is the run, and a second run changes nothing."""

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from job_seed import WAYS
from job_worlds import content, decided, shuffled, worlds

from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.job import parse_job, run_job

#: With shrinking, a failure takes minutes; without one, an example takes a tenth of a second.
MAX = examples(100)


@pytest.fixture(params=["v1", pytest.param("v2", marks=pytest.mark.slow), "batched"])
def way(request):
    """Return the client options of each way to write."""
    return WAYS[request.param]


def run(server, way, world, *, simulate=False):
    """Run the job of a world, and return its report and its result."""
    sources = "".join(f'\n[sources.{name}]\ntype = "rows"\nrows = []\n' for name in world.rows)
    job = parse_job(f"format = 1\n{world.job}{sources}", "job.toml")
    with ArdoqSyncClient(server.url, server.token, on_error="collect", simulate=simulate, **way) as client:
        result = run_job(job, client, sources=world.rows)
        return client.get_report(), result


def changes_of(report):
    """Return the changes of a report without the rows that failed."""
    return [change for change in report["changes"] if change["action"] != "failed"]


def test_preview_is_the_run_and_a_second_run_changes_nothing(server, way):
    """G2 and G3: a preview reports what the run does, and after the run nothing is left to do."""

    @settings(max_examples=MAX)
    @given(world=worlds())
    def check(world):
        server.load(world.seed)
        preview, _ = run(server, way, world, simulate=True)
        report, result = run(server, way, world)
        assert result.failure is None
        assert decided(preview) == decided(report)
        again, _ = run(server, way, world)
        assert changes_of(again) == []

    check()


def test_order_of_rows_and_mappings_changes_nothing(server, way):
    """G10: rows and mappings in any order give the same content, unless two rows contradict each other."""

    @settings(max_examples=MAX)
    @given(world=worlds(), data=st.data())
    def check(world, data):
        server.load(world.seed)
        report, _ = run(server, way, world)
        reasons = [change.get("note") or "" for change in report["changes"] if change["action"] == "failed"]
        if any("conflicts with" in reason for reason in reasons):
            return
        first = content(server.dump())
        server.load(world.seed)
        run(server, way, shuffled(data.draw, world))
        assert content(server.dump()) == first

    check()
