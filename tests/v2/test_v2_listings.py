"""Listings on v2: pages, filters, and the iter_ methods."""

from urllib.parse import parse_qsl

import pytest
from error_messages import sentence_of
from example_organisation import COMPONENTS, MODEL, OTHER, REFERENCES, WORKSPACE

from ardoqpy import ArdoqClient, InvalidInput, UnsupportedOperation
from ardoqpy.testing import emulator


def ids(results):
    """Return the ids of entities."""
    return [entity["_id"] for entity in results]


def test_a_listing_is_read_to_its_last_page(ardoq, client):
    """Twelve components, five to a page: three requests and one list, in Ardoq's order."""
    assert ids(client.get_components()) == COMPONENTS
    assert len(ardoq.requests) == 3
    assert ids(client.get_references()) == REFERENCES
    assert ids(client.get_workspaces()) == [WORKSPACE, OTHER]


def test_iterating_reads_a_page_when_it_is_needed(ardoq, client):
    """A page is asked for when the one before has been used up, not earlier."""
    components = client.iter_components()
    assert ardoq.requests == []
    for _ in range(5):
        next(components)
    assert len(ardoq.requests) == 1
    assert next(components)["_id"] == COMPONENTS[5]
    assert len(ardoq.requests) == 2


def test_lists_without_an_id_are_those_of_the_workspace(client):
    """get_component(ws_id) and get_reference(ws_id) keep their meaning, over all pages."""
    assert ids(client.get_component(WORKSPACE)) == COMPONENTS[:10]
    assert ids(client.get_component(params={})) == COMPONENTS
    assert ids(client.get_reference(WORKSPACE)) == REFERENCES


@pytest.mark.parametrize(
    ("filters", "results"),
    [
        ({"name": "Component 3"}, [3]),
        ({"rootWorkspace": OTHER}, [10, 11]),
        ({"parent": COMPONENTS[1]}, [7]),
        ({"typeId": "p1", "customFields": {"cost": 1.5}}, [3]),
        ({"customFields": {"ext_id": "7", "phase": "live"}}, [7]),
        ({"name": "component 3"}, []),
    ],
)
def test_components_are_filtered_by_name_of_the_attribute(client, filters, results):
    """Filters are named arguments, or a dict of params; all of them have to hold."""
    wanted = [COMPONENTS[number] for number in results]
    assert ids(client.get_components(**filters)) == wanted
    assert ids(client.get_component(params=filters)) == wanted


@pytest.mark.parametrize(
    ("filters", "results"),
    [
        ({"source": COMPONENTS[2]}, [2]),
        ({"target": COMPONENTS[4], "type": 1}, [0]),
        ({"type": "2"}, [1, 3, 5, 7]),
        ({"rootWorkspace": WORKSPACE, "targetWorkspace": OTHER}, [6, 7]),
        ({"displayText": "none has it"}, []),
        ({"customFields": {"ext_id": "r4"}}, [4]),
    ],
)
def test_references_are_filtered_by_name_of_the_attribute(client, filters, results):
    """Filters are named arguments, or a dict of params; all of them have to hold."""
    wanted = [REFERENCES[number] for number in results]
    assert ids(client.get_references(**filters)) == wanted
    assert ids(client.get_reference(params=filters)) == wanted


def test_workspaces_are_filtered_and_found(client):
    """By name and model as Ardoq compares them; a beginning of a name is compared here."""
    assert ids(client.get_workspaces(name="Other")) == [OTHER]
    assert ids(client.get_workspaces(componentModel=MODEL)) == [WORKSPACE, OTHER]
    assert ids(client.find_workspace("Apps", exact=True)) == [WORKSPACE]
    assert ids(client.find_workspace("ap")) == [WORKSPACE]
    assert client.find_workspace("ap", exact=True) == []


