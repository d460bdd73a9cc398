"""Random jobs over random content of Ardoq, for the properties that hold for all of them.

A world is made by a `random.Random`: Hypothesis gives one that it controls, and a seed gives the same world
again without it.
"""

import itertools
import json
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from job_seed import APPS, SEED, SERVERS, component, field

#: Names with twins in other letter cases, under `casefold`, in another Unicode form, and with other blanks.
NAMES = ["Web", "WEB", "web", "Straße", "STRASSE", "Zürich", "Zu\u0308rich", "Mail", "Mail\u00a0x", "DB"]
TYPES = {"p1": "Application", "p2": "Server", "p3": "Site"}
WORKSPACES = {APPS: "Apps", SERVERS: "Servers"}
#: Costs and times in the forms in which sources give them; the last cost cannot be read.
COSTS = [["5", "5.0", 5], ["7", 7], [None], ["many"]]
TIMES = [["2024-05-01", "2024-05-01T00:00:00Z", "2024-05-01T02:00:00+02:00"], ["2024-06-01"], [None]]
#: By key field: what Ardoq holds, and the forms in which rows give each of these values.
KEY_FIELDS = {
    "cmdb_id": {key: [key, key, f" {key} "] for key in ("K1", "K2", "K3", "K4", "K5")},
    "number": {number: [number, f"{number}", f"{number}.0"] for number in (1, 2, 3, 4)},
    "since": {
        "2024-05-01": TIMES[0],
        "2024-05-01T00:00:00Z": TIMES[0],
        "2024-06-01": TIMES[1],
        "2024-07-01": ["2024-07-01", "2024-07-01T00:00:00+00:00"],
    },
}
MISSING = ['"report"', '"delete"', '"delete"', '{ set = { lifecycle = "Retired" } }']
OWNED = ("owner", "north")
WORLD_SEED = SEED | {
    "models": [{**SEED["models"][0], "root": {key: {"name": name} for key, name in TYPES.items()}}],
    "fields": [
        *SEED["fields"],
        field("number", "Number", "Number"),
        field("since", "Since", "DateTime"),
        field("seen", "Seen", "DateTime"),
        field("owner", "Owner", "Text"),
    ],
}


@dataclass(frozen=True)
class Mapping:
    """A mapping of a job: its text, and what a test must know to judge a run.

    - `kind`: "component" or "reference"; `rows`: the name of its source; `type_id`: the type that it writes.
    - `key`: the key field of components, or None if they are matched by name.
    - `is_filtered`: whether only rows with "1" in the column `Use` are read.
    - `owned`: whether it owns only the components of one owner.
    - `within`: the column with the parent that distinguishes components of the same name, if any.
    """

    text: str
    kind: str
    rows: str
    ws_id: str = APPS
    type_id: str | int = "p1"
    key: str | None = None
    is_filtered: bool = False
    owned: bool = False
    within: str | None = None


@dataclass(frozen=True)
class World:
    """The content of Ardoq, the rows of each source, the mappings that read them, and the guard as text."""

    components: tuple
    references: tuple
    rows: dict
    mappings: tuple
    guard: str

    @property
    def seed(self):
        """Return the content as a seed."""
        return WORLD_SEED | {"components": list(self.components), "references": list(self.references)}

    @property
    def job(self):
        """Return the text of the job."""
        return "".join([*(mapping.text for mapping in self.mappings), self.guard])


def make_world(random):
    """Return a world with up to eight components, four sources of components and two of references."""
    return _Maker(random).make()


class _Thing(NamedTuple):
    """What rows and components are about: so they match, and agree."""

    key: Any
    name: str
    cost: list
    seen: list
    owner: str | None
    parent: "_Thing | None"
    above: "_Thing | None"


