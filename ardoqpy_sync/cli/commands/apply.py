"""`ardoqpy-sync apply`: a job carried out, or a plan that was saved and reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy.cli.command import Command
from ardoqpy_sync.cli.options import add_connection, add_telling, settings_of, writable

if TYPE_CHECKING:
    import argparse

    from ardoqpy_sync.cli.notify import Came, Known
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.job import Job
    from ardoqpy_sync.plans.plan import Plan

__all__ = ["COMMAND"]

MOVED = ("skip", "refuse", "replan")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("job", metavar="JOB|PLAN", help="the job's file, or a plan that was saved")
    parser.add_argument(
        "--job",
        metavar="JOB",
        dest="job_of_plan",
        help="for a plan: the job that it was made of, which says how to reach Ardoq",
    )
    parser.add_argument(
        "--moved",
        choices=MOVED,
        help="for a plan: what becomes of it where something in Ardoq has moved since (skip that)",
    )
    add_telling(parser)
    add_connection(parser)


def _run(options: argparse.Namespace) -> int:
    from ardoqpy.cli.errors import Refusal  # noqa: PLC0415
    from ardoqpy_sync.cli.notify import run_and_tell  # noqa: PLC0415
    from ardoqpy_sync.cli.run_job import is_json  # noqa: PLC0415  (the first to need the client)

    writable(options.report, filter(None, [options.job, options.job_of_plan]))
    if is_json(options.job):
        return run_and_tell(options, "apply", lambda known: _plan_applied(options, known), simulated=False)
    for name, given in (("--job", options.job_of_plan), ("--moved", options.moved)):
        if given is not None:
            raise Refusal(f"{name} is for a saved plan, and {options.job!r} is none: leave it out.")
    return run_and_tell(options, "apply", lambda known: _applied(options, known), simulated=False)


def _applied(options: argparse.Namespace, known: Known) -> Came:
    from ardoqpy.errors import ArdoqClientException  # noqa: PLC0415
    from ardoqpy_sync.cli.exit_codes import DONE, FAILED  # noqa: PLC0415
    from ardoqpy_sync.cli.run_job import carried_out, memory_of, progress_for, the_job  # noqa: PLC0415
    from ardoqpy_sync.job import client_of, write_memory  # noqa: PLC0415
    from ardoqpy_sync.lock import JobLock  # noqa: PLC0415

    job = the_job(options.job)
    known.title = job.name
    with JobLock(_lock_of(job), job=job.name):
        memory, before = memory_of(job)
        with client_of(
            job,
            simulate=False,
            previous_report=before,
            progress=progress_for(options),
            **settings_of(options),
        ) as client:
            known.meet(client)
            came = carried_out(job, client)
            if memory is not None and came.status == DONE:
                try:
                    write_memory(memory, client.report, job=job.name, host=client.hosturl)
                except ArdoqClientException as problem:
                    came.complaints.append(str(problem))
                    came.status = FAILED
            return came


def _plan_applied(options: argparse.Namespace, known: Known) -> Came:
    from ardoqpy_sync.cli.run_job import progress_for, the_job  # noqa: PLC0415
    from ardoqpy_sync.job import client_of  # noqa: PLC0415
    from ardoqpy_sync.lock import JobLock  # noqa: PLC0415
    from ardoqpy_sync.plans.plan import Plan  # noqa: PLC0415

    plan = Plan.load(options.job)
    job = the_job(options.job_of_plan) if options.job_of_plan else None
    known.title = f"Plan of {plan.made['at']}" if job is None else f"{job.name}, plan of {plan.made['at']}"
    lock = f"{options.job}.lock" if job is None else _lock_of(job)
    settings = settings_of(options)
    with JobLock(lock, job=known.title if job is None else job.name):
        progress = progress_for(options)
        if job is None:
            client = _client_for(plan, progress=progress, **settings)
        else:
            client = client_of(job, simulate=False, progress=progress, **settings)
        with client:
            known.meet(client)
            return _carried_out(plan, client, options.moved or MOVED[0], known.title)


def _client_for(plan: Plan, *, progress: bool, **settings: Any) -> ArdoqSyncClient:
    """Return a client for a plan without its job: the version is that of the plan, the host never is."""
    from ardoqpy_sync.client import ArdoqSyncClient  # noqa: PLC0415
    from ardoqpy_sync.job.connect import VERSION  # noqa: PLC0415

    settings.setdefault("version", plan.made["api"])
    batch = settings["version"] == VERSION
    return ArdoqSyncClient(batch=batch, on_error="collect", progress=progress, **settings)


def _carried_out(plan: Plan, client: ArdoqSyncClient, moved: str, title: str) -> Came:
    from ardoqpy.errors import ArdoqClientException, PlanDrifted  # noqa: PLC0415
    from ardoqpy_sync.cli.exit_codes import DONE, FAILED, INTERRUPTED, REFUSED, worst  # noqa: PLC0415
    from ardoqpy_sync.cli.notify import Came  # noqa: PLC0415
    from ardoqpy_sync.cli.run_job import INTERRUPTED_WORDS, status_of  # noqa: PLC0415
    from ardoqpy_sync.reporting.document import build_run_document  # noqa: PLC0415

    status, more = DONE, []
    try:
        result = client.apply(plan, moved)
        more = [result["sentence"]]
        if result["held"] or any(one["changes"] for one in result["moved"]):
            status = REFUSED  # not all of the plan could be done as it was reviewed
        if result["failed"]:
            status = FAILED
    except KeyboardInterrupt:
        client.give_up(INTERRUPTED_WORDS)
        status = INTERRUPTED
    except ArdoqClientException as problem:
        client.give_up(str(problem))
        status = REFUSED if isinstance(problem, PlanDrifted) else FAILED
    account = build_run_document(client, title=title)
    return Came(account, worst(status, status_of(account)), more=more)


def _lock_of(job: Job) -> str:
    from ardoqpy_sync.job.connect import beside  # noqa: PLC0415

    return beside(job, job.run["lock"]) if "lock" in job.run else f"{job.path}.lock"


COMMAND = Command(
    "apply",
    "carry a job out, or a plan that was saved",
    _arguments,
    _run,
    (
        ("apply job.toml", "what a nightly job calls"),
        ("apply job.toml --quiet-when-unchanged --report last.html", "from cron, which mails what is said"),
        ("apply plan.json --job job.toml --moved refuse", "a plan that was reviewed, or nothing"),
    ),
    "One run of a job at a time: a second one is refused. The exit status is 0 where all is done, 3 where "
    "the guard refuses or the plan does not fit any more, and 1 where rows fail or anything else goes wrong.",
)
