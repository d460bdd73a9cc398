"""Run `ardoqpy-sync demo`: sync a small CMDB into an emulator, and show what to do next."""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.errors import CommandError, print_error
from ardoqpy.cli.output import open_output
from ardoqpy.testing import emulator
from ardoqpy_sync.reporting.exit_codes import CHANGES, DONE, FAILED, INTERRUPTED, NAME

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from ardoqpy.cli.program import Program
    from ardoqpy.testing import Emulator

JOB, SEED, REPORT, LEDGER = "cmdb.toml", "organisation.json", "report.html", "cmdb.ledger.db"
#: The token of the emulator, also in the commands to type next.
TOKEN = "secret"
#: The files that the demo copies into its folder.
FILES = ("applications.csv", "servers.csv", JOB, SEED)
#: Variables of the environment that could lead a command of the demo to something real.
_OTHER_VARIABLES = ("ARDOQ_ORG_LABEL", "ARDOQPY_WEBHOOK", "GITHUB_STEP_SUMMARY")


class _Step(NamedTuple):
    """A command of the demo: what it is for, its arguments, and the exit code that it ends with."""

    purpose: str
    arguments: tuple[str, ...]
    exit_code: int


def run(options: argparse.Namespace) -> int:
    """Run the demo, and return the exit code."""
    folder = Path(options.folder)
    _copy_files(folder)
    files = {name: str(folder / name) for name in (*FILES, REPORT)}
    job, report = files[JOB], files[REPORT]
    steps = (
        _Step("List everything that would fail.", ("check", job), DONE),
        _Step("Preview the run: nothing is written.", ("plan", job), CHANGES),
        _Step("Run it, and write a report.", ("apply", job, "--report", report), DONE),
        _Step("Run it again: nothing is left to do.", ("apply", job), DONE),
        _Step("Preview what takes the first run back.", ("undo", job, "1"), CHANGES),
    )
    program: Program = options.program
    _print(_introduction(folder))
    with emulator(seed=files[SEED], token=TOKEN) as server, _environment_of(server):
        for step in steps:
            _print(["", f"# {step.purpose}", f"$ {NAME} {_command(step.arguments)}"])
            exit_code = program.main(step.arguments)
            if exit_code == INTERRUPTED:
                return INTERRUPTED
            if exit_code != step.exit_code:
                print_error(
                    f"The demo ended early: '{NAME} {step.arguments[0]}' ended with the exit code "
                    f"{exit_code}, not {step.exit_code}.",
                    NAME,
                )
                return FAILED
    # What it has is about an Ardoq that is gone.
    (folder / LEDGER).unlink(missing_ok=True)
    _print(_what_next(folder))
    return DONE


def _copy_files(folder: Path) -> None:
    """Copy the files of the demo to a new folder; raise `CommandError` if it exists with files in it."""
    name = str(folder)
    try:
        folder.mkdir(exist_ok=True)
        if any(folder.iterdir()):
            raise CommandError(
                f"The folder {name!r} is not empty. Delete it, or name another one with --folder."
            )
        packaged = resources.files("ardoqpy_sync.cli").joinpath("demo")
        for file in FILES:
            (folder / file).write_bytes(packaged.joinpath(file).read_bytes())
    except FileExistsError:
        raise CommandError(f"{name!r} is a file. Name a folder with --folder.") from None
    except FileNotFoundError:
        raise CommandError(
            f"The folder {name!r} cannot be made: there is no folder {str(folder.parent)!r}."
        ) from None
    except OSError as problem:
        raise CommandError(f"The folder {name!r} cannot be written: {problem.strerror}.") from problem


@contextmanager
def _environment_of(server: Emulator) -> Iterator[None]:
    """Let the commands in this block reach the emulator alone, whatever the environment names."""
    before = {name: os.environ.get(name) for name in ("ARDOQ_API_HOST", "ARDOQ_API_TOKEN", *_OTHER_VARIABLES)}
    try:
        for name in _OTHER_VARIABLES:
            os.environ.pop(name, None)
        os.environ |= {"ARDOQ_API_HOST": server.url, "ARDOQ_API_TOKEN": server.token}
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _introduction(folder: Path) -> list[str]:
    return [
        f"The new folder {folder} has two CSV files of a CMDB, and {JOB}, the job that says what becomes of",
        "their rows. They are synced to an emulated Ardoq, which runs in this process: nothing leaves your",
        "machine, and you need no account.",
    ]


def _what_next(folder: Path) -> list[str]:
    host = "http://127.0.0.1:8080"
    set_variables = f"export ARDOQ_API_HOST={host} ARDOQ_API_TOKEN={TOKEN}"
    if sys.platform == "win32":
        set_variables = f"$env:ARDOQ_API_HOST = '{host}'; $env:ARDOQ_API_TOKEN = '{TOKEN}'"
    return [
        "",
        "Look at",
        f"  {folder / REPORT}: open it in a browser; it lists every change with its row, old and new values",
        f"  {folder / JOB}: the job, with comments",
        "",
        "To go on, start an emulator that keeps running",
        f"  ardoqpy emulator --port 8080 --token {TOKEN} --seed {_quoted(folder / SEED)}",
        "and in another terminal",
        f"  {set_variables}",
        f"  {NAME} plan {_quoted(folder / JOB)}",
        f"Edit {folder / FILES[0]} (rename an application, or write 'much' as its cost), and plan again.",
        "",
        "With a sheet of your own, in the other terminal",
        f"  {NAME} init --model --workspace 'My data' --source your.csv",
        f"  {NAME} model apply model.toml",
        f"  {NAME} init --workspace 'My data' --source your.csv",
        f"  {NAME} plan job.toml --report plan.html",
    ]


def _command(arguments: tuple[str, ...]) -> str:
    return " ".join(map(_quoted, arguments))


def _quoted(text: object) -> str:
    """Return an argument as the shell takes it."""
    word = str(text)
    if sys.platform == "win32":
        return f'"{word}"' if " " in word else word
    return shlex.quote(word)


def _print(lines: list[str]) -> None:
    if sys.stdout is None:
        return
    with open_output(None) as stream:
        stream.writelines(f"{escape_controls(line)}\n" for line in lines)
        stream.flush()
