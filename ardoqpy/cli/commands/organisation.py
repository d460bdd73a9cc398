"""`ardoqpy me`, `host`, `request`, `expand`: who asks, where, and any path."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from ardoqpy.cli.command import reading, value_of_field
from ardoqpy.cli.errors import Refusal
from ardoqpy.cli.rows import Document, Listing, columns, record

if TYPE_CHECKING:
    import argparse

    from ardoqpy.cli.connection import Connection

__all__ = ["COMMANDS"]


def _me(connection: Connection, _options: argparse.Namespace) -> Document:
    return connection.ask(lambda client: record(client.me()))


def _label(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("label", metavar="LABEL", help="the label of an organisation that you belong to")


def _host(connection: Connection, options: argparse.Namespace) -> Document:
    return connection.ask(
        lambda client: record({"org": options.label, "address": client.switch_org(options.label)})
    )


def _request_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", metavar="PATH", help="below /api/v2/ (/api/ with --api v1), such as components"
    )
    parser.add_argument(
        "--query",
        action="append",
        default=[],
        type=value_of_field,
        metavar="NAME=VALUE",
        help="a parameter; may be given several times",
    )
    parser.add_argument("--all", action="store_true", help="it is a listing: every value of all its pages")


def _request(connection: Connection, options: argparse.Namespace) -> Listing | Document:
    query: dict[str, list[str]] = {}
    for name, value in options.query:
        query.setdefault(name, []).append(value)
    if options.all:
        return connection.ask(lambda client: _listing(client.iter_request(options.path, query)))
    answer = connection.ask(lambda client: client.request(options.path, query_params=query))
    return _listing(answer) if isinstance(answer, list) else record(answer)


def _listing(rows: Any) -> Listing:
    return Listing(rows, columns("name", "type", "_id"))


def _file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the batch as JSON; -: the standard input")


def _expand(connection: Connection, options: argparse.Namespace) -> Document:
    batch = _json_of(options.file)
    if not isinstance(batch, dict):
        raise Refusal(f"The file {options.file!r} holds no batch: it has to be a JSON object.")
    return connection.ask(lambda client: record(client.expand_batch(batch)))


def _json_of(path: str) -> Any:
    from pathlib import Path  # noqa: PLC0415

    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as problem:
        raise Refusal(f"The file {path!r} cannot be read: {problem.strerror}.") from None
    except (ValueError, RecursionError):
        raise Refusal(f"The file {path!r} is not JSON.") from None


COMMANDS = (
    reading("me", "show whose token it is, and for which organisation", _me, (("me", "you"),)),
    reading(
        "host",
        "show the address of an organisation (v1, old)",
        _host,
        (("host yourorg", "by its label"),),
        arguments=_label,
        versions=("v1", "v2"),
    ),
    reading(
        "request",
        "read any path of the API",
        _request,
        (
            ("request me --format json", "GET /api/v2/me"),
            ("request components --query typeId=p1 --all --format ndjson", "all pages of a listing"),
        ),
        arguments=_request_arguments,
    ),
    reading(
        "expand",
        "show a batch with its aliases replaced by ids; nothing is written (v2)",
        _expand,
        (("expand batch.json --format json", "from a file"),),
        arguments=_file_argument,
    ),
)
