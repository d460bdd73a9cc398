"""Run `ardoqpy request` and `expand`: read any path of the API, and expand a batch."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy.cli.errors import CommandError
from ardoqpy.cli.rows import Listing, columns

if TYPE_CHECKING:
    import argparse

    from ardoqpy.client import ArdoqClient


def request(client: ArdoqClient, options: argparse.Namespace) -> Any:
    """Return what a path of the API returns."""
    query: dict[str, list[str]] = {}
    for name, value in options.query:
        query.setdefault(name, []).append(value)
    if options.all:
        answer: Any = client.iter_request(options.path, query)
    else:
        answer = client.request(options.path, query_params=query)
    is_listing = options.all or isinstance(answer, list)
    return Listing(answer, columns("name", "type", "_id")) if is_listing else answer


def expand(client: ArdoqClient, options: argparse.Namespace) -> Any:
    """Return the batch of a file with its aliases replaced by ids."""
    batch = _read_json(options.file)
    if not isinstance(batch, dict):
        raise CommandError(f"The file {options.file!r} does not contain a batch: a batch is a JSON object.")
    return client.expand_batch(batch)


def _read_json(path: str) -> Any:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as problem:
        raise CommandError(f"The file {path!r} cannot be read: {problem.strerror}.") from None
    except (ValueError, RecursionError):
        raise CommandError(f"The file {path!r} is not JSON.") from None
