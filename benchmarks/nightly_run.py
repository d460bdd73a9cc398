"""Measure this library against 0.8.4, on the same rows and the same emulator, and print Markdown tables."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from admin_api import begin
from predecessor import VERSION, NotInstallable, predecessor_python
from processes import Figures, emulator, imported, medians, script
from tables import Measured, floor_table, import_table, linearity, scenario_table

SCENARIOS = ("nothing-to-do", "first-load", "change")
SIZES = (1_000, 5_000, 10_000)
LARGE = 100_000
REFERENCES_PER_COMPONENT = 2


def main() -> None:
    """Measure what the command line asks for."""
    options = _options()
    sizes = options.size or (SIZES[:1] if options.quick else SIZES)
    scenarios = options.scenario or SCENARIOS
    try:
        theirs = None if options.ours_only else predecessor_python()
    except NotInstallable as problem:
        raise SystemExit(f"{problem}\n--ours-only goes without it.") from problem
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        all_measured = []
        for scenario in scenarios:
            large = [LARGE] if options.large and scenario == "nothing-to-do" else []
            all_measured += _measure(scenario, [*sizes, *large], theirs, folder, options)
        modules = ("requests", "ardoqpy.client")  # the face alone loads nothing
        _say("imports ...")
        imports = [{module: imported(module, folder) for module in modules} for _ in range(options.imports)]
    plain, ours = ([one[module] for one in imports] for module in modules)
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


class Size:
    """One scenario at one size: the emulator that holds it, and the runs so far."""

    def __init__(self, scenario: str, components: int, url: str) -> None:
        self.scenario = scenario
        self.components = components
        self.references = REFERENCES_PER_COMPONENT * components
        self.url = url
        self.ours: list[Figures] = []
        self.theirs: list[Figures] = []
        self.floors: list[Figures] = []
        self.took_too_long = False

    def turn(self) -> None:
        """Run this library once, and what it is measured against; what it wrote is put back before."""
        writes = self.scenario != "nothing-to-do"
        begin(self.url, reset=writes)
        run = ("worker.py", self.url, self.scenario, self.components, self.references)
        self.ours.append(_must(script(sys.executable, *run)))
        if not writes:
            floor = _must(script(sys.executable, "parsing.py", self.url))
            deciding = script(sys.executable, "deciding.py", self.url, self.components, self.references)
            self.floors.append(floor | _must(deciding))

    def their_turn(self, python: str, bound: float) -> None:
        """Run 0.8.4 once."""
        begin(self.url, reset=self.scenario != "nothing-to-do")
        run = ("worker.py", self.url, self.scenario, self.components, self.references)
        figures = script(python, *run, seconds=bound)
        if figures is None:
            self.took_too_long = True
        else:
            self.theirs.append(figures)

    def measured(self) -> Measured:
        """Return what the runs came to."""
        theirs = None if self.took_too_long or not self.theirs else medians(self.theirs)
        return Measured(
            self.scenario,
            self.components,
            self.references,
            self.ours,
            theirs,
            self.took_too_long,
            self.floors,
        )


def _measure(
    scenario: str, sizes: list[int], theirs: str | None, folder: Path, options: argparse.Namespace
) -> list[Measured]:
    """Measure one scenario at all sizes, sizes and libraries taking turns.

    A machine that is slow for a while is so for all of them, and ratios of one turn keep their meaning.
    """
    with ExitStack() as running:
        all_sizes = []
        for components in sizes:
            references = REFERENCES_PER_COMPONENT * components
            url = running.enter_context(
                emulator(components, references, folder, empty=scenario == "first-load")
            )
            all_sizes.append(Size(scenario, components, url))
        for turn in range(options.repeat):
            for size in all_sizes:
                _say(f"{scenario}, {size.components:,} components: run {turn + 1} of {options.repeat} ...")
                size.turn()
                large = size.components > SIZES[-1]
                if theirs is None or large or size.took_too_long:
                    continue
                if turn < _turns_of_theirs(scenario, size.components, options.repeat):
                    _say(f"  {VERSION} ...")
                    size.their_turn(theirs, options.bound)
        return [size.measured() for size in all_sizes]


def _turns_of_theirs(scenario: str, components: int, repeat: int) -> int:
    """Return how often 0.8.4 runs: fewer times where it takes minutes, and its figures vary little."""
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
