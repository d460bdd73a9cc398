"""Applying a plan writes what the previewed run would have written, and overwrites no later change."""

import json
import re

import pytest
from example_counts import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_scenarios import (
    _MADE,
    COMPONENT_TYPES,
    WEB_SHOP,
    count_loads,
    counts,
    held,
    names_in,
    open_client,
    open_sync_client,
    row,
    run,
    seed,
    stored_component,
    stored_reference,
    wire_terms,
    worlds_and_scripts,
    writes,
)

from ardoqpy import ArdoqClientException, BadRequest, Conflict, InvalidInput, NotFoundError, PlanDrifted
from ardoqpy_sync import Plan
from ardoqpy_sync.compare.diff import equal_values

SYNC = settings.get_profile("sync")
_TIMES = ("created", "lastUpdated", "componentKey", "order")


def prepared(server, seeded):
    """Load a seed, and clear the recorded requests."""
    server.clear_faults()
    server.load(seed(**seeded))
    server.clear_requests()


def state(server):
    """Return the emulator's content without times and counters; the ids of created entities are numbered."""
    dump, numbers = server.dump(), {}
    stored_value = [
        {key: value for key, value in item.items() if key not in _TIMES}
        for item in (*dump["components"], *dump["references"])
    ]
    text = json.dumps(stored_value, sort_keys=True, ensure_ascii=False, indent=1)
    return _MADE.sub(lambda match: numbers.setdefault(match[0], f"made #{len(numbers)}"), text)


def played(client, seeded, script):
    """Run a script after all workspaces are loaded, so that cascading deletes are seen."""
    client.load_workspaces(list(COMPONENT_TYPES)[: seeded["workspaces"]])
    run(client, script)


def make_plan(server, seeded, script):
    """Return the plan of a simulated run, as it comes back from JSON."""
    with open_sync_client(server, simulate=True, on_error="collect") as client:
        played(client, seeded, script)
        return Plan.from_dict(json.loads(json.dumps(client.plan.as_dict())))


def changed(report):
    """Return the totals of a report."""
    return {key: value for key, value in counts(report).items() if key.startswith(("new", "upd", "del"))}


def passing(plan):
    """Return the ids of what a plan creates and deletes again."""
    ends = {}
    for change in plan.changes:
        ends.setdefault(change["_id"], []).append(change["action"])
    return {plan_id for plan_id, actions in ends.items() if (actions[0], actions[-1]) == ("create", "delete")}


def outcomes(result):
    """Return how many changes came to what."""
    numbers = {
        key: len(result[key]) for key in ("applied", "already_applied", "replanned", "failed", "not_deleted")
    }
    numbers["drifted"] = sum(len(item["changes"]) for item in result["drifted"])
    return {key: number for key, number in numbers.items() if number}


@settings(SYNC)
@given(drawn=worlds_and_scripts(with_deletes=True))
def test_applying_is_what_the_live_run_does(server, drawn):
    """A plan applied leaves what the live run leaves, reports the same, and applied again changes nothing."""
    seeded, script = drawn
    prepared(server, seeded)
    plan = make_plan(server, seeded, script)
    with open_sync_client(server, on_error="collect") as client:
        played(client, seeded, script)
        lived, live = state(server), changed(client.get_report())
    prepared(server, seeded)
    with open_sync_client(server, simulate=True) as client:
        preview = client.apply(plan)
        preview_report = client.get_report()
    assert writes(server) == []
    with open_sync_client(server) as client:
        result = client.apply(plan)
        report = client.get_report()
    assert state(server) == lived
    assert len(result["applied"]) + len(result["already_applied"]) == len(plan)
    assert changed(report) == changed(preview_report)
    assert outcomes(result) == outcomes(preview)
    assert report["status"] == "success"
    assert (report["cache_miss_comps"], report["cache_miss_refs"]) == ([], [])
    if not passing(plan):
        assert changed(report) == live
        assert result["already_applied"] == []
    assert {entity["_id"] for entity in result["already_applied"]} <= {None, *result["ids"].values()}
    server.clear_requests()
    again_to(server, plan)


def again_to(server, plan):
    """Apply a plan that is applied already."""
    before = server.dump()
    with open_sync_client(server) as client:
        result = client.apply(plan)
        assert outcomes(result) == ({"already_applied": len(plan)} if plan else {})
        assert result["sentence"].endswith("nothing has drifted since the plan")
        assert changed(client.get_report()) == {}
    assert writes(server) == []
    assert server.dump() == before


@pytest.mark.immediate
@settings(SYNC, max_examples=examples(25))
@given(drawn=worlds_and_scripts(), data=st.data())
def test_an_applying_that_was_cut_off_is_completed_by_the_next(server, drawn, data):
    """Where applying stopped at any of its writes, applying again does the rest and nothing twice."""
    seeded, script = drawn
    prepared(server, seeded)
    plan = make_plan(server, seeded, script)
    with open_sync_client(server, on_error="collect") as client:
        played(client, seeded, script)
        lived = state(server)
    prepared(server, seeded)
    with open_sync_client(server) as client:
        client.apply(plan)
    sent = len(writes(server))
    if not sent:
        return
    prepared(server, seeded)
    until = data.draw(st.integers(0, sent - 1))
    with open_sync_client(server) as client:
        _stop_after(client, until)
        with pytest.raises(BadRequest):
            client.apply(plan)
    with open_sync_client(server) as client:
        result = client.apply(plan)
    assert set(outcomes(result)) <= {"applied", "already_applied"}
    assert len(writes(server)) == sent
    assert state(server) == lived


def _stop_after(client, writes_left):
    """Let a client's writes be refused once so many were sent."""
    left = [writes_left]
    for collection in (client.api.components, client.api.references):
        for name in ("create", "apply_changes", "delete"):
            word = getattr(collection, name)

            def guarded(*args, word=word):
                if not left[0]:
                    raise BadRequest("Stopped.")
                left[0] -= 1
                return word(*args)

            setattr(collection, name, guarded)


