"""`Batch` as plain data: its content, and the arguments that it refuses."""

import copy

import pytest
from error_messages import sentence_of

from ardoqpy import Batch, InvalidInput

WS = "5f00aa00bb00cc00dd00ee01"
ID = "5f00aa00bb00cc00dd00ee10"
COMP = {"rootWorkspace": WS, "typeId": "p1", "name": "A"}
REF = {"source": "a", "target": "b", "type": 1}
EMPTY = {"create": [], "update": [], "upsert": [], "delete": []}


def test_a_new_batch_is_empty():
    """The body has the form of the contract from the start."""
    batch = Batch()
    assert batch.is_empty()
    assert batch.body == {
        "options": {"respondWithEntities": False},
        "aliases": {"components": {}, "references": {}},
        "components": EMPTY,
        "references": EMPTY,
    }
    assert Batch(respondWithEntities=True).body["options"] == {"respondWithEntities": True}
    assert repr(batch) == "<Batch: empty>"


def test_operations_are_added_and_can_be_chained():
    """Each method adds one item in the wire form and returns the batch."""
    batch = (
        Batch()
        .alias_component("oslo", rootWorkspace=WS, name="Oslo")
        .alias_reference("road", source="oslo", type=1)
        .create_component(COMP, batchId="a")
        .create_component(COMP)
        .update_component("oslo", {"parent": "a"}, 3)
        .upsert_component({**COMP, "customFields": {"x": "7"}}, ["rootWorkspace", "customFields.x"], "u")
        .delete_component(ID)
        .delete_component(match={"rootWorkspace": WS, "customFields": {"x": "7"}})
        .create_reference(REF, "r")
        .update_reference("road", {"target": "u"})
        .upsert_reference(REF, ("source.rootWorkspace", "source", "type"))
        .delete_reference(ID)
        .delete_reference(match={"source": "oslo", "type": 2})
    )
    assert not batch.is_empty()
    assert batch.body["aliases"] == {
        "components": {"oslo": {"rootWorkspace": WS, "name": "Oslo"}},
        "references": {"road": {"source": "oslo", "type": 1}},
    }
    assert batch.body["components"] == {
        "create": [{"body": COMP, "batchId": "a"}, {"body": COMP}],
        "update": [{"id": "oslo", "ifVersionMatch": 3, "body": {"parent": "a"}}],
        "upsert": [
            {
                "uniqueBy": ["rootWorkspace", "customFields.x"],
                "body": {**COMP, "customFields": {"x": "7"}},
                "batchId": "u",
            }
        ],
        "delete": [{"id": ID}, {"match": {"rootWorkspace": WS, "customFields": {"x": "7"}}}],
    }
    assert batch.body["references"] == {
        "create": [{"body": REF, "batchId": "r"}],
        "update": [{"id": "road", "ifVersionMatch": "latest", "body": {"target": "u"}}],
        "upsert": [{"uniqueBy": ["source.rootWorkspace", "source", "type"], "body": REF}],
        "delete": [{"id": ID}, {"match": {"source": "oslo", "type": 2}}],
    }
    assert repr(batch).startswith("<Batch: 2 to create among components, 1 to update among components")


@pytest.mark.parametrize(
    "add",
    [
        lambda batch: batch.create_component(COMP),
        lambda batch: batch.upsert_reference(REF, ["type"]),
        lambda batch: batch.update_reference(ID, {"target": "b"}),
        lambda batch: batch.delete_component(ID),
    ],
)
def test_one_operation_is_not_empty(add):
    """With any operation; an alias alone does nothing."""
    assert Batch().alias_component("x", componentKey="A-1").is_empty()
    assert not add(Batch()).is_empty()


def test_ids_that_are_handed_out_are_new():
    """new_id returns ids that are neither used nor returned before, whatever the caller has chosen."""
    batch = Batch().create_component(COMP, batchId="new-2").create_reference(REF, batchId="new-3")
    assert [batch.new_id(), batch.new_id(), batch.new_id("row")] == ["new-1", "new-4", "row-5"]


def test_a_handed_out_id_is_a_parent_source_and_target():
    """An id may be used before its entity is created."""
    batch = Batch()
    parent, child = batch.new_id(), batch.new_id()
    batch.create_component({**COMP, "parent": parent}, batchId=child)
    batch.create_component(COMP, batchId=parent)
    batch.create_reference({"source": child, "target": parent, "type": 1})
    assert batch.body["components"]["create"][0]["body"]["parent"] == parent