class _Maker:
    """Make one world; its noise is the share of what does not come from one of a few things."""

    def __init__(self, random):
        self._random = random
        self._noise = random.choice([0.02, 0.1, 0.3])
        self._key = random.choice(["cmdb_id", "cmdb_id", "number", "since"])
        held = KEY_FIELDS[self._key]
        self._things = []
        for key, name in zip(held, random.sample(NAMES, len(held)), strict=True):
            cost, seen = self._one(*COSTS[:3]), self._one(*TIMES)
            owner = self._one("north", "north", "south", None)
            parent = self._one(None, *self._things)
            above = parent and parent.parent
            self._things.append(_Thing(key, name, cost, seen, owner, parent, above))
        #: By type that is matched by name within a parent, the types of that parent.
        self._within = self._one(
            {},
            {},
            {},
            {"p1": ["p2"]},
            {"p1": ["p2", "p3"]},
            {"p2": ["p3", "p1"]},
            {"p1": ["p2", "p3"], "p2": ["p3"]},
        )
        self._missing = {(ws_id, kind): self._one(*MISSING) for ws_id in WORKSPACES for kind in TYPES}
        self._components = []

    def make(self):
        for number in range(self._random.randint(0, 12 if self._within else 8)):
            self._add_component(f"{number + 100:024d}")
        mappings, rows = [], {}
        for source in "abcd":
            if self._chance(0.6):
                mappings.append(self._component_mapping(source))
                things = self._some_things()
                if mappings[-1].within:
                    things = [each for thing in things for each in self._twins(thing)]
                rows[source] = list(map(self._component_row, things))
        for source in "lm":
            if self._chance(0.4) or not mappings:
                mappings.append(self._reference_mapping(source))
                rows[source] = self._list(self._reference_row, 4)
        guard = {"share": "1.0", "take_along": self._one("true", "false"), "despite_failures": "true"}
        guard["despite_failures"] = self._one("true", "true", "false")
        lines = [f"{key} = {value}" for key, value in guard.items()]
        return World(
            tuple(self._components),
            tuple(self._references()),
            rows,
            tuple(mappings),
            "\n".join(["\n[guard]", *lines, ""]),
        )

    def _one(self, *values):
        return self._random.choice(values)

    def _chance(self, share):
        return self._random.random() < share

    def _list(self, make, most):
        return [make() for _ in range(self._random.randint(0, most))]

    # -- the content of Ardoq -------------------------------------------------------------------------------

    def _add_component(self, comp_id):
        thing = self._mixed(self._one(*self._things))
        ws_id = self._one(APPS, APPS, APPS, SERVERS)
        kind = self._one("p1", "p1", "p2", "p3")
        kinds = self._within.get(kind, TYPES)
        above = [
            comp["_id"]
            for comp in self._components
            if comp["rootWorkspace"] == ws_id and comp["typeId"] in kinds
        ]
        more = (
            {"parent": self._one(*above)}
            if above and self._chance(0.8 if kind in self._within else 0.4)
            else {}
        )
        values = {
            self._key: thing.key if self._chance(0.7) else None,
            "cost": self._one(5, 7, None),
            "seen": self._one(*thing.seen),
            "owner": thing.owner if self._chance(0.7) else self._one("north", "south", None),
        }
        comp = component(comp_id, thing.name, ws=ws_id, kind=kind, **more)
        comp["customFields"] = {field_name: value for field_name, value in values.items() if value}
        self._components.append(comp)

    def _references(self):
        for number in range(self._random.randint(0, 5) if self._components else 0):
            source, target = self._one(*self._components), self._one(*self._components)
            if source is not target:
                yield {
                    "_id": f"{number + 500:024d}",
                    "rootWorkspace": source["rootWorkspace"],
                    "source": source["_id"],
                    "target": target["_id"],
                    "type": self._one(1, 1, 2),
                    "displayText": self._one("x", "y", ""),
                }

    def _mixed(self, thing):
        return thing._replace(name=self._one(*NAMES)) if self._chance(self._noise) else thing

    # -- rows -----------------------------------------------------------------------------------------------

    def _some_things(self):
        """Return what the rows of a source are about: most of them about different things."""
        number = 0 if self._chance(0.06) else self._random.randint(1, len(self._things))
        things = self._random.sample(self._things, number)
        things += [self._one(*self._things) for _ in things if self._chance(self._noise)]
        return list(map(self._mixed, things))

    def _twins(self, thing):
        """Return a thing, perhaps with others of its name below other parents."""
        parents = [parent for parent in self._things if self._chance(0.2)]
        return [thing, *(thing._replace(parent=parent, above=parent.parent) for parent in parents)]

    def _component_row(self, thing):
        other = self._mixed(self._one(*self._things)) if self._chance(self._noise) else thing
        parent, above = other.parent, other.above
        return {
            "Key": self._form(thing),
            "Name": self._spelling(thing),
            "Cost": self._one(*(self._one(*COSTS) if self._chance(self._noise / 2) else other.cost)),
            "Seen": self._one(*other.seen),
            "Owner": other.owner,
            "Use": self._one("1", "1", "2"),
            "Parent": self._spelling(parent),
            "ParentKey": self._form(parent),
            "Above": self._spelling(above),
            # One that no field takes: the whole line cannot be read.
            "Line": "\0" if self._chance(self._noise / 5) else "",
        }

    def _reference_row(self):
        row = {"Text": self._one("x", "y", None)}
        for end in ("From", "To"):
            things = [self._mixed(self._one(*self._things)) for _ in range(self._one(1, 1, 1, 2, 3))]
            row["Above"] = self._spelling(things[0].parent)
            names, keys = list(map(self._spelling, things)), list(map(self._form, things))
            row[end] = names[0] if len(names) == 1 else ";".join(str(name or "") for name in names)
            row[f"{end}Key"] = keys[0] if len(keys) == 1 else ";".join(str(key or "") for key in keys)
        return row

    def _form(self, thing):
        is_blank = thing is None or self._chance(self._noise / 3)
        return None if is_blank else self._one(*KEY_FIELDS[self._key][thing.key])

    def _spelling(self, thing):
        if thing is None or self._chance(self._noise / 3):
            return None
        name = thing.name
        return self._one(f" {name} ", name.upper(), name.lower()) if self._chance(self._noise) else name

    # -- mappings -------------------------------------------------------------------------------------------

    def _component_mapping(self, source):
        ws_id, kind = self._one(APPS, APPS, APPS, SERVERS), self._one("p1", "p1", "p2")
        within = self._within_kinds(kind)
        key = self._key if self._chance(0.65) and not within else None
        creates = self._chance(0.8)
        is_named = creates or key is None or self._chance(0.5)
        is_filtered, is_owned = self._chance(0.2), self._chance(0.25)
        lines = ['name = "{Name}"'] if is_named else []
        lines += [f'key = "{key}"'] if key else []
        lines += [] if creates else ["create = false"]
        lines += ["adopt = false"] if key and self._chance(0.3) else []
        lines += ['type_change = "update"'] if key and self._chance(0.4) else []
        lines += ['where = { Use = ["1"] }'] if is_filtered else []
        lines += [f'owned = {{ {OWNED[0]} = "{OWNED[1]}" }}'] if is_owned else []
        parent, column = (None, None) if within else (self._parent(kind), None)
        lines += [f"parent = {parent}"] if parent else []
        if within:
            column, table = self._one(*within)
            lines.append(f"within = {table}")
        fields = {"cost": "{Cost}", "seen": "{Seen}", "owner": "{Owner}"}
        fields = {name: cell for name, cell in fields.items() if self._chance(0.7)}
        if key or self._chance(0.3):
            fields[self._key] = "{Key}"
        mapped = [*(["name"] if is_named else []), *fields, *(["parent"] if parent else [])]
        lines += self._policies(mapped)
        text = _table(
            "components", source, WORKSPACES[ws_id], TYPES[kind], self._missing[ws_id, kind], lines, fields
        )
        return Mapping(text, "component", source, ws_id, kind, key, is_filtered, is_owned, column)

    def _within_kinds(self, kind):
        """Return the column and the table of each way to say what rows of a type are within."""
        if kind not in self._within:
            return []
        kinds = f"type = {json.dumps([TYPES[each] for each in self._within[kind]])}"
        ways = [("Parent", f'{{ {kinds}, value = "{{Parent}}" }}')]
        ways.append(("ParentKey", f'{{ {kinds}, key = "{self._key}", value = "{{ParentKey}}" }}'))
        if kind == "p1":
            above = 'within = { type = ["Server", "Site"], value = "{Above}" }'
            ways.append(("Parent", f'{{ {kinds}, value = "{{Parent}}", {above} }}'))
            ways.append(("Parent", f'{{ {kinds}, value = "{{Above}}/{{Parent}}", path = "/" }}'))
        return ways

    def _parent(self, kind):
        types, any_type = ['type = ["Server", "Site"], ', ""], ""
        if (
            kind == "p2" and "p1" in self._within
        ):  # what these are below must not depend on what is within them
            any_type = types[0]
        else:
            types.append('type = ["Application", "Server"], ')
        kinds = self._one(*types)
        return self._one(
            None,
            None,
            f'{{ {kinds}value = "{{Parent}}" }}',
            f'{{ {kinds}key = "{self._key}", value = "{{ParentKey}}" }}',
            f'{{ {kinds}value = "{{Parent}}", within = {{ {any_type}value = "{{Above}}" }} }}',
            f'{{ {kinds}value = "{{Above}}/{{Parent}}", path = "/" }}',
        )

    def _reference_mapping(self, source):
        kind, number = self._one(("depends on", 1), ("depends on", 1), ("runs on", 2))
        ends = {role: self._end(role, column) for role, column in (("source", "From"), ("target", "To"))}
        lines = ['displayText = "{Text}"', *(f"{role} = {end}" for role, end in ends.items())]
        lines += ['key = "displayText"'] if self._chance(0.3) else []
        lines += ["create = false"] if self._chance(0.2) else []
        lines += self._policies(["displayText"])
        missing = self._reference_missing(number)
        text = _table("references", source, "Apps", kind, missing, lines, {})
        return Mapping(text, "reference", source, APPS, number)

    def _reference_missing(self, number):
        return self._missing.setdefault((APPS, number), self._one('"report"', '"delete"'))

    def _end(self, role, column):
        parts = [self._one("", 'type = "Application"', 'type = ["Application", "Server"]', 'type = "Site"')]
        if role == "target" and self._chance(0.2):
            parts.append('workspace = "Servers"')
        if self._chance(0.5):
            parts.append(f'key = "{self._key}", value = "{{{column}Key}}"')
        else:
            parts.append(f'value = "{{{column}}}"')
            if self._chance(0.2):
                parts.append('within = { value = "{Above}" }')
        parts += [part for part in ('split = ";"', 'when_absent = "skip"') if self._chance(0.4)]
        return f"{{ {', '.join(part for part in parts if part)} }}"

    def _policies(self, names):
        chosen = {
            policy: [name for name in names if self._chance(0.4)]
            for policy in ("create_only", "fill_if_empty", "never_null")
            if self._chance(0.2)
        }
        return [f"{policy} = {json.dumps(listed)}" for policy, listed in chosen.items()]