def _as_planned(other, here, planned, first, _):
    updates = [item for item in planned if item["action"] == "update" and item["kind"] == "component"]
    if updates:
        change = updates[first % len(updates)]
        values = {key: pair["new"] for key, pair in change["attributes"].items()}
        if not str(values.get("parent")).startswith("simulated"):
            other.patch_component(change["_id"], payload=values)


def _create(other, here, planned, first, second):
    created = [item for item in planned if item["action"] == "create" and item["kind"] == "component"]
    named = created[first % len(created)] if created else {"name": "Theirs", "rootWorkspace": "ws1"}
    ws = named["rootWorkspace"]
    other.create_component(row(named["name"], ws, COMPONENT_TYPES[ws][second % 2], note="theirs"))


def _refer(other, here, planned, first, second):
    source, target = here["comps"][first], here["comps"][second]
    ws = source[-3:]
    other.create_reference({"source": source, "target": target, "type": 1, "rootWorkspace": ws})


def _change_reference(other, here, planned, first, _):
    if here["refs"][first]:
        theirs = other.get_reference(ref_id=here["refs"][first])
        other.update_reference(theirs["_id"], {**theirs, "displayText": "theirs"})


def _delete_reference(other, here, planned, first, _):
    if here["refs"][first]:
        other.del_reference(here["refs"][first])


def _patch(other, here, planned, first, **values):
    other.patch_component(here["comps"][first], payload=values)


#: Writes by another client, by name: each takes the client, the entities, the plan and two numbers.
_EDITS = {
    "note": lambda *about: _patch(*about[:4], note="theirs"),
    "rename": lambda *about: _patch(*about[:4], name=f"Theirs {about[4]}"),
    "move": lambda *about: _patch(*about[:4], parent=f"group-{about[1]['comps'][about[3]][-3:]}"),
    "as planned": _as_planned,
    "delete": lambda other, here, _, first, __: other.del_component(here["comps"][first]),
    "create": _create,
    "below": lambda other, here, _, first, second: other.create_component(
        row(f"Theirs {second}", here["comps"][first][-3:], parent=here["comps"][first])
    ),
    "refer": _refer,
    "change reference": _change_reference,
    "delete reference": _delete_reference,
}
_MANY = 60
_edits = st.lists(
    st.tuples(st.sampled_from(["note", *_EDITS]), st.integers(0, _MANY - 1), st.integers(0, _MANY - 1)),
    max_size=5,
)


def edit(server, seeded, plan, edits):
    """Change the data as another client, except for what is deleted by now."""
    here = {
        what: [
            (seeded[of][number % len(seeded[of])]["_id"] if seeded[of] else None) for number in range(_MANY)
        ]
        for what, of in (("comps", "components"), ("refs", "references"))
    }
    refused = []
    with open_client(server) as other:
        for what, first, second in edits:
            try:
                _EDITS[what](other, here, plan.changes, first, second)
            except ArdoqClientException as problem:
                refused.append(problem.status)
    assert set(refused) <= {400, 404, 409, 422}


def everything(server):
    """Return all entities that the emulator holds, by id."""
    dump = server.dump()
    return {entity["_id"]: entity for entity in (*dump["components"], *dump["references"])}


@settings(SYNC, max_examples=examples(40))
@given(drawn=worlds_and_scripts(with_deletes=True), edits=_edits)
def test_g9_what_others_touched_since_is_left_and_listed(server, drawn, edits):
    """What others touched since the plan stays as they left it, and of the planned just that is moved."""
    seeded, script = drawn
    prepared(server, seeded)
    plan = make_plan(server, seeded, script)
    first = everything(server)
    edit(server, seeded, plan, edits)
    now = everything(server)
    touched = {item for item in now if item not in first or now[item]["_version"] != first[item]["_version"]}
    touched -= _half_done(plan, now)
    with open_sync_client(server, simulate=True, on_error="collect") as client:
        foreseen = client.apply(plan)
    if foreseen["drifted"]:
        with open_sync_client(server, on_error="collect") as client, pytest.raises(PlanDrifted) as caught:
            client.apply(plan, on_drift="refuse")
        assert {entity["_id"] for entity in caught.value.drifted} == {
            entity["_id"] for entity in foreseen["drifted"]
        }
    assert everything(server) == now
    with open_sync_client(server, on_error="collect") as client:
        result = client.apply(plan)
        report = client.get_report()
    after = everything(server)
    assert outcomes(result) == outcomes(foreseen)
    assert {entity_id: after.get(entity_id) for entity_id in touched} == {
        entity_id: now[entity_id] for entity_id in touched
    }
    by_what = {}
    for entry in result["drifted"]:
        by_what.setdefault(entry["what"], set()).add(entry["_id"])
    drifted = by_what.get("deleted", set()) | by_what.get("changed", set())
    # The name of a reference is that of its ends, so that a renamed end counts, too.
    renamed = {
        item for item in drifted & now.keys() if {now[item].get("source"), now[item].get("target")} & touched
    }
    assert drifted - renamed == _expected(plan, now, touched) - renamed
    assert by_what.get("created", set()) <= touched
    for entry in result["drifted"]:
        if entry["what"] == "cascade":
            assert entry["cascade"]
            listed = {entity["_id"] for entity in entry["cascade"]}
            ends = {
                now[ref][end]
                for ref in listed & now.keys()
                for end in ("source", "target")
                if end in now[ref]
            }
            assert (listed | ends) & touched
            assert entry["_id"] in after
    assert sum(outcomes(result).values()) == len(plan)
    assert len(result["failed"]) == len(
        [change for change in report["changes"] if change["action"] == "failed"]
    )
    server.clear_requests()
    with open_sync_client(server, on_error="collect") as client:
        client.apply(plan)
    assert writes(server) == []
    assert everything(server) == after


