"""Sync Python projects and the packages they require into Ardoq: a preview, or with --apply the real run.

    python python_projects.py [--apply] [--report report.html] [FOLDER]

FOLDER (default: projects/) holds a folder for each project, with a pyproject.toml or a requirements.txt.
Host and token are read from ARDOQ_API_HOST and ARDOQ_API_TOKEN.
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
#: A requirement: its name, its extras, and its versions, up to a condition.
REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;@)]*)")


def sources_of(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the job's three sources: projects, packages, and who requires what."""
    projects, packages, requirements = [], {}, []
    for project_folder in sorted(path for path in folder.iterdir() if path.is_dir()):
        project, needed = read_project(project_folder)
        projects.append(project)
        for requirement in needed:
            match = REQUIREMENT.match(requirement)
            if match is None:
                raise SystemExit(f"{project['file']}: {requirement!r} is not a valid requirement.")
            # "Typing.Extensions" and "typing_extensions" are one package (a rule of PyPI).
            package = re.sub(r"[-_.]+", "-", match[1]).lower()
            packages[package] = {"name": package}
            versions = re.sub(r"\s+", "", match[2])
            requirements.append({"project": project["name"], "package": package, "versions": versions})
    return {"projects": projects, "packages": list(packages.values()), "requirements": requirements}


def read_project(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Return a project as a row, and its requirements as they are written."""
    path = folder / "pyproject.toml"
    metadata: dict[str, Any] = {}
    if path.exists():
        metadata = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        needed = metadata.get("dependencies", [])
    else:
        path = folder / "requirements.txt"
        needed = list(lines_of(path))
    project = {
        "name": metadata.get("name", folder.name),
        "version": metadata.get("version"),
        "description": metadata.get("description"),
        "python": metadata.get("requires-python"),
        "file": f"{folder.name}/{path.name}",
    }
    return project, needed


def lines_of(path: Path) -> Iterator[str]:
    """Yield the requirements of a requirements file, and of the files that it includes."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        if text.startswith("-r "):
            yield from lines_of(path.parent / text.removeprefix("-r ").strip())
        elif text and not text.startswith("-"):
            yield text


def main() -> int:
    """Read the projects, run the job, and return 0 if it succeeded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("folder", metavar="FOLDER", nargs="?", type=Path, default=HERE / "projects")
    parser.add_argument("--apply", action="store_true", help="write to Ardoq; without it, preview")
    parser.add_argument("--report", metavar="FILE", help="write the report as .html, .md or .json")
    options = parser.parse_args()
    job = load_job(HERE / "python_projects.toml")
    try:
        with ArdoqSyncClient(
            version="v2", batch=True, simulate=not options.apply, on_error="collect"
        ) as ardoq:
            result = run_job(job, ardoq, sources=sources_of(options.folder))
            report = ardoq.get_report()
            print(format_report(report))
            for error in result.blocked:
                print(error)
            if options.report:
                blocked = next(iter(result.blocked), None)
                save_report(
                    build_run_document(ardoq, title=job.name, sources=result.sources, blocked=blocked),
                    options.report,
                )
    except ArdoqClientException as problem:
        print(f"python_projects: {problem}", file=sys.stderr)
        return 1
    return 0 if report["status"] == "success" and not result.blocked else 1


if __name__ == "__main__":
    sys.exit(main())
