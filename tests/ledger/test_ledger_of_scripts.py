"""Scripts with a ledger: what is theirs, what they last wrote, and how a run ends."""

import pytest
from ledger_jobs import APPS, MODES, TOKEN, components, edit

from ardoqpy.errors import PlanDrifted
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.ledger.ledger import Ledger


@pytest.fixture
def client(ardoq, mode, tmp_path):
    """Return a function that opens a client with a ledger."""
    version, how = MODES[mode]
    batch = version == "v2" and how == ""

    def make(**more):
        return ArdoqSyncClient(
            ardoq.url, TOKEN, version=version, batch=batch, ledger=tmp_path / "script.db", **more
        )

    return make


@pytest.fixture
def runs(tmp_path):
    """Return a function that lists the runs in the ledger as (number, status)."""
    return lambda: [
        (run.number, run.status)
        for run in reversed(Ledger.open(tmp_path / "script.db", "script", read_only=True).runs())
    ]


def row(name, **more):
    """Return a row of a component."""
    return {"name": name, "typeId": "p1", "rootWorkspace": APPS, **more}


@pytest.fixture
def killed(client):
    """Have a first run write 1, and a second one, which is killed after its writes, 999."""
    with client() as first:
        first.create_component(row("A", cost=1))
        first.create_component(row("B", cost=1))
    second = client()
    second.create_component(row("A", cost=999))
    second.create_component(row("B", cost=999))
    second.flush()


@pytest.mark.usefixtures("killed")
def test_updates_of_a_killed_run_are_its_own(ardoq, client):
    """What a run wrote before it was killed is no edit of a person: the next run writes over it."""
    with client(simulate=True) as preview:
        preview.create_component(row("A", cost=1))
        assert [change.attributes for change in preview._engine.report.changes] == [{"cost": (999, 1)}]
    with client() as third:
        for name in "AB":
            third.create_component(row(name, cost=1))
        assert third.get_report()["edits"] == []
    assert {components(ardoq)[name]["cost"] for name in "AB"} == {1}


@pytest.mark.usefixtures("killed")
def test_edit_after_a_killed_run_is_kept(ardoq, client):
    """What somebody changes after a run was killed is an edit of what that run wrote, and is kept."""
    edit(ardoq, "A", cost=500)
    with client() as third:
        third.create_component(row("A", cost=999))
        (entry,) = third.get_report()["edits"]
    assert (entry["base"], entry["outcome"]) == (999, "kept")
    assert components(ardoq)["A"]["cost"] == 500


def test_client_that_is_used_again(ardoq, client, runs):
    """What a client writes after its block is another run, with what it last wrote."""
    again = client()
    for cost in (1, 2):
        with again:
            again.create_component(row("A", cost=cost))
    assert runs() == [(1, "success"), (2, "success")]
    with client() as third:
        third.create_component(row("A", cost=1))
        assert third.get_report()["edits"] == []
    assert components(ardoq)["A"]["cost"] == 1


def test_update_by_id_is_no_edit(ardoq, client):
    """A value that the script has set by id is its own, in that run and in the next."""
    with client() as first:
        created = first.create_component(row("A", cost=1))
    with client() as second:
        second.update_component(created["_id"], {"cost": 8})
        second.create_component(row("A", cost=1))
        assert second.get_report()["edits"] == []
    assert components(ardoq)["A"]["cost"] == 1
    with client() as third:
        third.update_component(created["_id"], {"cost": 9})
        third.create_component(row("A", owner="me"))
    with client() as fourth:
        fourth.create_component(row("A", cost=1))
        assert fourth.get_report()["edits"] == []
    assert components(ardoq)["A"]["cost"] == 1


def test_only_what_a_script_owns_can_be_missing(ardoq, client):
    """With a ledger, nothing that others made is missing, listed or deleted; nothing is in the first run."""
    for _ in range(2):  # Fax is somebody else's
        with client() as sync:
            sync.create_component(row("A"))
            assert sync.get_report()["cache_miss_comps"] == []
            assert sync.delete_cache_misses(share=1.0)["deleted"] == []
    with client() as sync:
        sync.create_component(row("B"))
        assert [each["name"] for each in sync.delete_cache_misses(share=1.0)["deleted"]] == ["A"]
    assert sorted(components(ardoq)) == ["B", "Fax"]


