"""A Chromium for all tests of the page, and an eye on whatever it should not do."""

import os
import shutil

import pytest

from ardoqpy_sync import save_report

CHROMIUM = "ARDOQPY_TEST_CHROMIUM"
_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
_SIZE = {"width": 1280, "height": 900}
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
    """Run one headless Chromium; where there is none, the tests are skipped, but in CI they fail."""
    path = _chromium()
    if path is None:
        give_up = pytest.fail if os.environ.get("CI", "").lower() in ("1", "true") else pytest.skip
        give_up(f"no Chromium is at hand: install one (Debian: chromium), or set {CHROMIUM} to its path")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (not needed where it is skipped)

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield running
        running.close()


class Tab:
    """Show one page after the other, and hear what each says and asks for."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**{"viewport": _SIZE, **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.add_init_script(_WATCH)
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.said, self.asked, self.address = [], [], None

    def open(self, address):
        """Go to a page, as it is for somebody who comes anew."""
        self.said, self.asked, self.address = [], [], address
        self.page.mouse.move(0, 0)
        self.page.goto(address)
        return self.page

    def leave(self):
        """Leave the page, and forget what a test has made of the window."""
        self.page.goto("about:blank")
        self.page.emulate_media(media="null", color_scheme="null")
        self.page.set_viewport_size(_SIZE)


@pytest.fixture(scope="session")
def _tabs():
    """The tabs that no test needs any more: a new one each time would take longer than most tests."""
    return []


@pytest.fixture
def show(browser, _tabs, tmp_path):
    """Save accounts as pages and open them; look afterwards that each was quiet.

    Quiet is: nothing on the console, no error, nothing that the page's own policy refused, and no request
    but the one for the file itself.
    """
    opened = []

    def open_page(account, **options):
        path = tmp_path / f"report {len(opened)}.html"
        save_report(account, path)
        tab = _tabs.pop() if _tabs and not options else Tab(browser, **options)
        opened.append((tab, not options))
        page = tab.open(path.as_uri())
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready=all]", state="attached")
        return page

    yield open_page
    for tab, plain in opened:
        quiet = tab.said, tab.asked, tab.page.evaluate("window.refused") or []
        if plain:
            tab.leave()
            _tabs.append(tab)
        else:
            tab.context.close()
        assert quiet == ([], [tab.address], [])