def _has(entity, wanted):
    """Return whether an entity has these values."""
    flat = {**entity, **entity.get("customFields", {})}
    return all(equal_values(flat.get(key), value) for key, value in wanted.items())


def _half_done(plan, now):
    """Return what another client changed to an intermediate state of the plan."""
    wanted, half_done = {}, set()
    for change in plan.changes:
        first = change["_id"]
        if first in now and first in wanted and now[first]["_version"] == change["version"]:
            half_done |= {first} if _has(now[first], wanted[first]) else set()
        new = {key: pair["new"] for key, pair in change["attributes"].items()}
        wanted.setdefault(first, {}).update(new)
    return half_done


def _expected(plan, now, touched):
    """Return the planned entities that have neither their old nor their planned values."""
    created = {change["_id"] for change in plan.changes if change["action"] == "create"}
    wanted, last = {}, {}
    for change in plan.changes:
        last[change["_id"]] = change["action"]
        new = {key: pair["new"] for key, pair in change["attributes"].items()}
        wanted.setdefault(change["_id"], {}).update(new)
    moved = set()
    for entity_id in wanted.keys() - created:
        if entity_id not in now:
            moved |= {entity_id} if last[entity_id] != "delete" else set()
        elif entity_id in touched:
            moved |= (
                set()
                if last[entity_id] != "delete" and _has(now[entity_id], wanted[entity_id])
                else {entity_id}
            )
    return moved


def planning(new_sync, *steps, **options):
    """Return the plan of a simulated run over both workspaces of the small organisation."""
    client = new_sync(simulate=True, **options)
    client.load_workspaces(["ws1", "ws2"])
    for step in steps:
        step(client)
    return client.plan


def web_costs(number, **more):
    """Return the step that has Web cost so much."""
    return lambda client: client.create_component(row("Web", cost=number, **more))


def test_what_a_plan_creates_is_referred_to_by_its_id_in_ardoq(ardoq, new_sync, sync):
    """Simulated ids in parent, source and target, also of updates, become those of what was created."""

    def step(client):
        created = client.create_component(row("New"), label="apps.csv line 2")["_id"]
        client.create_component(row("Below", parent=created))
        client.create_reference({"source": created, "target": "web", "type": 1})
        client.update_component("shop", {"parent": created})

    plan = planning(new_sync, step)
    result = sync.apply(plan)
    (new,) = (component for component in ardoq.dump()["components"] if component["name"] == "New")
    (below,) = (component for component in ardoq.dump()["components"] if component["name"] == "Below")
    assert below["parent"] == held(ardoq, "shop")["parent"] == new["_id"]
    assert held(ardoq, result["applied"][2]["_id"])["source"] == new["_id"]
    assert result["ids"]["simulated-1"] == new["_id"]
    assert [entity["_id"] for entity in result["applied"]][:2] == [new["_id"], below["_id"]]
    report = sync.get_report()
    assert report["changes"][0]["label"] == "apps.csv line 2"
    assert [change["version"] for change in report["changes"]] == [None, None, None, 1]
    assert counts(report) == {"new_comps": 2, "new_refs": 1, "updated_comps": 1}


def test_a_plan_left_out_of_is_applied_in_part(ardoq, new_sync, sync):
    """A change taken out of the plan is not done; what needs it makes the plan senseless."""
    plan = planning(new_sync, web_costs(6), lambda client: client.create_component(row("New", parent="web")))
    del plan.changes[0]
    assert outcomes(sync.apply(plan)) == {"applied": 1}
    assert held(ardoq, "web")["customFields"]["cost"] == 5

    def step(client):
        created = client.create_component(row("Newer"))["_id"]
        client.create_reference({"source": created, "target": "web", "type": 1})

    plan = planning(new_sync, step)
    del plan.changes[0]
    with pytest.raises(InvalidInput, match="needs simulated-1, which nothing before it creates"):
        sync.apply(plan)


def test_an_empty_plan_asks_nothing(ardoq, new_sync, sync):
    """A plan with nothing to do sends no request."""
    plan = planning(new_sync, lambda client: client.create_component(row("Web")))
    ardoq.clear_requests()
    result = sync.apply(plan)
    assert outcomes(result) == {}
    assert result["sentence"] == "0 applied; nothing has drifted since the plan"
    assert ardoq.requests == []


@pytest.mark.parametrize("way", ["skip", "refuse", "replan"])
def test_what_has_moved_is_not_overwritten(ardoq, new_sync, other, way):
    """A changed attribute is kept and reported with its author and time, or planned again."""
    plan = planning(new_sync, web_costs(6, note="ours"), lambda client: client.create_component(row("New")))
    other.patch_component("web", payload={"cost": 7})
    when = held(ardoq, "web")["lastUpdated"]
    client = new_sync()
    if way == "refuse":
        with pytest.raises(PlanDrifted) as caught:
            client.apply(plan, on_drift=way)
        assert isinstance(caught.value, Conflict)
        result = {"drifted": caught.value.drifted, "sentence": str(caught.value)}
        assert [request.method for request in ardoq.requests if request.method != "GET"] == [
            "PATCH"
        ]  # theirs
        assert counts(client.get_report()) == {}
        assert client.get_report()["status"] == "success"
    else:
        result = client.apply(plan, on_drift=way)
        assert names_in(ardoq) == ["Web", "Shop", "Till", "New"]
    (drifted,) = result["drifted"]
    assert (drifted["kind"], drifted["_id"], drifted["name"], drifted["what"]) == (
        "component",
        "web",
        "Web",
        "changed",
    )
    assert drifted["planned"] == {
        "version": 1,
        "attributes": {"cost": {"old": 5, "new": 6}, "note": {"old": "kept", "new": "ours"}},
    }
    assert drifted["now"] == {"version": 2, "attributes": {"cost": 7, "note": "kept"}}
    assert (drifted["who"], drifted["when"]) == ("Emulator User", when)
    sentence = f"since the plan: 1 entity drifted: component 'Web' changed by 'Emulator User' at {when}"
    assert sentence in result["sentence"]
    values = held(ardoq, "web")["customFields"]
    if way == "replan":
        assert values == {"cost": 6, "note": "ours"}
        assert [entity["_id"] for entity in result["replanned"]] == ["web"]
        assert drifted["changes"] == []
        update = client.get_report()["changes"][0]
        assert (update["version"], update["attributes"]["cost"]) == (2, {"old": 7, "new": 6})
    else:
        assert values == {"cost": 7, "note": "kept"}
    if way == "skip":
        assert [change["attributes"]["cost"]["new"] for change in drifted["changes"]] == [6]
        assert counts(client.get_report()) == {"new_comps": 1}


