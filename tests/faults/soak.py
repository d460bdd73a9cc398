"""Run random faults, killed and interrupted jobs, races and pairs of processes, and print figures.

`python tests/faults/soak.py --minutes 5 [--seed 1000] [--crashes 200] [--rows 1000]` runs as many as the time
allows. `python tests/faults/soak.py --full [--seed 1000] [--crashes 200] [--rows 1000]` runs a fixed set:
every share of faults in every mode with `--seeds` seeds, the crashes, as many interrupts as crashes, 30 races
and 12 pairs of processes. `--rows` is the number of components; there are twice as many references. Ends with
1 if there are problems; each names its seed.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from concurrent_writer import ConcurrentWriter, violations
from fault_jobs import (
    MODES,
    TOKEN,
    changed_source,
    client_of,
    duplicates,
    expected_rows,
    failed,
    first_source,
    lost_rows,
    report_errors,
    run_job,
    seed,
    stored_rows,
    sync_rows,
)
from interrupted_jobs import Interrupter, Webhook, interrupt_repeatedly
from job_processes import side_by_side
from killed_jobs import JobKiller, kill_repeatedly, run_and_kill

from ardoqpy.emulator.faults import RANDOM_FAULT_KINDS
from ardoqpy.testing import Emulator, emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Hanging answers are rare: each costs a time-out.
HANGING = (*RANDOM_FAULT_KINDS * 12, "wait-after")
#: In long runs 429 is rare, too: the client slows down after each.
LONG = (*[kind for kind in RANDOM_FAULT_KINDS if kind != "429"] * 14, "429", "wait-after")
SMALL_SIZE = (40, 60)
#: Which share of all requests meets a fault.
SHARES = (0.05, 0.2, 0.4)

Figures = Counter[str]


class Part(NamedTuple):
    """One part of the set: the emulator's recorder, the seeds, and what to run for each seed."""

    name: str
    recorder: Callable[[Any], None] | None
    numbers: Sequence[int]
    act: Callable[[Emulator, str, int, Figures], list[str]]


def random_faults(
    server: Emulator, mode: str, number: int, rows: int, figures: Figures, kinds: Sequence[str] = HANGING
) -> list[str]:
    """Run two jobs under faults, and after each a run without faults that has to complete it."""
    share = SHARES[number % len(SHARES)]
    source, complaints = first_source(rows, 2 * rows, number), []
    for changed in range(2):
        source = changed_source(source, number) if changed else source
        before = server.dump()
        faults = server.fail_randomly(share, kinds=kinds, seconds=60, seed=2 * number + changed)
        with client_of(server.url, mode, timeout=1.0) as client:
            report = run_job(client, source)
        server.clear_faults()
        after = server.dump()
        repeated, missing = duplicates(after), lost_rows(source, after, report)
        reported = {f"component {note['name']}" for note in report["ambiguous"]}
        complaints += [f"{item} exists twice" for item in repeated - reported]
        complaints += [f"{miss} is lost" for miss in missing] + report_errors(before, after, report)
        with client_of(server.url, mode) as client:
            calm = run_job(client, source)
        if calm["status"] != "success" or stored_rows(server.dump()) != expected_rows(source):
            complaints.append("the next run does not complete it")
        figures["faults injected"] += sum(faults.injected.values())
        figures["requests"] += len(server.requests)
        figures["duplicates"] += len(repeated)
        figures["lost writes"] += len(missing)
        figures["rows reported failed"] += len(failed(report))
        figures["runs that failed and were completed by the next"] += report["status"] != "success"
        server.clear_requests()
    return complaints


def killed_once(server: Emulator, mode: str, number: int, killer: JobKiller, figures: Figures) -> list[str]:
    """Kill a job and run it again."""
    source, left, killed = run_and_kill(server, killer, mode, SMALL_SIZE, number, number % 2)
    complaints = [f"{item} exists twice" for item in duplicates(left)]
    with client_of(server.url, mode) as client:
        report = run_job(client, source)
    if report["status"] != "success" or stored_rows(server.dump()) != expected_rows(source):
        complaints.append("the next run does not complete it")
    figures["killed"] += killed
    figures["ended before that"] += not killed
    figures["duplicates"] += len(duplicates(server.dump()))
    return complaints


