"""The options that several commands have, and how their values are read."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, TypedDict, cast

from ardoqpy.cli.command import command, group, option

if TYPE_CHECKING:
    from ardoqpy._http.retry import Retries
    from ardoqpy.cli.command import Command, Option

FORMATS = ("table", "json", "ndjson", "csv")
SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def _name_and_value(text: str) -> tuple[str, str]:
    """Parse a value of the form NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not (name.strip() and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    return name.strip(), value


def positive_number(text: str) -> int:
    """Parse a whole number above 0."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _count(text: str) -> int:
    return 0 if text == "0" else positive_number(text)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of names with commas between them")
    return list(dict.fromkeys(names))


def name_value_option(flag: str, about: str) -> Option:
    """Return an option with values of the form NAME=VALUE, which can be repeated."""
    return option(flag, action="append", default=[], type=_name_and_value, metavar="NAME=VALUE", help=about)


WORKSPACE = option("--workspace", metavar="NAME|ID", help="only in this workspace")
FIELD = name_value_option(
    "--field", "only with this value of a custom field; null: without a value; can be repeated"
)


def output_file(about: str) -> Option:
    """Return the option for the file to write to."""
    return option("--output", metavar="FILE", help=f"{about}; -: standard output")


OUTPUT_FILE = output_file("write to this file, which appears once it is complete")
OUTPUT = group(
    "output",
    None,
    option(
        "--format", choices=FORMATS, help="output format (default: from the ending of --output, else table)"
    ),
    option(
        "--columns",
        type=_names,
        metavar="A,B,...",
        help="show only these attributes, in this order; custom fields by name",
    ),
    option("--limit", type=positive_number, metavar="N", help="show only the first N rows"),
    option("--raw", action="store_true", help="CSV: do not escape text that looks like a formula"),
    OUTPUT_FILE,
)


def connection_options(api: str | None = "v2, then v1 for what v2 lacks", before: str = "") -> Option:
    """Return the options that name an Ardoq and say how to connect to it.

    - `api`: which API version is used without `--api`; None leaves `--api` out.
    - `before`: where settings are read from before the environment, such as `the job, then from `.
    """
    version = option("--api", choices=("v1", "v2"), help=f"API version (default: {api})")
    return group(
        "connection",
        f"Settings you don't pass are read from {before}ARDOQ_API_HOST, ARDOQ_API_TOKEN and ARDOQ_ORG_LABEL.",
        option("--host", metavar="URL", help="address of Ardoq, such as https://yourorg.ardoq.com"),
        option("--org", metavar="LABEL", help="organisation label, if the host does not include it"),
        option("--config", metavar="FILE", help="cfg file with host, token and org"),
        *([version] if api else []),
        option(
            "--timeout", type=_seconds, metavar="SECONDS", help="time limit for connecting and for each read"
        ),
        option("--retries", type=_count, metavar="N", help="how often to retry a failed request"),
        option("--allow-http", action="store_true", help="allow a remote host without TLS"),
        option("--verbose", action="store_true", help="log retries to standard error"),
    )


class ConnectionSettings(TypedDict, total=False):
    """Arguments of `ArdoqClient` that the connection options give; a token is never among them."""

    hosturl: str
    org: str
    config: str
    version: str
    timeout: float
    retries: int | Retries
    allow_http: bool


def connection_settings(options: argparse.Namespace) -> ConnectionSettings:
    """Return the connection options that are given."""
    given = {
        "hosturl": options.host,
        "org": options.org,
        "config": options.config,
        "version": getattr(options, "api", None),
        "timeout": options.timeout,
        "retries": options.retries,
        "allow_http": options.allow_http or None,
    }
    return cast("ConnectionSettings", {name: value for name, value in given.items() if value is not None})


def completion_command(program: str) -> Command:
    """Return the command of a program that prints its completion script."""
    return command(
        "completion",
        "print a script that completes commands and options in your shell",
        "ardoqpy.cli.commands.completion:run",
        option("shell", choices=SHELLS, help="the shell"),
        details="Needs the extra cli: pip install 'ardoqpy[cli]'.",
        examples={
            "completion bash": f"for ~/.local/share/bash-completion/completions/{program}",
            "completion zsh": f"for a file _{program} in a directory of your $fpath",
        },
    )
