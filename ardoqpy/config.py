"""Settings: arguments first, then environment variables, then the cfg file that the caller names."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from ardoqpy._messages import describe_type, did_you_mean, is_similar, quote_name
from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

__all__ = ["LocatedSetting", "Settings", "Token", "is_loopback", "locate_settings", "read_settings"]

logger = logging.getLogger(__name__)

SECTION = "Ardoq"
ENVIRONMENT = {"host": "ARDOQ_API_HOST", "token": "ARDOQ_API_TOKEN", "org": "ARDOQ_ORG_LABEL"}
#: A token of this length is in no text by chance; Ardoq's own are longer.
MIN_RECOGNIZABLE = 12
_URL_SAFE = str.maketrans("+/", "-_")
_HTML_NAMES = {"&": ["amp"], "<": ["lt"], ">": ["gt"], '"': ["quot"], "'": ["apos"]}
_NOT_A_HOST = re.compile(r"^\.|\.\.|[^.]{64}")  # a label that is empty, or longer than allowed
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1", re.IGNORECASE)


class Token:
    """An access token that cannot be printed by accident.

    Only `reveal()` returns the text; `repr`, `str`, `pickle` and the locals of a traceback do not show it.
    """

    __slots__ = ("_pattern", "_signs", "_text")

    def __init__(self, text: Any) -> None:
        """Wrap the text of a token."""
        self._text = text
        self._pattern: re.Pattern[str] | None = None
        self._signs: tuple[str, ...] | None = None

    @classmethod
    def of(cls, token: object) -> Token:
        """Return `token` itself, or wrapped, so that it is hidden from here on."""
        return token if isinstance(token, Token) else cls(token)

    def reveal(self) -> str:
        """Return the text of the token."""
        text: str = self._text
        return text

    def redact(self, text: str) -> str:
        """Return `text` with every occurrence of the token replaced by `***`.

        This includes its forms in JSON, URLs, HTML, Python and base64, in any letter case, as in a host name,
        and any of its characters may be escaped.
        """
        if not self.may_occur_in(text):
            return text
        if self._pattern is None:
            self._pattern = re.compile(_forms_pattern(self._text), re.IGNORECASE)
        return self._pattern.sub("***", text)

    def redact_data(self, data: Any) -> Any:
        """Return JSON data without the token in any of its texts; the same object if it has none.

        A token that is too short to be recognised is not looked for.
        """
        if len(self.reveal()) < MIN_RECOGNIZABLE:
            return data
        # One pass over the text first: data of a million values rarely has the token.
        return self._redacted(data) if self.occurs_in(json.dumps(data, ensure_ascii=False)) else data

    def _redacted(self, data: Any) -> Any:
        if isinstance(data, str):
            return self.redact(data)
        if isinstance(data, dict):
            return {self._redacted(key): self._redacted(value) for key, value in data.items()}
        return [self._redacted(value) for value in data] if isinstance(data, list | tuple) else data

    def may_occur_in(self, text: str) -> bool:
        """Return whether a text may have a form of the token: cheap, for texts of many megabytes."""
        if self._signs is None:
            plain = re.match(r"[0-9a-z]*", self._text, re.IGNORECASE)
            start = (plain[0] if plain else "")[:4].lower()
            encoded = {form[:4].lower() for form in _base64_forms(self._text)}
            long_enough = len(start) > 1 and len(self._text) >= MIN_RECOGNIZABLE
            self._signs = ("%", "&", start, *encoded) if long_enough else ("",)
        lowered = text.lower()
        for sign in self._signs:  # in short texts, `any` takes twice as long
            if sign in lowered:
                return True
        return "\\" in lowered and ("\\u" in lowered or "\\x" in lowered)

    def occurs_in(self, text: str) -> bool:
        """Return whether a text contains the token.

        A token as short as `T` or `api`, which an emulator may have, is in many texts by chance.
        """
        return len(self.reveal()) >= MIN_RECOGNIZABLE and self.redact(text) != text

    def __repr__(self) -> str:
        """Return a text without the token."""
        return "<token>"

    def __reduce__(self) -> tuple[object, ...]:
        """Raise `ConfigurationError`: a pickle would show the token."""
        raise ConfigurationError("A token is not pickled: build a new client where it is needed instead.")


def _forms_pattern(token: str) -> str:
    """Return the pattern of all forms that a token has in texts."""
    forms = "|".join(map(re.escape, _escaped_forms(token)))
    if len(token) < MIN_RECOGNIZABLE:  # its base64 would be in many texts by chance
        return forms
    escaped = ("".join(map(_escaped_character, form)) for form in (token, *_base64_forms(token)))
    return f"{forms}|{'|'.join(escaped)}"


def _escaped_character(letter: str) -> str:
    """Return the pattern of a character as it is, or escaped in JSON, Python, HTML or a URL."""
    code = ord(letter)
    names = "".join(f"|&(?:amp;)?{name};" for name in _HTML_NAMES.get(letter, ()))
    return (
        rf"(?:{re.escape(letter)}|\\{{1,4}}(?:u00|x){code:02x}|%(?:25)?{code:02x}"
        rf"|&(?:amp;)?#(?:0*{code}|x0*{code:x})(?!\w);?{names})"
    )


def _base64_forms(token: str) -> set[str]:
    """Return what base64 has of a token, wherever it begins in the encoded text."""
    forms = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + token.encode())
        # Characters that also depend on what is before or after the token are left out.
        first, end = -(-8 * before // 6), 8 * (before + len(token.encode())) // 6
        form = encoded[first:end].decode()
        forms |= {form, form.translate(_URL_SAFE)}
    return forms


def _escaped_forms(token: str) -> set[str]:
    """Return the forms that a token has in texts that quote it."""
    escaped = json.dumps(token)[1:-1]
    html = token
    for letter, name in {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}.items():
        html = html.replace(letter, name)
    forms = {
        *(token, escaped, json.dumps(escaped)[1:-1], repr(token)[1:-1], repr(escaped)[1:-1]),
        *(quote(token, safe=""), quote(token), quote(token, safe="!$&'()*+,/:;=?@"), html),
        html.replace("&#x27;", "&#39;"),
    }
    return forms | {form.replace("/", "\\/") for form in forms}


@dataclass(frozen=True)
class Settings:
    """Host, token and organisation of one Ardoq.

    `hosturl` is scheme, host and optional port, without a trailing slash; `org` is the organisation's label,
    None if the host name identifies the organisation.
    """

    hosturl: str
    token: Token
    org: str | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """Raise `ConfigurationError`, as the token does."""
        return self.token.__reduce__()

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine."""
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
    """Return the checked settings.

    - `hosturl`, `token`, `org`: settings that you don't pass are read from the environment variables
      `ARDOQ_API_HOST`, `ARDOQ_API_TOKEN` and `ARDOQ_ORG_LABEL`, then from the cfg file.
    - `config`: the path of a cfg file with the keys `host`, `token` and `org` below a section `[Ardoq]`.
    - `allow_http=True`: accept a host without TLS that is not this machine.
    - `environ`: the environment variables.

    Raise `ConfigurationError` if a setting is missing or not valid, or the file cannot be used.
    """
    given_token = None if token is None else Token.of(token)
    given = {"host": hosturl, "token": given_token, "org": org}
    # The locals of a traceback must show neither the token nor the variables that contain it.
    from_environment = _from_environment(environ)
    del token, environ
    located = _with_file(from_environment, config, {name for name in given if given[name] is not None})

    def text(name: str) -> str | None:
        return located[name].value.reveal().strip() if name in located else None

    return Settings(
        hosturl=_checked_host(text("host") if hosturl is None else hosturl, allow_http=allow_http),
        token=_checked_token(
            located["token"].value if given_token is None and "token" in located else given_token
        ),
        org=_checked_org(text("org") if org is None else org),
    )


