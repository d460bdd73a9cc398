"""The webhook: a short summary of a run, without values, posted to where somebody wants to be told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ardoqpy._terminal import escape_controls
from ardoqpy.config import Token
from ardoqpy_sync.cli.exit_codes import MEANINGS
from ardoqpy_sync.reporting.labels import headline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy_sync.documents import RunDocument

__all__ = ["VARIABLE", "address_of", "call", "summary_for"]

#: An address given here stands neither in the job nor in the list of processes.
VARIABLE = "ARDOQPY_WEBHOOK"


def address_of(given: str | None) -> Token | None:
    """Return the address to call, the one that was given or the environment's; None where there is none.

    Raise `InvalidInput` where it makes no sense.
    """
    text = (given if given is not None else os.environ.get(VARIABLE, "")).strip()
    if not text:
        return None
    from ardoqpy._http.webhook import checked_address  # noqa: PLC0415  (help needs no network)

    address = Token(text)
    checked_address(address)
    return address


def call(address: Token, body: Mapping[str, Any]) -> None:
    """Post a summary; raise `ServiceUnavailable`, which names the host alone, where it is not taken."""
    from ardoqpy._http.webhook import post_json  # noqa: PLC0415

    post_json(address, body)


def summary_for(account: RunDocument, command: str, status: int) -> dict[str, Any]:
    """Return what a webhook is told of a run: no names of things, no values, no reasons."""
    made = account["made"]
    title = escape_controls(account["title"], 160)
    return {
        "kind": "ardoqpy run",
        "format": 1,
        "text": f"{title}: {headline(account)} ({escape_controls(made['host'], 160)}, exit status {status})",
        "job": account["title"],
        "command": command,
        "status": MEANINGS[status],
        "exit": status,
        "totals": account["totals"],
        "host": made["host"],
        "org": made.get("org"),
        "at": made["at"],
    }
