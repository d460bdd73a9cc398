"""Run one job: `job_script.py URL MODE COMPONENTS REFERENCES SEED CHANGED [--lock FILE] [--wait]`.

With `--wait` it prints `loaded` once it has read the workspace, and continues when it gets a line. At the end
it prints its report as JSON. If another run holds the lock, it prints the reason and ends with 3.
"""

# ruff: noqa: T201 - a script that prints its result

import argparse
import json
import sys
from contextlib import nullcontext

from fault_jobs import changed_source, client_of, first_source, run_job

from ardoqpy import JobRunning
from ardoqpy_sync import JobLock


def main() -> int:
    """Run the job, and return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("mode")
    parser.add_argument("numbers", type=int, nargs=4)
    parser.add_argument("--lock")
    parser.add_argument("--wait", action="store_true")
    options = parser.parse_args()
    components, references, number, changed = options.numbers
    source = first_source(components, references, number)
    try:
        with (
            JobLock(options.lock, job="soak") if options.lock else nullcontext(),
            client_of(options.url, options.mode) as client,
        ):
            if options.wait:
                client.get_workspace("ws1")
                print("loaded", flush=True)
                sys.stdin.readline()
            report = run_job(client, changed_source(source, number) if changed else source)
    except JobRunning as problem:
        print(problem)
        return 3
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
