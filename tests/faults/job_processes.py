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
    """Begin a job for each of these arguments, and end at the latest with the block whoever still runs."""
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


def arguments(url: str, way: str, size: tuple[int, int], number: int, night: int, *words: str) -> list[str]:
    """Return the arguments of a job."""
    return [url, way, *map(str, (*size, number, night)), *words]


def loaded(process: Process) -> bool:
    """Wait until a job has read the workspace, and return whether it did."""
    assert process.stdout is not None
    return process.stdout.readline() == "loaded\n"


def go(*waiting: Process) -> None:
    """Let jobs go on that have read the workspace, all of them before any has ended."""
    for process in waiting:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def report_of(process: Process) -> dict[str, Any]:
    """Wait for the end of a job, and return its report."""
    text, _ = process.communicate()
    report: dict[str, Any] = json.loads(text)
    return report


def side_by_side(url: str, way: str, size: tuple[int, int], number: int, night: int) -> list[dict[str, Any]]:
    """Run the same job twice at the same time, both having read before either writes; return both reports."""
    one = arguments(url, way, size, number, night, "--wait")
    with processes(one, one) as begun:
        for process in begun:
            assert loaded(process)
        go(*begun)
        return [report_of(process) for process in begun]
