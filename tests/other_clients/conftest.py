"""Results of the scenarios under both libraries, each run once."""

import libraries
import pytest


@pytest.fixture(scope="session")
def played():
    """Return a function that runs a scenario under 0.8.4 and this library, once, and returns both results."""
    theirs = libraries.theirs()
    known = {}

    def play(scenario):
        if scenario not in known:
            known[scenario] = scenario(theirs), scenario(libraries.OURS)
        return known[scenario]

    return play
