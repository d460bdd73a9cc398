"""An emulator for fault injection."""

import pytest
from checker import complaints_about
from fault_jobs import TOKEN, seed

from ardoqpy.testing import emulator

#: Requests and answers of a test; those of v2 must fit the contract.
EXCHANGES = []


@pytest.fixture(scope="session")
def faulty_server():
    """Run one emulator for all tests of faults."""
    with emulator(token=TOKEN, page_size=100, recorder=EXCHANGES.append) as running:
        yield running
    assert running.crashes == []


@pytest.fixture
def ardoq(faulty_server):
    """Reset the emulator to an empty workspace without faults."""
    faulty_server.clear_faults()
    faulty_server.load(seed())
    faulty_server.clear_requests()
    EXCHANGES.clear()
    yield faulty_server
    faulty_server.clear_faults()
    assert complaints_about(EXCHANGES) == []
