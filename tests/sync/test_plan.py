"""A plan as data: its content, its text, and its file."""

import copy
import json
import math
from pathlib import Path

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_scenarios import (
    TOKEN,
    open_sync_client,
    row,
    run,
    seed,
    stored_component,
    stored_reference,
    worlds_and_scripts,
    writes,
)

from ardoqpy import InvalidInput
from ardoqpy._terminal import escape_controls
from ardoqpy_sync import Change, Plan
from ardoqpy_sync.plans.plan import origin_now
from ardoqpy_sync.report import Report

SYNC = settings.get_profile("sync")


@pytest.fixture
def plan(new_sync):
    """Give a plan with a bit of everything in it."""
    client = new_sync(simulate=True, on_error="collect")
    client.load_workspaces(["ws1", "ws2"])
    created = client.create_component(row("New", code="K"), "code", label="apps.csv line 7")
    client.create_reference({"source": created["_id"], "target": "host", "type": 2}, label="apps.csv line 8")
    client.create_component(row("Web", cost=6, note=None))
    client.create_component(row("Shop", score=9))
    client.create_component({"name": "Half", "when": {1, 2}}, label="apps.csv line 9")
    client.del_component("till")
    return client.plan


_SAVED = {}


@pytest.fixture
def saved(request, tmp_path):
    """Return the file of the plan, which only the first test makes."""
    path = tmp_path / "plan.json"
    if not _SAVED:
        request.getfixturevalue("plan").save(path)
        _SAVED["plan"] = path.read_bytes()
    path.write_bytes(_SAVED["plan"])
    return path


def test_plan_lists_each_change_in_order(plan):
    """Each change has its entity, old and new values, the compared version, its label, and `deleted_with`."""
    new, ref, web, till, gone = plan.changes
    assert new == {
        "action": "create",
        "kind": "component",
        "_id": "simulated-1",
        "name": "New",
        "type": "Application",
        "rootWorkspace": "ws1",
        "version": None,
        "attributes": {
            "name": {"old": None, "new": "New"},
            "typeId": {"old": None, "new": "app"},
            "code": {"old": None, "new": "K"},
            "rootWorkspace": {"old": None, "new": "ws1"},
        },
        "label": "apps.csv line 7",
        "field": "code",
    }
    assert (ref["name"], ref["label"], ref["attributes"]["source"]["new"]) == (
        "New -> Host",
        "apps.csv line 8",
        "simulated-1",
    )
    assert web["version"] == 1
    assert web["attributes"] == {"cost": {"old": 5, "new": 6}, "note": {"old": "kept", "new": None}}
    assert (till["action"], till["_id"], till["version"], "deleted_with" in till) == (
        "delete",
        "till",
        1,
        False,
    )
    assert (gone["_id"], gone["deleted_with"], gone["note"]) == ("host-till", "till", "with component Till")
    assert [(item["attribute"], item["wanted"]) for item in plan.not_converging] == [("score", 9)]
    assert [
        (failure["name"], failure["label"], "typeId" in failure["reason"]) for failure in plan.failed
    ] == [("Half", "apps.csv line 9", True)]
    assert plan.failed[0]["row"] == {"name": "Half", "when": "{1, 2}"}
    assert plan.workspaces == {"ws1": "Workspace ws1", "ws2": "Workspace ws2"}


def test_plan_has_its_origin(plan, version, ardoq):
    """The plan has the time, the library, the API version and the host, and no token."""
    origin = plan.origin
    assert (origin["api"], origin["host"], origin["org"], origin["simulated"]) == (
        version,
        ardoq.url,
        None,
        True,
    )
    assert origin["by"].startswith("ardoqpy 1.")
    assert origin["at"].endswith("Z")
    for text in (json.dumps(plan.as_dict()), repr(plan), str(plan), plan.describe()):
        assert TOKEN not in text


def test_plan_counts(plan, new_sync):
    """A plan has a length, is false without changes, and has the totals of the report."""
    assert (len(plan), bool(plan)) == (5, True)
    assert plan.counts() == {
        "component": {"created": 1, "updated": 1, "deleted": 1, "unchanged": 1, "missing": 0, "failed": 1},
        "reference": {"created": 1, "updated": 0, "deleted": 1, "unchanged": 0, "missing": 0, "failed": 0},
    }
    client = new_sync(simulate=True)
    client.create_component(row("Web"))
    assert (len(client.plan), bool(client.plan)) == (0, False)
    assert client.plan.counts()["component"]["missing"] == 1


