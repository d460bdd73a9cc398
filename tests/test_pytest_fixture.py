"""The pytest fixture of the package."""

from ardoqpy import ArdoqClient


def test_the_fixture_comes_with_the_package(ardoq_emulator):
    """A test that uses `ardoq_emulator` gets an empty emulator."""
    client = ArdoqClient(ardoq_emulator.url, ardoq_emulator.token)
    assert client.get_workspaces() == []
    client.create_workspace({"name": "Apps"})
    assert len(client.get_workspaces()) == 1


def test_two_tests_do_not_share_it(ardoq_emulator):
    """A test does not see what another has written."""
    assert ArdoqClient(ardoq_emulator.url, ardoq_emulator.token).get_workspaces() == []


def test_people_can_be_added_to_it(ardoq_emulator):
    """A test can add people to it, and what they write is by them."""
    ardoq_emulator.add_users({"name": "Anna Berg", "token": "t-anna"}, {"name": "Bob", "token": "t-bob"})
    anna, bob = (ArdoqClient(ardoq_emulator.url, token) for token in ("t-anna", "t-bob"))
    assert anna.create_workspace({"name": "Apps"})["createdByName"] == "Anna Berg"
    assert bob.create_workspace({"name": "Servers"})["createdByName"] == "Bob"