class LocatedSetting(NamedTuple):
    """A setting, hidden because it may be the token, and where it comes from, in words for a user."""

    value: Token
    source: str


def locate_settings(
    *,
    config: str | Path | None = None,
    given: Collection[str] = tuple(ENVIRONMENT),
    environ: Mapping[str, str] = os.environ,
) -> dict[str, LocatedSetting]:
    """Return where `host`, `token` and `org` come from, without checking them; missing ones are left out.

    The sources and their order are those of `read_settings`.

    - `given`: the names of settings that are passed, so that the file need not have them.

    Raise `ConfigurationError` if the file cannot be used.
    """
    from_environment = _from_environment(environ)
    del environ
    return _with_file(from_environment, config, given)


def _from_environment(environ: Mapping[str, str]) -> dict[str, LocatedSetting]:
    settings = {
        name: LocatedSetting(Token(environ.get(variable) or ""), f"environment, {variable}")
        for name, variable in ENVIRONMENT.items()
    }
    return {name: setting for name, setting in settings.items() if setting.value.reveal().strip()}


def _with_file(
    settings: dict[str, LocatedSetting], config: str | Path | None, given: Collection[str]
) -> dict[str, LocatedSetting]:
    """Return settings with those of a file, which must not misspell one that is missing and not `given`."""
    if config is None:
        return settings
    from_file = {name: LocatedSetting(value, str(config)) for name, value in _read_file(config).items()}
    for name in sorted(ENVIRONMENT.keys() - from_file.keys() - settings.keys() - set(given)):
        # Without its org, all could be written to another organisation. The key that is similar is not
        # quoted: it has the token in it, if the sign between them is missing.
        if any(did_you_mean(other, [name]) for other in from_file.keys() - ENVIRONMENT.keys()):
            raise ConfigurationError(
                f"The cfg file {str(config)!r} has no {name!r}, but a key that is similar: write {name!r}, "
                "or move the key to another section if it is for another program."
            )
    return {name: setting for name, setting in from_file.items() if setting.value.reveal().strip()} | settings


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
        raise ConfigurationError("The host has a user name or password: give the token as token instead.")
    try:
        parts = urlsplit(host)
        is_port_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise ConfigurationError(f"The host {hosturl!r} is not a URL: write it in full, {example}.") from None
    if "://" in host and parts.scheme not in ("http", "https"):
        raise ConfigurationError(
            f"The host {hosturl!r} has the scheme {parts.scheme!r}: write https:// instead, {example}."
        )
    if parts.scheme not in ("http", "https"):
        # Quoted only if it ends like a host name: it may be the token, passed in the wrong place.
        quoted = f" {hosturl!r}" if re.fullmatch(r"localhost|[\w.-]+\.[A-Za-z]{2,24}", host) else ""
        raise ConfigurationError(f"The host{quoted} has no scheme: write https:// in front of it, {example}.")
    if (
        not parts.hostname
        or not is_port_valid
        or re.search(r"\s", host)
        or _NOT_A_HOST.search(parts.hostname)
    ):
        raise ConfigurationError(f"The host {hosturl!r} is not a URL: write it in full, {example}.")
    rest = host.partition("://")[2].removeprefix(parts.netloc)
    if rest:
        raise ConfigurationError(
            f"The host {hosturl!r} has more than a host name: leave out {rest!r}. "
            "The library adds /api itself."
        )
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        raise ConfigurationError(
            f"The host {hosturl!r} would send the token unencrypted: write https://, "
            "or pass allow_http=True if you accept that."
        )
    return host


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    return bool(_LOOPBACK.fullmatch(urlsplit(host).hostname or ""))


