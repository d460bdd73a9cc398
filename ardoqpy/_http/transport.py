"""The transport: it sends requests and reads answers, and knows nothing of Ardoq's entities.

It is the only module that imports `requests` and `urllib3`.
"""

from __future__ import annotations

import logging
import os
import re
import ssl
import time
import traceback
import weakref
from contextlib import contextmanager, suppress
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ProxyError, SSLError
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    IncompleteRead,
    InvalidHeader,
    LocationValueError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)
from urllib3.response import HTTPResponse

from ardoqpy._http.client import Call, HttpMethods
from ardoqpy._http.files import MultipartFile
from ardoqpy._http.json import NotJsonError, decode_json
from ardoqpy._http.rate_limiter import RateLimiter
from ardoqpy._http.response import (
    ACCEPT_ENCODING,
    MAX_ANSWER_BYTES,
    RETRIABLE_STATUSES,
    Outcome,
    Response,
    UnreadableBody,
    build_error,
    check_content_encoding,
    find_message,
    read_body,
    read_error_body,
    resolve_link,
)
from ardoqpy._http.retry import Retries, RetryState
from ardoqpy._validation import checked_query
from ardoqpy._version import __version__
from ardoqpy.errors import ArdoqClientException, UnexpectedAnswer

try:
    from urllib3.exceptions import NameResolutionError
except ImportError:
    raise ImportError(
        "ardoqpy needs urllib3 2 or newer, and an older one is installed: pip install 'urllib3>=2'."
    ) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ardoqpy.config import Settings, Token

Session = requests.Session

logger = logging.getLogger(__name__)

#: Bytes that are read at a time; compressed ones may become a thousand times as many.
CHUNK, COMPRESSED_CHUNK = 1 << 20, 1 << 18
MAX_REDIRECTS = 5
POOL_SIZE = 32
#: Where the Location of an answer is kept from requests.
_LOCATION = "X-Ardoqpy-Location"
#: Words in a TLS error for a connection that was never made, and will not be the next time.
_NO_HANDSHAKE = re.compile(
    "CERTIFICATE|HANDSHAKE|DOES NOT SPEAK TLS|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|UNKNOWN_CA", re.IGNORECASE
)


def _describe_refusal(cause: Any) -> str:
    return "the host does not accept the connection (" + str(cause).rpartition("] ")[2].lower() + ")"


def _describe_break(cause: Any) -> str:
    for part in cause.args:
        if isinstance(part, IncompleteRead):
            return f"it broke off after {part.partial} bytes, {part.expected} were still to come"
    return "the connection was closed"


def _describe_cause(cause: Any) -> str:
    return str(cause) if isinstance(cause, str) else f"{type(cause).__name__}: {cause}"


class _Failure(NamedTuple):
    """What an exception of requests or urllib3 means; `problem` is text, or a function of the cause."""

    exceptions: tuple[type[Exception], ...]
    outcome: Outcome
    problem: str | Callable[[Any], str] = _describe_cause
    permanent: bool = False


#: The first row counts that has the type of the exception or of its cause.
_FAILURES = (
    _Failure((requests.ConnectTimeout,), Outcome.NOT_SENT, "no connection within the time-out"),
    _Failure((requests.Timeout, ReadTimeoutError), Outcome.NO_ANSWER, "no data arrived within the time-out"),
    _Failure((NameResolutionError,), Outcome.NOT_SENT, "the host name cannot be resolved"),
    _Failure((NewConnectionError,), Outcome.NOT_SENT, _describe_refusal),
    _Failure((ProxyError,), Outcome.NOT_SENT),
    _Failure((ContentDecodingError, DecodeError), Outcome.NO_ANSWER, "it cannot be decompressed"),
    # urllib3 raises it for headers of an answer, requests a namesake for those of a request.
    _Failure((InvalidHeader,), Outcome.NO_ANSWER, "its headers are not valid ({})".format, permanent=True),
    _Failure((ProtocolError,), Outcome.NO_ANSWER, _describe_break),
    _Failure((requests.ConnectionError, ChunkedEncodingError), Outcome.NO_ANSWER),
    _Failure((LocationValueError,), Outcome.NOT_SENT, permanent=True),
    _Failure((HTTPError,), Outcome.NO_ANSWER, permanent=True),
    _Failure((requests.RequestException,), Outcome.NOT_SENT, permanent=True),
    # A missing certificate file, or what an adapter of the caller raises.
    _Failure((ConnectionError, TimeoutError), Outcome.NO_ANSWER, str),
    _Failure((OSError,), Outcome.NOT_SENT, str, permanent=True),
)


