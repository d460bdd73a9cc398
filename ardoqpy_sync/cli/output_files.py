"""Check the files that a command writes, its lock file and its ledger before anything runs."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import PurePath
from typing import TYPE_CHECKING

from ardoqpy._http.local_files import is_special_file
from ardoqpy.cli.errors import CommandError
from ardoqpy.errors import ArdoqClientException
from ardoqpy_sync.cli.rejected_files import RejectedFiles, is_of_earlier_run, rejected_paths
from ardoqpy_sync.cli.webhook import webhook_address
from ardoqpy_sync.job.connect import ledger_location, lock_of, resolve_path

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


def check_output_files_of(job: Job, paths: Iterable[str]) -> None:
    """Raise `CommandError` if an output file would overwrite the job, its lock, its ledger or a source."""
    location = ledger_location(job)
    inputs = [str(job.path), str(lock_of(job).path), *_source_files(job)]
    paths = list(paths)
    check_output_files(paths, [*inputs, *([location] if isinstance(location, str) else [])])
    for path in paths:
        _check_is_no_source(job, path)


def find_file_problems(job: Job, options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Yield every problem that a run of a job would have with its lock, ledger, output and webhook.

    - `options`: with `report`, `save`, `rejected` and `webhook`.

    Each is a pair of `lock`, `ledger`, `report`, `plan`, `rejected` or `webhook`, and what is wrong. Nothing
    is written or sent.
    """
    lock = lock_of(job)
    try:
        lock.try_out()
    except ArdoqClientException as problem:
        yield "lock", str(problem)
    used = {os.path.realpath(path) for path in (str(job.path), str(lock.path), *_source_files(job))}
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
    if options.rejected is not None:
        try:
            _check_rejected_paths(job, options.rejected, used)
        except CommandError as problem:
            yield "rejected", str(problem)
    try:
        webhook_address(options.webhook)
    except ArdoqClientException as problem:
        yield "webhook", str(problem)


def open_rejected_files(job: Job, options: argparse.Namespace) -> RejectedFiles | None:
    """Return the files for rejected rows, without those of an earlier run; None if they are not asked for.

    - `options`: with `rejected`, `report`, `save` and `since`, as far as the command has them.

    Raise `CommandError` if a file cannot be written, would overwrite another one, or would become a source.
    """
    if options.rejected is None:
        return None
    location = ledger_location(job)
    others = [getattr(options, "save", None), getattr(options, "since", None), *options.report]
    others += [str(job.path), str(lock_of(job).path), location if isinstance(location, str) else None]
    used = {os.path.realpath(path) for path in (*filter(None, others), *_source_files(job))}
    return RejectedFiles(job, _check_rejected_paths(job, options.rejected, used))


def _check_rejected_paths(job: Job, file: str, used: set[str]) -> dict[str, str]:
    paths = rejected_paths(job, file)
    for path in paths.values():
        problem = _output_problem(path, used)
        if problem is not None:
            raise CommandError(problem)
        if os.path.lexists(path) and not is_of_earlier_run(path):
            raise CommandError(
                f"The file {path!r} exists, and does not have rejected rows of an earlier run: it is not "
                "replaced. Move it away, or use another name."
            )
        _check_is_no_source(job, path)
    return paths


def _check_is_no_source(job: Job, path: str) -> None:
    real = os.path.realpath(path)
    for pattern in _source_files(job):
        if _matches(real, os.path.realpath(pattern)):
            raise CommandError(
                f"The file {path!r} would be read as a source by the next run, because it matches "
                f"{pattern!r}. Use another folder or name."
            )


def _source_files(job: Job) -> list[str]:
    """Return the files that a job reads as sources; some are patterns."""
    return [resolve_path(job, table["file"]) for table in job.sources.values() if "file" in table]


def _matches(path: str, pattern: str) -> bool:
    """Return whether a pattern of a source finds a file; for one with `**`, whether it may."""
    if "**" in pattern:
        return fnmatch(path, pattern.replace(f"**{os.sep}", "*"))
    return PurePath(path).match(pattern)


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