def test_plan_as_text(plan, ardoq):
    """The short text has the totals, the long one each change with old and new, and the failed rows."""
    short = str(plan).splitlines()
    assert len(short) == 4
    assert ardoq.url in short[0]
    assert short[2].split() == ["components", "1", "1", "1", "1", "0", "1"]
    long = plan.describe()
    for line in (
        "  - create component New (Application)  [apps.csv line 7]",
        "      code: K",
        "  - update component Web (Application, version 1)",
        "      cost: 5 -> 6",
        "      note: kept -> empty",
        "  - delete component Till (Service, version 1)",
    ):
        assert line in long.splitlines()
    assert "[apps.csv line 9]" in long
    assert "score: Ardoq keeps empty, the source has 9" in long
    brief = plan.describe(longest=2)
    assert "  ... and 3 more" in brief
    assert "Till" not in brief


@settings(SYNC)
@given(text=st.text(st.characters(), min_size=1, max_size=30))
def test_plan_text_is_safe_on_a_terminal(text):
    """Whatever names, labels and values hold, each line is escaped."""
    report = Report()
    attributes = {text: (text, [text])}
    report.add(Change("update", "component", "c1", text, text, "ws1", attributes, 1, label=text))
    report.add(Change("failed", "component", text, text, text, text, {}, None, text, {text: text}, text))
    report.ambiguous["c1"] = {"kind": "component", "name": text, "used": text, "matches": [text]}
    plan = _plan_of(report)
    plan.origin["host"] = text
    for described in (plan.describe(), str(plan)):
        assert all(escape_controls(line) == line for line in described.split("\n"))
        assert len(described.split("\n")) == (11 if described != str(plan) else 4)


def test_plan_is_a_copy(new_sync):
    """Changing a plan changes neither the report nor the next plan."""
    client = new_sync(simulate=True)
    client.create_component(row("Web", areas=["North"]))
    plan, before = client.plan, client.get_report()
    plan.changes[0]["attributes"]["areas"]["new"].append("South")
    plan.changes.clear()
    plan.workspaces.clear()
    assert client.get_report() == before
    assert client.plan.changes[0]["attributes"]["areas"]["new"] == ["North"]
    assert client.plan.workspaces == {"ws1": "Workspace ws1"}


def test_plan_of_a_live_run(ardoq, sync):
    """The plan of a live run is what it changed."""
    created = sync.create_component(row("New"))
    sync.del_component("till")
    plan = sync.plan
    assert plan.origin["simulated"] is False
    assert [(change["action"], change["_id"]) for change in plan.changes] == [
        ("create", created["_id"]),
        ("delete", "till"),
    ]


@settings(SYNC)
@given(drawn=worlds_and_scripts(with_deletes=True))
def test_g1_the_plan_of_any_run_survives_a_file(server, tmp_path_factory, drawn):
    """The plan of a simulated run is the same after it was saved and loaded; making it sends no write."""
    seeded, script = drawn
    server.load(seed(**seeded))
    server.clear_requests()
    with open_sync_client(server, simulate=True, on_error="collect") as client:
        run(client, script)
        plan, report = client.plan, client.get_report()
    path = tmp_path_factory.mktemp("plans") / "plan.json"
    plan.save(path)
    again = Plan.load(path)
    assert again == plan
    assert again.describe() == plan.describe()
    assert Plan.from_dict(plan.as_dict()) == plan
    counts = plan.counts()
    for kind, short in (("component", "comps"), ("reference", "refs")):
        assert counts[kind] == {
            "created": report[f"new_{short}"],
            "updated": report[f"updated_{short}"],
            "deleted": report[f"del_{short}"],
            "unchanged": report[f"cache_hit_{short}"],
            "missing": len(report[f"cache_miss_{short}"]),
            "failed": report[f"failed_{short}"],
        }
    stored_value = [change for change in report["changes"] if change["action"] != "failed"]
    assert [
        {key: value for key, value in change.items() if key != "deleted_with"} for change in plan.changes
    ] == json.loads(json.dumps(stored_value))
    assert writes(server) == []


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=6,
)
_ODD = st.recursive(
    _VALUES | st.floats() | st.sets(st.integers()) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.integers() | st.binary() | st.text(st.characters()), inner, max_size=3)
    ),
    max_leaves=6,
)


def _plan_of(report):
    origin = {"api": "v1", "host": "https://a.example", "org": None, "simulated": True}
    return Plan.of_run(report, {"component": 0, "reference": 0}, {"ws1": None}, origin_now(**origin))


