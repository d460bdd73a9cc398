"""Which component a row means if several rows, mappings or components compete for it."""

import pytest
from job_properties import changes_of
from job_seed import SEED, component, stored

from ardoqpy_sync.job import JobInvalid

PARENT = 'parent = { type = ["Application", "Server"], value = "{Parent}" }\n'
ANYTHING = "[guard]\ndespite_failures = true\nshare = 1.0\n"


def mapping(rows, *lines, key="cmdb_id", kind="Application", name="{Name}"):
    """Return a component mapping that writes the key field, with more lines of TOML."""
    named = [f'name = "{name}"'] if name else []
    keyed = [f'key = "{key}"'] if key else []
    return "\n".join(
        [
            f'[[components]]\nrows = "{rows}"\nworkspace = "Apps"\ntype = "{kind}"',
            *named,
            *keyed,
            *lines,
            '[components.fields]\ncmdb_id = "{Key}"\n',
        ]
    )


BY_NAME = mapping("names", key=None)


def load(ardoq, *components):
    """Load components, each a dict of arguments of `component` with a number as its id."""
    loaded = [component(f"{number:024d}", **more) for number, more in enumerate(components, 1)]
    ardoq.load(SEED | {"components": loaded})
    return [comp["_id"] for comp in loaded]


def failures(report):
    """Return the reasons of failed rows by label."""
    return {change["label"]: change["note"] for change in report["changes"] if change["action"] == "failed"}


@pytest.mark.parametrize("policy", ["create_only", "fill_if_empty"])
def test_parent_that_is_protected_stays(ardoq, run, policy):
    """A parent in create_only or fill_if_empty is not changed if the component has one."""
    top, *_ = load(
        ardoq, {"name": "A"}, {"name": "B", "cmdb_id": "K1", "parent": "1".zfill(24)}, {"name": "C"}
    )
    text = mapping("a", PARENT, f'{policy} = ["parent"]')
    rows = [{"Name": "B", "Key": "K1", "Parent": "C"}, {"Name": "D", "Key": "K2", "Parent": "C"}]
    run(text, a=rows)
    assert stored(ardoq)["B"]["parent"] == top
    assert stored(ardoq)["D"]["parent"] == stored(ardoq)["C"]["_id"]


def test_message_about_candidates_looks_for_no_parent(ardoq, run):
    """A row with an ambiguous key is not rejected for a parent that a later mapping creates."""
    load(ardoq, {"name": "X", "cmdb_id": "K1"}, {"name": "Y", "cmdb_id": "K1"})
    row = {"Name": "Z", "Key": "K1", "Parent": "P"}
    _, report, _ = run(mapping("a", PARENT) + BY_NAME, a=[row], names=[{"Name": "P", "Key": None}])
    (reason,) = failures(report).values()
    assert reason.startswith("The key cmdb_id 'K1' is ambiguous: 2 components have it: 'X' (")


@pytest.mark.parametrize("policy", ["create = false", 'create_only = ["name"]'])
def test_row_that_can_create_is_written_first(ardoq, run, policy):
    """A row that gives no name, or may not create, adds to the component that another mapping creates."""
    name = None if policy == "create = false" else "{Name}"
    text = mapping("a", policy, name=name) + mapping("b")
    row = {"Name": "B", "Key": "K1"}
    _, report, _ = run(text, a=[{"Name": "A", "Key": "K1"}], b=[row])
    assert (report["new_comps"], report["failed_comps"]) == (1, 0)
    assert list(stored(ardoq)) == ["B"]


def test_update_only_row_creates_nothing_after_a_rejected_row(ardoq, run):
    """If the row that would create a component has no parent, the row with create = false does not create."""
    text = mapping("a", "create = false") + mapping("b", PARENT)
    row = {"Name": "B", "Key": "K1"}
    _, report, _ = run(text, a=[row], b=[row | {"Parent": "typo"}])
    assert (report["new_comps"], report["failed_comps"], stored(ardoq)) == (0, 2, {})
    assert failures(report)["a row 1"] == "The component that it describes could not be created."


def test_name_in_another_case_adopts_what_no_exact_name_claims(ardoq, run):
    """Names in another letter case are matched after the exact ones, so that a second run changes nothing."""
    load(ardoq, {"name": "Web"}, {"name": "WEB"})
    rows = [{"Name": "web", "Key": "K2"}, {"Name": "Web", "Key": "K1"}]
    _, report, _ = run(mapping("a"), a=rows)
    assert (report["updated_comps"], report["failed_comps"]) == (2, 0)
    assert {comp["cmdb_id"] for comp in stored(ardoq).values()} == {"K1", "K2"}
    _, report, _ = run(mapping("a"), a=rows)
    assert report["changes"] == []


