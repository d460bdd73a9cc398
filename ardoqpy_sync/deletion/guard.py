"""The delete guard: how much may be deleted. Pure functions over plain data.

What is missing, and what Ardoq would delete with it, comes in; what speaks against it comes out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from ardoqpy._messages import describe_type, quote_name, short_repr, suggest
from ardoqpy._terminal import escape_controls
from ardoqpy.errors import BlockReason, DeleteBlocked, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Bounds", "Group", "Missing", "Run", "Target", "TypeCount", "as_delete_blocked", "objections"]

KINDS = ("component", "reference")
#: How many lines of a refusal's list are in its text; the error carries all of them as data.
SHOWN = 20
#: How many characters of a reason, and of what would be deleted, are shown.
LONGEST = 2_000

#: What is said of a deed that has not been done: all this would …
_WORDS = {"deleted": "go", "marked": "be marked"}

#: What a share is a share of: kind, workspace id, type id.
Group = tuple[str, str, Any]
Objection = BlockReason


@dataclass(frozen=True)
class Bounds:
    """What the caller allows: see `ArdoqSyncClient.delete_cache_misses`."""

    share: Decimal
    count: int | None
    take_along: bool
    despite_failures: bool
    kinds: tuple[str, ...]
    types: frozenset[Group] | None = None
    #: What becomes of what is missing: it goes, or it is marked.
    deed: str = "deleted"

    @classmethod
    def of(
        cls,
        share: object,
        count: object,
        take_along: object,
        despite_failures: object,
        kinds: object,
        types: Iterable[Group] | None = None,
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
        for name, told in (("take_along", take_along), ("despite_failures", despite_failures)):
            if not isinstance(told, bool):
                raise InvalidInput(f"{name} is {short_repr(told)}: say True or False.")
        if not isinstance(kinds, list | tuple | set | frozenset):
            raise InvalidInput(f"kinds is {describe_type(kinds)}: give a list out of {', '.join(KINDS)}.")
        for kind in kinds:
            if not isinstance(kind, str) or kind not in KINDS:
                raise InvalidInput(f"There is no kind {quote_name(kind)}: {suggest(kind, KINDS)}")
        # By its shortest spelling, 0.29 of 100 is 29; as a binary fraction it would be a little less.
        exact = Decimal(str(share))
        only = None if types is None else frozenset(types)
        return cls(exact, count, bool(take_along), bool(despite_failures), tuple(kinds), only)

    def mean(self, kind: str, ws_id: str, type_id: Any) -> bool:
        """Return whether they are about what is missing of this type."""
        return kind in self.kinds and (self.types is None or (kind, ws_id, type_id) in self.types)


class Target(NamedTuple):
    """A component or a reference: how it is shown, what it is one of, whether a row of this run named it."""

    shown: dict[str, Any]
    group: Group
    named: bool

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.shown["_id"])

    def __str__(self) -> str:
        """Return kind, name and type."""
        return f"{self.shown['kind']} {self.shown['name']} ({_type_of(self.shown)})"


class Missing(NamedTuple):
    """A cache miss, and what Ardoq deletes with it.

    - `along`: what is no cache miss itself, and goes with none that lies below this one.
    - `children`, `references`: how many components are below it, and references at it and those, in all.
    """

    target: Target
    along: tuple[Target, ...] = ()
    children: int = 0
    references: int = 0


class TypeCount(NamedTuple):
    """What there is of a group: how many that were there `before` this run, and how many its rows `named`."""

    title: str
    before: int
    named: int


class Run(NamedTuple):
    """The run: whether it named anything, why it failed, and its rows by kind, now and in the run before."""

    named_anything: bool
    failure: str | None
    rows: Mapping[str, int]
    rows_before: Mapping[str, int]


def objections(
    missing: Sequence[Missing], held: Mapping[Group, TypeCount], run: Run, bounds: Bounds
) -> list[Objection]:
    """Return what speaks against deleting what is missing; nothing where it may go.

    Each as plain data: `bound`, which rule it is; `sentence`; `allow`, what the caller would have to say,
    None where nothing allows it.
    """
    going = going_of(missing)
    return [
        *_of_the_run(run, bounds),
        *_of_the_source(missing, held),
        *_of_the_share(going, held, bounds),
        *_of_the_count(going, bounds),
        *_of_what_goes_along(missing, bounds),
    ]


def going_of(missing: Iterable[Missing]) -> list[Target]:
    """Return everything that would be deleted, each target once."""
    going = {one.target.id: one.target for one in missing}
    for one in missing:
        for target in one.along:
            going.setdefault(target.id, target)
    return list(going.values())


def _of_the_run(run: Run, bounds: Bounds) -> Iterator[Objection]:
    if not run.named_anything:
        yield _objection("source", "No row of this run named anything: is the source empty?")
    for kind in bounds.kinds:
        before, now = run.rows_before.get(kind, 0), run.rows.get(kind, 0)
        if now < (1 - bounds.share) * before:
            allow = f"share={_share_for(before - now, before)}"
            yield _objection(
                "source",
                f"The source is suddenly small: {now} {kind} row(s), and {before} in the run before, which "
                f"is more than share={bounds.share} less.",
                allow,
            )
    if run.failure is not None and not bounds.despite_failures:
        yield _objection(
            "failures",
            f"This run failed, and what failed may be what is missing: {run.failure}",
            "despite_failures=True",
        )


def _of_the_source(missing: Sequence[Missing], held: Mapping[Group, TypeCount]) -> Iterator[Objection]:
    for group, number in Counter(one.target.group for one in missing).items():
        if not held[group].named:
            yield _objection(
                "source",
                f"No row of this run named anything there is of the {held[group].title}, so all {number} are "
                "missing: is the source of them empty?",
            )


def _of_the_share(
    going: Sequence[Target], held: Mapping[Group, TypeCount], bounds: Bounds
) -> Iterator[Objection]:
    # What a row named cannot go at all: that is told for itself.
    for group, number in Counter(target.group for target in going if not target.named).items():
        title, before, _ = held[group]
        if number > bounds.share * before:
            yield _objection(
                "share",
                f"{number} of the {before} {title} would {_WORDS[bounds.deed]}, more than "
                f"share={bounds.share}.",
                f"share={_share_for(number, before)}",
            )


def _of_the_count(going: Sequence[Target], bounds: Bounds) -> Iterator[Objection]:
    along = ", with all that goes along" if bounds.deed == "deleted" else ""
    if bounds.count is not None and len(going) > bounds.count:
        yield _objection(
            "count",
            f"{len(going)} would {_WORDS[bounds.deed]}{along}, more than count={bounds.count}.",
            f"count={len(going)}",
        )


def _of_what_goes_along(missing: Sequence[Missing], bounds: Bounds) -> Iterator[Objection]:
    for target, along, _, _ in missing:
        named = [other for other in along if other.named]
        unseen = [other for other in along if not other.named]
        if named:
            yield _objection(
                "named",
                f"{_capital(target)} would take along what a row of this run named: {_listed(named)}. Give "
                "that another parent, or other ends, first.",
            )
        if unseen and not bounds.take_along:
            yield _objection(
                "take_along",
                f"{_capital(target)} would take along what this run does not delete by itself: "
                f"{_listed(unseen)}.",
                "take_along=True",
            )


def as_delete_blocked(
    missing: Sequence[Missing], against: Sequence[Objection], deed: str = "deleted"
) -> DeleteBlocked:
    """Return the error for what may not go: each objection, how it is allowed, and what would have gone."""
    would = [
        {
            **target.shown,
            "children": children,
            "references": references,
            "along": [other.shown for other in along],
        }
        for target, along, children, references in missing
    ]
    lines = [_said(one) for one in against[:SHOWN]]
    lines += [f"- ... and {len(against) - SHOWN} more reasons"] if len(against) > SHOWN else []
    if would:
        lines.append(f"Would have been {deed}:")
        lines += [_line(item) for item in would[:SHOWN]]
        lines += [f"- ... and {len(would) - SHOWN} more"] if len(would) > SHOWN else []
    lines = [escape_controls(line, LONGEST) for line in lines]
    return DeleteBlocked(
        "\n".join([f"Nothing was {deed}, since more would {_WORDS[deed]} than is allowed:", *lines]),
        reasons=list(against),
        would_delete=would,
    )


def _objection(bound: str, sentence: str, allow: str | None = None) -> Objection:
    return {"bound": bound, "sentence": sentence, "allow": allow}


def _said(objection: Objection) -> str:
    allow = f" Say {objection['allow']} to allow it." if objection["allow"] else ""
    return f"- {objection['sentence']}{allow}"


def _line(item: Mapping[str, Any]) -> str:
    line = f"- {item['kind']} {item['name']} ({_type_of(item)})"
    if item["children"] or item["references"]:
        line += (
            f", and with it {item['children']} component(s) below it and {item['references']} reference(s)"
        )
    return line


def _type_of(shown: Mapping[str, Any]) -> str:
    return str(shown["type"]) if shown["kind"] == "component" else f"type {shown['type']}"


def _capital(target: Target) -> str:
    text = str(target)
    return f"{text[0].upper()}{text[1:]}"


def _listed(targets: Sequence[Target], longest: int = 5) -> str:
    shown = ", ".join(map(str, targets[:longest]))
    return shown if len(targets) <= longest else f"{shown} and {len(targets) - longest} more"


def _share_for(part: int, whole: int) -> float:
    """Return the smallest share, in hundredths, that allows it."""
    return -(-100 * part // whole) / 100 if whole else 1.0
