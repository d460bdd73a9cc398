"""`ardoqpy doctor`: each problem is detected, with its remedy."""

import inspect
import json
import re
import types

import pytest

from ardoqpy import ArdoqClient
from ardoqpy.cli.commands import doctor
from ardoqpy.testing import emulator

STEPS = [
    *("versions", "host", "token", "organisation", "reachable", "TLS", "accepted", "belongs to"),
    *("API v2", "API v1", "round trip", "clock"),
]


@pytest.fixture
def checked(run):
    """Run the doctor and return its status and its checks by their step."""

    def running(line=""):
        ran = run(f"doctor --format json {line}")
        assert ran.err == ""
        return ran.status, {check["step"]: check for check in json.loads(ran.out)}

    return running


def wrong(checks):
    """Return the steps at which something is wrong."""
    return [step for step, check in checks.items() if check["result"] == "wrong"]


def test_everything_works(ardoq, run, checked):
    """If nothing is wrong, all steps are ok, the exit code is 0, and only the user is asked for."""
    status, checks = checked()
    assert (status, list(checks), {check["result"] for check in checks.values()}) == (0, STEPS, {"ok"})
    assert {request.path for request in ardoq.requests} == {"/api/v2/me", "/api/user/current_user"}
    ran = run("doctor")
    assert (ran.status, ran.err) == (0, "")
    assert [line[7:20].strip() for line in ran.out.splitlines()] == STEPS
    assert re.search(r"ardoqpy \d.*, requests \d.*, \w+ \d", ran.out)


def test_token_is_redacted(ardoq, run, monkeypatch, checked, tmp_path):
    """The last four characters of a token are shown, nothing of a short one, wherever it is set."""
    (tmp_path / "a.cfg").write_text(f"[Ardoq]\ntoken = {ardoq.token}\n")
    assert f"set, ends in {ardoq.token[-4:]} (environment, ARDOQ_API_TOKEN)" in run("doctor").out
    monkeypatch.delenv("ARDOQ_API_TOKEN")
    ran = run(f"doctor --config {tmp_path}/a.cfg")
    assert f"set, ends in {ardoq.token[-4:]} ({tmp_path}/a.cfg)" in ran.out
    monkeypatch.setenv("ARDOQ_API_TOKEN", "short-token-1234")
    _, checks = checked()
    assert checks["token"]["detail"] == "set (environment, ARDOQ_API_TOKEN)"
    for text in (ran.out, json.dumps(checks)):
        assert ardoq.token not in text
        assert "1234" not in text


@pytest.mark.parametrize(
    ("name", "value", "redacted"),
    [
        ("host", "https://yourorg.ardoq.com", "https://yourorg.ardoq.com"),
        ("host", "http://127.0.0.1:80/", "http://127.0.0.1:80/"),
        ("host", "https://somebody:s3cret@yourorg.ardoq.com", "set, but not an address"),
        ("host", "0123456789abcdef" * 2, "set, but not an address"),
        ("host", "https://yourorg.ardoq.com/?token=s3cret", "set, but not an address"),
        ("org", "acme", "acme"),
        ("org", "0123456789abcdef" * 2, "set, but not a label"),
        ("org", "a/b+c==", "set, but not a label"),
    ],
)
def test_secret_in_wrong_setting_is_redacted(checked, monkeypatch, name, value, redacted):
    """A host or label that may be a token, or contains a password, is not shown, wherever it is set."""
    _, checks = checked(f"--{name} {value}")
    step = "host" if name == "host" else "organisation"
    assert checks[step]["detail"] == f"{redacted} (--{name})"
    variable = "ARDOQ_API_HOST" if name == "host" else "ARDOQ_ORG_LABEL"
    monkeypatch.setenv(variable, value)
    _, checks = checked("--retries 0")
    assert checks[step]["detail"] == f"{redacted} (environment, {variable})"


def test_missing_settings(run, checked):
    """Without settings, the missing ones and how to set them are shown, and no request is sent."""
    status, checks = checked()
    assert (status, wrong(checks)) == (1, ["host", "token"])
    assert "--host" in checks["host"]["remedy"]
    assert "ARDOQ_API_HOST" in checks["host"]["remedy"]
    assert "ARDOQ_API_TOKEN" in checks["token"]["remedy"]
    assert run("doctor").status == 1


