"""Authentication, HTTP, faults, the rate limit, and starting and stopping."""

import contextlib
import http.client
import json
import threading
import time

import pytest
from emulator_caller import Caller
from example_counts import THOROUGH

from ardoqpy.emulator import Emulator, Fault
from ardoqpy.emulator.errors import TooManyRequests
from ardoqpy.emulator.rate_limit import RateLimit
from ardoqpy.emulator.routes import ROUTES


def request_bytes(caller, method="GET", path="/api/tag", body=b"", *headers):
    """Return a request as it is sent over a socket."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: x",
        f"Authorization: Bearer {caller.emulator.token}",
        "Connection: close",
        *headers,
    ]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_no_route_crashes_on_invalid_requests(ardoq):
    """No route answers 500, whatever the ids and bodies."""
    for route in ROUTES:
        path = route.pattern
        for name in ("{workspace_id}", "{folder_id}", "{component_id}", "{reference_id}", "{tag_id}"):
            path = path.replace(name, "nothing")
        path = path.replace("{resource_type}", "workspace").replace("{", "").replace("}", "")
        for body in (None, b"{", {}, [], {"name": 5, "_version": 1}, {"data": 5, "op": "create"}):
            answer = ardoq.call(route.method, path, body)
            assert answer.status != 500, (route, body, answer.content)
            assert answer.status != 405, route


WRITES = [
    route for route in ROUTES if route.method in {"PUT", "PATCH", "POST"} and route.pattern.count("{") < 2
]


#: Outside CI every third value is enough: one is null, one a list and one an object.
VALUES = (None, 5, "x", [], [5], True, {"x": 5}, {})[:: 1 if THOROUGH else 3]


@pytest.mark.parametrize("route", WRITES, ids=lambda route: f"{route.method} {route.pattern}")
def test_no_write_crashes_on_wrong_values(ardoq, route):
    """No write to an existing entity answers 500, whatever the values."""
    workspace = ardoq.workspace()
    item = ardoq.component(workspace)
    reference = ardoq.reference(item, item)
    tag = ardoq.ok("POST", "/api/tag", {"name": "t", "rootWorkspace": workspace["_id"]}, 201)
    folder = ardoq.ok("POST", "/api/workspacefolder", {"name": "F"}, 201)
    field = {"label": "L", "model": workspace["componentModel"]}
    field = ardoq.ok("POST", "/api/field", field, 201)
    model = ardoq.ok("GET", f"/api/model/{workspace['componentModel']}")
    entities = {
        "workspace_id": workspace,
        "component_id": item,
        "reference_id": reference,
        "tag_id": tag,
        "folder_id": folder,
        "field_id": field,
        "model_id": model,
    }
    name = route.pattern.partition("{")[2].partition("}")[0]
    named_after = {f"/api/{kind.removesuffix('_id')}": entity for kind, entity in entities.items()}
    entity = entities.get(name) or named_after.get(route.pattern, item)
    path = route.pattern.replace(f"{{{name}}}", entity["_id"])
    for key in entity:
        for value in VALUES:
            answer = ardoq.call(route.method, path, {**entity, key: value})
            assert answer.status != 500, (key, value, ardoq.emulator.crashes)


@pytest.mark.parametrize("path", ["/api/workspace", "/api/component", "/api/model", "/api/user/current_user"])
def test_trailing_slash_is_ignored(ardoq, path):
    """A path is the same with and without a slash at its end."""
    assert ardoq.ok("GET", path) == ardoq.ok("GET", f"{path}/")


def test_target_may_be_an_absolute_url(ardoq):
    """A request as for a proxy is accepted; an invalid address is rejected."""
    whole = request_bytes(ardoq, "GET", f"{ardoq.emulator.url}/api/tag?x=1")
    assert ardoq.raw(whole).startswith(b"HTTP/1.1 200")
    assert ardoq.raw(request_bytes(ardoq, "GET", "http://[")).startswith(b"HTTP/1.1 400")


def test_unknown_paths_and_methods(ardoq):
    """An unknown path is 404; an unsupported method is 405, with Allow."""
    assert "nothing at /api/nothing" in ardoq.rejected(404, "GET", "/api/nothing")
    ardoq.rejected(404, "GET", "/")
    ardoq.rejected(404, "GET", "/api/workspace/a/b/c/d")
    answer = ardoq.call("PATCH", "/api/tag/x")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, PUT, DELETE")
    assert ardoq.call("HEAD", "/api/tag").status == 405


def test_segments_are_decoded_after_splitting(ardoq):
    """An encoded slash belongs to an id and does not separate segments."""
    assert (
        ardoq.rejected(404, "GET", "/api/component/a%2Faggregated") == "No component has the id a/aggregated."
    )


@pytest.mark.parametrize("scheme", ["Token token={}", "Bearer {}", "bearer {}", 'Token token="{}"'])
def test_token_is_accepted(ardoq, scheme):
    """Both schemes are accepted."""
    headers = {"Authorization": scheme.format(ardoq.emulator.token)}
    assert ardoq.call("GET", "/api/tag", headers=headers).status == 200


@pytest.mark.parametrize("value", ["", "Token token=wrong", "Bearer", "Basic YTpi", "Bearer \u00e9"])
def test_wrong_token_is_401_and_never_shown(ardoq, value):
    """A wrong or missing token is rejected everywhere, and no answer contains a token."""
    for path in ("/api/tag", "/api/nothing", "/_emulator/dump"):
        answer = ardoq.call("GET", path, headers={"Authorization": value})
        assert answer.status == 401
        assert "message" in answer.json
        assert b"wrong" not in answer.content
        assert ardoq.emulator.token.encode() not in answer.content


def test_org_is_checked_when_given():
    """A wrong organisation is 403, as parameter and as header; no organisation is accepted."""
    with Emulator(org="mine") as emulator:
        caller = Caller(emulator)
        for path, headers, status in (
            ("/api/tag", {}, 200),
            ("/api/tag?org=mine", {"X-org": "mine"}, 200),
            ("/api/tag?org=yours", {}, 403),
            ("/api/tag", {"x-org": "yours"}, 403),
        ):
            assert caller.call("GET", path, headers=headers).status == status
        caller.connection.close()


def test_answers_are_json_and_the_connection_is_kept(ardoq):
    """Calls share one connection, errors included, and every answer has a content type."""
    ardoq.workspace()
    local = ardoq.connection.sock.getsockname()
    for method, path in (("GET", "/api/tag"), ("GET", "/api/nothing"), ("POST", "/api/component")):
        assert ardoq.call(method, path).headers["content-type"] == "application/json"
        assert ardoq.connection.sock.getsockname() == local


def test_chunked_bodies_are_accepted(ardoq):
    """A body may be sent in chunks."""
    text = json.dumps({"name": "Chunked"}).encode()
    body = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in (text[:5], text[5:])) + b"0\r\n\r\n"
    head = request_bytes(ardoq, "POST", "/api/workspace", b"", "Transfer-Encoding: chunked")
    assert ardoq.raw(head + body).startswith(b"HTTP/1.1 201")


@pytest.mark.parametrize(
    "text",
    [
        b"NONSENSE\r\n\r\n",
        b"BREW /api/tag HTTP/1.1\r\n\r\n",
        b"GET /api/tag HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST /api/tag HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_invalid_http_is_answered_with_json(ardoq, text):
    """An invalid request gets an answer with a message."""
    answer = ardoq.raw(text)
    assert b'{"message":' in answer
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))


def test_fault_status_fails_the_next_calls_that_match(ardoq):
    """The status is answered as often as requested, only to matching calls, without executing them."""
    ardoq.emulator.fail(status=503, times=2, method="post", path="/api/work*", retry_after=7)
    assert ardoq.call("GET", "/api/workspace").status == 200
    for _ in range(2):
        answer = ardoq.call("POST", "/api/workspace", {"name": "X"})
        assert (answer.status, answer.headers["retry-after"]) == (503, "7")
    assert ardoq.emulator.pending_faults() == []
    assert ardoq.ok("GET", "/api/workspace") == []
    ardoq.workspace()


def test_fault_drop_before_executes_nothing(ardoq):
    """The connection is closed without an answer, and the request is not executed."""
    ardoq.emulator.fail("drop-before")
    body = b'{"name": "X"}'
    assert ardoq.raw(request_bytes(ardoq, "POST", "/api/workspace", body)) == b""
    assert ardoq.ok("GET", "/api/workspace") == []
    assert ardoq.emulator.requests[0].status is None


def test_fault_drop_after_executes_the_request(ardoq):
    """The connection is closed without an answer, after the request is executed."""
    ardoq.emulator.fail("drop-after")
    body = b'{"name": "X"}'
    assert ardoq.raw(request_bytes(ardoq, "POST", "/api/workspace", body)) == b""
    assert len(ardoq.ok("GET", "/api/workspace")) == 1
    assert ardoq.emulator.requests[0].status == 201


def test_fault_cut_off_sends_half(ardoq):
    """The headers announce the whole body, half of it is sent, and the request is executed."""
    ardoq.emulator.fail("cut-off")
    body = b'{"name": "X"}'
    received = ardoq.raw(request_bytes(ardoq, "POST", "/api/workspace", body))
    head, _, content = received.partition(b"\r\n\r\n")
    promised = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
    assert head.startswith(b"HTTP/1.1 201")
    assert len(content) == promised // 2
    assert len(ardoq.ok("GET", "/api/workspace")) == 1


def test_fault_html_is_a_login_page(ardoq):
    """The answer is an HTML page with 200, and the request is not executed."""
    ardoq.emulator.fail("html")
    answer = ardoq.call("POST", "/api/workspace", {"name": "X"})
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"Log in" in answer.content
    assert ardoq.ok("GET", "/api/workspace") == []


def test_fault_wait_delays_execution(ardoq):
    """The answer is delayed; other calls are not."""
    ardoq.emulator.fail("wait", seconds=1, method="POST")
    began = time.monotonic()
    slow = Caller(ardoq.emulator)
    thread = threading.Thread(target=slow.workspace)
    thread.start()
    while ardoq.emulator.pending_faults():
        time.sleep(0.005)
    assert ardoq.ok("GET", "/api/workspace") == []
    assert thread.is_alive()
    thread.join()
    assert time.monotonic() - began >= 1
    assert len(ardoq.ok("GET", "/api/workspace")) == 1
    slow.connection.close()


def test_fault_wait_after_delays_the_answer(ardoq):
    """The request is executed at once, and the answer is delayed."""
    ardoq.emulator.fail("wait-after", seconds=30, method="POST")
    slow = Caller(ardoq.emulator)
    thread = threading.Thread(target=slow.call, args=("POST", "/api/workspace", {"name": "X"}), daemon=True)
    thread.start()
    while not ardoq.ok("GET", "/api/workspace"):
        time.sleep(0.005)
    assert thread.is_alive()
    ardoq.emulator._stopping.set()
    thread.join()
    ardoq.emulator._stopping.clear()
    slow.connection.close()


def test_random_faults_depend_on_the_seed(ardoq):
    """About the share of the calls fails, the same calls for the same seed, until clear_faults."""

    def statuses(**keys):
        faults = ardoq.emulator.fail_randomly(0.4, kinds=["429", "500", "html"], path="/api/tag", **keys)
        assert ardoq.call("GET", "/api/workspace").status == 200
        answers = [ardoq.call("GET", "/api/tag") for _ in range(50)]
        assert {item.headers.get("retry-after") for item in answers if item.status == 429} == {"3"}
        bad = [item for item in answers if item.status != 200 or "html" in item.headers["content-type"]]
        assert sum(faults.injected.values()) == len(bad)
        assert set(faults.injected) == {"429", "500", "html"}
        return [(item.status, item.headers["content-type"]) for item in answers]

    first = statuses(seed=7, retry_after=3)
    assert statuses(seed=7, retry_after=3) == first
    assert statuses(seed=8, retry_after=3) != first
    ardoq.emulator.fail(status=502)
    assert ardoq.call("GET", "/api/tag").status == 502
    ardoq.emulator.clear_faults()
    assert {ardoq.call("GET", "/api/tag").status for _ in range(30)} == {200}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"share": 2}, "from 0 to 1"),
        ({"share": True}, "from 0 to 1"),
        ({"kinds": []}, "a list of kinds"),
        ({"kinds": "503"}, "a list of kinds"),
        ({"kinds": ["explode"]}, "no kind of fault 'explode'"),
        ({"kinds": ["wait"]}, "needs 'seconds'"),
    ],
)
def test_invalid_random_faults_are_rejected(ardoq, keys, expected):
    """An invalid option is a ValueError, and no faults start."""
    with pytest.raises(ValueError, match=expected):
        ardoq.emulator.fail_randomly(**keys)
    assert ardoq.call("GET", "/api/tag").status == 200


def test_fault_is_parsed():
    """A fault on the command line can have every field."""
    assert Fault.parse("kind=status,status=429,times=2,method=POST,retry_after=3") == Fault(
        "status", times=2, status=429, method="POST", retry_after=3
    )
    assert Fault.parse("kind=wait, seconds=0.5") == Fault("wait", seconds=0.5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind=explode", "no kind of fault 'explode'"),
        ("status", "'status' is not of that form"),
        ("", "is not of that form"),
        ("status=often", "'status' of a fault has to be a number, not 'often'"),
        ("times=0", "at least 1"),
        ("status=42", "from 200 to 599"),
        ("colour=red", "has no 'colour'"),
        ("kind=wait", "needs 'seconds'"),
        ("kind=wait,seconds=-1", "from 0 up"),
        ("kind=wait,seconds=nan", "from 0 up"),
        ("times=1,times=2", "given twice"),
    ],
)
def test_invalid_faults_are_rejected(text, expected):
    """An invalid fault is a ValueError with a sentence."""
    with pytest.raises(ValueError, match=expected):
        Fault.parse(text)


def test_faults_can_be_given_at_the_start():
    """Faults apply from the first call."""
    with Emulator(faults=[Fault(status=502)]) as emulator:
        caller = Caller(emulator)
        assert [caller.call("GET", "/api/tag").status for _ in range(2)] == [502, 200]
        caller.connection.close()


def test_rate_limit_answers_429_with_retry_after():
    """Above the limit the answer is 429 with a whole number of seconds, until they have passed."""
    now = [0.0]
    limit = RateLimit(2, clock=lambda: now[0])
    limit.check("a")
    limit.check("a")
    limit.check("b")
    with pytest.raises(TooManyRequests) as rejected:
        limit.check("a")
    assert rejected.value.retry_after == 1
    now[0] = 0.5
    limit.check("a")
    with pytest.raises(TooManyRequests):
        limit.check("a")
    with Emulator(rate_limit=1) as emulator:
        caller = Caller(emulator)
        assert caller.call("GET", "/api/tag").status == 200
        answer = caller.call("GET", "/api/tag")
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        assert "message" in answer.json
        assert caller.call("GET", "/_emulator/faults").status == 200
        caller.connection.close()


def test_latency_delays_every_answer():
    """Each answer takes at least the latency."""
    with Emulator(latency_ms=50) as emulator:
        caller = Caller(emulator)
        began = time.monotonic()
        caller.call("GET", "/api/tag")
        assert time.monotonic() - began >= 0.05
        caller.connection.close()


def test_internal_error_is_a_500_that_changes_nothing(monkeypatch):
    """An unexpected exception is answered, undone and recorded."""
    with Emulator() as emulator:
        caller = Caller(emulator)
        before = emulator.dump()
        create = emulator.store.workspaces.create

        def breaks(*args, **keys):
            create(*args, **keys)
            raise RuntimeError("on purpose")

        monkeypatch.setattr(emulator.store.workspaces, "create", breaks)
        message = caller.rejected(500, "POST", "/api/workspace", {"name": "X"})
        assert "on purpose" not in message
        assert emulator.dump() == before
        assert len(emulator.crashes) == 1
        assert "on purpose" in emulator.crashes[0]
        caller.connection.close()


def test_concurrent_creates_are_all_stored(emulator):
    """32 concurrent clients create components with different ids and keys."""
    caller = Caller(emulator)
    workspace = caller.workspace()
    failures = []

    def create(number):
        own = Caller(emulator)
        try:
            for turn in range(5):
                own.component(workspace, f"{number}-{turn}")
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            own.connection.close()

    threads = [threading.Thread(target=create, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    components = caller.ok("GET", "/api/component")
    assert failures == []
    assert len({item["_id"] for item in components}) == 160
    assert len({item["component-key"] for item in components}) == 160
    assert {item["name"] for item in components} == {f"{n}-{t}" for n in range(32) for t in range(5)}
    caller.connection.close()


@pytest.mark.parametrize("kind", ["wait", "wait-after"])
def test_delayed_request_does_not_reach_what_is_loaded_after_it(ardoq, kind):
    """A request of before a reset changes nothing after it, and is not in the log."""
    ardoq.emulator.fail(kind, seconds=0.2, method="POST")
    slow = Caller(ardoq.emulator)

    def call():
        with contextlib.suppress(OSError, http.client.HTTPException):
            slow.call("POST", "/api/workspace", {"name": "Late"})

    thread = threading.Thread(target=call)
    thread.start()
    while ardoq.emulator.pending_faults():
        time.sleep(0.005)
    ardoq.emulator.reset()
    ardoq.emulator.clear_requests()
    thread.join()
    assert ardoq.emulator.requests == []
    assert ardoq.ok("GET", "/api/workspace") == []
    slow.connection.close()


def test_stop_is_quick_with_open_connections_and_idempotent():
    """Stopping does not wait until open connections end; starting again keeps the port."""
    emulator = Emulator().start()
    caller = Caller(emulator)
    caller.workspace()
    url = emulator.url
    emulator.stop()  # would not return: the connection stays open
    emulator.stop()
    assert caller.connection.sock.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        Caller(emulator).call("GET", "/api/tag")
    caller.connection.close()
    emulator.start()
    assert emulator.url == url
    again = Caller(emulator)
    assert len(again.ok("GET", "/api/workspace")) == 1
    again.connection.close()
    emulator.stop()


def test_stop_does_not_wait_for_a_fault():
    """Stopping ends a call that a fault delays."""
    emulator = Emulator().start()
    emulator.fail("wait", seconds=30)
    caller = Caller(emulator)

    def call():
        with contextlib.suppress(OSError, http.client.HTTPException):
            caller.call("GET", "/api/tag")

    thread = threading.Thread(target=call)
    thread.start()
    while emulator.pending_faults():
        time.sleep(0.005)
    began = time.monotonic()
    emulator.stop()
    thread.join()
    assert time.monotonic() - began < 15
    caller.connection.close()


def test_nothing_is_printed(ardoq, capfd):
    """Requests and lost connections print nothing to the terminal."""
    ardoq.rejected(404, "GET", "/api/nothing")
    ardoq.raw(request_bytes(ardoq), read=False)
    ardoq.raw(b"NONSENSE\r\n\r\n", read=False)
    time.sleep(0.05)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