def new_session(*, loopback: bool) -> Session:
    """Return a session for this machine (`loopback`), or for any other host."""
    session = requests.Session()
    if loopback:
        # A proxy would look for 127.0.0.1 on its own machine. The certificate is still checked.
        session.trust_env = False
        bundles = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        session.verify = next(filter(None, bundles), True)
    return session


class _TokenAuth(AuthBase):
    """Put the token on each request; passed as `auth=`, it also keeps a netrc entry off the request."""

    def __init__(self, scheme: str, token: Token) -> None:
        self._scheme = scheme
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = _SecretText(self._scheme + self._token.reveal())
        return request


class _SecretText(str):
    """Text whose `repr` is `***`, for headers that are printed or shown among the locals of a traceback."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Transport(HttpMethods):
    """Send requests to one Ardoq and read its answers.

    - `settings`: host, token, organisation label.
    - `prefix`: the path below which this version of the API lives, such as `/api/`.
    - `auth_scheme`: what precedes the token in the Authorization header.
    - `params`, `headers`: sent with every request.
    - `timeout`: seconds to connect, and between two bytes of the answer: one number, or a pair.
    - `retries`: how often and how long to try again.
    - `session`: a `requests.Session` of the caller; its cookies are blocked, its adapters are kept.
    - `read_only`: refuse everything but reads.
    - `largest_answer`: the maximum of an answer in bytes, decompressed.
    - `rate_limit`: requests per second that are never exceeded; None learns the rate from Ardoq's 429.

    Threads may share it. A forked child leaves its parent's connections alone and opens its own.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        prefix: str,
        auth_scheme: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | tuple[float, float] = (10.0, 60.0),
        retries: Retries | None = None,
        session: requests.Session | None = None,
        read_only: bool = False,
        largest_answer: int = MAX_ANSWER_BYTES,
        rate_limit: float | None = None,
    ) -> None:
        super().__init__(settings, prefix, read_only=read_only)
        self.timeout = timeout
        self.largest_answer = largest_answer
        self.retries = retries or Retries()
        self._rate_limit = rate_limit
        self._rate_limiter = RateLimiter(rate_limit, _now)
        _TRANSPORTS.add(self)
        self._auth = _TokenAuth(auth_scheme, settings.token)
        self._params = dict(params or {})
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPT_ENCODING,
            "User-Agent": f"ardoqpy/{__version__} {requests.utils.default_user_agent()}",
            **(headers or {}),
        }
        self.session = session if session is not None else self._new_session(settings)
        # Kept cookies upset Ardoq under high-volume use.
        self.session.cookies = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))

    @staticmethod
    def _new_session(settings: Settings) -> requests.Session:
        session = new_session(loopback=settings.loopback)
        adapter = HTTPAdapter(pool_maxsize=POOL_SIZE)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def close(self) -> None:
        """Close the connections; a later request opens new ones."""
        self.session.close()

    def renew_after_fork(self) -> None:
        """Leave the connections to the parent in a forked child: both would use them.

        They are not closed. For that, locks are needed that a thread of the parent may have held when it
        forked, and that nobody releases in the child; so the rate limiter is another, too.
        """
        for adapter in self.session.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                _left_to_parent.append((adapter.poolmanager, adapter.proxy_manager))
                adapter.proxy_manager = {}
                adapter.init_poolmanager(
                    adapter._pool_connections,  # noqa: SLF001  (as the adapter does when it is copied)
                    adapter._pool_maxsize,  # noqa: SLF001
                    block=adapter._pool_block,  # noqa: SLF001
                )
        self._rate_limiter = RateLimiter(self._rate_limit, _now)

    def __repr__(self) -> str:
        return f"<Transport to {self.baseurl}>"

    # -- one call, with its retries --------------------------------------------------------------------

    def _exchange(self, call: Call, state: RetryState | None = None) -> Response:
        state = state or RetryState(call.method, self.retries, reads=call.reads, clock=_now)
        url, redirects = call.url, 0
        params = {} if call.bare else {**self._params, **checked_query(call.params or {})}
        while True:
            self._wait_for_slot(url, state)
            sent_at = _now()
            response = self._send(call, url, params, state)
            outcome, status = response.outcome, response.status
            if self._rate_limiter.active and status is not None and outcome is not Outcome.RATE_LIMITED:
                self._rate_limiter.record_accepted()
            if outcome is Outcome.ANSWERED:
                if status is None or status < 300:
                    return response
                if status >= 400:
                    return self._check_earlier_attempt(call, url, response, state)
                if not call.follow:
                    return response
                url = self._redirected(call.method, url, response, redirects)
                params, redirects = {}, redirects + 1
                continue
            pause = state.next_pause(response)
            if pause is None:
                raise state.error(self._path(url))
            logger.info(
                "%s %s: %s; sending it again in %.1f s",
                *(call.method, self._path(url), response.summary(), pause),
            )
            if outcome is Outcome.RATE_LIMITED:
                self._rate_limiter.record_rejected(sent_at, pause)  # every thread of this client waits
            else:
                time.sleep(pause)

    def _wait_for_slot(self, url: str, state: RetryState) -> None:
        while self._rate_limiter.active:
            slot = self._rate_limiter.reserve(state.time_left())
            if slot is None:
                raise state.error(self._path(url), is_late=True)
            if slot.delay > 0:
                time.sleep(slot.delay)
            if slot.round == self._rate_limiter.round:
                return

    def _check_earlier_attempt(self, call: Call, url: str, response: Response, state: RetryState) -> Response:
        """Return what an error means after an attempt that may have been carried out; else raise it."""
        # A DELETE with a body names several entities: a 404 may be about one that never existed.
        if state.uncertain and call.method == "DELETE" and response.status == 404 and call.body is None:
            return Response(Outcome.ANSWERED, 204, data={})
        if state.uncertain and call.is_applied is not None and response.status == 409:
            stored = self._read_stored(url, state)
            if stored is None:
                problem = "409 after a retry, and what is stored cannot be read"
                response = Response(Outcome.NO_ANSWER, problem=problem)
            elif call.is_applied(stored.data):
                return stored
        raise build_error(call.method, self._path(url), response, uncertain=state.uncertain)

    def _read_stored(self, url: str, state: RetryState) -> Response | None:
        try:
            return self._exchange(Call("GET", url), state.for_read())
        except ArdoqClientException as error:
            logger.info("GET %s: %s", self._path(url), error)
            return None

    def _redirected(self, method: str, url: str, response: Response, redirects: int) -> str:
        """Return where a redirect leads; raise its error if it is not followed."""
        location = response.headers.get("Location")
        target = resolve_link(self.hosturl, url, location, "The redirect") if location else None
        if target is None or method != "GET" or redirects >= MAX_REDIRECTS:
            raise build_error(method, self._path(url), response)
        return target

    # -- one attempt -----------------------------------------------------------------------------------

    def _send(self, call: Call, url: str, params: Mapping[str, Any], state: RetryState) -> Response:
        payload = call.body() if call.body is not None else None
        answer = None
        try:
            answer = self.session.request(
                call.method,
                url,
                params=params,
                headers={**self._headers, **(call.headers or {}), **_headers_of(payload)},
                data=payload,
                auth=self._auth,
                timeout=self._timeout_within(state.time_left()),
                allow_redirects=False,
                stream=True,
                hooks={"response": [*_hooks_of(self.session), hide_location]},
            )
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug("%s %s: %s", call.method, self._path(url), answer.status_code)
            if call.stream and 200 <= answer.status_code < 300:
                check_content_encoding(answer.headers.get("Content-Encoding"))
                response = self._parse(call, answer, b"")
                answer = None  # stays open until its reader closes it
                return response
            return self._parse(call, answer, self._read(answer, state))
        except UnreadableBody as error:
            status = None if error.is_late or answer is None else answer.status_code
            problem = self._token.redact(error.problem)
            return Response(Outcome.NO_ANSWER, status, problem=problem, permanent=not error.is_late)
        except (HTTPError, OSError) as error:  # requests' exceptions are OSErrors
            return self._failed(error)
        finally:
            if isinstance(payload, MultipartFile):
                payload.close()
            if answer is not None:
                answer.close()  # so that the next request does not read what was left

    def _timeout_within(self, time_left: float | None) -> float | tuple[float, float]:
        """Return the time-out of an attempt that has so many seconds left."""
        if time_left is None:
            return self.timeout
        connect, read = self.timeout if isinstance(self.timeout, tuple) else (self.timeout, self.timeout)
        time_left = max(time_left, 0.001)  # 0 would mean no time-out
        return min(connect, time_left), min(read, time_left)

    def _read(self, answer: requests.Response, state: RetryState) -> bytes:
        """Return the body of an answer."""
        chunks = _chunks_of(answer, by_arrival=state.time_left() is not None)
        encoding = answer.headers.get("Content-Encoding")
        if answer.status_code >= 300:
            # The status decides, however long the body is, however it is encoded, and whether it arrives.
            with suppress(requests.RequestException, HTTPError, UnreadableBody):
                check_content_encoding(encoding)
                return read_error_body(chunks)
            return b""
        check_content_encoding(encoding)
        return read_body(
            chunks,
            self.largest_answer,
            content_length=answer.headers.get("Content-Length"),
            is_in_time=lambda: (state.time_left() or 1.0) > 0,
        )

    def _failed(self, error: Exception) -> Response:
        """Return the response for an attempt that ended with an exception."""
        cause = _cause_of(error)
        failure = next(
            row for row in _FAILURES if isinstance(error, row.exceptions) or isinstance(cause, row.exceptions)
        )
        describe = failure.problem
        problem = _describe_tls(cause) or (describe if isinstance(describe, str) else describe(cause))
        problem = self._token.redact(problem)
        if isinstance(error, SSLError) and _NO_HANDSHAKE.search(problem):
            return Response(Outcome.NOT_SENT, problem=problem, permanent=True)
        if _was_in_handshake(cause):
            return Response(Outcome.NOT_SENT, problem=problem)
        return Response(failure.outcome, problem=problem, permanent=failure.permanent)

    def _parse(self, call: Call, answer: requests.Response, content: bytes) -> Response:
        status = answer.status_code
        headers = {
            name: self._token.redact(answer.headers[header])
            for name, header in (("Location", _LOCATION), ("Retry-After", "Retry-After"))
            if header in answer.headers
        }
        reason = self._token.redact(answer.reason or "")
        response = Response(Outcome.ANSWERED, status, reason, headers=headers)
        if status == 429:
            return self._with_text(response._replace(outcome=Outcome.RATE_LIMITED), content)
        if status in RETRIABLE_STATUSES:
            return self._with_text(response._replace(outcome=Outcome.UNAVAILABLE), content)
        if status >= 300:
            return self._with_text(response, content)
        if status < 200:
            return response._replace(outcome=Outcome.NO_ANSWER, problem=f"{status} is not an answer yet")
        if call.stream:
            return response._replace(data=answer)
        if status == 204 or (not content and call.method != "GET"):
            return response._replace(data={})
        try:
            return response._replace(data=decode_json(content))
        except NotJsonError as error:
            kind = self._token.redact(answer.headers.get("Content-Type", "no content type"))
            return self._with_text(response, content)._replace(
                outcome=Outcome.NO_ANSWER,
                problem=f"the answer is not JSON but {len(content)} bytes of {kind}"
                + (f": {error.reason}" if error.reason else ""),
            )

    def _with_text(self, response: Response, content: bytes) -> Response:
        text = self._token.redact(content.decode("utf-8", "replace"))
        message = find_message(text)
        # Once more: a token that JSON escapes letter by letter is plain in the message.
        return response._replace(text=text, message=message and self._token.redact(message))

    # -- downloads -------------------------------------------------------------------------------------

    @contextmanager
    def stream(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Iterator[bytes]]:
        """Open `path` and give its bytes in chunks; use it in a `with`."""
        response = self._exchange(Call("GET", self.baseurl + path, params, stream=True))
        answer: requests.Response = response.data
        try:
            yield self._stream_chunks(answer, path)
        finally:
            answer.close()

    def _stream_chunks(self, answer: requests.Response, path: str) -> Iterator[bytes]:
        response = None
        try:
            yield from _chunks_of(answer, by_arrival=False)
        except (requests.RequestException, HTTPError) as error:
            response = self._failed(error)._replace(outcome=Outcome.NO_ANSWER)
        if response is not None:  # outside of the except, so that the error has no __context__
            raise build_error("GET", self._path(self.baseurl + path), response, reads=True)

    def read_all(self, chunks: Iterator[bytes], description: str) -> bytes:
        """Return the chunks of a stream as one; raise `UnexpectedAnswer` if it exceeds `largest_answer`."""
        problem = ""
        try:
            return read_body(chunks, self.largest_answer)
        except UnreadableBody as error:
            problem = error.problem
        raise UnexpectedAnswer(f"Cannot read {description}: {problem}.")


