"""Open the ledger of a job file for a command that needs no connection to Ardoq."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from ardoqpy.cli.errors import CommandError
from ardoqpy_sync.cli.job_file import load_job_file
from ardoqpy_sync.job.connect import open_job_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ardoqpy_sync.ledger.ledger import Ledger


@contextmanager
def open_ledger_of(path: str, *, read_only: bool = False) -> Iterator[Ledger]:
    """Open the ledger of a job file, and close it at the end of the `with` block.

    Raise `CommandError` if the job has none, and `ConfigurationError` if it cannot be used.
    """
    ledger = open_job_ledger(load_job_file(path), read_only=read_only)
    if ledger is None:
        raise CommandError(f"The job {path!r} has no ledger: remove ledger = false from it.")
    try:
        yield ledger
    finally:
        ledger.close()
