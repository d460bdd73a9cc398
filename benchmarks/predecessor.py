"""Have 0.8.4 at hand, in a virtual environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["VERSION", "NotInstallable", "predecessor_python"]

VERSION = "0.8.4"
_FOLDER = Path(__file__).resolve().parent.parent / ".benchmarks-venv"
_ASK = "from importlib.metadata import version; print(version('ardoqpy'))"
# An index that is there answers at once; one that is not should not be waited for.
_INSTALL = ["-m", "pip", "install", "--quiet", "--no-input", "--retries", "2", f"ardoqpy=={VERSION}"]


class NotInstallable(Exception):
    """Say that 0.8.4 could not be had, and why."""


def predecessor_python() -> str:
    """Return the Python that has 0.8.4, made and installed into where that has not been done yet.

    An environment that is only half made, or whose Python is gone, is made anew. Raise `NotInstallable`
    where the package index does not give it.
    """
    python = _FOLDER / ("Scripts" if os.name == "nt" else "bin") / "python"
    if _installed(python) != VERSION:
        print(f"Installing ardoqpy {VERSION} into {_FOLDER.name} ...", file=sys.stderr, flush=True)
        try:
            venv.create(_FOLDER, clear=True, with_pip=True)
            subprocess.run([str(python), *_INSTALL], check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as problem:
            said = getattr(problem, "stderr", None) or getattr(problem, "output", None) or str(problem)
            last = " ".join(str(said).strip().splitlines()[-2:])
            raise NotInstallable(
                f"ardoqpy {VERSION} could not be installed into {_FOLDER.name}; is the package index in "
                f"reach? {last}"
            ) from problem
    return str(python)


def _installed(python: Path) -> str:
    try:
        # Isolated: what lies where this is called from, such as this library, is not what is installed there.
        asked = subprocess.run([str(python), "-I", "-c", _ASK], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout.strip()
