"""The graph of the page in a real browser: drawing, zoom, collapsing and keyboard."""

import itertools

import pytest
from sample_documents import change, full_document, graph, run_document

from ardoqpy_sync import save_report

pytestmark = pytest.mark.slow


def scale(page):
    """Return how much the picture is enlarged."""
    return float(page.locator(".frame").get_attribute("data-scale"))


def drawn(page):
    """Return the picture as it is drawn."""
    return page.locator(".frame svg").inner_html()


def places(locator):
    """Return where elements are in the frame of the graph, read at once, since the page can still scroll."""
    return locator.evaluate_all(
        """all => {
          const frame = document.querySelector(".frame").getBoundingClientRect();
          return all.map(one => {
            const {x, y, width, height} = one.getBoundingClientRect();
            return {x: x - frame.x, y: y - frame.y, width, height};
          });
        }"""
    )


def details(page):
    """Return the details of the selected node."""
    return page.locator(".selection").inner_text()


@pytest.fixture
def page(show):
    """Give the page of a small graph: 24 components of 4 types, 24 references."""
    return show(full_document())


def test_graph_shows_components_references_and_states(page):
    """Each component is a box in the panel of its type, each reference a curve, each state has its mark."""
    assert page.locator("svg .box").count() == 24
    titles = page.locator("svg .panel .title").all_text_contents()
    assert sorted(titles) == ["Type 0", "Type 1", "Type 2", "Type 3"]
    assert page.locator("svg .edge").count() == 24
    assert page.locator("#graph .title p").inner_text() == "24 components, 24 references and parents"
    for state, mark in zip(
        ("created", "updated", "deleted", "missing", "failed", "unchanged"),
        "+~\N{MINUS SIGN}?!·",
        strict=True,
    ):
        assert set(page.locator(f"svg .box.{state} .mark").all_text_contents()) == {mark}
        assert page.locator(f".legend .mark.{state}").inner_text() == mark
    boxes = places(page.locator("svg .box rect"))
    for number, element in enumerate(boxes):
        for other in boxes[:number]:
            apart = (
                element["x"] + element["width"] <= other["x"] + 1
                or other["x"] + other["width"] <= element["x"] + 1
                or element["y"] + element["height"] <= other["y"] + 1
                or other["y"] + other["height"] <= element["y"] + 1
            )
            assert apart


def test_same_data_has_the_same_layout(show):
    """The layout depends on the data alone."""
    first, second = show(run_document(graph=graph(60))), show(run_document(graph=graph(60)))
    assert drawn(first) == drawn(second)


def test_types_are_ordered_by_their_references(show):
    """A source is left of its target, and a parent left of its children."""
    types = ("Server", "Database", "Service", "Application")
    nodes = [
        {"id": f"{name}{number}", "name": name, "type": name, "workspace": "w1", "state": "created"}
        for name in types
        for number in range(2)
    ]
    edges = [
        {"source": f"{item}{number}", "target": f"{other}0", "type": "uses", "state": "created"}
        for other, item in itertools.pairwise(types)
        for number in range(2)
    ]
    # One leads back, and one goes to its parent.
    edges.append({"source": "Server0", "target": "Application0", "type": "asks", "state": "created"})
    nodes.append({"id": "b", "name": "Board", "type": "Board", "workspace": "w1", "state": "created"})
    edges.append({"source": "Application1", "target": "b", "type": "parent", "state": "created"})
    totals = {"nodes": len(nodes), "edges": len(edges)}
    page = show(run_document(graph={"nodes": nodes, "edges": edges, "totals": totals}))
    panels = page.locator("svg .panel")
    titles = panels.locator(".title").all_text_contents()
    left = {title: panel["x"] for title, panel in zip(titles, places(panels), strict=True)}
    assert sorted(left, key=left.get) == ["Board", *reversed(types)]
    assert len(set(left.values())) == 5


def test_zoom_and_fit(page):
    """Buttons, Ctrl with the wheel, and keys zoom; Fit shows the whole graph."""
    full_scale = scale(page)
    page.get_by_role("button", name="Zoom in").click()
    assert scale(page) > full_scale
    page.get_by_role("button", name="Fit the whole graph").click()
    assert scale(page) == full_scale
    page.locator(".frame").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    page.locator(f".frame:not([data-scale='{full_scale:.3f}'])").wait_for()
    assert scale(page) > full_scale
    page.locator(".frame svg").focus()
    page.keyboard.press("0")
    assert scale(page) == full_scale
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert scale(page) > full_scale
    page.keyboard.press("-")
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert scale(page) < full_scale


