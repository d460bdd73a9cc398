"""How thorough the tests are: in CI (`CI=true`) every test runs, and property tests draw all examples.

Elsewhere the tests marked as slow are deselected, a twentieth of the examples is drawn, and of the tests with
several parameters enough cases run that each value of each parameter occurs.
"""

import os
from collections import Counter
from collections.abc import Hashable, Mapping

THOROUGH = os.environ.get("CI", "").lower() in ("1", "true")


def examples(number):
    """Return how many of `number` examples to draw here."""
    return number if THOROUGH else max(3, number // 20)


def sample(cases: Mapping[str, Mapping[str, Hashable]]) -> set[str]:
    """Return the names of cases that together have each value of each parameter.

    `cases` are those of one test, by name: what distinguishes its value, by parameter. First come
    the cases with most values that no other has had, and of these the one whose values were chosen least, so
    that the values of one parameter, such as the ways to write, are mixed with those of the others. The
    names decide the rest: no order of the tests matters.
    """
    chosen: set[str] = set()
    counts: Counter[tuple[str, Hashable]] = Counter()
    left = {name: list(values.items()) for name, values in sorted(cases.items())}
    while left:
        name, values = min(
            left.items(),
            key=lambda case: (
                -sum(not counts[value] for value in case[1]),
                sum(counts[value] for value in case[1]),
            ),
        )
        if all(counts[value] for value in values):
            break
        chosen.add(name)
        counts.update(values)
        del left[name]
    return chosen
