"""Run `ardoqpy doctor`: check settings and connection, and print how to fix each problem."""

from __future__ import annotations

import platform
import re
import sys
import textwrap
import time
from email.utils import parsedate_to_datetime
from importlib.metadata import version as version_of
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from ardoqpy._http.retry import Retries
from ardoqpy._terminal import escape_controls
from ardoqpy._version import __version__
from ardoqpy.cli.errors import with_option_names
from ardoqpy.cli.format_json import write_list
from ardoqpy.cli.options import connection_settings
from ardoqpy.client import ArdoqClient
from ardoqpy.config import locate_settings, read_settings
from ardoqpy.errors import ArdoqClientException, AuthorizationError, ConfigurationError, UnexpectedAnswer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from ardoqpy.cli.options import ConnectionSettings
    from ardoqpy.config import LocatedSetting, Settings
    from ardoqpy.entities import User

VERSIONS = ("v2", "v1")
OK, WARNING, WRONG, UNKNOWN = "ok", "warn", "wrong", "-"
STEPS = {"host": "host", "token": "token", "org": "organisation"}
OPTIONS = {"host": "--host", "org": "--org"}
REMEDIES = {
    "host": "Pass --host, or set ARDOQ_API_HOST, for example https://yourorg.ardoq.com.",
    "token": "Set ARDOQ_API_TOKEN, or name a cfg file with --config. Create one in Ardoq under "
    "Account settings, API and tokens.",
}
PERSON_REMEDY = (
    "For a job, use the token of a service account: what the job writes then has its own name, and goes on "
    "when the person leaves. Create one in Ardoq under Preferences, Access control, Service accounts."
)
#: Remedies for a host that cannot be reached, by a part of the library's message.
UNREACHABLE_REMEDIES = (
    (
        "wrong_version_number",
        "The port does not speak TLS: check the port, or write http:// for this machine.",
    ),
    ("host name", "Check the spelling of the host, and the DNS of this machine."),
    (
        "does not accept the connection",
        "Check the port; a firewall may block it, or you need a proxy (HTTPS_PROXY).",
    ),
    ("time-out", "A firewall may block it, or you need a proxy (HTTPS_PROXY); --timeout waits longer."),
    (
        "certificate",
        "If your organisation inspects TLS traffic, name the file of its certificate in REQUESTS_CA_BUNDLE.",
    ),
)
MAX_SKEW = 60.0
ROUND_TRIPS = 5
#: The read timeout of `ArdoqClient`, unless `--timeout` sets another.
DEFAULT_TIMEOUT = 60.0
TOKEN_SUFFIX = 4


class Check(NamedTuple):
    """The result of one step: `result` is ok, warn, wrong, or - if it could not be checked."""

    step: str
    result: str
    detail: str
    remedy: str = ""


class Answer(NamedTuple):
    """What one API version answers to the question who is asking.

    - `user`: the answer; `problem`: why there is none.
    - `seconds`: how long each request took; `skew`: how far ahead this machine's clock is, in seconds.
    """

    user: User | None
    problem: ArdoqClientException | None
    seconds: list[float]
    skew: float | None


def run(options: argparse.Namespace) -> int:
    """Print all checks; return 1 if something is wrong, else 0. A warning is not wrong."""
    checks = []
    if options.format == "json":
        checks = list(_checks(options))
        write_list((check._asdict() for check in checks), sys.stdout)
    else:
        for check in _checks(options):
            _print(check)
            checks.append(check)
    return 1 if any(check.result == WRONG for check in checks) else 0


def _print(check: Check) -> None:
    print(f"{check.result:<6} {check.step:<13} {escape_controls(check.detail)}".rstrip(), flush=True)
    if check.remedy:
        indent = " " * 21
        print(
            textwrap.fill(escape_controls(check.remedy), 100, initial_indent=indent, subsequent_indent=indent)
        )


