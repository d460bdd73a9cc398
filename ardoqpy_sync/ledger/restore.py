"""What a ledger has of entities after an undo: what it had before the run that is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ardoqpy_sync.ledger.encoding import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ardoqpy.entities import Attributes
    from ardoqpy_sync.ledger.rows import EntityRow

    #: A record of what is owned, with all columns of the table, and how it is known: by kind and id.
    Record = Mapping[str, Any]
    Records = Mapping[tuple[str, str], Record]

_ENDS = ("parent", "source", "target")
_ABSENT = object()
#: The columns that come back together with the values.
_RESTORED = ("mapping", "field", "item_key", "given", "missing", "marked")


def renamed(new_ids: Mapping[str, str], old_id: str, new_id: str) -> dict[str, str]:
    """Return the new ids of what was deleted, with a further one that was created again."""
    followed = {known: new_id if to == old_id else to for known, to in new_ids.items()}
    return {**followed, old_id: new_id}


def by_entity(records: Iterable[Record], new_ids: Mapping[str, str]) -> dict[tuple[str, str], Record]:
    """Return records by the kind and the id that the entity has now; of several, the first.

    - `new_ids`: by the id of what was deleted, the one under which it was created again.
    """
    found: dict[tuple[str, str], Record] = {}
    for record in records:
        key = record["kind"], new_ids.get(record["entity_id"], record["entity_id"])
        found.setdefault(key, record)
    return found


def restored_records(
    before: Records,
    later: Records,
    now: Records,
    new_ids: Mapping[str, str],
    left: Mapping[tuple[str, str], set[str] | None],
) -> list[dict[str, Any]]:
    """Return the records of what the run has changed in the ledger, as they were before it.

    What later runs have changed since stays, value by value.

    - `before`: the records before the run; `now`: those of all that is owned now.
    - `later`: the records before the first later run that has changed them, and is in effect.
    - `left`: of what the run has written, the attributes that Ardoq holds still as the run wrote them; None
      for what is deleted.
    """
    restored = []
    for key, old in before.items():
        not_taken_back = left.get(key, set())
        if not_taken_back is None or (key not in now and key in later):
            continue  # it is deleted
        current = now.get(key, old)
        is_again = key[1] != old["entity_id"]
        after = old if key not in now else later.get(key, current)
        values = decode(old["vals"])
        if not is_again:
            values = _merge(values, decode(after["vals"]), decode(current["vals"]), not_taken_back)
        for end in _ENDS:
            if values.get(end) in new_ids:
                values[end] = new_ids[values[end]]
        record = {**old, "kind": key[0], "entity_id": key[1], "workspace": current["workspace"]}
        for column in _RESTORED:
            if not is_again and (current[column] != after[column] or not_taken_back):
                record[column] = current[column]
        # The version is another since the undo: what Ardoq holds is compared in the next run.
        restored.append({**record, "vals": encode(values), "version": None})
    return restored


def _merge(old: Attributes, after: Attributes, current: Attributes, left: set[str]) -> Attributes:
    """Return values without what a run has changed from `old` to `after`, if that is still so.

    - `left`: attributes that stay.
    """
    merged = dict(current)
    for name in (old.keys() | after.keys()) - left:
        written = after.get(name, _ABSENT)
        if old.get(name, _ABSENT) != written and current.get(name, _ABSENT) == written:
            merged.pop(name, None)
            if name in old:
                merged[name] = old[name]
    return merged


def owned_first(run: int, now: Records, kept: Iterable[tuple[str, str]]) -> list[EntityRow]:
    """Return what the job owns since a run, but for what is `kept`."""
    known = set(kept)
    return [
        {"kind": kind, "entity_id": entity_id}
        for (kind, entity_id), record in now.items()
        if record["run"] == run and (kind, entity_id) not in known
    ]
