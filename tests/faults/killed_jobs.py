"""Kill a job at a moment that is drawn by a seed, in an emulator that looks on."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fault_jobs import Source, client_of, duplicates, first_night, held, next_night, nightly, wanted

if TYPE_CHECKING:
    from ardoqpy.testing import Emulator

JOB = Path(__file__).parent / "job_script.py"
#: How many requests a job takes at most to read a workspace of a few thousand things.
READING = {"v1": 2, "v2": 9, "batched": 9}


class Assassin:
    """Kill a process once the emulator has handled so many of its requests, before the last one is
    answered.
    """

    def __init__(self) -> None:
        self._left = 0
        self._seconds: float | None = None
        self._victim: subprocess.Popen[bytes] | None = None

    def __call__(self, _exchange: object) -> None:
        """Count a request; to be given to an emulator as its recorder."""
        self._left -= 1
        if self._left != 0 or self._victim is None:
            return
        if self._seconds is None:
            self._strike(self._victim)
        else:
            threading.Timer(self._seconds, self._strike, [self._victim]).start()

    def _strike(self, victim: subprocess.Popen[bytes]) -> None:
        victim.kill()
        victim.wait()

    def run(self, arguments: list[str], requests: int, seconds: float | None = None) -> bool:
        """Run the job, to be killed at that request, or so long after it; return whether it was."""
        self._left, self._seconds = 0, seconds
        command = [sys.executable, str(JOB), *arguments]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as self._victim:
            # The process is long in starting: it has asked for nothing yet.
            self._left = requests
            self._victim.wait()
            killed = self._victim.returncode != 0
        self._victim = None
        return killed


def crash(
    server: Emulator, assassin: Assassin, way: str, size: tuple[int, int], number: int, night: int
) -> tuple[Source, dict[str, Any], bool]:
    """Run a night's job that is killed on its way; return its source, what it left, and whether it was
    killed.
    """
    source = first_night(*size, number)
    if night:
        with client_of(server.url, way) as client:
            nightly(client, source)
    # Reading a workspace takes one to four requests; of the second night's writes there are few.
    most = {"v1": sum(size), "v2": sum(size), "batched": 4 + sum(size) // 10}[way] if not night else 10
    requests = random.Random(number).randint(1, max(2, most))
    killed = assassin.run([server.url, way, *map(str, (*size, number, night))], requests)
    return next_night(source, number) if night else source, server.dump(), killed


def crash_again_and_again(
    server: Emulator, assassin: Assassin, way: str, size: tuple[int, int], number: int, kills: int
) -> tuple[list[str], int]:
    """Kill a job, begin it again, kill it again, on its first night and on the next; each of them is
    let through
    in the end. Half the time it dies between a write and its answer, and half the time at any moment.

    Return what must not be, and how often it was killed.
    """
    draw, source = random.Random(number), first_night(*size, number)
    complaints, killed = [], 0
    rows_of_a_write = 10 if way == "batched" else 1
    for night, share in enumerate((kills - kills // 4, kills // 4)):
        # So far it comes each time at most; of the rows of the next night a tenth is written.
        writes = sum(size) // rows_of_a_write // (10 if night else 1)
        most = max(1, 3 * writes // (2 * max(1, share)))
        wanted_by_then = killed + share
        for _ in range(3 * share):
            if killed == wanted_by_then:
                break
            requests = READING[way] + draw.randint(0, most)
            # Once all is written there is no request left to be killed at.
            seconds = draw.uniform(0, 0.004 * most) if draw.random() < 0.5 else None
            arguments = [server.url, way, *map(str, (*size, number, night))]
            killed += assassin.run(arguments, 1 if seconds is not None else requests, seconds)
            complaints += [f"{item} is there twice" for item in duplicates(server.dump())]
        source = next_night(source, number) if night else source
        with client_of(server.url, way) as client:
            report = nightly(client, source)
        if report["status"] != "success" or held(server.dump()) != wanted(source):
            complaints.append("the next run does not complete it")
    return complaints, killed
