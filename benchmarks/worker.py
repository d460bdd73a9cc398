"""Run one scenario once, and print its figures as JSON.

The Python that runs this file decides which version of ardoqpy is measured.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from admin_api import TOKEN, requests_received
from memory import memory_now, peak_memory, system_time
from rows import CHANGED_EVERY, component_rows, reference_rows

from ardoqpy import ArdoqSyncClient

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# 0.8.4 sets the root logger to DEBUG when it is imported, and would log each row. The sync is measured, not
# its log, so both versions log warnings only.
logging.getLogger().setLevel(logging.WARNING)


def run(
    url: str,
    components: list[dict[str, Any]],
    references: list[dict[str, Any]],
    pace: int,
    options: dict[str, Any],
) -> Mapping[str, Any]:
    """Run a nightly job, and return its report; with a `pace`, at most so many rows a second."""
    client = ArdoqSyncClient(hosturl=url, token=TOKEN, **options)
    id_of = {row["name"]: client.create_component(row)["_id"] for row in paced(components, pace)}
    for row in paced(references, pace):
        client.create_reference({**row, "source": id_of[row["source"]], "target": id_of[row["target"]]})
    report: Mapping[str, Any] = client.get_report()
    return report


def paced(rows: list[dict[str, Any]], pace: int) -> Iterator[dict[str, Any]]:
    """Yield rows, at most `pace` a second; 0 means no limit."""
    start = time.perf_counter()
    for number, row in enumerate(rows):
        if pace:
            time.sleep(max(0.0, start + number / pace - time.perf_counter()))
        yield row


def expected(scenario: str, components: int, references: int) -> dict[str, int]:
    """Return the counts that the report must have for the run to count as a measurement."""
    counts: dict[str, int] = {}
    for kind, rows in (("comps", components), ("refs", references)):
        changed = (rows + CHANGED_EVERY - 1) // CHANGED_EVERY if scenario == "change" else 0
        new = rows if scenario == "first-load" else 0
        counts |= {f"new_{kind}": new, f"updated_{kind}": changed, f"del_{kind}": 0}
        counts[f"cache_hit_{kind}"] = rows - changed - new
    return counts


def main() -> None:
    """Measure the run, check its report, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("scenario", choices=("nothing-to-do", "first-load", "change"))
    parser.add_argument("components", type=int)
    parser.add_argument("references", type=int)
    parser.add_argument("--pace", type=int, default=0)
    parser.add_argument("--options", type=json.loads, default={})
    options = parser.parse_args()
    changed = options.scenario == "change"
    components = component_rows(options.components, changed=changed)
    references = reference_rows(components, options.references, changed=changed)
    gc.collect()

    memory_before = memory_now()
    wall, cpu, system = time.perf_counter(), time.process_time(), system_time()
    report = run(options.url, components, references, options.pace, options.options)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    system = system_time() - system
    memory = peak_memory()

    counts = expected(options.scenario, options.components, options.references)
    actual = {key: report[key] for key in counts}
    if actual != counts or report["status"] != "success" or report["cache_miss_comps"]:
        sys.exit(f"The report of {options.scenario} has {actual}, expected {counts}.")
    codec = time.process_time()
    json.loads(json.dumps([components, references]))
    figures = {
        "codec": time.process_time() - codec,
        "cpu": cpu,
        "system": system,
        "wall": wall,
        "memory": memory,
        "memory_before": memory_before,
        "requests": len(requests_received(options.url)),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
