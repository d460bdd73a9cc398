"""Run the clients of 0.8.4 against the emulator: what works on Ardoq works there."""

import re

import pytest
import scenarios
from nightly_data import APPS, HOSTS
from scenarios import ORG

pytestmark = pytest.mark.slow

ID = re.compile(r"[0-9a-f]{24}")


def calls(act):
    """Return method, path without ids, and status of all requests."""
    return {f"{entry.method} {ID.sub('{id}', entry.path)} {entry.status}" for entry in act.requests}


def successful(act):
    """Return the methods and paths of successful requests."""
    return {call.rpartition(" ")[0] for call in calls(act) if call.endswith((" 200", " 201", " 204"))}


def errors_of(act):
    """Return the steps that raised an error, with its status; None if 0.8.4 itself rejected the call."""
    steps = act.results.items()
    return {step: value.get("code") for step, value in steps if isinstance(value, dict) and "raised" in value}


def theirs(played, scenario):
    """Return the result of 0.8.4 in a scenario of one act."""
    ((_, act),) = played(scenario)[0].items()
    return act


def names(rows):
    """Return the names of entities, in their order."""
    return [row["name"] for row in rows]


def test_v1_client_calls_every_endpoint(played):
    """Each v1 call of 0.8.4 succeeds."""
    assert successful(theirs(played, scenarios.everything_on_v1)) == {
        "GET /api/user/current_user",
        "GET /api/workspace",
        "GET /api/workspace/summary",
        "GET /api/workspace/{id}",
        "GET /api/workspace/{id}/aggregated",
        "POST /api/workspace",
        "DELETE /api/workspace/{id}",
        "GET /api/workspacefolder/{id}",
        "POST /api/workspacefolder",
        "PUT /api/workspacefolder/{id}/add",
        "GET /api/model",
        "GET /api/model/{id}",
        "POST /api/model",
        "GET /api/field",
        "GET /api/field/{id}",
        "POST /api/field",
        "GET /api/component/{id}",
        "GET /api/component/search",
        "GET /api/component/fieldsearch",
        "POST /api/component",
        "PUT /api/component/{id}",
        "DELETE /api/component/{id}",
        "GET /api/reference",
        "GET /api/reference/{id}",
        "POST /api/reference",
        "PUT /api/reference/{id}",
        "DELETE /api/reference/{id}",
        "GET /api/tag/{id}",
        "GET /api/tag/workspace/{id}",
        "POST /api/tag",
        "PUT /api/tag/{id}",
        "DELETE /api/tag/{id}",
    }


def test_v1_client_gets_only_expected_errors(played):
    """Errors occur where the script provokes them, with Ardoq's status, and nowhere else."""
    assert errors_of(theirs(played, scenarios.everything_on_v1)) == {
        "create_field again": 409,
        "update_tag of a version that is past": 409,
        "a component that has moved on": 409,
        "a type that is not there": 422,
        "a token that is not known": 401,
        "another organisation": 403,
        **{
            f"a {kind} that is not there": 404
            for kind in (
                *("workspace", "workspace aggregated", "folder", "model", "field"),
                *("component", "reference", "tag"),
            )
        },
        "del_reference again": 404,
        "its reference has gone, too": 404,
        "the workspace has gone": 404,
        # Paths that v1 does not have, and what 0.8.4 rejects or cannot do itself.
        "patch_component": 404,
        **dict.fromkeys(("get_model without an id", "get_folder without an id", "get_workspace None")),
        **dict.fromkeys(("create_component of nothing", "create_component of None", "a search for nothing")),
    }


def test_v1_client_authenticates(played):
    """The token is sent as `Token token=`, the organisation as a parameter of every request."""
    act = theirs(played, scenarios.everything_on_v1)
    assert act.signed == {("Token", None)}
    without = [entry for entry in act.requests if "org=" not in entry.query]
    assert [(entry.path, entry.status) for entry in without] == [("/api/workspace", 401)]
    assert len([entry for entry in act.requests if f"org={ORG}" in entry.query]) > 90


