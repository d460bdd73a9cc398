"""Measure what the ledger of a run costs: CPU time and requests, with one and without, in turns.

A job is measured as a process, from its start to its end: it reads CSV files and writes a run document. A
script is measured from building the client to the report, with its rows in memory.

One figure is from the runs with a ledger alone: the CPU time within its code, compared with the rest of the
client's. On a machine with other work it varies much less than the difference between two runs.

python benchmarks/ledger.py --repeat 3
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import os
import sys
import tempfile
import time
from contextlib import redirect_stdout
from functools import wraps
from pathlib import Path
from statistics import median
from typing import Any

from admin_api import TOKEN, begin, requests_received
from inventory_job import write_job
from processes import emulator, script
from rows import Row, component_rows, reference_rows
from tables import verdict

from ardoqpy import ArdoqSyncClient
from ardoqpy_sync.cli.main import main as run_command
from ardoqpy_sync.writing.journal import Journal

#: By name: components, and whether Ardoq is empty before the run. There are twice as many references.
SCENARIOS: dict[str, tuple[int, bool]] = {"first-load": (5_000, True), "nothing-to-do": (10_000, False)}
CALLERS = ("job", "script")
WAYS: dict[str, dict[str, Any]] = {
    "v1": {"version": "v1"},
    "v2 batch": {"version": "v2", "batch": True},
}
#: How much more CPU time a run may take with a ledger, in percent.
TARGETS = {"first-load": 10.0, "nothing-to-do": 1.0}
#: CPU seconds that this process took to start.
_IMPORTS = time.process_time()
_TARGET = " (target: at most {most:g} %, {})"
#: What a client calls to read or write its ledger; none of them calls another one.
_CALLS = ("use", "begin", "add_writes", "close_writes", "record_outcomes", "end_run", "close")


def main() -> None:
    """Measure every scenario, and print a table; with --run, run one once and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="runs of each (%(default)s)")
    parser.add_argument("--scenario", choices=SCENARIOS, help="measure this one alone")
    parser.add_argument("--way", choices=WAYS, help="measure this one alone")
    parser.add_argument("--caller", choices=CALLERS, help="measure this one alone")
    parser.add_argument("--share", type=float, default=1.0, help="of the components (%(default)s)")
    parser.add_argument("--run", metavar="URL", help=argparse.SUPPRESS)
    parser.add_argument("--ledger", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        print(json.dumps(_once(options)))
        return
    columns = ("scenario", "of", "API", "requests without", "with", "CPU without", "with", "more CPU")
    print(f"| {' | '.join((*columns, 'its code', 'file'))} |\n|{' --- |' * (len(columns) + 2)}")
    for scenario in [options.scenario] if options.scenario else SCENARIOS:
        for caller in [options.caller] if options.caller else CALLERS:
            for way in [options.way] if options.way else WAYS:
                _measure(options, scenario, caller, way)


def _measure(options: argparse.Namespace, scenario: str, caller: str, way: str) -> None:
    size, is_empty = SCENARIOS[scenario]
    size = int(size * options.share)
    runs: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    with (
        tempfile.TemporaryDirectory() as name,
        emulator(size, 2 * size, Path(name), empty=is_empty) as url,
    ):
        ledger = Path(name) / "ledger.db"
        measured = ("--scenario", scenario, "--caller", caller, "--way", way)
        arguments = ("--run", url, *measured, "--share", options.share)
        if not is_empty:  # the first run takes over what is there
            script(sys.executable, "ledger.py", *map(str, arguments), "--ledger", str(ledger))
        for _ in range(options.repeat):
            for has_ledger, figures in runs.items():
                begin(url, reset=is_empty)
                if is_empty:
                    for each in Path(name).glob("ledger.db*"):
                        each.unlink()
                more = ["--ledger", str(ledger)] if has_ledger else []
                figures.append(script(sys.executable, "ledger.py", *map(str, arguments), *more) or {})
        megabytes = ledger.stat().st_size / 2**20
    cpu = {has_ledger: median(run["cpu"] for run in of) for has_ledger, of in runs.items()}
    pairs = zip(runs[False], runs[True], strict=True)
    more_cpu = median(100 * (other["cpu"] / plain["cpu"] - 1) for plain, other in pairs)
    requests = {has_ledger: of[0]["requests"] for has_ledger, of in runs.items()}
    inside = median(100 * run["inside"] / (run["cpu"] - run["inside"]) for run in runs[True])
    target = verdict(more_cpu, TARGETS[scenario], _TARGET)
    print(
        f"| {scenario}, {size:,} / {2 * size:,} | {caller} | {way} "
        f"| {requests[False]:,.0f} | {requests[True]:,.0f} | {cpu[False]:.2f} s | {cpu[True]:.2f} s "
        f"| {more_cpu:.1f} %{target} "
        f"| {inside:.1f} % | {megabytes:.1f} MiB |",
        flush=True,
    )


def _once(options: argparse.Namespace) -> dict[str, float]:
    size, _ = SCENARIOS[options.scenario]
    components = component_rows(int(size * options.share))
    references = reference_rows(components, 2 * len(components))
    inside = _time_ledger()
    before = len(requests_received(options.run))
    run = _run_job if options.caller == "job" else _run_script
    cpu = run(options, components, references)
    requests = len(requests_received(options.run)) - before
    return {"cpu": cpu, "requests": requests, "inside": sum(inside)}


def _run_script(options: argparse.Namespace, components: list[Row], references: list[Row]) -> float:
    gc.collect()
    cpu = time.process_time()
    with ArdoqSyncClient(options.run, TOKEN, ledger=options.ledger, **WAYS[options.way]) as client:
        ids = {row["name"]: client.create_component(row)["_id"] for row in components}
        for row in references:
            client.create_reference({**row, "source": ids[row["source"]], "target": ids[row["target"]]})
        report = client.get_report()
    cpu = time.process_time() - cpu
    done = report["cache_hit_comps"] + report["new_comps"]
    if report["status"] != "success" or done != len(components):
        raise SystemExit(f"The run did something else: {report['status']}, {report['description']}")
    return cpu


def _run_job(options: argparse.Namespace, components: list[Row], references: list[Row]) -> float:
    """Run the job, and return the CPU time of a process that does nothing else."""
    with tempfile.TemporaryDirectory() as name:
        ledger = json.dumps(options.ledger) if options.ledger else "false"
        settings = f'[ardoq]\nversion = "{WAYS[options.way]["version"]}"\n[run]\nledger = {ledger}\n'
        write_job(Path(name), components, references, settings=settings)
        document = Path(name) / "run.json"
        command = ["apply", str(Path(name) / "job.toml"), "--report", str(document)]
        os.environ |= {"ARDOQ_API_HOST": options.run, "ARDOQ_API_TOKEN": TOKEN}
        gc.collect()
        cpu = time.process_time()
        with redirect_stdout(io.StringIO()):
            status = run_command(command)
        cpu = time.process_time() - cpu
        done = json.loads(document.read_text(encoding="utf-8"))["totals"]["component"]
    if status or done["created"] + done["unchanged"] != len(components):
        raise SystemExit(f"The run did something else: exit status {status}, {done}")
    return _IMPORTS + cpu


def _time_ledger() -> list[float]:
    """Return a list to which each call of a ledger appends its CPU time in seconds, from now on."""
    seconds: list[float] = []

    def timed(call: Any) -> Any:
        @wraps(call)
        def timed_call(*arguments: Any, **named: Any) -> Any:
            start = time.process_time()
            try:
                return call(*arguments, **named)
            finally:
                seconds.append(time.process_time() - start)

        return timed_call

    for name in _CALLS:
        setattr(Journal, name, timed(getattr(Journal, name)))
    return seconds


if __name__ == "__main__":
    main()
