"""The guarantees of a sync, over random worlds and scripts."""

import copy
import logging
import pickle
import traceback
from pathlib import Path

import pytest
from example_counts import examples
from hypothesis import given, settings
from sync_scenarios import (
    COMPONENT_TYPES,
    RETRIES,
    TOKEN,
    comparable,
    counts,
    open_client,
    open_sync_client,
    row,
    run,
    seed,
    value,
    worlds_and_scripts,
    writes,
)

import ardoqpy
import ardoqpy_sync
from ardoqpy import ArdoqClientException, ArdoqSyncClient, ConfigurationError
from ardoqpy_sync import format_report

SYNC = settings.get_profile("sync")
LIBRARY = tuple(str(Path(package.__file__).parent) for package in (ardoqpy, ardoqpy_sync))


def prepared(server, seeded):
    """Load a seed, and clear the recorded requests."""
    server.clear_faults()
    server.load(seed(**seeded))
    server.clear_requests()


@settings(SYNC)
@given(drawn=worlds_and_scripts(with_deletes=True))
def test_g1_a_simulated_run_sends_no_write(server, drawn):
    """A simulated run only reads, and leaves Ardoq unchanged."""
    seeded, script = drawn
    prepared(server, seeded)
    before = server.dump()
    with open_sync_client(server, simulate=True, on_error="collect") as client:
        run(client, script)
        client.get_report()
    assert writes(server) == []
    assert server.dump() == before


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("create_workspace", ({"name": "W"},)),
        ("update_workspace", ("ws1", {"name": "W", "_version": 1})),
        ("del_workspace", ("ws1",)),
        ("create_tag", ({"name": "T", "rootWorkspace": "ws1"},)),
        ("create_folder", ({"name": "F"},)),
        ("create_model", ({"name": "M"},)),
        ("create_field", ({"label": "L", "model": "model1"},)),
        ("batch_create", ([row("Web")], [])),
        ("upload_attachment", ("ws1", b"bytes", "a.txt")),
    ],
)
def test_g1_what_cannot_be_simulated_is_refused(ardoq, new_sync, method, arguments):
    """A write that a simulation has no answer for raises, and nothing is sent."""
    with pytest.raises(ArdoqClientException):
        getattr(new_sync(simulate=True), method)(*arguments)
    assert ardoq.requests == []


@settings(SYNC, max_examples=examples(60))
@given(drawn=worlds_and_scripts(with_deletes=True))
def test_g2_the_simulated_report_equals_the_real_one(server, drawn):
    """The report of a simulation is, but for the ids of what it creates, that of the run that follows."""
    seeded, script = drawn
    prepared(server, seeded)
    with open_sync_client(server, simulate=True, on_error="collect") as client:
        run(client, script)
        simulated = client.get_report()
    with open_sync_client(server, on_error="collect") as client:
        run(client, script)
        real = client.get_report()
    assert comparable(simulated) == comparable(real)
    assert format_report(simulated).count("\n") == format_report(real).count("\n")


@settings(SYNC)
@given(drawn=worlds_and_scripts(with_deletes=True))
def test_g2_the_simulated_state_is_what_ardoq_then_holds(server, drawn):
    """What a simulation leaves in its cache is what a live run leaves in its own, and in Ardoq."""
    seeded, script = drawn
    prepared(server, seeded)

    def names(held):
        return [
            (ws_id, sorted(map(repr, of(workspace))))
            for ws_id, workspace in sorted(held.items())
            for of in (_names_and_parents, _ends)
        ]

    def ran(client):
        run(client, script)
        for ws_id in list(COMPONENT_TYPES)[: seeded["workspaces"]]:
            client.find_component(ws_id, "")  # the one may have loaded what the other has not touched
        return names(client.ws)

    with open_sync_client(server, simulate=True, on_error="collect") as client:
        simulated = ran(client)
    with open_sync_client(server, on_error="collect") as client:
        real = ran(client)
        afresh = names({ws_id: client.get_workspace(ws_id) for ws_id in list(client.ws)})
    assert simulated == real
    assert real == afresh


def _names_and_parents(workspace):
    names = {comp["_id"]: comp["name"] for comp in workspace["components"]}
    return [(comp["name"], comp["typeId"], names.get(comp.get("parent"))) for comp in workspace["components"]]


def _ends(workspace):
    names = {comp["_id"]: comp["name"] for comp in workspace["components"]}
    return [
        (names[ref["source"]], names.get(ref["target"]), ref["type"]) for ref in workspace["references"] or []
    ]


