"""Measure how the CPU time of a run with nothing to do grows with its rows, independently of the machine.

The answers of the emulator are recorded and served by a process that does nothing else. Before each run, a
process uses and frees more memory than the run needs. A virtual machine that returns free memory to its
host takes several times as long for a page that it has to fetch again; only large runs would pay for that.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from admin_api import TOKEN, begin
from processes import Figures, emulator, script, serving
from rows import WORKSPACE_ID
from tables import growth_table

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (1_000, 10_000, 100_000)
_TOUCH = (
    "import mmap, sys; memory = mmap.mmap(-1, size := int(sys.argv[1])); memory[::4096] = bytes(size // 4096)"
)


def main() -> None:
    """Measure all sizes, one after the other in each round, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=7, metavar="N", help="runs of each (%(default)s)")
    parser.add_argument(
        "--touch",
        type=int,
        default=2048,
        metavar="MIB",
        help="memory to use and free before each run (%(default)s)",
    )
    options = parser.parse_args()
    runs: dict[int, list[Figures]] = {size: [] for size in SIZES}
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        urls = {size: running.enter_context(_recorded(size, Path(name))) for size in SIZES}
        for number in range(options.repeat):
            for size, url in urls.items():
                print(
                    f"{size:,} components: run {number + 1} of {options.repeat} ...",
                    file=sys.stderr,
                    flush=True,
                )
                runs[size].append(_round(url, size, options.touch))
    print(growth_table(runs))


@contextmanager
def _recorded(components: int, folder: Path) -> Iterator[str]:
    """Record the answer for a workspace of that many components, serve it, and yield the address."""
    file = folder / f"{components}.json"
    with emulator(components, 2 * components, folder, empty=False) as url, requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Token token={TOKEN}"
        answer = session.get(f"{url}/api/workspace/{WORKSPACE_ID}/aggregated")
        answer.raise_for_status()
        file.write_bytes(answer.content)
    folder_of_scripts = Path(__file__).resolve().parent
    with serving([sys.executable, str(folder_of_scripts / "replay_server.py"), str(file)], folder) as url:
        yield url


def _round(url: str, components: int, mebibytes: int) -> Figures:
    """Run once, and parse the same answer once."""
    begin(url, reset=False)
    _touch(mebibytes)
    run = script(sys.executable, "worker.py", url, "nothing-to-do", components, 2 * components) or {}
    _touch(mebibytes)
    return run | (script(sys.executable, "parsing.py", url) or {})


def _touch(mebibytes: int) -> None:
    if mebibytes:
        subprocess.run([sys.executable, "-c", _TOUCH, str(mebibytes << 20)], check=True)


if __name__ == "__main__":
    main()