def test_wheel_without_ctrl_scrolls_the_page(page):
    """Scrolling past the graph does not zoom it."""
    before = scale(page)
    page.locator(".frame").hover()
    top = page.evaluate("scrollY")
    page.mouse.wheel(0, -200)  # up: the graph is at the end of the page
    for _ in range(1000):
        if page.evaluate("scrollY") != top:
            break
        page.wait_for_timeout(10)
    assert page.evaluate("scrollY") != top
    assert scale(page) == before


def test_graph_moves_by_mouse_and_arrow_keys(page):
    """Dragging and the arrow keys move the graph, and a drag selects nothing."""
    page.locator(".frame svg").focus()  # now, since it scrolls the page
    frame = page.locator(".frame").bounding_box()
    box = page.locator("svg .box").first
    start = places(box)[0]
    x, y = frame["x"] + start["x"] + 5, frame["y"] + start["y"] + 5
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 20, steps=4)
    page.mouse.up()
    assert places(box)[0]["x"] == pytest.approx(start["x"] + 30, abs=1)
    assert details(page) == ""
    page.keyboard.press("ArrowLeft")
    assert places(box)[0]["x"] == pytest.approx(start["x"] + 90, abs=1)
    page.keyboard.press("ArrowDown")
    assert places(box)[0]["y"] == pytest.approx(start["y"] + 20 - 60, abs=1)


def test_keyboard_selection(page):
    """N and P select the next and the previous component and describe it; Escape clears the selection."""
    page.locator(".frame svg").focus()
    page.keyboard.press("n")
    assert "6 components, expanded. Enter collapses it." in details(page)
    page.keyboard.press("n")
    name = details(page).split("\n")[0]
    assert "Node" in name
    assert "Applications" in name
    assert "→" in details(page)
    assert page.locator("svg .selected").count() == 1
    page.keyboard.press("p")
    assert "expanded" in details(page)
    page.keyboard.press("Escape")
    assert (details(page), page.locator("svg .selected").count()) == ("", 0)


def test_collapsed_type_bundles_its_references(page):
    """A collapsed type is a panel with its counts by state, and its references are counted."""
    page.locator(".frame svg").focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    assert page.locator("svg .box").count() == 18
    panel = page.locator("svg .panel.closed")
    assert panel.locator(".count").text_content() == "6"
    page.get_by_role("button", name="Collapse all types", exact=True).click()
    assert page.locator("svg .box").count() == 0
    assert page.locator("svg .panel.closed").count() == 4
    numbers = [int(text) for text in page.locator("svg .edge-name").all_text_contents()]
    assert numbers
    assert sum(numbers) <= 24
    page.get_by_role("button", name="Expand all types").click()
    assert page.locator("svg .box").count() == 24


def test_selected_component_is_found_in_the_lists(show):
    """One click leads from a component in the graph to its changes."""
    node = {"id": "id1", "name": "Shop", "type": "App", "workspace": "w1", "state": "updated"}
    small_graph = {"nodes": [node], "edges": [], "totals": {"nodes": 1, "edges": 0}}
    page = show(run_document(changes=[change(1, name="Shop"), change(2, name="Till")], graph=small_graph))
    page.locator("svg .box").click()
    page.get_by_role("button", name="Find in the lists").click()
    assert page.locator(".entry:not([hidden]) .name").all_inner_texts() == ["Shop"]
    assert page.evaluate("document.activeElement.id") == "search"


def test_search_dims_other_components(page):
    """Search and filters dim the components that do not match."""
    page.get_by_label("Search everything").fill("n00007")
    assert page.locator("svg .box:not(.out) .name").all_text_contents() == ["Node 7"]
    page.get_by_label("Search everything").fill("")
    assert page.locator("svg .box.out").count() == 0
    page.locator("#filter-state").select_option("=deleted")
    assert page.locator("svg .box:not(.out)").count() == page.locator("svg .box.deleted").count() == 4


