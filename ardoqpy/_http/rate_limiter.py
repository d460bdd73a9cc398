"""The rate at which a client sends: unlimited until Ardoq answers 429, then what Ardoq was seen to accept.

The number of requests accepted between two 429, divided by the time between them, is the rate that Ardoq
grants, whether it fills a bucket or counts in windows. From then on requests are spread evenly just below
that rate. The rate rises until the next 429: soon after the first measurement, which is a rough one, and
slowly later. After three minutes without a 429 there is no limit any more.

A 429 may have another cause than the rate. One that asks for no wait shows that at once: if the rate were the
cause, the next requests would get a 429, too. So nothing is learned from it while such 429 are rare.

Once a rate is learned, a 429 that comes although the rate has not risen is a stray one, or the limit has
become lower. To find out, the client tries twice the rate for a moment.

Ardoq publishes no limit, so none of these numbers is Ardoq's; `tests/wire/test_rate_limiter.py` tests them
against limiters of several kinds.
"""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

#: Requests per second after the first 429, before anything is measured: it keeps many threads from sending
#: all at once, and a limit above it is unheard of.
INITIAL_RATE = 100.0
#: The share of the measured rate that a client uses.
SAFETY_MARGIN = 0.97
#: The factor for a rate that was too fast, if nothing could be measured.
SLOWDOWN = 0.7
#: Seconds in which a rate doubles, at first and later; half as long raises it by a sixteenth.
FIRST_DOUBLING_TIME, DOUBLING_TIME = 10.0, 50.0
#: Seconds without a 429 after which the limit is forgotten.
FORGET_AFTER = 180.0
#: Seconds without a request after which the count is void: Ardoq would have accepted more.
IDLE_AFTER = 1.0
#: How much of a wait counts as time in which Ardoq would have accepted requests. Ardoq asks for whole
#: seconds, and may add a penalty. A share, and the maximum in seconds.
COUNTED_WAIT, MAX_COUNTED_WAIT = 0.75, 1.5
#: Seconds that are too short for a measurement.
MIN_MEASURED_TIME = 0.25
#: Seconds at one rate after which the rate says as much about the limit as the count does.
EQUAL_WEIGHT_AFTER = 4.0

#: The first 429 are strays if the pause after each is shorter than this, in seconds, and their share of the
#: requests lower than this, averaged over about so many requests.
NO_WAIT, RARE, AVERAGED_REQUESTS = 0.1, 0.1, 50
#: A 429 at less than so much of the learned rate is not explained by that rate.
UNEXPLAINED = 1.02
#: So many such 429 in a row are taken for strays: one, if Ardoq asks for a shorter wait than these seconds.
UNEXPLAINED_COUNT, SHORT_PAUSE = 3, 1.0
#: How long a higher rate is tried, in requests or seconds, and how many times as many have to pass.
PROBE_REQUESTS, PROBE_SECONDS, PROBE_GAIN = 200, 2.0, 1.25
#: Sent more slowly than this share of the rate, requests are not slowed down by the rate.
PACED = 0.8
#: Seconds after a try that failed until the next one; they double with each.
PROBE_PAUSE, MAX_PROBE_PAUSE = 2.0, 160.0


class Slot(NamedTuple):
    """When a request may leave: in `delay` seconds, unless another `round` has begun by then."""

    delay: float
    round: int


class _Probe(NamedTuple):
    """A higher rate is being tried: the `rate` before, and how many requests passed a second then."""

    rate: float
    passed: float


