"""Jobs as data, run through a sync client, and comparisons of Ardoq with their source.

A source has components by name, and references by the names of their ends and their type. A job syncs all of
it and, if no row fails, deletes what is no longer in the source.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any, NamedTuple

import pytest

from ardoqpy import Retries
from ardoqpy_sync import ArdoqSyncClient

TOKEN = "a-token-that-nobody-may-see"
#: The modes in which a sync writes, as options of the client.
MODES: dict[str, dict[str, Any]] = {
    "v1": {"version": "v1"},
    "v2": {"version": "v2"},
    "batched": {"version": "v2", "batch": 10},
}
#: All modes for `parametrize`; v2 without batches, which repeats most of the others, runs in CI alone.
ALL_MODES = ["v1", pytest.param("v2", marks=pytest.mark.slow), "batched"]
RETRIES = Retries(count=5, backoff=0.0)
#: Kinds of reports' failures and successes, by what they are about.
KINDS = {"component": "comps", "reference": "refs"}

End = tuple[str, str, int]


class Source(NamedTuple):
    """Rows of a job: attributes by component name, and by (source name, target name, type)."""

    components: dict[str, dict[str, Any]]
    references: dict[End, dict[str, Any]]


def seed() -> dict[str, Any]:
    """Return a seed: one workspace, empty, with the fields `cost` and `owner`."""
    fields = {"cost": "Number", "owner": "Text"}
    return {
        "format": 1,
        "models": [
            {
                "_id": "model1",
                "name": "Applications",
                "root": {"app": {"name": "Application"}},
                "referenceTypes": {"1": {"name": "Uses"}, "2": {"name": "Owns"}},
            }
        ],
        "fields": [
            {"_id": name, "name": name, "label": name, "type": kind, "model": "model1"}
            for name, kind in fields.items()
        ],
        "workspaces": [{"_id": "ws1", "name": "Apps", "componentModel": "model1"}],
    }


def first_source(components: int = 40, references: int = 60, number: int = 0) -> Source:
    """Return a source of that size, the same for the same number."""
    draw = random.Random(number)
    names = [f"App {n}" for n in range(components)]
    rows = {name: {"cost": draw.randint(0, 999), "description": f"About {name}"} for name in names}
    ends: dict[End, dict[str, Any]] = {}
    while len(ends) < references:
        ends[draw.choice(names), draw.choice(names), draw.choice((1, 2))] = {"displayText": f"t{len(ends)}"}
    return Source(rows, ends)


def changed_source(source: Source, number: int, share: float = 0.05) -> Source:
    """Return a source of which a share is changed, a share removed and a share new."""
    draw = random.Random(number)
    few = max(1, int(len(source.components) * share))
    names = list(source.components)
    removed, rest = set(draw.sample(names, few)), []
    rest = [name for name in names if name not in removed]
    components = {name: dict(source.components[name]) for name in rest}
    for name in draw.sample(rest, few):
        components[name]["cost"] += 1000
    for n in range(few):
        components[f"New {number}.{n}"] = {"cost": n, "description": "New"}
    references = {
        end: dict(values) for end, values in source.references.items() if removed.isdisjoint(end[:2])
    }
    for end in draw.sample(list(references), max(1, int(len(references) * share))):
        references[end]["displayText"] += " changed"
    del references[draw.choice(list(references))]
    for n in range(few):
        references[f"New {number}.{n}", draw.choice(rest), 1] = {"displayText": "new"}
    return Source(components, references)


def client_of(url: str, mode: str, **options: Any) -> ArdoqSyncClient:
    """Return a sync client that continues after a bad row."""
    keywords = {"retries": RETRIES, "timeout": 20.0, "on_error": "collect", **MODES[mode], **options}
    return ArdoqSyncClient(url, TOKEN, **keywords)


def sync_rows(client: ArdoqSyncClient, source: Source) -> None:
    """Create or update all rows of a source."""
    ids = {}
    for name, values in source.components.items():
        row = {"name": name, "typeId": "app", "rootWorkspace": "ws1", **values}
        ids[name] = client.create_component(row, label=f"component {name}")["_id"]
    for (start, end, kind), values in source.references.items():
        row = {"source": ids[start], "target": ids[end], "type": kind, "rootWorkspace": "ws1", **values}
        client.create_reference(row, label=f"reference {start} {end} {kind}")


def run_job(client: ArdoqSyncClient, source: Source) -> dict[str, Any]:
    """Sync a source, delete what is missing in it, and return the report."""
    sync_rows(client, source)
    report = client.get_report()
    if report["status"] == "success":
        for miss in report["cache_miss_refs"]:
            client.del_reference(miss["_id"])
        for miss in report["cache_miss_comps"]:
            client.del_component(miss["_id"])
        report = client.get_report()
    return report


def stored_rows(dump: dict[str, Any]) -> tuple[Counter[str], Counter[str]]:
    """Return the components and references of a dump as text, each with its count."""
    names = {comp["_id"]: comp["name"] for comp in dump["components"]}
    return (
        Counter(
            _text(comp["name"], comp["customFields"].get("cost"), comp["description"])
            for comp in dump["components"]
        ),
        Counter(
            _text(names[ref["source"]], names[ref["target"]], ref["type"], ref["displayText"])
            for ref in dump["references"]
        ),
    )


def expected_rows(source: Source) -> tuple[Counter[str], Counter[str]]:
    """Return the rows of a source in the form of `stored_rows`."""
    return (
        Counter(
            _text(name, values["cost"], values["description"]) for name, values in source.components.items()
        ),
        Counter(_text(*end, values["displayText"]) for end, values in source.references.items()),
    )


def _text(*parts: Any) -> str:
    return json.dumps(parts)


def labels(dump: dict[str, Any]) -> dict[str, str]:
    """Return the label of each entity of a dump by its id."""
    names = {comp["_id"]: comp["name"] for comp in dump["components"]}
    names_by_id = {comp_id: f"component {name}" for comp_id, name in names.items()}
    for ref in dump["references"]:
        names_by_id[ref["_id"]] = f"reference {names[ref['source']]} {names[ref['target']]} {ref['type']}"
    return names_by_id


def duplicates(dump: dict[str, Any]) -> set[str]:
    """Return the labels that more than one entity of a dump has."""
    return {label for label, number in Counter(labels(dump).values()).items() if number > 1}


def failed(report: dict[str, Any]) -> set[str]:
    """Return the labels of failed rows, and the ids of failed deletes, of a report."""
    listed = (*report["failed_comps_l"], *report["failed_refs_l"])
    return {item["label"] or item["row"]["_id"] for item in listed}


def lost_rows(source: Source, dump: dict[str, Any], report: dict[str, Any]) -> set[str]:
    """Return the labels of the rows that are neither in Ardoq nor listed as failed."""
    components, references = stored_rows(dump)
    missing = {
        f"component {name}"
        for name, values in source.components.items()
        if _text(name, values["cost"], values["description"]) not in components
    }
    missing |= {
        f"reference {end[0]} {end[1]} {end[2]}"
        for end, values in source.references.items()
        if _text(*end, values["displayText"]) not in references
    }
    return missing - failed(report)


def report_errors(before: dict[str, Any], after: dict[str, Any], report: dict[str, Any]) -> list[str]:
    """Return the differences between a report and what happened between two dumps.

    What is listed as failed may have happened: the client could not know.
    """
    complaints = []
    names = labels(before) | labels(after)
    maybe = failed(report)
    old, new = (
        {entity["_id"]: entity for kind in KINDS for entity in dump[f"{kind}s"]} for dump in (before, after)
    )
    happened = {
        "new": new.keys() - old.keys(),
        "del": old.keys() - new.keys(),
        "updated": {
            entity_id
            for entity_id in new.keys() & old.keys()
            if new[entity_id]["_version"] != old[entity_id]["_version"]
        },
    }
    for action, ids in happened.items():
        listed = Counter(entity["_id"] for kind in KINDS.values() for entity in report[f"{action}_{kind}_l"])
        complaints += [
            f"{action}: {names.get(entity_id, entity_id)} is listed and did not happen"
            for entity_id in listed.keys() - ids
        ]
        if action != "updated":
            complaints += [
                f"{action}: {names.get(entity_id, entity_id)} is listed {n} times"
                for entity_id, n in listed.items()
                if n > 1
            ]
        for item in ids - listed.keys() - maybe:
            # An unconfirmed delete of a component deletes its references along.
            along = action == "del" and _ends(old[item]) & maybe
            if names[item] not in maybe and not along:
                complaints.append(f"{action}: {names[item]} happened and is not listed")
    return complaints


def _ends(entity: dict[str, Any]) -> set[str]:
    return {entity[end] for end in ("source", "target") if end in entity}
