"""How what Ardoq holds stands to a plan: as it was decided on, as it is wanted, or moved since.

Looks at what is loaded and decides; nothing here writes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ardoqpy_sync.compare.cache import component_key, reference_key
from ardoqpy_sync.compare.diff import CREATE, DELETE
from ardoqpy_sync.plans.document_schema import ENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.cache import Located
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.documents import ChangeEntry
    from ardoqpy_sync.plans.plan import Plan
    from ardoqpy_sync.plans.plan_engine import PlanEngine

__all__ = ["FAILED", "MOVED", "SETTLED", "TODO", "Course", "Standing"]

#: How an entity stands: to be done from where it is, as wanted already, moved, or not created.
TODO, SETTLED, MOVED, FAILED = "to do", "settled", "moved", "failed"


@dataclass(slots=True)
class Course:
    """All that a plan has for one entity: its changes, by their places in the plan, and how it stands.

    - `id`: the entity's in Ardoq; None as long as it is not created.
    - `version`: the one it has to have for its next change.
    - `start`: how many of its changes are done already.
    - `what`, `now`: of what has moved, how, and what is there; `along`: what is in the way of a delete.
    """

    kind: Kind
    changes: dict[int, ChangeEntry] = field(default_factory=dict)
    id: str | None = None
    standing: str | None = None
    version: Any = None
    start: int = 0
    what: str = ""
    now: Entity | None = None
    along: list[Located] = field(default_factory=list)

    @property
    def listed(self) -> list[ChangeEntry]:
        """The changes in order."""
        return list(self.changes.values())

    @property
    def passing(self) -> bool:
        """Whether the plan creates it and deletes it again: it is made only where something needs it."""
        listed = self.listed
        return bool(listed[0]["action"] == CREATE and listed[-1]["action"] == DELETE)

    def wanted(self, so_many: int | None = None) -> Entity:
        """Return what the first so many changes make of it, or all."""
        return {
            key: values["new"]
            for change in self.listed[:so_many]
            for key, values in change["attributes"].items()
        }

    def move(self, what: str, now: Entity | None, along: Iterable[Located] = ()) -> None:
        """Note that it has moved."""
        self.standing, self.what, self.now, self.along = MOVED, what, now, list(along)


class Standing:
    """Find out how each entity of a plan stands, at its first change or when another needs to know."""

    def __init__(self, engine: PlanEngine, plan: Plan) -> None:
        self._engine = engine
        kinds = {kind.name: kind for kind in (engine.component, engine.reference)}
        self.courses: dict[str, Course] = {}
        for number, change in enumerate(plan.changes):
            course = self.courses.setdefault(change["_id"], Course(kinds[change["kind"]]))
            course.changes[number] = change
        self.created = {
            plan_id for plan_id, course in self.courses.items() if course.listed[0]["action"] == CREATE
        }
        self.by_id: dict[str, Course] = {}
        self._made: set[str] = set()
        for plan_id, course in self.courses.items():
            if plan_id not in self.created:
                self.recognise(course, plan_id)

    def recognise(self, course: Course, entity_id: str) -> None:
        """Note which entity in Ardoq a course is about."""
        course.id = entity_id
        self.by_id[entity_id] = course
        if course.listed[0]["action"] == CREATE:
            self._made.add(entity_id)

    def know_real_ids(self) -> None:
        """Know what the plan has created by its ids in Ardoq, where it had batch ids until now."""
        for plan_id in self.created:
            course = self.courses[plan_id]
            real = self._engine.real_id(course.id)
            if real != course.id:
                self.recognise(course, real)

    def of(self, course: Course) -> str:
        """Return how an entity stands."""
        if course.standing is None:
            if course.listed[0]["action"] != CREATE:
                self._assess(course)
            elif course.passing:
                course.standing = TODO
            else:
                self._assess_created(course)
        return course.standing or TODO

    def _assess(self, course: Course) -> None:
        last = course.listed[-1]
        found = self._engine.cache.get(course.kind.name, course.id or "")
        if found is None and "deleted_with" not in last:  # it may be in a workspace that is not loaded
            found = self._engine.find(course.kind, course.id or "")
        if found is None:
            course.move("deleted", None)
            if last["action"] == DELETE:
                course.standing = SETTLED
        elif not self._begun(course, found.entity, 0):
            course.move("changed", found.entity)

    def _assess_created(self, course: Course) -> None:
        matches = self.matches(course)
        for entity in matches:
            if self._begun(course, entity, 1):
                self.recognise(course, entity["_id"])
                return
        if matches and not self._by_lost_field(course):
            course.move("created", matches[0])
            self.recognise(course, matches[0]["_id"])
        else:
            course.standing = TODO

    def _begun(self, course: Course, entity: Entity, least: int) -> bool:
        """Find how much of a course is done to an entity, at least so many changes; False where it has moved.

        So much is done if the values are there and the next change was decided on what is there: none, all,
        or, where an earlier applying was cut off, some.
        """
        if least == 0 and self._is_next(course, entity, 0):
            return True
        if course.listed[-1]["action"] != DELETE and self._holds(course, course.wanted(), entity):
            course.standing = SETTLED
            return True
        return any(
            self._is_next(course, entity, done) and self._holds(course, course.wanted(done), entity)
            for done in range(len(course.changes) - 1, 0, -1)
        )

    def _is_next(self, course: Course, entity: Entity, done: int) -> bool:
        """Tell whether a change was decided on an entity as it is; note then that it is the next."""
        change, version = course.listed[done], entity.get("_version")
        if change["version"] != version or not self._holds(course, _old(change), entity):
            return False
        course.standing, course.start, course.version = TODO, done, version
        return True

    def _holds(self, course: Course, wanted: Entity, entity: Entity) -> bool:
        """Tell whether an entity has those values, ends that the plan creates being whatever they may be."""
        plain = dict(wanted)
        for key in ENDS[course.kind.name]:
            if plain.get(key) in self.created and entity.get(key) not in self._may_be(plain.pop(key)):
                return False
        return not self._engine.lacking(course.kind, plain, entity)

    def _may_be(self, plan_id: str) -> set[str]:
        course = self.courses[plan_id]
        return {course.id} if course.id is not None else {one["_id"] for one in self.matches(course)}

    # -- what a create matches ------------------------------------------------------------------------------

    def matches(self, course: Course) -> list[Entity]:
        """Return what in Ardoq a create of the plan would be matched with, as a row is, in Ardoq's order.

        What another create has made, or was found to be, is not among it.
        """
        found: dict[str, Entity] = {}
        for wanted in (course.wanted(), course.wanted(1)):
            for entity in self._matching(course, wanted):
                if entity["_id"] not in self._made:
                    found.setdefault(entity["_id"], entity)
        return list(found.values())

    def _matching(self, course: Course, wanted: Entity) -> Sequence[Entity]:
        change = course.listed[0]
        shelf = self._engine.shelf(course.kind, change["rootWorkspace"])
        if course.kind is self._engine.reference:
            source, target = (self._end(wanted.get(key)) for key in ENDS["reference"])
            if source is None or target is None:
                return []
            return shelf.matches(reference_key(source, target, wanted.get("type")))
        type_id, by = wanted.get("typeId"), change.get("field")
        if by is not None and wanted.get(by) is not None:
            found = self._engine.with_value(change["rootWorkspace"], by, wanted[by])
            return [entity for entity in found if entity.get("typeId") == type_id]
        return shelf.matches(component_key(type_id, str(wanted.get("name"))))

    def _end(self, comp_id: Any) -> str | None:
        end: str | None = self.courses[comp_id].id if comp_id in self.created else comp_id
        return end

    def _by_lost_field(self, course: Course) -> bool:
        """Tell whether the row was matched by a field that it does not write: its name alone says little."""
        by = course.listed[0].get("field")
        return by is not None and course.wanted().get(by) is None


def _old(change: ChangeEntry) -> Entity:
    return {key: values["old"] for key, values in change["attributes"].items()}
