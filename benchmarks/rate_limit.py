"""Send requests as fast as a client can to an emulator that limits the rate.

For each number of threads, print how much of the limit was used, how many requests got a 429, and how many
calls failed. With `--unpaced`, each thread has its own client, so that they don't share a pace. With `--job`,
run a sync of so many components and twice the references, with a request for each row, on v1 and on v2. With
`--stray`, compare a sync in which a share of all calls gets a 429 for no reason with one without: each runs
`--repeat` times, in turns, and the medians count. Ends with 1 if that takes more than twice as long or a row
fails.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from admin_api import TOKEN, begin, requests_received
from processes import emulator
from rows import component_rows, reference_rows
from seed import seed as make_seed

from ardoqpy import ArdoqClient, ArdoqClientException
from ardoqpy.testing import emulator as local_emulator
from ardoqpy_sync import ArdoqSyncClient

if TYPE_CHECKING:
    from collections.abc import Iterator


#: How many times as long a sync with stray 429 may take.
MOST_FOR_STRAY = 2.0


@contextmanager
def limited_emulator(rate: float) -> Iterator[str]:
    """Run an emulator that allows so many requests a second, and yield its address."""
    command = [sys.executable, "-m", "ardoqpy", "emulator", "--port", "0", "--rate-limit", str(rate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def send_requests(clients: list[ArdoqClient], requests: int) -> tuple[float, int]:
    """Send the requests in a thread for each client; return the seconds and the number of failed calls."""
    failed = []

    def work(client: ArdoqClient, share: int) -> None:
        for _ in range(share):
            try:
                client.get_folder()
            except ArdoqClientException as problem:
                failed.append(problem)

    share = requests // len(clients)
    threads = [threading.Thread(target=work, args=(client, share)) for client in clients]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start, len(failed)


def sync(url: str, version: str, components: int) -> tuple[float, int]:
    """Run a first load with twice as many references; return the seconds and the number of failed rows."""
    comps = component_rows(components)
    refs = reference_rows(comps, 2 * components)
    start = time.perf_counter()
    with ArdoqSyncClient(url, TOKEN, version=version, on_error="collect") as client:
        ids = {row["name"]: client.create_component(row)["_id"] for row in comps}
        for row in refs:
            client.create_reference({**row, "source": ids[row["source"]], "target": ids[row["target"]]})
        report = client.get_report()
    return time.perf_counter() - start, report["failed_comps"] + report["failed_refs"]


def measure_job(rate: float, components: int) -> None:
    """Measure a sync on each version, and print a table."""
    print("| version | rows | requests | seconds | of the limit | got 429 | failed rows |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    flags = ["--rate-limit", str(rate)]
    for version in ("v1", "v2"):
        with (
            tempfile.TemporaryDirectory() as name,
            emulator(components, 2 * components, Path(name), empty=True, flags=flags) as url,
        ):
            begin(url, reset=True)
            seconds, failed = sync(url, version, components)
            statuses = Counter(record["status"] for record in requests_received(url))
        limited = statuses.pop(429, 0)
        done = statuses.total()
        print(
            f"| {version} | {3 * components} | {done} | {seconds:.1f} | "
            f"{100 * done / (rate * seconds + rate):.0f} % | {limited} "
            f"({100 * limited / (done + limited):.1f} %) | {failed} |",
            flush=True,
        )


def measure_stray(share: float, components: int, repeat: int) -> bool:
    """Compare syncs with stray 429 and without, print a table, and return whether the bound is kept."""
    print("| version | rows | without 429, seconds | with, seconds | times as long | got 429 | failed rows |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    is_kept = True
    for version in ("v1", "v2"):
        seconds: dict[float, list[float]] = {0.0: [], share: []}
        failed, injected = 0, 0
        for number in range(repeat):
            for stray, durations in seconds.items():
                with local_emulator(token=TOKEN) as server:
                    server.load(make_seed(components, 2 * components, empty=True))
                    faults = server.fail_randomly(share=stray, kinds=["429"], seed=number)
                    duration, failures = sync(server.url, version, components)
                durations.append(duration)
                failed += failures
                injected += faults.injected.get("429", 0)
        without, stray_seconds = (median(durations) for durations in seconds.values())
        ratio = stray_seconds / without
        is_kept = is_kept and ratio <= MOST_FOR_STRAY and not failed
        print(
            f"| {version} | {3 * components} | {without:.1f} | {stray_seconds:.1f} | {ratio:.1f} x | "
            f"{injected / repeat:.0f} | {failed} |",
            flush=True,
        )
    return is_kept


def main() -> int:
    """Measure what the command line selects, print a table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=30, help="requests a second that the emulator allows")
    parser.add_argument("--requests", type=int, default=960, help="requests for each measurement")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--unpaced", action="store_true", help="use a client for each thread")
    parser.add_argument("--limit", type=float, help="the client's own rate_limit")
    parser.add_argument("--job", type=int, metavar="N", help="a sync of N components instead")
    parser.add_argument("--stray", type=float, metavar="SHARE", help="stray 429, with --job (default 1000)")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each kind with --stray")
    options = parser.parse_args()
    if options.stray is not None:
        return 0 if measure_stray(options.stray, options.job or 1000, options.repeat) else 1
    if options.job:
        measure_job(options.rate, options.job)
        return 0
    print("| threads | requests | seconds | of the limit | got 429 | failed calls |")
    print("| --- | --- | --- | --- | --- | --- |")
    for threads in options.threads:
        with limited_emulator(options.rate) as url:
            begin(url, reset=True)
            shared = ArdoqClient(url, TOKEN, rate_limit=options.limit)
            clients = [ArdoqClient(url, TOKEN) if options.unpaced else shared for _ in range(threads)]
            seconds, failed = send_requests(clients, options.requests)
            statuses = Counter(record["status"] for record in requests_received(url))
        # The emulator also allows the burst that its bucket holds at the start.
        allowed = options.rate * seconds + options.rate
        print(
            f"| {threads} | {statuses[200]} | {seconds:.1f} | {100 * statuses[200] / allowed:.0f} % | "
            f"{statuses[429]} ({100 * statuses[429] / statuses.total():.1f} %) | {failed} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
