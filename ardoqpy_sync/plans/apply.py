"""Applying a plan: what it says is carried out as it was reviewed, and what has moved since is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import ArdoqClientException, InvalidInput, NotFoundError, PlanDrifted
from ardoqpy_sync.compare.diff import CREATE, DELETE
from ardoqpy_sync.plans.document_schema import ENDS
from ardoqpy_sync.plans.drift import FAILED, MOVED, SETTLED, TODO, Course, Standing
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.writing.pending_row import RowReference, SourceRow
from ardoqpy_sync.writing.senders import NoRequests

if TYPE_CHECKING:
    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.documents import ChangeEntry
    from ardoqpy_sync.plans.plan_engine import PlanEngine

__all__ = ["apply"]

_APPLIED, _ALREADY, _REPLANNED, _FAILED, _HELD = "applied", "already", "replanned", "failed", "held"
#: So many of what has moved are named in a sentence.
NAMED = 5


def apply(
    engine: PlanEngine, plan: Plan, moved: str, on_error: str, here: dict[str, str | None]
) -> dict[str, Any]:
    """Carry out a plan through an engine, as `ArdoqSyncClient.apply` says.

    `here` tells the `host` and the `org` that the engine writes to.
    """
    if not isinstance(plan, Plan):
        raise InvalidInput(f"plan is {describe_type(plan)}: give a Plan, as Plan.load(path) reads one.")
    if not isinstance(moved, str) or moved not in ("skip", "refuse", "replan"):
        raise InvalidInput(f"moved is {quote_name(moved)}: say 'skip', 'refuse' or 'replan'.")
    plan = Plan.from_dict(plan.as_dict())
    for key, value in here.items():
        made = {"host": plan.made["host"], "org": plan.made.get("org")}.get(key)
        if made is not None and value is not None and made.casefold() != value.casefold():
            raise InvalidInput(
                f"The plan was made for the {key} {quote_name(made)}, this client writes to "
                f"{quote_name(value)}: make a plan there, or, where both are the same Ardoq, "
                f"set plan.made[{key!r}]."
            )
    engine.flush()
    engine.drifted.clear()
    with engine.cache.unnamed():
        _load_afresh(engine, plan)
        if moved == "refuse":
            rehearsal = _Applying(engine.preview(NoRequests("rehearsed-")), plan, "skip", "collect")
            result = rehearsal.run()
            if result["moved"]:
                raise PlanDrifted(f"Nothing is applied: {_since(result['moved'])}.", moved=result["moved"])
            if rehearsal.problems and on_error == "raise":
                kind, row, problem = rehearsal.problems[0]
                engine.failed(kind, row, problem)
                raise problem
        return _Applying(engine, plan, moved, on_error).run()


def _load_afresh(engine: PlanEngine, plan: Plan) -> None:
    concerned = [change["rootWorkspace"] for change in plan.changes]
    if any(change["action"] == DELETE and change["kind"] == "component" for change in plan.changes):
        # What goes along with a component may be anywhere the run has looked.
        concerned += [*plan.workspaces, *engine.cache.workspaces]
    for ws_id in set(concerned) & engine.cache.workspaces.keys():
        if engine.writes.in_step(ws_id):
            del engine.cache.workspaces[ws_id]
    engine.load(concerned)


class _Applying:
    """Go through a plan once."""

    def __init__(self, engine: PlanEngine, plan: Plan, moved: str, on_error: str) -> None:
        self._engine = engine
        self._plan = plan
        self._way = moved
        self._on_error = on_error
        self._standing = Standing(engine, plan)
        self._outcomes: dict[int, str] = {}
        self._reasons: dict[int, str] = {}
        self._moved: dict[str, dict[str, Any]] = {}
        self._went: set[str] = set()
        #: The changes whose writes are pending, by their numbers.
        self._pending: list[int] = []
        self.problems: list[tuple[Kind, Entity, ArdoqClientException]] = []

    def run(self) -> dict[str, Any]:
        """Carry out change after change, and return what became of each."""
        self._engine.log.circuit_breaker.reset()
        for number, change in enumerate(self._plan.changes):
            course = self._standing.courses[change["_id"]]
            if "deleted_with" in change:
                self._gone_along(number, course)
            elif course.passing and course.id is None and course.standing != FAILED:
                self._outcomes[number] = _ALREADY  # it is to be gone in the end, and nothing needs it
            else:
                self._take(number, course)
            if self._engine.writes.is_full:
                self._flush()
        while self._pending:  # what has drifted may be decided again, and is pending then
            self._flush()
        return self._result()

    # -- pending writes -------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Send the pending writes, and note their outcomes."""
        pending, self._pending = self._pending, []
        failures, drifted = self._engine.flush(), self._engine.drifted
        self._standing.know_real_ids()
        for number in pending:
            course = self._standing.courses[self._plan.changes[number]["_id"]]
            problem = failures.get(course.id or "")
            now = self._engine.cache.get(course.kind.name, course.id or "")
            if self._outcomes[number] == _REPLANNED and isinstance(problem, NotFoundError):
                course.now = self._moved[self._plan.changes[number]["_id"]]["now"] = None
                self._leave(number, course)
            elif problem is not None:
                self._fail(number, course, problem)
            elif course.id in drifted and self._outcomes[number] == _APPLIED:
                course.move("changed" if now else "deleted", now and now.entity)
                del self._outcomes[number]
                self._leave(number, course)
            elif now is not None:
                course.version = now.entity.get("_version")

    # -- one change -----------------------------------------------------------------------------------------

    def _take(self, number: int, course: Course) -> None:
        standing = self._standing.of(course)
        change = course.changes[number]
        if standing == FAILED:
            self._fail(number, course, InvalidInput(f"{_named(change)} was not created."))
        elif standing == MOVED:
            self._leave(number, course)
        elif standing == SETTLED or list(course.changes).index(number) < course.start:
            self._outcomes[number] = _ALREADY
        else:
            try:
                self._engine.log.circuit_breaker.check()
                self._carry_out(number, course)
            except ArdoqClientException as problem:
                self._fail(number, course, problem)
            if number not in self._outcomes:  # it turned out to have moved
                self._leave(number, course)

    def _carry_out(self, number: int, course: Course) -> None:
        change = course.changes[number]
        if change["action"] == CREATE:
            self._create(number, course)
        elif change["action"] == DELETE:
            self._delete(number, course)
        else:
            self._update(number, course)

    def _create(self, number: int, course: Course) -> None:
        wanted = self._in_ardoq(course, number)
        ws_id = course.changes[number]["rootWorkspace"]
        stored = self._engine.create_as_planned(course.kind, ws_id, wanted, _row(course.changes[number]))
        self._standing.recognise(course, stored["_id"])
        self._note_applied(number, course, stored)

    def _update(self, number: int, course: Course) -> None:
        wanted = self._in_ardoq(course, number)
        current = self._engine.find(course.kind, course.id or "")
        if current is None or current.entity.get("_version") != course.version:
            course.move("changed" if current else "deleted", current and current.entity)
            return
        stored = self._engine.update_as_planned(current, wanted, _row(course.changes[number]))
        self._note_applied(number, course, stored)

    def _note_applied(self, number: int, course: Course, stored: Entity) -> None:
        course.version = stored.get("_version")
        self._outcomes[number] = _APPLIED
        self._pending.append(number)

    def _delete(self, number: int, course: Course) -> None:
        self._flush()
        # Ardoq checks no version for a DELETE: the entity has to be read right before.
        current = self._engine.find(course.kind, course.id or "", afresh=True)
        if current is None:
            self._outcomes[number] = _ALREADY
            return
        entity_id = current.entity["_id"]
        if current.entity.get("_version") != course.version:
            course.move("changed", current.entity)
            return
        along = self._engine.cache.cascade(course.kind.name, entity_id)[1:]
        in_the_way = [each for each in along if not self._is_to_go(number, each.entity)]
        if in_the_way:
            course.move("along", current.entity, in_the_way)
            return
        row = SourceRow({"_id": entity_id}, _row(course.changes[number]), lambda *_: {}, caller_reports=True)
        self._engine.delete(course.kind, entity_id, row)
        problem = self._engine.flush().get(entity_id)  # now, while it is what was just read
        if isinstance(problem, NotFoundError):
            self._outcomes[number] = _ALREADY
        elif problem is not None:
            raise problem
        else:
            self._outcomes[number] = _APPLIED
            for _, _, entity in along:
                self._went.add(entity["_id"])
                last = list(self._standing.by_id[entity["_id"]].changes)[-1]
                if self._outcomes.get(last) == _HELD:  # by another component, with which it would have gone
                    self._outcomes[last] = _APPLIED
                    del self._reasons[last]

    def _is_to_go(self, number: int, entity: Entity) -> bool:
        """Tell whether what would go with a component goes by the plan, and is as that was decided on."""
        course = self._standing.by_id.get(entity["_id"])
        if course is None or self._standing.of(course) != TODO or entity.get("_version") != course.version:
            return False
        left = [change for place, change in course.changes.items() if place > number]
        return course.listed[-1]["action"] == DELETE and all(one["action"] == DELETE for one in left)

    def _gone_along(self, number: int, course: Course) -> None:
        change = course.changes[number]
        root = self._standing.courses[str(change["deleted_with"])]
        kind, entity_id = course.kind.name, course.id
        if entity_id is None or self._engine.cache.get(kind, entity_id) is None:
            self._outcomes[number] = _APPLIED if entity_id in self._went else _ALREADY
        elif self._standing.of(course) == MOVED:
            self._leave(number, course)
        elif self._outcomes[list(root.changes)[-1]] in (_APPLIED, _ALREADY):
            current = self._engine.cache.get(kind, entity_id)
            course.move("changed", current and current.entity)
            self._leave(number, course)
        else:
            self._outcomes[number] = _HELD
            self._reasons[number] = f"{_named(root.listed[-1])} is not deleted."

    # -- ids ------------------------------------------------------------------------------------------------

    def _in_ardoq(self, course: Course, number: int) -> Entity:
        """Return what a change wants, with the ids in Ardoq of what the plan creates."""
        wanted = {key: values["new"] for key, values in course.changes[number]["attributes"].items()}
        for key in ENDS[course.kind.name]:
            if wanted.get(key) in self._standing.created:
                wanted[key] = self._id_of(self._standing.courses[wanted[key]], key)
        return wanted

    def _id_of(self, course: Course, key: str) -> str:
        number, change = next(iter(course.changes.items()))
        if course.id is None and course.passing and course.standing != FAILED:
            # It is deleted further on, but needed until then.
            matches = self._standing.matches(course)
            if matches:
                course.move("created", matches[0])
                self._standing.recognise(course, matches[0]["_id"])
            else:
                course.standing = TODO
                del self._outcomes[number]
                self._take(number, course)
                if self._engine.writes.is_full:
                    self._flush()
        if course.id is None:
            reason = self._reasons.get(number, "it was left out")
            raise InvalidInput(f"{key} is {_named(change)}, which was not created: {reason}")
        return course.id

    # -- what is not done -----------------------------------------------------------------------------------

    def _fail(self, number: int, course: Course, problem: ArdoqClientException) -> None:
        change = course.changes[number]
        row = {key: values["new"] for key, values in change["attributes"].items()}
        row = {"name": change["name"], "rootWorkspace": change["rootWorkspace"], **row}
        if change["action"] == CREATE:
            course.standing, course.id = FAILED, None
        else:
            row["_id"] = course.id
        self._outcomes[number], self._reasons[number] = _FAILED, str(problem)
        self.problems.append((course.kind, row, problem))
        self._engine.failed(course.kind, row, problem, _row(change))
        if self._on_error == "raise":
            raise problem

    def _leave(self, number: int, course: Course) -> None:
        """Leave what has moved as it is, or, where that is asked for and can be done, decide it again."""
        change = course.changes[number]
        if change["_id"] not in self._moved:
            self._moved[change["_id"]] = self._entry(course, change)
        entry = self._moved[change["_id"]]
        if self._way == "refuse":
            done = sum(outcome == _APPLIED for outcome in self._outcomes.values())
            raise PlanDrifted(
                f"{_since([entry])}, while the plan was being applied: {done} of its {len(self._plan)} "
                "changes are carried out.",
                moved=[entry],
            )
        if self._way == "replan" and change["action"] != DELETE and course.now is not None:
            try:
                wanted = self._in_ardoq(course, number)
                row = RowReference(change.get("label"))
                self._engine.ensure_by_id(course.kind, course.now["_id"], wanted, row, caller_reports=True)
                self._outcomes[number] = _REPLANNED
                self._pending.append(number)
            except NotFoundError:
                course.now = entry["now"] = None
            except ArdoqClientException as problem:
                self._fail(number, course, problem)
        if number not in self._outcomes:
            entry["changes"].append(change)
            self._outcomes[number] = MOVED

    def _entry(self, course: Course, change: ChangeEntry) -> dict[str, Any]:
        left = [one for place, one in course.changes.items() if place not in self._outcomes]
        values = {key: pair for one in left for key, pair in one["attributes"].items()}
        who, when = self._touched(course.kind.name, course.now)
        return {
            "kind": course.kind.name,
            "_id": course.id,
            "name": change["name"],
            "what": course.what,
            "planned": {"version": change["version"], "attributes": values},
            "now": None if course.now is None else self._now(course.kind, course.now, values),
            "who": who,
            "when": when,
            "along": [
                {
                    "kind": kind,
                    "_id": entity["_id"],
                    "name": self._name_of(kind, entity),
                    "who": by,
                    "when": at,
                }
                for kind, _, entity in course.along
                for by, at in [self._touched(kind, entity)]
            ],
            "changes": [],
        }

    def _now(self, kind: Kind, entity: Entity, values: dict[str, Any]) -> dict[str, Any]:
        held = kind.collection.flatten(entity)
        return {"version": entity.get("_version"), "attributes": {key: held.get(key) for key in values}}

    def _touched(self, kind: str, entity: Entity | None) -> tuple[str | None, str | None]:
        of = self._engine.component if kind == "component" else self._engine.reference
        return (None, None) if entity is None else of.collection.last_change(entity)

    def _name_of(self, kind: str, entity: Entity) -> str:
        if kind == "component":
            return str(entity.get("name"))
        ends = [self._engine.cache.get("component", entity[end]) for end in ENDS["reference"]]
        return " -> ".join(
            str(located.entity.get("name")) if located else str(entity[end])
            for end, located in zip(ENDS["reference"], ends, strict=True)
        )

    # -- what became of it ----------------------------------------------------------------------------------

    def _result(self) -> dict[str, Any]:
        result: dict[str, Any] = {key: [] for key in (_APPLIED, _ALREADY, _REPLANNED, _FAILED, _HELD)}
        for number, change in enumerate(self._plan.changes):
            outcome = self._outcomes[number]
            if outcome != MOVED:
                one = {**change, "_id": self._standing.courses[change["_id"]].id}
                if number in self._reasons:
                    one["reason"] = self._reasons[number]
                result[outcome].append(one)
        courses = self._standing.courses
        result[MOVED] = list(self._moved.values())
        result["ids"] = {
            plan_id: courses[plan_id].id for plan_id in courses if plan_id in self._standing.created
        }
        result["sentence"] = _sentence(result)
        return result


