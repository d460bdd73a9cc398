"""A plan from the command line: saved, reviewed, applied, and what becomes of it where something has
moved.
"""

import json

import pytest
from nightly import BAD_ROW, ORDERS, ROWS, job_text, names_in, writes

from ardoqpy import ArdoqClient
from ardoqpy_sync.cli.exit_codes import BLOCKED, CHANGES, DONE, FAILED


@pytest.fixture
def saved(home, ardoq, run, version):
    """Have a plan of the job, reviewed but not applied."""
    (home / "job.toml").write_text(job_text(version))
    assert run("plan job.toml --save plan.json").status == CHANGES
    ardoq.clear_requests()
    return home


def somebody_changes_orders(ardoq):
    """Change a component that the plan is about."""
    with ArdoqClient(ardoq.url, ardoq.token) as client:
        client.patch_component(ORDERS, payload={"cost": 7})


def test_a_plan_is_shown_in_full(home, ardoq, run):
    """--long shows each change with its values, and still what is missing; nothing is written."""
    ran = run("plan job.toml --long")
    assert ran.status == CHANGES
    assert "      cost: 1 -> 1200\n" in ran.out
    assert "preview on API v2 of" in ran.out
    assert "  - component Fax (Application)\n" in ran.out
    assert writes(ardoq) == []


def test_a_saved_plan_is_applied_and_told_from_a_job_by_its_content(saved, ardoq, run):
    """A file is a plan for what is in it, whatever it is called; the second time there is nothing to do."""
    (saved / "plan.json").rename(saved / "reviewed.toml")
    ran = run("apply reviewed.toml")
    assert (ran.status, ran.err) == (DONE, "")
    assert ran.out.endswith("5 applied; nothing has moved since the plan\n")
    assert "Web shop" in names_in(ardoq)
    ran = run("apply reviewed.toml --job job.toml --quiet-when-unchanged")
    assert ran == (DONE, "", "")
    ran = run("apply reviewed.toml --job job.toml")
    assert ran.out.endswith("0 applied, 5 there already; nothing has moved since the plan\n")


def test_a_plan_speaks_the_version_it_was_made_on(saved, ardoq, run, version):
    """Without a job the version of the API is the plan's, unless --api says otherwise."""
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
def test_what_has_moved_is_not_overwritten(saved, ardoq, run, option, status, cost, shop):
    """What is left of the plan for what has moved is status 3, and says who and what; decided again, 0."""
    somebody_changes_orders(ardoq)
    ran = run(f"apply plan.json {option}")
    assert ran.status == status
    assert "component 'Orders' changed" in ran.out
    (orders,) = (one for one in ardoq.dump()["components"] if one["_id"] == ORDERS)
    assert orders["customFields"]["cost"] == cost
    assert ("Web shop" in names_in(ardoq)) is shop


def test_a_plan_is_for_its_own_ardoq(saved, ardoq, run):
    """A plan that was made on another Ardoq is refused, and nobody is sent the token for its sake."""
    plan = json.loads((saved / "plan.json").read_text())
    plan["made"]["host"] = "https://other.ardoq.com"
    (saved / "plan.json").write_text(json.dumps(plan))
    ran = run("apply plan.json")
    assert ran.status == FAILED
    assert "other.ardoq.com" in ran.out
    assert writes(ardoq) == []


def test_a_plan_does_not_say_where_to_go(saved, ardoq, run, monkeypatch):
    """Without a host from the environment, an option or a job, none is asked, although the plan names one."""
    monkeypatch.delenv("ARDOQ_API_HOST")
    ran = run("apply plan.json")
    assert ran.status == FAILED
    assert "No Ardoq host is set" in ran.err
    assert ardoq.requests == []
    (saved / "job.toml").write_text(job_text(ardoq=f'host = "{ardoq.url}"'))
    assert run("apply plan.json --job job.toml").status == DONE


@pytest.mark.parametrize("content", ["{", '{"kind": "ardoqpy run document"}', '{"kind": "ardoqpy plan"}', "{}"])
def test_what_is_no_plan_is_refused(home, ardoq, run, content):
    """A file of JSON that is no good plan is refused in one sentence that names it."""
    (home / "plan.json").write_text(content)
    ran = run("apply plan.json")
    assert (ran.status, ran.out, ran.err.count("\n")) == (FAILED, "", 1)
    assert "'plan.json'" in ran.err
    assert ardoq.requests == []


def test_a_change_that_fails_is_status_1(saved, ardoq, run):
    """Where a change of the plan fails it is named with its reason, and the others are done."""
    ardoq.fail("status", status=400, method="POST", times=9)
    ran = run("apply plan.json")
    assert ran.status == FAILED
    assert "failed:\n  - " in ran.out
    ardoq.clear_faults()
    assert run("apply plan.json").status == DONE


def test_half_a_run_is_not_saved(home, ardoq, run):
    """A plan with failed rows is saved without them; of a run that broke off, none is."""
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    assert run("plan job.toml --save plan.json").status == FAILED
    assert run("apply plan.json").status == DONE
    (home / "job.toml").write_text(job_text(run='on_error = "raise"'))
    ran = run("plan job.toml --save other.json")
    assert ran.status == FAILED
    assert ran.err == "ardoqpy-sync: The plan is not saved, because the preview did not finish.\n"
    assert not (home / "other.json").exists()
