"""How fast one client sends: as fast as it can until Ardoq answers 429, then as fast as Ardoq was seen
to bear.

What was let through between two 429, by the time between them, is what Ardoq grants, whether it fills a
bucket or counts in windows. From then on requests are spread evenly just below that, speeding up until a 429
tells that it was too fast: soon after the first measurement, which is a rough one, and slowly later. After
three minutes without any 429 there is no pace any more.

No limit is published, so nothing here is a number of Ardoq's; `tests/wire/test_pace.py` holds it against
limiters of several kinds.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pace", "Turn"]

#: Requests per second after the first 429, when nothing is measured yet: it keeps a crowd of threads from
#: leaving all at once, and a limit above it is unheard of.
UNMEASURED = 100.0
#: The share of what was measured that a client takes.
SHARE = 0.97
#: What is left of a pace that turned out too fast when nothing could be measured.
STEP_DOWN = 0.7
#: Seconds in which a pace doubles, in the beginning and later; half as long brings a sixteenth.
DOUBLING_AT_FIRST, DOUBLING = 10.0, 50.0
#: Seconds without a 429 after which there is no limit any more.
FORGOTTEN = 180.0
#: Seconds without a request after which the count says nothing: Ardoq would have let more through.
IDLE = 1.0
#: How much of a wait is time in which Ardoq would have let requests through: it is asked for in whole
#: seconds, and may be a punishment. A share, and seconds at most.
COUNTED_WAIT, LONGEST_COUNTED_WAIT = 0.75, 1.5
#: Seconds that are too short to measure anything.
TOO_SHORT = 0.25
#: Seconds at a pace after which the pace says as much about the limit as the count does.
EQUAL_WITNESSES = 4.0


class Turn(NamedTuple):
    """When a request may leave: in so many seconds, unless another `round` has begun by then."""

    seconds: float
    round: int


class Pace:
    """Give each request of a client its turn; threads may share it.

    - `limit`: requests per second that are never exceeded, None for no such limit.
    - `clock`: gives the time in seconds.

    While `active` is false nobody has to wait for a turn, and nothing has to be noted.
    """

    def __init__(self, limit: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.active = limit is not None
        #: Goes up with each 429: turns that were given before are void.
        self.round = 0
        self._limit = math.inf if limit is None else limit
        self._clock = clock
        self._lock = threading.Lock()
        self._next = -math.inf  # the next turn that is free
        self._last = -math.inf  # the last one that was given
        self._opens = -math.inf  # until then a 429 said to wait
        self._since: float | None = None  # the 429 from which on is counted
        self._passed = 0  # what was let through since then
        self._forget()

    def turn(self, longest: float | None = None) -> Turn | None:
        """Take the next free turn; None, and none is taken, where it is more than `longest` seconds away."""
        with self._lock:
            now = self._clock()
            if now - self._opens > FORGOTTEN:
                self._forget()
                self.active = self._limit < math.inf
            elif now - max(self._last, self._opens) > IDLE:
                self._since = None
            at = max(now, self._next)
            if longest is not None and at - now > longest:
                return None
            self._last, self._next = at, at + 1 / self._rate(at)
            return Turn(at - now, self.round)

    def passed(self) -> None:
        """Note that Ardoq let a request through, whatever it answered."""
        with self._lock:
            self._passed += 1

    def limited(self, sent: float, pause: float) -> None:
        """Note a 429 to a request that was sent at that time: nobody sends for `pause` seconds."""
        with self._lock:
            now = self._clock()
            # Of a crowd that left together, the first one's 429 has spoken for all.
            if sent >= self._opens:
                self._learn(now)
            if now + pause > self._opens:
                self._opens = self._next = now + pause
                self.round += 1
            self.active = True

    def _forget(self) -> None:
        self._learned = math.inf  # the rate with which the current round began
        self._measured = False
        self._doubling = DOUBLING_AT_FIRST
        self._since = None

    def _rate(self, now: float) -> float:
        if self._learned == math.inf:
            return self._limit
        quiet = max(0.0, now - self._opens)
        return min(self._limit, self._learned * (1 + (quiet / self._doubling) ** 4))

    def _learn(self, now: float) -> None:
        rate = self._rate(now)
        if self._learned == math.inf:
            self._learned = UNMEASURED
        elif self._since is None:
            self._learned = min(self._learned, STEP_DOWN * rate)
        else:
            waited = max(0.0, self._opens - self._since)
            counted = min(COUNTED_WAIT * waited, LONGEST_COUNTED_WAIT)
            seconds = now - self._since - waited + counted
            if not self._passed or seconds < TOO_SHORT:
                return  # go on counting
            measured = min(rate, self._passed / seconds)
            quiet = now - self._opens
            trust = quiet / (quiet + EQUAL_WITNESSES) if self._measured else 0.0
            self._learned = SHARE * (trust * rate + (1 - trust) * measured)
            if self._measured:
                self._doubling = DOUBLING
            self._measured = True
        self._since, self._passed = now, 0
