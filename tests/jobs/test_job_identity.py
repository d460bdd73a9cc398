"""Which component or reference a row of a job describes."""

import itertools

import pytest
from job_seed import APPS, SEED, component, stored, stored_references

KEYED = """
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{Name}"
key = "cmdb_id"
[components.fields]
cmdb_id = "{Id}"
"""
MODULES = """
[[components]]
rows = "modules"
workspace = "Apps"
type = "Server"
name = "{Name}"
key = "cmdb_id"
parent = { type = "Application", value = "{App}" }
[components.fields]
cmdb_id = "{Id}"
"""
LINKS = """
[[references]]
rows = "links"
workspace = "Apps"
type = "depends on"
source = { type = "Application", key = "cmdb_id", value = "{From}" }
target = { type = "Application", value = "{To}" }
"""
FLOWS = """
[[references]]
rows = "links"
workspace = "Apps"
type = "depends on"
displayText = "{What}"
key = "displayText"
source = { type = "Application", value = "{From}" }
target = { type = "Application", value = "{To}" }
"""
BY_KEY = 'parent = { key = "cmdb_id", value = "{Above}" }\n'


def app(number, name, **more):
    """Return a component with an id that ends with a number."""
    return component(f"{number:024d}", name, **more)


def load(ardoq, *components, references=()):
    """Load components, and references as (source, target, displayText)."""
    refs = [
        {"_id": f"{900 + n:024d}", "rootWorkspace": APPS, "source": f"{a:024d}", "target": f"{b:024d}",
         "type": 1, "displayText": text}
        for n, (a, b, text) in enumerate(references)
    ]  # fmt: skip
    ardoq.load(SEED | {"components": list(components), "references": refs})


def reasons(report):
    """Return why rows failed."""
    return [row["reason"] for row in [*report["failed_comps_l"], *report["failed_refs_l"]]]


def changes(report):
    """Return the changes as (action, name, attributes)."""
    return [
        (change["action"], change["name"], sorted(change["attributes"]))
        for change in report["changes"]
        if change["action"] != "failed"
    ]


def created(report):
    """Return the names of what was created."""
    return [name for action, name, _ in changes(report) if action == "create"]


@pytest.fixture
def with_parent():
    """Return the mapping by key with a parent by key."""
    return KEYED.replace("[components.fields]", BY_KEY + "[components.fields]")


def test_white_space_around_a_key_is_dropped(ardoq, run):
    """Blanks around a key do not make another key, in rows and in ends."""
    load(ardoq, app(1, "Orders", cmdb_id="APP-1"), app(2, "Billing", cmdb_id="APP-2"))
    rows = [{"Id": "APP-1 ", "Name": "Orders"}, {"Id": " APP-2\u00a0", "Name": "Billing"}]
    _, report, _ = run(KEYED + LINKS, apps=rows, links=[{"From": " APP-1", "To": "Billing "}])
    assert [name for _, name, _ in changes(report)] == ["Orders -> Billing"]


def test_forms_of_a_number_are_one_key(ardoq, run):
    """Two forms of a key that its field stores alike are one key; text keeps its form."""
    text = KEYED.replace("cmdb_id", "cost")
    load(ardoq, app(1, "Orders", cost=1))
    _, report, _ = run(text, apps=[{"Id": "1.0", "Name": "Orders"}, {"Id": 1, "Name": "Orders"}])
    assert (changes(report), reasons(report)) == ([], [])
    load(ardoq, app(1, "Orders", cmdb_id="1"))
    _, report, _ = run(KEYED, apps=[{"Id": "1.0", "Name": "Sales"}])
    assert [change[:2] for change in changes(report)] == [("create", "Sales")]


