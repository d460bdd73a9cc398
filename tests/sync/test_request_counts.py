"""How many requests deletes take in batches, and what is still checked before each of them."""

import pytest
from sync_scenarios import TOKEN, open_sync_client, row, seed, stored_component, stored_reference, writes

from ardoqpy.testing import emulator

pytestmark = pytest.mark.waiting

COMPONENTS, MISSING = 400, 100


@pytest.fixture(scope="module")
def paged():
    """Run an emulator with pages of a thousand entities."""
    with emulator(token=TOKEN, page_size=1000) as running:
        yield running


@pytest.fixture
def many(ardoq, paged):
    """Reset the emulator to 400 components with 800 references."""
    components = [stored_component(f"c{number}", f"C{number}") for number in range(COMPONENTS)]
    references = [
        stored_reference(f"r{number}", f"c{number // 2}", f"c{(number * 7 + 1) % COMPONENTS}", 1 + number % 2)
        for number in range(2 * COMPONENTS)
    ]
    paged.load(seed([*components, stored_component("host", "Host", "ws2")], references))
    paged.clear_requests()
    return paged


def requests(server):
    """Return how many requests there were."""
    return len(server.requests)


def bring(client, first):
    """Bring in all components from a number on, and so miss those before."""
    for number in range(first, COMPONENTS):
        client.create_component(row(f"C{number}"))


@pytest.mark.parametrize("simulate", [False, True])
def test_a_hundred_deletes_take_a_few_requests(many, simulate):
    """Missing components are checked with listings and deleted in one batch."""
    with open_sync_client(many, simulate=simulate) as client:
        bring(client, MISSING)
        client.load_workspaces(["ws1", "ws2"])
        before = requests(many)
        answer = client.delete_cache_misses(share=1.0, count=1_000, take_along=True)
        assert len([item for item in answer["deleted"] if item["kind"] == "component"]) == MISSING
        assert requests(many) - before <= 8
        assert len(writes(many)) == (0 if simulate else 1)


def test_deletes_and_other_writes_share_a_batch(many):
    """Deletes wait with creates and updates that have nothing to do with them."""
    with open_sync_client(many) as client:
        client.get_workspace("ws1")
        for number in range(20):
            client.create_component(row(f"C{number}", note="new"))
            client.create_component(row(f"New {number}"))
            client.del_component(f"c{number + 20}")
        client.flush()
        assert len(writes(many)) == 1
        report = client.get_report()
    assert (report["new_comps"], report["updated_comps"], report["del_comps"]) == (20, 20, 20)


def test_what_leaves_a_component_is_sent_before_its_delete(many):
    """A change that moves a child elsewhere is sent before the parent is deleted."""
    with open_sync_client(many) as client:
        client.create_component(row("C1", parent="c2"))
        client.flush()
        many.clear_requests()
        client.create_component(row("C1", parent="c3"))
        client.del_component("c2")
        client.flush()
        assert len(writes(many)) == 2
    held = {comp["_id"]: comp for comp in many.dump()["components"]}
    assert "c2" not in held
    assert held["c1"]["parent"] == "c3"


def test_what_somebody_changed_is_kept_among_many(many):
    """Also with listings an entity with another version than the loaded one is left alone."""
    with open_sync_client(many) as client, open_sync_client(many, batch=False) as other:
        bring(client, MISSING)
        client.load_workspaces(["ws1", "ws2"])
        other.update_component("c7", {"note": "mine"})
        answer = client.delete_cache_misses(share=1.0, count=1_000, take_along=True)
    assert [item["_id"] for item in answer["drifted"]] == ["c7"]
    assert "c7" in {comp["_id"] for comp in many.dump()["components"]}


def test_a_parent_is_kept_if_a_child_in_its_batch_cannot_be_deleted(many):
    """A component is not deleted in the same batch as a child whose delete Ardoq refuses."""
    with open_sync_client(many, on_error="collect") as client:
        client.create_component(row("C1", parent="c0"))
        client.flush()
        many.fail(status=422, method="POST", times=2)
        client.del_component("c1")
        client.del_component("c0")
        client.flush()
        failed = {item["_id"]: item["reason"] for item in client.get_report()["failed_comps_l"]}
    assert set(failed) == {"c0", "c1"}
    assert "could not be deleted" in failed["c0"]
    assert {"c0", "c1"} <= {comp["_id"] for comp in many.dump()["components"]}
