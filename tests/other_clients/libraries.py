"""The two libraries that scripts run with: 0.8.4 from the package index, and this one."""

import importlib.util
import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

# The benchmarks install 0.8.4, too; their folder is not on the import path.
_SPEC = importlib.util.spec_from_file_location("predecessor", ROOT / "benchmarks" / "predecessor.py")
predecessor = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(predecessor)


class Library(NamedTuple):
    """A Python that has one of the two libraries, and the environment variables that it needs."""

    python: str
    environment: dict[str, str]
    is_ours: bool


OURS = Library(
    sys.executable,
    # 0.8.4 had nothing to close, so its scripts close nothing.
    {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error,ignore::ResourceWarning"},
    is_ours=True,
)


def theirs() -> Library:
    """Return 0.8.4; it is installed once and kept.

    Without a package index the test is skipped; in CI it fails.
    """
    try:
        return Library(predecessor.predecessor_python(), {}, is_ours=False)
    except predecessor.NotInstallable as problem:
        give_up = pytest.fail if os.environ.get("CI", "").lower() in ("1", "true") else pytest.skip
        give_up(str(problem))
