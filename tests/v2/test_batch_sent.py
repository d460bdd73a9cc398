"""A `Batch` on its way to Ardoq and back."""

import pytest
from error_messages import sentence_of
from example_organisation import COMPONENTS, OTHER, REFERENCES, WORKSPACE

from ardoqpy import (
    AmbiguousWrite,
    ArdoqClient,
    BadRequest,
    Batch,
    BatchResult,
    Conflict,
    InvalidInput,
    NotFoundError,
    UnexpectedAnswer,
    WriteRefused,
)
from ardoqpy.testing import Fault

NEW = {"rootWorkspace": WORKSPACE, "typeId": "p1", "name": "New"}


def everything(respond):
    """Return a batch with every operation on both kinds in it."""
    batch = Batch(respondWithEntities=respond)
    batch.alias_component("two", rootWorkspace=WORKSPACE, customFields={"ext_id": "2"})
    batch.alias_reference("first", source=COMPONENTS[0], type=1)
    child, parent = batch.new_id("child"), batch.new_id("parent")
    batch.create_component({**NEW, "typeId": "p2", "name": "Child", "parent": parent}, child)
    batch.create_component({**NEW, "name": "Parent"}, parent)
    batch.create_component({**NEW, "name": "Nameless"})
    batch.update_component("two", {"parent": parent}, 1)
    known = {**NEW, "name": "Found", "customFields": {"ext_id": "5"}}
    batch.upsert_component(known, ["rootWorkspace", "customFields.ext_id"], "found")
    unknown = {**NEW, "name": "Made", "customFields": {"ext_id": "500"}}
    batch.upsert_component(unknown, ["rootWorkspace", "customFields.ext_id"], "made")
    batch.delete_component(match={"rootWorkspace": OTHER, "customFields": {"ext_id": "11"}})
    batch.create_reference({"source": child, "target": "two", "type": 2}, "r")
    batch.update_reference("first", {"displayText": "seen"})
    batch.upsert_reference(
        {"source": COMPONENTS[3], "target": COMPONENTS[7], "type": 2}, ["source", "type"], "u"
    )
    batch.delete_reference(REFERENCES[5])
    return batch


def test_a_result_is_looked_up_by_batch_id(client):
    """Created ids by batch id, changed and deleted ids as lists; entities on request."""
    result = client.batch(everything(respond=True))
    components, references = result.components, result.references
    assert set(components.created) == {"child-1", "parent-2", "made"}
    assert set(components.created.values()) < set(components.created_ids)
    assert len(components.created_ids) == 4
    assert set(components.updated) == {COMPONENTS[2], COMPONENTS[5]}
    assert COMPONENTS[11] in components.deleted
    assert components.ids == {**components.created, "found": COMPONENTS[5]}
    assert set(references.created) == {"r"}
    assert references.ids == {**references.created, "u": REFERENCES[3]}
    assert set(references.updated) == {REFERENCES[0], REFERENCES[3]}
    assert REFERENCES[5] in references.deleted
    for name, alias in (("Child", "child-1"), ("Parent", "parent-2"), ("Found", "found"), ("Made", "made")):
        assert components.entities[components.ids[alias]]["name"] == name
    child = client.get_component(comp_id=components.ids["child-1"])
    assert child["parent"] == components.ids["parent-2"]
    assert client.get_reference(ref_id=references.ids["r"])["source"] == child["_id"]


def test_without_entities_there_are_ids(client):
    """An upsert that changed something cannot be identified then; everything else can."""
    result = client.batch(everything(respond=False))
    assert set(result.components.ids) == {"child-1", "parent-2", "made"}
    assert result.components.entities == result.references.entities == {}
    assert set(result.components.updated) == {COMPONENTS[2], COMPONENTS[5]}
    assert result.answer["references"]["created"][0]["batchId"] == "r"


def test_an_upsert_by_a_batch_id_is_identified_by_its_id(client):
    """A source that is another upsert of the batch is compared as the component it turned out to be."""
    batch = Batch(respondWithEntities=True)
    comp = {**NEW, "name": "Component 3", "customFields": {"ext_id": "3"}}
    batch.upsert_component(comp, ["rootWorkspace", "customFields.ext_id"], "c")
    batch.upsert_reference(
        {"source": "c", "target": COMPONENTS[7], "type": 2}, ["source", "target", "type"], "r"
    )
    result = client.batch(batch)
    assert result.components.ids == {"c": COMPONENTS[3]}
    assert result.references.ids == {"r": REFERENCES[3]}


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        ({"components": {"updated": [{"id": "x", "batchId": "u"}]}}, {"u": "x"}),
        ({"components": {"updated": [{"id": "x", "body": {"name": "N"}}]}}, {"u": "x"}),
        ({"components": {"updated": [{"id": "x", "body": {"name": "M"}}]}}, {}),
        ({"components": {"updated": [{"id": i, "body": {"name": "N"}} for i in "xy"]}}, {}),
        ({"components": {"updated": [{"id": "x"}]}}, {}),
        ({"components": None}, {}),
        ({}, {}),
    ],
)
def test_an_upsert_is_identified_if_only_one_matches(answer, ids):
    """Ardoq's batch id is used, else the only match; never one of two."""
    sent = Batch().upsert_component({**NEW, "name": "N"}, ["name"], "u").upsert_component(NEW, ["name"]).body
    assert BatchResult.of(answer, sent).components.ids == ids


