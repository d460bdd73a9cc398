"""What can be asked over a transport, in the words of HTTP: its verbs, the pages of a listing, a redirect."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ardoqpy._http.json import encode_json
from ardoqpy._http.links import next_link, own_url
from ardoqpy.errors import UnexpectedAnswer, WriteRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ardoqpy._http.files import MultipartFile
    from ardoqpy._http.response import Reply
    from ardoqpy._http.tries import Tries
    from ardoqpy.config import Settings

__all__ = ["Verbs"]


class Verbs(ABC):
    """Say each verb as one exchange, which is left to those who can carry it out.

    - `settings`: host and token; `prefix`: the path below which this version of the API lives.
    - `read_only`: refuse everything but GET.
    """

    def __init__(self, settings: Settings, prefix: str, *, read_only: bool) -> None:
        self.baseurl = settings.hosturl + prefix
        self.hosturl = settings.hosturl
        self.read_only = read_only
        self._token = settings.token

    def _path(self, url: str) -> str:
        """Return the path of an address, as it may be shown."""
        return self._token.hide_in(urlsplit(url).path)

    @abstractmethod
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
        """Send a request as often as may be, and return what came of it.

        - `params`: the query beside that of every request; `bare` leaves those out.
        - `headers`, `body`: what goes with it; `body` is called for each sending.
        - `holds`: whether what is stored is what was sent, where a conflict may be our own doing.
        - `stream`: leave the body to be read; `follow`: go where a redirect leads.
        - `reads`: nothing is written, whatever the verb; `tries`: those of the call that it belongs to.
        """

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Read `path`, relative to the prefix, and return its JSON."""
        return self._exchange("GET", self.baseurl + path, params=params).data

    def post(
        self, path: str, body: Any, params: Mapping[str, Any] | None = None, *, reads: bool = False
    ) -> Any:
        """Post `body` as JSON; `reads=True` says that this path writes nothing."""
        return self._write("POST", path, body, params=params, reads=reads)

    def put(self, path: str, body: Any, *, holds: Callable[[Any], bool] | None = None) -> Any:
        """Replace what is at `path`.

        A conflict after a sending that got no answer may be our own doing: then what is stored is read,
        and is the answer if `holds(stored)` says that it is what was sent.
        """
        return self._write("PUT", path, body, holds=holds)

    def patch(
        self,
        path: str,
        body: Any,
        params: Mapping[str, Any] | None = None,
        *,
        holds: Callable[[Any], bool] | None = None,
    ) -> Any:
        """Change some attributes of what is at `path`; `holds` as for `put`."""
        return self._write("PATCH", path, body, params=params, holds=holds)

    def delete(self, path: str, body: Any = None) -> Any:
        """Delete what is at `path`, or, with a body, the things it names.

        That the one thing at `path` is already gone is a success once an earlier try got no answer.
        """
        return self._write("DELETE", path, body)

    def request(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> Any:
        """Ask or write with any verb; everything but GET counts as a write."""
        if method == "GET":
            return self.get(path, params)
        return self._write(method, path, body, params=params)

    def upload(self, path: str, body: Callable[[], MultipartFile]) -> Any:
        """Post a file piece by piece; each call of `body` gives it from its start."""
        return self._checked_write("POST", self.baseurl + path, body=body).data

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield each page of a listing, following the next link as Ardoq gives it.

        Raise `RedirectRefused` where a next link leads to another host, port or scheme, and
        `UnexpectedAnswer` where a page is not one, or the links go in a circle.
        """
        url = self.baseurl + path
        seen: set[str] = set()
        while True:
            if url in seen:
                raise UnexpectedAnswer(f"The next links of {self._path(url)} go in a circle.")
            # A next link says all of its query itself.
            page = self._exchange("GET", url, params=params, bare=bool(seen)).data
            seen.add(url)
            href = next_link(page, self._path(url))
            if href is not None and self._token.was_put_into(href):
                # Nobody but an enemy writes the token into a link: no traceback shows it.
                href = page["_links"]["next"]["href"] = self._token.hide_in(href)
            yield page
            if href is None:
                return
            url, params = own_url(self.hosturl, url, href, "The next link"), None

    def redirect_target(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """Return where `path` redirects to, without going there."""
        reply = self._exchange("GET", self.baseurl + path, params=params, follow=False)
        location = reply.headers.get("Location")
        if not location:
            raise UnexpectedAnswer(f"GET {self._path(self.baseurl + path)} does not redirect anywhere.")
        return urljoin(self.baseurl + path, location)

    # -- writing ------------------------------------------------------------------------------------

    def _write(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        params: Mapping[str, Any] | None = None,
        holds: Callable[[Any], bool] | None = None,
        reads: bool = False,
    ) -> Any:
        headers, encoded = {}, None
        if body is not None:
            headers["Content-Type"] = "application/json"
            encoded = encode_json(body)
        return self._checked_write(
            method,
            self.baseurl + path,
            params=params,
            headers=headers,
            body=(lambda: encoded) if encoded is not None else None,
            holds=holds,
            reads=reads,
        ).data

    def _checked_write(self, method: str, url: str, *, reads: bool = False, **keywords: Any) -> Reply:
        if self.read_only and not reads:
            raise WriteRefused(
                f"{method} {self._path(url)} was not sent: this client simulates.",
                method=method,
                path=self._path(url),
            )
        return self._exchange(method, url, reads=reads, **keywords)
