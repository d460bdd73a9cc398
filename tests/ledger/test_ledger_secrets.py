"""What a ledger must not hold: the token in any form, and values of redacted fields."""

import base64
import json
import sqlite3
import zlib

import pytest
from command_line import runner
from ledger_jobs import (
    APPS,
    DELETE,
    EACH_MODE,
    MARK,
    MODEL,
    ROWS,
    SEED,
    TOKEN,
    components,
    edit,
    ledger_of,
    without,
    write_job,
    writes,
)

from ardoqpy.config import Token
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.cli import main
from ardoqpy_sync.ledger.encoding import Encoder, decode
from ardoqpy_sync.ledger.ledger import Ledger
from ardoqpy_sync.ledger.records import REDACTED, Owner
from ardoqpy_sync.reporting.exit_codes import CHANGES, DONE, FAILED

ENCODED = base64.b64encode(TOKEN.encode()).decode()
FORMS = [TOKEN, TOKEN.upper(), ENCODED, "".join(f"\\u{ord(letter):04x}" for letter in TOKEN), f"a {TOKEN} b"]
SECRET = "1234567.5"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Change to an empty folder, and return a function that runs a command line in this process."""
    monkeypatch.chdir(tmp_path)
    return runner(main, capsys)


def everything_in(folder):
    """Return all that a ledger holds as text, with run documents as they were before they were packed."""
    connection = sqlite3.connect(folder / "job.ledger.db")
    texts = []
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in connection.execute(f"SELECT * FROM {table}"):
            texts += [
                zlib.decompress(value).decode() if isinstance(value, bytes) else str(value) for value in row
            ]
    connection.close()
    assert texts
    return "\n".join(texts)


@pytest.mark.parametrize("mode", EACH_MODE)
@pytest.mark.parametrize("form", FORMS, ids=["plain", "upper", "base64", "escaped", "within"])
def test_g7_the_token_is_not_in_the_ledger(ardoq, run, tmp_path, mode, form):
    """Neither values of rows, nor what Ardoq holds, nor what is deleted, brings the token into the ledger."""
    write_job(tmp_path, mode, missing=MARK, guard='missing_scope = "type"')
    for name, owner in (("Shop", form), ("Shop", "me"), ("Other", form)):
        (tmp_path / "apps.csv").write_text(f'Id,Name,Cost,Owner\n1,{name},1,"{owner}"\n')
        run("apply job.toml")
        edit(ardoq, "Fax", owner=form)
    write_job(tmp_path, mode, missing=DELETE, guard='missing_scope = "type"')
    run("apply job.toml")
    assert "Fax" not in components(ardoq)
    everything = everything_in(tmp_path)
    assert not Token(TOKEN).occurs_in(everything)
    assert TOKEN not in everything
    assert ENCODED.rstrip("=") not in everything


def test_g7_the_token_is_not_in_names_of_attributes(ardoq, tmp_path):
    """A row of a script with the token for the name of an attribute does not bring it into the ledger."""
    for cost in (1, 2):
        with ArdoqSyncClient(ardoq.url, TOKEN, version="v1", ledger=tmp_path / "job.ledger.db") as client:
            client.create_component({"name": "A", "typeId": "p1", "rootWorkspace": APPS, TOKEN: cost})
    assert TOKEN not in everything_in(tmp_path)


@pytest.mark.parametrize("asked", ["job", "option"])
@pytest.mark.parametrize("mode", EACH_MODE)
def test_redacted_values_are_not_in_the_ledger(ardoq, run, tmp_path, mode, asked):
    """Values of a redacted field are in no write, no record and no run document; the run writes them all."""
    write_job(tmp_path, mode, missing=DELETE, run='redact = ["cost"]' if asked == "job" else "")
    option = " --redact cost --redact state" if asked == "option" else ""
    more = "2,Till,7654321.5,me\n3,Bank,x7654,me\n"
    for cost, others in ((SECRET, ""), ("2345678.5", ""), (SECRET, more)):
        (tmp_path / "apps.csv").write_text(f"Id,Name,Cost,Owner\n1,Shop,{cost},me\n{others}")
        run(f"apply job.toml{option}")
        edit(ardoq, "Shop", owner="ann")
    plan = "apply plan.json --job job.toml" if run("undo job.toml last --save plan.json").status else ""
    for command in filter(None, ["undo job.toml last --apply", plan, "apply job.toml"]):
        run(f"{command}{option}")
    assert components(ardoq)["Shop"]["cost"] == float(SECRET)
    everything = everything_in(tmp_path)
    for value in (SECRET, "2345678.5", "7654321.5", "x7654"):
        assert value not in everything
    assert '"ann"' in everything
    for entity in ledger_of(tmp_path).owned():
        assert entity.values["cost"] == REDACTED


def test_names_cannot_be_redacted(ardoq, run, tmp_path):
    """A job or an option that would keep names out is refused, and so is the option for a plan alone."""
    write_job(tmp_path, "v2")
    (tmp_path / "apps.csv").write_text(ROWS)
    assert "--redact: name cannot be kept out of the ledger" in run("apply job.toml --redact name").err
    run("plan job.toml --save plan.json")
    assert "give the job of the plan with --job" in run("apply plan.json --redact cost").err
    write_job(tmp_path, "v2", run='redact = ["cost", "name"]')
    assert "job.toml line 8: redact: name cannot be kept out" in run("apply job.toml").err
    assert writes(ardoq) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Cost", "redact: 'Cost' is the label of a field: give its API name, 'cost'."),
        ("ownr", "redact: 'ownr' is no field in the workspaces of this job: did you mean 'owner'?"),
        (
            "descripton",
            "redact: 'descripton' is no field in the workspaces of this job: did you mean 'description'?",
        ),
    ],
)
@pytest.mark.parametrize("mode", EACH_MODE)
def test_only_fields_can_be_redacted(ardoq, run, tmp_path, mode, name, says):
    """A name that would keep nothing out of the ledger is refused by every command that writes to it."""
    write_job(tmp_path, mode, missing=DELETE)
    (tmp_path / "apps.csv").write_text(ROWS)
    assert run("apply job.toml --redact cost --redact description --redact owner").status == DONE
    assert run("undo job.toml last --save plan.json").status == CHANGES
    ardoq.clear_requests()
    for command in ("apply job.toml", "undo job.toml last --apply", "apply plan.json --job job.toml"):
        ran = run(f"{command} --redact {name}")
        assert (ran.status, says in ran.err) == (FAILED, True), (command, ran)
    write_job(tmp_path, mode, run=f'redact = ["{name}"]')
    assert f"job.toml line 8: {says}" in run("plan job.toml").err
    assert writes(ardoq) == []


@pytest.mark.parametrize("mode", [pytest.param("v2", marks=pytest.mark.slow), "batched"])
def test_field_that_is_called_like_a_built_in_attribute(ardoq, run, tmp_path, mode):
    """Its values stay out of the ledger too, although rows have it under a longer name."""
    field = {"label": "Notes", "name": "description", "type": "Text", "model": MODEL, "global": True}
    ardoq.load({**SEED, "fields": [*SEED["fields"], field]})
    write_job(tmp_path, mode, run='redact = ["description"]', more='Notes = "{Notes}"\n')
    for notes in (
        "1,Shop,1,me,s3cret-note",
        "1,Shop,1,me,s3cret-edit\n2,Till,1,me,s3cret-new",
        "2,Till,1,me,x",
    ):
        (tmp_path / "apps.csv").write_text(f"Id,Name,Cost,Owner,Notes\n{notes}\n")
        assert run("apply job.toml").status == DONE
    run("undo job.toml 2 --apply")
    assert "s3cret" not in everything_in(tmp_path)


@pytest.mark.parametrize("mode", EACH_MODE)
def test_redacted_values_are_not_merged(ardoq, run, tmp_path, mode):
    """Without the value that it last wrote, the job writes that of the source, as without a ledger."""
    write_job(tmp_path, mode, missing=DELETE, run='redact = ["cost"]')
    (tmp_path / "apps.csv").write_text("Id,Name,Cost,Owner\n1,Shop,1,me\n")
    run("apply job.toml")
    edit(ardoq, "Shop", cost=2)
    document = json.loads(run("apply job.toml --json").out)
    assert document["edits"] == []
    assert components(ardoq)["Shop"]["cost"] == 1


@pytest.mark.parametrize("mode", EACH_MODE)
def test_redacted_value_before_a_mark_does_not_come_back(ardoq, run, tmp_path, mode):
    """A mark on a redacted field stays: the value before is not kept, and no placeholder is written."""
    write_job(tmp_path, mode, missing=MARK, run='redact = ["state"]')
    rows = "Id,Name,Cost,Owner\n1,Shop,1,me\n2,Till,1,me\n"
    (tmp_path / "apps.csv").write_text(rows)
    run("apply job.toml")
    edit(ardoq, "Till", state="Live")
    (tmp_path / "apps.csv").write_text(rows.replace("2,Till,1,me\n", ""))
    run("apply job.toml")
    (tmp_path / "apps.csv").write_text(rows)
    assert run("apply job.toml").status == 0
    assert components(ardoq)["Till"]["state"] == "Retired"
    assert "Live" not in everything_in(tmp_path)


@pytest.mark.parametrize("mode", EACH_MODE)
@pytest.mark.parametrize("field", ["cost", "owner", "uid", "label", "status"])
def test_report_with_redacted_fields_can_be_shown(ardoq, run, tmp_path, mode, field):
    """Whatever the name of a redacted field is, `show` renders the run, without any of its values."""
    row = {"uid": "uid-s3cret", "name": "Shop s3cret", "cost": "1234567.5", "owner": "owner-s3cret"}
    write_job(tmp_path, mode, missing=DELETE, run=f'redact = ["{field}"]')
    for owner in (row["owner"], "other-s3cret"):
        line = ",".join({**row, "owner": owner}.values())
        (tmp_path / "apps.csv").write_text(f"Id,Name,Cost,Owner\n{line}\n2,Till,x,me\n")
        assert run("apply job.toml").status == 1
    for number in (1, 2):
        ran = run(f"show job.toml {number} --report run.html --report run.md --json")
        assert (ran.status, ran.err) == (0, "")
        for text in (ran.out, (tmp_path / "run.html").read_text(), (tmp_path / "run.md").read_text()):
            assert "run document" in text or "sync" in text
            assert row.get(field, "no such s3cret") not in text
            assert field != "owner" or "other-s3cret" not in text


def test_redacted_fields_of_v2_and_keys():
    """Nested custom fields, keys, entries and run documents are kept out, too."""
    encoder = Encoder(["cost"])
    entity = {"name": "A", "cost": 7, "customFields": {"cost": 7, "owner": "me"}}
    assert decode(encoder.entity(entity)) == {
        "name": "A",
        "cost": REDACTED,
        "customFields": {"cost": REDACTED, "owner": "me"},
    }
    assert list(encoder.owner(Owner("a.App", "cost", 7)).values()) == ['"a.App"', '"cost"', None]
    assert list(encoder.owner(Owner("a.App", "uid", 7)).values()) == ['"a.App"', '"uid"', "7"]
    entry = {"attribute": "cost", "stored": 7, "wanted": 8, "name": "A"}
    assert encoder.entries([entry]) == [{**entry, "stored": REDACTED, "wanted": REDACTED}]
    assert entity["cost"] == 7


def test_field_that_is_redacted_later(ardoq, run, tmp_path, mode):
    """What earlier runs have recorded of a field goes, wherever it is, when the field is redacted."""
    secret = "Petra-who-left"
    rows = ROWS.replace("10,me", f"10,{secret}")
    write_job(tmp_path, mode, missing=MARK)
    for text in (rows, rows.replace("20,me", f"20,{secret}"), without(3), rows):
        (tmp_path / "apps.csv").write_text(text)
        run("apply job.toml")
    assert secret in everything_in(tmp_path)
    write_job(tmp_path, mode, missing=MARK, run='redact = ["owner"]')
    assert run("apply job.toml").status == DONE
    assert secret not in everything_in(tmp_path)
    assert not any(secret.encode() in path.read_bytes() for path in tmp_path.glob("job.ledger.db*"))
    assert secret not in run("ledger export job.toml").out + run("show job.toml 1").out
    assert "Nothing was to be changed" in run("apply job.toml").out
    assert secret in {comp.get("owner") for comp in components(ardoq).values()}


def test_values_that_did_not_converge_are_redacted_later(tmp_path):
    """A value that Ardoq did not keep as it was sent goes from what the next run compares with, too."""
    entry = {
        "kind": "component",
        "_id": "c1",
        "name": "A",
        "attribute": "cost",
        "stored": 7,
        "wanted": "s3cret",
    }
    first = Ledger.open(tmp_path / "a.db", "a")
    first.begin("apply")
    first.end(None, "success", {"cache_hit_comps": 1, "cache_hit_refs": 0, "not_converging": [entry]}, None)
    first.close()
    later = Ledger.open(tmp_path / "a.db", "a", redact=["cost"])
    later.begin("apply")
    later.keep_out(Encoder(["cost"]))
    (kept,) = later.previous_report()["not_converging"]
    later.close()
    assert kept == {**entry, "stored": REDACTED, "wanted": REDACTED}
    assert not any(b"s3cret" in path.read_bytes() for path in tmp_path.iterdir())