@settings(SYNC, max_examples=examples(60))
@given(drawn=worlds_and_scripts())
def test_g3_a_second_run_changes_nothing(server, drawn):
    """The same script once more creates, updates and deletes nothing, and sends nothing but GETs."""
    seeded, script = drawn
    prepared(server, seeded)
    with open_sync_client(server, on_error="collect") as client:
        run(client, script)
        server.clear_requests()
        client.init_report()
        run(client, script)
        assert writes(server) == []
        assert _changed(client.get_report()) == {}
    server.clear_requests()
    with open_sync_client(server, on_error="collect") as client:
        run(client, script)
        assert writes(server) == []
        assert _changed(client.get_report()) == {}


def _changed(report):
    return {key: value for key, value in counts(report).items() if key.startswith(("new", "upd", "del"))}


@settings(SYNC)
@given(drawn=worlds_and_scripts(with_deletes=True))
def test_g6_the_callers_data_is_unchanged(server, drawn):
    """Rows are not modified, and modifying a result does not change the cache."""
    seeded, script = drawn
    before = copy.deepcopy(script)
    for simulate in (True, False):
        prepared(server, seeded)
        with open_sync_client(server, on_error="collect", simulate=simulate) as client:
            handed_out = run(client, script)
            assert script == before
            handed_out += [client.get_workspace(ws_id) for ws_id in list(client.ws)]
            handed_out += [client.get_report(), client.ws]
            cached = copy.deepcopy(dict(client.ws))
            handed_out += [client.find_component(ws_id, "") for ws_id in list(client.ws)]
            handed_out += [client.get_component(ws_id) for ws_id in list(client.ws)]
            handed_out += [client.get_reference(ws_id) for ws_id in list(client.ws)]
            handed_out.append(client.report)
            for value in handed_out:
                spoil(value)
            assert script == before
            assert dict(client.ws) == cached


def spoil(value):
    """Change everything in something made of JSON."""
    if isinstance(value, list):
        for part in value:
            spoil(part)
        value.append("spoilt")
    elif isinstance(value, dict):
        for part in value.values():
            spoil(part)
        value.clear()
        value["spoilt"] = True
    elif hasattr(value, "values"):
        for part in value.values():
            spoil(part)


def test_g6_report_does_not_share_data_with_rows(ardoq, new_sync):
    """A row may be spoilt once it was handed over: the report goes on saying what was written."""
    for simulate in (True, False):
        client = new_sync(simulate=simulate)
        mine = ["North", "South"]
        comp = row("New", areas=mine, note="mine")
        client.create_component(comp)
        changed = row("Web", areas=mine, note="mine")
        client.create_component(changed)
        spoil(comp)
        spoil(changed)
        for change in client.get_report()["changes"]:
            assert change["attributes"]["areas"]["new"] == ["North", "South"]
        assert value(client.find_component("ws1", "Web", exact=True)[0], "areas") == ["North", "South"]
        client.close()
        ardoq.load(seed([{"_id": "web", "name": "Web", "typeId": "app", "rootWorkspace": "ws1"}]))


