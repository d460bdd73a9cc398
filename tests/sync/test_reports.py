"""The report of a run, with failed rows, and of a simulated run."""

import json
from decimal import Decimal

import pytest
from sync_scenarios import attributes_of, counts, row, seed, stored_component, stored_reference, value, writes

from ardoqpy import ConfigurationError, InvalidInput
from ardoqpy_sync import format_report


def test_report_has_the_keys_of_0_8_4(either):
    """Every key of 0.8.4's report is there from the start, of its type."""
    numbers = ["new_comps", "updated_comps", "del_comps", "new_refs", "updated_refs", "del_refs"]
    numbers += ["cache_hit_comps", "cache_hit_refs"]
    lists = ["new_comps_l", "updated_comps_l", "del_comps_l", "cache_hit_comps_l"]
    lists += ["cache_miss_comps", "cache_miss_refs"]
    for report in (either.report, either.get_report()):
        assert {key: report[key] for key in numbers} == dict.fromkeys(numbers, 0)
        assert {key: report[key] for key in lists} == {key: [] for key in lists}
        assert (report["status"], report["description"]) == ("success", None)


def test_each_count_has_a_list(either):
    """Each count has its list of what it counts, with id, name and type."""
    created = either.create_component(row("New"))
    either.create_component(row("Web", cost=6))
    either.create_component(row("Shop"))
    either.del_component("till")
    report = either.get_report()
    assert report["new_comps_l"] == [{"_id": created["_id"], "name": "New", "type": "Application"}]
    assert report["updated_comps_l"] == [
        {"_id": "web", "name": "Web", "type": "Application", "changes": {"cost": {"old": 5, "new": 6}}}
    ]
    assert report["cache_hit_comps_l"] == [{"_id": "shop", "name": "Shop", "type": "Application"}]
    assert report["del_comps_l"] == [{"_id": "till", "name": "Till", "type": "Service"}]


def test_changes_have_old_and_new_values(either):
    """The changes list in order what was created, updated and deleted, with old and new values."""
    either.get_workspace("ws1")
    created = either.create_component(row("New", cost=1))
    either.create_component(row("WEB", cost=6, note=None))
    either.create_component(row("Shop"))
    either.create_reference({"source": created["_id"], "target": "web", "type": 2, "displayText": "t"})
    either.del_component("till")
    changes = either.get_report()["changes"]
    assert [(change["action"], change["kind"], change["name"]) for change in changes] == [
        ("create", "component", "New"),
        ("update", "component", "WEB"),
        ("create", "reference", "New -> WEB"),
        ("delete", "component", "Till"),
    ]
    assert attributes_of(changes[0]) == {
        "name": (None, "New"),
        "typeId": (None, "app"),
        "rootWorkspace": (None, "ws1"),
        "cost": (None, 1),
    }
    assert attributes_of(changes[1]) == {"name": ("Web", "WEB"), "cost": (5, 6), "note": ("kept", None)}
    assert attributes_of(changes[2])["displayText"] == (None, "t")
    assert attributes_of(changes[3]) == {}
    assert [change["version"] for change in changes] == [None, 1, None, 1]
    assert {change["rootWorkspace"] for change in changes} == {"ws1"}


def test_cache_misses_are_of_touched_types(ardoq, either):
    """What no row named is missing if a row touched its type in its workspace, and else is not looked at."""
    components = [stored_component(f"a{number}", f"A{number}") for number in range(3)]
    components += [stored_component("s", "S", type_id="svc"), stored_component("h", "H", "ws2")]
    references = [stored_reference("r0", "a0", "a1"), stored_reference("r1", "a1", "a2")]
    references += [stored_reference("r2", "a0", "a2", 2)]
    ardoq.load(seed(components, references))
    either.get_workspace("ws2")
    assert either.get_report()["cache_miss_comps"] == []
    either.create_component(row("A0"))
    either.create_component(row("New"))
    either.create_reference({"source": "a0", "target": "a1", "type": 1})
    report = either.get_report()
    assert [comp["_id"] for comp in report["cache_miss_comps"]] == ["a1", "a2"]
    assert [ref["_id"] for ref in report["cache_miss_refs"]] == ["r1"]
    assert report["cache_miss_comps"][0]["name"] == "A1"
    assert report["cache_miss_comps"][0]["rootWorkspace"] == "ws1"
    either.del_component("a1")
    either.create_component(row("A2"))
    report = either.get_report()
    assert (report["cache_miss_comps"], report["cache_miss_refs"]) == ([], [])


