"""Serve HTTP/1.1 on sockets: read requests, send answers, and drop connections for faults."""

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer, TCPServer
from typing import Any, Protocol

from ardoqpy.emulator.messages import Response, failed_response

_LONGEST_LINE = 65537
# A linger structure (on, 0 seconds), of shorts on Windows and of ints elsewhere.
_ZERO_LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


@dataclass(frozen=True, slots=True)
class WireResponse:
    """Hold what is sent: a response, half of its body (`cut_off`), or no more than a closed connection."""

    response: Response | None
    body: bytes = b""
    cut_off: bool = False
    reset: bool = False


class Application(Protocol):
    """Describe what answers the requests."""

    def connected(self) -> None:
        """Count a connection."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireResponse:
        """Answer one request."""


class _BadFraming(ValueError):
    """Report that the end of a request's body cannot be determined."""


class HttpServer(ThreadingHTTPServer):
    """Serve an application with a thread for each connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    #: Seconds between two checks whether to end, while no connection arrives.
    timeout = 0.5

    def __init__(self, address: tuple[str, int], application: Application) -> None:
        """Listen at an address."""
        self.application = application
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._ended = False
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without a look-up of the host name, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def serve(self) -> None:
        """Accept connections until `end` is called."""
        while not self._ended:
            self.handle_request()

    def end(self) -> None:
        """Make `serve` return."""
        self._ended = True
        # A connection wakes `serve` at once: tests start and stop thousands of emulators.
        with contextlib.suppress(OSError):
            socket.create_connection((self.server_name, self.server_port), timeout=self.timeout).close()

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Accept no connection after `end`."""
        return not self._ended

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count a connection before its thread starts."""
        with self._changed:
            self._connections.add(request)
        self.application.connected()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection until it is closed."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._connections.discard(request)
                self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that have disconnected."""

    def end_connections(self, timeout: float) -> None:
        """Close all connections, and wait up to `timeout` seconds for requests in progress."""
        with self._changed:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, timeout=timeout)


class _Handler(BaseHTTPRequestHandler):
    """Serve one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "ArdoqEmulator"
    sys_version = ""
    disable_nagle_algorithm = True
    # Headers and a small body leave in one packet.
    wbufsize = 1 << 16

    def __init__(self, request: Any, client_address: Any, server: BaseServer) -> None:
        """Serve the application of the server."""
        assert isinstance(server, HttpServer)  # noqa: S101 (for the type checker)
        self._application = server.application
        super().__init__(request, client_address, server)

    def _serve(self) -> None:
        try:
            body = self._body()
        except _BadFraming as error:
            self.close_connection = True
            response = failed_response(HTTPStatus.BAD_REQUEST, str(error))
            self._send(WireResponse(response, response.body()))
            return
        except OSError:
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        outcome = self._application.answer(self.command, self.path, headers, body)
        with contextlib.suppress(OSError):
            self._send(outcome)

    # The routes decide which methods a path supports, unusual methods included.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815 (names of the base class)
    do_TRACE = do_QUERY = _serve  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").casefold() == "chunked":
            return self._chunked_body()
        length = self.headers.get("Content-Length")
        if length is None:
            return b""
        if not length.isdecimal():
            raise _BadFraming("Content-Length has to be a number.")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionResetError
        return body

    def _chunked_body(self) -> bytes:
        chunks = []
        while True:
            line = self.rfile.readline(_LONGEST_LINE)
            try:
                size = int(line.split(b";")[0].strip(), 16)
            except ValueError as error:
                raise _BadFraming("A chunk has to begin with its length.") from error
            if size < 0:
                raise _BadFraming("The length of a chunk cannot be negative.")
            if size == 0:
                break
            chunks.append(self.rfile.read(size))
            self.rfile.readline(_LONGEST_LINE)
        while self.rfile.readline(_LONGEST_LINE).strip():
            pass
        return b"".join(chunks)

    def _send(self, outcome: WireResponse) -> None:
        response, body = outcome.response, outcome.body
        if response is None or (outcome.cut_off and not body):
            self.close_connection = True
            if outcome.reset:
                # Without lingering, closing a socket sends a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ZERO_LINGER)
                self.connection.close()
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if outcome.cut_off:
            self.close_connection = True
            body = body[: len(body) // 2]
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def finish(self) -> None:
        """Close the files of the connection, even if the client has disconnected."""
        with contextlib.suppress(OSError):
            super().finish()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer invalid HTTP with an error as JSON."""
        self.close_connection = True
        response = failed_response(code, message or explain or HTTPStatus(code).phrase)
        # A request line that could not be parsed has set neither the method nor the version.
        self.command = getattr(self, "command", None) or "GET"
        self.request_version = self.protocol_version
        with contextlib.suppress(OSError):
            self._send(WireResponse(response, response.body()))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (named by the base class)
        """Log nothing."""