def test_invalid_cfg_file(checked, tmp_path):
    """An invalid cfg file is named, with the mistake in it."""
    (tmp_path / "a.cfg").write_text("token = abc\n")
    status, checks = checked(f"--config {tmp_path}/a.cfg")
    assert (status, wrong(checks)) == (1, ["settings"])
    assert "a.cfg' cannot be parsed" in checks["settings"]["detail"]


def test_rejected_token(ardoq, monkeypatch, checked):
    """A token that Ardoq rejects is wrong at its step, with 401 and what to do."""
    monkeypatch.setenv("ARDOQ_API_TOKEN", "another-token-than-the-right-one")
    status, checks = checked()
    assert (status, wrong(checks)) == (1, ["accepted", "API v2", "API v1"])
    assert "401" in checks["accepted"]["detail"]
    assert "Make a new token" in checks["accepted"]["detail"]
    assert checks["reachable"]["result"] == "ok"


def test_label_of_other_organisation(ardoq, checked):
    """A label of another organisation is wrong, whether Ardoq rejects it or returns another."""
    status, checks = checked("--org acme")
    assert (status, wrong(checks)) == (1, ["belongs to"])
    assert "--org emulator" in checks["belongs to"]["remedy"]
    with emulator(token=ardoq.token, org="other") as strict:
        status, checks = checked(f"--org acme --host {strict.url}")
    assert (status, wrong(checks)) == (1, ["accepted", "API v2", "API v1"])
    assert "403" in checks["accepted"]["detail"]


@pytest.mark.parametrize(("token", "result"), [("t-anna", "warn"), ("t-job", "ok")])
def test_token_of_a_person(ardoq, checked, run, monkeypatch, token, result):
    """A token of a person is a warning with what to do, and the exit code is 0; a service account is ok."""
    anna = {"name": "Anna Berg", "email": "anna@acme.example", "token": "t-anna"}
    job = {"name": "Job", "email": "job@acme.example", "token": "t-job", "serviceAccount": True}
    ardoq.add_users(anna, job)
    monkeypatch.setenv("ARDOQ_API_TOKEN", token)
    status, checks = checked()
    assert (status, wrong(checks), checks["account"]["result"]) == (0, [], result)
    assert list(checks) == [*STEPS[:8], "account", *STEPS[8:]]
    assert {check["result"] for step, check in checks.items() if step != "account"} == {"ok"}
    email = {"t-anna": "anna@acme.example", "t-job": "job@acme.example"}[token]
    assert email in checks["account"]["detail"]
    assert ("service account" in checks["account"]["remedy"]) == (result == "warn")
    ran = run("doctor")
    assert (ran.status, ran.err) == (0, "")
    assert re.search(rf"^{result} +account +.*{email}", ran.out, re.MULTILINE)


@pytest.mark.parametrize("answer", [{}, {"serviceAccount": None}, {"serviceAccount": "no"}])
def test_no_warning_without_a_certain_sign(ardoq, checked, monkeypatch, answer):
    """If no answer states what the user is, as a boolean, there is no warning and no further line."""
    user = {"name": "Anna Berg", "email": "anna@acme.example", **answer}
    monkeypatch.setattr(ArdoqClient, "me", lambda _: user)
    _, checks = checked()
    assert [step for step in checks if step not in STEPS] == []
    assert checks["API v1"]["detail"] == "answers as anna@acme.example"


def test_shared_host_needs_org(ardoq, monkeypatch):
    """On the shared host, v2 is wrong without a label."""
    with emulator(token=ardoq.token) as server:
        monkeypatch.setattr("ardoqpy.api.v2.SHARED_HOST", "127.0.0.1")
        options = types.SimpleNamespace(
            host=server.url, org=None, config=None, allow_http=False, timeout=None, retries=None
        )
        checks = {check.step: check for check in doctor._checks(options)}
    assert checks["API v2"].result == "wrong"
    assert "give --org" in checks["API v2"].detail
    assert checks["API v1"].result == "ok"
    assert checks["belongs to"].result == "-"


