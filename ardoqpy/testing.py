"""An Ardoq for the tests of those who use this library: no account, no network, real HTTP."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ardoqpy.emulator import Emulator, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Emulator", "Fault", "emulator"]


@contextmanager
def emulator(**options: Any) -> Iterator[Emulator]:
    """Run an emulator of Ardoq in this process for the length of a `with` block.

    Gives the running `Emulator`: `url` and `token` are what a client needs, `fail()` makes the next calls
    go wrong, `requests` lists what came in, `dump()` and `load()` take and give its whole state. Options
    are those of `Emulator`: `port`, `token`, `org`, `db`, `seed`, `rate_limit`, `latency_ms`, `page_size`,
    `faults`, `recorder`. Raise `OSError` where the port is taken, `ValueError` where the seed makes no sense.
    """
    with Emulator(**options) as server:
        yield server
