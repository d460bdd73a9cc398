"""Open a door for tests in other processes: dump, seed, reset, faults, requests, all under `/_emulator/`."""

from collections.abc import Callable
from typing import Any, Protocol

from ardoqpy.emulator.errors import BadRequest, MethodNotAllowed, NotFound
from ardoqpy.emulator.faults import Fault
from ardoqpy.emulator.messages import NO_CONTENT, Request, Response

CONTROL = "_emulator"


class Controlled(Protocol):
    """Describe what the door gives access to."""

    def dump(self) -> dict[str, Any]:
        """Return everything that is stored."""

    def load(self, seed: dict[str, Any]) -> None:
        """Replace everything that is stored."""

    def reset(self) -> None:
        """Go back to the seed."""

    def add_faults(self, *faults: Fault) -> None:
        """Ask for failures."""

    def clear_faults(self) -> None:
        """Forget failures."""

    def pending_faults(self) -> list[Fault]:
        """Return the failures still to happen."""

    def logged_requests(self) -> list[dict[str, Any]]:
        """Return the requests so far."""

    def clear_requests(self) -> None:
        """Forget the requests so far."""


def control(emulator: Controlled, request: Request) -> Response:
    """Answer a request for `/_emulator/...`."""
    verbs = _DOOR.get("/".join(request.segments[1:]))
    if verbs is None:
        sentence = f"There is nothing at {request.path}; there are {', '.join(_DOOR)}."
        raise NotFound(sentence)
    act = verbs.get(request.method)
    if act is None:
        sentence = f"{request.path} is not for {request.method}; it is for {', '.join(verbs)}."
        raise MethodNotAllowed(sentence, tuple(verbs))
    return act(emulator, request)


def _dump(emulator: Controlled, _request: Request) -> Response:
    return Response(json=emulator.dump())


def _seed(emulator: Controlled, request: Request) -> Response:
    try:
        emulator.load(request.json_object())
    except ValueError as error:
        raise BadRequest(str(error)) from error
    return NO_CONTENT


def _reset(emulator: Controlled, _request: Request) -> Response:
    emulator.reset()
    return NO_CONTENT


def _faults(emulator: Controlled, _request: Request) -> Response:
    return Response(json=[fault.as_mapping() for fault in emulator.pending_faults()])


def _add_faults(emulator: Controlled, request: Request) -> Response:
    body = request.json()
    given = body if isinstance(body, list) else [body]
    if not all(isinstance(one, dict) for one in given):
        raise BadRequest("A fault has to be an object.")
    try:
        faults = [Fault.from_mapping(one) for one in given]
    except ValueError as error:
        raise BadRequest(str(error)) from error
    emulator.add_faults(*faults)
    return _faults(emulator, request)


def _clear_faults(emulator: Controlled, _request: Request) -> Response:
    emulator.clear_faults()
    return NO_CONTENT


def _requests(emulator: Controlled, _request: Request) -> Response:
    return Response(json=emulator.logged_requests())


def _clear_requests(emulator: Controlled, _request: Request) -> Response:
    emulator.clear_requests()
    return NO_CONTENT


_DOOR: dict[str, dict[str, Callable[[Controlled, Request], Response]]] = {
    "dump": {"GET": _dump},
    "seed": {"POST": _seed},
    "reset": {"POST": _reset},
    "faults": {"GET": _faults, "POST": _add_faults, "DELETE": _clear_faults},
    "requests": {"GET": _requests, "DELETE": _clear_requests},
}
