"""Seeds, dumps, the database file and the admin API."""

import json
import sqlite3

import pytest
from emulator_caller import Caller, Ticking

from ardoqpy.emulator import Emulator, Fault
from ardoqpy.emulator.seed import SeedError

SEED = {
    "format": 1,
    "workspaces": [{"_id": "ws", "name": "Apps"}],
    "components": [
        {"_id": "b", "name": "B", "rootWorkspace": "ws", "parent": "a"},
        {"_id": "a", "name": "A", "rootWorkspace": "ws", "customFields": {"cost": 5}},
        {"_id": "c", "name": "C", "rootWorkspace": "ws", "componentKey": "APP-7"},
    ],
    "references": [{"source": "a", "target": "b", "type": 2}],
    "tags": [{"name": "t", "rootWorkspace": "ws", "components": ["a"]}],
    "fields": [{"label": "Cost", "type": "number", "model": "54d38789e4b0dcc89b8d8e13"}],
    "reports": [{"_id": "r", "name": "R", "query": {"rootWorkspace": "ws"}}],
}


def dump_of(**options):
    """Return the dump of a new emulator with these options."""
    with Emulator(**options) as emulator:
        return emulator.dump()


def fill(caller):
    """Create entities of every kind, with deletions and gaps."""
    first, second = caller.workspace("First"), caller.workspace("Second")
    a = caller.component(first, "a", text="x", number=5, none=None)
    b = caller.component(first, "b", parent=a["_id"])
    caller.reference(b, caller.component(first, "c"))
    d = caller.component(second, "d")
    reference = caller.reference(a, d, weight=1.5)
    caller.reference(d, b)
    tag = {"name": "t", "rootWorkspace": first["_id"], "components": [b["_id"]]}
    caller.ok("POST", "/api/tag", {**tag, "references": [reference["_id"]]}, 201)
    caller.ok("POST", "/api/field", {"label": "Text", "model": first["componentModel"]}, 201)
    folder = caller.ok("POST", "/api/workspacefolder", {"name": "F"}, 201)
    caller.ok("PUT", f"/api/workspacefolder/{folder['_id']}/add", {"workspaces": [first["_id"]]})
    caller.ok("POST", f"/api/workspace/{first['_id']}/branch/create", {"branch-name": "x"}, 201)
    with caller.emulator.store.transaction():
        content = {"content_type": "text/plain", "content": b"\x00\xff"}
        caller.emulator.store.attachments.upload("workspace", first["_id"], "f.txt", **content)
        caller.emulator.store.reports.create(
            {"name": "R", "query": {"rootWorkspace": first["_id"], "typeId": None}}
        )
    caller.ok("DELETE", f"/api/component/{d['_id']}", status=204)
    caller.ok("PATCH", f"/api/component/{a['_id']}", {"name": "a2"})


def test_dump_can_be_loaded(ardoq):
    """An emulator with a loaded dump has the same dump, and gives the same next answer."""
    fill(ardoq)
    dump = ardoq.emulator.dump()
    assert all(dump[kind] for kind in dump)
    with Emulator(seed=json.loads(json.dumps(dump)), clock=Ticking()) as copy:
        assert copy.dump() == dump
        other = Caller(copy)
        workspace = ardoq.ok("GET", "/api/workspace/by-name?name=First")[0]
        whole = f"/api/workspace/{workspace['_id']}/aggregated"
        assert other.ok("GET", whole) == ardoq.ok("GET", whole)
        created, same = ardoq.component(workspace, "n"), other.component(workspace, "n")
        assert (created["_id"], created["component-key"]) == (same["_id"], same["component-key"])
        other.connection.close()