@pytest.fixture
def logged(caplog):
    """Record the messages of every logger at every level."""
    loggers = [logging.getLogger(name) for name in ("", "urllib3", "requests", "ardoqpy", "ardoqpy_sync")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield caplog
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def calls(problem):
    """Return all that an error can tell, the locals of the library's own frames included."""
    texts, seen = [], set()
    while problem is not None and id(problem) not in seen:
        seen.add(id(problem))
        texts += [str(problem), repr(problem), repr(problem.args), repr(vars(problem))]
        for frame, _ in traceback.walk_tb(problem.__traceback__):
            # The tests know the token, and so do their frames.
            if Path(frame.f_code.co_filename).parent != Path(__file__).parent:
                texts += [f"{name} = {as_text(value)}" for name, value in frame.f_locals.items()]
        problem = problem.__cause__ or problem.__context__
    return "\n".join(texts)


def as_text(value):
    """Return what a careful reporter of crashes shows of a value."""
    try:
        return repr(value)
    except Exception as problem:  # noqa: BLE001  (a repr may raise anything)
        return f"<no repr: {problem}>"


def reachable(value, depth=4):
    """Return the reprs of an object and of what hangs on it."""
    texts = [repr(value), str(value)]
    if depth and hasattr(value, "__dict__"):
        for part in vars(value).values():
            texts += reachable(part, depth - 1)
    return texts


@pytest.mark.parametrize("simulate", [False, True])
def test_g7_the_token_is_nowhere(ardoq, new_sync, logged, tmp_path, simulate):
    """After a good run no log, no report and nothing that hangs on the client shows the token."""
    client = new_sync(simulate=simulate, on_error="collect")
    comp = client.create_component(row("New"))
    client.create_component(row("Web", cost=6))
    client.create_reference({"source": comp["_id"], "target": "web", "type": 1})
    client.del_component("till")
    client.create_component({"name": "no type"})
    report = client.get_report()
    texts = [logged.text, repr(report), format_report(report), *reachable(client)]
    texts += [repr(record.__dict__) for record in logged.records]
    assert logged.records
    assert not [text for text in texts if TOKEN in text]


@pytest.mark.immediate
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 403},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 422},
        {"kind": "status", "status": 503, "times": 50},
        {"kind": "drop-before", "times": 50},
        {"kind": "drop-after", "times": 50},
        {"kind": "cut-off", "times": 50},
        {"kind": "html", "times": 50},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}".strip("-"),
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_g7_no_failure_contains_the_token(ardoq, new_sync, logged, fault, method):
    """However a request fails, the error, its locals, the logs and the report keep quiet about the token."""
    client = new_sync()
    if method != "GET":
        client.get_workspace("ws1")
    ardoq.fail(method=method, **fault)
    acts = {
        "GET": lambda: client.create_component(row("New")),
        "POST": lambda: client.create_component(row("New")),
        "PUT": lambda: client.create_component(row("Web", cost=6)),
        "DELETE": lambda: client.del_component("web"),
    }
    problem = None
    try:
        acts[method]()
    except ArdoqClientException as caught:
        problem = caught
    report = client.get_report()
    texts = [calls(problem), logged.text, repr(report), format_report(report)]
    texts += [repr(record.__dict__) for record in logged.records]
    assert not [text for text in texts if TOKEN in text]


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        ((), {"hosturl": "no host", "token": TOKEN}),
        (("no host", TOKEN), {}),
        ((), {"hosturl": "https://a.example", "token": TOKEN, "timeout": -1}),
        ((), {"hosturl": "https://a.example", "token": TOKEN, "version": "v9"}),
        ((), {"hosturl": "https://a.example", "token": TOKEN, "on_error": "ignore"}),
        ((), {"hosturl": "https://a.example", "token": TOKEN, "retries": -1}),
        ((), {"hosturl": "https://a.example", "token": f"{TOKEN} with a space"}),
    ],
    ids=["keywords", "positions", "timeout", "version", "on_error", "retries", "space"],
)
def test_g7_failed_constructor_does_not_reveal_the_token(arguments, keywords):
    """A wrong setting is refused without the token in the error or in the locals of its traceback."""
    with pytest.raises(ArdoqClientException) as caught:
        ArdoqSyncClient(*arguments, **keywords)
    assert TOKEN not in calls(caught.value)


@pytest.mark.parametrize("simulate", [False, True])
def test_g7_token_from_other_settings_is_not_revealed(monkeypatch, tmp_path, simulate):
    """A token of the environment or of a cfg file is in no locals when another setting is refused."""
    file = tmp_path / "ardoq.cfg"
    file.write_text(f"[Ardoq]\nhost = no host\ntoken = {TOKEN}\n", encoding="utf-8")
    for name in ("ARDOQ_API_HOST", "ARDOQ_API_TOKEN", "ARDOQ_ORG_LABEL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError) as of_file:
        ArdoqSyncClient(config=file, simulate=simulate)
    monkeypatch.setenv("ARDOQ_API_TOKEN", TOKEN)
    with pytest.raises(ConfigurationError) as of_environment:
        ArdoqSyncClient("no host", simulate=simulate)
    for caught in (of_file, of_environment):
        assert TOKEN not in calls(caught.value)


def test_g7_traceback_of_a_failed_constructor_can_be_printed():
    """A traceback with its locals can be written down where a client was refused, half made as it is."""
    with pytest.raises(ArdoqClientException) as caught:
        ArdoqSyncClient("no host", "none")
    locals_too = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "no host" in "".join(locals_too.format())
    assert "ArdoqSyncClient" in repr(ArdoqSyncClient.__new__(ArdoqSyncClient))


@pytest.mark.parametrize("kind", [open_sync_client, open_client], ids=["sync", "plain"])
def test_g7_no_copy_of_a_client_holds_the_token(ardoq, kind):
    """A client cannot be pickled or copied, and the error does not contain the token."""
    with kind(ardoq) as client:
        for way in (pickle.dumps, copy.deepcopy):
            with pytest.raises((ArdoqClientException, TypeError)) as caught:
                way(client)
            assert TOKEN not in calls(caught.value)
    assert TOKEN not in repr(RETRIES)
