"""What is written and what is left alone: rows, ids, and others who write too."""

import threading

import pytest
from sync_scenarios import (
    UNUSUAL_NAMES,
    WEB_SHOP,
    attributes_of,
    count_loads,
    counts,
    held,
    names_in,
    request_lines,
    row,
    seed,
    stored_component,
    value,
    wire_terms,
    writes,
)

from ardoqpy import (
    ArdoqClientException,
    BadRequest,
    Conflict,
    InvalidInput,
    NotFoundError,
    UnsupportedOperation,
)


@pytest.mark.immediate
def test_what_is_missing_is_created(ardoq, sync):
    """A row without a match creates one component, returned as Ardoq stored it."""
    comp = sync.create_component(row("New", parent="web", cost="12", areas=["a"]))
    assert writes(ardoq) == [("POST", wire_terms().components, 201)]
    stored = held(ardoq, comp["_id"])
    assert (stored["name"], stored["parent"], stored["customFields"]) == (
        "New",
        "web",
        {"cost": 12, "areas": ["a"]},
    )
    assert value(comp, "cost") == 12
    assert comp["type"] == "Application"


@pytest.mark.immediate
def test_what_differs_is_updated(ardoq, sync):
    """A row that differs is sent once, and only the differing attributes change."""
    before = held(ardoq, "web")
    comp = sync.create_component(row("Web", cost=6))
    assert writes(ardoq) == [(wire_terms().change, f"{wire_terms().components}/web", 200)]
    assert value(comp, "cost") == 6
    stored = held(ardoq, "web")
    assert stored["customFields"] == {**before["customFields"], "cost": 6}
    assert {key: stored[key] for key in ("name", "parent", "typeId", "order")} == {
        key: before[key] for key in ("name", "parent", "typeId", "order")
    }


def test_what_is_the_same_is_kept(ardoq, sync):
    """A row equal to what Ardoq holds sends nothing, in any form."""
    comp = sync.create_component(row("Web", cost="5.0", note="kept", description=None, parent=None))
    assert comp["_id"] == "web"
    assert writes(ardoq) == []


def test_null_clears_a_value(ardoq, sync):
    """A null in the row takes the stored value away, once."""
    sync.create_component(row("Web", cost=None))
    assert held(ardoq, "web")["customFields"] == {"note": "kept"}
    sync.create_component(row("Web", cost=None))
    assert len(writes(ardoq)) == 1


@pytest.mark.immediate
def test_deleted_component_is_removed(ardoq, sync):
    """A delete removes the component from Ardoq and returns an empty dict."""
    assert sync.del_component("till") == {}
    assert sync.del_reference("web-shop") == {}
    assert [method for method, _, _ in writes(ardoq)] == ["DELETE", "DELETE"]
    assert names_in(ardoq) == ["Web", "Shop"]


@pytest.mark.immediate
def test_references_go_the_same_way(ardoq, sync):
    """A reference is created, kept and updated by the same rules."""
    created = sync.create_reference({"source": "till", "target": "web", "type": 2, "displayText": "t"})
    assert (created["rootWorkspace"], held(ardoq, created["_id"])["displayText"]) == ("ws1", "t")
    assert sync.create_reference({**WEB_SHOP, "displayText": "as it was"})["_id"] == "web-shop"
    sync.create_reference({**WEB_SHOP, "displayText": "new"})
    assert held(ardoq, "web-shop")["displayText"] == "new"
    assert [method for method, _, _ in writes(ardoq)] == ["POST", wire_terms().change]
    assert counts(sync.get_report()) == {"new_refs": 1, "cache_hit_refs": 1, "updated_refs": 1}


def test_a_reference_across_workspaces(ardoq, sync):
    """The target may be in another workspace, loaded or not, and the answer names it."""
    created = sync.create_reference({"source": "till", "target": "host", "type": 1})
    assert (created["rootWorkspace"], created["targetWorkspace"]) == ("ws1", "ws2")
    assert not [path for path in request_lines(ardoq) if "/ws2/" in path]


@pytest.mark.parametrize("name", UNUSUAL_NAMES)
def test_a_custom_field_may_be_called_anything(ardoq, either, name):
    """A custom field of a component is synced whatever its name, also one built in on other kinds."""
    assert value(either.create_component(row("New", **{name: "live"})), name) == "live"
    assert value(either.create_component(row("Web", **{name: "live"})), name) == "live"
    report = either.get_report()
    assert counts(report) == {"new_comps": 1, "updated_comps": 1}
    either.create_component(row("Web", **{name: "live"}))
    assert either.get_report()["cache_hit_comps"] == 1


