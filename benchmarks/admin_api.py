"""The emulator's control door: put it back to its seed, and ask what requests came in."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

__all__ = ["TOKEN", "begin", "requests_seen"]

TOKEN = "emulator-token"
_opener = build_opener(ProxyHandler({}))


def begin(url: str, *, reset: bool) -> None:
    """Have the emulator forget the requests it has seen, and with `reset` also all that was written
    into it.
    """
    if reset:
        _ask(url, "POST", "reset")
    _ask(url, "DELETE", "requests")


def requests_seen(url: str) -> list[dict[str, Any]]:
    """Return the requests since then, each with `method`, `path` and `query`."""
    seen: list[dict[str, Any]] = json.loads(_ask(url, "GET", "requests"))
    return seen


def _ask(url: str, method: str, what: str) -> bytes:
    headers = {"Authorization": f"Token token={TOKEN}"}
    with _opener.open(Request(f"{url}/_emulator/{what}", method=method, headers=headers)) as answer:
        content: bytes = answer.read()
    return content
