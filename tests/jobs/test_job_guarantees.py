"""The guarantees of design.md over random jobs: the preview is the run, and a second run changes nothing."""

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from job_properties import check_order, check_raise, check_runs
from job_seed import WAYS
from job_worlds import make_world

#: With shrinking, a failure takes minutes; without one, an example takes a tenth of a second.
MAX = examples(60)
#: A source of randomness that Hypothesis controls and can simplify.
RANDOMS = st.randoms(use_true_random=False)
WORLDS = RANDOMS.map(make_world)


@pytest.fixture(params=[*(pytest.param(way, marks=pytest.mark.slow) for way in ("v1", "v2")), "batched"])
def way(request):
    """Return the client options of each way to write."""
    return WAYS[request.param]


def test_preview_is_the_run_and_a_second_run_changes_nothing(server, way):
    """G2 and G3: a preview reports what the run does, and after the run nothing is left to do.

    The rows that fail are the same in each run, unless what they named is deleted. What the run deletes is
    its own (G8).
    """

    @settings(max_examples=MAX)
    @given(world=WORLDS)
    def check(world):
        check_runs(server, way, world)

    check()


def test_order_of_rows_and_mappings_changes_nothing(server, way):
    """G10: rows and mappings in any order give the same content, unless two rows contradict each other."""

    @settings(max_examples=MAX)
    @given(world=WORLDS, random=RANDOMS)
    def check(world, random):
        check_order(server, way, world, random)

    check()


def test_rows_that_fail_stop_the_run_before_it_writes_with_raise(server, way):
    """With on_error = "raise", a run without failed rows is the same, and one with any writes nothing."""

    @settings(max_examples=MAX)
    @given(world=WORLDS)
    def check(world):
        check_raise(server, way, world)

    check()
