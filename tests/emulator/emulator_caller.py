"""Call an emulator with a minimal HTTP client that shares no code with the library."""

import http.client
import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ardoqpy.emulator import Emulator


class Answer(NamedTuple):
    """Hold a response."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """Return the body read as JSON."""
        return json.loads(self.content)


class Caller:
    """Call an emulator over one connection that is kept open."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.address = urlsplit(emulator.url)
        self.connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=10)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def call(self, method: str, path: str, body: Any = None, headers: dict | None = None) -> Answer:
        """Send a request and return the answer."""
        sent = {"Authorization": f"Token token={self.emulator.token}", **(headers or {})}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        self.connection.request(method, path, body=data, headers=sent)
        answer = self.connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, headers, answer.read())

    def ok(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        """Send a request that has to succeed, and return its JSON."""
        answer = self.call(method, path, body)
        assert answer.status == status, (answer.status, answer.content)
        return answer.json if answer.content else None

    def rejected(self, status: int, method: str, path: str, body: Any = None) -> str:
        """Send a request that has to be rejected, and return the message."""
        answer = self.call(method, path, body)
        assert answer.status == status, (answer.status, answer.content)
        return answer.json["message"]

    def raw(self, text: bytes, *, read: bool = True) -> bytes:
        """Send bytes over a new socket and read until the emulator closes it."""
        with socket.create_connection((self.address.hostname, self.address.port), timeout=10) as sock:
            sock.sendall(text)
            received = b""
            while read and (more := sock.recv(65536)):
                received += more
            return received

    def workspace(self, name: str = "Apps", **more: Any) -> dict:
        """Create a workspace."""
        return self.ok("POST", "/api/workspace", {"name": name, **more}, 201)

    def component(self, workspace: dict, name: str = "Web", **more: Any) -> dict:
        """Create a component."""
        body = {"name": name, "rootWorkspace": workspace["_id"], **more}
        return self.ok("POST", "/api/component", body, 201)

    def reference(self, source: dict, target: dict, **more: Any) -> dict:
        """Create a reference."""
        body = {"source": source["_id"], "target": target["_id"], "type": 2, **more}
        return self.ok("POST", "/api/reference", body, 201)


class Ticking:
    """Be a clock that advances by a millisecond with every call."""

    def __init__(self) -> None:
        self.moment = datetime(2024, 5, 1, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the next time."""
        self.moment += timedelta(milliseconds=1)
        return self.moment
