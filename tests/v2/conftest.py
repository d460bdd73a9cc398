"""An emulator with some data and small pages, and clients; every exchange must fit the contract."""

import pytest
from checker import complaints_about
from example_organisation import SEED

from ardoqpy import ArdoqClient
from ardoqpy.testing import emulator


@pytest.fixture
def ardoq():
    """Run an emulator with some data; afterwards check every exchange against the contract."""
    recorded = []
    with emulator(seed=SEED, page_size=5, recorder=recorded.append) as running:
        yield running
        assert running.crashes == []
    assert complaints_about(recorded) == []


@pytest.fixture
def client(ardoq):
    """Return a client for v2."""
    with ArdoqClient(ardoq.url, ardoq.token, version="v2", retries=0) as new_client:
        yield new_client


@pytest.fixture
def v1(ardoq):
    """Return a client for v1 of the same Ardoq."""
    with ArdoqClient(ardoq.url, ardoq.token, retries=0) as new_client:
        yield new_client
