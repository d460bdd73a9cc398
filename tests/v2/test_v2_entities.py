"""Reading and writing one component or reference on v2, and the content of a workspace."""

import pytest
from error_messages import sentence_of
from example_organisation import COMPONENTS, MODEL, OTHER, REFERENCES, WORKSPACE

from ardoqpy import (
    ArdoqClient,
    Conflict,
    InvalidInput,
    MissingArgument,
    NotFoundError,
    Retries,
    UnsupportedOperation,
)
from ardoqpy.metamodel import component_type_names, describe_context, reference_type_names
from ardoqpy.testing import Fault

NEW = {"rootWorkspace": WORKSPACE, "typeId": "p1", "name": "New"}
LINK = {"source": COMPONENTS[0], "target": COMPONENTS[1], "type": 1}
NOBODY = "5f00aa00bb00cc00dd00ee99"
AN_ID = "an id is text such as '5f00aa00bb00cc00dd00ee10'."
BELOW = "a custom field goes below 'customFields', as {'customFields':"
LOST = Fault("drop-after")
BROKEN = Fault("status", status=503)
PATIENT = Retries(count=2, backoff=0.0)


def test_a_component_from_its_making_to_its_end(client):
    """Create, read, change, delete; a deleted entity is not found."""
    created = client.create_component({**NEW, "customFields": {"cost": 5}, "parent": COMPONENTS[0]})
    assert client.get_component(comp_id=created["_id"]) == created
    changed = client.patch_component(created["_id"], created["_version"], {"customFields": {"cost": None}})
    assert changed["_version"] == created["_version"] + 1
    assert changed["customFields"].get("cost") is None
    assert client.del_component(created["_id"]) == {}
    sentence_of(NotFoundError, client.get_component, comp_id=created["_id"])


def test_a_reference_from_its_making_to_its_end(client):
    """Create, read, change, delete; derived workspaces may be given and are not sent."""
    created = client.create_reference({**LINK, "rootWorkspace": OTHER, "displayText": "a"})
    assert created["rootWorkspace"] == WORKSPACE
    assert client.get_reference(ref_id=created["_id"]) == created
    changed = client.patch_reference(created["_id"], payload={"target": COMPONENTS[11]})
    assert changed["targetWorkspace"] == OTHER
    assert client.del_reference(created["_id"]) == {}
    sentence_of(NotFoundError, client.get_reference, ref_id=created["_id"])


def test_updating_with_a_read_component_sends_the_writable_attributes(ardoq, client):
    """The component is sent as a PATCH of its writable attributes, checked against its version."""
    comp = client.get_component(comp_id=COMPONENTS[6])
    before = dict(comp)
    del comp["customFields"]
    ardoq.clear_requests()
    updated = client.update_component(COMPONENTS[6], {**comp, "name": "Renamed"})
    (request,) = ardoq.requests
    assert (request.method, request.query) == ("PATCH", f"ifVersionMatch={before['_version']}")
    assert updated["name"] == "Renamed"
    assert updated["customFields"] == before["customFields"]
    sentence_of(Conflict, client.update_component, COMPONENTS[6], comp)
    assert client.update_component(COMPONENTS[6], {"name": "Again"})["name"] == "Again"


def test_updating_with_a_read_reference(client):
    """Nulls that v2 takes in no request are left out, as are type and workspaces."""
    ref = client.get_reference(ref_id=REFERENCES[2])
    assert ref["displayText"] is None
    updated = client.update_reference(REFERENCES[2], {**ref, "type": 2, "description": "seen"})
    assert (updated["description"], updated["type"]) == ("seen", ref["type"])
    sentence_of(Conflict, client.update_reference, REFERENCES[2], ref)


def test_an_older_version_is_refused_and_latest_is_not(client):
    """The version is compared by Ardoq; 'latest' lets the last write win."""
    client.patch_component(COMPONENTS[0], 1, {"name": "a"})
    sentence_of(Conflict, client.patch_component, COMPONENTS[0], 1, {"name": "b"})
    assert client.patch_component(COMPONENTS[0], "latest", {"name": "c"})["name"] == "c"


