"""
Settings: what the caller gives, then the environment, then a cfg file that was named.

The precedence is written here and nowhere else.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ardoqpy.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Settings", "Token", "read_settings"]

SECTION = "Ardoq"
ENVIRONMENT = {"host": "ARDOQ_API_HOST", "token": "ARDOQ_API_TOKEN", "org": "ARDOQ_ORG_LABEL"}
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1", re.IGNORECASE)


class Token:
    """
    Hold an access token so that it cannot be printed by accident.

    `reveal()` is the one way to the text; `repr`, `str`, `pickle` and a traceback's locals do not show it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """
        Return the token itself.
        """
        return self._text

    def hide_in(self, text: str) -> str:
        """
        Return `text` with every occurrence of the token replaced by `***`.
        """
        return text.replace(self._text, "***")

    def __repr__(self) -> str:
        return "<token>"

    def __reduce__(self) -> tuple[object, ...]:
        raise ConfigurationError("A token is not pickled: build a new client where it is needed instead.")


@dataclass(frozen=True)
class Settings:
    """
    Where an Ardoq is and how to be let in.

    `hosturl` is scheme, host and perhaps port, without a slash at the end; `org` is the organisation's
    label, or None where the host name already says it.
    """

    hosturl: str
    token: Token
    org: str | None = None

    @property
    def loopback(self) -> bool:
        """
        Tell whether the host is this machine.
        """
        return _is_loopback(self.hosturl)


def read_settings(
    hosturl: str | None = None,
    token: str | Token | None = None,
    org: str | None = None,
    *,
    config: str | Path | None = None,
    allow_http: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """
    Gather the settings and check them.

    Each of host, token and organisation label is taken from the argument, else from the environment
    (`ARDOQ_API_HOST`, `ARDOQ_API_TOKEN`, `ARDOQ_ORG_LABEL`), else from the section `[Ardoq]` (keys `host`,
    `token`, `org`) of the cfg file `config`, when one is named. `allow_http=True` accepts a host
    without TLS that is not this machine.

    Raise `ConfigurationError` when a setting is missing or makes no sense, or the file cannot be used.
    """
    given = Token(token) if isinstance(token, str) else token
    del token  # a traceback that shows locals must not show it
    file = _read_file(config) if config is not None else {}

    def setting(name: str) -> str | None:
        value = environ.get(ENVIRONMENT[name]) or file.get(name)
        return value.strip() if value else None

    host = hosturl if hosturl is not None else setting("host")
    if given is None:
        text = setting("token")
        given = Token(text) if text else None
        text = None
    return Settings(
        hosturl=_checked_host(host, allow_http=allow_http),
        token=_checked_token(given),
        org=_checked_org(org if org is not None else setting("org")),
    )


def _checked_host(hosturl: str | None, *, allow_http: bool) -> str:
    example = "for example https://yourorg.ardoq.com"
    if not hosturl:
        raise ConfigurationError(
            f"No Ardoq host is set: give hosturl, or set {ENVIRONMENT['host']}, {example}."
        )
    if not isinstance(hosturl, str):
        raise ConfigurationError(f"hosturl is a {type(hosturl).__name__}: give text, {example}.")
    host = hosturl.strip().rstrip("/")
    try:
        parts = urlsplit(host)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ConfigurationError(f"The host {hosturl!r} is not a URL: write it in full, {example}.") from None
    if parts.scheme not in ("http", "https"):
        raise ConfigurationError(
            f"The host {hosturl!r} has no scheme: write https:// in front of it, {example}."
        )
    if parts.username is not None or parts.password is not None:
        raise ConfigurationError("The host holds a user name or password: give the token as token instead.")
    if not parts.hostname or not port_is_fine or re.search(r"\s", host):
        raise ConfigurationError(f"The host {hosturl!r} is not a URL: write it in full, {example}.")
    if parts.path or parts.query or parts.fragment:
        raise ConfigurationError(
            f"The host {hosturl!r} goes on after the host name: leave out {parts.path or '?'!r}, "
            "the library adds /api itself."
        )
    if parts.scheme == "http" and not allow_http and not _is_loopback(host):
        raise ConfigurationError(
            f"The host {hosturl!r} would send the token unencrypted: write https://, "
            "or say allow_http=True if that is what you want."
        )
    return host


def _is_loopback(host: str) -> bool:
    return bool(_LOOPBACK.fullmatch(urlsplit(host).hostname or ""))


def _checked_token(token: Token | None) -> Token:
    if token is None or not isinstance(token, Token):
        if token is not None:
            raise ConfigurationError(f"The token is a {type(token).__name__}: give it as text.")
        raise ConfigurationError(
            f"No token is set: give token, or set {ENVIRONMENT['token']}. "
            "Ardoq makes one under Account settings, API and tokens."
        )
    text = token.reveal().strip()
    if not text:
        raise ConfigurationError(f"The token is empty: give token, or set {ENVIRONMENT['token']}.")
    if not re.fullmatch(r"[!-~]+", text):
        raise ConfigurationError(
            "The token holds a space, a line break or a letter outside ASCII, which no token has: "
            "copy it from Ardoq again."
        )
    return Token(text)


def _checked_org(org: str | None) -> str | None:
    if org is None or not org.strip():
        return None
    if not re.fullmatch(r"[\w.-]+", org.strip(), re.ASCII):
        raise ConfigurationError(
            f"The organisation label {org!r} is not a label: take the one in your Ardoq's address."
        )
    return org.strip()


def _read_file(path: str | Path) -> dict[str, str]:
    import configparser  # noqa: PLC0415  (only those who name a file pay for it)

    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  (takes str and Path alike)
            parser.read_file(file)
    except FileNotFoundError:
        raise ConfigurationError(
            f"The cfg file {str(path)!r} is not there: copy ardoq.cfg.example to it and fill it in."
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"The cfg file {str(path)!r} cannot be read: {reason}.") from None
    except configparser.Error as problem:
        # The parser's own message quotes the line, and that line may be the token's.
        line = getattr(problem, "lineno", None) or (getattr(problem, "errors", None) or [(None,)])[0][0]
        where = f"line {line} of it" if line else "it"
        raise ConfigurationError(
            f"The cfg file {str(path)!r} cannot be understood: {where} is not of the form 'key = value' "
            f"below a section [{SECTION}], each said once."
        ) from None
    if not parser.has_section(SECTION):
        raise ConfigurationError(
            f"The cfg file {str(path)!r} has no section [{SECTION}]: write that line above its settings."
        )
    return dict(parser[SECTION])
