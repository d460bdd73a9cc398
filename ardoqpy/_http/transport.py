"""The one door to the network: what happens on the wire, and nothing of Ardoq's nouns."""

from __future__ import annotations

import logging
import os
import re
import ssl
import threading
import time
import traceback
from contextlib import contextmanager, suppress
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar
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

from ardoqpy._http.body import LARGEST_ANSWER, PACKED_AS, Body, Unreadable, packing, refusal
from ardoqpy._http.client import Verbs
from ardoqpy._http.files import MultipartFile
from ardoqpy._http.json_reader import HUGE, NotJsonError, decode_json
from ardoqpy._http.links import own_url
from ardoqpy._http.rate_limiter import Pace
from ardoqpy._http.response import Reply, failure, message_in
from ardoqpy._http.retry import PASSING_STATUSES, Outcome, Retries
from ardoqpy._http.tries import Tries
from ardoqpy._validation import checked_query
from ardoqpy._version import __version__
from ardoqpy.errors import ArdoqClientException, UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ardoqpy.config import Settings, Token

__all__ = ["Session", "Transport", "new_session"]

Session = requests.Session

logger = logging.getLogger(__name__)

#: Bytes that are read at a time; what comes packed may be a thousand times as many.
PIECE, PACKED_PIECE = 1 << 20, 1 << 18
REDIRECTS_FOLLOWED = 5
POOL_SIZE = 32
#: requests goes with urllib3 1 as well, which calls some things otherwise.
_NAME_UNKNOWN: Any = getattr(urllib3.exceptions, "NameResolutionError", ())
_OLD_URLLIB3 = not _NAME_UNKNOWN
#: Where the Location of an answer is kept from requests.
_LOCATION = "X-Ardoqpy-Location"
#: Words of TLS for a connection that never came about, and will not the next time.
_NO_HANDSHAKE = re.compile(
    "CERTIFICATE|HANDSHAKE|DOES NOT SPEAK TLS|PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|UNKNOWN_CA",
    re.IGNORECASE,
)


