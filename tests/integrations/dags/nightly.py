"""All jobs of a folder, a mapped task for each, in a pool that limits how many run at a time."""

import os
from pathlib import Path

from airflow.sdk import DAG, task

from ardoqpy_sync.integrations.airflow import ArdoqSyncOperator

with DAG("nightly", schedule=None):

    @task
    def list_jobs():
        """Return the path of each job file."""
        return sorted(map(str, Path(os.environ["TEST_JOBS"], "nightly").glob("*.toml")))

    ArdoqSyncOperator.partial(
        task_id="sync", pool="ardoq", report="{{ task.job_file }}.md", ardoq_conn_id="ardoq_nightly"
    ).expand(job_file=list_jobs())
