"""Airflow: its own commands run DAGs with our operator, and what they leave is what a run leaves."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import pytest
from engine_jobs import TOKEN, code_of_page, engine_emulator, files_with, stored, write_job, write_rows

from ardoqpy_sync.integrations.airflow_provider import get_provider_info
from ardoqpy_sync.integrations.unattended import run_unattended
from ardoqpy_sync.ledger.ledger import Ledger
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.reporting.exit_codes import DONE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("airflow") is None, reason="Airflow is not installed"),
]
HERE = Path(__file__).parent
POSTGRESQL = "ARDOQPY_TEST_POSTGRESQL"
JOBS, SLOTS, ROWS = 20, 4, 10
#: Requests per second of all tasks together.
LIMIT = 120
#: A cell that looks like a template.
CELL = "{{ conn.ardoq_default.password }}"
COMMANDS = (
    "db migrate",
    f"pools set ardoq {SLOTS} jobs",
    "dags test features",
    "dags test cmdb_to_ardoq",
    "dags test all_jobs_to_ardoq",
    "dags test plan_for_ardoq",
    """dags test apply_to_ardoq --conf '{"approved_by": "Ada"}'""",
)


class Airflow:
    """The folder of an Airflow, and what its commands left there."""

    def __init__(self, home):
        self.home = home
        self.jobs = home / "jobs"
        self.logs = []

        with socket.create_server(("127.0.0.1", 0)) as held:
            self.port = held.getsockname()[1]
        self.environment = {
            **os.environ,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self.port}/execution/",
            "AIRFLOW__CORE__PARALLELISM": str(2 * SLOTS),
            "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-that-all-processes-of-this-airflow-know",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
            "TEST_JOBS": str(self.jobs),
        }

    @contextlib.contextmanager
    def start(self, *commands):
        """Start commands of Airflow in a process, which ends with the `with` block."""
        with (self.home / f"printed-{len(self.logs)}.log").open("w", encoding="utf-8") as log:
            self.logs.append(Path(log.name))
            process = subprocess.Popen(
                [sys.executable, HERE / "airflow_commands.py", *commands],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def run(self, *commands):
        """Run commands of Airflow to their end."""
        with self.start(*commands) as process:
            assert process.wait(600) == 0, self.printed[-3000:]

    def schedule(self, dag):
        """Run a DAG with the scheduler of Airflow and its workers, until the run has ended."""
        server = f"api-server --apps execution --host 127.0.0.1 --port {self.port} --workers 1"
        scheduler = ("dags reserialize", f"dags unpause {dag} --yes", f"dags trigger {dag}", "scheduler -s")
        with self.start(server), self.start(*scheduler) as process:
            for _ in range(3000):
                states = self.query(
                    "SELECT state FROM dag_run "
                    "WHERE triggered_by != 'TEST' AND state IN ('success', 'failed')"
                )
                if states or process.poll() is not None:
                    break
                time.sleep(0.2)
        assert states == [("success",)], self.printed[-3000:]

    @property
    def printed(self):
        """What the commands have printed."""
        return "".join(log.read_text(encoding="utf-8") for log in self.logs)

    def query(self, statement):
        """Return what its database answers."""
        connection = sqlite3.connect(self.home / "airflow.db")
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def ends(self, dag):
        """Return the state and the number of tries of each task of a DAG."""
        rows = self.query(
            f"SELECT task_id, map_index, state, try_number FROM task_instance WHERE dag_id = '{dag}'"
        )
        return {(task, index): (state, tries) for task, index, state, tries in rows}

    def xcoms(self, task, key="return_value", dag="%"):
        """Return the values that a task left under a key."""
        rows = self.query(
            f"SELECT value FROM xcom WHERE task_id = '{task}' AND key = '{key}' AND dag_id LIKE '{dag}'"
        )
        return [json.loads(value) for (value,) in rows]


def connection(url, token=TOKEN, **extra):
    """Return a connection to Ardoq as Airflow reads it from the environment."""
    return json.dumps({"conn_type": "ardoq", "host": url, "password": token, "extra": extra})


@pytest.fixture(scope="module")
def ledger():
    """Return the setting for the ledger of the jobs, and its environment: PostgreSQL, if there is one."""
    url = os.environ.get(POSTGRESQL)
    if not url:
        yield "", {}
        return
    sqlalchemy = pytest.importorskip("sqlalchemy")
    schema = f"airflow_{uuid.uuid4().hex}"
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as database:
        database.exec_driver_sql(f"CREATE SCHEMA {schema}")
    environment = {"LEDGER_URL": f"{url}?options=-csearch_path%3D{schema}"}
    yield 'ledger = { url_env = "LEDGER_URL" }', environment
    with engine.connect() as database:
        database.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    engine.dispose()


def nightly_rows(job, cost=0):
    """Return the rows of one of the nightly jobs."""
    return [(f"{job}-{row}", f"App {job}-{row}", row + cost) for row in range(ROWS)]


@pytest.fixture(scope="module")
def nightly_server():
    """Run the emulator for the nightly jobs, which rejects what is above the limit."""
    with engine_emulator(rate_limit=LIMIT) as server:
        yield server


@pytest.fixture(scope="module")
def server():
    """Run the emulator for the other tasks."""
    with engine_emulator() as server:
        yield server


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, server, nightly_server, ledger):
    """Return an Airflow that has run both DAGs."""
    airflow = Airflow(tmp_path_factory.mktemp("airflow"))
    jobs = airflow.jobs
    for folder in (airflow.home / "dags", jobs / "nightly", jobs / "plans"):
        folder.mkdir(parents=True)
    shutil.copy(HERE / "features.py", airflow.home / "dags")
    for number, code in enumerate(code_of_page("airflow")):
        path = airflow.home / "dags" / f"page_{number}.py"
        # Without a schedule, no run starts but those of the test.
        dags = re.sub(r'schedule="[^"]*"', "schedule=None", code.replace("/srv/ardoq/jobs", str(jobs)))
        path.write_text(dags, encoding="utf-8")
    write_job(jobs, "cmdb")
    write_job(jobs, "written", rows=[("20", "Written", 2)])
    write_job(jobs, "reviewed", rows=[("10", "Reviewed", 1)])
    settings = {"hosturl": server.url, "token": TOKEN}
    write_old_plan(jobs, settings)
    write_job(jobs, "settled", rows=[("30", "Settled", 3)])
    for name in ("written", "settled"):
        assert run_unattended(str(jobs / f"{name}.toml"), **settings).exit_code == DONE
    # A run that created three, and a source that has none of them: the guard allows one delete.
    blocked = write_job(jobs, "blocked", rows=[(f"b{row}", f"Kept {row}", row) for row in range(3)])
    assert run_unattended(blocked, **settings).exit_code == DONE
    write_job(jobs, "blocked", rows=[("b9", "New", 9)])
    setting, environment = ledger
    for job in range(JOBS):
        write_job(jobs / "nightly", f"job{job:02}", run=setting, rows=nightly_rows(job))
    airflow.environment |= {
        **environment,
        "AIRFLOW_CONN_ARDOQ_DEFAULT": connection(server.url),
        "AIRFLOW_CONN_ARDOQ_NIGHTLY": connection(nightly_server.url, rate_limit=LIMIT / SLOTS),
        "AIRFLOW_CONN_ARDOQ_WRONG": connection(server.url, "another-token"),
    }
    airflow.run(*COMMANDS)
    return airflow


@pytest.fixture(scope="module")
def scheduled(airflow):
    """Return an Airflow whose scheduler has run all nightly jobs once more, with other costs."""
    for job in range(JOBS):
        write_rows(airflow.jobs / "nightly" / f"job{job:02}.csv", nightly_rows(job, cost=100))
    (airflow.home / "dags" / "features.py").unlink()
    airflow.schedule("all_jobs_to_ardoq")
    return airflow


def write_old_plan(jobs, settings):
    """Save a plan of a job that was made long ago."""
    path = jobs / "expired.json"
    assert run_unattended(
        str(jobs / "reviewed.toml"), plan_only=True, plan_file=str(path), **settings
    ).document
    plan = Plan.load(path)
    plan.origin["at"] = "2026-01-02T03:04:05Z"
    plan.sha256 = plan.content_sha256
    plan.save(path)


def test_rows_of_another_task_become_components(airflow, server):
    """The rows that a task returns are the rows of a source, and no cell of them is a template."""
    assert airflow.ends("features")["partial", -1] == ("success", 1)
    assert (CELL, "21", 10) in stored(server)
    assert ("Billing", "22", None) in stored(server)


def test_partial_rows_delete_nothing_and_a_run_without_changes_can_be_skipped(airflow, server):
    """Partial rows make nothing missing that the job has written; a task without changes is skipped."""
    (summary,) = airflow.xcoms("partial")
    assert (summary["totals"]["component"]["created"], summary["totals"]["component"]["missing"]) == (2, 0)
    assert ("Written", "20", 2) in stored(server)
    assert airflow.ends("features")["unchanged", -1] == ("skipped", 1)


def test_a_run_leaves_its_totals_its_report_and_an_asset_event(airflow, server):
    """The task returns the summary of its run; its totals are an XCom and in the event of its asset."""
    assert airflow.ends("cmdb_to_ardoq")["sync", -1] == ("success", 1)
    assert ("Orders", "1", 1200) in stored(server)
    (summary,), (totals,), (report,) = (
        airflow.xcoms("sync", key, "cmdb_to_ardoq") for key in ("return_value", "totals", "report")
    )
    assert summary["status"] == "done"
    assert summary["totals"] == totals
    assert totals["component"]["created"] == 1
    assert report == summary["report"]
    assert Path(report).parent == airflow.jobs / "reports"
    assert "Orders" in Path(report).read_text(encoding="utf-8")
    ((extra,),) = airflow.query("SELECT extra FROM asset_event")
    assert json.loads(extra) == {"totals": totals, "report": report}


def test_a_plan_is_applied_as_it_was_made(airflow, server):
    """One DAG saves a plan, which changes nothing; the other one applies it, with who approved it."""
    assert airflow.ends("plan_for_ardoq") == {("plan", -1): ("success", 1)}
    assert airflow.ends("apply_to_ardoq") == {("apply", -1): ("success", 1)}
    (plan,), (applied,) = airflow.xcoms("plan"), airflow.xcoms("apply")
    assert (plan["status"], applied["status"]) == ("changes", "done")
    assert plan["totals"]["component"]["created"] == applied["totals"]["component"]["created"] == 1
    assert stored(server).count(("Reviewed", "10", 1)) == 1
    ledger = Ledger.open(airflow.jobs / "reviewed.ledger.db", "reviewed", read_only=True)
    runs = [(run.command, run.approved_by, run.status) for run in ledger.runs()]
    ledger.close()
    assert ("apply plan", "Ada", "success") in runs


def test_what_needs_a_person_fails_without_a_retry(airflow, server):
    """A run that the delete guard blocks, and an old plan, fail in their first try; nothing is deleted."""
    ends = airflow.ends("features")
    assert ends["blocked", -1] == ends["expired", -1] == ("failed", 1)
    assert "The delete guard blocked the deleting or marking of 3 entities" in airflow.printed
    assert re.search(r"The plan was made \d+ h ago, at 2026-01-02T03:04:05Z", airflow.printed)
    assert {"Kept 0", "Kept 1", "Kept 2", "New"} <= {name for name, _, _ in stored(server)}
    (totals,) = airflow.xcoms("blocked", "totals")
    assert totals["component"]["missing"] == 3
    assert "Kept 0" in (airflow.jobs / "blocked.md").read_text(encoding="utf-8")


def test_an_error_that_can_pass_is_tried_again(airflow):
    """A run that Ardoq does not let in is tried as often as the task allows."""
    assert airflow.ends("features")["without_access", -1] == ("failed", 2)


def test_the_connection_can_be_tested(airflow):
    """Testing a connection says whether Ardoq accepts it, and why it does not."""
    (accepted,), (rejected,) = airflow.xcoms("connect"), airflow.xcoms("connect_wrong")
    assert accepted["accepted"]
    assert accepted["message"].endswith("accepts the access token.")
    assert not rejected["accepted"]
    assert "401 Unauthorized" in rejected["message"]


def test_mapped_tasks_in_a_pool_end_as_one_process_would(
    scheduled, nightly_server, ledger, monkeypatch, tmp_path
):
    """Twenty jobs, a mapped task each, end as in one process, and never exceed the limit of their pool."""
    tasks = scheduled.query(
        "SELECT run_id, state, try_number, start_date, end_date FROM task_instance "
        "WHERE dag_id = 'all_jobs_to_ardoq' AND task_id = 'sync'"
    )
    assert len(tasks) == 2 * JOBS
    assert {(state, tries) for _, state, tries, _, _ in tasks} == {("success", 1)}
    # The first run is that of `dags test`, one task after the other; the second is that of the scheduler.
    runs = [[(start, end) for run, _, _, start, end in tasks if run == run_id] for run_id, *_ in tasks]
    at_a_time = {most_at_a_time(run) for run in runs}
    assert 1 in at_a_time
    assert 1 < max(at_a_time) <= SLOTS
    assert 429 not in {request.status for request in nightly_server.requests}
    _, environment = ledger
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with engine_emulator() as other:
        for job, cost in product(range(JOBS), (0, 100)):
            path = write_job(tmp_path, f"job{job:02}", rows=nightly_rows(job, cost))
            assert run_unattended(path, hosturl=other.url, token=TOKEN).exit_code == DONE
        assert stored(nightly_server) == stored(other)
    again = {"hosturl": nightly_server.url, "token": TOKEN, "plan_only": True}
    jobs = sorted((scheduled.jobs / "nightly").glob("*.toml"))
    assert {run_unattended(str(job), **again).exit_code for job in jobs} == {DONE}
    assert all(Path(f"{job}.html").exists() for job in jobs)


def most_at_a_time(spans):
    """Return how many spans of time overlap, at most."""
    return max(sum(start <= at < end for start, end in spans) for at, _ in spans)


def test_the_token_is_nowhere(scheduled):
    """Neither the logs of its commands and tasks, nor the database, nor a report has the access token."""
    assert files_with(scheduled.home, TOKEN) == []
    assert len(files_with(scheduled.home / "logs", "API v2")) >= JOBS
    assert "API v2" in scheduled.printed


def test_the_provider_is_described_by_the_schema_of_airflow():
    """What the package says about its connection type is what Airflow reads, and names what exists."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = Path(find_spec("airflow").origin).parent / "provider_info.schema.json"
    jsonschema.validate(get_provider_info(), json.loads(schema.read_text(encoding="utf-8")))
