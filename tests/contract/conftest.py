"""The Ardoq that the contract tests use: the emulator, or a real one that the environment names.

    ARDOQ_TEST_HOST=https://yourorg.ardoq.com ARDOQ_TEST_TOKEN=... python -m pytest tests/contract

On a real Ardoq the tests create workspaces, a folder and models whose names begin with "ardoqpy contract
test". They delete the workspaces and the folder at the end; models stay, since no call deletes one.
"""

import os
import secrets
from contextlib import suppress

import pytest

from ardoqpy import ArdoqClient, ArdoqClientException
from ardoqpy.testing import emulator

MODEL = {
    "root": {
        "p1": {
            "id": "p1",
            "name": "Application",
            "index": 1,
            "level": 1,
            "children": {"p2": {"id": "p2", "name": "Service", "index": 1, "level": 2, "children": {}}},
        },
        "p3": {"id": "p3", "name": "Server", "index": 2, "level": 1, "children": {}},
    },
    "referenceTypes": {
        "1": {"id": 1, "name": "depends on", "line": "solid", "lineEnding": "none"},
        "2": {"id": 2, "name": "Implicit", "line": "dashed", "lineEnding": "none"},
    },
}


class Place:
    """A client and a model for workspaces, which are deleted at the end."""

    def __init__(self, client):
        self.client = client
        self.label = f"ardoqpy contract test {secrets.token_hex(4)}"
        self.model = client.create_model({"name": self.label, "description": "", **MODEL})
        self._workspaces = []

    def workspace(self, name="Apps", **attributes):
        """Create a workspace with the model."""
        body = {"name": f"{self.label} {name}", "componentModel": self.model["_id"], **attributes}
        created = self.client.create_workspace(body)
        self._workspaces.append(created["_id"])
        return created

    def component(self, ws, name="Web shop", type_id="p1", **attributes):
        """Create a component."""
        body = {"name": name, "typeId": type_id, "rootWorkspace": ws["_id"], **attributes}
        return self.client.create_component(body)

    def reference(self, source, target, kind=1, **attributes):
        """Create a reference."""
        body = {"source": source["_id"], "target": target["_id"], "type": kind, **attributes}
        body |= {"rootWorkspace": source["rootWorkspace"], "targetWorkspace": target["rootWorkspace"]}
        return self.client.create_reference(body)

    def clean(self):
        """Delete the workspaces that no test has deleted."""
        for ws_id in self._workspaces:
            with suppress(ArdoqClientException):
                self.client.del_workspace(ws_id)


@pytest.fixture(scope="session")
def ardoq_settings():
    """Return host, token and label of the real Ardoq if one is named, otherwise of an emulator."""
    if os.environ.get("ARDOQ_TEST_HOST"):
        yield {
            "hosturl": os.environ["ARDOQ_TEST_HOST"],
            "token": os.environ["ARDOQ_TEST_TOKEN"],
            "org": os.environ.get("ARDOQ_TEST_ORG"),
        }
        return
    with emulator(page_size=5) as server:
        yield {"hosturl": server.url, "token": server.token}
        assert server.crashes == []


@pytest.fixture
def account(ardoq_settings):
    """Provide a client whose workspaces are deleted afterwards."""
    with ArdoqClient(**ardoq_settings) as client:
        created = Place(client)
        yield created
        created.clean()
