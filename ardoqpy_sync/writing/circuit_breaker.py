"""Whether Ardoq can still be reached: which writes failed in a row, through no fault of their data."""

from __future__ import annotations

from ardoqpy.errors import (
    ArdoqClientException,
    AuthorizationError,
    JobRunning,
    LedgerError,
    RateLimited,
    ServiceUnavailable,
    UnexpectedAnswer,
)

#: How many writes in a row may fail because Ardoq is unreachable before a run stops.
PATIENCE = 5
_UNAUTHORIZED = 401


class CircuitBreaker:
    """Keep the problems of the last writes until a write succeeds."""

    def __init__(self) -> None:
        """Start without a problem."""
        self.problems: list[ArdoqClientException] = []

    def failed(self, problem: ArdoqClientException) -> None:
        """Note why a write failed; a problem of the row itself does not count."""
        if is_unreachable(problem):
            self.problems.append(problem)

    def check(self) -> None:
        """Raise `ServiceUnavailable`, `JobRunning` or `LedgerError` if further writes are no use."""
        number = len(self.problems)
        for problem in self.problems:
            if isinstance(problem, JobRunning | LedgerError):  # this run has lost its lock, or its ledger
                raise problem
        if number >= PATIENCE:
            raise ServiceUnavailable(
                f"Ardoq cannot be reached any more: {number} writes in a row failed. The first problem: "
                f"{self.problems[0]}"
            )

    def reset(self) -> None:
        """Note that a write succeeded, or that some time has passed."""
        if self.problems:
            self.problems.clear()


def is_unreachable(problem: ArdoqClientException) -> bool:
    """Return whether the next row would fail too: no answer of Ardoq, a bad token, a lost lock or ledger."""
    if isinstance(problem, AuthorizationError):
        return problem.status == _UNAUTHORIZED
    return isinstance(problem, ServiceUnavailable | RateLimited | UnexpectedAnswer | JobRunning | LedgerError)
