"""
A Chromium for all tests of the page, and an eye on whatever it should not do.
"""

import os
import shutil
from types import SimpleNamespace

import pytest

from ardoqpy_sync import save_report

CHROMIUM = "ARDOQPY_TEST_CHROMIUM"
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
#: What a page is told before anything of it runs.
_WATCH = """
window.refused = [];
addEventListener("securitypolicyviolation", event => refused.push(event.violatedDirective));
"""


def _chromium():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return os.environ.get(CHROMIUM) or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser():
    """
    Run one headless Chromium; where there is none, the tests are skipped, but in CI they fail.
    """
    path = _chromium()
    if path is None:
        give_up = pytest.fail if os.environ.get("CI", "").lower() in ("1", "true") else pytest.skip
        give_up(f"no Chromium is at hand: install one (Debian: chromium), or set {CHROMIUM} to its path")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (not needed where it is skipped)

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield running
        running.close()


@pytest.fixture
def show(browser, tmp_path):
    """
    Save accounts as pages and open them; look afterwards that each was quiet.

    Quiet is: nothing on the console, no error, nothing that the page's own policy refused, and no request
    but the one for the file itself.
    """
    opened = []

    def open_page(account, **options):
        path = tmp_path / f"report {len(opened)}.html"
        save_report(account, path)
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        context = browser.new_context(**options)
        page = context.new_page()
        page.set_default_timeout(60_000)
        heard = SimpleNamespace(page=page, context=context, said=[], asked=[], address=path.as_uri())
        page.on("console", lambda message: heard.said.append(message.text))
        page.on("pageerror", lambda error: heard.said.append(str(error)))
        page.on("request", lambda request: heard.asked.append(request.url))
        page.add_init_script(_WATCH)
        opened.append(heard)
        page.goto(heard.address)
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready=all]", state="attached")
        return page

    yield open_page
    for heard in opened:
        refused = heard.page.evaluate("window.refused")
        heard.context.close()
        assert (heard.said, heard.asked, refused or []) == ([], [heard.address], [])
