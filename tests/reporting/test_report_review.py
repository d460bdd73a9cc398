"""The page as a reviewer uses it: what is asked first stands first, on screen, phone and paper."""

import re
from pathlib import Path

import pytest
from sample_documents import EDITS, NOT_UNDONE, TWINS, change, failed, full_document, graph, run_document
from test_report_page import names, texts

from ardoqpy_sync.reporting import markdown, terminal
from ardoqpy_sync.reporting.sections import ORDER, list_sections

pytestmark = pytest.mark.slow

PLAN = {"id": "3f2a91c0d1e2", "sha256": "3f2a91c0d1e2" + "0b" * 26, "at": "2026-11-22T01:30:00Z"}
LONG = (
    "The payment service takes card payments for the shop and the tills; it is owned by team Blue and runs "
    "in two regions with a failover that was tested in May."
)
OS = {"os": {"old": "RHEL 8.10", "new": "RHEL 9.4"}}


def review_document(**parts):
    """Return a run document with all that a reviewer asks about."""
    document = full_document()
    changes = [
        *document["changes"],
        *(change(20 + number, name=f"srv{number}", attributes=OS) for number in range(9)),
        change(
            40,
            name="Payments",
            attributes={
                "description": {"old": LONG, "new": LONG.replace("Blue", "Green").replace("two", "three")},
                "tags": {"old": ["a", "b"], "new": ["b", "c"]},
                "yearly_cost": {"old": 12000, "new": 1250000.5},
            },
        ),
        change(
            41,
            name="Kassa",
            attributes={"typeId": {"old": "p1", "new": "p2"}, "name": {"old": "Kasse", "new": "Kassa"}},
        ),
        change(
            42,
            "delete",
            name="Old hub",
            why="no longer in the source",
            lost={"yearly_cost": 70000, "owner": "Ann"},
            who="Ada Lovelace",
            when="2026-10-01T10:00:00Z",
        ),
        change(
            43, "delete", "reference", name="A -> Old hub", note="with component Old hub", deleted_with="id42"
        ),
    ]
    return full_document(
        **{
            "changes": changes,
            "fields": {"w1": {"yearly_cost": "Yearly cost", "os": "Operating system"}},
            "names": {"p1": "Application", "p2": "Server", "id1": "Shop", "id2": "Till"},
            "plan": PLAN,
            "ambiguous": [TWINS],
            **parts,
        }
    )


@pytest.fixture
def page(show):
    """Give the page of a run with all that a reviewer asks about."""
    return show(review_document())


def test_every_report_has_the_same_sections_in_the_same_order(page):
    """Page, Markdown and terminal have the same sections in one order; on the page, the number is first."""
    document = review_document()
    sections = list_sections(document)
    keys = [section.key for section in sections]
    assert keys == [key for key in ORDER if key not in ("gone", "edits", "not_undone")]
    assert page.locator("#lists section").evaluate_all("all => all.map(one => one.dataset.key)") == keys
    titles = [f"{section.size:,} {section.title}" for section in sections]
    assert [text.removeprefix("▾").strip() for text in texts(page, "#lists h2")] == titles
    text = markdown.render_text(document)
    places = [text.index(f"## {section.title} (") for section in sections]
    assert places == sorted(places)
    lines = list(terminal.render(document))
    starts = ("would have been", "failed:", "ambiguous:", "conflicts", "not deleted", "would delete")
    starts += ("would change name", "would update", "would create", "missing", "not converging", "skipped")
    assert [line.split(":")[0] for line in lines if line.startswith(starts)] == sorted(
        [line.split(":")[0] for line in lines if line.startswith(starts)],
        key=lambda title: next(index for index, start in enumerate(starts) if f"{title}:".startswith(start)),
    )


def test_totals_are_links_and_filters(page):
    """A number of the totals shows only what it counts, and leads to it; zero is no link."""
    page.locator(".totals a[data-state=deleted][data-kind=component]").click()
    assert names(page) == ["Fax", "Old hub"]
    assert page.evaluate("location.hash") == "#section-deletes"
    assert page.locator("#filter-state").input_value() == "=deleted"
    page.locator(".totals a[data-state=failed]").click()
    assert names(page) == ["Bad row"]
    assert page.locator(".totals tr:has-text('unchanged') a").count() == 0
    for link in page.locator(".totals a").all():
        link.click()
        assert page.locator(".hits").inner_text().split(" of ")[0] == link.inner_text()


