"""The HTTP methods that the API modules call: JSON in and out, the pages of a listing, a redirect."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ardoqpy._http.json import encode_json
from ardoqpy._http.response import next_link, resolve_link
from ardoqpy.errors import UnexpectedAnswer, WriteRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ardoqpy._http.files import MultipartFile
    from ardoqpy._http.response import Response
    from ardoqpy.config import Settings
    from ardoqpy.entities import Page


@dataclass(frozen=True)
class Call:
    """One request to make, however often it has to be sent.

    - `params`: the query beside that of every request, which `bare` leaves out; `headers`: likewise.
    - `body`: returns what is sent; it is called for each attempt.
    - `is_applied`: returns whether what is stored is what was sent, if a conflict may be our own doing.
    - `stream`: leave the body of the answer to be read; `follow`: go where a redirect leads.
    - `reads`: the request writes nothing, though it may be a POST.
    """

    method: str
    url: str
    params: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None
    body: Callable[[], Any] | None = None
    is_applied: Callable[[Any], bool] | None = None
    bare: bool = False
    stream: bool = False
    follow: bool = True
    reads: bool = False


class HttpMethods(ABC):
    """Turn each HTTP method into a `Call`; a subclass sends it.

    - `settings`: host and token; `prefix`: the path below which this version of the API lives.
    - `read_only`: refuse everything but reads.
    """

    def __init__(self, settings: Settings, prefix: str, *, read_only: bool) -> None:
        self.baseurl = settings.hosturl + prefix
        self.hosturl = settings.hosturl
        self.read_only = read_only
        self._token = settings.token

    def _path(self, url: str) -> str:
        """Return the path of a URL for messages, without its query and without the token."""
        return self._token.redact(urlsplit(url).path)

    @abstractmethod
    def _exchange(self, call: Call) -> Response:
        """Send a call as often as the retry rules allow, and return the response or raise its error."""

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON at `path`, relative to the prefix."""
        return self._exchange(Call("GET", self.baseurl + path, params)).data

    def post(
        self, path: str, body: Any, params: Mapping[str, Any] | None = None, *, reads: bool = False
    ) -> Any:
        """Post `body` as JSON; pass `reads=True` for a path that writes nothing."""
        return self._write("POST", path, body, params, reads=reads)

    def put(self, path: str, body: Any, *, is_applied: Callable[[Any], bool] | None = None) -> Any:
        """Replace what is at `path`.

        A conflict after an attempt without an answer may be our own doing. Then what is stored is read, and
        returned if `is_applied(stored)` is true.
        """
        return self._write("PUT", path, body, is_applied=is_applied)

    def patch(
        self,
        path: str,
        body: Any,
        params: Mapping[str, Any] | None = None,
        *,
        is_applied: Callable[[Any], bool] | None = None,
    ) -> Any:
        """Change some attributes of what is at `path`; `is_applied` as for `put`."""
        return self._write("PATCH", path, body, params, is_applied=is_applied)

    def delete(self, path: str, body: Any = None) -> Any:
        """Delete what is at `path` or, with a body, the entities that it names.

        A 404 for the entity at `path` counts as success if an earlier attempt got no answer.
        """
        return self._write("DELETE", path, body)

    def request(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> Any:
        """Send any method; everything but GET counts as a write."""
        return self.get(path, params) if method == "GET" else self._write(method, path, body, params)

    def upload(self, path: str, body: Callable[[], MultipartFile]) -> Any:
        """Post a file in chunks; each call of `body` returns it from its start."""
        return self._send_write(Call("POST", self.baseurl + path, body=body))

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[Page]:
        """Yield each page of a listing, following the next link as Ardoq gives it.

        Raise `RedirectRefused` if a next link leads to another host, port or scheme, and `UnexpectedAnswer`
        if a page has another form, or the links form a circle.
        """
        url = self.baseurl + path
        seen: set[str] = set()
        while True:
            if url in seen:
                raise UnexpectedAnswer(f"The next links of {self._path(url)} form a circle.")
            # A next link has the whole query itself.
            page: Page = self._exchange(Call("GET", url, params, bare=bool(seen))).data
            seen.add(url)
            href = next_link(page, self._path(url))
            if href is not None and self._token.occurs_in(href):
                # Only an attacker writes the token into a link: no traceback may show it.
                href = page["_links"]["next"]["href"] = self._token.redact(href)
            yield page
            if href is None:
                return
            url, params = resolve_link(self.hosturl, url, href, "The next link"), None

    def redirect_target(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """Return the URL that `path` redirects to, without requesting it."""
        url = self.baseurl + path
        location = self._exchange(Call("GET", url, params, follow=False)).headers.get("Location")
        if not location:
            raise UnexpectedAnswer(f"GET {self._path(url)} does not redirect anywhere.")
        return urljoin(url, location)

    def _write(
        self,
        method: str,
        path: str,
        body: Any,
        params: Mapping[str, Any] | None = None,
        *,
        is_applied: Callable[[Any], bool] | None = None,
        reads: bool = False,
    ) -> Any:
        encoded = None if body is None else encode_json(body)
        call = Call(
            method,
            self.baseurl + path,
            params,
            headers=None if encoded is None else {"Content-Type": "application/json"},
            body=None if encoded is None else lambda: encoded,
            is_applied=is_applied,
            reads=reads,
        )
        return self._send_write(call)

    def _send_write(self, call: Call) -> Any:
        if self.read_only and not call.reads:
            path = self._path(call.url)
            raise WriteRefused(
                f"{call.method} {path} was not sent: this client simulates.", method=call.method, path=path
            )
        return self._exchange(call).data
