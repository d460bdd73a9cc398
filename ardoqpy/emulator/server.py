"""Run an emulator: authenticate requests, inject faults, answer, and log the requests."""

import copy
import hmac
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.admin_api import ADMIN_SEGMENT, answer_admin_request
from ardoqpy.emulator.clock import Clock, utc_now
from ardoqpy.emulator.errors import ApiError, BadRequest, Forbidden, Unauthorized
from ardoqpy.emulator.faults import Fault, Faults, RandomFaults
from ardoqpy.emulator.http_server import HttpServer, WireResponse
from ardoqpy.emulator.messages import Request, Response, Settings, error_response, failed_response
from ardoqpy.emulator.persistence import Database
from ardoqpy.emulator.rate_limit import RateLimit
from ardoqpy.emulator.routes import Router
from ardoqpy.emulator.rows import Attributes, Seed, UserRow
from ardoqpy.emulator.seed import FORMAT, add_users, dump, load, read_seed
from ardoqpy.emulator.store import Store

_MAX_LOGGED_REQUESTS = 100_000
_STOP_TIMEOUT = 2.0
_ROUTER = Router()
_LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in.</body></html>"


class LoggedRequest(NamedTuple):
    """Log a request; the status is None if the request was dropped before it was executed.

    After "drop-after" and "cut-off" it is the status that the client would have received.
    """

    method: str
    path: str
    query: str
    status: int | None


class HttpExchange(NamedTuple):
    """Hold a request and its answer, without headers, so that it contains no token."""

    method: str
    path: str
    query: str
    body: bytes
    status: int
    answer: bytes


