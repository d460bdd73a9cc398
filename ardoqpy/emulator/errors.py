"""Define the errors that the emulator answers with.

An error knows its HTTP status because that is how Ardoq's answers are described. The rules know nothing else
about HTTP.
"""

from ardoqpy.emulator.rows import Attributes


class ApiError(Exception):
    """Reject a request with a status, a sentence, and data about the reason."""

    status = 500

    def __init__(self, message: str, data: Attributes | None = None) -> None:
        """Hold what the error response contains."""
        super().__init__(message)
        self.message = message
        self.data = data or {}


class BadRequest(ApiError):
    """Reject a malformed request: no JSON, no object, or a value of the wrong JSON type."""

    status = 400


class Unauthorized(ApiError):
    """Reject a missing or unknown token."""

    status = 401


class Forbidden(ApiError):
    """Reject a valid token that is used for another organisation."""

    status = 403


class NotFound(ApiError):
    """Reject a path that names nothing."""

    status = 404


class MethodNotAllowed(ApiError):
    """Reject a method that the path does not support."""

    status = 405

    def __init__(self, message: str, allowed: tuple[str, ...]) -> None:
        """Hold the methods that the path supports."""
        super().__init__(message, {"allowed": list(allowed)})
        self.allowed = allowed


class UnsupportedMediaType(ApiError):
    """Reject a body whose content type is not JSON."""

    status = 415


class Conflict(ApiError):
    """Reject an outdated version, or a duplicate."""

    status = 409


class Unprocessable(ApiError):
    """Reject a well-formed request that is wrong or incomplete."""

    status = 422


class TooManyRequests(ApiError):
    """Reject a request above the rate limit, with the seconds after which to retry."""

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        """Hold the seconds to wait."""
        super().__init__(message, {"retryAfter": retry_after})
        self.retry_after = retry_after
