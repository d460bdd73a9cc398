"""The index of the runs of a ledger in Chromium: it loads nothing, and can be read by everybody."""

import json

import pytest
from sample_documents import change, run_document
from test_report_review import axe_violations

from ardoqpy_sync.ledger.ledger import Ledger
from ardoqpy_sync.reporting.history import describe_runs, save_history

pytestmark = pytest.mark.slow


@pytest.fixture
def index(tmp_path):
    """Return the path of the index of a ledger with runs of each kind."""
    ledger = Ledger.open(tmp_path / "job.ledger.db", "Applications from the CMDB, with a name that is long")
    ledger.bind("https://example.ardoq.com", "acme")
    document = run_document(changes=[change(number) for number in range(3)])
    for command, status, more in (
        ("apply", "success", {}),
        ("script", "success", {}),
        ("apply plan", "failure", {"plan_id": "3f2a91c0d1e2", "approved_by": "Ada Lovelace"}),
        ("undo", "success", {"undoes": 3, "plan_id": "77aa91c0d1e2"}),
        ("apply", None, {}),
    ):
        ledger.begin(command, **more)
        if status is not None:
            ledger.end(None if command == "script" else json.dumps(document), status, {}, document["totals"])
    runs = ledger.runs()
    save_history(ledger, runs, describe_runs(runs), tmp_path / "runs")
    ledger.close()
    return tmp_path / "runs" / "index.html"


@pytest.fixture
def open_index(open_file, index):
    """Return a function that opens the index."""
    return lambda **options: open_file(index, **options)


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 400, "height": 800}}],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing_in_the_index(open_index, options):
    """The rules of axe are kept, and nothing is wider than the window."""
    page = open_index(**options)
    assert axe_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_axe_finds_nothing_in_the_page_of_a_run(open_file, index):
    """The page of a run, with the way back to the index, keeps the rules of axe."""
    page = open_file(index.with_name("run-1.html"))
    page.wait_for_selector("html[data-ready=all]")
    assert axe_violations(page) == []


def test_index_leads_to_the_pages_and_back(open_file, index):
    """Each run that has a report leads to its page, which leads back; an undo leads to what it took back."""
    page = open_file(index, others=[index.with_name("run-3.html"), index])
    assert page.locator("tbody th a").all_text_contents() == ["run 4", "run 3", "run 1"]
    page.get_by_role("link", name="run 3", exact=True).first.click()
    assert page.locator("nav.runs").inner_text() == "All runs of this job · run 3"
    page.wait_for_selector("html[data-ready=all]")
    page.get_by_role("link", name="All runs of this job").click()
    page.get_by_role("link", name="undo of 3").click()
    assert page.evaluate("document.querySelector(':target').id") == "run-3"


def test_phone_shows_each_value_with_its_title(open_index):
    """On a phone each value has its title beside it, and what a run has not is left out."""
    page = open_index(viewport={"width": 400, "height": 800})
    cells = page.locator("#run-3 td:visible")
    assert cells.evaluate_all("all => all.map(one => one.dataset.title)") == [
        *("started", "by", "command", "status", "created", "updated", "deleted", "failed", "plan"),
        *("approved by", "taken back by"),
    ]
    assert "approved by" not in page.locator("#run-1 td:visible").evaluate_all(
        "all => all.map(one => one.dataset.title)"
    )


def test_phone_shows_a_value_beside_its_title(open_index):
    """On a phone all that a value consists of is in one column, right of the titles."""
    page = open_index(viewport={"width": 400, "height": 800})
    edges = page.locator("td:visible > span").evaluate_all(
        "all => all.map(one => Math.round(one.getBoundingClientRect().left))"
    )
    assert len(set(edges)) == 1
    texts = page.locator("#run-5 td[data-title=status] > *").all_text_contents()
    assert texts == ["! not endedno report: it is still running, or was ended before it had one"]
