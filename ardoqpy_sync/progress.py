"""The progress of a run: reported to a callback now and then, or shown as bars on a terminal."""

from __future__ import annotations

import atexit
import logging
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type
from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    import rich.progress

    Callback = Callable[[int, int | None, str], object]

LOADING, DECIDING, WRITING = "loading", "deciding", "writing"
#: How long a callback is left alone between two calls about the same, in seconds.
PAUSE = 0.1

logger = logging.getLogger(__name__)


class _Phase:
    """The progress of one phase: how many are done, of how many if known, and what was reported last."""

    __slots__ = ("at", "done", "reported", "total")

    def __init__(self) -> None:
        self.done = 0
        self.total: int | None = None
        self.reported: tuple[int, int | None] | None = None
        self.at = float("-inf")


class Progress:
    """Count what is done, and report it to a callback: at most ten times a second, and the last of all.

    `callback` is called with (done, total, what). Where it raises, that is logged once, it is called no
    more, and the run goes on: what only watches damages nothing. What is no `Exception`, such as
    `KeyboardInterrupt`, goes through; whatever was just counted is complete then. `clock` gives seconds.
    """

    def __init__(self, callback: Callback, clock: Callable[[], float] = monotonic) -> None:
        """Report progress to a callback."""
        self._callback: Callback | None = callback
        self._clock = clock
        self._phases = {what: _Phase() for what in (LOADING, DECIDING, WRITING)}

    def expect(self, what: str, more: int) -> None:
        """Say that so many more are to come, and no others."""
        phase = self._phases[what]
        phase.total = phase.done + more
        self._report(what, phase)

    def expect_rows(self, rows: int) -> None:
        """Say how many rows there are, those that were decided already among them."""
        phase = self._phases[DECIDING]
        phase.total = rows
        self._report(DECIDING, phase)

    def loaded(self) -> None:
        """Count a workspace that is loaded."""
        self._count(LOADING, 1)

    def decided(self) -> None:
        """Count a row that is decided."""
        self._count(DECIDING, 1)

    def wrote(self, number: int = 1) -> None:
        """Count writes that are done, well or badly."""
        self._count(WRITING, number)

    def settle(self) -> None:
        """Report what was left out so far, and release the terminal until there is more to report."""
        for what, phase in self._phases.items():
            if phase.reported not in (None, (phase.done, phase.total)):
                self._call(what, phase)
        stop = getattr(self._callback, "stop", None)
        if stop is not None:
            stop()

    def start_run(self) -> None:
        """Begin again at nothing."""
        self.settle()
        self._phases = {what: _Phase() for what in self._phases}

    def _count(self, what: str, number: int) -> None:
        phase = self._phases[what]
        phase.done += number
        if phase.total is not None and phase.done > phase.total:
            phase.total = None  # there are more than were expected: nobody knows how many
        self._report(what, phase)

    def _report(self, what: str, phase: _Phase) -> None:
        now = self._clock()
        if now - phase.at >= PAUSE or phase.done == phase.total:
            phase.at = now
            self._call(what, phase)

    def _call(self, what: str, phase: _Phase) -> None:
        phase.reported = phase.done, phase.total
        if self._callback is None:
            return
        try:
            self._callback(phase.done, phase.total, what)
        except Exception as problem:  # noqa: BLE001  (a callback may raise anything)
            self._callback = None
            logger.warning("The callback for progress failed and is not called again: %r", problem)


def make_progress(progress: Any) -> Progress | None:
    """Return what to count with, for the `progress` that a client is given; None where nobody would see it.

    Raise `ConfigurationError` where it is neither True, False, None nor callable.
    """
    if progress is None or progress is False:
        return None
    if progress is True:
        bars = _bars()
        return None if bars is None else Progress(bars)
    if not callable(progress):
        raise ConfigurationError(
            f"progress is {describe_type(progress)}: give a function of (done, total, what), or True for "
            "bars."
        )
    return Progress(progress)


def _bars() -> Bars | None:
    if not sys.stderr.isatty():
        return None
    try:
        import rich.progress  # noqa: F401, PLC0415  (an extra)
    except ImportError:
        return None
    return Bars()


class Bars:
    """Show a bar for each phase on the terminal, below what is printed, until `stop` is called."""

    def __init__(self) -> None:
        """Start without a bar."""
        self._bars: rich.progress.Progress | None = None
        self._tasks: dict[str, rich.progress.TaskID] = {}

    def __call__(self, done: int, total: int | None, what: str) -> None:
        """Show how far a phase is."""
        if self._bars is None:
            self._bars = self._start()
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total)
        self._bars.update(self._tasks[what], completed=done, total=total, refresh=True)

    def _start(self) -> rich.progress.Progress:
        from rich import progress  # noqa: PLC0415  (an extra)
        from rich.console import Console  # noqa: PLC0415

        # Without a separate thread, and without taking over what others print: stdout may be a pipe.
        bars = progress.Progress(
            progress.TextColumn("{task.description:>8}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            console=Console(stderr=True),
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        bars.start()
        atexit.register(self.stop)  # a terminal whose cursor is hidden stays so
        return bars

    def stop(self) -> None:
        """Leave the bars as they are, and give the terminal back."""
        if self._bars is not None:
            self._bars.stop()
            atexit.unregister(self.stop)
            self._bars, self._tasks = None, {}
