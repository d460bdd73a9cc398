"""Preview each example against an emulator with its organisation or model, and write its report.md.

python examples/make_reports.py
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from ardoqpy import ArdoqClient
from ardoqpy.testing import emulator
from ardoqpy_sync.cli import main
from ardoqpy_sync.job.model_file import apply_model, load_model

if TYPE_CHECKING:
    from ardoqpy.testing import Emulator

HERE = Path(__file__).parent
#: The script of the example whose rows come from Python.
SCRIPT = "python_projects.py"
#: What an emulator has for an example: an organisation with what an earlier run wrote, or a model alone.
ORGANISATION, MODEL = "organisation.json", "model.toml"
#: Every example that has a job.
EXAMPLES = sorted(path.parent.name for path in HERE.glob("*/*") if path.name in (ORGANISATION, MODEL))


def copy_example(name: str, target: Path) -> Path:
    """Copy an example into a folder, create its database if it has one, and return the copy."""
    folder = Path(shutil.copytree(HERE / name, target / name))
    if (folder / "make_database.py").exists():
        runpy.run_path(str(folder / "make_database.py"), run_name="__main__")
    return folder


def find_job(folder: Path) -> Path:
    """Return the job file of an example."""
    (path,) = (path for path in folder.glob("*.toml") if path.name != MODEL)
    return path


def prepare(server: Emulator, folder: Path) -> None:
    """Replace what an emulator holds by the organisation of an example, or by its model alone."""
    if (folder / ORGANISATION).exists():
        server.load(json.loads((folder / ORGANISATION).read_text(encoding="utf-8")))
        return
    server.load({"format": 1})
    with ArdoqClient(server.url, server.token) as client:
        apply_model(client, load_model(folder / MODEL))


def make_report(name: str) -> str:
    """Preview an example, and return its report as Markdown."""
    with tempfile.TemporaryDirectory() as target:
        folder = copy_example(name, Path(target))
        (folder / "report.md").unlink(missing_ok=True)
        with emulator() as server:
            prepare(server, folder)
            environment = {
                name: value for name, value in os.environ.items() if not name.startswith(("ARDOQ", "GITHUB"))
            }
            environment |= {"ARDOQ_API_HOST": server.url, "ARDOQ_API_TOKEN": server.token}
            _preview(folder, environment)
            markdown = (folder / "report.md").read_text(encoding="utf-8")
            return re.sub(
                r"^- Ardoq: .*$", "- Ardoq: https&#58;//yourorg.ardoq.com", markdown, flags=re.MULTILINE
            )


def _preview(folder: Path, environment: dict[str, str]) -> None:
    """Write report.md; the exit status is 2 if something would change, 1 if a row fails."""
    if (folder / SCRIPT).exists():
        subprocess.run(  # noqa: S603  (a command of this project)
            [sys.executable, SCRIPT, "--report", "report.md"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        return
    # In this process: a new one takes longer to start than the preview takes.
    with (
        contextlib.chdir(folder),
        patch.dict(os.environ, environment, clear=True),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        main(["plan", find_job(folder).name, "--report", "report.md"])


if __name__ == "__main__":
    for example in EXAMPLES:
        (HERE / example / "report.md").write_text(make_report(example), encoding="utf-8")
