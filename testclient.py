#!/usr/bin/env python3
"""A guided tour: sync the Python packages installed here into Ardoq, from rehearsal to the second night.

With no settings an emulator of Ardoq is started in this process and nothing leaves the machine. With
`ardoq.cfg`, or ARDOQ_API_HOST and ARDOQ_API_TOKEN in the environment, the tour goes to that Ardoq and
rehearses only; `--write` lets it write there.

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
from typing import Any

from ardoqpy import ArdoqClient, ArdoqClientException
from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient, format_report

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
    """An author or maintainer, as far as the packages say who that is."""

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
    """Return a row for every distribution installed in this environment, in the order of their names."""
    found = {key_of(each.metadata["Name"]): each for each in distributions() if each.metadata["Name"]}
    known: dict[str, Person] = {}
    return [read_package(key, found[key], set(found), known) for key in sorted(found)]


def key_of(name: str) -> str:
    """Return the name of a package in the spelling that makes two of them equal."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_package(key: str, package: Distribution, installed: set[str], known: dict[str, Person]) -> Package:
    """Read one distribution's metadata; `known` are the people that others have named."""
    metadata: Any = package.metadata
    licences = metadata.get_all("Classifier", [])
    classified = [line.rsplit(" :: ", 1)[-1] for line in licences if line.startswith("License :: ")]
    links = dict(line.split(", ", 1) for line in metadata.get_all("Project-URL", []) if ", " in line)
    pages = {label.lower(): link for label, link in links.items()}
    licence = metadata.get("License-Expression") or ", ".join(classified) or metadata.get("License")
    requires: dict[str, list[str]] = {}
    for requirement in package.requires or []:
        name = re.match(r"[\w.-]+", requirement)
        if name and key_of(name[0]) in installed - {key}:
            rest = requirement[name.end() :].split(";")[0]
            requires.setdefault(key_of(name[0]), []).append(re.sub(r"\[.*?\]|[\s()]", "", rest))
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
    """Return the authors and maintainers that a distribution names; one person whatever the letter case."""
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
class Place:
    """Where rows go: a workspace, and the ids of the types in its model."""

    ws_id: str
    component_type: str
    reference_type: int


def find_place(client: ArdoqClient, name: str) -> Place | None:
    """Return the workspace of that name with the types that the tour needs, or None."""
    found = client.find_workspace(name, exact=True)
    if not found:
        return None
    model = MODELS[name]
    ws_id = found[0]["_id"]
    component_type = client.find_component_type(ws_id, model["root"]["p1"]["name"])
    reference_type = client.find_reference_type(ws_id, model["referenceTypes"]["1"]["name"])
    if component_type is None or reference_type is None:
        raise SystemExit(f"The workspace {name!r} is there, but its model lacks the types of this tour.")
    return Place(ws_id, next(iter(component_type)), reference_type["id"])


def make_place(client: ArdoqClient, name: str) -> Place:
    """Make a workspace of that name, with a model of its own, and return it."""
    model = client.create_model(MODELS[name])
    if name == PACKAGES:
        for label, kind in FIELDS.items():
            client.create_field({"label": label, "type": kind, "model": model["_id"], "global": True})
    client.create_workspace({"name": name, "componentModel": model["_id"]})
    place = find_place(client, name)
    if place is None:
        raise SystemExit(f"The workspace {name!r} was made, but Ardoq does not find it by its name.")
    return place


# -- the job -----------------------------------------------------------------------------------------------


def sync(ardoq: ArdoqSyncClient, source: list[Package], packages: Place, people: Place) -> dict[str, Any]:
    """Have every row of the source in Ardoq, and return the report."""
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


def show(title: str, report: dict[str, Any]) -> dict[str, Any]:
    """Print a report under a title, and return it."""
    print(f"\n{title}\n{'-' * len(title)}\n{format_report(report, longest=6)}")
    return report


def counts(report: dict[str, Any]) -> dict[str, int]:
    """Return what a report counts, which does not depend on ids."""
    return {key: value for key, value in report.items() if isinstance(value, int)}


def changed(report: dict[str, Any]) -> int:
    """Return how many things a run created, updated or deleted."""
    return sum(value for key, value in counts(report).items() if not key.startswith(("cache_hit", "failed")))


def tour(connection: dict[str, Any], source: list[Package], *, write: bool, here: bool) -> int:
    """Take the tour at one Ardoq and return the exit status: 0 where everything went as it should."""
    with ArdoqClient(**connection) as client:
        places = [find_place(client, name) for name in (PACKAGES, PEOPLE)]
        if None in places and not write:
            print(f"This Ardoq has no workspaces {PACKAGES!r} and {PEOPLE!r} yet: every row would be new.")
            print("Run with --write to have them made, with their models, and filled.")
            return 0
        packages, people = (
            place or make_place(client, name) for place, name in zip(places, (PACKAGES, PEOPLE), strict=True)
        )

    def run(title: str, rows: list[Package], *, simulate: bool = False) -> dict[str, Any]:
        with ArdoqSyncClient(**connection, simulate=simulate) as ardoq:
            return show(title, sync(ardoq, rows, packages, people))

    rehearsed = run("Rehearsal: a simulated run, nothing is written", source, simulate=True)
    if not write:
        print("\nNothing was written. Run with --write to carry it out.")
        return 0
    done = run("The real run", source)
    as_rehearsed = counts(done) == counts(rehearsed)
    print(f"\nThe real run did what the rehearsal said: {'yes' if as_rehearsed else 'NO'}.")
    again = run("The second run: nothing is left to do", source)
    if here:
        gone = min(source, key=lambda package: (len(package.requires), package.key))
        rest = [package for package in source if package is not gone]
        last = run(f"A run after {gone.name!r} has gone from the source", rest)
        print(
            f"\n{len(last['cache_miss_comps'])} component(s) and {len(last['cache_miss_refs'])} reference(s)"
        )
        print("are in Ardoq and no longer in the source. Nothing is deleted unless you say so.")
    return 0 if as_rehearsed and not changed(again) else 1


def main() -> int:
    """Read the source, find the Ardoq, take the tour."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--config", metavar="FILE", help="a cfg file (ardoq.cfg, where there is one)")
    parser.add_argument("--write", action="store_true", help="write to the Ardoq that the settings name")
    options = parser.parse_args()
    source = read_source()
    needed, people = (sum(len(getattr(each, part)) for each in source) for part in ("requires", "people"))
    print(f"Source: {len(source)} Python packages installed here, {needed} requirements among them, ", end="")
    print(f"{people} credits to authors and maintainers.")
    config = options.config or ("ardoq.cfg" if Path("ardoq.cfg").exists() else None)
    try:
        if config is None and not os.environ.get("ARDOQ_API_HOST"):
            with emulator() as server:
                print(f"Ardoq: an emulator in this process, {server.url}; nothing leaves this machine.")
                return tour({"hosturl": server.url, "token": server.token}, source, write=True, here=True)
        connection = {"config": config}
        with ArdoqClient(config=config) as client:
            print(f"Ardoq: {client.hosturl}")
        return tour(connection, source, write=options.write, here=False)
    except ArdoqClientException as problem:
        print(f"testclient: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
