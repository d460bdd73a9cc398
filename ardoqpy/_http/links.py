"""Where an answer may lead: redirects and next links are followed on the host that the token is for."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

from ardoqpy.errors import RedirectRefused, UnexpectedAnswer

__all__ = ["next_link", "own_url"]


def own_url(hosturl: str, url: str, href: str, what: str) -> str:
    """Return where `href`, found in the answer of `url`, leads; `what` it is, for the message.

    Raise `RedirectRefused` where that is not the host, port and scheme of `hosturl`, and
    `UnexpectedAnswer` where it is no URL.
    """
    path = urlsplit(url).path
    try:
        target = urljoin(url, href)
        scheme, host, port = _origin(target)
    except ValueError:
        scheme = ""
    if not scheme:
        raise UnexpectedAnswer(f"{what} of {path} is no URL.", path=path)
    if (scheme, host, port) != _origin(hosturl):
        raise RedirectRefused(
            f"{what} of {path} leads to {scheme}://{host}:{port}, not to {hosturl}; the token was not sent "
            "there. If that is your organisation's own address, give it as hosturl.",
            path=path,
        )
    return target


def next_link(page: Any, path: str) -> str | None:
    """Return the next link of a page as it stands there, None on the last one.

    Raise `UnexpectedAnswer` where the answer of `path` is no page, or its links are not of their form.
    """
    if not isinstance(page, dict) or not isinstance(page.get("values"), list):
        raise UnexpectedAnswer(f"The answer of {path} is no page: it has no 'values'.")
    href = _object(_object(page.get("_links")).get("next")).get("href")
    if not isinstance(href, str | None):
        raise UnexpectedAnswer(f"The next link of {path} is a {type(href).__name__}.")
    return href or None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict | None):
        raise UnexpectedAnswer(f"The links of a page are a {type(value).__name__}, not an object.")
    return value or {}


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
