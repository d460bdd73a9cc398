"""Take a run back: the ledger has again what it had before, so the next run does what it would have done."""

import json

import pytest
from ledger_jobs import APPS, LINKS, MARK, ROWS, TOKEN, actions, components, edit, ledger_of, without

from ardoqpy import ArdoqClient
from ardoqpy_sync.ledger.taken_back import origin_of, taken_back
from ardoqpy_sync.reporting.exit_codes import BLOCKED, CHANGES, DONE, FAILED

NAMES = {1: "Shop", 2: "Till", 3: "Bank"}


@pytest.fixture
def undo(home):
    """Return a function that takes a run back, and returns the run document."""

    def take_back(number, status=DONE):
        ran = home.run(f"undo job.toml {number} --apply --json")
        assert ran.status == status, (ran.err, ran.out)
        return json.loads(ran.out)

    return take_back


# -- marks ---------------------------------------------------------------------------------------------------


@pytest.fixture
def marked(home, ardoq):
    """Have the second run mark a component, whose value before the job does not map."""
    home.job(missing=MARK)
    home.apply()
    edit(ardoq, "Till", state="Live")
    home.rows(without(2))
    home.apply()
    assert components(ardoq)["Till"]["state"] == "Retired"


@pytest.mark.usefixtures("marked")
def test_mark_that_an_undo_sets_again_comes_off(home, ardoq, undo):
    """If the run is taken back that took a mark off, a later run takes it off again."""
    home.rows(ROWS)
    home.apply()
    undo(3)
    assert components(ardoq)["Till"]["state"] == "Retired"
    home.apply()
    assert components(ardoq)["Till"]["state"] == "Live"


@pytest.mark.usefixtures("marked")
def test_mark_that_an_undo_takes_off_is_gone(home, ardoq, undo):
    """If the run is taken back that marked a component, nothing is left to take off."""
    undo(2)
    assert components(ardoq)["Till"]["state"] == "Live"
    assert ledger_of(home.folder).marked() == []
    home.rows(ROWS)
    assert actions(home.apply()) == []


def test_mark_outlives_the_undo_of_another_run(home, ardoq, undo):
    """A mark of a later run stays known when the run before it is taken back."""
    home.job(missing=MARK)
    home.apply()
    edit(ardoq, "Till", state="Live")
    home.rows(ROWS.replace("20", "21"))
    home.apply()
    home.rows(without(2))
    home.apply()
    undo(2)
    home.rows(ROWS)
    home.apply()
    assert components(ardoq)["Till"]["state"] == "Live"


@pytest.mark.parametrize("state", ["Live", "Retired"])
def test_mark_of_an_applied_plan_comes_off(home, ardoq, state):
    """A reviewed plan marks as a run does, and another takes the mark off, also if nothing is to be set."""
    home.job(missing=MARK)
    home.apply()
    edit(ardoq, "Till", state="Live")
    home.rows(without(2))
    assert actions(home.review()) == [("update", "Till")]
    home.rows(ROWS)
    if state == "Live":  # somebody has set it back
        edit(ardoq, "Till", state="Live")
    assert actions(home.review()) == ([] if state == "Live" else [("update", "Till")])
    assert components(ardoq)["Till"]["state"] == "Live"
    assert ledger_of(home.folder).marked() == []


# -- edits, and what is the job's ----------------------------------------------------------------------------


def test_edit_that_an_undo_brings_back_stays(home, ardoq, undo):
    """An edit that a wrong run has written over is an edit again after its undo, and is kept and listed."""
    home.apply()
    edit(ardoq, "Shop", cost=5)
    home.apply()
    home.rows(ROWS.replace("10", "999"))
    home.apply()
    undo(3)
    home.rows(ROWS)
    assert [entry["outcome"] for entry in home.apply()["edits"]] == ["kept"]
    assert components(ardoq)["Shop"]["cost"] == 5


