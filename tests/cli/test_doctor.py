"""`ardoqpy doctor`: each thing that can be wrong is found, and the remedy named."""

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


def test_all_is_well(ardoq, run, checked):
    """Where nothing is wrong each step says so, the status is 0, and nothing but who asks was asked."""
    status, checks = checked()
    assert (status, list(checks), {check["result"] for check in checks.values()}) == (0, STEPS, {"ok"})
    assert {request.path for request in ardoq.requests} == {"/api/v2/me", "/api/user/current_user"}
    ran = run("doctor")
    assert (ran.status, ran.err) == (0, "")
    assert [line[7:20].strip() for line in ran.out.splitlines()] == STEPS
    assert re.search(r"ardoqpy \d.*, requests \d.*, \w+ \d", ran.out)


def test_the_token_is_never_shown_whole(ardoq, run, monkeypatch, checked, tmp_path):
    """Of a token the last four characters are shown, of a short one nothing, wherever it comes from."""
    (tmp_path / "a.cfg").write_text(f"[Ardoq]\ntoken = {ardoq.token}\n")
    assert f"set, ends in {ardoq.token[-4:]} (environment, ARDOQ_API_TOKEN)" in run("doctor").out
    monkeypatch.delenv("ARDOQ_API_TOKEN")
    ran = run(f"doctor --config {tmp_path}/a.cfg")
    assert f"set, ends in {ardoq.token[-4:]} ({tmp_path}/a.cfg)" in ran.out
    monkeypatch.setenv("ARDOQ_API_TOKEN", "short-token-1234")
    _, checks = checked()
    assert checks["token"]["found"] == "set (environment, ARDOQ_API_TOKEN)"
    for text in (ran.out, json.dumps(checks)):
        assert ardoq.token not in text
        assert "1234" not in text


@pytest.mark.parametrize(
    ("name", "value", "shown"),
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
def test_a_secret_in_the_wrong_place_is_not_shown(checked, monkeypatch, name, value, shown):
    """A host or label that may be a token, or holds a password, is not repeated, from wherever it comes."""
    _, checks = checked(f"--{name} {value}")
    step = "host" if name == "host" else "organisation"
    assert checks[step]["found"] == f"{shown} (--{name})"
    variable = "ARDOQ_API_HOST" if name == "host" else "ARDOQ_ORG_LABEL"
    monkeypatch.setenv(variable, value)
    _, checks = checked("--retries 0")
    assert checks[step]["found"] == f"{shown} (environment, {variable})"


def test_nothing_is_set(run, checked):
    """Without settings it says which are missing and how to set them, and asks nobody."""
    status, checks = checked()
    assert (status, wrong(checks)) == (1, ["host", "token"])
    assert "--host" in checks["host"]["remedy"]
    assert "ARDOQ_API_HOST" in checks["host"]["remedy"]
    assert "ARDOQ_API_TOKEN" in checks["token"]["remedy"]
    assert run("doctor").status == 1


def test_a_cfg_file_that_cannot_be_used(checked, tmp_path):
    """A cfg file with a mistake is named, with what is wrong in it."""
    (tmp_path / "a.cfg").write_text("token = abc\n")
    status, checks = checked(f"--config {tmp_path}/a.cfg")
    assert (status, wrong(checks)) == (1, ["settings"])
    assert "a.cfg' cannot be parsed" in checks["settings"]["found"]


def test_the_token_is_not_accepted(ardoq, monkeypatch, checked):
    """A token that Ardoq refuses is found at its step, with 401 and what to do."""
    monkeypatch.setenv("ARDOQ_API_TOKEN", "another-token-than-the-right-one")
    status, checks = checked()
    assert (status, wrong(checks)) == (1, ["accepted", "API v2", "API v1"])
    assert "401" in checks["accepted"]["found"]
    assert "Make a new token" in checks["accepted"]["found"]
    assert checks["reachable"]["result"] == "ok"


def test_the_label_is_of_another_organisation(ardoq, checked):
    """A label that is not the token's is found, be it that Ardoq refuses it or says another."""
    status, checks = checked("--org acme")
    assert (status, wrong(checks)) == (1, ["belongs to"])
    assert "--org emulator" in checks["belongs to"]["remedy"]
    with emulator(token=ardoq.token, org="other") as strict:
        status, checks = checked(f"--org acme --host {strict.url}")
    assert (status, wrong(checks)) == (1, ["accepted", "API v2", "API v1"])
    assert "403" in checks["accepted"]["found"]


def test_the_shared_host_needs_a_label(ardoq, monkeypatch):
    """What v2 wants on the shared host is said for v2."""
    with emulator(token=ardoq.token) as server:
        monkeypatch.setattr("ardoqpy.api.v2.SHARED_HOST", "127.0.0.1")
        options = types.SimpleNamespace(
            host=server.url,
            org=None,
            config=None,
            allow_http=False,
            timeout=None,
            retries=None,
        )
        checks = {check.step: check for check in doctor._checks(options)}
    assert checks["API v2"].result == "wrong"
    assert "give --org" in checks["API v2"].found
    assert checks["API v1"].result == "ok"
    assert checks["belongs to"].result == "-"


@pytest.mark.parametrize(
    ("host", "found", "remedy"),
    [
        ("http://127.0.0.1:1", "nobody takes the connection", "Check the port"),
        ("https://127.0.0.1:PORT", "WRONG_VERSION_NUMBER", "does not speak TLS"),
    ],
)
def test_nobody_answers(ardoq, checked, host, found, remedy):
    """A host that cannot be reached is found before anything else, with why and what to do."""
    host = host.replace("PORT", ardoq.url.rpartition(":")[2])
    status, checks = checked(f"--host {host}")
    assert (status, wrong(checks), list(checks)[-1]) == (1, ["reachable"], "reachable")
    assert found in checks["reachable"]["found"]
    assert remedy in checks["reachable"]["remedy"]


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("Cannot reach Ardoq for GET /api/x: the name of the host is not known.", "the DNS of this machine"),
        ("No answer to GET /api/x: nothing came within the time-out.", "--timeout waits longer"),
        ("Cannot reach Ardoq for GET /api/x: SSLError: CERTIFICATE_VERIFY_FAILED.", "REQUESTS_CA_BUNDLE"),
    ],
)
def test_each_way_of_not_reaching_has_its_remedy(said, remedy):
    """For each thing the library says of a host that is not reached there is something to do."""
    from ardoqpy import ServiceUnavailable  # noqa: PLC0415

    silent = doctor.Answer(None, ServiceUnavailable(said), [], None)
    check = doctor._host("https://x.ardoq.com", {"v1": silent, "v2": silent})
    assert (check.result, check.found) == ("wrong", said)
    assert remedy in check.remedy


