"""What the library logs, handed to a program that shows it its own way."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["logs_to"]

LOGGERS = ("ardoqpy", "ardoqpy_sync")


@contextmanager
def logs_to(tell: Callable[[str], None], *, verbose: bool) -> Iterator[None]:
    """Hand over each line that the library logs: warnings and, if `verbose`, what is asked again."""
    handler = _Telling(tell)
    level = logging.INFO if verbose else logging.WARNING
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).setLevel(level)
    try:
        yield
    finally:
        for name, its_level in before.items():
            logging.getLogger(name).setLevel(its_level)
            logging.getLogger(name).removeHandler(handler)


class _Telling(logging.Handler):
    """Hand over the message of a record, and no traceback."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Hand one over."""
        self._tell(record.getMessage())