def test_five_hundred_components_are_drawn(show):
    """All 500 components are drawn; zoomed out, only the names of types are shown."""
    page = show(run_document(graph=graph(500)))
    assert page.locator("svg .box").count() == 500
    title = page.locator("svg .panel .title").first
    assert title.bounding_box()["height"] >= 11
    assert not page.locator("svg .box .name").first.is_visible()
    page.locator(".frame svg").focus()
    page.keyboard.press("n")
    page.keyboard.press("n")
    name = page.locator("svg .box.selected .name")
    assert name.is_visible()
    assert name.bounding_box()["height"] >= 9
    frame, box = places(page.locator(".frame, svg .box.selected"))
    assert 0 <= box["x"] <= frame["width"]
    assert 0 <= box["y"] <= frame["height"]


def test_more_than_five_hundred_components_are_collapsed(show):
    """Each type is one panel with the number of references to others, and can be expanded."""
    page = show(run_document(graph=graph(2600)))
    assert (page.locator("svg .box").count(), page.locator("svg .panel.closed").count()) == (0, 5)
    assert page.locator("svg .panel .count").all_text_contents() == ["520"] * 5
    assert "520" in page.locator("svg .edge-name").all_text_contents()
    page.locator(".frame svg").focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    assert page.locator("svg .box").count() == 400
    assert page.locator("svg .more").text_content() == "and 120 more"


def test_large_graph_is_collapsed_on_paper(show):
    """500 boxes do not fit on a sheet: types are collapsed for printing, and expanded afterwards."""
    page = show(run_document(graph=graph(500)))
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert (page.locator("svg .box").count(), page.locator("svg .panel.closed").count()) == (0, 5)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("svg .box").count() == 500


def test_page_states_how_much_of_the_graph_is_shown(show):
    """If the run document lists fewer nodes than there are, the page shows both numbers."""
    few = graph(10) | {"totals": {"nodes": 12_345, "edges": 20}}
    page = show(run_document(graph=few))
    text = page.locator("#graph .title p").inner_text()
    assert text == "12,345 components, 20 references and parents; 10 and 10 are shown"


def test_report_without_changes_has_no_graph(show):
    """Without changes there is a sentence in place of the graph."""
    page = show(run_document())
    assert page.locator("#graph").count() == 0
    assert page.get_by_text("There is nothing to list").is_visible()


#: A clock that counts its readings, and how often it was read, and the page paused, until each state.
COUNT = """
let readings = 0, pauses = 0;
const post = MessagePort.prototype.postMessage;
performance.now = () => readings++;
MessagePort.prototype.postMessage = function (...all) { pauses += 1; post.apply(this, all); };
window.counts = {};
new MutationObserver(() => {
  const state = document.documentElement.dataset.ready;
  if (state) window.counts[state] = {readings, pauses};
}).observe(document, {attributes: true, subtree: true, attributeFilter: ["data-ready"]});
"""


def test_large_graph_is_laid_out_and_drawn_in_slices(open_file, tmp_path):
    """With 20,000 lines, the page looks at the clock again and again while it lays the graph out."""
    save_report(run_document(graph=graph(10_000, links=2)), tmp_path / "report.html")
    page = open_file(tmp_path / "report.html", script=COUNT)
    page.wait_for_selector("html[data-ready=all]", state="attached")
    counts = page.evaluate("window.counts")
    lists, everything = counts["lists"], counts["all"]
    # Lines are visited three times and components twice, in steps of 200.
    assert everything["readings"] - lists["readings"] >= 3 * 20_000 / 200 + 2 * 10_000 / 200
    assert everything["pauses"] - lists["pauses"] >= 20


def test_lists_are_built_in_slices(open_file, tmp_path):
    """The page looks at the clock after each entry, and the filters have the numbers of what they leave."""
    changes = [change(number, typeName=f"Type {number % 3}") for number in range(1000)]
    save_report(run_document(changes=changes), tmp_path / "report.html")
    page = open_file(tmp_path / "report.html", script=COUNT)
    page.wait_for_selector("html[data-ready=all]", state="attached")
    assert page.evaluate("window.counts.all.pauses") >= 1000 / 20
    options = page.locator("#filter-type option").all_text_contents()
    assert options == ["every type", "Type 0 (334)", "Type 1 (333)", "Type 2 (333)"]
