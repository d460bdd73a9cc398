"""Serve one recorded answer to whoever asks, and nothing else: no work of the server beside the client's.

Prints its address first. As the emulator it tells at its control door which requests came in.
"""

from __future__ import annotations

import argparse
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar


class Answers(BaseHTTPRequestHandler):
    """Give the recorded answer, whatever is asked for."""

    protocol_version = "HTTP/1.1"
    recorded = b""
    seen: ClassVar[list[dict[str, str]]] = []

    def do_GET(self) -> None:
        """Answer, and note what was asked."""
        path, _, query = self.path.partition("?")
        if path == "/_emulator/requests":
            self._answer(json.dumps(self.seen).encode())
            return
        self.seen.append({"method": "GET", "path": path, "query": query})
        self._answer(self.recorded)

    def do_DELETE(self) -> None:
        """Forget what was asked."""
        self.seen.clear()
        self._answer(b"{}")

    def _answer(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    Answers.recorded = parser.parse_args().file.read_bytes()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
