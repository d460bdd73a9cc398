"""Take a run back: what comes back, what stays, and that nobody's edit is lost."""

import sqlite3

import pytest
from example_counts import examples
from undo_worlds import (
    APPS,
    MODES,
    SEED,
    TOKEN,
    World,
    check_ledger,
    check_two_undos,
    check_world,
    flat,
    snapshot,
)

from ardoqpy import InvalidInput
from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.job.connect import begin_run

WORLDS = 15


@pytest.fixture(scope="module")
def running():
    """Run one emulator for all tests of this file."""
    with emulator(seed=SEED, token=TOKEN, page_size=5) as server:
        yield server
    assert server.crashes == []


@pytest.fixture
def ardoq(running):
    """Return the emulator with an empty organisation."""
    running.load(SEED)
    running.clear_requests()
    return running


@pytest.mark.parametrize("check", [check_world, check_two_undos, check_ledger])
@pytest.mark.parametrize(
    "mode", [*(pytest.param(mode, marks=pytest.mark.slow) for mode in ("v1", "v2")), "batched"]
)
def test_random_runs_are_taken_back(ardoq, tmp_path, mode, check):
    """Ardoq is as before but for edits since, none of which is lost, all that stays is named, and so on.

    Without edits, the ledger and the preview of the next run are as before as well.
    """
    for number in range(examples(WORLDS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert (number, check(ardoq, folder, number, mode)) == (number, [])


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_undo_of_an_undo(ardoq, tmp_path, mode):
    """An undo is a run: taking it back leads to what the first run had left, under new ids."""
    for number in range(examples(12)):
        ardoq.load(SEED)
        folder = tmp_path / str(number)
        folder.mkdir()
        world = World(ardoq, folder, number, mode)
        world.run()
        run = world.run()
        wanted = values_by_name(ardoq)
        world.undo(run)
        if values_by_name(ardoq) != wanted:
            not_undone, _ = world.undo("last")
            assert (number, values_by_name(ardoq), not_undone) == (number, wanted, [])


def values_by_name(ardoq):
    """Return what Ardoq holds without ids: parents and ends by their names."""
    held = snapshot(ardoq)
    names = {key: values.get("name") for key, values in held.items()}
    return sorted(
        sorted((name, str(names.get(value, value))) for name, value in values.items())
        for values in held.values()
    )


@pytest.fixture(params=["v1", "v2"])
def client(request, ardoq, tmp_path):
    """Return a function that opens a client with a ledger."""
    return lambda **more: ArdoqSyncClient(
        ardoq.url, TOKEN, version=request.param, ledger=tmp_path / "script.db", **more
    )


def row(name, **values):
    """Return a row of a component."""
    return {"name": name, "typeId": "p1", "rootWorkspace": APPS, **values}


def test_run_of_a_script_is_taken_back(ardoq, client):
    """A script with a ledger can take its last run back, too."""
    with client() as first:
        first.create_component(row("A", cost=1))
    with client() as second:
        second.create_component(row("A", cost=2))
        second.create_component(row("B"))
    with client() as third:
        plan = third.undo_plan()
        assert [(change["action"], change["name"]) for change in plan.changes] == [
            ("update", "A"),
            ("delete", "B"),
        ]
        assert plan.origin["undoes"] == 2
        third.apply(plan)
    assert [flat(comp)["cost"] for comp in ardoq.dump()["components"]] == [1]


def test_undo_without_ledger_or_run(ardoq, client):
    """Without a ledger, without a run or of an unknown run there is nothing to undo: one sentence each."""
    with (
        ArdoqSyncClient(ardoq.url, TOKEN) as plain,
        pytest.raises(InvalidInput, match="This client has no ledger: pass ledger=FILE"),
    ):
        plain.undo_plan()
    with client() as first:
        with pytest.raises(InvalidInput, match="has no run 'last': it has no run yet"):
            first.undo_plan()
        first.create_component(row("A"))
        with pytest.raises(InvalidInput, match="has no run 7: it has the runs 1 to 1"):
            first.undo_plan(7)


def test_edits_and_uses_of_others_are_named(ardoq, client):
    """An edited component, a used one and an edited attribute stay, each with the reason."""
    with client() as first:
        first.create_component(row("Old", cost=1, owner="x"))
    with client() as second:
        second.create_component(row("Old", cost=2, owner="y"))
        edited, used, free = (second.create_component(row(name))["_id"] for name in ("E", "U", "F"))
    with client(simulate=True) as preview:
        old = preview.find_component(APPS, "Old")[0]["_id"]
    with ArdoqSyncClient(ardoq.url, TOKEN) as other:
        other.patch_component(old, payload={"owner": "Anna"})
        other.patch_component(edited, payload={"owner": "Anna"})
        other.create_component(row("Child", parent=used))
    with client() as third:
        plan = third.undo_plan()
        third.apply(plan)
    reasons = {(entry["name"], entry["attribute"]): entry["reason"] for entry in plan.not_undone}
    assert reasons == {
        ("Old", "owner"): "It was edited after the run.",
        ("E", None): "It was edited after the run.",
        ("U", None): "Others use it: component 'Child'.",
    }
    assert all(entry["who"] and entry["when"] for entry in plan.not_undone)
    held = {comp["_id"]: flat(comp) for comp in ardoq.dump()["components"]}
    assert (held[old]["cost"], held[old]["owner"]) == (1, "Anna")
    assert {edited, used} <= held.keys()
    assert free not in held


def test_later_runs_keep_what_they_wrote(ardoq, client):
    """What a later run wrote stays, and the run is named; once that is taken back, it comes back too."""
    for cost, owner in ((1, "a"), (2, "b"), (2, "c")):
        with client() as script:
            script.create_component(row("A", cost=cost, owner=owner))
    with client() as later:
        plan = later.undo_plan(2)
        assert [change["attributes"] for change in plan.changes] == [{"cost": {"old": 2, "new": 1}}]
        (entry,) = plan.not_undone
        assert (entry["attribute"], entry["reason"]) == ("owner", "Run 3 wrote it after this run.")
        later.apply(later.undo_plan(3))
    with client() as last:
        plan = last.undo_plan(2)
        assert plan.not_undone == []
        last.apply(plan)
    (comp,) = ardoq.dump()["components"]
    assert (flat(comp)["cost"], flat(comp)["owner"]) == (1, "a")


def test_edit_between_two_runs_is_kept(ardoq, client):
    """What somebody edited between the run that created a component and a later one stays, and is named."""
    with client() as first:
        created = first.create_component(row("A", cost=1))["_id"]
    edit_as_other(ardoq, created)
    with client() as second:
        second.create_component(row("A", cost=2))
    with client() as third:
        third.apply(third.undo_plan(2))
    with client() as last:
        plan = last.undo_plan(1)
        last.apply(plan)
    reasons = [(entry["name"], entry["reason"]) for entry in plan.not_undone]
    assert reasons == [("A", "It was edited after the run.")]
    (comp,) = ardoq.dump()["components"]
    assert (flat(comp)["cost"], flat(comp)["owner"]) == (1, "Anna")


@pytest.mark.parametrize("edit", [None, "before", "after"])
def test_run_is_taken_back_after_the_undo_of_a_later_delete(ardoq, client, edit):
    """What the undo of a delete has created again under a new id is what the first run had created.

    What somebody edited before the delete or after its undo stays, and is named.
    """
    with client() as first:
        created = first.create_component(row("A"))["_id"]
        target = first.create_component(row("B"))["_id"]
        first.create_reference({"source": created, "target": target, "type": 1, "rootWorkspace": APPS})
    if edit == "before":
        edit_as_other(ardoq, created)
    with client() as second:
        second.del_component(created)
    with client() as third:
        third.apply(third.undo_plan(2))
    (again,) = (comp["_id"] for comp in ardoq.dump()["components"] if comp["name"] == "A")
    assert again != created
    if edit == "after":
        edit_as_other(ardoq, again)
    with client() as last:
        plan = last.undo_plan(1)
        last.apply(plan)
    reasons = [(entry["name"], entry["reason"]) for entry in plan.not_undone]
    assert reasons == ([("A", "It was edited after the run.")] if edit else [])
    assert [comp["name"] for comp in ardoq.dump()["components"]] == (["A"] if edit else [])
    assert ardoq.dump()["references"] == []


@pytest.mark.parametrize("turned", [{"B": None, "A": "B"}, {"C": None, "B": "C", "A": "B"}])
def test_turned_tree_is_turned_back(ardoq, client, turned):
    """Components come back below those that the run had put below them."""
    with client() as first:
        ids = {"A": first.create_component(row("A"))["_id"]}
        for name, parent in (("B", "A"), ("C", "A")):
            ids[name] = first.create_component(row(name, parent=ids[parent]))["_id"]
    before = snapshot(ardoq)
    with client() as second:
        for name, parent in turned.items():
            second.patch_component(ids[name], payload={"parent": parent and ids[parent]})
    with client() as third:
        plan = third.undo_plan()
        third.apply(plan)
    assert (plan.not_undone, snapshot(ardoq)) == ([], before)


def test_value_of_a_field_that_is_calculated_now(ardoq, client):
    """The value of a field that Ardoq calculates by now is named; what is created again goes without it."""
    with client() as first:
        first.create_component(row("A", cost=1))
        gone = first.create_component(row("B", cost=1))["_id"]
    with client() as second:
        second.create_component(row("A", cost=2))
        second.del_component(gone)
    held = ardoq.dump()
    (cost,) = (field for field in held["fields"] if field["name"] == "cost")
    cost["calculatedFieldSettings"] = {"query": "1"}
    ardoq.load(held)
    with client() as undoing:
        plan = undoing.undo_plan()
        undoing.apply(plan)
    (entry,) = plan.not_undone
    assert (entry["name"], entry["attribute"]) == ("A", "cost")
    assert entry["reason"] == "Ardoq does not keep this value: it sets its own."
    assert sorted(component["name"] for component in ardoq.dump()["components"]) == ["A", "B"]


def test_last_is_not_an_undo_that_was_killed(ardoq, client, tmp_path):
    """After an undo that did not end, `last` may mean two runs and is refused; a number goes on with it."""
    for cost in (1, 2):
        with client() as run:
            run.create_component(row("A", cost=cost))
    with client() as killed:
        plan = killed.undo_plan(2)
        begin_run(killed, "undo", undoes=2)
        killed.apply(plan)
    lose_outcomes(tmp_path, 1)
    with client() as again:
        with pytest.raises(InvalidInput, match="Run 3, the last one, is an undo of run 2 that did not end: "):
            again.undo_plan("last")
        again.apply(again.undo_plan(2))
    assert [flat(comp)["cost"] for comp in ardoq.dump()["components"]] == [1]


@pytest.mark.parametrize("lost", [1, 3, 4])
def test_undo_goes_on_where_one_was_killed(ardoq, client, tmp_path, lost):
    """A preview finds out what a killed undo has done, so that the next undo does the rest and names nothing.

    - `lost`: from which of its writes on the outcomes are lost: a deleted component, two that are created
      again, and a reference between them.
    """
    with client() as first:
        ends = [first.create_component(row(name, cost=1))["_id"] for name in "AB"]
        first.create_reference({"source": ends[0], "target": ends[1], "type": 1, "rootWorkspace": APPS})
    wanted = values_by_name(ardoq)
    with client() as second:
        second.create_component(row("C"))
        for end in ends:
            second.del_component(end)
    with client() as killed:
        plan = killed.undo_plan(2)
        begin_run(killed, "undo", undoes=2)
        killed.apply(plan)
    lose_outcomes(tmp_path, lost)
    with client(simulate=True) as preview:
        plan = preview.undo_plan(2)
    with client() as again:
        again.apply(plan)
    assert (plan.not_undone, plan.changes, values_by_name(ardoq)) == ([], [], wanted)


def test_undo_goes_on_between_a_parent_and_its_child(ardoq, client):
    """If an undo ends after a parent is created again, the next one puts what was below it there."""
    with client() as first:
        shop = first.create_component(row("Shop"))["_id"]
        till = first.create_component(row("Till", parent=shop))["_id"]
    wanted = values_by_name(ardoq)
    with client() as second:
        second.patch_component(till, payload={"parent": None})
        second.del_component(shop)
    with client(on_error="collect") as ended:
        plan = ended.undo_plan(2)
        for method in ("PUT", "PATCH"):  # v1, v2
            ardoq.fail(status=400, method=method)
        assert ended.apply(plan)["failed"]
        ardoq.clear_faults()
    with client() as again:
        plan = again.undo_plan(2)
        again.apply(plan)
    assert (plan.not_undone, values_by_name(ardoq)) == ([], wanted)


@pytest.mark.parametrize("case", ["to what is new", "from what is deleted"])
def test_moved_reference_comes_back(ardoq, client, case):
    """A reference goes back to its ends, also where these are created again, and what is new is deleted."""
    with client() as first:
        ids = {name: first.create_component(row(name))["_id"] for name in "ABC"}
        ends = {"source": ids["A"], "target": ids["B"], "type": 1, "rootWorkspace": APPS}
        ref = first.create_reference({**ends, "displayText": "old"})["_id"]
    wanted = values_by_name(ardoq)
    with client() as second:
        target = second.create_component(row("New"))["_id"] if "new" in case else ids["C"]
        second.update_reference(ref, {"target": target, "displayText": "moved"})
        if "deleted" in case:
            second.del_component(ids["B"])
    with client() as undoing:
        plan = undoing.undo_plan(2)
        undoing.apply(plan)
    assert (plan.not_undone, values_by_name(ardoq)) == ([], wanted)


def edit_as_other(ardoq, entity_id):
    """Have somebody else name an owner."""
    with ArdoqSyncClient(ardoq.url, TOKEN) as other:
        other.patch_component(entity_id, payload={"owner": "Anna"})


def lose_outcomes(folder, number):
    """Leave the ledger as if the run had been killed before it recorded the outcomes from a write on."""
    connection = sqlite3.connect(folder / "script.db")
    (run,) = connection.execute("SELECT max(run) FROM runs").fetchone()
    of_run = "WHERE run = ? AND number >= ?"
    connection.execute(f"UPDATE writes SET state = 'open', version = NULL {of_run}", [run, number])
    connection.execute("UPDATE writes SET entity_id = 'pending' WHERE action = 'create' AND state = 'open'")
    connection.execute("DELETE FROM owned")
    connection.execute("UPDATE runs SET ended = NULL, status = NULL WHERE run = ?", [run])
    connection.commit()
    connection.close()


def test_what_a_killed_run_created_is_deleted(ardoq, client, tmp_path):
    """A create whose outcome was not recorded is taken back if Ardoq holds exactly what was sent."""
    with client() as first:
        first.create_component(row("A", cost=1))
    lose_outcomes(tmp_path, 1)
    with client() as second:
        second.apply(second.undo_plan())
    assert ardoq.dump()["components"] == []


@pytest.mark.parametrize("edited", [{"owner": "Anna"}, {"cost": 2}])
@pytest.mark.parametrize("number", [1, 2])
def test_edit_after_a_killed_run_is_not_deleted(ardoq, client, tmp_path, number, edited):
    """What somebody edited between the end of a killed run and its undo stays, and is named.

    - `number`: from which write on the outcomes are lost: from the create, or from the update after it.
    """
    with client() as first:
        created = first.create_component(row("A", cost=1))["_id"]
        if number > 1:
            first.create_component(row("A", description="new"))
    lose_outcomes(tmp_path, number)
    with ArdoqSyncClient(ardoq.url, TOKEN) as other:
        other.patch_component(created, payload=edited)
    with client() as second:
        plan = second.undo_plan()
        second.apply(plan)
    assert [entry["name"] for entry in plan.not_undone] == ["A"]
    (comp,) = ardoq.dump()["components"]
    assert edited.items() <= flat(comp).items()


def test_run_of_v1_is_taken_back_with_v2(ardoq, tmp_path):
    """What a run of v1 has deleted comes back with v2, and what v2 does not offer is named."""
    ledger = tmp_path / "script.db"
    with ArdoqSyncClient(ardoq.url, TOKEN, version="v1", ledger=ledger) as first:
        created = first.create_component(row("A", cost=1))
    with ArdoqSyncClient(ardoq.url, TOKEN, version="v1", ledger=ledger) as second:
        second.del_component(created["_id"])
    with ArdoqSyncClient(ardoq.url, TOKEN, version="v2", ledger=ledger) as third:
        plan = third.undo_plan()
        assert [entry["attribute"] for entry in plan.not_undone] in ([], ["_order"])
        third.apply(plan)
    assert [flat(comp)["cost"] for comp in ardoq.dump()["components"]] == [1]
