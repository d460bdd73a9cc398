"""docs/command-line.md shows the real output of the commands."""

import re
from pathlib import Path

import pytest

from ardoqpy.cli.commands.doctor import ROUND_TRIPS
from ardoqpy.cli.main import COMMANDS

PAGE = Path(__file__).parents[2].joinpath("docs", "command-line.md").read_text(encoding="utf-8")
SHOWN = [
    example
    for block in re.findall(r"^```sh-session\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for example in re.findall(r"^\$ ardoqpy (.+)\n((?:[^$].*\n)*)", block, re.MULTILINE)
]


def normalize(text):
    """Return a text without ports, versions and times."""
    text = re.sub(r"ardoqpy \d\S* requests \S+ .*", "VERSIONS", text)
    return re.sub(r"127\.0\.0\.1:\d+|\d+ ms", "N", text)


@pytest.mark.parametrize(("line", "output"), SHOWN, ids=[line for line, _ in SHOWN])
def test_page_shows_real_output(ardoq, run, tmp_path, monkeypatch, line, output):
    """Each command on the page prints what the page shows."""
    monkeypatch.chdir(tmp_path)
    ran = run(line)
    assert normalize(ran.out + ran.err) == normalize(output)


def test_page_lists_every_command():
    """Every command is in the table of the page."""
    rows = "\n".join(re.findall(r"^\| (`.+?) \|", PAGE, re.MULTILINE))
    named = {
        " ".join(re.findall(r"[a-z]+", code.split(" WORK")[0])) for code in re.findall(r"`([a-z ]+)", rows)
    }
    assert {command.name for command in COMMANDS} <= named


def test_page_counts_requests_of_doctor(ardoq, run):
    """The doctor sends twelve requests, as the page says."""
    run("doctor")
    assert len(ardoq.requests) == 2 * (1 + ROUND_TRIPS) == 12
    assert "twelve times" in PAGE
