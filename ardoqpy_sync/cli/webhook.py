"""The address of the webhook that gets the summary of a run."""

from __future__ import annotations

import os

from ardoqpy._http.webhook import checked_address
from ardoqpy.config import Token

#: An address in this variable is in neither the job nor the list of processes.
VARIABLE = "ARDOQPY_WEBHOOK"


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
