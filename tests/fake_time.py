"""A clock for transports that advances only in `sleep`."""


class FakeTime:
    """Stand in for the module `time`: `sleep` returns at once, and calls the next function of `meanwhile`."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []
        self.meanwhile = []

    def monotonic(self):
        """Return the seconds."""
        return self.now

    def sleep(self, seconds):
        """Advance the clock."""
        self.slept.append(seconds)
        self.now += seconds
        if self.meanwhile:
            self.meanwhile.pop(0)()