def test_replanning_can_be_reviewed_first(ardoq, new_sync, other):
    """A simulated client that re-plans what has drifted has the new plan, at the versions of now."""
    plan = planning(new_sync, web_costs(6), lambda client: client.create_component(row("New")))
    other.patch_component("web", payload={"cost": 7})
    preview = new_sync(simulate=True)
    preview.apply(plan, on_drift="replan")
    again = preview.plan
    assert [(change["action"], change["version"]) for change in again.changes] == [
        ("update", 2),
        ("create", None),
    ]
    assert again.changes[0]["attributes"]["cost"] == {"old": 7, "new": 6}
    client = new_sync()
    assert outcomes(client.apply(again)) == {"applied": 2}
    assert held(ardoq, "web")["customFields"]["cost"] == 6


def test_what_is_as_wanted_already_is_left(ardoq, new_sync, sync, other):
    """If another client made the planned change, nothing is written and nothing has drifted."""
    plan = planning(
        new_sync,
        web_costs(6, areas=["North", "South"]),
        lambda client: client.create_component(row("New", cost="7")),
        lambda client: client.create_reference({**WEB_SHOP, "type": 2}),
        lambda client: client.del_component("till"),
    )
    assert len(plan) == 5
    other.patch_component("web", payload={"areas": ["South", "North"], "cost": "6.0", "note": "theirs"})
    created = other.create_component(row("New", cost=7, note="theirs"))
    other.create_reference({**WEB_SHOP, "type": 2, "rootWorkspace": "ws1"})
    other.del_component("till")
    before = ardoq.dump()
    ardoq.clear_requests()
    result = sync.apply(plan)
    assert outcomes(result) == {"already_applied": 5}
    assert result["ids"]["simulated-1"] == created["_id"]
    assert writes(ardoq) == []
    assert ardoq.dump() == before


def test_what_somebody_else_made_otherwise_has_moved(ardoq, new_sync, sync, other):
    """A create that finds an existing component with other values keeps it, and references use its id."""

    def step(client):
        created = client.create_component(row("New", cost=7))["_id"]
        client.create_reference({"source": created, "target": "web", "type": 1})

    plan = planning(new_sync, step)
    theirs = other.create_component(row("new", cost=8))
    result = sync.apply(plan)
    assert outcomes(result) == {"applied": 1, "drifted": 1}
    (drifted,) = result["drifted"]
    assert (drifted["what"], drifted["_id"], drifted["planned"]["version"]) == (
        "created",
        theirs["_id"],
        None,
    )
    assert drifted["now"]["attributes"]["cost"] == 8
    assert held(ardoq, theirs["_id"])["customFields"] == {"cost": 8}
    assert held(ardoq, result["applied"][0]["_id"])["source"] == theirs["_id"]
    assert outcomes(new_sync().apply(plan, on_drift="replan")) == {"replanned": 1, "already_applied": 1}
    assert held(ardoq, theirs["_id"])["customFields"] == {"cost": 7}


def test_a_create_is_matched_by_the_field_of_its_row(ardoq, new_sync, sync, other):
    """A component that is matched by a field is so when it is applied: names do not matter then."""
    plan = planning(
        new_sync, lambda client: client.create_component(row("Named", code="K-9"), field_name="code")
    )
    other.create_component(row("Named", code="other"))
    theirs = other.create_component(row("Called", code="K-9"))
    result = sync.apply(plan)
    assert [entity["_id"] for entity in result["drifted"]] == [theirs["_id"]]
    other.del_component(theirs["_id"])
    assert outcomes(sync.apply(plan)) == {"applied": 1}
    assert names_in(ardoq).count("Named") == 2


@pytest.mark.immediate
def test_a_conflict_on_the_way_is_a_move(ardoq, new_sync, other):
    """A change between the check and the write is not overwritten and not planned again."""
    plan = planning(new_sync, web_costs(6), lambda client: client.create_component(row("New")))
    for way in ("skip", "refuse"):
        client = new_sync()
        revise = client.api.components.apply_changes

        def raced(current, changes, revise=revise):
            other.patch_component("web", payload={"cost": 7})
            return revise(current, changes)

        client.api.components.apply_changes = raced
        if way == "skip":
            result = client.apply(plan)
            assert outcomes(result) == {"applied": 1, "drifted": 1}
            assert result["drifted"][0]["now"]["attributes"] == {"cost": 7}
        else:
            ardoq.load(seed([stored_component("web", "Web", cost=5, note="kept")]))
            with pytest.raises(PlanDrifted, match=r"while the plan was being applied: 0 of its 2"):
                client.apply(plan, on_drift=way)
        assert held(ardoq, "web")["customFields"]["cost"] == 7