def new_session(*, loopback: bool) -> Session:
    """Return a session to talk to this machine, or to any other."""
    session = requests.Session()
    if loopback:
        # A proxy would look for 127.0.0.1 on its own machine. Who signed the certificate still counts.
        session.trust_env = False
        bundles = (os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
        session.verify = next(filter(None, bundles), True)
    return session


class _TokenAuth(AuthBase):
    """Put the token on each request; as `auth=` it also keeps requests from putting a netrc entry there."""

    def __init__(self, scheme: str, token: Token) -> None:
        self._scheme = scheme
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = _Unshown(self._scheme + self._token.reveal())
        return request


class _Unshown(str):
    """Be sent as it is and shown as `***`, in headers that somebody prints or a traceback with its locals."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Transport(Verbs):
    """Send requests to one Ardoq and read its answers; the verbs are those of `Verbs`.

    - `settings`: host, token, organisation label.
    - `prefix`: the path below which this version of the API lives, such as `/api/`.
    - `auth_scheme`: what stands before the token in the Authorization header.
    - `params`, `headers`: sent along with every request.
    - `timeout`: seconds to connect and between two bytes of the answer: one number, or a pair.
    - `retries`: how patient to be.
    - `session`: a `requests.Session` of the caller's; its cookies are blocked, its adapters are kept.
    - `read_only`: refuse everything but GET.
    - `largest_answer`: bytes of an answer, unpacked, that are read at most.
    - `rate_limit`: requests per second that are never exceeded; None learns it from Ardoq's 429.

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
        largest_answer: int = LARGEST_ANSWER,
        rate_limit: float | None = None,
    ) -> None:
        super().__init__(settings, prefix, read_only=read_only)
        self.timeout = timeout
        self.largest_answer = largest_answer
        self.retries = retries or Retries()
        self._rate_limit = rate_limit
        self._pace = Pace(rate_limit, _now)
        self._process = os.getpid()
        self._fork_lock = threading.Lock()
        self._auth = _TokenAuth(auth_scheme, settings.token)
        self._params = dict(params or {})
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": PACKED_AS,
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

    def _stay_in_this_process(self) -> None:
        """In a forked child, close its copies of the parent's connections, which both would talk over."""
        if os.getpid() == self._process:
            return
        with self._fork_lock:
            if os.getpid() != self._process:
                self.session.close()
                # The parent's may have been locked in the moment of the fork.
                self._pace = Pace(self._rate_limit, _now)
                self._process = os.getpid()

    def __repr__(self) -> str:
        return f"<Transport to {self.baseurl}>"

    # -- downloads -------------------------------------------------------------------------------------

    @contextmanager
    def stream(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Iterator[bytes]]:
        """Open `path` and give its bytes piece by piece; use it in a `with`."""
        reply = self._exchange("GET", self.baseurl + path, params=params, stream=True)
        response: requests.Response = reply.data
        try:
            yield self._pieces(response, path)
        finally:
            response.close()

    # -- one request, as often as the table allows ----------------------------------------------------

    def _exchange(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Callable[[], Any] | None = None,
        holds: Callable[[Any], bool] | None = None,
        stream: bool = False,
        follow: bool = True,
        bare: bool = False,
        reads: bool = False,
        tries: Tries | None = None,
    ) -> Reply:
        self._stay_in_this_process()
        tries = Tries(method, self.retries, reads=reads, clock=_now) if tries is None else tries
        params = {} if bare else {**self._params, **checked_query(params or {})}
        redirects = 0
        while True:
            self._wait_for_turn(url, tries)
            sent = _now()
            reply = self._send(method, url, params, headers, body, tries=tries, stream=stream)
            if self._pace.active and reply.status is not None and reply.outcome is not Outcome.RATE_LIMITED:
                self._pace.passed()
            if reply.outcome is Outcome.ANSWERED:
                if reply.status is None or reply.status < 300:
                    return reply
                if 300 <= reply.status < 400:
                    if not follow:
                        return reply
                    url = self._redirected(method, url, reply, redirects)
                    params, redirects = {}, redirects + 1
                    continue
                # With a body it names several things: a 404 may be about one that never was there.
                return self._settled(method, url, reply, holds=holds, tries=tries, one=body is None)
            pause = tries.pause_after(reply)
            if pause is None:
                raise tries.failure(self._path(url))
            logger.info(
                "%s %s: %s; sending it again in %.1f s", method, self._path(url), reply.in_short(), pause
            )
            if reply.outcome is Outcome.RATE_LIMITED:
                self._pace.limited(sent, pause)  # every thread of this client waits
            else:
                time.sleep(pause)

    def _wait_for_turn(self, url: str, tries: Tries) -> None:
        while self._pace.active:
            turn = self._pace.turn(tries.left())
            if turn is None:
                raise tries.failure(self._path(url), late=True)
            if turn.seconds > 0:
                time.sleep(turn.seconds)
            if turn.round == self._pace.round:
                return

    def _send(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any],
        headers: Mapping[str, str] | None,
        body: Callable[[], Any] | None,
        *,
        tries: Tries,
        stream: bool,
    ) -> Reply:
        payload = body() if body is not None else None
        response = None
        try:
            response = self.session.request(
                method,
                url,
                params=params,
                headers={**self._headers, **(headers or {}), **_headers_of(payload)},
                data=payload,
                auth=self._auth,
                timeout=self._timeout(tries.left()),
                allow_redirects=False,
                stream=True,
                hooks={"response": [*_hooks_of(self.session), _set_location_aside]},
            )
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug("%s %s: %s", method, self._path(url), response.status_code)
            if stream and 200 <= response.status_code < 300:
                packing(response.headers.get("Content-Encoding"))
                reply = self._read(method, response, b"", Body(), stream=True)
                response = None  # open until its reader has done
                return reply
            return self._read(method, response, *self._content(response, tries))
        except Unreadable as problem:
            status = None if problem.late or response is None else response.status_code
            trouble = self._token.hide_in(problem.trouble)
            return Reply(Outcome.NO_ANSWER, status, trouble=trouble, hopeless=not problem.late)
        except (requests.RequestException, HTTPError) as problem:
            return self._mishap(problem)
        except OSError as problem:
            # A file of certificates that is not there; or what an adapter of the caller's lets through.
            sent = isinstance(problem, ConnectionError | TimeoutError)
            outcome = Outcome.NO_ANSWER if sent else Outcome.NOT_SENT
            return Reply(outcome, trouble=self._token.hide_in(str(problem)), hopeless=not sent)
        finally:
            if isinstance(payload, MultipartFile):
                payload.close()
            if response is not None:
                response.close()  # what was not read is not read by the next request either

    def _timeout(self, left: float | None) -> float | tuple[float, float]:
        """Return the time-out of a sending that has so many seconds left."""
        if left is None:
            return self.timeout
        connect, read = self.timeout if isinstance(self.timeout, tuple) else (self.timeout, self.timeout)
        left = max(left, 0.001)  # 0 would be none at all
        return min(connect, left), min(read, left)

    def _content(self, response: requests.Response, tries: Tries) -> tuple[bytes, Body]:
        """Return what the answer says, or of a huge one the beginning, and what is left to be read."""
        pieces = _pieces_of(response, by_arrival=tries.left() is not None)
        if response.status_code >= 300:
            # What was decided stands in the status, however much is said about it, and how, and arrives.
            with suppress(requests.RequestException, HTTPError, Unreadable):
                packing(response.headers.get("Content-Encoding"))
                return refusal(pieces), Body()
            return b"", Body()
        packing(response.headers.get("Content-Encoding"))
        body = Body(
            pieces,
            self.largest_answer,
            length=response.headers.get("Content-Length"),
            in_time=lambda: (tries.left() or 1.0) > 0,
        )
        return body.beginning(HUGE), body

    def _mishap(self, problem: Exception) -> Reply:
        cause = _cause_of(problem)
        trouble = self._token.hide_in(_trouble_with_tls(cause) or _reason_of(problem, cause))
        if isinstance(problem, requests.exceptions.SSLError) and _NO_HANDSHAKE.search(trouble):
            return Reply(Outcome.NOT_SENT, trouble=trouble, hopeless=True)
        if _never_left(problem, cause):
            return Reply(Outcome.NOT_SENT, trouble=trouble)
        broken_off = (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
        )
        if isinstance(problem, broken_off):
            return Reply(Outcome.NO_ANSWER, trouble=trouble)
        # Of the same name, "invalid header" may be said of an answer and, before it is sent, of a request.
        answered = isinstance(cause, HTTPError) and not isinstance(cause, LocationValueError)
        outcome = Outcome.NO_ANSWER if answered else Outcome.NOT_SENT
        return Reply(outcome, trouble=trouble, hopeless=True)

    def _read(
        self, method: str, response: requests.Response, content: bytes, rest: Body, *, stream: bool = False
    ) -> Reply:
        status = response.status_code
        kept = {
            name: self._token.hide_in(response.headers[header])
            for name, header in (("Location", _LOCATION), ("Retry-After", "Retry-After"))
            if header in response.headers
        }
        reason = self._token.hide_in(response.reason or "")
        reply = Reply(Outcome.ANSWERED, status, reason, headers=kept)
        if status == 429 or status in PASSING_STATUSES:
            outcome = Outcome.RATE_LIMITED if status == 429 else Outcome.UNAVAILABLE
            return self._with_text(reply._replace(outcome=outcome), content)
        if status >= 300:
            return self._with_text(reply, content)
        if status < 200:
            return reply._replace(outcome=Outcome.NO_ANSWER, trouble=f"{status} is not an answer yet")
        if stream:
            return reply._replace(data=response)
        if status == 204 or (not content and method != "GET"):
            return reply._replace(data={})
        try:
            return reply._replace(data=decode_json(content, rest))
        except NotJsonError as problem:
            for _ in rest:
                pass  # what it has is counted
            kind = self._token.hide_in(response.headers.get("Content-Type", "no content type"))
            return self._with_text(reply, content)._replace(
                outcome=Outcome.NO_ANSWER,
                trouble=f"the answer is not JSON but {rest.size} bytes of {kind}"
                + (f": {problem.why}" if problem.why else ""),
            )

    def _with_text(self, reply: Reply, content: bytes) -> Reply:
        text = self._token.hide_in(content.decode("utf-8", "replace"))
        message = message_in(text)
        # Once more: what JSON spells letter by letter stands in the message as it is.
        return reply._replace(text=text, message=message and self._token.hide_in(message))

    def _settled(
        self,
        method: str,
        url: str,
        reply: Reply,
        *,
        holds: Callable[[Any], bool] | None,
        tries: Tries,
        one: bool,
    ) -> Reply:
        """Return what a refusal means after an earlier sending that may have gone through; else raise it."""
        if tries.uncertain and one and method == "DELETE" and reply.status == 404:
            return Reply(Outcome.ANSWERED, 204, data={})
        if tries.uncertain and holds is not None and reply.status == 409:
            stored = self._stored(url, tries)
            if stored is None:
                reply = Reply(Outcome.NO_ANSWER, trouble="409 at last, and what is stored cannot be read")
            elif holds(stored.data):
                return stored
        raise failure(method, self._path(url), reply, uncertain=tries.uncertain)

    def _stored(self, url: str, tries: Tries) -> Reply | None:
        try:
            return self._exchange("GET", url, tries=tries.for_reading())
        except ArdoqClientException as problem:
            logger.info("GET %s: %s", self._path(url), problem)
            return None

    # -- leaving the host -----------------------------------------------------------------------------

    def _redirected(self, method: str, url: str, reply: Reply, redirects: int) -> str:
        location = reply.headers.get("Location")
        if not location:
            raise failure(method, self._path(url), reply)
        target = own_url(self.hosturl, url, location, "The redirect")
        if method != "GET" or redirects >= REDIRECTS_FOLLOWED:
            raise failure(method, self._path(url), reply)
        return target

    # -- downloads -------------------------------------------------------------------------------------

    def whole(self, pieces: Iterator[bytes], what: str) -> bytes:
        """Return the pieces of a stream as one; raise `UnexpectedAnswer` where that is too large to be
        held.
        """
        trouble = ""
        try:
            return Body(pieces, self.largest_answer).whole()
        except Unreadable as problem:
            trouble = problem.trouble
        raise UnexpectedAnswer(f"Cannot read {what}: {trouble}.")

    def _pieces(self, response: requests.Response, path: str) -> Iterator[bytes]:
        trouble = None
        try:
            yield from _pieces_of(response, by_arrival=False)
        except (requests.RequestException, HTTPError) as problem:
            trouble = self._token.hide_in(_reason_of(problem, _cause_of(problem)))
        if trouble is not None:
            path = self._path(self.baseurl + path)
            raise failure("GET", path, Reply(Outcome.NO_ANSWER, trouble=trouble), reads=True)