def test_deleting_type_by_type(ardoq, client):
    """What a row matches after an earlier delete is the script's, as if there had been none."""
    with client() as first:
        first.create_component(row("A", typeId="p1"))
        first.create_component(row("B", typeId="p2"))
    server = next(comp for comp in components(ardoq).values() if comp["name"] == "Fax")
    assert server["typeId"] == "p1"
    with client() as second:
        second.create_component(row("A", typeId="p1"))
        second.delete_cache_misses(share=1.0, types=[("component", APPS, "p1")])
        second.create_component(row("Fax", typeId="p1"))
        second.create_component(row("C", typeId="p2"))
        assert [
            each["name"]
            for each in second.delete_cache_misses(share=1.0, types=[("component", APPS, "p1")])["deleted"]
        ] == []
    with client() as third:
        third.create_component(row("A", typeId="p1"))
        deleted = third.delete_cache_misses(share=1.0, types=[("component", APPS, "p1")])["deleted"]
    assert [each["name"] for each in deleted] == ["Fax"]


def test_close_sends_what_is_pending(ardoq, client, runs):
    """A client that is closed without a block has nothing left to send."""
    sync = client()
    sync.create_component(row("A"))
    sync.close()
    assert "A" in components(ardoq)
    assert runs() == [(1, "success")]


def test_block_that_failed_sends_nothing_later(ardoq, client):
    """What was pending when a block failed is reported as failed, and not sent by a report afterwards."""
    sync = client()

    def fail():
        with sync:
            sync.create_component(row("A"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    sent = "A" in components(ardoq)
    report = sync.get_report()
    assert ("A" in components(ardoq)) == sent
    assert (report["new_comps"], report["failed_comps"]) == ((1, 0) if sent else (0, 1))


@pytest.mark.usefixtures("killed")
def test_updates_of_a_killed_run_are_its_own_after_a_run_that_failed(ardoq, client):
    """A run that reaches nothing, after one that was killed, loses nothing of what that one has written."""
    failing = client()
    failing._engine.journal.begin("script")
    failing.close()
    with client() as fourth:
        fourth.create_component(row("A", cost=1))
        assert fourth.get_report()["edits"] == []
    assert components(ardoq)["A"]["cost"] == 1


@pytest.mark.parametrize("order", ["undo first", "undo last", "two undos"])
def test_undo_is_a_run_of_its_own(ardoq, client, runs, order):
    """What a script does before or after an undo, in the same client, is another run than the undo."""
    for cost in (1, 2, 3):
        with client() as sync:
            sync.create_component(row("A", cost=cost))
    with client() as sync:
        if order == "undo last":
            sync.create_component(row("B"))
        sync.apply(sync.undo_plan(3))
        if order == "undo first":
            sync.create_component(row("A", cost=9))
        if order == "two undos":
            sync.apply(sync.undo_plan(2))
    cost = {"undo first": 9, "undo last": 2, "two undos": 1}[order]
    assert components(ardoq)["A"]["cost"] == cost
    assert len(runs()) == 5
    with client(simulate=True) as preview:
        preview.create_component(row("A", cost=7))
        report = preview.get_report()
        assert (report["edits"], report["updated_comps"]) == ([], 1)


@pytest.mark.parametrize("on_drift", ["refuse", "skip"])
def test_undo_that_takes_nothing_back(ardoq, client, tmp_path, on_drift):
    """What an undo leaves in Ardoq, because the plan is refused or has drifted, is owned as before."""

    def owned():
        ledger = Ledger.open(tmp_path / "script.db", "script", read_only=True)
        return {each.entity_id for each in ledger.owned()}

    with client() as first:
        first.create_component(row("A", cost=1))
        first.create_component(row("B", cost=1))
    ids = {name: components(ardoq)[name]["_id"] for name in "AB"}
    undoing = client()
    plan = undoing.undo_plan()
    edit(ardoq, "A", cost=5)
    if on_drift == "refuse":
        with pytest.raises(PlanDrifted):
            undoing.apply(plan, on_drift="refuse")
    else:
        undoing.apply(plan)
    undoing.close()
    assert owned() == ({ids["A"], ids["B"]} if on_drift == "refuse" else {ids["A"]})
    if on_drift == "refuse":
        assert not Ledger.open(tmp_path / "script.db", "script", read_only=True).undos()
