"""A furnished Ardoq with small pages, a client of its v2, and the contract held against every exchange."""

import pytest
from checker import complaints_about
from furnished import SEED

from ardoqpy import ArdoqClient
from ardoqpy.testing import emulator


@pytest.fixture
def ardoq():
    """Give a furnished emulator, and look afterwards that all that was said to it fits the contract."""
    recorded = []
    with emulator(seed=SEED, page_size=5, recorder=recorded.append) as running:
        yield running
        assert running.crashes == []
    assert complaints_about(recorded) == []


@pytest.fixture
def client(ardoq):
    """Give a client that speaks v2."""
    with ArdoqClient(ardoq.url, ardoq.token, version="v2", retries=0) as made:
        yield made


@pytest.fixture
def v1(ardoq):
    """Give a client that speaks v1 to the same Ardoq."""
    with ArdoqClient(ardoq.url, ardoq.token, retries=0) as made:
        yield made
