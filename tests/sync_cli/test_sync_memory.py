"""The file in which a job keeps the result of its last run."""

import json

import pytest
from nightly import BAD_ROW, ORDERS, ROWS, job_text

from ardoqpy import ConfigurationError
from ardoqpy_sync.cli.exit_codes import BLOCKED, CHANGES, DONE, FAILED
from ardoqpy_sync.job import read_memory

MANY = "Id,Name,Cost,Needs\n" + "".join(f"{number},App {number},1,\n" for number in range(20))
#: How a valid file starts.
BEGINNING = "{'kind': 'ardoqpy memory', 'format': 1, 'rows':"
FEW = "\n".join(MANY.splitlines()[:-1]) + "\n"


@pytest.fixture
def night(home):
    """Have the job keep its file in a separate folder."""
    (home / "kept").mkdir()
    (home / "job.toml").write_text(job_text(missing="delete", share=1, run='memory = "kept/night.json"'))
    return home


def test_source_shrank(night, run, monkeypatch):
    """`plan` and `apply` compare the number of rows to that of the last run."""
    (night / "apps.csv").write_text(MANY)
    monkeypatch.chdir("/")  # the path is relative to the job file
    assert run(f"apply {night / 'job.toml'}").status == DONE
    kept = night / "kept" / "night.json"
    memory = json.loads(kept.read_text())
    assert (memory["kind"], memory["format"], memory["job"]) == ("ardoqpy memory", 1, "The night")
    assert memory["rows"] == {"component": 20, "reference": 0}
    job = job_text(missing="delete", share=0.5, run='memory = "kept/night.json"')
    (night / "job.toml").write_text(job)
    (night / "apps.csv").write_text(FEW)
    assert run(f"plan {night / 'job.toml'}").status == CHANGES  # one of twenty is missing
    kept.write_text(json.dumps({**memory, "rows": {"component": 100, "reference": 0}}))
    for command in ("plan", "apply"):
        ran = run(f"{command} {night / 'job.toml'}")
        assert ran.status == BLOCKED
        assert "19" in ran.out
        assert "100" in ran.out
    assert json.loads(kept.read_text())["rows"]["component"] == 100
    kept.unlink()
    assert run(f"apply {night / 'job.toml'}").status == DONE


def test_only_good_runs_are_saved(night, run):
    """A plan, a run with failed rows and a blocked run do not change the file."""
    memory = night / "kept" / "night.json"
    assert run("plan job.toml").status != FAILED
    assert not memory.exists()
    (night / "apps.csv").write_text(ROWS + BAD_ROW)
    assert run("apply job.toml").status == FAILED
    assert not memory.exists()
    (night / "apps.csv").write_text(ROWS)
    (night / "job.toml").write_text(
        job_text(missing="delete", share=0, run='memory = "kept/night.json"'),
    )
    assert run("apply job.toml").status == BLOCKED
    assert not memory.exists()
    (night / "job.toml").write_text(
        job_text(missing="delete", share=1, run='memory = "kept/night.json"'),
    )
    assert run("apply job.toml").status == DONE
    assert memory.exists()


def test_not_converging_values_are_not_sent_again(night, ardoq, run):
    """A value that Ardoq did not keep is not sent again until Ardoq or the source changes."""
    known = {"kind": "component", "_id": ORDERS, "name": "Orders", "attribute": "cost"}
    known |= {"stored": 1, "wanted": 1200}
    memory = {"kind": "ardoqpy memory", "format": 1, "rows": {"component": 1, "reference": 1}}
    kept = night / "kept" / "night.json"
    kept.write_text(json.dumps({**memory, "not_converging": [known]}))
    for _ in range(2):
        assert run("apply job.toml").status == DONE
        (orders,) = (one for one in ardoq.dump()["components"] if one["_id"] == ORDERS)
        assert orders["customFields"]["cost"] == 1
        assert json.loads(kept.read_text())["not_converging"] == [known]
    (night / "apps.csv").write_text(ROWS.replace("1200", "1300"))
    assert run("apply job.toml").status == DONE
    (orders,) = (one for one in ardoq.dump()["components"] if one["_id"] == ORDERS)
    assert orders["customFields"]["cost"] == 1300


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"kind": "ardoqpy plan", "format": 1}',
        '{"kind": "ardoqpy memory", "format": 2, "rows": {}, "not_converging": []}',
        f"{BEGINNING} {{'component': -1, 'reference': 0}}, 'not_converging': []}}".replace("'", '"'),
        f"{BEGINNING} {{'component': 1, 'reference': 0}}, 'not_converging': [1]}}".replace("'", '"'),
        f"{BEGINNING} {{'component': true, 'reference': 0}}, 'not_converging': []}}".replace("'", '"'),
    ],
)
def test_damaged_file(night, ardoq, run, content):
    """A damaged file is one sentence with the file and the remedy, and nothing runs."""
    (night / "kept" / "night.json").write_text(content)
    ran = run("apply job.toml")
    assert (ran.status, ran.out, ran.err.count("\n")) == (FAILED, "", 1)
    assert "kept/night.json" in ran.err
    assert "delete it, and the next run begins anew" in ran.err
    assert ardoq.requests == []
    with pytest.raises(ConfigurationError, match="delete it"):
        read_memory(night / "kept" / "night.json")


def test_unwritable_file(night, run):
    """If the file cannot be written after a good run, the exit code is 1."""
    (night / "kept").rmdir()
    ran = run("apply job.toml")
    assert ran.status == FAILED
    assert "night.json' cannot be written" in ran.err
    assert "changes were made." in ran.out
