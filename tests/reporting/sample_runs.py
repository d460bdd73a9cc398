"""A small world on an emulator, and runs over it that leave something in every part of a report."""

from contextlib import contextmanager

from ardoqpy import DeleteBlocked, Retries
from ardoqpy.testing import emulator
from ardoqpy_sync import ArdoqSyncClient

TOKEN = "a-token-that-nobody-may-see"
#: The ways of every run: version of the API, batched or not, simulated or not.
WAYS = {
    "v1 live": {"version": "v1"},
    "v1 simulated": {"version": "v1", "simulate": True},
    "v2 live": {"version": "v2"},
    "v2 simulated": {"version": "v2", "simulate": True},
    "v2 batched": {"version": "v2", "batch": True},
}
FAILED_ROW = {"kind": "component", "name": "Half", "label": "apps.csv line 9", "reason": "no number in Cost"}
SOURCE = {"name": "apps.csv", "rows": 9, "skipped": 2, "failed": 1}


def _component(key, name, parent=None, type_id="app", ws="ws1", **custom):
    component = {"_id": key, "name": name, "rootWorkspace": ws, "typeId": type_id, "parent": parent}
    return component | {"customFields": custom}


def seed():
    """Return a seed: a shop with what is below it, twins, and an old hub that a server outside refers to."""
    model = {"_id": "m1", "name": "Apps", "root": {"app": {"name": "Application"}, "hub": {"name": "Hub"}}}
    servers = {"_id": "m2", "name": "Servers", "root": {"srv": {"name": "Server"}}}
    return {
        "format": 1,
        "models": [
            model | {"referenceTypes": {"1": {"name": "Uses"}, "2": {"name": "Owns"}}},
            servers | {"referenceTypes": {"3": {"name": "Runs"}}},
        ],
        "fields": [
            {"_id": "f1", "name": "cost", "label": "Cost", "type": "Number", "model": "m1"},
            {
                "_id": "f2",
                "name": "score",
                "label": "Score",
                "type": "Number",
                "model": "m1",
                "calculatedFieldSettings": {"query": "1"},
            },
        ],
        "workspaces": [
            {"_id": "ws1", "name": "Apps", "componentModel": "m1"},
            {"_id": "ws2", "name": "Servers", "componentModel": "m2"},
        ],
        "components": [
            _component("shop", "Shop", cost=5),
            _component("till", "Till", parent="shop"),
            _component("twin1", "Twin"),
            _component("twin2", "Twin"),
            _component("fax", "Fax", type_id="hub"),
            _component("old", "Old", cost=1),
            _component("below", "Below", parent="old"),
            _component("host", "Host", ws="ws2", type_id="srv"),
        ],
        "references": [
            {"_id": "till-fax", "source": "till", "target": "fax", "type": 2},
            {"_id": "host-old", "source": "host", "target": "old", "type": 3},
            {"_id": "shop-till", "source": "shop", "target": "till", "type": 1},
        ],
    }


@contextmanager
def sample_run(way):
    """Give a client after a run with a bit of everything, what it refused to delete, and its emulator."""
    with emulator(seed=seed(), token=TOKEN, page_size=5) as server:
        options = {"on_error": "collect", "retries": Retries(count=1, backoff=0.0), **way}
        with ArdoqSyncClient(server.url, TOKEN, **options) as client:
            client.load_workspaces(["ws1", "ws2"])
            new = client.create_component(
                {"name": "New", "typeId": "app", "rootWorkspace": "ws1", "parent": "shop"},
                label="apps.csv line 2",
            )
            client.create_component({"name": "Shop", "typeId": "app", "rootWorkspace": "ws1", "cost": 6})
            client.create_component({"name": "Twin", "typeId": "app", "rootWorkspace": "ws1"})
            client.create_component({"name": "Till", "typeId": "app", "rootWorkspace": "ws1", "score": 9})
            client.create_reference(
                {"source": new["_id"], "target": "shop", "type": 1}, label="uses.csv line 2"
            )
            client.create_component({"name": "Bad"}, label="apps.csv line 8")
            client.create_reference({"source": "till", "target": "nowhere", "type": 1})
            client.del_component("fax")
            try:
                client.delete_cache_misses(share=0.1)
                blocked = None
            except DeleteBlocked as problem:
                blocked = problem
            yield client, blocked, server