def _table(kind, source, workspace, type_name, missing, lines, fields):
    head = [f"\n[[{kind}]]", f'rows = "{source}"', f'workspace = "{workspace}"', f'type = "{type_name}"']
    written = [f'{name} = "{cell}"' for name, cell in fields.items()]
    table = [f"[{kind}.fields]", *written] if written else []
    return "\n".join([*head, f"missing = {missing}", *lines, *table, ""])


def shuffled(random, world):
    """Return the same world with its rows and its mappings in another order."""
    rows = {name: random.sample(some, len(some)) for name, some in world.rows.items()}
    return replace(world, rows=rows, mappings=tuple(random.sample(world.mappings, len(world.mappings))))


def content(dump):
    """Return what the emulator stores, without ids and versions, in an order of its own."""
    by_id = {comp["_id"]: comp for comp in dump["components"]}

    def describe(comp_id):
        comp = by_id.get(comp_id)
        fields = {} if comp is None else comp.get("customFields", {})
        values = [
            (name, float(value) if isinstance(value, int) else value)  # 1 and 1.0 are one number
            for name, value in sorted(fields.items())
        ]
        return comp and (comp["rootWorkspace"], comp["typeId"], comp["name"], values)

    components = [(describe(comp_id), describe(comp.get("parent"))) for comp_id, comp in by_id.items()]
    references = [
        (describe(ref["source"]), describe(ref["target"]), ref["type"], ref.get("displayText") or "")
        for ref in dump["references"]
    ]
    return sorted(map(repr, components)), sorted(map(repr, references))


