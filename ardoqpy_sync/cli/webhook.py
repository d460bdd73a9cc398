"""The webhook: a short summary of a run, without values, posted to a URL."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypedDict

from ardoqpy._http.webhook import checked_address
from ardoqpy._terminal import escape_controls
from ardoqpy.config import Token
from ardoqpy_sync.reporting.exit_codes import MEANINGS
from ardoqpy_sync.reporting.labels import headline

if TYPE_CHECKING:
    from ardoqpy_sync.documents import RunDocument, Totals

#: An address in this variable is in neither the job nor the list of processes.
VARIABLE = "ARDOQPY_WEBHOOK"


class Summary(TypedDict):
    """The body of the request to a webhook."""

    kind: str
    format: int
    text: str
    job: str
    command: str
    status: str
    exit: int
    totals: Totals
    host: str
    org: str | None
    at: str


def webhook_address(given: str | None) -> Token | None:
    """Return the address to call: the given one, else that of the environment; None if there is none.

    Raise `InvalidInput` if it is not an address.
    """
    text = (given if given is not None else os.environ.get(VARIABLE, "")).strip()
    if not text:
        return None
    address = Token(text)
    checked_address(address)
    return address


def summarize(document: RunDocument, command: str, exit_code: int) -> Summary:
    """Return the summary of a run document: no names of entities, no values, no reasons."""
    origin = document["origin"]
    title, host = (escape_controls(text, 160) for text in (document["title"], origin["host"]))
    return {
        "kind": "ardoqpy run",
        "format": 1,
        "text": f"{title}: {headline(document)} ({host}, exit code {exit_code})",
        "job": document["title"],
        "command": command,
        "status": MEANINGS[exit_code],
        "exit": exit_code,
        "totals": document["totals"],
        "host": origin["host"],
        "org": origin.get("org"),
        "at": origin["at"],
    }