def test_v1_client_gets_its_answers(played):
    """Workspaces, types, searches, updates and tags have the values that the script has written."""
    steps = theirs(played, scenarios.everything_on_v1).results
    assert names(steps["get_workspaces"]) == names(steps["get_workspaces in short"]) == ["Shop", "Suppliers"]
    assert not steps["get_workspace while it is empty"]["references"]
    assert names([steps["get_folder with one in it"]]) == ["Landscape"]
    assert len(steps["get_folder with both in it"]["workspaces"]) == 2
    assert list(steps["find_component_type Service"]) == ["p2"]
    assert steps["find_component_type Nothing"] is steps["find_reference_type Nothing"] is None
    assert steps["find_reference_type depends on"]["id"] == 1
    assert steps["print_model"][1:] == [
        "name: Application - id: p1",
        "name: Server - id: p3",
        "name: depends on - id: 1",
        "name: Implicit - id: 2",
    ]
    assert [field["name"] for field in steps["get_field"]] == ["cost", "life_phase", "owner"]
    # How Ardoq compares names is not known: any reading finds what begins with the text, in the same case.
    assert names(steps["find_component Shop"]).count("Shopping list") == 2
    assert names(steps["find_component Shopping list exactly"]) == ["Shopping list"]
    assert steps["find_component Shop exactly"] == steps["find_component Nothing & nobody"] == []
    assert names(steps["find_component Till ærø 🚀"]) == ["Till ærø 🚀"]
    assert names(steps["find_component by life_phase"]) == ["Web shop"]
    assert names(steps["find_component by notDefined exactly"]) == ["Shopping list"]
    assert names(steps["find_component by name and field"]).count("Shopping list") == 2
    assert steps["create_component without a type"]["type"]
    assert steps["create_component till"]["parent"] == steps["create_component shop"]["_id"]
    changed = steps["get_component after its update"]
    assert (changed["name"], changed["life_phase"], changed["_version"]) == ("Web shop 2", "plan", 2)
    assert changed.get("cost") is None
    assert {
        key: len(refs) for key, refs in steps["get_component with its references"]["references"].items()
    } == {"in": 0, "out": 2}
    assert [steps["update_reference by hand"][key] for key in ("type", "description")] == [2, "Updated"]
    assert steps["update_reference"]["displayText"] == "buys from"
    assert len(steps["get_reference of a workspace"]) == 3
    assert steps["get_reference of the other workspace"] == []
    into = steps["get_workspace that is pointed into"]
    assert (names(into["incoming-components"]), len(into["incoming-references"])) == (["Web shop 2"], 1)
    assert steps["create_tag again"] == steps["create_tag"]
    assert len(steps["get_tag"]["components"]) == 2
    assert (
        steps["del_tag"] == steps["del_reference"] == steps["del_component"] == steps["del_workspace"] == {}
    )


def test_v1_client_leaves_what_it_has_not_deleted(played):
    """At the end Ardoq has what the script has not deleted, cascades included."""
    act = theirs(played, scenarios.everything_on_v1)
    assert names(act.held["workspaces"]) == ["Shop"]
    assert names(act.held["components"]) == ["Web shop 2", "Till ærø 🚀", "Shopping list", "Shopping list"]
    assert names(act.results["what is left of the components"]) == names(act.held["components"])
    assert act.results["what is left of the references"] == act.held["references"] == []
    (tag,) = act.held["tags"]
    assert (tag["name"], len(tag["components"]), tag["references"]) == ("core", 2, [])


def test_v2_client_reads_and_patches(played):
    """Every v2 request of 0.8.4 succeeds, with `Token token=`."""
    act = theirs(played, scenarios.everything_on_v2)
    assert act.signed == {("Token", None)}
    assert {call for call in successful(act) if "/v2/" in call} == {
        "GET /api/v2/me",
        "GET /api/v2/workspaces",
        "GET /api/v2/workspaces/{id}",
        "GET /api/v2/workspaces/{id}/context",
        "GET /api/v2/components",
        "GET /api/v2/components/{id}",
        "PATCH /api/v2/components/{id}",
        "GET /api/v2/references",
        "GET /api/v2/references/{id}",
    }
    assert errors_of(act) == {
        "patch_component of a version that is past": 409,
        "a component that is not there": 404,
        "a reference that is not there": 404,
        "a workspace that is not there": 404,
        "a token that is not known": 401,
        # What v2 does not have, and what 0.8.4 cannot do itself.
        **dict.fromkeys(("find_component", "create_component", "get_models"), 404),
        **dict.fromkeys(("find_reference_type", "get_reference without a workspace")),
    }


