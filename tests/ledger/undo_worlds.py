"""Random runs of a job, random edits by somebody else, and what an undo has to leave behind."""

import random
from dataclasses import dataclass, field

from ardoqpy import ArdoqClient
from ardoqpy_sync.job import open_client, parse_job, run_job
from ardoqpy_sync.job.connect import begin_run, end_run
from ardoqpy_sync.job.execution import RunResult
from ardoqpy_sync.reporting.document import build_run_document

TOKEN, ANNA = "the-token-of-an-undo", "the-token-of-anna"
MODEL, APPS, OTHER = "5f00aa00bb00cc00dd000010", "5f00aa00bb00cc00dd000200", "5f00aa00bb00cc00dd000201"
SEED = {
    "format": 1,
    "users": [{"name": "Anna Berg", "token": ANNA}],
    "models": [
        {
            "_id": MODEL,
            "name": "Model",
            "root": {"p1": {"name": "App"}, "p2": {"name": "Server"}},
            "referenceTypes": {"1": {"name": "uses"}},
        }
    ],
    "fields": [
        {"label": "Id", "name": "uid", "type": "Text", "model": MODEL, "global": True},
        {"label": "Cost", "name": "cost", "type": "Number", "model": MODEL, "global": True},
        {"label": "Owner", "name": "owner", "type": "Text", "model": MODEL, "global": True},
    ],
    "workspaces": [
        {"_id": APPS, "name": "Apps", "componentModel": MODEL},
        {"_id": OTHER, "name": "Other", "componentModel": MODEL},
    ],
}
JOB = """
format = 1
name = "undo"
[ardoq]
version = "{version}"
{batch}
[run]
ledger = "undo.ledger.db"
[guard]
share = 1.0
count = 1000
take_along = true
[sources.apps]
file = "apps.csv"
[sources.links]
file = "links.csv"
[[components]]
rows = "apps"
workspace = "Apps"
type = "App"
name = "{{Name}}"
{key}
missing = {missing}
parent = {{ {parent_key} value = "{{Parent}}" }}
[components.fields]
uid = "{{Id}}"
cost = "{{Cost}}"
[[references]]
rows = "links"
workspace = "Apps"
type = "uses"
displayText = "{{Text}}"
missing = "delete"
source = {{ {parent_key} value = "{{From}}" }}
target = {{ {parent_key} value = "{{To}}" }}
"""
MODES = {"v1": ("v1", ""), "v2": ("v2", "batch = false"), "batched": ("v2", "batch = 7")}
#: The attributes that are compared.
KEPT = (
    "name",
    "parent",
    "uid",
    "cost",
    "owner",
    "description",
    "displayText",
    "typeId",
    "type",
    "source",
    "target",
)


@dataclass
class Edits:
    """What somebody else did: attributes by id, and the ids of what they created and deleted."""

    values: dict = field(default_factory=dict)
    created: set = field(default_factory=set)
    deleted: set = field(default_factory=set)


def flat(entity):
    """Return the attributes that are compared."""
    values = {**entity, **entity.get("customFields", {})}
    return {name: values.get(name) for name in KEPT if values.get(name) not in (None, "")}


def snapshot(ardoq):
    """Return by id what Ardoq holds."""
    held = ardoq.dump()
    return {each["_id"]: flat(each) for kind in ("components", "references") for each in held[kind]}


def rows_of(draw, names, by_key):
    """Return rows of components, and of references between them."""
    chosen = draw.sample(names, draw.randint(2, len(names)))
    label = "Id" if by_key else "Name"
    rows = []
    for number, name in enumerate(chosen):
        parent = draw.choice(rows)[label] if rows and draw.random() < 0.5 else ""
        row = {"Id": f"K{names.index(name)}", "Name": name, "Cost": draw.choice(["", "1", "2", "3"])}
        if by_key and draw.random() < 0.2:
            row["Name"] = f"{name} {number}"
        rows.append({**row, "Parent": parent})
    links = {}
    for _ in range(draw.randint(0, 5)):
        ends = draw.choice(rows)[label], draw.choice(rows)[label]
        if ends[0] != ends[1]:
            links[ends] = {"From": ends[0], "To": ends[1], "Text": draw.choice(["", "a", "b"])}
    return rows, list(links.values())


