"""A clock that advances only in `sleep`, for tests of the network layer."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "wire",
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class FakeTime:
    """A clock for a transport that advances only in `sleep`, which returns at once."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []
        self.meanwhile = []

    def monotonic(self):
        """Return the seconds."""
        return self.now

    def sleep(self, seconds):
        """Advance the clock, and call the next function of `meanwhile`."""
        self.slept.append(seconds)
        self.now += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()


@pytest.fixture
def time(monkeypatch):
    """Replace the clock of every transport."""
    made = FakeTime()
    monkeypatch.setattr("ardoqpy._http.transport.time", made)
    return made
