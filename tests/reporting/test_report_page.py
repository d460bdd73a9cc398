"""The page in a real browser: search, filters, printing, keyboard, and hostile data."""

import re

import pytest
from sample_documents import candidate, change, failed, full_document, graph, missing, run_document

pytestmark = pytest.mark.slow

#: The texts of those that are to be seen, all in one call: one call for each takes longer than the page.
SEEN = """all => all
  .filter(one => one.checkVisibility({visibilityProperty: true}) && one.getClientRects().length)
  .map(one => one.innerText || one.textContent)"""


@pytest.fixture
def page(show):
    """Give the page of a report with a bit of everything."""
    return show(full_document())


def texts(page, selector):
    """Return the texts of what is to be seen."""
    return page.locator(selector).evaluate_all(SEEN)


def names(page):
    """Return the names of the entries that are to be seen."""
    return texts(page, ".entry > .line .name")


def choose(page, title, start):
    """Choose in a filter the option that begins so."""
    select = page.locator(f"#filter-{title}")
    (option,) = [item for item in select.locator("option").all_text_contents() if item.startswith(start)]
    select.select_option(label=option)


def test_page_shows_every_part_of_a_report(page):
    """Totals, status, reasons, changes, missing entities, failures, matches and sources are visible."""
    text = page.locator("body").inner_text()
    for sentence in (
        "2 to create, 1 to update, 1 to delete; 1 row failed; 1 ambiguous; 1 conflict; 1 not deleted",
        "1 of the 2 hubs would be deleted. To allow it, set share=0.5.",
        "The source is empty.",
        "https://example.ardoq.com",
        "22 November 2026, 01:30 UTC",
        "preview: nothing was written",
    ):
        assert sentence in text
    rows = [item.inner_text().split() for item in page.locator(".totals tbody tr").all()]
    assert rows[0] == ["+", "created", "1", "1"]
    assert [row[-2:] for row in rows] == [[*"11"], [*"10"], [*"10"], [*"00"], [*"10"], [*"10"]]
    assert texts(page, ".sources tbody td") == ["1,240", "3", "1"]
    assert names(page) == [
        *("Old hub", "Bad row", "Twins", "Till", "Kept one"),
        *("Fax", "Till", "Shop", "Shop → Till", "Lost one", "Hub 9", "Kiosk"),
    ]
    assert "cost is 'n/a': a field of numbers takes a number." in text
    assert "2 entities in Ardoq match this row:" in text
    assert texts(page, "#section-not_converging td") == ["7", "9"]
    assert texts(page, "#section-conflicts thead th") == [
        *("attribute", "apps.csv line 2", "apps.csv line 7, which is used")
    ]
    assert texts(page, "#section-conflicts td") == ["Ann", "Bob"]
    assert texts(page, "#section-skipped .reason") == ["No component has it."]
    assert texts(page, ".not-owned p") == ["12 components of type Hub belong to other sources."]


def test_notes_and_type_changes_are_visible(show):
    """The note on a create or update is in its entry, and a changed type has both names."""
    page = show(
        run_document(
            changes=[
                change(1, "create", note="looks like 'Café', which has another é"),
                change(2, note="adopted by name"),
                change(3, note="type changed", attributes={"typeId": {"old": "p1", "new": "p2"}}),
            ],
            names={"p1": "Application", "p2": "Server"},
        )
    )
    assert texts(page, ".note") == [
        *("type changed", "adopted by name", "looks like 'Café', which has another é")
    ]
    assert texts(page, "#section-retyped td") == ["Application", "Server"]


def test_causes_of_failures_are_first(show):
    """Failed rows that have to be corrected first are above those that failed because of them."""
    cause, other = failed(1), failed(2, reason="There is no type 'X'.")
    because = [failed(number, kind="reference", cause=cause["label"]) for number in (3, 4)]
    page = show(run_document(failed=[*because, cause, other]))
    assert names(page) == ["Thing 1", "Thing 2", "Thing 3", "Thing 4"]
    assert texts(page, ".failed .note") == [
        "2 references fail because of it.",
        *["Correct apps.csv line 1 first."] * 2,
    ]


