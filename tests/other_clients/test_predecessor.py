"""What becomes of these tests where 0.8.4 cannot be had."""

import subprocess

import libraries
import pytest
from libraries import predecessor


@pytest.fixture
def out_of_reach(monkeypatch):
    """Have nothing installed yet, and no package index."""

    def create(*_arguments, **_options):
        said = "Looking in indexes: ...\nERROR: No matching distribution found"
        raise subprocess.CalledProcessError(1, ["pip"], stderr=said)

    monkeypatch.setattr(predecessor, "_installed", lambda _python: "")
    monkeypatch.setattr(predecessor.venv, "create", create)


@pytest.mark.parametrize("ci", [None, "", "false"])
def test_without_an_index_they_are_skipped(out_of_reach, monkeypatch, ci):
    """The reason names the version, and what pip said."""
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.skip.Exception, match=r"ardoqpy 0\.8\.4 .* No matching distribution found"):
        libraries.theirs()


@pytest.mark.parametrize("ci", ["true", "1", "True"])
def test_in_ci_they_fail(out_of_reach, monkeypatch, ci):
    """Where everything is to be tested, a comparison that cannot be made is no success."""
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.fail.Exception, match="is the package index in reach"):
        libraries.theirs()


def test_another_version_is_not_taken_for_it(out_of_reach, monkeypatch):
    """An environment that holds something else, or is half made, is made anew, not used."""
    monkeypatch.setattr(predecessor, "_installed", lambda _python: "0.8.3")
    with pytest.raises(predecessor.NotInstallable):
        predecessor.predecessor_python()


def test_a_python_that_is_gone_has_nothing(tmp_path):
    """An environment whose Python was taken away counts as not made, and is no crash."""
    assert predecessor._installed(tmp_path / "python") == ""


def test_this_library_is_not_taken_for_it(played, monkeypatch):
    """The environment is asked what it holds itself, wherever the tests are started."""
    monkeypatch.chdir(libraries.ROOT)
    assert predecessor._installed(predecessor.predecessor_python()) == predecessor.VERSION