def test_key_under_a_type_without_rows_is_not_created_again(ardoq, run):
    """A key that a component of another mapped type has is never created again, even without rows there."""
    load(ardoq, {"name": "Web", "cmdb_id": "K1", "kind": "p2"})
    text = mapping("servers", kind="Server") + mapping("a")
    _, report, _ = run(text, servers=[], a=[{"Name": "Web", "Key": "K1"}])
    assert (report["new_comps"], report["failed_comps"]) == (0, 1)
    assert "belongs to a component of another type" in failures(report)["a row 1"]


def test_component_that_two_types_claim_keeps_its_type(ardoq, make_job, run):
    """Two rows that would change one component to different types are both rejected."""
    seed = SEED | {"components": [component("1".zfill(24), "Web", cmdb_id="K1", kind="p3")]}
    seed["models"] = [SEED["models"][0] | {"root": {**SEED["models"][0]["root"], "p3": {"name": "Service"}}}]
    ardoq.load(seed)
    change = 'type_change = "update"'
    text = mapping("a", change) + mapping("b", change, kind="Server") + mapping("c", kind="Service")
    row = {"Name": "Web", "Key": "K1"}
    _, report, _ = run(text, a=[row], b=[row], c=[])
    assert (report["failed_comps"], report["new_comps"], report["updated_comps"]) == (2, 0, 0)


def test_key_goes_to_one_component_only(ardoq, run):
    """A row cannot give its component a key by which another row of the job means another component."""
    load(ardoq, {"name": "X"})
    text = mapping("a") + BY_NAME
    rows = {"a": [{"Name": "New", "Key": "K5"}], "names": [{"Name": "X", "Key": "K5"}]}
    _, report, _ = run(text, **rows)
    assert "a row 1 describes another with it" in failures(report)["names row 1"]
    _, report, _ = run(text, **rows)
    assert changes_of(report) == []


def test_new_key_with_an_unreadable_name_protects_its_type(ardoq, run):
    """A row with a new key could be adopted by name: if its name cannot be read, nothing is deleted."""
    load(ardoq, {"name": "X"}, {"name": "Y", "cmdb_id": "K2"})
    text = mapping("a", 'missing = "delete"') + ANYTHING
    result, report, _ = run(text, a=[{"Name": ["X"], "Key": "K9"}, {"Name": "Y", "Key": "K2"}])
    assert report["del_comps"] == 0
    assert "It is not known which item" in result.blocked[0].reasons[0]["sentence"]


def test_name_of_any_rejected_row_is_rejected_in_any_order(ardoq, run):
    """All names that rejected rows give to a new component are taken, whichever row comes first."""
    text = mapping("a", name="{Name}", kind="Application").replace(
        "[components.fields]", '[components.fields]\ncost = "{Cost}"'
    )
    rows = [{"Name": name, "Key": "K4", "Cost": "many"} for name in ("Web", "Mail")]
    for ordered in (rows, rows[::-1]):
        ardoq.load(SEED)
        _, report, _ = run(text + BY_NAME, a=ordered, names=[{"Name": "Web", "Key": None}])
        assert (report["failed_comps"], report["new_comps"]) == (3, 0)


#: With a few calls for each, more components than fit on Python's stack.
LENGTH = 500


def chain(length, **first):
    """Return rows of components each below the one before, the lowest first."""
    names = [None, None, *(f"N{number}" for number in range(length))]
    rows = [
        {"Name": name, "Key": f"K{name}", "Parent": names[index + 1], "Above": names[index]}
        for index, name in enumerate(names[2:])
    ]
    rows[0].update(first)
    return rows[::-1]


@pytest.mark.parametrize("more", ["", ', within = { value = "{Above}" }'], ids=["name", "within"])
def test_long_chain_of_parents(ardoq, run, more):
    """A chain longer than Python's stack is written from its top, and rejected as a whole with its top."""
    parent = f'parent = {{ type = "Application", value = "{{Parent}}"{more} }}'
    _, report, _ = run(mapping("a", parent), simulate=True, a=chain(LENGTH))
    assert (report["new_comps"], report["failed_comps"]) == (LENGTH, 0)
    _, report, _ = run(mapping("a", parent), simulate=True, a=chain(LENGTH, Key=None))
    assert (report["new_comps"], report["failed_comps"]) == (0, LENGTH)


