"""Runs of a job with a ledger at the command line: what can be missing, marks, edits, and nothing twice."""

import json
import sqlite3

import pytest
from ledger_jobs import (
    APPS,
    JOHN,
    LINKS,
    MARK,
    ROWS,
    SEED,
    TOKEN,
    actions,
    components,
    edit,
    ledger_of,
    without,
    writes,
)

from ardoqpy import ArdoqClient
from ardoqpy_sync.engine import Engine
from ardoqpy_sync.ledger.ledger import Ledger
from ardoqpy_sync.reporting.exit_codes import BLOCKED, CHANGES, DONE, FAILED

BAD_ROW = "9,Bad,much,me\n"
FIRST_RUN = "This is the first run with this ledger"


def edits(document):
    """Return the edits that a run lists, in short."""
    return [
        (each["attribute"], each["base"], each["ardoq"], each["source"], each["conflict"], each["outcome"])
        for each in document["edits"]
    ]


# -- what can be missing -------------------------------------------------------------------------------------


def test_g2_first_run_with_a_ledger_deletes_and_marks_nothing(home, ardoq):
    """The first run says that nothing can be missing yet, and so does its preview, word for word."""
    for missing in ('"delete"', MARK):
        ardoq.load(SEED)
        (home.folder / "job.ledger.db").unlink(missing_ok=True)
        home.job(missing=missing)
        preview, run = home.plan(CHANGES), home.apply()
        assert preview["notes"] == run["notes"]
        assert run["notes"][0].startswith(FIRST_RUN)
        assert "cannot be missing" in run["notes"][1]
        assert (preview["missing"], run["missing"]) == ([], [])
        assert (
            actions(preview) == actions(run) == [("create", "Bank"), ("create", "Shop"), ("create", "Till")]
        )
        assert sorted(components(ardoq)) == ["Bank", "Fax", "Shop", "Till"]


def test_only_what_is_owned_is_missing(home, ardoq):
    """The next run deletes what this job created and no row has any more, and nothing of others."""
    home.apply()
    home.rows(without(2))
    preview, run = home.plan(CHANGES), home.apply()
    assert actions(preview) == actions(run) == [("delete", "Till")]
    assert FIRST_RUN not in " ".join(run["notes"])
    assert sorted(components(ardoq)) == ["Bank", "Fax", "Shop"]


def test_what_was_matched_is_owned(home, ardoq):
    """A component that others created, and a row described, is owned from then on."""
    home.rows(f"{ROWS}4,Fax,1,me\n")
    home.apply()
    home.rows(ROWS)
    assert actions(home.apply()) == [("delete", "Fax")]
    assert "Fax" not in components(ardoq)


@pytest.mark.parametrize("cost", ["1", ""])
def test_what_the_rows_of_an_applied_plan_matched_is_owned(home, ardoq, cost):
    """A component that a reviewed plan left unchanged or updated is owned, with the values of its row."""
    home.rows(f"{ROWS}4,Fax,{cost},me\n")
    home.apply()
    (home.folder / "job.ledger.db").unlink()
    edit(ardoq, "Shop", cost=7)
    assert actions(home.review()) == [("update", "Shop")]
    edit(ardoq, "Shop", cost=8)
    edit(ardoq, "Fax", owner="Ann")
    document = home.review()
    assert actions(document) == []
    kept = [("cost", 10.0, 8, 10.0, False, "kept"), ("owner", "me", "Ann", "me", False, "kept")]
    assert sorted(edits(home.plan(DONE))) == kept
    home.rows(ROWS)
    assert actions(home.review()) == [("delete", "Fax")]
    assert "Fax" not in components(ardoq)


def test_what_a_plan_creates_is_owned_once(home, ardoq):
    """What a reviewed plan creates is owned under its id in Ardoq alone."""
    home.review()
    held = {comp["_id"] for comp in components(ardoq).values() if comp["name"] != "Fax"}
    assert {each.entity_id for each in ledger_of(home.folder).owned()} == held


TREE = """
[sources.tree]
file = "tree.csv"
[[components]]
rows = "tree"
workspace = "Apps"
type = "Server"
name = "{Name}"
parent = { type = "Server", value = "{Parent}" }
"""


