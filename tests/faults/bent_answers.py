"""Run jobs, and take runs back, while one value of one answer is bent, and count what nobody foresaw.

`python tests/faults/bent_answers.py [--runs 2000] [--seed 1]` prints figures, and each problem with its seed.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

from ardoqpy._http import transport
from ardoqpy._http.json import decode_json
from ardoqpy.errors import ArdoqClientException
from ardoqpy.testing import Emulator, emulator
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.job import parse_job, run_job
from ardoqpy_sync.job.connect import begin_run
from ardoqpy_sync.reporting.document import build_run_document

sys.path.append(str(Path(__file__).parents[1] / "jobs"))
from job_seed import APPS, SEED, WAYS, component

#: What takes the place of a value; "absent" takes its key away.
BENDS = (None, True, 7, -1, 1.5, "", "x", [], {}, [None], {"x": 1}, "absent")
JOB = """
format = 1
[guard]
share = 1.0
count = 100
take_along = true
[sources.apps]
type = "rows"
rows = []
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{Name}"
key = "cmdb_id"
parent = { key = "cmdb_id", value = "{Above}" }
missing = "delete"
[components.fields]
cmdb_id = "{Id}"
cost = "{Cost}"
lifecycle = "Live"
[[references]]
rows = "apps"
workspace = "Apps"
type = "depends on"
missing = "delete"
source = { type = "Application", key = "cmdb_id", value = "{Id}" }
target = { type = "Application", key = "cmdb_id", value = "{Needs}" }
"""
ROWS = [
    {"Id": "1", "Name": "Web", "Above": None, "Cost": 1, "Needs": "2"},
    {"Id": "2", "Name": "Mail", "Above": "1", "Cost": 2, "Needs": "3"},
    {"Id": "3", "Name": "New", "Above": "2", "Cost": 3, "Needs": None},
    {"Id": "4", "Name": "Newer", "Above": None, "Cost": 4, "Needs": "1"},
]
IDS = [f"{number:024d}" for number in range(4)]
WORLD = SEED | {
    "components": [
        component(IDS[0], "Web", cmdb_id="1", cost=1),
        component(IDS[1], "Mail (old)", cmdb_id="2"),
        component(IDS[2], "Left over", cmdb_id="9", parent=IDS[0]),
        component(IDS[3], "Left over, too", cmdb_id="8"),
    ],
    "references": [
        {"_id": f"{9:024d}", "rootWorkspace": APPS, "source": IDS[0], "target": IDS[1], "type": 1},
        {"_id": f"{8:024d}", "rootWorkspace": APPS, "source": IDS[1], "target": IDS[3], "type": 1},
    ],
}


def bend(value: Any, choose: random.Random) -> Any:
    """Return a JSON value with one of its parts, or itself, replaced by something else."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(range(len(value)))
    if not keys or choose.random() < 0.1:
        bent = choose.choice(BENDS)
        return None if bent == "absent" else bent
    key = choose.choice(keys)
    copy = dict(value) if isinstance(value, dict) else list(value)
    if isinstance(copy[key], dict | list) and choose.random() < 0.8:
        copy[key] = bend(copy[key], choose)
    elif (bent := choose.choice(BENDS)) == "absent":
        del copy[key]
    else:
        copy[key] = bent
    return copy


def _one_bent_answer(seed: int) -> Any:
    """Return a context in which one of the first answers is bent."""
    choose = random.Random(seed)
    at = choose.randrange(25)
    answers = 0

    def decode(content: bytes) -> Any:
        nonlocal answers
        answers += 1
        value = decode_json(content)
        return bend(value, choose) if answers - 1 == at else value

    return mock.patch.object(transport, "decode_json", decode)