def test_rows_that_disagree_on_a_protected_value_fail_in_every_run(ardoq, run):
    """Two rows of one key still conflict once Ardoq has the value, so nothing is deleted one run late."""
    load(ardoq, {"name": "Old", "cmdb_id": "K1"})
    text = mapping("a", 'missing = "delete"', 'create_only = ["name"]') + ANYTHING
    rows = [{"Name": "A", "Key": "K2"}, {"Name": "B", "Key": "K2"}]
    for _ in range(2):
        _, report, _ = run(text, a=rows)
        assert (report["del_comps"], report["failed_comps"]) == (0, 1)


def changed(report):
    """Return the names of what a run created or updated."""
    return [change["name"] for change in changes_of(report)]


def costs(rows, *lines, **options):
    """Return a component mapping that also writes the cost."""
    return mapping(rows, *lines, **options) + 'cost = "{Cost}"\n'


@pytest.mark.parametrize("names", [("WEB", "Web"), ("Web", "WEB")])
def test_row_with_the_exact_name_wins_in_every_order(ardoq, run, names):
    """Of rows whose names differ in letter case, the one with the name in Ardoq is used, in every run."""
    rows = [{"Name": name, "Key": None, "Cost": len(name)} for name in names]
    load(ardoq, {"name": "Web"}, {"name": "Web"})
    for expected in (["Web"], []):
        _, report, _ = run(costs("a", key=None), a=rows)
        assert changed(report) == expected
        assert "conflicts with" in failures(report)[f"a row {names.index('WEB') + 1}"]


def test_rejected_row_does_not_spell_the_name_of_others(ardoq, run):
    """A row that is rejected has no say in which letter case a name is written in."""
    text = mapping("a", key=None) + mapping("b", key=None)
    rows = {
        "a": [{"Name": name, "Key": None} for name in ("Web", "WEB")],
        "b": [{"Name": "Web", "Key": None}],
    }
    _, report, _ = run(text, **rows)
    assert list(stored(ardoq)) == ["Web"]
    assert list(failures(report)) == ["a row 2"]


@pytest.mark.parametrize("policy", ["create_only", "fill_if_empty"])
def test_rows_of_two_mappings_that_disagree_on_a_protected_value_fail_in_every_run(ardoq, run, policy):
    """Two mappings that would write a value only once, and differently, conflict also once Ardoq has one."""
    text = costs("a", f'{policy} = ["cost"]') + costs("b", f'{policy} = ["cost"]', 'description = "{Name}"')
    rows = {name: [{"Name": "A", "Key": "K1", "Cost": cost}] for name, cost in (("a", 5), ("b", 7))}
    for expected in (["A"], []):
        _, report, _ = run(text, **rows)
        assert changed(report) == expected
        assert list(failures(report)) == ["b row 1"]


@pytest.mark.parametrize("policy", ["create_only", "fill_if_empty"])
def test_parent_that_is_not_found_rejects_its_row_in_every_run(ardoq, run, policy):
    """A parent is looked for also if a policy keeps it from being written, so that a row fails every time."""
    text = mapping("a") + costs("b", PARENT, f'{policy} = ["parent"]')
    row = {"Name": "A", "Key": "K1", "Cost": 5, "Parent": "typo"}
    for expected in (["A"], []):
        _, report, _ = run(text, a=[row], b=[row])
        assert changed(report) == expected
        assert failures(report)["b row 1"].startswith("There is no parent component")


def test_new_component_in_a_circle_is_not_created_without_its_parent(ardoq, run):
    """If the parent of a new component in create_only makes a circle, no row creates the component."""
    text = mapping("a") + mapping("b", PARENT, 'create_only = ["parent"]') + mapping("c", PARENT, key=None)
    new = {"Name": "N", "Key": "K1", "Parent": "M"}
    load(ardoq, {"name": "M"})
    for _ in range(2):
        _, report, _ = run(text, a=[new], b=[new], c=[{"Name": "M", "Key": None, "Parent": "N"}])
        assert changed(report) == []
        assert sorted(failures(report)) == ["a row 1", "b row 1", "c row 1"]


