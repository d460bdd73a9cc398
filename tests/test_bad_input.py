"""The whole message for each wrong id, entity or value, so that a reviewer can read it."""

import datetime as dt
import decimal
import functools

import pytest
from error_messages import UNPROCESSABLE, sentence_of

from ardoqpy import (
    ArdoqClient,
    ArdoqSyncClient,
    AuthorizationError,
    BadRequest,
    InvalidInput,
    MissingArgument,
    NotFoundError,
    UnexpectedAnswer,
)
from ardoqpy.testing import Emulator

NOBODY = "5f00aa00bb00cc00dd00ee10"
TYPE = "p1434104432900"
AN_ID = "an id is text such as '5f00aa00bb00cc00dd00ee10'."
JSON = "give text, a number, true or false, None, a list or a dict."
NOT_THERE = "Is it the id of that kind of object, and may the token see it?"


@pytest.fixture
def client(server):
    """Return a client of the emulator."""
    with ArdoqClient(server.url, server.token, retries=0) as new_client:
        yield new_client


@pytest.fixture
def sync(server):
    """Return a sync client of the emulator."""
    with ArdoqSyncClient(server.url, server.token, retries=0) as new_client:
        yield new_client


@pytest.fixture
def ws_id(client):
    """Return the id of a workspace."""
    return client.create_workspace({"name": "W"})["_id"]


@pytest.fixture
def comp_id(client, ws_id):
    """Return the id of a component of `workspace`."""
    return client.create_component({"name": "a", "rootWorkspace": ws_id, "typeId": TYPE})["_id"]


@pytest.fixture
def far(client):
    """Return a component of another workspace."""
    other = client.create_workspace({"name": "V"})["_id"]
    return client.create_component({"name": "far", "rootWorkspace": other, "typeId": TYPE})


@pytest.fixture
def nothing_sent(server, ws_id):
    """Check afterwards that Ardoq has heard nothing."""
    server.clear_requests()
    yield
    assert server.requests == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        *[
            (text, f"ws_id is {text!r}, which is not an id of Ardoq: {AN_ID}")
            for text in ("a/b", "..", "a/../b", "a?b", "a#b", "a%2Fb", "a b", "a\n", "é")
        ],
        (None, f"ws_id is missing: {AN_ID}"),
        ("", f"ws_id is missing: {AN_ID}"),
        ({"_id": NOBODY, "name": "W"}, "ws_id is a whole entity: give its '_id' only."),
        ({"name": "W"}, f"ws_id is a dict, which is not an id of Ardoq: {AN_ID}"),
        (5, f"ws_id is an int, which is not an id of Ardoq: {AN_ID}"),
        ("x/" * 200, f"ws_id is {('x/' * 200)!r:.80}, which is not an id of Ardoq: {AN_ID}"),
    ],
)
def test_an_id_that_is_none(given, sentence, client, sync, nothing_sent):
    """What cannot be an id is refused before anything is sent, by either client, in the same words."""
    kind = MissingArgument if given is None else InvalidInput
    for item in (client, sync):
        assert sentence_of(kind, item.del_workspace, given) == sentence
        assert sentence_of(kind, item.find_component, given, "a") == sentence


@pytest.mark.parametrize(
    ("method", "argument"),
    [
        ("get_component", "comp_id"),
        ("get_reference", "ref_id"),
        ("get_tag", "tag_id"),
        ("get_model", "model_id"),
        ("get_field", "field_id"),
        ("get_folder", "folder_id"),
    ],
)
def test_the_sentence_names_the_argument(method, argument, client, nothing_sent):
    """An id is called what the caller calls it."""
    sentence = sentence_of(InvalidInput, getattr(client, method), **{argument: "../workspace"})
    assert sentence == f"{argument} is '../workspace', which is not an id of Ardoq: {AN_ID}"


def test_a_list_of_ids_that_is_none(client, nothing_sent):
    """Where a list is asked for, one id alone is not spelt out letter by letter."""
    assert (
        sentence_of(InvalidInput, client.del_components, NOBODY) == "comp_ids is a str: give a list of ids."
    )
    assert sentence_of(InvalidInput, client.del_components, [NOBODY, ".."]) == (
        f"an id in comp_ids is '..', which is not an id of Ardoq: {AN_ID}"
    )


