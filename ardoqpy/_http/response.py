"""What came of one sending, as plain data, and the error that it becomes.

Plain data, so that no error of ours holds on to a request and the token in its headers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._http.retry import Outcome
from ardoqpy.errors import (
    BY_STATUS,
    AmbiguousWrite,
    ArdoqClientException,
    RateLimited,
    ServiceUnavailable,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Reply", "failure", "message_in"]

REMEDIES = {
    401: "Make a new token (one unused for 60 days expires), and look that it is for this host.",
    403: "Ask for access, or check the organisation label.",
    404: "Is it the id of that kind of object, and may the token see it?",
    409: "Ardoq holds a newer state, or has it already: read it again before you write.",
}


class Reply(NamedTuple):
    """What came of one sending.

    `data` is the JSON of a good answer, `text` the body of a bad one, `message` what Ardoq says in it,
    `trouble` why there is none; `hopeless` says that sending it again would end the same way.
    """

    outcome: Outcome
    status: int | None = None
    reason: str = ""
    data: Any = None
    text: str = ""
    message: str | None = None
    headers: Mapping[str, str] = {}
    trouble: str = ""
    hopeless: bool = False

    def in_short(self) -> str:
        """Return a few words for a log or a message."""
        return self.trouble or f"{self.status} {self.reason}".strip()


def failure(
    method: str,
    path: str,
    reply: Reply,
    *,
    reads: bool = False,
    uncertain: bool = False,
    tries: int = 1,
    waited: float = 0.0,
    deadline: float | None = None,
) -> ArdoqClientException:
    """Return the one error that a reply becomes.

    - `reads`: the request writes nothing; `uncertain`: an earlier try got no answer.
    - `tries`, `waited`: how often it was sent, and the seconds that it waited for the rate limit.
    - `deadline`: the seconds that it was given, where they are why it is not sent again.
    """
    kind = _kind(reply, writes=not reads, uncertain=uncertain)
    unread = reply.outcome is Outcome.NO_ANSWER
    sentence = _sentence(kind, f"{method} {path}", reply, tries=tries, waited=waited)
    if uncertain and not reads and kind is not AmbiguousWrite:
        sentence += " An earlier try got no answer, and may have been carried out."
    if deadline is not None:
        sentence += f" Its deadline of {deadline:g} seconds leaves no time for another try."
    return kind(
        {
            "code": None if unread else reply.status,
            "reason": reply.trouble or reply.reason,
            "text": reply.text,
        },
        sentence=sentence,
        method=method,
        path=path,
        ardoq_message=reply.message,
        uncertain=uncertain and not reads,
    )


def _kind(reply: Reply, *, writes: bool, uncertain: bool) -> type[ArdoqClientException]:
    lost = reply.outcome in (Outcome.NO_ANSWER, Outcome.UNAVAILABLE)
    if writes and (lost or (uncertain and reply.outcome is not Outcome.ANSWERED)):
        return AmbiguousWrite
    if reply.outcome is Outcome.RATE_LIMITED:
        return RateLimited
    if reply.outcome is Outcome.NO_ANSWER and reply.status is not None:
        return UnexpectedAnswer
    if reply.status is None or reply.status >= 500:
        return ServiceUnavailable
    if reply.status < 400:
        return UnexpectedAnswer
    return BY_STATUS.get(reply.status, ArdoqClientException)


def _sentence(
    kind: type[ArdoqClientException],
    request: str,
    reply: Reply,
    *,
    tries: int,
    waited: float,
) -> str:
    said = f" Ardoq says: {reply.message.rstrip('.')}." if reply.message else ""
    times = f" after {tries} tries" if tries > 1 else ""
    if kind is AmbiguousWrite:
        return (
            f"{request} was sent{times}, but no answer tells whether it was carried out "
            f"({reply.in_short()}). "
            f"Look in Ardoq before you send it again.{said}"
        )
    if kind is RateLimited and reply.status is None:
        return f"{request} was not sent: requests take turns, and its turn comes too late."
    if kind is RateLimited:
        return (
            f"Ardoq limits the rate (429 for {request}): waiting for it would take {waited:.0f} seconds in "
            f"all, longer than this client may.{said}"
        )
    if reply.outcome is Outcome.NO_ANSWER and reply.status is not None:
        hint = (
            " It looks like a web page: is the host right, and the token valid?" if "<" in reply.text else ""
        )
        return f"Cannot read the answer to {request}{times}: {reply.trouble}.{hint}"
    if reply.outcome is Outcome.NO_ANSWER:
        return f"No answer to {request}{times}: {reply.trouble.rstrip('.')}."
    if reply.status is None:
        return f"Cannot reach Ardoq for {request}{times}: {reply.trouble.rstrip('.')}."
    remedy = REMEDIES.get(reply.status, "")
    return f"{request} failed{times} with {reply.in_short()}.{said} {remedy}".rstrip()


def message_in(text: str) -> str | None:
    """Return the message in the body of a refusal, None where there is none."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) and message.strip() else None