class World:
    """One random world on an emulator."""

    def __init__(self, ardoq, folder, seed, mode):
        self.draw, self.ardoq = random.Random(seed), ardoq
        self.by_key = self.draw.random() < 0.5
        version, batch = MODES[mode]
        missing = self.draw.choice(['"delete"', '{ set = { owner = "gone" } }', '"report"'])
        text = JOB.format(
            version=version,
            batch=batch,
            key='key = "uid"' if self.by_key else "",
            parent_key='key = "uid",' if self.by_key else "",
            missing=missing,
        )
        self.job = parse_job(text, folder / "job.toml")
        self.names = [f"N{number}" for number in range(self.draw.randint(4, 9))]
        self.others = [ArdoqClient(ardoq.url, token) for token in (TOKEN, ANNA)]
        self.edits = Edits()

    def run(self, sources=None):
        """Run the job with new rows, or with given ones, and return the run's number."""
        self.sources = rows, links = sources or rows_of(self.draw, self.names, self.by_key)
        with open_client(self.job, simulate=False, hosturl=self.ardoq.url, token=TOKEN) as client:
            begin_run(client, "apply")
            result = run_job(self.job, client, sources={"apps": rows, "links": links})
            document = build_run_document(client, blocked=result.blocked[0] if result.blocked else None)
            end_run(client, document, RunResult(document, 0).text)
            return client._engine.journal.ledger.run

    def preview(self, sources):
        """Return the changes that a run with given rows would make, and what it calls edited."""
        with open_client(self.job, simulate=True, hosturl=self.ardoq.url, token=TOKEN) as client:
            run_job(self.job, client, sources=dict(zip(("apps", "links"), sources, strict=True)))
            plan = client.plan
        changes = [
            (each["action"], each["name"], sorted(each["attributes"].items())) for each in plan.changes
        ]
        edits = [(each["name"], each["attribute"], each["base"], each["ardoq"]) for each in plan.edits]
        return sorted(changes), sorted(edits, key=str)

    def owned(self, old=()):
        """Return by kind and id what the ledger has of each entity; `old`: the older ids of new ones."""
        with open_client(self.job, simulate=True, hosturl=self.ardoq.url, token=TOKEN) as client:
            owned = client._engine.journal.ledger.owned()
        older = dict(old)
        return {
            (each.kind, older.get(each.entity_id, each.entity_id)): (
                each.owner,
                {name: older.get(value, value) for name, value in each.values.items() if value is not None},
                each.marked,
            )
            for each in owned
        }

    @property
    def other(self):
        """Somebody who edits: another user, or the job's own."""
        return self.draw.choice(self.others)

    def seed_others(self):
        """Have somebody else make components and references, also in another workspace."""
        for number in range(self.draw.randint(0, 3)):
            ws_id = self.draw.choice([APPS, OTHER])
            self.other.create_component({"name": f"Other {number}", "typeId": "p2", "rootWorkspace": ws_id})
        self.link_others(self.draw.randint(0, 3))

    def link_others(self, count):
        """Have somebody else make references from and to what there is."""
        ids = [comp["_id"] for comp in self.ardoq.dump()["components"]]
        for _ in range(count if len(ids) > 1 else 0):
            source, target = self.draw.sample(ids, 2)
            comp = next(each for each in self.ardoq.dump()["components"] if each["_id"] == source)
            made = self.other.create_reference(
                {
                    "source": source,
                    "target": target,
                    "type": 1,
                    "rootWorkspace": comp["rootWorkspace"],
                    "displayText": "theirs",
                }
            )
            self.edits.created.add(made["_id"])

    def edit(self):
        """Have somebody else edit, create and delete."""
        for _ in range(self.draw.randint(0, 4)):
            comps = self.ardoq.dump()["components"]
            if not comps:
                return
            comp = self.draw.choice(comps)
            action = self.draw.choice(["cost", "owner", "name", "child", "link", "delete", "parent"])
            if action in ("cost", "owner", "name"):
                value = {"cost": 9, "owner": "Anna", "name": f"{comp['name']}!"}[action]
                self.other.patch_component(comp["_id"], payload={action: value})
                if flat(comp).get(action) != value:
                    self.edits.values[comp["_id"], action] = value
            elif action == "child":
                made = self.other.create_component(
                    {
                        "name": "Child",
                        "typeId": "p2",
                        "rootWorkspace": comp["rootWorkspace"],
                        "parent": comp["_id"],
                    }
                )
                self.edits.created.add(made["_id"])
            elif action == "link":
                self.link_others(1)
            elif action == "parent":
                self.other.patch_component(comp["_id"], payload={"parent": None})
                if comp.get("parent"):
                    self.edits.values[comp["_id"], "parent"] = None
            else:
                before = set(snapshot(self.ardoq))
                self.other.del_component(comp["_id"])
                self.edits.deleted |= before - set(snapshot(self.ardoq))
                self.edits.created -= self.edits.deleted

    def undo(self, run):
        """Take a run back, and return what is not taken back."""
        with open_client(self.job, simulate=False, hosturl=self.ardoq.url, token=TOKEN) as client:
            plan = client.undo_plan(run)
            begin_run(client, "undo", undoes=plan.origin["undoes"])
            result = client.apply(plan)
            document = build_run_document(client)
            end_run(client, document, RunResult(document, 0).text)
        assert not result["failed"], result["failed"]
        assert not result["drifted"], result["drifted"]
        again = {
            change["recreates"]: result["ids"][change["_id"]]
            for change in plan.changes
            if change.get("recreates")
        }
        return plan.not_undone, again


