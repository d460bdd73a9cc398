"""Give the tests of the wire time that passes only where somebody sleeps."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "wire",
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class FakeTime:
    """Be the time for a transport: it passes only while somebody sleeps, and nobody really does."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []
        self.meanwhile = []

    def monotonic(self):
        """Return the time."""
        return self.now

    def sleep(self, seconds):
        """Let it be so much later, and do what is to be done meanwhile."""
        self.slept.append(seconds)
        self.now += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()


@pytest.fixture
def time(monkeypatch):
    """The time of every transport."""
    made = FakeTime()
    monkeypatch.setattr("ardoqpy._http.transport.time", made)
    return made