def test_old_and_new_values_are_side_by_side(page):
    """An update shows the values before and after at the same height, with column titles."""
    row = page.locator(".entry.updated table.values tbody tr")
    assert row.locator("th, td").all_inner_texts() == ["lifecycle", "Active", "Retired"]
    old, new = row.locator("td.old").bounding_box(), row.locator("td.new").bounding_box()
    assert old["y"] == new["y"]
    assert old["x"] + old["width"] <= new["x"] + 1
    assert texts(page, ".entry.updated thead th") == ["attribute", "before", "after"]


def test_ids_have_names(page):
    """If a value is the id of a component, its name is shown instead, and the id where the pointer rests."""
    page.get_by_text("2 values").click()
    cells = texts(page, ".entry:has-text('Shop → Till') td")
    assert cells == ["Shop", "Till"]
    assert page.get_by_title("id2").inner_text() == "Till"


def test_entities_that_would_also_be_deleted(page):
    """A missing component shows how many entities would also be deleted, and the first of them."""
    fold = page.get_by_text("Deleting it would also delete 25 references")
    fold.click()
    listed = texts(page, "#section-missing .cascade li")
    assert len(listed) == 21
    assert listed[0].startswith("reference A → B0")
    assert listed[0].endswith("still in the source")
    assert listed[-1] == "and 5 more"
    page.get_by_text(
        "Deleting it would also delete 3 components and 2 references, of which 5 are not missing"
    ).click()
    assert texts(page, "#section-blocked .cascade li")[-1] == "and 4 more"


def test_search_covers_everything(page):
    """Each word must occur in a name, value, attribute, label, reason or workspace."""
    for words, matches in (
        ("till", ["Till", "Till", "Shop → Till"]),
        ("ann bob", ["Till"]),
        ("no component has it", ["Kiosk"]),
        ("TILL shop", ["Shop → Till"]),
        ("retired", ["Till"]),
        ("lifecycle", ["Till"]),
        ("apps.csv line 5", ["Bad row"]),
        ("n/a", ["Bad row"]),
        ("t2", ["Twins"]),
        ("machines", ["Old hub", "Kept one", "Fax"]),
        ('"shop → till"', ["Shop → Till"]),
        ('"till shop"', []),
        ('"till', ["Till", "Till", "Shop → Till"]),
        ("shop -> till", ["Shop → Till"]),
        ("no such thing", []),
    ):
        page.get_by_label("Search everything").fill(words)
        assert names(page) == matches
        assert page.locator(".hits").inner_text() == f"{len(matches)} of 12 entries"
        assert page.locator("#nothing").is_visible() == (not matches)


def test_slash_starts_and_escape_clears_the_search(page):
    """Slash goes to the search field; Escape in it, and the button, show everything again."""
    page.keyboard.press("/")
    page.keyboard.type("fax")
    assert names(page) == ["Fax"]
    page.keyboard.press("Escape")
    assert len(names(page)) == 12
    page.keyboard.type("fax")
    page.get_by_role("button", name="Clear").click()
    assert len(names(page)) == 12
    assert page.locator(".hits").inner_text() == "12 entries"


def test_filters_by_action_kind_type_and_workspace(page):
    """Each filter lists its values with their numbers, and filters combine."""
    choose(page, "kind", "reference (1)")
    assert names(page) == ["Shop → Till"]
    page.get_by_role("button", name="Clear").click()
    choose(page, "state", "create (2)")
    assert names(page) == ["Shop", "Shop → Till"]
    choose(page, "type", "Application (")
    assert names(page) == ["Shop"]
    page.get_by_role("button", name="Clear").click()
    choose(page, "workspace", "Machines (3)")
    assert names(page) == ["Old hub", "Kept one", "Fax"]
    choose(page, "state", "delete (1)")
    assert names(page) == ["Fax"]


def test_number_of_hits_is_announced(page):
    """The result of a search is in a live region, for screen readers."""
    hits = page.get_by_role("status")
    assert hits.get_attribute("aria-live") == "polite"
    page.get_by_label("Search everything").fill("fax")
    assert hits.inner_text() == "1 of 12 entries"