def concurrent_writes(
    server: Emulator, mode: str, number: int, writer: ConcurrentWriter, figures: Figures
) -> list[str]:
    """Run a job while another client writes."""
    source = first_source(*SMALL_SIZE, number)
    with client_of(server.url, mode) as client:
        run_job(client, source)
    source = changed_source(source, number, 0.3)
    next_names = [name for name in source.components if name.startswith("New")]
    writer.begin(server, number, 0.3, next_names)
    with client_of(server.url, mode) as client:
        sync_rows(client, source)
        report = client.get_report()
    writer.stop()
    complaints = violations(writer, server.dump(), report)
    repeated = {item for item in duplicates(server.dump()) if item.startswith("component")}
    with client_of(server.url, mode) as client:
        sync_rows(client, source)
        report = client.get_report()
    reported = {f"component {note['name']}" for note in report["ambiguous"]}
    complaints += [f"{item} exists twice and is not reported" for item in repeated - reported]
    complaints += violations(writer, server.dump(), report)
    if not all(
        part <= whole for part, whole in zip(expected_rows(source), stored_rows(server.dump()), strict=True)
    ):
        complaints.append("the next run does not complete it")
    figures["writes of others"] += writer.writes
    figures["duplicates made by others, each reported by name"] += len(repeated)
    return complaints


def killed_repeatedly(
    server: Emulator, mode: str, number: int, killer: JobKiller, rows: int, kills: int, figures: Figures
) -> list[str]:
    """Kill a long job repeatedly, and complete it in the end."""
    complaints, killed = kill_repeatedly(server, killer, mode, (rows, 2 * rows), number, kills)
    figures["killed"] += killed
    figures["duplicates"] += len(duplicates(server.dump()))
    return complaints


def interrupted_repeatedly(
    server: Emulator, mode: str, number: int, interrupter: Interrupter, interrupts: int, figures: Figures
) -> list[str]:
    """Interrupt a job of the command line repeatedly, and compare its reports with what is in Ardoq."""
    with tempfile.TemporaryDirectory() as folder, Webhook() as hook:
        complaints, interrupted = interrupt_repeatedly(
            server, interrupter, hook, Path(folder), mode, number, interrupts
        )
        hook.shutdown()
    figures["interrupted"] += interrupted
    figures["duplicates"] += len(duplicates(server.dump()))
    return complaints


def two_processes(server: Emulator, mode: str, number: int, figures: Figures) -> list[str]:
    """Run one job in two processes at the same time, and once more afterwards."""
    changed, source = number % 2, first_source(*SMALL_SIZE, number)
    if changed:
        with client_of(server.url, mode) as client:
            run_job(client, source)
        source = changed_source(source, number)
    reports = side_by_side(server.url, mode, SMALL_SIZE, number, changed)
    dump = server.dump()
    missing = set.intersection(*(lost_rows(source, dump, report) for report in reports))
    complaints = [f"{miss} is lost" for miss in missing]
    repeated = {item for item in duplicates(dump) if item.startswith("component")}
    with client_of(server.url, mode) as client:
        sync_rows(client, source)
        report = client.get_report()
    reported = {f"component {note['name']}" for note in report["ambiguous"]}
    complaints += [f"{item} exists twice and is not reported" for item in repeated - reported]
    if report["status"] != "success" or report["new_comps"] or report["updated_comps"]:
        complaints.append("the run after it finds something to do")
    figures["duplicates they made, each reported by name"] += len(repeated)
    figures["lost writes"] += len(missing)
    return complaints


