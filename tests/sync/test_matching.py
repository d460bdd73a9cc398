"""What a row means: which entity it is matched with, and what finding that out costs."""

import pytest
from sync_scenarios import (
    counts,
    held,
    names_in,
    open_client,
    open_sync_client,
    request_lines,
    row,
    seed,
    stored_component,
    stored_reference,
    value,
    wire_terms,
    writes,
)

from ardoqpy import InvalidInput, NotFoundError


def load(server, components, references=()):
    """Replace the small organisation with other entities."""
    server.load(seed(components, references))


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [("Web", "Web"), ("Web", "WEB"), ("straße", "STRAßE"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("Ærø 🚀", "ÆRØ 🚀")],
)
def test_a_name_matches_in_any_letter_case(ardoq, either, stored, wanted):
    """A component is matched by name in any letter case, and takes the name of the row."""
    load(ardoq, [stored_component("one", stored)])
    assert either.create_component(row(wanted))["_id"] == "one"
    report = either.get_report()
    assert report["new_comps"] == 0
    assert report["updated_comps"] == (stored != wanted)


@pytest.mark.parametrize("name", ["We", "Web ", " Web", "Webb", "Wéb"])
def test_another_name_does_not_match(either, name):
    """A part of a name, or one with more in it, is another component."""
    either.create_component(row(name))
    assert either.get_report()["new_comps"] == 1


def test_another_type_does_not_match(either):
    """A component of the same name and another type is another component."""
    assert either.create_component(row("Web", type_id="svc"))["_id"] != "web"
    assert either.get_report()["new_comps"] == 1


def test_another_workspace_does_not_match(ardoq, either):
    """A component of the same name and type in another workspace is another component."""
    load(ardoq, [stored_component("one", "Same")])
    assert either.create_component(row("Same", "ws2"))["_id"] != "one"
    assert either.get_report()["new_comps"] == 1


def test_first_form_of_a_name_stays(ardoq, either):
    """Two rows that spell one name in two cases do not take turns: the first decides."""
    for name in ("WEB", "web", "wEB"):
        assert either.create_component(row(name))["_id"] == "web"
    report = either.get_report()
    assert counts(report) == {"updated_comps": 1, "cache_hit_comps": 2}
    assert report["changes"][0]["attributes"] == {"name": {"old": "Web", "new": "WEB"}}


def test_first_form_stays_among_several_matches(ardoq, new_sync):
    """If several components match, a second form of the name in the run does not replace the first either."""
    load(ardoq, [stored_component("one", "Web"), stored_component("two", "Web")])
    for _ in range(2):
        client = new_sync()
        for name in ("Web", "WEB"):
            assert client.create_component(row(name))["_id"] == "one"
        assert counts(client.get_report()) == {"cache_hit_comps": 2}
    assert writes(ardoq) == []


def test_a_field_matches_instead_of_the_name(either):
    """With field_name and field_value the component is found by that, and the name may change."""
    comp = either.create_component(row("Boutique", code="S-1"), field_name="code", field_value="S-1")
    assert (comp["_id"], comp["name"]) == ("shop", "Boutique")
    assert counts(either.get_report()) == {"updated_comps": 1}


def test_the_rows_own_value_serves_as_field_value(either):
    """Without field_value the row's own value of the field is looked for."""
    assert either.create_component(row("Shop", code="S-1"), field_name="code")["_id"] == "shop"
    with pytest.raises(InvalidInput, match="field_value"):
        either.create_component(row("Shop"), field_name="code")


def test_components_without_the_field_do_not_match(either):
    """Components that lack the field are passed over, and no error: a new one is created."""
    comp = either.create_component(row("Shop", code="S-2"), field_name="code")
    assert comp["_id"] not in ("web", "shop", "till")
    assert either.get_report()["new_comps"] == 1