def test_ids_in_the_ledger_after_an_applied_plan(home, ardoq):
    """A component that a plan has moved below a new one was moved below that, and nobody has edited it."""
    home.job(more=TREE)
    tree = home.folder / "tree.csv"
    tree.write_text("Name,Parent\nRoom,\n")
    home.apply()
    tree.write_text("Name,Parent\nHouse,\nRoom,House\n")
    home.review()
    tree.write_text("Name,Parent\nHouse,\nRoom,\n")
    assert home.apply()["edits"] == []
    assert components(ardoq)["Room"].get("parent") is None


def test_applied_plans_count_how_long_something_is_missing(home, ardoq):
    """Each applied plan is one run of missing_after, applied twice or not; a row sets the count back."""
    home.job(guard="missing_after = 2")
    home.apply()
    home.rows(without(2))
    home.review()
    home.rows(ROWS)
    home.review()
    home.rows(without(2))
    assert actions(home.review()) == []
    home.run("apply plan.json --job job.toml --again")
    (till,) = (each for each in ledger_of(home.folder).owned() if each.values["name"] == "Till")
    assert till.missing == 1
    assert actions(home.review()) == [("delete", "Till")]
    assert "Till" not in components(ardoq)


def test_a_lost_ledger_deletes_nothing(home, ardoq):
    """Without its ledger a job owns only what its rows match: what was missing before stays."""
    home.apply()
    (home.folder / "job.ledger.db").unlink()
    home.rows(without(2))
    assert home.apply()["notes"][0].startswith(FIRST_RUN)
    assert actions(home.apply()) == []
    assert "Till" in components(ardoq)


def test_missing_scope_type(home, ardoq):
    """With `missing_scope = "type"` everything of the type can be missing, in the first run, too."""
    home.job(guard='missing_scope = "type"')
    run = home.apply()
    assert run["notes"] == []
    assert ("delete", "Fax") in actions(run)
    assert "Fax" not in components(ardoq)


def test_without_a_ledger(home, ardoq):
    """With `ledger = false` there is no file, all of a type can be missing, and edits are written over."""
    home.job(run="ledger = false")
    assert ("delete", "Fax") in actions(home.apply())
    assert not list(home.folder.glob("*.db*"))
    edit(ardoq, "Shop", cost=11)
    run = home.apply()
    assert (actions(run), run["edits"]) == ([("update", "Shop")], [])


def test_missing_in_three_runs(home, ardoq):
    """Only what is missing in three good runs in a row is deleted; the others count, and say so."""
    home.job(guard="missing_after = 3")
    home.apply()
    home.rows(without(2))
    for count in (1, 2):
        preview, run = home.plan(DONE), home.apply()
        for document in (preview, run):
            (entry,) = document["missing"]
            assert (entry["name"], entry["missing_runs"], entry["missing_after"]) == ("Till", count, 3)
    home.rows(without(2) + BAD_ROW)
    assert home.apply(FAILED)["missing"][0]["missing_runs"] == 2
    home.rows(ROWS)
    assert home.apply()["missing"] == []
    home.rows(without(2))
    for _ in range(2):
        assert actions(home.apply()) == []
    home.plan(CHANGES)
    assert actions(home.apply()) == [("delete", "Till")]
    assert "Till" not in components(ardoq)


def test_parent_waits_for_its_child(home, ardoq):
    """A component that is missing for long stays as long as a child of it is not missing long enough."""
    home.job(guard="missing_after = 2\ntake_along = true")
    home.apply()
    edit(ardoq, "Bank", parent=components(ardoq)["Till"]["_id"])
    home.rows(without(2))
    assert actions(home.apply()) == []
    home.rows(without(2, 3))
    assert actions(home.apply()) == []
    assert actions(home.apply()) == [("delete", "Bank"), ("delete", "Till")]
    assert sorted(components(ardoq)) == ["Fax", "Shop"]


# -- marks ---------------------------------------------------------------------------------------------------


