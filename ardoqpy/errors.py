"""The errors of ardoqpy: one tree, under `ArdoqClientException`.

Each error is also the built-in error that fits, so `except PermissionError` and `except AuthorizationError`
both work. As in 0.8.4, `args[0]` of an error about an answer is a dict with `code`, `reason` and `text`;
`str()` is a sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

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
    "MissingArgument",
    "NotFoundError",
    "PlanDrifted",
    "RateLimited",
    "RedirectRefused",
    "ServiceUnavailable",
    "UnexpectedAnswer",
    "UnsupportedOperation",
    "WriteRefused",
]


class ErrorDetail(TypedDict):
    """What Ardoq answered, as 0.8.4 has it: `code` is the HTTP status, None if Ardoq did not answer."""

    code: int | None
    reason: str
    text: str


class BlockReason(TypedDict):
    """Why a delete was blocked: the limit `bound`, a `sentence`, and how to `allow` it (None: not at all)."""

    bound: str
    sentence: str
    allow: str | None


class LockHolder(TypedDict):
    """The process that holds a lock file; `since` is in UTC."""

    host: str
    pid: int
    since: str
    job: str


class ArdoqClientException(Exception):
    """The root of every error this library raises.

    `args[0]` is a sentence or, for an error about an answer, the dict of 0.8.4 with `code` (int, None if
    Ardoq did not answer), `reason` and `text`. The keyword arguments become attributes:

    - `sentence`: what `str()` returns.
    - `status`: the HTTP status, None if Ardoq did not answer.
    - `method`, `path`: the request, the path without its query; None if nothing was sent.
    - `ardoq_message`: the message in Ardoq's answer, None if there is none.
    - `uncertain`: whether an earlier attempt of a write got no answer, and may have been carried out.
    """

    def __init__(
        self,
        detail: str | ErrorDetail,
        *,
        sentence: str | None = None,
        method: str | None = None,
        path: str | None = None,
        ardoq_message: str | None = None,
        uncertain: bool = False,
    ) -> None:
        """Set the attributes; the class lists them."""
        super().__init__(detail)
        self.sentence = sentence if sentence is not None else _sentence_for(detail)
        self.status = detail.get("code") if isinstance(detail, dict) else None
        self.method = method
        self.path = path
        self.ardoq_message = ardoq_message
        self.uncertain = uncertain

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


def _sentence_for(detail: str | ErrorDetail) -> str:
    if not isinstance(detail, dict):
        return detail
    return f"Ardoq answered {detail.get('code')} {detail.get('reason')}: {detail.get('text')}"


class ConfigurationError(ArdoqClientException, ValueError):
    """A setting is missing or not valid."""


class InvalidInput(ArdoqClientException, ValueError):
    """An argument cannot be sent to Ardoq; nothing was sent."""


class MissingArgument(InvalidInput, TypeError):
    """A call lacks an argument that it needs; nothing was sent."""


class UnsupportedOperation(ArdoqClientException, NotImplementedError):
    """Ardoq has no such operation in this version of its API."""


class WriteRefused(ArdoqClientException, PermissionError):
    """A write was attempted through a read-only client."""


class DeleteBlocked(ArdoqClientException, PermissionError):
    """The delete guard blocked a sync that would have deleted more than it may; nothing was deleted.

    - `reasons`: the limits that it exceeds, as dicts with `bound`, `sentence`, and `allow`: the argument that
      allows it, None if there is none.
    - `would_delete`: what would have been deleted, as dicts with `kind`, `_id`, `name`, `type` and
      `rootWorkspace`; how many `children` and `references` Ardoq deletes with it; and `cascade`, those of
      them that are not in this list themselves.
    """

    def __init__(
        self,
        detail: str,
        *,
        reasons: Sequence[BlockReason] = (),
        would_delete: Sequence[Any] = (),
        **attributes: Any,
    ) -> None:
        """Set the attributes; the class lists them."""
        super().__init__(detail, **attributes)
        self.reasons = list(reasons)
        self.would_delete = list(would_delete)


class AuthorizationError(ArdoqClientException, PermissionError):
    """Ardoq does not accept the token (401), or the token has no permission (403)."""


class NotFoundError(ArdoqClientException, LookupError):
    """Ardoq holds nothing under that id or path (404)."""


class BadRequest(ArdoqClientException, ValueError):
    """Ardoq rejects the request as malformed (400) or not valid (422)."""


class Conflict(ArdoqClientException):
    """The entity has changed in Ardoq since it was read, or exists already (409)."""


class PlanDrifted(Conflict):
    """Ardoq has changed since the plan was made, and the plan was to be applied as it is or not at all.

    `drifted` lists what has changed, as `ArdoqSyncClient.apply` returns it.
    """

    def __init__(self, detail: str | ErrorDetail, *, drifted: Sequence[Any] = (), **attributes: Any) -> None:
        """Set the attributes; the class lists them."""
        super().__init__(detail, **attributes)
        self.drifted = list(drifted)


class JobRunning(ArdoqClientException):
    """Another run of this job holds its lock file; nothing was done.

    - `lock_file`: its path.
    - `holder`: the process that holds it, as a dict with `host`, `pid`, `since` (UTC) and `job`; None if the
      file does not name it.
    """

    def __init__(
        self, detail: str, *, lock_file: str = "", holder: LockHolder | None = None, **attributes: Any
    ) -> None:
        """Set the attributes; the class lists them."""
        super().__init__(detail, **attributes)
        self.lock_file = lock_file
        self.holder = holder


class LedgerError(ArdoqClientException):
    """The ledger of a job cannot be read or written: without it, nothing more is written to Ardoq."""


class RateLimited(ArdoqClientException):
    """Ardoq asks to wait longer than this client may (429)."""


class ServiceUnavailable(ArdoqClientException, ConnectionError):
    """Ardoq could not be reached, or answered 5xx, after every retry."""


class AmbiguousWrite(ServiceUnavailable):
    """A write was sent and got no answer: it may have been carried out, or not."""


class UnexpectedAnswer(ArdoqClientException):
    """The answer is not JSON, or does not have the form that Ardoq's API gives."""


class RedirectRefused(UnexpectedAnswer):
    """Ardoq redirected to another host, port or scheme; the token was not sent there."""


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
