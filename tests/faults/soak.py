"""Run random faults, crashes, races and two processes at once with ever new seeds, and print figures.

`python tests/faults/soak.py --minutes 5 [--seed 1000] [--crashes 200] [--rows 1000]` runs as many as there is
time for. `python tests/faults/soak.py --full [--seed 1000] [--crashes 200] [--rows 1000]` runs a set: every
share of faults in every way of writing, and so many crashes, all of jobs of so many components and twice the
references; 30 races and 12 pairs of processes. Ends with 1 where anything was found that must not be. A
complaint names the seed that shows it again.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from concurrent_writer import Meddler, broken
from fault_jobs import (
    TOKEN,
    WAYS,
    bring,
    client_of,
    duplicates,
    failed,
    first_night,
    held,
    lost,
    next_night,
    nightly,
    seed,
    untrue,
    wanted,
)
from job_processes import side_by_side
from killed_jobs import Assassin, crash, crash_again_and_again

from ardoqpy.emulator.faults import RANDOM_FAULT_KINDS
from ardoqpy.testing import Emulator, emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Answers that hang are rare: each costs a time-out.
HANGING = (*RANDOM_FAULT_KINDS * 12, "wait-after")
#: So are answers of 429 where thousands of rows are written: those that come whatever the pace make it fall.
LONG = (*[kind for kind in RANDOM_FAULT_KINDS if kind != "429"] * 14, "429", "wait-after")
SMALL = (40, 60)
#: Which share of all requests meets a fault.
SHARES = (0.05, 0.2, 0.4)

Figures = Counter[str]


class Part(NamedTuple):
    """One part of the set: who looks on in its emulator, the seeds, what is done with each, in turn
    each way.
    """

    name: str
    recorder: Callable[[Any], None] | None
    numbers: range
    act: Callable[[Emulator, str, int, Figures], list[str]]


def random_faults(
    server: Emulator, way: str, number: int, rows: int, figures: Figures, kinds: Sequence[str] = HANGING
) -> list[str]:
    """Run two nights under faults, and after each a calm run that has to complete it."""
    share = SHARES[number % len(SHARES)]
    source, complaints = first_night(rows, 2 * rows, number), []
    for night in range(2):
        source = next_night(source, number) if night else source
        before = server.dump()
        weather = server.fail_randomly(share, kinds=kinds, seconds=60, seed=2 * number + night)
        with client_of(server.url, way, timeout=1.0) as client:
            report = nightly(client, source)
        server.clear_faults()
        after = server.dump()
        twice, missing = duplicates(after), lost(source, after, report)
        told = {f"component {note['name']}" for note in report["ambiguous"]}
        complaints += [f"{item} is there twice" for item in twice - told]
        complaints += [f"{miss} is lost" for miss in missing] + untrue(before, after, report)
        with client_of(server.url, way) as client:
            calm = nightly(client, source)
        if calm["status"] != "success" or held(server.dump()) != wanted(source):
            complaints.append("the next run does not complete it")
        figures["faults injected"] += sum(weather.injected.values())
        figures["requests"] += len(server.requests)
        figures["duplicates"] += len(twice)
        figures["lost writes"] += len(missing)
        figures["rows reported failed"] += len(failed(report))
        figures["runs that failed and were completed by the next"] += report["status"] != "success"
        server.clear_requests()
    return complaints


def crashed(server: Emulator, way: str, number: int, assassin: Assassin, figures: Figures) -> list[str]:
    """Kill a job and run it again."""
    source, left, killed = crash(server, assassin, way, SMALL, number, number % 2)
    complaints = [f"{item} is there twice" for item in duplicates(left)]
    with client_of(server.url, way) as client:
        report = nightly(client, source)
    if report["status"] != "success" or held(server.dump()) != wanted(source):
        complaints.append("the next run does not complete it")
    figures["killed"] += killed
    figures["ended before that"] += not killed
    figures["duplicates"] += len(duplicates(server.dump()))
    return complaints


def raced(server: Emulator, way: str, number: int, meddler: Meddler, figures: Figures) -> list[str]:
    """Run a job while somebody else writes."""
    source = first_night(*SMALL, number)
    with client_of(server.url, way) as client:
        nightly(client, source)
    source = next_night(source, number, 0.3)
    soon = [name for name in source.components if name.startswith("New")]
    meddler.begin(server, number, 0.3, soon)
    with client_of(server.url, way) as client:
        bring(client, source)
        report = client.get_report()
    meddler.stop()
    complaints = broken(meddler, server.dump(), report)
    twice = {item for item in duplicates(server.dump()) if item.startswith("component")}
    with client_of(server.url, way) as client:
        bring(client, source)
        report = client.get_report()
    told = {f"component {note['name']}" for note in report["ambiguous"]}
    complaints += [f"{item} is there twice, and not told" for item in twice - told]
    complaints += broken(meddler, server.dump(), report)
    if not all(part <= whole for part, whole in zip(wanted(source), held(server.dump()), strict=True)):
        complaints.append("the next run does not complete it")
    figures["writes of others"] += meddler.deeds
    figures["duplicates made by others, each told by name"] += len(twice)
    return complaints


def crashed_long(
    server: Emulator, way: str, number: int, assassin: Assassin, rows: int, kills: int, figures: Figures
) -> list[str]:
    """Kill a long job again and again, and let it through at last."""
    complaints, killed = crash_again_and_again(server, assassin, way, (rows, 2 * rows), number, kills)
    figures["killed"] += killed
    figures["duplicates"] += len(duplicates(server.dump()))
    return complaints


def beside(server: Emulator, way: str, number: int, figures: Figures) -> list[str]:
    """Run a night's job as two processes at the same time, and a third time afterwards."""
    night, source = number % 2, first_night(*SMALL, number)
    if night:
        with client_of(server.url, way) as client:
            nightly(client, source)
        source = next_night(source, number)
    reports = side_by_side(server.url, way, SMALL, number, night)
    dump = server.dump()
    missing = set.intersection(*(lost(source, dump, report) for report in reports))
    complaints = [f"{miss} is lost" for miss in missing]
    twice = {item for item in duplicates(dump) if item.startswith("component")}
    with client_of(server.url, way) as client:
        bring(client, source)
        report = client.get_report()
    told = {f"component {note['name']}" for note in report["ambiguous"]}
    complaints += [f"{item} is there twice, and not told" for item in twice - told]
    if report["status"] != "success" or report["new_comps"] or report["updated_comps"]:
        complaints.append("the run after it finds something to do")
    figures["duplicates they made, each told by name"] += len(twice)
    figures["lost writes"] += len(missing)
    return complaints


