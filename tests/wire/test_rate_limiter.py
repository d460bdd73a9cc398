"""The rate limiter: no request waits before the first 429; after it few are rejected, and little is lost."""

import itertools

import pytest
from limiters import Bucket, NoWait, SlidingWindow, Stray, Window, let_through

from ardoqpy._http.rate_limiter import FORGET_AFTER, RateLimiter


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        """Return the time."""
        return self.now


@pytest.fixture
def clock():
    """Return the clock of `rate_limiter`."""
    return Clock()


@pytest.fixture
def rate_limiter(clock):
    """Return a rate limiter without a configured limit."""
    return RateLimiter(None, clock)


def send(rate_limiter, clock, count, *, refuse=None):
    """Send `count` requests that are accepted and, with `refuse`, one more that gets a 429."""
    for _ in range(count):
        if rate_limiter.active:
            clock.now += rate_limiter.reserve().delay
            rate_limiter.record_accepted()
    if refuse is not None:
        clock.now += rate_limiter.reserve().delay if rate_limiter.active else 0
        rate_limiter.record_rejected(clock.now, refuse)


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
    ("threads", "latency"), [(1, 0.003), pytest.param(10, 0.003, marks=pytest.mark.slow), (32, 0.1)]
)
def test_a_client_uses_the_granted_rate_with_few_429(threads, latency, limiter, least):
    """In ten minutes a client uses 0.9 of the granted rate or more; at most 1 request in 40 gets a 429."""
    limiter = limiter()
    passed, refused = let_through(limiter, threads=threads, latency=latency, seconds=600)
    assert passed >= least * limiter.granted * 600
    assert refused <= (passed + refused) / 40


@pytest.mark.parametrize("threads", [1, 10, 32])
def test_a_short_run_uses_the_rate_of_the_emulator(threads):
    """Twenty seconds are enough to learn the rate, with two 429 for each thread and three more."""
    passed, refused = let_through(Bucket(30), threads=threads, latency=0.003, seconds=20)
    assert passed >= 0.95 * 30 * 20
    assert refused <= 2 * threads + 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_stray_429_do_not_slow_a_client_down_for_long(seed):
    """If 1.8 % of all requests get a 429 whatever the rate, half as many pass in a minute or more."""
    passed, refused = let_through(Stray(0.018, seed), threads=1, latency=0.005, seconds=60)
    assert passed >= 60 / 0.005 / 2
    assert refused == pytest.approx(0.018 * passed, rel=0.5)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.001, 0.018])
def test_stray_429_that_ask_for_no_wait_cost_their_pause_alone(share, seed):
    """A fast client loses the pauses to stray 429, and at most a fifth of the time more, from the start."""
    latency, seconds = 0.0018, 6
    passed, refused = let_through(Stray(share, seed), threads=1, latency=latency, seconds=seconds)
    assert passed >= 0.8 * (seconds - refused / 32) / latency
    assert share < 0.01 or passed >= seconds / latency / 2


#: Limiters whose 429 ask for no wait.
NO_WAIT_LIMITERS = {
    "a bucket of 30": lambda: Bucket(30),
    "a bucket of 100": lambda: Bucket(100),
    "30 in each second": lambda: Window(30),
    "1000 in each minute": lambda: Window(1000, 60),
    "300 in each minute": lambda: Window(300, 60),
}


@pytest.mark.parametrize("threads", [1, 10])
@pytest.mark.parametrize("name", NO_WAIT_LIMITERS)
def test_a_limit_that_asks_for_no_wait_is_respected(name, threads):
    """A limiter whose 429 ask for no wait is not mistaken for strays: it refuses a tenth at most."""
    limiter = NO_WAIT_LIMITERS[name]()
    passed, refused = let_through(NoWait(limiter), threads=threads, latency=0.003, seconds=60)
    assert passed >= 0.9 * limiter.granted * 60
    assert refused <= (passed + refused) / 10


def test_a_configured_limit_is_kept_without_429():
    """With a limit just below the granted rate there is no 429, however many threads there are."""
    passed, refused = let_through(SlidingWindow(31), threads=20, latency=0.05, seconds=60, limit=30)
    assert (passed, refused) == (pytest.approx(30 * 60, abs=5), 0)


def test_two_clients_of_one_token_share_the_granted_rate():
    """If the granted rate drops to a half, the client follows it."""

    class Halved(Bucket):
        def ask(self, now):
            self.granted = 30 if now < 100 else 15
            return super().ask(now)

    passed, refused = let_through(Halved(30), threads=10, latency=0.03, seconds=700)
    assert passed >= 0.9 * (30 * 100 + 15 * 600)
    assert refused <= passed / 40


def test_no_request_waits_before_the_first_429(rate_limiter):
    """A client that was never refused has no rate_limiter."""
    assert not rate_limiter.active
    assert [rate_limiter.reserve().delay for _ in range(1000)] == [0.0] * 1000


def test_after_a_429_all_requests_wait_and_leave_one_by_one(rate_limiter, clock):
    """The slots after a 429 begin when Ardoq asked, and are spread."""
    rate_limiter.record_rejected(clock.now, 7)
    delays = [rate_limiter.reserve().delay for _ in range(10)]
    assert delays[0] == 7
    assert all(later > earlier for earlier, later in itertools.pairwise(delays))


