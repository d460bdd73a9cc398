"""Run `ardoqpy emulator`: an Ardoq on this machine."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ardoqpy.emulator import Emulator, Fault, parse_user

if TYPE_CHECKING:
    import argparse


def run(options: argparse.Namespace) -> int:
    """Run the emulator until Ctrl-C or SIGTERM, and return the exit code."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    try:
        server = Emulator(
            port=options.port,
            token=options.token,
            users=[parse_user(text) for text in options.user],
            org=options.org,
            db=_path(options.db),
            seed=_path(options.seed),
            page_size=options.page_size,
            paging=options.paging,
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
            Path(options.dump).write_text(json.dumps(server.dump(), indent=1), encoding="utf-8")
    return 0


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
