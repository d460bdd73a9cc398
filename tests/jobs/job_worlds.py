"""Random jobs over random content of Ardoq, for the properties that hold for all of them."""

import itertools
from dataclasses import dataclass, replace

from hypothesis import strategies as st
from job_seed import APPS, MODEL, SEED, component

#: Names with twins in other letter cases, under `casefold`, in another Unicode form, and with other blanks.
NAMES = ["Web", "WEB", "Straße", "STRASSE", "Zürich", "Zu\u0308rich", "Mail", "Mail\u00a0x", "DB", "CRM"]
KEYS = ["K1", "K2", "K3", "K4", "K5"]
#: A cost in several forms, blank, and one that cannot be read.
COSTS = ["5", "5.0", 5, "7", None, "many"]
SEEN = ["2024-05-01", "2024-05-01T00:00:00Z", "2024-05-01T02:00:00+02:00", "", None]
TYPES = {"p1": "Application", "p2": "Server"}
WORLD_SEED = SEED | {
    "fields": [
        *SEED["fields"],
        {"_id": "seen".ljust(24, "f"), "name": "seen", "label": "Seen", "type": "DateTime", "model": MODEL},
    ]
}


@dataclass(frozen=True)
class World:
    """The content of Ardoq, the rows of each source, and the mappings that read them, as text."""

    components: tuple
    references: tuple
    rows: dict
    mappings: tuple

    @property
    def seed(self):
        """Return the content as a seed."""
        return WORLD_SEED | {"components": list(self.components), "references": list(self.references)}

    @property
    def job(self):
        """Return the text of the job."""
        return "".join([*self.mappings, "\n[guard]\nshare = 1.0\ntake_along = true\n"])


def _component_mapping(rows, kind, key, parent, missing):
    key_line = 'key = "cmdb_id"\n' if key else ""
    key_field = 'cmdb_id = "{Key}"\n' if key else ""
    parent_key = "cmdb_id" if parent == "key" else "name"
    parent_line = (
        f'parent = {{ type = ["Application", "Server"], key = "{parent_key}", value = "{{Parent}}" }}\n'
        if parent
        else ""
    )
    return (
        f'\n[[components]]\nrows = "{rows}"\nworkspace = "Apps"\ntype = "{TYPES[kind]}"\nname = "{{Name}}"\n'
        f"missing = {missing}\n{key_line}{parent_line}"
        f'[components.fields]\n{key_field}cost = "{{Cost}}"\nseen = "{{Seen}}"\n'
    )


def _reference_mapping(source, target, missing):
    keys = {"key": 'key = "cmdb_id", ', "name": ""}
    return (
        f'\n[[references]]\nrows = "links"\nworkspace = "Apps"\ntype = "depends on"\nmissing = {missing}\n'
        'displayText = "{Text}"\n'
        f'source = {{ {keys[source]}value = "{{From}}" }}\ntarget = {{ {keys[target]}value = "{{To}}" }}\n'
    )


@st.composite
def worlds(draw):
    """Draw a world with up to eight components, four sources and five mappings."""
    missing = draw(st.sampled_from(['"report"', '"delete"', '{ set = { lifecycle = "Retired" } }']))
    parent = draw(st.sampled_from([None, "key", "name"]))
    components = _components(draw)
    ids = [comp["_id"] for comp in components]
    pairs = draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=4)) if ids else []
    references = [
        {"_id": f"{number:024d}", "rootWorkspace": APPS, "source": a, "target": b, "type": 1}
        for number, (a, b) in enumerate(pairs, 500)
        if a != b
    ]
    mappings, rows = [], {}
    for name, kind, key in (("a", "p1", True), ("b", "p1", True), ("c", "p2", True), ("d", "p2", False)):
        if not draw(st.booleans()):
            continue
        rows[name] = draw(st.lists(_rows(parent), max_size=5))
        mappings.append(_component_mapping(name, kind, key, parent, missing))
    ends = {"key": KEYS, "name": NAMES}
    source, target = draw(st.sampled_from(["key", "name"])), draw(st.sampled_from(["key", "name"]))
    if draw(st.booleans()) or not mappings:
        link = st.fixed_dictionaries(
            {
                "From": st.sampled_from(ends[source]),
                "To": st.sampled_from(ends[target]),
                "Text": st.sampled_from(["x", "y", None]),
            }
        )
        rows["links"] = draw(st.lists(link, max_size=4))
        reported = '"report"' if missing.startswith("{") else missing
        mappings.append(_reference_mapping(source, target, reported))
    return World(tuple(components), tuple(references), rows, tuple(mappings))


def _components(draw):
    components = []
    for number in range(draw(st.integers(0, 8))):
        more = {}
        key, cost, seen = (draw(st.sampled_from(some)) for some in ([*KEYS, None, None], [5, 7, None], SEEN))
        if components and draw(st.booleans()):
            more["parent"] = draw(st.sampled_from([comp["_id"] for comp in components]))
        kind = draw(st.sampled_from(["p1", "p1", "p2"]))
        comp = component(f"{number + 100:024d}", draw(st.sampled_from(NAMES)), kind=kind, **more)
        comp["customFields"] = {
            name: value for name, value in (("cmdb_id", key), ("cost", cost), ("seen", seen)) if value
        }
        components.append(comp)
    return components


def _rows(parent):
    parents = {"key": KEYS, "name": NAMES, None: []}[parent]
    return st.fixed_dictionaries(
        {
            "Key": st.sampled_from([*KEYS, *KEYS, f" {KEYS[0]} ", None]),
            "Name": st.sampled_from([*NAMES, *NAMES, " Web ", None]),
            "Cost": st.sampled_from(COSTS),
            "Seen": st.sampled_from(SEEN),
            "Parent": st.sampled_from([*parents, None, None]),
        }
    )


def shuffled(draw, world):
    """Return the same world with its rows and its mappings in another order."""
    rows = {name: draw(st.permutations(some)) for name, some in world.rows.items()}
    return replace(world, rows=rows, mappings=tuple(draw(st.permutations(world.mappings))))


def content(dump):
    """Return what the emulator stores, without ids and versions, in an order of its own."""
    by_id = {comp["_id"]: comp for comp in dump["components"]}

    def name(comp_id):
        comp = by_id.get(comp_id)
        return comp and (comp["typeId"], comp["name"], comp.get("customFields", {}).get("cmdb_id"))

    components = [
        (name(comp_id), name(comp.get("parent")), sorted(map(repr, comp.get("customFields", {}).items())))
        for comp_id, comp in by_id.items()
    ]
    references = [
        (name(ref["source"]), name(ref["target"]), ref.get("displayText") or "") for ref in dump["references"]
    ]
    return sorted(map(repr, components)), sorted(map(repr, references))


def decided(report):
    """Return the changes, failures and missing items of a report, without ids and versions."""
    ids = itertools.count()
    names = {}
    changes = []
    for change in report["changes"]:
        names.setdefault(change["_id"], next(ids))
        values = {
            key: value
            for key, value in change["attributes"].items()
            if key not in ("parent", "source", "target")
        }
        changes.append(
            (
                change["action"],
                change["kind"],
                change["name"],
                change.get("label"),
                change.get("note"),
                values,
            )
        )
    missing = sorted(str(comp["name"]) for comp in report["cache_miss_comps"])
    return changes, missing, len(report["cache_miss_refs"])