def _checked_token(token: Token | None) -> Token:
    if token is None:
        raise ConfigurationError(
            f"No token is set: give token, or set {ENVIRONMENT['token']}. "
            "Create one in Ardoq under Account settings, API and tokens."
        )
    if not isinstance(token.reveal(), str):
        raise ConfigurationError(f"The token is {describe_type(token.reveal())}: give it as text.")
    if not token.reveal().strip():
        raise ConfigurationError(f"The token is empty: give token, or set {ENVIRONMENT['token']}.")
    if not re.fullmatch(r"[!-~]+", token.reveal().strip()):
        raise ConfigurationError(
            "The token has a space, a line break or a letter outside ASCII, which no token has: "
            "copy it from Ardoq again."
        )
    return Token(token.reveal().strip())


def _checked_org(org: str | None) -> str | None:
    if org is not None and not isinstance(org, str):
        raise ConfigurationError(f"org is {describe_type(org)}: give the organisation's label as text.")
    if org is None or not org.strip():
        return None
    if not re.fullmatch(r"[\w.-]+", org.strip(), re.ASCII):
        # Quoted only if it looks like a name: it may be the token, passed in the wrong place.
        quoted = f" {org!r}" if re.fullmatch(r"[\w .-]{1,30}", org.strip()) else ""
        raise ConfigurationError(
            f"The organisation label{quoted} is not a label: use the one in your Ardoq's address."
        )
    return org.strip()


def _read_file(path: str | Path) -> dict[str, Token]:
    import configparser  # noqa: PLC0415  (only those who name a file pay for it)

    parser = configparser.ConfigParser(interpolation=None)
    problem, is_readable_by_others = None, 0
    try:
        with open(os.fspath(path), encoding="utf-8") as file:  # noqa: PTH123  (takes str and Path alike)
            parser.read_file(file)
            is_readable_by_others = os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077
    except FileNotFoundError:
        problem = "does not exist: copy ardoq.cfg.example to it and fill it in"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        problem = "cannot be read: it is not UTF-8 text"
    except (TypeError, ValueError):
        problem = "is not a path"
    except (configparser.DuplicateOptionError, configparser.DuplicateSectionError) as error:
        problem = f"cannot be parsed: line {error.lineno} repeats a key or a section"
    except configparser.Error as error:
        # The parser's own message quotes the line, which may contain the token.
        line = getattr(error, "lineno", None) or (getattr(error, "errors", None) or [(None,)])[0][0]
        where = f"line {line}" if line else "it"
        problem = f"cannot be parsed: {where} is not of the form 'key = value' below a section [{SECTION}]"
    if problem is None and not parser.has_section(SECTION):
        # Quoted only if it cannot be the token, written in the wrong place.
        misspelt = [f"[{name}]" for name in parser.sections() if is_similar(name, SECTION)]
        position = f"in place of {quote_name(misspelt[0])}" if misspelt else "above its settings"
        problem = f"has no section [{SECTION}]: write that line {position}"
    if problem is not None:
        # Raised here and not above: the error's __context__ would be the parser's, with the line in it.
        raise ConfigurationError(f"The cfg file {str(path)!r} {problem}.")
    if is_readable_by_others and parser[SECTION].get("token", "").strip():
        # Only a warning in the log of a nightly job: what works today must not fail.
        logger.warning("The cfg file %r has a token, and others may read it: chmod 600 it.", str(path))
    return {name: Token(value) for name, value in parser[SECTION].items()}
