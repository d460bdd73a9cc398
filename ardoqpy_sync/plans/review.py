"""Plans in review: each is shown page by page, and can be applied once, after all of its pages were shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from ardoqpy._messages import quote_name
from ardoqpy.errors import InvalidInput
from ardoqpy_sync.plans.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

#: How many lines a page has, and how many plans are kept: the oldest is dropped first.
PAGE_LINES, MAX_PLANS = 100, 20


class ReviewState(TypedDict):
    """A plan in review: its `id`, how many `pages` it has, and how many of them were `not_shown` yet."""

    id: str
    pages: int
    not_shown: int


@dataclass(frozen=True)
class ReviewedPlan:
    """A plan, the job that it was made from, the pages that show it, and which of them were not shown yet."""

    plan: Plan
    job: str
    pages: list[Sequence[str]]
    not_shown: set[int]

    def state(self) -> ReviewState:
        """Return how far the review is."""
        id_ = self.plan.identity()["id"]
        return {"id": id_, "pages": len(self.pages), "not_shown": len(self.not_shown)}


class PlansInReview:
    """The plans that a process has made and shows."""

    def __init__(self) -> None:
        """Start without a plan."""
        self._plans: dict[str, ReviewedPlan] = {}

    def add(self, plan: Plan, job: str, lines: Sequence[str]) -> ReviewedPlan:
        """Keep a plan as its file would hold it. `lines` show it: all of its changes, and its totals."""
        pages = [lines[start : start + PAGE_LINES] for start in range(0, len(lines), PAGE_LINES)]
        saved = Plan.from_dict(plan.as_dict())
        reviewed = ReviewedPlan(saved, job, pages, set(range(1, len(pages) + 1)))
        self._plans[reviewed.state()["id"]] = reviewed
        for oldest in list(self._plans)[:-MAX_PLANS]:
            del self._plans[oldest]
        return reviewed

    def show(self, plan_id: str, page: int) -> tuple[ReviewedPlan, Sequence[str]]:
        """Return a plan and one of its pages, from 1 on, which counts as shown now."""
        reviewed = self._find(plan_id)
        if not 1 <= page <= len(reviewed.pages):
            raise InvalidInput(f"The plan has no page {page}: its pages are 1 to {len(reviewed.pages)}.")
        reviewed.not_shown.discard(page)
        return reviewed, reviewed.pages[page - 1]

    def take(self, plan_id: str) -> ReviewedPlan:
        """Return a plan to apply it, and forget it; raise `InvalidInput` if a page was not shown yet."""
        reviewed = self._find(plan_id)
        if reviewed.not_shown:
            raise InvalidInput(
                f"The plan {plan_id} is not applied: not all of its pages were shown. Show page "
                f"{min(reviewed.not_shown)} next."
            )
        return self._plans.pop(plan_id)

    def put_back(self, reviewed: ReviewedPlan) -> None:
        """Keep a plan that was taken and not applied, because the job was locked for example."""
        self._plans[reviewed.state()["id"]] = reviewed

    def _find(self, plan_id: str) -> ReviewedPlan:
        if plan_id not in self._plans:
            raise InvalidInput(
                f"There is no plan {quote_name(plan_id)} in review: it was not made here, or is applied. "
                "Make a new one."
            )
        return self._plans[plan_id]
