"""Write the report page of a run with many changes, open it in Chromium, and measure how it responds.

The run is a preview against an emulator that holds half of the components, each with another cost.
Playwright drives the Chromium on the path, as in the tests.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rows import component_rows, reference_rows
from seed import seed

from ardoqpy import ArdoqSyncClient
from ardoqpy.testing import emulator
from ardoqpy_sync import save_report
from ardoqpy_sync.reporting.document import build_run_document

if TYPE_CHECKING:
    from ardoqpy_sync.documents import RunDocument

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")
#: Records every task of the page that blocks it for 50 ms or more.
WATCH = """
window.tasks = [];
new PerformanceObserver(list => tasks.push(...list.getEntries().map(task => task.duration)))
  .observe({ type: "longtask", buffered: true });
"""
#: Waits until a state is reached. A selector would be looked for again and again in a large page.
READY = """states => new Promise(done => {
  const root = document.documentElement;
  const check = () => states.includes(root.dataset.ready) && done(performance.now());
  new MutationObserver(check).observe(root, { attributes: true });
  check();
})"""
#: Types a search letter by letter; returns the milliseconds until the list is drawn again, for each text.
TYPE = """texts => {
  const field = document.querySelector("#search");
  return texts.map(text => {
    field.value = text;
    const started = performance.now();
    field.dispatchEvent(new Event("input"));
    document.body.offsetHeight;
    return performance.now() - started;
  });
}"""


def run_document(changes: int) -> tuple[RunDocument, float]:
    """Return the run document of a run with so many changes, and the seconds that building it took."""
    components = component_rows(changes // 3)
    references = reference_rows(components, changes - len(components))
    content = seed(len(components) // 2, 0, empty=False)
    for component in content["components"]:
        component["customFields"]["monthly_cost"] += 1
    with emulator(seed=content) as server, ArdoqSyncClient(server.url, server.token, simulate=True) as client:
        id_of = {row["name"]: client.create_component(row)["_id"] for row in components}
        for number, row in enumerate(references):
            ends = {end: id_of[row[end]] for end in ("source", "target")}
            client.create_reference({**row, **ends}, label=f"references.csv line {number + 2}")
        started = time.perf_counter()
        document = build_run_document(client)
        return document, time.perf_counter() - started


def measure_page(path: Path, chromium: str) -> dict[str, float]:
    """Open a page, type a search, and return the times in milliseconds."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.add_init_script(WATCH)
        page.goto(path.as_uri())
        figures = {}
        for state in ("lists", "all"):
            figures[state] = page.evaluate(READY, [state, "all"])
        figures["longest task"] = max([0, *page.evaluate("tasks")])
        typed = "payroll 0012"
        keys = page.evaluate(TYPE, [typed[:end] for end in range(1, len(typed) + 1)] + [""])
        figures |= {"keystroke, median": statistics.median(keys), "keystroke, slowest": max(keys)}
        browser.close()
    return figures


def main() -> None:
    """Measure a page of each size, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--changes", type=int, nargs="*", default=[1000, 20_000])
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    options = parser.parse_args()
    if options.chromium is None:
        raise SystemExit("There is no Chromium on the path. Pass --chromium.")
    columns = ("lists", "all", "longest task", "keystroke, median", "keystroke, slowest")
    print(
        "| changes | run document built | page written | page | lists there | all there | longest task | "
        "keystroke, median | keystroke, slowest |"
    )
    print(f"|{' --- |' * 9}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        for changes in options.changes:
            document, seconds = run_document(changes)
            started = time.perf_counter()
            save_report(document, path)
            written = time.perf_counter() - started
            figures = measure_page(path, options.chromium)
            cells = [f"{figures[name]:.0f} ms" for name in columns]
            size = f"{path.stat().st_size / 1e6:.1f} MB"
            print(f"| {changes:,} | {seconds:.2f} s | {written:.2f} s | {size} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
