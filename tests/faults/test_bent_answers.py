"""Answers with one value of another type: nothing unforeseen happens, and the report is true."""

import pytest
from bent_answers import run_bent
from example_counts import examples


@pytest.mark.parametrize(
    "way", ["v1", *(pytest.param(way, marks=pytest.mark.slow) for way in ("v2", "batched"))]
)
def test_bent_answer_is_a_sentence_and_no_write_is_lost(faulty_server, way):
    """A job with one bent answer raises no unforeseen error, and reports what Ardoq holds afterwards."""
    problems = {seed: run_bent(faulty_server, way, seed) for seed in range(examples(120))}
    assert {seed: problem for seed, problem in problems.items() if problem is not None} == {}