def test_row_by_name_creates_nothing_without_the_row_of_the_key(ardoq, run):
    """A row by name does not create a component whose row with the key is rejected for its parent."""
    text = mapping("a", PARENT, "adopt = false") + mapping("b", key=None)
    rows = {"a": [{"Name": "A", "Key": "K1", "Parent": "typo"}], "b": [{"Name": "a", "Key": "K1"}]}
    for _ in range(2):
        _, report, _ = run(text, **rows)
        assert changed(report) == []
        assert failures(report)["b row 1"] == "It describes the same component as a row 1, which is rejected."


@pytest.mark.parametrize("policy", ["create_only", "fill_if_empty"])
def test_key_is_written_whatever_other_mappings_write(ardoq, run, policy):
    """A new component always gets its key, also if another row that would write it is rejected."""
    text = mapping("a", f'{policy} = ["cmdb_id"]') + costs("b")
    rows = {"a": [{"Name": "A", "Key": "K1"}], "b": [{"Name": "B", "Key": "K1", "Cost": 5}]}
    for expected in (["A"], []):
        _, report, _ = run(text, **rows)
        assert changed(report) == expected
    assert stored(ardoq)["A"]["cmdb_id"] == "K1"


@pytest.mark.parametrize("policy", ["create_only", "fill_if_empty"])
def test_key_goes_to_one_component_only_in_every_run(ardoq, run, policy):
    """A row by name cannot take a key of another row, also once Ardoq has the key."""
    text = mapping("a", f'{policy} = ["cmdb_id"]') + mapping("names", f'{policy} = ["cmdb_id"]', key=None)
    rows = {"a": [{"Name": "New", "Key": "K5"}], "names": [{"Name": "X", "Key": "K5"}]}
    for expected in (["New"], []):
        _, report, _ = run(text, **rows)
        assert changed(report) == expected
        assert "a row 1 describes another with it" in failures(report)["names row 1"]


def test_white_space_around_the_key_of_another_mapping_is_dropped(ardoq, run):
    """A row by name writes the key of another mapping without white space, as that mapping does."""
    text = mapping("a", "create = false") + mapping("names", key=None)
    run(text, a=[], names=[{"Name": "X", "Key": " K5 "}])
    assert stored(ardoq)["X"]["cmdb_id"] == "K5"


def test_component_of_an_ambiguous_key_keeps_it(ardoq, run):
    """A row by name does not give another key to a component that an ambiguous row may mean."""
    load(ardoq, {"name": "DB", "cmdb_id": "K1"}, {"name": "DB", "cmdb_id": "K1"})
    rows = {"a": [{"Name": "DB", "Key": "K1"}], "names": [{"Name": "DB", "Key": "K3"}]}
    for _ in range(2):
        _, report, _ = run(mapping("a", "create = false") + mapping("names", key=None), **rows)
        assert changed(report) == []
        assert failures(report)["names row 1"].endswith(
            "that a row 1, which is ambiguous, may mean. Correct that row first."
        )


def test_twin_of_an_ambiguous_key_keeps_its_type(ardoq, run):
    """A component that an ambiguous key may mean is not changed to the type of another mapping."""
    load(ardoq, {"name": "DB", "cmdb_id": "K1"}, {"name": "DB", "cmdb_id": "K1"})
    text = mapping("a") + mapping("b", 'type_change = "update"', kind="Server")
    for expected in (["DB"], []):
        _, report, _ = run(text, a=[{"Name": "DB", "Key": "K1"}], b=[{"Name": "DB", "Key": "K1"}])
        assert changed(report) == expected
        assert report["updated_comps"] == 0


def test_component_that_a_row_by_name_describes_keeps_its_type(ardoq, run):
    """A component with the key of a row of another type stays with the row by name."""
    load(ardoq, {"name": "DB", "cmdb_id": "K1"})
    text = mapping("a") + mapping("names", key=None) + mapping("b", 'type_change = "update"', kind="Server")
    rows = {"a": [], "names": [{"Name": "DB", "Key": "K1"}], "b": [{"Name": "DB", "Key": "K1"}]}
    for expected in ([("DB", "create")], []):
        _, report, _ = run(text, **rows)
        assert [(change["name"], change["action"]) for change in changes_of(report)] == expected


