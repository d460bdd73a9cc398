"""Apply a plan as it was reviewed, and leave alone what has drifted since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ardoqpy._messages import describe_type, quote_name
from ardoqpy.errors import ArdoqClientException, InvalidInput, NotFoundError, PlanDrifted, UnexpectedAnswer
from ardoqpy_sync.compare.diff import CREATE, DELETE
from ardoqpy_sync.documents import KINDS
from ardoqpy_sync.ledger.records import Owner
from ardoqpy_sync.plans.apply_result import ApplyResult
from ardoqpy_sync.plans.approval import check_job
from ardoqpy_sync.plans.document_schema import ENDS
from ardoqpy_sync.plans.drift import DRIFTED, FAILED, SETTLED, TODO, DriftDetector, PlannedEntity
from ardoqpy_sync.plans.plan import Plan
from ardoqpy_sync.writing.pending_row import RowReference, SourceRow
from ardoqpy_sync.writing.senders import NoRequests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy.entities import Entity
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.documents import ChangeEntry, ValueChange
    from ardoqpy_sync.plans.apply_result import CurrentState, DriftedCascade, DriftEntry
    from ardoqpy_sync.plans.plan_engine import PlanEngine

#: What becomes of a change of a plan.
Outcome = Literal["applied", "already_applied", "replanned", "failed", "not_deleted", "drifted"]
_COUNTED: tuple[Outcome, ...] = ("applied", "already_applied", "replanned", "failed", "not_deleted")
#: How many drifted entities are named in a sentence.
NAMED = 5


def apply(
    engine: PlanEngine, plan: Plan, on_drift: str, on_error: str, here: dict[str, str | None]
) -> ApplyResult:
    """Carry out a plan through an engine, as described at `ArdoqSyncClient.apply`.

    `here`: the `host` and the `org` that the engine writes to.
    """
    if not isinstance(plan, Plan):
        raise InvalidInput(f"plan is {describe_type(plan)}: give a Plan, as Plan.load(path) reads one.")
    if not isinstance(on_drift, str) or on_drift not in ("skip", "refuse", "replan"):
        raise InvalidInput(f"on_drift is {quote_name(on_drift)}: give 'skip', 'refuse' or 'replan'.")
    plan = Plan.from_dict(plan.as_dict())
    _check_origin(plan, {**here, "job": engine.journal.job})
    engine.flush()
    engine.drifted.clear()
    engine.report.not_undone += plan.not_undone
    undoes = plan.origin.get("undoes")
    engine.journal.begin_once("apply plan" if undoes is None else "undo", undoes=undoes)
    if engine.journal.records:
        engine.journal.owned.adopt(plan.matched or [], plan.missing_runs or [])
        if undoes is None:
            engine.journal.rows = _count_rows(plan)
    with engine.cache.without_naming():
        try:
            _load_afresh(engine, plan)
            if on_drift == "refuse":
                _refuse_drifted(engine, plan, on_error)
        except ArdoqClientException:
            if engine.journal.ledger is not None:
                engine.journal.ledger.abandon_undo()
            raise
        return _Applying(engine, plan, on_drift, on_error).run()


def _refuse_drifted(engine: PlanEngine, plan: Plan, on_error: str) -> None:
    """Raise `PlanDrifted` if an entry has drifted, or what carrying the plan out would raise."""
    preview = _Applying(engine.preview(NoRequests("previewed-")), plan, "skip", "collect")
    result = preview.run()
    if result["drifted"]:
        raise PlanDrifted(f"Nothing is applied: {_since(result['drifted'])}.", drifted=result["drifted"])
    if preview.problems and on_error == "raise":
        kind, row, problem = preview.problems[0]
        engine.failed(kind, row, problem)
        raise problem


def _check_origin(plan: Plan, here: dict[str, str | None]) -> None:
    """Raise `InvalidInput` if a plan was made for another host or organisation, or by another job."""
    for key, planned_for in (("host", plan.origin["host"]), ("org", plan.origin.get("org"))):
        value = here[key]
        if planned_for is not None and value is not None and planned_for.casefold() != value.casefold():
            raise InvalidInput(
                f"The plan was made for the {key} {quote_name(planned_for)}, this client writes to "
                f"{quote_name(value)}: make a plan there, or, where both are the same Ardoq, "
                f"set plan.origin[{key!r}]."
            )
    check_job(plan, here["job"])


def _load_afresh(engine: PlanEngine, plan: Plan) -> None:
    concerned = [change["rootWorkspace"] for change in plan.changes]
    if any(change["action"] == DELETE and change["kind"] == "component" for change in plan.changes):
        # What is deleted with a component may be in any workspace that the run has loaded.
        concerned += [*plan.workspaces, *engine.cache.workspaces]
    for ws_id in set(concerned) & engine.cache.workspaces.keys():
        if engine.writes.in_step(ws_id):
            del engine.cache.workspaces[ws_id]
    engine.load(concerned)
    for ws_id, index in engine.cache.indexes("component"):
        if any(change["action"] == DELETE for change in plan.changes) and any(
            "parent" not in comp for comp in index
        ):
            raise UnexpectedAnswer(
                f"Ardoq's answer for workspace {ws_id} has a component without 'parent': what would be "
                "deleted with another is unknown, and nothing is applied."
            )


class _Applying:
    """Go through a plan once."""

    def __init__(self, engine: PlanEngine, plan: Plan, on_drift: str, on_error: str) -> None:
        self._engine = engine
        self._plan = plan
        self._on_drift = on_drift
        self._on_error = on_error
        self._detector = DriftDetector(engine, plan)
        self._outcomes: dict[int, Outcome] = {}
        self._reasons: dict[int, str] = {}
        self._drifted: dict[str, DriftEntry] = {}
        self._deleted_with: set[str] = set()
        #: The changes whose writes are pending, by their numbers.
        self._pending: list[int] = []
        self.problems: list[tuple[Kind, Entity, ArdoqClientException]] = []

    def run(self) -> ApplyResult:
        """Carry out change after change, and return what became of each."""
        self._engine.log.circuit_breaker.reset()
        for number, change in enumerate(self._plan.changes):
            planned = self._detector.by_plan_id[change["_id"]]
            if "deleted_with" in change:
                self._note_deleted_with(number, planned)
            elif planned.passing and planned.id is None and planned.status != FAILED:
                self._outcomes[number] = "already_applied"  # the plan deletes it again, and nothing needs it
            else:
                self._carry_out(number, planned)
            if self._engine.writes.is_full:
                self._flush()
        while self._pending:  # what has drifted may be replanned, and is pending then
            self._flush()
        return self._result()

    # -- pending writes -------------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Send the pending writes, and note their outcomes."""
        pending, self._pending = self._pending, []
        failures, drifted = self._engine.flush(), self._engine.drifted
        self._detector.note_real_ids()
        for number in pending:
            planned = self._detector.by_plan_id[self._plan.changes[number]["_id"]]
            problem = failures.get(planned.id or "")
            now = self._engine.cache.get(planned.kind.name, planned.id or "")
            if self._outcomes[number] == "replanned" and isinstance(problem, NotFoundError):
                planned.now = self._drifted[self._plan.changes[number]["_id"]]["now"] = None
                self._leave(number, planned)
            elif problem is not None:
                self._fail(number, planned, problem)
            elif planned.id in drifted and self._outcomes[number] == "applied":
                planned.mark_drifted("changed" if now else "deleted", now and now.entity)
                del self._outcomes[number]
                self._leave(number, planned)
            elif now is not None:
                planned.version = now.entity.get("_version")

    # -- one change -----------------------------------------------------------------------------------------

    def _carry_out(self, number: int, planned: PlannedEntity) -> None:
        status = self._detector.of(planned)
        change = planned.changes[number]
        if status == FAILED:
            self._fail(number, planned, InvalidInput(f"{_named(change)} was not created."))
        elif status == DRIFTED:
            self._leave(number, planned)
        elif status == SETTLED or list(planned.changes).index(number) < planned.start:
            self._outcomes[number] = "already_applied"
        else:
            try:
                self._engine.log.circuit_breaker.check()
                carry_out = {CREATE: self._create, DELETE: self._delete}.get(change["action"], self._update)
                carry_out(number, planned)
            except ArdoqClientException as problem:
                self._fail(number, planned, problem)
            if number not in self._outcomes:  # it turned out to have drifted
                self._leave(number, planned)

    def _create(self, number: int, planned: PlannedEntity) -> None:
        wanted = self._in_ardoq(planned, number)
        ws_id = planned.changes[number]["rootWorkspace"]
        stored = self._engine.create_as_planned(planned.kind, ws_id, wanted, _row(planned.changes[number]))
        self._detector.identify(planned, stored["_id"])
        self._note_applied(number, planned, stored)

    def _update(self, number: int, planned: PlannedEntity) -> None:
        wanted = self._in_ardoq(planned, number)
        current = self._engine.find(planned.kind, planned.id or "")
        if current is None or current.entity.get("_version") != planned.version:
            planned.mark_drifted("changed" if current else "deleted", current and current.entity)
            return
        stored = self._engine.update_as_planned(current, wanted, _row(planned.changes[number]))
        self._note_applied(number, planned, stored)

    def _note_applied(self, number: int, planned: PlannedEntity, stored: Entity) -> None:
        planned.version = stored.get("_version")
        self._outcomes[number] = "applied"
        self._pending.append(number)

    def _delete(self, number: int, planned: PlannedEntity) -> None:
        self._flush()
        # Ardoq checks no version for a DELETE: the entity has to be read right before.
        current = self._engine.find(planned.kind, planned.id or "", afresh=True)
        if current is None:
            self._outcomes[number] = "already_applied"
            return
        entity_id = current.entity["_id"]
        if current.entity.get("_version") != planned.version:
            planned.mark_drifted("changed", current.entity)
            return
        cascade = self._engine.cache.cascade(planned.kind.name, entity_id)[1:]
        unplanned = [each for each in cascade if not self._is_planned_delete(number, each.entity)]
        if unplanned:
            planned.mark_drifted("cascade", current.entity, unplanned)
            return
        row = SourceRow({"_id": entity_id}, _row(planned.changes[number]), lambda *_: {}, caller_reports=True)
        self._engine.delete(planned.kind, entity_id, row)
        problem = self._engine.flush().get(entity_id)  # now, while it is what was just read
        if isinstance(problem, NotFoundError):
            self._outcomes[number] = "already_applied"
        elif problem is not None:
            raise problem
        else:
            self._outcomes[number] = "applied"
            for _, _, entity in cascade:
                self._deleted_with.add(entity["_id"])
                last = list(self._detector.by_id[entity["_id"]].changes)[-1]
                if self._outcomes.get(last) == "not_deleted":  # by another component that is deleted with it
                    self._outcomes[last] = "applied"
                    del self._reasons[last]

    def _is_planned_delete(self, number: int, entity: Entity) -> bool:
        """Return whether the plan, too, deletes an entity that is deleted with a component, as it is now."""
        planned = self._detector.by_id.get(entity["_id"])
        if planned is None or self._detector.of(planned) != TODO or entity.get("_version") != planned.version:
            return False
        left = [change for index, change in planned.changes.items() if index > number]
        return planned.listed[-1]["action"] == DELETE and all(change["action"] == DELETE for change in left)

    def _note_deleted_with(self, number: int, planned: PlannedEntity) -> None:
        change = planned.changes[number]
        root = self._detector.by_plan_id[str(change["deleted_with"])]
        kind, entity_id = planned.kind.name, planned.id
        if entity_id is None or self._engine.cache.get(kind, entity_id) is None:
            self._outcomes[number] = "applied" if entity_id in self._deleted_with else "already_applied"
        elif self._detector.of(planned) == DRIFTED:
            self._leave(number, planned)
        elif self._outcomes[list(root.changes)[-1]] in ("applied", "already_applied"):
            current = self._engine.cache.get(kind, entity_id)
            planned.mark_drifted("changed", current and current.entity)
            self._leave(number, planned)
        else:
            self._outcomes[number] = "not_deleted"
            self._reasons[number] = f"{_named(root.listed[-1])} is not deleted."

    # -- ids ------------------------------------------------------------------------------------------------

    def _in_ardoq(self, planned: PlannedEntity, number: int) -> Entity:
        """Return what a change wants, with the ids in Ardoq of what the plan creates."""
        wanted = {key: values["new"] for key, values in planned.changes[number]["attributes"].items()}
        for key in ENDS[planned.kind.name]:
            if wanted.get(key) in self._detector.created:
                wanted[key] = self._id_of(self._detector.by_plan_id[wanted[key]], key)
        return wanted

    def _id_of(self, planned: PlannedEntity, key: str) -> str:
        number, change = next(iter(planned.changes.items()))
        if planned.id is None and planned.passing and planned.status != FAILED:
            # The plan deletes it later, but needs it until then.
            matches = self._detector.matches(planned)
            if matches:
                planned.mark_drifted("created", matches[0])
                self._detector.identify(planned, matches[0]["_id"])
            else:
                planned.status = TODO
                del self._outcomes[number]
                self._carry_out(number, planned)
                if self._engine.writes.is_full:
                    self._flush()
        if planned.id is None:
            reason = self._reasons.get(number, "it was skipped")
            raise InvalidInput(f"{key} is {_named(change)}, which was not created: {reason}")
        return planned.id

    # -- what is not done -----------------------------------------------------------------------------------

    def _fail(self, number: int, planned: PlannedEntity, problem: ArdoqClientException) -> None:
        change = planned.changes[number]
        row = {key: values["new"] for key, values in change["attributes"].items()}
        row = {"name": change["name"], "rootWorkspace": change["rootWorkspace"], **row}
        if change["action"] == CREATE:
            planned.status, planned.id = FAILED, None
        else:
            row["_id"] = planned.id
        self._outcomes[number], self._reasons[number] = "failed", str(problem)
        self.problems.append((planned.kind, row, problem))
        self._engine.failed(planned.kind, row, problem, _row(change))
        if self._on_error == "raise":
            raise problem

    def _leave(self, number: int, planned: PlannedEntity) -> None:
        """Leave what has drifted as it is, or replan it if that is asked for and possible."""
        change = planned.changes[number]
        if change["_id"] not in self._drifted:
            self._drifted[change["_id"]] = self._entry(planned, change)
        entry = self._drifted[change["_id"]]
        if self._on_drift == "refuse":
            done = sum(outcome == "applied" for outcome in self._outcomes.values())
            raise PlanDrifted(
                f"{_since([entry])}, while the plan was being applied: {done} of its {len(self._plan)} "
                "changes are carried out.",
                drifted=[entry],
            )
        can_replan = planned.mismatch is None and change["action"] != DELETE
        if self._on_drift == "replan" and can_replan and planned.now is not None:
            try:
                wanted = self._in_ardoq(planned, number)
                row = RowReference(change.get("label"), policy=None)  # the plan has decided
                self._engine.ensure_by_id(planned.kind, planned.now["_id"], wanted, row, caller_reports=True)
                self._outcomes[number] = "replanned"
                self._pending.append(number)
            except NotFoundError:
                planned.now = entry["now"] = None
            except ArdoqClientException as problem:
                self._fail(number, planned, problem)
        if number not in self._outcomes:
            entry["changes"].append(change)
            self._outcomes[number] = "drifted"

    def _entry(self, planned: PlannedEntity, change: ChangeEntry) -> DriftEntry:
        left = [each for number, each in planned.changes.items() if number not in self._outcomes]
        values = {key: pair for each in left for key, pair in each["attributes"].items()}
        who, when = self._touched(planned.kind.name, planned.now)
        return {
            "kind": planned.kind.name,
            "_id": planned.id,
            "name": change["name"],
            "what": planned.what,
            "planned": {"version": change["version"], "attributes": values},
            "now": None if planned.now is None else self._now(planned.kind, planned.now, values),
            "who": who,
            "when": when,
            "cascade": [self._describe_cascade(kind, entity) for kind, _, entity in planned.cascade],
            "mismatch": planned.mismatch,
            "changes": [],
        }

    def _describe_cascade(self, kind: str, entity: Entity) -> DriftedCascade:
        who, when = self._touched(kind, entity)
        name = self._engine.log.name_of(kind, entity)
        return {"kind": kind, "_id": entity["_id"], "name": name, "who": who, "when": when}

    def _now(self, kind: Kind, entity: Entity, values: dict[str, ValueChange]) -> CurrentState:
        held = kind.collection.flatten(entity)
        return {"version": entity.get("_version"), "attributes": {key: held.get(key) for key in values}}

    def _touched(self, kind: str, entity: Entity | None) -> tuple[str | None, str | None]:
        return (None, None) if entity is None else self._engine.kinds[kind].collection.last_change(entity)

    # -- what became of it ----------------------------------------------------------------------------------

    def _result(self) -> ApplyResult:
        by_plan_id = self._detector.by_plan_id
        created = self._detector.created
        ids = {plan_id: planned.id for plan_id, planned in by_plan_id.items() if plan_id in created}
        drifted = list(self._drifted.values())
        result = ApplyResult(
            applied=[],
            already_applied=[],
            replanned=[],
            failed=[],
            not_deleted=[],
            drifted=drifted,
            ids=ids,
            sentence="",
        )
        for number, change in enumerate(self._plan.changes):
            outcome = self._outcomes[number]
            if outcome != "drifted":
                entity_id, reason = by_plan_id[change["_id"]].id, self._reasons.get(number)
                result[outcome].append({**change, "_id": entity_id, "reason": reason})
        result["sentence"] = _sentence(result)
        return result


