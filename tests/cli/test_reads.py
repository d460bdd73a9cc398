"""What each command reads on both API versions, and that every read of the client has a command."""

import functools
import inspect
import json

import endpoints
import pytest
from organisation import (
    APPS,
    ATTACHMENT,
    FIELD,
    FOLDER,
    MODEL,
    NASTY,
    REPORT,
    SERVERS,
    SHOP,
    TAG,
    TO_ORDERS,
    TO_SERVER,
)

from ardoqpy import ArdoqClient, WriteRefused
from ardoqpy.cli.connection import Connection
from ardoqpy.cli.main import PROGRAM

ALL_APPS = ["Web shop", "Orders", "Basket", "Till", NASTY, "=cmd|' /C calc'!A0", "Zoë 東京"]
BACK = "5f00aa00bb00cc0000000004"

#: A command line, and one attribute of all its rows, on both versions.
BOTH = [
    ("workspaces", "name", ["Apps", "Servers"]),
    ("workspaces --name Apps", "_id", [APPS]),
    ("workspaces --search ser", "name", ["Servers"]),
    (f"workspaces --model {MODEL}", "_id", [APPS, SERVERS]),
    ("workspaces --model 5f00aa00bb00cc00dd00eeff", "_id", []),
    ("components", "name", [*ALL_APPS, "web-1"]),
    ("components --workspace Apps", "name", ALL_APPS),
    (f"components --workspace {SERVERS}", "name", ["web-1"]),
    ("components --workspace aPPS --limit 3", "name", ALL_APPS[:3]),
    ("components --workspace Apps --type Module", "name", ["Basket", "Till"]),
    ("components --workspace Apps --type p2", "name", ["Basket", "Till"]),
    ("components --type Module", "name", ["Basket", "Till"]),
    ("components --type p3", "name", ["web-1"]),
    (
        "components --workspace Apps --type Application --field lifecycle=Active",
        "name",
        ["Orders", ALL_APPS[5]],
    ),
    ("components --field users=1700 --field lifecycle=Active", "name", ["Orders"]),
    ("components --workspace Apps --field users=7", "name", []),
    ("components --name Basket", "_id", ["5f00aa00bb00cc00dd00ee12"]),
    (f"components --parent {SHOP}", "name", ["Basket", "Till"]),
    ("components --key APP-2", "name", ["Orders"]),
    ("references", "_id", [TO_ORDERS, TO_SERVER, BACK]),
    ("references --workspace Apps", "_id", [TO_ORDERS, TO_SERVER]),
    ("references --workspace Servers", "_id", [BACK]),
    ("references --workspace Apps --incoming", "_id", [TO_ORDERS, TO_SERVER, BACK]),
    ("references --workspace Servers --incoming --type 'depends on'", "_id", [BACK]),
    ("references --target-workspace Servers", "_id", [TO_SERVER]),
    ("references --workspace Apps --type 'runs on'", "_id", [TO_SERVER]),
    ("references --type 1", "_id", [TO_ORDERS, BACK]),
    (f"references --source {SHOP} --text places", "_id", [TO_ORDERS]),
    ("references --target 5f00aa00bb00cc00dd00ee11 --field protocol=https", "_id", [TO_ORDERS]),
    ("fields --workspace Apps", "apiKey", ["lifecycle", "users", "protocol", "score"]),
    ("attachments --workspace Apps", "filename", ["plan.txt"]),
    ("attachments --workspace Apps --filename other.txt", "filename", []),
    ("attachments --organisation acme", "filename", ["logo.svg"]),
    ("search --field lifecycle=Active --workspace Servers", "name", ["web-1"]),
    ("search 'Web shop' --workspace Apps", "_id", [SHOP]),
    (f"report run {REPORT} --columns Name,name --limit 2", "name", None),
]
#: The same for reads that only one version supports, without --api.
ONE = [
    ("workspaces --summary", "componentCount", [7, 1]),
    ("folders", "_id", [FOLDER]),
    ("branches Apps", "branch-name", ["Plan B"]),
    ("models", "_id", [MODEL]),
    ("fields", "name", ["lifecycle", "users", "protocol", "score"]),
    ("fields --common", "name", ["lifecycle", "users", "protocol", "score"]),
    ("tags", "_id", [TAG]),
    ("tags --workspace Servers", "_id", []),
    ("attachments", "filename", ["plan.txt", "logo.svg"]),
    ("attachments --filename plan.txt", "_id", [ATTACHMENT]),
    ("search SHOP --workspace Apps", "_id", [SHOP]),
    ("report list", "_id", [REPORT]),
    ("report list --name 'All applications'", "_id", [REPORT]),
    ("report list --name Nothing", "_id", []),
    ("request components --query typeId=p1 --query rootWorkspace=" + SERVERS + " --all", "name", []),
    ("request components --query typeId=p2 --all", "name", ["Basket", "Till"]),
    ("request component --all --api v1", "name", [*ALL_APPS, "web-1"]),
    ("request workspace --api v1", "name", ["Apps", "Servers"]),
]


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize(("line", "name", "expected"), BOTH, ids=[line for line, _, _ in BOTH])
def test_same_rows_on_both_versions(ardoq, run, api, line, name, expected):
    """A listing has the same entities in the same order on both API versions."""
    if expected is None:
        expected = ALL_APPS[:2] if api == "v1" else [None, None]
    ran = run(f"{line} --format json --api {api}")
    assert [row.get(name) for row in json.loads(ran.out)] == expected
    assert ran.status == 0
    base = "/api/v2/" if api == "v2" else "/api/"
    assert all(request.path.startswith(base) for request in ardoq.requests)
    assert api == "v2" or not any(request.path.startswith("/api/v2/") for request in ardoq.requests)


