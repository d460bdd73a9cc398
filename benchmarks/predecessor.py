"""Install 0.8.4 into its own virtual environment."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["VERSION", "NotInstallable", "predecessor_python"]

VERSION = "0.8.4"
_FOLDER = Path(__file__).resolve().parent.parent / ".benchmarks-venv"
_PRINT_VERSION = "from importlib.metadata import version; print(version('ardoqpy'))"
# An index that exists answers at once; don't wait long for one that doesn't.
_INSTALL = ["-m", "pip", "install", "--quiet", "--no-input", "--retries", "2", f"ardoqpy=={VERSION}"]


class NotInstallable(Exception):
    """0.8.4 could not be installed; the message says why."""


def predecessor_python() -> str:
    """Return the Python of an environment with 0.8.4, and create it if needed.

    An incomplete environment, or one without its Python, is created again. Raise `NotInstallable` if the
    package index does not provide 0.8.4.
    """
    python = _FOLDER / ("Scripts" if os.name == "nt" else "bin") / "python"
    if _installed_version(python) != VERSION:
        print(f"Installing ardoqpy {VERSION} into {_FOLDER.name} ...", file=sys.stderr, flush=True)
        try:
            venv.create(_FOLDER, clear=True, with_pip=True)
            subprocess.run([str(python), *_INSTALL], check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as problem:
            output = getattr(problem, "stderr", None) or getattr(problem, "output", None) or str(problem)
            last = " ".join(str(output).strip().splitlines()[-2:])
            raise NotInstallable(
                f"ardoqpy {VERSION} could not be installed into {_FOLDER.name}. Check that the package "
                f"index is reachable. {last}"
            ) from problem
    return str(python)


def _installed_version(python: Path) -> str:
    try:
        # Isolated, so that it does not find this version in the current folder.
        result = subprocess.run(
            [str(python), "-I", "-c", _PRINT_VERSION], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return result.stdout.strip()