def test_a_slot_from_before_a_429_is_void(rate_limiter, clock):
    """A request that waits for its slot during a 429 sees that another round has begun."""
    rate_limiter.record_rejected(clock.now, 1)
    waiting = rate_limiter.reserve()
    clock.now += 1
    assert waiting.round == rate_limiter.round
    rate_limiter.record_rejected(clock.now, 1)
    assert waiting.round != rate_limiter.round


def test_the_count_between_two_429_is_the_rate(rate_limiter, clock):
    """31 requests in the 1.1 seconds between two 429 make a rate of about 30 a second."""
    rate_limiter.record_rejected(clock.now, 1)
    clock.now += 1
    send(rate_limiter, clock, 0)
    for _ in range(31):
        clock.now += 0.1 / 31
        rate_limiter.reserve()
        rate_limiter.record_accepted()
    rate_limiter.record_rejected(clock.now, 1)
    delays = [rate_limiter.reserve().delay for _ in range(31)]
    assert 0.75 < delays[-1] - delays[0] < 1.1


def test_simultaneous_429_are_measured_once(rate_limiter, clock):
    """The 429 of requests that were sent before the first 429 lower the rate no further."""
    send(rate_limiter, clock, 0, refuse=1)
    send(rate_limiter, clock, 30, refuse=1)
    sent, before = clock.now, rate_limiter.reserve().delay - rate_limiter.reserve().delay
    for _ in range(10):
        clock.now += 0.3
        rate_limiter.record_accepted()
        rate_limiter.record_rejected(sent, 1)
    assert rate_limiter.reserve().delay - rate_limiter.reserve().delay == pytest.approx(before, rel=0.01)


def test_two_429_at_one_moment_measure_nothing(rate_limiter, clock):
    """Two 429 at one moment, with an accepted request between them, measure nothing; the count goes on."""
    for _ in range(20):  # too many to be strays
        rate_limiter.record_rejected(clock.now, 0)
    rate_limiter.record_accepted()
    rate_limiter.record_rejected(clock.now, 0)
    delays = [rate_limiter.reserve().delay for _ in range(2)]
    assert delays == pytest.approx([0, 0.01])


def test_the_longest_of_several_waits_counts(rate_limiter, clock):
    """A later 429 that asks for less does not shorten the wait."""
    rate_limiter.record_rejected(clock.now, 9)
    rate_limiter.record_rejected(clock.now - 1, 2)
    assert rate_limiter.reserve().delay == 9


def test_a_pause_of_the_client_does_not_lower_the_rate(rate_limiter, clock):
    """Bursts with long pauses between them, each with one 429, do not lower the rate."""
    for _ in range(5):
        send(rate_limiter, clock, 31, refuse=1)
        clock.now += 20
    delays = [rate_limiter.reserve().delay for _ in range(31)]
    assert delays[-1] < 3


def test_a_429_without_a_measurement_lowers_the_rate(rate_limiter, clock):
    """A 429 right after a pause lowers the rate, once for each time."""
    steps = []
    for _ in range(3):
        send(rate_limiter, clock, 1, refuse=1)
        delays = [rate_limiter.reserve().delay for _ in range(2)]
        steps.append(delays[1] - delays[0])
        clock.now += 3
    assert steps[0] < steps[1] < steps[2]


def test_a_rate_is_forgotten(rate_limiter, clock):
    """After three minutes without a 429 no request waits."""
    send(rate_limiter, clock, 0, refuse=1)
    send(rate_limiter, clock, 30, refuse=1)
    clock.now += FORGET_AFTER - 1
    rate_limiter.reserve()
    assert rate_limiter.active
    clock.now += 3
    assert rate_limiter.reserve().delay == 0
    assert not rate_limiter.active


def test_a_slot_that_is_too_late_is_not_reserved(rate_limiter, clock):
    """A slot beyond `max_delay` is not reserved, and stays free for the next request."""
    rate_limiter.record_rejected(clock.now, 5)
    assert rate_limiter.reserve(max_delay=4.9) is None
    assert rate_limiter.reserve(max_delay=5).delay == 5


def test_a_configured_limit_spreads_requests_from_the_start(clock):
    """`limit=4` is a request every quarter of a second; unused time is not made up for."""
    rate_limiter = RateLimiter(4, clock)
    assert [rate_limiter.reserve().delay for _ in range(4)] == [0, 0.25, 0.5, 0.75]
    clock.now += 100
    assert [rate_limiter.reserve().delay for _ in range(3)] == [0, 0.25, 0.5]


def test_a_configured_limit_is_not_forgotten(clock):
    """The learned rate is forgotten in time, the configured one is not."""
    rate_limiter = RateLimiter(4, clock)
    rate_limiter.record_rejected(clock.now, 1)
    clock.now += FORGET_AFTER + 2
    assert [rate_limiter.reserve().delay for _ in range(2)] == [0, 0.25]
    assert rate_limiter.active


def test_a_learned_rate_does_not_exceed_the_configured_limit(clock):
    """The slower of the two counts."""
    rate_limiter = RateLimiter(4, clock)
    send(rate_limiter, clock, 0, refuse=1)
    send(rate_limiter, clock, 30, refuse=1)
    clock.now += 60
    assert [rate_limiter.reserve().delay for _ in range(2)] == [0, 0.25]
