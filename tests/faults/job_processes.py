"""Run two jobs at the same time, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from killed_jobs import JOB

if TYPE_CHECKING:
    from collections.abc import Iterator

Process = subprocess.Popen[str]


@contextmanager
def processes(*commands: list[str]) -> Iterator[list[Process]]:
    """Start a job for each list of arguments, and kill those that still run at the end of the block."""
    begun: list[Process] = []
    try:
        for arguments in commands:
            command = [sys.executable, str(JOB), *arguments]
            begun.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        yield begun
    finally:
        for process in begun:
            process.kill()
            process.communicate()


def arguments(
    url: str, mode: str, size: tuple[int, int], number: int, changed: int, *words: str
) -> list[str]:
    """Return the arguments of a job."""
    return [url, mode, *map(str, (*size, number, changed)), *words]


def loaded(process: Process) -> bool:
    """Wait until a job has read the workspace, and return whether it did."""
    assert process.stdout is not None
    return process.stdout.readline() == "loaded\n"


def resume(*waiting: Process) -> None:
    """Let all these jobs continue after they have read the workspace."""
    for process in waiting:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def report_of(process: Process) -> dict[str, Any]:
    """Wait for the end of a job, and return its report."""
    text, _ = process.communicate()
    report: dict[str, Any] = json.loads(text)
    return report


def side_by_side(
    url: str, mode: str, size: tuple[int, int], number: int, changed: int
) -> list[dict[str, Any]]:
    """Run one job in two processes that both read before either writes, and return both reports."""
    options = arguments(url, mode, size, number, changed, "--wait")
    with processes(options, options) as begun:
        for process in begun:
            assert loaded(process)
        resume(*begun)
        return [report_of(process) for process in begun]
