"""Have Python projects, and the packages they require, in Ardoq: a rehearsal, or with --apply the real run.

    python python_projects.py [--apply] [--report report.html] [FOLDER]

FOLDER holds the projects, each a folder with a pyproject.toml or a requirements.txt; projects/ unless given.
Which Ardoq: ARDOQ_API_HOST and ARDOQ_API_TOKEN.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy import ArdoqClientException
from ardoqpy_sync import ArdoqSyncClient, format_report, save_report
from ardoqpy_sync.job import load_job, run_job
from ardoqpy_sync.reporting.document import build_run_document

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
#: A requirement: its name, what of it in brackets, and which versions, up to a condition.
REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;@)]*)")


def sources_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the job's three sources: projects, packages, and who requires what."""
    projects, packages, requirements = [], {}, []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        project, needed = read_project(place)
        projects.append(project)
        for requirement in needed:
            found = REQUIREMENT.match(requirement)
            if found is None:
                raise SystemExit(f"{project['file']}: {requirement!r} is no requirement that can be read.")
            # "Typing.Extensions" and "typing_extensions" are one package: PyPI's own rule.
            package = re.sub(r"[-_.]+", "-", found[1]).lower()
            packages[package] = {"name": package}
            versions = re.sub(r"\s+", "", found[2])
            requirements.append({"project": project["name"], "package": package, "versions": versions})
    return {"projects": projects, "packages": list(packages.values()), "requirements": requirements}


def read_project(place: Path) -> tuple[dict[str, Any], list[str]]:
    """Return a project as a row, and what it requires as it is written there."""
    path = place / "pyproject.toml"
    told: dict[str, Any] = {}
    if path.exists():
        told = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        needed = told.get("dependencies", [])
    else:
        path = place / "requirements.txt"
        needed = list(lines_of(path))
    project = {
        "name": told.get("name", place.name),
        "version": told.get("version"),
        "description": told.get("description"),
        "python": told.get("requires-python"),
        "file": f"{place.name}/{path.name}",
    }
    return project, needed


def lines_of(path: Path) -> Iterator[str]:
    """Yield the requirements of a requirements file, and of those it includes."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        if text.startswith("-r "):
            yield from lines_of(path.parent / text.removeprefix("-r ").strip())
        elif text and not text.startswith("-"):
            yield text


def main() -> int:
    """Read the projects, run the job, and return 0 where all went well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("folder", metavar="FOLDER", nargs="?", type=Path, default=HERE / "projects")
    parser.add_argument("--apply", action="store_true", help="write; without it nothing is written")
    parser.add_argument("--report", metavar="FILE", help="write what the run came to as .html, .md or .json")
    given = parser.parse_args()
    job = load_job(HERE / "python_projects.toml")
    try:
        with ArdoqSyncClient(version="v2", batch=True, simulate=not given.apply, on_error="collect") as ardoq:
            outcome = run_job(job, ardoq, sources=sources_of(given.folder))
            report = ardoq.get_report()
            print(format_report(report))
            for refused in outcome.refused:
                print(refused)
            if given.report:
                first = next(iter(outcome.refused), None)
                save_report(
                    build_run_document(ardoq, title=job.name, sources=outcome.sources, blocked=first),
                    given.report,
                )
    except ArdoqClientException as problem:
        print(f"python_projects: {problem}", file=sys.stderr)
        return 1
    return 0 if report["status"] == "success" and not outcome.refused else 1


if __name__ == "__main__":
    sys.exit(main())
