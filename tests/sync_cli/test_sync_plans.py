"""Plans: saved, reviewed and applied, also if Ardoq drifted in the meantime."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from nightly import BAD_ROW, ORDERS, ROWS, job_text, names_in, writes

from ardoqpy import ArdoqClient
from ardoqpy_sync import Plan
from ardoqpy_sync.reporting.exit_codes import BLOCKED, CHANGES, DONE, FAILED


@pytest.fixture
def saved(home, ardoq, run, version):
    """Save a plan of the job."""
    (home / "job.toml").write_text(job_text(version))
    assert run("plan job.toml --save plan.json").status == CHANGES
    ardoq.clear_requests()
    return home


def change_orders(ardoq):
    """Change a component that the plan is about."""
    with ArdoqClient(ardoq.url, ardoq.token) as client:
        client.patch_component(ORDERS, payload={"cost": 7})


def test_long_plan(home, ardoq, run):
    """--long shows each change with its values, and what is missing; nothing is written."""
    ran = run("plan job.toml --long")
    assert ran.status == CHANGES
    assert "      Yearly cost: 1 -> 1200\n" in ran.out
    assert "preview, nothing is written; " in ran.out
    assert "  - component Fax (Application)\n" in ran.out
    assert writes(ardoq) == []


def test_apply_saved_plan(saved, ardoq, run):
    """A file is a plan by its content, whatever its name is; applied again, there is nothing to do."""
    (saved / "plan.json").rename(saved / "reviewed.toml")
    ran = run("apply reviewed.toml")
    assert (ran.status, ran.err) == (DONE, "")
    assert ran.out.endswith("5 applied; nothing has drifted since the plan\n")
    assert "Web shop" in names_in(ardoq)
    ran = run("apply reviewed.toml --job job.toml --quiet-when-unchanged")
    assert ran == (DONE, "", "")
    ran = run("apply reviewed.toml --job job.toml")
    assert ran.status == FAILED
    assert "was applied at " in ran.err
    assert ran.err.endswith("as run 1: make a new plan, or pass --again.\n")
    ran = run("apply reviewed.toml --job job.toml --again")
    assert ran.out.endswith("0 applied, 5 already applied; nothing has drifted since the plan\n")


def test_version_of_plan(saved, ardoq, run, version):
    """Without a job the API version is the plan's, unless --api names another."""
    other = {"v1": "v2", "v2": "v1"}[version]
    run("apply plan.json")
    asked = {request.path.startswith("/api/v2/") for request in ardoq.requests}
    assert asked == {version == "v2"}
    ardoq.clear_requests()
    run(f"apply plan.json --api {other}")
    assert {request.path.startswith("/api/v2/") for request in ardoq.requests} == {other == "v2"}


@pytest.mark.parametrize(
    ("option", "status", "cost", "shop"),
    [
        ("", BLOCKED, 7, True),
        ("--on-drift skip", BLOCKED, 7, True),
        ("--on-drift refuse", BLOCKED, 7, False),
        ("--on-drift replan", DONE, 1200, True),
    ],
)
def test_drifted_changes_are_not_overwritten(saved, ardoq, run, option, status, cost, shop):
    """If changes drifted, the exit code is 3 and the output says which; planned again, it is 0."""
    change_orders(ardoq)
    ran = run(f"apply plan.json {option}")
    assert ran.status == status
    assert "component 'Orders' changed" in ran.out
    (orders,) = (component for component in ardoq.dump()["components"] if component["_id"] == ORDERS)
    assert orders["customFields"]["cost"] == cost
    assert ("Web shop" in names_in(ardoq)) is shop


def test_plan_of_other_ardoq(saved, ardoq, run):
    """A plan that was made on another Ardoq is rejected, and no write is sent."""
    plan = json.loads((saved / "plan.json").read_text())
    plan["origin"]["host"] = "https://other.ardoq.com"
    (saved / "plan.json").write_text(json.dumps(plan))
    ran = run("apply plan.json --allow-edited")
    assert ran.status == FAILED
    assert "other.ardoq.com" in ran.out
    assert writes(ardoq) == []


