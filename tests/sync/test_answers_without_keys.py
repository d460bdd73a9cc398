"""Answers of another form than Ardoq's: what they do not say is unknown, never "none"."""

from collections import Counter
from contextlib import ExitStack

import pytest
from altered_answers import AlteredAnswers, null, session_with, with_null, without, wrapped
from sync_scenarios import (
    api_mode,
    open_sync_client,
    row,
    seed,
    stored_component,
    stored_reference,
    writes,
)

from ardoqpy import ArdoqClientException, Retries, UnexpectedAnswer

pytestmark = pytest.mark.immediate

ROWS = 12
RETRIES = Retries(count=2, backoff=0.0)
IDENTITY = {
    "component": ("_id", "_version", "name", "typeId", "rootWorkspace"),
    "reference": ("_id", "_version", "source", "target", "type", "rootWorkspace"),
}

#: What answers look like, by name: a form that leaves out, or replaces, what says which entities there are.
FORMS = {
    "no references": without("references", "_links"),
    "null for references": with_null("references", "_links"),
    "no lists of them": without("in", "out", "values"),
    "null for the lists": with_null("in", "out", "values"),
    "wrapped": wrapped,
    "null": null,
    **{f"no {key}": without(key) for key in ("_id", "_version", "name", "typeId", "source", "type")},
    **{f"null for {key}": with_null(key) for key in ("_id", "rootWorkspace", "typeId", "target")},
}
#: Those that a quick run of the tests leaves out.
SLOW = FORMS.keys() - {"no references", "null for the lists", "wrapped", "no _id", "null for target"}
each_form = pytest.mark.parametrize(
    "form",
    [
        pytest.param(form, id=name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name, form in FORMS.items()
    ],
)
#: What v1 can load: without the key another call is made, null is how Ardoq answers that there is none.
LOADED_BY_V1 = ("no references", "null for references", "no lists of them", "null for the lists")


@pytest.fixture
def altered(ardoq):
    """Open a sync client, the answers to which can be altered."""
    adapter = AlteredAnswers()
    with ExitStack() as clients:

        def opened(*, load=True, **options):
            options |= {"session": session_with(adapter), "retries": RETRIES, "on_error": "collect"}
            client = clients.enter_context(open_sync_client(ardoq, **options))
            if load:
                client.load_workspaces(["ws1"])
            return client

        adapter.opened = opened
        yield adapter


def alter_reads(alter, *paths):
    """Return what alters the answers to GET, or those of the paths that contain one of these texts."""
    return lambda method, path, answer: (
        alter(answer) if method == "GET" and (not paths or any(part in path for part in paths)) else answer
    )


def create_all(client, kind):
    """Create as many components, or references from Web to each of the others."""
    for number in range(ROWS):
        if kind == "component":
            client.create_component(row(f"New {number}"))
        else:
            client.create_reference({"source": "web", "target": f"t{number}", "type": 1})


def duplicates(server, kind):
    """Return what Ardoq holds more than once."""
    keys = ("name", "typeId") if kind == "component" else ("source", "target", "type")
    held = Counter(tuple(entity[key] for key in keys) for entity in server.dump()[f"{kind}s"])
    return [key for key, number in held.items() if number > 1]


@each_form
@pytest.mark.parametrize("kind", ["component", "reference"])
def test_an_unconfirmed_create_is_never_sent_again_on_an_unclear_answer(ardoq, altered, kind, form):
    """If no answer says whether a create was carried out, it is reported as failed and not sent again.

    The next run completes it, and Ardoq holds nothing twice.
    """
    ardoq.load(
        seed([stored_component("web", "Web"), *(stored_component(f"t{n}", f"T{n}") for n in range(ROWS))])
    )
    client = altered.opened()
    ardoq.fail_randomly(0.7, kinds=["drop-before", "drop-after", "cut-off"], seed=3, method="POST")
    altered.alter = alter_reads(form)
    create_all(client, kind)
    create_all(client, kind)  # a source may have a row twice
    assert duplicates(ardoq, kind) == []
    ardoq.clear_faults()
    altered.alter = None
    before = len(ardoq.dump()[f"{kind}s"])
    failed = client.get_report()["failed_comps" if kind == "component" else "failed_refs"]
    repeated = altered.opened()
    create_all(repeated, kind)
    assert duplicates(ardoq, kind) == []
    assert len(ardoq.dump()[f"{kind}s"]) == ROWS + (ROWS + 1 if kind == "component" else 0)
    assert failed >= ROWS + (ROWS + 1 if kind == "component" else 0) - before


@pytest.mark.only("v2")
@pytest.mark.parametrize(
    "name", ["no references", "null for the lists", "wrapped", "no name", "null for _id"]
)
def test_a_batch_is_never_sent_again_on_an_unclear_answer(ardoq, altered, name):
    """A transaction that may have been carried out is looked for in listings, which have to be clear."""
    ardoq.load(seed([stored_component("web", "Web")]))
    client = altered.opened(batch=100)
    for number in range(40):
        client.create_component(row(f"New {number}"))
    ardoq.fail("drop-after", method="POST", times=3)
    altered.alter = alter_reads(FORMS[name])
    client.flush()
    assert duplicates(ardoq, "component") == []
    assert client.get_report()["failed_comps"] == 40


@pytest.mark.only("v1")
@each_form
def test_where_one_answer_is_unclear_another_is_asked(ardoq, altered, form):
    """On v1 the aggregated workspace says what a component or a search does not: nothing fails."""
    ardoq.load(
        seed([stored_component("web", "Web"), *(stored_component(f"t{n}", f"T{n}") for n in range(ROWS))])
    )
    client = altered.opened()
    ardoq.fail_randomly(0.3, kinds=["drop-before", "drop-after"], seed=3, method="POST")
    altered.alter = alter_reads(form, "/api/component", "/api/reference")
    create_all(client, "component")
    if form is not wrapped and form is not null:
        create_all(client, "reference")
        assert len(ardoq.dump()["references"]) == ROWS
        assert duplicates(ardoq, "reference") == []
    assert duplicates(ardoq, "component") == []
    assert len(ardoq.dump()["components"]) == ROWS + ROWS + 1


@pytest.mark.parametrize("name", FORMS)
def test_a_workspace_is_not_loaded_from_an_unclear_answer(ardoq, altered, name):
    """A workspace in an unclear form is not taken for an empty one, whose rows would all be created."""
    ardoq.load(seed([stored_component("web", "Web")], [stored_reference("r", "web", "web")]))
    client = altered.opened(load=False)
    altered.alter = alter_reads(FORMS[name])
    if api_mode.version == "v1" and name in LOADED_BY_V1:
        client.load_workspaces(["ws1"])
    else:
        with pytest.raises(ArdoqClientException):
            client.load_workspaces(["ws1"])
    client.create_component(row("Web"))
    assert writes(ardoq) == []


@pytest.mark.only("v2")
@pytest.mark.parametrize("alter", [without("customFields"), with_null("customFields")])
def test_a_key_is_not_looked_for_where_there_are_no_fields(ardoq, altered, alter):
    """Without custom fields in the answers of v2, no row is taken for a new one whose key was not found."""
    ardoq.load(seed([stored_component("web", "Web", code="A-1")]))
    client = altered.opened(load=False)
    altered.alter = alter_reads(alter)
    client.create_component(row("Web shop", code="A-1"), "code", "A-1")
    assert writes(ardoq) == []
    assert client.get_report()["failed_comps"] == 1


#: What hides the things that Ardoq deletes with a component.
UNCLEAR = {
    "no references": without("references", "incoming-references", "_links"),
    "null for references": with_null("references", "_links"),
    "no lists of them": without("in", "out", "references", "values"),
    "no ends": without("source", "target"),
    "no parents": without("children", "parent"),
    "no version": without("_version"),
    "null for the version": with_null("_version"),
    "wrapped": wrapped,
    "null": null,
}


@pytest.mark.parametrize("many", [False, True], ids=["few", "many"])
@pytest.mark.parametrize("name", UNCLEAR)
def test_nothing_is_deleted_where_it_is_unknown_what_goes_with_it(ardoq, altered, name, many, monkeypatch):
    """A delete whose extent an answer does not show is blocked: nothing is deleted."""
    if many:
        monkeypatch.setattr("ardoqpy_sync.deletion.reading.MANY", 0)
    components = [stored_component(f"a{number}", f"A{number}") for number in range(9)]
    below = stored_component("child", "Child", type_id="svc", parent="a8")
    world = seed([*components, below], [stored_reference("far", "a0", "a8")])
    ardoq.load(world)
    client = altered.opened()
    for number in range(8):
        client.create_component(row(f"A{number}"))
    altered.alter = alter_reads(UNCLEAR[name])
    before = ardoq.dump()
    with pytest.raises(ArdoqClientException):
        client.delete_cache_misses(share=1.0)
    assert ardoq.dump() == before
    assert writes(ardoq) == []


@pytest.mark.parametrize("many", [False, True], ids=["few", "many"])
def test_what_goes_with_a_component_is_asked_another_way(ardoq, altered, many, monkeypatch):
    """If a component has neither its references nor its children, the workspace says what they are."""
    if many:
        monkeypatch.setattr("ardoqpy_sync.deletion.reading.MANY", 0)
    components = [stored_component(f"a{number}", f"A{number}") for number in range(9)]
    below = stored_component("child", "Child", type_id="svc", parent="a8")
    ardoq.load(seed([*components, below], [stored_reference("far", "a0", "a8")]))
    client = altered.opened()
    for number in range(8):
        client.create_component(row(f"A{number}"))
    altered.alter = alter_reads(without("references", "children", "in", "out"), "/api/component/a8")
    with pytest.raises(ArdoqClientException) as blocked:
        client.delete_cache_misses(share=1.0)
    (would,) = blocked.value.would_delete
    assert (would["_id"], would["children"], would["references"]) == ("a8", 1, 1)


@pytest.mark.parametrize("kind", ["component", "reference"])
def test_a_write_that_is_answered_with_an_id_alone_is_read(ardoq, altered, kind):
    """What the answer to a write lacks is read, so that the next row finds what was created."""
    ardoq.load(
        seed([stored_component("web", "Web"), *(stored_component(f"t{n}", f"T{n}") for n in range(ROWS))])
    )
    client = altered.opened()
    keys = set(IDENTITY["component"]) | set(IDENTITY["reference"])
    only_id = without(*keys - {"_id"})
    altered.alter = lambda method, _path, answer: answer if method == "GET" else only_id(answer)
    create_all(client, kind)
    create_all(client, kind)
    assert duplicates(ardoq, kind) == []
    assert client.get_report()["status"] == "success"


def test_a_plan_deletes_nothing_while_parents_are_unknown(ardoq, altered):
    """Applying a plan with deletes fails if the workspaces do not say which component is below which."""
    paths = ("aggregated",) if api_mode.version == "v1" else ("/components",)
    ardoq.load(seed([stored_component("web", "Web"), stored_component("shop", "Shop", parent="web")]))
    preview = altered.opened(simulate=True)
    preview.del_component("shop")
    client = altered.opened()
    altered.alter = alter_reads(without("parent"), *paths)
    with pytest.raises(UnexpectedAnswer, match="a component without 'parent'"):
        client.apply(preview.plan)
    assert writes(ardoq) == []
