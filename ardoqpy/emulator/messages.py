"""Define the request and the response that handlers receive and return."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.errors import ApiError, BadRequest, MethodNotAllowed, TooManyRequests
from ardoqpy.emulator.rows import Attributes


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold the options of the emulator that handlers need."""

    base_url: str
    org: str = assumptions.DEFAULT_ORG
    page_size: int = assumptions.DEFAULT_PAGE_SIZE
    paging: str = "cursor"


@dataclass(frozen=True, slots=True)
class Request:
    """Hold a request: the decoded segments of its path, and the segments that the route names."""

    method: str
    segments: tuple[str, ...]
    raw_query: str
    headers: Mapping[str, str]
    body: bytes
    settings: Settings
    path_values: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Return the decoded path, without a trailing slash."""
        return "/" + "/".join(self.segments)

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return the query as pairs of name and value, in order."""
        return parse_qsl(self.raw_query, keep_blank_values=True)

    def query_value(self, name: str) -> str | None:
        """Return the value of a query parameter, or None if it is absent or empty."""
        return next((value for key, value in self.query if key == name and value), None)

    def query_flag(self, name: str) -> bool:
        """Return whether a query parameter is "true", in any letter case."""
        return (self.query_value(name) or "").casefold() == "true"

    def json(self) -> Any:
        """Return the body read as JSON, or raise BadRequest."""
        try:
            return json.loads(self.body, parse_constant=_reject_constant, parse_float=_finite_number)
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"The body of {self.method} {quote(self.path)} is not JSON.") from error

    def json_object(self) -> Attributes:
        """Return the body read as a JSON object, or raise BadRequest."""
        body = self.json()
        if not isinstance(body, dict):
            raise BadRequest(f"The body of {self.method} {quote(self.path)} has to be a JSON object.")
        return body


@dataclass(frozen=True, slots=True)
class Response:
    """Hold a response: `content` if it is given, else `json`."""

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


def error_response(error: ApiError) -> Response:
    """Return the response for an error."""
    headers = {}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    return failed_response(error.status, error.message, error.data, headers)


def failed_response(
    status: int, message: str, data: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error response with a message."""
    body: Attributes = {assumptions.ERROR_MESSAGE_KEY: message}
    if data:
        body[assumptions.ERROR_DATA_KEY] = dict(data)
    return Response(status, body, headers=headers or {})


def _reject_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite_number(text: str) -> float:
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        return _reject_constant(text)
    return number