def test_ws_id_is_combined_with_params(client):
    """ws_id and params both have to hold; two different workspaces are refused."""
    assert ids(client.get_component(OTHER, params={"typeId": "p2"})) == COMPONENTS[10:]
    assert ids(client.get_reference(OTHER, params={"type": 1})) == []
    sentence = sentence_of(InvalidInput, client.get_component, OTHER, params={"rootWorkspace": WORKSPACE})
    assert sentence == f"ws_id is '{OTHER}' and the filter rootWorkspace '{WORKSPACE}': give one of them."


def test_filters_are_spelled_as_json_does(ardoq, client):
    """True, False and None go as true, false and null, and a field may be named in one word."""
    client.get_component(
        params={"parent": None, "customFields": {"a": True, "b": None}, "customFields.c": 1.5}
    )
    (request,) = ardoq.requests
    assert sorted(parse_qsl(request.query)) == [
        ("customFields.a", "true"),
        ("customFields.b", "null"),
        ("customFields.c", "1.5"),
        ("parent", "null"),
    ]


NOT_A_VALUE = "which cannot be a filter: give text, a number, true or false, or None."
COMPONENT_FILTERS = "'name', 'rootWorkspace', 'parent', 'componentKey', 'typeId' and 'customFields'"


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"type": "Application"}, "There is no filter 'type': did you mean 'typeId'?"),
        ({"rootWorkspaceId": "x"}, "There is no filter 'rootWorkspaceId': did you mean 'rootWorkspace'?"),
        ({"component-key": "A-1"}, "There is no filter 'component-key': did you mean 'componentKey'?"),
        ({"customFields.": "x"}, "There is no filter 'customFields.': did you mean 'customFields'?"),
        ({"cost\n": 5}, f"There is no filter 'cost\\n': there are {COMPONENT_FILTERS}."),
        ({5: "x"}, f"There is no filter 5: there are {COMPONENT_FILTERS}."),
        (["name"], "The filters are a list: give a dict of names and values."),
        ({"customFields": "x"}, "customFields is a str: give a dict of fields and values."),
        ({"customFields": {"": 1}}, "customFields has the key '': the names of fields are text."),
        ({"name": ""}, f"name is empty text, {NOT_A_VALUE}"),
        ({"customFields": {"tags": ["a"]}}, f"customFields.tags is a list, {NOT_A_VALUE}"),
        ({"parent": {"_id": "x"}}, "parent is a whole entity: give its '_id' only."),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(ardoq, client, params, sentence):
    """Ardoq would ignore an unknown filter, and the list would be too long."""
    assert sentence_of(InvalidInput, client.get_component, params=params) == sentence
    assert ardoq.requests == []


def test_a_filter_is_refused_before_the_first_step(client):
    """An iterator that will never be looked at tells of a bad filter, too."""
    sentence_of(InvalidInput, client.iter_components, name="")
    sentence_of(InvalidInput, client.iter_references, customFields={"x": object()})


def test_params_beside_an_id_are_refused(client):
    """One entity cannot be filtered."""
    sentence = sentence_of(InvalidInput, client.get_component, comp_id=COMPONENTS[0], params={})
    assert sentence == "params are filters of a list: give comp_id or params, not both."
    sentence = sentence_of(InvalidInput, client.get_reference, ref_id=REFERENCES[0], params={})
    assert sentence == "params are filters of a list: give ref_id or params, not both."


@pytest.mark.parametrize(
    ("method", "filters", "named"),
    [
        ("get_components", {"name": "a", "typeId": "p1"}, "filter a list by name, typeId"),
        ("iter_references", {"customFields": {"a": 1}}, "filter a list by customFields"),
        ("get_workspaces", {"componentModel": "m"}, "filter a list by componentModel"),
    ],
)
def test_v1_refuses_filters_and_names_v2(ardoq, v1, method, filters, named):
    """v1's lists take no filters: the error names v2 instead of returning everything."""
    sentence = sentence_of(UnsupportedOperation, getattr(v1, method), **filters)
    assert sentence == f"API v1 cannot do this ({named}): use version='v2'."
    assert ardoq.requests == []


