"""Tags, models, fields, users, attachments, batch and reports in API v1."""

import time

import pytest

from ardoqpy.emulator import Emulator

TEMPLATE = "54d38789e4b0dcc89b8d8e13"

SERVICE = "p1434104432901"
APPLICATION = "p1434104432900"


def multipart(name, filename, kind, content):
    """Return a multipart body with one file."""
    boundary = "xYzBoundary"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    )
    body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


@pytest.fixture
def workspace(ardoq):
    """Create a workspace."""
    return ardoq.workspace()


def test_tag_is_found_or_created_by_name(ardoq, workspace):
    """A second POST with the same name returns the first tag unchanged."""
    component = ardoq.component(workspace)["_id"]
    body = {"name": "t", "rootWorkspace": workspace["_id"]}
    tag = ardoq.ok("POST", "/api/tag", body, 201)
    assert (tag["components"], tag["references"], tag["description"]) == ([], [], None)
    assert ardoq.ok("POST", "/api/tag", {**body, "components": [component]}, 201) == tag
    other = ardoq.workspace("Other")
    assert ardoq.ok("POST", "/api/tag", {**body, "rootWorkspace": other["_id"]}, 201)["_id"] != tag["_id"]
    assert ardoq.ok("GET", f"/api/tag/workspace/{workspace['_id']}") == [tag]
    assert len(ardoq.ok("GET", "/api/tag/")) == 2


def test_tag_can_be_changed_and_removed(ardoq, workspace):
    """A PUT compares the version; the ids in a tag have to exist; names stay unique."""
    component = ardoq.component(workspace)["_id"]
    tag = ardoq.ok("POST", "/api/tag", {"name": "t", "rootWorkspace": workspace["_id"]}, 201)
    path = f"/api/tag/{tag['_id']}"
    changed = ardoq.ok("PUT", path, {**tag, "components": [component]})
    assert (changed["_version"], changed["components"]) == (2, [component])
    ardoq.rejected(409, "PUT", path, tag)
    ardoq.rejected(422, "PUT", path, {**changed, "components": ["nothing"]})
    ardoq.rejected(400, "PUT", path, {**changed, "components": "x"})
    ardoq.ok("POST", "/api/tag", {"name": "u", "rootWorkspace": workspace["_id"]}, 201)
    ardoq.rejected(409, "PUT", path, {**changed, "name": "u"})
    ardoq.ok("DELETE", path, status=204)
    ardoq.rejected(404, "GET", path)
    ardoq.rejected(422, "POST", "/api/tag", {"rootWorkspace": workspace["_id"]})


def test_common_models_are_listed_on_request(ardoq, workspace):
    """The list of models contains the templates only with includeCommon=true."""
    own = ardoq.ok("GET", "/api/model/")
    assert [entry["_id"] for entry in own] == [workspace["componentModel"]]
    everything = {entry["_id"]: entry for entry in ardoq.ok("GET", "/api/model?includeCommon=true")}
    template = everything[TEMPLATE]
    assert (template["useAsTemplate"], template["common"]) == (True, True)
    assert [entry["name"] for entry in template["referenceTypes"].values()] == [
        "Asynchronous",
        "Synchronous",
        "Implicit",
    ]
    (root,) = template["root"].values()
    (child,) = root["children"].values()
    assert (root["name"], root["level"], child["name"], child["level"]) == ("Application", 1, "Service", 2)
    assert child["children"] == {}


def test_model_is_completed_and_can_be_extended(ardoq):
    """Incomplete types are completed; a PATCH of root needs no version, a PUT does."""
    root = {"p1": {"name": "A", "children": {"p2": {"name": "B"}}}}
    types = {"7": {"name": "uses"}}
    model = ardoq.ok("POST", "/api/model", {"name": "M", "root": root, "referenceTypes": types}, 201)
    assert model["root"]["p1"]["children"]["p2"] == {
        "id": "p2",
        "name": "B",
        "children": {},
        "level": 2,
        "index": 1,
        "returnsValue": False,
        "color": None,
        "icon": None,
        "shape": None,
        "image": None,
        "standard": None,
    }
    assert (model["referenceTypes"]["7"]["id"], model["maxReferenceTypeKey"]) == (7, 7)
    path = f"/api/model/{model['_id']}"
    root["p3"] = {"name": "C"}
    patched = ardoq.ok("PATCH", path, {"_id": model["_id"], "description": "d", "root": root})
    assert (list(patched["root"]), patched["_version"], patched["name"]) == (["p1", "p3"], 2, "M")
    workspace = ardoq.workspace(componentModel=model["_id"])
    assert ardoq.component(workspace, typeId="p3")["type"] == "C"
    ardoq.rejected(409, "PUT", path, model)
    ardoq.rejected(400, "PUT", path, {"name": "M"})
    assert ardoq.ok("PUT", path, {**patched, "name": "N"})["name"] == "N"
    assert ardoq.ok("GET", path)["name"] == "N"