@pytest.mark.parametrize("cost", ["", "1"])
def test_what_an_undone_run_has_matched_is_not_owned(home, ardoq, undo, cost):
    """What only a wrong run had matched, changed or not, is somebody else's again after its undo."""
    home.apply()
    edit(ardoq, "Fax", uid="4", owner="me")
    home.rows(f"{ROWS}4,Fax,{cost},me\n")
    home.apply()
    undone = undo(2)
    assert actions(undone) == ([("update", "Fax")] if cost else [])
    assert ("The ledger has again" in " ".join(undone["notes"])) == (not cost)
    home.rows(ROWS)
    assert actions(home.apply()) == []
    assert "Fax" in components(ardoq)
    if not cost:
        assert "has no writes to take back" in home.run("undo job.toml 2 --apply").err


def test_what_an_undo_has_not_taken_back_is_not_restored(home, ardoq, undo):
    """What has drifted is still what the run wrote: the next run writes over it, as over its own."""
    home.apply()
    home.rows("Id,Name,Cost,Owner\n" + "".join(f"{n},{name},9,me\n" for n, name in NAMES.items()))
    home.apply()
    home.run("undo job.toml 2 --save undo.json")
    edit(ardoq, "Shop", owner="ann")
    assert home.run("apply undo.json --job job.toml").status == BLOCKED
    assert {name: components(ardoq)[name]["cost"] for name in NAMES.values()} == {
        "Shop": 9,
        "Till": 20,
        "Bank": 30,
    }
    home.rows(ROWS)
    run = home.apply()
    assert [entry["attribute"] for entry in run["edits"]] == ["owner"]
    assert components(ardoq)["Shop"]["cost"] == 10


def test_undo_with_a_write_that_is_refused(home, ardoq, undo):
    """What an undo has written counts as before the run, also if another write of it was refused."""
    home.apply()
    home.rows("Id,Name,Cost,Owner\n" + "".join(f"{n},{name},9,me\n" for n, name in NAMES.items()))
    home.apply()
    method = {"v1": "PUT", "v2": "PATCH"}.get(home.mode)
    if method is None:  # a batch that is refused is split until its bad row stands alone
        return
    ardoq.fail("status", status=403, times=1, method=method)
    undo(2, FAILED)
    assert sorted(components(ardoq)[name]["cost"] for name in NAMES.values()) == [9, 20, 30]
    assert home.apply()["edits"] == []  # the source is still wrong
    assert {components(ardoq)[name]["cost"] for name in NAMES.values()} == {9}


def test_undo_of_an_undo_owns_again(home, ardoq, undo):
    """Taking back an undo brings back what the ledger had before it, too."""
    home.apply()
    home.rows(f"{ROWS}4,Fax,1,me\n")
    home.apply()
    undo(2)
    undo("last")
    home.rows(ROWS)
    assert actions(home.apply()) == [("delete", "Fax")]
    assert "Fax" not in components(ardoq)


def test_a_later_match_stays(home, undo):
    """What a later run has written to stays the job's when the run is taken back that matched it first."""
    home.apply()
    for cost in (1, 2):
        home.rows(f"{ROWS}4,Fax,{cost},me\n")
        home.apply()
    undo(2, BLOCKED)
    home.rows(ROWS)
    assert actions(home.apply()) == [("delete", "Fax")]


def test_what_was_given_up_stays_given_up(home, ardoq, undo):
    """What somebody has the job forget is not the job's after the undo of an earlier run either."""
    home.apply()
    home.rows(ROWS.replace("20", "21"))
    home.apply()
    home.run("forget job.toml --key 2")
    home.rows(without(2))
    home.apply()
    undo(2)
    assert actions(home.apply()) == []
    assert "Till" in components(ardoq)


def test_what_an_undo_restores_is_kept_as_long_as_the_writes(home):
    """What the ledger had before a run is dropped with the run's writes."""
    home.job(run="keep_runs = 2")
    for cost in range(5):
        home.rows(ROWS.replace("10", str(cost)))
        home.apply()
    assert {row[0] for row in ledger_of(home.folder).rows_of("replaced")} == {4, 5}
    for command in ("undo job.toml 1", "undo job.toml 1 --apply", "undo job.toml 3 --apply"):
        ran = home.run(command)
        assert (ran.status, "has no writes to take back" in ran.err) == (FAILED, True)
    assert len(ledger_of(home.folder).owned()) == 3


