"""The token is sent to Ardoq only, and is in no output."""

import json
import logging
from html import escape
from urllib.parse import quote

import pytest
from nightly import BAD_ROW, ROWS, SEED, job_text
from raw_server import RawServer

TOKEN = "Tk~n1ght&<secret>/+~kT"
ENCODINGS = {TOKEN, quote(TOKEN, safe=""), quote(TOKEN), escape(TOKEN)}
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
    "model plan model.toml",
    "model apply model.toml",
]
MODEL = """\
format = 1
[[workspaces]]
name = "New"
component_types = [{ name = "Application" }]
fields = [{ label = "Cost", type = "Number" }]
"""
#: Faults of requests.
FAULTS = {
    "nothing": None,
    "401": {"kind": "status", "status": 401, "times": 99},
    "503": {"kind": "status", "status": 503, "times": 99},
    "html": {"kind": "html", "times": 99},
    "writes drop": {"kind": "drop-after", "method": "POST", "times": 99},
    "writes refused": {"kind": "status", "status": 422, "method": "POST", "times": 99},
}


@pytest.fixture
def outputs(home, ardoq, run, hook, line, monkeypatch, caplog):
    """Return a function that runs a command line and returns everything it wrote anywhere."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(home / "step.md"))
    monkeypatch.setenv("ARDOQPY_WEBHOOK", hook.url)
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    (home / "job.toml").write_text(job_text(missing="delete"))
    (home / "model.toml").write_text(MODEL)
    if "plan.json" in line:
        run("plan job.toml --save plan.json")

    def collect(line):
        before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        reports = (
            " --report r.html --report r.md --report r.json" if line.split()[0] in ("plan", "apply") else ""
        )
        ran = run(f"{line} --retries 0{reports}")
        files = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        fresh = [content.decode("latin-1") for path, content in files.items() if content != before.get(path)]
        received = json.dumps([hook.received, hook.received_headers])
        return "\n".join([ran.out, ran.err, caplog.text, received, *fresh])

    return collect


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("line", [LINES[0], *LINES[2:6], *LINES[7:9]])
def test_no_output_has_the_token(ardoq, outputs, fault, line):
    """Neither output, report, ledger, plan, log, step summary nor webhook has the token."""
    if FAULTS[fault] is not None:
        ardoq.fail(**FAULTS[fault])
    everything = outputs(line)
    assert everything
    assert ardoq.token.casefold() not in everything.casefold()


@pytest.mark.parametrize("encoded", sorted(ENCODINGS))
@pytest.mark.parametrize("line", LINES[1::2])
def test_repeated_token_is_redacted(outputs, monkeypatch, encoded, line):
    """An Ardoq that repeats the token in its answers does not get it into any output."""
    body = f'{{"message": "You said {encoded}"}}'.encode()
    answer = b"HTTP/1.1 403 Not %s\r\nContent-Length: %d\r\n\r\n%s" % (encoded.encode(), len(body), body)
    server = RawServer(*[answer] * 30)
    try:
        monkeypatch.setenv("ARDOQ_API_HOST", server.url)
        monkeypatch.setenv("ARDOQ_API_TOKEN", TOKEN)
        everything = outputs(line)
    finally:
        server.close()
    assert server.received or "apply plan.json" in line
    for encoded_token in ENCODINGS:
        assert encoded_token.casefold() not in everything.casefold()


@pytest.mark.parametrize("key", ["host", "org", "config", "name"])
def test_token_in_wrong_key_of_job(home, run, ardoq, key):
    """A token in the place of another setting of a job is not shown."""
    if key == "name":
        text = job_text().replace("[ardoq]", f'[ardoq]\napi_token = "{TOKEN}"')
    else:
        text = job_text(ardoq=f'{key} = "{TOKEN}"')
    (home / "job.toml").write_text(text)
    for command in ("plan", "check"):
        ran = run(f"{command} job.toml --retries 0")
        if key != "config":  # the message for a missing file names its path
            assert TOKEN not in ran.out + ran.err
        assert ran.status == 1


@pytest.mark.parametrize(
    "spelling",
    [str, lambda token: f"&#{ord(token[0])};{token[1:]}", lambda token: f"\\u{ord(token[0]):04x}{token[1:]}"],
)
def test_token_in_the_data_of_ardoq_is_in_no_output(home, ardoq, run, monkeypatch, spelling):
    """A component that holds the token, in any spelling, does not bring it into an output or a saved plan."""
    (home / "apps.csv").write_text(ROWS)
    (home / "job.toml").write_text(job_text(missing="delete", share=1))
    written = spelling(ardoq.token)
    components = ardoq.dump()["components"]
    fax = next(comp for comp in components if comp["name"] == "Fax")
    fax["name"] = f"Old {written}"
    ardoq.load(SEED | {"components": components})
    ran = run("plan job.toml --long --report r.html --report r.md --report r.json --save saved.json")
    texts = [ran.out, *(path.read_text() for path in sorted(home.glob("r.*")))]
    assert all("***" in text or "&#42;&#42;&#42;" in text for text in texts)
    rest = ardoq.token[1:]
    assert not [text for text in (*texts, ran.err) if rest in text]
    assert "a value in it contains your access token" in ran.err
    assert not (home / "saved.json").exists()
