"""Worlds to sync into, scripts of source rows to sync, and what the tests ask about both.

A world is a seed of the emulator. A script is plain data: a list of steps, each a tuple that begins with what
is to be done, so that hypothesis can show it and one script can be run by several clients.
"""

import copy
import json
import re
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

from ardoqpy import ArdoqClient, Retries
from ardoqpy_sync import ArdoqSyncClient

TOKEN = "a-token-that-nobody-may-see"
RETRIES = Retries(count=3, backoff=0.0)

#: By workspace the component types and reference types of its model.
COMPONENT_TYPES = {"ws1": ("app", "svc"), "ws2": ("srv", "dbs"), "ws3": ("app", "svc")}
REFERENCE_TYPES = {"ws1": (1, 2), "ws2": (1, 3), "ws3": (1, 2)}
MODEL_OF = {"ws1": "model1", "ws2": "model2", "ws3": "model1"}

_MODELS = (
    {
        "_id": "model1",
        "name": "Landscape",
        "root": {"app": {"name": "Application", "children": {"svc": {"name": "Service"}}}},
        "referenceTypes": {"1": {"name": "Uses"}, "2": {"name": "Owns"}},
    },
    {
        "_id": "model2",
        "name": "Machines",
        "root": {"srv": {"name": "Server"}, "dbs": {"name": "Database"}},
        "referenceTypes": {"1": {"name": "Reaches"}, "3": {"name": "Runs on"}},
    },
)
_FIELDS = {
    "cost": "Number",
    "nr": "Number",
    "since": "DateTime",
    "areas": "SelectMultipleList",
    "live": "Checkbox",
    "code": "Text",
    "note": "Text",
    "score": "Number",
}

#: Names of custom fields that are those of built-in attributes, but of other kinds of entities.
UNUSUAL_NAMES = ("state", "value", "targetValue", "tags", "components", "workspaces")

#: The version of the API that sync clients speak here: every test runs once for each.
api_mode = SimpleNamespace(version="v1", batch=False)

#: The paths and methods of each version.
_WORDS = {
    "v1": SimpleNamespace(
        change="PUT",
        components="/api/component",
        definitions="/api/field",
        whole=["/api/workspace/ws1/aggregated"],
    ),
    "v2": SimpleNamespace(
        change="PATCH",
        components="/api/v2/components",
        definitions="/api/v2/workspaces/ws1/context",
        whole=[
            "/api/v2/components",
            "/api/v2/references",
            "/api/v2/workspaces/ws1",
            "/api/v2/workspaces/ws1/context",
        ],
    ),
}

WEB_SHOP = {"source": "web", "target": "shop", "type": 1}


def seed(
    components: list[dict] | tuple = (), references: list[dict] | tuple = (), workspaces: int = 2
) -> dict[str, Any]:
    """Return a seed: `ws1` and `ws3` share a model, `ws2` has another; `score` is calculated by Ardoq.

    The components' custom fields are `_FIELDS`, and, on v2 alone, where there must be a definition, those
    named like attributes of other kinds (`UNUSUAL_NAMES`).
    """
    fields = _FIELDS | (dict.fromkeys(UNUSUAL_NAMES, "Text") if api_mode.version == "v2" else {})
    names = list(COMPONENT_TYPES)[:workspaces]
    return {
        "format": 1,
        "models": list(_MODELS),
        "fields": [
            {
                "_id": f"{model['_id']}-{name}",
                "name": name,
                "label": name.capitalize(),
                "type": kind,
                "model": model["_id"],
                "calculatedFieldSettings": {"query": "1 + 1"} if name == "score" else None,
                "global": True,
            }
            for model in _MODELS
            for name, kind in fields.items()
        ],
        "workspaces": [
            {"_id": name, "name": f"Workspace {name}", "componentModel": MODEL_OF[name]} for name in names
        ],
        "components": list(components),
        "references": list(references),
    }


def stored_component(
    comp_id: str, name: str, ws: str = "ws1", type_id: str | None = None, parent: str | None = None, **custom
) -> dict[str, Any]:
    """Return a component for a seed."""
    return {
        "_id": comp_id,
        "name": name,
        "rootWorkspace": ws,
        "typeId": type_id or COMPONENT_TYPES[ws][0],
        "parent": parent,
        "customFields": custom,
    }


def stored_reference(ref_id: str, source: str, target: str, kind: int = 1, **more) -> dict[str, Any]:
    """Return a reference for a seed."""
    return {"_id": ref_id, "source": source, "target": target, "type": kind, **more}