@pytest.mark.parametrize(
    ("host", "reason", "remedy"),
    [
        ("http://127.0.0.1:1", "the host does not accept the connection", "Check the port"),
        ("https://127.0.0.1:PORT", "WRONG_VERSION_NUMBER", "does not speak TLS"),
    ],
)
def test_unreachable_host(ardoq, checked, host, reason, remedy):
    """An unreachable host is wrong, with the reason and what to do, and ends the checks."""
    host = host.replace("PORT", ardoq.url.rpartition(":")[2])
    status, checks = checked(f"--host {host}")
    assert (status, wrong(checks), list(checks)[-1]) == (1, ["reachable"], "reachable")
    assert reason in checks["reachable"]["detail"]
    assert remedy in checks["reachable"]["remedy"]


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("Cannot reach Ardoq for GET /api/x: the host name cannot be resolved.", "the DNS of this machine"),
        ("No answer to GET /api/x: no data arrived within the time-out.", "--timeout waits longer"),
        ("Cannot reach Ardoq for GET /api/x: SSLError: CERTIFICATE_VERIFY_FAILED.", "REQUESTS_CA_BUNDLE"),
    ],
)
def test_unreachable_host_remedies(message, remedy):
    """Each reason why a host is unreachable has a remedy."""
    from ardoqpy import ServiceUnavailable  # noqa: PLC0415

    unreachable = doctor.Answer(None, ServiceUnavailable(message), [], None)
    check = doctor._host("https://x.ardoq.com", {"v1": unreachable, "v2": unreachable})
    assert (check.result, check.detail) == ("wrong", message)
    assert remedy in check.remedy


def test_web_page_instead_of_api(ardoq, checked):
    """A host that answers with web pages is reachable, and no API version works."""
    ardoq.fail("html", times=99)
    status, checks = checked()
    assert (status, wrong(checks)) == (1, ["API v2", "API v1"])
    assert "web page" in checks["API v2"]["detail"]
    assert checks["accepted"]["result"] == "-"


@pytest.mark.parametrize(("version", "path"), [("v1", "/api/user/current_user"), ("v2", "/api/v2/me")])
def test_one_version_fails(ardoq, checked, version, path):
    """If one API version fails, the other one is still ok."""
    ardoq.fail("status", status=500, path=path, times=99)
    status, checks = checked()
    assert (status, wrong(checks)) == (1, [f"API {version}"])


def test_slow_answers(ardoq, checked, monkeypatch):
    """A round trip of more than half the timeout is wrong, with --timeout as the remedy."""
    ticks = iter(range(0, 10**6, 40))
    monkeypatch.setattr(
        doctor, "time", types.SimpleNamespace(time=doctor.time.time, perf_counter=lambda: float(next(ticks)))
    )
    status, checks = checked()
    assert (status, wrong(checks)) == (1, ["round trip"])
    assert "--timeout" in checks["round trip"]["remedy"]
    status, checks = checked("--timeout 100")
    assert (status, wrong(checks)) == (0, [])


@pytest.mark.parametrize(
    ("ahead", "detail"), [(300, "300 s ahead of"), (-300, "300 s behind"), (30, "within a minute")]
)
def test_clock(ardoq, checked, monkeypatch, ahead, detail):
    """A clock that is more than a minute ahead or behind is wrong."""
    real = doctor.time
    monkeypatch.setattr(
        doctor,
        "time",
        types.SimpleNamespace(time=lambda: real.time() + ahead, perf_counter=real.perf_counter),
    )
    status, checks = checked()
    assert status == (1 if abs(ahead) > 60 else 0)
    # The date of an answer has whole seconds.
    assert re.sub(
        r"\d+", lambda number: f"{round(int(number[0]), -1)}", checks["clock"]["detail"]
    ).startswith(detail)


def test_clock_without_dates():
    """Without dates in the answers, the clock is not checked."""
    assert doctor.check_clock([]).result == "-"
    assert doctor._skew({}) == doctor._skew({"Date": "yesterday"}) == []


def test_default_timeout_is_that_of_the_client():
    """Without --timeout, round trips are compared to the client's read timeout."""
    usual = inspect.signature(ArdoqClient).parameters["timeout"].default
    assert usual[1] == doctor.DEFAULT_TIMEOUT


def test_answers_are_escaped(ardoq, run, monkeypatch):
    """Control characters in an answer are escaped."""
    monkeypatch.setattr(
        ArdoqClient, "me", lambda _: {"org": {"label": "x\x1b[2J", "name": "\n"}, "user": "odd"}
    )
    ran = run("doctor")
    assert "\x1b" not in ran.out
    assert r"\n (x\x1b[2J)" in ran.out