#: The transports of this process.
_TRANSPORTS: weakref.WeakSet[Transport] = weakref.WeakSet()
#: In a forked child: the connections of its parent, which must not be closed when they are collected.
_left_to_parent: list[Any] = []


def _renew_in_child() -> None:
    for transport in list(_TRANSPORTS):
        transport.renew_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_in_child)


def _chunks_of(answer: requests.Response, *, by_arrival: bool) -> Iterator[bytes]:
    """Return the chunks of a body; `by_arrival`, each as soon as a byte of it is there."""
    raw = answer.raw
    # If a hook of the session has read the body, the answer has it.
    unread = getattr(answer, "_content_consumed", True) is False
    size = COMPRESSED_CHUNK if answer.headers.get("Content-Encoding") else CHUNK
    if by_arrival and unread and isinstance(raw, HTTPResponse):
        return iter(partial(raw.read1, size, decode_content=True), b"")
    chunks: Iterator[bytes] = answer.iter_content(size)
    return chunks


def _hooks_of(session: requests.Session) -> list[Any]:
    hooks = getattr(session, "hooks", None) or {}
    return list(hooks.get("response") or [])


def hide_location(answer: requests.Response, **_: Any) -> None:
    """Rename the Location before requests sees it, which would follow it and read the whole body first."""
    answer.headers.pop(_LOCATION, None)
    if "Location" in answer.headers:
        answer.headers[_LOCATION] = answer.headers.pop("Location")


