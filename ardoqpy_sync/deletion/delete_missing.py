"""What becomes of what the source no longer has: see what it is, let the guard decide, then one by one.

Nothing is deleted, or marked, before the guard has agreed to all of it. Each thing is read again before it
goes, and stays where somebody has changed it, or put something at it, since the guard saw it.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy.errors import ArdoqClientException, NotFoundError
from ardoqpy_sync.compare.cache import TYPE_OF
from ardoqpy_sync.compare.cascade_counts import Extent, extents
from ardoqpy_sync.compare.diff import CREATE, DELETE, differences
from ardoqpy_sync.deletion.guard import KINDS, Group, Held, Missing, Run, Thing, objections, refusal
from ardoqpy_sync.writing.pending import Row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.diff import Change
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.deletion.guard import Bounds
    from ardoqpy_sync.engine import Engine

__all__ = ["Deleting", "rows_of"]

#: How many components Ardoq is asked about at the same time.
SIDE_BY_SIDE = 3
#: What the row is called that says of something that it is missing.
NOT_IN_SOURCE = "no longer in the source"
#: What goes with a component, by id: its kind, and what it is.
Cascade = dict[str, tuple[str, "Entity"]]


class Sight(NamedTuple):
    """A component as Ardoq holds it now, None where it does not; the ids of its children; its references."""

    comp: Entity | None
    children: list[str]
    references: list[Entity]


class Deleting:
    """Delete the cache misses of a run, or refuse.

    `collect` says that what cannot be deleted does not end it. Not safe for threads by itself: the
    client that owns it holds a lock.
    """

    def __init__(
        self,
        api: Dialect,
        engine: Engine,
        bounds: Bounds,
        rows_before: Mapping[str, int],
        *,
        collect: bool,
    ) -> None:
        self._api = api
        self._engine = engine
        self._bounds = bounds
        self._rows_before = rows_before
        self._collect = collect
        self._kinds = {kind.name: kind for kind in (engine.component, engine.reference)}
        names = ("deleted", "gone", "moved", "kept", "failed")
        self._answer: dict[str, list[dict[str, Any]]] = {name: [] for name in names}

    def run(self) -> dict[str, list[dict[str, Any]]]:
        """Delete all of the misses that the bounds are about, or raise `DeleteBlocked` and delete none."""
        engine = self._engine
        misses = {kind: list(filter(partial(self._meant, kind), engine.cache.misses(kind))) for kind in KINDS}
        own = {entity["_id"] for entities in misses.values() for entity in entities}
        sights = self._look([comp["_id"] for comp in misses["component"]])
        sizes = _extents(sights, [comp["_id"] for comp in misses["component"]])
        along = self._along(sights, own)
        missing = [
            Missing(
                self._thing(kind, entity),
                tuple(self._thing(*one) for one in along.get(entity["_id"], {}).values()),
                *sizes.get(entity["_id"], Extent(0, 0)),
            )
            for kind, entities in misses.items()
            for entity in entities
        ]
        self._agree(missing)
        engine.reach.begin_anew()
        # References first, then components from the leaves up, so that each goes by itself.
        for ref in misses["reference"]:
            self._one(engine.reference, ref, {})
        # What is below a component has fewer below it.
        for comp in sorted(misses["component"], key=lambda comp: sizes[comp["_id"]].components):
            agreed = {key: one["_version"] for key, (_, one) in along[comp["_id"]].items()}
            self._one(engine.component, comp, agreed)
        return self._answer

    def mark(self, marks: Entity) -> dict[str, list[dict[str, Any]]]:
        """Give all components that are missing and are not so yet these attributes, or raise
        `DeleteBlocked`.
        """
        engine, kind = self._engine, self._engine.component
        flat = kind.collection.flat
        marks = flat(marks)
        misses = [comp for comp in engine.cache.misses(kind.name) if self._meant(kind.name, comp)]
        unlike = [comp for comp in misses if differences(marks, flat(comp), kind.ignored)]
        self._agree([Missing(self._thing(kind.name, comp)) for comp in unlike])
        engine.reach.begin_anew()
        done: dict[str, list[dict[str, Any]]] = {"marked": [], "gone": [], "failed": []}
        with engine.cache.unnamed():  # what is marked is missing all the same
            for comp in unlike:
                shown = {"kind": kind.name, **engine.described(kind, comp)}
                try:
                    engine.reach.check()
                    engine.have_by_id(kind, comp["_id"], marks, NOT_IN_SOURCE)
                    refused = self._sent()
                except NotFoundError:
                    done["gone"].append(shown)
                    continue
                except ArdoqClientException as problem:
                    engine.failed(kind, {**marks, "_id": comp["_id"], "name": shown["name"]}, problem)
                    refused = [problem]
                if refused and not self._collect:
                    raise refused[0]
                done["failed" if refused else "marked"].append(
                    {**shown, "reason": str(refused[0])} if refused else shown
                )
        return done

    def _agree(self, missing: Sequence[Missing]) -> None:
        against = objections(missing, self._held(missing), self._of_the_run(), self._bounds)
        if against:
            raise refusal(missing, against, self._bounds.deed)

    def _meant(self, kind: str, entity: Entity) -> bool:
        return self._bounds.mean(kind, entity["rootWorkspace"], entity.get(TYPE_OF[kind]))

    # -- see ------------------------------------------------------------------------------------------------

    def _along(self, sights: Mapping[str, Sight], own: set[str]) -> dict[str, Cascade]:
        """Return by component what goes with it and is no cache miss, as the run has seen it, else as
        it is now.

        What goes with a cache miss below it is told there.
        """
        along = {comp_id: _cascade(sights, comp_id, own) for comp_id in sights if comp_id in own}
        # Their workspaces are loaded, so that it is known of how many they are a share.
        self._engine.load(one["rootWorkspace"] for found in along.values() for _, one in found.values())
        for found in along.values():
            for key, (kind, _) in found.items():
                cached = self._engine.cache.get(kind, key)
                if cached:
                    found[key] = (kind, cached[1])
        return along

    def _look(self, comp_ids: list[str]) -> dict[str, Sight]:
        """Return what is at each of the components, and at all that is below them."""
        sights: dict[str, Sight] = {}
        waiting = comp_ids
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            while waiting:
                read = list(threads.map(self._read, waiting))
                sights.update(zip(waiting, map(self._as_left, waiting, read), strict=True))
                below = (child for comp_id in waiting for child in sights[comp_id].children)
                waiting = [child for child in dict.fromkeys(below) if child not in sights]
        return sights

    def _read(self, comp_id: str) -> Sight:
        try:
            comp = self._api.components.get(comp_id, incl_refs=True)
        except NotFoundError:
            return Sight(None, [], [])
        ends = comp.pop("references", None) or {}
        children = self._api.components.children(comp)
        return Sight(comp, children, [*(ends.get("in") or ()), *(ends.get("out") or ())])

    def _as_left(self, comp_id: str, told: Sight) -> Sight:
        """Return what Ardoq told as this run has left it: of what was only simulated Ardoq knows nothing."""
        if told.comp is None and not self._engine.imagined(comp_id):
            return told  # what was at it, or would be, has gone with it
        children = [child for child in told.children if self._stands(child)]
        references = [ref for ref in told.references if self._stands(ref["_id"])]
        for kind, _, entity in self._engine.cache.touching(comp_id):
            if self._engine.imagined(entity["_id"]):
                if kind == "component":
                    children.append(entity["_id"])
                else:
                    references.append(entity)
        return Sight(self._unless_imagined("component", comp_id, told.comp), children, references)

    def _stands(self, entity_id: str) -> bool:
        return entity_id not in self._engine.cache.gone and not self._engine.imagined(entity_id)

    def _unless_imagined(self, kind: str, entity_id: str, told: Entity | None) -> Entity | None:
        cached = self._engine.cache.get(kind, entity_id) if self._engine.imagined(entity_id) else None
        return cached[1] if cached else told

    def _thing(self, kind: str, entity: Entity) -> Thing:
        shown = {"kind": kind, **self._engine.described(self._kinds[kind], entity)}
        group = kind, entity["rootWorkspace"], entity.get(TYPE_OF[kind])
        return Thing(shown, group, entity["_id"] in self._engine.cache.named)

    def _held(self, missing: Iterable[Missing]) -> dict[Group, Held]:
        """Return how many there are of each group out of which something would go.

        What this run has created does not count: a share is one of what was there before.
        """
        cache = self._engine.cache
        created = {change.id for change in self._engine.report.changes if change.action == CREATE}
        going = {thing.id: thing for one in missing for thing in (one.thing, *one.along)}
        groups = {thing.group: thing for thing in going.values()}
        before, named = Counter[Group](), Counter[Group]()
        for kind, ws_id in {group[:2] for group in groups}:
            shelf = self._engine.shelf(self._kinds[kind], ws_id)
            for entity in shelf:
                group = kind, ws_id, entity.get(TYPE_OF[kind])
                before[group] += entity["_id"] not in created
                named[group] += entity["_id"] in cache.named
        for thing in going.values():  # and what somebody has made since its workspace was loaded
            before[thing.group] += cache.get(thing.group[0], thing.id) is None
        return {
            group: Held(self._title(thing), before[group], named[group]) for group, thing in groups.items()
        }

    def _title(self, thing: Thing) -> str:
        kind, ws_id, _ = thing.group
        name = (self._engine.cache.attributes(ws_id) or {}).get("name")
        place = f"workspace {name} ({ws_id})" if name else f"workspace {ws_id}"
        return f"{kind}s of type {thing.shown['type']} in {place}"

    def _of_the_run(self) -> Run:
        report = self._engine.report.as_dict()
        failure = None if report["status"] == "success" else report["description"] or report["status"]
        return Run(bool(self._engine.cache.named), failure, rows_of(report), self._rows_before)

    # -- delete ---------------------------------------------------------------------------------------------

    def _one(self, kind: Kind, entity: Entity, agreed: Mapping[str, Any]) -> None:
        """Delete one thing, with what was agreed to go along, unless Ardoq holds it otherwise by now."""
        engine, answer = self._engine, self._answer
        shown = {"kind": kind.name, **engine.described(kind, entity)}
        before = len(engine.report.changes)
        try:
            engine.reach.check()
            fresh, along = self._now(kind, entity["_id"])
            self._let_go(kind, entity["_id"], along)
            if fresh is None:
                engine.cache.forget(kind.name, entity["_id"])
                answer["gone"].append(shown)
                return
            if fresh.get("_version") != entity.get("_version"):
                who, when = kind.collection.touched(fresh)
                moved = {
                    "version": entity.get("_version"),
                    "found": fresh.get("_version"),
                    "by": who,
                    "at": when,
                }
                answer["moved"].append({**shown, **moved})
                return
            new = [one for key, one in along.items() if agreed.get(key) != one[1].get("_version")]
            if new:
                because = [self._thing(*one).shown for one in new]
                answer["kept"].append({**shown, "because": because})
                return
            for key, (its_kind, one) in along.items():
                if engine.cache.get(its_kind, key) is None:  # made since: so that the report names it, too
                    engine.shelf(self._kinds[its_kind], one["rootWorkspace"]).remember(one)
            engine.delete(kind, entity["_id"])
        except NotFoundError:
            answer["gone"].append(shown)
        except ArdoqClientException as problem:
            engine.failed(kind, {"_id": entity["_id"]}, problem, Row())
            self._failed(shown, problem)
        else:
            for refused in self._sent():
                self._failed(shown, refused)
            answer["deleted"] += [
                _deleted(change) for change in engine.report.changes[before:] if change.action == DELETE
            ]

    def _sent(self) -> list[ArdoqClientException]:
        """Send the delete, where the writer gathers, and return what went wrong, which is in the report."""
        self._engine.flush()
        return self._engine.outbox.problems() if self._engine.outbox is not None else []

    def _failed(self, shown: Mapping[str, Any], problem: ArdoqClientException) -> None:
        if not self._collect:
            raise problem
        self._answer["failed"].append({**shown, "reason": str(problem)})

    def _let_go(self, kind: Kind, entity_id: str, along: Cascade) -> None:
        """Read again what the cache has at a component and Ardoq has no more: it has gone, or lies
        elsewhere.
        """
        cache = self._engine.cache
        for its_kind, ws_id, entity in cache.cascade(kind.name, entity_id)[1:]:
            key = entity["_id"]
            if key in along or key in cache.gone or self._engine.imagined(key):
                continue
            try:
                fresh = self._kinds[its_kind].collection.read(key)
            except NotFoundError:
                cache.forget(its_kind, key)
            else:
                self._engine.shelf(self._kinds[its_kind], ws_id).remember(fresh)

    def _now(self, kind: Kind, entity_id: str) -> tuple[Entity | None, Cascade]:
        if kind is self._engine.component:
            sights = self._look([entity_id])
            return sights[entity_id].comp, _cascade(sights, entity_id)
        try:
            told = kind.collection.read(entity_id)
        except NotFoundError:
            told = None
        return self._unless_imagined("reference", entity_id, told), {}


def rows_of(report: Mapping[str, Any]) -> dict[str, int]:
    """Return by kind how many rows a run brought in, as its report counts them."""
    counted = {"component": "comps", "reference": "refs"}
    return {
        kind: sum(
            number
            for each in ("new", "updated", "cache_hit")
            if isinstance(number := report.get(f"{each}_{counted[kind]}"), int)
        )
        for kind in counted
    }


def _extents(sights: Mapping[str, Sight], comp_ids: Iterable[str]) -> dict[str, Extent]:
    return extents(
        comp_ids,
        lambda comp_id: [child for child in sights[comp_id].children if sights[child].comp is not None],
        lambda comp_id: [ref["_id"] for ref in sights[comp_id].references],
    )


def _cascade(sights: Mapping[str, Sight], comp_id: str, own: Collection[str] = ()) -> Cascade:
    """Return what goes with a component, but for what is in `own` and what goes with that."""
    found: Cascade = {}
    waiting = [comp_id]
    for each in waiting:
        for child in sights[each].children:
            comp = sights[child].comp
            if comp is not None and child not in found and child != comp_id and child not in own:
                found[child] = "component", comp
                waiting.append(child)
        found.update(
            (ref["_id"], ("reference", ref)) for ref in sights[each].references if ref["_id"] not in own
        )
    return found


def _deleted(change: Change) -> dict[str, Any]:
    item = {"kind": change.kind, "_id": change.id, "name": change.name, "type": change.type}
    item |= {"rootWorkspace": change.workspace}
    return item | {"note": change.note} if change.note else item