def test_contents_lead_to_every_section(page):
    """The table of contents names each section with its number, and a link opens and shows it."""
    page.get_by_role("button", name="2 Creates").click()
    page.get_by_role("navigation", name="Contents").get_by_role("link", name="2 Creates").click()
    assert page.locator("#section-creates .entry").first.is_visible()
    links = page.locator(".contents a").evaluate_all("all => all.map(one => one.hash)")
    assert [hash_.removeprefix("#section-") for hash_ in links] == [
        *(key for key in ORDER if key not in ("gone", "edits", "not_undone")),
        "#graph",
    ]


def test_like_changes_are_one_entry(page):
    """Nine servers with the same change are one entry, in which a search shows only those that match."""
    fold = page.locator(".entry:has(.members)")
    assert fold.locator("> .line .name").text_content() == "9 components"
    assert texts(page, ".entry:has(.members) td") == ["RHEL 8.10", "RHEL 9.4"]
    fold.locator("summary").click()
    assert len(texts(page, ".members li")) == 9
    page.get_by_label("Search everything").fill("srv7")
    assert texts(page, ".members li .name") == ["srv7"]
    assert page.locator(".hits").inner_text() == "1 of 25 entries"
    assert fold.locator("summary").inner_text() == "1 of 9"


def test_failed_rows_are_one_entry_if_their_problem_is_equal(show):
    """Rows with an equal problem are one entry, each with its own reason."""
    rows = [failed(number, reason=f"cost is '{number}': not a number.") for number in range(5)]
    page = show(run_document(failed=rows, status="failure", description="5 row(s) failed; the first: x."))
    assert names(page) == ["5 components"]
    page.locator("summary", has_text="all 5").click()
    assert "cost is '4': not a number." in texts(page, ".members li")[4]
    assert page.locator(".headline").inner_text() == "Nothing to change; 5 rows failed"


def test_many_failed_and_blocked_entries_are_collapsed_at_first(show):
    """With more than ten, the section shows its number only; the browser's own search opens it."""
    rows = [failed(number, reason=f"Reason {number} is special") for number in range(11)]
    page = show(run_document(failed=rows, changes=[change(1)]))
    title = page.get_by_role("button", name="11 Failed rows")
    assert title.get_attribute("aria-expanded") == "false"
    assert names(page) == ["Thing 1"]
    assert page.locator("#list-failed").get_attribute("hidden") == "until-found"
    page.evaluate("location.hash = '#:~:text=Reason%207'")
    page.locator("#list-failed").evaluate("one => one.dispatchEvent(new Event('beforematch'))")
    assert title.get_attribute("aria-expanded") == "true"
    assert len(names(page)) == 12


def test_changed_words_and_items_are_marked(page):
    """In a long text the changed words are marked, in a list the items."""
    entry = ".entry:has-text('Payments')"
    assert texts(page, f"{entry} del") == ["Blue", "two", "a"]
    assert texts(page, f"{entry} ins") == ["Green", "three", "c"]
    cells = texts(page, f"{entry} td")
    assert cells[0] == LONG
    assert cells[4:] == ["12,000", "1,250,000.5"]


def test_texts_that_have_nothing_in_common_are_not_marked(show):
    """Where all words differ, marks would only disturb; a very long text is compared as well."""
    other = " ".join(f"word{number}" for number in range(40))
    many = " ".join(f"same{number}" for number in range(2000))
    changes = [
        change(1, attributes={"description": {"old": LONG, "new": other}}),
        change(2, attributes={"description": {"old": f"{many} left", "new": f"{many} right"}}),
    ]
    page = show(run_document(changes=changes))
    assert texts(page, "del, ins") == ["left", "right"]
    (before, after) = texts(page, "#section-updates .entry:nth-child(2) td")
    assert re.match(r"\s*… .{60}left", before)
    assert re.match(r"\s*… .{60}right", after)