def test_plan_does_not_set_host(saved, ardoq, run, monkeypatch):
    """Without a host in the environment, an option or a job, the host in the plan is not used."""
    monkeypatch.delenv("ARDOQ_API_HOST")
    ran = run("apply plan.json")
    assert ran.status == FAILED
    assert "No Ardoq host is set" in ran.err
    assert ardoq.requests == []
    (saved / "job.toml").write_text(job_text(ardoq=f'host = "{ardoq.url}"'))
    assert run("apply plan.json --job job.toml").status == DONE


@pytest.mark.parametrize(
    "content", ["{", '{"kind": "ardoqpy run document"}', '{"kind": "ardoqpy plan"}', "{}"]
)
def test_invalid_plan(home, ardoq, run, content):
    """A JSON file that is not a plan is one sentence that names it."""
    (home / "plan.json").write_text(content)
    ran = run("apply plan.json")
    assert (ran.status, ran.out, ran.err.count("\n")) == (FAILED, "", 1)
    assert "'plan.json'" in ran.err
    assert ardoq.requests == []


def test_plan_lists_what_is_skipped_or_not_owned(home, ardoq, run, version):
    """Skipped rows are listed, and components of other sources counted, in short, at length and as data."""
    owned = job_text(version).replace('missing = "report"', 'missing = "report"\nowned = { cmdb_id = "3" }')
    (home / "job.toml").write_text(
        owned.replace('value = "{Needs}" }', 'value = "{Needs}", when_absent = "skip" }')
    )
    (home / "apps.csv").write_text(ROWS.replace("400,", "400,No one"))
    document = json.loads(run("plan job.toml --json").out)
    (row,) = document["skipped"]
    assert (row["kind"], row["name"], row["label"]) == ("reference", "Billing -> No one", "apps.csv line 4")
    assert document["not_owned"] == {"Application": 1}
    for options in ("", "--long"):
        out = run(f"plan job.toml {options}").out
        assert "skipped rows:\n  - reference Billing -> No one: There is no target" in out
        assert "\n1 component of type Application belongs to other sources.\n" in out


def test_failed_change(saved, ardoq, run):
    """A failed change is reported with its reason, and the others are applied."""
    ardoq.fail("status", status=400, method="POST", times=9)
    ran = run("apply plan.json")
    assert ran.status == FAILED
    assert "failed:\n  - " in ran.out
    ardoq.clear_faults()
    assert run("apply plan.json").status == DONE


def test_incomplete_plan_is_not_saved(home, ardoq, run):
    """A plan is saved without failed rows, but not if the preview stopped early."""
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    assert run("plan job.toml --save plan.json").status == FAILED
    assert run("apply plan.json").status == DONE
    (home / "job.toml").write_text(job_text(run='on_error = "raise"'))
    ran = run("plan job.toml --save other.json")
    assert ran.status == FAILED
    assert ran.err == "ardoqpy-sync: The plan is not saved, because the preview did not finish.\n"
    assert not (home / "other.json").exists()


# -- approval --------------------------------------------------------------------------------------------


def edit_plan(saved, **parts):
    """Change a saved plan as somebody with an editor would."""
    plan = json.loads((saved / "plan.json").read_text())
    (saved / "plan.json").write_text(json.dumps({**plan, **parts}))


def test_page_markdown_terminal_and_file_show_one_hash(home, ardoq, run):
    """Id and SHA-256 of a plan are the same in its file, on the page, in Markdown and on the terminal."""
    ran = run("plan job.toml --save plan.json --report a.html --report a.md --report a.json")
    sha256 = json.loads((home / "plan.json").read_text())["sha256"]
    assert f"plan {sha256[:12]}, SHA-256 {sha256}\n" in ran.out
    for name in ("a.html", "a.md"):
        text = (home / name).read_text("utf-8")
        assert text.count(sha256) == (2 if name == "a.html" else 1)
    document = json.loads((home / "a.json").read_text())
    assert document["plan"] == {"id": sha256[:12], "sha256": sha256, "at": document["origin"]["at"]}
    assert Plan.load("plan.json").content_sha256 == sha256