def test_new_types_of_a_model_can_be_used(ardoq, workspace):
    """A type that is added to a model in use can be used; the lowest index is the default."""
    assert ardoq.component(workspace)["type"] == "Application"
    path = f"/api/model/{workspace['componentModel']}"
    root = ardoq.ok("GET", path)["root"] | {"p7": {"name": "New", "index": 9}}
    ardoq.ok("PATCH", path, {"root": root})
    assert ardoq.component(workspace, typeId="p7")["type"] == "New"
    assert ardoq.component(workspace)["type"] == "Application"
    root["p7"]["index"] = 0
    ardoq.ok("PATCH", path, {"root": root})
    assert ardoq.component(workspace)["type"] == "New"


def test_used_types_cannot_be_removed_from_a_model(ardoq, workspace):
    """A component or reference type in use cannot be removed; an unused type can."""
    component = ardoq.component(workspace)
    ardoq.reference(component, component)
    path = f"/api/model/{workspace['componentModel']}"
    model = ardoq.ok("GET", path)
    assert "Application" in ardoq.rejected(422, "PATCH", path, {"root": {}})
    assert "Reference type 2" in ardoq.rejected(422, "PATCH", path, {"referenceTypes": {}})
    only = {"2": model["referenceTypes"]["2"]}
    assert list(ardoq.ok("PATCH", path, {"referenceTypes": only})["referenceTypes"]) == ["2"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"root": {"p1": {}}},
        {"root": {"p1": 5}},
        {"root": {"p1": {"name": "A", "children": {"p1": {"name": "B"}}}}},
        {"referenceTypes": {"x": {"name": "A"}}},
        {"referenceTypes": {"1": {}}},
    ],
)
def test_invalid_models_are_rejected(ardoq, wrong):
    """Types without a name, with a repeated id or with a key that is not a number are 422."""
    ardoq.rejected(422, "POST", "/api/model", {"name": "M", **wrong})


def field(ardoq, workspace, label, kind="Text", **more):
    """Create a field."""
    body = {"label": label, "type": kind, "model": workspace["componentModel"], **more}
    return ardoq.ok("POST", "/api/field", body, 201)


def test_field_name_is_derived_from_its_label(ardoq, workspace):
    """The key of a field is its label in snake_case; a second field of that name is 409."""
    entry = field(ardoq, workspace, "Node KubeProxy Version", "TEXTAREA", componentType=["p1"])
    assert (entry["name"], entry["type"], entry["global"]) == ("node_kube_proxy_version", "TextArea", False)


def test_invalid_fields_are_rejected(ardoq, workspace):
    """A used name is 409; no label, an unknown type or an unknown model is 422."""
    created = field(ardoq, workspace, "Phase")
    body = {"label": "Phase", "model": workspace["componentModel"]}
    assert created["_id"] in ardoq.rejected(409, "POST", "/api/field", body)
    ardoq.rejected(422, "POST", "/api/field", {"model": workspace["componentModel"]})
    ardoq.rejected(422, "POST", "/api/field", {**body, "label": "Other", "type": "Blob"})
    ardoq.rejected(422, "POST", "/api/field", {"label": "Other", "model": workspace["_id"]})
    ardoq.rejected(422, "POST", "/api/field", {"label": "Other"})


def test_field_can_be_listed_changed_and_removed(ardoq, workspace):
    """The values of a field stay when the field is deleted."""
    created = field(ardoq, workspace, "Phase")
    component = ardoq.component(workspace, phase="live")
    path = f"/api/field/{created['_id']}"
    assert ardoq.ok("GET", "/api/field") == [created] == [ardoq.ok("GET", path)]
    changed = ardoq.ok("PUT", path, {**created, "label": "New"})
    assert (changed["label"], changed["name"], changed["_version"]) == ("New", "phase", 2)
    ardoq.rejected(409, "PUT", path, created)
    ardoq.ok("DELETE", path, status=204)
    ardoq.rejected(404, "GET", path)
    assert ardoq.ok("GET", f"/api/component/{component['_id']}")["phase"] == "live"


