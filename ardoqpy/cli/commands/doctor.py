"""`ardoqpy doctor`: does the connection work, and if not, what to do."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._terminal import escape_controls
from ardoqpy.cli.command import DOCUMENTED_FIRST, Command, add_settings
from ardoqpy.cli.errors import in_shell_words

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from ardoqpy.config import Found, Settings
    from ardoqpy.errors import ArdoqClientException

__all__ = ["COMMANDS", "Check", "clock_check"]

OK, WRONG, UNKNOWN = "ok", "wrong", "-"
NAMES = {"host": "host", "token": "token", "org": "organisation"}
OPTIONS = {"host": "--host", "org": "--org"}
WAYS = {
    "host": "Give --host, or set ARDOQ_API_HOST, for example https://yourorg.ardoq.com.",
    "token": "Set ARDOQ_API_TOKEN, or name a cfg file with --config. Ardoq makes one under Account settings, "
    "API and tokens.",
}
#: What to do about a host that cannot be reached, by what the library says of it.
REMEDIES = (
    (
        "wrong_version_number",
        "The port does not speak TLS: look at the port, or write http:// for this machine.",
    ),
    ("name of the host", "Look at the spelling of the host, and at the DNS of this machine."),
    ("nobody takes", "Look at the port; a firewall may refuse it, or a proxy be needed (HTTPS_PROXY)."),
    ("time-out", "A firewall may swallow it, or a proxy be needed (HTTPS_PROXY); --timeout waits longer."),
    (
        "certificate",
        "If your organisation looks into TLS, name its certificate's file in REQUESTS_CA_BUNDLE.",
    ),
)
LONGEST_SKEW = 60.0
ROUND_TRIPS = 5
#: What `ArdoqClient` waits for bytes unless told otherwise.
USUAL_TIMEOUT = 60.0
SHOWN_OF_A_TOKEN = 4


class Check(NamedTuple):
    """What one step has found: `result` is ok, wrong, or - where it could not be looked at."""

    step: str
    result: str
    found: str
    remedy: str = ""


class Answer(NamedTuple):
    """What a version of the API answers to the question who is asking."""

    user: dict[str, Any] | None
    problem: ArdoqClientException | None
    seconds: list[float]
    skew: float | None


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text", help="for people or programs")
    add_settings(parser, api=None)


def _run(options: argparse.Namespace) -> int:
    from ardoqpy.cli.format_json import write_list  # noqa: PLC0415

    checks = []
    if options.format == "json":
        checks = list(_checks(options))
        write_list((check._asdict() for check in checks), sys.stdout)
    else:
        for check in _checks(options):
            _show(check)
            checks.append(check)
    return 1 if any(check.result == WRONG for check in checks) else 0


def _show(check: Check) -> None:
    import textwrap  # noqa: PLC0415

    print(f"{check.result:<6} {check.step:<13} {escape_controls(check.found)}".rstrip(), flush=True)
    if check.remedy:
        before = " " * 21
        print(
            textwrap.fill(escape_controls(check.remedy), 100, initial_indent=before, subsequent_indent=before)
        )


def _checks(options: argparse.Namespace) -> Iterator[Check]:
    from ardoqpy.config import found_settings, read_settings  # noqa: PLC0415
    from ardoqpy.errors import ConfigurationError  # noqa: PLC0415

    yield _versions()
    try:
        found = found_settings(config=options.config)
        complete = True
        for check in _settings(options, found):
            yield check
            complete = complete and check.result != WRONG
        if not complete:
            return
        settings = read_settings(
            options.host, None, options.org, config=options.config, allow_http=options.allow_http
        )
    except ConfigurationError as problem:
        yield Check("settings", WRONG, in_shell_words(str(problem)))
        return
    answers: dict[str, Answer] = {}
    for version in DOCUMENTED_FIRST:
        answers[version] = _asked(options, version)
    yield _host(settings.hosturl, answers)
    if not any(_reached(answer) for answer in answers.values()):
        return
    yield _tls(settings)
    yield _token(answers)
    yield _organisation(settings.org, answers["v2"])
    for version, answer in answers.items():
        yield _version(version, answer)
    yield _round_trip(options, answers)
    yield clock_check([answer.skew for answer in answers.values() if answer.skew is not None])


def _versions() -> Check:
    import platform  # noqa: PLC0415
    from importlib.metadata import version  # noqa: PLC0415

    from ardoqpy._version import __version__  # noqa: PLC0415

    python = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}"
    return Check("versions", OK, f"ardoqpy {__version__}, requests {version('requests')}, {python}")


def _settings(options: argparse.Namespace, found: Mapping[str, Found]) -> Iterator[Check]:
    for name, step in NAMES.items():
        given = getattr(options, name) if name in OPTIONS else None
        if given is not None:
            yield Check(step, OK, f"{SHOWN[name](given)} ({OPTIONS[name]})")
        elif name in found:
            yield Check(step, OK, f"{SHOWN[name](found[name].value.reveal().strip())} ({found[name].place})")
        elif name in WAYS:
            yield Check(step, WRONG, "not set", WAYS[name])
        else:
            yield Check(step, OK, "not set, which is fine where the host says it")


def _last(token: str) -> str:
    """Return as much of a token as tells it from another one; nothing of a short one."""
    return f"set, ends in {token[-SHOWN_OF_A_TOKEN:]}" if len(token) > 4 * SHOWN_OF_A_TOKEN else "set"


def _address(host: str) -> str:
    """Return a host as it is, unless it may hold a secret: one with a password, or a token in the wrong
    place.
    """
    return host if re.fullmatch(r"https?://[\w.:\[\]-]+/*", host) else "set, and no address"


def _label(org: str) -> str:
    """Return a label as it is, unless it may be a token in the wrong place."""
    return "set, and no label" if re.search(r"[0-9a-fA-F-]{20}|[^\w.-]", org) else org


SHOWN = {"host": _address, "token": _last, "org": _label}


def _asked(options: argparse.Namespace, version: str) -> Answer:
    from ardoqpy._http.retry import Retries  # noqa: PLC0415
    from ardoqpy.cli.connection import client_options  # noqa: PLC0415
    from ardoqpy.client import ArdoqClient  # noqa: PLC0415
    from ardoqpy.errors import ArdoqClientException  # noqa: PLC0415

    # Each try is to be seen: nothing is asked again behind the curtain.
    patience = {"retries": Retries(count=options.retries or 0, longest_wait=0)}
    seconds: list[float] = []
    skews: list[float] = []
    try:
        with ArdoqClient(
            version=version, read_only=True, **{**client_options(options), **patience}
        ) as client:
            client.session.hooks["response"].append(
                lambda response, **_: skews.extend(_skew(response.headers))
            )
            user = client.me()  # the connection is made here, and not counted
            for _ in range(ROUND_TRIPS):
                start = time.perf_counter()
                client.me()
                seconds.append(time.perf_counter() - start)
    except ArdoqClientException as problem:
        return Answer(None, problem, seconds, min(skews, key=abs, default=None))
    return Answer(user, None, seconds, min(skews, key=abs, default=None))


def _skew(headers: Mapping[str, str]) -> list[float]:
    """Return by how many seconds this machine is ahead of the sender of an answer, if that says its time."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        return [time.time() - parsedate_to_datetime(headers["Date"]).timestamp()]
    except (KeyError, ValueError, TypeError, OverflowError):
        return []


