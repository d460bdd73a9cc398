"""Check that a plan is the one that was approved: not edited since it was made, and not too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ardoqpy._messages import quote_name
from ardoqpy.errors import InvalidInput

if TYPE_CHECKING:
    from ardoqpy_sync.plans.plan import Plan

#: How old a plan may be, in seconds.
MAX_AGE = 24 * 3600.0
#: How far the clock of the machine that made the plan may be ahead.
_CLOCK_SKEW = timedelta(minutes=5)


def check_approval(
    plan: Plan,
    *,
    allow_edited: bool = False,
    max_age: float | None = MAX_AGE,
    now: datetime | None = None,
) -> None:
    """Raise `InvalidInput` if a plan was edited since it was made, or is older than `max_age` seconds.

    - `allow_edited`: a plan that was edited, or does not have a SHA-256, passes.
    - `max_age`: None if a plan may have any age.
    - `now`: the time to compare with, by default the current one.
    """
    if not allow_edited:
        _check_unedited(plan)
    if max_age is not None:
        _check_age(plan, timedelta(seconds=max_age), now or datetime.now(UTC))


def check_job(plan: Plan, job: str | None) -> None:
    """Raise `InvalidInput` if a plan was decided with the ledger of another job.

    - `job`: the one whose ledger is written; None if there is none.
    """
    planned_by = plan.origin.get("job")
    if planned_by is not None and job is not None and planned_by != job:
        raise InvalidInput(
            f"The plan was made by the job {quote_name(planned_by)}, and is to be applied with the ledger of "
            f"the job {quote_name(job)}: apply it with the job that made it."
        )


def _check_unedited(plan: Plan) -> None:
    if plan.sha256 is None:
        raise InvalidInput(
            "The plan has no SHA-256, so nobody can know whether it was edited since it was made: make it "
            "again, or pass --allow-edited."
        )
    content = plan.content_sha256
    if content != plan.sha256:
        raise InvalidInput(
            f"The plan was edited since it was made: its SHA-256 was {plan.sha256}, and is {content} now. "
            "Make it again, or pass --allow-edited."
        )


def _check_age(plan: Plan, max_age: timedelta, now: datetime) -> None:
    at = plan.origin["at"]
    try:
        made = datetime.fromisoformat(at)
        age = now - (made if made.tzinfo else made.replace(tzinfo=UTC))
    except ValueError:
        raise InvalidInput(
            f"The plan was made at {quote_name(at)}, which is not a time: make it again."
        ) from None
    if age > max_age:
        raise InvalidInput(
            f"The plan was made {_hours(age)} ago, at {at}, and may be {_hours(max_age)} old: make it again, "
            "or pass --max-age."
        )
    if age < -_CLOCK_SKEW:
        raise InvalidInput(
            f"The plan was made at {at}, which is in the future: check the clocks of both machines, or make "
            "it again."
        )


def _hours(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"