class Emulator:
    """Emulate Ardoq over HTTP on this machine.

    - host, port: where to listen; port 0 takes a free one
    - token: the token that clients have to send; org: the label that they may send (None accepts any)
    - users: people and service accounts with a token each, as `users` of a seed; they are kept on `load`
    - db: an SQLite file that keeps everything; the seed is only used while the file is empty
    - page_size: the entities per page on v2; paging: whether a page begins after an entity (`cursor`), or
      at a number (`offset`), so that a delete moves an entity to a page that was read already
    - rate_limit: requests per second for each token; latency_ms: the minimum time of each answer
    - seed: a path or an object to start from, and to go back to on `reset`; see `Seed`
    - faults: faults that are pending from the start
    - clock: returns the current time
    - recorder: called with an `HttpExchange` for each answer of the API, except for those of a fault
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "emulator-token",
        users: Iterable[UserRow | Mapping[str, Any]] = (),
        org: str | None = None,
        db: str | Path | None = None,
        page_size: int = assumptions.DEFAULT_PAGE_SIZE,
        paging: str = "cursor",
        rate_limit: float | None = None,
        latency_ms: float = 0,
        seed: str | Path | Seed | Mapping[str, Any] | None = None,
        faults: Iterable[Fault] = (),
        clock: Clock = utc_now,
        recorder: Callable[[HttpExchange], None] | None = None,
    ) -> None:
        """Load the database or the seed, then the users; raise ValueError if that is not possible."""
        self.token = token
        self.page_size = page_size
        if paging not in ("cursor", "offset"):
            raise ValueError(f"paging is {paging!r}: give 'cursor' or 'offset'.")
        self.paging = paging
        self.store = Store(clock)
        self.crashes: list[str] = []
        self._host = host
        self._port = port
        self._org = org
        self._recorder = recorder
        self._latency = latency_ms / 1000
        self._limit = RateLimit(rate_limit) if rate_limit is not None else None
        self._faults = Faults(faults)
        self._records: deque[LoggedRequest] = deque(maxlen=_MAX_LOGGED_REQUESTS)
        self._records_lock = threading.Lock()
        self._connections = 0
        #: How often everything was replaced: what a fault delays must not reach what was loaded after it.
        self._loads = 0
        self._stopping = threading.Event()
        self._server: HttpServer | None = None
        self._thread: threading.Thread | None = None
        self._seed = _seed_of(seed)
        # The caller may change the objects afterwards; `reset` and `load` need them as they were.
        self._users = [copy.deepcopy(user) for user in users]
        self._database = Database(db) if db is not None else None
        try:
            self._load_initial_state()
        except BaseException:
            self._close_database()
            raise

    def _load_initial_state(self) -> None:
        stored = self._database.read() if self._database is not None else None
        if stored is not None:
            load(self.store, stored)
        if self._database is not None:
            self.store.state.on_commit(self._database.write)
        if stored is None:
            load(self.store, self._seed, self._users)
        else:
            add_users(self.store, self._users)

    # --- starting and stopping ---

    def start(self) -> Self:
        """Start listening; a start after `stop` keeps the port. Raises OSError if the port is in use."""
        if self._server is None:
            self._stopping.clear()
            self._server = HttpServer((self._host, self._port), self)
            self._port = self._server.server_port
            self._thread = threading.Thread(target=self._server.serve, name="ardoq-emulator", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and close all connections; the data stays."""
        self._stopping.set()
        server, self._server = self._server, None
        if server is not None and self._thread is not None:
            server.end()
            self._thread.join()
            server.server_close()
            server.end_connections(_STOP_TIMEOUT)
        self._close_database()

    def _close_database(self) -> None:
        if self._database is not None:
            self._database.close()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        """Stop."""
        self.stop()

    @property
    def url(self) -> str:
        """Return the URL that clients use as their host."""
        return f"http://{self._host}:{self._port}"

    # --- data ---

    def dump(self) -> Seed:
        """Return everything that is stored, as a seed for another emulator."""
        return dump(self.store)

    def load(self, seed: Seed | Mapping[str, Any]) -> None:
        """Replace everything that is stored, except for the users that the emulator was started with.

        A request that a fault delays meanwhile gets no answer, and is neither executed nor logged. An invalid
        seed raises SeedError and changes nothing.
        """
        load(self.store, seed, self._users)
        self._loads += 1

    def reset(self) -> None:
        """Go back to the seed and the users of the start, as `load` does."""
        load(self.store, self._seed, self._users)
        self._loads += 1

    def add_users(self, *users: UserRow | Mapping[str, Any]) -> None:
        """Add people and service accounts with a token each, until the next `load` or `reset`.

        A user with the id, token or e-mail address of a stored user changes that one. An invalid user raises
        SeedError and changes nothing.
        """
        add_users(self.store, [copy.deepcopy(user) for user in users])

    # --- faults ---

    def fail(self, kind: str = "status", **fault_fields: Any) -> None:
        """Make the next call that matches fail; the arguments are the fields of `Fault`."""
        self._faults.add(Fault.from_mapping({"kind": kind, **fault_fields}))

    def add_faults(self, *faults: Fault) -> None:
        """Add faults."""
        self._faults.add(*faults)

    def fail_randomly(self, share: float = 0.2, **options: Any) -> RandomFaults:
        """Make a share of all calls fail until `clear_faults`; the options are those of `RandomFaults`.

        Returns the `RandomFaults`; their `injected` counts the faults that have happened, by kind.
        """
        faults = RandomFaults(share, **options)
        self._faults.set_random(faults)
        return faults

    def clear_faults(self) -> None:
        """Remove the faults that have not happened yet, and stop random faults."""
        self._faults.clear()

    def pending_faults(self) -> list[Fault]:
        """Return the faults that have not happened yet."""
        return self._faults.pending()

    # --- log ---

    @property
    def requests(self) -> list[LoggedRequest]:
        """Return the requests so far, except for those to the admin API."""
        with self._records_lock:
            return list(self._records)

    @property
    def connections(self) -> int:
        """Return how many connections clients have opened so far."""
        with self._records_lock:
            return self._connections

    def connected(self) -> None:
        """Count a connection."""
        with self._records_lock:
            self._connections += 1

    def logged_requests(self) -> list[Attributes]:
        """Return the requests so far as JSON objects."""
        return [record._asdict() for record in self.requests]

    def clear_requests(self) -> None:
        """Clear the log of requests."""
        with self._records_lock:
            self._records.clear()

    # --- answering ---

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireResponse:
        """Answer one request, or inject a fault; raises nothing."""
        try:
            return self._answer(method, target, headers, body)
        except ApiError as error:
            response = error_response(error)
        except Exception:  # noqa: BLE001 (the last handler of all errors)
            response = self._crashed(f"{method} {target}")
        return WireResponse(response, response.body())

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> WireResponse:
        request = self._request(method, target, headers, body)
        if request.segments[:1] == (ADMIN_SEGMENT,):
            response = self._response(request, admin=True)
            return WireResponse(response, response.body())
        loads = self._loads
        fault = self._faults.take(method, request.path)
        if fault is not None and fault.kind == "wait":
            self._stopping.wait(fault.seconds)
            if loads != self._loads:
                return WireResponse(None)
        wire_response, status = self._respond(fault, request)
        if loads != self._loads:
            return wire_response
        with self._records_lock:
            self._records.append(LoggedRequest(method, request.path, request.raw_query, status))
        return wire_response

    def _request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
        if not target.startswith("/"):
            try:
                parts = urlsplit(target)
            except ValueError as error:
                raise BadRequest("The target of the request is not a valid address.") from error
            target = f"{parts.path}?{parts.query}"
        path, _, query = target.partition("?")
        # Decode after splitting: a slash within an id or a file name is not a separator.
        segments = [unquote(segment) for segment in path.strip("/").split("/")]
        settings = Settings(self.url, self._org or assumptions.DEFAULT_ORG, self.page_size, self.paging)
        return Request(method, tuple(segments), query, headers, body, settings)

    def _respond(self, fault: Fault | None, request: Request) -> tuple[WireResponse, int | None]:
        if self._latency:
            self._stopping.wait(self._latency)
        kind = fault.kind if fault is not None else None
        if kind in {"drop-before", "reset"}:
            return WireResponse(None, reset=kind == "reset"), None
        if fault is not None and kind == "status":
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            response = failed_response(fault.status, f"Status {fault.status} on demand.", headers=headers)
            return WireResponse(response, response.body()), response.status
        if kind == "html":
            response = Response(content=_LOGIN_PAGE, content_type="text/html; charset=utf-8")
            return WireResponse(response, _LOGIN_PAGE), response.status
        response = self._response(request, admin=False)
        if self._recorder is not None:
            sent = (request.method, request.path, request.raw_query, request.body)
            self._recorder(HttpExchange(*sent, response.status, response.body()))
        if fault is not None and kind == "wait-after":
            self._stopping.wait(fault.seconds)
        if kind == "drop-after":
            return WireResponse(None), response.status
        return WireResponse(response, response.body(), cut_off=kind == "cut-off"), response.status

    def _response(self, request: Request, *, admin: bool) -> Response:
        """Return the response to a request; an error in the emulator gives 500 and changes nothing."""
        try:
            token = self._authenticate(request)
            if admin:
                return answer_admin_request(self, request)
            if self._limit is not None:
                self._limit.check(token)
            return self._handle(request, token)
        except ApiError as error:
            return error_response(error)
        except Exception:  # noqa: BLE001 (the transaction has been undone)
            return self._crashed(f"{request.method} {request.path}")

    def _crashed(self, call: str) -> Response:
        self.crashes.append(f"{call}\n{traceback.format_exc()}")
        return failed_response(500, "The emulator has failed with an internal error; see its `crashes`.")

    def _handle(self, request: Request, token: str) -> Response:
        handler, path_values = _ROUTER.find(request.method, request.segments)
        request = replace(request, path_values=path_values)
        state = self.store.state
        # The lock is held from here on: the user cannot be replaced before the request has been executed.
        with state.lock, state.acting_as(self._owner(token)["_id"]), self.store.transaction():
            return handler(self.store, request)

    def _owner(self, token: str) -> UserRow:
        """Return the user whose token it is, or raise Unauthorized."""
        state = self.store.state
        with state.lock:
            user = state.users.first("token", token)
            if user is not None:
                return user
            if hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode()):
                return state.default_user()
        raise Unauthorized("The token is not known.")

    def _authenticate(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
        token = token.strip()
        if scheme.casefold() == "token":
            token = token.removeprefix("token=").strip('"')
        elif scheme.casefold() != "bearer":
            raise Unauthorized("A token is needed: 'Authorization: Token token=...' or 'Bearer ...'.")
        self._owner(token)
        self._check_org(request)
        return token

    def _check_org(self, request: Request) -> None:
        if self._org is None or not assumptions.CHECK_ORG_WHEN_GIVEN:
            return
        orgs = [request.headers.get("x-org", ""), *parse_qs(request.raw_query).get("org", [])]
        for org in orgs:
            if org and org != self._org:
                raise Forbidden(f"The token does not belong to the organisation '{org}'.")


def _seed_of(seed: str | Path | Seed | Mapping[str, Any] | None) -> Mapping[str, Any]:
    if seed is None:
        return {"format": FORMAT}
    # The caller may change the object afterwards; `reset` needs it as it was.
    return read_seed(seed) if isinstance(seed, str | Path) else copy.deepcopy(seed)