def row(name: str, ws: str = "ws1", type_id: str | None = None, **more) -> dict[str, Any]:
    """Return a row of the source for a component."""
    return {"name": name, "rootWorkspace": ws, "typeId": type_id or COMPONENT_TYPES[ws][0], **more}


def wire_terms() -> SimpleNamespace:
    """Return the paths and methods of the current version."""
    return _WORDS[api_mode.version]


def count_loads(server) -> int:
    """Return how often a whole workspace was loaded."""
    return request_lines(server).count(f"GET {wire_terms().whole[0]}")


#: The sync clients that are open.
_OPEN: list[ArdoqSyncClient] = []


def writes(server) -> list[tuple[str, str, int | None]]:
    """Return the requests that were more than reading."""
    flush_all()
    return [
        (request.method, request.path, request.status)
        for request in server.requests
        if request.method != "GET"
    ]


def request_lines(server) -> list[str]:
    """Return the requests in short."""
    return [f"{request.method} {request.path}" for request in server.requests]


def names_in(server, ws: str = "ws1") -> list[str]:
    """Return the names of what the emulator holds in a workspace, in its order."""
    flush_all()
    return [comp["name"] for comp in server.dump()["components"] if comp["rootWorkspace"] == ws]


def held(server, entity_id: str) -> dict[str, Any]:
    """Return what the emulator holds under an id, be it a batch id that it had until now."""
    flush_all()
    for client in _OPEN:
        entity_id = client.real_id(entity_id)
    dump = server.dump()
    return next(entity for entity in (*dump["components"], *dump["references"]) if entity["_id"] == entity_id)


def value(entity: dict[str, Any], name: str) -> Any:
    """Return the value of a custom field, wherever the version keeps it."""
    return entity.get("customFields", entity).get(name)


def counts(report: dict[str, Any]) -> dict[str, int]:
    """Return the numbers of a report that are not zero."""
    return {key: value for key, value in report.items() if isinstance(value, int) and value}


@contextmanager
def open_sync_client(server, **options):
    """Give a sync client of the emulator for the length of a `with` block."""
    options = {"retries": RETRIES, "version": api_mode.version, "batch": api_mode.batch, **options}
    with ArdoqSyncClient(server.url, TOKEN, **options) as client:
        _OPEN.append(client)
        try:
            yield client
        finally:
            _OPEN.remove(client)


def flush_all() -> None:
    """Flush all clients, so that Ardoq holds what was written."""
    for client in _OPEN:
        client.flush()


@contextmanager
def open_client(server, **options):
    """Open a plain client, which stands for another user."""
    with ArdoqClient(server.url, TOKEN, **{"retries": RETRIES, **options}) as client:
        yield client


# -- values and their equivalents -----------------------------------------------------------

_EQUIVALENT_VALUES = {
    "cost": (
        (5, 5.0, "5", "5.0", " 5 ", "+5", "5e0"),
        (-1.5, "-1.5", "-1.50", "-15e-1"),
        (0, 0.0, "0", "-0"),
        (10**20, str(10**20)),
    ),
    "since": (
        ("2024-05-01T10:00:00.000Z", "2024-05-01T12:00:00+02:00", "2024-05-01 10:00Z", "2024-05-01T10:00:00"),
        ("2023-12-31T00:00:00.000Z", "2023-12-31", "2023-12-30T23:00-0100"),
    ),
    "areas": (
        (["North", "South"], ["South", "North"], ("South", "North")),
        (["North"],),
        (["a", "b", "b"], ["b", "a", "b"]),
        ([],),
    ),
    "live": ((True, "true", "True"), (False, "false")),
    "note": (("plain",), ("Ærø — 日本 🚀",), ("",), ("2024-05-01",), ("7",)),
    "unknown": ((3, "3"), ("text",), ({"deep": [1, {"er": None}]},)),
}
_POOL = (("Web", "WEB", "web"), ("straße", "STRASSE", "Straße"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("Ünï 🚀", "ÜNÏ 🚀"))
_NEW = (("New", "NEW", "new"), ("Ny ærø", "NY ÆRØ"), ("新しい",))


def _of(values: tuple) -> st.SearchStrategy:
    return st.sampled_from([first for first, *_ in values])


def _stored_values() -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {}, optional={name: _of(known) for name, known in _EQUIVALENT_VALUES.items()}
    )


@st.composite
def _wanted_values(draw) -> dict[str, Any]:
    """Draw attributes: any form of any value, and nulls."""
    drawn = {}
    for name, known in _EQUIVALENT_VALUES.items():
        if draw(st.booleans()) and (name != "unknown" or api_mode.version == "v1" or draw(st.booleans())):
            # On v2 a field without a definition is refused: most rows should get further than that.
            equivalents = draw(st.sampled_from((*known, (None,))))
            drawn[name] = draw(st.sampled_from(equivalents))
    if draw(st.booleans()):
        drawn["description"] = draw(st.sampled_from(("Said by the source", None)))
    return drawn


