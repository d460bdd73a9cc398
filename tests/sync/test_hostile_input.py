"""Invalid rows and arguments are written exactly, or refused in a sentence; nothing is half done.

What callers hand over is looked at here, in every call of a sync; what Ardoq may answer, in `tests/wire`.
"""

import datetime as dt
import decimal
import unicodedata
from functools import partial

import pytest
from sync_scenarios import WEB_SHOP, counts, held, names_in, row, seed, stored_component, value, writes

from ardoqpy import ArdoqClientException, DeleteBlocked, InvalidInput, NotFoundError
from ardoqpy_sync import Plan, format_report

#: Text that is unusual, and text all the same.
TEXTS = {
    "control": "a\x00b\x07\x7f",
    "escape": "\x1b[31mred\x1b]0;title\x07",
    "right to left": "\u202egnp.exe\u202c",
    "long": "x" * 100_000,
    "formula": "=cmd|'/c calc'!A1",
    "markup": "<script>alert(1)</script>&amp;",
    "lines": "one\r\ntwo\u2028three",
    "blanks": " \tlead and trail \u00a0",
    "invisible": "\ufeffzero\u200bwidth",
    "beyond 16 bits": "\U0001f680 日本",
    "format": "%s %n {0} ${x} $ref __proto__",
    "path": "../../etc/passwd?x=1#y",
    "kelvin": "\u212a",
}
texts = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())


def _deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


ENDLESS = {}
ENDLESS["me"] = ENDLESS
#: What no JSON holds, or nothing should be.
VALUES = {
    "half a character": "\ud800",
    "bytes": b"bytes",
    "too many digits": 10**5000,
    "nan": float("nan"),
    "infinity": float("-inf"),
    "datetime": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    "decimal": decimal.Decimal("1.5"),
    "set": {1, 2},
    "object": object(),
    "complex": 1j,
    "function": len,
    "deep": _deep(200),
    "far too deep": _deep(100_000),
    "endless": ENDLESS,
    "bytes as a key": {b"key": 1},
    "digits inside": [[10**5000]],
}
oddities = pytest.mark.parametrize("odd", VALUES.values(), ids=VALUES.keys())
no_ids = pytest.mark.parametrize(
    "odd",
    [
        *VALUES.values(),
        *(entity_id for name, entity_id in TEXTS.items() if name != "kelvin"),
        5,
        5.0,
        True,
        [],
        {},
        "",
    ],
    ids=[
        *VALUES,
        *(name for name in TEXTS if name != "kelvin"),
        "int",
        "float",
        "bool",
        "list",
        "dict",
        "blank",
    ],
)


def is_a_sentence(problem):
    """Return whether a person can read an error on a terminal."""
    text = str(problem)
    return text.isprintable() and 10 < len(text) < 1_000 and text[-1] in ".?"


def refused(server, act, error=InvalidInput):
    """Hold that a call is refused in a sentence, and that nothing has changed."""
    tables = server.store.state.tables.values()
    before = [table.version for table in tables]
    with pytest.raises(error) as caught:
        act()
    assert is_a_sentence(caught.value), str(caught.value)
    assert writes(server) == []
    assert [table.version for table in tables] == before


def is_harmless(text):
    """Return whether a terminal prints a text line by line, and obeys nothing in it."""
    return all(line.isprintable() for line in text.split("\n"))


@texts
def test_text_is_written_found_and_kept_exactly(ardoq, new_sync, text):
    """Whatever is text is stored letter by letter, found again by itself, and written no second time."""
    rows = row(text, description=text, note=text)
    sync = new_sync()
    comp = sync.create_component(rows, label=text)
    ref = sync.create_reference({"source": comp["_id"], "target": "web", "type": 1, "displayText": text})
    sync.flush()
    stored = held(ardoq, comp["_id"])
    assert (stored["name"], stored["description"], stored["customFields"]["note"]) == (text, text, text)
    assert held(ardoq, ref["_id"])["displayText"] == text
    again = new_sync()
    assert [component["_id"] for component in again.find_component("ws1", text, exact=True)] == [comp["_id"]]
    result = again.find_component("ws1", field_name="note", field_value=text)
    assert [entity["name"] for entity in result] == [text]
    ardoq.clear_requests()
    again.create_component(rows)
    again.create_component(rows, field_name="note")
    again.create_reference({"source": comp["_id"], "target": "web", "type": 1, "displayText": text})
    assert writes(ardoq) == []
    again.del_component(comp["_id"])
    assert text not in names_in(ardoq)


