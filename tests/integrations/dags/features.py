"""What the operator and the hook do: rows of another task, a plan and its apply, and how runs end."""

import os
from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, Asset, task

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
        return [{"Id": "1", "Name": CELL, "Cost": 10}, {"Id": "2", "Name": "Orders", "Cost": None}]

    def sync(name, job=None, **settings):
        """Return a task for a job of the test."""
        return ArdoqSyncOperator(task_id=name, job_file=str(JOBS / f"{job or name}.toml"), **settings)

    connect.override(task_id="connect")("ardoq_default")
    connect.override(task_id="connect_wrong")("ardoq_wrong")
    sync(
        "from_task",
        rows={"apps": extract()},
        report=str(JOBS / "reports" / "{{ dag.dag_id }}.html"),
        outlets=[Asset("ardoq://test/apps")],
    )
    plan, plan_file = str(JOBS / "plans" / "plan.json"), JOBS / "plans"
    plan_file.mkdir(exist_ok=True)
    (
        sync("plan", "planned", plan_only=True, plan_file=plan, report=str(JOBS / "plan.json"))
        >> sync("apply", "planned", plan_file=plan, approved_by="Ada")
        >> sync("unchanged", "planned", skip_unchanged=True)
    )
    sync("expired", "planned", plan_file=str(JOBS / "expired.json"))
    sync("blocked", report=str(JOBS / "blocked.md"))
    sync("without_access", "planned", ardoq_conn_id="ardoq_wrong")