def _pieces_of(response: requests.Response, *, by_arrival: bool) -> Iterator[bytes]:
    """Return the pieces of a body; `by_arrival`, each as soon as a byte of it is there."""
    raw = response.raw
    if isinstance(raw, HTTPResponse):
        raw.enforce_content_length = True  # urllib3 1 would take half a body for a whole one
    # Where a hook of the session has read the body, it is the response that has it.
    unread = getattr(response, "_content_consumed", True) is False
    size = PACKED_PIECE if response.headers.get("Content-Encoding") else PIECE
    if by_arrival and unread and isinstance(raw, HTTPResponse) and hasattr(raw, "read1"):
        return iter(partial(raw.read1, size, decode_content=True), b"")
    pieces: Iterator[bytes] = response.iter_content(size)
    return pieces


def _hooks_of(session: requests.Session) -> list[Any]:
    hooks: dict[str, Any] = getattr(session, "hooks", None) or {}
    return list(hooks.get("response") or [])


def _set_location_aside(response: requests.Response, **_: Any) -> None:
    """Rename the Location before requests sees it: it reads one, and the whole body before it, come
    what may.
    """
    response.headers.pop(_LOCATION, None)
    if "Location" in response.headers:
        response.headers[_LOCATION] = response.headers.pop("Location")