def test_a_field_matches_within_the_type(either):
    """A component of another type with the value in its field is another component."""
    comp = either.create_component(row("Shop", type_id="svc", code="S-1"), field_name="code")
    assert comp["_id"] != "shop"


@pytest.mark.parametrize("stored", [7, 7.0, "7"])
@pytest.mark.parametrize("wanted", [7, 7.0, "7"])
def test_a_field_matches_as_number_and_as_text(ardoq, either, stored, wanted):
    """7, 7.0 and "7" are one value of a field, whichever is stored."""
    load(ardoq, [stored_component("one", "One", nr=stored)])
    assert either.create_component(row("One", nr=wanted), field_name="nr")["_id"] == "one"
    assert either.find_component("ws1", field_name="nr", field_value=wanted)[0]["_id"] == "one"
    assert counts(either.get_report()) == {"cache_hit_comps": 1}


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("nr", "7"),
        ("nr", "007"),
        ("nr", "7.0"),
        ("since", "2024-05-01"),
        ("since", "2024-05-01T12:00:00+02:00"),
        ("live", "true"),
        ("live", True),
        ("code", "007"),
    ],
)
def test_what_was_created_by_a_field_is_found_by_it(ardoq, new_sync, field, wanted):
    """A row matched by a field finds at the next run what it created, however Ardoq spells the value."""
    for _ in range(2):
        client = new_sync()
        client.create_component(row("Fresh", **{field: wanted}), field_name=field)
        client.flush()
    assert names_in(ardoq).count("Fresh") == 1
    assert counts(client.get_report()) == {"cache_hit_comps": 1}


def test_text_in_a_field_matches_exactly(ardoq, either):
    """Digits in a text field are text: "007" is not "7"."""
    load(ardoq, [stored_component("one", "One", code="007")])
    assert either.create_component(row("Two", code="7"), field_name="code")["_id"] != "one"


def test_a_reference_matches_by_its_ends_and_type(either):
    """Source, target and type are the whole match of a reference."""
    assert either.create_reference({"source": "web", "target": "shop", "type": 1})["_id"] == "web-shop"
    for other in (("shop", "web", 1), ("web", "shop", 2), ("web", "till", 1)):
        ref = dict(zip(("source", "target", "type"), other, strict=True))
        assert either.create_reference(ref)["_id"] != "web-shop"
    assert counts(either.get_report()) == {"cache_hit_refs": 1, "new_refs": 3}


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("kind", [2.0, True, "2", None, [2]])
@pytest.mark.unsent
def test_reference_type_that_is_not_an_integer_is_refused(ardoq, either, named, loaded, kind):
    """A type other than a whole number of the model is refused before anything is sent, live or not."""
    if loaded:
        either.get_workspace("ws1")
    ref = {"source": "web", "target": "till", "type": kind} | ({"rootWorkspace": "ws1"} if named else {})
    with pytest.raises(InvalidInput):
        either.create_reference(ref)
    assert writes(ardoq) == []


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("kind", [1.0, True])
def test_reference_type_that_only_equals_an_integer_is_refused(ardoq, either, loaded, kind):
    """What equals a type in Python, and is none, finds no reference of that type."""
    load(
        ardoq,
        [stored_component("a", "A"), stored_component("b", "B")],
        [stored_reference("a-b", "a", "b", 1)],
    )
    if loaded:
        either.get_workspace("ws1")
    with pytest.raises(InvalidInput):
        either.create_reference({"source": "a", "target": "b", "type": kind, "rootWorkspace": "ws1"})
    assert writes(ardoq) == []


@pytest.mark.parametrize("end", ["source", "target"])
def test_an_end_that_is_no_text_is_refused_by_name(ardoq, either, end):
    """An end that Python cannot even look up gets the sentence that any other one gets."""
    either.get_workspace("ws1")
    row = {"source": "web", "target": "shop", "type": 2, "rootWorkspace": "ws1"}
    with pytest.raises(InvalidInput, match=f"ref's {end} is a dict: give it as text."):
        either.create_reference(row | {end: {}})
    assert writes(ardoq) == []