def test_minimal_seed_is_completed(tmp_path):
    """Whatever has a default may be left out, in any order; component keys continue after given ones."""
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(SEED))
    with Emulator(seed=path) as emulator:
        caller = Caller(emulator)
        whole = caller.ok("GET", "/api/workspace/ws/aggregated")
        components = {entry["_id"]: entry for entry in whole["components"]}
        assert list(components) == ["b", "a", "c"]
        assert (components["b"]["type"], components["a"]["type"]) == ("Service", "Application")
        assert (components["a"]["cost"], components["a"]["_version"]) == (5, 1)
        assert [entry["component-key"] for entry in whole["components"]] == ["APP-9", "APP-8", "APP-7"]
        assert whole["references"][0]["rootWorkspace"] == "ws"
        assert whole["tags"][0]["components"] == ["a"]
        assert caller.component({"_id": "ws"}, cost="7")["cost"] == 7
        assert len(caller.ok("GET", "/api/report/r/export-data")) == 4
        assert Emulator(seed=emulator.dump()).dump() == emulator.dump()
        caller.connection.close()


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        ({}, 'needs "format": 1'),
        ({"format": 2}, "this one has 2"),
        ({"format": 1, "planets": []}, "has no 'planets'"),
        ({"format": 1, "components": {}}, "has to be a list"),
        ({"format": 1, "components": [{"name": "x", "rootWorkspace": "ws"}]}, "no workspace has the id ws"),
        ({**SEED, "references": [{"source": "a", "target": "z", "type": 2}]}, "no component has the id z"),
        ({**SEED, "references": [{"source": "a", "target": "b", "type": 9}]}, "no reference type 9"),
        ({**SEED, "tags": [{"name": "t", "rootWorkspace": "ws", "components": ["z"]}]}, "no component"),
        ({**SEED, "workspaces": [{"name": "x"}, {"_id": "a", "name": "y"}]}, "the id a twice"),
        ({"format": 1, "workspaces": [{"name": "x", "colour": 1}]}, "unknown key 'colour'"),
        ({"format": 1, "workspaces": [{"name": 5}]}, "has to be a string"),
        ({"format": 1, "workspaces": [{"_id": 5}]}, "not a string"),
        ({"format": 1, "attachments": [{}]}, "incomplete"),
        (
            {
                **SEED,
                "components": [
                    {"_id": "a", "name": "A", "rootWorkspace": "ws", "parent": "b"},
                    {"_id": "b", "name": "B", "rootWorkspace": "ws", "parent": "a"},
                ],
            },
            "below itself",
        ),
    ],
)
def test_invalid_seed_is_rejected(seed, expected):
    """An invalid seed is a ValueError with one sentence, and changes nothing."""
    emulator = Emulator(seed=SEED)
    before = emulator.dump()
    with pytest.raises(SeedError, match=expected):
        emulator.load(seed)
    assert emulator.dump() == before
    with pytest.raises(ValueError, match=expected):
        Emulator(seed=seed)


def test_unreadable_seed_files_are_rejected(tmp_path):
    """The message names a file that is missing, not JSON or not an object."""
    path = tmp_path / "seed.json"
    with pytest.raises(SeedError, match="cannot be read"):
        Emulator(seed=path)
    path.write_text("{")
    with pytest.raises(SeedError, match="is not JSON"):
        Emulator(seed=path)
    path.write_text("[]")
    with pytest.raises(SeedError, match="has to be a JSON object"):
        Emulator(seed=path)


def test_seed_is_copied():
    """The given object does not change, and changing it has no effect."""
    seed = json.loads(json.dumps(SEED))
    emulator = Emulator(seed=seed)
    assert seed == SEED
    before = emulator.dump()["components"]
    seed["components"][1]["customFields"]["cost"] = 6
    seed["components"].clear()
    assert emulator.dump()["components"] == before
    emulator.reset()
    assert len(emulator.dump()["components"]) == 3
    seed = json.loads(json.dumps(SEED))
    emulator.load(seed)
    seed["components"][1]["customFields"]["cost"] = 6
    seed["tags"][0]["components"].append("c")
    assert emulator.dump()["components"][1]["customFields"] == {"cost": 5}
    assert emulator.dump()["tags"][0]["components"] == ["a"]


def test_reset_goes_back_to_the_seed():
    """A reset restores the start, the next id included."""
    emulator = Emulator(seed=SEED, clock=Ticking())
    before = emulator.dump()
    with emulator.store.transaction():
        created = emulator.store.workspaces.create({"name": "X"})
    emulator.store.state._clock = Ticking()
    emulator.reset()
    assert emulator.dump() == before
    with emulator.store.transaction():
        assert emulator.store.workspaces.create({"name": "X"})["_id"] == created["_id"]


def test_database_is_restored(tmp_path):
    """A later start with the same file has everything, order and counters included, even after a kill."""
    path = tmp_path / "ardoq.db"
    with Emulator(db=path, seed=SEED) as emulator:
        caller = Caller(emulator)
        fill(caller)
        caller.connection.close()
        dump = emulator.dump()
        # Opened while the other still runs: what is answered is in the file already.
        assert dump_of(db=path, seed=SEED) == dump
    with Emulator(db=path, seed={"format": 1}) as emulator:
        assert emulator.dump() == dump
        caller = Caller(emulator)
        created = caller.component({"_id": "ws"}, "later")
        assert created["component-key"] == "APP-10"
        assert created["_id"] not in json.dumps(dump)
        caller.connection.close()
        dump = emulator.dump()
    assert dump_of(db=path) == dump


def test_database_keeps_order_over_reset_and_load(tmp_path):
    """A loaded dump is stored in its new order."""
    path = tmp_path / "ardoq.db"
    with Emulator(db=path, seed=SEED) as emulator:
        turned = {**SEED, "components": SEED["components"][::-1]}
        emulator.load(turned)
        dump = emulator.dump()
    assert dump_of(db=path) == dump