def _now() -> float:
    return time.monotonic()  # looked up late: tests replace the time


def _headers_of(payload: Any) -> dict[str, str]:
    return {"Content-Type": payload.content_type} if isinstance(payload, MultipartFile) else {}


def _cause_of(error: Exception) -> Any:
    """Return the innermost reason that urllib3 names."""
    cause = error.args[0] if error.args and isinstance(error, requests.RequestException) else error
    return getattr(cause, "reason", cause) if isinstance(cause, HTTPError) else cause


def _was_in_handshake(cause: Any) -> bool:
    """Return whether a connection broke during the TLS handshake: then nothing was sent."""
    errors = [cause, *(part for part in getattr(cause, "args", ()) if isinstance(part, Exception))]
    return any(
        frame.f_code.co_name == "do_handshake"
        for error in errors
        for frame, _ in traceback.walk_tb(getattr(error, "__traceback__", None))
    )


def _describe_tls(cause: Any) -> str | None:
    """Return what is wrong with TLS, None if it is something else."""
    inner = cause.args[0] if isinstance(cause, HTTPError) and cause.args else cause
    if isinstance(inner, ssl.SSLCertVerificationError):
        return (
            f"the certificate of the host is not trusted ({inner.verify_message.rstrip('.')}): name the file "
            "of the authority that signed it in REQUESTS_CA_BUNDLE"
        )
    if isinstance(inner, ssl.SSLError) and inner.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return f"the host does not speak TLS at that port ({inner.reason})"
    return None