def outcome(report, result):
    """Return all that a run decided, without versions, and with numbers in place of ids."""
    ids = itertools.count()
    numbers = {None: None, "": None}

    def number_of(entity_id):
        return numbers[entity_id] if entity_id in numbers else numbers.setdefault(entity_id, next(ids))

    changes = []
    for change in report["changes"]:
        values = {
            name: [number_of(value[when]) for when in ("old", "new")] if name in _ID_ATTRIBUTES else value
            for name, value in change["attributes"].items()
        }
        described = [change.get(name) for name in ("action", "kind", "name", "label", "note", "cause")]
        changes.append((number_of(change["_id"]), *described, values))
    missing = [sorted(map(str, (item["name"] for item in report[key]))) for key in _MISSING]
    blocked = [
        [(reason["bound"], reason["sentence"]) for reason in error.reasons] for error in result.blocked
    ]
    return changes, missing, blocked, result.skipped, result.not_owned, result.counts


_ID_ATTRIBUTES = ("parent", "source", "target")
_MISSING = ("cache_miss_comps", "cache_miss_refs")


def wrongly_deleted(world, before, after):
    """Return the components that a run deleted although a row means them, or that are not the job's.

    - `before`, `after`: what the emulator stored.
    """
    left = {comp["_id"] for comp in after["components"]}
    wrong = []
    for comp in before["components"]:
        if comp["_id"] in left:
            continue
        mappings = [
            mapping
            for mapping in world.mappings
            if (mapping.kind, mapping.ws_id, mapping.type_id)
            == ("component", comp["rootWorkspace"], comp["typeId"])
        ]
        is_taken_along = "take_along = true" in world.guard and comp.get("parent")
        if not any('missing = "delete"' in mapping.text for mapping in mappings) and not is_taken_along:
            wrong.append((comp, "its type is not deleted"))
        place = _Place.of(comp, before, after)
        wrong += [(comp, reason) for mapping in mappings for reason in _claims(world, mapping, comp, place)]
    return wrong


