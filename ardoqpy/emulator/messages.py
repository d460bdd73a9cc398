"""Describe a request and a response as handlers see them: no sockets, no threads."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import BadRequest, MethodNotAllowed, Problem, TooMany


@dataclass(frozen=True, slots=True)
class Settings:
    """Tell handlers what the emulator was started with."""

    base_url: str
    org: str = assumptions.DEFAULT_ORG
    page_size: int = 5


@dataclass(frozen=True, slots=True)
class Request:
    """Hold a request: the path as its decoded segments, and those of them that the route has named."""

    method: str
    segments: tuple[str, ...]
    raw_query: str
    headers: Mapping[str, str]
    body: bytes
    settings: Settings
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Return the decoded path, without a trailing slash."""
        return "/" + "/".join(self.segments)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return the query as pairs, in order."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    def asked(self, name: str) -> str | None:
        """Return the value of a query parameter; an empty one counts as not given."""
        return next((value for key, value in self.query if key == name and value), None)

    def is_asked(self, name: str) -> bool:
        """Say whether a query parameter is "true"."""
        return (self.asked(name) or "").casefold() == "true"

    def json(self) -> Any:
        """Return the body read as JSON, or raise BadRequest."""
        try:
            return json.loads(self.body, parse_constant=_no_constant, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            sentence = f"The body of {self.method} {quote(self.path)} is not JSON."
            raise BadRequest(sentence) from error

    def json_object(self) -> dict[str, Any]:
        """Return the body read as a JSON object, or raise BadRequest."""
        body = self.json()
        if not isinstance(body, dict):
            sentence = f"The body of {self.method} {quote(self.path)} has to be a JSON object."
            raise BadRequest(sentence)
        return body


@dataclass(frozen=True, slots=True)
class Response:
    """Hold a response: JSON unless `content` is given; neither for those without a body."""

    status: int = 200
    json: Any = None
    content: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """Return the bytes to send."""
        if self.status == 204:
            return b""
        if self.content is not None:
            return self.content
        return json.dumps(self.json, separators=(",", ":")).encode("ascii")


NO_CONTENT = Response(204)


def refusal(problem: Problem) -> Response:
    """Return the response that tells a problem."""
    headers = {}
    if isinstance(problem, TooMany):
        headers["Retry-After"] = str(problem.retry_after)
    if isinstance(problem, MethodNotAllowed):
        headers["Allow"] = ", ".join(problem.allowed)
    return failure(problem.status, problem.message, problem.data, headers)


def failure(
    status: int,
    message: str,
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an error response with a message."""
    body: dict[str, Any] = {assumptions.ERROR_MESSAGE_KEY: message}
    if data:
        body[assumptions.ERROR_DATA_KEY] = dict(data)
    return Response(status, body, headers=headers or {})


def _no_constant(name: str) -> float:
    sentence = f"{name} is not JSON"
    raise ValueError(sentence)


def _finite(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        return _no_constant(text)
    return number