@pytest.mark.parametrize(("line", "name", "expected"), ONE, ids=[line for line, _, _ in ONE])
def test_version_that_supports_it_is_asked(ardoq, run, line, name, expected):
    """A read that only one version supports is sent to it, unless --api names one."""
    ran = run(f"{line} --format json")
    values = [row.get(name) for row in json.loads(ran.out)]
    assert (values, ran.status, ran.err) == (expected, 0, "")


def test_common_models(ardoq, run):
    """--common includes the templates that Ardoq provides."""
    models = json.loads(run("models --common --format json").out)
    assert {model["common"] for model in models} == {True, False}
    assert [model["_id"] for model in models if not model["common"]] == [MODEL]


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ("folders --api v2", "--api v1"),
        ("branches Apps --api v2", "--api v1"),
        ("models --api v2", "--api v1"),
        ("tags --api v2", "--api v1"),
        ("workspaces --summary --api v2", "--api v1"),
        ("download plan.txt --workspace Apps --output - --api v2", "--api v1"),
        ("host acme --api v2", "--api v1"),
        ("report list --api v1", "--api v2"),
        ("attachments --workspace Apps --folder abc --api v1", "--api v2"),
        ("expand - --api v1", "--api v2"),
    ],
)
def test_read_that_version_lacks(ardoq, run, line, there):
    """With --api, a read that the version lacks is one sentence that names the other version."""
    ran = run(line, stdin="{}")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("ardoqpy: API v")
    assert ran.err.endswith(f"use {there}.\n")