def test_no_id_at_all(client, nothing_sent):
    """Where one of two ids is needed, both are named."""
    assert sentence_of(InvalidInput, client.get_component) == (
        "Neither ws_id nor comp_id is given: name a workspace or a component."
    )
    assert sentence_of(InvalidInput, client.get_reference) == (
        "Neither ws_id nor ref_id is given: name a workspace or a reference."
    )


def test_the_id_of_another_kind(client, ws_id):
    """A workspace's id where a component's is asked for is not found, with a hint at the reason."""
    assert sentence_of(NotFoundError, client.get_component, comp_id=ws_id) == (
        f"GET /api/component/{ws_id} failed with 404 Not Found. Ardoq says: No component has the id {ws_id}: "
        f"that is the id of a workspace. {NOT_THERE}"
    )


@pytest.mark.parametrize("filename", ["", ".", "..", None, 5])
def test_a_file_name_that_is_none(filename, client, ws_id, nothing_sent):
    """What no quoting keeps within its segment of the path is refused."""
    assert sentence_of(InvalidInput, client.download_attachment, ws_id, filename) == (
        f"filename is {filename!r}, which is not the name of a file: give it as text."
    )


@pytest.mark.parametrize(
    ("comp", "sentence"),
    [
        ({"name": "a"}, "comp ('a') has no rootWorkspace: it needs name and rootWorkspace."),
        ({"rootWorkspace": NOBODY}, "comp has no name: it needs name and rootWorkspace."),
        (
            {"Name": "a", "name": "", "rootWorkspace": NOBODY, "cost": 5},
            (
                "comp has no name: it needs name and rootWorkspace. It has 'Name', but letter case and signs "
                "count."
            ),
        ),
        (
            {"name": "", "rootWorkspace": None},
            "comp has no name and no rootWorkspace: it needs name and rootWorkspace.",
        ),
    ],
)
def test_a_component_with_a_missing_attribute(comp, sentence, client, nothing_sent):
    """A component needs a name and a workspace."""
    assert sentence_of(InvalidInput, client.create_component, comp) == sentence


@pytest.mark.parametrize(
    ("comp", "lack"),
    [
        ({"name": "a", "typeId": TYPE}, "comp ('a') has no rootWorkspace"),
        ({"name": "a", "rootWorkspace": NOBODY}, "comp ('a') has no typeId"),
        ({"rootWorkspace": NOBODY, "typeId": TYPE}, "comp has no name"),
        ({}, "comp has no name, no typeId and no rootWorkspace"),
    ],
)
def test_a_sync_row_with_a_missing_attribute(comp, lack, sync, nothing_sent):
    """A row needs its type as well, since it is matched by it."""
    needs = "it needs name, typeId and rootWorkspace."
    assert sentence_of(InvalidInput, sync.create_component, comp) == f"{lack}: {needs}"


@pytest.mark.parametrize("name", ["client", "sync"])
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (None, "comp is missing: give a dict of attributes."),
        ([], "comp is a list: give a dict of attributes."),
        ("a", "comp is a str: give a dict of attributes."),
        ({1: "a"}, "comp has the key 1: the names of attributes are text."),
    ],
)
def test_a_body_that_is_no_dict(name, body, sentence, request, nothing_sent):
    """Attributes are a dict with text for keys."""
    entity = request.getfixturevalue(name)
    kind = MissingArgument if body is None else InvalidInput
    assert sentence_of(kind, entity.create_component, body) == sentence
    assert sentence_of(kind, entity.update_component, NOBODY, body) == sentence


def test_an_unknown_type(client, sync, ws_id):
    """A type that the workspace's model lacks is refused with those that it has."""
    comp = {"name": "b", "rootWorkspace": ws_id, "typeId": "p0"}
    assert sentence_of(BadRequest, client.create_component, comp) == (
        f"POST /api/component failed with {UNPROCESSABLE}. Ardoq says: Workspace 'W' has no "
        "component type 'p0'; it has Application (p1434104432900), Service (p1434104432901)."
    )
    assert sentence_of(InvalidInput, sync.create_component, comp) == (
        f"typeId 'p0' is not a component type of workspace {ws_id}: its model has Application "
        "('p1434104432900'), Service ('p1434104432901')."
    )