@pytest.mark.parametrize(
    ("kind", "sent", "stored"),
    [
        ("Number", "5", 5),
        ("Number", "5.0", 5.0),
        ("Number", 5.0, 5.0),
        ("Number", "many", "many"),
        ("Number", True, True),
        ("Number", "1_000", "1_000"),
        ("Checkbox", "true", True),
        ("Checkbox", "False", False),
        ("Checkbox", "maybe", "maybe"),
        ("DateTime", "2024-05-01", "2024-05-01"),
        ("DateTime", "2024-05-01T12:00:00+02:00", "2024-05-01T12:00:00+02:00"),
        ("DateTime", "soon", "soon"),
        ("SelectMultipleList", "a, b", ["a", "b"]),
        ("SelectMultipleList", ["a"], ["a"]),
        ("SelectMultipleList", ["z"], ["z"]),
        ("List", "a", "a"),
        ("Text", "5", "5"),
        ("Text", 5, "5"),
        ("TextArea", 1.5, "1.5"),
        ("Text", 5.0, "5"),
        ("Text", True, True),
        ("Url", 5, 5),
        ("Email", "a@b", "a@b"),
        ("Email", "no address", "no address"),
    ],
)
def test_values_are_converted_to_the_type_of_their_field(ardoq, workspace, kind, sent, stored):
    """A value that fits the type of its field is converted; any other is stored as given."""
    options = "a,b,c" if "List" in kind else None
    field(ardoq, workspace, "Value", kind, defaultValue=options)
    value = ardoq.component(workspace, value=sent)["value"]
    assert (value, type(value)) == (stored, type(stored))


def test_times_without_offset_are_utc(ardoq, workspace, monkeypatch):
    """If times are rewritten, the time zone of the machine does not change what is stored."""
    field(ardoq, workspace, "Since", "DateTime")
    monkeypatch.setattr("ardoqpy.emulator.assumptions.REWRITE_DATE_TIMES", True)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert ardoq.component(workspace, since="2024-05-01")["since"] == "2024-05-01T00:00:00.000Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_fields_without_a_value_are_null(ardoq, workspace):
    """A component has null for each empty field that its type shows, and so has a reference."""
    field(ardoq, workspace, "Cost", "Number", **{"global": True})
    field(ardoq, workspace, "Port", "Number", componentType=[SERVICE])
    field(ardoq, workspace, "Load", "Number", referenceType=[2])
    component = ardoq.component(workspace, typeId=APPLICATION)
    assert (component["cost"], "port" in component) == (None, False)
    reference = ardoq.reference(component, component)
    assert (reference["load"], "cost" in reference) == (None, False)
    changed = ardoq.ok("PUT", f"/api/component/{component['_id']}", {**component, "cost": 5})
    assert changed["cost"] == 5


RANGE = {
    "label": "Live",
    "name": "live",
    "type": "Period",
    "global": True,
    "dateTimeFields": [{"name": "live_start_date", "label": "Live from"}, {"name": "live_end_date"}],
}


@pytest.mark.parametrize("parts", [RANGE["dateTimeFields"], []], ids=["parts", "no parts"])
def test_fields_of_unknown_types_are_kept(ardoq, workspace, parts):
    """A seed may have a field of any type, as an export of a real workspace does; its ends are DateTimes."""
    unknown = {**RANGE, "model": workspace["componentModel"], "dateTimeFields": parts}
    ardoq.emulator.load({**(seed := ardoq.emulator.dump()), "fields": [*seed["fields"], unknown]})
    again = ardoq.emulator.dump()
    ardoq.emulator.load(again)
    assert ardoq.emulator.dump() == again
    (kept,) = [row for row in ardoq.ok("GET", "/api/field") if row["name"] == "live"]
    assert (kept["type"], kept["dateTimeFields"]) == ("Period", parts)
    assert ardoq.ok("PUT", f"/api/field/{kept['_id']}", {**kept, "label": "Lifetime"})["type"] == "Period"
    created = ardoq.component(workspace, live_start_date="2024-05-01")
    assert created["live_start_date"] == "2024-05-01"
    assert created["live_end_date" if parts else "live"] is None
    base = "/api/v2/components"
    path = f"{base}/{created['_id']}?ifVersionMatch=latest"
    assert "ISO-8601" in ardoq.rejected(422, "PATCH", path, {"customFields": {"live_end_date": "soon"}})
    changed = ardoq.ok("PATCH", path, {"customFields": {"live_end_date": "2025-05-01T00:00:00Z"}})
    assert changed["customFields"]["live_end_date"] == "2025-05-01T00:00:00Z"
    values = ardoq.ok("GET", f"{base}?customFields.live_start_date=2024-05-01T00:00Z")["values"]
    assert [value["_id"] for value in values] == [created["_id"]]
    context = ardoq.ok("GET", f"/api/v2/workspaces/{workspace['_id']}/context")
    types = {item["apiKey"]: item["type"] for item in context["customFields"]}
    assert types == (
        {"live_start_date": "DateTime", "live_end_date": "DateTime"} if parts else {"live": "Period"}
    )
    ardoq.rejected(422, "POST", "/api/field", {"label": "X", "type": "Period", "model": unknown["model"]})