def test_edited_plan_is_refused(saved, ardoq, run):
    """A plan of which a value was edited since it was made is only applied with --allow-edited."""
    changes = json.loads((saved / "plan.json").read_text())["changes"]
    (cost,) = [change["attributes"]["cost"] for change in changes if change["_id"] == ORDERS]
    cost["new"] = 1
    edit_plan(saved, changes=changes)
    ran = run("apply plan.json")
    assert ran.status == FAILED
    assert "The plan was edited since it was made: its SHA-256 was " in ran.err
    assert ardoq.requests == []
    assert run("apply plan.json --allow-edited --report a.json").status == DONE
    applied = json.loads((saved / "a.json").read_text())["plan"]
    assert applied["edited"]
    assert applied["sha256"] == Plan.load("plan.json").content_sha256


def test_layout_of_the_file_is_no_edit(saved, run):
    """Spaces and the order of keys in the file are not part of the plan."""
    plan = json.loads((saved / "plan.json").read_text())
    (saved / "plan.json").write_text(json.dumps(dict(reversed(plan.items())), indent=7))
    assert run("apply plan.json").status == DONE


def test_plan_without_hash_is_refused(saved, ardoq, run):
    """Of a plan from an earlier version nobody knows whether it was edited."""
    edit_plan(saved, sha256=None)
    ran = run("apply plan.json")
    assert ran.status == FAILED
    assert "The plan has no SHA-256" in ran.err
    assert ardoq.requests == []
    assert run("apply plan.json --allow-edited").status == DONE


@pytest.mark.parametrize(
    ("age", "option", "refused"),
    [
        (timedelta(hours=23), "", False),
        (timedelta(hours=25), "", True),
        (timedelta(hours=25), "--max-age 2d", False),
        (timedelta(minutes=10), "--max-age 5m", True),
        (-timedelta(hours=1), "", True),
    ],
)
def test_age_of_a_plan(saved, ardoq, run, age, option, refused):
    """A plan is refused if it is older than 24 hours, or than --max-age, or from the future."""
    plan = Plan.load("plan.json")
    made = datetime.now(UTC) - age
    plan.origin["at"] = made.strftime("%Y-%m-%dT%H:%M:%SZ")
    plan.sha256 = None
    plan.save("plan.json")
    ran = run(f"apply plan.json {option}")
    assert (ran.status == FAILED) == refused
    assert ("The plan was made" in ran.err) == refused
    assert (ardoq.requests == []) == refused


def test_approver_is_in_the_report(saved, run):
    """--approved-by NAME is on the page, in Markdown, on the terminal and in the run document."""
    ran = run("apply plan.json --approved-by 'Ada Lovelace' --report a.html --report a.md --report a.json")
    assert ran.status == DONE
    assert "approved by Ada Lovelace\n" in ran.out
    assert "<dt>Approved by</dt><dd>Ada Lovelace</dd>" in (saved / "a.html").read_text("utf-8")
    assert "- Approved by: Ada Lovelace\n" in (saved / "a.md").read_text("utf-8")
    applied = json.loads((saved / "a.json").read_text())["plan"]
    assert (applied["approved_by"], applied["edited"]) == ("Ada Lovelace", False)


@pytest.mark.parametrize("option", ["--approved-by Ada", "--max-age 3d", "--allow-edited"])
def test_options_of_a_plan_are_not_for_a_job(home, ardoq, run, option):
    """The options of an approval are only for a saved plan."""
    ran = run(f"apply job.toml {option}")
    assert f"{option.split()[0]} is only for a saved plan" in ran.err
    assert ardoq.requests == []


@pytest.mark.parametrize("time", ["3", "h", "3 weeks", "1.5h", ""])
def test_max_age_is_a_time(saved, run, time):
    """--max-age takes a number and a unit."""
    ran = run(f"apply plan.json --max-age '{time}'")
    assert ran.status == FAILED
    assert "is not a time: write one such as 90m, 8h or 7d" in ran.err


