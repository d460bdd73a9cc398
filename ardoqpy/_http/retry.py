"""The rules of the wire: what may be sent twice, and how long to wait before.

| outcome                          | GET    | PUT, PATCH             | DELETE               | POST          |
|----------------------------------|--------|------------------------|----------------------|---------------|
| never left this machine          | resend | resend                 | resend               | resend        |
| 429                              | wait, resend: every verb, within `Retries.longest_wait` in all      ||||
| 500, 502, 503, 504               | resend | resend (then 409: look)| resend (then 404: ok)| never blindly |
| sent, no answer that can be read | resend | as above               | as above             | never blindly |

Every other status is an answer. An HTML page or a cut-off body is no answer: nobody can tell what
happened before it was written. A write that may have gone through stays in doubt however it ends: what
never left or was turned away at a later try does not say that the earlier one was not carried out.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from ardoqpy.errors import ConfigurationError

__all__ = ["Outcome", "Retries", "may_resend", "seconds_asked_for"]

PASSING_STATUSES = frozenset({500, 502, 503, 504})


class Outcome(Enum):
    """What became of one request."""

    ANSWERED = auto()
    NOT_SENT = auto()
    RATE_LIMITED = auto()
    UNAVAILABLE = auto()
    NO_ANSWER = auto()


def may_resend(method: str, outcome: Outcome) -> bool:
    """Tell whether a request that ended like this can be sent again without harm.

    A repeated POST would be a second component; every other verb says the same thing twice.
    """
    return method != "POST" or outcome in (Outcome.NOT_SENT, Outcome.RATE_LIMITED)


@dataclass(frozen=True)
class Retries:
    """How patient a client is.

    - `count`: how often one request is sent again after it failed (429 not counted).
    - `backoff`: seconds before the first repeat; each further one waits twice as long, with jitter.
    - `longest_pause`: seconds that a single such pause lasts at most.
    - `longest_wait`: seconds that one request may spend waiting because of 429, in all.
    - `deadline`: seconds that one call may take in all: sending, reading, waiting and repeating; None for no
      other bound than those above. Each page of a listing is a call of its own.
    """

    count: int = 5
    backoff: float = 0.5
    longest_pause: float = 30.0
    longest_wait: float = 300.0
    deadline: float | None = None

    def __post_init__(self) -> None:
        for name in ("count", "backoff", "longest_pause", "longest_wait"):
            value = getattr(self, name)
            whole = int if name == "count" else (int, float)
            if isinstance(value, bool) or not isinstance(value, whole) or not 0 <= value <= 1e9:
                kind = "whole number" if name == "count" else "number"
                raise ConfigurationError(f"retries: {name} is {value!r}: give a {kind}, 0 or more.")
        end = self.deadline
        if end is not None and (
            isinstance(end, bool) or not isinstance(end, int | float) or not 0 < end <= 1e9
        ):
            raise ConfigurationError(f"retries: deadline is {end!r}: give seconds above 0, or None.")

    @classmethod
    def of(cls, retries: int | Retries) -> Retries:
        """Return `retries` itself, or a policy with that count."""
        return retries if isinstance(retries, Retries) else cls(count=retries)

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait before repeat number `attempt` (the first is 0)."""
        full = min(self.longest_pause, self.backoff * 2.0 ** min(attempt, 60))
        return full * random.uniform(0.5, 1.0)  # noqa: S311  (jitter, not a secret)


def seconds_asked_for(retry_after: str | None) -> float | None:
    """Read a `Retry-After` header, in seconds or as a date; None when it is absent or makes no sense."""
    if retry_after is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}(\.\d+)?\s*", retry_after):
        return float(retry_after)
    try:
        when = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError, OverflowError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