@st.composite
def worlds(draw) -> dict[str, Any]:
    """Draw what `seed` takes.

    In each workspace: a group to be a parent, components with names of the pool (so there are duplicates
    among them), one that is found by a field, and one, with a child, that is there to be deleted.
    """
    workspaces = draw(st.integers(1, 3))
    components, ids = [], []
    for ws in list(COMPONENT_TYPES)[:workspaces]:
        components.append(stored_component(f"group-{ws}", "Group", ws))
        for number in range(draw(st.integers(0, 4))):
            comp_id = f"c{number}-{ws}"
            components.append(
                stored_component(
                    comp_id,
                    draw(st.sampled_from(draw(st.sampled_from(_POOL)))),
                    ws,
                    draw(st.sampled_from(COMPONENT_TYPES[ws])),
                    draw(st.sampled_from((None, f"group-{ws}"))),
                    **draw(_stored_values()),
                )
            )
            ids.append(comp_id)
        code = draw(st.sampled_from(({"code": f"K-{ws}"}, {"nr": 7}, {"nr": "7"})))
        components.append(stored_component(f"coded-{ws}", "Coded", ws, **code))
        components.append(stored_component(f"doomed-{ws}", "Doomed", ws))
        components.append(stored_component(f"below-{ws}", "Below", ws, parent=f"doomed-{ws}"))
        ids += [f"group-{ws}", f"coded-{ws}", f"below-{ws}"]
    references = []
    for number in range(draw(st.integers(0, 5))):
        source, target = draw(st.sampled_from(ids)), draw(st.sampled_from(ids))
        kind = draw(st.sampled_from(REFERENCE_TYPES[source[-3:]]))
        text = draw(st.sampled_from((None, "as it was")))
        references.append(stored_reference(f"r{number}", source, target, kind, displayText=text))
    return {"components": components, "references": references, "workspaces": workspaces}


# -- scripts ---------------------------------------------------------------------------------------
#
# The rows of one run never contradict themselves: two rows for one entity give the same value, in the same
# spelling, for each attribute that both give. A source that contradicts itself changes at each run, and
# no sync can make it settle. So what a component of a workspace, type and name is to be is drawn once (its
# plan), every row of it gives a part of that, and an entity is matched by name or by field, never by both.


class _ScriptBuilder:
    """Write a script step by step; what was drawn for earlier steps is held to in later ones."""

    def __init__(self, draw, world: dict[str, Any]) -> None:
        self.draw = draw
        self.world = world
        self.steps: list[tuple] = []
        self.plans: dict[tuple, dict] = {}
        self.text = self._choose(("as it is", None))
        self.ends = [
            comp["_id"]
            for comp in world["components"]
            if comp["_id"].split("-")[0] not in ("doomed", "below")
        ]
        self.refs = [ref["_id"] for ref in world["references"]]

    def _choose(self, values) -> Any:
        return self.draw(st.sampled_from(values))

    def by_name(self, handle: str, ws: str) -> None:
        # Each row may spell the name in its own letter case: the first row of the run decides.
        comp = row(self._choose(self._choose(_POOL + _NEW)), ws, self._choose(COMPONENT_TYPES[ws]))
        key = ws, comp["typeId"], comp["name"].lower()
        if key not in self.plans:
            parent = self._choose(({}, {"parent": None}, {"parent": f"group-{ws}"}))
            self.plans[key] = {**self.draw(_wanted_values()), **parent}
        part = {name: value for name, value in self.plans[key].items() if self.draw(st.booleans())}
        self.steps.append(("component", handle, {**comp, **part}, {}))
        self.ends.append(handle)

    def by_field(self, handle: str, ws: str) -> None:
        stored = next(comp for comp in self.world["components"] if comp["_id"] == f"coded-{ws}")
        (field, value), *_ = stored["customFields"].items()
        value = self._choose((value, *((7, "7", 7.0) if field == "nr" else ())))
        plan = self.plans.setdefault((ws, "coded"), {"name": self._choose(("Coded", "Recoded"))})
        keywords = {"field_name": field, "field_value": value}
        if self.draw(st.booleans()):
            plan = {**plan, field: value}
            keywords = self._choose((keywords, {"field_name": field}))
        self.steps.append(("component", handle, row(ws=ws, **plan), keywords))
        self.ends.append(handle)

    def below(self, handle: str, ws: str) -> None:
        above = [step[1] for step in self.steps if step[0] == "component" and step[2]["rootWorkspace"] == ws]
        if above:
            child = row(f"Child {handle}", ws, parent=self._choose(above))
            self.steps.append(("component", handle, child, {}))
            self.ends.append(handle)

    def reference(self, handle: str, _: str) -> None:
        source, target = self._choose(self.ends), self._choose(self.ends)
        ref = {"type": self._choose((1, 1, 2, 3)), **self._choose(({}, {"displayText": self.text}))}
        self.steps.append(("reference", handle, source, target, ref))
        self.refs.append(handle)

    def retire(self, _: str, ws: str) -> None:
        self.steps.append(("retire", ws, "Doomed"))

    def update(self, _: str, __: str) -> None:
        rows = [step for step in self.steps if step[0] == "component"]
        if rows:
            self.steps.append(("update", *self._choose(rows)[1:3]))

    def delete(self, _: str, __: str) -> None:
        self.steps.append(("delete", self._choose(self.ends)))

    def delete_reference(self, _: str, __: str) -> None:
        if self.refs:
            self.steps.append(("delete reference", self._choose(self.refs)))


