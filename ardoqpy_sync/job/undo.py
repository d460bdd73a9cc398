"""Take back a run of a job: the plan, and whether its delete guard allows to carry it out unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ardoqpy_sync.job.missing import bounds_of
from ardoqpy_sync.job.redaction import check_redacted
from ardoqpy_sync.plans.undo import LOST, check_guard

if TYPE_CHECKING:
    from ardoqpy.errors import DeleteBlocked
    from ardoqpy_sync.client import ArdoqSyncClient
    from ardoqpy_sync.job.file.model import Job
    from ardoqpy_sync.plans.plan import Plan


#: About an undo of a run that wrote nothing, or nothing that is still there.
LEDGER_ALONE = (
    "Nothing in Ardoq changes. The ledger has again what it had before the run: what the job matched "
    "first in that run is not its any more."
)


class UndoResult(NamedTuple):
    """The plan of an undo.

    - `blocked`: why the delete guard blocks it, if it does; `notes`: sentences about all of it.
    - `is_needed`: whether there is anything to take back, in Ardoq or in the ledger alone.
    """

    plan: Plan
    blocked: DeleteBlocked | None
    notes: list[str]
    is_needed: bool


def plan_undo(job: Job, client: ArdoqSyncClient, run: int | str) -> UndoResult:
    """Return the plan that takes a run of a job back; the client's report has the same changes.

    - `client`: one that simulates, with the ledger of the job.
    - `run`: the number of the run, or `last`.

    Raise `InvalidInput` if the ledger has no such run, or not its writes any more, and `JobInvalid` if it is
    to redact something that is no field.
    """
    check_redacted(job, client)
    plan = client.undo_plan(run)
    engine = client._engine  # noqa: SLF001  (the client and its jobs are one package)
    blocked = check_guard(engine, bounds_of(job.guard))
    notes = [LOST] if any(change.get("recreates") for change in plan.changes) else []
    ledger, undone = engine.journal.ledger, plan.origin.get("undoes")
    has_learned = ledger is not None and undone is not None and ledger.has_learned(undone)
    if has_learned and not plan:
        notes.append(LEDGER_ALONE)
    return UndoResult(plan, blocked, notes, is_needed=bool(plan) or has_learned)
