"""The rows of a job as data, and the components that they describe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ardoqpy._messages import quote_name

if TYPE_CHECKING:
    from ardoqpy.entities import Attributes, Entity
    from ardoqpy_sync.job.file.model import EndName
    from ardoqpy_sync.job.resolver import ResolvedComponents, ResolvedMapping, ResolvedReferences
    from ardoqpy_sync.ledger.records import Owner
    from ardoqpy_sync.sources.row import Values


@dataclass(slots=True, eq=False)
class MappedRow:
    """A row of a source, read for a mapping.

    - `label`: what messages call the row; `values`: its cells by column, {} if the line cannot be read.
    - `attributes`: the attributes that could be read, by flat name.
    - `problems`: why the row is rejected, each a sentence; empty for a row that can be used.
    - `cause`: the label of the row that must be corrected first, if this one fails only because of it.
    - `skipped`: why the row is left out although nothing is wrong with it, if it is.
    - `is_identified`: False if nobody can tell which component or reference the row describes.
    """

    mapping: ResolvedMapping
    label: str
    values: Values
    attributes: Attributes = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    cause: str | None = None
    skipped: str | None = None
    is_identified: bool = True

    @property
    def is_used(self) -> bool:
        """Whether the row is neither rejected nor skipped."""
        return not self.problems and self.skipped is None

    @property
    def owner(self) -> Owner:
        """What the ledger has of the row: its mapping and its key."""
        return self.mapping.owner(self.owner_key)

    @property
    def owner_key(self) -> object:
        """The key of the row in the ledger."""
        return self.attributes.get(self.mapping.key or "name")

    def reject(self, problem: str, cause: str | None = None) -> None:
        """Add a problem; `cause` is the label of the row that it follows from, if any."""
        self.cause = cause if not self.problems else cause and self.cause
        self.problems.append(problem)


@dataclass(slots=True, eq=False)
class ComponentRow(MappedRow):
    """A row that becomes a component.

    - `parent_name`: the name or key of its parent, or of what it is within; None if the cell is blank.
    - `gives_parent`: whether the row says where its component is; `parent`: the parent, None for the top.
    - `sets_parent`: whether the row also moves the component there, if no policy of its mapping forbids it.
    - `target`: the component that the row describes, once it is matched.
    - `given`: the attributes before any is dropped that Ardoq or another row has; None until matching does.
    - `left_to_others`: the attributes that rows of other mappings write, and this one only without them.
    - `note`: what the report adds to the change, such as that the component was adopted.
    """

    mapping: ResolvedComponents
    parent_name: EndName | None = None
    gives_parent: bool = False
    sets_parent: bool = False
    parent: Target | None = None
    target: Target | None = None
    given: Attributes | None = None
    left_to_others: frozenset[str] = frozenset()
    note: str | None = None

    @property
    def key(self) -> object:
        """The name or the key value by which the row is matched; None if it is blank or cannot be read."""
        return self.all_given.get(self.mapping.key or "name")

    @property
    def owner_key(self) -> object:
        """The key of the row in the ledger; with `within`, the names above it and its name."""
        if self.mapping.within is None:
            return self.attributes.get(self.mapping.key or "name")
        return [*(() if self.parent_name is None else self.parent_name.names), self.key]

    @property
    def all_given(self) -> Attributes:
        """The attributes of the row, also those that are not written."""
        return self.attributes if self.given is None else self.given

    @property
    def given_for_itself(self) -> Attributes:
        """The attributes of the row without those that it leaves to other rows."""
        return {name: value for name, value in self.all_given.items() if name not in self.left_to_others}


@dataclass(slots=True, eq=False)
class ReferenceRow(MappedRow):
    """A row that becomes references: one from each component in `sources` to each one in `targets`.

    - `source`, `target`: the components, once a row names one of each and they are found.
    - `meant`: the ids of the references in Ardoq that a rejected row may be about.
    - `id`, `matches`: the id of the reference once it is decided on, and of all that the row means.
    - `protected`: the attributes that a policy of the mapping keeps as they are.
    """

    mapping: ResolvedReferences
    sources: list[EndName] = field(default_factory=list)
    targets: list[EndName] = field(default_factory=list)
    source: Target | None = None
    target: Target | None = None
    meant: list[str] = field(default_factory=list)
    id: str | None = None
    matches: list[str] = field(default_factory=list)
    protected: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class Target:
    """A component as the run will leave it.

    - `entity`: the component in Ardoq, in flat form; None if the run creates it.
    - `matches`: the ids of all components in Ardoq that its rows mean; the first one is updated.
    - `maybe`: the ids of components that its rows may mean, but that are not updated.
    - `rows`: the rows that describe it; empty if none does.
    - `id`: its id, once it is known.
    - `expected`: the rows that matching has not rejected, once all are matched. What a name means depends on
      these, whichever rows are rejected later, so that the order of the rows makes no difference.
    """

    ws_id: str
    type_id: str
    entity: Entity | None = None
    matches: list[str] = field(default_factory=list)
    maybe: list[str] = field(default_factory=list)
    rows: list[ComponentRow] = field(default_factory=list)
    id: str | None = None
    expected: list[ComponentRow] | None = None

    @property
    def will_exist(self) -> bool:
        """Whether the component exists after the run, unless a write fails."""
        if self.entity is not None:
            return True
        rows = self.rows if self.expected is None else self.expected
        return any(row.is_used and row.mapping.create for row in rows)

    @property
    def is_expected(self) -> bool:
        """Whether the component exists after the run as far as matching can tell."""
        return self.entity is not None or bool(self.will_exist if self.expected is None else self.expected)

    def value(self, name: str) -> object:
        """Return the value of an attribute after the run."""
        return self.possible_values(name)[0]

    def possible_values(self, name: str) -> list[object]:
        """Return the value of an attribute after the run; all that rows give if every one is rejected."""
        rows = [row for row in self.rows if row.is_used] if self.expected is None else self.expected
        values = [row.attributes[name] for row in rows if name in row.attributes][:1]
        if not rows and self.entity is None:
            values = [row.attributes[name] for row in self.rows if name in row.attributes]
        return values or [None if self.entity is None else self.entity.get(name)]

    @property
    def name(self) -> str:
        """The name after the run."""
        return str(self.value("name") or "")

    def describe(self) -> str:
        """Return name and id, or name and row of a component that does not exist yet."""
        is_known = self.entity is not None and self.id is not None
        origin = self.id if is_known else f"new, {self.rows[0].label}" if self.rows else "new"
        return f"{quote_name(self.name)} ({origin})"