def test_init_report_starts_a_new_run(either):
    """After init_report nothing is counted and nothing named, and the cache is what it was."""
    either.create_component(row("Web", cost=6))
    either.create_component(row("Shop"))
    either.init_report()
    assert counts(either.get_report()) == {}
    assert either.get_report()["changes"] == []
    either.create_component(row("Web", cost=6))
    report = either.get_report()
    assert counts(report) == {"cache_hit_comps": 1}
    assert [comp["_id"] for comp in report["cache_miss_comps"]] == ["shop"]


def test_report_is_a_snapshot(either):
    """Later rows do not change a report that get_report returned."""
    either.create_component(row("Web"))
    report = either.get_report()
    either.create_component(row("New"))
    assert either.get_report()["new_comps"] == 1
    assert (report["new_comps"], report["new_comps_l"], report["changes"]) == (0, [], [])
    assert either.get_report() == either.get_report()


def test_values_of_a_report_are_the_callers(either):
    """Changing a value in a report, such as a list that was written, changes no later report."""
    either.create_component(row("New", areas=["a"]))
    either.create_component(row("Web", areas=["b"]))
    for change in either.get_report()["changes"]:
        change["attributes"]["areas"]["new"].append("mine")
    written = [attributes_of(change)["areas"] for change in either.get_report()["changes"]]
    assert written == [(None, ["a"]), (None, ["b"])]


def test_report_as_text(either):
    """The text of a report lists what was created, changed, deleted, failed and is missing."""
    either.create_component(row("New"))
    either.create_component(row("Web", cost=6, score=9))
    either.del_component("till")
    with pytest.raises(InvalidInput):
        either.create_component({"name": "Half"})
    text = format_report(either.get_report())
    for part in ("New", "Web: cost: 5 -> 6", "Till", "Half", "Shop", "score", "failure"):
        assert part in text


def test_on_error_has_two_values(new_sync):
    """Anything but raise and collect is refused at once."""
    with pytest.raises(ConfigurationError, match="collect"):
        new_sync(on_error="ignore")


def test_on_error_raise_stops_at_the_bad_row(either):
    """By default a bad row raises, and the report has the failed row."""
    with pytest.raises(InvalidInput):
        either.create_component({"name": "Half", "rootWorkspace": "ws1"})
    report = either.get_report()
    assert (report["status"], report["failed_comps"]) == ("failure", 1)
    assert "typeId" in report["description"]


@pytest.mark.parametrize("simulate", [False, True])
def test_on_error_collect_continues_after_bad_rows(ardoq, new_sync, simulate):
    """With collect every bad row is reported with its reason, the good ones are done, the run has failed."""
    client = new_sync(simulate=simulate, on_error="collect")
    half = {"name": "Half", "rootWorkspace": "ws1"}
    answer = client.create_component(half)
    assert answer == {**half, "_id": None}
    client.create_reference({"source": answer["_id"], "target": "web", "type": 1})
    client.create_component("no row at all")
    client.update_component("nothing", {"cost": 1})
    assert client.del_component("nothing") == {}
    client.create_component(row("Good"))
    report = client.get_report()
    assert counts(report) == {"failed_comps": 4, "failed_refs": 1, "new_comps": 1}
    assert report["status"] == "failure"
    assert "5 row(s)" in report["description"]
    first = report["failed_comps_l"][0]
    assert (first["name"], first["row"], "typeId" in first["reason"]) == ("Half", half, True)
    assert half == {"name": "Half", "rootWorkspace": "ws1"}


