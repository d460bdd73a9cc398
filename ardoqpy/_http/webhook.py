"""A word to another host than Ardoq, such as the webhook of a chat: nothing of Ardoq's goes along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ardoqpy._http.transport import new_session
from ardoqpy._version import __version__
from ardoqpy.config import Token, is_loopback
from ardoqpy.errors import InvalidInput, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["checked_address", "post_json"]

#: Seconds to connect, and between two bytes.
TIMEOUT = (5.0, 10.0)


def checked_address(address: str | Token) -> str:
    """Return the name of the host of an address, which is all that may be shown of it.

    Raise `InvalidInput`, which shows nothing of the address, where it is none, or has no TLS and is not this
    machine.
    """
    text = Token.of(address).reveal()
    try:
        parts = urlsplit(text)
        host, good = parts.hostname or "", parts.port is None or parts.port > 0
    except ValueError:
        host, good = "", False
    if not good or not re.fullmatch(r"[\w.:-]+", host) or re.search(r"\s", text):
        raise InvalidInput("The address of the webhook is no URL: write it in full, with https:// in front.")
    if parts.scheme not in ("http", "https"):
        raise InvalidInput("The address of the webhook has another scheme than https: write https://.")
    if parts.scheme == "http" and not is_loopback(f"http://{parts.netloc.rpartition('@')[2]}"):
        raise InvalidInput(
            f"The webhook at {host} would be called without TLS, and its address may be a secret: write "
            "https://."
        )
    return host


def post_json(
    address: str | Token, body: Mapping[str, Any], *, timeout: tuple[float, float] = TIMEOUT
) -> None:
    """Send plain data as JSON to an address, once, and follow no redirect.

    Neither Ardoq's token nor a cookie goes along, nor what a netrc file holds for that host; certificates are
    checked. `timeout` is in seconds: to connect, and between two bytes of the answer, which is not read.

    Raise `InvalidInput` where the address makes no sense, and `ServiceUnavailable` where it is not taken. An
    error names the host, and nothing else of the address.
    """
    address = Token.of(address)
    host = checked_address(address)
    trouble = None
    try:
        with new_session(loopback=is_loopback(_origin(address.reveal()))) as session:
            answer = session.post(
                address.reveal(),
                json=body,
                headers={"User-Agent": f"ardoqpy/{__version__}"},
                auth=lambda request: request,  # else requests looks into netrc
                allow_redirects=False,
                timeout=timeout,
                stream=True,
            )
            answer.close()
            if not answer.ok or answer.is_redirect:
                trouble = f"answered {answer.status_code}"
    except (OSError, ValueError) as problem:  # also what requests raises; its text would show the address
        trouble = f"could not be reached ({type(problem).__name__})"
    if trouble is not None:
        # Raised here and not above: an error's __context__ would show the address.
        raise ServiceUnavailable(f"The webhook at {host} {trouble}.")


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
