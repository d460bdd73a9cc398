"""Whether Ardoq can still be reached: which writes failed, one after the other, through no fault of
their rows.
"""

from __future__ import annotations

from ardoqpy.errors import (
    ArdoqClientException,
    AuthorizationError,
    RateLimited,
    ServiceUnavailable,
    UnexpectedAnswer,
)

__all__ = ["CircuitBreaker", "is_unreachable"]

#: After so many in a row that failed for want of Ardoq, each further one would only take as long again.
PATIENCE = 5
_NOT_ACCEPTED = 401


class CircuitBreaker:
    """Remember the problems of the last writes, as long as no write has come through since."""

    def __init__(self) -> None:
        self.problems: list[ArdoqClientException] = []

    def failed(self, problem: ArdoqClientException) -> None:
        """Note what a write failed for; what a row is to blame for says nothing about Ardoq."""
        if is_unreachable(problem):
            self.problems.append(problem)

    def check(self) -> None:
        """Raise `ServiceUnavailable` where it is no use to try any more."""
        number = len(self.problems)
        if number >= PATIENCE:
            raise ServiceUnavailable(
                f"Ardoq cannot be reached any more: {number} in a row failed for that. The first of them: "
                f"{self.problems[0]}"
            )

    def begin_anew(self) -> None:
        """Note that a write was carried out, or that some time has gone by."""
        if self.problems:
            self.problems.clear()


def is_unreachable(problem: ArdoqClientException) -> bool:
    """Tell whether the next row would fail for the same: nobody answers, or not Ardoq, or not with this
    token.
    """
    if isinstance(problem, AuthorizationError):
        return problem.status == _NOT_ACCEPTED
    return isinstance(problem, ServiceUnavailable | RateLimited | UnexpectedAnswer)
