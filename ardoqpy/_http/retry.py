"""What may be sent again, and how long to wait before it.

| outcome                  | GET    | PUT, PATCH               | DELETE                | POST          |
|--------------------------|--------|--------------------------|-----------------------|---------------|
| not sent                 | resend | resend                   | resend                | resend        |
| 429                      | wait, resend: every verb, within `Retries.longest_wait` in all         ||||
| 500, 502, 503, 504       | resend | resend (then 409: check) | resend (then 404: ok) | never blindly |
| sent, no readable answer | resend | as above                 | as above              | never blindly |

Every other status is an answer. An HTML page or a truncated body is not an answer: nobody knows what
happened before it was written. A write that may have been carried out stays uncertain however it ends: that
a later attempt was not sent, or was rejected, does not prove that the earlier one was not carried out.
"""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ardoqpy._http.response import Outcome, Response, build_error
from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ardoqpy.errors import ArdoqClientException


def may_resend(method: str, outcome: Outcome) -> bool:
    """Return whether a request that ended with `outcome` can be sent again without harm.

    A repeated POST would create a second component; every other verb has the same effect twice.
    """
    return method != "POST" or outcome in (Outcome.NOT_SENT, Outcome.RATE_LIMITED)


@dataclass(frozen=True)
class Retries:
    """How often and how long a client tries again.

    - `count`: how often one request is sent again after a failure (429 not counted).
    - `backoff`: seconds before the first retry; each further one waits twice as long, with jitter.
    - `longest_pause`: the maximum of one such pause, in seconds.
    - `longest_wait`: seconds that one request may wait because of 429, in all.
    - `deadline`: seconds that one call may take in all, with sending, reading, waiting and retries; None for
      no other limit than those above. Each page of a listing is a separate call.

    Raise `ConfigurationError` for a number that is negative, or no number at all.
    """

    count: int = 5
    backoff: float = 0.5
    longest_pause: float = 30.0
    longest_wait: float = 300.0
    deadline: float | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("count", "backoff", "longest_pause", "longest_wait"):
            value = getattr(self, name)
            types = int if name == "count" else (int, float)
            if isinstance(value, bool) or not isinstance(value, types) or not 0 <= value <= 1e9:
                kind = "whole number" if name == "count" else "number"
                raise ConfigurationError(f"retries: {name} is {value!r}: give a {kind}, 0 or more.")
        deadline = self.deadline
        if deadline is not None and (
            isinstance(deadline, bool) or not isinstance(deadline, int | float) or not 0 < deadline <= 1e9
        ):
            raise ConfigurationError(f"retries: deadline is {deadline!r}: give seconds above 0, or None.")

    @classmethod
    def of(cls, retries: int | Retries) -> Retries:
        """Return `retries` itself, or a policy with that count."""
        return retries if isinstance(retries, Retries) else cls(count=retries)

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait before retry number `attempt` (the first is 0)."""
        full = min(self.longest_pause, self.backoff * 2.0 ** min(attempt, 60))
        return full * random.uniform(0.5, 1.0)  # noqa: S311  (jitter, not a secret)


#: How many halvings shorter the first pause is where a 429 asks for no wait.
_SOONER = 4
_ZERO = re.compile(r"\s*0+(\.0+)?\s*")


class RetryState:
    """The attempts of one call so far.

    - `method`: its verb; `reads=True` if it writes nothing though it is not a GET.
    - `retries`: the policy; `clock`: returns the time in seconds.

    `uncertain` is true if an earlier attempt got no answer and may have been carried out.
    """

    def __init__(
        self,
        method: str,
        retries: Retries,
        *,
        reads: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.uncertain = False
        self._method = method
        self._reads = reads or method == "GET"
        self._retries = retries
        self._clock = clock
        self._ends_at = None if retries.deadline is None else clock() + retries.deadline
        self._response = Response(Outcome.RATE_LIMITED)  # stays if the first slot comes too late
        self._attempts = 0
        self._failures = 0
        self._rate_limited = 0
        self._waited = 0.0
        self._is_late = False

    def for_read(self) -> RetryState:
        """Return the state of a GET that belongs to this call, with the same deadline."""
        state = RetryState("GET", self._retries, clock=self._clock)
        state._ends_at = self._ends_at
        return state

    def time_left(self) -> float | None:
        """Return the seconds until the deadline of the call, None if it has none."""
        return None if self._ends_at is None else self._ends_at - self._clock()

    def next_pause(self, response: Response) -> float | None:
        """Return the seconds to wait before sending again after this response; None: do not send."""
        self._response = response
        self._attempts += 1
        if not may_resend("GET" if self._reads else self._method, response.outcome):
            return None
        retry_after = parse_retry_after(response.headers.get("Retry-After"))
        if response.outcome is Outcome.RATE_LIMITED:
            # A date in the past is as good as no hint. "0" asks for no wait: the first pauses are short.
            sooner = _SOONER if _ZERO.fullmatch(response.headers.get("Retry-After") or "") else 0
            pause = retry_after or self._retries.pause(self._rate_limited - sooner)
            self._rate_limited += 1
            self._waited += max(pause, 1.0)  # so that it ends also if the server asks for nothing
            go_on = self._waited <= self._retries.longest_wait
        else:
            # A 502 may come from a proxy behind which the write was carried out.
            self.uncertain = self.uncertain or response.outcome is not Outcome.NOT_SENT
            go_on = not response.permanent and self._failures < self._retries.count
            backoff = self._retries.pause(self._failures)
            pause = min(self._retries.longest_pause, max(retry_after or 0.0, backoff))
            self._failures += 1
        time_left = self.time_left()
        self._is_late = go_on and time_left is not None and pause >= time_left
        return pause if go_on and not self._is_late else None

    def error(self, path: str, *, is_late: bool = False) -> ArdoqClientException:
        """Return the error for the last response; `is_late` if the next attempt would miss the deadline."""
        return build_error(
            self._method,
            path,
            self._response,
            reads=self._reads,
            uncertain=self.uncertain,
            attempts=self._attempts,
            waited=self._waited,
            deadline=self._retries.deadline if is_late or self._is_late else None,
        )


def parse_retry_after(header: str | None) -> float | None:
    """Return the seconds of a `Retry-After` header, given in seconds or as a date; None if not valid."""
    if header is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}(\.\d+)?\s*", header):
        return float(header)
    try:
        when = parsedate_to_datetime(header)
    except (TypeError, ValueError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
