"""`ardoqpy export`: the file seeds an emulator, whose export is the same again."""

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
def test_round_trip(ardoq, run, api, line):
    """An export seeds a new emulator, whose exports on both versions are equal to it."""
    first = json.loads(run(f"{line} --api {api}").out)
    as_v2 = json.loads(run(f"{line} --api v2").out)
    assert again(run, first, ardoq.token, f"{line} --api {api}") == first
    assert again(run, first, ardoq.token, f"{line} --api v2") == as_v2


def test_export_equals_dump(ardoq, run):
    """The export of both workspaces equals the emulator's dump, except for people, files and the like."""
    dump = ardoq.dump()
    seed = json.loads(run("export Apps Servers").out)
    assert set(seed) == {
        *("format", "models", "fields", "folders", "workspaces", "components", "references", "tags")
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


def test_both_versions_export_the_same(ardoq, run):
    """Both versions export the same entities; only the id of the model differs."""
    old, new = (json.loads(run(f"export Apps Servers --api {api}").out) for api in ("v1", "v2"))
    for kind in ("workspaces", "components", "references"):
        assert [row["_id"] for row in old[kind]] == [row["_id"] for row in new[kind]]
    assert [row["customFields"] for row in old["components"]] == [
        row["customFields"] for row in new["components"]
    ]
    types = old["models"][0]["root"]["p1"]["children"]["p2"], new["models"][0]["root"]["p1"]["children"]["p2"]
    assert {entity["name"] for entity in types} == {"Module"}
    assert new["fields"][0]["defaultValue"] == ["Active", "Phased out"]
    assert new["models"][0]["_id"] != MODEL
    assert new["models"][0]["_id"] != new["models"][1]["_id"]


def test_export_names_no_person(ardoq, run):
    """An export names no person."""
    for api in ("v1", "v2"):
        text = run(f"export Apps --api {api}").out
        assert "@" not in text.replace("@example", "")
        assert "Emulator User" not in text
        assert "5f00aa00bb00cc00dd000001" not in text


def test_references_to_other_workspaces(ardoq, run):
    """A reference to another workspace is left out, counted in a message, and removed from tags."""
    ran = run("export Apps")
    seed = json.loads(ran.out)
    assert ran.err == (
        "ardoqpy: Left out: 1 reference with an end in another workspace. "
        "To include them, name that workspace, too.\n"
    )
    assert [row["_id"] for row in seed["references"]] == [TO_ORDERS]
    assert [(row["_id"], row["components"], row["references"]) for row in seed["tags"]] == [(TAG, [SHOP], [])]
    both = run(f"export Apps {SERVERS}")
    assert both.err == ""
    assert TO_SERVER in [row["_id"] for row in json.loads(both.out)["references"]]


def test_workspace_named_twice(ardoq, run):
    """A workspace named by name and id is exported once."""
    seed = json.loads(run(f"export Apps {APPS}").out)
    assert [row["_id"] for row in seed["workspaces"]] == [APPS]
    assert [row["_id"] for row in seed["folders"]] == [FOLDER]


def test_branch_keeps_origin(ardoq, run):
    """A branch names its origin, also after a round trip."""
    from ardoqpy import ArdoqClient  # noqa: PLC0415

    with ArdoqClient(ardoq.url, ardoq.token) as client:
        created = client.create_branch(APPS, "Plan C")
    seed = json.loads(run("export 'Plan C'").out)
    assert seed["workspaces"][0]["origin"] == {"_id": created["origin"]["id"], "_version": 1}
    assert again(run, seed, ardoq.token, "export 'Plan C'") == seed


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_fields_with_built_in_names(ardoq, run, api):
    """Custom fields with names that are built in elsewhere stay custom fields in a round trip."""
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


def test_failed_export_writes_no_file(ardoq, run, tmp_path):
    """A failed export writes no file."""
    ardoq.fail("status", status=404, path="/api/model/*")
    assert run(f"export Apps --output {tmp_path}/apps.json").status == 1
    assert list(tmp_path.iterdir()) == []