def test_arguments_are_copied():
    """The caller's dict is not changed, and changing it later does not change the batch."""
    data, match = {**COMP, "_id": "x", "customFields": {"x": [1]}}, {"customFields": {"x": "1"}}
    custom = {"x": "1"}
    before = copy.deepcopy((data, match, custom))
    batch = Batch().create_component(data).delete_component(match=match)
    batch.alias_component("a", rootWorkspace=WS, customFields=custom)
    assert (data, match, custom) == before
    wire = copy.deepcopy(batch.body)
    data["customFields"]["x"].append(2)
    match["customFields"]["x"] = custom["x"] = "2"
    assert batch.body == wire


def test_components_and_references_have_names_of_their_own():
    """The same batch id for one of each is no clash: only components are referred to."""
    batch = (
        Batch()
        .create_component(COMP, "a")
        .create_reference(REF, "a")
        .alias_reference("b", source="a", type=1)
    )
    assert not batch.alias_component("b", componentKey="A-1").is_empty()


TAKEN = Batch().create_component(COMP, "a").alias_component("oslo", componentKey="A-1")
MATCHED_BY = "'rootWorkspace', 'typeId', 'name', 'componentKey' and 'customFields'"
LACKS = "the component ('A') has no typeId: it needs rootWorkspace, typeId and name."


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda b: b.create_component({"rootWorkspace": WS, "name": "A"}), LACKS),
        (lambda b: b.upsert_component({"rootWorkspace": WS, "name": "A"}, ["name"]), LACKS),
        (
            lambda b: b.create_reference({"source": "a", "type": 0}),
            "the reference has no target: it needs source, target and type.",
        ),
        (
            lambda b: b.update_component(ID, {"typeId": "p2"}),
            "the component has 'typeId', which API v2 cannot change on a component: leave it out.",
        ),
        (
            lambda b: b.update_component(ID, {"rootWorkspace": WS}),
            "the component has 'rootWorkspace', which API v2 cannot change on a component: leave it out.",
        ),
        (
            lambda b: b.update_reference(ID, {"type": 2}),
            "the reference has 'type', which API v2 cannot change on a reference: leave it out.",
        ),
        (
            lambda b: b.update_component(ID, {}, version="1"),
            "version is '1': give the '_version' that the change is based on, or 'latest'.",
        ),
        (
            lambda b: b.update_component("a", {"name": "B"}),
            "id 'a' is the batch id of an entity that this batch creates: put the final values there.",
        ),
        (lambda b: b.delete_component(""), "id is empty: give it as text."),
        (lambda b: b.delete_component(5), "id is an int: give it as text."),
        (lambda b: b.delete_component(), "A delete needs an id or a match: give one of them."),
        (
            lambda b: b.delete_reference(ID, match={"type": 1}),
            "A delete needs an id or a match: give one of them.",
        ),
        (
            lambda b: b.delete_component(match={}),
            "match is empty, which would match everything: name what to delete.",
        ),
        (
            lambda b: b.delete_component(match={"customFields": {}}),
            "match is empty, which would match everything: name what to delete.",
        ),
        (
            lambda b: b.delete_component(match={"parent": ID}),
            f"match has 'parent', by which components do not match: there are {MATCHED_BY}.",
        ),
        (
            lambda b: b.delete_component(match={"component_key": "A-1"}),
            "match has 'component_key', by which components do not match: did you mean 'componentKey'?",
        ),
        (
            lambda b: b.delete_reference(match={"workspace": WS}),
            (
                "match has 'workspace', by which references do not match: did you mean 'rootWorkspace' or "
                "'targetWorkspace'?"
            ),
        ),
        (
            lambda b: b.delete_component(match={"customFields": {"x": 7}}),
            "customFields of match has 'x' 7: API v2 takes text here, so write it as text.",
        ),
        (lambda b: b.delete_component(match={"name": None}), "match has 'name' None: give it as text."),
        (
            lambda b: b.delete_reference(match={"type": "2"}),
            "match has 'type' '2': the type of a reference is a number.",
        ),
        (
            lambda b: b.create_component(COMP, "a"),
            "batchId 'a' is already a batch id of this batch: choose another.",
        ),
        (
            lambda b: b.upsert_component(COMP, ["name"], "oslo"),
            "batchId 'oslo' is already an alias of this batch: choose another.",
        ),
        (
            lambda b: b.alias_component("a", componentKey="A-2"),
            "alias 'a' is already a batch id of this batch: choose another.",
        ),
        (
            lambda b: b.alias_component("oslo", componentKey="A-2"),
            "alias 'oslo' is already an alias of this batch: choose another.",
        ),
        (lambda b: b.create_component(COMP, 7), "batchId is an int: give it as text."),
        (
            lambda b: b.alias_component("x", name="A"),
            (
                "The alias 'x' is described by name: describe it by customFields and rootWorkspace; or "
                "name and rootWorkspace; or componentKey."
            ),
        ),
        (
            lambda b: b.alias_component("x", rootWorkspace=WS, name="A", componentKey="A-1"),
            (
                "The alias 'x' is described by componentKey and name and rootWorkspace: describe it by "
                "customFields and rootWorkspace; or name and rootWorkspace; or componentKey."
            ),
        ),
        (
            lambda b: b.alias_reference("x", source="a", target="b"),
            (
                "The alias 'x' is described by source and target: describe it by customFields and "
                "rootWorkspace; or source and target and type; or source and type."
            ),
        ),
        (
            lambda b: b.alias_component("x", rootWorkspace=WS, customFields={"a": "1", "b": "2"}),
            "The alias 'x' has 2 custom fields: give one.",
        ),
        (
            lambda b: b.alias_reference("x", rootWorkspace=WS, customFields={"a": 1}),
            "customFields of the alias 'x' has 'a' 1: API v2 takes text here, so write it as text.",
        ),
        (
            lambda b: b.alias_reference("x", source="a", type=True),
            "The alias 'x' has 'type' True: the type of a reference is a number.",
        ),
        (
            lambda b: b.upsert_component(COMP, "name"),
            "uniqueBy is 'name': give a list of names, such as ['rootWorkspace', 'name'].",
        ),
        (
            lambda b: b.upsert_component(COMP, []),
            "uniqueBy is []: give a list of names, such as ['rootWorkspace', 'name'].",
        ),
        (
            lambda b: b.upsert_component(COMP, ["customFields.x"]),
            (
                "uniqueBy names 'customFields.x', of which the component has no value: name attributes that "
                "it has, and custom fields as 'customFields.name'."
            ),
        ),
        (
            lambda b: b.upsert_component(COMP, ["source.rootWorkspace"]),
            (
                "uniqueBy names 'source.rootWorkspace', of which the component has no value: did you mean "
                "'rootWorkspace'?"
            ),
        ),
        (
            lambda b: b.upsert_component({**COMP, "customFields": {"ext_id": "7", "x": None}}, ["ext_id"]),
            (
                "uniqueBy names 'ext_id', of which the component has no value: did you mean "
                "'customFields.ext_id'?"
            ),
        ),
        (
            lambda b: b.upsert_component({**COMP, "customFields": {"ext_id": None}}, ["ext_id"]),
            (
                "uniqueBy names 'ext_id', of which the component has no value: name attributes that it has, "
                "and custom fields as 'customFields.name'."
            ),
        ),
        (
            lambda b: b.upsert_reference(REF, ["source.workspace"]),
            (
                "uniqueBy names 'source.workspace', of which the reference has no value: did you mean "
                "'source.rootWorkspace', 'rootWorkspace' or 'source'?"
            ),
        ),
        (
            lambda b: b.upsert_component(COMP, [["name"]]),
            (
                "uniqueBy names ['name'], of which the component has no value: name attributes that it has, "
                "and custom fields as 'customFields.name'."
            ),
        ),
        (
            lambda b: b.upsert_component(COMP, 5),
            "uniqueBy is 5: give a list of names, such as ['rootWorkspace', 'name'].",
        ),
    ],
)
def test_operations_outside_of_the_contract_are_refused(call, sentence):
    """The error names the attribute, and the batch stays as it was."""
    batch = copy.deepcopy(TAKEN)
    assert sentence_of(InvalidInput, call, batch) == sentence
    assert batch.body == TAKEN.body


def test_the_batch_id_of_an_upsert_is_taken_too():
    """Neither a create nor an update may use it, and new_id does not return it."""
    batch = Batch().upsert_component(COMP, ["name"], "new-1")
    assert batch.new_id() == "new-2"
    sentence_of(InvalidInput, batch.create_component, COMP, "new-1")
    sentence_of(InvalidInput, batch.update_component, "new-1", {"name": "B"})


def test_an_option_that_is_none_is_refused():
    """The argument respondWithEntities is True or False."""
    assert sentence_of(InvalidInput, Batch, "yes") == "respondWithEntities is 'yes': use True or False."


@pytest.mark.parametrize("key", ["cost", "children", "ardoq"])
def test_an_unknown_key_is_refused_wherever_it_stands(key):
    """Flat custom fields, as v1 has them, would be lost on v2."""
    for call in (
        lambda: Batch().create_component({**COMP, key: 1}),
        lambda: Batch().update_component(ID, {key: 1}),
        lambda: Batch().upsert_reference({**REF, key: 1}, ["type"]),
    ):
        assert f"{key!r}, which is not an attribute of a " in sentence_of(InvalidInput, call)