def test_v2_client_gets_its_answers(played):
    """Pages, filters, the context and patches have the expected values."""
    steps = theirs(played, scenarios.everything_on_v2).results
    assert steps["get_current_user"]["org"]["label"] == ORG
    assert names(steps["get_workspaces"]["values"]) == ["Shop", "Other"]
    page = steps["get_component of a workspace"]
    assert names(page["values"]) == ["Web shop", "Till ærø 🚀", "App 0", "App 1", "App 2"]
    assert page["_links"]["next"]["href"].startswith("URL/api/v2/components?")
    assert (steps["find_component_type Service"]["typeId"], steps["find_component_type Nothing"]) == (
        "p2",
        None,
    )
    results = {
        step: len(value["values"]) for step, value in steps.items() if step.startswith("get_component by")
    }
    assert list(results.values()) == [1, 5, 2, 5, 1, 1, 0]
    assert steps["patch_component"]["description"] == "Patched"
    assert steps["patch_component of a version"]["customFields"]["cost"] == 7.5
    assert steps["patch_component clears"]["_version"] == 2


def test_sync_applies_the_source(played):
    """Each night has the expected counts, and Ardoq equals the source."""
    acts = played(scenarios.nights)[0]
    counts = {
        night: {
            step.removeprefix("report "): count
            for step, count in act.results.items()
            if step.startswith("report ") and isinstance(count, int) and count
        }
        for night, act in acts.items()
    }
    first = {"new_comps": 5, "updated_comps": 1, "new_refs": 5}
    change = {"new_comps": 1, "updated_comps": 5, "cache_hit_comps": 1}
    change |= {"new_refs": 1, "updated_refs": 2, "del_refs": 1, "cache_hit_refs": 3}
    assert counts == {
        "preview": first,
        "first night": first,
        "second night": {"cache_hit_comps": 6, "cache_hit_refs": 5},
        "preview of the change": change,
        "night of the change": change,
        "night after": {"cache_hit_comps": 6, "cache_hit_refs": 4},
    }
    for act in acts.values():
        assert set(act.results) >= {
            *(
                "report new_comps_l",
                "report updated_comps_l",
                "report del_comps_l",
                "report cache_hit_comps_l",
            ),
            *("report cache_miss_comps", "report cache_miss_refs", "report status", "report description"),
        }
    held = acts["night after"].held
    comps = {comp["_id"]: comp for comp in held["components"]}
    apps = {comp["name"]: comp for comp in comps.values() if comp["rootWorkspace"] == APPS}
    assert list(apps) == ["Web", "Left over", "WEB SHOP", "Till", "General ledger", "Bank"]
    assert names(comp for comp in comps.values() if comp["rootWorkspace"] == HOSTS) == ["host-1", "host-2"]
    assert (apps["Web"]["customFields"], apps["WEB SHOP"]["customFields"]["cost"]) == (
        {"cost": 5, "owner": "Cat", "code": "A-1", "since": "2024-05-01T12:00:00Z"},
        1300,
    )
    assert (apps["Till"]["parent"], apps["Till"]["description"]) == (apps["Web"]["_id"], "Said by its id")
    assert [
        (comps[ref["source"]]["name"], ref["type"], comps[ref["target"]]["name"], ref["displayText"])
        for ref in held["references"]
    ] == [
        ("Web", 1, "WEB SHOP", "shows"),
        ("Till", 1, "General ledger", "by its id"),
        ("WEB SHOP", 2, "host-1", None),
        ("General ledger", 2, "host-2", None),
        ("General ledger", 1, "Bank", None),
    ]


def test_sync_writes_only_changes(played):
    """A preview and a night without changes send no write."""
    acts = played(scenarios.nights)[0]
    writes = {night: len(act.writes()) for night, act in acts.items()}
    assert writes == {
        "preview": 0,
        "first night": 11,
        "second night": 0,
        "preview of the change": 0,
        "night of the change": 10,
        "night after": 0,
    }
    for act in acts.values():
        assert len(successful(act)) == len(calls(act))
        assert [entry.path for entry in act.requests if entry.path.endswith("aggregated")] == [
            f"/api/workspace/{ws}/aggregated" for ws in (APPS, HOSTS)
        ]