#: Where candidates of the small organisation are.
PLACE = {"rootWorkspace": "ws1", "workspace": "Workspace ws1"}


def duplicates(server):
    """Replace the small organisation with several entities that one row matches."""
    load(
        server,
        [stored_component(f"d{number}", name, code="D") for number, name in enumerate(("Dup", "DUP", "dup"))]
        + [stored_component("lone", "Lone")],
        [stored_reference("r0", "d0", "lone"), stored_reference("r1", "d0", "lone")],
    )


def test_the_first_of_several_is_used_and_all_are_named(ardoq, either):
    """Of several that match by name the first in Ardoq is used, and the report names them all."""
    duplicates(ardoq)
    assert either.create_component(row("Dup", note="n"))["_id"] == "d0"
    assert either.create_component(row("Dup", note="n"))["_id"] == "d0"
    report = either.get_report()
    assert counts(report) == {"updated_comps": 1, "cache_hit_comps": 1}
    names = {"d0": "Dup", "d1": "DUP", "d2": "dup"}
    assert report["ambiguous"] == [
        {
            "kind": "component",
            "name": "Dup",
            "used": "d0",
            "matches": [*names],
            "candidates": [
                {"_id": key, "name": name, "type": "Application", "parent": None, **PLACE}
                for key, name in names.items()
            ],
        }
    ]


def test_the_first_of_several_by_a_field_stays_the_first(ardoq, either):
    """Of several that match by a field the first in Ardoq is used, also after it was changed."""
    duplicates(ardoq)
    for _ in range(2):
        assert either.create_component(row("Dup", note="n"), "code", "D")["_id"] == "d0"
    report = either.get_report()
    assert counts(report) == {"updated_comps": 1, "cache_hit_comps": 1}
    assert [note["matches"] for note in report["ambiguous"]] == [["d0", "d1", "d2"]]


def test_look_ups_keep_ardoqs_order(ardoq, either):
    """Changing a component does not move it behind those that it stood before."""
    duplicates(ardoq)
    by_code = {"field_name": "code", "field_value": "D"}
    assert [comp["_id"] for comp in either.find_component("ws1", **by_code)] == ["d0", "d1", "d2"]
    either.update_component("d0", {"note": "n"})
    assert [comp["_id"] for comp in either.find_component("ws1", **by_code)] == ["d0", "d1", "d2"]
    assert either.find_component("ws1", exact=True, **by_code)[0]["_id"] == "d0"


def test_of_several_references_the_first_is_used(ardoq, either):
    """Several references of the same ends and type are reported, and the first is used."""
    duplicates(ardoq)
    assert either.create_reference({"source": "d0", "target": "lone", "type": 1})["_id"] == "r0"
    report = either.get_report()
    (entry,) = report["ambiguous"]
    (first, second) = entry.pop("candidates")
    assert entry == {"kind": "reference", "name": "Dup -> Lone", "used": "r0", "matches": ["r0", "r1"]}
    assert {**first, "_id": "r1"} == second
    assert {"name": "Dup -> Lone", "type": 1, "parent": None, **PLACE}.items() <= first.items()
    assert report["cache_miss_refs"] == []


def test_duplicates_are_no_cache_misses(ardoq, either):
    """The others of several matches are still named by the row: only what no row means is missing."""
    duplicates(ardoq)
    either.create_component(row("Dup"))
    assert [comp["_id"] for comp in either.get_report()["cache_miss_comps"]] == ["lone"]


def test_the_others_match_once_the_first_is_deleted(ardoq, either):
    """When the first of several goes, the next one is the match."""
    duplicates(ardoq)
    either.create_component(row("Dup"))
    either.del_component("d0")
    assert either.create_component(row("Dup"))["_id"] == "d1"
    either.del_component("d1")
    assert either.create_component(row("dup"))["_id"] == "d2"
    assert either.get_report()["new_comps"] == 0