def test_failed_request_is_not_stored(tmp_path):
    """A change that is undone is not in the file."""
    path = tmp_path / "ardoq.db"
    with Emulator(db=path, seed=SEED) as emulator:
        caller = Caller(emulator)
        item = {"batchId": "x", "name": "x", "rootWorkspace": "ws"}
        wrong = {"batchId": "r", "source": "x", "target": "z", "type": 2}
        body = {"op": "create", "data": {"components": [item], "references": [wrong]}}
        caller.rejected(422, "POST", "/api/batch", body)
        caller.connection.close()
        dump = emulator.dump()
    assert dump_of(db=path) == dump


def test_foreign_database_is_rejected(tmp_path):
    """A file of another program, or one that is not a database, is rejected and not changed."""
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(ValueError, match="belongs to another program"):
        Emulator(db=path)
    path.write_text("this is no database, but long enough to look like one" * 50)
    with pytest.raises(ValueError, match="cannot be used"):
        Emulator(db=path)


def test_rollback_restores_order_and_indexes(emulator):
    """After a failed transaction, listings and look-ups are as before, deletions included."""
    store = emulator.store
    emulator.load(SEED)
    before = emulator.dump()

    def change():
        with store.transaction():
            store.components.create({"name": "new", "rootWorkspace": "ws"}, {})
            store.components.update("c", {"name": "renamed", "parent": "a"}, {"x": 1})
            store.workspaces.delete("ws")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError):
        change()
    assert emulator.dump() == before
    components = store.state.components
    assert components.ids("workspace", "ws") == ["b", "a", "c"]
    assert components.ids("name", ("ws", "c")) == ["c"]
    assert components.ids("name", ("ws", "renamed")) == []
    assert components.ids("custom", ("ws", "x", "1")) == []
    assert components.ids("parent", "a") == ["b"]


def test_inner_transaction_undoes_only_its_changes(emulator):
    """The changes of the outer transaction stay if an inner one fails and is caught."""
    store = emulator.store

    def fails():
        with store.transaction():
            store.folders.create({"name": "inner"})
            raise RuntimeError("on purpose")

    with store.transaction():
        store.folders.create({"name": "outer"})
        with pytest.raises(RuntimeError):
            fails()
    assert [row["name"] for row in store.state.folders.rows()] == ["outer"]
    with pytest.raises(RuntimeError, match="needs a transaction"):
        store.folders.create({"name": "x"})


def test_admin_api_dumps_seeds_and_resets(ardoq):
    """Another process can dump, seed and reset an emulator."""
    dump = ardoq.ok("GET", "/_emulator/dump")
    ardoq.ok("POST", "/_emulator/seed", SEED, 204)
    assert len(ardoq.ok("GET", "/api/component")) == 3
    assert "this one has 7" in ardoq.rejected(400, "POST", "/_emulator/seed", {"format": 7})
    assert len(ardoq.ok("GET", "/api/component")) == 3
    ardoq.ok("POST", "/_emulator/reset", status=204)
    assert ardoq.ok("GET", "/api/component") == []
    assert dump.keys() == ardoq.ok("GET", "/_emulator/dump").keys()
    ardoq.rejected(404, "GET", "/_emulator/nothing")
    ardoq.rejected(405, "PUT", "/_emulator/dump")


def test_admin_api_accepts_faults(ardoq):
    """A fault or a list of faults can be added, listed and removed; an invalid one is 400."""
    (pending,) = ardoq.ok("POST", "/_emulator/faults", {"status": 500, "times": 2})
    assert (pending["kind"], pending["status"], pending["times"]) == ("status", 500, 2)
    ardoq.ok("POST", "/_emulator/faults", [{"kind": "html"}, {"kind": "drop-before"}])
    assert ardoq.call("GET", "/api/tag").status == 500
    assert [entry["times"] for entry in ardoq.ok("GET", "/_emulator/faults")] == [1, 1, 1]
    assert ardoq.emulator.pending_faults()[1] == Fault("html")
    ardoq.ok("DELETE", "/_emulator/faults", status=204)
    assert ardoq.call("GET", "/api/tag").status == 200
    for wrong in ({"kind": "x"}, {"colour": 1}, [5], {"times": "x"}, {"method": 5}):
        ardoq.rejected(400, "POST", "/_emulator/faults", wrong)


def test_requests_are_logged_without_secrets(ardoq):
    """The log has method, path, query and status of every call except those to the admin API."""
    ardoq.rejected(404, "GET", "/api/tag/a%20b?x=1")
    ardoq.ok("GET", "/_emulator/faults")
    ardoq.workspace()
    assert [tuple(entry) for entry in ardoq.emulator.requests] == [
        ("GET", "/api/tag/a b", "x=1", 404),
        ("POST", "/api/workspace", "", 201),
    ]
    logged = ardoq.ok("GET", "/_emulator/requests")
    assert logged[0] == {"method": "GET", "path": "/api/tag/a b", "query": "x=1", "status": 404}
    assert ardoq.emulator.token not in json.dumps(logged)
    ardoq.ok("DELETE", "/_emulator/requests", status=204)
    assert ardoq.emulator.requests == []
