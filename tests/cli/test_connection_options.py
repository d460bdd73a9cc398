"""Connection settings: options, environment and cfg file, and no token on the command line."""

import re

import pytest

from ardoqpy.cli.main import COMMANDS
from ardoqpy.cli.program import TOKEN_ON_COMMAND_LINE

SECRET = "s3cret-that-must-not-be-shown"
COMMAND_NAMES = [command.name for command in COMMANDS if command.name not in ("emulator", "completion")]


@pytest.fixture
def nowhere(ardoq, monkeypatch):
    """Take the settings out of the environment."""
    for name in ("ARDOQ_API_HOST", "ARDOQ_API_TOKEN"):
        monkeypatch.delenv(name)
    return ardoq


def test_option_overrides_environment(ardoq, run, monkeypatch):
    """--host overrides the host of the environment."""
    monkeypatch.setenv("ARDOQ_API_HOST", "http://127.0.0.1:1")
    assert run("me --retries 0").status == 1
    assert run(f"me --host {ardoq.url}").status == 0


def test_cfg_file_has_missing_settings(nowhere, run, tmp_path):
    """--config names a file with all settings; an option overrides it."""
    file = tmp_path / "my.cfg"
    file.write_text(f"[Ardoq]\nhost = {nowhere.url}\ntoken = {nowhere.token}\norg = acme\n")
    assert run(f"workspaces --config {file} --api v1").status == 0
    assert [request.query for request in nowhere.requests] == ["org=acme"]
    assert (
        "does not accept the connection"
        in run(f"me --config {file} --host http://127.0.0.1:1 --retries 0").err
    )


def test_org_label_is_sent(ardoq, run):
    """--org is sent as the label, on both versions."""
    run("me --api v1 --org acme")
    assert ardoq.requests[-1].query == "org=acme"
    assert run("me --org 'no label'").err.startswith(
        "ardoqpy: The organisation label 'no label' is not a label"
    )


@pytest.mark.parametrize("name", COMMAND_NAMES)
@pytest.mark.parametrize(
    "option", ["--token SECRET", "--token=SECRET", "--api-token SECRET", "--apikey=SECRET"]
)
def test_token_option_is_rejected(ardoq, run, name, option):
    """No command has an option for a token: the error says where to set it, and does not repeat it."""
    ran = run(f"{name} {option.replace('SECRET', SECRET)}")
    assert ran == (1, "", f"ardoqpy: {TOKEN_ON_COMMAND_LINE}\n")
    assert ardoq.requests == []


@pytest.mark.parametrize(
    "line", ["--token SECRET me", "--token=SECRET", "--password SECRET me", "me --tok SECRET"]
)
def test_token_is_not_repeated(ardoq, run, line):
    """A token before the command, or under another name, is rejected and not repeated."""
    ran = run(line.replace("SECRET", SECRET))
    assert (ran.status, ran.out, SECRET in ran.err) == (1, "", False)
    assert ardoq.requests == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "me",
            "No Ardoq host is set: give --host, or set ARDOQ_API_HOST, for example https://yourorg.ardoq.com.",
        ),
        (
            "me --host https://yourorg.ardoq.com",
            (
                "No token is set: set ARDOQ_API_TOKEN, or name a cfg file with --config. Create one in "
                "Ardoq under Account settings, API and tokens."
            ),
        ),
        (
            "me --host http://yourorg.ardoq.com",
            (
                "The host 'http://yourorg.ardoq.com' would send the token unencrypted: write https://, or "
                "pass --allow-http if you accept that."
            ),
        ),
        (
            f"me --host https://somebody:{SECRET}@yourorg.ardoq.com",
            "The host has a user name or password: set the token as ARDOQ_API_TOKEN instead.",
        ),
        (
            "me --host https://yourorg.ardoq.com --config none.cfg",
            "The cfg file 'none.cfg' does not exist: copy ardoq.cfg.example to it and fill it in.",
        ),
    ],
)
def test_wrong_settings(nowhere, run, line, sentence):
    """A missing or wrong setting is one sentence that names options."""
    assert run(line) == (1, "", f"ardoqpy: {sentence}\n")


def test_shared_host_needs_org(ardoq, run):
    """On the host that organisations share, v2 needs --org."""
    ran = run("me --host https://app.ardoq.com")
    assert (ran.status, "give --org, or set ARDOQ_ORG_LABEL" in ran.err) == (1, True)


@pytest.mark.parametrize(
    "line", ["me", "me --host x", "me --host ftp://x.com", "folders --api v2", "get 'a b'"]
)
def test_errors_name_options_not_arguments(ardoq, run, monkeypatch, line):
    """No error names an argument of Python."""
    if line.startswith("me"):
        monkeypatch.delenv("ARDOQ_API_HOST")
    ran = run(line)
    assert ran.status == 1
    assert not re.search(r"hosturl|\w+=|\w+_id\b|\(\)|None", ran.err)


def test_timeout_and_retries(ardoq, run):
    """--retries 0 asks once; --timeout is passed to the client, which validates it."""
    ardoq.fail("status", status=503, times=9)
    assert run("me --retries 0 --api v2").status == 1
    assert len(ardoq.requests) == 1
    assert "give seconds above 0" in run("me --timeout 0").err