def _reached(answer: Answer) -> bool:
    """Tell whether anybody has answered, be it with a refusal."""
    from ardoqpy.errors import UnexpectedAnswer  # noqa: PLC0415

    problem = answer.problem
    return problem is None or problem.status is not None or isinstance(problem, UnexpectedAnswer)


def _host(hosturl: str, answers: Mapping[str, Answer]) -> Check:
    if any(_reached(answer) for answer in answers.values()):
        return Check("reachable", OK, hosturl)
    problem = answers["v1"].problem or answers["v2"].problem
    sentence = in_shell_words(str(problem))
    remedy = next((text for words, text in REMEDIES if words in sentence.lower()), "")
    return Check("reachable", WRONG, sentence, remedy)


def _tls(settings: Settings) -> Check:
    if settings.hosturl.startswith("https://"):
        return Check("TLS", OK, "the certificate is good")
    if settings.loopback:
        return Check("TLS", OK, "none, and none is needed on this machine")
    return Check("TLS", OK, "none, as --allow-http says: others on the way can read the token")


def _token(answers: Mapping[str, Answer]) -> Check:
    from ardoqpy.errors import AuthorizationError  # noqa: PLC0415

    problems = [answer.problem for answer in answers.values()]
    if None in problems:
        return Check("accepted", OK, "Ardoq takes the token")
    refused = next((one for one in problems if isinstance(one, AuthorizationError)), None)
    if refused is None:
        return Check("accepted", UNKNOWN, "no answer tells")
    return Check("accepted", WRONG, in_shell_words(str(refused)))


