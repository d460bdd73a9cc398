"""Compare a job file with direct calls: a preview of many CSV rows with nothing to do.

python benchmarks/job_file.py --rows 100000 --repeat 3
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from admin_api import TOKEN
from inventory_job import write_job
from processes import emulator, script
from rows import component_rows

from ardoqpy import ArdoqSyncClient
from ardoqpy_sync.job import load_job, run_job

#: A job may take at most this many times the direct calls.
TARGET = 3.0


def main() -> None:
    """Measure both ways in turns; with --way, run that way once and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, metavar="N", help="(%(default)s)")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="runs of each (%(default)s)")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(_once(options)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_job(folder, component_rows(options.rows))
        runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        with emulator(options.rows, 0, folder, empty=False) as url:
            for number in range(options.repeat):
                for way in WAYS:
                    print(f"{way}: run {number + 1} of {options.repeat} ...", file=sys.stderr, flush=True)
                    arguments = ("--rows", options.rows, "--way", way, "--url", url, "--folder", folder)
                    runs[way].append(script(sys.executable, "job_file.py", *map(str, arguments)) or {})
    print("|  | wall | CPU |\n| --- | --- | --- |")
    for way, label in WAYS.items():
        wall, cpu = (median(run[kind] for run in runs[way]) for kind in ("wall", "cpu"))
        print(f"| {label} | {wall:.2f} s | {cpu:.2f} s |")
    pairs = list(zip(runs["job"], runs["call"], strict=True))
    wall, cpu = (median(job[kind] / call[kind] for job, call in pairs) for kind in ("wall", "cpu"))
    verdict = "met" if wall <= TARGET else "missed"
    print(
        f"| the job / direct calls | {wall:.2f} x (target: at most {TARGET:g} x, {verdict}) | {cpu:.2f} x |"
    )


WAYS = {"call": "direct calls, rows in memory", "job": "the job: its file, the CSV, the rows"}


def _once(options: argparse.Namespace) -> dict[str, float]:
    rows = component_rows(options.rows) if options.way == "call" else []
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    with ArdoqSyncClient(options.url, TOKEN, simulate=True, on_error="collect") as client:
        if options.way == "job":
            run_job(load_job(options.folder / "job.toml"), client)
        else:
            for row in rows:
                client.create_component(row)
        report = client.get_report()
    figures = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    if report["cache_hit_comps"] != options.rows or report["status"] != "success":
        raise SystemExit(f"The run had something to do: {report['status']}, {report['description']}")
    return figures


if __name__ == "__main__":
    main()