@pytest.mark.parametrize("version", [0, -1, "1", None, True, 1.0])
def test_a_version_that_is_none_is_refused(ardoq, client, version):
    """A version is a number from 1, or 'latest'."""
    sentence = sentence_of(InvalidInput, client.patch_reference, REFERENCES[0], version, {"description": "x"})
    assert sentence == (
        f"version is {version!r}: give the '_version' that the change is based on, or 'latest'."
    )
    assert ardoq.requests == []


@pytest.mark.parametrize(
    ("method", "arguments", "sentence"),
    [
        (
            "create_component",
            [{"name": "x", "rootWorkspace": WORKSPACE}],
            "comp ('x') has no typeId: it needs rootWorkspace, typeId and name.",
        ),
        ("create_reference", [{**LINK, "type": None}], "ref has no type: it needs source, target and type."),
        (
            "create_component",
            [{**NEW, "cost": 5}],
            (
                "comp has 'cost', which is not an attribute of a component on API v2: "
                f"{BELOW} {{'cost': ...}}}}."
            ),
        ),
        (
            "create_component",
            [{**NEW, "descripton": "x"}],
            (
                "comp has 'descripton', which is not an attribute of a component on API v2: did you mean "
                f"'description'? {BELOW.replace('a', 'A', 1)} {{'descripton': ...}}}}."
            ),
        ),
        (
            "create_component",
            [{"name": "x", "rootworkspace": WORKSPACE, "type_id": "p1"}],
            (
                "comp ('x') has no rootWorkspace and no typeId: it needs rootWorkspace, typeId and name. It "
                "has 'rootworkspace' and 'type_id', but letter case and signs count."
            ),
        ),
        (
            "patch_reference",
            [REFERENCES[0], "latest", {"DisplayText": "x"}],
            (
                "payload has 'DisplayText', which is not an attribute of a reference on API v2: did you mean "
                f"'displayText'? {BELOW.replace('a', 'A', 1)} {{'DisplayText': ...}}}}."
            ),
        ),
        (
            "update_reference",
            [REFERENCES[0], {"order": 5}],
            (
                "ref has 'order', which is not an attribute of a reference on API v2: "
                f"{BELOW} {{'order': ...}}}}."
            ),
        ),
        (
            "patch_component",
            [COMPONENTS[0], "latest", {"typeId": "p2"}],
            "payload has 'typeId', which API v2 cannot change on a component: leave it out.",
        ),
        (
            "patch_reference",
            [REFERENCES[0], "latest", {"type": 2}],
            "payload has 'type', which API v2 cannot change on a reference: leave it out.",
        ),
        (
            "patch_reference",
            [REFERENCES[0], "latest", {"displayText": None}],
            "payload has 'displayText' None, which API v2 does not accept: leave it out.",
        ),
        (
            "patch_component",
            [COMPONENTS[0], "latest", {"customFields": [1]}],
            "payload['customFields'] is a list: give a dict of attributes.",
        ),
        ("patch_component", [COMPONENTS[0]], "payload is missing: give a dict of attributes."),
        (
            "update_component",
            [COMPONENTS[0], {"name": "x", "_version": "1"}],
            "comp['_version'] is '1': give the '_version' that the change is based on, or 'latest'.",
        ),
        (
            "update_component",
            ["a/b", {"name": "x"}],
            f"comp_id is 'a/b', which is not an id of Ardoq: {AN_ID}",
        ),
    ],
)
def test_attributes_that_v2_rejects_or_ignores_are_refused(ardoq, client, method, arguments, sentence):
    """An attribute that Ardoq would drop unseen does not leave this machine."""
    kind = MissingArgument if " is missing: " in sentence else InvalidInput
    assert sentence_of(kind, getattr(client, method), *arguments) == sentence
    assert ardoq.requests == []


def test_a_lost_answer_to_a_change_is_checked(ardoq):
    """If the answer to a change is lost, the retry conflicts, and the stored entity is the answer."""
    with ArdoqClient(ardoq.url, ardoq.token, version="v2", retries=PATIENT) as client:
        for change in (
            lambda: client.patch_component(COMPONENTS[0], 1, {"name": "x", "customFields": {"cost": 7}}),
            lambda: client.update_reference(REFERENCES[0], {"_version": 1, "description": "x"}),
        ):
            ardoq.add_faults(LOST)
            ardoq.clear_requests()
            assert change()["_version"] == 2
            assert [request.method for request in ardoq.requests] == ["PATCH", "PATCH", "GET"]