def test_calculated_fields_cannot_be_written(ardoq, workspace):
    """A value for a calculated field is ignored."""
    settings = {"storedQueryId": "q", "dependencyIds": []}
    created = field(ardoq, workspace, "Sum", "Number", calculatedFieldSettings=settings)
    assert created["calculatedFieldSettings"] == settings
    assert "sum" not in ardoq.component(workspace, sum=5)


def test_fields_apply_to_references_of_the_model(ardoq, workspace):
    """The values of a reference follow the fields of its source's model."""
    field(ardoq, workspace, "Weight", "Number")
    component = ardoq.component(workspace)
    assert ardoq.reference(component, component, weight="7")["weight"] == 7


def test_cloned_model_has_the_fields_of_its_template(ardoq, workspace):
    """A workspace that is created from a template gets the template's fields."""
    field(ardoq, workspace, "Weight", "Number")
    clone = ardoq.workspace("Two", componentTemplate=workspace["componentModel"])
    assert ardoq.component(clone, weight="7")["weight"] == 7


def test_current_user_and_email(ardoq):
    """The current user has an id, a name and an address; an e-mail is returned as it came."""
    user = ardoq.ok("GET", "/api/user/current_user")
    assert {"_id", "name", "email"} <= set(user)
    message = {"subject": "s", "body": "b"}
    assert ardoq.ok("POST", "/api/user/notify/email", message) == message


@pytest.mark.parametrize(
    "content", [b"plain", b"", b"\r\n--x\r\n", bytes(range(256)) * 300, b"ends with newline\r\n"]
)
def test_attachment_round_trip(ardoq, workspace, content):
    """An upload can be downloaded byte for byte, by file name and by id."""
    base = f"/api/attachment/workspace/{workspace['_id']}"
    body, kind = multipart("attachment", "bl\u00e5 fil.bin", "image/png", content)
    answer = ardoq.call("POST", f"{base}/upload", body, {"Content-Type": kind})
    assert answer.status == 201, answer.content
    created = answer.json
    assert (created["filename"], created["size"], created["content-type"]) == (
        "bl\u00e5 fil.bin",
        len(content),
        "image/png",
    )
    assert ardoq.ok("GET", base) == [created]
    for last in ("bl%C3%A5%20fil.bin", created["_id"]):
        answer = ardoq.call("GET", f"{base}/{last}")
        assert (answer.status, answer.content) == (200, content)
        assert answer.headers["content-type"] == "image/png"
    assert ardoq.call("GET", created["uri"]).content == content
    ardoq.ok("DELETE", f"{base}/bl%C3%A5%20fil.bin", status=204)
    ardoq.rejected(404, "GET", f"{base}/{created['_id']}")


def test_attachment_of_the_same_name_is_replaced(ardoq, workspace):
    """A second upload keeps the id and replaces the bytes; uploads without the part are rejected."""
    base = f"/api/attachment/workspace/{workspace['_id']}"
    created = []
    for content in (b"one", b"two"):
        body, kind = multipart("attachment", "f.txt", "text/plain", content)
        created.append(ardoq.call("POST", f"{base}/upload", body, {"Content-Type": kind}).json)
    assert (created[0]["_id"], created[0]["_version"]) == (created[1]["_id"], created[1]["_version"] - 1)
    assert ardoq.call("GET", f"{base}/f.txt").content == b"two"
    body, kind = multipart("file", "f.txt", "text/plain", b"x")
    assert ardoq.call("POST", f"{base}/upload", body, {"Content-Type": kind}).status == 422
    ardoq.rejected(400, "POST", f"{base}/upload", {})
    ardoq.rejected(404, "GET", "/api/attachment/workspace/nothing")
    ardoq.rejected(404, "GET", "/api/attachment/planet/x")


