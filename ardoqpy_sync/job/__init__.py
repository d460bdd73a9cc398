"""
Jobs: a file that says where rows come from and what becomes of them in Ardoq.

    job = load_job("cmdb.toml")
    with client_of(job, simulate=True) as ardoq:
        outcome = run_job(job, ardoq)
        print(ardoq.plan.describe())
"""

from __future__ import annotations

from ardoqpy_sync.job.connecting import client_of
from ardoqpy_sync.job.job import Job
from ardoqpy_sync.job.memory import read_memory, write_memory
from ardoqpy_sync.job.outcome import Outcome
from ardoqpy_sync.job.reading import load_job, read_job
from ardoqpy_sync.job.running import run_job, troubles_of
from ardoqpy_sync.job.troubles import JobRefused, Trouble

__all__ = [
    "Job",
    "JobRefused",
    "Outcome",
    "Trouble",
    "client_of",
    "load_job",
    "read_job",
    "read_memory",
    "run_job",
    "troubles_of",
    "write_memory",
]
