"""The file in which a job keeps the result of its last run."""

import json

import pytest
from nightly import BAD_ROW, ORDERS, ROWS, job_text

from ardoqpy import ConfigurationError
from ardoqpy_sync.cli.exit_codes import BLOCKED, CHANGES, DONE, FAILED
from ardoqpy_sync.job import read_state

MANY = "Id,Name,Cost,Needs\n" + "".join(f"{number},App {number},1,\n" for number in range(20))
#: How a valid file starts.
BEGINNING = "{'kind': 'ardoqpy state', 'format': 1, 'rows':"
FEW = "\n".join(MANY.splitlines()[:-1]) + "\n"


@pytest.fixture
def home(home):
    """Have the job keep its file in a separate folder."""
    (home / "kept").mkdir()
    (home / "job.toml").write_text(job_text(missing="delete", share=1, run='state_file = "kept/state.json"'))
    return home


def test_source_shrank(home, run, monkeypatch):
    """`plan` and `apply` compare the number of rows to that of the last run."""
    (home / "apps.csv").write_text(MANY)
    monkeypatch.chdir("/")  # the path is relative to the job file
    assert run(f"apply {home / 'job.toml'}").status == DONE
    kept = home / "kept" / "state.json"
    state = json.loads(kept.read_text())
    assert (state["kind"], state["format"], state["job"]) == ("ardoqpy state", 1, "Nightly sync")
    assert state["rows"] == {"component": 20, "reference": 0}
    job = job_text(missing="delete", share=0.5, run='state_file = "kept/state.json"')
    (home / "job.toml").write_text(job)
    (home / "apps.csv").write_text(FEW)
    assert run(f"plan {home / 'job.toml'}").status == CHANGES  # one of twenty is missing
    kept.write_text(json.dumps({**state, "rows": {"component": 100, "reference": 0}}))
    for command in ("plan", "apply"):
        ran = run(f"{command} {home / 'job.toml'}")
        assert ran.status == BLOCKED
        assert "19" in ran.out
        assert "100" in ran.out
    assert json.loads(kept.read_text())["rows"]["component"] == 100
    kept.unlink()
    assert run(f"apply {home / 'job.toml'}").status == DONE


def test_only_good_runs_are_saved(home, run):
    """A plan, a run with failed rows and a blocked run do not change the file."""
    state = home / "kept" / "state.json"
    assert run("plan job.toml").status != FAILED
    assert not state.exists()
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    assert run("apply job.toml").status == FAILED
    assert not state.exists()
    (home / "apps.csv").write_text(ROWS)
    (home / "job.toml").write_text(job_text(missing="delete", share=0, run='state_file = "kept/state.json"'))
    assert run("apply job.toml").status == BLOCKED
    assert not state.exists()
    (home / "job.toml").write_text(job_text(missing="delete", share=1, run='state_file = "kept/state.json"'))
    assert run("apply job.toml").status == DONE
    assert state.exists()


def test_not_converging_values_are_not_sent_again(home, ardoq, run):
    """A value that Ardoq did not keep is not sent again until Ardoq or the source changes."""
    known = {"kind": "component", "_id": ORDERS, "name": "Orders", "attribute": "cost"}
    known |= {"stored": 1, "wanted": 1200}
    state = {"kind": "ardoqpy state", "format": 1, "rows": {"component": 1, "reference": 1}}
    kept = home / "kept" / "state.json"
    kept.write_text(json.dumps({**state, "not_converging": [known]}))
    for _ in range(2):
        assert run("apply job.toml").status == DONE
        (orders,) = (component for component in ardoq.dump()["components"] if component["_id"] == ORDERS)
        assert orders["customFields"]["cost"] == 1
        assert json.loads(kept.read_text())["not_converging"] == [known]
    (home / "apps.csv").write_text(ROWS.replace("1200", "1300"))
    assert run("apply job.toml").status == DONE
    (orders,) = (component for component in ardoq.dump()["components"] if component["_id"] == ORDERS)
    assert orders["customFields"]["cost"] == 1300


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"kind": "ardoqpy plan", "format": 1}',
        '{"kind": "ardoqpy state", "format": 2, "rows": {}, "not_converging": []}',
        f"{BEGINNING} {{'component': -1, 'reference': 0}}, 'not_converging': []}}".replace("'", '"'),
        f"{BEGINNING} {{'component': 1, 'reference': 0}}, 'not_converging': [1]}}".replace("'", '"'),
        f"{BEGINNING} {{'component': true, 'reference': 0}}, 'not_converging': []}}".replace("'", '"'),
    ],
)
def test_damaged_file(home, ardoq, run, content):
    """A damaged file is one sentence with the file and the remedy, and nothing runs."""
    (home / "kept" / "state.json").write_text(content)
    ran = run("apply job.toml")
    assert (ran.status, ran.out, ran.err.count("\n")) == (FAILED, "", 1)
    assert "kept/state.json" in ran.err
    assert "Delete it to start without a state" in ran.err
    assert ardoq.requests == []
    with pytest.raises(ConfigurationError, match="Delete it"):
        read_state(home / "kept" / "state.json")


def test_unwritable_file(home, run):
    """If the file cannot be written after a good run, the exit code is 1."""
    (home / "kept").rmdir()
    ran = run("apply job.toml")
    assert ran.status == FAILED
    assert "state.json' cannot be written" in ran.err
    assert "4 created, 1 updated" in ran.out