def test_repeated_new_row_creates_one_component(ardoq, either):
    """Two rows for one new component, and two for one new reference, are a create and a hit each."""
    first = either.create_component(row("New", cost=1))
    assert either.create_component(row("NEW", cost="1"))["_id"] == first["_id"]
    ref = {"source": first["_id"], "target": "web", "type": 2}
    assert either.create_reference(ref)["_id"] == either.create_reference(ref)["_id"]
    report = either.get_report()
    assert counts(report) == {"new_comps": 1, "cache_hit_comps": 1, "new_refs": 1, "cache_hit_refs": 1}
    if not either.simulate:
        assert names_in(ardoq).count("New") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": None},
        {"name": ""},
        {"typeId": "nothing"},
        {"typeId": None},
        {"typeId": ["app"]},
        {"parent": "nothing"},
        {"parent": "host"},
        {"parent": "a/b"},
        {"cost": float("nan")},
        {"cost": {1, 2}},
    ],
    ids=lambda wrong: "-".join(f"{key}-{value}" for key, value in wrong.items()),
)
@pytest.mark.unsent
def test_a_row_that_makes_no_sense_is_refused(ardoq, either, wrong):
    """A row that cannot be stored raises the same live and simulated, and nothing is written or kept."""
    either.get_workspace("ws1")
    before = dict(either.ws)
    with pytest.raises(InvalidInput):
        either.create_component({**row("New"), **wrong})
    assert writes(ardoq) == []
    assert dict(either.ws) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": None},
        {"source": "nothing"},
        {"target": "nothing"},
        {"target": {"_id": "web"}},
        {"type": 9},
        {"rootWorkspace": "ws2"},
    ],
    ids=lambda wrong: "-".join(f"{key}-{value}" for key, value in wrong.items()),
)
def test_a_reference_that_makes_no_sense_is_refused(ardoq, either, wrong):
    """A reference that cannot be stored raises the same live and simulated, and nothing is written."""
    with pytest.raises(InvalidInput):
        either.create_reference({"source": "till", "target": "web", "type": 1, **wrong})
    assert writes(ardoq) == []


@pytest.mark.parametrize("parent", ["web", "shop", "till"])
def test_nothing_can_lie_below_itself(ardoq, either, parent):
    """A parent that is the component or lies below it is refused before it is sent."""
    with pytest.raises(InvalidInput, match="below"):
        either.create_component(row("Web", parent=parent))
    assert writes(ardoq) == []


@pytest.mark.parametrize("name", ["   ", "\t"])
def test_a_blank_name_is_refused_alike(either, name):
    """A name of blanks alone, which Ardoq refuses, a simulation refuses too."""
    with pytest.raises((InvalidInput, BadRequest)):
        either.create_component(row(name))


def test_a_batch_is_refused(sync):
    """batch_create would go past the cache, and is not done."""
    with pytest.raises(UnsupportedOperation, match="create_component"):
        sync.batch_create([row("New")], [])


def test_update_by_id_changes_what_is_given(ardoq, either):
    """update_component, patch_component and their like for references change the given attributes."""
    assert value(either.update_component("web", {"cost": 6}), "cost") == 6
    assert value(either.patch_component("web", payload={"cost": 7}), "note") == "kept"
    assert either.update_reference("web-shop", {"displayText": "a"})["displayText"] == "a"
    assert either.patch_reference("web-shop", payload={"displayText": "b"})["displayText"] == "b"
    assert counts(either.get_report()) == {"updated_comps": 2, "updated_refs": 2}


def test_update_by_id_with_nothing_new_is_a_hit(ardoq, either):
    """An update that changes nothing sends nothing, and counts as a hit."""
    either.update_component("web", {"cost": "5"})
    either.update_reference("web-shop", {"displayText": "as it was"})
    assert writes(ardoq) == []
    assert counts(either.get_report()) == {"cache_hit_comps": 1, "cache_hit_refs": 1}


@pytest.mark.parametrize("stale", [99, "99", 0])
def test_an_old_version_is_a_conflict(ardoq, either, stale):
    """A change of a version that Ardoq does not hold raises Conflict, and nothing is written."""
    for change in (
        lambda: either.patch_component("web", stale, {"cost": 9}),
        lambda: either.patch_reference("web-shop", stale, {"displayText": "x"}),
        lambda: either.update_component("web", {"_version": stale, "cost": 9}),
    ):
        with pytest.raises(Conflict):
            change()
    assert writes(ardoq) == []