def test_portal_client_calls_every_method(played):
    """Every method of API succeeds, with a Bearer token and the label in a header."""
    act = theirs(played, scenarios.portal)
    assert act.signed == {("Bearer", ORG), ("Bearer", "elsewhere")}
    assert successful(act) == {
        "GET /api/v2/me",
        "GET /api/v2/workspaces",
        "GET /api/v2/workspaces/{id}",
        "GET /api/v2/workspaces/{id}/context",
        "GET /api/v2/components",
        "POST /api/v2/components",
        "GET /api/v2/components/{id}",
        "PATCH /api/v2/components/{id}",
        "DELETE /api/v2/components/{id}",
        "GET /api/v2/references",
        "POST /api/v2/references",
        "GET /api/v2/references/{id}",
        "PATCH /api/v2/references/{id}",
        "DELETE /api/v2/references/{id}",
        "POST /api/v2/batch",
        "GET /api/v2/reports",
        "GET /api/v2/reports/{id}",
        "GET /api/v2/reports/{id}/run/objects",
        "GET /api/v2/reports/{id}/run/tabular",
    }
    assert errors_of(act) == {
        "delete_reference and read": 404,
        "delete_component and read": 404,
        "a component that is not there": 404,
        "a reference that is not there": 404,
        "a component without a name": 422,
        "a version that is past": 409,
        "batch of a version that is past": 409,
        "a token that is not known": 401,
        "another organisation": 403,
        # Its own way to say that a setting is missing.
        **dict.fromkeys(("without a token", "without a label at the host of all")),
    }


def test_portal_client_gets_its_answers(played):
    """Listings, reports, single writes and batches have the expected values."""
    act = theirs(played, scenarios.portal)
    steps = act.results
    assert steps["settings"] == [True, ORG]
    assert steps["me"]["org"]["label"] == ORG
    assert names(steps["list_workspaces"]) == ["Apps", "Other"]
    assert names(steps["list_workspaces by name"]) == ["Other"]
    assert len(steps["list_components"]["values"]) == 5
    assert "next" in steps["list_components"]["_links"]
    assert len(steps["list_components paginated"]) == 10
    assert steps["list_components raw"]["values"] == steps["list_components paginated"][:5]
    assert names(steps["list_components by field"]) == ["Component 10"]
    assert steps["list_components by a strange name"]["values"] == []
    assert len(steps["list_references"]) == 8
    assert steps["report"]["name"] == "All"
    assert list(steps["report_run objects"]["values"][0].values()) == steps["report_run tabular"]["values"][0]
    assert steps["update_component of a version"]["color"] == "#ff0000"
    assert steps["update_component with a whole one"]["description"] == "All of it sent back"
    assert steps["update_reference"]["displayText"] == "needs"
    batched = steps["batch"]
    assert [item["batchId"] for item in batched["components"]["created"]] == ["one", "two"]
    assert names(item["body"] for item in batched["components"]["updated"]) == ["Web shop", "Till"]
    assert steps["batch without entities"]["components"]["updated"][0].keys() == {"id"}
    assert len(steps["batch that deletes"]["references"]["deleted"]) == 2
    assert steps["nothing of it was done"] == []
    assert names(act.held["components"][12:]) == ["Web shop", "Till", "Batched 2"]
    assert act.held["components"][13]["parent"] == act.held["components"][14]["_id"]
    assert act.held["references"][-1]["displayText"] == "in a batch"


PLAYED = {
    "ArdoqClient": [scenarios.everything_on_v1],
    "ArdoqSyncClient": [scenarios.nights, scenarios.oddities],
    "API": [scenarios.portal],
    "Batch": [scenarios.portal],
}


@pytest.mark.parametrize("kind", PLAYED)
def test_scripts_call_every_public_method(played, kind):
    """The scripts call each public method of the classes of 0.8.4."""
    acts = [act for scenario in PLAYED[kind] for act in played(scenario)[0].values()]
    known = theirs(played, scenarios.public_names).results
    mine = {name for name, method in known.items() if method["is its own"] and name.startswith(f"{kind}.")}
    assert len(mine) > 7
    called = {name for act in acts for name in act.called}
    assert mine - called == {f"{kind}.__init__"}
