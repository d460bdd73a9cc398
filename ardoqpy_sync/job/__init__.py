"""Jobs: a file that says where rows come from and what becomes of them in Ardoq.

job = load_job("cmdb.toml")
with client_of(job, simulate=True) as ardoq:
    outcome = run_job(job, ardoq)
    print(ardoq.plan.describe())
"""

from __future__ import annotations

from ardoqpy_sync.job.connect import client_of
from ardoqpy_sync.job.model import Job
from ardoqpy_sync.job.parser import load_job, read_job
from ardoqpy_sync.job.problems import JobInvalid, Problem
from ardoqpy_sync.job.result import Outcome
from ardoqpy_sync.job.runner import run_job, troubles_of
from ardoqpy_sync.job.state_file import read_memory, write_memory

__all__ = [
    "Job",
    "JobInvalid",
    "Outcome",
    "Problem",
    "client_of",
    "load_job",
    "read_job",
    "read_memory",
    "run_job",
    "troubles_of",
    "write_memory",
]
