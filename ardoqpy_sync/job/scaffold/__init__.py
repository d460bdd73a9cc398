"""Write a first job, for a person to read and change, from workspaces and the sheets of files."""

from __future__ import annotations

from ardoqpy_sync.job.scaffold.first_job import FirstJob, scaffold_job, write_first_job
from ardoqpy_sync.job.scaffold.sheets import FileOptions, read_sheets

__all__ = ["FileOptions", "FirstJob", "read_sheets", "scaffold_job", "write_first_job"]