def marked(home, ardoq):
    """Mark a component as missing whose value before the job does not map."""
    home.job(missing=MARK)
    home.apply()
    edit(ardoq, "Till", state="Live")
    home.rows(without(2))
    assert actions(home.apply()) == [("update", "Till")]
    assert components(ardoq)["Till"]["state"] == "Retired"


def test_a_mark_comes_off(home, ardoq):
    """What is in the source again gets the value back that it had before, in a preview as well."""
    marked(home, ardoq)
    assert actions(home.apply()) == []
    home.rows(ROWS)
    preview, run = home.plan(CHANGES), home.apply()
    assert actions(preview) == actions(run) == [("update", "Till")]
    assert components(ardoq)["Till"]["state"] == "Live"
    assert actions(home.apply()) == []


def test_mark_of_an_attribute_that_is_filled_if_empty(home, ardoq):
    """What is empty without its mark is filled at once when the row is back: a second run changes nothing."""
    home.job(missing='{ set = { owner = "nobody" } }', mapping='fill_if_empty = ["owner"]')
    home.rows(ROWS.replace("20,me", "20,"))
    home.apply()
    home.rows(without(2))
    home.apply()
    assert components(ardoq)["Till"]["owner"] == "nobody"
    home.rows(ROWS)
    home.apply()
    assert components(ardoq)["Till"]["owner"] == "me"
    assert actions(home.apply()) == []


def test_a_mark_that_cannot_be_taken_off_is_taken_off_later(home, ardoq):
    """If the write that takes a mark off fails, the next run still knows the value before."""
    marked(home, ardoq)
    home.rows(ROWS)
    ardoq.fail(
        status=400, method="POST" if home.mode == "batched" else "PATCH" if home.mode == "v2" else "PUT"
    )
    home.apply(FAILED)
    ardoq.clear_faults()
    assert components(ardoq)["Till"]["state"] == "Retired"
    home.apply()
    assert components(ardoq)["Till"]["state"] == "Live"


def test_a_person_takes_a_mark_off(home, ardoq):
    """A mark that somebody took off is not set again, and what they set stays when the row is back."""
    marked(home, ardoq)
    edit(ardoq, "Till", state="Sold")
    run = home.apply()
    assert actions(run) == []
    assert edits(run) == [("state", "Retired", "Sold", "Retired", False, "kept")]
    home.rows(ROWS)
    assert actions(home.apply()) == []
    assert components(ardoq)["Till"]["state"] == "Sold"


# -- keys ----------------------------------------------------------------------------------------------------


def test_emptied_key_is_recognised(home, ardoq):
    """A component whose key was emptied in Ardoq is matched by the ledger, and gets its key again."""
    home.apply()
    before = components(ardoq)["Till"]["_id"]
    edit(ardoq, "Till", uid=None, name="Cash desk")
    run = home.apply()
    (change,) = run["changes"]
    assert (change["action"], change["note"]) == (
        "update",
        "matched by the ledger, because its key is empty in Ardoq",
    )
    assert [(comp["_id"], comp["uid"]) for comp in components(ardoq).values() if comp.get("uid") == "2"] == [
        (before, "2")
    ]
    assert actions(home.apply()) == []


def test_emptied_key_under_another_type(home, ardoq):
    """The same if the source has it under another type by now, and the job may change types."""
    server = '[[components]]\nrows = "servers"\nworkspace = "Apps"\ntype = "Server"\nname = "{Name}"\n'
    server += 'key = "uid"\ntype_change = "update"\nmissing = "delete"\n[components.fields]\nuid = "{Id}"\n'
    (home.folder / "servers.csv").write_text("Id,Name\n7,Rack\n")
    home.job(more=server + '[sources.servers]\nfile = "servers.csv"\n')
    home.apply()
    before = components(ardoq)["Till"]["_id"]
    edit(ardoq, "Till", uid=None)
    home.rows(without(2))
    (home.folder / "servers.csv").write_text("Id,Name\n7,Rack\n2,Till\n")
    assert actions(home.apply()) == [("update", "Till")]
    till = components(ardoq)["Till"]
    assert (till["_id"], till["typeId"], till["uid"]) == (before, "p2", "2")


# -- edits ---------------------------------------------------------------------------------------------------