def repeat(
    name: str, server: Emulator, until: float, numbers: Any, act: Callable[[str, int, Figures], list[str]]
) -> int:
    """Do one thing with ever new seeds, each way in turn, and print what came of it."""
    figures: Figures = Counter()
    wrong, began = 0, time.monotonic()
    for number in numbers:
        if time.monotonic() > until:
            break
        way = list(WAYS)[number % len(WAYS)]
        server.clear_faults()
        server.load(seed())
        server.clear_requests()
        complaints = act(way, number // len(WAYS), figures)
        figures["runs"] += 1
        wrong += len(complaints)
        for complaint in complaints:
            print(f"  {name}, {way}, seed {number // len(WAYS)}: {complaint}", flush=True)
    wrong += len(server.crashes)
    told = ", ".join(f"{key} {value}" for key, value in sorted(figures.items()))
    print(f"{name}: {told} ({time.monotonic() - began:.0f} s)", flush=True)
    return wrong


def main() -> int:
    """Run what was asked for, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="how long at most (%(default)s)")
    parser.add_argument("--full", action="store_true", help="a set of full size, however long it takes")
    parser.add_argument("--only", default="", help="of the set only what is called so, such as crashes")
    parser.add_argument("--seed", type=int, default=1000, help="the first seed (%(default)s)")
    parser.add_argument("--crashes", type=int, default=200, help="how many at most (%(default)s)")
    parser.add_argument("--rows", type=int, default=1000, help="components of a run; twice the references")
    options = parser.parse_args()
    began = time.monotonic()
    first = options.seed * len(WAYS)
    wrong = (set_of_full_size if options.full else as_time_allows)(first, options)
    print(f"{wrong} things that must not be, in {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


def set_of_full_size(first: int, options: argparse.Namespace) -> int:
    """Run each share of faults in each way, crashes, races and pairs of processes; return what was found."""
    ways, assassin, meddler = len(WAYS), Assassin(), Meddler()
    kills = -(-options.crashes // ways)

    def random_faults_of(share: float) -> Part:
        number = next(n for n in itertools.count(options.seed) if SHARES[n % len(SHARES)] == share)
        return Part(
            f"random faults of {share:.0%} faults", None, range(number * ways, (number + 1) * ways),
            lambda server, way, number, figures: random_faults(
                server, way, number, options.rows, figures, LONG
            ),
        )  # fmt: skip

    parts = [
        Part(
            "crashes", assassin, range(first, first + ways),
            lambda server, way, number, figures: crashed_long(
                server, way, number, assassin, options.rows, kills, figures
            ),
        ),
        Part(
            "races", meddler, range(first, first + 30),
            lambda server, way, number, figures: raced(server, way, number, meddler, figures),
        ),
        Part("two processes", None, range(first, first + 12), beside),
        *map(random_faults_of, SHARES),
    ]  # fmt: skip
    wrong = 0
    for part in parts:
        if part.name.startswith(options.only):
            with emulator(token=TOKEN, page_size=1000, recorder=part.recorder) as server:
                wrong += repeat(part.name, server, math.inf, part.numbers, partial(part.act, server))
    return wrong


def as_time_allows(first: int, options: argparse.Namespace) -> int:
    """Share the minutes out, and return what was found."""
    began, seconds = time.monotonic(), options.minutes * 60
    assassin, meddler = Assassin(), Meddler()
    with emulator(token=TOKEN, page_size=1000, recorder=assassin) as server:
        numbers = range(first, first + options.crashes)
        wrong = repeat(
            "crashes", server, began + seconds * 0.4, numbers,
            lambda way, number, figures: crashed(server, way, number, assassin, figures),
        )  # fmt: skip
    with emulator(token=TOKEN, page_size=1000, recorder=meddler) as server:
        wrong += repeat(
            "races", server, began + seconds * 0.55, itertools.count(first),
            lambda way, number, figures: raced(server, way, number, meddler, figures),
        )  # fmt: skip
    with emulator(token=TOKEN, page_size=1000) as server:
        wrong += repeat(
            "two processes", server, began + seconds * 0.65, itertools.count(first),
            lambda way, number, figures: beside(server, way, number, figures),
        )  # fmt: skip
        wrong += repeat(
            "small runs", server, began + seconds * 0.75, itertools.count(first),
            lambda way, number, figures: random_faults(server, way, number, SMALL[0], figures),
        )  # fmt: skip
        wrong += repeat(
            "faults", server, began + seconds, itertools.count(first),
            lambda way, number, figures: random_faults(server, way, number, options.rows, figures),
        )  # fmt: skip
    return wrong


if __name__ == "__main__":
    sys.exit(main())
