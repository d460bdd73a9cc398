"""Run `ardoqpy-sync model plan` and `model apply`: add the types and fields of a model file to Ardoq."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.errors import print_error, with_option_names
from ardoqpy.cli.options import connection_settings
from ardoqpy.cli.output import open_output
from ardoqpy.client import ArdoqClient
from ardoqpy_sync.cli.notify import show_logs
from ardoqpy_sync.cli.signals import interrupts_once
from ardoqpy_sync.job import JobInvalid
from ardoqpy_sync.job.model_file import apply_model, load_model, plan_model
from ardoqpy_sync.reporting.exit_codes import CHANGES, DONE, FAILED, NAME
from ardoqpy_sync.reporting.labels import plural

if TYPE_CHECKING:
    import argparse

    from ardoqpy.cli.options import ConnectionSettings

#: The only API version with calls that write models.
VERSION = "v1"


def plan(options: argparse.Namespace) -> int:
    """Show what a model file would add, and return the exit code."""
    return _run(options, is_plan=True)


def apply(options: argparse.Namespace) -> int:
    """Add what a model file has and Ardoq lacks, and return the exit code."""
    return _run(options, is_plan=False)


def _run(options: argparse.Namespace, *, is_plan: bool) -> int:
    try:
        model = load_model(options.model)
    except JobInvalid as error:
        for problem in error.problems:
            print_error(problem.describe(options.model), NAME)
        return FAILED
    settings: ConnectionSettings = {**connection_settings(options), "version": VERSION}
    with (
        interrupts_once(),
        show_logs(options, quiet=False),
        ArdoqClient(read_only=is_plan, **settings) as client,
    ):
        run = "preview, nothing is written" if is_plan else "live"
        _print(f"{options.model}: {run}; {client.hosturl}, API {VERSION} (experimental)")
        if is_plan:
            result = plan_model(client, model)
            for line in result.additions:
                _print(f"  - {line}")
        else:
            # Each one at once, so that an interrupted run has listed what it did.
            result = apply_model(client, model, lambda line: _print(f"  - {line}"))
    for problem in result.differences:
        _print(problem.describe(options.model))
    _print(_summary(len(result.additions), is_plan=is_plan))
    if result.failure is not None:
        print_error(with_option_names(str(result.failure)), NAME)
    if result.failure is not None or result.differences:
        return FAILED
    return CHANGES if is_plan and result.additions else DONE


def _summary(count: int, *, is_plan: bool) -> str:
    if not count:
        return "Nothing would be added." if is_plan else "Nothing was added."
    if is_plan:
        return f"{plural(count, 'addition')} would be made; nothing was written."
    return f"{plural(count, 'addition')} {'was' if count == 1 else 'were'} made."


def _print(line: str) -> None:
    if sys.stdout is not None:
        with open_output(None) as stream:
            stream.write(f"{escape_controls(line)}\n")
            stream.flush()
