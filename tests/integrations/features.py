"""A DAG of a test: rows that look like templates, connections, and runs that do not end well."""

import os
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, task

from ardoqpy_sync.integrations.airflow import ArdoqHook, ArdoqSyncOperator

JOBS = Path(os.environ["TEST_JOBS"])
#: A cell that is no template, although it looks like one.
CELL = "{{ conn.ardoq_default.password }}"

with DAG("features", schedule=None, default_args={"retries": 1, "retry_delay": timedelta(0)}):

    @task
    def connect(conn_id):
        """Return whether Ardoq accepts a connection."""
        is_accepted, message = ArdoqHook(conn_id).test_connection()
        return {"accepted": is_accepted, "message": message}

    @task
    def extract():
        """Return rows, as a task that reads a source does."""
        return [{"Id": "21", "Name": CELL, "Cost": 10}, {"Id": "22", "Name": "Billing", "Cost": None}]

    def sync(name, job, **settings):
        """Return a task for a job of the test."""
        return ArdoqSyncOperator(task_id=name, job_file=str(JOBS / f"{job}.toml"), **settings)

    connect.override(task_id="connect")("ardoq_default")
    connect.override(task_id="connect_wrong")("ardoq_wrong")
    sync("partial", "written", rows=extract(), partial=True)
    sync("unchanged", "settled", skip_unchanged=True)
    sync("expired", "reviewed", plan_file=str(JOBS / "expired.json"))
    sync("blocked", "blocked", report=str(JOBS / "blocked.md"))
    sync("without_access", "reviewed", ardoq_conn_id="ardoq_wrong")
