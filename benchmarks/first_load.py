"""Measure first loads in batches against 0.8.4, which sends a request a row, and print a Markdown table.

Three ways: without latency, with 20 ms of it, and with a limit of 30 requests a second. 0.8.4 gives up at
the first 429, so its script is paced to 30 requests a second here, which is the best that it can do.
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

#: By what is told of it: options of the emulator, and requests a second that a script without a pace of
#: its own is held to.
WAYS: dict[str, tuple[list[str], int]] = {
    "no latency": ([], 0),
    "20 ms latency": (["--latency-ms", "20"], 0),
    "30 requests a second": (["--rate-limit", "30"], 30),
}
#: More than a request a row would take at 30 requests a second, and some.
PATIENCE = 1_500


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--components", type=int, default=5_000, help="(%(default)s); twice as many references"
    )
    parser.add_argument("--ours-only", action="store_true", help=f"do not run {VERSION}")
    parser.add_argument("--batch", type=int, default=500, help="operations in a batch (%(default)s)")
    options = parser.parse_args()
    components, references = options.components, 2 * options.components
    try:
        theirs = None if options.ours_only else predecessor_python()
    except NotInstallable as problem:
        raise SystemExit(f"{problem}\n--ours-only goes without it.") from problem
    print(f"First load of {components:,} components and {references:,} references, one run each:\n")
    print("|  |  | requests | client CPU | wall | times as fast |\n| --- | --- | --- | --- | --- | --- |")
    for way, (flags, pace) in WAYS.items():
        runs: dict[str, Figures | None] = {}
        with (
            tempfile.TemporaryDirectory() as name,
            emulator(components, references, Path(name), empty=True, flags=flags) as url,
        ):
            run = ("worker.py", url, "first-load", components, references)
            if theirs is not None:
                begin(url, reset=True)
                runs[VERSION] = script(theirs, *run, "--pace", pace, seconds=PATIENCE)
            begin(url, reset=True)
            ours = json.dumps({"version": "v2", "batch": options.batch})
            runs[f"this, batches of {options.batch}"] = script(sys.executable, *run, "--options", ours)
        slowest = next(iter(runs.values()))
        for library, figures in runs.items():
            if figures is None:
                print(f"| {way} | {library} |  |  | over {PATIENCE} s |  |", flush=True)
                continue
            against = f"{slowest['wall'] / figures['wall']:.0f}" if slowest and theirs else ""
            print(
                f"| {way} | {library} | {figures['requests']:,.0f} | {figures['cpu']:.1f} s "
                f"| {figures['wall']:.1f} s | {against} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
