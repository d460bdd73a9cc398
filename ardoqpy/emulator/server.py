"""Run an emulated Ardoq: who may ask, what goes wrong on purpose, what is answered, what is remembered."""

import copy
import hmac
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlsplit

from ardoqpy.emulator import assumptions
from ardoqpy.emulator.admin_api import CONTROL, control
from ardoqpy.emulator.clock import Clock, utc_now
from ardoqpy.emulator.errors import BadRequest, Forbidden, Problem, Unauthorized
from ardoqpy.emulator.faults import Fault, Faults, Storm
from ardoqpy.emulator.http_server import HttpServer, Outcome
from ardoqpy.emulator.messages import Request, Response, Settings, failure, refusal
from ardoqpy.emulator.persistence import Database
from ardoqpy.emulator.rate_limit import RateLimit
from ardoqpy.emulator.routes import Router
from ardoqpy.emulator.seed import FORMAT, dump, load, read_seed
from ardoqpy.emulator.store import Store

_REMEMBERED_REQUESTS = 100_000
_STOP_PATIENCE = 2.0
_LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in.</body></html>"


class RequestRecord(NamedTuple):
    """Remember a request; the status is None if it was dropped before anything was done about it.

    After "drop-after" and "cut-off" it is the status that the client would have seen.
    """

    method: str
    path: str
    query: str
    status: int | None


class Exchange(NamedTuple):
    """Hold what was asked and what was answered, without headers: no token is in it."""

    method: str
    path: str
    query: str
    body: bytes
    status: int
    answer: bytes


