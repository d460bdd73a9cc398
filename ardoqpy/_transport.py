"""
The one door to the network: what happens on the wire, and nothing of Ardoq's nouns.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.cookies import RequestsCookieJar
from urllib3.exceptions import (
    IncompleteRead,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from ardoqpy._files import MultipartFile
from ardoqpy._json import decode_json
from ardoqpy._links import own_url
from ardoqpy._pace import Pace
from ardoqpy._reply import Reply, failure
from ardoqpy._retry import PASSING_STATUSES, Outcome, Retries
from ardoqpy._tries import Tries
from ardoqpy._verbs import Verbs
from ardoqpy._version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ardoqpy.config import Settings, Token

__all__ = ["Session", "Transport"]

Session = requests.Session

logger = logging.getLogger(__name__)

CHUNK = 1 << 16
REDIRECTS_FOLLOWED = 5
POOL_SIZE = 32


class _TokenAuth(AuthBase):
    """
    Put the token on each request; as `auth=` it also keeps requests from putting a netrc entry there.
    """

    def __init__(self, scheme: str, token: Token) -> None:
        self._scheme = scheme
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._scheme + self._token.reveal()
        return request


class Transport(Verbs):
    """
    Send requests to one Ardoq and read its answers; the verbs are those of `Verbs`.

    - `settings`: host, token, organisation label.
    - `prefix`: the path below which this version of the API lives, such as `/api/`.
    - `auth_scheme`: what stands before the token in the Authorization header.
    - `params`, `headers`: sent along with every request.
    - `timeout`: seconds to connect and between two bytes of the answer: one number, or a pair.
    - `retries`: how patient to be.
    - `session`: a `requests.Session` of the caller's; its cookies are blocked, its adapters are kept.
    - `read_only`: refuse everything but GET.
    - `rate_limit`: requests per second that are never exceeded; None learns it from Ardoq's 429.
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
        rate_limit: float | None = None,
    ) -> None:
        super().__init__(settings.hosturl, prefix, read_only=read_only)
        self.timeout = timeout
        self.retries = retries or Retries()
        self._pace = Pace(rate_limit, _now)
        self._token = settings.token
        self._auth = _TokenAuth(auth_scheme, settings.token)
        self._params = dict(params or {})
        self._headers = {
            "Accept": "application/json",
            "User-Agent": f"ardoqpy/{__version__} {requests.utils.default_user_agent()}",
            **(headers or {}),
        }
        self.session = session if session is not None else self._new_session(settings)
        # Kept cookies upset Ardoq under high-volume use.
        self.session.cookies = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))

    @staticmethod
    def _new_session(settings: Settings) -> requests.Session:
        session = requests.Session()
        if settings.loopback:
            session.trust_env = False  # a proxy would look for 127.0.0.1 on its own machine
        adapter = HTTPAdapter(pool_maxsize=POOL_SIZE)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def close(self) -> None:
        """
        Close the connections.
        """
        self.session.close()

    def __repr__(self) -> str:
        return f"<Transport to {self.baseurl}>"

    # -- downloads -------------------------------------------------------------------------------------

    @contextmanager
    def stream(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Iterator[bytes]]:
        """
        Open `path` and give its bytes piece by piece; use it in a `with`.
        """
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
    ) -> Reply:
        tries, redirects = Tries(method, self.retries), 0
        params = {} if bare else {**self._params, **(params or {})}
        while True:
            self._wait_for_turn()
            sent = _now()
            reply = self._send(method, url, params, headers, body, stream=stream)
            path = urlsplit(url).path
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
                one = body is None
                return self._settled(method, url, reply, holds=holds, uncertain=tries.uncertain, one=one)
            pause = tries.pause_after(reply)
            if pause is None:
                raise tries.failure(path, reply)
            logger.info("%s %s: %s; sending it again in %.1f s", method, path, reply.in_short(), pause)
            if reply.outcome is Outcome.RATE_LIMITED:
                self._pace.limited(sent, pause)  # every thread of this client waits
            else:
                time.sleep(pause)

    def _wait_for_turn(self) -> None:
        while self._pace.active:
            turn = self._pace.turn()
            if turn is None:
                return
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
        stream: bool,
    ) -> Reply:
        payload = body() if body is not None else None
        try:
            response = self.session.request(
                method,
                url,
                params=params,
                headers={**self._headers, **(headers or {}), **_headers_of(payload)},
                data=payload,
                auth=self._auth,
                timeout=self.timeout,
                allow_redirects=False,
                stream=True,
            )
            content = b"" if stream and response.ok else b"".join(response.iter_content(None))
        except requests.RequestException as problem:
            return self._mishap(problem)
        except ValueError:
            # requests reads a Location even where it is not to follow it.
            return Reply(Outcome.NO_ANSWER, 300, trouble="its headers make no sense", hopeless=True)
        finally:
            if isinstance(payload, MultipartFile):
                payload.close()
        logger.debug("%s %s: %s", method, urlsplit(url).path, response.status_code)
        return self._read(method, response, content, stream=stream)

    def _mishap(self, problem: requests.RequestException) -> Reply:
        trouble = self._token.hide_in(_reason_of(problem))
        if isinstance(problem, requests.exceptions.SSLError) and "CERTIFICATE" in trouble.upper():
            return Reply(Outcome.NOT_SENT, trouble=trouble, hopeless=True)
        if isinstance(problem, requests.ConnectTimeout | requests.exceptions.ProxyError):
            return Reply(Outcome.NOT_SENT, trouble=trouble)
        if isinstance(problem, requests.ConnectionError):
            cause = problem.args[0] if problem.args else None
            if isinstance(getattr(cause, "reason", cause), NewConnectionError):
                return Reply(Outcome.NOT_SENT, trouble=trouble)
        known = (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
            requests.exceptions.ContentDecodingError,
        )
        if isinstance(problem, known):
            return Reply(Outcome.NO_ANSWER, trouble=trouble)
        return Reply(Outcome.NOT_SENT, trouble=trouble, hopeless=True)

    def _read(self, method: str, response: requests.Response, content: bytes, *, stream: bool) -> Reply:
        status = response.status_code
        kept = {
            name: self._token.hide_in(response.headers[name])
            for name in ("Location", "Retry-After")
            if name in response.headers
        }
        reply = Reply(Outcome.ANSWERED, status, response.reason or "", headers=kept)
        if status == 429 or status in PASSING_STATUSES:
            outcome = Outcome.RATE_LIMITED if status == 429 else Outcome.UNAVAILABLE
            return reply._replace(outcome=outcome, text=self._text(content))
        if status >= 300:
            return reply._replace(text=self._text(content))
        if stream:
            return reply._replace(data=response)
        if status == 204 or (not content and method != "GET"):
            return reply._replace(data={})
        try:
            return reply._replace(data=decode_json(content))
        except (ValueError, RecursionError):
            kind = response.headers.get("Content-Type", "no content type")
            return reply._replace(
                outcome=Outcome.NO_ANSWER,
                text=self._text(content),
                trouble=f"the answer is not JSON but {len(content)} bytes of {kind}",
            )

    def _text(self, content: bytes) -> str:
        return self._token.hide_in(content.decode("utf-8", "replace"))

    def _settled(
        self,
        method: str,
        url: str,
        reply: Reply,
        *,
        holds: Callable[[Any], bool] | None,
        uncertain: bool,
        one: bool,
    ) -> Reply:
        """
        Return what a refusal means after an earlier sending that may have gone through; else raise it.
        """
        if uncertain and one and method == "DELETE" and reply.status == 404:
            return Reply(Outcome.ANSWERED, 204, data={})
        if uncertain and holds is not None and reply.status == 409:
            stored = self._exchange("GET", url)
            if holds(stored.data):
                return stored
        raise failure(method, urlsplit(url).path, reply)

    # -- leaving the host -----------------------------------------------------------------------------

    def _redirected(self, method: str, url: str, reply: Reply, redirects: int) -> str:
        location = reply.headers.get("Location")
        if not location:
            raise failure(method, urlsplit(url).path, reply)
        target = own_url(self.hosturl, url, location, "The redirect")
        if method != "GET" or redirects >= REDIRECTS_FOLLOWED:
            raise failure(method, urlsplit(url).path, reply)
        return target

    # -- errors ---------------------------------------------------------------------------------------

    def _pieces(self, response: requests.Response, path: str) -> Iterator[bytes]:
        trouble = None
        try:
            yield from response.iter_content(CHUNK)
        except requests.RequestException as problem:
            trouble = self._token.hide_in(_reason_of(problem))
        if trouble is not None:
            raise failure(
                "GET", urlsplit(self.baseurl + path).path, Reply(Outcome.NO_ANSWER, trouble=trouble)
            )


def _now() -> float:
    return time.monotonic()  # looked up late: tests replace the time


def _headers_of(payload: Any) -> dict[str, str]:
    return {"Content-Type": payload.content_type} if isinstance(payload, MultipartFile) else {}


def _reason_of(problem: requests.RequestException) -> str:
    cause = problem.args[0] if problem.args else problem
    cause = getattr(cause, "reason", cause)
    if isinstance(problem, requests.ConnectTimeout):
        return "no connection within the time-out"
    if isinstance(problem, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return "nothing came within the time-out"
    if isinstance(cause, NameResolutionError):
        return "the name of the host is not known"
    if isinstance(cause, NewConnectionError):
        return "nobody takes the connection (" + str(cause).rpartition("] ")[2].lower() + ")"
    if isinstance(cause, ProtocolError):
        short = next((part for part in cause.args if isinstance(part, IncompleteRead)), None)
        if short is not None:
            return f"it broke off after {short.args[0]} bytes, {short.args[1]} were still to come"
        return "the connection was closed"
    return str(cause) if isinstance(cause, str) else f"{type(cause).__name__}: {cause}"
