"""A clock that advances only in `sleep`, for tests of the network layer."""

import pytest
from fake_time import FakeTime
from hypothesis import HealthCheck, settings

settings.register_profile(
    "wire", suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def time(monkeypatch):
    """Replace the clock of every transport."""
    clock = FakeTime()
    monkeypatch.setattr("ardoqpy._http.transport.time", clock)
    return clock
