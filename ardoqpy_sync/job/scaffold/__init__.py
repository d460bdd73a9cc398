"""Write a first job or model, for a person to read and change, from the sheets of files."""

from __future__ import annotations

from ardoqpy_sync.job.scaffold.first_job import scaffold_job, write_first_job
from ardoqpy_sync.job.scaffold.first_model import write_first_model
from ardoqpy_sync.job.scaffold.sheets import FileOptions, FirstFile

__all__ = ["FileOptions", "FirstFile", "scaffold_job", "write_first_job", "write_first_model"]
