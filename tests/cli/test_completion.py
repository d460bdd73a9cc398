"""Shell completion, by a real shell where there is one."""

import shutil
import subprocess
import sys

import pytest

from ardoqpy.cli.options import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_script_for_each_shell(run, shell):
    """The script for each shell has commands and options."""
    ran = run(f"completion {shell}")
    assert (ran.status, ran.err) == (0, "")
    for word in ("components", "report", "doctor"):
        assert word in ran.out
    assert "==SUPPRESS==" not in ran.out


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["ardoqpy", "comp"], {"components", "completion"}),
        (["ardoqpy", "report", ""], {"list", "show", "run"}),
        (["ardoqpy", "components", "--fo"], {"--format"}),
        (["ardoqpy", "components", "--format", "n"], {"ndjson"}),
        (["ardoqpy", "components", "--output", "ap"], {"apps.csv"}),
        (["ardoqpy", "me", "--to"], set()),
    ],
)
def test_bash_completion(run, tmp_path, typed, offered):
    """Bash completes commands, options, choices and files, and no option for a token."""
    (tmp_path / "ardoqpy.bash").write_text(run("completion bash").out)
    (tmp_path / "apps.csv").touch()
    words = " ".join(f"'{word}'" for word in typed)
    script = (
        f"source ardoqpy.bash; COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; "
        f"_shtab_ardoqpy ardoqpy '{typed[-1]}' '{typed[-2]}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert {line.strip() for line in done.stdout.splitlines() if line.strip()} == offered


def test_missing_extra(run, monkeypatch):
    """If the package is missing, the error names the extra."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    ran = run("completion bash")
    sentence = "Shell completion needs the package shtab: install it with pip install 'ardoqpy[cli]'."
    assert ran == (1, "", f"ardoqpy: {sentence}\n")
