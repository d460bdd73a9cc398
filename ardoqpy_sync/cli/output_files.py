"""Check the files that a command writes, its lock file and its ledger before anything runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ardoqpy._http.local_files import is_special_file
from ardoqpy.cli.errors import CommandError
from ardoqpy.errors import ArdoqClientException
from ardoqpy_sync.cli.run_job import lock_of
from ardoqpy_sync.cli.webhook import webhook_address
from ardoqpy_sync.job.connect import ledger_location, resolve_path

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from ardoqpy_sync.job import Job


def check_output_files(paths: Iterable[str], inputs: Iterable[str]) -> None:
    """Raise `CommandError` if an output file cannot be written, or would overwrite another or an input."""
    used = {os.path.realpath(path) for path in inputs}
    for path in paths:
        problem = _output_problem(path, used)
        if problem is not None:
            raise CommandError(problem)


def find_file_problems(job: Job, options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield every problem that a run of a job would have with its lock, ledger, output and webhook.

    - `options`: with `report`, `save` and `webhook`.

    Each is a pair of `lock`, `ledger`, `report`, `plan` or `webhook`, and what is wrong. Nothing is
    written or sent.
    """
    lock = lock_of(job)
    try:
        lock.try_out()
    except ArdoqClientException as problem:
        yield "lock", str(problem)
    sources = [resolve_path(job, table["file"]) for table in job.sources.values() if "file" in table]
    used = {os.path.realpath(path) for path in (str(job.path), str(lock.path), *sources)}
    outputs = [("report", path) for path in options.report]
    if options.save is not None:
        outputs.append(("plan", options.save))
    location = ledger_location(job)
    if isinstance(location, str):
        outputs.insert(0, ("ledger", location))
    for part, path in outputs:
        message = _output_problem(path, used)
        if message is not None:
            yield part, message
    try:
        webhook_address(options.webhook)
    except ArdoqClientException as problem:
        yield "webhook", str(problem)


def _output_problem(path: str, used: set[str]) -> str | None:
    """Return why a file cannot be written; if it can be, add its real path to `used`."""
    folder = os.path.dirname(path) or "."  # noqa: PTH120
    real = os.path.realpath(path)
    problem = None
    if not os.path.isdir(folder):  # noqa: PTH112
        problem = f"there is no folder {folder!r}"
    elif os.path.isdir(path):  # noqa: PTH112
        problem = "it is a folder"
    elif is_special_file(path):
        problem = "it is not a regular file"
    elif not os.access(folder, os.W_OK | os.X_OK):
        problem = f"the folder {folder!r} is not writable"
    elif real in used:
        return f"The file {path!r} would overwrite another file that this command reads or writes."
    used.add(real)
    return None if problem is None else f"The file {path!r} cannot be written: {problem}."
