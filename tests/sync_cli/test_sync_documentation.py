"""The page about the nightly job shows what really comes out."""

import json
import re
from pathlib import Path

from nightly import BAD_ROW, ROWS, names_in

from ardoqpy_sync.cli.exit_codes import MEANINGS
from ardoqpy_sync.cli.main import COMMANDS

PAGE = Path(__file__).parents[2].joinpath("docs", "nightly-job.md").read_text(encoding="utf-8")
SHOWN = [
    example
    for block in re.findall(r"^```sh-session\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for example in re.findall(r"^\$ ardoqpy-sync (.+)\n((?:[^$].*\n)*)", block, re.MULTILINE)
]
PYTHON = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_shows_what_comes_out(home, ardoq, run):
    """The commands on the page, one after the other, give what stands below them."""
    (home / "apps.csv").write_text(ROWS + BAD_ROW)
    for line, output in SHOWN:
        if line.startswith("plan"):
            (home / "apps.csv").write_text(ROWS)  # "with that row put right"
        ran = run(line)
        assert (ran.out + ran.err).replace(ardoq.url, "https://yourorg.ardoq.com") == output
    assert len(SHOWN) == 4
    assert (home / "last.html").exists()


def test_the_page_names_every_command_and_every_status():
    """Every command is in the table of commands, every exit status in that of statuses."""
    rows = re.findall(r"^\| `([a-z]+)[^|]*\|", PAGE, re.MULTILINE)
    assert {command.name for command in COMMANDS} == set(rows)
    statuses = re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)
    assert [int(status) for status in statuses] == [*sorted(MEANINGS), 141]
    for meaning in MEANINGS.values():
        assert f"`{meaning}`" in PAGE


def test_the_page_shows_what_a_webhook_is_told(home, ardoq, run, hook):
    """The JSON on the page is what a webhook gets for that run, but for host and time."""
    run(f"apply job.toml --webhook {hook.url}")
    (block,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    told = json.loads(json.dumps(hook.told[0]).replace(ardoq.url, "https://yourorg.ardoq.com"))
    assert {**told, "at": ""} == {**json.loads(block), "at": ""}


def test_the_python_on_the_page_runs(home, ardoq):
    """The Python on the page runs as it stands, and does what the command does."""
    (code,) = PYTHON
    exec(compile(code, "nightly-job.md", "exec"), {})
    assert names_in(ardoq) == ["Billing", "Fax", "Orders", "Web shop"]
    assert json.loads((home / "night.json").read_text())["rows"] == {"component": 3, "reference": 2}
    assert "Web shop" in (home / "last.html").read_text("utf-8")
