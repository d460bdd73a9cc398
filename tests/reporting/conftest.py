"""Open report pages in Chromium, and check that they load nothing and print nothing."""

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
#: Runs in a page before its own scripts.
_WATCH = """
window.refused = [];
addEventListener("securitypolicyviolation", event => refused.push(event.violatedDirective));
"""
#: Resolves when the lists and the graph are complete.
_READY = """() => new Promise(done => {
  const root = document.documentElement;
  const check = () => root.dataset.ready === "all" && done();
  new MutationObserver(check).observe(root, {attributes: true});
  check();
})"""

#: Lays short lists out at once, not when they come near the window: that moves what is below them, in the
#: middle of a click or between two looks at a place.
_LAY_OUT = """() => {
  if (document.querySelectorAll(".entries > li").length > 500) return;
  for (const list of document.querySelectorAll(".entries")) list.style.contentVisibility = "visible";
}"""


def _chromium():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return os.environ.get(CHROMIUM) or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser():
    """Run one headless Chromium. Without one, the tests are skipped; in CI they fail."""
    path = _chromium()
    if path is None:
        give_up = pytest.fail if os.environ.get("CI", "").lower() in ("1", "true") else pytest.skip
        give_up(f"Chromium was not found: install it (Debian: chromium), or set {CHROMIUM} to its path")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (not needed where it is skipped)

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield running
        running.close()


class Tab:
    """Show one page after the other, and record what each prints and requests."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**{"viewport": _SIZE, **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.page.add_init_script(_WATCH)
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.messages, self.requests, self.address = [], [], None

    def open(self, address):
        """Open a page as if for the first time."""
        self.messages, self.requests, self.address = [], [], address
        self.page.mouse.move(0, 0)
        self.page.goto(address)
        return self.page

    def leave(self):
        """Leave the page, and reset the window."""
        self.page.goto("about:blank")
        self.page.emulate_media(media="null", color_scheme="null")
        self.page.set_viewport_size(_SIZE)


@pytest.fixture(scope="session")
def _tabs():
    """Return the tabs that are free: opening a new one would take longer than most tests."""
    return []


@pytest.fixture
def show(browser, _tabs, tmp_path):
    """Return a function that saves a run document as a page and opens it.

    Afterwards check that no page printed to the console, raised an error, broke its own policy or requested
    anything but its file.
    """
    opened = []

    def open_page(document, link=None, **options):
        path = tmp_path / f"report {len(opened)}.html"
        save_report(document, path, link=link)
        tab = _tabs.pop() if _tabs and not options else Tab(browser, **options)
        opened.append((tab, not options))
        page = tab.open(path.as_uri())
        if options.get("java_script_enabled", True):
            # Not a selector: looking for one again and again takes long in a large page.
            page.evaluate(_READY)
            page.evaluate(_LAY_OUT)
        return page

    yield open_page
    for tab, plain in opened:
        quiet = tab.messages, tab.requests, tab.page.evaluate("window.refused") or []
        if plain:
            tab.leave()
            _tabs.append(tab)
        else:
            tab.context.close()
        assert quiet == ([], [tab.address], [])


@pytest.fixture
def open_file(browser):
    """Return a function that opens a page that is a file, and may lead to `others`; `script` runs before it.

    Afterwards check that no page printed to the console, raised an error, broke its own policy or requested
    anything but these files.
    """
    opened = []

    def open_page(path, others=(), script="", **options):
        tab = Tab(browser, **options)
        tab.page.add_init_script(script)
        opened.append((tab, [path.as_uri(), *(other.as_uri() for other in others)]))
        return tab.open(path.as_uri())

    yield open_page
    for tab, addresses in opened:
        requested = [request for request in tab.requests if not request.startswith("data:")]
        quiet = tab.messages, requested, tab.page.evaluate("window.refused")
        tab.context.close()
        assert quiet == ([], addresses, [])
