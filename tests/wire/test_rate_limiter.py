"""How fast a client sends: nobody waits before the first 429, and after it little is refused and little
is lost.
"""

import itertools

import pytest
from limiters import Bucket, SlidingWindow, Window, let_through

from ardoqpy._http.rate_limiter import FORGET_AFTER, RateLimiter


class Clock:
    """Be a time that passes when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        """Return the time."""
        return self.now


@pytest.fixture
def clock():
    """Return the clock of `pace`."""
    return Clock()


@pytest.fixture
def pace(clock):
    """Return a rate limiter without a configured limit."""
    return RateLimiter(None, clock)


def send(pace, clock, count, *, refuse=None):
    """Take `count` turns one after the other and let all pass; then, with `refuse`, one more that is a
    429.
    """
    for _ in range(count):
        if pace.active:
            clock.now += pace.reserve().delay
            pace.record_accepted()
    if refuse is not None:
        clock.now += pace.reserve().delay if pace.active else 0
        pace.record_rejected(clock.now, refuse)


# -- against limiters of several kinds ----------------------------------------

#: Each limiter, and the least share of what it grants that a client takes within ten minutes.
LIMITERS = {
    "a bucket of 30, as the emulator's": (lambda: Bucket(30), 0.97),
    "a bucket of 5": (lambda: Bucket(5), 0.97),
    "a bucket that holds next to nothing": (lambda: Bucket(30, 5), 0.9),
    "a bucket that holds much": (lambda: Bucket(30, 300), 0.97),
    "30 in each second": (lambda: Window(30), 0.9),
    "30 in any second": (lambda: SlidingWindow(30), 0.9),
    "1000 in each minute": (lambda: Window(1000, 60), 0.97),
    "30 in each second, five to wait": (lambda: Window(30, 1, asks=5), 0.75),
}
LIMITED = [pytest.param(*limited, id=name.replace(" ", "-")) for name, limited in LIMITERS.items()]


@pytest.mark.parametrize(("limiter", "least"), LIMITED)
@pytest.mark.parametrize(
    ("threads", "latency"),
    [(1, 0.003), pytest.param(10, 0.003, marks=pytest.mark.slow), (32, 0.1)],
)
def test_a_client_takes_what_is_granted_and_is_hardly_refused(threads, latency, limiter, least):
    """In ten minutes a client gets nine tenths or more of what is granted, and at most 1 in 40 is refused."""
    limiter = limiter()
    passed, refused = let_through(limiter, threads=threads, latency=latency, seconds=600)
    assert passed >= least * limiter.granted * 600
    assert refused <= (passed + refused) / 40


@pytest.mark.parametrize("threads", [1, 10, 32])
def test_a_short_run_takes_what_the_emulator_grants(threads):
    """Twenty seconds are enough to learn it: nothing is lost, with two 429 for each thread and three by
    the way.
    """
    passed, refused = let_through(Bucket(30), threads=threads, latency=0.003, seconds=20)
    assert passed >= 0.95 * 30 * 20
    assert refused <= 2 * threads + 3


def test_a_limit_of_the_callers_is_kept_and_never_refused():
    """With `limit` just below what is granted there is no 429 at all, however many threads there are."""
    passed, refused = let_through(SlidingWindow(31), threads=20, latency=0.05, seconds=60, limit=30)
    assert (passed, refused) == (pytest.approx(30 * 60, abs=5), 0)


def test_two_clients_of_one_token_share_what_is_granted():
    """A limit that drops to a half is found again: a client that had 30 takes what is left of them."""

    class Halved(Bucket):
        def ask(self, now):
            self.granted = 30 if now < 100 else 15
            return super().ask(now)

    passed, refused = let_through(Halved(30), threads=10, latency=0.03, seconds=700)
    assert passed >= 0.9 * (30 * 100 + 15 * 600)
    assert refused <= passed / 40


# -- step by step ----------------------------------------


def test_nobody_waits_before_the_first_429(pace):
    """A client that was never refused has no pace."""
    assert not pace.active
    assert [pace.reserve().delay for _ in range(1000)] == [0.0] * 1000


def test_everybody_waits_after_a_429_and_nobody_leaves_in_a_crowd(pace, clock):
    """The turns after a 429 begin when Ardoq said, and lie apart."""
    pace.record_rejected(clock.now, 7)
    turns = [pace.reserve().delay for _ in range(10)]
    assert turns[0] == 7
    assert all(later > earlier for earlier, later in itertools.pairwise(turns))


def test_a_turn_from_before_a_429_is_void(pace, clock):
    """Who waits for a turn while a 429 comes in, is told by the round that another has begun."""
    pace.record_rejected(clock.now, 1)
    waiting = pace.reserve()
    clock.now += 1
    assert waiting.round == pace.round
    pace.record_rejected(clock.now, 1)
    assert waiting.round != pace.round


def test_what_passed_between_two_429_is_the_pace(pace, clock):
    """31 requests in the 1.1 seconds between two 429 make a pace of about 30 a second."""
    pace.record_rejected(clock.now, 1)
    clock.now += 1
    send(pace, clock, 0)
    for _ in range(31):
        clock.now += 0.1 / 31
        pace.reserve()
        pace.record_accepted()
    pace.record_rejected(clock.now, 1)
    turns = [pace.reserve().delay for _ in range(31)]
    assert 0.75 < turns[-1] - turns[0] < 1.1


def test_a_crowd_that_is_refused_together_is_measured_once(pace, clock):
    """The 429 of requests that were sent before the first one's came back slow nobody down further."""
    send(pace, clock, 0, refuse=1)
    send(pace, clock, 30, refuse=1)
    sent, before = clock.now, pace.reserve().delay - pace.reserve().delay
    for _ in range(10):
        clock.now += 0.3
        pace.record_accepted()
        pace.record_rejected(sent, 1)
    assert pace.reserve().delay - pace.reserve().delay == pytest.approx(before, rel=0.01)


