"""
Answers so large that the garbage collector rests while they are read.
"""

import gc

import pytest

from ardoqpy import _json


@pytest.fixture(autouse=True)
def _everything_is_huge(monkeypatch):
    """
    Let every answer count as huge.
    """
    monkeypatch.setattr(_json, "_HUGE", 0)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("content", [b'{"a": [1, null]}', b"<html>"])
def test_the_collector_is_left_as_it_was(enabled, content):
    """Whether it can be read or not, the collector is on afterwards if it was on before, and only then."""
    (gc.enable if enabled else gc.disable)()
    try:
        if content.startswith(b"{"):
            assert _json.decode_json(content) == {"a": [1, None]}
        else:
            with pytest.raises(_json.NotJsonError):
                _json.decode_json(content)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