def test_edit_in_ardoq_is_kept_and_listed(home, ardoq):
    """What only a person has changed stays, is listed with who and when, and stays so in every run."""
    home.apply()
    edit(ardoq, "Shop", cost=11)
    for _ in range(2):
        preview, run = home.plan(DONE), home.apply()
        assert edits(preview) == edits(run) == [("cost", 10, 11, 10, False, "kept")]
        (entry,) = run["edits"]
        assert (entry["who"], entry["own"]) == ("Ann", False)
        assert entry["when"]
        assert run["changes"] == []
    home.rows(ROWS.replace("Shop,10", "Shop,11"))
    assert home.apply()["edits"] == []
    home.rows(ROWS.replace("Shop,10", "Shop,12"))
    run = home.apply()
    assert (actions(run), run["edits"]) == ([("update", "Shop")], [])


def test_edit_by_the_own_user(home, ardoq):
    """If the last editor is the user of the job, the list says so."""
    home.apply()
    edit(ardoq, "Shop", who=JOHN, cost=11)
    (entry,) = home.apply()["edits"]
    assert (entry["who"], entry["own"]) == ("Job", True)


def test_edit_is_written_over_if_the_job_says_so(home, ardoq):
    """With `on_edit = "source"` the value of the source is written again, and listed."""
    home.job(mapping='on_edit = { cost = "source" }')
    home.apply()
    edit(ardoq, "Shop", cost=11, owner="ann")
    run = home.apply()
    assert sorted(edits(run)) == [
        ("cost", 10, 11, 10, False, "overwritten"),
        ("owner", "me", "ann", "me", False, "kept"),
    ]
    assert [components(ardoq)["Shop"][name] for name in ("cost", "owner")] == [10, "ann"]


@pytest.mark.parametrize(
    ("policy", "outcome", "status", "cost"),
    [("source", "overwritten", DONE, 12), ("ardoq", "kept", DONE, 11), ("report", "unresolved", BLOCKED, 11)],
)
def test_conflict(home, ardoq, policy, outcome, status, cost):
    """If both have changed a value, the job decides, and it is listed; `report` ends with exit code 3."""
    home.job(mapping=f'on_conflict = "{policy}"')
    home.apply()
    edit(ardoq, "Shop", cost=11)
    home.rows(ROWS.replace("Shop,10", "Shop,12"))
    preview, run = home.plan(CHANGES if policy == "source" else status), home.apply(status)
    assert edits(preview) == edits(run) == [("cost", 10, 11, 12, True, outcome)]
    assert components(ardoq)["Shop"]["cost"] == cost
    again = home.apply(status)
    assert again["changes"] == []
    assert edits(again) == ([] if policy == "source" else edits(run))


def test_write_that_a_conflict_delayed_counts_as_written(home, ardoq):
    """After a write that met an edit and was decided again, the base is what the job wrote in the end."""
    home.apply()
    home.rows(ROWS.replace("Shop,10", "Shop,12"))
    ardoq.fail(
        status=409, method="POST" if home.mode == "batched" else "PATCH" if home.mode == "v2" else "PUT"
    )
    run = home.apply()
    ardoq.clear_faults()
    assert (run["status"], components(ardoq)["Shop"]["cost"]) == ("success", 12)
    edit(ardoq, "Shop", cost=13)
    assert edits(home.apply()) == [("cost", 12, 13, 12, False, "kept")]


def test_failed_write_is_not_what_the_job_wrote(home, ardoq):
    """After a write that failed, the next run writes it, and takes nothing for an edit."""
    home.apply()
    home.rows(ROWS.replace("Shop,10", "Shop,12"))
    ardoq.fail(
        status=400, method="POST" if home.mode == "batched" else "PATCH" if home.mode == "v2" else "PUT"
    )
    home.apply(FAILED)
    ardoq.clear_faults()
    run = home.apply()
    assert (actions(run), run["edits"]) == ([("update", "Shop")], [])


