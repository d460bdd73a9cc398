"""Jobs: files that describe how the rows of sources become components and references in Ardoq.

To preview one:

    job = load_job("cmdb.toml")
    with open_client(job, simulate=True) as ardoq:
        result = run_job(job, ardoq)
        print(ardoq.plan.describe())
"""

from __future__ import annotations

from ardoqpy_sync.job.connect import open_client
from ardoqpy_sync.job.file.model import Job
from ardoqpy_sync.job.file.parser import load_job, parse_job
from ardoqpy_sync.job.file.problems import JobInvalid, Problem
from ardoqpy_sync.job.result import JobResult
from ardoqpy_sync.job.runner import find_problems, run_job

__all__ = [
    "Job",
    "JobInvalid",
    "JobResult",
    "Problem",
    "find_problems",
    "load_job",
    "open_client",
    "parse_job",
    "run_job",
]
