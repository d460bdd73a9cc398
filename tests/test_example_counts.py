"""Which cases of a test with several parameters run outside CI."""

import itertools
import random

from example_counts import sample

CASES = {
    f"{way}-{number}": {"way": index, "number": number}
    for (index, way), number in itertools.product(enumerate(("v1", "batched")), range(9))
}


def test_each_value_of_each_parameter_occurs():
    """No value of a parameter is left out, and no case more runs than the largest parameter has values."""
    chosen = sample(CASES)
    assert {CASES[name]["number"] for name in chosen} == set(range(9))
    assert len(chosen) == 9


def test_a_value_with_many_cases_leaves_none_of_them_out():
    """Where one way to write has most of the cases, values that only it has occur as well."""
    cases = {f"v1-{number}": {"way": 0, "number": number} for number in range(6)}
    cases |= {f"batched-{number}": {"way": 1, "number": number} for number in range(2)}
    assert {cases[name]["number"] for name in sample(cases)} == set(range(6))


def test_the_ways_to_write_are_mixed():
    """About as many cases run in each way to write."""
    ways = [name.split("-")[0] for name in sample(CASES)]
    assert abs(ways.count("v1") - ways.count("batched")) <= 1


def test_the_order_of_the_cases_makes_no_difference():
    """The same cases run in whatever order the tests are collected."""
    names = list(CASES)
    random.Random(1).shuffle(names)
    assert sample({name: CASES[name] for name in names}) == sample(CASES)


def test_values_of_one_parameter_all_run():
    """With one parameter every case has a value of its own, and runs."""
    assert sample({"a": {"text": 1}, "b": {"text": 2}}) == {"a", "b"}
