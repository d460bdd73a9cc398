"""SIGTERM, by which cron, systemd and CI end a run, as if somebody had pressed Ctrl-C."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ending_like_ctrl_c"]


@contextmanager
def ending_like_ctrl_c() -> Iterator[None]:
    """Raise `KeyboardInterrupt` in this block at the first SIGTERM; those that follow are let pass."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return

    def end(*_: object) -> NoReturn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
