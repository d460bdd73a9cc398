"""The page of all flat methods and their paths, held against the tables that it is made of."""

import inspect
import re
import runpy
from pathlib import Path

import pytest

from ardoqpy import ArdoqClient
from ardoqpy.emulator.routes import ROUTES

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "endpoints.md").read_text(encoding="utf-8")
MAKER = runpy.run_path(str(DOCS / "make_endpoints.py"))
ROWS = {name: (v1, v2) for name, v1, v2 in re.findall(r"^\| `(\w+)` \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)}


def test_the_page_is_what_the_tables_give():
    """Whoever changes a table makes the page again."""
    assert MAKER["page"]() == PAGE, "run: python docs/make_endpoints.py"


def test_every_public_method_has_one_row():
    """No flat method is missing, and none stands there twice or is not there any more."""
    public = [name for name, _ in inspect.getmembers(ArdoqClient, inspect.isfunction) if name[0] != "_"]
    assert sorted(re.findall(r"^\| `(\w+)` ", PAGE, re.MULTILINE)) == sorted(public)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_every_endpoint_is_on_the_page(version):
    """Each verb and path of a version stands in its column, and nothing else does."""
    prefix = {"v1": "/api/", "v2": "/api/v2/"}[version]
    column = "\n".join(cells[version == "v2"] for cells in ROWS.values())
    shown = {(verb, prefix + path) for verb, path in re.findall(r"([A-Z]+) `([^`]+)`", column)}
    there = {
        (route.method, route.pattern)
        for route in ROUTES
        if route.pattern.startswith("/api/v2/") == (version == "v2")
    }
    assert shown == there


def test_what_a_version_lacks_is_said():
    """A method of the other version alone, and a way to call it, with what to use instead."""
    assert ROWS["create_workspace"] == ("POST `workspace`", "not offered")
    assert ROWS["get_tags"] == ("GET `tag`", "not offered: use `get_context(ws_id)`")
    assert ROWS["get_components"] == ("GET `component`<br>not offered with filters", "GET `components`")
    assert (
        ROWS["get_tag"][0] == "GET `tag/workspace/{workspace_id}` (`ws_id`)<br>GET `tag/{tag_id}` (`tag_id`)"
    )
    assert ROWS["print_model"][1].endswith("<br>not offered with `model_id`: use `get_context(ws_id)`")


def test_a_way_that_is_not_refused_stops_the_maker():
    """A page that says "not offered" of what a version offers would mislead."""
    with pytest.raises(AssertionError, match=r"^v2 offers what its table lacks: ") as caught:
        MAKER["refused"]("v2", lambda client: client.close())
    assert str(caught.value).endswith("('close', (), {})")