def test_key_that_several_components_have_rejects_its_row(ardoq, run):
    """A key that two components have is ambiguous: the row is rejected and names both; neither is missing."""
    load(ardoq, app(1, "A", cmdb_id="K"), app(2, "B", cmdb_id="K", parent="0" * 23 + "1"), app(3, "C"))
    _, report, _ = run(KEYED, apps=[{"Id": "K", "Name": "A"}])
    (reason,) = reasons(report)
    assert (
        "The key cmdb_id 'K' is ambiguous: 2 components have it: 'A' (000000000000000000000001) of type"
        in reason
    )
    assert "'B' (000000000000000000000002) of type 'Application', below 'A' in 'Apps'" in reason
    assert changes(report) == []


def test_ambiguous_parents_and_ends_reject_their_rows(ardoq, run):
    """A parent or an end that two components fit is rejected with all candidates."""
    load(
        ardoq, app(1, "Plant", cmdb_id="oslo"), app(2, "Plant", cmdb_id="bergen"), app(3, "Web", cmdb_id="w")
    )
    _, report, _ = run(
        MODULES + LINKS,
        modules=[{"Id": "R", "Name": "R1", "App": "Plant"}],
        links=[{"From": "w", "To": "Plant"}],
    )
    parent, end = reasons(report)
    for role, reason in (("parent", parent), ("target", end)):
        assert reason.startswith(f"The {role} component of type 'Application' with the name 'Plant' in")
        assert "is ambiguous: 2 components match: 'Plant' (000000000000000000000001) of type" in reason
    assert changes(report) == []


def test_exact_name_wins_over_other_letter_case(ardoq, run):
    """An end means the component of exactly its name, else the only one in another letter case."""
    load(ardoq, app(1, "web", cmdb_id="1"), app(2, "WEB", cmdb_id="2"), app(3, "Mail", cmdb_id="3"))
    rows = [{"From": "3", "To": "WEB"}, {"From": "3", "To": "mAIL"}, {"From": "3", "To": "Web"}]
    _, report, _ = run(LINKS, links=rows)
    assert stored_references(ardoq) == [("Mail", "Mail", 1), ("Mail", "WEB", 1)]
    assert "is ambiguous: 2 components match" in reasons(report)[0]


def test_within_and_path_narrow_an_end(ardoq, run):
    """An end that several components fit is narrowed by its parent, or by the names above it."""
    load(
        ardoq,
        app(1, "Oslo", kind="p2"), app(2, "Bergen", kind="p2"),
        app(3, "Plant", parent=f"{1:024d}", cmdb_id="o"), app(4, "Plant", parent=f"{2:024d}", cmdb_id="b"),
    )  # fmt: skip
    within = LINKS.replace(
        'target = { type = "Application", value = "{To}" }',
        'target = { type = "Application", value = "{To}", within = { type = "Server", value = "{Site}" } }',
    )
    run(within, links=[{"From": "o", "To": "Plant", "Site": "Bergen"}])
    path = LINKS.replace('value = "{To}" }', 'value = "{To}", path = "/" }')
    run(path, links=[{"From": "b", "To": "Oslo / Plant"}])
    ends = [(ref["source"][-1], ref["target"][-1]) for ref in ardoq.dump()["references"]]
    assert ends == [("3", "4"), ("4", "3")]


def test_key_is_adopted_by_name(ardoq, run):
    """A key that no component has goes to the one of its name without a key; the plan says so."""
    load(ardoq, app(1, "Orders"), app(2, "Billing", cmdb_id="APP-2"))
    rows = [{"Id": "APP-1", "Name": "ORDERS"}, {"Id": "APP-3", "Name": "Billing"}]
    _, report, plan = run(KEYED, apps=rows)
    assert changes(report) == [
        ("update", "ORDERS", ["cmdb_id", "name"]),
        ("create", "Billing", ["cmdb_id", "name", "rootWorkspace", "typeId"]),
    ]
    assert plan.changes[0]["note"] == "adopted by name"
    assert changes(run(KEYED, apps=rows)[1]) == []