def test_batch_accepts_any_order(ardoq, workspace):
    """Parents, sources and targets may be batchIds of later items."""
    workspace_id = workspace["_id"]
    there = ardoq.component(workspace, "there")["_id"]
    data = {
        "components": [
            {"batchId": "c", "rootWorkspace": workspace_id, "name": "C", "parent": "b", "note": "x"},
            {"batchId": "b", "rootWorkspace": workspace_id, "name": "B", "parent": "a"},
            {"batchId": "a", "rootWorkspace": workspace_id, "name": "A", "parent": there},
        ],
        "references": [{"batchId": "r", "source": "c", "target": there, "type": 2}],
    }
    answer = ardoq.ok("POST", "/api/batch", {"op": "create", "options": {}, "data": data})
    assert list(answer["components"]) == ["c", "b", "a"]
    c = ardoq.ok("GET", f"/api/component/{answer['components']['c']}")
    assert (c["parent"], c["note"]) == (answer["components"]["b"], "x")
    assert "batchId" not in c
    reference = ardoq.ok("GET", f"/api/reference/{answer['references']['r']}")
    assert (reference["source"], reference["target"]) == (c["_id"], there)


@pytest.mark.parametrize(
    "wrong",
    [
        {"references": [{"batchId": "r", "source": "a", "target": "nothing", "type": 2}]},
        {"components": [{"batchId": "a", "name": "A"}]},
        {"components": [{"batchId": "x", "parent": "y"}, {"batchId": "y", "parent": "x"}]},
        {"components": [{"batchId": "x", "name": "1"}, {"batchId": "x", "name": "2"}]},
        {"components": [{"name": "no id"}]},
    ],
)
def test_batch_is_all_or_nothing(ardoq, workspace, wrong):
    """An invalid item undoes the whole batch, counters included."""
    good = [{"batchId": "a", "rootWorkspace": workspace["_id"], "name": "A"}]
    data = {"components": good, **wrong}
    for item in data["components"]:
        if "name" not in item:
            item.update(name="n", rootWorkspace=workspace["_id"])
    if wrong.get("components") == [{"batchId": "a", "name": "A"}]:
        data["components"] = [*good, {"batchId": "b", "name": "no workspace"}]
    before = ardoq.emulator.dump()
    ardoq.rejected(422, "POST", "/api/batch", {"op": "create", "data": data})
    assert ardoq.emulator.dump() == before


def test_batch_supports_only_create(ardoq):
    """Another operation is rejected, and so is data that is not an object."""
    ardoq.rejected(422, "POST", "/api/batch", {"op": "delete", "data": {}})
    ardoq.rejected(400, "POST", "/api/batch", {"op": "create"})
    ardoq.rejected(400, "POST", "/api/batch", {"op": "create", "data": {"components": [5]}})


def test_report_export(ardoq, workspace):
    """The rows of a report have null for a field without a value, and references as ids."""
    field(ardoq, workspace, "Cost", "Number", **{"global": True})
    a, b = ardoq.component(workspace, "a", cost=5), ardoq.component(workspace, "b")
    ardoq.reference(a, b)
    ardoq.component(ardoq.workspace("Other"), "c")
    ardoq.reference(a, b)
    store = ardoq.emulator.store
    with store.transaction():
        report = store.reports.create({"name": "R", "query": {"rootWorkspace": workspace["_id"]}})
    first, second = ardoq.ok("GET", f"/api/report/{report['_id']}/export-data")
    assert (first["name"], first["cost"], first["typeName"]) == ("a", 5, "Application")
    assert first["ardoq"] == {"entity-type": "component", "rootWorkspaceName": "Apps"}
    assert first["Implicit--outgoing"] == f"{b['_id']},{b['_id']}"
    assert second["Implicit--incoming"] == f"{a['_id']},{a['_id']}"
    assert (second["cost"], "Implicit--outgoing" in second) == (None, False)
    ardoq.rejected(404, "GET", "/api/report/nothing/export-data")


def test_switch_org_redirects(ardoq):
    """The answer is a redirect with a Location."""
    answer = ardoq.call("GET", "/api/switchOrg?org=emulator")
    assert (answer.status, answer.headers["location"]) == (302, f"{ardoq.emulator.url}/")


def test_ids_are_deterministic():
    """Two emulators with the same requests assign the same ids."""
    stores = [Emulator().store, Emulator().store]
    created = []
    for store in stores:
        with store.transaction():
            created.append(store.workspaces.create({"name": "W"})["_id"])
    assert created[0] == created[1]
