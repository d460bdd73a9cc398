"""Components of one name below several parents: what the ledger, undo, forget and plans know of each."""

import json
from contextlib import closing

import pytest
from command_line import runner
from ledger_jobs import APPS, SEED, TOKEN, ledger_of, write_job

from ardoqpy import ArdoqClient
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.cli import main
from ardoqpy_sync.reporting.exit_codes import CHANGES, DONE, FAILED
from ardoqpy_sync.writing.journal import Journal
from ardoqpy_sync.writing.unconfirmed import ExistingMatches, UnconfirmedWrites

HOUSES = {"A": "5f00aa00bb00cc00dd000401", "B": "5f00aa00bb00cc00dd000402"}
HELD = [
    {"_id": comp_id, "name": name, "typeId": "p2", "rootWorkspace": APPS} for name, comp_id in HOUSES.items()
]
TEXT = """
[[components]]
rows = "rooms"
workspace = "Apps"
type = "App"
name = "{Room}"
within = { type = "Server", value = "{House}" }
missing = "delete"
[components.fields]
cost = "{Cost}"
[sources.rooms]
file = "rooms.csv"
"""
ROOMS = "Room,House,Cost\n7,A,1\n7,B,2\n8,B,3\n"


@pytest.fixture(params=["v1", pytest.param("v2", marks=pytest.mark.slow), "batched"])
def run(request, ardoq, tmp_path, monkeypatch, capsys):
    """Return a function that runs a command, in a folder with a job and rooms below two houses."""
    ardoq.load(SEED | {"components": HELD})
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path, request.param)
    job = tmp_path / "job.toml"
    text = job.read_text()
    job.write_text(text[: text.index("[sources.apps]")] + TEXT)
    (tmp_path / "rooms.csv").write_text(ROOMS)
    return runner(main, capsys)


def rooms(ardoq):
    """Return the rooms in Ardoq by name, as (name, house, cost)."""
    houses = {comp_id: name for name, comp_id in HOUSES.items()}
    return sorted(
        (comp["name"], houses.get(comp["parent"], ""), comp["customFields"]["cost"])
        for comp in ardoq.dump()["components"]
        if comp["typeId"] == "p1"
    )


def changes(run, command="apply job.toml"):
    """Run a command, and return its changes as (action, name)."""
    ran = run(f"{command} --json")
    assert ran.status == DONE, (ran.err, ran.out)
    return sorted((change["action"], change["name"]) for change in json.loads(ran.out)["changes"])


def owned(folder):
    """Return the keys of what the job owns."""
    with closing(ledger_of(folder)) as ledger:
        return sorted(each.owner.describe_key() for each in ledger.owned())


def test_undo_and_missing_tell_rows_apart_by_their_parent(run, ardoq, tmp_path):
    """Of two components of one name, the one whose row is gone is deleted, and an undo brings it back."""
    assert changes(run) == [("create", "7"), ("create", "7"), ("create", "8")]
    assert owned(tmp_path) == ["A / 7", "B / 7", "B / 8"]
    before = rooms(ardoq)
    (tmp_path / "rooms.csv").write_text(ROOMS.replace("7,B,2\n", ""))
    assert changes(run) == [("delete", "7")]
    assert rooms(ardoq) == [("7", "A", 1), ("8", "B", 3)]
    assert owned(tmp_path) == ["A / 7", "B / 8"]
    assert run("undo job.toml last --apply").status == DONE
    assert rooms(ardoq) == before
    assert owned(tmp_path) == ["A / 7", "B / 7", "B / 8"]
    (tmp_path / "rooms.csv").write_text(ROOMS)
    assert changes(run) == []


def test_forget_asks_which_of_several(run, tmp_path):
    """A name below several components is not enough to forget one of them; it is with their names."""
    changes(run)
    ran = run("forget job.toml --key 7")
    assert ran.status == FAILED
    assert "The key '7' is below several components: 'A / 7', 'B / 7'. Name one of them" in ran.err
    assert "The component 'B / 7' (" in run(["forget", "job.toml", "--key", "B / 7"]).out
    assert run("forget job.toml --key 8").status == DONE
    assert owned(tmp_path) == ["A / 7"]


