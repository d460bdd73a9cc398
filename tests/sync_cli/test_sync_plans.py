"""Plans: saved, reviewed and applied, also if Ardoq drifted in the meantime."""

import json

import pytest
from nightly import BAD_ROW, ORDERS, ROWS, job_text, names_in, writes

from ardoqpy import ArdoqClient
from ardoqpy_sync.cli.exit_codes import BLOCKED, CHANGES, DONE, FAILED


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