class Emulator:
    """Emulate Ardoq over HTTP on this machine.

    - token: what clients have to send; org: the label they may send (None lets any pass)
    - db: an SQLite file that keeps everything; a seed counts only while it is empty
    - seed: a path or an object to start from, and to go back to on `reset`
    - page_size: the length of a page, where listings have pages
    - rate_limit: requests a second for each token; latency_ms: how long each answer takes at least
    - faults: what goes wrong from the start
    - recorder: called with each `Exchange` that the API has answered (not with what a fault has made up)
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str = "emulator-token",
        org: str | None = None,
        db: str | Path | None = None,
        page_size: int = 5,
        rate_limit: float | None = None,
        latency_ms: float = 0,
        seed: str | Path | dict[str, Any] | None = None,
        faults: Iterable[Fault] = (),
        clock: Clock = utc_now,
        recorder: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.token = token
        self.page_size = page_size
        self.store = Store(clock)
        self.crashes: list[str] = []
        self._host = host
        self._port = port
        self._org = org
        self._recorder = recorder
        self._latency = latency_ms / 1000
        self._limit = RateLimit(rate_limit) if rate_limit is not None else None
        self._faults = Faults(faults)
        self._router = Router()
        self._records: deque[RequestRecord] = deque(maxlen=_REMEMBERED_REQUESTS)
        self._records_lock = threading.Lock()
        self._connections = 0
        self._stopping = threading.Event()
        self._server: HttpServer | None = None
        self._thread: threading.Thread | None = None
        self._seed = _seed_of(seed)
        self._database = Database(db) if db is not None else None
        try:
            self._furnish()
        except BaseException:
            self._close_database()
            raise

    def _furnish(self) -> None:
        kept = self._database.read() if self._database is not None else None
        if kept is not None:
            load(self.store, kept)
        if self._database is not None:
            self.store.state.on_commit(self._database.write)
        if kept is None:
            load(self.store, self._seed)

    # --- life ---

    def start(self) -> Self:
        """Listen; requests are answered when this returns. Starting again after `stop` keeps the port."""
        if self._server is None:
            self._stopping.clear()
            self._server = HttpServer((self._host, self._port), self)
            self._port = self._server.server_port
            self._thread = threading.Thread(target=self._server.serve, name="ardoq-emulator", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and end all connections; what is stored stays."""
        self._stopping.set()
        server, self._server = self._server, None
        if server is not None and self._thread is not None:
            server.end()
            self._thread.join()
            server.server_close()
            server.end_connections(_STOP_PATIENCE)
        self._close_database()

    def _close_database(self) -> None:
        if self._database is not None:
            self._database.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Return the address that clients use as their host."""
        return f"http://{self._host}:{self._port}"

    # --- what is stored ---

    def dump(self) -> dict[str, Any]:
        """Return everything that is stored, in a form that can seed another emulator."""
        return dump(self.store)

    def load(self, seed: dict[str, Any]) -> None:
        """Replace everything that is stored; a wrong seed is refused with a SeedError and changes nothing."""
        load(self.store, seed)

    def reset(self) -> None:
        """Go back to the seed that the emulator was made with."""
        load(self.store, self._seed)

    # --- what goes wrong ---

    def fail(self, kind: str = "status", **fault_keys: Any) -> None:
        """Have the next call that matches fail; the keys are those of `Fault`."""
        self._faults.add(Fault.from_mapping({"kind": kind, **fault_keys}))

    def add_faults(self, *faults: Fault) -> None:
        """Ask for failures."""
        self._faults.add(*faults)

    def storm(self, share: float = 0.2, **storm_keys: Any) -> Storm:
        """Let a share of all calls fail until `clear_faults`, drawn by a seed; the keys are those of `Storm`.

        What is returned counts in `happened` what went wrong, by kind.
        """
        storm = Storm(share, **storm_keys)
        self._faults.brew(storm)
        return storm

    def clear_faults(self) -> None:
        """Forget the failures that have not happened yet, and end a storm."""
        self._faults.clear()

    def pending_faults(self) -> list[Fault]:
        """Return the failures still to happen."""
        return self._faults.pending()

    # --- what happened ---

    @property
    def requests(self) -> list[RequestRecord]:
        """Return the requests so far, those to the control door left out."""
        with self._records_lock:
            return list(self._records)

    @property
    def connections(self) -> int:
        """Return how many connections clients have opened so far."""
        with self._records_lock:
            return self._connections

    def connected(self) -> None:
        """Take note of a connection."""
        with self._records_lock:
            self._connections += 1

    def logged_requests(self) -> list[dict[str, Any]]:
        """Return the requests so far as plain objects."""
        return [record._asdict() for record in self.requests]

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        with self._records_lock:
            self._records.clear()

    # --- answering ---

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Answer one request whatever happens, or do to it what a fault wants."""
        try:
            return self._answer(method, target, headers, body)
        except Problem as problem:
            response = refusal(problem)
        except Exception:  # noqa: BLE001 (this is the place where nothing may pass)
            response = self._crashed(f"{method} {target}")
        return Outcome(response, response.body())

    def _answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Outcome:
        request = self._request(method, target, headers, body)
        if request.segments[:1] == (CONTROL,):
            response = self._guarded(request, controls=True)
            return Outcome(response, response.body())
        fault = self._faults.take(method, request.path)
        outcome, status = self._faulted(fault, request)
        with self._records_lock:
            self._records.append(RequestRecord(method, request.path, request.raw_query, status))
        return outcome

    def _request(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
        if not target.startswith("/"):
            try:
                parts = urlsplit(target)
            except ValueError as error:
                raise BadRequest("The target of the request is no address.") from error
            target = f"{parts.path}?{parts.query}"
        path, _, query = target.partition("?")
        # Decoded only after splitting: a slash within an id or a file name is not a separator.
        segments = [unquote(segment) for segment in path.strip("/").split("/")]
        settings = Settings(self.url, self._org or assumptions.DEFAULT_ORG, self.page_size)
        return Request(method, tuple(segments), query, headers, body, settings)

    def _faulted(self, fault: Fault | None, request: Request) -> tuple[Outcome, int | None]:
        if self._latency:
            self._stopping.wait(self._latency)
        kind = fault.kind if fault is not None else None
        if kind in {"drop-before", "reset"}:
            return Outcome(None, reset=kind == "reset"), None
        if fault is not None and kind == "status":
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            response = failure(fault.status, f"Status {fault.status} on demand.", headers=headers)
            return Outcome(response, response.body()), response.status
        if kind == "html":
            response = Response(content=_LOGIN_PAGE, content_type="text/html; charset=utf-8")
            return Outcome(response, _LOGIN_PAGE), response.status
        if fault is not None and kind == "wait":
            self._stopping.wait(fault.seconds)
        response = self._guarded(request, controls=False)
        if self._recorder is not None:
            asked = (request.method, request.path, request.raw_query, request.body)
            self._recorder(Exchange(*asked, response.status, response.body()))
        if fault is not None and kind == "wait-after":
            self._stopping.wait(fault.seconds)
        if kind == "drop-after":
            return Outcome(None), response.status
        return Outcome(response, response.body(), cut_off=kind == "cut-off"), response.status

    def _guarded(self, request: Request, *, controls: bool) -> Response:
        """Answer a request whatever happens: a mistake of the emulator is a 500 that changes nothing."""
        try:
            token = self._authenticate(request)
            if controls:
                return control(self, request)
            if self._limit is not None:
                self._limit.check(token)
            return self._handle(request)
        except Problem as problem:
            return refusal(problem)
        except Exception:  # noqa: BLE001 (what was changed has been taken back)
            return self._crashed(f"{request.method} {request.path}")

    def _crashed(self, what: str) -> Response:
        self.crashes.append(f"{what}\n{traceback.format_exc()}")
        return failure(500, "The emulator has made a mistake; see its crashes.")

    def _handle(self, request: Request) -> Response:
        handler, named = self._router.find(request.method, request.segments)
        request = Request(
            request.method,
            request.segments,
            request.raw_query,
            request.headers,
            request.body,
            request.settings,
            named,
        )
        with self.store.transaction():
            return handler(self.store, request)

    def _authenticate(self, request: Request) -> str:
        scheme, _, given = request.headers.get("authorization", "").strip().partition(" ")
        given = given.strip()
        if scheme.casefold() == "token":
            given = given.removeprefix("token=").strip('"')
        elif scheme.casefold() != "bearer":
            raise Unauthorized("A token is needed: 'Authorization: Token token=...' or 'Bearer ...'.")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
            raise Unauthorized("The token is not known.")
        self._check_org(request)
        return given

    def _check_org(self, request: Request) -> None:
        if self._org is None or not assumptions.CHECK_ORG_WHEN_GIVEN:
            return
        asked = [request.headers.get("x-org", ""), *parse_qs(request.raw_query).get("org", [])]
        for org in asked:
            if org and org != self._org:
                sentence = f"The token does not belong to the organisation '{org}'."
                raise Forbidden(sentence)


def _seed_of(seed: str | Path | dict[str, Any] | None) -> dict[str, Any]:
    if seed is None:
        return {"format": FORMAT}
    # The caller may go on working with the object; `reset` needs it as it was.
    return copy.deepcopy(seed) if isinstance(seed, dict) else read_seed(seed)
