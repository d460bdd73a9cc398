#!/usr/bin/env python3
"""Sync the Python packages installed here into Ardoq: a preview, the run, and a second run.

Without settings it starts an emulator of Ardoq in this process, and nothing leaves the machine. With
`ardoq.cfg`, or ARDOQ_API_HOST and ARDOQ_API_TOKEN in the environment, it connects to that Ardoq and only
previews; `--write` lets it write there.

    python testclient.py
    python testclient.py --config ardoq.cfg --write
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from dataclasses import dataclass
from email.utils import getaddresses
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy import ArdoqClient, ArdoqClientException
from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient, format_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy_sync.documents import ReportData

PACKAGES, PEOPLE = "Python packages", "Python people"
MODELS: dict[str, dict[str, Any]] = {
    PACKAGES: {
        "name": PACKAGES,
        "root": {"p1": {"id": "p1", "name": "Python package", "level": 1, "index": 1, "children": {}}},
        "referenceTypes": {"1": {"id": 1, "name": "depends on", "line": "solid"}},
    },
    PEOPLE: {
        "name": PEOPLE,
        "root": {"p1": {"id": "p1", "name": "Person", "level": 1, "index": 1, "children": {}}},
        "referenceTypes": {"1": {"id": 1, "name": "maintains", "line": "dashed"}},
    },
}
FIELDS = {"Package version": "Text", "Licence": "Text", "Home page": "Url"}


# -- the source: what is installed here --------------------------------------------------------------------


@dataclass
class Person:
    """An author or maintainer that a package names."""

    name: str
    email: str | None = None


@dataclass(frozen=True)
class Package:
    """One row of the source: an installed distribution.

    `requires` maps the keys of the installed packages it needs to the versions it accepts.
    """

    key: str
    name: str
    attributes: dict[str, str | None]
    requires: dict[str, str]
    people: list[Person]


def read_source() -> list[Package]:
    """Return a row for every distribution installed in this environment, sorted by name."""
    installed = {
        package_key(distribution.metadata["Name"]): distribution
        for distribution in distributions()
        if distribution.metadata["Name"]
    }
    people: dict[str, Person] = {}
    return [read_package(key, installed[key], set(installed), people) for key in sorted(installed)]


def package_key(name: str) -> str:
    """Return the normalized name of a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_package(key: str, package: Distribution, installed: set[str], known: dict[str, Person]) -> Package:
    """Read the metadata of a distribution; `known` holds the people that other packages name."""
    metadata: Any = package.metadata
    licences = metadata.get_all("Classifier", [])
    classified = [line.rsplit(" :: ", 1)[-1] for line in licences if line.startswith("License :: ")]
    links = dict(line.split(", ", 1) for line in metadata.get_all("Project-URL", []) if ", " in line)
    pages = {label.lower(): link for label, link in links.items()}
    licence = metadata.get("License-Expression") or ", ".join(classified) or metadata.get("License")
    requires: dict[str, list[str]] = {}
    for requirement in package.requires or []:
        name = re.match(r"[\w.-]+", requirement)
        if name and package_key(name[0]) in installed - {key}:
            rest = requirement[name.end() :].split(";")[0]
            requires.setdefault(package_key(name[0]), []).append(re.sub(r"\[.*?\]|[\s()]", "", rest))
    return Package(
        key=key,
        name=str(metadata["Name"]),
        attributes={
            "description": metadata.get("Summary"),
            "package_version": package.version,
            "licence": licence.splitlines()[0] if licence else None,
            "home_page": metadata.get("Home-page") or pages.get("homepage") or pages.get("source"),
        },
        requires={needed: " or ".join(dict.fromkeys(accepted)) for needed, accepted in requires.items()},
        people=read_people(metadata, known),
    )


def read_people(metadata: Any, known: dict[str, Person]) -> list[Person]:
    """Return the authors and maintainers of a distribution, one for each name in any letter case."""
    people: dict[str, Person] = {}
    for role in ("Author", "Maintainer"):
        addressed = getaddresses(metadata.get_all(f"{role}-email", []))
        named = [(name, "") for name in re.split(r",| and ", metadata.get(role) or "")]
        for name, address in [*addressed, *named]:
            plain = name.strip() or address
            if plain:
                person = people[plain.lower()] = known.setdefault(plain.lower(), Person(plain))
                person.email = person.email or address or None
    return list(people.values())


# -- the target: workspaces and their models ---------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """A workspace to sync into, and the ids of the types in its model."""

    ws_id: str
    component_type: str
    reference_type: int


def find_target(client: ArdoqClient, name: str) -> Target | None:
    """Return the workspace of that name with the types that the tour needs, or None."""
    workspaces = client.find_workspace(name, exact=True)
    if not workspaces:
        return None
    model = MODELS[name]
    ws_id = workspaces[0]["_id"]
    component_type = client.find_component_type(ws_id, model["root"]["p1"]["name"])
    reference_type = client.find_reference_type(ws_id, model["referenceTypes"]["1"]["name"])
    if component_type is None or reference_type is None:
        raise SystemExit(f"The workspace {name!r} exists, but its model lacks the types of this tour.")
    return Target(ws_id, next(iter(component_type)), reference_type["id"])