@settings(SYNC, max_examples=examples(200))
@given(old=_VALUES, new=_VALUES, name=st.text(st.characters()), odd=_ODD)
def test_values_are_the_same_after_loading(tmp_path_factory, old, new, name, odd):
    """Half characters, long numbers and floats are unchanged; odd rows do no harm."""
    report = Report()
    report.add(Change("update", "component", "c1", name, name, "ws1", {name: (old, new)}, 3, label=name))
    report.add(Change("failed", "reference", None, None, None, None, {}, None, name, {"row": odd}))
    plan = _plan_of(report)
    path = tmp_path_factory.mktemp("plans") / "plan.json"
    plan.save(path)
    again = Plan.load(path)
    assert again == plan
    ((_, stored_value),) = again.changes[0]["attributes"].items()
    for value, loaded in ((old, stored_value["old"]), (new, stored_value["new"])):
        assert repr(json.loads(json.dumps(value))) == repr(loaded)
        if not _pairs_of_halves(value):
            assert repr(loaded) == repr(value)
    path.read_bytes().decode("ascii")


def _pairs_of_halves(value):
    """Return whether two surrogates are adjacent, which JSON reads as one character."""
    return json.loads(json.dumps(value)) != value


def test_row_that_json_cannot_hold(new_sync, tmp_path):
    """A failed row with endless, deep or huge values is saved as far as possible."""
    client = new_sync(simulate=True, on_error="collect")
    deep = []
    for _ in range(500):
        deep = [deep]
    endless = []
    endless.append(endless)
    client.create_component({"name": "Endless", "list": endless})
    client.create_component({"name": "Deep", "list": deep, "not": math.inf})
    client.create_component({"name": "Long", "key": {10**5000: 1}, "one": -(10**5000), "some": {10**5000}})
    client.plan.save(tmp_path / "plan.json")
    failed = Plan.load(tmp_path / "plan.json").failed
    assert [failure["name"] for failure in failed] == ["Endless", "Deep", "Long"]
    assert failed[2]["row"] == {"name": "Long", "key": "a dict", "one": "an int", "some": "a set"}


def test_saving_replaces_the_file_in_one_step(plan, tmp_path, monkeypatch):
    """If saving fails, the old file stays, and nothing else is left."""
    path = tmp_path / "plan.json"
    plan.save(path)
    before = path.read_bytes()
    plan.changes.pop()
    plan.save(str(path))
    assert len(Plan.load(path)) == 4
    path.write_bytes(before)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InvalidInput, match="No space left"):
        plan.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_invalid_plan_is_not_saved(plan, tmp_path):
    """A plan that was changed to something invalid is rejected, and no file is left."""
    plan.changes[2]["version"] = "one"
    with pytest.raises(InvalidInput, match=r"changes\[2\]\.version is a str, not a whole number"):
        plan.save(tmp_path / "plan.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", [None, 5, b"plan.json"])
def test_invalid_path(plan, path):
    """A path of another type is rejected, by save and by load."""
    for act in (plan.save, Plan.load):
        with pytest.raises(InvalidInput, match="path is"):
            act(path)


def _spoilt(path, *keys, value=...):
    """Write a plan's file again with one value changed or removed."""
    data = json.loads(path.read_text())
    location = data
    for key in keys[:-1]:
        location = location[key]
    if value is ...:
        del location[keys[-1]]
    else:
        location[keys[-1]] = value
    path.write_text(json.dumps(data))


#: A change of a value.
PAIR = {"old": 1, "new": 2}