def test_labels_and_names(page):
    """Fields have their labels, and the API name where the pointer rests; renames and types both names."""
    assert page.get_by_title("yearly_cost").first.text_content() == "Yearly cost"
    assert "Kasse → Kassa" in texts(page, "#section-retyped .name")
    assert texts(page, "#section-retyped td") == ["Application", "Server", "Kasse", "Kassa"]


def test_deletes_say_everything(page):
    """A delete has the reason, what goes along, the values lost and the last editor."""
    entry = page.locator("#section-deletes .entry", has_text="Old hub").first
    assert "no longer in the source · with it 1 reference · last changed by Ada Lovelace on 2026-10-01" in (
        entry.inner_text()
    )
    entry.get_by_text("2 values lost").click()
    assert texts(page, "#section-deletes td.old") == ["70,000", "Ann"]


def test_links_into_ardoq(show):
    """With an address, the name of each component that Ardoq holds is a link to it, and nothing else is."""
    page = show(review_document(), link="https://yourorg.ardoq.com/somewhere/{workspace}/{id}")
    links = page.locator("#section-deletes a")
    assert links.evaluate_all("all => all.map(one => [one.textContent, one.href])") == [
        ["Fax", "https://yourorg.ardoq.com/somewhere/w2/id4"],
        ["Old hub", "https://yourorg.ardoq.com/somewhere/w1/id42"],
    ]
    assert page.locator("#section-creates a").count() == 0


def test_search_in_twenty_thousand_changes_is_done_in_slices(show):
    """A search of 20,000 changes pauses for input again and again, by a clock that counts its readings."""
    page = show(run_document(changes=[change(number) for number in range(20_000)]))
    pauses = page.evaluate(
        """async () => {
          const field = document.querySelector("#search"), lists = document.querySelector("#lists");
          const wait = () => new Promise(done => setTimeout(done)), post = MessagePort.prototype.postMessage;
          let milliseconds = 0, pauses = 0;
          performance.now = () => milliseconds++;
          MessagePort.prototype.postMessage = function (...all) { pauses += 1; post.apply(this, all); };
          const counts = [];
          for (const text of ["t", "thing 1", "thing 19", ""]) {
            field.value = text;
            field.dispatchEvent(new Event("input"));
            while (lists.ariaBusy) await wait();
            counts.push(pauses);
            pauses = 0;
          }
          return counts;
        }"""
    )
    assert min(pauses) >= 20  # of the 500 chunks, one in 20


# -- phone and paper -------------------------------------------------------------------------------------


def axe_violations(page):
    """Return what axe finds wrong with a page."""
    import axe_playwright_python  # noqa: PLC0415  (not needed where Chromium is missing)

    script = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
    page.evaluate(f"() => {{ {script}\n }}")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found]


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": {"width": 400, "height": 800}}],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing(show, options):
    """The rules of axe are kept, with everything expanded."""
    page = show(review_document(), **options)
    page.get_by_role("button", name="Expand all", exact=True).click()
    assert axe_violations(page) == []


def test_before_and_after_have_one_layout_on_a_phone(show):
    """At 400 pixels, before and after have the same left edge and width, whatever the value is."""
    page = show(review_document(), viewport={"width": 400, "height": 800})
    cells = page.locator("#section-updates td.old, #section-updates td.new, #section-retyped td")
    boxes = cells.evaluate_all("all => all.map(one => [one.getBoundingClientRect().x, one.offsetWidth])")
    assert len(boxes) == 14
    assert len({tuple(box) for box in boxes}) == 1


def test_names_in_the_picture_are_legible_on_a_phone(show):
    """At 400 pixels the types start collapsed, and their names are at least 10 pixels high."""
    page = show(review_document(), viewport={"width": 400, "height": 800})
    assert page.locator("svg .box").count() == 0
    heights = page.locator("svg .panel .title").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert min(heights) >= 10


def pages_of(pdf):
    """Return the number of pages of a PDF."""
    return len(re.findall(rb"/Type /Page\b", pdf))


def print_page(page):
    """Return the PDF of a page, as printed on A4."""
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    pdf = page.pdf(format="A4")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="null")
    return pdf


