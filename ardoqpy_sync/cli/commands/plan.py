"""Run `ardoqpy-sync plan`: preview what a run of a job would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ardoqpy.cli.options import connection_settings
from ardoqpy.errors import ArdoqClientException, InvalidInput
from ardoqpy_sync.cli.exit_codes import FAILED
from ardoqpy_sync.cli.notify import CommandResult, RunContext, run_and_notify
from ardoqpy_sync.cli.output_files import check_output_files
from ardoqpy_sync.cli.run_job import load_job_file, load_state, run_with_client
from ardoqpy_sync.job import open_client
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.reporting.document import without_token
from ardoqpy_sync.reporting.since import mark_since

if TYPE_CHECKING:
    import argparse

    from ardoqpy_sync.client import ArdoqSyncClient


def run(options: argparse.Namespace) -> int:
    """Preview a job and return the exit code."""
    check_output_files(
        [*filter(None, [options.save]), *options.report], filter(None, [options.job, options.since])
    )
    return run_and_notify(options, "plan", lambda context: _plan(options, context), simulated=True)


def _plan(options: argparse.Namespace, context: RunContext) -> CommandResult:
    job = load_job_file(options.job)
    approved = Plan.load(options.since) if options.since else None
    context.title = job.name
    _, state = load_state(job)
    with open_client(
        job,
        simulate=True,
        previous_report=state,
        progress=not options.quiet_when_unchanged,
        **connection_settings(options),
    ) as client:
        context.client = client
        result = run_with_client(job, client)
        result.long = options.long
        if approved is not None:
            result.document = mark_since(result.document, approved)
        if options.save and result.ended_early:
            result.errors.append("The plan is not saved, because the preview did not finish.")
        elif options.save:
            try:
                _check_no_token(client)
                client.plan.save(options.save)
            except ArdoqClientException as problem:
                result.errors.append(str(problem))
                result.exit_code = FAILED
        return result


def _check_no_token(client: ArdoqSyncClient) -> None:
    """Raise `InvalidInput` if a plan contains the token: without it, its values would be others."""
    plan = client.plan.as_dict()
    if without_token(client, plan) is not plan:
        raise InvalidInput("The plan is not saved: a value in it contains your access token. Remove it.")
