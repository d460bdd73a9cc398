"""Rows mean the same on both versions of the API; answers have the version's own layout."""

from types import SimpleNamespace

import pytest
from sync_scenarios import (
    UNUSUAL_NAMES,
    WEB_SHOP,
    attributes_of,
    count_loads,
    counts,
    held,
    open_sync_client,
    request_lines,
    row,
    seed,
    stored_component,
    value,
    wire_terms,
    writes,
)

from ardoqpy import InvalidInput, NotFoundError
from ardoqpy.metamodel import Field
from ardoqpy_sync.compare.field_values import convert_value, fits, quick_check
from ardoqpy_sync.compare.model_lookup import ModelLookup

# -- custom fields ------------------------------------------------------------------------------------

LAYOUTS = {
    "flat": lambda **custom: custom,
    "nested": lambda **custom: {"customFields": custom},
    "mixed": lambda cost, note: {"cost": cost, "customFields": {"note": note}},
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_custom_fields_in_each_layout(ardoq, either, layout):
    """Custom fields at the top level or below customFields are treated alike."""
    created = either.create_component(row("New", **layout(cost=1, note="a")))
    either.create_component(row("Web", **layout(cost=5, note="changed")))
    either.create_component(row("NEW", **layout(cost="1", note="a")))
    report = either.get_report()
    assert counts(report) == {"new_comps": 1, "updated_comps": 1, "cache_hit_comps": 1}
    assert attributes_of(report["changes"][1]) == {"note": ("kept", "changed")}
    assert (value(created, "cost"), value(created, "note")) == (1, "a")
    if not either.simulate:
        assert held(ardoq, created["_id"])["customFields"] == {"cost": 1, "note": "a"}
        assert held(ardoq, "web")["customFields"] == {"cost": 5, "note": "changed"}


@pytest.mark.parametrize("layout", [LAYOUTS["flat"], LAYOUTS["nested"]], ids=["flat", "nested"])
def test_references_have_custom_fields_too(ardoq, either, layout):
    """The same for a reference."""
    either.create_reference({**WEB_SHOP, **layout(note="new")})
    either.create_reference({**WEB_SHOP, **layout(note="new"), "rootWorkspace": "ws1"})
    assert counts(either.get_report()) == {"updated_refs": 1, "cache_hit_refs": 1}
    if not either.simulate:
        assert held(ardoq, "web-shop")["customFields"] == {"note": "new"}


def test_answers_are_in_the_versions_own_shape(either, version):
    """Results have their custom fields in the layout of the version."""
    created = either.create_component(row("New", cost=1))
    assert ("cost" in created, "customFields" in created) == (
        (True, False) if version == "v1" else (False, True)
    )


def test_a_flat_value_put_into_an_answer_counts(either):
    """A field that a script sets at the top level of a result is written, on v2 too."""
    comp = either.create_component(row("Web"))
    comp["cost"] = 6
    assert value(either.update_component("web", comp), "cost") == 6
    assert counts(either.get_report()) == {"cache_hit_comps": 1, "updated_comps": 1}


@pytest.mark.parametrize("wrong", ["text", ["cost"], 5])
def test_custom_fields_that_make_no_sense_are_refused(ardoq, either, wrong):
    """What stands under customFields and is no dict is a sentence, and nothing is written."""
    with pytest.raises(InvalidInput, match="customFields"):
        either.create_component(row("New", customFields=wrong))
    with pytest.raises(InvalidInput, match="customFields"):
        either.update_component("web", {"customFields": wrong})
    assert writes(ardoq) == []


def test_a_row_read_from_the_other_version_is_understood(ardoq, new_sync, version):
    """An entity as one version gives it is a row for the other: what Ardoq keeps itself is no field."""
    with open_sync_client(ardoq, version={"v1": "v2", "v2": "v1"}[version], batch=False) as reader:
        comp = reader.find_component("ws1", "Shop", exact=True)[0]
        ref = next(
            reference
            for reference in reader.get_workspace("ws1")["references"]
            if reference["_id"] == "web-shop"
        )
    client = new_sync()
    for strange in ("_order", "isPublic", "version", "order", "returnValue"):
        comp.pop(strange, None)
        ref.pop(strange, None)
    client.create_component({**comp, "description": "changed"})
    client.create_reference({**ref, "displayText": "changed"})
    changes = client.get_report()["changes"]
    assert [set(change["attributes"]) for change in changes] == [{"description"}, {"displayText"}]


def test_what_v2_does_not_have_is_refused_there(ardoq, either, version):
    """An attribute of v1 alone is written on v1, and a sentence on v2, where it would be a custom field."""
    if version == "v1":
        assert either.create_component(row("Web", version="1.2"))["version"] == "1.2"
        return
    with pytest.raises(InvalidInput, match=r"'version'.*v1"):
        either.create_component(row("Web", version="1.2"))
    assert writes(ardoq) == []


def test_a_field_called_like_an_attribute(ardoq, either, version):
    """v2 can hold a custom field called `description`; v1 cannot express it, and the error says so."""
    seeded = seed([stored_component("web", "Web")])
    extra = {"_id": "odd", "name": "description", "label": "Odd", "type": "Text", "model": "model1"}
    ardoq.load({**seeded, "fields": [*seeded["fields"], extra]})
    comp = row("Web", description="built in", customFields={"description": "custom"})
    if version == "v1":
        with pytest.raises(InvalidInput, match="description"):
            either.create_component(comp)
        assert writes(ardoq) == []
        return
    either.create_component(comp)
    change = either.get_report()["changes"][0]
    assert attributes_of(change) == {
        "description": (None, "built in"),
        "customFields.description": (None, "custom"),
    }
    either.create_component(comp)
    assert either.get_report()["cache_hit_comps"] == 1


@pytest.mark.parametrize(
    "ends", [[{"name": "lifetime_start_date"}, {"name": "lifetime_end_date"}], []], ids=["named", "not named"]
)
def test_the_ends_of_a_date_range_are_date_times(ardoq, new_sync, ends):
    """A date range, a field of an unknown type, has two values that are compared as moments."""
    world = ardoq.dump()
    lifetime = {"name": "lifetime", "label": "Lifetime", "type": "Period", "model": "model1", "global": True}
    ardoq.load({**world, "fields": [*world["fields"], {**lifetime, "dateTimeFields": ends}]})
    for given in ("2024-05-01", "2024-05-01T00:00:00.000Z", "2024-05-01 02:00+02:00"):
        client = new_sync()
        client.create_component(row("Web", lifetime_start_date=given, lifetime_end_date=None))
    assert held(ardoq, "web")["customFields"]["lifetime_start_date"] == "2024-05-01"
    assert client.get_report()["cache_hit_comps"] == 1


@pytest.mark.parametrize(
    ("name", "given", "stored"),
    [
        ("cost", "12", 12),
        ("cost", "12.5", 12.5),
        ("cost", " 5e0 ", 5.0),
        ("live", "True", True),
        ("areas", "North, South", ["North", "South"]),
        ("areas", ("North",), ["North"]),
        ("note", 7, "7"),
        ("note", True, "true"),
        ("since", "2024-05-01", "2024-05-01"),
    ],
)
def test_a_value_is_sent_as_its_field_keeps_it(ardoq, sync, name, given, stored):
    """Text that is a number goes as a number into a field of numbers, and so on; then it stays."""
    created = sync.create_component(row("New", **{name: given}))
    sync.create_component(row("Web", **{name: given}))
    for comp_id in (created["_id"], "web"):
        assert held(ardoq, comp_id)["customFields"][name] == stored
    ardoq.clear_requests()
    sync.create_component(row("New", **{name: given}))
    sync.create_component(row("Web", **{name: given}))
    assert writes(ardoq) == []
    assert sync.get_report()["not_converging"] == []


@pytest.mark.parametrize(
    ("custom", "sentence"),
    [
        (
            {"cost": "dozen"},
            "'dozen' is not a valid value for field 'cost' of type Number: it takes a number",
        ),
        ({"live": "perhaps"}, "true or false"),
        ({"areas": 5}, "a list of texts"),
        ({"since": "yesterday"}, "2024-05-31"),
        ({"coost": 5}, "no custom field 'coost'.*did you mean 'cost'"),
    ],
)
def test_a_value_that_v2_refuses_is_refused_before(ardoq, either, version, custom, sentence):
    """What does not fit its field's definition is a sentence on v2, live and simulated; v1 stores it."""
    if version == "v1":
        either.create_component(row("New", **custom))
        assert counts(either.get_report()) == {"new_comps": 1}
        return
    for name in ("New", "Web"):
        with pytest.raises(InvalidInput, match=sentence):
            either.create_component(row(name, **custom))
    assert writes(ardoq) == []


def test_a_field_that_is_new_in_ardoq_is_found(ardoq, sync, other, version):
    """A field that was defined after the workspace was loaded is read when a row names it."""
    sync.create_component(row("Web", cost=6))
    other.create_field({"name": "fresh", "label": "Fresh", "type": "Text", "model": "model1"})
    assert value(sync.create_component(row("Web", fresh="yes")), "fresh") == "yes"
    assert held(ardoq, "web")["customFields"]["fresh"] == "yes", version


def test_every_unusual_name_has_a_definition_on_v2():
    """The seed defines what v2 would refuse without a definition."""
    named = {field["name"] for field in seed()["fields"]}
    assert named.issuperset(UNUSUAL_NAMES) is (wire_terms().change == "PATCH")


def test_a_type_may_be_given_by_its_name(ardoq, either):
    """A row may name its type: a component's, one below another too, and a reference's."""
    created = either.create_component({"name": "New", "type": "Service", "rootWorkspace": "ws1"})
    assert (created["typeId"], created["type"]) == ("svc", "Service")
    again = either.create_component({"name": "new", "type": "Service", "rootWorkspace": "ws1"})
    assert again["_id"] == created["_id"]
    code = {"name": "Shop", "code": "S-1", "type": "Application", "rootWorkspace": "ws1"}
    assert either.create_component(code, field_name="code")["_id"] == "shop"
    assert either.create_reference({**WEB_SHOP, "type": "Uses"})["_id"] == "web-shop"
    owns = either.create_reference({**WEB_SHOP, "type": "Owns"})
    assert owns["type"] == 2
    assert either.create_reference({**WEB_SHOP, "type": 2})["_id"] == owns["_id"]
    assert counts(either.get_report()) == {
        "new_comps": 1,
        "new_refs": 1,
        "cache_hit_comps": 2,
        "cache_hit_refs": 2,
    }
    if not either.simulate:
        assert held(ardoq, created["_id"])["typeId"] == "svc"


def test_the_id_of_a_type_comes_before_its_name(either):
    """Where a row gives both, as what was read does, the id counts."""
    comp = {"name": "Web", "type": "Something old", "typeId": "app", "rootWorkspace": "ws1"}
    assert either.create_component(comp)["_id"] == "web"


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (
            lambda client: client.create_component({**row("N"), "typeId": None, "type": "Aplication"}),
            "Application",
        ),
        (lambda client: client.create_reference({**WEB_SHOP, "type": "Usess"}), "Uses"),
    ],
    ids=["component", "reference"],
)
def test_an_unknown_type_offers_what_is_near(ardoq, either, act, sentence):
    """A misspelt type is refused with the near one."""
    with pytest.raises(InvalidInput, match=f"did you mean '{sentence}'"):
        act(either)
    assert writes(ardoq) == []