@pytest.mark.immediate
def test_on_error_collect_includes_rows_that_ardoq_rejects(ardoq, new_sync):
    """Rows that Ardoq rejects are collected like rows that are rejected here, with Ardoq's message."""
    client = new_sync(on_error="collect")
    ardoq.fail(status=422, method="POST")
    client.create_component(row("New"))
    client.create_component(row("New"))
    report = client.get_report()
    assert counts(report) == {"failed_comps": 1, "new_comps": 1}
    assert "422" in report["failed_comps_l"][0]["reason"]


def test_a_status_that_was_set_stays(either):
    """A script may set status and description itself, as with 0.8.4."""
    either.report["status"] = "failed"
    either.report["description"] = "the source was empty"
    report = either.get_report()
    assert (report["status"], report["description"]) == ("failed", "the source was empty")


def test_preview_reads_its_own_changes(ardoq, new_sync):
    """Every read in a preview shows what it created and changed; Ardoq is not written to."""
    client = new_sync(simulate=True)
    created = client.create_component(row("New", parent="web"))["_id"]
    below = client.create_component(row("Below", parent=created))["_id"]
    ref = client.create_reference({"source": below, "target": "host", "type": 1})["_id"]
    client.create_component(row("Web", cost=6))
    assert client.get_component(comp_id=created)["name"] == "New"
    assert client.get_component("ws1") == client.get_workspace("ws1")["components"]
    assert value(client.get_component(comp_id="web"), "cost") == 6
    assert client.get_reference(ref_id=ref)["target"] == "host"
    assert ref in [reference["_id"] for reference in client.get_reference("ws1")]
    client.del_component(created)
    assert [comp["name"] for comp in client.get_component("ws1")] == ["Web", "Shop", "Till"]
    assert client.get_report()["del_refs"] == 1
    assert writes(ardoq) == []


def test_preview_without_changes_reads_from_ardoq(ardoq, new_sync, other):
    """As long as nothing was written into a workspace, what is read comes from Ardoq."""
    client = new_sync(simulate=True)
    client.create_component(row("Web"))
    other.patch_component("web", payload={"cost": 6})
    assert value(client.get_component(comp_id="web"), "cost") == 6
    assert value(client.get_workspace("ws1")["components"][0], "cost") == 6


def test_report_text_is_safe_on_a_terminal(new_sync):
    """Terminal escapes, line ends and bidirectional controls in names are escaped."""
    client = new_sync(simulate=True)
    client.create_component(row("\x1b[31mred\x07\u202e\nnext"))
    text = format_report(client.get_report())
    assert "\\x1b[31mred\\x07\\u202e\\nnext" in text
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", ["می\u200cخواهم", "👩\u200d💻 Team", "Projet «\u00a0X\u00a0»"])  # noqa: RUF001
def test_names_are_unchanged_in_text(new_sync, name):
    """A report and a plan in text show emoji and names with joiners as they are."""
    client = new_sync(simulate=True)
    client.create_component(row(name, description=f"About {name}"))
    assert name in format_report(client.get_report())
    assert client.plan.describe().count(name) == 3


def test_description_counts_all_failed_rows(new_sync):
    """The description of failed rows is of now, whenever the report was asked for before."""
    sync = new_sync(on_error="collect")
    for number in (1, 2):
        sync.create_component({"name": "no type"})
        assert sync.get_report()["description"].startswith(f"{number} row(s) failed")


def test_report_of_failed_rows_is_plain_data(new_sync):
    """A report is JSON, also with the values of a row that JSON cannot hold."""
    sync = new_sync(on_error="collect")
    sync.create_component(row("Web", cost=Decimal("1.5"), note={1}))
    assert json.loads(json.dumps(sync.get_report()))["failed_comps"] == 1