def repeat(
    name: str, server: Emulator, until: float, numbers: Any, act: Callable[[str, int, Figures], list[str]]
) -> int:
    """Run a part with one seed after another, each mode in turn, and print the figures."""
    figures: Figures = Counter()
    problem_count, began = 0, time.monotonic()
    for number in numbers:
        if time.monotonic() > until:
            break
        mode = list(MODES)[number % len(MODES)]
        server.clear_faults()
        server.load(seed())
        server.clear_requests()
        complaints = act(mode, number // len(MODES), figures)
        figures["runs"] += 1
        problem_count += len(complaints)
        for complaint in complaints:
            print(f"  {name}, {mode}, seed {number // len(MODES)}: {complaint}", flush=True)
    problem_count += len(server.crashes)
    reported = ", ".join(f"{key} {value}" for key, value in sorted(figures.items()))
    print(f"{name}: {reported} ({time.monotonic() - began:.0f} s)", flush=True)
    return problem_count


def main() -> int:
    """Run the chosen parts, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="how long at most (%(default)s)")
    parser.add_argument("--full", action="store_true", help="a set of full size, however long it takes")
    parser.add_argument("--only", default="", help="of the set only what is called so, such as crashes")
    parser.add_argument("--seed", type=int, default=1000, help="the first seed (%(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of each share of faults (%(default)s)")
    parser.add_argument("--crashes", type=int, default=200, help="how many at most, also of interrupts")
    parser.add_argument("--rows", type=int, default=1000, help="components of a run; twice the references")
    options = parser.parse_args()
    began = time.monotonic()
    first = options.seed * len(MODES)
    problem_count = (run_full_set if options.full else run_for_minutes)(first, options)
    print(f"{problem_count} problems, in {time.monotonic() - began:.0f} s")
    return 1 if problem_count else 0


def run_full_set(first: int, options: argparse.Namespace) -> int:
    """Run each share of faults in each mode, crashes, races and pairs of processes; count the problems."""
    ways, killer, writer, interrupter = len(MODES), JobKiller(), ConcurrentWriter(), Interrupter()
    kills = -(-options.crashes // ways)

    def random_faults_of(share: float) -> Part:
        first = next(n for n in itertools.count(options.seed) if SHARES[n % len(SHARES)] == share)
        # A number has the share that its remainder stands for: so three seeds of each are three apart.
        seeds = range(first, first + len(SHARES) * options.seeds, len(SHARES))
        return Part(
            f"random faults of {share:.0%} faults",
            None,
            [seed * ways + way for seed in seeds for way in range(ways)],
            lambda server, mode, number, figures: random_faults(
                server, mode, number, options.rows, figures, LONG
            ),
        )

    parts = [
        Part(
            "crashes", killer, range(first, first + ways),
            lambda server, mode, number, figures: killed_repeatedly(
                server, mode, number, killer, options.rows, kills, figures
            ),
        ),
        Part(
            "interrupts", interrupter, range(first, first + ways),
            lambda server, mode, number, figures: interrupted_repeatedly(
                server, mode, number, interrupter, kills, figures
            ),
        ),
        Part(
            "races", writer, range(first, first + 30),
            lambda server, mode, number, figures: concurrent_writes(server, mode, number, writer, figures),
        ),
        Part("two processes", None, range(first, first + 12), two_processes),
        *map(random_faults_of, SHARES),
    ]  # fmt: skip
    problem_count = 0
    for part in parts:
        if part.name.startswith(options.only):
            with emulator(token=TOKEN, page_size=1000, recorder=part.recorder) as server:
                problem_count += repeat(part.name, server, math.inf, part.numbers, partial(part.act, server))
    return problem_count


def run_for_minutes(first: int, options: argparse.Namespace) -> int:
    """Divide the minutes among the parts, and return the number of problems."""
    began, seconds = time.monotonic(), options.minutes * 60
    killer, writer = JobKiller(), ConcurrentWriter()
    with emulator(token=TOKEN, page_size=1000, recorder=killer) as server:
        numbers = range(first, first + options.crashes)
        problem_count = repeat(
            "crashes", server, began + seconds * 0.4, numbers,
            lambda mode, number, figures: killed_once(server, mode, number, killer, figures),
        )  # fmt: skip
    with emulator(token=TOKEN, page_size=1000, recorder=writer) as server:
        problem_count += repeat(
            "races", server, began + seconds * 0.55, itertools.count(first),
            lambda mode, number, figures: concurrent_writes(server, mode, number, writer, figures),
        )  # fmt: skip
    with emulator(token=TOKEN, page_size=1000) as server:
        problem_count += repeat(
            "two processes", server, began + seconds * 0.65, itertools.count(first),
            lambda mode, number, figures: two_processes(server, mode, number, figures),
        )  # fmt: skip
        problem_count += repeat(
            "small runs", server, began + seconds * 0.75, itertools.count(first),
            lambda mode, number, figures: random_faults(server, mode, number, SMALL_SIZE[0], figures),
        )  # fmt: skip
        problem_count += repeat(
            "faults", server, began + seconds, itertools.count(first),
            lambda mode, number, figures: random_faults(server, mode, number, options.rows, figures),
        )  # fmt: skip
    return problem_count


if __name__ == "__main__":
    sys.exit(main())
