"""
Give tests an emulator of their own.
"""

from collections.abc import Iterator

import pytest
from emulator_caller import Caller, Ticking

from ardoqpy.emulator import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run an emulator that must not make mistakes."""
    with Emulator(clock=Ticking()) as running:
        yield running
    assert running.crashes == []


@pytest.fixture
def ardoq(emulator: Emulator) -> Iterator[Caller]:
    """Call the emulator."""
    caller = Caller(emulator)
    yield caller
    caller.connection.close()
