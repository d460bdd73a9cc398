"""The errors of ardoqpy: one tree, under `ArdoqClientException`.

Each error is also the built-in that a Python reader would expect, so `except PermissionError` and
`except AuthorizationError` both work. As in 0.8.4, `args[0]` of an error that came over the wire is a
dict with `code`, `reason` and `text`; `str()` reads as a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AmbiguousWrite",
    "ArdoqClientException",
    "AuthorizationError",
    "BadRequest",
    "ConfigurationError",
    "Conflict",
    "DeleteBlocked",
    "InvalidInput",
    "JobRunning",
    "NotFoundError",
    "PlanDrifted",
    "RateLimited",
    "RedirectRefused",
    "ServiceUnavailable",
    "UnexpectedAnswer",
    "UnsupportedOperation",
    "WriteRefused",
]


class ArdoqClientException(Exception):
    """The root of every error this library raises.

    `args[0]` is a sentence, or, for an error that came over the wire, the dict of 0.8.4 with `code`
    (int, None where Ardoq did not answer), `reason` and `text`. The keyword arguments become attributes:

    - `sentence`: what `str()` gives.
    - `status`: the HTTP status, None where Ardoq did not answer.
    - `method`, `path`: the request, the path without its query; None where nothing was sent.
    - `ardoq_message`: what Ardoq gave as its message, None where it gave none.
    - `uncertain`: whether an earlier sending of a write got no answer, and may have been carried out.
    """

    def __init__(
        self,
        detail: str | dict[str, Any],
        *,
        sentence: str | None = None,
        method: str | None = None,
        path: str | None = None,
        ardoq_message: str | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(detail)
        self.sentence = sentence if sentence is not None else _as_sentence(detail)
        self.status: int | None = detail.get("code") if isinstance(detail, dict) else None
        self.method = method
        self.path = path
        self.ardoq_message = ardoq_message
        self.uncertain = uncertain

    def __str__(self) -> str:
        return self.sentence


def _as_sentence(detail: str | dict[str, Any]) -> str:
    if isinstance(detail, str):
        return detail
    return f"Ardoq answered {detail.get('code')} {detail.get('reason')}: {detail.get('text')}"


class ConfigurationError(ArdoqClientException, ValueError):
    """A setting is missing or makes no sense."""


class InvalidInput(ArdoqClientException, ValueError):
    """Something the caller handed over cannot be sent to Ardoq; nothing was."""


class UnsupportedOperation(ArdoqClientException, NotImplementedError):
    """Ardoq has no such operation in this version of its API."""


class WriteRefused(ArdoqClientException, PermissionError):
    """A write was attempted through a client that simulates."""


class DeleteBlocked(ArdoqClientException, PermissionError):
    """A sync would have deleted more than it was allowed to; nothing was deleted.

    - `reasons`: what speaks against it, as dicts with `bound`, `sentence`, and `allow`: what to say to
      allow it, None where nothing does.
    - `would_delete`: what would have been deleted, as dicts with `kind`, `_id`, `name`, `type` and
      `rootWorkspace`; how many `children` and `references` Ardoq deletes with it; and `along`, those of
      them that are not in this list themselves.
    """

    def __init__(
        self,
        detail: str,
        *,
        reasons: Sequence[dict[str, Any]] = (),
        would_delete: Sequence[dict[str, Any]] = (),
        **told: Any,
    ) -> None:
        super().__init__(detail, **told)
        self.reasons = list(reasons)
        self.would_delete = list(would_delete)


class AuthorizationError(ArdoqClientException, PermissionError):
    """Ardoq does not accept the token (401), or the token may not do this (403)."""


class NotFoundError(ArdoqClientException, LookupError):
    """Ardoq holds nothing under that id or path (404)."""


class BadRequest(ArdoqClientException, ValueError):
    """Ardoq refuses the request as malformed (400) or as meaningless (422)."""


class Conflict(ArdoqClientException):
    """What Ardoq stores has moved on since it was read, or exists already (409)."""


class PlanDrifted(Conflict):
    """What a plan was decided on has moved since, and it was to be applied as it is or not at all.

    `moved` lists what has moved, as `ArdoqSyncClient.apply` returns it.
    """

    def __init__(
        self, detail: str | dict[str, Any], *, moved: Sequence[dict[str, Any]] = (), **more: Any
    ) -> None:
        super().__init__(detail, **more)
        self.moved = list(moved)


class JobRunning(ArdoqClientException):
    """Another run of this job holds its lock file; nothing was done.

    - `lock_file`: its path.
    - `holder`: who holds it, as a dict with `host`, `pid`, `since` (UTC) and `job`; None where nobody says.
    """

    def __init__(
        self, detail: str, *, lock_file: str = "", holder: dict[str, Any] | None = None, **told: Any
    ) -> None:
        super().__init__(detail, **told)
        self.lock_file = lock_file
        self.holder = holder


class RateLimited(ArdoqClientException):
    """Ardoq asks to wait longer than this client was told to (429)."""


class ServiceUnavailable(ArdoqClientException, ConnectionError):
    """Ardoq could not be reached, or could not serve, however often it was asked."""


class AmbiguousWrite(ServiceUnavailable):
    """A write was sent and no answer came: it may have been carried out, or not."""


class UnexpectedAnswer(ArdoqClientException):
    """The answer is not what Ardoq's API gives: not JSON, or not of the expected shape."""


class RedirectRefused(UnexpectedAnswer):
    """Ardoq pointed to another host, port or scheme; the token was not sent there."""


#: Which error a status becomes; any other 4xx is a plain `ArdoqClientException`.
BY_STATUS: dict[int, type[ArdoqClientException]] = {
    400: BadRequest,
    401: AuthorizationError,
    403: AuthorizationError,
    404: NotFoundError,
    409: Conflict,
    422: BadRequest,
    429: RateLimited,
}
