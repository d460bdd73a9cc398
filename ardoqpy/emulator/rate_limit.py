"""Limit the requests per second of a token."""

import math
import threading
import time
from collections.abc import Callable

from ardoqpy.emulator.errors import TooManyRequests


class RateLimit:
    """Allow each token `per_second` requests in a second (a token bucket), and reject the rest."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Set the limit, or raise ValueError if it is not positive; `clock` returns seconds."""
        if per_second <= 0:
            raise ValueError(f"A rate limit has to be more than 0 requests a second, not {per_second}.")
        self._per_second = per_second
        self._capacity = max(1.0, float(per_second))
        self._clock = clock
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def check(self, token: str) -> None:
        """Count a request of a token, or raise TooManyRequests if the limit is exceeded."""
        now = self._clock()
        with self._lock:
            left, since = self._left.get(token, (self._capacity, now))
            left = min(self._capacity, left + (now - since) * self._per_second)
            if left < 1:
                self._left[token] = (left, now)
                seconds = max(1, math.ceil((1 - left) / self._per_second))
                raise TooManyRequests(
                    f"More than {self._per_second:g} requests a second; retry in {seconds} s.", seconds
                )
            self._left[token] = (left - 1, now)