class _Place(NamedTuple):
    """What a component is below: whether it is the same after the run, its name and its custom fields."""

    is_kept: bool
    name: str | None = None
    values: dict | None = None

    @classmethod
    def of(cls, comp, before, after):
        """Return the place of a component before a run."""
        if comp.get("parent") is None:
            return cls(is_kept=True)
        then, now = (
            next((each for each in dump["components"] if each["_id"] == comp["parent"]), None)
            for dump in (before, after)
        )
        values = then.get("customFields", {})
        is_kept = now is not None and (now["name"], now.get("customFields", {})) == (then["name"], values)
        return cls(is_kept, then["name"], values)

    def is_named(self, row, column):
        """Return whether a row names it in a column."""
        given = row[column]
        if given is None or self.name is None:
            return self.is_kept and given is self.name
        held = [self.name] if column == "Parent" else _forms(self.values)
        return self.is_kept and (given.strip() if column == "Parent" else given) in held


def _forms(values):
    """Return all forms of the key that a component has."""
    return [form for key, held in KEY_FIELDS.items() for form in held.get(values.get(key), ())]


def _claims(world, mapping, comp, place):
    """Yield why a mapping forbids that a component is deleted."""
    values = comp.get("customFields", {})
    rows = [row for row in world.rows[mapping.rows] if not mapping.is_filtered or row["Use"] == "1"]
    is_others = mapping.owned and values.get(OWNED[0]) != OWNED[1]
    if not rows and not is_others and 'missing = "report"' not in mapping.text:
        yield f"mapping {mapping.rows} has no rows"
    for number, row in enumerate(rows, 1):
        given = row["Key"] if mapping.key else row["Name"]
        if given is None:
            yield f"mapping {mapping.rows} has a row that cannot be identified: {number}"
        elif mapping.within and not place.is_named(row, mapping.within):
            continue
        elif mapping.key is None and given.strip() == comp["name"]:
            yield f"mapping {mapping.rows} has its name: {number}"
        elif mapping.key is not None and given in KEY_FIELDS[mapping.key].get(values.get(mapping.key), ()):
            yield f"mapping {mapping.rows} has its key: {number}"