class RateLimiter:
    """Give each request of a client its time to leave; threads may share it.

    - `max_rate`: requests per second that are never exceeded, None for no such limit.
    - `clock`: returns the time in seconds.

    While `active` is false no request has to wait, and none has to be recorded.
    """

    def __init__(self, max_rate: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.active = max_rate is not None
        #: Rises with each 429; slots of an earlier round are void.
        self.round = 0
        self._max_rate = math.inf if max_rate is None else max_rate
        self._clock = clock
        self._lock = threading.Lock()
        self._next_slot = -math.inf
        self._last_slot = -math.inf
        self._paused_until = -math.inf  # as the last 429 asked for
        self._counting_since: float | None = None  # the 429 that began the count
        self._accepted = 0
        self._rejected_share = 0.0  # of the latest requests
        self._pauses = 0.0  # seconds since then in which no request could leave
        self._forget()

    def reserve(self, max_delay: float | None = None) -> Slot | None:
        """Return the next free slot; None, and reserve none, if it is more than `max_delay` seconds away."""
        with self._lock:
            now = self._clock()
            if now - self._paused_until > FORGET_AFTER:
                self._forget()
                self.active = self._max_rate < math.inf
            elif now - max(self._last_slot, self._paused_until) > IDLE_AFTER:
                self._counting_since = None
            slot = max(now, self._next_slot)
            if max_delay is not None and slot - now > max_delay:
                return None
            self._last_slot, self._next_slot = slot, slot + 1 / self._rate(slot)
            return Slot(slot - now, self.round)

    def record_accepted(self) -> None:
        """Count a request that Ardoq did not reject with a 429, whatever it answered."""
        with self._lock:
            self._accepted += 1
            self._rejected_share *= 1 - 1 / AVERAGED_REQUESTS

    def record_rejected(self, sent_at: float, pause: float) -> None:
        """Record a 429 for a request that was sent at `sent_at`: no request leaves for `pause` seconds."""
        with self._lock:
            now = self._clock()
            self._rejected_share += (1 - self._rejected_share) / AVERAGED_REQUESTS
            # Of requests that left together, the first 429 has been measured already.
            if sent_at >= self._paused_until and not self._is_rare(pause):
                self._learn(now, pause)
            if now + pause > self._paused_until:
                self._pauses += now + pause - max(now, self._paused_until)
                self._paused_until = self._next_slot = now + pause
                self.round += 1
            self.active = True

    def _forget(self) -> None:
        self._learned_rate = math.inf  # at the beginning of the current round
        self._is_measured = False
        self._doubling_time = FIRST_DOUBLING_TIME
        self._counting_since = None
        self._probe: _Probe | None = None
        self._unexplained = 0
        self._no_probe_until = -math.inf
        self._probe_pause = PROBE_PAUSE

    def _is_rare(self, pause: float) -> bool:
        """Return whether a 429 of an unlimited client asks for no wait, and is too rare to be a limit's."""
        return self._learned_rate == math.inf and pause < NO_WAIT and self._rejected_share < RARE

    def _is_stray(self, now: float, rate: float) -> bool:
        """Return whether a 429 at a rate that Ardoq had accepted is taken for a stray one.

        Then twice the rate is tried. If more requests pass, waits included, the rate was not the cause.
        """
        since = self._counting_since
        if since is None or (self._probe is None and now < self._no_probe_until):
            return False
        elapsed = max(now - since, 1e-6)
        passed = self._accepted / elapsed
        if self._probe is not None:
            if self._accepted < PROBE_REQUESTS and elapsed < PROBE_SECONDS:
                return True  # keep counting
            if passed < PROBE_GAIN * self._probe.passed:
                self._end_probe(now, is_paced=self._accepted > PACED * rate * (elapsed - self._pauses))
                return True
            self._probe_pause = PROBE_PAUSE
        self._probe = _Probe(self._learned_rate, passed)
        self._learned_rate = 2 * rate
        self._counting_since, self._accepted, self._pauses = now, 0, 0.0
        return True

    def _end_probe(self, now: float, *, is_paced: bool) -> None:
        """Go back to the rate before, unless requests leave more slowly than the rate allows anyway."""
        if self._probe is not None and is_paced:
            self._learned_rate = self._probe.rate
        self._probe = None
        self._no_probe_until = now + self._probe_pause
        self._probe_pause = min(2 * self._probe_pause, MAX_PROBE_PAUSE)
        self._counting_since, self._accepted, self._pauses = now, 0, 0.0

    def _rate(self, now: float) -> float:
        if self._learned_rate == math.inf:
            return self._max_rate
        quiet = max(0.0, now - self._paused_until)
        return min(self._max_rate, self._learned_rate * (1 + (quiet / self._doubling_time) ** 4))

    def _learn(self, now: float, pause: float) -> None:
        rate = self._rate(now)
        if self._learned_rate == math.inf:
            self._learned_rate = INITIAL_RATE
        elif self._counting_since is None:
            self._learned_rate = min(self._learned_rate, SLOWDOWN * rate)
        else:
            waited = max(0.0, self._paused_until - self._counting_since)
            counted = min(COUNTED_WAIT * waited, MAX_COUNTED_WAIT)
            seconds = now - self._counting_since - waited + counted
            if not self._accepted or seconds < MIN_MEASURED_TIME:
                return  # keep counting
            is_short = pause < SHORT_PAUSE
            if self._probe is None:
                is_flat = rate < UNEXPLAINED * self._learned_rate and (self._is_measured or is_short)
                self._unexplained = self._unexplained + 1 if is_flat else 0
            needed = 1 if is_short else UNEXPLAINED_COUNT
            if self._unexplained >= needed and self._is_stray(now, rate):
                return
            measured = min(rate, self._accepted / seconds)
            quiet = now - self._paused_until
            weight = quiet / (quiet + EQUAL_WEIGHT_AFTER) if self._is_measured else 0.0
            self._learned_rate = SAFETY_MARGIN * (weight * rate + (1 - weight) * measured)
            if self._is_measured:
                self._doubling_time = DOUBLING_TIME
            self._is_measured = True
        self._counting_since, self._accepted, self._pauses = now, 0, 0.0
