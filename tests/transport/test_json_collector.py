"""Large answers: the garbage collector pauses while they are parsed."""

import gc
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from ardoqpy._http import json as json_module

NESTED = b'{"a": [1, null]}'


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch):
    """Let every answer count as large."""
    monkeypatch.setattr(json_module, "_MANY", 0)


@pytest.fixture
def nothing_frozen():
    """Let nothing be frozen before and after, whatever the test freezes."""
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    yield
    gc.unfreeze()
    if frozen:
        gc.freeze()


def _generation_of(value):
    return next(
        (number for number in range(3) if any(item is value for item in gc.get_objects(generation=number))),
        None,
    )


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("content", [NESTED, b"<html>"])
def test_the_collector_is_left_as_it_was(enabled, content):
    """Whether it can be read or not, the collector is on afterwards if it was on before, and only then."""
    (gc.enable if enabled else gc.disable)()
    try:
        if content.startswith(b"{"):
            assert json_module.decode_json(content) == {"a": [1, None]}
        else:
            with pytest.raises(json_module.NotJsonError):
                json_module.decode_json(content)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


@pytest.mark.usefixtures("nothing_frozen")
def test_a_parsed_answer_is_in_the_oldest_generation():
    """What is in a huge answer is looked at in full collections only, and nothing stays frozen."""
    answer = json_module.decode_json(NESTED)
    assert _generation_of(answer["a"]) == 2
    assert gc.get_freeze_count() == 0


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_frozen")
def test_earlier_garbage_is_still_collected():
    """A cycle that nobody holds goes in the next full collection, also where an answer was read meanwhile."""

    class Ring:
        gone = False

        def __del__(self):
            Ring.gone = True

    ring = Ring()
    ring.itself = ring
    del ring
    json_module.decode_json(NESTED)
    gc.collect()
    assert Ring.gone


@pytest.mark.usefixtures("nothing_frozen")
def test_frozen_objects_of_the_program_stay_frozen():
    """A program that has frozen its objects, before it forks, finds them frozen afterwards."""
    gc.freeze()
    frozen = gc.get_freeze_count()
    answer = json_module.decode_json(NESTED)
    # A frozen object that is let go meanwhile is frozen no more.
    assert frozen * 0.9 < gc.get_freeze_count() <= frozen
    assert _generation_of(answer["a"]) is not None


@pytest.mark.slow
def test_threads_that_parse_at_once_leave_the_collector_on():
    """However parsing threads interleave, the collector is on when all have finished."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(json_module.decode_json, [NESTED] * 20_000))
    finally:
        sys.setswitchinterval(interval)
    assert gc.isenabled()
    assert answers.count({"a": [1, None]}) == 20_000


def test_a_thread_that_finds_the_collector_off_never_switches_it():
    """Of two threads, the one that began while the collector was off neither disables nor enables it."""
    first, second = json_module.collector_paused(0), json_module.collector_paused(0)
    with first:
        second.__enter__()
        assert not gc.isenabled()
    assert gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()
