"""
An emulator in which storms rage.
"""

import pytest
from jobs import TOKEN, seed

from ardoqpy.testing import emulator


@pytest.fixture(scope="session")
def storm_server():
    """
    Run one emulator for all storms.
    """
    with emulator(token=TOKEN, page_size=100) as running:
        yield running
    assert running.crashes == []


@pytest.fixture
def ardoq(storm_server):
    """
    Give the emulator in calm weather, with an empty workspace.
    """
    storm_server.clear_faults()
    storm_server.load(seed())
    storm_server.clear_requests()
    yield storm_server
    storm_server.clear_faults()
