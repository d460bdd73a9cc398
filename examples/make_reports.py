"""
Rehearse each example against an emulator with its organisation, and write the report into its report.md.

    python examples/make_reports.py
"""

from __future__ import annotations

import runpy
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.job import load_job, run_job
from ardoqpy_sync.pages.account import account_of
from ardoqpy_sync.pages.markdown import markdown_of

HERE = Path(__file__).parent
#: Every example that has a job.
EXAMPLES = sorted(path.parent.name for path in HERE.glob("*/organisation.json"))


def copied(name: str, place: Path) -> Path:
    """
    Copy an example to a place where it may be changed, make what it has to make, and return its folder.
    """
    folder = Path(shutil.copytree(HERE / name, place / name))
    if (folder / "make_database.py").exists():
        runpy.run_path(str(folder / "make_database.py"), run_name="__main__")
    return folder


def job_of(folder: Path) -> Path:
    """
    Return the job file of an example.
    """
    (path,) = folder.glob("*.toml")
    return path


def rows_of(folder: Path) -> dict[str, list[dict[str, Any]]] | None:
    """
    Return the rows that an example makes itself; None where its job says where they come from.
    """
    script = folder / "python_projects.py"
    if not script.exists():
        return None
    rows: dict[str, list[dict[str, Any]]] = runpy.run_path(str(script))["sources_of"](folder / "projects")
    return rows


def account(folder: Path, client: ArdoqSyncClient) -> dict[str, Any]:
    """
    Run the job of an example with a client, and return what it came to.
    """
    job = load_job(job_of(folder))
    outcome = run_job(job, client, sources=rows_of(folder))
    refused = outcome.refused[0] if outcome.refused else None
    return account_of(client, title=job.name, sources=outcome.sources, refused=refused)


def report(name: str) -> str:
    """
    Return the report of an example's rehearsal as Markdown.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = copied(name, Path(place))
        with (
            emulator(seed=str(folder / "organisation.json")) as server,
            ArdoqSyncClient(
                server.url, server.token, version="v2", batch=True, simulate=True, on_error="collect"
            ) as client,
        ):
            told = account(folder, client)
    told["made"]["host"] = "https://yourorg.ardoq.com"
    return markdown_of(told)


if __name__ == "__main__":
    for each in EXAMPLES:
        (HERE / each / "report.md").write_text(report(each), encoding="utf-8")
