"""`ardoqpy-sync plan`: what a run of a job would change, and nothing written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.cli.command import Command
from ardoqpy_sync.cli.options import add_connection, add_job, add_telling, settings_of, writable

if TYPE_CHECKING:
    import argparse

    from ardoqpy_sync.cli.notify import Came, Known

__all__ = ["COMMAND"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_job(parser)
    parser.add_argument(
        "--long", action="store_true", help="show every change, attribute by attribute with its values"
    )
    parser.add_argument("--save", metavar="FILE", help="keep the plan, as JSON, to apply it once reviewed")
    add_telling(parser)
    add_connection(parser)


def _run(options: argparse.Namespace) -> int:
    writable([*filter(None, [options.save]), *options.report], [options.job])
    from ardoqpy_sync.cli.notify import run_and_tell  # noqa: PLC0415  (the first to need the client)

    return run_and_tell(options, "plan", lambda known: _planned(options, known), simulated=True)


def _planned(options: argparse.Namespace, known: Known) -> Came:
    from ardoqpy_sync.cli.run_job import carried_out, memory_of, progress_for, the_job  # noqa: PLC0415
    from ardoqpy_sync.job import open_client  # noqa: PLC0415

    job = the_job(options.job)
    known.title = job.name
    _, before = memory_of(job)
    with open_client(
        job,
        simulate=True,
        previous_report=before,
        progress=progress_for(options),
        **settings_of(options),
    ) as client:
        known.meet(client)
        came = carried_out(job, client)
        if options.long:
            came.described = client.plan.describe()
        if options.save:
            if came.ended_early:
                came.complaints.append("The plan is not saved, since the run did not come to its end.")
            else:
                client.plan.save(options.save)
        return came


COMMAND = Command(
    "plan",
    "show what a run of a job would change; nothing is written",
    _arguments,
    _run,
    (
        ("plan job.toml", "in short; status 2 where something would change"),
        ("job.toml", "the same"),
        ("plan job.toml --long --save plan.json", "in full, and kept to be applied as it is"),
        ("plan job.toml --report plan.html --report plan.md", "as a page, and for a merge request"),
    ),
    "The exit status is 0 where nothing is to be done, 2 where something would change, 3 where the guard "
    "refuses, and 1 where rows fail or something else goes wrong.",
)