def _organisation(label: str | None, answer: Answer) -> Check:
    organisation = (answer.user or {}).get("org")
    organisation = organisation if isinstance(organisation, dict) else {}
    theirs = organisation.get("label")
    if not theirs:
        return Check("belongs to", UNKNOWN, "v2 alone would tell the organisation")
    if label is not None and label != theirs:
        remedy = f"Give --org {theirs}, or set ARDOQ_ORG_LABEL, or take a token of {label}."
        return Check("belongs to", WRONG, f"the token is for {theirs}, the settings say {label}", remedy)
    return Check("belongs to", OK, f"{organisation.get('name') or theirs} ({theirs})")


def _version(version: str, answer: Answer) -> Check:
    if answer.problem is not None:
        return Check(f"API {version}", WRONG, in_shell_words(str(answer.problem)))
    user = answer.user or {}
    inner = user.get("user")
    who = {**user, **(inner if isinstance(inner, dict) else {})}
    return Check(f"API {version}", OK, f"answers as {who.get('email') or who.get('name') or 'somebody'}")


def _round_trip(options: argparse.Namespace, answers: Mapping[str, Answer]) -> Check:
    from statistics import median  # noqa: PLC0415

    seconds = [one for answer in answers.values() for one in answer.seconds]
    if not seconds:
        return Check("round trip", UNKNOWN, "nothing to measure")
    longest = options.timeout or USUAL_TIMEOUT
    usual = median(seconds)
    slowest = max(seconds)
    found = f"{usual * 1000:.0f} ms, at most {slowest * 1000:.0f} ms; time-out {longest:g} s"
    if slowest > longest / 2:
        return Check("round trip", WRONG, found, "Give more time with --timeout.")
    return Check("round trip", OK, found)


def clock_check(skews: list[float]) -> Check:
    """Return what the differences between Ardoq's clock and this machine's say; positive ones: this is
    ahead.
    """
    if not skews:
        return Check("clock", UNKNOWN, "the answers say no time")
    skew = min(skews, key=abs)
    if abs(skew) <= LONGEST_SKEW:
        return Check("clock", OK, "within a minute of Ardoq's")
    found = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Ardoq's"
    return Check("clock", WRONG, found, "Set the clock of this machine; a time server (NTP) keeps it right.")


COMMANDS = (
    Command(
        "doctor",
        "check settings, token and connection, and say what to do",
        _arguments,
        _run,
        (
            ("doctor", "step by step; status 1 where something is wrong"),
            ("doctor --config ardoq.cfg --timeout 5 --format json", "with other settings, for a program"),
        ),
        "It asks Ardoq who you are, a few times, and reads nothing else.",
    ),
)