def test_adoption_that_is_not_certain_rejects_its_rows(ardoq, run):
    """A name that two components without a key have, or that two keys claim, is adopted by none."""
    load(ardoq, app(1, "Orders"), app(2, "Orders"), app(3, "Mail"))
    rows = [{"Id": "1", "Name": "Orders"}, {"Id": "2", "Name": "Mail"}, {"Id": "3", "Name": "Mail"}]
    _, report, _ = run(KEYED, apps=rows)
    assert [reason.split(":")[0] for reason in reasons(report)] == [
        "No component has this cmdb_id, and it is not clear which one to adopt by name",
    ] * 3  # fmt: skip
    assert changes(report) == []
    _, report, _ = run(KEYED.replace("key =", "adopt = false\nkey ="), apps=rows)
    assert [change[:2] for change in changes(report)] == [("create", "Orders"), *[("create", "Mail")] * 2]


SERVERS_TOO = KEYED.replace('"Application"', '"Server"').replace('"apps"', '"servers"')


def test_key_of_another_type_is_not_created_again(ardoq, run):
    """A component whose key moves to another type is neither doubled nor deleted; the row is rejected."""
    held = [app(number, f"A{number}", cmdb_id=f"{number}") for number in range(10)]
    load(ardoq, *held)
    text = (
        KEYED.replace("key =", 'missing = "delete"\nkey =')
        + SERVERS_TOO
        + "[guard]\ndespite_failures = true\n"
    )
    rows = [{"Id": str(number), "Name": f"A{number}"} for number in range(9)]
    _, report, _ = run(text, apps=rows, servers=[{"Id": "9", "Name": "A9"}])
    (reason,) = reasons(report)
    assert reason.startswith("The cmdb_id '9' belongs to a component of another type or workspace: 'A9' (")
    assert reason.endswith('Set type_change = "update" on the mapping to change the type of that component.')
    assert (changes(report), len(stored(ardoq))) == ([], 10)


def test_type_changes_if_the_mapping_allows_it(ardoq, run):
    """With type_change = "update" the component gets the type of the row, and keeps everything else."""
    load(ardoq, app(1, "A1", cmdb_id="1", cost=5), app(2, "B", cmdb_id="2"), references=[(1, 2, "x")])
    servers = SERVERS_TOO.replace("key =", 'type_change = "update"\nkey =')
    rows = {"apps": [{"Id": "2", "Name": "B"}], "servers": [{"Id": "1", "Name": "A1"}]}
    _, report, _ = run(KEYED + servers, **rows)
    assert changes(report) == [("update", "A1", ["typeId"])]
    assert (stored(ardoq)["A1"]["typeId"], stored(ardoq)["A1"]["cost"]) == ("p2", 5)
    assert changes(run(KEYED + servers, **rows)[1]) == []


def test_parent_and_child_change_places(ardoq, run, with_parent):
    """A tree that is turned upside down is written in one run, in any order of the rows."""
    tree = [
        {"Id": "a", "Name": "A", "Above": "b"},
        {"Id": "b", "Name": "B"},
        {"Id": "c", "Name": "C", "Above": "a"},
    ]
    for rows in itertools.permutations(tree):
        load(
            ardoq,
            app(1, "A", cmdb_id="a"),
            app(2, "B", cmdb_id="b", parent=f"{3:024d}"),
            app(3, "C", cmdb_id="c", parent=f"{1:024d}"),
        )
        _, report, _ = run(with_parent, apps=[{"Above": None, **row} for row in rows])
        ids = {name: comp["_id"] for name, comp in stored(ardoq).items()}
        parents = {name: comp.get("parent") for name, comp in stored(ardoq).items()}
        assert parents == {"A": ids["B"], "B": None, "C": ids["A"]}
        assert reasons(report) == []


