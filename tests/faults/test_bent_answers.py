"""Answers with one value of another type: nothing unforeseen happens, and the report is true."""

from unittest import mock

import pytest
from bent_answers import JOB, ROWS, WORLD, run_bent, undo_bent
from example_counts import examples

from ardoqpy import UnexpectedAnswer
from ardoqpy._http import transport
from ardoqpy._http.json import decode_json
from ardoqpy_sync import ArdoqSyncClient
from ardoqpy_sync.job import parse_job, run_job

EACH_WAY = ["v1", *(pytest.param(way, marks=pytest.mark.slow) for way in ("v2", "batched"))]


@pytest.mark.parametrize("way", EACH_WAY)
def test_bent_answer_is_a_sentence_and_no_write_is_lost(faulty_server, way):
    """A job with one bent answer raises no unforeseen error, and reports what Ardoq holds afterwards."""
    problems = {seed: run_bent(faulty_server, way, seed) for seed in range(examples(120))}
    assert {seed: problem for seed, problem in problems.items() if problem is not None} == {}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["v1", "v2", "batched"])
def test_bent_answer_of_an_undo(faulty_server, way, tmp_path):
    """An undo with one bent answer reports what Ardoq holds afterwards, and the next undo does the rest."""
    problems = {seed: undo_bent(faulty_server, way, seed, tmp_path) for seed in range(examples(12))}
    assert {seed: problem for seed, problem in problems.items() if problem is not None} == {}


def bent(key, value):
    """Return a context in which every answer has a value for a key, wherever it has the key."""

    def replaced(part):
        if isinstance(part, list):
            return [replaced(each) for each in part]
        if not isinstance(part, dict):
            return part
        return {name: value if name == key else replaced(each) for name, each in part.items()}

    return mock.patch.object(transport, "decode_json", lambda content: replaced(decode_json(content)))


@pytest.mark.parametrize("value", [-1, "x", [1], {"lastModifiedByName": 7}])
@pytest.mark.parametrize(
    ("version", "key"), [("v1", "lastModifiedByName"), ("v1", "last-updated"), ("v2", "_meta")]
)
def test_who_changed_an_entity_is_unknown_if_it_is_no_text(faulty_server, tmp_path, version, key, value):
    """Who changed an entity last, and when, is unknown if Ardoq gives it in another JSON type."""
    faulty_server.load(WORLD)
    settings = {"version": version, "ledger": str(tmp_path / "job.db")}
    with bent(key, value), ArdoqSyncClient(faulty_server.url, faulty_server.token, **settings) as client:
        run_job(parse_job(JOB, tmp_path / "job.toml"), client, sources={"apps": ROWS})
        assert client.get_report()["status"] == "success"


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize(("key", "value"), [("source", []), ("_version", "1"), ("_id", "another")])
def test_entity_that_is_read_alone_is_checked(faulty_server, version, key, value):
    """A single entity that is read must be whole, and the one that was asked for."""
    faulty_server.load(WORLD)
    (reference, *_) = WORLD["references"]
    with ArdoqSyncClient(faulty_server.url, faulty_server.token, version=version) as client:
        read = client._engine.reference.collection.read
        assert read(reference["_id"])["source"] == reference["source"]
        with bent(key, value), pytest.raises(UnexpectedAnswer, match="Ardoq answered with an"):
            read(reference["_id"])


@pytest.mark.parametrize("key", ["calculated", "readOnly"])
def test_field_that_may_be_calculated(faulty_server, tmp_path, key):
    """Whether Ardoq calculates a field must be true or false: else a value could be left out unnoticed."""
    faulty_server.load(WORLD)
    with ArdoqSyncClient(faulty_server.url, faulty_server.token, version="v2") as client:
        job = parse_job(JOB, tmp_path / "job.toml")
        with (
            bent(key, "no"),
            pytest.raises(UnexpectedAnswer, match="does not say whether it calculates the field"),
        ):
            run_job(job, client, sources={"apps": ROWS})