def test_nothing_is_measured_in_no_time(pace, clock):
    """Two 429 in one moment with something let through between them say nothing, and go on being counted."""
    pace.record_rejected(clock.now, 0)
    pace.record_accepted()
    pace.record_rejected(clock.now, 0)
    turns = [pace.reserve().delay for _ in range(2)]
    assert turns == pytest.approx([0, 0.01])


def test_the_longest_of_several_waits_counts(pace, clock):
    """A later 429 that asks for less does not open the gate earlier."""
    pace.record_rejected(clock.now, 9)
    pace.record_rejected(clock.now - 1, 2)
    assert pace.reserve().delay == 9


def test_a_pause_of_the_client_is_no_limit_of_ardoqs(pace, clock):
    """Bursts with long pauses between them, each refused once, are not taken for the slowness of Ardoq."""
    for _ in range(5):
        send(pace, clock, 31, refuse=1)
        clock.now += 20
    turns = [pace.reserve().delay for _ in range(31)]
    assert turns[-1] < 3


def test_a_refusal_without_a_measurement_slows_down(pace, clock):
    """Where the client has paused and is refused all the same, the pace falls, once for each time."""
    steps = []
    for _ in range(3):
        send(pace, clock, 1, refuse=1)
        turns = [pace.reserve().delay for _ in range(2)]
        steps.append(turns[1] - turns[0])
        clock.now += 3
    assert steps[0] < steps[1] < steps[2]


def test_a_pace_is_forgotten(pace, clock):
    """After three minutes without a 429 nobody waits any more."""
    send(pace, clock, 0, refuse=1)
    send(pace, clock, 30, refuse=1)
    clock.now += FORGET_AFTER - 1
    pace.reserve()
    assert pace.active
    clock.now += 3
    assert pace.reserve().delay == 0
    assert not pace.active


def test_a_turn_that_is_too_late_is_not_taken(pace, clock):
    """Who cannot wait so long is told so, and the turn is the next one's."""
    pace.record_rejected(clock.now, 5)
    assert pace.reserve(max_delay=4.9) is None
    assert pace.reserve(max_delay=5).delay == 5


def test_a_limit_of_the_callers_spreads_from_the_start(clock):
    """`limit=4` is a request every quarter of a second; time that was not used is not made up for."""
    pace = RateLimiter(4, clock)
    assert [pace.reserve().delay for _ in range(4)] == [0, 0.25, 0.5, 0.75]
    clock.now += 100
    assert [pace.reserve().delay for _ in range(3)] == [0, 0.25, 0.5]


def test_a_limit_of_the_callers_outlives_what_is_forgotten(clock):
    """What was learned is forgotten in time, what the caller has said is not."""
    pace = RateLimiter(4, clock)
    pace.record_rejected(clock.now, 1)
    clock.now += FORGET_AFTER + 2
    assert [pace.reserve().delay for _ in range(2)] == [0, 0.25]
    assert pace.active


def test_a_fast_pace_that_was_learned_does_not_exceed_the_callers_limit(clock):
    """The slower of the two counts."""
    pace = RateLimiter(4, clock)
    send(pace, clock, 0, refuse=1)
    send(pace, clock, 30, refuse=1)
    clock.now += 60
    assert [pace.reserve().delay for _ in range(2)] == [0, 0.25]