def test_deleted_entity_is_reported(ardoq, new_sync, sync, other):
    """An update of a deleted entity has drifted, and re-planning does not create it again."""
    plan = planning(new_sync, web_costs(6))
    other.del_component("web")
    for way in ("skip", "replan"):
        result = sync.apply(plan, on_drift=way)
        (drifted,) = result["drifted"]
        assert (drifted["what"], drifted["now"], drifted["who"], drifted["when"]) == (
            "deleted",
            None,
            None,
            None,
        )
        assert "component 'Web' deleted" in result["sentence"]
        assert len(drifted["changes"]) == 1
    assert sync.get_report()["status"] == "success"


def test_a_delete_is_looked_at_right_before(ardoq, new_sync, other):
    """What was changed since it was loaded is not deleted, though Ardoq would not check it."""
    plan = planning(new_sync, lambda client: client.del_reference("web-shop"))
    client = new_sync()
    load = client._engine.load

    def raced(ws_ids):
        load(ws_ids)
        theirs = other.get_reference(ref_id="web-shop")
        other.update_reference("web-shop", {**theirs, "displayText": "theirs"})

    client._engine.load = raced
    for way in ("skip", "replan"):
        result = client.apply(plan, on_drift=way)
        assert [(entity["_id"], entity["what"]) for entity in result["drifted"]] == [("web-shop", "changed")]
        assert outcomes(result) == {"drifted": 1}
    assert held(ardoq, "web-shop")["displayText"] == "theirs"


@pytest.mark.parametrize("way", ["skip", "replan"])
@pytest.mark.parametrize("action", ["delete", "update"])
@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("_id", "shop", "component 'Till': the name of shop in Ardoq is 'Shop', not 'Till' as in the plan"),
        ("name", "N11", "component 'N11': the name of till in Ardoq is 'Till', not 'N11' as in the plan"),
        ("type", "Server", "the type of till in Ardoq is 'Service', not 'Server' as in the plan"),
        ("rootWorkspace", "ws2", "the workspace of till in Ardoq is 'ws1', not 'ws2' as in the plan"),
    ],
)
def test_entry_is_about_what_it_names(ardoq, new_sync, sync, way, action, key, value, sentence):
    """An entry with the id of something with another name, type or workspace is listed, never applied."""

    def decide(client):
        if action == "delete":
            client.del_component("till")
        else:
            client.update_component("till", {"cost": 9})

    plan = planning(new_sync, decide)
    number = next(n for n, change in enumerate(plan.changes) if change["_id"] == "till")
    plan.changes = [{**plan.changes[number], key: value}]
    before = ardoq.dump()
    result = sync.apply(plan, on_drift=way)
    assert outcomes(result) == {"drifted": 1}
    assert [entry["what"] for entry in result["drifted"]] == ["other"]
    assert sentence in result["sentence"]
    assert ardoq.dump() == before


def test_reference_is_named_after_its_ends_before_or_after_a_rename(ardoq, new_sync, sync):
    """A change of a reference is applied, again too, if the plan renames an end; not to another reference."""

    def decide(client):
        client.update_reference("web-shop", {"displayText": "new"})
        client.update_component("shop", {"name": "Shop 2"})
        client.update_reference("shop-host", {"displayText": "new"})

    plan = planning(new_sync, decide)
    assert outcomes(sync.apply(plan)) == {"applied": 3}
    assert outcomes(sync.apply(plan)) == {"already_applied": 3}
    plan = planning(new_sync, lambda client: client.del_reference("host-till"))
    plan.changes[0] |= {"_id": "web-shop", "type": 1}
    result = sync.apply(plan)
    assert outcomes(result) == {"drifted": 1}
    assert "the name of web-shop in Ardoq is 'Web -> Shop 2', not 'Host -> Till'" in result["sentence"]


@pytest.mark.parametrize("what", ["below", "edited", "reference", "far reference"])
def test_nothing_goes_along_that_the_plan_does_not_name(ardoq, new_sync, sync, other, what):
    """A component stays where something new, or changed since, would go with it; so does what went along."""
    plan = planning(new_sync, lambda client: client.del_component("shop"), web_costs(6))
    if what == "below":
        theirs = other.create_component(row("Theirs", parent="till"))["_id"]
    elif what == "edited":
        theirs = other.patch_component("till", payload={"note": "theirs"})["_id"]
    else:
        ends = ("web", "till") if what == "reference" else ("host", "shop")
        ws = "ws1" if what == "reference" else "ws2"
        theirs = other.create_reference(
            {"source": ends[0], "target": ends[1], "type": 1, "rootWorkspace": ws}
        )["_id"]
    before = names_in(ardoq)
    result = sync.apply(plan)
    along = [entry for entry in result["drifted"] if entry["what"] == "cascade"]
    assert [entry["_id"] for entry in along] == ["shop"]
    assert [entity["_id"] for entity in along[0]["cascade"]] == [theirs]
    assert along[0]["cascade"][0]["who"] == "Emulator User"
    assert re.search(r"changed by 'Emulator User' at \S+, would be deleted with it", result["sentence"])
    assert {entity["_id"] for entity in result["not_deleted"]} == {
        "till",
        "web-shop",
        "shop-host",
        "host-till",
    } - {theirs}
    assert all("'Shop' is not deleted" in item["reason"] for item in result["not_deleted"])
    assert names_in(ardoq) == before
    assert [entity["_id"] for entity in result["applied"]] == ["web"]


def test_less_may_go_along(ardoq, new_sync, sync, other):
    """A child that was moved away stays, is reported, and does not prevent the delete."""
    plan = planning(new_sync, lambda client: client.del_component("shop"))
    other.patch_component("till", payload={"parent": None})
    other.del_reference("web-shop")
    result = sync.apply(plan)
    assert names_in(ardoq) == ["Web", "Till"]
    assert [(entity["_id"], entity["what"]) for entity in result["drifted"]] == [
        ("till", "changed"),
        ("host-till", "changed"),
    ]
    assert [entity["_id"] for entity in result["already_applied"]] == ["web-shop"]