def test_a_login_page_is_no_ardoq(ardoq, checked):
    """A host that answers with web pages is reached, and no version of the API answers."""
    ardoq.fail("html", times=99)
    status, checks = checked()
    assert (status, wrong(checks)) == (1, ["API v2", "API v1"])
    assert "web page" in checks["API v2"]["found"]
    assert checks["accepted"]["result"] == "-"


@pytest.mark.parametrize(("version", "path"), [("v1", "/api/user/current_user"), ("v2", "/api/v2/me")])
def test_one_version_does_not_answer(ardoq, checked, version, path):
    """A version that fails is found; the other one is fine."""
    ardoq.fail("status", status=500, path=path, times=99)
    status, checks = checked()
    assert (status, wrong(checks)) == (1, [f"API {version}"])


def test_answers_that_are_too_slow(ardoq, checked, monkeypatch):
    """A round trip of more than half of the time-out is wrong, and --timeout the remedy."""
    ticks = iter(range(0, 10**6, 40))
    monkeypatch.setattr(
        doctor,
        "time",
        types.SimpleNamespace(time=doctor.time.time, perf_counter=lambda: float(next(ticks))),
    )
    status, checks = checked()
    assert (status, wrong(checks)) == (1, ["round trip"])
    assert "--timeout" in checks["round trip"]["remedy"]
    status, checks = checked("--timeout 100")
    assert (status, wrong(checks)) == (0, [])


@pytest.mark.parametrize(
    ("ahead", "found"),
    [(300, "300 s ahead of"), (-300, "300 s behind"), (30, "within a minute")],
)
def test_the_clock_is_wrong(ardoq, checked, monkeypatch, ahead, found):
    """A clock that is more than a minute off Ardoq's is wrong, whichever way."""
    real = doctor.time
    monkeypatch.setattr(
        doctor,
        "time",
        types.SimpleNamespace(time=lambda: real.time() + ahead, perf_counter=real.perf_counter),
    )
    status, checks = checked()
    assert status == (1 if abs(ahead) > 60 else 0)
    # The date of an answer has whole seconds.
    assert re.sub(r"\d+", lambda number: f"{round(int(number[0]), -1)}", checks["clock"]["found"]).startswith(
        found,
    )


def test_answers_without_a_date():
    """Where no answer says its time, the clock is not judged."""
    assert doctor.check_clock([]).result == "-"
    assert doctor._skew({}) == doctor._skew({"Date": "yesterday"}) == []


def test_the_time_out_it_judges_by_is_the_clients():
    """Without --timeout it judges by what the client waits for bytes."""
    usual = inspect.signature(ArdoqClient).parameters["timeout"].default
    assert usual[1] == doctor.DEFAULT_TIMEOUT


def test_what_ardoq_says_is_harmless(ardoq, run, monkeypatch):
    """Nothing in an answer steers the terminal."""
    monkeypatch.setattr(
        ArdoqClient,
        "me",
        lambda _: {"org": {"label": "x\x1b[2J", "name": "\n"}, "user": "odd"},
    )
    ran = run("doctor")
    assert "\x1b" not in ran.out
    assert r"\n (x\x1b[2J)" in ran.out