def test_a_name_of_several_types_is_refused(ardoq, either):
    """Where two types share a name, the row has to give the id."""
    seeded = seed([stored_component("web", "Web")])
    models = [dict(model) for model in seeded["models"]]
    models[0]["root"] = {**models[0]["root"], "app2": {"name": "Application"}}
    ardoq.load({**seeded, "models": models})
    with pytest.raises(InvalidInput, match=r"Use the ID of one: app, app2"):
        either.create_component({"name": "New", "type": "Application", "rootWorkspace": "ws1"})


def test_several_workspaces_are_loaded_at_once(ardoq, either):
    """load_workspaces loads what is not loaded yet, each once, and nothing is asked for afterwards."""
    either.get_workspace("ws1")
    either.load_workspaces(["ws2", "ws1", "ws2"])
    assert list(either.ws) == ["ws1", "ws2"]
    assert count_loads(ardoq) == {"PUT": 1, "PATCH": 2}[wire_terms().change]  # v2's path names no workspace
    seen = len(ardoq.requests)
    either.create_component(row("Host", "ws2"))
    either.create_component(row("Web"))
    assert len(ardoq.requests) == seen
    assert len(request_lines(ardoq)) == 2 * len(wire_terms().whole)


def test_workspaces_that_cannot_be_loaded_are_reported(either):
    """A workspace that is not there raises, and so does what is no list of ids."""
    with pytest.raises(NotFoundError):
        either.load_workspaces(["ws1", "nowhere"])
    for wrong in ("ws1", [None], None):
        with pytest.raises(InvalidInput, match="ws_ids"):
            either.load_workspaces(wrong)
    assert either.create_component(row("Web"))["_id"] == "web"


