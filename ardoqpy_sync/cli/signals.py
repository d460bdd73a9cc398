"""Ctrl-C and SIGTERM: one interrupt ends a run, and then there is time for its report."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How often somebody presses Ctrl-C to end a run without its report.
INSISTING = 3


class Interrupts:
    """Raise `KeyboardInterrupt` at the first signal, and leave those that follow to what reports the run.

    The third Ctrl-C raises `KeyboardInterrupt` again. `check` raises it, too: Python ignores an exception
    that a signal raises while it collects garbage.
    """

    def __init__(self) -> None:
        """Start with no signal."""
        self._held = False
        self._pressed = 0
        self._received = False

    def hold(self) -> None:
        """Ignore signals from now on: the run is over."""
        self._held = True

    def handle(self, number: int, _frame: object) -> None:
        """Handle a signal."""
        self._pressed += number == signal.SIGINT
        if self._held and self._pressed < INSISTING:
            return
        self._held = self._received = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if a signal has interrupted the run: call it before each write."""
        if self._received:
            raise KeyboardInterrupt


@contextmanager
def interrupts_once() -> Iterator[Interrupts]:
    """Let the first Ctrl-C or SIGTERM in this block raise `KeyboardInterrupt`, and ignore the next ones."""
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts  # only the main thread gets signals
        return
    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell
        numbers.remove(signal.SIGINT)
    previous = {number: signal.signal(number, interrupts.handle) for number in numbers}
    try:
        yield interrupts
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
