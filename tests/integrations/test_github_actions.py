"""The recipe for GitHub Actions: its workflow runs as it is on the page, against an emulator."""

import re
import sys
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from workflow_player import Workflow, evaluate

from ardoqpy.testing import emulator

PAGE = Path(__file__).parents[2] / "docs" / "integrations" / "github-actions.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.search(r"^```yaml\n(name: .*?)^```$", TEXT, re.DOTALL | re.MULTILINE)[1]
#: YAML reads the key `on` as true.
WORKFLOW = yaml.safe_load(BLOCK)
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
MODEL, APPS = "5f00aa00bb00cc00dd000010", "5f00aa00bb00cc00dd000020"
SEED = {
    "format": 1,
    "models": [{"_id": MODEL, "name": "Apps", "root": {"p1": {"name": "Application"}}}],
    "workspaces": [{"_id": APPS, "name": "Apps", "componentModel": MODEL}],
}
JOB = """\
format = 1
name = "Applications"
[ardoq]
version = "{version}"
[sources.apps]
file = "apps.csv"
[[components]]
rows = "apps"
workspace = "Apps"
type = "Application"
name = "{{Name}}"
description = "{{Description}}"
missing = "delete"
[guard]
share = 1.0
"""
#: Applications in the sheet, and how many make a plan longer than a comment may be.
ROWS, MANY = 4, 300


def test_every_action_is_pinned_to_a_commit():
    """Each action has the commit of its version, the same everywhere."""
    pinned = re.findall(r"uses: (\S+)@([0-9a-f]{40})  # (v\d+\.\d+\.\d+)$", BLOCK, re.MULTILINE)
    assert len(pinned) == BLOCK.count("uses:")
    actions = {action.removesuffix("/restore").removesuffix("/save"): rest for action, *rest in pinned}
    assert len(actions) == len({commit for _, commit, _ in pinned})


def test_permissions_and_secrets_are_the_least():
    """No job has more permissions than it needs, and only `apply` gets the token that writes."""
    jobs = WORKFLOW["jobs"]
    assert WORKFLOW["permissions"] == {}
    assert {name: job["permissions"] for name, job in jobs.items()} == {
        "plan": {"contents": "read"},
        "comment": {"pull-requests": "write"},
        "apply": {"actions": "read", "contents": "read"},
    }
    secrets = {name: set(re.findall(r"secrets\.(\w+)", yaml.safe_dump(job))) for name, job in jobs.items()}
    assert secrets == {"plan": {"ARDOQ_READ_TOKEN"}, "comment": set(), "apply": {"ARDOQ_API_TOKEN"}}
    assert [name for name, job in jobs.items() if "environment" in job] == ["apply"]
    assert "pull_request_target" not in BLOCK
    # An expression within a command would run what an author of a branch calls it.
    assert [step["run"] for step in STEPS if "${{" in step.get("run", "")] == []


def test_only_a_plan_of_main_with_changes_is_applied():
    """`apply` runs on main, after a plan that has changes and neither failed rows nor a block."""
    condition = WORKFLOW["jobs"]["apply"]["if"]
    for ref, status, expected in (
        ("refs/heads/main", "2", True),
        ("refs/heads/main", "0", False),
        ("refs/heads/main", "3", False),
        ("refs/heads/main", "", False),
        ("refs/pull/12/merge", "2", False),
        ("refs/heads/other", "2", False),
    ):
        context = {"github.ref": ref, "needs.plan.outputs.status": status}
        assert evaluate(condition, context) is expected, context


@pytest.fixture(params=["v1", "v2"])
def workflow(request, tmp_path):
    """Return the workflow of a repository with a job and four rows, for an empty workspace."""
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "job.toml").write_text(JOB.format(version=request.param), encoding="utf-8")
    write_rows(repository, range(ROWS))
    users = [{"name": name, "token": name} for name in ("reader", "writer")]
    with emulator(seed=SEED, users=users) as server:
        played = Workflow(WORKFLOW, tmp_path, repository, server.url)
        played.server = server
        yield played


def write_rows(repository, numbers):
    """Write a sheet with an application for each number."""
    rows = "".join(f"App {number},{'A long text. ' * 20}{number}\n" for number in numbers)
    (repository / "apps.csv").write_text(f"Name,Description\n{rows}", encoding="utf-8")