def test_write_that_an_error_kept_from_being_sent_is_not_what_the_job_wrote(home, ardoq, monkeypatch):
    """After a run that an unforeseen error ended, the next writes the rest and takes nothing for an edit."""
    home.apply()
    home.rows(ROWS.replace("Shop,10", "Shop,12").replace("1,", "7,New,1,me\n1,", 1))
    with monkeypatch.context() as patched:
        patched.setattr(Engine, "_keep", "not callable")
        home.apply(FAILED)
    ids = {component["_id"] for component in ardoq.dump()["components"]}
    assert {each.entity_id for each in ledger_of(home.folder).owned()} <= ids
    run = home.apply()
    assert (run["edits"], components(ardoq)["Shop"]["cost"], "New" in components(ardoq)) == ([], 12, True)
    assert home.apply()["changes"] == []


# -- run after run -------------------------------------------------------------------------------------------


def test_g3_run_after_run_changes_nothing(home, ardoq):
    """A second run sends no write, and changes nothing of what the job owns."""
    home.apply()
    before = ledger_of(home.folder).owned()
    ardoq.clear_requests()
    assert home.apply()["changes"] == []
    assert writes(ardoq) == []
    ledger = ledger_of(home.folder)
    assert ledger.owned() == before
    assert [(run.number, run.command, run.status) for run in ledger.runs()] == [
        (2, "apply", "success"),
        (1, "apply", "success"),
    ]
    assert sorted(each.owner.key for each in before) == ["1", "2", "3"]
    assert {each.workspace for each in before} == {APPS}


def test_two_mappings_of_one_component(home, ardoq):
    """What one row of a run gave is not somebody else's edit for another row of the same component."""
    more = '[[components]]\nrows = "more"\nworkspace = "Apps"\ntype = "App"\nname = "{Name}"\nkey = "uid"\n'
    more += 'missing = "delete"\n[components.fields]\nuid = "{Id}"\nstate = "{State}"\n'
    more += '[sources.more]\nfile = "more.csv"\n'
    (home.folder / "more.csv").write_text("Id,Name,State\n1,Shop,Live\n")
    home.job(more=more)
    home.apply()
    (home.folder / "more.csv").write_text("Id,Name,State\n1,Shop 2,Old\n")
    home.rows(ROWS.replace("Shop,10", "Shop 2,12"))
    run = home.apply()
    assert (run["edits"], run["conflicts"]) == ([], [])
    shop = components(ardoq)["Shop 2"]
    assert (shop["cost"], shop["state"]) == (12, "Old")
    assert home.apply()["changes"] == []


# -- the source, as the last run saw it ----------------------------------------------------------------------


def test_source_shrank(home, ardoq):
    """A source that has become much smaller blocks deleting; only good runs count for that."""
    home.rows("Id,Name,Cost,Owner\n" + "".join(f"{number},App {number},1,me\n" for number in range(20)))
    home.apply()
    few = "Id,Name,Cost,Owner\n" + "".join(f"{number},App {number},1,me\n" for number in range(5))
    home.job(guard="")
    (home.folder / "job.toml").write_text(
        (home.folder / "job.toml").read_text().replace("share = 1.0", "share = 0.5")
    )
    home.rows(few + BAD_ROW)
    home.apply(FAILED)
    home.rows(few)
    for _ in range(2):
        for document in (home.plan(BLOCKED), home.apply(BLOCKED)):
            assert "20" in str(document["delete_guard"]["reasons"])
    assert len(components(ardoq)) == 21


def test_run_without_changes_records_nothing_owned(home, monkeypatch):
    """What the ledger has of an entity is written again only if it is another version, or other columns."""
    recorded = []
    set_owned = Ledger.set_owned
    monkeypatch.setattr(
        Ledger, "set_owned", lambda ledger, rows: recorded.append(len(rows)) or set_owned(ledger, rows)
    )
    home.rows(ROWS)
    home.apply()
    recorded.clear()
    home.apply()
    assert sum(recorded) == 0
    home.job(mapping='description = "{Owner}"')
    home.apply()
    home.apply()
    assert sum(recorded) == len(ROWS.splitlines()) - 1


