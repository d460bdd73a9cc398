"""Measure first loads in batches against 0.8.4, which sends a request a row, and print a Markdown table.

Three conditions: no latency, 20 ms latency, and a limit of 30 requests a second. 0.8.4 fails at the first
429, so its script is slowed down to 30 requests a second, which is the best that it can do.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from admin_api import begin
from predecessor import VERSION, NotInstallable, predecessor_python
from processes import Figures, emulator, script
from tables import verdict

#: By condition: options of the emulator, and requests a second that the script of 0.8.4 is limited to.
CONDITIONS: dict[str, tuple[list[str], int]] = {
    "no latency": ([], 0),
    "20 ms latency": (["--latency-ms", "20"], 0),
    "30 requests a second": (["--rate-limit", "30"], 30),
}
#: In components, the size that has a target.
TARGET_SIZE = 5_000
#: In seconds, more than a request for each row takes at 30 requests a second.
LONGEST_RUN = 1_500


def main() -> None:
    """Measure what the command line selects, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--components", type=int, default=TARGET_SIZE, help="(%(default)s); twice as many references"
    )
    parser.add_argument("--ours-only", action="store_true", help=f"do not run {VERSION}")
    parser.add_argument("--batch", type=int, default=500, help="operations in a batch (%(default)s)")
    options = parser.parse_args()
    components, references = options.components, 2 * options.components
    try:
        predecessor = None if options.ours_only else predecessor_python()
    except NotInstallable as problem:
        raise SystemExit(f"{problem}\nUse --ours-only to measure without it.") from problem
    print(f"First load of {components:,} components and {references:,} references, one run each:\n")
    print("|  |  | requests | client CPU | CPU / encoding and decoding the rows | wall | times as fast |")
    print(f"|{' --- |' * 7}")
    for condition, (flags, pace) in CONDITIONS.items():
        runs: dict[str, Figures | None] = {}
        with (
            tempfile.TemporaryDirectory() as name,
            emulator(components, references, Path(name), empty=True, flags=flags) as url,
        ):
            run = ("worker.py", url, "first-load", components, references)
            if predecessor is not None:
                begin(url, reset=True)
                runs[VERSION] = script(predecessor, *run, "--pace", pace, seconds=LONGEST_RUN)
            begin(url, reset=True)
            ours = json.dumps({"version": "v2", "batch": options.batch})
            runs[f"this, batches of {options.batch}"] = script(sys.executable, *run, "--options", ours)
        slowest = next(iter(runs.values()))
        for library, figures in runs.items():
            if figures is None:
                print(f"| {condition} | {library} |  |  |  | over {LONGEST_RUN} s |  |", flush=True)
                continue
            times = figures["cpu"] / figures["codec"]
            judged = components == TARGET_SIZE and library != VERSION
            ratio = f"{times:.1f} x{verdict(times, 10) if judged else ''}"
            against = f"{slowest['wall'] / figures['wall']:.0f}" if slowest and predecessor else ""
            print(
                f"| {condition} | {library} | {figures['requests']:,.0f} | {figures['cpu']:.1f} s "
                f"| {ratio} | {figures['wall']:.1f} s | {against} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
