"""A workspace as one JSON: it seeds an emulator, and what that exports is the same again."""

import json

import pytest
from organisation import APPS, FOLDER, MODEL, SERVERS, SHOP, TAG, TO_ORDERS, TO_SERVER

from ardoqpy.testing import emulator


def again(run, seed, token, line):
    """Seed a new emulator with an export and export the same from it."""
    with emulator(seed=seed, token=token, page_size=3) as other:
        ran = run(f"{line} --host {other.url}")
    assert ran.status == 0
    return json.loads(ran.out)


@pytest.mark.parametrize("line", ["export Apps Servers", "export Apps", "export Servers"])
@pytest.mark.parametrize("api", ["v1", "v2"])
def test_there_and_back_again(ardoq, run, api, line):
    """An export seeds a new emulator, whose exports on both versions are equal to the last value."""
    first = json.loads(run(f"{line} --api {api}").out)
    as_v2 = json.loads(run(f"{line} --api v2").out)
    assert again(run, first, ardoq.token, f"{line} --api {api}") == first
    assert again(run, first, ardoq.token, f"{line} --api v2") == as_v2


def test_it_holds_what_is_there(ardoq, run):
    """The export of both workspaces is what the emulator itself dumps, but for people, files and the like."""
    dump = ardoq.dump()
    seed = json.loads(run("export Apps Servers").out)
    assert set(seed) == {
        *("format", "models", "fields", "folders", "workspaces", "components", "references", "tags"),
    }
    for kind, rows in seed.items():
        if kind == "format":
            assert rows == dump["format"]
            continue
        stored = {row["_id"]: row for row in dump[kind]}
        assert [row["_id"] for row in rows] == [row for row in stored if kind != "models" or row == MODEL]
        for row in rows:
            for name, value in row.items():
                assert stored[row["_id"]][name] == value, (kind, name)
            left_out = {
                name
                for name, value in stored[row["_id"]].items()
                if name not in row and value not in (None, {})
            }
            assert left_out <= {"createdBy", "lastModifiedBy", "rootWorkspace", "targetWorkspace", "model"}


def test_the_ids_of_v2_are_those_of_v1(ardoq, run):
    """Both versions export the same things; the id of the model is one that v2 does not tell."""
    old, new = (json.loads(run(f"export Apps Servers --api {api}").out) for api in ("v1", "v2"))
    for kind in ("workspaces", "components", "references"):
        assert [row["_id"] for row in old[kind]] == [row["_id"] for row in new[kind]]
    assert [row["customFields"] for row in old["components"]] == [
        row["customFields"] for row in new["components"]
    ]
    types = old["models"][0]["root"]["p1"]["children"]["p2"], new["models"][0]["root"]["p1"]["children"]["p2"]
    assert {one["name"] for one in types} == {"Module"}
    assert new["fields"][0]["defaultValue"] == ["Active", "Phased out"]
    assert new["models"][0]["_id"] != MODEL
    assert new["models"][0]["_id"] != new["models"][1]["_id"]


def test_nobody_is_in_it(ardoq, run):
    """An export names no person: it is made to be handed on."""
    for api in ("v1", "v2"):
        text = run(f"export Apps --api {api}").out
        assert "@" not in text.replace("@example", "")
        assert "Emulator User" not in text
        assert "5f00aa00bb00cc00dd000001" not in text


def test_references_that_leave_are_counted(ardoq, run):
    """A reference whose other end is not exported is left out, said so, and gone from tags."""
    ran = run("export Apps")
    seed = json.loads(ran.out)
    assert ran.err == (
        "ardoqpy: Left out: 1 reference with an end in another workspace. "
        "To include them, name that workspace, too.\n"
    )
    assert [row["_id"] for row in seed["references"]] == [TO_ORDERS]
    assert [(row["_id"], row["components"], row["references"]) for row in seed["tags"]] == [(TAG, [SHOP], [])]
    whole = run(f"export Apps {SERVERS}")
    assert whole.err == ""
    assert TO_SERVER in [row["_id"] for row in json.loads(whole.out)["references"]]


def test_a_workspace_named_twice_is_exported_once(ardoq, run):
    """Naming a workspace by its name and its id exports it once."""
    seed = json.loads(run(f"export Apps {APPS}").out)
    assert [row["_id"] for row in seed["workspaces"]] == [APPS]
    assert [row["_id"] for row in seed["folders"]] == [FOLDER]


def test_a_branch_keeps_its_origin(ardoq, run):
    """A workspace that is a branch still says of what, also after a round trip."""
    from ardoqpy import ArdoqClient  # noqa: PLC0415

    with ArdoqClient(ardoq.url, ardoq.token) as client:
        made = client.create_branch(APPS, "Plan C")
    seed = json.loads(run("export 'Plan C'").out)
    assert seed["workspaces"][0]["origin"] == {"_id": made["origin"]["id"], "_version": 1}
    assert again(run, seed, ardoq.token, "export 'Plan C'") == seed


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_field_with_a_tricky_name_stays_a_field(ardoq, run, api):
    """Custom fields whose names are built-in elsewhere stay custom fields, on the way out and back."""
    dump = ardoq.dump()
    tricky = {"order": "first", "source": "manual", "componentKey": "x", "state": "old", "empty": ""}
    dump["components"][0]["customFields"].update(tricky)
    dump["references"][0]["customFields"].update({"typeId": "x", "color": "red"})
    ardoq.load(dump)
    seed = json.loads(run(f"export Apps --api {api}").out)
    assert seed["components"][0]["customFields"].items() >= tricky.items()
    assert seed["references"][0]["customFields"].items() >= {"typeId": "x", "color": "red"}.items()
    assert seed["components"][0]["componentKey"] == "APP-1"
    assert again(run, seed, ardoq.token, f"export Apps --api {api}") == seed


def test_what_fails_leaves_no_file(ardoq, run, tmp_path):
    """Where the export fails on the way, no file is there."""
    ardoq.fail("status", status=404, path="/api/model/*")
    assert run(f"export Apps --output {tmp_path}/apps.json").status == 1
    assert list(tmp_path.iterdir()) == []
