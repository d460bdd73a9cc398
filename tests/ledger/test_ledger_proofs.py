"""The ledger is never behind Ardoq: under faults, kills, a full disk, forks and two runs at once."""

import os
import random
import resource
import subprocess
import sys
import threading

import pytest
from ledger_jobs import DELETE, MODES, SEED, TOKEN, components, ledger_of, write_job

from ardoqpy.emulator.faults import RANDOM_FAULT_KINDS
from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.ledger.ledger import Ledger

WITHOUT_429 = [kind for kind in RANDOM_FAULT_KINDS if kind != "429"]
#: So many rows; each fourth has a parent, which may be new as well.
NUMBER = 24
MORE = """parent = { type = "App", key = "uid", value = "{Parent}" }
"""
LINKS = """
[[references]]
rows = "apps"
workspace = "Apps"
type = "uses"
missing = "delete"
source = { type = "App", key = "uid", value = "{Id}" }
target = { type = "App", key = "uid", value = "{Uses}" }
"""

#: Tests of some minutes, which run only if they are asked for, with so many seeds.
SEEDS = int(os.environ.get("ARDOQPY_LONG_TESTS", "0"))
long = pytest.mark.skipif(not SEEDS, reason="takes minutes: set ARDOQPY_LONG_TESTS=4, or more seeds")
#: Reading takes some requests, which differ with the API version.
READING = {"v1": 5, "v2": 9, "batched": 9}


class Killer:
    """Kill a process before or after the emulator answers its n-th request."""

    def __init__(self):
        self.left, self.seconds, self.victim = 0, 0.0, None

    def wait(self, reading, draw, most):
        """Kill the victim at a moment after it has read, and return whether it was killed."""
        self.seconds = draw.choice([0.0, draw.uniform(0.001, 0.05)])
        self.left = reading + draw.randint(0, most)
        self.victim.communicate()
        code, self.victim = self.victim.returncode, None
        return code == -9

    def __call__(self, _exchange):
        """Count a request."""
        self.left -= 1
        if self.left == 0 and self.victim is not None:
            if self.seconds:
                threading.Timer(self.seconds, self.victim.kill).start()
            else:
                self.victim.kill()


@pytest.fixture(scope="module")
def killer():
    """Return what kills a run."""
    return Killer()


@pytest.fixture(scope="module")
def running(killer):
    """Run one emulator for all tests of this file."""
    with emulator(seed=SEED, token=TOKEN, page_size=50, recorder=killer) as server:
        yield server
    assert server.crashes == []


@pytest.fixture
def ardoq(running, monkeypatch):
    """Return the emulator with one component, and name it in the environment."""
    running.clear_faults()
    running.load(SEED)
    running.clear_requests()
    monkeypatch.setenv("ARDOQ_API_HOST", running.url)
    monkeypatch.setenv("ARDOQ_API_TOKEN", TOKEN)
    yield running
    running.clear_faults()


def write_rows(folder, number):
    """Write the n-th state of the source: some rows new, some changed, some gone."""
    draw = random.Random(number)
    rows = {each: draw.randint(1, 9) for each in range(NUMBER + number) if draw.random() > 0.2}
    lines = ["Id,Name,Cost,Owner,Parent,Uses"]
    for each, cost in rows.items():
        parent = each - 1 if each % 4 == 1 and each - 1 in rows else ""
        uses = each + 2 if each % 3 == 0 and each + 2 in rows else ""
        lines.append(f"{each},App {each},{cost},me,{parent},{uses}")
    (folder / "apps.csv").write_text("\n".join(lines) + "\n")
    return {f"App {each}": cost for each, cost in rows.items()}


def prepare(folder, mode):
    """Write the job."""
    batch = "batch = 7" if mode == "batched" else MODES[mode][1]
    write_job(folder, mode, missing=DELETE, mapping=MORE, guard="take_along = true", more=LINKS)
    text = (folder / "job.toml").read_text()
    if mode == "batched":
        text = text.replace('version = "v2"\n', f'version = "v2"\n{batch}\n')
    (folder / "job.toml").write_text(text)


