"""Match the rows of all component mappings with components, before anything is decided.

Rows with a key are matched first, so that a name means the component that has it after the run.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ardoqpy._messages import short_repr
from ardoqpy_sync.compare.diff import ADOPTED, comparison_key, equal_values
from ardoqpy_sync.job.rows.row import Target
from ardoqpy_sync.job.rows.within import find_types_above, in_matching_order
from ardoqpy_sync.report import format_value

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from ardoqpy.entities import Attributes, Entity
    from ardoqpy_sync.job.resolver import ResolvedComponents, ResolvedMapping
    from ardoqpy_sync.job.rows.row import ComponentRow, MappedRow
    from ardoqpy_sync.job.rows.targets import Targets

#: The note of a row whose component has lost its key in Ardoq.
OWNED_KEY = "matched by the ledger, because its key is empty in Ardoq"
#: Types of fields whose values have several forms that Ardoq stores alike.
_DATE_TYPES = ("Date", "DateTime")


def match_rows(
    rows: Sequence[ComponentRow], mappings: Iterable[ResolvedComponents], targets: Targets
) -> None:
    """Give each row its target, or reject it because it is not clear which component it describes.

    A row that is rejected still has a target, so that its component is not taken for missing. What rows are
    within is matched before them, so that it is known what its name means after the run.

    - `mappings`: all of the job, also those without rows.
    """
    mappings = list(mappings)
    keyed = [row for row in rows if row.mapping.key is not None]
    named = [row for row in rows if row.mapping.key is None]
    keyed_mappings = [mapping for mapping in mappings if mapping.key is not None]
    _strip_keys(rows, keyed_mappings)
    matcher = _Matcher(targets, keyed_mappings, _lower_names(named))
    matcher.match_by_key(keyed)
    for target in targets.described:
        _settle(target)
    matcher.match_by_name([row for row in named if row.mapping.within is None])
    order = {row: number for number, row in enumerate([*keyed, *named])}
    for target in targets.described:
        _order_rows(target, order)
        _settle(target)
    _reject_taken_keys(keyed, targets)
    _reject_changes_of_unclear(matcher.unclear)
    _set_expected(targets.described)
    for group in in_matching_order(find_types_above(mappings)):
        known = len(targets.described)
        matcher.match_within([row for row in named if row.mapping.group == group])
        for target in targets.described[known:]:
            _order_rows(target, order)
            _settle(target)
        _set_expected(targets.described[known:])


class _Matcher:
    def __init__(
        self, targets: Targets, keyed: Iterable[ResolvedComponents], named: Iterable[tuple[str, str, str]]
    ) -> None:
        self._targets = targets
        self._keyed = list(keyed)
        #: Workspace, type and lower-case name of what rows without a key describe.
        self._named = set(named)
        #: The components that an ambiguous key or name may mean, each with a row that has it.
        self.unclear: dict[Target, ComponentRow] = {}

    # -- by key ---------------------------------------------------------------------------------------------

    def match_by_key(self, rows: Iterable[ComponentRow]) -> None:
        groups: dict[tuple[Any, ...], list[ComponentRow]] = {}
        for row in rows:
            mapping = row.mapping
            if row.key is not None:
                place = mapping.ws_id, mapping.type_id, mapping.key
                groups.setdefault((*place, identity(mapping.key_type, row.key)), []).append(row)
        unmatched = []
        for group in groups.values():
            mapping, value = group[0].mapping, group[0].key
            matches = self._with_key(mapping, value)
            listed = self._targets.candidates(matches) if len(matches) > 1 else ""
            if matches:
                self._describe(matches[0], group)
                matches[0].matches = [str(match.id) for match in matches]
            else:
                unmatched.append(group)
            if len(matches) > 1:
                self.unclear.update(dict.fromkeys(matches, group[0]))
                _reject_all(
                    group,
                    f"The key {mapping.key} {short_repr(value)} is ambiguous: {len(matches)} components "
                    f"have it: {listed}. Give each its own key in Ardoq.",
                )
        self._match_unmatched(unmatched)

    def _with_key(self, mapping: ResolvedComponents, value: object) -> list[Target]:
        """Return the components of a mapping's type that hold a key; perhaps with white space around it.

        Earlier versions kept that white space.
        """
        for held in (self._targets.held_with_value, self._targets.held_with_padded_value):
            matches = held(mapping.ws_id, str(mapping.key), value)
            matches = [target for target in matches if target.type_id == mapping.type_id]
            if matches:
                return matches
        return []

    def _match_unmatched(self, groups: Iterable[list[ComponentRow]]) -> None:
        """Find the component of a key that no component of the type has: under another type, or by name."""
        new: list[list[ComponentRow]] = []
        elsewhere = []
        for group in groups:
            matches = self._with_key_elsewhere(group[0]) or self._owned(group[0])
            here = [match for match in matches if (match.ws_id, match.type_id) == _place(group[0])]
            if here and len(matches) == 1:
                self._describe(here[0], group)
                for row in group:
                    row.note = OWNED_KEY
            elif matches:
                elsewhere.append((group, matches))
            else:
                new.append(group)
        claims = Counter(target.id for _, matches in elsewhere for target in matches)
        for group, matches in elsewhere:
            self._change_type(group, matches, is_claimed_once=all(claims[match.id] == 1 for match in matches))
        # A name in another letter case means only what no exact name claims, as it does in the next run.
        new = self._adopt_all(new, lambda target, name: target.name == name)
        new = self._adopt_all(new, lambda _target, _name: True)
        for group in new:
            self._describe(self._new(group[0]), group)

    def _adopt_all(
        self, groups: Iterable[list[ComponentRow]], fits: Callable[[Target, str], bool]
    ) -> list[list[ComponentRow]]:
        """Let keys have the components without one that have their names; return the rows without any."""
        rest = []
        claims: dict[tuple[str | None, ...], list[list[ComponentRow]]] = {}
        claimed: dict[tuple[str | None, ...], list[Target]] = {}
        for group in groups:
            row, name = _row_and_name(group)
            adopt = all(each.mapping.adopt for each in group)
            candidates = [target for target in self._without_key(row, adopt=adopt) if fits(target, name)]
            if candidates:
                identity = tuple(target.id for target in candidates)
                claims.setdefault(identity, []).append(group)
                claimed[identity] = candidates
            else:
                rest.append(group)
        for identity, claiming in claims.items():
            self._adopt(claiming, claimed[identity])
        return rest

    def _without_key(self, row: ComponentRow, *, adopt: bool) -> list[Target]:
        """Return the components of the type with the name of a row in any letter case, and an empty key."""
        mapping, name = row.mapping, row.attributes.get("name")
        if not adopt or not isinstance(name, str):
            # A row whose name cannot be read may be about any component without a key.
            row.is_identified &= not (adopt and mapping.create and row.problems)
            return []
        return [
            target
            for target in self._targets.held_with_name(mapping.ws_id, name)
            if target.type_id == mapping.type_id
            and not target.rows
            and (target.entity or {}).get(str(mapping.key)) in (None, "")
        ]

    def _adopt(self, claims: list[list[ComponentRow]], candidates: list[Target]) -> None:
        """Let the one key that claims a component have it; reject the rows if that is not certain."""
        if len(claims) == len(candidates) == 1:
            self._describe(candidates[0], claims[0])
            for row in claims[0]:
                row.note = ADOPTED
            return
        listed = self._targets.candidates(candidates)
        for group in claims:
            key = group[0].mapping.key
            keys = "" if len(claims) == 1 else f" and {len(claims)} rows with another {key} have this name"
            _reject_all(
                group,
                f"No component has this {key}, and it is not clear which one to adopt by name: "
                f"{len(candidates)} without a {key} match{keys}: {listed}. "
                f"Set their {key} in Ardoq, or set adopt = false to create a new component.",
            )
            target = self._new(group[0])
            self._describe(target, group)
            target.maybe = [str(candidate.id) for candidate in candidates]
            self.unclear.update(dict.fromkeys(candidates, group[0]))

    def _with_key_elsewhere(self, row: ComponentRow) -> list[Target]:
        """Return the components with the key of a row in other mapped types that no row may describe."""
        mapping, matches = row.mapping, []
        for other in self._keyed:
            here = (other.ws_id, other.type_id) == (mapping.ws_id, mapping.type_id)
            if other.key == mapping.key and not here:
                matches += [
                    target
                    for target in self._targets.held_with_value(other.ws_id, str(other.key), row.key)
                    if target.type_id == other.type_id
                    and not (target.rows or target in self.unclear or target in matches)
                    and (target.ws_id, target.type_id, target.name.lower()) not in self._named
                ]
        return matches

    def _owned(self, row: ComponentRow) -> list[Target]:
        """Return the component that the ledger has under the key of a row, if it has no key in Ardoq."""
        matches = [
            target
            for target in self._targets.owned_with_key(row.owner)
            if all(other.mapping.key != row.mapping.key for other in target.rows)
            and (target.entity or {}).get(str(row.mapping.key)) in (None, "")
        ]
        return matches if len(matches) == 1 else []

    def _change_type(
        self, group: list[ComponentRow], elsewhere: list[Target], *, is_claimed_once: bool
    ) -> None:
        """Change the type of the component that has the key, or reject the rows and keep the component."""
        mapping = group[0].mapping
        target = elsewhere[0]
        is_certain = len(elsewhere) == 1 and is_claimed_once and target.ws_id == mapping.ws_id
        if is_certain and all(row.mapping.type_change == "update" for row in group):
            self._describe(target, group)
            target.type_id = mapping.type_id
            for row in group:
                row.note = "type changed"
            return
        remedy = "Remove the key from the component, or from the source."
        if is_certain:
            remedy = 'Set type_change = "update" on the mapping to change the type of that component.'
        elif len(elsewhere) == 1 and target.ws_id != mapping.ws_id:
            remedy = "Move the component in Ardoq: a job does not move components between workspaces."
        _reject_all(
            group,
            f"The {mapping.key} {short_repr(group[0].key)} belongs to a component of another type or "
            f"workspace: {self._targets.candidates(elsewhere)}. {remedy}",
        )
        new = self._new(group[0])
        self._describe(new, group)
        new.maybe = [str(other.id) for other in elsewhere]

    # -- by name --------------------------------------------------------------------------------------------

    def match_by_name(self, rows: Iterable[ComponentRow]) -> None:
        groups: dict[tuple[str, str, str], list[ComponentRow]] = {}
        for row in rows:
            for identity in _lower_names([row]):
                groups.setdefault(identity, []).append(row)
        matched = []
        for (ws_id, type_id, name), group in groups.items():
            matches = [target for target in self._targets.with_name(ws_id, name) if target.type_id == type_id]
            matched.append((group, matches))
        for group, matches in matched:
            self._match_names(group, matches)

    def match_within(self, rows: Sequence[ComponentRow]) -> None:
        """Match rows of a type with the components of their names directly below what they are within."""
        named = [row for row in rows if isinstance(row.key, str)]
        self._targets.find_within(named)
        groups: dict[tuple[str, Target | ComponentRow | None], list[ComponentRow]] = {}
        for row in named:
            is_placed = row.parent is not None or not row.problems
            groups.setdefault((str(row.key).lower(), row.parent if is_placed else row), []).append(row)
        held = {name: self._held_below(rows[0], name) for name in {name for name, _ in groups}}
        for (name, parent), group in groups.items():
            self._match_names(group, held[name].get(parent, []))
            if parent is not None and parent not in held[name]:
                # If its parent is not clear, or not written, a row may mean what has its name anywhere.
                alike = [str(target.id) for targets in held[name].values() for target in targets]
                for row in group:
                    if row.target is not None:
                        row.target.maybe = alike

    def _held_below(self, row: ComponentRow, name: str) -> dict[object, list[Target]]:
        """Return the components of the type of a row that have a name now, by the parent that they have."""
        below: dict[object, list[Target]] = {}
        for target in self._targets.held_with_name(row.mapping.ws_id, name):
            if target.type_id == row.mapping.type_id:
                below.setdefault(self._targets.present_parent(target), []).append(target)
        return below

    def _match_names(self, group: list[ComponentRow], matches: list[Target]) -> None:
        """Match rows whose names differ at most in letter case."""
        spellings: dict[str, list[ComponentRow]] = {}
        for row in group:
            spellings.setdefault(str(row.key), []).append(row)
        rest: list[ComponentRow] = []
        used: list[Target] = []
        for spelling, rows in spellings.items():
            exact = [target for target in matches if target.name == spelling]
            if exact:
                used.append(self._use(exact, rows))
            else:
                rest += rows
        if rest:
            self._use(used or matches or [self._new(rest[0])], rest)
        if used:
            # In another letter case, and without a row: perhaps the same ones, so they are not missing.
            others = [target.id for target in matches if not target.rows and target.id is not None]
            used[0].matches += [each for each in others if each not in used[0].matches]

    def _use(self, matches: list[Target], rows: list[ComponentRow]) -> Target:
        """Let rows describe the first of the components that match their name, the oldest one; return it."""
        keyed = [target for target in matches if target.rows]
        if len(keyed) > 1:
            _reject_all(
                rows,
                f"The name is ambiguous: {len(keyed)} components that other rows describe have it: "
                f"{self._targets.candidates(keyed)}. Match the row by a key, too.",
            )
            new = self._new(rows[0])
            new.maybe = [target.id for target in matches if target.id is not None]
            self._describe(new, rows)
            return new
        expected = [target for target in matches if target.is_expected]
        if not expected:
            _reject_with(rows, matches[0])
        matches = sorted(expected or matches, key=lambda target: (target.id is None, str(target.id)))
        target = matches[0]
        self._describe(target, rows)
        if len(matches) > 1:
            target.matches = [match.id for match in matches if match.id is not None]
        return target

    def _new(self, row: ComponentRow) -> Target:
        return Target(row.mapping.ws_id, row.mapping.type_id)

    def _describe(self, target: Target, rows: Iterable[ComponentRow]) -> None:
        for row in rows:
            self._targets.describe(target, row)


def _place(row: ComponentRow) -> tuple[str, str]:
    """Return workspace and type of the component that a row describes."""
    return row.mapping.ws_id, row.mapping.type_id


def _strip_keys(rows: Iterable[ComponentRow], keyed: Iterable[ResolvedComponents]) -> None:
    """Drop white space around keys of other mappings, as those do: else the next run would match them."""
    fields = {(mapping.ws_id, mapping.type_id, str(mapping.key)) for mapping in keyed}
    for row in rows:
        for ws_id, type_id, field in fields:
            value = row.attributes.get(field)
            if isinstance(value, str) and (ws_id, type_id) == (row.mapping.ws_id, row.mapping.type_id):
                row.attributes[field] = value.strip() or None


def _row_and_name(group: Iterable[ComponentRow]) -> tuple[ComponentRow, str]:
    """Return the row that gives the name of the component of a key, and this name."""
    ranks: dict[tuple[bool, bool, bool], list[ComponentRow]] = {}
    for row in group:
        weak = "name" in row.mapping.create_only | row.mapping.fill_if_empty
        ranks.setdefault((not row.is_used, "name" not in row.attributes, weak), []).append(row)
    rows = ranks[min(ranks)]
    name = str(rows[0].attributes.get("name"))
    # Mappings can write it in different letter case; of rows of one mapping that disagree, the first is used.
    others = [str(row.attributes.get("name")) for row in rows if row.mapping is not rows[0].mapping]
    return rows[0], min([name, *(other for other in others if other.lower() == name.lower())])


def _lower_names(rows: Iterable[ComponentRow]) -> Iterator[tuple[str, str, str]]:
    """Yield workspace, type and lower-case name of rows that are matched by name."""
    for row in rows:
        if isinstance(row.key, str):
            yield row.mapping.ws_id, row.mapping.type_id, row.key.lower()


def reject_without_key(target: Target) -> bool:
    """Reject the rows by name of a new component if all its rows with a key are rejected; return if any is.

    Without them, it would be created without its key.
    """
    keyed = [row for row in target.rows if row.mapping.key is not None]
    named = [row for row in target.rows if row.mapping.key is None and row.is_used]
    if target.entity is not None or not keyed or not named or any(row.is_used for row in keyed):
        return False
    _reject_with(named, target)
    return True


def _reject_with(rows: Iterable[ComponentRow], target: Target) -> None:
    """Reject rows of a component because of another of its rows, which is rejected."""
    cause = next((row.label for row in target.rows if row.problems), None)
    for row in rows if cause else ():
        row.reject(f"It describes the same component as {cause}, which is rejected.", cause)


def _reject_all(rows: Iterable[ComponentRow], problem: str) -> None:
    for row in rows:
        row.reject(problem)


def identity(key_type: str, value: object) -> Hashable:
    """Return what all forms of a key value share that a type of field stores alike, such as 1 and 1.0."""
    is_date = key_type in _DATE_TYPES
    return value if isinstance(value, str) and not is_date else comparison_key(value)


def _order_rows(target: Target, order: Mapping[ComponentRow, int]) -> None:
    """Order the rows of a component as in the job, but first those with the name that it will have.

    So the same rows are used in the next run, whatever names Ardoq holds then.
    """
    names: dict[ResolvedComponents, str] = {}
    target.rows.sort(key=order.__getitem__)
    named = [row for row in target.rows if row.mapping.key is None and row.is_used]
    # A mapping that does not change a name has no say in the one that another mapping writes.
    writing = [row for row in named if "name" not in row.mapping.create_only | row.mapping.fill_if_empty]
    writing = writing or named
    for row in writing:
        names.setdefault(row.mapping, str(row.key))
    by_key = [row.attributes for row in target.rows if row.mapping.key is not None and row.is_used]
    held = next((row["name"] for row in by_key if "name" in row), (target.entity or {}).get("name"))
    name = held if any(row.key == held for row in writing) else min(names.values(), default=None)
    target.rows.sort(key=lambda row: (row.mapping.key is None, row.mapping.key is None and row.key != name))


def _settle(target: Target) -> None:
    """Keep the first of the rows that describe a component; reject those that contradict an earlier row.

    A row that is the same as an earlier one of its mapping is dropped.
    """
    used: list[ComponentRow] = []
    _drop_protected(target)
    for row in [row for row in target.rows if row.is_used]:
        twin = next((first for first in used if first.mapping is row.mapping), None)
        if twin is not None and _repeats(row, twin):
            target.rows.remove(row)
            continue
        first = next((other for other in used if _contradictions(row, other)), twin)
        if first is None:
            _use_same_name(target, row, used)
            used.append(row)
            continue
        reject_conflict(row, first, _contradictions(row, first), "component")
        row.is_identified = twin is None


def reject_conflict(row: MappedRow, first: MappedRow, values: dict[str, tuple[Any, Any]], kind: str) -> None:
    """Reject a row that contradicts an earlier one; `values` has by attribute the first and its own value."""
    differences = [
        f"{name} is {format_value(there)} there and {format_value(here)} here"
        for name, (there, here) in values.items()
    ]
    details = f": {', '.join(differences)}" if differences else ""
    row.reject(
        f"The row conflicts with {first.label}, which describes the same {kind}{details}. Make both rows the "
        "same, or remove one."
    )


def contradictions(row: Attributes, first: Attributes) -> dict[str, tuple[Any, Any]]:
    """Return by attribute the two values of what two rows give differently."""
    return {
        name: (first[name], value)
        for name, value in row.items()
        if name in first and not equal_values(first[name], value)
    }


def _contradictions(row: ComponentRow, first: ComponentRow) -> dict[str, tuple[Any, Any]]:
    """Return by attribute the two values of what two rows of a component give differently.

    Values count that a policy keeps from being written: what Ardoq holds after this run must not hide in the
    next one that two rows disagree.
    """
    same_parent = row.parent_name == first.parent_name
    if row.mapping is first.mapping:
        values = contradictions(row.all_given, first.all_given)
        same_parent = same_parent or row.mapping.parent is None
    else:
        values = contradictions(row.given_for_itself, first.given_for_itself)
        name, first_name = values.get("name", (None, None))
        if str(name).lower() == str(first_name).lower():
            values.pop("name", None)  # one form of it is chosen
        same_selector = row.mapping.parent is not None and row.mapping.parent == first.mapping.parent
        same_parent = same_parent or not (row.gives_parent and first.gives_parent and same_selector)
    if not same_parent:
        values["parent"] = str(first.parent_name or ""), str(row.parent_name or "")
    return values


def _repeats(row: ComponentRow, first: ComponentRow) -> bool:
    return row.all_given.keys() == first.all_given.keys() and not _contradictions(row, first)


def _use_same_name(target: Target, row: ComponentRow, used: list[ComponentRow]) -> None:
    """Let a name that two mappings write in different letter case have one form, whatever their order."""
    name = row.attributes.get("name")
    others = [other for other in used if other.mapping is not row.mapping and "name" in other.attributes]
    if not isinstance(name, str) or not others:
        return
    first = str(others[0].attributes["name"])
    if first.lower() != name.lower() or first == name:
        return
    by_key = [each for each in (*others, row) if each.mapping.key is not None]
    names = [str(each.attributes["name"]) for each in by_key or (*others, row)]
    held = str((target.entity or {}).get("name"))
    chosen = held if held in names else min(names)
    for each in (*others, row):
        each.attributes["name"] = chosen


def _drop_protected(target: Target) -> None:
    """Drop the attributes that Ardoq or another row has, and that a mapping writes only if there is none."""
    strong: dict[str, set[ResolvedComponents]] = {}
    for row in target.rows:
        mapping = row.mapping
        row.given = {**row.attributes} if row.given is None else row.given
        row.attributes = drop_protected(mapping, row.attributes, target.entity)
        for name in _written(row) - mapping.create_only - mapping.fill_if_empty:
            strong.setdefault(name, set()).add(mapping)
    for row in target.rows:
        mapping = row.mapping
        taken = {
            name
            for name in mapping.create_only | mapping.fill_if_empty
            if name != mapping.key and strong.get(name, set()) - {mapping}
        }
        row.left_to_others = frozenset(taken)
        if taken:
            row.attributes = {name: value for name, value in row.attributes.items() if name not in taken}
        held = target.entity
        is_placed = held is not None and (
            "parent" in mapping.create_only or ("parent" in mapping.fill_if_empty and held.get("parent"))
        )
        row.gives_parent = row.gives_parent and "parent" not in taken
        row.sets_parent = row.gives_parent and not is_placed


def _written(row: ComponentRow) -> set[str]:
    return {*row.attributes, *(["parent"] if row.gives_parent else [])}


def drop_protected(mapping: ResolvedMapping, attributes: Attributes, current: Entity | None) -> Attributes:
    """Return a row without the attributes that its mapping does not write over those of `current`."""
    if current is None or not (mapping.create_only or mapping.fill_if_empty):
        return attributes
    filled = {name for name in mapping.fill_if_empty if current.get(name) not in (None, "", [])}
    protected = mapping.create_only | filled
    if mapping.key is not None and current.get(mapping.key) in (None, ""):
        protected -= {mapping.key}  # without it, an adopted component would be created again by the next run
    return {name: value for name, value in attributes.items() if name not in protected}


def _set_expected(targets: Iterable[Target]) -> None:
    """Set the rows that matching has not rejected, without those that nothing may be created for."""
    for target in targets:
        _skip_uncreated(target)
        target.expected = [row for row in target.rows if row.is_used]


def _skip_uncreated(target: Target) -> None:
    """Skip the rows of a component that does not exist and that no mapping may create."""
    if target.entity is None and not any(row.is_used and row.mapping.create for row in target.rows):
        for row in target.rows:
            if row.is_used:
                key, location = row.mapping.key or "name", ""
                if row.mapping.within is not None:
                    location = (
                        " at the top" if row.parent_name is None else f" directly below {row.parent_name}"
                    )
                row.skipped = (
                    f"No component{location} has the {key} {short_repr(row.key)}, and create is false."
                )


def _reject_taken_keys(keyed: Iterable[ComponentRow], targets: Targets) -> None:
    """Reject the rows that give their component a key by which another row of the job means another one."""
    holders: dict[tuple[Any, ...], ComponentRow] = {}
    fields: dict[tuple[str, str], dict[str, ResolvedComponents]] = {}
    for row in keyed:
        mapping = row.mapping
        fields.setdefault((mapping.ws_id, mapping.type_id), {})[str(mapping.key)] = mapping
        if row.key is not None:
            group = mapping.ws_id, mapping.type_id, mapping.key
            holders.setdefault((*group, identity(mapping.key_type, row.key)), row)
    for target in targets.described:
        for field, mapping in fields.get((target.ws_id, target.type_id), {}).items():
            for row in target.rows:
                value = row.given_for_itself.get(field)
                if value is None or row.mapping.key == field or not row.is_used:
                    continue
                place = mapping.ws_id, mapping.type_id, field
                holder = holders.get((*place, identity(mapping.key_type, value)))
                if holder is not None and holder.target is not target:
                    row.reject(
                        f"The row gives the key {field} {short_repr(value)} to one component, and "
                        f"{holder.label} describes another with it. Match both by this key, or correct one."
                    )


def _reject_changes_of_unclear(unclear: Mapping[Target, ComponentRow]) -> None:
    """Reject the rows that give another key to a component that an ambiguous row may mean.

    Without that key, or with one, the next run would take the ambiguous row to mean another component.
    """
    for target, ambiguous in unclear.items():
        field = str(ambiguous.mapping.key)
        held = (target.entity or {}).get(field)
        for row in target.rows:
            given = row.given_for_itself
            if row.is_used and field in given and not equal_values(given[field], held):
                row.reject(
                    f"The row gives the key {field} {short_repr(given[field])} to a component that "
                    f"{ambiguous.label}, which is ambiguous, may mean. Correct that row first.",
                    ambiguous.label,
                )