def problems(before, after, edits, not_undone, again):
    """Yield what an undo did wrong: what is not as before, was edited and lost, or is not named.

    - `again`: by old id, the new id of what was created again.
    """
    named = {(entry["_id"], entry["attribute"]) for entry in not_undone}
    old = {new: old_id for old_id, new in again.items()}
    for entity_id, values in before.items():
        now = after.get(again.get(entity_id, entity_id))
        if entity_id in edits.deleted:
            if now is not None:
                yield f"{entity_id} was deleted by somebody else and is back"
        elif now is None:
            if (entity_id, None) not in named:
                yield f"{entity_id} {values} is gone and not named"
        else:
            now = {name: old.get(value, value) for name, value in now.items()}
            for name in differing(entity_id, values, now, edits):
                if not named & {(entity_id, name), (entity_id, None)}:
                    yield f"{entity_id} {name}: {now.get(name)!r}, before {values.get(name)!r}"


def problems_with_others(before, after, edits, not_undone, again):
    """Yield what the run created and is still there unnamed, and what others did and is lost."""
    named = {entry["_id"] for entry in not_undone if entry["attribute"] is None}
    for entity_id in after.keys() - before.keys() - set(again.values()) - edits.created - named:
        yield f"{entity_id} {after[entity_id]} was created by the run, is there, and is not named"
    # Such as a reference that the run deleted with an end, of which somebody has deleted the other end since.
    for entity_id in edits.created - after.keys() - named:
        yield f"{entity_id} was created by somebody else and is gone"
    for (entity_id, name), value in edits.values.items():
        if entity_id in after and after[entity_id].get(name) != value:
            yield f"{entity_id} {name}: the edit {value!r} is lost: {after[entity_id].get(name)!r}"
        if entity_id not in after and entity_id not in again and entity_id not in edits.deleted:
            yield f"{entity_id} was edited and is gone"


def differing(entity_id, before, now, edits):
    """Return the attributes that are neither as before nor as somebody has edited them."""
    return [
        name
        for name in {*before, *now}
        if now.get(name) != edits.values.get((entity_id, name), before.get(name))
    ]