def test_circle_is_named_and_only_its_rows_fail(ardoq, run, with_parent):
    """A circle of parents is named with its members; rows outside of it are written."""
    rows = [("a", "A", "a"), ("b", "B", "a"), ("d", "D", "e"), ("e", "E", "d"), ("f", "F", None)]
    _, report, _ = run(with_parent, apps=[{"Id": k, "Name": n, "Above": above} for k, n, above in rows])
    assert sorted(reasons(report)) == [
        "The parent 'A' is not written, because apps row 1 is rejected.",
        "The parents make a circle: 'A' is its own parent. Correct one of them.",
        *["The parents make a circle: 'D' below 'E' below 'D'. Correct one of them."] * 2,
    ]
    assert [change[:2] for change in changes(report)] == [("create", "F")]


def test_rejected_move_does_not_make_a_circle_of_others(ardoq, run, with_parent):
    """A rejected row moves nothing; a move below its component that makes a circle then fails, too."""
    load(ardoq, app(1, "A", cmdb_id="a"), app(2, "B", cmdb_id="b", parent=f"{1:024d}"))
    text = with_parent + 'cost = "{Cost}"\n'
    rows = [
        {"Id": "b", "Name": "B", "Above": None, "Cost": "many"},
        {"Id": "a", "Name": "A", "Above": "b", "Cost": 1},
    ]
    _, report, _ = run(text, apps=rows)
    assert "The parents make a circle: 'A' below 'B' below 'A'. Correct one of them." in reasons(report)
    assert changes(report) == []


def test_name_that_passes_to_another_component(ardoq, run):
    """Ends and parents mean the component that has the name after the run; a second run changes nothing."""
    sales = component(f"{2:024d}", "Sales", kind="p2", cmdb_id="M-1", parent=f"{1:024d}")
    load(ardoq, app(1, "CRM", cmdb_id="APP-1"), sales, app(3, "Web", cmdb_id="APP-2"))
    rows = {
        "modules": [{"Id": "M-1", "Name": "Sales", "App": "CRM"}],
        "apps": [
            {"Id": "APP-1", "Name": "CRM (old)"},
            {"Id": "APP-2", "Name": "Web"},
            {"Id": "APP-9", "Name": "CRM"},
        ],
        "links": [{"From": "APP-2", "To": "CRM"}],
    }
    _, report, _ = run(MODULES + KEYED + LINKS, **rows)
    apps = stored(ardoq)
    assert apps["Sales"]["parent"] == apps["CRM"]["_id"] != f"{1:024d}"
    assert stored_references(ardoq) == [("Web", "CRM", 1)]
    assert reasons(report) == []
    assert changes(run(MODULES + KEYED + LINKS, **rows)[1]) == []


def test_names_that_are_swapped(ardoq, run):
    """Two components that swap their names are renamed in one run."""
    load(ardoq, app(1, "A", cmdb_id="1"), app(2, "B", cmdb_id="2"))
    rows = [{"Id": "1", "Name": "B"}, {"Id": "2", "Name": "A"}]
    _, report, _ = run(KEYED + LINKS, apps=rows, links=[{"From": "1", "To": "A"}])
    assert {comp["cmdb_id"]: name for name, comp in stored(ardoq).items()} == {"1": "B", "2": "A"}
    assert stored_references(ardoq) == [("B", "A", 1)]
    assert reasons(report) == []


def test_references_with_a_key(ardoq, run):
    """With a key, several references of a type are possible, and a second run changes nothing."""
    load(ardoq, app(1, "A"), app(2, "B"), references=[(1, 2, "orders")])
    rows = [{"From": "A", "To": "B", "What": what} for what in ("orders", "invoices", "orders")]
    _, report, _ = run(FLOWS, links=rows)
    assert sorted(ref["displayText"] for ref in ardoq.dump()["references"]) == ["invoices", "orders"]
    assert reasons(report) == []
    assert changes(run(FLOWS, links=rows)[1]) == []
    _, report, _ = run(FLOWS, links=[{"From": "A", "To": "B", "What": None}])
    assert reasons(report) == ["The key displayText is blank."]