def _checks(options: argparse.Namespace) -> Iterator[Check]:
    yield _versions()
    try:
        given = [name for name in ("host", "org") if getattr(options, name) is not None]
        configured = locate_settings(config=options.config, given=given)
        complete = True
        for check in _settings(options, configured):
            yield check
            complete = complete and check.result != WRONG
        if not complete:
            return
        settings = read_settings(
            options.host, None, options.org, config=options.config, allow_http=options.allow_http
        )
    except ConfigurationError as problem:
        yield Check("settings", WRONG, with_option_names(str(problem)))
        return
    answers = {version: _ask(options, version) for version in VERSIONS}
    yield _host(settings.hosturl, answers)
    if not any(_is_reached(answer) for answer in answers.values()):
        return
    yield _tls(settings)
    yield _token(answers)
    yield _organisation(settings.org, answers["v2"])
    yield from _account(answers)
    for version, answer in answers.items():
        yield _version(version, answer)
    yield _round_trip(options, answers)
    yield check_clock([answer.skew for answer in answers.values() if answer.skew is not None])


def _versions() -> Check:
    python = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}"
    return Check("versions", OK, f"ardoqpy {__version__}, requests {version_of('requests')}, {python}")


def _settings(options: argparse.Namespace, configured: Mapping[str, LocatedSetting]) -> Iterator[Check]:
    for name, step in STEPS.items():
        given = getattr(options, name) if name in OPTIONS else None
        if given is not None:
            yield Check(step, OK, f"{REDACTED[name](given)} ({OPTIONS[name]})")
        elif name in configured:
            value = REDACTED[name](configured[name].value.reveal().strip())
            yield Check(step, OK, f"{value} ({configured[name].source})")
        elif name in REMEDIES:
            yield Check(step, WRONG, "not set", REMEDIES[name])
        else:
            yield Check(step, OK, "not set; only needed if the host does not include it")


def _redact_token(token: str) -> str:
    """Return the last characters of a token, to tell it from another; nothing of a short one."""
    return f"set, ends in {token[-TOKEN_SUFFIX:]}" if len(token) > 4 * TOKEN_SUFFIX else "set"


def _redact_host(host: str) -> str:
    """Return a host, unless it may hold a secret: a password, or a token in the wrong place."""
    return host if re.fullmatch(r"https?://[\w.:\[\]-]+/*", host) else "set, but not an address"


def _redact_label(org: str) -> str:
    """Return a label, unless it may be a token in the wrong place."""
    return "set, but not a label" if re.search(r"[0-9a-fA-F-]{20}|[^\w.-]", org) else org


REDACTED = {"host": _redact_host, "token": _redact_token, "org": _redact_label}


def _ask(options: argparse.Namespace, version: str) -> Answer:
    # Every request is to be measured: the client must not retry on its own.
    settings: ConnectionSettings = {
        **connection_settings(options),
        "version": version,
        "retries": Retries(count=options.retries or 0, longest_wait=0),
    }
    seconds: list[float] = []
    skews: list[float] = []
    user = failure = None
    try:
        with ArdoqClient(read_only=True, **settings) as client:
            client.session.hooks["response"].append(
                lambda response, **_: skews.extend(_skew(response.headers))
            )
            user = client.me()  # opens the connection, which is not measured
            for _ in range(ROUND_TRIPS):
                start = time.perf_counter()
                client.me()
                seconds.append(time.perf_counter() - start)
    except ArdoqClientException as problem:
        user, failure = None, problem
    return Answer(user, failure, seconds, min(skews, key=abs, default=None))


def _skew(headers: Mapping[str, str]) -> list[float]:
    """Return how many seconds this machine is ahead of the `Date` of an answer, if it has one."""
    try:
        return [time.time() - parsedate_to_datetime(headers["Date"]).timestamp()]
    except (KeyError, ValueError, TypeError, OverflowError):
        return []


def _is_reached(answer: Answer) -> bool:
    """Return whether a server answered, be it with an error."""
    problem = answer.problem
    return problem is None or problem.status is not None or isinstance(problem, UnexpectedAnswer)