def test_a_parent_in_another_workspace(client, sync, ws_id, far):
    """A parent has to be in the component's own workspace."""
    comp = {"name": "b", "rootWorkspace": ws_id, "typeId": TYPE, "parent": far["_id"]}
    assert sentence_of(BadRequest, client.create_component, comp) == (
        f"POST /api/component failed with {UNPROCESSABLE}. Ardoq says: Component {far['_id']} is in "
        f"workspace {far['rootWorkspace']} and cannot be the parent of one in {ws_id}."
    )
    assert sentence_of(InvalidInput, sync.create_component, comp) == (
        f"comp's parent '{far['_id']}' is in workspace {far['rootWorkspace']}, the component in {ws_id}: a "
        "component's parent is in its own workspace."
    )


@pytest.mark.parametrize("end", ["source", "target"])
def test_a_reference_to_an_unknown_component(end, client, sync, comp_id):
    """Both ends of a reference have to be there."""
    ref = {"source": comp_id, "target": comp_id, "type": 2, end: NOBODY}
    assert sentence_of(BadRequest, client.create_reference, ref) == (
        f"POST /api/reference failed with {UNPROCESSABLE}. Ardoq says: '{end}' of a reference: no "
        f"component has the id {NOBODY}."
    )
    assert sentence_of(InvalidInput, sync.create_reference, ref) == (
        f"{end} '{NOBODY}' is not a component that Ardoq holds."
    )


def test_a_reference_with_a_missing_attribute(client, sync, nothing_sent):
    """A reference needs both its ends and its type."""
    for item in (client, sync):
        assert sentence_of(InvalidInput, item.create_reference, {"source": NOBODY}) == (
            "ref has no target and no type: it needs source, target and type."
        )


def test_a_workspace_that_is_not_there(client, sync):
    """A workspace that Ardoq does not hold is not found; a component cannot be made in it."""
    comp = {"name": "b", "rootWorkspace": NOBODY, "typeId": TYPE}
    for item, path in ((client, ""), (sync, "/aggregated")):
        assert sentence_of(NotFoundError, item.get_workspace, NOBODY) == (
            f"GET /api/workspace/{NOBODY}{path} failed with 404 Not Found. Ardoq says: No workspace has the "
            f"id {NOBODY}. {NOT_THERE}"
        )
    assert sentence_of(BadRequest, client.create_component, comp) == (
        f"POST /api/component failed with {UNPROCESSABLE}. Ardoq says: 'rootWorkspace' of a "
        f"component: no workspace has the id {NOBODY}."
    )
    assert sentence_of(NotFoundError, sync.create_component, comp) == (
        f"GET /api/workspace/{NOBODY}/aggregated failed with 404 Not Found. Ardoq says: No workspace has the "
        f"id {NOBODY}. {NOT_THERE}"
    )


def _ring():
    ring = []
    ring.append(ring)
    return ring


def _ring_of_dicts():
    ring = {}
    ring["a"] = ring
    return ring


UNFIT = {
    "datetime": (dt.datetime(2024, 5, 1, tzinfo=dt.UTC), " is a datetime"),
    "date": (dt.date(2024, 5, 1), " is a date"),
    "Decimal": (decimal.Decimal("1.5"), " is a Decimal"),
    "NaN": (float("nan"), " is nan"),
    "infinity": (float("-inf"), " is -inf"),
    "bytes": (b"x", " is a bytes"),
    "set": ({1}, " is a set"),
    "surrogate": ("\ud800", " is text with half a character in it (a lone surrogate)"),
    "nested": ({"a": [1, {"b": b"x"}]}, "['a'][1]['b'] is a bytes"),
    "key": ({(1, 2): 3}, " is a dict with a key that is not proper text"),
    "half a key": ({"\ud800": 3}, " is a dict with a key that is not proper text"),
    "ring": (_ring(), " is a list that holds itself, or is too deep"),
    "ring of dicts": (_ring_of_dicts(), " is a dict that holds itself, or is too deep"),
}
PARTS = [pytest.param(*part, id=name.replace(" ", "-")) for name, part in UNFIT.items()]