def _row(change: ChangeEntry) -> RowReference:
    return RowReference(change.get("label"), change.get("field"))


# -- in words ------------------------------------------------------------------------------------------------


def _named(change: ChangeEntry) -> str:
    return f"{change['kind']} {quote_name(change['name'])}"


def _sentence(result: dict[str, Any]) -> str:
    counts = (
        (_APPLIED, "applied"),
        (_ALREADY, "there already"),
        (_REPLANNED, "decided again"),
        (_FAILED, "failed"),
        (_HELD, "held up"),
    )
    parts = [f"{len(result[key])} {words}" for key, words in counts if result[key] or key == _APPLIED]
    since = _since(result[MOVED]) if result[MOVED] else "nothing has moved since the plan"
    return f"{', '.join(parts)}; {since}"


def _since(moved: list[dict[str, Any]]) -> str:
    shown = "; ".join(map(_told, moved[:NAMED]))
    more = f"; and {len(moved) - NAMED} more" if len(moved) > NAMED else ""
    entities = "1 entity" if len(moved) == 1 else f"{len(moved)} entities"
    return f"since the plan: {entities} moved: {shown}{more}"


def _told(entry: dict[str, Any]) -> str:
    named = f"{entry['kind']} {quote_name(entry['name'])}"
    if entry["now"] is None:
        return f"{named} deleted"
    if entry["along"]:
        first = entry["along"][0]
        return f"{named} ({first['kind']} {quote_name(first['name'])} would go along, changed{_by(first)})"
    return f"{named} {entry['what']}{_by(entry)}"


def _by(entry: dict[str, Any]) -> str:
    who = f" by {quote_name(entry['who'])}" if entry["who"] else ""
    return f"{who} at {entry['when']}" if entry["when"] else who