def test_texts_as_keys_of_references(ardoq, run):
    """Keys that are text are the same only if their texts are, as for components."""
    load(ardoq, app(1, "A"), app(2, "B"))
    texts = ["080", "80", "1.0", "1", "true", "TRUE"]
    _, report, _ = run(FLOWS, links=[{"From": "A", "To": "B", "What": what} for what in texts])
    assert reasons(report) == []
    assert sorted(ref["displayText"] for ref in ardoq.dump()["references"]) == sorted(texts)


def test_ends_of_several_types(ardoq, run):
    """An end can have one of several types, or any."""
    load(ardoq, app(1, "Web", cmdb_id="web"), component(f"{2:024d}", "db", kind="p2", cmdb_id="db"))
    target = 'target = { type = "Application", value = "{To}" }'
    several = LINKS.replace(
        target, 'target = { type = ["Application", "Server"], key = "cmdb_id", value = "{To}" }'
    )
    run(several, links=[{"From": "web", "To": ["db", "web"]}])
    assert stored_references(ardoq) == [("Web", "Web", 1), ("Web", "db", 1)]
    any_type = LINKS.replace(target, 'target = { value = "{To}" }')
    _, report, _ = run(any_type, links=[{"From": "web", "To": ["DB", "Web"]}])
    assert (changes(report), reasons(report)) == ([], [])


def test_absent_ends_can_be_skipped(ardoq, run):
    """With when_absent = "skip", a row without its end is counted and listed, and does not fail."""
    load(ardoq, app(1, "Web", cmdb_id="web"))
    text = LINKS.replace('value = "{To}" }', 'value = "{To}", when_absent = "skip" }')
    result, report, _ = run(text, links=[{"From": "web", "To": ["Gone", "Web"]}])
    assert reasons(report) == []
    assert [(row["name"], row["label"]) for row in result.skipped] == [("web -> Gone", "links row 1")]
    assert stored_references(ardoq) == [("Web", "Web", 1)]


def test_update_only(ardoq, run):
    """With create = false, rows without a component are counted and listed, and names are never changed."""
    load(ardoq, app(1, "Orders", cmdb_id="A1"))
    text = (
        KEYED.replace("key =", "create = false\nkey =").replace('name = "{Name}"\n', "") + 'cost = "{Cost}"\n'
    )
    result, report, _ = run(text, apps=[{"Id": "A1", "Cost": 10}, {"Id": "A77", "Cost": 30}])
    assert (stored(ardoq)["Orders"]["cost"], len(stored(ardoq)), reasons(report)) == (10, 1, [])
    assert [(row["label"], row["reason"]) for row in result.skipped] == [
        ("apps row 2", "No component has the cmdb_id 'A77', and create is false.")
    ]


def test_names_in_two_mappings_have_one_letter_case(ardoq, run):
    """Two mappings that write a name in different letter case agree on one, in any order, and keep it."""
    named = (
        KEYED.replace('key = "cmdb_id"\n', "")
        .replace('cmdb_id = "{Id}"', 'cost = "{Id}"')
        .replace('"apps"', '"more"')
    )
    rows = {"apps": [{"Id": "1", "Name": "Web Shop"}], "more": [{"Id": 5, "Name": "WEB SHOP"}]}
    for text in (KEYED + named, named + KEYED):
        load(ardoq)
        _, report, _ = run(text, **rows)
        assert (list(stored(ardoq)), reasons(report)) == (["Web Shop"], [])
        assert changes(run(text, **rows)[1]) == []


def test_rows_of_two_mappings_that_contradict_each_other(ardoq, run):
    """A row that contradicts a row of another mapping is rejected, with both values."""
    other = KEYED.replace('"apps"', '"more"')
    text = KEYED + 'cost = "{Cost}"\n' + other + 'cost = "{Cost}"\n'
    rows = {"apps": [{"Id": "1", "Name": "A", "Cost": 5}], "more": [{"Id": "1", "Name": "A", "Cost": 6}]}
    _, report, _ = run(text, **rows)
    (reason,) = reasons(report)
    assert reason.startswith(
        "The row conflicts with apps row 1, which describes the same component: cost is 5"
    )
    assert stored(ardoq)["A"]["cost"] == 5


