"""Provide the two libraries that scripts run under: 0.8.4 from the package index, and this one."""

import importlib.util
import os
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

# The benchmarks have 0.8.4 at hand already; their folder is no place to import everything from.
_SPEC = importlib.util.spec_from_file_location("predecessor", ROOT / "benchmarks" / "predecessor.py")
predecessor = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(predecessor)


class Library(NamedTuple):
    """Name the interpreter that has a library, and the environment variables of its scripts."""

    python: str
    environment: dict[str, str]
    is_ours: bool


OURS = Library(
    sys.executable,
    # Scripts of 0.8.4 close nothing, for there was nothing to close.
    {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error,ignore::ResourceWarning"},
    is_ours=True,
)


def theirs() -> Library:
    """Return 0.8.4, installed once and cached.

    Without a package index there is nothing to compare: the test is skipped, and fails in CI.
    """
    try:
        return Library(predecessor.predecessor_python(), {}, is_ours=False)
    except predecessor.NotInstallable as problem:
        give_up = pytest.fail if os.environ.get("CI", "").lower() in ("1", "true") else pytest.skip
        give_up(str(problem))
