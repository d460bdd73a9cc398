"""What each of the two libraries came to in a scenario, played once."""

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
