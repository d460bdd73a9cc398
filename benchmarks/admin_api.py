"""Call the emulator's admin API: reset it to its seed, and list the requests that it received."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

__all__ = ["TOKEN", "begin", "requests_received"]

TOKEN = "only-for-benchmarks"
_opener = build_opener(ProxyHandler({}))


def begin(url: str, *, reset: bool) -> None:
    """Clear the emulator's list of requests; with `reset`, also undo everything that was written."""
    if reset:
        _call(url, "POST", "reset")
    _call(url, "DELETE", "requests")


def requests_received(url: str) -> list[dict[str, Any]]:
    """Return the requests since `begin`, each with `method`, `path` and `query`."""
    requests: list[dict[str, Any]] = json.loads(_call(url, "GET", "requests"))
    return requests


def _call(url: str, method: str, path: str) -> bytes:
    headers = {"Authorization": f"Token token={TOKEN}"}
    with _opener.open(Request(f"{url}/_emulator/{path}", method=method, headers=headers)) as answer:
        content: bytes = answer.read()
    return content
