"""Settings: what the caller gives, then the environment, then a cfg file that was named.

The precedence is written here and nowhere else.
"""

from __future__ import annotations

import json
import logging
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from ardoqpy._messages import describe_type, is_similar, quote_name
from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Found", "Settings", "Token", "found_settings", "is_loopback", "read_settings"]

logger = logging.getLogger(__name__)

SECTION = "Ardoq"
ENVIRONMENT = {"host": "ARDOQ_API_HOST", "token": "ARDOQ_API_TOKEN", "org": "ARDOQ_ORG_LABEL"}
#: From here on a token stands in no text by chance; Ardoq's own are longer.
SHORTEST_TELLING = 12
_NO_NAME = re.compile(r"^\.|\.\.|[^.]{64}")  # a label that is empty, or longer than any
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1", re.IGNORECASE)


class Token:
    """Hold an access token so that it cannot be printed by accident.

    `reveal()` is the one way to the text; `repr`, `str`, `pickle` and a traceback's locals do not show it.
    """

    __slots__ = ("_pattern", "_text")

    def __init__(self, text: Any) -> None:
        self._text = text
        self._pattern: re.Pattern[str] | None = None

    @classmethod
    def of(cls, token: object) -> Token:
        """Return `token` itself, or wrapped: whatever it is, it is hidden from here on."""
        return token if isinstance(token, Token) else cls(token)

    def reveal(self) -> str:
        """Return the token itself."""
        text: str = self._text
        return text

    def redact(self, text: str) -> str:
        """Return `text` with every occurrence of the token replaced by `***`.

        Also as JSON, a URL, HTML and Python spell it, and in any letter case, which the name of a host loses.
        """
        if self._pattern is None:
            self._pattern = re.compile("|".join(map(re.escape, _spellings(self._text))), re.IGNORECASE)
        return self._pattern.sub("***", text)

    def occurs_in(self, text: str) -> bool:
        """Tell whether somebody has written the token into a text.

        A token as short as `T` or `api`, as somebody may give to an emulator, is in many texts by chance.
        """
        return len(self.reveal()) >= SHORTEST_TELLING and self.redact(text) != text

    def __repr__(self) -> str:
        return "<token>"

    def __reduce__(self) -> tuple[object, ...]:
        raise ConfigurationError("A token is not pickled: build a new client where it is needed instead.")


def _spellings(token: str) -> set[str]:
    """Return how a token may stand in a text that quotes it."""
    escaped = json.dumps(token)[1:-1]
    html = token
    for letter, name in {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}.items():
        html = html.replace(letter, name)
    spelled = {
        *(token, escaped, json.dumps(escaped)[1:-1], repr(token)[1:-1], repr(escaped)[1:-1]),
        *(quote(token, safe=""), quote(token), quote(token, safe="!$&'()*+,/:;=?@"), html),
        html.replace("&#x27;", "&#39;"),
    }
    return spelled | {one.replace("/", "\\/") for one in spelled}


@dataclass(frozen=True)
class Settings:
    """Where an Ardoq is and how to be let in.

    `hosturl` is scheme, host and perhaps port, without a slash at the end; `org` is the organisation's
    label, or None where the host name already says it.
    """

    hosturl: str
    token: Token
    org: str | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return self.token.__reduce__()

    @property
    def loopback(self) -> bool:
        """Tell whether the host is this machine."""
        return is_loopback(self.hosturl)


