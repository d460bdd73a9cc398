"""`ardoqpy emulator`: an Ardoq on this machine."""

from __future__ import annotations

import json
import signal
import sys
import threading
from typing import TYPE_CHECKING

from ardoqpy.cli.command import Command

if TYPE_CHECKING:
    import argparse

__all__ = ["COMMANDS"]


def _arguments(parser: argparse.ArgumentParser) -> None:
    from pathlib import Path  # noqa: PLC0415

    parser.add_argument("--port", type=int, default=0, help="the port to listen on; 0, any free one")
    parser.add_argument("--token", default="emulator-token", help="the token to accept (%(default)s)")
    parser.add_argument("--org", help="the organisation's label; without it any label will do")
    parser.add_argument("--db", type=Path, metavar="FILE", help="keep everything in this file")
    parser.add_argument("--seed", type=Path, metavar="FILE", help="start with what this JSON file holds")
    parser.add_argument("--dump", type=Path, metavar="FILE", help="write everything to this file at the end")
    parser.add_argument(
        "--page-size", type=int, default=5, metavar="N", help="entities per page, on API v2; v1 does not page"
    )
    parser.add_argument("--rate-limit", type=float, metavar="N", help="requests per second, more get 429")
    parser.add_argument("--latency-ms", type=float, default=0, metavar="N", help="wait before each answer")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="KEY=VALUE,...",
        help="let the next calls go wrong: kind=status|reset|drop-before|drop-after|cut-off|html|wait|"
        "wait-after, "
        "times, status, retry_after, seconds, method, path; may be given several times",
    )


def _run(options: argparse.Namespace) -> int:
    from ardoqpy.emulator import Emulator, Fault  # noqa: PLC0415  (other commands do not pay for it)

    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        server = Emulator(
            port=options.port,
            token=options.token,
            org=options.org,
            db=options.db,
            seed=options.seed,
            page_size=options.page_size,
            rate_limit=options.rate_limit,
            latency_ms=options.latency_ms,
            faults=[Fault.parse(text) for text in options.fault],
        ).start()
    except (OSError, ValueError) as problem:
        print(f"ardoqpy emulator: {problem}", file=sys.stderr)
        return 1
    with server:
        print(server.url, flush=True)
        while not stop.wait(1):
            pass
        if options.dump is not None:
            options.dump.write_text(json.dumps(server.dump(), indent=1), encoding="utf-8")
    return 0


COMMANDS = (
    Command(
        "emulator",
        "run an Ardoq on this machine, for trying out and for tests",
        _arguments,
        _run,
        (
            ("emulator", "an empty Ardoq on a free port"),
            ("emulator --port 8080 --db ardoq.db", "one that is still there tomorrow"),
            ("emulator --seed seed.json --dump after.json", "start from a dump, leave another"),
            (
                "emulator --fault kind=status,status=503,times=3,method=POST",
                "the next three POSTs fail",
            ),
        ),
        "The first line printed is its address; Ctrl-C stops it.",
    ),
)