def test_twelve_changes_are_one_printed_page(show):
    """A plan of twelve changes, with its picture and the line to sign, is one page."""
    changes = [
        *(change(number, attributes={"cost": {"old": number, "new": 7}}) for number in range(8)),
        *(change(number, "create") for number in range(8, 11)),
        change(11, "delete", why="no longer in the source", lost={"cost": 3}, who="Ada"),
    ]
    page = show(run_document(changes=changes, plan=PLAN, graph=graph(12, 3)))
    assert pages_of(print_page(page)) == 1


def test_paper_has_page_numbers_and_the_id_of_the_plan(show):
    """Each printed page has its number and the plan's id; the last one has a line to sign, with the hash."""
    page = show(review_document())
    assert pages_of(print_page(page)) > 1
    page.emulate_media(media="print")
    line = " ".join(texts(page, ".sign-off p"))
    for part in ("Approved / rejected", "By", "Date", PLAN["id"], PLAN["sha256"]):
        assert part in line
    page.set_viewport_size({"width": 700, "height": 900})
    old, new = (page.locator(f"#section-updates td.{side}").first.bounding_box() for side in ("old", "new"))
    assert old["y"] == new["y"]
    page.emulate_media(media="null")
    style = page.locator("style").text_content()
    assert f'@top-left {{ content: "Plan {PLAN["id"]}"; }}' in style
    assert 'content: "Page " counter(page) " of " counter(pages)' in style


def test_filters_dim_lines_of_the_picture(page):
    """A search dims the lines between components that it leaves out, and keeps those it names."""
    page.get_by_label("Search everything").fill("n00007")
    shown = page.locator("svg .edge:not(.out) title").all_text_contents()
    assert shown == []
    page.get_by_label("Search everything").fill("uses")
    assert page.locator("svg .edge.out").count() == 0
    page.get_by_label("Search everything").fill("")
    assert page.locator("svg .out").count() == 0


# -- the ten questions -----------------------------------------------------------------------------------

GUIDE = Path(__file__).parents[2].joinpath("docs", "report-page.md").read_text(encoding="utf-8")
#: What each question of docs/report-page.md finds, by the selector of the place that the table names.
ANSWERS = [
    (".headline", "2 to create, 12 to update, 3 to delete; 1 row failed"),
    ("#section-deletes", "no longer in the source · with it 1 reference"),
    ("#section-deletes", "last changed by Ada Lovelace"),
    (".guard", "1 of the 2 hubs would be deleted. To allow it, set share=0.5."),
    ("#section-failed", "cost is 'n/a': a field of numbers takes a number."),
    ("#section-ambiguous", "4 entities in Ardoq match this row:"),
    ("#section-conflicts", "apps.csv line 7, which is used"),
    ("#section-retyped", "Kasse → Kassa"),
    ("#section-updates", "apps.csv line 2"),
    (".overview", PLAN["sha256"]),
]


def test_page_answers_the_ten_questions(page):
    """The guide lists ten questions of a reviewer, and each answer is at its place, before any click."""
    table = GUIDE.partition("## Ten questions of a reviewer")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?\?) \| (.+?) \|$", table, re.MULTILINE)
    assert len(rows) == len(ANSWERS) == 10
    for (question, place), (selector, answer) in zip(rows, ANSWERS, strict=True):
        part = page.locator(selector)
        part.scroll_into_view_if_needed()
        assert answer in part.inner_text(), question
        title = {".headline": "Headline", ".guard": "Delete guard blocked", ".overview": "Origin"}
        key = selector.removeprefix("#section-")
        expected = title.get(selector) or part.locator("h2").inner_text().split(" ", 1)[1].split(":")[0]
        assert place.startswith(expected), key


def test_edits_of_others_and_what_is_not_undone(show):
    """An edit has its three values side by side, the editor and the outcome; what stays has its reason."""
    page = show(run_document(edits=EDITS, not_undone=NOT_UNDONE))
    assert texts(page, "#section-edits thead th") == [
        *("attribute", "this job wrote", "Ardoq has", "the source has"),
    ]
    assert texts(page, "#section-edits td") == ["Ann", "Cleo", "Bob"]
    edit = page.locator("#section-edits").inner_text()
    assert "Last edited by Ada at 2026-11-21T08:00:00Z. The value of the source is written." in edit
    assert "It was edited after the run." in page.locator("#section-not_undone").inner_text()
