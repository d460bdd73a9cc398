"""The way of every row: match it in the cache, decide what differs, and add the write to the queue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from ardoqpy._http.json import is_flat
from ardoqpy._messages import short_repr
from ardoqpy._validation import attributes, id_segment
from ardoqpy.errors import ArdoqClientException, Conflict, NotFoundError, UnexpectedAnswer
from ardoqpy_sync.compare.cache import (
    Cache,
    EntityIndex,
    Located,
    Workspace,
    component_key,
    reference_key,
)
from ardoqpy_sync.compare.diff import (
    CREATE,
    DELETE,
    UPDATE,
    Differences,
    comparison_key,
    differences,
    equal_values,
)
from ardoqpy_sync.compare.entity_kinds import Kind, kinds_of
from ardoqpy_sync.compare.look_alikes import describe_look_alike
from ardoqpy_sync.compare.merge import merge
from ardoqpy_sync.compare.model_lookup import ModelLookup
from ardoqpy_sync.compare.row_validation import RowValidator, checked_ids
from ardoqpy_sync.progress import LOADING
from ardoqpy_sync.writing.journal import Journal
from ardoqpy_sync.writing.operations import with_real_ids
from ardoqpy_sync.writing.pending import PendingWrites
from ardoqpy_sync.writing.pending_row import NO_ROW, PendingRow, RowReference, SourceRow, own_copies
from ardoqpy_sync.writing.run_log import RunLog
from ardoqpy_sync.writing.settling import settle_open_writes

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from ardoqpy.api.protocols import Dialect
    from ardoqpy.entities import Entity
    from ardoqpy_sync.documents import ReportedEntity
    from ardoqpy_sync.report import Report
    from ardoqpy_sync.writing.senders import Sender

#: Required attributes that are not ids.
_NO_IDS = frozenset({"name", "type"})
#: How many workspaces are loaded at the same time; on v2 each takes a few requests.
SIDE_BY_SIDE = 3


class Engine:
    """Decide on rows, one after the other, and add what is to be written to the queue of pending writes.

    Not safe for threads by itself: the client that owns it holds a lock.
    """

    def __init__(self, api: Dialect, sender: Sender, previous_report: Mapping[str, Any]) -> None:
        """Start with an empty cache and an empty report."""
        self.dialect = api
        self.component, self.reference = kinds_of(api)
        self.kinds = {kind.name: kind for kind in (self.component, self.reference)}
        self.cache = Cache()
        self.model = ModelLookup(api, self.cache.attributes)
        self.log = RunLog(self.cache, self.model, previous_report)
        self.journal = Journal(self.cache)
        self.writes = PendingWrites(self.cache, self.log, sender, self.journal)
        self._checks = RowValidator(self.cache, self.model, self.workspace)

    @property
    def report(self) -> Report:
        """Return the report of this run."""
        return self.log.report

    # -- load -----------------------------------------------------------------------------------------------

    def workspace(self, ws_id: str) -> Workspace:
        """Return a workspace, loaded at its first use."""
        workspace = self.cache.workspaces.get(ws_id)
        if workspace is None:
            workspace = self._loaded(ws_id, self._read(ws_id))
            settle_open_writes(self.journal, self.kinds, self.index)
        return workspace

    def aggregated(self, ws_id: str) -> Entity:
        """Load a workspace again, and return it in the form of the aggregated answer, for the caller to keep.

        A workspace that Ardoq does not hold as the cache does is not loaded again.
        """
        workspace = self.cache.workspaces.get(ws_id)
        if workspace is None or self.writes.in_step(ws_id):
            answer = self._read(ws_id)
            if workspace is not None and workspace.equals(answer):
                self.log.loaded()
                return answer  # a copy already: the cache stays as it is
            workspace = self._loaded(ws_id, answer)
        return workspace.aggregated()

    def _read(self, ws_id: str) -> Entity:
        if self.log.progress is not None:
            self.log.progress.expect(LOADING, 1)
        return self.dialect.workspaces.aggregated(ws_id)

    def load(self, ws_ids: Iterable[str]) -> None:
        """Load those of the workspaces that are not loaded yet, several side by side."""
        missing = [ws_id for ws_id in dict.fromkeys(ws_ids) if ws_id not in self.cache.workspaces]
        if self.log.progress is not None and missing:
            self.log.progress.expect(LOADING, len(missing))
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            for ws_id, aggregated in zip(
                missing, threads.map(self.dialect.workspaces.aggregated, missing), strict=True
            ):
                self._loaded(ws_id, aggregated)
        settle_open_writes(self.journal, self.kinds, self.index)

    def _loaded(self, ws_id: str, aggregated: Entity) -> Workspace:
        try:
            workspace = self.cache.load(ws_id, aggregated)
        except (AttributeError, KeyError, TypeError):
            raise UnexpectedAnswer(
                f"Ardoq's answer for workspace {ws_id} is not a workspace with its content."
            ) from None
        self.log.loaded()
        return workspace

    def index(self, kind: Kind, ws_id: str) -> EntityIndex:
        """Return all components, or all references, of a workspace."""
        workspace = self.workspace(ws_id)
        return workspace.components if kind is self.component else workspace.references

    def simulated(self, kind: Kind, entity_id: str) -> Entity | None:
        """Return an entity that is not in Ardoq as the cache has it, None if Ardoq can be asked.

        Raise `NotFoundError` if this run has deleted it.
        """
        self._check_not_deleted(kind, entity_id)
        held = self.cache.get(kind.name, entity_id)
        return held.entity if held and not self.writes.in_step(held.workspace) else None

    # -- match ----------------------------------------------------------------------------------------------

    def ensure_component(
        self, comp: Entity, field_name: str | None, field_value: Any, reference: RowReference
    ) -> Entity:
        """Bring a component in line with a row, matched by type and name, or by type and a field.

        Return the component as the cache then holds it.
        """
        kind, given = self.component, comp
        if self.writes.real:
            comp = self._with_real_ids(comp)
        if field_name is not None:
            comp = self._typed_component(comp)
            checked_ids(comp, kind.argument, "typeId", "rootWorkspace")
            value = comp.get(field_name) if field_value is None else field_value
            self._checks.field(kind, field_name, value)
            ws_id, type_id = comp["rootWorkspace"], comp["typeId"]
            self.workspace(ws_id)
            match = partial(self.by_field, ws_id, field_name, value, type_id)
            if not match():  # or the next run would create it again
                comp = self._checks.with_value(comp, field_name, value)
            self._note_conflicts(kind, comp, match(), reference)
            return self._note_given(comp, self._ensure(kind, ws_id, comp, match, given, reference), reference)
        flat = kind.collection.flatten
        try:
            comp = flat(comp)
            ws_id = comp["rootWorkspace"]
            key = component_key(comp["typeId"], comp["name"])
            index = self.cache.workspaces[ws_id].components
        except (KeyError, TypeError, AttributeError):
            # A first row of a workspace, a type given by name, or a row that is not valid: check all of it.
            comp = self._typed_component(comp)
            checked_ids(comp, kind.argument, *kind.required)
            ws_id = comp["rootWorkspace"]
            key = component_key(comp["typeId"], comp["name"])
            index = self.index(kind, ws_id)
        current = index.first.get(key)
        if (
            current is not None
            and comp.items() <= flat(current).items()
            and key not in index.several
            and current["_id"] not in self.writes.waiting
        ):
            return self._note_given(comp, self._keep(kind, current), reference)
        match = partial(self.by_name, index, key, comp["name"])
        matches = match()
        if matches and matches[0]["name"] != comp["name"] and matches[0]["_id"] in self.cache.named:
            # Two rows of one run write the name differently: the first stays, or it would change forever.
            comp = {**comp, "name": matches[0]["name"]}
        self._note_conflicts(kind, comp, matches, reference)
        return self._note_given(comp, self._ensure(kind, ws_id, comp, match, given, reference), reference)

    def ensure_reference(self, ref: Entity, reference: RowReference) -> Entity:
        """Bring a reference in line with a row, matched by source, target and type.

        Return the reference as the cache then holds it.
        """
        kind, given = self.reference, ref
        if self.writes.real:
            ref = self._with_real_ids(ref)
        flat = kind.collection.flatten
        try:
            ref = flat(ref)
            ws_id = ref["rootWorkspace"]
            key = ref["source"], ref["target"], ref["type"]
            index = self.cache.workspaces[ws_id].references
            current = index.first.get(key)
            check = type(ref["type"]) is not int
        except (KeyError, TypeError):
            check = True
        if check:
            # A first row of a workspace, a type given by name, or a row that is not valid: check all of it.
            attributes(ref, kind.argument, *kind.required)
            checked_ids(ref, kind.argument, "source", "target")
            ref = flat(ref)
            if ref.get("rootWorkspace"):
                checked_ids(ref, kind.argument, "rootWorkspace")
            ws_id = ref.get("rootWorkspace") or self._checks.workspace_of(ref["source"], "source", None)
            if isinstance(ref["type"], str):
                ref = {**ref, "type": self.model.reference_type_named(ws_id, ref["type"])}
            key = reference_key(ref["source"], ref["target"], ref["type"])
            index = self.index(kind, ws_id)
            current = index.first.get(key)
        if (
            current is not None
            and ref.items() <= flat(current).items()
            and key not in index.several
            and current["_id"] not in self.writes.waiting
        ):
            return self._note_given(ref, self._keep(kind, current), reference)
        match = partial(self.by_ends, index, key)
        if current is not None:
            self._note_conflicts(kind, ref, match(), reference)
        return self._note_given(ref, self._ensure(kind, ws_id, ref, match, given, reference), reference)

    def ensure_matched(self, kind: Kind, body: Entity, ids: Sequence[str], reference: RowReference) -> Entity:
        """Bring the first of the entities that a row means in line with it, or create one if there is none.

        For callers that match rows themselves; `ids` are all that match.
        """
        given = body
        body = kind.collection.flatten(self._with_real_ids(body))
        checked_ids(body, kind.argument, *(key for key in kind.required if key not in _NO_IDS))
        ws_id = body.get("rootWorkspace") or self._checks.workspace_of(body["source"], "source", None)
        self.workspace(ws_id)

        def match() -> list[Entity]:
            known = (self.cache.get(kind.name, self.real_id(entity_id)) for entity_id in ids)
            return [located.entity for located in known if located is not None]

        return self._note_given(body, self._ensure(kind, ws_id, body, match, given, reference), reference)

    def match_reference(self, ref: Entity, key: str | None) -> list[Entity]:
        """Return the references that a row means: of its ends, its type, and its value of `key`, if any."""
        kind = self.reference
        ref = self._with_real_ids(ref)
        index = self.index(kind, ref["rootWorkspace"])
        matches = self.by_ends(index, reference_key(ref["source"], ref["target"], ref["type"]))
        if key is None:
            return matches
        flat = kind.collection.flatten
        return [match for match in matches if equal_values(flat(match).get(key), ref.get(key))]

    def ensure_by_id(
        self,
        kind: Kind,
        entity_id: str,
        given: Entity,
        reference: RowReference,
        *,
        caller_reports: bool = False,
    ) -> Entity:
        """Bring the entity of an id in line with a body, at the body's `_version` if it has one.

        With `caller_reports`, the caller reports a failure of the write.
        """
        given, _ = own_copies(attributes(given, kind.argument), given)
        body, entity_id = self._with_real_ids(given), self.real_id(entity_id)
        body = kind.collection.flatten(body)
        id_segment(entity_id, f"{kind.argument}_id")
        ws_id, current = self.locate(kind, entity_id)[1:]
        body = self._checks.by_id(kind, ws_id, body, current)
        version = body.get("_version")
        if version is not None and version != current.get("_version"):
            current = self._reread(kind, ws_id, entity_id) or current
            if version != current.get("_version"):
                raise Conflict(
                    f"{kind.argument} was read at version {short_repr(version)}, Ardoq holds version "
                    f"{current.get('_version')} of {entity_id}: read it again before you write."
                )

        def decide_again(fresh: Entity | None, _problem: ArdoqClientException | None) -> Entity:
            if fresh is None:
                raise NotFoundError(f"The {kind.name} {entity_id} was deleted in Ardoq by somebody else.")
            return self.ensure_by_id(kind, entity_id, given, reference, caller_reports=caller_reports)

        source = SourceRow(given, reference, decide_again, caller_reports)
        return self._settle(kind, ws_id, body, current, source)

    def with_value(self, ws_id: str, field_name: str, value: Any) -> list[Entity]:
        """Return the components of a workspace that hold a value in a field, in any form of that value."""
        flat = self.component.collection.flatten
        index = self.workspace(ws_id).components
        matches = index.find(
            field_name, comparison_key(value), lambda comp: comparison_key(flat(comp).get(field_name))
        )
        return [comp for comp in matches if equal_values(flat(comp).get(field_name), value)]

    def by_name(self, index: EntityIndex, key: str, name: str) -> list[Entity]:
        """Return the components under a match key: those with exactly this name first, then the oldest."""
        matches = self._oldest_first(index.matches(key))
        return sorted(matches, key=lambda comp: comp.get("name") != name) if len(matches) > 1 else matches

    def by_field(self, ws_id: str, field_name: str, value: Any, type_id: str) -> list[Entity]:
        """Return the components of a type that hold a value in a field."""
        matches = self.with_value(ws_id, field_name, value)
        return self._oldest_first([comp for comp in matches if comp.get("typeId") == type_id])

    def by_ends(self, index: EntityIndex, key: Hashable) -> list[Entity]:
        """Return the references under a match key, the oldest first."""
        return self._oldest_first(index.matches(key))

    def _oldest_first(self, matches: list[Entity]) -> list[Entity]:
        """Return entities by age: their order in Ardoq changes when somebody edits one of them."""
        if len(matches) < 2:
            return matches
        return sorted(matches, key=lambda match: self.writes.age(match["_id"]))

    def _typed_component(self, comp: Entity) -> Entity:
        """Return a flat row, with the id of its type if it gives the type's name only."""
        comp = self.component.collection.flatten(attributes(comp, "comp"))
        name, ws_id = comp.get("type"), comp.get("rootWorkspace")
        if comp.get("typeId") is None and isinstance(name, str) and isinstance(ws_id, str):
            self.workspace(ws_id)
            comp = {**comp, "typeId": self.model.component_type_named(ws_id, name)}
        return comp

    # -- decide ---------------------------------------------------------------------------------------------

    def _ensure(
        self,
        kind: Kind,
        ws_id: str,
        body: Entity,
        match: Callable[[], list[Entity]],
        given: Any,
        reference: RowReference,
    ) -> Entity:
        """Bring the first entity that matches in line with the body, or create one if none matches."""
        body, given = own_copies(body, given)
        again = partial(self._ensure_again, kind, ws_id, body, match, given, reference)
        source = SourceRow(given, reference, again)
        matches = match()
        if not matches:
            return self._create(kind, ws_id, body, source)
        if len(matches) > 1:
            self.log.note_ambiguity(kind.name, matches)
        # The source has this entity, even if the row fails: it is not missing.
        self.cache.name(kind.name, ws_id, matches[0])
        return self._settle(kind, ws_id, body, matches[0], source)

    def _note_given(self, row: Entity, entity: Entity, reference: RowReference) -> Entity:
        """Remember which attributes a row gave an entity, and return the entity."""
        self.cache.note_given(entity["_id"], tuple(row), reference.label, reference.owner)
        return entity

    def _note_conflicts(
        self, kind: Kind, row: Entity, matches: list[Entity], reference: RowReference
    ) -> None:
        """Report the attributes to which a row gives another value than an earlier row of this run did."""
        earlier = self.cache.given.get(matches[0]["_id"]) if matches else None
        if earlier is None:
            return
        label = self.cache.given_by.get(matches[0]["_id"])
        repeated = {name: row[name] for name in earlier if name in row}
        changed = differences(repeated, kind.collection.flatten(matches[0]), kind.ignored)
        for name, (first, last) in changed.items():
            self.log.note_conflict(kind.name, matches[0], name, first, last, label, reference.label)

    def _ensure_again(
        self,
        kind: Kind,
        ws_id: str,
        body: Entity,
        match: Callable[[], list[Entity]],
        given: Any,
        reference: RowReference,
        fresh: Entity | None,
        _problem: ArdoqClientException | None,
    ) -> Entity:
        """Decide a row again: bring the entity that it matched before in line, or match anew without one."""
        body = self._with_real_ids(body)
        if fresh is None:
            return self._ensure(kind, ws_id, body, match, given, reference)
        again = partial(self._ensure_again, kind, ws_id, body, match, given, reference)
        return self._settle(kind, fresh["rootWorkspace"], body, fresh, SourceRow(given, reference, again))

    def _settle(self, kind: Kind, ws_id: str, body: Entity, current: Entity, source: SourceRow) -> Entity:
        """Update an entity if it differs from the body, and return it."""
        diff = differences(body, kind.collection.flatten(current), kind.ignored)
        if diff:
            diff = self._merged(kind, current, diff, source.reference)
        if diff:
            diff = self._converging(kind, ws_id, current, diff)
        if diff:
            return self._update(kind, ws_id, current, diff, source)
        hit = len(self.report.unchanged[kind.name])
        self.writes.add_row(current["_id"], PendingRow(None, hit, source))
        return self._keep(kind, current)

    def _merged(self, kind: Kind, current: Entity, diff: Differences, row: RowReference) -> Differences:
        """Return what of the differences is written, and report what somebody else has edited."""
        owned = self.journal.owned
        if row.policy is None or (kind.name, current["_id"]) not in owned:
            return diff
        base = owned.base(kind.name, current["_id"])
        if self.writes.is_expected(current["_id"]) or owned.is_as_written(kind.name, current):
            # What an earlier row of this run has given is not somebody else's.
            own = {*self.cache.given.get(current["_id"], ()), *self.writes.names(current["_id"])}
            own = (own | owned.written_names(kind.name, current["_id"])) - owned.kept(current["_id"])
            base = {name: value for name, value in base.items() if name not in own}
        diff, edits = merge(diff, base, row.policy, row.key)
        for edit in edits:
            change = kind.collection.last_change(current)
            is_own = self.journal.is_own_user(change.user)
            self.log.note_edit(kind.name, current, edit, change, row.label, own=is_own)
            if edit.outcome != "overwritten":
                owned.keep(current["_id"], edit.attribute)
        return diff

    def _keep(self, kind: Kind, current: Entity) -> Entity:
        """Report that a row changes nothing."""
        self.cache.named.add(current["_id"])
        self.report.unchanged[kind.name].append(current)
        return current

    def _create(self, kind: Kind, ws_id: str, body: Entity, source: SourceRow) -> Entity:
        wanted = dict(body)
        for key in kind.ignored.intersection(body):
            del wanted[key]
        wanted["rootWorkspace"] = ws_id
        if body.get("targetWorkspace"):
            wanted["targetWorkspace"] = body["targetWorkspace"]
        flat = is_flat(wanted)
        type_name = self._checks.new(kind, ws_id, wanted, flat=flat)
        sent = self.model.convert_attributes(ws_id, wanted, kind.built_in)
        if sent is not wanted:
            flat = is_flat(sent)
        index = self.index(kind, ws_id)
        note = source.reference.note
        if note is None and kind is self.component:
            note = describe_look_alike(index, wanted)
        operation = self.writes.create(
            kind, sent, type_name, index.by_id, field=source.reference.field, flat=flat
        )
        expected: Entity = operation.expected or {}
        index.remember(expected)
        self.cache.name(kind.name, ws_id, expected)
        change = self.log.build_change(
            CREATE,
            kind.name,
            ws_id,
            expected,
            operation.attributes,
            name=self.log.name_of(kind.name, expected),
            version=None,
            note=note,
            row=source.reference,
        )
        self.writes.add_change(expected["_id"], change, source)
        if len(sent) < len(wanted):  # fields that Ardoq calculates
            left = {key: wanted[key] for key in wanted.keys() - sent.keys()}
            left_out = differences(left, kind.collection.flatten(expected), kind.ignored)
            for key, (stored, asked) in left_out.items():
                self.log.note_not_converging(kind.name, expected, key, stored, asked)
        return expected

    def _update(
        self, kind: Kind, ws_id: str, current: Entity, diff: Differences, source: SourceRow
    ) -> Entity:
        derived, type_name = self._checks.changed(kind, ws_id, current, diff)
        changed = {key: new for key, (_, new) in diff.items()}
        expected = self.writes.update(kind, current, changed | derived, type_name)
        at = expected.get("rootWorkspace", ws_id)
        if at != ws_id:  # a reference is in the workspace of its source
            self.index(kind, ws_id).forget(expected["_id"])
        self.index(kind, at).remember(expected)
        self.cache.name(kind.name, at, expected)
        sent = self.writes.waiting[expected["_id"]].attributes
        written = {key: (old, sent[key]) for key, (old, _) in diff.items()}
        change = self.log.build_change(
            UPDATE,
            kind.name,
            at,
            expected,
            written,
            name=self.log.name_of(kind.name, expected),
            version=current.get("_version"),
            note=source.reference.note,
            row=source.reference,
        )
        self.writes.add_change(expected["_id"], change, source)
        return expected

    def delete(self, kind: Kind, entity_id: str, source: SourceRow) -> None:
        """Delete an entity with all that Ardoq deletes with it; do nothing if this run has deleted it."""
        id_segment(entity_id, f"{kind.argument}_id")
        entity_id = self.real_id(entity_id)
        if entity_id in self.cache.deleted_ids:
            return
        self.locate(kind, entity_id)
        removed = self.cache.cascade(kind.name, entity_id)
        if self.writes.must_flush_before_delete(removed) and not self.writes.are_unsent(removed):
            self.writes.flush()
            entity_id = self.real_id(entity_id)
            self.locate(kind, entity_id)
            removed = self.cache.cascade(kind.name, entity_id)
        names = [self.log.name_of(each.kind, each.entity) for each in removed]  # while the ends are known
        self.writes.delete(kind, removed[0].entity, removed)
        self.cache.forget(kind.name, entity_id)
        for each, name in zip(removed, names, strict=True):
            itself = each.entity["_id"] == entity_id
            self.report.deleted[each.entity["_id"]] = each.entity
            change = self.log.build_change(
                DELETE,
                each.kind,
                each.workspace,
                each.entity,
                name=name,
                note=None if itself else f"with component {names[0]}",
                row=source.reference,
            )
            self.writes.add_change(entity_id, change, source if itself else source._replace(row=None))
        self.writes.withdraw_rows([each.entity["_id"] for each in removed])

    def failed(
        self, kind: Kind, row: Any, problem: ArdoqClientException, reference: RowReference = NO_ROW
    ) -> Entity:
        """Report a row that failed, and return it with `_id` None."""
        kept = self.writes.copy_row(row)
        self.log.failed(kind.name, kept, problem, reference)
        return {**kept, "_id": None}

    def _converging(self, kind: Kind, ws_id: str, current: Entity, diff: Differences) -> Differences:
        """Return what can be written of the differences, as Ardoq would keep it.

        Left out is what Ardoq would not keep: fields it calculates, and what it is known to change back.
        """
        held = kind.collection.flatten(current)
        wanted = {key: new for key, (_, new) in diff.items()}
        fitted = self.model.convert_attributes(ws_id, wanted, kind.built_in, held)
        kept = {}
        for key, (old, new) in diff.items():
            if key not in fitted or self.log.does_not_converge(current["_id"], key, old, new):
                self.log.note_not_converging(kind.name, current, key, old, new)
            elif not equal_values(old, fitted[key]):
                kept[key] = (old, fitted[key])
        return kept

    # -- pending writes -------------------------------------------------------------------------------------

    def flush(self) -> dict[str, ArdoqClientException]:
        """Send the pending writes, and return by id why writes failed."""
        return self.writes.flush()

    def real_id(self, entity_id: Any) -> Any:
        """Return the id that Ardoq gave to an entity that had a batch id first; any other id as it is."""
        return self.writes.real.get(entity_id, entity_id) if isinstance(entity_id, str) else entity_id

    def _with_real_ids(self, body: Entity) -> Entity:
        if not self.writes.real or not isinstance(body, dict):
            return body
        return with_real_ids(body, self.writes.real)

    def report_duplicates(self) -> None:
        """Report what is in Ardoq twice because a create without an answer was carried out late."""
        for kind, matches in self.writes.sender.unconfirmed.duplicates(self.index):
            self.log.note_ambiguity(kind.name, matches)

    def misses(self, kind: Kind) -> list[ReportedEntity]:
        """Return what Ardoq holds of the loaded types that rows touched, and no row named."""
        return [self.log.describe(kind.name, entity) for entity in self.cache.misses(kind.name)]

    # -- look up --------------------------------------------------------------------------------------------

    def locate(self, kind: Kind, entity_id: str) -> Located:
        """Return an entity from the cache, or from Ardoq; its workspace is loaded then."""
        self._check_not_deleted(kind, entity_id)
        located = self.cache.get(kind.name, entity_id)
        if located is None:
            entity = kind.collection.read(entity_id)
            for end in ("source", "target"):  # in a preview a reference is deleted with its component
                self._check_not_deleted(self.component, entity.get(end, ""))
            located = Located(kind.name, entity["rootWorkspace"], entity)
            self.index(kind, located.workspace).remember(entity)
        return located

    def _check_not_deleted(self, kind: Kind, entity_id: str) -> None:
        if entity_id in self.cache.deleted_ids:
            raise NotFoundError(f"The {kind.name} {entity_id} was deleted in this run.")

    def _reread(self, kind: Kind, ws_id: str, entity_id: str) -> Entity | None:
        """Return the entity as Ardoq holds it now and keep it, or remove it and return None."""
        simulated = self.simulated(kind, entity_id)
        if simulated is not None:
            return simulated
        try:
            fresh = kind.collection.read(entity_id)
        except NotFoundError:
            self.cache.forget(kind.name, entity_id)
            return None
        self.index(kind, ws_id).remember(fresh)
        return fresh
