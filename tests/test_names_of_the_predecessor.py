"""Every public name and argument of 0.8.4, in the order in which its scripts may give them."""

import inspect

import pytest

import ardoqpy
from ardoqpy import ArdoqClient
from ardoqpy_sync import ArdoqSyncClient

CLIENT = {
    "__init__": "hosturl token org version",
    "pprint": "obj",
    "get_workspaces": "summary",
    "get_workspace": "ws_id aggregated",
    "create_workspace": "ws",
    "del_workspace": "ws_id",
    "create_folder": "folder",
    "get_folder": "folder_id",
    "move_workspace": "folder_id ws_list",
    "get_model": "ws_id model_id",
    "get_models": "",
    "create_model": "model",
    "print_model": "ws_id model_id",
    "find_reference_type": "ws_id reftype_name",
    "find_component_type": "ws_id comptype_name",
    "get_field": "field_id",
    "create_field": "field",
    "create_component": "comp",
    "get_component": "ws_id comp_id incl_refs params",
    "update_component": "comp_id comp",
    "patch_component": "comp_id version payload",
    "del_component": "comp_id",
    "find_component": "ws_id comp_name field_name field_value exact",
    "create_reference": "ref",
    "get_reference": "ws_id ref_id params",
    "del_reference": "ref_id",
    "update_reference": "ref_id ref",
    "create_tag": "tag",
    "get_tag": "ws_id tag_id",
    "update_tag": "tag_id tag",
    "del_tag": "tag_id",
    "get_current_user": "",
}
SYNC = {
    "__init__": "hosturl token",
    "get_workspace": "ws_id",
    "find_component": "ws_id comp_name field_name field_value exact",
    "create_component": "comp field_name field_value",
    "update_component": "comp_id comp",
    "del_component": "comp_id",
    "create_reference": "ref",
    "update_reference": "ref_id ref",
    "del_reference": "ref_id",
    "get_report": "",
    "init_report": "",
}
ERRORS = ["ArdoqClientException", "AuthorizationError", "NotFoundError", "ServiceUnavailable", "BadRequest"]


@pytest.mark.parametrize(
    ("kind", "name", "arguments"),
    [(ArdoqClient, *item) for item in CLIENT.items()]
    + [(ArdoqSyncClient, *item) for item in (CLIENT | SYNC).items()],
)
def test_a_method_takes_the_arguments_of_before(kind, name, arguments):
    """Each method of 0.8.4 is there, and takes its arguments by their names and by their places."""
    known = list(inspect.signature(getattr(kind, name)).parameters)[1:]
    wanted = arguments.split()
    assert known[: len(wanted)] == wanted


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_there_under_its_name(name):
    """Each error of 0.8.4 can be imported and is an ArdoqClientException."""
    assert issubclass(getattr(ardoqpy, name), ardoqpy.ArdoqClientException)


def test_the_attributes_of_before_are_there(server):
    """What scripts read from a client is there: its settings, its session, and what a sync has."""
    client = ArdoqSyncClient(server.url + "/", server.token, simulate=True)
    assert (client.hosturl, client.baseurl) == (server.url, server.url + "/api/")
    assert (client.token, client.org, client.version) == (server.token, None, "v1")
    assert client.session.headers is not None
    assert (dict(client.ws), client.simulate, client.report["status"]) == ({}, True, "success")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from ardoqpy.ardoqpy import ArdoqClient as found", ardoqpy.ArdoqClient),
        ("from ardoqpy.ardoqpy import ArdoqClientException as found", ardoqpy.ArdoqClientException),
        ("from ardoqpy.ardoqpy_sync import ArdoqSyncClient as found", ArdoqSyncClient),
        ("from ardoqpy.ardoqpy_v2 import API as found", ardoqpy.API),
        ("import ardoqpy; found = ardoqpy.ardoqpy.ArdoqClient", ardoqpy.ArdoqClient),
        ("import ardoqpy; found = ardoqpy.ardoqpy_sync.ArdoqSyncClient", ArdoqSyncClient),
        ("import ardoqpy; found = ardoqpy.ardoqpy_v2.Batch", ardoqpy.Batch),
        ("from ardoqpy import *; found = ArdoqSyncClient", ArdoqSyncClient),
    ],
)
def test_an_import_line_of_before_works(line, expected):
    """The modules in which 0.8.4 had its classes are there, and give the same classes."""
    names = {}
    exec(line, names)
    assert names["found"] is expected


@pytest.mark.parametrize("module", ["ardoqpy", "ardoqpy_sync", "ardoqpy_v2"])
def test_a_module_of_before_is_complete(module):
    """Every error and class that a module of 0.8.4 defined is in the module of that name."""
    defined = {
        "ardoqpy": ["ArdoqClient", *ERRORS],
        "ardoqpy_sync": ["ArdoqSyncClient"],
        "ardoqpy_v2": ["API", "Batch"],
    }[module]
    assert set(defined) <= set(getattr(ardoqpy, module).__all__)