def _now() -> float:
    return time.monotonic()  # looked up late: tests replace the time


def _headers_of(payload: Any) -> dict[str, str]:
    return {"Content-Type": payload.content_type} if isinstance(payload, MultipartFile) else {}


def _cause_of(problem: Exception) -> Any:
    """Return what urllib3 said, as far down as it names a reason."""
    cause = problem.args[0] if problem.args and isinstance(problem, requests.RequestException) else problem
    return getattr(cause, "reason", cause)


def _never_left(problem: Exception, cause: Any) -> bool:
    """Tell whether a request certainly was not sent: there was no connection yet to send it over."""
    if isinstance(problem, requests.exceptions.ProxyError) and _OLD_URLLIB3:
        # It says so too of a connection through a proxy that broke when the request was on its way.
        inner = getattr(cause, "original_error", None)
        return isinstance(inner, NewConnectionError) or "Tunnel connection failed" in str(inner)
    never = (requests.ConnectTimeout, requests.exceptions.ProxyError)
    return isinstance(problem, never) or isinstance(cause, NewConnectionError) or _shaking_hands(cause)


def _shaking_hands(cause: Any) -> bool:
    """Tell whether a connection broke while TLS was being agreed on: then nothing was sent."""
    problems = [cause, *(part for part in getattr(cause, "args", ()) if isinstance(part, Exception))]
    return any(
        frame.f_code.co_name == "do_handshake"
        for one in problems
        for frame, _ in traceback.walk_tb(getattr(one, "__traceback__", None))
    )