@texts
def test_text_is_stored_exactly_and_printed_harmlessly(ardoq, new_sync, tmp_path, text):
    """A change to any text is written as it is, through a plan as well; reports and plans escape it."""
    preview = new_sync(simulate=True, on_error="collect")
    preview.update_component("web", {"name": text, "note": text})
    preview.create_component(row(f"New {text}", parent="web"))
    preview.create_component(row(text, type_id=text))
    for output in (format_report(preview.get_report()), str(preview.plan)):
        assert is_harmless(output)
        assert len(output) < 20_000
    preview.plan.save(tmp_path / "plan.json")
    plan = Plan.load(tmp_path / "plan.json")
    sync = new_sync()
    sync.apply(plan)
    assert held(ardoq, "web")["name"] == text
    assert held(ardoq, "web")["customFields"]["note"] == text
    assert f"New {text}" in names_in(ardoq)


@texts
def test_a_guard_shows_names_harmlessly(ardoq, new_sync, text):
    """The list of what would be deleted is readable on a terminal, whatever the names."""
    ardoq.load(seed([stored_component("web", "Web"), stored_component("odd", text)]))
    sync = new_sync()
    sync.create_component(row("Web"))
    with pytest.raises(DeleteBlocked) as caught:
        sync.delete_cache_misses(share=0.1)
    assert is_harmless(str(caught.value))
    assert caught.value.would_delete[0]["name"] == text


@oddities
@pytest.mark.unsent
def test_a_component_that_json_cannot_hold_is_refused(ardoq, sync, odd):
    """Such a value is refused wherever it is given: in a new row, one that matches, and a change by id."""
    sync.get_workspace("ws1")
    attributes = ("name", "typeId", "rootWorkspace", "parent", "note", "description", "areas")
    for attribute in attributes:
        for act in (
            sync.create_component,
            lambda row: sync.create_component(row, field_name="code", field_value="S-1"),
        ):
            refused(ardoq, partial(act, {**row("New"), attribute: odd}))
        refused(ardoq, partial(sync.create_component, {**row("Web"), attribute: odd}))
        if attribute != "rootWorkspace":  # which cannot be changed, and is ignored
            refused(ardoq, partial(sync.update_component, "web", {attribute: odd}))
    report = sync.get_report()
    assert report["failed_comps"] == 4 * len(attributes) - 1
    assert is_harmless(format_report(report))


@oddities
@pytest.mark.unsent
def test_a_reference_that_json_cannot_hold_is_refused(ardoq, sync, odd):
    """So it is in references."""
    for attribute in ("source", "target", "type", "rootWorkspace", "displayText"):
        refused(ardoq, partial(sync.create_reference, {**WEB_SHOP, "type": 2, attribute: odd}))
        if attribute != "rootWorkspace":
            refused(ardoq, partial(sync.update_reference, "web-shop", {attribute: odd}))
    assert is_harmless(format_report(sync.get_report()))


@oddities
@pytest.mark.unsent
def test_what_is_no_row_is_refused(ardoq, sync, odd):
    """What is no dict of attributes, or has a key that is no text, is refused, and so is what comes along."""
    refused(ardoq, lambda: sync.create_component(odd))
    refused(ardoq, lambda: sync.create_reference(odd))
    refused(ardoq, lambda: sync.update_component("web", odd))
    refused(ardoq, lambda: sync.update_reference("web-shop", odd))
    refused(ardoq, lambda: sync.create_component({**row("New"), "customFields": odd}))
    refused(ardoq, lambda: sync.create_component(row("New"), field_name="note", field_value=odd))
    if not isinstance(odd, str):
        refused(ardoq, lambda: sync.create_component(row("New"), field_name=odd, field_value=1))
        refused(ardoq, lambda: sync.create_component(row("New", type_id="none"), label=odd), InvalidInput)