@pytest.mark.parametrize(("value", "what"), PARTS)
def test_values_that_json_cannot_hold(value, what, client, ws_id, nothing_sent):
    """A value that JSON cannot hold is refused by its attribute, and nothing is sent."""
    comp = {"name": "b", "rootWorkspace": ws_id, "typeId": TYPE, "x": value}
    sentence = sentence_of(InvalidInput, client.create_component, comp)
    assert sentence == f"The value of 'x'{what}, which JSON cannot hold: {JSON}"


@pytest.mark.parametrize(("value", "what"), PARTS)
@pytest.mark.parametrize("simulate", [False, True])
def test_values_that_json_cannot_hold_in_a_sync(simulate, value, what, server, client, ws_id):
    """A sync says the same, simulated or not, and writes nothing."""
    comp = {"name": "b", "rootWorkspace": ws_id, "typeId": TYPE, "x": value}
    with ArdoqSyncClient(server.url, server.token, simulate=simulate) as sync:
        sentence = sentence_of(InvalidInput, sync.create_component, comp)
    assert sentence == f"The value of 'x'{what}, which JSON cannot hold: {JSON}"
    assert client.get_component(ws_id) == []


@pytest.mark.parametrize("simulate", [False, True])
@pytest.mark.parametrize("deep", [False, True], ids=["holds-itself", "too-deep"])
def test_a_row_that_cannot_be_copied_is_reported(deep, simulate, server, ws_id, comp_id):
    """A row that holds itself, or is too deep, fails alone: the report shows it, and the next row goes on."""
    row = {"name": "b", "rootWorkspace": ws_id, "typeId": TYPE}
    row["x"] = functools.reduce(lambda below, _: [below], range(10_000), []) if deep else row
    where = " is a list" if deep else " is a dict"
    sentence = f"The value of 'x'{where} that holds itself, or is too deep, which JSON cannot hold: {JSON}"
    with ArdoqSyncClient(server.url, server.token, simulate=simulate, on_error="collect") as sync:
        returned = [sync.create_component(row), sync.update_component(comp_id, row)]
        sync.create_component({"name": "c", "rootWorkspace": ws_id, "typeId": TYPE})
        report = sync.get_report()
    assert [failure["reason"] for failure in report["failed_comps_l"]] == [sentence, sentence]
    assert [failure["row"]["name"] for failure in report["failed_comps_l"]] == ["b", "b"]
    for entity in returned:
        assert (entity["_id"], entity["name"], entity["typeId"], entity["rootWorkspace"]) == (
            None,
            "b",
            TYPE,
            ws_id,
        )
        assert isinstance(entity["x"], str)
    assert report["new_comps"] == 1


def test_an_answer_that_is_not_json(server, client):
    """A login page in place of an answer is recognised."""
    server.fail("html")
    assert sentence_of(UnexpectedAnswer, client.get_workspaces) == (
        "Cannot read the answer to GET /api/workspace: the answer is not JSON but 89 bytes of text/html; "
        "charset=utf-8. It looks like a web page: is the host right, and the token valid?"
    )


def test_a_wrong_token(server):
    """The error for a token that Ardoq refuses says so, and what to do about it."""
    with ArdoqClient(server.url, "wr0ng") as client:
        assert sentence_of(AuthorizationError, client.get_workspaces) == (
            "GET /api/workspace failed with 401 Unauthorized. Ardoq says: The token is not known. Make a new "
            "token (one unused for 60 days expires), and check that it is for this host."
        )


def test_a_wrong_organisation(server):
    """The error for a label that is not the token's says so."""
    with Emulator(org="acme") as other, ArdoqClient(other.url, other.token, "else") as client:
        assert sentence_of(AuthorizationError, client.get_workspaces) == (
            "GET /api/workspace failed with 403 Forbidden. Ardoq says: The token does not belong to the "
            "organisation 'else'. Ask for access, or check the organisation label."
        )
