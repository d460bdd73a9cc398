"""The tour in testclient.py."""

import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from ardoqpy import ArdoqClient

ROOT = Path(__file__).parents[1]


def run_tour(*arguments, cwd, **environment):
    """Run testclient.py in a folder, with these environment variables."""
    command = [sys.executable, str(ROOT / "testclient.py"), *arguments]
    clean = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **environment}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, cwd=cwd, env=clean
    )


def test_without_settings_it_previews_writes_and_has_nothing_left_to_do(tmp_path):
    """The tour starts an emulator and ends well, with real packages in its reports."""
    done = run_tour(cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    packages = {each.metadata["Name"].lower().replace("_", "-") for each in distributions()}
    assert f"Source: {len(packages)} Python packages" in done.stdout
    assert "The real run did what the preview reported: yes." in done.stdout
    second = done.stdout.split("The second run")[1].split("A run after")[0]
    counted = [line.split()[1:4] for line in second.splitlines() if line.startswith(("comp", "ref"))]
    assert counted == [["0", "0", "0"], ["0", "0", "0"]]
    last = done.stdout.split("A run after")[1]
    assert "in Ardoq, no longer in the source:" in last
    assert "  - component " in last
    assert "  - reference " in last


@pytest.mark.slow
@pytest.mark.parametrize("settings", ["environment", "cfg"])
def test_with_a_host_it_only_previews_unless_asked_to_write(server, tmp_path, settings):
    """With a host, the tour sends no write; with --write it creates and fills the workspaces."""
    if settings == "cfg":
        (tmp_path / "ardoq.cfg").write_text(f"[Ardoq]\nhost = {server.url}\ntoken = {server.token}\n")
        variables = {}
    else:
        variables = {"ARDOQ_API_HOST": server.url, "ARDOQ_API_TOKEN": server.token}
    done = run_tour(cwd=tmp_path, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Run with --write" in done.stdout
    assert {request.method for request in server.requests} == {"GET"}

    done = run_tour("--write", cwd=tmp_path, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    with ArdoqClient(server.url, server.token) as client:
        assert {ws["name"] for ws in client.get_workspaces()} == {"Python packages", "Python people"}
    server.clear_requests()

    done = run_tour(cwd=tmp_path, **variables)
    assert "Nothing was written." in done.stdout
    assert {request.method for request in server.requests} == {"GET"}
    assert server.token not in done.stdout + done.stderr


def test_a_wrong_token_prints_one_line(server, tmp_path):
    """A token that Ardoq does not accept gives one line and status 1."""
    done = run_tour(cwd=tmp_path, ARDOQ_API_HOST=server.url, ARDOQ_API_TOKEN="wrong-token")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "401" in done.stderr
    assert "wrong-token" not in done.stdout + done.stderr