def create_target(client: ArdoqClient, name: str) -> Target:
    """Create a workspace of that name, with its own model, and return it."""
    model = client.create_model(MODELS[name])
    if name == PACKAGES:
        for label, kind in FIELDS.items():
            client.create_field({"label": label, "type": kind, "model": model["_id"], "global": True})
    client.create_workspace({"name": name, "componentModel": model["_id"]})
    target = find_target(client, name)
    if target is None:
        raise SystemExit(f"The workspace {name!r} was created, but Ardoq does not find it by its name.")
    return target


# -- the job -----------------------------------------------------------------------------------------------


def sync(ardoq: ArdoqSyncClient, source: list[Package], packages: Target, people: Target) -> ReportData:
    """Sync every row of the source, and return the report."""
    component = {"typeId": packages.component_type, "rootWorkspace": packages.ws_id}
    stored = {
        package.key: ardoq.create_component({"name": package.name, **component, **package.attributes})
        for package in source
    }
    for package in source:
        for needed, accepted in package.requires.items():
            if needed in stored:
                ardoq.create_reference(
                    {
                        "source": stored[package.key]["_id"],
                        "target": stored[needed]["_id"],
                        "type": packages.reference_type,
                        "rootWorkspace": packages.ws_id,
                        "targetWorkspace": packages.ws_id,
                        "displayText": accepted or None,
                    }
                )
    for package in source:
        for person in package.people:
            maintainer = ardoq.create_component(
                {
                    "name": person.name,
                    "typeId": people.component_type,
                    "rootWorkspace": people.ws_id,
                    "email": person.email,
                }
            )
            ardoq.create_reference(
                {
                    "source": maintainer["_id"],
                    "target": stored[package.key]["_id"],
                    "type": people.reference_type,
                    "rootWorkspace": people.ws_id,
                    "targetWorkspace": packages.ws_id,
                }
            )
    return ardoq.get_report()


def show(title: str, report: ReportData) -> ReportData:
    """Print a report under a title, and return it."""
    print(f"\n{title}\n{'-' * len(title)}\n{format_report(report, longest=6)}")
    return report


def counts(report: Mapping[str, Any]) -> dict[str, int]:
    """Return the counts of a report, which do not depend on ids."""
    return {key: value for key, value in report.items() if isinstance(value, int)}


def changed(report: Mapping[str, Any]) -> int:
    """Return how many components and references a run created, updated or deleted."""
    return sum(value for key, value in counts(report).items() if not key.startswith(("cache_hit", "failed")))


def tour(connection: dict[str, Any], source: list[Package], *, write: bool, emulated: bool) -> int:
    """Run the tour against one Ardoq and return the exit status, 0 if everything went as expected."""
    with ArdoqClient(**connection) as client:
        targets = [find_target(client, name) for name in (PACKAGES, PEOPLE)]
        if None in targets and not write:
            print(f"This Ardoq has no workspaces {PACKAGES!r} and {PEOPLE!r} yet: every row would be new.")
            print("Run with --write to create them, with their models, and to fill them.")
            return 0
        packages, people = (
            target or create_target(client, name)
            for target, name in zip(targets, (PACKAGES, PEOPLE), strict=True)
        )

    def run(title: str, rows: list[Package], *, simulate: bool = False) -> ReportData:
        with ArdoqSyncClient(**connection, simulate=simulate) as ardoq:
            return show(title, sync(ardoq, rows, packages, people))

    preview = run("Preview: nothing is written", source, simulate=True)
    if not write:
        print("\nNothing was written. Run with --write to write it.")
        return 0
    done = run("The real run", source)
    as_previewed = counts(done) == counts(preview)
    print(f"\nThe real run did what the preview reported: {'yes' if as_previewed else 'NO'}.")
    again = run("The second run: nothing is left to do", source)
    if emulated:
        removed = min(source, key=lambda package: (len(package.requires), package.key))
        rest = [package for package in source if package is not removed]
        last = run(f"A run after {removed.name!r} was removed from the source", rest)
        print(
            f"\n{len(last['cache_miss_comps'])} component(s) and {len(last['cache_miss_refs'])} reference(s) "
            "are missing: in Ardoq, no longer in the source.\nA sync deletes nothing unless you ask for it."
        )
    return 0 if as_previewed and not changed(again) else 1


def main() -> int:
    """Read the source, choose the Ardoq, run the tour."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--config", metavar="FILE", help="a cfg file (default: ardoq.cfg, if it exists)")
    parser.add_argument("--write", action="store_true", help="write to the Ardoq that the settings name")
    options = parser.parse_args()
    source = read_source()
    needed, people = (sum(len(getattr(row, part)) for row in source) for part in ("requires", "people"))
    print(f"Source: {len(source)} Python packages installed here, {needed} requirements among them, ", end="")
    print(f"{people} credits to authors and maintainers.")
    config = options.config or ("ardoq.cfg" if Path("ardoq.cfg").exists() else None)
    try:
        if config is None and not os.environ.get("ARDOQ_API_HOST"):
            with emulator() as server:
                print(f"Ardoq: an emulator in this process, {server.url}; nothing leaves this machine.")
                return tour({"hosturl": server.url, "token": server.token}, source, write=True, emulated=True)
        connection = {"config": config}
        with ArdoqClient(config=config) as client:
            print(f"Ardoq: {client.hosturl}")
        return tour(connection, source, write=options.write, emulated=False)
    except ArdoqClientException as problem:
        print(f"testclient: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
