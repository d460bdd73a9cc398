"""Ctrl-C and SIGTERM: one interrupt ends a run, and then there is time for its report."""

from __future__ import annotations

import _thread
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import ardoqpy
import ardoqpy_sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

#: How often somebody presses Ctrl-C to end a run without its report.
INSISTING = 3
#: After so many seconds a signal that came at a bad moment comes again.
PAUSE = 0.01
_SYNC = Path(ardoqpy_sync.__file__).parent
#: What waits for Ardoq, or for threads that do: there an exception does no harm, however long that takes.
_WAITING = (str(Path(ardoqpy.__file__).parent / "_http" / "transport.py"), threading.__file__)
#: What keeps the state of a run. An exception in the middle of it could leave a change that is in the report
#: and not among the writes to send.
_KEEPING = tuple(
    str(_SYNC / name)
    for name in ("client.py", "compare", "deletion", "engine.py", "ledger", "plans", "report.py", "writing")
)


class Interrupts:
    """Raise `KeyboardInterrupt` at the first signal, and leave those that follow to what reports the run.

    If the signal comes while the state of the run changes, it comes again a moment later. The third Ctrl-C
    raises `KeyboardInterrupt` in any case. `check` raises it, too: Python ignores an exception that a signal
    raises while it collects garbage.
    """

    def __init__(self) -> None:
        """Start with no signal."""
        self._held = False
        self._pressed = 0
        self._received = False

    def hold(self) -> None:
        """Ignore signals from now on: the run is over."""
        self._held = True

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal that came while `frame` was running."""
        self._pressed += number == signal.SIGINT
        insists = self._pressed >= INSISTING
        if self._held and not insists:
            return
        self._received = True
        if _changes_state(frame) and not insists:
            again = threading.Timer(PAUSE, _thread.interrupt_main, [signal.SIGTERM])
            again.daemon = True
            again.start()
            return
        self._held = True
        raise KeyboardInterrupt

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if a signal has interrupted the run: call it before each write."""
        if self._received:
            self._held = True  # what was put off comes again, and has interrupted the run already
            raise KeyboardInterrupt


def _changes_state(frame: FrameType | None) -> bool:
    """Return whether a frame is in code that keeps the state of a run, and does not wait for Ardoq."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file in _WAITING:
            return False
        if file.startswith(_KEEPING):
            return True
        frame = frame.f_back
    return False


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
