"""Answers so large that the garbage collector rests while they are read."""

import gc

import pytest

from ardoqpy._http import json_reader

NESTED = b'{"a": [1, null]}'


@pytest.fixture(autouse=True)
def _everything_is_huge(monkeypatch):
    """Let every answer count as huge."""
    monkeypatch.setattr(json_reader, "HUGE", 0)


@pytest.fixture
def nothing_frozen():
    """Let nothing be frozen before and after, whatever the test freezes."""
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    yield
    gc.unfreeze()
    if frozen:
        gc.freeze()


def _generation_of(thing):
    return next(
        (number for number in range(3) if any(one is thing for one in gc.get_objects(generation=number))),
        None,
    )


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("content", [NESTED, b"<html>"])
def test_the_collector_is_left_as_it_was(enabled, content):
    """Whether it can be read or not, the collector is on afterwards if it was on before, and only then."""
    (gc.enable if enabled else gc.disable)()
    try:
        if content.startswith(b"{"):
            assert json_reader.decode_json(content) == {"a": [1, None]}
        else:
            with pytest.raises(json_reader.NotJsonError):
                json_reader.decode_json(content)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


@pytest.mark.usefixtures("nothing_frozen")
def test_what_was_read_counts_as_old():
    """What is in a huge answer is looked at in full collections only, and nothing stays frozen."""
    answer = json_reader.decode_json(NESTED)
    assert _generation_of(answer["a"]) == 2
    assert gc.get_freeze_count() == 0


@pytest.mark.usefixtures("nothing_frozen")
def test_garbage_from_before_is_collected_all_the_same():
    """A cycle that nobody holds goes in the next full collection, also where an answer was read meanwhile."""

    class Ring:
        gone = False

        def __del__(self):
            Ring.gone = True

    ring = Ring()
    ring.itself = ring
    del ring
    json_reader.decode_json(NESTED)
    gc.collect()
    assert Ring.gone


@pytest.mark.usefixtures("nothing_frozen")
def test_what_others_have_frozen_stays_frozen():
    """A program that has frozen its objects, before it forks, finds them frozen afterwards."""
    gc.freeze()
    frozen = gc.get_freeze_count()
    answer = json_reader.decode_json(NESTED)
    # A frozen object that is let go meanwhile is frozen no more.
    assert frozen * 0.9 < gc.get_freeze_count() <= frozen
    assert _generation_of(answer["a"]) is not None