def start(folder, *words):
    """Start a run of the job, or another command, in a process of its own."""
    words = words or ("apply", "job.toml", "--json")
    command = [sys.executable, "-m", "ardoqpy_sync", *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def behind(folder, before, after):
    """Return what happened in Ardoq between two dumps and is in no open or done write of the ledger."""
    ledger = ledger_of(folder)
    writes = [write for run in ledger.runs() for write in ledger.writes(run.number)]
    ledger.close()
    known = {
        (write.kind, write.action, write.entity_id) for write in writes if write.state in ("open", "done")
    }
    created = [write.sent for write in writes if write.action == "create" and write.state == "open"]
    problems = []
    for kind in ("component", "reference"):
        old = {each["_id"]: each for each in before[f"{kind}s"]}
        new = {each["_id"]: each for each in after[f"{kind}s"]}
        gone = old.keys() - new.keys()
        problems += [f"delete of {kind} {each}" for each in gone if (kind, "delete", each) not in known]
        for entity_id in old.keys() & new.keys():
            changed = old[entity_id]["_version"] != new[entity_id]["_version"]
            if changed and (kind, "update", entity_id) not in known:
                problems.append(f"update of {kind} {entity_id}")
        for entity_id in new.keys() - old.keys():
            entity = new[entity_id]
            is_open = any(
                sent.get("uid") == entity["customFields"].get("uid")
                if kind == "component"
                else "source" in sent
                for sent in created
            )
            if (kind, "create", entity_id) not in known and not is_open:
                problems.append(f"create of {kind} {entity_id}")
    return problems


def check_end(folder, ardoq, rows):
    """Run the job to its end, check that all is right and nothing of others is gone, and run it once more."""
    process = start(folder)
    out, err = process.communicate()
    assert process.returncode == 0, (out[-2000:], err)
    held = components(ardoq)
    assert {name: comp["cost"] for name, comp in held.items() if name != "Fax"} == rows
    assert "Fax" in held
    names = [comp["name"] for comp in ardoq.dump()["components"]]
    assert sorted(names) == sorted(set(names))
    ledger = ledger_of(folder)
    owned = {each.entity_id for each in ledger.owned() if each.kind == "component"}
    assert ledger.open_writes() == []
    ledger.close()
    assert {comp["_id"] for name, comp in held.items() if name != "Fax"} <= owned
    ardoq.clear_requests()
    process = start(folder)
    process.communicate()
    assert process.returncode == 0
    assert [request for request in ardoq.requests if request.method != "GET"] == []  # G3


@long
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS or 4))
@pytest.mark.parametrize("mode", MODES)
def test_g11_killed_runs_leave_no_write_unknown(ardoq, killer, tmp_path, mode, seed):
    """A run killed at any moment leaves nothing that is not in the ledger; the next one ends right."""
    prepare(tmp_path, mode)
    draw, killed = random.Random(seed), 0
    for number in range(3):
        rows = write_rows(tmp_path, number)
        for _ in range(3):
            before = ardoq.dump()
            with start(tmp_path) as killer.victim:
                killed += killer.wait(READING[mode], draw, 4 if mode == "batched" else 25)
            assert behind(tmp_path, before, ardoq.dump()) == []
        check_end(tmp_path, ardoq, rows)
    assert killed > 0
    print(f"{killed} kills")  # noqa: T201 - how many, for those who ask with -s


def by_name(ardoq):
    """Return what Ardoq holds without ids, which change when something is created again."""
    dump = ardoq.dump()
    names = {comp["_id"]: comp["name"] for comp in dump["components"]}
    held = [
        (comp["name"], comp["typeId"], names.get(comp["parent"]), comp["customFields"], comp["description"])
        for comp in dump["components"]
    ]
    held += [
        (names[ref["source"]], names[ref["target"]], ref["type"], ref["displayText"])
        for ref in dump["references"]
    ]
    return sorted(held, key=repr)


@long
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEEDS or 4))
@pytest.mark.parametrize("mode", MODES)
def test_g11_killed_undo_goes_on(ardoq, killer, tmp_path, mode, seed):
    """An undo that is killed, again and again, leaves no write unknown; the same command ends it right."""
    prepare(tmp_path, mode)
    write_rows(tmp_path, seed)
    with start(tmp_path) as process:
        process.communicate()
    wanted, draw, killed = by_name(ardoq), random.Random(seed), 0
    write_rows(tmp_path, seed + 10)
    with start(tmp_path) as process:
        process.communicate()
    assert by_name(ardoq) != wanted
    undo = "undo", "job.toml", "2", "--apply"
    for _ in range(4):
        before = ardoq.dump()
        with start(tmp_path, *undo) as killer.victim:
            killed += killer.wait(READING[mode], draw, 6 if mode == "batched" else 25)
        assert behind(tmp_path, before, ardoq.dump()) == []
    with start(tmp_path, *undo) as process:
        out, err = process.communicate()
    assert process.returncode == 0, (out[-2000:], err)
    assert by_name(ardoq) == wanted
    ledger = ledger_of(tmp_path)
    assert ledger.open_writes() == []
    ledger.close()
    print(f"{killed} kills")  # noqa: T201 - how many, for those who ask with -s


