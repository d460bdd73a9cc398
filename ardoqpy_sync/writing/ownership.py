"""What a job owns, as a run knows it: what it last wrote to each entity, and what it marked as missing."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from ardoqpy_sync.compare.cache import TYPE_OF
from ardoqpy_sync.compare.diff import equal_values
from ardoqpy_sync.ledger.encoding import Encoder, decode
from ardoqpy_sync.ledger.records import REDACTED, OwnedVersion, Owner

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Mapping

    from ardoqpy.entities import Attributes, Entity
    from ardoqpy_sync.compare.cache import Cache
    from ardoqpy_sync.compare.entity_kinds import Kind
    from ardoqpy_sync.documents import KindName, MatchedEntry, MissingRuns
    from ardoqpy_sync.ledger.ledger import Ledger
    from ardoqpy_sync.ledger.records import OwnedEntity
    from ardoqpy_sync.ledger.rows import MissingRow, OwnedRow


class _Written(NamedTuple):
    """An entity that was written, as stored, with its owner if that is known, and the values."""

    kind: Kind
    stored: Entity
    owner: Owner | None
    values: Attributes


#: The owner of what a script writes.
SCRIPT = Owner("script")


class Ownership:
    """What the job owns, by kind and id, with the values that its ledger has.

    Read from the ledger at the start of a run, and written back at its end; without a ledger, nothing is
    owned.
    """

    def __init__(self, cache: Cache, ledger: Ledger | None = None, encoder: Encoder | None = None) -> None:
        """Read what the job owns."""
        self._cache = cache
        self._ledger = ledger
        self._encoder = encoder or Encoder()
        self.entities: dict[tuple[str, str], OwnedVersion] = {} if ledger is None else ledger.owned_versions()
        #: Whether the job owned nothing when the run started.
        self.was_empty = not self.entities
        self._values: dict[tuple[str, str], str] | None = None
        self._marked: dict[str, OwnedEntity] | None = None
        #: By entity, the attributes in which Ardoq's value stays although the source has another one.
        self._kept: dict[str, set[str]] = {}
        self._failed: set[str] = set()
        self._missing: dict[tuple[str, str], int] = {}
        #: What was written to each entity, for runs without rows: a plan that is applied.
        self._written: dict[tuple[str, str], _Written] = {}
        #: What the preview that a plan is from has matched.
        self._adopted: dict[tuple[str, str], OwnedRow] = {}

    def start_run(self) -> None:
        """Forget what is known of the rows of an earlier run."""
        self._missing.clear()
        self._written.clear()
        self._adopted.clear()
        self._kept.clear()
        self._failed.clear()

    def __contains__(self, entity: tuple[str, str]) -> bool:
        """Return whether the job owns the entity of a kind and an id."""
        return entity in self.entities

    def exclude_others(self) -> None:
        """Exclude from what can be missing what is not owned, and no row has named."""
        for kind in TYPE_OF:
            for _, index in self._cache.indexes(kind):
                self._cache.excluded.update(
                    entity_id
                    for entity_id in index.by_id
                    if entity_id not in self._cache.named and (kind, entity_id) not in self.entities
                )

    def base(self, kind: str, entity_id: str) -> Attributes:
        """Return the values that the job last wrote to an entity; {} if it does not own it."""
        return {name: value for name, value in self._all_values(kind, entity_id).items() if value != REDACTED}

    def _all_values(self, kind: str, entity_id: str) -> Attributes:
        if (kind, entity_id) not in self.entities or self._ledger is None:
            return {}
        if self._values is None:
            self._values = self._ledger.owned_values()
        values: Attributes = decode(self._values.get((kind, entity_id), "{}"))
        return values

    def before_mark(self, comp_id: str) -> Attributes:
        """Return the values that a component had before the job marked it as missing; {} without a mark."""
        if self._ledger is None:
            return {}
        if self._marked is None:
            self._marked = {each.entity_id: each for each in self._ledger.marked()}
        marked = self._marked.get(comp_id)
        values = {} if marked is None or marked.marked is None else marked.marked
        return {name: value for name, value in values.items() if value != REDACTED}

    def with_key(self, owner: Owner) -> list[str]:
        """Return the ids of the components that the job owns under a field and a key, in any mapping."""
        if self._ledger is None or not self.entities:
            return []
        return [
            each.entity_id
            for each in self._ledger.with_key(owner.key)
            if each.kind == "component" and each.owner.field == owner.field
        ]

    # -- what a run finds out -------------------------------------------------------------------------------

    def keep(self, entity_id: str, attribute: str) -> None:
        """Note that an attribute is left as somebody else has set it: its base stays what it was."""
        self._kept.setdefault(entity_id, set()).add(attribute)

    def kept(self, entity_id: str) -> set[str]:
        """Return the attributes of an entity that are left as somebody else has set them."""
        return self._kept.get(entity_id, set())

    def is_as_written(self, kind: str, entity: Entity) -> bool:
        """Return whether an entity is at the version that this run wrote last."""
        written = self._written.get((kind, entity["_id"]))
        return written is not None and written.stored.get("_version") == entity.get("_version")

    def written_names(self, kind: str, entity_id: str) -> set[str]:
        """Return the attributes of an entity that this run has written."""
        written = self._written.get((kind, entity_id))
        return set() if written is None else set(written.values)

    def note_outcome(self, entity_id: str, *, has_failed: bool) -> None:
        """Note how a write of an entity ended: if it failed, what the job last wrote stays what it was."""
        if has_failed:
            self._failed.add(entity_id)
        else:
            self._failed.discard(entity_id)

    def learn(self, rows: Iterable[OwnedRow]) -> None:
        """Know these records, as the ledger has them or, in a preview, would have them."""
        for row in rows:
            entity = row["kind"], row["entity_id"]
            is_marked = row["marked"] is not None
            self.entities[entity] = OwnedVersion(row["version"], row["given"], row["missing"], is_marked)
            if self._values is None and self._ledger is not None:
                self._values = self._ledger.owned_values()
            if self._values is not None:
                self._values[entity] = row["vals"]

    def add_created(self, kind: str, stored: Entity, given: str) -> None:
        """Note that the ledger has an entity as it was created: its record needs no second look."""
        version = OwnedVersion(stored["_version"], given, 0, is_marked=False)
        self.entities[kind, stored["_id"]] = version

    def set_missing(self, kind: str, entity_id: str, count: int) -> None:
        """Note in how many successful runs in a row, this one included, an entity is missing."""
        self.entities[kind, entity_id] = self.entities[kind, entity_id]._replace(missing=count)
        self._missing[kind, entity_id] = count

    def missing_rows(self) -> list[MissingRow]:
        """Return the counts of what is missing in this run."""
        return [
            {"kind": kind, "entity_id": entity_id, "missing": count}
            for (kind, entity_id), count in self._missing.items()
            if (kind, entity_id) in self.entities
        ]

    def note_written(self, kind: Kind, stored: Entity, owner: Owner | None, sent: Attributes) -> None:
        """Note what was written to an entity; it counts if no row of this run describes the entity."""
        entity = kind.name, stored["_id"]
        known = self._written.get(entity)
        values = sent if known is None else {**known.values, **sent}
        self._written[entity] = _Written(kind, stored, owner or (known and known.owner), values)

    def forget(self, kind: str, entity_id: str) -> None:
        """Note that an entity is deleted."""
        self.entities.pop((kind, entity_id), None)

    # -- what a plan takes along for the run that applies it ------------------------------------------------

    def matched_entries(
        self, kinds: Iterable[Kind], changed: Mapping[str, Container[str]], created: Container[str]
    ) -> list[MatchedEntry]:
        """Return what the rows of a preview matched, and the job does not own, or counts as missing.

        - `changed`: by id, the attributes that the plan changes; `created`: the ids of what it creates.
        """
        entries: list[MatchedEntry] = []
        for kind, ws_id, entity, names in self._matched(kinds):
            entity_id = entity["_id"]
            known = self.entities.get((kind.name, entity_id))
            if entity_id in created or (known is not None and not known.missing):
                continue  # the ledger learns of it when it is created, or there is nothing to learn
            held, kept = kind.collection.flatten(entity), self.kept(entity_id)
            owner = self._cache.owners.get(entity_id, SCRIPT)
            left = [name for name in names if name not in kept and name not in changed.get(entity_id, ())]
            entries.append(
                {
                    "kind": cast("KindName", kind.name),
                    "_id": entity_id,
                    "rootWorkspace": ws_id,
                    "version": None if kept or entity_id in changed else entity["_version"],
                    "owner": {"mapping": owner.mapping, "field": owner.field, "key": owner.key},
                    "given": list(names),
                    "values": {name: held.get(name) for name in left},
                }
            )
        return entries

    def missing_entries(self) -> list[MissingRuns]:
        """Return in how many runs in a row each entity is missing that is missing in this preview."""
        return [
            {"kind": cast("KindName", kind), "_id": entity_id, "runs": count}
            for (kind, entity_id), count in self._missing.items()
        ]

    def adopt(self, matched: Iterable[MatchedEntry], missing: Iterable[MissingRuns]) -> None:
        """Own what the preview of a plan has matched, and count what was missing in it.

        What the ledger has learned in another run since the preview counts more.
        """
        for entry in matched:
            entity = entry["kind"], entry["_id"]
            known = self.entities.get(entity)
            if known is not None and known.missing:
                self.set_missing(*entity, 0)
            # What the plan changes loses its mark with that change.
            if known is None or (known.is_marked and entry["version"] is not None):
                owner, given = Owner(**entry["owner"]), join_names(entry["given"])
                values = {**self._all_values(*entity), **entry["values"]}
                row = self._row(*entity, entry["rootWorkspace"], owner, values, given, entry["version"])
                self._adopted[entity] = row
        self.learn(self._adopted.values())
        for absent in missing:
            entity = absent["kind"], absent["_id"]
            known = self.entities.get(entity)
            if known is not None and known.missing == absent["runs"] - 1:
                self.set_missing(*entity, absent["runs"])

    # -- what the ledger records ----------------------------------------------------------------------------

    def rows_of_run(self, kinds: Iterable[Kind], waiting: Collection[str] = ()) -> list[OwnedRow]:
        """Return the records of what the rows of this run created or matched.

        - `waiting`: the ids of entities whose writes were not sent: Ardoq does not hold what the cache does.

        An entity that is recorded as it is now already is left out, so that a run without changes costs next
        to nothing.
        """
        rows = [
            self._row_of_run(kind, ws_id, entity, names)
            for kind, ws_id, entity, names in self._matched(kinds)
            if not self._is_recorded(kind.name, entity, names) and entity["_id"] not in waiting
        ]
        rows += [row for entity, row in self._adopted.items() if entity in self.entities]
        for (kind_name, entity_id), written in self._written.items():
            if entity_id not in self._cache.given and (kind_name, entity_id) in self.entities:
                rows.append(self.updated_row(kind_name, written.owner, written.stored, written.values))
        return rows

    def _matched(self, kinds: Iterable[Kind]) -> Iterator[tuple[Kind, str, Entity, tuple[str, ...]]]:
        """Return what rows of this run created or matched: kind, workspace, entity, and attributes given."""
        given = self._cache.given
        for kind in kinds:
            for ws_id, index in self._cache.indexes(kind.name):
                for entity_id, entity in index.by_id.items():
                    names = given.get(entity_id)
                    if names is not None:
                        yield kind, ws_id, entity, names

    def _is_recorded(self, kind: str, entity: Entity, names: tuple[str, ...]) -> bool:
        """Return whether the ledger has an entity as it is now, with the attributes that rows gave it."""
        known = self.entities.get((kind, entity["_id"]))
        now = entity.get("_version"), join_columns(names), 0, False
        return known == now and entity["_id"] not in self._kept

    def _row_of_run(self, kind: Kind, ws_id: str, entity: Entity, names: Iterable[str]) -> OwnedRow:
        entity_id = entity["_id"]
        owner = self._cache.owners.get(entity_id, SCRIPT)
        values = self._all_values(kind.name, entity_id)
        kept, failed = self._kept.get(entity_id, set()), entity_id in self._failed
        if not failed:
            held = kind.collection.flatten(entity)
            written = self._written.get((kind.name, entity_id))
            if written is not None:  # an update by id, of what the row does not give
                values |= {name: value for name, value in written.values.items() if name not in kept}
            values |= {name: held.get(name) for name in names if name not in kept}
        version = None if kept or failed else entity.get("_version")
        row = self._row(kind.name, entity_id, ws_id, owner, values, join_names(names), version)
        if failed and (before := self.before_mark(entity_id)):  # the mark is not off yet
            row["marked"] = self._encoder.attributes(before)
        return row

    def marked_row(self, kind: Kind, before: Entity, sent: Attributes) -> OwnedRow:
        """Return the record of a component that was marked as missing.

        - `before`: the component before; `sent`: the values of the mark.
        """
        entity_id, held = before["_id"], kind.collection.flatten(before)
        known = self.entities.get((kind.name, entity_id))
        earlier = self._ledger.find_owned(kind.name, entity_id) if known and self._ledger else None
        values = {**self._all_values(kind.name, entity_id), **sent}
        owner = SCRIPT if earlier is None else earlier.owner
        given, missing = ("", 0) if known is None else (known.given, known.missing)
        row = self._row(kind.name, entity_id, before["rootWorkspace"], owner, values, given, None, missing)
        # A second mark keeps the values before the first one, unless somebody has set others since.
        first, base = self.before_mark(entity_id), self.base(kind.name, entity_id)
        marked = dict(first)
        for name in sent:
            if name not in first or not equal_values(held.get(name), base.get(name)):
                marked[name] = held.get(name)
        return {**row, "marked": self._encoder.attributes(marked)}

    def updated_row(self, kind: str, owner: Owner | None, entity: Entity, sent: Attributes) -> OwnedRow:
        """Return the record of an entity that was updated, and that no row of this run describes.

        - `owner`: None for the one that the ledger has.
        """
        known = self.entities.get((kind, entity["_id"]))
        if owner is None:
            earlier = self._ledger.find_owned(kind, entity["_id"]) if self._ledger else None
            owner = SCRIPT if earlier is None else earlier.owner
        values = {**self._all_values(kind, entity["_id"]), **sent}
        given, missing = ("", 0) if known is None else (known.given, known.missing)
        ws_id = entity["rootWorkspace"]
        return self._row(kind, entity["_id"], ws_id, owner, values, given, None, missing)

    def _row(
        self,
        kind: str,
        entity_id: str,
        ws_id: str,
        owner: Owner,
        values: Mapping[str, object],
        given: str,
        version: int | None,
        missing: int = 0,
    ) -> OwnedRow:
        return {
            **self._encoder.owner(owner),
            "kind": kind,
            "entity_id": entity_id,
            "workspace": ws_id,
            "vals": self._encoder.attributes(values),
            "given": self._encoder.names(given),
            "version": version,
            "missing": missing,
            "marked": None,
        }


def join_names(names: Iterable[str]) -> str:
    """Return the names of attributes as one text."""
    text = "\n".join(names)
    if not text.isascii():
        text = text.encode("ascii", "backslashreplace").decode()
    return text.replace("\0", "\\0")


#: The same for the columns of a row: all rows of a source have the same.
join_columns = lru_cache(maxsize=512)(join_names)