@pytest.mark.parametrize(
    ("keys", "value", "says"),
    [
        (["kind"], "shopping list", "is not a plan"),
        (["kind"], ..., "is not a plan"),
        (["format"], 2, "has the format 2, but this ardoqpy reads format 1"),
        (["format"], True, "has the format a bool"),
        (["format"], ..., "has the format None"),
        (["origin"], ..., "origin is missing"),
        (["origin", "host"], 5, "origin.host is an int, not text"),
        (["origin", "simulated"], "yes", "origin.simulated is a str, not true or false"),
        (["workspaces"], [], "workspaces is a list, not an object"),
        (["workspaces", "ws1"], 5, "workspaces['ws1'] is an int"),
        (["unchanged", "reference"], ..., "unchanged.reference is missing"),
        (["missing", "component"], True, "missing.component is a bool"),
        (["failed", 0, "reason"], ..., "failed[0].reason is missing"),
        (["failed", 0], "x", "failed[0] is a str, not an object"),
        (["not_converging", 0, "kind"], "x", "not_converging[0].kind is 'x', not component or reference"),
        (["changes"], {}, "changes is a dict, not a list"),
        (["changes", 0], 5, "changes[0] is an int"),
        (["changes", 1, "action"], "destroy", "changes[1].action is 'destroy'"),
        (["changes", 1, "kind"], "tag", "changes[1].kind is 'tag'"),
        (["changes", 2, "_id"], "../x", "changes[2]._id is '../x'"),
        (["changes", 2, "_id"], "", "changes[2]._id is ''"),
        (["changes", 2, "rootWorkspace"], None, "changes[2].rootWorkspace is None"),
        (["changes", 2, "version"], 1.5, "changes[2].version is a float"),
        (["changes", 3, "version"], ..., "changes[3].version is missing"),
        (["changes", 2, "label"], 5, "changes[2].label is an int"),
        (["changes", 2, "attributes"], None, "changes[2].attributes is None"),
        (["changes", 2, "attributes", "cost"], 6, "changes[2].attributes['cost'] is an int"),
        (["changes", 2, "attributes", "cost", "new"], ..., "changes[2].attributes['cost'] is not an object"),
        (["changes", 2, "attributes", "_id"], PAIR, "changes[2].attributes['_id'] is set by Ardoq"),
        (["changes", 2, "attributes", "_version"], PAIR, "['_version'] is set by Ardoq"),
        (["changes", 2, "attributes", "rootWorkspace"], PAIR, "['rootWorkspace'] is set by Ardoq"),
        (["changes", 2, "attributes", "last-updated"], PAIR, "['last-updated'] is set by Ardoq"),
        (["changes", 0, "attributes", "rootWorkspace", "new"], "ws2", "is for another workspace"),
        (["changes", 0, "attributes", "name", "new"], "Other", "the change is named otherwise"),
        (["changes", 2, "attributes", "name"], PAIR, "['name'] is an int, not text"),
        (["changes", 2, "attributes", "typeId"], {"old": "app", "new": None}, "['typeId'] is None, not text"),
        (["changes", 2, "attributes", "parent"], {"old": None, "new": ["web"]}, "is a list, not text"),
        (["changes", 1, "attributes", "target", "new"], {}, "['target'] is a dict, not text"),
        (["changes", 1, "attributes", "type", "new"], "2", "['type'] is a str, not a whole number"),
        (["changes", 1, "_id"], "simulated-1", "changes[1] creates simulated-1, which is in the plan before"),
        (["changes", 4, "deleted_with"], "web", "changes[4] is to be deleted with 'web', which is not"),
        (["changes", 2], ..., "totals.component.updated is 1, but the plan holds 0"),
        (["changes", 0], ..., "changes[0] needs simulated-1, which nothing before it creates"),
        (["totals", "component"], ..., "totals.component is missing"),
    ],
)
@pytest.mark.unsent
def test_damaged_plan(saved, keys, value, says):
    """A damaged file is rejected with one sentence that names the file and what is wrong where."""
    _spoilt(saved, *keys, value=value)
    with pytest.raises(InvalidInput) as caught:
        Plan.load(saved)
    assert says in str(caught.value)
    assert "plan.json" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is cut off at line 1"),
        (b"name,cost\nWeb,5\n", "is damaged at line 1, column 1"),
        (b'{"kind": NaN}', "NaN is not a number"),
        (b'{"kind": 1e999}', "too large"),
        (b'{"kind": "a", "kind": "b"}', "has the key 'kind' twice"),
        (b"\xff\xfe{}", "byte 0 is not UTF-8"),
        (b"[]", "is not a plan"),
        (b"[" * 100_000, "is damaged"),
        (b"1" * 5000, "is damaged"),
    ],
)
def test_file_that_is_not_a_plan(tmp_path, content, says):
    """Any other file is rejected with what is wrong with it."""
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=says):
        Plan.load(path)


def test_missing_file(tmp_path):
    """A file that cannot be read is named, with the reason."""
    with pytest.raises(InvalidInput, match=r"nothing\.json.*No such file"):
        Plan.load(tmp_path / "nothing.json")
    with pytest.raises(InvalidInput, match="no such path"):
        Plan.load("nul\0byte")


def test_truncated_file(plan, tmp_path):
    """A file cut off anywhere is rejected; a byte order mark is not."""
    path = tmp_path / "plan.json"
    plan.save(path)
    whole = path.read_bytes()
    for end in range(0, len(whole.rstrip()), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(InvalidInput, match=r"plan\.json' is (cut off|damaged)"):
            Plan.load(path)
    path.write_bytes(b"\xef\xbb\xbf" + whole)
    assert Plan.load(path) == plan


def test_from_dict_copies(plan):
    """A plan from a dict is independent of it."""
    data = plan.as_dict()
    before = copy.deepcopy(data)
    Plan.from_dict(data).changes.clear()
    assert data == before
    with pytest.raises(InvalidInput, match="The plan is not a plan"):
        Plan.from_dict({})


def test_name_of_a_reference_names_its_ends(new_sync, ardoq):
    """A reference in a plan is named after its ends, as in the report."""
    ardoq.load(
        seed([stored_component("a", "A"), stored_component("b", "B")], [stored_reference("r", "a", "b")])
    )
    client = new_sync(simulate=True)
    client.create_reference({"source": "a", "target": "b", "type": 1, "displayText": "x"})
    assert [(change["name"], change["type"]) for change in client.plan.changes] == [("A -> B", 1)]