def test_delete_after_the_last_child_was_moved(ardoq, new_sync, sync):
    """What the plan itself moves out from under a component does not go with it."""

    def step(client):
        client.update_component("till", {"parent": None})
        client.del_component("shop")

    plan = planning(new_sync, step)
    assert set(outcomes(sync.apply(plan))) == {"applied"}
    assert names_in(ardoq) == ["Web", "Till"]


@pytest.mark.immediate
def test_what_is_created_and_deleted_again_is_made_only_if_needed(ardoq, new_sync, sync):
    """A component that a plan makes for a while is made where something has to be put below it, else not."""

    def for_nothing(client):
        created = client.create_component(row("For nothing"))["_id"]
        client.del_component(created)

    def for_a_while(client):
        created = client.create_component(row("For a while"))["_id"]
        client.update_component("till", {"parent": created})
        client.del_component(created)

    plan = planning(new_sync, for_nothing, for_a_while)
    result = sync.apply(plan)
    assert names_in(ardoq) == ["Web", "Shop"]
    assert [method for method, *_ in writes(ardoq)] == ["POST", wire_terms().change, "DELETE"]
    assert outcomes(result) == {"already_applied": 2, "applied": 5}
    ardoq.clear_requests()
    assert outcomes(new_sync().apply(plan)) == {"already_applied": 7}
    assert writes(ardoq) == []


@pytest.mark.immediate
def test_what_needs_a_create_that_failed_fails_for_that_reason(ardoq, new_sync):
    """With collect, what depends on a refused create is not sent but reported; the rest is written."""

    def step(client):
        created = client.create_component(row("New"), label="line 1")["_id"]
        client.create_component(row("Below", parent=created), label="line 2")
        client.update_component(created, {"cost": 1})

    plan = planning(new_sync, step, web_costs(6))
    ardoq.fail(status=422, method="POST")
    client = new_sync(on_error="collect")
    result = client.apply(plan)
    assert outcomes(result) == {"failed": 3, "applied": 1}
    reasons = [failure["reason"] for failure in result["failed"]]
    assert "422" in reasons[0]
    assert "parent is component 'New', which was not created" in reasons[1]
    assert "422" in reasons[1]
    assert "component 'New' was not created" in reasons[2]
    report = client.get_report()
    assert (report["status"], report["failed_comps"]) == ("failure", 3)
    assert [failure["label"] for failure in report["failed_comps_l"]] == ["line 1", "line 2", None]
    assert [method for method, *_ in writes(ardoq)] == ["POST", wire_terms().change]
    assert set(outcomes(new_sync().apply(plan))) == {"applied", "already_applied"}


@pytest.mark.parametrize("on_drift", ["skip", "refuse"])
def test_raise_stops_at_the_change_that_fails(ardoq, new_sync, other, on_drift):
    """Applying stops where a change fails; with refuse, what can be foreseen fails before a write."""
    plan = planning(
        new_sync,
        web_costs(6),
        lambda client: client.create_reference({"source": "shop", "target": "till", "type": 1}),
        lambda client: client.create_component(row("New")),
    )
    other.del_component("till")
    ardoq.clear_requests()
    client = new_sync()
    with pytest.raises(InvalidInput, match="till"):
        client.apply(plan, on_drift=on_drift)
    assert len(writes(ardoq)) == (1 if on_drift == "skip" else 0)
    report = client.get_report()
    assert (report["status"], report["failed_refs"]) == ("failure", 1)


@pytest.mark.immediate
def test_a_plan_of_one_version_is_applied_on_the_other(ardoq, new_sync, version):
    """A plan made on v1 is applied on v2, and the other way round; a second time there is nothing to do."""

    def step(client):
        created = client.create_component(row("New", cost=1, since="2024-05-01"))["_id"]
        client.create_reference({"source": created, "target": "web", "type": 1, "displayText": "text"})
        client.del_component("till")

    plan = planning(new_sync, step, web_costs(6, areas=["South"]))
    there = {"v1": "v2", "v2": "v1"}[version]
    assert outcomes(new_sync(version=there).apply(plan)) == {"applied": len(plan)}
    for on in ("v1", "v2"):
        assert outcomes(new_sync(version=on).apply(plan)) == {"already_applied": len(plan)}


def test_what_the_other_version_cannot_do_fails_alone(ardoq, new_sync, version):
    """An attribute that v1 offers and v2 does not fails on v2 with its reason."""
    if version == "v2":
        return
    plan = planning(new_sync, lambda client: client.update_component("web", {"isPublic": True}), web_costs(6))
    del plan.changes[1:]
    result = new_sync(version="v2", on_error="collect").apply(plan)
    assert "isPublic" in result["failed"][0]["reason"]


def test_a_plan_for_another_ardoq_is_refused(new_sync, sync):
    """A plan for another host is not applied unless the caller allows it."""
    plan = planning(new_sync, web_costs(6))
    here = plan.origin["host"]
    plan.origin["host"] = "https://another.ardoq.com"
    with pytest.raises(InvalidInput, match=r"made for the host 'https://another\.ardoq\.com'"):
        sync.apply(plan)
    plan.origin["host"] = here.upper()
    assert outcomes(sync.apply(plan)) == {"applied": 1}


def test_only_plans_are_applied(new_sync, sync):
    """What is no plan, or makes no sense, or a way that there is not, is refused before anything is asked."""
    plan = planning(new_sync, web_costs(6))
    with pytest.raises(InvalidInput, match="plan is a dict: give a Plan"):
        sync.apply(plan.as_dict())
    with pytest.raises(InvalidInput, match="on_drift is 'overwrite': give 'skip', 'refuse' or 'replan'"):
        sync.apply(plan, on_drift="overwrite")
    plan.changes[0]["version"] = None
    with pytest.raises(InvalidInput, match="version"):
        sync.apply(plan)


