"""Kill a job at a moment that a seed decides."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fault_jobs import (
    Source,
    changed_source,
    client_of,
    duplicates,
    expected_rows,
    first_source,
    run_job,
    stored_rows,
)

if TYPE_CHECKING:
    from ardoqpy.testing import Emulator

JOB = Path(__file__).parent / "job_script.py"
#: How many requests a job takes at most to read a workspace of a few thousand entities.
READING = {"v1": 2, "v2": 9, "batched": 9}


class JobKiller:
    """Kill a process before the emulator answers its n-th request."""

    def __init__(self) -> None:
        self._left = 0
        self._seconds: float | None = None
        self._victim: subprocess.Popen[bytes] | None = None

    def __call__(self, _exchange: object) -> None:
        """Count a request; pass this object to an emulator as its recorder."""
        self._left -= 1
        if self._left != 0 or self._victim is None:
            return
        if self._seconds is None:
            self._kill(self._victim)
        else:
            threading.Timer(self._seconds, self._kill, [self._victim]).start()

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()

    def run(self, arguments: list[str], requests: int, seconds: float | None = None) -> bool:
        """Run a job, kill it at that request or so many seconds later, and return whether it was killed."""
        self._left, self._seconds = 0, seconds
        command = [sys.executable, str(JOB), *arguments]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as self._victim:
            # The process is still starting: it has sent no request yet.
            self._left = requests
            self._victim.wait()
            killed = self._victim.returncode != 0
        self._victim = None
        return killed


def run_and_kill(
    server: Emulator, killer: JobKiller, mode: str, size: tuple[int, int], number: int, changed: int
) -> tuple[Source, dict[str, Any], bool]:
    """Run a job and kill it; return its source, the dump that it left, and whether it was killed."""
    source = first_source(*size, number)
    if changed:
        with client_of(server.url, mode) as client:
            run_job(client, source)
    # Reading a workspace takes one to four requests; a changed source leads to few writes.
    most = {"v1": sum(size), "v2": sum(size), "batched": 4 + sum(size) // 10}[mode] if not changed else 10
    requests = random.Random(number).randint(1, max(2, most))
    killed = killer.run([server.url, mode, *map(str, (*size, number, changed))], requests)
    return changed_source(source, number) if changed else source, server.dump(), killed


def kill_repeatedly(
    server: Emulator, killer: JobKiller, mode: str, size: tuple[int, int], number: int, kills: int
) -> tuple[list[str], int]:
    """Kill and restart a first load, then a run with a changed source, and complete each in the end.

    Half the kills fall between a write and its answer, half at any moment. Returns the problems, and how
    often the job was killed.
    """
    draw, source = random.Random(number), first_source(*size, number)
    complaints, killed = [], 0
    rows_of_a_write = 10 if mode == "batched" else 1
    for changed, share in enumerate((kills - kills // 4, kills // 4)):
        # The most requests of one attempt; with a changed source a tenth of the rows is written.
        writes = sum(size) // rows_of_a_write // (10 if changed else 1)
        most = max(1, 3 * writes // (2 * max(1, share)))
        wanted_by_then = killed + share
        for _ in range(3 * share):
            if killed == wanted_by_then:
                break
            requests = READING[mode] + draw.randint(0, most)
            # Once all is written, no request is left at which to kill the job.
            seconds = draw.uniform(0, 0.004 * most) if draw.random() < 0.5 else None
            arguments = [server.url, mode, *map(str, (*size, number, changed))]
            killed += killer.run(arguments, 1 if seconds is not None else requests, seconds)
            complaints += [f"{item} exists twice" for item in duplicates(server.dump())]
        source = changed_source(source, number) if changed else source
        with client_of(server.url, mode) as client:
            report = run_job(client, source)
        if report["status"] != "success" or stored_rows(server.dump()) != expected_rows(source):
            complaints.append("the next run does not complete it")
    return complaints, killed