@st.composite
def scripts(draw, world: dict[str, Any], *, with_deletes: bool = False) -> list[tuple]:
    """Draw the steps of a run over a seed; `with_deletes` ones also delete, by id, what other rows name.

    - ("component", handle, row, keywords): what Ardoq answers is known to later steps by its handle.
    - ("reference", handle, source handle, target handle, row)
    - ("update", handle, attributes), ("delete", handle), ("delete reference", handle): by id
    - ("retire", workspace, name): find by name, and delete what is found
    """
    builder = _ScriptBuilder(draw, world)
    kinds = [builder.by_name, builder.by_field, builder.below, builder.reference, builder.retire]
    kinds += [builder.by_name, builder.reference]
    if with_deletes:
        kinds += [builder.update, builder.delete, builder.delete, builder.delete_reference]
    for number in range(draw(st.integers(1, 10))):
        workspace = builder._choose(list(COMPONENT_TYPES)[: world["workspaces"]])
        builder._choose(kinds)(f"h{number}", workspace)
    return builder.steps


@st.composite
def worlds_and_scripts(draw, *, with_deletes: bool = False) -> tuple[dict[str, Any], list[tuple]]:
    """Draw a seed and a script over it."""
    world = draw(worlds())
    return world, draw(scripts(world, with_deletes=with_deletes))


def run(client: ArdoqSyncClient, script: list[tuple]) -> list[dict[str, Any]]:
    """Run a script with a client that collects its errors, and return all results."""
    known: dict[str, Any] = {}
    out: list[dict[str, Any]] = []
    for step in script:
        what, about = step[0], step[1]
        if what == "component":
            comp = dict(step[2])
            if comp.get("parent") in known:
                comp["parent"] = known[comp["parent"]]
            out.append(client.create_component(comp, **step[3]))
            known[about] = out[-1]["_id"]
        elif what == "reference":
            source, target = (known.get(end, end) for end in step[2:4])
            ref = {"source": source, "target": target, **step[4]}
            out.append(client.create_reference(ref))
            known[about] = out[-1]["_id"]
        elif what == "update":
            out.append(client.update_component(known[about] or "nothing", step[2]))
        elif what == "delete":
            out.append(client.del_component(known.get(about, about) or "nothing"))
        elif what == "delete reference":
            out.append(client.del_reference(known.get(about, about) or "nothing"))
        else:
            result = client.find_component(about, comp_name=step[2], exact=True)
            out += [client.del_component(comp["_id"]) for comp in result]
    client.flush()
    return out


_MADE = re.compile(r"simulated-\d+|batch-\d+|5f00aa00bb00cc[0-9a-f]{10}")


def comparable(report: dict[str, Any]) -> str:
    """Return a report as text in which the ids of entities created in the run are numbered as they appear.

    Why a row failed is left out: what Ardoq refuses it refuses in words of its own.
    """
    report = copy.deepcopy(report)
    for failed in (*report["failed_comps_l"], *report["failed_refs_l"]):
        del failed["reason"]
    for change in report["changes"]:
        if change["action"] == "failed":
            del change["note"]
    report["description"] = (report["description"] or "").partition(":")[0]
    numbers: dict[str, str] = {}

    def numbered(match: re.Match) -> str:
        return numbers.setdefault(match[0], f"created #{len(numbers) + 1}")

    return _MADE.sub(numbered, json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False, default=repr))


def attributes_of(change):
    """Return the old and the new values of a change as pairs."""
    return {key: (values["old"], values["new"]) for key, values in change["attributes"].items()}