# -- since the approved plan -----------------------------------------------------------------------------


@pytest.fixture
def newer(saved, run):
    """Save a second plan after a new row, another value and a row that is gone."""
    (saved / "plan.json").rename(saved / "old.json")
    rows = (saved / "apps.csv").read_text().splitlines()
    rows = [row.replace("1200", "1300") for row in rows if "Web shop" not in row]
    (saved / "apps.csv").write_text("\n".join([*rows, "77,Till,5,", ""]))
    run("plan job.toml --save new.json")
    return saved


def test_diff_of_two_plans(newer, ardoq, run):
    """`diff` lists what one plan has and the other has not, both ways, with the values, and ends with 2."""
    ardoq.clear_requests()
    ran = run("diff old.json new.json")
    assert (ran.status, ran.err) == (CHANGES, "")
    gone, rest = ran.out.split("only in the new plan:\n")
    new, changed = rest.split("other in the new plan, the old one first:\n")
    assert "only in the old plan:\n" in gone
    assert "create component Web shop (Application)" in gone
    assert "create component Till (Application)" in new
    assert "      cost: 1 -> 1200\n" in changed
    assert "      cost: 1 -> 1300\n" in changed
    assert Plan.load("old.json").sha256 in gone
    assert ardoq.requests == []


def test_diff_of_the_same_plan(saved, ardoq, run):
    """Two plans of the same rows make the same changes, whatever ids the created components have."""
    run("plan job.toml --save again.json")
    ran = run("diff plan.json again.json")
    assert ran.status == DONE
    assert ran.out.endswith("The plans make the same changes\n")


def test_since_the_approved_plan(newer, run):
    """`plan --since` and `report --since` say of each change whether it is new, and list what is gone."""
    ran = run("plan job.toml --since old.json --report a.html --report a.md --report a.json")
    assert "component Till (Application), new since the approved plan  [apps.csv line" in ran.out
    assert "CMDB id, Yearly cost, other than in the approved plan  [apps.csv" in ran.out
    assert "gone: in the approved plan, and no longer in this one:\n  - create component Web shop" in ran.out
    (headline,) = [line for line in ran.out.splitlines() if "since the approved plan: " in line]
    assert re.search(r"since the approved plan: \d new, 1 changed, \d gone$", headline)
    assert f"Approved plan: {Plan.load('old.json').sha256[:12]}" in (newer / "a.md").read_text("utf-8")
    document = json.loads((newer / "a.json").read_text())
    assert [change["name"] for change in document["since"]["gone"]][:1] == ["Web shop"]
    assert run("report a.json --report b.html").status == DONE
    assert (newer / "b.html").read_text() == (newer / "a.html").read_text()


# -- settings of a report --------------------------------------------------------------------------------


def test_markdown_of_a_maximum_size(saved, run):
    """--max-chars limits Markdown; a number in which nothing fits is an error."""
    run("plan job.toml --report a.json")
    assert run("report a.json --report a.md --max-chars 10000").status == DONE
    assert len((saved / "a.md").read_text("utf-8")) <= 10_000
    assert "is not a whole number from 10,000 on" in run("report a.json --report a.md --max-chars 99").err


def test_links_into_ardoq(saved, run):
    """--link leads from each component on a page to an address in Ardoq; another text is an error."""
    link = "https://yourorg.ardoq.com/somewhere/{workspace}/{id}"
    assert run(f"plan job.toml --report a.html --link {link}").status == CHANGES
    assert f'"link":"{link}"' in (saved / "a.html").read_text("utf-8")
    for bad in ("javascript:alert(1)//{id}", "https://x.example/", "https://x.example/{id}{name}"):
        ran = run(f"plan job.toml --report b.html --link '{bad}'")
        assert "give an address that begins with https:// and has {id} in it" in ran.err
        assert not (saved / "b.html").exists()