@pytest.mark.parametrize(
    "key", [5, 10**5000, None, True, b"bytes", (1, 2)], ids=lambda key: type(key).__name__
)
def test_keys_that_are_no_text_are_refused(ardoq, sync, key):
    """The names of attributes are text, in a row and below its custom fields."""
    sync.get_workspace("ws1")
    for name in ("New", "Web"):
        refused(ardoq, lambda name=name: sync.create_component({**row(name), key: 1}))
        refused(ardoq, lambda name=name: sync.create_component({**row(name), "customFields": {key: 1}}))
    refused(ardoq, lambda: sync.update_component("web", {key: 1}))
    refused(ardoq, lambda: sync.create_reference({**WEB_SHOP, key: 1}))


@no_ids
@pytest.mark.unsent
def test_ids_that_are_none_are_refused_by_every_call(ardoq, sync, odd):
    """An invalid id is refused before a request."""
    for act in (
        lambda: sync.update_component(odd, {"cost": 1}),
        lambda: sync.update_reference(odd, {"displayText": "x"}),
        lambda: sync.del_component(odd),
        lambda: sync.del_reference(odd),
        lambda: sync.del_components([odd]),
        lambda: sync.get_component(comp_id=odd),
        lambda: sync.get_component(ws_id=odd),
        lambda: sync.get_reference(ref_id=odd),
        lambda: sync.get_reference(ws_id=odd),
        lambda: sync.get_workspace(odd),
        lambda: sync.load_workspaces([odd]),
        lambda: sync.find_component(odd, "Web"),
    ):
        refused(ardoq, act)
    refused(ardoq, lambda: sync.del_workspace(odd), ArdoqClientException)  # which v2 has not
    assert ardoq.requests == []


@oddities
def test_questions_that_make_no_sense_find_nothing_or_are_refused(sync, odd):
    """A search for an impossible name finds nothing, or is refused."""
    assert sync.find_component("ws1", field_name="code", field_value=odd) == []
    if isinstance(odd, str):
        assert sync.find_component("ws1", odd) == []
        return
    for act in (
        lambda: sync.find_component("ws1", odd),
        lambda: sync.find_component("ws1", odd, exact=True),
        lambda: sync.find_component("ws1", field_name=odd, field_value=1),
        lambda: sync.delete_cache_misses(share=odd),
        *(
            ()
            if isinstance(odd, int)
            else (lambda: sync.expect(rows=odd), lambda: sync.delete_cache_misses(count=odd))
        ),
        lambda: sync.delete_cache_misses(kinds=[odd]),
        lambda: sync.apply(odd),
        lambda: sync.apply(sync.plan, odd),
    ):
        with pytest.raises(ArdoqClientException) as caught:
            act()
        assert is_a_sentence(caught.value)


@oddities
def test_a_bad_row_does_not_stop_the_others(ardoq, new_sync, tmp_path, odd):
    """Where errors are collected, the rows around a bad one are written, and the plan can be saved."""
    sync = new_sync(on_error="collect")
    sync.create_component(row("Before"))
    assert sync.create_component(row("Bad", note=odd, cost=1))["_id"] is None
    sync.create_component(row("After"))
    sync.plan.save(tmp_path / "plan.json")
    Plan.load(tmp_path / "plan.json")
    report = sync.get_report()
    assert counts(report) == {"new_comps": 2, "failed_comps": 1}
    assert names_in(ardoq)[-2:] == ["Before", "After"]
    assert is_harmless(format_report(report))


@pytest.mark.parametrize("number", [2**53 + 1, -(2**63), 10**300, 1e308, -0.0, 5e-324])
def test_large_and_small_numbers_are_written_exactly(ardoq, new_sync, number):
    """A number that JSON can hold arrives digit by digit, and is written no second time."""
    comp = new_sync().create_component(row("New", cost=number))
    assert held(ardoq, comp["_id"])["customFields"]["cost"] == number
    ardoq.clear_requests()
    new_sync().create_component(row("New", cost=number))
    assert writes(ardoq) == []


@pytest.mark.parametrize(
    "name", ["_id", "_version", "name", "rootWorkspace", "parent", "children", "customFields"]
)
def test_a_custom_field_that_is_called_like_an_attribute_changes_no_attribute(ardoq, sync, name):
    """Below `customFields` a name is that of a custom field: it is refused where there can be none."""
    refused(ardoq, lambda: sync.update_component("web", {"customFields": {name: "x"}}))
    refused(ardoq, lambda: sync.create_component({**row("New"), "customFields": {name: "x"}}))


