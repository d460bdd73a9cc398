"""
What every test stands on.
"""

import contextlib

import pytest
from raw_server import RawServer

from ardoqpy.testing import emulator

SETTINGS = ("ARDOQ_API_HOST", "ARDOQ_API_TOKEN", "ARDOQ_ORG_LABEL", "NETRC")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    """
    Keep the settings of whoever runs the tests out of them.
    """
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    """
    Give an empty emulator, and look afterwards that nothing crashed in it.
    """
    with emulator() as running:
        yield running
        assert running.crashes == []


@pytest.fixture
def raw_server():
    """
    Make servers that give raw answers.
    """
    with contextlib.ExitStack() as stack:

        def make(*answers, **keywords):
            server = RawServer(*answers, **keywords)
            stack.callback(server.close)
            return server

        yield make
