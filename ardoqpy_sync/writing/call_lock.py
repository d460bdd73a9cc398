"""The lock that lets one thread at a time call a sync client, also after a fork."""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING

from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable


class CallLock:
    """Let one thread at a time call a client; the same thread may enter again.

    In a forked child, entering raises `InvalidInput` if another thread was in a call when the process forked,
    or if `has_pending` returned True. The child would otherwise wait for a thread that it does not have, or
    send the writes of its parent a second time.
    """

    def __init__(self, has_pending: Callable[[], bool]) -> None:
        """Start unlocked."""
        self._lock = threading.RLock()
        self._has_pending = has_pending
        self._problem: str | None = None
        _LOCKS.add(self)

    def __enter__(self) -> None:
        """Wait for the lock, and take it."""
        if self._problem is not None:
            raise InvalidInput(
                f"This process was forked while its parent's sync client {self._problem}: build another "
                "client in the child."
            )
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        """Release the lock."""
        self._lock.release()

    def check_after_fork(self) -> None:
        """Note in a forked child whether the client can be used."""
        if not self._lock.acquire(blocking=False):
            self._problem = "was in a call of another thread"
            return
        self._lock.release()
        if self._has_pending():
            self._problem = "had pending writes"


_LOCKS: weakref.WeakSet[CallLock] = weakref.WeakSet()


def _check_in_child() -> None:
    for lock in list(_LOCKS):
        lock.check_after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_check_in_child)
