"""Mark in a run document what is new, and what is gone, since a plan that was approved."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ardoqpy_sync.plans.compare import compare_changes
from ardoqpy_sync.report import type_label

if TYPE_CHECKING:
    from ardoqpy_sync.documents import DocumentChange, RunDocument, SincePlan
    from ardoqpy_sync.plans.plan import Plan


def mark_since(document: RunDocument, approved: Plan) -> RunDocument:
    """Return a run document in which changes say whether they differ from those of an approved plan.

    Each change that differs has `since`: `new` or `changed`. The document has `since` with the `id` and the
    `sha256` of the approved plan, and `gone`: its changes that the run no longer has.
    """
    difference = compare_changes(approved.changes, document["changes"])
    changes: list[DocumentChange] = list(document["changes"])
    for number in difference.new:
        changes[number] = {**changes[number], "since": "new"}
    for _, number in difference.changed:
        changes[number] = {**changes[number], "since": "changed"}
    gone = [
        cast("DocumentChange", {**change, "typeName": type_label(change["kind"], change)})
        for change in (approved.changes[number] for number in difference.gone)
    ]
    identity = approved.identity()
    names = {**approved.names, **document["names"]}
    since: SincePlan = {"id": identity["id"], "sha256": identity["sha256"], "gone": gone}
    return {**document, "changes": changes, "names": names, "since": since}
