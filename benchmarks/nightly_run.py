"""Compare this version with 0.8.4, on the same rows and the same emulator, and print Markdown tables."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from admin_api import begin
from predecessor import VERSION, NotInstallable, predecessor_python
from processes import Figures, emulator, measure_import, medians, script
from tables import Measured, growth_sentences, import_table, parsing_table, scenario_table

SCENARIOS = ("nothing-to-do", "first-load", "change")
SIZES = (1_000, 5_000, 10_000)
LARGE = 100_000
REFERENCES_PER_COMPONENT = 2


def main() -> None:
    """Measure what the command line selects, and print the tables."""
    options = _options()
    sizes = options.size or (SIZES[:1] if options.quick else SIZES)
    scenarios = options.scenario or SCENARIOS
    try:
        predecessor = None if options.ours_only else predecessor_python()
    except NotInstallable as problem:
        raise SystemExit(f"{problem}\nUse --ours-only to measure without it.") from problem
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        all_measured = []
        for scenario in scenarios:
            large = [LARGE] if options.large and scenario == "nothing-to-do" else []
            all_measured += _measure(scenario, [*sizes, *large], predecessor, folder, options)
        modules = ("requests", "ardoqpy.client")  # `import ardoqpy` loads nothing
        _log("imports ...")
        imports = [
            {module: measure_import(module, folder) for module in modules} for _ in range(options.imports)
        ]
    plain, ours = ([run[module] for run in imports] for module in modules)
    machine = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}"
    print(f"Medians; {machine}.\n\n{scenario_table(all_measured, options.bound)}\n")
    if any(measured.parsing for measured in all_measured):
        print(f"Nothing to do, compared with parsing the same answers:\n\n{parsing_table(all_measured)}\n")
    print("".join(f"{sentence}\n\n" for sentence in growth_sentences(all_measured)), end="")
    print(import_table(ours, plain))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smallest size only")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="can be repeated")
    parser.add_argument("--size", action="append", type=int, metavar="COMPONENTS", help="can be repeated")
    parser.add_argument("--ours-only", action="store_true", help=f"do not run {VERSION}")
    parser.add_argument("--large", action="store_true", help=f"also {LARGE:,} components, without {VERSION}")
    parser.add_argument("--repeat", type=int, default=5, metavar="N", help="runs of each (%(default)s)")
    parser.add_argument("--imports", type=int, default=21, metavar="N", help="imports of each (%(default)s)")
    parser.add_argument(
        "--bound", type=float, default=600, metavar="SECONDS", help=f"longest run of {VERSION} (%(default)s)"
    )
    return parser.parse_args()


class Size:
    """One scenario at one size: its emulator, and the figures of its runs so far."""

    def __init__(self, scenario: str, components: int, url: str) -> None:
        """Start with no runs of `scenario` at this number of components."""
        self.scenario = scenario
        self.components = components
        self.references = REFERENCES_PER_COMPONENT * components
        self.url = url
        self.ours: list[Figures] = []
        self.predecessor: list[Figures] = []
        self.parsing_runs: list[Figures] = []
        self.timed_out = False

    def run_ours(self) -> None:
        """Run this version once, and what it is compared with, after a reset if the run writes."""
        writes = self.scenario != "nothing-to-do"
        begin(self.url, reset=writes)
        run = ("worker.py", self.url, self.scenario, self.components, self.references)
        self.ours.append(_required(script(sys.executable, *run)))
        if not writes:
            parsing = _required(script(sys.executable, "parsing.py", self.url))
            deciding = script(sys.executable, "deciding.py", self.url, self.components, self.references)
            self.parsing_runs.append(parsing | _required(deciding))

    def run_predecessor(self, python: str, bound: float) -> None:
        """Run 0.8.4 once."""
        begin(self.url, reset=self.scenario != "nothing-to-do")
        run = ("worker.py", self.url, self.scenario, self.components, self.references)
        figures = script(python, *run, seconds=bound)
        if figures is None:
            self.timed_out = True
        else:
            self.predecessor.append(figures)

    def measured(self) -> Measured:
        """Return the figures of all runs."""
        predecessor = None if self.timed_out or not self.predecessor else medians(self.predecessor)
        return Measured(
            self.scenario,
            self.components,
            self.references,
            self.ours,
            predecessor,
            self.timed_out,
            self.parsing_runs,
        )


def _measure(
    scenario: str, sizes: list[int], predecessor: str | None, folder: Path, options: argparse.Namespace
) -> list[Measured]:
    """Measure one scenario at all sizes, with sizes and versions in turns.

    If the machine is slow for a while, it is so for all of them, and ratios within a round stay meaningful.
    """
    with ExitStack() as running:
        all_sizes = []
        for components in sizes:
            references = REFERENCES_PER_COMPONENT * components
            url = running.enter_context(
                emulator(components, references, folder, empty=scenario == "first-load")
            )
            all_sizes.append(Size(scenario, components, url))
        for number in range(options.repeat):
            for size in all_sizes:
                _log(f"{scenario}, {size.components:,} components: run {number + 1} of {options.repeat} ...")
                size.run_ours()
                large = size.components > SIZES[-1]
                if predecessor is None or large or size.timed_out:
                    continue
                if number < _predecessor_runs(scenario, size.components, options.repeat):
                    _log(f"  {VERSION} ...")
                    size.run_predecessor(predecessor, options.bound)
        return [size.measured() for size in all_sizes]


def _predecessor_runs(scenario: str, components: int, repeat: int) -> int:
    """Return how often 0.8.4 runs: fewer times if it takes minutes, since its figures vary little."""
    if components <= SIZES[0]:
        return repeat
    return 1 if scenario == "first-load" or components >= SIZES[-1] else min(2, repeat)


def _required(figures: Figures | None) -> Figures:
    if figures is None:
        raise SystemExit("A run without a time limit timed out.")
    return figures


def _log(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
