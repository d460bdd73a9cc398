"""Files on disk: what a killed process leaves, and what is not a file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from error_messages import sentence_of

from ardoqpy import ConfigurationError, InvalidInput
from ardoqpy._http import files, local_files
from ardoqpy_sync import json_file
from ardoqpy_sync.cli.job_file import load_job_file
from ardoqpy_sync.job import JobInvalid
from ardoqpy_sync.ledger.ledger import Ledger
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.reporting.exit_codes import FAILED
from ardoqpy_sync.sources import open_source

posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")

#: A process that is killed while it writes a file.
KILLED = """
import os, signal, sys
from ardoqpy._http import files
def chunks():
    yield b"half"
    os.kill(os.getpid(), signal.SIGKILL)
files.save(chunks(), sys.argv[1])
"""


def open_ledger(path):
    """Open a ledger under a path."""
    return Ledger.open(path, "Job")


@pytest.fixture(autouse=True)
def _new_process(monkeypatch):
    """Let each test look at its folders as a new process does."""
    monkeypatch.setattr(local_files, "_cleaned", set())


@posix
def test_next_run_removes_temporary_file_of_killed_run(tmp_path):
    """The temporary file of a process that was killed while it wrote is removed by the next one."""
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "last.html")], check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".last.html.")
    json_file.write(tmp_path / "state.json", {}, "state")
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_only_leftovers_are_removed(tmp_path):
    """Files with other names, and files of processes that run, stay; an hour old, they are leftovers."""
    own = local_files.temporary_path(tmp_path / "a.html").name
    computer, pid, digits = own.split(".")[-2].split("-")
    gone = "4194999"  # above the highest pid of Linux
    other = f"{int(computer, 16) ^ 1:08x}"
    kept = [
        own,
        f".a.html.{other}-{gone}-{digits}.part",
        f".a.html.{computer}-{gone}-{digits}.part.txt",
        f"a.html.{computer}-{gone}-{digits}.part",
        f".a.html.{gone}.part",
        f".a.html.{digits}.part",
        "a.part",
    ]
    for name in kept:
        (tmp_path / name).touch()
    (tmp_path / f".folder.{computer}-{gone}-{digits}.part").mkdir()
    leftovers = [f".a.html.{computer}-{gone}-{digits}.part", f".b.{other}-{pid}-{digits}.part"]
    for name in leftovers:
        (tmp_path / name).touch()
    an_hour_ago = (tmp_path / own).stat().st_mtime - 3601
    os.utime(tmp_path / leftovers[1], (an_hour_ago, an_hour_ago))
    os.utime(tmp_path / "a.part", (an_hour_ago, an_hour_ago))
    files.save(iter([b"x"]), tmp_path / "a.html")
    names = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert names == {*kept, "a.html"}


def _read_job(path):
    return load_job_file(str(path))


def _read_source(path):
    return list(open_source({"type": "csv", "file": str(path)}, path.parent))


@posix
@pytest.mark.parametrize(
    ("read", "error"),
    [
        (_read_job, JobInvalid),
        (open_ledger, ConfigurationError),
        (_read_source, ConfigurationError),
        (lambda path: json_file.read(path, "plan"), InvalidInput),
        (lambda path: json_file.write(path, {}, "plan"), InvalidInput),
    ],
    ids=["job", "state", "source", "read plan", "write plan"],
)
@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, None], ids=["pipe", "folder", "device"])
def test_only_regular_files_are_read_and_replaced(tmp_path, make, read, error):
    """A pipe, a folder or a device in place of a file is one sentence at once, and is left as it is."""
    path = Path("/dev/zero") if make is None else tmp_path / "x.csv"
    if make is not None:
        make(path)
    before = path.stat()
    sentence = sentence_of(error, read, path)
    assert str(path)[:30] in sentence
    assert path.stat().st_mode == before.st_mode


@posix
def test_device_as_ledger_is_not_to_be_deleted():
    """The remedy for a device in place of a ledger is another name, and not to delete it."""
    sentence = sentence_of(ConfigurationError, open_ledger, "/dev/null")
    assert sentence.endswith("is not a regular file. Name another file.")


@pytest.mark.slow
def test_huge_files_are_not_loaded(tmp_path):
    """A gigabyte in place of a ledger or a plan is one sentence, and is not loaded into memory."""
    path = tmp_path / "plan.json"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    assert "is damaged, or is not a ledger" in sentence_of(ConfigurationError, open_ledger, path)
    sentence = sentence_of(InvalidInput, Plan.load, path)
    assert "is not a plan: it has more than 512 MB. Check that it is the right file" in sentence


@posix
def test_command_line_with_pipes(tmp_path, monkeypatch, capsys):
    """A pipe as job file or plan does not make a command wait."""
    from ardoqpy_sync.cli import main  # noqa: PLC0415

    os.mkfifo(tmp_path / "job.toml")
    monkeypatch.chdir(tmp_path)
    for command in ("plan", "apply", "check", "report"):
        assert main([command, "job.toml", *(["--report", "a.md"] if command == "report" else [])]) == FAILED
        output = capsys.readouterr()
        assert "not a regular file" in output.out + output.err