@long
@pytest.mark.slow
@pytest.mark.parametrize("share", [0.05, 0.2, 0.4])
@pytest.mark.parametrize("mode", MODES)
def test_g11_faults_leave_no_write_unknown(ardoq, tmp_path, mode, share):
    """Under faults nothing is in Ardoq that is not in the ledger, and a run without faults ends right."""
    prepare(tmp_path, mode)
    for number in range(3):
        rows = write_rows(tmp_path, number)
        before = ardoq.dump()
        ardoq.fail_randomly(share, kinds=WITHOUT_429, seed=number)
        with start(tmp_path) as process:
            process.communicate()
        ardoq.clear_faults()
        if (tmp_path / "job.ledger.db").exists():
            assert behind(tmp_path, before, ardoq.dump()) == []
        else:
            assert before == ardoq.dump()
        check_end(tmp_path, ardoq, rows)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["v1", "batched"])
def test_two_runs_at_once(ardoq, tmp_path, mode):
    """Of two runs at the same time one writes; the other says why not, and the ledger is whole."""
    prepare(tmp_path, mode)
    rows = write_rows(tmp_path, 0)
    processes = [start(tmp_path) for _ in range(2)]
    ends = [process.communicate() for process in processes]
    statuses = sorted(process.returncode for process in processes)
    assert statuses in ([0, 0], [0, 1])  # the second may start after the first has ended
    if statuses == [0, 1]:
        assert any("is already running" in err for _, err in ends), ends
    check_end(tmp_path, ardoq, rows)


@pytest.mark.parametrize(
    ("mode", "limit"),
    [
        ("batched", 60_000),
        *(pytest.param("batched", limit, marks=pytest.mark.slow) for limit in (45_000, 90_000)),
        *(pytest.param("v1", limit, marks=pytest.mark.slow) for limit in (45_000, 60_000, 90_000)),
    ],
)
def test_full_disk_stops_a_run_before_it_writes(ardoq, tmp_path, mode, limit):
    """If the ledger cannot be written, nothing is in Ardoq that is not in it, and the report says so."""
    prepare(tmp_path, mode)
    rows = write_rows(tmp_path, 0)
    Ledger.open(tmp_path / "job.ledger.db", "Ledger job").close()
    before = ardoq.dump()
    command = [sys.executable, "-m", "ardoqpy_sync", "apply", "job.toml"]
    full = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    after = ardoq.dump()
    assert behind(tmp_path, before, after) == []
    assert full.returncode == 1, "the limit is too high: the ledger fits"
    assert "cannot be written" in full.stdout + full.stderr
    check_end(tmp_path, ardoq, rows)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_fork_and_threads(ardoq, tmp_path):
    """Threads share a run; a forked child has a run of its own, and neither loses a write of the other."""
    path = tmp_path / "script.ledger.db"

    def create(name):
        client.create_component({"name": name, "typeId": "p1", "rootWorkspace": SEED["workspaces"][0]["_id"]})

    client = ArdoqSyncClient(ardoq.url, TOKEN, version="v2", ledger=path)
    threads = [threading.Thread(target=create, args=(f"T{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    child = os.fork()
    if not child:
        try:
            create("Child")
            client.close()
            os._exit(0)
        finally:
            os._exit(9)
    assert os.waitpid(child, 0)[1] == 0
    create("Parent")
    client.close()
    ledger = Ledger.open(path, "script", read_only=True)
    assert [(run.number, run.status) for run in ledger.runs()] == [(2, "success"), (1, "success")]
    assert sorted(write.sent["name"] for write in ledger.writes(1)) == ["Parent", "T0", "T1", "T2", "T3"]
    assert [write.sent["name"] for write in ledger.writes(2)] == ["Child"]
    assert {each.values["name"] for each in ledger.owned()} == {"Child", "Parent", "T0", "T1", "T2", "T3"}
    ledger.close()
