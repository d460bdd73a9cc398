"""Run measurements and servers, each in its own process.

This process must stay small: on Linux, the peak memory of a child starts at that of its parent.
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

from admin_api import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Figures", "emulator", "measure_import", "medians", "script", "serving"]

Figures = dict[str, float]

_FOLDER = Path(__file__).resolve().parent
# The emulator is on this machine, and no setting of the user may reach a client.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ARDOQ_")}
# Imports are measured with compiled files, as they are from the second time on.
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
    """Run an emulator that holds so many rows, or none if `empty`, and yield its address."""
    seed = folder / "seed.json"
    make = [sys.executable, str(_FOLDER / "seed.py"), str(components), str(references)]
    with seed.open("w", encoding="utf-8") as file:
        subprocess.run([*make, *(["--empty"] if empty else [])], stdout=file, check=True)
    command = [sys.executable, "-m", "ardoqpy", "emulator", "--port", "0", "--token", TOKEN]
    command += ["--seed", str(seed), *flags]
    with serving(command, folder) as url:
        yield url


@contextmanager
def serving(command: Sequence[str], folder: Path) -> Iterator[str]:
    """Run a server in a folder, and yield its address, which is the first line that it prints."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise SystemExit(f"The server did not start: {' '.join(command)}")
            yield url
        finally:
            process.terminate()


def script(python: str, name: str, *arguments: str | int, seconds: float | None = None) -> Figures | None:
    """Run a script of this folder and return the figures that it prints, or None after `seconds`."""
    command = [python, str(_FOLDER / name), *map(str, arguments)]
    try:
        result = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds, env=_ENVIRONMENT
        )
    except subprocess.TimeoutExpired:
        return None
    figures: Figures = json.loads(result.stdout)
    return figures


def measure_import(module: str, folder: Path) -> Figures:
    """Import a module in a fresh interpreter, and return the time it took."""
    command = [sys.executable, "-c", _IMPORT.format(module)]
    result = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, cwd=folder, env=_ENVIRONMENT
    )
    figures: Figures = json.loads(result.stdout)
    return figures


def medians(runs: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return {name: median(run[name] for run in runs) for name in runs[0]}
