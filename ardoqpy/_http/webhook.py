"""Requests to hosts other than Ardoq, such as the webhook of a chat, without Ardoq's token."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ardoqpy._http.transport import hide_location, new_session
from ardoqpy._version import __version__
from ardoqpy.config import Token, is_loopback
from ardoqpy.errors import InvalidInput, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Seconds for the whole call.
TIMEOUT = 10.0


def checked_address(address: str | Token) -> str:
    """Return the host name of an address, the only part of it that may be shown.

    Raise `InvalidInput`, without the address, if it is not a URL, or has no TLS and is not this machine.
    """
    text = Token.of(address).reveal()
    try:
        parts = urlsplit(text)
        host, is_port_valid = parts.hostname or "", parts.port is None or parts.port > 0
    except ValueError:
        host, is_port_valid = "", False
    if not is_port_valid or not re.fullmatch(r"[\w.:-]+", host) or re.search(r"\s", text):
        raise InvalidInput(
            "The address of the webhook is not a URL: write it in full, beginning with https://."
        )
    if parts.scheme not in ("http", "https"):
        raise InvalidInput("The address of the webhook has another scheme than https: write https://.")
    if parts.scheme == "http" and not is_loopback(f"http://{parts.netloc.rpartition('@')[2]}"):
        raise InvalidInput(
            f"The webhook at {host} would be called without TLS, and its address may be a secret: write "
            "https://."
        )
    return host


def post_json(address: str | Token, body: Mapping[str, Any], *, timeout: float = TIMEOUT) -> None:
    """Post data as JSON to an address, once, and follow no redirect.

    No token, no cookie and no netrc entry is sent; certificates are checked. The body of the answer is not
    read. `timeout`: the seconds after which the call is given up, wherever it is: looking up the host,
    connecting, TLS, a proxy, or an answer that trickles in.

    Raise `InvalidInput` if the address is not valid, and `ServiceUnavailable` if the host cannot be reached
    or does not accept it. An error names only the host of the address.
    """
    address = Token.of(address)
    host = checked_address(address)
    problems: list[str | None] = []
    # A thread, because no time-out of a socket covers looking up a name, or an answer byte by byte.
    thread = threading.Thread(
        target=lambda: problems.append(_post(address, body, timeout)), name="webhook", daemon=True
    )
    try:
        thread.start()
        thread.join(timeout)
    except RuntimeError:  # no more threads
        problems.append("was not called, because no thread can be started")
    problem = problems[0] if problems else f"did not answer within {timeout:g} seconds"
    if problem is not None:
        raise ServiceUnavailable(f"The webhook at {host} {problem}.")


def _post(address: Token, body: Mapping[str, Any], timeout: float) -> str | None:
    """Post data as JSON, and return what went wrong, without the address; None if it was accepted."""
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
                hooks={"response": hide_location},
            )
            answer.close()
            return None if 200 <= answer.status_code < 300 else f"answered {answer.status_code}"
    except Exception as error:  # noqa: BLE001  (whatever it is, it ends in this thread; its text shows the address)
        return f"could not be reached ({type(error).__name__})"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