def test_what_is_loaded_is_loaded_again(ardoq, new_sync, sync, other):
    """A client that has the workspaces loaded looks again before it applies."""
    sync.load_workspaces(["ws1", "ws2"])
    plan = planning(new_sync, web_costs(6))
    other.patch_component("web", payload={"cost": 7})
    before = count_loads(ardoq)
    assert outcomes(sync.apply(plan)) == {"drifted": 1}
    assert count_loads(ardoq) == before + 1
    with pytest.raises(NotFoundError):
        sync.get_component(comp_id="nothing")


def test_applying_names_nothing_of_the_source(ardoq, new_sync, sync):
    """What a plan touches is no row of the source: neither it nor its neighbours become cache misses."""
    sync.create_component(row("Web"))
    plan = planning(new_sync, lambda client: client.create_component(row("Till", type_id="svc", cost=1)))
    sync.apply(plan)
    assert [miss["_id"] for miss in sync.get_report()["cache_miss_comps"]] == ["shop"]


def test_the_plan_of_a_live_run_is_done_already(ardoq, new_sync, sync):
    """What a live run has done is there already when its plan is applied."""
    created = sync.create_component(row("New"))["_id"]
    sync.create_reference({"source": created, "target": "web", "type": 1})
    web_costs(6)(sync)
    web_costs(7)(sync)
    sync.del_component("till")
    sync.flush()
    ardoq.clear_requests()
    assert outcomes(new_sync().apply(sync.plan)) == {"already_applied": len(sync.plan)}
    assert writes(ardoq) == []


@pytest.mark.usefixtures("rewritten_times")
def test_what_ardoq_keeps_otherwise_is_there_when_known(ardoq, new_sync, sync):
    """A value that Ardoq is known to keep in its own way counts as there, for whoever knows it."""
    plan = planning(
        new_sync, lambda client: client.create_component(row("Web", since="2024-05-01T10:00:00.123456Z"))
    )
    assert outcomes(sync.apply(plan)) == {"applied": 1}
    assert outcomes(new_sync(previous_report=sync.get_report()).apply(plan)) == {"already_applied": 1}
    assert outcomes(new_sync().apply(plan)) == {"drifted": 1}


def test_parallel_references_are_distinguished(ardoq, new_sync, sync, other):
    """A changed reference is kept, and reported with the names of its ends."""
    ardoq.load(
        seed([stored_component("a", "A"), stored_component("b", "B")], [stored_reference("r", "a", "b")])
    )
    plan = planning(
        new_sync,
        lambda client: client.create_reference({"source": "a", "target": "b", "type": 1, "displayText": "x"}),
    )
    theirs = other.get_reference(ref_id="r")
    other.update_reference("r", {**theirs, "displayText": "theirs"})
    result = sync.apply(plan)
    assert "reference 'A -> B' changed by 'Emulator User'" in result["sentence"]
    assert held(ardoq, "r")["displayText"] == "theirs"


def test_the_same_version_with_other_values_is_not_what_was_decided_on(ardoq, new_sync, sync):
    """Where the version is the planned one and the values are not (an Ardoq set back), nothing is written."""
    plan = planning(new_sync, web_costs(6))
    ardoq.load(seed([stored_component("web", "Web", cost=4)]))
    result = sync.apply(plan)
    assert outcomes(result) == {"drifted": 1}
    assert result["drifted"][0]["now"] == {"version": 1, "attributes": {"cost": 4}}


def test_creates_of_one_name_are_as_many_as_planned(ardoq, new_sync, sync, other):
    """Rows matched by a field that they do not write make duplicates: as many as planned, and once."""
    other.create_component(row("New", note="theirs"))

    def step(client):
        for code in ("A", "B"):
            client.create_component(row("New", cost=1), field_name="code", field_value=code)

    plan = planning(new_sync, step)
    assert outcomes(sync.apply(plan)) == {"applied": 2}
    assert names_in(ardoq).count("New") == 3
    result = new_sync().apply(plan)
    assert outcomes(result) == {"already_applied": 2}
    assert len(set(result["ids"].values())) == 2


def test_what_is_created_and_renamed_is_known_by_its_last_name(ardoq, new_sync, sync):
    """A component that the plan creates under one name and gives another is there already under that."""

    def step(client):
        created = client.create_component(row("New"))["_id"]
        client.update_component(created, {"name": "Newer"})
        client.create_component(row("New", cost=1))

    plan = planning(new_sync, step)
    assert outcomes(sync.apply(plan)) == {"applied": 3}
    assert outcomes(new_sync().apply(plan)) == {"already_applied": 3}
    assert sorted(names_in(ardoq)) == ["New", "Newer", "Shop", "Till", "Web"]


def test_what_went_along_is_not_asked_for(ardoq, new_sync, sync, version):
    """A deleted component is checked once, not once for each entity deleted along."""
    plan = planning(new_sync, lambda client: client.del_component("web"))
    assert len(plan) == 6
    sync.apply(plan)
    ardoq.clear_requests()
    assert outcomes(new_sync().apply(plan)) == {"already_applied": 6}
    assert [request.path for request in ardoq.requests if request.status == 404] == [
        f"{wire_terms().components}/web"
    ]


def test_a_component_is_not_deleted_over_a_new_reference_from_afar(ardoq, new_sync, sync, other):
    """Every workspace that the planning run had loaded is looked at before a component is deleted."""
    other.create_component(row("Alone"))
    alone = other.find_component("ws1", "Alone")[0]["_id"]
    plan = planning(new_sync, lambda client: client.del_component(alone))
    assert {change["rootWorkspace"] for change in plan.changes} == {"ws1"}
    other.create_reference({"source": "host", "target": alone, "type": 1, "rootWorkspace": "ws2"})
    assert outcomes(sync.apply(plan)) == {"drifted": 1}
    assert held(ardoq, alone)["name"] == "Alone"


