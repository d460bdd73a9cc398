"""Take the screenshots of the report page again: the preview of an example, in Chromium.

python docs/make_screenshots.py
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy.testing import emulator

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent
EXAMPLE = "cmdb-spreadsheet"
#: The files, each with the window and the colours.
SCREENSHOTS: dict[str, dict[str, Any]] = {
    "report-page.png": {"viewport": {"width": 1280, "height": 1000}},
    "report-page-dark.png": {"viewport": {"width": 1280, "height": 1000}, "color_scheme": "dark"},
    "report-page-phone.png": {"viewport": {"width": 400, "height": 860}, "device_scale_factor": 2},
}


def _examples() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_reports", HERE.parent / "examples" / "make_reports.py"
    )
    if spec is None or spec.loader is None:
        raise SystemExit("examples/make_reports.py is missing.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_page(path: Path) -> None:
    """Preview the example against an emulator with its organisation, and write its page."""
    examples = _examples()
    with tempfile.TemporaryDirectory() as target:
        folder = examples.copy_example(EXAMPLE, Path(target))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ARDOQ", "GITHUB"))}
        with emulator(seed=str(folder / "organisation.json")) as server:
            settings = {"ARDOQ_API_HOST": server.url, "ARDOQ_API_TOKEN": server.token}
            job = examples.find_job(folder).name
            subprocess.run(  # noqa: S603  (a command of this project)
                [sys.executable, "-m", "ardoqpy_sync", "plan", job, "--report", "report.html"],
                cwd=folder,
                env={**kept, **settings},
                stdout=subprocess.DEVNULL,
                check=False,  # 2 if something would change, 1 if a row fails
            )
            page = (folder / "report.html").read_text(encoding="utf-8")
            path.write_text(page.replace(server.url, "https://yourorg.ardoq.com"), encoding="utf-8")


def main() -> None:
    """Take all screenshots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--folder", type=Path, default=HERE)
    options = parser.parse_args()
    if options.chromium is None:
        raise SystemExit("There is no Chromium on the path. Pass --chromium.")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "report.html"
        write_page(path)
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        for name, settings in SCREENSHOTS.items():
            page = browser.new_page(**settings)
            page.goto(path.as_uri())
            page.wait_for_selector("html[data-ready=all]", state="attached")
            page.screenshot(path=options.folder / name)
        browser.close()


if __name__ == "__main__":
    main()