@pytest.mark.parametrize(
    "touch",
    [
        lambda client: client.create_component(row("Web")),
        lambda client: client.create_component(row("Shop", code="S-1"), field_name="code"),
        lambda client: client.find_component("ws1", "Web"),
        lambda client: client.find_component("ws1", field_name="code", field_value="S-1"),
        lambda client: client.create_reference(
            {"source": "web", "target": "shop", "type": 1, "rootWorkspace": "ws1"}
        ),
        lambda client: client.get_workspace("ws1"),
    ],
    ids=["name", "field", "find", "find by field", "reference", "workspace"],
)
def test_the_first_touch_loads_the_workspace(ardoq, either, touch):
    """The first use of a workspace loads all of it once; later uses send no request."""
    touch(either)
    whole = [f"GET {path}" for path in wire_terms().whole]
    assert sorted(request_lines(ardoq)) == whole
    for _ in range(3):
        either.create_component(row("Web", cost="5", note="kept"))
        either.create_component(row("Shop", nr="7"), "code", "S-1")
        either.create_reference({"source": "web", "target": "shop", "type": 1, "rootWorkspace": "ws1"})
        either.find_component("ws1", "Web")
    either.get_report()
    assert sorted(request_lines(ardoq)) == whole


def test_unknown_workspace_is_reported(either):
    """A row for a workspace that Ardoq does not have raises, and one that is no id is refused."""
    with pytest.raises(NotFoundError):
        either.create_component(row("Web", ws="nowhere", type_id="app"))
    with pytest.raises(InvalidInput):
        either.create_component(row("Web", ws="a/b", type_id="app"))


def test_get_workspace_loads_afresh(sync, other):
    """get_workspace shows what others have done since the first touch."""
    sync.get_workspace("ws1")
    other.patch_component("web", payload={"name": "Webbed"})
    assert sync.find_component("ws1", "Webbed") == []
    sync.get_workspace(ws_id="ws1")
    assert sync.find_component("ws1", "Webbed")[0]["_id"] == "web"


def test_a_workspace_that_is_read_again_belongs_to_the_caller(sync):
    """Changing what get_workspace returned changes no later comparison and no later answer."""
    name_of_first = sync.get_workspace("ws1")["components"][0]["name"]
    for _ in range(2):
        read = sync.get_workspace("ws1")
        assert read["components"][0]["name"] == name_of_first
        read["components"][0]["name"] = "Mine"
        read["components"].clear()
        sync.create_component(row(name_of_first))
    assert counts(sync.get_report()) == {"cache_hit_comps": 2}


def test_look_ups_follow_a_new_name(either):
    """A component that was renamed is found by its new name, and no longer by the old one."""
    either.get_workspace("ws1")
    either.update_component("web", {"name": "Net"})
    assert either.create_component(row("net"))["_id"] == "web"
    assert either.find_component("ws1", "Web", exact=True) == []
    assert either.create_component(row("Web"))["_id"] != "web"


def test_look_ups_follow_a_new_value(either):
    """A field's new value is what a component is found by from then on."""
    assert either.find_component("ws1", field_name="code", field_value="S-1")
    either.create_component(row("Shop", code="S-1"), field_name="code")
    either.update_component("shop", {"code": "S-9"})
    assert either.find_component("ws1", field_name="code", field_value="S-1") == []
    assert either.create_component(row("Shop", code="S-9"), "code")["_id"] == "shop"