def check_world(ardoq, folder, seed, mode):
    """Return what is wrong after the undo of a random run in a random world."""
    ardoq.load(SEED)
    world = World(ardoq, folder, seed, mode)
    world.seed_others()
    world.run()
    world.link_others(world.draw.randint(0, 2))
    world.edits = Edits()
    before = snapshot(ardoq)
    run = world.run()
    if before == snapshot(ardoq):
        return []
    world.edit()
    not_undone, again = world.undo(run)
    outcome = before, snapshot(ardoq), world.edits, not_undone, again
    return [*problems(*outcome), *problems_with_others(*outcome)]


def check_ledger(ardoq, folder, seed, mode):
    """Return what the ledger has otherwise after a run and its undo, and what the next run does otherwise."""
    ardoq.load(SEED)
    world = World(ardoq, folder, seed, mode)
    world.seed_others()
    world.run()
    world.edit()
    world.run()
    sources = world.sources
    before = world.owned(), world.preview(sources)
    run = world.run()
    not_undone, again = world.undo(run)
    if not_undone:
        return []
    old = {new: old_id for old_id, new in again.items()}
    after = world.owned(old), with_old_ids(world.preview(sources), old)
    found = [
        f"{entity}: {before[0].get(entity)}, then {after[0].get(entity)}"
        for entity in before[0].keys() | after[0].keys()
        if before[0].get(entity) != after[0].get(entity)
    ]
    if before[1] != after[1]:
        found.append(f"the next run: {before[1]}, then {after[1]}")
    return found


def with_old_ids(part, old):
    """Return what a preview would do with the ids that things had before they were created again."""
    if isinstance(part, list | tuple):
        return type(part)(with_old_ids(each, old) for each in part)
    return old.get(part, part) if isinstance(part, str) else part


def check_two_undos(ardoq, folder, seed, mode):
    """Return what is wrong after two runs, each followed by edits, are taken back, the later one first."""
    ardoq.load(SEED)
    world = World(ardoq, folder, seed, mode)
    world.seed_others()
    world.run()
    world.link_others(world.draw.randint(0, 2))
    world.edits = Edits()
    before, runs = snapshot(ardoq), []
    for _ in range(2):
        earlier, edited = snapshot(ardoq), dict(world.edits.values)
        runs += [world.run()]
        if earlier == snapshot(ardoq):
            return []
        world.edit()
    for (entity_id, name), value in list(world.edits.values.items()):
        held = earlier.get(entity_id)
        if held is not None and (entity_id, name) not in edited and held.get(name) == value:
            del world.edits.values[entity_id, name]  # an edit to what the first run had left counts as its
    not_undone, again = world.undo(runs[1])
    left, newer = world.undo(runs[0])
    again = {old: newer.get(new, new) for old, new in again.items()} | newer
    oldest = {new: old for old, new in again.items()}
    named = [{**entry, "_id": oldest.get(entry["_id"], entry["_id"])} for entry in not_undone + left]
    after = {oldest.get(entity_id, entity_id): values for entity_id, values in snapshot(ardoq).items()}
    after = {
        entity_id: {name: oldest.get(value, value) for name, value in values.items()}
        for entity_id, values in after.items()
    }
    outcome = before, after, world.edits, named, {}
    return [*problems(*outcome), *problems_with_others(*outcome)]


if __name__ == "__main__":
    import pathlib
    import sys
    import tempfile

    from ardoqpy.testing import emulator

    first, last, *modes = sys.argv[1:]
    with emulator(seed=SEED, token=TOKEN, page_size=5) as running, tempfile.TemporaryDirectory() as root:
        for mode in modes or MODES:
            wrong = 0
            for number in range(int(first), int(last)):
                folder = pathlib.Path(root, f"{mode}{number}")
                folder.mkdir()
                pathlib.Path(f"{folder}twice").mkdir()
                pathlib.Path(f"{folder}ledger").mkdir()
                found = check_world(running, folder, number, mode)
                found += check_two_undos(running, pathlib.Path(f"{folder}twice"), number, mode)
                found += check_ledger(running, pathlib.Path(f"{folder}ledger"), number, mode)
                wrong += bool(found)
                sys.stdout.writelines(f"{mode} {number}: {problem}\n" for problem in found)
            sys.stdout.write(f"{mode}: {wrong} worlds with problems\n")