def test_a_conflict_with_another_user_stays_a_conflict(ardoq, v1):
    """After a lost answer, a stored entity that is not what was sent is a conflict."""
    with ArdoqClient(ardoq.url, ardoq.token, version="v2", retries=PATIENT) as client:
        v1.patch_component(COMPONENTS[0], payload={"name": "theirs"})
        ardoq.add_faults(BROKEN)
        sentence_of(Conflict, client.patch_component, COMPONENTS[0], 1, {"name": "mine"})
        assert client.get_component(comp_id=COMPONENTS[0])["name"] == "theirs"


def test_the_same_value_by_another_user_is_not_success(ardoq, v1):
    """The stored entity has to be the next version, with every value that was sent, also custom ones."""
    with ArdoqClient(ardoq.url, ardoq.token, version="v2", retries=PATIENT) as client:
        for name in ("other", "mine"):
            v1.patch_component(COMPONENTS[0], payload={"name": name})
        v1.patch_component(COMPONENTS[1], payload={"cost": 8})
        for comp_id, payload in (
            (COMPONENTS[0], {"name": "mine"}),
            (COMPONENTS[1], {"customFields": {"cost": 7}}),
        ):
            ardoq.add_faults(BROKEN)
            sentence_of(Conflict, client.patch_component, comp_id, 1, payload)


def test_a_lost_answer_to_a_delete_is_success(ardoq):
    """If the first attempt has deleted it, the 404 of the second one is success."""
    with ArdoqClient(ardoq.url, ardoq.token, version="v2", retries=PATIENT) as client:
        ardoq.add_faults(LOST)
        assert client.del_component(COMPONENTS[0]) == {}


def test_a_workspace_with_all_that_is_in_it(ardoq, client):
    """Aggregated, a workspace has its components, references and tags, read over all pages."""
    plain = client.get_workspace(WORKSPACE)
    ardoq.clear_requests()
    whole = client.get_workspace(WORKSPACE, aggregated=True)
    assert {key: whole[key] for key in plain} == plain
    assert [comp["_id"] for comp in whole["components"]] == COMPONENTS[:10]
    assert [ref["_id"] for ref in whole["references"]] == REFERENCES
    assert whole["tags"] == [{"name": "old"}]
    assert len(ardoq.requests) == 1 + 2 + 2 + 1


def test_a_workspace_that_is_not_there(client):
    """Neither plain nor aggregated, nor its context."""
    for call in (client.get_workspace, client.get_context, client.get_model):
        sentence_of(NotFoundError, call, NOBODY)
    sentence_of(NotFoundError, client.get_workspace, NOBODY, aggregated=True)
    sentence_of(InvalidInput, client.get_workspace, "", aggregated=True)


def test_the_context_is_the_model(client):
    """get_model of a workspace is its context, as 0.8.4 had it."""
    context = client.get_context(WORKSPACE)
    assert context["rootWorkspace"] == WORKSPACE
    assert client.get_model(WORKSPACE) == context
    sentence = sentence_of(UnsupportedOperation, client.get_model)
    assert sentence == "API v2 cannot do this (list models): use version='v1', or get_context(ws_id)."


def test_types_are_found_by_name_on_both_versions(client, v1):
    """v2 returns the type as the context has it, v1 as the model has it; None if there is none."""
    assert client.find_component_type(WORKSPACE, "Service")["typeId"] == "p2"
    assert list(v1.find_component_type(WORKSPACE, "Service")) == ["p2"]
    assert client.find_reference_type(WORKSPACE, "Implicit")["type"] == 2
    assert v1.find_reference_type(WORKSPACE, "Implicit")["id"] == 2
    for item in (client, v1):
        assert item.find_component_type(WORKSPACE, "service") is None
        assert item.find_reference_type(WORKSPACE, "Service") is None


