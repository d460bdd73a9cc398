"""
Run storms, crashes and races of full size with ever new seeds, for so many minutes, and print figures.

`python tests/storms/full.py --minutes 5 [--seed 1000] [--crashes 200] [--rows 1000]`; ends with 1 where
anything was found that must not be. A complaint names the seed that shows it again.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from crashes import Assassin, crash
from jobs import (
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
from races import Meddler, broken

from ardoqpy.emulator.faults import WEATHER
from ardoqpy.testing import Emulator, emulator

if TYPE_CHECKING:
    from collections.abc import Callable

#: Answers that hang are rare: each costs a time-out.
HANGING = (*WEATHER * 12, "wait-after")
SMALL = (40, 60)

Figures = Counter[str]


def storm(server: Emulator, way: str, number: int, rows: int, figures: Figures) -> list[str]:
    """
    Run two nights under faults, and after each a calm run that has to complete it.
    """
    share = (0.05, 0.2, 0.4)[number % 3]
    source, complaints = first_night(rows, 2 * rows, number), []
    for night in range(2):
        source = next_night(source, number) if night else source
        before = server.dump()
        weather = server.storm(share, kinds=HANGING, seconds=60, seed=2 * number + night)
        with client_of(server.url, way, timeout=2.0) as client:
            report = nightly(client, source)
        server.clear_faults()
        after = server.dump()
        twice, missing = duplicates(after), lost(source, after, report)
        told = {f"component {one['name']}" for one in report["ambiguous"]}
        complaints += [f"{one} is there twice" for one in twice - told]
        complaints += [f"{one} is lost" for one in missing] + untrue(before, after, report)
        with client_of(server.url, way) as client:
            calm = nightly(client, source)
        if calm["status"] != "success" or held(server.dump()) != wanted(source):
            complaints.append("the next run does not complete it")
        figures["faults injected"] += sum(weather.happened.values())
        figures["requests"] += len(server.requests)
        figures["duplicates"] += len(twice)
        figures["lost writes"] += len(missing)
        figures["rows reported failed"] += len(failed(report))
        figures["runs that failed and were completed by the next"] += report["status"] != "success"
        server.clear_requests()
    return complaints


def crashed(server: Emulator, way: str, number: int, assassin: Assassin, figures: Figures) -> list[str]:
    """
    Kill a job and run it again.
    """
    source, left, killed = crash(server, assassin, way, SMALL, number, number % 2)
    complaints = [f"{one} is there twice" for one in duplicates(left)]
    with client_of(server.url, way) as client:
        report = nightly(client, source)
    if report["status"] != "success" or held(server.dump()) != wanted(source):
        complaints.append("the next run does not complete it")
    figures["killed"] += killed
    figures["ended before that"] += not killed
    figures["duplicates"] += len(duplicates(server.dump()))
    return complaints


def raced(server: Emulator, way: str, number: int, meddler: Meddler, figures: Figures) -> list[str]:
    """
    Run a job while somebody else writes.
    """
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
    twice = {one for one in duplicates(server.dump()) if one.startswith("component")}
    with client_of(server.url, way) as client:
        bring(client, source)
        report = client.get_report()
    told = {f"component {one['name']}" for one in report["ambiguous"]}
    complaints += [f"{one} is there twice, and not told" for one in twice - told]
    complaints += broken(meddler, server.dump(), report)
    if not all(part <= whole for part, whole in zip(wanted(source), held(server.dump()), strict=True)):
        complaints.append("the next run does not complete it")
    figures["writes of others"] += meddler.deeds
    figures["duplicates made by others, each told by name"] += len(twice)
    return complaints


def repeat(
    name: str,
    server: Emulator,
    until: float,
    numbers: Any,
    act: Callable[[str, int, Figures], list[str]],
) -> int:
    """
    Do one thing with ever new seeds, each way in turn, and print what came of it.
    """
    figures: Figures = Counter()
    wrong = 0
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
    print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in sorted(figures.items())), flush=True)
    return wrong


def main() -> int:
    """
    Share the minutes out, and return the exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="how long at most (%(default)s)")
    parser.add_argument("--seed", type=int, default=1000, help="the first seed (%(default)s)")
    parser.add_argument("--crashes", type=int, default=200, help="how many at most (%(default)s)")
    parser.add_argument("--rows", type=int, default=1000, help="components of a storm; twice the references")
    options = parser.parse_args()
    began, seconds = time.monotonic(), options.minutes * 60
    first = options.seed * len(WAYS)
    assassin, meddler = Assassin(), Meddler()
    with emulator(token=TOKEN, page_size=1000, recorder=assassin) as server:
        numbers = range(first, first + options.crashes)
        wrong = repeat(
            "crashes", server, began + seconds * 0.4, numbers,
            lambda way, number, figures: crashed(server, way, number, assassin, figures),
        )  # fmt: skip
    with emulator(token=TOKEN, page_size=1000, recorder=meddler) as server:
        wrong += repeat(
            "races", server, began + seconds * 0.6, itertools.count(first),
            lambda way, number, figures: raced(server, way, number, meddler, figures),
        )  # fmt: skip
    with emulator(token=TOKEN, page_size=1000) as server:
        wrong += repeat(
            "small storms", server, began + seconds * 0.75, itertools.count(first),
            lambda way, number, figures: storm(server, way, number, SMALL[0], figures),
        )  # fmt: skip
        wrong += repeat(
            "storms", server, began + seconds, itertools.count(first),
            lambda way, number, figures: storm(server, way, number, options.rows, figures),
        )  # fmt: skip
    print(f"{wrong} things that must not be, in {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
