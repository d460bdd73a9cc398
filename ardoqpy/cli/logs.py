"""Log messages of the library, passed on to a program that shows them."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOGGERS = ("ardoqpy", "ardoqpy_sync")


@contextmanager
def forward_logs(show: Callable[[str], None], *, verbose: bool) -> Iterator[None]:
    """Call `show` with each message that the library logs: warnings and, if `verbose`, retries."""
    handler = _Handler(show)
    level = logging.INFO if verbose else logging.WARNING
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(level)
    try:
        yield
    finally:
        for name, previous in levels.items():
            logging.getLogger(name).setLevel(previous)
            logging.getLogger(name).removeHandler(handler)


class _Handler(logging.Handler):
    """Pass on the message of a record, without its traceback."""

    def __init__(self, show: Callable[[str], None]) -> None:
        """Keep the function to call."""
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on one message."""
        self._show(record.getMessage())