def test_v1_refuses_params_as_before(v1):
    """The error of v1 names the methods to use there."""
    assert sentence_of(InvalidInput, v1.get_component, params={}).startswith("params are for API v2: ")
    assert sentence_of(InvalidInput, v1.get_reference, params={}).startswith("params are for API v2: ")


def test_iterating_gives_the_list_on_both_versions(client, v1):
    """Each iter_ method yields what its get_ method returns, on v1 and v2."""
    for item in (client, v1):
        assert list(item.iter_workspaces()) == item.get_workspaces()
        assert list(item.iter_components()) == item.get_components()
        assert list(item.iter_references()) == item.get_references()
        assert item.get_components()


def test_finding_components_by_name_and_field(client):
    """find_component and search_components mean on v2 what they mean on v1."""
    assert ids(client.find_component(WORKSPACE, "Component 3")) == [COMPONENTS[3]]
    assert ids(client.find_component(WORKSPACE, "Component 3", exact=True)) == [COMPONENTS[3]]
    results = client.find_component(WORKSPACE, field_name="ext_id", field_value="8", exact=True)
    assert ids(results) == [COMPONENTS[8]]
    assert client.find_component(OTHER, "Component 3") == []
    assert ids(client.find_component(WORKSPACE, "Component 3", "cost", 1.5)) == [COMPONENTS[3]]
    assert client.find_component(WORKSPACE, "Component 3", "cost", 2) == []
    assert ids(client.search_components({"ext_id": "11", "typeId": "p2"}, OTHER)) == [COMPONENTS[11]]
    sentence_of(InvalidInput, client.search_components, {})


def test_a_component_with_its_references(client):
    """incl_refs adds the references that end and start at it, as v1 does."""
    comp = client.get_component(comp_id=COMPONENTS[4], incl_refs=True)
    assert {end: ids(refs) for end, refs in comp["references"].items()} == {
        "in": [REFERENCES[0]],
        "out": [REFERENCES[4]],
    }
    assert "references" not in client.get_component(comp_id=COMPONENTS[4])


def test_references_that_end_in_a_workspace(client):
    """incoming=True adds the references that end there, each once."""
    assert ids(client.get_workspace_references(OTHER)) == []
    assert ids(client.get_workspace_references(OTHER, incoming=True)) == REFERENCES[6:]
    assert ids(client.get_workspace_references(WORKSPACE, incoming=True)) == REFERENCES


def test_short_form_and_filters_do_not_go_together(client, v1):
    """v2 has no short form, and v1's takes no filters."""
    assert sentence_of(UnsupportedOperation, client.get_workspaces, summary=True).startswith("API v2 cannot")
    sentence = sentence_of(InvalidInput, v1.get_workspaces, summary=True, name="Apps")
    assert sentence == "The short form takes no filters: give summary or filters, not both."


def test_a_token_that_is_part_of_every_link_does_no_harm():
    """An emulator's token may be as short as a letter: next links are followed all the same."""
    components = [
        {"_id": f"{number:024}", "name": f"C{number}", "rootWorkspace": "b" * 24, "typeId": "p1"}
        for number in range(5)
    ]
    seed = {
        "format": 1,
        "models": [{"_id": "a" * 24, "name": "M", "root": {"p1": {"name": "Application"}}}],
        "workspaces": [{"_id": "b" * 24, "name": "Apps", "componentModel": "a" * 24}],
        "components": components,
    }
    with (
        emulator(token="t", seed=seed, page_size=2) as server,
        ArdoqClient(server.url, "t", version="v2") as client,
    ):
        assert len(client.get_components(rootWorkspace="b" * 24)) == 5


@pytest.mark.parametrize("value", ["x", None])
@pytest.mark.parametrize("method", ["get_components", "iter_references", "get_workspaces", "get_attachments"])
def test_an_unknown_filter_is_a_type_error(client, method, value):
    """A misspelled filter is refused at once, also if its value is None."""
    with pytest.raises(TypeError, match=r"^There is no filter 'nme': "):
        getattr(client, method)(nme=value)
