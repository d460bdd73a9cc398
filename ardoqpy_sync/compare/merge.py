"""Three-way merge: what this job last wrote, what the row wants, and what Ardoq holds now.

Pure functions and plain data, like `diff.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ardoqpy_sync.compare.diff import equal_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ardoqpy_sync.compare.diff import Differences

#: What becomes of an attribute that somebody else has changed: the source's value is written, Ardoq's is
#: kept, or Ardoq's is kept until a person decides.
Outcome = Literal["overwritten", "kept", "unresolved"]

SOURCE, ARDOQ, REPORT = "source", "ardoq", "report"
_OUTCOMES: dict[str, Outcome] = {SOURCE: "overwritten", ARDOQ: "kept", REPORT: "unresolved"}


class EditPolicy(NamedTuple):
    """Whose value counts for an attribute that somebody else has changed in Ardoq.

    - `on_conflict`: if the source has changed it, too: `source`, `ardoq` or `report`.
    - `on_edit`: if only Ardoq's value has changed: `ardoq`, or `source` to write the old value again.
    - `conflicts`, `edits`: these two by attribute, where they differ.
    """

    on_conflict: str = SOURCE
    conflicts: Mapping[str, str] = {}
    on_edit: str = ARDOQ
    edits: Mapping[str, str] = {}


DEFAULT_POLICY = EditPolicy()


class Edit(NamedTuple):
    """An attribute that somebody else has changed since this job last wrote it.

    - `base`: the value that the job last wrote; `ardoq`: the one in Ardoq; `source`: the one of the row.
    - `is_conflict`: whether the source has changed it, too.
    """

    attribute: str
    base: Any
    ardoq: Any
    source: Any
    is_conflict: bool
    outcome: Outcome


def merge(
    diff: Differences, base: Mapping[str, Any], policy: EditPolicy, key: str | None
) -> tuple[Differences, list[Edit]]:
    """Return what of the differences between Ardoq and a row is to be written, and what others edited.

    - `diff`: by attribute the value in Ardoq and the one of the row.
    - `base`: by attribute the value that the job last wrote; an attribute that is not in it is written.
    - `key`: the attribute that the row is matched by, which is always written.

    Null and absent are the same, and values are compared as Ardoq stores them.
    """
    written: Differences = {}
    edits = []
    for name, (ardoq, source) in diff.items():
        if name == key or name not in base or equal_values(ardoq, base[name]):
            written[name] = (ardoq, source)
            continue
        is_conflict = not equal_values(base[name], source)
        decision = (
            policy.conflicts.get(name, policy.on_conflict)
            if is_conflict
            else policy.edits.get(name, policy.on_edit)
        )
        edits.append(Edit(name, base[name], ardoq, source, is_conflict, _OUTCOMES[decision]))
        if decision == SOURCE:
            written[name] = (ardoq, source)
    return written, edits