def read_settings(
    hosturl: str | None = None,
    token: str | Token | None = None,
    org: str | None = None,
    *,
    config: str | Path | None = None,
    allow_http: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Gather the settings and check them.

    Each of host, token and organisation label is taken from the argument, else from the environment
    (`ARDOQ_API_HOST`, `ARDOQ_API_TOKEN`, `ARDOQ_ORG_LABEL`), else from the section `[Ardoq]` (keys `host`,
    `token`, `org`) of the cfg file `config`, when one is named. `allow_http=True` accepts a host
    without TLS that is not this machine.

    Raise `ConfigurationError` when a setting is missing or makes no sense, or the file cannot be used.
    """
    given = None if token is None else Token.of(token)
    # A traceback that shows locals must show neither the token nor the places that hold it.
    in_environment = _in_environment(environ)
    del token, environ
    found = _with_file(in_environment, config)

    def text(name: str) -> str | None:
        return found[name].value.reveal().strip() if name in found else None

    return Settings(
        hosturl=_checked_host(text("host") if hosturl is None else hosturl, allow_http=allow_http),
        token=_checked_token(found["token"].value if given is None and "token" in found else given),
        org=_checked_org(text("org") if org is None else org),
    )


class Found(NamedTuple):
    """A setting that was found, hidden whichever it is, and where: in words for a person."""

    value: Token
    place: str


def found_settings(
    *, config: str | Path | None = None, environ: Mapping[str, str] = os.environ
) -> dict[str, Found]:
    """Return which of `host`, `token` and `org` are to be found, and where, without checking them.

    Looks where `read_settings` looks, in the same order. Raise `ConfigurationError` where the file cannot
    be used.
    """
    in_environment = _in_environment(environ)
    del environ
    return _with_file(in_environment, config)


def _in_environment(environ: Mapping[str, str]) -> dict[str, Found]:
    found = {
        name: Found(Token(environ.get(variable) or ""), f"environment, {variable}")
        for name, variable in ENVIRONMENT.items()
    }
    return {name: one for name, one in found.items() if one.value.reveal().strip()}


def _with_file(found: dict[str, Found], config: str | Path | None) -> dict[str, Found]:
    if config is None:
        return found
    in_file = {name: Found(value, str(config)) for name, value in _read_file(config).items()}
    return {name: one for name, one in in_file.items() if one.value.reveal().strip()} | found


def _checked_host(hosturl: str | None, *, allow_http: bool) -> str:
    example = "for example https://yourorg.ardoq.com"
    if hosturl is None or (isinstance(hosturl, str) and not hosturl.strip()):
        raise ConfigurationError(
            f"No Ardoq host is set: give hosturl, or set {ENVIRONMENT['host']}, {example}."
        )
    if not isinstance(hosturl, str):
        raise ConfigurationError(f"hosturl is {describe_type(hosturl)}: give text, {example}.")
    host = hosturl.strip().rstrip("/")
    if "@" in host:  # before anything quotes it
        raise ConfigurationError("The host holds a user name or password: give the token as token instead.")
    try:
        parts = urlsplit(host)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ConfigurationError(f"The host {hosturl!r} is not a URL: write it in full, {example}.") from None
    if "://" in host and parts.scheme not in ("http", "https"):
        raise ConfigurationError(
            f"The host {hosturl!r} has the scheme {parts.scheme!r}: write https:// instead, {example}."
        )
    if parts.scheme not in ("http", "https"):
        # Quoted only where it ends like a host name: it may be the token, given in the wrong place.
        shown = f" {hosturl!r}" if re.fullmatch(r"localhost|[\w.-]+\.[A-Za-z]{2,24}", host) else ""
        raise ConfigurationError(f"The host{shown} has no scheme: write https:// in front of it, {example}.")
    if not parts.hostname or not port_is_fine or re.search(r"\s", host) or _NO_NAME.search(parts.hostname):
        raise ConfigurationError(f"The host {hosturl!r} is not a URL: write it in full, {example}.")
    rest = host.partition("://")[2].removeprefix(parts.netloc)
    if rest:
        raise ConfigurationError(
            f"The host {hosturl!r} goes on after the host name: leave out {rest!r}, "
            "the library adds /api itself."
        )
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        raise ConfigurationError(
            f"The host {hosturl!r} would send the token unencrypted: write https://, "
            "or say allow_http=True if that is what you want."
        )
    return host


def is_loopback(host: str) -> bool:
    """Tell whether an address is one of this machine."""
    return bool(_LOOPBACK.fullmatch(urlsplit(host).hostname or ""))


def _checked_token(token: Token | None) -> Token:
    if token is None:
        raise ConfigurationError(
            f"No token is set: give token, or set {ENVIRONMENT['token']}. "
            "Ardoq makes one under Account settings, API and tokens."
        )
    if not isinstance(token.reveal(), str):
        raise ConfigurationError(f"The token is {describe_type(token.reveal())}: give it as text.")
    if not token.reveal().strip():
        raise ConfigurationError(f"The token is empty: give token, or set {ENVIRONMENT['token']}.")
    if not re.fullmatch(r"[!-~]+", token.reveal().strip()):
        raise ConfigurationError(
            "The token holds a space, a line break or a letter outside ASCII, which no token has: "
            "copy it from Ardoq again."
        )
    return Token(token.reveal().strip())


def _checked_org(org: str | None) -> str | None:
    if org is not None and not isinstance(org, str):
        raise ConfigurationError(f"org is {describe_type(org)}: give the organisation's label as text.")
    if org is None or not org.strip():
        return None
    if not re.fullmatch(r"[\w.-]+", org.strip(), re.ASCII):
        # Quoted only where it looks like a name: it may be the token, given in the wrong place.
        shown = f" {org!r}" if re.fullmatch(r"[\w .-]{1,30}", org.strip()) else ""
        raise ConfigurationError(
            f"The organisation label{shown} is not a label: take the one in your Ardoq's address."
        )
    return org.strip()


def _read_file(path: str | Path) -> dict[str, Token]:
    import configparser  # noqa: PLC0415  (only those who name a file pay for it)

    parser = configparser.ConfigParser(interpolation=None)
    trouble, open_to_others = None, 0
    try:
        with open(os.fspath(path), encoding="utf-8") as file:  # noqa: PTH123  (takes str and Path alike)
            parser.read_file(file)
            open_to_others = os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077
    except FileNotFoundError:
        trouble = "is not there: copy ardoq.cfg.example to it and fill it in"
    except OSError as problem:
        trouble = f"cannot be read: {problem.strerror}"
    except UnicodeDecodeError:
        trouble = "cannot be read: it is not UTF-8 text"
    except (TypeError, ValueError):
        trouble = "is not a path"
    except (configparser.DuplicateOptionError, configparser.DuplicateSectionError) as problem:
        trouble = f"cannot be understood: line {problem.lineno} says again what is said above it"
    except configparser.Error as problem:
        # The parser's own message quotes the line, and that line may be the token's.
        line = getattr(problem, "lineno", None) or (getattr(problem, "errors", None) or [(None,)])[0][0]
        where = f"line {line} of it" if line else "it"
        trouble = (
            f"cannot be understood: {where} is not of the form 'key = value' below a section [{SECTION}]"
        )
    if trouble is None and not parser.has_section(SECTION):
        # Quoted only where it is known not to be the token, written into the wrong place.
        misspelt = [f"[{name}]" for name in parser.sections() if is_similar(name, SECTION)]
        place = f"in place of {quote_name(misspelt[0])}" if misspelt else "above its settings"
        trouble = f"has no section [{SECTION}]: write that line {place}"
    if trouble is not None:
        # Raised here and not above: an error's __context__ would be the parser's, with the line in it.
        raise ConfigurationError(f"The cfg file {str(path)!r} {trouble}.")
    if open_to_others and parser[SECTION].get("token", "").strip():
        # Told where the operator of a nightly job looks; what works today must not fail for it.
        logger.warning("The cfg file %r holds a token, and others may read it: chmod 600 it.", str(path))
    return {name: Token(value) for name, value in parser[SECTION].items()}