def test_plan_with_a_name_that_is_there_below_another_parent_is_applied(run, ardoq, tmp_path):
    """A planned component has not drifted because its name is below another parent; it has below its own."""
    (tmp_path / "rooms.csv").write_text(ROOMS.replace("7,B,2\n", ""))
    changes(run)
    (tmp_path / "rooms.csv").write_text(ROOMS)
    assert run("plan job.toml --save plan.json").status == CHANGES
    assert changes(run, "apply plan.json") == [("create", "7")]
    assert rooms(ardoq) == [("7", "A", 1), ("7", "B", 2), ("8", "B", 3)]
    assert run("apply plan.json").status == DONE
    assert rooms(ardoq) == [("7", "A", 1), ("7", "B", 2), ("8", "B", 3)]
    assert changes(run) == []


def test_plan_finds_what_somebody_else_has_created_at_the_top(run, ardoq, tmp_path):
    """A component planned for the top has drifted if somebody else creates one of its name there."""
    (tmp_path / "rooms.csv").write_text("Room,House,Cost\n7,,1\n")
    assert run("plan job.toml --save plan.json").status == CHANGES
    with ArdoqClient(ardoq.url, TOKEN) as other:
        other.create_component({"rootWorkspace": APPS, "name": "7", "typeId": "p1", "cost": 9})
    assert "1 entity drifted" in run("apply plan.json").out
    assert rooms(ardoq) == [("7", "", 9)]


def test_creates_without_an_answer_are_told_apart_by_their_parents(ardoq):
    """What Ardoq holds below another parent is not what a create without an answer may have made."""
    twins = [
        {
            "_id": f"5f00aa00bb00cc00dd00050{name}",
            "name": "7",
            "typeId": "p1",
            "rootWorkspace": APPS,
            "parent": parent,
        }
        for name, parent in zip("ab", HOUSES.values(), strict=True)
    ]
    ardoq.load(SEED | {"components": [*HELD, *twins]})
    below_a, below_b = twins
    with ArdoqSyncClient(ardoq.url, TOKEN) as client:
        kind = client._engine.component
        for many in (False, True):
            found = ExistingMatches(many=many).of(kind, below_b, "parent")
            assert [comp["_id"] for comp in found] == [below_b["_id"]]
        unconfirmed = UnconfirmedWrites()
        for each in twins:
            unconfirmed.add(kind, each, "parent")
        unconfirmed.settle(kind, below_a, "parent", resent=False)
        assert not unconfirmed.has(kind, below_a, "parent")
        assert unconfirmed.has(kind, below_b, "parent")


@pytest.mark.parametrize("kind", ["drop-before", "drop-after"])
def test_create_without_an_answer_is_not_taken_for_the_one_below_another_parent(run, ardoq, kind):
    """A create that got no answer is looked for below its parent, so each row has its own component."""
    ardoq.fail(kind, method="POST")
    assert changes(run) == [("create", "7"), ("create", "7"), ("create", "8")]
    assert rooms(ardoq) == [("7", "A", 1), ("7", "B", 2), ("8", "B", 3)]


def test_killed_run_is_settled_by_the_parent(run, ardoq, tmp_path, monkeypatch):
    """What a killed run created below a parent is found there, not below the parent of another one."""
    (tmp_path / "rooms.csv").write_text(ROOMS.replace("7,B,2\n", ""))
    changes(run)
    with closing(ledger_of(tmp_path)) as ledger:
        first = [each for each in ledger.owned() if each.owner.key == ["A", "7"]]
    assert run(["forget", "job.toml", "--key", "A / 7"]).status == DONE
    (tmp_path / "rooms.csv").write_text(ROOMS.replace("7,A,1\n", ""))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "close_writes", killed)
        run("apply job.toml")
    # Unlike this one, a killed run does not record at its end what it owns.
    assert run(["forget", "job.toml", "--key", "B / 7"]).status == DONE
    with closing(ledger_of(tmp_path)) as ledger:
        ((number, _),) = ledger.open_writes()
    assert changes(run) == []
    with closing(ledger_of(tmp_path)) as ledger:
        assert [write.state for write in ledger.writes(number)] == ["done"]
        ids = [each.entity_id for each in ledger.owned() if each.owner.key == ["B", "7"]]
    assert len(ids) == 1
    assert ids != [each.entity_id for each in first]
    assert rooms(ardoq) == [("7", "A", 1), ("7", "B", 2), ("8", "B", 3)]
    assert TOKEN not in (tmp_path / "job.ledger.db").read_bytes().decode(errors="replace")
