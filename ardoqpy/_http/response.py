"""What became of one request, as plain data: its body, where it leads, and the error that it becomes.

It is plain data so that no error keeps a request alive, with the token in its headers.
"""

from __future__ import annotations

import json
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from ardoqpy.errors import (
    BY_STATUS,
    AmbiguousWrite,
    ArdoqClientException,
    RateLimited,
    RedirectRefused,
    ServiceUnavailable,
    UnexpectedAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ardoqpy.entities import Attributes

#: Bytes of an answer, decompressed, that a client reads unless configured otherwise: more than a workspace
#: of 100,000 components with 200,000 references.
MAX_ANSWER_BYTES = 512 * 1024 * 1024
_MAX_ERROR_BYTES = 1024 * 1024
#: Compressions that a client asks for and undoes; neither grows by more than a thousand to one.
ACCEPT_ENCODING = "gzip, deflate"

RETRIABLE_STATUSES = frozenset({500, 502, 503, 504})
REMEDIES = {
    401: "Make a new token (one unused for 60 days expires), and check that it is for this host.",
    403: "Ask for access, or check the organisation label.",
    404: "Is it the id of that kind of object, and may the token see it?",
    409: "Ardoq holds a newer state, or has it already: read it again before you write.",
}


class Outcome(Enum):
    """How one request ended."""

    ANSWERED = auto()
    NOT_SENT = auto()
    RATE_LIMITED = auto()
    UNAVAILABLE = auto()
    NO_ANSWER = auto()


class Response(NamedTuple):
    """What became of one request.

    - `data`: the JSON of a successful answer; `text`: the body of an error, `message` the message in it.
    - `problem`: why there is no answer; `permanent`: whether sending it again would end the same way.
    """

    outcome: Outcome
    status: int | None = None
    reason: str = ""
    data: Any = None
    text: str = ""
    message: str | None = None
    headers: Mapping[str, str] = {}
    problem: str = ""
    permanent: bool = False

    def summary(self) -> str:
        """Return a few words for a log or a message."""
        return self.problem or f"{self.status} {self.reason}".strip()


# -- bodies --------------------------------------------------------------------------------------------


class UnreadableBody(Exception):
    """An answer cannot be read to its end because of `problem`; `is_late` if its deadline has passed."""

    def __init__(self, problem: str, *, is_late: bool = False) -> None:
        super().__init__(problem)
        self.problem = problem
        self.is_late = is_late


def check_content_encoding(encoding: str | None) -> None:
    """Raise `UnreadableBody` for a Content-Encoding that was not asked for.

    Compressed twice, a few bytes could become any number.
    """
    name = (encoding or "identity").strip().lower()
    if name not in ("identity", "gzip", "x-gzip", "deflate"):
        raise UnreadableBody(f"it is compressed as {encoding!r}, which was not asked for")


def read_body(
    chunks: Iterable[bytes],
    max_bytes: int,
    *,
    content_length: str | None = None,
    is_in_time: Callable[[], bool] = lambda: True,
) -> bytes:
    """Return the body of an answer.

    `max_bytes` limits what the chunks add up to, decompressed; `is_in_time` is asked after each chunk. Raise
    `UnreadableBody` if there is more than that, already if `content_length` announces it, or no time left.
    """
    too_large = UnreadableBody(
        f"it is larger than the {max_bytes:,} bytes that this client reads (largest_answer)"
    )
    if content_length is not None and content_length.isdecimal() and int(content_length[:19]) > max_bytes:
        raise too_large
    read, size = [], 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise too_large
        read.append(chunk)
        if not is_in_time():
            raise UnreadableBody("it was not read to its end in time", is_late=True)
    return b"".join(read)


def read_error_body(chunks: Iterable[bytes]) -> bytes:
    """Return about a megabyte of the body of an error, however long it goes on."""
    read, size = [], 0
    for chunk in chunks:
        read.append(chunk)
        size += len(chunk)
        if size >= _MAX_ERROR_BYTES:
            break
    return b"".join(read)


def find_message(text: str) -> str | None:
    """Return the message in the body of an error, None if there is none."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    message = body.get("message") if isinstance(body, dict) else None
    return message if isinstance(message, str) and message.strip() else None


# -- links: redirects and next links are followed on the host that the token is for -----------------------


def resolve_link(hosturl: str, url: str, href: str, description: str) -> str:
    """Return the URL that `href` in the answer of `url` leads to.

    `description` names the link in messages. Raise `RedirectRefused` if it leads to another host, port or
    scheme than `hosturl`, and `UnexpectedAnswer` if it is not a URL.
    """
    path = urlsplit(url).path
    try:
        target = urljoin(url, href)
        scheme, host, port = _origin(target)
    except ValueError:
        scheme = ""
    if not scheme:
        raise UnexpectedAnswer(f"{description} of {path} is not a URL.", path=path)
    if (scheme, host, port) != _origin(hosturl):
        raise RedirectRefused(
            f"{description} of {path} leads to {scheme}://{host}:{port}, not to {hosturl}; the token was not "
            "sent there. If that is your organisation's own address, give it as hosturl.",
            path=path,
        )
    return target


def next_link(page: Any, path: str) -> str | None:
    """Return the next link of a page as Ardoq gives it, None on the last page.

    Raise `UnexpectedAnswer` if the answer of `path` is not a page, or its links have another form.
    """
    if not isinstance(page, dict) or not isinstance(page.get("values"), list):
        raise UnexpectedAnswer(f"The answer of {path} is not a page: it has no 'values'.")
    href = _checked_object(_checked_object(page.get("_links")).get("next")).get("href")
    if not isinstance(href, str | None):
        raise UnexpectedAnswer(f"The next link of {path} is a {type(href).__name__}.")
    return href or None


def _checked_object(value: Any) -> Attributes:
    if not isinstance(value, dict | None):
        raise UnexpectedAnswer(f"The links of a page are a {type(value).__name__}, not an object.")
    return value or {}


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


# -- errors --------------------------------------------------------------------------------------------


def build_error(
    method: str,
    path: str,
    response: Response,
    *,
    reads: bool = False,
    uncertain: bool = False,
    attempts: int = 1,
    waited: float = 0.0,
    deadline: float | None = None,
) -> ArdoqClientException:
    """Return the error that a response becomes.

    - `reads`: the request writes nothing; `uncertain`: an earlier attempt got no answer.
    - `attempts`, `waited`: how often it was sent, and the seconds that it waited for the rate limit.
    - `deadline`: the seconds that it was given, if that is why it is not sent again.
    """
    kind = _error_class(response, writes=not reads, uncertain=uncertain)
    sentence = _sentence(kind, f"{method} {path}", response, attempts=attempts, waited=waited)
    if uncertain and not reads and kind is not AmbiguousWrite:
        sentence += " An earlier attempt got no answer, and may have been carried out."
    if deadline is not None:
        sentence += f" Its deadline of {deadline:g} seconds leaves no time for another attempt."
    return kind(
        {
            "code": None if response.outcome is Outcome.NO_ANSWER else response.status,
            "reason": response.problem or response.reason,
            "text": response.text,
        },
        sentence=sentence,
        method=method,
        path=path,
        ardoq_message=response.message,
        uncertain=uncertain and not reads,
    )


def _error_class(response: Response, *, writes: bool, uncertain: bool) -> type[ArdoqClientException]:
    outcome, status = response.outcome, response.status
    has_no_answer = outcome in (Outcome.NO_ANSWER, Outcome.UNAVAILABLE)
    if writes and (has_no_answer or (uncertain and outcome is not Outcome.ANSWERED)):
        return AmbiguousWrite
    if outcome is Outcome.RATE_LIMITED:
        return RateLimited
    if outcome is Outcome.NO_ANSWER and status is not None:
        return UnexpectedAnswer
    if status is None or status >= 500:
        return ServiceUnavailable
    if status < 400:
        return UnexpectedAnswer
    return BY_STATUS.get(status, ArdoqClientException)


def _sentence(
    kind: type[ArdoqClientException], request: str, response: Response, *, attempts: int, waited: float
) -> str:
    message = f" Ardoq says: {response.message.rstrip('.')}." if response.message else ""
    times = f" after {attempts} attempts" if attempts > 1 else ""
    problem = response.problem.rstrip(".")
    if kind is AmbiguousWrite:
        return (
            f"{request} was sent{times} and got no usable answer ({response.summary()}): it may have been "
            f"carried out, or not. Look in Ardoq before you send it again.{message}"
        )
    if kind is RateLimited and response.status is None:
        return f"{request} was not sent: with the rate limit, its turn comes too late."
    if kind is RateLimited:
        return (
            f"Ardoq limits the rate (429 for {request}): waiting for it would take {waited:.0f} seconds in "
            f"all, longer than this client may.{message}"
        )
    if response.outcome is Outcome.NO_ANSWER and response.status is not None:
        is_html = "<" in response.text
        hint = " It looks like a web page: is the host right, and the token valid?" if is_html else ""
        return f"Cannot read the answer to {request}{times}: {response.problem}.{hint}"
    if response.outcome is Outcome.NO_ANSWER:
        return f"No answer to {request}{times}: {problem}."
    if response.status is None:
        return f"Cannot reach Ardoq for {request}{times}: {problem}."
    remedy = REMEDIES.get(response.status, "")
    return f"{request} failed{times} with {response.summary()}.{message} {remedy}".rstrip()
