"""Write `docs/endpoints.md`, all flat methods with their paths, from `tests/endpoints.py`.

python docs/make_endpoints.py
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ardoqpy import ArdoqClient, InvalidInput, UnsupportedOperation
from ardoqpy.emulator.routes import ROUTES

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from endpoints import OTHERS, V1, V1_SEVERAL, V2, V2_SEVERAL, asked  # noqa: E402  (on the path since the line above)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Call = Callable[[Any], Any]
    #: By version and method: what is sent, and a call that sends it.
    Ways = dict[str, dict[str, list[tuple[str, Call]]]]

PAGE = ROOT / "docs" / "endpoints.md"
PREFIXES = {"v1": "/api/", "v2": "/api/v2/"}
HEAD = """\
# Every method and its paths

To find the method for a path, or the paths of a method, search this page. Paths start with `/api/` on v1 and
with `/api/v2/` on v2; queries are not shown. If a method has several paths, the arguments that lead to each
are in brackets. A listing on v2 sends one request for each page. `ArdoqSyncClient` has the same methods, and
answers some from its cache. Parameters and return values are in the docstrings:
`help(ArdoqClient.get_components)`. [v1 or v2](v1-or-v2.md) helps you choose a version.

[`docs/make_endpoints.py`](make_endpoints.py) writes this page from the tables in
[`tests/endpoints.py`](../tests/endpoints.py), which the tests compare with what is sent. To change the page,
change these tables and run `python docs/make_endpoints.py`.
"""

#: By verb and path without the names of variables, as the tables have it: the path with them.
PATHS = {(route.method, re.sub(r"\{\w+\}", "{}", route.pattern)): route.pattern for route in ROUTES}


def ways() -> Ways:
    """Return the ways to call each method that the tables have."""
    tables = {
        "v1": [([row[:2]], row[2]) for row in V1] + V1_SEVERAL,
        "v2": [([row[:2]], row[2]) for row in V2] + V2_SEVERAL,
    }
    result: Ways = {version: {} for version in tables}
    for version, rows in tables.items():
        for requests, call in rows:
            sent = ", ".join(request(version, verb, path) for verb, path in requests)
            result[version].setdefault(asked(call)[0], []).append((sent, call))
    return result


def request(version: str, verb: str, path: str) -> str:
    """Return a request as the page shows it, such as "GET `component`"."""
    prefix = PREFIXES[version]
    return f"{verb} `{PATHS[verb, prefix + path].removeprefix(prefix)}`"


def arguments(call: Call) -> list[str]:
    """Return the arguments of a call as the page names them."""
    name, args, kwargs = asked(call)
    signature = inspect.signature(getattr(ArdoqClient, name))
    given = signature.bind(None, *args, **kwargs).arguments
    return [argument(signature.parameters[key], given[key]) for key in given if key != "self"]


def argument(parameter: inspect.Parameter, value: object) -> str:
    """Return an argument as the page shows it: switches with their value, filters as one word."""
    if value is True:
        return f"`{parameter.name}=True`"
    if parameter.kind is parameter.VAR_KEYWORD or (
        parameter.kind is parameter.KEYWORD_ONLY and parameter.default is None
    ):
        return "filters"
    return f"`{parameter.name}`"


def lacks(version: str, call: Call) -> tuple[bool, str]:
    """Return whether a version lacks the method, or only these arguments, and what to use instead."""
    with ArdoqClient("http://127.0.0.1", "none", version=version, retries=0) as client:
        try:
            call(client)
        except UnsupportedOperation as lacking:
            use = re.fullmatch(r".*: use version='v\d'(?:, or (.+))?\.", str(lacking))
            return True, f": use `{use[1]}`" if use and use[1] else ""
        except InvalidInput:
            return False, ""
    raise AssertionError(f"{version} has a call that is missing from its table: {asked(call)}")


def cell(name: str, here: str, there: str, calls: Ways) -> str:
    """Return what the version `here` sends for a method, a line for each path, and what it lacks."""
    if name in OTHERS:
        return str(OTHERS[name])
    own, other = calls[here].get(name, []), calls[there].get(name, [])
    if not own:
        return f"not offered{lacks(here, other[0][1])[1]}"
    common = set.intersection(*(set(arguments(call)) for _, call in own + other))
    leading: dict[str, list[list[str]]] = {}
    for sent, call in own:
        leading.setdefault(sent, []).append([name for name in arguments(call) if name not in common])
    lines = [f"{sent}{in_brackets(options, len(leading))}" for sent, options in leading.items()]
    offered = [set(arguments(call)) for _, call in own]
    for _, call in other:
        if set(arguments(call)) not in offered:
            lacking, use = lacks(here, call)
            label = ", ".join(name for name in arguments(call) if name not in common)
            if lacking or label:
                lines.append(f"not offered {f'with {label}' if label else 'without arguments'}{use}")
    return "<br>".join(dict.fromkeys(lines))


def in_brackets(options: list[list[str]], paths: int) -> str:
    """Return the arguments that lead to one of several paths, in brackets, or nothing if none are needed."""
    needed = [names for names in options if not any(set(fewer) < set(names) for fewer in options)]
    if paths == 1 or [] in needed:
        return ""
    return f" ({' or '.join(dict.fromkeys(', '.join(names) for names in needed))})"


def groups() -> Iterator[tuple[str, list[str]]]:
    """Yield the heading and the public methods of each module of the client."""
    modules: dict[str, list[str]] = {}
    for cls in (*ArdoqClient.__mro__[1:], ArdoqClient):
        names = [name for name, member in vars(cls).items() if inspect.isfunction(member) and name[0] != "_"]
        modules.setdefault(cls.__module__, []).extend(names)
    for module, names in modules.items():
        if module == ArdoqClient.__module__:
            yield "The client itself", names
        elif names:
            yield (sys.modules[module].__doc__ or "").strip().split("\n\n")[0].rstrip("."), names


def page() -> str:
    """Return the text of the page."""
    calls = ways()
    parts = [HEAD]
    for heading, names in groups():
        parts += [f"## {heading}", "", "| method | API v1 | API v2 |", "|---|---|---|"]
        parts += [
            f"| `{name}` | {cell(name, 'v1', 'v2', calls)} | {cell(name, 'v2', 'v1', calls)} |"
            for name in names
        ]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"Wrote {PAGE}.")