# -- rows with the same columns -------------------------------------------------------------------------

#: By field: a value that is written as it is, and others.
FIELD_VALUES = {
    "cost": (1, ["12", "many", True, None, float("nan")]),
    "since": ("2024-05-31", ["31.5.2024", 5, None]),
    "areas": (["a"], ["a, b", ("a", "b"), [1], None]),
    "live": (True, ["false", "maybe", 0, None]),
    "code": ("A-1", [5, False, ["A-1"], None]),
}
ODD_VALUES = [(field, odd) for field, (_, others) in FIELD_VALUES.items() for odd in others]


@pytest.mark.parametrize(("field", "odd"), ODD_VALUES, ids=map(repr, ODD_VALUES))
def test_a_row_is_judged_by_its_own_values(either, new_sync, field, odd):
    """A row after one with the same columns is converted, or refused, as it would be as the first."""
    usual = {field: value for field, (value, _) in FIELD_VALUES.items()}

    def outcome(client):
        try:
            created = client.create_component(row("New", **{**usual, field: odd}))
        except InvalidInput as refused:
            return str(refused)
        return value(created, field)

    first = outcome(new_sync(simulate=True))
    either.create_component(row("Before", **usual))
    assert outcome(either) == first


@pytest.mark.parametrize("options", [(), ("a", "b")], ids=["any", "options"])
@pytest.mark.parametrize(
    "kind",
    [
        *("Text", "TextArea", "Url", "User", "Email", "List", "SelectMultipleList"),
        *("Number", "Checkbox", "Date", "DateTime"),
    ],
)
def test_what_passes_the_quick_check_needs_no_other(kind, options):
    """A value that passes the quick check of its field fits, and stays as it is."""
    values = [None, True, 1, 1.5, "a", "c", "1", "true", "x@y.no", "2024-05-31", "soon", ["a"], {"a": 1}]
    for field in (Field("f", "F", kind, options), Field("f", "F", kind, options, read_only=True)):
        types, passes = quick_check(field)
        passed = [
            value
            for value in values
            if type(value) in types and (value is None or passes is None or passes(value))
        ]
        assert all(fits(field, value) and convert_value(field, value) is value for value in passed)
        assert bool(passed) != (field.read_only or kind == "SelectMultipleList")


def test_fields_that_were_read_again_count_for_rows_with_known_columns():
    """Once definitions were read again, for a new field, every row is converted by them."""
    number, text = Field("cost", "Cost", "Number"), Field("cost", "Cost", "Text")
    definitions = iter([{"cost": number}, {"cost": text, "new": Field("new", "New", "Text")}])
    fields = SimpleNamespace(binding=True, of_workspace=lambda *_: next(definitions))
    model = ModelLookup(SimpleNamespace(fields=fields), lambda _: None)
    rows = [{"cost": 1}, {"new": "x", "cost": 1}, {"cost": 1}]
    converted = [model.convert_attributes("ws1", attributes, frozenset()) for attributes in rows]
    assert converted == [{"cost": 1}, {"new": "x", "cost": "1"}, {"cost": "1"}]