def test_an_upsert_that_created_is_not_looked_for_among_the_updated():
    """Ardoq's batch id takes precedence over a match."""
    sent = Batch().upsert_component({**NEW, "name": "N"}, ["name"], "u").body
    created, updated = [{"id": "x", "batchId": "u"}], [{"id": "y", "body": {"name": "N"}}]
    result = BatchResult.of({"components": {"created": created, "updated": updated}}, sent)
    assert result.components.ids == {"u": "x"}


@pytest.mark.parametrize("workspace", ["rootWorkspace", "source.rootWorkspace"])
def test_an_upsert_by_derived_attributes(client, workspace):
    """The workspace of a reference follows from its source: the other attributes identify it."""
    link = {"source": COMPONENTS[1], "target": COMPONENTS[5], "type": 2, "customFields": {"ext_id": "r1"}}
    batch = Batch(respondWithEntities=True).upsert_reference(link, [workspace, "customFields.ext_id"], "r")
    assert client.batch(batch).references.ids == {"r": REFERENCES[1]}


def test_the_order_of_the_answer_does_not_matter():
    """Only the batch id identifies an entity."""
    created = [{"id": "2", "batchId": "b"}, {"id": "9"}, {"id": "1", "batchId": "a"}]
    result = BatchResult.of({"components": {"created": created}}, {})
    assert result.components.created == {"a": "1", "b": "2"}
    assert result.components.created_ids == ["2", "9", "1"]


@pytest.mark.parametrize(
    "answer",
    [
        {"components": []},
        {"components": {"created": {}}},
        {"components": {"created": [{"batchId": "a"}]}},
        {"references": {"deleted": ["x"]}},
        {"references": {"updated": [{"id": 5}]}},
    ],
)
def test_an_answer_of_another_form_is_reported(answer):
    """An answer that cannot be read is an error of this library."""
    sentence_of(UnexpectedAnswer, BatchResult.of, answer, {})


def test_a_dict_of_the_wire_form_is_sent_as_it_is(client):
    """A body that was built by other means is sent as it is."""
    body = {"components": {"create": [{"batchId": "a", "body": NEW}]}}
    assert list(client.batch(body).components.created) == ["a"]
    assert client.batch(Batch()).components.created_ids == []
    assert sentence_of(InvalidInput, client.batch, [body]) == (
        "batch is a list: give a Batch, or a dict of the form of its body."
    )


def test_aliases_are_expanded_and_nothing_is_written(ardoq):
    """Expanding is a read, also for a client that may not write; sending is not."""
    batch = everything(respond=False)
    with ArdoqClient(ardoq.url, ardoq.token, version="v2", read_only=True) as client:
        expanded = client.expand_batch(batch)
        assert expanded["components"]["update"][0]["id"] == COMPONENTS[2]
        assert expanded["references"]["update"][0]["id"] == REFERENCES[0]
        assert client.expand_batch(batch.body) == expanded
        sentence_of(WriteRefused, client.batch, batch)
        assert len(client.get_components()) == len(COMPONENTS)


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda batch: batch.update_component(COMPONENTS[1], {"name": "x"}, 7), Conflict),
        (lambda batch: batch.delete_reference("5f00aa00bb00cc00dd00ee99"), NotFoundError),
        (lambda batch: batch.alias_component("b", rootWorkspace=WORKSPACE, name="None"), BadRequest),
        (lambda batch: batch.create_reference({"source": "who", "target": "b", "type": 1}), BadRequest),
    ],
)
def test_one_failure_leaves_everything_unchanged(client, v1, spoil, kind):
    """A batch is one transaction."""
    before = (v1.get_components(), v1.get_references())
    batch = Batch().create_component(NEW).delete_component(COMPONENTS[0])
    spoil(batch)
    sentence_of(kind, client.batch, batch)
    assert (v1.get_components(), v1.get_references()) == before


@pytest.mark.parametrize("fault", ["drop-after", "drop-before", "cut-off"])
def test_a_batch_is_never_sent_twice_blindly(ardoq, fault):
    """Without an answer, the error is `AmbiguousWrite`."""
    with ArdoqClient(ardoq.url, ardoq.token, version="v2", retries=5) as client:
        ardoq.add_faults(Fault(fault))
        sentence_of(AmbiguousWrite, client.batch, Batch().create_component(NEW))
        assert len(ardoq.requests) == 1