def _host(hosturl: str, answers: Mapping[str, Answer]) -> Check:
    if any(_is_reached(answer) for answer in answers.values()):
        return Check("reachable", OK, hosturl)
    message = with_option_names(str(answers["v1"].problem or answers["v2"].problem))
    remedy = next((text for part, text in UNREACHABLE_REMEDIES if part in message.lower()), "")
    return Check("reachable", WRONG, message, remedy)


def _tls(settings: Settings) -> Check:
    if settings.hosturl.startswith("https://"):
        return Check("TLS", OK, "the certificate is valid")
    if settings.loopback:
        return Check("TLS", OK, "none, and not needed on this machine")
    return Check("TLS", OK, "none, as --allow-http asks: others on the network can read the token")


def _token(answers: Mapping[str, Answer]) -> Check:
    problems = [answer.problem for answer in answers.values()]
    if None in problems:
        return Check("accepted", OK, "Ardoq accepts the token")
    rejected = next((problem for problem in problems if isinstance(problem, AuthorizationError)), None)
    if rejected is None:
        return Check("accepted", UNKNOWN, "no answer shows it")
    return Check("accepted", WRONG, with_option_names(str(rejected)))


def _organisation(label: str | None, answer: Answer) -> Check:
    organisation = (answer.user or {}).get("org")
    organisation = organisation if isinstance(organisation, dict) else {}
    actual = organisation.get("label")
    if not actual:
        return Check("belongs to", UNKNOWN, "only v2 reports the organisation")
    if label is not None and label != actual:
        remedy = f"Pass --org {actual}, or set ARDOQ_ORG_LABEL, or use a token of {label}."
        return Check("belongs to", WRONG, f"the token is for {actual}, the settings name {label}", remedy)
    return Check("belongs to", OK, f"{organisation.get('name') or actual} ({actual})")


def _account(answers: Mapping[str, Answer]) -> Iterator[Check]:
    """Yield whether the token is that of a service account, if an answer states it; else nothing.

    No recorded answer of Ardoq states it: an e-mail address or a name is not enough to warn.
    """
    for user in map(_user, answers.values()):
        is_service_account = user.get("serviceAccount")
        if is_service_account is True:
            yield Check("account", OK, f"{_name(user)} is a service account")
            return
        if is_service_account is False:
            detail = f"the token belongs to a person, {_name(user)}, not to a service account"
            yield Check("account", WARNING, detail, PERSON_REMEDY)
            return


def _user(answer: Answer) -> Mapping[str, object]:
    """Return the attributes of the user, which v2 has one level deeper than v1."""
    user = answer.user or {}
    inner = user.get("user")
    return {**user, **(inner if isinstance(inner, dict) else {})}


def _name(user: Mapping[str, object]) -> object:
    return user.get("email") or user.get("name") or "somebody"


def _version(version: str, answer: Answer) -> Check:
    if answer.problem is not None:
        return Check(f"API {version}", WRONG, with_option_names(str(answer.problem)))
    return Check(f"API {version}", OK, f"answers as {_name(_user(answer))}")


def _round_trip(options: argparse.Namespace, answers: Mapping[str, Answer]) -> Check:
    seconds = [duration for answer in answers.values() for duration in answer.seconds]
    if not seconds:
        return Check("round trip", UNKNOWN, "nothing to measure")
    timeout = options.timeout or DEFAULT_TIMEOUT
    slowest = max(seconds)
    measured = f"{median(seconds) * 1000:.0f} ms, at most {slowest * 1000:.0f} ms; timeout {timeout:g} s"
    if slowest > timeout / 2:
        return Check("round trip", WRONG, measured, "Set a longer timeout with --timeout.")
    return Check("round trip", OK, measured)


def check_clock(skews: list[float]) -> Check:
    """Return whether this machine's clock is right, by how many seconds it is ahead of each answer."""
    if not skews:
        return Check("clock", UNKNOWN, "the answers have no date")
    skew = min(skews, key=abs)
    if abs(skew) <= MAX_SKEW:
        return Check("clock", OK, "within a minute of Ardoq's")
    difference = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Ardoq's"
    return Check(
        "clock", WRONG, difference, "Set the clock of this machine; a time server (NTP) keeps it right."
    )
