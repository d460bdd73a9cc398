"""
Kill a job at a request that is drawn by a seed, in an emulator that looks on.
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs import Source, client_of, first_night, next_night, nightly

if TYPE_CHECKING:
    from ardoqpy.testing import Emulator

JOB = Path(__file__).parent / "job.py"


class Assassin:
    """
    Kill a process once the emulator has handled so many of its requests, before the last one is answered.
    """

    def __init__(self) -> None:
        self._left = 0
        self._victim: subprocess.Popen[bytes] | None = None

    def __call__(self, _exchange: object) -> None:
        """
        Count a request; to be given to an emulator as its recorder.
        """
        self._left -= 1
        if self._left == 0 and self._victim is not None:
            self._victim.kill()
            self._victim.wait()

    def run(self, arguments: list[str], requests: int) -> bool:
        """
        Run the job, to be killed at that request, and return whether it lived to see that many.
        """
        self._left = 0
        with subprocess.Popen([sys.executable, str(JOB), *arguments]) as self._victim:
            # The process is long in starting: it has asked for nothing yet.
            self._left = requests
            self._victim.wait()
            killed = self._victim.returncode != 0
        self._victim = None
        return killed


def crash(
    server: Emulator, assassin: Assassin, way: str, size: tuple[int, int], number: int, night: int
) -> tuple[Source, dict[str, Any], bool]:
    """
    Run a night's job that is killed on its way; return its source, what it left, and whether it was killed.
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