def stored(workflow):
    """Return the number of components in Ardoq."""
    return len(workflow.server.dump()["components"])


def writes(workflow):
    """Return the number of requests that write."""
    return sum(request.method != "GET" for request in workflow.server.requests)


def test_a_pull_request_from_a_fork_runs_nothing(workflow):
    """A pull request from a fork has no secrets: no job runs, so none fails."""
    assert set(workflow.run("pull_request", fork=True).values()) == {"skipped"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the workflow runs on Linux")
def test_from_the_pull_request_to_ardoq(workflow, tmp_path):
    """A pull request gets a comment, and after an approval exactly the plan of main is applied, once."""
    results = workflow.run("pull_request")
    assert results == {"plan": "success", "comment": "success", "apply": "skipped"}
    assert f"{ROWS} to create" in (tmp_path / "comment-12.md").read_text(encoding="utf-8")

    # Nobody approved: nothing is written, whatever the environment lets through.
    assert workflow.run("push") == {"plan": "success", "comment": "skipped", "apply": "failure"}
    assert "Nobody has approved this run" in workflow.outputs[-1]
    assert writes(workflow) == 0

    workflow.approved_by = "ada"
    assert workflow.play("apply", workflow.context, {"plan": "success"}) == "success"
    assert stored(workflow) == ROWS
    plan_id = re.search(r"^- Plan: (\w+)$", workflow.artifacts["plan"]["plan.md"].decode(), re.MULTILINE)[1]
    applied = workflow.artifacts["applied"]["applied.html"].decode()
    assert "ada" in applied
    assert plan_id in applied

    # The same job again, as somebody can start it by hand: the ledger has the plan.
    before = writes(workflow)
    assert workflow.play("apply", workflow.context, {"plan": "success"}) == "failure"
    assert f"The plan {plan_id} was applied" in workflow.outputs[-1]
    assert writes(workflow) == before

    # The ledger of that run says what is the job's: a row less is a component less.
    write_rows(workflow.repository, range(1, ROWS))
    assert workflow.run("push")["apply"] == "success"
    assert stored(workflow) == ROWS - 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the workflow runs on Linux")
def test_the_comment_fits(workflow, tmp_path):
    """Of a long plan, the comment leaves out entries and says how many; GitHub takes 65,536 characters."""
    write_rows(workflow.repository, range(MANY))
    assert workflow.run("pull_request")["comment"] == "success"
    comment = (tmp_path / "comment-12.md").read_text(encoding="utf-8")
    assert 60_000 < len(comment) <= 65_000
    assert re.search(r"^… and \d+ more", comment, re.MULTILINE)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the workflow runs on Linux")
def test_a_plan_that_was_changed_is_refused(workflow):
    """Neither a changed file is applied, nor one that comes with the SHA-256 of the changed file."""
    workflow.run("push")
    workflow.approved_by = "ada"
    changed = workflow.artifacts["plan"]["plan.json"].replace(b"A long text", b"Another text", 1)
    workflow.artifacts["plan"]["plan.json"] = changed
    assert workflow.play("apply", workflow.context, {"plan": "success"}) == "failure"
    assert "plan.json: FAILED" in workflow.outputs[-1]
    workflow.context["needs.plan.outputs.sha256"] = sha256(changed).hexdigest()
    assert workflow.play("apply", workflow.context, {"plan": "success"}) == "failure"
    assert "The plan was edited since it was made" in workflow.outputs[-1]
    assert writes(workflow) == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the workflow runs on Linux")
def test_a_plan_with_rows_that_fail_is_a_comment_and_no_more(workflow, tmp_path):
    """A pull request whose rows fail fails, with the reasons in its comment; on main, nothing is applied."""
    (workflow.repository / "apps.csv").write_text("Name,Description\n,No name\n", encoding="utf-8")
    workflow.approved_by = "ada"
    assert workflow.run("pull_request") == {"plan": "failure", "comment": "success", "apply": "skipped"}
    assert "1 row failed" in (tmp_path / "comment-12.md").read_text(encoding="utf-8")
    assert workflow.run("push") == {"plan": "failure", "comment": "skipped", "apply": "skipped"}
    assert writes(workflow) == 0
