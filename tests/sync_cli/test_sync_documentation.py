"""docs/nightly-job.md shows the real output of the commands."""

import json
import re
from pathlib import Path

from nightly import BAD_ROW, ROWS, names_in

from ardoqpy_sync.cli.main import COMMANDS
from ardoqpy_sync.reporting.exit_codes import MEANINGS

PAGE = Path(__file__).parents[2].joinpath("docs", "nightly-job.md").read_text(encoding="utf-8")
SHOWN = [
    example
    for block in re.findall(r"^```sh-session\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for example in re.findall(r"^\$ ardoqpy-sync (.+)\n((?:[^$].*\n)*)", block, re.MULTILINE)
]
#: It contains the time of the run.
HASH = re.compile("[0-9a-f]{12}, SHA-256 [0-9a-f]{64}")
PYTHON = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_page_shows_real_output(home, ardoq, run):
    """The commands on the page, one after the other, print what the page shows."""
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    for line, output in SHOWN:
        if line.startswith("plan"):
            (home / "apps.csv").write_text(ROWS)  # "with that row put right"
        ran = run(line)
        printed = (ran.out + ran.err).replace(ardoq.url, "https://yourorg.ardoq.com")
        assert HASH.sub("<>", printed) == HASH.sub("<>", output)
    assert len(SHOWN) == 4
    assert (home / "last.html").exists()


def test_page_lists_commands_and_exit_codes():
    """Every command and every exit code is in a table of the page."""
    rows = re.findall(r"^\| `([a-z]+(?: [a-z]+)?)[^|]*\|", PAGE, re.MULTILINE)
    assert {command.name for command in COMMANDS} == set(rows)
    statuses = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    assert [int(status) for status in statuses] == [*sorted(MEANINGS), 141]
    for meaning in MEANINGS.values():
        assert f"`{meaning}`" in PAGE


def test_page_shows_webhook_summary(home, ardoq, run, hook):
    """The JSON on the page is what a webhook gets for that run, except for host and time."""
    run(f"apply job.toml --webhook {hook.url}")
    (block,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    summary = json.loads(json.dumps(hook.received[0]).replace(ardoq.url, "https://yourorg.ardoq.com"))
    assert {**summary, "at": ""} == {**json.loads(block), "at": ""}


def test_python_on_page_runs(home, ardoq):
    """The Python on the page runs as it is, and does what the command does."""
    (code,) = PYTHON
    exec(compile(code, "nightly-job.md", "exec"), {})
    assert names_in(ardoq) == ["Billing", "Fax", "Orders", "Web shop"]
    assert (home / "job.ledger.db").exists()
    assert "Web shop" in (home / "last.html").read_text("utf-8")
