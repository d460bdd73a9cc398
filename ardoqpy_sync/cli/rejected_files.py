"""The files with rejected rows: one for each source, so that somebody corrects the rows and returns them."""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from ardoqpy._http import files
from ardoqpy._http.local_files import open_regular_file
from ardoqpy._messages import quote_name
from ardoqpy._terminal import escape_controls
from ardoqpy.cli.errors import CommandError
from ardoqpy.errors import ArdoqClientException
from ardoqpy_sync.job.rejected import collect_rejected, suffixes_of, used_sources, write_rejected
from ardoqpy_sync.reporting.exit_codes import FAILED, most_severe
from ardoqpy_sync.reporting.labels import plural
from ardoqpy_sync.sources.row_layout import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.job import Job
    from ardoqpy_sync.job.execution import RunResult
    from ardoqpy_sync.job.trace import RunTrace

#: What a name of a source can have that the name of a file cannot, or that would lead to another folder.
_NOT_IN_NAMES = re.compile(r"[^\w .-]")
#: The column of reasons as a file has it, and in how many of its first bytes.
_MARKS = tuple(REASONS.encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_HEAD = 1 << 20
#: Where a workbook has its texts: of all sheets, or in the sheet.
_TEXTS = ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml")


def rejected_paths(job: Job, path: str) -> dict[str, str]:
    """Return by source the file for its rejected rows.

    That is the file itself for a job with one source. Otherwise, its name gets that of the source, and the
    suffix of that type of source: `rejected.csv` becomes `rejected.apps.csv` and `rejected.servers.xlsx`.

    Raise `CommandError` if the one source is written with another suffix.
    """
    sources = {name: suffixes_of(job, name) for name in used_sources(job)}
    stem, suffix = os.path.splitext(path)  # noqa: PTH122
    if len(sources) == 1:
        ((name, suffixes),) = sources.items()
        if suffix.lower() not in suffixes:
            raise CommandError(
                f"The file {path!r} cannot have the rejected rows of source {quote_name(name)}: its name has "
                f"to end with {' or '.join(suffixes)}."
            )
        return {name: path}
    return {
        name: f"{stem}.{_NOT_IN_NAMES.sub(lambda sign: f'%{ord(sign[0]):x}', name)}{suffixes[0]}"
        for name, suffixes in sources.items()
    }


def is_of_earlier_run(path: str) -> bool:
    """Return whether a file has rejected rows of an earlier run, or is empty: no other file is replaced."""
    try:
        with open_regular_file(path) as file:
            content = file.read(_HEAD)
        if zipfile.is_zipfile(path):
            content = _read_texts(path)
    except (OSError, RuntimeError, zlib.error, zipfile.BadZipFile):
        return False
    return not content or any(mark in content for mark in _MARKS)


def _read_texts(path: str) -> bytes:
    with zipfile.ZipFile(path) as book:
        parts = [name for name in _TEXTS if name in book.namelist()]
        return b"".join(book.open(name).read(_HEAD) for name in parts) or b"no texts"


class RejectedFiles:
    """The files of one run, of which none has rows of an earlier run."""

    def __init__(self, job: Job, paths: Mapping[str, str]) -> None:
        """Remove what an earlier run has left; raise `CommandError` if that is not possible."""
        self._job = job
        self._paths = paths
        self._removed: set[str] = set()
        for path in paths.values():
            try:
                os.unlink(path)  # noqa: PTH108
            except FileNotFoundError:
                continue
            except OSError as problem:
                raise CommandError(
                    f"The file {path!r} of an earlier run cannot be removed: {problem.strerror}."
                ) from None
            self._removed.add(path)

    def save(self, trace: RunTrace, client: ArdoqSyncClient, result: RunResult) -> None:
        """Write the rows that a run rejected, and add to its result what was written, or why that failed."""
        rejected = collect_rejected(trace, client)
        has_rows = False
        for name, path in self._paths.items():
            rows = rejected.get(name)
            if not rows:
                continue
            has_rows = True
            try:
                written = write_rejected(self._job, client, name, trace.sources[name], rows)
                files.save(iter([written.content]), path)
            except ArdoqClientException as problem:
                result.errors.append(f"{path}: {problem}")
                result.exit_code = most_severe(result.exit_code, FAILED)
                continue
            summary = (
                f"{plural(written.rows, 'rejected row')} of source {quote_name(name)} in {path}, with the "
                f"reasons in the column {quote_name(written.column)}"
            )
            result.more_lines.append(escape_controls(summary))
            result.warnings += [f"{path}: {note}" for note in written.notes]
        if not has_rows:
            files_are = "no file is" if len(self._paths) > 1 else f"{next(iter(self._paths.values()))} is not"
            removed = "; what an earlier run left is removed" if self._removed else ""
            result.more_lines.append(escape_controls(f"No row is rejected: {files_are} written{removed}"))
        if result.ended_early:
            result.more_lines.append("The run ended early: rows that it did not get to are in no file")
