"""The page of all flat methods and their paths, compared with the tables that it is written from."""

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


def test_the_page_is_up_to_date():
    """The page is what `make_endpoints.py` writes now."""
    assert MAKER["page"]() == PAGE, "run: python docs/make_endpoints.py"


def test_every_public_method_has_one_row():
    """Every flat method has exactly one row, and every row a method."""
    public = [name for name, _ in inspect.getmembers(ArdoqClient, inspect.isfunction) if name[0] != "_"]
    assert sorted(re.findall(r"^\| `(\w+)` ", PAGE, re.MULTILINE)) == sorted(public)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_every_endpoint_is_on_the_page(version):
    """The column of a version has every verb and path of its routes, and no others."""
    prefix = {"v1": "/api/", "v2": "/api/v2/"}[version]
    column = "\n".join(cells[version == "v2"] for cells in ROWS.values())
    listed = {(verb, prefix + path) for verb, path in re.findall(r"([A-Z]+) `([^`]+)`", column)}
    routes = {
        (route.method, route.pattern)
        for route in ROUTES
        if route.pattern.startswith("/api/v2/") == (version == "v2")
    }
    assert listed == routes


def test_the_page_shows_unsupported_methods():
    """A missing method, and missing arguments, are marked, with what to use instead."""
    assert ROWS["create_workspace"] == ("POST `workspace`", "not offered")
    assert ROWS["get_tags"] == ("GET `tag`", "not offered: use `get_context(ws_id)`")
    assert ROWS["get_components"] == ("GET `component`<br>not offered with filters", "GET `components`")
    assert (
        ROWS["get_tag"][0] == "GET `tag/workspace/{workspace_id}` (`ws_id`)<br>GET `tag/{tag_id}` (`tag_id`)"
    )
    assert ROWS["print_model"][1].endswith("<br>not offered with `model_id`: use `get_context(ws_id)`")


def test_a_call_missing_from_a_table_stops_the_script():
    """The script fails rather than write "not offered" for a call that a version has."""
    with pytest.raises(AssertionError, match=r"^v2 has a call that is missing from its table: ") as caught:
        MAKER["lacks"]("v2", lambda client: client.close())
    assert str(caught.value).endswith("('close', (), {})")
