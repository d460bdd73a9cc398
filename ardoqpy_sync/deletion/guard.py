"""The delete guard: how much may be deleted. Pure functions over plain data.

What is missing, and what Ardoq would delete with it, comes in; the reasons not to delete it come out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import describe_type, quote_name, short_repr, suggest
from ardoqpy._terminal import escape_controls
from ardoqpy._validation import as_list
from ardoqpy.errors import BlockReason, DeleteBlocked, InvalidInput
from ardoqpy_sync.report import type_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ardoqpy_sync.documents import BlockedEntity, EntityResult

KINDS = ("component", "reference")
#: How many lines of a list are in the text of an error; the error carries all of them as data.
MAX_LISTED = 20
#: How many of a type in a workspace may be deleted or marked if `count` is not given.
MOST_OF_A_TYPE = 100
#: How many characters of a reason, and of what would be deleted, are shown.
MAX_LENGTH = 2_000

#: What a share is a share of: kind, workspace id, type id.
Group = tuple[str, str, Any]
_A_LIST_OF_TYPES = "a list of types, each as (kind, id of the workspace, id of the type)"


@dataclass(frozen=True)
class Bounds:
    """What the caller allows: see `ArdoqSyncClient.delete_cache_misses`."""

    share: Decimal
    count: int | None
    take_along: bool
    despite_failures: bool

    @classmethod
    def of(
        cls,
        share: object = 0.2,
        count: object = None,
        *,
        take_along: object = False,
        despite_failures: object = False,
    ) -> Bounds:
        """Return bounds that make sense, or raise `InvalidInput`."""
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise InvalidInput(
                f"share is {short_repr(share)}: give a number from 0 to 1, such as 0.2 for a fifth."
            )
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
            raise InvalidInput(
                f"count is {short_repr(count)}: give a whole number, or None for no such bound."
            )
        for name, value in (("take_along", take_along), ("despite_failures", despite_failures)):
            if not isinstance(value, bool):
                raise InvalidInput(f"{name} is {short_repr(value)}: give True or False.")
        # By its shortest spelling, 0.29 of 100 is 29; as a binary fraction it would be a little less.
        return cls(Decimal(str(share)), count, bool(take_along), bool(despite_failures))


class Selection(NamedTuple):
    """Which of the missing entities are meant: of these kinds, and of these types, or of any if None."""

    kinds: tuple[str, ...]
    types: frozenset[Group] | None = None

    @classmethod
    def of(cls, kinds: object, types: Iterable[Group] | None = None) -> Selection:
        """Return a selection of known kinds, or raise `InvalidInput`."""
        if not isinstance(kinds, list | tuple | set | frozenset):
            raise InvalidInput(f"kinds is {describe_type(kinds)}: give a list out of {', '.join(KINDS)}.")
        for kind in kinds:
            if not isinstance(kind, str) or kind not in KINDS:
                raise InvalidInput(f"There is no kind {quote_name(kind)}: {suggest(kind, KINDS)}")
        return cls(tuple(kinds), None if types is None else frozenset(map(_checked_group, _listed(types))))

    def covers(self, kind: str, ws_id: str, type_id: Any) -> bool:
        """Return whether what is missing of this type is meant."""
        return kind in self.kinds and (self.types is None or (kind, ws_id, type_id) in self.types)


def _listed(types: object) -> Iterable[object]:
    listed = as_list(types)
    if not isinstance(listed, list):
        raise InvalidInput(f"types is {describe_type(types)}: give {_A_LIST_OF_TYPES}.")
    return listed


def _checked_group(value: object) -> Group:
    if isinstance(value, list | tuple) and len(value) == 3:
        kind, ws_id, type_id = value
        if kind in KINDS and isinstance(ws_id, str) and isinstance(type_id, str | int):
            return kind, ws_id, type_id
    raise InvalidInput(f"types has {short_repr(value)}: give {_A_LIST_OF_TYPES}.")


class Target(NamedTuple):
    """A component or a reference: as it is listed, and its group.

    - `named`: whether a row of this run named it; `protected`: whether a row that was not usable may have.
    """

    described: EntityResult
    group: Group
    named: bool
    protected: bool = False

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.described["_id"])

    def __str__(self) -> str:
        """Return kind, name and type."""
        kind, name = self.described["kind"], self.described["name"]
        return f"{kind} {name} ({type_label(kind, self.described)})"


class Missing(NamedTuple):
    """A cache miss, and what Ardoq deletes with it.

    - `cascade`: what is no cache miss itself, and is deleted with none that is below this one.
    - `children`, `references`: how many components are below it, and references at it and those, in all.
    - `action`: what would be done with it: it is `deleted` or `marked`.
    """

    target: Target
    cascade: tuple[Target, ...] = ()
    children: int = 0
    references: int = 0
    action: str = "deleted"


class TypeCount(NamedTuple):
    """What there is of a group: how many that were there `before` this run, and how many its rows `named`."""

    title: str
    before: int
    named: int


class Run(NamedTuple):
    """The run: whether it named anything, why it failed, and its rows by kind, now and in the run before.

    `kinds` are those whose rows count; `done` is what it has deleted or marked as missing before: by id, the
    group.
    """

    named_anything: bool
    failure: str | None
    rows: Mapping[str, int]
    rows_before: Mapping[str, int]
    kinds: Sequence[str] = KINDS
    done: Mapping[str, Group] = MappingProxyType({})


def find_reasons(
    missing: Sequence[Missing], held: Mapping[Group, TypeCount], run: Run, bounds: Bounds
) -> list[BlockReason]:
    """Return why what is missing must not be deleted; [] if it may be.

    Each has `bound` (the rule), a `sentence`, and `allow`: the argument that would allow it, if any.
    """
    targets = all_targets(missing)
    return [
        *_check_run(run, bounds),
        *_check_source(missing, held),
        *_check_share(missing, targets, held, bounds),
        *_check_count(missing, targets, held, run, bounds),
        *_check_cascades(missing, bounds),
    ]


def all_targets(missing: Iterable[Missing]) -> list[Target]:
    """Return everything that would be deleted, each target once."""
    targets = {miss.target.id: miss.target for miss in missing}
    for miss in missing:
        for target in miss.cascade:
            targets.setdefault(target.id, target)
    return list(targets.values())


def _check_run(run: Run, bounds: Bounds) -> Iterator[BlockReason]:
    if not run.named_anything:
        yield _reason("source", "No row of this run named anything: is the source empty?")
    for kind in run.kinds:
        before, now = run.rows_before.get(kind, 0), run.rows.get(kind, 0)
        if now < (1 - bounds.share) * before:
            allow = f"share={_share_for(before - now, before)}"
            yield _reason(
                "source",
                f"The source is suddenly small: {now} {kind} row(s), and {before} in the run before, which "
                f"is more than share={bounds.share} less.",
                allow,
            )
    if run.failure is not None and not bounds.despite_failures:
        yield _reason(
            "failures",
            f"Something failed, and what failed may be what is missing: {run.failure}",
            "despite_failures=True",
        )


def _check_source(missing: Sequence[Missing], held: Mapping[Group, TypeCount]) -> Iterator[BlockReason]:
    for group, number in Counter(miss.target.group for miss in missing).items():
        if not held[group].named:
            yield _reason(
                "source",
                f"No row of this run named anything there is of the {held[group].title}, so all {number} are "
                "missing: is the source of them empty?",
            )


def _check_share(
    missing: Sequence[Missing],
    targets: Sequence[Target],
    held: Mapping[Group, TypeCount],
    bounds: Bounds,
) -> Iterator[BlockReason]:
    # What a row named is never deleted: that is a reason by itself.
    for group, number in Counter(target.group for target in targets if not target.named).items():
        title, before, _ = held[group]
        if number > bounds.share * before:
            yield _reason(
                "share",
                f"{number} of the {before} {title} would be {describe_action(missing, group)}, more than "
                f"share={bounds.share}.",
                f"share={_share_for(number, before)}",
            )


def _check_count(
    missing: Sequence[Missing],
    targets: Sequence[Target],
    held: Mapping[Group, TypeCount],
    run: Run,
    bounds: Bounds,
) -> Iterator[BlockReason]:
    """Yield why they are too many, together with what this run has deleted or marked already."""
    if not targets:
        return
    groups = {**run.done, **{target.id: target.group for target in targets}}
    allow = f"count={len(groups)}"
    if bounds.count is not None:
        if len(groups) > bounds.count:
            done = f" ({len(run.done)} of them earlier in this run)" if run.done else ""
            yield _reason(
                "count",
                f"{len(groups)} would be {describe_action(missing)}{_cascades(missing)}{done}, more than "
                f"count={bounds.count}.",
                allow,
            )
        return
    numbers = Counter(groups.values())
    for group in dict.fromkeys(target.group for target in targets):
        if numbers[group] > MOST_OF_A_TYPE:
            yield _reason(
                "count",
                f"{numbers[group]:,} {held[group].title} would be {describe_action(missing, group)}"
                f"{_cascades(missing)}, and without a count at most {MOST_OF_A_TYPE} of a type are.",
                allow,
            )


def describe_action(missing: Iterable[Missing], group: Group | None = None) -> str:
    """Return what would be done with what is missing, of one group or of all, such as `deleted or marked`."""
    actions = {miss.action for miss in missing if group is None or miss.target.group == group}
    return " or ".join(sorted(actions)) or "deleted"


def _cascades(missing: Iterable[Missing]) -> str:
    deletes = any(miss.action == "deleted" for miss in missing)
    return ", including what is deleted with them" if deletes else ""


def _check_cascades(missing: Sequence[Missing], bounds: Bounds) -> Iterator[BlockReason]:
    for target, cascade, *_ in missing:
        named = [other for other in cascade if other.named]
        protected = [other for other in cascade if other.protected and not other.named]
        unseen = [other for other in cascade if not (other.named or other.protected)]
        if named:
            yield _reason(
                "named",
                f"Deleting {target} would also delete what a row of this run named: {list_targets(named)}. "
                "Give that another parent, or other ends, first.",
            )
        if protected:
            yield _reason(
                "named",
                f"Deleting {target} would also delete what a source may still have, because some of its rows "
                f"could not be used: {list_targets(protected)}. Correct these rows first.",
            )
        if unseen and not bounds.take_along:
            yield _reason(
                "take_along",
                f"Deleting {target} would also delete what this run does not delete by itself: "
                f"{list_targets(unseen)}.",
                "take_along=True",
            )


def blocked_error(missing: Sequence[Missing], reasons: Sequence[BlockReason]) -> DeleteBlocked:
    """Return the error: each reason with how to allow it, and what would have been deleted or marked."""
    would: list[BlockedEntity] = [
        {
            **target.described,
            "children": children,
            "references": references,
            "cascade": [other.described for other in cascade],
        }
        for target, cascade, children, references, _ in missing
    ]
    action = describe_action(missing)
    lines = [_as_line(reason) for reason in reasons[:MAX_LISTED]]
    lines += [f"- ... and {len(reasons) - MAX_LISTED} more reasons"] if len(reasons) > MAX_LISTED else []
    if would:
        lines.append(f"Would have been {action}:")
        lines += [_line(item) for item in would[:MAX_LISTED]]
        lines += [f"- ... and {len(would) - MAX_LISTED} more"] if len(would) > MAX_LISTED else []
    lines = [escape_controls(line, MAX_LENGTH) for line in lines]
    return DeleteBlocked(
        "\n".join([f"Nothing was {action}, since more would be {action} than is allowed:", *lines]),
        reasons=list(reasons),
        would_delete=would,
    )


def _reason(bound: str, sentence: str, allow: str | None = None) -> BlockReason:
    return {"bound": bound, "sentence": sentence, "allow": allow}


def _as_line(reason: BlockReason) -> str:
    allow = f" To allow it, pass {reason['allow']}." if reason["allow"] else ""
    return f"- {reason['sentence']}{allow}"


def _line(item: BlockedEntity) -> str:
    line = f"- {item['kind']} {item['name']} ({type_label(item['kind'], item)})"
    if item["children"] or item["references"]:
        line += (
            f", and with it {item['children']} component(s) below it and {item['references']} reference(s)"
        )
    return line


def list_targets(targets: Sequence[Target], longest: int = 5) -> str:
    """Return the first of several targets in alphabetical order, and how many more there are."""
    # Not in the order in which Ardoq lists them: that is not the order of a preview.
    listed = ", ".join(sorted(map(str, targets))[:longest])
    return listed if len(targets) <= longest else f"{listed} and {len(targets) - longest} more"


def _share_for(part: int, total: int) -> float:
    """Return the smallest share, in hundredths, that allows it."""
    return -(-100 * part // total) / 100 if total else 1.0
