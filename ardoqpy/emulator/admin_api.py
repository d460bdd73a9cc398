"""Handle the admin API below `/_emulator/`, with which other processes control an emulator.

It reads and replaces what is stored, adds faults, and lists the requests so far.
"""

from collections.abc import Callable
from typing import Protocol

from ardoqpy.emulator.errors import BadRequest, MethodNotAllowed, NotFound
from ardoqpy.emulator.faults import Fault
from ardoqpy.emulator.messages import NO_CONTENT, Request, Response
from ardoqpy.emulator.rows import Attributes, Seed

ADMIN_SEGMENT = "_emulator"


class AdminTarget(Protocol):
    """Describe what the admin API needs of an emulator."""

    def dump(self) -> Seed:
        """Return everything that is stored."""

    def load(self, seed: Attributes) -> None:
        """Replace everything that is stored."""

    def reset(self) -> None:
        """Go back to the seed."""

    def add_faults(self, *faults: Fault) -> None:
        """Add faults."""

    def clear_faults(self) -> None:
        """Remove all faults."""

    def pending_faults(self) -> list[Fault]:
        """Return the faults that have not happened yet."""

    def logged_requests(self) -> list[Attributes]:
        """Return the requests so far."""

    def clear_requests(self) -> None:
        """Clear the log of requests."""


def answer_admin_request(emulator: AdminTarget, request: Request) -> Response:
    """Answer a request for `/_emulator/...`."""
    methods = _ROUTES.get("/".join(request.segments[1:]))
    if methods is None:
        raise NotFound(f"There is nothing at {request.path}; there are {', '.join(_ROUTES)}.")
    handler = methods.get(request.method)
    if handler is None:
        raise MethodNotAllowed(
            f"{request.path} does not support {request.method}; it supports {', '.join(methods)}.",
            tuple(methods),
        )
    return handler(emulator, request)


def _dump(emulator: AdminTarget, _request: Request) -> Response:
    return Response(json=emulator.dump())


def _seed(emulator: AdminTarget, request: Request) -> Response:
    try:
        emulator.load(request.json_object())
    except ValueError as error:
        raise BadRequest(str(error)) from error
    return NO_CONTENT


def _reset(emulator: AdminTarget, _request: Request) -> Response:
    emulator.reset()
    return NO_CONTENT


def _faults(emulator: AdminTarget, _request: Request) -> Response:
    return Response(json=[fault.as_mapping() for fault in emulator.pending_faults()])


def _add_faults(emulator: AdminTarget, request: Request) -> Response:
    body = request.json()
    items = body if isinstance(body, list) else [body]
    if not all(isinstance(item, dict) for item in items):
        raise BadRequest("A fault has to be an object.")
    try:
        faults = [Fault.from_mapping(item) for item in items]
    except ValueError as error:
        raise BadRequest(str(error)) from error
    emulator.add_faults(*faults)
    return _faults(emulator, request)


def _clear_faults(emulator: AdminTarget, _request: Request) -> Response:
    emulator.clear_faults()
    return NO_CONTENT


def _requests(emulator: AdminTarget, _request: Request) -> Response:
    return Response(json=emulator.logged_requests())


def _clear_requests(emulator: AdminTarget, _request: Request) -> Response:
    emulator.clear_requests()
    return NO_CONTENT


_ROUTES: dict[str, dict[str, Callable[[AdminTarget, Request], Response]]] = {
    "dump": {"GET": _dump},
    "seed": {"POST": _seed},
    "reset": {"POST": _reset},
    "faults": {"GET": _faults, "POST": _add_faults, "DELETE": _clear_faults},
    "requests": {"GET": _requests, "DELETE": _clear_requests},
}
