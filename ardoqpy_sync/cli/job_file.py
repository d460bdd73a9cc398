"""Load a job file for a command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ardoqpy._http.local_files import open_regular_file
from ardoqpy.cli.errors import CommandError
from ardoqpy_sync.job import load_job
from ardoqpy_sync.job.file.schema import NAMES_ARE_KEPT
from ardoqpy_sync.reporting.exit_codes import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ardoqpy_sync.job import Job


def is_json(path: str) -> bool:
    """Return whether a file is JSON, such as a saved plan, and not a job: TOML never starts like that."""
    try:
        with open_regular_file(path) as file:
            return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"
    except (OSError, ValueError):
        return False  # reported when it is loaded


def load_job_file(path: str, redact: Sequence[str] = ()) -> Job:
    """Return the job of a file.

    - `redact`: further fields, by their API names, whose values its ledger does not keep.

    Raise `JobInvalid` for a mistake in it, and `CommandError` for a plan or a run document, or for what
    cannot be kept out.
    """
    if is_json(path):
        raise CommandError(
            f"The file {path!r} is JSON, not a job. Use '{NAME} apply' for a saved plan, and '{NAME} report' "
            "for a run document."
        )
    job = load_job(path)
    if "name" in redact:
        raise CommandError(f"--redact: {NAMES_ARE_KEPT}")
    return replace(job, run={**job.run, "redact": [*job.run.get("redact", ()), *redact]}) if redact else job
