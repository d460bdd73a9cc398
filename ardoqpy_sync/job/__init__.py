"""
Jobs: a file that says where rows come from and what becomes of them in Ardoq.

    job = load_job("cmdb.toml")
    with ArdoqSyncClient(host, token, version="v2", simulate=True, on_error="collect") as ardoq:
        outcome = run_job(job, ardoq)
        print(ardoq.plan.describe())
"""

from __future__ import annotations

from ardoqpy_sync.job.job import Job
from ardoqpy_sync.job.outcome import Outcome
from ardoqpy_sync.job.reading import load_job, read_job
from ardoqpy_sync.job.running import run_job, troubles_of
from ardoqpy_sync.job.troubles import JobRefused, Trouble

__all__ = ["Job", "JobRefused", "Outcome", "Trouble", "load_job", "read_job", "run_job", "troubles_of"]