@pytest.mark.parametrize(
    ("kind", "name", "what_is_near"),
    [
        ("component", "service", "did you mean 'Service'?"),
        ("component", "Aplication", "did you mean 'Application'?"),
        ("component", "p1\n", "there are 'Application' and 'Service'."),
        ("component", None, "there are 'Application' and 'Service'."),
        ("reference", "depends-on", "did you mean 'depends on'?"),
        ("reference", "Service", "there are 'depends on' and 'Implicit'."),
        ("reference", 2, "there are 'depends on' and 'Implicit'."),
    ],
)
def test_a_type_that_is_not_there_is_none_and_a_warning(ardoq, client, v1, caplog, kind, name, what_is_near):
    """0.8.4's answer stays on both versions without a further request; the log names similar names."""
    for item, requests in ((client, 1), (v1, 2)):
        caplog.clear()
        ardoq.clear_requests()
        assert getattr(item, f"find_{kind}_type")(WORKSPACE, name) is None
        (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
        assert record.name == "ardoqpy.methods.models"
        quoted = name if isinstance(name, int) else repr(name)
        assert record.getMessage() == f"Workspace {WORKSPACE} has no {kind} type {quoted}: {what_is_near}"
        assert len(ardoq.requests) == requests


def test_a_type_that_is_there_is_no_warning(client, v1, caplog):
    """A type that exists is not logged."""
    for item in (client, v1):
        assert item.find_component_type(WORKSPACE, "Service")
        assert item.find_reference_type(WORKSPACE, "Implicit")
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


@pytest.mark.parametrize(
    ("model", "names"),
    [
        ({}, ([], [])),
        ({"root": None, "referenceTypes": None}, ([], [])),
        ({"root": {"p1": {}, "p2": None}, "referenceTypes": {"1": {"name": "a"}, "2": "x"}}, ([None], ["a"])),
        ({"componentTypes": [None, {"name": 5}], "referenceTypes": [{}, 7]}, ([5], [None])),
        ({"componentTypes": 5, "referenceTypes": "x"}, ([], [])),
        (
            {
                "componentTypes": [
                    {"typeId": "a", "name": "A", "parent": {"typeId": "b"}},
                    {"typeId": "b", "name": "B", "parent": {"typeId": "a"}},
                ]
            },
            (["A", "B"], []),
        ),
    ],
)
def test_odd_names_in_a_model_cause_no_error(model, names):
    """Types without names, and lists that are none, are passed over or given as they are."""
    assert (component_type_names(model), reference_type_names(model)) == names


def test_types_are_printed_on_both_versions(client, v1, capsys):
    """Each type with its id, children below their parents."""
    lines = "name: Application - id: p1\n  name: Service - id: p2\nname: depends on - id: 1\n"
    for item in (client, v1):
        item.print_model(WORKSPACE)
        assert lines in capsys.readouterr().out


def test_v2_prints_the_model_of_a_workspace_alone(ardoq, client, v1, capsys):
    """Without a workspace v1 prints the model, or all models; v2 names the version that can."""
    for given in ({}, {"model_id": MODEL}):
        v1.print_model(**given)
        assert "name: Service - id: p2" in capsys.readouterr().out
        ardoq.clear_requests()
        sentence = sentence_of(UnsupportedOperation, client.print_model, **given)
        assert sentence.endswith(": use version='v1', or get_context(ws_id).")
        assert (ardoq.requests, capsys.readouterr().out) == ([], "")


def test_a_type_with_a_missing_parent_is_printed():
    """A parent that the context does not list hides nothing."""
    below = {"typeId": "p2", "name": "Service", "parent": {"typeId": "p1", "name": "Application"}}
    context = {"rootWorkspace": WORKSPACE, "componentTypes": [below], "referenceTypes": None}
    assert describe_context(context) == f"Workspace id: {WORKSPACE}\nname: Service - id: p2"


def test_who_is_asking(ardoq, client):
    """Me is get_current_user by another name."""
    me = client.me()
    assert me == client.get_current_user()
    assert me["user"]["email"]
    assert me["org"]["label"]


def test_read_only_fields_are_those_of_the_context(client):
    """The dialect names the fields that Ardoq calculates."""
    fields = client.api.fields.of_workspace(WORKSPACE)
    assert {name for name, field in fields.items() if field.read_only} == {"sum"}


def test_the_words_of_a_sync_find_twins(client):
    """An entity that was just created is found as its own duplicate."""
    comp = client.get_component(comp_id=COMPONENTS[3])
    assert client.api.components.find_duplicates(comp) == [comp]
    ref = client.get_reference(ref_id=REFERENCES[3])
    assert client.api.references.find_duplicates(ref) == [ref]
    assert {"_id", "type"} <= client.api.components.read_only
    assert "rootWorkspace" in client.api.components.fixed
    assert "type" in client.api.references.fixed
