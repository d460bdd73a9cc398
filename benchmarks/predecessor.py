"""
Have 0.8.4 at hand, in a virtual environment of its own.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

__all__ = ["VERSION", "predecessor_python"]

VERSION = "0.8.4"
_FOLDER = Path(__file__).resolve().parent.parent / ".benchmarks-venv"
_ASK = "from importlib.metadata import version; print(version('ardoqpy'))"


def predecessor_python() -> str:
    """
    Return the Python that has 0.8.4, made and installed into where that has not been done yet.
    """
    python = _FOLDER / "bin" / "python"
    if not python.exists():
        venv.create(_FOLDER, with_pip=True)
    if _installed(python) != VERSION:
        print(f"Installing ardoqpy {VERSION} into {_FOLDER.name} ...", file=sys.stderr, flush=True)
        install = [str(python), "-m", "pip", "install", "--quiet", f"ardoqpy=={VERSION}"]
        subprocess.run(install, check=True, stdout=sys.stderr)
    return str(python)


def _installed(python: Path) -> str:
    asked = subprocess.run([str(python), "-c", _ASK], capture_output=True, text=True, check=False)
    return asked.stdout.strip()
