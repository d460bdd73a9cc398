"""Make `docs/endpoints.md`, the table of all flat methods with their paths, out of `tests/endpoints.py`.

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

from endpoints import OTHERS, V1, V1_SEVERAL, V2, V2_SEVERAL, asked  # noqa: E402  (found by the line above)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Call = Callable[[Any], Any]
    #: By version and method: what is sent, and a call that sends it.
    Ways = dict[str, dict[str, list[tuple[str, Call]]]]

PAGE = ROOT / "docs" / "endpoints.md"
PREFIXES = {"v1": "/api/", "v2": "/api/v2/"}
HEAD = """\
# Every flat method, and the paths it calls

Paths are below `/api/` on v1 and below `/api/v2/` on v2, and shown without their queries. Where there are
several ways to call a method, the arguments that lead to a path stand behind it in brackets. A listing on v2
sends one request for each page. `ArdoqSyncClient` has all of these methods too, and answers some of them from
its cache. What each takes and gives is in its docstring: `help(ArdoqClient.get_components)`. Which version to
choose is in [v1-or-v2.md](v1-or-v2.md).

This page is made by [`docs/make_endpoints.py`](make_endpoints.py) out of the tables in
[`tests/endpoints.py`](../tests/endpoints.py), which the tests hold against what is really sent. To change it,
change those and run `python docs/make_endpoints.py`.
"""

#: The paths with the names of their variables, which the tables leave out.
NAMED = {(route.method, re.sub(r"\{\w+\}", "{}", route.pattern)): route.pattern for route in ROUTES}


def ways() -> Ways:
    """Return the ways that the tables know to call each method."""
    tables = {
        "v1": [([row[:2]], row[2]) for row in V1] + V1_SEVERAL,
        "v2": [([row[:2]], row[2]) for row in V2] + V2_SEVERAL,
    }
    found: Ways = {version: {} for version in tables}
    for version, rows in tables.items():
        for requests, call in rows:
            sent = ", ".join(request(version, *one) for one in requests)
            found[version].setdefault(asked(call)[0], []).append((sent, call))
    return found


def request(version: str, verb: str, path: str) -> str:
    """Return one request as the page shows it."""
    prefix = PREFIXES[version]
    return f"{verb} `{NAMED[verb, prefix + path].removeprefix(prefix)}`"


def arguments(call: Call) -> list[str]:
    """Return the arguments of a call as the page names them."""
    name, args, kwargs = asked(call)
    signature = inspect.signature(getattr(ArdoqClient, name))
    given = signature.bind(None, *args, **kwargs).arguments
    return [shown(signature.parameters[one], given[one]) for one in given if one != "self"]


def shown(parameter: inspect.Parameter, value: object) -> str:
    """Return one argument as the page names it: switches with their value, all filters by one word."""
    if value is True:
        return f"`{parameter.name}=True`"
    if parameter.kind is parameter.VAR_KEYWORD or (
        parameter.kind is parameter.KEYWORD_ONLY and parameter.default is None
    ):
        return "filters"
    return f"`{parameter.name}`"


def refused(version: str, call: Call) -> tuple[bool, str]:
    """Return whether a version lacks what is called, or only this way to call it, and what to use instead."""
    with ArdoqClient("http://127.0.0.1", "none", version=version, retries=0) as client:
        try:
            call(client)
        except UnsupportedOperation as lacking:
            use = re.fullmatch(r".*: use version='v\d'(?:, or (.+))?\.", str(lacking))
            return True, f": use `{use[1]}`" if use and use[1] else ""
        except InvalidInput:
            return False, ""
    raise AssertionError(f"{version} offers what its table lacks: {asked(call)}")


def cell(name: str, here: str, there: str, known: Ways) -> str:
    """Return what the version `here` sends for a method, a line for each path, and what it does not offer."""
    if name in OTHERS:
        return str(OTHERS[name])
    own, other = known[here].get(name, []), known[there].get(name, [])
    if not own:
        return f"not offered{refused(here, other[0][1])[1]}"
    common = set.intersection(*(set(arguments(call)) for _, call in own + other))
    leading: dict[str, list[list[str]]] = {}
    for sent, call in own:
        leading.setdefault(sent, []).append([one for one in arguments(call) if one not in common])
    lines = [f"{sent}{in_brackets(ways_there, len(leading))}" for sent, ways_there in leading.items()]
    offered = [set(arguments(call)) for _, call in own]
    for _, call in other:
        if set(arguments(call)) not in offered:
            lacking, use = refused(here, call)
            label = ", ".join(one for one in arguments(call) if one not in common)
            if lacking or label:
                lines.append(f"not offered {f'with {label}' if label else 'without arguments'}{use}")
    return "<br>".join(dict.fromkeys(lines))


def in_brackets(ways_there: list[list[str]], paths: int) -> str:
    """Return the arguments that lead to one of several paths; none where no others are needed."""
    needed = [one for one in ways_there if not any(set(less) < set(one) for less in ways_there)]
    if paths == 1 or [] in needed:
        return ""
    return f" ({' or '.join(dict.fromkeys(', '.join(one) for one in needed))})"


def groups() -> Iterator[tuple[str, list[str]]]:
    """Yield the heading and the public methods of each module that the client is made of."""
    modules: dict[str, list[str]] = {}
    for one in (*ArdoqClient.__mro__[1:], ArdoqClient):
        names = [name for name, member in vars(one).items() if inspect.isfunction(member) and name[0] != "_"]
        modules.setdefault(one.__module__, []).extend(names)
    for module, names in modules.items():
        if module == ArdoqClient.__module__:
            yield "The client itself", names
        elif names:
            yield (sys.modules[module].__doc__ or "").strip().split("\n\n")[0].rstrip("."), names


def page() -> str:
    """Return the page as it has to be."""
    known = ways()
    parts = [HEAD]
    for heading, names in groups():
        parts += [f"## {heading}", "", "| method | API v1 | API v2 |", "|---|---|---|"]
        parts += [
            f"| `{name}` | {cell(name, 'v1', 'v2', known)} | {cell(name, 'v2', 'v1', known)} |"
            for name in names
        ]
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"{PAGE} is made.")
