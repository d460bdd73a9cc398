"""Limiters of several kinds, and a client that sends as fast as it may against one, without real time."""

import heapq
import itertools
import math
import random

from ardoqpy._http.rate_limiter import RateLimiter


class Bucket:
    """Let `rate` requests a second through, and up to `size` at once, as the emulator does."""

    def __init__(self, rate, size=None):
        self.granted = rate
        self._size = self._left = rate if size is None else size
        self._at = 0.0

    def ask(self, now):
        """Return None where a request is let through, else the whole seconds to wait."""
        self._left = min(self._size, self._left + (now - self._at) * self.granted)
        self._at = now
        if self._left < 1:
            return max(1, math.ceil((1 - self._left) / self.granted))
        self._left -= 1
        return None


class Window:
    """Let `count` requests through in each of the windows of `seconds` that begin at 0."""

    def __init__(self, count, seconds=1.0, asks=None):
        self.granted = count / seconds
        self._count, self._seconds, self._asks = count, seconds, asks
        self._window, self._seen = -1, 0

    def ask(self, now):
        """Return None where a request is let through, else the seconds to wait, `asks` of them if given."""
        window = int(now / self._seconds)
        if window != self._window:
            self._window, self._seen = window, 0
        if self._seen >= self._count:
            return self._asks or max(1, math.ceil((window + 1) * self._seconds - now))
        self._seen += 1
        return None


class SlidingWindow:
    """Let `count` requests through in any one second."""

    def __init__(self, count):
        self.granted = count
        self._times = []

    def ask(self, now):
        """Return None where a request is let through, else the whole seconds to wait."""
        self._times = [time for time in self._times if time > now - 1]
        if len(self._times) >= self.granted:
            return 1
        self._times.append(now)
        return None


class NoWait:
    """Limit as another limiter does, and ask for no wait: `let_through` then pauses as a client does."""

    def __init__(self, limiter):
        self.granted = limiter.granted
        self._limiter = limiter

    def ask(self, now):
        """Return None where a request is let through, else 0."""
        return None if self._limiter.ask(now) is None else 0


class Stray:
    """Refuse a share of all requests at random, and ask for no wait: the client pauses for 1/32 second."""

    def __init__(self, share, seed):
        self._share, self._random = share, random.Random(seed)

    def ask(self, _now):
        """Return None where a request is let through, else the seconds of the client's own pause."""
        return 1 / 32 if self._random.random() < self._share else None


def let_through(limiter, *, threads, latency, seconds, limit=None):
    """Return how many requests were let through and how many refused in so many seconds.

    Each thread sends its next request when the last one is answered, `latency` seconds after it was sent. If
    the limiter asks for no wait, the pauses of a request double from 1/32 second.
    """
    now = 0.0
    rate_limiter = RateLimiter(limit, lambda: now)
    answers = {True: 0, False: 0}
    order = itertools.count()
    events = [(0.001 * thread, next(order), "ready", None, thread) for thread in range(threads)]
    rejections = [0] * threads  # of the current request of each thread
    while events[0][0] < seconds:
        now, _, what, known, thread = heapq.heappop(events)
        if what == "ready" and rate_limiter.active and (known is None or known.round != rate_limiter.round):
            slot = rate_limiter.reserve()
            event = (now + slot.delay, "ready", slot)
        elif what == "ready":
            event = (now + latency / 2, "asks", now)
        elif what == "asks":
            event = (now + latency / 2, "answered", (known, limiter.ask(now)))
        else:
            sent, wait = known
            answers[wait is None] += 1
            if wait is not None:
                rate_limiter.record_rejected(sent, wait or min(30, 2 ** rejections[thread] / 32))
            elif rate_limiter.active:
                rate_limiter.record_accepted()
            rejections[thread] = 0 if wait is None else rejections[thread] + 1
            event = (now, "ready", None)
        heapq.heappush(events, (event[0], next(order), *event[1:], thread))
    return answers[True], answers[False]
