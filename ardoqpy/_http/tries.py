"""How far one call has come: how often it was sent, how long it has waited, and whether it goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ardoqpy._http.response import Reply, failure
from ardoqpy._http.retry import Outcome, Retries, may_resend, seconds_asked_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from ardoqpy.errors import ArdoqClientException

__all__ = ["Tries"]


class Tries:
    """Count what one call has cost so far.

    - `method`: its verb; `reads=True` says that it writes nothing though it is no GET.
    - `retries`: how patient to be; `clock`: gives the time in seconds.

    `uncertain` says that an earlier sending got no answer, and may have been carried out.
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
        self._ends = None if retries.deadline is None else clock() + retries.deadline
        self._last = Reply(Outcome.RATE_LIMITED)  # what it is where its first turn comes too late
        self._sent = 0
        self._repeats = 0
        self._limited = 0
        self._waited = 0.0
        self._late = False

    def for_reading(self) -> Tries:
        """Return the tries of a GET that belongs to this call, and ends when it does."""
        tries = Tries("GET", self._retries, clock=self._clock)
        tries._ends = self._ends
        return tries

    def left(self) -> float | None:
        """Return the seconds until the deadline of the call, None where it has none."""
        return None if self._ends is None else self._ends - self._clock()

    def pause_after(self, reply: Reply) -> float | None:
        """Return the seconds to wait before sending again after such a reply; None: do not."""
        self._last = reply
        self._sent += 1
        if not may_resend("GET" if self._reads else self._method, reply.outcome):
            return None
        asked = seconds_asked_for(reply.headers.get("Retry-After"))
        if reply.outcome is Outcome.RATE_LIMITED:
            # "0", or a date that has passed, is as good as no hint.
            pause = asked or self._retries.pause(self._limited)
            self._limited += 1
            self._waited += max(pause, 1.0)  # so that a server that asks for nothing ends too
            go_on = self._waited <= self._retries.longest_wait
        else:
            # A 502 may come from a proxy behind which the write went through.
            self.uncertain = self.uncertain or reply.outcome is not Outcome.NOT_SENT
            go_on = not reply.hopeless and self._repeats < self._retries.count
            pause = min(self._retries.longest_pause, max(asked or 0.0, self._retries.pause(self._repeats)))
            self._repeats += 1
        left = self.left()
        self._late = go_on and left is not None and pause >= left
        return pause if go_on and not self._late else None

    def failure(self, path: str, *, late: bool = False) -> ArdoqClientException:
        """Return the error of a call that ends with the last reply; `late` where its next turn is too
        late.
        """
        return failure(
            self._method,
            path,
            self._last,
            reads=self._reads,
            uncertain=self.uncertain,
            tries=self._sent,
            waited=self._waited,
            deadline=self._retries.deadline if late or self._late else None,
        )
