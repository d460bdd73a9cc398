"""How thorough the property tests are: in CI all of their examples, elsewhere a quarter, so that nobody
waits.
"""

import os

THOROUGH = os.environ.get("CI", "").lower() in ("1", "true")


def examples(number):
    """Return how many of so many examples are drawn here."""
    return number if THOROUGH else max(12, number // 4)