@pytest.mark.parametrize("order", [1, -1])
def test_every_mapping_of_a_key_must_allow_to_adopt(ardoq, run, order):
    """If rows of several mappings have a key, the component of their name is adopted only if all allow it."""
    load(ardoq, {"name": "DB"})
    mappings = [mapping("a", "adopt = false"), mapping("b")][::order]
    _, report, _ = run("".join(mappings), a=[{"Name": "DB", "Key": "K1"}], b=[{"Name": "DB", "Key": "K1"}])
    assert (report["new_comps"], report["updated_comps"], report["failed_comps"]) == (1, 0, 0)


def test_adopted_component_gets_its_key_whatever_the_policy(ardoq, run):
    """A key in create_only is also written to a component that is adopted, or it is created again."""
    load(ardoq, {"name": "DB"})
    text = mapping("a", 'create_only = ["cmdb_id"]')
    for expected in (["DB"], []):
        _, report, _ = run(text, a=[{"Name": "DB", "Key": "K1"}])
        assert changed(report) == expected
    assert stored(ardoq)["DB"]["cmdb_id"] == "K1"


def test_component_is_adopted_by_the_name_of_the_row_that_is_used(ardoq, run):
    """If two rows of a key disagree, the component with the name of the first one is adopted."""
    load(ardoq, {"name": "DB"}, {"name": "Web"})
    _, report, _ = run(mapping("a"), a=[{"Name": name, "Key": "K1"} for name in ("Web", "DB")])
    assert [(change["name"], sorted(change["attributes"])) for change in changes_of(report)] == [
        ("Web", ["cmdb_id"])
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_component_is_adopted_whichever_mapping_of_its_key_comes_first(ardoq, run, order):
    """A mapping that only updates gives no name: that of another mapping counts, in any order."""
    load(ardoq, {"name": "DB"})
    mappings = [mapping("a", "create = false"), mapping("b")][::order]
    rows = {name: [{"Name": "DB", "Key": "K1"}] for name in "ab"}
    _, report, _ = run("".join(mappings), **rows)
    assert (report["new_comps"], report["updated_comps"], report["failed_comps"]) == (0, 1, 0)


def test_name_that_is_only_filled_has_no_say_in_its_letter_case(ardoq, run):
    """Of rows that never change a name, the one with the name that another mapping writes is used."""
    load(ardoq, {"name": "Web"})
    text = costs("a", 'fill_if_empty = ["name"]', key=None) + mapping("b", key=None)
    names = [{"Name": name, "Key": None, "Cost": cost} for name, cost in (("Web", 5), ("WEB", 7))]
    for expected in (["Web", "WEB"], []):
        _, report, _ = run(text, a=names, b=[{"Name": "WEB", "Key": None}])
        assert changed(report) == expected
        assert list(failures(report)) == ["a row 1"]
    assert stored(ardoq)["WEB"]["cost"] == 7


@pytest.mark.parametrize("order", [1, -1])
def test_parents_that_are_looked_for_in_a_circle(ardoq, run, order):
    """What the name of a parent means does not depend on where its component is now, or on the order."""
    load(ardoq, {"name": "Rack", "cmdb_id": "K3"})
    parent = 'parent = { type = "Application", value = "{Parent}", within = { value = "{Above}" } }'
    rows = [
        {"Name": "DB", "Key": "K1", "Parent": None, "Above": None},
        {"Name": "Web", "Key": "K2", "Parent": "DB", "Above": None},
        {"Name": "Rack", "Key": "K3", "Parent": "Web", "Above": "DB"},
        {"Name": "WEB", "Key": "K4", "Parent": "Rack", "Above": "Web"},
    ]
    for expected in (4, 0):
        _, report, _ = run(mapping("a", parent), a=rows[::order])
        assert (len(changes_of(report)), failures(report)) == (expected, {})
    held = stored(ardoq)
    names = {comp["_id"]: name for name, comp in held.items()}
    assert {name: names.get(comp["parent"]) for name, comp in held.items()} == {
        "DB": None, "Web": "DB", "Rack": "Web", "WEB": "Rack"
    }  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_parents_that_need_each_other_are_ambiguous_in_every_run(ardoq, run, order):
    """If two rows need the parent of each other, what their names may mean counts, not where each is now."""
    load(ardoq, {"name": "P", "cmdb_id": "K1"}, {"name": "W", "cmdb_id": "K3", "parent": "1".zfill(24)})
    parent = 'parent = { type = "Application", value = "{Parent}", within = { value = "{Above}" } }'
    rows = [
        {"Name": "P", "Key": "K4", "Parent": "W", "Above": "P"},
        {"Name": "W", "Key": "K2", "Parent": "P", "Above": "W"},
    ]
    for _ in range(2):
        _, report, _ = run(mapping("a", parent), a=rows[::order])
        assert changes_of(report) == []
        reasons = {change["name"]: change["note"] for change in report["changes"]}
        assert "is ambiguous: 2 components match" in reasons["P"]
        assert list(reasons) == ["P", "W"][::order]


WITHIN = 'within = { type = "Server", value = "{Rack}" }'
ROOMS = mapping("rooms", WITHIN, key=None)
RACKS = mapping("racks", kind="Server")


def below(ardoq):
    """Return the stored components as (name, key, name of the parent)."""
    components = ardoq.dump()["components"]
    names = {None: None} | {comp["_id"]: comp["name"] for comp in components}
    return sorted(
        (comp["name"], comp.get("customFields", {}).get("cmdb_id") or "", names[comp.get("parent")] or "")
        for comp in components
    )


@pytest.mark.parametrize("order", [1, -1])
def test_rows_within_a_parent_are_told_apart_by_it(ardoq, run, order):
    """Components of one name are matched by the component above them, which the same run can create."""
    load(ardoq, {"name": "A", "kind": "p2"}, {"name": "7", "parent": "1".zfill(24)}, {"name": "7"})
    rows = [
        {"Name": "7", "Key": "a7", "Rack": "A"},
        {"Name": "7", "Key": "b7", "Rack": "b"},
        {"Name": "7", "Key": "top", "Rack": None},
    ]
    text = "".join([ROOMS, RACKS][::order])
    for expected in (4, 0):
        _, report, _ = run(text, rooms=rows[::order], racks=[{"Name": "B", "Key": "B"}])
        assert (len(changes_of(report)), failures(report)) == (expected, {})
    expected = [("7", "a7", "A"), ("7", "b7", "B"), ("7", "top", ""), ("A", "", ""), ("B", "B", "")]
    assert below(ardoq) == expected


def test_rows_within_rows_within_others(ardoq, run):
    """Rows are matched from the top of the types down, whatever the order of the mappings."""
    sites = mapping("sites", key=None, kind="Site")
    racks = mapping("racks", 'within = { type = "Site", value = "{Site}" }', key=None, kind="Server")
    root = {**SEED["models"][0]["root"], "p3": {"name": "Site"}}
    ardoq.load(SEED | {"models": [SEED["models"][0] | {"root": root}]})
    rows = {
        "rooms": [{"Name": "7", "Key": "x", "Rack": "R1"}],
        "racks": [{"Name": "R1", "Key": "y", "Site": "Oslo"}],
        "sites": [{"Name": "Oslo", "Key": "z"}],
    }
    for expected in (3, 0):
        _, report, _ = run(ROOMS + racks + sites, **rows)
        assert (len(changes_of(report)), failures(report)) == (expected, {})
    assert below(ardoq) == [("7", "x", "R1"), ("Oslo", "z", ""), ("R1", "y", "Oslo")]


def test_row_within_what_is_not_clear_is_rejected_and_keeps_all_of_its_name(ardoq, run):
    """A row whose parent is not exactly one component is rejected, and what has its name is not missing."""
    load(
        ardoq,
        {"name": "A", "kind": "p2"}, {"name": "A", "kind": "p2"}, {"name": "B", "kind": "p2"},
        {"name": "7", "parent": "1".zfill(24)}, {"name": "8"}, {"name": "9"},
    )  # fmt: skip
    text = mapping("rooms", WITHIN, 'missing = "delete"', key=None) + ANYTHING
    rows = [
        {"Name": "7", "Key": None, "Rack": "A"},
        {"Name": "8", "Key": None, "Rack": "C"},
        {"Name": "7", "Key": None, "Rack": "B"},
        {"Name": "10", "Key": None, "Rack": "B"},
    ]
    _, report, _ = run(text, rooms=rows)
    assert list(failures(report)) == ["rooms row 1", "rooms row 2"]
    assert "is ambiguous: 2 components match" in failures(report)["rooms row 1"]
    assert [name for name, _, _ in below(ardoq)] == ["10", "7", "7", "8", "A", "A", "B"]


def test_twins_below_one_parent_stay_ambiguous(ardoq, run):
    """Of components of one name below one parent, the oldest is used, and all are listed; none is missing."""
    rack = "1".zfill(24)
    load(ardoq, {"name": "A", "kind": "p2"}, *[{"name": "7", "parent": rack} for _ in "xy"], {"name": "7"})
    text = mapping("rooms", WITHIN, 'missing = "delete"', key=None) + ANYTHING
    _, report, _ = run(text, rooms=[{"Name": "7", "Key": "K", "Rack": "A"}])
    assert [entry["matches"] for entry in report["ambiguous"]] == [["2".zfill(24), "3".zfill(24)]]
    assert below(ardoq) == [("7", "", "A"), ("7", "K", "A"), ("A", "", "")]


@pytest.mark.parametrize("order", [1, -1])
def test_parent_within_its_own_parent(ardoq, run, order):
    """A nested within, or a path, distinguishes parents of the same name, also if the same run moves them."""
    load(
        ardoq,
        {"name": "Oslo", "kind": "p2"}, {"name": "Rome", "kind": "p2"},
        {"name": "1", "kind": "p2", "cmdb_id": "o1", "parent": "2".zfill(24)},
        {"name": "7", "parent": "3".zfill(24)},
    )  # fmt: skip
    floors = mapping("floors", 'parent = { type = "Server", value = "{Site}" }', kind="Server")
    rows = {
        "floors": [{"Name": "1", "Key": "o1", "Site": "Oslo"}, {"Name": "1", "Key": "r1", "Site": "Rome"}],
        "rooms": [{"Name": "7", "Key": site, "Floor": "1", "Site": site} for site in ("Oslo", "Rome")],
    }
    nested = 'value = "{Floor}", within = { type = "Server", value = "{Site}" }'
    for way in (nested, 'value = "{Site}/{Floor}", path = "/"'):
        rooms = mapping("rooms", f'within = {{ type = "Server", {way} }}', key=None)
        text = "".join([rooms, floors][::order])
        _, report, _ = run(text, **{name: some[::order] for name, some in rows.items()})
        assert failures(report) == {}
        components = {comp["_id"]: comp for comp in ardoq.dump()["components"]}
        names = {
            comp["customFields"]["cmdb_id"]: components[comp["parent"]]["customFields"]["cmdb_id"]
            for comp in components.values()
            if comp["typeId"] == "p1"
        }
        assert names == {"Oslo": "o1", "Rome": "r1"}
        assert components["4".zfill(24)]["customFields"]["cmdb_id"] == "Oslo"
    assert changed(report) == []


def test_skipped_row_within_a_parent_names_the_parent(ardoq, run):
    """With create = false, a row is skipped if its name is elsewhere only, and the reason says where."""
    load(ardoq, {"name": "A", "kind": "p2"}, {"name": "7"})
    text = mapping("rooms", WITHIN, "create = false", key=None)
    rows = [{"Name": "7", "Key": "K", "Rack": "A"}, {"Name": "8", "Key": "K", "Rack": None}]
    result, report, _ = run(text, rooms=rows)
    assert changed(report) == []
    assert [row["reason"] for row in result.skipped] == [
        "No component directly below 'A' has the name '7', and create is false.",
        "No component at the top has the name '8', and create is false.",
    ]


LINK = """
[[references]]
rows = "links"
workspace = "Apps"
type = "runs on"
source = { value = "{From}" }
target = { TARGET }
"""


def links(ardoq):
    """Return the stored references as pairs of the keys of their ends."""
    keys = {comp["_id"]: comp.get("customFields", {}).get("cmdb_id") for comp in ardoq.dump()["components"]}
    return [(keys[ref["source"]], keys[ref["target"]]) for ref in ardoq.dump()["references"]]


def test_end_within_a_blank_parent_is_at_the_top(ardoq, run):
    """An end whose `within` is blank means the component at the top, and no other of its name."""
    load(
        ardoq, {"name": "A", "kind": "p2", "cmdb_id": "A"}, {"name": "7", "cmdb_id": "top"},
        {"name": "7", "cmdb_id": "a7", "parent": "1".zfill(24)},
        {"name": "8", "cmdb_id": "a8", "parent": "1".zfill(24)},
    )  # fmt: skip
    text = LINK.replace("TARGET", 'value = "{To}", within = { type = "Server", value = "{Rack}" }')
    rows = [{"From": "A", "To": to, "Rack": rack} for to, rack in (("7", None), ("7", "A"), ("8", None))]
    _, report, _ = run(text, links=rows)
    assert links(ardoq) == [("A", "top"), ("A", "a7")]
    (reason,) = failures(report).values()
    assert reason == "There is no target component with the name '8' at the top in workspace 'Apps'."


def test_within_that_names_only_what_is_above_its_parent_is_rejected(ardoq, run):
    """A row whose `within` is blank, but not the one in it, is not put at the top of the workspace."""
    load(ardoq, {"name": "A", "kind": "p2"})
    within = 'within = { type = "Server", value = "{Rack}", within = { type = "Server", value = "{Site}" } }'
    rooms = [{"Name": "7", "Key": "K", "Rack": None, "Site": "A"}]
    _, report, _ = run(mapping("rooms", within, key=None), rooms=rooms)
    assert list(failures(report).values()) == [
        "The row names 'A' in within, and nothing below it: {Rack} is blank. Fill in both, or none."
    ]


@pytest.mark.parametrize(
    ("value", "row", "end"),
    [
        ("{Rack}/{To}", {"Rack": "A", "To": "7"}, "a7"),
        ("{To}", {"To": "/A/7/"}, "a7"),
        ("{Rack}/{To}", {"Rack": "A", "To": None}, None),
        ("{Rack}/{To}", {"Rack": None, "To": "7"}, "'/7'"),
        ("{To}", {"To": "A//7"}, "'A//7'"),
    ],
)
def test_blank_name_in_a_path_means_no_other_component(ardoq, run, value, row, end):
    """A blank own name is a blank end, another blank name rejects the row, and one cell may end with "/"."""
    load(
        ardoq, {"name": "A", "kind": "p2", "cmdb_id": "A"}, {"name": "B", "cmdb_id": "B"},
        {"name": "7", "cmdb_id": "a7", "parent": "1".zfill(24)},
    )  # fmt: skip
    text = LINK.replace("TARGET", f'value = "{value}", path = "/"')
    _, report, _ = run(text, links=[{"From": "B", **row}])
    rejected = end is not None and end.startswith("'")
    assert links(ardoq) == ([("B", end)] if end and not rejected else [])
    assert list(failures(report).values()) == (
        [f"The path {end} has a blank name before or after '/': fill in each name."] if rejected else []
    )


def test_row_with_a_blank_end_is_ignored_whatever_else_it_has(ardoq, run):
    """Neither a blank type nor an unknown one rejects a row without an end."""
    load(ardoq, {"name": "A"}, {"name": "B"})
    text = LINK.replace('"runs on"', '"{Kind}"').replace("TARGET", 'value = "{To}"')
    rows = [{"From": "A", "To": None, "Kind": kind} for kind in (None, "no type")]
    rows += [{"From": "A", "To": "B", "Kind": None}, {"From": "A", "To": "B", "Kind": "runs on"}]
    _, report, _ = run(text, links=rows)
    assert list(failures(report)) == ["links row 3"]
    assert len(ardoq.dump()["references"]) == 1


def test_rows_that_contradict_below_one_parent(ardoq, run):
    """Two rows of one name conflict below the same parent only, whatever the letter case of its name."""
    load(ardoq, {"name": "A", "kind": "p2"}, {"name": "B", "kind": "p2"})
    text = costs("rooms", WITHIN, key=None)
    rows = [
        {"Name": "7", "Key": None, "Cost": cost, "Rack": rack}
        for cost, rack in ((5, "A"), (6, "B"), (7, "a"))
    ]
    _, report, _ = run(text, rooms=rows)
    assert list(failures(report)) == ["rooms row 3"]
    assert "conflicts with rooms row 1" in failures(report)["rooms row 3"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            mapping("rooms", WITHIN),
            "line 8: This mapping matches its rows by the key 'cmdb_id', so within has no effect.",
        ),
        (mapping("rooms", WITHIN, PARENT, key=None), "A mapping with within has no parent"),
        (
            ROOMS + mapping("racks"),
            "line 15: The mapping with within in line 7 matches rows of the same type",
        ),
        (
            mapping("rooms", WITHIN, key=None, kind="Server"),
            "line 7: The components of within depend on rows of type 'Server', which are within them",
        ),
    ],
)
def test_within_that_cannot_work_is_a_problem_of_the_job(ardoq, run, text, problem):
    """Rows that `within` cannot distinguish are reported before anything is read."""
    with pytest.raises(JobInvalid, match=problem):
        run(text, rooms=[], racks=[])