def test_undo_that_the_guard_blocks(home, ardoq):
    """An undo that the guard blocks writes nothing, and counts what it would delete once."""
    home.rows("Id,Name,Cost,Owner\n" + "".join(f"{number},App {number},1,me\n" for number in range(20)))
    home.apply()
    job = (home.folder / "job.toml").read_text()
    (home.folder / "job.toml").write_text(job.replace("share = 1.0", "share = 0.5"))
    ardoq.clear_requests()
    ran = home.run("undo job.toml last --apply")
    assert ran.status == BLOCKED
    assert "20 to delete; the delete guard blocked 20\n" in ran.out
    assert "20 of the 21 components of type App would be deleted" in ran.out
    assert writes(ardoq) == []


def test_guard_counts_what_an_undo_finds(home, ardoq):
    """What an undo creates again does not make its deletes a smaller share; their type has its name."""
    ends = 'value = "{%s}", workspace = "Apps", type = "App", key = "uid"'
    reference = (
        f"[[references]]\nrows = 'apps'\ntype = 'uses'\nmissing = 'delete'\nsource = {{{ends % 'Id'}}}\n"
    )
    home.job(more=f"{reference}target = {{{ends % 'Owner'}}}\n")
    home.rows("Id,Name,Cost,Owner\n1,Shop,10,2\n2,Till,20,1\n3,Bank,30,1\n")
    home.apply()
    home.rows("Id,Name,Cost,Owner\n1,Shop,10,3\n2,Till,20,3\n3,Bank,30,2\n")
    home.apply()
    job = (home.folder / "job.toml").read_text()
    (home.folder / "job.toml").write_text(job.replace("share = 1.0", "share = 0.5"))
    ran = home.run("undo job.toml last --apply")
    assert ran.status == BLOCKED, ran
    assert "3 of the 3 references of type uses would be deleted" in ran.out


def test_damaged_ledger(home, ardoq):
    """A damaged ledger is one sentence with the remedy, and nothing runs."""
    (home.folder / "job.ledger.db").write_text("{")
    for command in ("plan", "apply"):
        ran = home.run(f"{command} job.toml")
        assert (ran.status, ran.out, ran.err.count("\n")) == (FAILED, "", 1)
        assert "job.ledger.db' is damaged, or is not a ledger" in ran.err
        assert "With a new ledger the job owns nothing at first" in ran.err
    assert ardoq.requests == []


def test_ledger_of_another_ardoq(home, ardoq, monkeypatch):
    """A ledger that is about another Ardoq is an error before anything is sent."""
    home.apply()
    ardoq.clear_requests()
    monkeypatch.setenv("ARDOQ_API_HOST", ardoq.url.replace("127.0.0.1", "localhost"))
    ran = home.run("apply job.toml")
    assert (ran.status, "is about the host" in ran.err) == (FAILED, True)
    assert ardoq.requests == []


def test_values_that_ardoq_does_not_keep_are_not_sent_again(home, ardoq):
    """What Ardoq keeps otherwise than it was sent is listed, is nobody's edit, and is not sent again."""
    home.apply()
    ledger = home.folder / "job.ledger.db"
    shop = components(ardoq)["Shop"]["_id"]
    edit(ardoq, "Shop", who=JOHN, cost=11)
    note = {"kind": "component", "_id": shop, "name": "Shop", "attribute": "cost", "stored": 11, "wanted": 12}
    connection = sqlite3.connect(ledger)
    counts = json.dumps({"cache_hit_comps": 3, "cache_hit_refs": 0, "not_converging": [note]})
    connection.execute("UPDATE runs SET counts = ?", [counts])
    connection.commit()
    connection.close()
    home.rows(ROWS.replace("Shop,10", "Shop,12"))
    ardoq.clear_requests()
    for _ in range(2):
        run = home.apply()
        assert [each["attribute"] for each in run["not_converging"]] == ["cost"]
        assert writes(ardoq) == []


# -- several jobs, and files that a run must not write over --------------------------------------------------