def run_bent(server: Emulator, way: str, seed: int) -> str | None:
    """Run the job with one bent answer; return what was wrong with how it ended, if anything."""
    server.load(WORLD)
    job = parse_job(JOB, "job.toml")
    before = server.dump()
    try:
        with (
            _one_bent_answer(seed),
            ArdoqSyncClient(server.url, server.token, on_error="collect", retries=0, **WAYS[way]) as client,
        ):
            with contextlib.suppress(ArdoqClientException):
                run_job(job, client, sources={"apps": ROWS})
            document = build_run_document(client, title="bent")
    except ArdoqClientException:
        return None
    except Exception:  # noqa: BLE001  (what is looked for)
        return traceback.format_exc(limit=-4)
    return _lost_writes(before, server.dump(), document)


def undo_bent(server: Emulator, way: str, seed: int, folder: Path) -> str | None:
    """Take a run back with one bent answer, then again without one; return what was wrong, if anything."""
    job = parse_job(JOB, folder / "job.toml")
    ledger = str(folder / f"{way} {seed}.db")
    settings: Any = {"on_error": "collect", "retries": 0, "ledger": ledger, **WAYS[way]}

    def run(rows: list[dict[str, Any]]) -> None:
        with ArdoqSyncClient(server.url, server.token, **settings) as client:
            begin_run(client, "apply")
            run_job(job, client, sources={"apps": rows})

    def undo() -> Any:
        with ArdoqSyncClient(server.url, server.token, **settings) as client:
            with contextlib.suppress(ArdoqClientException):
                plan = client.undo_plan(2)
                begin_run(client, "undo", undoes=2)
                client.apply(plan)
            return build_run_document(client, title="bent")

    server.load(WORLD)
    run(ROWS)
    wanted = _by_names(server.dump())
    run([{**ROWS[0], "Cost": 9}, *ROWS[2:]])
    before = server.dump()
    try:
        with _one_bent_answer(seed):
            document = undo()
    except ArdoqClientException:
        document = None
    except Exception:  # noqa: BLE001  (what is looked for)
        return traceback.format_exc(limit=-4)
    lost = None if document is None else _lost_writes(before, server.dump(), document)
    undo()
    held = _by_names(server.dump())
    return lost or (None if held == wanted else f"after another undo: {held - wanted}, not {wanted - held}")


def _by_names(dump: Any) -> Counter[Any]:
    """Return what Ardoq holds without ids."""
    names = {component["_id"]: component["name"] for component in dump["components"]}
    components = (
        (each["name"], names.get(each["parent"]), each["customFields"].get("cost"))
        for each in dump["components"]
    )
    references = ((names[each["source"]], names[each["target"]], each["type"]) for each in dump["references"])
    return Counter([*components, *references])


def _lost_writes(dump: Any, dump_now: Any, document: Any) -> str | None:
    """Return what Ardoq holds more, or less, than the run reports, if anything."""
    before = {entity["_id"] for kind in ("components", "references") for entity in dump[kind]}
    now = {entity["_id"] for kind in ("components", "references") for entity in dump_now[kind]}
    done = Counter(change["action"] for change in document["changes"])
    created, deleted = len(now - before), len(before - now)
    if not done["create"] <= created <= done["create"] + len(document["failed"]):
        return f"{created} were created, {done['create']} reported"
    if deleted < done["delete"] or (deleted > done["delete"] and not document["failed"]):
        return f"{deleted} were deleted, {done['delete']} reported"
    return None


def main() -> int:
    """Run as often as the command line says, and return 1 if there are problems."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    start, problems = time.monotonic(), Counter[str]()
    with emulator(token="a-token") as server, tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seed, options.seed + options.runs):
            way = ("v1", "v2", "batched")[seed % 3]
            problem = run_bent(server, way, seed) or undo_bent(server, way, seed, Path(folder))
            if problem is not None:
                problems[problem] += 1
                if problems[problem] == 1:
                    print(f"seed {seed}, {way}: {problem}")
    print(f"{options.runs} runs, {problems.total()} problems, in {time.monotonic() - start:.0f} s")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
