"""The components as a run will leave them: what a row means by a name, a key or a path."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ardoqpy._messages import quote_name
from ardoqpy_sync.compare.diff import comparison_key, equal_values
from ardoqpy_sync.job.rows.row import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable

    from ardoqpy.entities import Entity
    from ardoqpy_sync.engine import Engine
    from ardoqpy_sync.job.file.model import EndName
    from ardoqpy_sync.job.resolver import ResolvedSelector
    from ardoqpy_sync.job.rows.row import ComponentRow, MappedRow
    from ardoqpy_sync.ledger.records import Owner

#: How many components a message about an ambiguous name lists.
MAX_CANDIDATES = 20


class Targets:
    """The components of the loaded workspaces, each as the rows of the job will leave it.

    - `type_name`: gives the name of a component type by workspace and type id.
    - `deleted`: workspace and type id of the components that are deleted if no row describes them.
    """

    def __init__(
        self, engine: Engine, type_name: Callable[[str, str], str], deleted: Collection[tuple[str, str]]
    ) -> None:
        """Start with what is in Ardoq, and no rows."""
        self._engine = engine
        self._type_name = type_name
        self._deleted = deleted
        self._by_id: dict[str, Target] = {}
        #: The targets with rows, in the order of their first rows.
        self.described: list[Target] = []
        #: By workspace and attribute: the described targets by the comparison key of their value.
        self._indexes: dict[tuple[str, str], dict[Hashable, list[Target]]] = {}
        #: By selector and name, what a selector means that asks for no parent.
        self._selected: dict[tuple[int, str], list[Target]] = {}
        #: By selector and name, the same by parent; kept once no row changes its parent any more.
        self._below: dict[tuple[int, str], dict[Target | None, list[Target]]] = {}
        self._has_parents = False
        #: The rows whose parent is being looked for, each because the one before needs it.
        self._pending: dict[ComponentRow, None] = {}

    # -- the components in Ardoq ----------------------------------------------------------------------------

    def of_entity(self, component: Entity) -> Target:
        """Return the target of a component in Ardoq."""
        comp_id = component["_id"]
        target = self._by_id.get(comp_id)
        if target is None:
            flat = self._engine.component.collection.flatten(component)
            target = Target(flat["rootWorkspace"], flat["typeId"], flat, [comp_id], id=comp_id)
            self._by_id[comp_id] = target
        return target

    def of_ids(self, comp_ids: Iterable[str]) -> list[Target]:
        """Return the components with these ids, as far as they are loaded."""
        located = (self._engine.cache.get("component", comp_id) for comp_id in comp_ids)
        return [self.of_entity(each.entity) for each in located if each is not None]

    def held_with_value(self, ws_id: str, field: str, value: object) -> list[Target]:
        """Return the components of a workspace that hold a value in a field now, the oldest first."""
        return self._oldest_first(self._engine.with_value(ws_id, field, value))

    def held_with_padded_value(self, ws_id: str, field: str, value: object) -> list[Target]:
        """Return the components of a workspace that hold a text in a field now with white space around it."""
        flat = self._engine.component.collection.flatten

        def stripped(component: Entity) -> Hashable:
            held = flat(component).get(field)
            return held.strip() if isinstance(held, str) else None

        index = self._engine.index(self._engine.component, ws_id)
        return (
            self._oldest_first(index.find((field, "stripped"), value, stripped))
            if isinstance(value, str)
            else []
        )

    def owned_with_key(self, owner: Owner) -> list[Target]:
        """Return the components of loaded workspaces that the ledger has under a field and a key."""
        cache = self._engine.cache
        located = (cache.get("component", comp_id) for comp_id in self._engine.journal.owned.with_key(owner))
        return self._oldest_first([each.entity for each in located if each is not None])

    def held_with_name(self, ws_id: str, name: str) -> list[Target]:
        """Return the components of a workspace that have a name now, in any letter case, the oldest first."""
        index = self._engine.index(self._engine.component, ws_id)
        return self._oldest_first(index.find("name in lower case", name.lower(), _lower_name))

    def _oldest_first(self, components: Iterable[Entity]) -> list[Target]:
        return list(map(self.of_entity, sorted(components, key=lambda component: str(component["_id"]))))

    # -- the components after the run -----------------------------------------------------------------------

    def describe(self, target: Target, row: ComponentRow) -> None:
        """Add a row to the component that it describes."""
        if not target.rows:
            self.described.append(target)
        target.rows.append(row)
        row.target = target
        self._indexes.clear()
        self._selected.clear()

    def with_value(self, ws_id: str, field: str, value: object) -> list[Target]:
        """Return the components of a workspace that have a value in a field after the run."""
        undescribed = [target for target in self.held_with_value(ws_id, field, value) if not target.rows]
        index = self._index(ws_id, field, comparison_key)
        described = index.get(comparison_key(value), [])
        return undescribed + [
            target
            for target in described
            if any(equal_values(each, value) for each in target.possible_values(field))
        ]

    def with_name(self, ws_id: str, name: str) -> list[Target]:
        """Return the components of a workspace that have a name after the run, in any letter case."""
        undescribed = [target for target in self.held_with_name(ws_id, name) if not target.rows]
        index = self._index(ws_id, "name", lambda value: str(value or "").lower())
        return undescribed + index.get(name.lower(), [])

    def _index(
        self, ws_id: str, name: str, key_of: Callable[[object], Hashable]
    ) -> dict[Hashable, list[Target]]:
        index = self._indexes.get((ws_id, name))
        if index is None:
            index = self._indexes[ws_id, name] = defaultdict(list)
            for target in self.described:
                if target.ws_id == ws_id:
                    for key in dict.fromkeys(map(key_of, target.possible_values(name))):
                        index[key].append(target)
        return index

    def select(self, selector: ResolvedSelector, name: EndName) -> list[Target]:
        """Return the components that a selector means: those with the exact name, or else in another case.

        Components that will not exist, because all their rows are rejected, are returned only if there is no
        other. A component that this run deletes as missing gives way to one that a row describes.
        """
        selector = selector.for_name(name)
        *ancestors, own_name = name.path
        selected = (id(selector), own_name)
        if not ancestors and selector.within is None:
            if selected not in self._selected:
                self._selected[selected] = self._prefer(
                    selector, own_name, self._with_key(selector, own_name)
                )
            return self._selected[selected]
        if selector.within is None:
            matches = self._with_key(selector, own_name)
        elif name.within is None:  # a blank one
            matches = [match for match in self._with_key(selector, own_name) if self._is_at_top(match)]
        else:
            matches = self._below_any(self.select(selector.within, name.within), selector, own_name)
        if ancestors:
            matches = [match for match in matches if self._is_below(match, ancestors)]
        return self._prefer(selector, own_name, matches)

    def _with_key(self, selector: ResolvedSelector, value: str) -> list[Target]:
        """Return the components of a selector's types with a name or a key."""
        if selector.field is None:
            matches = self.with_name(selector.ws_id, value)
        else:
            matches = self.with_value(selector.ws_id, selector.field, value)
        return [match for match in matches if not selector.type_ids or match.type_id in selector.type_ids]

    def _below_any(self, parents: list[Target], selector: ResolvedSelector, value: str) -> list[Target]:
        """Return the components with a name or a key directly below one of these parents after the run."""
        if not self._has_parents or self._pending:
            return [match for match in self._with_key(selector, value) if self._is_below_any(match, parents)]
        by_parent = self._below.get((id(selector), value))
        if by_parent is None:
            by_parent = defaultdict(list)
            for match in self._with_key(selector, value):
                by_parent[self.parent_of(match)].append(match)
            self._below[id(selector), value] = by_parent
        return [match for parent in parents for match in by_parent.get(parent, ())]

    def _is_at_top(self, target: Target) -> bool:
        """Return whether a component is at the top of its workspace after the run."""
        row = next((row for row in _rows_of(target) if row.sets_parent and not row.problems), None)
        if row is None:
            return self.present_parent(target) is None
        return row.parent is None and not _lacks_parent(row)

    def _is_below_any(self, target: Target, parents: list[Target]) -> bool:
        """Return whether a component is directly below one of these parents after the run.

        If its row waits for the one that asks, it counts as below each component of the name that its row
        gives. Where it is now must not count: in the next run, that would be another place.
        """
        row = next((row for row in _rows_of(target) if row.sets_parent and not row.problems), None)
        if row is None or not _lacks_parent(row):
            return (self.present_parent(target) if row is None else row.parent) in parents
        if (
            row.mapping.parent is None
            or row.parent_name is None
            or row is next(reversed(self._pending), None)
        ):
            return False  # nothing is its own parent
        selector = row.mapping.parent.for_name(row.parent_name)
        named = self._with_key(selector, row.parent_name.path[-1])
        if not any(parent in named for parent in parents):
            return False
        if row not in self._pending:
            raise _ParentNeeded(row)
        return True

    def _prefer(self, selector: ResolvedSelector, value: str, matches: list[Target]) -> list[Target]:
        matches = [match for match in matches if match.is_expected] or matches
        kept = [match for match in matches if match.rows or (match.ws_id, match.type_id) not in self._deleted]
        matches = kept or matches
        if selector.field is None:
            return [match for match in matches if match.name == value] or matches
        return matches

    def _is_below(self, target: Target, ancestors: list[str]) -> bool:
        for name in reversed(ancestors):
            above = self.parent_of(target)
            if above is None or above.name.lower() != name.lower():
                return False
            target = above
        return True

    def candidates(self, targets: Iterable[Target]) -> str:
        """Return what several components have that a person tells them apart by: type, parent, workspace.

        The parent is the present one, or what the row of a new component gives: this can be called before the
        parents of the rows are known.
        """
        texts = []
        targets = list(targets)
        for target in targets[:MAX_CANDIDATES]:
            parent = self.present_parent(target)
            names = [str(row.parent_name) for row in target.rows if row.parent_name is not None]
            if target.entity is not None:
                names = [] if parent is None else [quote_name((parent.entity or {}).get("name"))]
            below = f"below {names[0]}" if names else "at the top"
            workspace = (self._engine.cache.attributes(target.ws_id) or {}).get("name") or target.ws_id
            type_name = quote_name(self._type_name(target.ws_id, target.type_id))
            texts.append(f"{target.describe()} of type {type_name}, {below} in {quote_name(workspace)}")
        more = len(targets) - MAX_CANDIDATES
        return "; ".join([*texts, *([f"and {more:,} more"] if more > 0 else [])])

    # -- parents --------------------------------------------------------------------------------------------

    def parent_of(self, target: Target) -> Target | None:
        """Return the parent of a component after the run, None if it is at the top."""
        for row in _rows_of(target):
            if row.sets_parent and not row.problems and row not in self._pending:
                if _lacks_parent(row):
                    raise _ParentNeeded(row)
                return row.parent
        return self.present_parent(target)

    def present_parent(self, target: Target) -> Target | None:
        """Return the parent that a component has now, None if it is at the top."""
        parent_id = None if target.entity is None else target.entity.get("parent")
        located = None if parent_id is None else self._engine.cache.get("component", parent_id)
        return None if located is None else self.of_entity(located.entity)

    def find_parents(self, rows: Iterable[ComponentRow]) -> None:
        """Set the parents of rows; reject a row if there is none, or if several match.

        With `within` or a path, the parent of one row depends on those of others. They are found first,
        without recursion: a chain of components can be longer than Python's stack.
        """
        for row in rows:
            waiting = [row]
            while waiting:
                current = waiting[-1]
                selector, name = current.mapping.parent, current.parent_name
                self._pending[current] = None
                try:
                    if selector is not None and name is not None and _lacks_parent(current):
                        current.parent = self.find_end(current, selector, name, "parent")
                except _ParentNeeded as needed:
                    waiting.append(needed.row)
                    continue
                del self._pending[waiting.pop()]

    def find_within(self, rows: Iterable[ComponentRow]) -> None:
        """Set the components that rows are within; reject a row if there is none, or if several match.

        All rows of those components are matched already. The parents that `within` or a path asks for are
        found first.
        """
        self._has_parents = True  # until a row of the next type changes one
        for row in rows:
            selector, name = row.mapping.within, row.parent_name
            is_open = selector is not None and name is not None
            while selector is not None and name is not None and is_open:
                try:
                    row.parent = self.find_end(row, selector, name, "parent")
                    is_open = False
                except _ParentNeeded as needed:
                    self.find_parents([needed.row])
        self._has_parents = False
        self._below.clear()

    def keep_parents(self) -> None:
        """Remember what selectors with `within` mean, because no row changes its parent any more."""
        self._has_parents = True

    def find_end(self, row: MappedRow, selector: ResolvedSelector, name: EndName, role: str) -> Target | None:
        """Return the component that a row names as its `role`; reject the row if it is not exactly one."""
        matches = self.select(selector, name)
        if len(matches) == 1 and matches[0].will_exist:
            return matches[0]
        if len(matches) > 1:
            # The row may mean each of them: without one, the next run would take it to mean another one.
            possible = [match.id for match in matches if match.id is not None]
            self._engine.cache.protected.update(possible)
            self._engine.cache.excluded.update(possible)
            row.reject(
                f"The {role} {selector.describe(name)} is ambiguous: {len(matches)} components match: "
                f"{self.candidates(matches)}. Narrow the {role} with within, path or another key."
            )
        elif matches:
            self.reject_without(row, matches[0], role)
        else:
            row.reject(f"There is no {role} {selector.describe(name)}.")
        return None

    def reject_without(self, row: MappedRow, target: Target, role: str) -> None:
        """Reject a row because the component that it names as its `role` is not written."""
        cause = next((other.label for other in target.rows if other.problems), None)
        reason = "its row is skipped" if cause is None else f"{cause} is rejected"
        row.reject(f"The {role} {quote_name(target.name)} is not written, because {reason}.", cause)


class _ParentNeeded(Exception):
    """The parent of a row must be found first."""

    def __init__(self, row: ComponentRow) -> None:
        super().__init__(row.label)
        self.row = row


def _rows_of(target: Target) -> list[ComponentRow]:
    """Return the rows that decide what a component is after the run."""
    return target.rows if target.expected is None else target.expected


def _lacks_parent(row: ComponentRow) -> bool:
    """Return whether the parent of a row has yet to be found."""
    is_named = row.mapping.parent is not None and row.parent_name is not None
    return is_named and row.parent is None and not row.problems


def _lower_name(component: Entity) -> str:
    return (component.get("name") or "").lower()
