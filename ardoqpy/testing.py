"""An emulator of Ardoq for your tests: no account, no network, real HTTP."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ardoqpy.emulator import Emulator, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Emulator", "Fault", "emulator"]


@contextmanager
def emulator(**options: Any) -> Iterator[Emulator]:
    """Run an emulator of Ardoq in this process during a `with` block.

    The value is the running `Emulator`: `url` and `token` are what a client needs, `fail()` makes the next
    calls fail, `requests` lists the requests, `dump()` and `load()` return and replace its whole state.
    `options` are those of `Emulator`: `port`, `token`, `org`, `db`, `seed`, `rate_limit`, `latency_ms`,
    `page_size`, `faults`, `recorder`. Raise `OSError` if the port is taken, `ValueError` if the seed is not
    valid.
    """
    with Emulator(**options) as server:
        yield server
