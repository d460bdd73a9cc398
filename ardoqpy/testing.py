"""Test your integration against an emulated Ardoq: no account, no network, real HTTP."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ardoqpy.emulator import Emulator, Fault, Seed

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Emulator", "Fault", "Seed", "emulator"]


@contextmanager
def emulator(**options: Any) -> Iterator[Emulator]:
    """Run an emulator of Ardoq in this process for the length of a `with` block.

    Yields the running `Emulator`. A client needs its `url` and `token`. `fail()` makes the next calls fail,
    `requests` lists the calls so far, `dump()` and `load()` read and replace everything that it stores.

    The options are those of `Emulator`: `host`, `port`, `token`, `users`, `org`, `db`, `page_size`, `paging`,
    `rate_limit`, `latency_ms`, `seed`, `faults`, `clock` and `recorder`. `users` are people and service
    accounts with a token each, such as `[{"name": "Anna Berg", "token": "anna"}]`. Raises `OSError` if the
    port is in use, and `ValueError` if the seed or a user is invalid.
    """
    with Emulator(**options) as server:
        yield server
