"""What all pages share: their assets, escaped text, and the policy that allows nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from functools import cache
from importlib import resources

from ardoqpy._terminal import escape_controls

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


@cache
def read_asset(name: str) -> str:
    """Return the text of a file in `assets/`."""
    text = resources.files("ardoqpy_sync.reporting").joinpath("assets", name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


def escape_text(text: str, columns: int = 160) -> str:
    """Return a text on one line, cut to so many columns, as it can stand in HTML and in attributes."""
    return html.escape(escape_controls(text, columns))


def refer_to_characters(text: str) -> str:
    """Return HTML in ASCII: other characters become numeric references. Scripts and styles know none."""
    return text.encode("ascii", "xmlcharrefreplace").decode()


def escape_script(text: str) -> str:
    """Return a script in ASCII, whose other characters are in texts, comments or regular expressions."""
    return _BEYOND_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)


def escape_style(text: str) -> str:
    """Return a style sheet in ASCII."""
    return _BEYOND_ASCII.sub(lambda match: f"\\{ord(match[0]):x} ", text)


def make_element(tag: str, text: str, name: str = "") -> str:
    """Return an element with a text; `name` is its class."""
    return f"<{tag}{f' class={name}' if name else ''}>{escape_text(text, 2000)}</{tag}>"


def make_policy(style: str, script: str | None = None) -> str:
    """Return a Content-Security-Policy that allows only this style and, if given, this script."""
    allowed = f"script-src {_digest(script)}; " if script is not None else ""
    return (
        f"default-src 'none'; {allowed}style-src {_digest(style)}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
