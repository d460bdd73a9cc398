"""
Measure this library against 0.8.4, on the same rows and the same emulator, and print Markdown tables.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from door import begin
from predecessor import VERSION, NotInstallable, predecessor_python
from processes import Figures, emulator, imported, medians, script
from tables import Measured, floor_table, import_table, linearity, scenario_table

SCENARIOS = ("nothing-to-do", "first-load", "change")
SIZES = (1_000, 5_000, 10_000)
LARGE = 100_000
REFERENCES_PER_COMPONENT = 2


def main() -> None:
    """
    Measure what the command line asks for.
    """
    options = _options()
    sizes = options.size or (SIZES[:1] if options.quick else SIZES)
    scenarios = options.scenario or SCENARIOS
    try:
        theirs = None if options.ours_only else predecessor_python()
    except NotInstallable as problem:
        raise SystemExit(f"{problem}\n--ours-only goes without it.") from problem
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = [(scenario, size) for scenario in scenarios for size in sizes]
        all_measured = [_measure(scenario, size, theirs, folder, options) for scenario, size in wanted]
        if options.large:
            all_measured.append(_measure("nothing-to-do", LARGE, None, folder, options))
        modules = ("requests", "ardoqpy.client")  # the face alone loads nothing
        _say("imports ...")
        imports = [{module: imported(module, folder) for module in modules} for _ in range(options.imports)]
    plain, ours = (medians([one[module] for one in imports]) for module in modules)
    machine = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}"
    print(f"Medians; {machine}.\n\n{scenario_table(all_measured, options.bound)}\n")
    if any(one.floor for one in all_measured):
        print(f"Nothing to do, against parsing the same answers:\n\n{floor_table(all_measured)}\n")
    print("".join(f"{sentence}\n\n" for sentence in linearity(all_measured)), end="")
    print(import_table(ours, plain))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smallest size only")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="may be given several times")
    parser.add_argument(
        "--size", action="append", type=int, metavar="COMPONENTS", help="may be given several times"
    )
    parser.add_argument("--ours-only", action="store_true", help=f"do not run {VERSION}")
    parser.add_argument("--large", action="store_true", help=f"also {LARGE:,} components, without {VERSION}")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each (%(default)s)")
    parser.add_argument("--imports", type=int, default=21, metavar="N", help="imports of each (%(default)s)")
    parser.add_argument(
        "--bound", type=float, default=600, metavar="SECONDS", help=f"for a run of {VERSION} (%(default)s)"
    )
    return parser.parse_args()


def _measure(
    scenario: str, components: int, theirs: str | None, folder: Path, options: argparse.Namespace
) -> Measured:
    """
    Measure one scenario at one size, the two libraries taking turns.

    What a run wrote is put back before the next one.
    """
    writes = scenario != "nothing-to-do"
    references = REFERENCES_PER_COMPONENT * components
    our_runs: list[Figures] = []
    their_runs: list[Figures] = []
    floors: list[Figures] = []
    their_turns = 0 if theirs is None else _turns_of_theirs(scenario, components, options.repeat)
    with emulator(components, references, folder, empty=scenario == "first-load") as url:
        run = ("worker.py", url, scenario, components, references)
        for turn in range(options.repeat):
            _say(f"{scenario}, {components:,} components: run {turn + 1} of {options.repeat} ...")
            begin(url, reset=writes)
            our_runs.append(_must(script(sys.executable, *run)))
            if not writes:
                floor = _must(script(sys.executable, "floor.py", url))
                floors.append(
                    floor | _must(script(sys.executable, "deciding.py", url, components, references))
                )
            if theirs is not None and turn < their_turns:
                _say(f"  {VERSION} ...")
                begin(url, reset=writes)
                figures = script(theirs, *run, seconds=options.bound)
                if figures is None:
                    break
                their_runs.append(figures)
        too_long = theirs is not None and len(their_runs) < min(their_turns, options.repeat)
    return Measured(
        scenario,
        components,
        references,
        medians(our_runs),
        None if too_long or not their_runs else medians(their_runs),
        too_long,
        medians(floors) if floors else None,
    )


def _turns_of_theirs(scenario: str, components: int, repeat: int) -> int:
    """
    Return how often 0.8.4 runs: fewer times where it takes minutes, and its figures vary little.
    """
    if components <= SIZES[0]:
        return repeat
    return 1 if scenario == "first-load" or components >= SIZES[-1] else min(2, repeat)


def _must(figures: Figures | None) -> Figures:
    if figures is None:
        raise SystemExit("A run without a time bound ran out of time.")
    return figures


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