def test_sections_and_entries_collapse(page):
    """A section collapses at its title; all entries expand and collapse at once."""
    title = page.get_by_role("button", name=re.compile("Creates$"))
    assert title.get_attribute("aria-expanded") == "true"
    title.click()
    assert title.get_attribute("aria-expanded") == "false"
    assert not page.locator(".entry.created").first.is_visible()
    page.get_by_role("button", name="Expand all", exact=True).click()
    assert page.locator(".entry.created").first.is_visible()
    assert page.locator("details:not([open])").count() == 0
    page.get_by_role("button", name="Collapse all", exact=True).click()
    assert page.locator("details[open]").count() == 0


# -- how it looks --------------------------------------------------------------------------------------


#: Finds the texts that stand out by less than 4.5 to 1.
_WEAK = """() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(n => n / 255)
      .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const own = one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  const clear = one => /, 0\\)$/.test(getComputedStyle(one).backgroundColor);
  const found = [];
  for (const one of document.querySelectorAll('body *:not(svg *):not(option)')) {
    if (!own(one) || !one.offsetParent) continue;
    let ground = one, opaque = 1;
    while (ground.parentElement && clear(ground)) ground = ground.parentElement;
    for (let above = one; above; above = above.parentElement) opaque *= getComputedStyle(above).opacity;
    const colours = [getComputedStyle(one).color, getComputedStyle(ground).backgroundColor];
    const [a, b] = colours.map(light).sort((x, y) => y - x);
    if (opaque < 1 || (a + 0.05) / (b + 0.05) < 4.5) found.push([one.className, one.textContent]);
  }
  return found;
}"""


