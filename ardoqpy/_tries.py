"""
How far one call has come: how often it was sent, how long it has waited, and whether it goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy._reply import Reply, failure
from ardoqpy._retry import Outcome, Retries, may_resend, seconds_asked_for

if TYPE_CHECKING:
    from ardoqpy.errors import ArdoqClientException

__all__ = ["Tries"]


class Tries:
    """
    Count what one call has cost so far.

    `uncertain` says that an earlier sending got no answer, and may have been carried out.
    """

    def __init__(self, method: str, retries: Retries) -> None:
        self.uncertain = False
        self._method = method
        self._retries = retries
        self._repeats = 0
        self._limited = 0
        self._waited = 0.0

    def pause_after(self, reply: Reply) -> float | None:
        """
        Return the seconds to wait before sending again after such a reply; None: do not.
        """
        if not may_resend(self._method, reply.outcome):
            return None
        asked = seconds_asked_for(reply.headers.get("Retry-After"))
        if reply.outcome is Outcome.RATE_LIMITED:
            # "0", or a date that has passed, is as good as no hint.
            pause = asked or self._retries.pause(self._limited)
            self._limited += 1
            self._waited += max(pause, 1.0)  # so that a server that asks for nothing ends too
            return pause if self._waited <= self._retries.longest_wait else None
        # A 502 may come from a proxy behind which the write went through.
        self.uncertain = self.uncertain or reply.outcome is not Outcome.NOT_SENT
        if reply.hopeless or self._repeats >= self._retries.count:
            return None
        pause = min(self._retries.longest_pause, max(asked or 0.0, self._retries.pause(self._repeats)))
        self._repeats += 1
        return pause

    def failure(self, path: str, reply: Reply) -> ArdoqClientException:
        """
        Return the error of a call that ends with such a reply.
        """
        return failure(self._method, path, reply, tries=self._repeats + 1, waited=self._waited)