# -- names ----------------------------------------------------------------------------------------------

SAME = [("straße", "STRAßE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("İ", "i\u0307"), ("\u212a", "k")]
OTHER = [
    ("straße", "STRASSE"),
    ("ﬁle", "FILE"),
    ("I", "\u0131"),
    ("İ", "i"),
    (unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")),
    ("Å", "\u212b\u200b"),
    ("Name", "Name "),
    ("Name", "\tName"),
    ("A b", "A  b"),
    ("A b", "A\u00a0b"),
]


@pytest.mark.parametrize(("name", "other"), SAME, ids=ascii)
def test_names_of_one_lower_case_are_one(ardoq, new_sync, name, other):
    """Names with the same lower case are one, as in 0.8.4, whichever of two forms is stored."""
    for first, second in ((name, other), (other, name)):
        ardoq.load(seed([stored_component("it", first)]))
        sync = new_sync()
        assert sync.create_component(row(second))["_id"] == "it"
        assert sync.create_component(row(first))["_id"] == "it"
        assert names_in(ardoq) == [second]  # of two spellings in one run the first stays
        assert counts(sync.get_report()) == {"updated_comps": 1, "cache_hit_comps": 1}


@pytest.mark.parametrize(("name", "other"), OTHER, ids=ascii)
def test_names_of_two_lower_cases_are_two(ardoq, new_sync, name, other):
    """Composed and decomposed letters, other letters and blanks are different: nothing is normalised."""
    for first, second in ((name, other), (other, name)):
        ardoq.load(seed([stored_component("it", first)]))
        sync = new_sync()
        assert sync.create_component(row(second))["_id"] != "it"
        assert sync.create_component(row(first))["_id"] == "it"
        assert names_in(ardoq) == [first, second]


# -- trees ----------------------------------------------------------------------------------------------

#: Levels of parents: more than Python descends.
LEVELS = 1_500


@pytest.mark.slow
def test_a_tower_of_parents_is_matched_planned_applied_and_deleted(ardoq, new_sync, tmp_path):
    """However deep components lie, they are loaded, matched, deleted with all below, and made by a plan."""
    tower = [stored_component(f"c{n}", f"C{n}", parent=f"c{n - 1}" if n else None) for n in range(LEVELS)]
    ardoq.load(seed(tower))
    sync = new_sync()
    for n in range(LEVELS):
        sync.create_component(row(f"C{n}"))
    assert counts(sync.get_report()) == {"cache_hit_comps": LEVELS}
    refused(ardoq, lambda: sync.update_component("c0", {"parent": f"c{LEVELS - 1}"}))
    preview = new_sync(simulate=True)
    preview.del_component("c0")
    preview.plan.save(tmp_path / "fall.json")
    assert counts(preview.get_report()) == {"del_comps": LEVELS}
    fallen = new_sync()
    fallen.apply(Plan.load(tmp_path / "fall.json"))
    fallen.flush()
    assert names_in(ardoq) == []
    builder, above = new_sync(simulate=True), None
    for n in range(LEVELS):
        above = builder.create_component(row(f"C{n}", parent=above))["_id"]
    builder.plan.save(tmp_path / "rise.json")
    risen = new_sync()
    assert len(risen.apply(Plan.load(tmp_path / "rise.json"))["applied"]) == LEVELS
    assert names_in(ardoq) == [f"C{n}" for n in range(LEVELS)]
    risen.del_component(risen.find_component("ws1", "C0", exact=True)[0]["_id"])
    assert names_in(ardoq) == []


def test_a_row_that_would_close_a_circle_is_refused(ardoq, sync):
    """A component below itself, at once or over others, is refused before anything is written."""
    refused(ardoq, lambda: sync.update_component("web", {"parent": "web"}))
    refused(ardoq, lambda: sync.update_component("web", {"parent": "till"}))
    refused(ardoq, lambda: sync.create_component(row("Web", parent="shop")))
    first = sync.create_component(row("One"))["_id"]
    two = sync.create_component(row("Two", parent=first))["_id"]
    sync.flush()
    ardoq.clear_requests()
    refused(ardoq, lambda: sync.create_component(row("One", parent=two)))


def test_a_circle_that_only_ardoq_knows_of_is_reported(ardoq, new_sync, other):
    """Where others have moved components so that a row closes a circle, Ardoq's refusal is reported."""
    sync = new_sync(on_error="collect")
    till = sync.get_workspace("ws1")["components"][2]
    assert till["_id"] == "till"
    other.patch_component("till", payload={"parent": None})
    other.patch_component("web", payload={"parent": "till"})
    sync.update_component("shop", {"parent": None})
    sync.update_component("shop", {"parent": "web"})
    sync.update_component("till", {"parent": "shop"})
    report = sync.get_report()
    assert report["status"] == "success" or is_a_sentence(report["failed_comps_l"][0]["reason"])
    assert held(ardoq, "web")["parent"] == "till"
    assert held(ardoq, "till")["parent"] is None


#: Who lies below whom in a workspace that is damaged.
CIRCLE = {"web": "till", "shop": "web", "till": "shop"}


def test_a_damaged_workspace_does_no_harm(ardoq, new_sync, monkeypatch):
    """Components that lie below each other in what Ardoq answers are matched and deleted all the same."""
    for simulate in (True, False):
        sync = new_sync(simulate=simulate)
        load = sync.api.workspaces.aggregated

        def damaged(ws_id, load=load):
            answer = load(ws_id)
            for comp in answer["components"]:
                comp["parent"] = CIRCLE.get(comp["_id"], comp["parent"])
            return answer

        monkeypatch.setattr(sync.api.workspaces, "aggregated", damaged)
        for name, kind in (("Web", "app"), ("Shop", "app"), ("Till", "svc")):
            sync.create_component(row(name, type_id=kind))
        sync.create_component(row("Below", parent="web"))
        assert counts(sync.get_report()) == {"cache_hit_comps": 3, "new_comps": 1}
        if not simulate:
            assert [comp["parent"] for comp in sync.get_workspace("ws1")["components"]][:2] == ["till", "web"]
        monkeypatch.undo()
        sync.del_component("web")
        assert sync.get_report()["del_comps"] == 4


def test_a_reference_from_a_component_to_itself_is_one(ardoq, new_sync):
    """Source and target may be the same: it is written exactly, and no second time."""
    loop = {"source": "web", "target": "web", "type": 1, "displayText": "again"}
    ref = new_sync().create_reference(loop)
    stored = held(ardoq, ref["_id"])
    assert (stored["source"], stored["target"], stored["displayText"]) == ("web", "web", "again")
    ardoq.clear_requests()
    sync = new_sync()
    assert sync.create_reference(loop)["_id"] == ref["_id"]
    assert writes(ardoq) == []
    sync.del_component("web")
    deleted = [change["_id"] for change in sync.get_report()["changes"]]
    assert deleted.count(ref["_id"]) == 1


def test_deleted_entity_is_reported_by_a_short_name(sync):
    """An unknown id is refused in a sentence."""
    for act in (sync.del_component, sync.get_workspace):
        with pytest.raises(NotFoundError) as caught:
            act("n" * 200)
        assert is_a_sentence(caught.value)
    assert value(sync.find_component("ws1", "Web", exact=True)[0], "cost") == 5


class _Incomparable:
    """A value without a truth value, as pandas has one for what is missing."""

    def __eq__(self, other):
        return self

    __hash__ = object.__hash__

    def __bool__(self):
        raise TypeError("no truth value")


@pytest.mark.parametrize("name", ["name", "typeId", "rootWorkspace", "parent", "cost", "displayText"])
def test_value_that_cannot_be_compared(new_sync, name):
    """A value that cannot even be compared is an invalid one: its row fails, and the run goes on."""
    sync = new_sync(on_error="collect")
    assert sync.create_component(row("New") | {name: _Incomparable()})["_id"] is None
    assert sync.create_reference(WEB_SHOP | {name: _Incomparable()})["_id"] is None
    assert sync.get_report()["failed_comps"] == 1


def test_one_id_instead_of_a_list(sync):
    """The id of one component where a list of ids belongs is refused, not taken letter by letter."""
    for ids in ("web", None, 7):
        with pytest.raises(InvalidInput, match=r"comp_ids is .+: give a list of ids"):
            sync.ensure_component(row("Web"), ids)