def _trouble_with_tls(cause: Any) -> str | None:
    inner = cause.args[0] if isinstance(cause, HTTPError) and cause.args else cause
    if isinstance(inner, ssl.SSLCertVerificationError):
        return (
            f"the certificate of the host is not trusted ({inner.verify_message.rstrip('.')}): name the file "
            "of the authority that signed it in REQUESTS_CA_BUNDLE"
        )
    if isinstance(inner, ssl.SSLError) and inner.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
        return f"the host does not speak TLS at that port ({inner.reason})"
    return None


def _reason_of(problem: Exception, cause: Any) -> str:
    if isinstance(problem, requests.ConnectTimeout):
        return "no connection within the time-out"
    if isinstance(problem, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return "nothing came within the time-out"
    if isinstance(cause, _NAME_UNKNOWN):
        return "the name of the host is not known"
    if isinstance(cause, NewConnectionError):
        return "nobody takes the connection (" + str(cause).rpartition("] ")[2].lower() + ")"
    if isinstance(problem, requests.exceptions.ContentDecodingError) or isinstance(cause, DecodeError):
        return "it cannot be unpacked"
    if isinstance(cause, InvalidHeader):
        return f"its headers make no sense ({cause})"
    if isinstance(cause, ProtocolError):
        short = next((part for part in cause.args if isinstance(part, IncompleteRead)), None)
        if short is not None:
            return f"it broke off after {short.partial} bytes, {short.expected} were still to come"
        return "the connection was closed"
    return str(cause) if isinstance(cause, str) else f"{type(cause).__name__}: {cause}"
