"""Name what can go wrong with a request, so that every part of the emulator refuses in the same words.

A problem knows its HTTP status because Ardoq's answers are described that way; nothing else here knows HTTP.
"""

from typing import Any


class Problem(Exception):
    """Refuse a request with a status, one sentence and the data that belongs to it."""

    status = 500

    def __init__(self, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.data = data or {}


class BadRequest(Problem):
    """Refuse what cannot be understood: not JSON, not an object, a value of the wrong JSON type."""

    status = 400


class Unauthorized(Problem):
    """Refuse a missing or unknown token."""

    status = 401


class Forbidden(Problem):
    """Refuse a known token that asks for another organisation."""

    status = 403


class NotFound(Problem):
    """Say that the path names nothing."""

    status = 404


class MethodNotAllowed(Problem):
    """Say that the path exists, but not for this verb."""

    status = 405

    def __init__(self, message: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message, {"allowed": list(allowed)})
        self.allowed = allowed


class UnsupportedMediaType(Problem):
    """Refuse a body that says it is something else than JSON."""

    status = 415


class Conflict(Problem):
    """Say that what is stored has moved on, or is there already."""

    status = 409


class Unprocessable(Problem):
    """Refuse what is well formed but wrong or incomplete."""

    status = 422


class TooMany(Problem):
    """Refuse for now, and say after how many seconds to come back."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message, {"retryAfter": retry_after})
        self.retry_after = retry_after
