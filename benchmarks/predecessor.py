"""Provide 0.8.4 in its own virtual environment."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from contextlib import suppress
from pathlib import Path

__all__ = ["VERSION", "NotInstallable", "predecessor_python"]

VERSION = "0.8.4"
#: One virtual environment for each Python, kept for the next run.
_FOLDER = Path(__file__).resolve().parent.parent / ".benchmarks-venv"
_ASK = "from importlib.metadata import version; print(version('ardoqpy'))"
# Do not wait long for a package index that does not answer.
_INSTALL = ["install", "--quiet", "--no-input", "--retries", "2", f"ardoqpy=={VERSION}"]


class NotInstallable(Exception):
    """0.8.4 could not be installed; the message says why."""


def predecessor_python() -> str:
    """Return the path of a Python that has 0.8.4, and install it first where it is missing.

    Several processes may call this at once, and each may be killed: an environment is built in a temporary
    folder and renamed when it is complete. One with another version, or whose Python is gone, is replaced.
    Raise `NotInstallable` if the package index does not provide 0.8.4.
    """
    environment = _FOLDER / f"ardoqpy-{VERSION}-{sys.implementation.cache_tag}"
    if _installed(_python(environment)) != VERSION:
        print(f"Installing ardoqpy {VERSION} into {_FOLDER.name} ...", file=sys.stderr, flush=True)
        _FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_FOLDER, ignore_cleanup_errors=True) as folder:
            _install(Path(folder))
            if _installed(_python(environment)) != VERSION:
                shutil.rmtree(environment, ignore_errors=True)
                # Another process may have been faster; its environment is as good.
                with suppress(OSError):
                    Path(folder).rename(environment)
    return str(_python(environment))


def _python(environment: Path) -> Path:
    return environment / ("Scripts" if os.name == "nt" else "bin") / "python"


def _install(environment: Path) -> None:
    # The pip of this Python can install there, too: setting up another one takes longer than installing.
    has_pip = importlib.util.find_spec("pip") is not None
    python = str(_python(environment))
    pip = [sys.executable, "-m", "pip", "--python", python] if has_pip else [python, "-m", "pip"]
    try:
        venv.create(environment, with_pip=not has_pip)
        subprocess.run([*pip, *_INSTALL], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        output = getattr(problem, "stderr", None) or getattr(problem, "output", None) or str(problem)
        reason = " ".join(str(output).strip().splitlines()[-2:])
        raise NotInstallable(
            f"ardoqpy {VERSION} could not be installed into {_FOLDER.name}. Check that the package index is "
            f"reachable. {reason}"
        ) from problem


def _installed(python: Path) -> str:
    try:
        # Isolated: packages in the working directory, such as this library, do not count.
        asked = subprocess.run([str(python), "-I", "-c", _ASK], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout.strip()