def test_the_version_in_ardoq_is_no_conflict(either):
    """A change of the version that Ardoq holds goes through, and so does one of what was handed out."""
    comp = either.patch_component("web", 1, {"cost": 9})
    comp["cost"] = 10
    assert value(either.update_component("web", comp), "cost") == 10


def test_what_was_handed_out_before_a_change_is_a_conflict(either):
    """An update with an older version of a component is refused, in a simulation too."""
    old = either.create_component(row("Web"))
    either.create_component(row("Web", cost=6))
    with pytest.raises(Conflict):
        either.update_component("web", {**old, "cost": 7})
    assert value(either.create_component(row("Web", cost=6)), "cost") == 6
    assert counts(either.get_report())["updated_comps"] == 1


def test_old_version_of_a_created_component_is_a_conflict(either):
    """The same with what was created in this run: it is still there afterwards."""
    created = either.create_component(row("New", cost=1))
    either.create_component(row("New", cost=2))
    with pytest.raises(Conflict):
        either.update_component(created["_id"], {**created, "cost": 3})
    assert either.create_component(row("New", cost=2))["_id"] == created["_id"]


def test_what_is_not_there_cannot_be_updated(either):
    """An update of an id that Ardoq does not have raises NotFoundError."""
    with pytest.raises(NotFoundError):
        either.update_component("nothing", {"cost": 1})
    with pytest.raises(NotFoundError):
        either.update_reference("nothing", {"displayText": "x"})
    with pytest.raises(InvalidInput):
        either.update_component("a/b", {"cost": 1})


@pytest.mark.immediate
def test_what_others_wrote_meanwhile_survives(ardoq, sync, other):
    """An attribute that another client changed, and no row gives, keeps its value."""
    sync.get_workspace("ws1")
    other.patch_component("web", payload={"note": "theirs", "description": "theirs"})
    comp = sync.create_component(row("Web", cost=6))
    assert (value(comp, "note"), value(comp, "cost")) == ("theirs", 6)
    assert held(ardoq, "web")["customFields"] == {"cost": 6, "note": "theirs"}
    assert [status for _, _, status in writes(ardoq)] == [200, 409, 200]


def test_g9_what_others_wrote_is_not_overwritten_unseen(ardoq, sync, other):
    """The report of a change names the value that was in Ardoq then, not the one that had been loaded."""
    sync.get_workspace("ws1")
    other.patch_component("web", payload={"cost": 50})
    sync.create_component(row("Web", cost=6))
    change = sync.get_report()["changes"][0]
    assert attributes_of(change) == {"cost": (50, 6)}
    assert change["version"] == 2


def test_g9_what_others_made_as_wanted_is_a_hit(ardoq, sync, other):
    """If another client wrote the same value, nothing is written."""
    sync.get_workspace("ws1")
    other.patch_component("web", payload={"cost": 6})
    sync.create_component(row("Web", cost=6))
    assert counts(sync.get_report()) == {"cache_hit_comps": 1}
    assert held(ardoq, "web")["_version"] == 2


@pytest.mark.immediate
def test_g9_the_same_for_references(sync, other):
    """A changed reference is read and compared again."""
    sync.get_workspace("ws1")
    other.patch_reference("web-shop", payload={"displayText": "theirs", "description": "theirs"})
    ref = sync.create_reference({**WEB_SHOP, "displayText": "ours"})
    assert ref["description"] == "theirs"
    assert attributes_of(sync.get_report()["changes"][0]) == {"displayText": ("theirs", "ours")}


@pytest.mark.immediate
def test_g9_a_fight_is_given_up(ardoq, sync):
    """When Ardoq refuses the version again and again, that is a Conflict and no endless loop."""
    ardoq.fail(status=409, method=wire_terms().change, times=50)
    with pytest.raises(Conflict, match="again"):
        sync.create_component(row("Web", cost=6))
    assert len(writes(ardoq)) < 10
    assert held(ardoq, "web")["customFields"]["cost"] == 5


@pytest.mark.immediate
def test_what_others_deleted_is_created_again(ardoq, sync, other):
    """A row whose component was deleted since the load creates it again."""
    sync.get_workspace("ws1")
    other.del_component("web")
    comp = sync.create_component(row("Web", cost=6))
    assert comp["_id"] != "web"
    assert counts(sync.get_report()) == {"new_comps": 1}
    assert names_in(ardoq) == ["Web"]
    assert [component["name"] for component in sync.find_component("ws1", "")] == ["Web"]