def test_undone_run_and_undo_do_not_count_rows(home, undo):
    """The number of rows is compared with the last run that is still in effect, not with an undo."""
    home.rows("Id,Name,Cost,Owner\n" + "".join(f"{number},App {number},1,me\n" for number in range(20)))
    home.apply()
    job = home.folder / "job.toml"
    job.write_text(job.read_text().replace("share = 1.0", "share = 0.5"))
    few = "Id,Name,Cost,Owner\n" + "".join(f"{number},App {number},2,me\n" for number in range(12))
    home.rows(few)
    home.apply()
    undo(2)
    home.rows("".join(few.splitlines(keepends=True)[:6]))
    assert "20 in the run before" in str(home.apply(BLOCKED)["delete_guard"]["reasons"])


def test_rows_of_an_applied_plan_count(home):
    """A plan counts all rows of its preview, the unchanged ones among them."""
    home.rows("Id,Name,Cost,Owner\n" + "".join(f"{number},App {number},1,me\n" for number in range(20)))
    home.apply()
    home.rows("Id,Name,Cost,Owner\n" + "".join(f"{number},App {number},1,me\n" for number in range(21)))
    assert len(actions(home.review())) == 1
    job = home.folder / "job.toml"
    job.write_text(job.read_text().replace("share = 1.0", "share = 0.5"))
    home.rows("Id,Name,Cost,Owner\n" + "".join(f"{number},App {number},1,me\n" for number in range(5)))
    assert "21 in the run before" in str(home.apply(BLOCKED)["delete_guard"]["reasons"])


# -- nothing twice -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Till", "Cash desk"])
def test_what_has_come_back_is_not_created_again(home, ardoq, undo, name):
    """If somebody has made a deleted component anew, the undo leaves it, so that no key is there twice."""
    home.apply()
    home.rows(without(2))
    home.apply()
    saved = home.run("undo job.toml 2 --save undo.json")
    assert saved.status == CHANGES
    other = ArdoqClient(ardoq.url, TOKEN)
    other.create_component({"name": name, "typeId": "p1", "rootWorkspace": APPS, "uid": "2", "cost": 4})
    (entry,) = undo(2, BLOCKED)["not_undone"]
    assert entry["reason"].startswith("There is another one like it again")
    assert home.run("apply undo.json --job job.toml").status == BLOCKED  # it has drifted since
    assert [comp.get("uid") for comp in components(ardoq).values()].count("2") == 1
    home.rows(ROWS.replace("Till", name))
    home.apply()


def test_what_was_beside_it_is_no_twin(home, ardoq, undo):
    """Another component of the same name that was there before the run keeps nothing from coming back."""
    home.apply()
    other = ArdoqClient(ardoq.url, TOKEN)
    other.create_component({"name": "Till", "typeId": "p1", "rootWorkspace": APPS})
    home.rows(without(2))
    home.apply()
    assert actions(undo(2)) == [("create", "Till")]
    assert [comp["name"] for comp in ardoq.dump()["components"]].count("Till") == 2


def test_another_key_is_something_else(home, ardoq, undo):
    """A component of the same name with another key is no reason to leave out what was deleted."""
    home.apply()
    home.rows(without(2))
    home.apply()
    ArdoqClient(ardoq.url, TOKEN).create_component(
        {"name": "Till", "typeId": "p1", "rootWorkspace": APPS, "uid": "7"}
    )
    assert actions(undo(2)) == [("create", "Till")]


TREE = """
[sources.rooms]
file = "rooms.csv"
[[components]]
rows = "rooms"
workspace = "Apps"
type = "Server"
name = "{Name}"
parent = { type = "Server", value = "{Parent}" }
missing = "delete"
"""