def test_row_of_a_rejected_component_is_rejected_with_its_cause(ardoq, run):
    """Rows that name a component whose row is rejected fail because of that row, which they name."""
    text = KEYED + 'cost = "{Cost}"\n' + LINKS
    _, report, _ = run(
        text,
        apps=[{"Id": "1", "Name": "A", "Cost": "many"}, {"Id": "2", "Name": "B", "Cost": 1}],
        links=[{"From": "2", "To": "A"}, {"From": "1", "To": "B"}],
    )
    assert reasons(report)[1:] == [
        "The target 'A' is not written, because apps row 1 is rejected.",
        "The source 'A' is not written, because apps row 1 is rejected.",
    ]
    assert [row.get("cause") for row in report["failed_refs_l"]] == ["apps row 1"] * 2


@pytest.mark.parametrize("policy", ["create_only", "fill_if_empty", "never_null"])
def test_key_with_a_policy_still_matches(ardoq, run, policy):
    """A key always takes part in matching, also if it is written only once, or only where it is empty."""
    text = KEYED.replace("key =", f'{policy} = ["cmdb_id"]\nmissing = "delete"\nkey =')
    text += "[guard]\nshare = 1.0\ndespite_failures = true\n"
    rows = [{"Id": str(number), "Name": f"A{number}"} for number in range(3)]
    assert len(created(run(text, apps=rows)[1])) == 3
    result, report, _ = run(text, apps=rows)
    assert (changes(report), reasons(report), result.blocked) == ([], [], [])


def test_several_spellings_of_a_name_mean_the_same_in_every_run(ardoq, run):
    """Two rows whose names differ in letter case conflict, whatever other components have such a name."""
    named = KEYED.replace('key = "cmdb_id"\n', "").replace('cmdb_id = "{Id}"', 'cost = "{Id}"')
    load(ardoq, app(1, "wEB"), app(2, "weB"))
    rows = [{"Id": 1, "Name": "web"}, {"Id": 2, "Name": "WEB"}]
    for changed in (["web"], []):
        _, report, _ = run(named, apps=rows)
        assert [name for _, name, _ in changes(report)] == changed
        assert [reason.split(",")[0] for reason in reasons(report)] == ["The row conflicts with apps row 1"]


def test_other_spellings_of_a_name_are_not_missing(ardoq, run):
    """A component whose name differs from that of a row in letter case alone is ambiguous, and stays."""
    named = KEYED.replace('key = "cmdb_id"\n', 'missing = "delete"\n')
    load(ardoq, app(1, "Web"), app(2, "WEB"), app(3, "Mail"), app(4, "Web"))
    text = named + "[guard]\nshare = 1.0\n"
    _, report, _ = run(text, apps=[{"Id": "1", "Name": "Web"}])
    assert [item["name"] for item in report["del_comps_l"]] == ["Mail"]
    (ambiguous,) = report["ambiguous"]
    assert ambiguous["used"] == ambiguous["matches"][0]
    assert ambiguous["matches"] == [app(number, "")["_id"] for number in (1, 4, 2)]


def test_row_of_several_references_fails_once_in_its_source(ardoq, run):
    """Of a row with several references, each that fails is listed; as a row of its source, it fails once."""
    load(ardoq, app(1, "Web", cmdb_id="web"), app(2, "DB"))
    result, report, _ = run(LINKS, links=[{"From": "web", "To": ["No", "DB", "Nobody"]}])
    assert [row["name"] for row in report["failed_refs_l"]] == ["web -> No", "web -> Nobody"]
    assert (result.counts["links"]["rows"], result.counts["links"]["failed"]) == (1, 1)
    assert stored_references(ardoq) == [("Web", "DB", 1)]
