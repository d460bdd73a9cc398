"""
Listings on v2: pages, filters, and their iter_ twins.
"""

import pytest
from furnished import COMPONENTS, OTHER, REFERENCES, WORKSPACE


def ids(found):
    """Return the ids of what was found."""
    return [one["_id"] for one in found]


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
    ("filters", "found"),
    [
        ({"name": "Component 3"}, [3]),
        ({"rootWorkspace": OTHER}, [10, 11]),
        ({"parent": COMPONENTS[1]}, [7]),
        ({"typeId": "p1", "customFields": {"cost": 1.5}}, [3]),
        ({"customFields": {"ext_id": "7", "phase": "live"}}, [7]),
        ({"name": "component 3"}, []),
    ],
)
def test_components_are_filtered_by_name_of_the_attribute(client, filters, found):
    """Filters are named arguments, or a dict of params; all of them have to hold."""
    wanted = [COMPONENTS[number] for number in found]
    assert ids(client.get_components(**filters)) == wanted
    assert ids(client.get_component(params=filters)) == wanted
