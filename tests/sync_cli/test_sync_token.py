"""The token goes to Ardoq and nowhere else, whatever the command is asked and however it fails."""

import json
import logging
from html import escape
from urllib.parse import quote

import pytest
from nightly import BAD_ROW, ROWS, job_text
from raw_server import RawServer

TOKEN = "Tk~n1ght&<secret>/+~kT"
SPELLED = {TOKEN, quote(TOKEN, safe=""), quote(TOKEN), escape(TOKEN)}
LINES = [
    "apply job.toml",
    "apply job.toml --verbose --json",
    "apply job.toml --api v1",
    "plan job.toml --long --save saved.json",
    "check job.toml",
    "check job.toml --json --verbose",
    "apply plan.json",
    "apply plan.json --job job.toml --on-drift replan",
    "init --workspace Apps --source apps.csv --output first.toml",
    "init --workspace Apps --source apps.csv --output -",
]
#: What becomes of calls: (fault, method).
FAULTS = {
    "nothing": None,
    "401": {"kind": "status", "status": 401, "times": 99},
    "503": {"kind": "status", "status": 503, "times": 99},
    "html": {"kind": "html", "times": 99},
    "writes drop": {"kind": "drop-after", "method": "POST", "times": 99},
    "writes refused": {"kind": "status", "status": 422, "method": "POST", "times": 99},
}


@pytest.fixture
def outputs(home, ardoq, run, hook, monkeypatch, caplog):
    """Run a line with the token in the environment, and return all that came of it, wherever it went."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(home / "step.md"))
    monkeypatch.setenv("ARDOQPY_WEBHOOK", hook.url)
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    (home / "job.toml").write_text(job_text(missing="delete", run='memory = "night.json"'))
    run("plan job.toml --save plan.json")

    def collect(line):
        before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        reports = (
            " --report r.html --report r.md --report r.json" if line.split()[0] in ("plan", "apply") else ""
        )
        ran = run(f"{line} --retries 0{reports}")
        files = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        fresh = [content.decode("latin-1") for path, content in files.items() if content != before.get(path)]
        told = json.dumps([hook.told, hook.headers_told])
        return "\n".join([ran.out, ran.err, caplog.text, told, *fresh])

    return collect


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("line", [LINES[0], *LINES[2:6], *LINES[7:9]])
def test_no_output_holds_the_token(ardoq, outputs, fault, line):
    """Neither output, report, memory, plan, log, step summary nor webhook shows the token."""
    if FAULTS[fault] is not None:
        ardoq.fail(**FAULTS[fault])
    everything = outputs(line)
    assert everything
    assert ardoq.token.casefold() not in everything.casefold()


@pytest.mark.parametrize("spelling", sorted(SPELLED))
@pytest.mark.parametrize("line", LINES[1::2])
def test_what_repeats_the_token_is_shown_without_it(outputs, monkeypatch, spelling, line):
    """An Ardoq that repeats the token in its answers does not get it into any output."""
    body = f'{{"message": "You said {spelling}"}}'.encode()
    answer = b"HTTP/1.1 403 Not %s\r\nContent-Length: %d\r\n\r\n%s" % (spelling.encode(), len(body), body)
    server = RawServer(*[answer] * 30)
    try:
        monkeypatch.setenv("ARDOQ_API_HOST", server.url)
        monkeypatch.setenv("ARDOQ_API_TOKEN", TOKEN)
        everything = outputs(line)
    finally:
        server.close()
    assert server.received or "apply plan.json" in line
    for spelled in SPELLED:
        assert spelled.casefold() not in everything.casefold()


@pytest.mark.parametrize("place", ["host", "org", "config", "name"])
def test_a_token_in_the_wrong_place_of_a_job(home, run, ardoq, place):
    """A token that somebody wrote into a job in place of something else is not shown as a setting."""
    if place == "name":
        text = job_text().replace("[ardoq]", f'[ardoq]\napi_token = "{TOKEN}"')
    else:
        text = job_text(ardoq=f'{place} = "{TOKEN}"')
    (home / "job.toml").write_text(text)
    for command in ("plan", "check"):
        ran = run(f"{command} job.toml --retries 0")
        if place != "config":  # a path is shown: it says which file is not there
            assert TOKEN not in ran.out + ran.err
        assert ran.status == 1
