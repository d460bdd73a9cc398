"""Serve one recorded answer to every request, so that the server costs almost nothing.

It prints its address first. Like the emulator, its admin API lists the requests that it received.
"""

from __future__ import annotations

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar


class Replay(BaseHTTPRequestHandler):
    """Answer every request with the recording."""

    protocol_version = "HTTP/1.1"
    recorded = b""
    received: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        """Send the recording, and record the request."""
        path, _, query = self.path.partition("?")
        if path == "/_emulator/requests":
            self._answer(json.dumps(self.received).encode())
            return
        self.received.append({"method": "GET", "path": path, "query": query})
        self._answer(self.recorded)

    def do_DELETE(self) -> None:
        """Clear the list of requests."""
        self.received.clear()
        self._answer(b"{}")

    def _answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def main() -> None:
    """Serve until the process is terminated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    Replay.recorded = parser.parse_args().file.read_bytes()
    with ThreadingHTTPServer(("127.0.0.1", 0), Replay) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
