"""How a command ends: its exit code, one sentence, and never a traceback."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import responses
from organisation import SEED

from ardoqpy import ArdoqClient
from ardoqpy.testing import emulator

FULL = Path("/dev/full")
COMMAND = [sys.executable, "-m", "ardoqpy"]


def one_sentence(text):
    """Return whether a text is one complete line of the command."""
    return text.startswith("ardoqpy: ") and text.count("\n") == 1 and text.endswith((".\n", "?\n"))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("components --workspace Aps", "There is no workspace 'Aps': did you mean 'Apps'?"),
        (
            "components --workspace Nothing",
            "There is no workspace 'Nothing': there are 'Apps' and 'Servers'.",
        ),
        (
            "components --workspace 5f00aa00bb00cc00dd00eeff",
            "There is no workspace '5f00aa00bb00cc00dd00eeff': there are 'Apps' and 'Servers'.",
        ),
        (
            "components --workspace Apps --type Modul",
            "There is no component type 'Modul': did you mean 'Module'?",
        ),
        ("components --type Modul", "No component is of a type 'Modul': did you mean 'Module'?"),
        (
            "components --workspace Apps --field livecycle=Active",
            "The workspace has no field 'livecycle': did you mean 'lifecycle'?",
        ),
        (
            "references --workspace Apps --type 'depends of'",
            "There is no reference type 'depends of': did you mean 'depends on'?",
        ),
        (
            "references --type 'depends on'",
            (
                "The name of a reference type belongs to the model of a workspace: name one with "
                "--workspace, or pass the number of the type."
            ),
        ),
        ("references --incoming", "--incoming needs a workspace: name it with --workspace."),
        (
            "report run 'All aplications'",
            "There is no report 'All aplications': did you mean 'All applications'?",
        ),
        ("search", "Pass what to search for: either TEXT or --field NAME=VALUE."),
        ("search x", "Ardoq searches names within one workspace: name it with --workspace."),
        ("attachments --api v1", "--workspace is missing: an id is text such as '5f00aa00bb00cc00dd00ee10'."),
        (
            "get 'a b'",
            "ID is 'a b', which is not an id of Ardoq: an id is text such as '5f00aa00bb00cc00dd00ee10'.",
        ),
    ],
)
def test_failed_command(ardoq, run, line, sentence):
    """An unknown name or an impossible question is one sentence and exit code 1."""
    assert run(line) == (1, "", f"ardoqpy: {sentence}\n")


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_ambiguous_name(ardoq, run, api):
    """If several workspaces or types have the name, the error lists their ids."""
    dump = ardoq.dump()
    dump["workspaces"][1]["name"] = "Apps"
    (model,) = (model for model in dump["models"] if not model["common"])
    model["root"]["p3"]["name"] = "Application"
    ardoq.load(dump)
    ids = ", ".join(workspace["_id"] for workspace in dump["workspaces"])
    sentence = f"ardoqpy: There are 2 workspaces with the name 'Apps'. Use the ID of one: {ids}.\n"
    assert run(f"components --workspace Apps --api {api}") == (1, "", sentence)
    ran = run(f"components --workspace {dump['workspaces'][0]['_id']} --type application --api {api}")
    sentence = (
        "ardoqpy: There are 2 component types with the name 'application'. Use the ID of one: p1, p3.\n"
    )
    assert ran == (1, "", sentence)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "The following arguments are required: COMMAND. See 'ardoqpy --help'."),
        ("folder", "There is no command 'folder': did you mean 'folders'?"),
        ("report runn x", None),
        (
            "components --nothing",
            "There is no option --nothing for this command. See 'ardoqpy components --help'.",
        ),
        ("me you", "'you' is one argument too many for this command. See 'ardoqpy me --help'."),
        ("--host x me", "There is no option --host before the command. See 'ardoqpy --help'."),
        (
            "components --field lifecycle",
            "Argument --field: 'lifecycle' is not of the form NAME=VALUE. See 'ardoqpy components --help'.",
        ),
        ("components --limit 0", None),
        ("components --limit -1", None),
        ("components --columns a,,b", None),
        ("components --format xml", None),
        ("components --timeout soon", None),
        ("components --retries many", None),
        (
            "components --form csv",
            "There is no option --form for this command. See 'ardoqpy components --help'.",
        ),
        ("export", None),
    ],
)
def test_usage_error(run, line, sentence):
    """An unknown option or command is one sentence and exit code 1."""
    ran = run(line)
    assert (ran.status, ran.out) == (1, "")
    assert one_sentence(ran.err)
    assert sentence is None or ran.err == f"ardoqpy: {sentence}\n"


@pytest.mark.parametrize(
    "line", ["me", "components", "export Apps", "get abc", "download x --workspace Apps"]
)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 422},
        {"kind": "drop-before"},
        {"kind": "cut-off"},
        {"kind": "html"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_failed_request(ardoq, run, line, fault):
    """A failed, incomplete or wrong answer is one sentence and exit code 1."""
    ardoq.fail(times=50, **fault)
    ran = run(f"{line} --retries 0")
    assert (ran.status, ran.out) == (1, "")
    assert one_sentence(ran.err)
    assert ardoq.token not in ran.err


@pytest.mark.parametrize("answer", [None, 1, "text", [], [1], [None], {}, {"_id": 1}, {"a": {"b": [None]}}])
@pytest.mark.parametrize(
    "line",
    [
        *(
            "components --workspace Apps",
            "components",
            "context Apps",
            "export Apps",
            "references --incoming",
        ),
        *("references --workspace Apps --incoming", "report run x", "fields --workspace Apps", "tags", "me"),
        *("get abc", "search x --workspace Apps", "attachments --workspace Apps", "doctor", "request me"),
    ],
)
def test_unexpected_json(ardoq, run, line, answer):
    """JSON of any form ends in rows or in one sentence, never in a traceback."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as other:
        other.get(re.compile(".*"), json=answer)
        ran = run(f"{line} --retries 0")
    assert (ran.status, ran.err) == (0, "") or (
        ran.status == 1 and (line == "doctor" or one_sentence(ran.err))
    )


