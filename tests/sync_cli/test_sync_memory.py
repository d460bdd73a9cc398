"""What a job remembers from night to night."""

import json

import pytest
from nightly import BAD_ROW, ORDERS, ROWS, job_text

from ardoqpy import ConfigurationError
from ardoqpy_sync.cli.exit_codes import BLOCKED, CHANGES, DONE, FAILED
from ardoqpy_sync.job import read_memory

MANY = "Id,Name,Cost,Needs\n" + "".join(f"{number},App {number},1,\n" for number in range(20))
#: How a memory that makes sense begins.
BEGINNING = "{'kind': 'ardoqpy memory', 'format': 1, 'rows':"
FEW = "\n".join(MANY.splitlines()[:-1]) + "\n"


@pytest.fixture
def night(home):
    """Have the job remember in a folder of its own."""
    (home / "kept").mkdir()
    (home / "job.toml").write_text(job_text(missing="delete", share=1, run='memory = "kept/night.json"'))
    return home


def test_a_suddenly_small_source_is_seen(night, run, monkeypatch):
    """What is refused for the rows of the night before is so in `plan` and `apply`, by that memory alone."""
    (night / "apps.csv").write_text(MANY)
    monkeypatch.chdir("/")  # it is looked for beside the job
    assert run(f"apply {night / 'job.toml'}").status == DONE
    kept = night / "kept" / "night.json"
    memory = json.loads(kept.read_text())
    assert (memory["kind"], memory["format"], memory["job"]) == ("ardoqpy memory", 1, "The night")
    assert memory["rows"] == {"component": 20, "reference": 0}
    job = job_text(missing="delete", share=0.5, run='memory = "kept/night.json"')
    (night / "job.toml").write_text(job)
    (night / "apps.csv").write_text(FEW)
    assert run(f"plan {night / 'job.toml'}").status == CHANGES  # one of twenty is gone
    kept.write_text(json.dumps({**memory, "rows": {"component": 100, "reference": 0}}))
    for command in ("plan", "apply"):
        ran = run(f"{command} {night / 'job.toml'}")
        assert ran.status == BLOCKED
        assert "19" in ran.out
        assert "100" in ran.out
    assert json.loads(kept.read_text())["rows"]["component"] == 100
    kept.unlink()
    assert run(f"apply {night / 'job.toml'}").status == DONE


def test_only_a_good_run_is_remembered(night, run):
    """Neither a plan, nor a run with failed rows, nor one that was refused changes what is remembered."""
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


def test_what_ardoq_does_not_keep_is_not_sent_again(night, ardoq, run):
    """What Ardoq was seen not to keep is not sent, night after night, until Ardoq or the source moves."""
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
def test_a_damaged_memory_is_refused_with_the_remedy(night, ardoq, run, content):
    """A memory that makes no sense is one sentence that names the file and says what to do; nothing runs."""
    (night / "kept" / "night.json").write_text(content)
    ran = run("apply job.toml")
    assert (ran.status, ran.out, ran.err.count("\n")) == (FAILED, "", 1)
    assert "kept/night.json" in ran.err
    assert "delete it, and the next run begins anew" in ran.err
    assert ardoq.requests == []
    with pytest.raises(ConfigurationError, match="delete it"):
        read_memory(night / "kept" / "night.json")


def test_a_memory_that_cannot_be_written_is_a_failure(night, run):
    """Where a good run cannot be remembered, that is said, with status 1: the next night would not know."""
    (night / "kept").rmdir()
    ran = run("apply job.toml")
    assert ran.status == FAILED
    assert "night.json' cannot be written" in ran.err
    assert "changes were made." in ran.out