def _ground(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_light_and_dark_mode(show):
    """The page follows the system until its button is used, and the button shows the state."""
    light, dark = show(full_document()), show(full_document(), color_scheme="dark")
    colours = _ground(light), _ground(dark)
    assert colours[0] != colours[1]
    for page, before, after in ((light, *colours), (dark, *colours[::-1])):
        switch = page.get_by_role("button", name="Dark")
        pressed = switch.get_attribute("aria-pressed")
        switch.click()
        assert (_ground(page), switch.get_attribute("aria-pressed") != pressed) == (after, True)
        switch.click()
        assert _ground(page) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(show, scheme):
    """All text has a contrast of 4.5 to 1 or more."""
    page = show(full_document(), color_scheme=scheme)
    page.get_by_role("button", name="Expand all", exact=True).click()
    weak = page.evaluate(_WEAK)
    assert weak == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_page_fits_a_phone(show, width):
    """Nothing is wider than the screen, however long a word is, and old and new values are aligned."""
    long = change(8, name="x" * 300, attributes={"y" * 90: {"old": "z" * 900, "new": "z" * 901}})
    report = full_document()
    page = show(
        run_document(**{**report, "changes": [*report["changes"], long]}),
        viewport={"width": width, "height": 800},
    )
    page.get_by_role("button", name="Expand all", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    old, new = (page.locator(f"#section-updates td.{side}").first.bounding_box() for side in ("old", "new"))
    assert width == 768 or (old["x"], old["width"]) == (new["x"], new["width"])


def test_print_shows_everything(show):
    """Printed, all entries are expanded and drawn, and controls are hidden."""
    page = show(full_document(changes=[change(number) for number in range(150)]))
    page.get_by_role("button", name=re.compile("Updates$")).click()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(names(page)) == 158
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("svg[viewBox]").is_visible()
    for gone in ("#find", "#theme", ".tools", ".contents", ".skip"):
        assert not page.locator(gone).first.is_visible()
    assert page.get_by_text("Signature").is_visible()
    assert page.pdf().startswith(b"%PDF")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("details[open]").count() == 0
    assert not page.locator(".entry.updated").first.is_visible()


def test_totals_need_no_script(show):
    """Without JavaScript the page shows totals and status, and says what is missing."""
    page = show(full_document(), java_script_enabled=False)
    assert page.locator(".totals tbody tr").count() == 6
    assert "Allow JavaScript" in page.locator("noscript").inner_text()
    for gone in ("#find", "#graph", "#theme"):
        assert not page.locator(gone).is_visible()


def test_keyboard_order(page):
    """The tab key visits everything in order, with a visible focus, and the skip link works."""
    walked = []
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(
            """() => {
              const one = document.activeElement, style = getComputedStyle(one);
              const told = (one.ariaLabel || one.textContent).trim().slice(0, 9);
              return [one.tagName, one.id || one.dataset.command || told,
                      style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
            }"""
        )
        if at[0] == "BODY":
            break
        walked.append(at)
    assert all(seen for _, _, seen in walked)
    called = [name for _, name, _ in walked]
    assert called[:4] == ["Skip to t", "theme", "1 Blocked", "1 Failed "]
    start = called.index("search")
    assert called[start : start + 5] == [
        *("search", "filter-state", "filter-kind", "filter-type", "filter-workspace")
    ]
    assert called[start + 5 : start + 8] == ["Expand al", "Collapse ", "1 Blocked"]
    assert "2 Creates" in called
    assert called[-6:] == ["in", "out", "fit", "open", "close", "Graph of "]
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_sections_and_entries_open_by_keyboard(page):
    """Enter collapses a section, and expands an entry."""
    page.get_by_role("button", name=re.compile("Creates$")).focus()
    page.keyboard.press("Enter")
    assert not page.locator(".entry.created").first.is_visible()
    page.keyboard.press("Enter")
    page.locator(".entry.created summary").first.focus()
    page.keyboard.press("Enter")
    assert texts(page, ".entry.created td") == ["Shop"]


def test_landmarks_and_headings(page):
    """Screen readers find a banner, a main part, a search, a footer and headings."""
    for role in ("banner", "main", "search", "contentinfo"):
        assert page.get_by_role(role).count() == 1
    assert page.locator("h1").count() == 1
    assert page.get_by_role("heading", level=2).count() == 15


# -- safe ----------------------------------------------------------------------------------------------

HOSTILE = [
    "</script><script>window.pwned = 1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<!--<script>",
    '"><svg onload=window.pwned=1>',
    "javascript:window.pwned=1",
    "{{data}} ${window.pwned=1} {{script}}",
    "=HYPERLINK('https://evil.example')",
    "__proto__",
    "constructor",
    "toString",
    "\u202egnp.exe\u2066\u200f",
    "\x1b[31mred\x07\x00\x9b",
    "half \ud800 a pair \udc00",
    "line\u2028break\u2029s\r\n\ttab",
    "<b>bold</b>&amp;&lt;",
    "x" * 100_000,
    "",
]


def _hostile():
    changes = [
        change(
            number,
            name=bad,
            type=bad,
            typeName=bad,
            label=bad,
            note=bad or None,
            rootWorkspace=bad or "w1",
            attributes={bad: {"old": bad, "new": [bad, {bad: bad}]}, "other": {"old": None, "new": bad}},
        )
        for number, bad in enumerate(HOSTILE)
    ]
    nodes = [
        {"id": f"n{number}{bad}", "name": bad, "type": bad, "workspace": bad, "state": "updated"}
        for number, bad in enumerate(HOSTILE)
    ]
    edges = [
        {"source": nodes[0]["id"], "target": node["id"], "type": node["name"], "state": "created"}
        for node in nodes
    ]
    bads = " ".join(HOSTILE[:-2])
    report = full_document(
        title=bads,
        description=bads,
        changes=changes,
        failed=[
            failed(1, name=bad, reason=f"because {bad}", row={bad: bad, "__proto__": bad}) for bad in HOSTILE
        ],
        missing=[missing(2, name=bad, typeName=bad) for bad in HOSTILE],
        ambiguous=[
            {
                "kind": "component",
                "name": bad,
                "used": bad,
                "matches": [bad],
                "candidates": [candidate(bad, name=bad, type=bad, parent=bad, workspace=bad)],
            }
            for bad in HOSTILE
        ],
        workspaces={"w1": bads} | {bad: bad for bad in HOSTILE},
        names={bad: f"name of {bad}" for bad in HOSTILE[:5]},
        sources=[{"name": bad, "rows": 1, "skipped": 0, "failed": 0} for bad in HOSTILE],
        graph={"nodes": nodes, "edges": edges, "totals": {"nodes": len(nodes), "edges": len(edges)}},
    )
    report["origin"] = {**report["origin"], "host": bads, "org": bads, "by": bads}
    report["delete_guard"]["reasons"] = [{"bound": bad, "sentence": bad, "allow": bad} for bad in HOSTILE]
    return report


def test_hostile_names_are_only_text(show):
    """No name runs, becomes an element, or changes the reading order."""
    page = show(_hostile())
    page.get_by_role("button", name="Expand all", exact=True).click()
    page.locator(".frame svg").focus()
    for _ in HOSTILE:
        page.keyboard.press("n")
    assert page.evaluate("window.pwned") is None
    assert (
        page.locator(
            "img, iframe, object, embed, base, a:not([href^='#']), b:not(.contents b), "
            "body svg:not(.frame > svg)"
        ).count()
        == 0
    )
    assert page.locator("script").count() == 2
    text = page.locator("body").inner_text()
    assert not re.search(
        "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text
    )
    for hostile in HOSTILE[:5]:
        assert hostile in text
    assert r"\u202egnp.exe\u2066\u200f" in text
    assert r"\x1b[31mred\x07\x00\x9b" in text
    assert r"half \ud800 a pair \udc00" in text
    assert "show all 100,000 characters" in text
    assert page.evaluate("Object.keys(Object.prototype).length") == 0
    for bad in ("__proto__", "constructor", "<img src=x"):
        page.get_by_label("Search everything").fill(bad)
        assert len(names(page)) >= 4


def test_long_value_expands(show):
    """A value of 100,000 characters shows its beginning, and all of it after a click."""
    page = show(run_document(changes=[change(1, attributes={"note": {"old": None, "new": "y" * 100_000}})]))
    assert len(page.locator("td.new").inner_text()) < 500
    page.get_by_role("button", name="show all 100,000 characters").click()
    assert page.locator("td.new").inner_text() == "y" * 100_000


def test_changed_script_does_not_run(browser, tmp_path):
    """If a page's script is changed by one letter, nothing of it runs."""
    from ardoqpy_sync.reporting import html  # noqa: PLC0415

    path = tmp_path / "changed.html"
    ours = "".join(html.render(full_document()))
    path.write_text(
        ours.replace("async function start() {", "async function start() { /**/"), encoding="utf-8"
    )
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.locator("html.scripted").count() == 0
    assert page.locator(".totals").is_visible()
    page.close()


@pytest.mark.slow
def test_twenty_thousand_changes(show):
    """All 20,000 changes are in the page and searched, and those out of sight are not laid out."""
    page = show(run_document(changes=[change(number) for number in range(20_000)], graph=graph(3000)))
    counts = page.evaluate(
        """async () => {
          const lists = document.querySelector("#lists");
          const drawn = async () => { while (lists.ariaBusy) await new Promise(done => setTimeout(done)); };
          const all = [...document.querySelectorAll(".entry")], field = document.querySelector("#search");
          const type = text => { field.value = text; field.dispatchEvent(new Event("input")); };
          const laidOut = all.filter(one => one.checkVisibility({contentVisibilityAuto: true})).length;
          const hits = document.querySelector(".hits").textContent;
          type("id19999");
          await drawn();
          const left = [...document.querySelectorAll(".entry:not([hidden]) .name")];
          const names = left.map(one => one.textContent);
          type("");
          await drawn();
          const again = document.querySelectorAll(".entry:not([hidden])").length;
          const found = window.find("Thing 19987") && scrollY > 100000;
          return [all.length, hits, laidOut > 0 && laidOut < 400, names, again, found];
        }"""
    )
    assert counts == [20_000, "20,000 entries", True, ["Thing 19999"], 20_000, True]