def _count_rows(plan: Plan) -> dict[str, int]:
    """Return by kind how many rows the preview of a plan had, the unchanged ones among them."""
    totals: Mapping[str, Any] = plan.counts()
    return {kind: sum(totals[kind][each] for each in ("created", "updated", "unchanged")) for kind in KINDS}


def _row(change: ChangeEntry) -> RowReference:
    owner, ledger = change.get("owner"), change.get("ledger")
    return RowReference(
        change.get("label"),
        change.get("field"),
        note=change.get("note") if change.get("recreates") else None,
        owner=None if owner is None else Owner(**owner),
        purpose="mark" if ledger and ledger.get("marks") else "plan",
        recreates=change.get("recreates"),
        ledger=ledger,
    )


# -- in words ------------------------------------------------------------------------------------------------


def _named(change: ChangeEntry) -> str:
    return f"{change['kind']} {quote_name(change['name'])}"


def _sentence(result: ApplyResult) -> str:
    counts = {outcome: len(result[outcome]) for outcome in _COUNTED}
    parts = [f"{counts[key]} {key.replace('_', ' ')}" for key in counts if counts[key] or key == "applied"]
    since = _since(result["drifted"]) if result["drifted"] else "nothing has drifted since the plan"
    return f"{', '.join(parts)}; {since}"


def _since(drifted: list[DriftEntry]) -> str:
    listed = "; ".join(map(_describe_drift, drifted[:NAMED]))
    more = f"; and {len(drifted) - NAMED} more" if len(drifted) > NAMED else ""
    entities = "1 entity" if len(drifted) == 1 else f"{len(drifted)} entities"
    return f"since the plan: {entities} drifted: {listed}{more}"


def _describe_drift(entry: DriftEntry) -> str:
    named = f"{entry['kind']} {quote_name(entry['name'])}"
    if entry["now"] is None:
        return f"{named} deleted"
    if entry["mismatch"]:
        return entry["mismatch"]
    if entry["cascade"]:
        first = entry["cascade"][0]
        added = f"{first['kind']} {quote_name(first['name'])}, changed{_by(first)}"
        return f"{named} ({added}, would be deleted with it)"
    return f"{named} {entry['what']}{_by(entry)}"


def _by(entry: DriftEntry | DriftedCascade) -> str:
    who = f" by {quote_name(entry['who'])}" if entry["who"] else ""
    return f"{who} at {entry['when']}" if entry["when"] else who
