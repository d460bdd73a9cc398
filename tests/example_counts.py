"""How thorough the tests are: in CI (`CI=true`) every test runs, and property tests draw all examples.

Elsewhere the tests marked as slow are deselected, and a tenth of the examples is drawn.
"""

import os

THOROUGH = os.environ.get("CI", "").lower() in ("1", "true")


def examples(number):
    """Return how many of `number` examples to draw here."""
    return number if THOROUGH else max(5, number // 10)