def test_job_with_another_name(home, ardoq):
    """A job that was renamed is refused with the remedy, as long as its ledger has only the old name."""
    home.apply()
    edit(ardoq, "Shop", cost=5)
    job = home.folder / "job.toml"
    text = job.read_text()
    job.write_text(text.replace("Ledger job", "Renamed"))
    for command in ("plan job.toml", "apply job.toml", "check job.toml", "history job.toml"):
        ran = home.run(command)
        assert "the job 'Ledger job', and none of the job 'Renamed'" in ran.err + ran.out
        assert ran.status == FAILED
    job.write_text(text)
    assert edits(home.apply()) == [("cost", 10, 5, 10, False, "kept")]


@pytest.mark.parametrize("undo", [False, True])
def test_plan_of_another_job(home, undo):
    """A plan is applied with the job that made it only: another one would own what it creates."""
    home.apply()
    home.run("undo job.toml 1 --save plan.json" if undo else "plan job.toml --save plan.json")
    other = home.folder / "other.toml"
    other.write_text((home.folder / "job.toml").read_text().replace("Ledger job", "Other"))
    home.run("apply other.toml")
    ran = home.run("apply plan.json --job other.toml")
    assert (ran.status, "made by the job 'Ledger job'" in ran.err + ran.out) == (FAILED, True)
    assert "taken back" not in home.run("history other.toml").out.replace("taken back by", "")
    assert len(home.run("history other.toml").out.splitlines()) == 2


@pytest.mark.parametrize("file", ["job.toml", "apps.csv", "job.ledger.db", "job.toml.lock"])
def test_output_over_a_file_of_the_job(home, file):
    """No command writes its output over the job, its source, its ledger or its lock."""
    home.apply()
    commands = [
        f"plan job.toml --save {file}",
        f"undo job.toml 1 --save {file}",
        f"ledger export job.toml --output {file}",
    ]
    for command in commands:
        assert "would overwrite another file" in home.run(command).err
    assert actions(home.apply()) == []


TWO_KEYS = """
[sources.more]
file = "more.csv"
[[components]]
rows = "more"
workspace = "Apps"
type = "App"
name = "{Name}"
key = "state"
missing = "delete"
create = false
[components.fields]
state = "{State}"
"""


def test_emptied_key_of_a_component_with_two_keys(home, ardoq):
    """The ledger knows the component of an emptied key, also if another mapping finds it by its own key."""
    home.job(more=TWO_KEYS)
    (home.folder / "more.csv").write_text("Name,State\nTill,S2\n")
    home.apply()
    edit(ardoq, "Till", state="S2")
    home.apply()
    edit(ardoq, "Till", uid=None)
    assert actions(home.apply()) == [("update", "Till")]
    assert components(ardoq)["Till"]["uid"] == "2"


def test_share_counts_what_goes_along(home, ardoq):
    """What others have at a component goes along and counts, and no share is more than all there is."""
    home.job(more=LINKS, guard="take_along = true")
    (home.folder / "links.csv").write_text("From,To\nShop,Bank\n")
    home.apply()
    held = components(ardoq)
    for target in ("Bank", "Fax"):
        ArdoqClient(ardoq.url, TOKEN).create_reference(
            {"source": held["Till"]["_id"], "target": held[target]["_id"], "type": 1}
        )
    home.rows(without(2))
    assert actions(home.apply()) == [
        ("delete", "Till"),
        ("delete", "Till -> Bank"),
        ("delete", "Till -> Fax"),
    ]


def test_import_of_what_is_no_whole_export(home):
    """A file that is missing, empty or cut off is refused with its name, and nothing of it is imported."""
    home.apply()
    home.run("ledger export job.toml --output whole.ndjson")
    (home.folder / "job.ledger.db").unlink()
    whole = (home.folder / "whole.ndjson").read_text().splitlines(keepends=True)
    parts = {"cannot be read": None, "is cut off": [], "cut off": whole[:-1], "cut off, or": whole[:4]}
    for reason, lines in parts.items():
        if lines is not None:
            (home.folder / "part.ndjson").write_text("".join(lines))
        ran = home.run("ledger import job.toml part.ndjson")
        assert (ran.status, "part.ndjson" in ran.err, reason in ran.err) == (FAILED, True, True)
    assert home.run("ledger import job.toml whole.ndjson").status == DONE
    assert actions(home.apply()) == []