def test_bug_names_its_line(ardoq, run, monkeypatch):
    """A bug is one sentence with its line and without its text; with --verbose it is raised."""

    def mistaken(_self):
        raise KeyError(ardoq.token)

    monkeypatch.setattr(ArdoqClient, "me", mistaken)
    ran = run("me")
    assert ran.status == 1
    assert re.fullmatch(
        r"ardoqpy: Unexpected error: KeyError in \w+, line \d+\. Run it again with --verbose to see .+\n",
        ran.err,
    )
    with pytest.raises(KeyError):
        run("me --verbose")


def test_error_message_is_escaped(ardoq, run, monkeypatch):
    """An error message of Ardoq is one line, with control characters escaped."""

    def refused(_self):
        from ardoqpy import BadRequest  # noqa: PLC0415

        raise BadRequest("Ardoq says: \x1b]0;owned\x07\nsecond line.")

    monkeypatch.setattr(ArdoqClient, "me", refused)
    assert run("me").err == "ardoqpy: Ardoq says: \\x1b]0;owned\\x07\\nsecond line.\n"


def test_verbose_logs_retries(ardoq, run):
    """--verbose logs retries to standard error; without it they are silent."""
    for line, words in (("me --verbose", "sending it again"), ("me", "")):
        ardoq.fail("status", status=429, retry_after=0)
        ran = run(line)
        assert ran.status == 0
        assert words in ran.err
        assert bool(words) == bool(ran.err)


def test_ctrl_c(ardoq):
    """Ctrl-C ends a command with exit code 130 and no output."""
    ardoq.fail("wait", seconds=60)
    with subprocess.Popen([*COMMAND, "me"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while ardoq.pending_faults() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == (b"", b"")
    assert process.returncode == 130


@pytest.mark.slow
def test_broken_pipe():
    """If the output is closed early, the command ends with exit code 141 and no error."""
    many = [{**SEED["components"][0], "_id": f"c{number}", "name": "x" * 500} for number in range(1000)]
    seed = {**SEED, "components": many, "references": [], "tags": []}
    with emulator(seed=seed, page_size=100) as server:
        # Much more than a pipe holds: it cannot be through before the reader goes away.
        environment = {"ARDOQ_API_HOST": server.url, "ARDOQ_API_TOKEN": server.token}
        for form in ("ndjson", "csv", "table"):
            command = [*COMMAND, "components", "--format", form]
            with subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
            ) as process:
                process.stdout.read(10)
                process.stdout.close()
                assert process.stderr.read() == b""
            assert process.returncode == 141


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a full disk to try")
@pytest.mark.parametrize(
    "line",
    [
        *("me", "--help"),
        *(
            pytest.param(line, marks=pytest.mark.slow)
            for line in ("components --format ndjson", "export Apps Servers", "doctor")
        ),
    ],
)
def test_full_disk(ardoq, monkeypatch, line):
    """If the output cannot be written, that is one sentence and exit code 1."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    with FULL.open("w") as full:
        command = [*COMMAND, *line.split()]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == f"ardoqpy: The output cannot be written: {os.strerror(errno.ENOSPC)}.\n"
    assert done.returncode == 1


def test_no_standard_output(ardoq, run, monkeypatch):
    """Without standard output, the error asks for --output."""
    monkeypatch.setattr(sys, "stdout", None)
    assert "name a file to write to with --output FILE" in run("me").err
