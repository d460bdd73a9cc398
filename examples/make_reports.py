"""Preview each example against an emulator with its organisation, and write its report.md.

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
#: The script of the example whose rows come from Python.
SCRIPT = "python_projects.py"
#: Every example that has a job.
EXAMPLES = sorted(path.parent.name for path in HERE.glob("*/organisation.json"))


def copy_example(name: str, target: Path) -> Path:
    """Copy an example into a folder, create its database if it has one, and return the copy."""
    folder = Path(shutil.copytree(HERE / name, target / name))
    if (folder / "make_database.py").exists():
        runpy.run_path(str(folder / "make_database.py"), run_name="__main__")
    return folder


def find_job(folder: Path) -> Path:
    """Return the job file of an example."""
    (path,) = folder.glob("*.toml")
    return path


def make_report(name: str) -> str:
    """Preview an example, and return its report as Markdown."""
    with tempfile.TemporaryDirectory() as target:
        folder = copy_example(name, Path(target))
        (folder / "report.md").unlink(missing_ok=True)
        command = ["-m", "ardoqpy_sync", "plan", find_job(folder).name]
        if (folder / SCRIPT).exists():
            command = [SCRIPT]
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("ARDOQ", "GITHUB"))
        }
        with emulator(seed=str(folder / "organisation.json")) as server:
            settings = {"ARDOQ_API_HOST": server.url, "ARDOQ_API_TOKEN": server.token}
            subprocess.run(  # noqa: S603  (a command of this project)
                [sys.executable, *command, "--report", "report.md"],
                cwd=folder,
                env={**environment, **settings},
                stdout=subprocess.DEVNULL,
                check=False,  # 2 if something would change, 1 if a row fails
            )
            markdown = (folder / "report.md").read_text(encoding="utf-8")
            return re.sub(
                r"^- Ardoq: .*$", "- Ardoq: https&#58;//yourorg.ardoq.com", markdown, flags=re.MULTILINE
            )


if __name__ == "__main__":
    for example in EXAMPLES:
        (HERE / example / "report.md").write_text(make_report(example), encoding="utf-8")
