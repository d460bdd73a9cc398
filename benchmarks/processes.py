"""Start what is measured, and what it is measured against, each in a process of its own.

This process stays small meanwhile: on Linux a child's peak memory counts from its parent's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Figures", "emulator", "imported", "medians", "script", "serving"]

Figures = dict[str, float]

_HERE = Path(__file__).resolve().parent
# The emulator is on this machine; and no setting of the user's reaches a client.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ARDOQ_")}
# An import is measured as it is from the second time on, not with the compiling of what has changed.
_ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)
_ENVIRONMENT |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
_IMPORT = """
import time
cpu, wall = time.process_time(), time.perf_counter()
import {}
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
import json
print(json.dumps(dict(cpu=cpu, wall=wall)))
"""


@contextmanager
def emulator(
    components: int, references: int, folder: Path, *, empty: bool, flags: Sequence[str] = ()
) -> Iterator[str]:
    """Run an emulator that holds so many rows, or nothing, and give its address."""
    seed = folder / "seed.json"
    make = [sys.executable, str(_HERE / "seed.py"), str(components), str(references)]
    with seed.open("w", encoding="utf-8") as file:
        subprocess.run([*make, *(["--empty"] if empty else [])], stdout=file, check=True)
    command = [sys.executable, "-m", "ardoqpy", "emulator", "--port", "0", "--seed", str(seed), *flags]
    with serving(command, folder) as url:
        yield url


@contextmanager
def serving(command: Sequence[str], folder: Path) -> Iterator[str]:
    """Run a server in a folder and give its address, which is the first line that it prints."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise SystemExit(f"It did not start: {' '.join(command)}")
            yield url
        finally:
            process.terminate()


def script(python: str, name: str, *arguments: str | int, seconds: float | None = None) -> Figures | None:
    """Run a script of this folder and return the figures that it prints, None where it takes too long."""
    command = [python, str(_HERE / name), *map(str, arguments)]
    try:
        ended = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds, env=_ENVIRONMENT
        )
    except subprocess.TimeoutExpired:
        return None
    figures: Figures = json.loads(ended.stdout)
    return figures


def imported(module: str, folder: Path) -> Figures:
    """Import a module in a fresh interpreter and return what that took."""
    command = [sys.executable, "-c", _IMPORT.format(module)]
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, cwd=folder, env=_ENVIRONMENT
    )
    figures: Figures = json.loads(ended.stdout)
    return figures


def medians(runs: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return {name: median(one[name] for one in runs) for name in runs[0]}
