"""Rehearse each example against an emulator with its organisation, and write the report into its report.md.

python examples/make_reports.py
"""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ardoqpy.testing import emulator

HERE = Path(__file__).parent
#: What makes the rows of a job itself.
SCRIPT = "python_projects.py"
#: Every example that has a job.
EXAMPLES = sorted(path.parent.name for path in HERE.glob("*/organisation.json"))


def copied(name: str, place: Path) -> Path:
    """Copy an example to a place where it may be changed, make what it has to make, and return its folder."""
    folder = Path(shutil.copytree(HERE / name, place / name))
    if (folder / "make_database.py").exists():
        runpy.run_path(str(folder / "make_database.py"), run_name="__main__")
    return folder


def job_of(folder: Path) -> Path:
    """Return the job file of an example."""
    (path,) = folder.glob("*.toml")
    return path


def report(name: str) -> str:
    """Return the report of an example's rehearsal as Markdown, as its command writes it."""
    with tempfile.TemporaryDirectory() as place:
        folder = copied(name, Path(place))
        (folder / "report.md").unlink(missing_ok=True)
        command = ["-m", "ardoqpy_sync", "plan", job_of(folder).name]
        if (folder / SCRIPT).exists():
            command = [SCRIPT]
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("ARDOQ", "GITHUB"))
        }
        with emulator(seed=str(folder / "organisation.json")) as server:
            settings = {"ARDOQ_API_HOST": server.url, "ARDOQ_API_TOKEN": server.token}
            subprocess.run(  # noqa: S603  (a command of this house)
                [sys.executable, *command, "--report", "report.md"],
                cwd=folder,
                env={**clean, **settings},
                stdout=subprocess.DEVNULL,
                check=False,  # 2 where something would change, 1 where a row fails
            )
            told = (folder / "report.md").read_text(encoding="utf-8")
            return re.sub(
                r"^- Ardoq: .*$", "- Ardoq: https&#58;//yourorg.ardoq.com", told, flags=re.MULTILINE
            )


if __name__ == "__main__":
    for each in EXAMPLES:
        (HERE / each / "report.md").write_text(report(each), encoding="utf-8")
