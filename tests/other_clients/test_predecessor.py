"""Test the installation of 0.8.4."""

import subprocess

import libraries
import pytest
from libraries import predecessor


@pytest.fixture
def without_index(monkeypatch):
    """Simulate an empty cache and no package index."""

    def create(*_arguments, **_options):
        output = "Looking in indexes: ...\nERROR: No matching distribution found"
        raise subprocess.CalledProcessError(1, ["pip"], stderr=output)

    monkeypatch.setattr(predecessor, "_installed", lambda _python: "")
    monkeypatch.setattr(predecessor.venv, "create", create)


@pytest.mark.parametrize("ci", [None, "", "false"])
def test_comparison_is_skipped_without_an_index(without_index, monkeypatch, ci):
    """The reason has the version and the message of pip."""
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.skip.Exception, match=r"ardoqpy 0\.8\.4 .* No matching distribution found"):
        libraries.theirs()


@pytest.mark.parametrize("ci", ["true", "1", "True"])
def test_comparison_fails_in_ci_without_an_index(without_index, monkeypatch, ci):
    """In CI a comparison that cannot run is a failure."""
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.fail.Exception, match="Check that the package index is reachable"):
        libraries.theirs()


def test_another_version_is_replaced(without_index, monkeypatch):
    """An environment with another version, or an incomplete one, is created again."""
    monkeypatch.setattr(predecessor, "_installed", lambda _python: "0.8.3")
    with pytest.raises(predecessor.NotInstallable):
        predecessor.predecessor_python()


def test_environment_without_python_is_replaced(tmp_path):
    """An environment whose Python is missing is created again."""
    assert predecessor._installed(tmp_path / "python") == ""


@pytest.mark.slow
def test_this_library_is_not_mistaken_for_the_predecessor(played, monkeypatch):
    """The environment reports its own version, whatever the working directory."""
    monkeypatch.chdir(libraries.ROOT)
    assert predecessor._installed(predecessor.predecessor_python()) == predecessor.VERSION