def test_look_ups_follow_a_new_type(ardoq, either):
    """A component's new type, which v2 changes through v1, is what it is found by from then on."""
    assert either.find_component("ws1", field_name="code", field_value="S-1")
    either.create_component(row("Shop", code="S-1"), field_name="code")
    either.update_component("shop", {"code": "S-9", "typeId": "svc"})
    assert either.find_component("ws1", field_name="code", field_value="S-1") == []
    assert either.create_component(row("Shop", type_id="svc", code="S-9"), "code")["_id"] == "shop"
    assert either.create_component(row("Shop", code="S-9"), "code")["_id"] != "shop"
    either.flush()
    shop = held(ardoq, "shop")
    assert (shop["typeId"], value(shop, "code")) == (("app", "S-1") if either.simulate else ("svc", "S-9"))


def test_type_that_somebody_else_changed_meanwhile(ardoq, sync):
    """A type is changed at the version that was read: after somebody's edit it is decided again, once."""
    sync.find_component("ws1", "Shop")
    with open_client(ardoq) as other:
        other.update_component("shop", {**other.get_component(comp_id="shop"), "description": "theirs"})
    sync.update_component("shop", {"typeId": "svc"})
    sync.flush()
    shop = held(ardoq, "shop")
    assert (shop["typeId"], shop["description"]) == ("svc", "theirs")


def test_look_ups_find_what_was_created_and_not_what_was_deleted(either):
    """Created entities are found at once, by name and by field, and deleted ones are not."""
    assert either.find_component("ws1", field_name="code", field_value="N") == []
    made = either.create_component(row("New", code="N"))["_id"]
    assert [comp["_id"] for comp in either.find_component("ws1", field_name="code", field_value="N")] == [
        made
    ]
    assert either.find_component("ws1", "New", exact=True)[0]["_id"] == made
    either.del_component(made)
    assert either.find_component("ws1", field_name="code", field_value="N") == []
    assert either.find_component("ws1", "New") == []


def test_a_reference_that_moved_is_found_where_it_is(either):
    """A reference whose new source lies in another workspace is from then on one of that workspace."""
    either.get_workspace("ws1")
    either.get_workspace("ws2")
    moved = either.update_reference("web-shop", {"source": "host"})
    assert moved["rootWorkspace"] == "ws2"
    ref = {"source": "host", "target": "shop", "type": 1, "rootWorkspace": "ws2"}
    assert either.create_reference(ref)["_id"] == "web-shop"
    held = {ws_id: [ref["_id"] for ref in either.ws[ws_id]["references"] or []] for ws_id in ("ws1", "ws2")}
    assert "web-shop" in held["ws2"]
    assert "web-shop" not in held["ws1"]


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        ({"comp_name": "Web"}, ["web"]),
        ({"comp_name": "ll"}, ["till"]),
        ({"comp_name": ""}, ["web", "shop", "till"]),
        ({"comp_name": "web"}, []),
        ({"comp_name": "We", "exact": True}, []),
        ({"comp_name": "Web", "exact": True}, ["web"]),
        ({"comp_name": "", "exact": True}, []),
        ({"field_name": "code", "field_value": "S-1"}, ["shop"]),
        ({"field_name": "code", "field_value": "S-"}, []),
        ({"field_name": "nr", "field_value": "7", "exact": True}, ["shop"]),
        ({"field_name": "nowhere", "field_value": "7"}, []),
        ({"comp_name": "Web", "field_name": "code", "field_value": "S-1"}, ["shop"]),
        ({"field_name": "name", "field_value": "Web"}, ["web"]),
    ],
)
def test_find_component_finds_as_0_8_4(either, arguments, result):
    """A part of the name in its letter case, the whole name if exact, and a field before either."""
    assert [comp["_id"] for comp in either.find_component("ws1", **arguments)] == result
    assert [comp["_id"] for comp in either.find_component(ws_id="ws1", **arguments)] == result


def test_find_component_must_know_what_to_look_for(either):
    """A search without a name and a field is refused."""
    with pytest.raises(InvalidInput, match="comp_name"):
        either.find_component("ws1")
    with pytest.raises(InvalidInput, match="ws_id"):
        either.find_component(None, "Web")