def test_ids_in_the_ledger_are_new_after_an_undo(home, ardoq, undo):
    """A parent that is created again is the parent that the ledger knows, so moving it away is an edit."""
    home.job(more=TREE)
    rooms = home.folder / "rooms.csv"
    rooms.write_text("Name,Parent\nOther,\nHouse,\nRoom,House\n")
    home.apply()
    rooms.write_text("Name,Parent\nOther,\n")
    home.apply()
    undo(2)
    held = components(ardoq)
    edit(ardoq, "Room", parent=held["Other"]["_id"])
    rooms.write_text("Name,Parent\nOther,\nHouse,\nRoom,House\n")
    (entry,) = home.apply()["edits"]
    assert (entry["attribute"], entry["base"]) == ("parent", held["House"]["_id"])


@pytest.mark.parametrize("rows", ["Shop,Bank,x\nShop,Bank,y\n", "Shop,Bank,y\n"])
def test_plan_with_keys_of_references(home, ardoq, rows):
    """References between the same components are distinguished by their key in a plan, as in a run."""
    home.job(more=LINKS + 'displayText = "{Text}"\nkey = "displayText"\n')
    links = home.folder / "links.csv"
    links.write_text("From,To,Text\nShop,Bank,x\n")
    home.apply()
    links.write_text(f"From,To,Text\n{rows}")
    home.review()
    texts = [ref["displayText"] for ref in ardoq.dump()["references"]]
    assert sorted(texts) == sorted(line[-1] for line in rows.split())


# -- several undos -------------------------------------------------------------------------------------------


def test_undo_after_an_undo_was_taken_back(home, ardoq, undo):
    """What is in effect counts: a run that was taken back, brought back and taken back again does not."""
    for cost in (1, 2, 3):
        home.rows(ROWS.replace("10", str(cost)))
        home.apply()
    undo(3)
    undo(4)
    assert "Run 3 wrote it after this run" in str(undo(2, BLOCKED)["not_undone"])
    undo(3)
    undo(2)
    assert components(ardoq)["Shop"]["cost"] == 1


def test_undo_of_a_run_that_is_taken_back_already(home, ardoq, undo):
    """A run that is undone once more leaves what the undo of an earlier run has written since."""
    for cost in (1, 2, 1):
        home.rows(ROWS.replace("10", str(cost)))
        home.apply()
    undo(3)
    undo(2)
    (entry,) = undo(3, BLOCKED)["not_undone"]
    assert entry["reason"] == "Run 5 wrote it after this run."
    assert components(ardoq)["Shop"]["cost"] == 1


def test_taken_back():
    """A run is taken back by an undo, and in effect again after the undo of that."""
    undos = {3: 2, 4: 3, 5: 1, 6: 4}
    assert taken_back(undos) == {1, 2, 4}
    assert taken_back({3: 2, 4: 3}) == {3}
    assert taken_back({4: 3, 5: 3, 6: 5}) == {3, 5}  # 4 has taken 3 back, too
    assert [origin_of(run, undos) for run in (1, 3, 4, 5, 6, 7)] == [1, 2, 2, 1, 2, 7]


@pytest.mark.parametrize("links", ["Shop,Bank\n", "Till,Bank\nTill,Shop\n"])
def test_ends_that_an_undo_has_created_again(home, ardoq, undo, links):
    """What refers to something that the undo of a later delete has created again is taken back as well."""
    home.job(more=LINKS)
    (home.folder / "links.csv").write_text("From,To\nTill,Bank\n")
    home.apply()
    held = ends(ardoq)
    (home.folder / "links.csv").write_text(f"From,To\n{links}")
    home.apply()
    home.rows(without(2))
    (home.folder / "links.csv").write_text("From,To\nShop,Bank\n")
    home.apply()
    undo(3)
    undo(2)
    assert ends(ardoq) == held


def ends(ardoq):
    """Return the names of the ends of all references."""
    dump = ardoq.dump()
    names = {comp["_id"]: comp["name"] for comp in dump["components"]}
    return sorted((names[ref["source"]], names[ref["target"]]) for ref in dump["references"])
