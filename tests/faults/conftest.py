"""An emulator in which storms rage."""

import pytest
from checker import complaints_about
from jobs import TOKEN, seed

from ardoqpy.testing import emulator

#: What a test has asked and was answered: what of it is of v2 is held against the contract.
EXCHANGES = []


@pytest.fixture(scope="session")
def storm_server():
    """Run one emulator for all storms."""
    with emulator(token=TOKEN, page_size=100, recorder=EXCHANGES.append) as running:
        yield running
    assert running.crashes == []


@pytest.fixture
def ardoq(storm_server):
    """Give the emulator in calm weather, with an empty workspace."""
    storm_server.clear_faults()
    storm_server.load(seed())
    storm_server.clear_requests()
    EXCHANGES.clear()
    yield storm_server
    storm_server.clear_faults()
    assert complaints_about(EXCHANGES) == []