#: An id of each kind, and one attribute of that entity.
KINDS = {
    "component": (SHOP, "name", "Web shop"),
    "reference": (TO_ORDERS, "displayText", "places"),
    "workspace": (APPS, "name", "Apps"),
    "report": (REPORT, "name", "All applications"),
    "attachment": (ATTACHMENT, "filename", "plan.txt"),
    "folder": (FOLDER, "name", "Architecture"),
    "model": (MODEL, "name", "Applications"),
    "field": (FIELD, "name", "lifecycle"),
    "tag": (TAG, "name", "late"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_get_without_kind(ardoq, run, kind):
    """An id alone is enough; with --kind it is a single request."""
    wanted, name, value = KINDS[kind]
    table = run(f"get {wanted}")
    assert (table.status, table.err) == (0, "")
    assert table.out.splitlines()[1].split() == ["kind", kind]
    ardoq.clear_requests()
    entity = json.loads(run(f"get {wanted} --kind {kind} --format json").out)
    assert (entity["_id"], entity[name]) == (wanted, value)
    assert len(ardoq.requests) == 1


def test_get_unknown_id(ardoq, run):
    """An unknown id costs one request for each kind, and is one sentence."""
    ran = run("get 5f00aa00bb00cc00dd00eeff")
    assert (ran.status, ran.out) == (1, "")
    assert "no component, reference, workspace, report, attachment, folder, model, field or tag" in ran.err
    assert len(ardoq.requests) == len(KINDS)
    assert "no report" in run(f"get {SHOP} --kind report").err
    assert run(f"get {SHOP} --kind tag --api v2").err == "ardoqpy: API v2 has no tags: leave --api out.\n"


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_get_with_references(ardoq, run, api):
    """A component includes its references with --references."""
    shop = json.loads(run(f"get {SHOP} --references --format json --api {api}").out)
    assert [reference["_id"] for reference in shop["references"]["out"]] == [TO_ORDERS, TO_SERVER]


def test_context_on_both_versions(ardoq, run):
    """v1's context, made from model, fields and tags, is that of v2 except for the split of options."""
    old, new = (json.loads(run(f"context Apps --format json --api {api}").out) for api in ("v1", "v2"))
    for field in new["customFields"]:
        if "options" in field:
            field["defaultValue"] = ",".join(field.pop("options"))
    assert old == new
    assert [component["typeId"] for component in new["componentTypes"]] == ["p1", "p2", "p3"]


def test_run_report(ardoq, run):
    """A report's rows are dicts by label or key; columns that share a label stay separate in a table."""
    rows = json.loads(run("report run 'All applications' --keys key --format json --limit 1").out)
    assert rows == [{"name": "Web shop", "lifecycle": "Phased out", "users": 1600}]
    lines = run("report run 'All applications' --format csv").out.splitlines()
    assert lines[:2] == ["Name,State (lifecycle),State (users)", "Web shop,Phased out,1600"]
    assert json.loads(run(f"report show {REPORT} --format json").out)["_id"] == REPORT
    ran = run(f"report run {REPORT} --keys key --api v1")
    assert (ran.status, "leave --keys out" in ran.err) == (1, True)


def test_download(ardoq, run, tmp_path, monkeypatch):
    """A download goes to a file of its name, to the file named, or to standard output."""
    monkeypatch.chdir(tmp_path)
    ran = run("download plan.txt --workspace Apps")
    assert (ran.status, (tmp_path / "plan.txt").read_bytes()) == (0, b"plan")
    assert "already exists" in run("download plan.txt --workspace Apps").err
    run(f"download {ATTACHMENT} --workspace {APPS} --output other.bin")
    run("download logo.svg --organisation acme")
    assert [(tmp_path / name).read_bytes() for name in ("other.bin", "logo.svg")] == [b"plan", b"<svg>"]
    assert "--workspace, or --organisation" in run("download plan.txt").err
    assert "404" in run("download none.txt --workspace Apps").err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logo.svg", "other.bin", "plan.txt"]


def test_expand(ardoq, run, tmp_path):
    """`expand` reads a batch from a file or standard input, and writes nothing to Ardoq."""
    batch = {
        "aliases": {"components": {"b": {"rootWorkspace": APPS, "name": "Basket"}}},
        "components": {"delete": [{"id": "b"}]},
    }
    ran = run("expand - --format json", stdin=json.dumps(batch))
    assert json.loads(ran.out)["components"]["delete"] == [{"id": "5f00aa00bb00cc00dd00ee12"}]
    assert ran.status == 0
    (tmp_path / "b.json").write_text("[]")
    assert "does not contain a batch" in run(f"expand {tmp_path}/b.json").err
    assert "is not JSON" in run("expand -", stdin="{").err
    assert "cannot be read" in run(f"expand {tmp_path}/none.json").err


# -- completeness ---------------------------------------------------------------------------------------

#: Each read of the client, and a command line that calls it.
REACHED = {
    "get_workspaces": "workspaces",
    "find_workspace": "workspaces --search Ap",
    "get_workspace": f"get {APPS}",
    "get_context": "context Apps",
    "get_workspace_components": "components --workspace Apps --api v1",
    "get_workspace_references": "references --workspace Apps --incoming",
    "get_branches": "branches Apps",
    "get_folder": "folders",
    "get_components": "components",
    "get_component": f"get {SHOP}",
    "find_component": "search shop --workspace Apps",
    "search_components": "search --field lifecycle=Active",
    "get_references": "references",
    "get_reference": f"get {TO_ORDERS}",
    "get_tags": "tags",
    "get_tag": "tags --workspace Apps",
    "get_models": "models",
    "get_model": "context Apps --api v1",
    "get_field": "fields",
    "get_current_user": "me",
    "me": "me",
    "get_attachments": "attachments",
    "get_attachment": f"get {ATTACHMENT}",
    "download_attachment": "download plan.txt --workspace Apps --output -",
    "get_reports": "report list",
    "get_report_definition": f"report show {REPORT}",
    "run_report": f"report run {REPORT}",
    "export_report": f"report run {REPORT} --api v1",
    "switch_org": "host acme",
    "expand_batch": "expand -",
    "request": "request me",
    "iter_request": "request components --all",
}
#: A listing and its twin, which streams it, count as one read.
TWINS = {
    "get_workspaces": "iter_workspaces",
    "get_components": "iter_components",
    "get_references": "iter_references",
    "get_attachments": "iter_attachments",
    "get_reports": "iter_reports",
    "run_report": "iter_report",
}


#: Conveniences for Python: `context` shows what they look up or print.
OF_THE_CONTEXT = {"print_model", "find_component_type", "find_reference_type"}


def _reads():
    asking = [
        call for verb, path, call in [*endpoints.V1, *endpoints.V2] if verb == "GET" or path == "batch/expand"
    ]
    asking += [
        call
        for requests, call in [*endpoints.V1_SEVERAL, *endpoints.V2_SEVERAL]
        if {verb for verb, _ in requests} == {"GET"}
    ]
    names = {endpoints.asked(call)[0] for call in asking}
    return (names | {"request", "iter_request"}) - set(TWINS.values()) - OF_THE_CONTEXT


def test_every_read_has_a_command():
    """Every read among the endpoints of both versions has a command line in the table."""
    assert set(REACHED) == _reads()


@pytest.mark.parametrize("name", REACHED)
def test_command_calls_the_read(ardoq, run, monkeypatch, name):
    """The command line in the table calls that read of the client, or its twin, and succeeds."""
    called = set()
    for known, member in inspect.getmembers(ArdoqClient, inspect.isfunction):
        if not known.startswith("_"):
            monkeypatch.setattr(ArdoqClient, known, _recorded(known, member, called))
    ran = run(REACHED[name], stdin="{}")
    assert (ran.status, ran.err) == (0, "")
    assert {name, TWINS.get(name, name)} & called


def _recorded(name, member, called):
    @functools.wraps(member)
    def method(self, *arguments, **keywords):
        called.add(name)
        return member(self, *arguments, **keywords)

    return method


def test_clients_are_read_only(ardoq):
    """Every client of a command rejects a write before it is sent."""
    options = PROGRAM.parser().parse_args(["me"])
    with Connection(options, ("v1", "v2")) as connection:
        for client in connection.clients():
            with pytest.raises(WriteRefused):
                client.del_component(SHOP)
    assert ardoq.requests == []


def test_only_reads_are_sent(ardoq, run):
    """All command lines in the table together send no write, and change nothing."""
    before = ardoq.dump()
    for line in REACHED.values():
        run(line.replace("--output -", "--output /dev/null"), stdin="{}")
    written = {(request.method, request.path) for request in ardoq.requests if request.method != "GET"}
    assert written == {("POST", "/api/v2/batch/expand")}
    assert ardoq.dump() == before