def test_exact_gives_one_of_several(ardoq, either):
    """With exact a list of one is given, the first; without it all are."""
    load(ardoq, [stored_component("a", "Same"), stored_component("b", "Same", type_id="svc")])
    assert [comp["_id"] for comp in either.find_component("ws1", "Same")] == ["a", "b"]
    assert [comp["_id"] for comp in either.find_component("ws1", "Same", exact=True)] == ["a"]


def test_two_clients_agree(ardoq):
    """What one client has created the next one finds: nothing but Ardoq stands between them."""
    with open_sync_client(ardoq) as first:
        made = first.create_component(row("New"))
    with open_sync_client(ardoq) as second:
        assert second.create_component(row("NEW"))["_id"] == made["_id"]


def test_exactly_spelled_name_wins_then_the_oldest(ardoq, either):
    """Of several components whose names differ in letter case the exact one is used, else the oldest id."""
    spellings = {"5f00aa00bb00cc00dd000003": "TWIN", "5f00aa00bb00cc00dd000001": "twin"}
    ardoq.load(seed([stored_component(comp_id, name) for comp_id, name in spellings.items()]))
    assert either.create_component(row("TWIN"))["_id"] == "5f00aa00bb00cc00dd000003"
    assert either.create_component(row("Twin"))["_id"] == "5f00aa00bb00cc00dd000001"
    ids = list(spellings)
    assert [entry["matches"] for entry in either.get_report()["ambiguous"]] == [ids, ids[::-1]]


@pytest.mark.parametrize(
    ("name", "difference"),
    [
        ("Zu\u0308rich portal", "character 2 is U+0075 (LATIN SMALL LETTER U) here and U+00FC"),
        ("Zürich\u00a0portal", "character 7 is U+00A0 (NO-BREAK SPACE) here and U+0020 (SPACE) there"),
        ("Zürich  portal", "character 8 is U+0020 (SPACE) here and U+0070"),
        ("Zürich portal\u200b", "character 14 is U+200B (ZERO WIDTH SPACE) here and missing there"),
    ],
    ids=ascii,
)
def test_name_that_looks_like_another_is_noted(ardoq, either, name, difference):
    """A component whose name looks like an existing one is created, and the plan says how they differ."""
    ardoq.load(seed([stored_component("it", "Zürich portal")]))
    assert either.create_component(row(name))["_id"] != "it"
    (change,) = either.plan.changes
    assert change["note"].startswith("looks like the existing component 'Zürich portal', but " + difference)


def test_rows_that_contradict_each_other_are_listed(ardoq, either):
    """The last of two rows of a script that mean one item counts, as in 0.8.4, and the report lists both."""
    ardoq.load(seed([stored_component("it", "Web"), stored_component("other", "Other")]))
    either.create_component(row("Web", note="a", description="same"), label="row 1")
    either.create_component(row("Web", note="b", description="same"), label="row 2")
    either.create_component(row("Web", note="b"), label="row 3")
    ref = {"source": "it", "target": "other", "type": 2}
    either.create_reference({**ref, "displayText": "orders"}, label="row 4")
    either.create_reference({**ref, "displayText": "invoices"}, label="row 5")
    keys = ("kind", "attribute", "first", "last", "first_label", "last_label")
    conflicts = [tuple(entry[key] for key in keys) for entry in either.get_report()["conflicts"]]
    assert conflicts == [
        ("component", "note", "a", "b", "row 1", "row 2"),
        ("reference", "displayText", "orders", "invoices", "row 4", "row 5"),
    ]


def test_new_component_has_the_value_that_it_was_looked_for_by(ardoq, sync):
    """A row that is matched by a value that it does not give is found by it the next time."""
    for _ in range(2):
        sync.create_component(row("New"), "note", "key 1")
    sync.flush()
    assert names_in(ardoq).count("New") == 1
    assert (
        value(next(comp for comp in ardoq.dump()["components"] if comp["name"] == "New"), "note") == "key 1"
    )
