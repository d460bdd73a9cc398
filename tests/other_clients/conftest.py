"""What each of the two libraries came to in a scenario, played once."""

from pathlib import Path

import libraries
import pytest


@pytest.fixture(scope="session")
def played():
    """Play a scenario under both libraries, once: give what 0.8.4 came to, then what this library did."""
    theirs = libraries.theirs()
    known = {}

    def play(scenario):
        if scenario not in known:
            known[scenario] = scenario(theirs), scenario(libraries.OURS)
        return known[scenario]

    return play


def pytest_collection_modifyitems(items):
    """Keep these tests in one process: they share what was played, and the environment of 0.8.4."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("other_clients"))