@pytest.mark.immediate
def test_what_others_deleted_cannot_be_updated_by_id(sync, other):
    """An update by id of a deleted component raises NotFoundError."""
    sync.get_workspace("ws1")
    other.del_component("web")
    with pytest.raises(NotFoundError):
        sync.update_component("web", {"cost": 6})
    assert sync.find_component("ws1", "Web") == []


@pytest.mark.immediate
def test_next_match_is_used_when_the_first_is_deleted(ardoq, sync, other):
    """If the first of two matches was deleted, the other is the match, and no third is created."""
    ardoq.load(seed([stored_component("one", "Dup"), stored_component("two", "Dup")]))
    sync.get_workspace("ws1")
    other.del_component("one")
    assert sync.create_component(row("Dup", cost=6))["_id"] == "two"
    assert names_in(ardoq) == ["Dup"]


@pytest.mark.immediate
def test_what_a_delete_does_not_find_is_forgotten(ardoq, sync, other):
    """A delete of a deleted component raises NotFoundError, and the cache drops it."""
    sync.get_workspace("ws1")
    other.del_component("till")
    with pytest.raises(NotFoundError):
        sync.del_component("till")
    assert sync.find_component("ws1", "Till") == []
    assert sync.create_component(row("Till", type_id="svc"))["_id"] != "till"


def together(count, work):
    """Run the same work in several threads at once and raise what one of them raised."""
    start, problems = threading.Barrier(count), []

    def target():
        try:
            start.wait()
            work()
        except Exception as problem:  # noqa: BLE001  (the test is to see it)
            problems.append(problem)

    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def test_threads_share_one_client(ardoq, either):
    """Eight threads that create the same hundred components make a hundred creates and 700 hits."""

    def work():
        for number in range(100):
            either.create_component(row(f"Component {number}", cost=number))

    together(8, work)
    assert counts(either.get_report()) == {"new_comps": 100, "cache_hit_comps": 700}
    names = names_in(ardoq)
    assert len(names) == len(set(names)) == (3 if either.simulate else 103)
    assert count_loads(ardoq) == 1


def test_readers_and_writers_share_one_client(new_sync):
    """While some threads create, others may read the cache and the report as they like."""
    client = new_sync(simulate=True)
    numbers = iter(range(10_000))

    def work():
        for _ in range(20):
            number = next(numbers)
            client.create_component(row(f"Component {number}"))
            if number % 3:
                client.del_component(client.create_component(row(f"Passing {number}"))["_id"])
            assert client.ws["ws1"]["components"]
            assert client.get_report()["status"] == "success"
            client.find_component("ws1", "Component")

    together(6, work)
    assert client.get_report()["failed_comps"] == 0


def test_an_error_in_one_thread_does_not_lock_the_others_out(sync):
    """A row that raises lets the client go."""
    with pytest.raises(ArdoqClientException):
        sync.create_component({})
    together(2, lambda: sync.create_component(row("Web")))
    assert sync.get_report()["cache_hit_comps"] == 2


@pytest.mark.parametrize("by_field", [False, True])
def test_a_row_that_fails_is_not_a_cache_miss(new_sync, by_field):
    """What a row names is not missing from the source, though the row could not be carried out."""
    client = new_sync(on_error="collect")
    options = {"field_name": "code"} if by_field else {}
    client.create_component(row("Shop", code="S-1", parent="not-there"), **options)
    report = client.get_report()
    assert report["failed_comps"] == 1
    assert "shop" not in [comp["_id"] for comp in report["cache_miss_comps"]]
    assert "web" in [comp["_id"] for comp in report["cache_miss_comps"]]


def test_update_by_id_loses_nothing(ardoq, sync):
    """A type may be given by its name, and another workspace is refused: an update moves nothing there."""
    sync.update_component("shop", {"type": "Service"})
    sync.flush()
    assert held(ardoq, "shop")["typeId"] == "svc"
    for update, entity_id in ((sync.update_component, "shop"), (sync.update_reference, "web-shop")):
        with pytest.raises(InvalidInput, match=r"rootWorkspace is .+: an update cannot move it"):
            update(entity_id, {"rootWorkspace": "ws2", "description": "x"})
        update(entity_id, {"rootWorkspace": "ws1"})
    assert counts(sync.get_report())["failed_comps"] == 1