def test_reference_kept_with_one_end_is_deleted_with_the_other(ardoq, new_sync, sync, other):
    """A reference held up by the component at its one end goes with the component at its other end."""
    ardoq.load(
        seed(
            [stored_component("a", "A"), stored_component("c", "C", parent="a"), stored_component("b", "B")],
            [stored_reference("r", "c", "b")],
        )
    )
    plan = planning(
        new_sync, lambda client: client.del_component("a"), lambda client: client.del_component("b")
    )
    other.patch_component("c", payload={"note": "theirs"})
    result = sync.apply(plan)
    assert {entity["_id"] for entity in result["applied"]} == {"b", "r"}
    assert {entity["_id"]: entity["what"] for entity in result["drifted"]} == {"a": "cascade", "c": "changed"}
    assert result["not_deleted"] == []
    assert sorted(names_in(ardoq)) == ["A", "C"]


def test_applying_alone_leaves_no_cache_misses(ardoq, new_sync, sync):
    """A run that only applies a plan has read no source: nothing is missing from it."""
    plan = planning(new_sync, web_costs(6))
    sync.apply(plan)
    report = sync.get_report()
    assert (counts(report), report["cache_miss_comps"]) == ({"updated_comps": 1}, [])


def test_refusing_looks_once(ardoq, new_sync, sync):
    """What is rehearsed before applying is what was loaded for it; of a simulation, its own state."""
    plan = planning(new_sync, web_costs(6), lambda client: client.create_component(row("New")))
    ardoq.clear_requests()
    assert outcomes(sync.apply(plan, on_drift="refuse")) == {"applied": 2}
    assert count_loads(ardoq) == 1
    ardoq.load(seed([stored_component("web", "Web", cost=5)]))
    client = new_sync(simulate=True)
    web_costs(7)(client)
    with pytest.raises(PlanDrifted, match="component 'Web' changed"):
        client.apply(plan, on_drift="refuse")
    assert client.get_report()["new_comps"] == 0


@pytest.mark.waiting
def test_what_ardoq_refuses_in_a_batch_fails_alone(ardoq, new_sync):
    """A poison change fails with its reason, what refers to it fails too, and all others are applied."""
    with new_sync(simulate=True) as preview:
        bad = preview.create_component(row("Bad", description=5), label="line 1")
        preview.create_component(row("Below", parent=bad["_id"]))
        preview.create_component(row("Good"))
        preview.create_component(row("Web", cost=6))
        plan = preview.plan
    client = new_sync(on_error="collect")
    result = client.apply(plan)
    assert outcomes(result) == {"applied": 2, "failed": 2}
    assert [failure["name"] for failure in result["failed"]] == ["Bad", "Below"]
    assert "description" in result["failed"][0]["reason"]
    assert names_in(ardoq)[-1] == "Good"
    assert counts(client.get_report()) == {"new_comps": 1, "updated_comps": 1, "failed_comps": 2}


@pytest.mark.waiting
def test_a_conflict_in_a_batch_is_a_move(ardoq, new_sync):
    """Drift that appears when the batch is sent is listed and not planned again."""
    with new_sync(simulate=True) as preview:
        preview.create_component(row("Web", cost=6))
        plan = preview.plan
    client = new_sync()
    ardoq.fail(status=409, method="POST", times=99)
    result = client.apply(plan)
    ardoq.clear_faults()
    assert outcomes(result) == {"drifted": 1}
    assert held(ardoq, "web")["customFields"]["cost"] == 5
    assert counts(client.get_report()) == {}


@pytest.mark.waiting
def test_a_large_plan_goes_in_batches(ardoq, new_sync):
    """A plan is sent as many changes at a time as a batch holds, and its ids are those in Ardoq."""
    with new_sync(simulate=True) as preview:
        above = None
        for number in range(25):
            above = preview.create_component(row(f"C{number}", parent=above and above["_id"]))
        preview.create_reference({"source": above["_id"], "target": "web", "type": 1})
        plan = preview.plan
    result = new_sync(batch=10).apply(plan)
    assert outcomes(result) == {"applied": 26}
    assert len(writes(ardoq)) == 3
    assert set(result["ids"].values()) <= {
        entity["_id"] for key in ("components", "references") for entity in ardoq.dump()[key]
    }
    assert not any("batch-" in str(entity_id) for entity_id in result["ids"].values())


@pytest.mark.parametrize("end", ["source", "target"])
def test_plan_that_changes_an_end(ardoq, new_sync, end):
    """A reference is named after its ends: a plan that changes one has not drifted by that."""
    preview = new_sync(simulate=True)
    preview.load_workspaces(["ws1"])
    new = preview.create_component(row("New"))
    preview.update_reference("web-shop", {end: new["_id"]})
    preview.update_reference("shop-host", {"target": "till"})
    result = new_sync().apply(preview.plan)
    assert (len(result["applied"]), result["drifted"]) == (3, [])
    references = {ref["_id"]: ref for ref in ardoq.dump()["references"]}
    assert references["web-shop"][end] == result["ids"][new["_id"]]
    assert references["shop-host"]["target"] == "till"


def test_applied_again_after_a_move_to_another_workspace(ardoq, new_sync):
    """A reference that a plan creates and moves to another workspace is not created twice."""
    components = [stored_component(name, name) for name in ("a", "b")]
    ardoq.load(seed([*components, stored_component("far", "far", "ws2")], []))
    preview = new_sync(simulate=True)
    new = preview.create_reference({"source": "a", "target": "b", "type": 1, "rootWorkspace": "ws1"})
    preview.update_reference(new["_id"], {"source": "far"})
    plan = preview.plan.as_dict()
    for _ in range(2):
        new_sync(on_error="collect").apply(Plan.from_dict(plan))
    references = ardoq.dump()["references"]
    assert [(ref["source"], ref["target"]) for ref in references] == [("far", "b")]
